package storetest

import (
	"context"
	"fmt"
	"time"

	"flattery"
	"flattery/store"
)

func feed(h *house) {
	ann, bob := h.account("ann"), h.account("bob")
	for _, row := range []struct {
		account flattery.AccountID
		token   string
	}{{ann, "first"}, {ann, "second"}, {bob, "bobs"}} {
		h.do(func(ctx context.Context, tx store.Tx) error { return tx.SetFeed(ctx, row.account, row.token, start) })
	}
	owners := func() (s string) {
		for _, token := range []string{"", "first", "second", "bobs"} {
			id, err := h.FeedOwner(h.Context(), token)
			s += say(id, err == nil) + " "
		}
		return s
	}
	h.want("who they open", owners(), say(0, "false", 0, "false", ann, true, bob, true)+" ")
	f, err := h.Feed(h.Context(), ann)
	h.want("ann's", say(f.MadeAt, err), say(start, "<nil>"))
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.EndFeed(ctx, ann) })
	f, err = h.Feed(h.Context(), ann)
	h.want("ann's, ended,", say(f.MadeAt.IsZero(), err), "true <nil>")
	h.want("who they open then", owners(), say(0, "false", 0, "false", 0, "false", bob, true)+" ")
}

func (h *house) hook(a flattery.AccountID, url string, at time.Time) (id flattery.HookID) {
	h.Helper()
	h.do(func(ctx context.Context, tx store.Tx) (err error) {
		id, err = tx.AddHook(ctx, flattery.Hook{Account: a, URL: url, MadeAt: at}, flattery.Secret("key of "+url))
		return err
	})
	return id
}

func hook(h *house) {
	ann, bob := h.account("ann"), h.account("bob")
	one, two := h.hook(ann, "https://one.example/", start), h.hook(ann, "https://two.example/", start)
	list, err := h.Hooks(h.Context(), ann)
	h.want("ann's", fmt.Sprintf("%+v %v", list, err), fmt.Sprintf("%+v %v", []flattery.Hook{{ID: one, Account: ann, URL: "https://one.example/", MadeAt: start},
		{ID: two, Account: ann, URL: "https://two.example/", MadeAt: start}}, nil))
	keys := func(id flattery.HookID) string {
		k, err := h.HookKeys(h.Context(), id)
		return say(string(k.Key), "/", string(k.Old), "/", k.OldUntil.Format(time.DateOnly), err)
	}
	h.want("the keys", keys(one), "key of https://one.example/ /  / 0001-01-01 <nil>")
	h.refused(flattery.ErrNotFound, func(ctx context.Context, tx store.Tx) error { return tx.RotateHook(ctx, bob, one, "x", start) })
	h.refused(flattery.ErrNotFound, func(ctx context.Context, tx store.Tx) error { return tx.RemoveHook(ctx, bob, one) })
	for _, key := range []flattery.Secret{"second", "third"} {
		h.do(func(ctx context.Context, tx store.Tx) error { return tx.RotateHook(ctx, ann, one, key, start) })
	}
	h.want("the keys, changed twice,", keys(one), "third / second / 2026-10-10 <nil>")
	h.do(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.AddDelivery(ctx, flattery.Delivery{Hook: one, Kind: flattery.NoticeTest, State: flattery.DeliveryDone, MadeAt: start})
		return err
	})
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RemoveHook(ctx, ann, one) })
	_, err = h.Hook(h.Context(), one)
	h.refused(flattery.ErrNotFound, func(context.Context, store.Tx) error { return err })
}

// stop tells ann of a link that stopped.
func (h *house) stop(l flattery.Link, at time.Time) {
	h.Helper()
	for _, state := range []flattery.LinkState{flattery.LinkActive, flattery.LinkSuspended} {
		l.State, l.Reason, l.LastPoll = state, "reconnect", at
		h.do(func(ctx context.Context, tx store.Tx) error { return tx.SaveLink(ctx, l) })
	}
}

func (h *house) deliver(since, now time.Time) (ids []flattery.DeliveryID) {
	h.Helper()
	h.do(func(ctx context.Context, tx store.Tx) (err error) {
		ids, err = tx.AddDeliveries(ctx, since, now)
		return err
	})
	return ids
}

func deliverOnce(h *house) {
	ann, bob := h.account("ann"), h.account("bob")
	l := h.link(ann, "ann", flattery.ByName)
	h.stop(l, start.Add(-time.Hour)) // before there were webhooks
	one, two, bobs := h.hook(ann, "https://one.example/", start), h.hook(ann, "https://two.example/", start), h.hook(bob, "https://bob.example/", start)
	h.stop(l, start.Add(time.Hour))
	h.stop(l, start.Add(48*time.Hour))
	h.want("how many", len(h.deliver(start.Add(24*time.Hour), start.Add(49*time.Hour))), 2)
	h.want("with those from before", len(h.deliver(start, start.Add(49*time.Hour))), 2)
	h.want("once more", len(h.deliver(start, start.Add(49*time.Hour))), 0)
	for id, want := range map[flattery.HookID]int{one: 2, two: 2, bobs: 0} {
		list, err := h.Deliveries(h.Context(), id, 10)
		h.want("those of a webhook", say(len(list), err), say(want, "<nil>"))
	}
	list, err := h.Deliveries(h.Context(), one, 1)
	if err != nil {
		h.Fatal(err)
	}
	d := list[0]
	d.State, d.Tries, d.TriedAt, d.Status, d.Cause = flattery.DeliveryFailed, 3, start.Add(50*time.Hour), 500, "broken"
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.SaveDelivery(ctx, d) })
	got, err := h.Delivery(h.Context(), d.ID)
	h.want("a try", fmt.Sprintf("%+v %v", got, err), fmt.Sprintf("%+v %v", d, nil))
}

func hookStops(h *house) {
	ann := h.account("ann")
	l := h.link(ann, "ann", flattery.ByName)
	one := h.hook(ann, "https://one.example/", start)
	fails := func(at time.Time) (stopped bool) {
		h.Helper()
		h.do(func(ctx context.Context, tx store.Tx) (err error) {
			stopped, err = tx.HookFails(ctx, one, "one.example", at.AddDate(0, 0, -3), at)
			return err
		})
		return stopped
	}
	works := func() {
		h.Helper()
		h.do(func(ctx context.Context, tx store.Tx) error { return tx.HookWorks(ctx, one) })
	}
	h.want("the first time, and later", say(fails(start), fails(start.AddDate(0, 0, 2))), "false false")
	works()
	h.want("after a good answer", say(fails(start.AddDate(0, 0, 4)), fails(start.AddDate(0, 0, 6))), "false false")
	h.want("for too long, and then", say(fails(start.AddDate(0, 0, 7)), fails(start.AddDate(0, 0, 8))), "true false")
	h.want("told", h.told(ann), "webhook.disabled:one.example")
	got, err := h.Hook(h.Context(), one)
	h.want("failing and stopped", say(got.FailingAt, got.StoppedAt, err), say(start.AddDate(0, 0, 4), start.AddDate(0, 0, 7), "<nil>"))
	h.stop(l, start.AddDate(0, 0, 8))
	h.want("while it is stopped", len(h.deliver(start, start.AddDate(0, 0, 8))), 0)
	works()
	h.want("when it works again", len(h.deliver(start, start.AddDate(0, 0, 8))), 2)
}
