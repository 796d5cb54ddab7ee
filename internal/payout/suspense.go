package payout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/store"
)

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
	d, y, err := p.resolved(ctx, l)
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
		return d.post(ctx, tx, l, fmt.Sprintf("resolve:%d", id), "", now)
	})
	if errors.Is(err, flattery.ErrOverdrawn) {
		err = flattery.Input("there is not so much: %s %s cannot be %s", l.Amount, l.Currency, as)
	}
	if err != nil {
		return fmt.Errorf("payout: bank line %d: %w", id, err)
	}
	return nil
}

// resolved is what takes a line out of suspense, and the payment that came back.
func (p *Planner) resolved(ctx context.Context, l flattery.BankLine) (d booking, y flattery.Payment, err error) {
	if needs := l.Became == flattery.BookingMeans || l.Became == flattery.BookingRefund || l.Became == flattery.BookingChargeback; needs && l.Account == 0 {
		return d, y, flattery.Input("whose is it? name the donor")
	}
	one := func(debit, credit string) (booking, flattery.Payment, error) {
		return booking{kind: "bank", entries: []ledger.Entry{entry(l, debit, credit, l.Amount)}}, y, nil
	}
	switch {
	case l.Incoming && l.Became == flattery.BookingMeans:
		d, err = p.arrived(ctx, ledger.SuspenseIn, l)
		d.kind = "bank"
		return d, y, err
	case l.Incoming && l.Became == flattery.BookingOwn:
		return one(ledger.SuspenseIn, ledger.Sponsor)
	case l.Incoming && l.Became == flattery.BookingReturn:
		return p.returned(ctx, l)
	case !l.Incoming && l.Became == flattery.BookingFee:
		return one(ledger.BankFees, ledger.SuspenseOut)
	case !l.Incoming && l.Became == flattery.BookingOwn:
		return one(ledger.Sponsor, ledger.SuspenseOut)
	case !l.Incoming && l.Became == flattery.BookingRefund:
		return one(ledger.DonorMeans(l.Account), ledger.SuspenseOut)
	case !l.Incoming && l.Became == flattery.BookingChargeback:
		d, err = p.takenBack(ctx, l)
		return d, y, err
	case l.Incoming:
		return d, y, flattery.Input("a line that came in cannot be %q", l.Became)
	}
	return d, y, flattery.Input("a line that went out cannot be %q", l.Became)
}

// returned: less may come back than was paid; the bank kept the rest.
func (p *Planner) returned(ctx context.Context, l flattery.BankLine) (booking, flattery.Payment, error) {
	d := booking{kind: "bank", entries: []ledger.Entry{entry(l, ledger.SuspenseIn, ledger.Bank, l.Amount)}}
	y, err := p.Store.Payment(ctx, l.Payment)
	if err != nil || y.Donor != 0 || y.State != flattery.PaymentPaid || y.Currency != l.Currency || l.Amount > y.Amount {
		return d, y, flattery.Input("no payment %d of the house was paid over so much: see flattery payout list", l.Payment)
	}
	if kept := y.Amount - l.Amount; kept > 0 {
		d.entries = append(d.entries, entry(l, ledger.BankFees, ledger.Bank, kept))
	}
	return d, y, nil
}

// takenBack: means that a donor's bank took back. What was spent of them the donor owes.
func (p *Planner) takenBack(ctx context.Context, l flattery.BankLine) (booking, error) {
	d := booking{kind: "bank"}
	there, err := p.Store.Balance(ctx, ledger.DonorMeans(l.Account), l.Currency)
	if err != nil {
		return d, err
	}
	part := min(there, l.Amount)
	if part > 0 {
		d.entries = append(d.entries, entry(l, ledger.DonorMeans(l.Account), ledger.SuspenseOut, part))
	}
	if spent := l.Amount - part; spent > 0 {
		d.entries = append(d.entries, entry(l, ledger.DonorDebt(l.Account), ledger.SuspenseOut, spent))
	}
	return d, nil
}

// assign says for which payment something went out.
func (p *Planner) assign(ctx context.Context, l flattery.BankLine) error {
	y, err := p.Store.Payment(ctx, l.Payment)
	if err != nil || l.Incoming || !payable(y) || y.Currency != l.Currency {
		return flattery.Input("no payment %d of the house waits to be paid in %s: see flattery payout list", l.Payment, l.Currency)
	}
	now := p.Now()
	if err := p.Store.Update(ctx, func(tx store.Tx) error {
		if err := tx.SaveBankLine(ctx, l); err != nil {
			return err
		}
		return payAssigned(ctx, tx, y, now)
	}); err != nil {
		return fmt.Errorf("payout: bank line %d: %w", l.ID, err)
	}
	return nil
}

// payAssigned pays a payment out of suspense once what went out for it is enough; what went out beyond it is a loss.
func payAssigned(ctx context.Context, tx store.Tx, y flattery.Payment, now time.Time) error {
	went, err := tx.Assigned(ctx, y.ID)
	if err != nil || went < y.Amount {
		return err
	}
	next := y
	next.State = flattery.PaymentPaid
	if err := move(ctx, tx, y, &next, "", now); err != nil {
		return err
	}
	l := flattery.BankLine{Currency: y.Currency, Amount: y.Amount}
	d := booking{kind: "bank", entries: []ledger.Entry{entry(l, ledger.Bank, ledger.SuspenseOut, y.Amount)}}
	if more := went - y.Amount; more > 0 {
		d.entries = append(d.entries, entry(l, ledger.BankFees, ledger.SuspenseOut, more))
	}
	if err := d.post(ctx, tx, l, fmt.Sprintf("assigned:%d", y.ID), "", now); err != nil {
		return err
	}
	return tx.CloseAssigned(ctx, y.ID)
}
