package settle

import (
	"context"
	"fmt"
	"testing"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/store"
)

func TestWhatWasGivenOnIsSpentFirst(t *testing.T) {
	const unit = flattery.Unit
	for _, row := range []struct {
		name    string
		set     flattery.Settings
		mode    Mode
		given   flattery.Amount
		bank    flattery.Amount // prepaid: what arrived besides
		want    string          // budget, shares, of it given on, unspent
		pledged flattery.Amount // when the month is settled, and when it was given on
		left    flattery.Amount
	}{
		{"inside the budget", flattery.Settings{Budget: 5 * unit}, Pledge, 2 * unit, 0, "5.00 5.00 2.00 0.00", 5 * unit, 0},
		{"on top", flattery.Settings{Budget: 5 * unit, OnTop: true}, Pledge, 2 * unit, 0, "7.00 7.00 2.00 0.00", 7 * unit, 0},
		{"on top of nothing", flattery.Settings{OnTop: true}, Pledge, 2 * unit, 0, "2.00 2.00 2.00 0.00", 2 * unit, 0},
		{"more than the budget waits", flattery.Settings{Budget: 2 * unit}, Pledge, 3 * unit, 0, "2.00 2.00 2.00 0.00", 3 * unit, unit},
		{"a cap keeps it for the next month", flattery.Settings{Budget: 5 * unit, OnTop: true, Cap: unit / 2}, Pledge, 2 * unit, 0, "7.00 1.50 1.50 5.50", 2 * unit, unit / 2},
		{"paused", flattery.Settings{Budget: 5 * unit, OnTop: true, Paused: true}, Pledge, 2 * unit, 0, "0.00 0.00 0.00 0.00", 2 * unit, 2 * unit},
		{"the instance has it", flattery.Settings{Budget: 5 * unit}, Prepaid, 2 * unit, 9 * unit, "5.00 5.00 2.00 0.00", 0, 0},
		{"the instance has it, on top", flattery.Settings{Budget: 5 * unit, OnTop: true}, Prepaid, 2 * unit, 9 * unit, "7.00 7.00 2.00 0.00", 0, 0},
		{"the instance has nothing else", flattery.Settings{Budget: 5 * unit}, Prepaid, 2 * unit, 0, "2.00 2.00 2.00 0.00", 0, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBench(t, time.UTC)
			b.Rules.Mode = row.mode
			b.maker("zoe")
			ann := b.donor("ann", row.set)
			for i := range 3 {
				b.likes(ann, start, fmt.Sprint("zoe/", i))
			}
			from := ledger.Pledge(ann.Account)
			if row.mode == Prepaid {
				from = ledger.Bank
			}
			b.do(func(ctx context.Context, tx store.Tx) error {
				number, err := tx.Post(ctx, ledger.Draft{Key: ledger.GiveKey(october, ann.Account, "EUR"), Kind: "give", At: start, Entries: []ledger.Entry{
					{Debit: from, Credit: ledger.DonorMeans(ann.Account), Currency: "EUR", Amount: row.given}}})
				if err != nil {
					return err
				}
				if row.bank > 0 {
					if _, err := tx.Post(ctx, ledger.Draft{Key: "m", Kind: "means", At: start, Entries: []ledger.Entry{{Debit: ledger.Bank, Credit: ledger.DonorMeans(ann.Account), Currency: "EUR", Amount: row.bank}}}); err != nil {
						return err
					}
				}
				return tx.GiveOn(ctx, flattery.Given{Month: october, Account: ann.Account, Currency: "EUR", Received: row.given, Percent: 100, Amount: row.given, Promised: row.mode == Pledge, Transaction: number})
			})
			b.now = closes
			if err := b.settle(); err != nil {
				t.Fatal(err)
			}
			st := b.statement(ann)
			if got := fmt.Sprint(st.Budget, " ", st.Shares, " ", st.Given, " ", st.Unspent); got != row.want {
				t.Errorf("budget, shares, given on, unspent are %s, want %s", got, row.want)
			}
			b.audited()
			pledged, err := b.store.Balance(t.Context(), ledger.Pledge(ann.Account), "EUR")
			if err != nil || pledged != row.pledged {
				t.Errorf("pledged %s, want %s (%v)", pledged, row.pledged, err)
			}
			given, err := b.store.Given(t.Context(), ann.Account)
			if err != nil || len(given) != 1 || given[0].Left() != row.left {
				t.Errorf("left is %+v, want %s (%v)", given, row.left, err)
			}
		})
	}
}
