// Package manual is the rail that always works: a slip says what to pay and where, and the donor pays it.
package manual

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net/url"
	"strings"

	"flattery"
	"flattery/internal/ledger"
	"flattery/internal/payout"
)

// Rail hands nothing over: people do.
type Rail struct{}

var _ payout.Rail = Rail{}

// Info describes it. Banks move whole cents.
func (Rail) Info() payout.Info {
	return payout.Info{Rail: "manual", Title: "slips", Step: flattery.Cent, Hands: true}
}

// Submit does nothing: a slip is sent when its donor says so.
func (Rail) Submit(context.Context, flattery.Batch) ([]payout.Event, error) { return nil, nil }

// Status knows nothing that the donor did not say.
func (Rail) Status(context.Context, flattery.Batch) ([]payout.Event, error) { return nil, nil }

const destinationMax = 500

// Canon takes payto: URIs (RFC 8905; an IBAN's check digits are verified), lightning: addresses and https: pages.
// No destination is fine, and stays none.
func (Rail) Canon(d flattery.Destination) (flattery.Destination, error) {
	s := strings.TrimSpace(string(d))
	if s == "" {
		return "", nil
	}
	wrong := func(why flattery.Sentence) (flattery.Destination, error) {
		return "", flattery.Input("destination %.60q %s: write payto://iban/DE75512108001245126199, lightning:name@example.org or https://example.org/pay", s, why)
	}
	if len(s) > destinationMax || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return wrong(flattery.Say("is too long or has characters that no address has"))
	}
	u, err := url.Parse(s)
	if err != nil {
		return wrong(flattery.Say("is not an address"))
	}
	switch {
	case u.Scheme == "https" && u.Host != "" && u.User == nil:
		return flattery.Destination(u.String()), nil
	case u.Scheme == "lightning" && u.Opaque != "" && u.RawQuery == "":
		return flattery.Destination("lightning:" + strings.ToLower(u.Opaque)), nil
	case u.Scheme == "payto" && u.Host != "" && strings.Trim(u.Path, "/") != "":
		return canonPayto(u, wrong)
	}
	return wrong(flattery.Say("is of no kind that can be paid"))
}

func canonPayto(u *url.URL, wrong func(flattery.Sentence) (flattery.Destination, error)) (flattery.Destination, error) {
	u.Host = strings.ToLower(u.Host)
	if u.Host != "iban" {
		return flattery.Destination(u.String()), nil
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/") // [BIC/]IBAN
	iban := strings.ToUpper(parts[len(parts)-1])
	if len(parts) > 2 || !flattery.ValidIBAN(iban) {
		return wrong(flattery.Say("has an IBAN whose check digits are wrong"))
	}
	parts[len(parts)-1] = iban
	u.Path = "/" + strings.Join(parts, "/")
	return flattery.Destination(u.String()), nil
}

// Order is what a slip's donor opens: the destination, with amount and code where a payto: address can carry them, with the amount
// where a PayPal.Me link can.
func Order(p flattery.Payment) string {
	u, err := url.Parse(string(p.Destination))
	switch {
	case err != nil:
	case u.Scheme == "payto":
		q := u.Query()
		q.Set("amount", p.Currency+":"+p.Amount.String())
		q.Set("message", p.Message())
		u.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20")
		return u.String()
	case p.Destination.Way().Key == "paypal":
		steps := strings.Split(strings.Trim(strings.TrimPrefix(u.Path, "/paypalme"), "/"), "/")
		if len(steps) == 1 && steps[0] != "" && u.RawQuery == "" { // else the payee chose an amount, which is not ours to change
			return strings.TrimSuffix(u.String(), "/") + "/" + p.Amount.String() + p.Currency
		}
	}
	return string(p.Destination)
}

// WriteCSV writes slips, a line each, safe to open in a spreadsheet.
func WriteCSV(w io.Writer, payments []flattery.Payment, donor func(flattery.AccountID) string) error {
	c := csv.NewWriter(w)
	rows := [][]string{{"id", "code", "month", "donor", "payee", "currency", "amount", "state", "pay"}}
	for _, p := range payments {
		rows = append(rows, []string{fmt.Sprint(p.ID), p.Code, p.Plan.String(), ledger.Cell(donor(p.Donor)), ledger.Cell(p.PayeeName),
			p.Currency, p.Amount.String(), string(p.State), ledger.Cell(Order(p))})
	}
	if err := c.WriteAll(rows); err != nil {
		return fmt.Errorf("slips: %w", err)
	}
	return nil
}
