package flickr

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oasdiff/yaml"

	"flattery"
	"flattery/connectors"
	"flattery/connectors/connectortest"
)

// common are arguments of every method, which its description leaves out.
var common = []string{"method", "format", "nojsoncallback"}

// undescribed are methods that Flickr has and the shared descriptions have not, with their arguments.
var undescribed = map[string][]string{
	"flickr.photos.getInfo": {"api_key", "photo_id"}, // an export file tells of a photo by its id alone
}

// argument is what Flickr says of one.
type argument struct {
	Name     string
	Optional connectors.Number
	Content  connectors.Text `json:"_content"`
}

func described(t *testing.T, method string) (args []argument) {
	t.Helper()
	if names, ok := undescribed[method]; ok {
		for _, name := range names {
			args = append(args, argument{Name: name})
		}
		return args
	}
	var info struct{ Arguments struct{ Argument []argument } }
	if err := json.Unmarshal(connectortest.ReadShared(t, "networks", "contracts", "flickr", "getMethodInfo."+method+".json"), &info); err != nil {
		t.Fatal(err)
	}
	return info.Arguments.Argument
}

func wantNone(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

func TestEveryRequestIsInTheContract(t *testing.T) {
	f := &fake{}
	c, s := serve(t, f)
	for n := range perPage + 1 {
		f.Like(n, s.Now)
	}
	for _, typed := range []string{mine, "someone", "https://www.flickr.com/photos/someone/"} {
		_, err := c.Resolve(t.Context(), s, typed)
		wantNone(t, err)
		_, _, err = c.Prove(t.Context(), s, typed)
		wantNone(t, err)
	}
	_, err := c.Author(t.Context(), s, flattery.Thing{ID: photoID(1)})
	wantNone(t, err)
	for _, with := range []connectors.Session{byKey(), byToken()} {
		s.App, s.Token = with.App, with.Token
		for _, err := range c.Likes(t.Context(), s, "") {
			wantNone(t, err)
		}
	}
	_, err = c.Identify(t.Context(), s)
	wantNone(t, err)
	methods := map[string]bool{}
	for _, q := range f.asked {
		method := q.Get("method")
		methods[method] = true
		known := slices.Clone(common)
		for _, a := range described(t, method) {
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
	want := []string{"flickr.favorites.getList", "flickr.favorites.getPublicList", "flickr.people.findByUsername", "flickr.people.getInfo",
		"flickr.photos.getInfo", "flickr.test.login", "flickr.urls.lookupUser"}
	if got := slices.Sorted(maps.Keys(methods)); !slices.Equal(got, want) {
		t.Errorf("asked %q, want %q", got, want)
	}
}

// taped is what a recording holds of an answer.
type taped struct {
	status  int
	headers map[string][]string
	body    string
}

func recorded(t *testing.T, name string) (answers []taped) {
	t.Helper()
	var tape struct {
		Interactions []struct {
			Response struct {
				Status  struct{ Code int }
				Headers map[string][]string
				Body    struct{ String string }
			}
		} `json:"http_interactions"`
	}
	raw := connectortest.ReadShared(t, "networks", "contracts", "flickr", "flickr-objects_"+name+".cassette.yml")
	if _, err := yaml.Unmarshal(raw, &tape, yaml.DecodeOpts{}); err != nil || len(tape.Interactions) == 0 {
		t.Fatalf("%s: %d interactions, %v", name, len(tape.Interactions), err)
	}
	for _, i := range tape.Interactions {
		answers = append(answers, taped{i.Response.Status.Code, i.Response.Headers, i.Response.Body.String})
	}
	return answers
}

// canned is a transport that always gives one answer.
type canned taped

func (a canned) RoundTrip(r *http.Request) (*http.Response, error) {
	h := http.Header{}
	for k, v := range a.headers {
		h[http.CanonicalHeaderKey(k)] = v
	}
	return &http.Response{StatusCode: a.status, Header: h, ContentLength: -1, Request: r, Body: io.NopCloser(strings.NewReader(a.body))}, nil
}

// given is a session whose network gives one answer.
func given(s connectors.Session, a taped) connectors.Session {
	s.Client = &http.Client{Transport: canned(a)}
	s.Now = time.Date(2026, 10, 14, 12, 0, 0, 0, time.UTC)
	return s
}

// Accounts that Flickr gave in 2013.
func TestRecordedAccountsAreUnderstood(t *testing.T) {
	c := New("")
	for tape, ask := range map[string]func(connectors.Session) (flattery.Profile, error){
		"flickr_people_findByUsername": func(s connectors.Session) (flattery.Profile, error) { return c.Resolve(t.Context(), s, "@janko-m") },
		"flickr_people_getInfo":        func(s connectors.Session) (flattery.Profile, error) { return c.Resolve(t.Context(), s, "78733179@N04") },
		"flickr_test_login":            func(s connectors.Session) (flattery.Profile, error) { return c.Identify(t.Context(), s) },
	} {
		for _, a := range recorded(t, tape) {
			p, err := ask(given(byToken(), a))
			if err != nil || p.Subject != "78733179@N04" || p.Handle != "@janko-m" || p.URL != "https://www.flickr.com/photos/78733179@N04" {
				t.Errorf("%s: %+v, %v", tape, p, err)
			}
		}
	}
}

// A list of photos that Flickr gave in 2013. It has the shape of a list of favourites, without their time.
func TestARecordedListIsUnderstood(t *testing.T) {
	for i, a := range recorded(t, "flickr_people_getPublicPhotos") {
		want := [][2]string{{"10100895983", "photo"}, {"8130464513", "Hana"}}
		if i > 0 {
			want = [][2]string{{"10115956703", "Jon Snow"}, {"8130464513", "Photo"}}
		}
		ans, err := New("").page(t.Context(), given(byKey(), a), connectors.Ask{})
		if err != nil || len(ans.Likes) != len(want) || ans.Date.Year() != 2013 || ans.Next != "" {
			t.Fatalf("tape %d: %+v, %v", i, ans, err)
		}
		for n, l := range ans.Likes {
			if l.Thing.ID != want[n][0] || l.Thing.Title != want[n][1] || l.Author.Subject != "78733179@N04" || !l.At.IsZero() ||
				l.Thing.URL != "https://www.flickr.com/photos/78733179@N04/"+want[n][0] {
				t.Errorf("tape %d: %+v", i, l)
			}
		}
	}
}

// Failures that Flickr gave in 2013, and answers to others than us: who faved a photo, and a token to ask with.
func TestRecordedAnswersThatAreNoListAreRefused(t *testing.T) {
	for tape, want := range map[string]error{
		"raises_a_Flickr_ApiError_with_proper_error_code_and_message": connectors.ErrKey,
		"raises_a_Flickr_OAuthError":                                  nil,
		"flickr_photos_getFavorites":                                  nil,
		"fetches_the_request_token":                                   nil,
	} {
		for _, a := range recorded(t, tape) {
			for p, err := range New("").Likes(t.Context(), given(byToken(), a), "") {
				if _, ok := errors.AsType[*connectors.AnswerError](err); !ok || want != nil && !errors.Is(err, want) || errors.Is(err, connectors.ErrUnauthorized) {
					t.Errorf("%s: %+v, %v", tape, p, err)
				}
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
		s := given(byKey(), taped{200, map[string][]string{"Content-Type": {"application/json"}}, string(body)})
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
		}
	})
}
