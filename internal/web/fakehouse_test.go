package web

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"flattery"
)

// What the house of a world has, owes and pays. Nothing of it is kept: commands are written down.

func (w *world) housePayment(id flattery.PaymentID, rail string, state flattery.PaymentState) flattery.Payment {
	y := flattery.Payment{ID: id, Code: fmt.Sprintf("ABCD-EFGH-%04d", id), Plan: flattery.MonthOf(today, time.UTC) - 1, Rail: rail, Payee: 7, PayeeName: "helio", Currency: "EUR", Amount: 360 * flattery.Cent,
		Destination: "https://pay.example/helio", State: state, PlannedAt: today.Add(-80 * time.Hour)}
	if state != flattery.PaymentPlanned {
		y.SentAt = today.Add(-70 * time.Hour)
	}
	if w.rough {
		y.PayeeName, y.Destination = hostile[0], flattery.Destination("javascript:alert(1)")
	}
	return y
}

func (w *world) Payables(context.Context) ([]flattery.Debt, error) {
	owe := func(name string, amount, planned flattery.Amount, to flattery.Destination, held flattery.Held) flattery.Debt {
		return flattery.Debt{Payee: 7, PayeeName: name, Currency: "EUR", Amount: amount, Planned: planned, Destination: to, Held: held}
	}
	return told(w, []flattery.Debt{owe("tinywebkit", 420_000, 0, "https://pay.example/", ""), owe("github:mel", 5*flattery.Unit, 0, "", ""), owe("ottoline", 3*flattery.Unit, 0, "https://pay.example/o", flattery.HeldDisputed),
		owe("zoe", 2*flattery.Unit, 0, "https://pay.example/z", ""), owe("helio", 360*flattery.Cent, 360*flattery.Cent, "https://pay.example/", "")})
}

func (w *world) HousePayments(_ context.Context, state flattery.PaymentState, limit int) ([]flattery.Payment, error) {
	var list []flattery.Payment
	switch state {
	case flattery.PaymentPlanned:
		held := w.housePayment(4, "manual", state)
		held.Held, held.Shown, held.ProvedAt = flattery.HeldUnverified, "helio, a collective", today
		cent := w.housePayment(2, "sepa", state)
		cent.Plan, cent.Payee, cent.Trial, cent.Amount, cent.Number = 0, 0, ada, flattery.Cent, "482913"
		list = []flattery.Payment{w.housePayment(1, "sepa", state), cent, w.housePayment(3, "manual", state), held}
	case flattery.PaymentSent, flattery.PaymentUnknown:
		list = []flattery.Payment{w.housePayment(map[flattery.PaymentState]flattery.PaymentID{flattery.PaymentSent: 5, flattery.PaymentUnknown: 6}[state], "sepa", state)}
	case flattery.PaymentPaid:
		list = []flattery.Payment{w.housePayment(7, "sepa", state)}
		list[0].PaidAt, list[0].SureAt = today, today
	case flattery.PaymentFailed:
		back := w.housePayment(9, "sepa", state)
		back.PaidAt, back.ReturnedAt = today, today.Add(time.Hour)
		list = []flattery.Payment{w.housePayment(8, "manual", state), back}
	}
	return told(w, list)
}

// does writes a command down.
func (w *world) does(what ...any) error {
	if w.refuse != nil {
		return w.refuse
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.did = append(w.did, strings.TrimSpace(fmt.Sprintln(what...)))
	return nil
}

func (w *world) MarkHouse(_ context.Context, id flattery.PaymentID, state flattery.PaymentState) error {
	return w.does("mark", id, state)
}

func (w *world) Rails() []string { return []string{"sepa", "github-csv"} }

func (w *world) Send(_ context.Context, rail, currency string) (flattery.Batch, error) {
	return flattery.Batch{ID: "FLABC", Count: 2, Amount: 720 * flattery.Cent, Currency: currency}, w.does("send", rail, currency)
}

func (w *world) Batches(context.Context) ([]flattery.Batch, error) {
	return told(w, []flattery.Batch{
		{ID: "FLQK7RMW3HS2DNPX2V", Rail: "sepa", Currency: "EUR", MadeAt: today.Add(-time.Hour), Count: 3, Amount: 9 * flattery.Unit, Open: 3, Cause: "the file could not be kept: disk full"},
		{ID: "FLABCDEFGHIJKLMNOP", Rail: "sepa", Currency: "EUR", MadeAt: today.Add(-70 * time.Hour), Count: 12, Amount: 4320 * flattery.Cent, Open: 2, Filed: true},
		{ID: "FLPQRSTUVWXYZ23456", Rail: "github-csv", Currency: "USD", MadeAt: today.Add(-900 * time.Hour), Count: 1, Amount: 4 * flattery.Unit, Filed: true},
	})
}

func (w *world) Outgoing(_ context.Context, batch string) (flattery.File, error) {
	if batch != "FLABCDEFGHIJKLMNOP" {
		return flattery.File{}, flattery.ErrNotFound
	}
	return flattery.File{Name: batch + ".xml", Body: []byte("<Document/>"), MadeAt: today}, w.broken
}

func (w *world) TakeStatement(_ context.Context, r io.Reader) (Booked, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return Booked{}, err
	}
	return Booked{Known: 4, Payments: 3, Returns: 1, Means: 2, Waiting: 1}, w.does("book", string(b[:min(len(b), 20)]))
}

func (w *world) BankLines(context.Context, int) ([]flattery.BankLine, error) {
	line := func(id flattery.BankLineID, in bool, amount flattery.Amount, text string, became flattery.Booking) flattery.BankLine {
		return flattery.BankLine{ID: id, Key: "k", At: today.Add(-time.Duration(id) * time.Hour), Currency: "EUR", Amount: amount, Incoming: in, Text: text, Became: became, ReadAt: today}
	}
	lines := []flattery.BankLine{line(12, true, 20*flattery.Unit, "from an old friend · Mel Example · NL91ABNA0417164300", ""), line(11, false, 3*flattery.Unit, "Flattery ABCD-EFGH-0005 · helio", "")}
	lines[1].Payment = 5
	for i, became := range []flattery.Booking{flattery.BookingMeans, flattery.BookingReturn, flattery.BookingOwn, flattery.BookingPayment, flattery.BookingRefund, flattery.BookingFee, flattery.BookingChargeback} {
		lines = append(lines, line(flattery.BankLineID(10-i), i < 3, 5*flattery.Unit, "", became))
	}
	lines[2].Account, lines[5].Payment = ada, 7
	if w.rough {
		lines[0].Text = hostile[0]
	}
	return told(w, lines)
}

func (w *world) Resolve(_ context.Context, line flattery.BankLineID, as flattery.Booking, donor flattery.AccountID, payment flattery.PaymentID) error {
	return w.does("resolve", line, as, donor, payment)
}

func (w *world) Purses(context.Context) ([]flattery.Purse, error) {
	return told(w, []flattery.Purse{{Currency: "EUR", Bank: 2345 * flattery.Cent, In: 20 * flattery.Unit, Out: 3 * flattery.Unit, Means: 812 * flattery.Cent, Debts: flattery.Unit, Owed: 10 * flattery.Unit, OnWay: 720 * flattery.Cent, Sponsor: 9 * flattery.Unit, Costs: 50 * flattery.Cent},
		{Currency: "USD"}})
}

func (w *world) Trial(context.Context, flattery.Account) (Trial, error) { return told(w, w.trial) }

func (w *world) Try(_ context.Context, a flattery.Account) error { return w.does("try", a.ID) }

func (w *world) ProveTrial(_ context.Context, a flattery.Account, number string) error {
	return w.does("prove", a.ID, number)
}

// trialled lets ada be paid at a bank, to which a cent was sent.
func (w *world) trialled() {
	w.change(func(a *flattery.Account) {
		a.Destination = "payto://iban/FR1420041010050500013M02606?receiver-name=Ada"
	})
	w.collects = true
	w.trial = Trial{Can: true, Trial: flattery.Trial{Payment: 12, Destination: w.accounts[ada].Destination, Currency: "EUR", Amount: flattery.Cent, State: flattery.PaymentSent,
		PlannedAt: today.Add(-100 * time.Hour), SentAt: today.Add(-70 * time.Hour), Tries: 2}}
}

func (w *world) Means(_ context.Context, a flattery.Account) (Means, error) {
	if a.ID != ada {
		return Means{Code: "FL-BBBB-CCCC"}, w.broken
	}
	return told(w, Means{Balance: 12 * flattery.Unit, Debt: 2 * flattery.Unit, Code: "FL-ADA2-OWN7", Recent: []flattery.PaidIn{{At: today, Currency: "EUR", Amount: 20 * flattery.Unit}, {At: today.Add(-time.Hour), Currency: "EUR", Amount: -3 * flattery.Unit}}})
}

func (w *world) PayCode(_ context.Context, _ flattery.Account, amount flattery.Amount) ([]byte, error) {
	if amount > 1000*flattery.Unit {
		return nil, flattery.Input("a payment of %s has no such code", amount)
	}
	return []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 33 33" shape-rendering="crispEdges"><rect width="33" height="33" fill="#fff"/><path fill="#000" d="M4 4h7v1h-7z"/></svg>`), w.broken
}
