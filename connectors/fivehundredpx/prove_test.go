package fivehundredpx

import (
	"errors"
	"net/http"
	"slices"
	"testing"

	"flattery"
	"flattery/connectors"
	"flattery/connectors/connectortest"
)

func TestFiveHundredPXProvesByProfile(t *testing.T) { connectortest.Prove(t, harness(byName())) }

func TestAProfileShowsWhatItsOwnerWrote(t *testing.T) {
	const proof = "flattery-k7rm2pq9xyzabcdefghj"
	for name, v := range map[string]struct {
		answer string
		has    bool
		links  []string
		bad    bool
	}{
		"all": {answer: `{"user":{"id":7,"username":"a","about":"` + proof + `","contacts":{"website":"a.example","twitter":"a","facebookpage":"www.facebook.com/b"}}}`,
			has: true, links: []string{"https://a.example"}},
		"nothing":                   {answer: `{"user":{"id":7,"username":"a","about":null,"contacts":{}}}`},
		"contacts in an empty list": {answer: `{"user":{"id":7,"username":"a","about":"` + proof + `","contacts":[]}}`, has: true},
		"a website that is a list":  {answer: `{"user":{"id":7,"username":"a","contacts":{"website":["https://a.example/"]}}}`},
		"no contacts":               {answer: `{"user":{"id":"7","username":"a"}}`},
		"nobody":                    {answer: `{"user":{"about":"` + proof + `"}}`, bad: true},
		"nothing at all":            {answer: `{}`, bad: true},
		"a list for a text":         {answer: `{"user":{"id":7,"about":["` + proof + `"]}}`, bad: true},
	} {
		s := byName()
		s.Client = &http.Client{Transport: canned(v.answer)}
		who, shows, err := New("http://127.0.0.1:9/v1/").Prove(t.Context(), s, "a")
		if v.bad {
			if err == nil || len(shows.Texts) > 0 || who != (flattery.Profile{}) {
				t.Errorf("%s: %+v, %+v", name, who, shows)
			}
			continue
		}
		if err != nil || who.Subject != "7" || shows.Has(proof) != v.has || !slices.Equal(shows.Links, v.links) || !slices.Equal(shows.Pages, []string{"http://127.0.0.1:9/a"}) {
			t.Errorf("%s: %+v, %+v, %v", name, who, shows, err)
		}
	}
	s := byName()
	s.Client = &http.Client{Transport: canned(`{"user":{"id":7}}`)}
	if _, _, err := New("").Prove(t.Context(), s, "a"); !errors.Is(err, connectors.ErrForbidden) {
		t.Errorf("500px itself is asked: %v", err)
	}
	s.App = flattery.App{}
	if _, _, err := New("http://127.0.0.1:9/v1/").Prove(t.Context(), s, "a"); !errors.Is(err, connectors.ErrKey) {
		t.Errorf("without a key: %v", err)
	}
}
