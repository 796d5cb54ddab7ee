package sepa

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"flattery"
	"flattery/internal/payout"
)

// Rail pays IBANs in euros by files that somebody hands in at the bank. That they were paid a statement says.
type Rail struct {
	From   Party
	Outbox payout.Outbox
}

var _ payout.Rail = Rail{}

// Info describes it.
func (Rail) Info() payout.Info {
	return payout.Info{Rail: "sepa", Title: "bank files", Step: flattery.Cent, Words: true, Currencies: []string{currency}}
}

// Canon takes payto://iban/[BIC/]IBAN, and keeps of what stands behind it only the name of who is paid.
func (Rail) Canon(d flattery.Destination) (flattery.Destination, error) {
	to, err := party(d)
	if err != nil {
		return "", err
	}
	u := url.URL{Scheme: "payto", Host: "iban", Path: "/" + to.IBAN}
	if to.BIC != "" {
		u.Path = "/" + to.BIC + u.Path
	}
	if to.Name != "" {
		u.RawQuery = "receiver-name=" + url.PathEscape(to.Name)
	}
	return flattery.Destination(u.String()), nil
}

func party(d flattery.Destination) (Party, error) {
	wrong := flattery.Input("%.60q is no bank account: it must be like payto://iban/DE75512108001245126199", string(d))
	u, err := url.Parse(strings.TrimSpace(string(d)))
	if err != nil || u.Scheme != "payto" || !strings.EqualFold(u.Host, "iban") {
		return Party{}, wrong
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	to := Party{IBAN: strings.ToUpper(parts[len(parts)-1]), Name: strings.TrimSpace(u.Query().Get("receiver-name"))}
	if len(parts) == 2 {
		to.BIC = strings.ToUpper(parts[0])
	}
	if len(parts) > 2 || !flattery.ValidIBAN(to.IBAN) {
		return Party{}, wrong
	}
	return to, nil
}

// Submit writes the file of a batch. The same batch gives the same bytes. A payment that no bank would take fails, and does not
// sink the others.
func (r Rail) Submit(ctx context.Context, b flattery.Batch) ([]payout.Event, error) {
	o := Order{ID: b.ID, CreatedAt: b.MadeAt, On: b.MadeAt.AddDate(0, 0, 1), Debtor: r.From}
	for _, y := range b.Payments {
		if t, err := payment(y); err == nil {
			o.Transfers = append(o.Transfers, t)
		}
	}
	if len(o.Transfers) == 0 {
		return nil, fmt.Errorf("%w: no bank would take any payment of batch %s", payout.ErrRejected, b.ID)
	}
	var body bytes.Buffer
	if err := o.Write(&body); err != nil {
		return nil, fmt.Errorf("%w: %w", payout.ErrNotSent, err)
	}
	err := r.Outbox.Put(ctx, b.ID, flattery.File{Name: b.ID + ".xml", Body: body.Bytes(), MadeAt: b.MadeAt})
	if err != nil && !errors.Is(err, flattery.ErrConflict) { // one was made, before the owner's account changed: it may be at the bank
		return nil, err
	}
	return r.Status(ctx, b)
}

// Status says what became of a batch as far as a file can.
func (r Rail) Status(ctx context.Context, b flattery.Batch) ([]payout.Event, error) {
	return payout.Filed(ctx, r.Outbox, b, func(y flattery.Payment) error { _, err := payment(y); return err })
}

// transfer is one payment, as its payee's bank shows it.
func payment(y flattery.Payment) (Transfer, error) {
	to, err := party(y.Destination)
	if err != nil {
		return Transfer{}, err
	}
	if to.Name == "" {
		to.Name = y.PayeeName
	}
	t := Transfer{Code: y.Code, Amount: y.Amount, Currency: y.Currency, To: to, Text: strings.Join(words("Flattery", string(y.Number), y.Code), " ")}
	return t, t.Check()
}

// Lines are the entries of statements of the account of the house, as a book takes them in. A statement of another account is
// refused.
func (r Rail) Lines(statements []Statement) ([]flattery.BankLine, error) {
	var lines []flattery.BankLine
	for _, s := range statements {
		if s.Account != r.From.IBAN {
			return nil, flattery.Input("the statement %.40q is of account %.40q, and the house has %s (sepa.iban)", s.ID, s.Account, r.From.IBAN)
		}
		for _, e := range s.Entries {
			if e.Amount == 0 {
				continue
			}
			lines = append(lines, flattery.BankLine{Key: e.Key, At: e.Booked.UTC().Truncate(time.Second), Currency: e.Currency, Amount: e.Amount, Incoming: e.In,
				Returned: e.In && e.Return, Text: strings.Join(words(e.Code, e.Text, e.Name, e.IBAN, e.Reason), " · ")})
		}
	}
	return lines, nil
}

func words(all ...string) (some []string) {
	for _, w := range all {
		if w != "" {
			some = append(some, w)
		}
	}
	return some
}
