package settle

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flattery"
	"flattery/internal/ledger"
	"flattery/internal/queue"
	"flattery/store"
)

func TestAMonthClosesAfterItsGraceAndOnce(t *testing.T) {
	b := newBench(t, time.UTC)
	b.maker("zoe")
	ann := b.donor("ann", flattery.Settings{Budget: 5 * flattery.Unit})
	b.likes(ann, start, "zoe/x", "zoe/y")
	for _, before := range []time.Duration{30 * 24 * time.Hour, 72 * time.Hour, time.Second} {
		b.now = closes.Add(-before)
		if err := b.settle(); err != nil || !b.month(october).FrozenAt.IsZero() {
			t.Fatalf("%s before: %v, %+v", before, err, b.month(october))
		}
	}
	if err := b.workMonth(t.Context(), queue.Job{Kind: KindMonth, Key: "2026-10"}); err == nil || !strings.Contains(err.Error(), "2026-10 closes on 2026-11-04 00:00:00 UTC") {
		t.Errorf("a job before its time: %v", err)
	}
	b.now = closes
	for range 3 {
		if err := b.settle(); err != nil {
			t.Fatal(err)
		}
		if m := b.month(october); m.SettledAt.IsZero() || m.Flattrs != 2 || m.Donors != 1 || m.Budgets != 5*flattery.Unit || m.Shares != 5*flattery.Unit || b.audited() != 1 {
			t.Fatalf("%+v", m)
		}
	}
}

func TestTheClockMustNotSeemWrong(t *testing.T) {
	for _, row := range []struct {
		name   string
		happen func(*bench)
		waits  string
	}{
		{"no network has told the time", func(*bench) {}, ""},
		{"the networks agree", func(b *bench) { b.saw(b.now, b.now) }, ""},
		{"a network is still in the month", func(b *bench) { b.saw(time.Date(2026, 10, 30, 0, 0, 0, 0, time.UTC), b.now.Add(-time.Hour)) }, "the networks said 2026-10-30 00:00:00"},
		{"a network was still in the month six days ago by our clock", func(b *bench) { b.saw(time.Date(2026, 10, 31, 23, 59, 59, 0, time.UTC), b.now.Add(-6*24*time.Hour)) }, "the networks said"},
		{"a network said so too long ago to matter", func(b *bench) { b.saw(time.Date(2026, 10, 30, 0, 0, 0, 0, time.UTC), b.now.Add(-7*24*time.Hour)) }, ""},
		{"a network is past the month's end, and behind us", func(b *bench) { b.saw(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), b.now) }, ""},
		{"the ledger is ahead of us", func(b *bench) { b.posted(b.now.Add(time.Hour)) }, "the ledger ends at 2026-11-04 01:00:00"},
		{"the ledger is ahead, and a network agrees with us", func(b *bench) { b.posted(b.now.Add(time.Hour)); b.saw(b.now, b.now) }, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBench(t, time.UTC)
			b.maker("zoe")
			ann := b.donor("ann", flattery.Settings{Budget: 5 * flattery.Unit})
			b.likes(ann, start, "zoe/x")
			b.now = closes
			row.happen(b)
			err := b.workMonth(t.Context(), queue.Job{Kind: KindMonth, Key: "2026-10"})
			if row.waits == "" {
				if err != nil || b.month(october).FrozenAt.IsZero() {
					t.Errorf("it waits: %v", err)
				}
				return
			}
			snooze, ok := errors.AsType[*queue.SnoozeError](err)
			clock, said := errors.AsType[*ClockError](err)
			if !ok || !said || clock.Month != october || !snooze.Until.Equal(b.now.Add(time.Hour)) || !strings.Contains(err.Error(), row.waits) || !strings.Contains(err.Error(), "set this machine's clock right") {
				t.Errorf("error %v", err)
			}
			if m := b.month(october); !m.FrozenAt.IsZero() {
				t.Errorf("it is frozen: %+v", m)
			}
			b.now = time.Date(2026, 11, 12, 0, 0, 0, 0, time.UTC) // the clock was set right, or the networks caught up
			b.saw(b.now, b.now)
			if err := b.settle(); err != nil || b.month(october).SettledAt.IsZero() {
				t.Errorf("later: %v", err)
			}
			b.audited()
		})
	}
}

func TestAMonthWaitsUntilItsLinksWereAskedSinceItEnded(t *testing.T) {
	b := newBench(t, time.UTC)
	b.maker("zoe")
	ann, bob, eve := b.donor("ann", flattery.Settings{Budget: 5 * flattery.Unit}), b.donor("bob", flattery.Settings{}), b.donor("eve", flattery.Settings{})
	b.likes(ann, start, "zoe/x")
	asked := func(l flattery.Link, state flattery.LinkState, at time.Time) {
		l.State, l.LastPoll = state, at
		b.do(func(ctx context.Context, tx store.Tx) error { return tx.SaveLink(ctx, l) })
	}
	ended := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	asked(ann, flattery.LinkActive, ended.Add(-time.Second))
	asked(bob, flattery.LinkSuspended, ended.Add(-time.Hour)) // nobody asks for it: it holds nobody up
	asked(eve, flattery.LinkActive, ended)
	b.now = closes
	err := b.workMonth(t.Context(), queue.Job{Kind: KindMonth, Key: "2026-10"})
	snooze, ok := errors.AsType[*queue.SnoozeError](err)
	if early, said := errors.AsType[*EarlyError](err); !ok || !said || early.Links != 1 || !snooze.Until.After(b.now) || !b.month(october).FrozenAt.IsZero() {
		t.Fatalf("error %v, %+v", err, b.month(october))
	}
	for late, want := range map[time.Duration]time.Duration{0: 5 * time.Second, 10 * time.Minute: 10 * time.Second, 48 * time.Hour: time.Minute} {
		b.now = closes.Add(late)
		err := b.workMonth(t.Context(), queue.Job{Kind: KindMonth, Key: "2026-10"})
		if until, _ := queue.Snoozed(err); !until.Equal(b.now.Add(want)) {
			t.Errorf("%s late: asked again after %s, want %s", late, until.Sub(b.now), want)
		}
	}
	b.now = closes
	asked(ann, flattery.LinkActive, ended)
	if err := b.settle(); err != nil || b.month(october).SettledAt.IsZero() {
		t.Errorf("once it was asked: %v", err)
	}
}

// posted lets the ledger end at a time.
func (b *bench) posted(at time.Time) {
	b.Helper()
	b.do(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Post(ctx, ledger.Draft{Key: "k", Kind: "means", At: at, Entries: []ledger.Entry{{Debit: ledger.Bank, Credit: "equity:sponsor", Currency: "EUR", Amount: 1}}})
		return err
	})
}

func TestMonthsThatWereMissedAreCaughtUpInTheirOrder(t *testing.T) {
	b := newBench(t, time.UTC)
	b.maker("zoe")
	ann := b.donor("ann", flattery.Settings{Budget: 5 * flattery.Unit})
	for i := range 4 { // nothing in the third
		if i != 2 {
			b.likes(ann, start.AddDate(0, i, 0), fmt.Sprint("zoe/", i))
		}
	}
	b.now = time.Date(2027, 3, 20, 0, 0, 0, 0, time.UTC)
	if err := b.settle(); err != nil {
		t.Fatal(err)
	}
	want := []string{"2027-03 false 0.00", "2027-02 true 0.00", "2027-01 true 5.00", "2026-12 true 0.00", "2026-11 true 5.00", "2026-10 true 5.00"}
	// February was not there before the freeze made the months up to now: it closes at the next look.
	if err := b.settle(); err != nil {
		t.Fatal(err)
	}
	months, err := b.store.Months(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range months {
		got = append(got, fmt.Sprintf("%s %v %s", m.Month, !m.SettledAt.IsZero(), m.Budgets))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := b.audited(); n != 3 {
		t.Errorf("%d transactions", n)
	}
}

func TestManySettlersAtOnceSettleOnce(t *testing.T) {
	b := newBench(t, time.UTC)
	b.maker("zoe")
	for i := range 40 {
		b.likes(b.donor(fmt.Sprint("donor", i), flattery.Settings{Budget: 2 * flattery.Unit}), start, "zoe/x", fmt.Sprint("zoe/", i))
	}
	b.now = closes
	other := *b.Settler
	second := b.open()
	other.Store = second
	if err := b.Enqueue(t.Context(), b.now); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	errs := make([]error, 128) // 64 of each
	for i := range errs {
		wg.Go(func() {
			s, jobs := b.Settler, b.store.Jobs()
			if i%2 == 1 {
				s, jobs = &other, second.Jobs()
			}
			errs[i] = errors.Join(
				s.workMonth(t.Context(), queue.Job{Kind: KindMonth, Key: "2026-10"}),
				s.workSpan(t.Context(), queue.Job{Kind: KindSpan, Key: "2026-10 1 1000"}))
			_, err := jobs.Drain(t.Context(), s.Handlers())
			errs[i] = errors.Join(errs[i], err)
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil && !errors.Is(err, flattery.ErrSettled) { // the other was first; the job is handed out again
			t.Error(err)
		}
	}
	b.now = b.now.Add(time.Hour)
	if err := b.settle(); err != nil {
		t.Fatal(err)
	}
	if m := b.month(october); m.SettledAt.IsZero() || m.Donors != 40 || m.Budgets != 80*flattery.Unit || m.Shares != m.Budgets || b.audited() != 40 {
		t.Errorf("%+v with %d transactions", m, b.audited())
	}
}

// 1,100 donors are three spans. The program crashes after each span, or in one; the next one settles what is left.
func TestACrashBetweenSpansIsResumed(t *testing.T) {
	for crash := range 3 {
		t.Run(fmt.Sprint("after ", crash, " spans"), func(t *testing.T) {
			b := newBench(t, time.UTC)
			b.maker("zoe")
			b.do(func(ctx context.Context, tx store.Tx) error {
				for i := range 1100 {
					a, err := tx.AddAccount(ctx, flattery.Account{Name: fmt.Sprint("d", i), CreatedAt: start, Settings: flattery.Settings{Budget: 2 * flattery.Unit, Currency: "EUR"}})
					if err != nil {
						return err
					}
					like := flattery.Like{Thing: flattery.Thing{Network: "github", Host: "github.com", ID: "x", Title: "x"}, Author: who("zoe"), At: start, Source: flattery.Exact}
					link := flattery.Link{Account: a, Identity: who(fmt.Sprint("d", i)), Proof: flattery.ByName, BeginsAt: start}
					if link.ID, err = tx.AddLink(ctx, link, flattery.Token{}); err != nil {
						return err
					}
					if _, err := tx.AddLikes(ctx, link, []flattery.Like{like}, false, start); err != nil {
						return err
					}
				}
				return nil
			})
			b.now = closes
			breaking := &crashing{Store: b.store, left: 1 + 1 + crash} // freeze, spans, and so many settled
			b.Settler.Store = breaking
			if err := b.Enqueue(t.Context(), b.now); err != nil {
				t.Fatal(err)
			}
			breaking.left = 2 + crash
			if _, err := b.store.Jobs().Drain(t.Context(), b.Handlers()); !errors.Is(err, errCrash) {
				t.Fatalf("error %v", err)
			}
			if m := b.month(october); m.FrozenAt.IsZero() || !m.SettledAt.IsZero() || b.audited() != int64(crash*span) {
				t.Fatalf("after the crash: %+v, %d transactions", m, b.audited())
			}
			b.Settler.Store = b.store
			b.now = b.now.Add(24 * time.Hour)
			if err := b.settle(); err != nil {
				t.Fatal(err)
			}
			if m := b.month(october); m.SettledAt.IsZero() || m.Donors != 1100 || m.Shares != 2200*flattery.Unit || b.audited() != 1100 {
				t.Errorf("%+v", m)
			}
		})
	}
}

var errCrash = errors.New("crashed")

// crashing lets so many transactions be, and the others end after all was done and before the commit.
type crashing struct {
	Store
	left int
}

func (c *crashing) Bulk(ctx context.Context, fn func(store.Tx) error) error { return c.Update(ctx, fn) }

func (c *crashing) Update(ctx context.Context, fn func(store.Tx) error) error {
	if c.left--; c.left < 0 {
		return c.Store.Update(ctx, func(tx store.Tx) error { return errors.Join(fn(tx), errCrash) })
	}
	return c.Store.Update(ctx, fn)
}
