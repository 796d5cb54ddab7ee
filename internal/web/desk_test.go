package web

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"flattery"
)

func TestANameAndItsPasswordOpenThePages(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w)))
	b.base = "http://localhost:8080"
	expect(t, b, "/signin", []string{`name="password"`, `data-begin="/signin/passkey/begin" hidden`, "flattery account signin NAME"}, []string{"not right"})
	for _, wrong := range [][2]string{{"Ada", "open sesame"}, {"Nobody <b>", sesame}} {
		got := b.post("/signin", "name", wrong[0], "password", wrong[1])
		if got.Code != 403 || !strings.Contains(got.Body.String(), "The name or the password is not right.") || len(w.sessions) != 0 || strings.Contains(got.Body.String(), wrong[1]) {
			t.Errorf("%s: answered %d, %d sessions", wrong, got.Code, len(w.sessions))
		}
	}
	if got := b.post("/signin", "name", "Ada", "password", sesame); got.Code != 303 || got.Header().Get("Location") != "/" {
		t.Fatalf("answered %d", got.Code)
	}
	if got := b.get("/month"); got.Code != 200 {
		t.Errorf("signed in: answered %d", got.Code)
	}
	w.refuse = flattery.ErrOften
	if got := visitor(t, b.h).post("/signin", "name", "Ada", "password", sesame); got.Code != 429 || got.Header().Get("Retry-After") == "" {
		t.Errorf("too often: answered %d", got.Code)
	}
}

func TestAPasskeyOpensThePagesOnceForEachQuestion(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w)))
	if got := b.post("/signin/passkey", "answer", nod); got.Code != 403 {
		t.Errorf("unasked: answered %d", got.Code)
	}
	asked := b.post("/signin/passkey/begin")
	if asked.Code != 200 || asked.Header().Get("Content-Type") != "application/json" || asked.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("asking: %d, %v", asked.Code, asked.Header())
	}
	if got := b.post("/signin/passkey", "answer", "no"); got.Code != 403 || !strings.Contains(got.Body.String(), `href="/signin"`) {
		t.Errorf("a wrong answer: %d", got.Code)
	}
	if got := b.post("/signin/passkey", "answer", nod); got.Code != 403 {
		t.Errorf("the question was used: answered %d", got.Code)
	}
	b.post("/signin/passkey/begin")
	before := b.cookies["flattery"].Value
	if got := b.post("/signin/passkey", "answer", nod); got.Code != 303 || b.cookies["flattery"].Value == before {
		t.Errorf("the right answer: %d", got.Code)
	}
	if got := b.get("/month"); got.Code != 200 {
		t.Errorf("signed in: answered %d", got.Code)
	}
}

func TestWhatMattersAsksWhoIsThere(t *testing.T) {
	routes := map[string]route{}
	for _, rt := range (&site{}).routes() {
		routes[rt.pattern] = rt
	}
	house, h := lend(t)
	for pattern, step := range stepUps() {
		rt, ok := routes[pattern]
		page, there := routes["GET "+step.back]
		strangers := rt.access == anyone && page.access == anyone && step.when != nil // give it too, and are asked nothing
		if !ok || !there || !strangers && (rt.access == anyone || page.access == anyone) {
			t.Errorf("%s is no command of members, or leads back to no page of theirs", pattern)
			continue
		}
		step.back = strings.NewReplacer("{token}", "waits", "{id}", "1").Replace(step.back)
		t.Run(pattern, func(t *testing.T) {
			w := house.to(populated(false))
			b := visitor(t, h).signIn(w, ada)
			path := strings.NewReplacer("{id}", "1", "{state}", "paid", "{outcome}", "first", "{token}", "waits").Replace(strings.TrimPrefix(pattern, "POST "))
			claims := len(w.claims)
			form := []string{"purpose", "claiming", "network", "github", "password", "another sesame", "role", "account"}
			w.clock = recent
			got := b.post(path, form...)
			to := "/stepup?next=" + strings.ReplaceAll(step.back, "/", "%2F")
			if got.Code != 303 || got.Header().Get("Location") != to {
				t.Fatalf("answered %d, to %s", got.Code, got.Header().Get("Location"))
			}
			if w.payments[0].State != flattery.PaymentPlanned || len(w.claims) != claims || len(w.keys[ada].Passkeys) != 2 || len(w.asked) != 0 || len(w.invites) != 2 || !w.disputes[0].Open() {
				t.Error("it was done")
			}
			expect(t, b, to, []string{`name="password"`, `value="` + step.back + `"`}, nil)
			if got := b.post("/stepup", "password", "wrong", "next", step.back); got.Code != 403 || !strings.Contains(got.Body.String(), "Nothing was changed") {
				t.Errorf("a wrong password: %d", got.Code)
			}
			before := *b.cookies["flattery"]
			if got := b.post("/stepup", "password", sesame, "next", step.back); got.Code != 303 || got.Header().Get("Location") != step.back {
				t.Errorf("the right one: %d, to %s", got.Code, got.Header().Get("Location"))
			}
			if b.cookies["flattery"].Value == before.Value || len(w.sessions) != 1 {
				t.Error("the session was not renewed")
			}
			w.clock += recent - time.Minute // the machine's clock goes on too
			if got := b.post(path, form...); strings.HasPrefix(got.Header().Get("Location"), "/stepup") {
				t.Errorf("asked again: %d", got.Code)
			}
		})
	}
}

func TestWhatDoesNotMatterAsksNothing(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	w.clock = 3 * time.Hour
	for _, path := range []string{"/month", "/slips", "/settings/security", "/admin/accounts"} {
		if got := b.get(path); got.Code != 200 {
			t.Errorf("%s: %d, to %s", path, got.Code, got.Header().Get("Location"))
		}
	}
	if got := b.post("/connect", "network", "github", "purpose", "linking"); strings.HasPrefix(got.Header().Get("Location"), "/stepup") {
		t.Error("linking asks who is there")
	}
	if got := b.post("/settings/security/sessions/end"); got.Header().Get("Location") != "/settings/security" {
		t.Errorf("signing out elsewhere leads to %s", got.Header().Get("Location"))
	}
	o := options(t, w)
	o.Demo = true
	demo := visitor(t, handler(t, o)).signIn(w, ada)
	w.clock = 9 * time.Hour
	if got := demo.post("/slips/1/paid"); got.Header().Get("Location") != "/slips" {
		t.Errorf("the demonstration asks who is there: %s", got.Header().Get("Location"))
	}
}

func TestAPasskeyShowsWhoIsThere(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	w.clock = time.Hour
	if got := b.post("/stepup/passkey", "answer", nod, "next", "/slips"); got.Code != 403 {
		t.Errorf("unasked: %d", got.Code)
	}
	b.post("/signin/passkey/begin")
	if got := b.post("/stepup/passkey", "answer", nod, "next", "/slips"); got.Code != 403 {
		t.Errorf("asked for something else: %d", got.Code)
	}
	b.post("/stepup/passkey/begin")
	if got := b.post("/stepup/passkey", "answer", nod, "next", "//evil.example"); got.Code != 303 || got.Header().Get("Location") != "/month" {
		t.Errorf("answered %d, to %s", got.Code, got.Header().Get("Location"))
	}
	if got := b.post("/slips/1/paid"); got.Header().Get("Location") != "/slips" || w.payments[0].State != flattery.PaymentPaid {
		t.Errorf("then: to %s", got.Header().Get("Location"))
	}
}

func TestWithoutAnyKeyOneComesByLinksAndIsAskedToSetOne(t *testing.T) {
	w := populated(false)
	w.keys = map[flattery.AccountID]flattery.Keys{}
	b := visitor(t, handler(t, options(t, w)))
	w.tokens["abc"] = ada
	if got := b.post("/enter/abc"); got.Header().Get("Location") != "/setup" { // who runs it, in a house that is new
		t.Fatalf("leads to %s", got.Header().Get("Location"))
	}
	if got := b.get("/setup"); got.Header().Get("Location") != "/setup/keys" {
		t.Fatalf("which leads to %s", got.Header().Get("Location"))
	}
	w.tokens["def"] = bob
	other := visitor(t, b.h)
	if got := other.post("/enter/def"); got.Header().Get("Location") != "/welcome" {
		t.Fatalf("another is led to %s", got.Header().Get("Location"))
	}
	expect(t, other, "/welcome", []string{"Welcome. Set a password", `href="/settings/security"`}, []string{"/setup"})
	expect(t, b, "/welcome", []string{`href="/settings/security"`, "1 step, and likes begin to pay", "October closes on 4\u00a0November, 00:00 (Europe/Berlin)", "Invite somebody"}, nil)
	expect(t, b, "/settings/security", []string{"There is none yet.", "Set the password"}, []string{"you are asked for your password"})
	if got := b.post("/settings/security/password", "password", "short"); got.Code != 303 || w.keys[ada].Has() {
		t.Errorf("a short one: %d", got.Code)
	}
	expect(t, b, "/settings/security", []string{"too easily guessed: at least 10 letters"}, nil)
	b.post("/settings/security/password", "password", sesame)
	if w.keys[ada].PasswordAt.IsZero() {
		t.Error("the password was not set")
	}
	w.keys = map[flattery.AccountID]flattery.Keys{}
	w.clock = time.Hour
	expect(t, b, "/stepup", []string{"no password and no passkey yet", "flattery account signin Ada"}, []string{`type="password"`})
}

func TestALinkIsTheResetOfWhoLostTheirPassword(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	b.get("/")
	expect(t, b, "/month", []string{"You came by a one-time link. For 10 minutes"}, nil)
	if got := b.post("/settings/security/password", "password", "another sesame"); got.Header().Get("Location") != "/settings/security" {
		t.Errorf("leads to %s", got.Header().Get("Location"))
	}
	expect(t, b, "/settings/security", []string{"The password is set."}, nil)
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	w := populated(false)
	h := handler(t, options(t, w))
	here, there, third, bobs := visitor(t, h), visitor(t, h), visitor(t, h), visitor(t, h)
	there.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	for _, b := range []*browser{here, there, third} {
		b.signIn(w, ada)
	}
	bobs.signIn(w, bob)
	expect(t, here, "/settings/security", []string{"Firefox, Linux", `action="/settings/security/sessions/2/end"`, `action="/settings/security/sessions/3/end"`, ">here<"},
		[]string{`sessions/1/end"`, `sessions/4/end"`})
	for _, b := range []*browser{here, there} {
		for _, s := range w.visits {
			if body := here.get("/settings/security").Body.String(); strings.Contains(body, s.Token) || strings.Contains(body, b.cookies["flattery"].Value) {
				t.Error("the page tells a token")
			}
		}
	}
	if got := bobs.post("/settings/security/sessions/2/end"); got.Code != 404 {
		t.Errorf("another's session: %d", got.Code)
	}
	here.post("/settings/security/sessions/2/end")
	if got := there.get("/month"); got.Code != 303 {
		t.Errorf("ended, and answered %d", got.Code)
	}
	here.post("/settings/security/sessions/end")
	if a, b, c := here.get("/month").Code, third.get("/month").Code, bobs.get("/month").Code; a != 200 || b != 303 || c != 200 {
		t.Errorf("here %d, third %d, bob %d", a, b, c)
	}
}

// ending ends all sessions while a page is made.
type ending struct {
	*world
	on bool
}

func (e *ending) Links(ctx context.Context, id flattery.AccountID) ([]flattery.Link, error) {
	if e.on {
		e.end(func(flattery.Session) bool { return true })
	}
	return e.world.Links(ctx, id)
}

func TestASessionThatWasEndedDoesNotComeBackWithItsLastVisit(t *testing.T) {
	w := populated(false)
	o := options(t, w)
	slow := &ending{world: w}
	o.Store = slow
	b := visitor(t, handler(t, o)).signIn(w, ada)
	slow.on = true
	b.get("/links") // takes the flash, so that the session is written
	if len(w.sessions) != 0 {
		t.Error("it came back")
	}
}

func TestAPasskeyIsAddedNamedAndRemoved(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, bob)
	b.headers["User-Agent"] = "Mozilla/5.0 (Linux; Android 15) Chrome/140.0"
	for _, name := range []string{"key ring <b>", "", strings.Repeat("ä", 100)} {
		if got := b.post("/settings/security/passkeys/begin"); got.Code != 200 {
			t.Fatalf("asking: %d", got.Code)
		}
		b.post("/settings/security/passkeys", "answer", nod, "device", name)
	}
	b.post("/settings/security/passkeys", "answer", nod, "device", "unasked")
	expect(t, b, "/settings/security", []string{"key ring &lt;b&gt;", "Chrome, Android", ">" + strings.Repeat("ä", 60) + "<", "could not be used"}, []string{"unasked", strings.Repeat("ä", 61)})
	if got := b.post("/settings/security/passkeys/1/remove"); got.Code != 404 || len(w.keys[ada].Passkeys) != 2 {
		t.Errorf("another's: %d", got.Code)
	}
	b.post("/settings/security/passkeys/21/remove")
	expect(t, b, "/settings/security", []string{"The passkey is removed."}, []string{"key ring"})
}

func TestAnInviteBecomesAnAccount(t *testing.T) {
	for name, row := range map[string]struct {
		form  []string
		ask   bool
		says  string
		comes bool
	}{
		"with a password":              {[]string{"name", "Eve", "password", sesame, "language", "de"}, false, "Willkommen, Eve", true},
		"in a language that is none":   {[]string{"name", "Eve", "password", sesame, "language", "tlh"}, false, "Welcome, Eve", true},
		"with a passkey":               {[]string{"name", "Eve", "answer", nod, "language", "fr"}, true, "Bienvenue, Eve", true},
		"with an answer to nothing":    {[]string{"name", "Eve", "answer", nod}, false, "could not be used", false},
		"under a name that is taken":   {[]string{"name", "Ada", "password", sesame}, false, "Somebody here has this name", false},
		"under a name that is none":    {[]string{"name", "<b>", "password", sesame}, false, "This cannot be a name", false},
		"with a password that is weak": {[]string{"name", "Eve", "password", "short"}, false, "too easily guessed", false},
	} {
		t.Run(name, func(t *testing.T) {
			w := populated(false)
			b := visitor(t, handler(t, options(t, w)))
			for range 3 {
				if got := b.get("/invite/invited"); got.Code != 200 || len(w.sessions) != 0 || len(b.cookies) != 0 {
					t.Fatalf("looking: %d", got.Code)
				}
			}
			if row.ask {
				if got := b.post("/invite/invited/passkey/begin", "name", "Eve"); got.Code != 200 {
					t.Fatalf("asking: %d", got.Code)
				}
			}
			got := b.post("/invite/invited", row.form...)
			if !row.comes {
				if got.Code != 400 || !strings.Contains(got.Body.String(), row.says) || !w.invites["invited"] || len(w.accounts) != 2 || strings.Contains(got.Body.String(), sesame) {
					t.Errorf("answered %d", got.Code)
				}
				return
			}
			if got.Code != 303 || w.invites["invited"] {
				t.Fatalf("answered %d", got.Code)
			}
			if body := b.get("/month").Body.String(); !strings.Contains(body, row.says) && row.says != "Willkommen, Eve" && row.says != "Bienvenue, Eve" {
				t.Errorf("does not say %q", row.says)
			}
			if again := visitor(t, b.h).get("/invite/invited"); again.Code != 403 || !strings.Contains(again.Body.String(), "does not work any more") {
				t.Errorf("the second time: %d", again.Code)
			}
		})
	}
}

func TestWhoRunsTheInstanceInvitesAndChoosesWhoElseDoes(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	expect(t, b, "/admin/accounts", []string{"Ada", "Bob", "runs the instance", "password, 2 passkeys", "from the command line", "from Ada", "until 19\u00a0October, 11:30"}, []string{"http://127.0.0.1:8080/invite/"})
	made := b.post("/admin/invites")
	if made.Code != 200 || !strings.Contains(made.Body.String(), "http://127.0.0.1:8080/invite/fresh") {
		t.Errorf("making one: %d", made.Code)
	}
	expect(t, b, "/admin/accounts", nil, []string{"/invite/fresh"})
	for token, data := range w.sessions {
		if strings.Contains(string(data), "invite/fresh") {
			t.Errorf("session %s keeps the link", token)
		}
	}
	if got := b.post("/admin/accounts/1/role", "role", "account"); got.Code != 409 || !w.accounts[ada].Admin {
		t.Errorf("the last one: %d", got.Code)
	}
	if got := b.post("/admin/accounts/2/role", "role", "king"); got.Code != 400 || w.accounts[bob].Admin {
		t.Errorf("no role: %d", got.Code)
	}
	if got := b.post("/admin/accounts/99/role", "role", "admin"); got.Code != 404 {
		t.Errorf("nobody: %d", got.Code)
	}
	b.post("/admin/accounts/2/role", "role", "admin")
	b.post("/admin/accounts/1/role", "role", "account")
	if !w.accounts[bob].Admin || w.accounts[ada].Admin {
		t.Error("the roles were not changed")
	}
	if got := b.get("/admin/accounts"); got.Code != 404 || strings.Contains(got.Body.String(), `href="/admin`) || strings.Contains(got.Body.String(), "Bob") {
		t.Errorf("no longer: %d", got.Code)
	}
}

func TestWhereSomebodyComesFrom(t *testing.T) {
	for name, row := range map[string]struct{ remote, forwarded, want string }{
		"directly":                            {"203.0.113.7:4711", "", "203.0.113.7"},
		"directly, saying otherwise":          {"203.0.113.7:4711", "198.51.100.1", "203.0.113.7"},
		"through a proxy on this machine":     {"127.0.0.1:4711", "198.51.100.1", "198.51.100.1"},
		"through it, saying otherwise before": {"127.0.0.1:4711", "6.6.6.6, 198.51.100.1", "198.51.100.1"},
		"through a proxy in the house":        {"10.0.0.2:4711", "198.51.100.1", "198.51.100.1"},
		"through a socket":                    {"@", "198.51.100.1", "198.51.100.1"},
		"from this machine":                   {"127.0.0.1:4711", "", "127.0.0.1"},
		"through a proxy that says nonsense":  {"127.0.0.1:4711", "unknown", "127.0.0.1"},
		"version 6, a network as one":         {"[2001:db8:1:2:3:4:5:6]:4711", "", "2001:db8:1:2::/64"},
		"version 4 in the clothes of 6":       {"[::ffff:203.0.113.7]:4711", "", "203.0.113.7"},
		"version 6 through a proxy":           {"[::1]:4711", "2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"},
		"nothing that could be read":          {"?", "?", "invalid IP"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = row.remote
		if row.forwarded != "" {
			r.Header.Set("X-Forwarded-For", row.forwarded)
		}
		if got := from(r); got != row.want {
			t.Errorf("%s: %s, want %s", name, got, row.want)
		}
	}
}

func TestABrowserHasACoarseName(t *testing.T) {
	for agent, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0":                                                       "Firefox, Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0":    "Edge, Windows",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/604.1":    "Safari, iPhone",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36":        "Chrome, macOS",
		"Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0 Mobile Safari/537.36": "Samsung Internet, Android",
		"curl/8.0": "", "<script>alert(1)</script>": "", "": "",
	} {
		if got := browserName(agent); got != want {
			t.Errorf("%s: %q, want %q", agent, got, want)
		}
	}
}

func TestOnANumberOfThisMachineTheWayToItsNameIsShown(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w)))
	for base, shown := range map[string][2]bool{"http://127.0.0.1:8080": {false, true}, "http://[::1]:8080": {false, true}, "http://localhost:8080": {true, false}} {
		b.base = base
		body := b.get("/signin").Body.String()
		if got := [2]bool{strings.Contains(body, "data-begin"), strings.Contains(body, `href="http://localhost:8080"`)}; got != shown {
			t.Errorf("%s: %v", base, got)
		}
	}
	w.origin = ""
	if body := b.get("/signin").Body.String(); strings.Contains(body, "data-begin") || strings.Contains(body, "passkeys only") {
		t.Error("passkeys where there are none")
	}
	if fmt.Sprint(w.from) != "" {
		t.Errorf("somebody knocked: %s", w.from)
	}
}
