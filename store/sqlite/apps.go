package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"flattery"
	"flattery/store"
)

// openApp is a network's keys as they are sealed.
type openApp struct {
	ID       string `json:"id,omitempty"`
	Secret   string `json:"secret,omitempty"`
	Key      string `json:"key,omitempty"`
	Accepted string `json:"accepted,omitempty"`
}

// App unseals the keys that were entered for a network.
func (s *Store) App(ctx context.Context, network string) (flattery.App, error) {
	return s.app(ctx, s, network)
}

func (s *Store) app(ctx context.Context, db querier, network string) (flattery.App, error) {
	sealed, err := value[[]byte](db.row(ctx, `SELECT keys FROM apps WHERE network = ?`, network))
	if missing(err) || err == nil && sealed == nil {
		return flattery.App{}, nil
	}
	if err != nil {
		return flattery.App{}, wrap("app "+network, err)
	}
	b, err := unseal(s.opts.Seal, place(appKeys, network), sealed)
	if err != nil {
		return flattery.App{}, err
	}
	var o openApp
	err = json.Unmarshal(b, &o)
	return flattery.App{ID: o.ID, Secret: flattery.Secret(o.Secret), Key: flattery.Secret(o.Key), Accepted: o.Accepted}, wrap("app "+network, err)
}

// SaveApp drops the instance's own token when it was made with other keys.
func (t *tx) SaveApp(ctx context.Context, network string, a flattery.App, now time.Time) error {
	doing := "app " + network
	if a == (flattery.App{}) {
		_, err := t.exec(ctx, `DELETE FROM apps WHERE network = ?`, network)
		return wrap(doing, err)
	}
	b, err := json.Marshal(openApp{a.ID, string(a.Secret), string(a.Key), a.Accepted}) //nolint:gosec // it is sealed below
	if err != nil {
		return wrap(doing, err)
	}
	was, err := t.w.store.app(ctx, t, network)
	same := err == nil && was.ID == a.ID && was.Secret == a.Secret && was.Key == a.Key // what cannot be read is not the same
	_, err = t.exec(ctx, `INSERT INTO apps (network, keys, saved_at) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET keys = excluded.keys, saved_at = excluded.saved_at, token = iif(?, token, NULL)`,
		network, t.w.store.opts.Seal.Seal(place(appKeys, network), b), seconds(now), same)
	return wrap(doing, err)
}

// AppToken unseals the instance's own token.
func (s *Store) AppToken(ctx context.Context, network string) (flattery.Token, error) {
	sealed, err := value[[]byte](s.row(ctx, `SELECT token FROM apps WHERE network = ?`, network))
	if missing(err) {
		return flattery.Token{}, nil
	}
	if err != nil {
		return flattery.Token{}, wrap("app token "+network, err)
	}
	return s.token(appTokens, network, sealed)
}

// SaveAppToken keeps a token also where the keys are not from here but from the settings.
func (t *tx) SaveAppToken(ctx context.Context, network string, token flattery.Token) error {
	_, err := t.exec(ctx, `INSERT INTO apps (network, token, saved_at) VALUES (?, ?, 0) ON CONFLICT DO UPDATE SET token = excluded.token`,
		network, t.sealToken(appTokens, network, token))
	return wrap("app token "+network, err)
}

// Spent is what a network took in a month.
func (s *Store) Spent(ctx context.Context, network string, m flattery.Month) (sp store.Spending, err error) {
	err = s.row(ctx, `SELECT amount, likes FROM spendings WHERE network = ? AND month = ?`, network, m).Scan(&sp.Amount, &sp.Likes)
	if missing(err) {
		return store.Spending{}, nil
	}
	return sp, wrap(fmt.Sprintf("spent on %s in %s", network, m), err)
}

// Spend adds; nothing writes nothing.
func (t *tx) Spend(ctx context.Context, network string, m flattery.Month, sp store.Spending) error {
	if sp == (store.Spending{}) {
		return nil
	}
	_, err := t.exec(ctx, `INSERT INTO spendings (network, month, amount, likes) VALUES (?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET amount = amount + excluded.amount, likes = likes + excluded.likes`, network, m, sp.Amount, sp.Likes)
	return wrap(fmt.Sprintf("spend on %s in %s", network, m), err)
}
