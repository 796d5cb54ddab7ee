package flickr

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oasdiff/yaml"

	"flattery"
	"flattery/connectors"
	"flattery/connectors/connectortest"
)

// Arguments of every method, which its description leaves out.
var common = []string{"method", "format", "nojsoncallback"}

func TestEveryRequestIsInTheContract(t *testing.T) {
	f := &fake{}
	c, s := serve(t, f)
	f.Like(1, s.Now)
	for _, typed := range []string{mine, "someone", "https://www.flickr.com/photos/someone/"} {
		if _, err := c.Resolve(t.Context(), s, typed); err != nil {
			t.Error(err)
		}
	}
	for _, err := range c.Likes(t.Context(), s, "") {
		if err != nil {
			t.Error(err)
		}
	}
	methods := map[string]bool{}
	for _, q := range f.asked {
		method := q.Get("method")
		methods[method] = true
		raw, err := os.ReadFile(connectortest.Shared(t, "networks", "contracts", "flickr", "getMethodInfo."+method+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var info struct {
			Arguments struct {
				Argument []struct {
					Name     string
					Optional number
					Content  text `json:"_content"`
				}
			}
		}
		if err := json.Unmarshal(raw, &info); err != nil {
			t.Fatal(err)
		}
		known := slices.Clone(common)
		for _, a := range info.Arguments.Argument {
			known = append(known, a.Name)
			if a.Optional == 0 && !q.Has(a.Name) {
				t.Errorf("%s lacks %s", method, a.Name)
			}
			if a.Name == "extras" {
				for _, extra := range strings.Split(q.Get("extras"), ",") {
					if !strings.Contains(string(a.Content), "<code>"+extra+"</code>") {
						t.Errorf("%s knows no extra %q", method, extra)
					}
				}
			}
		}
		for name := range q {
			if !slices.Contains(known, name) {
				t.Errorf("%s has no argument %q", method, name)
			}
		}
	}
	want := []string{"flickr.favorites.getPublicList", "flickr.people.findByUsername", "flickr.people.getInfo", "flickr.urls.lookupUser"}
	if got := slices.Sorted(maps.Keys(methods)); !slices.Equal(got, want) {
		t.Errorf("asked %q, want %q", got, want)
	}
}

// answer is what a recording holds of one.
type answer struct {
	status  int
	headers map[string][]string
	body    string
}

func recorded(t *testing.T, name string) answer {
	t.Helper()
	raw, err := os.ReadFile(connectortest.Shared(t, "networks", "contracts", "flickr", "flickr-objects_"+name+".cassette.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var tape struct {
		Interactions []struct {
			Response struct {
				Status  struct{ Code int }
				Headers map[string][]string
				Body    struct{ String string }
			}
		} `json:"http_interactions"`
	}
	if _, err := yaml.Unmarshal(raw, &tape, yaml.DecodeOpts{}); err != nil || len(tape.Interactions) == 0 {
		t.Fatalf("%s: %d interactions, %v", name, len(tape.Interactions), err)
	}
	r := tape.Interactions[0].Response
	return answer{r.Status.Code, r.Headers, r.Body.String}
}

// canned is a transport that always gives one answer.
type canned answer

func (a canned) RoundTrip(r *http.Request) (*http.Response, error) {
	h := http.Header{}
	for k, v := range a.headers {
		h[http.CanonicalHeaderKey(k)] = v
	}
	return &http.Response{StatusCode: a.status, Header: h, ContentLength: -1, Request: r, Body: io.NopCloser(strings.NewReader(a.body))}, nil
}

func with(a answer) connectors.Session {
	s := session()
	s.Client = &http.Client{Transport: canned(a)}
	s.Now = time.Date(2026, 10, 14, 12, 0, 0, 0, time.UTC)
	return s
}

// Answers that Flickr gave in 2013.
func TestRecordedAnswersAreUnderstood(t *testing.T) {
	c := New("")
	for tape, typed := range map[string]string{"flickr_people_findByUsername": "@janko-m", "flickr_people_getInfo": "78733179@N04"} {
		p, err := c.Resolve(t.Context(), with(recorded(t, tape)), typed)
		if err != nil || p.Subject != "78733179@N04" || p.Handle != "@janko-m" || p.URL != "https://www.flickr.com/photos/78733179@N04" {
			t.Errorf("%s: %+v, %v", tape, p, err)
		}
	}
	// A list of photos has the shape of a list of favourites, without their time.
	var likes []flattery.Like
	for p, err := range c.Likes(t.Context(), with(recorded(t, "flickr_people_getPublicPhotos")), "") {
		if err != nil || !p.Baseline || p.Date.Year() != 2013 {
			t.Errorf("%+v, %v", p, err)
		}
		likes = append(likes, p.Likes...)
	}
	if len(likes) != 2 || likes[0].Thing.ID != "10100895983" || likes[1].Thing.Title != "Hana" || likes[1].Author.Subject != "78733179@N04" {
		t.Errorf("%+v", likes)
	}
	for tape, want := range map[string]error{
		"raises_a_Flickr_ApiError_with_proper_error_code_and_message": connectors.ErrKey,
		"raises_a_Flickr_OAuthError":                                  nil,
	} {
		for p, err := range c.Likes(t.Context(), with(recorded(t, tape)), "") {
			if _, ok := errors.AsType[*connectors.AnswerError](err); !ok || want != nil && !errors.Is(err, want) {
				t.Errorf("%s: %+v, %v", tape, p, err)
			}
		}
	}
}

// FuzzPage: no page panics, and what is understood has keys.
func FuzzPage(f *testing.F) {
	f.Add([]byte(`{"photos":{"page":1,"pages":"1","total":"1","photo":[{"id":"20216912073","owner":"94951940@N04","title":"x","date_faved":"1441915873"}]},"stat":"ok"}`))
	f.Add([]byte(`{"photos":{"pages":9,"photo":[{"id":7,"owner":{"_content":"94951940@N04"}}]},"stat":"ok"}`))
	f.Add([]byte(`{"stat":"fail","code":"100","message":{"_content":"no"}}`))
	f.Add([]byte(`{"stat":"ok","photos":null}`))
	c := New("")
	f.Fuzz(func(t *testing.T, body []byte) {
		s := with(answer{200, map[string][]string{"Content-Type": {"application/json"}}, string(body)})
		pages := 0
		for p, err := range c.Likes(t.Context(), s, "") {
			if pages++; err != nil || pages == 3 {
				break
			}
			for _, l := range p.Likes {
				if l.Thing.ID == "" || l.Thing.ID[0] == '-' || !nsid.MatchString(l.Author.Subject) || l.Thing.Title != connectors.Clean(l.Thing.Title, connectors.MaxTitle) {
					t.Errorf("%s", fmt.Sprintf("not clean: %+v", l))
				}
			}
			if _, err := decode(p.Next); err != nil {
				t.Error(err)
			}
		}
	})
}
