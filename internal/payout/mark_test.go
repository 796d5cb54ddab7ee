package payout_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/internal/payout"
	"flattery/internal/payout/manual"
	"flattery/store"
	"flattery/store/eachtest"
)

func TestMain(m *testing.M) { eachtest.Main(m) }

// bench is a planner on a store in which ann owes ben and herself.
type bench struct {
	*testing.T
	*payout.Planner
	store    store.Store
	now      time.Time
	ann, ben flattery.AccountID
	toBen    flattery.PayeeID
	things   int
	month    flattery.Month
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{T: t, now: time.Date(2026, 10, 5, 9, 0, 0, 0, time.UTC), month: october}
	log := slog.New(slog.DiscardHandler)
	s := eachtest.New(t).Open(t, eachtest.Options{Now: func() time.Time { return b.now }})
	b.store = s
	b.Planner = &payout.Planner{Store: s, Rail: manual.Rail{}, Now: func() time.Time { return b.now }, Log: log, Rules: payout.Rules{Max: 5, Minimum: flattery.Unit}}
	b.do(func(ctx context.Context, tx store.Tx) error {
		ann, err := tx.AddAccount(ctx, flattery.Account{Name: "ann", CreatedAt: b.now, Settings: flattery.Settings{Budget: 5 * flattery.Unit, Currency: "EUR", Destination: "https://example.org/ann"}})
		if err != nil {
			return err
		}
		ben, err := tx.AddAccount(ctx, flattery.Account{Name: "ben", CreatedAt: b.now, Settings: flattery.Settings{Currency: "EUR", Destination: "https://example.org/ben"}})
		if err != nil {
			return err
		}
		b.ann, b.ben = ann, ben
		_, err = tx.AddClaim(ctx, flattery.Claim{Account: ben, Identity: who("ben"), Proof: flattery.ByAdmin, ProvedAt: b.now})
		return err
	})
	return b
}

func who(handle string) flattery.Profile {
	return flattery.Profile{Identity: flattery.Identity{Network: "github", Host: "github.com", Subject: handle}, Handle: handle}
}

func (b *bench) do(fn func(ctx context.Context, tx store.Tx) error) {
	b.Helper()
	if err := b.store.Update(b.Context(), func(tx store.Tx) error { return fn(b.Context(), tx) }); err != nil {
		b.Fatal(err)
	}
}

// settled makes the next month one in which ann gave so much to an author, settled as settle would.
func (b *bench) settled(author string, amount flattery.Amount) {
	b.Helper()
	m := b.month
	b.month++
	b.now = m.Starts(time.UTC).Add(time.Hour)
	b.things++
	b.do(func(ctx context.Context, tx store.Tx) error {
		l := flattery.Link{Account: b.ann, Identity: who("ann"), Proof: flattery.ByName, BeginsAt: b.now}
		id, err := tx.AddLink(ctx, l, flattery.Token{})
		if err != nil {
			return err
		}
		l.ID = id
		thing := flattery.Thing{Network: "github", Host: "github.com", ID: fmt.Sprint(b.things), Title: "x"}
		_, err = tx.AddLikes(ctx, l, []flattery.Like{{Thing: thing, Author: who(author), At: b.now, Source: flattery.Exact}}, false, b.now)
		return err
	})
	b.now = m.Ends(time.UTC).Add(73 * time.Hour)
	b.do(func(ctx context.Context, tx store.Tx) error { _, err := tx.Freeze(ctx, m, b.now); return err })
	for d, err := range b.store.DonorMonths(b.Context(), m, 0, 1<<62) {
		if err != nil {
			b.Fatal(err)
		}
		payee := d.Payees[0]
		if author == "ben" {
			b.toBen = payee
		}
		b.do(func(ctx context.Context, tx store.Tx) error {
			number, err := tx.Post(ctx, ledger.Draft{Key: ledger.SettleKey(m, b.ann), Kind: "settle", At: b.now, Entries: []ledger.Entry{
				{Debit: ledger.Pledge(b.ann), Credit: ledger.DonorMeans(b.ann), Currency: "EUR", Amount: amount},
				{Debit: ledger.DonorMeans(b.ann), Credit: ledger.PayeePayable(payee), Currency: "EUR", Amount: amount, Flattr: d.Flattrs[0]}}})
			if err != nil {
				return err
			}
			if err := tx.Owe(ctx, b.ann, payee, "EUR", amount, m); err != nil {
				return err
			}
			return tx.Settle(ctx, flattery.Settlement{Month: m, Donor: b.ann, Currency: "EUR", Budget: amount, Shares: amount, Flattrs: 1, Transaction: number})
		})
	}
	b.do(func(ctx context.Context, tx store.Tx) error { _, _, err := tx.CloseMonth(ctx, m, b.now); return err })
}

func (b *bench) plan() {
	b.Helper()
	if err := b.Enqueue(b.Context(), b.now); err != nil {
		b.Fatal(err)
	}
	if _, err := b.store.Jobs().Drain(b.Context(), b.Handlers()); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) slips() []flattery.Payment {
	b.Helper()
	list, err := b.store.Payments(b.Context(), store.PaymentQuery{})
	if err != nil {
		b.Fatal(err)
	}
	return list
}

// stands says what ann owes ben, and where that is in the book: payable, on its way, pledged.
func (b *bench) stands() string {
	b.Helper()
	owed := flattery.Amount(0)
	debts, err := b.store.Debts(b.Context(), b.ann)
	for _, d := range debts {
		owed += d.Amount
	}
	all := []any{owed}
	for _, name := range []string{ledger.PayeePayable(b.toBen), ledger.Transit("manual"), ledger.Pledge(b.ann)} {
		a, bad := b.store.Balance(b.Context(), name, "EUR")
		if errors.Is(bad, flattery.ErrNotFound) {
			bad = nil
		}
		err = errors.Join(err, bad)
		all = append(all, a)
	}
	if err != nil {
		b.Fatal(err)
	}
	book, done, err := b.store.Book(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer done()
	if r, err := ledger.Audit(book); err != nil || len(r.Faults) > 0 {
		b.Errorf("audit: %v %v", r.Faults, err)
	}
	return strings.TrimSpace(fmt.Sprintln(all...))
}

func TestWhatAMarkDoes(t *testing.T) {
	const open, away, paid = "5.00 5.00 0.00 5.00", "0.00 0.00 5.00 5.00", "0.00 0.00 0.00 0.00"
	for _, row := range []struct {
		marks  string // one after the other
		state  flattery.PaymentState
		stands string
		err    error // of the last
	}{
		{"", flattery.PaymentPlanned, open, nil},
		{"sent", flattery.PaymentSent, away, nil},
		{"sent sent", flattery.PaymentSent, away, nil},
		{"sent paid", flattery.PaymentPaid, paid, nil},
		{"paid", flattery.PaymentPaid, paid, nil},
		{"paid paid", flattery.PaymentPaid, paid, nil},
		{"sent failed", flattery.PaymentFailed, open, nil},
		{"sent failed failed", flattery.PaymentFailed, open, nil},
		{"failed", flattery.PaymentFailed, open, nil},
		{"paid failed", flattery.PaymentPaid, paid, flattery.ErrState},
		{"paid sent", flattery.PaymentPaid, paid, flattery.ErrState},
		{"sent failed paid", flattery.PaymentFailed, open, flattery.ErrState},
		{"failed sent", flattery.PaymentFailed, open, flattery.ErrState},
		{"sent planned", flattery.PaymentSent, away, flattery.ErrState},
		{"unknown", flattery.PaymentPlanned, open, flattery.ErrState},
		{"lost", flattery.PaymentPlanned, open, &flattery.InputError{}},
	} {
		t.Run(row.marks, func(t *testing.T) {
			b := newBench(t)
			b.settled("ben", 5*flattery.Unit)
			b.plan()
			if len(b.slips()) != 1 {
				t.Fatalf("slips %+v", b.slips())
			}
			var err error
			for mark := range strings.FieldsSeq(row.marks) {
				if err != nil {
					t.Fatalf("before %s: %v", mark, err)
				}
				b.now = b.now.Add(time.Hour)
				_, err = b.Mark(t.Context(), b.slips()[0].ID, flattery.PaymentState(mark))
			}
			_, input := errors.AsType[*flattery.InputError](err)
			_, wantInput := errors.AsType[*flattery.InputError](row.err)
			if input != wantInput || !wantInput && !errors.Is(err, row.err) {
				t.Errorf("error %v, want %v", err, row.err)
			}
			p := b.slips()[0]
			if p.State != row.state || p.PaidAt.IsZero() == (p.State == flattery.PaymentPaid) {
				t.Errorf("slip %+v", p)
			}
			if got := b.stands(); got != row.stands {
				t.Errorf("owed, payable, on its way, pledged: %s, want %s", got, row.stands)
			}
		})
	}
}

func TestManyWhoMarkAtOnceMarkOnce(t *testing.T) {
	b := newBench(t)
	b.settled("ben", 5*flattery.Unit)
	b.plan()
	id := b.slips()[0].ID
	errs := make(chan error)
	for range 16 {
		go func() { _, err := b.Mark(t.Context(), id, flattery.PaymentPaid); errs <- err }()
	}
	for range 16 {
		if err := <-errs; err != nil { // who comes second finds it done
			t.Error(err)
		}
	}
	if got := b.stands(); got != "0.00 0.00 0.00 0.00" {
		t.Errorf("stands %s", got)
	}
	if _, err := b.Mark(t.Context(), 99, flattery.PaymentPaid); !errors.Is(err, flattery.ErrNotFound) {
		t.Errorf("no slip: %v", err)
	}
}

func TestSmallSumsGatherUntilTheyCanBePaid(t *testing.T) {
	b := newBench(t)
	for i, want := range []string{"", "", "1.20", "1.20"} {
		b.settled("ben", 40*flattery.Cent+1)
		b.plan()
		got := ""
		for _, p := range b.slips() {
			got += p.Amount.String()
		}
		if got != want {
			t.Errorf("after month %d the slips are %q, want %q", i+1, got, want)
		}
	}
	if _, err := b.Mark(t.Context(), b.slips()[0].ID, flattery.PaymentFailed); err != nil {
		t.Fatal(err)
	}
	b.settled("ben", 40*flattery.Cent) // what failed is owed again, and goes into the next plan with the rest
	b.plan()
	if list := b.slips(); len(list) != 2 || list[0].Amount != 2*flattery.Unit {
		t.Errorf("slips %+v", list)
	}
	if got := b.stands(); got != "2.000004 2.000004 0.00 2.000004" {
		t.Errorf("stands %s", got)
	}
}

func TestAPlanIsMadeOnceAndNamesItsPayments(t *testing.T) {
	b := newBench(t)
	b.settled("ben", 5*flattery.Unit)
	for range 3 {
		b.plan()
	}
	plan, err := b.store.Plan(t.Context(), october)
	if err != nil || plan.Payments != 1 || len(plan.Hash) != 64 || len(b.slips()) != 1 {
		t.Errorf("plan %+v, slips %+v, error %v", plan, b.slips(), err)
	}
	if _, err := b.store.Plan(t.Context(), october+1); !errors.Is(err, flattery.ErrNotFound) {
		t.Errorf("a month that is not settled: %v", err)
	}
}

func TestWhatOneOwesOneselfIsSettledWithoutASlip(t *testing.T) {
	b := newBench(t)
	b.settled("ben", 3*flattery.Unit)
	// Ann turns out to be ben: what she owes him is nobody's to pay.
	claims, err := b.store.Claims(t.Context(), b.ben)
	if err != nil || len(claims) != 1 {
		t.Fatalf("%v %v", claims, err)
	}
	b.do(func(ctx context.Context, tx store.Tx) error {
		return tx.Owe(ctx, b.ben, b.toBen, "EUR", flattery.Unit, october) // as if ben had given to himself
	})
	b.do(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Post(ctx, ledger.Draft{Key: "t", Kind: "settle", At: b.now, Entries: []ledger.Entry{
			{Debit: ledger.Pledge(b.ben), Credit: ledger.DonorMeans(b.ben), Currency: "EUR", Amount: flattery.Unit},
			{Debit: ledger.DonorMeans(b.ben), Credit: ledger.PayeePayable(b.toBen), Currency: "EUR", Amount: flattery.Unit}}})
		return err
	})
	b.plan()
	list := b.slips()
	if len(list) != 1 || list[0].Donor != b.ann {
		t.Errorf("slips %+v", list)
	}
	debts, err := b.store.Debts(t.Context(), b.ben)
	pledge, bad := b.store.Balance(t.Context(), ledger.Pledge(b.ben), "EUR")
	if err != nil || bad != nil || len(debts) != 0 || pledge != 0 {
		t.Errorf("owes oneself %v, pledged %s; %v %v", debts, pledge, err, bad)
	}
}
