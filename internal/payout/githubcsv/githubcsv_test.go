package githubcsv

import (
	"errors"
	"math/big"
	"reflect"
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
		{"less than a dollar waits", "1.0842", []flattery.Payment{slip(1, "ada", 92), slip(2, "bob", 93)}, []Row{{"bob", 1}}, []Part{{1, "ada", 0, 92 * c}, {2, "bob", 92 * c, c}}},
		{"several to one maintainer, whose capitals differ", "1", []flattery.Payment{slip(1, "Ada", 60), slip(2, "bob", 300), slip(3, "ada", 70), slip(4, "ADA", 80)},
			[]Row{{"Ada", 2}, {"bob", 3}}, []Part{{1, "Ada", 60 * c, 0}, {2, "bob", 300 * c, 0}, {3, "Ada", 70 * c, 0}, {4, "Ada", 70 * c, 10 * c}}},
		{"a dollar that is worth less than a cent", "999999.999999", []flattery.Payment{slip(1, "ada", 1)}, []Row{{"ada", 9999}}, []Part{{1, "ada", 0, c}}},
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

func TestWhatWholeDollarsClose(t *testing.T) {
	const c = flattery.Cent
	for _, row := range []struct {
		name  string
		rate  string
		slips []flattery.Payment
		want  []Covered
	}{
		{"nothing to pay", "1", nil, []Covered{}},
		{"whole dollars", "1", []flattery.Payment{slip(1, "ada", 500)}, []Covered{{"ada", []flattery.PaymentID{1}, 500 * c, 5, 0}}},
		{"a budget in euros", "1.0842", []flattery.Payment{slip(1, "ada", 542)}, []Covered{{"ada", []flattery.PaymentID{1}, 542 * c, 6, 12 * c}}}, // 5.876364
		{"less than a dollar", "1", []flattery.Payment{slip(1, "ada", 1)}, []Covered{{"ada", []flattery.PaymentID{1}, c, 1, 99 * c}}},
		{"several to one maintainer, rounded up once", "1", []flattery.Payment{slip(1, "bob", 250), slip(2, "Ada", 60), slip(3, "ada", 60)},
			[]Covered{{"Ada", []flattery.PaymentID{2, 3}, 120 * c, 2, 80 * c}, {"bob", []flattery.PaymentID{1}, 250 * c, 3, 50 * c}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := Cover(row.slips, rated(t, row.rate))
			if err != nil || !reflect.DeepEqual(got, row.want) || len(Rows(got)) != len(row.want) {
				t.Errorf("%+v, error %v", got, err)
			}
		})
	}
	if _, err := Cover([]flattery.Payment{slip(1, "ada", 1)}, Rate{}); err == nil {
		t.Error("without a rate")
	}
	if got, err := Cover([]flattery.Payment{slip(1, "ada", 1e10)}, rated(t, "10.1")); err == nil {
		t.Errorf("more than is ever paid: %+v", got)
	}
}

func TestWhatIsMoreIsLessThanADollar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cents := rapid.OneOf(rapid.Int64Range(1, 500), rapid.Int64Range(1, 1e7)).Draw(t, "cents")
		rate, err := ParseRate(rapid.StringMatching(`[0-9]{1,3}\.[0-9]{0,5}[1-9]`).Draw(t, "rate"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Cover([]flattery.Payment{slip(1, "ada", cents)}, rate)
		if err != nil || len(got) != 1 || got[0].Dollars < 1 || got[0].More < 0 || got[0].More >= flattery.Unit {
			t.Fatalf("%+v, error %v", got, err)
		}
		worth := new(big.Rat).Mul(big.NewRat(cents, 100), rate.r)
		if d := new(big.Rat).SetInt64(got[0].Dollars); d.Cmp(worth) < 0 || d.Sub(d, worth).Cmp(big.NewRat(1, 1)) >= 0 {
			t.Fatalf("%d dollars for %s", got[0].Dollars, worth)
		}
	})
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
			worth := new(big.Rat).Mul(big.NewRat(int64(sum), int64(flattery.Unit)), rate.r)
			d := new(big.Rat).SetInt64(dollars[k])
			if d.Cmp(worth) > 0 || new(big.Rat).Add(d, big.NewRat(1, 1)).Cmp(worth) <= 0 {
				t.Errorf("%s: %d dollars of %s", k, dollars[k], worth.FloatString(6))
			}
			// What is paid is what the dollars are worth, less than a cent below it and never above.
			back := new(big.Rat).Mul(big.NewRat(int64(paid[k]), int64(flattery.Unit)), rate.r)
			more := new(big.Rat).Mul(big.NewRat(int64(paid[k]+flattery.Cent), int64(flattery.Unit)), rate.r)
			if back.Cmp(d) > 0 || more.Cmp(d) <= 0 {
				t.Errorf("%s: %d dollars pay %s", k, dollars[k], paid[k])
			}
		}
		var out strings.Builder
		if err := Write(&out, rows); err != nil || strings.Count(out.String(), "\n") != len(rows)+1 {
			t.Errorf("%q, error %v", out.String(), err)
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
