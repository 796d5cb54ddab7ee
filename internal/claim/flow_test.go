package claim_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/internal/claim"
)

func TestWhatIsGranted(t *testing.T) {
	basic := oauth2Info()
	basic.OAuth2.Basic = true
	ada := flattery.Profile{Identity: flattery.Identity{Network: "songs", Host: "songs.example", Subject: "42"}, Handle: "ada"}
	choir := ada
	choir.Subject, choir.Handle, choir.Organisation = "77", "choir", true
	for _, row := range []struct {
		name  string
		info  connectors.Info
		asked claim.Asked
		page  url.Values // must be in the query of the page
		want  claim.Granted
	}{
		{"a link", oauth2Info(), claim.Asked{Purpose: claim.Linking, Month: true},
			url.Values{"scope": {"likes offline"}, "redirect_uri": {"https://flattery.example/oauth/cb/songs/songs.example"}, "client_id": {"app"}, "response_type": {"code"}},
			claim.Granted{Purpose: claim.Linking, Profile: ada, Month: true}},
		{"a link again", oauth2Info(), claim.Asked{Purpose: claim.Linking, Link: 7}, url.Values{"scope": {"likes offline"}}, claim.Granted{Purpose: claim.Linking, Profile: ada, Link: 7}},
		{"a claim", oauth2Info(), claim.Asked{Purpose: claim.Claiming}, url.Values{"scope": {"me"}}, claim.Granted{Purpose: claim.Claiming, Profile: ada}},
		{"a claim of an organisation", oauth2Info(), claim.Asked{Purpose: claim.Claiming, Handle: "choir"}, url.Values{"scope": {"orgs"}}, claim.Granted{Purpose: claim.Claiming, Profile: choir}},
		{"who enters", oauth2Info(), claim.Asked{Purpose: claim.Entering}, url.Values{"scope": {"me"}}, claim.Granted{Purpose: claim.Entering, Profile: ada}},
		{"who enters by OAuth 1.0a", oauth1Info(), claim.Asked{Purpose: claim.Entering}, url.Values{"perms": {"none"}}, claim.Granted{Purpose: claim.Entering, Profile: ada}},
		{"what a claim link is of", oauth2Info(), claim.Asked{Purpose: claim.Claiming, ClaimLink: 7}, url.Values{"scope": {"me"}}, claim.Granted{Purpose: claim.Claiming, Profile: ada, ClaimLink: 7}},
		{"a link where the client names itself in a header", basic, claim.Asked{Purpose: claim.Linking}, nil, claim.Granted{Purpose: claim.Linking, Profile: ada}},
		{"a link by OAuth 1.0a", oauth1Info(), claim.Asked{Purpose: claim.Linking, Month: true}, url.Values{"perms": {"read"}, "lang": {"en"}}, claim.Granted{Purpose: claim.Linking, Profile: ada, Month: true}},
		{"a claim by OAuth 1.0a", oauth1Info(), claim.Asked{Purpose: claim.Claiming}, url.Values{"perms": {"none"}}, claim.Granted{Purpose: claim.Claiming, Profile: ada}},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBench(row.info)
			row.asked.Account, row.asked.Browser, row.asked.Network = 1, "browser", "songs"
			begun, err := b.Begin(t.Context(), row.asked)
			if err != nil {
				t.Fatal(err)
			}
			u, err := url.Parse(begun.URL)
			if err != nil || begun.Code || begun.State != "" {
				t.Fatalf("begun %+v, error %v", begun, err)
			}
			for name, want := range row.page {
				if got := u.Query()[name]; len(got) != 1 || got[0] != want[0] {
					t.Errorf("the page has %s %q, want %q", name, got, want)
				}
			}
			if strings.Contains(begun.URL, canarySecret) || strings.Contains(begun.URL, canaryVerifier) {
				t.Errorf("the page has a secret: %s", begun.URL)
			}
			got, err := b.Finish(t.Context(), claim.Answered{Account: 1, Browser: "browser", Network: "songs", Host: "songs.example", Query: b.net.allow(t, begun.URL)})
			if err != nil {
				t.Fatal(err)
			}
			row.want.Account, row.want.Token = 1, flattery.Token{Access: canaryAccess, Secret: canaryRefresh}
			if row.info.Auth == connectors.AuthOAuth2 {
				row.want.Token = flattery.Token{Access: canaryAccess + "-2", Refresh: canaryRefresh + "-2", Expires: b.now.Add(time.Hour)}
			}
			if got != row.want {
				t.Errorf("granted %+v, want %+v", got, row.want)
			}
		})
	}
}

func TestAStateIsNeverUsedTwiceAndHas256Bits(t *testing.T) {
	b := newBench(oauth2Info())
	seen := map[string]bool{}
	for range 100 {
		state := b.begin(t, 1, "browser").Query.Get("state")
		if len(state) != 43 || seen[state] {
			t.Fatalf("state %q", state)
		}
		seen[state] = true
	}
}

func TestACodeIsTypedWhereThereIsNoWayBack(t *testing.T) {
	for _, row := range []struct {
		name, verifier string
		change         func(claim.Begun, *claim.Answered)
		good           bool
	}{
		{name: "as it is shown", verifier: canaryCode, good: true},
		{name: "with white space around", verifier: " " + canaryCode + "\n", good: true},
		{name: "with a wrong code", verifier: "123-456"},
		{name: "without a code", verifier: "  "},
		{name: "from another browser", verifier: canaryCode, change: func(_ claim.Begun, a *claim.Answered) { a.Browser = "x" }},
		{name: "as another account", verifier: canaryCode, change: func(_ claim.Begun, a *claim.Answered) { a.Account = 2 }},
		{name: "without the beginning of the state", verifier: canaryCode, change: func(begun claim.Begun, a *claim.Answered) {
			a.Query.Set("state", strings.TrimPrefix(begun.State, "typed-"))
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBench(oauth1Info())
			b.Base = func() string { return "" } // no address of its own at all
			begun, err := b.Begin(t.Context(), claim.Asked{Account: 1, Browser: "browser", Network: "songs", Purpose: claim.Linking, Code: true})
			if err != nil || !begun.Code || begun.State == "" {
				t.Fatalf("begun %+v, error %v", begun, err)
			}
			for _, i := range b.net.issued {
				if i.callback != "oob" {
					t.Errorf("callback %q", i.callback)
				}
			}
			a := claim.Answered{Account: 1, Browser: "browser", Network: "songs", Host: "songs.example", Query: url.Values{"state": {begun.State}, "oauth_verifier": {row.verifier}}}
			if row.change != nil {
				row.change(begun, &a)
			}
			got, err := b.Finish(t.Context(), a)
			if (err == nil) != row.good || got.Token.Has() != row.good {
				t.Errorf("granted %+v, error %v", got, err)
			}
			keepsSecrets(t, err)
		})
	}
}

func TestWhatCannotBeBegun(t *testing.T) {
	asked := claim.Asked{Account: 1, Browser: "browser", Network: "songs", Purpose: claim.Linking}
	for _, row := range []struct {
		name   string
		info   connectors.Info
		change func(*bench, *claim.Asked)
		words  string
	}{
		{"an unknown network", oauth2Info(), func(_ *bench, a *claim.Asked) { a.Network = "fotolog" }, `unknown network "fotolog"`},
		{"a network that is retired", oauth2Info(), func(b *bench, _ *claim.Asked) {
			b.net.info.State, b.net.info.Since, b.net.info.Reason = connectors.Retired, "2018-06-15", flattery.Say("its API was closed")
		}, "Songs cannot be connected (retired since 2018-06-15): its API was closed"},
		{"a network that only has export files", oauth2Info(), func(b *bench, _ *claim.Asked) { b.net.info.State = connectors.ImportOnly }, "(import only since"},
		{"a network that forbids it and asks for no tick", oauth2Info(), func(b *bench, _ *claim.Asked) { b.net.info.State = connectors.Forbidden }, "(forbidden since"},
		{"terms that are not accepted", oauth2Info(), func(b *bench, _ *claim.Asked) {
			b.net.info.State, b.net.info.Terms = connectors.Forbidden, connectors.Terms{Sentence: "Thou shalt not.", Tick: true}
		}, "Songs can be connected after the owner of this instance has accepted"},
		{"terms that were accepted in another wording", oauth2Info(), func(b *bench, _ *claim.Asked) {
			b.net.info.Terms = connectors.Terms{Sentence: "Thou shalt not.", Tick: true}
			b.app.Accepted = "Thou shall not."
		}, "“Thou shalt not.”"},
		{"a network without OAuth", connectors.Info{Auth: connectors.AuthKey}, nil, "Songs has no OAuth: link it by name"},
		{"no client id", oauth2Info(), func(b *bench, _ *claim.Asked) { b.app.ID = "" }, "https://songs.example/apps, then set networks.songs.client_id and networks.songs.client_secret"},
		{"no client secret", oauth2Info(), func(b *bench, _ *claim.Asked) { b.app.Secret = "" }, "networks.songs.client_secret"},
		{"nobody signed in", oauth2Info(), func(_ *bench, a *claim.Asked) { a.Account = 0 }, "sign in before"},
		{"nobody signed in, who claims", oauth2Info(), func(_ *bench, a *claim.Asked) { a.Account, a.Purpose = 0, claim.Claiming }, "sign in before"},
		{"nobody signed in, who links by a claim link", oauth2Info(), func(_ *bench, a *claim.Asked) { a.Account, a.ClaimLink = 0, 7 }, "sign in before"},
		{"a number that is no account", oauth2Info(), func(_ *bench, a *claim.Asked) { a.Account, a.Purpose = -1, claim.Entering }, "sign in before"},
		{"a claim link into a link", oauth2Info(), func(_ *bench, a *claim.Asked) { a.ClaimLink = 7 }, "for claiming only"},
		{"a stranger without a session", oauth2Info(), func(_ *bench, a *claim.Asked) { a.Account, a.Purpose, a.Browser = 0, claim.Entering, "" }, "sign in before"},
		{"a browser without a session", oauth2Info(), func(_ *bench, a *claim.Asked) { a.Browser = "" }, "sign in before"},
		{"no purpose", oauth2Info(), func(_ *bench, a *claim.Asked) { a.Purpose = "" }, "for linking or for claiming"},
		{"a claim into a link", oauth2Info(), func(_ *bench, a *claim.Asked) { a.Purpose, a.Link = claim.Claiming, 7 }, "for linking only"},
		{"a link to an organisation", oauth2Info(), func(_ *bench, a *claim.Asked) { a.Handle = "choir" }, "no organisations"},
		{"an organisation with control characters", oauth2Info(), func(_ *bench, a *claim.Asked) { a.Purpose, a.Handle = claim.Claiming, "a\x00b" }, `"ab" is no name`},
		{"a typed code where there is none", oauth2Info(), func(_ *bench, a *claim.Asked) { a.Code = true }, "shows no code to type"},
		{"an instance without an address", oauth2Info(), func(b *bench, _ *claim.Asked) { b.Base = func() string { return "" } }, "set base_url"},
	} {
		t.Run(row.name, func(t *testing.T) {
			b, a := newBench(row.info), asked
			if row.change != nil {
				row.change(b, &a)
			}
			begun, err := b.Begin(t.Context(), a)
			if _, ok := errors.AsType[*flattery.InputError](err); !ok || !strings.Contains(err.Error(), row.words) {
				t.Errorf("error %v, want %q", err, row.words)
			}
			if begun != (claim.Begun{}) || len(b.store.attempts) != 0 || b.net.turn != 0 {
				t.Errorf("begun %+v, %d attempts", begun, len(b.store.attempts))
			}
		})
	}
}

func TestTermsThatAreAcceptedOpenANetwork(t *testing.T) {
	b := newBench(oauth2Info())
	b.net.info.State, b.net.info.Terms = connectors.Forbidden, connectors.Terms{Sentence: "Thou shalt not.", Tick: true}
	b.app.Accepted = "Thou shalt not."
	c := b.begin(t, 1, "browser")
	b.app.Accepted = "" // taken back before the callback
	if _, err := b.Finish(t.Context(), claim.Answered(c)); err == nil || b.net.grants != 0 {
		t.Errorf("error %v, %d token requests", err, b.net.grants)
	}
}

func TestTheKeyNamesAConsumer(t *testing.T) {
	b := newBench(oauth1Info())
	b.app = flattery.App{Key: "app", Secret: canarySecret}
	if _, err := b.Finish(t.Context(), claim.Answered(b.begin(t, 1, "browser"))); err != nil {
		t.Error(err)
	}
}

func TestSomebodyWhoIsNoAdministratorClaimsNothing(t *testing.T) {
	for reason, refusal := range map[string]error{
		claim.ReasonForbidden: connectors.ErrForbidden, claim.ReasonGone: connectors.ErrGone,
		claim.ReasonRate: &connectors.RateLimitError{}, claim.ReasonTrouble: errors.New("reset for " + canaryAccess + "-2"),
	} {
		b := newBench(oauth2Info())
		b.net.org = refusal
		begun, err := b.Begin(t.Context(), claim.Asked{Account: 1, Browser: "browser", Network: "songs", Purpose: claim.Claiming, Handle: "choir"})
		if err != nil {
			t.Fatal(err)
		}
		got, err := b.Finish(t.Context(), claim.Answered{Account: 1, Browser: "browser", Network: "songs", Host: "songs.example", Query: b.net.allow(t, begun.URL)})
		if got != (claim.Granted{}) || !errors.Is(err, refusal) {
			t.Errorf("granted %+v, error %v", got, err)
		}
		checkOutside(t, err, reason, "")
	}
}

func TestAnIdentityMustBeImmutableAndOfTheNetwork(t *testing.T) {
	for _, who := range []flattery.Identity{
		{}, {Network: "songs", Host: "songs.example"}, {Network: "songs", Host: "songs.example", Subject: "@ada"},
		{Network: "other", Host: "songs.example", Subject: "42"}, {Network: "songs", Host: "evil.example", Subject: "42"},
	} {
		b := newBench(oauth2Info())
		b.net.who.Identity = who
		if got, err := b.Finish(t.Context(), claim.Answered(b.begin(t, 1, "browser"))); err == nil || got != (claim.Granted{}) {
			t.Errorf("%+v was taken for an identity", who)
		}
	}
}

func TestTheTokenRequestGoesNowhereElse(t *testing.T) {
	var elsewhere, here atomic.Int32
	evil := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer evil.Close()
	for _, status := range []int{http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		for _, info := range []connectors.Info{oauth2Info(), oauth1Info()} {
			b := newBench(info)
			c := b.begin(t, 1, "browser")
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				here.Add(1)
				http.Redirect(w, r, evil.URL+"/take", status)
			}))
			b.net.info.OAuth2.TokenURL, b.net.info.OAuth1.TokenURL = server.URL, server.URL
			client := connectors.NewClient(connectors.ClientOptions{AllowPrivate: true})
			b.Client = client
			got, err := b.Finish(t.Context(), claim.Answered(c))
			if err == nil || got != (claim.Granted{}) || !strings.Contains(err.Error(), "redirects to "+evil.URL) {
				t.Errorf("%d: granted %+v, error %v", status, got, err)
			}
			keepsSecrets(t, err)
			client.CloseIdleConnections()
			server.Close()
		}
	}
	if here.Load() != 6 || elsewhere.Load() != 0 {
		t.Errorf("%d requests here, %d elsewhere", here.Load(), elsewhere.Load())
	}
}

func TestWaitingForATokenEndsWithItsContext(t *testing.T) {
	for _, info := range []connectors.Info{oauth2Info(), oauth1Info()} {
		b := newBench(info)
		c := b.begin(t, 1, "browser")
		ctx, stop := context.WithCancel(t.Context())
		b.net.answer = func(_ http.ResponseWriter, r *http.Request) {
			stop()
			<-r.Context().Done()
		}
		if got, err := b.Finish(ctx, claim.Answered(c)); !errors.Is(err, context.Canceled) || got != (claim.Granted{}) {
			t.Errorf("granted %+v, error %v", got, err)
		}
	}
}

func TestATokenIsGivenBack(t *testing.T) {
	b := newBench(oauth2Info())
	for _, token := range []flattery.Token{{}, {Access: canaryAccess}} {
		if err := claim.GiveBack(t.Context(), b.net, connectors.Session{Token: token}); err != nil {
			t.Error(err)
		}
	}
	if len(b.net.revoked) != 1 || b.net.revoked[0] != canaryAccess {
		t.Errorf("given back: %q", b.net.revoked)
	}
	plain := struct{ connectors.Connector }{b.net} // cannot take it back
	if err := claim.GiveBack(t.Context(), plain, connectors.Session{Token: flattery.Token{Access: "x"}}); err != nil || len(b.net.revoked) != 1 {
		t.Errorf("error %v", err)
	}
}
