package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// Lease is how long a job may take. A worker that crashed is taken for dead after it.
const Lease = 5 * time.Minute

// look is how often the table is looked at when nothing wakes it: another process may have made work.
const look = 2 * time.Second

// Leased does the jobs of a table with a few workers.
type Leased struct {
	Table   Table
	Now     func() time.Time
	Workers int
	Log     *slog.Logger
}

// Run does jobs as they come due.
func (l *Leased) Run(ctx context.Context, h Handlers) error {
	kinds := slices.Sorted(maps.Keys(h))
	work := make(chan Job)
	var workers sync.WaitGroup
	for range l.Workers {
		workers.Go(func() {
			for j := range work {
				if err := l.do(ctx, h, j); err != nil && ctx.Err() == nil {
					l.Log.Error("a job did not end well", "kind", j.Kind, "key", j.Key, "attempt", j.Attempt, "error", err)
				}
			}
		})
	}
	defer workers.Wait()
	defer close(work)
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		for {
			jobs, err := l.lease(ctx, kinds, l.Workers)
			if err != nil && ctx.Err() == nil {
				l.Log.Error("no jobs could be leased", "error", err)
			}
			for i, j := range jobs {
				select {
				case work <- j:
				case <-ctx.Done():
					return l.giveBack(ctx, jobs[i:])
				}
			}
			if len(jobs) == 0 {
				break
			}
		}
		select {
		case <-tick.C:
		case <-l.Table.Woken():
		case <-ctx.Done():
			return nil
		}
	}
}

// Drain does what is due, one after the other.
func (l *Leased) Drain(ctx context.Context, h Handlers) (int, error) {
	kinds := slices.Sorted(maps.Keys(h))
	var errs []error
	for done := 0; ; {
		jobs, err := l.lease(ctx, kinds, 1)
		if err != nil || len(jobs) == 0 || ctx.Err() != nil {
			return done, errors.Join(append(errs, err, ctx.Err())...)
		}
		for _, j := range jobs {
			if err := l.do(ctx, h, j); err != nil {
				errs = append(errs, fmt.Errorf("%s %s: %w", j.Kind, j.Key, err))
			}
			done++
		}
	}
}

func (l *Leased) lease(ctx context.Context, kinds []string, n int) ([]Job, error) {
	select {
	case <-ctx.Done():
		return nil, nil
	default:
	}
	now := l.Now()
	return l.Table.Lease(ctx, kinds, now, now.Add(Lease), n)
}

// giveBack makes jobs due again that were leased and not begun.
func (l *Leased) giveBack(ctx context.Context, jobs []Job) error {
	var errs []error
	for _, j := range jobs {
		errs = append(errs, l.Table.Again(ctx, j, l.Now(), false, ""))
	}
	return errors.Join(errs...)
}

// do runs a job within its lease and writes down how it ended.
func (l *Leased) do(ctx context.Context, h Handlers, j Job) error {
	limited, cancel := context.WithTimeout(ctx, Lease-10*time.Second)
	defer cancel()
	err := Protect(limited, h[j.Kind], j)
	if err == nil {
		return l.Table.Finish(ctx, j)
	}
	if until, ok := Snoozed(err); ok {
		return l.Table.Again(ctx, j, until, false, err.Error())
	}
	if ctx.Err() != nil { // we are stopping: not the job's fault
		return errors.Join(err, l.Table.Again(ctx, j, l.Now(), false, ""))
	}
	return errors.Join(err, l.Table.Again(ctx, j, l.Now().Add(Pause(j.Attempt)), true, err.Error()))
}

// Protect runs a handler, and makes its panic a *PanicError.
func Protect(ctx context.Context, h Handler, j Job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{p, debug.Stack()}
		}
	}()
	return h(ctx, j)
}
