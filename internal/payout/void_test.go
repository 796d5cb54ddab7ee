package payout_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/store"
)

const limit = 120 * 24 * time.Hour

func TestWhatIsNotPaidForTooLongIsVoided(t *testing.T) {
	const open, taken, away, paid = "5.00 5.00 0.00 5.00", "0.00 0.00 0.00 0.00", "0.00 0.00 5.00 5.00", "0.00 0.00 0.00 0.00"
	for _, row := range []struct {
		name   string
		void   time.Duration
		mark   flattery.PaymentState
		after  time.Duration
		happen func(b *bench)
		state  flattery.PaymentState
		stands string
		paused bool
	}{
		{"a second before the limit", limit, "", limit - time.Second, nil, flattery.PaymentPlanned, open, false},
		{"at the limit", limit, "", limit, nil, flattery.PaymentFailed, taken, true},
		{"where nothing is voided", 0, "", 9 * limit, nil, flattery.PaymentPlanned, open, false},
		{"what is on its way is not", limit, flattery.PaymentSent, 2 * limit, nil, flattery.PaymentSent, away, false},
		{"what is paid is not", limit, flattery.PaymentPaid, 2 * limit, nil, flattery.PaymentPaid, paid, false},
		{"what must not be paid now is not", limit, "", 2 * limit, func(b *bench) {
			b.do(func(ctx context.Context, tx store.Tx) error {
				eve, err := tx.AddAccount(ctx, flattery.Account{Name: "eve", CreatedAt: b.now})
				if err != nil {
					return err
				}
				_, err = tx.OpenDispute(ctx, flattery.Claim{Account: eve, Identity: who("ben"), Proof: flattery.ByOAuth, ProvedAt: b.now}, flattery.Token{}, b.now.AddDate(1, 0, 0))
				return err
			})
		}, flattery.PaymentPlanned, open, false},
		{"a donor who was removed", limit, "", limit, func(b *bench) {
			b.do(func(ctx context.Context, tx store.Tx) error { return tx.RemoveAccount(ctx, b.ann, b.now) })
		}, flattery.PaymentFailed, taken, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBench(t)
			b.Rules.Void = row.void
			b.settled("ben", 5*flattery.Unit)
			b.plan()
			if row.mark != "" {
				if _, err := b.Mark(t.Context(), b.slips()[0].ID, row.mark); err != nil {
					t.Fatal(err)
				}
			}
			if row.happen != nil {
				row.happen(b)
			}
			b.now = b.now.Add(row.after)
			for range 2 { // once
				b.plan()
			}
			p := b.slips()[0]
			if p.State != row.state || p.VoidedAt.IsZero() == (row.state == flattery.PaymentFailed) {
				t.Errorf("slip %+v", p)
			}
			if got := b.stands(); got != row.stands {
				t.Errorf("owed, payable, on its way, pledged: %s, want %s", got, row.stands)
			}
			a, err := b.store.Account(t.Context(), b.ann)
			if row.name != "a donor who was removed" && (err != nil || a.Paused != row.paused) {
				t.Errorf("paused %v, %v", a.Paused, err)
			}
		})
	}
}

// square is two donors who each owe two creators, all of whom joined: ann owes ben 2 and dan 3, cid owes ben 3 and dan 2.
type square struct {
	*bench
	cid, dan flattery.AccountID
	toDan    flattery.PayeeID
	keys     int
}

func newSquare(t *testing.T) *square {
	t.Helper()
	s := &square{bench: newBench(t)}
	s.Rules.Netting, s.Rules.Void = true, limit
	s.do(func(ctx context.Context, tx store.Tx) (err error) {
		if s.cid, err = tx.AddAccount(ctx, flattery.Account{Name: "cid", CreatedAt: s.now, Settings: flattery.Settings{Currency: "EUR", Netting: true}}); err != nil {
			return err
		}
		if s.dan, err = tx.AddAccount(ctx, flattery.Account{Name: "dan", CreatedAt: s.now, Settings: flattery.Settings{Currency: "EUR", Netting: true, Destination: "https://example.org/dan"}}); err != nil {
			return err
		}
		for id, to := range map[flattery.AccountID]flattery.Destination{s.ann: "", s.ben: "https://example.org/ben"} {
			if err := tx.SetSettings(ctx, id, flattery.Settings{Currency: "EUR", Netting: true, Destination: to}, s.now); err != nil {
				return err
			}
		}
		_, err = tx.AddClaim(ctx, flattery.Claim{Account: s.dan, Identity: who("dan"), Proof: flattery.ByAdmin, ProvedAt: s.now})
		return err
	})
	s.settled("ben", 2*flattery.Unit)
	s.settled("dan", 3*flattery.Unit)
	debts, err := s.store.Debts(t.Context(), s.ann)
	if err != nil || len(debts) != 2 {
		t.Fatal(debts, err)
	}
	s.toDan = debts[0].Payee
	s.owes(s.cid, s.toBen, 3*flattery.Unit)
	s.owes(s.cid, s.toDan, 2*flattery.Unit)
	return s
}

// owes lets a donor owe a payee so much more, as if a month were settled.
func (s *square) owes(donor flattery.AccountID, to flattery.PayeeID, amount flattery.Amount) {
	s.Helper()
	s.keys++
	s.do(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Post(ctx, ledger.Draft{Key: fmt.Sprint("owes", s.keys), Kind: "settled", At: s.now, Entries: []ledger.Entry{
			{Debit: ledger.Pledge(donor), Credit: ledger.DonorMeans(donor), Currency: "EUR", Amount: amount},
			{Debit: ledger.DonorMeans(donor), Credit: ledger.PayeePayable(to), Currency: "EUR", Amount: amount}}})
		if err != nil {
			return err
		}
		return tx.Owe(ctx, donor, to, "EUR", amount, s.month)
	})
}

func (s *square) out() string {
	s.Helper()
	names := map[flattery.AccountID]string{s.ann: "ann", s.cid: "cid"}
	var all []string
	for _, p := range s.slips() {
		if p.State == flattery.PaymentPlanned {
			all = append(all, fmt.Sprint(names[p.Donor], ">", p.PayeeName, " ", p.Amount, map[bool]string{true: " netted"}[p.Netted]))
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// balances are ben's and dan's payable and debt, and ann's and cid's pledge; the book is audited too.
func (s *square) balances() string {
	s.Helper()
	s.stands()
	var all []any
	for _, name := range []string{ledger.PayeePayable(s.toBen), ledger.PayeePayable(s.toDan), ledger.PayeeDebt(s.toBen), ledger.PayeeDebt(s.toDan), ledger.Pledge(s.ann), ledger.Pledge(s.cid)} {
		a, err := s.store.Balance(s.Context(), name, "EUR")
		if err != nil {
			s.Fatal(err)
		}
		all = append(all, a)
	}
	return strings.TrimSpace(fmt.Sprintln(all...))
}

func (s *square) pay(donor flattery.AccountID) {
	s.Helper()
	for _, p := range s.slips() {
		if p.State == flattery.PaymentPlanned && p.Donor == donor {
			if _, err := s.Mark(s.Context(), p.ID, flattery.PaymentPaid); err != nil {
				s.Fatal(err)
			}
		}
	}
}

func TestNettedSlipsPayTheSame(t *testing.T) {
	s := newSquare(t)
	s.plan()
	if got := s.out(); got != "ann>ben 5.00 netted, cid>dan 5.00 netted" {
		t.Fatalf("slips %s", got)
	}
	if got := s.balances(); got != "5.00 5.00 0.00 0.00 5.00 5.00" {
		t.Errorf("stands %s", got)
	}
	s.plan() // November has a plan of its own, of nothing
	s.pay(s.ann)
	s.pay(s.cid)
	if got := s.balances(); got != "0.00 0.00 0.00 0.00 0.00 0.00" {
		t.Errorf("stands %s", got)
	}
}

func TestWhereNettingIsNotOfferedEverybodyPaysWhomTheyLike(t *testing.T) {
	for name, change := range map[string]func(*square){
		"it is not offered": func(s *square) { s.Rules.Netting = false },
		"everybody has left since": func(s *square) {
			for _, id := range []flattery.AccountID{s.ann, s.cid} {
				s.do(func(ctx context.Context, tx store.Tx) error {
					return tx.SetSettings(ctx, id, flattery.Settings{Currency: "EUR"}, s.now)
				})
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSquare(t)
			change(s)
			s.plan()
			if got := s.out(); got != "ann>ben 2.00, ann>dan 3.00, cid>ben 3.00, cid>dan 2.00" {
				t.Errorf("slips %s", got)
			}
			s.stands()
		})
	}
}

// Cid has paid dan in ann's place. Ann does not pay ben: what her own likes would have paid is taken back, so dan owes 3.00, and ben
// waits for that until somebody owes dan.
func TestANettedSlipThatIsVoidedCostsItsDonorsOwnPayees(t *testing.T) {
	s := newSquare(t)
	s.plan()
	s.pay(s.cid)
	s.now = s.now.Add(limit)
	s.plan()
	if got := s.out(); got != "" {
		t.Fatalf("slips %s", got)
	}
	if got := s.balances(); got != "3.00 0.00 0.00 3.00 0.00 0.00" {
		t.Errorf("stands %s", got)
	}
	a, err := s.store.Account(t.Context(), s.ann)
	if err != nil || !a.Paused || !a.Netting {
		t.Errorf("%+v %v", a, err)
	}
	s.owes(s.cid, s.toDan, 4*flattery.Unit)
	s.month = flattery.MonthOf(s.now, time.UTC)
	s.settled("ben", flattery.Unit)
	s.plan()
	if got := s.out(); got != "ann>dan 1.00 netted, cid>ben 4.00 netted" {
		t.Fatalf("slips %s", got)
	}
	if got := s.balances(); got != "4.00 1.00 0.00 0.00 1.00 4.00" {
		t.Errorf("stands %s", got)
	}
	unmet, err := s.store.Unmet(t.Context())
	if err != nil || len(unmet) != 0 {
		t.Errorf("unmet %+v, %v", unmet, err)
	}
	s.pay(s.ann)
	s.pay(s.cid)
	if got := s.balances(); got != "0.00 0.00 0.00 0.00 0.00 0.00" {
		t.Errorf("stands %s", got)
	}
}
