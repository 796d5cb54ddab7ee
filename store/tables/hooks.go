package tables

import (
	"context"
	"fmt"
	"slices"
	"time"

	"flattery"
	"flattery/store/seal"
)

const hookColumns = `h.id, h.account_id, h.url, h.made_at, h.failing_at, h.stopped_at`

func scanHook(r Row) (h flattery.Hook, err error) {
	var made, failing, stopped int64
	err = r.Scan(&h.ID, &h.Account, &h.URL, &made, &failing, &stopped)
	h.MadeAt, h.FailingAt, h.StoppedAt = at(made), at(failing), at(stopped)
	return h, err
}

// Hooks lists an account's webhooks, oldest first.
func (s *Reader) Hooks(ctx context.Context, account flattery.AccountID) ([]flattery.Hook, error) {
	list, err := all(ctx, s.DB, scanHook, `SELECT `+hookColumns+` FROM hooks h WHERE h.account_id = ? ORDER BY h.id`, account)
	return list, wrap("webhooks", err)
}

// Hook finds a webhook by number.
func (s *Reader) Hook(ctx context.Context, id flattery.HookID) (flattery.Hook, error) {
	h, err := scanHook(s.DB.Row(ctx, `SELECT `+hookColumns+` FROM hooks h WHERE h.id = ?`, id))
	return h, wrap(fmt.Sprintf("webhook %d", id), err)
}

// HookKeys unseals what a webhook's messages are signed with.
func (s *Reader) HookKeys(ctx context.Context, id flattery.HookID) (flattery.HookKeys, error) {
	k, err := hookKeys(ctx, s.DB, s.Seal, id)
	return k, wrap(fmt.Sprintf("webhook %d", id), err)
}

func hookKeys(ctx context.Context, db DB, box *seal.Box, id flattery.HookID) (k flattery.HookKeys, err error) {
	var key, old []byte
	var until int64
	if err := db.Row(ctx, `SELECT secret, old, old_until FROM hooks WHERE id = ?`, id).Scan(&key, &old, &until); err != nil {
		return k, err
	}
	b, err := unseal(box, place(hookSecrets, id), key)
	if err != nil || old == nil {
		return flattery.HookKeys{Key: flattery.Secret(b)}, err
	}
	o, err := unseal(box, place(hookOlds, id), old)
	return flattery.HookKeys{Key: flattery.Secret(b), Old: flattery.Secret(o), OldUntil: at(until)}, err
}

const deliveryColumns = `d.id, d.hook_id, coalesce(d.notice_id, 0), d.kind, d.state, d.made_at, d.tries, d.tried_at, d.status, d.cause`

func scanDelivery(r Row) (d flattery.Delivery, err error) {
	var made, tried int64
	err = r.Scan(&d.ID, &d.Hook, &d.Notice, &d.Kind, &d.State, &made, &d.Tries, &tried, &d.Status, &d.Cause)
	d.MadeAt, d.TriedAt = at(made), at(tried)
	return d, err
}

// Deliveries lists the last of a webhook, newest first.
func (s *Reader) Deliveries(ctx context.Context, hook flattery.HookID, limit int) ([]flattery.Delivery, error) {
	list, err := all(ctx, s.DB, scanDelivery, `SELECT `+deliveryColumns+` FROM deliveries d WHERE d.hook_id = ? ORDER BY d.id DESC`+atMost, hook, limit)
	return list, wrap("deliveries", err)
}

// Delivery finds a delivery by number.
func (s *Reader) Delivery(ctx context.Context, id flattery.DeliveryID) (flattery.Delivery, error) {
	d, err := scanDelivery(s.DB.Row(ctx, `SELECT `+deliveryColumns+` FROM deliveries d WHERE d.id = ?`, id))
	return d, wrap(fmt.Sprintf("delivery %d", id), err)
}

// OpenDeliveries are those that wait, to be tried or tried again.
func (s *Reader) OpenDeliveries(ctx context.Context) ([]flattery.DeliveryID, error) {
	list, err := all(ctx, s.DB, value[flattery.DeliveryID], `SELECT id FROM deliveries WHERE state = 'waits' ORDER BY id`)
	return list, wrap("deliveries", err)
}

func (t *Tx) AddHook(ctx context.Context, h flattery.Hook, key flattery.Secret) (flattery.HookID, error) {
	id, err := value[flattery.HookID](t.Row(ctx, `INSERT INTO hooks (account_id, url, made_at) VALUES (?, ?, ?) RETURNING id`, h.Account, h.URL, seconds(h.MadeAt)))
	if err != nil {
		return 0, wrap("webhook", err)
	}
	return id, t.Must(ctx, "webhook", `UPDATE hooks SET secret = ? WHERE id = ?`, t.Seal.Seal(place(hookSecrets, id), []byte(key)), id)
}

func (t *Tx) RotateHook(ctx context.Context, account flattery.AccountID, id flattery.HookID, key flattery.Secret, until time.Time) error {
	doing := fmt.Sprintf("webhook %d", id)
	_, err := value[flattery.HookID](t.Row(ctx, `SELECT id FROM hooks WHERE id = ? AND account_id = ?`, id, account))
	if err == nil {
		err = t.Hold(ctx, "hooks", "id", id)
	}
	if err != nil {
		return wrap(doing, err)
	}
	var old []byte // a key that cannot be read has nothing more to sign
	if was, err := hookKeys(ctx, t, t.Seal, id); err == nil {
		old = t.Seal.Seal(place(hookOlds, id), []byte(was.Key))
	}
	return t.Must(ctx, doing, `UPDATE hooks SET secret = ?, old = ?, old_until = ? WHERE id = ?`, t.Seal.Seal(place(hookSecrets, id), []byte(key)), old, seconds(until), id)
}

func (t *Tx) RemoveHook(ctx context.Context, account flattery.AccountID, id flattery.HookID) error {
	if err := t.Later(ctx, "deliveries", `DELETE FROM deliveries WHERE hook_id = (SELECT id FROM hooks WHERE id = ? AND account_id = ?)`, id, account); err != nil {
		return err
	}
	return t.Must(ctx, fmt.Sprintf("webhook %d", id), `DELETE FROM hooks WHERE id = ? AND account_id = ?`, id, account)
}

// AddDeliveries makes those that are missing.
func (t *Tx) AddDeliveries(ctx context.Context, since, now time.Time) ([]flattery.DeliveryID, error) {
	ids, err := all(ctx, t, value[flattery.DeliveryID], `INSERT INTO deliveries (hook_id, notice_id, kind, state, made_at)
		SELECT h.id, n.id, n.kind, 'waits', CAST(?1 AS BIGINT) FROM hooks h JOIN notices n ON n.account_id = h.account_id
		WHERE h.stopped_at = 0 AND n.made_at >= ?2 AND n.made_at >= h.made_at AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.hook_id = h.id AND d.notice_id = n.id)
		ORDER BY n.id, h.id ON CONFLICT (hook_id, notice_id) DO NOTHING RETURNING id`, seconds(now), seconds(since))
	slices.Sort(ids) // RETURNING has no order
	return ids, wrap("deliveries", err)
}

func (t *Tx) AddDelivery(ctx context.Context, d flattery.Delivery) (flattery.DeliveryID, error) {
	id, err := value[flattery.DeliveryID](t.Row(ctx, `INSERT INTO deliveries (hook_id, notice_id, kind, state, made_at) VALUES (?, ?, ?, ?, ?) RETURNING id`,
		d.Hook, null(int64(d.Notice)), d.Kind, d.State, seconds(d.MadeAt)))
	return id, wrap("delivery", err)
}

func (t *Tx) SaveDelivery(ctx context.Context, d flattery.Delivery) error {
	return t.Later(ctx, fmt.Sprintf("delivery %d", d.ID), `UPDATE deliveries SET state = ?, tries = ?, tried_at = ?, status = ?, cause = ? WHERE id = ?`,
		d.State, d.Tries, seconds(d.TriedAt), d.Status, d.Cause, d.ID)
}

func (t *Tx) HookWorks(ctx context.Context, id flattery.HookID) error {
	return t.Later(ctx, fmt.Sprintf("webhook %d", id), `UPDATE hooks SET failing_at = 0, stopped_at = 0 WHERE id = ? AND (failing_at <> 0 OR stopped_at <> 0)`, id)
}

func (t *Tx) HookFails(ctx context.Context, id flattery.HookID, host string, since, now time.Time) (stopped bool, err error) {
	doing := fmt.Sprintf("webhook %d", id)
	if err := t.Later(ctx, doing, `UPDATE hooks SET failing_at = ? WHERE id = ? AND failing_at = 0`, seconds(now), id); err != nil {
		return false, err
	}
	account, err := value[flattery.AccountID](t.Row(ctx, `UPDATE hooks SET stopped_at = ? WHERE id = ? AND stopped_at = 0 AND failing_at <= ? RETURNING account_id`,
		seconds(now), id, seconds(since)))
	if missing(err) {
		return false, nil
	}
	if err != nil {
		return false, wrap(doing, err)
	}
	return true, t.Later(ctx, doing, tells+`VALUES (?, ?, 'webhook.disabled', ?, 0, 0, '', 0, '', ?, '', 0)`+once,
		account, fmt.Sprintf("webhook.disabled %d %d", id, seconds(now)), seconds(now), host)
}
