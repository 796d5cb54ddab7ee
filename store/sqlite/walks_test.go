package sqlite

import (
	"context"
	"testing"
	"time"

	"flattery"
	"flattery/store"
	"flattery/store/tables"
)

func TestWhatIsAsItWasIsNotWritten(t *testing.T) {
	s, err := Open(t.Context(), testOptions(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	now := time.Date(2026, 10, 10, 0, 0, 0, 0, time.UTC)
	thing := flattery.Thing{Network: "n", Host: "h", ID: "1"}
	who := flattery.Profile{Identity: flattery.Identity{Network: "n", Host: "h", Subject: "bob"}, Handle: "bob"}
	l := flattery.Link{Identity: who, Proof: flattery.ByName, State: flattery.LinkActive, BeginsAt: now, NextPoll: now}
	do := func(fn func(ctx context.Context, x *tables.Tx) error) (rows int) {
		t.Helper()
		err := s.Update(t.Context(), func(tx store.Tx) error {
			x, ctx := tx.(*tables.Tx), context.Background()
			var before, after int
			if err := x.Row(ctx, `SELECT total_changes()`).Scan(&before); err != nil {
				return err
			}
			if err := fn(ctx, x); err != nil {
				return err
			}
			err := x.Row(ctx, `SELECT total_changes()`).Scan(&after)
			rows = after - before
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	do(func(ctx context.Context, x *tables.Tx) (err error) {
		if l.Account, err = x.AddAccount(ctx, flattery.Account{Name: "bob", CreatedAt: now}); err != nil {
			return err
		}
		if l.ID, err = x.AddLink(ctx, l, flattery.Token{}); err != nil {
			return err
		}
		_, err = x.AddLikes(ctx, l, []flattery.Like{{Thing: thing, Author: who, At: now}}, false, now)
		return err
	})
	walk := func(things ...flattery.Thing) func(context.Context, *tables.Tx) error {
		return func(ctx context.Context, x *tables.Tx) error {
			_, err := x.Walked(ctx, l, store.Walk{Before: now.Add(time.Hour), Things: things})
			return err
		}
	}
	save := func(ctx context.Context, x *tables.Tx) error { return x.SaveLink(ctx, l) }
	renamed := func(ctx context.Context, x *tables.Tx) error {
		l.Identity.Handle = "rob"
		return x.SaveLink(ctx, l)
	}
	for _, row := range []struct {
		name string
		do   func(context.Context, *tables.Tx) error
		rows int
	}{
		{"a walk that finds all", walk(thing), 0},
		{"a first absence", walk(), 1},
		{"found again", walk(thing), 1},
		{"found once more", walk(thing), 0},
		{"a first absence again", walk(), 1},
		{"a second", walk(), 1},
		{"a third", walk(), 0},
		{"a link with the profile it had", save, 1},
		{"a link with another profile", renamed, 2},
		{"a link with that profile again", save, 1},
		{"a network that took nothing", func(ctx context.Context, x *tables.Tx) error { return x.Spend(ctx, "n", 1, store.Spending{}) }, 0},
	} {
		if rows := do(row.do); rows != row.rows {
			t.Errorf("%s: %d rows were written, want %d", row.name, rows, row.rows)
		}
	}
}
