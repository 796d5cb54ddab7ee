package web

import (
	"context"
	"io"
	"strings"
	"time"

	"flattery"
)

// What ada receives; nobody else receives anything.

func (w *world) Incomes(_ context.Context, id flattery.AccountID) ([]flattery.Income, error) {
	if id != ada {
		return nil, w.broken
	}
	return w.incomes, w.broken
}

func (w *world) Earnings(_ context.Context, id flattery.AccountID, m flattery.Month) ([]flattery.Earning, error) {
	if id != ada {
		return nil, w.broken
	}
	return w.earnings[m], w.broken
}

func (w *world) Received(_ context.Context, id flattery.AccountID) ([]flattery.Received, error) {
	if id != ada || len(w.incomes) == 0 {
		return nil, w.broken
	}
	return []flattery.Received{{Payee: 9, Account: ada, Name: "Ada", Currency: "EUR", Promised: 3_250_000, Paid: 2 * flattery.Unit}}, w.broken
}

func (w *world) Given(_ context.Context, id flattery.AccountID) ([]flattery.Given, error) {
	return own(w, w.given, func(g flattery.Given) bool { return g.Account == id })
}

func (w *world) PaymentsTo(_ context.Context, id flattery.AccountID) ([]flattery.Payment, error) {
	return own(w, w.toAda, func(flattery.Payment) bool { return id == ada })
}

func (w *world) Export(_ context.Context, id flattery.AccountID, to io.Writer) error {
	_, err := io.WriteString(to, "everything of "+w.accounts[id].Name)
	return err
}

func (w *world) SetWishes(_ context.Context, id flattery.AccountID, s flattery.Settings) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuse != nil {
		return w.refuse
	}
	a := w.accounts[id]
	a.Settings = s
	w.accounts[id] = a
	return nil
}

func (w *world) SetLanguage(_ context.Context, id flattery.AccountID, language string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.accounts[id]
	a.Language = language
	w.accounts[id] = a
	return w.refuse
}

func (w *world) Forget(_ context.Context, id flattery.AccountID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuse != nil {
		return w.refuse
	}
	delete(w.accounts, id)
	return nil
}

// addIncome adds two settled months and the present one.
func (w *world) addIncome(october flattery.Month, rough bool) {
	w.incomes = []flattery.Income{
		{Month: october, Flattrs: 14, Donors: 3},
		{Month: october - 1, Currency: "EUR", Flattrs: 5, Donors: 2, Amount: 1_250_000}, {Month: october - 1, Currency: "USD", Flattrs: 1, Donors: 1, Amount: 400_000},
		{Month: october - 2, Currency: "EUR", Flattrs: 3, Donors: 1, Amount: 2 * flattery.Unit},
	}
	thing := func(network, id, title string) flattery.Thing {
		return flattery.Thing{Network: network, Host: network + ".example", ID: id, Title: title, URL: "https://" + network + ".example/" + id}
	}
	w.earnings = map[flattery.Month][]flattery.Earning{
		october: {{Thing: thing("github", "10", "ada-w/earned-by-ada"), Flattrs: 14, Total: 20}},
		october - 1: {{Thing: thing("github", "10", "ada-w/earned-by-ada"), Currency: "EUR", Flattrs: 5, Total: 20, Amount: 1_250_000},
			{Thing: thing("flickr", "7", "=HYPERLINK(1)"), Currency: "USD", Flattrs: 1, Total: 1, Amount: 400_000}},
		october - 2: {{Thing: thing("github", "10", "ada-w/earned-by-ada"), Currency: "EUR", Flattrs: 2, Total: 20, Amount: 1_500_000},
			{Thing: thing("flickr", "8", "lighthouse at noon"), Currency: "EUR", Flattrs: 1, Total: 1, Amount: 500_000}},
	}
	w.toAda = []flattery.Payment{{ID: 20, Code: "FLT-9AA-XYZ", Plan: october - 1, Donor: bob, Payee: 9, PayeeName: "Ada", Currency: "EUR", Amount: 2 * flattery.Unit,
		Destination: "https://ko-fi.com/ada", State: flattery.PaymentPaid, PlannedAt: today.AddDate(0, 0, -9), PaidAt: today.AddDate(0, 0, -5)}}
	w.given = []flattery.Given{{Month: october - 1, Account: ada, Currency: "EUR", Received: 2 * flattery.Unit, Percent: 50, Amount: flattery.Unit, Promised: true},
		{Month: october - 2, Account: ada, Currency: "EUR", Received: 3 * flattery.Unit, Percent: 50, Amount: 1_500_000, Spent: 1_500_000, Promised: true}}
	if rough {
		w.payments[0].Netted, w.payments[0].PlannedAt = true, today.AddDate(0, 0, -70)
		w.toAda[0].State, w.toAda[0].VoidedAt, w.toAda[0].PaidAt = flattery.PaymentFailed, today, time.Time{}
		bad := thing("github", "11", hostile[2])
		bad.URL = "javascript:alert(1)"
		w.earnings[october-1] = append(w.earnings[october-1], flattery.Earning{Thing: bad, Currency: "EUR", Flattrs: 1, Total: 1, Amount: flattery.MaxAmount},
			flattery.Earning{Thing: thing("web", hostile[0], hostile[1]), Currency: "XXX", Flattrs: 1, Total: 1, Amount: 1})
		a := w.accounts[ada]
		a.Destination = flattery.Destination("payto://iban/" + strings.Repeat("DE75", 100))
		w.accounts[ada] = a
	}
}
