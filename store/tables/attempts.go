package tables

import (
	"context"
	"errors"
	"time"

	"flattery"
	"flattery/store"
)

// attemptsKept is how many attempts of an account may wait at once. The oldest make room.
const attemptsKept = 20

func (t *Tx) AddAttempt(ctx context.Context, a store.Attempt) error {
	if a.State == "" || a.Browser == "" { // a callback that carries nothing must find nothing
		return wrap("attempt", errors.New("it has no state or no browser"))
	}
	state := store.Hash(a.State)
	var verifier []byte
	if a.Verifier != "" {
		verifier = t.Seal.Seal(place(verifiers, state), []byte(a.Verifier))
	}
	if err := t.Later(ctx, "attempt", `INSERT INTO attempts (state, browser, account_id, network, host, purpose, link_id, claim_link_id, handle, month, verifier, request, expires_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, state, store.Hash(a.Browser), null(int64(a.Account)), a.Network, a.Host, a.Purpose, null(int64(a.Link)),
		null(int64(a.ClaimLink)), a.Handle, a.Month, verifier, a.Request, seconds(a.Expires)); err != nil {
		return err
	}
	return t.Later(ctx, "attempt: room for it", `DELETE FROM attempts WHERE account_id = ?1
		AND id <= (SELECT id FROM attempts WHERE account_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)`, a.Account, attemptsKept)
}

// TakeAttempt gives back the hash of the browser's secret, in hex, in Browser: compare it with store.Hash.
func (t *Tx) TakeAttempt(ctx context.Context, state string, now time.Time) (store.Attempt, error) {
	a := store.Attempt{State: state}
	key := store.Hash(state)
	var verifier []byte
	var expires int64
	err := t.Row(ctx, `DELETE FROM attempts WHERE state = ?
		RETURNING browser, coalesce(account_id, 0), network, host, purpose, coalesce(link_id, 0), coalesce(claim_link_id, 0), handle, month, verifier, request, expires_at`, key).
		Scan(&a.Browser, &a.Account, &a.Network, &a.Host, &a.Purpose, &a.Link, &a.ClaimLink, &a.Handle, &a.Month, &verifier, &a.Request, &expires)
	if missing(err) || err == nil && expires <= seconds(now) {
		err = flattery.ErrAttempt
	}
	if err != nil {
		return store.Attempt{}, wrap("attempt", err)
	}
	a.Expires = at(expires)
	if verifier != nil {
		b, err := unseal(t.Seal, place(verifiers, key), verifier)
		if err != nil {
			return store.Attempt{}, err
		}
		a.Verifier = flattery.Secret(b)
	}
	return a, nil
}
