// Package queue hands out work at least once. It says what a job is and runs leased jobs from a table; on PostgreSQL
// River does the running. It knows nothing of what the jobs do.
package queue

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Job is one piece of work that is due. Kind and Key together are unique among the unfinished.
type Job struct {
	Kind    string
	Key     string
	Attempt int   // counts from 1
	Lease   int64 // which lease this is; a table's own business
}

// Handler does a job. Nil finishes it; a *SnoozeError hands it out again later without counting; any other error
// hands it out again after a pause that grows with each attempt. The same job may be handed out again after a crash, so a handler
// must be able to do its work twice.
type Handler func(context.Context, Job) error

// Handlers are the kinds of job somebody here can do.
type Handlers map[string]Handler

// Jobs is where the jobs of a store are done.
type Jobs interface {
	// Run does jobs as they come due until ctx ends, and returns when the last job it began has ended.
	Run(ctx context.Context, h Handlers) error
	// Drain does what is due now, one job after the other in the order of their making, also what these jobs make due;
	// it returns when nothing is due, with how many were done and the errors of those that failed, joined.
	Drain(ctx context.Context, h Handlers) (int, error)
}

// SnoozeError asks to be handed the job again at a time; it is no failure.
type SnoozeError struct{ Until time.Time }

func (e *SnoozeError) Error() string { return "snoozed until " + e.Until.Format(time.RFC3339) }

// Table is where leased jobs are kept. Each method is one durable step.
type Table interface {
	// Lease hands out at most n jobs of these kinds that are due at now and leases them until until. A lease that has
	// run out is due again.
	Lease(ctx context.Context, kinds []string, now, until time.Time, n int) ([]Job, error)
	// Finish forgets a job that is done.
	Finish(ctx context.Context, j Job) error
	// Again makes a job due at the given time; counted says whether the attempt counts.
	Again(ctx context.Context, j Job, at time.Time, counted bool, cause string) error
	// Woken receives when a job may have come due; it may be nil.
	Woken() <-chan struct{}
}

// PanicError is a panic of a handler, made into an error so that it costs one job and not the daemon.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.Value, e.Stack) }

// Pause is how long a job waits after its n-th attempt failed.
func Pause(attempt int) time.Duration {
	return min(time.Second<<min(attempt, 12), time.Hour)
}

// Snoozed reports until when a handler asked to be left alone.
func Snoozed(err error) (time.Time, bool) {
	if s, ok := errors.AsType[*SnoozeError](err); ok {
		return s.Until, true
	}
	return time.Time{}, false
}
