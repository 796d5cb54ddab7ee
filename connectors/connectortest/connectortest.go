// Package connectortest is what every connector must promise, as tests. They are driven through a small fake network
// that the connector's own test provides, served on this machine; they know nothing of how the network speaks.
package connectortest

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"flattery"
	"flattery/connectors"
)

// Network is a fake network with one person on it, whose likes it serves, newest first. It is called by one at a time.
type Network interface {
	http.Handler
	// Like puts a thing on top of the list. A network that tells no times ignores at.
	Like(thing int, at time.Time)
	// Unlike takes it off.
	Unlike(thing int)
}

// Harness is a connector with its fake network.
type Harness struct {
	Connector func(base string) connectors.Connector
	Network   func() Network         // an empty one
	Session   connectors.Session     // Identity, Token and App; Run adds the rest
	ID        func(thing int) string // of the thing, as the connector reports it
	Page      int                    // likes on the largest page that the network serves
	Timeless  bool                   // this network does not tell the time of a like
	Hostile   string                 // folder of the answers for Survive; "" is testdata/hostile
	Handle    string                 // of the session's identity; a Prover needs one, and a test that calls Prove
	Linkless  bool                   // a profile has no field for a page of one's own
}

// Run checks every promise.
func Run(t *testing.T, h Harness) {
	for _, p := range slices.Concat(promises, stops, hostilities) {
		t.Run(p.name, func(t *testing.T) { p.check(newWorld(t, h)) })
	}
}

type promise struct {
	name  string
	check func(*world)
}

// world is one fake network, one link to it, and what a store would remember.
type world struct {
	testing.TB
	h         Harness
	net       Network
	base      string
	connector connectors.Connector
	session   connectors.Session
	cursor    flattery.Cursor
	seen      map[string]bool // every thing that was ever reported, as baseline or as news

	mu       sync.Mutex
	now      time.Time
	requests int
	// before, where set, may answer the nth request (from 1) since the last poll began, and says whether it did.
	before func(n int, w http.ResponseWriter, r *http.Request) bool
}

// The world's first poll is on a Wednesday noon.
var (
	month = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	noon  = time.Date(2026, 10, 14, 12, 0, 0, 0, time.UTC)
)

func newWorld(t testing.TB, h Harness) *world {
	t.Helper()
	w := &world{TB: t, h: h, net: h.Network(), seen: map[string]bool{}, now: noon}
	server := httptest.NewServer(http.HandlerFunc(w.serve))
	t.Cleanup(server.Close)
	client := connectors.NewClient(connectors.ClientOptions{AllowPrivate: true, Version: "test"})
	t.Cleanup(client.CloseIdleConnections)
	w.base = server.URL + "/"
	w.connector = h.Connector(w.base)
	w.session = h.Session
	w.session.Client, w.session.Month = client, month
	w.session.Identity.Network = w.connector.Info().Network
	w.session.Identity.Host = w.connector.Info().Host
	return w
}

func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests++
	rw.Header().Set("Date", w.now.Format(http.TimeFormat))
	if w.before == nil || !w.before(w.requests, rw, r) {
		w.net.ServeHTTP(rw, r)
	}
}

// like makes likes of things, one a second, so that the last is made now.
func (w *world) like(things ...int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, thing := range things {
		w.net.Like(thing, w.now.Add(-time.Duration(len(things)-1-i)*time.Second))
	}
}

func (w *world) likeAt(thing int, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.net.Like(thing, at)
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// count makes things of the numbers from first on.
func count(first, n int) []int {
	things := make([]int, n)
	for i := range things {
		things[i] = first + i
	}
	return things
}

// polled is what one poll brought.
type polled struct {
	news, old []string // things never reported before, sorted
	likes     []flattery.Like
	pages     int
	told      int // pages with likes
	err       error
}

// poll reads at most so many pages (0: all) as the poller does: the cursor moves with each page.
func (w *world) poll(most int) polled {
	w.Helper()
	w.mu.Lock()
	w.requests, w.session.Now = 0, w.now
	w.mu.Unlock()
	var p polled
	for page, err := range w.connector.Likes(w.Context(), w.session, w.cursor) {
		if p.err != nil {
			w.Fatal("the sequence goes on after its error")
		}
		if err != nil {
			p.err = err
			continue
		}
		p.pages++
		p.told += min(1, len(page.Likes))
		p.likes = append(p.likes, page.Likes...)
		for _, l := range page.Likes {
			if id := l.Thing.ID; !w.seen[id] {
				w.seen[id] = true
				if page.Baseline {
					p.old = append(p.old, id)
				} else {
					p.news = append(p.news, id)
				}
			}
		}
		w.cursor = page.Next
		if p.pages == most {
			break
		}
	}
	slices.Sort(p.news)
	slices.Sort(p.old)
	return p
}

// begin links: the baseline and a poll after it, none of which is news.
func (w *world) begin() {
	w.Helper()
	for range 3 { // a long baseline is walked twice
		p := w.poll(0)
		if p.err != nil {
			w.Fatalf("the first polls: %v", p.err)
		}
		w.wantNews(p)
		w.pass(time.Hour)
	}
}

// settle polls until nothing more can come, five minutes apart, and gives everything new.
func (w *world) settle() polled {
	w.Helper()
	var all polled
	for range 4 {
		p := w.poll(0)
		if p.err != nil {
			w.Fatal(p.err)
		}
		all.news, all.old = append(all.news, p.news...), append(all.old, p.old...)
		w.pass(5 * time.Minute)
	}
	slices.Sort(all.news)
	return all
}

func (w *world) wantNews(p polled, things ...int) {
	w.Helper()
	var want []string
	for _, n := range things {
		want = append(want, w.h.ID(n))
	}
	slices.Sort(want)
	if !slices.Equal(p.news, want) {
		w.Errorf("news: %d things %.300q, want %d: %.300q", len(p.news), p.news, len(want), want)
	}
}

// wantLine checks that an error can be shown: one line, not long, and without a secret.
func (w *world) wantLine(err error) {
	w.Helper()
	text := fmt.Sprintf("%v %+v %#v", err, err, err)
	for _, secret := range []flattery.Secret{w.session.Token.Access, w.session.Token.Secret, w.session.AppToken, w.session.App.Secret, w.session.App.Key} {
		if secret != "" && strings.Contains(text, string(secret)) {
			w.Errorf("the error tells a secret: %v", err)
		}
	}
	if line := err.Error(); strings.ContainsAny(line, "\n\r") || len(line) > 400 {
		w.Errorf("not one clear line: %.500q", line)
	}
}

func isAnswer(err error) bool {
	_, ok := errors.AsType[*connectors.AnswerError](err)
	return ok
}
