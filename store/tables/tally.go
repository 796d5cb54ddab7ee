package tables

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"flattery"
)

// Tally adds up a donor's month: what counts, by network and by creator, and what stands aside in it.
func (s *Reader) Tally(ctx context.Context, account flattery.AccountID, m flattery.Month) (t flattery.Tally, err error) {
	month, err := s.Month(ctx, m)
	if errors.Is(err, flattery.ErrNotFound) {
		return t, nil // not begun
	}
	if err != nil {
		return t, err
	}
	shares, err := s.shares(ctx, account, m)
	if err != nil {
		return t, err
	}
	if err := s.tallyCounting(ctx, account, m, shares, &t); err != nil {
		return t, wrap("tally", err)
	}
	aside, err := all(ctx, s.DB, func(r Row) (v struct {
		state flattery.State
		n     int
	}, err error) {
		err = r.Scan(&v.state, &v.n)
		return v, err
	}, `SELECT state, count(*) FROM flattrs WHERE account_id = ? AND counts_in IS NULL AND state <> 'seen' AND found_at >= ? AND found_at < ? GROUP BY state`,
		account, seconds(month.Starts), seconds(month.Ends))
	for _, a := range aside {
		switch a.state {
		case flattery.Pending:
			t.Pending = a.n
		case flattery.Own:
			t.Own = a.n
		case flattery.Excluded:
			t.Excluded = a.n
		case flattery.Removed:
			t.Removed = a.n
		case flattery.Lapsed:
			t.Lapsed = a.n
		}
	}
	return t, wrap("tally", err)
}

func (s *Reader) tallyCounting(ctx context.Context, account flattery.AccountID, m flattery.Month, shares map[flattery.FlattrID]flattery.Amount, t *flattery.Tally) error {
	rows, err := s.DB.Rows(ctx, `SELECT f.id, f.weight, f.author_id, th.network, `+profileColumns+` FROM flattrs f`+flattrJoins+`WHERE f.counts_in = ? AND f.account_id = ?`, m, account)
	if err != nil {
		return err
	}
	defer rows.Close()
	networks, creators := map[string]int{}, map[int64]int{} // where each stands in t
	var id flattery.FlattrID
	var weight, author int64
	var network string
	var who flattery.Profile
	into := append([]any{&id, &weight, &author, &network}, profileInto(&who)...)
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if _, ok := networks[network]; !ok {
			networks[network] = len(t.Networks)
			t.Networks = append(t.Networks, flattery.NetworkPart{Network: network})
		}
		if _, ok := creators[author]; !ok {
			creators[author] = len(t.Creators)
			t.Creators = append(t.Creators, flattery.CreatorPart{Author: who})
		}
		n, c := &t.Networks[networks[network]], &t.Creators[creators[author]]
		t.Counting++
		t.Weight += weight
		n.Flattrs, n.Weight, n.Share = n.Flattrs+1, n.Weight+weight, n.Share+shares[id]
		c.Flattrs, c.Weight, c.Share = c.Flattrs+1, c.Weight+weight, c.Share+shares[id]
	}
	if err := rows.Err(); err != nil {
		return err
	}
	slices.SortFunc(t.Networks, func(a, b flattery.NetworkPart) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.Network, b.Network))
	})
	slices.SortFunc(t.Creators, func(a, b flattery.CreatorPart) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.Author.Network, b.Author.Network), cmp.Compare(a.Author.Handle, b.Author.Handle),
			cmp.Compare(a.Author.Host, b.Author.Host), cmp.Compare(a.Author.Subject, b.Author.Subject))
	})
	return nil
}
