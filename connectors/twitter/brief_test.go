package twitter

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"flattery"
	"flattery/connectors"
)

// link is one link to a fake, polled as the poller does.
type link struct {
	*testing.T
	f      *fake
	c      *Connector
	s      connectors.Session
	cursor flattery.Cursor
}

func newLink(t *testing.T, path string) *link {
	f := newFake()
	server := httptest.NewServer(http.HandlerFunc(f.ServeHTTP))
	t.Cleanup(server.Close)
	client := connectors.NewClient(connectors.ClientOptions{AllowPrivate: true, Version: "test"})
	t.Cleanup(client.CloseIdleConnections)
	s := session()
	s.Client, s.Now = client, time.Date(2026, 10, 14, 12, 0, 0, 0, time.UTC)
	s.Month = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	return &link{T: t, f: f, c: New(server.URL + "/" + path), s: s}
}

func (l *link) like(from, to int) {
	for n := from; n < to; n++ {
		l.f.Like(n, time.Time{})
	}
}

// polled is what one poll brought.
type polled struct {
	news, old []string
	cost      flattery.Amount
	requests  int
	err       error
}

func (l *link) poll() polled {
	var p polled
	l.f.asked = nil
	for page, err := range l.c.Likes(l.Context(), l.s, l.cursor) {
		if err != nil {
			p.err = err
			break
		}
		l.cursor = page.Next
		p.cost += page.Cost
		for _, like := range page.Likes {
			if page.Baseline {
				p.old = append(p.old, like.Thing.ID)
			} else {
				p.news = append(p.news, like.Thing.ID)
			}
		}
	}
	p.requests = len(l.f.asked)
	l.s.Now = l.s.Now.Add(6 * time.Hour)
	return p
}

// What lies below the first page of a long list was never read. Whatever happens above it, none of it may become news,
// and no poll may read on and on.
func TestTheUnreadPartOfALongListNeverBecomesNews(t *testing.T) {
	for name, row := range map[string]struct {
		do    func(*link)
		news  []int // at most these
		must  bool  // and all of them
		costs flattery.Amount
		blind bool // the next like cannot be told from an old one
	}{
		"nothing happens":                    {do: func(*link) {}, costs: 5 * postPrice},
		"one more like":                      {do: func(l *link) { l.like(1000, 1001) }, news: []int{1000}, must: true, costs: 50 * postPrice},
		"the newest is taken back":           {do: func(l *link) { l.f.Unlike(499) }, costs: 50 * postPrice},
		"one of the newest is taken back":    {do: func(l *link) { l.f.Unlike(497) }, costs: 50 * postPrice},
		"five of the newest are taken back":  {do: func(l *link) { l.unlike(495, 500) }, costs: 50 * postPrice},
		"forty of the newest are taken back": {do: func(l *link) { l.unlike(460, 500) }, costs: 100 * postPrice},
		"a hundred are taken back":           {do: func(l *link) { l.unlike(400, 500) }, costs: 85 * postPrice},
		"all are taken back":                 {do: func(l *link) { l.unlike(0, 500) }, costs: 0, blind: true},
		"the list is empty for an hour": {do: func(l *link) {
			was := slices.Clone(l.f.likes)
			l.f.likes = nil
			l.poll()
			l.f.likes = was
		}, costs: 100 * postPrice},
		"the list is short for an hour": {do: func(l *link) {
			was := slices.Clone(l.f.likes)
			l.f.likes = was[:3]
			l.poll()
			l.f.likes = was
		}, costs: 100 * postPrice},
		"an old like is made again":                 {do: func(l *link) { l.like(10, 11) }, news: []int{10}, costs: 50 * postPrice},
		"two hundred are more than a poll may cost": {do: func(l *link) { l.like(1000, 1200) }, news: []int{}, costs: 85 * postPrice},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLink(t, "")
			l.like(0, 500)
			if p := l.poll(); len(p.old) != 100 || p.news != nil || p.cost != 100*postPrice || p.requests != 1 {
				t.Fatalf("the baseline: %+v", p)
			}
			l.poll()
			row.do(l)
			var got []string
			var cost flattery.Amount
			for range 4 {
				p := l.poll()
				if p.err != nil {
					t.Fatal(p.err)
				}
				got, cost = append(got, p.news...), max(cost, p.cost)
			}
			for _, id := range got {
				if !slices.ContainsFunc(row.news, func(n int) bool { return postID(n) == id }) {
					t.Errorf("%s is news", id)
					break
				}
			}
			for _, n := range row.news {
				if row.must && !slices.Contains(got, postID(n)) {
					t.Errorf("%d is not news", n)
				}
			}
			if cost > row.costs {
				t.Errorf("a poll cost %v, want at most %v", cost, row.costs)
			}
			// And it is well again: what is liked from here on is news.
			if row.blind {
				l.like(1999, 2000)
				if p := l.poll(); p.news != nil || len(p.old) != 1 {
					t.Errorf("what cannot be told: %+v", p)
				}
			}
			l.like(2000, 2001)
			got = nil
			for range 3 {
				got = append(got, l.poll().news...)
			}
			if !slices.Contains(got, postID(2000)) {
				t.Errorf("a later like is not news: %v", got)
			}
		})
	}
}

func (l *link) unlike(from, to int) {
	for n := from; n < to; n++ {
		l.f.Unlike(n)
	}
}
