package main

import (
	"archive/zip"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"flattery"
	"flattery/store"
)

// export writes everything that is kept about one account as a zip file of JSON: what it wishes, links, claims, liked, gave,
// owes and receives, what it was told. Tokens, passwords and passkeys are in no export.
func export(ctx context.Context, s store.Reader, id flattery.AccountID, w io.Writer) error {
	z := zip.NewWriter(w)
	add := func(name string, ask func() (any, error)) error {
		v, err := ask()
		if err != nil {
			return err
		}
		f, err := z.Create(name + ".json")
		if err != nil {
			return fmt.Errorf("export: %w", err)
		}
		e := json.NewEncoder(f)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(v)
	}
	for _, part := range []struct {
		name string
		ask  func() (any, error)
	}{
		{"account", func() (any, error) { return s.Account(ctx, id) }},
		{"links", func() (any, error) { return s.Links(ctx, id) }},
		{"claims", func() (any, error) { return s.Claims(ctx, id) }},
		{"disputes", func() (any, error) { return s.Disputes(ctx, id) }},
		{"flattrs", func() (any, error) { return allFlattrs(ctx, s, id) }},
		{"subscriptions", func() (any, error) { return s.Subscriptions(ctx, id) }},
		{"months", func() (any, error) { return s.Settlements(ctx, id) }},
		{"debts", func() (any, error) { return s.Debts(ctx, id) }},
		{"payments", func() (any, error) { return s.Payments(ctx, store.PaymentQuery{Donor: id}) }},
		{"income", func() (any, error) { return s.Incomes(ctx, id) }},
		{"given", func() (any, error) { return s.Given(ctx, id) }},
		{"messages", func() (any, error) { return s.Notices(ctx, id, allNotices) }},
		{"mail", func() (any, error) { return s.Mail(ctx, id) }},
		{"feed", func() (any, error) { return s.Feed(ctx, id) }},
		{"webhooks", func() (any, error) { return s.Hooks(ctx, id) }},
		{"trials", func() (any, error) { return s.Trials(ctx, id) }},
		{"received", func() (any, error) { return paidTo(ctx, s, id) }},
	} {
		if err := add(part.name, part.ask); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}

// allNotices is more than an account is told in the time for which that is kept.
const allNotices = 100_000

// allFlattrs are those of an account, in every state, newest first.
func allFlattrs(ctx context.Context, s store.Reader, id flattery.AccountID) ([]flattery.Flattr, error) {
	all := []flattery.Flattr{}
	for q := (store.FlattrQuery{Account: id, Seen: true, Limit: 1000}); ; {
		part, err := s.Flattrs(ctx, q)
		if err != nil || len(part) == 0 {
			return all, err
		}
		all = append(all, part...)
		q.Before = part[len(part)-1].ID
	}
}

// paidTo are the payments to an account, without those who paid.
func paidTo(ctx context.Context, s store.Reader, id flattery.AccountID) ([]flattery.Payment, error) {
	list, err := s.Payments(ctx, store.PaymentQuery{Payee: id})
	for i := range list {
		list[i].Donor = 0
	}
	return list, err
}
