package sqlite

import (
	"context"
	"slices"
	"strings"
	"time"

	"flattery/internal/queue"
	"flattery/store"
	"flattery/store/tables"
)

// jobs is the leased table behind queue.Leased.
type jobs struct{ *Store }

var _ queue.Table = jobs{}

func (c *conn) Enqueue(ctx context.Context, kind, key string, due time.Time) error {
	c.enqueued = true
	return c.Later(ctx, "enqueue "+kind, `INSERT INTO jobs (kind, key, due_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, kind, key, due.Unix())
}

// Woken receives after a commit that enqueued something here; what another process enqueues is found by looking.
func (j jobs) Woken() <-chan struct{} { return j.woken }

func (j jobs) Lease(ctx context.Context, kinds []string, now, until time.Time, n int) (leased []queue.Job, err error) {
	if due, err := j.anyDue(ctx, now); err != nil || !due { // a look costs no write
		return nil, err
	}
	err = j.update(ctx, func(c *conn) error {
		args := []any{until.Unix(), now.Unix()}
		for _, k := range kinds {
			args = append(args, k)
		}
		type row struct {
			id int64
			queue.Job
		}
		found, err := c.Rows(ctx, `UPDATE jobs SET due_at = ?, leased = leased + 1, tries = tries + 1 WHERE id IN
			(SELECT id FROM jobs WHERE due_at <= ? AND kind IN (?`+strings.Repeat(",?", len(kinds)-1)+`) ORDER BY due_at, id LIMIT CAST(? AS integer)) RETURNING id, kind, key, tries, leased`,
			append(args, n)...)
		if err != nil {
			return wrap("lease", err)
		}
		defer found.Close()
		var rows []row
		for found.Next() {
			var r row
			if err := found.Scan(&r.id, &r.Kind, &r.Key, &r.Attempt, &r.Lease); err != nil {
				return wrap("lease", err)
			}
			rows = append(rows, r)
		}
		slices.SortFunc(rows, func(a, b row) int { return int(a.id - b.id) }) // RETURNING has no order
		jobs := make([]queue.Job, 0, len(rows))
		for _, r := range rows {
			jobs = append(jobs, r.Job)
		}
		leased = jobs
		return wrap("lease "+strings.Join(kinds, ", "), found.Err())
	})
	return leased, err
}

func (j jobs) anyDue(ctx context.Context, now time.Time) (due bool, err error) {
	err = j.DB.Row(ctx, `SELECT EXISTS (SELECT 1 FROM jobs WHERE due_at <= ?)`, now.Unix()).Scan(&due)
	return due, wrap("due jobs", err)
}

func (j jobs) Finish(ctx context.Context, job queue.Job) error {
	return j.update(ctx, func(c *conn) error {
		_, err := c.Exec(ctx, `DELETE FROM jobs WHERE kind = ? AND key = ? AND leased = ?`, job.Kind, job.Key, job.Lease)
		return wrap("finish "+job.Kind, err)
	})
}

func (j jobs) Again(ctx context.Context, job queue.Job, due time.Time, counted bool, cause string) error {
	uncount := 1
	if counted {
		uncount = 0
	}
	return j.update(ctx, func(c *conn) error {
		c.enqueued = true
		_, err := c.Exec(ctx, `UPDATE jobs SET due_at = ?, tries = tries - ?, cause = ? WHERE kind = ? AND key = ? AND leased = ?`,
			due.Unix(), uncount, cause, job.Kind, job.Key, job.Lease)
		return wrap("again "+job.Kind, err)
	})
}

// update is Update with this package's own transaction. It is not broken off by the end of ctx: a job that was done
// must be able to say so.
func (s *Store) update(ctx context.Context, fn func(*conn) error) error {
	return s.Update(context.WithoutCancel(ctx), func(t store.Tx) error {
		return fn(t.(*tables.Tx).Conn.(*conn)) //nolint:errcheck // Update hands in nothing else
	})
}
