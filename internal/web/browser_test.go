package web

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// window is the one Chromium of all tests here. Each has cookies of its own in it.
var window struct {
	sync.Mutex
	ctx   context.Context
	close func()
}

func TestMain(m *testing.M) {
	code := m.Run()
	if window.close != nil {
		window.close()
	}
	os.Exit(code)
}

// chromium is a browser with nothing of its own, or skips where there is none to start.
func chromium(t *testing.T) context.Context {
	t.Helper()
	window.Lock()
	defer window.Unlock()
	if window.ctx == nil {
		window.ctx, window.close = launch(t) //nolint:fatcontext // once, for all tests
	}
	ctx, stop := chromedp.NewContext(window.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(stop)
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href`)); err != nil {
		t.Fatalf("chromium opens no window: %v", err)
	}
	return ctx
}

// launch starts Chromium.
func launch(t *testing.T) (ctx context.Context, end func()) {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		if os.Getenv("FLATTERY_CI") == "1" {
			t.Fatal("no chromium: install it, the pages are looked at by it")
		}
		t.Skip("no chromium here")
	}
	folder, err := os.MkdirTemp("", "chromium") //nolint:usetesting // outlives this test
	if err != nil {
		t.Fatal(err)
	}
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(folder),
		chromedp.Flag("disable-quic", true), chromedp.Flag("no-first-run", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.WSURLReadTimeout(time.Minute))
	allocated, stop := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), flags...)
	ctx, done := chromedp.NewContext(allocated)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatalf("chromium does not start: %v", err)
	}
	return ctx, func() { done(); stop(); _ = os.RemoveAll(folder) }
}

// artefacts is where pictures go.
func artefacts(t *testing.T) string {
	t.Helper()
	if folder := os.Getenv("FLATTERY_ARTEFACTS"); folder != "" {
		return folder
	}
	return t.TempDir()
}

// listen collects what the browser says against pages: refused by the policy, not found, thrown. What it says of a page that
// is not there is left out.
func listen(ctx context.Context, t *testing.T) (heard func(house string) []string) {
	t.Helper()
	const last = "/nothing?more"
	var all []string
	done := make(chan error, 1)
	entries := chromedp.Events(ctx, cdplog.EntryAdded)
	go func() {
		for e, err := range entries {
			if err != nil {
				done <- err
				return
			}
			if strings.HasSuffix(e.Entry.URL, last) {
				done <- nil
				return
			}
			if !strings.HasSuffix(e.Entry.URL, "/nothing") || !strings.Contains(e.Entry.Text, "404") {
				all = append(all, fmt.Sprint(e.Entry.Level, ": ", e.Entry.Text, " at ", e.Entry.URL))
			}
		}
	}()
	return func(house string) []string {
		if err := chromedp.Do(ctx, chromedp.Navigate(house+last)); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatalf("listening to the browser: %v", err)
		}
		return all
	}
}

// A look is one way to look at a page.
type look struct {
	name          string
	width, height int64
	dark, print   bool
}

var looks = []look{
	{"desktop", 1280, 900, false, false}, {"phone", 360, 780, false, false}, {"desktop-dark", 1280, 900, true, false},
	{"phone-dark", 360, 780, true, false}, {"paper", 800, 1100, false, true},
}

// taken reports whether a page is looked at like that. The dark and paper are for pictures, in English; so is the wide one of
// other languages where the page is one of the main ones. The long form looks at everything but the rough in every language.
func (l look) taken(p stop, language string, rough bool) bool {
	long, pictures := os.Getenv("FLATTERY_LONG") == "1", os.Getenv("FLATTERY_ARTEFACTS") != ""
	switch {
	case rough:
		return language == "en" && (!l.dark && !l.print || long && pictures)
	case l.dark || l.print:
		return pictures && (language == "en" || long)
	case language != "en":
		return l.name == "phone" || long || pictures && p.main
	}
	return true
}

func TestPagesLookRightInABrowser(t *testing.T) {
	ctx := chromium(t)
	folder, heard, house := artefacts(t), listen(ctx, t), ""
	for _, rough := range []bool{false, true} {
		w, o := toured(t, rough)
		server := httptest.NewServer(handler(t, o))
		t.Cleanup(server.Close)
		house = strings.Replace(server.URL, "127.0.0.1", "localhost", 1) // where there are passkeys
		visits(ctx, t, w, house, func(p stop, language string) {
			name := fmt.Sprintf("%s%s-%s", map[bool]string{true: "rough-"}[rough], slug(p.path), language)
			var as []look
			for _, l := range looks {
				if l.taken(p, language, rough) {
					as = append(as, l)
				}
			}
			if len(as) == 0 {
				return
			}
			if err := open(ctx, house+p.path, language); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, l := range as {
				overflow, err := l.at(ctx)
				if err != nil {
					t.Fatalf("%s, %s: %v", name, l.name, err)
				}
				if overflow != "" {
					t.Errorf("%s, %s: wider than the window: %s", name, l.name, overflow)
				}
				picture(ctx, t, filepath.Join(folder, name+"-"+l.name+".png"))
			}
		})
		if err := chromedp.Do(ctx, command(network.ClearBrowserCookies, cdp.Empty{})); err != nil {
			t.Fatal(err)
		}
	}
	for _, complaint := range heard(house) {
		t.Error(complaint)
	}
}

// visits goes through the tour in every language, first as a stranger and then as ada.
func visits(ctx context.Context, t *testing.T, w *world, house string, look func(p stop, language string)) {
	t.Helper()
	for _, stranger := range []bool{true, false} {
		if stranger {
			if err := chromedp.Do(ctx, chromedp.Navigate(house+"/c/profile"), chromedp.Click(chromedp.CSS("form[action$='/token'] button")), chromedp.WaitVisible(chromedp.CSS("#profile"))); err != nil {
				t.Fatalf("asking for a token: %v", err)
			}
		} else {
			enterChromium(ctx, t, w, house)
			if err := chromedp.Do(ctx, chromedp.Navigate(house+"/networks/flickr"),
				chromedp.Click(chromedp.CSS("button[name=code]")), chromedp.WaitVisible(chromedp.CSS("#code"))); err != nil {
				t.Fatalf("asking for a code: %v", err)
			}
		}
		for _, p := range tour() {
			for _, language := range languages {
				if p.stranger == stranger {
					look(p, language)
				}
			}
		}
	}
}

// picture keeps one of the page that is open, from top to bottom, where somebody wants to see it.
func picture(ctx context.Context, t *testing.T, file string) {
	t.Helper()
	if os.Getenv("FLATTERY_ARTEFACTS") == "" {
		return
	}
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, png, 0o644); err != nil {
		t.Fatal(err)
	}
}

// The policy holds a form to its origins also where the answer leads on: only a browser can tell whether it does.
func TestABrowserIsLedToANetworkAndBack(t *testing.T) {
	ctx := chromium(t)
	w := populated(false)
	network := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		out.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(out, `<form method="post" action="/yes"><button id="yes" name="state" value="%s">Yes</button></form>`, html.EscapeString(r.FormValue("state")))
		if r.URL.Path == "/yes" {
			_, _ = fmt.Fprintf(out, `<meta http-equiv="refresh" content="0;url=%s/oauth/cb/github/github.example?code=x&amp;state=%s">`, w.home, html.EscapeString(r.FormValue("state")))
		}
	}))
	t.Cleanup(network.Close)
	w.authorize, w.networks[1].Origin = network.URL, network.URL
	server := httptest.NewServer(handler(t, options(t, w)))
	t.Cleanup(server.Close)
	w.home = server.URL
	enterChromium(ctx, t, w, server.URL)
	if err := chromedp.Do(ctx, chromedp.Navigate(server.URL+"/networks/github"), chromedp.Click(chromedp.CSS("form[action='/connect'] button.main")),
		chromedp.WaitVisible(chromedp.CSS("#yes")), chromedp.Click(chromedp.CSS("#yes")), chromedp.WaitVisible(chromedp.CSS(".flash"))); err != nil {
		t.Fatalf("linking: %v", err)
	}
	said, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.pathname + " " + document.querySelector(".flash").textContent`))
	if err != nil || !strings.HasPrefix(said, "/links Linked: ada-of-github on GitHub.") {
		t.Errorf("at the end: %q, %v", said, err)
	}
	if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS("summary")), chromedp.WaitVisible(chromedp.CSS("details[open] button"))); err != nil {
		t.Fatalf("opening the question: %v", err)
	}
	picture(ctx, t, filepath.Join(artefacts(t), "linked-en-desktop.png"))
}

// enterChromium signs the browser in as Ada, by a link and its button.
func enterChromium(ctx context.Context, t *testing.T, w *world, url string) {
	t.Helper()
	w.mu.Lock()
	w.tokens["chromium"] = ada
	w.mu.Unlock()
	if err := open(ctx, url+"/enter/chromium", "en"); err != nil {
		t.Fatal(err)
	}
	if _, err := looks[0].at(ctx); err != nil { // paper has no buttons
		t.Fatal(err)
	}
	soon, stop := context.WithTimeout(ctx, time.Minute)
	defer stop()
	if err := chromedp.Do(soon, chromedp.Click(chromedp.CSS("button.main")), chromedp.WaitVisible(chromedp.CSS("form[action='/leave']"))); err != nil {
		t.Fatalf("entering: %v", err)
	}
}

// command makes an action of a command of the browser's protocol whose answer does not matter.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

// metrics make the window as large as that.
func (l look) metrics() chromedp.Action[chromedp.Void] {
	return command(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: l.width, Height: l.height, DeviceScaleFactor: 1, Mobile: l.width < 600})
}

// open opens a page in a language.
func open(ctx context.Context, url, language string) error {
	return chromedp.Do(ctx, command(network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": language}}), chromedp.Navigate(url))
}

// at looks at the page that is open like that, and answers what sticks out of the window.
func (l look) at(ctx context.Context) (overflow string, err error) {
	if err := chromedp.Do(ctx, l.metrics(), l.media()); err != nil {
		return "", err
	}
	return chromedp.Run(ctx, chromedp.Evaluate[string](sticksOut))
}

// media are colours and paper as the look has them, and nothing that moves: or colours would still be on their way.
func (l look) media() chromedp.Action[chromedp.Void] {
	return command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Media: map[bool]string{true: "print", false: "screen"}[l.print],
		Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: map[bool]string{true: "dark", false: "light"}[l.dark]}, {Name: "prefers-reduced-motion", Value: "reduce"},
		},
	})
}

// sticksOut names what reaches beyond the right edge of the window, what is folded up too, and texts that have no room at all.
const sticksOut = `(() => {
	const folded = [...document.querySelectorAll("details:not([open])")]
	folded.forEach(d => d.open = true)
	const wide = document.documentElement.clientWidth, out = []
	if (document.documentElement.scrollWidth > wide) out.push("page " + document.documentElement.scrollWidth)
	for (const e of document.querySelectorAll("main *, header *, footer *")) {
		const r = e.getBoundingClientRect()
		if (r.right > wide + 1 && !e.closest("svg") && r.width > 0 && !e.closest(".unseen")) out.push(e.tagName + "." + e.className + " " + Math.round(r.right))
		if (r.width < 16 && r.height > 0 && e.innerText?.trim().length > 3 && getComputedStyle(e).overflowX === "hidden" && !e.closest(".unseen, .stack thead")) out.push("squeezed: " + e.innerText)
	}
	folded.forEach(d => d.open = false)
	return out.slice(0, 5).join(", ")
})()`

func slug(path string) string {
	if path == "/" {
		return "start"
	}
	path, query, _ := strings.Cut(path, "?")
	switch {
	case len(query) > 200:
		path += "-long"
	case query != "" && len(query) < 20:
		path += "-" + strings.NewReplacer("=", "-", "/", "").Replace(query)
	}
	return strings.ReplaceAll(strings.Trim(path, "/"), "/", "-")
}
