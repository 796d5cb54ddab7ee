package sandbox

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"flattery/connectors/connectortest"
)

// contract reads a vendor's description from the shared folder.
func contract(t *testing.T, file string) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(connectortest.ReadShared(t, "networks/contracts/"+file))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func routed(t *testing.T, doc *openapi3.T, root string) routers.Router {
	t.Helper()
	doc.Servers = openapi3.Servers{{URL: strings.TrimSuffix(root, "/")}}
	router, err := legacy.NewRouter(doc, openapi3.DisableExamplesValidation())
	if err != nil {
		t.Fatal(err)
	}
	return router
}

// keeps asks and holds both the question and the answer against a description.
func (v visitor) keeps(t *testing.T, router routers.Router, url string, status int, headers ...string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	route, params, err := router.FindRoute(req)
	if err != nil {
		t.Fatal(err)
	}
	options := &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}
	asked := &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route, Options: options}
	if err := openapi3filter.ValidateRequest(t.Context(), asked); err != nil && status != http.StatusBadRequest {
		t.Errorf("request: %v", err)
	}
	got := v.get(url, headers...)
	if got.status != status {
		t.Fatalf("status %d, want %d: %s", got.status, status, got.body)
	}
	answered := &openapi3filter.ResponseValidationInput{RequestValidationInput: asked, Status: got.status, Header: got.header, Options: options}
	answered.SetBodyBytes([]byte(got.body))
	if err := openapi3filter.ValidateResponse(t.Context(), answered); err != nil {
		t.Errorf("response: %v\n%s", err, got.body)
	}
	if described := route.Operation.Responses.Status(status); described != nil {
		kind := described.Value.Content.Get(got.header.Get("Content-Type"))
		unknown(t, url, kind.Schema.Value, into[any](t, got.body))
	}
}

func TestEveryAnswerKeepsToXsSpecification(t *testing.T) {
	doc := contract(t, "x/x-api-v2.trimmed.openapi.json")
	v := visit(t)
	fan, other := v.X.AddUser("fan"), v.X.AddUser("other")
	v.X.AddUser("bad")
	v.X.AddUser("maker")
	v.posts("maker", 6)
	v.X.Like("fan", v.X.AddThing("bad", "unseen"))
	v.X.Suspend("bad")
	v.X.SetBio("other", "Words & more")
	v.X.SetLink("other", "https://other.example/")
	v.X.SetSpelling(SpellPost)
	router := routed(t, doc, strings.TrimSuffix(v.X.Base(), "2/"))
	token := []string{"Authorization", "Bearer " + v.X.Token("fan")}
	liked := v.X.Base() + "users/" + fan + "/liked_tweets"
	for _, c := range []struct {
		name, url string
		status    int
	}{
		{"oneself", v.X.Base() + "users/me?user.fields=created_at,description", 200},
		{"another", v.X.Base() + "users/" + other, 200},
		{"another, with all that is written there", v.X.Base() + "users/" + other + "?user.fields=description,entities,url", 200},
		{"nobody", v.X.Base() + "users/1", 200},
		{"a suspended user", v.X.Base() + "users/" + v.X.ID("bad"), 200},
		{"likes", liked, 200},
		{"a page with an error in it", liked + "?max_results=5&expansions=author_id&post.fields=created_at,lang&user.fields=description", 200},
		{"the next page", liked + "?max_results=5&pagination_token=" + into[likedSaid](t, v.get(liked+"?max_results=5", token...).body).Meta.Next_token, 200},
		{"another's likes", v.X.Base() + "users/" + other + "/liked_tweets", 403},
		{"too many at once", liked + "?max_results=101", 400},
		{"a page that is none", liked + "?pagination_token=x", 400},
	} {
		t.Run(c.name, func(t *testing.T) { v.keeps(t, router, c.url, c.status, token...) })
	}
}

// mend takes out of SoundCloud's description what its own examples are against.
func mend(doc *openapi3.T) {
	for _, schema := range []string{"Me", "User"} {
		properties := doc.Components.Schemas[schema].Value.Properties
		delete(properties, "subscriptions") // lists of nothing, which is no description
		for _, date := range []string{"created_at", "last_modified"} {
			properties[date].Value.Format = "" // of RFC 3339; the examples have the format of a track's
		}
	}
	for _, access := range []string{"access", "access_explicit"} { // whose default is text where a list is due
		doc.Components.Parameters[access].Value.Schema.Value.Default = nil
	}
}

func TestEveryAnswerKeepsToSoundCloudsSpecification(t *testing.T) {
	doc := contract(t, "soundcloud/soundcloud-public.trimmed.openapi.json")
	v, ids, _ := listens(t, 3)
	s := v.SoundCloud
	s.SetAccess(ids[1], "blocked")
	s.SetBio("maker", "Sounds.")
	s.SetLink("maker", "https://maker.example/")
	mend(doc)
	router := routed(t, doc, s.Base())
	token := []string{"Authorization", "OAuth " + s.Token("fan")}
	for _, c := range []struct {
		name, path string
		status     int
		headers    []string
	}{
		{"oneself", "me", 200, token},
		{"oneself without a token", "me", 401, nil},
		{"somebody", "users/" + s.ID("maker"), 200, token},
		{"nobody", "users/soundcloud:users:1", 404, token},
		{"one's own likes", "me/likes/tracks?limit=2&linked_partitioning=true&access=playable,preview,blocked", 200, token},
		{"one's own likes as a list", "me/likes/tracks", 200, token},
		{"no likes", "users/" + s.ID("maker") + "/likes/tracks?linked_partitioning=true", 200, token},
		{"somebody's likes", "users/" + s.ID("fan") + "/likes/tracks?linked_partitioning=true", 200, token},
		{"somebody's likes, too many", "users/" + s.ID("fan") + "/likes/tracks?limit=201", 400, token},
		{"somebody's likes without a token", "users/" + s.ID("fan") + "/likes/tracks", 401, nil},
		{"likes of nobody", "users/soundcloud:users:1/likes/tracks", 404, token},
		{"an address", "resolve?url=https%3A%2F%2Fsoundcloud.com%2Fmaker%2Ft1", 302, token},
		{"an address that leads nowhere", "resolve?url=https%3A%2F%2Fsoundcloud.com%2Fnone", 404, token},
	} {
		t.Run(c.name, func(t *testing.T) { v.keeps(t, router, s.Base()+c.path, c.status, c.headers...) })
	}
}

// Vimeo's description is of all that a video can be; what Vimeo answers (recorded) leaves much of it out, and holds
// lists in an envelope of which it says nothing. So: what there is has the name and the shape that it says.
func TestWhatVimeoTellsIsOfItsSpecification(t *testing.T) {
	doc := contract(t, "vimeo/vimeo-3.4.trimmed.openapi.json")
	for _, schema := range []string{"video", "user"} {
		loosen(doc.Components.Schemas[schema].Value, map[*openapi3.Schema]bool{})
	}
	v, ids, ask := watches(t, 2)
	v.Vimeo.SetBio("maker", "Films.")
	v.Vimeo.SetLink("maker", "https://maker.example/")
	for _, c := range []struct{ name, schema, path string }{
		{"oneself", "user", "/me"},
		{"somebody", "user", "/users/" + v.Vimeo.ID("maker")},
		{"one's own likes", "video", "/me/likes?per_page=1"},
		{"somebody's likes", "video", "/users/" + v.Vimeo.ID("fan") + "/likes"},
		{"a video", "video", "/videos/" + ids[0]},
		{"nobody", "error", "/users/1"},
		{"too many at once", "error", "/me/likes?per_page=101"},
		{"a token", "auth", "/oauth/verify"},
		{"above the limit", "error", "/me"},
		{"a token that is none", "legacy-error", "/me"},
	} {
		t.Run(c.name, func(t *testing.T) {
			switch c.name {
			case "above the limit":
				v.Vimeo.SetLimits(Quota{0, time.Minute})
			case "a token that is none":
				v.Vimeo.Revoke("fan")
			}
			said := into[map[string]any](t, ask(c.path).body)
			list, ok := said["data"].([]any)
			if !ok {
				list = []any{said}
			}
			for _, one := range list {
				if err := doc.Components.Schemas[c.schema].Value.VisitJSON(one); err != nil {
					t.Error(err)
				}
				unknown(t, c.schema, doc.Components.Schemas[c.schema].Value, one)
			}
			if len(list) == 0 {
				t.Error("nothing to look at")
			}
		})
	}
}

// loosen demands no property of a schema.
func loosen(s *openapi3.Schema, seen map[*openapi3.Schema]bool) {
	if seen[s] {
		return
	}
	seen[s], s.Required = true, nil
	inner := slices.Concat(s.AllOf, slices.Collect(maps.Values(s.Properties)))
	if s.Items != nil {
		inner = append(inner, s.Items)
	}
	for _, ref := range inner {
		loosen(ref.Value, seen)
	}
}

// unknown finds properties that a schema does not have.
func unknown(t *testing.T, at string, s *openapi3.Schema, said any) {
	t.Helper()
	properties, items := maps.Clone(s.Properties), s.Items
	if properties == nil {
		properties = openapi3.Schemas{}
	}
	for _, part := range slices.Concat(s.AllOf, s.OneOf) {
		maps.Copy(properties, part.Value.Properties)
		items = cmp.Or(items, part.Value.Items)
	}
	switch said := said.(type) {
	case []any:
		for _, one := range said {
			unknown(t, at, items.Value, one)
		}
	case map[string]any:
		for name, value := range said {
			if properties[name] == nil {
				t.Errorf("%s has no %s", at, name)
				continue
			}
			unknown(t, at+"."+name, properties[name].Value, value)
		}
	}
}

func TestTokensOfVimeoKeepToItsSpecification(t *testing.T) {
	schemas := contract(t, "vimeo/vimeo-3.4.trimmed.openapi.json").Components.Schemas
	loosen(schemas["user"].Value, map[*openapi3.Schema]bool{})
	e := entrances(t)[2]
	for _, c := range []struct {
		name, at, form, schema string
		status                 int
	}{
		{"an app's own", e.clients, "grant_type=client_credentials&scope=public", "auth", 200},
		{"a user's", e.config.Endpoint.TokenURL, "grant_type=authorization_code&redirect_uri=" + "http%3A%2F%2F127.0.0.1%3A1%2Fback%3Fhost%3D2&code_verifier=v&code=", "auth", 200},
		{"a code that is none", e.config.Endpoint.TokenURL, "grant_type=authorization_code&redirect_uri=x&code=x", "auth-error", 400},
		{"a grant that is none", e.clients, "grant_type=password", "auth-error", 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			if strings.HasSuffix(c.form, "code=") {
				c.form += e.agrees("v")
			}
			got := e.basic(c.at, c.form)
			if got.status != c.status || got.header.Get("Content-Type") != "application/vnd.vimeo.auth+json" {
				t.Fatalf("%d %s", got.status, got.body)
			}
			said := into[map[string]any](t, got.body)
			delete(said, "expires_in") // of RFC 6749, for the usual clients
			if err := schemas[c.schema].Value.VisitJSON(any(said)); err != nil {
				t.Error(err)
			}
		})
	}
	if got := e.post(e.clients, "grant_type=client_credentials"); got.status != 401 || schemas["error"].Value.VisitJSON(into[any](t, got.body)) != nil {
		t.Errorf("an app that shows no secret: %d %s", got.status, got.body)
	}
}
