package sqlite

import (
	"context"
	"database/sql"
	"encoding/hex"
	"iter"
	"slices"
	"time"

	"flattery"
	"flattery/internal/ledger"
)

// head is the end of the chain inside a transaction.
type head struct {
	number int64
	posted int64 // microseconds
	entry  int64 // number that the next entry gets
	hash   ledger.Hash
}

// delta is what a transaction adds to an account's totals.
type delta struct {
	debits, credits flattery.Amount
	number          int64
}

// head reads the end of the chain once; Post moves it on.
func (t *tx) head(ctx context.Context) (*head, error) {
	if t.last != nil {
		return t.last, nil
	}
	h := &head{entry: 1}
	var sum []byte
	err := t.row(ctx, `SELECT number, posted_at, first_entry + entries, hash FROM transactions ORDER BY number DESC LIMIT 1`).
		Scan(&h.number, &h.posted, &h.entry, &sum)
	if err != nil && !missing(err) {
		return nil, err
	}
	h.hash = hash(sum)
	t.last = h
	return h, nil
}

func (t *tx) Post(ctx context.Context, d ledger.Draft) (int64, error) {
	if err := d.Check(); err != nil {
		return 0, err
	}
	body := d.BodyHash()
	number, known, err := t.posted(ctx, d.Key, body)
	if err != nil || known {
		return number, wrap("post "+d.Key, err)
	}
	h, err := t.head(ctx)
	if err != nil {
		return 0, wrap("post "+d.Key, err)
	}
	posted := max(d.At.UnixMicro(), h.posted)
	number = h.number + 1
	sum := ledger.Chain(h.hash, number, time.UnixMicro(posted), body)
	if _, err := t.exec(ctx, `INSERT INTO transactions (number, key, kind, posted_at, note, reverses, first_entry, entries, body, hash)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, number, d.Key, d.Kind, posted, d.Note, null(d.Reverses), h.entry, len(d.Entries), body[:], sum[:]); err != nil {
		return 0, wrap("post "+d.Key, err)
	}
	if err := t.addEntries(ctx, h.entry, number, d.Entries); err != nil {
		return 0, wrap("post "+d.Key, err)
	}
	*h = head{number, posted, h.entry + int64(len(d.Entries)), sum}
	return number, nil
}

// posted looks whether the key was used, and refuses another body under it.
func (t *tx) posted(ctx context.Context, key string, body ledger.Hash) (number int64, known bool, err error) {
	var was []byte
	err = t.row(ctx, `SELECT number, body FROM transactions WHERE key = ?`, key).Scan(&number, &was)
	if missing(err) {
		return 0, false, nil
	}
	if err == nil && hash(was) != body {
		err = flattery.ErrConflict
	}
	return number, err == nil, err
}

func (t *tx) addEntries(ctx context.Context, first, number int64, entries []ledger.Entry) error {
	for part := range slices.Chunk(entries, batch) {
		args := make([]any, 0, 5*len(part))
		for _, e := range part {
			debit, err := t.ledgerAccount(ctx, e.Debit, e.Currency)
			if err != nil {
				return err
			}
			credit, err := t.ledgerAccount(ctx, e.Credit, e.Currency)
			if err != nil {
				return err
			}
			t.total(debit, number).debits += e.Amount
			t.total(credit, number).credits += e.Amount
			args = append(args, first, debit, credit, e.Amount, null(int64(e.Flattr)))
			first++
		}
		if _, err := t.exec(ctx, `INSERT INTO entries (number, debit_id, credit_id, amount, flattr_id) VALUES `+tuples("(?,?,?,?,?)", len(part)), args...); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) total(account, number int64) *delta {
	if t.totals == nil {
		t.totals = map[int64]*delta{}
	}
	d := t.totals[account]
	if d == nil {
		d = &delta{}
		t.totals[account] = d
		t.order = append(t.order, account)
	}
	d.number = number
	return d
}

// flush writes what was gathered: debts, and the totals of all that was posted, once an account. Here it shows whether
// one is overdrawn.
func (t *tx) flush(ctx context.Context) error {
	if err := t.flushOwed(ctx); err != nil {
		return err
	}
	for _, account := range t.order {
		d := t.totals[account]
		if _, err := t.exec(ctx, `UPDATE ledger_accounts SET debits = debits + ?, credits = credits + ?, last_number = ? WHERE id = ?`,
			d.debits, d.credits, d.number, account); err != nil {
			return wrap("totals", err)
		}
	}
	t.totals, t.order = nil, nil
	return nil
}

// ledgerAccount gives the number of an account of the chart, which is made when first used.
func (t *tx) ledgerAccount(ctx context.Context, name, currency string) (int64, error) {
	key := ledger.Account{Name: name, Currency: currency}
	if id, ok := t.w.known.accounts[key]; ok {
		return id, nil
	}
	if _, err := t.exec(ctx, `INSERT INTO ledger_accounts (name, currency, side) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, name, currency, ledger.SideOf(name)); err != nil {
		return 0, err
	}
	id, err := value[int64](t.row(ctx, `SELECT id FROM ledger_accounts WHERE name = ? AND currency = ?`, name, currency))
	if err == nil {
		t.w.known.accounts[key] = id
	}
	return id, err
}

// Balance is an account's balance on its own side; an account that never moved has none.
func (s *Store) Balance(ctx context.Context, name, currency string) (flattery.Amount, error) {
	var total ledger.Total
	err := s.row(ctx, `SELECT debits, credits FROM ledger_accounts WHERE name = ? AND currency = ?`, name, currency).Scan(&total.Debits, &total.Credits)
	if err != nil && missing(err) {
		return 0, nil
	}
	return total.Balance(ledger.SideOf(name)), wrap("balance of "+name, err)
}

// LastPosted is when the ledger's last transaction was posted.
func (s *Store) LastPosted(ctx context.Context) (time.Time, error) {
	micros, err := value[int64](s.row(ctx, `SELECT posted_at FROM transactions ORDER BY number DESC LIMIT 1`))
	if err != nil && missing(err) {
		return time.Time{}, nil
	}
	return time.UnixMicro(micros).UTC(), wrap("last posted", err)
}

type accountTotal struct {
	ledger.Account
	ledger.Total
}

func scanTotal(s scanner) (a accountTotal, err error) {
	err = s.Scan(&a.Name, &a.Currency, &a.Debits, &a.Credits)
	return a, err
}

// snapshotReader reads everything as of one moment.
type snapshotReader struct{ tx *sql.Tx }

func (r snapshotReader) row(ctx context.Context, q string, args ...any) scanner {
	return r.tx.QueryRowContext(ctx, q, args...)
}

func (r snapshotReader) rows(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	return r.tx.QueryContext(ctx, q, args...)
}

// Book gives the whole ledger as of one moment. Its sequences are read from the database as they are walked.
func (s *Store) Book(ctx context.Context) (b ledger.Book, done func(), err error) {
	t, err := s.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return b, nil, wrap("book", err)
	}
	done = func() { _ = t.Rollback() } // it read only
	r := snapshotReader{t}
	if b, err = r.book(ctx); err != nil {
		done()
		return b, nil, wrap("book", err)
	}
	return b, done, nil
}

func (r snapshotReader) book(ctx context.Context) (b ledger.Book, err error) {
	totals, err := all(ctx, r, scanTotal, `SELECT name, currency, debits, credits FROM ledger_accounts`)
	if err != nil {
		return b, err
	}
	b.Totals = map[ledger.Account]ledger.Total{}
	for _, a := range totals {
		b.Totals[a.Account] = a.Total
	}
	if b.Months, err = all(ctx, r, scanMonth, monthQuery+`WHERE settled_at IS NOT NULL ORDER BY month`); err != nil {
		return b, err
	}
	b.Digests = map[flattery.Month]string{}
	for _, m := range b.Months {
		sum, _, err := digest(ctx, r, m.Month)
		if err != nil {
			return b, err
		}
		b.Digests[m.Month] = hex.EncodeToString(sum)
	}
	if b.Debts, err = all(ctx, r, scanDebt, debtQuery+` ORDER BY d.account_id, d.payee_id, d.currency`); err != nil {
		return b, err
	}
	if b.Strays, err = value[int64](r.row(ctx, `SELECT (SELECT count(*) FROM entries) - (SELECT coalesce(sum(entries), 0) FROM transactions)`)); err != nil {
		return b, err
	}
	b.Transactions = r.transactions(ctx)
	b.Settlements = func(yield func(flattery.Settlement, error) bool) {
		list, err := all(ctx, r, scanSettlement, settlementQuery+`ORDER BY month, account_id`)
		if err != nil {
			yield(flattery.Settlement{}, wrap("settlements", err))
			return
		}
		for _, st := range list {
			if !yield(st, nil) {
				return
			}
		}
	}
	return b, nil
}

// transactions walks transactions and entries side by side: both stand in the order of their numbers.
func (r snapshotReader) transactions(ctx context.Context) iter.Seq2[ledger.Transaction, error] {
	return func(yield func(ledger.Transaction, error) bool) {
		accounts := map[int64]ledger.Account{}
		if err := r.chart(ctx, accounts); err != nil {
			yield(ledger.Transaction{}, wrap("chart", err))
			return
		}
		rows, err := r.rows(ctx, `SELECT t.number, t.key, t.kind, t.posted_at, t.note, coalesce(t.reverses, 0), t.body, t.hash,
			e.debit_id, e.credit_id, e.amount, coalesce(e.flattr_id, 0)
			FROM transactions t LEFT JOIN entries e ON e.number >= t.first_entry AND e.number < t.first_entry + t.entries ORDER BY t.number, e.number`)
		if err != nil {
			yield(ledger.Transaction{}, wrap("transactions", err))
			return
		}
		defer rows.Close()
		var now ledger.Transaction
		for rows.Next() {
			next, entry, err := scanEntry(rows, accounts)
			if err != nil {
				yield(now, wrap("transactions", err))
				return
			}
			if next.Number != now.Number {
				if now.Number != 0 && !yield(now, nil) {
					return
				}
				now = next
			}
			if entry.Debit != "" {
				now.Entries = append(now.Entries, entry)
			}
		}
		if err := rows.Err(); err != nil {
			yield(now, wrap("transactions", err))
		} else if now.Number != 0 {
			yield(now, nil)
		}
	}
}

func (r snapshotReader) chart(ctx context.Context, into map[int64]ledger.Account) error {
	rows, err := r.rows(ctx, `SELECT id, name, currency FROM ledger_accounts`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var a ledger.Account
		if err := rows.Scan(&id, &a.Name, &a.Currency); err != nil {
			return err
		}
		into[id] = a
	}
	return rows.Err()
}

func scanEntry(s scanner, accounts map[int64]ledger.Account) (t ledger.Transaction, e ledger.Entry, err error) {
	var posted int64
	var body, sum []byte
	var debit, credit, amount sql.NullInt64
	if err := s.Scan(&t.Number, &t.Key, &t.Kind, &posted, &t.Note, &t.Reverses, &body, &sum, &debit, &credit, &amount, &e.Flattr); err != nil {
		return t, e, err
	}
	t.At, t.Body, t.Hash = time.UnixMicro(posted).UTC(), hash(body), hash(sum)
	d, c := accounts[debit.Int64], accounts[credit.Int64]
	e.Debit, e.Credit, e.Currency, e.Amount = d.Name, c.Name, d.Currency, flattery.Amount(amount.Int64)
	return t, e, nil
}
