package tables

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
)

// Migration is one numbered step of a schema.
type Migration struct {
	Version  int
	Name     string
	Text     string
	Checksum string // SHA-256 of Text, hex
}

// Migrations reads migrations/*.sql: numbered from 1 without gaps.
func Migrations(files fs.FS) ([]Migration, error) {
	names, err := fs.Glob(files, "migrations/*.sql") // sorted
	if err != nil {
		return nil, err
	}
	var list []Migration
	for _, f := range names {
		text, err := fs.ReadFile(files, f)
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
		list = append(list, Migration{version, name, string(text), hex.EncodeToString(sum[:])})
	}
	return list, nil
}

// Applied counts the migrations that are in, and refuses what this program did not write.
func Applied(ctx context.Context, db DB, list []Migration) (int, error) {
	done, err := all(ctx, db, func(r Row) (m Migration, err error) {
		err = r.Scan(&m.Version, &m.Name, &m.Checksum)
		return m, err
	}, `SELECT version, name, checksum FROM migrations ORDER BY version`)
	if err != nil {
		return 0, err
	}
	for n, m := range done {
		if n >= len(list) {
			return 0, fmt.Errorf("the database has schema %d, newer than the %d this program knows: install the newer flattery, or restore a backup from before", m.Version, len(list))
		}
		if m.Version != list[n].Version || m.Checksum != list[n].Checksum {
			return 0, fmt.Errorf("migration %s is not the one this program has: the database was made by a different flattery; use that one", m.Name)
		}
	}
	return len(done), nil
}
