package payout_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"flattery"
	"flattery/internal/ledger"
	"flattery/internal/payout"
	"flattery/internal/payout/githubcsv"
	"flattery/store"
)

// sponsored is a bench whose ben is paid at GitHub Sponsors.
func sponsored(t *testing.T) *bench {
	t.Helper()
	b := newBench(t)
	b.Rules.Void = limit
	b.do(func(ctx context.Context, tx store.Tx) error {
		return tx.SetSettings(ctx, b.ben, flattery.Settings{Currency: "EUR", Destination: "https://github.com/sponsors/ben"}, b.now)
	})
	return b
}

// dollars is what whole dollars pay at a rate.
func dollars(rate string) payout.Split {
	return func(slips []flattery.Payment) (map[flattery.PaymentID]payout.Part, error) {
		r, err := githubcsv.ParseRate(rate)
		if err != nil {
			return nil, err
		}
		_, list, err := githubcsv.Split(slips, r)
		parts := map[flattery.PaymentID]payout.Part{}
		for _, p := range list {
			parts[p.Payment] = payout.Part{Amount: p.Paid, Note: "at " + rate}
		}
		return parts, err
	}
}

// open are ann's slips that are to be paid, and say is how they stand.
func (b *bench) open() (ids []flattery.PaymentID, say string) {
	b.Helper()
	for _, y := range b.slips() {
		if y.State == flattery.PaymentPlanned {
			ids = append(ids, y.ID)
			say = fmt.Sprintf("%s+%s %s", y.Amount, y.Carried, say) // the oldest first
		}
	}
	return ids, strings.TrimSpace(say)
}

// does one of these with the open slips: "cut RATE", "pay RATE", or "month SUM": one more that is planned.
func (b *bench) does(step string) error {
	b.Helper()
	ids, _ := b.open()
	verb, of, _ := strings.Cut(step, " ")
	switch verb {
	case "cut":
		return b.Cut(b.Context(), b.ann, ids, dollars(of))
	case "pay":
		n, err := b.Pay(b.Context(), b.ann, ids, dollars(of))
		if err == nil && n != len(ids) {
			b.Errorf("%d of %d are paid", n, len(ids))
		}
		return err
	default:
		sum, err := flattery.ParseAmount(of)
		if err != nil {
			return err
		}
		b.settled("ben", sum)
		b.plan()
		return nil
	}
}

func TestWhatWholeDollarsLeaveIsCarried(t *testing.T) {
	for _, row := range []struct {
		name, steps, open string // amount and what is carried, the oldest slip first
		stands            string
		err               error // of the last step
	}{
		{"a slip in euros", "month 10, cut 1.0842", "9.22+0.78", "10.00 10.00 0.00 10.00", nil},
		{"the same file again", "month 10, cut 1.0842, cut 1.0842", "9.22+0.78", "10.00 10.00 0.00 10.00", nil},
		{"a rate that was mistyped", "month 10, cut 0.1842, cut 1.0842", "9.22+0.78", "10.00 10.00 0.00 10.00", nil},
		{"nothing left over", "month 10, cut 0.19, cut 1", "10.00+0.00", "10.00 10.00 0.00 10.00", nil},
		{"less than a dollar", "month 1, cut 0.99", "1.00+0.00", "1.00 1.00 0.00 1.00", nil},
		{"paid", "month 10, cut 1.0842, pay 1.0842", "", "0.78 0.78 0.00 0.78", nil},
		{"the rest goes with the next plan", "month 10, cut 1.0842, pay 1.0842, month 10", "10.78+0.00", "10.78 10.78 0.00 10.78", nil},
		{"also beside the slip that left it", "month 10, cut 1.0842, month 10", "9.22+0.78 10.78+0.00", "20.00 20.00 0.00 20.00", nil},
		{"then the newest is cut", "month 10, cut 1.0842, month 10, cut 1.09", "9.22+0.78 10.04+0.74", "20.00 20.00 0.00 20.00", nil},
		{"and what another has is not had twice", "month 10, cut 0.11, month 1, cut 1", "9.09+0.91 1.91+0.00", "11.00 11.00 0.00 11.00", nil},
		{"not paid as it was cut", "month 10, cut 1.0842, pay 1.09", "9.22+0.78", "10.00 10.00 0.00 10.00", flattery.ErrState},
		{"not cut before it is paid", "month 10, pay 1.0842", "10.00+0.00", "10.00 10.00 0.00 10.00", flattery.ErrState},
		{"no rate", "month 10, cut 0", "10.00+0.00", "10.00 10.00 0.00 10.00", &flattery.InputError{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := sponsored(t)
			var err error
			for step := range strings.SplitSeq(row.steps, ", ") {
				if err != nil {
					t.Fatalf("before %s: %v", step, err)
				}
				err = b.does(step)
			}
			_, input := errors.AsType[*flattery.InputError](err)
			_, wantInput := errors.AsType[*flattery.InputError](row.err)
			if input != wantInput || !wantInput && !errors.Is(err, row.err) {
				t.Errorf("error %v, want %v", err, row.err)
			}
			if _, open := b.open(); open != row.open {
				t.Errorf("the slips are %q, want %q", open, row.open)
			}
			if got := b.stands(); got != row.stands {
				t.Errorf("owed, payable, on its way, pledged: %s, want %s", got, row.stands)
			}
		})
	}
}

func TestASlipThatIsNotToBePaidIsNotCut(t *testing.T) {
	for _, mark := range []flattery.PaymentState{flattery.PaymentSent, flattery.PaymentPaid, flattery.PaymentFailed} {
		b := sponsored(t)
		b.settled("ben", 10*flattery.Unit)
		b.plan()
		ids, _ := b.open()
		if _, err := b.Mark(t.Context(), ids[0], mark); err != nil {
			t.Fatal(err)
		}
		if err := b.Cut(t.Context(), b.ann, ids, dollars("1.0842")); !errors.Is(err, flattery.ErrState) {
			t.Errorf("%s: %v", mark, err)
		}
		if n, err := b.Pay(t.Context(), b.ann, ids, dollars("1.0842")); n != 0 || err != nil {
			t.Errorf("%s: %d are paid, error %v", mark, n, err)
		}
		if y := b.slips()[0]; y.Amount != 10*flattery.Unit || y.Carried != 0 {
			t.Errorf("%s: %+v", mark, y)
		}
	}
	b := sponsored(t)
	b.settled("ben", 10*flattery.Unit)
	b.plan()
	ids, _ := b.open()
	if err := b.Cut(t.Context(), b.ben, ids, dollars("1.0842")); !errors.Is(err, flattery.ErrState) {
		t.Errorf("by another: %v", err)
	}
}

// What was marked while it was cut is paid as one of both saw it, never over what it is not.
func TestASlipIsNotPaidOverWhatItWas(t *testing.T) {
	b := sponsored(t)
	b.settled("ben", 10*flattery.Unit)
	b.plan()
	was := b.slips()[0]
	if err := b.does("cut 1.0842"); err != nil {
		t.Fatal(err)
	}
	was.State, was.PaidAt, was.SentAt = flattery.PaymentPaid, b.now, b.now
	err := b.store.Update(t.Context(), func(tx store.Tx) error { return tx.MovePayment(t.Context(), was, flattery.PaymentPlanned) })
	if !errors.Is(err, flattery.ErrState) {
		t.Errorf("paid over 10.00: %v", err)
	}
}

// A slip that was cut is as old as it was, and nobody hears that it failed. It is paid with a note.
func TestACutSlipKeepsItsAge(t *testing.T) {
	b := sponsored(t)
	b.settled("ben", 10*flattery.Unit)
	b.plan()
	was := b.slips()[0]
	for range 3 { // also by files of months
		if err := b.does("cut 0.19"); err != nil {
			t.Fatal(err)
		}
		b.now = b.now.Add(limit / 4)
		b.plan()
	}
	if err := b.does("cut 1.0842"); err != nil {
		t.Fatal(err)
	}
	if y := b.slips()[0]; !y.PlannedAt.Equal(was.PlannedAt) || y.Code != was.Code || y.Plan != was.Plan || y.State != flattery.PaymentPlanned {
		t.Errorf("%+v was %+v", y, was)
	}
	for account, want := range map[flattery.AccountID]string{b.ann: "[slips.ready]", b.ben: "[]"} {
		if got := b.heard(account); got != want {
			t.Errorf("account %d heard %s, want %s", account, got, want)
		}
	}
	b.now = was.PlannedAt.Add(limit)
	b.plan()
	a, err := b.store.Account(t.Context(), b.ann)
	if y := b.slips()[0]; err != nil || y.VoidedAt.IsZero() || !a.Paused {
		t.Errorf("slip %+v, paused %v, error %v", y, a.Paused, err)
	}
	if got := b.stands(); got != "0.78 0.78 0.00 0.78" {
		t.Errorf("stands %s", got)
	}
}

// heard are the kinds of an account's notices about slips.
func (b *bench) heard(account flattery.AccountID) string {
	b.Helper()
	list, err := b.store.Notices(b.Context(), account, 100)
	if err != nil {
		b.Fatal(err)
	}
	kinds := []flattery.NoticeKind{}
	for _, n := range list {
		if strings.HasPrefix(string(n.Kind), "slip") || strings.HasPrefix(string(n.Kind), "payment") {
			kinds = append(kinds, n.Kind)
		}
	}
	return fmt.Sprint(kinds)
}

func TestWhatWasPaidAbroadIsANote(t *testing.T) {
	b := sponsored(t)
	for _, step := range []string{"month 10", "cut 1.0842", "pay 1.0842"} {
		if err := b.does(step); err != nil {
			t.Fatal(err)
		}
	}
	book, done, err := b.store.Book(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	note := ""
	for x, err := range book.Transactions {
		if err != nil {
			t.Fatal(err)
		}
		if x.Kind == "confirm" {
			note = x.Note
		}
	}
	if want := b.slips()[0].Code + " at 1.0842"; note != want {
		t.Errorf("the note is %q, want %q", note, want)
	}
}

func TestManyFilesAtOnceAreOne(t *testing.T) {
	b := sponsored(t)
	b.settled("ben", 10*flattery.Unit)
	b.plan()
	ids, _ := b.open()
	errs := make(chan error)
	for range 8 {
		go func() { errs <- b.Cut(t.Context(), b.ann, ids, dollars("1.0842")) }()
	}
	cut := 0
	for range 8 {
		if err := <-errs; err == nil {
			cut++
		} else if !errors.Is(err, flattery.ErrState) {
			t.Error(err)
		}
	}
	if _, open := b.open(); cut == 0 || open != "9.22+0.78" {
		t.Errorf("%d were cut, and the slips are %s", cut, open)
	}
}

// Over months and rates, what is paid and what is owed are what was settled, to the millionth.
func TestOverMonthsAndRatesNothingIsLost(t *testing.T) {
	seeds, paid := uint64(4), flattery.Amount(0)
	if os.Getenv("FLATTERY_LONG") == "1" {
		seeds = 200
	}
	for seed := range seeds {
		dice := rand.New(rand.NewPCG(seed, 2))
		b := sponsored(t)
		b.Rules.Void = 0
		settled := flattery.Amount(0)
		for range 5 {
			sum := flattery.Amount(1 + dice.Int64N(30_000_000))
			settled += sum
			if err := b.does("month " + sum.String()); err != nil {
				t.Fatal(err)
			}
			rate := ""
			for range 1 + dice.IntN(2) {
				rate = []string{"1", "1.0842", "0.19", "0.51", "0.0071", "151.3"}[dice.IntN(6)]
				if err := b.does("cut " + rate); err != nil {
					t.Fatal(err)
				}
			}
			if dice.IntN(2) == 0 {
				if err := b.does("pay " + rate); err != nil && !errors.Is(err, flattery.ErrState) { // one is less than a dollar
					t.Fatal(err)
				}
			}
			left, owed := b.paidAndOwed()
			if paid += left; left+owed != settled {
				t.Fatalf("seed %d: %s paid and %s owed of %s", seed, left, owed, settled)
			}
			b.stands() // audits
		}
	}
	if paid == 0 {
		t.Error("nothing was ever paid")
	}
}

func (b *bench) paidAndOwed() (paid, owed flattery.Amount) {
	b.Helper()
	for _, y := range b.slips() {
		if y.State == flattery.PaymentPaid {
			paid += y.Amount
		}
	}
	owed, err := b.store.Balance(b.Context(), ledger.PayeePayable(b.toBen), "EUR")
	if err != nil {
		b.Fatal(err)
	}
	return paid, owed
}
