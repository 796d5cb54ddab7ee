// Package subscribe lets what is subscribed count again each month. That each does so once is the store's constraint: to ask
// again does nothing.
package subscribe

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"flattery/internal/queue"
	"flattery/store"
)

// Kind is the kind of job that makes the month's flattrs.
const Kind = "subscriptions"

// span is how many subscriptions one transaction does.
const span = 200

// Store is what subscriptions need of the store.
type Store interface {
	Update(ctx context.Context, fn func(store.Tx) error) error
}

// Subscriber does them. Its methods may be called from many goroutines and processes at once.
type Subscriber struct {
	Store Store
	Now   func() time.Time
	Log   *slog.Logger
}

// Enqueue makes the job.
func (s *Subscriber) Enqueue(ctx context.Context, now time.Time) error {
	if err := s.Store.Update(ctx, func(tx store.Tx) error { return tx.Enqueue(ctx, Kind, "", now) }); err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	return nil
}

// Handlers do the jobs.
func (s *Subscriber) Handlers() queue.Handlers { return queue.Handlers{Kind: s.Work} }

// Work does a job of Kind: span by span, until every subscription has its flattr.
func (s *Subscriber) Work(ctx context.Context, _ queue.Job) error {
	made := 0
	for {
		n := 0
		err := s.Store.Update(ctx, func(tx store.Tx) error {
			some, err := tx.AddSubscribed(ctx, span, s.Now())
			n = some
			return err
		})
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("subscribe: %w", err)
		}
		if made += n; n == 0 {
			break
		}
	}
	if made > 0 {
		s.Log.Info("subscriptions count again", "flattrs", made)
	}
	return nil
}
