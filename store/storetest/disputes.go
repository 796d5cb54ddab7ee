package storetest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/store"
)

// claimPromises are those about claims that lapse and are disputed.
func claimPromises() map[string]func(*house) {
	return map[string]func(*house){
		"a claim that is not verified is not paid until it is again":      claimLapses,
		"claims come due to be looked at again":                           claimsDue,
		"a proved second claim freezes, and the first's proof ends it":    disputeFirst,
		"an identity that its first does not prove again is the second's": disputeSecond,
		"one dispute at a time, and none begun again by who lost it":      disputeOnce,
		"who leaves gives way in a dispute":                               disputeLeft,
		"of many who decide a dispute one does":                           disputeRace,
		"a claim is looked at before the first payment":                   claimFirst,
		"a proof that was begun keeps its token until it expires":         provings,
	}
}

func proof(a flattery.AccountID, handle string, by flattery.Proof, now time.Time) flattery.Claim {
	return flattery.Claim{Account: a, Identity: profile(handle), Proof: by, ProvedAt: now, Shown: "flattery-" + handle}
}

func (h *house) prove(c flattery.Claim) (joined int) {
	h.Helper()
	h.do(func(ctx context.Context, tx store.Tx) (err error) {
		joined, err = tx.AddClaim(ctx, c)
		return err
	})
	return joined
}

func (h *house) claimOf(a flattery.AccountID) flattery.Claim {
	h.Helper()
	list, err := h.Claims(h.Context(), a)
	if err != nil || len(list) != 1 {
		h.Fatal(list, err)
	}
	one, err := h.Claim(h.Context(), list[0].ID)
	h.want("the claim by its number", fmt.Sprintf("%+v %v", one, err), fmt.Sprintf("%+v <nil>", list[0]))
	return one
}

func (h *house) look(c flattery.Claim, l store.Look) {
	h.Helper()
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.CheckClaim(ctx, c, l) })
}

func (h *house) dispute(c flattery.Claim, token flattery.Token) (id flattery.DisputeID) {
	h.Helper()
	h.do(func(ctx context.Context, tx store.Tx) (err error) {
		id, err = tx.OpenDispute(ctx, c, token, c.ProvedAt.AddDate(0, 0, 10))
		return err
	})
	return id
}

func (h *house) ends(id flattery.DisputeID, o flattery.Outcome, now time.Time) {
	h.Helper()
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.EndDispute(ctx, id, o, now) })
}

// settles settles what an account gives in a month, one millionth times five a flattr, as settling does.
func (h *house) settles(donor flattery.AccountID, m flattery.Month) {
	h.Helper()
	for d, err := range h.DonorMonths(h.Context(), m, donor, donor) {
		if err != nil {
			h.Fatal(err)
		}
		h.do(func(ctx context.Context, tx store.Tx) error {
			for i, payee := range d.Payees {
				if err := post(ctx, tx, fmt.Sprint("settled ", m, i), entry(ledger.Pledge(donor), ledger.DonorMeans(donor), 5),
					entry(ledger.DonorMeans(donor), ledger.PayeePayable(payee), 5)); err != nil {
					return err
				}
				if err := tx.Owe(ctx, donor, payee, "EUR", 5, m); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// owes is what a donor owes whom, and why it waits.
func (h *house) owes(donor flattery.AccountID) string {
	h.Helper()
	list, err := h.Debts(h.Context(), donor)
	if err != nil {
		h.Fatal(err)
	}
	s := ""
	for _, d := range list {
		s += fmt.Sprintf(" %s:%d:%s", d.PayeeName, int64(d.Amount), d.Held)
	}
	return s
}

func claimLapses(h *house) {
	ann, zoe := h.account("ann"), h.account("zoe")
	l := h.link(ann, "ann", flattery.ByName)
	h.prove(proof(zoe, "zoe", flattery.ByProfile, start))
	h.likes(l, start, like("zoe", "x", start))
	c := h.claimOf(zoe)
	h.want("at first", say(c.CheckedAt, c.LapsedAt, c.Reason, c.Shown, c.Disputed), say(start, time.Time{}, "", "flattery-zoe", false))

	day := start.AddDate(0, 0, 1)
	h.look(c, store.Look{At: day})
	h.want("nobody could tell", say(h.claimOf(zoe).CheckedAt, h.claimOf(zoe).LapsedAt), say(start, time.Time{}))
	renamed := profile("zoe")
	renamed.Handle = "zoe-now"
	h.look(c, store.Look{At: day, Good: true, Who: renamed})
	h.want("renamed", say(h.claimOf(zoe).CheckedAt, h.claimOf(zoe).Identity.Handle), say(day, "zoe-now"))
	stranger := profile("stranger")
	h.look(c, store.Look{At: day, Good: true, Who: stranger})
	h.want("a stranger's profile changes nothing of it", h.claimOf(zoe).Identity.Handle, "zoe-now")

	h.look(c, store.Look{At: day, Lapsed: flattery.LapsedGone})
	h.look(c, store.Look{At: day.Add(time.Hour), Lapsed: flattery.LapsedAbsent})
	h.want("lapsed", say(h.claimOf(zoe).LapsedAt, h.claimOf(zoe).Reason), say(day, "absent"))
	h.want("it counts all the same", h.likes(l, start, like("zoe", "y", start))[0].State, flattery.Counting)
	h.freeze(october, start.AddDate(0, 1, 0))
	h.settles(ann, october)
	h.want("what was settled waits apart", h.owes(ann), " github:zoe:10:unverified")

	again := proof(zoe, "zoe", flattery.ByProfile, start.AddDate(0, 1, 1))
	h.prove(again)
	h.look(c, store.Look{At: day, Lapsed: flattery.LapsedGone}) // of a look that began before
	h.want("proved again", say(h.claimOf(zoe).LapsedAt, h.claimOf(zoe).Reason), say(time.Time{}, ""))
	h.want("and has moved", h.owes(ann), " zoe:10:")

	c = h.claimOf(zoe)
	h.look(c, store.Look{At: day, Lapsed: flattery.LapsedAbsent})
	h.want("what it is owed waits", h.owes(ann), " zoe:10:unverified")
	h.look(c, store.Look{At: day, Good: true})
	h.want("and not any more", h.owes(ann), " zoe:10:")
}

func claimsDue(h *house) {
	zoe := h.account("zoe")
	for i, by := range []flattery.Proof{flattery.ByOAuth, flattery.ByProfile, flattery.ByAdmin} {
		h.prove(proof(zoe, fmt.Sprint("z", i), by, start.Add(time.Duration(i)*time.Hour)))
	}
	club := proof(zoe, "club", flattery.ByOAuth, start.Add(time.Hour*24*365))
	club.Identity.Organisation = true
	h.prove(club)
	due := func(checked, tried time.Time) string {
		list, err := h.DueClaims(h.Context(), checked, tried)
		return say(list, err)
	}
	h.want("organisations at any time", due(start, start), "[4] <nil>")
	h.want("older than an hour", due(start.Add(time.Hour), start), "[1 4] <nil>")
	list, err := h.Claims(h.Context(), zoe)
	if err != nil {
		h.Fatal(err)
	}
	h.look(list[0], store.Look{At: start.Add(3 * time.Hour)})
	h.want("tried already", due(start.Add(time.Hour), start.Add(3*time.Hour)), "[4] <nil>")
	h.look(list[1], store.Look{At: start.Add(3 * time.Hour), Lapsed: flattery.LapsedGone})
	h.want("lapsed", due(start, start.Add(4*time.Hour)), "[4 2] <nil>")
}

// contested is an identity of zoe's that eve has proved too, with likes of ann's.
func contested(h *house) (ann, zoe, eve flattery.AccountID, l flattery.Link, id flattery.DisputeID) {
	ann, zoe, eve = h.account("ann"), h.account("zoe"), h.account("eve")
	l = h.link(ann, "ann", flattery.ByName)
	h.prove(proof(zoe, "zoe", flattery.ByAdmin, start))
	h.likes(l, start, like("zoe", "x", start))
	h.refused(flattery.ErrClaimed, func(ctx context.Context, tx store.Tx) error {
		_, err := tx.AddClaim(ctx, proof(eve, "zoe", flattery.ByOAuth, start))
		return err
	})
	h.refused(flattery.ErrClaimed, func(ctx context.Context, tx store.Tx) error {
		_, err := tx.OpenDispute(ctx, proof(eve, "zoe", flattery.ByAdmin, start), flattery.Token{}, start)
		return err
	})
	return ann, zoe, eve, l, h.dispute(proof(eve, "zoe", flattery.ByOAuth, start), whole)
}

func disputeFirst(h *house) {
	ann, zoe, eve, l, id := contested(h)
	h.want("whose it is", say(h.claimOf(zoe).Disputed, h.claimOf(zoe).Account == zoe), "true true")
	for _, a := range []flattery.AccountID{0, zoe, eve} {
		list, err := h.Disputes(h.Context(), a)
		if err != nil || len(list) != 1 {
			h.Fatal(list, err)
		}
		d := list[0]
		h.want("the dispute", say(d.ID, d.Identity.Handle, d.First, d.Second, d.Proof, d.OpenedAt, d.EndsAt, d.Open()),
			say(id, "zoe", zoe, eve, "oauth", start, start.AddDate(0, 0, 10), true))
	}
	none, err := h.Disputes(h.Context(), ann)
	h.want("disputes of somebody else", say(len(none), err), "0 <nil>")
	h.likes(l, start, like("zoe", "y", start))
	h.freeze(october, start.AddDate(0, 1, 0))
	h.settles(ann, october)
	h.want("what is frozen", h.owes(ann), " github:zoe:10:disputed")
	h.claim(zoe, "zoe", start) // the word of an administrator again
	h.want("a word ends nothing", say(h.claimOf(zoe).Disputed, h.owes(ann)), "true  github:zoe:10:disputed")
	h.prove(proof(zoe, "zoe", flattery.ByPage, start.AddDate(0, 0, 9)))
	h.want("a proof does", say(h.claimOf(zoe).Disputed, h.owes(ann)), "false  zoe:10:")
	list, err := h.Disputes(h.Context(), eve)
	h.want("how it ended", say(list[0].Outcome, list[0].DecidedAt, err), say("first", start.AddDate(0, 0, 9), "<nil>"))
	h.refused(flattery.ErrState, func(ctx context.Context, tx store.Tx) error {
		return tx.EndDispute(ctx, id, flattery.OutcomeSecond, start)
	})
	h.refused(flattery.ErrNotFound, func(ctx context.Context, tx store.Tx) error {
		return tx.EndDispute(ctx, 99, flattery.OutcomeSecond, start)
	})
}

func disputeSecond(h *house) {
	ann, zoe, eve, l, id := contested(h)
	h.freeze(october, start.AddDate(0, 1, 0))
	h.settles(ann, october)
	now := start.AddDate(0, 1, 1)
	h.likes(l, now, like("zoe", "open", now))
	h.want("what is open", h.states(ann), " open:counts:2026-11 x:counts:2026-10")
	h.ends(id, flattery.OutcomeSecond, now)
	c := h.claimOf(eve)
	h.want("the claim of the second", say(c.Proof, c.ProvedAt, c.CheckedAt, c.Shown, c.Disputed), say("oauth", start, start, "flattery-zoe", false))
	token, err := h.ClaimToken(h.Context(), c.ID)
	h.want("and its token", say(open(token), err), say(open(whole), "<nil>"))
	list, err := h.Claims(h.Context(), zoe)
	h.want("of the first", say(len(list), err), "0 <nil>")
	h.want("what was frozen goes to the second", h.owes(ann), " eve:5:")
	h.want("what is open stays so", h.states(ann), " open:counts:2026-11 x:counts:2026-10")
	h.dispute(proof(zoe, "zoe", flattery.ByProfile, now.AddDate(0, 0, 1)), flattery.Token{}) // who was first may come back
	h.want("frozen again", h.owes(ann), " eve:5:disputed")
}

func disputeOnce(h *house) {
	_, zoe, eve, _, id := contested(h)
	late := proof(eve, "zoe", flattery.ByProfile, start.AddDate(0, 0, 5))
	h.want("proved again by the second", h.dispute(late, flattery.Token{}), id)
	list, err := h.Disputes(h.Context(), eve)
	h.want("the dispute", say(list[0].Proof, list[0].OpenedAt, list[0].EndsAt, err), say("profile", start, start.AddDate(0, 0, 10), "<nil>"))
	refused := func(want error, c flattery.Claim) {
		h.Helper()
		h.refused(want, func(ctx context.Context, tx store.Tx) error {
			_, err := tx.OpenDispute(ctx, c, flattery.Token{}, start)
			return err
		})
	}
	bob := h.account("bob")
	refused(flattery.ErrDisputed, proof(bob, "zoe", flattery.ByOAuth, start))
	refused(flattery.ErrState, proof(zoe, "zoe", flattery.ByOAuth, start))
	refused(flattery.ErrNotFound, proof(bob, "nobody's", flattery.ByOAuth, start))
	h.ends(id, flattery.OutcomeFirst, start.AddDate(0, 0, 6))
	refused(flattery.ErrClaimed, proof(eve, "zoe", flattery.ByOAuth, start.AddDate(0, 0, 90)))
	h.ends(h.dispute(proof(bob, "zoe", flattery.ByOAuth, start.AddDate(0, 0, 7)), flattery.Token{}), flattery.OutcomeWithdrawn, start.AddDate(0, 0, 8))
	h.dispute(proof(eve, "zoe", flattery.ByOAuth, start.AddDate(0, 0, 97)), flattery.Token{})
}

func disputeLeft(h *house) {
	_, zoe, eve, _, _ := contested(h)
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RemoveAccount(ctx, zoe, start) })
	h.want("the first has gone", h.claimOf(eve).Account, eve)
	h.want("that there was a dispute, and not about whom", h.disputed(eve), "second flattery:dispute 1")
	bob := h.account("bob")
	h.dispute(proof(bob, "zoe", flattery.ByOAuth, start), flattery.Token{})
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RemoveAccount(ctx, bob, start) })
	h.want("the second has gone", say(h.claimOf(eve).Account, h.claimOf(eve).Disputed), say(eve, false))
	list, err := h.Disputes(h.Context(), bob)
	h.want("how it ended", say(list[0].Outcome, err), "withdrawn <nil>")
	h.want("whom the second disputed", h.disputed(bob), "withdrawn flattery:dispute 2")
	kim := h.account("kim")
	h.dispute(proof(kim, "zoe", flattery.ByOAuth, start), flattery.Token{})
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RemoveClaim(ctx, h.claimOf(eve).ID, start) })
	h.want("the first gave it up", h.claimOf(kim).Account, kim)
	h.want("what nobody left is named", h.disputed(kim), "second "+h.claimOf(kim).Identity.String())
}

// disputed says how an account's last dispute ended, and whom it was about.
func (h *house) disputed(account flattery.AccountID) string {
	h.Helper()
	list, err := h.Disputes(h.Context(), account)
	if err != nil || len(list) == 0 {
		h.Fatalf("disputes: %v %v", list, err)
	}
	return say(list[0].Outcome, list[0].Identity)
}

func disputeRace(h *house) {
	_, zoe, eve, _, id := contested(h)
	done := 0
	for _, err := range together(8, func(i int) error {
		return h.try(func(ctx context.Context, tx store.Tx) error {
			return tx.EndDispute(ctx, id, []flattery.Outcome{flattery.OutcomeFirst, flattery.OutcomeSecond}[i%2], start)
		})
	}) {
		if err == nil {
			done++
		} else if !errors.Is(err, flattery.ErrState) {
			h.Error(err)
		}
	}
	h.want("deciders", done, 1)
	one, errOne := h.Claims(h.Context(), zoe)
	other, errOther := h.Claims(h.Context(), eve)
	h.want("claims", say(len(one)+len(other), errOne, errOther), "1 <nil> <nil>")
}

func claimFirst(h *house) {
	ann, zoe, kim := h.account("ann"), h.account("zoe"), h.account("kim")
	l := h.link(ann, "ann", flattery.ByName)
	h.prove(proof(zoe, "zoe", flattery.ByOAuth, start))
	h.prove(proof(kim, "kim", flattery.ByAdmin, start))
	h.likes(l, start, like("zoe", "x", start), like("kim", "y", start))
	settled := start.AddDate(0, 1, 0)
	first := func() string {
		list, err := h.FirstClaims(h.Context(), settled)
		return say(list, err)
	}
	h.want("before anything is owed", first(), "[] <nil>")
	h.freeze(october, settled)
	h.settles(ann, october)
	h.do(func(ctx context.Context, tx store.Tx) error {
		if err := tx.Settle(ctx, flattery.Settlement{Month: october, Donor: ann, Currency: "EUR", Flattrs: 2}); err != nil {
			return err
		}
		_, _, err := tx.CloseMonth(ctx, october, settled)
		return err
	})
	h.want("to be looked at", first(), "[1] <nil>")
	h.want("what waits for it", h.owes(ann), " zoe:5:unchecked kim:5:")
	c := h.claimOf(zoe)
	h.look(c, store.Look{At: settled})
	h.want("tried", say(first(), h.owes(ann)), "[] <nil>  zoe:5:unchecked kim:5:")
	h.look(c, store.Look{At: settled, Good: true})
	h.want("looked at", say(first(), h.owes(ann)), "[] <nil>  zoe:5: kim:5:")
	zoes, err := h.Debts(h.Context(), ann)
	if err != nil {
		h.Fatal(err)
	}
	h.do(func(ctx context.Context, tx store.Tx) error {
		return tx.AddPlan(ctx, store.Plan{Month: october, CreatedAt: settled}, []flattery.Payment{{Code: "A", Rail: "manual", Donor: ann, Payee: zoes[0].Payee, Currency: "EUR", Amount: 5, Destination: "https://x/"}})
	})
	held := func() string {
		list, err := h.Payments(h.Context(), store.PaymentQuery{})
		return say(list[0].Held, err)
	}
	h.want("a slip that is out", held(), "<nil>")
	h.dispute(proof(kim, "zoe", flattery.ByOAuth, settled), flattery.Token{})
	h.want("a slip that is out of what is disputed then", held(), "disputed <nil>")
}

func provings(h *house) {
	ann, bob := h.account("ann"), h.account("bob")
	begin := func(a flattery.AccountID, handle, token string, now time.Time) (p flattery.Proving) {
		h.do(func(ctx context.Context, tx store.Tx) (err error) {
			p, err = tx.AddProving(ctx, flattery.Proving{Account: a, Network: "github", Host: "github.com", Handle: handle, Token: token, MadeAt: now, Expires: now.Add(time.Hour)})
			return err
		})
		return p
	}
	first := begin(ann, "Zoe", "t1", start)
	h.want("begun", say(first.Handle, first.Token, first.MadeAt, first.Expires), say("zoe", "t1", start, start.Add(time.Hour)))
	h.want("begun again", begin(ann, "zoe", "t2", start.Add(time.Minute)), first)
	h.want("by another", begin(bob, "zoe", "t3", start).Token, "t3")
	list, err := h.Provings(h.Context(), ann, start)
	h.want("an account's", say(list, err), say([]flattery.Proving{first}, "<nil>"))
	list, err = h.Provings(h.Context(), ann, first.Expires)
	h.want("when they have expired", say(len(list), err), "0 <nil>")
	h.want("begun anew", begin(ann, "zoe", "t4", first.Expires).Token, "t4")
	h.refused(flattery.ErrNotFound, func(ctx context.Context, tx store.Tx) error { return tx.RemoveProving(ctx, bob, first.ID) })
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RemoveProving(ctx, ann, first.ID) })
	for i := range 25 {
		begin(ann, fmt.Sprint("z", i), fmt.Sprint("token", i), start)
	}
	list, err = h.Provings(h.Context(), ann, start)
	h.want("those left", say(len(list), list[0].Handle, err), "20 z5 <nil>")
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.Tidy(ctx, start.Add(time.Hour)) })
	list, err = h.Provings(h.Context(), bob, start)
	h.want("tidied", say(len(list), err), "0 <nil>")
}
