package soundcloud

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"flattery/connectors"
	"flattery/connectors/connectortest"
)

func TestEveryRequestIsInTheContract(t *testing.T) {
	contract := connectortest.OpenAPI(t, "https://api.soundcloud.com", "networks", "contracts", "soundcloud", "soundcloud-public.trimmed.openapi.json")
	// What the network's own links carry on, it may name as it likes.
	cursors := 0
	f := &fake{check: func(r *http.Request) {
		if q := r.URL.Query(); q.Has("cursor") {
			cursors++
			q.Del("cursor")
			r = r.Clone(r.Context())
			r.URL.RawQuery = q.Encode()
		}
		if err := contract.Check(r); err != nil {
			t.Error(err)
		}
		if !strings.HasPrefix(r.Header.Get("Authorization"), "OAuth ") {
			t.Errorf("%s: headers %v", r.URL, r.Header)
		}
	}}
	for n := range 450 {
		f.Like(n, now)
	}
	for _, session := range []connectors.Session{withToken(), byName()} {
		c, s := serve(t, f, session)
		_, cursor, err := poll(t, c, s, "")
		if err == nil {
			_, _, err = poll(t, c, s, cursor)
		}
		if err != nil {
			t.Error(err)
		}
		if _, err := c.Resolve(t.Context(), s, "me-here"); err != nil {
			t.Error(err)
		}
		if _, _, err := c.Prove(t.Context(), s, "me-here"); (err != nil) != session.Token.Has() {
			t.Error(err)
		}
		if session.Token.Has() {
			_, err := c.Identify(t.Context(), s)
			if err := errors.Join(err, c.Revoke(t.Context(), s)); err != nil {
				t.Error(err)
			}
		}
	}
	want := []string{"GET /me", "GET /me/likes/tracks", "GET /resolve", "GET /users/{user_urn}", "GET /users/{user_urn}/likes/tracks", "POST /sign-out"}
	if got := contract.Asked(); !slices.Equal(got, want) || cursors == 0 {
		t.Errorf("asked %q (%d by a link), want %q", got, cursors, want)
	}
}

func BenchmarkPoll(b *testing.B) { connectortest.Bench(b, harness(withToken())) }

// canned always gives one answer.
type canned string

func (a canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, ContentLength: -1, Header: http.Header{"Content-Type": {"application/json"}}, Request: r, Body: io.NopCloser(strings.NewReader(string(a)))}, nil
}

// FuzzPage: no page panics, and what is understood has keys and is clean.
func FuzzPage(f *testing.F) {
	f.Add(`{"collection":[{"urn":"soundcloud:tracks:1","title":"a","permalink_url":"https://soundcloud.com/a/b","user":{"urn":"soundcloud:users:2","username":"b"}}],"next_href":null}`)
	f.Add(`{"collection":[{"id":1,"title":7,"permalink_url":"javascript:x","user":{"id":"2"}},null],"next_href":"https://api.soundcloud.com/users/soundcloud:users:4711/likes/tracks?cursor=1"}`)
	f.Add(`{"collection":null,"next_href":"//x"}`)
	f.Fuzz(func(t *testing.T, body string) {
		s := byName()
		s.Client, s.Now = &http.Client{Transport: canned(body)}, now
		pages := 0
		for p, err := range New("").Likes(t.Context(), s, "") {
			if pages++; err != nil || pages == 3 {
				break
			}
			for _, l := range p.Likes {
				if !urns.MatchString(l.Thing.ID) || !urns.MatchString(l.Author.Subject) || l.Thing.Title != connectors.Clean(l.Thing.Title, connectors.MaxTitle) {
					t.Errorf("not clean: %+v", l)
				}
			}
		}
	})
}
