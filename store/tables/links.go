package tables

import (
	"context"
	"fmt"
	"slices"
	"time"

	"flattery"
	"flattery/store"
)

const linkColumns = `l.id, l.account_id, l.proof, l.state, l.reason, l.detail, l.cursor, l.begins_at, l.interval, l.next_poll,
	l.last_poll, l.last_good, l.failures, l.next_walk, l.paused, l.weight, l.matching, ` + profileColumns

const linkJoins = ` FROM links l JOIN identities i ON i.id = l.identity_id JOIN hosts h ON h.id = i.host_id `

const linkQuery = `SELECT ` + linkColumns + linkJoins

func scanLink(s Row) (l flattery.Link, err error) { return scanLinkAnd(s) }

// scanLinkAnd reads a link and what stands behind it.
func scanLinkAnd(s Row, more ...any) (l flattery.Link, err error) {
	var begins, interval, next, last, good, walk int64
	into := []any{&l.ID, &l.Account, &l.Proof, &l.State, &l.Reason, &l.Detail, &l.Cursor, &begins, &interval, &next, &last, &good, &l.Failures, &walk,
		&l.Rules.Paused, &l.Rules.Weight, &l.Rules.Matching}
	err = s.Scan(append(append(into, profileInto(&l.Identity)...), more...)...)
	l.BeginsAt, l.Interval, l.NextPoll, l.LastPoll, l.LastGood = at(begins), time.Duration(interval)*time.Second, at(next), at(last), at(good)
	l.NextWalk = at(walk)
	return l, err
}

// Link finds a link by number, also one that was removed.
func (s *Reader) Link(ctx context.Context, id flattery.LinkID) (flattery.Link, error) {
	l, err := scanLink(s.DB.Row(ctx, linkQuery+`WHERE l.id = ?`, id))
	return l, wrap(fmt.Sprintf("link %d", id), err)
}

// Visit is one question: each that is asked of a server far away costs the way there and back.
func (s *Reader) Visit(ctx context.Context, id flattery.LinkID, now time.Time) (v store.Visit, err error) {
	var token, keys []byte
	var month, amount, likes *int64
	doing := fmt.Sprintf("link %d", id)
	v.Now = now
	v.Link, err = scanLinkAnd(s.DB.Row(ctx, `SELECT `+linkColumns+`, l.token, (SELECT a.keys FROM apps a WHERE a.network = h.network),
		coalesce((SELECT m.starts_at FROM months m WHERE m.starts_at <= ?1 AND m.ends_at > ?1 AND m.frozen_at IS NULL),
			(SELECT min(m.starts_at) FROM months m HAVING min(m.starts_at) > ?1)),
		(SELECT s.amount FROM spendings s WHERE s.network = h.network AND s.month = ?2), (SELECT s.likes FROM spendings s WHERE s.network = h.network AND s.month = ?2)`+
		linkJoins+`WHERE l.id = ?3`, seconds(now), flattery.MonthOf(now, time.UTC), id), &token, &keys, &month, &amount, &likes)
	if err != nil {
		return v, wrap(doing, err)
	}
	if v.Month = at(zero(month)); month == nil {
		v.Month = flattery.MonthOf(now, s.Zone).Starts(s.Zone)
	}
	v.Spent = store.Spending{Amount: flattery.Amount(zero(amount)), Likes: zero(likes)}
	if v.Token, err = s.token(linkTokens, id, token); err != nil {
		v.Sealed = wrap(doing, err)
	}
	if keys != nil {
		v.App, err = openKeys(s.Seal, v.Link.Identity.Network, keys)
		return v, wrap(doing, err)
	}
	return v, nil
}

// Links lists the links of an account, or all, but those that were removed.
func (s *Reader) Links(ctx context.Context, account flattery.AccountID) ([]flattery.Link, error) {
	whose, args := of("l.account_id", account)
	l, err := all(ctx, s.DB, scanLink, linkQuery+`WHERE `+whose+` AND l.state <> 'removed' ORDER BY l.id`, args...)
	return l, wrap("links", err)
}

// Unasked counts the active links that were asked once, and not since a time.
func (s *Reader) Unasked(ctx context.Context, since time.Time) (int, error) {
	n, err := value[int](s.DB.Row(ctx, `SELECT count(*) FROM links WHERE state = 'active' AND last_poll > 0 AND last_poll < ?`, seconds(since)))
	return n, wrap("links to ask", err)
}

// Reading counts what came over links that were never read to their end.
func (s *Reader) Reading(ctx context.Context, account flattery.AccountID) (map[flattery.LinkID]int, error) {
	found := map[flattery.LinkID]int{}
	_, err := all(ctx, s.DB, func(r Row) (struct{}, error) {
		var id flattery.LinkID
		var n int
		err := r.Scan(&id, &n)
		found[id] = n
		return struct{}{}, err
	}, `SELECT l.id, (SELECT count(*) FROM flattrs f WHERE f.account_id = l.account_id AND f.link_id = l.id) FROM links l
		WHERE l.account_id = ? AND l.last_good = 0 AND l.state = 'active'`, account)
	return found, wrap("links that are read", err)
}

func (t *Tx) AddLink(ctx context.Context, l flattery.Link, token flattery.Token) (flattery.LinkID, error) {
	identity, err := t.identity(ctx, l.Identity)
	if err != nil {
		return 0, wrap("link", err)
	}
	var id flattery.LinkID
	var proof flattery.Proof // a name takes nothing away from a link that works with more
	err = t.Row(ctx, `INSERT INTO links (account_id, identity_id, proof, state, reason, detail, cursor, begins_at, interval, next_poll, last_poll, last_good, failures)
		VALUES (?, ?, ?, 'active', '', '', '', ?, ?, ?, 0, 0, 0)
		ON CONFLICT (account_id, identity_id) DO UPDATE SET
			proof = CASE WHEN links.state = 'active' AND excluded.proof = 'name' THEN links.proof ELSE excluded.proof END,
			state = 'active', reason = '', detail = '', failures = 0, next_poll = excluded.next_poll,
			begins_at = CASE links.state WHEN 'removed' THEN excluded.begins_at ELSE links.begins_at END,
			next_walk = CASE links.state WHEN 'removed' THEN 0 ELSE links.next_walk END,
			cursor = CASE links.state WHEN 'removed' THEN '' ELSE links.cursor END
		RETURNING id, proof`, l.Account, identity, l.Proof, seconds(l.BeginsAt), int64(l.Interval/time.Second), seconds(l.NextPoll)).Scan(&id, &proof)
	if err != nil {
		return 0, wrap("link "+l.Identity.String(), err)
	}
	if proof != l.Proof {
		return id, nil
	}
	if err := t.Must(ctx, "link", `UPDATE links SET token = ?, held_until = 0 WHERE id = ?`, t.sealToken(linkTokens, id, token), id); err != nil {
		return 0, err
	}
	if !l.Proof.Proved() {
		return id, nil
	}
	// What is now known to be the donor's own does not count, as long as its month is open.
	return id, t.own(ctx, int64(l.Account), identity)
}

// own sets aside what an account liked of an identity that turned out to be its own.
func (t *Tx) own(ctx context.Context, account, identity int64) error {
	return t.Later(ctx, "own flattrs", `UPDATE flattrs SET state = 'own', counts_in = NULL WHERE account_id = ? AND author_id = ? AND (state = 'pending'
		OR state = 'counts' AND counts_in IN (SELECT month FROM months WHERE frozen_at IS NULL))`, account, identity)
}

// SaveLink writes the profile only where it differs: most polls find it as it was.
func (t *Tx) SaveLink(ctx context.Context, l flattery.Link) error {
	p, doing := l.Identity, fmt.Sprintf("link %d", l.ID)
	if l.State == flattery.LinkSuspended {
		if err := t.tellStop(ctx, l); err != nil {
			return err
		}
	}
	if err := t.Must(ctx, doing, `UPDATE links SET state = ?, reason = ?, detail = ?, cursor = ?, interval = ?, next_poll = ?, last_poll = ?, last_good = ?,
		failures = ?, next_walk = ? WHERE id = ? AND state <> 'removed'`, l.State, l.Reason, l.Detail, l.Cursor, int64(l.Interval/time.Second),
		seconds(l.NextPoll), seconds(l.LastPoll), seconds(l.LastGood), l.Failures, seconds(l.NextWalk), l.ID); err != nil {
		return err
	}
	return t.Later(ctx, doing, `UPDATE identities SET handle = ?1, name = ?2, url = ?3 WHERE id = (SELECT l.identity_id FROM links l WHERE l.id = ?4)
		AND subject = ?5 AND host_id = (SELECT h.id FROM hosts h WHERE h.network = ?6 AND h.host = ?7) AND (handle, name, url) <> (?1, ?2, ?3)`,
		p.Handle, p.Name, p.URL, l.ID, subject(p.Identity), p.Network, p.Host)
}

func (t *Tx) RemoveLink(ctx context.Context, id flattery.LinkID) error {
	return t.Must(ctx, fmt.Sprintf("link %d", id),
		`UPDATE links SET state = 'removed', token = NULL, held_until = 0, cursor = '', reason = '', detail = '' WHERE id = ? AND state <> 'removed'`, id)
}

func (t *Tx) WakeLinks(ctx context.Context, now time.Time, reasons ...string) (int, error) {
	args := make([]any, 0, len(reasons))
	for _, r := range reasons {
		args = append(args, r)
	}
	list, args := t.Dialect().List(`text`, args)
	n, err := t.Exec(ctx, `WITH k (reason) AS (`+list+`) UPDATE links SET state = 'active', reason = '', detail = '', next_poll = ?
		WHERE state <> 'removed' AND reason IN (SELECT k.reason FROM k)`, append(args, seconds(now))...)
	return int(n), wrap("wake links", err)
}

func (t *Tx) DueLinks(ctx context.Context, now, until time.Time, n int) ([]flattery.LinkID, error) {
	ids, err := all(ctx, t, value[flattery.LinkID], `UPDATE links SET next_poll = ? WHERE id IN
		(SELECT id FROM links WHERE state = 'active' AND next_poll <= ? ORDER BY next_poll, id`+atMost+` `+t.Dialect().Skip+`) RETURNING id`, seconds(until), seconds(now), n)
	slices.Sort(ids) // RETURNING has no order
	return ids, wrap("due links", err)
}

// The newest Date header of a network, and our clock when it came, are two values of the instance.
const networkDate, networkSeen = "network_date", "network_seen"

// SawNetwork writes once a minute: a row that each poll changed would be a queue for all of them.
func (t *Tx) SawNetwork(ctx context.Context, date, now time.Time) error {
	list, args := t.Dialect().List(`text text`, []any{networkDate, date.UTC().Format(time.RFC3339), networkSeen, now.UTC().Format(time.RFC3339)})
	return t.Later(ctx, "network date", `WITH k (name, value) AS (`+list+`) INSERT INTO instance (name, value) SELECT name, value FROM k
		WHERE NOT EXISTS (SELECT 1 FROM instance i WHERE i.name = k.name AND (substr(i.value, 1, 16) = substr(k.value, 1, 16) OR i.name = 'network_date' AND i.value > k.value))
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, args...)
}

// NetworkDate is the newest Date of a network; zero when none answered yet.
func (s *Reader) NetworkDate(ctx context.Context) (date, seen time.Time, err error) {
	var d, n *string
	err = s.DB.Row(ctx, `SELECT (SELECT value FROM instance WHERE name = 'network_date'), (SELECT value FROM instance WHERE name = 'network_seen')`).Scan(&d, &n)
	if err != nil || d == nil || n == nil {
		return time.Time{}, time.Time{}, wrap("network date", err)
	}
	if date, err = time.Parse(time.RFC3339, *d); err == nil {
		seen, err = time.Parse(time.RFC3339, *n)
	}
	return date, seen, wrap("network date", err)
}
