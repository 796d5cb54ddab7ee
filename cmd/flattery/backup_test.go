package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"flattery"
	"flattery/internal/ledger"
	"flattery/store"
	"flattery/store/sqlite"
)

// Backups are taken while others add likes and settle. What is restored of each is a book that is whole, and is, byte for
// byte, how the live book began; taken while nobody writes, it is the live book.
func TestABackupUnderLoadIsTheBookAsItWas(t *testing.T) {
	ofSQLite(t, "a second house beside the one that is open")
	rounds := 5
	if os.Getenv("FLATTERY_LONG") == "1" {
		rounds = 100
	}
	b := newBench(t, october)
	in := openBench(b)
	donors := in.crowd(8)
	// So much is left to do that the writers are at work from before a backup begins until after it has ended.
	months, pages := make(chan int64, 1000), make(chan int64, 10_000)
	var lived atomic.Int64
	var writers errgroup.Group
	writers.Go(func() error { return in.settleOn(t.Context(), donors, months, &lived) })
	writers.Go(func() error { return in.likeOn(t.Context(), donors[0], pages) })
	grown, month := int64(0), int64(0)
	for round := range rounds {
		for range 5 {
			months <- month
			month++
		}
		for i := range int64(20) {
			pages <- int64(round)*20 + i
		}
		for lived.Load() < month-4 {
			if t.Context().Err() != nil {
				t.Fatal("nothing is written any more")
			}
			time.Sleep(time.Millisecond)
		}
		grown = max(grown, in.restoredIsHowItBegan(round, false))
	}
	close(months)
	close(pages)
	if err := writers.Wait(); err != nil {
		t.Fatal(err)
	}
	last := in.restoredIsHowItBegan(rounds, true)
	if grown == 0 || last != month*int64(len(donors)) {
		t.Errorf("the book had %d transactions under load and %d after, want %d", grown, last, month*int64(len(donors)))
	}
}

// crowd makes donors with a link each, and the author of everything.
func (o *openHouse) crowd(n int) (links []flattery.Link) {
	o.b.Helper()
	ctx := o.b.Context()
	who := func(handle string) flattery.Profile {
		return flattery.Profile{Identity: flattery.Identity{Network: "github", Host: "github.com", Subject: handle}, Handle: handle}
	}
	err := o.update(ctx, func(tx store.Tx) error {
		maker, err := tx.AddAccount(ctx, flattery.Account{Name: "maker", CreatedAt: o.now(), Settings: flattery.Settings{Currency: "EUR"}})
		if err != nil {
			return err
		}
		if _, err := tx.AddClaim(ctx, flattery.Claim{Account: maker, Identity: who("maker"), Proof: flattery.ByAdmin, ProvedAt: o.now()}); err != nil {
			return err
		}
		var made []flattery.Link
		for i := range n {
			name := fmt.Sprint("donor", i)
			a, err := tx.AddAccount(ctx, flattery.Account{Name: name, CreatedAt: o.now(), Settings: flattery.Settings{Budget: 5 * flattery.Unit, Currency: "EUR"}})
			if err != nil {
				return err
			}
			l := flattery.Link{Account: a, Identity: who(name), Proof: flattery.ByName, BeginsAt: o.now(), Interval: time.Hour}
			if l.ID, err = tx.AddLink(ctx, l, flattery.Token{}); err != nil {
				return err
			}
			made = append(made, l)
		}
		links = made
		return nil
	})
	if err != nil {
		o.b.Fatal(err)
	}
	return links
}

func liked(thing string, at time.Time) flattery.Like {
	return flattery.Like{Thing: flattery.Thing{Network: "github", Host: "github.com", ID: thing, URL: "https://github.com/maker/" + thing, Title: thing},
		Author: flattery.Profile{Identity: flattery.Identity{Network: "github", Host: "github.com", Subject: "maker"}, Handle: "maker"}, At: at, Source: flattery.Exact}
}

// settleOn lives months: everybody likes something, the month ends, all are settled.
func (o *openHouse) settleOn(ctx context.Context, links []flattery.Link, months <-chan int64, lived *atomic.Int64) error {
	for n := range months {
		now := o.now()
		if err := o.update(ctx, func(tx store.Tx) error {
			for _, l := range links {
				if _, err := tx.AddLikes(ctx, l, []flattery.Like{liked(fmt.Sprint("monthly-", n), now)}, false, now); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
		o.world().Clock.Set(flattery.MonthOf(now, time.UTC).Ends(time.UTC).Add(o.Grace + time.Hour))
		if err := o.settler.Enqueue(ctx, o.now()); err != nil {
			return err
		}
		if _, err := o.store.Jobs().Drain(ctx, o.settler.Handlers()); err != nil {
			return err
		}
		lived.Add(1)
	}
	return nil
}

func (o *openHouse) likeOn(ctx context.Context, l flattery.Link, pages <-chan int64) error {
	for n := range pages {
		var page []flattery.Like
		for i := range 20 {
			page = append(page, liked(fmt.Sprint("often-", n, "-", i), o.now()))
		}
		if err := o.update(ctx, func(tx store.Tx) error { _, err := tx.AddLikes(ctx, l, page, false, o.now()); return err }); err != nil {
			return err
		}
	}
	return nil
}

// restoredIsHowItBegan backs up, restores into an empty directory and compares the books. It tells how many transactions
// the restored one has.
func (o *openHouse) restoredIsHowItBegan(round int, quiet bool) int64 {
	t := o.b.T
	t.Helper()
	var packed bytes.Buffer
	if err := o.backupTo(t.Context(), &packed); err != nil {
		t.Fatal(err)
	}
	dir := o.b.path(fmt.Sprint("restored-", round))
	o.b.write(fmt.Sprint("backup-", round), packed.String())
	told := into[struct{ Transactions int64 }](o.b, "restore", o.b.path(fmt.Sprint("backup-", round)), "--data", dir)
	if left, err := filepath.Glob(filepath.Join(o.Data, "backup-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	copied, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir, Location: o.TimeZone, Now: o.now, Log: o.log})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := copied.Close(); err != nil {
			t.Error(err)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	}()
	restored, live := journals(t, copied, 0), journals(t, o.store, told.Transactions)
	if quiet {
		live = journals(t, o.store, 0)
	}
	for format, text := range restored {
		if !quiet && format != "csv" { // the others end with balances, which go on
			continue
		}
		if text != live[format] {
			t.Errorf("round %d: the restored book is another in %s: %d and %d bytes", round, format, len(text), len(live[format]))
		}
	}
	return told.Transactions
}

// journals are the book in every format, up to a number of transactions (0: all).
func journals(t *testing.T, s store.Store, upTo int64) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, format := range ledger.Formats() {
		book, done, err := s.Book(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		transactions := book.Transactions
		book.Transactions = func(yield func(ledger.Transaction, error) bool) {
			for tx, err := range transactions {
				if upTo > 0 && tx.Number > upTo || !yield(tx, err) {
					return
				}
			}
		}
		var out bytes.Buffer
		err = ledger.Export(&out, format, book)
		done()
		if err != nil {
			t.Fatal(err)
		}
		all[format] = out.String()
	}
	return all
}
