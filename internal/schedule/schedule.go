// Package schedule asks, minute by minute or day by day, "is something due?". It knows nothing of what is due: the data
// answers, so that a question asked twice, late or after a long sleep does no harm. It is the only importer of
// robfig/cron.
package schedule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/robfig/cron/v3"
)

// Entry is one question and when to ask it.
type Entry struct {
	Name string
	Spec string // minute, hour, day, month, weekday, in UTC; or "@every 1m", "@daily"
	// Due does, or enqueues, what is due at now. It may be asked at any time and as often as one likes, but never
	// while it is still answering. When ctx ends it should too.
	Due func(ctx context.Context, now time.Time) error
}

// Schedule is a set of entries, ready to run once.
type Schedule struct {
	log     *slog.Logger
	now     func() time.Time
	entries []entry
}

type entry struct {
	Entry
	times cron.Schedule
}

// Check reports what is wrong with a spec.
func Check(spec string) error {
	_, err := parse(spec)
	return err
}

// New reads the specs. Cron's minutes are the machine's; the time that an entry is asked about is now's.
func New(log *slog.Logger, now func() time.Time, entries ...Entry) (*Schedule, error) {
	s := &Schedule{log: log, now: now}
	for _, e := range entries {
		times, err := parse(e.Spec)
		if err != nil {
			return nil, fmt.Errorf("schedule: %s: %w", e.Name, err)
		}
		s.entries = append(s.entries, entry{e, times})
	}
	return s, nil
}

func parse(spec string) (cron.Schedule, error) {
	// A zone of its own would fire never or twice in the nights when clocks change; and robfig/cron panics over a
	// zone with nothing behind it.
	if strings.Contains(spec, "TZ=") {
		return nil, fmt.Errorf("%q names a time zone, and times are in UTC", spec)
	}
	times, err := cron.ParseStandard(spec)
	if err != nil {
		return nil, fmt.Errorf("%q is not a time: %w", spec, err)
	}
	if in, ok := times.(*cron.SpecSchedule); ok {
		in.Location = time.UTC
	}
	if times.Next(time.Unix(0, 0)).IsZero() {
		return nil, fmt.Errorf("%q never comes", spec)
	}
	return times, nil
}

// Run asks every entry at once, to catch up with what was missed, and then at its times. An entry that errs or panics
// is logged and asked again next time; one that still answers is not asked again meanwhile. When ctx ends, Run waits
// for the last answer and returns nil.
func (s *Schedule) Run(ctx context.Context) error {
	c := cron.New(cron.WithLocation(time.UTC), cron.WithLogger(logger{s.log}))
	var first sync.WaitGroup
	for _, e := range s.entries {
		log := logger{s.log.With("entry", e.Name)}
		job := cron.NewChain(cron.SkipIfStillRunning(log), cron.Recover(log)).Then(cron.FuncJob(func() { s.ask(ctx, e) }))
		c.Schedule(e.times, job)
		first.Go(job.Run)
	}
	c.Start()
	<-ctx.Done()
	<-c.Stop().Done()
	first.Wait()
	return nil
}

func (s *Schedule) ask(ctx context.Context, e entry) {
	if ctx.Err() != nil {
		return
	}
	err := e.Due(ctx, s.now())
	if err != nil && (ctx.Err() == nil || !errors.Is(err, ctx.Err())) {
		s.log.Error("schedule", "entry", e.Name, "error", err)
	}
}

// logger is how robfig/cron speaks through slog. What it tells as information is of interest to nobody but us.
type logger struct{ *slog.Logger }

func (l logger) Info(msg string, kv ...any) {
	l.Debug("schedule", append([]any{"event", msg}, kv...)...)
}

func (l logger) Error(err error, msg string, kv ...any) {
	l.Logger.Error("schedule", append([]any{"event", msg, "error", err}, kv...)...)
}
