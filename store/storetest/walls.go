package storetest

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/store"
)

// Raw is a way around the store's words, for tests that do what nobody may.
type Raw struct {
	Exec  func(ctx context.Context, q string) error // several statements, all or none
	Count func(ctx context.Context, table string) (int64, error)
}

// Fill puts something in every table that a wall protects: a settled month, a plan, a payment; and one of each secret, which
// all have "canary" in them.
func Fill(t *testing.T, s store.Store) {
	t.Helper()
	now := time.Date(2026, 10, 10, 0, 0, 0, 0, time.UTC)
	const october = flattery.Month(2026*12 + 9)
	who := func(name string) flattery.Profile {
		return flattery.Profile{Identity: flattery.Identity{Network: "n", Host: "h", Subject: name}, Handle: name}
	}
	err := s.Update(t.Context(), func(x store.Tx) error {
		ctx := context.Background()
		a, err := x.AddAccount(ctx, flattery.Account{Name: "ann", CreatedAt: now})
		if err != nil {
			return err
		}
		if _, err := x.AddClaim(ctx, flattery.Claim{Account: a, Identity: who("other"), Proof: flattery.ByAdmin, ProvedAt: now}); err != nil {
			return err
		}
		b, err := x.AddAccount(ctx, flattery.Account{Name: "bob", CreatedAt: now})
		if err != nil {
			return err
		}
		link := flattery.Link{Account: b, Identity: who("bob"), Proof: flattery.ByName, BeginsAt: now, NextPoll: now}
		if link.ID, err = x.AddLink(ctx, link, flattery.Token{Access: "canary-access", Secret: "canary-secret", Refresh: "canary-refresh"}); err != nil {
			return err
		}
		if err := comeIn(ctx, x, b, now); err != nil {
			return err
		}
		if err := fillDisputes(ctx, x, a, b, who, now); err != nil {
			return err
		}
		out, err := x.AddLikes(ctx, link, []flattery.Like{{Thing: flattery.Thing{Network: "n", Host: "h", ID: "1"}, Author: who("other"), At: now}}, false, now)
		if err != nil {
			return err
		}
		if err := errors.Join(fillDoor(ctx, x, link, who("waits"), now), fillNotices(ctx, x, a, now), fillWishes(ctx, x, link, out[0].Flattr, now)); err != nil {
			return err
		}
		if _, err := x.Freeze(ctx, october, now.AddDate(0, 1, 0)); err != nil {
			return err
		}
		number, err := x.Post(ctx, ledger.Draft{Key: ledger.SettleKey(october, b), Kind: "settle", At: now, Entries: []ledger.Entry{
			{Debit: ledger.Pledge(b), Credit: ledger.DonorMeans(b), Currency: "EUR", Amount: 7},
			{Debit: ledger.DonorMeans(b), Credit: ledger.PayeePayable(1), Currency: "EUR", Amount: 7, Flattr: out[0].Flattr}}})
		if err != nil {
			return err
		}
		if err := x.Owe(ctx, b, 1, "EUR", 7, october); err != nil {
			return err
		}
		if err := x.Settle(ctx, flattery.Settlement{Month: october, Donor: b, Currency: "EUR", Budget: 7, Shares: 7, Flattrs: 1, Transaction: number}); err != nil {
			return err
		}
		if _, _, err := x.CloseMonth(ctx, october, now.AddDate(0, 1, 0)); err != nil {
			return err
		}
		return fillPayments(ctx, x, a, b, october, now)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// fillPayments adds a plan with a slip of b's, and a trial of a's.
func fillPayments(ctx context.Context, x store.Tx, a, b flattery.AccountID, m flattery.Month, now time.Time) error {
	if err := x.AddPlan(ctx, store.Plan{Month: m, Hash: strings.Repeat("0", 64), CreatedAt: now}, []flattery.Payment{
		{Code: "A", Rail: "manual", Donor: b, Payee: 1, Currency: "EUR", Amount: 5, Destination: "https://example.org/"}}); err != nil {
		return err
	}
	_, err := x.AddTrial(ctx, flattery.Payment{Code: "T", Rail: "sepa", Currency: "EUR", Amount: flattery.Cent, Destination: giro, PlannedAt: now, Trial: a, Number: "123456"})
	return err
}

// comeIn puts in the secrets of networks, and one of everything by which an account comes in.
func comeIn(ctx context.Context, x store.Tx, b flattery.AccountID, now time.Time) error {
	if _, err := x.Knock(ctx, "canary-knock", now, now); err != nil {
		return err
	}
	return errors.Join(x.SaveClaimToken(ctx, 1, flattery.Token{Access: "canary-claim"}),
		x.SaveApp(ctx, "n", flattery.App{ID: "canary-id", Secret: "canary-secret", Key: "canary-key", Accepted: "canary-sentence"}, now),
		x.SaveAppToken(ctx, "n", flattery.Token{Access: "canary-app-token"}),
		x.AddAttempt(ctx, store.Attempt{State: "canary-state", Browser: "canary-browser", Account: b, Verifier: "canary-verifier", Expires: now}),
		x.AddEntrance(ctx, "canary-entrance", b, now), x.AddInvite(ctx, "canary-invite", flattery.Invite{By: b, Expires: now}),
		x.SetPassword(ctx, b, []byte("h"), "hash", now), x.AddPasskey(ctx, b, []byte("h"), flattery.Passkey{Credential: []byte("c"), Public: []byte("p")}),
		x.AddSession(ctx, flattery.Session{Token: "t", Account: b}, []byte("x")))
}

// fillDisputes adds an identity that two have proved, and a proof that was begun.
func fillDisputes(ctx context.Context, x store.Tx, a, b flattery.AccountID, who func(string) flattery.Profile, now time.Time) error {
	c := flattery.Claim{Account: b, Identity: who("disputed"), Proof: flattery.ByPage, ProvedAt: now, Shown: "flattery-b", Page: "https://b.example/"}
	if _, err := x.AddClaim(ctx, c); err != nil {
		return err
	}
	if err := x.CheckClaim(ctx, flattery.Claim{ID: 2, Account: b, ProvedAt: now}, store.Look{At: now, Lapsed: flattery.LapsedAbsent}); err != nil {
		return err
	}
	c.Account, c.Proof = a, flattery.ByOAuth
	if _, err := x.OpenDispute(ctx, c, flattery.Token{Access: "canary-dispute"}, now.AddDate(0, 0, 10)); err != nil {
		return err
	}
	_, err := x.AddProving(ctx, flattery.Proving{Account: a, Network: "n", Host: "h", Handle: "ann", Token: "flattery-a", MadeAt: now, Expires: now.AddDate(0, 0, 14)})
	return err
}

// fillNotices adds a feed, and a webhook with two keys and a delivery.
func fillNotices(ctx context.Context, x store.Tx, a flattery.AccountID, now time.Time) error {
	id, err := x.AddHook(ctx, flattery.Hook{Account: a, URL: "https://a.example/", MadeAt: now}, "canary-old-hook")
	if err != nil {
		return err
	}
	if _, err := x.AddDeliveries(ctx, now, now); err != nil {
		return err
	}
	if err := x.TypeMail(ctx, a, "ann@a.example", "canary-mail", now.AddDate(0, 0, 3)); err != nil {
		return err
	}
	if _, err := x.ConfirmMail(ctx, "canary-mail", "canary-ending", now); err != nil {
		return err
	}
	return errors.Join(x.RotateHook(ctx, a, id, "canary-hook", now), x.SetFeed(ctx, a, "canary-feed", now))
}

// fillDoor lets somebody wait, with a link to be passed on.
func fillDoor(ctx context.Context, x store.Tx, l flattery.Link, author flattery.Profile, now time.Time) error {
	if _, err := x.AddLikes(ctx, l, []flattery.Like{{Thing: flattery.Thing{Network: "n", Host: "h", ID: "2"}, Author: author, At: now}}, false, now); err != nil {
		return err
	}
	return x.AddClaimLink(ctx, l.Account, author.Identity, "canary-claim-link", now)
}

// fillGiven lets an account give on.
func fillGiven(ctx context.Context, x store.Tx, a flattery.AccountID, now time.Time) error {
	m := flattery.MonthOf(now, time.UTC)
	number, err := x.Post(ctx, ledger.Draft{Key: ledger.GiveKey(m, a, "EUR"), Kind: "give", At: now, Entries: []ledger.Entry{
		{Debit: ledger.Pledge(a), Credit: ledger.DonorMeans(a), Currency: "EUR", Amount: 3}}})
	if err != nil {
		return err
	}
	return x.GiveOn(ctx, flattery.Given{Account: a, Month: m, Currency: "EUR", Received: 6, Percent: 50, Amount: 3, Promised: true, Transaction: number})
}

// fillWishes subscribes a flattr, gives on, and gives a link rules.
func fillWishes(ctx context.Context, x store.Tx, l flattery.Link, f flattery.FlattrID, now time.Time) error {
	if _, err := x.Subscribe(ctx, l.Account, f, 3, now); err != nil {
		return err
	}
	if err := x.Never(ctx, l.Account, l.ID, l.Identity); err != nil {
		return err
	}
	if err := fillGiven(ctx, x, l.Account, now); err != nil {
		return err
	}
	return x.SetRules(ctx, l.Account, l.ID, flattery.Rules{Paused: true, Weight: 3, Matching: "a\nb"})
}

// Walls holds that whoever writes SQL by hand meets the last wall.
func Walls(t *testing.T, s store.Store, raw Raw) {
	Fill(t, s)
	walls := paymentWalls()
	maps.Copy(walls, trialWalls())
	maps.Copy(walls, map[string]string{
		"a transaction is changed":            `UPDATE transactions SET note = 'x'`,
		"a transaction is removed":            `DELETE FROM transactions`,
		"a transaction is replaced":           `INSERT INTO transactions SELECT number, key, kind, posted_at, 'x', reverses, first_entry, entries, body, hash FROM transactions WHERE TRUE ON CONFLICT (number) DO UPDATE SET note = 'x'`,
		"a transaction leaves a gap":          `INSERT INTO transactions SELECT number + 2, 'k', kind, posted_at, note, CAST(NULL AS BIGINT), first_entry + entries, 1, body, hash FROM transactions`,
		"a transaction goes back in time":     `INSERT INTO transactions SELECT number + 1, 'k', kind, posted_at - 1, note, CAST(NULL AS BIGINT), first_entry + entries, 1, body, hash FROM transactions`,
		"an entry is changed":                 `UPDATE entries SET amount = amount + 1`,
		"an entry is removed":                 `DELETE FROM entries`,
		"an entry is replaced":                `INSERT INTO entries SELECT number, debit_id, credit_id, 1, flattr_id FROM entries WHERE TRUE ON CONFLICT (number) DO UPDATE SET amount = 1`,
		"an entry of nothing":                 `INSERT INTO entries SELECT max(number) + 1, 1, 2, 0, CAST(NULL AS BIGINT) FROM entries`,
		"an entry to its own account":         `INSERT INTO entries SELECT max(number) + 1, 1, 1, 5, CAST(NULL AS BIGINT) FROM entries`,
		"an entry that leaves a gap":          `INSERT INTO entries SELECT max(number) + 2, 1, 2, 5, CAST(NULL AS BIGINT) FROM entries`,
		"an entry of two currencies":          `INSERT INTO ledger_accounts (name, currency, side) VALUES ('x', 'USD', 'debit'); INSERT INTO entries SELECT max(number) + 1, 1, (SELECT id FROM ledger_accounts WHERE currency = 'USD'), 5, CAST(NULL AS BIGINT) FROM entries`,
		"an entry of an account that is not":  `INSERT INTO entries SELECT max(number) + 1, 1, 99, 5, CAST(NULL AS BIGINT) FROM entries`,
		"totals shrink":                       `UPDATE ledger_accounts SET debits = debits - 1, credits = credits - 1`,
		"an account is overdrawn":             `UPDATE ledger_accounts SET debits = debits + 1000 WHERE side = 'credit'`,
		"a ledger account is removed":         `DELETE FROM ledger_accounts`,
		"a settled month opens":               `UPDATE months SET settled_at = NULL, frozen_at = NULL WHERE settled_at IS NOT NULL`,
		"a month is removed":                  `DELETE FROM months`,
		"a month does not follow":             `INSERT INTO months (month, starts_at, ends_at) SELECT max(month) + 2, max(ends_at), max(ends_at) + 1 FROM months`,
		"a month overlaps":                    `INSERT INTO months (month, starts_at, ends_at) SELECT max(month) + 1, max(ends_at) - 1, max(ends_at) + 9 FROM months`,
		"a frozen flattr leaves":              `UPDATE flattrs SET counts_in = NULL, state = 'removed' WHERE counts_in IS NOT NULL`,
		"a frozen flattr gets heavier":        `UPDATE flattrs SET weight = 10 WHERE counts_in IS NOT NULL`,
		"a frozen flattr changes its author":  `UPDATE flattrs SET author_id = (SELECT max(id) FROM identities) WHERE counts_in IS NOT NULL`,
		"a flattr joins a frozen month":       `INSERT INTO flattrs (account_id, thing_id, kind, turn, author_id, link_id, state, liked_at, source, found_at, counts_in, weight, absences) SELECT account_id, thing_id, 'click', 1, author_id, link_id, state, liked_at, source, found_at, counts_in, weight, absences FROM flattrs`,
		"a flattr is removed":                 `DELETE FROM flattrs`,
		"a flattr counts twice":               `INSERT INTO flattrs (account_id, thing_id, kind, turn, author_id, link_id, state, liked_at, source, found_at, counts_in, weight, absences) SELECT account_id, thing_id, kind, turn, author_id, link_id, 'pending', liked_at, source, found_at, CAST(NULL AS BIGINT), weight, absences FROM flattrs`,
		"a flattr counts in no month":         `INSERT INTO flattrs (account_id, thing_id, kind, turn, author_id, link_id, state, liked_at, source, found_at, counts_in, weight, absences) SELECT account_id, thing_id, 'click', 1, author_id, link_id, 'counts', liked_at, source, found_at, CAST(NULL AS BIGINT), weight, absences FROM flattrs`,
		"a settlement is changed":             `UPDATE settlements SET budget = 8, shares = 8`,
		"a settlement is removed":             `DELETE FROM settlements`,
		"a donor is settled twice":            `INSERT INTO settlements SELECT * FROM settlements`,
		"a settlement does not add up":        `INSERT INTO settlements SELECT month, 1, currency, 9, fee, shares, unspent, flattrs, number FROM settlements`,
		"a settled month is settled again":    `INSERT INTO settlements SELECT month, 1, currency, budget, fee, shares, unspent, flattrs, number FROM settlements`,
		"a plan is changed":                   `UPDATE plans SET payments = 2`,
		"a debt falls below zero":             `UPDATE debts SET amount = -1`,
		"an amount is text":                   `UPDATE debts SET amount = 'much'`,
		"a flattr is absent and counts":       `UPDATE flattrs SET absences = 2`,
		"a provisional identity is claimed":   `INSERT INTO identities (host_id, subject, handle, name, url, organisation) VALUES (1, '@zoe', 'zoe', '', '', FALSE); INSERT INTO claims (account_id, identity_id, proof, proved_at) SELECT 1, id, 'oauth', 0 FROM identities WHERE subject = '@zoe'`,
		"a link weighs too much":              `UPDATE links SET weight = 11`,
		"a thing is subscribed twice":         `INSERT INTO subscriptions (account_id, thing_id, author_id, first_month, last_month, made_at) SELECT account_id, thing_id, author_id, first_month, last_month, made_at FROM subscriptions`,
		"a subscription ends before it began": `UPDATE subscriptions SET last_month = first_month - 1`,
		"a flattr is in no state":             `UPDATE flattrs SET state = 'else', counts_in = NULL`,
		"a network gives money back":          `INSERT INTO spendings (network, month, amount, likes) VALUES ('n', 1, -1, 0)`,
		"what was given on is taken back":     `DELETE FROM given`,
		"an identity is claimed twice":        `INSERT INTO claims (account_id, identity_id, proof, proved_at) SELECT 2, identity_id, proof, proved_at FROM claims`,
	})
	for name, q := range walls {
		t.Run(name, func(t *testing.T) {
			before := Dump(t, s, raw)
			if err := raw.Exec(t.Context(), q); err == nil {
				t.Error("it was accepted")
			}
			if Dump(t, s, raw) != before {
				t.Error("something was written")
			}
		})
	}
}

// paymentWalls keep a payment as its plan has it: what it pays and what it carries are always what was planned.
func paymentWalls() map[string]string {
	return map[string]string{
		"a payment is removed":                `DELETE FROM payments`,
		"a payment goes elsewhere":            `UPDATE payments SET destination = 'https://example.net/'`,
		"a payment is larger than planned":    `UPDATE payments SET amount = amount + 1`,
		"a payment is smaller than planned":   `UPDATE payments SET amount = amount - 1`,
		"a payment is cut as it is sent":      `UPDATE payments SET amount = amount - 1, carried = 1, state = 'sent'`,
		"a payment is of nothing":             `UPDATE payments SET amount = 0, carried = amount`,
		"a payment carries less than nothing": `UPDATE payments SET amount = amount + 1, carried = -1`,
	}
}

// Dump writes the ledger and how many rows the other tables have.
func Dump(t *testing.T, s store.Store, raw Raw) string {
	t.Helper()
	b, done, err := s.Book(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	var out bytes.Buffer
	if err := ledger.Export(&out, "csv", b); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"months", "flattrs", "ledger_accounts", "settlements", "plans", "payments", "trials", "debts", "given", "claims"} {
		n, err := raw.Count(t.Context(), table)
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString(table + strings.Repeat("|", int(n)))
	}
	return out.String()
}
