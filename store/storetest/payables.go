package storetest

import (
	"context"
	"errors"
	"fmt"

	"flattery"
	"flattery/internal/ledger"
	"flattery/store"
)

// housePromises are those of what the house pays, and of its bank.
func housePromises() map[string]func(*house) {
	return map[string]func(*house){
		"the house owes what no donor does":                 payables,
		"a payment of the house goes with one batch":        batches,
		"a file of a batch stays as it is":                  outgoing,
		"a trial is of no plan, and typed so often":         trials,
		"a trial ends with its destination":                 trialEnds,
		"who is forgotten leaves a trial of nobody":         trialForgotten,
		"a line of a bank is taken in once, and forgotten":  bankLines,
		"a payment that came back is a failure with a date": returned,
		"the purse is what the ledger says":                 purses,
		"what a donor paid in is told newest first":         paidIn,
	}
}

// payable lets so much of ann's means be settled for zoe, October closed.
func (h *house) payable(amount flattery.Amount) {
	h.Helper()
	ann := h.account("ann")
	h.claim(h.account("zoe"), "zoe", start)
	h.likes(h.link(ann, "ann", flattery.ByName), start, like("zoe", "x", start))
	h.freeze(october, atClose)
	h.sharesFrom(ledger.Bank, ann, october, "EUR", amount)
}

func (h *house) housePlan(amount flattery.Amount) error {
	return h.try(func(ctx context.Context, tx store.Tx) error {
		return tx.AddPlan(ctx, store.Plan{Month: october, Hash: fmt.Sprintf("%064d", 7), CreatedAt: start},
			[]flattery.Payment{{Code: "A", Rail: "sepa", Payee: 1, Currency: "EUR", Amount: amount, Destination: "payto://iban/DE75512108001245126199"}})
	})
}

func (h *house) payables() string {
	h.Helper()
	list, err := h.Payables(h.Context())
	s := fmt.Sprint(err)
	for _, d := range list {
		s += fmt.Sprintf(" %s %d %d", d.PayeeName, int64(d.Amount), int64(d.Planned))
	}
	return s
}

func payables(h *house) {
	h.want("at first", h.payables(), "<nil>")
	h.payable(7)
	h.want("settled", h.payables(), "<nil> zoe 7 0")
	h.want("more than it owes", errors.Is(h.housePlan(8), flattery.ErrOverdrawn), true)
	if err := h.housePlan(5); err != nil {
		h.Fatal(err)
	}
	h.want("planned", h.payables(), "<nil> zoe 7 5")
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.Owe(ctx, 1, 1, "EUR", 2, october) })
	h.want("less what a donor owes", h.payables(), "<nil> zoe 5 5")
}

func (h *house) housePayment() flattery.Payment {
	h.Helper()
	list, err := h.Payments(h.Context(), store.PaymentQuery{House: true})
	if err != nil || len(list) != 1 {
		h.Fatal(list, err)
	}
	return list[0]
}

func (h *house) batched() flattery.Payment {
	h.Helper()
	h.payable(7)
	if err := h.housePlan(5); err != nil {
		h.Fatal(err)
	}
	p := h.housePayment()
	h.do(func(ctx context.Context, tx store.Tx) error {
		if err := post(ctx, tx, "leave", entry(ledger.PayeePayable(1), ledger.Transit("sepa"), 5)); err != nil {
			return err
		}
		return tx.AddBatch(ctx, flattery.Batch{ID: "B", Rail: "sepa", Currency: "EUR", MadeAt: start, Payments: []flattery.Payment{p}})
	})
	return h.housePayment()
}

func batches(h *house) {
	p := h.batched()
	h.want("in a batch", say(p.Batch, p.State, p.Donor), "B unknown 0")
	for _, id := range []string{"B", "C"} { // the same was made of it by another just now, or another one
		h.refused(flattery.ErrState, func(ctx context.Context, tx store.Tx) error {
			return tx.AddBatch(ctx, flattery.Batch{ID: id, Rail: "sepa", Currency: "EUR", MadeAt: start, Payments: []flattery.Payment{p}})
		})
	}
	h.do(func(ctx context.Context, tx store.Tx) error {
		return tx.SaveBatch(ctx, flattery.Batch{ID: "B", Tried: true, Cause: "why"})
	})
	open, err := h.OpenBatches(h.Context())
	h.want("open", say(open, err), "[B] <nil>")
	b, err := h.Batch(h.Context(), "B")
	h.want("the batch", say(b.Tried, b.Cause, b.Count, int64(b.Amount), len(b.Payments), err), "true why 1 5 1 <nil>")
	list, err := h.Batches(h.Context())
	h.want("all", say(len(list), list[0].Count, list[0].Open, list[0].Filed, err), "1 1 1 false <nil>")
	p.State = flattery.PaymentSent
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.MovePayment(ctx, p, flattery.PaymentUnknown) })
	open, err = h.OpenBatches(h.Context())
	h.want("done", say(len(open), err), "0 <nil>")
	_, err = h.Batch(h.Context(), "C")
	h.want("a batch that is none", errors.Is(err, flattery.ErrNotFound), true)
}

func outgoing(h *house) {
	h.batched()
	put := func(body string) func(context.Context, store.Tx) error {
		return func(ctx context.Context, tx store.Tx) error {
			return tx.PutOutgoing(ctx, "B", flattery.File{Name: "b.xml", Body: []byte(body), MadeAt: start})
		}
	}
	h.do(put("one"))
	h.do(put("one"))
	h.refused(flattery.ErrConflict, put("two"))
	b, err := h.Batch(h.Context(), "B")
	h.want("it has a file", say(b.Filed, err), "true <nil>")
	f, err := h.Outgoing(h.Context(), "B")
	h.want("the file", say(f.Name, string(f.Body), err), "b.xml one <nil>")
	_, err = h.Outgoing(h.Context(), "C")
	h.want("a file that is none", errors.Is(err, flattery.ErrNotFound), true)
}

func bankLines(h *house) {
	p := h.batched()
	add := func(l flattery.BankLine) (id flattery.BankLineID) {
		h.do(func(ctx context.Context, tx store.Tx) (err error) {
			id, err = tx.AddBankLine(ctx, l)
			return err
		})
		return id
	}
	l := flattery.BankLine{Key: "k", At: start, Currency: "EUR", Amount: 3, Text: "who and why", Payment: p.ID, ReadAt: start}
	l.ID = add(l)
	h.want("a number", l.ID != 0, true)
	h.want("again", add(l), flattery.BankLineID(0))
	add(flattery.BankLine{Key: "m", At: start, Currency: "EUR", Amount: 9, Incoming: true, Became: flattery.BookingMeans, Account: 1, Text: "who and why", ReadAt: start})
	h.do(func(ctx context.Context, tx store.Tx) error {
		went, err := tx.Assigned(ctx, p.ID)
		h.want("assigned", say(int64(went), err), "3 <nil>")
		return nil
	})
	lines := func() (s string) {
		list, err := h.BankLines(h.Context(), 10)
		for _, l := range list {
			s += fmt.Sprintf("%d %q %q; ", int64(l.Amount), l.Became, l.Text)
		}
		return s + fmt.Sprint(err)
	}
	h.want("lines", lines(), `3 "" "who and why"; 9 "means" ""; <nil>`)
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.CloseAssigned(ctx, p.ID) })
	h.want("closed", lines(), `9 "means" ""; 3 "payment" ""; <nil>`)
	l.Became = flattery.BookingFee
	h.refused(flattery.ErrState, func(ctx context.Context, tx store.Tx) error { return tx.SaveBankLine(ctx, l) })
	_, err := h.BankLine(h.Context(), 77)
	h.want("a line that is none", errors.Is(err, flattery.ErrNotFound), true)
}

func purses(h *house) {
	list, err := h.Purses(h.Context())
	h.want("at first", say(len(list), err), "0 <nil>")
	h.batched() // 7 are settled for zoe, 5 of it on their way
	h.do(func(ctx context.Context, tx store.Tx) error {
		for _, l := range []flattery.BankLine{{Key: "in", Incoming: true, Amount: 20}, {Key: "out", Amount: 3}} {
			l.At, l.ReadAt, l.Currency = start, start, "EUR"
			if _, err := tx.AddBankLine(ctx, l); err != nil {
				return err
			}
		}
		return post(ctx, tx, "bank", entry(ledger.Bank, ledger.SuspenseIn, 20), entry(ledger.SuspenseOut, ledger.Bank, 3), entry(ledger.Bank, ledger.DonorMeans(1), 9), entry(ledger.DonorDebt(1), ledger.Bank, 2),
			entry(ledger.Bank, ledger.Sponsor, 4), entry(ledger.BankFees, ledger.Bank, 1))
	})
	list, err = h.Purses(h.Context())
	h.want("purses", say(list, err), "[{EUR 0.000034 0.00002 0.000003 0.000009 0.000002 0.000002 0.000005 0.000004 0.000001}] <nil>")
}

func paidIn(h *house) {
	ann, bob := h.account("ann"), h.account("bob")
	for i, of := range [][]ledger.Entry{
		{entry(ledger.Bank, ledger.DonorMeans(ann), 9)},
		{entry(ledger.Bank, ledger.DonorMeans(bob), 8)},
		{entry(ledger.DonorMeans(ann), ledger.Bank, 4), entry(ledger.DonorDebt(ann), ledger.Bank, 3)},
		{entry(ledger.Bank, ledger.DonorDebt(ann), 3), entry(ledger.Bank, ledger.DonorMeans(ann), 2)},
	} {
		h.do(func(ctx context.Context, tx store.Tx) error {
			_, err := tx.Post(ctx, ledger.Draft{Key: fmt.Sprint("k", i), Kind: "means", At: start, Entries: of})
			return err
		})
	}
	for range 2 {
		h.do(func(ctx context.Context, tx store.Tx) error { return tx.TellMeans(ctx, ann, "k0", "EUR", 9, start) })
	}
	told, err := h.Notices(h.Context(), ann, 5)
	if err != nil || len(told) != 1 || told[0].Kind != flattery.NoticeMeans || told[0].Amount != 9 || told[0].Currency != "EUR" || !told[0].At.Equal(start) {
		h.Errorf("told %+v, %v", told, err)
	}
	sums := func(limit int) (s string) {
		list, err := h.PaidIn(h.Context(), ann, limit)
		for _, p := range list {
			s += fmt.Sprintf("%d %s %t, ", int64(p.Amount), p.Currency, p.At.Equal(start))
		}
		return s + fmt.Sprint(err)
	}
	h.want("all", sums(10), "5 EUR true, -7 EUR true, 9 EUR true, <nil>")
	h.want("the last", sums(1), "5 EUR true, <nil>")
}

func returned(h *house) {
	p := h.batched()
	p.State, p.PaidAt = flattery.PaymentPaid, atClose
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.MovePayment(ctx, p, flattery.PaymentUnknown) })
	p.State = flattery.PaymentFailed
	if err := h.try(func(ctx context.Context, tx store.Tx) error { return tx.MovePayment(ctx, p, flattery.PaymentPaid) }); err == nil {
		h.Error("what is paid fails without having come back")
	}
	p.ReturnedAt = atClose
	h.do(func(ctx context.Context, tx store.Tx) error {
		if err := post(ctx, tx, "back", entry(ledger.Transit("sepa"), ledger.PayeePayable(1), 5)); err != nil {
			return err
		}
		return tx.MovePayment(ctx, p, flattery.PaymentPaid)
	})
	h.want("its payee is told", h.told(2)[:len("payment.returned:2026-10:5EUR:0:A payment.paid:2026-10:5EUR:0:A")], "payment.returned:2026-10:5EUR:0:A payment.paid:2026-10:5EUR:0:A")
	h.want("came back", say(h.housePayment().State, h.housePayment().ReturnedAt.Equal(atClose)), "failed true")
}
