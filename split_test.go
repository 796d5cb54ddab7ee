package flattery_test

import (
	"flag"
	"fmt"
	"math/big"
	"os"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"flattery"
)

// laws checks a property 2,000 times at the desk, 100,000 times in CI and 1,000,000 times in the long form.
func laws(t *testing.T, property func(*rapid.T)) {
	t.Helper()
	want := 2_000
	switch {
	case os.Getenv("FLATTERY_LONG") == "1":
		want = 1_000_000
	case os.Getenv("FLATTERY_CI") == "1":
		want = 100_000
	}
	checks := flag.Lookup("rapid.checks").Value
	before := checks.String()
	if err := checks.Set(strconv.Itoa(want)); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = checks.Set(before) }()
	if testing.Short() {
		want /= 5 // as rapid does
	}
	runs := 0
	rapid.Check(t, func(t *rapid.T) { runs++; property(t) })
	if runs < want { // rapid stops early, and content, where the test binary's time runs out
		t.Errorf("only %d of %d runs", runs, want)
	}
	t.Logf("held %d times", runs)
}

// A world is everything that goes into one split.
type world struct {
	sum, limit flattery.Amount
	donor      string
	parts      []flattery.Part
}

func (w world) split(by flattery.SplitBy) []flattery.Amount {
	return flattery.Split(w.sum, w.limit, by, 2026*12+9, w.donor, w.parts)
}

// worlds draws splits of few and of many millionths over up to 24 flattrs of up to 6 authors.
func worlds(t *rapid.T) world {
	var w world
	w.sum = flattery.Amount(rapid.OneOf(rapid.Int64Range(0, 60), rapid.Int64Range(0, 10_000_000), rapid.Int64Range(0, int64(flattery.MaxAmount))).Draw(t, "sum"))
	w.donor = "donor " + strconv.Itoa(rapid.IntRange(0, 99).Draw(t, "donor"))
	heaviest := rapid.SampledFrom([]int64{1, 2, 10}).Draw(t, "heaviest")
	seed := rapid.IntRange(0, 999).Draw(t, "things") // the hashes
	weights := rapid.SliceOfN(rapid.Int64Range(1, heaviest), 1, 24).Draw(t, "weights")
	authors := rapid.Int64Range(1, 6).Draw(t, "authors")
	for i, weight := range weights {
		w.parts = append(w.parts, flattery.Part{
			Thing:  flattery.Thing{Network: "github", Host: "github.com", ID: fmt.Sprint(seed, "/", i)},
			Kind:   flattery.KindLike,
			Author: int64(seed+i*i) % authors, Weight: weight,
		})
	}
	if rapid.Bool().Draw(t, "capped") {
		w.limit = 1 + w.sum/flattery.Amount(rapid.Int64Range(1, 40).Draw(t, "cap"))
	}
	return w
}

func total(shares []flattery.Amount) (sum flattery.Amount) {
	for _, s := range shares {
		sum += s
	}
	return sum
}

func TestSplitsKeepTheirLaws(t *testing.T) {
	laws(t, func(t *rapid.T) {
		w := worlds(t)
		free := w
		free.limit = 0
		shares := free.split(flattery.SplitByFlattr)
		if got := total(shares); got != w.sum {
			t.Fatalf("the shares' sum is %d, not %d", got, w.sum)
		}
		quotas(t, w, shares)
		for i, a := range w.parts {
			for j, b := range w.parts {
				if a.Weight == b.Weight && shares[i] > shares[j]+1 {
					t.Fatalf("equal weights got %d and %d", shares[i], shares[j])
				}
				if a.Weight > b.Weight && shares[i] < shares[j] {
					t.Fatalf("weight %d got %d, and weight %d got %d", a.Weight, shares[i], b.Weight, shares[j])
				}
			}
		}
		capped(t, w, shares, flattery.SplitByFlattr)
		sameInAnyOrder(t, w, flattery.SplitByFlattr)
		oneMore(t, w, flattery.SplitByFlattr)
	})
}

// quotas: nobody gets less than the whole part of what is exactly theirs; and of equals nobody gets more than one above.
func quotas(t *rapid.T, w world, shares []flattery.Amount) {
	var weights int64
	equal := true
	for _, p := range w.parts {
		weights += p.Weight
		equal = equal && p.Weight == w.parts[0].Weight
	}
	for i, p := range w.parts {
		floor := new(big.Int).Mul(big.NewInt(int64(w.sum)), big.NewInt(p.Weight))
		floor.Div(floor, big.NewInt(weights))
		least := flattery.Amount(floor.Int64())
		if shares[i] < least || equal && shares[i] > least+1 {
			t.Fatalf("part %d of weight %d in %d got %d of %d, but its whole part is %d", i, p.Weight, weights, shares[i], w.sum, least)
		}
	}
}

// capped: a cap takes what is above it from each and gives it to nobody.
func capped(t *rapid.T, w world, free []flattery.Amount, by flattery.SplitBy) {
	if w.limit == 0 {
		return
	}
	for i, got := range w.split(by) {
		if got != min(free[i], w.limit) {
			t.Fatalf("part %d got %d under a cap of %d, and %d without", i, got, w.limit, free[i])
		}
	}
}

// sameInAnyOrder: neither the order of the parts nor a thing's URL and title decide anything.
func sameInAnyOrder(t *rapid.T, w world, by flattery.SplitBy) {
	shares := w.split(by)
	order := make([]int, len(w.parts))
	for i := range order {
		order[i] = i
	}
	order = rapid.Permutation(order).Draw(t, "order")
	other := w
	other.parts = make([]flattery.Part, len(w.parts))
	for i, from := range order {
		other.parts[i] = w.parts[from]
		other.parts[i].Thing.Title, other.parts[i].Thing.URL = fmt.Sprint(i), fmt.Sprint(-i)
	}
	for i, got := range other.split(by) {
		if got != shares[order[i]] {
			t.Fatalf("part %d got %d at first and %d in the order %v", order[i], shares[order[i]], got, order)
		}
	}
	if again := w.split(by); !slices.Equal(again, shares) {
		t.Fatalf("the same split gave %v and %v", shares, again)
	}
}

// oneMore: one more flattr never raises another's share. Without the last part is before, with it is after.
func oneMore(t *rapid.T, w world, by flattery.SplitBy) {
	after, last := w.split(by), len(w.parts)-1
	more := w.parts[last]
	w.parts = w.parts[:last]
	for i, before := range w.split(by) {
		if after[i] > before {
			t.Fatalf("one more flattr of weight %d raised part %d from %d to %d", more.Weight, i, before, after[i])
		}
	}
}

// By creator, two laws are weaker, for sums below a millionth a flattr: weights stand within an author only, and one
// more flattr of a known author may move the author up in the order of left-overs, which may give that millionth to
// an older flattr of the same author. So the last law is tested for flattrs that get something themselves.
func TestSplitsByCreatorKeepTheirLaws(t *testing.T) {
	laws(t, func(t *rapid.T) {
		w := worlds(t)
		free := w
		free.limit = 0
		shares := free.split(flattery.SplitByCreator)
		if got := total(shares); got != w.sum {
			t.Fatalf("the shares' sum is %d, not %d", got, w.sum)
		}
		authors := map[int64]flattery.Amount{}
		for i, p := range w.parts {
			authors[p.Author] += shares[i]
		}
		least, most := flattery.MaxAmount, flattery.Amount(0)
		for _, a := range authors {
			least, most = min(least, a), max(most, a)
		}
		if most-least > 1 {
			t.Fatalf("of equal authors one got %d and one %d", least, most)
		}
		for i, a := range w.parts {
			for j, b := range w.parts {
				if a.Author == b.Author && (a.Weight == b.Weight && shares[i] > shares[j]+1 || a.Weight > b.Weight && shares[i] < shares[j]) {
					t.Fatalf("weights %d and %d of one author got %d and %d", a.Weight, b.Weight, shares[i], shares[j])
				}
			}
		}
		capped(t, w, shares, flattery.SplitByCreator)
		sameInAnyOrder(t, w, flattery.SplitByCreator)
		if shares[len(shares)-1] > 0 {
			oneMore(t, w, flattery.SplitByCreator)
		}
	})
}

func parts(weights ...int64) []flattery.Part {
	var all []flattery.Part
	for i, w := range weights {
		all = append(all, flattery.Part{Thing: flattery.Thing{Network: "github", Host: "github.com", ID: strconv.Itoa(i)}, Kind: flattery.KindLike, Author: int64(i), Weight: w})
	}
	return all
}

func TestSplitsAreWhatOneWouldThink(t *testing.T) {
	const donor = "ada"
	m := month(t, "2026-10")
	for _, tt := range []struct {
		name       string
		sum, limit flattery.Amount
		weights    []int64
		want       []flattery.Amount // sorted
	}{
		{"nobody is nobody", 5, 0, nil, nil},
		{"one takes all", 5_000_000, 0, []int64{1}, []flattery.Amount{5_000_000}},
		{"halves", 5_000_000, 0, []int64{1, 1}, []flattery.Amount{2_500_000, 2_500_000}},
		{"thirds leave two millionths", 5_000_000, 0, []int64{1, 1, 1}, []flattery.Amount{1_666_666, 1_666_667, 1_666_667}},
		{"weights are proportions", 6_000_000, 0, []int64{1, 2, 3}, []flattery.Amount{1_000_000, 2_000_000, 3_000_000}},
		{"equal weights of any size are equal", 4, 0, []int64{10, 10, 10, 10}, []flattery.Amount{1, 1, 1, 1}},
		{"a weight that is missing is one", 4, 0, []int64{0, 1}, []flattery.Amount{2, 2}},
		{"fewer millionths than flattrs", 2, 0, []int64{1, 1, 1, 1, 1}, []flattery.Amount{0, 0, 0, 1, 1}},
		{"nothing is nothing for each", 0, 0, []int64{1, 1}, []flattery.Amount{0, 0}},
		{"less than nothing too", -5, 0, []int64{1}, []flattery.Amount{0}},
		{"a cap leaves a rest", 5_000_000, 500_000, []int64{1, 1}, []flattery.Amount{500_000, 500_000}},
		{"a cap above all does nothing", 5_000_000, 9_000_000, []int64{1, 4}, []flattery.Amount{1_000_000, 4_000_000}},
		{"the most there may be", flattery.MaxAmount, 0, []int64{10, 1}, []flattery.Amount{90_909_090_909_090, 909_090_909_090_910}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := flattery.Split(tt.sum, tt.limit, flattery.SplitByFlattr, m, donor, parts(tt.weights...))
			slices.Sort(got)
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestAnAuthorWithManyFlattrsTakesOneShareByCreator(t *testing.T) {
	p := parts(1, 1, 1, 1)
	p[1].Author, p[2].Author = 0, 0 // three things of one, one of another
	got := flattery.Split(6_000_000, 0, flattery.SplitByCreator, month(t, "2026-10"), "ada", p)
	if want := []flattery.Amount{1_000_000, 1_000_000, 1_000_000, 3_000_000}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Left-overs move from month to month and donor to donor: nobody is first for ever.
func TestNobodyIsFirstForEver(t *testing.T) {
	first := month(t, "2026-01")
	months, donors := map[int]int{}, map[int]int{}
	for i := range 120 {
		months[slices.Index(flattery.Split(1, 0, flattery.SplitByFlattr, first+flattery.Month(i), "ada", parts(1, 1, 1)), 1)]++
		donors[slices.Index(flattery.Split(1, 0, flattery.SplitByFlattr, first, fmt.Sprint("donor ", i), parts(1, 1, 1)), 1)]++
	}
	for i := range 3 { // what is drawn here is drawn from hashes and stays so for ever
		if months[i] < 20 || donors[i] < 20 {
			t.Errorf("part %d was first in %d of 120 months and for %d of 120 donors", i, months[i], donors[i])
		}
	}
}

// FuzzSplit: whatever the weights, authors and kinds, nothing is lost and nothing is below zero.
func FuzzSplit(f *testing.F) {
	f.Add(int64(5_000_000), int64(0), "ada", []byte{1, 1, 1})
	f.Add(int64(3), int64(2), "\x1f", []byte{10, 1, 250, 0, 7})
	f.Fuzz(func(t *testing.T, sum, limit int64, donor string, raw []byte) {
		sum, limit = min(max(sum, 0), int64(flattery.MaxAmount)), max(limit, 0)
		var p []flattery.Part
		for i, b := range raw[:min(len(raw), 200)] {
			p = append(p, flattery.Part{Thing: flattery.Thing{ID: strconv.Itoa(i)}, Turn: int64(b), Author: int64(b % 7), Weight: int64(b%10) + 1})
		}
		for _, by := range []flattery.SplitBy{flattery.SplitByFlattr, flattery.SplitByCreator} {
			shares := flattery.Split(flattery.Amount(sum), flattery.Amount(limit), by, 1, donor, p)
			got := total(shares)
			if len(shares) != len(p) || got > flattery.Amount(sum) || limit == 0 && len(p) > 0 && got != flattery.Amount(sum) {
				t.Fatalf("%d parts got %d of %d in %d shares", len(p), got, sum, len(shares))
			}
			if len(p) > 0 && (slices.Min(shares) < 0 || limit > 0 && slices.Max(shares) > flattery.Amount(limit)) {
				t.Fatalf("shares from %d to %d under a cap of %d", slices.Min(shares), slices.Max(shares), limit)
			}
		}
	})
}
