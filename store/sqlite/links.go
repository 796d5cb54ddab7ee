package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"flattery"
)

const linkQuery = `SELECT l.id, l.account_id, l.proof, l.state, l.reason, l.detail, l.cursor, l.begins_at, l.interval, l.next_poll,
	l.last_poll, l.last_good, l.failures, l.next_walk, ` + profileColumns + `
	FROM links l JOIN identities i ON i.id = l.identity_id JOIN hosts h ON h.id = i.host_id `

func scanLink(s scanner) (l flattery.Link, err error) {
	var begins, interval, next, last, good, walk int64
	into := []any{&l.ID, &l.Account, &l.Proof, &l.State, &l.Reason, &l.Detail, &l.Cursor, &begins, &interval, &next, &last, &good, &l.Failures, &walk}
	err = s.Scan(append(into, profileInto(&l.Identity)...)...)
	l.BeginsAt, l.Interval, l.NextPoll, l.LastPoll, l.LastGood = at(begins), time.Duration(interval)*time.Second, at(next), at(last), at(good)
	l.NextWalk = at(walk)
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

func (t *tx) AddLink(ctx context.Context, l flattery.Link, token flattery.Token) (flattery.LinkID, error) {
	identity, err := t.identity(ctx, l.Identity)
	if err != nil {
		return 0, wrap("link", err)
	}
	var id flattery.LinkID
	var proof flattery.Proof // a name takes nothing away from a link that works with more
	err = t.row(ctx, `INSERT INTO links (account_id, identity_id, proof, state, reason, detail, cursor, begins_at, interval, next_poll, last_poll, last_good, failures)
		VALUES (?, ?, ?, 'active', '', '', '', ?, ?, ?, 0, 0, 0)
		ON CONFLICT DO UPDATE SET proof = CASE WHEN state = 'active' AND excluded.proof = 'name' THEN proof ELSE excluded.proof END, state = 'active', reason = '', detail = '', failures = 0, next_poll = excluded.next_poll,
			begins_at = CASE state WHEN 'removed' THEN excluded.begins_at ELSE begins_at END,
			next_walk = CASE state WHEN 'removed' THEN 0 ELSE next_walk END,
			cursor = CASE state WHEN 'removed' THEN '' ELSE cursor END
		RETURNING id, proof`, l.Account, identity, l.Proof, seconds(l.BeginsAt), int64(l.Interval/time.Second), seconds(l.NextPoll)).Scan(&id, &proof)
	if err != nil {
		return 0, wrap("link "+l.Identity.String(), err)
	}
	if proof != l.Proof {
		return id, nil
	}
	if err := t.must(ctx, `UPDATE links SET token = ?, held_until = 0 WHERE id = ?`, t.sealToken(linkTokens, id, token), id); err != nil {
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

// SaveLink writes the profile only where it differs: most polls find it as it was.
func (t *tx) SaveLink(ctx context.Context, l flattery.Link) error {
	p := l.Identity
	var identity int64
	var differs sql.NullBool // NULL: it is not the link's identity
	err := t.row(ctx, `UPDATE links SET state = ?, reason = ?, detail = ?, cursor = ?, interval = ?, next_poll = ?, last_poll = ?, last_good = ?, failures = ?,
		next_walk = ? WHERE id = ? AND state <> 'removed' RETURNING identity_id, (SELECT (i.handle, i.name, i.url) IS NOT (?, ?, ?)
			FROM identities i JOIN hosts h ON h.id = i.host_id WHERE i.id = identity_id AND i.subject = ? AND h.network = ? AND h.host = ?)`,
		l.State, l.Reason, l.Detail, l.Cursor, int64(l.Interval/time.Second), seconds(l.NextPoll), seconds(l.LastPoll), seconds(l.LastGood), l.Failures,
		seconds(l.NextWalk), l.ID, p.Handle, p.Name, p.URL, subject(p.Identity), p.Network, p.Host).Scan(&identity, &differs)
	if err == nil && differs.Bool {
		_, err = t.exec(ctx, `UPDATE identities SET handle = ?, name = ?, url = ? WHERE id = ?`, p.Handle, p.Name, p.URL, identity)
	}
	return wrap(fmt.Sprintf("link %d", l.ID), err)
}

func (t *tx) RemoveLink(ctx context.Context, id flattery.LinkID) error {
	return wrap(fmt.Sprintf("link %d", id), t.must(ctx,
		`UPDATE links SET state = 'removed', token = NULL, held_until = 0, cursor = '', reason = '', detail = '' WHERE id = ? AND state <> 'removed'`, id))
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
