package web

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"flattery"
)

// blog is somebody's page on another site with two buttons: one says its page, the other leaves that to the script.
func blog(t *testing.T, house string) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		out.Header().Set("Content-Type", "text/html; charset=utf-8")
		out.Header().Set("Content-Security-Policy", "default-src 'none'; script-src "+house) // a strict site allows the file, and nothing inline
		_, _ = fmt.Fprintf(out, `<!DOCTYPE html><html lang="en"><head><meta name="viewport" content="width=device-width"><title>Mending zips & more</title></head><body>
			<h1>Mending zips</h1>
			<p><a id="first" class="flattery-button" href="%[1]s/submit/auto?user_id=Bob&amp;url=https%%3A%%2F%%2Fblog.example%%2Fzips&amp;title=Mending+zips">Flattr this</a></p>
			<p><a id="second" class="flattery-button" href="%[1]s/submit/auto?user_id=Bob"></a></p>
			<p><a id="other" class="flattery-button" href="javascript:void(0)">no button</a></p>
			<script async src="%[1]s/button.js"></script></body></html>`, house)
	}))
	t.Cleanup(s.Close)
	return s
}

// heardHouse is an instance that writes down who asked it for what.
type heardHouse struct {
	*httptest.Server
	mu   sync.Mutex
	asks []string
}

func listening(t *testing.T, h http.Handler) *heardHouse {
	t.Helper()
	l := &heardHouse{}
	l.Server = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		l.asks = append(l.asks, fmt.Sprintf("%s %s cookies=%d", r.Method, r.URL.Path, len(r.Cookies())))
		l.mu.Unlock()
		h.ServeHTTP(out, r)
	}))
	t.Cleanup(l.Close)
	return l
}

func (l *heardHouse) heard() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	was := slices.DeleteFunc(l.asks, func(s string) bool { return strings.Contains(s, "/assets/") || strings.Contains(s, "favicon") })
	l.asks = nil
	return was
}

func TestAButtonOnAnotherSiteOpensTheWindow(t *testing.T) {
	ctx := chromium(t)
	w := published()
	house := listening(t, handler(t, options(t, w)))
	site := strings.Replace(blog(t, house.URL).URL, "127.0.0.1", "localhost", 1) // another site than the house
	enterChromium(ctx, t, w, house.URL)
	house.heard()
	if err := chromedp.Do(ctx, chromedp.Navigate(site), chromedp.WaitVisible(chromedp.CSS("#second svg"))); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(house.heard()); got != "[GET /button.js cookies=0]" {
		t.Errorf("before a press the house was asked for %s", got)
	}
	said, err := chromedp.Run(ctx, chromedp.Evaluate[string](`[...document.querySelectorAll("a")].map(a => a.textContent.trim() + ":" + !!a.querySelector("svg")).join(" ") + document.cookie`))
	if err != nil || said != "Flattr this:true Flattr this:true no button:false" {
		t.Errorf("the buttons are %q, %v", said, err)
	}
	picture(ctx, t, filepath.Join(artefacts(t), "button-on-a-blog.png"))
	for id, want := range map[string][2]string{"#first": {"https://blog.example/zips", "Mending zips"}, "#second": {site + "/", "Mending zips & more"}} {
		window := chromedp.WaitNewTarget(ctx, func(i *target.Info) bool { return strings.Contains(i.URL, "/submit/auto") })
		if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS(id))); err != nil {
			t.Fatal(err)
		}
		opened, done := chromedp.NewContext(ctx, chromedp.WithTargetID(<-window))
		if !strings.HasPrefix(want[0], "https:") { // the page of this test has no https: the window says so
			if err := chromedp.Do(opened, chromedp.WaitVisible(chromedp.CSS(".note bdi"))); err != nil {
				t.Errorf("%s: %v", id, err)
			}
			at, err := chromedp.Run(opened, chromedp.Evaluate[string](`new URL(location).searchParams.get("url") + " " + new URL(location).searchParams.get("title")`))
			if err != nil || at != want[0]+" "+want[1] {
				t.Errorf("%s asked for %q, %v", id, at, err)
			}
			done()
			continue
		}
		pressed(opened, t, id, want[1])
		done()
	}
	last := w.flattrs[len(w.flattrs)-1]
	if last.Kind != flattery.KindClick || last.Thing.URL != "https://blog.example/zips" || last.State != flattery.Counting {
		t.Errorf("flattred %+v", last)
	}
}

// pressed presses the button of the window that is open, and finds the flattr behind it. The window knows nobody who opened it.
func pressed(ctx context.Context, t *testing.T, what, title string) {
	t.Helper()
	if err := chromedp.Do(ctx, chromedp.WaitVisible(chromedp.CSS("button.large"))); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if opener, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`window.opener === null && window.top === window`)); err != nil || !opener {
		t.Errorf("%s: the window knows who opened it (%v)", what, err)
	}
	if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS("button.large")), chromedp.WaitVisible(chromedp.CSS(".flash"))); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	said, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.pathname.replace(/\d+/, "N") + " " + document.querySelector("h1").textContent + ": " + document.querySelector(".flash").textContent.trim()`))
	if err != nil || said != "/flattrs/N "+title+": Flattred. It gets a share of your budget this month." {
		t.Errorf("%s: at the end: %q, %v", what, said, err)
	}
}

func TestAButtonWorksWithoutScripts(t *testing.T) {
	ctx := chromium(t)
	w := published()
	house := listening(t, handler(t, options(t, w)))
	site := strings.Replace(blog(t, house.URL).URL, "127.0.0.1", "localhost", 1)
	enterChromium(ctx, t, w, house.URL)
	house.heard()
	if err := chromedp.Do(ctx, command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}), chromedp.Navigate(site)); err != nil {
		t.Fatal(err)
	}
	if got := house.heard(); len(got) > 0 {
		t.Errorf("before a press the house was asked for %v", got)
	}
	if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#first"))); err != nil {
		t.Fatal(err)
	}
	pressed(ctx, t, "without scripts", "Mending zips")
}

func TestTheBookmarkletOpensTheWindowWithThePageOneIsOn(t *testing.T) {
	ctx := chromium(t)
	w := published()
	house := listening(t, handler(t, options(t, w)))
	site := strings.Replace(blog(t, house.URL).URL, "127.0.0.1", "localhost", 1)
	if err := chromedp.Do(ctx, chromedp.Navigate(house.URL+"/button"), chromedp.WaitVisible(chromedp.CSS("a.bookmarklet"))); err != nil {
		t.Fatal(err)
	}
	code, err := chromedp.Run(ctx, chromedp.Evaluate[string](`decodeURIComponent(document.querySelector("a.bookmarklet").href)`))
	if err != nil || !strings.HasPrefix(code, "javascript:") {
		t.Fatalf("the bookmarklet is %q, %v", code, err)
	}
	shown, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.querySelector("#donors code").textContent`))
	if err != nil || shown != code {
		t.Errorf("the code to copy is %q, the bookmarklet %q", shown, code)
	}
	// A browser decodes and runs what stands in its bookmarks; here it is given the same words, and a window that only notes where it goes.
	if err := chromedp.Do(ctx, chromedp.Navigate(site+"/a?b=c&d=e#f")); err != nil {
		t.Fatal(err)
	}
	opened, err := chromedp.Run(ctx, chromedp.Evaluate[string](`(() => { let at = ""; window.open = (u, n, f) => { at = u + " " + n + " " + f.split(",")[0] };
		`+strings.TrimPrefix(code, "javascript:")+`; return at })()`))
	want := "http://127.0.0.1:8080/submit/auto?url=" + strings.NewReplacer(":", "%3A", "/", "%2F").Replace(site) + "%2Fa%3Fb%3Dc%26d%3De%23f&title=Mending%20zips%20%26%20more _blank noopener"
	if err != nil || opened != want {
		t.Errorf("it opens %q (%v), want %q", opened, err, want)
	}
}
