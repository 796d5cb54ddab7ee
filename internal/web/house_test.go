package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"flattery"
)

// collecting is a world whose house collects and pays, and ada in it, who runs it.
func collecting(t *testing.T) (*world, *browser) {
	t.Helper()
	w := populated(false)
	w.collects = true
	return w, visitor(t, handler(t, options(t, w))).signIn(w, ada)
}

func TestThePaymentsOfTheHouseAreSeenAndHandedIn(t *testing.T) {
	w, b := collecting(t)
	expect(t, b, "/admin/payments", []string{"Make the file for the bank: 2 payments, €3.61", "One cent that is to prove the account", "Proved by a payment, ", "waits for €1.00", "waits for a place to be paid", "waits until it is decided whose it is", "waits for the next plan",
		"2 wait for the bank", `href="/admin/payments/batches/FLABCDEFGHIJKLMNOP/file"`, "The file is not there yet", "disk full", `action="/admin/payments/3/paid"`, `action="/admin/payments/5/failed"`, "came back", "not paid", "Please do not pay this now. It is not certain any more"},
		[]string{`action="/admin/payments/1/paid"`, `batches/FLQK7RMW3HS2DNPX2V/file`, "482913"})
	for _, row := range []struct{ path, does, says string }{
		{"/admin/payments/batches", "send sepa EUR", "The file is made: 2 payments, €7.20."},
		{"/admin/payments/3/paid", "mark 3 paid", "Payment no. 3 is noted."},
		{"/admin/payments/5/failed", "mark 5 failed", "Payment no. 5 is noted."},
	} {
		w.did = nil
		if got := b.post(row.path, "rail", "sepa", "currency", "EUR"); got.Code != http.StatusSeeOther || fmt.Sprint(w.did) != "["+row.does+"]" {
			t.Errorf("%s answered %d and did %q", row.path, got.Code, w.did)
		}
		expect(t, b, "/admin/payments", []string{row.says}, nil)
	}
	got := b.get("/admin/payments/batches/FLABCDEFGHIJKLMNOP/file")
	if got.Body.String() != "<Document/>" || got.Header().Get("Content-Disposition") != "attachment; filename=FLABCDEFGHIJKLMNOP.xml" {
		t.Errorf("the file is %q, %v", got.Body, got.Header())
	}
	for path, status := range map[string]int{"/admin/payments/3/planned": 404, "/admin/payments/x/paid": 404} {
		if got := b.post(path); got.Code != status {
			t.Errorf("%s answered %d", path, got.Code)
		}
	}
	w.refuse = flattery.ErrState
	if got := b.post("/admin/payments/3/paid"); got.Code != http.StatusConflict || !strings.Contains(got.Body.String(), `href="/admin/payments"`) {
		t.Errorf("what is done already answered %d: %s", got.Code, got.Body)
	}
	w.refuse, w.did, w.clock = nil, nil, time.Hour
	for path, back := range map[string]string{"/admin/payments/3/paid": "%2Fadmin%2Fpayments", "/admin/payments/batches": "%2Fadmin%2Fpayments", "/admin/bank/12": "%2Fadmin%2Fbank", "/admin/bank": "%2Fadmin%2Fbank"} {
		if got := b.post(path, "as", "own"); got.Header().Get("Location") != "/stepup?next="+back || len(w.did) > 0 {
			t.Errorf("%s long after leads to %s, and did %q", path, got.Header().Get("Location"), w.did)
		}
	}
}

func TestAStatementIsTakenInAndWhatWaitsIsSaid(t *testing.T) {
	w, b := collecting(t)
	expect(t, b, "/admin/bank", []string{`enctype="multipart/form-data"`, "DE75512108001245126199", "from an old friend", `value="means"`, `value="chargeback"`, "It names payment no. 5", `<option value="Bob">`, "€23.45", "At the bank", "Fees of the bank", "A payment that came back"},
		nil)
	large := strings.Repeat("x", 3*longestBody)
	if got := b.handsTo("/admin/bank", "", "statement.xml", large); got.Code != http.StatusSeeOther || fmt.Sprint(w.did) != "[book "+large[:20]+"]" {
		t.Fatalf("a statement: %d, did %q: %s", got.Code, w.did, got.Body)
	}
	expect(t, b, "/admin/bank", []string{"Paid: 3. Came back: 1. Paid in by donors: 2. Waits for your word: 1. Known before: 4."}, nil)
	for name, row := range map[string]struct {
		form []string
		does string
		says string
	}{
		"means of a donor":     {[]string{"as", "means", "donor", " Bob "}, "resolve 12 means 2 0", ""},
		"what nobody gave":     {[]string{"as", "own", "donor", "Bob", "payment", "7"}, "resolve 12 own 0 0", ""},
		"one that came back":   {[]string{"as", "return", "donor", "Bob", "payment", "7"}, "resolve 12 return 0 7", ""},
		"means of nobody":      {[]string{"as", "means"}, "", "whose is it? choose the donor"},
		"means of a stranger":  {[]string{"as", "means", "donor", "Zed"}, "", "there is no account &#34;Zed&#34; here"},
		"a payment of no name": {[]string{"as", "payment", "payment", "x"}, "", "which payment is it? write its number"},
	} {
		w.did = nil
		got := b.post("/admin/bank/12", row.form...)
		if strings.Join(w.did, "") != row.does || (got.Code == http.StatusSeeOther) != (row.does != "") || !strings.Contains(got.Body.String(), row.says) {
			t.Errorf("%s: answered %d, did %q: %s", name, got.Code, w.did, got.Body)
		}
	}
	if got := b.post("/admin/bank"); got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), `href="/admin/bank"`) {
		t.Errorf("no file: %d %s", got.Code, got.Body)
	}
	w.refuse = flattery.Input("statement, near line 3: it is none")
	if got := b.handsTo("/admin/bank", "", "x", "y"); got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), "near line 3") {
		t.Errorf("what is none: %d %s", got.Code, got.Body)
	}
	w.refuse = nil
	if got := b.handsTo("/admin/bank", "", "x", strings.Repeat("x", longestStatement+1)); got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), "larger than 16 MB") {
		t.Errorf("too much: %d", got.Code)
	}
}

func TestInPledgeModeThereIsNothingToPayOut(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	for _, path := range []string{"/admin/payments", "/admin/bank"} {
		expect(t, b, path, []string{"Here donors pay by slips"}, []string{"<form class=\"fields\"", `href="/admin/bank"`})
	}
	for _, path := range []string{"/admin/payments/3/paid", "/admin/payments/batches/FLABCDEFGHIJKLMNOP/file"} {
		if got := b.do(map[bool]string{true: "GET", false: "POST"}[strings.HasSuffix(path, "file")], path, nil); got.Code != http.StatusNotFound {
			t.Errorf("%s answered %d", path, got.Code)
		}
	}
}

func TestADonorIsToldHowToPayInAndHowFarItGoes(t *testing.T) {
	for name, row := range map[string]struct {
		change func(w *world, o *Options)
		says   []string
		not    []string
	}{
		"as usual": {nil, []string{"€12.00", "Enough for 2 months of your budget of €5.00.", "You owe this house €2.00", "Club of Friends", "DE75512108001245126199", "FL-ADA2-OWN7", "<svg", "a transfer of €7.00 to the house", "arrived", "went back to you", "−3.00", `aria-current="page">Pay in</a>`},
			[]string{"To pay"}},
		"without a budget": {func(w *world, _ *Options) { w.change(func(a *flattery.Account) { a.Budget = 0 }) }, []string{"You have no budget yet"}, []string{"Enough for"}},
		"paused":           {func(w *world, _ *Options) { w.change(func(a *flattery.Account) { a.Paused = true }) }, []string{"You are paused"}, nil},
		"no account":       {func(_ *world, o *Options) { o.Bank, o.Owner = Bank{}, Owner{"Eve", "eve@x.example"} }, []string{"named no account", `href="mailto:eve@x.example"`}, []string{`aria-label="QR`, "FL-ADA2"}},
		"in crowns":        {func(w *world, o *Options) { w.change(func(a *flattery.Account) { a.Currency = "SEK" }) }, []string{"FL-ADA2-OWN7"}, []string{`aria-label="QR`}},
	} {
		t.Run(name, func(t *testing.T) {
			w := populated(false)
			w.collects = true
			o := options(t, w)
			if row.change != nil {
				row.change(w, &o)
			}
			expect(t, visitor(t, handler(t, o)).signIn(w, ada), "/slips", row.says, row.not)
		})
	}
	w, b := collecting(t)
	expect(t, b, "/slips?amount=30,50", []string{"a transfer of €30.50", `value="30.50"`}, nil)
	for _, amount := range []string{"much", "-3", "2000"} {
		if got := b.get("/slips?amount=" + amount); got.Code != http.StatusBadRequest {
			t.Errorf("an amount of %s answered %d", amount, got.Code)
		}
	}
	expect(t, visitor(t, b.h).signIn(w, bob), "/slips", []string{"FL-BBBB-CCCC", "Nothing has arrived yet."}, []string{"FL-ADA2"})
}

func TestThePagesOfAHouseThatCollectsLookRightInABrowser(t *testing.T) {
	ctx := chromium(t)
	folder, heard, house := artefacts(t), listen(ctx, t), ""
	for _, rough := range []bool{false, true} {
		w := populated(rough)
		w.collects = true
		server := httptest.NewServer(handler(t, options(t, w)))
		t.Cleanup(server.Close)
		house = server.URL
		enterChromium(ctx, t, w, house)
		for _, path := range []string{"/slips", "/admin/payments", "/admin/bank", "/admin/policy"} {
			for _, language := range languages {
				if language != "en" && (rough || os.Getenv("FLATTERY_ARTEFACTS") == "") {
					continue
				}
				if err := open(ctx, house+path, language); err != nil {
					t.Fatal(err)
				}
				for _, l := range looks {
					if !l.taken(stop{path: path, main: true}, language, rough) {
						continue
					}
					overflow, err := l.at(ctx)
					if err != nil || overflow != "" {
						t.Errorf("%s in %s, %s: wider than the window: %s, %v", path, language, l.name, overflow, err)
					}
					picture(ctx, t, filepath.Join(folder, fmt.Sprintf("house-%t%s-%s-%s.png", rough, slug(path), language, l.name)))
				}
			}
		}
	}
	for _, complaint := range heard(house) {
		t.Error(complaint)
	}
}
