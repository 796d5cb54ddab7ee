package tables

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"flattery"
	"flattery/store"
)

// RemoveFlattr takes a flattr out of its open month, or out of waiting, for good: liked again it does not come back by
// itself. So does what was removed already because the like was taken back.
func (t *Tx) RemoveFlattr(ctx context.Context, account flattery.AccountID, id flattery.FlattrID) error {
	return t.Must(ctx, fmt.Sprintf("flattr %d", id), `UPDATE flattrs SET state = 'removed', counts_in = NULL, absences = 0 WHERE id = ? AND account_id = ?
		AND (state IN ('counts', 'pending') OR state = 'removed' AND absences = 2)`, id, account)
}

// RestoreFlattr undoes RemoveFlattr: it counts in the month of its like while that is open, else in the current one. What
// rules excluded comes back as long as the month is open in which it was found: the donor's word stands above them.
func (t *Tx) RestoreFlattr(ctx context.Context, account flattery.AccountID, id flattery.FlattrID, now time.Time) error {
	_, err := t.restore(ctx, account, id, 0, flattery.Thing{}, now)
	return wrap(fmt.Sprintf("flattr %d", id), err)
}

// restore judges anew what was removed or excluded, by the rules of a link if there is one.
func (t *Tx) restore(ctx context.Context, account flattery.AccountID, id flattery.FlattrID, link flattery.LinkID, th flattery.Thing, now time.Time) (flattery.State, error) {
	var author, liked, found int64
	var was flattery.State
	if err := t.Row(ctx, `SELECT author_id, liked_at, found_at, state FROM flattrs WHERE id = ? AND account_id = ? AND state IN ('removed', 'excluded')`, id, account).
		Scan(&author, &liked, &found, &was); err != nil {
		return "", err
	}
	if err := t.hold(ctx, author); err != nil {
		return "", err
	}
	states, rules, err := t.authorStates(ctx, account, link, []any{author})
	if err != nil {
		return "", err
	}
	state := rules.Judge(states[author], th)
	var month flattery.Month
	if state == flattery.Counting || was == flattery.Excluded {
		months, err := t.openMonths(ctx, now)
		if err != nil {
			return "", err
		}
		if was == flattery.Excluded && !months.has(at(found)) {
			return "", flattery.ErrFrozen
		}
		if state == flattery.Counting {
			month = months.of(at(liked), now)
		}
	}
	return state, t.Must(ctx, fmt.Sprintf("flattr %d", id), `UPDATE flattrs SET state = ?, counts_in = ?, absences = 0 WHERE id = ?`, state, null(int64(month)), id)
}

// LapsePending ends the waiting of flattrs that were found before a time.
func (t *Tx) LapsePending(ctx context.Context, foundBefore time.Time) (int, error) {
	n, err := t.Exec(ctx, `UPDATE flattrs SET state = 'lapsed' WHERE state = 'pending' AND found_at < ?`, seconds(foundBefore))
	return int(n), wrap("lapse", err)
}

const flattrColumns = `f.id, f.account_id, coalesce(f.link_id, 0), f.kind, f.turn, f.state, f.liked_at, f.source, f.found_at, coalesce(f.counts_in, 0), f.weight, f.absences = 2,
	th.network, th.host, t.network_id, t.url, t.title, ` + profileColumns

const flattrJoins = ` JOIN things t ON t.id = f.thing_id JOIN hosts th ON th.id = t.host_id
	JOIN identities i ON i.id = f.author_id JOIN hosts h ON h.id = i.host_id `

func scanFlattr(s Row) (f flattery.Flattr, err error) {
	var liked, found int64
	into := []any{&f.ID, &f.Account, &f.Link, &f.Kind, &f.Turn, &f.State, &liked, &f.Source, &found, &f.CountsIn, &f.Weight, &f.Unliked,
		&f.Thing.Network, &f.Thing.Host, &f.Thing.ID, &f.Thing.URL, &f.Thing.Title}
	err = s.Scan(append(into, profileInto(&f.Author)...)...)
	f.At, f.FoundAt = at(liked), at(found)
	return f, err
}

// Flattr finds one of an account's flattrs.
func (s *Reader) Flattr(ctx context.Context, account flattery.AccountID, id flattery.FlattrID) (flattery.Flattr, error) {
	doing := fmt.Sprintf("flattr %d", id)
	f, err := scanFlattr(s.DB.Row(ctx, `SELECT `+flattrColumns+` FROM flattrs f`+flattrJoins+`WHERE f.id = ? AND f.account_id = ?`, id, account))
	if err != nil {
		return f, wrap(doing, err)
	}
	list := []flattery.Flattr{f}
	err = s.addShares(ctx, list)
	return list[0], wrap(doing, err)
}

// Flattrs lists flattrs, newest first. Two short walks along indexes are merged: what counts, and what stands aside.
func (s *Reader) Flattrs(ctx context.Context, q store.FlattrQuery) ([]flattery.Flattr, error) {
	limit, before := q.Limit, int64(q.Before)
	if limit <= 0 {
		limit = 100
	}
	if before == 0 {
		before = forever
	}
	var parts []string
	var args []any
	add := func(where string, more ...any) {
		if q.State != "" {
			where, more = where+` AND f.state = ?`, append(more, q.State)
		}
		parts = append(parts, `SELECT * FROM (SELECT f.id FROM flattrs f WHERE `+where+` AND f.id < ? ORDER BY f.id DESC`+atMost+`) AS part`)
		args = append(append(args, more...), before, limit)
	}
	switch {
	case q.Seen:
		add(`f.account_id = ?`, q.Account)
	case q.Month == 0:
		add(`f.account_id = ? AND f.counts_in IS NOT NULL`, q.Account)
		add(`f.account_id = ? AND f.counts_in IS NULL AND f.state <> 'seen'`, q.Account)
	default:
		m, err := s.Month(ctx, q.Month)
		if errors.Is(err, flattery.ErrNotFound) {
			return nil, nil // not begun
		}
		if err != nil {
			return nil, err
		}
		add(`f.counts_in = ? AND f.account_id = ?`, q.Month, q.Account)
		add(`f.account_id = ? AND f.counts_in IS NULL AND f.state <> 'seen' AND f.found_at >= ? AND f.found_at < ?`, q.Account, seconds(m.Starts), seconds(m.Ends))
	}
	list, err := all(ctx, s.DB, scanFlattr, `SELECT `+flattrColumns+` FROM flattrs f`+flattrJoins+`
		WHERE f.id IN (`+strings.Join(parts, " UNION ALL ")+`) ORDER BY f.id DESC`+atMost, append(args, limit)...)
	if err != nil {
		return nil, wrap("flattrs", err)
	}
	return list, s.addShares(ctx, list)
}

// Liked finds a slip's flattrs by their authors: whom its payee is, or claims to be now.
func (s *Reader) Liked(ctx context.Context, donor flattery.AccountID, slip flattery.PaymentID, limit int) ([]flattery.Flattr, error) {
	doing := fmt.Sprintf("flattrs of payment %d", slip)
	list, err := all(ctx, s.DB, scanFlattr, `SELECT `+flattrColumns+` FROM payments p JOIN payees y ON y.id = p.payee_id
		JOIN flattrs f ON f.account_id = p.account_id AND f.counts_in <= p.plan AND f.counts_in > coalesce((SELECT max(o.plan) FROM payments o
			WHERE o.account_id = p.account_id AND o.payee_id = p.payee_id AND o.currency = p.currency AND o.plan < p.plan AND o.state <> 'failed'), 0)
		AND (f.author_id = y.identity_id OR f.author_id IN (SELECT c.identity_id FROM claims c WHERE c.account_id = y.account_id))`+flattrJoins+`
		WHERE p.id = ? AND p.account_id = ? ORDER BY f.id DESC`+atMost, slip, donor, limit)
	if err != nil {
		return nil, wrap(doing, err)
	}
	return list, s.addShares(ctx, list)
}

// addShares looks up what the flattrs of settled months received: one range of entries per donor's month.
func (s *Reader) addShares(ctx context.Context, list []flattery.Flattr) error {
	type donorMonth struct {
		account flattery.AccountID
		month   flattery.Month
	}
	where := map[donorMonth][]int{}
	for i, f := range list {
		if f.CountsIn != 0 {
			k := donorMonth{f.Account, f.CountsIn}
			where[k] = append(where[k], i)
		}
	}
	for k, indexes := range where {
		shares, err := s.shares(ctx, k.account, k.month)
		if err != nil {
			return err
		}
		for _, i := range indexes {
			list[i].Share = shares[list[i].ID]
		}
	}
	return nil
}

func (s *Reader) shares(ctx context.Context, account flattery.AccountID, m flattery.Month) (map[flattery.FlattrID]flattery.Amount, error) {
	rows, err := s.DB.Rows(ctx, `SELECT e.flattr_id, e.amount FROM settlements s JOIN transactions t ON t.number = s.number
		JOIN entries e ON e.number >= t.first_entry AND e.number < t.first_entry + t.entries
		WHERE s.month = ? AND s.account_id = ? AND e.flattr_id IS NOT NULL`, m, account)
	if err != nil {
		return nil, wrap("shares", err)
	}
	defer rows.Close()
	shares := map[flattery.FlattrID]flattery.Amount{}
	for rows.Next() {
		var id flattery.FlattrID
		var a flattery.Amount
		if err := rows.Scan(&id, &a); err != nil {
			return nil, wrap("shares", err)
		}
		shares[id] = a
	}
	return shares, wrap("shares", rows.Err())
}

// Waiting lists the authors for whom flattrs are pending.
func (s *Reader) Waiting(ctx context.Context) ([]store.Waiting, error) {
	list, err := all(ctx, s.DB, func(r Row) (w store.Waiting, err error) {
		err = r.Scan(append([]any{&w.Flattrs, &w.Donors}, profileInto(&w.Author)...)...)
		return w, err
	}, `SELECT p.flattrs, p.donors, `+profileColumns+` FROM (SELECT author_id, count(*) AS flattrs, count(DISTINCT account_id) AS donors
		FROM flattrs WHERE state = 'pending' GROUP BY author_id) p JOIN identities i ON i.id = p.author_id JOIN hosts h ON h.id = i.host_id
		ORDER BY p.flattrs DESC, p.author_id`)
	return list, wrap("waiting", err)
}
