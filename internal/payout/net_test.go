package payout_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"flattery"
	"flattery/internal/payout"
	"flattery/internal/payout/manual"
)

func everybody(debts []flattery.Debt) map[flattery.AccountID]bool {
	all := map[flattery.AccountID]bool{}
	for _, d := range debts {
		all[d.Donor], all[d.Account] = true, true
	}
	return all
}

func but(who ...flattery.AccountID) func(map[flattery.AccountID]bool) {
	return func(joined map[flattery.AccountID]bool) {
		for _, a := range who {
			delete(joined, a)
		}
	}
}

func TestWhoPaysWhomByNetting(t *testing.T) {
	square := []flattery.Debt{debt(1, 1, "2"), debt(1, 2, "3"), debt(2, 1, "3"), debt(2, 2, "2")}
	for _, row := range []struct {
		name   string
		debts  []flattery.Debt
		leave  func(map[flattery.AccountID]bool)
		want   string // what is owed after it
		joined string
	}{
		{"largest to largest", square, nil, "1>1 5.00, 2>2 5.00", ""},
		{"a donor who did not join pays as before", square, but(1), "1>1 2.00, 1>2 3.00, 2>1 3.00, 2>2 2.00", ""},
		{"a payee who did not join is paid as before", square, but(101), "1>1 2.00, 1>2 3.00, 2>1 3.00, 2>2 2.00", ""},
		{"three creators, one did not join", append([]flattery.Debt{debt(1, 3, "9"), debt(2, 3, "9")}, square...), but(103), "1>1 5.00, 1>3 9.00, 2>2 5.00, 2>3 9.00", ""},
		{"an author who never joined is paid as before", []flattery.Debt{debt(1, 1, "2", stranger), debt(1, 2, "3"), debt(2, 1, "3", stranger), debt(2, 2, "2")}, nil, "1>1 2.00, 1>2 3.00, 2>1 3.00, 2>2 2.00", ""},
		{"as many payments as before are left as they are", []flattery.Debt{debt(1, 1, "2"), debt(2, 2, "3")}, nil, "1>1 2.00, 2>2 3.00", ""},
		{"currencies do not meet", []flattery.Debt{debt(1, 1, "2"), debt(1, 2, "3"), debt(2, 1, "3", in("SEK")), debt(2, 2, "2", in("SEK"))}, nil, "1>1 2.00, 1>2 3.00, 2>1 3.00, 2>2 2.00", ""},
		{"what is held stays with its donors", []flattery.Debt{debt(1, 1, "2", held(flattery.HeldDisputed)), debt(1, 2, "3"), debt(2, 1, "3", held(flattery.HeldDisputed)), debt(2, 2, "2")}, nil,
			"1>1 2.00, 1>2 3.00, 2>1 3.00, 2>2 2.00", ""},
		{"what cannot be paid stays with its donors", []flattery.Debt{debt(1, 1, "2", at("")), debt(1, 2, "3"), debt(2, 1, "3", at("")), debt(2, 2, "2")}, nil, "1>1 2.00, 1>2 3.00, 2>1 3.00, 2>2 2.00", ""},
		{"a slip that is out stays as it is", []flattery.Debt{debt(1, 1, "2"), debt(1, 2, "3"), debt(2, 1, "5", planned(2*flattery.Unit)), debt(2, 2, "2")}, nil, "1>1 5.00, 2>1 2.00, 2>2 5.00", ""},
		{"parts of a cent stay", []flattery.Debt{debt(1, 1, "2.001"), debt(1, 2, "3"), debt(2, 1, "3"), debt(2, 2, "2.000001")}, nil, "1>1 5.001, 2>2 5.000001", ""},
		{"whose sum is below the minimum waits with whom they like", []flattery.Debt{debt(1, 1, "2"), debt(1, 2, "3"), debt(2, 1, "3"), debt(2, 2, "2"), debt(3, 1, "0.40"), debt(3, 2, "0.40")}, nil,
			"1>1 5.00, 2>2 5.00, 3>1 0.40, 3>2 0.40", ""},
		{"and so does whoever is owed less", []flattery.Debt{debt(1, 1, "2"), debt(1, 2, "3"), debt(2, 1, "3"), debt(2, 2, "2"), debt(1, 3, "0.40"), debt(2, 3, "0.40")}, nil,
			"1>1 5.00, 1>3 0.40, 2>2 5.00, 2>3 0.40", ""},
		{"nobody pays oneself while there is another", []flattery.Debt{debt(1, 1, "3", account(2)), debt(2, 2, "3", account(1)), debt(3, 1, "1", account(2)), debt(3, 2, "1", account(1))}, nil, "1>1 3.00, 2>2 3.00, 3>1 1.00, 3>2 1.00", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			joined := everybody(row.debts)
			if row.leave != nil {
				row.leave(joined)
			}
			rules := payout.Rules{Max: 5, Minimum: flattery.Unit}
			all, changes := payout.Net(row.debts, joined, manual.Rail{}, rules)
			var got []string
			for _, d := range all {
				if d.Amount > 0 {
					got = append(got, fmt.Sprintf("%d>%d %s", d.Donor, d.Payee, d.Amount))
				}
			}
			slices.Sort(got)
			if s := strings.Join(got, ", "); s != row.want {
				t.Errorf("owed is %s, want %s; changes %+v", s, row.want, changes)
			}
		})
	}
}

func account(a flattery.AccountID) func(*flattery.Debt) {
	return func(d *flattery.Debt) { d.Account = a }
}

// owing is debts of few donors to few payees, some of whom give themselves, and who of them joined. It is drawn by dice of one
// seed: rapid's own numbers are mostly small, and then nearly nothing is netted.
func owing(r *rapid.T) (debts []flattery.Debt, joined map[flattery.AccountID]bool) {
	dice := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 1))
	joined = map[flattery.AccountID]bool{}
	for a := range 14 {
		joined[flattery.AccountID(a+1)] = dice.IntN(8) > 0
	}
	donors, payees, most := 1+dice.IntN(12), 1+dice.IntN(10), 1+dice.IntN(4)
	for donor := 1; donor <= donors; donor++ {
		for payee := 1; payee <= payees; payee++ {
			whose := flattery.AccountID(payee + 3)
			if dice.IntN(most) > 0 || whose == flattery.AccountID(donor) {
				continue
			}
			d := debt(donor, payee, "1", account(whose))
			d.Amount = flattery.Amount(1 + dice.Int64N(4_000_000>>dice.IntN(16))) // from below a cent on
			if dice.IntN(6) == 0 {
				d.Planned = d.Amount / 2
			}
			debts = append(debts, d)
		}
	}
	return debts, joined
}

func TestNettingKeepsEverySumAndTouchesNobodyElse(t *testing.T) {
	rules := payout.Rules{Max: 100, Minimum: flattery.Cent}
	rapid.Check(t, func(r *rapid.T) {
		debts, joined := owing(r)
		all, changes := payout.Net(debts, joined, manual.Rail{}, rules)
		type sums map[string]flattery.Amount
		add := func(list []flattery.Debt) (by sums, untouched sums) {
			by, untouched = sums{}, sums{}
			for _, d := range list {
				by[fmt.Sprint("donor ", d.Donor)] += d.Amount
				by[fmt.Sprint("payee ", d.Payee)] += d.Amount
				by[fmt.Sprint("planned ", d.Donor, d.Payee)] += d.Planned
				if d.Amount < d.Planned {
					r.Fatalf("owes less than is planned: %+v", d)
				}
				if !joined[d.Donor] || !joined[d.Account] {
					untouched[fmt.Sprint(d.Donor, ">", d.Payee)] += d.Amount
				}
			}
			for k, v := range by {
				if v == 0 {
					delete(by, k)
				}
			}
			return by, untouched
		}
		was, wasElse := add(debts)
		is, isElse := add(all)
		if diff := cmp.Diff(was, is); diff != "" {
			r.Fatalf("a sum changed: %s", diff)
		}
		if diff := cmp.Diff(wasElse, isElse); diff != "" {
			r.Fatalf("somebody who did not join was touched: %s", diff)
		}
		from, to, before, after := map[flattery.AccountID]bool{}, map[flattery.PayeeID]bool{}, 0, 0
		for _, c := range changes {
			from[c.Donor], to[c.Payee] = true, true
			if c.Was > 0 {
				before++
			}
			if c.Becomes > 0 {
				after++
			}
		}
		if len(changes) > 0 && (after > len(from)+len(to)-1 || after >= before) {
			r.Fatalf("%d payments become %d, of %d donors to %d payees", before, after, len(from), len(to))
		}
		dice := rand.New(rand.NewPCG(1, 2))
		mixed := slices.Clone(debts)
		dice.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		if _, again := payout.Net(mixed, joined, manual.Rail{}, rules); !cmp.Equal(changes, again) {
			r.Fatal("the order matters")
		}
	})
}

// A thousand donors like forty things each, of two hundred creators; some of these are liked far more than others.
func BenchmarkNetting(b *testing.B) {
	dice := rand.New(rand.NewPCG(1, 2))
	zipf := rand.NewZipf(dice, 1.1, 20, 199)
	var debts []flattery.Debt
	for donor := range 1000 {
		likes := map[int]int64{}
		for range 40 {
			likes[int(zipf.Uint64())]++
		}
		for payee, n := range likes {
			d := debt(donor+1, payee+1, "1", account(flattery.AccountID(10_000+payee)))
			d.Amount = flattery.Amount(n) * 5 * flattery.Unit / 40
			debts = append(debts, d)
		}
	}
	rules := payout.Rules{Max: 5, Minimum: flattery.Unit}
	joined, pays := everybody(debts), 0
	var slips, netted []flattery.Payment
	for b.Loop() {
		all, changes := payout.Net(debts, joined, manual.Rail{}, rules)
		pays = 0
		for _, c := range changes {
			if c.Becomes > 0 {
				pays++
			}
		}
		slips, netted = payout.Plan(october, debts, rules, manual.Rail{}), payout.Plan(october, all, rules, manual.Rail{})
	}
	small := 0
	for _, d := range debts {
		if d.Amount < flattery.Unit {
			small++
		}
	}
	b.ReportMetric(float64(len(debts)), "pairs")
	b.ReportMetric(float64(small*100/len(debts)), "%_below_1")
	b.ReportMetric(float64(pays), "netted")
	b.ReportMetric(float64(len(slips)), "slips")
	b.ReportMetric(float64(len(netted)), "slips_netted")
}
