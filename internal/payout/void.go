package payout

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/internal/queue"
	"flattery/store"
)

// KindVoid is the kind of job that voids a slip which was not paid for too long; its key is the payment's number.
const KindVoid = "void"

// enqueueVoids makes a job of every slip that was out for too long. One that must not be paid now is not.
func (p *Planner) enqueueVoids(ctx context.Context, now time.Time) error {
	if p.Rules.Void == 0 || p.Rules.Prepaid {
		return nil
	}
	ids, err := p.Store.Overdue(ctx, now.Add(-p.Rules.Void))
	if err != nil {
		return err
	}
	return p.enqueue(ctx, KindVoid, keys(ids), now)
}

func (p *Planner) workVoid(ctx context.Context, j queue.Job) error {
	y, err := p.about(ctx, j)
	if err != nil {
		return err
	}
	now := p.Now()
	if y.State != flattery.PaymentPlanned || y.Held != "" || y.PlannedAt.Add(p.Rules.Void).After(now) {
		return nil
	}
	donor, err := p.Store.Account(ctx, y.Donor)
	if err != nil && !errors.Is(err, flattery.ErrNotFound) { // one that was removed is not paused
		return fmt.Errorf("payout: %w", err)
	}
	err = p.Store.Update(ctx, func(tx store.Tx) error {
		next := y
		next.State, next.VoidedAt = flattery.PaymentFailed, now
		if err := tx.MovePayment(ctx, next, flattery.PaymentPlanned); err != nil {
			return err
		}
		if err := void(ctx, tx, y, now); err != nil {
			return err
		}
		if donor.ID == 0 || donor.Paused {
			return nil
		}
		donor.Paused = true
		return tx.SetSettings(ctx, donor.ID, donor.Settings, now)
	})
	if errors.Is(err, flattery.ErrState) { // it was paid, or voided, meanwhile
		return nil
	}
	if err != nil {
		return fmt.Errorf("payout: void payment %d: %w", y.ID, err)
	}
	p.Log.Info("voided a slip", "payment", y.ID)
	return nil
}

// void takes back what a slip would have paid, from the donor's own payees only. Of a slip that is as the donor's likes were, that
// is its payee. Of a netted one it is whom the donor would have paid without: they owe it, for others have paid them in the
// donor's place, and the slip's payee gets it with a later plan from who owes them.
func void(ctx context.Context, tx store.Tx, y flattery.Payment, now time.Time) error {
	own, err := tx.Netted(ctx, y.Plan, y.Donor, y.Currency)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(own, func(n flattery.Netted) bool { return n.Payee == y.Payee }) {
		own = []flattery.Netted{{Donor: y.Donor, Payee: y.Payee, Was: y.Amount}}
	}
	d := ledger.Draft{Key: fmt.Sprintf("void:%d", y.ID), Kind: "void", At: now, Note: y.Code}
	unmet := flattery.Amount(0)
	for _, n := range taken(own, y.Payee, y.Amount) {
		from := ledger.PayeePayable(n.Payee)
		if n.Payee != y.Payee {
			from = ledger.PayeeDebt(n.Payee)
			unmet += n.Voided
		}
		d.Entries = append(d.Entries, ledger.Entry{Debit: from, Credit: ledger.Pledge(y.Donor), Currency: y.Currency, Amount: n.Voided})
		if n.Plan == 0 {
			continue
		}
		if err := tx.VoidNetted(ctx, y.ID, n); err != nil {
			return err
		}
	}
	if _, err := tx.Post(ctx, d); err != nil {
		return err
	}
	if unmet > 0 {
		if err := tx.AddUnmet(ctx, y.ID, unmet); err != nil {
			return err
		}
	}
	return tx.Owe(ctx, y.Donor, y.Payee, y.Currency, -y.Amount, y.Plan)
}

// taken says how much of a slip is taken from each payee to whom the donor owed something: from the slip's own as far as it goes,
// and from the others in the measure of what was owed and did not fail before, in cents; what is left over from the first.
// Voided is that part.
func taken(own []flattery.Netted, slip flattery.PayeeID, amount flattery.Amount) []flattery.Netted {
	all, total := slices.Clone(own), flattery.Amount(0)
	slices.SortFunc(all, func(a, b flattery.Netted) int {
		return cmp.Or(cmp.Compare(b.Was-b.Voided, a.Was-a.Voided), cmp.Compare(a.Payee, b.Payee))
	})
	rooms := make([]flattery.Amount, len(all))
	for i, n := range all {
		rooms[i], all[i].Voided = n.Was-n.Voided, 0
		if n.Payee == slip {
			all[i].Voided = min(amount, rooms[i])
			amount -= all[i].Voided
		}
		total += rooms[i] - all[i].Voided
	}
	left := amount
	for i := range all {
		if all[i].Payee != slip && total > 0 {
			all[i].Voided = min(rooms[i], share(amount, rooms[i], total).Cents())
			left -= all[i].Voided
		}
	}
	for i := range all {
		part := min(left, rooms[i]-all[i].Voided)
		all[i].Voided, left = all[i].Voided+part, left-part
	}
	return slices.DeleteFunc(all, func(n flattery.Netted) bool { return n.Voided == 0 })
}

// share is ⌊a·part/whole⌋.
func share(a, part, whole flattery.Amount) flattery.Amount {
	hi, lo := bits.Mul64(uint64(a), uint64(part))
	q, _ := bits.Div64(hi, lo, uint64(whole))
	return flattery.Amount(q)
}
