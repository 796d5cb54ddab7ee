package tables_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"flattery"
	"flattery/store"
	"flattery/store/eachtest"
	"flattery/store/postgres/pgtest"
	"flattery/store/storetest"
	"flattery/store/tables"
)

type side struct {
	store.Store
	reader *tables.Reader
	place  *eachtest.Place
}

func sqliteSide(t *testing.T) side {
	t.Helper()
	return open(t, &eachtest.Place{Dir: t.TempDir()})
}

func postgresSide(t *testing.T) side {
	t.Helper()
	return open(t, &eachtest.Place{Dir: t.TempDir(), DSN: pgtest.New(t)})
}

func open(t *testing.T, p *eachtest.Place) side {
	t.Helper()
	s := p.Open(t, eachtest.Options{Now: func() time.Time { return time.Unix(1_790_000_000, 0) }})
	return side{s, eachtest.Reader(s), p}
}

// dump is everything that is copied, as text.
func (s side) dump(t *testing.T) string {
	t.Helper()
	return storetest.Dump(t, s, storetest.Raw{Count: func(ctx context.Context, table string) (n int64, err error) {
		return n, s.reader.DB.Row(ctx, `SELECT count(*) FROM `+table).Scan(&n)
	}})
}

func TestAnInstanceMovesThereAndBack(t *testing.T) {
	home := sqliteSide(t)
	storetest.Fill(t, home)
	// The claim that was numbered last has ended: its number is a key of the ledger, and is not given again.
	if err := home.Update(t.Context(), func(tx store.Tx) error {
		if _, err := tx.AddClaim(t.Context(), flattery.Claim{Account: 1, Identity: flattery.Profile{Identity: flattery.Identity{Network: "n", Host: "h", Subject: "short"}}, ProvedAt: time.Unix(1, 0)}); err != nil {
			return err
		}
		return tx.RemoveClaim(t.Context(), 3, time.Unix(2, 0))
	}); err != nil {
		t.Fatal(err)
	}
	there, back := postgresSide(t), sqliteSide(t)
	for _, leg := range []struct{ from, to side }{{home, there}, {there, back}} {
		copied, err := tables.Copy(t.Context(), leg.from.reader, leg.to, nil)
		if err != nil {
			t.Fatal(err)
		}
		if copied.Rows["flattrs"] != 2 || copied.Ledger.Transactions != 2 || len(copied.Ledger.Faults) != 0 {
			t.Errorf("copied %+v", copied)
		}
		if got, want := leg.to.dump(t), home.dump(t); got != want {
			t.Errorf("copied is\n%s\nwant\n%s", got, want)
		}
		was, errWas := leg.from.Schema(t.Context())
		is, errIs := leg.to.Schema(t.Context())
		if err := errors.Join(errWas, errIs); err != nil || was.Instance != is.Instance {
			t.Errorf("the instance is %s, want %s (%v)", is.Instance, was.Instance, err)
		}
	}
	for _, s := range []side{there, back} {
		var id flattery.AccountID
		err := s.Update(t.Context(), func(tx store.Tx) (err error) {
			id, err = tx.AddAccount(t.Context(), flattery.Account{Name: "new", CreatedAt: time.Unix(1, 0)})
			if err != nil {
				return err
			}
			_, err = tx.AddClaim(t.Context(), flattery.Claim{Account: id, Identity: flattery.Profile{Identity: flattery.Identity{Network: "n", Host: "h", Subject: "new"}}, ProvedAt: time.Unix(1, 0)})
			return err
		})
		claims, errClaims := s.Claims(t.Context(), id)
		if err := errors.Join(err, errClaims); err != nil || id != 3 || len(claims) != 1 || claims[0].ID != 4 {
			t.Errorf("new numbers: account %d, claims %v, %v", id, claims, err)
		}
	}
}

func TestATargetThatIsNotEmptyIsRefused(t *testing.T) {
	eachtest.Each(t, func(t *testing.T, p *eachtest.Place) {
		from, to := sqliteSide(t), open(t, p)
		storetest.Fill(t, from)
		if err := to.Update(t.Context(), func(tx store.Tx) error {
			_, err := tx.AddAccount(t.Context(), flattery.Account{Name: "here"})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		before := to.dump(t)
		if _, err := tables.Copy(t.Context(), from.reader, to, nil); !errors.Is(err, tables.ErrNotEmpty) {
			t.Errorf("copied over somebody: %v", err)
		}
		if to.dump(t) != before {
			t.Error("the target was changed")
		}
	})
}

// broken is a store whose transaction breaks off before its end.
type broken struct{ store.Store }

var errBroken = errors.New("broken off")

func (b broken) Update(ctx context.Context, fn func(store.Tx) error) error {
	return b.Store.Update(ctx, func(tx store.Tx) error { return errors.Join(fn(tx), errBroken) })
}

func TestACopyThatIsBrokenOffLeavesNothingAndIsBegunAgain(t *testing.T) {
	eachtest.Each(t, func(t *testing.T, p *eachtest.Place) {
		from, to := sqliteSide(t), open(t, p)
		storetest.Fill(t, from)
		before := to.dump(t)
		if _, err := tables.Copy(t.Context(), from.reader, broken{to}, nil); !errors.Is(err, errBroken) {
			t.Fatal(err)
		}
		if to.dump(t) != before {
			t.Error("something stayed behind")
		}
		if _, err := tables.Copy(t.Context(), from.reader, to, nil); err != nil {
			t.Error(err)
		}
		if to.dump(t) != from.dump(t) {
			t.Error("the second copy is not what was there")
		}
	})
}

func words(t *testing.T, r *tables.Reader, q string) (all []string) {
	t.Helper()
	rows, err := r.DB.Rows(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var word string
		if err := rows.Scan(&word); err != nil {
			t.Fatal(err)
		}
		all = append(all, word)
	}
	return all
}

// What a migration adds must be copied too.
func TestEveryColumnIsCopied(t *testing.T) {
	ours := []string{"migrations.", "jobs.", "sqlite_", "river_"} // of the database itself
	for name, s := range map[string]struct {
		side
		columns string
	}{
		"sqlite":   {sqliteSide(t), `SELECT m.name || '.' || c.name FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table'`},
		"postgres": {postgresSide(t), `SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = current_schema()`},
	} {
		var there []string
		for _, c := range words(t, s.reader, s.columns) {
			if !slices.ContainsFunc(ours, func(prefix string) bool { return len(c) > len(prefix) && c[:len(prefix)] == prefix }) {
				there = append(there, c)
			}
		}
		copied := tables.Columns()
		slices.Sort(there)
		slices.Sort(copied)
		if !slices.Equal(there, copied) {
			t.Errorf("%s has %v\nand copied are %v", name, there, copied)
		}
	}
}
