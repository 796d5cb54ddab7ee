package vimeo

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/connectors/connectortest"
)

func TestVimeoKeepsEveryPromise(t *testing.T) {
	for name, v := range map[string]struct {
		session  connectors.Session
		timeless bool
		fake     fake
	}{
		"with a token":              {session: withToken()},
		"by name":                   {session: byName(), timeless: true},
		"of videos with keys":       {session: withToken(), fake: fake{unlisted: true}},
		"with links that are whole": {session: byName(), timeless: true, fake: fake{full: true}},
	} {
		t.Run(name, func(t *testing.T) {
			h := harness(v.session, v.timeless)
			h.Network = func() connectortest.Network { return &fake{full: v.fake.full, unlisted: v.fake.unlisted} }
			connectortest.Run(t, h)
		})
	}
}

func TestVimeoMayMeanHarm(t *testing.T) {
	t.Run("with a token", func(t *testing.T) { connectortest.Survive(t, harness(withToken(), false)) })
	t.Run("by name", func(t *testing.T) { connectortest.Survive(t, harness(byName(), true)) })
}

func harness(s connectors.Session, timeless bool) connectortest.Harness {
	return connectortest.Harness{
		Connector: func(base string) connectors.Connector { return New(base) },
		Network:   func() connectortest.Network { return &fake{} },
		Session:   s, ID: videoID, Page: 100, Timeless: timeless, Handle: "me-here",
	}
}

var now = time.Date(2026, 10, 14, 12, 0, 0, 0, time.UTC)

// serve gives a connector to a fake, and what of a session is the house's.
func serve(tb testing.TB, f http.Handler, s connectors.Session) (*Connector, connectors.Session) {
	tb.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", now.Format(http.TimeFormat))
		f.ServeHTTP(w, r)
	}))
	tb.Cleanup(server.Close)
	s.Client = connectors.NewClient(connectors.ClientOptions{AllowPrivate: true})
	tb.Cleanup(s.Client.CloseIdleConnections)
	s.Now, s.Month = now, time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	return New(server.URL), s
}

// poll reads until the end or the first error.
func poll(tb testing.TB, c *Connector, s connectors.Session, after flattery.Cursor) (likes []flattery.Like, next flattery.Cursor, err error) {
	tb.Helper()
	next = after
	for p, err := range c.Likes(tb.Context(), s, after) {
		if err != nil {
			return likes, next, err
		}
		likes, next = append(likes, p.Likes...), p.Next
	}
	return likes, next, nil
}

func TestAccountsAreFoundByWhateverPeopleType(t *testing.T) {
	for _, session := range []connectors.Session{withToken(), byName()} {
		c, s := serve(t, &fake{}, session)
		for _, typed := range []string{"me-here", " @me-here", "https://vimeo.com/me-here", "http://www.vimeo.com/me-here/", mine} {
			p, err := c.Resolve(t.Context(), s, typed)
			if err != nil || p.Identity != me().Identity || p.Handle != "me-here" || p.Name != "Some One" || p.URL != "https://vimeo.com/me-here" {
				t.Errorf("%q: %+v, %v", typed, p, err)
			}
		}
		if p, err := c.Resolve(t.Context(), s, "nobody"); !errors.Is(err, connectors.ErrGone) {
			t.Errorf("nobody: %+v, %v", p, err)
		}
		for _, typed := range []string{"", "a b", "../me", "me-here/likes", "https://other.example/me-here", "vimeo.com", strings.Repeat("x", 101)} {
			if _, err := c.Resolve(t.Context(), s, typed); !isInput(err) {
				t.Errorf("%q is taken for a name: %v", typed, err)
			}
		}
	}
}

func isInput(err error) bool {
	_, ok := errors.AsType[*flattery.InputError](err)
	return ok
}

func TestATokenIsSomebodysAndIsGivenBack(t *testing.T) {
	c, s := serve(t, &fake{}, withToken())
	if p, err := c.Identify(t.Context(), s); err != nil || p.Identity != me().Identity || p.Handle != "me-here" {
		t.Errorf("%+v, %v", p, err)
	}
	if err := c.Revoke(t.Context(), s); err != nil {
		t.Error(err)
	}
	s.Token.Access = "revoked"
	if _, err := c.Identify(t.Context(), s); !errors.Is(err, connectors.ErrUnauthorized) {
		t.Error(err)
	}
	if err := c.Revoke(t.Context(), s); err != nil {
		t.Errorf("a token that is not accepted any more: %v", err)
	}
	c, s = serve(t, &fake{status: 502}, withToken())
	if err := c.Revoke(t.Context(), s); err == nil {
		t.Error("502 is taken for a success")
	}
	s.Token = flattery.Token{}
	if _, err := c.Identify(t.Context(), s); !errors.Is(err, connectors.ErrUnauthorized) {
		t.Error(err)
	}
	if _, _, err := poll(t, c, s, ""); !errors.Is(err, connectors.ErrKey) || !strings.Contains(err.Error(), "networks.vimeo.client_id") {
		t.Errorf("no token at all: %v", err)
	}
}

func TestAVideoIsUnderstood(t *testing.T) {
	at := time.Date(2026, 10, 13, 8, 0, 0, 0, time.UTC)
	for _, session := range []connectors.Session{withToken(), byName()} {
		f := &fake{unlisted: true, deleted: map[int]bool{2: true}}
		f.Like(1, at)
		f.Like(2, at)
		c, s := serve(t, f, session)
		likes, _, err := poll(t, c, s, "")
		want := flattery.Like{
			Thing: flattery.Thing{Network: "vimeo", Host: "vimeo.com", ID: "29000001", URL: "https://vimeo.com/29000001/0a1b2c", Title: "video 1"},
			Author: flattery.Profile{Identity: flattery.Identity{Network: "vimeo", Host: "vimeo.com", Subject: "77"},
				Handle: "maker", Name: "Some One", URL: "https://vimeo.com/maker"},
		}
		if session.Token.Has() {
			want.At, want.Source = at, flattery.Exact
		}
		if err != nil || len(likes) != 1 || likes[0] != want {
			t.Errorf("%+v, %v", likes, err)
		}
	}
}

// page serves one page of videos as it stands here.
type page string

func (p page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/vnd.vimeo.video+json")
	fmt.Fprint(w, strings.ReplaceAll(string(p), "HOST", "http://"+r.Host))
}

func TestWhatIsNobodysIsLeftOutAndWhatIsWrongRefused(t *testing.T) {
	const good = `{"uri":"/videos/1","name":"a","user":{"uri":"/users/2"}}`
	like := func(of string) string {
		return `{"uri":"/videos/3","user":{"uri":"/users/2"},"metadata":{"interactions":{"like":` + of + `}}}`
	}
	for _, v := range []struct {
		name, items    string
		likes, timeful int
		refused        bool
	}{
		{name: "all is well", items: good, likes: 1},
		{name: "nothing is liked"},
		{name: "no owner", items: good + `,{"uri":"/videos/3","user":null},{"uri":"/videos/3"}`, likes: 1},
		{name: "an owner without id", items: good + `,{"uri":"/videos/3","user":{"name":"x"}}`, likes: 1},
		{name: "no id", items: good + `,{"user":{"uri":"/users/2"}},{"uri":null,"user":{"uri":"/users/2"}},null`, likes: 1},
		{name: "a page of nothing else", items: `{"uri":"/videos/3","user":null},null`, refused: true},
		{name: "a video that is a user", items: good + `,{"uri":"/users/1","user":{"uri":"/users/2"}}`, refused: true},
		{name: "an owner that is a name", items: `{"uri":"/videos/1","user":{"uri":"/users/maker"}}`, refused: true},
		{name: "an owner zero", items: `{"uri":"/videos/1","user":{"uri":"/users/0"}}`, refused: true},
		{name: "a path in an id", items: `{"uri":"/videos/1/../2","user":{"uri":"/users/2"}}`, refused: true},
		{name: "a time", items: like(`{"added":true,"added_time":"2026-10-14T13:00:00+02:00"}`), likes: 1, timeful: 1},
		{name: "no time", items: like(`{"added":false,"added_time":null}`) + "," + like("null") + "," + like("{}"), likes: 3},
		{name: "a time that is none", items: like(`{"added_time":"yesterday"}`), refused: true},
	} {
		c, s := serve(t, page(`{"data":[`+v.items+`],"paging":{"next":null}}`), withToken())
		likes, _, err := poll(t, c, s, "")
		timeful := len(slices.DeleteFunc(slices.Clone(likes), func(l flattery.Like) bool { return !l.At.Equal(now.Add(-time.Hour)) }))
		if _, refused := errors.AsType[*connectors.AnswerError](err); refused != v.refused || len(likes) != v.likes || timeful != v.timeful {
			t.Errorf("%s: %+v, %v", v.name, likes, err)
		}
	}
}

func TestTheListGoesOnNowhereElse(t *testing.T) {
	for _, link := range []string{
		"https://other.example/me/likes?page=2", "//other.example/me/likes?page=2", "ftp://x/?page=2", "::", "/me/likes", "/me/likes?page=", "/me/likes?page=1",
		"/me/likes?page=-2", "/me/likes?page=2x", "/me/likes?page=99999999999", strings.Repeat("x", 3000),
	} {
		c, s := serve(t, page(`{"data":[],"paging":{"next":"`+link+`"}}`), withToken())
		_, next, err := poll(t, c, s, "")
		if _, ok := errors.AsType[*connectors.AnswerError](err); !ok || next != "" {
			t.Errorf("%.50s: cursor %q, %v", link, next, err)
		}
	}
}

func TestOfLongListsLargePagesAreAsked(t *testing.T) {
	var asked []string
	f := &fake{check: func(r *http.Request) {
		asked = append(asked, r.URL.Query().Get("per_page")+"/"+r.URL.Query().Get("page"))
	}}
	for n := range 250 {
		f.Like(n, now)
	}
	c, s := serve(t, f, withToken())
	_, cursor, err := poll(t, c, s, "")
	if err != nil || !slices.Equal(asked, []string{"100/1", "100/2", "100/3"}) {
		t.Errorf("the baseline: %q, %v", asked, err)
	}
	asked = nil
	f.Like(1000, now)
	if _, cursor, err = poll(t, c, s, cursor); err != nil || !slices.Equal(asked, []string{"25/1"}) {
		t.Errorf("one new: %q, %v", asked, err)
	}
	asked = nil
	for n := range 130 {
		f.Like(2000+n, now)
	}
	if _, _, err = poll(t, c, s, cursor); err != nil || !slices.Equal(asked, []string{"25/1", "100/1", "100/2"}) {
		t.Errorf("130 new: %q, %v", asked, err)
	}
}

func TestALikeAtTheEndOfTheListIsFoundWithinADay(t *testing.T) {
	f := &fake{oldest: true}
	for n := range 450 {
		f.Like(n, now)
	}
	c, s := serve(t, f, withToken())
	_, cursor, err := poll(t, c, s, "")
	if err != nil {
		t.Fatal(err)
	}
	f.Like(1000, now)
	var likes []flattery.Like
	for range 2 {
		if likes, cursor, err = poll(t, c, s, cursor); err != nil {
			t.Fatal(err)
		}
		s.Now = s.Now.Add(24 * time.Hour)
	}
	if !slices.ContainsFunc(likes, func(l flattery.Like) bool { return l.Thing.ID == videoID(1000) }) {
		t.Errorf("not among %d likes", len(likes))
	}
}

func TestEveryRefusalHasItsFate(t *testing.T) {
	in := strconv.FormatInt(now.Add(42*time.Second).Unix(), 10)
	for _, v := range []struct {
		status       int
		reset, left  string
		token, named error // nil: worth another try
		limit        bool
		wait         time.Duration
	}{
		{status: 401, token: connectors.ErrUnauthorized, named: connectors.ErrKey},
		{status: 403, token: connectors.ErrForbidden, named: connectors.ErrForbidden},
		{status: 404, token: connectors.ErrGone, named: connectors.ErrGone},
		{status: 400}, {status: 500}, {status: 503},
		{status: 429, limit: true, wait: time.Minute},
		{status: 429, reset: "2026-10-14T12:00:42+00:00", limit: true, wait: 42 * time.Second},
		{status: 429, reset: "2026-10-14T14:00:42+02:00", limit: true, wait: 42 * time.Second},
		{status: 429, reset: in, limit: true, wait: 42 * time.Second},
		{status: 429, reset: "2026-10-14T11:00:00Z", limit: true, wait: 0},
		{status: 429, reset: "2036-10-14T11:00:00Z", limit: true, wait: 24 * time.Hour},
		{status: 429, reset: "soon", limit: true, wait: time.Minute},
		{status: 403, reset: "2026-10-14T12:00:42Z", left: "0", limit: true, wait: 42 * time.Second},
	} {
		for _, session := range []connectors.Session{withToken(), byName()} {
			want := v.named
			if session.Token.Has() {
				want = v.token
			}
			c, s := serve(t, &fake{status: v.status, headers: map[string]string{"X-RateLimit-Reset": v.reset, "X-RateLimit-Remaining": v.left}}, session)
			_, _, err := poll(t, c, s, "")
			if e, ok := errors.AsType[*connectors.RateLimitError](err); ok != v.limit || ok && e.RetryAfter != v.wait {
				t.Errorf("%d %s: %v", v.status, v.reset, err)
			}
			if err == nil || want != nil && !errors.Is(err, want) {
				t.Errorf("%d: %v, want %v", v.status, err, want)
			}
			for _, other := range []error{connectors.ErrUnauthorized, connectors.ErrKey, connectors.ErrForbidden, connectors.ErrGone} {
				if errors.Is(err, other) && !errors.Is(want, other) {
					t.Errorf("%d: %v", v.status, err)
				}
			}
		}
	}
}

func TestAddressesAreTheNetworksOwnUnlessSet(t *testing.T) {
	if o := New("").Info().OAuth2; o.AuthURL != "https://api.vimeo.com/oauth/authorize" || o.TokenURL != "https://api.vimeo.com/oauth/access_token" ||
		o.AppURL != "https://api.vimeo.com/oauth/authorize/client" {
		t.Errorf("%+v", o)
	}
	if o := New("http://127.0.0.1:9/api").Info().OAuth2; o.AuthURL != "http://127.0.0.1:9/oauth/authorize" {
		t.Errorf("%+v", o)
	}
	for _, base := range []string{"x", "ftp://example.org/", "https://user:pass@example.org/", "https://", "https://example.org/?token=x", ":"} {
		c := New(base)
		_, err := c.Resolve(t.Context(), byName(), "me-here")
		_, _, polled := poll(t, c, byName(), "")
		for _, err := range []error{err, polled, c.Revoke(t.Context(), withToken())} {
			if !isInput(err) || !strings.Contains(err.Error(), "networks.vimeo.base") {
				t.Errorf("%q: %v", base, err)
			}
		}
	}
	s := byName()
	s.Identity.Subject = "../../me"
	if _, _, err := poll(t, New(""), s, ""); !isInput(err) {
		t.Errorf("an identity that is a path: %v", err)
	}
}
