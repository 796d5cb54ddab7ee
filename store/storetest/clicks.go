package storetest

import (
	"context"
	"fmt"
	"time"

	"flattery"
	"flattery/store"
)

// buttonPromises are those of clicks, subscriptions and the rules of links.
func buttonPromises() map[string]func(*house) {
	return map[string]func(*house){
		"each click is one more flattr, and the same click is one":     clicks,
		"where one click counts it counts once":                        clickOnce,
		"a click is judged as a like is":                               clickJudged,
		"a button renames nothing":                                     clickRenamesNothing,
		"a page of the web waits for who claims it":                    webPage,
		"a claim is found by its handle":                               claimOfHandle,
		"what is subscribed counts again each month, once":             subscribed,
		"a subscription is judged as a like is":                        subscribedJudged,
		"a subscription is stopped, and begun anew":                    subscriptionStops,
		"a subscription that was slept through is caught up with":      subscriptionCatchesUp,
		"a subscription follows its author":                            subscriptionFollows,
		"the rules of a link say what counts":                          rules,
		"an author is excluded from a link":                            nevers,
		"what was excluded comes back by hand while its month is open": excludedBack,
	}
}

// click is a press on zoe's button, with this title.
func click(a flattery.AccountID, author, title string, turn int64) store.Click {
	l := like(author, title, time.Time{})
	return store.Click{Account: a, Thing: l.Thing, Author: l.Author, Turn: turn}
}

func (h *house) click(c store.Click, now time.Time) (out store.Outcome) {
	h.Helper()
	h.do(func(ctx context.Context, tx store.Tx) (err error) {
		out, err = tx.AddClick(ctx, c, now)
		return err
	})
	return out
}

func clicks(h *house) {
	a, b := h.account("ann"), h.account("bob")
	h.claim(h.account("zoe"), "zoe", start)
	l := h.link(a, "ann", flattery.ByName)
	liked := h.likes(l, start, like("zoe", "x", start))
	first := h.click(click(a, "zoe", "x", 7), start)
	h.want("the first", say(first.State, first.Known, first.Flattr != 0, first.Flattr != liked[0].Flattr), "counts false true true")
	again := h.click(click(a, "zoe", "x", 7), start.Add(time.Hour))
	h.want("the same again", say(again.Flattr == first.Flattr, again.State, again.Known), "true counts true")
	more := h.click(click(a, "zoe", "x", 8), start)
	h.want("another", say(more.Flattr != first.Flattr, more.Known), "true false")
	h.want("another's, of the same turn", h.click(click(b, "zoe", "x", 7), start).Known, false)
	h.want("the same turn of another thing", h.click(click(a, "zoe", "y", 7), start).Known, false)
	h.want("flattrs", h.states(a), " y:counts:2026-10 x:counts:2026-10 x:counts:2026-10 x:counts:2026-10")
	ids := make([]flattery.FlattrID, 8)
	errs := together(8, func(i int) error {
		return h.try(func(ctx context.Context, tx store.Tx) error {
			out, err := tx.AddClick(ctx, click(a, "zoe", "race", 9), start)
			ids[i] = out.Flattr
			return err
		})
	})
	h.want("eight at once", errs, make([]error, 8))
	for _, id := range ids {
		h.want("the flattr of each", say(id, id != 0), say(ids[0], true))
	}
	f, err := h.Flattr(h.Context(), a, first.Flattr)
	h.want("the flattr", say(f.ID, f.Kind, f.Turn, f.Thing.Title, f.Source, err), say(first.Flattr, "click 7 x first seen <nil>"))
	h.refused(flattery.ErrNotFound, func(ctx context.Context, _ store.Tx) error { _, err := h.Flattr(ctx, b, first.Flattr); return err })
	if err := h.try(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.AddClick(ctx, click(a, "zoe", "x", 0), start)
		return err
	}); err == nil {
		h.Error("a click without a turn was taken")
	}
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RemoveFlattr(ctx, a, first.Flattr) })
	h.want("the same, once it was removed", h.click(click(a, "zoe", "x", 7), start).State, flattery.Removed)
}

func clickOnce(h *house) {
	a := h.account("ann")
	h.claim(h.account("zoe"), "zoe", start)
	once := func(title string, turn int64) store.Click {
		c := click(a, "zoe", title, turn)
		c.Once = true
		return c
	}
	first := h.click(once("x", 7), start)
	second := h.click(once("x", 8), start)
	h.want("the second", say(second.Known, second.Flattr == first.Flattr, second.State), "true true counts")
	errs := together(8, func(i int) error {
		return h.try(func(ctx context.Context, tx store.Tx) error {
			_, err := tx.AddClick(ctx, once("race", int64(i+1)), start)
			return err
		})
	})
	h.want("eight at once", errs, make([]error, 8))
	h.want("flattrs", h.states(a), " race:counts:2026-10 x:counts:2026-10")
	h.click(click(a, "zoe", "y", 7), start) // when many counted
	h.want("one after many", h.click(once("y", 8), start).Known, true)
	h.want("many after one", h.click(click(a, "zoe", "x", 9), start).Known, false)
}

func clickJudged(h *house) {
	a := h.account("ann")
	h.claim(h.account("zoe"), "zoe", start)
	h.claim(a, "ann-too", start)
	h.link(a, "ann", flattery.ByToken)
	h.want("of a creator", h.click(click(a, "zoe", "x", 1), start).State, flattery.Counting)
	h.want("of nobody yet", h.click(click(a, "eve", "x", 1), start).State, flattery.Pending)
	h.want("of oneself", h.click(click(a, "ann-too", "x", 1), start).State, flattery.Own)
	h.want("of oneself, linked with proof", h.click(click(a, "ann", "x", 1), start).State, flattery.Own)
	h.freeze(october, time.Date(2026, 11, 4, 0, 0, 0, 0, time.UTC))
	h.click(click(a, "zoe", "late", 1), start) // our clock is in a frozen month
	h.want("flattrs", h.states(a), " late:counts:2026-11 x:own: x:own: x:pending: x:counts:2026-10")
}

func clickRenamesNothing(h *house) {
	a := h.account("ann")
	zoe := h.account("zoe")
	h.claim(zoe, "zoe", start)
	h.likes(h.link(a, "ann", flattery.ByName), start, like("zoe", "x", start))
	c := click(a, "zoe", "x", 1)
	c.Thing.Title, c.Thing.URL, c.Author.Handle, c.Author.URL = "bad words", "https://elsewhere.example/", "bad words", "https://elsewhere.example/"
	h.click(c, start)
	f := h.flattrs(a)[0]
	h.want("what the click shows", say(f.Kind, f.Thing.Title, f.Thing.URL, f.Author.Handle, f.Author.URL),
		"click x https://github.com/zoe/x zoe https://github.com/zoe")
}

// page is a press on the bookmarklet.
func page(a flattery.AccountID, url string, turn int64) store.Click {
	return store.Click{Account: a, Turn: turn, Thing: flattery.Thing{Network: flattery.Web, Host: "blog.example", ID: url, URL: url, Title: "A page"},
		Author: flattery.Profile{Identity: flattery.Identity{Network: flattery.Web, Host: "blog.example", Subject: "~" + url}}}
}

func webPage(h *house) {
	a := h.account("ann")
	h.want("a page", h.click(page(a, "https://blog.example/1", 1), start).State, flattery.Pending)
	unnamed, err := h.Unnamed(h.Context(), 10)
	h.want("who is looked for at networks", say(len(unnamed), err), "0 <nil>")
	h.claim(h.account("zoe"), "zoe", start)
	h.do(func(ctx context.Context, tx store.Tx) error {
		return tx.NameAuthor(ctx, page(a, "https://blog.example/1", 1).Thing, profile("zoe"), start)
	})
	h.want("flattrs", h.states(a), " A page:counts:2026-10")
}

func claimOfHandle(h *house) {
	zoe := h.account("zoe")
	h.claim(zoe, "Zoe", start)
	for _, handle := range []string{"Zoe", "zoe", "ZOE"} {
		c, err := h.ClaimOf(h.Context(), "github", "github.com", handle)
		h.want(handle, say(c.Account, c.Identity.Subject, err), say(zoe, "id-Zoe <nil>"))
	}
	for _, who := range [][3]string{{"github", "github.com", "eve"}, {"github", "ghe.example", "zoe"}, {"gitea", "github.com", "zoe"}, {"github", "github.com", ""}} {
		h.refused(flattery.ErrNotFound, func(ctx context.Context, _ store.Tx) error {
			_, err := h.ClaimOf(ctx, who[0], who[1], who[2])
			return err
		})
	}
}

func (h *house) subscribe(a flattery.AccountID, f flattery.FlattrID, months int, now time.Time) (id flattery.SubscriptionID) {
	h.Helper()
	h.do(func(ctx context.Context, tx store.Tx) (err error) {
		id, err = tx.Subscribe(ctx, a, f, months, now)
		return err
	})
	return id
}

// month does what the daily job does, and says how many it made.
func (h *house) month(now time.Time) (made int) {
	h.Helper()
	for {
		n := 0
		h.do(func(ctx context.Context, tx store.Tx) (err error) {
			n, err = tx.AddSubscribed(ctx, 2, now)
			return err
		})
		if made += n; n == 0 {
			return made
		}
	}
}

func (h *house) subscriptions(a flattery.AccountID) (s string) {
	h.Helper()
	list, err := h.Subscriptions(h.Context(), a)
	if err != nil {
		h.Fatal(err)
	}
	for _, l := range list {
		s += fmt.Sprintf(" %s:%s:%s:%v", l.Thing.Title, l.First, l.Last, !l.StoppedAt.IsZero())
	}
	return s
}

func subscribed(h *house) {
	a, b := h.account("ann"), h.account("bob")
	h.claim(h.account("zoe"), "zoe", start)
	l := h.link(a, "ann", flattery.ByName)
	out := h.likes(l, start, like("zoe", "x", start), like("zoe", "y", start), like("zoe", "z", start))
	h.refused(flattery.ErrNotFound, func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Subscribe(ctx, b, out[0].Flattr, 3, start)
		return err
	})
	h.subscribe(a, out[0].Flattr, 3, start)
	h.subscribe(a, out[1].Flattr, 0, start)
	h.subscribe(a, out[2].Flattr, 6, start)
	h.want("subscriptions", h.subscriptions(a), " z:2026-11:2027-04:false y:2026-11::false x:2026-11:2027-01:false")
	h.want("another's", h.subscriptions(b), "")
	h.want("in the month they began", h.month(start), 0)
	h.want("in the next", h.month(start.AddDate(0, 1, 0)), 3)
	errs := together(4, func(int) error {
		return h.try(func(ctx context.Context, tx store.Tx) error {
			_, err := tx.AddSubscribed(ctx, 100, start.AddDate(0, 2, 0))
			return err
		})
	})
	h.want("four at once", errs, make([]error, 4))
	h.want("and again", h.month(start.AddDate(0, 2, 1)), 0)
	h.freeze(october, start.AddDate(0, 1, 0))
	h.freeze(november, start.AddDate(0, 2, 0))
	h.freeze(november+1, start.AddDate(0, 3, 0))
	h.want("the last of three", h.month(start.AddDate(0, 3, 0)), 3)
	h.freeze(november+2, start.AddDate(0, 4, 0))
	h.want("after them", h.month(start.AddDate(0, 4, 0)), 2)
	n := 0
	for _, f := range h.flattrs(a) {
		if f.Kind == flattery.KindSubscription {
			n++
			h.want("the turn of "+f.Thing.Title, flattery.Month(f.Turn), f.CountsIn)
			h.want("the day of "+f.Thing.Title, flattery.MonthOf(f.At, f.At.Location()) <= f.CountsIn, true)
		}
	}
	h.want("flattrs of them", n, 11)
}

func subscribedJudged(h *house) {
	a := h.account("ann")
	zoe := h.account("zoe")
	h.claim(zoe, "zoe", start)
	l := h.link(a, "ann", flattery.ByName)
	h.claim(a, "me", start)
	out := h.likes(l, start, like("zoe", "x", start), like("eve", "waits", start), like("me", "mine", start), like("zoe", "gone", start))
	h.refused(flattery.ErrNotFound, func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Subscribe(ctx, a, out[2].Flattr, 3, start)
		return err
	})
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RemoveFlattr(ctx, a, out[3].Flattr) })
	h.refused(flattery.ErrNotFound, func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Subscribe(ctx, a, out[3].Flattr, 3, start)
		return err
	})
	h.subscribe(a, out[0].Flattr, 3, start)
	h.subscribe(a, out[1].Flattr, 3, start)
	h.want("made", h.month(start.AddDate(0, 1, 0)), 2)
	h.want("flattrs", h.states(a), " waits:pending: x:counts:2026-11 gone:removed: mine:own: waits:pending: x:counts:2026-10")
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RemoveAccount(ctx, a, start) })
	h.want("of who is gone", h.subscriptions(a), "")
	h.want("made for who is gone", h.month(start.AddDate(0, 2, 0)), 0)
}

func subscriptionStops(h *house) {
	a, b := h.account("ann"), h.account("bob")
	h.claim(h.account("zoe"), "zoe", start)
	out := h.likes(h.link(a, "ann", flattery.ByName), start, like("zoe", "x", start))
	id := h.subscribe(a, out[0].Flattr, 0, start)
	stop := func(who flattery.AccountID) func(context.Context, store.Tx) error {
		return func(ctx context.Context, tx store.Tx) error { return tx.StopSubscription(ctx, who, id, start) }
	}
	h.refused(flattery.ErrNotFound, stop(b))
	h.do(stop(a))
	h.refused(flattery.ErrNotFound, stop(a))
	h.want("once it was stopped", h.month(start.AddDate(0, 1, 0)), 0)
	h.want("stopped", h.subscriptions(a), " x:2026-11::true")
	h.want("the same, begun anew", h.subscribe(a, out[0].Flattr, 3, start.AddDate(0, 1, 0)), id)
	h.want("begun anew", h.subscriptions(a), " x:2026-12:2027-02:false")
	h.want("not in that month", h.month(start.AddDate(0, 1, 0)), 0)
	h.want("in the next", h.month(start.AddDate(0, 2, 0)), 1)
	h.subscribe(a, out[0].Flattr, 12, start.AddDate(0, 2, 0))
	h.want("made longer", h.subscriptions(a), " x:2026-12:2027-12:false")
	h.subscribe(a, out[0].Flattr, 3, start.AddDate(2, 0, 0))
	h.want("after it ended", h.subscriptions(a), " x:2028-11:2029-01:false")
}

func subscriptionCatchesUp(h *house) {
	a := h.account("ann")
	h.claim(h.account("zoe"), "zoe", start)
	out := h.likes(h.link(a, "ann", flattery.ByName), start, like("zoe", "x", start))
	h.subscribe(a, out[0].Flattr, 3, start)
	h.freeze(october, start.AddDate(0, 1, 0))
	h.want("made", h.month(start.AddDate(0, 2, 0)), 2) // November is over, and not frozen
	h.want("flattrs", h.states(a), " x:counts:2026-12 x:counts:2026-11 x:counts:2026-10")
}

func subscriptionFollows(h *house) {
	a := h.account("ann")
	handle := flattery.Profile{Identity: flattery.Identity{Network: "github", Host: "github.com", Subject: "@zoe"}, Handle: "zoe"}
	c := click(a, "zoe", "x", 1)
	c.Author = handle
	h.subscribe(a, h.click(c, start).Flattr, 3, start)
	h.subscribe(a, h.click(page(a, "https://blog.example/1", 1), start).Flattr, 3, start)
	h.claim(h.account("zoe"), "zoe", start)
	h.do(func(ctx context.Context, tx store.Tx) error {
		return tx.NameAuthor(ctx, page(a, "https://blog.example/1", 1).Thing, profile("zoe"), start)
	})
	h.month(start.AddDate(0, 1, 0))
	h.want("flattrs", h.states(a), " A page:counts:2026-11 x:counts:2026-11 A page:counts:2026-10 x:counts:2026-10")
}
