package tables

import (
	"context"
	"strings"
	"time"

	"flattery/store"
)

// Settings that are kept here are values of the instance, under their names behind this.
const keptBehind = "setting."

// Kept are the settings of the instance that were made in the pages, by name.
func (s *Reader) Kept(ctx context.Context) (map[string]string, error) {
	rows, err := all(ctx, s.DB, scanSetting, `SELECT substr(name, 9), value FROM instance WHERE substr(name, 1, 8) = '`+keptBehind+`' ORDER BY name`)
	kept := make(map[string]string, len(rows))
	for _, r := range rows {
		kept[r[0]] = r[1]
	}
	return kept, wrap("settings", err)
}

func (t *Tx) Keep(ctx context.Context, name, value string) error {
	if value == "" {
		return t.Later(ctx, "setting "+name, `DELETE FROM instance WHERE name = ?`, keptBehind+name)
	}
	return t.Later(ctx, "setting "+name, `INSERT INTO instance (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, keptBehind+name, value)
}

const begunQuery = `SELECT EXISTS (SELECT 1 FROM transactions), EXISTS (SELECT 1 FROM months WHERE frozen_at IS NOT NULL),
	EXISTS (SELECT 1 FROM months WHERE frozen_at IS NOT NULL AND settled_at IS NULL)`

func scanBegun(s Row) (b store.Begun, err error) {
	err = s.Scan(&b.Posted, &b.Frozen, &b.Settling)
	return b, wrap("begun", err)
}

// Begun is how far money is by now.
func (s *Reader) Begun(ctx context.Context) (store.Begun, error) {
	return scanBegun(s.DB.Row(ctx, begunQuery))
}

// Begun holds the chain and the months: what is found holds until the transaction ends.
func (t *Tx) Begun(ctx context.Context) (b store.Begun, err error) {
	if _, err := t.head(ctx); err != nil {
		return b, wrap("begun", err)
	}
	if _, _, err := t.readOpen(ctx); err != nil {
		return b, wrap("begun", err)
	}
	return scanBegun(t.Row(ctx, begunQuery))
}

// The last backup is a value of the instance: when, and where to.
const lastBackup = "backup"

func (t *Tx) NoteBackup(ctx context.Context, at time.Time, where string) error {
	return t.Later(ctx, "backup", `INSERT INTO instance (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
		lastBackup, at.UTC().Format(time.RFC3339)+" "+where)
}

func (s *Reader) LastBackup(ctx context.Context) (at time.Time, where string, err error) {
	text, err := value[string](s.DB.Row(ctx, `SELECT value FROM instance WHERE name = ?`, lastBackup))
	if missing(err) {
		return at, "", nil
	}
	if err == nil {
		var when string
		when, where, _ = strings.Cut(text, " ")
		at, err = time.Parse(time.RFC3339, when)
	}
	return at, where, wrap("backup", err)
}

// lastRestore is when this instance came out of a backup, until it is known what was paid since that was made.
const lastRestore = "restored"

func (t *Tx) NoteRestore(ctx context.Context, at time.Time) error {
	if at.IsZero() {
		return t.Later(ctx, "restore", `DELETE FROM instance WHERE name = ?`, lastRestore)
	}
	return t.Later(ctx, "restore", `INSERT INTO instance (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, lastRestore, at.UTC().Format(time.RFC3339))
}

// Restored is when this instance came out of a backup; zero: it did not, or it is known what was paid since.
func (s *Reader) Restored(ctx context.Context) (at time.Time, err error) {
	text, err := value[string](s.DB.Row(ctx, `SELECT value FROM instance WHERE name = ?`, lastRestore))
	if missing(err) {
		return at, nil
	}
	if err == nil {
		at, err = time.Parse(time.RFC3339, text)
	}
	return at, wrap("restore", err)
}
