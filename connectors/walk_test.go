package connectors

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"flattery"
)

var (
	start     = time.Date(2026, 10, 14, 12, 0, 0, 0, time.UTC)
	errBroken = errors.New("broken")
)

// list is somebody's likes at a network in memory, newest like first.
type list struct {
	likes   []flattery.Like
	timed   bool // tells times
	tagged  bool // tells ETags
	now     time.Time
	version int    // of the list, as an ETag has it
	etag    string // of the last ask
	asked   int    // requests of this poll
	fail    int    // the one that fails; 0: none
	before  func(request int)
	price   flattery.Amount // of a like that is read
	billed  flattery.Amount
}

// Pages are small, so that few likes make many of them.
const fewLikes, pageLikes = 10, 15

func (l *list) like(id string, at time.Time) { l.put(0, id, at) }

// put makes a like that shows up below others.
func (l *list) put(below int, id string, at time.Time) {
	l.unlike(id)
	like := flattery.Like{Thing: flattery.Thing{Network: "there", ID: id}}
	if l.timed {
		like.At, like.Source = at, flattery.Exact
	}
	l.likes = slices.Insert(l.likes, min(below, len(l.likes)), like)
	l.version++
}

func (l *list) unlike(id string) {
	l.likes = slices.DeleteFunc(l.likes, func(o flattery.Like) bool { return o.Thing.ID == id })
	l.version++
}

func (l *list) has(id string) bool {
	return slices.ContainsFunc(l.likes, func(o flattery.Like) bool { return o.Thing.ID == id })
}

func (l *list) session() Session {
	return Session{Identity: flattery.Profile{Identity: flattery.Identity{Network: "there"}}, Now: l.now, Month: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)}
}

// page is a List.
func (l *list) page(_ context.Context, ask Ask) (Answer, error) {
	l.asked++
	l.etag = ask.ETag
	if l.before != nil {
		l.before(l.asked)
	}
	if l.asked == l.fail {
		return Answer{}, errBroken
	}
	ans := Answer{Date: l.now, ETag: fmt.Sprint(l.version)}
	if !l.tagged {
		ans.ETag = ""
	}
	if ask.ETag != "" && ask.ETag == ans.ETag {
		return Answer{Same: true, Date: l.now}, nil
	}
	from, _ := strconv.Atoi(ask.Place)
	size := pageLikes
	if ask.Few {
		size = fewLikes
	}
	from = min(from, len(l.likes))
	to := min(from+size, len(l.likes))
	ans.Likes = slices.Clone(l.likes[from:to])
	ans.Cost = flattery.Amount(to-from) * l.price
	l.billed += ans.Cost
	if to < len(l.likes) {
		ans.Next = strconv.Itoa(to)
		if ask.Few && l.price == 0 {
			ans.Next = "0" // of the larger pages
		}
	}
	return ans, nil
}

// link is one link to a list, and what a store remembers of it.
type link struct {
	*list
	walk     Walk
	cursor   flattery.Cursor
	news     map[string]bool // told as news, and never before
	old      map[string]bool // told in a baseline first
	baseline bool            // it is done
	again    bool            // and another was told later
	paid     flattery.Amount
	err      error
}

func newLink(feed Feed, timed, tagged, brief bool) *link {
	l := &link{list: &list{timed: timed, tagged: tagged, now: start}, news: map[string]bool{}, old: map[string]bool{}}
	if brief {
		l.price = 5000
	}
	l.walk = Walk{Feed: feed, Brief: brief, List: l.page}
	return l
}

// poll reads at most so many pages; 0: all.
func (l *link) poll(most int) {
	l.asked, l.err = 0, nil
	pages, was := 0, l.baseline
	defer func() {
		c, err := decode(l.cursor)
		l.baseline = err == nil && c.Ground != nil
	}()
	for page, err := range l.walk.Likes(context.Background(), l.session(), l.cursor) {
		if err != nil {
			l.err = err
			return
		}
		for _, like := range page.Likes {
			if id := like.Thing.ID; !l.news[id] && !l.old[id] {
				if page.Baseline {
					l.old[id] = true
				} else {
					l.news[id] = true
				}
			}
		}
		l.again = l.again || was && page.Baseline
		l.cursor = page.Next
		l.paid += page.Cost
		if pages++; pages == most {
			return
		}
	}
}

var feeds = map[string]func() *link{
	"timed":                func() *link { return newLink(Timed, true, false, false) },
	"timed with ETags":     func() *link { return newLink(Timed, true, true, false) },
	"timed, untold":        func() *link { return newLink(Timed, false, true, false) },
	"ordered":              func() *link { return newLink(Ordered, false, false, false) },
	"ordered and brief":    func() *link { return newLink(Ordered, false, false, true) },
	"unordered":            func() *link { return newLink(Unordered, false, false, false) },
	"unordered with times": func() *link { return newLink(Unordered, true, false, false) },
}

// A life of a list: likes, un-likes, likes again, at any moment, also while it is read; polls that break or are stopped.
// When it has rested (for a day, where there is no order), nothing that was liked since the link began is missing, and
// nothing that was liked before it was ever news.
func TestNothingIsLostAndNothingOldIsNews(t *testing.T) {
	for name, begin := range feeds {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { live(t, begin()) })
		})
	}
}

func live(t *rapid.T, l *link) {
	before, made := map[string]bool{}, 0
	like := func(n int) {
		for range n {
			l.now = l.now.Add(time.Second)
			l.like(fmt.Sprint(made), l.now)
			made++
		}
	}
	like(rapid.IntRange(0, 70).Draw(t, "old likes"))
	for n := range made {
		before[fmt.Sprint(n)] = true
	}
	l.now = l.now.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "seconds of rest")) * time.Second)
	again := func() {
		if n := len(l.likes); n > 0 {
			id := l.likes[rapid.IntRange(0, n-1).Draw(t, "which again")].Thing.ID
			delete(before, id) // it is liked since
			l.now = l.now.Add(time.Second)
			l.like(id, l.now)
		}
	}
	for !l.baseline { // a baseline is begun, broken and stopped like any walk
		l.fail = rapid.SampledFrom([]int{0, 0, 1, 2, 3}).Draw(t, "baseline fails at")
		l.poll(rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "baseline stops after"))
		if l.cursor != "" {
			like(rapid.IntRange(0, 3).Draw(t, "likes meanwhile"))
		}
		l.now = l.now.Add(10 * time.Minute)
		l.fail = 0
		if l.cursor == "" {
			continue
		}
		l.poll(0)
	}
	calm := 2 // walks to their end since the list got shorter in one
	changes := map[string]func(*rapid.T){
		"likes": func(t *rapid.T) { like(rapid.SampledFrom([]int{1, 1, 2, 5, 17, 40}).Draw(t, "n")) },
		"again": func(*rapid.T) { again() },
		"rest": func(t *rapid.T) {
			l.now = l.now.Add(time.Duration(rapid.IntRange(1, 48).Draw(t, "half hours")) * 30 * time.Minute)
		},
		"unlike": func(t *rapid.T) {
			if n := len(l.likes); n > 0 {
				l.unlike(l.likes[rapid.IntRange(0, n-1).Draw(t, "which")].Thing.ID)
			}
		},
		"poll": func(t *rapid.T) {
			l.fail = rapid.SampledFrom([]int{0, 0, 0, 1, 2, 3}).Draw(t, "fails at")
			shift := rapid.IntRange(1, 8).Draw(t, "shifts at")
			kind := rapid.IntRange(0, 2).Draw(t, "by")
			if kind == 1 && calm < 2 {
				kind = 0 // a list that gets shorter at the same place in two walks one after the other can hide a like
			}
			l.before = func(request int) {
				switch n := len(l.likes); {
				case request != shift || shift > 4:
				case kind == 0:
					like(1)
				case kind == 1 && n > 0:
					l.unlike(l.likes[rapid.IntRange(0, n-1).Draw(t, "which")].Thing.ID)
				case kind == 2:
					again()
				}
			}
			stop := rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "stops after")
			l.poll(stop)
			if kind == 1 {
				calm = 0
			} else if stop == 0 && l.err == nil {
				calm++
			}
			l.fail, l.before = 0, nil
			l.now = l.now.Add(5 * time.Minute)
		},
	}
	if l.walk.Feed == Unordered {
		changes["late"] = func(t *rapid.T) {
			l.put(rapid.IntRange(0, 60).Draw(t, "below"), fmt.Sprint(made), l.now)
			made++
		}
	}
	t.Repeat(changes)
	l.rest(t, before, made)
}

// rest polls until nothing more can come, and checks the promise.
func (l *link) rest(t *rapid.T, before map[string]bool, made int) {
	for range 5 {
		l.poll(0)
		l.now = l.now.Add(8 * time.Hour)
		if l.err != nil {
			t.Fatal(l.err)
		}
	}
	for n := range made {
		id := fmt.Sprint(n)
		switch {
		case before[id] && l.news[id]:
			t.Errorf("%s was liked before the link, and is news", id)
		case !before[id] && l.has(id) && !l.news[id] && !l.old[id] && !l.again:
			t.Errorf("%s was liked since, and is lost", id)
		}
	}
	if l.again && !l.walk.Brief { // where reading costs, more than a poll may read is given up
		t.Errorf("a baseline was begun again")
	}
	if l.paid != l.billed {
		t.Errorf("%v was paid, and %v told", l.billed, l.paid)
	}
}

func TestWhatWasOnceLostIsFound(t *testing.T) {
	for name, v := range map[string]struct {
		link  *link
		then  func(l *link, like func(from, to int))
		found string
	}{
		"an unread thing that was seen below known ground, liked again": {newLink(Ordered, false, false, true), func(l *link, like func(from, to int)) {
			like(0, 16) // one more than a baseline reads
			l.poll(0)
			like(16, 24)
			l.poll(0)
			l.poll(0) // over several pages: twice before it counts
			like(0, 1)
		}, "0"},
		"a thing below the only known one, which was liked again, and far down": {newLink(Ordered, false, false, false), func(l *link, like func(from, to int)) {
			l.poll(0)
			like(0, 1)
			l.poll(0)
			like(1, 31)
			like(0, 1)
			like(40, 130)
		}, "1"},
	} {
		v.then(v.link, func(from, to int) {
			for n := from; n < to; n++ {
				v.link.like(fmt.Sprint(n), start)
			}
		})
		for range 3 {
			v.link.poll(0)
		}
		if !v.link.news[v.found] {
			t.Errorf("%s is lost", name)
		}
	}
}
