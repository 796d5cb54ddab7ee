package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/store"
	"flattery/store/tables"
)

func TestMigrationsGoForwardAndBackUpFirst(t *testing.T) {
	dir := t.TempDir()
	s := full(t, dir)
	before := dump(t, s)
	list, err := bundled()
	if err != nil {
		t.Fatal(err)
	}
	more := append(slices.Clip(list), tables.Migration{Version: len(list) + 1, Name: "9999_more", Text: `CREATE TABLE more (x INTEGER) STRICT; INSERT INTO more VALUES (1)`, Checksum: "c"})
	broken := append(slices.Clip(list), tables.Migration{Version: len(list) + 1, Name: "9999_broken", Text: `CREATE TABLE more (x INTEGER) STRICT; INSERT INTO nowhere VALUES (1)`, Checksum: "c"})
	db, err := sql.Open("sqlite", dsn(filepath.Join(dir, File), true, false))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	o := testOptions(t, dir)
	if err := migrate(t.Context(), db, broken, o); err == nil || !strings.Contains(err.Error(), "9999_broken") {
		t.Errorf("a broken migration: %v", err)
	}
	var made int
	if err := db.QueryRow(`SELECT count(*) FROM sqlite_schema WHERE name = 'more'`).Scan(&made); err != nil || made != 0 {
		t.Errorf("a broken migration left %d tables (%v)", made, err)
	}
	backup := filepath.Join(dir, fmt.Sprintf("before-migration-%d.db", len(list)+1))
	if err := checkFile(t.Context(), backup); err != nil {
		t.Error("no backup was made before the migration:", err)
	}
	if err := migrate(t.Context(), db, more, o); err != nil {
		t.Fatal(err)
	}
	if err := checkFile(t.Context(), backup); err != nil {
		t.Error("the backup before the migration:", err)
	}
	if err := migrate(t.Context(), db, list, o); err == nil || !strings.Contains(err.Error(), "newer than") {
		t.Errorf("a database of a newer schema: %v", err)
	}
	changed := append([]tables.Migration{}, more...)
	changed[0].Checksum = "other"
	if err := migrate(t.Context(), db, changed, o); err == nil || !strings.Contains(err.Error(), "different flattery") {
		t.Errorf("a migration that was changed: %v", err)
	}
	if dump(t, s) != before {
		t.Error("a migration changed what was there")
	}
}

// What schema 1 wrote is what this program reads.
func TestADatabaseOfSchemaOneIsBroughtHere(t *testing.T) {
	dir := t.TempDir()
	o := testOptions(t, dir)
	list, err := bundled()
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", dsn(filepath.Join(dir, File), true, false))
	if err != nil {
		t.Fatal(err)
	}
	if err := migrate(t.Context(), db, list[:1], o); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `
		INSERT INTO accounts (id, name, admin, language, created_at) VALUES (1, 'ann', 1, '', 1), (2, 'zoe', 0, '', 1);
		INSERT INTO hosts (id, network, host) VALUES (1, 'n', 'h');
		INSERT INTO identities (id, host_id, subject, handle, name, url, organisation) VALUES (1, 1, 'ann', 'ann', '', '', 0), (2, 1, 'zoe', 'zoe', '', '', 0);
		INSERT INTO claims (id, account_id, identity_id, proof, proved_at) VALUES (4, 2, 2, 'oauth', 1);
		INSERT INTO things (id, host_id, network_id, url, title) VALUES (1, 1, 'x', '', 'x');
		INSERT INTO months (month, starts_at, ends_at) VALUES (24321, 1790812800, 1793491200);`); err != nil {
		t.Fatal(err)
	}
	link := `INSERT INTO links (id, account_id, identity_id, proof, token, state, reason, detail, cursor, begins_at, interval, next_poll, last_poll, last_good, failures)
		VALUES (?, ?, ?, 'token', ?, 'active', '', '', 'c', 1, 60, 1, 1, 1, 0)`
	for _, r := range [][]any{{7, 1, 1, o.Seal.Seal("link 7 token", []byte("gho_old"))}, {8, 2, 2, nil}, {9, 2, 1, o.Seal.Seal("link 9 token", []byte(`{"not":"ours"}`))}} {
		if _, err := db.ExecContext(t.Context(), link, r...); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.ExecContext(t.Context(), `INSERT INTO flattrs (account_id, thing_id, kind, turn, author_id, link_id, state, liked_at, source, found_at, counts_in, weight)
		VALUES (1, 1, 'click', 1, 2, 7, 'counts', 1790900000, 'exact', 1790900000, 24321, 1), (1, 1, 'like', 0, 2, 7, 'counts', 1790900000, 'exact', 1790900000, 24321, 1)`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := checkFile(t.Context(), filepath.Join(dir, "before-migration-2.db")); err != nil {
		t.Error("the backup before the migration:", err)
	}
	want := func(what string, got any, err error, want string) {
		t.Helper()
		if fmt.Sprint(got) != want || err != nil {
			t.Errorf("%s: %v, want %s (%v)", what, got, want, err)
		}
	}
	token, err := s.Token(t.Context(), 7)
	want("the token", []string{string(token.Access), string(token.Secret), string(token.Refresh), token.Expires.String()}, err, fmt.Sprint([]string{"gho_old", "", "", time.Time{}.String()}))
	token, err = s.Token(t.Context(), 8)
	want("no token", token.Has(), err, "false")
	token, err = s.Token(t.Context(), 9)
	want("a token that looks like another thing", string(token.Access), err, `{"not":"ours"}`)
	token, err = s.ClaimToken(t.Context(), 4)
	want("the claim's token", token.Has(), err, "false")
	l, err := s.Link(t.Context(), 7)
	want("the link", []any{l.Cursor, l.State, l.NextWalk.IsZero()}, err, "[c active true]")
	now := time.Unix(1_790_990_000, 0)
	err = s.Update(t.Context(), func(x store.Tx) error {
		ctx := context.Background()
		if err := x.HoldToken(ctx, 7, now, now.Add(time.Minute)); err != nil {
			return err
		}
		for range 2 {
			if _, err := x.Walked(ctx, l, store.Walk{Before: now}); err != nil {
				return err
			}
		}
		n, err := x.Reseal(ctx)
		want("sealed anew", n, err, "2")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	token, err = s.Token(t.Context(), 7)
	want("the token, sealed anew", string(token.Access), err, "gho_old")
	flattrs, err := s.Flattrs(t.Context(), store.FlattrQuery{Account: 1})
	if len(flattrs) != 2 {
		t.Fatal(flattrs, err)
	}
	want("the like, after two walks", []any{flattrs[0].Kind, flattrs[0].State, flattrs[0].Unliked}, err, "[like removed true]")
	want("the click", []any{flattrs[1].Kind, flattrs[1].State, flattrs[1].Unliked}, err, "[click counts false]")
	if err := s.Update(t.Context(), func(x store.Tx) error { return x.SaveToken(context.Background(), 7, flattery.Token{Access: "new"}) }); err != nil {
		t.Fatal(err)
	}
	token, err = s.Token(t.Context(), 7)
	want("the token, renewed", string(token.Access), err, "new")
	if err := raw(s).Exec(t.Context(), `UPDATE links SET token = (SELECT l.token FROM links l WHERE l.id = 7) WHERE id = 8`); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Token(t.Context(), 8); err == nil {
		t.Error("a token of another row was read")
	}
}
