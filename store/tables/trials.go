package tables

import (
	"context"
	"fmt"
	"time"

	"flattery"
)

const trialQuery = `SELECT p.id, p.destination, p.currency, p.amount, p.state, p.planned_at, p.sent_at, p.returned_at, r.tries, r.proved_at
	FROM trials r JOIN payments p ON p.id = r.payment_id `

func scanTrial(s Row) (r flattery.Trial, err error) {
	var planned, sent, returned, proved int64
	err = s.Scan(&r.Payment, &r.Destination, &r.Currency, &r.Amount, &r.State, &planned, &sent, &returned, &r.Tries, &proved)
	r.PlannedAt, r.SentAt, r.ReturnedAt, r.ProvedAt = at(planned), at(sent), at(returned), at(proved)
	return r, err
}

// Trials lists those of an account, newest first, whatever became of them.
func (s *Reader) Trials(ctx context.Context, account flattery.AccountID) ([]flattery.Trial, error) {
	list, err := all(ctx, s.DB, scanTrial, trialQuery+`WHERE r.account_id = ? ORDER BY r.payment_id DESC`, account)
	return list, wrap("trials", err)
}

func (t *Tx) AddTrial(ctx context.Context, p flattery.Payment) (flattery.PaymentID, error) {
	id, err := value[flattery.PaymentID](t.Row(ctx, `INSERT INTO payments (code, rail, currency, amount, destination, state, planned_at, sent_at, paid_at)
		VALUES (?, ?, ?, ?, ?, 'planned', ?, 0, 0) ON CONFLICT (code) DO NOTHING RETURNING id`, p.Code, p.Rail, p.Currency, p.Amount, p.Destination, seconds(p.PlannedAt)))
	if missing(err) {
		err = flattery.ErrConflict
	}
	if err != nil {
		return 0, wrap("trial", err)
	}
	return id, t.Later(ctx, "trial", `INSERT INTO trials (payment_id, account_id, number, tries, proved_at) VALUES (?, ?, ?, 0, 0)`, id, p.Trial, string(p.Number))
}

func (t *Tx) TryTrial(ctx context.Context, id flattery.PaymentID) (flattery.Secret, error) {
	number, err := value[string](t.Row(ctx, `UPDATE trials SET tries = tries + 1 WHERE payment_id = ? AND tries < ? AND proved_at = 0
		AND EXISTS (SELECT 1 FROM payments p WHERE p.id = trials.payment_id AND p.state IN ('sent', 'unknown', 'paid')) RETURNING number`, id, flattery.TrialTries))
	if missing(err) {
		err = flattery.ErrState
	}
	return flattery.Secret(number), wrap(fmt.Sprintf("trial %d", id), err)
}

func (t *Tx) ProveTrial(ctx context.Context, id flattery.PaymentID, now time.Time) error {
	return t.Must(ctx, fmt.Sprintf("trial %d", id), `UPDATE trials SET proved_at = ?, number = '' WHERE payment_id = ? AND proved_at = 0`, seconds(now), id)
}

// endTrials: what was to be sent to where an account is paid no more is not sent.
func (t *Tx) endTrials(ctx context.Context, account flattery.AccountID) error {
	return t.Later(ctx, "trials", `UPDATE payments SET state = 'failed' WHERE state = 'planned' AND id IN (SELECT payment_id FROM trials WHERE account_id = ?)`, account)
}
