package payout

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/store"
)

// Mark moves a payment on and posts what that means, in one transaction: leaving (sent), leaving and confirmed (paid), or
// coming back (failed). Who never joined confirms nothing: what left is paid. Marked twice alike it is posted once. A paid or failed
// payment stays what it is: ErrState.
func (p *Planner) Mark(ctx context.Context, id flattery.PaymentID, to flattery.PaymentState) (flattery.Payment, error) {
	now := p.Now()
	was, err := p.Store.Payment(ctx, id)
	if err != nil {
		return was, fmt.Errorf("payout: %w", err)
	}
	if to == flattery.PaymentSent && !was.Joined && was.Donor != 0 {
		to = flattery.PaymentPaid
	}
	if was.State == to {
		return was, nil
	}
	next := was
	next.State = to
	err = p.Store.Update(ctx, func(tx store.Tx) error { return move(ctx, tx, was, &next, "", now) })
	if errors.Is(err, flattery.ErrState) {
		if is, bad := p.Store.Payment(ctx, id); bad == nil && is.State == to { // another was first with the same
			return is, nil
		}
	}
	if err != nil {
		return was, fmt.Errorf("payout: payment %d is %s and cannot become %s: %w", id, was.State, to, err)
	}
	return next, nil
}

// move changes the state first: of many who try at once, one does, and the others are refused before they post anything. The note says how it was paid.
func move(ctx context.Context, tx store.Tx, was flattery.Payment, next *flattery.Payment, note string, now time.Time) error {
	if was.State == flattery.PaymentPaid || was.State == flattery.PaymentFailed {
		return flattery.ErrState
	}
	open := was.State == flattery.PaymentSent || was.State == flattery.PaymentUnknown
	switch next.State {
	case flattery.PaymentSent, flattery.PaymentPaid:
		if !open {
			next.SentAt = now
		}
		if next.State == flattery.PaymentPaid {
			next.PaidAt = now
		}
	case flattery.PaymentFailed:
	case flattery.PaymentPlanned, flattery.PaymentUnknown:
		return flattery.ErrState
	default:
		return flattery.Input("%q is no state of a payment: choose sent, paid or failed", next.State)
	}
	if err := tx.MovePayment(ctx, *next, was.State); err != nil {
		return err
	}
	if next.State == flattery.PaymentFailed {
		if !open {
			return nil
		}
		return comeBack(ctx, tx, was, now)
	}
	if !open {
		if err := leave(ctx, tx, was, now); err != nil {
			return err
		}
	}
	if next.State == flattery.PaymentPaid {
		_, err := tx.Post(ctx, confirmed(was, note, now))
		return err
	}
	return nil
}

func leave(ctx context.Context, tx store.Tx, p flattery.Payment, now time.Time) error {
	if _, err := tx.Post(ctx, left(p, now)); err != nil {
		return err
	}
	if p.Donor == 0 {
		return nil
	}
	return tx.Owe(ctx, p.Donor, p.Payee, p.Currency, -p.Amount, p.Plan)
}

// comeBack reverses what left; the payee is owed again.
func comeBack(ctx context.Context, tx store.Tx, p flattery.Payment, now time.Time) error {
	d := left(p, now)
	number, err := tx.Post(ctx, d) // it was posted: this asks for its number
	if err != nil {
		return err
	}
	t := ledger.Transaction{Draft: d, Number: number}
	if _, err := tx.Post(ctx, t.Reverse(fmt.Sprintf("return:%d", p.ID), "", now)); err != nil {
		return err
	}
	if p.Donor == 0 {
		return nil
	}
	return tx.Owe(ctx, p.Donor, p.Payee, p.Currency, p.Amount, p.Plan)
}

// left: the payee is owed that much less. A trial was owed to nobody: the house bears it.
func left(p flattery.Payment, now time.Time) ledger.Draft {
	from := ledger.PayeePayable(p.Payee)
	if p.Payee == 0 {
		from = ledger.Trials
	}
	return ledger.Draft{Key: fmt.Sprintf("leave:%d", p.ID), Kind: "leave", At: now, Note: p.Code, Entries: []ledger.Entry{
		{Debit: from, Credit: ledger.Transit(p.Rail), Currency: p.Currency, Amount: p.Amount}}}
}

// confirmed: the donor's pledge is kept, or the bank's money is gone.
func confirmed(p flattery.Payment, note string, now time.Time) ledger.Draft {
	from := ledger.Pledge(p.Donor)
	if p.Donor == 0 {
		from = ledger.Bank
	}
	return ledger.Draft{Key: fmt.Sprintf("confirm:%d", p.ID), Kind: "confirm", At: now, Note: strings.TrimSpace(p.Code + " " + note), Entries: []ledger.Entry{
		{Debit: ledger.Transit(p.Rail), Credit: from, Currency: p.Currency, Amount: p.Amount}}}
}
