package claim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"flattery"
	"flattery/connectors"
	"flattery/store"
)

const (
	early    = 5 * time.Minute  // before its end a token is renewed
	hold     = 60 * time.Second // nobody else renews meanwhile; longer than renewing and saving can take
	renewing = 20 * time.Second // the request, which is not broken off: its answer may be the only copy of a token
	saving   = 20 * time.Second
	patience = 15 * time.Second // with another process that renews
	glance   = 250 * time.Millisecond
	saves    = 5 // tries
)

// TokenStore keeps tokens.
type TokenStore interface {
	Token(ctx context.Context, link flattery.LinkID) (flattery.Token, error)
	AppToken(ctx context.Context, network string) (flattery.Token, error)
	Update(ctx context.Context, fn func(store.Tx) error) error
}

// Tokens hands out tokens that work now, and renews them when needed: once, also where many goroutines and several
// processes ask on one store. Networks may take a refresh token once only, so the new token is stored before it is handed
// out. It is safe for concurrent use and must not be copied.
type Tokens struct {
	Store  TokenStore
	App    func(ctx context.Context, network string) (flattery.App, error) // keys of this instance
	Client *http.Client
	Now    func() time.Time

	locks locks
}

// Fresh is the stored token of a link, or a renewed one when it ends within five minutes. While the network is in
// trouble a token is handed out to its end. ErrUnauthorized: the link must be connected again. ErrKey: the
// keys of this instance are wrong.
func (t *Tokens) Fresh(ctx context.Context, l flattery.Link, stored flattery.Token, info connectors.Info) (flattery.Token, error) {
	if stored.Refresh == "" || stored.Expires.IsZero() || t.Now().Add(early).Before(stored.Expires) {
		return stored, nil
	}
	token, err := t.renew(ctx, l, info, stored)
	if err != nil && ctx.Err() == nil && t.Now().Before(stored.Expires) && !errors.Is(err, connectors.ErrUnauthorized) {
		return stored, nil
	}
	return token, err
}

// Renew is for a token that the network refused with 401: it answers one that was stored meanwhile, else a renewed one.
// ErrUnauthorized: it cannot be renewed, the link must be connected again.
func (t *Tokens) Renew(ctx context.Context, l flattery.Link, info connectors.Info, used flattery.Token) (flattery.Token, error) {
	return t.renew(ctx, l, info, used)
}

// renew answers the stored token if it is not the used one any more, else renews it.
func (t *Tokens) renew(ctx context.Context, l flattery.Link, info connectors.Info, used flattery.Token) (flattery.Token, error) {
	wrap := func(err error) (flattery.Token, error) {
		return flattery.Token{}, fmt.Errorf("claim: link %d: %s: %w", l.ID, info.Network, err)
	}
	unlock, err := t.locks.lock(ctx, "link "+strconv.FormatInt(int64(l.ID), 10))
	if err != nil {
		return wrap(err)
	}
	defer unlock()
	stored, err := t.Store.Token(ctx, l.ID)
	if err != nil {
		return wrap(err)
	}
	if stored.Access != used.Access && stored.Has() {
		return stored, nil
	}
	if stored.Refresh == "" || info.Auth != connectors.AuthOAuth2 {
		return wrap(fmt.Errorf("the token cannot be renewed, connect again: %w", connectors.ErrUnauthorized))
	}
	app, err := t.App(ctx, info.Network)
	if err != nil {
		return wrap(err)
	}
	if app.ID == "" {
		return wrap(fmt.Errorf("networks.%s.client_id is not set: %w", info.Network, connectors.ErrKey))
	}
	err = t.Store.Update(ctx, func(tx store.Tx) error {
		now := t.Now().UTC()
		return tx.HoldToken(ctx, l.ID, now, now.Add(hold))
	})
	if errors.Is(err, flattery.ErrState) {
		token, err := t.await(ctx, l.ID, used)
		if err != nil {
			return wrap(err)
		}
		return token, nil
	}
	if err != nil {
		return wrap(err)
	}
	// Between the look and the hold another process may have renewed, and ended its own hold.
	if stored, err = t.Store.Token(ctx, l.ID); err != nil {
		return wrap(err)
	}
	if stored.Access != used.Access && stored.Has() {
		return stored, nil
	}
	token, err := t.refresh(ctx, info, app, stored)
	if err != nil {
		return wrap(err)
	}
	if err := t.save(ctx, l.ID, token); err != nil {
		return wrap(fmt.Errorf("the renewed token could not be stored: %w", err))
	}
	return token, nil
}

// await waits for another process that renews the token.
func (t *Tokens) await(ctx context.Context, id flattery.LinkID, used flattery.Token) (flattery.Token, error) {
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for pause(waiting, glance) == nil {
		stored, err := t.Store.Token(ctx, id)
		if err != nil {
			return flattery.Token{}, err
		}
		if stored.Access != used.Access && stored.Has() {
			return stored, nil
		}
	}
	if ctx.Err() != nil {
		return flattery.Token{}, ctx.Err()
	}
	return flattery.Token{}, &connectors.RateLimitError{RetryAfter: time.Minute}
}

// refresh asks for a new token. What the network means by a refusal is decided here.
func (t *Tokens) refresh(ctx context.Context, info connectors.Info, app flattery.App, old flattery.Token) (flattery.Token, error) {
	if ctx.Err() != nil {
		return flattery.Token{}, ctx.Err()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), renewing)
	defer cancel()
	ctx = context.WithValue(ctx, oauth2.HTTPClient, small(ctx, t.Client))
	got, err := config(info, app).TokenSource(ctx, &oauth2.Token{RefreshToken: string(old.Refresh)}).Token()
	if err != nil {
		r := refused(err, info.OAuth2.TokenURL, t.Now(), secrets(app, old)...)
		dead := r.ofGrant() || r.http == http.StatusBadRequest || r.http == http.StatusUnauthorized
		if dead && !r.ofKeys() && !r.passing() {
			return flattery.Token{}, fmt.Errorf("%w: the refresh token is used up or was revoked, connect again: %w", r.cause, connectors.ErrUnauthorized)
		}
		return flattery.Token{}, r.cause
	}
	return read(got, info.OAuth2.TokenURL, t.Now()) // without a new refresh token the old one is in it
}

// save writes a renewed token though the context ends, and again while it is not known whether it is written.
func (t *Tokens) save(ctx context.Context, id flattery.LinkID, token flattery.Token) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saving)
	defer cancel()
	var err error
	for range saves {
		err = t.Store.Update(ctx, func(tx store.Tx) error { return tx.SaveToken(ctx, id, token) })
		if !errors.Is(err, flattery.ErrUnknown) || pause(ctx, glance) != nil {
			break
		}
	}
	return err
}

// Instance is a token of this instance itself, for public reading; "" where the network gives none or there are no keys.
// It is kept and renewed five minutes before its end.
func (t *Tokens) Instance(ctx context.Context, info connectors.Info) (flattery.Secret, error) {
	return t.instance(ctx, info, "")
}

// RenewInstance is for a token of the instance that the network refused with 401: it answers one that was stored meanwhile, else
// a new one.
func (t *Tokens) RenewInstance(ctx context.Context, info connectors.Info, used flattery.Secret) (flattery.Secret, error) {
	return t.instance(ctx, info, used)
}

func (t *Tokens) instance(ctx context.Context, info connectors.Info, used flattery.Secret) (flattery.Secret, error) {
	if info.OAuth2.AppURL == "" {
		return "", nil
	}
	wrap := func(err error) (flattery.Secret, error) {
		return "", fmt.Errorf("claim: %s: token of the instance: %w", info.Network, err)
	}
	unlock, err := t.locks.lock(ctx, "network "+info.Network)
	if err != nil {
		return wrap(err)
	}
	defer unlock()
	app, err := t.App(ctx, info.Network)
	if err != nil {
		return wrap(err)
	}
	if app.ID == "" || app.Secret == "" {
		return "", nil
	}
	stored, err := t.Store.AppToken(ctx, info.Network)
	if err != nil {
		return wrap(err)
	}
	works := stored.Has() && stored.Access != used
	if works && (stored.Expires.IsZero() || t.Now().Add(early).Before(stored.Expires)) {
		return stored.Access, nil
	}
	token, err := ownToken(ctx, info, app, t.Client, t.Now())
	if err != nil {
		if works && ctx.Err() == nil && t.Now().Before(stored.Expires) {
			return stored.Access, nil
		}
		return wrap(err)
	}
	if err := t.Store.Update(ctx, func(tx store.Tx) error { return tx.SaveAppToken(ctx, info.Network, token) }); err != nil {
		return wrap(err)
	}
	return token.Access, nil
}

// ownToken asks for a token of the instance by its keys.
func ownToken(ctx context.Context, info connectors.Info, app flattery.App, client *http.Client, now time.Time) (flattery.Token, error) {
	c := clientcredentials.Config{
		ClientID: app.ID, ClientSecret: string(app.Secret), TokenURL: info.OAuth2.AppURL, Scopes: info.OAuth2.AppScopes,
		AuthStyle: config(info, app).Endpoint.AuthStyle,
	}
	got, err := c.Token(context.WithValue(ctx, oauth2.HTTPClient, small(ctx, client)))
	if err != nil {
		r := refused(err, info.OAuth2.AppURL, now, secrets(app, flattery.Token{})...)
		if r.http == http.StatusUnauthorized && !r.ofKeys() { // nothing but the keys is asked for
			r.cause = fmt.Errorf("%w: %w", r.cause, connectors.ErrKey)
		}
		return flattery.Token{}, r.cause
	}
	return read(got, info.OAuth2.AppURL, now)
}

// pause waits, unless the context ends sooner.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
