package storetest

import (
	"context"
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
		"what somebody receives is told by month and thing": income,
		"what was settled before a claim is income":         incomeBeforeClaim,
	}
}

// shares settles a month for a donor: so much for each flattr that counts.
func (h *house) shares(donor flattery.AccountID, m flattery.Month, currency string, each flattery.Amount) {
	h.Helper()
	for d, err := range h.DonorMonths(h.Context(), m, donor, donor) {
		if err != nil {
			h.Fatal(err)
		}
		h.do(func(ctx context.Context, tx store.Tx) error {
			draft := ledger.Draft{Key: ledger.SettleKey(m, donor), Kind: "settle", At: atClose}
			for i := range d.Parts {
				to := ledger.PayeePayable(d.Payees[i])
				draft.Entries = append(draft.Entries, ledger.Entry{Debit: ledger.Pledge(donor), Credit: ledger.DonorMeans(donor), Currency: currency, Amount: each},
					ledger.Entry{Debit: ledger.DonorMeans(donor), Credit: to, Currency: currency, Amount: each, Flattr: d.Flattrs[i]})
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
