package tables

import (
	"context"
	"fmt"
	"time"

	"flattery"
)

const subscriptionColumns = `s.id, s.account_id, s.first_month, s.last_month, s.made_at, s.stopped_at, th.network, th.host, t.network_id, t.url, t.title, ` + profileColumns

const subscriptionJoins = ` FROM subscriptions s JOIN things t ON t.id = s.thing_id JOIN hosts th ON th.id = t.host_id
	JOIN identities i ON i.id = s.author_id JOIN hosts h ON h.id = i.host_id `

func scanSubscription(r Row) (s flattery.Subscription, err error) {
	var made, stopped int64
	into := []any{&s.ID, &s.Account, &s.First, &s.Last, &made, &stopped, &s.Thing.Network, &s.Thing.Host, &s.Thing.ID, &s.Thing.URL, &s.Thing.Title}
	err = r.Scan(append(into, profileInto(&s.Author)...)...)
	s.MadeAt, s.StoppedAt = at(made), at(stopped)
	return s, err
}

// Subscriptions lists what an account subscribed.
func (s *Reader) Subscriptions(ctx context.Context, account flattery.AccountID) ([]flattery.Subscription, error) {
	list, err := all(ctx, s.DB, scanSubscription, `SELECT `+subscriptionColumns+subscriptionJoins+`WHERE s.account_id = ? ORDER BY s.made_at DESC, s.id DESC`, account)
	return list, wrap("subscriptions", err)
}

// Subscribe begins anew what was stopped or has ended.
func (t *Tx) Subscribe(ctx context.Context, account flattery.AccountID, id flattery.FlattrID, length int, now time.Time) (flattery.SubscriptionID, error) {
	doing := fmt.Sprintf("subscribe flattr %d", id)
	months, err := t.openMonths(ctx, now)
	if err != nil {
		return 0, wrap(doing, err)
	}
	first := months.current + 1
	last := first + flattery.Month(length) - 1
	if length == 0 {
		last = 0
	}
	made, err := value[flattery.SubscriptionID](t.Row(ctx, `INSERT INTO subscriptions (account_id, thing_id, author_id, first_month, last_month, made_at)
		SELECT f.account_id, f.thing_id, f.author_id, CAST(?1 AS BIGINT), CAST(?2 AS BIGINT), CAST(?3 AS BIGINT) FROM flattrs f
		WHERE f.id = ?4 AND f.account_id = ?5 AND f.state IN ('counts', 'pending', 'lapsed', 'seen')
		ON CONFLICT (account_id, thing_id) DO UPDATE SET last_month = excluded.last_month, stopped_at = 0, author_id = excluded.author_id,
			first_month = CASE WHEN subscriptions.stopped_at = 0 AND (subscriptions.last_month = 0 OR subscriptions.last_month >= excluded.first_month - 1)
				AND subscriptions.first_month < excluded.first_month THEN subscriptions.first_month ELSE excluded.first_month END,
			made_at = CASE WHEN subscriptions.stopped_at = 0 THEN subscriptions.made_at ELSE excluded.made_at END
		RETURNING id`, first, last, seconds(now), id, account))
	return made, wrap(doing, err)
}

// StopSubscription leaves what has come of it.
func (t *Tx) StopSubscription(ctx context.Context, account flattery.AccountID, id flattery.SubscriptionID, now time.Time) error {
	return t.Must(ctx, fmt.Sprintf("stop subscription %d", id), `UPDATE subscriptions SET stopped_at = ? WHERE id = ? AND account_id = ? AND stopped_at = 0`,
		seconds(now), id, account)
}

// AddSubscribed takes the open months one after the other, also those that are over: a daemon that slept catches up. A
// flattr of it stands at the beginning of its month.
func (t *Tx) AddSubscribed(ctx context.Context, n int, now time.Time) (made int, err error) {
	running, err := value[bool](t.Row(ctx, `SELECT EXISTS (SELECT 1 FROM subscriptions WHERE stopped_at = 0)`))
	if err != nil || !running { // a house that is being set up begins no month before its time zone is chosen
		return 0, wrap("subscriptions", err)
	}
	months, err := t.openMonths(ctx, now)
	if err != nil {
		return 0, wrap("subscriptions", err)
	}
	for _, o := range months.open {
		if o.Month > months.current || made >= n {
			break
		}
		due, err := all(ctx, t, scanSubscription, `SELECT `+subscriptionColumns+subscriptionJoins+`WHERE s.stopped_at = 0 AND s.first_month <= ?1 AND (s.last_month = 0 OR s.last_month >= ?1)
			AND NOT EXISTS (SELECT 1 FROM flattrs f WHERE f.account_id = s.account_id AND f.thing_id = s.thing_id AND f.kind = 'subscription' AND f.turn = ?1)
			ORDER BY s.account_id, s.id LIMIT CAST(?2 AS bigint)`, o.Month, n-made)
		if err != nil {
			return made, wrap("subscriptions", err)
		}
		for len(due) > 0 {
			account := due[0].Account
			var likes []flattery.Like
			for len(due) > 0 && due[0].Account == account {
				likes = append(likes, flattery.Like{Thing: due[0].Thing, Author: due[0].Author, At: o.Starts, Source: flattery.Exact})
				due = due[1:]
			}
			if _, err := t.add(ctx, wave{account: account, kind: flattery.KindSubscription, turn: int64(o.Month), now: now}, likes); err != nil {
				return made, wrap(fmt.Sprintf("subscriptions of account %d", account), err)
			}
			made += len(likes)
		}
	}
	return made, nil
}
