package payout_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/store"
)

// Months in which some of those who joined pay, some do not and are voided, and some take the money back: the book stays clean, and
// whoever keeps paying in the end leaves nothing open.
func TestRoundsOfNettingAndVoidsKeepTheBookClean(t *testing.T) {
	seeds, waited := uint64(2), 0
	if os.Getenv("FLATTERY_LONG") == "1" {
		seeds = 40
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			dice := rand.New(rand.NewPCG(seed, 1))
			s := newSquare(t)
			donors, payees := []flattery.AccountID{s.ann, s.cid}, []flattery.PayeeID{s.toBen, s.toDan}
			s.do(func(ctx context.Context, tx store.Tx) error {
				for i := range 3 {
					a, err := tx.AddAccount(ctx, flattery.Account{Name: fmt.Sprint("donor", i), CreatedAt: s.now, Settings: flattery.Settings{Currency: "EUR", Netting: i < 2}})
					if err != nil {
						return err
					}
					donors = append(donors, a)
				}
				return nil
			})
			for range 3 {
				for _, d := range donors {
					for _, y := range payees {
						s.owes(d, y, flattery.Amount(1+dice.Int64N(4_000_000)))
					}
				}
				s.month = flattery.MonthOf(s.now, time.UTC)
				s.settled("ben", flattery.Unit)
				s.plan()
				for _, p := range s.slips() {
					if p.State != flattery.PaymentPlanned || dice.IntN(3) == 0 {
						continue
					}
					marks := [][]flattery.PaymentState{{flattery.PaymentPaid}, {flattery.PaymentSent, flattery.PaymentFailed}, {flattery.PaymentSent, flattery.PaymentPaid}}[dice.IntN(3)]
					for _, m := range marks {
						if _, err := s.Mark(t.Context(), p.ID, m); err != nil {
							t.Fatal(err)
						}
					}
				}
				s.balances()
				s.now = s.now.Add(limit)
				s.plan()
				s.balances() // audits
				unmet, err := s.store.Unmet(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				waited += len(unmet)
			}
			for range 4 {
				s.month = flattery.MonthOf(s.now, time.UTC)
				s.settled("ben", 2*flattery.Unit)
				for _, d := range donors {
					for _, y := range payees {
						s.owes(d, y, 2*flattery.Unit)
					}
				}
				s.plan()
				for _, d := range donors {
					s.pay(d)
				}
				s.balances()
				s.now = s.now.AddDate(0, 1, 0)
			}
			unmet, err := s.store.Unmet(t.Context())
			if err != nil || len(unmet) != 0 {
				t.Errorf("unmet %+v, %v", unmet, err)
			}
			for _, y := range payees {
				debt, err := s.store.Balance(t.Context(), ledger.PayeeDebt(y), "EUR")
				payable, bad := s.store.Balance(t.Context(), ledger.PayeePayable(y), "EUR")
				if err != nil || bad != nil || debt != 0 || payable >= 5*flattery.Unit {
					t.Errorf("payee %d owes %s, is owed %s; %v %v", y, debt, payable, err, bad)
				}
			}
		})
	}
	if waited == 0 {
		t.Error("nobody ever waited for what others were paid")
	}
}
