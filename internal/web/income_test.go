package web

import (
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"flattery"
)

func TestIncomeSaysWhatCameAndNeverFromWhom(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	expect(t, b, "/income", []string{"€3.25", "€2.00", "Still to come", "€1.25", "set at the close", ">14<", "€1.25", "$0.40", "FLT-9AA-XYZ", "Nowhere yet", `href="/income/2026-09"`}, []string{"Bob"})
	expect(t, b, "/income/2026-09", []string{"ada-w/earned-by-ada", "€1.25", ">20<", "/income/2026-09/income.csv"}, []string{"set at the close"})
	expect(t, b, "/income/2026-08", []string{"Fewer than three people", "All works together", "€2.00", ">3<"}, []string{"earned-by-ada", "lighthouse", ">20<"})
	if got := b.get("/income/2026-08/income.csv").Body.String(); !strings.Contains(got, "\n2026-08;;;;;3;2,00;\n") || strings.Contains(got, "lighthouse") {
		t.Errorf("of a month in which few gave, the file says %q", got)
	}
	expect(t, b, "/income/2026-10", []string{"set at the close", "not settled yet"}, []string{"€"})
	if got := b.get("/income/2026-07"); got.Code != 404 {
		t.Errorf("a month without income: %d", got.Code)
	}
	empty := populated(false)
	empty.incomes, empty.earnings, empty.toAda, empty.claims, empty.given = nil, nil, nil, nil, nil
	expect(t, visitor(t, handler(t, options(t, empty))).signIn(empty, ada), "/income", []string{"Nobody has liked anything of yours yet", "Nothing here is known to be yours yet"}, []string{"<table"})
}

func TestWhatIsGivenOnIsChosenAndShown(t *testing.T) {
	w := populated(false)
	w.settled[0].Given = 1_230_000
	o := options(t, w)
	b := visitor(t, handler(t, o)).signIn(w, ada)
	expect(t, b, "/income", []string{"Given on", "€1.50", ">Left<", `href="/settings#give_on"`}, nil)
	expect(t, b, "/months/2026-09", []string{"Of it, given on from what you received", "€1.23"}, nil)
	expect(t, b, "/settings", []string{"You are paid in full"}, []string{"not paid out"})
	before := w.accounts[ada].Budget
	for typed, want := range map[string]int64{"": 0, "40": 40, "100 %": 100} {
		got := b.post("/settings", "budget", "5", "give_on", typed, "on_top", "1")
		if a := w.accounts[ada]; got.Code != 303 || a.GiveOn != want || !a.OnTop {
			t.Errorf("%q: %d, %d %%", typed, got.Code, a.GiveOn)
		}
	}
	for _, typed := range []string{"101", "-1", "4.5", "half"} {
		if got := b.post("/settings", "budget", "5", "give_on", typed); got.Code != 400 {
			t.Errorf("%q: %d", typed, got.Code)
		}
	}
	if before != 5*flattery.Unit {
		t.Fatalf("budget %s", before)
	}
	expect(t, b, "/month", []string{"€6.00"}, nil) // 5.00, and 1.00 on top that is not spent yet
	o.Mode = Prepaid
	expect(t, visitor(t, handler(t, o)).signIn(w, ada), "/settings", []string{"not paid out"}, []string{"You are paid in full"})
}

func TestASlipRemindsAndIsVoidedBeforeBothsEyes(t *testing.T) {
	w := populated(false)
	o := options(t, w)
	b := visitor(t, handler(t, o)).signIn(w, ada)
	y := &w.payments[0]
	for days, want := range map[int]bool{1: false, 59: false, 60: true, 119: true} {
		y.PlannedAt = today.AddDate(0, 0, -days)
		if says := strings.Contains(b.get("/slips").Body.String(), "To be paid since"); says != want {
			t.Errorf("after %d days it reminds: %v", days, says)
		}
	}
	y.Held = flattery.HeldDisputed
	expect(t, b, "/slips", nil, []string{"To be paid since"})
	y.Held, y.Netted = "", true
	expect(t, b, "/slips", []string{"By netting"}, nil)
	y.State, y.VoidedAt = flattery.PaymentFailed, today
	w.toAda[0].State, w.toAda[0].VoidedAt, w.toAda[0].PaidAt = flattery.PaymentFailed, today, time.Time{}
	expect(t, b, "/slips", []string{">voided<", "your giving was paused"}, []string{"To be paid since"})
	expect(t, b, "/income", []string{">voided<", "promised no longer"}, nil)
}

func TestNettingIsOfferedWithWhatItTells(t *testing.T) {
	w := populated(false)
	o := options(t, w)
	o.Netting = false
	b := visitor(t, handler(t, o)).signIn(w, ada)
	expect(t, b, "/settings", nil, []string{"a bank names the payer"})
	if b.post("/settings", "budget", "5", "netting", "1"); w.accounts[ada].Netting {
		t.Error("joined what is not offered")
	}
	o.Netting = true
	b = visitor(t, handler(t, o)).signIn(w, ada)
	expect(t, b, "/settings", []string{"a bank names the payer", "pay people whose work you did not like"}, nil)
	if b.post("/settings", "budget", "5", "netting", "1"); !w.accounts[ada].Netting {
		t.Error("did not join")
	}
	if b.post("/settings", "budget", "5"); w.accounts[ada].Netting {
		t.Error("did not leave")
	}
}

func TestIncomeIsAFileAsFlattrsCreatorsHadIt(t *testing.T) {
	w := populated(true)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	got := b.get("/income/2026-09/income.csv")
	if got.Code != 200 || got.Header().Get("Content-Type") != "text/csv; charset=utf-8" || got.Header().Get("Content-Disposition") != "attachment; filename=flattery-income-2026-09.csv" {
		t.Fatal(got.Code, got.Header())
	}
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(got.Body.String(), "\ufeff")))
	r.Comma = ';'
	rows, err := r.ReadAll()
	if err != nil || len(rows) != 5 {
		t.Fatal(rows, err)
	}
	if head := strings.Join(rows[0], ";"); head != "period;id;flattr url;url;title;clicks;revenue;clicks total" {
		t.Error(head)
	}
	for i, want := range []string{"2026-09;github:10;https://github.example/10;ada-w/earned-by-ada;5;1.25;20", "2026-09;flickr:7;https://flickr.example/7;'=HYPERLINK(1);1;0.40;1"} {
		row := rows[i+1]
		if !strings.HasPrefix(row[2], "http://127.0.0.1:8080/submit/auto?url=https%3A%2F%2F") {
			t.Errorf("flattr url: %s", row[2])
		}
		if line := strings.Replace(strings.Join(append(row[:2:2], row[3:]...), ";"), ",", ".", 1); line != want {
			t.Errorf("line %d: %s", i+1, line)
		}
	}
	if rows[3][2] != "" {
		t.Errorf("an address that is no page is linked: %s", rows[3][2])
	}
}

func TestAStatementIsAFileInBothForms(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	for path, comma := range map[string]rune{"/months/2026-09/statement.csv": ',', "/months/2026-09/statement.csv?decimal=comma": ';'} {
		got := b.get(path)
		r := csv.NewReader(strings.NewReader(strings.TrimPrefix(got.Body.String(), "\ufeff")))
		r.Comma = comma
		rows, err := r.ReadAll()
		if err != nil || got.Code != 200 || len(rows) != 17 {
			t.Fatal(path, got.Code, len(rows), err)
		}
		for i, row := range rows[1:] {
			share, err := flattery.ParseAmount(strings.Replace(row[8], ",", ".", 1))
			if err != nil || share != 312_500 || strings.Contains(row[8], ",") != (comma == ';') || row[9] != "EUR" {
				t.Errorf("%s, line %d: %q", path, i, row)
			}
		}
	}
	for _, path := range []string{"/months/2026-10/statement.csv", "/months/nonsense/statement.csv"} {
		if got := b.get(path); got.Code != 404 {
			t.Errorf("%s: %d", path, got.Code)
		}
	}
}

func TestSettingsAreSavedAsPeopleTypeThem(t *testing.T) {
	for name, row := range map[string]struct {
		form []string
		want flattery.Settings
		code int
	}{
		"with a point":       {[]string{"budget", "7.50", "cap", "0.5"}, flattery.Settings{Budget: 7_500_000, Cap: 500_000, Currency: "EUR"}, 303},
		"with a comma":       {[]string{"budget", " 7,50 ", "cap", ""}, flattery.Settings{Budget: 7_500_000, Currency: "EUR"}, 303},
		"paused":             {[]string{"budget", "5", "paused", "1"}, flattery.Settings{Budget: 5 * flattery.Unit, Paused: true, Currency: "EUR"}, 303},
		"those who joined":   {[]string{"budget", "5", "claimed_only", "1"}, flattery.Settings{Budget: 5 * flattery.Unit, ClaimedOnly: true, Currency: "EUR"}, 303},
		"nothing":            {[]string{"budget", ""}, flattery.Settings{Currency: "EUR"}, 303},
		"no amount":          {[]string{"budget", "many"}, flattery.Settings{Budget: 5 * flattery.Unit, Currency: "EUR"}, 400},
		"thousands":          {[]string{"budget", "1,000.00"}, flattery.Settings{Budget: 5 * flattery.Unit, Currency: "EUR"}, 400},
		"less than nothing":  {[]string{"budget", "-1"}, flattery.Settings{Budget: 5 * flattery.Unit, Currency: "EUR"}, 400},
		"a cap that is none": {[]string{"budget", "5", "cap", "x"}, flattery.Settings{Budget: 5 * flattery.Unit, Currency: "EUR"}, 400},
	} {
		t.Run(name, func(t *testing.T) {
			w := populated(false)
			b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
			if got := b.post("/settings", row.form...); got.Code != row.code {
				t.Errorf("answered %d", got.Code)
			}
			if got := w.accounts[ada].Settings; got != row.want {
				t.Errorf("%+v, want %+v", got, row.want)
			}
		})
	}
}

func TestSettingsSayWhatTheyMean(t *testing.T) {
	w := populated(false)
	o := options(t, w)
	b := visitor(t, handler(t, o)).signIn(w, ada)
	expect(t, b, "/settings", []string{`value="5.00"`, "October closes on 4\u00a0November, 00:00", "At least €2.00", "on average", "export.zip"}, []string{`name="currency"`})
	o.Now = func() time.Time { return time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC) }
	o.Currencies = []string{"EUR", "USD"}
	late := visitor(t, handler(t, o)).signIn(w, ada)
	expect(t, late, "/settings", []string{"October closes", `name="currency"`}, nil) // not frozen yet: the wish counts for October
	b.post("/settings/language", "language", "fr")
	expect(t, b, "/settings", []string{"Réglages", `value="5,00"`}, nil)
	b.post("/language", "language", "de")
	b.post("/settings/language", "language", "")
	if got := b.post("/settings/language", "language", "xx"); got.Code != 400 {
		t.Errorf("no such language: %d", got.Code)
	}
}

func TestWhoLeavesTypesTheirName(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	b.post("/settings/forget", "name", "ada")
	if _, there := w.accounts[ada]; !there {
		t.Fatal("gone without the name")
	}
	if got := b.post("/settings/forget", "name", "Ada"); got.Code != 303 || got.Header().Get("Location") != "/" {
		t.Errorf("answered %d", got.Code)
	}
	if _, there := w.accounts[ada]; there {
		t.Error("still there")
	}
	if got := b.get("/month"); got.Code != 303 {
		t.Errorf("still signed in: %d", got.Code)
	}
	got := visitor(t, handler(t, options(t, w))).signIn(w, bob).get("/settings/export.zip")
	if got.Code != 200 || got.Body.String() != "everything of Bob" || !strings.HasPrefix(got.Header().Get("Content-Disposition"), "attachment; filename=flattery-2026-10-") {
		t.Error(got.Code, got.Header(), got.Body.String())
	}
}

func TestADestinationIsSaid(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	b.post("/income/destination", "destination", " https://ko-fi.com/ada ")
	expect(t, b, "/income", []string{`href="https://ko-fi.com/ada"`, "New payments go there"}, []string{"Nowhere yet"})
	b.post("/income/destination", "destination", "")
	expect(t, b, "/income", []string{"Nowhere yet", "Nobody can pay you until"}, nil)
	w.refuse = flattery.Input("destination is of no kind that can be paid")
	if got := b.post("/income/destination", "destination", "ftp://x"); got.Code != 400 || !strings.Contains(got.Body.String(), "of no kind that can be paid") {
		t.Error(got.Code)
	}
}
