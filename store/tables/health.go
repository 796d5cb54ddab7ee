package tables

import (
	"context"

	"flattery"
)

// Health adds up how the links of each network are.
func (s *Reader) Health(ctx context.Context) ([]flattery.Health, error) {
	list, err := all(ctx, s.DB, func(r Row) (h flattery.Health, err error) {
		var good, next int64
		err = r.Scan(&h.Network, &h.Well, &h.Late, &h.Stopped, &good, &next)
		h.LastGood, h.NextPoll = at(good), at(next)
		return h, err
	}, `SELECT h.network, CAST(sum(CASE WHEN l.state = 'active' AND l.failures = 0 AND l.reason = '' THEN 1 ELSE 0 END) AS BIGINT),
		CAST(sum(CASE WHEN l.state = 'active' AND (l.failures > 0 OR l.reason <> '') THEN 1 ELSE 0 END) AS BIGINT),
		CAST(sum(CASE WHEN l.state = 'suspended' THEN 1 ELSE 0 END) AS BIGINT), max(l.last_good), coalesce(min(CASE WHEN l.state = 'active' THEN l.next_poll END), 0)`+linked+`
		GROUP BY h.network ORDER BY h.network`)
	if err != nil {
		return nil, wrap("health", err)
	}
	for i := range list {
		if list[i].Troubles, err = s.troubles(ctx, list[i].Network); err != nil {
			return nil, wrap("health", err)
		}
	}
	return list, nil
}

const linked = ` FROM links l JOIN identities i ON i.id = l.identity_id JOIN hosts h ON h.id = i.host_id WHERE l.state <> 'removed'`

// troubles are why links of a network are late or have stopped, the most frequent first, each with the words of one of them.
func (s *Reader) troubles(ctx context.Context, network string) ([]flattery.Trouble, error) {
	return all(ctx, s.DB, func(r Row) (t flattery.Trouble, err error) {
		err = r.Scan(&t.Reason, &t.Links, &t.Detail)
		return t, err
	}, `SELECT l.reason, count(*), max(l.detail)`+linked+` AND l.reason <> '' AND h.network = ? GROUP BY l.reason ORDER BY count(*) DESC, l.reason`, network)
}
