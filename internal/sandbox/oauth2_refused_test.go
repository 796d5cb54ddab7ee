package sandbox

import (
	"net/url"
	"slices"
	"testing"

	"golang.org/x/oauth2"
)

func TestThePageSendsNobodyWhereItShouldNot(t *testing.T) {
	for _, e := range entrances(t) {
		for _, c := range []struct {
			name, parameter, value string
			only                   []string // networks that mind
		}{
			{"an unknown app", "client_id", "x", nil},
			{"another address", "redirect_uri", "https://evil.example/", nil},
			{"an address that begins as the app's own", "redirect_uri", "http://127.0.0.1:1/back?host=2&x", nil},
			{"an address without a query", "redirect_uri", "http://127.0.0.1:1/back", nil},
			{"no address", "redirect_uri", "", nil},
			{"a token at once", "response_type", "token", nil},
			{"the challenge as it is", "code_challenge_method", "plain", nil},
			{"a challenge that is none", "code_challenge", "short", nil},
			{"no challenge", "code_challenge", "", []string{"x", "soundcloud"}},
			{"no scope", "scope", "", []string{"x"}},
			{"a scope that is none", "scope", "everything", []string{"x", "vimeo"}},
		} {
			if len(c.only) > 0 && !slices.Contains(c.only, e.name) {
				continue
			}
			t.Run(e.name+" "+c.name, func(t *testing.T) {
				e.t = t
				at, err := url.Parse(e.config.AuthCodeURL("s", oauth2.S256ChallengeOption(oauth2.GenerateVerifier())))
				if err != nil {
					t.Fatal(err)
				}
				query := at.Query()
				query.Set(c.parameter, c.value)
				query.Set("login", "ann")
				query.Set("answer", "yes")
				got := e.post(e.authorize, query.Encode())
				if got.status != 400 || got.header.Get("Location") != "" {
					t.Errorf("%d to %q: %s", got.status, got.header.Get("Location"), got.body)
				}
				if got := e.visitor.get(e.authorize + "?" + query.Encode()); got.status != 400 {
					t.Errorf("the page itself answers %d", got.status)
				}
			})
		}
	}
}

func TestAnAppWithoutCallbacksComesBackToLoopbackOnly(t *testing.T) {
	for _, e := range entrances(t) {
		t.Run(e.name, func(t *testing.T) {
			e.t = t
			e.config.ClientID, e.config.ClientSecret = e.App()
			for redirect, want := range map[string]int{
				"http://127.0.0.1:8080/oauth/cb/x": 200, "http://localhost/cb": 200, "http://[::1]:9/": 200,
				"http://127.0.0.1.example/": 400, "http://10.0.0.1/": 400, "urn:x": 400, "http://127.0.0.1/#f": 400,
			} {
				e.config.RedirectURL = redirect
				if got := e.visitor.get(e.config.AuthCodeURL("s", oauth2.S256ChallengeOption("v"))); got.status != want {
					t.Errorf("%s: %d, want %d", redirect, got.status, want)
				}
			}
		})
	}
}

func TestACodeIsGoodOnceForItsAppInItsTime(t *testing.T) {
	for _, c := range []struct {
		name   string
		before func(e *entrance)
		other  bool // another verifier
		denied bool // told that the app is not known
		good   bool
	}{
		{name: "in its last moment", before: func(e *entrance) { e.Clock.Advance(e.code - 1) }, good: true},
		{name: "too late", before: func(e *entrance) { e.Clock.Advance(e.code) }},
		{name: "another verifier", other: true},
		{name: "another address", before: func(e *entrance) { e.config.RedirectURL = "http://127.0.0.1:1/other" }},
		{name: "another app", before: func(e *entrance) {
			e.config.ClientID, e.config.ClientSecret = e.App(e.config.RedirectURL)
		}},
		{name: "a wrong secret", before: func(e *entrance) { e.config.ClientSecret = "x" }, denied: true},
		{name: "an app that is gone", before: func(e *entrance) { e.RevokeApp(e.config.ClientID) }, denied: true},
		{name: "a user who has put all apps out since", before: func(e *entrance) { e.Revoke("ann") }},
		{name: "a user who is suspended since", before: func(e *entrance) { e.Suspend("ann") }},
	} {
		for _, e := range entrances(t) {
			t.Run(e.name+" "+c.name, func(t *testing.T) {
				e.t = t
				verifier := oauth2.GenerateVerifier()
				code := e.agrees(verifier)
				if c.before != nil {
					c.before(&e)
				}
				sent := verifier
				if c.other {
					sent = oauth2.GenerateVerifier()
				}
				_, err := e.config.Exchange(e.ctx(), code, oauth2.VerifierOption(sent))
				switch {
				case c.good && err != nil:
					t.Error(err)
				case c.denied && !refusedAs(err, "invalid_client") && !refusedAs(err, "unauthorized_client") && !statusIs(err, 401):
					t.Error(err)
				case !c.good && !c.denied && !refusedAs(err, e.refused):
					t.Error(err)
				}
				if c.denied {
					return
				}
				if _, err := e.config.Exchange(e.ctx(), code, oauth2.VerifierOption(verifier)); !refusedAs(err, e.refused) {
					t.Errorf("the code a second time: %v", err)
				}
			})
		}
	}
}
