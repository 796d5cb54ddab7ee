package web

import (
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"flattery"
)

// emptyNetwork is what a network has at least.
var emptyNetwork = Network{State: "alive", Auth: "none", Proven: "contract"}

// emptySlip is what a slip has at least.
var emptySlip = slip{Payment: flattery.Payment{State: flattery.PaymentPlanned}, CanMark: true}

// pages are all pages; filled by a visit below, and here as they are when there is nothing at all.
func emptyPages() []page {
	return []page{
		&startPage{}, &doorPage{}, &monthPage{}, &monthsPage{}, &statementPage{}, &slipsPage{}, &slipPage{slip: emptySlip}, &slipPage{Pays: true, slip: emptySlip}, &slipPage{Pays: true, Asks: true, Invoice: &Invoice{}, slip: emptySlip}, &sponsorsPage{}, &linksPage{}, &errorPage{Key: "missing"},
		&networkPage{Network: emptyNetwork}, &keysPage{Network: emptyNetwork}, &codePage{}, &identitiesPage{}, &provePage{Network: emptyNetwork, Begun: []begunProof{{Steps: steps{Where: "prove.where.other"}}}}, &disputesPage{},
		&signinPage{}, &stepupPage{}, &securityPage{}, &invitePage{}, &accountsPage{},
		&messagesPage{}, &messagesPage{Messages: Messages{Mails: true}}, &letterPage{Phrase: "ended"},
		&submitPage{}, &flattrPage{Flattr: flattery.Flattr{State: flattery.Pending}}, &subscriptionsPage{}, &rulesPage{}, &buttonPage{}, &publicPage{}, &settingsPage{}, &incomePage{}, &earningsPage{}, &healthPage{}, &authorsPage{}, &claimLinkPage{Steps: steps{Where: "prove.where.other"}}, &claimedPage{}, &welcomePage{}, &adminMonthsPage{}, &instancePage{}, &termsPage{}, &policyPage{Parts: []policyPart{{"owner", []policyField{{Name: "mode", Fixed: "policy.begun", Choices: []string{"pledge"}, Value: "pledge"}}}}}, &setupPage{Step: "budget"}, &importPage{Upload: Upload{State: "failed"}}, &paymentsPage{}, &paymentsPage{frame: frame{Prepaid: true}}, &bankPage{}, &bankPage{frame: frame{Prepaid: true}}, &payinPage{Own: "EUR"},
	}
}

func TestEveryTemplateFitsItsPageInEveryLanguage(t *testing.T) {
	w, o := toured(t, true)
	both, s := travel(t, w, handler(t, o)), siteOf(t, o)
	drawn := map[string]bool{}
	for _, code := range languages {
		for _, p := range emptyPages() {
			drawn[p.name()] = true
			body, err := s.render(code, p)
			if err != nil {
				t.Errorf("%T, empty, in %s: %v", p, code, err)
			}
			wellFormed(t, fmt.Sprintf("%T in %s", p, code), string(body))
		}
		for _, p := range tour() {
			got := both.at(p, code)
			if got.Code >= 500 {
				t.Errorf("%s in %s answered %d", p.path, code, got.Code)
			}
			wellFormed(t, p.path+" in "+code, got.Body.String())
		}
	}
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(file, "templates/"), ".html")
		if name != "layout" && name != "parts" && !drawn[name] {
			t.Errorf("%s belongs to no page of this test", file)
		}
	}
}

func siteOf(t *testing.T, o Options) *site {
	t.Helper()
	s := &site{Options: o, tongues: speak(t)}
	err := s.meet(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s.assets, err = readAssets(); err != nil {
		t.Fatal(err)
	}
	if s.templates, err = readTemplates(s.tongues, s); err != nil {
		t.Fatal(err)
	}
	return s
}

var (
	ourScript = regexp.MustCompile(`<script src="/assets/(passkeys|copy)\.[0-9a-f]{12}\.js" defer></script>`)
	typed     = regexp.MustCompile(` value="[^"]*"`) // is text, whatever it says
	inline    = regexp.MustCompile(`(?i)<script|<style|\sstyle=|\son[a-z]+=|javascript:|ZgotmplZ|<no value>|%!`)
	// The one script that may stand in a page: to be dragged out of it. The policy lets nobody run it there.
	dragged = regexp.MustCompile(`<a class="button main bookmarklet" href="javascript:[^"<>]*">`)
)

// wellFormed: nothing inline that the policy would refuse, nothing of a template left over, each element closed.
func wellFormed(t *testing.T, what, body string) {
	t.Helper()
	body = typed.ReplaceAllString(ourScript.ReplaceAllString(dragged.ReplaceAllString(body, "<a>"), ""), "")
	tags := strings.Join(regexp.MustCompile(`<[^>]*>`).FindAllString(body, -1), "\n")
	if found := inline.FindString(tags); found != "" {
		t.Errorf("%s contains %q", what, found)
	}
	if strings.Contains(body, "{{") && !strings.Contains(body, "{{.Secret}}") || strings.Contains(body, "ZgotmplZ") || strings.Contains(body, "<no value>") {
		t.Errorf("%s shows what is left of a template", what)
	}
	for _, e := range []string{"main", "section", "article", "p", "ul", "ol", "li", "details", "summary", "figure", "blockquote", "label", "meter", "q", "div", "dl", "table", "tr", "th", "td", "a", "bdi", "form", "svg", "span", "button"} {
		if open, shut := strings.Count(body, "<"+e+">")+strings.Count(body, "<"+e+" "), strings.Count(body, "</"+e+">"); open != shut {
			t.Errorf("%s opens %d <%s> and closes %d", what, open, e, shut)
		}
	}
}

func TestThisMonthSaysWhatEachFlattrWouldReceiveAndWhenTheMonthCloses(t *testing.T) {
	for name, row := range map[string]struct {
		change func(w *world, o *Options)
		says   []string
		not    []string
	}{
		"as usual":          {nil, []string{"October closes on 4\u00a0November, 00:00.", "€0.2173", "€0.6521", "weighs 3", ">Remove<", ">Undo<", "3 flattrs are pending"}, []string{"You are paused", "no budget"}},
		"paused":            {func(w *world, _ *Options) { w.change(func(a *flattery.Account) { a.Paused = true }) }, []string{"You are paused", "€0.00"}, []string{"€0.2173"}},
		"without a budget":  {func(w *world, _ *Options) { w.change(func(a *flattery.Account) { a.Budget = 0 }) }, []string{`<a href="/settings">Set a budget</a>`}, []string{"€0.2173"}},
		"with a cap":        {func(w *world, _ *Options) { w.change(func(a *flattery.Account) { a.Cap = 10 * flattery.Cent }) }, []string{"No flattr receives more than €0.10", `<span class="share">€0.10</span>`}, []string{"€0.2173", "€0.6521"}},
		"with a fee":        {func(_ *world, o *Options) { o.Fee = 100_000 }, []string{"€0.1956"}, []string{"€0.2173"}},
		"split by creator":  {func(_ *world, o *Options) { o.Split = flattery.SplitByCreator }, []string{"€0.4166"}, nil},
		"nothing liked yet": {func(w *world, _ *Options) { w.flattrs = nil }, []string{"Nothing yet this month"}, []string{"By network"}},
		"nothing linked":    {func(w *world, _ *Options) { w.flattrs, w.links = nil, nil }, []string{"No network is linked yet", `href="/links"`}, nil},
		"frozen":            {func(w *world, _ *Options) { w.months[0].FrozenAt = today }, []string{"October is closed"}, []string{">Remove<", ">Undo<"}},
		"over and not frozen": {func(_ *world, o *Options) {
			o.Now = func() time.Time { return time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC) }
		},
			[]string{"October is not closed yet", `href="/months/2026-10"`, "November closes on 4\u00a0December, 00:00."}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := populated(false)
			o := options(t, w)
			if row.change != nil {
				row.change(w, &o)
			}
			expect(t, visitor(t, handler(t, o)).signIn(w, ada), "/month", row.says, row.not)
		})
	}
}

func (w *world) change(how func(*flattery.Account)) {
	a := w.accounts[ada]
	how(&a)
	w.accounts[ada] = a
}

func expect(t *testing.T, b *browser, path string, says, not []string) {
	t.Helper()
	got := b.get(path)
	body := got.Body.String()
	if got.Code != 200 {
		t.Fatalf("%s answered %d", path, got.Code)
	}
	for _, s := range says {
		if !strings.Contains(body, s) {
			t.Errorf("%s does not say %q", path, s)
		}
	}
	for _, s := range not {
		if strings.Contains(body, s) {
			t.Errorf("%s says %q", path, s)
		}
	}
}

func TestAMonthThatIsOverCanBeChangedUntilItIsFrozen(t *testing.T) {
	w := populated(false)
	o := options(t, w)
	o.Now = func() time.Time { return time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC) }
	b := visitor(t, handler(t, o)).signIn(w, ada)
	expect(t, b, "/months/2026-10", []string{"October is over and closes on 4\u00a0November, 00:00", ">Remove<"}, nil)
	o.Now = func() time.Time { return time.Date(2026, 11, 4, 9, 0, 0, 0, time.UTC) }
	b = visitor(t, handler(t, o)).signIn(w, ada)
	expect(t, b, "/months/2026-10", []string{"October is about to be closed"}, nil)
}

func TestAFlattrIsRemovedAndPutBackWhereItStands(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	const at = "/month?state=counts"
	sent := slices.IndexFunc(forms(t, at, b.get(at).Body.String()), func(f form) bool {
		return f.post && f.path == "/flattrs/55/remove" && f.fields.Get("back") == at
	})
	if sent < 0 {
		t.Fatal("no button takes it out")
	}
	got := b.post("/flattrs/55/remove", "back", at)
	if to := got.Header().Get("Location"); to != "/month?state=counts#f55" || w.flattrs[54].State != flattery.Removed {
		t.Errorf("leads to %q, state %s", to, w.flattrs[54].State)
	}
	if got := b.post("/flattrs/55/remove"); got.Code != 409 {
		t.Errorf("the second time answered %d", got.Code)
	}
	if got := b.post("/flattrs/55/restore"); got.Code != 303 || w.flattrs[54].State != flattery.Counting {
		t.Errorf("undoing answered %d, state %s", got.Code, w.flattrs[54].State)
	}
}

func TestALongMonthIsReadPageByPage(t *testing.T) {
	w := populated(false)
	many := w.flattrs[54]
	w.flattrs = nil
	for i := range 2*listed + 1 {
		f := many
		f.ID, f.State = flattery.FlattrID(i+1), flattery.Counting
		w.flattrs = append(w.flattrs, f)
	}
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	seen := map[string]bool{}
	path, next := "/month?state=counts", regexp.MustCompile(`rel="next" href="([^"]+)"`)
	for pages := 1; path != ""; pages++ {
		body := b.get(path).Body.String()
		for _, id := range regexp.MustCompile(`id="f\d+"`).FindAllString(body, -1) {
			if seen[id] {
				t.Errorf("%s stands on two pages", id)
			}
			seen[id] = true
		}
		m := next.FindStringSubmatch(body)
		if path = ""; m != nil {
			path = strings.ReplaceAll(m[1], "&amp;", "&")
		} else if pages != 3 {
			t.Errorf("%d pages", pages)
		}
	}
	if len(seen) != 2*listed+1 {
		t.Errorf("%d flattrs seen", len(seen))
	}
}

func TestMonthsAndStatementsSayWhatWasGiven(t *testing.T) {
	w := populated(false)
	w.settled[0].Fee, w.settled[0].Unspent, w.settled[0].Shares = 500_000, 250_001, 4_249_999
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	expect(t, b, "/months", []string{"€9.249999", "October 2026", "July 2026", "€0.64", "settled", "until 4\u00a0November, 00:00"}, []string{"June 2026"})
	expect(t, b, "/months/2026-09", []string{"September was settled on 4\u00a0October 2026", "€0.50", "€0.250001", "€4.249999", "€0.312500", "Shares of 16 flattrs", "73f2a9c0 73f2a9c0"},
		[]string{">Remove<"})
	expect(t, b, "/months/2026-07", []string{"Nothing counted in this month"}, nil)
}

func TestASlipSaysThatAFeeIsInIt(t *testing.T) {
	w := populated(true)
	w.payments[0].PayeeName = "Host"
	for name, row := range map[string]struct {
		change func(o *Options)
		joined bool
		says   bool
	}{
		"a fee for who is paid":     {func(o *Options) { o.Fee, o.FeeTo = 25_000, "host" }, true, true},
		"for somebody else":         {func(o *Options) { o.Fee, o.FeeTo = 25_000, "ada" }, true, false},
		"for an author called so":   {func(o *Options) { o.Fee, o.FeeTo = 25_000, "host" }, false, false},
		"no fee":                    {func(o *Options) { o.FeeTo = "host" }, true, false},
		"where the house has taken": {func(o *Options) { o.Mode, o.Fee, o.FeeTo = Prepaid, 25_000, "host" }, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			o := options(t, w)
			row.change(&o)
			w.payments[0].Joined = row.joined
			body := visitor(t, handler(t, o)).signIn(w, ada).get("/slips/1").Body.String()
			if got := strings.Contains(body, "In it is the fee of this instance: 2.50\u00a0% of your budget."); got != row.says {
				t.Errorf("says it: %v", got)
			}
		})
	}
}

func TestSlipsSayWhatToPayWhatWaitsAndWhy(t *testing.T) {
	w := populated(true)
	o := options(t, w)
	b := visitor(t, handler(t, o)).signIn(w, ada)
	expect(t, b, "/slips", []string{
		`href="https://liberapay.com/tinywebkit"`, "Pay at liberapay.com", `href="payto://iban/DE75512108001245126199?`, `href="lightning:ottoline@wallet.example"`,
		"FLT-7K1-MQ2", "tinywebkit collective", "last seen on", "waits for €1.00", "waits for a place to be paid", "comes with a later month", `action="/slips/1/sent"`, `action="/slips/3/failed"`,
		"A bank or a platform may", "came back",
	}, []string{`href="javascript`, `action="/slips/4/paid"`, `action="/slips/1/failed"`})
	for state, want := range map[string]flattery.PaymentState{"sent": "sent", "paid": "paid", "failed": "failed"} {
		if got := b.post("/slips/1/" + state); got.Code != 303 || w.payments[0].State != want {
			t.Errorf("marking as %s answered %d, state %s", state, got.Code, w.payments[0].State)
		}
	}
	o.Mode = Prepaid
	b = visitor(t, handler(t, o)).signIn(w, ada)
	expect(t, b, "/slips", []string{"This instance pays the creators"}, []string{`action="/slips/`, "tinywebkit"})
	if got := b.post("/slips/1/paid"); got.Code != 404 {
		t.Errorf("marking in prepaid mode answered %d", got.Code)
	}
}

func TestADonorWithNothingButPendingFlattrsLearnsWhatToDo(t *testing.T) {
	w := populated(false)
	for i := range w.flattrs {
		w.flattrs[i].State, w.flattrs[i].CountsIn = flattery.Pending, 0
	}
	h := handler(t, options(t, w))
	says := []string{"28 flattrs are pending", "All is well", "there is nobody to pay", `authors wait: tell them</a>`}
	expect(t, visitor(t, h).signIn(w, ada), "/month", says, []string{"Nothing yet this month", "What you can do about it"})
	w.flattrs[len(w.flattrs)-1].State, w.flattrs[len(w.flattrs)-1].CountsIn = flattery.Counting, w.months[0].Month
	expect(t, visitor(t, h).signIn(w, ada), "/month", []string{"27 flattrs are pending: their authors", "What you can do about it", "tell them"}, []string{"All is well"})
}

func TestAssetsMayBeKeptForEverAndHealthNever(t *testing.T) {
	w := populated(false)
	o := options(t, w)
	b := visitor(t, handler(t, o))
	s := siteOf(t, o)
	for _, name := range []string{"flattery.css", "logo.svg"} {
		path, err := s.assets.url(name)
		if err != nil {
			t.Fatal(err)
		}
		got := b.get(path)
		if got.Code != 200 || !strings.Contains(got.Header().Get("Cache-Control"), "immutable") || got.Header().Get("Content-Type") == "" {
			t.Errorf("%s answered %d, headers %v", path, got.Code, got.Header())
		}
		checkHeaders(t, path, got.Header())
	}
	if _, err := s.assets.url("nothing.css"); err == nil {
		t.Error("an unknown file has an address")
	}
	if got := b.get("/healthz"); got.Code != 200 || got.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("health answered %d", got.Code)
	}
}

func TestWhatIsMissingInTheOptionsIsSaid(t *testing.T) {
	o := reflect.ValueOf(options(t, populated(false)))
	for _, field := range []string{"Store", "Doors", "Sessions", "Desk", "Post", "House", "Now", "Clock", "Location", "Log"} {
		without := reflect.New(o.Type()).Elem()
		without.Set(o)
		without.FieldByName(field).SetZero()
		if _, err := New(t.Context(), without.Interface().(Options)); err == nil {
			t.Errorf("a house without %s was built", field)
		}
	}
	for name, change := range map[string]func(*Network){
		"in no known state":           func(n *Network) { n.State = "asleep" },
		"linked in no known way":      func(n *Network) { n.Auth = "by fax" },
		"proven in no known way":      func(n *Network) { n.Proven = "by hearsay" },
		"whose origin has a path":     func(n *Network) { n.Origin = "https://x.example/authorize" },
		"whose origin is no address":  func(n *Network) { n.Origin = "x.example" },
		"whose origin ends a header":  func(n *Network) { n.Origin = "https://x.example; script-src *" },
		"whose origin is another one": func(n *Network) { n.Origin = "https://*" },
		"whose origin runs something": func(n *Network) { n.Origin = "javascript://x.example" },
	} {
		w := populated(false)
		change(&w.networks[1])
		if _, err := New(t.Context(), options(t, w)); err == nil {
			t.Errorf("a network %s was taken", name)
		}
	}
	w := populated(false)
	w.broken = errDown
	if _, err := New(t.Context(), options(t, w)); !errors.Is(err, errDown) {
		t.Errorf("networks that cannot be read: %v", err)
	}
	bad := options(t, populated(false))
	bad.BaseURL = "https://a b"
	if _, err := New(t.Context(), bad); err == nil {
		t.Error("a base_url that is none was taken")
	}
}
