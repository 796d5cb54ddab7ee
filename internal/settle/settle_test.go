package settle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flattery"
	"flattery/internal/ledger"
	"flattery/internal/queue"
	"flattery/store"
	"flattery/store/sqlite"
)

var (
	october = flattery.Month(2026*12 + 9)
	start   = time.Date(2026, 10, 5, 9, 0, 0, 0, time.UTC)
	closes  = time.Date(2026, 11, 4, 0, 0, 0, 0, time.UTC) // in UTC, with 72 hours of grace
)

// bench is a settler on a real store.
type bench struct {
	*testing.T
	*Settler
	store *sqlite.Store
	dir   string
	now   time.Time
	zone  *time.Location
}

func newBench(t *testing.T, zone *time.Location) *bench {
	t.Helper()
	b := &bench{T: t, now: start, dir: t.TempDir(), zone: zone}
	b.store = b.open()
	b.Settler = &Settler{Store: b.store, Now: func() time.Time { return b.now }, Log: slog.New(slog.DiscardHandler),
		Rules: Rules{Mode: Pledge, Grace: 72 * time.Hour, Split: flattery.SplitByFlattr, Lapse: 90 * 24 * time.Hour}}
	return b
}

// open opens the store, also a second time, as another process would.
func (b *bench) open() *sqlite.Store {
	b.Helper()
	s, err := sqlite.Open(b.Context(), sqlite.Options{Dir: b.dir, Location: b.zone, Now: func() time.Time { return b.now }, Log: slog.New(slog.DiscardHandler), Volatile: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s
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
		link.ID, err = tx.AddLink(ctx, link, "")
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
	months, err := b.store.Months(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range months {
		got = append(got, fmt.Sprintf("%s %v %s", m.Month, !m.SettledAt.IsZero(), m.Budgets))
	}
	want := []string{"2027-03 false 0.00", "2027-02 true 0.00", "2027-01 true 5.00", "2026-12 true 0.00", "2026-11 true 5.00", "2026-10 true 5.00"}
	// February was not there before the freeze made the months up to now: it closes at the next look.
	if err := b.settle(); err != nil {
		t.Fatal(err)
	}
	if months, err = b.store.Months(t.Context()); err != nil {
		t.Fatal(err)
	}
	got = nil
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
	errs := make([]error, 16)
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
					if link.ID, err = tx.AddLink(ctx, link, ""); err != nil {
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

func (c *crashing) Update(ctx context.Context, fn func(store.Tx) error) error {
	if c.left--; c.left < 0 {
		return c.Store.Update(ctx, func(tx store.Tx) error { return errors.Join(fn(tx), errCrash) })
	}
	return c.Store.Update(ctx, fn)
}

func TestWhatADonorGives(t *testing.T) {
	for _, row := range []struct {
		name                         string
		set                          flattery.Settings
		rules                        Rules
		means                        flattery.Amount
		things                       int
		budget, fee, shares, unspent string
	}{
		{"a budget is split", flattery.Settings{Budget: 5 * flattery.Unit}, Rules{Mode: Pledge}, 0, 3, "5.00", "0.00", "5.00", "0.00"},
		{"a cap holds back", flattery.Settings{Budget: 5 * flattery.Unit, Cap: flattery.Unit / 2}, Rules{Mode: Pledge}, 0, 3, "5.00", "0.00", "1.50", "3.50"},
		{"a cap that is not reached", flattery.Settings{Budget: 5 * flattery.Unit, Cap: flattery.Unit / 2}, Rules{Mode: Pledge}, 0, 20, "5.00", "0.00", "5.00", "0.00"},
		{"paused", flattery.Settings{Budget: 5 * flattery.Unit, Paused: true}, Rules{Mode: Pledge}, 0, 3, "0.00", "0.00", "0.00", "0.00"},
		{"no budget", flattery.Settings{}, Rules{Mode: Pledge}, 0, 3, "0.00", "0.00", "0.00", "0.00"},
		{"prepaid with enough", flattery.Settings{Budget: 5 * flattery.Unit}, Rules{Mode: Prepaid}, 9 * flattery.Unit, 3, "5.00", "0.00", "5.00", "0.00"},
		{"prepaid with too little", flattery.Settings{Budget: 5 * flattery.Unit}, Rules{Mode: Prepaid}, 3*flattery.Unit + 1, 3, "3.000001", "0.00", "3.000001", "0.00"},
		{"prepaid with nothing", flattery.Settings{Budget: 5 * flattery.Unit}, Rules{Mode: Prepaid}, 0, 3, "0.00", "0.00", "0.00", "0.00"},
		{"prepaid with a fee", flattery.Settings{Budget: 5 * flattery.Unit}, Rules{Mode: Prepaid, Fee: 100_000}, 9 * flattery.Unit, 3, "5.00", "0.50", "4.50", "0.00"},
		{"prepaid with a fee and too little", flattery.Settings{Budget: 5 * flattery.Unit}, Rules{Mode: Prepaid, Fee: 100_000}, 3 * flattery.Unit, 3, "3.00", "0.30", "2.70", "0.00"},
		{"prepaid with a fee and a cap", flattery.Settings{Budget: 5 * flattery.Unit, Cap: flattery.Unit}, Rules{Mode: Prepaid, Fee: 100_000}, 9 * flattery.Unit, 2, "5.00", "0.50", "2.00", "2.50"},
		{"prepaid where the fee is everything", flattery.Settings{Budget: 5 * flattery.Unit}, Rules{Mode: Prepaid, Fee: 1_000_000}, 9 * flattery.Unit, 2, "5.00", "5.00", "0.00", "0.00"},
		{"prepaid with a millionth", flattery.Settings{Budget: 5 * flattery.Unit}, Rules{Mode: Prepaid, Fee: 100_000}, 1, 3, "0.000001", "0.00", "0.000001", "0.00"},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBench(t, time.UTC)
			row.rules.Grace, row.rules.Split = 72*time.Hour, flattery.SplitByFlattr
			b.Rules = row.rules
			b.maker("zoe")
			ann := b.donor("ann", row.set)
			if row.means > 0 {
				b.do(func(ctx context.Context, tx store.Tx) error {
					_, err := tx.Post(ctx, ledger.Draft{Key: "m", Kind: "means", At: start, Entries: []ledger.Entry{{Debit: ledger.Bank, Credit: ledger.DonorMeans(ann.Account), Currency: "EUR", Amount: row.means}}})
					return err
				})
			}
			for i := range row.things {
				b.likes(ann, start, fmt.Sprint("zoe/", i))
			}
			preview, err := b.Preview(t.Context(), october)
			if err != nil || len(preview) != 1 {
				t.Fatalf("preview %v, error %v", preview, err)
			}
			b.now = closes
			if err := b.settle(); err != nil {
				t.Fatal(err)
			}
			st := b.statement(ann)
			got := fmt.Sprint(st.Budget, " ", st.Fee, " ", st.Shares, " ", st.Unspent)
			if want := strings.Join([]string{row.budget, row.fee, row.shares, row.unspent}, " "); got != want {
				t.Errorf("budget, fee, shares, unspent are %s, want %s", got, want)
			}
			if p := preview[0].Settlement; p.Budget != st.Budget || p.Shares != st.Shares || p.Fee != st.Fee {
				t.Errorf("the preview said %+v", p)
			}
			if (st.Transaction == 0) != (st.Shares == 0 && st.Fee == 0) || b.month(october).SettledAt.IsZero() {
				t.Errorf("statement %+v", st)
			}
			b.audited()
			left, err := b.store.Balance(t.Context(), ledger.DonorMeans(ann.Account), "EUR")
			if want := max(row.means-st.Shares-st.Fee, 0); err != nil && !errors.Is(err, flattery.ErrNotFound) || left != want {
				t.Errorf("means left %s, want %s (%v)", left, want, err)
			}
			debts, err := b.store.Debts(t.Context(), ann.Account)
			owed := flattery.Amount(0)
			for _, d := range debts {
				owed += d.Amount
			}
			if err != nil || row.rules.Mode == Pledge && owed != st.Shares || row.rules.Mode == Prepaid && owed != 0 {
				t.Errorf("owes %s, error %v", owed, err)
			}
		})
	}
}

// Twelve months in zones that change their clocks: each like counts in the month of its place, and each month closes 72
// hours after its end.
func TestMonthEndsInZonesThatChangeTheirClocks(t *testing.T) {
	for _, name := range []string{"UTC", "Europe/Berlin", "America/New_York", "Africa/Casablanca", "Australia/Lord_Howe", "America/Asuncion"} {
		t.Run(name, func(t *testing.T) {
			zone, err := time.LoadLocation(name)
			if err != nil {
				t.Fatal(err)
			}
			b := newBench(t, zone)
			b.now = time.Date(2025, 12, 31, 12, 0, 0, 0, time.UTC)
			b.maker("zoe")
			ann := b.donor("ann", flattery.Settings{Budget: 5 * flattery.Unit})
			first := flattery.Month(2026 * 12)
			for m := first; m < first+12; m++ {
				ends := m.Ends(zone)
				b.now = ends.Add(time.Minute)
				b.likes(ann, m.Starts(zone).Add(time.Hour), fmt.Sprint("zoe/in-", m))
				b.likes(ann, ends.Add(-time.Second), fmt.Sprint("zoe/last-", m))
				b.likes(ann, ends, fmt.Sprint("zoe/next-", m))
				b.now = ends.Add(72*time.Hour - time.Second)
				if err := b.settle(); err != nil || !b.month(m).FrozenAt.IsZero() {
					t.Fatalf("%s: a second before its time: %v", m, err)
				}
				b.now = ends.Add(72 * time.Hour)
				if err := b.settle(); err != nil {
					t.Fatal(err)
				}
				want := 3
				if m == first {
					want = 2
				}
				if st := b.month(m); st.SettledAt.IsZero() || st.Flattrs != want || !st.Ends.Equal(ends) || st.Shares != 5*flattery.Unit {
					t.Fatalf("%s: %+v, want %d flattrs", m, st, want)
				}
			}
			if n := b.audited(); n != 12 {
				t.Errorf("%d transactions", n)
			}
		})
	}
}

func TestOnlyWhatCountsTakesAShare(t *testing.T) {
	b := newBench(t, time.UTC)
	b.maker("zoe")
	ann := b.donor("ann", flattery.Settings{Budget: 5 * flattery.Unit})
	b.likes(ann, start, "zoe/x", "nobody/y", "nobody/z")
	b.now = closes
	if err := b.settle(); err != nil {
		t.Fatal(err)
	}
	if st := b.statement(ann); st.Flattrs != 1 || st.Shares != 5*flattery.Unit {
		t.Errorf("statement %+v", st)
	}
	// The author claims during the grace of November: what waited joins the month that is then current.
	b.now = time.Date(2026, 12, 2, 0, 0, 0, 0, time.UTC)
	b.maker("nobody")
	b.now = time.Date(2027, 1, 4, 0, 0, 0, 0, time.UTC)
	if err := b.settle(); err != nil {
		t.Fatal(err)
	}
	if m := b.month(october + 2); m.Flattrs != 2 || m.Shares != 5*flattery.Unit {
		t.Errorf("December %+v", m)
	}
	if m := b.month(october + 1); m.Flattrs != 0 || m.SettledAt.IsZero() {
		t.Errorf("November %+v", m)
	}
	b.audited()
}

func TestWhatWaitedTooLongLapses(t *testing.T) {
	b := newBench(t, time.UTC)
	ann := b.donor("ann", flattery.Settings{Budget: 5 * flattery.Unit})
	b.likes(ann, start, "nobody/x")
	state := func() flattery.State {
		list, err := b.store.Flattrs(t.Context(), store.FlattrQuery{Account: ann.Account})
		if err != nil || len(list) != 1 {
			t.Fatalf("%v %v", list, err)
		}
		return list[0].State
	}
	for _, row := range []struct {
		lapse time.Duration
		after time.Duration
		want  flattery.State
	}{
		{0, 1000 * 24 * time.Hour, flattery.Pending}, // never
		{90 * 24 * time.Hour, 90 * 24 * time.Hour, flattery.Pending},
		{90 * 24 * time.Hour, 90*24*time.Hour + time.Second, flattery.Lapsed},
	} {
		b.Rules.Lapse, b.now = row.lapse, start.Add(row.after)
		if err := b.Enqueue(t.Context(), b.now); err != nil || state() != row.want {
			t.Errorf("after %s it is %s, want %s (%v)", row.after, state(), row.want, err)
		}
	}
}

func TestAJobThatIsNoneIsAnError(t *testing.T) {
	b := newBench(t, time.UTC)
	for kind, keys := range map[string][]string{KindMonth: {"", "x", "2026-13"}, KindSpan: {"", "2026-10", "2026-10 1", "2026-10 a b", "x 1 2", "2026-10 1 2 3"}} {
		for _, key := range keys {
			if err := b.Handlers()[kind](t.Context(), queue.Job{Kind: kind, Key: key}); err == nil {
				t.Errorf("%s %q is taken", kind, key)
			}
		}
	}
}
