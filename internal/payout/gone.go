package payout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/internal/queue"
	"flattery/store"
)

// KindGone is the kind of job that takes back a payment whose destination was published no more for too long; its key is the payment's number.
const KindGone = "gone"

// goneMost is how long such a payment waits for its destination to be published again.
const goneMost = 90 * 24 * time.Hour

func (p *Planner) enqueueGone(ctx context.Context, now time.Time) error {
	ids, err := p.Store.Gone(ctx, now.Add(-goneMost))
	if err != nil {
		return err
	}
	return p.enqueue(ctx, KindGone, keys(ids), now)
}

// workGone ends a payment that nobody can make any more. Where its payee can be paid elsewhere by now it is owed as before, and the next
// plan pays it there. Else it is the donors' again: a pledge is cancelled, and what was taken of means becomes means. Nobody is paused:
// it was no fault of theirs.
func (p *Planner) workGone(ctx context.Context, j queue.Job) error {
	y, err := p.about(ctx, j)
	if err != nil {
		return err
	}
	now := p.Now()
	if y.State != flattery.PaymentPlanned || y.GoneAt.IsZero() || y.GoneAt.Add(goneMost).After(now) {
		return nil
	}
	elsewhere, err := p.Store.Elsewhere(ctx, y.ID)
	if err != nil {
		return fmt.Errorf("payout: %w", err)
	}
	back, err := p.givers(ctx, y)
	if err != nil {
		return fmt.Errorf("payout: %w", err)
	}
	err = p.Store.Update(ctx, func(tx store.Tx) error {
		next := y
		next.State = flattery.PaymentFailed
		if err := tx.MovePayment(ctx, next, flattery.PaymentPlanned); err != nil || elsewhere {
			return err
		}
		return giveBack(ctx, tx, y, back, now)
	})
	if errors.Is(err, flattery.ErrState) { // it was paid meanwhile, or taken back
		return nil
	}
	if err != nil {
		return fmt.Errorf("payout: take back payment %d: %w", y.ID, err)
	}
	p.Log.Info("took a payment back: its destination is gone", "payment", y.ID, "elsewhere", elsewhere)
	return nil
}

// givers are those whose money a payment is: its donor's, or of whose means the house was to pay it. A payee's oldest money is paid first, so
// what is still owed is the newest, and the payment is of the oldest of that.
func (p *Planner) givers(ctx context.Context, y flattery.Payment) ([]store.Gave, error) {
	if y.Donor != 0 {
		return []store.Gave{{Donor: y.Donor, Amount: y.Amount}}, nil
	}
	owed, err := p.Store.Balance(ctx, ledger.PayeePayable(y.Payee), y.Currency)
	if err != nil {
		return nil, err
	}
	gave, err := p.Store.Gave(ctx, y.Payee, y.Currency)
	if err != nil {
		return nil, err
	}
	return ofPayment(gave, owed-y.Amount, y.Amount), nil
}

// ofPayment passes over what came last, and takes an amount of what came before it: of each donor together.
func ofPayment(gave []store.Gave, later, amount flattery.Amount) (all []store.Gave) {
	for _, g := range gave {
		skip := min(later, g.Amount)
		later -= skip
		g.Amount = min(g.Amount-skip, amount)
		amount -= g.Amount
		if g.Amount == 0 {
			continue
		}
		if at := slices.IndexFunc(all, func(o store.Gave) bool { return o.Donor == g.Donor }); at >= 0 {
			all[at].Amount += g.Amount
		} else {
			all = append(all, g)
		}
	}
	return all
}

func giveBack(ctx context.Context, tx store.Tx, y flattery.Payment, back []store.Gave, now time.Time) error {
	d := ledger.Draft{Key: fmt.Sprintf("gone:%d", y.ID), Kind: "gone", At: now, Note: y.Code}
	for _, g := range back {
		to := ledger.DonorMeans(g.Donor)
		if y.Donor != 0 {
			to = ledger.Pledge(g.Donor)
		}
		d.Entries = append(d.Entries, ledger.Entry{Debit: ledger.PayeePayable(y.Payee), Credit: to, Currency: y.Currency, Amount: g.Amount})
	}
	if len(d.Entries) == 0 {
		return nil
	}
	if _, err := tx.Post(ctx, d); err != nil {
		return err
	}
	for _, g := range back {
		if err := tx.TellGone(ctx, y, g.Donor, g.Amount, now); err != nil {
			return err
		}
	}
	if y.Donor == 0 {
		return nil
	}
	return tx.Owe(ctx, y.Donor, y.Payee, y.Currency, -y.Amount, y.Plan)
}
