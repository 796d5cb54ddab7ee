package twitter

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"flattery"
	"flattery/connectors"
	"flattery/connectors/connectortest"
)

const proof = "flattery-k7rm2pq9xyzabcdefghj"

func TestXProvesByProfile(t *testing.T) {
	for path, page := range map[string]int{"": 100, "1.1/": 200} {
		h := harness(path, page)
		h.Session.Token, h.Session.App.Key = flattery.Token{}, bearer
		t.Run("at /"+path, func(t *testing.T) { connectortest.Prove(t, h) })
	}
}

func TestAUserIsReadWithTheBearerTokenOfTheApp(t *testing.T) {
	for _, path := range []string{"", "1.1/"} {
		l := newLink(t, path)
		l.f.Write(proof+" at https://t.co/def", "https://example.org/me")
		l.s.AppToken, l.s.App.Key = "", ""
		if _, _, err := l.c.Prove(t.Context(), l.s, "me"); !errors.Is(err, connectors.ErrKey) || len(l.f.asked) > 0 || !strings.Contains(err.Error(), "networks.twitter.key") {
			t.Errorf("/%s: without one: %v", path, err)
		}
		for _, set := range []func(){func() { l.s.App.Key = bearer }, func() { l.s.App.Key, l.s.AppToken = "", bearer }} {
			set()
			who, shows, err := l.c.Prove(t.Context(), l.s, " @me")
			if err != nil || who.Subject != "4711" || who.Handle != "Me" || who.Name != "Some One" || !shows.Has(proof) || !slices.Equal(shows.Links, []string{"https://example.org/me"}) {
				t.Errorf("/%s: %+v, %+v, %v", path, who, shows, err)
			}
			if path == "" && shows.Cost != 10_000 || path != "" && shows.Cost != 0 {
				t.Errorf("/%s: it cost %v", path, shows.Cost)
			}
		}
		l.s.AppToken = "wrong"
		if _, _, err := l.c.Prove(t.Context(), l.s, "me"); !errors.Is(err, connectors.ErrKey) || errors.Is(err, connectors.ErrUnauthorized) || strings.Contains(err.Error(), "wrong") {
			t.Errorf("/%s: with a wrong one: %v", path, err)
		}
	}
}

func TestWhatXSaysOfAUserIsPaidForWhenItIsOne(t *testing.T) {
	for name, v := range map[string]struct {
		status int
		answer string
		is     error
		words  string
		cost   flattery.Amount
	}{
		"nobody":              {answer: `{"errors":[{"title":"Not Found Error","type":"https://api.x.com/2/problems/resource-not-found"}]}`, is: connectors.ErrGone},
		"somebody hidden":     {answer: `{"errors":[{"title":"Forbidden","type":"https://api.x.com/2/problems/not-authorized-for-resource"}]}`, is: connectors.ErrForbidden},
		"no answer":           {answer: `{}`, words: "without a usable id", cost: userPrice},
		"a path for an id":    {answer: `{"data":{"id":"../5","username":"a"}}`, words: "without a usable id", cost: userPrice},
		"a path for a name":   {answer: `{"data":{"id":"5","username":"../a"}}`, words: "without a usable id", cost: userPrice},
		"a list for entities": {answer: `{"data":{"id":"5","username":"a","entities":[]}}`, words: "unusable array"},
		"our key, repeated":   {status: 402, answer: `{"title":"No","detail":"the token ` + bearer + ` is poor"}`, words: "repeats our key"},
		"a plan without it":   {status: 403, answer: `{"title":"Client Forbidden","reason":"client-not-enrolled","detail":"enrol"}`, is: connectors.ErrForbidden, words: "enrol"},
	} {
		l := newLink(t, "")
		l.s.App.Key, l.f.status, l.f.answers = bearer, v.status, v.answer
		who, shows, err := l.c.Prove(t.Context(), l.s, "a")
		if err == nil || v.is != nil && !errors.Is(err, v.is) || !strings.Contains(err.Error(), v.words) || shows.Cost != v.cost || who != (flattery.Profile{}) || strings.Contains(err.Error(), bearer) {
			t.Errorf("%s: %+v, %+v, %v", name, who, shows, err)
		}
	}
}

func TestAtXAProfileHasItsOldAddressToo(t *testing.T) {
	l := newLink(t, "")
	l.f.Write(proof, "")
	l.s.App.Key = bearer
	l.c.site = home // as if it were X
	_, shows, err := l.c.Prove(t.Context(), l.s, "me")
	if err != nil || !slices.Equal(shows.Pages, []string{"https://x.com/Me", "https://twitter.com/Me"}) {
		t.Errorf("%q, %v", shows.Pages, err)
	}
}
