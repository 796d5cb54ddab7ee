package storetest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/store"
)

func placePromises() map[string]func(*house) {
	return map[string]func(*house){
		"where an author is paid is kept as it was found":                        placesKept,
		"who becomes payable lets pending flattrs join the current month":        payableJoins,
		"who is not payable any more has those of open months pending":           payableEnds,
		"a donor may want those alone who joined":                                claimedOnly,
		"those for whom somebody waits are looked for, and not too often":        sought,
		"a claim takes what an author is owed, but what a slip is out for":       payableClaimed,
		"a slip of an author who never joined goes to where they publish":        payableSlip,
		"one's own things do not count because one is payable":                   payableOwn,
		"the donor sees who takes money elsewhere":                               payableShown,
		"a provisional or unknown author is not payable":                         payableUnknown,
		"what is payable at the time of a freeze is settled though it ends then": payableFrozen,
	}
}

// place is where somebody is paid.
func place(to string, verified bool) flattery.Place {
	p := flattery.Place{Destination: flattery.Destination(to), Source: flattery.PlaceFile, Payee: to + " shown", Page: "https://example.org/f", Verified: verified, Reason: flattery.PlaceByOwner, ETag: `"e"`}
	if !verified {
		p.Reason = flattery.PlaceFork
	}
	return p
}

// found tells the store what was found of an author.
func (h *house) found(handle string, now time.Time, places ...flattery.Place) (joined int) {
	h.Helper()
	h.do(func(ctx context.Context, tx store.Tx) (err error) {
		joined, err = tx.SavePayable(ctx, flattery.Payable{Author: profile(handle), Places: places, LookedAt: now, Expires: now.Add(7 * 24 * time.Hour)})
		return err
	})
	return joined
}

func placesKept(h *house) {
	h.likes(h.link(h.account("ann"), "ann", flattery.ByName), start, like("zoe", "x", start))
	if _, err := h.Payable(h.Context(), profile("zoe").Identity); err == nil {
		h.Error("known before anybody looked")
	}
	h.found("zoe", start, place("https://a.example.org/", true), place("https://b.example.org/", false))
	p, err := h.Payable(h.Context(), profile("zoe").Identity)
	h.want("places", say(p.Places, err), say([]flattery.Place{place("https://a.example.org/", true), place("https://b.example.org/", false)}, nil))
	h.want("author and times", say(p.Author, p.LookedAt, p.Expires), say(profile("zoe"), start, start.Add(7*24*time.Hour)))
	h.found("zoe", start.Add(time.Hour), place("https://c.example.org/", false))
	p, err = h.Payable(h.Context(), profile("zoe").Identity)
	_, can := p.Place()
	h.want("found anew", say(p.Places, can, p.LookedAt, err), say([]flattery.Place{place("https://c.example.org/", false)}, false, start.Add(time.Hour), nil))
}

func payableJoins(h *house) {
	a, b := h.account("ann"), h.account("bob")
	l, m := h.link(a, "ann", flattery.ByName), h.link(b, "bob", flattery.ByName)
	h.likes(l, start, like("zoe", "x", start), like("eve", "y", start))
	h.likes(m, start, like("zoe", "x", start))
	h.want("not verified", h.found("zoe", start, place("https://a.example.org/", false)), 0)
	h.want("joined", h.found("zoe", start.AddDate(0, 1, 0), place("https://a.example.org/", true)), 2)
	h.want("flattrs", h.states(a), " y:pending: x:counts:2026-11")
	h.likes(l, start.AddDate(0, 1, 0), like("zoe", "z", start.AddDate(0, 1, 0)))
	h.want("a later like", h.states(a), " z:counts:2026-11 y:pending: x:counts:2026-11")
	h.want("found again", h.found("zoe", start.AddDate(0, 1, 1), place("https://a.example.org/", true)), 0)
}

func payableEnds(h *house) {
	a := h.account("ann")
	l := h.link(a, "ann", flattery.ByName)
	h.likes(l, start, like("zoe", "x", start), like("eve", "y", start))
	h.found("zoe", start, place("https://a.example.org/", true))
	h.found("eve", start, place("https://b.example.org/", true))
	h.claim(h.account("eve"), "eve", start)
	h.freeze(october, start.AddDate(0, 1, 0))
	h.likes(l, start.AddDate(0, 1, 0), like("zoe", "z", start.AddDate(0, 1, 0)))
	h.found("zoe", start.AddDate(0, 1, 1))
	h.found("eve", start.AddDate(0, 1, 1))
	h.want("flattrs", h.states(a), " z:pending: y:counts:2026-10 x:counts:2026-10")
}

func claimedOnly(h *house) {
	a := h.account("ann")
	wants := func(only bool, since time.Time) {
		h.Helper()
		was, err := h.Account(h.Context(), a)
		if err != nil {
			h.Fatal(err)
		}
		was.ClaimedOnly = only
		h.do(func(ctx context.Context, tx store.Tx) error { return tx.SetSettings(ctx, a, was.Settings, since) })
	}
	l := h.link(a, "ann", flattery.ByName)
	h.claim(h.account("eve"), "eve", start)
	h.likes(l, start, like("zoe", "x", start), like("eve", "y", start), like("joe", "w", start))
	h.found("zoe", start, place("https://a.example.org/", true))
	h.want("before", h.states(a), " w:pending: y:counts:2026-10 x:counts:2026-10")
	wants(true, start.Add(time.Hour))
	h.want("those alone who joined", h.states(a), " w:pending: y:counts:2026-10 x:pending:")
	h.likes(l, start, like("zoe", "z", start))
	h.want("joined", h.found("zoe", start.Add(2*time.Hour), place("https://a.example.org/", true)), 0)
	h.want("a later like", h.states(a), " z:pending: w:pending: y:counts:2026-10 x:pending:")
	wants(false, start.Add(3*time.Hour))
	h.want("all again", h.states(a), " z:counts:2026-10 w:pending: y:counts:2026-10 x:counts:2026-10")
	set, err := h.Account(h.Context(), a)
	h.want("the setting", say(set.ClaimedOnly, err), "false <nil>")
}

func sought(h *house) {
	list := func(now time.Time, n int) string {
		h.Helper()
		all, err := h.Sought(h.Context(), now, n)
		if err != nil {
			h.Fatal(err)
		}
		var said []string
		for _, s := range all {
			var things []string
			for _, t := range s.Things {
				things = append(things, t.Title)
			}
			said = append(said, fmt.Sprintf("%s[%s]%d", s.Author.Handle, strings.Join(things, ","), len(s.Known)))
		}
		return strings.Join(said, " ")
	}
	a := h.account("ann")
	l := h.link(a, "ann", flattery.ByName)
	h.want("nobody", list(start, 9), "")
	h.likes(l, start, like("zoe", "1", start), like("zoe", "2", start), like("zoe", "3", start), like("zoe", "4", start), like("eve", "5", start), like("joe", "6", start),
		like("old", "7", start.AddDate(0, -1, 0)), provisional("@ned", "ned", "8"), provisional("~9", "", "9"))
	h.claim(h.account("joe"), "joe", start)
	h.want("never looked for", list(start, 9), "eve[5]0 zoe[1,2,3]0")
	h.want("the first", list(start, 1), "eve[5]0")
	h.found("zoe", start, place("https://a.example.org/", true))
	h.want("after a look", list(start, 9), "eve[5]0")
	h.found("eve", start)
	h.want("after all looks", list(start, 9), "")
	h.want("a week later", list(start.AddDate(0, 0, 7), 9), "eve[5]0 zoe[1,2,3]1")
	h.claim(h.account("zoe"), "zoe", start)
	h.want("who joined", list(start.AddDate(0, 0, 7), 9), "eve[5]0")
}

// owesPayable lets ann owe zoe, who is payable, what a month gave.
func (h *house) owesPayable(ann flattery.AccountID, amount flattery.Amount) (author flattery.PayeeID) {
	h.Helper()
	h.likes(h.link(ann, "ann", flattery.ByName), start, like("zoe", "x", start))
	h.found("zoe", start, place("https://a.example.org/", true))
	h.freeze(october, start.AddDate(0, 1, 0))
	for d, err := range h.DonorMonths(h.Context(), october, 0, 1<<62) {
		if err != nil {
			h.Fatal(err)
		}
		author = d.Payees[0]
	}
	h.want("there is a payee", author != 0, true)
	h.do(func(ctx context.Context, tx store.Tx) error {
		if err := post(ctx, tx, "settled", entry(ledger.Pledge(ann), ledger.DonorMeans(ann), amount), entry(ledger.DonorMeans(ann), ledger.PayeePayable(author), amount)); err != nil {
			return err
		}
		return tx.Owe(ctx, ann, author, "EUR", amount, october)
	})
	return author
}

func (h *house) debts(donor flattery.AccountID) string {
	h.Helper()
	list, err := h.Debts(h.Context(), donor)
	if err != nil {
		h.Fatal(err)
	}
	var said []string
	for _, d := range list {
		said = append(said, fmt.Sprintf("%s %d planned %d to %s (%s by %s)", d.PayeeName, int64(d.Amount), int64(d.Planned), d.Destination, d.Shown, d.Source))
	}
	return strings.Join(said, "; ")
}

func payableSlip(h *house) {
	ann := h.account("ann")
	author := h.owesPayable(ann, 5)
	h.want("debts", h.debts(ann), "github:zoe 5 planned 0 to https://a.example.org/ (https://a.example.org/ shown by FUNDING.yml)")
	list, err := h.Debts(h.Context(), ann)
	if err != nil {
		h.Fatal(err)
	}
	slip := flattery.Payment{Code: "A", Rail: "manual", Donor: ann, Payee: author, Currency: "EUR", Amount: 5, Destination: list[0].Destination, Published: list[0].Published}
	h.do(func(ctx context.Context, tx store.Tx) error {
		return tx.AddPlan(ctx, store.Plan{Month: october, Hash: fmt.Sprintf("%064d", 7), CreatedAt: start}, []flattery.Payment{slip})
	})
	h.found("zoe", start.AddDate(0, 1, 0))
	h.want("nowhere to be paid", h.debts(ann), "github:zoe 5 planned 5 to  ( by )")
	slips, err := h.Payments(h.Context(), store.PaymentQuery{Donor: ann})
	if err != nil || len(slips) != 1 {
		h.Fatal(slips, err)
	}
	p := slips[0]
	h.want("the slip", say(p.PayeeName, p.Destination, p.Joined, p.Shown, p.Source, p.ProvedAt), say("github:zoe", "https://a.example.org/", false, "https://a.example.org/ shown", "FUNDING.yml", start))
}

func payableClaimed(h *house) {
	ann := h.account("ann")
	author := h.owesPayable(ann, 5)
	h.do(func(ctx context.Context, tx store.Tx) error {
		return tx.AddPlan(ctx, store.Plan{Month: october, Hash: fmt.Sprintf("%064d", 7), CreatedAt: start}, []flattery.Payment{
			{Code: "A", Rail: "manual", Donor: ann, Payee: author, Currency: "EUR", Amount: 2, Destination: "https://a.example.org/"}})
	})
	h.claim(h.account("zoe"), "zoe", start.AddDate(0, 1, 0))
	h.want("debts", h.debts(ann), "zoe 3 planned 0 to  ( by ); github:zoe 2 planned 2 to https://a.example.org/ (https://a.example.org/ shown by FUNDING.yml)")
	balance, err := h.Balance(h.Context(), ledger.PayeePayable(author), "EUR")
	h.want("what the author is owed", say(int64(balance), err), "2 <nil>")
}

func payableOwn(h *house) {
	ann, zoe := h.account("ann"), h.account("zoe")
	l := h.link(zoe, "zoe", flattery.ByOAuth)
	h.likes(l, start, like("zoe", "x", start))
	h.likes(h.link(ann, "ann", flattery.ByName), start, like("zoe", "x", start))
	h.want("joined", h.found("zoe", start, place("https://a.example.org/", true)), 1)
	h.want("her own", h.states(zoe), " x:own:")
}

func payableShown(h *house) {
	ann := h.account("ann")
	h.likes(h.link(ann, "ann", flattery.ByName), start, like("zoe", "x", start), like("eve", "y", start), like("joe", "z", start))
	h.found("zoe", start, place("https://a.example.org/", true))
	h.found("joe", start, place("https://b.example.org/", true))
	h.claim(h.account("joe"), "joe", start)
	shown := func() string {
		h.Helper()
		list, err := h.Authors(h.Context(), ann, october)
		if err != nil {
			h.Fatal(err)
		}
		said := map[string]string{}
		for _, a := range list {
			said[a.Author.Handle] = strings.TrimSpace(fmt.Sprintln(a.Reach, a.Place.Payee))
		}
		return fmt.Sprint(said)
	}
	h.want("authors", shown(), "map[eve:waiting joe:here zoe:elsewhere https://a.example.org/ shown]")
	a, err := h.Account(h.Context(), ann)
	if err != nil {
		h.Fatal(err)
	}
	a.ClaimedOnly = true
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.SetSettings(ctx, ann, a.Settings, start) })
	h.want("with those alone who joined", shown(), "map[eve:waiting joe:here zoe:waiting https://a.example.org/ shown]")
}

func payableUnknown(h *house) {
	h.refused(flattery.ErrNotFound, func(ctx context.Context, tx store.Tx) error {
		_, err := tx.SavePayable(ctx, flattery.Payable{Author: profile("nobody"), LookedAt: start, Expires: start})
		return err
	})
}

func payableFrozen(h *house) {
	ann := h.account("ann")
	h.likes(h.link(ann, "ann", flattery.ByName), start, like("zoe", "x", start))
	h.found("zoe", start, place("https://a.example.org/", true))
	h.freeze(october, start.AddDate(0, 1, 0))
	h.found("zoe", start.AddDate(0, 1, 0))
	for d, err := range h.DonorMonths(h.Context(), october, 0, 1<<62) {
		h.want("the payee", say(d.Payees[0] != 0, err), "true <nil>")
	}
	h.want("flattrs", h.states(ann), " x:counts:2026-10")
}
