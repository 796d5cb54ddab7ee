package storetest

import (
	"context"
	"strings"
	"time"

	"flattery"
	"flattery/store"
)

func (h *house) rules(l flattery.Link, r flattery.Rules) {
	h.Helper()
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.SetRules(ctx, l.Account, l.ID, r) })
}

func rules(h *house) {
	a, b := h.account("ann"), h.account("bob")
	h.claim(h.account("zoe"), "zoe", start)
	h.claim(a, "me", start)
	l := h.link(a, "ann", flattery.ByName)
	h.want("a new link's", l.Rules, flattery.Rules{Weight: 1})
	h.refused(flattery.ErrNotFound, func(ctx context.Context, tx store.Tx) error {
		return tx.SetRules(ctx, b, l.ID, flattery.Rules{Weight: 2})
	})
	h.likes(l, start, like("zoe", "before", start))
	h.rules(l, flattery.Rules{Weight: 4, Matching: "tide\n*/exact"})
	// The link that was read before is judged by the rules that stand.
	h.likes(l, start, like("zoe", "tide tables", start), like("zoe", "moon", start), like("eve", "moon", start), like("me", "moon", start),
		like("zoe", "exact", start), like("zoe", "old moon", start.Add(-time.Hour)))
	h.want("flattrs", h.states(a), " old moon:seen: exact:counts:2026-10 moon:own: moon:excluded: moon:excluded: tide tables:counts:2026-10 before:counts:2026-10")
	for _, f := range h.flattrs(a) {
		h.want("the weight of "+f.Thing.Title, f.Weight, map[bool]int{true: 1, false: 4}[f.Thing.Title == "before" || f.State == flattery.Seen])
	}
	tally, err := h.Tally(h.Context(), a, october)
	h.want("the month adds up to", say(tally.Counting, tally.Excluded, tally.Weight, err), "3 2 9 <nil>")
	h.rules(l, flattery.Rules{Paused: true, Weight: 1})
	h.likes(l, start, like("zoe", "paused tide", start))
	h.likes(h.link(a, "other", flattery.ByName), start, like("zoe", "another link's", start))
	h.click(click(a, "zoe", "a click", 1), start)
	h.want("flattrs of a paused link and beside it", strings.Split(h.states(a), " old moon")[0], " a click:counts:2026-10 another link's:counts:2026-10 paused tide:excluded:")
	h.rules(l, flattery.Rules{Weight: 1})
	out := h.likes(l, start, like("zoe", "paused tide", start), like("zoe", "on again", start))
	h.want("polled when it is on again", say(out[0].State, out[0].Known, out[1].State), "excluded true counts")
	h.rules(l, flattery.Rules{Paused: true, Weight: 7, Matching: "a\nb"})
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.SaveLink(ctx, l) }) // a poll changes no rules
	got, err := h.Link(h.Context(), l.ID)
	h.want("the rules", say(got.Rules, err), say(flattery.Rules{Paused: true, Weight: 7, Matching: "a\nb"}, "<nil>"))
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RemoveLink(ctx, l.ID) })
	h.refused(flattery.ErrNotFound, func(ctx context.Context, tx store.Tx) error {
		return tx.SetRules(ctx, a, l.ID, flattery.Rules{Weight: 2})
	})
}

func nevers(h *house) {
	a, b := h.account("ann"), h.account("bob")
	h.claim(h.account("zoe"), "zoe", start)
	h.claim(h.account("eve"), "eve", start)
	l, other := h.link(a, "ann", flattery.ByName), h.link(a, "other", flattery.ByName)
	never := func(who flattery.AccountID, p flattery.Profile) func(context.Context, store.Tx) error {
		return func(ctx context.Context, tx store.Tx) error { return tx.Never(ctx, who, l.ID, p) }
	}
	h.refused(flattery.ErrNotFound, never(b, profile("zoe")))
	h.refused(flattery.ErrNotFound, never(a, flattery.Profile{Handle: "nobody"}))
	h.refused(flattery.ErrNotFound, never(a, flattery.Profile{}))
	h.do(never(a, profile("zoe")))
	h.do(never(a, profile("zoe"))) // again
	h.do(never(a, flattery.Profile{Handle: "EVE"}))
	list, err := h.Nevers(h.Context(), l.ID)
	h.want("who never counts", say(len(list), list[0].Handle, list[1].Handle, err), "2 eve zoe <nil>")
	h.likes(l, start, like("zoe", "x", start), like("eve", "y", start), like("kim", "z", start))
	h.likes(other, start, like("zoe", "over another", start))
	h.want("flattrs", h.states(a), " over another:counts:2026-10 z:pending: y:excluded: x:excluded:")
	allow := func(who flattery.AccountID) func(context.Context, store.Tx) error {
		return func(ctx context.Context, tx store.Tx) error { return tx.Allow(ctx, who, l.ID, profile("zoe").Identity) }
	}
	h.refused(flattery.ErrNotFound, allow(b))
	h.do(allow(a))
	h.refused(flattery.ErrNotFound, allow(a))
	out := h.likes(l, start, like("zoe", "allowed", start))
	h.want("allowed again", out[0].State, flattery.Counting)
}

func excludedBack(h *house) {
	a := h.account("ann")
	h.claim(h.account("zoe"), "zoe", start)
	l := h.link(a, "ann", flattery.ByName)
	h.rules(l, flattery.Rules{Paused: true, Weight: 2})
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.Never(ctx, a, l.ID, profile("zoe")) })
	out := h.likes(l, start, like("zoe", "x", start), like("eve", "y", start), like("zoe", "too late", start))
	back := func(i int, now time.Time) func(context.Context, store.Tx) error {
		return func(ctx context.Context, tx store.Tx) error { return tx.RestoreFlattr(ctx, a, out[i].Flattr, now) }
	}
	h.do(back(0, start))
	h.do(back(1, start))
	h.want("flattrs", h.states(a), " too late:excluded: y:pending: x:counts:2026-10")
	h.want("its weight", h.flattrs(a)[2].Weight, 2)
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RemoveFlattr(ctx, a, out[0].Flattr) })
	h.do(back(0, start))
	after := time.Date(2026, 11, 4, 0, 0, 0, 0, time.UTC)
	h.freeze(october, after)
	h.refused(flattery.ErrFrozen, back(2, after))
	h.refused(flattery.ErrFrozen, back(2, start)) // whatever the clock says
	h.want("flattrs after the freeze", h.states(a), " too late:excluded: y:pending: x:counts:2026-10")
}
