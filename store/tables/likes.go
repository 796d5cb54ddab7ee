package tables

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"flattery"
	"flattery/store"
)

// AddLikes looks which likes are known in one query, and writes the rest a batch of rows at a time.
func (t *Tx) AddLikes(ctx context.Context, l flattery.Link, likes []flattery.Like, baseline bool, now time.Time) ([]store.Outcome, error) {
	out, err := t.add(ctx, wave{account: l.Account, link: l.ID, kind: flattery.KindLike, begins: l.BeginsAt, baseline: baseline, now: now}, likes)
	return out, wrap(fmt.Sprintf("likes of link %d", l.ID), err)
}

// A wave is what comes in together: of one account, over one link or none, of one kind and turn.
type wave struct {
	account  flattery.AccountID
	link     flattery.LinkID // 0: none, and no rules
	kind     flattery.Kind
	turn     int64
	once     bool      // a thing that was there in any turn is known
	begins   time.Time // what was liked before is old
	baseline bool      // what has no time is old
	now      time.Time
}

func (t *Tx) add(ctx context.Context, w wave, likes []flattery.Like) ([]store.Outcome, error) {
	out := make([]store.Outcome, 0, len(likes))
	for part := range slices.Chunk(likes, t.Dialect().Batch) {
		some, err := t.addBatch(ctx, w, part)
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
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
	weight int64
}

func (t *Tx) addBatch(ctx context.Context, w wave, likes []flattery.Like) ([]store.Outcome, error) {
	out := make([]store.Outcome, len(likes))
	news, err := t.fresh(ctx, w, likes, out)
	if err != nil {
		return nil, err
	}
	if w.told() {
		if err := t.back(ctx, w, likes, out); err != nil {
			return nil, err
		}
	}
	if len(news) == 0 {
		return out, nil
	}
	if err := t.addThings(ctx, w, news); err != nil {
		return nil, err
	}
	if err := t.addAuthors(ctx, w, news); err != nil {
		return nil, err
	}
	if err := t.judge(ctx, w, news); err != nil {
		return nil, err
	}
	return out, t.addFlattrs(ctx, w, news, out)
}

// back judges anew what was taken back and is liked again. A like from before the link says nothing of that.
func (t *Tx) back(ctx context.Context, w wave, likes []flattery.Like, out []store.Outcome) error {
	for i := range likes {
		if out[i].State != flattery.Removed || w.old(&likes[i]) {
			continue
		}
		th := &likes[i].Thing
		host, err := t.host(ctx, th.Network, th.Host)
		if err != nil {
			return err
		}
		var id flattery.FlattrID
		var unliked bool
		if err := t.Row(ctx, `SELECT f.id, f.state, f.absences = 2 FROM things t CROSS JOIN flattrs f
			WHERE t.host_id = ? AND t.network_id = ? AND f.account_id = ? AND f.thing_id = t.id AND f.kind = 'like' AND f.turn = 0`,
			host, th.ID, w.account).Scan(&id, &out[i].State, &unliked); err != nil {
			return err
		}
		if !unliked { // by the donor, or it stood on this page before
			continue
		}
		if out[i].State, err = t.restore(ctx, w.account, id, w.link, *th, w.now); err != nil {
			return err
		}
	}
	return nil
}

// fresh picks the likes that the account does not have yet, each thing once.
func (t *Tx) fresh(ctx context.Context, w wave, likes []flattery.Like, out []store.Outcome) ([]fresh, error) {
	page := make([]any, 0, 3*len(likes))
	hosts := make([]int64, len(likes))
	for i := range likes {
		th := &likes[i].Thing
		h, err := t.host(ctx, th.Network, th.Host)
		if err != nil {
			return nil, err
		}
		hosts[i] = h
		page = append(page, i, h, th.ID)
	}
	if len(page) > 0 {
		if _, err := listed(ctx, t, func(r Row) (struct{}, error) {
			var i int
			o := store.Outcome{Known: true}
			err := r.Scan(&i, &o.Flattr, &o.State)
			if err == nil {
				out[i] = o
			}
			return struct{}{}, err
		}, `page (i, host_id, network_id)`, `bigint bigint text`, page, `SELECT p.i, f.id, f.state FROM page p CROSS JOIN things t CROSS JOIN flattrs f
			WHERE t.host_id = p.host_id AND t.network_id = p.network_id AND f.account_id = ? AND f.thing_id = t.id AND f.kind = ?`+w.thisTurn(),
			w.account, w.kind); err != nil {
			return nil, err
		}
	}
	seen := map[thingKey]bool{}
	var news []fresh
	for i := range likes {
		key := thingKey{hosts[i], likes[i].Thing.ID}
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

// thisTurn narrows a query of flattrs to the wave's own turn.
func (w wave) thisTurn() string {
	if w.once {
		return ""
	}
	return ` AND f.turn = ` + strconv.FormatInt(w.turn, 10)
}

// A thingKey is what names a thing or an identity: its host and its id there.
type thingKey struct {
	host int64
	id   string
}

// numbered writes rows whose first two columns are a key, or what is new of them, and reads what number each has. Who writes
// several takes them in the order of their keys: two who do cannot wait for each other.
func (t *Tx) numbered(ctx context.Context, into, types string, rows map[thingKey][]any, after string) (map[thingKey]int64, error) {
	keys := slices.SortedFunc(maps.Keys(rows), func(a, b thingKey) int {
		return cmp.Or(cmp.Compare(a.host, b.host), cmp.Compare(a.id, b.id))
	})
	var flat []any
	for _, k := range keys {
		flat = append(append(flat, k.host, k.id), rows[k]...)
	}
	list, args := t.Dialect().List(types, flat)
	ids := make(map[thingKey]int64, len(keys))
	_, err := all(ctx, t, func(r Row) (struct{}, error) {
		var id int64
		var k thingKey
		err := r.Scan(&id, &k.host, &k.id)
		ids[k] = id
		return struct{}{}, err
	}, `INSERT INTO `+into+` `+list+` ON CONFLICT `+after, args...)
	return ids, err
}

// told reports whether a network told of it. What somebody wrote beside a button changes nothing that is known already.
func (w wave) told() bool { return w.kind == flattery.KindLike }

func (t *Tx) addThings(ctx context.Context, w wave, news []fresh) error {
	change := `url = excluded.url, title = excluded.title`
	if !w.told() {
		change = `url = things.url`
	}
	rows := map[thingKey][]any{}
	for _, f := range news {
		rows[thingKey{f.host, f.like.Thing.ID}] = []any{f.like.Thing.URL, f.like.Thing.Title}
	}
	ids, err := t.numbered(ctx, `things (host_id, network_id, url, title)`, `bigint text text text`, rows,
		`(host_id, network_id) DO UPDATE SET `+change+` RETURNING id, host_id, network_id`)
	for i := range news {
		news[i].thing = ids[thingKey{news[i].host, news[i].like.Thing.ID}]
	}
	return err
}

// addAuthors keeps the profiles up to date, and others from judging these authors meanwhile: a row that is written is held.
func (t *Tx) addAuthors(ctx context.Context, w wave, news []fresh) error {
	change := `handle = excluded.handle, name = excluded.name, url = excluded.url, organisation = excluded.organisation`
	if !w.told() {
		change = `handle = identities.handle`
	}
	rows := map[thingKey][]any{}
	keys := make([]thingKey, len(news))
	for i := range news {
		p := news[i].like.Author
		host, err := t.host(ctx, p.Network, p.Host)
		if err != nil {
			return err
		}
		keys[i] = thingKey{host, subject(p.Identity)}
		rows[keys[i]] = []any{p.Handle, p.Name, p.URL, p.Organisation}
	}
	ids, err := t.numbered(ctx, `identities (host_id, subject, handle, name, url, organisation)`, `bigint text text text text boolean`, rows,
		`(host_id, subject) DO UPDATE SET `+change+` RETURNING id, host_id, subject`)
	for i := range news {
		news[i].author = ids[keys[i]]
	}
	return err
}

// old likes are from before the link.
func (w wave) old(like *flattery.Like) bool {
	if like.At.IsZero() {
		return w.baseline
	}
	return like.At.Before(w.begins)
}

// judge says of each like what becomes of it, and in which month it counts.
func (t *Tx) judge(ctx context.Context, w wave, news []fresh) error {
	var ask []any
	asked := map[int64]bool{}
	for i := range news {
		f := &news[i]
		f.weight = 1
		if f.state = flattery.Seen; !w.old(f.like) {
			f.state = ""
			if !asked[f.author] {
				asked[f.author] = true
				ask = append(ask, f.author)
			}
		}
	}
	if len(ask) == 0 {
		return nil
	}
	// The month in which they are found begins with what stands in it, though nothing of it may count.
	months, err := t.openMonths(ctx, w.now)
	if err != nil {
		return err
	}
	states, rules, err := t.authorStates(ctx, w.account, w.link, ask)
	if err != nil {
		return err
	}
	for i := range news {
		f := &news[i]
		if f.state == "" {
			f.state, f.weight = rules.Judge(states[f.author], f.like.Thing), rules.Weight
		}
		if f.state == flattery.Counting {
			f.month = months.of(f.like.At, w.now)
		}
	}
	return nil
}

// authorStates: one's own things never count; nor do those of an author whom the rules of the link exclude, if there is a
// link; an author whom nobody claims, and who publishes no place to be paid, cannot be paid yet, nor can one whose account must give
// and does not. The rules that remain are for each thing.
func (t *Tx) authorStates(ctx context.Context, account flattery.AccountID, link flattery.LinkID, authors []any) (map[int64]flattery.State, flattery.Rules, error) {
	states := make(map[int64]flattery.State, len(authors))
	var rules flattery.Rules
	_, err := listed(ctx, t, func(r Row) (struct{}, error) {
		var author int64
		var state flattery.State
		err := r.Scan(&author, &state, &rules.Paused, &rules.Weight, &rules.Matching)
		states[author] = state
		return struct{}{}, err
	}, `a (id)`, `bigint`, authors, `SELECT a.id, CASE
		WHEN EXISTS (SELECT 1 FROM claims c WHERE c.identity_id = a.id AND c.account_id = ?)
			OR EXISTS (SELECT 1 FROM links l WHERE l.identity_id = a.id AND l.account_id = ? AND l.proof <> 'name' AND l.state <> 'removed') THEN 'own'
		WHEN EXISTS (SELECT 1 FROM nevers n WHERE n.link_id = r.id AND n.identity_id = a.id) THEN 'excluded'
		WHEN EXISTS (SELECT 1 FROM claims c WHERE c.identity_id = a.id AND `+receives()+`) THEN 'counts'
		WHEN EXISTS (SELECT 1 FROM claims c WHERE c.identity_id = a.id) THEN 'pending'
		WHEN `+payable("a.id")+` AND NOT (`+claimedOnly("?")+`) THEN 'counts'
		ELSE 'pending' END, coalesce(r.paused, FALSE), coalesce(r.weight, 1), coalesce(r.matching, '')
		FROM a LEFT JOIN links r ON r.id = ?`, account, account, account, link)
	return states, rules, err
}

func (t *Tx) addFlattrs(ctx context.Context, w wave, news []fresh, out []store.Outcome) error {
	rows := make([]any, 0, 12*len(news))
	for _, f := range news {
		when, source := f.like.At, f.like.Source
		if when.IsZero() || when.After(w.now) {
			when, source = w.now, flattery.FirstSeen
		}
		rows = append(rows, w.account, f.thing, f.author, null(int64(w.link)), f.state, seconds(when), source, seconds(w.now), null(int64(f.month)), w.kind, w.turn, f.weight)
	}
	list, args := t.Dialect().List(`bigint bigint bigint bigint text bigint text bigint bigint text bigint bigint`, rows)
	ids := make(map[int64]flattery.FlattrID, len(news))
	_, err := all(ctx, t, func(r Row) (struct{}, error) {
		var id flattery.FlattrID
		var thing int64
		err := r.Scan(&id, &thing)
		ids[thing] = id
		return struct{}{}, err
	}, `INSERT INTO flattrs (account_id, thing_id, author_id, link_id, state, liked_at, source, found_at, counts_in, kind, turn, weight) `+list+`
		ON CONFLICT DO NOTHING RETURNING id, thing_id`, args...)
	for _, f := range news {
		id := ids[f.thing]
		out[f.index] = store.Outcome{Flattr: id, State: f.state, Known: id == 0}
	}
	return err
}
