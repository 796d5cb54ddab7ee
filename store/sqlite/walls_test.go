package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"flattery/store"
	"flattery/store/seal"
	"flattery/store/storetest"
)

func testOptions(t *testing.T, dir string) Options {
	t.Helper()
	box, err := seal.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return Options{Dir: dir, Location: time.UTC, Now: func() time.Time { return time.Unix(1_790_000_000, 0) }, Seal: box, Log: slog.New(slog.DiscardHandler), Volatile: true}
}

// full opens a store with something in every table that a wall protects.
func full(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(t.Context(), testOptions(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	storetest.Fill(t, s)
	return s
}

// raw goes around the store's words.
func raw(s *Store) storetest.Raw {
	return storetest.Raw{
		Exec: func(_ context.Context, q string) error {
			return s.update(context.Background(), func(c *conn) error {
				_, err := c.w.conn.ExecContext(context.Background(), q)
				return err
			})
		},
		Count: func(ctx context.Context, table string) (n int64, err error) {
			return n, s.DB.Row(ctx, `SELECT count(*) FROM `+table).Scan(&n)
		},
	}
}

func dump(t *testing.T, s *Store) string {
	t.Helper()
	return storetest.Dump(t, s, raw(s))
}

func TestWalls(t *testing.T) {
	s, err := Open(t.Context(), testOptions(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	storetest.Walls(t, s, raw(s))
}

func TestEveryConnectionHasItsPragmas(t *testing.T) {
	o := testOptions(t, t.TempDir())
	o.Volatile = false
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	want := map[string]string{"foreign_keys": "1", "recursive_triggers": "1", "journal_mode": "wal", "busy_timeout": "10000"}
	conns := []*sql.Conn{s.writer.conn}
	for range readers {
		c, err := s.db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		conns = append(conns, c)
	}
	for i, c := range conns {
		want["query_only"], want["synchronous"] = "1", "2"
		if i == 0 {
			want["query_only"] = "0"
		}
		for pragma, is := range want {
			var got string
			if err := c.QueryRowContext(t.Context(), `PRAGMA `+pragma).Scan(&got); err != nil || got != is {
				t.Errorf("connection %d: %s is %s, want %s (%v)", i, pragma, got, is, err)
			}
		}
	}
}

func TestOneDaemonHasTheDirectory(t *testing.T) {
	dir := t.TempDir()
	unlock, err := Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Lock(dir); err == nil || !strings.Contains(err.Error(), "already serves") {
		t.Errorf("a second daemon: %v", err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	unlock, err = Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
}

func TestNoSecretStandsInTheFileOrInABackup(t *testing.T) {
	dir := t.TempDir()
	s := full(t, dir)
	if _, _, err := seal.Rotate(dir); err != nil {
		t.Fatal(err)
	}
	var keys [][]byte
	for _, name := range []string{seal.KeyFile, seal.NewKeyFile} {
		key, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	var backup bytes.Buffer
	if err := s.Backup(t.Context(), &backup); err != nil {
		t.Fatal(err)
	}
	restored := t.TempDir()
	if err := Restore(t.Context(), bytes.NewReader(backup.Bytes()), restored); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{dir, restored} {
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(b, []byte("canary")) {
				t.Errorf("a secret stands in %s", filepath.Base(f))
			}
			if i := slices.IndexFunc(keys, func(key []byte) bool { return bytes.Contains(b, key) }); i >= 0 && !strings.HasPrefix(filepath.Base(f), seal.KeyFile) {
				t.Errorf("key %d stands in %s", i, filepath.Base(f))
			}
		}
	}
	s2, err := Open(t.Context(), testOptions(t, restored)) // with a key of its own
	if err != nil {
		t.Fatal(err)
	}
	defer s2.Close()
	if _, err := s2.Token(t.Context(), 1); !errors.Is(err, seal.ErrSealed) {
		t.Error("a backup without its key gave a token:", err)
	}
	if err := s2.Update(t.Context(), func(x store.Tx) error { _, err := x.Reseal(context.Background()); return err }); !errors.Is(err, seal.ErrSealed) || !strings.Contains(err.Error(), "link 1 token") {
		t.Error("a backup without its key was sealed anew:", err)
	}
	if dump(t, s) != dump(t, s2) {
		t.Error("the backup is not what was there")
	}
}

func TestATornOrChangedBackupLeavesNothingBehind(t *testing.T) {
	var backup bytes.Buffer
	if err := full(t, t.TempDir()).Backup(t.Context(), &backup); err != nil {
		t.Fatal(err)
	}
	whole := backup.Bytes()
	changed := bytes.Clone(whole)
	changed[len(changed)/2] ^= 1
	for name, b := range map[string][]byte{"empty": nil, "a word": []byte("hello"), "half": whole[:len(whole)/2], "all but a byte": whole[:len(whole)-1], "a bit": changed} {
		dir := t.TempDir()
		if err := Restore(t.Context(), bytes.NewReader(b), dir); err == nil {
			t.Errorf("%s: restored", name)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
			t.Errorf("%s: left %v (%v)", name, left, err)
		}
	}
}
