package web

import (
	"bytes"
	"context"
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

func (w *world) Sponsor(slips []flattery.Payment, rate string) ([]Sponsored, []byte, error) {
	r, err := githubcsv.ParseRate(rate)
	if err != nil {
		return nil, nil, err
	}
	all, err := githubcsv.Cover(slips, r)
	if err != nil {
		return nil, nil, err
	}
	rows := make([]Sponsored, 0, len(all))
	for _, c := range all {
		rows = append(rows, Sponsored{c.Maintainer, len(c.Slips), c.Sum, flattery.Amount(c.Dollars) * flattery.Unit, c.More})
	}
	var file bytes.Buffer
	err = githubcsv.Write(&file, githubcsv.Rows(all))
	return rows, file.Bytes(), err
}

func (w *world) Liked(_ context.Context, donor flattery.AccountID, slip flattery.PaymentID, limit int) ([]flattery.Flattr, error) {
	list, err := own(w, w.flattrs, func(f flattery.Flattr) bool {
		return f.Account == donor && int64(f.ID)%7 == int64(slip) && f.CountsIn != 0
	})
	return list[:min(len(list), limit)], err
}
