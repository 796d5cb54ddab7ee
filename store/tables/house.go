package tables

import (
	"bytes"
	"context"
	"fmt"

	"flattery"
	"flattery/internal/ledger"
)

// houseOwes is what the house owes a payee y in the currency of its payable l: what no donor does, and no donor will.
const houseOwes = `CAST(l.credits - l.debits
	- coalesce((SELECT sum(d.amount) FROM debts d WHERE d.payee_id = y.id AND d.currency = l.currency), 0)
	- coalesce((SELECT sum(u.amount - u.met) FROM unmet u JOIN payments p ON p.id = u.payment_id WHERE p.payee_id = y.id AND p.currency = l.currency), 0) AS BIGINT)`

// housePlanned is for how much of it a payment is planned.
const housePlanned = `CAST(coalesce((SELECT sum(p.amount) FROM payments p
	WHERE p.payee_id = y.id AND p.currency = l.currency AND p.state = 'planned' AND p.account_id IS NULL), 0) AS BIGINT)`

// Payables lists what the house owes, by payee.
func (s *Reader) Payables(ctx context.Context) ([]flattery.Debt, error) {
	list, err := all(ctx, s.DB, scanDebt, `WITH `+who+` SELECT 0, y.id, l.currency, `+houseOwes+`, CAST(0 AS BIGINT), `+housePlanned+`, `+whoColumns+`
		FROM who y JOIN ledger_accounts l ON l.name = 'payee:' || y.id || ':payable'
		WHERE l.credits > l.debits AND `+houseOwes+` > 0 ORDER BY y.id, l.currency`)
	return list, wrap("payables", err)
}

// houseTwice reports whether a plan has payments of the house for more than it owes.
func (t *Tx) houseTwice(ctx context.Context, m flattery.Month) (bool, error) {
	if err := t.Flush(ctx); err != nil {
		return false, err
	}
	return value[bool](t.Row(ctx, `SELECT EXISTS (SELECT 1 FROM payments o JOIN payees y ON y.id = o.payee_id
		JOIN ledger_accounts l ON l.name = 'payee:' || y.id || ':payable' AND l.currency = o.currency
		WHERE o.plan = ? AND o.account_id IS NULL AND `+houseOwes+` < `+housePlanned+`)`, m))
}

const batchQuery = `SELECT b.id, b.rail, b.currency, b.made_at, b.tried, b.cause, count(p.id), CAST(coalesce(sum(p.amount), 0) AS BIGINT),
	count(CASE WHEN p.state IN ('sent', 'unknown') THEN 1 END), EXISTS (SELECT 1 FROM outbox o WHERE o.batch = b.id)
	FROM batches b LEFT JOIN payments p ON p.batch = b.id `

const batchGroup = ` GROUP BY b.id, b.rail, b.currency, b.made_at, b.tried, b.cause `

func scanBatch(r Row) (b flattery.Batch, err error) {
	var made int64
	err = r.Scan(&b.ID, &b.Rail, &b.Currency, &made, &b.Tried, &b.Cause, &b.Count, &b.Amount, &b.Open, &b.Filed)
	b.MadeAt = at(made)
	return b, err
}

// Batch finds one, with its payments.
func (s *Reader) Batch(ctx context.Context, id string) (flattery.Batch, error) {
	b, err := scanBatch(s.DB.Row(ctx, batchQuery+`WHERE b.id = ?`+batchGroup, id))
	if err == nil {
		b.Payments, err = all(ctx, s.DB, scanPayment, paymentQuery+`WHERE p.batch = ? ORDER BY p.id`, id)
	}
	return b, wrap("batch "+id, err)
}

// Batches lists all, newest first.
func (s *Reader) Batches(ctx context.Context) ([]flattery.Batch, error) {
	list, err := all(ctx, s.DB, scanBatch, batchQuery+batchGroup+`ORDER BY b.made_at DESC, b.id`)
	return list, wrap("batches", err)
}

// OpenBatches lists those with payments of which it is not known what became of them.
func (s *Reader) OpenBatches(ctx context.Context) ([]string, error) {
	list, err := all(ctx, s.DB, value[string], `SELECT DISTINCT batch FROM payments WHERE batch IS NOT NULL AND state = 'unknown' ORDER BY batch`)
	return list, wrap("open batches", err)
}

func (t *Tx) AddBatch(ctx context.Context, b flattery.Batch) error {
	// Two who send at once make the same batch: the payments tell the second that they are in it.
	if err := t.Later(ctx, "batch", `INSERT INTO batches (id, rail, currency, made_at, tried, cause) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
		b.ID, b.Rail, b.Currency, seconds(b.MadeAt), b.Tried, b.Cause); err != nil {
		return err
	}
	for _, p := range b.Payments {
		n, err := t.Exec(ctx, `UPDATE payments SET batch = ?, state = 'unknown', sent_at = ? WHERE id = ? AND state = 'planned' AND account_id IS NULL AND batch IS NULL`,
			b.ID, seconds(b.MadeAt), p.ID)
		if err == nil && n == 0 {
			err = flattery.ErrState
		}
		if err != nil {
			return wrap(fmt.Sprintf("batch: payment %d", p.ID), err)
		}
	}
	return nil
}

func (t *Tx) SaveBatch(ctx context.Context, b flattery.Batch) error {
	return t.Must(ctx, "batch "+b.ID, `UPDATE batches SET tried = ?, cause = ? WHERE id = ?`, b.Tried, b.Cause, b.ID)
}

// Outgoing is the file of a batch.
func (s *Reader) Outgoing(ctx context.Context, batch string) (flattery.File, error) {
	return outgoing(ctx, s.DB, batch)
}

func outgoing(ctx context.Context, db DB, batch string) (f flattery.File, err error) {
	var made int64
	err = db.Row(ctx, `SELECT name, body, made_at FROM outbox WHERE batch = ?`, batch).Scan(&f.Name, &f.Body, &made)
	f.MadeAt = at(made)
	return f, wrap("file of batch "+batch, err)
}

func (t *Tx) PutOutgoing(ctx context.Context, batch string, f flattery.File) error {
	n, err := t.Exec(ctx, `INSERT INTO outbox (batch, name, body, made_at) VALUES (?, ?, ?, ?) ON CONFLICT (batch) DO NOTHING`, batch, f.Name, f.Body, seconds(f.MadeAt))
	if err != nil || n > 0 {
		return wrap("file of batch "+batch, err)
	}
	was, err := outgoing(ctx, t, batch)
	if err == nil && !bytes.Equal(was.Body, f.Body) {
		err = wrap("file of batch "+batch, flattery.ErrConflict)
	}
	return err
}

const bankLineQuery = `SELECT id, key, booked_at, currency, amount, incoming, returned, became, coalesce(payment_id, 0), coalesce(account_id, 0), text, read_at FROM bank_lines `

func scanBankLine(r Row) (l flattery.BankLine, err error) {
	var booked, read int64
	err = r.Scan(&l.ID, &l.Key, &booked, &l.Currency, &l.Amount, &l.Incoming, &l.Returned, &l.Became, &l.Payment, &l.Account, &l.Text, &read)
	l.At, l.ReadAt = at(booked), at(read)
	return l, err
}

// BankLine finds a line by number.
func (s *Reader) BankLine(ctx context.Context, id flattery.BankLineID) (flattery.BankLine, error) {
	l, err := scanBankLine(s.DB.Row(ctx, bankLineQuery+`WHERE id = ?`, id))
	return l, wrap(fmt.Sprintf("bank line %d", id), err)
}

// BankLines lists those that wait, and then the newest.
func (s *Reader) BankLines(ctx context.Context, limit int) ([]flattery.BankLine, error) {
	list, err := all(ctx, s.DB, scanBankLine, bankLineQuery+`WHERE became = '' ORDER BY id DESC`)
	if err != nil || len(list) >= limit {
		return list, wrap("bank lines", err)
	}
	done, err := all(ctx, s.DB, scanBankLine, bankLineQuery+`WHERE became <> '' ORDER BY id DESC`+atMost, limit-len(list))
	return append(list, done...), wrap("bank lines", err)
}

// Assigned is what went out for a payment and waits in suspense.
func (t *Tx) Assigned(ctx context.Context, id flattery.PaymentID) (flattery.Amount, error) {
	if _, err := t.head(ctx); err != nil { // nobody else takes out of suspense meanwhile
		return 0, wrap("assigned", err)
	}
	sum, err := value[flattery.Amount](t.Row(ctx, `SELECT CAST(coalesce(sum(amount), 0) AS BIGINT) FROM bank_lines WHERE became = '' AND payment_id = ? AND NOT incoming`, id))
	return sum, wrap(fmt.Sprintf("bank lines of payment %d", id), err)
}

func (t *Tx) AddBankLine(ctx context.Context, l flattery.BankLine) (flattery.BankLineID, error) {
	id, err := value[flattery.BankLineID](t.Row(ctx, `INSERT INTO bank_lines (key, booked_at, currency, amount, incoming, returned, became, payment_id, account_id, text, read_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING RETURNING id`,
		l.Key, seconds(l.At), l.Currency, l.Amount, l.Incoming, l.Returned, l.Became, null(int64(l.Payment)), null(int64(l.Account)), lineText(l), seconds(l.ReadAt)))
	if missing(err) {
		return 0, nil
	}
	return id, wrap("bank line", err)
}

func (t *Tx) SaveBankLine(ctx context.Context, l flattery.BankLine) error {
	n, err := t.Exec(ctx, `UPDATE bank_lines SET became = ?, payment_id = ?, account_id = ?, text = ? WHERE id = ? AND became = ''`,
		l.Became, null(int64(l.Payment)), null(int64(l.Account)), lineText(l), l.ID)
	if err == nil && n == 0 {
		err = flattery.ErrState
	}
	return wrap(fmt.Sprintf("bank line %d", l.ID), err)
}

func (t *Tx) CloseAssigned(ctx context.Context, id flattery.PaymentID) error {
	return t.Later(ctx, fmt.Sprintf("bank lines of payment %d", id), `UPDATE bank_lines SET became = 'payment', text = '' WHERE became = '' AND payment_id = ? AND NOT incoming`, id)
}

// lineText is forgotten when nobody needs to read it any more.
func lineText(l flattery.BankLine) string {
	if l.Became == "" {
		return l.Text
	}
	return ""
}

// houseBook is what a book says of the house's payments and of its bank.
func houseBook(ctx context.Context, db DB, b *ledger.Book) error {
	b.OnWay, b.Trials, b.Suspense = map[string]flattery.Amount{}, map[string]flattery.Amount{}, map[ledger.Account]flattery.Amount{}
	sum := func(r Row) (a accountSum, err error) {
		err = r.Scan(&a.incoming, &a.currency, &a.amount)
		return a, err
	}
	way, err := all(ctx, db, sum, `SELECT FALSE, currency, CAST(sum(amount) AS BIGINT) FROM payments WHERE account_id IS NULL AND state IN ('sent', 'unknown') GROUP BY currency`)
	if err != nil {
		return err
	}
	for _, a := range way {
		b.OnWay[a.currency] = a.amount
	}
	trials, err := all(ctx, db, sum, `SELECT FALSE, currency, CAST(sum(amount) AS BIGINT) FROM payments WHERE payee_id IS NULL AND state IN ('sent', 'unknown', 'paid') GROUP BY currency`)
	if err != nil {
		return err
	}
	for _, a := range trials {
		b.Trials[a.currency] = a.amount
	}
	waits, err := all(ctx, db, sum, `SELECT incoming, currency, CAST(sum(amount) AS BIGINT) FROM bank_lines WHERE became = '' GROUP BY incoming, currency`)
	for _, a := range waits {
		name := ledger.SuspenseOut
		if a.incoming {
			name = ledger.SuspenseIn
		}
		b.Suspense[ledger.Account{Name: name, Currency: a.currency}] = a.amount
	}
	return err
}

type accountSum struct {
	incoming bool
	currency string
	amount   flattery.Amount
}
