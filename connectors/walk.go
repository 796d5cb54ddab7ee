package connectors

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"flattery"
)

const (
	// overlap is told again of a list with times: it is made by more than one server, so that a like may show up below a
	// newer one. What a store knows already costs next to nothing; what shows up later still, the walk for un-likes finds.
	overlap = 20 * time.Minute
	// skew is how far servers of one network may differ. A like later than that is not the measure of anything.
	skew = time.Minute
	// wholeEvery is how often all of a list without order is read: what shows up in its middle waits no longer.
	wholeEvery = 24 * time.Hour
	// maxPages of one walk; briefPages of one that costs money.
	maxPages = 1000
	// maxStale pages in a row that tell nothing but what the page before told are a list that does not end.
	maxStale = 10
	// glance is how many likes Ask.Few asks for.
	glance     = 10
	briefPages = 5
)

// List reads one page of somebody's likes.
type List func(ctx context.Context, ask Ask) (Answer, error)

// Ask says which page.
type Ask struct {
	Place string    // Answer.Next of the page before; "": the first
	Few   bool      // of the first: a glance, ten likes are as good as always enough
	Since time.Time // what was liked before is of no interest; zero: everything is
	ETag  string    // of the answer to the last glance
}

// Answer is a page, understood.
type Answer struct {
	Likes []flattery.Like  // At is zero where the network does not tell
	Next  string           // where the list goes on, also when that is a larger page with the same on top; "": nowhere
	Same  bool             // as when the ETag was given; nothing else but Date and Who is told
	ETag  string           //
	Date  time.Time        // the network's clock; zero where it does not tell
	Who   flattery.Profile // whose list it is, where that was learned
	Cost  flattery.Amount  // counts also where the page is refused
}

// Walk turns pages of a list into what Connector.Likes promises. It is the one place that decides when a walk may stop,
// for all three kinds of feed.
type Walk struct {
	Feed Feed
	List List
	// Brief: reading costs. The baseline is the first page alone, and news are told only once known ground is met below
	// them; where it is lost a baseline begins anew.
	Brief bool
}

// Likes reads what is news after the cursor. Its errors begin with the network.
func (k Walk) Likes(ctx context.Context, s Session, after flattery.Cursor) iter.Seq2[Page, error] {
	return func(yield func(Page, error) bool) {
		c, err := decode(after)
		if err == nil {
			w := &walk{Walk: k, s: s, c: c, begun: c.Begun, date: s.Now, found: found{known: map[int]bool{}}}
			w.full = c.Ground != nil && (c.Deep || len(c.Ground.Top) == topIDs)
			err = w.walk(ctx, func(p Page) bool { return yield(p, nil) })
			// What was read and is not told was paid for all the same.
			if err != nil && w.owed > 0 && !yield(Page{Next: w.c.encode(), Cost: w.owed}, nil) {
				return
			}
		}
		if err != nil {
			yield(Page{}, fmt.Errorf("%s: %w", s.Identity.Network, err))
		}
	}
}

// walk reads a list from the top down to known ground.
type walk struct {
	Walk
	s     Session
	c     cursor  // as it stands until the walk is done
	begun *ground // where an earlier try of this baseline began
	date  time.Time
	whole bool // to the end, known ground or not
	full  bool // the list is, or may be, longer than what is remembered of it
	found found
	held  []Page          // of a brief walk, until it is known what they are
	owed  flattery.Amount // for pages that are not told yet
}

// found is what a walk has come upon so far.
type found struct {
	pages   int
	likes   int
	page    map[string]bool // things of the last one
	stale   int             // pages in a row without a thing that was not on the page before
	untimed bool            // at least one like without its time
	high    int64           // newest time that is not in the future
	top     []string        // first things
	known   map[int]bool    // where in the old top the things stood that are found again
	last    int             // where in the old top the thing before stood, from 1; 0: not there
	run     int             // things in a row that stand in the old top, in its order
	met     bool            // such a run was long enough
}

// step is what a page means for the walk.
type step struct {
	news, old []flattery.Like // old is the baseline's; nil outside of one
	reached   bool            // known ground: the walk ends here
}

// walk yields pages until known ground, the end of the list, or until told to stop.
func (w *walk) walk(ctx context.Context, yield func(Page) bool) error {
	w.whole = w.Feed == Unordered && !w.baseline() && w.s.Now.Sub(time.Unix(w.c.Whole, 0)).Abs() >= wholeEvery
	first := !w.baseline() && (w.c.Seen == nil || w.Brief) && !w.whole
	ask := Ask{Few: first && !w.c.Crowd, Since: w.since()}
	if first && w.s.Now.Sub(time.Unix(w.c.Fresh, 0)).Abs() < wholeEvery {
		ask.ETag = w.c.ETag
	}
	few, asked := ask.Few, map[string]bool{}
	for {
		ans, err := w.List(ctx, ask)
		if err != nil {
			w.owed += ans.Cost
			return fmt.Errorf("page %d: %w", w.found.pages+1, err)
		}
		if !ans.Date.IsZero() {
			w.date = ans.Date
		}
		if ans.Same && w.found.pages == 0 {
			yield(Page{Next: w.c.encode(), Date: ans.Date, Who: ans.Who, Cost: ans.Cost})
			return nil
		}
		st := w.take(ans)
		done, unfinished := st.reached || ans.Next == "" || w.Brief && (w.baseline() || w.full && w.found.pages == briefPages), w.c.encode()
		if done {
			w.end(ans, few)
		}
		if !w.tell(st, ans, unfinished, done, yield) || done {
			return nil
		}
		if asked[ans.Next] || w.found.pages == maxPages || w.found.stale == maxStale {
			return fmt.Errorf("page %d: the list goes in a circle, or has more than %d pages", w.found.pages, maxPages)
		}
		asked[ans.Next] = true
		ask = Ask{Place: ans.Next, Since: ask.Since}
	}
}

// tell yields what is in a page. In a baseline that was begun before, what is newer than its beginning is news and
// goes first, as a page of its own after which the walk is not finished.
func (w *walk) tell(st step, ans Answer, unfinished flattery.Cursor, done bool, yield func(Page) bool) bool {
	page := Page{Likes: st.news, Next: w.c.encode(), Date: ans.Date, Who: ans.Who, Cost: ans.Cost}
	if st.old == nil && w.Brief {
		page.Next, page.Cost = unfinished, 0
		w.held, w.owed = append(w.held, page), w.owed+ans.Cost
		return !done || w.release(yield)
	}
	if st.old == nil {
		return yield(page)
	}
	if len(st.news) > 0 {
		if !yield(Page{Likes: st.news, Next: unfinished, Date: ans.Date, Who: ans.Who, Cost: ans.Cost}) {
			return false
		}
		page.Cost = 0
	}
	page.Likes, page.Baseline = st.old, true
	return yield(page)
}

// release yields what a brief walk held back, now that it is known whether it is news. The first page tells what all of
// them cost, since the caller may stop there.
func (w *walk) release(yield func(Page) bool) bool {
	for i, p := range w.held {
		p.Baseline, p.Cost, w.owed = w.lost(), w.owed, 0
		if i == len(w.held)-1 {
			p.Next = w.c.encode()
		}
		if !yield(p) {
			return false
		}
	}
	return true
}

// lost reports whether a brief walk ended without known ground, though the list was longer than what is remembered.
func (w *walk) lost() bool { return w.Brief && w.full && !w.found.met }

func (w *walk) baseline() bool { return w.c.Ground == nil }

// timed: the walk goes by the times of likes, not by their order.
func (w *walk) timed() bool { return w.Feed == Timed && !w.found.untimed }

// newest is the latest time that is believed, in seconds: the network's clock and a little.
func (w *walk) newest() int64 { return w.date.Add(skew).Unix() }

// floor is how far back a baseline goes where times are told.
func (w *walk) floor() int64 { return max(min(w.s.Month.Unix(), w.newest()), 0) }

// bound is the time below which a timed list is known.
func (w *walk) bound() int64 {
	from := w.floor()
	if g := w.c.Ground; g != nil {
		from = g.Since
	}
	return from - int64(overlap/time.Second)
}

func (w *walk) since() time.Time {
	if g := w.c.Ground; w.Feed != Timed || g != nil && len(g.Top) > 0 {
		return time.Time{}
	}
	return time.Unix(max(w.bound(), 1), 0).UTC()
}

// take adds a page to what was found, and says what in it is news and whether the walk has come to known ground.
func (w *walk) take(ans Answer) step {
	f := &w.found
	f.pages++
	if f.stale++; slices.ContainsFunc(ans.Likes, func(l flattery.Like) bool { return !f.page[l.Thing.ID] }) {
		f.stale = 0
	}
	f.page = map[string]bool{}
	for _, l := range ans.Likes {
		f.page[l.Thing.ID] = true
	}
	f.untimed = f.untimed || slices.ContainsFunc(ans.Likes, func(l flattery.Like) bool { return l.At.IsZero() })
	if g := w.c.Ground; w.Feed == Timed && f.untimed && g != nil && g.timed() {
		w.c.Ground, w.c.Seen = nil, nil // the network stopped telling times: a baseline again
	}
	bound := w.bound()
	var st step
	if w.baseline() {
		st.old = []flattery.Like{}
	}
	ordered := true
	for i, l := range ans.Likes {
		w.see(l)
		ordered = ordered && (i == 0 || !l.At.After(ans.Likes[i-1].At))
		switch {
		case w.baseline() && w.afterBegun(l):
			st.news = append(st.news, l)
		case w.baseline():
			st.old = append(st.old, l)
		case w.news(l, bound):
			st.news = append(st.news, l)
		}
	}
	if g := w.c.Ground; g != nil && len(g.Top) > 0 {
		// Where the whole list is remembered, what follows all of it is news.
		st.reached = f.met && !w.whole && (!g.All || len(f.known) < len(g.Top))
	} else if n := len(ans.Likes); n > 0 && w.timed() {
		// A page out of order proves nothing about the next one.
		st.reached = ordered && ans.Likes[n-1].At.Unix() < bound
	}
	if w.baseline() && w.c.Begun == nil {
		w.c.Begun = w.ground()
		if w.timed() { // and no page below may be newer, whatever the order of the list is
			w.c.Begun.Since = max(w.c.Begun.Since, w.date.Unix())
		}
	}
	return st
}

// news reports whether a like lies above known ground.
func (w *walk) news(l flattery.Like, bound int64) bool {
	g := w.c.Ground
	if len(g.Top) == 0 {
		return !w.timed() || l.At.Unix() >= bound
	}
	below := w.found.met && w.Feed != Unordered && !g.All
	return !below && !slices.Contains(g.Top, l.Thing.ID)
}

// see counts one like of the list.
func (w *walk) see(l flattery.Like) {
	f := &w.found
	f.likes++
	if at := l.At.Unix(); !l.At.IsZero() && at <= w.newest() {
		f.high = max(f.high, at)
	}
	var old []string
	if w.c.Ground != nil {
		old = w.c.Ground.Top
	} else if w.begun != nil {
		old = w.begun.Top
	}
	// One known thing is no ground: who likes a thing again moves it to the top. A row of them in the old order is.
	at := slices.Index(old, l.Thing.ID) + 1
	// What a brief walk sees below known ground it does not tell, so that it is not known either.
	untold := w.Brief && f.met && at == 0 && w.c.Ground != nil && !w.c.Ground.All
	if len(f.top) < topIDs && !untold && !slices.Contains(f.top, l.Thing.ID) { // a glance and the page below it overlap
		f.top = append(f.top, l.Thing.ID)
	}
	switch {
	case at == 0:
		f.run = 0
	case at > f.last:
		f.run++
	default:
		f.run = 1
	}
	if f.last = at; at > 0 {
		f.known[at] = true
	}
	f.met = f.met || at > 0 && f.run >= min(knownRun, len(old))
}

// afterBegun reports whether a like came after an unfinished baseline was begun.
func (w *walk) afterBegun(l flattery.Like) bool {
	switch b := w.begun; {
	case b == nil:
		return false
	case len(b.Top) == 0 && !b.Empty:
		return !l.At.IsZero() && l.At.Unix() > b.Since && l.At.Unix() <= w.newest()
	default:
		return !w.found.met && !slices.Contains(b.Top, l.Thing.ID)
	}
}

// ground is the top of the list as this walk found it.
func (w *walk) ground() *ground {
	g := &ground{Since: max(w.found.high, w.floor()), Empty: w.found.likes == 0}
	if !w.baseline() {
		g.Since = max(w.found.high, w.c.Ground.Since)
	}
	if !w.timed() {
		g.Since, g.Top = 0, w.found.top
	}
	if w.Brief && !w.baseline() {
		w.deepen(g)
	}
	return g
}

// deepen adds to what a glance saw what was known below it: nothing else keeps a brief walk from reading on and on where
// a few likes were taken back. An answer without likes proves nothing of a list that is longer.
func (w *walk) deepen(g *ground) {
	if w.full && w.found.likes == 0 {
		*g = *w.c.Ground
	} else if w.found.met {
		g.Top = slices.Clone(g.Top)
		for _, id := range w.c.Ground.Top {
			if len(g.Top) < topIDs && !slices.Contains(w.found.top, id) {
				g.Top = append(g.Top, id)
			}
		}
	}
}

// end moves the ground, now that the walk has come to its end.
func (w *walk) end(ans Answer, few bool) {
	g, once := w.ground(), w.found.pages == 1
	n := len(ans.Likes)
	w.c.Crowd = once && !few && w.timed() && n > glance && ans.Likes[glance-1].At.Unix() >= g.Since-int64(overlap/time.Second)
	w.c.ETag, w.c.Fresh = "", 0
	if once && (few || w.c.Crowd) && ans.ETag != "" && len(ans.ETag) <= maxETag {
		w.c.ETag, w.c.Fresh = ans.ETag, w.s.Now.Unix()
	}
	// The daily walk over several pages is made twice too: what it passes over would wait for another day.
	if w.baseline() || w.whole && (once || w.c.Seen != nil) {
		w.c.Whole = w.s.Now.Unix()
	}
	w.c.Deep = w.c.Deep || w.lost() || w.Brief && w.baseline() && ans.Next != ""
	g.All = !w.c.Deep && len(g.Top) > 0 && len(g.Top) < topIDs && (ans.Next == "" || w.Brief && w.c.Ground.All)
	switch {
	case once, w.lost(), w.baseline() && !w.timed():
		w.c.Ground, w.c.Begun, w.c.Seen = g, nil, nil
	case w.c.Seen == nil: // once more; see cursor.Seen
		w.c.Seen = g
	default:
		w.c.Ground, w.c.Begun, w.c.Seen = w.c.Seen, nil, g
	}
}
