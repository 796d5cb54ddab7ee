package tables

import (
	"context"
	"fmt"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/store"
)

// unpublish notes since when planned payments to an author go where nobody publishes any more that the author is paid; or that they do again.
func (t *Tx) unpublish(ctx context.Context, author int64, now time.Time) error {
	return t.Later(ctx, "payments to a place that is gone", `UPDATE payments SET gone_at = CASE
		WHEN EXISTS (SELECT 1 FROM places l WHERE l.identity_id = ?1 AND l.verified AND l.destination = payments.destination) THEN 0
		WHEN gone_at = 0 THEN ?2 ELSE gone_at END
		WHERE state = 'planned' AND source <> '' AND payee_id = (SELECT y.id FROM payees y WHERE y.identity_id = ?1)
		AND NOT EXISTS (SELECT 1 FROM claims c WHERE c.identity_id = ?1)`, author, seconds(now))
}

// Gone lists the planned payments whose destination was published no more at a time, and has not been since.
func (s *Reader) Gone(ctx context.Context, before time.Time) ([]flattery.PaymentID, error) {
	list, err := all(ctx, s.DB, value[flattery.PaymentID], `SELECT id FROM payments WHERE state = 'planned' AND gone_at > 0 AND gone_at <= ? ORDER BY id`, seconds(before))
	return list, wrap("payments to places that are gone", err)
}

// Elsewhere reports whether the payee of a payment can be paid at another place by now, or has joined.
func (s *Reader) Elsewhere(ctx context.Context, id flattery.PaymentID) (bool, error) {
	can, err := value[bool](s.DB.Row(ctx, `SELECT `+payable("y.identity_id")+` OR EXISTS (SELECT 1 FROM claims c WHERE c.identity_id = y.identity_id)
		FROM payments o JOIN payees y ON y.id = o.payee_id WHERE o.id = ?`, id))
	return can, wrap(fmt.Sprintf("payment %d", id), err)
}

// Gave lists what a payee was given of donors' means, newest first.
func (s *Reader) Gave(ctx context.Context, payee flattery.PayeeID, currency string) ([]store.Gave, error) {
	list, err := all(ctx, s.DB, func(r Row) (g store.Gave, err error) {
		var name string
		if err = r.Scan(&name, &g.Amount); err == nil {
			_, err = fmt.Sscanf(name, "donor:%d:means", &g.Donor)
		}
		return g, err
	}, `SELECT d.name, e.amount FROM ledger_accounts y JOIN entries e ON e.credit_id = y.id JOIN ledger_accounts d ON d.id = e.debit_id
		WHERE y.name = ? AND y.currency = ? AND d.name LIKE 'donor:%:means' ORDER BY e.number DESC`, ledger.PayeePayable(payee), currency)
	return list, wrap(fmt.Sprintf("what payee %d was given", payee), err)
}

// TellGone tells a donor that what was to be paid is theirs again.
func (t *Tx) TellGone(ctx context.Context, p flattery.Payment, donor flattery.AccountID, amount flattery.Amount, now time.Time) error {
	return t.Later(ctx, "tell of a payment", tells+`SELECT a.id, CAST(?1 AS TEXT), 'payment.gone', CAST(?2 AS BIGINT), p.plan, CAST(?3 AS BIGINT), p.currency, 0, h.network, i.handle, p.code, 0
		FROM payments p JOIN payees y ON y.id = p.payee_id JOIN identities i ON i.id = y.identity_id JOIN hosts h ON h.id = i.host_id
		JOIN accounts a ON a.id = ?4 AND a.removed_at IS NULL WHERE p.id = ?5`+once, fmt.Sprintf("payment.gone %d", p.ID), seconds(now), amount, donor, p.ID)
}
