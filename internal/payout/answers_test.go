package payout_test

import (
	"errors"
	"strings"
	"testing"

	"flattery"
	"flattery/internal/ledger"
	"flattery/store"
)

// What must be answered of payments, as far as a donor who pays by hand can tell: a slip is paid as it was planned, or it came back.
func TestWhatBecomesOfPayments(t *testing.T) {
	for _, row := range []struct {
		name  string
		marks string // ann's slips by size, largest first: "paid", "sent failed" …, a slash between
		stand string // ben's and dan's payable, debt; ann's and cid's pledge
		owes  string // ann, after
		again string // the slips of the next plan
	}{
		{"rejected: owed again, and in the next plan", "sent failed/", "5.00 5.00 0.00 0.00 5.00 5.00", "3.00 2.00", "ann>ben 2.00, ann>ben 3.00, ann>dan 3.00"},
		{"rejected before it left: owed as it was", "failed/", "5.00 5.00 0.00 0.00 5.00 5.00", "3.00 2.00", "ann>ben 2.00, ann>ben 3.00, ann>dan 3.00"},
		{"partly accepted: what was paid is paid, what came back is owed", "paid/sent failed", "5.00 2.00 0.00 0.00 2.00 5.00", "2.00", "ann>ben 5.00"},
		{"confirmed twice: once", "paid paid/sent paid paid", "3.00 2.00 0.00 0.00 0.00 5.00", "", "ann>ben 3.00"},
		{"confirmed and then rejected: it stays paid", "paid failed/", "5.00 2.00 0.00 0.00 2.00 5.00", "2.00", "ann>ben 2.00, ann>ben 3.00"},
		{"rejected and then confirmed: it stays rejected", "sent failed paid/", "5.00 5.00 0.00 0.00 5.00 5.00", "3.00 2.00", "ann>ben 2.00, ann>ben 3.00, ann>dan 3.00"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newSquare(t)
			s.Rules.Netting = false
			s.plan()
			var own []flattery.PaymentID
			for _, p := range s.slips() {
				if p.Donor == s.ann {
					own = append(own, p.ID)
				}
			}
			for i, marks := range strings.Split(row.marks, "/") {
				for m := range strings.FieldsSeq(marks) {
					if _, err := s.Mark(t.Context(), own[i], flattery.PaymentState(m)); err != nil && !errors.Is(err, flattery.ErrState) {
						t.Fatal(err)
					}
				}
			}
			if got := s.balances(); got != row.stand {
				t.Errorf("stands %s, want %s", got, row.stand)
			}
			debts, err := s.store.Debts(t.Context(), s.ann)
			var owes []string
			for _, d := range debts {
				owes = append(owes, d.Amount.String())
			}
			if got := strings.Join(owes, " "); err != nil || got != row.owes {
				t.Errorf("ann owes %s, want %s (%v)", got, row.owes, err)
			}
			s.settled("ben", 3*flattery.Unit)
			s.plan()
			out := s.out()
			out = strings.ReplaceAll(strings.ReplaceAll(out, ", cid>ben 3.00", ""), ", cid>dan 2.00", "")
			if out != row.again {
				t.Errorf("the next slips are %s, want %s", out, row.again)
			}
		})
	}
}

// The manual rail is told no amounts. A slip is of what was planned, and no plan is of more than is owed.
func TestASlipIsNeverOfAnotherAmountThanIsOwed(t *testing.T) {
	b := newBench(t)
	b.settled("ben", 5*flattery.Unit)
	slip := flattery.Payment{Code: "A", Rail: "manual", Donor: b.ann, Payee: b.toBen, Currency: "EUR", Amount: 5*flattery.Unit + 1, Destination: "https://example.org/ben"}
	plan := store.Plan{Month: october, Hash: strings.Repeat("0", 64), CreatedAt: b.now}
	add := func() error {
		return b.store.Update(t.Context(), func(tx store.Tx) error { return tx.AddPlan(t.Context(), plan, []flattery.Payment{slip}) })
	}
	if err := add(); !errors.Is(err, flattery.ErrOverdrawn) {
		t.Fatalf("a millionth more than is owed: %v", err)
	}
	slip.Amount--
	if err := add(); err != nil {
		t.Fatal(err)
	}
	id := b.slips()[0].ID
	p := b.slips()[0]
	p.Amount, p.State, p.SentAt = 7*flattery.Unit, flattery.PaymentSent, b.now
	if err := b.store.Update(t.Context(), func(tx store.Tx) error { return tx.MovePayment(t.Context(), p, flattery.PaymentPlanned) }); !errors.Is(err, flattery.ErrState) {
		t.Errorf("a mark over another amount than the slip's: %v", err)
	}
	if _, err := b.Mark(t.Context(), id, flattery.PaymentPaid); err != nil {
		t.Fatal(err)
	}
	bank, err := b.store.Balance(t.Context(), ledger.PayeePayable(b.toBen), "EUR")
	if got := b.stands(); got != "0.00 0.00 0.00 0.00" || b.slips()[0].Amount != 5*flattery.Unit || bank != 0 || err != nil {
		t.Errorf("stands %s, slip %+v", got, b.slips()[0])
	}
}
