package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"flattery"
	"flattery/store"
	"flattery/store/tables"
)

// A group is what one commit carries: at most so many Updates, for at most so long.
const (
	groupSize = 1000
	groupTime = 250 * time.Millisecond
)

// writer is the one goroutine that writes. Callers queue; those who wait together share a commit, each but the first in a
// savepoint of its own, so that one refusal does not sink the others. The first has nobody before it: its refusal ends the
// group. In a savepoint a statement costs the more the more was written, so what writes much is a group of its own.
type writer struct {
	store *Store
	db    *sql.DB
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
	known tables.Known
	calls chan *call
	bulk  chan *call
	stop  chan struct{}
	once  sync.Once
	done  sync.WaitGroup
}

type call struct {
	ctx      context.Context
	fn       func(store.Tx) error
	err      error
	panicked any
	done     chan struct{}
}

func newWriter(ctx context.Context, db *sql.DB, s *Store) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{store: s, db: db, conn: conn, stmts: map[string]*sql.Stmt{}, calls: make(chan *call), bulk: make(chan *call), stop: make(chan struct{})}
	w.known.Forget()
	w.done.Go(w.run)
	return w, nil
}

// Update hands fn to the writer and waits for the commit.
func (s *Store) Update(ctx context.Context, fn func(store.Tx) error) error {
	return s.hand(ctx, s.writer.calls, fn)
}

// Bulk is Update in a group of its own. Who calls Update meanwhile waits for one of these at most.
func (s *Store) Bulk(ctx context.Context, fn func(store.Tx) error) error {
	return s.hand(ctx, s.writer.bulk, fn)
}

func (s *Store) hand(ctx context.Context, to chan<- *call, fn func(store.Tx) error) error {
	c := &call{ctx: ctx, fn: fn, done: make(chan struct{})}
	select {
	case to <- c:
	case <-s.writer.stop:
		return errors.New("sqlite: the store is closed")
	case <-ctx.Done():
		return ctx.Err()
	}
	<-c.done // the group ends by itself; to leave before would not tell whether it was written
	if c.panicked != nil {
		panic(c.panicked)
	}
	return c.err
}

// finish takes no more calls and waits for those under way.
func (w *writer) finish() {
	w.once.Do(func() { close(w.stop) })
	w.done.Wait()
}

func (w *writer) close() error {
	w.finish()
	var errs []error
	for _, st := range w.stmts { // a connection with statements does not truly close
		errs = append(errs, st.Close())
	}
	return errors.Join(append(errs, w.conn.Close(), w.db.Close())...)
}

func (w *writer) run() {
	for {
		select {
		case c := <-w.calls:
			w.group(c, w.calls)
		case c := <-w.bulk:
			w.group(c, nil)
			select {
			case c := <-w.calls:
				w.group(c, w.calls)
			default:
			}
		case <-w.stop:
			return
		}
	}
}

// group runs the first call and those that wait behind it, commits, and answers them all.
func (w *writer) group(first *call, behind <-chan *call) {
	// The work of others is in the same commit: no caller's end may break it off.
	ctx := context.Background()
	var group []*call
	defer func() {
		for _, c := range group {
			close(c.done)
		}
	}()
	group = append(group, first)
	began := time.Now()
	if err := w.exec(ctx, `BEGIN IMMEDIATE`); err != nil {
		first.err = fmt.Errorf("sqlite: nothing was written: %w", err)
		return
	}
	woken := false
	if !w.call(ctx, first, &woken) {
		_ = w.exec(ctx, `ROLLBACK`) // nothing is open now, whatever it says
		return
	}
	var unknown error
	for unknown == nil && len(group) < groupSize && time.Since(began) < groupTime {
		select {
		case c := <-behind:
			group = append(group, c)
			unknown = w.one(ctx, c, &woken)
			continue
		default:
		}
		break
	}
	if unknown == nil {
		unknown = w.exec(ctx, `COMMIT`)
	}
	if unknown != nil {
		_ = w.exec(ctx, `ROLLBACK`) // SQLite may have rolled back by itself; either way nothing is open now
		w.known.Forget()
		for _, c := range group {
			c.err = errors.Join(flattery.ErrUnknown, unknown)
		}
		return
	}
	if woken {
		select {
		case w.store.woken <- struct{}{}:
		default:
		}
	}
}

// one runs a call in a savepoint. An error returned here sinks the group.
func (w *writer) one(ctx context.Context, c *call, woken *bool) error {
	if err := w.exec(ctx, `SAVEPOINT one`); err != nil {
		return err
	}
	if !w.call(ctx, c, woken) {
		if err := w.exec(ctx, `ROLLBACK TO one`); err != nil {
			return err
		}
	}
	return w.exec(ctx, `RELEASE one`)
}

// call runs a call and reports whether what it wrote shall stay; its refusal stands in c.
func (w *writer) call(ctx context.Context, c *call, woken *bool) (stays bool) {
	defer func() {
		if c.panicked = recover(); c.panicked != nil || c.err != nil {
			stays = false
			w.known.Forget()
		}
	}()
	if c.err = c.ctx.Err(); c.err != nil { // the caller is gone: nothing of it is written
		return false
	}
	at := &conn{w: w}
	t := &tables.Tx{Conn: at, Zone: w.store.Zone, Seal: w.store.opts.Seal, Known: &w.known}
	if c.err = c.fn(t); c.err == nil {
		c.err = t.Flush(ctx)
	}
	*woken = *woken || at.enqueued
	return true
}

func (w *writer) stmt(ctx context.Context, q string) (*sql.Stmt, error) {
	if st, ok := w.stmts[q]; ok {
		return st, nil
	}
	st, err := w.conn.PrepareContext(ctx, q)
	if err == nil {
		w.stmts[q] = st
	}
	return st, err
}

func (w *writer) exec(ctx context.Context, q string) error {
	st, err := w.stmt(ctx, q)
	if err != nil {
		return err
	}
	_, err = st.ExecContext(ctx)
	return err
}

// conn is one Update's view of the writer. It ignores the caller's context: see group.
type conn struct {
	w        *writer
	enqueued bool
}

func (c *conn) Dialect() *tables.Dialect { return dialect() }

func (c *conn) Exec(_ context.Context, q string, args ...any) (int64, error) {
	ctx := context.Background()
	st, err := c.w.stmt(ctx, q)
	if err != nil {
		return 0, refusal(err)
	}
	r, err := st.ExecContext(ctx, args...)
	if err != nil {
		return 0, refusal(err)
	}
	return r.RowsAffected()
}

// Later does it at once: there is nothing to wait for.
func (c *conn) Later(ctx context.Context, doing, q string, args ...any) error {
	_, err := c.Exec(ctx, q, args...)
	return wrap(doing, err)
}

func (c *conn) Must(ctx context.Context, doing, q string, args ...any) error {
	n, err := c.Exec(ctx, q, args...)
	if err == nil && n == 0 {
		err = flattery.ErrNotFound
	}
	return wrap(doing, err)
}

// Hold has nothing to do: nobody else writes.
func (c *conn) Hold(context.Context, string, string, any) error { return nil }

func (c *conn) Row(_ context.Context, q string, args ...any) tables.Row {
	ctx := context.Background()
	st, err := c.w.stmt(ctx, q)
	if err != nil {
		return failed{err}
	}
	return row{st.QueryRowContext(ctx, args...)}
}

func (c *conn) Rows(_ context.Context, q string, args ...any) (tables.Rows, error) {
	ctx := context.Background()
	st, err := c.w.stmt(ctx, q)
	if err != nil {
		return nil, refusal(err)
	}
	return many(st.QueryContext(ctx, args...))
}
