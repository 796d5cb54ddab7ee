package sqlite

import (
	"compress/gzip"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"flattery"
	"flattery/store/tables"
)

// backupMark opens the comment of a backup's gzip header; the SHA-256 of the database follows.
const backupMark = "flattery backup sha256:"

// Backup writes a consistent, checked copy of the database, compressed, while others read and write. The key file is
// not in it: a backup that is found gives no tokens away.
func (s *Store) Backup(ctx context.Context, w io.Writer) (err error) {
	temp := filepath.Join(s.opts.Dir, "backup-"+rand.Text()+".db")
	defer func() { err = errors.Join(wrap("backup", err), removeIfThere(temp)) }()
	if err := s.snapshot(ctx, temp); err != nil {
		return err
	}
	if err := checkFile(ctx, temp); err != nil {
		return err
	}
	sum, err := sumFile(temp)
	if err != nil {
		return err
	}
	f, err := os.Open(temp)
	if err != nil {
		return err
	}
	defer f.Close()
	z := gzip.NewWriter(w)
	z.Name, z.Comment = File, backupMark+sum
	if _, err := io.Copy(z, f); err != nil {
		return err
	}
	return z.Close()
}

// snapshot copies the database on a connection of its own: a reader of the pool may not even write another file.
func (s *Store) snapshot(ctx context.Context, to string) (err error) {
	db, err := sql.Open("sqlite", dsn(filepath.Join(s.opts.Dir, File), s.opts.Volatile, false))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return snapshot(ctx, db, to)
}

// Restore writes a backup into a data directory that has no database yet. A backup that is torn, changed or newer than this
// program is refused, and nothing is left behind.
func Restore(ctx context.Context, r io.Reader, dir string) (err error) {
	path := filepath.Join(dir, File)
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return flattery.Input("%s is there already: restore into an empty directory (--data DIR), then move that in place", path)
	}
	temp := path + ".restoring"
	defer func() {
		if err != nil {
			err = errors.Join(err, removeIfThere(temp), removeIfThere(temp+"-wal"), removeIfThere(temp+"-shm"))
		}
	}()
	if err := unpack(r, temp); err != nil {
		return err
	}
	if err := checkFile(ctx, temp); err != nil {
		return fmt.Errorf("this backup cannot be used: %w", err)
	}
	return os.Rename(temp, path)
}

func unpack(r io.Reader, to string) error {
	z, err := gzip.NewReader(r)
	if err != nil {
		return flattery.Input("this is not a backup made by flattery backup (%v)", err)
	}
	want, ok := strings.CutPrefix(z.Comment, backupMark)
	if !ok {
		return flattery.Input("this is not a backup made by flattery backup: its header does not say so")
	}
	f, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(f, h), z) //nolint:gosec // a backup is its owner's own, and as large as it was
	if err != nil {
		err = flattery.Input("the backup is torn (%v): nothing was restored; take another", err)
	} else if got := hex.EncodeToString(h.Sum(nil)); got != want {
		err = flattery.Input("the backup was changed since it was made: nothing was restored; take another")
	}
	return errors.Join(err, f.Sync(), f.Close())
}

// checkFile asks SQLite whether a database file is whole, and whether this program knows its schema.
func checkFile(ctx context.Context, path string) (err error) {
	db, err := sql.Open("sqlite", dsn(path, false, true))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var answer string
	if err := db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&answer); err != nil {
		return err
	}
	if answer != "ok" {
		return fmt.Errorf("the database in it is damaged: %s", answer)
	}
	list, err := bundled()
	if err != nil {
		return err
	}
	_, err = tables.Applied(ctx, plainDB{db}, list)
	return err
}

func sumFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
