package web

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"flattery"
)

// paidTo changes where a slip of ada's goes.
func paidTo(t *testing.T, to flattery.Destination, currency string) (*world, *browser) {
	t.Helper()
	w := populated(false)
	w.payments[1].Destination, w.payments[1].Currency = to, currency
	return w, visitor(t, handler(t, options(t, w))).signIn(w, ada)
}

func TestAPageOfASlipSaysHowItIsPaid(t *testing.T) {
	const picture, iban = `src="/slips/2/code.svg"`, "payto://iban/DE75512108001245126199"
	for _, row := range []struct {
		name, currency string
		to             flattery.Destination
		says, not      []string
	}{
		{"a bank", "EUR", iban + "?receiver-name=Maren%20H", []string{picture, `value="Maren H"`, `value="DE75512108001245126199"`, `value="1.25"`, `value="Flattery FLT-7K2-MQ2"`, "message=Flattery%20FLT-7K2-MQ2", "GiroCode"}, []string{"BIC", "One-off"}},
		{"a bank by its code", "EUR", "payto://iban/SOGEDEFFXXX/DE75512108001245126199", []string{picture, `value="SOGEDEFFXXX"`, `value="marenh"`}, nil},
		{"a bank, no euros", "SEK", iban, []string{"for euros only", `value="DE75512108001245126199"`}, []string{picture}},
		{"an account of another kind", "EUR", "payto://upi/ada@bank", []string{"with a program that can pay it", "payto://upi/ada@bank?amount=EUR"}, []string{picture, "IBAN"}},
		{"one-off gifts", "EUR", "https://ko-fi.com/ada", []string{`href="https://ko-fi.com/ada"`, "Open Ko-fi", "One-off gifts are possible there.", `value="1.25"`}, []string{picture, "Membership only"}},
		{"memberships", "EUR", "https://patreon.com/ada", []string{"Open Patreon", "Membership only: whoever pays there becomes a member"}, []string{"One-off gifts"}},
		{"what is renewed", "EUR", "https://liberapay.com/ada", []string{"Open Liberapay", "renewed by hand"}, nil},
		{"dollars", "EUR", "https://github.com/sponsors/ada", []string{"GitHub Sponsors takes USD only. How much €1.25 is in USD, you say"}, nil},
		{"dollars for dollars", "USD", "https://github.com/sponsors/ada", []string{"Open GitHub Sponsors"}, []string{"takes USD only"}},
		{"an amount in the link", "EUR", "https://paypal.me/ada", []string{`href="https://paypal.me/ada/1.25EUR"`}, nil},
		{"a page nobody knows", "EUR", "https://pay.ada.example/now", []string{"Open pay.ada.example", "We know nothing more of this page"}, []string{"One-off gifts"}},
		{"a Lightning address", "EUR", "lightning:ada@wallet.example", []string{"How many satoshi are €1.25 today?", `action="/slips/2/invoice"`}, []string{picture, "Was it paid?"}},
		{"another word of Lightning", "EUR", "lightning:lnurl1dp68gurn8ghj7", []string{"open the address with your wallet", `value="lightning:lnurl1dp68gurn8ghj7"`}, []string{`action="/slips/2/invoice"`}},
		{"what is no way", "EUR", "javascript:alert(1)", []string{"with a program that can pay it"}, []string{`href="javascript`, picture}},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, b := paidTo(t, row.to, row.currency)
			expect(t, b, "/slips/2", append(row.says, `action="/slips/2/paid"`), row.not)
		})
	}
}

func TestWhatIsNotToBePaidNowIsOnlyShown(t *testing.T) {
	for name, change := range map[string]func(*flattery.Payment){
		"held":   func(p *flattery.Payment) { p.Held = flattery.HeldDisputed },
		"paid":   func(p *flattery.Payment) { p.State, p.PaidAt = flattery.PaymentPaid, today },
		"voided": func(p *flattery.Payment) { p.State, p.VoidedAt = flattery.PaymentFailed, today },
	} {
		t.Run(name, func(t *testing.T) {
			w := populated(false)
			change(&w.payments[1])
			b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
			expect(t, b, "/slips/2", []string{"marenh", "€1.25"}, []string{"How to pay", "code.svg", "copy."})
			if got := b.get("/slips/2/code.svg"); got.Code != 404 {
				t.Errorf("its picture answers %d", got.Code)
			}
		})
	}
	w := populated(false)
	o := options(t, w)
	o.Mode = Prepaid
	b := visitor(t, handler(t, o)).signIn(w, ada)
	expect(t, b, "/slips/2", []string{"marenh"}, []string{"How to pay", "<form method=\"post\" action=\"/slips"})
}

func TestAnInvoiceIsAskedForShownAndProved(t *testing.T) {
	w := populated(false)
	o := options(t, w)
	now := today
	o.Now = func() time.Time { return now }
	b := visitor(t, handler(t, o)).signIn(w, ada)
	refusals := map[string]error{
		"takes from 2 to 5 satoshi":               &InvoiceError{Reason: "range", Least: 1001, Most: 5999},
		"Nobody has this Lightning address":       &InvoiceError{Reason: "nobody"},
		"<bdi>wallet is &lt;full&gt;</bdi>":       &InvoiceError{Reason: "refused", Detail: "wallet is\u202e <full>"},
		"could not be reached. Nothing was paid;": &InvoiceError{Reason: "silent"},
	}
	for words, refusal := range refusals {
		w.refuse = refusal
		if got := b.post("/slips/3/invoice", "sat", "1691"); got.Code != 303 || got.Header().Get("Location") != "/slips/3" {
			t.Fatalf("answered %d", got.Code)
		}
		expect(t, b, "/slips/3", []string{words, "How many satoshi"}, []string{"code.svg"})
	}
	w.refuse = nil
	b.post("/slips/3/invoice", "price", "61.500,5", "sat", "")
	expect(t, b, "/slips/3", []string{"That is no price of a bitcoin"}, nil)
	b.post("/slips/3/invoice", "price", "61500,5")
	expect(t, b, "/slips/3", []string{"An invoice over 1,691 satoshi", "Ottoline’s tips", `src="/slips/3/code.svg"`, "Was it paid?", "Good until 14\u00a0October, 12:30"}, nil)
	if got := b.get("/slips/3/code.svg"); got.Code != 200 || got.Header().Get("Content-Type") != "image/svg+xml" || !strings.HasPrefix(got.Body.String(), "<svg ") {
		t.Errorf("the picture: %d, %v", got.Code, got.Header())
	}
	w.longer = 50
	b.post("/slips/3/invoice", "sat", "1692")
	expect(t, b, "/slips/3", []string{"An invoice over 1,692 satoshi", "lnbc88130n1"}, []string{"code.svg"}) // no telephone reads it
	w.longer = 0
	b.post("/slips/3/invoice", "sat", "1691")
	if other := visitor(t, b.h).signIn(w, ada).get("/slips/3").Body.String(); strings.Contains(other, "lnbc") {
		t.Error("another session has it too")
	}
	b.post("/slips/3/invoice/check")
	expect(t, b, "/slips/3", []string{"the invoice is not paid", "lnbc88130n1"}, nil)
	w.refuse = &InvoiceError{Reason: "unproved", Detail: "no preimage"}
	b.post("/slips/3/invoice/check")
	expect(t, b, "/slips/3", []string{"Look at your own wallet before you pay again.", "no preimage"}, nil)
	w.refuse = nil
	now = today.Add(time.Hour)
	expect(t, b, "/slips/3", []string{"The invoice expired on", "Was it paid?", "How many satoshi"}, []string{"code.svg", "lightning:lnbc"})
	if got := b.get("/slips/3/code.svg"); got.Code != 404 {
		t.Errorf("its picture answers %d", got.Code)
	}
	if w.payments[2].State != flattery.PaymentSent {
		t.Errorf("it is %s", w.payments[2].State)
	}
	w.settledAt = strings.Repeat("ab", 32)
	b.post("/slips/3/invoice/check")
	expect(t, b, "/slips/3", []string{"Paid, and proved."}, []string{"lnbc", "Was it paid?"})
	if w.payments[2].State != flattery.PaymentPaid {
		t.Errorf("it is %s", w.payments[2].State)
	}
}

func TestMarkingASlipForgetsItsInvoice(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	b.post("/slips/3/invoice", "sat", "1691")
	b.post("/slips/3/failed")
	w.payments[2].State = flattery.PaymentPlanned
	expect(t, b, "/slips/3", []string{"How many satoshi"}, []string{"lnbc"})
}

func TestOneFilePaysWhatGoesToGitHubSponsors(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	expect(t, b, "/slips", []string{"1 of these is to be paid at GitHub Sponsors, €5.42.", `href="/slips/sponsors?currency=EUR"`}, nil)
	expect(t, b, "/slips/sponsors?currency=EUR", []string{"How many dollars is 1 EUR?"}, []string{"file.csv", "role=\"alert\"", "a whole dollar", "Make the file"})
	const page, file = "/slips/sponsors?currency=EUR&rate=1%2C0842", "/slips/sponsors/file.csv?currency=EUR&rate=1%2C0842"
	expect(t, b, page, []string{">gitte<", "€5.42", "$5.00", "€4.61", "€0.81", "Make the file"}, []string{"file.csv", "I handed it in"})
	expect(t, b, "/slips/sponsors?currency=EUR&rate=0", []string{"That is no rate by which a file can be made"}, []string{"file.csv", "Make the file"})
	expect(t, b, "/slips/sponsors?currency=EUR&rate=0.1", []string{"no maintainer gets a whole dollar", "1 slip is less than a dollar"}, []string{"file.csv", "Make the file"})
	if got := b.get(file); got.Code != 404 || w.payments[5].Amount != 5_420_000 {
		t.Errorf("before it is made: %d, slip %+v", got.Code, w.payments[5])
	}
	for _, rate := range []string{"0.1", "x", "0,7", "1,0842", "1,0842"} { // the last holds
		if got := b.do("POST", "/slips/sponsors", url.Values{"currency": {"EUR"}, "rate": {rate}}); got.Code != 303 || got.Header().Get("Location") != "/slips/sponsors?currency=EUR&rate="+url.QueryEscape(rate) {
			t.Fatalf("%s: answered %d to %s", rate, got.Code, got.Header().Get("Location"))
		}
	}
	expect(t, b, page, []string{"€5.42", "$5.00", "€4.61", "€0.81", `name="slip" value="9"`, "file.csv?currency=EUR&amp;rate=1%2C0842", "I handed it in"}, []string{"Make the file"})
	expect(t, b, "/slips/9", []string{"€4.61", "€0.81 more was planned"}, nil)
	got := b.get(file)
	if got.Body.String() != "Maintainer username,Sponsorship amount in USD\ngitte,5\n" || !strings.Contains(got.Header().Get("Content-Disposition"), "github-sponsors.csv") {
		t.Errorf("%v %s", got.Header(), got.Body)
	}
	mark := url.Values{"currency": {"EUR"}, "rate": {"0.9"}, "slip": {"1", "x", "9", "9"}}
	if got := b.do("POST", "/slips/sponsors/paid", mark); got.Code != 303 {
		t.Fatalf("answered %d", got.Code)
	}
	expect(t, b, "/slips/sponsors?currency=EUR&rate=0.9", []string{"Nothing is marked", "Make the file"}, nil)
	mark.Set("rate", "1,0842")
	if got := b.do("POST", "/slips/sponsors/paid", mark); got.Code != 303 {
		t.Fatalf("answered %d", got.Code)
	}
	expect(t, b, "/slips", []string{"1 slip is marked as paid."}, []string{"GitHub Sponsors"})
	if w.payments[0].State != flattery.PaymentPlanned {
		t.Error("what goes elsewhere is paid too")
	}
	if got := b.get("/slips/sponsors?currency=EUR"); got.Code != 404 {
		t.Errorf("with nothing to pay: %d", got.Code)
	}
	w.payments[0].Destination, w.payments[0].Currency = "https://github.com/sponsors/ada", "USD"
	expect(t, b, "/slips/sponsors?currency=USD", []string{"$1.77", "$1.00", "$0.77", "Make the file"}, []string{"How many dollars"}) // of before whole dollars were planned
	w.payments[0].Held = flattery.HeldDisputed
	if got := b.get("/slips/sponsors?currency=USD"); got.Code != 404 {
		t.Errorf("what is held: %d", got.Code)
	}
}
