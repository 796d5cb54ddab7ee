package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"flattery"
)

func TestADestinationIsProvedOnItsPage(t *testing.T) {
	const asks, types = `action="/income/trial"`, `action="/income/trial/number"`
	for name, row := range map[string]struct {
		change    func(w *world)
		says, not []string
	}{
		"nothing sent":          {func(w *world) { w.trial.Payment = 0 }, []string{"Prove it by a cent", "A number stands on that transfer", asks}, []string{types, "Proved by"}},
		"planned":               {func(w *world) { w.trial.State = flattery.PaymentPlanned }, []string{"Asked for on", "next file for its bank"}, []string{asks, types}},
		"sent":                  {func(*world) {}, []string{"One cent left on", "a number of six digits", "3 tries are left", types}, []string{asks}},
		"no number typed yet":   {func(w *world) { w.trial.Tries = 0 }, []string{types}, []string{"left.", asks}},
		"the last try":          {func(w *world) { w.trial.Tries = 4 }, []string{"1 try is left", types}, []string{asks}},
		"sent long ago":         {func(w *world) { w.trial.PlannedAt = today.Add(-flattery.TrialAgain) }, []string{types, asks}, nil},
		"guessed at":            {func(w *world) { w.trial.Tries = 5 }, []string{"Wrong numbers were typed too often. Another cent can be sent from"}, []string{asks, types}},
		"came back":             {func(w *world) { w.trial.State = flattery.PaymentFailed }, []string{"did not arrive", asks}, []string{types}},
		"came back once proved": {func(w *world) { w.trial.State, w.trial.ProvedAt = flattery.PaymentFailed, today }, []string{"did not arrive", asks}, []string{"Proved by"}},
		"proved":                {func(w *world) { w.trial.ProvedAt = today }, []string{"Proved by a payment, "}, []string{asks, types, "Prove it"}},
		"to no bank":            {func(w *world) { w.trial = Trial{} }, []string{"payto://"}, []string{`id="trial"`}},
		"nowhere":               {func(w *world) { w.change(func(a *flattery.Account) { a.Destination = "" }) }, []string{"Nowhere yet"}, []string{`id="trial"`}},
		"in pledge mode":        {func(w *world) { w.collects = false }, []string{"payto://"}, []string{`id="trial"`}},
	} {
		t.Run(name, func(t *testing.T) {
			w := populated(false)
			w.trialled()
			row.change(w)
			b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
			for _, language := range []string{"fr", "de", "en"} {
				b.headers["Accept-Language"] = language
				wellFormed(t, language, b.get("/income").Body.String())
			}
			expect(t, b, "/income", row.says, row.not)
		})
	}
}

func TestACentIsAskedForAndItsNumberTyped(t *testing.T) {
	w := populated(false)
	w.trialled()
	w.trial.Payment = 0
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	for _, row := range []struct{ path, does, says string }{
		{"/income/trial", "try 1", "one cent goes there with the next file"},
		{"/income/trial/number", "prove 1 482 913", "Proved: what is paid there arrives with you."},
	} {
		w.did = nil
		got := b.post(row.path, "number", "482 913", "account", "2", "destination", "https://evil.example/")
		if got.Code != http.StatusSeeOther || got.Header().Get("Location") != "/income#trial" || fmt.Sprint(w.did) != "["+row.does+"]" {
			t.Errorf("%s answered %d and did %q", row.path, got.Code, w.did)
		}
		expect(t, b, "/income", []string{row.says}, nil)
	}
	w.refuse = flattery.Input("that is not the number on the transfer; tries that are left: %d", 3)
	for language, says := range map[string]string{"en": "tries that are left: 3", "de": "verbleibende Versuche: 3", "fr": "essais restants\u00a0: 3"} {
		b.headers["Accept-Language"] = language
		got := b.post("/income/trial/number", "number", hostile[0])
		if got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), says) || !strings.Contains(got.Body.String(), `href="/income"`) {
			t.Errorf("%s: %d: %s", language, got.Code, got.Body)
		}
		wellFormed(t, language, got.Body.String())
	}
	w.refuse, w.did, w.clock = nil, nil, time.Hour
	if got := b.post("/income/trial"); got.Header().Get("Location") != "/stepup?next=%2Fincome" || len(w.did) > 0 {
		t.Errorf("long after it leads to %s, and did %q", got.Header().Get("Location"), w.did)
	}
	if got := visitor(t, handler(t, options(t, w))).post("/income/trial/number", "number", "482913"); got.Code == http.StatusSeeOther && len(w.did) > 0 {
		t.Errorf("a stranger did %q", w.did)
	}
}
