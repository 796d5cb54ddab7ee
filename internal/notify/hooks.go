package notify

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/store"
)

// KindHook is the kind of job that posts one notice to one webhook; its key is the delivery's number.
const KindHook = "webhook"

// What webhooks are bound by.
const (
	MostHooks  = 5                  // of an account
	longestURL = 500                //
	freshest   = 7 * 24 * time.Hour // a notice that is older is not posted any more
	patience   = 3 * 24 * time.Hour // without a good answer; then the webhook is stopped
	overlap    = 24 * time.Hour     // for how long the key before signs too
)

// pauses are between the tries of a delivery; after the last one it has failed. Together they are longer than patience.
func pauses() []time.Duration {
	return []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour}
}

// HookStore is what webhooks need of the store.
type HookStore interface {
	Account(ctx context.Context, id flattery.AccountID) (flattery.Account, error)
	Hooks(ctx context.Context, account flattery.AccountID) ([]flattery.Hook, error)
	Hook(ctx context.Context, id flattery.HookID) (flattery.Hook, error)
	HookKeys(ctx context.Context, id flattery.HookID) (flattery.HookKeys, error)
	Delivery(ctx context.Context, id flattery.DeliveryID) (flattery.Delivery, error)
	OpenDeliveries(ctx context.Context) ([]flattery.DeliveryID, error)
	Notice(ctx context.Context, account flattery.AccountID, id flattery.NoticeID) (flattery.Notice, error)
	Schema(ctx context.Context) (store.Schema, error)
	Update(ctx context.Context, fn func(store.Tx) error) error
}

// Hooks post what accounts are told to addresses that they gave (Standard Webhooks). The addresses are typed by people, so
// Client must be the guarded one.
type Hooks struct {
	*Teller
	Store   HookStore
	Client  *http.Client
	Private bool          // plain http may be typed
	Base    func() string // where people reach the pages
	Now     func() time.Time
	Log     *slog.Logger
}

// Add makes a webhook and answers the key that signs its messages. An address that is none is a *flattery.InputError.
func (h *Hooks) Add(ctx context.Context, account flattery.AccountID, address string) (flattery.Hook, flattery.Secret, error) {
	if err := h.check(address); err != nil {
		return flattery.Hook{}, "", err
	}
	there, err := h.Store.Hooks(ctx, account)
	if err != nil {
		return flattery.Hook{}, "", wrap("webhook", err)
	}
	if len(there) >= MostHooks {
		return flattery.Hook{}, "", flattery.Input("there are %d webhooks already: remove one first", len(there))
	}
	hook, key := flattery.Hook{Account: account, URL: address, MadeAt: h.Now().Truncate(time.Second)}, newKey()
	err = h.Store.Update(ctx, func(tx store.Tx) error {
		id, err := tx.AddHook(ctx, hook, key)
		hook.ID = id
		return err
	})
	return hook, key, wrap("webhook", err)
}

// check refuses what could not be posted to anyway; where a name leads is decided when it is dialled.
func (h *Hooks) check(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && (u.Scheme != "http" || !h.Private):
		return flattery.Input("%q is not an address to post to: write it like https://example.org/hook", connectors.Clean(address, longestName))
	case u.User != nil:
		return flattery.Input("the address holds a name or password: write it without what stands before the @")
	case len(address) > longestURL:
		return flattery.Input("the address is longer than %d letters: choose a shorter one", longestURL)
	}
	return nil
}

// Rotate gives a webhook another key. For a day its messages are signed with both.
func (h *Hooks) Rotate(ctx context.Context, account flattery.AccountID, id flattery.HookID) (flattery.Secret, error) {
	key := newKey()
	err := h.Store.Update(ctx, func(tx store.Tx) error { return tx.RotateHook(ctx, account, id, key, h.Now().Add(overlap)) })
	return key, wrap("webhook", err)
}

// Remove forgets a webhook.
func (h *Hooks) Remove(ctx context.Context, account flattery.AccountID, id flattery.HookID) error {
	return wrap("webhook", h.Store.Update(ctx, func(tx store.Tx) error { return tx.RemoveHook(ctx, account, id) }))
}

// newKey has 256 bits, in the form that receivers expect.
func newKey() flattery.Secret {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return flattery.Secret(keyPrefix + base64.StdEncoding.EncodeToString(b))
}

// Test posts a message to a webhook of the account, once and now. A good answer lets one that was stopped go on; a bad one
// changes nothing.
func (h *Hooks) Test(ctx context.Context, account flattery.AccountID, id flattery.HookID) (flattery.Delivery, error) {
	hook, err := h.Store.Hook(ctx, id)
	if err == nil && hook.Account != account {
		err = flattery.ErrNotFound
	}
	if err != nil {
		return flattery.Delivery{}, wrap("webhook", err)
	}
	d := flattery.Delivery{Hook: id, Kind: flattery.NoticeTest, State: flattery.DeliveryFailed, MadeAt: h.Now().Truncate(time.Second)}
	if err := h.Store.Update(ctx, func(tx store.Tx) error {
		made, err := tx.AddDelivery(ctx, d)
		d.ID = made
		return err
	}); err != nil {
		return d, wrap("webhook", err)
	}
	if d, err = h.try(ctx, hook, flattery.Notice{Account: account, Kind: flattery.NoticeTest, At: d.MadeAt}, d); err != nil {
		return d, wrap("webhook", err)
	}
	return d, wrap("webhook", h.Store.Update(ctx, func(tx store.Tx) error {
		if err := tx.SaveDelivery(ctx, d); err != nil || d.State != flattery.DeliveryDone {
			return err
		}
		return tx.HookWorks(ctx, id)
	}))
}

// Enqueue makes the deliveries that are missing, and their jobs.
func (h *Hooks) Enqueue(ctx context.Context, now time.Time) error {
	return wrap("webhooks", h.Store.Update(ctx, func(tx store.Tx) error {
		ids, err := tx.AddDeliveries(ctx, now.Add(-freshest), now)
		if err != nil {
			return err
		}
		return enqueue(ctx, tx, ids, now)
	}))
}

// Resume makes the jobs of deliveries that wait and have none, as after a restore.
func (h *Hooks) Resume(ctx context.Context, now time.Time) error {
	ids, err := h.Store.OpenDeliveries(ctx)
	if err != nil || len(ids) == 0 {
		return wrap("webhooks", err)
	}
	return wrap("webhooks", h.Store.Update(ctx, func(tx store.Tx) error { return enqueue(ctx, tx, ids, now) }))
}

func enqueue(ctx context.Context, tx store.Tx, ids []flattery.DeliveryID, now time.Time) error {
	for _, id := range ids {
		if err := tx.Enqueue(ctx, KindHook, strconv.FormatInt(int64(id), 10), now); err != nil {
			return err
		}
	}
	return nil
}

// Work does a job of KindHook. Again, where it is not zero, is when to do it once more: a bad answer is no error of ours.
func (h *Hooks) Work(ctx context.Context, key string) (again time.Time, err error) {
	id, err := strconv.ParseInt(key, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("notify: job %q: %w", key, err)
	}
	again, err = h.work(ctx, flattery.DeliveryID(id))
	if errors.Is(err, flattery.ErrNotFound) { // the webhook, or its account, was removed
		return time.Time{}, nil
	}
	return again, wrap("delivery "+key, err)
}

func (h *Hooks) work(ctx context.Context, id flattery.DeliveryID) (again time.Time, err error) {
	d, err := h.Store.Delivery(ctx, id)
	if err != nil || d.State != flattery.DeliveryWaits {
		return time.Time{}, err
	}
	hook, err := h.Store.Hook(ctx, d.Hook)
	if err != nil {
		return time.Time{}, err
	}
	if !hook.StoppedAt.IsZero() {
		d.State = flattery.DeliveryFailed
		return time.Time{}, h.Store.Update(ctx, func(tx store.Tx) error { return tx.SaveDelivery(ctx, d) })
	}
	n, err := h.Store.Notice(ctx, hook.Account, d.Notice)
	if err != nil {
		return time.Time{}, err
	}
	if d, err = h.try(ctx, hook, n, d); err != nil {
		return time.Time{}, err
	}
	if rest := pauses(); d.State != flattery.DeliveryDone && d.Status != http.StatusGone && d.Tries <= len(rest) {
		d.State, again = flattery.DeliveryWaits, d.TriedAt.Add(rest[d.Tries-1])
	}
	return again, h.write(ctx, hook, d)
}

// write keeps how a try ended, for the delivery and for the webhook.
func (h *Hooks) write(ctx context.Context, hook flattery.Hook, d flattery.Delivery) error {
	stopped := false
	err := h.Store.Update(ctx, func(tx store.Tx) error {
		if err := tx.SaveDelivery(ctx, d); err != nil {
			return err
		}
		if d.State == flattery.DeliveryDone {
			return tx.HookWorks(ctx, hook.ID)
		}
		since := d.TriedAt.Add(-patience)
		if d.Status == http.StatusGone { // it asks for nothing more
			since = d.TriedAt
		}
		now, err := tx.HookFails(ctx, hook.ID, host(hook.URL), since, d.TriedAt)
		stopped = now
		return err
	})
	if err == nil && stopped {
		h.Log.Info("a webhook was stopped", "webhook", int64(hook.ID), "account", int64(hook.Account))
	}
	return err
}

func host(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Host
	}
	return ""
}
