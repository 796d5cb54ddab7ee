package web

import (
	"context"
	"slices"
	"strings"
	"time"

	"flattery"
)

// What ada was told and where it goes; nobody else is told anything.

func (w *world) Messages(_ context.Context, id flattery.AccountID, _ string) (Messages, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	m := Messages{MostHooks: 5, Mails: true}
	if id == ada {
		m = w.post
		m.Hooks = slices.Clone(m.Hooks)
	}
	return m, w.broken
}

func (w *world) MakeFeed(_ context.Context, id flattery.AccountID) (string, error) {
	if id == ada {
		w.post.Feed.MadeAt = today
	}
	return "feed-made-now", w.refuse
}

func (w *world) EndFeed(_ context.Context, id flattery.AccountID) error {
	if id == ada {
		w.post.Feed.MadeAt = time.Time{}
	}
	return w.refuse
}

func (w *world) Atom(_ context.Context, token string) ([]byte, time.Time, error) {
	if token != "adas-feed" {
		return nil, today, flattery.ErrNotFound
	}
	return []byte("<feed/>"), today, w.broken
}

func (w *world) AddHook(_ context.Context, id flattery.AccountID, address string) (flattery.Secret, error) {
	if !strings.HasPrefix(address, "https://") {
		return "", flattery.Input("%q is not an address to post to", address)
	}
	if id == ada {
		w.post.Hooks = append(w.post.Hooks, Hook{Hook: flattery.Hook{ID: 9, Account: id, URL: address, MadeAt: today}})
	}
	return "whsec_made-now", w.refuse
}

// hook finds one of an account's; -1: none.
func (w *world) hook(account flattery.AccountID, id flattery.HookID) int {
	return slices.IndexFunc(w.post.Hooks, func(h Hook) bool { return h.ID == id && h.Account == account })
}

func (w *world) RotateHook(_ context.Context, account flattery.AccountID, id flattery.HookID) (flattery.Secret, error) {
	if w.hook(account, id) < 0 {
		return "", flattery.ErrNotFound
	}
	w.rotated++
	return "whsec_made-now", w.refuse
}

func (w *world) RemoveHook(_ context.Context, account flattery.AccountID, id flattery.HookID) error {
	i := w.hook(account, id)
	if i < 0 {
		return flattery.ErrNotFound
	}
	w.post.Hooks = slices.Delete(slices.Clone(w.post.Hooks), i, i+1)
	return w.refuse
}

func (w *world) TestHook(_ context.Context, account flattery.AccountID, id flattery.HookID) (flattery.Delivery, error) {
	if w.hook(account, id) < 0 {
		return flattery.Delivery{}, flattery.ErrNotFound
	}
	w.rotated++
	return w.tested, w.refuse
}

// addPost tells ada a few things, and gives her a feed and webhooks in each state.
func (w *world) addPost(rough bool) {
	month := func(day int) time.Time { return time.Date(2026, 10, day, 4, 15, 0, 0, time.UTC) }
	w.tested = flattery.Delivery{Status: 204, State: flattery.DeliveryDone}
	w.post = Messages{MostHooks: 5, Mails: true, Mail: flattery.Mail{Address: "ada@lighthouse.example", Wish: flattery.MailMonthly}, Feed: flattery.Feed{MadeAt: month(2)}, Lines: []Message{
		{month(13), "ada-w at Flickr is not read any more", "The network no longer accepts the permission you once gave.", "/links"},
		{month(4), "3 slips to pay: €4.20", "It is what September 2026 brought for you to pay. You pay the creators yourself, and note it there.", "/slips"},
		{month(4), "September 2026 is settled: €5.00 for 16 flattrs", "Your statement is ready.", "/months/2026-09"},
	}}
	done := func(id flattery.DeliveryID, kind flattery.NoticeKind, status int, cause string, state flattery.DeliveryState) flattery.Delivery {
		return flattery.Delivery{ID: id, Kind: kind, State: state, Tries: 1, TriedAt: month(13), Status: status, Cause: cause}
	}
	w.post.Hooks = []Hook{
		{flattery.Hook{ID: 1, Account: ada, URL: "https://hooks.ada.example/lighthouse-keeper", MadeAt: month(2)}, []flattery.Delivery{
			{ID: 5, Kind: flattery.NoticeStopped, State: flattery.DeliveryWaits}, done(4, flattery.NoticeSlips, 204, "", flattery.DeliveryDone), done(3, flattery.NoticeTest, 200, "", flattery.DeliveryDone)}},
		{flattery.Hook{ID: 2, Account: ada, URL: "https://automation.example/in/4711", MadeAt: month(2), FailingAt: month(13)}, []flattery.Delivery{
			done(8, flattery.NoticeStopped, 0, "automation.example: the connection was refused", flattery.DeliveryWaits), done(7, flattery.NoticeMonth, 500, "", flattery.DeliveryFailed)}},
		{flattery.Hook{ID: 3, Account: ada, URL: "https://old.example/", MadeAt: month(1), FailingAt: month(8), StoppedAt: month(11)}, nil},
	}
	if rough {
		w.post.Mail = flattery.Mail{Address: hostile[0], Wish: "other", Failed: hostile[1], Typed: strings.Repeat("long", 60) + "@example.org", Expires: today}
		w.post.Lines = append(w.post.Lines, Message{month(1), hostile[0], hostile[1] + hostile[2], "/links"})
		w.post.Hooks = append(w.post.Hooks, Hook{flattery.Hook{ID: 4, Account: ada, URL: "https://" + strings.Repeat("long.", 80) + "example/" + hostile[0]},
			[]flattery.Delivery{done(9, flattery.NoticeKind(hostile[0]), 0, hostile[2], flattery.DeliveryFailed)}})
	}
}

func (w *world) AskMail(_ context.Context, id flattery.AccountID, address string) error {
	if !strings.Contains(address, "@") {
		return flattery.Input("%q is not a mail address", address)
	}
	if id == ada && w.refuse == nil {
		w.post.Mail.Typed, w.post.Mail.Expires = address, today.AddDate(0, 0, 3)
	}
	return w.refuse
}

func (w *world) MailAsked(_ context.Context, token string) (string, error) {
	if token != "adas-mail" {
		return "", flattery.ErrNotFound
	}
	return "new@ada.example", w.broken
}

func (w *world) ConfirmMail(ctx context.Context, token string) error {
	if _, err := w.MailAsked(ctx, token); err != nil {
		return err
	}
	w.rotated += 100
	return w.refuse
}

func (w *world) WishMail(_ context.Context, id flattery.AccountID, wish flattery.MailWish) error {
	if id == ada {
		w.post.Mail.Wish = wish
	}
	return w.refuse
}

func (w *world) ForgetMail(_ context.Context, id flattery.AccountID) error {
	if id == ada {
		w.post.Mail = flattery.Mail{}
	}
	return w.refuse
}

func (w *world) EndsMail(_ context.Context, token string) error {
	if token != "adas-end" {
		return flattery.ErrNotFound
	}
	return w.broken
}

func (w *world) EndMail(ctx context.Context, token string) error {
	if err := w.EndsMail(ctx, token); err != nil {
		return err
	}
	w.post.Mail.Wish = flattery.MailNone
	return w.refuse
}
