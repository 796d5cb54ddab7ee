package githubcsv

import (
	"errors"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"flattery"
)

func slip(id int, name string, cents int64) flattery.Payment {
	return flattery.Payment{ID: flattery.PaymentID(id), Code: "CODE-" + name, Destination: flattery.Destination("https://github.com/sponsors/" + name), Currency: "EUR", Amount: flattery.Amount(cents) * flattery.Cent}
}

func rated(t testing.TB, s string) Rate {
	t.Helper()
	r, err := ParseRate(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestWhatWholeDollarsPay(t *testing.T) {
	const c = flattery.Cent
	for _, row := range []struct {
		name  string
		rate  string
		slips []flattery.Payment
		rows  []Row
		parts []Part
	}{
		{"nothing to pay", "1", nil, nil, []Part{}},
		{"a budget in dollars", "1", []flattery.Payment{slip(1, "ada", 512)}, []Row{{"ada", 5}}, []Part{{1, "ada", 500 * c, 12 * c}}},
		{"a budget in euros", "1.0842", []flattery.Payment{slip(1, "ada", 1000)}, []Row{{"ada", 10}}, []Part{{1, "ada", 922 * c, 78 * c}}},
		{"less than a dollar waits", "1.0842", []flattery.Payment{slip(1, "ada", 91), slip(2, "bob", 93)}, []Row{{"bob", 1}}, []Part{{1, "ada", 0, 91 * c}, {2, "bob", 92 * c, c}}},
		{"what dollars have paid to the cent", "1.0842", []flattery.Payment{slip(1, "ada", 922)}, []Row{{"ada", 10}}, []Part{{1, "ada", 922 * c, 0}}}, // 9.996324
		{"a cent less", "1.0842", []flattery.Payment{slip(1, "ada", 921)}, []Row{{"ada", 9}}, []Part{{1, "ada", 830 * c, 91 * c}}},
		{"several to one maintainer, whose capitals differ", "1", []flattery.Payment{slip(1, "Ada", 60), slip(2, "bob", 300), slip(3, "ada", 70), slip(4, "ADA", 80)},
			[]Row{{"Ada", 2}, {"bob", 3}}, []Part{{1, "Ada", 60 * c, 0}, {2, "bob", 300 * c, 0}, {3, "Ada", 70 * c, 0}, {4, "Ada", 70 * c, 10 * c}}},
		{"a dollar that is worth less than a cent", "999999.999999", []flattery.Payment{slip(1, "ada", 1)}, []Row{{"ada", 10000}}, []Part{{1, "ada", c, 0}}},
		{"a dollar that is worth a fortune", "0.000001", []flattery.Payment{slip(1, "ada", 100_000_000)}, []Row{{"ada", 1}}, []Part{{1, "ada", 100_000_000 * c, 0}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			rows, parts, err := Split(row.slips, rated(t, row.rate))
			if err != nil || !reflect.DeepEqual(rows, row.rows) || !reflect.DeepEqual(parts, row.parts) {
				t.Errorf("%v %v, error %v", rows, parts, err)
			}
		})
	}
}

func TestNothingIsLostAndNobodyGetsLessThanADollar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var slips []flattery.Payment
		for i := range rapid.IntRange(0, 12).Draw(t, "slips") {
			slips = append(slips, slip(i+1, rapid.SampledFrom([]string{"ada", "Ada", "bob", "grace-h", "x1"}).Draw(t, "name"), rapid.OneOf(rapid.Int64Range(1, 500), rapid.Int64Range(1, 1e10)).Draw(t, "cents")))
		}
		whole, part := rapid.IntRange(0, 200).Draw(t, "whole"), rapid.StringMatching(`[0-9]{0,5}[1-9]`).Draw(t, "part")
		rate, err := ParseRate(big.NewInt(int64(whole)).String() + "." + part)
		if err != nil {
			t.Fatal(err)
		}
		rows, parts, err := Split(slips, rate)
		if err != nil {
			t.Fatal(err)
		}
		sums, paid, dollars := map[string]flattery.Amount{}, map[string]flattery.Amount{}, map[string]int64{}
		for i, p := range parts {
			if p.Payment != slips[i].ID || p.Paid < 0 || p.Left < 0 || p.Paid+p.Left != slips[i].Amount || p.Paid != p.Paid.Cents() {
				t.Fatalf("%+v of %+v", p, slips[i])
			}
			k := strings.ToLower(p.Maintainer)
			sums[k] += slips[i].Amount
			paid[k] += p.Paid
		}
		for _, r := range rows {
			k := strings.ToLower(r.Maintainer)
			if _, twice := dollars[k]; twice || r.Dollars < 1 {
				t.Fatalf("%+v", rows)
			}
			dollars[k] = r.Dollars
		}
		for k, sum := range sums {
			d, one := new(big.Rat).SetInt64(dollars[k]), big.NewRat(1, 1)
			worth := func(a flattery.Amount) *big.Rat {
				w := big.NewRat(int64(a), int64(flattery.Unit))
				return w.Mul(w, rate.r)
			}
			// What is paid is what the dollars are worth, less than a cent below it and never above; what is left is no dollar.
			if worth(paid[k]).Cmp(d) > 0 || worth(paid[k]+flattery.Cent).Cmp(d) <= 0 || worth(sum-paid[k]).Cmp(one) >= 0 {
				t.Errorf("%s: %d dollars pay %s of %s", k, dollars[k], paid[k], sum)
			}
			if dollars[k] > 0 && paid[k] < sum-paid[k]-flattery.Cent {
				t.Errorf("%s: %s of %s are put off", k, sum-paid[k], sum)
			}
		}
		again := slices.Clone(slips)
		for i, p := range parts {
			if p.Paid > 0 {
				again[i].Amount = p.Paid
			}
		}
		rows2, parts2, err := Split(again, rate)
		if err != nil || !slices.Equal(rows2, rows) {
			t.Errorf("again it makes %v of %v, error %v", rows2, rows, err)
		}
		for i, p := range parts2 {
			if p.Paid != parts[i].Paid || p.Paid > 0 && p.Left > 0 {
				t.Errorf("again %+v of %+v", p, parts[i])
			}
		}
		var out strings.Builder
		if err := Write(&out, rows); err != nil || strings.Count(out.String(), "\n") != len(rows)+1 {
			t.Errorf("%q, error %v", out.String(), err)
		}
	})
}

// Month by month a slip is planned of what is owed, cut by files at any rates, and paid or not: what was paid and what is owed are always
// what was settled, to the cent, and half of what is open goes with each file that pays anything.
func TestOverMonthsAndRatesNothingIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		settled, paid := flattery.Amount(0), flattery.Amount(0)
		var slips []flattery.Payment
		carried := flattery.Amount(0) // owed, and in no slip
		for month := range rapid.IntRange(1, 12).Draw(t, "months") {
			sum := flattery.Amount(rapid.OneOf(rapid.Int64Range(1, 300), rapid.Int64Range(1, 1e6)).Draw(t, "cents")) * flattery.Cent
			settled += sum
			if sum += carried; sum >= flattery.Unit {
				slips, carried = append(slips, slip(month+1, "ada", int64(sum/flattery.Cent))), 0
			} else {
				carried = sum
			}
			rate, err := ParseRate(rapid.StringMatching(`[0-9]{1,3}\.[0-9]{0,5}[1-9]`).Draw(t, "rate"))
			if err != nil {
				t.Fatal(err)
			}
			_, parts, err := Split(slips, rate)
			if err != nil {
				t.Fatal(err)
			}
			pays, open, pay := flattery.Amount(0), flattery.Amount(0), rapid.Bool().Draw(t, "pay")
			var still []flattery.Payment
			for i, p := range parts {
				open += slips[i].Amount
				if p.Paid == 0 {
					still = append(still, slips[i])
					continue
				}
				pays, carried = pays+p.Paid, carried+p.Left
				if slips[i].Amount = p.Paid; !pay {
					still = append(still, slips[i])
				}
			}
			if pays > 0 && pays < open-pays-flattery.Cent {
				t.Fatalf("%s of %s are put off", open-pays, open)
			}
			if slips = still; pay {
				paid += pays
			}
			owed := carried
			for _, s := range slips {
				owed += s.Amount
			}
			if paid+owed != settled {
				t.Fatalf("%s paid and %s owed of %s", paid, owed, settled)
			}
		}
	})
}

func TestWhatCannotBeSplitIsRefused(t *testing.T) {
	one := rated(t, "1")
	with := func(change func(*flattery.Payment)) []flattery.Payment {
		s := []flattery.Payment{slip(1, "ada", 500), slip(2, "bob", 500)}
		change(&s[1])
		return s
	}
	for _, row := range []struct {
		why   string
		slips []flattery.Payment
		rate  Rate
	}{
		{"no rate", nil, Rate{}},
		{"no page of GitHub Sponsors", with(func(p *flattery.Payment) { p.Destination = "https://liberapay.com/ada" }), one},
		{"slip CODE-bob in USD", with(func(p *flattery.Payment) { p.Currency = "USD" }), one},
		{"whole cents", with(func(p *flattery.Payment) { p.Amount++ }), one},
		{"whole cents", with(func(p *flattery.Payment) { p.Amount = 0 }), one},
		{"whole cents", with(func(p *flattery.Payment) { p.Amount = -flattery.Unit }), one},
		{"its rate is 1, not 1.1", []flattery.Payment{{Destination: "https://github.com/sponsors/ada", Currency: "USD", Amount: flattery.Unit}}, rated(t, "1.10")},
	} {
		_, _, err := Split(row.slips, row.rate)
		if _, ok := errors.AsType[*flattery.InputError](err); !ok || !strings.Contains(err.Error(), row.why) {
			t.Errorf("error %v does not say %q", err, row.why)
		}
	}
}

func TestWhoIsSponsored(t *testing.T) {
	for given, want := range map[string]string{
		"https://github.com/sponsors/ada": "ada", "https://github.com/sponsors/Ada-L/": "Ada-L", "https://www.github.com/sponsors/old-": "old-", "https://GitHub.com/sponsors/a?o=x": "a",
		"https://github.com/sponsors/": "", "https://github.com/ada": "", "http://github.com/sponsors/ada": "", "https://github.com.evil.example/sponsors/ada": "", "https://x@github.com/sponsors/ada": "",
		"https://github.com/sponsors/ada/more": "", "https://github.com/sponsors/-ada": "", "https://github.com/sponsors/=1+1": "", "https://github.com/sponsors/a%0Ab": "", "https://github.com/sponsors/a%2Cb": "",
		"https://github.com/sponsors/ädä": "", "https://github.com/sponsors/" + strings.Repeat("a", 40): "", "https://github.com:444/sponsors/ada": "", "": "", "::": "",
	} {
		got, err := Maintainer(flattery.Destination(given))
		if _, bad := errors.AsType[*flattery.InputError](err); got != want || bad != (want == "") {
			t.Errorf("%q: %q, error %v", given, got, err)
		}
	}
}

func TestRatesAreReadExactlyOrNotAtAll(t *testing.T) {
	for given, want := range map[string]string{"1": "1", "1.0842": "1.0842", "0.000001": "0.000001", "999999.999999": "999999.999999", "10.50": "10.5", "100": "100", "007": "7",
		"": "", "0": "", "0.000": "", "-1": "", "+1": "", "1,08": "", "1.": "", ".5": "", "1e3": "", "1/2": "", "0x10": "", "1_0": "", "1.0000001": "", "1000000": "", "NaN": "", " 1": "", "१": ""} {
		got, err := ParseRate(given)
		if (err == nil) != (want != "") || err == nil && got.String() != want {
			t.Errorf("%q: %s, error %v", given, got, err)
		}
	}
	if (Rate{}).String() != "none" {
		t.Error("no rate is one")
	}
}

func TestTheFileIsGitHubs(t *testing.T) {
	var b strings.Builder
	if err := Write(&b, []Row{{"ada", 5}, {"grace-h", 12}}); err != nil || b.String() != "Maintainer username,Sponsorship amount in USD\nada,5\ngrace-h,12\n" {
		t.Errorf("%q, error %v", b.String(), err)
	}
	for _, r := range []Row{{"=1+1", 5}, {"+ada", 5}, {"-ada", 5}, {"@ada", 5}, {"a,b", 5}, {"a\nb", 5}, {"", 5}, {"ada", 0}, {"ada", -1}} {
		b.Reset()
		if err := Write(&b, []Row{r}); err == nil || b.Len() > 0 {
			t.Errorf("%+v is written: %q", r, b.String())
		}
	}
}
