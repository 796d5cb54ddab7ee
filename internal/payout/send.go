package payout

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"flattery"
	"flattery/internal/queue"
	"flattery/store"
)

// KindSend is the kind of job that hands a batch to its rail, and asks what became of it; its key is the batch's.
const KindSend = "send"

// A rail that could not say what became of a batch is asked again after so long.
const askAgain = 10 * time.Minute

// house plans what the house pays out of what was paid in.
func (p *Planner) house(ctx context.Context, m flattery.Month) ([]flattery.Payment, error) {
	if !p.Rules.Prepaid {
		return nil, nil
	}
	owed, err := p.Store.Payables(ctx)
	if err != nil {
		return nil, err
	}
	return Plan(m, owed, p.Rules, p.House...), nil
}

// Send makes one batch of all planned payments of a rail in a currency that nothing holds, and a job of it. The payments are
// unknown from then on, and the money has left its payees' accounts: what happens next is the rail's to say.
func (p *Planner) Send(ctx context.Context, rail, currency string) (flattery.Batch, error) {
	r := p.rail(rail)
	if r == nil || r.Info().Hands {
		return flattery.Batch{}, flattery.Input("rail %q takes no batches here: there is %s", rail, cmp.Or(strings.Join(p.Batching(), ", "), "none"))
	}
	if err := p.caughtUp(ctx); err != nil {
		return flattery.Batch{}, err
	}
	planned, err := p.Store.Payments(ctx, store.PaymentQuery{House: true, State: flattery.PaymentPlanned})
	if err != nil {
		return flattery.Batch{}, fmt.Errorf("payout: send: %w", err)
	}
	now := p.Now()
	b := flattery.Batch{Rail: rail, Currency: currency, MadeAt: now}
	for _, y := range planned {
		if y.Rail == rail && y.Currency == currency && y.Held == "" {
			y.SentAt = now
			b.Payments, b.Count, b.Amount = append(b.Payments, y), b.Count+1, b.Amount+y.Amount
		}
	}
	if b.Count == 0 {
		return b, flattery.Input("nothing is planned for %s in %s: see flattery payout list", rail, currency)
	}
	slices.SortFunc(b.Payments, func(a, c flattery.Payment) int { return cmp.Compare(a.ID, c.ID) })
	b.ID = batchID(b)
	err = p.Store.Update(ctx, func(tx store.Tx) error {
		if err := tx.AddBatch(ctx, b); err != nil {
			return err
		}
		for _, y := range b.Payments {
			if err := leave(ctx, tx, y, now); err != nil {
				return err
			}
		}
		return tx.Enqueue(ctx, KindSend, b.ID, now)
	})
	if errors.Is(err, flattery.ErrState) {
		return b, fmt.Errorf("payout: another has sent some of it just now: look again: %w", err)
	}
	if err != nil {
		return b, fmt.Errorf("payout: send: %w", err)
	}
	return b, nil
}

// caughtUp refuses to pay out of a backup: what was paid since it was made this ledger does not know.
func (p *Planner) caughtUp(ctx context.Context) error {
	at, err := p.Store.Restored(ctx)
	if err != nil {
		return fmt.Errorf("payout: send: %w", err)
	}
	if at.IsZero() {
		return nil
	}
	return flattery.Input("this instance came out of a backup on %s, and does not know what was paid since that was made: take in the bank's statements until then (flattery payout import), mark what was paid otherwise, then say so with flattery payout export --after-restore", at.Format(time.DateOnly))
}

// CaughtUp says that everything is known which was paid since a backup was made that was restored.
func (p *Planner) CaughtUp(ctx context.Context) error {
	if err := p.Store.Update(ctx, func(tx store.Tx) error { return tx.NoteRestore(ctx, time.Time{}) }); err != nil {
		return fmt.Errorf("payout: %w", err)
	}
	return nil
}

// batchID is made of what is in a batch: 80 bits, as banks take them.
func batchID(b flattery.Batch) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s %s\n", b.Rail, b.Currency)
	for _, y := range b.Payments {
		fmt.Fprintln(h, y.Code)
	}
	return "FL" + base32.StdEncoding.EncodeToString(h.Sum(nil)[:10])
}

// rail finds one of the house's by name; nil: there is none.
func (p *Planner) rail(name string) Rail {
	for _, r := range p.House {
		if r.Info().Rail == name {
			return r
		}
	}
	return nil
}

// Batching are the names of the house's rails that take batches.
func (p *Planner) Batching() (names []string) {
	for _, r := range p.House {
		if info := r.Info(); !info.Hands {
			names = append(names, info.Rail)
		}
	}
	return names
}

func (p *Planner) enqueueSends(ctx context.Context, now time.Time) error {
	open, err := p.Store.OpenBatches(ctx)
	if err != nil {
		return err
	}
	return p.enqueue(ctx, KindSend, open, now)
}

// workSend hands a batch over once. Where the rail may have it already it is asked first, and handed it again only if it never
// saw it.
func (p *Planner) workSend(ctx context.Context, j queue.Job) error {
	b, err := p.Store.Batch(ctx, j.Key)
	if err != nil {
		return fmt.Errorf("payout: %w", err)
	}
	rail := p.rail(b.Rail)
	if rail == nil {
		return fmt.Errorf("payout: batch %s: rail %s is not set up any more", b.ID, b.Rail)
	}
	if !slices.ContainsFunc(b.Payments, unknown) {
		return nil
	}
	events, err := p.ask(ctx, rail, b)
	switch {
	case errors.Is(err, ErrRejected):
		events = refusedAll(b, err)
	case errors.Is(err, ErrNotSent):
		b.Tried, b.Cause = false, err.Error()
		return p.askLater(ctx, b)
	case err != nil:
		b.Tried, b.Cause = true, err.Error()
		return p.askLater(ctx, b)
	}
	if err := p.apply(ctx, b, events); err != nil {
		return fmt.Errorf("payout: batch %s: %w", b.ID, err)
	}
	if b, err = p.Store.Batch(ctx, b.ID); err != nil {
		return fmt.Errorf("payout: %w", err)
	}
	if slices.ContainsFunc(b.Payments, unknown) {
		b.Tried, b.Cause = true, "the rail has not said yet what became of every payment"
		return p.askLater(ctx, b)
	}
	p.Log.Info("sent", "batch", b.ID, "rail", b.Rail, "payments", b.Count)
	return nil
}

func unknown(y flattery.Payment) bool { return y.State == flattery.PaymentUnknown }

// ask asks what became of a batch, or hands it over. That it may have been is written first.
func (p *Planner) ask(ctx context.Context, rail Rail, b flattery.Batch) ([]Event, error) {
	if b.Tried {
		if events, err := rail.Status(ctx, b); !errors.Is(err, ErrNotSent) {
			return events, err
		}
	}
	b.Tried = true
	if err := p.Store.Update(ctx, func(tx store.Tx) error { return tx.SaveBatch(ctx, b) }); err != nil {
		return nil, err
	}
	return rail.Submit(ctx, b)
}

func (p *Planner) askLater(ctx context.Context, b flattery.Batch) error {
	ctx = context.WithoutCancel(ctx)
	if err := p.Store.Update(ctx, func(tx store.Tx) error { return tx.SaveBatch(ctx, b) }); err != nil {
		return fmt.Errorf("payout: batch %s: %w", b.ID, err)
	}
	return errors.Join(&queue.SnoozeError{Until: p.Now().Add(askAgain)}, fmt.Errorf("payout: batch %s: %s", b.ID, b.Cause))
}

func refusedAll(b flattery.Batch, why error) (events []Event) {
	for _, y := range b.Payments {
		if unknown(y) {
			events = append(events, Event{Payment: y.ID, State: flattery.PaymentFailed, Note: why.Error()})
		}
	}
	return events
}

// apply writes what a rail says of payments of a batch, in one transaction. What is said twice, late or in another order changes
// nothing: a payment goes forward only.
func (p *Planner) apply(ctx context.Context, b flattery.Batch, events []Event) error {
	now := p.Now()
	states := map[flattery.PaymentID]flattery.Payment{}
	for _, y := range b.Payments {
		states[y.ID] = y
	}
	return p.Store.Update(ctx, func(tx store.Tx) error {
		states := maps.Clone(states) // fn may run again
		for _, e := range events {
			was, ours := states[e.Payment]
			if !ours || !forward(was.State, e.State) {
				continue
			}
			next := was
			next.State = e.State
			if err := move(ctx, tx, was, &next, "", now); err != nil {
				return fmt.Errorf("payment %d: %w", was.ID, err)
			}
			states[e.Payment] = next
		}
		return nil
	})
}

// forward reports whether a rail may say to after from: sent and unknown are on their way, paid and failed are ends.
func forward(from, to flattery.PaymentState) bool {
	switch from {
	case flattery.PaymentUnknown:
		return to == flattery.PaymentSent || to == flattery.PaymentPaid || to == flattery.PaymentFailed
	case flattery.PaymentSent:
		return to == flattery.PaymentPaid || to == flattery.PaymentFailed
	default:
		return false
	}
}
