package fivehundredpx

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

func TestFiveHundredPxKeepsEveryPromise(t *testing.T) {
	for name, session := range map[string]connectors.Session{"with a token": withToken(), "by name": byName()} {
		t.Run(name, func(t *testing.T) { connectortest.Run(t, harness(session)) })
	}
}

func TestFiveHundredPxMayMeanHarm(t *testing.T) { connectortest.Survive(t, harness(withToken())) }

func harness(s connectors.Session) connectortest.Harness {
	return connectortest.Harness{
		Connector: func(base string) connectors.Connector { return New(base + "v1/") },
		Network:   func() connectortest.Network { return &fake{} },
		Session:   s, ID: photoID, Page: 100, Timeless: true, Handle: "me-here",
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
	return New(server.URL + "/v1/"), s
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
		for _, typed := range []string{"me-here", " @me-here", "https://500px.com/me-here", "http://www.500px.com/p/me-here/"} {
			p, err := c.Resolve(t.Context(), s, typed)
			if err != nil || p.Identity != me().Identity || p.Handle != "me-here" || p.Name != "Some One" || !strings.HasSuffix(p.URL, "/me-here") {
				t.Errorf("%q: %+v, %v", typed, p, err)
			}
		}
		if p, err := c.Resolve(t.Context(), s, "nobody"); !errors.Is(err, connectors.ErrGone) {
			t.Errorf("nobody: %+v, %v", p, err)
		}
		for _, typed := range []string{"", "a b", "../me", "me-here/favorites", "https://other.example/me-here", strings.Repeat("x", 101)} {
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

func TestATokenSignsWhatIsAsked(t *testing.T) {
	f := &fake{photos: []int{1}}
	c, s := serve(t, f, withToken())
	if p, err := c.Identify(t.Context(), s); err != nil || p.Identity != me().Identity {
		t.Errorf("%+v, %v", p, err)
	}
	if _, _, err := poll(t, c, s, ""); err != nil || f.checked != 2 {
		t.Errorf("%d signatures, %v", f.checked, err)
	}
	s.Token.Secret = "another"
	if _, _, err := poll(t, c, s, ""); !errors.Is(err, connectors.ErrUnauthorized) {
		t.Errorf("a wrong signature: %v", err)
	}
	s.Token = flattery.Token{}
	if _, err := c.Identify(t.Context(), s); !errors.Is(err, connectors.ErrUnauthorized) {
		t.Error(err)
	}
	s.App = flattery.App{}
	if _, _, err := poll(t, c, s, ""); !errors.Is(err, connectors.ErrKey) || !strings.Contains(err.Error(), "networks.fivehundredpx.key") {
		t.Errorf("no key: %v", err)
	}
}

func TestAPhotoIsUnderstood(t *testing.T) {
	c, s := serve(t, &fake{photos: []int{1}}, byName())
	likes, _, err := poll(t, c, s, "")
	want := flattery.Like{
		Thing: flattery.Thing{Network: "fivehundredpx", Host: "127.0.0.1", ID: "4928001", URL: c.site + "/photo/4928001", Title: "photo 1"},
		Author: flattery.Profile{Identity: flattery.Identity{Network: "fivehundredpx", Host: "127.0.0.1", Subject: "77"},
			Handle: "maker", Name: "Maker of Photos", URL: c.site + "/maker"},
	}
	if err != nil || len(likes) != 1 || likes[0] != want {
		t.Errorf("%+v, %v", likes, err)
	}
}

// page serves one page of photos as it stands here.
type page string

func (p page) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, string(p))
}

func TestWhatIsNobodysIsLeftOutAndWhatIsWrongRefused(t *testing.T) {
	const good = `{"id":1,"name":"a","user":{"id":2,"username":"b"}}`
	for _, v := range []struct {
		name, items string
		likes       int
		refused     bool
	}{
		{name: "all is well", items: good, likes: 1},
		{name: "numbers as strings", items: `{"id":"1","user":{"id":"2"}}`, likes: 1},
		{name: "nothing is liked"},
		{name: "no owner", items: good + `,{"id":3,"user":null},{"id":3}`, likes: 1},
		{name: "no id", items: good + `,{"user":{"id":2}},{"id":null,"user":{"id":2}},null`, likes: 1},
		{name: "a page of nothing else", items: `{"id":3,"user":null},null`, refused: true},
		{name: "an id below zero", items: `{"id":-1,"user":{"id":2}}`, refused: true},
		{name: "an id that is a name", items: `{"id":1,"user":{"id":"b"}}`, refused: true},
	} {
		c, s := serve(t, page(`{"current_page":1,"total_pages":1,"photos":[`+v.items+`]}`), byName())
		likes, _, err := poll(t, c, s, "")
		if _, refused := errors.AsType[*connectors.AnswerError](err); refused != v.refused || len(likes) != v.likes {
			t.Errorf("%s: %d likes, %v", v.name, len(likes), err)
		}
	}
}

func TestPagesAreBelievedAsFarAsTheyGo(t *testing.T) {
	asked := 0
	f := &fake{pages: 1_000_000, check: func(*http.Request) { asked++ }}
	for n := range 150 {
		f.Like(n, now)
	}
	c, s := serve(t, f, byName())
	if likes, _, err := poll(t, c, s, ""); err != nil || len(likes) != 150 || asked != 3 {
		t.Errorf("a million pages are promised: %d likes after %d requests, %v", len(likes), asked, err)
	}
	f.stuck = true
	if likes, _, err := poll(t, c, s, ""); err == nil || len(likes) != 100 {
		t.Errorf("the first page again and again: %d likes, %v", len(likes), err)
	}
}

func TestOfLongListsLargePagesAreAsked(t *testing.T) {
	var asked []string
	f := &fake{check: func(r *http.Request) { asked = append(asked, r.URL.Query().Get("rpp")+"/"+r.URL.Query().Get("page")) }}
	for n := range 250 {
		f.Like(n, now)
	}
	c, s := serve(t, f, byName())
	_, cursor, err := poll(t, c, s, "")
	if err != nil || !slices.Equal(asked, []string{"100/1", "100/2", "100/3"}) {
		t.Errorf("the baseline: %q, %v", asked, err)
	}
	asked = nil
	f.Like(1000, now)
	if _, cursor, err = poll(t, c, s, cursor); err != nil || !slices.Equal(asked, []string{"20/1"}) {
		t.Errorf("one new: %q, %v", asked, err)
	}
	asked = nil
	for n := range 130 {
		f.Like(2000+n, now)
	}
	if _, _, err = poll(t, c, s, cursor); err != nil || !slices.Equal(asked, []string{"20/1", "100/1", "100/2"}) {
		t.Errorf("130 new: %q, %v", asked, err)
	}
}

func TestEveryRefusalHasItsFate(t *testing.T) {
	for _, v := range []struct {
		status       int
		token, named error // nil: worth another try
	}{
		{401, connectors.ErrUnauthorized, connectors.ErrKey},
		{403, connectors.ErrForbidden, connectors.ErrForbidden},
		{404, connectors.ErrGone, connectors.ErrGone},
		{400, nil, nil}, {500, nil, nil}, {503, nil, nil},
	} {
		for _, session := range []connectors.Session{withToken(), byName()} {
			want := v.named
			if session.Token.Has() {
				want = v.token
			}
			c, s := serve(t, &fake{status: v.status}, session)
			_, _, err := poll(t, c, s, "")
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

func TestTheRealOneIsRetiredAndNeverAsked(t *testing.T) {
	for _, base := range []string{"", "https://api.500px.com/v1/", "https://api.500px.com/v1"} {
		c := New(base)
		i := c.Info()
		if i.State != connectors.Retired || i.Since != "2018-06-15" || i.Reason.String() == "" || i.Host != "500px.com" || i.OAuth1.RequestURL != "https://api.500px.com/v1/oauth/request_token" {
			t.Errorf("%q: %+v", base, i)
		}
		s := withToken()
		s.Client = &http.Client{Transport: nobody{t}}
		_, resolved := c.Resolve(t.Context(), s, "me-here")
		_, identified := c.Identify(t.Context(), s)
		_, _, polled := poll(t, c, s, "")
		for _, err := range []error{resolved, identified, polled} {
			if !errors.Is(err, connectors.ErrForbidden) || !strings.Contains(err.Error(), i.Reason.String()) {
				t.Errorf("%q: %v", base, err)
			}
		}
	}
	i := New("http://127.0.0.1:9/v1").Info()
	if i.State != connectors.Alive || i.Since+i.Reason.String()+i.Terms.Sentence != "" || i.OAuth1.AuthURL != "http://127.0.0.1:9/v1/oauth/authorize" || i.Host != "127.0.0.1" {
		t.Errorf("a server that speaks it: %+v", i)
	}
}

// nobody is a network that must not be asked.
type nobody struct{ t *testing.T }

func (n nobody) RoundTrip(r *http.Request) (*http.Response, error) {
	n.t.Errorf("asked: %s", r.URL)
	return nil, errors.New("nobody is there")
}

func TestABaseThatIsNoAddressIsAnswered(t *testing.T) {
	for _, base := range []string{"x", "ftp://example.org/", "https://user:pass@example.org/", "https://", "https://example.org/?token=x", ":"} {
		c := New(base)
		_, err := c.Resolve(t.Context(), byName(), "me-here")
		_, _, polled := poll(t, c, byName(), "")
		for _, err := range []error{err, polled} {
			if !isInput(err) || !strings.Contains(err.Error(), "networks.fivehundredpx.base") {
				t.Errorf("%q: %v", base, err)
			}
		}
	}
	s := byName()
	s.Identity.Subject = "../../me"
	if _, _, err := poll(t, New("http://127.0.0.1:9/v1/"), s, ""); !isInput(err) {
		t.Errorf("an identity that is a path: %v", err)
	}
}
