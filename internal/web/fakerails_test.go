package web

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"flattery"
	"flattery/internal/payout/epc"
	"flattery/internal/payout/githubcsv"
	"flattery/internal/payout/lightning"
	"flattery/internal/payout/manual"
)

// The rails of a world are the real ones, but for the wallets that are asked.

func (w *world) Order(p flattery.Payment) string { return manual.Order(p) }

func (w *world) Transfer(p flattery.Payment) (Transfer, bool) {
	t, ok := epc.Of(p)
	if !ok {
		return Transfer{}, false
	}
	code, _ := t.Payload()
	return Transfer{Name: t.Name, IBAN: t.IBAN, BIC: t.BIC, Code: code}, true
}

func (w *world) Picture(text string) ([]byte, error) { return epc.QR(text) }

func (w *world) Satoshi(a, price flattery.Amount) (int64, error) { return lightning.Worth(a, price) }

func (w *world) Invoice(_ context.Context, p flattery.Payment, msat int64) (Invoice, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = append(w.asked, "invoice "+string(p.Destination)+" "+p.Code)
	if w.refuse != nil {
		return Invoice{}, w.refuse
	}
	inv := Invoice{Text: "lnbc88130n1" + strings.Repeat("qpzry9x8gf2tvdw0s3jn54khce6mua7l", 9+w.longer), Msat: msat, Hash: strings.Repeat("ab", 32), Expires: today.Add(time.Hour), For: "Ottoline’s tips", Verify: "https://wallet.example/verify/1"}
	if w.rough {
		inv.For = hostile[0]
	}
	return told(w, inv)
}

func (w *world) InvoicePaid(_ context.Context, inv Invoice) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuse != nil {
		return false, w.refuse
	}
	return w.settledAt == inv.Hash, w.broken
}

// whole are slips over what they were planned over.
func (w *world) whole(ids []flattery.PaymentID) (all []flattery.Payment) {
	for _, y := range w.payments {
		if y.State == flattery.PaymentPlanned && slices.Contains(ids, y.ID) {
			y.Amount += y.Carried
			all = append(all, y)
		}
	}
	return all
}

func (w *world) Sponsor(_ context.Context, _ flattery.AccountID, slips []flattery.PaymentID, rate string) (s Sponsored, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, err := githubcsv.ParseRate(rate)
	if err != nil {
		return s, err
	}
	rows, parts, err := githubcsv.Split(w.whole(slips), r)
	for _, row := range rows {
		s.Rows = append(s.Rows, SponsorRow(row))
	}
	for _, p := range parts {
		s.Parts = append(s.Parts, SponsorPart(p))
	}
	var file bytes.Buffer
	err = errors.Join(err, githubcsv.Write(&file, rows))
	s.File = file.Bytes()
	return s, err
}

func (w *world) CutSlips(ctx context.Context, donor flattery.AccountID, slips []flattery.PaymentID, rate string) error {
	s, err := w.Sponsor(ctx, donor, slips, rate)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range s.Parts {
		i := slices.IndexFunc(w.payments, func(y flattery.Payment) bool { return y.ID == p.Payment })
		if p.Paid > 0 {
			w.payments[i].Amount, w.payments[i].Carried = p.Paid, p.Left
		}
	}
	return err
}

func (w *world) PaySlips(ctx context.Context, donor flattery.AccountID, slips []flattery.PaymentID, rate string) (int, error) {
	s, err := w.Sponsor(ctx, donor, slips, rate)
	for _, p := range s.Parts {
		i := slices.IndexFunc(w.payments, func(y flattery.Payment) bool { return y.ID == p.Payment })
		if p.Paid != w.payments[i].Amount {
			return 0, flattery.ErrState
		}
		err = errors.Join(err, w.MarkPayment(ctx, donor, p.Payment, flattery.PaymentPaid))
	}
	return len(s.Parts), err
}

func (w *world) Liked(_ context.Context, donor flattery.AccountID, slip flattery.PaymentID, limit int) ([]flattery.Flattr, error) {
	list, err := own(w, w.flattrs, func(f flattery.Flattr) bool {
		return f.Account == donor && int64(f.ID)%7 == int64(slip) && f.CountsIn != 0
	})
	return list[:min(len(list), limit)], err
}
