package tables

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"flattery"
	"flattery/store"
	"flattery/store/seal"
)

// openApp is a network's keys as they are sealed.
type openApp struct {
	ID       string `json:"id,omitempty"`
	Secret   string `json:"secret,omitempty"`
	Key      string `json:"key,omitempty"`
	Accepted string `json:"accepted,omitempty"`
}

// App unseals the keys that were entered for a network.
func (s *Reader) App(ctx context.Context, network string) (flattery.App, error) {
	return app(ctx, s.DB, s.Seal, network)
}

func app(ctx context.Context, db DB, box *seal.Box, network string) (flattery.App, error) {
	sealed, err := value[[]byte](db.Row(ctx, `SELECT keys FROM apps WHERE network = ?`, network))
	if missing(err) || err == nil && sealed == nil {
		return flattery.App{}, nil
	}
	if err != nil {
		return flattery.App{}, wrap("app "+network, err)
	}
	return openKeys(box, network, sealed)
}

func openKeys(box *seal.Box, network string, sealed []byte) (flattery.App, error) {
	b, err := unseal(box, place(appKeys, network), sealed)
	if err != nil {
		return flattery.App{}, err
	}
	var o openApp
	err = json.Unmarshal(b, &o)
	return flattery.App{ID: o.ID, Secret: flattery.Secret(o.Secret), Key: flattery.Secret(o.Key), Accepted: o.Accepted}, wrap("app "+network, err)
}

// SaveApp drops the instance's own token when it was made with other keys.
func (t *Tx) SaveApp(ctx context.Context, network string, a flattery.App, now time.Time) error {
	doing := "app " + network
	if a == (flattery.App{}) {
		return t.Later(ctx, doing, `DELETE FROM apps WHERE network = ?`, network)
	}
	b, err := json.Marshal(openApp{a.ID, string(a.Secret), string(a.Key), a.Accepted}) //nolint:gosec // it is sealed below
	if err != nil {
		return wrap(doing, err)
	}
	was, err := app(ctx, t, t.Seal, network)
	same := err == nil && was.ID == a.ID && was.Secret == a.Secret && was.Key == a.Key // what cannot be read is not the same
	if !same {
		if err := t.Later(ctx, doing, `UPDATE apps SET token = NULL WHERE network = ?`, network); err != nil {
			return err
		}
	}
	return t.Later(ctx, doing, `INSERT INTO apps (network, keys, saved_at) VALUES (?, ?, ?)
		ON CONFLICT (network) DO UPDATE SET keys = excluded.keys, saved_at = excluded.saved_at`,
		network, t.Seal.Seal(place(appKeys, network), b), seconds(now))
}

// AppToken unseals the instance's own token.
func (s *Reader) AppToken(ctx context.Context, network string) (flattery.Token, error) {
	sealed, err := value[[]byte](s.DB.Row(ctx, `SELECT token FROM apps WHERE network = ?`, network))
	if missing(err) {
		return flattery.Token{}, nil
	}
	if err != nil {
		return flattery.Token{}, wrap("app token "+network, err)
	}
	return s.token(appTokens, network, sealed)
}

// SaveAppToken keeps a token also where the keys are not from here but from the settings.
func (t *Tx) SaveAppToken(ctx context.Context, network string, token flattery.Token) error {
	return t.Later(ctx, "app token "+network, `INSERT INTO apps (network, token, saved_at) VALUES (?, ?, 0)
		ON CONFLICT (network) DO UPDATE SET token = excluded.token`, network, t.sealToken(appTokens, network, token))
}

// Spent is what a network took in a month.
func (s *Reader) Spent(ctx context.Context, network string, m flattery.Month) (sp store.Spending, err error) {
	err = s.DB.Row(ctx, `SELECT amount, likes FROM spendings WHERE network = ? AND month = ?`, network, m).Scan(&sp.Amount, &sp.Likes)
	if missing(err) {
		return store.Spending{}, nil
	}
	return sp, wrap(fmt.Sprintf("spent on %s in %s", network, m), err)
}

// Spend adds; nothing writes nothing.
func (t *Tx) Spend(ctx context.Context, network string, m flattery.Month, sp store.Spending) error {
	if sp == (store.Spending{}) {
		return nil
	}
	return t.Later(ctx, fmt.Sprintf("spend on %s in %s", network, m), `INSERT INTO spendings (network, month, amount, likes) VALUES (?, ?, ?, ?)
		ON CONFLICT (network, month) DO UPDATE SET amount = spendings.amount + excluded.amount, likes = spendings.likes + excluded.likes`,
		network, m, sp.Amount, sp.Likes)
}
