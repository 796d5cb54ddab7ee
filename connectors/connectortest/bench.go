package connectortest

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"flattery/connectors"
)

// Bench measures polls over one kept connection. The answers of the fake network are made once, so that it is the
// connector that is measured, with HTTP at both its ends. Where a list has no order it also says what a quiet day costs, and
// how long a like that shows up in the middle waits.
func Bench(b *testing.B, h Harness) {
	for _, v := range []struct {
		name string
		news int
	}{{"nothing new", 0}, {"one new", 1}, {"100 new", 100}} {
		b.Run(v.name, func(b *testing.B) {
			w := newWorld(b, h)
			w.history()
			w.like(count(1000, v.news)...)
			w.canned()
			w.requests, w.session.Now = 0, w.now
			for b.Loop() {
				told := 0
				for page, err := range w.connector.Likes(b.Context(), w.session, w.cursor) {
					if err != nil {
						b.Fatal(err)
					}
					told += len(page.Likes)
				}
				if told < min(v.news, 50) {
					b.Fatalf("%d likes told", told)
				}
			}
			b.ReportMetric(float64(w.requests)/float64(b.N), "requests/op")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "polls/s")
			if v.news == 0 && w.connector.Info().Feed == connectors.Unordered {
				requests, wait := newWorld(b, h).day()
				b.ReportMetric(float64(requests), "requests/day")
				b.ReportMetric(wait.Hours(), "hours-at-longest")
			}
		})
	}
}

// history is 400 likes of the last weeks, all known.
func (w *world) history() {
	w.Helper()
	for n := range 400 {
		w.likeAt(n, w.now.Add(time.Duration(n-500)*time.Hour))
	}
	w.begin()
}

// canned makes the network give each answer again that it gave once.
func (w *world) canned() {
	known := map[string]*httptest.ResponseRecorder{}
	w.before = func(_ int, rw http.ResponseWriter, r *http.Request) bool {
		key := r.URL.String() + r.Header.Get("If-None-Match")
		if known[key] == nil {
			known[key] = httptest.NewRecorder()
			w.net.ServeHTTP(known[key], r)
		}
		replay(rw, known[key], known[key].Body.Bytes())
		return true
	}
}

// day polls as often as the network allows: how many requests a quiet day takes, and how long a like waits that shows up
// in the middle just when all of the list was read.
func (w *world) day() (requests int, wait time.Duration) {
	w.Helper()
	w.history()
	every := w.connector.Info().Interval
	poll := func() polled {
		p := w.poll(0)
		if p.err != nil {
			w.Fatal(p.err)
		}
		w.pass(every)
		return p
	}
	for polls := 0; w.requests == 1 || polls == 0; polls++ { // until the whole list was read, and has rested
		poll()
	}
	for w.requests > 1 {
		poll()
	}
	w.likeAt(5000, w.now)
	for n := 300; n < 400; n++ { // again, on top of it
		w.likeAt(n, w.now)
	}
	from := w.now
	for !w.seen[w.h.ID(5000)] {
		poll()
		if wait = w.now.Sub(from); wait <= 24*time.Hour {
			requests += w.requests
		}
		if wait > 48*time.Hour {
			w.Fatal("a like in the middle is not seen in two days")
		}
	}
	return requests, wait
}
