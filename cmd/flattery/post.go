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
	in.mails = &notify.Mails{Teller: teller, Store: in.store, Base: base, Now: in.now, Server: notify.Server{Host: in.Mail.Host, Port: in.Mail.Port,
		User: in.Mail.User, Password: in.Mail.Password, From: in.Mail.From, Encryption: notify.Encryption(in.Mail.TLS)}}
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
	m := web.Messages{MostHooks: notify.MostHooks, Mails: g.in.Config.Mail.Host != ""}
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
	if m.Mail, err = g.in.store.Mail(ctx, account); err != nil {
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

func (g gates) AskMail(ctx context.Context, account flattery.AccountID, address string) error {
	return g.in.mails.Address(ctx, account, address)
}

func (g gates) MailAsked(ctx context.Context, token string) (string, error) {
	return g.in.mails.Asked(ctx, token)
}

func (g gates) ConfirmMail(ctx context.Context, token string) error {
	return g.in.mails.Confirm(ctx, token)
}

func (g gates) WishMail(ctx context.Context, account flattery.AccountID, wish flattery.MailWish) error {
	return g.in.mails.Wish(ctx, account, wish)
}

func (g gates) ForgetMail(ctx context.Context, account flattery.AccountID) error {
	return g.in.mails.Forget(ctx, account)
}

func (g gates) EndsMail(ctx context.Context, token string) error {
	return g.in.mails.Ends(ctx, token)
}

func (g gates) EndMail(ctx context.Context, token string) error {
	return g.in.mails.End(ctx, token)
}
