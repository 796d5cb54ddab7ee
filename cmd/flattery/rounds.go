package main

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"flattery/internal/queue"
	"flattery/internal/schedule"
)

// errTurned ends a round: the settings that the database keeps have changed.
var errTurned = errors.New("the settings have changed")

// rounds opens the instance and lets it live until ctx ends. When the settings that the database keeps have changed, here or in
// another process, everything that lives ends as it would at the daemon's own end, and is opened anew.
func (p *program) rounds(ctx context.Context, in *instance, l *lobby, live func(context.Context, *instance, *errgroup.Group) error) error {
	for {
		err := p.round(ctx, in, l, live)
		if !errors.Is(err, errTurned) {
			return err
		}
		next := p.outside(in.loaded)
		next.base, next.patience, next.workers, next.again = in.base, in.patience, in.workers, true
		in = next
	}
}

func (p *program) round(ctx context.Context, in *instance, l *lobby, live func(context.Context, *instance, *errgroup.Group) error) (err error) {
	if err := p.openStore(ctx, in); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.store.Close()) }()
	defer l.shut() // before the store closes
	g, ctx := errgroup.WithContext(ctx)
	if err := in.watch(ctx, g, l); err != nil {
		return err
	}
	if err := live(ctx, in, g); err != nil {
		return errors.Join(err, end(g))
	}
	return g.Wait()
}

// end ends what was begun in a group.
func end(g *errgroup.Group) error {
	stopped := errors.New("stopped")
	g.Go(func() error { return stopped })
	if err := g.Wait(); !errors.Is(err, stopped) {
		return err
	}
	return nil
}

// watch ends the round when the settings have changed: at once when it was here, within a minute when it was elsewhere.
func (in *instance) watch(ctx context.Context, g *errgroup.Group, l *lobby) error {
	plan, err := schedule.New(in.log, in.now, schedule.Entry{Name: "settings", Spec: "* * * * *", Due: func(ctx context.Context, _ time.Time) error {
		in.inbox.wake() // what could not be done is tried again
		_, err := in.turned(ctx)
		return err
	}})
	if err != nil {
		return err
	}
	g.Go(func() error { return plan.Run(ctx) })
	g.Go(func() error {
		select {
		case <-in.turns:
			in.log.Info("the settings have changed: everything is opened anew")
			l.shut() // or the next page would still be of before
			return errTurned
		case <-ctx.Done():
			return nil
		}
	})
	return nil
}

// turned reports whether the database keeps other settings than those with which this was opened. The round ends then.
func (in *instance) turned(ctx context.Context) (bool, error) {
	kept, err := in.store.Kept(ctx)
	if err != nil || maps.Equal(kept, in.kept) {
		return false, err
	}
	in.turn()
	return true, nil
}

func (in *instance) turn() {
	select {
	case in.turns <- struct{}{}:
	default: // it is known, or nobody waits for it
	}
}

// lately lets jobs about money be done by the settings as they stand: they wait for the next round where those have changed.
func (in *instance) lately(all queue.Handlers) queue.Handlers {
	made := queue.Handlers{}
	for kind, do := range all {
		made[kind] = func(ctx context.Context, j queue.Job) error {
			changed, err := in.turned(ctx)
			if err != nil {
				return err
			}
			if changed {
				return &queue.SnoozeError{Until: in.now().Add(time.Second)}
			}
			return do(ctx, j)
		}
	}
	return made
}

// lobby is where requests wait while nothing is open.
type lobby struct {
	mu     sync.RWMutex // held by visitors to read, and to write while it is shut
	inside http.Handler

	door sync.Mutex
	kept bool // it is shut
}

func newLobby() *lobby {
	l := &lobby{}
	l.shut()
	return l
}

// open lets in who waits.
func (l *lobby) open(inside http.Handler) {
	l.shut()
	l.door.Lock()
	defer l.door.Unlock()
	l.inside, l.kept = inside, false
	l.mu.Unlock()
}

// shut lets nobody in any more, and waits until everybody has left.
func (l *lobby) shut() {
	l.door.Lock()
	defer l.door.Unlock()
	if !l.kept {
		l.mu.Lock()
		l.kept = true
	}
}

// end sends everybody away.
func (l *lobby) end() {
	l.open(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "10")
		http.Error(w, "this instance is being stopped", http.StatusServiceUnavailable)
	}))
}

func (l *lobby) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	l.inside.ServeHTTP(w, r)
}
