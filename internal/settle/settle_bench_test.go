package settle_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/internal/payout"
	"flattery/internal/payout/manual"
	"flattery/internal/settle"
	"flattery/store"
	"flattery/store/eachtest"
	"flattery/store/sqlite"
)

var (
	october  = time.Date(2026, 10, 15, 12, 0, 0, 0, time.UTC)
	november = time.Date(2026, 11, 4, 4, 15, 0, 0, time.UTC)
)

const each = 10 // flattrs of a donor

// town is an instance in whose October so many flattrs count, ten of each donor; two donors to a creator.
type town struct {
	*testing.B
	store   store.Store
	place   *eachtest.Place
	settler *settle.Settler
	joins   bool                 // everybody joined netting
	paid    flattery.Destination // where everybody is paid; "": nowhere
}

func openTown(b *testing.B, flattrs int, more ...func(*town)) *town {
	b.Helper()
	place := eachtest.New(b)
	log, now := slog.New(slog.DiscardHandler), func() time.Time { return november }
	s := place.OpenLoose(b, eachtest.Options{Now: now, Durable: true, Workers: 4})
	t := &town{B: b, store: s, place: place, settler: &settle.Settler{Store: s, Now: now, Log: log,
		Rules: settle.Rules{Mode: settle.Pledge, Grace: 72 * time.Hour, Split: flattery.SplitByFlattr}}}
	for _, m := range more {
		m(t)
	}
	t.people(flattrs / each)
	return t
}

// people are written in groups, so that no transaction grows with the town.
func (t *town) people(donors int) {
	creators := donors / 2
	t.groups(creators, func(ctx context.Context, tx store.Tx, i int) error {
		id, err := t.account(ctx, tx, "creator", i, 0)
		if err != nil {
			return err
		}
		_, err = tx.AddClaim(ctx, flattery.Claim{Account: id, Identity: who("creator", i), Proof: flattery.ByAdmin, ProvedAt: october.Add(-time.Hour)})
		return err
	})
	t.groups(donors, func(ctx context.Context, tx store.Tx, i int) error {
		id, err := t.account(ctx, tx, "donor", i, 5*flattery.Unit)
		if err != nil {
			return err
		}
		l := flattery.Link{Account: id, Identity: who("donor", i), Proof: flattery.ByName, BeginsAt: october.Add(-time.Hour), NextPoll: october, Interval: time.Hour}
		if l.ID, err = tx.AddLink(ctx, l, flattery.Token{}); err != nil {
			return err
		}
		likes := make([]flattery.Like, each)
		for n := range likes {
			creator := (i*31 + n*97) % creators
			thing := fmt.Sprintf("%d-%d", creator, (i+n)%20)
			likes[n] = flattery.Like{Thing: flattery.Thing{Network: "github", Host: "github.com", ID: thing, URL: "https://github.com/c/" + thing, Title: "c/" + thing},
				Author: who("creator", creator), At: october.Add(-time.Minute), Source: flattery.Exact}
		}
		_, err = tx.AddLikes(ctx, l, likes, false, october)
		return err
	})
}

func (t *town) account(ctx context.Context, tx store.Tx, kind string, i int, budget flattery.Amount) (flattery.AccountID, error) {
	return tx.AddAccount(ctx, flattery.Account{Name: fmt.Sprintf("%s-%d", kind, i), CreatedAt: october.Add(-time.Hour), Settings: flattery.Settings{Budget: budget, Currency: "EUR", Netting: t.joins, Destination: t.paid}})
}

func (t *town) groups(n int, fn func(context.Context, store.Tx, int) error) {
	t.Helper()
	for first := 0; first < n; first += 500 {
		err := t.store.Update(t.Context(), func(tx store.Tx) error {
			for i := first; i < min(first+500, n); i++ {
				if err := fn(t.Context(), tx, i); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func who(kind string, i int) flattery.Profile {
	handle := fmt.Sprintf("%s-%d", kind, i)
	return flattery.Profile{Identity: flattery.Identity{Network: "github", Host: "github.com", Subject: handle}, Handle: handle, URL: "https://github.com/" + handle}
}

// settle closes October as the daemon does: a few workers do the jobs.
func (t *town) settle() {
	t.Helper()
	if err := t.settler.Enqueue(t.Context(), november); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var jobs sync.WaitGroup
	jobs.Go(func() {
		if err := t.store.Jobs().Run(ctx, t.settler.Handlers()); err != nil {
			t.Error(err)
		}
	})
	for range time.Tick(time.Millisecond) {
		m, err := t.store.Month(ctx, flattery.MonthOf(october, time.UTC))
		if err != nil || !m.SettledAt.IsZero() && m.Shares != m.Budgets {
			t.Fatal(m, err)
		}
		if !m.SettledAt.IsZero() {
			break
		}
	}
	stop()
	jobs.Wait()
}

// end closes the store and says how many bytes it has on disk.
func (t *town) end() int64 {
	t.Helper()
	if err := t.store.Close(); err != nil {
		t.Fatal(err)
	}
	if t.place.DSN != "" {
		return 0 // its tables are the server's
	}
	st, err := os.Stat(filepath.Join(t.place.Dir, sqlite.File))
	if err != nil {
		t.Fatal(err)
	}
	return st.Size()
}

// keep leaves a copy of the town for the floor to settle, where FLATTERY_TOWN says.
func (t *town) keep() {
	t.Helper()
	to := os.Getenv("FLATTERY_TOWN")
	if to == "" || t.place.DSN != "" {
		return
	}
	db, err := sql.Open("sqlite", filepath.Join(t.place.Dir, sqlite.File))
	if err == nil {
		_, err = db.ExecContext(t.Context(), `VACUUM INTO ?`, to)
		err = errors.Join(err, db.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func sizes() []int {
	all := []int{10_000, 100_000}
	if os.Getenv("FLATTERY_LONG") == "1" {
		all = append(all, 1_000_000)
	}
	return all
}

// From the question "what is due?" to the closed month: freeze, split, post, close. docs/bench/settle_floor.sql does
// what is left of it without protection, in C.
func BenchmarkSettle(b *testing.B) {
	var before float64 // what a tenth of the work took
	for _, size := range sizes() {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			var bytes, most float64
			for b.Loop() {
				b.StopTimer()
				t := openTown(b, size)
				t.keep()
				runtime.GC()
				peak := peaking(b)
				b.StartTimer()
				t.settle()
				b.StopTimer()
				most = peak()
				bytes = float64(t.end()) / float64(size)
				b.StartTimer()
			}
			took := b.Elapsed().Seconds() / float64(b.N)
			b.ReportMetric(took*1e6/float64(size), "µs/flattr")
			b.ReportMetric(bytes, "B/flattr")
			b.ReportMetric(most, "MiB_peak")
			if before > 0 {
				b.ReportMetric(math.Log10(took/before), "exponent")
			}
			before = took
		})
	}
}

// From the settled month to its slips: what is given on, netting, the plan. Everybody joined, or nobody.
func BenchmarkPlan(b *testing.B) {
	for _, joins := range []bool{false, true} {
		var before float64
		for _, size := range sizes() {
			b.Run(fmt.Sprintf("netting=%t/%d", joins, size), func(b *testing.B) {
				var slips int
				var most float64
				for b.Loop() {
					b.StopTimer()
					t := openTown(b, size, func(t *town) { t.joins, t.paid = joins, "https://pay.example/" })
					t.settle()
					runtime.GC()
					peak := peaking(b)
					b.StartTimer()
					slips = t.plan()
					b.StopTimer()
					most = peak()
					t.end()
					b.StartTimer()
				}
				took := b.Elapsed().Seconds() / float64(b.N)
				b.ReportMetric(took*1e6/float64(size), "µs/flattr")
				b.ReportMetric(float64(slips), "slips")
				b.ReportMetric(most, "MiB_peak")
				if before > 0 {
					b.ReportMetric(math.Log10(took/before), "exponent")
				}
				before = took
			})
		}
	}
}

// plan makes October's slips, and says how many.
func (t *town) plan() int {
	t.Helper()
	p := &payout.Planner{Store: t.store, Rail: manual.Rail{}, Now: func() time.Time { return november }, Log: slog.New(slog.DiscardHandler),
		Rules: payout.Rules{Max: 5, Minimum: flattery.Unit / 2, Netting: t.joins}}
	if err := p.Enqueue(t.Context(), november); err != nil {
		t.Fatal(err)
	}
	if _, err := t.store.Jobs().Drain(t.Context(), p.Handlers()); err != nil {
		t.Fatal(err)
	}
	plan, err := t.store.Plan(t.Context(), flattery.MonthOf(october, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return plan.Payments
}

// peaking begins to watch the memory of this process; the func says the most that was resident since, in MiB. 0 where the system
// does not tell.
func peaking(b *testing.B) func() float64 {
	b.Helper()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // Linux: forgets the peak until now
	return func() float64 {
		status, err := os.ReadFile("/proc/self/status")
		if err != nil {
			return 0
		}
		_, after, _ := strings.Cut(string(status), "VmHWM:")
		var kib float64
		if _, err := fmt.Sscan(after, &kib); err != nil {
			return 0
		}
		return kib / 1024
	}
}

// What reads the whole book of that month.
func BenchmarkBook(b *testing.B) {
	const size = 100_000
	t := openTown(b, size)
	defer t.end()
	t.settle()
	for name, read := range map[string]func(ledger.Book) error{
		"audit": func(book ledger.Book) error {
			r, err := ledger.Audit(book)
			if len(r.Faults) > 0 {
				b.Error(r.Faults)
			}
			return err
		},
		"hledger":   func(book ledger.Book) error { return ledger.Export(io.Discard, "hledger", book) },
		"beancount": func(book ledger.Book) error { return ledger.Export(io.Discard, "beancount", book) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				book, done, err := t.store.Book(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				if err := read(book); err != nil {
					b.Error(err)
				}
				done()
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/size, "µs/flattr")
		})
	}
}

// The split of one donor's month, without the store.
func BenchmarkStatement(b *testing.B) {
	d := store.DonorMonth{Account: flattery.Account{ID: 7, Name: "ada", Settings: flattery.Settings{Budget: 5 * flattery.Unit, Currency: "EUR"}}}
	for i := range each {
		d.Parts = append(d.Parts, flattery.Part{Thing: flattery.Thing{Network: "github", Host: "github.com", ID: fmt.Sprint(i)}, Kind: flattery.KindLike, Weight: 1})
		d.Flattrs, d.Payees = append(d.Flattrs, flattery.FlattrID(i+1)), append(d.Payees, flattery.PayeeID(i+1))
	}
	rules := settle.Rules{Mode: settle.Pledge, Split: flattery.SplitByFlattr}
	for b.Loop() {
		if st := rules.Statement(24322, d); len(st.Entries) != each+1 {
			b.Fatal(len(st.Entries))
		}
	}
}
