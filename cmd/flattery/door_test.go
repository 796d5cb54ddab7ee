package main

import (
	"errors"
	"testing"
	"time"

	"flattery"
	"flattery/internal/claim"
	"flattery/internal/sandbox"
	"flattery/internal/web"
	"flattery/store"
)

// enters comes back from a network as somebody who is signed in there, and says who that is here.
func (o *opened) enters(t *testing.T, as flattery.AccountID, k card, who string) (flattery.AccountID, error) {
	t.Helper()
	to, _, err := gates{o.instance}.Connect(t.Context(), web.Connecting{Account: as, Browser: "browser", Network: k.name, Purpose: web.Entering})
	if err != nil {
		t.Fatal(err)
	}
	got, err := o.returns(t, as, k, to, who)
	return got.Account, err
}

// returns lets somebody agree at the page of a network, and hands in what it answers.
func (o *opened) returns(t *testing.T, as flattery.AccountID, k card, page, who string) (web.Connected, error) {
	t.Helper()
	back, err := sandbox.Agree(t.Context(), page, who)
	if err != nil {
		t.Fatal(err)
	}
	c, err := o.enabled.Get(k.name)
	if err != nil {
		t.Fatal(err)
	}
	return gates{o.instance}.Connected(t.Context(), as, "browser", k.name, c.Info().Host, back.Query())
}

// Whoever claims an account at a network comes in by it, at each; no claim that is not sure lets anybody in, and nobody gets
// an account by trying.
func TestAClaimThatHoldsOpensTheDoorAndNoOtherDoes(t *testing.T) {
	for _, k := range theCard() {
		t.Run(k.name, func(t *testing.T) {
			b := newBench(t, october)
			o := openPages(b)
			ann, _ := o.member("ann", false)
			bob, _ := o.member("bob", false)
			hers, his := k.person(b.world, "ann"), k.person(b.world, "bob")
			want := func(what string, as flattery.AccountID, who string, id flattery.AccountID, refusal error) {
				t.Helper()
				got, err := o.enters(t, as, k, who)
				if got != id || !errors.Is(err, refusal) {
					t.Errorf("%s: account %d, %v", what, got, err)
				}
			}
			want("unclaimed", 0, hers, 0, flattery.ErrNobody)
			got, err := o.connect(t.Context(), ann, k.name, hers, claim.Linking)
			if err == nil {
				err = o.linked(t.Context(), got)
			}
			if err != nil {
				t.Fatal(err)
			}
			want("linked, and not claimed", 0, hers, 0, flattery.ErrNobody)
			if got, err = o.connect(t.Context(), ann, k.name, hers, claim.Claiming); err == nil {
				_, err = o.claimed(t.Context(), got)
			}
			if err != nil {
				t.Fatal(err)
			}
			want("claimed", 0, hers, ann, nil)
			want("signed in already", ann, hers, ann, nil)
			want("signed in as somebody else", bob, hers, 0, flattery.ErrOther)
			want("another one of the network", 0, his, 0, flattery.ErrNobody)
			want("another one, of who is signed in", bob, his, 0, flattery.ErrOther)

			c := o.claim(t, ann)
			if token, err := o.store.ClaimToken(t.Context(), c.ID); err != nil || !token.Has() {
				t.Errorf("the claim's token: %v", err)
			}
			change := func(fn func(store.Tx) error) {
				t.Helper()
				if err := o.update(t.Context(), fn); err != nil {
					t.Fatal(err)
				}
			}
			look := store.Look{At: o.now(), Lapsed: flattery.LapsedGone}
			change(func(tx store.Tx) error { return tx.CheckClaim(t.Context(), c, look) })
			want("lapsed", 0, hers, 0, flattery.ErrNobody)
			look = store.Look{At: o.now(), Good: true}
			change(func(tx store.Tx) error { return tx.CheckClaim(t.Context(), c, look) })
			want("verified again", 0, hers, ann, nil)
			second := c
			second.Account, second.ProvedAt = bob, o.now().Truncate(time.Second)
			change(func(tx store.Tx) error {
				_, err := tx.OpenDispute(t.Context(), second, flattery.Token{}, o.now().Add(time.Hour))
				return err
			})
			want("disputed", 0, hers, 0, flattery.ErrNobody)
			c.Proof = flattery.ByAdmin
			change(func(tx store.Tx) error { return tx.EndDispute(t.Context(), 1, flattery.OutcomeFirst, o.now()) })
			change(func(tx store.Tx) error { _, err := tx.AddClaim(t.Context(), c); return err })
			want("on an administrator's word", 0, hers, 0, flattery.ErrNobody)
			if all, err := o.store.Accounts(t.Context()); err != nil || len(all) != 2 {
				t.Errorf("%d accounts, %v", len(all), err)
			}
		})
	}
}
