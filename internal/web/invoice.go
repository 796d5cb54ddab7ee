package web

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"flattery"
)

// An invoice is kept in the session of who asked for it, until its slip is marked: it is of no use to anybody else, and another one is
// asked for where it is lost.
func invoiceKey(id flattery.PaymentID) string { return "invoice" + strconv.FormatInt(int64(id), 10) }

func (s *site) keepInvoice(v *visit, id flattery.PaymentID, inv Invoice) {
	s.sessions.Put(v.ctx, invoiceKey(id), []string{inv.Text, strconv.FormatInt(inv.Msat, 10), inv.Hash, inv.Expires.Format(time.RFC3339), inv.For, inv.Verify})
}

func (s *site) keptInvoice(v *visit, id flattery.PaymentID) (Invoice, bool) {
	kept, ok := s.sessions.Get(v.ctx, invoiceKey(id)).([]string)
	if !ok || len(kept) != 6 {
		return Invoice{}, false
	}
	inv := Invoice{Text: kept[0], Hash: kept[2], For: kept[4], Verify: kept[5]}
	var bad, odd error
	inv.Msat, bad = strconv.ParseInt(kept[1], 10, 64)
	inv.Expires, odd = time.Parse(time.RFC3339, kept[3])
	return inv, bad == nil && odd == nil
}

// Sat writes the invoice's sum in satoshi: they are whole.
func (i Invoice) Sat() int { return int(i.Msat / 1000) }

// askInvoice asks a Lightning address for an invoice over what the donor says the slip is worth.
func (s *site) askInvoice(v *visit) (view, error) {
	pay, err := s.due(v)
	if err != nil {
		return view{}, err
	}
	if pay.Destination.Way().Key != flattery.WayLightning {
		return view{}, flattery.ErrNotFound
	}
	if err := v.form(); err != nil {
		return view{}, err
	}
	back := view{redirect: slipPath(pay.ID)}
	msat, wrong := s.worth(v, pay)
	if wrong != "" {
		return back, s.tell(v, true, "", wrong)
	}
	if !s.patience.allow(v.account.ID) {
		return view{}, errOften
	}
	inv, err := s.Doors.Invoice(v.ctx, pay, msat)
	if e, ok := errors.AsType[*InvoiceError](err); ok {
		return back, s.tellInvoice(v, e)
	}
	if err != nil {
		return view{}, err
	}
	s.keepInvoice(v, pay.ID, inv)
	return back, nil
}

// worth is what the donor typed: satoshi, or the price of a bitcoin. Wrong is the phrase that says what is wrong with it.
func (s *site) worth(v *visit, pay flattery.Payment) (msat int64, wrong string) {
	sat := strings.Join(strings.Fields(v.PostFormValue("sat")), "")
	price, err := v.amount("price", flattery.Say("the price of a bitcoin"))
	switch {
	case err != nil || price < 0:
		return 0, "invoice.price"
	case (sat == "") == (price == 0):
		return 0, "invoice.one"
	case price > 0:
		if msat, err = s.Doors.Satoshi(pay.Amount, price); err != nil {
			return 0, "invoice.price"
		}
		return msat, ""
	}
	n, err := strconv.ParseInt(sat, 10, 64)
	if err != nil || n < 1 || n > mostSat {
		return 0, "invoice.sat"
	}
	return n * 1000, ""
}

// mostSat is how many satoshi there can be.
const mostSat = 21_000_000 * 100_000_000

// tellInvoice says on the next page what is wrong.
func (s *site) tellInvoice(v *visit, e *InvoiceError) error {
	if e.Reason == "range" {
		return s.tell(v, true, "", "invoice.range", "least", v.tongue.count(int((e.Least+999)/1000)), "most", v.tongue.count(int(e.Most/1000)))
	}
	return s.tell(v, true, e.Detail, "invoice."+e.Reason)
}

// checkInvoice asks whether an invoice was paid, and marks its slip when that is proved.
func (s *site) checkInvoice(v *visit) (view, error) {
	pay, err := s.due(v)
	if err != nil {
		return view{}, err
	}
	back := view{redirect: slipPath(pay.ID)}
	inv, ok := s.keptInvoice(v, pay.ID)
	if !ok {
		return back, s.tell(v, true, "", "invoice.none")
	}
	if !s.patience.allow(v.account.ID) {
		return view{}, errOften
	}
	paid, err := s.Doors.InvoicePaid(v.ctx, inv)
	if e, ok := errors.AsType[*InvoiceError](err); ok {
		return back, s.tellInvoice(v, e)
	}
	if err != nil {
		return view{}, err
	}
	if !paid {
		return back, s.tell(v, true, "", "invoice.unpaid")
	}
	if err := s.Doors.MarkPayment(v.ctx, v.account.ID, pay.ID, flattery.PaymentPaid); err != nil {
		return view{}, err
	}
	s.sessions.Remove(v.ctx, invoiceKey(pay.ID))
	return back, s.tell(v, false, "", "invoice.paid")
}
