package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"flattery"
	"flattery/store"
)

// batch is how many rows one INSERT carries. The driver looks for each parameter among all, so that a hundred rows cost a
// fifth more than these; single rows cost more still.
const batch = 25

// AddLikes looks which likes are known in one query, and writes the rest a batch of rows at a time.
func (t *tx) AddLikes(ctx context.Context, l flattery.Link, likes []flattery.Like, baseline bool, now time.Time) ([]store.Outcome, error) {
	out := make([]store.Outcome, 0, len(likes))
	for len(likes) > 0 {
		n := min(batch, len(likes))
		part, err := t.addBatch(ctx, l, likes[:n], baseline, now)
		if err != nil {
			return nil, wrap(fmt.Sprintf("likes of link %d", l.ID), err)
		}
		out, likes = append(out, part...), likes[n:]
	}
	return out, nil
}

// fresh is a like that is not in the store yet.
type fresh struct {
	like   *flattery.Like
	index  int // in the batch
	host   int64
	thing  int64
	author int64
	state  flattery.State
	month  flattery.Month
}

func (t *tx) addBatch(ctx context.Context, l flattery.Link, likes []flattery.Like, baseline bool, now time.Time) ([]store.Outcome, error) {
	out := make([]store.Outcome, len(likes))
	news, err := t.fresh(ctx, l.Account, likes, out)
	if err != nil || len(news) == 0 {
		return out, err
	}
	if err := t.addThings(ctx, news); err != nil {
		return nil, err
	}
	if err := t.addAuthors(ctx, news); err != nil {
		return nil, err
	}
	if err := t.judge(ctx, l, news, baseline, now); err != nil {
		return nil, err
	}
	return out, t.addFlattrs(ctx, l, news, now, out)
}

// fresh picks the likes that the account does not have yet, each thing once.
func (t *tx) fresh(ctx context.Context, account flattery.AccountID, likes []flattery.Like, out []store.Outcome) ([]fresh, error) {
	args := make([]any, 0, 3*len(likes)+1)
	hosts := make([]int64, len(likes))
	for i := range likes {
		th := &likes[i].Thing
		h, err := t.host(ctx, th.Network, th.Host)
		if err != nil {
			return nil, err
		}
		hosts[i] = h
		args = append(args, i, h, th.ID)
	}
	args = append(args, account)
	rows, err := t.rows(ctx, `WITH page (i, host_id, network_id) AS (VALUES `+tuples("(?,?,?)", len(likes))+`)
		SELECT p.i, f.state FROM page p CROSS JOIN things t ON t.host_id = p.host_id AND t.network_id = p.network_id
		CROSS JOIN flattrs f ON f.account_id = ? AND f.thing_id = t.id AND f.kind = 'like' AND f.turn = 0`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var i int
		var state flattery.State
		if err := rows.Scan(&i, &state); err != nil {
			return nil, err
		}
		out[i] = store.Outcome{State: state, Known: true}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	seen := map[[2]string]bool{}
	var news []fresh
	for i := range likes {
		key := [2]string{likes[i].Thing.Host, likes[i].Thing.ID}
		if seen[key] {
			out[i].Known = true
		}
		if !out[i].Known {
			seen[key] = true
			news = append(news, fresh{like: &likes[i], index: i, host: hosts[i]})
		}
	}
	return news, nil
}

func tuples(one string, n int) string { return strings.TrimSuffix(strings.Repeat(one+",", n), ",") }

func (t *tx) addThings(ctx context.Context, news []fresh) error {
	args := make([]any, 0, 4*len(news))
	for _, f := range news {
		args = append(args, f.host, f.like.Thing.ID, f.like.Thing.URL, f.like.Thing.Title)
	}
	rows, err := t.rows(ctx, `INSERT INTO things (host_id, network_id, url, title) VALUES `+tuples("(?,?,?,?)", len(news))+`
		ON CONFLICT DO UPDATE SET url = excluded.url, title = excluded.title RETURNING id, host_id, network_id`, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	ids := map[flattery.Thing]int64{}
	for rows.Next() {
		var id, host int64
		var key string
		if err := rows.Scan(&id, &host, &key); err != nil {
			return err
		}
		ids[thingKey(host, key)] = id
	}
	for i := range news {
		news[i].thing = ids[thingKey(news[i].host, news[i].like.Thing.ID)]
	}
	return rows.Err()
}

func thingKey(host int64, id string) flattery.Thing {
	return flattery.Thing{Network: fmt.Sprint(host), ID: id}
}

func (t *tx) addAuthors(ctx context.Context, news []fresh) error {
	ids := map[flattery.Identity]int64{}
	for i := range news {
		p := news[i].like.Author
		id, ok := ids[p.Identity]
		if !ok {
			var err error
			if id, err = t.identity(ctx, p); err != nil {
				return err
			}
			ids[p.Identity] = id
		}
		news[i].author = id
	}
	return nil
}

// judge says of each like what becomes of it, and in which month it counts.
func (t *tx) judge(ctx context.Context, l flattery.Link, news []fresh, baseline bool, now time.Time) error {
	authors := map[int64]flattery.State{}
	for i := range news {
		f := &news[i]
		timed := !f.like.At.IsZero()
		if timed && f.like.At.Before(l.BeginsAt) || !timed && baseline {
			f.state = flattery.Seen
			continue
		}
		state, ok := authors[f.author]
		if !ok {
			var err error
			if state, err = t.authorState(ctx, l.Account, f.author); err != nil {
				return err
			}
			authors[f.author] = state
		}
		f.state = state
		if state != flattery.Counting {
			continue
		}
		month, err := t.monthFor(ctx, f.like.At, now)
		if err != nil {
			return err
		}
		f.month = month
	}
	return nil
}

// authorState: one's own things never count; an author whom nobody claims cannot be paid yet.
func (t *tx) authorState(ctx context.Context, account flattery.AccountID, author int64) (state flattery.State, err error) {
	err = t.row(ctx, `SELECT CASE
		WHEN EXISTS (SELECT 1 FROM claims WHERE identity_id = ?1 AND account_id = ?2)
			OR EXISTS (SELECT 1 FROM links WHERE identity_id = ?1 AND account_id = ?2 AND proof <> 'name' AND state <> 'removed') THEN 'own'
		WHEN EXISTS (SELECT 1 FROM claims WHERE identity_id = ?1) THEN 'counts'
		ELSE 'pending' END`, author, account).Scan(&state)
	return state, err
}

func (t *tx) addFlattrs(ctx context.Context, l flattery.Link, news []fresh, now time.Time, out []store.Outcome) error {
	args := make([]any, 0, 9*len(news))
	for _, f := range news {
		when, source := f.like.At, f.like.Source
		if when.IsZero() || when.After(now) {
			when, source = now, flattery.FirstSeen
		}
		args = append(args, l.Account, f.thing, f.author, null(int64(l.ID)), f.state, seconds(when), source, seconds(now), null(int64(f.month)))
	}
	rows, err := t.rows(ctx, `INSERT INTO flattrs (account_id, thing_id, author_id, link_id, state, liked_at, source, found_at, counts_in, kind, turn, weight)
		VALUES `+tuples("(?,?,?,?,?,?,?,?,?,'like',0,1)", len(news))+` ON CONFLICT DO NOTHING RETURNING id, thing_id`, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	ids := map[int64]flattery.FlattrID{}
	for rows.Next() {
		var id flattery.FlattrID
		var thing int64
		if err := rows.Scan(&id, &thing); err != nil {
			return err
		}
		ids[thing] = id
	}
	for _, f := range news {
		id := ids[f.thing]
		out[f.index] = store.Outcome{Flattr: id, State: f.state, Known: id == 0}
	}
	return rows.Err()
}

// RemoveFlattr takes a flattr out of its open month, or out of waiting.
func (t *tx) RemoveFlattr(ctx context.Context, account flattery.AccountID, id flattery.FlattrID) error {
	err := t.must(ctx, `UPDATE flattrs SET state = 'removed', counts_in = NULL WHERE id = ? AND account_id = ? AND state IN ('counts', 'pending')`, id, account)
	return wrap(fmt.Sprintf("flattr %d", id), err)
}

// RestoreFlattr undoes RemoveFlattr: it counts in the month of its like while that is open, else in the current one.
func (t *tx) RestoreFlattr(ctx context.Context, account flattery.AccountID, id flattery.FlattrID, now time.Time) error {
	doing := fmt.Sprintf("flattr %d", id)
	var author, liked int64
	if err := t.row(ctx, `SELECT author_id, liked_at FROM flattrs WHERE id = ? AND account_id = ? AND state = 'removed'`, id, account).Scan(&author, &liked); err != nil {
		return wrap(doing, err)
	}
	state, err := t.authorState(ctx, account, author)
	if err != nil {
		return wrap(doing, err)
	}
	var month flattery.Month
	if state == flattery.Counting {
		if month, err = t.monthFor(ctx, at(liked), now); err != nil {
			return wrap(doing, err)
		}
	}
	return wrap(doing, t.must(ctx, `UPDATE flattrs SET state = ?, counts_in = ? WHERE id = ?`, state, null(int64(month)), id))
}

// LapsePending ends the waiting of flattrs that were found before a time.
func (t *tx) LapsePending(ctx context.Context, foundBefore time.Time) (int, error) {
	n, err := t.changed(ctx, `UPDATE flattrs SET state = 'lapsed' WHERE state = 'pending' AND found_at < ?`, seconds(foundBefore))
	return int(n), wrap("lapse", err)
}

const flattrColumns = `f.id, f.account_id, coalesce(f.link_id, 0), f.kind, f.turn, f.state, f.liked_at, f.source, f.found_at, coalesce(f.counts_in, 0), f.weight,
	th.network, th.host, t.network_id, t.url, t.title, ` + profileColumns

const flattrJoins = ` JOIN things t ON t.id = f.thing_id JOIN hosts th ON th.id = t.host_id
	JOIN identities i ON i.id = f.author_id JOIN hosts h ON h.id = i.host_id `

func scanFlattr(s scanner) (f flattery.Flattr, err error) {
	var liked, found int64
	into := []any{&f.ID, &f.Account, &f.Link, &f.Kind, &f.Turn, &f.State, &liked, &f.Source, &found, &f.CountsIn, &f.Weight,
		&f.Thing.Network, &f.Thing.Host, &f.Thing.ID, &f.Thing.URL, &f.Thing.Title}
	err = s.Scan(append(into, profileInto(&f.Author)...)...)
	f.At, f.FoundAt = at(liked), at(found)
	return f, err
}

// Flattrs lists flattrs, newest first. Two short walks along indexes are merged: what counts, and what stands aside.
func (s *Store) Flattrs(ctx context.Context, q store.FlattrQuery) ([]flattery.Flattr, error) {
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
		parts = append(parts, `SELECT * FROM (SELECT f.id FROM flattrs f WHERE `+where+` AND f.id < ? ORDER BY f.id DESC LIMIT ?)`)
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
	list, err := all(ctx, s, scanFlattr, `SELECT `+flattrColumns+` FROM flattrs f`+flattrJoins+`
		WHERE f.id IN (`+strings.Join(parts, " UNION ALL ")+`) ORDER BY f.id DESC LIMIT ?`, append(args, limit)...)
	if err != nil {
		return nil, wrap("flattrs", err)
	}
	return list, s.addShares(ctx, list)
}

// addShares looks up what the flattrs of settled months received: one range of entries per donor's month.
func (s *Store) addShares(ctx context.Context, list []flattery.Flattr) error {
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

func (s *Store) shares(ctx context.Context, account flattery.AccountID, m flattery.Month) (map[flattery.FlattrID]flattery.Amount, error) {
	rows, err := s.rows(ctx, `SELECT e.flattr_id, e.amount FROM settlements s JOIN transactions t ON t.number = s.number
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
func (s *Store) Waiting(ctx context.Context) ([]store.Waiting, error) {
	list, err := all(ctx, s, func(r scanner) (w store.Waiting, err error) {
		err = r.Scan(append([]any{&w.Flattrs, &w.Donors}, profileInto(&w.Author)...)...)
		return w, err
	}, `SELECT p.flattrs, p.donors, `+profileColumns+` FROM (SELECT author_id, count(*) AS flattrs, count(DISTINCT account_id) AS donors
		FROM flattrs WHERE state = 'pending' GROUP BY author_id) p JOIN identities i ON i.id = p.author_id JOIN hosts h ON h.id = i.host_id
		ORDER BY p.flattrs DESC, p.author_id`)
	return list, wrap("waiting", err)
}
