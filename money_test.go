package flattery_test

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"flattery"
)

func TestAmountsAreReadExactlyOrNotAtAll(t *testing.T) {
	for _, tt := range []struct {
		text string
		want flattery.Amount
		err  string // part of it
	}{
		{text: "5", want: 5_000_000},
		{text: "5.00", want: 5_000_000},
		{text: "0.052632", want: 52_632},
		{text: "0.000001", want: 1},
		{text: "007.10", want: 7_100_000},
		{text: "0", want: 0},
		{text: "1000000000", want: flattery.MaxAmount},
		{text: "1000000000.000001", err: "more than an amount may be"},
		{text: strings.Repeat("9", 100), err: "more than an amount may be"},
		{text: "0.0000001", err: "at most six digits after the point"},
		{text: "", err: "not an amount"},
		{text: ".", err: "not an amount"},
		{text: ".5", err: "not an amount"},
		{text: "5.", err: "not an amount"},
		{text: "5,00", err: "one point only"},
		{text: "1.000.000", err: "not an amount"},
		{text: "1.0.0", err: "one point only"},
		{text: "-1", err: "digits"},
		{text: "+1", err: "digits"},
		{text: "1e3", err: "digits"},
		{text: " 1", err: "digits"},
		{text: "0x10", err: "digits"},
		{text: "٥", err: "digits"},
		{text: "5 EUR", err: "digits"},
	} {
		got, err := flattery.ParseAmount(tt.text)
		switch {
		case tt.err == "" && (err != nil || got != tt.want):
			t.Errorf("%q: got %d, %v; want %d", tt.text, got, err, tt.want)
		case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
			t.Errorf("%q: got %d, %v; want an error with %q", tt.text, got, err, tt.err)
		}
	}
}

func TestAmountsAreWrittenExactly(t *testing.T) {
	for a, want := range map[flattery.Amount]string{
		0:                   "0.00",
		1:                   "0.000001",
		52_632:              "0.052632",
		100_000:             "0.10",
		-100_000:            "-0.10",
		-1:                  "-0.000001",
		1_234_500:           "1.2345",
		1_234_000:           "1.234",
		5 * flattery.Unit:   "5.00",
		flattery.MaxAmount:  "1000000000.00",
		math.MinInt64:       "-9223372036854.775808",
		-flattery.MaxAmount: "-1000000000.00",
	} {
		if got := a.String(); got != want {
			t.Errorf("%d: got %s, want %s", int64(a), got, want)
		}
	}
}

func amounts() *rapid.Generator[flattery.Amount] {
	return rapid.Map(rapid.Int64Range(0, int64(flattery.MaxAmount)), func(i int64) flattery.Amount { return flattery.Amount(i) })
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	laws(t, func(t *rapid.T) {
		a := amounts().Draw(t, "amount")
		if back, err := flattery.ParseAmount(a.String()); err != nil || back != a {
			t.Fatalf("%s came back as %d, %v", a, back, err)
		}
		if rapid.Bool().Draw(t, "owed") {
			a = -a
		}
		b, err := json.Marshal(map[string]flattery.Amount{"a": a})
		if err != nil {
			t.Fatal(err)
		}
		var back map[string]flattery.Amount
		if err := json.Unmarshal(b, &back); err != nil || back["a"] != a {
			t.Fatalf("%s came back from %s as %s, %v", a, b, back["a"], err)
		}
	})
}

func TestCentsAreRoundedDown(t *testing.T) {
	laws(t, func(t *rapid.T) {
		a := amounts().Draw(t, "amount")
		if rapid.Bool().Draw(t, "owed") {
			a = -a
		}
		if c := a.Cents(); c%flattery.Cent != 0 || c > a || c+flattery.Cent <= a {
			t.Fatalf("%s has %s in whole cents", a, c)
		}
	})
}

func TestARateIsTakenExactly(t *testing.T) {
	laws(t, func(t *rapid.T) {
		a := amounts().Draw(t, "amount")
		r := flattery.Rate(rapid.Int64Range(0, int64(flattery.Unit)).Draw(t, "rate"))
		want := new(big.Int).Mul(big.NewInt(int64(a)), big.NewInt(int64(r)))
		want.Div(want, big.NewInt(int64(flattery.Unit)))
		if got := r.Of(a); !want.IsInt64() || int64(got) != want.Int64() {
			t.Fatalf("%d millionths of %s: got %d, want %s", r, a, got, want)
		}
	})
}

// FuzzAmount: whatever is read as an amount is within bounds and is written so that it reads the same.
func FuzzAmount(f *testing.F) {
	for _, s := range []string{"5", "5.00", "0.052632", "1000000000", "-1", "1e9", "99999999999999999999", "0000000.1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := flattery.ParseAmount(s)
		if err != nil {
			return
		}
		if a < 0 || a > flattery.MaxAmount {
			t.Fatalf("%q is %d", s, a)
		}
		if back, err := flattery.ParseAmount(a.String()); err != nil || back != a {
			t.Fatalf("%q is %d, is written %s and came back as %d, %v", s, a, a, back, err)
		}
	})
}
