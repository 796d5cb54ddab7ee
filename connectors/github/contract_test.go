package github

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/legacy"

	"flattery/connectors"
	"flattery/connectors/connectortest"
)

// outsideOfTheContract are the paths that we ask for though GitHub's description does not have them.
var outsideOfTheContract = map[string]string{
	"/user/4711/starred": "GitHub's own Link headers lead there, as recorded in 2013; we never make the path ourselves",
}

func TestEveryRequestIsInTheContract(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromFile(connectortest.Shared(t, "networks", "contracts", "github", "github-rest.trimmed.openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	doc.Security = nil
	router, err := legacy.NewRouter(doc, openapi3.DisableExamplesValidation())
	if err != nil {
		t.Fatal(err)
	}
	asked, excused := map[string]bool{}, 0
	f := newFake()
	f.check = func(r *http.Request) {
		if outsideOfTheContract[r.URL.Path] != "" {
			excused++
			return
		}
		there := r.Clone(r.Context())
		there.URL, _ = url.Parse("https://api.github.com" + r.URL.RequestURI())
		there.Host = "api.github.com"
		route, params, err := router.FindRoute(there)
		if err != nil {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
			return
		}
		asked[route.Path] = true
		known := []string{}
		for _, p := range route.Operation.Parameters {
			known = append(known, p.Value.Name)
		}
		for name := range r.URL.Query() {
			if !slices.Contains(known, name) {
				t.Errorf("%s has no parameter %q", route.Path, name)
			}
		}
		if err := openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{Request: there, PathParams: params, Route: route}); err != nil {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
		}
		if !strings.Contains(r.Header.Get("Accept"), "application/vnd.github.") || r.Header.Get("X-GitHub-Api-Version") == "" {
			t.Errorf("%s: headers %v", r.URL, r.Header)
		}
	}
	c, s := serve(t, f)
	for n := range 250 {
		f.Like(n, s.Now.Add(-1))
	}
	for _, who := range []connectors.Session{withToken(), byName()} {
		who.Client, who.Now, who.Month = s.Client, s.Now, s.Month
		for range 3 {
			poll(t, c, who, "")
		}
		if _, err := c.Resolve(t.Context(), who, "me"); err != nil {
			t.Error(err)
		}
	}
	s.Token = token
	if _, err := c.Identify(t.Context(), s); err != nil {
		t.Error(err)
	}
	delete(f.names, "me")
	f.names["renamed"] = meID
	s.Token = ""
	poll(t, c, s, "")
	for _, path := range []string{"/user", "/user/starred", "/users/{username}", "/users/{username}/starred", "/user/{account_id}"} {
		if !asked[path] {
			t.Errorf("%s was never asked for, so nothing is shown", path)
		}
	}
	if excused == 0 {
		t.Error("an exception that is not needed")
	}
}

// Answers that GitHub gave in 2013, to lists without the media type that tells times.
func TestRecordedAnswersAreUnderstood(t *testing.T) {
	for name, makers := range map[string]int{"me": 30, "unauthenticated": 25, "user_authenticated": 25} {
		raw, err := os.ReadFile(connectortest.Shared(t, "networks", "contracts", "github", "octokit.rb_starred_"+name+"_2013-12-27.decoded.json"))
		if err != nil {
			t.Fatal(err)
		}
		var recorded []struct {
			Response struct {
				Body    json.RawMessage
				Headers map[string]any
			}
		}
		if err := json.Unmarshal(raw, &recorded); err != nil {
			t.Fatal(err)
		}
		last := recorded[len(recorded)-1].Response
		link, _ := last.Headers["Link"].(string)
		a := &api{c: New("")}
		resp := httptest.NewRecorder()
		resp.Header().Set("Content-Type", last.Headers["Content-Type"].(string))
		resp.Header().Set("Date", last.Headers["Date"].(string))
		resp.Header().Set("Link", link)
		_, _ = resp.Write(last.Body)
		got := resp.Result()
		got.Request = httptest.NewRequest("GET", "https://api.github.com/users/sferik/starred", nil)
		ans, err := a.read(got)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var want []struct {
			ID       int64
			FullName string `json:"full_name"`
			Owner    struct{ ID int64 }
		}
		if err := json.Unmarshal(last.Body, &want); err != nil {
			t.Fatal(err)
		}
		authors := map[string]bool{}
		for i, l := range ans.likes {
			authors[l.Author.Subject] = true
			if l.Thing.ID != strconv.FormatInt(want[i].ID, 10) || l.Thing.Title != want[i].FullName || l.Author.Subject != strconv.FormatInt(want[i].Owner.ID, 10) ||
				l.Thing.URL != "https://github.com/"+want[i].FullName || !l.At.IsZero() {
				t.Errorf("%s: star %d: %+v", name, i, l)
			}
		}
		if len(ans.likes) != 30 || len(authors) != makers {
			t.Errorf("%s: %d stars of %d authors, want 30 of %d", name, len(ans.likes), len(authors), makers)
		}
		if ans.date.Year() != 2013 || strings.Contains(link, "/user/10308/") && (ans.owner != "10308" || ans.next != "https://api.github.com/user/10308/starred?page=2") {
			t.Errorf("%s: date %v, owner %q, next %q", name, ans.date, ans.owner, ans.next)
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
		a := &api{c: New("")}
		ans, err := a.read(&http.Response{
			StatusCode: 200, ContentLength: -1, Header: http.Header{"Content-Type": {"application/json"}, "Link": {link}},
			Body: io.NopCloser(strings.NewReader(string(body))), Request: httptest.NewRequest("GET", "https://api.github.com/user/starred", nil),
		})
		if err != nil {
			return
		}
		if ans.next != "" && !strings.HasPrefix(ans.next, "https://api.github.com/") {
			t.Errorf("goes on at %q", ans.next)
		}
		for _, l := range ans.likes {
			if l.Thing.ID == "" || l.Thing.ID[0] == '-' || l.Author.Subject == "" || l.Author.Subject[0] == '-' || l.Author.Subject == "0" {
				t.Errorf("no keys: %+v", l)
			}
			if l.Thing.Title != connectors.Clean(l.Thing.Title, connectors.MaxTitle) || strings.HasPrefix(l.Thing.URL, "javascript") {
				t.Errorf("not clean: %+v", l)
			}
		}
	})
}
