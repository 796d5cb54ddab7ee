package storetest

import (
	"context"
	"fmt"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/store"
)

// nettingPromises are those of who owes whom instead.
func nettingPromises() map[string]func(*house) {
	return map[string]func(*house){
		"who joined netting had at the freeze and has not left":   joined,
		"a netting moves debts once, and only what is owed":       netting,
		"what a voided slip leaves unmet is met once":             unmet,
		"a slip is overdue from when it was planned, if not held": overdue,
	}
}

func joined(h *house) {
	net := func(a flattery.AccountID, on bool, since time.Time) {
		h.do(func(ctx context.Context, tx store.Tx) error {
			return tx.SetSettings(ctx, a, flattery.Settings{Currency: "EUR", Netting: on}, since)
		})
	}
	ann, bob, cid, dan, eve := h.account("ann"), h.account("bob"), h.account("cid"), h.account("dan"), h.account("eve")
	h.account("fay")
	for _, a := range []flattery.AccountID{ann, cid, dan} {
		net(a, true, start)
	}
	net(eve, true, start)
	net(eve, false, start.Add(time.Hour))
	h.claim(ann, "zoe", start)
	h.likes(h.link(bob, "bob", flattery.ByName), start, like("zoe", "x", start))
	h.freeze(october, atClose)
	net(bob, true, atClose.Add(time.Hour))  // too late
	net(cid, false, atClose.Add(time.Hour)) // and not any more
	h.do(func(ctx context.Context, tx store.Tx) error {
		return tx.RemoveAccount(ctx, dan, atClose.Add(time.Hour))
	})
	list, err := h.Joined(h.Context(), october)
	h.want("who joined", say(list, err), say([]flattery.AccountID{ann}, "<nil>"))
}

// owing lets ann owe payee 1 (zoe) so much, October closed.
func (h *house) owing(amount flattery.Amount) (ann flattery.AccountID) {
	h.Helper()
	ann = h.account("ann")
	h.claim(h.account("zoe"), "zoe", start)
	h.claim(h.account("eve"), "eve", start)
	h.likes(h.link(ann, "ann", flattery.ByName), start, like("zoe", "x", start))
	h.freeze(october, atClose)
	h.shares(ann, october, "EUR", amount)
	return ann
}

func netting(h *house) {
	ann := h.owing(5)
	net := func(was, becomes flattery.Amount) func(context.Context, store.Tx) error {
		return func(ctx context.Context, tx store.Tx) error {
			if err := post(ctx, tx, fmt.Sprint("same", was), entry(ledger.PayeePayable(1), ledger.PayeePayable(2), was)); err != nil { // so that the book is clean
				return err
			}
			return tx.Net(ctx, october, []flattery.Netted{{Donor: ann, Payee: 1, Currency: "EUR", Was: was, Since: october},
				{Donor: ann, Payee: 2, Currency: "EUR", Becomes: becomes, Since: october}})
		}
	}
	h.refused(flattery.ErrOverdrawn, func(ctx context.Context, tx store.Tx) error {
		return tx.Net(ctx, october, []flattery.Netted{{Donor: ann, Payee: 1, Currency: "EUR", Was: 6, Since: october}, {Donor: ann, Payee: 2, Currency: "EUR", Becomes: 6, Since: october}})
	})
	h.do(net(3, 3))
	h.do(func(ctx context.Context, tx store.Tx) error {
		return tx.AddPlan(ctx, store.Plan{Month: october, Hash: fmt.Sprintf("%064d", 7), CreatedAt: start},
			[]flattery.Payment{{Code: "A", Rail: "manual", Donor: ann, Payee: 2, Currency: "EUR", Amount: 3, Destination: "https://example.org/"}})
	})
	h.refused(flattery.ErrSettled, net(1, 1))
	debts, err := h.Debts(h.Context(), ann)
	if err != nil || len(debts) != 2 {
		h.Fatal(debts, err)
	}
	h.want("owed, planned", say(debts[0].PayeeName, int64(debts[0].Amount), int64(debts[0].Planned), debts[1].PayeeName, int64(debts[1].Amount)), "eve 3 3 zoe 2")
	list, err := h.Payments(h.Context(), store.PaymentQuery{Donor: ann})
	h.want("the slip", say(len(list), list[0].Netted, err), "1 true <nil>")
	h.do(func(ctx context.Context, tx store.Tx) error {
		own, err := tx.Netted(ctx, october, ann, "EUR")
		if err != nil {
			return err
		}
		h.want("changed", say(len(own), int64(own[0].Was), int64(own[1].Becomes)), "2 3 3")
		return nil
	})
}

// slip plans one over all that ann owes.
func (h *house) slip(ann flattery.AccountID, amount flattery.Amount) flattery.Payment {
	h.Helper()
	h.do(func(ctx context.Context, tx store.Tx) error {
		return tx.AddPlan(ctx, store.Plan{Month: october, Hash: fmt.Sprintf("%064d", 7), CreatedAt: start},
			[]flattery.Payment{{Code: "A", Rail: "manual", Donor: ann, Payee: 1, Currency: "EUR", Amount: amount, Destination: "https://example.org/"}})
	})
	list, err := h.Payments(h.Context(), store.PaymentQuery{Donor: ann})
	if err != nil || len(list) != 1 {
		h.Fatal(list, err)
	}
	return list[0]
}

func unmet(h *house) {
	ann := h.owing(5)
	p := h.slip(ann, 5)
	h.do(func(ctx context.Context, tx store.Tx) error { // as a netted slip is voided
		p.State, p.VoidedAt = flattery.PaymentFailed, atClose
		if err := tx.MovePayment(ctx, p, flattery.PaymentPlanned); err != nil {
			return err
		}
		if err := post(ctx, tx, "void", entry(ledger.PayeeDebt(2), ledger.Pledge(ann), 5)); err != nil {
			return err
		}
		if err := tx.AddUnmet(ctx, p.ID, 5); err != nil {
			return err
		}
		return tx.Owe(ctx, ann, 1, "EUR", -5, october)
	})
	waits := func() string {
		list, err := h.Unmet(h.Context())
		s := fmt.Sprint(len(list), err)
		for _, u := range list {
			s += fmt.Sprintf(" %d to %s", int64(u.Left), u.To.PayeeName)
		}
		return s
	}
	h.want("who waits", waits(), "1 <nil> 5 to zoe")
	meet := func(n flattery.Amount) func(context.Context, store.Tx) error {
		return func(ctx context.Context, tx store.Tx) error {
			if err := post(ctx, tx, fmt.Sprint("meet", n), entry(ledger.Bank, ledger.PayeeDebt(2), n)); err != nil {
				return err
			}
			return tx.Meet(ctx, p.ID, n)
		}
	}
	h.do(meet(3))
	h.want("who still waits", waits(), "1 <nil> 2 to zoe")
	h.refused(flattery.ErrOverdrawn, func(ctx context.Context, tx store.Tx) error { return tx.Meet(ctx, p.ID, 4) })
	h.do(meet(2))
	h.want("who waits in the end", waits(), "0 <nil>")
	got, err := h.Payment(h.Context(), p.ID)
	h.want("the slip", say(got.State, got.VoidedAt.Equal(atClose), err), "failed true <nil>")
}

func overdue(h *house) {
	ann := h.owing(5)
	p := h.slip(ann, 5)
	late := func(planned time.Time) string {
		list, err := h.Overdue(h.Context(), planned)
		return say(list, err)
	}
	h.want("before", late(p.PlannedAt.Add(-time.Second)), say([]flattery.PaymentID(nil), "<nil>"))
	h.want("then", late(p.PlannedAt), say([]flattery.PaymentID{p.ID}, "<nil>"))
	h.do(func(ctx context.Context, tx store.Tx) error {
		p.State, p.SentAt = flattery.PaymentSent, atClose
		return tx.MovePayment(ctx, p, flattery.PaymentPlanned)
	})
	h.want("sent", late(p.PlannedAt), say([]flattery.PaymentID(nil), "<nil>"))
	h.do(func(ctx context.Context, tx store.Tx) error {
		if err := post(ctx, tx, "leave", entry(ledger.PayeePayable(1), ledger.Transit("manual"), 5)); err != nil {
			return err
		}
		return tx.Owe(ctx, ann, 1, "EUR", -5, october)
	})
}
