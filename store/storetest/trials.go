package storetest

import (
	"context"
	"errors"

	"flattery"
	"flattery/internal/ledger"
	"flattery/store"
)

const giro = flattery.Destination("payto://iban/DE75512108001245126199")

// trial plans one to where an account says that it is paid.
func (h *house) trial(a flattery.AccountID, code string) (id flattery.PaymentID) {
	h.Helper()
	h.do(func(ctx context.Context, tx store.Tx) (err error) {
		id, err = tx.AddTrial(ctx, flattery.Payment{Code: code, Rail: "sepa", Currency: "EUR", Amount: flattery.Cent, Destination: giro, PlannedAt: start, Trial: a, Number: "482913"})
		return err
	})
	return id
}

// paidAt says where an account is paid from now on.
func (h *house) paidAt(a flattery.AccountID, d flattery.Destination) {
	h.Helper()
	is, err := h.Account(h.Context(), a)
	if err != nil {
		h.Fatal(err)
	}
	is.Destination = d
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.SetSettings(ctx, a, is.Settings, start) })
}

// moves a payment from where it is.
func (h *house) moves(id flattery.PaymentID, to flattery.PaymentState) {
	h.Helper()
	p, err := h.Payment(h.Context(), id)
	if err != nil {
		h.Fatal(err)
	}
	was := p.State
	p.State = to
	if to == flattery.PaymentFailed && was == flattery.PaymentPaid {
		p.ReturnedAt = start
	}
	var entries []ledger.Entry
	switch to {
	case flattery.PaymentSent:
		entries = []ledger.Entry{entry(ledger.Trials, ledger.Transit("sepa"), p.Amount)}
	case flattery.PaymentPaid:
		entries = []ledger.Entry{entry(ledger.Bank, ledger.Sponsor, p.Amount), entry(ledger.Transit("sepa"), ledger.Bank, p.Amount)}
	default:
		entries = []ledger.Entry{entry(ledger.Bank, ledger.Trials, p.Amount)}
	}
	h.do(func(ctx context.Context, tx store.Tx) error {
		if err := tx.MovePayment(ctx, p, was); err != nil {
			return err
		}
		return post(ctx, tx, say(to, id), entries...)
	})
}

func (h *house) trials(a flattery.AccountID) string {
	h.Helper()
	list, err := h.Trials(h.Context(), a)
	s := say(err)
	for _, t := range list {
		s += " " + say(t.Destination, t.Amount, t.State, t.Tries, t.Left(), t.Proves())
	}
	return s
}

func trials(h *house) {
	h.payable(7) // zoe is owed something, and is somebody's payee
	zoe := flattery.AccountID(2)
	h.paidAt(zoe, giro)
	id := h.trial(zoe, "T")
	h.refused(flattery.ErrConflict, func(ctx context.Context, tx store.Tx) error {
		_, err := tx.AddTrial(ctx, flattery.Payment{Code: "T", Rail: "sepa", Currency: "EUR", Amount: 1, Destination: giro, PlannedAt: start, Trial: zoe, Number: "1"})
		return err
	})
	h.want("planned", h.trials(zoe), "<nil> "+say(giro, "0.01", "planned", 0, 0, false))
	h.want("another's", h.trials(1), "<nil>")
	h.want("what is owed is what it was", h.payables(), "<nil> zoe 7 0")
	p := h.housePayment()
	h.want("the payment", say(p.Plan, p.Donor, p.Payee, p.PayeeName, p.Joined, p.Trial == zoe, string(p.Number), p.Message(), p.SureAt.IsZero()), say("", 0, 0, "zoe", true, true, "482913", "Flattery T", true))
	to, err := h.Payments(h.Context(), store.PaymentQuery{Payee: zoe})
	h.want("no payment that zoe is shown", say(len(to), err), "0 <nil>")
	try := func(ctx context.Context, tx store.Tx) error { _, err := tx.TryTrial(ctx, id); return err }
	h.refused(flattery.ErrState, try)
	h.moves(id, flattery.PaymentSent)
	h.do(func(ctx context.Context, tx store.Tx) error {
		number, err := tx.TryTrial(ctx, id)
		h.want("the number", string(number), "482913")
		return err
	})
	h.want("one typed", h.trials(zoe), "<nil> "+say(giro, "0.01", "sent", 1, 4, false))
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.ProveTrial(ctx, id, start) })
	h.want("proved", h.trials(zoe), "<nil> "+say(giro, "0.01", "sent", 1, 0, true))
	p = h.housePayment()
	h.want("it is forgotten", say(p.Number == "", p.SureAt.Equal(start)), "true true")
	h.refused(flattery.ErrState, try)
	if err := h.housePlan(5); err != nil {
		h.Fatal(err)
	}
	list, err := h.Payments(h.Context(), store.PaymentQuery{House: true, State: flattery.PaymentPlanned})
	h.want("a payment there is sure", say(len(list), list[0].SureAt.Equal(start), list[0].Trial, err), "1 true 0 <nil>")
	all, err := h.Payments(h.Context(), store.PaymentQuery{House: true})
	h.want("what has no plan is last", say(len(all), all[0].Code, all[1].Code, err), "2 A T <nil>")
	h.moves(id, flattery.PaymentPaid)
	got, err := h.Received(h.Context(), zoe)
	h.want("nobody gave it", say(got[0].Promised, got[0].Paid, err), "0.000007 0.00 <nil>")
	h.moves(id, flattery.PaymentFailed)
	h.want("it came back", h.trials(zoe), "<nil> "+say(giro, "0.01", "failed", 1, 0, false))
	list, err = h.Payments(h.Context(), store.PaymentQuery{House: true, State: flattery.PaymentPlanned})
	h.want("and proves nothing", say(list[0].SureAt.IsZero(), err), "true <nil>")
	sixth := h.trial(zoe, "U")
	h.moves(sixth, flattery.PaymentSent)
	for range flattery.TrialTries {
		h.do(func(ctx context.Context, tx store.Tx) error { _, err := tx.TryTrial(ctx, sixth); return err })
	}
	h.want("enough", errors.Is(h.try(func(ctx context.Context, tx store.Tx) error { _, err := tx.TryTrial(ctx, sixth); return err }), flattery.ErrState), true)
}

func trialEnds(h *house) {
	zoe := h.account("zoe")
	h.paidAt(zoe, giro)
	h.trial(zoe, "T")
	h.paidAt(zoe, giro)
	h.want("the same again", h.trials(zoe), "<nil> "+say(giro, "0.01", "planned", 0, 0, false))
	h.paidAt(zoe, "https://pay.example/zoe")
	h.want("elsewhere", h.trials(zoe), "<nil> "+say(giro, "0.01", "failed", 0, 0, false))
	h.paidAt(zoe, giro)
	sent := h.trial(zoe, "U")
	h.moves(sent, flattery.PaymentSent)
	h.paidAt(zoe, "")
	h.want("what has left", h.trials(zoe), "<nil> "+say(giro, "0.01", "sent", 0, 5, false)+" "+say(giro, "0.01", "failed", 0, 0, false))
}

func trialForgotten(h *house) {
	zoe := h.account("zoe")
	h.paidAt(zoe, giro)
	h.moves(h.trial(zoe, "T"), flattery.PaymentSent)
	h.trial(zoe, "U")
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RemoveAccount(ctx, zoe, start) })
	h.want("trials", h.trials(zoe), "<nil>")
	list, err := h.Payments(h.Context(), store.PaymentQuery{House: true})
	h.want("the amounts stay", say(len(list), err), "2 <nil>")
	for _, p := range list {
		h.want(p.Code, say(p.PayeeName, p.Trial, string(p.Number), p.State), say("removed", 0, "", map[string]flattery.PaymentState{"T": "sent", "U": "failed"}[p.Code]))
	}
}

// trialWalls keep a trial what it is.
func trialWalls() map[string]string {
	return map[string]string{
		"a payment has a plan and no payee":   `INSERT INTO payments (code, plan, rail, currency, amount, destination, state, planned_at, sent_at, paid_at) SELECT 'B', month, 'sepa', 'EUR', 1, '', 'planned', 0, 0, 0 FROM plans`,
		"a trial becomes a payment of a plan": `UPDATE payments SET plan = (SELECT month FROM plans), payee_id = 1 WHERE payee_id IS NULL`,
		"a trial becomes larger":              `UPDATE payments SET amount = amount + 1 WHERE payee_id IS NULL`,
		"a trial gets another number":         `UPDATE trials SET number = '654321'`,
		"a trial becomes another's":           `UPDATE trials SET account_id = 2`,
		"a number is typed once too often":    `UPDATE trials SET tries = 6`,
		"a number was typed less often":       `UPDATE trials SET tries = 1; UPDATE trials SET tries = 0`,
	}
}
