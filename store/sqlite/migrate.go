package sqlite

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

//go:embed migrations/*.sql
var migrations embed.FS

type migration struct {
	version  int
	name     string
	text     string
	checksum string
}

func bundled() ([]migration, error) {
	files, err := fs.Glob(migrations, "migrations/*.sql") // sorted
	if err != nil {
		return nil, err
	}
	var list []migration
	for _, f := range files {
		text, err := migrations.ReadFile(f)
		if err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(filepath.Base(f), ".sql")
		number, _, _ := strings.Cut(name, "_")
		version, err := strconv.Atoi(number)
		if err != nil || version != len(list)+1 {
			return nil, fmt.Errorf("migration %s does not have the next number", name)
		}
		sum := sha256.Sum256(text)
		list = append(list, migration{version, name, string(text), hex.EncodeToString(sum[:])})
	}
	return list, nil
}

// migrate brings the database to this program's schema: forward only, one transaction each. It backs up before it
// changes a database that has something in it.
func migrate(ctx context.Context, db *sql.DB, list []migration, o Options) error {
	if _, err := db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS migrations (
		version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT`); err != nil {
		return err
	}
	done, err := applied(ctx, db, list)
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
			return fmt.Errorf("migration %s: %w", m.name, err)
		}
	}
	return nil
}

// applied counts the migrations that are in, and refuses what this program did not write.
func applied(ctx context.Context, db *sql.DB, list []migration) (int, error) {
	rows, err := db.QueryContext(ctx, `SELECT version, name, checksum FROM migrations ORDER BY version`)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var m migration
		if err := rows.Scan(&m.version, &m.name, &m.checksum); err != nil {
			return 0, err
		}
		if n >= len(list) {
			return 0, fmt.Errorf("the database has schema %d, newer than the %d this program knows: install the newer flattery, or restore a backup from before", m.version, len(list))
		}
		if m.version != list[n].version || m.checksum != list[n].checksum {
			return 0, fmt.Errorf("migration %s is not the one this program has: the database was made by a different flattery; use that one", m.name)
		}
	}
	return n, rows.Err()
}

func apply(ctx context.Context, db *sql.DB, m migration, o Options) (err error) {
	t, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.Rollback())
		}
	}()
	if _, err := t.ExecContext(ctx, m.text); err != nil {
		return err
	}
	if _, err := t.ExecContext(ctx, `INSERT INTO migrations (version, name, checksum, applied_at) VALUES (?, ?, ?, ?)`,
		m.version, m.name, m.checksum, o.Now().Unix()); err != nil {
		return err
	}
	if m.version == 1 {
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
