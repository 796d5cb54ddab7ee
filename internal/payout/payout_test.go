package payout_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flattery"
	"flattery/internal/payout"
	"flattery/internal/payout/manual"
)

const october = flattery.Month(2026*12 + 9)

func debt(donor, payee int, amount string, more ...func(*flattery.Debt)) flattery.Debt {
	a, err := flattery.ParseAmount(amount)
	if err != nil {
		panic(err)
	}
	d := flattery.Debt{Donor: flattery.AccountID(donor), Payee: flattery.PayeeID(payee), PayeeName: fmt.Sprint("p", payee), Account: flattery.AccountID(100 + payee),
		Currency: "EUR", Amount: a, Since: october, Destination: flattery.Destination(fmt.Sprint("https://example.org/", payee))}
	for _, m := range more {
		m(&d)
	}
	return d
}

func planned(a flattery.Amount) func(*flattery.Debt) {
	return func(d *flattery.Debt) { d.Planned = a }
}
func at(to flattery.Destination) func(*flattery.Debt) {
	return func(d *flattery.Debt) { d.Destination = to }
}
func oneself(d *flattery.Debt) { d.Account = d.Donor }
func held(why flattery.Held) func(*flattery.Debt) {
	return func(d *flattery.Debt) { d.Held = why }
}

const sponsors flattery.Destination = "https://github.com/sponsors/ada"

func stranger(d *flattery.Debt) { d.Account = 0 }
func in(currency string) func(d *flattery.Debt) {
	return func(d *flattery.Debt) { d.Currency = currency }
}

func TestAPlanFollowsTheRules(t *testing.T) {
	for _, row := range []struct {
		name  string
		debts []flattery.Debt
		want  string // donor>payee amount
	}{
		{"nothing owed", nil, ""},
		{"one debt", []flattery.Debt{debt(1, 1, "5")}, "1>1 5.00"},
		{"below the minimum waits", []flattery.Debt{debt(1, 1, "0.999999"), debt(1, 2, "1")}, "1>2 1.00"},
		{"a bank moves whole cents, the rest stays", []flattery.Debt{debt(1, 1, "1.239999")}, "1>1 1.23"},
		{"cents that would round up to the minimum wait", []flattery.Debt{debt(1, 1, "0.999")}, ""},
		{"the largest five, largest first", []flattery.Debt{debt(1, 1, "1"), debt(1, 2, "7"), debt(1, 3, "3"), debt(1, 4, "2"), debt(1, 5, "6"), debt(1, 6, "5"), debt(1, 7, "4")},
			"1>2 7.00, 1>5 6.00, 1>6 5.00, 1>7 4.00, 1>3 3.00"},
		{"five for each donor", []flattery.Debt{debt(2, 1, "1"), debt(1, 1, "1"), debt(1, 2, "2")}, "1>2 2.00, 1>1 1.00, 2>1 1.00"},
		{"equal ones in the order of payees", []flattery.Debt{debt(1, 3, "2"), debt(1, 1, "2"), debt(1, 2, "2")}, "1>1 2.00, 1>2 2.00, 1>3 2.00"},
		{"no slip to oneself", []flattery.Debt{debt(1, 1, "5", oneself), debt(1, 2, "2")}, "1>2 2.00"},
		{"nothing for whom something holds it", []flattery.Debt{debt(1, 1, "5", held(flattery.HeldDisputed)), debt(1, 2, "4", held(flattery.HeldUnverified)),
			debt(1, 3, "3", held(flattery.HeldUnchecked)), debt(1, 4, "2")}, "1>4 2.00"},
		{"no slip where a slip is out", []flattery.Debt{debt(1, 1, "5", planned(5*flattery.Unit))}, ""},
		{"only what came since the slip that is out", []flattery.Debt{debt(1, 1, "5.50", planned(4*flattery.Unit)), debt(1, 2, "5", planned(4*flattery.Unit+1))}, "1>1 1.50"},
		{"no destination waits", []flattery.Debt{debt(1, 1, "5", at("")), debt(1, 2, "2", at("  "))}, ""},
		{"a destination that is none waits", []flattery.Debt{debt(1, 1, "5", at("javascript:alert(1)")), debt(1, 2, "2", at("payto://iban/DE75512108001245126198"))}, ""},
		{"who cannot be paid takes nobody's place", []flattery.Debt{debt(1, 1, "9", at("")), debt(1, 2, "8", oneself), debt(1, 3, "2"), debt(1, 4, "2"), debt(1, 5, "2"), debt(1, 6, "2"), debt(1, 7, "2")},
			"1>3 2.00, 1>4 2.00, 1>5 2.00, 1>6 2.00, 1>7 2.00"},
		{"an author who never joined is paid where that is published", []flattery.Debt{debt(1, 1, "5", stranger)}, "1>1 5.00"},
		{"GitHub Sponsors takes whole dollars, the rest stays", []flattery.Debt{debt(1, 1, "5.99", at(sponsors), in("USD")), debt(1, 2, "1.99", at(sponsors), in("USD"))}, "1>1 5.00, 1>2 1.00"},
		{"what a euro is in dollars nobody here knows", []flattery.Debt{debt(1, 1, "5.42", at(sponsors))}, "1>1 5.42"},
		{"currencies do not meet", []flattery.Debt{debt(1, 1, "0.60"), debt(1, 1, "0.60", in("SEK"))}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			rules := payout.Rules{Max: 5, Minimum: flattery.Unit}
			first := payout.Plan(october, row.debts, rules, manual.Rail{})
			var got []string
			for _, p := range first {
				got = append(got, fmt.Sprintf("%d>%d %s", p.Donor, p.Payee, p.Amount))
				if p.State != flattery.PaymentPlanned || p.Plan != october || p.Rail != "manual" || len(p.Code) != 14 || p.Destination == "" {
					t.Errorf("slip %+v", p)
				}
			}
			if s := strings.Join(got, ", "); s != row.want {
				t.Errorf("slips %s, want %s", s, row.want)
			}
			dice := rand.New(rand.NewPCG(1, 2))
			for range 20 { // in whatever order
				mixed := append([]flattery.Debt{}, row.debts...)
				dice.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
				if diff := cmp.Diff(first, payout.Plan(october, mixed, rules, manual.Rail{})); diff != "" {
					t.Fatalf("the order matters: %s", diff)
				}
			}
		})
	}
}

func TestNothingIsPlannedBelowWhatIsTakenThere(t *testing.T) {
	debts := []flattery.Debt{debt(1, 1, "0.99", at(sponsors), in("USD")), debt(1, 2, "0.50", in("USD")), debt(1, 3, "0.005", at("payto://iban/DE75512108001245126199"))}
	slips := payout.Plan(october, debts, payout.Rules{Max: 5, Minimum: 1}, manual.Rail{})
	if len(slips) != 1 || slips[0].Payee != 2 {
		t.Errorf("%+v", slips)
	}
}

func TestEverySlipHasACodeOfItsOwn(t *testing.T) {
	codes := map[string]bool{}
	for m := range flattery.Month(12) {
		var debts []flattery.Debt
		for donor := range 20 {
			for payee := range 20 {
				debts = append(debts, debt(donor+1, payee+1, "2"))
			}
		}
		for _, p := range payout.Plan(october+m, debts, payout.Rules{Max: 20, Minimum: flattery.Unit}, manual.Rail{}) {
			if codes[p.Code] {
				t.Fatalf("%s twice", p.Code)
			}
			codes[p.Code] = true
		}
	}
	if len(codes) != 12*20*20 {
		t.Errorf("%d codes", len(codes))
	}
}
