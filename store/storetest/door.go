package storetest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"flattery"
	"flattery/store"
)

// doorPromises are those of who comes in by an identity, and of who is told what waits.
func doorPromises() map[string]func(*house) {
	return map[string]func(*house){
		"an identity is found with who claims it":               claimed,
		"a claim link tells what waits and of nobody":           claimLink,
		"a claim link is made once, for an author who waits":    claimLinkOnce,
		"a claim link ends with what waits":                     claimLinkEnds,
		"a stranger's attempt goes with the link that it is of": strangersAttempt,
		"a donor's authors are paid here or wait":               donorAuthors,
	}
}

func claimed(h *house) {
	ann, bob := h.account("ann"), h.account("bob")
	h.claim(ann, "zoe", start)
	find := func(i flattery.Identity) string {
		c, err := h.Claimed(h.Context(), i)
		if err != nil {
			return fmt.Sprint(errors.Is(err, flattery.ErrNotFound))
		}
		return say(c.Account, c.Identity.Handle, c.Proof, c.Disputed)
	}
	h.want("claimed", find(profile("zoe").Identity), say(ann, "zoe", flattery.ByAdmin, false))
	h.want("unknown", find(profile("yan").Identity), true)
	other := profile("zoe").Identity
	other.Host = "elsewhere.example"
	h.want("on another host", find(other), true)
	h.do(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.OpenDispute(ctx, proof(bob, "zoe", flattery.ByOAuth, start), flattery.Token{}, start.Add(time.Hour))
		return err
	})
	h.want("disputed", find(profile("zoe").Identity), say(ann, "zoe", flattery.ByAdmin, true))
}

// asks makes a claim link as a donor.
func (h *house) asks(donor flattery.AccountID, author, token string) {
	h.Helper()
	h.do(func(ctx context.Context, tx store.Tx) error {
		return tx.AddClaimLink(ctx, donor, profile(author).Identity, token, start)
	})
}

// leads says where a claim link leads.
func (h *house) leads(token string, now time.Time) string {
	h.Helper()
	l, err := h.ClaimLink(h.Context(), token, now)
	if errors.Is(err, flattery.ErrNotFound) {
		return "nowhere"
	}
	if err != nil {
		h.Fatal(err)
	}
	s := fmt.Sprintf("%s %d of %d", l.Author.Handle, l.Flattrs, l.Donors)
	for _, t := range l.Things {
		s += " " + t.Title
	}
	if l.Claimed {
		s += " claimed"
	}
	same, err := h.ClaimLinkNumbered(h.Context(), l.ID, now)
	h.want("the same by number", say(same, err), say(l, "<nil>"))
	return s
}

func claimLink(h *house) {
	var donors []flattery.AccountID
	for i := range 3 {
		donor := h.account(fmt.Sprint("donor", i))
		donors = append(donors, donor)
		l := h.link(donor, fmt.Sprint("donor", i), flattery.ByOAuth)
		h.likes(l, start.Add(time.Duration(i)*time.Minute), like("zoe", "song", start), like("zoe", fmt.Sprint("own", i), start))
		if i < 2 {
			h.likes(l, start, like("zoe", "two", start))
		}
	}
	h.asks(donors[0], "zoe", "secret")
	h.want("it", h.leads("secret", start), "zoe 8 of 3 song")
	l, err := h.ClaimLink(h.Context(), "secret", start)
	h.want("when", say(l.Since.Sub(start), l.Newest.Sub(start), err), "0s 2m0s <nil>")
	h.want("a guess", h.leads("secreu", start), "nowhere")
	h.want("none", h.leads("", start), "nowhere")
	ann := h.account("ann")
	h.want("joined", h.claim(ann, "zoe", start), 8)
	h.want("once claimed", h.leads("secret", start), "zoe 0 of 0 claimed")
	claims, err := h.Claims(h.Context(), ann)
	if err != nil {
		h.Fatal(err)
	}
	months, err := h.ClaimMonths(h.Context(), claims[0].ID)
	h.want("its months", say(months, err), say([]flattery.ClaimMonth{{Month: october, Flattrs: 8, Donors: 3}}, "<nil>"))
}

func claimLinkOnce(h *house) {
	ann, bob := h.account("ann"), h.account("bob")
	h.likes(h.link(ann, "ann", flattery.ByOAuth), start, like("zoe", "song", start))
	ask := func(donor flattery.AccountID, author, token string) func(context.Context, store.Tx) error {
		return func(ctx context.Context, tx store.Tx) error {
			return tx.AddClaimLink(ctx, donor, profile(author).Identity, token, start)
		}
	}
	h.refused(flattery.ErrNotFound, ask(bob, "zoe", "b"))
	h.refused(flattery.ErrNotFound, ask(ann, "yan", "y"))
	if err := h.try(ask(ann, "zoe", "")); err == nil {
		h.Error("a link without a token was made")
	}
	h.want("before", h.authors(ann, october), " zoe:waiting:0:1:")
	h.asks(ann, "zoe", "one")
	h.asks(ann, "zoe", "two")
	h.want("the first stays", h.authors(ann, october), " zoe:waiting:0:1:one")
	h.want("the second leads", h.leads("two", start), "nowhere")
	h.likes(h.link(bob, "bob", flattery.ByOAuth), start, like("zoe", "song", start))
	h.asks(bob, "zoe", "three")
	h.want("it is one for all", h.authors(bob, october), " zoe:waiting:0:1:one")
	for _, err := range together(8, func(i int) error { return h.try(ask(ann, "zoe", fmt.Sprint("race", i))) }) {
		h.want("at once", err, nil)
	}
	h.want("it leads", h.leads("one", start), "zoe 2 of 2")
}

func claimLinkEnds(h *house) {
	ann := h.account("ann")
	l := h.link(ann, "ann", flattery.ByOAuth)
	h.likes(l, start, like("zoe", "song", start), like("yan", "tune", start))
	h.asks(ann, "zoe", "zoe")
	h.asks(ann, "yan", "yan")
	h.claim(h.account("yan"), "yan", start)
	h.do(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.LapsePending(ctx, start.Add(time.Second))
		return err
	})
	h.want("lapsed", h.leads("zoe", start), "nowhere")
	h.want("claimed", h.leads("yan", start), "yan 0 of 0 claimed")
	late := start.Add(90 * 24 * time.Hour)
	h.want("claimed long ago", h.leads("yan", late), "nowhere")
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.Tidy(ctx, late) })
	h.want("forgotten", h.leads("yan", start), "nowhere")
	h.likes(l, start, like("zoe", "another", start))
	h.asks(ann, "zoe", "again")
	h.want("made anew", h.leads("again", start), "zoe 1 of 1")
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.Tidy(ctx, late) })
	h.want("while something waits", h.leads("again", late), "zoe 1 of 1")
}

func strangersAttempt(h *house) {
	ann := h.account("ann")
	h.likes(h.link(ann, "ann", flattery.ByOAuth), start, like("zoe", "song", start))
	h.asks(ann, "zoe", "zoe")
	l, err := h.ClaimLink(h.Context(), "zoe", start)
	if err != nil {
		h.Fatal(err)
	}
	for _, state := range []string{"one", "two"} {
		a := attempt(0, state)
		a.ClaimLink, a.Expires = l.ID, start.Add(365*24*time.Hour)
		h.do(func(ctx context.Context, tx store.Tx) error { return tx.AddAttempt(ctx, a) })
	}
	got, err := h.take("one", start)
	h.want("the attempt", say(got.Account, got.ClaimLink, err), say(0, l.ID, "<nil>"))
	h.do(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.LapsePending(ctx, start.Add(time.Second))
		return err
	})
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.Tidy(ctx, start.Add(90*24*time.Hour)) })
	_, err = h.take("two", start)
	h.refused(flattery.ErrAttempt, func(context.Context, store.Tx) error { return err })
}

// authors are a donor's, each with how it is reached, what counts, what waits, and the token of its link.
func (h *house) authors(donor flattery.AccountID, m flattery.Month) (all string) {
	h.Helper()
	list, err := h.Authors(h.Context(), donor, m)
	if err != nil {
		h.Fatal(err)
	}
	waiting := 0
	for _, a := range list {
		all += fmt.Sprintf(" %s:%s:%d:%d:%s", a.Author.Handle, a.Reach, a.Flattrs, a.Pending, string(a.Link))
		if a.Pending > 0 {
			waiting++
		}
	}
	n, err := h.AuthorsWaiting(h.Context(), donor)
	h.want("those who wait", say(n, err), say(waiting, "<nil>"))
	return all
}

func donorAuthors(h *house) {
	ann, bob := h.account("ann"), h.account("bob")
	h.claim(bob, "bob", start)
	l := h.link(ann, "ann", flattery.ByOAuth)
	h.likes(l, start, like("bob", "tool", start), like("zoe", "song", start), like("zoe", "tune", start.Add(time.Minute)), like("yan", "photo", start), like("old", "thing", start.Add(-time.Hour)))
	h.likes(h.link(bob, "bob", flattery.ByOAuth), start, like("zoe", "song", start))
	h.asks(bob, "zoe", "zoe")
	h.want("ann's", h.authors(ann, october), " zoe:waiting:0:2:zoe yan:waiting:0:1: bob:here:1:0:")
	h.want("a month later", h.authors(ann, november), " zoe:waiting:0:2:zoe yan:waiting:0:1: bob:here:1:0:")
	h.want("two months later", h.authors(ann, november+1), " zoe:waiting:0:2:zoe yan:waiting:0:1:")
	h.found("yan", start, place("https://yan.example/pay", true), place("https://yan.example/too", false))
	h.want("once payable", h.authors(ann, october), " zoe:waiting:0:2:zoe bob:here:1:0: yan:elsewhere:1:0:")
	list, err := h.Authors(h.Context(), ann, october)
	h.want("where", say(list[2].Place.Destination, list[2].Place.Payee, list[2].Place.Page, list[2].Place.Verified, err), "https://yan.example/pay https://yan.example/pay shown https://example.org/f true <nil>")
	h.want("elsewhere alone", say(list[0].Place, list[1].Place), say(flattery.Place{}, flattery.Place{}))
	h.claim(bob, "zoe", start)
	h.claim(bob, "yan", start)
	h.want("once claimed", h.authors(ann, october), " zoe:here:2:0: bob:here:1:0: yan:here:1:0:")
	list, err = h.Authors(h.Context(), ann, october)
	h.want("where then", say(list[2].Place, err), say(flattery.Place{}, "<nil>"))
}
