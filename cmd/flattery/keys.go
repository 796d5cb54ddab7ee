package main

import (
	"cmp"
	"context"
	"errors"

	"flattery"
	"flattery/connectors"
	"flattery/internal/claim"
	"flattery/internal/poll"
	"flattery/store"
)

// app is the keys by which a network knows this instance: those of the settings, else those that were entered in the pages.
func (in *instance) app(ctx context.Context, network string) (flattery.App, error) {
	if in.store == nil {
		return in.keys(network, flattery.App{}), nil
	}
	entered, err := in.store.App(ctx, network)
	return in.keys(network, entered), err
}

// keys are those of the settings, else those that were entered in the pages.
func (in *instance) keys(network string, entered flattery.App) flattery.App {
	set := in.Networks[network]
	a := flattery.App{ID: set.ClientID, Secret: set.ClientSecret, Key: set.Key, Accepted: entered.Accepted}
	if !set.Keyed() {
		a = entered
	}
	if set.AcceptTerms {
		if c, err := in.enabled.Get(network); err == nil && c.Info().Terms.Tick {
			a.Accepted = c.Info().Terms.Sentence
		}
	}
	return a
}

// saveKeys keeps what was entered in the pages; what is empty stays as it was, a zero app forgets all.
func (in *instance) saveKeys(ctx context.Context, network string, a flattery.App) error {
	if _, err := in.enabled.Get(network); err != nil {
		return flattery.ErrNotFound
	}
	if a != (flattery.App{}) {
		was, err := in.store.App(ctx, network)
		if err != nil {
			return err
		}
		a.ID, a.Secret, a.Key = cmp.Or(a.ID, was.ID), cmp.Or(a.Secret, was.Secret), cmp.Or(a.Key, was.Key)
	}
	if err := in.update(ctx, func(tx store.Tx) error { return tx.SaveApp(ctx, network, a, in.now()) }); err != nil {
		return err
	}
	return in.wake(ctx)
}

// wake lets links try again that stood still for want of what the owner of the instance can give: keys, a tick under
// terms, money. It is called when that changes: in the pages, and at a start, since settings may be others than they were.
func (in *instance) wake(ctx context.Context) error {
	return in.update(ctx, func(tx store.Tx) error {
		_, err := tx.WakeLinks(ctx, in.now(), poll.ReasonKeys, poll.ReasonTerms, poll.ReasonPayment, poll.ReasonSpend)
		return err
	})
}

// testKeys asks the network whether it knows the keys.
func (in *instance) testKeys(ctx context.Context, network string) (claim.Verdict, error) {
	c, err := in.enabled.Get(network)
	if err != nil {
		return claim.Verdict{}, flattery.ErrNotFound
	}
	a, err := in.app(ctx, network)
	if err != nil {
		return claim.Verdict{}, err
	}
	info := c.Info()
	var probe func(context.Context) error
	if r, ok := c.(connectors.Resolver); ok && info.NeedsKey {
		probe = func(ctx context.Context) error {
			_, err := r.Resolve(ctx, connectors.Session{App: a, Client: in.client, Now: in.now()}, info.Network)
			if errors.Is(err, connectors.ErrGone) { // somebody who is not there is an answer too
				return nil
			}
			return err
		}
	}
	return claim.Test(ctx, info, a, in.client, in.flow.Callback(info), in.now(), probe)
}
