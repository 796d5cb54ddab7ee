package soundcloud

import (
	"errors"
	"net/http"
	"testing"

	"flattery"
	"flattery/connectors"
	"flattery/connectors/connectortest"
)

func TestSoundCloudProvesByProfile(t *testing.T) { connectortest.Prove(t, harness(byName())) }

func TestAProfileShowsWhatItsOwnerWrote(t *testing.T) {
	const proof = "flattery-k7rm2pq9xyzabcdefghj"
	for name, v := range map[string]struct {
		answer string
		texts  int
		link   string
		bad    bool
	}{
		"all":                    {answer: `{"urn":"soundcloud:users:1","permalink":"a","permalink_url":"https://soundcloud.com/a","description":"` + proof + `","website":"http://a.example/"}`, texts: 1, link: "http://a.example/"},
		"by an old number":       {answer: `{"id":1,"permalink":"a","description":"` + proof + `","website":"a.example"}`, texts: 1, link: "https://a.example"},
		"nothing":                {answer: `{"urn":"soundcloud:users:1","permalink":"a","description":null,"website":null}`},
		"a script":               {answer: `{"urn":"soundcloud:users:1","website":"javascript:alert(1)"}`},
		"a track":                {answer: `{"urn":"soundcloud:tracks:1","description":"` + proof + `"}`, bad: true},
		"a list":                 {answer: `[]`, bad: true},
		"a list for a text":      {answer: `{"urn":"soundcloud:users:1","description":["` + proof + `"]}`, bad: true},
		"somebody without an id": {answer: `{"permalink":"a","description":"` + proof + `"}`, bad: true},
	} {
		s := byName()
		s.Client = &http.Client{Transport: canned(v.answer)}
		who, shows, err := New("").Prove(t.Context(), s, "https://soundcloud.com/a")
		if v.bad {
			if err == nil || len(shows.Texts) > 0 || who != (flattery.Profile{}) {
				t.Errorf("%s: %+v, %+v", name, who, shows)
			}
			continue
		}
		if err != nil || who.Subject != "soundcloud:users:1" || len(shows.Texts) != v.texts || len(shows.Links) > 0 != (v.link != "") || v.link != "" && shows.Links[0] != v.link {
			t.Errorf("%s: %+v, %+v, %v", name, who, shows, err)
		}
	}
	if _, _, err := New("").Prove(t.Context(), withToken(), "a"); !errors.Is(err, connectors.ErrKey) {
		t.Errorf("without a token of the instance: %v", err)
	}
}
