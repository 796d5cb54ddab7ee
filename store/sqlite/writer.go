package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/store"
)

// A group is what one commit carries: at most so many Updates, for at most so long.
const (
	groupSize = 1000
	groupTime = 250 * time.Millisecond
)

// writer is the one goroutine that writes. Callers queue; those who wait together share a commit, each in a savepoint
// of its own, so that one refusal does not sink the others.
type writer struct {
	store *Store
	db    *sql.DB
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
	known known
	calls chan *call
	stop  chan struct{}
	once  sync.Once
	done  sync.WaitGroup
}

// known remembers numbers that never change once committed. It is forgotten whenever anything is rolled back.
type known struct {
	hosts    map[[2]string]int64
	accounts map[ledger.Account]int64
}

func (k *known) forget() {
	k.hosts, k.accounts = map[[2]string]int64{}, map[ledger.Account]int64{}
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
	w := &writer{store: s, db: db, conn: conn, stmts: map[string]*sql.Stmt{}, calls: make(chan *call), stop: make(chan struct{})}
	w.known.forget()
	w.done.Go(w.run)
	return w, nil
}

// Update hands fn to the writer and waits for the commit.
func (s *Store) Update(ctx context.Context, fn func(store.Tx) error) error {
	c := &call{ctx: ctx, fn: fn, done: make(chan struct{})}
	select {
	case s.writer.calls <- c:
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
			w.group(c)
		case <-w.stop:
			return
		}
	}
}

// group runs the first call and those that wait behind it, commits, and answers them all.
func (w *writer) group(first *call) {
	// The work of others is in the same commit: no caller's end may break it off.
	ctx := context.Background()
	var group []*call
	defer func() {
		for _, c := range group {
			close(c.done)
		}
	}()
	group = append(group, first)
	if err := w.exec(ctx, `BEGIN IMMEDIATE`); err != nil {
		first.err = fmt.Errorf("sqlite: nothing was written: %w", err)
		return
	}
	woken := false
	unknown := w.one(ctx, first, &woken)
	for began := time.Now(); unknown == nil && len(group) < groupSize && time.Since(began) < groupTime; {
		select {
		case c := <-w.calls:
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
		w.known.forget()
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

// one runs a call in its savepoint. Its own refusal stands in c; an error returned here sinks the group.
func (w *writer) one(ctx context.Context, c *call, woken *bool) error {
	select {
	case <-c.ctx.Done(): // the caller is gone: nothing of it is written
		c.err = c.ctx.Err()
		return nil
	default:
	}
	if err := w.exec(ctx, `SAVEPOINT one`); err != nil {
		return err
	}
	t := &tx{w: w}
	c.err = w.call(ctx, c, t)
	if c.err != nil || c.panicked != nil {
		w.known.forget()
		if err := w.exec(ctx, `ROLLBACK TO one`); err != nil {
			return err
		}
	}
	*woken = *woken || t.enqueued
	return w.exec(ctx, `RELEASE one`)
}

func (w *writer) call(ctx context.Context, c *call, t *tx) (err error) {
	defer func() { c.panicked = recover() }()
	if err := c.fn(t); err != nil {
		return err
	}
	return t.flush(ctx)
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

// tx is one Update's view of the writer. It ignores the caller's context: see group.
type tx struct {
	w        *writer
	enqueued bool
	totals   map[int64]*delta // by ledger account; written once, by flush
	order    []int64          // of totals
	owed     []any            // debts to add, owedColumns each
	last     *head            // of the chain
}

func (t *tx) exec(_ context.Context, q string, args ...any) (sql.Result, error) {
	ctx := context.Background()
	st, err := t.w.stmt(ctx, q)
	if err != nil {
		return nil, err
	}
	return st.ExecContext(ctx, args...)
}

// changed executes and says how many rows it changed.
func (t *tx) changed(ctx context.Context, q string, args ...any) (int64, error) {
	r, err := t.exec(ctx, q, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// must executes what changes exactly one row; no row is ErrNotFound.
func (t *tx) must(ctx context.Context, q string, args ...any) error {
	n, err := t.changed(ctx, q, args...)
	if err == nil && n == 0 {
		err = flattery.ErrNotFound
	}
	return err
}

func (t *tx) row(_ context.Context, q string, args ...any) scanner {
	ctx := context.Background()
	st, err := t.w.stmt(ctx, q)
	if err != nil {
		return failed{err}
	}
	return st.QueryRowContext(ctx, args...)
}

func (t *tx) rows(_ context.Context, q string, args ...any) (*sql.Rows, error) {
	ctx := context.Background()
	st, err := t.w.stmt(ctx, q)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...)
}
