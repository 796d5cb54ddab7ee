package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"flattery"
	"flattery/store"
	"flattery/store/postgres"
	"flattery/store/seal"
	"flattery/store/sqlite"
	"flattery/store/tables"
)

// openDatabase opens the one that the settings name: PostgreSQL, or else SQLite in the data directory.
func (in *instance) openDatabase(ctx context.Context, dsn flattery.Secret, dir string, box *seal.Box) (store.Store, error) {
	if dsn != "" {
		return postgres.Open(ctx, postgres.Options{DSN: dsn, Location: in.TimeZone, Now: in.now, Seal: box, Log: in.log, Workers: in.workers, Lease: in.Lease, Patience: in.patience})
	}
	return sqlite.Open(ctx, sqlite.Options{Dir: dir, Location: in.TimeZone, Now: in.now, Seal: box, Log: in.log, Workers: in.workers, Volatile: in.volatile})
}

// rows are the tables behind a store.
func rows(s store.Store) *tables.Reader {
	return s.(interface{ Tables() *tables.Reader }).Tables() //nolint:errcheck // both databases have them
}

// exists reports whether the settings name an instance that is there.
func (in *instance) exists() bool {
	file := sqlite.File
	if in.Database != "" {
		file = seal.KeyFile // whoever served it once has its key
	}
	_, err := os.Stat(filepath.Join(in.Data, file))
	return err == nil
}

// alone keeps every daemon away until the function is called: SQLite's by its lock. PostgreSQL's are seen; why says what they
// would do wrong.
func (in *instance) alone(ctx context.Context, why string) (func() error, error) {
	if in.Database == "" {
		unlock, err := sqlite.Lock(in.Data)
		if err != nil {
			return nil, fmt.Errorf("%w: %s", err, why)
		}
		return unlock, nil
	}
	n, err := in.others(ctx)
	if err != nil {
		return nil, err
	}
	if n > 0 {
		return nil, fmt.Errorf("another flattery uses the database (%s): stop it first; %s", count(n, "session"), why)
	}
	return func() error { return nil }, nil
}

// others counts the sessions of other processes on PostgreSQL.
func (in *instance) others(ctx context.Context) (n int, err error) {
	if s, ok := in.store.(*postgres.Store); ok {
		return s.Others(ctx)
	}
	s, err := in.openDatabase(ctx, in.Database, in.Data, nil)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return s.(*postgres.Store).Others(ctx) //nolint:errcheck // it was opened so
}

func (p *program) database() *cobra.Command {
	return group("store", "The database: move it", p.storeCopy())
}

func (p *program) storeCopy() *cobra.Command {
	var to string
	cmd := &cobra.Command{Use: "copy --to DATABASE", Short: "Copy the whole instance into another, empty database, and hold the two against each other",
		Long: `Copy the whole instance into another, empty database, and hold the two against each other: counts, chain, audit.
DATABASE is postgres://USER:PASSWORD@HOST/DATABASE, or a directory for SQLite. Stop the daemon first. A copy that is broken
off leaves nothing behind; begin again. Afterwards set database to where the instance is now, and serve it only there.`,
		Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if to == "" {
				return flattery.Input("say where to: --to postgres://… or --to DIRECTORY")
			}
			c, err := p.settings()
			if err != nil {
				return err
			}
			in := p.outside(c)
			if !in.exists() {
				return flattery.Input("%s has no instance, so there is nothing to copy", in.Data)
			}
			free, err := in.alone(cmd.Context(), "what it writes meanwhile would not be copied")
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, free()) }()
			if err := p.openStore(cmd.Context(), in); err != nil {
				return err
			}
			defer func() { err = errors.Join(err, in.store.Close()) }()
			target, words, err := p.target(cmd.Context(), in, to)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, target.Close()) }()
			copied, err := tables.Copy(cmd.Context(), rows(in.store), target, func(table string, n int64) {
				p.say("%s: %d rows", table, n)
			})
			if errors.Is(err, tables.ErrNotEmpty) {
				return flattery.Input("%v: choose another --to, or empty it yourself", err)
			}
			if err != nil {
				return fmt.Errorf("nothing was copied: %w", err)
			}
			return p.print(copied, func(out io.Writer) {
				fmt.Fprintf(out, "%s, %s, %s: the same on both sides, and the ledger is audited (head %s)\n", count(int(copied.Rows["accounts"]), "account"),
					count(int(copied.Rows["flattrs"]), "flattr"), count(int(copied.Ledger.Transactions), "transaction"), copied.Ledger.Head)
				p.say("%s", words)
			})
		}}
	cmd.Flags().StringVar(&to, "to", "", "postgres://USER:PASSWORD@HOST/DATABASE, or a directory")
	return cmd
}

// target opens the database to which an instance is copied, and says what to do afterwards.
func (p *program) target(ctx context.Context, in *instance, to string) (store.Store, string, error) {
	if dsn := flattery.Secret(to); postgres.Is(dsn) {
		s, err := in.openDatabase(ctx, dsn, "", nil)
		return s, fmt.Sprintf("Now set database to it (and keep %s: it opens the tokens). The old database stays as it was: do not serve it again.", filepath.Join(in.Data, seal.KeyFile)), err
	}
	dir, err := filepath.Abs(to)
	if err != nil {
		return nil, "", err
	}
	if err := p.prepare(dir, true); err != nil {
		return nil, "", err
	}
	if err := bringKey(in.Data, dir); err != nil {
		return nil, "", err
	}
	s, err := in.openDatabase(ctx, "", dir, nil)
	return s, fmt.Sprintf("Now serve it with --data %s and no setting database. The old database stays as it was: do not serve it again.", dir), err
}

// bringKey copies the key file to another data directory. One that is there already must be the same.
func bringKey(from, to string) error {
	key, err := os.ReadFile(filepath.Join(from, seal.KeyFile))
	if err != nil {
		return err
	}
	path := filepath.Join(to, seal.KeyFile)
	switch there, err := os.ReadFile(path); {
	case errors.Is(err, fs.ErrNotExist):
		return os.WriteFile(path, key, 0o600) //nolint:gosec // the directory is the owner's own choice
	case err != nil:
		return err
	case !bytes.Equal(there, key):
		return flattery.Input("%s is the key of another instance: choose an empty directory", path)
	}
	return nil
}

// backupTo writes a backup: of PostgreSQL by way of an SQLite file, so that a backup is restored anywhere.
func (in *instance) backupTo(ctx context.Context, w io.Writer) (err error) {
	if s, ok := in.store.(*sqlite.Store); ok {
		return s.Backup(ctx, w)
	}
	dir, err := os.MkdirTemp(in.Data, ".backup-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := sqlite.Open(ctx, sqlite.Options{Dir: dir, Location: in.TimeZone, Now: in.now, Log: in.log, Volatile: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if _, err := tables.Copy(ctx, rows(in.store), s, nil); err != nil {
		return err
	}
	return s.Backup(ctx, w)
}

// restoreFrom puts a backup into the empty database that the settings name.
func (in *instance) restoreFrom(ctx context.Context, r io.Reader) (err error) {
	if in.Database == "" {
		return sqlite.Restore(ctx, r, in.Data)
	}
	dir, err := os.MkdirTemp(in.Data, ".restore-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := sqlite.Restore(ctx, r, dir); err != nil {
		return err
	}
	from, err := sqlite.Open(ctx, sqlite.Options{Dir: dir, Location: in.TimeZone, Now: in.now, Log: in.log, Volatile: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	to, err := in.openDatabase(ctx, in.Database, "", nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	_, err = tables.Copy(ctx, &from.Reader, to, nil)
	if errors.Is(err, tables.ErrNotEmpty) {
		return flattery.Input("%v: restore into an empty database, then set database to it", err)
	}
	return err
}
