package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"flattery"
)

var place = regexp.MustCompile(`\{[a-z]+\}`)

func places(p phrase) map[string]string {
	all := map[string]string{}
	for form, text := range p {
		found := place.FindAllString(text, -1)
		slices.Sort(found)
		all[form] = strings.Join(slices.Compact(found), " ")
	}
	return all
}

func speak(t *testing.T) tongues {
	t.Helper()
	all, err := readTongues(berlin())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEveryLanguageHasTheSamePhrasesWithTheSamePlaces(t *testing.T) {
	all := speak(t)
	english := all.byCode["en"].phrases
	for code, g := range all.byCode {
		for key := range english {
			if !g.has(key) {
				t.Errorf("%s lacks %q", code, key)
			}
		}
		for key, p := range g.phrases {
			first, ok := english[key]
			if !ok {
				t.Errorf("%s has %q, which English lacks", code, key)
				continue
			}
			if strings.HasPrefix(key, "format.") { // a clock has its own hour in each
				continue
			}
			want := places(first)["other"]
			for form, got := range places(p) {
				if got != want {
					t.Errorf("%s: %q (%s) has the places %q, English %q", code, key, form, got, want)
				}
			}
			if (len(p) > 1) != (len(first) > 1) {
				t.Errorf("%s: %q has a plural in one language only", code, key)
			}
			for form, text := range p {
				if strings.TrimSpace(text) != text || text == "" || strings.Contains(text, "  ") || strings.ContainsAny(text, `'"`) {
					t.Errorf("%s: %q (%s) is not set well: %q", code, key, form, text)
				}
			}
		}
	}
}

// French sets a no-break space before these; an ordinary one would let them fall to the next line.
func TestFrenchPunctuationDoesNotFallToTheNextLine(t *testing.T) {
	wrong := regexp.MustCompile(`[^\x{00a0}\x{202f}][;:!?»](\s|$)|«[^\x{00a0}\x{202f}]`)
	for key, p := range speak(t).byCode["fr"].phrases {
		for _, text := range p {
			if !strings.HasPrefix(key, "format.") && wrong.MatchString(text) {
				t.Errorf("%q: %q", key, text)
			}
		}
	}
}

// madeKeys are the keys that code and templates put together from a state.
func madeKeys() []string {
	var keys []string
	for prefix, ends := range map[string]string{
		"state":    "counts pending own excluded removed lapsed",
		"payment":  "planned sent unknown paid failed",
		"months":   "open ended frozen settled",
		"links":    "well late stopped new",
		"reason":   "reconnect forbidden gone payment keys terms unknown spend rate trouble refused answer other",
		"month":    "1 2 3 4 5 6 7 8 9 10 11 12",
		"noun":     "star favourite like",
		"kind":     "click subscription",
		"list":     "count restore weight",
		"network":  "alive import+only retired forbidden keys",
		"auth":     "none api+key oauth2 oauth1",
		"proven":   "live recorded+answers contract own+sandbox+only never",
		"instead":  "import+only retired forbidden keys",
		"proof":    "oauth token admin name profile page",
		"sure":     "confirmed inferred not+confirmed",
		"flash":    "linked unlinked claimed joined unclaimed saved forgotten goodkeys badkeys nocode disputed unproved dropped holds lapsed decided entered first welcome proved password weak passkey nopasskey unpasskey session sessions role invite flattred waits known own subscribed stopped newcomer told rules never allowed nobody public private settings notforgotten destination nodestination clean faults policy samepolicy batch marked booked resolved sponsored unsponsored trial sure",
		"claim":    "verified lapsed disputed",
		"lapsed":   "gone other absent",
		"slips":    "disputed unverified unchecked gone queue",
		"finding":  "settings data key daemon lock database durable ledger clock months links backup mail",
		"pay":      "name iban bic amount message lnaddress invoice gifts.once gifts.renewed gifts.members",
		"invoice":  "one sat price range nobody refused silent unproved unpaid none paid",
		"flattr":   "counts pending seen own excluded removed lapsed",
		"category": "text images video audio software people rest",
		"format":   "money day first date clock moment",
		"since":    "moment minutes hours days",
		"until":    "moment minutes hours days",
		"lasts":    "moment minutes hours days",
		"language": "",
		"authors":  "here elsewhere waiting idle idle.text here.text elsewhere.text waiting.text unknown nowhere message",
		"income":   "payto lightning https",
		"welcome":  "keys budget link claim rules invite keys.text budget.text link.text claim.text rules.text invite.text",
		"import":   "is.waits is.reads is.writes is.done is.failed",
		"setup":    strings.Join(setupSteps(), " ") + " " + strings.Join(setupSteps(), ".text ") + ".text network.now network.keys network.linked",
		"policy": `fixed begun settling demo part.bank sepa.name sepa.name.tip sepa.iban sepa.iban.tip sepa.bic sepa.bic.tip fee.tip fee_account fee_account.tip part.months part.money part.likes part.owner mode mode.pledge mode.prepaid split split.flattr split.creator clicks clicks.many clicks.once fee
			time_zone time_zone.tip months.grace months.grace.tip currencies currencies.tip budget.minimum budget.minimum.tip slips.max slips.max.tip slips.minimum slips.minimum.tip slips.void slips.void.tip netting netting.false netting.true receivers_must_give receivers_must_give.false receivers_must_give.true
			pending.lapse pending.lapse.tip pending.most pending.most.tip owner.name owner.name.tip owner.contact owner.contact.tip`,
		"payments": "make.sepa make.github-csv",
		"bank":     "as.means as.return as.own as.payment as.refund as.fee as.chargeback",
		"payin":    "holder iban code",
		"mustgive": "budget paused",
		"kept":     strings.Join(kept(), " ") + " " + strings.Join(kept(), ".long ") + ".long",
	} {
		for end := range strings.FieldsSeq(ends) {
			keys = append(keys, prefix+"."+strings.ReplaceAll(end, "+", " "))
		}
	}
	for _, e := range []string{"missing", "stranger", "token", "plain", "foreign", "often", "claimlink", "attempt", "denied", "other", "nobody", "claimed", "disputed", "outside", "method", "frozen", "state", "unknown", "long", "large", "input", "broken", "invite", "wrong", "lastadmin"} {
		keys = append(keys, "error."+e+".title", "error."+e+".text")
	}
	for _, key := range []string{"prove.where.other twitter github flickr soundcloud vimeo fivehundredpx", "slips.hold.disputed unverified gone", "dispute.ended.first second withdrawn", "feed.title subtitle", "flash.feed unhooked unshown othershown hookgood hookbad hooknone mailsent mailunsent mailwish mailforgot",
		"letter.confirm confirmed end ended", "letter.confirmed.text", "letter.ended.text", "mail.subject why choose end", "mail.confirm.subject opening link why",
		"notice.test.title text", "notice.author.payable.title text", "notice.payment.gone.title text", "notice.slips.prepaid.title text", "notice.slips.ready.title text", "notice.month.settled.title text", "notice.income.settled.title text", "notice.payment.sent.title text", "notice.payment.paid.title text", "notice.payment.returned.title text", "notice.means.arrived.title text",
		"notice.slip.voided.title text", "notice.payment.voided.title text", "notice.payment.owed.title text", "notice.payment.late.title text",
		"notice.claim.kept.title text", "notice.claim.lost.title text", "notice.claim.refused.title text",
		"notice.link.stopped.title", "notice.claim.verified.title text", "notice.claim.lapsed.title", "notice.claim.disputed.title text", "notice.webhook.disabled.title text"} {
		at := strings.LastIndex(key, ".") + 1
		for end := range strings.FieldsSeq(key[at:]) {
			keys = append(keys, key[:at]+end)
		}
	}
	return append(keys, "language", "web")
}

func TestEveryPhraseIsUsedAndEveryUsedPhraseIsThere(t *testing.T) {
	used := map[string]bool{}
	for _, key := range madeKeys() {
		used[key] = true
	}
	files, err := filepath.Glob("templates/*.html")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d templates, %v", len(files), err)
	}
	literal := regexp.MustCompile(`\bt "([^"]+)"`)
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range literal.FindAllStringSubmatch(string(b), -1) {
			used[m[1]] = true
		}
		for _, text := range regexp.MustCompile(`\{\{[^}]*\}\}|<[^>]*>`).Split(string(b), -1) {
			if word := regexp.MustCompile(`\pL{2,}`).FindString(text); word != "" && word != "Flattery" {
				t.Errorf("%s says %q in no language", file, strings.TrimSpace(text))
			}
		}
	}
	there := speak(t).byCode["en"].phrases
	for _, key := range slices.Sorted(maps.Keys(used)) {
		if _, ok := there[key]; !ok {
			t.Errorf("%q is used and not there", key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(there)) {
		if !used[key] {
			t.Errorf("%q is there and not used", key)
		}
	}
}

// written are the texts that constants whose names begin so, or fields of that name, have in these files.
func written(t *testing.T, constants, field, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	var texts []string
	add := func(value ast.Expr) {
		if lit, ok := value.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			texts = append(texts, strings.Trim(lit.Value, `"`))
		}
	}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				if constants != "" && strings.HasPrefix(n.Names[0].Name, constants) && len(n.Values) == 1 {
					add(n.Values[0])
				}
			case *ast.KeyValueExpr:
				if id, ok := n.Key.(*ast.Ident); ok && id.Name == field {
					add(n.Value)
				}
			}
			return true
		})
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}

func TestWhateverIsSaidOfNetworksHasWords(t *testing.T) {
	g := speak(t).byCode["en"]
	for _, row := range []struct {
		prefix, constants, field, files string
		least                           int
	}{
		{"reason.", "Reason", "", "../claim/*.go", 7}, {"reason.", "Reason", "", "../poll/*.go", 10}, {"noun.", "", "Noun", "../../connectors/*/*.go", 3},
		{"proven.", "Proven", "", "../../connectors/connectors.go", 4},
	} {
		all := written(t, row.constants, row.field, row.files)
		if len(all) < row.least {
			t.Errorf("%s: only %q were found", row.files, all)
		}
		for _, text := range all {
			if !g.has(row.prefix + text) {
				t.Errorf("%s: there are no words for %q", row.files, row.prefix+text)
			}
		}
	}
}

func TestMoneyDatesAndNumbersAreWrittenAsInTheLanguage(t *testing.T) {
	all := speak(t)
	october, _ := flattery.ParseMonth("2026-10")
	evening := time.Date(2026, 11, 3, 23, 0, 0, 0, time.UTC) // midnight in Berlin
	first := time.Date(2026, 11, 1, 6, 5, 0, 0, time.UTC)
	money := func(a flattery.Amount, currency string) func(*tongue) (string, error) {
		return func(g *tongue) (string, error) { return g.money(a, currency) }
	}
	for name, row := range map[string]struct {
		say        func(*tongue) (string, error)
		en, fr, de string
	}{
		"a budget":         {money(5*flattery.Unit, "EUR"), "€5.00", "5,00\u00a0€", "5,00\u00a0€"},
		"to the millionth": {money(52_632, "EUR"), "€0.052632", "0,052632\u00a0€", "0,052632\u00a0€"},
		"a lot":            {money(1_234_567_500_000, "EUR"), "€1,234,567.50", "1\u00a0234\u00a0567,50\u00a0€", "1.234.567,50\u00a0€"},
		"the most":         {money(flattery.MaxAmount, "EUR"), "€1,000,000,000.00", "1\u00a0000\u00a0000\u00a0000,00\u00a0€", "1.000.000.000,00\u00a0€"},
		"dollars":          {money(flattery.Unit, "USD"), "$1.00", "1,00\u00a0$", "1,00\u00a0$"},
		"no currency":      {money(flattery.Unit, "points"), "points1.00", "1,00\u00a0points", "1,00\u00a0points"},
		"a debt":           {money(-flattery.Unit, "EUR"), "€−1.00", "−1,00\u00a0€", "−1,00\u00a0€"},
		"an estimate":      {func(g *tongue) (string, error) { return g.about(185_185, "EUR") }, "€0.1851", "0,1851\u00a0€", "0,1851\u00a0€"},
		"a small estimate": {func(g *tongue) (string, error) { return g.about(99, "EUR") }, "€0.00", "0,00\u00a0€", "0,00\u00a0€"},
		"a day":            {func(g *tongue) (string, error) { return g.day(evening) }, "4\u00a0November", "4\u00a0novembre", "4.\u00a0November"},
		"the first":        {func(g *tongue) (string, error) { return g.date(first) }, "1\u00a0November 2026", "1er\u00a0novembre 2026", "1.\u00a0November 2026"},
		"a moment":         {func(g *tongue) (string, error) { return g.moment(evening) }, "4\u00a0November, 00:00", "4\u00a0novembre à 0\u00a0h\u00a000", "4.\u00a0November um 00:00\u00a0Uhr"},
		"a month":          {func(g *tongue) (string, error) { return g.title(october) }, "October 2026", "Octobre 2026", "Oktober 2026"},
		"zero minutes":     {func(g *tongue) (string, error) { return g.since(59 * time.Second) }, "just now", "à l’instant", "gerade eben"},
		"one minute":       {func(g *tongue) (string, error) { return g.since(time.Minute) }, "1 minute ago", "il y a 1\u00a0minute", "vor 1\u00a0Minute"},
		"many minutes":     {func(g *tongue) (string, error) { return g.until(59 * time.Minute) }, "in 59 minutes", "dans 59\u00a0minutes", "in 59\u00a0Minuten"},
		"hours":            {func(g *tongue) (string, error) { return g.since(47 * time.Hour) }, "47 hours ago", "il y a 47\u00a0heures", "vor 47\u00a0Stunden"},
		"days":             {func(g *tongue) (string, error) { return g.lasts(50 * time.Hour) }, "2 days", "2\u00a0jours", "2\u00a0Tage"},
		"a count":          {func(g *tongue) (string, error) { return g.count(12_345), nil }, "12,345", "12\u00a0345", "12.345"},
		"none, in words": {func(g *tongue) (string, error) { return g.say("statement.shares", "n", 0) },
			"Shares of 0 flattrs", "Part de 0\u00a0flattr", "Anteile von 0\u00a0Flattrs"},
	} {
		t.Run(name, func(t *testing.T) {
			for code, want := range map[string]string{"en": row.en, "fr": row.fr, "de": row.de} {
				if got, err := row.say(all.byCode[code]); err != nil || got != want {
					t.Errorf("%s: %q (%v), want %q", code, got, err, want)
				}
			}
		})
	}
}

func TestAPhraseThatIsNotThereEndsThePage(t *testing.T) {
	g := speak(t).byCode["en"]
	if _, err := g.say("no.such.phrase"); err == nil {
		t.Error("an unknown key was said")
	}
	if _, err := g.say("chart.others", "n"); err == nil {
		t.Error("an odd pair was taken")
	}
}

func TestAPlaceIsFilledOnceAndOnlyAPlaceIs(t *testing.T) {
	for name, row := range map[string]struct{ phrase, want string }{
		"no place":             {"nothing", "nothing"},
		"twice the same":       {"{a}, {a}", "{b}, {b}"},
		"a text like a place":  {"{a}{b}", "{b}x"},
		"a place without text": {"{c} {b}", "{c} x"},
		"a brace alone":        {"} {b} {", "} x {"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := filled(row.phrase, map[string]string{"a": "{b}", "b": "x"}); got != row.want {
				t.Errorf("%q, want %q", got, row.want)
			}
		})
	}
}

func TestTextFromOutsideIsOneShortLineThatTurnsNothing(t *testing.T) {
	for name, row := range map[string]struct{ in, out string }{
		"as it is":         {"Fog over the allotments", "Fog over the allotments"},
		"lines and tabs":   {"a\r\n\tb\u2028c", "a   b c"},
		"turning":          {"\u202Eevil\u2066\u2069\u200f", "evil"},
		"nul and escape":   {"a\x00\x1b[31mb", "a[31mb"},
		"not UTF-8":        {"a\xff\xfeb", "ab"},
		"joined emoji":     {"👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦"},
		"long":             {strings.Repeat("ä", 1000), strings.Repeat("ä", longest) + "…"},
		"nothing but dirt": {"\u202e\x00 \n", ""},
		"no width":         {"a\u200bd\u2060a\ufeff\u00ad", "ada"},
		"nothing to see":   {"\u200d\u3164\ufe0f \u0301", ""},
		"held apart":       {"می\u200cخواهم", "می\u200cخواهم"},
		"a tower of marks": {"Z" + strings.Repeat("\u0300", 60) + "oe\u0308", "Z" + strings.Repeat("\u0300", most) + "oe\u0308"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := clean(row.in); strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(row.out), " ") {
				t.Errorf("%q, want %q", got, row.out)
			}
		})
	}
}

func TestOnlySafeAddressesBecomeLinks(t *testing.T) {
	for in, linked := range map[string]bool{
		"https://github.example/a?b=c#d": true, "http://flickr.example/": true, "payto://iban/DE75512108001245126199?amount=EUR:1": true,
		"lightning:ann@wallet.example": true, "javascript:alert(1)": false, "JaVaScRiPt:alert(1)": false, "data:text/html,x": false, "": false,
		"//evil.example": false, "/month": false, "https:///nobody": false, "https://user:pw@evil.example/": false, "https://x.example/\x00": false,
		"https://" + strings.Repeat("x", 3000): false, "ftp://x.example/": false,
	} {
		if got := href(in, "https", "http", "payto", "lightning"); (got != "") != linked {
			t.Errorf("%.60q became %q", in, got)
		}
	}
}

func TestACommandToCopyIsOneWordToAShell(t *testing.T) {
	for in, want := range map[string]string{
		"Ada": "Ada", "github:ada-w": "github:ada-w", "": "''", "a b": "'a b'", "-rf": "'-rf'", "x'; rm -rf ~ #": `'x'\''; rm -rf ~ #'`,
		"$(id)": "'$(id)'", "a\nb": "'a b'", "Zoë": "'Zoë'",
	} {
		if got := shell(in); got != want {
			t.Errorf("%q became %s, want %s", in, got, want)
		}
	}
}
