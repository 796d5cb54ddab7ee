package connectortest

import (
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
	{"Info is constant, complete and asks nobody", func(w *world) {
		a := w.connector.Info()
		if w.requests != 0 {
			w.Errorf("%d requests", w.requests)
		}
		w.like(1)
		w.begin()
		if !reflect.DeepEqual(a, w.connector.Info()) || !reflect.DeepEqual(a, w.h.Connector(w.base).Info()) {
			w.Error("Info changes")
		}
		if a.Network == "" || a.Title == "" || a.Host == "" || a.Noun == "" || a.Auth == "" || a.Feed == "" || a.State == "" || a.Proven == "" || a.Interval <= 0 {
			w.Errorf("something is missing: %+v", a)
		}
		if _, ok := w.connector.(connectors.Prover); ok != (w.h.Handle != "") {
			w.Errorf("a Prover (%v) has a Handle in its harness, and Prove as a test", ok)
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
	{"a like while the list is walked is not lost", func(w *world) {
		w.shifting(func() { w.net.Like(100_000, w.now) }, func(p polled) {
			w.wantNews(p, append(count(5, 2*w.h.Page+7), 100_000)...)
		})
	}},
	{"an un-like while the list is walked loses no other", func(w *world) {
		newest := 2*w.h.Page + 11
		w.shifting(func() { w.net.Unlike(newest) }, func(p polled) {
			p.news = slices.DeleteFunc(p.news, func(id string) bool { return id == w.h.ID(newest) })
			w.wantNews(p, count(5, 2*w.h.Page+6)...)
		})
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
	{"the only known thing, liked again, hides no other", func(w *world) {
		w.like(1)
		w.begin()
		w.like(2, 3)
		w.net.Unlike(1)
		w.likeAgain(1)
		w.wantNews(w.settle(), 2, 3)
	}},
	{"many known things, liked again in any order, hide no other", func(w *world) {
		w.like(count(0, 30)...)
		w.begin()
		for _, thing := range []int{3, 17, 4, 29, 11, 12, 13, 0, 28, 5} {
			w.net.Unlike(thing)
		}
		w.wantNews(w.settle())
		w.like(40, 12, 41, 5, 42, 3, 43, 28, 44, 17, 45, 11, 46, 0, 47, 29, 48, 13, 4)
		w.wantNews(w.settle(), count(40, 9)...)
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
}

// again begins anew: another network, another link.
func (w *world) again() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.net, w.cursor, w.seen, w.now = w.h.Network(), "", map[string]bool{}, noon
}

// shifting makes more new likes than two pages hold, and does something to the list before the network serves the nth
// answer, for every n of the walk. What came of it is checked when the list has rested.
func (w *world) shifting(do func(), check func(polled)) {
	for n, more := 2, true; more; n++ {
		w.again()
		w.like(count(0, 5)...)
		w.begin()
		w.pass(24 * time.Hour)
		for _, thing := range count(5, 2*w.h.Page+7) { // over hours: no overlap is as long
			w.likeAt(thing, w.now)
			w.pass(10 * time.Second)
		}
		w.before = func(k int, _ http.ResponseWriter, _ *http.Request) bool {
			if k == n {
				do()
			}
			return false
		}
		first := w.poll(0)
		if first.err != nil {
			w.Fatal(first.err)
		}
		more, w.before = w.requests >= n, nil
		if !more {
			return
		}
		rest := w.settle()
		rest.news = append(rest.news, first.news...)
		slices.Sort(rest.news)
		check(rest)
	}
}

// likeAgain moves a thing to the top of the list.
func (w *world) likeAgain(things ...int) {
	w.pass(time.Second)
	w.like(things...)
}

func (w *world) noTime() bool { return w.h.Timeless }
