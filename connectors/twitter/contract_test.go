package twitter

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"flattery"
	"flattery/connectors"
	"flattery/connectors/connectortest"
)

func TestEveryRequestOfV2IsInTheContract(t *testing.T) {
	contract := connectortest.OpenAPI(t, "https://api.x.com", "networks", "contracts", "x", "x-api-v2.trimmed.openapi.json")
	contract.Excuse("/2/users/by/username/Me", "X has it (its documentation of user lookup), this excerpt of its description has the same answer at /2/users/{id} alone")
	l := newLink(t, "2/")
	l.f.check = func(r *http.Request) {
		if err := contract.Check(r); err != nil {
			t.Error(err)
		}
	}
	l.like(0, 300)
	for range 3 { // the baseline, a glance, and more than a glance shows
		if p := l.poll(); p.err != nil {
			t.Fatal(p.err)
		}
	}
	l.like(300, 330)
	if p := l.poll(); p.err != nil || p.requests < 3 {
		t.Fatalf("%+v", p)
	}
	if _, err := l.c.Identify(t.Context(), l.s); err != nil {
		t.Fatal(err)
	}
	l.s.App.Key = bearer
	if _, shows, err := l.c.Prove(t.Context(), l.s, "Me"); err != nil || shows.Cost != userPrice {
		t.Fatal(err)
	}
	if idle := contract.Idle(); len(idle) > 0 {
		t.Errorf("excuses that are not needed: %q", idle)
	}
	if want := []string{"GET /2/users/me", "GET /2/users/{id}/liked_tweets"}; !slices.Equal(contract.Asked(), want) {
		t.Errorf("asked %q, want %q", contract.Asked(), want)
	}
}

// What is asked of a user, and read, is in the description of one.
func TestTheFieldsOfAUserAreInTheContract(t *testing.T) {
	var doc struct {
		Components struct {
			Parameters map[string]struct {
				Schema struct{ Items struct{ Enum []string } }
			}
			Schemas struct {
				User         struct{ Properties map[string]any }
				UserEntities struct {
					Properties struct {
						URL struct {
							Properties struct {
								URLs struct {
									Items struct{ Properties map[string]any }
								}
							}
						}
					}
				}
			}
		}
	}
	if err := json.Unmarshal(connectortest.ReadShared(t, "networks", "contracts", "x", "x-api-v2.trimmed.openapi.json"), &doc); err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"description", "entities", "url"} {
		if !slices.Contains(doc.Components.Parameters["UserFieldsParameter"].Schema.Items.Enum, field) || doc.Components.Schemas.User.Properties[field] == nil {
			t.Errorf("a user has no %s", field)
		}
	}
	if doc.Components.Schemas.UserEntities.Properties.URL.Properties.URLs.Items.Properties["expanded_url"] == nil {
		t.Error("an address has no whole one beside it")
	}
}

func readAll(t *testing.T, l *link) (likes []flattery.Like) {
	t.Helper()
	for page, err := range l.c.Likes(t.Context(), l.s, "") {
		if err != nil {
			t.Fatal(err)
		}
		likes = append(likes, page.Likes...)
	}
	return likes
}

// An answer of 2022, to a request that did not ask for authors: as it is, none of it is anybody's. With authors added by
// this test all of it is understood, in its order, which is not that of the numbers.
func TestTheRecordedAnswerOfV2IsUnderstood(t *testing.T) {
	var recorded struct {
		Response struct {
			Body map[string]any
		}
	}
	raw := connectortest.ReadShared(t, "networks", "contracts", "x", "tweepy_get_liked_tweets.decoded.json")
	if err := json.Unmarshal(raw, &recorded); err != nil {
		t.Fatal(err)
	}
	body := recorded.Response.Body
	whole, _ := json.Marshal(body)
	l := newLink(t, "")
	l.f.answers = string(whole)
	if p := l.poll(); p.err == nil || !strings.Contains(p.err.Error(), "without their authors") {
		t.Errorf("as recorded: %+v", p)
	}
	posts := body["data"].([]any)
	var want []string
	for i, p := range posts {
		want = append(want, p.(map[string]any)["id"].(string))
		p.(map[string]any)["author_id"] = fmt.Sprint(i + 1)
	}
	body["includes"] = map[string]any{"users": []any{map[string]any{"id": "1", "username": "first", "name": "The First"}}}
	whole, _ = json.Marshal(body)
	l.f.answers = string(whole)
	likes := readAll(t, l)
	var got []string
	for i, like := range likes {
		got = append(got, like.Thing.ID)
		if like.Author.Subject != fmt.Sprint(i+1) || (like.Author.Handle == "first") != (i == 0) || !like.At.IsZero() || like.Thing.Title == "" {
			t.Errorf("like %d: %+v", i, like)
		}
	}
	if len(got) != 96 || !slices.Equal(got, want) || slices.IsSorted(got) {
		t.Errorf("%d likes", len(got))
	}
	p := newLink(t, "")
	p.f.answers = string(whole)
	if cost := p.poll().cost; cost != 96*postPrice {
		t.Errorf("cost %v", cost)
	}
}

func TestTheRecordedAnswersOfV11AreUnderstood(t *testing.T) {
	var cassette struct {
		Interactions []struct {
			Request  struct{ URI string }
			Response struct{ Body struct{ String string } }
		}
	}
	if err := json.Unmarshal(connectortest.ReadShared(t, "networks", "contracts", "x", "tweepy_testgetfavorites_v1.1.cassette.json"), &cassette); err != nil {
		t.Fatal(err)
	}
	l := newLink(t, "1.1/")
	l.f.answers = cassette.Interactions[0].Response.Body.String
	if likes := readAll(t, l); len(likes) != 0 || !strings.HasSuffix(cassette.Interactions[0].Request.URI, strings.TrimPrefix(strings.Split(l.f.asked[0], "?")[0], "GET ")) {
		t.Errorf("%d likes after %q", len(likes), l.f.asked)
	}
	said := string(connectortest.ReadShared(t, "networks", "contracts", "x", "python-twitter_get_favorites_v1.1.json"))
	l.f.check = func(r *http.Request) {
		l.f.answers = said
		if r.URL.Query().Has("max_id") {
			l.f.answers = "[]"
		}
	}
	likes := readAll(t, l)
	if len(likes) != 1 {
		t.Fatalf("%d likes", len(likes))
	}
	got := likes[0]
	if got.Thing.ID != "677180133447372800" || got.Author.Subject != "619383" || got.Author.Handle != "negatendo" || got.Author.Name != "Humbug me why I" ||
		!strings.Contains(got.Thing.Title, "love & recognition") || !got.At.IsZero() {
		t.Errorf("%+v", got)
	}
}

// FuzzLiked: no answer panics, and what is understood has keys.
func FuzzLiked(f *testing.F) {
	f.Add([]byte(`{"data":[{"id":"5","author_id":"6","text":"t"}],"includes":{"users":[{"id":"6","username":"u"}]},"meta":{"next_token":"x"}}`), true)
	f.Add([]byte(`{"errors":[{"type":"/resource-not-found"}]}`), true)
	f.Add([]byte(`[{"id":5,"full_text":"t","user":{"id":6,"screen_name":"../u"}}]`), false)
	f.Add([]byte(`[null,{"user":null}]`), false)
	f.Fuzz(func(t *testing.T, answer []byte, v2 bool) {
		c, s := New("https://birds.example/1.1/"), session()
		if v2 {
			c = New("https://birds.example/2/")
		}
		s.Client = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			return canned(r, answer), nil
		})}
		for page, err := range c.Likes(t.Context(), s, "") {
			if err != nil {
				return
			}
			for _, like := range page.Likes {
				if !number.MatchString(like.Thing.ID) || !number.MatchString(like.Author.Subject) ||
					like.Thing.Title != connectors.Clean(like.Thing.Title, connectors.MaxTitle) || !strings.HasPrefix(like.Thing.URL, "https://birds.example/") {
					t.Errorf("%+v", like)
				}
			}
		}
	})
}
