package sandbox

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"flattery"
	"flattery/connectors"
	"flattery/connectors/fivehundredpx"
	"flattery/connectors/flickr"
	"flattery/connectors/github"
	"flattery/connectors/soundcloud"
	"flattery/connectors/twitter"
	"flattery/connectors/vimeo"
)

// profile is a network with ann on it: how she writes in her profile, and how that is read.
type profile struct {
	connectors.Prover
	session  connectors.Session
	id, page string // ann's
	write    func(text, page string)
	leave    func() // somebody else gets ann's name
	suspend  func() // who has it then
}

func (s *social) profiled(p connectors.Prover, session connectors.Session) profile {
	return profile{Prover: p, session: session, id: s.AddUser("ann"), page: s.base + "ann",
		write:   func(text, page string) { s.SetBio("ann", text); s.SetLink("ann", page) },
		leave:   func() { s.Rename("ann", "anna"); s.AddUser("ann") },
		suspend: func() { s.Suspend("ann") },
	}
}

// withKey and withToken are sessions of an instance alone.
func withKey(key string) connectors.Session {
	return connectors.Session{App: flattery.App{Key: flattery.Secret(key)}}
}

func (v visitor) withToken(at, id, secret string) connectors.Session {
	v.t.Helper()
	got := v.post(at, "grant_type=client_credentials&scope=public&client_id="+id+"&client_secret="+secret,
		"Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(id+":"+secret)))
	return connectors.Session{AppToken: flattery.Secret(into[struct{ Access_token string }](v.t, got.body).Access_token)}
}

var profiles = map[string]func(visitor) profile{
	"X": func(v visitor) profile { return v.X.profiled(twitter.New(v.X.Base()), withKey(v.X.Bearer())) },
	"X as it was": func(v visitor) profile {
		return v.X.profiled(twitter.New(v.X.base+"1.1/"), withKey(v.X.Bearer()))
	},
	"SoundCloud": func(v visitor) profile {
		id, secret := v.SoundCloud.App()
		return v.SoundCloud.profiled(soundcloud.New(v.SoundCloud.Base()), v.withToken(v.SoundCloud.Base()+"oauth/token", id, secret))
	},
	"Vimeo": func(v visitor) profile {
		id, secret := v.Vimeo.App()
		return v.Vimeo.profiled(vimeo.New(v.Vimeo.Base()), v.withToken(v.Vimeo.Base()+"oauth/authorize/client", id, secret))
	},
	"500px": func(v visitor) profile {
		key, _ := v.FiveHundredPX.App()
		return v.FiveHundredPX.profiled(fivehundredpx.New(v.FiveHundredPX.Base()), withKey(key))
	},
	"GitHub": func(v visitor) profile {
		g := v.GitHub
		return profile{Prover: github.New(g.Base()), id: fmt.Sprint(g.AddUser("ann")), page: g.Base() + "ann",
			write:   func(text, page string) { g.SetBio("ann", text); g.SetBlog("ann", page) },
			leave:   func() { g.Rename("ann", "anna"); g.AddUser("ann") },
			suspend: func() { g.Suspend("ann") },
		}
	},
	"Flickr": func(v visitor) profile {
		f := v.Flickr
		ann, other := f.AddUser("ann"), ""
		return profile{Prover: flickr.New(f.Base()), session: withKey(f.Key()), id: ann, page: f.base + "people/" + ann,
			write:   func(text, _ string) { f.SetDescription(ann, text) },
			leave:   func() { f.SetName(ann, "anna"); other = f.AddUser("ann") },
			suspend: func() { f.Suspend(other) },
		}
	},
}

// prove reads a profile as an instance does.
func (v visitor) prove(p profile, handle string) (flattery.Profile, connectors.Showing, error) {
	v.t.Helper()
	p.session.Client, p.session.Now = connectors.NewClient(connectors.ClientOptions{AllowPrivate: true, Version: "test"}), v.Clock.Now()
	defer p.session.Client.CloseIdleConnections()
	return p.Prove(v.t.Context(), p.session, handle)
}

func TestAPersonProvesWhoTheyAreByWhatTheyWrite(t *testing.T) {
	const page = "https://ann.example/me"
	for name, open := range profiles {
		t.Run(name, func(t *testing.T) {
			v, token, linkless := visit(t), connectors.NewClaimToken(), name == "Flickr"
			p := open(v)
			if who, shows, err := v.prove(p, "ann"); err != nil || who.Subject != p.id || len(shows.Texts)+len(shows.Links) > 0 {
				t.Fatalf("before: %+v, %+v, %v", who, shows, err)
			}
			p.write("I make things & more. "+token, page)
			who, shows, err := v.prove(p, "Ann")
			if err != nil || who.Subject != p.id || !shows.Has(token) || shows.LinksTo(page) == linkless {
				t.Errorf("then: %+v, %+v, %v", who, shows, err)
			}
			got := v.get(p.page, "Accept", "text/html")
			if links := connectors.RelMe([]byte(got.body), nil); got.status != http.StatusOK || !strings.Contains(got.body, token) || slices.Contains(links, page) == linkless {
				t.Errorf("the page of the profile: %d %s", got.status, got.body)
			}
			p.write("", "")
			if _, shows, err := v.prove(p, "ann"); err != nil || shows.Has(token) || len(shows.Links) > 0 {
				t.Errorf("not any more: %+v, %v", shows, err)
			}
			p.write(token, page)
			p.leave()
			if who, shows, err := v.prove(p, "ann"); err != nil || who.Subject == p.id || shows.Has(token) || len(shows.Links) > 0 {
				t.Errorf("who has the name now: %+v, %+v, %v", who, shows, err)
			}
			if _, _, err := v.prove(p, "nobody"); !errors.Is(err, connectors.ErrGone) {
				t.Errorf("nobody: %v", err)
			}
			p.suspend()
			if _, _, err := v.prove(p, "ann"); !errors.Is(err, connectors.ErrGone) && (name != "X as it was" || !errors.Is(err, connectors.ErrForbidden)) {
				t.Errorf("suspended: %v", err)
			}
		})
	}
}

func TestOnGitHubNobodyWritesInAnothersProfile(t *testing.T) {
	token := connectors.NewClaimToken()
	for name, c := range map[string]struct {
		handle string
		write  func(*GitHub)
		want   bool
	}{
		"the README of her own repository":                        {"ann", func(g *GitHub) { g.SetReadme("ann", "# Ann\n\n`"+token+"`") }, true},
		"a README that was taken out again":                       {"ann", func(g *GitHub) { g.SetReadme("ann", token); g.SetReadme("ann", "") }, false},
		"the README of another repository of hers":                {"ann", func(g *GitHub) { g.AddRepo("ann", "x"); g.repo("ann/x").readme = token }, false},
		"a gist of hers":                                          {"ann", func(g *GitHub) { g.AddGist("ann", "This is me: "+token); g.AddGist("ann", "notes") }, true},
		"a gist of somebody's that she forked":                    {"ann", func(g *GitHub) { g.ForkGist("ann", g.AddGist("eve", token)) }, false},
		"a repository of somebody's, called like her, she forked": {"ann", func(g *GitHub) { g.AddRepo("eve", "ann"); g.repo("eve/ann").readme = token; g.Fork("ann", "eve/ann") }, false},
		"a repository of hers that she gave away": {"ann", func(g *GitHub) {
			g.SetReadme("ann", "")
			g.Transfer("ann/ann", "eve")
			g.repo("eve/ann").readme = token
		}, false},
		"who had her name before": {"ann", func(g *GitHub) {
			g.SetReadme("ann", token)
			g.Rename("ann", "anna")
			g.AddUser("ann")
		}, false},
		"the description of an organisation":       {"club", func(g *GitHub) { g.SetBio("club", token) }, true},
		"the README of an organisation":            {"club", func(g *GitHub) { g.SetReadme("club", token) }, true},
		"a README in the wrong place":              {"club", func(g *GitHub) { g.AddRepo("club", "club"); g.repo("club/club").readme = token }, false},
		"the README of an organisation she is in":  {"ann", func(g *GitHub) { g.SetReadme("club", token); g.SetMember("club", "ann", "admin") }, false},
		"the profile of somebody suspended before": {"ann", func(g *GitHub) { g.ForkGist("ann", g.AddGist("eve", token)); g.Suspend("eve") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			v := visit(t)
			for _, login := range []string{"ann", "eve"} {
				v.GitHub.AddUser(login)
			}
			v.GitHub.AddOrganisation("club")
			c.write(v.GitHub)
			who, shows, err := v.prove(profile{Prover: github.New(v.GitHub.Base())}, c.handle)
			if err != nil || shows.Has(token) != c.want || who.Subject != fmt.Sprint(v.GitHub.ID(c.handle)) {
				t.Errorf("%+v, %+v, %v", who, shows, err)
			}
		})
	}
}

func TestOnXAnAppsOwnTokenReadsUsersAndNothingElse(t *testing.T) {
	v := visit(t)
	ann := v.X.AddUser("ann")
	bearer := []string{"Authorization", "Bearer " + v.X.Bearer()}
	for path, want := range map[string]int{
		"2/users/by/username/ANN": 200, "2/users/" + ann: 200, "2/users/by/username/nobody": 200, "2/users/by/username/a-b": 400, "2/users/by/username/ann?x=1": 400,
		"2/users/me": 403, "2/users/" + ann + "/liked_tweets": 403, "1.1/users/show.json?screen_name=Ann": 200, "1.1/users/show.json": 404, "1.1/favorites/list.json": 401,
	} {
		if got := v.get(v.X.base+path, bearer...); got.status != want {
			t.Errorf("%s: %d, want %d: %s", path, got.status, want, got.body)
		}
	}
	if got := v.get(v.X.base+"1.1/users/show.json?screen_name=ann", "Authorization", "Bearer "+v.X.Token("ann")); got.status != 401 {
		t.Errorf("a token of a user, at v1.1: %d", got.status)
	}
	v.X.SetLegacy(false)
	if got := v.get(v.X.base+"1.1/users/show.json?screen_name=ann", bearer...); got.status != 403 || !strings.Contains(got.body, "453") {
		t.Errorf("%d %s", got.status, got.body)
	}
	v.X.SetCredits(0)
	if got := v.get(v.X.base+"2/users/by/username/ann", bearer...); got.status != 402 {
		t.Errorf("without credits: %d", got.status)
	}
}
