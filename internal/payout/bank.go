package payout

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/store"
)

// Booked is what became of the lines of a bank's statement.
type Booked struct {
	Known    int `json:"known"` // taken in before
	Payments int `json:"payments"`
	Returns  int `json:"returns"`
	Means    int `json:"means"`
	Waiting  int `json:"waiting"` // in suspense, for somebody to say what they are
}

// Book takes in lines of a bank's statement, each once by its key, one transaction a line. What names a payment of the house with
// its amount pays it, what names one and came back returns it, what names a donor is that donor's means. All else waits in suspense.
func (p *Planner) Book(ctx context.Context, lines []flattery.BankLine) (Booked, error) {
	var done Booked
	if !p.Rules.Prepaid {
		return done, flattery.Input("this instance is in pledge mode and has no account at a bank: donors pay by slips (setting mode = \"prepaid\" would change that)")
	}
	donors, err := p.donorsByCode(ctx)
	if err != nil {
		return done, fmt.Errorf("payout: statement: %w", err)
	}
	lines = slices.Clone(lines) // what went out before what came back of it
	slices.SortStableFunc(lines, func(a, b flattery.BankLine) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(weigh(a), weigh(b)))
	})
	for _, l := range lines {
		if err := p.book(ctx, l, donors, &done); err != nil {
			return done, fmt.Errorf("payout: line %s of %s over %s %s: %w", l.Key, l.At.Format(time.DateOnly), l.Amount, l.Currency, err)
		}
	}
	return done, nil
}

func weigh(l flattery.BankLine) int {
	if l.Incoming {
		return 1
	}
	return 0
}

func (p *Planner) donorsByCode(ctx context.Context) (map[string]flattery.AccountID, error) {
	accounts, err := p.Store.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	schema, err := p.Store.Schema(ctx)
	codes := make(map[string]flattery.AccountID, len(accounts))
	for _, a := range accounts {
		codes[flattery.MeansCode(schema.Instance, a.ID)] = a.ID
	}
	return codes, err
}

// book takes one line in.
func (p *Planner) book(ctx context.Context, l flattery.BankLine, donors map[string]flattery.AccountID, done *Booked) error {
	y, err := p.named(ctx, l)
	if err != nil {
		return err
	}
	l.ReadAt, l.Became, l.Payment, l.Account = p.Now(), "", y.ID, 0
	switch donor := donors[meansCode(l.Text)]; {
	case y.ID == 0 && l.Incoming && donor != 0:
		l.Became, l.Account = flattery.BookingMeans, donor
	case payable(y) && l.Amount == y.Amount && !l.Incoming:
		l.Became = flattery.BookingPayment
	case y.ID != 0 && l.Amount == y.Amount && l.Incoming && y.State == flattery.PaymentPaid:
		l.Became = flattery.BookingReturn
	}
	d, err := p.booked(ctx, l)
	if err != nil {
		return err
	}
	known := false
	err = p.Store.Update(ctx, func(tx store.Tx) error {
		id, err := tx.AddBankLine(ctx, l)
		if err == nil && id != 0 {
			err = p.post(ctx, tx, l, y, d, fmt.Sprintf("bank:%d", id))
		}
		known = id == 0
		return err
	})
	if err != nil {
		return err
	}
	count(done, l, known)
	return nil
}

func count(done *Booked, l flattery.BankLine, known bool) {
	switch {
	case known:
		done.Known++
	case l.Became == flattery.BookingPayment:
		done.Payments++
	case l.Became == flattery.BookingReturn:
		done.Returns++
	case l.Became == flattery.BookingMeans:
		done.Means++
	default:
		done.Waiting++
	}
}

// booked is what a line means to the book, but for the payment that it names.
func (p *Planner) booked(ctx context.Context, l flattery.BankLine) (booking, error) {
	d := booking{kind: "bank"}
	switch {
	case l.Became == flattery.BookingReturn:
	case l.Became == flattery.BookingMeans:
		return p.arrived(ctx, ledger.Bank, l)
	case l.Incoming:
		d.entries = []ledger.Entry{entry(l, ledger.Bank, ledger.SuspenseIn, l.Amount)}
	default:
		there, err := p.Store.Balance(ctx, ledger.Bank, l.Currency)
		if err != nil {
			return d, err
		}
		if short := l.Amount - there; short > 0 { // what a bank paid that nobody had paid in was the owner's own
			d.entries = append(d.entries, entry(l, ledger.Bank, ledger.Sponsor, short))
		}
		if l.Became == "" {
			d.entries = append(d.entries, entry(l, ledger.SuspenseOut, ledger.Bank, l.Amount))
		}
	}
	return d, nil
}

// post writes what a new line means, and what becomes of the payment that it names.
func (p *Planner) post(ctx context.Context, tx store.Tx, l flattery.BankLine, y flattery.Payment, d booking, key string) error {
	if err := d.post(ctx, tx, l, key, "", l.ReadAt); err != nil {
		return err
	}
	switch l.Became {
	case flattery.BookingReturn:
		return p.unpay(ctx, tx, y)
	case flattery.BookingPayment:
		next := y
		next.State = flattery.PaymentPaid
		return move(ctx, tx, y, &next, "", l.ReadAt)
	case "":
		if !l.Incoming && payable(y) {
			return payAssigned(ctx, tx, y, l.ReadAt)
		}
	}
	return nil
}

// payable reports whether a payment of the house may still be paid.
func payable(y flattery.Payment) bool {
	return y.ID != 0 && y.Donor == 0 && y.State != flattery.PaymentPaid && y.State != flattery.PaymentFailed
}

// entry moves an amount in the currency of a line.
func entry(l flattery.BankLine, debit, credit string, amount flattery.Amount) ledger.Entry {
	return ledger.Entry{Debit: debit, Credit: credit, Currency: l.Currency, Amount: amount}
}

// booking is what is to be posted of a line: the entries, and what mends a donor's debt of what they brought.
type booking struct {
	kind          string
	entries, mend []ledger.Entry
}

func (d booking) post(ctx context.Context, tx store.Tx, l flattery.BankLine, key, note string, at time.Time) error {
	for _, t := range []ledger.Draft{{Key: key, Kind: d.kind, Note: note, Entries: d.entries}, {Key: "mend:" + key, Kind: "mend", Entries: d.mend}} {
		if len(t.Entries) == 0 {
			continue
		}
		t.At = at
		if _, err := tx.Post(ctx, t); err != nil {
			return err
		}
	}
	if l.Became != flattery.BookingMeans {
		return nil
	}
	return tx.TellMeans(ctx, l.Account, key, l.Currency, l.Amount, at)
}

// arrived: means of a donor, from an account of the book. First of all they mend what the donor's bank took back after it was spent.
func (p *Planner) arrived(ctx context.Context, from string, l flattery.BankLine) (booking, error) {
	means, owes := ledger.DonorMeans(l.Account), ledger.DonorDebt(l.Account)
	d := booking{kind: "means", entries: []ledger.Entry{entry(l, from, means, l.Amount)}}
	debt, err := p.Store.Balance(ctx, owes, l.Currency)
	if part := min(debt, l.Amount); part > 0 {
		d.mend = []ledger.Entry{entry(l, means, owes, part)}
	}
	return d, err
}

// Means notes what arrived from a donor, once by its key; ErrConflict: it was noted otherwise.
func (p *Planner) Means(ctx context.Context, donor flattery.AccountID, currency string, amount flattery.Amount, key, note string) error {
	l := flattery.BankLine{Account: donor, Currency: currency, Amount: amount, Became: flattery.BookingMeans}
	d, err := p.arrived(ctx, ledger.Bank, l)
	if err != nil {
		return fmt.Errorf("payout: means: %w", err)
	}
	return p.note(ctx, d, l, "means:"+key, note)
}

// Refund notes what was given back to a donor, once by its key; ErrOverdrawn: there is not so much.
func (p *Planner) Refund(ctx context.Context, donor flattery.AccountID, currency string, amount flattery.Amount, key, note string) error {
	l := flattery.BankLine{Currency: currency, Amount: amount}
	return p.note(ctx, booking{kind: "refund", entries: []ledger.Entry{entry(l, ledger.DonorMeans(donor), ledger.Bank, amount)}}, l, "refund:"+key, note)
}

func (p *Planner) note(ctx context.Context, d booking, l flattery.BankLine, key, note string) error {
	now := p.Now()
	if err := p.Store.Update(ctx, func(tx store.Tx) error {
		posted, err := tx.Posted(ctx, key)
		if posted {
			d := d
			d.mend = nil // it was, when this was noted first
			return d.post(ctx, tx, l, key, note, now)
		}
		if err == nil {
			err = d.post(ctx, tx, l, key, note, now)
		}
		return err
	}); err != nil {
		return fmt.Errorf("payout: %s: %w", key, err)
	}
	return nil
}

// unpay: a payment that was paid came back. What confirmed it and what left are reversed, and its payee is owed it again.
func (p *Planner) unpay(ctx context.Context, tx store.Tx, y flattery.Payment) error {
	now := p.Now()
	next := y
	next.State, next.ReturnedAt = flattery.PaymentFailed, now
	if err := tx.MovePayment(ctx, next, flattery.PaymentPaid); err != nil {
		return err
	}
	d := confirmed(y, "", now)
	number, err := tx.Post(ctx, d)
	if err != nil {
		return err
	}
	t := ledger.Transaction{Draft: d, Number: number}
	if _, err := tx.Post(ctx, t.Reverse(fmt.Sprintf("unconfirm:%d", y.ID), "", now)); err != nil {
		return err
	}
	return comeBack(ctx, tx, y, now)
}

// named finds the payment of the house that a line names by its code.
func (p *Planner) named(ctx context.Context, l flattery.BankLine) (flattery.Payment, error) {
	for _, code := range codes(l.Text) {
		list, err := p.Store.Payments(ctx, store.PaymentQuery{House: true, Code: code})
		if err != nil {
			return flattery.Payment{}, err
		}
		if len(list) == 1 && list[0].Currency == l.Currency {
			return list[0], nil
		}
	}
	return flattery.Payment{}, nil
}

var (
	codeForm  = regexp.MustCompile(`^([A-Z2-7]{4})[- ]?([A-Z2-7]{4})[- ]?([A-Z2-7]{4})\b`)
	meansForm = regexp.MustCompile(`\bFL[- ]?([A-Z2-7]{4})[- ]?([A-Z2-7]{4})\b`)
	wordStart = regexp.MustCompile(`\b\w`)
)

// codes are what may be codes of payments in a text of a bank, which may have lost its hyphens: one that begins at each word.
func codes(text string) (all []string) {
	text = strings.ToUpper(text)
	for _, at := range wordStart.FindAllStringIndex(text, 200) {
		if m := codeForm.FindStringSubmatch(text[at[0]:]); m != nil {
			all = append(all, m[1]+"-"+m[2]+"-"+m[3])
		}
	}
	return all
}

// meansCode is the code of a donor in a text of a bank, as flattery.MeansCode writes it; "": none.
func meansCode(text string) string {
	if m := meansForm.FindStringSubmatch(strings.ToUpper(text)); m != nil {
		return "FL-" + m[1] + "-" + m[2]
	}
	return ""
}
