package payout

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

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
			return done, fmt.Errorf("payout: line %s of %s over %s %s: %w", l.Key, l.At.Format("2006-01-02"), l.Amount, l.Currency, err)
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
	case y.ID != 0 && l.Amount == y.Amount && !l.Incoming && y.State != flattery.PaymentPaid && y.State != flattery.PaymentFailed:
		l.Became = flattery.BookingPayment
	case y.ID != 0 && l.Amount == y.Amount && l.Incoming && y.State == flattery.PaymentPaid:
		l.Became = flattery.BookingReturn
	}
	known := false
	err = p.Store.Update(ctx, func(tx store.Tx) error {
		id, err := tx.AddBankLine(ctx, l)
		known = err == nil && id == 0
		if err != nil || known {
			return err
		}
		l := l
		l.ID = id
		return p.post(ctx, tx, l, y)
	})
	if err != nil {
		return err
	}
	count(done, l, known)
	if !known && l.Became == "" && !l.Incoming && y.ID != 0 {
		return p.payAssigned(ctx, y.ID)
	}
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

// post writes what a new line means.
func (p *Planner) post(ctx context.Context, tx store.Tx, l flattery.BankLine, y flattery.Payment) error {
	d := ledger.Draft{Key: fmt.Sprintf("bank:%d", l.ID), Kind: "bank", At: l.ReadAt}
	switch {
	case l.Became == flattery.BookingMeans:
		entries, err := p.means(ctx, ledger.Bank, l)
		if err != nil {
			return err
		}
		d.Kind, d.Entries = "means", entries
	case l.Became == flattery.BookingReturn:
		return p.unpay(ctx, tx, y)
	case l.Incoming:
		d.Entries = []ledger.Entry{{Debit: ledger.Bank, Credit: ledger.SuspenseIn, Currency: l.Currency, Amount: l.Amount}}
	default:
		cover, err := p.cover(ctx, l)
		if err != nil {
			return err
		}
		if d.Entries = cover; l.Became == flattery.BookingPayment {
			if len(cover) > 0 {
				if _, err := tx.Post(ctx, d); err != nil {
					return err
				}
			}
			next := y
			next.State = flattery.PaymentPaid
			return move(ctx, tx, y, &next, l.ReadAt)
		}
		d.Entries = append(d.Entries, ledger.Entry{Debit: ledger.SuspenseOut, Credit: ledger.Bank, Currency: l.Currency, Amount: l.Amount})
	}
	if _, err := tx.Post(ctx, d); err != nil || l.Became != flattery.BookingMeans {
		return err
	}
	return tx.TellMeans(ctx, l.Account, d.Key, l.Currency, l.Amount, d.At)
}

// cover: what a bank paid that nobody had paid in was the owner's own.
func (p *Planner) cover(ctx context.Context, l flattery.BankLine) ([]ledger.Entry, error) {
	there, err := p.Store.Balance(ctx, ledger.Bank, l.Currency)
	if err != nil || there >= l.Amount {
		return nil, err
	}
	return []ledger.Entry{{Debit: ledger.Bank, Credit: ledger.Sponsor, Currency: l.Currency, Amount: l.Amount - there}}, nil
}

// means are a line's, from an account of the book: first they mend what a donor's bank took back after it was spent.
func (p *Planner) means(ctx context.Context, from string, l flattery.BankLine) (entries []ledger.Entry, err error) {
	debt, err := p.Store.Balance(ctx, ledger.DonorDebt(l.Account), l.Currency)
	if err != nil {
		return nil, err
	}
	if part := min(debt, l.Amount); part > 0 {
		entries = append(entries, ledger.Entry{Debit: from, Credit: ledger.DonorDebt(l.Account), Currency: l.Currency, Amount: part})
	}
	if rest := l.Amount - min(debt, l.Amount); rest > 0 {
		entries = append(entries, ledger.Entry{Debit: from, Credit: ledger.DonorMeans(l.Account), Currency: l.Currency, Amount: rest})
	}
	return entries, nil
}

// Means notes what arrived from a donor, once by its key; ErrConflict: it was noted otherwise.
func (p *Planner) Means(ctx context.Context, donor flattery.AccountID, currency string, amount flattery.Amount, key, note string) error {
	entries, err := p.means(ctx, ledger.Bank, flattery.BankLine{Account: donor, Currency: currency, Amount: amount})
	if err != nil {
		return fmt.Errorf("payout: means: %w", err)
	}
	return p.note(ctx, ledger.Draft{Key: "means:" + key, Kind: "means", Note: note, Entries: entries}, func(tx store.Tx, d ledger.Draft) error {
		return tx.TellMeans(ctx, donor, d.Key, currency, amount, d.At)
	})
}

// Refund notes what was given back to a donor, once by its key; ErrOverdrawn: there is not so much.
func (p *Planner) Refund(ctx context.Context, donor flattery.AccountID, currency string, amount flattery.Amount, key, note string) error {
	return p.note(ctx, ledger.Draft{Key: "refund:" + key, Kind: "refund", Note: note, Entries: []ledger.Entry{
		{Debit: ledger.DonorMeans(donor), Credit: ledger.Bank, Currency: currency, Amount: amount}}}, func(store.Tx, ledger.Draft) error { return nil })
}

func (p *Planner) note(ctx context.Context, d ledger.Draft, tell func(store.Tx, ledger.Draft) error) error {
	d.At = p.Now()
	if err := p.Store.Update(ctx, func(tx store.Tx) error {
		if _, err := tx.Post(ctx, d); err != nil {
			return err
		}
		return tell(tx, d)
	}); err != nil {
		return fmt.Errorf("payout: %s: %w", d.Key, err)
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
	d := confirmed(y, now)
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

// Resolve says what a line was that waits in suspense: of a donor's (means, refund, chargeback), for a payment (payment, return), or the
// owner's own (own, fee).
func (p *Planner) Resolve(ctx context.Context, id flattery.BankLineID, as flattery.Booking, donor flattery.AccountID, payment flattery.PaymentID) error {
	l, err := p.Store.BankLine(ctx, id)
	if err != nil {
		return fmt.Errorf("payout: %w", err)
	}
	if l.Became != "" {
		return fmt.Errorf("payout: bank line %d is done: %w", id, flattery.ErrState)
	}
	l.Account, l.Payment = donor, payment
	if as == flattery.BookingPayment {
		return p.assign(ctx, l)
	}
	l.Became = as
	entries, y, err := p.resolved(ctx, l)
	if err != nil {
		return fmt.Errorf("payout: bank line %d: %w", id, err)
	}
	now := p.Now()
	err = p.Store.Update(ctx, func(tx store.Tx) error {
		if err := tx.SaveBankLine(ctx, l); err != nil {
			return err
		}
		if as == flattery.BookingReturn {
			if err := p.unpay(ctx, tx, y); err != nil {
				return err
			}
		}
		d := ledger.Draft{Key: fmt.Sprintf("resolve:%d", id), Kind: "bank", At: now, Entries: entries}
		if _, err := tx.Post(ctx, d); err != nil || as != flattery.BookingMeans {
			return err
		}
		return tx.TellMeans(ctx, donor, d.Key, l.Currency, l.Amount, now)
	})
	if errors.Is(err, flattery.ErrOverdrawn) {
		err = flattery.Input("there is not so much: %s %s cannot be %s", l.Amount, l.Currency, as)
	}
	if err != nil {
		return fmt.Errorf("payout: bank line %d: %w", id, err)
	}
	return nil
}

// resolved are the entries that take a line out of suspense, and the payment that came back.
func (p *Planner) resolved(ctx context.Context, l flattery.BankLine) (entries []ledger.Entry, y flattery.Payment, err error) {
	entry := func(debit, credit string, amount flattery.Amount) ledger.Entry {
		return ledger.Entry{Debit: debit, Credit: credit, Currency: l.Currency, Amount: amount}
	}
	if needs := l.Became == flattery.BookingMeans || l.Became == flattery.BookingRefund || l.Became == flattery.BookingChargeback; needs && l.Account == 0 {
		return nil, y, flattery.Input("whose is it? name the donor")
	}
	switch {
	case l.Incoming && l.Became == flattery.BookingMeans:
		entries, err = p.means(ctx, ledger.SuspenseIn, l)
		return entries, y, err
	case l.Incoming && l.Became == flattery.BookingOwn:
		return []ledger.Entry{entry(ledger.SuspenseIn, ledger.Sponsor, l.Amount)}, y, nil
	case l.Incoming && l.Became == flattery.BookingReturn:
		return p.returned(ctx, l)
	case !l.Incoming && l.Became == flattery.BookingFee:
		return []ledger.Entry{entry(ledger.BankFees, ledger.SuspenseOut, l.Amount)}, y, nil
	case !l.Incoming && l.Became == flattery.BookingOwn:
		return []ledger.Entry{entry(ledger.Sponsor, ledger.SuspenseOut, l.Amount)}, y, nil
	case !l.Incoming && l.Became == flattery.BookingRefund:
		return []ledger.Entry{entry(ledger.DonorMeans(l.Account), ledger.SuspenseOut, l.Amount)}, y, nil
	case !l.Incoming && l.Became == flattery.BookingChargeback:
		entries, err = p.takenBack(ctx, l)
		return entries, y, err
	}
	if l.Incoming {
		return nil, y, flattery.Input("a line that came in cannot be %q", l.Became)
	}
	return nil, y, flattery.Input("a line that went out cannot be %q", l.Became)
}

// returned: less may come back than was paid; the bank kept the rest.
func (p *Planner) returned(ctx context.Context, l flattery.BankLine) ([]ledger.Entry, flattery.Payment, error) {
	y, err := p.Store.Payment(ctx, l.Payment)
	if err != nil || y.Donor != 0 || y.State != flattery.PaymentPaid || y.Currency != l.Currency || l.Amount > y.Amount {
		return nil, y, flattery.Input("no payment %d of the house was paid over so much: see flattery payout list", l.Payment)
	}
	entries := []ledger.Entry{{Debit: ledger.SuspenseIn, Credit: ledger.Bank, Currency: l.Currency, Amount: l.Amount}}
	if kept := y.Amount - l.Amount; kept > 0 {
		entries = append(entries, ledger.Entry{Debit: ledger.BankFees, Credit: ledger.Bank, Currency: l.Currency, Amount: kept})
	}
	return entries, y, nil
}

// takenBack: means that a donor's bank took back. What was spent of them the donor owes.
func (p *Planner) takenBack(ctx context.Context, l flattery.BankLine) (entries []ledger.Entry, err error) {
	there, err := p.Store.Balance(ctx, ledger.DonorMeans(l.Account), l.Currency)
	if err != nil {
		return nil, err
	}
	if part := min(there, l.Amount); part > 0 {
		entries = append(entries, ledger.Entry{Debit: ledger.DonorMeans(l.Account), Credit: ledger.SuspenseOut, Currency: l.Currency, Amount: part})
	}
	if spent := l.Amount - min(there, l.Amount); spent > 0 {
		entries = append(entries, ledger.Entry{Debit: ledger.DonorDebt(l.Account), Credit: ledger.SuspenseOut, Currency: l.Currency, Amount: spent})
	}
	return entries, nil
}

// assign says for which payment something went out.
func (p *Planner) assign(ctx context.Context, l flattery.BankLine) error {
	y, err := p.Store.Payment(ctx, l.Payment)
	if err != nil || l.Incoming || y.Donor != 0 || y.Currency != l.Currency || y.State == flattery.PaymentPaid || y.State == flattery.PaymentFailed {
		return flattery.Input("no payment %d of the house waits to be paid in %s: see flattery payout list", l.Payment, l.Currency)
	}
	if err := p.Store.Update(ctx, func(tx store.Tx) error { return tx.SaveBankLine(ctx, l) }); err != nil {
		return fmt.Errorf("payout: bank line %d: %w", l.ID, err)
	}
	return p.payAssigned(ctx, y.ID)
}

// payAssigned pays a payment out of suspense once what went out for it is enough; what went out beyond it is a loss.
func (p *Planner) payAssigned(ctx context.Context, id flattery.PaymentID) error {
	y, err := p.Store.Payment(ctx, id)
	if err != nil || y.State == flattery.PaymentPaid || y.State == flattery.PaymentFailed {
		return err
	}
	went, err := p.Store.Assigned(ctx, id)
	if err != nil || went < y.Amount {
		return err
	}
	now := p.Now()
	return p.Store.Update(ctx, func(tx store.Tx) error {
		next := y
		next.State = flattery.PaymentPaid
		if err := move(ctx, tx, y, &next, now); err != nil {
			return err
		}
		d := ledger.Draft{Key: fmt.Sprintf("assigned:%d", id), Kind: "bank", At: now, Entries: []ledger.Entry{
			{Debit: ledger.Bank, Credit: ledger.SuspenseOut, Currency: y.Currency, Amount: y.Amount}}}
		if more := went - y.Amount; more > 0 {
			d.Entries = append(d.Entries, ledger.Entry{Debit: ledger.BankFees, Credit: ledger.SuspenseOut, Currency: y.Currency, Amount: more})
		}
		if _, err := tx.Post(ctx, d); err != nil {
			return err
		}
		return tx.CloseAssigned(ctx, id)
	})
}
