package sqlite

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"flattery/store"
	"flattery/store/seal"
	"flattery/store/tables"
)

// A column that holds bytes is either sealed, and then sealed anew with the others, or named here as open.
func TestEveryColumnOfBytesIsSealedOrKnownToBeOpen(t *testing.T) {
	open := []string{"months.digest", "months.head", "transactions.body", "transactions.hash", "plans.hash", "entrances.token", "sessions.data",
		"keyrings.handle", "passkeys.credential", "passkeys.public", "invites.token", "knocks.key", "claim_links.token", "feeds.token", "mails.token", "mails.ending_key", "outbox.body"}
	var sealed []string
	for _, c := range tables.Secrets() {
		sealed = append(sealed, c.Table+"."+c.Column)
	}
	s := full(t, t.TempDir())
	blobs, err := words(s, `SELECT m.name || '.' || c.name FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table' AND c.type = 'BLOB'`)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range blobs {
		if slices.Contains(open, b) == slices.Contains(sealed, b) {
			t.Errorf("%s: say in Secrets() that it is sealed, or here that it is open", b)
		}
	}
	for _, c := range append(open, sealed...) {
		if !slices.Contains(blobs, c) {
			t.Errorf("%s is not in the schema", c)
		}
	}
	places, _ := sealedValues(t, s)
	if want := []string{"link 1 token", "claim 1 token", "app n", "app token n", "attempt " + store.Hash("canary-state"), "dispute 1 token", "claim link 4", "webhook 1 secret", "webhook 1 old secret", "mail 1 ending"}; !slices.Equal(places, want) {
		t.Errorf("secrets are bound to %q, want %q", places, want)
	}
	for i, c := range tables.Secrets() { // full has one of each: so the test of the canaries sees them all
		if n, err := words(s, `SELECT `+c.Column+` FROM `+c.Table+` WHERE `+c.Column+` IS NOT NULL`); err != nil || len(n) == 0 {
			t.Errorf("secret %d, %s.%s: there is none (%v)", i, c.Table, c.Column, err)
		}
	}
}

// words are what a query for one column finds.
func words(s *Store, q string) (all []string, err error) {
	rows, err := s.DB.Rows(context.Background(), q)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var word string
		if err := rows.Scan(&word); err != nil {
			return nil, err
		}
		all = append(all, word)
	}
	return all, rows.Err()
}

// sealedValues are all sealed values as they stand in the file, with their places.
func sealedValues(t *testing.T, s *Store) (places []string, values [][]byte) {
	t.Helper()
	for _, c := range tables.Secrets() {
		keys, err := words(s, `SELECT `+c.Key+` FROM `+c.Table+` WHERE `+c.Column+` IS NOT NULL`)
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := words(s, `SELECT `+c.Column+` FROM `+c.Table+` WHERE `+c.Column+` IS NOT NULL`)
		if err != nil {
			t.Fatal(err)
		}
		for i, key := range keys {
			places, values = append(places, c.Place(key)), append(values, []byte(sealed[i]))
		}
	}
	return places, values
}

func TestARotationLosesNothingWhereverItIsBrokenOff(t *testing.T) {
	for _, row := range []struct {
		name   string
		steps  int // of a rotation that were done before it was broken off
		begins int // rotations
	}{
		{"before the first value", 1, 1},
		{"before the new key is in place", 2, 1},
		{"not at all", 3, 1},
		{"before the first value, and begun again", 1, 2},
		{"before the new key is in place, and begun again", 2, 2},
		{"three times before the new key is in place", 2, 3},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			s := full(t, dir)
			places, before := sealedValues(t, s)
			old, err := os.ReadFile(filepath.Join(dir, seal.KeyFile))
			if err != nil {
				t.Fatal(err)
			}
			for range row.begins {
				rotate(t, dir, row.steps)
			}
			readable(t, dir, places)
			rotate(t, dir, 3)
			readable(t, dir, places)
			oldBox, err := seal.New(old)
			if err != nil {
				t.Fatal(err)
			}
			_, after := sealedValues(t, s)
			for i, at := range places {
				if _, err := oldBox.Unseal(at, after[i]); !errors.Is(err, seal.ErrSealed) || bytes.Equal(before[i], after[i]) {
					t.Errorf("%s still opens with the old key: %v", at, err)
				}
			}
		})
	}
}

// rotate does the first steps of a rotation: a new key, everything sealed anew, the new key in place. Between two of them a
// secret is saved by somebody who opens the store in the usual way.
func rotate(t *testing.T, dir string, steps int) {
	t.Helper()
	box, finish, err := seal.Rotate(dir)
	if err != nil {
		t.Fatal(err)
	}
	o := testOptions(t, dir)
	o.Seal = box
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if steps < 2 {
		return
	}
	var n int
	if err := s.Update(t.Context(), func(x store.Tx) (err error) { n, err = x.Reseal(context.Background()); return err }); err != nil || n != 10 {
		t.Fatal("sealed anew:", n, err)
	}
	if steps < 3 {
		return
	}
	if err := finish(); err != nil {
		t.Fatal(err)
	}
}

// readable opens a store as serve does, reads every secret in it, and writes one.
func readable(t *testing.T, dir string, places []string) {
	t.Helper()
	s, err := Open(t.Context(), testOptions(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	found, values := sealedValues(t, s)
	if !slices.Equal(found, places) {
		t.Fatalf("secrets at %v, want %v", found, places)
	}
	for i, at := range places {
		if b, err := s.opts.Seal.Unseal(at, values[i]); err != nil || !bytes.Contains(b, []byte("canary")) {
			t.Errorf("%s: %q, %v", at, b, err)
		}
	}
	token, err := s.Token(t.Context(), 1)
	if err != nil || token.Access != "canary-access" {
		t.Error("the token:", err)
	}
	if err := s.Update(t.Context(), func(x store.Tx) error { return x.SaveToken(context.Background(), 1, token) }); err != nil {
		t.Error(err)
	}
}
