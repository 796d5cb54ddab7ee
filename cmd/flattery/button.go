package main

import (
	"context"

	"flattery"
	"flattery/internal/click"
	"flattery/internal/web"
	"flattery/store"
)

// Buttons, subscriptions and the rules of links, as the web has them.

func (p pages) Offer(ctx context.Context, account flattery.AccountID, a web.Asked) (web.Offer, error) {
	o, err := p.in.buttons.Offer(ctx, account, click.Asked(a))
	return web.Offer{Thing: o.Thing, Author: o.Author, Claimed: o.Claimed, Name: o.Name, Site: o.Site, Own: o.Own}, err
}

func (p pages) Click(ctx context.Context, account flattery.AccountID, a web.Asked, turn int64) (web.Clicked, error) {
	o, err := p.in.buttons.Press(ctx, account, click.Asked(a), turn)
	return web.Clicked(o), err
}

func (p pages) Publish(ctx context.Context, account flattery.AccountID, public bool) error {
	return p.in.buttons.Publish(ctx, account, public)
}

func (p pages) Subscribe(ctx context.Context, a flattery.AccountID, id flattery.FlattrID, months int) error {
	return p.in.update(ctx, func(tx store.Tx) error {
		_, err := tx.Subscribe(ctx, a, id, months, p.in.now())
		return err
	})
}

func (p pages) StopSubscription(ctx context.Context, a flattery.AccountID, id flattery.SubscriptionID) error {
	return p.in.update(ctx, func(tx store.Tx) error { return tx.StopSubscription(ctx, a, id, p.in.now()) })
}

func (p pages) SetRules(ctx context.Context, a flattery.AccountID, id flattery.LinkID, r flattery.Rules) error {
	return p.in.update(ctx, func(tx store.Tx) error { return tx.SetRules(ctx, a, id, r) })
}

func (p pages) Never(ctx context.Context, a flattery.AccountID, id flattery.LinkID, author flattery.Profile) error {
	return p.in.update(ctx, func(tx store.Tx) error { return tx.Never(ctx, a, id, author) })
}

func (p pages) Allow(ctx context.Context, a flattery.AccountID, id flattery.LinkID, author flattery.Identity) error {
	return p.in.update(ctx, func(tx store.Tx) error { return tx.Allow(ctx, a, id, author) })
}
