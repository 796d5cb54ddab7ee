package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"flattery"
	"flattery/internal/ledger"
)

const linkQuery = `SELECT l.id, l.account_id, l.proof, l.state, l.reason, l.detail, l.cursor, l.begins_at, l.interval, l.next_poll,
	l.last_poll, l.last_good, l.failures, ` + profileColumns + `
	FROM links l JOIN identities i ON i.id = l.identity_id JOIN hosts h ON h.id = i.host_id `

func scanLink(s scanner) (l flattery.Link, err error) {
	var begins, interval, next, last, good int64
	into := []any{&l.ID, &l.Account, &l.Proof, &l.State, &l.Reason, &l.Detail, &l.Cursor, &begins, &interval, &next, &last, &good, &l.Failures}
	err = s.Scan(append(into, profileInto(&l.Identity)...)...)
	l.BeginsAt, l.Interval, l.NextPoll, l.LastPoll, l.LastGood = at(begins), time.Duration(interval)*time.Second, at(next), at(last), at(good)
	return l, err
}

// Link finds a link by number, also one that was removed.
func (s *Store) Link(ctx context.Context, id flattery.LinkID) (flattery.Link, error) {
	l, err := scanLink(s.row(ctx, linkQuery+`WHERE l.id = ?`, id))
	return l, wrap(fmt.Sprintf("link %d", id), err)
}

// Links lists the links of an account, or all, but those that were removed.
func (s *Store) Links(ctx context.Context, account flattery.AccountID) ([]flattery.Link, error) {
	if account == 0 {
		l, err := all(ctx, s, scanLink, linkQuery+`WHERE l.state <> 'removed' ORDER BY l.id`)
		return l, wrap("links", err)
	}
	l, err := all(ctx, s, scanLink, linkQuery+`WHERE l.account_id = ? AND l.state <> 'removed' ORDER BY l.id`, account)
	return l, wrap("links", err)
}

// Unasked counts the active links that were asked once, and not since a time.
func (s *Store) Unasked(ctx context.Context, since time.Time) (int, error) {
	n, err := value[int](s.row(ctx, `SELECT count(*) FROM links WHERE state = 'active' AND last_poll > 0 AND last_poll < ?`, seconds(since)))
	return n, wrap("links to ask", err)
}

func tokenPlace(id flattery.LinkID) string { return fmt.Sprintf("link %d token", id) }

// Token unseals a link's token.
func (s *Store) Token(ctx context.Context, id flattery.LinkID) (flattery.Secret, error) {
	sealed, err := value[[]byte](s.row(ctx, `SELECT token FROM links WHERE id = ?`, id))
	if err != nil || sealed == nil {
		return "", wrap(fmt.Sprintf("link %d", id), err)
	}
	token, err := s.opts.Seal.Unseal(tokenPlace(id), sealed)
	if err != nil {
		return "", fmt.Errorf("sqlite: link %d: its token %w", id, err)
	}
	return flattery.Secret(token), nil
}

func (t *tx) AddLink(ctx context.Context, l flattery.Link, token flattery.Secret) (flattery.LinkID, error) {
	identity, err := t.identity(ctx, l.Identity)
	if err != nil {
		return 0, wrap("link", err)
	}
	var id flattery.LinkID
	err = t.row(ctx, `INSERT INTO links (account_id, identity_id, proof, state, reason, detail, cursor, begins_at, interval, next_poll, last_poll, last_good, failures)
		VALUES (?, ?, ?, 'active', '', '', '', ?, ?, ?, 0, 0, 0)
		ON CONFLICT DO UPDATE SET proof = excluded.proof, state = 'active', reason = '', detail = '', failures = 0, next_poll = excluded.next_poll,
			begins_at = CASE state WHEN 'removed' THEN excluded.begins_at ELSE begins_at END,
			cursor = CASE state WHEN 'removed' THEN '' ELSE cursor END
		RETURNING id`, l.Account, identity, l.Proof, seconds(l.BeginsAt), int64(l.Interval/time.Second), seconds(l.NextPoll)).Scan(&id)
	if err != nil {
		return 0, wrap("link "+l.Identity.String(), err)
	}
	var sealed []byte
	if token != "" {
		sealed = t.w.store.opts.Seal.Seal(tokenPlace(id), []byte(token))
	}
	if err := t.must(ctx, `UPDATE links SET token = ? WHERE id = ?`, sealed, id); err != nil {
		return 0, wrap("link", err)
	}
	if !l.Proof.Proved() {
		return id, nil
	}
	// What is now known to be the donor's own does not count, as long as its month is open.
	return id, wrap("own flattrs", t.own(ctx, int64(l.Account), identity))
}

// own sets aside what an account liked of an identity that turned out to be its own.
func (t *tx) own(ctx context.Context, account, identity int64) error {
	_, err := t.exec(ctx, `UPDATE flattrs SET state = 'own', counts_in = NULL WHERE account_id = ? AND author_id = ? AND (state = 'pending'
		OR state = 'counts' AND counts_in IN (SELECT month FROM months WHERE frozen_at IS NULL))`, account, identity)
	return err
}

func (t *tx) SaveLink(ctx context.Context, l flattery.Link) error {
	err := t.must(ctx, `UPDATE links SET state = ?, reason = ?, detail = ?, cursor = ?, interval = ?, next_poll = ?, last_poll = ?, last_good = ?, failures = ?
		WHERE id = ? AND state <> 'removed'`, l.State, l.Reason, l.Detail, l.Cursor, int64(l.Interval/time.Second), seconds(l.NextPoll),
		seconds(l.LastPoll), seconds(l.LastGood), l.Failures, l.ID)
	return wrap(fmt.Sprintf("link %d", l.ID), err)
}

func (t *tx) RemoveLink(ctx context.Context, id flattery.LinkID) error {
	return wrap(fmt.Sprintf("link %d", id), t.must(ctx,
		`UPDATE links SET state = 'removed', token = NULL, cursor = '', reason = '', detail = '' WHERE id = ? AND state <> 'removed'`, id))
}

func (t *tx) DueLinks(ctx context.Context, now, until time.Time, n int) ([]flattery.LinkID, error) {
	ids, err := all(ctx, t, value[flattery.LinkID], `UPDATE links SET next_poll = ? WHERE id IN
		(SELECT id FROM links WHERE state = 'active' AND next_poll <= ? ORDER BY next_poll, id LIMIT ?) RETURNING id`, seconds(until), seconds(now), n)
	slices.Sort(ids) // RETURNING has no order
	return ids, wrap("due links", err)
}

// The newest Date header of a network, and our clock when it came, are two values of the instance.
const networkDate, networkSeen = "network_date", "network_seen"

func (t *tx) SawNetwork(ctx context.Context, date, now time.Time) error {
	for name, v := range map[string]time.Time{networkDate: date, networkSeen: now} {
		if _, err := t.exec(ctx, `INSERT INTO instance (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value
			WHERE name = 'network_seen' OR excluded.value > value`, name, v.UTC().Format(time.RFC3339)); err != nil {
			return wrap("network date", err)
		}
	}
	return nil
}

// NetworkDate is the newest Date of a network; zero when none answered yet.
func (s *Store) NetworkDate(ctx context.Context) (date, seen time.Time, err error) {
	var d, n sql.NullString
	err = s.row(ctx, `SELECT (SELECT value FROM instance WHERE name = 'network_date'), (SELECT value FROM instance WHERE name = 'network_seen')`).Scan(&d, &n)
	if err != nil || !d.Valid || !n.Valid {
		return time.Time{}, time.Time{}, wrap("network date", err)
	}
	if date, err = time.Parse(time.RFC3339, d.String); err == nil {
		seen, err = time.Parse(time.RFC3339, n.String)
	}
	return date, seen, wrap("network date", err)
}

func scanClaim(s scanner) (c flattery.Claim, err error) {
	var proved int64
	err = s.Scan(append([]any{&c.ID, &c.Account, &c.Proof, &proved}, profileInto(&c.Identity)...)...)
	c.ProvedAt = at(proved)
	return c, err
}

// Claims lists the claims of an account, or all.
func (s *Store) Claims(ctx context.Context, account flattery.AccountID) ([]flattery.Claim, error) {
	c, err := all(ctx, s, scanClaim, `SELECT c.id, c.account_id, c.proof, c.proved_at, `+profileColumns+`
		FROM claims c JOIN identities i ON i.id = c.identity_id JOIN hosts h ON h.id = i.host_id
		WHERE c.account_id = ? OR ? = 0 ORDER BY c.id`, account, account)
	return c, wrap("claims", err)
}

func (t *tx) AddClaim(ctx context.Context, c flattery.Claim) (int, error) {
	identity, err := t.identity(ctx, c.Identity)
	if err != nil {
		return 0, wrap("claim", err)
	}
	n, err := t.changed(ctx, `INSERT INTO claims (account_id, identity_id, proof, proved_at) VALUES (?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET proof = excluded.proof, proved_at = excluded.proved_at WHERE account_id = excluded.account_id`,
		c.Account, identity, c.Proof, seconds(c.ProvedAt))
	if err == nil && n == 0 {
		err = flattery.ErrClaimed
	}
	if err != nil {
		return 0, wrap("claim "+c.Identity.String(), err)
	}
	if err := t.own(ctx, int64(c.Account), identity); err != nil {
		return 0, wrap("claim: own flattrs", err)
	}
	if err := t.moveToAccount(ctx, c, identity); err != nil {
		return 0, wrap("claim: payee", err)
	}
	month, err := t.current(ctx, c.ProvedAt)
	if err != nil {
		return 0, wrap("claim: month", err)
	}
	joined, err := t.changed(ctx, `UPDATE flattrs SET state = 'counts', counts_in = ? WHERE author_id = ? AND state = 'pending'`, month, identity)
	return int(joined), wrap("claim: pending flattrs", err)
}

func (t *tx) RemoveClaim(ctx context.Context, id flattery.ClaimID) error {
	identity, err := value[int64](t.row(ctx, `DELETE FROM claims WHERE id = ? RETURNING identity_id`, id))
	if err != nil {
		return wrap(fmt.Sprintf("claim %d", id), err)
	}
	if _, err := t.payee(ctx, 0, identity); err != nil { // who a frozen month will owe it to
		return wrap(fmt.Sprintf("claim %d: payee", id), err)
	}
	_, err = t.exec(ctx, `UPDATE flattrs SET state = 'pending', counts_in = NULL WHERE author_id = ? AND state = 'counts'
		AND counts_in IN (SELECT month FROM months WHERE frozen_at IS NULL)`, identity)
	return wrap(fmt.Sprintf("claim %d: flattrs", id), err)
}

// moveToAccount makes the account's payee, and moves to it what the identity is owed as an author of its own.
func (t *tx) moveToAccount(ctx context.Context, c flattery.Claim, identity int64) error {
	to, err := t.payee(ctx, int64(c.Account), 0)
	if err != nil {
		return err
	}
	from, err := value[flattery.PayeeID](t.row(ctx, `SELECT id FROM payees WHERE identity_id = ?`, identity))
	if missing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	id, err := value[flattery.ClaimID](t.row(ctx, `SELECT id FROM claims WHERE identity_id = ?`, identity))
	if err != nil {
		return err
	}
	owed, err := all(ctx, t, scanTotal, `SELECT name, currency, debits, credits FROM ledger_accounts WHERE name = ? AND credits > debits ORDER BY currency`, ledger.PayeePayable(from))
	if err != nil || len(owed) == 0 {
		return err
	}
	d := ledger.Draft{Key: fmt.Sprintf("claim:%d", id), Kind: "claim", At: c.ProvedAt}
	for _, o := range owed {
		d.Entries = append(d.Entries, ledger.Entry{Debit: o.Name, Credit: ledger.PayeePayable(to), Currency: o.Currency, Amount: o.Balance(ledger.Credit)})
	}
	if _, err := t.Post(ctx, d); err != nil {
		return err
	}
	if err := t.flushOwed(ctx); err != nil {
		return err
	}
	if _, err := t.exec(ctx, `INSERT INTO debts (account_id, payee_id, currency, amount, since)
		SELECT account_id, ?, currency, amount, since FROM debts WHERE payee_id = ? AND amount > 0
		ON CONFLICT DO UPDATE SET amount = amount + excluded.amount, since = min(since, excluded.since)`, to, from); err != nil {
		return err
	}
	_, err = t.exec(ctx, `UPDATE debts SET amount = 0 WHERE payee_id = ?`, from)
	return err
}
