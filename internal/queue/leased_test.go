package queue_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"flattery/internal/queue"
	"flattery/store"
	"flattery/store/eachtest"
)

func TestMain(m *testing.M) { eachtest.Main(m) }

var start = time.Date(2026, 10, 5, 9, 0, 0, 0, time.UTC)

// bench is a leased table on a real store, in a time of its own.
type bench struct {
	*testing.T
	store.Store
	mu  sync.Mutex
	at  time.Time
	log bytes.Buffer
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{T: t, at: start}
	b.Store = eachtest.New(t).Open(t, eachtest.Options{Now: b.now, Log: slog.New(slog.NewTextHandler(&b.log, nil)), Workers: 2})
	return b
}

func (b *bench) now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.at
}

func (b *bench) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.at = b.at.Add(d)
}

func (b *bench) enqueue(keys ...string) {
	b.Helper()
	if err := b.Update(b.Context(), func(tx store.Tx) error {
		for _, k := range keys {
			if err := tx.Enqueue(b.Context(), "work", k, b.now()); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
}

// table is the one behind the jobs.
func (b *bench) table() queue.Table {
	b.Helper()
	switch j := b.Jobs().(type) {
	case *queue.Leased:
		return j.Table
	case interface{ Table() queue.Table }:
		return j.Table()
	default:
		b.Fatalf("jobs of %T", j)
		return nil
	}
}

// drain does what is due with a handler and says which jobs it was given, with their attempts.
func (b *bench) drain(h func(queue.Job) error) (got string, err error) {
	b.Helper()
	_, err = b.Jobs().Drain(b.Context(), queue.Handlers{"work": func(_ context.Context, j queue.Job) error {
		got += fmt.Sprintf("%s/%d ", j.Key, j.Attempt)
		return h(j)
	}})
	return got, err
}

func fine(queue.Job) error { return nil }

func (b *bench) gives(after time.Duration, want string) {
	b.Helper()
	b.pass(after)
	if got, err := b.drain(fine); got != want || err != nil {
		b.Errorf("after %s: jobs %q, want %q; error %v", after, got, want, err)
	}
}

func TestAJobIsDoneOnceInTheOrderOfMaking(t *testing.T) {
	b := newBench(t)
	b.enqueue("b", "a", "b", "c")
	b.enqueue("a")
	b.gives(0, "b/1 a/1 c/1 ")
	b.gives(24*time.Hour, "")
	b.enqueue("a") // done, so it may be made again
	b.gives(0, "a/1 ")
}

func TestWhatBecomesOfAJobThatDidNotEndWell(t *testing.T) {
	boom := errors.New("boom")
	for _, row := range []struct {
		name    string
		handler func(*bench) func(queue.Job) error
		err     error
		notYet  time.Duration // still nothing then
		again   time.Duration // and after so long more, there it is
		attempt int
		panics  bool
	}{
		{"an error: after a pause", func(*bench) func(queue.Job) error { return func(queue.Job) error { return boom } }, boom, time.Second, time.Second, 2, false},
		{"a snooze: at its time, uncounted", func(b *bench) func(queue.Job) error {
			return func(queue.Job) error { return fmt.Errorf("x: %w", &queue.SnoozeError{Until: b.now().Add(time.Hour)}) }
		}, nil, time.Hour - time.Second, time.Second, 1, false},
		{"a panic: after a pause", func(*bench) func(queue.Job) error { return func(queue.Job) error { panic("ouch") } }, nil, time.Second, time.Second, 2, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBench(t)
			b.enqueue("a", "b")
			bad := row.handler(b)
			got, err := b.drain(func(j queue.Job) error {
				if j.Key == "a" {
					return bad(j)
				}
				return nil
			})
			if got != "a/1 b/1 " { // one does not stop the others
				t.Errorf("jobs %q", got)
			}
			panicked, ok := errors.AsType[*queue.PanicError](err)
			switch {
			case row.panics:
				if !ok || panicked.Value != "ouch" || len(panicked.Stack) == 0 {
					t.Errorf("error %v", err)
				}
			case ok || !errors.Is(err, row.err):
				t.Errorf("error %v, want %v", err, row.err)
			}
			b.gives(row.notYet, "")
			b.gives(row.again, fmt.Sprintf("a/%d ", row.attempt))
		})
	}
}

func TestPausesGrow(t *testing.T) {
	b := newBench(t)
	b.enqueue("a")
	var pauses []time.Duration
	for range 14 {
		if _, err := b.drain(func(queue.Job) error { return errors.New("no") }); err == nil {
			t.Fatal("no error")
		}
		waited := time.Duration(0)
		for due := false; !due && waited < 2*time.Hour; {
			b.pass(time.Second)
			waited += time.Second
			jobs, err := b.table().Lease(t.Context(), []string{"work"}, b.now(), b.now(), 1)
			if err != nil {
				t.Fatal(err)
			}
			due = len(jobs) == 1
			for _, j := range jobs {
				if err := b.table().Again(t.Context(), j, b.now(), false, ""); err != nil {
					t.Fatal(err)
				}
			}
		}
		pauses = append(pauses, waited)
	}
	for i, p := range pauses {
		if want := min(2*time.Second<<i, time.Hour); p != want {
			t.Errorf("pause %d is %s, want %s", i+1, p, want)
		}
	}
}

func TestALeaseThatRanOutIsHandedOutAgainAndItsFirstHolderIsTooLate(t *testing.T) {
	b := newBench(t)
	table := b.table()
	b.enqueue("a")
	lease := func() []queue.Job {
		t.Helper()
		jobs, err := table.Lease(t.Context(), []string{"work"}, b.now(), b.now().Add(queue.Lease), 10)
		if err != nil {
			t.Fatal(err)
		}
		return jobs
	}
	first := lease()
	if again := lease(); len(first) != 1 || len(again) != 0 {
		t.Fatalf("leased %v and %v", first, again)
	}
	if jobs, err := table.Lease(t.Context(), []string{"other"}, b.now().Add(time.Hour), b.now(), 10); err != nil || len(jobs) != 0 {
		t.Errorf("another kind is given %v, %v", jobs, err)
	}
	b.pass(queue.Lease)
	second := lease()
	if len(second) != 1 || second[0].Attempt != 2 || second[0].Lease == first[0].Lease {
		t.Fatalf("leased again %v", second)
	}
	// The first holder wakes up: it may neither finish nor put off what is another's now.
	if err := errors.Join(table.Finish(t.Context(), first[0]), table.Again(t.Context(), first[0], b.now(), true, "late")); err != nil {
		t.Fatal(err)
	}
	if jobs := lease(); len(jobs) != 0 {
		t.Errorf("the late holder put it off: %v", jobs)
	}
	b.pass(queue.Lease)
	if jobs := lease(); len(jobs) != 1 || jobs[0].Attempt != 3 {
		t.Errorf("the late holder finished it: %v", jobs)
	}
}

func TestStoppedItGivesBackWhatItHas(t *testing.T) {
	b := newBench(t)
	var keys []string
	for i := range 20 {
		keys = append(keys, fmt.Sprint(i))
	}
	b.enqueue(keys...)
	ctx, stop := context.WithCancel(t.Context())
	var mu sync.Mutex
	begun, done := 0, map[string]bool{}
	err := b.Jobs().Run(ctx, queue.Handlers{"work": func(ctx context.Context, j queue.Job) error {
		mu.Lock()
		begun++
		last := begun == 5
		mu.Unlock()
		if last {
			stop()
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		mu.Lock()
		defer mu.Unlock()
		done[j.Key] = true
		return nil
	}})
	if err != nil {
		t.Errorf("stopped: %v", err)
	}
	stop()
	if _, err := b.drain(func(j queue.Job) error { // at once: nobody waits for a lease to run out
		if done[j.Key] {
			t.Errorf("%s is done twice", j.Key)
		}
		if j.Attempt != 1 {
			t.Errorf("%s is counted as attempt %d", j.Key, j.Attempt)
		}
		done[j.Key] = true
		return nil
	}); err != nil {
		t.Error(err)
	}
	if len(done) != 20 {
		t.Errorf("%d of 20 are done", len(done))
	}
}

func TestRunDoesWhatComesLater(t *testing.T) {
	b := newBench(t)
	ctx, stop := context.WithCancel(t.Context())
	got := make(chan string)
	ended := make(chan error)
	go func() {
		ended <- b.Jobs().Run(ctx, queue.Handlers{"work": func(_ context.Context, j queue.Job) error { got <- j.Key; return nil }})
	}()
	for _, key := range []string{"a", "b", "c"} {
		b.enqueue(key)
		if k := <-got; k != key {
			t.Errorf("got %s, want %s", k, key)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
