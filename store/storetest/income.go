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

// atClose is when October is frozen: three days after its end.
var atClose = time.Date(2026, 11, 4, 0, 0, 0, 0, time.UTC)

// incomePromises are those of what somebody receives.
func incomePromises() map[string]func(*house) {
	return map[string]func(*house){
		"what somebody receives is told by month and thing":          income,
		"what was settled before a claim is income":                  incomeBeforeClaim,
		"who gives on received something":                            receipts,
		"what is given on is spent once, the oldest first":           spendGiven,
		"a slip knows for what it is, and says it to its donor only": likedOf,
	}
}

// shares settles a month for a donor: so much for each flattr that counts.
func (h *house) shares(donor flattery.AccountID, m flattery.Month, currency string, each flattery.Amount) {
	h.Helper()
	h.sharesFrom(ledger.Pledge(donor), donor, m, currency, each)
}

// sharesFrom settles out of the pledge, which makes debts, or out of what the instance has.
func (h *house) sharesFrom(from string, donor flattery.AccountID, m flattery.Month, currency string, each flattery.Amount) {
	h.Helper()
	for d, err := range h.DonorMonths(h.Context(), m, donor, donor) {
		if err != nil {
			h.Fatal(err)
		}
		h.do(func(ctx context.Context, tx store.Tx) error {
			draft := ledger.Draft{Key: ledger.SettleKey(m, donor), Kind: "settle", At: atClose}
			for i := range d.Parts {
				to := ledger.PayeePayable(d.Payees[i])
				draft.Entries = append(draft.Entries, ledger.Entry{Debit: from, Credit: ledger.DonorMeans(donor), Currency: currency, Amount: each},
					ledger.Entry{Debit: ledger.DonorMeans(donor), Credit: to, Currency: currency, Amount: each, Flattr: d.Flattrs[i]})
				if from == ledger.Bank {
					continue
				}
				if err := tx.Owe(ctx, donor, d.Payees[i], currency, each, m); err != nil {
					return err
				}
			}
			number, err := tx.Post(ctx, draft)
			if err != nil {
				return err
			}
			sum := each * flattery.Amount(len(d.Parts))
			return tx.Settle(ctx, flattery.Settlement{Month: m, Donor: donor, Currency: currency, Budget: sum, Shares: sum, Flattrs: len(d.Parts), Transaction: number})
		})
	}
}

func (h *house) incomes(a flattery.AccountID) string {
	h.Helper()
	list, err := h.Incomes(h.Context(), a)
	if err != nil {
		h.Fatal(err)
	}
	s := ""
	for _, i := range list {
		s += fmt.Sprintf(" %s:%s:%d:%d:%d", i.Month, i.Currency, i.Flattrs, i.Donors, int64(i.Amount))
	}
	return s
}

func (h *house) earnings(a flattery.AccountID, m flattery.Month) string {
	h.Helper()
	list, err := h.Earnings(h.Context(), a, m)
	if err != nil {
		h.Fatal(err)
	}
	s := ""
	for _, e := range list {
		s += fmt.Sprintf(" %s:%s:%d:%d:%d", e.Thing.Title, e.Currency, e.Flattrs, e.Total, int64(e.Amount))
	}
	return s
}

func income(h *house) {
	ann, bob, zoe, eve := h.account("ann"), h.account("bob"), h.account("zoe"), h.account("eve")
	h.claim(zoe, "zoe", start)
	h.claim(eve, "eve", start)
	links := map[flattery.AccountID]flattery.Link{ann: h.link(ann, "ann", flattery.ByName), bob: h.link(bob, "bob", flattery.ByName)}
	h.likes(links[ann], start, like("zoe", "x", start), like("zoe", "y", start), like("eve", "hers", start), like("nobody", "waits", start))
	h.likes(links[bob], start, like("zoe", "x", start))
	h.want("before the close", h.incomes(zoe)+h.earnings(zoe, october), " 2026-10::3:2:0 x::2:2:0 y::1:1:0")
	h.freeze(october, atClose)
	h.shares(ann, october, "EUR", 5)
	h.shares(bob, october, "USD", 7)
	later := atClose.Add(time.Hour)
	h.likes(links[ann], later, like("zoe", "z", later))
	h.want("after it", h.incomes(zoe), " 2026-11::1:1:0 2026-10:EUR:2:1:10 2026-10:USD:1:1:7")
	h.want("by thing", h.earnings(zoe, october), " x:USD:1:2:7 x:EUR:1:2:5 y:EUR:1:1:5")
	h.want("the open month", h.earnings(zoe, october+1), " z::1:1:0")
	h.want("another's", h.incomes(eve)+h.earnings(eve, october), " 2026-10:EUR:1:1:5 hers:EUR:1:1:5")
	h.want("of who has none", h.incomes(bob)+h.earnings(bob, october), "")
	got, err := h.Received(h.Context(), zoe)
	h.want("received", say(len(got), int64(got[0].Promised), got[0].Currency, int64(got[1].Promised), got[1].Currency, err), "2 10 EUR 7 USD <nil>")
}

func incomeBeforeClaim(h *house) {
	ann := h.account("ann")
	claimed := h.account("old")
	h.claim(claimed, "zoe", start)
	h.likes(h.link(ann, "ann", flattery.ByName), start, like("zoe", "x", start))
	h.freeze(october, atClose)
	h.shares(ann, october, "EUR", 5)
	claims, err := h.Claims(h.Context(), claimed)
	if err != nil {
		h.Fatal(err)
	}
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RemoveClaim(ctx, claims[0].ID, atClose) })
	zoe := h.account("zoe")
	h.claim(zoe, "zoe", atClose)
	h.want("of who claims it now", h.incomes(zoe), " 2026-10:EUR:1:1:5")
	h.want("of who did", h.incomes(claimed), "")
}

func receipts(h *house) {
	ann, zoe, eve := h.account("ann"), h.account("zoe"), h.account("eve")
	h.claim(zoe, "zoe", start)
	h.claim(eve, "eve", start)
	h.likes(h.link(ann, "ann", flattery.ByName), start, like("zoe", "x", start), like("zoe", "y", start), like("eve", "hers", start))
	give := func(a flattery.AccountID, percent int64, since time.Time) {
		h.do(func(ctx context.Context, tx store.Tx) error {
			return tx.SetSettings(ctx, a, flattery.Settings{Currency: "EUR", Budget: flattery.Unit, GiveOn: percent, OnTop: true}, since)
		})
	}
	give(zoe, 40, atClose.Add(-time.Hour))
	give(eve, 40, atClose.Add(time.Hour)) // too late for October
	h.freeze(october, atClose)
	h.sharesFrom(ledger.Bank, ann, october, "EUR", 50)
	give(zoe, 90, atClose.Add(2*time.Hour))
	list, err := h.Receipts(h.Context(), october)
	if err != nil || len(list) != 1 {
		h.Fatalf("%+v %v", list, err)
	}
	r := list[0]
	h.want("who, how much", say(r.Account.ID == zoe, r.Account.GiveOn, r.Account.OnTop), "true 40 true")
	h.want("settled, paid, owed, left", say(int64(r.Settled), int64(r.Paid), int64(r.Owed), int64(r.Left)), "100 0 100 0")
	h.give(flattery.Given{Month: october, Account: zoe, Currency: "EUR", Received: 100, Percent: 40, Amount: 40}, ledger.PayeePayable(r.Payee))
	list, err = h.Receipts(h.Context(), october)
	h.want("who has not yet", say(len(list), err), "0 <nil>")
	got, err := h.Received(h.Context(), zoe)
	if err != nil || len(got) != 1 {
		h.Fatal(got, err)
	}
	h.want("promised, given on, left", say(int64(got[0].Promised), int64(got[0].Given), int64(got[0].Left())), "100 40 60")
}

// give posts what is given on out of an account of the ledger, and notes it.
func (h *house) give(g flattery.Given, from string) {
	h.Helper()
	h.do(func(ctx context.Context, tx store.Tx) (err error) {
		if g.Transaction, err = tx.Post(ctx, ledger.Draft{Key: ledger.GiveKey(g.Month, g.Account, g.Currency), Kind: "give", At: atClose, Entries: []ledger.Entry{
			entry(from, ledger.DonorMeans(g.Account), g.Amount)}}); err != nil {
			return err
		}
		return tx.GiveOn(ctx, g)
	})
}

func spendGiven(h *house) {
	ann, zoe := h.account("ann"), h.account("zoe")
	h.claim(zoe, "zoe", start)
	l := h.link(ann, "ann", flattery.ByName)
	h.likes(l, start, like("zoe", "x", start))
	h.freeze(october, atClose)
	h.do(func(ctx context.Context, tx store.Tx) error {
		_, _, err := tx.CloseMonth(ctx, october, atClose)
		return err
	})
	h.give(flattery.Given{Month: october, Account: ann, Currency: "EUR", Received: 10, Percent: 50, Amount: 5, Promised: true}, ledger.Pledge(ann))
	h.give(flattery.Given{Month: november, Account: ann, Currency: "EUR", Received: 10, Percent: 70, Amount: 7, Promised: true}, ledger.Pledge(ann))
	for d, err := range h.DonorMonths(h.Context(), october, 0, 1<<62) {
		h.want("to spend", say(int64(d.Promised), int64(d.Given), int64(d.Means), err), "12 0 0 <nil>")
	}
	spend := func(n flattery.Amount, promised bool) func(context.Context, store.Tx) error {
		return func(ctx context.Context, tx store.Tx) error { return tx.SpendGiven(ctx, ann, "EUR", promised, n) }
	}
	h.refused(flattery.ErrOverdrawn, spend(13, true))
	h.refused(flattery.ErrOverdrawn, spend(1, false))
	h.do(func(ctx context.Context, tx store.Tx) error { // by a statement, as settling does
		number, err := tx.Post(ctx, ledger.Draft{Key: ledger.SettleKey(october, ann), Kind: "settle", At: atClose, Entries: []ledger.Entry{
			{Debit: ledger.DonorMeans(ann), Credit: ledger.PayeePayable(1), Currency: "EUR", Amount: 6, Flattr: 1}}})
		if err != nil {
			return err
		}
		st := flattery.Settlement{Month: october, Donor: ann, Currency: "EUR", Budget: 6, Shares: 6, Given: 6, Flattrs: 1, Transaction: number}
		return errors.Join(spend(6, true)(ctx, tx), tx.Owe(ctx, ann, 1, "EUR", 6, october), tx.Settle(ctx, st))
	})
	list, err := h.Given(h.Context(), ann)
	if err != nil || len(list) != 2 {
		h.Fatal(list, err)
	}
	h.want("newest first, what is left", say(list[0].Month, int64(list[0].Left()), list[1].Month, int64(list[1].Left())), "2026-11 6 2026-10 0")
	st, err := h.Settlements(h.Context(), ann)
	h.want("the statement", say(len(st), int64(st[0].Given), err), "1 6 <nil>")
}

func likedOf(h *house) {
	ann, bob, zoe := h.closeOctober()
	h.plan(ann, bob, zoe)
	list, err := h.Payments(h.Context(), store.PaymentQuery{Donor: ann})
	if err != nil || len(list) != 1 {
		h.Fatal(list, err)
	}
	liked := func(donor flattery.AccountID, limit int) (s string) {
		all, err := h.Liked(h.Context(), donor, list[0].ID, limit)
		for _, f := range all {
			s += fmt.Sprintf("%s:%d ", f.Thing.Title, int64(f.Share))
		}
		return s + fmt.Sprint(err)
	}
	h.want("hers, under both names of zoe", liked(ann, 9), "y:5 x:5 <nil>")
	h.want("the last", liked(ann, 1), "y:5 <nil>")
	h.want("to another", liked(bob, 9), "<nil>")
}
