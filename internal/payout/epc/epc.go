// Package epc makes the pictures that a telephone reads to pay: the European Payments Council's code for a credit transfer
// (EPC069-12), and the plain code of any address. A picture is black on white with its quiet zone, whatever is around it: readers
// know no dark mode.
package epc

import (
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"rsc.io/qr"

	"flattery"
	"flattery/connectors"
)

// Bounds of EPC069-12, in characters and, of the whole, in bytes: a code of version 13.
const (
	nameMost   = 70
	textMost   = 140
	wholeMost  = 331
	nameLeast  = 80 // bytes that a name keeps where a text is long
	amountMost = 1_000_000_000*flattery.Unit - flattery.Cent
)

// Transfer is what a payer's bank is to do.
type Transfer struct {
	Name     string // of who is paid; on one line, cut to 70
	IBAN     string // capitals, no blanks
	BIC      string // may be ""
	Amount   flattery.Amount
	Currency string // EUR
	Text     string // what the payee reads, the payment's code first; on one line, cut to 140
}

// Of is the transfer that pays a slip whose destination is payto://iban/[BIC/]IBAN; false where it is another. Who is paid is the name
// in the address, else who is paid there as it is published, else the payee.
func Of(p flattery.Payment) (Transfer, bool) {
	u, err := url.Parse(string(p.Destination))
	if err != nil || p.Destination.Way().Key != flattery.WayBank {
		return Transfer{}, false
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/") // [BIC/]IBAN
	t := Transfer{IBAN: strings.ToUpper(parts[len(parts)-1]), Amount: p.Amount, Currency: p.Currency, Text: p.Message()}
	for _, name := range []string{u.Query().Get("receiver-name"), p.Shown, p.PayeeName} {
		if t.Name == "" {
			t.Name = connectors.Clean(name, nameMost)
		}
	}
	if bic := strings.ToUpper(parts[0]); len(parts) == 2 && flattery.ValidBIC(bic) {
		t.BIC = bic
	}
	return t, len(parts) <= 2 && flattery.ValidIBAN(t.IBAN)
}

// Payload is the text of the code (version 002, UTF-8, SCT), at most 331 bytes long: what is longer is cut, the name before the text.
// Its refusals are *InputError.
func (t Transfer) Payload() (string, error) {
	name, text := connectors.Clean(t.Name, nameMost), connectors.Clean(t.Text, textMost)
	switch {
	case name == "":
		return "", flattery.Input("the code of a payment needs a name: write the name of the account's holder")
	case !flattery.ValidIBAN(t.IBAN):
		return "", flattery.Input("the IBAN %.40q is wrong: write it like DE75512108001245126199, with capitals and without blanks", t.IBAN)
	case t.BIC != "" && !flattery.ValidBIC(t.BIC):
		return "", flattery.Input("the BIC %.40q is wrong: write 8 or 11 capitals and digits, or leave it empty", t.BIC)
	case t.Currency != "EUR":
		return "", flattery.Input("a payment in %.10q has no such code: banks know it for EUR only", t.Currency)
	case t.Amount < flattery.Cent || t.Amount > amountMost || t.Amount != t.Amount.Cents():
		return "", flattery.Input("a payment of %s has no such code: give whole cents from 0.01 to %s", t.Amount, amountMost)
	}
	// Lines 9 and 10 are purpose and structured reference; what follows the text is left out.
	whole := func(name, text string) string {
		return strings.Join([]string{"BCD", "002", "1", "SCT", t.BIC, name, t.IBAN, "EUR" + t.Amount.String(), "", "", text}, "\n")
	}
	room := wholeMost - len(whole("", ""))
	text = bytesOf(text, room-min(len(name), nameLeast))
	name = bytesOf(name, room-len(text))
	return strings.TrimRight(whole(name, text), "\n"), nil
}

// bytesOf keeps at most so many bytes of a text, in whole characters.
func bytesOf(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return strings.TrimSpace(s[:most])
}

// SVG is the picture of the transfer's code.
func (t Transfer) SVG() ([]byte, error) {
	text, err := t.Payload()
	if err != nil {
		return nil, err
	}
	return QR(text)
}

const quiet = 4 // modules of white around a code

// QR is the picture of any text that is not empty, as an SVG without size, colours of its page, script or style. A text that no
// code can hold (2,331 bytes, less where it is not only digits and capitals) is an *InputError.
func QR(text string) ([]byte, error) {
	if text == "" || !utf8.ValidString(text) {
		return nil, flattery.Input("%.40q makes no code", text)
	}
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return nil, flattery.Input("a text of %d bytes is too long for a code", len(text))
	}
	var b strings.Builder
	side := code.Size + 2*quiet
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges"><rect width="%d" height="%d" fill="#fff"/><path fill="#000" d="`, side, side, side, side)
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			run := 0
			for x+run < code.Size && code.Black(x+run, y) {
				run++
			}
			if run > 0 {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", x+quiet, y+quiet, run, run)
				x += run
			}
		}
	}
	b.WriteString(`"/></svg>`)
	return []byte(b.String()), nil
}
