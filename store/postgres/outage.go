package postgres

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Patience is a daemon's: a server that is restarted comes back. It is looked for again after pauses that grow.
const Patience = 45 * time.Second

const (
	firstPause = 50 * time.Millisecond
	lastPause  = 2 * time.Second
)

// UnreachableError: there was no way to the server for as long as the options say.
type UnreachableError struct{ Cause error }

func (e *UnreachableError) Error() string {
	return "PostgreSQL cannot be reached (" + strings.Join(strings.Fields(e.Cause.Error()), " ") + "): start it, or mend the setting database"
}

func (e *UnreachableError) Unwrap() error { return e.Cause }

// outage says once that the database cannot be reached, and once that it can again.
type outage struct {
	mu    sync.Mutex
	since time.Time
}

func (s *Store) lost(err error) {
	s.out.mu.Lock()
	defer s.out.mu.Unlock()
	if s.out.since.IsZero() {
		s.out.since = time.Now()
		s.opts.Log.Warn("PostgreSQL cannot be reached: waiting for it", "error", err)
	}
}

func (s *Store) reached() {
	s.out.mu.Lock()
	defer s.out.mu.Unlock()
	if !s.out.since.IsZero() {
		s.opts.Log.Info("PostgreSQL can be reached again", "after", time.Since(s.out.since).Round(time.Millisecond))
		s.out.since = time.Time{}
	}
}

// away reports whether the server is known to be gone.
func (s *Store) away() bool {
	s.out.mu.Lock()
	defer s.out.mu.Unlock()
	return !s.out.since.IsZero()
}

// saysAway reports whether the words of an error, which may be all that is left of it, are of a server that comes or goes. Whoever
// connects next sees whether it is there (watch).
func saysAway(text string) bool {
	return slices.ContainsFunc([]string{"failed to connect to ", "(SQLSTATE 57P0", "unexpected EOF", "conn closed", "connection reset by peer", "broken pipe"},
		func(words string) bool { return strings.Contains(text, words) })
}

// watch sees every connection that is made, River's too: who has nothing to ask meanwhile hears of an outage as well.
type watch struct{ s *Store }

func (w watch) TraceConnectStart(ctx context.Context, _ pgx.TraceConnectStartData) context.Context {
	return ctx
}

func (w watch) TraceConnectEnd(ctx context.Context, d pgx.TraceConnectEndData) {
	switch {
	case d.Err == nil:
		w.s.reached()
	case unreachable(d.Err) && ctx.Err() == nil && w.s.opts.Patience > 0:
		w.s.lost(d.Err)
	}
}

func (watch) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}
func (watch) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// patiently does something that may be done again, until the way to the database holds while it is done.
func (s *Store) patiently(ctx context.Context, do func(context.Context) error) error {
	began, pause := time.Now(), firstPause
	for {
		err := do(ctx)
		if err == nil {
			s.reached()
			return nil
		}
		if !unreachable(err) || ctx.Err() != nil {
			return err
		}
		if time.Since(began) >= s.opts.Patience {
			return &UnreachableError{err}
		}
		s.lost(err)
		timer := time.NewTimer(pause/2 + rand.N(pause))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
		pause = min(2*pause, lastPause)
	}
}

// unreachable reports whether an error is of the way to the server, or of a server that comes or goes.
func unreachable(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch e.Code {
		case "57P01", "57P02", "57P03", // it shuts down, crashed, starts
			"53300": // too many connections
			return true
		}
		return e.Code[:2] == "08"
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || pgconn.SafeToRetry(err)
}

// collided reports whether a transaction was broken off because of another, and may be done again.
func collided(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (e.Code == "40001" || e.Code == "40P01")
}
