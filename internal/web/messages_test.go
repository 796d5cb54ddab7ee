package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"flattery"
)

func TestMessagesSayWhatHappenedAndWhereItGoes(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	expect(t, b, "/settings/messages", []string{"is not read any more", `<a href="/slips"><bdi>3 slips to pay: €4.20</bdi></a>`, "13\u00a0October", "You have had one since 2\u00a0October 2026", ">works<", ">in trouble<",
		">turned off<", "the connection was refused", "<code>slips.ready</code>", "tried again later"}, []string{"whsec_"})
	for range 2 {
		b.post("/settings/messages/hooks", "url", "https://more.example/")
	}
	expect(t, b, "/settings/messages", []string{"You have 5 webhooks, as many as there may be"}, []string{`name="url"`})
	w.post = Messages{MostHooks: 5}
	expect(t, b, "/settings/messages", []string{"Nothing yet", ">Make a feed<", `name="url"`}, []string{">End the feed<"})
}

func TestWhatIsSecretIsShownInItsOwnAnswerOnly(t *testing.T) {
	for name, row := range map[string]struct {
		path  string
		shows string
	}{
		"a feed":           {"/settings/messages/feed", "http://127.0.0.1:8080/feed/feed-made-now"},
		"a webhook":        {"/settings/messages/hooks", "whsec_made-now"},
		"its new key":      {"/settings/messages/hooks/1/rotate", "whsec_made-now"},
		"not that of none": {"/settings/messages/hooks/1/rotat", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := populated(false)
			b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
			got := b.post(row.path, "url", "https://more.example/")
			if shown := strings.Contains(got.Body.String(), "made-now"); shown != (row.shows != "") || !strings.Contains(got.Body.String(), row.shows) || got.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("answered %d, headers %v: %s", got.Code, got.Header(), got.Body)
			}
			expect(t, b, "/settings/messages", nil, []string{"made-now"})
		})
	}
}

func TestATestOfAWebhookSaysHowItWent(t *testing.T) {
	for name, row := range map[string]struct {
		d    flattery.Delivery
		says string
	}{
		"well":           {flattery.Delivery{Status: 204, State: flattery.DeliveryDone}, "The test was answered with 204. The webhook works."},
		"badly":          {flattery.Delivery{Status: 302, State: flattery.DeliveryFailed}, "The test was answered with 302; a good answer begins with 2."},
		"without answer": {flattery.Delivery{State: flattery.DeliveryFailed, Cause: "<b>refused"}, `The test got no answer. <q lang="en"><bdi>&lt;b&gt;refused</bdi></q>`},
	} {
		t.Run(name, func(t *testing.T) {
			w := populated(false)
			w.tested = row.d
			b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
			if got := b.post("/settings/messages/hooks/2/test"); got.Code != http.StatusSeeOther {
				t.Errorf("answered %d", got.Code)
			}
			expect(t, b, "/settings/messages", []string{row.says}, nil)
		})
	}
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	for range 20 {
		b.post("/settings/messages/hooks/2/test")
	}
	if got := b.post("/settings/messages/hooks/2/test"); got.Code != http.StatusTooManyRequests {
		t.Errorf("the one too many answered %d", got.Code)
	}
	if got := b.post("/settings/messages/hooks", "url", "ftp://x"); got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), `href="/settings/messages"`) {
		t.Errorf("no address answered %d: %s", got.Code, got.Body)
	}
}

func TestAFeedIsSentOnceToWhoHasItAlready(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w)))
	first := b.get("/feed/adas-feed")
	h := first.Header()
	if first.Code != 200 || first.Body.String() != "<feed/>" || h.Get("Content-Type") != "application/atom+xml; charset=utf-8" || h.Get("ETag") == "" ||
		h.Get("Last-Modified") != today.Format(http.TimeFormat) || h.Get("Cache-Control") != "private, no-cache" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("Set-Cookie") != "" {
		t.Errorf("answered %d, %v", first.Code, h)
	}
	for name, row := range map[string]struct {
		header, value string
		status        int
	}{
		"the same":         {"If-None-Match", h.Get("ETag"), http.StatusNotModified},
		"another":          {"If-None-Match", `"x"`, http.StatusOK},
		"since then":       {"If-Modified-Since", today.Format(http.TimeFormat), http.StatusNotModified},
		"since long":       {"If-Modified-Since", today.Add(-time.Second).Format(http.TimeFormat), http.StatusOK},
		"asked in no form": {"If-Modified-Since", "yesterday", http.StatusOK},
	} {
		b.headers = map[string]string{row.header: row.value}
		if got := b.get("/feed/adas-feed"); got.Code != row.status {
			t.Errorf("%s: answered %d, want %d", name, got.Code, row.status)
		}
	}
	b.headers = nil
	if got := b.get("/feed/other"); got.Code != http.StatusNotFound || got.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("no feed answered %d", got.Code)
	}
}
