package connectortest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"time"
	"unicode/utf8"

	"flattery"
	"flattery/connectors"
)

// stops are what a connector does when it is stopped anywhere, started again elsewhere, or asked to look back.
var stops = []promise{
	{"stopping a baseline after any page loses nothing and counts nothing old", func(w *world) {
		for k, more := 1, true; more; k++ {
			w.again()
			w.like(count(0, 2*w.h.Page+7)...)
			first := w.poll(k)
			w.wantNews(first)
			w.pass(time.Hour)
			w.like(100_000)
			w.wantNews(w.settle(), 100_000)
			more = first.pages == k
		}
	}},
	{"stopping a walk after any page loses nothing", func(w *world) {
		for k, more := 1, true; more; k++ {
			w.again()
			w.like(count(0, 5)...)
			w.begin()
			w.like(count(5, 2*w.h.Page+7)...)
			first := w.poll(k)
			w.pass(time.Minute)
			w.like(100_000)
			w.wantNews(joined(first, w.settle()), append(count(5, 2*w.h.Page+7), 100_000)...)
			more = first.pages == k
		}
	}},
	{"a walk that is stopped again and again loses nothing", func(w *world) {
		w.like(count(0, 5)...)
		w.begin()
		w.like(count(5, 2*w.h.Page+7)...)
		var all polled
		for n := range 5 {
			all = joined(all, w.poll(1))
			w.pass(time.Minute)
			w.like(100_000 + n)
		}
		w.wantNews(joined(all, w.settle()), append(count(5, 2*w.h.Page+7), count(100_000, 5)...)...)
	}},
	{"a baseline that fails at any request counts nothing old and loses nothing new", func(w *world) {
		for n, more := 1, true; more; n++ {
			w.again()
			w.like(count(0, 2*w.h.Page+7)...)
			first := w.failing(n)
			w.wantNews(first)
			if more = first.err != nil; first.pages == 0 {
				continue // nothing was begun
			}
			w.pass(time.Hour)
			w.like(100_000)
			w.wantNews(w.settle(), 100_000)
		}
	}},
	{"a walk that fails at any request loses nothing", func(w *world) {
		for n, more := 1, true; more; n++ {
			w.again()
			w.like(count(0, 5)...)
			w.begin()
			w.like(count(5, 2*w.h.Page+7)...)
			first := w.failing(n)
			w.pass(time.Minute)
			w.like(100_000)
			w.wantNews(joined(first, w.settle()), append(count(5, 2*w.h.Page+7), 100_000)...)
			more = first.err != nil
		}
	}},
	{"a context that ends, ends the poll, at any request", func(w *world) {
		w.like(count(0, w.h.Page+7)...)
		for n, more := 1, true; more; n++ {
			ctx, cancel := context.WithCancel(w.Context())
			w.requests, w.session.Now = 0, w.now
			w.before = func(k int, _ http.ResponseWriter, r *http.Request) bool {
				if k != n {
					return false
				}
				cancel()
				<-r.Context().Done()
				return true
			}
			var last error
			for _, err := range w.connector.Likes(ctx, w.session, "") {
				last = err
			}
			cancel()
			if more = w.requests >= n; more && (!errors.Is(last, context.Canceled) || w.requests > n) {
				w.Errorf("at request %d: %d requests, error %v; want %v", n, w.requests, last, context.Canceled)
			}
		}
	}},
	{"a context that ends between two pages, ends the poll", func(w *world) {
		w.like(count(0, 2*w.h.Page+7)...)
		ctx, cancel := context.WithCancel(w.Context())
		defer cancel()
		w.session.Now = w.now
		pages, asked := 0, 0
		var last error
		for page, err := range w.connector.Likes(ctx, w.session, "") {
			if last = err; pages == 0 {
				asked = w.requests
				cancel()
			}
			pages += min(1, len(page.Likes))
		}
		if pages != 1 || w.requests > asked || last != nil && !errors.Is(last, context.Canceled) {
			w.Errorf("%d pages, %d requests after the first, error %v", pages, w.requests-asked, last)
		}
	}},
	{"a cursor is text that says all there is to know", func(w *world) {
		w.like(count(0, w.h.Page+20)...)
		w.sameAnywhere()
		w.poll(1)
		w.sameAnywhere()
		w.settle()
		w.sameAnywhere()
		w.like(count(w.h.Page+20, w.h.Page+20)...)
		w.sameAnywhere()
		w.poll(1)
		w.sameAnywhere()
	}},
	{"a walk from the beginning finds all that was liked since the month of the session", func(w *world) {
		if info := w.connector.Info(); !info.Reliable || info.Feed != connectors.Timed || w.h.Timeless {
			return // nobody looks back there
		}
		since := noon.AddDate(0, 0, -92)
		w.likeAt(1, since.Add(-time.Second))
		w.likeAt(2, since)
		all := 2*w.h.Page + 7
		for n := range all {
			w.likeAt(10+n, since.Add(time.Duration(n/3)*time.Minute)) // three in one second
		}
		w.likeAt(10+all, w.now)
		w.net.Unlike(10 + all/2)
		w.begin()
		w.likeAt(11+all, w.now)
		kept := w.cursor
		w.cursor, w.session.Month = "", since
		p := w.poll(0)
		if p.err != nil {
			w.Fatal(p.err)
		}
		found := map[string]bool{}
		for _, l := range p.likes {
			found[l.Thing.ID] = true
		}
		for _, thing := range append(count(10, all+2), 2) {
			if found[w.h.ID(thing)] == (thing == 10+all/2) {
				w.Errorf("thing %d: found %v", thing, found[w.h.ID(thing)])
			}
		}
		w.cursor, w.session.Month, w.seen = kept, month, map[string]bool{}
		if p := w.poll(0); !slices.Contains(p.news, w.h.ID(11+all)) {
			w.Errorf("after it the news of the old cursor are gone: %v, error %v", p.news, p.err)
		}
	}},
	{"a like that shows up in the middle is news within a day where there is no order", func(w *world) {
		if w.connector.Info().Feed != connectors.Unordered {
			return
		}
		for _, above := range []int{1, w.h.Page / 2, w.h.Page + 5} {
			w.again()
			w.like(count(0, 2*w.h.Page+7)...)
			w.begin()
			w.like(100_000)
			w.like(count(2*w.h.Page+7-above, above)...) // again, on top of it
			var all polled
			for range 25 {
				all = joined(all, w.poll(0))
				w.pass(time.Hour)
			}
			w.wantNews(all, 100_000)
		}
	}},
}

// joined is what two polls brought.
func joined(a, b polled) polled {
	news := slices.Concat(a.news, b.news)
	slices.Sort(news)
	return polled{news: news, old: slices.Concat(a.old, b.old), likes: slices.Concat(a.likes, b.likes), pages: a.pages + b.pages}
}

// failing polls a network that breaks at the nth request.
func (w *world) failing(n int) polled {
	w.Helper()
	w.before = func(k int, rw http.ResponseWriter, _ *http.Request) bool {
		if k == n {
			rw.WriteHeader(http.StatusBadGateway)
		}
		return k == n
	}
	p := w.poll(0)
	w.before = nil
	if (p.err != nil) != (w.requests >= n) {
		w.Fatalf("request %d of %d fails, error %v", n, w.requests, p.err)
	}
	return p
}

// sameAnywhere checks that a cursor can be stored as text, and that a connector made anew goes on with it as this one does.
func (w *world) sameAnywhere() {
	w.Helper()
	kept, err := json.Marshal(w.cursor)
	var stored flattery.Cursor
	if err == nil {
		err = json.Unmarshal(kept, &stored)
	}
	if err != nil || stored != w.cursor || !utf8.ValidString(string(w.cursor)) || slices.Contains([]byte(w.cursor), 0) || len(w.cursor) > 32<<10 {
		w.Fatalf("a cursor of %d bytes cannot be stored as text: %.100q, %v", len(w.cursor), w.cursor, err)
	}
	w.session.Now = w.now
	read := func(c connectors.Connector) (all []string) {
		for page, err := range c.Likes(w.Context(), w.session, stored) {
			all = append(all, fmt.Sprintf("%+v %v", page, err))
		}
		return all
	}
	if a, b, c := read(w.connector), read(w.h.Connector(w.base)), read(w.connector); !reflect.DeepEqual(a, b) || !reflect.DeepEqual(a, c) {
		w.Errorf("one cursor, three answers: %.200q, %.200q, %.200q", a, b, c)
	}
}
