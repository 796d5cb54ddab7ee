package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"flattery"
)

// A stop is a page that every test of pages comes by: it is drawn, judged by tools that are not ours, and looked at in a
// browser, in every language.
type stop struct {
	path     string
	stranger bool // seen by who is not signed in
	main     bool // its pictures are taken in every language, and wide ones too
}

// tour is every page there is, at least once. Who is signed in is ada, who runs the instance.
func tour() []stop {
	return []stop{
		{path: "/", stranger: true},
		{path: "/enter/chromium", stranger: true},
		{path: "/signin", stranger: true},
		{path: "/invite/invited", stranger: true},
		{path: "/p/Bob", stranger: true},
		{path: "/terms", stranger: true},
		{path: "/c/waits", stranger: true, main: true},
		{path: "/c/claimed", stranger: true},
		{path: "/c/keyless", stranger: true},
		{path: "/c/profile", stranger: true, main: true},
		{path: "/mail/confirm/adas-mail", stranger: true},
		{path: "/mail/end/adas-end", stranger: true},
		{path: "/welcome"},
		{path: "/month", main: true},
		{path: "/month?state=removed"},
		{path: "/months", main: true},
		{path: "/months/2026-09", main: true},
		{path: "/months/2026-07"},
		{path: "/slips", main: true},
		{path: "/slips/1"},
		{path: "/slips/2", main: true},
		{path: "/slips/3", main: true},
		{path: "/slips/4"},
		{path: "/slips/8"},
		{path: "/slips/9"},
		{path: "/slips/10"},
		{path: "/slips/sponsors?currency=EUR"},
		{path: "/slips/sponsors?currency=EUR&rate=1.0842", main: true}, // it is made
		{path: "/slips/sponsors?currency=EUR&rate=1.3", main: true},
		{path: "/slips/sponsors?currency=EUR&rate=0.1"},
		{path: "/slips/sponsors?currency=EUR&rate=much"},
		{path: "/flattrs/55"},
		{path: "/flattrs/50"},
		{path: "/flattrs/40"},
		{path: "/subscriptions"},
		{path: "/links", main: true},
		{path: "/links/1"},
		{path: "/links/2"},
		{path: "/import"},
		{path: "/networks/github"},
		{path: "/networks/twitter"},
		{path: "/networks/flickr"},
		{path: "/networks/vimeo"},
		{path: "/networks/fivehundredpx"},
		{path: "/networks/instagram"},
		{path: "/oauth/code"},
		{path: "/identities", main: true},
		{path: "/identities/github/prove"},
		{path: "/identities/vimeo/prove"},
		{path: "/claims/1"},
		{path: "/authors", main: true},
		{path: "/income", main: true},
		{path: "/income/2026-09"},
		{path: "/income/2026-10"},
		{path: "/income/2026-08"},
		{path: "/settings", main: true},
		{path: "/settings/messages", main: true},
		{path: "/settings/security"},
		{path: "/stepup?next=/slips"},
		{path: "/button"},
		{path: asking("user_id", "Bob", "url", "https://blog.example/zips", "title", liked[3][2], "tags", "sewing,repair", "category", "text")},
		{path: asking("user_id", "github:"+hostile[4], "url", "https://blog.example/"+strings.Repeat("long", 200), "title", hostile[2][:2000])},
		{path: "/networks/twitter/keys"},
		{path: "/networks/github/keys"},
		{path: "/networks/flickr/keys"},
		{path: "/networks/vimeo/keys"},
		{path: "/admin/health", main: true},
		{path: "/admin/months"},
		{path: "/admin/payments"},
		{path: "/admin/bank"},
		{path: "/admin/instance"},
		{path: "/admin/policy"},
		{path: "/setup/keys"},
		{path: "/setup/place"},
		{path: "/setup/money"},
		{path: "/setup/budget"},
		{path: "/setup/network"},
		{path: "/setup/done"},
		{path: "/admin/accounts"},
		{path: "/admin/disputes"},
		{path: "/nothing"},
	}
}

// toured is a world in which every stop of the tour is there; rough as in populated.
func toured(t *testing.T, rough bool) (*world, Options) {
	t.Helper()
	w := populated(rough)
	for id, a := range w.accounts {
		a.Public = true
		w.accounts[id] = a
	}
	for i := range w.payments {
		if p := &w.payments[i]; p.ID == 9 { // as the file of GitHub Sponsors cuts it
			p.Amount, p.Carried = 4_610_000, 810_000
		}
	}
	w.tokens["chromium"] = ada
	w.networks[0].Provable = true // where nobody can sign in
	o := options(t, w)
	o.Demo = rough
	return w, o
}

// tourists are who the pages of a tour are shown to.
type tourists struct{ stranger, ada *browser }

// travel lets both in; a code of a network waits for ada, and a token for the stranger.
func travel(t *testing.T, w *world, h http.Handler) tourists {
	t.Helper()
	both := tourists{visitor(t, h), visitor(t, h).signIn(w, ada)}
	if got := both.stranger.post("/c/profile/token"); got.Header().Get("Location") != "/c/profile#profile" {
		t.Fatalf("asking for a token answered %d, to %q", got.Code, got.Header().Get("Location"))
	}
	if got := both.ada.post("/connect", "network", "flickr", "purpose", "linking", "code", "1"); got.Header().Get("Location") != "/oauth/code" {
		t.Fatalf("asking for a code answered %d, to %q", got.Code, got.Header().Get("Location"))
	}
	both.ada.post("/slips/3/invoice", "sat", "1 691")
	return both
}

// at gets a page of the tour in a language.
func (both tourists) at(p stop, language string) *httptest.ResponseRecorder {
	b := both.ada
	if p.stranger {
		b = both.stranger
	}
	b.headers["Accept-Language"] = language
	return b.get(p.path)
}

// raws are the routes to read that are no pages.
var raws = []string{"GET /slips/{id}/code.svg", "GET /slips/sponsors/file.csv", "GET /months/{month}/statement.csv", "GET /income/{month}/income.csv", "GET /settings/export.zip", "GET /oauth/cb/{network}/{host}", "GET /setup", "GET /feed/{token}", "GET /admin/payments/batches/{id}/file"}

func TestTheTourComesByEveryPage(t *testing.T) {
	mux, seen := http.NewServeMux(), map[string]bool{}
	for _, rt := range (&site{}).routes() {
		mux.Handle(rt.pattern, http.NotFoundHandler())
	}
	for _, p := range tour() {
		u, err := url.Parse(p.path)
		if err != nil {
			t.Fatal(err)
		}
		_, pattern := mux.Handler(&http.Request{Method: http.MethodGet, URL: u})
		seen[pattern] = true
	}
	for _, pattern := range raws {
		seen[pattern] = true
	}
	for _, rt := range (&site{}).routes() {
		if strings.HasPrefix(rt.pattern, "GET ") && !seen[rt.pattern] {
			t.Errorf("%s is on no tour: add a stop", rt.pattern)
		}
	}
	w, o := toured(t, false)
	both := travel(t, w, handler(t, o))
	for _, p := range tour() {
		if got := both.at(p, "en").Code; got != http.StatusOK && (p.path != "/nothing" || got != http.StatusNotFound) {
			t.Errorf("%s answered %d", p.path, got)
		}
	}
}

// A scene is a world in another state than that of the tour, and the pages that are other there.
type scene struct {
	name   string
	change func(w *world)
	paths  []string
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
		{"stopped", stopped, []string{"/links"}},
		{"stopped, for a donor", func(w *world) { stopped(w); plain(w) }, []string{"/links", "/networks/vimeo"}},
		{"pending", func(w *world) {
			for i := range w.flattrs {
				w.flattrs[i].State, w.flattrs[i].CountsIn = flattery.Pending, 0
			}
		}, []string{"/month"}},
		{"empty", func(w *world) {
			w.flattrs, w.links, w.claims, w.payments, w.debts, w.incomes, w.toAda = nil, nil, nil, nil, nil, nil, nil
		}, []string{"/month", "/slips", "/links", "/identities", "/income"}},
		{"the house collects", (*world).trialled, []string{"/slips", "/slips?amount=30", "/income", "/admin/payments", "/admin/bank", "/admin/policy"}},
		{"a cent was not sent yet", func(w *world) {
			w.trialled()
			w.trial.Payment = 0
		}, []string{"/income"}},
		{"a cent proved it", func(w *world) {
			w.trialled()
			w.trial.ProvedAt = today
		}, []string{"/income"}},
		{"known by a network alone", func(w *world) {
			w.keys[ada], w.claims[0].LapsedAt, w.claims[0].Disputed = flattery.Keys{}, time.Time{}, false
		}, []string{"/stepup?next=/income"}},
		{"priced and ticked", func(w *world) { w.networks[0].Ready, w.networks[0].Accepted, w.networks[0].HasKeys = true, true, true }, []string{"/networks/twitter", "/networks/twitter/keys"}},
	}
}

// failures are a page for each error that has words, the worst it may say among them.
func failures(t *testing.T) []*errorPage {
	t.Helper()
	var all []*errorPage
	for key := range speak(t).byCode["en"].phrases {
		name, ok := strings.CutSuffix(key, ".title")
		if name, ours := strings.CutPrefix(name, "error."); ok && ours {
			p := &errorPage{Status: http.StatusTeapot, Key: name, Back: "/links"}
			p.Here, p.Account, p.Runs, p.Version, p.Zone = "/links", "Ada", true, "0.1.0", "Europe/Berlin"
			if name == "outside" {
				p.Why, p.Owner, p.Detail = "keys", true, clean(hostile[0])
			}
			all = append(all, p)
		}
	}
	return all
}
