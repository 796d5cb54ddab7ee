package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"flattery/internal/queue"
)

// jobs are River's: inserted in our transactions, run by its clients.
type jobs struct {
	s      *Store
	driver *riverpgxv5.Driver
	client *river.Client[pgx.Tx] // inserts
}

// work is what River keeps of a job.
type work struct {
	kind string
	Name string `json:"key"`
}

func (w work) Kind() string { return w.kind }

// kept is for how long finished jobs can be looked at.
const kept = 10 * time.Minute

func newJobs(s *Store) (*jobs, error) {
	j := &jobs{s: s, driver: riverpgxv5.New(s.pool)}
	client, err := river.NewClient(j.driver, &river.Config{Logger: s.warnings(), MaxAttempts: math.MaxInt16, Test: river.TestConfig{Time: clock(s.opts.Now)}})
	j.client = client
	return j, err
}

type enqueued struct {
	work
	due time.Time
}

func (c *conn) Enqueue(_ context.Context, kind, key string, due time.Time) error {
	if !slices.ContainsFunc(c.jobs, func(e enqueued) bool { return e.work == work{kind, key} }) {
		c.jobs = append(c.jobs, enqueued{work{kind, key}, due})
	}
	return nil
}

// enqueue hands River what was enqueued, within the transaction. One of a kind and key is enough among the unfinished.
func (c *conn) enqueue(ctx context.Context) error {
	if len(c.jobs) == 0 {
		return nil
	}
	if !c.begun || len(c.later) > 0 { // River speaks for itself: what waits goes before it
		if _, err := c.Exec(ctx, `SELECT 1`); err != nil {
			return err
		}
	}
	all, now := make([]river.InsertManyParams, 0, len(c.jobs)), c.s.opts.Now()
	for _, e := range c.jobs {
		opts := &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished()}}
		if e.due.After(now) { // whatever has a time waits for River's scheduler, also when the time has come
			opts.ScheduledAt = e.due
		}
		all = append(all, river.InsertManyParams{Args: e.work, InsertOpts: opts})
	}
	if _, err := c.s.jobs.client.InsertManyTx(ctx, transaction{c.c.Conn()}, all); err != nil {
		return c.fail("enqueue", err)
	}
	return nil
}

// unfinished are the states in which one job of a kind and key is enough.
func unfinished() []rivertype.JobState {
	return []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled}
}

// transaction lets River see our connection as the transaction that it is.
type transaction struct{ connection }

type connection = *pgx.Conn

func (t transaction) Begin(ctx context.Context) (pgx.Tx, error) { // within ours
	if _, err := t.Exec(ctx, `SAVEPOINT river`); err != nil {
		return nil, err
	}
	return savepoint{t}, nil
}

func (t transaction) Commit(context.Context) error {
	return errors.New("the transaction is not River's to end")
}
func (t transaction) Rollback(ctx context.Context) error { return t.Commit(ctx) }
func (t transaction) LargeObjects() pgx.LargeObjects     { return pgx.LargeObjects{} }
func (t transaction) Conn() *pgx.Conn                    { return t.connection }

type savepoint struct{ transaction }

func (s savepoint) Commit(ctx context.Context) error {
	_, err := s.Exec(ctx, `RELEASE SAVEPOINT river`)
	return err
}

func (s savepoint) Rollback(ctx context.Context) error {
	_, err := s.Exec(ctx, `ROLLBACK TO SAVEPOINT river`)
	return err
}

// Run is a River client with as many workers as the options say. Of many processes each gets other jobs; those of one that
// died are handed out again when their lease has run out.
func (j *jobs) Run(ctx context.Context, h queue.Handlers) error {
	workers := river.NewWorkers()
	for kind, handler := range h {
		river.AddWorkerArgs(workers, work{kind: kind}, &worker{handler: handler, now: j.s.opts.Now, log: j.s.opts.Log})
	}
	client, err := river.NewClient(j.driver, &river.Config{
		Logger: j.s.warnings(), Workers: workers, MaxAttempts: math.MaxInt16, RetryPolicy: pauses{j.s.opts.Now},
		Queues:              map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: j.s.opts.Workers, FetchCooldown: 20 * time.Millisecond, FetchPollInterval: time.Second}},
		FetchOnlyKnownKinds: true, Test: river.TestConfig{Time: clock(j.s.opts.Now)}, RescueStuckJobsAfter: forever, JobTimeout: j.s.opts.Lease - j.s.opts.Lease/30, CompletedJobRetentionPeriod: kept,
	})
	if err != nil {
		return fmt.Errorf("postgres: jobs: %w", err)
	}
	if err := j.s.patiently(ctx, func(ctx context.Context) error { return client.Start(context.WithoutCancel(ctx)) }); err != nil {
		return fmt.Errorf("postgres: jobs: %w", err)
	}
	j.attend(ctx)
	if err := client.StopAndCancel(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("postgres: jobs: %w", err)
	}
	return nil
}

// glance is how often each process looks for jobs of those that died. River leaves that to an elected leader, who may die too and
// is missed for longer: it is told never to, since the two would wait for each other's rows.
const (
	glance  = 10 * time.Second
	forever = 100 * 365 * 24 * time.Hour
)

// attend hands out again what was lost, until ctx ends.
func (j *jobs) attend(ctx context.Context) {
	tick := time.NewTicker(glance)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := j.s.patiently(ctx, func(ctx context.Context) error { return j.forward(ctx, j.s.opts.Now()) })
		if err != nil && ctx.Err() == nil {
			j.s.opts.Log.Warn("lost jobs could not be looked for", "error", err)
		}
	}
}

// forward makes available what has come due by its time, or by the end of a lease.
func (j *jobs) forward(ctx context.Context, now time.Time) error {
	t := table{j.driver.GetExecutor(), j.s}
	if err := t.rescueAlone(ctx, now); err != nil {
		return err
	}
	_, err := t.JobSchedule(ctx, &riverdriver.JobScheduleParams{Max: 1000, Now: &now})
	return err
}

// Drain works River's table itself: one job after the other, and by the clock of the options.
func (j *jobs) Drain(ctx context.Context, h queue.Handlers) (int, error) {
	l := queue.Leased{Table: j.Table(), Now: j.s.opts.Now, Workers: 1, Log: j.s.opts.Log}
	return l.Drain(ctx, h)
}

// Table is River's, as a table of leased jobs.
func (j *jobs) Table() queue.Table { return table{j.driver.GetExecutor(), j.s} }

type worker struct {
	river.WorkerDefaults[work]
	handler queue.Handler
	now     func() time.Time
	log     *slog.Logger
}

func (w *worker) Work(ctx context.Context, j *river.Job[work]) error {
	err := queue.Protect(ctx, w.handler, queue.Job{Kind: j.Kind, Key: j.Args.Name, Attempt: j.Attempt})
	if err == nil {
		return nil
	}
	if until, ok := queue.Snoozed(err); ok {
		return river.JobSnooze(max(until.Sub(w.now()), 0))
	}
	if ctx.Err() == nil {
		w.log.Error("a job did not end well", "kind", j.Kind, "key", j.Args.Name, "attempt", j.Attempt, "error", err)
	}
	return err
}

// pauses are those of the leased table.
type pauses struct{ now func() time.Time }

func (p pauses) NextRetry(j *rivertype.JobRow) time.Time { return p.now().Add(queue.Pause(j.Attempt)) }

// clock lets River go by the instance's.
type clock func() time.Time

func (c clock) Now() time.Time { return c().UTC() }

func (c clock) NowOrNil() *time.Time {
	now := c.Now()
	return &now
}

// table is River's, as a table of leased jobs.
type table struct {
	riverdriver.Executor
	s *Store
}

// attempts is how many bits of a lease say which attempt it is; the others say of which job.
const attempts = 16

func lease(row *rivertype.JobRow) int64 { return row.ID<<attempts | int64(row.Attempt) }

func (t table) Woken() <-chan struct{} { return nil }

func (t table) Lease(ctx context.Context, kinds []string, now, _ time.Time, n int) ([]queue.Job, error) {
	var found *riverdriver.JobGetAvailableResult
	err := t.s.patiently(ctx, func(ctx context.Context) error {
		err := t.s.jobs.forward(ctx, now)
		if err != nil {
			return err
		}
		found, err = t.JobGetAvailable(ctx, &riverdriver.JobGetAvailableParams{ClientID: t.s.name, Kind: kinds, MaxAttemptedBy: 10, MaxToLock: n, Now: &now, Queue: river.QueueDefault})
		return err
	})
	if err != nil {
		return nil, wrap("lease", err)
	}
	jobs := make([]queue.Job, 0, len(found.Jobs))
	for _, row := range found.Jobs {
		var w work
		if err := json.Unmarshal(row.EncodedArgs, &w); err != nil {
			return nil, wrap("lease", err)
		}
		jobs = append(jobs, queue.Job{Kind: row.Kind, Key: w.Name, Attempt: row.Attempt, Lease: lease(row)})
	}
	slices.SortFunc(jobs, func(a, b queue.Job) int { return int(a.Lease - b.Lease) })
	return jobs, nil
}

// rescueAlone rescues, unless another process is at it.
func (t table) rescueAlone(ctx context.Context, now time.Time) error {
	c, err := t.s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer c.Release()
	var mine bool
	if err := c.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, int64(lockNumber+1)).Scan(&mine); err != nil || !mine {
		return err
	}
	err = t.rescue(ctx, now)
	_, unlocked := c.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, int64(lockNumber+1))
	return errors.Join(err, unlocked)
}

// rescue makes due again what somebody held for longer than a lease.
func (t table) rescue(ctx context.Context, now time.Time) error {
	horizon := now.Add(time.Microsecond - t.s.opts.Lease) // River asks for what is older
	stuck, err := t.JobGetStuck(ctx, &riverdriver.JobGetStuckParams{Max: 1000, StuckHorizon: horizon})
	if err != nil || len(stuck) == 0 {
		return err
	}
	p := &riverdriver.JobRescueManyParams{StuckHorizon: horizon}
	for _, row := range stuck {
		p.ID, p.Error, p.FinalizedAt = append(p.ID, row.ID), append(p.Error, cause(row.Attempt, now, "its lease ran out")), append(p.FinalizedAt, nil)
		p.ScheduledAt, p.State = append(p.ScheduledAt, row.ScheduledAt), append(p.State, string(rivertype.JobStateRetryable))
	}
	_, err = t.JobRescueMany(ctx, p)
	return err
}

func (t table) Finish(ctx context.Context, j queue.Job) error {
	return t.set(ctx, j, riverdriver.JobSetStateCompleted(j.Lease>>attempts, t.s.opts.Now(), nil))
}

func (t table) Again(ctx context.Context, j queue.Job, due time.Time, counted bool, why string) error {
	if counted {
		return t.set(ctx, j, riverdriver.JobSetStateErrorRetryable(j.Lease>>attempts, due, cause(j.Attempt, t.s.opts.Now(), why), nil))
	}
	return t.set(ctx, j, riverdriver.JobSetStateSnoozed(j.Lease>>attempts, due, j.Attempt-1, nil))
}

// set is not broken off by the end of ctx: a job that was done must be able to say so. Who comes after its lease, when the job
// is another's, changes nothing.
func (t table) set(ctx context.Context, j queue.Job, p *riverdriver.JobSetStateIfRunningParams) error {
	now := t.s.opts.Now()
	err := t.s.patiently(context.WithoutCancel(ctx), func(ctx context.Context) error {
		is, err := t.JobGetByID(ctx, &riverdriver.JobGetByIDParams{ID: p.ID})
		if err != nil || lease(is) != j.Lease {
			return err
		}
		_, err = t.JobSetStateIfRunningMany(ctx, &riverdriver.JobSetStateIfRunningManyParams{
			ID: []int64{p.ID}, Attempt: []*int{p.Attempt}, ErrData: [][]byte{p.ErrData}, FinalizedAt: []*time.Time{p.FinalizedAt},
			MetadataDoMerge: []bool{false}, MetadataUpdates: [][]byte{nil}, Now: &now, ScheduledAt: []*time.Time{p.ScheduledAt}, State: []rivertype.JobState{p.State}})
		return err
	})
	return wrap("job", err)
}

func cause(attempt int, now time.Time, why string) []byte {
	b, err := json.Marshal(rivertype.AttemptError{At: now, Attempt: attempt, Error: why})
	if err != nil {
		panic(err) // it always is JSON
	}
	return b
}

// warnings is a log of what goes wrong: River tells of each thing it does.
func (s *Store) warnings() *slog.Logger { return slog.New(quiet{s.opts.Log.Handler(), s}) }

type quiet struct {
	slog.Handler
	s *Store
}

func (q quiet) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && q.Handler.Enabled(ctx, l)
}

// Handle leaves out what each part of River says, each second, of a server that is gone: lost has said it once. And that the queue's
// row is gone: River cleans it away by the machine's clock, which is not the instance's where that is set, and only pauses stand in
// it, which nothing here uses.
func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	gone := strings.HasSuffix(r.Message, "Error fetching queue settings") || q.s.away()
	r.Attrs(func(a slog.Attr) bool {
		gone = gone || saysAway(a.Value.String())
		return !gone
	})
	if gone {
		return nil
	}
	return q.Handler.Handle(ctx, r)
}
func (q quiet) WithAttrs(a []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(a), q.s} }
func (q quiet) WithGroup(name string) slog.Handler   { return quiet{q.Handler.WithGroup(name), q.s} }
