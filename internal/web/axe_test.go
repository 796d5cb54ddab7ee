package web

import (
	"context"
	"net/http/httptest"
	"os"
	"testing"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

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

// barriers are what axe holds against the page that is open, as far as it is serious; what is folded up is looked at too. Some
// rules are about colours and sizes, the others find the same however wide the window is.
func barriers(all bool) string {
	options := `{resultTypes: ["violations"], rules: {"target-size": {enabled: true}}}`
	if !all {
		options = `{resultTypes: ["violations"], runOnly: ["color-contrast", "target-size", "link-in-text-block", "scrollable-region-focusable"], rules: {"target-size": {enabled: true}}}`
	}
	return `(document.querySelectorAll("details").forEach(d => d.open = true),
	axe.run(` + options + `).then(r => r.violations
		.filter(v => v.impact === "serious" || v.impact === "critical")
		.map(v => v.id + ": " + v.help + ": " + v.nodes.slice(0, 3).map(n => n.target.join(" ") + " " + n.any.map(a => a.message).join(" ")).join(", ")).join("\n")))`
}

// judged opens a page, and gives what axe holds against it, by look.
func judged(ctx context.Context, source, url, language string, looks []look) (map[string]string, error) {
	if err := open(ctx, url, language); err != nil {
		return nil, err
	}
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[int](source+"\n;0")); err != nil {
		return nil, err
	}
	found, all := map[string]string{}, true
	for _, l := range looks {
		if err := chromedp.Do(ctx, l.metrics(), l.media()); err != nil {
			return nil, err
		}
		what, err := chromedp.Run(ctx, chromedp.Evaluate[string](barriers(all), chromedp.EvalAwaitPromise))
		if err != nil {
			return nil, err
		}
		found[l.name], all = what, os.Getenv("FLATTERY_LONG") == "1"
	}
	return found, nil
}

// as are the looks in which axe sees a page: the long form is every one in every language. Other words fit another width;
// colours are the same.
func as(language string) []look {
	switch {
	case os.Getenv("FLATTERY_LONG") == "1":
		return looks[:4]
	case language == "en":
		return []look{looks[0], looks[3]}
	}
	return looks[1:2]
}

func TestNoPageHasASeriousBarrier(t *testing.T) {
	source := axe(t)
	ctx := chromium(t)
	if err := chromedp.Do(ctx, command(cdppage.SetBypassCSP, cdppage.SetBypassCSPParams{Enabled: true})); err != nil {
		t.Fatal(err)
	}
	found, err := judged(ctx, source, "data:text/html,<img src=x>", "en", looks[:1])
	if err != nil || found["desktop"] == "" {
		t.Fatalf("a picture without words is no barrier: %v", err)
	}
	n := 0
	judge := func(scene, url, path, language string) {
		found, err := judged(ctx, source, url+path, language, as(language))
		if err != nil {
			t.Fatalf("%s, %s, %s: %v", scene, path, language, err)
		}
		for how, what := range found {
			if n++; what != "" {
				t.Errorf("%s, %s, %s, %s: %s", scene, path, language, how, what)
			}
		}
	}
	w, o := toured(t, false)
	server := httptest.NewServer(handler(t, o))
	t.Cleanup(server.Close)
	visits(ctx, t, w, server.URL, func(p stop, language string) { judge("as usual", server.URL, p.path, language) })
	for _, s := range scenes() {
		w := populated(false)
		s.change(w)
		server := httptest.NewServer(handler(t, options(t, w)))
		t.Cleanup(server.Close)
		enterChromium(ctx, t, w, server.URL)
		for _, path := range s.paths {
			for _, language := range languages {
				if language == "en" || os.Getenv("FLATTERY_LONG") == "1" {
					judge(s.name, server.URL, path, language)
				}
			}
		}
	}
	t.Logf("%d looks", n)
}
