package main

import (
	"context"
	"io"
	"net/http"
	"time"

	"flattery"
	"flattery/config"
	"flattery/internal/ledger"
	"flattery/internal/signin"
	"flattery/internal/web"
	"flattery/store"
)

// pages hands the store and the commands to the web, in its words.
type pages struct {
	store.Store
	gates
}

var (
	_ web.Store    = pages{}
	_ web.Doors    = pages{}
	_ web.Post     = pages{}
	_ web.Sessions = pages{}
	_ web.Desk     = (*signin.Desk)(nil)
)

func (p pages) Flattrs(ctx context.Context, a flattery.AccountID, m flattery.Month, state flattery.State, before flattery.FlattrID, limit int) ([]flattery.Flattr, error) {
	return p.Store.Flattrs(ctx, store.FlattrQuery{Account: a, Month: m, State: state, Before: before, Limit: limit})
}

func (p pages) Payments(ctx context.Context, donor flattery.AccountID) ([]flattery.Payment, error) {
	return p.Store.Payments(ctx, store.PaymentQuery{Donor: donor})
}

func (p pages) PaymentsTo(ctx context.Context, payee flattery.AccountID) ([]flattery.Payment, error) {
	return paidTo(ctx, p.Store, payee)
}

func (p pages) Export(ctx context.Context, a flattery.AccountID, w io.Writer) error {
	return export(ctx, p.Store, a, w)
}

// SetWishes is what flattery account set does.
func (p pages) SetWishes(ctx context.Context, id flattery.AccountID, s flattery.Settings) error {
	a, err := p.Account(ctx, id)
	if err != nil {
		return err
	}
	if a.Settings, err = p.in.allowed(s); err != nil {
		return err
	}
	return p.in.buttons.Save(ctx, a)
}

func (p pages) SetLanguage(ctx context.Context, id flattery.AccountID, language string) error {
	return p.in.update(ctx, func(tx store.Tx) error { return tx.SetLanguage(ctx, id, language) })
}

func (p pages) Forget(ctx context.Context, id flattery.AccountID) error {
	return p.in.forget(ctx, id, func(tx store.Tx) error { return tx.SetAdmin(ctx, id, false) }) // somebody must run the instance
}

func (p pages) RemoveFlattr(ctx context.Context, a flattery.AccountID, id flattery.FlattrID) error {
	return p.in.update(ctx, func(tx store.Tx) error { return tx.RemoveFlattr(ctx, a, id) })
}

func (p pages) RestoreFlattr(ctx context.Context, a flattery.AccountID, id flattery.FlattrID) error {
	return p.in.update(ctx, func(tx store.Tx) error { return tx.RestoreFlattr(ctx, a, id, p.in.now()) })
}

// MarkPayment is for the donor of the slip only.
func (p pages) MarkPayment(ctx context.Context, donor flattery.AccountID, id flattery.PaymentID, to flattery.PaymentState) error {
	y, err := p.Payment(ctx, id)
	if err != nil {
		return err
	}
	if y.Donor != donor {
		return flattery.ErrNotFound
	}
	_, err = p.in.planner.Mark(ctx, id, to)
	return err
}

func (p pages) Enter(ctx context.Context, token string) (a flattery.AccountID, err error) {
	err = p.in.update(ctx, func(tx store.Tx) error {
		id, err := tx.Enter(ctx, token, p.in.now())
		a = id
		return err
	})
	return a, err
}

// Sessions live by the machine's clock, also where the instance does not.

func (p pages) FindSession(ctx context.Context, token string) ([]byte, bool, error) {
	return p.Session(ctx, token, time.Now())
}

func (p pages) AddSession(ctx context.Context, v flattery.Session, data []byte) error {
	return p.in.update(ctx, func(tx store.Tx) error { return tx.AddSession(ctx, v, data) })
}

func (p pages) ChangeSession(ctx context.Context, v flattery.Session, data []byte) error {
	return p.in.update(ctx, func(tx store.Tx) error { return tx.ChangeSession(ctx, v, data) })
}

func (p pages) RemoveSession(ctx context.Context, token string) error {
	return p.in.update(ctx, func(tx store.Tx) error { return tx.DeleteSession(ctx, token) })
}

// Audit recomputes the whole ledger.
func (p pages) Audit(ctx context.Context) (int64, []string, error) {
	b, done, err := p.Book(ctx)
	if err != nil {
		return 0, nil, err
	}
	defer done()
	r, err := ledger.Audit(b)
	return r.Transactions, r.Faults, err
}

// desk lets people in.
func (in *instance) desk() (*signin.Desk, error) {
	return signin.New(signin.Options{Store: in.store, Now: in.now, Clock: time.Now, Address: in.base})
}

// site is the handler of all pages, at the address that people type.
func (in *instance) site(ctx context.Context, base string, demo bool) (http.Handler, error) {
	p := pages{in.store, gates{in}}
	desk, err := in.desk()
	if err != nil {
		return nil, err
	}
	return web.New(ctx, web.Options{
		Store: p, Doors: p, Sessions: p, Desk: desk, Post: p, Networks: p, House: p, Now: in.now, Clock: time.Now, Location: in.TimeZone, Grace: in.Grace,
		Mode: web.Mode(in.Mode), Fee: in.Fee, FeeTo: in.FeeAccount, Split: in.Split, Slips: web.Slips{Max: in.SlipsMax, Minimum: in.SlipsMinimum, Void: in.SlipsVoid}, Netting: in.netting(), MustGive: in.ReceiversMustGive,
		Currencies: in.Currencies, Minimum: in.BudgetMinimum, BaseURL: base, Version: version, Demo: demo, ClickOnce: in.Clicks == config.ClicksOnce,
		Lapse: in.PendingLapse, Most: in.PendingMost, Owner: web.Owner{Name: in.OwnerName, Contact: in.OwnerContact}, Bank: web.Bank{Name: in.SEPA.Name, IBAN: in.SEPA.IBAN, BIC: in.SEPA.BIC}, Log: in.log,
	})
}
