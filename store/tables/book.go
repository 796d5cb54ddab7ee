package tables

import (
	"context"
	"encoding/hex"
	"iter"
	"time"

	"flattery"
	"flattery/internal/ledger"
)

// Balance is an account's balance on its own side; an account that never moved has none.
func (s *Reader) Balance(ctx context.Context, name, currency string) (flattery.Amount, error) {
	var total ledger.Total
	err := s.DB.Row(ctx, `SELECT debits, credits FROM ledger_accounts WHERE name = ? AND currency = ?`, name, currency).Scan(&total.Debits, &total.Credits)
	if err != nil && missing(err) {
		return 0, nil
	}
	return total.Balance(ledger.SideOf(name)), wrap("balance of "+name, err)
}

// LastPosted is when the ledger's last transaction was posted.
func (s *Reader) LastPosted(ctx context.Context) (time.Time, error) {
	micros, err := value[int64](s.DB.Row(ctx, `SELECT posted_at FROM transactions ORDER BY number DESC LIMIT 1`))
	if err != nil && missing(err) {
		return time.Time{}, nil
	}
	return time.UnixMicro(micros).UTC(), wrap("last posted", err)
}

type accountTotal struct {
	ledger.Account
	ledger.Total
}

func scanTotal(s Row) (a accountTotal, err error) {
	err = s.Scan(&a.Name, &a.Currency, &a.Debits, &a.Credits)
	return a, err
}

// Book gives the whole ledger as of one moment. Its sequences are read from the database as they are walked.
func (s *Reader) Book(ctx context.Context) (b ledger.Book, done func(), err error) {
	db, done, err := s.Snapshot(ctx)
	if err != nil {
		return b, nil, wrap("book", err)
	}
	if b, err = book(ctx, db); err != nil {
		done()
		return b, nil, wrap("book", err)
	}
	return b, done, nil
}

func book(ctx context.Context, db DB) (b ledger.Book, err error) {
	totals, err := all(ctx, db, scanTotal, `SELECT name, currency, debits, credits FROM ledger_accounts`)
	if err != nil {
		return b, err
	}
	b.Totals = map[ledger.Account]ledger.Total{}
	for _, a := range totals {
		b.Totals[a.Account] = a.Total
	}
	if b.Months, err = all(ctx, db, scanMonth, monthQuery+`WHERE settled_at IS NOT NULL ORDER BY month`); err != nil {
		return b, err
	}
	b.Digests = map[flattery.Month]string{}
	for _, m := range b.Months {
		sum, _, err := digest(ctx, db, m.Month)
		if err != nil {
			return b, err
		}
		b.Digests[m.Month] = hex.EncodeToString(sum)
	}
	if b.Given, err = all(ctx, db, scanGiven, givenQuery+`ORDER BY number`); err != nil {
		return b, err
	}
	if b.Netted, err = all(ctx, db, scanNetted, nettedQuery+`ORDER BY plan, account_id, payee_id, currency`); err != nil {
		return b, err
	}
	if b.Unmet, err = all(ctx, db, scanUnmet, unmetQuery+`ORDER BY u.payment_id`); err != nil {
		return b, err
	}
	if err := houseBook(ctx, db, &b); err != nil {
		return b, err
	}
	if b.Strays, err = value[int64](db.Row(ctx, `SELECT (SELECT count(*) FROM entries) - (SELECT CAST(coalesce(sum(entries), 0) AS BIGINT) FROM transactions)`)); err != nil {
		return b, err
	}
	b.Transactions = transactions(ctx, db)
	b.Settlements = walk(ctx, db, "settlements", scanSettlement, settlementQuery+`ORDER BY month, account_id`)
	b.Debts = walk(ctx, db, "debts", scanOwed, `WITH `+out+` SELECT d.account_id, d.payee_id, d.currency, d.amount, CAST(coalesce(o.amount, 0) AS BIGINT)
		FROM debts d`+outJoin+` ORDER BY d.account_id, d.payee_id, d.currency`)
	return b, nil
}

// scanOwed reads who owes whom: not who that is, nor where they are paid.
func scanOwed(s Row) (d flattery.Debt, err error) {
	err = s.Scan(&d.Donor, &d.Payee, &d.Currency, &d.Amount, &d.Planned)
	return d, err
}

// transactions walks transactions and entries side by side: both stand in the order of their numbers.
func transactions(ctx context.Context, db DB) iter.Seq2[ledger.Transaction, error] {
	return func(yield func(ledger.Transaction, error) bool) {
		accounts := map[int64]ledger.Account{}
		if err := chart(ctx, db, accounts); err != nil {
			yield(ledger.Transaction{}, wrap("chart", err))
			return
		}
		rows, err := db.Rows(ctx, `SELECT t.number, t.key, t.kind, t.posted_at, t.note, coalesce(t.reverses, 0), t.body, t.hash,
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

func chart(ctx context.Context, db DB, into map[int64]ledger.Account) error {
	rows, err := db.Rows(ctx, `SELECT id, name, currency FROM ledger_accounts`)
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

func scanEntry(s Row, accounts map[int64]ledger.Account) (t ledger.Transaction, e ledger.Entry, err error) {
	var posted int64
	var body, sum []byte
	var debit, credit, amount *int64
	if err := s.Scan(&t.Number, &t.Key, &t.Kind, &posted, &t.Note, &t.Reverses, &body, &sum, &debit, &credit, &amount, &e.Flattr); err != nil {
		return t, e, err
	}
	t.At, t.Body, t.Hash = time.UnixMicro(posted).UTC(), hash(body), hash(sum)
	d, c := accounts[zero(debit)], accounts[zero(credit)]
	e.Debit, e.Credit, e.Currency, e.Amount = d.Name, c.Name, d.Currency, flattery.Amount(zero(amount))
	return t, e, nil
}
