package web

import (
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"flattery"
)

// published is a world in which Ada wants to be seen, and Bob too.
func published() *world {
	w := populated(false)
	for id, a := range w.accounts {
		a.Public = true
		w.accounts[id] = a
	}
	return w
}

func asking(pairs ...string) string {
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return "/submit/auto?" + q.Encode()
}

func TestTheWindowSaysWhatWouldBeFlattredAndWhoseItIs(t *testing.T) {
	const page = "https://blog.example/zips"
	for name, row := range map[string]struct {
		who       flattery.AccountID
		path      string
		says, not []string
	}{
		"of an account":         {ada, asking("user_id", "Bob", "url", page, "title", "Mending zips"), []string{"Mending zips", page, `href="/p/Bob"`, "blog.example belongs", `name="turn"`}, []string{"nobody yet", "Sign in"}},
		"of a handle":           {ada, asking("user_id", "github:zoe", "url", page), []string{"zoe", "GitHub", "nobody yet", "the flattr waits"}, nil},
		"of a page alone":       {ada, asking("url", page, "title", "Zips"), []string{"whoever made this page on blog.example", "nobody yet"}, []string{"blog.example belongs"}},
		"one’s own":             {ada, asking("user_id", "Ada", "url", page), []string{"This is your own"}, []string{`name="turn"`}},
		"to a stranger":         {0, asking("user_id", "Bob", "url", page), []string{"You are not signed in", `href="/"`}, []string{`name="turn"`}},
		"Flattr's parameters":   {ada, asking("user_id", "Bob", "url", page, "description", "How to <b>", "tags", "sewing, repair,,", "language", "sv_SE", "category", "text", "hidden", "1", "popout", "1"), []string{"How to &lt;b&gt;", "sewing", "repair", `lang="sv-SE"`, ">text<"}, []string{"<b>"}},
		"a category of nothing": {ada, asking("url", page, "category", "<i>", "language", `"><i>`), nil, []string{"<i>", "&lt;i&gt;"}},
		"a title of 10 kB":      {ada, asking("url", page, "title", hostile[2]), []string{"gesellschaft"}, []string{">" + hostile[2], "title\" value=\"" + hostile[2]}},
		"a title that turns":    {ada, asking("url", page, "title", hostile[1]), []string{"evil reversed text"}, []string{"\u202e", "\u2066"}},
		"a title of scripts":    {ada, asking("url", page, "title", hostile[0]), []string{"&lt;script&gt;alert(1)"}, []string{"<script>alert", "<img src=x"}},
		"a title of styles":     {ada, asking("url", page, "title", hostile[5]), []string{"&lt;style&gt;"}, []string{"<style>body"}},
		"a user of scripts":     {ada, asking("url", page, "user_id", "github:"+hostile[0]), []string{"&lt;script&gt;alert(1)"}, []string{"<script>alert", "<img src=x"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := published()
			b := visitor(t, handler(t, options(t, w)))
			if row.who != 0 {
				b.signIn(w, row.who)
			}
			was := len(w.flattrs)
			expect(t, b, row.path, row.says, row.not)
			if len(w.flattrs) != was {
				t.Error("to look flattred it")
			}
		})
	}
}

func TestWhatCannotBeFlattredIsRefusedInWords(t *testing.T) {
	for name, row := range map[string]struct{ path, words string }{
		"a script":               {asking("url", "javascript:alert(1)"), "only pages that begin with"},
		"nothing":                {"/submit/auto", "only pages that begin with"},
		"an account that hides":  {asking("url", "https://blog.example/", "user_id", "Ada"), "nobody here has a button by the name"},
		"an account that is not": {asking("url", "https://blog.example/", "user_id", "nobody"), "nobody here has a button by the name"},
		"scripts for a name":     {asking("url", "https://blog.example/", "user_id", "<script>alert(1)</script>"), "&lt;script&gt;alert(1)"},
	} {
		t.Run(name, func(t *testing.T) {
			w := populated(false)
			b := visitor(t, handler(t, options(t, w))).signIn(w, bob)
			got := b.get(row.path)
			if got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), row.words) {
				t.Errorf("answered %d: %s", got.Code, got.Body)
			}
			wellFormed(t, name, got.Body.String())
		})
	}
}

// fields are the hidden fields of a form.
func fields(body string) (pairs []string) {
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([a-z_]+)" value="([^"]*)">`).FindAllStringSubmatch(body, -1) {
		if m[1] != "back" {
			pairs = append(pairs, m[1], strings.NewReplacer("&amp;", "&", "&#34;", `"`, "&#43;", "+").Replace(m[2]))
		}
	}
	return pairs
}

func TestAPressIsOneFlattrHoweverOftenItIsSent(t *testing.T) {
	w := published()
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	was := len(w.flattrs)
	address := asking("user_id", "Bob", "url", "https://blog.example/?a=1&b=2", "title", `Zips & "more"`)
	window := fields(b.get(address).Body.String())
	first := b.post("/submit/auto", window...)
	to := first.Header().Get("Location")
	if first.Code != http.StatusSeeOther || !strings.HasPrefix(to, "/flattrs/") || len(w.flattrs) != was+1 {
		t.Fatalf("answered %d, leads to %q, %d flattrs more", first.Code, to, len(w.flattrs)-was)
	}
	if f := w.flattrs[was]; f.Thing.URL != "https://blog.example/?a=1&b=2" || f.Thing.Title != `Zips & "more"` || f.State != flattery.Counting {
		t.Errorf("flattred %+v", f)
	}
	expect(t, b, to, []string{"Flattred. It gets a share", "Zips &amp; &#34;more&#34;", "Every month again", "Tell others", "https://blog.example/?a=1&amp;b=2"}, nil)
	again := b.post("/submit/auto", window...)
	if again.Header().Get("Location") != to || len(w.flattrs) != was+1 {
		t.Errorf("sent again it leads to %q, %d flattrs more", again.Header().Get("Location"), len(w.flattrs)-was)
	}
	expect(t, b, to, []string{"it counts no second time"}, nil)
	b.post("/submit/auto", fields(b.get(address).Body.String())...)
	if len(w.flattrs) != was+2 {
		t.Errorf("opened anew, it is %d flattrs more", len(w.flattrs)-was)
	}
	if got := b.post("/submit/auto", "url", "https://blog.example/", "turn", "-1"); got.Code != http.StatusBadRequest {
		t.Errorf("without a turn it answered %d", got.Code)
	}
	turns := map[int64]bool{}
	for range 1000 {
		turns[newTurn()] = true
	}
	if len(turns) != 1000 || turns[0] {
		t.Errorf("%d turns of 1000", len(turns))
	}
}

func TestAStrangerSignsInAndComesBackToTheWindow(t *testing.T) {
	w := published()
	b := visitor(t, handler(t, options(t, w)))
	address := asking("user_id", "Bob", "url", "https://blog.example/?a=1", "title", "Ä & b")
	b.get(address)
	if len(w.sessions) != 0 {
		t.Error("a stranger got a session")
	}
	b.signIn(w, ada)
	if to := b.get("/").Header().Get("Location"); to != address {
		t.Errorf("leads to %q, want %q", to, address)
	}
	if to := b.get("/").Header().Get("Location"); to != "/month" {
		t.Errorf("the second time it leads to %q", to)
	}
	for name, kept := range map[string]string{
		"another site":     "https://evil.example/submit/auto?url=x",
		"two slashes":      "//evil.example/submit/auto?url=x",
		"another page":     "/leave",
		"out of the path":  "/submit/auto/../../leave?x",
		"a line break":     "/submit/auto?\r\nSet-Cookie: x=y",
		"nothing":          "",
		"not even base 64": "\x00",
	} {
		b.cookies["flattery-back"] = &http.Cookie{Name: "flattery-back", Value: base64.RawURLEncoding.EncodeToString([]byte(kept))}
		if to := b.get("/").Header().Get("Location"); to != "/month" {
			t.Errorf("%s leads to %q", name, to)
		}
	}
	long := visitor(t, b.h)
	long.get(asking("url", "https://blog.example/"+strings.Repeat("a", 1900), "title", strings.Repeat("ä", 5000), "tags", "x"))
	if to := long.signIn(w, ada).get("/").Header().Get("Location"); to != asking("url", "https://blog.example/"+strings.Repeat("a", 1900)) {
		t.Errorf("a long one leads to %q", to)
	}
}

func TestFilesForOtherPagesSetNoCookieAndAskNothing(t *testing.T) {
	w := published()
	h := handler(t, options(t, w))
	for path, kind := range map[string]string{"/button.js": "text/javascript; charset=utf-8", "/badge/Ada.svg": "image/svg+xml"} {
		b := visitor(t, h).signIn(w, ada)
		got := b.get(path)
		if got.Code != http.StatusOK || got.Header().Get("Content-Type") != kind || len(got.Result().Cookies()) != 0 ||
			got.Header().Get("Cross-Origin-Resource-Policy") != "cross-origin" || !strings.HasPrefix(got.Header().Get("Cache-Control"), "public") {
			t.Errorf("%s answered %d %v", path, got.Code, got.Header())
		}
	}
	script := visitor(t, h).get("/button.js").Body.String()
	if len(script) > 3000 {
		t.Errorf("the button has %d bytes", len(script))
	}
	for _, never := range []string{"cookie", "fetch(", "XMLHttpRequest", "sendBeacon", "localStorage", "eval", "innerHTML", "new Image"} {
		if strings.Contains(regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(script, ""), never) {
			t.Errorf("the button speaks of %s", never)
		}
	}
	a := w.accounts[ada]
	a.Name = `A<b>&"c`
	w.accounts[ada] = a
	badge := visitor(t, h).get("/badge/" + url.PathEscape(a.Name) + ".svg")
	var root struct{ XMLName xml.Name }
	if err := xml.Unmarshal(badge.Body.Bytes(), &root); err != nil || root.XMLName.Local != "svg" || strings.Contains(badge.Body.String(), "<b>") {
		t.Errorf("the badge is %v: %s", err, badge.Body)
	}
}

func TestACreatorIsSeenWhoWantsToBe(t *testing.T) {
	w := populated(false)
	h := handler(t, options(t, w))
	b := visitor(t, h).signIn(w, ada)
	stranger := visitor(t, h)
	expect(t, b, "/button", []string{"It is off", "Show my page", "javascript:(function(){window.open("}, []string{"button.js", `rel=&#34;payment`})
	if got := b.post("/button/public", "public", "1"); got.Code != http.StatusSeeOther {
		t.Fatalf("publishing answered %d", got.Code)
	}
	expect(t, b, "/button", []string{"http://127.0.0.1:8080/p/Ada", "http://127.0.0.1:8080/button.js", "flattery-button", "rel=&#34;payment&#34;", "/badge/Ada.svg", "&amp;amp;user_id=Ada"}, []string{"It is off"})
	w.claims = append(w.claims, flattery.Claim{ID: 9, Account: ada, Identity: w.accounts[ada].Self(), Proof: flattery.ByHouse, ProvedAt: today})
	expect(t, stranger, "/p/ada", []string{"Ada", "ada-w", "kettle-works", `rel="payment"`, "/submit/auto?title=Ada&amp;url=http%3A%2F%2F127.0.0.1%3A8080%2Fp%2FAda&amp;user_id=Ada"},
		[]string{"€", "5.00", "proof.", "Flattery</span> <span"})
	expect(t, b, "/identities", []string{"kettle-works"}, []string{"/claims/9/remove"})
	b.post("/button/public")
	if got := stranger.get("/p/Ada"); got.Code != http.StatusNotFound {
		t.Errorf("hidden again it answered %d", got.Code)
	}
	expect(t, stranger, "/button", []string{"Sign in to get yours", "javascript:(function(){window.open("}, []string{"button.js"})
}

func TestAFlattrIsSubscribedAndStopped(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	expect(t, b, "/month", []string{`href="/flattrs/55"`, `href="/subscriptions"`}, nil)
	expect(t, b, "/flattrs/55", []string{"for the first time in November 2026", ">3 months<", ">until I stop it<", "Tell others"}, []string{"Never count this author"})
	for months, want := range map[string]int{"3": 303, "0": 303, "4": 400, "": 400, "-3": 400, "x": 400} {
		if got := b.post("/flattrs/55/subscribe", "months", months); got.Code != want {
			t.Errorf("for %q months it answered %d, want %d", months, got.Code, want)
		}
	}
	expect(t, b, "/flattrs/55", []string{"It counts again each month, from November 2026"}, []string{"for the first time in"})
	expect(t, b, "/subscriptions", []string{"tinywebkit/lighthouse-keeper", "December 2026", "until I stop it", `action="/subscriptions/1/stop"`, "Eleven Minutes of Rain"},
		[]string{`action="/subscriptions/3/stop"`, `action="/subscriptions/4/stop"`})
	b.post("/subscriptions/1/stop")
	expect(t, b, "/subscriptions", []string{"Stopped. What has counted stays."}, []string{`action="/subscriptions/1/stop"`})
	expect(t, b, "/flattrs/38", []string{"It is your own"}, []string{"for the first time in"})
}

func TestRulesSayWhatCountsOverALink(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	expect(t, b, "/links", []string{`href="/links/1"`, "Switched off: what you like there"}, nil)
	expect(t, b, "/links/2", []string{"fog\nhttps://flickr.example/*</textarea>", `<option value="3" selected>`}, []string{" checked"})
	expect(t, b, "/links/1", []string{" checked", "spam-farm", `action="/links/1/allow"`, `<option value="1">`}, nil)
	b.post("/links/1", "on", "1", "weight", "5", "matching", " tide  tables\r\n\r\n*fog*")
	if want := (flattery.Rules{Weight: 5, Matching: "tide tables\n*fog*"}); w.links[0].Rules != want {
		t.Errorf("the rules are %+v, want %+v", w.links[0].Rules, want)
	}
	b.post("/links/1", "weight", "1")
	if !w.links[0].Rules.Paused {
		t.Error("it is not switched off")
	}
	for name, form := range map[string][]string{"too heavy": {"weight", "11"}, "no weight": {"weight", ""}, "a fraction": {"weight", "1.5"}, "too many": {"weight", "1", "matching", strings.Repeat("a\n", 60)}} {
		if got := b.post("/links/1", form...); got.Code != http.StatusBadRequest || w.links[0].Rules.Weight != 1 {
			t.Errorf("%s answered %d", name, got.Code)
		}
	}
	b.post("/links/1/allow", "network", "github", "host", "github.example", "subject", "spam")
	b.post("/links/1/never", "handle", "ZEN")
	expect(t, b, "/links/1", []string{"Excluded. What comes of this author"}, []string{"spam-farm"})
	b.post("/links/1/never", "handle", "nobody")
	expect(t, b, "/links/1", []string{"Nobody by that name"}, nil)
	var over flattery.FlattrID
	for _, f := range w.flattrs {
		if f.Link == 1 {
			over = f.ID
		}
	}
	at := "/flattrs/" + strconv.FormatInt(int64(over), 10)
	expect(t, b, at, []string{"Never count this author", `action="/links/1/never"`}, nil)
	b.post("/links/1/never", "flattr", strconv.FormatInt(int64(over), 10))
	if last := w.nevers[1][len(w.nevers[1])-1]; last.Subject == "" {
		t.Errorf("excluded %+v", last)
	}
	if got := b.post("/links/1/never", "flattr", "9999"); got.Code != http.StatusNotFound {
		t.Errorf("of a flattr that is not it answered %d", got.Code)
	}
}

func TestWhatWasSetAsideIsCountedByHand(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	expect(t, b, "/month?state=excluded", []string{"set aside", ">Count it<"}, nil)
	m := regexp.MustCompile(`/flattrs/(\d+)/restore`).FindStringSubmatch(b.get("/month?state=excluded").Body.String())
	expect(t, b, "/flattrs/"+m[1], []string{"The rules of its link set it aside", "Let it count"}, nil)
	if got := b.post(m[0]); got.Code != http.StatusSeeOther {
		t.Errorf("answered %d", got.Code)
	}
	expect(t, b, "/flattrs/"+m[1], []string{"It counts and gets a share"}, nil)
}
