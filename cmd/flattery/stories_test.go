package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"flattery"
	"flattery/internal/sandbox"
	"flattery/internal/server/servertest"
)

// house is a daemon as people run it, on a port of its own, that is stopped and started again when time has gone by.
type house struct {
	*bench
	base    string
	running *served
}

// newHouse starts one on networks of a world, with the keys that they gave it for its address.
func newHouse(t *testing.T, networks ...string) *house {
	t.Helper()
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(servertest.Port(t)))
	h := &house{bench: newBench(t, october), base: "http://" + address}
	h.env = []string{"FLATTERY_LISTEN=" + address, "FLATTERY_NETWORKS_GITHUB_CLIENT_ID="}
	for _, k := range theCard() {
		prefix := "FLATTERY_NETWORKS_" + strings.ToUpper(k.name)
		h.env = append(h.env, prefix+"_BASE="+k.base(h.world))
		for _, name := range networks {
			if name == k.name {
				id, secret := k.app(h.world, h.callback(name))
				h.env = append(h.env, prefix+"_CLIENT_ID="+id, prefix+"_CLIENT_SECRET="+secret)
			}
		}
	}
	h.start()
	t.Cleanup(func() { h.end() })
	return h
}

// callback is the address to which a network of the world leads back.
func (h *house) callback(name string) string {
	h.Helper()
	c, err := known(func(of string) string {
		for _, k := range theCard() {
			if k.name == of {
				return k.base(h.world)
			}
		}
		return ""
	}).Get(name)
	if err != nil {
		h.Fatal(err)
	}
	return h.base + "/oauth/cb/" + name + "/" + c.Info().Host
}

func (h *house) start() {
	h.Helper()
	h.running = serve(h.bench)
	h.running.hears("pages: " + regexp.QuoteMeta(h.base))
	v := visit(h.T)
	defer v.CloseIdleConnections()
	if status, text := v.ask(http.MethodGet, h.base+"/healthz", nil); status != http.StatusOK { // waits until somebody answers
		h.Fatalf("the daemon answers %d: %s", status, text)
	}
}

func (h *house) end() {
	h.Helper()
	if h.running == nil {
		return
	}
	h.running.stop()
	if code := <-h.running.code; code != exitDone || strings.Contains(h.running.errs.String(), "level=ERROR") {
		h.Errorf("the daemon ended with %d: %s", code, h.running.errs)
	}
	h.running = nil
}

// sleeps lets time go by while the daemon is down, and does what is due then: its own cron would, within five minutes.
func (h *house) sleeps(until time.Time) {
	h.Helper()
	h.end()
	h.world.Clock.Set(until)
	if a := h.run("poll"); a.code != exitDone && !strings.Contains(a.errors, "tried again by itself") {
		h.Fatalf("polling: %+v", a)
	}
	h.do("settle")
	h.do("payout", "plan")
	h.start()
}

// visitedBy gives somebody a browser of their own.
func (h *house) visitedBy(ctx context.Context, name string) *person {
	h.Helper()
	own, stop := chromedp.NewContext(ctx, chromedp.WithNewBrowserContext())
	h.Cleanup(stop)
	limited, done := context.WithTimeout(own, 5*time.Minute)
	h.Cleanup(done)
	p := &person{T: h.T, ctx: limited, base: h.base, name: name}
	if _, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](`location.href`)); err != nil { // it is open
		h.Fatal(err)
	}
	return p
}

// withoutScripts turns them off.
func (s *person) withoutScripts() {
	s.Helper()
	if err := chromedp.Do(s.ctx, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	})); err != nil {
		s.Fatal(err)
	}
}

// types fills a field.
func (s *person) types(field, text string) {
	s.Helper()
	s.does("typing into "+field, chromedp.WaitVisible(chromedp.CSS(field)), chromedp.SetValue(chromedp.CSS(field), text))
}

// reads gives the text of an element.
func (s *person) reads(css string) string {
	s.Helper()
	text, err := chromedp.Run(s.ctx, chromedp.Evaluate[string](`document.querySelector(`+"`"+css+"`"+`).textContent`))
	if err != nil {
		s.Fatalf("reading %s: %v", css, err)
	}
	return text
}

// downloads gets a file as the browser would, with its cookies.
func (s *person) downloads(path string) string {
	s.Helper()
	jar, err := chromedp.Run(s.ctx, chromedp.Action[[]*network.Cookie](func(ctx context.Context, t *chromedp.Target) ([]*network.Cookie, error) {
		got, err := cdp.Call(ctx, t, network.GetCookies, network.GetCookiesParams{URLs: []string{s.base}})
		return got.Cookies, err
	}))
	if err != nil {
		s.Fatal(err)
	}
	req, err := http.NewRequestWithContext(s.Context(), http.MethodGet, s.base+path, nil)
	if err != nil {
		s.Fatal(err)
	}
	for _, c := range jar {
		req.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		s.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		s.Fatalf("%s: %d, %v", path, resp.StatusCode, err)
	}
	return string(text)
}

// enters opens the link that a first start prints, and goes through the first steps.
func (s *person) enters(link string) {
	s.Helper()
	if err := chromedp.Do(s.ctx, chromedp.Navigate(link)); err != nil {
		s.Fatal(err)
	}
	s.picture("setup-link")
	s.presses("main form button")
	s.types("#password", "correct horse battery")
	s.picture("first-password")
	s.presses(`form[action="/settings/security/password"] button`)
	for _, step := range []string{"place", "money"} {
		s.waits(`form[action="/setup/` + step + `"]`)
		s.picture("first-" + step)
		s.presses(`form[action="/setup/` + step + `"] button`)
	}
	s.types("#budget", "5")
	s.picture("first-budget")
	s.presses(`form[action="/setup/budget"] button`)
	s.waits(`a.button.main[href="/setup/done"]`)
	s.picture("first-network")
}

// waits until something can be seen.
func (s *person) waits(css string) {
	s.Helper()
	s.does("waiting for "+css, chromedp.WaitVisible(chromedp.CSS(css)))
}

// A donor's two months, from the link that the first start prints to the file of what was given; their browser runs no scripts.
func TestADonorsStoryInABrowserWithoutScripts(t *testing.T) {
	ctx := browser(t)
	h := newHouse(t, "github", "vimeo")
	g, v := h.world.GitHub, h.world.Vimeo
	h.people()
	g.AddRepo("ben", "other")
	g.AddUser("cleo")
	g.AddRepo("cleo", "lib")
	v.AddUser("adafilms")
	v.AddUser("zoe")
	s := h.visitedBy(ctx, "donor")
	s.withoutScripts()
	s.enters(regexp.MustCompile(setupLink).FindString(h.running.hears(setupLink)))

	s.presses(`main a[href="/networks/github"]`)
	s.waits(`form[action="/connect"] button`)
	s.picture("github")
	s.presses(`form[action="/connect"] button`)
	s.waits(`button[name=answer][value=yes]`)
	s.picture("github-asks")
	s.agrees("ada")
	s.sees("ada")
	s.goes("/networks/vimeo")
	s.presses(`form[action="/connect"] button`)
	s.agrees("adafilms")
	s.sees("adafilms")
	s.picture("linked")
	h.do("account", "add", "ben", "--destination", "https://example.org/ben")
	h.do("claim", "add", "--account", "ben", "github:ben")
	h.do("poll")

	h.world.Clock.Advance(time.Hour)
	g.Star("ada", "ben/tool")
	g.Star("ada", "ben/other")
	g.Star("ada", "cleo/lib")
	v.Like("adafilms", v.AddThing("zoe", "Eleven minutes"))
	h.sleeps(october.AddDate(0, 0, 2))
	s.goes("/month")
	for _, text := range []string{"ben/tool", "ben/other", "cleo/lib", "Eleven minutes", "€2.50"} {
		s.sees(text)
	}
	s.picture("month")
	s.presses(`li.flattr:has(a[href$="/ben/other"]) button[formaction$="/remove"]`)
	s.sees("€5.00")
	s.sees("removed")
	s.picture("removed")

	h.sleeps(afterOctober)
	s.goes("/slips")
	s.sees("1 open payment")
	s.sees("Pay at example.org")
	s.picture("slip")
	s.presses(`form[action$="/paid"] button`)
	s.sees("Done")
	s.picture("paid")
	s.goes("/months")
	s.sees("settled")
	s.picture("months")
	s.presses(`main a[href="/months/2026-10"]`)
	s.sees("ben/tool")
	s.sees("€5.00")
	s.picture("statement")
	if csv := s.downloads("/months/2026-10/statement.csv"); !strings.Contains(csv, "github,ben,ben/tool,") || strings.Contains(csv, "ben/other") || strings.Count(csv, "\n") != 2 {
		t.Errorf("the file is\n%s", csv)
	}
	if out := h.do("payout", "list"); !strings.Contains(out, "paid") {
		t.Errorf("afterwards: %s", out)
	}
	h.do("ledger", "audit")
}

// Who runs an instance invites somebody, enters the keys of a network and tries them, sees a network in trouble, and decides
// a dispute.
func TestASelfHostersStoryInABrowser(t *testing.T) {
	ctx := browser(t)
	h := newHouse(t)
	g := h.world.GitHub
	for _, login := range []string{"eve", "zoe"} {
		g.AddUser(login)
	}
	s := h.visitedBy(ctx, "host")
	s.enters(regexp.MustCompile(setupLink).FindString(h.running.hears(setupLink)))
	s.presses(`a.button.main[href="/setup/done"]`)
	s.picture("done")

	s.goes("/admin/accounts")
	s.presses(`form[action="/admin/invites"] button`)
	s.waits(".command code")
	link := s.reads(".command code")
	s.picture("invite")
	eve := h.visitedBy(ctx, "guest")
	eve.goes(strings.TrimPrefix(link, h.base))
	eve.types("#name", "Eve")
	eve.types("#password", "another horse battery")
	eve.picture("invited")
	eve.presses("button.main")
	eve.sees("Welcome, Eve.")
	eve.picture("welcome")

	s.goes("/networks/github/keys")
	callback := s.reads(".command code")
	if callback != h.callback("github") {
		t.Errorf("the page says to register %s, want %s", callback, h.callback("github"))
	}
	id, secret := g.App(callback)
	for _, try := range []struct{ secret, says string }{{"a wrong one", "does not accept these keys"}, {secret, "GitHub accepts these keys"}} {
		s.types("#id", id)
		s.types("#secret", try.secret)
		s.presses(`form[action="/networks/github/keys"] button`)
		s.presses(`form[action="/networks/github/keys/test"] button`)
		s.sees(try.says)
		s.picture("keys-tried")
	}
	eve.goes("/networks/github")
	eve.presses(`form[action="/connect"] button`)
	eve.agrees("eve")
	eve.sees("eve")
	h.do("poll")

	s.goes("/admin/health")
	s.sees("well")
	g.Inject(sandbox.Fault{Path: "/user/starred", Times: 50, Status: http.StatusBadGateway, HTML: true})
	h.sleeps(october.AddDate(0, 0, 1))
	s.goes("/admin/health")
	s.sees("in trouble")
	s.picture("health")

	for _, p := range []*person{s, eve} { // both are zoe, and prove it
		p.goes("/identities")
		p.presses(`form[action="/connect"]:has(input[value="github"]) button`)
		p.agrees("zoe")
		p.sees("zoe")
		p.picture("is-zoe")
	}
	s.goes("/admin/disputes")
	s.unfolds("details.sure summary")
	s.picture("dispute")
	s.presses(`form[action$="/second"] button`)
	s.sees("went to Eve")
	s.picture("decided")
	claims := into[[]flattery.Claim](h.bench, "claim", "list")
	if len(claims) != 1 || claims[0].Account != 2 {
		t.Errorf("afterwards: %+v", claims)
	}
}

var claimLink = regexp.MustCompile(`/c/[A-Za-z0-9_-]+`)

// A creator is passed a link by who likes their things, and has no account: from that link to a badge of their own.
func TestACreatorsStoryInABrowser(t *testing.T) {
	ctx := browser(t)
	h := newHouse(t, "github")
	h.people()
	donor := h.visitedBy(ctx, "fan")
	donor.enters(regexp.MustCompile(setupLink).FindString(h.running.hears(setupLink)))
	donor.goes("/networks/github")
	donor.presses(`form[action="/connect"] button`)
	donor.agrees("ada")
	donor.sees("ada")
	h.do("poll")
	h.star()
	h.sleeps(october.AddDate(0, 0, 2))
	donor.goes("/authors")
	donor.presses(`form[action="/authors"] button`)
	donor.waits("textarea")
	donor.picture("authors")
	link := claimLink.FindString(donor.reads("textarea"))

	ben := h.visitedBy(ctx, "creator")
	ben.goes(link)
	ben.sees("1 like is waiting for you")
	ben.picture("claim-link")
	ben.presses("main form button")
	ben.agrees("ben")
	ben.sees("It is yours")
	ben.picture("claimed")
	ben.goes("/settings/security")
	ben.types("#password", "another horse battery")
	ben.presses(`form[action="/settings/security/password"] button`)
	ben.sees("The password is set")
	ben.presses(`form[action="/leave"] button`)
	ben.sees("Set one monthly budget")
	ben.goes("/signin")
	ben.presses(`form[action="/signin/network"] button`)
	ben.agrees("ben")
	ben.waits(".sums")

	ben.goes("/income")
	ben.sees("set at the close")
	ben.picture("waiting")
	says := func() {
		ben.types("#destination", "https://example.org/ben")
		ben.presses(`form[action="/income/destination"] button`)
	}
	says()
	ben.sees("Is it you?") // who has a password shows it
	ben.picture("step-up")
	ben.types("#password", "another horse battery")
	ben.presses(`form[action="/stepup"] button`)
	ben.waits("#destination")
	says()
	ben.sees("New payments go there")
	ben.picture("destination")

	h.sleeps(afterOctober)
	donor.goes("/slips")
	donor.presses(`form[action$="/paid"] button`)
	donor.sees("Done")
	ben.goes("/income")
	ben.sees("€5.00")
	ben.sees("paid")
	ben.picture("received")
	ben.goes("/settings")
	ben.types("#budget", "2")
	ben.types("#give_on", "50")
	ben.presses(`form[action="/settings"] button`)
	ben.waits(".flash")
	ben.picture("given-on")
	ben.goes("/button")
	ben.presses(`form[action="/button/public"] button`)
	ben.sees("Everybody can see your page now.")
	ben.waits(`img[src^="/badge/"]`)
	ben.picture("badge")
	if svg := ben.downloads("/badge/ben.svg"); !strings.Contains(svg, "<svg") {
		t.Errorf("the badge is %.200s", svg)
	}
	donor.goes("/p/ben")
	donor.sees("GitHub")
	donor.picture("public-page")
	h.do("ledger", "audit")
}
