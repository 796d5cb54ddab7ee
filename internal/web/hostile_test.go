package web

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
	"unsafe"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"golang.org/x/net/html"

	"flattery"
)

// strange is what a name, a title or a network's answer may be at its worst. What runs marks the page it runs on. Every fifth
// runs from right to left: five turns bring one of them everywhere.
var strange = []string{
	`<script>document.documentElement.id="ran"</script><img src=x onerror="document.documentElement.id='ran'">`,
	"مكتبة \u202Eevil\u2066 reversed\u2069\u2069 حرة",
	strings.Repeat("Donaudampfschifffahrtsgesellschaft", 300), // 10 kB without a break
	"👩‍👩‍👧‍👦🏳️‍🌈 emoji and \x00 nul\x1b[31m\r\nnew\u2028line\ttab",
	`"'><style>body{display:none}</style>{{.Secret}} %!s(MISSING) &amp; --><!--`,
	"\u200b\u2060\ufeff\u00ad\u180e", // nothing that shows
	"مشروع حر ومفتوح (1) !",
	"Z" + strings.Repeat("\u0335\u0327\u0300\u0342", 60) + "algo" + strings.Repeat("\u0489\u20dd", 60),
	strings.Repeat("word ", 2000),
	strings.Repeat("漢字﷽", 400),
}

// strangeAddresses are addresses that lead nowhere one wants to be led.
var strangeAddresses = []string{
	`javascript:document.documentElement.id="ran"`, "https://" + strings.Repeat("long.", 400) + "example/", "https://user:pass@evil.example/", `https://evil.example/"onclick="document.documentElement.id='ran'"`,
	"data:text/html,<script>alert(1)</script>", "//evil.example/", "https://evil.example/%E2%80%AE/\u202e/حر", "\x00", "https://مثال.example/حر",
}

// plain are fields whose text is ours: a word of a list, or what something is found again by.
var plain = map[string]string{
	"Key": "ours", "State": "a word of ours", "Auth": "a word of ours", "Proven": "a word of ours", "Noun": "a word of ours", "Since": "a date of ours", "Date": "a date of ours",
	"Version": "ours", "Network.Title": "ours", "Payment.Code": "ours", "Means.Code": "ours", "Batch.ID": "a hash", "Callback": "ours", "Message.Path": "ours", "Message.Title": "a phrase of ours", "Price": "a currency", "Currency": "a currency", "Language": "one of ours", "Origin": "an origin, or no house is built", "Claim.Reason": "a word of ours", "Invoice.Text": "digits of an invoice", "Hash": "a hash",
	"Head": "a hash", "Digest": "a hash", "Token": "ours", "Rail": "a word of ours", "Browser": "a secret, or ours", "Purpose": "a word of ours", "Network": "half of them are, or nothing is known",
	"attempts": "is found again by it", "apps": "is never shown", "asked": "is of these tests", "authorize": "is of these tests", "home": "is of these tests", "badkeys": "is of these tests",
	"origin": "ours", "from": "is never shown", "sessions": "no text",
}

// A spoiler makes every text it meets a strange one, each another.
type spoiler struct{ n int }

func (s *spoiler) next(of []string) string {
	s.n++
	return of[s.n%len(of)]
}

// spoil goes through whatever is settable in v, which belongs to a field named so.
func (s *spoiler) spoil(v reflect.Value, owner, field string) {
	if plain[field] != "" && (field != "Network" || s.n%2 == 0) || plain[owner+"."+field] != "" {
		s.n++
		return
	}
	switch v.Kind() {
	case reflect.String:
		switch {
		case v.Type() == reflect.TypeFor[flattery.Destination](), slices.Contains([]string{"URL", "Link", "Page", "Console", "Callback"}, field):
			v.SetString(s.next(strangeAddresses))
		case v.Type() == reflect.TypeFor[string]():
			v.SetString(s.next(strange))
			if owner == "Account" && field == "Name" || field == "Network" { // is never longer
				r := []rune(v.String())
				v.SetString(string(r[:min(len(r), 64)]))
			}
		}
	case reflect.Struct:
		if v.Type().PkgPath() == "time" || v.Type().PkgPath() == "sync" {
			return
		}
		for i := range v.NumField() {
			f := v.Field(i)
			if !f.CanSet() && f.CanAddr() {
				f = reflect.NewAt(f.Type(), unsafe.Pointer(f.UnsafeAddr())).Elem()
			}
			s.spoil(f, v.Type().Name(), v.Type().Field(i).Name)
		}
	case reflect.Slice:
		for i := range v.Len() {
			s.spoil(v.Index(i), owner, field)
		}
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		for _, key := range keys {
			changed := reflect.New(v.Type().Elem()).Elem()
			changed.Set(v.MapIndex(key))
			s.spoil(changed, owner, field)
			v.SetMapIndex(key, changed)
		}
	}
}

// paidAt is where some slips go.
var paidAt = map[flattery.PaymentID]flattery.Destination{2: "payto://iban/DE75512108001245126199", 3: "lightning:ottoline@wallet.example", 9: "https://github.com/sponsors/gitte"}

// spoiled is the world of a tour in which every text is strange; turn says which one each is.
func spoiled(t *testing.T, turn int) (*world, Options) {
	t.Helper()
	w, o := toured(t, true)
	s := &spoiler{turn}
	s.spoil(reflect.ValueOf(w).Elem(), "", "")
	for i, p := range w.payments { // that the pages are there on which strange people are paid
		if to := paidAt[p.ID]; to != "" {
			w.payments[i].Destination = to
		}
	}
	w.spoil = func(answer any) { s.spoil(reflect.ValueOf(answer).Elem(), "", "") }
	return w, o
}

// marks are what isolates a text from what stands beside it, where no element can.
const marks = "\u2068\u2069"

// faults are what is wrong with a page that shows strange texts.
func faults(body string) (found []string) {
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		return []string{err.Error()}
	}
	fault := func(what, text string) { found = append(found, fmt.Sprintf("%s: %.80q", what, text)) }
	var walk func(n *html.Node, apart bool)
	walk = func(n *html.Node, apart bool) {
		switch n.Type {
		case html.CommentNode:
			fault("a comment", n.Data)
		case html.TextNode:
			faultsOfText(n, apart, fault)
		case html.ElementNode:
			faultsOfElement(n, fault)
			apart = apart || n.Data == "bdi" || n.Data == "title" || n.Data == "textarea" || slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "dir" && a.Val == "auto" })
		}
		for c := range n.ChildNodes() {
			walk(c, apart)
		}
	}
	walk(root, false)
	return found
}

// ourPicture is one that pages show: a badge, or the code of a slip.
var ourPicture = regexp.MustCompile(`^(/badge/.*|/slips/[0-9]+/code\.svg)$`)

func faultsOfElement(n *html.Node, fault func(what, text string)) {
	if slices.Contains([]string{"style", "iframe", "object", "base", "embed"}, n.Data) {
		fault("an element", n.Data)
	}
	for _, a := range n.Attr {
		script := strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") && !slices.Contains(n.Attr, html.Attribute{Key: "class", Val: "button main bookmarklet"})
		switch {
		case strings.HasPrefix(a.Key, "on"), a.Key == "style", a.Key == "srcdoc":
			fault("an attribute "+a.Key, a.Val)
		case slices.Contains([]string{"href", "src", "action", "cite"}, a.Key) && (script || strings.HasPrefix(a.Val, "data:") || strings.HasPrefix(a.Val, "//") || len(a.Val) > 8000):
			fault("an address", a.Val)
		case n.Data == "script" && a.Key == "src" && !strings.HasPrefix(a.Val, "/assets/"), n.Data == "img" && a.Key == "src" && !ourPicture.MatchString(a.Val):
			fault("what is fetched", a.Val)
		}
	}
	if n.Data == "script" && n.FirstChild != nil {
		fault("a script", n.FirstChild.Data)
	}
	if (n.Data == "a" || n.Data == "button") && strings.TrimFunc(text(n), blank) == "" {
		fault("nothing to see on a "+n.Data, fmt.Sprint(n.Attr))
	}
}

func faultsOfText(n *html.Node, apart bool, fault func(what, text string)) {
	if n.Parent.Data == "textarea" { // is what was typed, whatever that is
		return
	}
	if inner := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Bidi_Control, r) && !strings.ContainsRune(marks, r) || unicode.IsControl(r) && r != '\n' {
			return r
		}
		return -1
	}, n.Data); inner != "" {
		fault("a control character", n.Data)
	}
	depth, piled := 0, 0
	for _, r := range n.Data {
		switch {
		case r == '\u2068':
			depth++
		case r == '\u2069':
			depth--
		case unicode.Is(unicode.Arabic, r) && unicode.IsLetter(r) && !apart && depth == 0:
			fault("not apart from what stands beside it, in "+n.Parent.Data, n.Data)
			return
		}
		if piled++; !unicode.Is(unicode.M, r) {
			piled = 0
		}
		if piled > most {
			fault("marks upon marks", n.Data)
			return
		}
	}
	if utf8.RuneCountInString(n.Data) > 3*longest && !strings.Contains(n.Data, "://") { // an address is to be copied as it is
		fault("a long text", n.Data)
	}
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		switch {
		case d.Type == html.TextNode:
			b.WriteString(d.Data)
		case d.Data == "img", d.Data == "svg":
			b.WriteString("a picture")
		}
	}
	return b.String()
}

func blank(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) || unicode.Is(unicode.M, r)
}

// rounds are how often a test goes round with another text in each place.
func rounds() int {
	if os.Getenv("FLATTERY_LONG") == "1" {
		return len(strange)
	}
	return 5
}

func TestNoNameHarmsAPage(t *testing.T) {
	all := map[string]int{}
	for turn := range rounds() {
		w, o := spoiled(t, turn)
		both := travel(t, w, handler(t, o))
		o.Mode, o.Bank = Prepaid, Bank{strange[turn%len(strange)], "DE75512108001245126199", ""}
		collects := travel(t, w, handler(t, o))
		stops := tour()
		for _, path := range []string{"/slips", "/admin/payments", "/admin/bank", "/admin/policy"} {
			stops = append(stops, stop{path: path + "?house"})
		}
		for _, p := range stops {
			if path, house := strings.CutSuffix(p.path, "?house"); house {
				both, p.path = collects, path
			}
			got := both.at(p, "en")
			if got.Code >= http.StatusInternalServerError || got.Code == http.StatusNotFound && p.path != "/nothing" {
				t.Errorf("turn %d: %s answered %d", turn, p.path, got.Code)
			}
			if n := got.Body.Len(); n > 200<<10 {
				t.Errorf("turn %d: %s has %d bytes", turn, p.path, n)
			}
			wellFormed(t, p.path, got.Body.String())
			for _, what := range faults(got.Body.String()) {
				all[p.path+": "+what]++
			}
		}
	}
	for _, what := range slices.Sorted(maps.Keys(all)) {
		t.Errorf("%s (%d times)", what, all[what])
	}
}

func TestNoNameHarmsAPageInABrowser(t *testing.T) {
	ctx := chromium(t)
	heard, house := listen(ctx, t), ""
	for turn := range rounds() / 5 {
		w, o := spoiled(t, turn)
		server := httptest.NewServer(handler(t, o))
		t.Cleanup(server.Close)
		house = strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
		visits(ctx, t, w, house, func(p stop, language string) {
			if language != "en" {
				return
			}
			if err := open(ctx, house+p.path, language); err != nil {
				t.Fatal(err)
			}
			for _, l := range looks[:2] {
				overflow, err := l.at(ctx)
				if err != nil || overflow != "" {
					t.Errorf("turn %d: %s, %s: wider than the window: %s, %v", turn, p.path, l.name, overflow, err)
				}
				picture(ctx, t, fmt.Sprintf("%s/strange%d-%s-%s.png", artefacts(t), turn, slug(p.path), l.name))
			}
			if ran, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.documentElement.id`)); err != nil || ran != "" {
				t.Errorf("turn %d: %s: a script ran: %q, %v", turn, p.path, ran, err)
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
