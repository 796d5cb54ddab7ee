package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"flattery"
	"flattery/config"
	"flattery/internal/payout"
	"flattery/internal/queue"
	"flattery/internal/settle"
)

// sign opens the setup link, and gives the visitor and the address of the pages.
func (s *served) sign() (v visitor, base string) {
	s.Helper()
	link := s.hears(setupLink)
	base, _, _ = strings.Cut(link, "/enter/")
	v = visit(s.T)
	s.Cleanup(v.CloseIdleConnections)
	if code, page := v.ask(http.MethodPost, link, nil); code != http.StatusOK {
		s.Fatalf("entering is answered %d: %s", code, page)
	}
	return v, base
}

func TestTheFirstRunNeedsNothingToEditByHand(t *testing.T) {
	b := newBench(t, october)
	b.env = []string{"FLATTERY_LISTEN=127.0.0.1:0"}
	s := serve(b)
	v, base := s.sign()
	for _, step := range []struct {
		path string
		form url.Values
		then string
	}{
		{"/settings/security/password", url.Values{"setup": {"1"}, "password": {"five words that nobody says"}}, "Language, currency, time zone"},
		{"/setup/place", url.Values{"language": {""}, "currencies": {"SEK,EUR"}, "time_zone": {"Europe/Stockholm"}}, "October closes on 4\u00a0November, 00:00, your time (Europe/Stockholm)."},
		{"/setup/money", url.Values{"mode": {"prepaid"}}, `<option value="SEK" selected>`},
		{"/setup/budget", url.Values{"budget": {"50"}}, "GitHub"},
	} {
		code, page := v.ask(http.MethodPost, base+step.path, step.form)
		if code != http.StatusOK || !strings.Contains(page, step.then) {
			t.Fatalf("%s is answered %d and does not say %q: %s", step.path, code, step.then, page)
		}
	}
	want := map[string][2]string{"time_zone": {"Europe/Stockholm", "database"}, "currencies": {"SEK,EUR", "database"}, "mode": {"prepaid", "database"}, "split": {"flattr", "default"}}
	for _, o := range into[[]config.Origin](b, "config") {
		if w, ok := want[o.Name]; ok && (o.Value != w[0] || o.From != w[1]) {
			t.Errorf("%s is %s from %s, want %v", o.Name, o.Value, o.From, w)
		}
	}
	if a := into[[]flattery.Account](b, "account", "list")[0]; a.Currency != "SEK" || a.Budget != 50*flattery.Unit {
		t.Errorf("the account gives %s %s", a.Budget, a.Currency)
	}
	b.do("means", "add", "50", "--account", "admin") // a command goes by the same rules
	for what, row := range map[string][2]string{
		"a currency in which somebody gives": {"currencies=EUR", "somebody here gives in SEK"},
		"a place that is none":               {"time_zone=Mars/North", "is not a time zone"},
	} {
		form, _ := url.ParseQuery(row[0])
		if code, page := v.ask(http.MethodPost, base+"/admin/policy", form); code != http.StatusBadRequest || !strings.Contains(page, row[1]) {
			t.Errorf("%s: answered %d: %s", what, code, page)
		}
	}
	if _, page := v.ask(http.MethodGet, base+"/admin/policy", nil); !strings.Contains(page, "so it stays as it is") || strings.Contains(page, `name="mode"`) {
		t.Error("the page lets the mode be changed")
	}
	s.stop()
	if code := <-s.code; code != exitDone || strings.Contains(s.errs.String(), "level=ERROR") {
		t.Errorf("ended with %d: %s", code, s.errs)
	}
}

func TestWhatStandsInTheFileGoesBeforeThePages(t *testing.T) {
	b := newBench(t, october)
	in := openBench(b)
	p := pages{in.store, gates{in.instance}}
	for name, row := range map[string]struct {
		made map[string]string
		says string
	}{
		"not of the house":        {map[string]string{"listen": ":1"}, "is no setting that is made in the pages"},
		"set by a variable":       {map[string]string{"now": "x"}, "FLATTERY_NOW"},
		"one of two is not right": {map[string]string{"slips.max": "3", "clicks": "never"}, "clicks"},
	} {
		if err := p.SetPolicy(t.Context(), row.made); err == nil || !strings.Contains(err.Error(), row.says) || strings.Contains(err.Error(), "database:") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if kept, err := in.store.Kept(t.Context()); err != nil || len(kept) > 0 {
		t.Errorf("kept %v, %v", kept, err)
	}
	if err := p.SetPolicy(t.Context(), map[string]string{"slips.max": "3", "split": "flattr"}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-in.turns:
	default:
		t.Error("nobody is told to open anew")
	}
	b.env = []string{"FLATTERY_SLIPS_MAX=4"}
	for env, want := range map[string]string{"FLATTERY_SLIPS_MAX=4": "4 FLATTERY_SLIPS_MAX", "X=": "3 database"} {
		b.env = []string{env}
		for _, o := range into[[]config.Origin](b, "config") {
			if o.Name == "slips.max" && o.Value+" "+o.From != want {
				t.Errorf("with %s: %s from %s", env, o.Value, o.From)
			}
		}
	}
}

// Another process changed the rules: who is to settle by the old ones waits, and opens anew.
func TestNobodySettlesByRulesThatHaveChanged(t *testing.T) {
	b := newBench(t, october)
	in, other := openBench(b), openBench(b)
	if changed, err := in.turned(t.Context()); changed || err != nil {
		t.Fatalf("at first: %t %v", changed, err)
	}
	if err := (pages{other.store, gates{other.instance}}).SetPolicy(t.Context(), map[string]string{"split": "creator"}); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{settle.KindMonth, settle.KindSpan, payout.Kind} {
		err := in.handlers()[kind](t.Context(), queue.Job{Kind: kind, Key: "2026-10"})
		if until, snoozed := queue.Snoozed(err); !snoozed || !until.After(in.now()) {
			t.Errorf("%s: %v", kind, err)
		}
	}
	if changed, err := in.turned(t.Context()); !changed || err != nil {
		t.Errorf("afterwards: %t %v", changed, err)
	}
}
