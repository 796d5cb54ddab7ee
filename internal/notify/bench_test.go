package notify_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/internal/notify"
	"flattery/internal/queue"
	"flattery/internal/web"
	"flattery/store"
	"flattery/store/eachtest"
)

func TestMain(m *testing.M) { eachtest.Main(m) }

var start = time.Date(2026, 11, 4, 4, 15, 0, 0, time.UTC)

// bench is a store with one account, a link that may stop, and a clock of its own.
type bench struct {
	*testing.T
	store.Store
	teller *notify.Teller
	hooks  *notify.Hooks
	feeds  *notify.Feeds
	ann    flattery.AccountID
	link   flattery.Link

	mu  sync.Mutex
	now time.Time
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{T: t, now: start}
	b.Store = eachtest.New(t).Open(t, eachtest.Options{Now: b.clock, Workers: 1})
	words, err := web.NewVoices(time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	base := func() string { return "https://flattery.example" }
	b.teller = &notify.Teller{Words: words}
	b.feeds = &notify.Feeds{Teller: b.teller, Store: b, Base: base, Now: b.clock}
	b.hooks = &notify.Hooks{Teller: b.teller, Store: b, Client: connectors.NewClient(connectors.ClientOptions{AllowPrivate: true, Version: "test"}), Private: true,
		Base: base, Now: b.clock, Log: slog.New(slog.DiscardHandler)}
	b.ann = b.account("ann")
	b.do(func(tx store.Tx) error {
		who := flattery.Profile{Identity: flattery.Identity{Network: "flickr", Host: "flickr.com", Subject: "7"}, Handle: "ann & <b>co</b>"}
		id, err := tx.AddLink(b.Context(), flattery.Link{Account: b.ann, Identity: who, Proof: flattery.ByName, BeginsAt: start}, flattery.Token{})
		b.link = flattery.Link{ID: id, Identity: who}
		return err
	})
	return b
}

func (b *bench) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *bench) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

func (b *bench) do(fn func(store.Tx) error) {
	b.Helper()
	if err := b.Update(b.Context(), fn); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) account(name string) (id flattery.AccountID) {
	b.Helper()
	b.do(func(tx store.Tx) (err error) {
		id, err = tx.AddAccount(b.Context(), flattery.Account{Name: name, CreatedAt: start})
		return err
	})
	return id
}

// happen tells ann that the link has stopped.
func (b *bench) happen() {
	b.Helper()
	for _, state := range []flattery.LinkState{flattery.LinkActive, flattery.LinkSuspended} {
		b.link.State, b.link.Reason, b.link.LastPoll = state, "reconnect", b.clock()
		b.do(func(tx store.Tx) error { return tx.SaveLink(b.Context(), b.link) })
	}
}

// drain does the jobs that are due.
func (b *bench) drain() {
	b.Helper()
	if err := b.hooks.Enqueue(b.Context(), b.clock()); err != nil {
		b.Fatal(err)
	}
	if _, err := b.Jobs().Drain(b.Context(), queue.Handlers{notify.KindHook: func(ctx context.Context, j queue.Job) error {
		again, err := b.hooks.Work(ctx, j.Key)
		if err == nil && !again.IsZero() {
			err = &queue.SnoozeError{Until: again}
		}
		return err
	}}); err != nil {
		b.Fatal(err)
	}
}

// want says what is not as it should be.
func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func isInput(err error) bool {
	_, ok := errors.AsType[*flattery.InputError](err)
	return ok
}
