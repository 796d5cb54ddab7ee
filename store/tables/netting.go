package tables

import (
	"context"
	"fmt"
	"slices"
	"time"

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

const nettedQuery = `SELECT plan, account_id, payee_id, currency, was, becomes, since, voided FROM netted `

func scanNetted(s Row) (n flattery.Netted, err error) {
	err = s.Scan(&n.Plan, &n.Donor, &n.Payee, &n.Currency, &n.Was, &n.Becomes, &n.Since, &n.Voided)
	return n, err
}

func (t *Tx) Netted(ctx context.Context, plan flattery.Month, donor flattery.AccountID, currency string) ([]flattery.Netted, error) {
	if _, err := t.head(ctx); err != nil { // nobody else voids of the same meanwhile
		return nil, wrap("netted", err)
	}
	list, err := all(ctx, t, scanNetted, nettedQuery+`WHERE plan = ? AND account_id = ? AND currency = ? ORDER BY payee_id`, plan, donor, currency)
	return list, wrap("netted", err)
}

func (t *Tx) VoidNetted(ctx context.Context, id flattery.PaymentID, n flattery.Netted) error {
	if err := t.Must(ctx, "void of what was netted", `UPDATE netted SET voided = voided + ? WHERE plan = ? AND account_id = ? AND payee_id = ? AND currency = ?`,
		n.Voided, n.Plan, n.Donor, n.Payee, n.Currency); err != nil {
		return err
	}
	return t.tellVoidNetted(ctx, id, n)
}

func (t *Tx) AddUnmet(ctx context.Context, id flattery.PaymentID, amount flattery.Amount) error {
	if err := t.Later(ctx, fmt.Sprintf("payment %d: unmet", id), `INSERT INTO unmet (payment_id, amount, met) VALUES (?, ?, 0)`, id, amount); err != nil {
		return err
	}
	return t.tellLate(ctx, id, amount)
}

func (t *Tx) Meet(ctx context.Context, id flattery.PaymentID, amount flattery.Amount) error {
	n, err := t.Exec(ctx, `UPDATE unmet SET met = met + ?1 WHERE payment_id = ?2 AND met + ?1 <= amount`, amount, id)
	if err == nil && n == 0 {
		err = flattery.ErrOverdrawn
	}
	return wrap(fmt.Sprintf("payment %d: unmet", id), err)
}

// Unmet lists what payees of netted slips that were voided still wait for.
func (s *Reader) Unmet(ctx context.Context) ([]flattery.Unmet, error) {
	list, err := all(ctx, s.DB, scanUnmet, unmetQuery+`WHERE u.met < u.amount ORDER BY u.payment_id`)
	return list, wrap("unmet", err)
}

const unmetQuery = `SELECT u.payment_id, u.amount - u.met, p.payee_id, p.currency, p.plan, coalesce(a.name, h.network || ':' || i.handle), coalesce(y.account_id, 0), coalesce(` + destination + `, ''),
	CASE ` + held + ` ` + unchecked + ` ELSE '' END
	FROM unmet u JOIN payments p ON p.id = u.payment_id JOIN payees y ON y.id = p.payee_id LEFT JOIN accounts a ON a.id = y.account_id
	LEFT JOIN identities i ON i.id = y.identity_id LEFT JOIN hosts h ON h.id = i.host_id `

func scanUnmet(s Row) (u flattery.Unmet, err error) {
	d := &u.To
	err = s.Scan(&u.Payment, &u.Left, &d.Payee, &d.Currency, &d.Since, &d.PayeeName, &d.Account, &d.Destination, &d.Held)
	return u, err
}

// Overdue are the planned payments that were planned at a time or before, and that nothing holds.
func (s *Reader) Overdue(ctx context.Context, planned time.Time) ([]flattery.PaymentID, error) {
	list, err := all(ctx, s.DB, value[flattery.PaymentID], `SELECT p.id FROM payments p JOIN payees y ON y.id = p.payee_id
		WHERE p.state = 'planned' AND p.planned_at <= ? AND p.gone_at = 0 AND CASE `+held+` ELSE '' END = '' ORDER BY p.id`, seconds(planned))
	return list, wrap("overdue payments", err)
}
