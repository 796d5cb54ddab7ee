package github

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"flattery"
	"flattery/connectors"
	"flattery/connectors/connectortest"
)

func TestEveryRequestIsInTheContract(t *testing.T) {
	contract := connectortest.OpenAPI(t, "https://api.github.com", "networks", "contracts", "github", "github-rest.trimmed.openapi.json")
	contract.Excuse("/user/memberships/orgs/club", "GitHub has it (get an organization membership for the authenticated user), this excerpt of its description does not")
	contract.Excuse("/applications/app/token", "GitHub has it (delete an app token), this excerpt of its description does not")
	for _, path := range []string{"/orgs/club", "/repos/me/me/readme", "/repos/me/me", "/repos/club/.github/contents/profile/README.md", "/repos/club/.github", "/users/me/gists", "/gists/9f0"} {
		contract.Excuse(path, "GitHub has it (its documentation, and the client that it is asked with), this excerpt of its description does not")
	}
	f := newFake()
	f.Write(proof, "")
	f.check = func(r *http.Request) {
		if err := contract.Check(r); err != nil {
			t.Error(err)
		}
		if !strings.Contains(r.Header.Get("Accept"), "application/vnd.github.") || r.Header.Get("X-GitHub-Api-Version") == "" {
			t.Errorf("%s: headers %v", r.URL, r.Header)
		}
	}
	c, s := serve(t, f)
	for n := range 250 {
		f.Like(n, s.Now.Add(-1))
	}
	for _, who := range []connectors.Session{with(token), with(appToken), with(""), byApp()} {
		who.Client, who.Now, who.Month = s.Client, s.Now, s.Month
		cursor := poll(t, c, who, "").cursor
		for range 3 {
			cursor = poll(t, c, who, cursor).cursor
		}
		if _, err := c.Resolve(t.Context(), who, "me"); err != nil {
			t.Error(err)
		}
		for _, handle := range []string{"me", "club"} {
			if _, shows, err := c.Prove(t.Context(), who, handle); err != nil || !shows.Has(proof) {
				t.Errorf("%+v, %v", shows, err)
			}
		}
	}
	s.Token.Access = token
	if _, err := c.Identify(t.Context(), s); err != nil {
		t.Error(err)
	}
	if _, err := c.Administers(t.Context(), s, "club"); !errors.Is(err, connectors.ErrForbidden) {
		t.Error(err)
	}
	s.App = byApp().App
	if err := c.Revoke(t.Context(), s); err != nil {
		t.Error(err)
	}
	delete(f.names, "me")
	f.names["renamed"] = meID
	s.Token = flattery.Token{}
	poll(t, c, s, "")
	want := []string{"GET /user", "GET /user/starred", "GET /user/{account_id}", "GET /users/{username}", "GET /users/{username}/starred"}
	if got := contract.Asked(); !slices.Equal(got, want) {
		t.Errorf("asked %q, want %q", got, want)
	}
	if idle := contract.Idle(); len(idle) > 0 {
		t.Errorf("excuses that are not needed: %q", idle)
	}
}

// canned is a transport that always gives one answer.
type canned struct {
	status int
	header map[string]any
	body   []byte
}

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	h := http.Header{}
	for k, v := range c.header {
		if one, ok := v.(string); ok {
			h.Set(k, one)
		}
	}
	return &http.Response{StatusCode: c.status, Header: h, ContentLength: -1, Request: r, Body: io.NopCloser(bytes.NewReader(c.body))}, nil
}

// answer is what a recording holds of one.
type answer struct {
	Status  struct{ Code int }
	Headers map[string]any
	Body    json.RawMessage
}

func recorded(t *testing.T, name string) answer {
	t.Helper()
	var tape []struct{ Response answer }
	if err := json.Unmarshal(connectortest.ReadShared(t, "networks", "contracts", "github", "octokit.rb_"+name+".decoded.json"), &tape); err != nil || len(tape) == 0 {
		t.Fatalf("%s: %d answers, %v", name, len(tape), err)
	}
	return tape[len(tape)-1].Response
}

// given is a session whose network gives one answer. go-github believes a limit of long ago to be over.
func given(a answer) connectors.Session {
	s := with(token)
	s.Client = &http.Client{Transport: canned{a.Status.Code, a.Headers, a.Body}}
	s.Now, s.Month = now, now.AddDate(0, 0, -13)
	return s
}

// Lists that GitHub gave in 2013, which were asked for without the media type that tells times.
func TestRecordedListsAreUnderstood(t *testing.T) {
	for name, makers := range map[string]int{"me": 30, "unauthenticated": 25, "user_authenticated": 25} {
		a := recorded(t, "starred_"+name+"_2013-12-27")
		link, _ := a.Headers["Link"].(string)
		list := New("").open(given(a))
		ans, whose, err := list.stars(t.Context(), connectors.Ask{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var want []struct {
			ID       int64
			FullName string `json:"full_name"`
			Owner    struct{ ID int64 }
		}
		if err := json.Unmarshal(a.Body, &want); err != nil {
			t.Fatal(err)
		}
		authors := map[string]bool{}
		for i, l := range ans.Likes {
			authors[l.Author.Subject] = true
			if l.Thing.ID != strconv.FormatInt(want[i].ID, 10) || l.Thing.Title != want[i].FullName || l.Author.Subject != strconv.FormatInt(want[i].Owner.ID, 10) ||
				l.Thing.URL != "https://github.com/"+want[i].FullName || !l.At.IsZero() {
				t.Errorf("%s: star %d: %+v", name, i, l)
			}
		}
		if len(ans.Likes) != 30 || len(want) != 30 || len(authors) != makers {
			t.Errorf("%s: %d stars of %d authors, want 30 of %d", name, len(ans.Likes), len(authors), makers)
		}
		if ans.Date.Year() != 2013 || ans.ETag == "" || ans.Next != "2" || strings.Contains(link, "/user/10308/") != (whose == "10308") {
			t.Errorf("%s: date %v, etag %q, next %q, of %q", name, ans.Date, ans.ETag, ans.Next, whose)
		}
	}
}

// Accounts that GitHub gave in 2013 and 2018. The recordings hide one login, so that it is none.
func TestRecordedAccountsAreUnderstood(t *testing.T) {
	p, err := New("").Resolve(t.Context(), given(recorded(t, "user_bot")), "shipit[bot]")
	if err != nil || p.Subject != "32029183" || p.Handle != "shipit[bot]" || p.URL != "https://github.com/apps/shipit" || p.Organisation {
		t.Errorf("%+v, %v", p, err)
	}
	me := recorded(t, "user_me")
	if p, err := New("").Identify(t.Context(), given(me)); err == nil {
		t.Errorf("a login that is none: %+v", p)
	}
	me.Body = bytes.ReplaceAll(me.Body, []byte("<GITHUB_LOGIN>"), []byte("me"))
	if p, err := New("").Identify(t.Context(), given(me)); err != nil || p.Subject != "3513548" || p.Handle != "me" || p.Name != "" {
		t.Errorf("%+v, %v", p, err)
	}
}

// The other recordings are of requests that we do not make: repositories, issues, limits. None is taken for stars or
// for somebody, and the owner of a repository there is one of ours.
func TestRecordedAnswersToOthersAreNoStars(t *testing.T) {
	limit := recorded(t, "rate_limit")
	for _, err := range New("").Likes(t.Context(), given(limit), "") {
		if _, ok := errors.AsType[*connectors.AnswerError](err); !ok {
			t.Errorf("%v", err)
		}
	}
	for _, name := range []string{"errors", "get-repository", "get-root", "paginate-issues"} {
		var tape []struct {
			Status   int
			Response json.RawMessage
		}
		if err := json.Unmarshal(connectortest.ReadShared(t, "networks", "contracts", "github", "octokit-fixtures_"+name+".raw-fixture.json"), &tape); err != nil {
			t.Fatal(err)
		}
		for _, a := range tape {
			s := given(answer{Status: struct{ Code int }{a.Status}, Body: a.Response})
			if p, err := New("").Identify(t.Context(), s); err == nil {
				t.Errorf("%s: taken for an account: %+v", name, p)
			}
			for p, err := range New("").Likes(t.Context(), s, "") {
				if err == nil && len(p.Likes) > 0 && p.Likes[0].Author.Subject != "31898100" {
					t.Errorf("%s: taken for stars: %+v", name, p)
				}
			}
		}
	}
}

// FuzzPage: no page panics, and what is understood has keys.
func FuzzPage(f *testing.F) {
	f.Add([]byte(`[{"starred_at":"2026-10-14T12:00:00Z","repo":{"id":1,"full_name":"a/b","owner":{"id":2,"login":"a","type":"User"}}}]`), `<https://api.github.com/user/7/starred?page=2>; rel="next"`)
	f.Add([]byte(`[{"id":1,"full_name":"a/b","html_url":"javascript:x","owner":{"id":2,"login":"a"}}]`), "")
	f.Add([]byte(`[null,{},{"repo":null}]`), `<https://other.example/>; rel="next"`)
	f.Add([]byte(`[{"starred_at":null,"repo":{"id":-1}}]`), "<:>;rel=next")
	f.Fuzz(func(t *testing.T, body []byte, link string) {
		a := answer{Headers: map[string]any{"Content-Type": "application/json", "Link": link}, Body: body}
		a.Status.Code = http.StatusOK
		ans, _, err := New("").open(given(a)).stars(t.Context(), connectors.Ask{})
		if err != nil {
			return
		}
		if n, err := strconv.Atoi(ans.Next); ans.Next != "" && (err != nil || n <= 0) {
			t.Errorf("goes on at %q", ans.Next)
		}
		for _, l := range ans.Likes {
			if l.Thing.ID == "" || l.Thing.ID[0] == '-' || l.Author.Subject == "" || l.Author.Subject[0] == '-' || l.Author.Subject == "0" {
				t.Errorf("no keys: %+v", l)
			}
			if l.Thing.Title != connectors.Clean(l.Thing.Title, connectors.MaxTitle) || strings.HasPrefix(l.Thing.URL, "javascript") {
				t.Errorf("not clean: %+v", l)
			}
		}
	})
}
