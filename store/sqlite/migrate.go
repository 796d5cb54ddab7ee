package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"flattery/store/tables"
)

//go:embed migrations/*.sql
var migrations embed.FS

func bundled() ([]tables.Migration, error) { return tables.Migrations(migrations) }

// migrate brings the database to this program's schema: forward only, one transaction each. It backs up before it
// changes a database that has something in it.
func migrate(ctx context.Context, db *sql.DB, list []tables.Migration, o Options) error {
	if _, err := db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS migrations (
		version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT`); err != nil {
		return err
	}
	done, err := tables.Applied(ctx, plainDB{db}, list)
	if err != nil {
		return err
	}
	if done > 0 && done < len(list) {
		to := filepath.Join(o.Dir, fmt.Sprintf("before-migration-%d.db", done+1))
		if err := snapshot(ctx, db, to); err != nil {
			return fmt.Errorf("backup before migration %d: %w", done+1, err)
		}
		o.Log.Info("backed up before a migration", "file", to)
	}
	for _, m := range list[done:] {
		if err := apply(ctx, db, m, o); err != nil {
			return fmt.Errorf("migration %s: %w", m.Name, err)
		}
	}
	return nil
}

func apply(ctx context.Context, db *sql.DB, m tables.Migration, o Options) (err error) {
	t, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.Rollback())
		}
	}()
	if _, err := t.ExecContext(ctx, m.Text); err != nil {
		return err
	}
	if _, err := t.ExecContext(ctx, `INSERT INTO migrations (version, name, checksum, applied_at) VALUES (?, ?, ?, ?)`,
		m.Version, m.Name, m.Checksum, o.Now().Unix()); err != nil {
		return err
	}
	if m.Version == 1 {
		if _, err := t.ExecContext(ctx, `INSERT INTO instance (name, value) VALUES ('id', ?)`, rand.Text()); err != nil {
			return err
		}
	}
	return t.Commit()
}

// snapshot writes a consistent copy of the database to a file, whole or not at all, over one that is there.
func snapshot(ctx context.Context, db *sql.DB, to string) (err error) {
	temp := to + ".writing"
	defer func() {
		if err != nil {
			err = errors.Join(err, removeIfThere(temp))
		}
	}()
	if err := removeIfThere(temp); err != nil { // of a program that was killed here
		return err
	}
	if _, err := db.ExecContext(ctx, `VACUUM INTO ?`, temp); err != nil {
		return err
	}
	return errors.Join(os.Chmod(temp, 0o600), os.Rename(temp, to))
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
