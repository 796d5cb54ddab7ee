package payout

import (
	"context"
	"errors"

	"flattery"
)

// Outbox keeps the files that people hand in at a bank or platform, one a batch.
type Outbox interface {
	// Put keeps a file: the same again is fine, another for the same batch is flattery.ErrConflict.
	Put(ctx context.Context, batch string, f flattery.File) error
	// Outgoing finds it; else flattery.ErrNotFound.
	Outgoing(ctx context.Context, batch string) (flattery.File, error)
}

// Filed says of a rail that writes files what became of a batch: its payments are sent once the file is in the outbox, but for
// those that are none for it, which have failed.
func Filed(ctx context.Context, o Outbox, b flattery.Batch, good func(flattery.Payment) error) ([]Event, error) {
	f, err := o.Outgoing(ctx, b.ID)
	if errors.Is(err, flattery.ErrNotFound) {
		return nil, ErrNotSent
	}
	if err != nil {
		return nil, err
	}
	events := make([]Event, 0, len(b.Payments))
	for _, y := range b.Payments {
		e := Event{Payment: y.ID, State: flattery.PaymentSent, At: f.MadeAt}
		if err := good(y); err != nil {
			e.State, e.Note = flattery.PaymentFailed, err.Error()
		}
		events = append(events, e)
	}
	return events, nil
}
