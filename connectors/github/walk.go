package github

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"

	"flattery"
	"flattery/connectors"
)

const (
	// A star shows up in lists only when every server of GitHub knows it, so one may appear below a newer one. Ten
	// minutes are two polls; what lies in them is told again.
	overlapSeconds = 10 * 60
	// skew is how far servers of one network may differ. A star later than that is not the measure of anything.
	skew = time.Minute
	// recheck is how long a name is believed to be the identity's where nothing new is found under it.
	recheck = 24 * time.Hour
	// maxPages is how many pages GitHub itself gives out.
	maxPages = 400
)

// walk reads a list from the top down to known ground.
type walk struct {
	a     *api
	c     cursor  // as it stands until the walk is done
	begun *ground // where an earlier try of this baseline began
	found found
	sure  bool // whose list this is was proved in this walk
}

// found is what a walk has come upon so far.
type found struct {
	pages   int
	stars   int
	untimed bool     // at least one star without its time
	high    int64    // newest time that is not in the future
	top     []string // first ids
	last    int      // where in the old top the star before stood, from 1; 0: not there
	run     int      // stars in a row that stand in the old top, in its order
	met     bool     // such a run was long enough: what follows is known
}

// step is what a page means for the walk.
type step struct {
	news, old []flattery.Like // old is the baseline's
	reached   bool            // known ground: the walk ends here
}

// Likes reads the stars that are news. See connectors.Connector for what it promises.
//
// The public way is by name, and names change hands. GitHub answers by id too (GET /user/{id}/starred), but does not
// document that. So whose list it was is proved before anything of it is told: by the id in the addresses that GitHub
// gives the list (Link headers, redirects), else by GET /user/{id}, which must still answer with the name that was
// asked for. A quiet poll proves nothing, tells nothing, and is one request; once a day the name is looked up all the same.
func (c *Connector) Likes(ctx context.Context, s connectors.Session, after flattery.Cursor) iter.Seq2[connectors.Page, error] {
	return func(yield func(connectors.Page, error) bool) {
		w, err := c.start(s, after)
		if err == nil {
			err = w.walk(ctx, func(p connectors.Page) bool { return yield(p, nil) })
		}
		if err != nil {
			yield(connectors.Page{}, fmt.Errorf("github: %w", err))
		}
	}
}

func (c *Connector) start(s connectors.Session, after flattery.Cursor) (*walk, error) {
	a, err := c.open(s)
	if err != nil {
		return nil, err
	}
	if id := s.Identity.Subject; !isNumber(id) {
		return nil, flattery.Input("the identity %q has no number as its id", connectors.Clean(id, 50))
	}
	cur, err := decode(after)
	if err != nil {
		return nil, err
	}
	if cur.Login == "" && isLogin(s.Identity.Handle) {
		cur.Login = s.Identity.Handle
	}
	return &walk{a: a, c: cur, begun: cur.Begun}, nil
}

// walk yields pages until known ground, the end of the list, or until told to stop.
func (w *walk) walk(ctx context.Context, yield func(connectors.Page) bool) error {
	size := 100
	if !w.baseline() && w.c.Seen == nil && w.c.For != w.path(100) {
		size = 10 // as good as always enough, and a tenth of the work
	}
	ans, st, err := w.top(ctx, size)
	if err == nil && size == 10 && !ans.same && !st.reached && ans.next != "" {
		size, w.found = 100, found{}
		ans, st, err = w.top(ctx, size)
	}
	if err != nil {
		return fmt.Errorf("page 1: %w", err)
	}
	if ans.same {
		yield(connectors.Page{Next: w.c.encode(), Date: ans.date})
		return nil
	}
	asked := map[string]bool{}
	for {
		done, unfinished := st.reached || ans.next == "", w.c.encode()
		if done {
			w.end(ans, size)
		}
		if !w.tell(st, ans.date, unfinished, yield) || done {
			return nil
		}
		if asked[ans.next] || w.found.pages == maxPages {
			return fmt.Errorf("page %d: %w", w.found.pages, w.a.refuse("lists its pages in a circle, or more than %d", maxPages))
		}
		asked[ans.next] = true
		if ans, err = w.a.list(ctx, ans.next, ""); err == nil && ans.owner != "" && ans.owner != w.id() {
			err = w.a.refuse("goes on with the list of another account")
		}
		if err != nil {
			return fmt.Errorf("page %d: %w", w.found.pages+1, err)
		}
		st = w.take(ans)
	}
}

// tell yields what is in a page. In a baseline that was begun before, what is newer than its beginning is news and
// goes first, as a page of its own after which the walk is not finished.
func (w *walk) tell(st step, date time.Time, unfinished flattery.Cursor, yield func(connectors.Page) bool) bool {
	next := w.c.encode()
	if st.old == nil {
		return yield(connectors.Page{Likes: st.news, Next: next, Date: date})
	}
	if len(st.news) > 0 && !yield(connectors.Page{Likes: st.news, Next: unfinished, Date: date}) {
		return false
	}
	return yield(connectors.Page{Likes: st.old, Next: next, Baseline: true, Date: date})
}

// top asks for the first page, under the name that the identity has today.
func (w *walk) top(ctx context.Context, size int) (answer, step, error) {
	for range 3 {
		if w.public() && w.c.Login == "" {
			if err := w.locate(ctx); err != nil {
				return answer{}, step{}, err
			}
		}
		path, etag := w.path(size), ""
		if w.c.For == path {
			etag = w.c.ETag
		}
		ans, err := w.a.list(ctx, path, etag)
		missing := w.public() && notFound(err)
		if err == nil && !w.public() && ans.owner != "" && ans.owner != w.id() {
			err = w.a.refuse("shows the token the stars of another account than the linked one")
		}
		if err != nil && !missing {
			return ans, step{}, err
		}
		var st step
		before := w.c
		if !missing && !ans.same {
			st = w.take(ans)
		}
		if !w.doubts(missing, ans, st) {
			return ans, st, nil
		}
		name := w.c.Login
		if err := w.locate(ctx); err != nil {
			return ans, st, err
		}
		switch same := strings.EqualFold(name, w.c.Login); {
		case same && missing:
			return ans, st, w.a.refuse("answers 404 for the stars of %s, who is there", name)
		case same && ans.owner != "" && ans.owner != w.id():
			return ans, st, w.a.refuse("shows the stars of another account under %s", name)
		case same:
			return ans, st, nil
		}
		before.Login, before.Checked = w.c.Login, w.c.Checked
		w.c, w.found = before, found{}
	}
	return answer{}, step{}, w.a.refuse("changes the name of the account while it is read")
}

// doubts reports whether it must be looked up whose list this is, before the page is told or forgotten.
func (w *walk) doubts(missing bool, ans answer, st step) bool {
	if !w.public() {
		return false // a token shows its owner's list
	}
	if ans.owner == w.id() {
		w.sure, w.c.Checked = true, w.a.s.Now.Unix()
		return false
	}
	age := w.a.s.Now.Sub(time.Unix(w.c.Checked, 0)).Abs()
	telling := len(st.news)+len(st.old) > 0 || !ans.same && w.found.stars == 0 // an empty list tells something too
	return missing || ans.owner != "" || !w.sure && (telling || age > recheck)
}

// locate finds the name that the identity has today; ErrGone where it is no more.
func (w *walk) locate(ctx context.Context) error {
	u, err := w.a.user(ctx, "user/"+w.id())
	if err != nil {
		return err
	}
	if got := w.a.c.profileOf(u).Subject; got != w.id() {
		return w.a.refuse("answers with account %s where %s was asked for", got, w.id())
	}
	w.c.Login, w.c.Checked, w.sure = u.Login, w.a.s.Now.Unix(), true
	return nil
}

func (w *walk) path(size int) string {
	who := "user"
	if w.public() {
		who = "users/" + w.c.Login
	}
	return fmt.Sprintf("%s/starred?sort=created&direction=desc&per_page=%d", who, size)
}

func (w *walk) public() bool   { return w.a.s.Token == "" }
func (w *walk) id() string     { return w.a.s.Identity.Subject }
func (w *walk) baseline() bool { return w.c.Ground == nil }

// newest is the latest time that is believed, in seconds: the network's clock and a little.
func (w *walk) newest() int64 { return w.a.date.Add(skew).Unix() }

// floor is how far back a baseline goes where times are told.
func (w *walk) floor() int64 { return max(min(w.a.s.Month.Unix(), w.newest()), 0) }

func notFound(err error) bool {
	e, ok := errors.AsType[*connectors.AnswerError](err)
	return ok && e.Status == http.StatusNotFound
}

// take adds a page to what was found, and says what in it is news and whether the walk has come to known ground.
func (w *walk) take(ans answer) step {
	f := &w.found
	f.pages++
	f.untimed = f.untimed || slices.ContainsFunc(ans.likes, func(l flattery.Like) bool { return l.At.IsZero() })
	if g := w.c.Ground; f.untimed && g != nil && g.timed() {
		w.c.Ground, w.c.Seen = nil, nil // the network stopped telling times: a baseline again
	}
	bound := w.floor()
	if !w.baseline() {
		bound = w.c.Ground.Since
	}
	bound -= overlapSeconds
	var st step
	if w.baseline() {
		st.old = []flattery.Like{}
	}
	ordered := true
	for i, l := range ans.likes {
		w.see(l)
		ordered = ordered && (i == 0 || !l.At.After(ans.likes[i-1].At))
		switch g := w.c.Ground; {
		case w.baseline() && w.afterBegun(l):
			st.news = append(st.news, l)
		case w.baseline():
			st.old = append(st.old, l)
		case len(g.Top) > 0:
			if !f.met && !slices.Contains(g.Top, l.Thing.ID) {
				st.news = append(st.news, l)
			}
		case g.Empty && f.untimed, l.At.Unix() >= bound:
			st.news = append(st.news, l)
		}
	}
	if g := w.c.Ground; g != nil && len(g.Top) > 0 {
		st.reached = f.met
	} else if n := len(ans.likes); n > 0 && !f.untimed {
		// A page out of order proves nothing about the next one.
		st.reached = ordered && ans.likes[n-1].At.Unix() < bound
	}
	if w.baseline() && w.c.Begun == nil {
		w.c.Begun = w.ground()
	}
	return st
}

// see counts one star of the list.
func (w *walk) see(l flattery.Like) {
	f := &w.found
	f.stars++
	if len(f.top) < topIDs {
		f.top = append(f.top, l.Thing.ID)
	}
	if at := l.At.Unix(); !l.At.IsZero() && at <= w.newest() {
		f.high = max(f.high, at)
	}
	var old []string
	if w.c.Ground != nil {
		old = w.c.Ground.Top
	} else if w.begun != nil {
		old = w.begun.Top
	}
	// One known star is no ground: who stars a thing again moves it to the top. A row of them in the old order is.
	at := slices.Index(old, l.Thing.ID) + 1
	switch {
	case at == 0:
		f.run = 0
	case at > f.last:
		f.run++
	default:
		f.run = 1
	}
	f.last = at
	f.met = f.met || at > 0 && f.run >= min(knownRun, len(old))
}

// afterBegun reports whether a star came after an unfinished baseline was begun.
func (w *walk) afterBegun(l flattery.Like) bool {
	switch b := w.begun; {
	case b == nil:
		return false
	case b.timed():
		return !l.At.IsZero() && l.At.Unix() > b.Since && l.At.Unix() <= w.newest()
	default:
		return !w.found.met && !slices.Contains(b.Top, l.Thing.ID)
	}
}

// ground is the top of the list as this walk found it.
func (w *walk) ground() *ground {
	g := &ground{Since: max(w.found.high, w.floor()), Empty: w.found.stars == 0}
	if !w.baseline() {
		g.Since = max(w.found.high, w.c.Ground.Since)
	}
	if w.found.untimed {
		g.Since, g.Top = 0, w.found.top
	}
	return g
}

// end moves the ground, now that the walk has come to its end.
func (w *walk) end(ans answer, size int) {
	g, once := w.ground(), w.found.pages == 1
	w.c.ETag, w.c.For = "", ""
	switch {
	case once, w.baseline() && w.found.untimed:
		// After a page of a hundred the next poll asks for ten again, unless these would not reach the ground.
		crowd := len(ans.likes) >= 10 && ans.likes[9].At.Unix() >= g.Since-overlapSeconds
		if once && (size == 10 || crowd) {
			w.c.ETag, w.c.For = ans.etag, w.path(size)
		}
		w.c.Ground, w.c.Begun, w.c.Seen = g, nil, nil
	case w.c.Seen == nil: // once more; see cursor.Seen
		w.c.Seen = g
	default:
		w.c.Ground, w.c.Begun, w.c.Seen = w.c.Seen, nil, g
	}
}
