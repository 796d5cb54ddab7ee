package main

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"flattery"
	"flattery/internal/sandbox"
)

// hands sends a file by a form, and looks at the page that it leads to.
func (in inside) hands(path, text, words string) {
	in.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "statement.xml")
	if err == nil {
		_, err = io.WriteString(part, text)
	}
	if err != nil || form.Close() != nil {
		in.Fatal(err)
	}
	req, err := http.NewRequestWithContext(in.Context(), http.MethodPost, in.base+path, &body)
	if err != nil {
		in.Fatal(err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	resp, err := in.Do(req)
	if err != nil {
		in.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil || !strings.Contains(string(page), words) {
		in.Errorf("%s: %d, want %q: %s, %v", path, resp.StatusCode, words, page, err)
	}
}

// finds is what a page has at a pattern's group.
func (in inside) finds(path, pattern string) string {
	in.Helper()
	page := in.body(path)
	m := regexp.MustCompile(pattern).FindStringSubmatch(page)
	if m == nil {
		in.Fatalf("%s has no %s: %s", path, pattern, page)
	}
	return m[1]
}

// A house collects and pays, all of it by its pages: a donor pays in by the code that the page shows, the month closes, the file is made
// and the bank books it; what it books otherwise waits, and is resolved.
func TestAHouseCollectsAndPaysByItsPages(t *testing.T) {
	b := newBench(t, october)
	b.env = []string{"FLATTERY_MODE=prepaid", "FLATTERY_SEPA_NAME=Club of Friends", "FLATTERY_SEPA_IBAN=DE75512108001245126199"}
	bank := sandbox.NewBank("DE75512108001245126199", 100*flattery.Unit, b.world.Clock)
	tells := func() string {
		t.Helper()
		var s strings.Builder
		if err := bank.Statement(&s); err != nil {
			t.Fatal(err)
		}
		return s.String()
	}
	b.people()
	g := b.world.GitHub
	g.AddUser("cleo")
	g.AddRepo("cleo", "lib")
	b.write("token", g.Token("ada"))
	b.do("account", "add", "Root", "--admin")
	b.do("account", "add", "Ada", "--budget", "5")
	b.do("account", "add", "Ben", "--destination", "payto://iban/FR1420041010050500013M02606?receiver-name=Ben%20N")
	b.do("account", "add", "Cleo", "--destination", "payto://iban/NL91ABNA0417164300?receiver-name=Cleo")
	b.do("claim", "add", "--account", "Ben", "github:ben")
	b.do("claim", "add", "--account", "Cleo", "github:cleo")
	b.do("link", "add", "github", "--token-file", b.path("token"), "--account", "Ada")
	b.star()
	g.Star("ada", "cleo/lib")
	b.do("poll")
	o := openPages(b)
	root, donor := o.signedIn("Root"), o.signedIn("Ada")

	code := donor.finds("/slips", "(FL-[A-Z2-7]{4}-[A-Z2-7]{4})")
	donor.says("/slips", "DE75512108001245126199", "Club of Friends", "<svg", "Nothing has arrived yet.", "Nothing is there")
	bank.Receive(10*flattery.Unit, "Ada", "NL91ABNA0417164300", "for flattery "+code)
	bank.Receive(4*flattery.Unit, "A friend", "NL91ABNA0417164300", "from an old friend")
	bank.Receive(3*flattery.Unit, "Root", "NL91ABNA0417164300", "for the costs")
	arrived := tells()
	root.hands("/admin/bank", arrived, "Paid: 0. Came back: 0. Paid in by donors: 1. Waits for your word: 2. Known before: 0.")
	root.hands("/admin/bank", arrived, "Known before: 3.")
	root.hands("/admin/bank", "this is no statement", "statement, near line 1")
	donor.says("/slips", "€10.00", "Enough for 2 months", "arrived")
	donor.says("/settings/messages", "€10.00 has arrived")
	root.says("/admin/bank", "from an old friend")
	root.post("/admin/bank/2", url.Values{"as": {"fee"}}, http.StatusBadRequest, "a line that came in cannot be")
	root.post("/admin/bank/2", url.Values{"as": {"means"}, "donor": {"Ada"}}, http.StatusOK, "The line is noted.")
	root.post("/admin/bank/2", url.Values{"as": {"own"}}, http.StatusConflict, "")
	root.post("/admin/bank/3", url.Values{"as": {"own"}}, http.StatusOK, "The line is noted.")
	donor.says("/slips", "€14.00")

	b.world.Clock.Set(afterOctober)
	b.do("poll", "1")
	b.do("settle")
	b.do("payout", "plan")
	root, donor = o.signedIn("Root"), o.signedIn("Ada")
	ben := o.signedIn("Ben")
	root.says("/admin/payments", "Make the file for the bank: 2 payments, €5.00")
	if status, _ := donor.ask(http.MethodGet, o.base+"/admin/payments", nil); status != http.StatusNotFound {
		t.Errorf("a donor sees the payments: %d", status)
	}
	root.post("/admin/payments/batches", url.Values{"rail": {"sepa"}, "currency": {"EUR"}}, http.StatusOK, "The file is made: 2 payments, €5.00.")
	root.post("/admin/payments/batches", url.Values{"rail": {"sepa"}, "currency": {"EUR"}}, http.StatusBadRequest, "nothing is planned for sepa in EUR")
	path := root.finds("/admin/payments", `href="(/admin/payments/batches/[A-Z2-7]+/file)"`)
	if status, _ := donor.ask(http.MethodGet, o.base+path, nil); status != http.StatusNotFound {
		t.Errorf("a donor gets the file: %d", status)
	}
	file := root.body(path)
	codes, ids := map[string]string{}, map[string]string{}
	for _, y := range into[struct{ Payments []flattery.Payment }](b, "payout", "list").Payments {
		codes[y.PayeeName], ids[y.PayeeName] = y.Code, strconv.FormatInt(int64(y.ID), 10)
	}
	bank.Misbook(codes["Cleo"], 2*flattery.Unit)
	if err := bank.Take(strings.NewReader(file)); err != nil {
		t.Fatal(err)
	}
	if again := root.body(path); again != file || bank.Take(strings.NewReader(again)) == nil {
		t.Error("the file is another the second time, or the bank takes it twice")
	}
	root.hands("/admin/bank", tells(), "Paid: 1. Came back: 0. Paid in by donors: 0. Waits for your word: 1. Known before: 0.")
	ben.says("/income", "€2.50")
	line := root.finds("/admin/bank", `action="/admin/bank/([0-9]+)"`)
	root.says("/admin/bank", "It names payment no. "+ids["Cleo"], "−€2.00")
	root.post("/admin/bank/"+line, url.Values{"as": {"refund"}, "donor": {"Nobody"}}, http.StatusBadRequest, "there is no account")
	root.post("/admin/bank/"+line, url.Values{"as": {"own"}}, http.StatusOK, "The line is noted.")
	root.post("/admin/payments/"+ids["Cleo"]+"/failed", nil, http.StatusOK, "is noted")
	root.says("/admin/payments", "waits for the next plan", "not paid", "paid")

	bank.Return(codes["Ben"], "AC04")
	root.hands("/admin/bank", tells(), "Paid: 0. Came back: 1.")
	root.says("/admin/payments", "came back")
	ben.says("/settings/messages", "€2.50 paid to you came back")
	donor.says("/slips", "€9.00", "Enough for 1 month")
	if out := b.do("ledger", "audit"); !strings.Contains(out, "clean") {
		t.Errorf("the ledger: %s", out)
	}
}
