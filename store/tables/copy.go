package tables

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"flattery"
	"flattery/internal/ledger"
	"flattery/store"
)

// A part is columns of a table that are copied together. Months come in three parts, as they came about: open, frozen, settled;
// so that everything passes the walls that it passed when it was made.
type part struct {
	table   string
	columns string // name type, name type, …
	change  string // "": rows are inserted; else the key by which they are changed
	where   string
	numbers bool // its id is numbered by the database
}

// parts are everything that is an instance, in the order in which it can be built. Jobs are not: the data asks for them again.
func parts() []part { return slices.Concat(likeParts(), moneyParts(), doorParts()) }

// likeParts: who is here, and what they like.
func likeParts() []part {
	return []part{
		// Which key opens it is found out where it is opened next.
		{table: "instance", columns: "name text, value text", change: "name", where: "name <> 'key'"},
		{table: "accounts", columns: "id bigint, name text, admin boolean, language text, created_at bigint, removed_at bigint", numbers: true},
		{table: "settings", columns: "account_id bigint, name text, since bigint, value text"},
		{table: "hosts", columns: "id bigint, network text, host text", numbers: true},
		{table: "identities", columns: "id bigint, host_id bigint, subject text, handle text, name text, url text, organisation boolean", numbers: true},
		{table: "things", columns: "id bigint, host_id bigint, network_id text, url text, title text", numbers: true},
		{table: "links", columns: "id bigint, account_id bigint, identity_id bigint, proof text, token bytea, state text, reason text, detail text, cursor text, begins_at bigint, " +
			"interval bigint, next_poll bigint, last_poll bigint, last_good bigint, failures bigint, held_until bigint, next_walk bigint, " +
			"paused boolean, weight bigint, matching text", numbers: true},
		{table: "nevers", columns: "link_id bigint, identity_id bigint"},
		{table: "claims", columns: "id bigint, account_id bigint, identity_id bigint, proof text, proved_at bigint, token bytea, " +
			"checked_at bigint, tried_at bigint, lapsed_at bigint, reason text, shown text, page text", numbers: true},
		{table: "proofs", columns: "id bigint, account_id bigint, network text, host text, handle text, token text, made_at bigint, expires_at bigint", numbers: true},
		{table: "disputes", columns: "id bigint, identity_id bigint, first_id bigint, second_id bigint, proof text, proved_at bigint, shown text, page text, token bytea, " +
			"opened_at bigint, ends_at bigint, decided_at bigint, outcome text", numbers: true},
		{table: "payees", columns: "id bigint, account_id bigint, identity_id bigint", numbers: true},
		{table: "searches", columns: "identity_id bigint, looked_at bigint, expires_at bigint"},
		{table: "places", columns: "identity_id bigint, rank bigint, destination text, source text, payee text, page text, verified boolean, reason text, etag text"},
		{table: "months", columns: "month bigint, starts_at bigint, ends_at bigint"},
		{table: "flattrs", columns: "id bigint, account_id bigint, thing_id bigint, kind text, turn bigint, author_id bigint, link_id bigint, state text, liked_at bigint, " +
			"source text, found_at bigint, counts_in bigint, weight bigint, absences bigint, joined_at bigint", numbers: true},
		{table: "subscriptions", columns: "id bigint, account_id bigint, thing_id bigint, author_id bigint, first_month bigint, last_month bigint, " +
			"made_at bigint, stopped_at bigint", numbers: true},
		{table: "months", columns: "month bigint, frozen_at bigint, digest bytea, flattrs bigint, donors bigint", change: "month", where: "frozen_at IS NOT NULL"},
	}
}

// moneyParts: the book, and what is paid.
func moneyParts() []part {
	return []part{
		{table: "ledger_accounts", columns: "id bigint, name text, currency text, side text, debits bigint, credits bigint, last_number bigint", numbers: true},
		{table: "transactions", columns: "number bigint, key text, kind text, posted_at bigint, note text, reverses bigint, first_entry bigint, entries bigint, body bytea, hash bytea"},
		{table: "entries", columns: "number bigint, debit_id bigint, credit_id bigint, amount bigint, flattr_id bigint"},
		{table: "settlements", columns: "month bigint, account_id bigint, currency text, budget bigint, fee bigint, shares bigint, unspent bigint, flattrs bigint, number bigint, given bigint"},
		{table: "months", columns: "month bigint, settled_at bigint, budgets bigint, shares bigint, head bytea", change: "month", where: "settled_at IS NOT NULL"},
		{table: "debts", columns: "account_id bigint, payee_id bigint, currency text, amount bigint, since bigint"},
		{table: "given", columns: "account_id bigint, month bigint, currency text, received bigint, percent bigint, amount bigint, spent bigint, promised boolean, number bigint"},
		{table: "plans", columns: "month bigint, hash bytea, created_at bigint, payments bigint"},
		{table: "batches", columns: "id text, rail text, currency text, made_at bigint, tried boolean, cause text"},
		{table: "payments", columns: "id bigint, code text, plan bigint, rail text, account_id bigint, payee_id bigint, currency text, amount bigint, destination text, " +
			"state text, planned_at bigint, sent_at bigint, paid_at bigint, voided_at bigint, shown text, source text, proved_at bigint, batch text, returned_at bigint, gone_at bigint, carried bigint", numbers: true},
		{table: "trials", columns: "payment_id bigint, account_id bigint, number text, tries bigint, proved_at bigint"},
		{table: "outbox", columns: "batch text, name text, body bytea, made_at bigint"},
		{table: "bank_lines", columns: "id bigint, key text, booked_at bigint, currency text, amount bigint, incoming boolean, returned boolean, became text, " +
			"payment_id bigint, account_id bigint, text text, read_at bigint", numbers: true},
		{table: "netted", columns: "plan bigint, account_id bigint, payee_id bigint, currency text, was bigint, becomes bigint, since bigint, voided bigint"},
		{table: "unmet", columns: "payment_id bigint, amount bigint, met bigint"},
	}
}

// doorParts: how people come in, and what they are told.
func doorParts() []part {
	return []part{
		{table: "entrances", columns: "token bytea, account_id bigint, expires_at bigint"},
		{table: "sessions", columns: "id bigint, token text, data bytea, expires_at bigint, account_id bigint, browser text, made_at bigint, seen_at bigint", numbers: true},
		{table: "keyrings", columns: "account_id bigint, handle bytea, password text, password_at bigint"},
		{table: "passkeys", columns: "id bigint, account_id bigint, credential bytea, public bytea, signs bigint, flags bigint, name text, made_at bigint, used_at bigint", numbers: true},
		{table: "invites", columns: "id bigint, token bytea, made_by bigint, made_at bigint, expires_at bigint", numbers: true},
		{table: "knocks", columns: "key bytea, since bigint, count bigint"},
		{table: "apps", columns: "network text, keys bytea, token bytea, saved_at bigint"},
		{table: "spendings", columns: "network text, month bigint, amount bigint, likes bigint"},
		{table: "claim_links", columns: "id bigint, identity_id bigint, token bytea, sealed bytea, made_at bigint", numbers: true},
		{table: "attempts", columns: "id bigint, state text, browser text, account_id bigint, network text, host text, purpose text, link_id bigint, claim_link_id bigint, handle text, " +
			"month boolean, verifier bytea, request text, expires_at bigint", numbers: true},
		{table: "notices", columns: "id bigint, account_id bigint, key text, kind text, made_at bigint, month bigint, amount bigint, currency text, count bigint, " +
			"network text, who text, word text, until bigint, mailed_at bigint", numbers: true},
		{table: "mails", columns: "account_id bigint, address text, wish text, since_at bigint, sent_at bigint, failed text, typed text, token bytea, expires_at bigint, " +
			"ending bytea, ending_key bytea"},
		{table: "feeds", columns: "account_id bigint, token bytea, made_at bigint"},
		{table: "hooks", columns: "id bigint, account_id bigint, url text, secret bytea, old bytea, old_until bigint, made_at bigint, failing_at bigint, stopped_at bigint", numbers: true},
		{table: "deliveries", columns: "id bigint, hook_id bigint, notice_id bigint, kind text, state text, made_at bigint, tries bigint, tried_at bigint, status bigint, cause text", numbers: true},
		{table: "imports", columns: "account_id bigint, identity_id bigint, files bigint, first_at bigint, last_at bigint"},
		// Files that wait stay with the process that took them, and are handed in again.
		{table: "uploads", columns: "id bigint, account_id bigint, name text, owner text, state text, likes bigint, made_at bigint, found text", where: "state IN ('done', 'failed')", numbers: true},
	}
}

// Columns names everything that is copied: "accounts.id".
func Columns() (all []string) {
	for _, p := range parts() {
		names, _ := p.split()
		for _, n := range names {
			if n = p.table + "." + n; !slices.Contains(all, n) {
				all = append(all, n)
			}
		}
	}
	return all
}

// split gives the names and types of a part's columns.
func (p part) split() (names, types []string) {
	for column := range strings.SplitSeq(p.columns, ", ") {
		name, kind, _ := strings.Cut(column, " ")
		names, types = append(names, name), append(types, kind)
	}
	return names, types
}

// Copied is what a copy brought over.
type Copied struct {
	Rows   map[string]int64 `json:"rows"` // by table
	Ledger ledger.Report    `json:"ledger"`
}

// ErrNotEmpty: an instance is copied into an empty database only.
var ErrNotEmpty = errors.New("the target is not empty")

// Copy writes everything that from has into to, which must be empty, in one transaction, and holds the two against each other
// before it is committed: a copy that is broken off, or that does not come out right, leaves nothing behind. Tell, which may be
// nil, hears how many rows of a table are there.
func Copy(ctx context.Context, from *Reader, to store.Store, tell func(table string, rows int64)) (Copied, error) {
	source, done, err := from.Snapshot(ctx)
	if err != nil {
		return Copied{}, wrap("copy", err)
	}
	defer done()
	var copied Copied
	err = to.Update(ctx, func(tx store.Tx) error {
		c := Copied{Rows: map[string]int64{}}
		conn := tx.(*Tx).Conn //nolint:errcheck // both databases hand in nothing else
		if err := empty(ctx, conn); err != nil {
			return err
		}
		for _, p := range parts() {
			n, err := p.copy(ctx, source, conn, tell)
			if err != nil {
				return fmt.Errorf("copy of %s: %w", p.table, err)
			}
			if p.change == "" {
				c.Rows[p.table] = n
			}
		}
		c.Ledger, err = compare(ctx, source, conn, c.Rows)
		copied = c
		return err
	})
	return copied, err
}

// empty holds that nothing is in a database but what its migrations put there.
func empty(ctx context.Context, db DB) error {
	for _, p := range parts() {
		if p.change != "" {
			continue
		}
		there, err := value[bool](db.Row(ctx, `SELECT EXISTS (SELECT 1 FROM `+p.table+`)`))
		if err != nil {
			return wrap("look at "+p.table, err)
		}
		if there {
			return fmt.Errorf("%w: there is something in %s", ErrNotEmpty, p.table)
		}
	}
	return nil
}

func (p part) copy(ctx context.Context, from DB, to Conn, tell func(string, int64)) (n int64, err error) {
	names, types := p.split()
	q := `SELECT ` + strings.Join(names, ", ") + ` FROM ` + p.table
	if p.where != "" {
		q += ` WHERE ` + p.where
	}
	rows, err := from.Rows(ctx, q+` ORDER BY 1, 2`)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	most := len(names) * to.Dialect().Batch
	flat := make([]any, 0, most)
	for rows.Next() {
		cells, into := cellsOf(types)
		if err := rows.Scan(into...); err != nil {
			return n, err
		}
		for _, c := range cells {
			flat = append(flat, c())
		}
		if n++; len(flat) == most {
			if err := p.write(ctx, to, names, types, flat); err != nil {
				return n, err
			}
			flat = make([]any, 0, most)
		}
		if tell != nil && n%100_000 == 0 {
			tell(p.table, n)
		}
	}
	if err := rows.Err(); err != nil {
		return n, err
	}
	if len(flat) > 0 {
		if err := p.write(ctx, to, names, types, flat); err != nil {
			return n, err
		}
	}
	return n, p.number(ctx, from, to)
}

// cellsOf are places to read a row of those types into, and what each holds then: nil for NULL.
func cellsOf(types []string) (cells []func() any, into []any) {
	for _, kind := range types {
		switch kind {
		case "bigint":
			cell[int64](&cells, &into)
		case "boolean":
			cell[bool](&cells, &into)
		case "bytea":
			var b []byte
			into = append(into, &b)
			cells = append(cells, func() any {
				if b == nil {
					return nil
				}
				return b
			})
		default:
			cell[string](&cells, &into)
		}
	}
	return cells, into
}

func cell[T any](cells *[]func() any, into *[]any) {
	var v *T
	*into = append(*into, &v)
	*cells = append(*cells, func() any {
		if v == nil {
			return nil
		}
		return *v
	})
}

func (p part) write(ctx context.Context, to Conn, names, types []string, flat []any) error {
	list, args := to.Dialect().List(strings.Join(types, " "), flat)
	all := strings.Join(names, ", ")
	switch {
	case p.table == "instance": // the target's own id makes room
		return to.Later(ctx, p.table, `INSERT INTO instance (`+all+`) `+list+` ON CONFLICT (name) DO UPDATE SET value = excluded.value`, args...)
	case p.change == "":
		return to.Later(ctx, p.table, `INSERT INTO `+p.table+` (`+all+`) `+list, args...)
	}
	var sets []string
	for _, name := range names {
		if name != p.change {
			sets = append(sets, name+" = k."+name)
		}
	}
	return to.Later(ctx, p.table, `WITH k (`+all+`) AS (`+list+`) UPDATE `+p.table+` SET `+strings.Join(sets, ", ")+` FROM k WHERE `+p.table+`.`+p.change+` = k.`+p.change, args...)
}

// number lets the target go on where the source stands: a number that was used is never used again.
func (p part) number(ctx context.Context, from DB, to Conn) error {
	if !p.numbers {
		return nil
	}
	last, err := value[int64](from.Row(ctx, from.Dialect().Last(p.table)))
	if err != nil || last == 0 {
		return err
	}
	for _, q := range to.Dialect().SetLast(p.table) {
		if err := to.Later(ctx, "number of "+p.table, q, last); err != nil {
			return err
		}
	}
	return nil
}

// compare counts both sides and audits the far one.
func compare(ctx context.Context, from DB, to Conn, rows map[string]int64) (ledger.Report, error) {
	for table, n := range rows {
		for side, db := range map[string]DB{"source": from, "target": to} {
			is, err := value[int64](db.Row(ctx, `SELECT count(*) FROM `+table))
			if err != nil {
				return ledger.Report{}, err
			}
			if is != n {
				return ledger.Report{}, fmt.Errorf("copy: %d rows of %s were copied, and the %s has %d", n, table, side, is)
			}
		}
	}
	near, err := book(ctx, from)
	if err != nil {
		return ledger.Report{}, err
	}
	far, err := book(ctx, to)
	if err != nil {
		return ledger.Report{}, err
	}
	was, err := ledger.Audit(near)
	if err != nil {
		return ledger.Report{}, err
	}
	is, err := ledger.Audit(far)
	if err != nil {
		return ledger.Report{}, err
	}
	if is.Head != was.Head || !slices.Equal(is.Faults, was.Faults) {
		return is, fmt.Errorf("copy: the far side's ledger ends in %s, the source's in %s; faults %q and %q: %w", is.Head, was.Head, is.Faults, was.Faults, flattery.ErrConflict)
	}
	return is, nil
}
