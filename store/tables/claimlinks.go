package tables

import (
	"context"
	"errors"
	"fmt"
	"time"

	"flattery"
)

// claimLinkLife is how long a claim link leads anywhere where nothing waits any more: it then says that the author is claimed.
const claimLinkLife = 90 * 24 * time.Hour

func claimLinkKey(token string) []byte { return hashed("claim link", token) }

const claimLinkQuery = `SELECT l.id, l.identity_id, l.made_at, count(f.id), count(DISTINCT f.account_id), coalesce(min(f.found_at), 0), coalesce(max(f.found_at), 0),
	EXISTS (SELECT 1 FROM claims c WHERE c.identity_id = i.id), ` + profileColumns + `
	FROM claim_links l JOIN identities i ON i.id = l.identity_id JOIN hosts h ON h.id = i.host_id
	LEFT JOIN flattrs f ON f.author_id = l.identity_id AND f.state = 'pending' WHERE `

// ClaimLink looks where a token leads.
func (s *Reader) ClaimLink(ctx context.Context, token string, now time.Time) (flattery.ClaimLink, error) {
	return s.claimLink(ctx, `l.token = ?`, claimLinkKey(token), now)
}

// ClaimLinkNumbered is ClaimLink by number.
func (s *Reader) ClaimLinkNumbered(ctx context.Context, id flattery.ClaimLinkID, now time.Time) (flattery.ClaimLink, error) {
	return s.claimLink(ctx, `l.id = ?`, id, now)
}

func (s *Reader) claimLink(ctx context.Context, where string, key any, now time.Time) (l flattery.ClaimLink, err error) {
	var identity, made, since, newest int64
	into := []any{&l.ID, &identity, &made, &l.Flattrs, &l.Donors, &since, &newest, &l.Claimed}
	err = s.DB.Row(ctx, claimLinkQuery+where+` GROUP BY l.id, i.id, h.id`, key).Scan(append(into, profileInto(&l.Author)...)...)
	if err == nil && !l.Claimed && l.Author.Provisional() { // what waited went to who was proved to have the handle
		_, err = s.ClaimOf(ctx, l.Author.Network, l.Author.Host, l.Author.Handle)
		if l.Claimed = err == nil; missing(err) {
			err = nil
		}
	}
	if err == nil && l.Flattrs == 0 && (!l.Claimed || !now.Before(at(made).Add(claimLinkLife))) {
		err = flattery.ErrNotFound
	}
	if err != nil {
		return flattery.ClaimLink{}, wrap("claim link", err)
	}
	l.Since, l.Newest = at(since), at(newest)
	l.Things, err = all(ctx, s.DB, func(r Row) (t flattery.Thing, err error) {
		var donors int
		err = r.Scan(&t.Network, &t.Host, &t.ID, &t.URL, &t.Title, &donors)
		return t, err
	}, `SELECT h.network, h.host, t.network_id, t.url, t.title, count(DISTINCT f.account_id) FROM flattrs f JOIN things t ON t.id = f.thing_id JOIN hosts h ON h.id = t.host_id
		WHERE f.author_id = ? AND f.state = 'pending' GROUP BY t.id, h.id HAVING count(DISTINCT f.account_id) >= ? ORDER BY 6 DESC, t.id LIMIT 10`, identity, flattery.Discreet)
	return l, wrap("claim link", err)
}

// AddClaimLink makes the link of an author for whom something of the donor's is pending; the one there is stays.
func (t *Tx) AddClaimLink(ctx context.Context, donor flattery.AccountID, author flattery.Identity, token string, now time.Time) error {
	doing := "claim link of " + author.Network + ":" + author.Subject
	if token == "" {
		return wrap(doing, errors.New("it has no token"))
	}
	identity, err := value[int64](t.Row(ctx, `SELECT i.id FROM identities i JOIN hosts h ON h.id = i.host_id WHERE h.network = ? AND h.host = ? AND i.subject = ?
		AND EXISTS (SELECT 1 FROM flattrs f WHERE f.author_id = i.id AND f.state = 'pending' AND f.account_id = ?)`, author.Network, author.Host, subject(author), donor))
	if err != nil {
		return wrap(doing, err)
	}
	return t.Later(ctx, doing, `INSERT INTO claim_links (identity_id, token, sealed, made_at) VALUES (?, ?, ?, ?) ON CONFLICT (identity_id) DO NOTHING`,
		identity, claimLinkKey(token), t.Seal.Seal(place(claimLinkTokens, identity), []byte(token)), seconds(now))
}

// Authors lists whose things a donor likes: what is pending, and what counts in a month or the one before. Who waits for the most
// comes first.
func (s *Reader) Authors(ctx context.Context, donor flattery.AccountID, m flattery.Month) ([]flattery.DonorAuthor, error) {
	list, err := all(ctx, s.DB, func(r Row) (a flattery.DonorAuthor, err error) {
		var identity, first, last int64
		var claimed, receives, waits bool
		var sealed []byte
		if err := r.Scan(append([]any{&identity, &a.Flattrs, &a.Pending, &first, &last, &claimed, &receives, &waits, &sealed, &a.Place.Destination, &a.Place.Source, &a.Place.Payee, &a.Place.Page, &a.Place.Verified}, profileInto(&a.Author)...)...); err != nil {
			return a, err
		}
		a.Since, a.Newest, a.Reach = at(first), at(last), flattery.ReachElsewhere
		switch {
		case claimed:
			if a.Reach, a.Place = flattery.ReachHere, (flattery.Place{}); a.Pending > 0 && !receives {
				a.Reach = flattery.ReachIdle
			}
		case a.Pending > 0 && waits:
			a.Reach = flattery.ReachNot
		}
		if a.Reach == flattery.ReachNot && sealed != nil {
			token, err := unseal(s.Seal, place(claimLinkTokens, identity), sealed)
			if err != nil {
				return a, err
			}
			a.Link = flattery.Secret(token)
		}
		return a, nil
	}, `SELECT i.id, part.counts, part.pending, part.first, part.last, c.id IS NOT NULL, c.id IS NOT NULL AND `+receives()+`,
			NOT coalesce(p.verified, FALSE) OR `+claimedOnly("?1")+`, l.sealed,
			coalesce(p.destination, ''), coalesce(p.source, ''), coalesce(p.payee, ''), coalesce(p.page, ''), coalesce(p.verified, FALSE), `+profileColumns+`
		FROM (SELECT w.author_id, sum(CASE WHEN w.state = 'counts' THEN 1 ELSE 0 END) AS counts, sum(CASE WHEN w.state = 'pending' THEN 1 ELSE 0 END) AS pending,
			coalesce(min(CASE WHEN w.state = 'pending' THEN w.found_at END), 0) AS first, coalesce(max(CASE WHEN w.state = 'pending' THEN w.found_at END), 0) AS last
			FROM (SELECT author_id, state, found_at FROM flattrs WHERE account_id = ?1 AND counts_in IS NULL AND state <> 'seen' AND state = 'pending'
				UNION ALL SELECT author_id, state, found_at FROM flattrs WHERE account_id = ?1 AND counts_in IN (?2, ?3) AND state = 'counts') w
			GROUP BY w.author_id) part
		JOIN identities i ON i.id = part.author_id JOIN hosts h ON h.id = i.host_id LEFT JOIN claim_links l ON l.identity_id = i.id
		LEFT JOIN claims c ON c.identity_id = i.id LEFT JOIN places p ON p.identity_id = i.id AND p.rank = 0 AND p.verified
		ORDER BY part.pending DESC, part.counts DESC, i.id`, donor, m, m-1)
	return list, wrap("authors", err)
}

// AuthorsWaiting counts for how many authors something of a donor's is pending.
func (s *Reader) AuthorsWaiting(ctx context.Context, donor flattery.AccountID) (int, error) {
	n, err := value[int](s.DB.Row(ctx, `SELECT count(DISTINCT author_id) FROM flattrs WHERE account_id = ? AND counts_in IS NULL AND state <> 'seen' AND state = 'pending'`, donor))
	return n, wrap("authors who wait", err)
}

// ClaimMonths lists in which months something counts for whom a claim is of, newest first.
func (s *Reader) ClaimMonths(ctx context.Context, id flattery.ClaimID) ([]flattery.ClaimMonth, error) {
	list, err := all(ctx, s.DB, func(r Row) (m flattery.ClaimMonth, err error) {
		err = r.Scan(&m.Month, &m.Flattrs, &m.Donors)
		return m, err
	}, `SELECT f.counts_in, count(*), count(DISTINCT f.account_id) FROM claims c JOIN flattrs f ON f.author_id = c.identity_id AND f.counts_in IS NOT NULL AND f.state = 'counts'
		WHERE c.id = ? GROUP BY f.counts_in ORDER BY f.counts_in DESC`, id)
	return list, wrap(fmt.Sprintf("months of claim %d", id), err)
}
