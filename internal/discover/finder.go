package discover

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"flattery"
	"flattery/connectors"
)

// How long it stands what was found.
const (
	freshFound   = 7 * 24 * time.Hour
	freshNothing = 14 * 24 * time.Hour
	freshTrouble = 24 * time.Hour // somebody could not be asked
)

// mostThings is how many things of an author are looked at.
const mostThings = 3

// Finder looks for where authors take money, at every source there is for their network. It is safe for concurrent use.
type Finder struct {
	Networks connectors.Set
	App      func(ctx context.Context, network string) (flattery.App, error) // keys of this instance
	// Read reads who has a handle today and what the profile shows; nil: no profiles are read.
	Read      func(ctx context.Context, network, handle string) (flattery.Profile, connectors.Showing, error)
	Canon     func(flattery.Destination) (flattery.Destination, error) // what can be paid at all; nil: whatever is one
	Liberapay string                                                   // where it is asked, ending in no slash; "": it is not
	Bluesky   string                                                   // an AppView, ending in no slash; "": it is not asked
	// Event reads the newest kind-0 event of a key of Nostr, whose signature holds, and says where it was; nil: no relay is asked.
	Event  func(ctx context.Context, pubkey string) (event []byte, relay string, err error)
	Client *http.Client // guarded
	Pace   Pace
	Now    func() time.Time
	// Trust takes names at their word: nobody is asked whose they are, as it does for figures over a list of names. Nothing that was
	// found so is to be paid.
	Trust bool
}

// Author is whose places are looked for, and some of what they made.
type Author struct {
	flattery.Profile
	Things []flattery.Thing
	Known  []flattery.Place     // from the last time, with their ETags
	Shown  []connectors.Funding // what the network shows beside the first of the things, as far as it was asked already; none: it was not
}

// search is one look for one author.
type search struct {
	*Finder
	Author
	found    []flattery.Place
	holders  map[string]flattery.PlaceReason // by where files stand
	troubles []error
}

// Find looks at all sources for one author. What could not be asked is an error beside what was found, and the answer is then soon
// to be asked for again. A provisional identity is nobody's, and is not payable.
func (f *Finder) Find(ctx context.Context, a Author) (flattery.Payable, error) {
	now := f.Now().UTC().Truncate(time.Second)
	p := flattery.Payable{Author: a.Profile, LookedAt: now, Expires: now.Add(freshNothing)}
	if a.Provisional() && !f.Trust || a.Handle == "" {
		return p, nil
	}
	a.Things = a.Things[:min(len(a.Things), mostThings)]
	s := search{Finder: f, Author: a, holders: map[string]flattery.PlaceReason{}}
	s.files(ctx)
	s.profile(ctx)
	s.said(ctx)
	s.liberapay(ctx)
	if ctx.Err() != nil {
		return p, ctx.Err()
	}
	p.Places = ordered(s.found)
	if _, payable := p.Place(); payable {
		p.Expires = now.Add(freshFound)
	}
	if len(s.troubles) > 0 {
		p.Expires = now.Add(freshTrouble)
	}
	return p, errors.Join(s.troubles...)
}

// ordered puts what is verified in front, and the nearer source before the farther; each destination once.
func ordered(places []flattery.Place) []flattery.Place {
	rank := func(p flattery.Place) int {
		n := slices.Index(flattery.PlaceSources(), p.Source)
		if !p.Verified {
			n += 100
		}
		return n
	}
	slices.SortStableFunc(places, func(a, b flattery.Place) int { return cmp.Compare(rank(a), rank(b)) })
	var all []flattery.Place
	for _, p := range places {
		if len(all) < maxHits && !slices.ContainsFunc(all, func(o flattery.Place) bool { return o.Destination == p.Destination && o.Source == p.Source }) {
			all = append(all, p)
		}
	}
	return all
}

// trouble notes that something could not be asked.
func (s *search) trouble(err error) {
	if err != nil && len(s.troubles) < 5 {
		s.troubles = append(s.troubles, err)
	}
}

// keep takes places that stand at a page.
func (s *search) keep(source flattery.PlaceSource, page, etag string, reason flattery.PlaceReason, list []Hit) {
	for _, h := range list {
		to := h.Destination
		if s.Canon != nil {
			var err error
			if to, err = s.Canon(to); err != nil || to == "" {
				continue // nobody can be paid there
			}
		}
		s.found = append(s.found, flattery.Place{Destination: to, Source: source, Payee: h.Payee, Page: page, Verified: verifies(reason), Reason: reason, ETag: etag})
	}
}

// verifies reports whether a reason is one to believe a place.
func verifies(r flattery.PlaceReason) bool {
	switch r {
	case flattery.PlaceByClaim, flattery.PlaceByNetwork, flattery.PlaceByOwner, flattery.PlaceBySite, flattery.PlaceByWellKnown, flattery.PlaceByRelMe:
		return true
	default:
		return false
	}
}
