package connectortest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"time"

	"flattery/connectors"
)

// promises are what a connector does with a network that behaves.
var promises = []promise{
	{"Info is constant and complete", func(w *world) {
		a, b := w.connector.Info(), w.connector.Info()
		if !reflect.DeepEqual(a, b) {
			w.Error("Info changes")
		}
		if a.Network == "" || a.Title == "" || a.Host == "" || a.Noun == "" || a.Auth == "" || a.Feed == "" || a.State == "" || a.Proven == "" || a.Interval <= 0 {
			w.Errorf("something is missing: %+v", a)
		}
	}},
	{"what was liked before is baseline and never news", func(w *world) {
		w.likeAt(1, month.AddDate(-1, 0, 0))
		w.likeAt(2, month.Add(-time.Second))
		w.likeAt(3, month)
		w.likeAt(4, noon.Add(-time.Hour))
		p := w.poll(0)
		if p.err != nil {
			w.Fatal(p.err)
		}
		w.wantNews(p)
		for _, n := range []int{3, 4} {
			if !slices.Contains(p.old, w.h.ID(n)) {
				w.Errorf("thing %d of this month is not in the baseline %q", n, p.old)
			}
		}
		w.wantNews(w.settle())
	}},
	{"what is liked later is news, exactly that", func(w *world) {
		w.like(count(0, 7)...)
		w.begin()
		w.like(7, 8, 9)
		p := w.poll(0)
		w.wantNews(p, 7, 8, 9)
		for _, l := range p.likes {
			w.checkLike(l)
		}
		w.pass(time.Minute)
		w.like(10)
		w.wantNews(w.settle(), 10)
	}},
	{"an empty list is a baseline too", func(w *world) {
		p := w.poll(0)
		if p.err != nil || p.pages == 0 {
			w.Fatalf("%d pages, error %v", p.pages, p.err)
		}
		w.pass(5 * time.Minute)
		w.like(1)
		w.wantNews(w.settle(), 1)
	}},
	{"a quiet poll is one request", func(w *world) {
		w.like(count(0, 30)...)
		w.begin()
		w.wantNews(w.poll(0))
		if w.requests != 1 {
			w.Errorf("%d requests", w.requests)
		}
	}},
	{"more likes than a page are all news", func(w *world) {
		w.like(count(0, 5)...)
		w.begin()
		w.like(count(5, 2*w.h.Page+7)...)
		w.wantNews(w.settle(), count(5, 2*w.h.Page+7)...)
	}},
	{"stopping a baseline after any page loses nothing and counts nothing old", func(w *world) {
		for k := 1; k <= 3; k++ {
			w.again()
			w.like(count(0, 2*w.h.Page+7)...)
			w.wantNews(w.poll(k))
			w.pass(time.Hour)
			w.like(100_000)
			w.wantNews(w.settle(), 100_000)
		}
	}},
	{"stopping a walk after any page loses nothing", func(w *world) {
		for k := 1; k <= 3; k++ {
			w.again()
			w.like(count(0, 5)...)
			w.begin()
			w.like(count(5, 2*w.h.Page+7)...)
			first := w.poll(k)
			w.pass(time.Minute)
			w.like(100_000)
			rest := w.settle()
			rest.news = append(rest.news, first.news...)
			slices.Sort(rest.news)
			w.wantNews(rest, append(count(5, 2*w.h.Page+7), 100_000)...)
		}
	}},
	{"a like while the list is walked is not lost", func(w *world) {
		w.shifting(func() { w.net.Like(100_000, w.now) })
		w.wantNews(w.settle(), append(count(5, 2*w.h.Page+7), 100_000)...)
	}},
	{"an un-like while the list is walked loses no other", func(w *world) {
		newest := 2*w.h.Page + 11
		w.shifting(func() { w.net.Unlike(newest) })
		p := w.settle()
		p.news = slices.DeleteFunc(p.news, func(id string) bool { return id == w.h.ID(newest) })
		w.wantNews(p, count(5, 2*w.h.Page+6)...)
	}},
	{"an un-like and a like again lose nothing", func(w *world) {
		w.like(count(0, 20)...)
		w.begin()
		w.net.Unlike(19)
		w.wantNews(w.poll(0))
		w.pass(time.Hour)
		w.like(20, 19, 18) // 18 is liked twice: moved to the top
		w.wantNews(w.settle(), 20)
		w.net.Unlike(20)
		w.wantNews(w.settle())
		w.like(21)
		w.wantNews(w.settle(), 21)
	}},
	{"a like in the same second as the newest known is not lost", func(w *world) {
		w.like(1)
		w.begin()
		at := w.now
		w.likeAt(2, at)
		w.wantNews(w.poll(0), 2)
		w.likeAt(3, at)
		w.pass(5 * time.Minute)
		w.wantNews(w.settle(), 3)
	}},
	{"a like in the future hides none that comes after it", func(w *world) {
		w.like(1)
		w.begin()
		w.likeAt(2, w.now.AddDate(1, 0, 0))
		w.wantNews(w.poll(0), 2)
		w.pass(time.Hour)
		w.likeAt(3, w.now)
		w.wantNews(w.settle(), 3)
	}},
	{"a connector serves many at once", func(w *world) {
		w.like(count(0, 12)...)
		w.session.Now = w.now
		var wg sync.WaitGroup
		got := make([]string, 8)
		for i := range got {
			wg.Go(func() {
				for page, err := range w.connector.Likes(w.Context(), w.session, "") {
					got[i] += fmt.Sprint(page.Next, len(page.Likes), page.Baseline, err)
				}
			})
		}
		wg.Wait()
		if len(slices.Compact(got)) != 1 {
			w.Errorf("different answers: %.200q", got)
		}
	}},
	{"a context that ends, ends the poll", func(w *world) {
		w.like(1)
		ctx, cancel := context.WithCancel(w.Context())
		w.before = func(_ int, _ http.ResponseWriter, r *http.Request) bool {
			cancel()
			<-r.Context().Done()
			return true
		}
		w.session.Now = w.now
		for page, err := range w.connector.Likes(ctx, w.session, "") {
			if !errors.Is(err, context.Canceled) {
				w.Errorf("page %+v, error %v; want %v", page, err, context.Canceled)
			}
		}
	}},
}

// again begins anew: another network, another link.
func (w *world) again() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.net, w.cursor, w.seen, w.now = w.h.Network(), "", map[string]bool{}, noon
}

// shifting makes more new likes than two pages hold, and does something to the list each time before the network
// serves another page than the first.
func (w *world) shifting(do func()) {
	w.like(count(0, 5)...)
	w.begin()
	w.pass(24 * time.Hour)
	for _, thing := range count(5, 2*w.h.Page+7) { // over hours: no overlap is as long
		w.likeAt(thing, w.now)
		w.pass(10 * time.Second)
	}
	once := sync.OnceFunc(do)
	pages := 0
	w.before = func(int, http.ResponseWriter, *http.Request) bool {
		// The first request may be a glance, and one may ask whose list it is: the third is inside of the walk or after it.
		if pages++; pages == 3 {
			once()
		}
		return false
	}
}

func (w *world) noTime() bool { return w.h.Timeless || w.connector.Info().Feed != connectors.Timed }
