package payout

import (
	"context"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/store"
)

// percent is one, as a rate.
const percent = 10_000

// giveOn makes means of what accounts give on of what they received in a month.
//
// Where the instance has the money (prepaid), that is a part of what was settled for the account: its payable becomes its
// means. Where donors pay by slips (pledge), nothing that is owed is taken from its donor and payee: who owes it would come to
// pay people whom only the payee likes, and would learn that. There the account is paid in full and promises a part of what it
// was paid: that pledge becomes its means now, and its debts to whom it likes when a month is settled. So every slip goes from
// a donor to whom that donor likes, who has not been paid promises nothing, and pledges are what is owed, what is on its way
// and what is promised and not yet spent.
func (p *Planner) giveOn(ctx context.Context, m flattery.Month) error {
	receipts, err := p.Store.Receipts(ctx, m)
	if err != nil || len(receipts) == 0 {
		return err
	}
	now := p.Now()
	return p.Store.Update(ctx, func(tx store.Tx) error {
		for _, r := range receipts {
			g, d := p.Rules.given(m, r, now)
			if g.Amount == 0 {
				continue
			}
			number, err := tx.Post(ctx, d)
			if err != nil {
				return err
			}
			g.Transaction = number
			if err := tx.GiveOn(ctx, g); err != nil {
				return err
			}
		}
		return nil
	})
}

// given says what is given on of a receipt. Inside the budget it is never more than a month's budget can spend.
func (r Rules) given(m flattery.Month, from store.Receipt, now time.Time) (flattery.Given, ledger.Draft) {
	a := from.Account
	g := flattery.Given{Month: m, Account: a.ID, Currency: a.Currency, Received: from.Paid, Percent: a.GiveOn, Promised: !r.Prepaid}
	debit := ledger.Pledge(a.ID)
	if r.Prepaid {
		g.Received, debit = from.Settled, ledger.PayeePayable(from.Payee)
	}
	g.Amount = flattery.Rate(g.Percent * percent).Of(g.Received)
	if !a.OnTop {
		g.Amount = min(g.Amount, max(0, a.Budget-from.Left))
	}
	if r.Prepaid {
		g.Amount = min(g.Amount, from.Owed)
	}
	return g, ledger.Draft{Key: ledger.GiveKey(m, a.ID, a.Currency), Kind: "give", At: now, Entries: []ledger.Entry{
		{Debit: debit, Credit: ledger.DonorMeans(a.ID), Currency: a.Currency, Amount: g.Amount}}}
}
