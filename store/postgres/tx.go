package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"flattery"
	"flattery/store"
	"flattery/store/tables"
)

// most is how many statements wait for a question. Each may carry a thousand rows.
const most = 64

// tries is how often a transaction that collided with others is done again.
const tries = 20

// Update runs fn in a transaction: again when it collided with another, or when the server went away before the commit
// was sent. A commit whose answer is lost is flattery.ErrUnknown.
func (s *Store) Update(ctx context.Context, fn func(store.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	// What was begun is ended: to leave before would not tell whether it was written.
	doing := context.WithoutCancel(ctx)
	for try := 1; ; try++ {
		err := s.patiently(ctx, func(ctx context.Context) error {
			c, err := s.pool.Acquire(ctx)
			if err != nil {
				return err
			}
			return s.once(doing, &conn{s: s, c: c}, fn)
		})
		if err == nil || !collided(err) || try == tries || ctx.Err() != nil {
			return err
		}
		time.Sleep(rand.N(time.Duration(try) * 5 * time.Millisecond))
	}
}

// Bulk is Update: here nobody shares a commit.
func (s *Store) Bulk(ctx context.Context, fn func(store.Tx) error) error { return s.Update(ctx, fn) }

func (s *Store) once(ctx context.Context, c *conn, fn func(store.Tx) error) (err error) {
	ended := false
	defer func() {
		if !ended {
			c.rollback(ctx)
		}
		c.c.Release()
	}()
	t := &tables.Tx{Conn: c, Zone: s.Zone, Seal: s.opts.Seal, Known: &tables.Known{}}
	t.Known.Forget()
	if err := fn(t); err != nil {
		return err
	}
	if c.failed != nil { // fn passed over it, and the transaction is spoiled
		return c.failed
	}
	if err := t.Flush(ctx); err != nil {
		return err
	}
	if err := c.enqueue(ctx); err != nil {
		return err
	}
	ended = true
	return c.commit(ctx)
}

// conn is one transaction. It begins with its first question, and what needs no answer of its own travels with the next
// question or the commit: one round trip for all.
type conn struct {
	s      *Store
	c      *pgxpool.Conn
	begun  bool
	later  []statement
	jobs   []enqueued
	failed error
}

type statement struct {
	doing, q string
	args     []any
}

func (c *conn) Dialect() *tables.Dialect { return dialect() }

func (c *conn) Later(ctx context.Context, doing, q string, args ...any) error {
	c.later = append(c.later, statement{doing, numbered(q), plain(args)})
	if len(c.later) < most {
		return nil
	}
	_, err := c.Exec(ctx, `SELECT 1`)
	return err
}

// Must lets the database itself refuse what changes nothing: then a commit that travels with it fails.
func (c *conn) Must(ctx context.Context, doing, q string, args ...any) error {
	return c.Later(ctx, doing, `WITH changed AS (`+q+` RETURNING 1) SELECT must(count(*)) FROM changed`, args...)
}

func (c *conn) Hold(ctx context.Context, table, column string, key any) error {
	return c.Later(ctx, "hold "+table, `SELECT 1 FROM `+table+` WHERE `+column+` = ? FOR NO KEY UPDATE`, key)
}

func (c *conn) Exec(ctx context.Context, q string, args ...any) (int64, error) {
	results, err := c.send(ctx, numbered(q), plain(args))
	if err != nil {
		return 0, err
	}
	tag, err := results.Exec()
	if err = errors.Join(err, results.Close()); err != nil {
		return 0, c.fail("", err)
	}
	return tag.RowsAffected(), nil
}

func (c *conn) Row(ctx context.Context, q string, args ...any) tables.Row {
	return first{func() (tables.Rows, error) { return c.Rows(ctx, q, args...) }}
}

func (c *conn) Rows(ctx context.Context, q string, args ...any) (tables.Rows, error) {
	results, err := c.send(ctx, numbered(q), plain(args))
	if err != nil {
		return nil, err
	}
	found, err := begin(results.Query())
	if err != nil {
		_ = results.Close() // it says the same
		return nil, c.fail("", err)
	}
	found.(*rows).done = func() { //nolint:errcheck // begin makes nothing else
		if err := results.Close(); err != nil {
			_ = c.fail("", err)
		}
	}
	return found, nil
}

// send sends what waits and one statement more, and reads the answers but the last.
func (c *conn) send(ctx context.Context, q string, args []any) (pgx.BatchResults, error) {
	if c.failed != nil {
		return nil, c.failed
	}
	b := &pgx.Batch{}
	if !c.begun {
		b.Queue(`BEGIN`)
	}
	for _, l := range c.later {
		b.Queue(l.q, l.args...)
	}
	b.Queue(q, args...)
	results := c.c.SendBatch(ctx, b)
	waiting := c.later
	c.later = nil
	if !c.begun {
		c.begun = true
		if _, err := results.Exec(); err != nil {
			_ = results.Close() // it says the same
			return nil, c.fail("begin", err)
		}
	}
	for _, l := range waiting {
		if _, err := results.Exec(); err != nil {
			_ = results.Close() // it says the same
			return nil, c.fail(l.doing, err)
		}
	}
	return results, nil
}

// fail remembers that the transaction is spoiled.
func (c *conn) fail(doing string, err error) error {
	err = refusal(err)
	if doing != "" {
		err = wrap(doing, err)
	}
	c.failed = err
	return err
}

// commit sends what waits together with the commit. From then on an error of the way is not known to be a no.
func (c *conn) commit(ctx context.Context) error {
	if !c.begun && len(c.later) == 0 {
		return nil
	}
	results, err := c.send(ctx, `COMMIT`, nil)
	if err == nil {
		var tag interface{ String() string }
		if tag, err = results.Exec(); err == nil && tag.String() != "COMMIT" {
			err = fmt.Errorf("the database answered %s to a commit", tag)
		}
		err = errors.Join(err, results.Close())
	}
	if err == nil {
		return nil
	}
	if unreachable(err) {
		return errors.Join(flattery.ErrUnknown, unknownError{err})
	}
	c.rollback(ctx)
	return refusal(err)
}

// unknownError hides what kind of error it was: nobody may take it for one that is safe to try again.
type unknownError struct{ cause error }

func (e unknownError) Error() string { return "postgres: commit: " + e.cause.Error() }

// rollback ends a transaction that is not to be. Where the way is broken the server does it by itself.
func (c *conn) rollback(ctx context.Context) {
	if !c.begun || c.c.Conn().IsClosed() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if _, err := c.c.Exec(ctx, `ROLLBACK`); err != nil {
		_ = c.c.Conn().Close(ctx) // then nothing of it can be
	}
}
