package sqlite

import (
	"context"
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
	if err != nil {
		return nil, err
	}
	if err := t.back(ctx, l, likes, baseline, now, out); err != nil {
		return nil, err
	}
	if len(news) == 0 {
		return out, nil
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

// back judges anew what was taken back and is liked again. A like from before the link says nothing of that.
func (t *tx) back(ctx context.Context, l flattery.Link, likes []flattery.Like, baseline bool, now time.Time, out []store.Outcome) error {
	for i := range likes {
		if out[i].State != flattery.Removed || old(l, &likes[i], baseline) {
			continue
		}
		th := &likes[i].Thing
		host, err := t.host(ctx, th.Network, th.Host)
		if err != nil {
			return err
		}
		var id flattery.FlattrID
		var unliked bool
		if err := t.row(ctx, `SELECT f.id, f.state, f.absences = 2 FROM things t CROSS JOIN flattrs f ON f.account_id = ? AND f.thing_id = t.id AND f.kind = 'like' AND f.turn = 0
			WHERE t.host_id = ? AND t.network_id = ?`, l.Account, host, th.ID).Scan(&id, &out[i].State, &unliked); err != nil {
			return err
		}
		if !unliked { // by the donor, or it stood on this page before
			continue
		}
		if out[i].State, err = t.restore(ctx, l.Account, id, now); err != nil {
			return err
		}
	}
	return nil
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

// old likes are from before the link.
func old(l flattery.Link, like *flattery.Like, baseline bool) bool {
	if like.At.IsZero() {
		return baseline
	}
	return like.At.Before(l.BeginsAt)
}

// judge says of each like what becomes of it, and in which month it counts.
func (t *tx) judge(ctx context.Context, l flattery.Link, news []fresh, baseline bool, now time.Time) error {
	authors := map[int64]flattery.State{}
	begun := false // the month in which they are found: it begins with what stands in it, though nothing of it may count
	for i := range news {
		f := &news[i]
		if old(l, f.like, baseline) {
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
			if !begun {
				if _, err := t.current(ctx, now); err != nil {
					return err
				}
				begun = true
			}
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
