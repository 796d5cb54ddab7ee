package githubcsv

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"flattery"
	"flattery/internal/payout"
)

// Rail pays maintainers in dollars by files that somebody uploads to GitHub. That they were paid that person says. It takes whole dollars
// only: what a plan leaves of a payee's balance is carried to the next.
type Rail struct{ Outbox payout.Outbox }

var _ payout.Rail = Rail{}

// Info describes it.
func (Rail) Info() payout.Info {
	return payout.Info{Rail: "github-csv", Title: "GitHub Sponsors", Step: flattery.Unit, Minimum: flattery.Unit, Currencies: []string{"USD"}}
}

// Canon takes pages of GitHub Sponsors.
func (Rail) Canon(d flattery.Destination) (flattery.Destination, error) {
	name, err := Maintainer(d)
	if err != nil {
		return "", err
	}
	return flattery.Destination("https://github.com/sponsors/" + name), nil
}

// Submit writes the file of a batch.
func (r Rail) Submit(ctx context.Context, b flattery.Batch) ([]payout.Event, error) {
	one, err := ParseRate("1")
	if err != nil {
		return nil, err
	}
	rows, parts, err := Split(b.Payments, one)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", payout.ErrRejected, err)
	}
	for _, p := range parts { // a plan makes none: Info's Step is a dollar
		if p.Left != 0 {
			return nil, fmt.Errorf("%w: payment %d to %s is of no whole dollars", payout.ErrRejected, p.Payment, p.Maintainer)
		}
	}
	var body bytes.Buffer
	if err := Write(&body, rows); err != nil {
		return nil, fmt.Errorf("%w: %w", payout.ErrNotSent, err)
	}
	err = r.Outbox.Put(ctx, b.ID, flattery.File{Name: b.ID + ".csv", Body: body.Bytes(), MadeAt: b.MadeAt})
	if err != nil && !errors.Is(err, flattery.ErrConflict) {
		return nil, err
	}
	return r.Status(ctx, b)
}

// Status says what became of a batch as far as a file can.
func (r Rail) Status(ctx context.Context, b flattery.Batch) ([]payout.Event, error) {
	return payout.Filed(ctx, r.Outbox, b, func(y flattery.Payment) error { _, err := Maintainer(y.Destination); return err })
}
