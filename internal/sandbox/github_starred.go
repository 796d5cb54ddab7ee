package sandbox

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// asked is which part of a user's stars an answer shows.
type asked struct {
	user      int64
	own       bool // by /user/starred, whose links go there again
	timed     bool // with starred_at
	query     string
	page, per int
	asc       bool
	updated   bool
}

// pageCache keeps rendered pages while nothing changes. It is emptied when it holds too much.
type pageCache struct {
	version uint64
	seen    map[cacheKey]answer
	bytes   int
}

type cacheKey struct {
	asked
	stars int // that the clock has reached
}

const cacheBytes = 32 << 20

func (g *GitHub) getStarred(c call, u *user) answer {
	want := read(c.Request, u)
	key := cacheKey{want, len(u.stars.until(g.clock.Now()))}
	if g.cache.version != g.version || g.cache.bytes > cacheBytes {
		g.cache = pageCache{version: g.version, seen: map[cacheKey]answer{}}
	}
	if a, ok := g.cache.seen[key]; ok {
		return a
	}
	a := g.renderStarred(u, want)
	g.cache.seen[key] = a
	g.cache.bytes += len(a.body) + len(want.query) + 1024
	return a
}

// read takes what GitHub cannot use for what is usual there.
func read(r *http.Request, u *user) asked {
	q := r.URL.Query()
	want := asked{
		user:    u.id,
		own:     r.URL.Path == "/user/starred",
		timed:   strings.Contains(strings.Join(r.Header.Values("Accept"), ","), "star+json") && u.recorded == nil,
		query:   r.URL.RawQuery,
		page:    1,
		per:     30,
		asc:     q.Get("direction") == "asc",
		updated: q.Get("sort") == "updated",
	}
	if n, err := strconv.Atoi(q.Get("page")); err == nil && n > 0 {
		want.page = n
	}
	if n, err := strconv.Atoi(q.Get("per_page")); err == nil && n > 0 {
		want.per = min(n, 100)
	}
	return want
}

func (g *GitHub) renderStarred(u *user, want asked) answer {
	list := slices.DeleteFunc(slices.Clone(u.stars.until(g.clock.Now())), func(s like[*repo]) bool { return !s.thing.shown() })
	if want.updated {
		slices.SortStableFunc(list, func(a, b like[*repo]) int { return a.thing.pushed.Compare(b.thing.pushed) })
	}
	if !want.asc {
		slices.Reverse(list)
	}
	pages := (len(list) + want.per - 1) / want.per
	a := answer{status: http.StatusOK, media: "github.v3; format=json", link: g.links(want, pages)}
	if u.recorded != nil {
		pages = 1
		a.header, a.link = u.recorded.header, u.recorded.link(g.base, want.page)
		want.per = max(len(list), 1)
	}
	if want.timed {
		a.media = "github.v3; param=star; format=json"
	}
	var shown []like[*repo]
	if want.page <= pages {
		shown = list[(want.page-1)*want.per : min(want.page*want.per, len(list))]
	}
	a.body = g.starredBody(shown, want.timed)
	a.etag = weak(a.body)
	return a
}

func (g *GitHub) starredBody(stars []like[*repo], timed bool) []byte {
	var b bytes.Buffer
	b.Grow(8<<10*len(stars) + 2)
	b.WriteByte('[')
	for i, s := range stars {
		if i > 0 {
			b.WriteByte(',')
		}
		if timed {
			b.WriteString(`{"starred_at":"` + stamp(s.at) + `","repo":`)
		}
		b.Write(g.repoBody(s.thing))
		if timed {
			b.WriteByte('}')
		}
	}
	b.WriteByte(']')
	return b.Bytes()
}

// links goes to the other pages by the user's number, as GitHub's do, and keeps the query. A page behind the end leads
// back to the last one.
func (g *GitHub) links(want asked, pages int) string {
	path := "user/starred"
	if !want.own {
		path = fmt.Sprintf("user/%d/starred", want.user)
	}
	query, _ := url.ParseQuery(want.query) // what was readable of it
	var rels []string
	to := func(page int, rel string) {
		query.Set("page", strconv.Itoa(page))
		rels = append(rels, fmt.Sprintf(`<%s%s?%s>; rel="%s"`, g.base, path, query.Encode(), rel))
	}
	if want.page > 1 && pages > 0 {
		to(min(want.page-1, pages), "prev")
	}
	if want.page < pages {
		to(want.page+1, "next")
		to(pages, "last")
	}
	if want.page > 1 && pages > 0 {
		to(1, "first")
	}
	return strings.Join(rels, ", ")
}
