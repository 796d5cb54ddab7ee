package poll

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/internal/queue"
	"flattery/store"
)

// KindAuthors is the kind of job that asks who made the things of which only an export file told.
const KindAuthors = "authors"

const (
	authorsAtOnce = 20          // asked in one job; the next minute brings another
	authorsPace   = time.Second // between two of them
	waitingMost   = 200         // among which those are chosen: one that fails every time does not hold up the others
)

// nobody is the author of what is no more. No network has such a handle.
const nobody = "@?"

// EnqueueAuthors makes the job, if somebody's things wait for it.
func (p *Poller) EnqueueAuthors(ctx context.Context, now time.Time) error {
	waiting, err := p.Store.Unnamed(ctx, 1)
	if err == nil && len(waiting) > 0 {
		err = p.Store.Update(ctx, func(tx store.Tx) error { return tx.Enqueue(ctx, KindAuthors, "", now) })
	}
	if err != nil {
		return fmt.Errorf("poll: authors: %w", err)
	}
	return nil
}

// WorkAuthors does a job of KindAuthors: it asks slowly, and gives up for this time when a network asks to wait.
func (p *Poller) WorkAuthors(ctx context.Context, _ queue.Job) error {
	waiting, err := p.Store.Unnamed(ctx, waitingMost)
	if err != nil {
		return fmt.Errorf("poll: authors: %w", err)
	}
	rand.Shuffle(len(waiting), func(i, j int) { waiting[i], waiting[j] = waiting[j], waiting[i] })
	tired := map[string]bool{} // networks that asked to wait
	for i, thing := range waiting[:min(len(waiting), authorsAtOnce)] {
		if tired[thing.Network] {
			continue
		}
		if i > 0 && !pauseFor(ctx, authorsPace) {
			return ctx.Err()
		}
		err := p.nameAuthor(ctx, thing)
		switch fate, reason := FateOf(err); {
		case ctx.Err() != nil:
			return ctx.Err()
		case fate == FateGood:
		case reason != ReasonTrouble:
			tired[thing.Network] = true
			fallthrough
		default:
			p.Log.Warn("author not found out", "network", thing.Network, "error", err)
		}
	}
	return nil
}

func (p *Poller) nameAuthor(ctx context.Context, thing flattery.Thing) error {
	c, err := p.Networks.Get(thing.Network)
	if err != nil {
		return errors.Join(errNoConnector, err)
	}
	finder, ok := c.(connectors.Finder)
	if !ok {
		return errNoConnector
	}
	s := connectors.Session{Client: p.Client, Now: p.Now()}
	entered, err := p.Store.App(ctx, thing.Network)
	if err != nil {
		return err
	}
	s.App = p.App(thing.Network, entered)
	author, err := finder.Author(ctx, s, thing)
	if errors.Is(err, connectors.ErrGone) {
		author = flattery.Profile{Identity: flattery.Identity{Network: thing.Network, Host: thing.Host, Subject: nobody}}
	} else if err != nil {
		return err
	}
	return p.Store.Update(ctx, func(tx store.Tx) error { return tx.NameAuthor(ctx, thing, author, p.Now()) })
}

func pauseFor(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
