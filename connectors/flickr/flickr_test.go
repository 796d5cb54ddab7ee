package flickr

import (
	"cmp"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/connectors/connectortest"
)

func TestFlickrKeepsEveryPromise(t *testing.T) {
	for name, v := range map[string]struct {
		session          connectors.Session
		oldest, timeless bool
		most             int // on a page
	}{
		"by key":               {session: byKey()},
		"with a token":         {session: byToken(), most: 50},
		"oldest first":         {session: byKey(), oldest: true, most: 50},
		"without times":        {session: byKey(), timeless: true, most: 50},
		"a token and no times": {session: byToken(), timeless: true, most: 50},
	} {
		t.Run(name, func(t *testing.T) {
			h := harness(v.session, v.oldest, v.timeless)
			if h.Page = cmp.Or(v.most, perPage); v.most > 0 { // fewer on a page, so that fewer likes make many pages
				h.Network = func() connectortest.Network { return &fake{oldest: v.oldest, timeless: v.timeless, most: v.most} }
			}
			connectortest.Run(t, h)
		})
	}
}

func TestFlickrMayMeanHarm(t *testing.T) {
	t.Run("by key", func(t *testing.T) { connectortest.Survive(t, harness(byKey(), false, false)) })
	t.Run("a token and no times", func(t *testing.T) { connectortest.Survive(t, harness(byToken(), false, true)) })
}

func harness(s connectors.Session, oldest, timeless bool) connectortest.Harness {
	return connectortest.Harness{
		Connector: func(base string) connectors.Connector { return New(base) },
		Network:   func() connectortest.Network { return &fake{oldest: oldest, timeless: timeless} },
		Session:   s, ID: photoID, Page: perPage, Timeless: timeless, Handle: "some one", Linkless: true,
	}
}

// serve gives a connector to a fake and a session by key for it.
func serve(t testing.TB, f http.Handler) (*Connector, connectors.Session) {
	t.Helper()
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	s := byKey()
	s.Client = connectors.NewClient(connectors.ClientOptions{AllowPrivate: true})
	t.Cleanup(s.Client.CloseIdleConnections)
	s.Now = time.Date(2026, 10, 14, 12, 0, 0, 0, time.UTC)
	s.Month = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	return New(server.URL + "/services/rest/"), s
}

func TestATokenShowsItsOwnerAndWhatOnlyItsOwnerSees(t *testing.T) {
	f := &fake{}
	c, s := serve(t, f)
	f.Like(1, s.Now)
	f.faves[0].private = true
	if p, err := c.Identify(t.Context(), s); !errors.Is(err, connectors.ErrUnauthorized) {
		t.Errorf("a key is somebody: %+v, %v", p, err)
	}
	for _, v := range []struct {
		name string
		with connectors.Session
		sees int
		is   error
	}{
		{name: "by key", with: byKey()},
		{name: "with a token", with: byToken(), sees: 1},
		{name: "with a revoked token", with: connectors.Session{App: byToken().App, Token: flattery.Token{Access: "canary-old", Secret: tokenSecret}}, is: connectors.ErrUnauthorized},
		{name: "with a token of other keys", with: connectors.Session{App: byKey().App, Token: byToken().Token}, is: connectors.ErrUnauthorized},
	} {
		s.App, s.Token = v.with.App, v.with.Token
		if s.Token.Has() {
			p, err := c.Identify(t.Context(), s)
			if !errors.Is(err, v.is) || err == nil && (p.Subject != mine || p.Handle != "some one" || p.URL != "https://www.flickr.com/photos/"+mine) {
				t.Errorf("%s: %+v, %v", v.name, p, err)
			}
		}
		for p, err := range c.Likes(t.Context(), s, "") {
			if !errors.Is(err, v.is) || len(p.Likes) != v.sees || err != nil && strings.Contains(err.Error(), "canary") {
				t.Errorf("%s: %+v, %v", v.name, p, err)
			}
		}
	}
}

// What is wrong with a signature Flickr may tell as OAuth does.
func TestAProblemOfOAuthHasItsFate(t *testing.T) {
	for _, v := range []struct {
		status int
		body   string
		with   connectors.Session
		is     error
	}{
		{401, "oauth_problem=token_rejected", byToken(), connectors.ErrUnauthorized},
		{401, "oauth_problem=signature_invalid&debug_sbs=GET", byToken(), connectors.ErrUnauthorized},
		{401, "oauth_problem=consumer_key_unknown", byToken(), connectors.ErrKey},
		{401, "no", byKey(), connectors.ErrKey},
		{401, "oauth_problem=nonce_used", byToken(), nil},
		{400, "oauth_problem=timestamp_refused", byToken(), nil},
		{404, "", byToken(), nil},
	} {
		c, s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(v.status)
			_, _ = w.Write([]byte(v.body))
		}))
		s.App, s.Token = v.with.App, v.with.Token
		for _, err := range c.Likes(t.Context(), s, "") {
			_, ok := errors.AsType[*connectors.AnswerError](err)
			final := errors.Is(err, connectors.ErrUnauthorized) || errors.Is(err, connectors.ErrKey) || errors.Is(err, connectors.ErrGone)
			if !ok || final != (v.is != nil) || v.is != nil && !errors.Is(err, v.is) {
				t.Errorf("%d %s: %v", v.status, v.body, err)
			}
		}
	}
}

func TestWhoMadeAPhotoIsFound(t *testing.T) {
	c, s := serve(t, &fake{})
	for _, v := range []struct {
		photo string
		is    error
	}{{photo: photoID(1)}, {photo: photoID(2), is: connectors.ErrGone}, {photo: photoID(3), is: connectors.ErrGone}, {photo: "../x", is: connectors.ErrGone}} {
		p, err := c.Author(t.Context(), s, flattery.Thing{Network: "flickr", Host: "flickr.com", ID: v.photo})
		if !errors.Is(err, v.is) || err == nil && (p.Subject != maker || p.Handle != "maker" || p.Host != "flickr.com") {
			t.Errorf("%s: %+v, %v", v.photo, p, err)
		}
	}
}

func TestAccountsAreFoundByWhateverPeopleType(t *testing.T) {
	for _, v := range []struct {
		typed, handle string
		gone          bool
	}{
		{typed: mine, handle: "someone"},
		{typed: " some one ", handle: "some one"},
		{typed: "someone", handle: "some one"},
		{typed: "https://www.flickr.com/photos/someone/", handle: "some one"},
		{typed: "99999999@N99", gone: true},
		{typed: "nobody", gone: true},
		{typed: "../../x", gone: true},
	} {
		c, s := serve(t, &fake{})
		p, err := c.Resolve(t.Context(), s, v.typed)
		if v.gone {
			if !errors.Is(err, connectors.ErrGone) {
				t.Errorf("%q: %+v, %v", v.typed, p, err)
			}
			continue
		}
		if err != nil || p.Subject != mine || p.Host != "flickr.com" || p.Handle != v.handle || p.URL != "https://www.flickr.com/photos/"+mine {
			t.Errorf("%q: %+v, %v", v.typed, p, err)
		}
	}
	c, s := serve(t, &fake{})
	for _, typed := range []string{"", "a\nb", strings.Repeat("x", 201)} {
		if _, err := c.Resolve(t.Context(), s, typed); err == nil {
			t.Errorf("%q is taken for a name", typed)
		}
	}
}

func TestFailuresHaveTheirFateAndNeverTellTheKey(t *testing.T) {
	other := errors.New("another try")
	for code, want := range map[int]error{
		1: connectors.ErrGone, 2: connectors.ErrGone, 5: connectors.ErrGone, 96: connectors.ErrUnauthorized, 98: connectors.ErrUnauthorized,
		99: connectors.ErrForbidden, 100: connectors.ErrKey, 105: other, 106: other, 116: other, 4711: other,
	} {
		c, s := serve(t, &fake{fail: code})
		for _, err := range c.Likes(t.Context(), s, "") {
			_, ok := errors.AsType[*connectors.AnswerError](err)
			final := false
			for _, fate := range []error{connectors.ErrGone, connectors.ErrUnauthorized, connectors.ErrForbidden, connectors.ErrKey} {
				final = final || errors.Is(err, fate)
			}
			if !ok || strings.Contains(err.Error(), key) || final != !errors.Is(want, other) || final && !errors.Is(err, want) {
				t.Errorf("%d: %v", code, err)
			}
		}
	}
	c, s := serve(t, &fake{})
	for _, wrong := range []flattery.Secret{"another", ""} {
		s.App.Key = wrong
		for _, err := range c.Likes(t.Context(), s, "") {
			if !errors.Is(err, connectors.ErrKey) {
				t.Errorf("the key %q: %v", string(wrong), err)
			}
		}
	}
}

func TestAFaveIsUnderstood(t *testing.T) {
	f := &fake{}
	at := time.Date(2026, 10, 13, 8, 0, 0, 0, time.UTC)
	f.Like(1, at)
	c, s := serve(t, f)
	for p, err := range c.Likes(t.Context(), s, "") {
		if err != nil || len(p.Likes) != 1 || !p.Baseline {
			t.Fatalf("%+v, %v", p, err)
		}
		l := p.Likes[0]
		if l.Thing.URL != "https://www.flickr.com/photos/12037949632@N01/700001" || l.Thing.Title != "photo 1" || l.Author.Handle != "maker" ||
			l.Author.Name != "Maker of Photos" || l.Author.URL != "https://www.flickr.com/photos/12037949632@N01" || !l.At.Equal(at) {
			t.Errorf("%+v", l)
		}
	}
}

func TestABaseThatIsNoAddressIsAnswered(t *testing.T) {
	for _, base := range []string{"x", "ftp://example.org/", "https://user:pass@example.org/", "https://", "https://example.org/?api_key=x", ":"} {
		c := New(base)
		if c.Info().Network != "flickr" {
			t.Error("no Info")
		}
		if _, err := c.Resolve(t.Context(), byKey(), "someone"); err == nil || !strings.Contains(err.Error(), "networks.flickr.base") {
			t.Errorf("%q: %v", base, err)
		}
		for _, err := range c.Likes(t.Context(), byKey(), "") {
			if err == nil || !strings.Contains(err.Error(), "networks.flickr.base") {
				t.Errorf("%q: %v", base, err)
			}
		}
	}
}

func BenchmarkPoll(b *testing.B) {
	b.Run("by key", func(b *testing.B) { connectortest.Bench(b, harness(byKey(), false, false)) })
	b.Run("with a token", func(b *testing.B) { connectortest.Bench(b, harness(byToken(), false, false)) })
}
