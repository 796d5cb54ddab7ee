package storetest

import (
	"context"
	"fmt"
	"time"

	"flattery"
	"flattery/store"
)

func likeOnce(h *house) {
	a, b := h.account("ann"), h.account("bob")
	l := h.link(a, "ann", flattery.ByName)
	when := start.Add(time.Minute)
	now := start.Add(time.Hour)
	out := h.likes(l, now, like("zoe", "x", when), like("zoe", "y", when), like("zoe", "x", when.Add(time.Second)))
	h.want("the page", say(out[0].Known, out[1].Known, out[2].Known), "false false true")
	out = h.likes(l, now, like("zoe", "y", when), like("zoe", "z", when))
	h.want("the page that overlaps", say(out[0].Known, out[1].Known), "true false")
	other := h.link(b, "ann", flattery.ByName) // the same public name, linked by another: its own budget
	out = h.likes(other, now, like("zoe", "x", when))
	h.want("another account's like", out[0].Known, false)
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RemoveLink(ctx, l.ID) })
	again := h.link(a, "ann", flattery.ByName)
	h.want("the link, linked again", again.ID, l.ID)
	out = h.likes(again, now, like("zoe", "x", when))
	h.want("the like after linking again", out[0].Known, true)
	errs := together(8, func(int) error {
		return h.try(func(ctx context.Context, tx store.Tx) error {
			_, err := tx.AddLikes(ctx, l, []flattery.Like{like("zoe", "race", when)}, false, now)
			return err
		})
	})
	h.want("eight at once", errs, make([]error, 8))
	h.want("flattrs", h.states(a), " race:pending: z:pending: y:pending: x:pending:")
	many := make([]flattery.Like, 250)
	for i := range many {
		many[i] = like("zoe", fmt.Sprint("many", i), when)
	}
	out = h.likes(l, now, many...)
	h.want("outcomes of a long page", len(out), 250)
	h.want("flattrs of a long page", len(h.flattrs(a)), 254)
}

func beginsToday(h *house) {
	a := h.account("ann")
	l := h.link(a, "ann", flattery.ByName)
	now := start.Add(time.Hour)
	h.do(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.AddLikes(ctx, l, []flattery.Like{like("zoe", "old", start.Add(-time.Second)), like("zoe", "new", start), like("zoe", "timeless", time.Time{})}, true, now)
		return err
	})
	h.likes(l, now, like("zoe", "older", start.Add(-time.Hour)), like("zoe", "later", time.Time{}))
	h.want("flattrs", h.states(a), " later:pending: older:seen: timeless:seen: new:pending: old:seen:")
	// Nothing counts yet, and all the same the month shows what waits in it.
	waiting, err := h.Flattrs(h.Context(), store.FlattrQuery{Account: a, Month: flattery.MonthOf(now, time.UTC)})
	h.want("error", err, nil)
	h.want("what the month shows", len(waiting), 2)
	tally, err := h.Tally(h.Context(), a, flattery.MonthOf(now, time.UTC))
	h.want("error", err, nil)
	h.want("what the month adds up to", tally.Pending, 2)
}

func ownThings(h *house) {
	a := h.account("ann")
	l := h.link(a, "ann", flattery.ByToken)
	h.claim(a, "ann-too", start)
	now := start.Add(time.Hour)
	h.likes(l, now, like("ann", "mine", now), like("ann-too", "mine-too", now), like("zoe", "hers", now))
	h.want("flattrs", h.states(a), " hers:pending: mine-too:own: mine:own:")
	h.claim(a, "zoe", now)
	h.want("flattrs after the claim", h.states(a), " hers:own: mine-too:own: mine:own:")
	b := h.account("bob")
	unproved := h.link(b, "bob", flattery.ByName)
	h.likes(unproved, now, like("bob", "by-name", now))
	h.want("a name alone proves nothing", h.states(b), " by-name:pending:")
	h.link(b, "bob", flattery.ByToken)
	h.want("until it is proved", h.states(b), " by-name:own:")
}

func monthOfLike(h *house) {
	a := h.account("ann")
	h.claim(h.account("zoe"), "zoe", start)
	l := h.link(a, "ann", flattery.ByName)
	// Berlin is an hour ahead of UTC on 1 November: its October ends at 23:00 UTC.
	last := time.Date(2026, 10, 31, 22, 59, 59, 0, time.UTC)
	now := last.Add(2 * time.Second)
	h.likes(l, last, like("zoe", "in time", last))
	h.likes(l, now, like("zoe", "found later", last), like("zoe", "first of november", last.Add(time.Second)), like("zoe", "no time", time.Time{}), like("zoe", "future", now.AddDate(1, 0, 0)))
	h.freeze(october, now.Add(72*time.Hour))
	h.likes(l, now.Add(73*time.Hour), like("zoe", "too late", last))
	h.want("flattrs", h.states(a), " too late:counts:2026-11 future:counts:2026-11 no time:counts:2026-11 first of november:counts:2026-11 found later:counts:2026-10 in time:counts:2026-10")
}

func claimJoins(h *house) {
	a := h.account("ann")
	l := h.link(a, "ann", flattery.ByName)
	h.likes(l, start, like("zoe", "x", start), like("eve", "y", start))
	h.want("flattrs", h.states(a), " y:pending: x:pending:")
	h.want("joined", h.claim(h.account("zoe"), "zoe", start.AddDate(0, 1, 0)), 1)
	h.want("flattrs after the claim", h.states(a), " y:pending: x:counts:2026-11")
}

func claimOnce(h *house) {
	zoe, eve := h.account("zoe"), h.account("eve")
	h.claim(zoe, "zoe", start)
	h.claim(zoe, "zoe", start) // proved again
	h.refused(flattery.ErrClaimed, func(ctx context.Context, tx store.Tx) error {
		_, err := tx.AddClaim(ctx, flattery.Claim{Account: eve, Identity: profile("zoe"), Proof: flattery.ByAdmin, ProvedAt: start})
		return err
	})
	claims, err := h.Claims(h.Context(), 0)
	h.want("claims", say(len(claims), err), "1 <nil>")
}

func claimEnds(h *house) {
	a := h.account("ann")
	l := h.link(a, "ann", flattery.ByName)
	zoe := h.account("zoe")
	h.claim(zoe, "zoe", start)
	h.likes(l, start, like("zoe", "x", start))
	claims, err := h.Claims(h.Context(), zoe)
	if err != nil {
		h.Fatal(err)
	}
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RemoveClaim(ctx, claims[0].ID, start) })
	h.want("flattrs", h.states(a), " x:pending:")
	h.want("joined", h.claim(h.account("true zoe"), "zoe", start), 1)
}

func frozen(h *house) {
	a := h.account("ann")
	h.claim(h.account("zoe"), "zoe", start)
	l := h.link(a, "ann", flattery.ByName)
	out := h.likes(l, start, like("zoe", "x", start))
	after := time.Date(2026, 11, 4, 0, 0, 0, 0, time.UTC)
	h.freeze(october, after)
	h.refused(flattery.ErrFrozen, func(ctx context.Context, tx store.Tx) error { _, err := tx.Freeze(ctx, october, after); return err })
	h.refused(flattery.ErrFrozen, func(ctx context.Context, tx store.Tx) error { return tx.RemoveFlattr(ctx, a, out[0].Flattr) })
	m, err := h.Month(h.Context(), october)
	h.want("the frozen month", say(m.Flattrs, m.Donors, len(m.Digest), err), "1 1 64 <nil>")
	h.likes(l, start, like("zoe", "clock went back", start)) // our clock is in a frozen month
	h.want("flattrs", h.states(a), " clock went back:counts:2026-11 x:counts:2026-10")
}

func restore(h *house) {
	a, b := h.account("ann"), h.account("bob")
	h.claim(h.account("zoe"), "zoe", start)
	l := h.link(a, "ann", flattery.ByName)
	out := h.likes(l, start, like("zoe", "x", start))
	id := out[0].Flattr
	remove := func(who flattery.AccountID) func(context.Context, store.Tx) error {
		return func(ctx context.Context, tx store.Tx) error { return tx.RemoveFlattr(ctx, who, id) }
	}
	h.refused(flattery.ErrNotFound, remove(b))
	h.do(remove(a))
	h.refused(flattery.ErrNotFound, remove(a))
	h.want("removed", h.states(a), " x:removed:")
	out = h.likes(l, start, like("zoe", "x", start)) // polled again: it stays removed
	h.want("polled again", out[0].Known, true)
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RestoreFlattr(ctx, a, id, start) })
	h.want("restored", h.states(a), " x:counts:2026-10")
}

func lapse(h *house) {
	a := h.account("ann")
	l := h.link(a, "ann", flattery.ByName)
	h.likes(l, start, like("zoe", "old", start))
	h.likes(l, start.Add(time.Hour), like("zoe", "new", start))
	h.do(func(ctx context.Context, tx store.Tx) error {
		n, err := tx.LapsePending(ctx, start.Add(time.Minute))
		h.want("lapsed", n, 1)
		return err
	})
	h.want("flattrs", h.states(a), " new:pending: old:lapsed:")
	h.want("joined", h.claim(h.account("zoe"), "zoe", start), 1)
}

func monthsFollow(h *house) {
	a := h.account("ann")
	h.claim(h.account("zoe"), "zoe", start)
	l := h.link(a, "ann", flattery.ByName)
	later := start.AddDate(0, 4, 0) // the daemon slept
	h.likes(l, later, like("zoe", "x", start), like("zoe", "y", later))
	months, err := h.Months(h.Context())
	if err != nil {
		h.Fatal(err)
	}
	for i := 1; i < len(months); i++ {
		h.want("the end of "+months[i].Month.String(), months[i].Ends, months[i-1].Starts)
	}
	h.want("months", say(len(months), months[0].Month, months[0].Starts.Format(time.RFC3339)), "5 2027-02 2027-01-31T23:00:00Z")
}

func removeAccount(h *house) {
	a, zoe := h.account("ann"), h.account("zoe")
	h.claim(zoe, "zoe", start)
	l := h.link(a, "ann", flattery.ByName)
	h.likes(l, start, like("zoe", "x", start))
	owner := flattery.Identity{Network: "twitter", Host: "x.com", Subject: "7"}
	h.do(func(ctx context.Context, tx store.Tx) error {
		if err := tx.SaveToken(ctx, l.ID, whole); err != nil {
			return err
		}
		if _, err := tx.AddImport(ctx, store.Import{Account: a, Owner: owner, At: start}); err != nil {
			return err
		}
		return tx.AddAttempt(ctx, attempt(a, "state"))
	})
	who, err := h.Account(h.Context(), a)
	if err != nil {
		h.Fatal(err)
	}
	bob := h.account("bob")
	page := like("ann", "a page", start)
	page.Author = who.Self()
	h.likes(h.link(bob, "bob", flattery.ByName), start, page)
	who.Destination = "payto://iban/DE75512108001245126199"
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.SetSettings(ctx, a, who.Settings, start) })
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RemoveAccount(ctx, a, start) })
	h.want("the author of what bob likes", h.flattrs(bob)[0].Author.Handle, "")
	gone, err := h.Link(h.Context(), l.ID)
	h.want("who was linked", say(gone.State, gone.Identity.Network, gone.Identity.Handle+gone.Identity.Name+gone.Identity.URL, err), say(flattery.LinkRemoved, flattery.House, "", error(nil)))
	got, err := h.Token(h.Context(), l.ID)
	h.want("the token", say(open(got), err), say(open(flattery.Token{}), "<nil>"))
	h.refused(flattery.ErrAttempt, func(ctx context.Context, tx store.Tx) error {
		_, err := tx.TakeAttempt(ctx, "state", start)
		return err
	})
	h.do(func(ctx context.Context, tx store.Tx) error {
		first, err := tx.AddImport(ctx, store.Import{Account: a, Owner: owner, At: start})
		h.want("its files are forgotten", first, true)
		return err
	})
	_, err = h.Account(h.Context(), a)
	h.refused(flattery.ErrNotFound, func(context.Context, store.Tx) error { return err })
	links, err := h.Links(h.Context(), a)
	h.want("links", say(len(links), err), "0 <nil>")
	h.account("ann") // the name is free
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RemoveAccount(ctx, zoe, start) })
	claims, err := h.Claims(h.Context(), 0)
	h.want("claims", say(len(claims), err), "0 <nil>")
}
