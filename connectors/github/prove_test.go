package github

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"flattery/connectors"
	"flattery/connectors/connectortest"
)

const proof = "flattery-k7rm2pq9xyzabcdefghj"

// What it does in nobody's name, the other tests say.
func TestGitHubProvesByProfile(t *testing.T) { connectortest.Prove(t, harness(byApp(), false, false)) }

func TestATokenIsBelievedWhereTheAccountItselfWroteIt(t *testing.T) {
	for _, v := range []struct {
		name   string
		handle string
		change func(*fake)
		want   bool
		asked  []string // beyond the profile
	}{
		{name: "in the bio", handle: "me", change: func(f *fake) { f.says["bio"] = proof }, want: true,
			asked: []string{"/repos/me/me/readme", "/users/me/gists"}},
		{name: "in the README", handle: "@me", change: func(f *fake) { f.says["readme"] = "# Hi\n<!-- " + proof + " -->\n" }, want: true,
			asked: []string{"/repos/me/me/readme", "/repos/me/me", "/users/me/gists"}},
		{name: "in a README that was given away, where its old address leads", handle: "me", change: func(f *fake) { f.says["readme"], f.repoOf = proof, 666 },
			asked: []string{"/repos/me/me/readme", "/repos/me/me", "/users/me/gists"}},
		{name: "in a README that is a fork of somebody's", handle: "me", change: func(f *fake) { f.says["readme"], f.forked = proof, true },
			asked: []string{"/repos/me/me/readme", "/repos/me/me", "/users/me/gists"}},
		{name: "in the description of a gist", handle: "me", change: func(f *fake) { f.gists = []string{"notes", proof} }, want: true,
			asked: []string{"/repos/me/me/readme", "/users/me/gists", "/gists/9f1"}},
		{name: "in a gist that is a fork of somebody's", handle: "me", change: func(f *fake) { f.gists, f.forked = []string{proof}, true },
			asked: []string{"/repos/me/me/readme", "/users/me/gists", "/gists/9f0"}},
		{name: "in a gist of somebody else", handle: "me", change: func(f *fake) { f.gists, f.repoOf = []string{proof}, 666 },
			asked: []string{"/repos/me/me/readme", "/users/me/gists", "/gists/9f0"}},
		{name: "in more gists than are looked at", handle: "me", change: func(f *fake) { f.gists = slices.Repeat([]string{connectors.NewClaimToken()}, 9); f.gists[8] = proof },
			asked: []string{"/repos/me/me/readme", "/users/me/gists", "/gists/9f0", "/gists/9f1", "/gists/9f2"}},
		{name: "in a gist whose id is a path", handle: "me", change: func(f *fake) {
			f.answers = map[string]string{"/users/me/gists": `[{"id":"../users/evil","description":"` + proof + `"}]`}
		}, asked: []string{"/repos/me/me/readme", "/users/me/gists"}},
		{name: "in a README that is too long to be sent", handle: "me", change: func(f *fake) {
			f.answers = map[string]string{"/repos/me/me/readme": `{"encoding":"none","content":""}`}
		}, asked: []string{"/repos/me/me/readme", "/users/me/gists"}},
		{name: "in the description of an organisation", handle: "club", change: func(f *fake) { f.says["description"] = proof }, want: true,
			asked: []string{"/orgs/club", "/repos/club/.github/contents/profile/README.md"}},
		{name: "in the description of another organisation", handle: "club", change: func(f *fake) {
			f.answers = map[string]string{"/orgs/club": `{"id":5,"login":"club","description":"` + proof + `"}`}
		}, asked: []string{"/orgs/club", "/repos/club/.github/contents/profile/README.md"}},
		{name: "in the README of an organisation", handle: "club", change: func(f *fake) { f.says["readme"] = proof }, want: true,
			asked: []string{"/orgs/club", "/repos/club/.github/contents/profile/README.md", "/repos/club/.github"}},
	} {
		t.Run(v.name, func(t *testing.T) {
			f := newFake()
			f.says = map[string]string{"blog": "example.org/me"}
			v.change(f)
			c, s := serve(t, f)
			who, shows, err := c.Prove(t.Context(), s, v.handle)
			if err != nil || shows.Has(proof) != v.want || who.Organisation != (v.handle == "club") || !shows.LinksTo("https://example.org/me") ||
				!slices.Equal(shows.Pages, []string{who.URL}) {
				t.Errorf("%+v, %+v, %v", who, shows, err)
			}
			if !slices.Equal(f.asked[1:], v.asked) {
				t.Errorf("asked %q, want %q", f.asked[1:], v.asked)
			}
		})
	}
}

func TestAREADMEThatCannotBeReadIsAnError(t *testing.T) {
	f := newFake()
	f.answers = map[string]string{"/repos/me/me/readme": `{"encoding":"base64","content":"%%%"}`}
	c, s := serve(t, f)
	if _, shows, err := c.Prove(t.Context(), s, "me"); err == nil || !strings.Contains(err.Error(), "no base64") || len(shows.Pages) > 0 {
		t.Errorf("%+v, %v", shows, err)
	}
	if _, _, err := New("ftp://x").Prove(t.Context(), s, "me"); err == nil || errors.Is(err, connectors.ErrGone) {
		t.Error(err)
	}
}

// An account that GitHub gave in 2013, with the bio that it had then: none.
func TestARecordedProfileIsUnderstood(t *testing.T) {
	me := recorded(t, "user_me")
	me.Body = bytes.ReplaceAll(me.Body, []byte("<GITHUB_LOGIN>"), []byte("me"))
	var at page
	if _, err := New("").open(given(me)).ask(t.Context(), "GET", "users/me", "", nil, &at); err != nil || at.ID != 3513548 || at.Login != "me" || at.HTMLURL == "" || at.Bio != "" {
		t.Errorf("%+v, %v", at, err)
	}
}
