package web

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"flattery"
)

func textLog(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

type panicking struct{ *world }

func (panicking) Links(context.Context, flattery.AccountID) ([]flattery.Link, error) { panic("boo") }

func TestASignInLinkWorksOnceAndOnlyWhenItsButtonIsPressed(t *testing.T) {
	w := populated(false)
	h := handler(t, options(t, w))
	w.tokens["abc"] = ada
	b := visitor(t, h)
	for range 3 {
		if got := b.get("/enter/abc"); got.Code != 200 || len(w.tokens) != 1 || len(w.sessions) != 0 || len(b.cookies) != 0 {
			t.Fatalf("looking at the link: %d, %d tokens, %d sessions", got.Code, len(w.tokens), len(w.sessions))
		}
	}
	if got := b.post("/enter/abc"); got.Code != 303 || got.Header().Get("Location") != "/" {
		t.Fatalf("pressing the button answered %d", got.Code)
	}
	if got := b.get("/month"); got.Code != 200 {
		t.Errorf("signed in: answered %d", got.Code)
	}
	if got := visitor(t, h).post("/enter/abc"); got.Code != 403 || !strings.Contains(got.Body.String(), "does not work any more") {
		t.Errorf("the second time: answered %d", got.Code)
	}
	for token := range w.sessions {
		if token == b.cookies["flattery"].Value {
			t.Error("the store was given the token itself")
		}
	}
}

func TestSigningInRenewsTheSessionAndSigningOutEndsIt(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	first := *b.cookies["flattery"]
	b.signIn(w, bob)
	if b.cookies["flattery"].Value == first.Value || len(w.sessions) != 1 {
		t.Errorf("the session was kept: %d sessions", len(w.sessions))
	}
	second := *b.cookies["flattery"]
	if got := b.post("/leave"); got.Code != 303 || len(w.sessions) != 0 || b.cookies["flattery"] != nil {
		t.Errorf("after signing out: %d sessions, cookies %v", len(w.sessions), b.cookies)
	}
	for _, old := range []http.Cookie{first, second} {
		b.cookies["flattery"] = &old
		if got := b.get("/month"); got.Code != 303 {
			t.Errorf("an old cookie opened a page: %d", got.Code)
		}
	}
}

func TestAnAccountThatIsGoneIsAStranger(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, gone)
	if got := b.get("/month"); got.Code != 303 || got.Header().Get("Location") != "/" || len(w.sessions) != 0 {
		t.Errorf("answered %d, %d sessions", got.Code, len(w.sessions))
	}
}

func TestWhereSigningInIsAllowed(t *testing.T) {
	for name, row := range map[string]struct {
		base, visit string
		cookie      string // "" where it is refused
	}{
		"https":                             {"https://flattery.example", "https://flattery.example", "__Host-flattery"},
		"https, proxied as http":            {"https://flattery.example", "http://flattery.example", "__Host-flattery"},
		"plain http on this machine":        {"", "http://127.0.0.1:8080", "flattery"},
		"plain http by name":                {"http://localhost:8080", "http://localhost:8080", "flattery"},
		"plain http, version 6":             {"", "http://[::1]:8080", "flattery"},
		"plain http in the house":           {"http://192.168.1.5:8080", "http://192.168.1.5:8080", ""},
		"plain http by a name of the house": {"http://nas.lan", "http://nas.lan", ""},
		"a name that only looks like it":    {"", "http://localhost.evil.example", ""},
		"a number that only looks like it":  {"", "http://127.0.0.1.evil.example", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := populated(false)
			o := options(t, w)
			o.BaseURL = row.base
			b := visitor(t, handler(t, o))
			b.base = row.visit
			w.tokens["abc"] = ada
			got := b.post("/enter/abc")
			if row.cookie == "" {
				page := b.get("/enter/abc")
				if got.Code != 403 || page.Code != 403 || !strings.Contains(page.Body.String(), "base_url") || len(w.tokens) != 1 || len(b.cookies) != 0 {
					t.Errorf("answered %d and %d, %d tokens left, cookies %v", got.Code, page.Code, len(w.tokens), b.cookies)
				}
				return
			}
			c := b.cookies[row.cookie]
			if c == nil {
				t.Fatalf("answered %d, cookies %v", got.Code, slices.Collect(maps.Keys(b.cookies)))
			}
			if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.Secure != strings.HasPrefix(row.base, "https") {
				t.Errorf("cookie %v", c)
			}
		})
	}
}

func TestACommandFromAnotherSiteIsRefused(t *testing.T) {
	for name, row := range map[string]struct {
		headers map[string]string
		status  int
	}{
		"from here":                       {map[string]string{"Sec-Fetch-Site": "same-origin"}, 303},
		"from the same origin, old":       {map[string]string{"Sec-Fetch-Site": "", "Origin": "http://127.0.0.1:8080"}, 303},
		"from another site":               {map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		"from a sister of this site":      {map[string]string{"Sec-Fetch-Site": "same-site"}, 403},
		"from another site, old browser":  {map[string]string{"Sec-Fetch-Site": "", "Origin": "https://evil.example"}, 403},
		"from a document without address": {map[string]string{"Sec-Fetch-Site": "", "Origin": "null"}, 403},
	} {
		t.Run(name, func(t *testing.T) {
			w := populated(false)
			b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
			b.headers = row.headers
			got := b.post("/flattrs/55/remove")
			if got.Code != row.status {
				t.Errorf("answered %d, want %d", got.Code, row.status)
			}
			if removed := w.flattrs[54].State == flattery.Removed; removed != (row.status == 303) {
				t.Errorf("removed: %v", removed)
			}
			if row.status == 403 && !strings.Contains(got.Body.String(), "another site") {
				t.Error("does not say why")
			}
		})
	}
}

func TestKnockingTooOftenIsRefusedAndSpendsNothing(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w)))
	w.tokens["abc"] = ada
	refused := false
	for range 100 {
		if got := b.post("/enter/wrong"); got.Code == 429 {
			refused = got.Header().Get("Retry-After") != ""
		}
	}
	if !refused || len(w.tokens) != 1 {
		t.Errorf("refused %v, %d tokens left", refused, len(w.tokens))
	}
}

func TestALongBodyIsRefused(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	if got := b.post("/language", "language", strings.Repeat("x", longestBody)); got.Code != 413 {
		t.Errorf("answered %d", got.Code)
	}
}

func TestACommandLeadsBackToItsPageAndNowhereElse(t *testing.T) {
	for name, row := range map[string]struct{ back, to string }{
		"to the page":         {"/month?before=30", "/month?before=30"},
		"to another host":     {"https://evil.example/", "/"},
		"to another host, //": {"//evil.example/", "/"},
		"with a backslash":    {"/\\evil.example", "/"},
		"with a line break":   {"/\r\nSet-Cookie: a=b", "/"},
		"to a script":         {"javascript:alert(1)", "/"},
		"nowhere":             {"", "/"},
	} {
		t.Run(name, func(t *testing.T) {
			b := visitor(t, handler(t, options(t, populated(false))))
			if got := b.post("/language", "language", "de", "back", row.back).Header().Get("Location"); got != row.to {
				t.Errorf("leads to %q, want %q", got, row.to)
			}
		})
	}
}

func TestTheLanguageIsTheChosenOneElseTheAccountsElseTheBrowsers(t *testing.T) {
	for name, row := range map[string]struct{ chosen, own, accepts, want string }{
		"nothing known":              {"", "", "", "en"},
		"the browser's":              {"", "", "fr-CA,fr;q=0.9,en;q=0.5", "fr"},
		"the browser's second":       {"", "", "tlh,de-AT;q=0.5", "de"},
		"the account's":              {"", "de", "fr", "de"},
		"the chosen":                 {"en", "de", "fr", "en"},
		"one that nobody speaks":     {"xx", "", "", "en"},
		"a header that is nonsense":  {"", "", ";;;;q=", "en"},
		"a header that is very long": {"", "", strings.Repeat("de-", 10_000), "en"},
	} {
		t.Run(name, func(t *testing.T) {
			w := populated(false)
			a := w.accounts[ada]
			a.Language = row.own
			w.accounts[ada] = a
			b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
			b.headers["Accept-Language"] = row.accepts
			if row.chosen != "" {
				b.cookies["flattery-language"] = &http.Cookie{Name: "flattery-language", Value: row.chosen}
			}
			if got := b.get("/month").Body.String(); !strings.Contains(got, `<html lang="`+row.want+`">`) {
				t.Errorf("not in %s", row.want)
			}
		})
	}
}

// throughNetwork presses the button of a network and comes back.
func (b *browser) throughNetwork(w *world, start string, pairs ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	to, err := url.Parse(b.leads(start, append(pairs, "network", "github")...))
	if err != nil || to.Host != "github.example" {
		b.t.Fatalf("leads to %v, %v", to, err)
	}
	return b.get("/oauth/cb/github/github.example?code=canary&state=" + to.Query().Get("state"))
}

func TestWhoClaimsAnAccountAtANetworkSignsInByIt(t *testing.T) {
	for name, row := range map[string]struct {
		keys   flattery.Keys
		enters flattery.AccountID
		status int
		fresh  bool // counts as having shown who is there
	}{
		"with a password":      {flattery.Keys{PasswordAt: today}, ada, 303, false},
		"with nothing else":    {flattery.Keys{}, ada, 303, true},
		"whom nobody knows":    {flattery.Keys{}, 0, 403, false},
		"who has been removed": {flattery.Keys{}, gone, 303, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := populated(false)
			w.keys[ada], w.enters = row.keys, row.enters
			b := visitor(t, handler(t, options(t, w)))
			expect(t, b, "/signin", []string{"Sign in with GitHub", `name="network" value="github"`}, []string{"Sign in with Vimeo"})
			got := b.throughNetwork(w, "/signin/network")
			if got.Code != row.status || w.knocks != 2 || w.from != "192.0.2.1" {
				t.Errorf("answered %d after %d knocks from %s: %s", got.Code, w.knocks, w.from, got.Body)
			}
			in := row.enters == ada
			if is := b.get("/month").Code == 200; is != in {
				t.Errorf("signed in: %t", is)
			}
			if !in {
				return
			}
			to := b.leads("/income/destination", "destination", "https://ko-fi.com/ada")
			if fresh := to == "/income"; fresh != row.fresh {
				t.Errorf("a change of the destination leads to %s", to)
			}
		})
	}
}

func TestNobodyComesBackFromANetworkInAnotherBrowser(t *testing.T) {
	w := populated(false)
	w.enters = ada
	h := handler(t, options(t, w))
	b, other := visitor(t, h), visitor(t, h)
	to, err := url.Parse(b.leads("/signin/network", "network", "github"))
	if err != nil {
		t.Fatal(err)
	}
	back := "/oauth/cb/github/github.example?code=canary&state=" + to.Query().Get("state")
	if got := other.get(back); got.Code != 400 || len(other.cookies) != 0 {
		t.Errorf("another browser: %d, with %d cookies", got.Code, len(other.cookies))
	}
	if got := b.get(back); got.Code != 400 {
		t.Errorf("after that: %d", got.Code)
	}
	w.often = true
	for path, got := range map[string]int{"start": b.post("/signin/network", "network", "github").Code, "way back": b.get(back).Code} {
		if got != http.StatusTooManyRequests {
			t.Errorf("too many at the %s: %d", path, got)
		}
	}
	w.often = false
	for _, network := range []string{"", "orkut", "vimeo", "instagram"} {
		if got := b.post("/signin/network", "network", network).Code; got != 404 {
			t.Errorf("by the network %q: %d", network, got)
		}
	}
	plain := visitor(t, h)
	plain.base = "http://flattery.example"
	if got := plain.post("/signin/network", "network", "github").Code; got != 403 {
		t.Errorf("over a way that is not private: %d", got)
	}
}

func TestWhoHasNothingElseShowsAtANetworkWhoTheyAre(t *testing.T) {
	w := populated(false)
	w.keys[ada], w.claims[0].LapsedAt, w.claims[0].Disputed = flattery.Keys{}, time.Time{}, false
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	w.clock = time.Hour
	to := b.leads("/income/destination", "destination", "https://ko-fi.com/ada")
	expect(t, b, to, []string{"Continue with GitHub", `value="/income"`}, []string{"flattery account signin"})
	w.enters = bob
	if got := b.throughNetwork(w, "/stepup/network", "next", "/income"); got.Code != 409 {
		t.Errorf("as somebody else: %d", got.Code)
	}
	w.enters = ada
	if got := b.throughNetwork(w, "/stepup/network", "next", "/income"); got.Header().Get("Location") != "/income" {
		t.Errorf("leads to %s", got.Header().Get("Location"))
	}
	if to := b.leads("/income/destination", "destination", "https://ko-fi.com/ada"); to != "/income" {
		t.Errorf("then it leads to %s", to)
	}
	w.keys[ada] = flattery.Keys{PasswordAt: today}
	if got := b.post("/stepup/network", "network", "github").Code; got != 404 {
		t.Errorf("with a password: %d", got)
	}
}
