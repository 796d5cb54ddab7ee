package main

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"flattery"
	"flattery/connectors"
	"flattery/internal/discover"
	"flattery/internal/payout/manual"
	"flattery/internal/queue"
)

// placesPace is kept between two requests to one host.
const placesPace = 250 * time.Millisecond

// appView answers who somebody of Bluesky is; it needs no key.
const appView = "https://public.api.bsky.app"

// newFinder looks for where authors take money; it needs no store.
func (in *instance) newFinder() *discover.Finder {
	f := &discover.Finder{Networks: in.enabled, App: in.app, Read: in.readProfile, Canon: manual.Rail{}.Canon, Liberapay: in.Liberapay, Client: in.client, Now: func() time.Time { return in.now() }}
	if !in.AllowPrivate { // a sandbox has time, and asks nobody outside
		f.Pace.Every, f.Bluesky = placesPace, appView
	}
	return f
}

// readProfile reads a profile to see which pages are its owner's: where the instance has keys for its network, and reading costs
// nothing. Else it is nobody's.
func (in *instance) readProfile(ctx context.Context, network, handle string) (flattery.Profile, connectors.Showing, error) {
	c, err := in.enabled.Get(network)
	if err != nil {
		return flattery.Profile{}, connectors.Showing{}, err
	}
	app, err := in.app(ctx, network)
	if err != nil {
		return flattery.Profile{}, connectors.Showing{}, err
	}
	prover, is := c.(connectors.Prover)
	if _, ready := provable(c, app); !is || !ready || c.Info().Price.Currency != "" || app.Key == "" && (app.ID == "" || app.Secret == "") {
		return flattery.Profile{}, connectors.Showing{}, nil
	}
	s, err := in.session(ctx, c)
	if err != nil {
		return flattery.Profile{}, connectors.Showing{}, err
	}
	return prover.Prove(ctx, s, handle)
}

// authorsAtOnce is how many authors are looked for at once; each host is asked at its own pace.
const authorsAtOnce = 8

// findAll looks where authors take money, and hands over what was found of each: one after the other, as it comes.
func findAll(ctx context.Context, finder *discover.Finder, authors []discover.Author, found func(n int, at flattery.Payable, err error)) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(authorsAtOnce)
	var mu sync.Mutex
	for i := range authors {
		g.Go(func() error {
			at, err := finder.Find(ctx, authors[i])
			mu.Lock()
			defer mu.Unlock()
			found(i, at, err)
			return ctx.Err()
		})
	}
	return g.Wait()
}

// seek does a job that looks where authors take money.
func (in *instance) seek(ctx context.Context, _ queue.Job) error {
	wait, err := in.seeker.Work(ctx)
	if err == nil && wait > 0 {
		err = &queue.SnoozeError{Until: in.now().Add(wait)}
	}
	return err
}

// whereName is a source as a person reads it.
func whereName(s flattery.PlaceSource) string {
	switch s {
	case flattery.PlaceClaimed:
		return "joined here"
	case flattery.PlaceNetwork:
		return "sponsors listing"
	case flattery.PlaceDefault:
		return "default FUNDING.yml"
	case flattery.PlaceLiberapay:
		return "Liberapay"
	case flattery.PlaceOwnPage:
		return "own page"
	case flattery.PlacePackage:
		return "package.json"
	default:
		return string(s)
	}
}
