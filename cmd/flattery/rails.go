package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"flattery"
	"flattery/internal/payout"
	"flattery/internal/payout/epc"
	"flattery/internal/payout/githubcsv"
	"flattery/internal/payout/lightning"
	"flattery/internal/payout/manual"
	"flattery/internal/web"
)

// The ways by which donors pay, in the words of the web.
var _ web.Rails = gates{}

func (gates) Order(p flattery.Payment) string { return manual.Order(p) }

func (gates) Transfer(p flattery.Payment) (web.Transfer, bool) {
	t, ok := epc.Of(p)
	if !ok {
		return web.Transfer{}, false
	}
	code, err := t.Payload()
	if err != nil { // of no euros, or no whole cents
		code = ""
	}
	return web.Transfer{Name: t.Name, IBAN: t.IBAN, BIC: t.BIC, Code: code}, true
}

func (gates) Picture(text string) ([]byte, error) { return epc.QR(text) }

func (gates) Satoshi(a, price flattery.Amount) (int64, error) { return lightning.Worth(a, price) }

func (g gates) lightning() *lightning.Client {
	return &lightning.Client{HTTP: g.in.client, Now: g.in.now}
}

func (g gates) Invoice(ctx context.Context, p flattery.Payment, msat int64) (web.Invoice, error) {
	inv, err := g.lightning().Ask(ctx, string(p.Destination), msat, p.Message())
	if err != nil {
		return web.Invoice{}, uninvoiced(err)
	}
	return web.Invoice{Text: inv.Text, Msat: inv.Msat, Hash: hex.EncodeToString(inv.Hash[:]), Expires: inv.Expires, For: inv.For, Verify: inv.Verify}, nil
}

// uninvoiced is what a donor is told.
func uninvoiced(err error) error {
	e := &web.InvoiceError{Detail: err.Error()}
	odd, out := errors.AsType[*lightning.RangeError](err)
	_, input := errors.AsType[*flattery.InputError](err)
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case out:
		e.Reason, e.Least, e.Most = "range", odd.Least, odd.Most
	case input:
		e.Reason = "nobody"
	case errors.Is(err, lightning.ErrRejected):
		e.Reason = "refused"
	case errors.Is(err, lightning.ErrNotSent):
		e.Reason = "silent"
	case errors.Is(err, lightning.ErrUnknown):
		e.Reason = "unproved"
	default:
		return err
	}
	return e
}

func (g gates) InvoicePaid(ctx context.Context, inv web.Invoice) (bool, error) {
	kept := lightning.Invoice{Text: inv.Text, Msat: inv.Msat, Verify: inv.Verify}
	if n, err := hex.Decode(kept.Hash[:], []byte(inv.Hash)); err != nil || n != len(kept.Hash) {
		return false, &web.InvoiceError{Reason: "unproved", Detail: "the invoice is not kept whole"}
	}
	paid, err := g.lightning().Paid(ctx, kept)
	if err != nil {
		return false, uninvoiced(err)
	}
	return paid, nil
}

func (g gates) Sponsor(ctx context.Context, donor flattery.AccountID, slips []flattery.PaymentID, rate string) (s web.Sponsored, err error) {
	whole, err := g.in.planner.Whole(ctx, donor, slips)
	if err != nil {
		return s, err
	}
	rows, parts, _, err := dollars(whole, rate)
	if err != nil {
		return s, err
	}
	for _, row := range rows {
		s.Rows = append(s.Rows, web.SponsorRow(row))
	}
	for _, p := range parts {
		s.Parts = append(s.Parts, web.SponsorPart(p))
	}
	var file bytes.Buffer
	err = githubcsv.Write(&file, rows)
	s.File = file.Bytes()
	return s, err
}

func (g gates) CutSlips(ctx context.Context, donor flattery.AccountID, slips []flattery.PaymentID, rate string) error {
	return g.in.planner.Cut(ctx, donor, slips, inDollars(rate))
}

func (g gates) PaySlips(ctx context.Context, donor flattery.AccountID, slips []flattery.PaymentID, rate string) (int, error) {
	return g.in.planner.Pay(ctx, donor, slips, inDollars(rate))
}

// dollars is the file at a rate as it was typed.
func dollars(slips []flattery.Payment, rate string) (rows []githubcsv.Row, parts []githubcsv.Part, r githubcsv.Rate, err error) {
	if r, err = githubcsv.ParseRate(rate); err != nil {
		return nil, nil, r, err
	}
	rows, parts, err = githubcsv.Split(slips, r)
	return rows, parts, r, err
}

// inDollars is what the file at a rate pays; the note is what went abroad.
func inDollars(rate string) payout.Split {
	return func(slips []flattery.Payment) (map[flattery.PaymentID]payout.Part, error) {
		rows, list, r, err := dollars(slips, rate)
		sent := map[string]int64{}
		for _, row := range rows {
			sent[row.Maintainer] = row.Dollars
		}
		parts := map[flattery.PaymentID]payout.Part{}
		for _, p := range list {
			parts[p.Payment] = payout.Part{Amount: p.Paid, Note: fmt.Sprintf("in %d USD to %s at %s", sent[p.Maintainer], p.Maintainer, r)}
		}
		return parts, err
	}
}
