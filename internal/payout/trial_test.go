package payout_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/internal/payout"
	"flattery/internal/payout/railtest"
	"flattery/store"
)

// account is ben as he is now.
func (b *bench) account() flattery.Account {
	b.Helper()
	a, err := b.store.Account(b.Context(), b.ben)
	if err != nil {
		b.Fatal(err)
	}
	return a
}

// paidAt lets ben be paid elsewhere.
func (b *bench) paidAt(d flattery.Destination) {
	b.Helper()
	a := b.account()
	a.Destination = d
	b.do(func(ctx context.Context, tx store.Tx) error { return tx.SetSettings(ctx, b.ben, a.Settings, b.now) })
}

// try lets ben ask for a trial, and says what was refused.
func (b *bench) try() string {
	b.Helper()
	return fmt.Sprint(second(b.Try(b.Context(), b.account())))
}

// types lets ben type a number.
func (b *bench) types(number string) string {
	b.Helper()
	return fmt.Sprint(second(b.Prove(b.Context(), b.account(), number)))
}

func second(_ flattery.Trial, err error) error { return err }

// leaves sends what is planned, and gives the last trial.
func (b *bench) leaves() flattery.Payment {
	b.Helper()
	if _, err := b.Send(b.Context(), "miniature", "EUR"); err != nil {
		b.Fatal(err)
	}
	b.drain()
	return b.newest()
}

func (b *bench) newest() (y flattery.Payment) {
	b.Helper()
	for _, p := range b.slips() {
		if p.Trial != 0 && p.ID > y.ID {
			y = p
		}
	}
	return y
}

func (b *bench) books(lines ...flattery.BankLine) payout.Booked {
	b.Helper()
	for i := range lines {
		lines[i].At, lines[i].Currency = b.now, "EUR"
	}
	got, err := b.Book(b.Context(), lines)
	if err != nil {
		b.Fatal(err)
	}
	return got
}

// A cent goes out, is confirmed and typed; what ben is owed, was promised and paid is what it was before.
func TestADestinationIsProvedByACent(t *testing.T) {
	b, _ := newHouse(t)
	b.gave(5*flattery.Unit, "ben")
	before := b.received()
	if err := b.try(); err != "<nil>" {
		t.Fatal(err)
	}
	b.plan() // the month's payment is of its own, below no minimum and above none
	if s := b.states(); s != "5.00 planned, 0.01 planned" {
		t.Errorf("planned: %s", s)
	}
	if err := b.types("123456"); !strings.Contains(err, "has not left yet") {
		t.Errorf("typed before it left: %s", err)
	}
	y := b.leaves()
	if y.Amount != flattery.Cent || y.Destination != "https://example.org/ben" || len(y.Number) != 6 || strings.Contains(fmt.Sprintf("%+v %s", y, y.Message()), string(y.Number)) {
		t.Errorf("sent %+v", y)
	}
	b.audited()
	if got := b.books(flattery.BankLine{Key: "1", Amount: y.Amount, Text: "Flattery " + string(y.Number) + " " + y.Code}); got.Payments != 1 {
		t.Errorf("booked %+v", got)
	}
	if got := []flattery.Amount{b.balance(ledger.Trials), b.balance(ledger.Bank)}; got[0] != flattery.Cent || got[1] != 499*flattery.Cent {
		t.Errorf("trials, bank: %s", got)
	}
	b.audited()
	for _, row := range []struct{ typed, says string }{
		{"", "has six digits"},
		{"12345", "has six digits"},
		{"１２３４５６", "has six digits"},
		{"'; DROP TABLE trials; --", "has six digits"},
		{wrong(y), "tries that are left: 4"},
		{string(y.Number[:3]) + " " + string(y.Number[3:]), "<nil>"},
		{wrong(y), "<nil>"}, // it is proved, and stays so
	} {
		if err := b.types(row.typed); !strings.Contains(err, row.says) {
			t.Errorf("%q: %s", row.typed, err)
		}
	}
	if tr, can, err := b.Trial(t.Context(), b.account()); err != nil || !can || !tr.Proves() || !tr.ProvedAt.Equal(b.now) || tr.Tries != 2 {
		t.Errorf("%+v %v %v", tr, can, err)
	}
	if err := b.try(); !strings.Contains(err, "it is proved since 2026-11") {
		t.Errorf("once more: %s", err)
	}
	list, err := b.store.Payments(t.Context(), store.PaymentQuery{Payee: b.ben})
	if err != nil || len(list) != 1 || list[0].SureAt.IsZero() || list[0].Amount != 5*flattery.Unit {
		t.Errorf("payments to ben: %+v, %v", list, err)
	}
	if got := b.received(); got != before {
		t.Errorf("received %s, before %s", got, before)
	}
	b.paidAt("https://example.org/other")
	if tr, can, err := b.Trial(t.Context(), b.account()); err != nil || !can || tr.Payment != 0 {
		t.Errorf("of another destination: %+v %v %v", tr, can, err)
	}
	b.paidAt("https://example.org/ben")
	if tr, _, err := b.Trial(t.Context(), b.account()); err != nil || !tr.Proves() {
		t.Errorf("of the first again: %+v %v", tr, err)
	}
}

func (b *bench) received() string {
	b.Helper()
	list, err := b.store.Received(b.Context(), b.ben)
	if err != nil || len(list) != 1 {
		b.Fatal(list, err)
	}
	return fmt.Sprint(list[0].Promised, " ", list[0].Left())
}

// wrong is another number.
func wrong(y flattery.Payment) string {
	n := []byte(y.Number)
	n[5] = '0' + (n[5]-'0'+1)%10
	return string(n)
}

func TestATrialIsRefused(t *testing.T) {
	for name, row := range map[string]struct {
		before func(*testing.T, *bench)
		says   string
	}{
		"once more while it is planned": {func(t *testing.T, b *bench) { first(t, b) }, "was asked for on 2026-10-05: another can be from 2027-01-03 on"},
		"once more while it is under way": {func(t *testing.T, b *bench) {
			first(t, b)
			b.leaves()
		}, "another can be from 2027-01-03 on"},
		"once more after 89 days": {func(t *testing.T, b *bench) {
			first(t, b)
			b.leaves()
			b.now = b.now.AddDate(0, 0, 89)
		}, "another can be from"},
		"not after 90 days": {func(t *testing.T, b *bench) {
			first(t, b)
			b.leaves()
			b.now = b.now.AddDate(0, 0, 90)
		}, "<nil>"},
		"not where it failed": {func(t *testing.T, b *bench) {
			first(t, b)
			if _, err := b.Mark(t.Context(), b.leaves().ID, flattery.PaymentFailed); err != nil {
				t.Fatal(err)
			}
		}, "<nil>"},
		"not to another destination": {func(t *testing.T, b *bench) {
			first(t, b)
			b.paidAt("https://example.org/other")
		}, "<nil>"},
		"to the fourth destination": {func(t *testing.T, b *bench) {
			for i := range 3 {
				b.paidAt(flattery.Destination(fmt.Sprint("https://example.org/", i)))
				first(t, b)
			}
			b.paidAt("https://example.org/other")
		}, "had 3 cents sent in 90 days"},
		"where nobody is paid": {func(_ *testing.T, b *bench) { b.paidAt("") }, "no cent can be sent there"},
		"in pledge mode":       {func(_ *testing.T, b *bench) { b.Rules.Prepaid = false }, "no cent can be sent there"},
		"where no rail has words": {func(_ *testing.T, b *bench) {
			b.House = []payout.Rail{mute{railtest.Rail{World: &railtest.World{}}}}
		}, "no cent can be sent there"},
	} {
		t.Run(name, func(t *testing.T) {
			b, _ := newHouse(t)
			row.before(t, b)
			if err := b.try(); !strings.Contains(err, row.says) {
				t.Errorf("%s, want %s", err, row.says)
			}
			b.audited()
		})
	}
}

func first(t *testing.T, b *bench) {
	t.Helper()
	if err := b.try(); err != "<nil>" {
		t.Fatal(err)
	}
}

// mute is a rail that moves money and no words.
type mute struct{ railtest.Rail }

func (m mute) Info() payout.Info {
	i := m.Rail.Info()
	i.Words = false
	return i
}

// Of a million numbers five are tried, by however many at once.
func TestANumberIsGuessedAtFiveTimes(t *testing.T) {
	b, _ := newHouse(t)
	first(t, b)
	y := b.leaves()
	var wait sync.WaitGroup
	for range 3 * flattery.TrialTries {
		wait.Go(func() { _, _ = b.Prove(t.Context(), b.account(), wrong(y)) })
	}
	wait.Wait()
	tr, _, err := b.Trial(t.Context(), b.account())
	if err != nil || tr.Tries != flattery.TrialTries || tr.Left() != 0 {
		t.Fatalf("%+v %v", tr, err)
	}
	if err := b.types(string(y.Number)); !strings.Contains(err, "5 wrong numbers were typed") {
		t.Errorf("the right one, too late: %s", err)
	}
	if err := b.try(); !strings.Contains(err, "another can be from 2027-01-03 on") {
		t.Errorf("another: %s", err)
	}
}

// Many who ask at once get one.
func TestATrialIsPlannedOnce(t *testing.T) {
	b, _ := newHouse(t)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() { _, _ = b.Try(t.Context(), b.account()) })
	}
	wait.Wait()
	if s := b.states(); s != "0.01 planned" {
		t.Error(s)
	}
}

func TestATrialThatCameBackProvesNothing(t *testing.T) {
	b, w := newHouse(t)
	b.gave(5*flattery.Unit, "ben")
	first(t, b)
	y := b.leaves()
	b.books(flattery.BankLine{Key: "1", Amount: y.Amount, Text: y.Code}, flattery.BankLine{Key: "2", Amount: y.Amount, Text: y.Code, Incoming: true, Returned: true})
	if err := b.types(string(y.Number)); !strings.Contains(err, "did not arrive") {
		t.Errorf("typed after it came back: %s", err)
	}
	if got := b.balance(ledger.Trials); got != 0 {
		t.Errorf("trials: %s", got)
	}
	b.audited()
	first(t, b)
	b.now = b.now.Add(time.Hour)
	w.Rejects = func(flattery.Payment) bool { return true }
	if y = b.leaves(); y.State != flattery.PaymentFailed {
		t.Errorf("refused by the rail: %s", y.State)
	}
	b.audited()
	w.Rejects = nil
	first(t, b)
	y = b.leaves()
	if err := b.types(string(y.Number)); err != "<nil>" {
		t.Fatal(err)
	}
	b.books(flattery.BankLine{Key: "3", Amount: y.Amount, Text: y.Code}, flattery.BankLine{Key: "4", Amount: y.Amount, Text: y.Code, Incoming: true, Returned: true})
	if tr, _, err := b.Trial(t.Context(), b.account()); err != nil || tr.Proves() {
		t.Errorf("came back after it was typed: %+v, %v", tr, err)
	}
	b.audited()
}

// What goes elsewhere meanwhile is not sent, and a house without means of its own pays the cent as its bank does: out of the owner's.
func TestATrialOfAnotherDestinationIsNotSent(t *testing.T) {
	b, _ := newHouse(t)
	first(t, b)
	b.paidAt("https://example.org/other")
	if _, err := b.Send(t.Context(), "miniature", "EUR"); err == nil || !strings.Contains(err.Error(), "nothing is planned") {
		t.Errorf("sent: %v", err)
	}
	first(t, b)
	y := b.leaves()
	b.books(flattery.BankLine{Key: "1", Amount: y.Amount, Text: y.Code})
	if got := b.balance(ledger.Sponsor); got != flattery.Cent {
		t.Errorf("the owner gave %s", got)
	}
	b.audited()
}
