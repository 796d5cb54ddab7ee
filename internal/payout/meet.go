package payout

import (
	"context"
	"fmt"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/store"
)

// meeting is what a payee of a voided slip gets of what another payee, who was paid in its place, is owed now.
type meeting struct {
	payment  flattery.PaymentID
	by       flattery.PayeeID
	currency string
	amount   flattery.Amount
}

type owingKey struct {
	payee    flattery.PayeeID
	currency string
}

// meet lets what is owed to payees who owe (they were paid in place of donors who did not pay in the end) go to the payees who
// wait for it. The same take part as in netting. It is pure; debts are sorted, and changed where they stand.
func (n *nets) meet(unmet []flattery.Unmet, owing map[owingKey]flattery.Amount) []meeting {
	var all []meeting
	for _, u := range unmet {
		to := u.To
		if !n.takesPart(to) {
			continue
		}
		some := func(by flattery.PayeeID, most flattery.Amount) flattery.Amount {
			amount := min(u.Left, owing[owingKey{by, to.Currency}], most)
			amount -= amount % n.rail.Info().Step
			if amount > 0 {
				u.Left -= amount
				owing[owingKey{by, to.Currency}] -= amount
				all = append(all, meeting{u.Payment, by, to.Currency, amount})
			}
			return amount
		}
		some(to.Payee, u.Left)
		for i := range n.debts { // not over what is moved meanwhile
			if u.Left == 0 {
				break
			}
			d := n.debts[i]
			if d.Currency != to.Currency || d.Payee == to.Payee || d.Donor == to.Account || !n.takesPart(d) || !n.joined[d.Donor] {
				continue
			}
			if amount := some(d.Payee, n.open(d)); amount > 0 {
				to.Since = d.Since
				n.move(pair{d.Donor, d.Payee}, d, -amount)
				n.move(pair{d.Donor, to.Payee}, to, amount)
				n.met[debtKey{pair{d.Donor, d.Payee}, d.Currency}] -= amount
				n.met[debtKey{pair{d.Donor, to.Payee}, d.Currency}] += amount
			}
		}
	}
	return all
}

// unmet reads who waits and who owes; nothing where nobody waits.
func (p *Planner) unmet(ctx context.Context, debts []flattery.Debt) ([]flattery.Unmet, map[owingKey]flattery.Amount, error) {
	list, err := p.Store.Unmet(ctx)
	if err != nil || len(list) == 0 {
		return nil, nil, err
	}
	owing := map[owingKey]flattery.Amount{}
	ask := func(d flattery.Debt) {
		k := owingKey{d.Payee, d.Currency}
		if _, asked := owing[k]; asked || err != nil {
			return
		}
		owing[k], err = p.Store.Balance(ctx, ledger.PayeeDebt(d.Payee), d.Currency)
	}
	for _, u := range list {
		ask(u.To)
	}
	for _, d := range debts {
		ask(d)
	}
	return list, owing, err
}

// post writes what is met: who owed has less to get, and owes less.
func post(ctx context.Context, tx store.Tx, m flattery.Month, all []meeting, now time.Time) error {
	for _, y := range all {
		if err := tx.Meet(ctx, y.payment, y.amount); err != nil {
			return err
		}
	}
	sums := map[owingKey]flattery.Amount{}
	var order []owingKey
	for _, y := range all {
		k := owingKey{y.by, y.currency}
		if sums[k] == 0 {
			order = append(order, k)
		}
		sums[k] += y.amount
	}
	for _, k := range order {
		if _, err := tx.Post(ctx, ledger.Draft{Key: fmt.Sprintf("meet:%s:%d:%s", m, k.payee, k.currency), Kind: "meet", At: now, Entries: []ledger.Entry{
			{Debit: ledger.PayeePayable(k.payee), Credit: ledger.PayeeDebt(k.payee), Currency: k.currency, Amount: sums[k]}}}); err != nil {
			return err
		}
	}
	return nil
}
