package flickr

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"flattery/connectors"
	"flattery/connectors/connectortest"
)

func TestFlickrKeepsEveryPromise(t *testing.T) {
	for name, v := range map[string]fake{
		"newest first": {},
		"oldest first": {oldest: true},
	} {
		t.Run(name, func(t *testing.T) {
			connectortest.Run(t, connectortest.Harness{
				Connector: func(base string) connectors.Connector { return New(base) },
				Network:   func() connectortest.Network { return &fake{oldest: v.oldest} },
				Session:   session(), ID: photoID, Page: perPage,
			})
		})
	}
}

// serve gives a connector to a fake and a session for it.
func serve(t *testing.T, f *fake) (*Connector, connectors.Session) {
	t.Helper()
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	s := session()
	s.Client = connectors.NewClient(connectors.ClientOptions{AllowPrivate: true})
	t.Cleanup(s.Client.CloseIdleConnections)
	s.Now = time.Date(2026, 10, 14, 12, 0, 0, 0, time.UTC)
	s.Month = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	return New(server.URL + "/services/rest/"), s
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
		1: connectors.ErrGone, 5: connectors.ErrGone, 98: connectors.ErrUnauthorized, 99: connectors.ErrForbidden,
		100: connectors.ErrKey, 105: other, 106: other, 116: other, 4711: other,
	} {
		c, s := serve(t, &fake{fail: code})
		s.App.Key = key
		for _, err := range c.Likes(t.Context(), s, "") {
			if err == nil || strings.Contains(err.Error(), key) {
				t.Errorf("%d: %v", code, err)
			}
		}
		// Without the key in its words, the failure keeps its meaning.
		err := c.fate(int64(code), "no")
		if _, ok := errors.AsType[*connectors.AnswerError](err); !ok || !errors.Is(want, other) && !errors.Is(err, want) {
			t.Errorf("%d: %v", code, err)
		}
	}
	c, s := serve(t, &fake{})
	s.App.Key = "another"
	for _, err := range c.Likes(t.Context(), s, "") {
		if !errors.Is(err, connectors.ErrKey) || !strings.Contains(err.Error(), "Invalid API Key") {
			t.Errorf("a wrong key: %v", err)
		}
	}
	s.App.Key = ""
	for _, err := range c.Likes(t.Context(), s, "") {
		if !errors.Is(err, connectors.ErrKey) {
			t.Errorf("no key: %v", err)
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
		if _, err := c.Resolve(t.Context(), session(), "someone"); err == nil || !strings.Contains(err.Error(), "networks.flickr.base") {
			t.Errorf("%q: %v", base, err)
		}
		for _, err := range c.Likes(t.Context(), session(), "") {
			if err == nil || !strings.Contains(err.Error(), "networks.flickr.base") {
				t.Errorf("%q: %v", base, err)
			}
		}
	}
}
