package sqlite

import (
	"context"
	"slices"
	"strings"
	"time"

	"flattery/internal/queue"
	"flattery/store"
)

// jobs is the leased table behind queue.Leased.
type jobs struct{ *Store }

var _ queue.Table = jobs{}

func (t *tx) Enqueue(ctx context.Context, kind, key string, due time.Time) error {
	_, err := t.exec(ctx, `INSERT INTO jobs (kind, key, due_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, kind, key, seconds(due))
	t.enqueued = true
	return wrap("enqueue "+kind, err)
}

// Woken receives after a commit that enqueued something here; what another process enqueues is found by looking.
func (j jobs) Woken() <-chan struct{} { return j.woken }

func (j jobs) Lease(ctx context.Context, kinds []string, now, until time.Time, n int) (leased []queue.Job, err error) {
	if due, err := j.anyDue(ctx, now); err != nil || !due { // a look costs no write
		return nil, err
	}
	err = j.update(ctx, func(t *tx) error {
		args := []any{seconds(until), seconds(now)}
		for _, k := range kinds {
			args = append(args, k)
		}
		type row struct {
			id int64
			queue.Job
		}
		rows, err := all(ctx, t, func(s scanner) (r row, err error) {
			err = s.Scan(&r.id, &r.Kind, &r.Key, &r.Attempt, &r.Lease)
			return r, err
		}, `UPDATE jobs SET due_at = ?, leased = leased + 1, tries = tries + 1 WHERE id IN
			(SELECT id FROM jobs WHERE due_at <= ? AND kind IN (`+tuples("?", len(kinds))+`) ORDER BY due_at, id LIMIT ?) RETURNING id, kind, key, tries, leased`,
			append(args, n)...)
		slices.SortFunc(rows, func(a, b row) int { return int(a.id - b.id) }) // RETURNING has no order
		found := make([]queue.Job, 0, len(rows))
		for _, r := range rows {
			found = append(found, r.Job)
		}
		leased = found
		return wrap("lease "+strings.Join(kinds, ", "), err)
	})
	return leased, err
}

func (j jobs) anyDue(ctx context.Context, now time.Time) (due bool, err error) {
	due, err = value[bool](j.row(ctx, `SELECT EXISTS (SELECT 1 FROM jobs WHERE due_at <= ?)`, seconds(now)))
	return due, wrap("due jobs", err)
}

func (j jobs) Finish(ctx context.Context, job queue.Job) error {
	return j.update(ctx, func(t *tx) error {
		_, err := t.exec(ctx, `DELETE FROM jobs WHERE kind = ? AND key = ? AND leased = ?`, job.Kind, job.Key, job.Lease)
		return wrap("finish "+job.Kind, err)
	})
}

func (j jobs) Again(ctx context.Context, job queue.Job, due time.Time, counted bool, cause string) error {
	uncount := 1
	if counted {
		uncount = 0
	}
	return j.update(ctx, func(t *tx) error {
		t.enqueued = true
		_, err := t.exec(ctx, `UPDATE jobs SET due_at = ?, tries = tries - ?, cause = ? WHERE kind = ? AND key = ? AND leased = ?`,
			seconds(due), uncount, cause, job.Kind, job.Key, job.Lease)
		return wrap("again "+job.Kind, err)
	})
}

// update is Update with this package's own transaction. It is not broken off by the end of ctx: a job that was done
// must be able to say so.
func (s *Store) update(ctx context.Context, fn func(*tx) error) error {
	return s.Update(context.WithoutCancel(ctx), func(t store.Tx) error { return fn(t.(*tx)) }) //nolint:errcheck // Update hands in nothing else
}
