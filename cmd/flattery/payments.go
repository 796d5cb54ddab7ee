package main

import (
	"context"
	"errors"
	"io"

	"flattery"
	"flattery/internal/ledger"
	"flattery/internal/payout/epc"
	"flattery/internal/web"
	"flattery/store"
)

var _ web.House = pages{}

// paidInShown are the last of what a donor paid in.
const paidInShown = 20

func (p pages) HousePayments(ctx context.Context, state flattery.PaymentState, limit int) ([]flattery.Payment, error) {
	return p.Store.Payments(ctx, store.PaymentQuery{House: true, State: state, Limit: limit})
}

// MarkHouse is for payments of the house only.
func (p pages) MarkHouse(ctx context.Context, id flattery.PaymentID, to flattery.PaymentState) error {
	y, err := p.Payment(ctx, id)
	if err != nil {
		return err
	}
	if y.Donor != 0 {
		return flattery.ErrNotFound
	}
	_, err = p.in.planner.Mark(ctx, id, to)
	return err
}

func (p pages) Rails() []string { return p.in.planner.Batching() }

func (p pages) Send(ctx context.Context, rail, currency string) (flattery.Batch, error) {
	return p.in.send(ctx, rail, currency)
}

func (p pages) TakeStatement(ctx context.Context, statement io.Reader) (web.Booked, error) {
	b, err := p.in.book(ctx, statement)
	return web.Booked(b), err
}

func (p pages) Resolve(ctx context.Context, line flattery.BankLineID, as flattery.Booking, donor flattery.AccountID, payment flattery.PaymentID) error {
	if err := p.in.prepaid(); err != nil {
		return err
	}
	return p.in.planner.Resolve(ctx, line, as, donor, payment)
}

func (p pages) Means(ctx context.Context, a flattery.Account) (web.Means, error) {
	m, err := p.in.meansOf(ctx, a)
	if err != nil || m == nil {
		return web.Means{}, err
	}
	debt, debtErr := p.Balance(ctx, ledger.DonorDebt(a.ID), a.Currency)
	recent, err := p.PaidIn(ctx, a.ID, paidInShown)
	return web.Means{Balance: m.Balance, Debt: debt, Code: m.Code, Recent: recent}, errors.Join(debtErr, err)
}

func (p pages) PayCode(ctx context.Context, a flattery.Account, amount flattery.Amount) ([]byte, error) {
	schema, err := p.Schema(ctx)
	if err != nil {
		return nil, err
	}
	return epc.Transfer{Name: p.in.SEPA.Name, IBAN: p.in.SEPA.IBAN, BIC: p.in.SEPA.BIC, Amount: amount, Currency: "EUR", Text: flattery.MeansCode(schema.Instance, a.ID)}.SVG()
}
