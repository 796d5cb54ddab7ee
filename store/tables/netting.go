package tables

import (
	"context"
	"slices"

	"flattery"
)

// Joined are the accounts that have joined netting: they had when a month was frozen, and have not left since.
func (s *Reader) Joined(ctx context.Context, m flattery.Month) ([]flattery.AccountID, error) {
	doing := "who joined netting"
	month, err := s.Month(ctx, m)
	if err != nil {
		return nil, wrap(doing, err)
	}
	list, err := all(ctx, s.DB, value[flattery.AccountID], `SELECT a.id FROM accounts a WHERE a.removed_at IS NULL
		AND (SELECT n.value FROM settings n WHERE n.account_id = a.id AND n.name = '`+settingNetting+`' AND n.since <= ? ORDER BY n.since DESC LIMIT 1) = 'true'
		AND (SELECT n.value FROM settings n WHERE n.account_id = a.id AND n.name = '`+settingNetting+`' ORDER BY n.since DESC LIMIT 1) = 'true' ORDER BY a.id`, seconds(month.FrozenAt))
	return list, wrap(doing, err)
}

// Net changes who owes whom, as a plan that is about to be stored says. What it found to be owed must still be so, and no slip
// out for it.
func (t *Tx) Net(ctx context.Context, m flattery.Month, changes []flattery.Netted) error {
	doing := "netting of " + m.String()
	if _, err := t.head(ctx); err != nil { // nobody else pays, or plans, the same debts meanwhile
		return wrap(doing, err)
	}
	planned, err := value[bool](t.Row(ctx, `SELECT EXISTS (SELECT 1 FROM plans WHERE month = ?)`, m))
	if err == nil && planned {
		err = flattery.ErrSettled
	}
	if err != nil {
		return wrap(doing, err)
	}
	for part := range slices.Chunk(changes, t.Dialect().Batch) {
		var rows []any
		for _, c := range part {
			rows = append(rows, m, c.Donor, c.Payee, c.Currency, c.Was, c.Becomes, c.Since)
		}
		if err := t.insert(ctx, doing, `netted (plan, account_id, payee_id, currency, was, becomes, since)`, `bigint bigint bigint text bigint bigint bigint`, rows, ``); err != nil {
			return err
		}
	}
	if err := t.flushOwed(ctx); err != nil {
		return err
	}
	gone, err := value[bool](t.Row(ctx, `SELECT EXISTS (SELECT 1 FROM netted n LEFT JOIN debts d ON d.account_id = n.account_id AND d.payee_id = n.payee_id AND d.currency = n.currency
		WHERE n.plan = ? AND n.was > coalesce(d.amount, 0) - coalesce((SELECT sum(o.amount) FROM payments o
			WHERE o.account_id = n.account_id AND o.payee_id = n.payee_id AND o.currency = n.currency AND o.state = 'planned'), 0))`, m))
	if err == nil && gone {
		err = flattery.ErrOverdrawn
	}
	if err != nil {
		return wrap(doing, err)
	}
	if err := t.Later(ctx, doing, `UPDATE debts SET amount = debts.amount - n.was + n.becomes FROM netted n WHERE n.plan = ? AND n.was > n.becomes
		AND n.account_id = debts.account_id AND n.payee_id = debts.payee_id AND n.currency = debts.currency`, m); err != nil {
		return err
	}
	return t.Later(ctx, doing, `INSERT INTO debts (account_id, payee_id, currency, amount, since)
		SELECT account_id, payee_id, currency, becomes - was, since FROM netted WHERE plan = ? AND becomes > was
		ON CONFLICT (account_id, payee_id, currency) DO UPDATE SET since = CASE debts.amount WHEN 0 THEN excluded.since ELSE debts.since END,
			amount = debts.amount + excluded.amount`, m)
}
