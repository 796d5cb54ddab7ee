package sandbox

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/legacy"

	"flattery/connectors/connectortest"
)

func TestEveryAnswerKeepsToGitHubsSpecification(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(connectortest.ReadShared(t, "networks/contracts/github/github-rest.trimmed.openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	v := visit(t)
	v.fill(3)
	g := v.GitHub
	g.AddUser("club", About{Name: "The Club", Bio: "we", Blog: "http://club.example", Organisation: true})
	g.AddRepo("club", "thing", RepoAbout{Description: "quoted \"& <so>"})
	g.Star("fan", "club/thing")
	doc.Servers = openapi3.Servers{{URL: strings.TrimSuffix(g.Base(), "/")}}
	router, err := legacy.NewRouter(doc, openapi3.DisableExamplesValidation()) // some examples lack a discriminator
	if err != nil {
		t.Fatal(err)
	}
	token := "Bearer " + g.Token("fan")
	tag := v.get(g.Base()+"user", "Authorization", token).header.Get("ETag")
	for _, c := range []struct {
		name, path string
		status     int
		headers    []string
	}{
		{"a user", "users/fan", 200, nil},
		{"an organisation", "users/club", 200, nil},
		{"a user by number", fmt.Sprintf("user/%d", g.ID("club")), 200, nil},
		{"nobody", "users/nobody", 404, nil},
		{"nobody by number", "user/1", 404, nil},
		{"oneself", "user", 200, []string{"Authorization", token}},
		{"oneself, unchanged", "user", 304, []string{"Authorization", token, "If-None-Match", tag}},
		{"oneself without a token", "user", 401, nil},
		{"oneself with a bad token", "user", 401, []string{"Authorization", "Bearer x"}},
		{"stars with times", "users/fan/starred?per_page=2&page=1&sort=created&direction=desc", 200, []string{"Accept", starJSON}},
		{"bare stars", "users/fan/starred", 200, nil},
		{"own stars", "user/starred?sort=updated&direction=asc", 200, []string{"Authorization", token}},
		{"own stars without a token", "user/starred", 401, nil},
		{"limits", "rate_limit", 200, nil},
		{"limits of a user", "rate_limit", 200, []string{"Authorization", token}},
		{"above the limit", "user", 403, []string{"Authorization", token}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.name == "above the limit" {
				g.SetLimits(Limits{Status: 403})
			}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.Base()+c.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			route, params, err := router.FindRoute(req)
			if err != nil {
				t.Fatal(err)
			}
			asked := &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route}
			if err := openapi3filter.ValidateRequest(t.Context(), asked); err != nil {
				t.Errorf("request: %v", err)
			}
			got := v.get(g.Base()+c.path, c.headers...)
			if got.status != c.status {
				t.Fatalf("status %d, want %d: %s", got.status, c.status, got.body)
			}
			answered := &openapi3filter.ResponseValidationInput{RequestValidationInput: asked, Status: got.status, Header: got.header,
				Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true}}
			answered.SetBodyBytes([]byte(got.body))
			if err := openapi3filter.ValidateResponse(t.Context(), answered); err != nil {
				t.Errorf("response: %v", err)
			}
		})
	}
}

// Answers that GitHub gives and its specification does not have are held against the schema they would have there.
func TestWhatTheSpecificationLacksIsLikeWhatItHas(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(connectortest.ReadShared(t, "networks/contracts/github/github-rest.trimmed.openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	v := visit(t)
	v.fill(2)
	g := v.GitHub
	g.SetReadme("fan", "# Hi")
	g.Fork("fan", "maker/r1")
	g.AddGist("fan", "notes")
	g.Rename("maker", "renamed")
	token := "Bearer " + g.Token("fan")
	for _, c := range []struct {
		name, path string
		status     int
		headers    []string
		schema     string // of the answer, or of each in a list
		why        string
	}{
		{"stars by number", fmt.Sprintf("user/%d/starred", g.ID("fan")), 200, []string{"Accept", starJSON}, "starred-repository",
			"it is where GitHub's own Link headers lead (recorded), and nowhere described"},
		{"own stars with times", "user/starred", 200, []string{"Accept", starJSON, "Authorization", token}, "starred-repository",
			"it is described under a media type of its own, which GitHub asks for and does not answer with"},
		{"a bad token on a public path", "users/fan", 401, []string{"Authorization", "Bearer x"}, "basic-error",
			"a bad token is refused everywhere, and described for /user alone"},
		{"stars of nobody", "users/nobody/starred", 404, nil, "basic-error", "the list is described without errors"},
		{"a repository", "repos/fan/fan", 200, nil, "repository", "this excerpt has the schema and not the path"},
		{"a fork", "repos/fan/r1", 200, nil, "repository", "this excerpt has the schema and not the path"},
		{"a repository by number", fmt.Sprintf("repositories/%d", g.repo("renamed/r1").id), 200, nil, "repository", "it is where GitHub leads from old names"},
		{"no repository", "repos/fan/none", 404, nil, "basic-error", "this excerpt has not the path"},
		{"no README", "repos/fan/r1/readme", 404, nil, "basic-error", "this excerpt has not the path"},
		{"no gist", "gists/0", 404, nil, "basic-error", "this excerpt has not the path"},
		{"no organisation", "orgs/fan", 404, nil, "basic-error", "this excerpt has not the path"},
		{"a path that is not there", "gists/starred/1", 404, nil, "basic-error", "it is not there"},
		{"above the limit", "users/fan", 429, nil, "basic-error", "limits are described in the guide alone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.status == http.StatusTooManyRequests {
				g.SetLimits(Limits{Status: c.status})
			}
			got := v.get(g.Base()+c.path, c.headers...)
			if got.status != c.status {
				t.Fatalf("status %d, want %d (%s)", got.status, c.status, c.why)
			}
			answers := []any{into[any](t, got.body)}
			if list, ok := answers[0].([]any); ok {
				answers = list
			}
			for _, one := range answers {
				if err := doc.Components.Schemas[c.schema].Value.VisitJSON(one); err != nil {
					t.Errorf("%s: %v", c.schema, err)
				}
			}
			if len(answers) == 0 {
				t.Error("nothing to look at")
			}
		})
	}
}
