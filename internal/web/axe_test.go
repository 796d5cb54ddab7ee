package web

import (
	"context"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"flattery"
)

// A scene is a world in one state, and the pages to be looked at in it.
type scene struct {
	name   string
	change func(w *world)
	all    []string // looked at in every language
	rest   []string // in English
}

func scenes() []scene {
	stopped := func(w *world) {
		state := w.links[2]
		w.links = nil
		for i, s := range [][2]string{{"twitter", "terms"}, {"github", "reconnect"}, {"vimeo", "keys"}, {"mastodon", "payment"}, {"fivehundredpx", "forbidden"}, {"orkut", "unknown"}, {"flickr", "gone"}} {
			l := state
			l.ID, l.Identity, l.Reason, l.Detail = flattery.LinkID(i+1), author(s[0], "1", "ada"), s[1], "api.example answered 410 Gone"
			w.links = append(w.links, l)
		}
		w.links[6].Proof = flattery.ByName
	}
	plain := func(w *world) { w.change(func(a *flattery.Account) { a.Admin = false }) }
	return []scene{
		{"as usual", func(*world) {}, []string{"/month", "/months", "/months/2026-09", "/slips", "/links", "/networks/github", "/networks/twitter/keys", "/identities", "/settings/security", "/stepup?next=/slips", "/admin/accounts", "/button", "/links/1", "/flattrs/55", "/settings", "/welcome", "/admin/health", "/admin/months", "/admin/instance", "/income", "/income/2026-09", "/authors", "/c/waits"},
			[]string{"/", "/nothing", "/months/2026-07", "/month?state=removed", "/networks/twitter", "/networks/flickr", "/networks/fivehundredpx", "/networks/instagram", "/networks/github/keys", "/networks/flickr/keys", "/subscriptions", "/links/2", "/c/claimed", "/claims/1", asking("url", "https://blog.example/", "user_id", "github:zoe")}},
		{"stopped", stopped, []string{"/links"}, nil},
		{"stopped, for a donor", func(w *world) { stopped(w); plain(w) }, nil, []string{"/links", "/networks/vimeo"}},
		{"pending", func(w *world) {
			for i := range w.flattrs {
				w.flattrs[i].State, w.flattrs[i].CountsIn = flattery.Pending, 0
			}
		}, []string{"/month"}, nil},
		{"empty", func(w *world) {
			w.flattrs, w.links, w.claims, w.payments, w.debts, w.incomes, w.toAda = nil, nil, nil, nil, nil, nil, nil
		}, nil, []string{"/month", "/slips", "/links", "/identities", "/income"}},
		{"priced and ticked", func(w *world) { w.networks[0].Ready, w.networks[0].Accepted, w.networks[0].HasKeys = true, true, true }, nil, []string{"/networks/twitter", "/networks/twitter/keys"}},
	}
}

// axe is the source of axe-core, or skips where nobody says where it is.
func axe(t *testing.T) string {
	t.Helper()
	file := os.Getenv("FLATTERY_AXE")
	if file == "" {
		if os.Getenv("FLATTERY_CI") == "1" {
			t.Fatal("FLATTERY_AXE is not set: it names the axe.min.js of axe-core, which looks for barriers in the pages")
		}
		t.Skip("FLATTERY_AXE names no axe.min.js")
	}
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}

// barriers are what axe holds against the page that is open, as far as it is serious; what is folded up is looked at too.
const barriers = `(document.querySelectorAll("details").forEach(d => d.open = true),
	axe.run({resultTypes: ["violations"], rules: {"target-size": {enabled: true}}}).then(r => r.violations
		.filter(v => v.impact === "serious" || v.impact === "critical")
		.map(v => v.id + ": " + v.help + ": " + v.nodes.slice(0, 3).map(n => n.target.join(" ") + " " + n.any.map(a => a.message).join(" ")).join(", ")).join("\n")))`

// hindered opens a page and answers its barriers by look.
func hindered(ctx context.Context, source, url, language string, looks []look) (map[string]string, error) {
	found := map[string]string{}
	err := chromedp.Do(ctx, command(network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": language}}), chromedp.Navigate(url))
	if err != nil {
		return nil, err
	}
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[int](source+"\n;0")); err != nil {
		return nil, err
	}
	for _, l := range looks {
		if err := chromedp.Do(ctx, l.metrics(),
			command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: map[bool]string{true: "dark", false: "light"}[l.dark]},
				{Name: "prefers-reduced-motion", Value: "reduce"}, // or colours would still be on their way
			}})); err != nil {
			return nil, err
		}
		if found[l.name], err = chromedp.Run(ctx, chromedp.Evaluate[string](barriers, chromedp.EvalAwaitPromise)); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func TestNoPageHasASeriousBarrier(t *testing.T) {
	source := axe(t)
	ctx := chromium(t)
	if err := chromedp.Do(ctx, command(cdppage.SetBypassCSP, cdppage.SetBypassCSPParams{Enabled: true})); err != nil {
		t.Fatal(err)
	}
	found, err := hindered(ctx, source, "data:text/html,<img src=x>", "en", looks[:1])
	if err != nil || found["desktop"] == "" {
		t.Fatalf("a picture without words is no barrier: %v", err)
	}
	look := func(scene, url, path, language string) {
		as := looks[:4]
		if language != "en" && os.Getenv("FLATTERY_LONG") != "1" { // other words fit another width; colours are the same
			as = looks[1:3]
		}
		found, err := hindered(ctx, source, url+path, language, as)
		if err != nil {
			t.Fatalf("%s, %s, %s: %v", scene, path, language, err)
		}
		for how, what := range found {
			if what != "" {
				t.Errorf("%s, %s, %s, %s: %s", scene, path, language, how, what)
			}
		}
	}
	for _, s := range scenes() {
		w := populated(false)
		s.change(w)
		server := httptest.NewServer(handler(t, options(t, w)))
		t.Cleanup(server.Close)
		if s.name == "as usual" {
			for _, language := range languages {
				for _, path := range []string{"/", "/signin", "/invite/invited"} {
					look("a stranger", server.URL, path, language)
				}
			}
			look("a stranger", server.URL, "/enter/x", "en")
		}
		enterChromium(ctx, t, w, server.URL)
		for _, language := range languages {
			for _, path := range s.all {
				look(s.name, server.URL, path, language)
			}
		}
		for _, path := range s.rest {
			look(s.name, server.URL, path, "en")
		}
	}
}
