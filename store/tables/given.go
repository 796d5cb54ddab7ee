package tables

import (
	"context"
	"fmt"

	"flattery"
	"flattery/store"
)

const givenQuery = `SELECT account_id, month, currency, received, percent, amount, spent, promised, number FROM given `

func scanGiven(s Row) (g flattery.Given, err error) {
	err = s.Scan(&g.Account, &g.Month, &g.Currency, &g.Received, &g.Percent, &g.Amount, &g.Spent, &g.Promised, &g.Transaction)
	return g, err
}

// Given lists what an account gave on, newest first.
func (s *Reader) Given(ctx context.Context, account flattery.AccountID) ([]flattery.Given, error) {
	list, err := all(ctx, s.DB, scanGiven, givenQuery+`WHERE account_id = ? ORDER BY month DESC, currency`, account)
	return list, wrap("what was given on", err)
}

// Receipts are of the accounts that give on in a frozen month and have not yet. What was settled is counted by what the
// account claims to be: what came with a claim, of months before, is not given on.
func (s *Reader) Receipts(ctx context.Context, m flattery.Month) ([]store.Receipt, error) {
	doing := "receipts of " + m.String()
	month, err := s.Month(ctx, m)
	if err != nil {
		return nil, wrap(doing, err)
	}
	list, err := all(ctx, s.DB, scanAccount, `SELECT `+accountColumns+` FROM accounts a WHERE a.removed_at IS NULL
		AND a.id IN (SELECT account_id FROM settings WHERE name = '`+settingGiveOn+`' AND value <> '0')
		AND NOT EXISTS (SELECT 1 FROM given g WHERE g.account_id = a.id AND g.month = ?) ORDER BY a.id`, m)
	var receipts []store.Receipt
	for _, a := range list {
		if err != nil {
			break
		}
		if a.Settings, err = settingsAt(ctx, s.DB, a.ID, seconds(month.FrozenAt)); err != nil || a.GiveOn == 0 {
			continue
		}
		r := store.Receipt{Account: a}
		err = s.DB.Row(ctx, `SELECT y.id,
			CAST(coalesce((SELECT sum(e.amount) FROM claims c JOIN flattrs f ON f.author_id = c.identity_id AND f.counts_in = ?1
				JOIN entries e ON e.flattr_id = f.id JOIN ledger_accounts l ON l.id = e.credit_id
				WHERE c.account_id = y.account_id AND l.name = 'payee:' || y.id || ':payable' AND l.currency = ?2), 0) AS BIGINT),
			CAST(coalesce((SELECT sum(p.amount) FROM payments p WHERE p.payee_id = y.id AND p.currency = ?2 AND p.state = 'paid' AND p.paid_at >= ?3 AND p.paid_at < ?4), 0) AS BIGINT),
			CAST(coalesce((SELECT l.credits - l.debits FROM ledger_accounts l WHERE l.name = 'payee:' || y.id || ':payable' AND l.currency = ?2), 0)
				- coalesce((SELECT sum(d.amount) FROM debts d WHERE d.payee_id = y.id AND d.currency = ?2), 0) AS BIGINT),
			CAST(coalesce((SELECT sum(g.amount - g.spent) FROM given g WHERE g.account_id = y.account_id AND g.currency = ?2), 0) AS BIGINT)
			FROM payees y WHERE y.account_id = ?5`, m, a.Currency, seconds(month.Starts), seconds(month.Ends), a.ID).Scan(&r.Payee, &r.Settled, &r.Paid, &r.Owed, &r.Left)
		if err != nil && missing(err) { // nothing was ever settled for it
			err = nil
			continue
		}
		receipts = append(receipts, r)
	}
	return receipts, wrap(doing, err)
}

// donorGiven adds what donors gave on and is not spent. What a donor promised to pay on is in the balance of the means, and
// nothing that the instance has: it is no part of Means.
func (s *Reader) donorGiven(ctx context.Context, first, last flattery.AccountID, index map[flattery.AccountID]*store.DonorMonth) error {
	list, err := all(ctx, s.DB, scanGiven, givenQuery+`WHERE account_id BETWEEN ? AND ? AND spent < amount`, first, last)
	for _, g := range list {
		d := index[g.Account]
		switch {
		case d == nil || d.Account.Currency != g.Currency:
		case g.Promised:
			d.Promised += g.Left()
			d.Means -= g.Left()
		default:
			d.Given += g.Left()
		}
	}
	return err
}

func (t *Tx) GiveOn(ctx context.Context, g flattery.Given) error {
	return t.Later(ctx, fmt.Sprintf("given on by account %d", g.Account), `INSERT INTO given (account_id, month, currency, received, percent, amount, spent, promised, number)
		VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?) ON CONFLICT (account_id, month, currency) DO NOTHING`, g.Account, g.Month, g.Currency, g.Received, g.Percent, g.Amount, g.Promised, g.Transaction)
}

func (t *Tx) SpendGiven(ctx context.Context, account flattery.AccountID, currency string, promised bool, amount flattery.Amount) error {
	doing := fmt.Sprintf("given on by account %d", account)
	if _, err := t.head(ctx); err != nil { // nobody else spends the same meanwhile
		return wrap(doing, err)
	}
	list, err := all(ctx, t, scanGiven, givenQuery+`WHERE account_id = ? AND currency = ? AND promised = ? AND spent < amount ORDER BY month`, account, currency, promised)
	if err != nil {
		return wrap(doing, err)
	}
	for _, g := range list {
		part := min(amount, g.Left())
		amount -= part
		if part == 0 {
			break
		}
		if err := t.Later(ctx, doing, `UPDATE given SET spent = spent + ? WHERE account_id = ? AND month = ? AND currency = ?`, part, account, g.Month, currency); err != nil {
			return err
		}
	}
	if amount > 0 {
		return wrap(doing, flattery.ErrOverdrawn)
	}
	return nil
}
