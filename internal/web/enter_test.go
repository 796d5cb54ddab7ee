package web

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

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
