package vimeo

import (
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"flattery/connectors"
	"flattery/connectors/connectortest"
)

func TestEveryRequestIsInTheContract(t *testing.T) {
	contract := connectortest.OpenAPI(t, "https://api.vimeo.com", "networks", "contracts", "vimeo", "vimeo-3.4.trimmed.openapi.json")
	contract.Excuse("/users/me-here", "the description has users by number; the name in the address of somebody's page does as well")
	f := &fake{check: func(r *http.Request) {
		if r.Header.Get("Accept") != "application/vnd.vimeo.*+json;version=3.4" || !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ") {
			t.Errorf("%s: headers %v", r.URL, r.Header)
		}
		// Any answer can be cut down to some fields, which the description does not repeat for each.
		q := r.URL.Query()
		if r.Method == http.MethodGet && !strings.Contains(q.Get("fields"), "uri") {
			t.Errorf("%s asks for more than is needed", r.URL)
		}
		q.Del("fields")
		r = r.Clone(r.Context())
		r.URL.RawQuery = q.Encode()
		if err := contract.Check(r); err != nil {
			t.Error(err)
		}
	}}
	for n := range 250 {
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
		for _, typed := range []string{"me-here", mine} {
			if _, err := c.Resolve(t.Context(), s, typed); err != nil {
				t.Error(err)
			}
			if _, _, err := c.Prove(t.Context(), s, typed); (err != nil) != session.Token.Has() {
				t.Error(err)
			}
		}
		if session.Token.Has() {
			_, err := c.Identify(t.Context(), s)
			if err := errors.Join(err, c.Revoke(t.Context(), s)); err != nil {
				t.Error(err)
			}
		}
	}
	want := []string{"DELETE /tokens", "GET /me", "GET /me/likes", "GET /users/{user_id}", "GET /users/{user_id}/likes"}
	if got, idle := contract.Asked(), contract.Idle(); !slices.Equal(got, want) || len(idle) > 0 {
		t.Errorf("asked %q, want %q; excuses without need: %q", got, want, idle)
	}
}

// Answers that Vimeo gave: two videos, which their reader did not like, and two that were made up for tests.
func TestRecordedAnswersAreUnderstood(t *testing.T) {
	read := func(name string) string {
		return string(connectortest.ReadShared(t, "networks", "contracts", "vimeo", "VimeoNetworking_"+name+".json"))
	}
	two := read("two_videos_from_cinema-success-response")
	c, s := serve(t, page(`{"data":`+two+`}`), withToken())
	likes, _, err := poll(t, c, s, "")
	var got []string
	for _, l := range likes {
		got = append(got, l.Thing.ID+" "+l.Thing.Title+" "+l.Thing.URL+" of "+l.Author.Subject+" "+l.Author.Handle+" "+l.Author.URL)
		if !l.At.IsZero() {
			t.Errorf("the time of a like that was not given: %v", l.At)
		}
	}
	want := []string{
		"29433509 Skindergarten https://vimeo.com/29433509 of 5675338 user5675338 https://vimeo.com/user5675338",
		"134567723 Housewife Sonata https://vimeo.com/134567723 of 31648953 nicolespiezio https://vimeo.com/nicolespiezio",
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	// The same, liked by the owner of the token.
	liked := regexp.MustCompile(`"added":\s*false,\s*"added_time":\s*null`).ReplaceAllString(two, `"added":true,"added_time":"2015-07-26T22:52:03+00:00"`)
	c, s = serve(t, page(`{"data":`+liked+`}`), withToken())
	if likes, _, err = poll(t, c, s, ""); err != nil || len(likes) != 2 || !likes[0].At.Equal(likes[1].At) || !likes[1].At.Equal(time.Date(2015, 7, 26, 22, 52, 3, 0, time.UTC)) {
		t.Errorf("%+v, %v", likes, err)
	}
	c, s = serve(t, page(`{"data":[`+read("clip")+`]}`), withToken())
	if likes, _, err = poll(t, c, s, ""); err == nil || len(likes) > 0 {
		t.Errorf("a video of nobody is taken for a like: %+v", likes)
	}
	c, s = serve(t, page(read("user_basic")), withToken())
	if p, err := c.Identify(t.Context(), s); err == nil {
		t.Errorf("an account without an id: %+v", p)
	}
}

func BenchmarkPoll(b *testing.B) { connectortest.Bench(b, harness(withToken(), false)) }

// canned always gives one answer.
type canned string

func (a canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, ContentLength: -1, Header: http.Header{"Content-Type": {"application/vnd.vimeo.video+json"}}, Request: r, Body: io.NopCloser(strings.NewReader(string(a)))}, nil
}

// FuzzPage: no page panics, and what is understood has keys and is clean.
func FuzzPage(f *testing.F) {
	f.Add(`{"data":[{"uri":"/videos/1:a","name":"a","link":"https://vimeo.com/1/a","user":{"uri":"/users/2","link":"https://vimeo.com/b"}}],"paging":{"next":null}}`)
	f.Add(`{"data":[{"uri":"/videos/1","user":{"uri":"/users/2"},"metadata":{"interactions":{"like":{"added_time":"2026-10-14T12:00:00Z"}}}},null],"paging":{"next":"/me/likes?page=2"}}`)
	f.Add(`{"data":null,"paging":{"next":"//x?page=2"}}`)
	f.Fuzz(func(t *testing.T, body string) {
		s := byName()
		s.Client, s.Now = &http.Client{Transport: canned(body)}, now
		pages := 0
		for p, err := range New("").Likes(t.Context(), s, "") {
			if pages++; err != nil || pages == 3 {
				break
			}
			for _, l := range p.Likes {
				if !videoURI.MatchString("/videos/"+l.Thing.ID) || !userURI.MatchString("/users/"+l.Author.Subject) || !l.At.IsZero() || l.Thing.Title != connectors.Clean(l.Thing.Title, connectors.MaxTitle) {
					t.Errorf("not clean: %+v", l)
				}
			}
		}
	})
}
