package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"flattery"
)

func TestTheRulesSayWhatTheyAreAndWhereTheyAreFrom(t *testing.T) {
	for name, row := range map[string]struct {
		change func(w *world, o *Options)
		says   []string
		not    []string
	}{
		"as usual": {nil, []string{`name="time_zone" value="Europe/Berlin"`, `<option value="Europe/Vienna">`, `name="months.grace" value="72"`, `value="pledge" checked`, `name="budget.minimum" value="2.00"`,
			"Set in flattery.toml:3, and changed there.", `name="fee" value="0.00 %"`, `value="many" checked`, `value="flattr" checked`},
			[]string{`name="slips.max"`, `name="sepa.iban"`, "so it stays as it is"}},
		"the house collects and pays": {func(_ *world, o *Options) {
			o.Mode, o.Fee, o.Bank = Prepaid, 25_000, Bank{"Club of Friends", "DE75512108001245126199", "COBADEFFXXX"}
		}, []string{"name=\"fee\" value=\"2.50\u00a0%\"", `name="sepa.name" value="Club of Friends"`, `name="sepa.iban" value="DE75512108001245126199"`, `name="sepa.bic" value="COBADEFFXXX"`}, []string{`name="fee_account"`}},
		"a fee of slips":  {func(_ *world, o *Options) { o.Fee, o.FeeTo = 25_000, "host" }, []string{"name=\"fee\" value=\"2.50\u00a0%\"", `name="fee_account" value="host"`}, nil},
		"money has moved": {func(w *world, _ *Options) { w.closed = true }, []string{"so it stays as it is", "A month is being settled", "This instance never holds money"}, []string{`name="mode"`, `name="split"`}},
		"a demonstration": {func(_ *world, o *Options) { o.Demo = true }, []string{"In a demonstration"}, []string{`name="mode"`, `name="time_zone"`}},
		"other rules": {func(_ *world, o *Options) {
			o.Mode, o.Split, o.ClickOnce, o.Lapse, o.Most, o.Currencies, o.Owner = Prepaid, flattery.SplitByCreator, true, 90*24*time.Hour, 10, []string{"SEK", "EUR"}, Owner{`Ada "A"`, "ada@x.example"}
		}, []string{`value="prepaid" checked`, `value="creator" checked`, `value="once" checked`, `name="pending.lapse" value="90"`, `name="pending.most" value="10"`, `name="currencies" value="SEK,EUR"`, `value="Ada &#34;A&#34;"`}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := populated(false)
			o := options(t, w)
			if row.change != nil {
				row.change(w, &o)
			}
			expect(t, visitor(t, handler(t, o)).signIn(w, ada), "/admin/policy", row.says, row.not)
		})
	}
}

func TestOnlyWhatWasChangedIsMadeARule(t *testing.T) {
	same := []string{"time_zone", "Europe/Berlin", "months.grace", "72", "mode", "pledge", "currencies", "EUR", "budget.minimum", "2.00", "slips.max", "9", "split", "flattr", "clicks", "many", "pending.lapse", "0", "slips.void", "120", "netting", "true"}
	for name, row := range map[string]struct {
		form   []string
		status int
		made   string
		says   string
	}{
		"nothing":                {nil, 303, "map[]", "Nothing was changed."},
		"a zone":                 {[]string{"time_zone", "Asia/Tokyo"}, 303, "map[time_zone:Asia/Tokyo]", "It holds from now on."},
		"hours":                  {[]string{"months.grace", "48"}, 303, "map[months.grace:48h]", "It holds"},
		"days":                   {[]string{"pending.lapse", "30"}, 303, "map[pending.lapse:30 days]", "It holds"},
		"a word of two":          {[]string{"netting", "false", "slips.void", "60"}, 303, "map[netting:false slips.void:60 days]", "It holds"},
		"an amount with a comma": {[]string{"budget.minimum", "2,50"}, 303, "map[budget.minimum:2.50]", "It holds"},
		"several":                {[]string{"mode", "prepaid", "clicks", "once", "owner.name", " Ada "}, 303, "map[clicks:once mode:prepaid owner.name:Ada]", "It holds"},
		"too many hours":         {[]string{"months.grace", "1000"}, 400, "map[]", ""},
		"no amount":              {[]string{"budget.minimum", "much"}, 400, "map[]", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := populated(false)
			b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
			got := b.post("/admin/policy", append(same, row.form...)...)
			if got.Code != row.status || fmt.Sprint(w.policy) != row.made {
				t.Errorf("answered %d, made %v", got.Code, w.policy)
			}
			if row.says != "" {
				expect(t, b, "/admin/policy", []string{row.says}, nil)
			}
		})
	}
	w := populated(false)
	o := options(t, w)
	o.Mode = Prepaid
	b := visitor(t, handler(t, o)).signIn(w, ada)
	if got := b.post("/admin/policy", "fee", "2.5\u00a0%", "sepa.iban", "DE75 5121 0800 1245 1261 99", "sepa.name", "Club"); got.Code != 303 || fmt.Sprint(w.policy) != "map[fee:2.5 % sepa.iban:DE75 5121 0800 1245 1261 99 sepa.name:Club]" {
		t.Errorf("a fee and an account: answered %d, made %v", got.Code, w.policy)
	}
	w = populated(false)
	b = visitor(t, handler(t, options(t, w))).signIn(w, ada)
	w.refuse = flattery.Input("mode: it can no longer be changed")
	if got := b.post("/admin/policy", "mode", "prepaid"); got.Code != 400 || !strings.Contains(got.Body.String(), "can no longer be changed") || !strings.Contains(got.Body.String(), `href="/admin/policy"`) {
		t.Errorf("a refusal is answered %d: %s", got.Code, got.Body)
	}
	w.refuse, w.clock = nil, time.Hour
	if got := b.post("/admin/policy", "mode", "prepaid"); got.Header().Get("Location") != "/stepup?next=%2Fadmin%2Fpolicy" || len(w.policy) > 0 {
		t.Errorf("long after: to %s, made %v", got.Header().Get("Location"), w.policy)
	}
}

func TestTheFirstRunLeadsFromStepToStep(t *testing.T) {
	w := populated(false)
	w.keys = map[flattery.AccountID]flattery.Keys{}
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	leads := func(what, to, path string, form ...string) {
		t.Helper()
		if got := b.post(path, form...); got.Code != 303 || got.Header().Get("Location") != to {
			t.Errorf("%s: answered %d, to %q, want %q", what, got.Code, got.Header().Get("Location"), to)
		}
	}
	expect(t, b, "/setup/keys", []string{"Step 1 of 5", `name="setup" value="1"`, "Leave it for later"}, nil)
	leads("a weak password", "/setup/keys", "/settings/security/password", "password", "short", "setup", "1")
	leads("a password", "/setup/place", "/settings/security/password", "password", sesame, "setup", "1")
	expect(t, b, "/setup/keys", []string{"It is there already"}, []string{`type="password"`})
	expect(t, b, "/setup/place", []string{"Step 2 of 5", `name="currencies" value="EUR"`, `name="time_zone"`, "As it stands, October closes on 4\u00a0November, 00:00 (Europe/Berlin)."}, nil)
	leads("a place", "/setup/money", "/setup/place", "language", "de", "time_zone", "Europe/Vienna", "currencies", "EUR")
	if w.accounts[ada].Language != "de" || fmt.Sprint(w.policy) != "map[time_zone:Europe/Vienna]" {
		t.Errorf("language %q, rules %v", w.accounts[ada].Language, w.policy)
	}
	w.change(func(a *flattery.Account) { a.Language = "" })
	expect(t, b, "/setup/money", []string{"October closes on 4\u00a0November, 00:00, your time", `value="prepaid"`}, nil)
	leads("who moves the money", "/setup/budget", "/setup/money", "mode", "prepaid")
	expect(t, b, "/setup/budget", []string{"Creators who never joined here", "the Flattr of 2010", `name="claimed_only" value="false" checked`, `name="claimed_only" value="true">`}, []string{"wait without a value until they do"})
	leads("a budget, and those alone who joined", "/setup/network", "/setup/budget", "budget", "7,50", "claimed_only", "true")
	expect(t, b, "/setup/budget", []string{`name="claimed_only" value="true" checked`}, nil)
	if !w.accounts[ada].ClaimedOnly {
		t.Error("authors who never joined count, against the donor's word")
	}
	leads("another budget, without a word on them", "/setup/network", "/setup/budget", "budget", "7,50")
	if !w.accounts[ada].ClaimedOnly {
		t.Error("the word on authors who never joined was lost")
	}
	leads("a budget, and all who can be paid", "/setup/network", "/setup/budget", "budget", "7,50", "claimed_only", "false")
	if w.accounts[ada].ClaimedOnly || w.accounts[ada].Budget != 7_500_000 || w.policy["mode"] != "prepaid" {
		t.Errorf("budget %s, rules %v", w.accounts[ada].Budget, w.policy)
	}
	expect(t, b, "/setup/network", []string{`href="/networks/github"`, `href="/networks/twitter/keys"`, "needs keys of yours"}, []string{"Instagram"})
	expect(t, b, "/setup/done", []string{"October closes on", `href="/month"`, `href="/admin/policy"`}, []string{"Step"})
	for path, status := range map[string]int{"/setup/else": 404, "/setup": 303} {
		if got := b.get(path); got.Code != status {
			t.Errorf("%s answered %d", path, got.Code)
		}
	}
	if got := b.post("/setup/done"); got.Code != 404 {
		t.Errorf("the last step is commanded: %d", got.Code)
	}
}

func TestEveryZoneThatIsProposedIsOne(t *testing.T) {
	for _, name := range zones() {
		if _, err := time.LoadLocation(name); err != nil {
			t.Error(err)
		}
	}
}

// A house that moves: the store's months stay as they were begun, and the pages go by them.
func TestThePagesGoByTheMonthsOfTheStore(t *testing.T) {
	w := populated(false)
	o := options(t, w)
	var err error
	if o.Location, err = time.LoadLocation("America/Los_Angeles"); err != nil {
		t.Fatal(err)
	}
	october := w.months[0]
	w.months = append([]flattery.MonthState{{Month: october.Month + 1, Starts: october.Ends, Ends: (october.Month + 1).Ends(o.Location)}}, w.months...)
	o.Now = func() time.Time { return october.Ends.Add(time.Hour) } // still October by the calendar there
	b := visitor(t, handler(t, o)).signIn(w, ada)
	expect(t, b, "/month", []string{"November closes on"}, nil)
	expect(t, b, "/welcome", []string{"November closes on"}, nil)
}
