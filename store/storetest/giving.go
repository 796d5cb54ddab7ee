package storetest

import (
	"context"
	"time"

	"flattery"
	"flattery/store"
)

// givingPromises are those of an instance whose receivers must give.
func givingPromises() map[string]func(*house) {
	return map[string]func(*house){
		"receivers need not give unless that is said":                         mayTake,
		"what is liked of who claims and does not give waits until they give": givesFirst,
		"who is paused does not give":                                         pausedGives,
		"what waited for giving joins when receivers need not give any more":  needNotGive,
		"who does not give is not paid where they publish either":             givesThoughPayable,
		"what is put back is judged by whether its author gives":              givesRestored,
	}
}

func (h *house) mustGive(must bool, now time.Time) {
	h.Helper()
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.SetMustGive(ctx, must, now) })
	got, err := h.MustGive(h.Context())
	h.want("whether receivers must give", say(got, err), say(must, nil))
}

// taker is an account without a budget.
func (h *house) taker(name string) (id flattery.AccountID) {
	h.Helper()
	h.do(func(ctx context.Context, tx store.Tx) (err error) {
		id, err = tx.AddAccount(ctx, flattery.Account{Name: name, CreatedAt: start.Add(-48 * time.Hour), Settings: flattery.Settings{Currency: "EUR"}})
		return err
	})
	return id
}

func (h *house) wishes(a flattery.AccountID, now time.Time, change func(*flattery.Settings)) {
	h.Helper()
	was, err := h.Account(h.Context(), a)
	if err != nil {
		h.Fatal(err)
	}
	change(&was.Settings)
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.SetSettings(ctx, a, was.Settings, now) })
}

func budget(a flattery.Amount) func(*flattery.Settings) {
	return func(s *flattery.Settings) { s.Budget = a }
}

func mayTake(h *house) {
	must, err := h.MustGive(h.Context())
	h.want("at first", say(must, err), "false <nil>")
	ann := h.account("ann")
	h.claim(h.taker("zoe"), "zoe", start)
	h.likes(h.link(ann, "ann", flattery.ByName), start, like("zoe", "x", start))
	h.want("flattrs", h.states(ann), " x:counts:2026-10")
}

func givesFirst(h *house) {
	h.mustGive(true, start)
	ann, zoe := h.account("ann"), h.taker("zoe")
	l := h.link(ann, "ann", flattery.ByName)
	h.likes(l, start, like("zoe", "x", start), like("eve", "e", start), like("joe", "j", start))
	h.want("joined by a claim", h.claim(zoe, "zoe", start), 0)
	h.want("joined by the claim of who gives", h.claim(h.account("eve"), "eve", start), 1)
	h.likes(l, start, like("zoe", "y", start))
	h.want("claimed by who does not give", h.states(ann), " y:pending: j:pending: e:counts:2026-10 x:pending:")
	h.want("proved again", h.claim(zoe, "zoe", start.Add(time.Hour)), 0)
	later := start.AddDate(0, 1, 0)
	h.wishes(zoe, later, budget(2*flattery.Unit))
	h.want("a budget", h.states(ann), " y:counts:2026-11 j:pending: e:counts:2026-10 x:counts:2026-11")
	h.likes(l, later, like("zoe", "z", start))
	h.wishes(zoe, later, budget(3*flattery.Unit))
	h.wishes(zoe, later.Add(time.Hour), budget(0))
	h.likes(l, later.Add(time.Hour), like("zoe", "w", later))
	h.want("no budget any more", h.states(ann), " w:pending: z:counts:2026-10 y:counts:2026-11 j:pending: e:counts:2026-10 x:counts:2026-11")
	h.freeze(november, later.AddDate(0, 1, 0))
	h.wishes(zoe, later.AddDate(0, 1, 0), budget(flattery.Unit))
	h.want("a budget again", h.states(ann), " w:counts:2026-12 z:counts:2026-10 y:counts:2026-11 j:pending: e:counts:2026-10 x:counts:2026-11")
}

func pausedGives(h *house) {
	h.mustGive(true, start)
	ann, zoe := h.account("ann"), h.account("zoe")
	h.claim(zoe, "zoe", start)
	h.wishes(zoe, start, func(s *flattery.Settings) { s.Paused = true })
	l := h.link(ann, "ann", flattery.ByName)
	h.likes(l, start, like("zoe", "x", start))
	h.want("paused", h.states(ann), " x:pending:")
	h.wishes(zoe, start.Add(time.Hour), func(s *flattery.Settings) { s.Budget, s.Paused = 0, false })
	h.want("no pause and no budget", h.states(ann), " x:pending:")
	h.wishes(zoe, start.Add(2*time.Hour), budget(flattery.Unit))
	h.want("it gives", h.states(ann), " x:counts:2026-10")
}

func needNotGive(h *house) {
	ann, zoe := h.account("ann"), h.taker("zoe")
	l := h.link(ann, "ann", flattery.ByName)
	h.claim(zoe, "zoe", start)
	h.likes(l, start, like("zoe", "x", start), like("joe", "j", start))
	h.mustGive(true, start.Add(time.Hour))
	h.likes(l, start.Add(time.Hour), like("zoe", "y", start))
	h.want("what counted stays", h.states(ann), " y:pending: j:pending: x:counts:2026-10")
	h.mustGive(true, start.AddDate(0, 1, 0))
	h.want("said again", h.states(ann), " y:pending: j:pending: x:counts:2026-10")
	h.mustGive(false, start.AddDate(0, 1, 0))
	h.want("they need not", h.states(ann), " y:counts:2026-11 j:pending: x:counts:2026-10")
}

func givesThoughPayable(h *house) {
	h.mustGive(true, start)
	ann, zoe := h.account("ann"), h.taker("zoe")
	l := h.link(ann, "ann", flattery.ByName)
	h.claim(zoe, "zoe", start)
	h.likes(l, start, like("zoe", "x", start), like("eve", "y", start))
	h.want("found", h.found("zoe", start, place("https://a.example.org/", true)), 0)
	h.want("of one who never joined", h.found("eve", start, place("https://b.example.org/", true)), 1)
	h.wishes(ann, start, func(s *flattery.Settings) { s.ClaimedOnly = true })
	h.wishes(ann, start, func(s *flattery.Settings) { s.ClaimedOnly = false })
	h.want("flattrs", h.states(ann), " y:counts:2026-10 x:pending:")
}

func givesRestored(h *house) {
	h.mustGive(true, start)
	ann, zoe := h.account("ann"), h.account("zoe")
	l := h.link(ann, "ann", flattery.ByName)
	h.claim(zoe, "zoe", start)
	id := h.likes(l, start, like("zoe", "x", start))[0].Flattr
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RemoveFlattr(ctx, ann, id) })
	h.wishes(zoe, start, budget(0))
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RestoreFlattr(ctx, ann, id, start) })
	h.want("put back", h.states(ann), " x:pending:")
}
