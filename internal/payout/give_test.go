package payout

import (
	"fmt"
	"testing"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/store"
)

func TestHowMuchIsGivenOn(t *testing.T) {
	const unit = flattery.Unit
	for _, row := range []struct {
		name    string
		set     flattery.Settings
		receipt store.Receipt
		prepaid bool
		want    string // amount, from
	}{
		{"pledge: a part of what was paid, promised", flattery.Settings{Budget: 9 * unit, GiveOn: 40}, store.Receipt{Settled: 8 * unit, Paid: 5 * unit}, false, "2.00 assets:pledge:7"},
		{"prepaid: a part of what was settled, not paid out", flattery.Settings{Budget: 9 * unit, GiveOn: 40}, store.Receipt{Settled: 5 * unit, Owed: 5 * unit}, true, "2.00 payee:3:payable"},
		{"pledge: nothing before it is paid", flattery.Settings{Budget: 9 * unit, GiveOn: 100}, store.Receipt{Settled: 8 * unit, Owed: 8 * unit}, false, "0.00 assets:pledge:7"},
		{"all of it", flattery.Settings{Budget: 9 * unit, GiveOn: 100}, store.Receipt{Paid: 5*unit + 1}, false, "5.000001 assets:pledge:7"},
		{"rounded down to the millionth", flattery.Settings{Budget: 9 * unit, GiveOn: 33}, store.Receipt{Paid: 5}, false, "0.000001 assets:pledge:7"},
		{"inside the budget, no more than it can spend", flattery.Settings{Budget: 3 * unit, GiveOn: 100}, store.Receipt{Paid: 5 * unit, Left: unit}, false, "2.00 assets:pledge:7"},
		{"inside a budget that is spoken for", flattery.Settings{Budget: 3 * unit, GiveOn: 100}, store.Receipt{Paid: 5 * unit, Left: 4 * unit}, false, "0.00 assets:pledge:7"},
		{"inside no budget", flattery.Settings{GiveOn: 100}, store.Receipt{Paid: 5 * unit}, false, "0.00 assets:pledge:7"},
		{"on top there is no limit", flattery.Settings{GiveOn: 100, OnTop: true}, store.Receipt{Paid: 5 * unit, Left: 9 * unit}, false, "5.00 assets:pledge:7"},
		{"prepaid: never what donors owe by slips", flattery.Settings{GiveOn: 100, OnTop: true}, store.Receipt{Settled: 5 * unit, Owed: unit}, true, "1.00 payee:3:payable"},
		{"the largest sum there is", flattery.Settings{GiveOn: 99, OnTop: true}, store.Receipt{Paid: flattery.MaxAmount}, false, "990000000.00 assets:pledge:7"},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.set.Currency = "EUR"
			row.receipt.Payee, row.receipt.Account = 3, flattery.Account{ID: 7, Settings: row.set}
			g, d := Rules{Prepaid: row.prepaid}.given(24321, row.receipt, time.Unix(1, 0))
			if got := fmt.Sprint(g.Amount, " ", d.Entries[0].Debit); got != row.want {
				t.Errorf("given on %s, want %s", got, row.want)
			}
			if d.Entries[0].Credit != ledger.DonorMeans(7) || d.Entries[0].Amount != g.Amount || g.Promised == row.prepaid || d.Key != ledger.GiveKey(24321, 7, "EUR") {
				t.Errorf("%+v, %+v", g, d)
			}
		})
	}
}
