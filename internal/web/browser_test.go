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
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// chromium starts a browser with nothing of its own, or skips where there is none to start.
func chromium(t *testing.T) context.Context {
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
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("no-first-run", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.WSURLReadTimeout(time.Minute))
	allocated, stop := chromedp.NewExecAllocator(t.Context(), flags...)
	t.Cleanup(stop)
	ctx, stop := chromedp.NewContext(allocated)
	t.Cleanup(stop)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatalf("chromium does not start: %v", err)
	}
	return ctx
}

// artefacts is where pictures go.
func artefacts(t *testing.T) string {
	t.Helper()
	if folder := os.Getenv("FLATTERY_ARTEFACTS"); folder != "" {
		return folder
	}
	return t.TempDir()
}

// listen collects what the browser says against pages (refused by the policy, not found, thrown) until it has said so
// often that a page is not there; wait for it before looking.
func listen(ctx context.Context, t *testing.T, missing int) (heard func() []string) {
	t.Helper()
	var all []string
	done := make(chan error, 1)
	entries := chromedp.Events(ctx, cdplog.EntryAdded)
	go func() {
		for e, err := range entries {
			if err != nil {
				done <- err
				return
			}
			if strings.HasSuffix(e.Entry.URL, "/nothing") && strings.Contains(e.Entry.Text, "404") {
				if missing--; missing == 0 {
					done <- nil
					return
				}
				continue
			}
			all = append(all, fmt.Sprint(e.Entry.Level, ": ", e.Entry.Text, " at ", e.Entry.URL))
		}
	}()
	return func() []string {
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

// taken reports whether a picture is taken: the dark and paper in English only, what is rough too. The short form leaves out the
// wide ones of other languages, and of what is rough all but the light ones.
func (l look) taken(language string, rough bool) bool {
	long := os.Getenv("FLATTERY_LONG") == "1"
	switch {
	case language != "en":
		return !rough && !l.dark && !l.print && (long || l.name == "phone")
	case rough:
		return long || !l.dark && !l.print
	}
	return true
}

func TestPagesLookRightInABrowser(t *testing.T) {
	ctx := chromium(t)
	folder := artefacts(t)
	missing := 0 // so often /nothing is opened below
	for _, rough := range []bool{false, true} {
		for _, language := range languages {
			for _, l := range looks {
				if l.taken(language, rough) {
					missing++
				}
			}
		}
	}
	heard := listen(ctx, t, missing)
	for _, rough := range []bool{false, true} {
		w := populated(rough)
		for id, a := range w.accounts {
			a.Public = true
			w.accounts[id] = a
		}
		o := options(t, w)
		o.Demo = rough
		server := httptest.NewServer(handler(t, o))
		t.Cleanup(server.Close)
		server.URL = strings.Replace(server.URL, "127.0.0.1", "localhost", 1) // where there are passkeys
		w.tokens["chromium"] = ada
		paths := []string{"/", "/enter/chromium", "/signin", "/invite/invited", "/month", "/months", "/months/2026-09", "/slips", "/links", "/nothing", "/settings", "/welcome", "/admin/health", "/admin/months", "/admin/instance", "/income", "/income/2026-09",
			"/networks/github", "/networks/twitter", "/networks/flickr", "/networks/fivehundredpx", "/networks/vimeo/keys", "/networks/twitter/keys", "/networks/github/keys",
			"/identities", "/identities/github/prove", "/identities/vimeo/prove", "/admin/disputes", "/settings/security", "/stepup?next=/slips", "/admin/accounts",
			"/authors", "/c/waits", "/claims/1", "/button", "/subscriptions", "/links/1", "/links/2", "/flattrs/55", "/flattrs/50", "/p/Bob",
			asking("user_id", "Bob", "url", "https://blog.example/zips", "title", liked[3][2], "tags", "sewing,repair", "category", "text"),
			asking("user_id", "github:"+hostile[4], "url", "https://blog.example/"+strings.Repeat("long", 200), "title", hostile[2][:2000]), "/oauth/code"}
		for i, path := range paths {
			if i == 4 { // the first four are a stranger's
				enterChromium(ctx, t, w, server.URL)
			}
			if path == "/oauth/code" {
				if _, _, err := looks[0].at(ctx, server.URL+"/networks/flickr", "en"); err != nil { // paper has no buttons
					t.Fatal(err)
				}
				if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS("button[name=code]")), chromedp.WaitVisible(chromedp.CSS("#code"))); err != nil {
					t.Fatalf("asking for a code: %v", err)
				}
			}
			for _, language := range languages {
				for _, l := range looks {
					if !l.taken(language, rough) {
						continue
					}
					name := fmt.Sprintf("%s%s-%s-%s.png", map[bool]string{true: "rough-"}[rough], slug(path), language, l.name)
					overflow, picture, err := l.at(ctx, server.URL+path, language)
					if err != nil {
						t.Fatalf("%s: %v", name, err)
					}
					if overflow != "" {
						t.Errorf("%s: wider than the window: %s", name, overflow)
					}
					if err := os.WriteFile(filepath.Join(folder, name), picture, 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		if err := chromedp.Do(ctx, command(network.ClearBrowserCookies, cdp.Empty{})); err != nil {
			t.Fatal(err)
		}
	}
	for _, complaint := range heard() {
		t.Error(complaint)
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
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(artefacts(t), "linked-en-desktop.png"), picture, 0o644); err != nil {
		t.Fatal(err)
	}
}

// enterChromium signs the browser in as Ada, by a link and its button.
func enterChromium(ctx context.Context, t *testing.T, w *world, url string) {
	t.Helper()
	w.mu.Lock()
	w.tokens["chromium"] = ada
	w.mu.Unlock()
	if _, _, err := looks[0].at(ctx, url+"/enter/chromium", "en"); err != nil { // paper has no buttons
		t.Fatal(err)
	}
	if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS("button.main")), chromedp.WaitVisible(chromedp.CSS(".sums"))); err != nil {
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

// at opens a page and answers what sticks out of the window, and its picture from top to bottom.
func (l look) at(ctx context.Context, url, language string) (overflow string, picture []byte, err error) {
	scheme := map[bool]string{true: "dark", false: "light"}[l.dark]
	err = chromedp.Do(ctx,
		l.metrics(),
		command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Media:    map[bool]string{true: "print", false: "screen"}[l.print],
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		}),
		command(network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": language}}),
		chromedp.Navigate(url),
	)
	if err != nil {
		return "", nil, err
	}
	if overflow, err = chromedp.Run(ctx, chromedp.Evaluate[string](sticksOut)); err != nil {
		return "", nil, err
	}
	picture, err = chromedp.Run(ctx, chromedp.FullScreenshot(100))
	return overflow, picture, err
}

// sticksOut names what reaches beyond the right edge of the window.
const sticksOut = `(() => {
	const wide = document.documentElement.clientWidth, out = []
	if (document.documentElement.scrollWidth > wide) out.push("page " + document.documentElement.scrollWidth)
	for (const e of document.querySelectorAll("main *, header *, footer *")) {
		const r = e.getBoundingClientRect()
		if (r.right > wide + 1 && !e.closest("svg") && r.width > 0 && !e.closest(".unseen")) out.push(e.tagName + "." + e.className + " " + Math.round(r.right))
	}
	return out.slice(0, 5).join(", ")
})()`

func slug(path string) string {
	if path == "/" {
		return "start"
	}
	path, query, _ := strings.Cut(path, "?")
	if len(query) > 200 {
		path += "-long"
	}
	return strings.ReplaceAll(strings.Trim(path, "/"), "/", "-")
}
