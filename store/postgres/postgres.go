// Package postgres keeps an instance in a PostgreSQL database that any number of processes share. The SQL is that of
// store/tables; here stand the connections, what a transaction sends together, the walls in plpgsql, and River.
package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"flattery"
	"flattery/internal/queue"
	"flattery/store"
	"flattery/store/seal"
	"flattery/store/tables"
)

// Name begins the name of our sessions in pg_stat_activity; each store has a name of its own.
const Name = "flattery "

// Options say how a store is opened.
type Options struct {
	DSN      flattery.Secret  // postgres://user:password@host/database
	Location *time.Location   // of the instance: where months begin and end
	Now      func() time.Time // clock of the jobs
	Seal     *seal.Box        // for tokens at rest; every process has the same
	Patience time.Duration    // with a server that cannot be reached; 0: none
	NewKey   bool             // the key is another from now on: what was sealed with the old one stays closed
	Log      *slog.Logger     //
	Workers  int              // that do jobs at once; 0: 32
	Lease    time.Duration    // how long a job may take; 0: queue.Lease
}

// Store is a store.Store on PostgreSQL.
type Store struct {
	tables.Reader
	opts Options
	name string // of its sessions
	pool *pgxpool.Pool
	out  outage
	jobs *jobs
}

var _ store.Store = (*Store)(nil)

// Is reports whether a setting names a PostgreSQL database.
func Is(dsn flattery.Secret) bool {
	s := string(dsn)
	return strings.HasPrefix(s, "postgres://") || strings.HasPrefix(s, "postgresql://")
}

// Open connects, brings the database to this program's schema, and refuses one that is newer. Any number of processes may
// open the same.
func Open(ctx context.Context, o Options) (*Store, error) {
	config, err := pgxpool.ParseConfig(string(o.DSN))
	if err != nil {
		return nil, flattery.Input("database: not the address of a PostgreSQL database: write postgres://USER:PASSWORD@HOST/DATABASE (%s)", parseCause(err))
	}
	if o.Workers == 0 {
		o.Workers = 32
	}
	if o.Lease == 0 {
		o.Lease = queue.Lease
	}
	name := Name + rand.Text()
	config.ConnConfig.RuntimeParams["application_name"] = name
	config.ConnConfig.ConnectTimeout = 5 * time.Second
	if !strings.Contains(string(o.DSN), "pool_max_conns") {
		config.MaxConns = 12
	}
	s := &Store{opts: o, name: name}
	config.ConnConfig.Tracer = watch{s}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	s.pool = pool
	s.Reader = tables.Reader{DB: reader{s}, Snapshot: s.now, Zone: o.Location, Seal: o.Seal}
	if err := s.migrate(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("postgres: %w", err)
	}
	if err := s.sameKey(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("postgres: %w", err)
	}
	if s.jobs, err = newJobs(s); err != nil {
		pool.Close()
		return nil, fmt.Errorf("postgres: jobs: %w", err)
	}
	return s, nil
}

// ErrKey: the processes that share a database share its key.
var ErrKey = errors.New("the key of this data directory is not the one with which the database is sealed: copy the key file of the process that served it first")

// sameKey remembers the key of the first process, and refuses those that have another: they could not read its tokens.
func (s *Store) sameKey(ctx context.Context) error {
	if s.opts.Seal == nil {
		return nil
	}
	change := `DO NOTHING`
	if s.opts.NewKey {
		change = `(name) DO UPDATE SET value = excluded.value`
	}
	if _, err := s.pool.Exec(ctx, `INSERT INTO instance (name, value) VALUES ('key', $1) ON CONFLICT `+change, s.opts.Seal.Fingerprint()); err != nil {
		return err
	}
	var is string
	if err := s.DB.Row(ctx, `SELECT value FROM instance WHERE name = 'key'`).Scan(&is); err != nil {
		return err
	}
	if !s.opts.Seal.Opens(is) {
		return ErrKey
	}
	return nil
}

// parseCause is what is wrong with a DSN, without the DSN: it may hold a password.
func parseCause(err error) string {
	if e, ok := errors.AsType[*pgconn.ParseConfigError](err); ok {
		if cause := errors.Unwrap(e); cause != nil {
			return cause.Error()
		}
	}
	return "it cannot be read"
}

// Close waits for what is under way.
func (s *Store) Close() error {
	s.pool.Close()
	return nil
}

// Jobs are River's.
func (s *Store) Jobs() queue.Jobs { return s.jobs }

// Schema says which database this is.
func (s *Store) Schema(ctx context.Context) (sc store.Schema, err error) {
	var version string
	err = s.DB.Row(ctx, `SELECT current_setting('server_version'), (SELECT max(version) FROM migrations), (SELECT value FROM instance WHERE name = 'id')`).
		Scan(&version, &sc.Version, &sc.Instance)
	version, _, _ = strings.Cut(version, " ")
	sc.Database = "postgresql " + version
	return sc, wrap("schema", err)
}

// Check looks at what makes a commit durable here; whether its files are whole is the server's own business.
func (s *Store) Check(ctx context.Context) error {
	var fsync, pages, commit string
	if err := s.DB.Row(ctx, `SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit')`).
		Scan(&fsync, &pages, &commit); err != nil {
		return wrap("check", err)
	}
	for name, value := range map[string]string{"fsync": fsync, "full_page_writes": pages, "synchronous_commit": commit} {
		if value == "off" {
			return fmt.Errorf("postgres: %s is off: a power cut may lose payments that were confirmed; set it on in postgresql.conf", name)
		}
	}
	return nil
}

// Others counts the sessions of other stores on this database.
func (s *Store) Others(ctx context.Context) (n int, err error) {
	return n, wrap("sessions", s.DB.Row(ctx, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
		AND starts_with(application_name, ?) AND application_name <> ?`, Name, s.name).Scan(&n))
}

// wrap says what was being done.
func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("postgres: %s: %w", doing, err)
}

// --- reading ---

// reader asks on any connection of the pool, and again on another when the first one turns out to be lost.
type reader struct{ *Store }

func (r reader) Dialect() *tables.Dialect { return dialect() }

func (r reader) Row(ctx context.Context, q string, args ...any) tables.Row {
	return first{func() (tables.Rows, error) { return r.Rows(ctx, q, args...) }}
}

func (r reader) Rows(ctx context.Context, q string, args ...any) (tables.Rows, error) {
	var found tables.Rows
	err := r.patiently(ctx, func(ctx context.Context) error {
		c, err := r.pool.Acquire(ctx)
		if err != nil {
			return err
		}
		found, err = begin(c.Query(ctx, numbered(q), plain(args)...))
		if err != nil {
			c.Release()
			return err
		}
		found.(*rows).done = c.Release //nolint:errcheck // begin makes nothing else
		return nil
	})
	if err != nil {
		return nil, refusal(err)
	}
	return found, nil
}

// moment reads everything as of one moment, on a connection of its own.
type moment struct {
	on interface {
		Query(ctx context.Context, q string, args ...any) (pgx.Rows, error)
	}
}

func (m moment) Dialect() *tables.Dialect { return dialect() }

func (m moment) Row(ctx context.Context, q string, args ...any) tables.Row {
	return first{func() (tables.Rows, error) { return m.Rows(ctx, q, args...) }}
}

func (m moment) Rows(ctx context.Context, q string, args ...any) (tables.Rows, error) {
	found, err := begin(m.on.Query(ctx, numbered(q), plain(args)...))
	return found, refusal(err)
}

func (s *Store) now(ctx context.Context) (tables.DB, func(), error) {
	var tx pgx.Tx
	err := s.patiently(ctx, func(ctx context.Context) (err error) {
		tx, err = s.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return moment{tx}, func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }, nil // it read only
}

// rows are begun: the first one has been asked for, so that what is wrong with a query shows before it is read.
type rows struct {
	pgx.Rows
	more, begun bool
	done        func()
}

func begin(r pgx.Rows, err error) (tables.Rows, error) {
	if err != nil {
		return nil, err
	}
	found := &rows{Rows: r}
	if found.more = r.Next(); !found.more {
		if err := r.Err(); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (r *rows) Next() bool {
	if !r.begun {
		r.begun = true
		return r.more
	}
	return r.Rows.Next()
}

func (r *rows) Err() error { return refusal(r.Rows.Err()) }

func (r *rows) Close() {
	r.Rows.Close()
	if r.done != nil {
		r.done()
		r.done = nil
	}
}

// first is the first row of a query that is asked when it is read.
type first struct{ ask func() (tables.Rows, error) }

func (f first) Scan(into ...any) error {
	found, err := f.ask()
	if err != nil {
		return err
	}
	defer found.Close()
	if !found.Next() {
		if err := found.Err(); err != nil {
			return err
		}
		return flattery.ErrNotFound
	}
	if err := found.Scan(into...); err != nil {
		return err
	}
	found.Close()
	return found.Err()
}

// --- errors ---

// refusal gives the constraint or trigger that refused its name.
func refusal(err error) error {
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return err
	}
	switch {
	case strings.Contains(e.Message, "flattery: frozen"):
		return flattery.ErrFrozen
	case strings.Contains(e.Message, "flattery: only a frozen month is settled"):
		return flattery.ErrSettled
	case strings.Contains(e.Message, "flattery: not found"):
		return flattery.ErrNotFound
	}
	if sentinel, ok := constraints()[e.ConstraintName]; ok {
		return sentinel
	}
	return err
}

func constraints() map[string]error {
	return map[string]error{
		"accounts_named":         flattery.ErrNameTaken,
		"uploads_one":            flattery.ErrState,
		"claims_identity_id_key": flattery.ErrClaimed,
		"flattrs_account_id_thing_id_kind_turn_key": flattery.ErrFlattrOnce,
		"settlements_pkey":                          flattery.ErrSettled,
		"plans_pkey":                                flattery.ErrSettled,
		"attempts_state_key":                        flattery.ErrConflict,
		"passkeys_credential_key":                   flattery.ErrConflict,
		"overdrawn":                                 flattery.ErrOverdrawn,
	}
}
