package main

import (
	"context"
	"time"

	"flattery"
	"flattery/config"
	"flattery/internal/notify"
	"flattery/internal/queue"
	"flattery/internal/web"
)

// post puts together what tells accounts outside of the pages.
func (in *instance) post() error {
	words, err := web.NewVoices(in.TimeZone)
	if err != nil {
		return err
	}
	base := func() string { return in.base }
	teller := &notify.Teller{Words: words, Networks: in.enabled, Prepaid: in.Mode == config.Prepaid}
	in.feeds = &notify.Feeds{Teller: teller, Store: in.store, Base: base, Now: in.now}
	in.hooks = &notify.Hooks{Teller: teller, Store: in.store, Client: in.client, Private: in.AllowPrivate, Base: base, Now: in.now, Log: in.log}
	return nil
}

// postHook does the job of posting to a webhook.
func (in *instance) postHook(ctx context.Context, j queue.Job) error {
	again, err := in.hooks.Work(ctx, j.Key)
	if err == nil && !again.IsZero() {
		err = &queue.SnoozeError{Until: again}
	}
	return err
}

// Of what was told and posted, the page shows so much.
const (
	linesShown      = 10
	deliveriesShown = 5
)

func (g gates) Messages(ctx context.Context, account flattery.AccountID, language string) (web.Messages, error) {
	m := web.Messages{MostHooks: notify.MostHooks}
	notices, err := g.in.store.Notices(ctx, account, linesShown)
	if err != nil {
		return m, err
	}
	for _, n := range notices {
		l, err := g.in.feeds.Line(language, n)
		if err != nil {
			return m, err
		}
		m.Lines = append(m.Lines, web.Message{At: n.At, Title: l.Title, Text: l.Text, Path: l.Path})
	}
	if m.Feed, err = g.in.store.Feed(ctx, account); err != nil {
		return m, err
	}
	hooks, err := g.in.store.Hooks(ctx, account)
	if err != nil {
		return m, err
	}
	for _, h := range hooks {
		last, err := g.in.store.Deliveries(ctx, h.ID, deliveriesShown)
		if err != nil {
			return m, err
		}
		m.Hooks = append(m.Hooks, web.Hook{Hook: h, Deliveries: last})
	}
	return m, nil
}

func (g gates) MakeFeed(ctx context.Context, account flattery.AccountID) (string, error) {
	return g.in.feeds.Make(ctx, account)
}

func (g gates) EndFeed(ctx context.Context, account flattery.AccountID) error {
	return g.in.feeds.End(ctx, account)
}

func (g gates) Atom(ctx context.Context, token string) ([]byte, time.Time, error) {
	return g.in.feeds.Atom(ctx, token)
}

func (g gates) AddHook(ctx context.Context, account flattery.AccountID, address string) (flattery.Secret, error) {
	_, key, err := g.in.hooks.Add(ctx, account, address)
	return key, err
}

func (g gates) RotateHook(ctx context.Context, account flattery.AccountID, id flattery.HookID) (flattery.Secret, error) {
	return g.in.hooks.Rotate(ctx, account, id)
}

func (g gates) RemoveHook(ctx context.Context, account flattery.AccountID, id flattery.HookID) error {
	return g.in.hooks.Remove(ctx, account, id)
}

func (g gates) TestHook(ctx context.Context, account flattery.AccountID, id flattery.HookID) (flattery.Delivery, error) {
	return g.in.hooks.Test(ctx, account, id)
}
