package vimeo

import (
	"errors"
	"net/http"
	"slices"
	"testing"

	"flattery"
	"flattery/connectors"
	"flattery/connectors/connectortest"
)

func TestVimeoProvesByProfile(t *testing.T) { connectortest.Prove(t, harness(byName(), true)) }

func TestAProfileShowsWhatItsOwnerWrote(t *testing.T) {
	const proof = "flattery-k7rm2pq9xyzabcdefghj"
	for name, v := range map[string]struct {
		answer string
		has    bool
		links  []string
		bad    bool
	}{
		"all": {answer: `{"uri":"/users/7","name":"A","link":"https://vimeo.com/a","bio":"` + proof + `","websites":[{"name":"b","link":"https://b.example/","description":null},{"link":"c.example"}]}`,
			has: true, links: []string{"https://b.example/", "https://c.example"}},
		"nothing":                       {answer: `{"uri":"/users/7","link":"https://vimeo.com/a","bio":null,"websites":null}`},
		"websites without an address":   {answer: `{"uri":"/users/7","websites":[null,{},{"link":null},{"link":"javascript:x"}]}`},
		"a token in the name of a page": {answer: `{"uri":"/users/7","websites":[{"name":"` + proof + `","link":"https://b.example/"}]}`, links: []string{"https://b.example/"}},
		"a video":                       {answer: `{"uri":"/videos/7","bio":"` + proof + `"}`, bad: true},
		"a path for an id":              {answer: `{"uri":"/users/7/../8","bio":"` + proof + `"}`, bad: true},
		"a text for the websites":       {answer: `{"uri":"/users/7","websites":"https://b.example/"}`, bad: true},
	} {
		s := byName()
		s.Client = &http.Client{Transport: canned(v.answer)}
		who, shows, err := New("").Prove(t.Context(), s, "https://vimeo.com/a")
		if v.bad {
			if err == nil || len(shows.Texts) > 0 || who != (flattery.Profile{}) {
				t.Errorf("%s: %+v, %+v", name, who, shows)
			}
			continue
		}
		if err != nil || who.Subject != "7" || shows.Has(proof) != v.has || !slices.Equal(shows.Links, v.links) || !slices.Contains(shows.Pages, "https://vimeo.com/user7") {
			t.Errorf("%s: %+v, %+v, %v", name, who, shows, err)
		}
	}
	if _, _, err := New("").Prove(t.Context(), withToken(), "a"); !errors.Is(err, connectors.ErrKey) {
		t.Errorf("without a token of the instance: %v", err)
	}
}
