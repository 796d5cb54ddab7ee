package soundcloud

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/connectors/connectortest"
)

func TestSoundCloudKeepsEveryPromise(t *testing.T) {
	for name, v := range map[string]struct {
		session connectors.Session
		numbers bool
	}{
		"with a token":                    {session: withToken()},
		"by name":                         {session: byName()},
		"by name, in the days of numbers": {session: byName(), numbers: true},
	} {
		t.Run(name, func(t *testing.T) {
			h := harness(v.session)
			h.Network = func() connectortest.Network { return &fake{numbers: v.numbers} }
			connectortest.Run(t, h)
		})
	}
}

func TestSoundCloudMayMeanHarm(t *testing.T) { connectortest.Survive(t, harness(withToken())) }

func harness(s connectors.Session) connectortest.Harness {
	return connectortest.Harness{
		Connector: func(base string) connectors.Connector { return New(base) },
		Network:   func() connectortest.Network { return &fake{} },
		Session:   s, ID: trackID, Page: 200, Timeless: true, Handle: "me-here",
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
		for _, typed := range []string{"me-here", " @me-here", "https://soundcloud.com/me-here", "http://www.soundcloud.com/me-here/", "m.soundcloud.com/me-here"} {
			p, err := c.Resolve(t.Context(), s, typed)
			if err != nil || p.Identity != me().Identity || p.Handle != "me-here" || p.Name != "Some One" || p.URL != "https://soundcloud.com/me-here" {
				t.Errorf("%q: %+v, %v", typed, p, err)
			}
		}
		if p, err := c.Resolve(t.Context(), s, "nobody"); !errors.Is(err, connectors.ErrGone) {
			t.Errorf("nobody: %+v, %v", p, err)
		}
		for _, typed := range []string{"", "a b", "../me", "me-here/tracks", "https://other.example/me-here", "soundcloud.com", strings.Repeat("x", 101)} {
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
	if _, _, err := poll(t, c, s, ""); !errors.Is(err, connectors.ErrKey) || !strings.Contains(err.Error(), "networks.soundcloud.client_id") {
		t.Errorf("no token at all: %v", err)
	}
}

func TestATrackIsUnderstood(t *testing.T) {
	for _, numbers := range []bool{false, true} {
		f := &fake{tracks: []int{1}, numbers: numbers}
		c, s := serve(t, f, byName())
		likes, _, err := poll(t, c, s, "")
		want := flattery.Like{
			Thing: flattery.Thing{Network: "soundcloud", Host: "soundcloud.com", ID: "soundcloud:tracks:300001", URL: "https://soundcloud.com/maker/track-1", Title: "track 1"},
			Author: flattery.Profile{Identity: flattery.Identity{Network: "soundcloud", Host: "soundcloud.com", Subject: "soundcloud:users:77"},
				Handle: "maker", Name: "Some One", URL: "https://soundcloud.com/maker"},
		}
		if err != nil || len(likes) != 1 || likes[0] != want {
			t.Errorf("numbers %v: %+v, %v", numbers, likes, err)
		}
	}
}

// page serves one page of tracks as it stands here.
type page string

func (p page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, strings.ReplaceAll(string(p), "HOST", "http://"+r.Host))
}

func TestWhatIsNobodysIsLeftOutAndWhatIsWrongRefused(t *testing.T) {
	const good = `{"urn":"soundcloud:tracks:1","title":"a","user":{"urn":"soundcloud:users:2"}}`
	for _, v := range []struct {
		name, items string
		likes       int
		refused     bool
	}{
		{name: "all is well", items: good, likes: 1},
		{name: "a URN that is no number", items: `{"urn":"soundcloud:tracks:a_B-9","user":{"urn":"soundcloud:users:x"}}`, likes: 1},
		{name: "numbers as strings", items: `{"id":"1","user":{"id":"2"}}`, likes: 1},
		{name: "nothing is liked", likes: 0},
		{name: "no owner", items: good + `,{"urn":"soundcloud:tracks:3","user":null},{"urn":"soundcloud:tracks:3"}`, likes: 1},
		{name: "an owner without id", items: good + `,{"urn":"soundcloud:tracks:3","user":{"username":"x"}}`, likes: 1},
		{name: "no id", items: good + `,{"user":{"urn":"soundcloud:users:2"}},{"urn":null,"user":{"urn":"soundcloud:users:2"}},null`, likes: 1},
		{name: "a page of nothing else", items: `{"urn":"soundcloud:tracks:3","user":null},null`, refused: true},
		{name: "a track that is a user", items: good + `,{"urn":"soundcloud:users:1","user":{"urn":"soundcloud:users:2"}}`, refused: true},
		{name: "an owner that is a playlist", items: `{"urn":"soundcloud:tracks:1","user":{"urn":"soundcloud:playlists:2"}}`, refused: true},
		{name: "a URN with a path", items: `{"urn":"soundcloud:tracks:1","user":{"urn":"soundcloud:users:2/../3"}}`, refused: true},
		{name: "a number below zero", items: `{"id":-1,"user":{"id":2}}`, refused: true},
	} {
		c, s := serve(t, page(`{"collection":[`+v.items+`],"next_href":null}`), byName())
		likes, _, err := poll(t, c, s, "")
		if _, refused := errors.AsType[*connectors.AnswerError](err); refused != v.refused || len(likes) != v.likes {
			t.Errorf("%s: %d likes, %v", v.name, len(likes), err)
		}
	}
}

func TestTheListGoesOnNowhereElse(t *testing.T) {
	for _, link := range []string{
		"https://other.example/users/" + mine + "/likes/tracks?cursor=1", "HOST/users/soundcloud:users:1/likes/tracks?cursor=1", "HOST/me?cursor=1",
		"//other.example/users/" + mine + "/likes/tracks?cursor=1", "ftp://x", "::", "HOST/users/" + mine + "/likes/tracks", "?", strings.Repeat("x", 3000),
	} {
		c, s := serve(t, page(`{"collection":[],"next_href":"`+link+`"}`), byName())
		_, next, err := poll(t, c, s, "")
		if _, ok := errors.AsType[*connectors.AnswerError](err); !ok || next != "" {
			t.Errorf("%.50s: cursor %q, %v", link, next, err)
		}
	}
}

func TestOfLongListsLargePagesAreAsked(t *testing.T) {
	var sizes []string
	f := &fake{check: func(r *http.Request) { sizes = append(sizes, r.URL.Query().Get("limit")) }}
	for n := range 450 {
		f.Like(n, now)
	}
	c, s := serve(t, f, withToken())
	_, cursor, err := poll(t, c, s, "")
	if err != nil || !slices.Equal(sizes, []string{"200", "200", "200"}) {
		t.Errorf("the baseline: %q, %v", sizes, err)
	}
	sizes = nil
	f.Like(1000, now)
	if _, cursor, err = poll(t, c, s, cursor); err != nil || !slices.Equal(sizes, []string{"50"}) {
		t.Errorf("one new: %q, %v", sizes, err)
	}
	sizes = nil
	for n := range 300 {
		f.Like(2000+n, now)
	}
	if _, _, err = poll(t, c, s, cursor); err != nil || !slices.Equal(sizes, []string{"50", "200", "200"}) {
		t.Errorf("300 new: %q, %v", sizes, err)
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
	if !slices.ContainsFunc(likes, func(l flattery.Like) bool { return l.Thing.ID == trackID(1000) }) {
		t.Errorf("not among %d likes", len(likes))
	}
}

func TestEveryRefusalHasItsFate(t *testing.T) {
	const said = `{"code":%d,"message":"","link":"https://developers.soundcloud.com/docs/api/explorer/open-api","status":"","errors":[],"error":null}`
	limit := func(at string) string {
		return `{"errors":[{"meta":{"rate_limit":{"group":"plays","max_nr_of_requests":15000,"time_window":"PT24H"},"remaining_requests":0,"reset_time":"` + at + `"}}]}`
	}
	for _, v := range []struct {
		status       int
		body         string
		token, named error // nil: worth another try
		wait         time.Duration
	}{
		{status: 401, body: fmt.Sprintf(said, 401), token: connectors.ErrUnauthorized, named: connectors.ErrKey},
		{status: 403, body: fmt.Sprintf(said, 403), token: connectors.ErrForbidden, named: connectors.ErrForbidden},
		{status: 404, body: fmt.Sprintf(said, 404), token: connectors.ErrGone, named: connectors.ErrGone},
		{status: 400, body: fmt.Sprintf(said, 400)}, {status: 422}, {status: 500}, {status: 503, body: "<html>"},
		{status: 429, body: limit("2026/10/14 12:09:40 +0000"), wait: 9*time.Minute + 40*time.Second},
		{status: 429, body: limit("2026/10/14 14:09:40 +0200"), wait: 9*time.Minute + 40*time.Second},
		{status: 429, body: limit("2026/10/14 11:00:00 +0000"), wait: 0},
		{status: 429, body: limit("2036/10/14 11:00:00 +0000"), wait: 24 * time.Hour},
		{status: 429, body: limit("soon"), wait: time.Minute},
		{status: 429, body: `{"code":429,"message":"","link":"","spam_warning_urn":"soundcloud:spam-warnings:1"}`, wait: time.Minute},
	} {
		for _, session := range []connectors.Session{withToken(), byName()} {
			want := v.named
			if session.Token.Has() {
				want = v.token
			}
			c, s := serve(t, &fake{status: v.status, body: v.body}, session)
			_, _, err := poll(t, c, s, "")
			if e, ok := errors.AsType[*connectors.RateLimitError](err); ok != (v.status == 429) || ok && e.RetryAfter != v.wait {
				t.Errorf("%d %s: %v", v.status, v.body, err)
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
	if o := New("").Info().OAuth2; o.AuthURL != "https://secure.soundcloud.com/authorize" || o.TokenURL != "https://secure.soundcloud.com/oauth/token" || o.AppURL != o.TokenURL {
		t.Errorf("%+v", o)
	}
	if o := New("http://127.0.0.1:9/api").Info().OAuth2; o.AuthURL != "http://127.0.0.1:9/authorize" || o.AppURL != "http://127.0.0.1:9/oauth/token" {
		t.Errorf("%+v", o)
	}
	for _, base := range []string{"x", "ftp://example.org/", "https://user:pass@example.org/", "https://", "https://example.org/?token=x", ":"} {
		c := New(base)
		_, err := c.Resolve(t.Context(), byName(), "me-here")
		_, _, polled := poll(t, c, byName(), "")
		for _, err := range []error{err, polled, c.Revoke(t.Context(), withToken())} {
			if !isInput(err) || !strings.Contains(err.Error(), "networks.soundcloud.base") {
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
