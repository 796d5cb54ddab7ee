package tables

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"flattery"
	"flattery/store"
)

// held is why nothing is paid to a payee y: whose an identity is, is disputed, or not verified. What an identity is owed that
// an account claims waits with the identity itself meanwhile.
const held = `WHEN EXISTS (SELECT 1 FROM claims c JOIN disputes x ON x.identity_id = c.identity_id AND x.decided_at = 0
		WHERE c.account_id = y.account_id OR c.identity_id = y.identity_id) THEN 'disputed'
	WHEN EXISTS (SELECT 1 FROM claims c WHERE c.lapsed_at > 0 AND (c.account_id = y.account_id OR c.identity_id = y.identity_id)) THEN 'unverified'`

// unchecked: before the first payment each claim that the account proved itself is looked at again, after the month was settled.
const unchecked = `WHEN NOT EXISTS (SELECT 1 FROM payments o WHERE o.payee_id = y.id) AND EXISTS (SELECT 1 FROM claims c
		WHERE c.account_id = y.account_id AND c.proof <> 'admin' AND c.checked_at < (SELECT coalesce(max(settled_at), 0) FROM months)) THEN 'unchecked'`

// destination is where the account of a payee y is paid; NULL: it never said.
const destination = `(SELECT s.value FROM settings s WHERE s.account_id = y.account_id AND s.name = 'destination' ORDER BY s.since DESC LIMIT 1)`

// What is known of a payee y: named by their account, and else by their handle; the destination is the account's, and else what the
// author publishes.
const (
	payeeKnown = `coalesce(a.name, h.network || ':' || i.handle) AS name, coalesce(y.account_id, 0) AS account, coalesce(` + destination + `, l.destination, '') AS destination,
		CASE ` + held + ` ` + unchecked + ` ELSE '' END AS held, coalesce(l.payee, '') AS payee, coalesce(l.source, '') AS source, coalesce(e.looked_at, 0) AS looked`
	payeeJoins = ` LEFT JOIN accounts a ON a.id = y.account_id LEFT JOIN identities i ON i.id = y.identity_id LEFT JOIN hosts h ON h.id = i.host_id
		LEFT JOIN places l ON l.identity_id = y.identity_id AND l.rank = 0 AND l.verified LEFT JOIN searches e ON e.identity_id = l.identity_id`
)

const debtQuery = `SELECT d.account_id, d.payee_id, d.currency, d.amount, d.since,
	CAST(coalesce((SELECT sum(p.amount) FROM payments p WHERE p.account_id = d.account_id AND p.payee_id = d.payee_id AND p.currency = d.currency AND p.state = 'planned'), 0) AS BIGINT),
	` + payeeKnown + ` FROM debts d JOIN payees y ON y.id = d.payee_id` + payeeJoins

func scanDebt(s Row) (d flattery.Debt, err error) {
	var proved int64
	err = s.Scan(&d.Donor, &d.Payee, &d.Currency, &d.Amount, &d.Since, &d.Planned, &d.PayeeName, &d.Account, &d.Destination, &d.Held, &d.Shown, &d.Source, &proved)
	d.ProvedAt = at(proved)
	return d, err
}

// Debts lists what a donor owes, or all donors, the largest first.
func (s *Reader) Debts(ctx context.Context, donor flattery.AccountID) ([]flattery.Debt, error) {
	whose, args := of("d.account_id", donor)
	list, err := all(ctx, s.DB, scanDebt, debtQuery+` WHERE d.amount > 0 AND `+whose+` ORDER BY d.amount DESC, d.account_id, d.payee_id`, args...)
	return list, wrap("debts", err)
}

// who is the same of every payee, once: for lists of many debts.
const who = `who AS MATERIALIZED (SELECT y.id, ` + payeeKnown + ` FROM payees y` + payeeJoins + `)`

// out is for which debts slips are out, and joins debts d as o.
const (
	out = `out AS MATERIALIZED (SELECT account_id, payee_id, currency, sum(amount) AS amount FROM payments
		WHERE state = 'planned' AND account_id IS NOT NULL GROUP BY account_id, payee_id, currency)`
	outJoin = ` LEFT JOIN out o ON o.account_id = d.account_id AND o.payee_id = d.payee_id AND o.currency = d.currency`
)

const whoColumns = `y.name, y.account, y.destination, y.held, y.payee, y.source, y.looked`

// OpenDebts lists what donors owe and no slip is out for, where that is so much or more.
func (s *Reader) OpenDebts(ctx context.Context, least flattery.Amount) ([]flattery.Debt, error) {
	known := texts{}
	list, err := all(ctx, s.DB, func(r Row) (flattery.Debt, error) {
		d, err := scanDebt(r)
		known.share(&d.Currency, &d.PayeeName, (*string)(&d.Destination), &d.Shown)
		return d, err
	}, `WITH `+who+`, `+out+` SELECT d.account_id, d.payee_id, d.currency, d.amount, d.since, CAST(coalesce(o.amount, 0) AS BIGINT), `+whoColumns+`
		FROM debts d JOIN who y ON y.id = d.payee_id`+outJoin+`
		WHERE d.amount > 0 AND d.amount - coalesce(o.amount, 0) >= ? ORDER BY d.account_id, d.payee_id, d.currency`, least)
	return list, wrap("open debts", err)
}

// texts are those that many rows have in common.
type texts map[string]string

// share lets each text be the one that was there before, so that a million rows do not hold a million of it.
func (t texts) share(all ...*string) {
	for _, s := range all {
		if was, there := t[*s]; there {
			*s = was
		} else {
			t[*s] = *s
		}
	}
}

// OwnDebts lists what accounts owe themselves.
func (s *Reader) OwnDebts(ctx context.Context) ([]flattery.Debt, error) {
	list, err := all(ctx, s.DB, scanDebt, debtQuery+` WHERE d.amount > 0 AND y.account_id = d.account_id ORDER BY d.account_id, d.currency`)
	return list, wrap("own debts", err)
}

// debts are what is to be added to what donors owe.
type debts struct {
	order []debtKey
	sums  map[debtKey]*debtSum
}

type debtKey struct {
	donor    flattery.AccountID
	payee    flattery.PayeeID
	currency string
}

type debtSum struct {
	amount flattery.Amount
	since  flattery.Month // of the first
}

// Owe adds to a debt, or takes from it. What is paid is the oldest first: the rest is no older than the month since. What
// was paid off entirely begins anew there. What is added is gathered, and written by flushOwed.
func (t *Tx) Owe(ctx context.Context, donor flattery.AccountID, payee flattery.PayeeID, currency string, amount flattery.Amount, since flattery.Month) error {
	if amount < 0 {
		if err := t.flushOwed(ctx); err != nil {
			return err
		}
		return t.Must(ctx, fmt.Sprintf("debt of account %d", donor), `UPDATE debts SET amount = amount + ?1, since = CASE WHEN since < ?2 THEN ?2 ELSE since END
			WHERE account_id = ?3 AND payee_id = ?4 AND currency = ?5`, amount, since, donor, payee, currency)
	}
	key := debtKey{donor, payee, currency}
	if sum := t.owed.sums[key]; sum != nil {
		sum.amount += amount
		return nil
	}
	if t.owed.sums == nil {
		t.owed.sums = map[debtKey]*debtSum{}
	}
	t.owed.sums[key] = &debtSum{amount, since}
	t.owed.order = append(t.owed.order, key)
	return nil
}

// flushOwed writes what Owe gathered. Whatever reads or changes debts inside a transaction calls it first.
func (t *Tx) flushOwed(ctx context.Context) error {
	for part := range slices.Chunk(t.owed.order, t.Dialect().Batch) {
		rows := make([]any, 0, 5*len(part))
		for _, k := range part {
			sum := t.owed.sums[k]
			rows = append(rows, k.donor, k.payee, k.currency, sum.amount, sum.since)
		}
		if err := t.insert(ctx, "debts", `debts (account_id, payee_id, currency, amount, since)`, `bigint bigint text bigint bigint`, rows,
			`ON CONFLICT (account_id, payee_id, currency) DO UPDATE SET since = CASE debts.amount WHEN 0 THEN excluded.since ELSE debts.since END,
			amount = debts.amount + excluded.amount`); err != nil {
			return err
		}
	}
	t.owed = debts{}
	return nil
}

const paymentQuery = `SELECT p.id, p.code, coalesce(p.plan, 0), p.rail, coalesce(p.account_id, 0), coalesce(p.payee_id, 0), coalesce(a.name, h.network || ':' || i.handle, 'removed'), p.currency, p.amount,
	p.destination, p.state, p.planned_at, p.sent_at, p.paid_at, p.voided_at, EXISTS (SELECT 1 FROM netted n WHERE n.plan = p.plan
		AND n.account_id = p.account_id AND n.payee_id = p.payee_id AND n.currency = p.currency AND n.becomes > n.was), CASE WHEN p.state <> 'planned' THEN '' ` + held + ` WHEN p.gone_at > 0 THEN 'gone' ELSE '' END,
	a.id IS NOT NULL, p.shown, p.source, p.proved_at, coalesce(p.batch, ''), p.returned_at, p.gone_at, p.carried, coalesce(r.account_id, 0), coalesce(r.number, ''),
	CASE WHEN p.account_id IS NULL THEN coalesce((SELECT max(k.proved_at) FROM trials k JOIN payments o ON o.id = k.payment_id
		WHERE k.account_id = a.id AND o.destination = p.destination AND o.state <> 'failed'), 0) ELSE 0 END
	FROM payments p LEFT JOIN trials r ON r.payment_id = p.id LEFT JOIN payees y ON y.id = p.payee_id
	LEFT JOIN accounts a ON a.id = coalesce(y.account_id, r.account_id) LEFT JOIN identities i ON i.id = y.identity_id LEFT JOIN hosts h ON h.id = i.host_id `

func scanPayment(s Row) (p flattery.Payment, err error) {
	var planned, sent, paid, voided, proved, returned, gone, sure int64
	err = s.Scan(&p.ID, &p.Code, &p.Plan, &p.Rail, &p.Donor, &p.Payee, &p.PayeeName, &p.Currency, &p.Amount, &p.Destination, &p.State, &planned, &sent, &paid, &voided, &p.Netted, &p.Held,
		&p.Joined, &p.Shown, &p.Source, &proved, &p.Batch, &returned, &gone, &p.Carried, &p.Trial, (*string)(&p.Number), &sure)
	p.PlannedAt, p.SentAt, p.PaidAt, p.VoidedAt, p.ProvedAt, p.ReturnedAt, p.GoneAt, p.SureAt = at(planned), at(sent), at(paid), at(voided), at(proved), at(returned), at(gone), at(sure)
	return p, err
}

// Payment finds a payment by number.
func (s *Reader) Payment(ctx context.Context, id flattery.PaymentID) (flattery.Payment, error) {
	p, err := scanPayment(s.DB.Row(ctx, paymentQuery+`WHERE p.id = ?`, id))
	return p, wrap(fmt.Sprintf("payment %d", id), err)
}

// Payments lists payments, the newest plan first, each plan in its order.
func (s *Reader) Payments(ctx context.Context, q store.PaymentQuery) ([]flattery.Payment, error) {
	where, args := []string{"TRUE"}, []any{}
	if q.Donor != 0 {
		where, args = append(where, "p.account_id = ?"), append(args, q.Donor)
	}
	if q.House {
		where = append(where, "p.account_id IS NULL")
	}
	if q.Batch != "" {
		where, args = append(where, "p.batch = ?"), append(args, q.Batch)
	}
	if q.Code != "" {
		where, args = append(where, "p.code = ?"), append(args, q.Code)
	}
	if q.Payee != 0 {
		where, args = append(where, "y.account_id = ?"), append(args, q.Payee)
	}
	if q.Plan != 0 {
		where, args = append(where, "p.plan = ?"), append(args, q.Plan)
	}
	if q.State != "" {
		where, args = append(where, "p.state = ?"), append(args, q.State)
	}
	order := ` ORDER BY p.plan DESC NULLS LAST, p.id`
	if q.Limit > 0 {
		order, args = order+atMost, append(args, q.Limit)
	}
	list, err := all(ctx, s.DB, scanPayment, paymentQuery+`WHERE `+strings.Join(where, " AND ")+order, args...)
	return list, wrap("payments", err)
}

// Plan finds the plan of a month.
func (s *Reader) Plan(ctx context.Context, m flattery.Month) (p store.Plan, err error) {
	var sum []byte
	var created int64
	err = s.DB.Row(ctx, `SELECT month, hash, created_at, payments FROM plans WHERE month = ?`, m).Scan(&p.Month, &sum, &created, &p.Payments)
	p.Hash, p.CreatedAt = hex.EncodeToString(sum), at(created)
	return p, wrap("plan "+m.String(), err)
}

func (t *Tx) AddPlan(ctx context.Context, p store.Plan, payments []flattery.Payment) error {
	doing := "plan " + p.Month.String()
	sum, err := hex.DecodeString(p.Hash)
	if err != nil {
		return wrap(doing, err)
	}
	if _, err := t.head(ctx); err != nil { // nobody else pays, or plans, the same debts meanwhile
		return wrap(doing, err)
	}
	if err := t.Later(ctx, doing, `INSERT INTO plans (month, hash, created_at, payments) VALUES (?, ?, ?, ?)`, p.Month, sum, seconds(p.CreatedAt), len(payments)); err != nil {
		return err
	}
	for part := range slices.Chunk(payments, t.Dialect().Batch) {
		var rows []any
		for _, y := range part {
			rows = append(rows, y.Code, p.Month, y.Rail, null(int64(y.Donor)), y.Payee, y.Currency, y.Amount, y.Destination, flattery.PaymentPlanned, seconds(p.CreatedAt), 0, 0,
				y.Shown, string(y.Source), seconds(y.ProvedAt))
		}
		if err := t.insert(ctx, doing, `payments (code, plan, rail, account_id, payee_id, currency, amount, destination, state, planned_at, sent_at, paid_at, shown, source, proved_at)`,
			`text bigint text bigint bigint text bigint text text bigint bigint bigint text text bigint`, rows, ``); err != nil {
			return err
		}
	}
	if err := errors.Join(t.tellSlips(ctx, p.Month, p.CreatedAt), t.flushOwed(ctx)); err != nil {
		return err
	}
	// The debts were read before this transaction: another month's plan may have taken them since.
	twice, err := value[bool](t.Row(ctx, `SELECT EXISTS (SELECT 1 FROM payments p JOIN debts d ON d.account_id = p.account_id AND d.payee_id = p.payee_id AND d.currency = p.currency
		WHERE p.plan = ? AND d.amount < (SELECT sum(o.amount) FROM payments o
			WHERE o.account_id = p.account_id AND o.payee_id = p.payee_id AND o.currency = p.currency AND o.state = 'planned'))`, p.Month))
	if err == nil && !twice {
		twice, err = t.houseTwice(ctx, p.Month)
	}
	if err == nil && twice {
		err = flattery.ErrOverdrawn
	}
	return wrap(doing, err)
}

func (t *Tx) CutPayments(ctx context.Context, donor flattery.AccountID, cuts []store.Cut) error {
	if _, err := t.head(ctx); err != nil { // nobody else pays, or plans, the same debts meanwhile
		return wrap("cut payments", err)
	}
	for _, c := range cuts {
		doing := fmt.Sprintf("cut payment %d", c.Payment)
		n, err := t.Exec(ctx, `UPDATE payments SET amount = ?1, carried = carried + amount - ?1 WHERE id = ?2 AND account_id = ?3 AND state = 'planned' AND amount = ?4`,
			c.Becomes, c.Payment, donor, c.Was)
		if err == nil && n == 0 {
			err = flattery.ErrState
		}
		if err != nil {
			return wrap(doing, err)
		}
	}
	if err := t.flushOwed(ctx); err != nil {
		return err
	}
	over, err := value[bool](t.Row(ctx, `SELECT EXISTS (SELECT 1 FROM payments p JOIN debts d ON d.account_id = p.account_id AND d.payee_id = p.payee_id AND d.currency = p.currency
		WHERE p.account_id = ? AND p.state = 'planned' GROUP BY p.payee_id, p.currency, d.amount HAVING sum(p.amount) > d.amount)`, donor))
	if err == nil && over {
		err = flattery.ErrOverdrawn
	}
	return wrap("cut payments", err)
}

func (t *Tx) MovePayment(ctx context.Context, p flattery.Payment, from ...flattery.PaymentState) error {
	args := []any{p.State, seconds(p.SentAt), seconds(p.PaidAt), seconds(p.VoidedAt), seconds(p.ReturnedAt), p.ID, p.Amount}
	for _, f := range from {
		args = append(args, f)
	}
	n, err := t.Exec(ctx, `UPDATE payments SET state = ?, sent_at = ?, paid_at = ?, voided_at = ?, returned_at = ? WHERE id = ? AND amount = ? AND state IN (`+strings.TrimSuffix(strings.Repeat("?,", len(from)), ",")+`)`, args...)
	if err == nil && n == 0 {
		err = flattery.ErrState
	}
	if err != nil {
		return wrap(fmt.Sprintf("payment %d", p.ID), err)
	}
	return t.tellPayment(ctx, p)
}
