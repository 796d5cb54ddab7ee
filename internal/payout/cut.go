package payout

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"flattery"
	"flattery/store"
)

// Part is what can be paid of a slip at once, and how: "10 USD at 1.0842".
type Part struct {
	Amount flattery.Amount // 0: nothing
	Note   string
}

// Split says it of slips that are paid together.
type Split func(slips []flattery.Payment) (map[flattery.PaymentID]Part, error)

// Whole are those of a donor's slips that are still to be paid, the oldest first, over as much as they can be: what one has carried is
// its own again as far as no later slip is out for it.
//
// So what is put off is put off from the whole, and from the newest. Of all that is open to somebody whole dollars leave less than one:
// they pay half or more, at whatever rate, and the oldest first. No old slip is kept from its void by one file after the other.
func (p *Planner) Whole(ctx context.Context, donor flattery.AccountID, ids []flattery.PaymentID) ([]flattery.Payment, error) {
	_, whole, err := p.slips(ctx, donor, ids)
	return whole, err
}

// slips are those as they are, and whole, in the same order.
func (p *Planner) slips(ctx context.Context, donor flattery.AccountID, ids []flattery.PaymentID) (are, whole []flattery.Payment, err error) {
	debts, err := p.Store.Debts(ctx, donor)
	if err != nil {
		return nil, nil, fmt.Errorf("payout: %w", err)
	}
	are, err = p.Store.Payments(ctx, store.PaymentQuery{Donor: donor, State: flattery.PaymentPlanned})
	if err != nil {
		return nil, nil, fmt.Errorf("payout: %w", err)
	}
	room := map[debtKey]flattery.Amount{}
	for _, d := range debts {
		room[debtKey{pair{d.Donor, d.Payee}, d.Currency}] = d.Amount - d.Planned
	}
	are = slices.DeleteFunc(are, func(y flattery.Payment) bool { return donor == 0 || !slices.Contains(ids, y.ID) })
	slices.SortFunc(are, func(a, b flattery.Payment) int { return cmp.Or(cmp.Compare(a.Plan, b.Plan), cmp.Compare(a.ID, b.ID)) })
	whole = slices.Clone(are)
	for i := range whole {
		y := &whole[i]
		k := debtKey{pair{donor, y.Payee}, y.Currency}
		more := max(0, min(y.Carried, room[k])).Cents()
		y.Amount, y.Carried, room[k] = y.Amount+more, y.Carried-more, room[k]-more
	}
	return are, whole, nil
}

// Cut lets each of a donor's slips be over what can be paid of it, all in one transaction. What that is less than was planned is carried: it
// is owed as before, and the next plan takes it up. A slip of which nothing can be paid stays as it is. What is cut twice alike does not
// change; of what is not planned any more nothing is cut: ErrState.
//
// A slip keeps its plan, its code and its age, and is no payment that failed: nobody is told anything.
func (p *Planner) Cut(ctx context.Context, donor flattery.AccountID, ids []flattery.PaymentID, split Split) error {
	err := p.cut(ctx, donor, ids, split)
	if errors.Is(err, flattery.ErrOverdrawn) { // a plan took up what was carried meanwhile: look again
		err = p.cut(ctx, donor, ids, split)
	}
	if err != nil {
		return fmt.Errorf("payout: cut slips: %w", err)
	}
	return nil
}

func (p *Planner) cut(ctx context.Context, donor flattery.AccountID, ids []flattery.PaymentID, split Split) error {
	are, whole, err := p.slips(ctx, donor, ids)
	if err != nil {
		return err
	}
	if len(are) < len(ids) {
		return flattery.ErrState
	}
	parts, err := split(whole)
	if err != nil {
		return err
	}
	var cuts []store.Cut
	for _, y := range are {
		if part := parts[y.ID]; part.Amount != 0 && part.Amount != y.Amount {
			cuts = append(cuts, store.Cut{Payment: y.ID, Was: y.Amount, Becomes: part.Amount})
		}
	}
	if len(cuts) == 0 {
		return nil
	}
	return p.Store.Update(ctx, func(tx store.Tx) error { return tx.CutPayments(ctx, donor, cuts) })
}

// Pay marks those of a donor's slips as paid that are still to be paid, all in one transaction, with a note of how, and says how many. Each
// must be over what can be paid of it, as Cut leaves it; else none is marked: ErrState.
func (p *Planner) Pay(ctx context.Context, donor flattery.AccountID, ids []flattery.PaymentID, split Split) (int, error) {
	are, whole, err := p.slips(ctx, donor, ids)
	if err != nil || len(are) == 0 {
		return 0, err
	}
	parts, err := split(whole)
	if err != nil {
		return 0, fmt.Errorf("payout: %w", err)
	}
	now := p.Now()
	err = p.Store.Update(ctx, func(tx store.Tx) error {
		for _, y := range are {
			if parts[y.ID].Amount != y.Amount {
				return flattery.ErrState
			}
			next := y
			next.State = flattery.PaymentPaid
			if err := move(ctx, tx, y, &next, parts[y.ID].Note, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("payout: pay slips: %w", err)
	}
	return len(are), nil
}
