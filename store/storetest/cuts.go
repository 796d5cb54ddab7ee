package storetest

import (
	"context"
	"errors"
	"fmt"

	"flattery"
	"flattery/internal/ledger"
	"flattery/store"
)

func cutPayments(h *house) {
	a := h.account("ann")
	h.claim(h.account("zoe"), "zoe", start)
	h.likes(h.link(a, "ann", flattery.ByName), start, like("zoe", "x", start))
	const eur = flattery.Unit
	slip := func(code string) flattery.Payment {
		return flattery.Payment{Code: code, Rail: "manual", Donor: a, Payee: 1, Currency: "EUR", Amount: 6 * eur, Destination: "https://example.org/"}
	}
	h.do(func(ctx context.Context, tx store.Tx) error {
		if err := post(ctx, tx, "p", entry(ledger.Pledge(a), "payee:1:payable", 11*eur/2)); err != nil { // what is owed at last
			return err
		}
		if err := tx.Owe(ctx, a, 1, "EUR", 12*eur, october); err != nil {
			return err
		}
		return tx.AddPlan(ctx, store.Plan{Month: october, Hash: fmt.Sprintf("%064d", 7), CreatedAt: start}, []flattery.Payment{slip("A")})
	})
	cut := func(donor flattery.AccountID, was, becomes flattery.Amount) func(context.Context, store.Tx) error {
		return func(ctx context.Context, tx store.Tx) error {
			return tx.CutPayments(ctx, donor, []store.Cut{{Payment: 1, Was: was * eur, Becomes: becomes * eur}})
		}
	}
	is := func() string {
		h.Helper()
		p, err := h.Payment(h.Context(), 1)
		debts, bad := h.Debts(h.Context(), a)
		if err != nil || bad != nil {
			h.Fatal(err, bad)
		}
		return say(p.Amount, p.Carried, debts[0].Planned)
	}
	h.do(cut(a, 6, 2))
	h.want("cut", is(), "2.00 4.00 2.00")
	h.refused(flattery.ErrState, cut(a, 6, 2)) // it is not over 6 any more
	h.refused(flattery.ErrState, cut(a+1, 2, 1))
	for _, to := range []flattery.Amount{0, -1, 7} {
		if err := h.try(cut(a, 2, to)); err == nil {
			h.Errorf("cut to %d", to)
		}
	}
	h.do(cut(a, 2, 5))
	h.want("cut to more", is(), "5.00 1.00 5.00")
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.Owe(ctx, a, 1, "EUR", -13*eur/2, october) })
	h.refused(flattery.ErrOverdrawn, cut(a, 5, 6))
	h.do(func(ctx context.Context, tx store.Tx) error {
		p := slip("A")
		p.ID, p.State, p.SentAt = 1, flattery.PaymentSent, start
		if err := tx.MovePayment(ctx, p, flattery.PaymentPlanned); !errors.Is(err, flattery.ErrState) {
			return fmt.Errorf("moved over what it is not: %w", err)
		}
		p.Amount = 5 * eur
		return tx.MovePayment(ctx, p, flattery.PaymentPlanned)
	})
	h.refused(flattery.ErrState, cut(a, 5, 4))
	h.want("at last", is(), "5.00 1.00 0.00")
}
