package flickr

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"flattery/connectors"
	"flattery/connectors/connectortest"
)

func TestFlickrProvesByProfile(t *testing.T) { connectortest.Prove(t, harness(byKey(), false, false)) }

func TestAProfileIsFoundAsItsOwnerIsFound(t *testing.T) {
	const proof = "flattery-k7rm2pq9xyzabcdefghj"
	f := &fake{about: `<a href="https://friend.example/">friend</a> ` + proof}
	c, s := serve(t, f)
	for _, v := range []struct {
		typed   string
		methods []string
	}{
		{mine, []string{"flickr.people.getInfo"}},
		{"some one", []string{"flickr.people.findByUsername", "flickr.people.getInfo"}},
		{"someone", []string{"flickr.people.findByUsername", "flickr.urls.lookupUser", "flickr.people.getInfo"}},
		{"https://www.flickr.com/photos/someone/", []string{"flickr.urls.lookupUser", "flickr.people.getInfo"}},
	} {
		f.asked = nil
		who, shows, err := c.Prove(t.Context(), s, v.typed)
		var methods []string
		for _, q := range f.asked {
			methods = append(methods, q.Get("method"))
		}
		if err != nil || who.Subject != mine || !shows.Has(proof) || len(shows.Links) > 0 || !slices.Equal(methods, v.methods) {
			t.Errorf("%s: %+v, %+v, %v after %q", v.typed, who, shows, err, methods)
		}
		for _, at := range []string{"photos/" + mine, "people/" + mine, "photos/someone", "people/someone/"} {
			if !connectors.LinksBack([]byte(`<a rel=me href="http://flickr.com/`+at+`">`), nil, shows.Pages...) {
				t.Errorf("a page that links to %s does not link back to %q", at, shows.Pages)
			}
		}
	}
	if _, _, err := c.Prove(t.Context(), s, maker); !errors.Is(err, connectors.ErrGone) {
		t.Errorf("%v", err)
	}
	f.fail = 5 // deleted
	if _, _, err := c.Prove(t.Context(), s, mine); !errors.Is(err, connectors.ErrGone) {
		t.Errorf("%v", err)
	}
}

// The profile that Flickr gave in 2013, to whoever asks for another and to who asks for that one.
func TestTheRecordedProfileIsUnderstood(t *testing.T) {
	s := byKey()
	s.Client = &http.Client{Transport: canned(recorded(t, "flickr_people_getInfo")[0])}
	who, shows, err := New("").Prove(t.Context(), s, "78733179@N04")
	if err != nil || who.Subject != "78733179@N04" || who.Handle != "@janko-m" || !slices.Equal(shows.Texts, []string{"I'm an enthusiastic programmer."}) ||
		!slices.Equal(shows.Pages, []string{"https://www.flickr.com/photos/78733179@N04", "https://www.flickr.com/people/78733179@N04"}) {
		t.Errorf("%+v, %+v, %v", who, shows, err)
	}
	if _, shows, err := New("").Prove(t.Context(), s, mine); err == nil || !strings.Contains(err.Error(), "somebody else") || len(shows.Texts) > 0 {
		t.Errorf("%+v, %v", shows, err)
	}
}

func TestAnAliasThatIsAPathIsInNoAddress(t *testing.T) {
	s := byKey()
	s.Client = &http.Client{Transport: canned{status: http.StatusOK, body: `{"stat":"ok","person":{"nsid":"` + mine + `","path_alias":"../../evil"}}`}}
	if _, shows, err := New("").Prove(t.Context(), s, mine); err != nil || strings.Contains(strings.Join(shows.Pages, " "), "evil") {
		t.Errorf("%q, %v", shows.Pages, err)
	}
}
