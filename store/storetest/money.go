package storetest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/internal/queue"
	"flattery/store"
)

func nameOnce(h *house) {
	h.account("ann")
	h.refused(flattery.ErrNameTaken, func(ctx context.Context, tx store.Tx) error {
		_, err := tx.AddAccount(ctx, flattery.Account{Name: "ANN", CreatedAt: start})
		return err
	})
	_, err := h.AccountNamed(h.Context(), "Ann")
	h.want("found by its name", err, nil)
	_, err = h.AccountNamed(h.Context(), "bob")
	h.want("somebody else", errors.Is(err, flattery.ErrNotFound), true)
}

func settings(h *house) {
	a := h.account("ann")
	h.claim(h.account("zoe"), "zoe", start)
	l := h.link(a, "ann", flattery.ByName)
	h.likes(l, start, like("zoe", "x", start))
	frozenAt := time.Date(2026, 11, 4, 0, 0, 0, 0, time.UTC)
	set := func(budget flattery.Amount, since time.Time) {
		h.do(func(ctx context.Context, tx store.Tx) error {
			return tx.SetSettings(ctx, a, flattery.Settings{Budget: budget, Currency: "EUR", Cap: flattery.Unit}, since)
		})
	}
	set(7*flattery.Unit, frozenAt.Add(-time.Hour))
	h.freeze(october, frozenAt)
	set(9*flattery.Unit, frozenAt.Add(time.Hour))
	for d, err := range h.DonorMonths(h.Context(), october, 0, 1<<62) {
		h.want("the budget at the freeze", say(d.Account.Budget, d.Account.Cap, err), "7.00 1.00 <nil>")
	}
	now, err := h.Account(h.Context(), a)
	h.want("the budget now", say(now.Budget, err), "9.00 <nil>")
	set(8*flattery.Unit, frozenAt.Add(time.Minute)) // the clock has gone back since
	now, err = h.Account(h.Context(), a)
	h.want("what was said last", say(now.Budget, err), "8.00 <nil>")
}

func postOnce(h *house) {
	var first, second int64
	draft := ledger.Draft{Key: "k", Kind: "means", Note: "cash", At: start, Entries: []ledger.Entry{entry("assets:bank", "donor:1:means", 5)}}
	h.do(func(ctx context.Context, tx store.Tx) (err error) { first, err = tx.Post(ctx, draft); return err })
	draft.At = start.Add(time.Hour) // the time is not what it says
	h.do(func(ctx context.Context, tx store.Tx) (err error) { second, err = tx.Post(ctx, draft); return err })
	h.want("the number", second, first)
	draft.Entries[0].Amount++
	h.refused(flattery.ErrConflict, func(ctx context.Context, tx store.Tx) error { _, err := tx.Post(ctx, draft); return err })
	errs := together(64, func(i int) error {
		return h.try(func(ctx context.Context, tx store.Tx) error {
			return post(ctx, tx, fmt.Sprint("k", i%8), entry("assets:bank", "donor:2:means", flattery.Amount(1+i%8)))
		})
	})
	h.want("64 at once", errs, make([]error, 64))
	balance, err := h.Balance(h.Context(), "donor:2:means", "EUR")
	h.want("the balance", say(int64(balance), err), "36 <nil>")
	h.do(func(ctx context.Context, tx store.Tx) error {
		return post(ctx, tx, "earlier", entry("assets:bank", "donor:2:means", 1))
	}) // posted at the last one's time
}

func overdrawn(h *house) {
	h.do(func(ctx context.Context, tx store.Tx) error {
		return post(ctx, tx, "in", entry("assets:bank", "donor:1:means", 10))
	})
	spend := func(key string, a flattery.Amount) func(context.Context, store.Tx) error {
		return func(ctx context.Context, tx store.Tx) error {
			return post(ctx, tx, key, entry("donor:1:means", "payee:1:payable", a))
		}
	}
	h.refused(flattery.ErrOverdrawn, spend("all", 11))
	h.do(spend("some", 4))
	errs := together(10, func(i int) error { return h.try(spend(fmt.Sprint("one", i), 1)) })
	refused := 0
	for _, err := range errs {
		if errors.Is(err, flattery.ErrOverdrawn) {
			refused++
		}
	}
	h.want("refused of ten", refused, 4)
	h.refused(flattery.ErrOverdrawn, func(ctx context.Context, tx store.Tx) error {
		return post(ctx, tx, "pledge", entry("transit:manual", "assets:pledge:1", 1))
	})
}

func closes(h *house) {
	ann, bob, zoe := h.account("ann"), h.account("bob"), h.account("zoe")
	h.claim(zoe, "zoe", start)
	out := h.likes(h.link(ann, "ann", flattery.ByName), start, like("zoe", "x", start))
	h.likes(h.link(bob, "bob", flattery.ByName), start, like("zoe", "x", start))
	now := time.Date(2026, 11, 4, 0, 0, 0, 0, time.UTC)
	settle := func(d flattery.AccountID) func(context.Context, store.Tx) error {
		return func(ctx context.Context, tx store.Tx) error {
			st := flattery.Settlement{Month: october, Donor: d, Currency: "EUR", Budget: 5, Shares: 5, Flattrs: 1}
			var err error
			st.Transaction, err = tx.Post(ctx, ledger.Draft{Key: ledger.SettleKey(october, d), Kind: "settle", At: now, Entries: []ledger.Entry{
				entry(ledger.Pledge(d), ledger.DonorMeans(d), 5),
				{Debit: ledger.DonorMeans(d), Credit: ledger.PayeePayable(1), Currency: "EUR", Amount: 5, Flattr: out[0].Flattr}}})
			if err != nil {
				return err
			}
			if err := tx.Owe(ctx, d, 1, "EUR", 5, october); err != nil {
				return err
			}
			return tx.Settle(ctx, st)
		}
	}
	closed := func() (ok bool) {
		h.do(func(ctx context.Context, tx store.Tx) (err error) {
			_, ok, err = tx.CloseMonth(ctx, october, now)
			return err
		})
		return ok
	}
	h.refused(flattery.ErrSettled, settle(ann)) // not frozen
	h.freeze(october, now)
	h.do(settle(ann))
	h.refused(flattery.ErrSettled, settle(ann))
	h.want("closed with one of two", closed(), false)
	left, err := h.Donors(h.Context(), october, 0, 10)
	h.want("donors left", say(left, err), say([]flattery.AccountID{bob}, "<nil>"))
	h.do(settle(bob))
	h.want("closed with both", closed(), true)
	h.want("closed again", closed(), false)
	m, err := h.Month(h.Context(), october)
	h.want("control sums", say(int64(m.Budgets), int64(m.Shares), len(m.Head), err), "10 10 64 <nil>")
	h.want("the share", h.flattrs(ann)[0].Share, flattery.Amount(5))
	h.refused(flattery.ErrSettled, settle(zoe))
}

func claimMoves(h *house) {
	ann, zoe := h.account("ann"), h.account("zoe")
	l := h.link(ann, "ann", flattery.ByName)
	h.claim(zoe, "zoe", start)
	h.likes(l, start, like("zoe", "x", start))
	claims, err := h.Claims(h.Context(), zoe)
	if err != nil {
		h.Fatal(err)
	}
	h.freeze(october, start.AddDate(0, 1, 0))
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RemoveClaim(ctx, claims[0].ID, start) }) // after the freeze: it still counts
	var author flattery.PayeeID
	for d, err := range h.DonorMonths(h.Context(), october, 0, 1<<62) {
		if err != nil {
			h.Fatal(err)
		}
		author = d.Payees[0]
	}
	h.do(func(ctx context.Context, tx store.Tx) error {
		if err := post(ctx, tx, "settled", entry(ledger.Pledge(ann), ledger.DonorMeans(ann), 5), entry(ledger.DonorMeans(ann), ledger.PayeePayable(author), 5)); err != nil {
			return err
		}
		return tx.Owe(ctx, ann, author, "EUR", 5, october)
	})
	eve := h.account("eve")
	h.claim(eve, "zoe", start)
	debts, err := h.Debts(h.Context(), ann)
	if err != nil || len(debts) != 1 {
		h.Fatal(debts, err)
	}
	h.want("who is owed", say(debts[0].PayeeName, debts[0].Account == eve, int64(debts[0].Amount)), "eve true 5")
	balance, err := h.Balance(h.Context(), ledger.PayeePayable(author), "EUR")
	h.want("what the author is owed", say(balance, err), "0.00 <nil>")
}

func owe(h *house) {
	a := h.account("ann")
	h.claim(h.account("zoe"), "zoe", start)
	add := func(amount flattery.Amount, m flattery.Month) func(context.Context, store.Tx) error {
		return func(ctx context.Context, tx store.Tx) error { return tx.Owe(ctx, a, 1, "EUR", amount, m) }
	}
	h.do(func(ctx context.Context, tx store.Tx) error {
		return post(ctx, tx, "p", entry(ledger.Pledge(a), "payee:1:payable", 3))
	})
	h.do(add(5, october))
	if err := h.try(add(-6, october)); err == nil {
		h.Error("owed less than nothing")
	}
	h.do(add(-5, october))
	h.do(add(3, november))
	debts, err := h.Debts(h.Context(), a)
	if err != nil || len(debts) != 1 {
		h.Fatal(debts, err)
	}
	h.want("since", debts[0].Since, november)
}

func payments(h *house) {
	a := h.account("ann")
	h.claim(h.account("zoe"), "zoe", start)
	h.likes(h.link(a, "ann", flattery.ByName), start, like("zoe", "x", start))
	plan := store.Plan{Month: october, Hash: fmt.Sprintf("%064d", 7), CreatedAt: start}
	add := func(ctx context.Context, tx store.Tx) error {
		return tx.AddPlan(ctx, plan, []flattery.Payment{{Code: "A", Rail: "manual", Donor: a, Payee: 1, Currency: "EUR", Amount: 2, Destination: "https://example.org/"}})
	}
	h.do(add)
	h.refused(flattery.ErrSettled, add)
	list, err := h.Payments(h.Context(), store.PaymentQuery{Donor: a})
	if err != nil || len(list) != 1 {
		h.Fatal(list, err)
	}
	p := list[0]
	h.want("planned", say(p.State, p.PayeeName, p.Plan), "planned zoe 2026-10")
	p.State, p.SentAt = flattery.PaymentSent, start
	move := func(from ...flattery.PaymentState) func(context.Context, store.Tx) error {
		return func(ctx context.Context, tx store.Tx) error { return tx.MovePayment(ctx, p, from...) }
	}
	h.do(move(flattery.PaymentPlanned))
	h.refused(flattery.ErrState, move(flattery.PaymentPlanned))
	p.State = flattery.PaymentPaid
	h.do(move(flattery.PaymentSent, flattery.PaymentUnknown))
	h.refused(flattery.ErrState, move(flattery.PaymentSent))
	stored, err := h.Plan(h.Context(), october)
	h.want("the plan", say(stored.Payments, stored.Hash == plan.Hash, err), "1 true <nil>")
}

func dueOnce(h *house) {
	a := h.account("ann")
	for i := range 20 {
		h.link(a, fmt.Sprint("name", i), flattery.ByName)
	}
	got := make([][]flattery.LinkID, 8)
	errs := together(8, func(i int) error {
		var ids []flattery.LinkID
		err := h.try(func(ctx context.Context, tx store.Tx) (err error) {
			ids, err = tx.DueLinks(ctx, start, start.Add(time.Hour), 3)
			return err
		})
		got[i] = ids
		return err
	})
	h.want("eight at once", errs, make([]error, 8))
	seen := map[flattery.LinkID]bool{}
	for _, ids := range got {
		for _, id := range ids {
			if seen[id] {
				h.Errorf("link %d was handed out twice", id)
			}
			seen[id] = true
		}
	}
	h.want("handed out", len(seen), 20)
}

func rollsBackItsJobs(h *house) {
	broken := errors.New("broken")
	h.refused(broken, func(ctx context.Context, tx store.Tx) error {
		if err := tx.Enqueue(ctx, "work", "1", start); err != nil {
			return err
		}
		return broken
	})
	n, err := h.Jobs().Drain(h.Context(), queue.Handlers{"work": func(context.Context, queue.Job) error { return nil }})
	h.want("jobs done", say(n, err), "0 <nil>")
}

func jobOnce(h *house) {
	for range 3 {
		h.do(func(ctx context.Context, tx store.Tx) error {
			return tx.Enqueue(ctx, "work", "1", start.AddDate(-1, 0, 0))
		})
	}
	var done []string
	work := queue.Handlers{"work": func(_ context.Context, j queue.Job) error { done = append(done, j.Key); return nil }}
	n, err := h.Jobs().Drain(h.Context(), work)
	h.want("jobs done", say(n, done, err), "1 [1] <nil>")
	h.do(func(ctx context.Context, tx store.Tx) error {
		return tx.Enqueue(ctx, "work", "1", start.AddDate(-1, 0, 0))
	})
	n, err = h.Jobs().Drain(h.Context(), work)
	h.want("jobs done again", say(n, done, err), "1 [1 1] <nil>")
}

func entrance(h *house) {
	a := h.account("ann")
	h.do(func(ctx context.Context, tx store.Tx) error {
		return tx.AddEntrance(ctx, "secret", a, start.Add(time.Hour))
	})
	enter := func(token string, now time.Time) func(context.Context, store.Tx) error {
		return func(ctx context.Context, tx store.Tx) error { _, err := tx.Enter(ctx, token, now); return err }
	}
	h.refused(flattery.ErrNotFound, enter("guess", start))
	h.refused(flattery.ErrNotFound, enter("secret", start.Add(time.Hour)))
	h.do(enter("secret", start))
	h.refused(flattery.ErrNotFound, enter("secret", start))
}
