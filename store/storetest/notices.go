package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/store"
)

// noticePromises are those of what an account is told.
func noticePromises() map[string]func(*house) {
	return map[string]func(*house){
		"a month that closes is told to its donors and creators":  noticeMonth,
		"slips are told to who pays them":                         noticeSlips,
		"a payment is told to who is paid":                        noticePayment,
		"a slip that is voided is told to both":                   noticeVoid,
		"a netted slip that is voided is told to whom it touches": noticeVoidNetted,
		"how a dispute ends is told to both":                      noticeDispute,
		"a link that stops is told each time it does":             noticeLink,
		"a claim is told when it holds, lapses or is disputed":    noticeClaim,
		"a feed is opened by its last token only":                 feed,
		"a webhook is one account's, and its keys change":         hook,
		"a notice is delivered once to each webhook":              deliverOnce,
		"a webhook that fails for too long is stopped":            hookStops,
		"an address is confirmed once, and the one before stays":  mailConfirmed,
		"mail is due as its account wishes":                       mailDue,
		"what was told is forgotten with its account":             noticesForgotten,
		"what was told long ago is forgotten":                     noticesTidied,
	}
}

// told is what an account was told, newest first.
func (h *house) told(a flattery.AccountID) string {
	h.Helper()
	list, err := h.Notices(h.Context(), a, 100)
	if err != nil {
		h.Fatal(err)
	}
	s := make([]string, 0, len(list))
	for _, n := range list {
		one := string(n.Kind)
		if n.Month != 0 {
			one += fmt.Sprintf(":%s:%d%s:%d", n.Month, int64(n.Amount), n.Currency, n.Count)
		}
		if n.Who != "" {
			one += ":" + strings.TrimPrefix(n.Network+"/"+n.Who, "/")
		}
		if n.Word != "" {
			one += ":" + n.Word
		}
		if same, err := h.Notice(h.Context(), a, n.ID); err != nil || same != n || n.Account != a || n.At.IsZero() {
			h.Errorf("by its number %+v is %+v, %v", n, same, err)
		}
		s = append(s, one)
	}
	return strings.Join(s, " ")
}

// closeOctober lets ann and bob give to what zoe and a stranger made, and closes the month; rue is removed before.
func (h *house) closeOctober() (ann, bob, zoe flattery.AccountID) {
	h.Helper()
	ann, bob, zoe = h.account("ann"), h.account("bob"), h.account("zoe")
	rue := h.account("rue")
	h.claim(zoe, "zoe", start)
	h.claim(zoe, "zoe-too", start)
	for _, a := range []flattery.AccountID{ann, bob, rue} {
		h.likes(h.link(a, fmt.Sprint("liker", a), flattery.ByName), start, like("zoe", "x", start), like("zoe-too", "y", start), like("stranger", "s", start))
	}
	h.freeze(october, atClose)
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RemoveAccount(ctx, rue, atClose) })
	h.shares(ann, october, "EUR", 5)
	h.shares(bob, october, "USD", 7)
	h.shares(rue, october, "EUR", 9)
	for range 2 {
		h.do(func(ctx context.Context, tx store.Tx) error {
			_, _, err := tx.CloseMonth(ctx, october, atClose)
			return err
		})
	}
	h.want("rue, who has gone,", h.told(rue), "")
	return ann, bob, zoe
}

func noticeMonth(h *house) {
	ann, bob, zoe := h.closeOctober()
	h.want("ann", h.told(ann), "month.settled:2026-10:10EUR:2")
	h.want("bob", h.told(bob), "month.settled:2026-10:14USD:2")
	h.want("zoe", h.told(zoe)[:len("income.settled:2026-10:14USD:2 income.settled:2026-10:28EUR:4")], "income.settled:2026-10:14USD:2 income.settled:2026-10:28EUR:4")
	_, err := h.Notice(h.Context(), ann, 1)
	h.refused(flattery.ErrNotFound, func(context.Context, store.Tx) error { return err })
}

// plan plans one payment of ann's to zoe and two of bob's.
func (h *house) plan(ann, bob, zoe flattery.AccountID) {
	h.Helper()
	payees := map[flattery.AccountID]flattery.PayeeID{}
	got, err := h.Received(h.Context(), 0)
	if err != nil {
		h.Fatal(err)
	}
	for _, r := range got {
		payees[r.Account] = r.Payee
	}
	h.do(func(ctx context.Context, tx store.Tx) error {
		slip := func(code string, donor flattery.AccountID, currency string, a flattery.Amount) flattery.Payment {
			return flattery.Payment{Code: code, Rail: "manual", Donor: donor, Payee: payees[zoe], Currency: currency, Amount: a, Destination: "https://zoe.example/"}
		}
		return tx.AddPlan(ctx, store.Plan{Month: october, Hash: strings.Repeat("0", 64), CreatedAt: atClose.Add(time.Minute)},
			[]flattery.Payment{slip("A", ann, "EUR", 6), slip("B", bob, "USD", 7)})
	})
}

func noticeSlips(h *house) {
	ann, bob, zoe := h.closeOctober()
	before := h.told(zoe)
	h.plan(ann, bob, zoe)
	h.want("ann", h.told(ann), "slips.ready:2026-10:6EUR:1 month.settled:2026-10:10EUR:2")
	h.want("bob", h.told(bob), "slips.ready:2026-10:7USD:1 month.settled:2026-10:14USD:2")
	h.want("zoe", h.told(zoe), before)
}

func noticePayment(h *house) {
	ann, bob, zoe := h.closeOctober()
	h.plan(ann, bob, zoe)
	before := h.told(ann)
	list, err := h.Payments(h.Context(), store.PaymentQuery{Donor: ann})
	if err != nil || len(list) != 1 {
		h.Fatal(list, err)
	}
	p := list[0]
	move := func(to flattery.PaymentState, from flattery.PaymentState) {
		h.Helper()
		p.State = to
		h.do(func(ctx context.Context, tx store.Tx) error { return tx.MovePayment(ctx, p, from) })
	}
	p.SentAt = atClose.Add(time.Hour)
	move(flattery.PaymentSent, flattery.PaymentPlanned)
	move(flattery.PaymentUnknown, flattery.PaymentSent)
	move(flattery.PaymentSent, flattery.PaymentUnknown)
	p.PaidAt = atClose.Add(2 * time.Hour)
	move(flattery.PaymentPaid, flattery.PaymentSent)
	h.want("zoe", h.told(zoe)[:len("payment.paid:2026-10:6EUR:0:A payment.sent:2026-10:6EUR:0:A income")], "payment.paid:2026-10:6EUR:0:A payment.sent:2026-10:6EUR:0:A income")
	h.want("ann", h.told(ann), before)
}

func noticeVoid(h *house) {
	ann, bob, zoe := h.closeOctober()
	h.plan(ann, bob, zoe)
	list, err := h.Payments(h.Context(), store.PaymentQuery{Donor: ann})
	if err != nil || len(list) != 1 {
		h.Fatal(list, err)
	}
	before, others := h.told(zoe), h.told(bob)
	p := list[0]
	p.State, p.VoidedAt = flattery.PaymentFailed, atClose.Add(time.Hour)
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.MovePayment(ctx, p, flattery.PaymentPlanned) })
	h.want("ann", h.told(ann)[:len("slip.voided:2026-10:6EUR:0:A slips")], "slip.voided:2026-10:6EUR:0:A slips")
	h.want("zoe", h.told(zoe), "payment.voided:2026-10:6EUR:0:A "+before)
	h.want("bob", h.told(bob), others)
	notices, err := h.Notices(h.Context(), ann, 1)
	h.want("when", say(notices[0].At, err), say(atClose.Add(time.Hour), "<nil>"))
	h.refused(flattery.ErrState, func(ctx context.Context, tx store.Tx) error { return tx.MovePayment(ctx, p, flattery.PaymentPlanned) })
	h.want("zoe, once,", h.told(zoe), "payment.voided:2026-10:6EUR:0:A "+before)
	list, err = h.Payments(h.Context(), store.PaymentQuery{Donor: bob})
	if err != nil || len(list) != 1 {
		h.Fatal(list, err)
	}
	p = list[0]
	p.State = flattery.PaymentFailed // for another reason
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.MovePayment(ctx, p, flattery.PaymentPlanned) })
	h.want("bob, whose slip was not voided,", h.told(bob), others)
}

func noticeVoidNetted(h *house) {
	ann := h.owing(5)
	tells := func(name string) string {
		a, err := h.AccountNamed(h.Context(), name)
		if err != nil {
			h.Fatal(err)
		}
		return h.told(a.ID)
	}
	zoes := flattery.Netted{Plan: october, Donor: ann, Payee: 1, Currency: "EUR", Was: 5, Becomes: 2, Since: october}
	h.do(func(ctx context.Context, tx store.Tx) error {
		if err := post(ctx, tx, "net", entry(ledger.PayeePayable(1), ledger.PayeePayable(2), 3)); err != nil {
			return err
		}
		if err := tx.Net(ctx, october, []flattery.Netted{zoes, {Donor: ann, Payee: 2, Currency: "EUR", Becomes: 3, Since: october}}); err != nil {
			return err
		}
		return tx.AddPlan(ctx, store.Plan{Month: october, Hash: strings.Repeat("0", 64), CreatedAt: atClose}, []flattery.Payment{
			{Code: "A", Rail: "manual", Donor: ann, Payee: 1, Currency: "EUR", Amount: 2, Destination: "https://zoe.example/"},
			{Code: "B", Rail: "manual", Donor: ann, Payee: 2, Currency: "EUR", Amount: 3, Destination: "https://eve.example/"}})
	})
	list, err := h.Payments(h.Context(), store.PaymentQuery{Donor: ann})
	if err != nil || len(list) != 2 {
		h.Fatal(list, err)
	}
	for _, p := range list { // as payout takes it: of zoe's slip what is zoe's own, of eve's what would have been zoe's
		h.do(func(ctx context.Context, tx store.Tx) error {
			p.State, p.VoidedAt = flattery.PaymentFailed, atClose.Add(time.Hour)
			if err := tx.MovePayment(ctx, p, flattery.PaymentPlanned); err != nil {
				return err
			}
			from := ledger.PayeePayable(1)
			if p.Payee == 2 {
				from = ledger.PayeeDebt(1)
				if err := tx.AddUnmet(ctx, p.ID, p.Amount); err != nil {
					return err
				}
			}
			zoes.Voided = p.Amount
			if err := tx.VoidNetted(ctx, p.ID, zoes); err != nil {
				return err
			}
			if err := post(ctx, tx, "void "+p.Code, entry(from, ledger.Pledge(ann), p.Amount)); err != nil {
				return err
			}
			return tx.Owe(ctx, ann, p.Payee, "EUR", -p.Amount, october)
		})
	}
	h.want("zoe", tells("zoe"), "payment.voided:2026-10:3EUR:0 payment.voided:2026-10:2EUR:0:A claim.verified:github/zoe")
	h.want("eve", tells("eve"), "payment.late:2026-10:3EUR:0:B claim.verified:github/eve")
	h.want("ann", tells("ann"), "slip.voided:2026-10:3EUR:0:B slip.voided:2026-10:2EUR:0:A slips.ready:2026-10:5EUR:2")
}

func noticeDispute(h *house) {
	ann, bob := h.account("ann"), h.account("bob")
	claim := func(a flattery.AccountID, at time.Time) flattery.Claim {
		return flattery.Claim{Account: a, Identity: profile("x"), Proof: flattery.ByOAuth, ProvedAt: at}
	}
	prove := func(a flattery.AccountID, at time.Time) {
		h.Helper()
		h.do(func(ctx context.Context, tx store.Tx) error { _, err := tx.AddClaim(ctx, claim(a, at)); return err })
	}
	dispute := func(a flattery.AccountID, at time.Time) (id flattery.DisputeID) {
		h.Helper()
		h.do(func(ctx context.Context, tx store.Tx) (err error) {
			id, err = tx.OpenDispute(ctx, claim(a, at), flattery.Token{}, at.AddDate(0, 0, 10))
			return err
		})
		return id
	}
	prove(ann, start)
	dispute(bob, start.Add(time.Hour))
	prove(ann, start.Add(2*time.Hour))
	prove(ann, start.Add(3*time.Hour))
	h.want("ann, who proved it again,", h.told(ann), "claim.kept:github/x claim.disputed:github/x claim.verified:github/x")
	h.want("bob", h.told(bob), "claim.refused:github/x")
	later := start.AddDate(0, 4, 0)
	id := dispute(bob, later)
	h.do(func(ctx context.Context, tx store.Tx) error {
		return tx.EndDispute(ctx, id, flattery.OutcomeSecond, later.Add(time.Hour))
	})
	h.want("ann, who lost it,", h.told(ann), "claim.lost:github/x claim.disputed:github/x claim.kept:github/x claim.disputed:github/x claim.verified:github/x")
	h.want("bob, who has it,", h.told(bob), "claim.verified:github/x claim.refused:github/x")
	dispute(ann, later.Add(2*time.Hour))
	h.do(func(ctx context.Context, tx store.Tx) error {
		return tx.RemoveAccount(ctx, ann, later.Add(3*time.Hour))
	})
	h.want("bob, as the other has gone,", h.told(bob)[:len("claim.kept:github/x claim.disputed")], "claim.kept:github/x claim.disputed")
	h.want("ann, who has gone,", h.told(ann), "")
}

func noticeLink(h *house) {
	ann := h.account("ann")
	l := h.link(ann, "ann", flattery.ByName)
	save := func(state flattery.LinkState, reason string, at time.Time) {
		h.Helper()
		l.State, l.Reason, l.LastPoll = state, reason, at
		h.do(func(ctx context.Context, tx store.Tx) error { return tx.SaveLink(ctx, l) })
	}
	save(flattery.LinkActive, "trouble", start)
	save(flattery.LinkSuspended, "reconnect", start.Add(time.Hour))
	save(flattery.LinkSuspended, "gone", start.Add(2*time.Hour))
	h.want("stopped once", h.told(ann), "link.stopped:github/ann:reconnect")
	save(flattery.LinkActive, "", start.Add(3*time.Hour))
	save(flattery.LinkSuspended, "gone", start.Add(4*time.Hour))
	h.want("stopped again", h.told(ann), "link.stopped:github/ann:gone link.stopped:github/ann:reconnect")
}

func noticeClaim(h *house) {
	ann, bob := h.account("ann"), h.account("bob")
	prove := func(a flattery.AccountID, at time.Time) error {
		return h.try(func(ctx context.Context, tx store.Tx) error {
			_, err := tx.AddClaim(ctx, flattery.Claim{Account: a, Identity: profile("x"), Proof: flattery.ByOAuth, ProvedAt: at})
			return err
		})
	}
	h.want("proved, and again", say(prove(ann, start), prove(ann, start.Add(time.Hour))), "<nil> <nil>")
	h.want("told once", h.told(ann), "claim.verified:github/x")
	claims, err := h.Claims(h.Context(), ann)
	if err != nil {
		h.Fatal(err)
	}
	for _, l := range []store.Look{{At: start.Add(2 * time.Hour), Lapsed: flattery.LapsedGone}, {At: start.Add(3 * time.Hour), Lapsed: flattery.LapsedOther}, {At: start.Add(4 * time.Hour)}} {
		h.do(func(ctx context.Context, tx store.Tx) error { return tx.CheckClaim(ctx, claims[0], l) })
	}
	h.want("lapsed", h.told(ann), "claim.lapsed:github/x:gone claim.verified:github/x")
	h.want("proved once more", prove(ann, start.Add(5*time.Hour)), nil)
	h.want("claimed by another", errors.Is(prove(bob, start.Add(6*time.Hour)), flattery.ErrClaimed), true)
	for range 2 {
		h.do(func(ctx context.Context, tx store.Tx) error {
			_, err := tx.OpenDispute(ctx, flattery.Claim{Account: bob, Identity: profile("x"), Proof: flattery.ByOAuth, ProvedAt: start.Add(6 * time.Hour)}, flattery.Token{}, start.AddDate(0, 0, 10))
			return err
		})
	}
	h.want("all", h.told(ann), "claim.disputed:github/x claim.verified:github/x claim.lapsed:github/x:gone claim.verified:github/x")
	h.want("bob", h.told(bob), "")
	list, err := h.Notices(h.Context(), ann, 1)
	h.want("until", say(list[0].Until, err), say(start.AddDate(0, 0, 10), "<nil>"))
	h.do(func(ctx context.Context, tx store.Tx) error {
		return tx.EndDispute(ctx, 1, flattery.OutcomeSecond, start.AddDate(0, 0, 10))
	})
	h.want("bob, whose it is now,", h.told(bob), "claim.verified:github/x")
	h.want("ann, who lost it,", strings.HasPrefix(h.told(ann), "claim.lost:github/x claim.disputed"), true)
	h.do(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.AddClaim(ctx, flattery.Claim{Account: ann, Identity: flattery.Account{ID: ann, Name: "ann"}.Self(), Proof: flattery.ByHouse, ProvedAt: start.AddDate(0, 1, 0)})
		return err
	})
	h.want("of itself", strings.Contains(h.told(ann), flattery.House), false)
}

func noticesForgotten(h *house) {
	ann, bob := h.account("ann"), h.account("bob")
	for _, a := range []flattery.AccountID{ann, bob} {
		id := h.hook(a, "https://one.example/", start)
		h.stop(h.link(a, fmt.Sprint("l", a), flattery.ByName), start)
		h.do(func(ctx context.Context, tx store.Tx) error {
			return errors.Join(tx.SetFeed(ctx, a, fmt.Sprint("token", a), start), tx.TypeMail(ctx, a, "x@example.org", fmt.Sprint("token", a), start))
		})
		h.want("delivered", len(h.deliver(start, start)), 1)
		h.do(func(ctx context.Context, tx store.Tx) error {
			_, err := tx.HookFails(ctx, id, "x", start, start)
			return err
		})
	}
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RemoveAccount(ctx, ann, start) })
	for a, want := range map[flattery.AccountID]string{ann: "true 0 0 true", bob: "false 1 2 false"} {
		f, errF := h.Feed(h.Context(), a)
		hooks, errH := h.Hooks(h.Context(), a)
		notices, errN := h.Notices(h.Context(), a, 10)
		m, errM := h.Mail(h.Context(), a)
		h.want("what is left", say(f.MadeAt.IsZero(), len(hooks), len(notices), m.Typed == "", errF, errH, errN, errM), want+" <nil> <nil> <nil> <nil>")
	}
}

func noticesTidied(h *house) {
	ann := h.account("ann")
	l := h.link(ann, "ann", flattery.ByName)
	one := h.hook(ann, "https://one.example/", start)
	h.stop(l, start)
	h.stop(l, start.AddDate(1, 0, 0))
	for _, id := range h.deliver(start, start) {
		h.do(func(ctx context.Context, tx store.Tx) error {
			return tx.SaveDelivery(ctx, flattery.Delivery{ID: id, State: flattery.DeliveryDone})
		})
	}
	for _, row := range []struct {
		days                int
		notices, deliveries int
	}{{29, 2, 2}, {31, 2, 0}, {399, 2, 0}, {401, 1, 0}} {
		h.do(func(ctx context.Context, tx store.Tx) error { return tx.Tidy(ctx, start.AddDate(0, 0, row.days)) })
		list, err := h.Notices(h.Context(), ann, 10)
		deliveries, errD := h.Deliveries(h.Context(), one, 10)
		h.want(fmt.Sprint("after ", row.days, " days"), say(len(list), len(deliveries), err, errD), say(row.notices, row.deliveries, "<nil> <nil>"))
	}
}
