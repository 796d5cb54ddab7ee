// Package tables is the SQL of an instance, as both databases understand it: one file a noun, each query beside its scan.
// What is a database's own way (placeholders, lists of rows, locks, the names of refusals) is its engine's, behind DB
// and Conn.
package tables

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/store"
	"flattery/store/seal"
)

// DB asks a database. Placeholders are ?, or ?1 where one stands more than once. Errors are sentinels where something has
// a name: flattery.ErrNotFound of a query for one row that finds none, flattery.ErrClaimed of a constraint.
type DB interface {
	Row(ctx context.Context, q string, args ...any) Row
	Rows(ctx context.Context, q string, args ...any) (Rows, error)
	Dialect() *Dialect
}

// Row is a row that can be read.
type Row interface{ Scan(into ...any) error }

// Rows are many, one after the other.
type Rows interface {
	Row
	Next() bool
	Err() error
	Close()
}

// Conn is one write transaction.
type Conn interface {
	DB
	// Exec says how many rows it changed.
	Exec(ctx context.Context, q string, args ...any) (changed int64, err error)
	// Later executes in its order, at the latest with the commit: what it refuses may come from there. Must is Later for
	// what changes a row, else flattery.ErrNotFound.
	Later(ctx context.Context, doing, q string, args ...any) error
	Must(ctx context.Context, doing, q string, args ...any) error
	// Hold keeps other transactions from changing or holding a row until this one ends.
	Hold(ctx context.Context, table, column string, key any) error
	Enqueue(ctx context.Context, kind, key string, due time.Time) error
}

// Dialect is what the databases say differently.
type Dialect struct {
	Batch int // how many rows one statement carries
	// List renders rows as SQL that gives them, with its arguments. Types has a word a column ("bigint text bytea"), flat has
	// the rows one after the other.
	List func(types string, flat []any) (q string, args []any)
	Skip string // behind a query: hold what it finds, and pass over what others hold
	Stay string // behind a query: what it finds stays as it is until the transaction ends
	// Last asks for the last number that a table gave out, 0 for none; SetLast are statements that let it go on after another
	// (?1).
	Last    func(table string) string
	SetLast func(table string) []string
}

// Reader is a store.Reader on either database.
type Reader struct {
	DB   DB
	Zone *time.Location // of the instance: where months begin and end
	Seal *seal.Box      // for tokens at rest
	// Snapshot is the database as of one moment; call the function when done.
	Snapshot func(ctx context.Context) (DB, func(), error)
}

// Tables are what stands behind a store of either database.
func (s *Reader) Tables() *Reader { return s }

// Tx is a store.Tx on either database. Its engine calls Flush before the commit.
type Tx struct {
	Conn
	Zone  *time.Location
	Seal  *seal.Box
	Known *Known

	totals map[int64]*delta // by ledger account; written once, by Flush
	order  []int64          // of totals
	owed   debts            // to be added
	last   *head            // of the chain
}

var _ store.Tx = (*Tx)(nil)

// Known remembers numbers that never change once committed. Forget it when anything is rolled back.
type Known struct {
	hosts    map[[2]string]int64
	accounts map[ledger.Account]int64
}

// Forget empties it; the zero Known must be emptied before use.
func (k *Known) Forget() {
	k.hosts, k.accounts = map[[2]string]int64{}, map[ledger.Account]int64{}
}

// atMost bounds a query. SQLite looks into a bare parameter of LIMIT while it plans, and so would plan anew at each call.
const atMost = ` LIMIT CAST(? AS bigint)`

// all reads every row of a query.
func all[T any](ctx context.Context, db DB, scan func(Row) (T, error), q string, args ...any) ([]T, error) {
	rows, err := db.Rows(ctx, q, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []T
	for rows.Next() {
		t, err := scan(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, t)
	}
	return found, rows.Err()
}

// walk reads the rows of a query as they are walked. Nothing else may be asked of db meanwhile.
func walk[T any](ctx context.Context, db DB, doing string, scan func(Row) (T, error), q string, args ...any) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		rows, err := db.Rows(ctx, q, args...)
		if err != nil {
			yield(none, wrap(doing, err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			t, err := scan(rows)
			if !yield(t, wrap(doing, err)) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(none, wrap(doing, err))
		}
	}
}

// listed reads every row of a query that begins with a list: WITH name (columns) AS (the list).
func listed[T any](ctx context.Context, db DB, scan func(Row) (T, error), with, types string, flat []any, q string, args ...any) ([]T, error) {
	list, values := db.Dialect().List(types, flat)
	return all(ctx, db, scan, `WITH `+with+` AS (`+list+`) `+q, append(values, args...)...)
}

// insert writes a list of rows. Into names the table and its columns; after is what stands behind the rows.
func (t *Tx) insert(ctx context.Context, doing, into, types string, flat []any, after string) error {
	list, args := t.Dialect().List(types, flat)
	return t.Later(ctx, doing, `INSERT INTO `+into+` `+list+` `+after, args...)
}

func value[T any](r Row) (t T, err error) {
	err = r.Scan(&t)
	return t, err
}

// of is the condition that a column is one account's, or no condition for account 0: an index serves only what is asked for alone.
func of(column string, account flattery.AccountID) (where string, args []any) {
	if account == 0 {
		return "TRUE", nil
	}
	return column + " = ?", []any{account}
}

// missing reports whether a query for one row found none.
func missing(err error) bool { return errors.Is(err, flattery.ErrNotFound) }

// wrap says what was being done.
func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("store: %s: %w", doing, err)
}

// --- values ---

func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func at(s int64) time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.Unix(s, 0).UTC()
}

// zero is what a column says, 0 for NULL.
func zero(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

func null(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}

func hash(b []byte) (h ledger.Hash) {
	copy(h[:], b)
	return h
}
