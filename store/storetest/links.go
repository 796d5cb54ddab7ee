package storetest

import (
	"context"
	"time"

	"flattery"
	"flattery/store"
)

func linkLearns(h *house) {
	a := h.account("ann")
	l := h.link(a, "ann", flattery.ByName)
	other := h.link(a, "other", flattery.ByName)
	h.want("a new link's next walk", l.NextWalk, time.Time{})
	l.Identity.Handle, l.Identity.Name, l.Identity.URL = "Ann-Renamed", "Ann", "https://github.com/Ann-Renamed"
	l.Reason, l.Detail, l.Cursor, l.Failures = "rate", "wait", "c1", 2
	l.Interval, l.NextPoll, l.NextWalk = 2*time.Hour, start.Add(time.Hour), start.AddDate(0, 0, 7)
	l.LastPoll, l.LastGood = start.Add(time.Minute), start.Add(time.Second)
	save := func() {
		h.Helper()
		h.do(func(ctx context.Context, tx store.Tx) error { return tx.SaveLink(ctx, l) })
	}
	want := func(what string, want flattery.Link) {
		h.Helper()
		got, err := h.Link(h.Context(), want.ID)
		h.want(what, say(got, err), say(want, "<nil>"))
	}
	save()
	want("the link", l)
	want("the link beside it", other)
	save() // the same again
	want("the link, saved again", l)
	known := l.Identity
	for name, stranger := range map[string]flattery.Identity{
		"another subject": {Network: "github", Host: "github.com", Subject: "id-other"},
		"another network": {Network: "gitea", Host: "github.com", Subject: "id-ann"},
		"another host":    {Network: "github", Host: "ghe.example", Subject: "id-ann"},
		"nobody":          {},
	} {
		l.Identity = flattery.Profile{Identity: stranger, Handle: "stranger"}
		l.Failures++
		save()
		was := l
		was.Identity = known
		want("the link saved as "+name, was)
		want("the link beside it, after "+name, other)
	}
	l.Identity = known
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RemoveLink(ctx, l.ID) })
	h.refused(flattery.ErrNotFound, func(ctx context.Context, tx store.Tx) error { return tx.SaveLink(ctx, l) })
	h.want("the next walk of the link, made anew", h.link(a, "ann", flattery.ByName).NextWalk, time.Time{})
}

// walk walks the whole list of a link, which has these things of zoe, and says how many were withdrawn.
func (h *house) walk(l flattery.Link, at time.Time, titles ...string) (withdrawn int) {
	h.Helper()
	return h.walked(l, store.Walk{Before: at, Things: things(titles...)})
}

func (h *house) walked(l flattery.Link, w store.Walk) (withdrawn int) {
	h.Helper()
	h.do(func(ctx context.Context, tx store.Tx) (err error) {
		withdrawn, err = tx.Walked(ctx, l, w)
		return err
	})
	return withdrawn
}

func things(titles ...string) (list []flattery.Thing) {
	for _, title := range titles {
		th := like("zoe", title, start).Thing
		list = append(list, flattery.Thing{Network: th.Network, Host: th.Host, ID: th.ID})
	}
	return list
}

func walkWithdraws(h *house) {
	a := h.account("ann")
	h.claim(h.account("zoe"), "zoe", start)
	l := h.link(a, "ann", flattery.ByName)
	h.likes(l, start, like("zoe", "x", start), like("zoe", "y", start))
	waits := like("eve", "waits", start)
	h.likes(l, start, waits)
	now := start.Add(time.Hour)
	all := " waits:pending: y:counts:2026-10 x:counts:2026-10"
	h.want("one walk without", h.walk(l, now, "y"), 0)
	h.want("flattrs", h.states(a), all)
	h.want("one with", h.walked(l, store.Walk{Before: now, Things: append(things("x", "y"), waits.Thing)}), 0)
	h.want("one without again", h.walk(l, now, "y"), 0)
	h.want("flattrs", h.states(a), all)
	h.want("two without in a row", h.walk(l, now, "y"), 2)
	h.want("flattrs", h.states(a), " waits:removed: y:counts:2026-10 x:removed:")
	for _, f := range h.flattrs(a) {
		h.want("unliked "+f.Thing.Title, f.Unliked, f.Thing.Title != "y")
	}
	h.want("a third", h.walk(l, now, "y"), 0)
	h.want("found again", h.walked(l, store.Walk{Before: now, Things: append(things("x", "y"), waits.Thing)}), 0)
	h.likes(l, now, like("zoe", "x", start), waits) // what a poll finds comes back
	h.want("flattrs", h.states(a), all)
	for _, f := range h.flattrs(a) {
		h.want("unliked "+f.Thing.Title, f.Unliked, false)
	}
	h.want("one without, after it came back", h.walk(l, now, "y"), 0)
	h.want("two", h.walk(l, now, "y"), 2)
}

func walkJudges(h *house) {
	a, b := h.account("ann"), h.account("bob")
	h.claim(h.account("zoe"), "zoe", start)
	h.claim(a, "me", start)
	l := h.link(a, "ann", flattery.ByName)
	also := h.link(a, "also", flattery.ByName)
	others := h.link(b, "ann", flattery.ByName)
	from, before := start.Add(time.Hour), start.Add(2*time.Hour)
	h.likes(l, from, like("zoe", "before from", from.Add(-time.Second)), like("zoe", "at from", from), like("me", "mine", from),
		like("zoe", "seen", start.Add(-time.Hour)), like("zoe", "removed", from))
	h.likes(l, before, like("zoe", "found after", from))
	h.likes(also, from, like("zoe", "another link's", from))
	h.likes(others, from, like("zoe", "at from", from))
	elsewhere := like("zoe", "elsewhere", from)
	elsewhere.Thing.Host = "ghe.example"
	h.likes(l, from, elsewhere)
	for _, f := range h.flattrs(a) {
		if f.Thing.Title == "removed" {
			h.do(func(ctx context.Context, tx store.Tx) error { return tx.RemoveFlattr(ctx, a, f.ID) })
		}
	}
	was := h.states(a)
	w := store.Walk{From: from, Before: before, Things: append(things("elsewhere", "removed"), flattery.Thing{Network: "github", Host: "ghe.example", ID: "zoe/at from"})}
	h.want("the first", h.walked(l, w), 0)
	h.want("flattrs", h.states(a), was)
	h.want("the second", h.walked(l, w), 2)
	h.want("flattrs", h.states(a), " elsewhere:removed: another link's:counts:2026-10 found after:counts:2026-10"+
		" removed:removed: seen:seen: mine:own: at from:removed: before from:counts:2026-10")
	h.want("another's", h.states(b), " at from:counts:2026-10")
	h.want("a walk of nothing", h.walked(l, store.Walk{}), 0)
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RemoveLink(ctx, l.ID) })
	h.do(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.AddLink(ctx, flattery.Link{Account: a, Identity: profile("ann"), BeginsAt: before, NextPoll: before}, flattery.Token{})
		return err
	})
	again, err := h.Link(h.Context(), l.ID)
	if err != nil {
		h.Fatal(err)
	}
	h.want("found before the link was made anew", h.walk(again, before.Add(time.Hour), "at from"), 0)
}

func walkFrozen(h *house) {
	a := h.account("ann")
	h.claim(h.account("zoe"), "zoe", start)
	l := h.link(a, "ann", flattery.ByName)
	h.likes(l, start, like("zoe", "x", start), like("zoe", "gone", start), like("zoe", "one absence", start))
	now := start.Add(time.Hour)
	h.want("one walk", h.walk(l, now, "x", "one absence"), 0)
	h.want("two walks", h.walk(l, now, "x"), 1)
	after := time.Date(2026, 11, 4, 0, 0, 0, 0, time.UTC)
	h.freeze(october, after)
	h.want("after the freeze", h.walk(l, after), 0)
	h.want("after the freeze, again", h.walk(l, after), 0)
	h.want("flattrs", h.states(a), " one absence:counts:2026-10 gone:removed: x:counts:2026-10")
	h.likes(l, after, like("zoe", "gone", start))
	h.want("flattrs", h.states(a), " one absence:counts:2026-10 gone:counts:2026-11 x:counts:2026-10")
}

func pollBringsBack(h *house) {
	a := h.account("ann")
	h.claim(h.account("zoe"), "zoe", start)
	l := h.link(a, "ann", flattery.ByName)
	x, waits, timeless := like("zoe", "x", start), like("eve", "waits", start), like("zoe", "timeless", time.Time{})
	h.likes(l, start, x, waits, timeless)
	now := start.Add(time.Hour)
	gone := func() {
		h.Helper()
		h.walk(l, now)
		h.walk(l, now)
		h.want("withdrawn", h.states(a), " timeless:removed: waits:removed: x:removed:")
	}
	gone()
	x.At = start.Add(-time.Second)
	baseline := func(likes ...flattery.Like) (out []store.Outcome) {
		h.do(func(ctx context.Context, tx store.Tx) (err error) {
			out, err = tx.AddLikes(ctx, l, likes, true, now)
			return err
		})
		return out
	}
	out := baseline(x, timeless)
	h.want("from before the link", say(out[0].State, out[0].Known, out[1].State, out[1].Known), "removed true removed true")
	x.At = now
	out = h.likes(l, now, x, x, like("zoe", "new", now), waits, timeless)
	h.want("liked again", say(out[0].State, out[1].State, out[0].Known, out[2].Known, out[3].State, out[4].State), "counts counts true false pending counts")
	h.want("flattrs", h.states(a), " new:counts:2026-10 timeless:counts:2026-10 waits:pending: x:counts:2026-10")
	h.want("one walk without", h.walk(l, now, "new"), 0)
}

func walkObeysDonor(h *house) {
	a := h.account("ann")
	h.claim(h.account("zoe"), "zoe", start)
	l := h.link(a, "ann", flattery.ByName)
	out := h.likes(l, start, like("zoe", "x", start))
	id, now := out[0].Flattr, start.Add(time.Hour)
	remove := func(ctx context.Context, tx store.Tx) error { return tx.RemoveFlattr(ctx, a, id) }
	h.walk(l, now)
	h.do(remove)
	h.want("removed by the donor and found", h.walk(l, now, "x"), 0)
	h.likes(l, now, like("zoe", "x", start))
	h.want("and polled", h.states(a), " x:removed:")
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RestoreFlattr(ctx, a, id, now) })
	h.want("one walk without", h.walk(l, now), 0)
	h.want("two", h.walk(l, now), 1)
	h.do(remove) // for good
	h.refused(flattery.ErrNotFound, remove)
	h.want("unliked", h.flattrs(a)[0].Unliked, false)
	h.want("removed by the donor after the walks, and found", h.walk(l, now, "x"), 0)
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RestoreFlattr(ctx, a, id, now) })
	h.walk(l, now)
	h.want("restored, and withdrawn", h.walk(l, now), 1)
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RestoreFlattr(ctx, a, id, now) })
	h.want("the donor's word", h.states(a), " x:counts:2026-10")
	h.want("one walk without, then", h.walk(l, now), 0)
}
