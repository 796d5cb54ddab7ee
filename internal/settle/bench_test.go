package settle

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/store"
	"flattery/store/eachtest"
)

func TestMain(m *testing.M) { eachtest.Main(m) }

var (
	october = flattery.Month(2026*12 + 9)
	start   = time.Date(2026, 10, 5, 9, 0, 0, 0, time.UTC)
	closes  = time.Date(2026, 11, 4, 0, 0, 0, 0, time.UTC) // in UTC, with 72 hours of grace
)

// bench is a settler on a real store.
type bench struct {
	*testing.T
	*Settler
	store store.Store
	place *eachtest.Place
	now   time.Time
	zone  *time.Location
}

func newBench(t *testing.T, zone *time.Location) *bench {
	t.Helper()
	b := &bench{T: t, now: start, place: eachtest.New(t), zone: zone}
	b.store = b.open()
	b.Settler = &Settler{Store: b.store, Now: func() time.Time { return b.now }, Log: slog.New(slog.DiscardHandler),
		Rules: Rules{Mode: Pledge, Grace: 72 * time.Hour, Split: flattery.SplitByFlattr, Lapse: 90 * 24 * time.Hour}}
	return b
}

// open opens the store, also a second time, as another process would.
func (b *bench) open() store.Store {
	b.Helper()
	return b.place.Open(b.T, eachtest.Options{Location: b.zone, Now: func() time.Time { return b.now }})
}

func (b *bench) do(fn func(ctx context.Context, tx store.Tx) error) {
	b.Helper()
	if err := b.store.Update(b.Context(), func(tx store.Tx) error { return fn(b.Context(), tx) }); err != nil {
		b.Fatal(err)
	}
}

func who(handle string) flattery.Profile {
	return flattery.Profile{Identity: flattery.Identity{Network: "github", Host: "github.com", Subject: handle}, Handle: handle}
}

// donor makes an account with a link, from before anything here.
func (b *bench) donor(name string, set flattery.Settings) (l flattery.Link) {
	b.Helper()
	set.Currency = "EUR"
	b.do(func(ctx context.Context, tx store.Tx) error {
		begin := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
		a, err := tx.AddAccount(ctx, flattery.Account{Name: name, CreatedAt: begin, Settings: set})
		if err != nil {
			return err
		}
		link := flattery.Link{Account: a, Identity: who(name), Proof: flattery.ByName, BeginsAt: begin, Interval: time.Hour}
		link.ID, err = tx.AddLink(ctx, link, flattery.Token{})
		l = link
		return err
	})
	return l
}

// maker makes an account that claims the identity of its name.
func (b *bench) maker(name string) {
	b.Helper()
	b.do(func(ctx context.Context, tx store.Tx) error {
		a, err := tx.AddAccount(ctx, flattery.Account{Name: name, CreatedAt: b.now, Settings: flattery.Settings{Currency: "EUR"}})
		if err != nil {
			return err
		}
		_, err = tx.AddClaim(ctx, flattery.Claim{Account: a, Identity: who(name), Proof: flattery.ByAdmin, ProvedAt: b.now})
		return err
	})
}

// likes adds likes of things called author/thing, at a time and found then.
func (b *bench) likes(l flattery.Link, at time.Time, things ...string) {
	b.Helper()
	var page []flattery.Like
	for _, thing := range things {
		author, _, _ := strings.Cut(thing, "/")
		page = append(page, flattery.Like{Thing: flattery.Thing{Network: "github", Host: "github.com", ID: thing, Title: thing}, Author: who(author), At: at, Source: flattery.Exact})
	}
	b.do(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.AddLikes(ctx, l, page, false, at)
		return err
	})
}

func (b *bench) saw(date, at time.Time) {
	b.Helper()
	b.do(func(ctx context.Context, tx store.Tx) error { return tx.SawNetwork(ctx, date, at) })
}

// settle asks what is due and does it.
func (b *bench) settle() error {
	b.Helper()
	if err := b.Enqueue(b.Context(), b.now); err != nil {
		return err
	}
	_, err := b.store.Jobs().Drain(b.Context(), b.Handlers())
	return err
}

func (b *bench) month(m flattery.Month) flattery.MonthState {
	b.Helper()
	st, err := b.store.Month(b.Context(), m)
	if err != nil {
		b.Fatal(err)
	}
	return st
}

// audited is how many transactions the book has, all of them right.
func (b *bench) audited() int64 {
	b.Helper()
	book, done, err := b.store.Book(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer done()
	r, err := ledger.Audit(book)
	if err != nil || len(r.Faults) > 0 {
		b.Fatalf("audit: %v %v", r.Faults, err)
	}
	return r.Transactions
}

func (b *bench) statement(l flattery.Link) flattery.Settlement {
	b.Helper()
	list, err := b.store.Settlements(b.Context(), l.Account)
	if err != nil || len(list) == 0 {
		b.Fatalf("statements %v, error %v", list, err)
	}
	return list[0]
}
