// Package sqlite keeps an instance in one SQLite file: SQL in the open, one file a noun. Many goroutines write through
// one writer that commits their Updates together; a small pool that cannot write reads.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"flattery"
	"flattery/internal/queue"
	"flattery/store"
	"flattery/store/seal"
	"flattery/store/tables"
)

// File is the database's name in a data directory; LockFile is held by the one serve, demo or restore.
const (
	File     = "flattery.db"
	LockFile = "flattery.lock"
)

// readers is how many can read at once. Two cores are kept busy by fewer.
const readers = 4

// Options say how a store is opened.
type Options struct {
	Dir      string           // data directory; it must exist
	Location *time.Location   // of the instance: where months begin and end
	Now      func() time.Time // clock of the jobs
	Seal     *seal.Box        // for tokens at rest
	Log      *slog.Logger     //
	Workers  int              // that do jobs at once; 0: 4. One makes the order of everything certain
	Volatile bool             // do not wait for the disk: for demo and tests, whose data may go with the machine
}

// Store is a store.Store on SQLite.
type Store struct {
	tables.Reader
	opts   Options
	db     *sql.DB // readers
	writer *writer
	stmts  sync.Map // SQL → *sql.Stmt of db
	woken  chan struct{}
}

var _ store.Store = (*Store)(nil)

// Open opens or makes the database in a data directory, migrates it (after an automatic backup) and refuses one that
// is newer than this program.
func Open(ctx context.Context, o Options) (*Store, error) {
	list, err := bundled()
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	path := filepath.Join(o.Dir, File)
	if err := private(path); err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	w, err := sql.Open("sqlite", dsn(path, o.Volatile, false))
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	w.SetMaxOpenConns(1)
	if err := migrate(ctx, w, list, o); err != nil {
		return nil, errors.Join(fmt.Errorf("sqlite: %s: %w", path, damaged(err)), w.Close())
	}
	r, err := sql.Open("sqlite", dsn(path, o.Volatile, true))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sqlite: %w", err), w.Close())
	}
	r.SetMaxOpenConns(readers)
	r.SetMaxIdleConns(readers)
	s := &Store{opts: o, db: r, woken: make(chan struct{}, 1)}
	s.Reader = tables.Reader{DB: pool{s}, Snapshot: s.now, Zone: o.Location, Seal: o.Seal}
	if s.writer, err = newWriter(ctx, w, s); err != nil {
		return nil, errors.Join(fmt.Errorf("sqlite: %s: %w", path, err), r.Close(), w.Close())
	}
	return s, nil
}

// damaged says how to go on with a file that is no database any more.
func damaged(err error) error {
	e, ok := errors.AsType[*driver.Error](err)
	if ok && (e.Code() == lib.SQLITE_NOTADB || e.Code() == lib.SQLITE_CORRUPT) {
		return fmt.Errorf("%w: restore a backup into an empty directory (flattery restore)", err)
	}
	return err
}

// private makes the file before SQLite does, which gives the files beside it (-wal, -shm) the same rights.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Close())
}

// dsn carries every pragma, so that each connection of a pool has them.
func dsn(path string, volatile, reader bool) string {
	pragmas := []string{"busy_timeout(10000)", "foreign_keys(1)", "recursive_triggers(1)", "cache_size(-16384)", "temp_store(memory)"}
	switch {
	case reader:
		pragmas = append(pragmas, "query_only(1)")
	case volatile:
		pragmas = append(pragmas, "journal_mode(wal)", "synchronous(off)", "wal_autocheckpoint(10000)")
	default:
		pragmas = append(pragmas, "journal_mode(wal)", "synchronous(full)", "wal_autocheckpoint(10000)")
	}
	q := url.Values{"_pragma": pragmas, "_txlock": {"immediate"}}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// Close waits for the writes under way. The writer leaves last: who leaves last puts what stands in the -wal file into the
// database, and a reader may not.
func (s *Store) Close() error {
	s.writer.finish()
	return errors.Join(s.db.Close(), s.writer.close())
}

// Jobs runs the leased table.
func (s *Store) Jobs() queue.Jobs {
	workers := s.opts.Workers
	if workers == 0 {
		workers = 4
	}
	return &queue.Leased{Table: jobs{s}, Now: s.opts.Now, Workers: workers, Log: s.opts.Log}
}

// Lock takes the data directory for one daemon; the function gives it back.
func Lock(dir string) (func() error, error) {
	l := flock.New(filepath.Join(dir, LockFile))
	ok, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	if !ok {
		return nil, fmt.Errorf("another flattery already serves %s: stop that one first, or choose another directory with --data", dir)
	}
	return l.Unlock, nil
}

// Schema says which database this is.
func (s *Store) Schema(ctx context.Context) (sc store.Schema, err error) {
	var lib string
	err = s.DB.Row(ctx, `SELECT sqlite_version(), (SELECT max(version) FROM migrations), (SELECT value FROM instance WHERE name = 'id')`).
		Scan(&lib, &sc.Version, &sc.Instance)
	sc.Database = "sqlite " + lib
	return sc, wrap("schema", err)
}

// Check asks SQLite whether the file is whole.
func (s *Store) Check(ctx context.Context) error {
	var answer string
	if err := s.DB.Row(ctx, `PRAGMA integrity_check(1)`).Scan(&answer); err != nil {
		return wrap("check", err)
	}
	if answer != "ok" {
		return fmt.Errorf("sqlite: the file is damaged: %s: restore a backup with flattery restore", answer)
	}
	return nil
}

// --- reading ---

func (s *Store) stmt(ctx context.Context, q string) (*sql.Stmt, error) {
	if st, ok := s.stmts.Load(q); ok {
		return st.(*sql.Stmt), nil //nolint:errcheck // stmt alone stores here
	}
	st, err := s.db.PrepareContext(ctx, q)
	if err != nil {
		return nil, err
	}
	if was, loaded := s.stmts.LoadOrStore(q, st); loaded {
		return was.(*sql.Stmt), st.Close() //nolint:errcheck // the same
	}
	return st, nil
}

// pool is the readers, as tables.DB.
type pool struct{ *Store }

func (p pool) Dialect() *tables.Dialect { return dialect() }

func (p pool) Row(ctx context.Context, q string, args ...any) tables.Row {
	st, err := p.stmt(ctx, q)
	if err != nil {
		return failed{err}
	}
	return row{st.QueryRowContext(ctx, args...)}
}

func (p pool) Rows(ctx context.Context, q string, args ...any) (tables.Rows, error) {
	st, err := p.stmt(ctx, q)
	if err != nil {
		return nil, refusal(err)
	}
	return many(st.QueryContext(ctx, args...))
}

// plainDB asks without keeping statements: a transaction that reads, or a database that is looked at once.
type plainDB struct {
	on interface {
		QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error)
		QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row
	}
}

func (p plainDB) Dialect() *tables.Dialect { return dialect() }

func (p plainDB) Row(ctx context.Context, q string, args ...any) tables.Row {
	return row{p.on.QueryRowContext(ctx, q, args...)}
}

func (p plainDB) Rows(ctx context.Context, q string, args ...any) (tables.Rows, error) {
	return many(p.on.QueryContext(ctx, q, args...))
}

// now is the database as of one moment.
func (s *Store) now(ctx context.Context) (tables.DB, func(), error) {
	t, err := s.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, nil, err
	}
	return plainDB{t}, func() { _ = t.Rollback() }, nil // it read only
}

// row and rows give refusals their names.
type row struct{ *sql.Row }

func (r row) Scan(into ...any) error { return refusal(r.Row.Scan(into...)) }

type rows struct{ *sql.Rows }

func (r rows) Err() error { return refusal(r.Rows.Err()) }
func (r rows) Close()     { _ = r.Rows.Close() } // Err is what counts

func many(r *sql.Rows, err error) (tables.Rows, error) {
	if err != nil {
		return nil, refusal(err)
	}
	return rows{r}, nil
}

type failed struct{ err error }

func (f failed) Scan(...any) error { return refusal(f.err) }

// batch is how many rows one statement carries. The driver looks for each parameter among all, so that a hundred rows cost
// a fifth more than these; single rows cost more still.
const batch = 25

func dialect() *tables.Dialect {
	return &tables.Dialect{Batch: batch, List: list,
		Last: func(table string) string {
			return `SELECT max(coalesce((SELECT max(id) FROM ` + table + `), 0), coalesce((SELECT seq FROM sqlite_sequence WHERE name = '` + table + `'), 0))`
		},
		SetLast: func(table string) []string { // the others go on after their highest
			if table != "claims" {
				return nil
			}
			return []string{`DELETE FROM sqlite_sequence WHERE name = 'claims' AND seq <= ?1`, `INSERT INTO sqlite_sequence (name, seq) VALUES ('claims', ?1)`}
		},
	}
}

// list is VALUES (?,?),(?,?): there is one text for each number of rows.
func list(types string, flat []any) (string, []any) {
	columns := 1 + strings.Count(types, " ")
	one := "(?" + strings.Repeat(",?", columns-1) + ")"
	return "VALUES " + one + strings.Repeat(","+one, len(flat)/columns-1), flat
}

// --- errors ---

// wrap says what was being done.
func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("sqlite: %s: %w", doing, err)
}

// refusal gives the constraint that refused its name.
func refusal(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		return flattery.ErrNotFound
	}
	e, ok := errors.AsType[*driver.Error](err)
	if !ok {
		return err
	}
	message := e.Error()
	switch code := e.Code(); {
	case code == lib.SQLITE_CONSTRAINT_CHECK && strings.Contains(message, "overdrawn"):
		return flattery.ErrOverdrawn
	case code == lib.SQLITE_CONSTRAINT_TRIGGER && strings.Contains(message, "flattery: frozen"):
		return flattery.ErrFrozen
	case code == lib.SQLITE_CONSTRAINT_TRIGGER && strings.Contains(message, "only a frozen month is settled"):
		return flattery.ErrSettled
	case code == lib.SQLITE_CONSTRAINT_UNIQUE || code == lib.SQLITE_CONSTRAINT_PRIMARYKEY:
		for name, sentinel := range uniques() {
			if strings.Contains(message, name) {
				return sentinel
			}
		}
	}
	return err
}

func uniques() map[string]error {
	return map[string]error{
		"accounts.name":      flattery.ErrNameTaken,
		"accounts_named":     flattery.ErrNameTaken,
		"uploads.account_id": flattery.ErrState,
		"claims.identity_id": flattery.ErrClaimed,
		"flattrs.account_id": flattery.ErrFlattrOnce,
		"settlements.month":  flattery.ErrSettled,
		"plans.month":        flattery.ErrSettled,
		"attempts.state":     flattery.ErrConflict,

		"passkeys.credential": flattery.ErrConflict,
	}
}
