package discover

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/store"
)

// KindPlaces is the kind of job that looks where authors take money for whom somebody waits.
const KindPlaces = "places"

const (
	seekAtOnce  = 20 // authors in one job; the next brings others
	longestWait = time.Hour
)

// SeekStore is what a Seeker needs of the store.
type SeekStore interface {
	Sought(ctx context.Context, now time.Time, n int) ([]store.Sought, error)
	Update(ctx context.Context, fn func(store.Tx) error) error
}

// Seeker keeps known where authors take money. Whoever turns out to be payable has their flattrs counted.
type Seeker struct {
	Store  SeekStore
	Finder *Finder
	Log    *slog.Logger
}

// Enqueue makes the job, if somebody is to be looked for.
func (s *Seeker) Enqueue(ctx context.Context, now time.Time) error {
	list, err := s.Store.Sought(ctx, now, 1)
	if err == nil && len(list) > 0 {
		err = s.Store.Update(ctx, func(tx store.Tx) error { return tx.Enqueue(ctx, KindPlaces, "", now) })
	}
	if err != nil {
		return fmt.Errorf("discover: %w", err)
	}
	return nil
}

// Work does a job of KindPlaces. A wait, where there is one, is how long a network asks to be left alone.
func (s *Seeker) Work(ctx context.Context) (wait time.Duration, err error) {
	list, err := s.Store.Sought(ctx, s.Finder.Now(), seekAtOnce)
	if err != nil {
		return 0, fmt.Errorf("discover: %w", err)
	}
	authors := make([]Author, len(list))
	for i, one := range list {
		authors[i] = Author{Profile: one.Author, Things: one.Things, Known: one.Known}
	}
	if err := s.Finder.Show(ctx, authors); err != nil {
		s.Log.Warn("what a network shows could not be asked for", "error", err)
	}
	for _, a := range authors {
		if _, err := s.Seek(ctx, a); err != nil {
			if limit, ok := errors.AsType[*connectors.RateLimitError](err); ok {
				return min(max(limit.RetryAfter, time.Minute), longestWait), nil
			}
			return 0, err
		}
	}
	return 0, nil
}

// Seek looks for one author, keeps what was found, and says how many flattrs count since. Where the network asks to wait, nothing is
// kept. A place that was known stands while somebody cannot be asked about it.
func (s *Seeker) Seek(ctx context.Context, a Author) (joined int, err error) {
	p, trouble := s.Finder.Find(ctx, a)
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	if _, limited := errors.AsType[*connectors.RateLimitError](trouble); limited {
		return 0, trouble
	}
	if trouble != nil {
		s.Log.Warn("not all places of an author could be looked at", "network", a.Network, "error", trouble)
		before := flattery.Payable{Places: a.Known}
		_, was := before.Place()
		if _, is := p.Place(); was && !is {
			p.Places = a.Known
		}
	}
	err = s.Store.Update(ctx, func(tx store.Tx) error {
		n, err := tx.SavePayable(ctx, p)
		joined = n
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("discover: %w", err)
	}
	return joined, nil
}

// Show asks the networks that can answer for many things at once what they show beside the first thing of each author. Those of
// whom that is known, those of other networks, and all where this instance has no key for it, stay as they are.
func (f *Finder) Show(ctx context.Context, authors []Author) error {
	var errs []error
	for _, c := range f.Networks {
		linker, ok := c.(connectors.Linker)
		if !ok {
			continue
		}
		app, err := f.App(ctx, c.Info().Network)
		if err != nil || app.Key == "" {
			errs = append(errs, err)
			continue
		}
		var index []int
		var things []flattery.Thing
		for i, a := range authors {
			if a.Network == c.Info().Network && len(a.Things) > 0 && len(a.Shown) == 0 {
				index, things = append(index, i), append(things, a.Things[0])
			}
		}
		for at := 0; at < len(things) && err == nil; at += connectors.MaxLinked {
			to := min(at+connectors.MaxLinked, len(things))
			if err = f.Pace.wait(ctx, "of "+c.Info().Network, f.Now()); err != nil {
				break
			}
			var shown []connectors.Funding
			shown, err = linker.FundingLinks(ctx, connectors.Session{App: app, Client: f.Client, Now: f.Now()}, things[at:to])
			f.Pace.heard("of "+c.Info().Network, f.Now(), err)
			for i := range shown {
				if shown[i].Holder.Subject != "" {
					authors[index[at+i]].Shown = shown[i : i+1]
				}
			}
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
