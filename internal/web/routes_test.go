package web

import (
	"net/http"
	"strings"
	"testing"

	"flattery"
)

// Only ada has these; nobody else may ever see them.
var adasOwn = []string{"lighthouse-keeper", "tinywebkit", "ada-w", "FLT-7K1"}

func TestEveryRouteAnswersEachVisitorAsItShould(t *testing.T) {
	const (
		page    = http.StatusOK
		sent    = http.StatusSeeOther
		refused = http.StatusForbidden
		missing = http.StatusNotFound
	)
	// What a stranger, the owner and another account get.
	want := map[string]struct {
		path                   string
		stranger, owner, other int
	}{
		"GET /{$}":                   {"/", page, sent, sent},
		"GET /enter/{token}":         {"/enter/abc", page, page, page},
		"POST /enter/{token}":        {"/enter/abc", refused, refused, refused},
		"POST /leave":                {"/leave", sent, sent, sent},
		"POST /language":             {"/language", sent, sent, sent},
		"GET /month":                 {"/month", sent, page, page},
		"POST /flattrs/{id}/remove":  {"/flattrs/55/remove", refused, sent, missing},
		"POST /flattrs/{id}/restore": {"/flattrs/41/restore", refused, sent, missing},
		"GET /months":                {"/months", sent, page, page},
		"GET /months/{month}":        {"/months/2026-09", sent, page, page},
		"GET /slips":                 {"/slips", sent, page, page},
		"POST /slips/{id}/{state}":   {"/slips/1/paid", refused, sent, missing},
		"GET /links":                 {"/links", sent, page, page},
	}
	routes := (&site{}).routes()
	if len(routes) != len(want) {
		t.Errorf("there are %d routes and %d rows for them", len(routes), len(want))
	}
	for _, rt := range routes {
		row, ok := want[rt.pattern]
		if !ok {
			t.Errorf("route %s has no row here", rt.pattern)
			continue
		}
		method, _, _ := strings.Cut(rt.pattern, " ")
		for who, status := range map[flattery.AccountID]int{0: row.stranger, ada: row.owner, bob: row.other} {
			w := populated(false)
			b := visitor(t, handler(t, options(t, w)))
			if who != 0 {
				b.signIn(w, who)
			}
			form := map[string][]string{"language": {"fr"}}
			got := b.do(method, row.path, form)
			if got.Code != status {
				t.Errorf("%s as account %d: answered %d, want %d", rt.pattern, who, got.Code, status)
			}
			checkHeaders(t, rt.pattern, got.Header())
			if who == ada {
				continue
			}
			for _, secret := range adasOwn {
				if strings.Contains(got.Body.String(), secret) {
					t.Errorf("%s shows account %d what is ada's: %s", rt.pattern, who, secret)
				}
			}
			if w.flattrs[54].State != flattery.Counting || w.payments[0].State != flattery.PaymentPlanned {
				t.Errorf("%s as account %d changed what is ada's", rt.pattern, who)
			}
		}
	}
}

func checkHeaders(t *testing.T, what string, h http.Header) {
	t.Helper()
	csp := h.Get("Content-Security-Policy")
	if !strings.Contains(csp, "default-src 'self'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("%s: content security policy %q", what, csp)
	}
	if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") == "" {
		t.Errorf("%s: headers %v", what, h)
	}
	wish := "same-origin"
	if strings.Contains(what, "/enter/") {
		wish = "no-referrer"
	}
	if got := h.Get("Referrer-Policy"); got != wish {
		t.Errorf("%s: referrer policy %q, want %q", what, got, wish)
	}
}

func TestAddressesThatAreNotThereAreNamed(t *testing.T) {
	for name, row := range map[string]struct {
		method, path string
		status       int
	}{
		"no such page":                  {"GET", "/nothing", 404},
		"a page is not commanded":       {"POST", "/month", 405},
		"a command is not read":         {"GET", "/leave", 405},
		"another method":                {"DELETE", "/month", 405},
		"a month in the future":         {"GET", "/months/2026-11", 404},
		"a month before the account":    {"GET", "/months/2026-06", 404},
		"not a month":                   {"GET", "/months/october", 404},
		"no such state":                 {"GET", "/month?state=seen", 404},
		"before what is no number":      {"GET", "/month?before=x", 404},
		"before what is negative":       {"GET", "/month?before=-1", 404},
		"a flattr that is no number":    {"POST", "/flattrs/x/remove", 404},
		"a slip into no state":          {"POST", "/slips/1/planned", 404},
		"a number that is too long":     {"POST", "/slips/99999999999999999999/paid", 404},
		"no such file":                  {"GET", "/assets/flattery.css", 404},
		"out of the folder of files":    {"GET", "/assets/..%2flocales%2fen.json", 404},
		"a language that nobody speaks": {"POST", "/language", 400},
	} {
		t.Run(name, func(t *testing.T) {
			w := populated(false)
			b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
			got := b.do(row.method, row.path, map[string][]string{"language": {"tlh"}})
			if got.Code != row.status {
				t.Errorf("answered %d, want %d", got.Code, row.status)
			}
			if row.status == 405 && got.Header().Get("Allow") == "" {
				t.Error("does not say what is allowed")
			}
		})
	}
}

func TestRefusalsBecomePagesWithWords(t *testing.T) {
	for name, row := range map[string]struct {
		refuse error
		status int
		words  string
	}{
		"the month was frozen meanwhile": {flattery.ErrFrozen, 409, "That month is closed"},
		"the month was settled":          {flattery.ErrSettled, 409, "That month is closed"},
		"done already":                   {flattery.ErrState, 409, "not possible any more"},
		"nobody knows whether":           {flattery.ErrUnknown, 503, "do not know whether"},
		"bad input":                      {flattery.Input("no"), 400, "did not understand"},
		"a fault of ours":                {errDown, 500, "broke on our side"},
	} {
		t.Run(name, func(t *testing.T) {
			w := populated(false)
			b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
			w.refuse = row.refuse
			got := b.post("/flattrs/55/remove")
			if got.Code != row.status || !strings.Contains(got.Body.String(), row.words) {
				t.Errorf("answered %d: %s", got.Code, got.Body)
			}
			if strings.Contains(got.Body.String(), "/var/lib/secret") {
				t.Error("the page tells the inner error")
			}
		})
	}
}

func TestAFaultIsAPageAndALineInTheLog(t *testing.T) {
	w := populated(false)
	var log strings.Builder
	o := options(t, w)
	o.Log = textLog(&log)
	b := visitor(t, handler(t, o)).signIn(w, ada)
	w.broken = errDown
	for _, path := range []string{"/month", "/healthz"} {
		if got := b.get(path); got.Code != 500 && got.Code != 503 || strings.Contains(got.Body.String(), "secret") {
			t.Errorf("%s answered %d: %s", path, got.Code, got.Body)
		}
	}
	b.post("/enter/very-secret-token")
	if !strings.Contains(log.String(), "disk on fire") || strings.Contains(log.String(), "very-secret-token") {
		t.Errorf("log: %s", log.String())
	}
}

func TestAPanicCostsOnePage(t *testing.T) {
	w := populated(false)
	o := options(t, w)
	o.Store = panicking{w}
	b := visitor(t, handler(t, o)).signIn(w, ada)
	if got := b.get("/links"); got.Code != 500 || !strings.Contains(got.Body.String(), "broke on our side") {
		t.Errorf("answered %d: %s", got.Code, got.Body)
	}
}
