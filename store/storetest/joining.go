package storetest

import (
	"context"
	"fmt"
	"time"

	"flattery"
	"flattery/store"
)

// joiningPromises are those of how much of what waited joins a month.
func joiningPromises() map[string]func(*house) {
	return map[string]func(*house){
		"what waited joins a month up to the limit, the oldest first":             joinsInParts,
		"the limit is of each donor and creator":                                  joinsOfEach,
		"two identities of one account are one creator":                           joinsOfOneAccount,
		"what is liked once the author can be paid is not limited":                joinsNew,
		"what had counted comes back whole":                                       joinsAgain,
		"what waited for a place, a donor's wish or a receiver is limited alike":  joinsAnyWay,
		"without a limit all joins":                                               joinsWhole,
		"what waits because of the limit lapses like all that waits":              joinsNever,
		"the donor sees what waited and counts, and for whom more waits":          joinsShown,
		"authors of whom some waits on are shown as those who can be paid, still": joinsReach,
	}
}

func (h *house) most(n int) {
	h.Helper()
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.SetPendingMost(ctx, n) })
	got, err := h.PendingMost(h.Context())
	h.want("the limit", say(got, err), say(n, nil))
}

func (h *house) joins(now time.Time) (n int) {
	h.Helper()
	h.do(func(ctx context.Context, tx store.Tx) (err error) { n, err = tx.JoinPending(ctx, now); return err })
	return n
}

// waiting lets a donor like so many things of an author, a minute apart.
func (h *house) waiting(l flattery.Link, author string, n int) {
	h.Helper()
	for i := range n {
		at := start.Add(time.Duration(i) * time.Minute)
		h.likes(l, at, like(author, fmt.Sprint(author, i), at))
	}
}

func joinsInParts(h *house) {
	h.most(2)
	a := h.account("ann")
	l := h.link(a, "ann", flattery.ByName)
	h.waiting(l, "zoe", 5)
	h.want("joined", h.claim(h.account("zoe"), "zoe", start.AddDate(0, 0, 3)), 2)
	h.want("in October", h.states(a), " zoe4:pending: zoe3:pending: zoe2:pending: zoe1:counts:2026-10 zoe0:counts:2026-10")
	h.want("again in October", h.joins(start.AddDate(0, 0, 4)), 0)
	h.want("in November", h.joins(start.AddDate(0, 1, 0)), 2)
	h.want("again in November", h.joins(start.AddDate(0, 1, 1)), 0)
	h.want("in December", h.joins(start.AddDate(0, 2, 0)), 1)
	h.want("at last", h.states(a), " zoe4:counts:2026-12 zoe3:counts:2026-11 zoe2:counts:2026-11 zoe1:counts:2026-10 zoe0:counts:2026-10")
}

func joinsOfEach(h *house) {
	h.most(1)
	a, b := h.account("ann"), h.account("bob")
	h.waiting(h.link(a, "ann", flattery.ByName), "zoe", 2)
	h.waiting(h.link(b, "bob", flattery.ByName), "zoe", 2)
	l, err := h.Links(h.Context(), a)
	if err != nil {
		h.Fatal(err)
	}
	h.waiting(l[0], "eve", 2)
	h.want("zoe's", h.found("zoe", start.AddDate(0, 0, 1), place("https://a.example.org/", true)), 2)
	h.want("eve's", h.found("eve", start.AddDate(0, 0, 1), place("https://b.example.org/", true)), 1)
	h.want("ann", h.states(a), " eve1:pending: eve0:counts:2026-10 zoe1:pending: zoe0:counts:2026-10")
}

func joinsOfOneAccount(h *house) {
	h.most(3)
	a, z := h.account("ann"), h.account("zoe")
	l := h.link(a, "ann", flattery.ByName)
	h.waiting(l, "zoe", 2)
	h.waiting(l, "eve", 2)
	h.want("the first identity", h.claim(z, "zoe", start.AddDate(0, 0, 1)), 2)
	h.want("the second", h.claim(z, "eve", start.AddDate(0, 0, 1)), 1)
}

func joinsNew(h *house) {
	h.most(1)
	a := h.account("ann")
	l := h.link(a, "ann", flattery.ByName)
	h.waiting(l, "zoe", 2)
	h.claim(h.account("zoe"), "zoe", start.AddDate(0, 0, 1))
	h.likes(l, start.AddDate(0, 0, 2), like("zoe", "x", start.AddDate(0, 0, 2)), like("zoe", "y", start.AddDate(0, 0, 2)))
	h.want("flattrs", h.states(a), " y:counts:2026-10 x:counts:2026-10 zoe1:pending: zoe0:counts:2026-10")
	h.want("and in November", h.joins(start.AddDate(0, 1, 0)), 1)
}

func joinsAgain(h *house) {
	h.most(1)
	a := h.account("ann")
	l := h.link(a, "ann", flattery.ByName)
	h.waiting(l, "zoe", 2)
	h.found("zoe", start.AddDate(0, 0, 1), place("https://a.example.org/", true))
	h.likes(l, start.AddDate(0, 0, 2), like("zoe", "x", start.AddDate(0, 0, 2)), like("zoe", "y", start.AddDate(0, 0, 2)))
	was := h.states(a)
	h.found("zoe", start.AddDate(0, 0, 3))
	h.want("lost", h.states(a), " y:pending: x:pending: zoe1:pending: zoe0:pending:")
	h.found("zoe", start.AddDate(0, 0, 4), place("https://a.example.org/", true))
	h.want("found again", h.states(a), was)
}

func joinsAnyWay(h *house) {
	h.most(1)
	a := h.account("ann")
	l := h.link(a, "ann", flattery.ByName)
	h.wishes(a, start, func(s *flattery.Settings) { s.ClaimedOnly = true })
	h.waiting(l, "zoe", 2)
	h.found("zoe", start.AddDate(0, 0, 1), place("https://a.example.org/", true))
	h.wishes(a, start.AddDate(0, 0, 2), func(s *flattery.Settings) { s.ClaimedOnly = false })
	h.want("by wish", h.states(a), " zoe1:pending: zoe0:counts:2026-10")
	h.mustGive(true, start)
	h.waiting(l, "eve", 2)
	e := h.taker("eve")
	h.want("a receiver who does not give", h.claim(e, "eve", start.AddDate(0, 0, 1)), 0)
	h.want("nor later", h.joins(start.AddDate(0, 0, 2)), 0)
	h.wishes(e, start.AddDate(0, 0, 2), budget(5*flattery.Unit))
	h.want("by giving", h.states(a), " eve1:pending: eve0:counts:2026-10 zoe1:pending: zoe0:counts:2026-10")
}

func joinsWhole(h *house) {
	n, err := h.PendingMost(h.Context())
	h.want("at first", say(n, err), "0 <nil>")
	l := h.link(h.account("ann"), "ann", flattery.ByName)
	h.waiting(l, "zoe", 30)
	h.want("joined", h.claim(h.account("zoe"), "zoe", start.AddDate(0, 0, 1)), 30)
}

func joinsNever(h *house) {
	h.most(1)
	a := h.account("ann")
	h.waiting(h.link(a, "ann", flattery.ByName), "zoe", 3)
	h.claim(h.account("zoe"), "zoe", start.AddDate(0, 0, 1))
	h.joins(start.AddDate(0, 1, 0))
	h.do(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.LapsePending(ctx, start.AddDate(0, 0, 1))
		return err
	})
	h.want("flattrs", h.states(a), " zoe2:lapsed: zoe1:counts:2026-11 zoe0:counts:2026-10")
}

func joinsShown(h *house) {
	h.most(2)
	a, b := h.account("ann"), h.account("bob")
	l := h.link(a, "ann", flattery.ByName)
	h.waiting(l, "zoe", 5)
	h.waiting(h.link(b, "bob", flattery.ByName), "zoe", 1)
	at := start.AddDate(0, 0, 3)
	h.likes(l, at, like("eve", "x", at))
	h.claim(h.account("zoe"), "zoe", at)
	h.claim(h.account("eve"), "eve", at.Add(time.Hour))
	shown := func(of flattery.AccountID, m flattery.Month) string {
		h.Helper()
		list, err := h.Admitted(h.Context(), of, m)
		if err != nil {
			h.Fatal(err)
		}
		said := ""
		for _, o := range list {
			said += fmt.Sprintf("%s %d %d;", o.Author.Handle, o.Flattrs, o.Later)
		}
		return said
	}
	h.want("ann is told", h.told(a), "author.payable:2026-10:0:2:github/zoe")
	h.want("ann's October", shown(a, october), "zoe 2 3;")
	h.want("bob's", shown(b, october), "zoe 1 0;")
	h.joins(start.AddDate(0, 1, 0))
	h.joins(start.AddDate(0, 1, 1))
	h.want("ann is told once a month", h.told(a), "author.payable:2026-11:0:2:github/zoe author.payable:2026-10:0:2:github/zoe")
	h.want("ann's November", shown(a, october+1), "zoe 2 1;")
}

func joinsReach(h *house) {
	h.most(1)
	a := h.account("ann")
	l := h.link(a, "ann", flattery.ByName)
	h.waiting(l, "zoe", 3)
	h.waiting(l, "eve", 2)
	h.waiting(l, "joe", 1)
	h.claim(h.account("zoe"), "zoe", start.AddDate(0, 0, 1))
	h.found("eve", start.AddDate(0, 0, 1), place("https://b.example.org/", true))
	list, err := h.Authors(h.Context(), a, october)
	if err != nil {
		h.Fatal(err)
	}
	said := ""
	for _, o := range list {
		said += fmt.Sprintf("%s %s %d %d;", o.Author.Handle, o.Reach, o.Flattrs, o.Pending)
	}
	h.want("authors", said, "zoe here 1 2;eve elsewhere 1 1;joe waiting 0 1;")
}
