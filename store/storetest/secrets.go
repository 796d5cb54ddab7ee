package storetest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"flattery"
	"flattery/store"
)

// whole is a token with everything a token may have.
var whole = flattery.Token{Access: "canary-access", Secret: "canary-secret", Refresh: "canary-refresh", Expires: start.Add(2 * time.Hour)}

// open shows a token as it is.
func open(t flattery.Token) string {
	return say(string(t.Access), string(t.Secret), string(t.Refresh), t.Expires)
}

func (h *house) tokened(a flattery.AccountID, handle string, token flattery.Token) (id flattery.LinkID) {
	h.Helper()
	h.do(func(ctx context.Context, tx store.Tx) (err error) {
		id, err = tx.AddLink(ctx, flattery.Link{Account: a, Identity: profile(handle), Proof: flattery.ByToken, BeginsAt: start, NextPoll: start}, token)
		return err
	})
	return id
}

func (h *house) wantToken(what string, id flattery.LinkID, want flattery.Token) {
	h.Helper()
	got, err := h.Token(h.Context(), id)
	h.want(what, say(open(got), err), say(open(want), "<nil>"))
}

func token(h *house) {
	a := h.account("ann")
	id := h.tokened(a, "ann", whole)
	other := h.tokened(a, "other", flattery.Token{Access: `{"not":"ours"}`})
	h.wantToken("the token", id, whole)
	h.wantToken("a token that looks like another thing", other, flattery.Token{Access: `{"not":"ours"}`})
	h.wantToken("no token", h.link(a, "public", flattery.ByName).ID, flattery.Token{})
	_, err := h.Token(h.Context(), 99)
	h.refused(flattery.ErrNotFound, func(context.Context, store.Tx) error { return err })

	h.do(func(ctx context.Context, tx store.Tx) error {
		l, err := h.Link(ctx, id)
		if err != nil {
			return err
		}
		l.State, l.Reason, l.Failures = flattery.LinkSuspended, "reconnect", 3
		return tx.SaveLink(ctx, l)
	})
	h.want("the link, linked again", h.tokened(a, "ann", flattery.Token{Access: "new"}), id)
	h.wantToken("its new token", id, flattery.Token{Access: "new"})
	l, err := h.Link(h.Context(), id)
	h.want("the link", say(l.State, l.Reason, l.Failures, err), "active  0 <nil>")

	h.want("the link that works, linked by name", h.link(a, "ann", flattery.ByName).Proof, flattery.ByToken)
	h.wantToken("its token, still", id, flattery.Token{Access: "new"})
	h.do(func(ctx context.Context, tx store.Tx) error {
		l.State, l.Reason = flattery.LinkSuspended, "reconnect"
		return tx.SaveLink(ctx, l)
	})
	h.want("the link that stopped, linked by name", h.link(a, "ann", flattery.ByName).Proof, flattery.ByName)
	h.wantToken("its token then", id, flattery.Token{})

	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RemoveLink(ctx, id) })
	h.wantToken("the token of a removed link", id, flattery.Token{})
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.SaveToken(ctx, id, whole) })
	h.wantToken("a token renewed too late", id, flattery.Token{})
	h.wantToken("the token beside it", other, flattery.Token{Access: `{"not":"ours"}`})
}

func tokenHeld(h *house) {
	a := h.account("ann")
	id, free := h.tokened(a, "ann", whole), h.tokened(a, "free", whole)
	hold := func(now time.Time) func(context.Context, store.Tx) error {
		return func(ctx context.Context, tx store.Tx) error { return tx.HoldToken(ctx, id, now, now.Add(time.Minute)) }
	}
	held := 0
	for _, err := range together(8, func(int) error { return h.try(hold(start)) }) {
		if err == nil {
			held++
		}
	}
	h.want("holders of eight", held, 1)
	h.refused(flattery.ErrState, hold(start.Add(59*time.Second)))
	h.do(func(ctx context.Context, tx store.Tx) error {
		return tx.HoldToken(ctx, free, start, start.Add(time.Minute))
	})
	h.do(hold(start.Add(time.Minute))) // it has ended by itself
	h.do(func(ctx context.Context, tx store.Tx) error {
		return tx.SaveToken(ctx, id, flattery.Token{Access: "renewed"})
	})
	h.wantToken("the token", id, flattery.Token{Access: "renewed"})
	h.do(hold(start.Add(time.Minute))) // and by what was renewed
	h.tokened(a, "ann", whole)
	h.do(hold(start.Add(time.Minute))) // and by linking again
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RemoveLink(ctx, id) })
	h.refused(flattery.ErrNotFound, hold(start.Add(time.Hour)))
}

func claimToken(h *house) {
	a := h.account("ann")
	link := h.tokened(a, "ann", whole)
	h.claim(a, "ann", start)
	h.likes(h.link(a, "fan", flattery.ByOAuth), start, like("zoe", "song", start))
	claims, err := h.Claims(h.Context(), a)
	if err != nil || len(claims) != 1 {
		h.Fatal(claims, err)
	}
	id := claims[0].ID
	want := func(what string, token flattery.Token) {
		h.Helper()
		got, err := h.ClaimToken(h.Context(), id)
		h.want(what, say(open(got), err), say(open(token), "<nil>"))
	}
	want("none yet", flattery.Token{})
	own := flattery.Token{Access: "of the claim", Expires: start}
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.SaveClaimToken(ctx, id, own) })
	want("the claim's", own)
	h.wantToken("the link's", link, whole)
	h.claim(a, "ann", start.Add(time.Hour)) // proved again
	want("the claim's, proved again", own)
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RemoveClaim(ctx, id, start) })
	_, err = h.ClaimToken(h.Context(), id)
	h.refused(flattery.ErrNotFound, func(context.Context, store.Tx) error { return err })
	h.refused(flattery.ErrNotFound, func(ctx context.Context, tx store.Tx) error { return tx.SaveClaimToken(ctx, id, own) })
	h.wantToken("the link's, still", link, whole)
}

func appKept(h *house) {
	app := flattery.App{ID: "id", Secret: "canary-secret", Key: "canary-key", Accepted: "The sentence."}
	save := func(network string, a flattery.App) {
		h.Helper()
		h.do(func(ctx context.Context, tx store.Tx) error { return tx.SaveApp(ctx, network, a, start) })
	}
	saveToken := func(t flattery.Token) {
		h.Helper()
		h.do(func(ctx context.Context, tx store.Tx) error { return tx.SaveAppToken(ctx, "flickr", t) })
	}
	want := func(what string, a flattery.App, t flattery.Token) {
		h.Helper()
		gotApp, err := h.App(h.Context(), "flickr")
		gotToken, tokenErr := h.AppToken(h.Context(), "flickr")
		show := func(a flattery.App) string { return say(a.ID, string(a.Secret), string(a.Key), a.Accepted) }
		h.want(what, say(show(gotApp), err, open(gotToken), tokenErr), say(show(a), "<nil>", open(t), "<nil>"))
	}
	want("nothing", flattery.App{}, flattery.Token{})
	saveToken(whole)
	want("a token to keys from the settings", flattery.App{}, whole)
	save("flickr", app)
	want("keys that were entered drop it", app, flattery.Token{})
	saveToken(whole)
	save("vimeo", flattery.App{ID: "another network's"})
	app.Accepted = "Another sentence."
	save("flickr", app)
	want("the same keys, another sentence", app, whole)
	app.Secret = "canary-changed"
	save("flickr", app)
	want("another secret", app, flattery.Token{})
	saveToken(whole)
	saveToken(flattery.Token{})
	want("no token any more", app, flattery.Token{})
	saveToken(whole)
	save("flickr", flattery.App{})
	want("forgotten", flattery.App{}, flattery.Token{})
	other, err := h.App(h.Context(), "vimeo")
	h.want("the other network's", say(other.ID, err), "another network's <nil>")
}

func resealed(h *house) {
	a := h.account("ann")
	link := h.tokened(a, "ann", whole)
	h.link(a, "public", flattery.ByName)
	h.claim(a, "ann", start)
	h.likes(h.link(a, "fan", flattery.ByOAuth), start, like("zoe", "song", start))
	claims, err := h.Claims(h.Context(), a)
	if err != nil {
		h.Fatal(err)
	}
	bob := h.account("bob")
	h.do(func(ctx context.Context, tx store.Tx) error {
		if err := tx.SaveClaimToken(ctx, claims[0].ID, whole); err != nil {
			return err
		}
		if err := tx.SaveApp(ctx, "flickr", flattery.App{Key: "canary-key"}, start); err != nil {
			return err
		}
		if err := tx.SaveAppToken(ctx, "flickr", whole); err != nil {
			return err
		}
		c := proof(bob, "ann", flattery.ByOAuth, start)
		if _, err := tx.OpenDispute(ctx, c, whole, start.Add(time.Hour)); err != nil {
			return err
		}
		if err := tx.AddAttempt(ctx, attempt(a, "state")); err != nil {
			return err
		}
		return tx.AddClaimLink(ctx, a, profile("zoe").Identity, "canary-zoe", start)
	})
	h.do(func(ctx context.Context, tx store.Tx) error {
		n, err := tx.Reseal(ctx)
		h.want("how many", n, 7)
		return err
	})
	h.wantToken("the link's", link, whole)
	claim, err := h.ClaimToken(h.Context(), claims[0].ID)
	h.want("the claim's", say(open(claim), err), say(open(whole), "<nil>"))
	app, err := h.App(h.Context(), "flickr")
	h.want("the keys", say(string(app.Key), err), "canary-key <nil>")
	token, err := h.AppToken(h.Context(), "flickr")
	h.want("the instance's", say(open(token), err), say(open(whole), "<nil>"))
	taken, err := h.take("state", start)
	h.want("the attempt's", say(string(taken.Verifier), err), "canary-verifier of state <nil>")
	h.want("the claim link's", h.authors(a, october), " zoe:waiting:0:1:canary-zoe")
}

func attempt(a flattery.AccountID, state string) store.Attempt {
	return store.Attempt{State: state, Browser: "canary-browser", Account: a, Network: "github", Host: "github.com", Purpose: "link", Handle: "org", Month: true,
		Verifier: flattery.Secret("canary-verifier of " + state), Request: "request", Expires: start.Add(10 * time.Minute)}
}

// take commits whatever comes of it.
func (h *house) take(state string, now time.Time) (a store.Attempt, taken error) {
	h.Helper()
	if err := h.try(func(ctx context.Context, tx store.Tx) error {
		a, taken = tx.TakeAttempt(ctx, state, now)
		return nil
	}); err != nil {
		h.Error(err)
	}
	return a, taken
}

func attemptOnce(h *house) {
	ann := h.account("ann")
	link := h.link(ann, "ann", flattery.ByName)
	full := attempt(ann, "full")
	full.Link = link.ID
	bare := store.Attempt{State: "bare", Browser: "b", Account: ann, Network: "github", Host: "github.com", Purpose: "claim", Expires: full.Expires}
	for _, a := range []store.Attempt{full, bare, attempt(ann, "late"), attempt(ann, "race")} {
		h.do(func(ctx context.Context, tx store.Tx) error { return tx.AddAttempt(ctx, a) })
	}
	h.refused(flattery.ErrConflict, func(ctx context.Context, tx store.Tx) error { return tx.AddAttempt(ctx, attempt(ann, "full")) })
	for _, half := range []store.Attempt{{Browser: "b"}, {State: "s"}} {
		half.Account, half.Expires = ann, full.Expires
		if err := h.try(func(ctx context.Context, tx store.Tx) error { return tx.AddAttempt(ctx, half) }); err == nil {
			h.Error("an attempt without a state or a browser was kept")
		}
	}
	for _, want := range []store.Attempt{full, bare} {
		got, err := h.take(want.State, full.Expires.Add(-time.Second))
		h.want("the verifier of "+want.State, say(string(got.Verifier), err), say(string(want.Verifier), "<nil>"))
		want.Browser = store.Hash(want.Browser)
		h.want("the attempt "+want.State, fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want))
	}
	for _, row := range []struct {
		name, state string
		now         time.Time
	}{
		{"used", "full", start},
		{"guessed", "guess", start},
		{"empty", "", start},
		{"a hash", store.Hash("late"), start},
		{"too late", "late", full.Expires},
		{"used too late", "late", start},
	} {
		got, err := h.take(row.state, row.now)
		h.want(row.name, say(errors.Is(err, flattery.ErrAttempt), got == store.Attempt{}), "true true")
	}
	taken := 0
	for _, err := range together(8, func(int) error { _, err := h.take("race", start); return err }) {
		if err == nil {
			taken++
		}
	}
	h.want("taken by eight at once", taken, 1)
}

func attemptsMakeRoom(h *house) {
	ann, bob := h.account("ann"), h.account("bob")
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.AddAttempt(ctx, attempt(bob, "bob")) })
	for i := range 25 {
		h.do(func(ctx context.Context, tx store.Tx) error {
			return tx.AddAttempt(ctx, attempt(ann, fmt.Sprint("ann", i)))
		})
	}
	left := ""
	for i := range 25 {
		if _, err := h.take(fmt.Sprint("ann", i), start); err == nil {
			left += fmt.Sprint(" ", i)
		}
	}
	h.want("those left", left, " 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24")
	_, err := h.take("bob", start)
	h.want("another's", err, nil)
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.AddAttempt(ctx, attempt(ann, "old")) })
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.Tidy(ctx, start.Add(10*time.Minute)) })
	_, err = h.take("old", start)
	h.refused(flattery.ErrAttempt, func(context.Context, store.Tx) error { return err })
}

func spent(h *house) {
	spend := func(network string, m flattery.Month, s store.Spending) {
		h.Helper()
		h.do(func(ctx context.Context, tx store.Tx) error { return tx.Spend(ctx, network, m, s) })
	}
	spend("twitter", october, store.Spending{Amount: 500, Likes: 1})
	spend("twitter", october, store.Spending{Amount: 1500, Likes: 3})
	spend("twitter", october, store.Spending{})
	spend("twitter", november, store.Spending{Amount: 7})
	spend("vimeo", october, store.Spending{Likes: 9})
	for _, row := range []struct {
		network string
		month   flattery.Month
		want    store.Spending
	}{
		{"twitter", october, store.Spending{Amount: 2000, Likes: 4}},
		{"twitter", november, store.Spending{Amount: 7}},
		{"twitter", october - 1, store.Spending{}},
		{"vimeo", october, store.Spending{Likes: 9}},
		{"github", october, store.Spending{}},
	} {
		got, err := h.Spent(h.Context(), row.network, row.month)
		h.want(say(row.network, row.month), say(got, err), say(row.want, "<nil>"))
	}
}
