package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"flattery"
	"flattery/internal/judges"
	"flattery/internal/sandbox"
)

// A month closes, and its donor pays each slip from the page of it: a transfer that a bank's app reads, a Lightning invoice that is
// proved, and a file for GitHub Sponsors.
func TestADonorPaysFromThePageOfASlip(t *testing.T) {
	b := newBench(t, october)
	wallet, err := sandbox.OpenWallet(b.world.Clock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := wallet.Close(); err != nil {
			t.Error(err)
		}
	})
	ids := b.slipsTo(map[string]string{
		"ben": "payto://iban/DE75512108001245126199?receiver-name=Ben%20M%C3%BCller",
		"cid": "lightning:" + wallet.AddName("cid"),
		"dot": "https://github.com/sponsors/dot",
		"eve": "https://paypal.me/eve",
	})
	o := openPages(b)
	o.client = wallet.Client()
	donor := o.signedIn("Ada")
	slip := func(who string) string { return fmt.Sprintf("/slips/%d", ids[who].ID) }
	code := func(who string) string { return ids[who].Code }

	donor.says("/slips", `href="`+slip("ben")+`"`, "Pay them by one file")
	donor.says(slip("ben"), "ben/tool", `value="Ben Müller"`, `value="DE75512108001245126199"`, `value="2.50"`, "Flattery "+code("ben"), "payto://iban/DE75512108001245126199?amount=EUR%3A2.50&amp;message=Flattery%20"+code("ben"))
	want := "BCD\n002\n1\nSCT\n\nBen Müller\nDE75512108001245126199\nEUR2.50\n\n\nFlattery " + code("ben")
	if got := scanned(t, donor.body(slip("ben")+"/code.svg")); got != want && got != "" {
		t.Errorf("a reader reads %q, want %q", got, want)
	}
	donor.post(slip("ben")+"/paid", nil, http.StatusOK, "")
	donor.says(slip("eve"), `href="https://paypal.me/eve/2.50EUR"`, "Open PayPal", "One-off gifts are possible there.")

	donor.paysByLightning(wallet, slip("cid"), code("cid"))

	page, file := "/slips/sponsors?currency=EUR&rate=1.0842", "/slips/sponsors/file.csv?currency=EUR&rate=1.0842"
	donor.says(page, "€2.50", "$2.00", "€1.84", "€0.66", ">dot<", "Make the file") // 2.7105 dollars
	donor.post("/slips/sponsors", url.Values{"currency": {"EUR"}, "rate": {"1.0842"}}, http.StatusOK, "Get the file")
	donor.says(page, "€2.50", "$2.00", "€1.84", "€0.66", "Get the file")
	if got := donor.body(file); got != "Maintainer username,Sponsorship amount in USD\ndot,2\n" {
		t.Errorf("the file is %q", got)
	}
	form := url.Values{"currency": {"EUR"}, "rate": {"1.0842"}, "slip": {fmt.Sprint(ids["dot"].ID), fmt.Sprint(ids["eve"].ID), "99"}}
	donor.post("/slips/sponsors/paid", form, http.StatusOK, "1 slip is marked as paid.")
	donor.post("/slips/sponsors/paid", form, http.StatusOK, "0 slips are marked as paid.")
	donor.says("/slips", "€0.66") // waits
	if journal := b.do("ledger", "export", "--format", "csv"); !strings.Contains(journal, code("dot")+" in 2 USD to dot at 1.0842") {
		t.Errorf("what was paid abroad is no note: %s", journal)
	}

	states := map[string]flattery.PaymentState{}
	for _, y := range b.slips() {
		states[y.PayeeName] = y.State
	}
	if fmt.Sprint(states) != "map[ben:paid cid:paid dot:paid eve:planned]" {
		t.Errorf("%v", states)
	}
	b.do("ledger", "audit")

	stranger := o.signedIn("ben") // somebody else
	for _, path := range []string{slip("eve"), slip("ben") + "/code.svg", file} {
		if status, _ := stranger.ask(http.MethodGet, o.base+path, nil); status != http.StatusNotFound {
			t.Errorf("%s answers somebody else %d", path, status)
		}
	}
	stranger.post(slip("eve")+"/invoice", url.Values{"sat": {"5"}}, http.StatusNotFound, "")
}

// paysByLightning asks for an invoice, of a host that lies first.
func (in inside) paysByLightning(wallet *sandbox.Wallet, slip, code string) {
	in.Helper()
	in.says(slip, "How many satoshi are €2.50 today?", "nothing here converts it")
	ask := func(words string, pairs ...string) {
		in.Helper()
		form := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		in.post(slip+"/invoice", form, http.StatusOK, words)
	}
	ask("Fill in one of the two fields")
	ask("Fill in one of the two fields", "sat", "5", "price", "5")
	ask("That is no number of satoshi", "sat", "4.065")
	ask("That is no price of a bitcoin", "price", "much")
	ask("This address takes from 1 to 100,000 satoshi", "sat", "100001")
	wallet.Lie(10)
	ask("Their wallet refuses, or answered with what must not be paid.", "sat", "4065")
	in.post(slip+"/invoice/check", nil, http.StatusOK, "There is no invoice any more to ask about.")
	wallet.Lie(1)
	wallet.Mute(true)
	ask("Their wallet does not tell whether it was paid.", "sat", "4065")
	wallet.Mute(false)
	ask("An invoice over 4,065 satoshi", "price", "61500") // 4065.04
	in.says(slip, "Tips for cid", "Was it paid?", `href="lightning:lnbc40650000p1`)
	if got := scanned(in.T, in.body(slip+"/code.svg")); got != "" && (!strings.HasPrefix(got, "LIGHTNING:LNBC40650000P1") || !strings.Contains(in.body(slip), strings.ToLower(got))) {
		in.Errorf("a reader reads %q", got)
	}
	in.post(slip+"/invoice/check", nil, http.StatusOK, "the invoice is not paid.")
	if comment, msat := wallet.PayLast(); comment != "Flattery "+code || msat != 4_065_000 {
		in.Errorf("paid %d for %q", msat, comment)
	}
	in.post(slip+"/invoice/check", nil, http.StatusOK, "Paid, and proved.")
	in.post(slip+"/invoice/check", nil, http.StatusNotFound, "")
}

// slipsTo lets Ada star a thing of each of these, closes October and plans: a slip of 2.50 each, by who is paid.
func (b *bench) slipsTo(places map[string]string) map[string]flattery.Payment {
	b.Helper()
	g := b.world.GitHub
	b.do("account", "add", "Root", "--admin")
	b.do("account", "add", "Ada", "--budget", "10")
	g.AddUser("ada")
	b.write("token", g.Token("ada"))
	for who, place := range places {
		g.AddUser(who)
		g.AddRepo(who, "tool")
		b.do("account", "add", who, "--destination", place)
		b.do("claim", "add", "--account", who, "github:"+who)
	}
	b.do("link", "add", "github", "--token-file", b.path("token"), "--account", "Ada")
	for who := range places {
		g.Star("ada", who+"/tool")
	}
	b.do("poll")
	b.world.Clock.Set(afterOctober)
	b.do("poll", "1")
	b.do("settle")
	b.do("payout", "plan")
	all := map[string]flattery.Payment{}
	for _, y := range b.slips() {
		all[y.PayeeName] = y
	}
	if len(all) != len(places) {
		b.Fatalf("%d slips", len(all))
	}
	return all
}

func (b *bench) slips() []flattery.Payment {
	b.Helper()
	return into[struct {
		Payments []flattery.Payment `json:"payments"`
	}](b, "payout", "list").Payments
}

// scanned lets a program that is not ours read the picture that a page shows; "" where it is missing.
func scanned(t *testing.T, svg string) string {
	t.Helper()
	program, there := judges.Find(t, "zbarimg")
	if !there {
		return ""
	}
	var s struct {
		Box  string `xml:"viewBox,attr"`
		Path struct {
			D string `xml:"d,attr"`
		} `xml:"path"`
	}
	var side int
	if err := xml.Unmarshal([]byte(svg), &s); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscanf(s.Box, "0 0 %d %d", &side, &side); err != nil {
		t.Fatal(err)
	}
	const scale = 5
	pic := image.NewGray(image.Rect(0, 0, side*scale, side*scale))
	draw.Draw(pic, pic.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
	for run := range strings.SplitSeq(strings.TrimSuffix(s.Path.D, "z"), "z") {
		var x, y, n, back int
		if _, err := fmt.Sscanf(run, "M%d %dh%dv1h-%d", &x, &y, &n, &back); err != nil {
			t.Fatalf("%q: %v", run, err)
		}
		draw.Draw(pic, image.Rect(x*scale, y*scale, (x+n)*scale, (y+1)*scale), image.NewUniform(color.Black), image.Point{}, draw.Src)
	}
	var body bytes.Buffer
	if err := png.Encode(&body, pic); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "code.png")
	if err := os.WriteFile(path, body.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), program, "--quiet", "--raw", "--oneshot", "-Sdisable", "-Sqrcode.enable", "-Sqrcode.binary", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(string(out), "\n")
}
