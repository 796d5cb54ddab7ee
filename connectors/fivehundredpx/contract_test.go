package fivehundredpx

import (
	"encoding/xml"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"flattery/connectors"
	"flattery/connectors/connectortest"
)

// contract is what the API of 2013 takes, by path; a parameter with values takes one of these only.
var contract = map[string]map[string][]string{
	"photos": {
		"feature": {"user_favorites"}, "user_id": nil, "username": nil, "sort": {"created_at"}, "rpp": nil, "page": nil,
		"include_states": {"1"}, "consumer_key": nil,
	},
	"users":      {"consumer_key": nil},
	"users/show": {"username": nil, "id": nil, "consumer_key": nil},
}

// needed are the parameters without which an answer would be of something else.
var needed = map[string][]string{"photos": {"feature", "user_id", "sort", "page", "consumer_key"}, "users/show": {"username", "consumer_key"}}

func requests(t *testing.T) map[string][]*http.Request {
	t.Helper()
	asked := map[string][]*http.Request{}
	f := &fake{check: func(r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, "/v1/")
		asked[path] = append(asked[path], r)
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
		if err == nil {
			_, err = c.Resolve(t.Context(), s, "me-here")
		}
		if err == nil {
			_, _, err = c.Prove(t.Context(), s, "me-here")
		}
		if err == nil && session.Token.Has() {
			_, err = c.Identify(t.Context(), s)
		}
		if err != nil {
			t.Error(err)
		}
	}
	return asked
}

func TestEveryRequestIsInTheContractOf2013(t *testing.T) {
	asked := requests(t)
	for path, all := range asked {
		for _, r := range all {
			q := r.URL.Query()
			for name, values := range q {
				allowed, known := contract[path][name]
				if !known || len(values) != 1 || allowed != nil && !slices.Contains(allowed, values[0]) {
					t.Errorf("%s has no parameter %s = %q", path, name, values)
				}
			}
			for _, name := range needed[path] {
				if q.Get(name) == "" {
					t.Errorf("%s lacks %s", path, name)
				}
			}
			if r.Method != http.MethodGet || q.Has("rpp") && q.Get("rpp") != "100" && q.Get("rpp") != "20" {
				t.Errorf("%s %s", r.Method, r.URL)
			}
		}
	}
	for path := range contract {
		if len(asked[path]) == 0 {
			t.Errorf("%s was never asked for, so nothing is shown", path)
		}
	}
}

// The description of 2019 has no favourites any more, and says what became of the rest.
func TestSharedParametersAreInTheDescriptionOf2019(t *testing.T) {
	gone := map[string]string{"consumer_key": "every request had to be signed"}
	var wadl struct {
		Resources []struct {
			Path   string `xml:"path,attr"`
			Params []struct {
				Name    string `xml:"name,attr"`
				Options []struct {
					Value string `xml:"value,attr"`
				} `xml:"option"`
			} `xml:"param"`
			Methods []struct {
				Name string `xml:"name,attr"`
			} `xml:"method"`
		} `xml:"resources>resource"`
	}
	if err := xml.Unmarshal(connectortest.ReadShared(t, "networks", "contracts", "500px", "2019-03-13__500px-api.xml"), &wadl); err != nil {
		t.Fatal(err)
	}
	for path, all := range requests(t) {
		known, sorts := map[string]bool{}, []string{}
		for _, r := range wadl.Resources {
			if r.Path != path || r.Methods[0].Name != http.MethodGet {
				continue
			}
			known[""] = true
			for _, p := range r.Params {
				known[p.Name] = true
				for _, o := range p.Options {
					if p.Name == "sort" {
						sorts = append(sorts, o.Value)
					}
				}
			}
		}
		if !known[""] {
			t.Errorf("%s is not described", path)
		}
		for _, r := range all {
			for name := range r.URL.Query() {
				if !known[name] && gone[name] == "" {
					t.Errorf("%s has no parameter %q", path, name)
				}
			}
			if sort := r.URL.Query().Get("sort"); sort != "" && !slices.Contains(sorts, sort) {
				t.Errorf("%s is not sorted by %q", path, sort)
			}
		}
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
	f.Add(`{"current_page":1,"total_pages":2,"photos":[{"id":1,"name":"a","user":{"id":2,"username":"b","fullname":"c"}}]}`)
	f.Add(`{"current_page":"1","total_pages":"x","photos":[{"id":"1","name":7,"user":{"id":"2"}},null]}`)
	f.Add(`{"photos":null}`)
	f.Fuzz(func(t *testing.T, body string) {
		s := byName()
		s.Client, s.Now = &http.Client{Transport: canned(body)}, now
		pages := 0
		for p, err := range New("http://127.0.0.1:9/v1/").Likes(t.Context(), s, "") {
			if pages++; err != nil || pages == 3 {
				break
			}
			for _, l := range p.Likes {
				if l.Thing.ID[0] == '-' || l.Author.Subject == "" || l.Author.Subject[0] == '-' || l.Author.Subject == "0" || l.Thing.Title != connectors.Clean(l.Thing.Title, connectors.MaxTitle) {
					t.Errorf("not clean: %+v", l)
				}
			}
		}
	})
}
