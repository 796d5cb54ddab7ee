package flickr

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/url"
	"strconv"
	"time"

	"flattery"
	"flattery/connectors"
)

const (
	version = 1
	// One request takes what a donor faves in any sane time, and costs the same with fewer in it.
	perPage  = 500
	maxPages = 400
	// The list is made by more than one server, so a fave may appear behind a newer one. An hour costs nothing: the
	// network itself leaves out what is older.
	overlapSeconds = 60 * 60
	// skew is how far servers of one network may differ. A fave later than that is not the measure of anything.
	skew = time.Minute
)

// cursor is where the link is in time; all in seconds since 1970.
type cursor struct {
	V int `json:"v"`
	// Since is the newest fave of the last walk that counts; 0 until the baseline is done.
	Since int64 `json:"since,omitempty"`
	// Begun is when the baseline began by the network's clock, until it is done: what comes later is news.
	Begun int64 `json:"begun,omitempty"`
	// Seen is the newest fave that the walk before this one found. A list that gets shorter while it is walked moves
	// a fave from a page that is not read yet to one that was, so a walk over several pages is made twice before it counts.
	Seen int64 `json:"seen,omitempty"`
}

// decode reads a cursor. One that cannot be read is an error and not a new baseline, which would silently leave out
// every fave since the last poll.
func decode(from flattery.Cursor) (cursor, error) {
	c := cursor{V: version}
	if from == "" {
		return c, nil
	}
	c.V = 0
	if err := json.Unmarshal([]byte(from), &c); err != nil {
		return cursor{}, fmt.Errorf("the cursor cannot be read (%w): remove the link and add it again", err)
	}
	if c.V != version || c.Since < 0 || c.Begun < 0 || c.Seen < 0 {
		return cursor{}, fmt.Errorf("the cursor is of version %d or damaged, this program knows %d: update it, or remove the link and add it again", c.V, version)
	}
	return c, nil
}

func (c cursor) encode() flattery.Cursor {
	b, err := json.Marshal(c)
	if err != nil { // numbers cannot fail
		panic(err)
	}
	return flattery.Cursor(b)
}

// photos is one page of favourites.
type photos struct {
	Photos *struct {
		Pages number  `json:"pages"`
		Photo []photo `json:"photo"`
	} `json:"photos"`
}

type photo struct {
	ID        text   `json:"id"`
	Owner     text   `json:"owner"`
	OwnerName text   `json:"ownername"`
	PathAlias text   `json:"pathalias"`
	Title     text   `json:"title"`
	Faved     number `json:"date_faved"`
}

// walk reads everything from a time on. The order of the list is documented nowhere, so nothing depends on it.
type walk struct {
	c     *Connector
	s     connectors.Session
	cur   cursor
	begun int64 // where an earlier try of this baseline began; 0: this is the first
	high  int64 // newest time that is not in the future
	date  time.Time
}

// Likes reads the public favourites that are news. See connectors.Connector for what it promises.
func (c *Connector) Likes(ctx context.Context, s connectors.Session, after flattery.Cursor) iter.Seq2[connectors.Page, error] {
	return func(yield func(connectors.Page, error) bool) {
		cur, err := decode(after)
		if err == nil && !nsid.MatchString(s.Identity.Subject) {
			err = flattery.Input("the identity %q is no id of Flickr", connectors.Clean(s.Identity.Subject, 50))
		}
		if err == nil {
			w := &walk{c: c, s: s, cur: cur, begun: cur.Begun, date: s.Now}
			err = w.walk(ctx, func(p connectors.Page) bool { return yield(p, nil) })
		}
		if err != nil {
			yield(connectors.Page{}, fmt.Errorf("flickr: %w", err))
		}
	}
}

func (w *walk) baseline() bool { return w.cur.Since == 0 }

func (w *walk) walk(ctx context.Context, yield func(connectors.Page) bool) error {
	bound := w.bound()
	for page := 1; ; page++ {
		if page > maxPages {
			return fmt.Errorf("page %d: %w", page, w.c.refuse("lists more than %d pages", maxPages))
		}
		likes, pages, date, err := w.page(ctx, bound, page)
		if err != nil {
			return fmt.Errorf("page %d: %w", page, err)
		}
		news, old := w.sort(likes, bound)
		if w.baseline() && w.cur.Begun == 0 {
			w.cur.Begun = max(w.date.Unix(), 1)
		}
		done, unfinished := page >= pages, w.cur.encode()
		baseline := w.baseline()
		if done {
			w.end(page == 1)
		}
		next := w.cur.encode()
		// In a baseline what is news is a page of its own, after which the walk is not finished.
		if baseline && len(news) > 0 && !yield(connectors.Page{Likes: news, Next: unfinished, Date: date}) {
			return nil
		}
		p := connectors.Page{Likes: news, Next: next, Date: date}
		if baseline {
			p.Likes, p.Baseline = old, true
		}
		if !yield(p) || done {
			return nil
		}
	}
}

// bound is how far back the walk goes.
func (w *walk) bound() int64 {
	from := w.cur.Since
	if w.baseline() {
		from = min(w.s.Month.Unix(), w.date.Unix())
	}
	return max(from-overlapSeconds, 1)
}

// page asks for one page.
func (w *walk) page(ctx context.Context, bound int64, page int) (likes []flattery.Like, pages int, date time.Time, err error) {
	var a photos
	date, err = w.c.ask(ctx, w.s, "flickr.favorites.getPublicList", url.Values{
		"user_id":       {w.s.Identity.Subject},
		"min_fave_date": {strconv.FormatInt(bound, 10)},
		"extras":        {"owner_name,path_alias"},
		"per_page":      {strconv.Itoa(perPage)},
		"page":          {strconv.Itoa(page)},
	}, &a)
	if err != nil {
		return nil, 0, date, err
	}
	if a.Photos == nil || a.Photos.Photo == nil || len(a.Photos.Photo) > 2*perPage {
		return nil, 0, date, w.c.refuse("sent no list of at most %d photos", perPage)
	}
	if !date.IsZero() {
		w.date = date
	}
	likes, err = w.likes(a.Photos.Photo)
	return likes, int(min(a.Photos.Pages, maxPages+1)), date, err
}

// likes understands the photos of a page. One without an id or an owner is nobody's and left out; a page of nothing
// else, and an id that is wrong rather than missing, refuses the page.
func (w *walk) likes(list []photo) ([]flattery.Like, error) {
	likes := make([]flattery.Like, 0, len(list))
	for _, p := range list {
		if p.ID == "" || p.Owner == "" {
			continue
		}
		id, owner := string(p.ID), string(p.Owner)
		if n, err := strconv.ParseUint(id, 10, 64); err != nil || n == 0 || !nsid.MatchString(owner) {
			return nil, w.c.refuse("sent a photo with the id %q of %q", connectors.Clean(id, 40), connectors.Clean(owner, 40))
		}
		// The name in addresses is nobody else's; many have none.
		author := profile(owner, cmp.Or(string(p.PathAlias), string(p.OwnerName)))
		author.Name = connectors.Clean(string(p.OwnerName), connectors.MaxName)
		l := flattery.Like{
			Thing: flattery.Thing{Network: network, Host: "flickr.com", ID: id, URL: author.URL + "/" + id,
				Title: connectors.Clean(string(p.Title), connectors.MaxTitle)},
			Author: author,
		}
		if p.Faved > 1<<36 {
			return nil, w.c.refuse("sent %d as the time of a fave", int64(p.Faved))
		}
		if p.Faved > 0 {
			l.At, l.Source = time.Unix(int64(p.Faved), 0).UTC(), flattery.Exact
		}
		likes = append(likes, l)
	}
	if len(likes) == 0 && len(list) > 0 {
		return nil, w.c.refuse("sent a page of favourites without one photo in it")
	}
	return likes, nil
}

// sort parts what is news from what is the baseline's, and remembers the newest time. A fave without time that the
// network lists after a baseline is news.
func (w *walk) sort(likes []flattery.Like, bound int64) (news, old []flattery.Like) {
	latest := w.date.Add(skew).Unix()
	for _, l := range likes {
		at := l.At.Unix()
		if !l.At.IsZero() && at <= latest {
			w.high = max(w.high, at)
		}
		switch {
		case !l.At.IsZero() && at < bound: // asked not to list it
		case w.baseline() && (w.begun == 0 || l.At.IsZero() || at <= w.begun || at > latest):
			old = append(old, l)
		default:
			news = append(news, l)
		}
	}
	return news, old
}

// newest is the newest time of this walk; never zero, never in the future.
func (w *walk) newest() int64 {
	if !w.baseline() {
		return max(w.high, w.cur.Since)
	}
	return max(w.high, min(w.s.Month.Unix(), w.date.Unix()), 1)
}

// end moves the cursor, now that the walk has come to its end.
func (w *walk) end(once bool) {
	switch newest := w.newest(); {
	case once:
		w.cur = cursor{V: version, Since: newest}
	case w.cur.Seen == 0: // once more; see cursor.Seen
		w.cur.Seen = newest
	default:
		w.cur = cursor{V: version, Since: w.cur.Seen, Seen: newest}
	}
}
