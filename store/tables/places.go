package tables

import (
	"context"
	"fmt"
	"time"

	"flattery"
	"flattery/store"
)

// payable is the condition that an author publishes where to be paid, and that this is verified.
func payable(author string) string {
	return `EXISTS (SELECT 1 FROM places p WHERE p.identity_id = ` + author + ` AND p.rank = 0 AND p.verified)`
}

// claimedOnly is the condition that an account wants those alone to count who have joined.
func claimedOnly(account string) string {
	return `coalesce((SELECT s.value FROM settings s WHERE s.account_id = ` + account + ` AND s.name = '` + settingClaimedOnly + `' ORDER BY s.since DESC LIMIT 1), 'false') = 'true'`
}

const openMonth = `(SELECT month FROM months WHERE frozen_at IS NULL)`

// SavePayable replaces what was found before. From now on the author's flattrs count, or wait again, as far as nobody claims them.
func (t *Tx) SavePayable(ctx context.Context, p flattery.Payable) (joined int, err error) {
	doing := "places of " + p.Author.String()
	author, err := identityID(ctx, t, p.Author.Identity)
	if err == nil {
		err = t.hold(ctx, author) // nobody judges a like of it by what was known before
	}
	if err != nil {
		return 0, wrap(doing, err)
	}
	if err := t.Later(ctx, doing, `INSERT INTO searches (identity_id, looked_at, expires_at) VALUES (?, ?, ?)
		ON CONFLICT (identity_id) DO UPDATE SET looked_at = excluded.looked_at, expires_at = excluded.expires_at`, author, seconds(p.LookedAt), seconds(p.Expires)); err != nil {
		return 0, err
	}
	if err := t.Later(ctx, doing, `DELETE FROM places WHERE identity_id = ?`, author); err != nil {
		return 0, err
	}
	var rows []any
	for i, l := range p.Places {
		rows = append(rows, author, i, string(l.Destination), string(l.Source), l.Payee, l.Page, l.Verified, string(l.Reason), l.ETag)
	}
	if len(rows) > 0 {
		if err := t.insert(ctx, doing, `places (identity_id, rank, destination, source, payee, page, verified, reason, etag)`,
			`bigint bigint text text text text boolean text text`, rows, ``); err != nil {
			return 0, err
		}
	}
	if err := t.unpublish(ctx, author, p.LookedAt); err != nil {
		return 0, err
	}
	if _, can := p.Place(); !can {
		return 0, t.Later(ctx, doing, waits+`WHERE author_id = ?1 AND state = 'counts' AND counts_in IN `+openMonth+`
			AND NOT EXISTS (SELECT 1 FROM claims c WHERE c.identity_id = ?1)`, author)
	}
	if _, err := t.payee(ctx, 0, author); err != nil {
		return 0, wrap(doing, err)
	}
	joined, err = t.join(ctx, author, p.LookedAt)
	return joined, wrap(doing, err)
}

// reconsider lets the flattrs of authors who never joined count, or wait, as the account wants it from now on.
func (t *Tx) reconsider(ctx context.Context, account flattery.AccountID, claimedOnly bool, now time.Time) error {
	const doing = "flattrs of those who never joined"
	if claimedOnly {
		return t.Later(ctx, doing, waits+`WHERE account_id = ? AND state = 'counts' AND counts_in IN `+openMonth+`
			AND NOT EXISTS (SELECT 1 FROM claims c WHERE c.identity_id = flattrs.author_id)`, account)
	}
	_, err := t.admit(ctx, now, `f.account_id = ? AND `+payable("f.author_id")+` AND NOT EXISTS (SELECT 1 FROM claims c WHERE c.identity_id = f.author_id)`, account)
	return wrap(doing, err)
}

func identityID(ctx context.Context, db DB, i flattery.Identity) (int64, error) {
	return value[int64](db.Row(ctx, `SELECT i.id FROM identities i JOIN hosts h ON h.id = i.host_id WHERE h.network = ? AND h.host = ? AND i.subject = ?`,
		i.Network, i.Host, subject(i)))
}

// Payable finds what is known of where an author is paid.
func (s *Reader) Payable(ctx context.Context, i flattery.Identity) (p flattery.Payable, err error) {
	doing := fmt.Sprintf("places of %s %s", i.Network, i.Subject)
	var id, looked, expires int64
	if err := s.DB.Row(ctx, `SELECT i.id, s.looked_at, s.expires_at, `+profileColumns+` FROM searches s JOIN identities i ON i.id = s.identity_id JOIN hosts h ON h.id = i.host_id
		WHERE h.network = ? AND h.host = ? AND i.subject = ?`, i.Network, i.Host, subject(i)).Scan(append([]any{&id, &looked, &expires}, profileInto(&p.Author)...)...); err != nil {
		return p, wrap(doing, err)
	}
	p.LookedAt, p.Expires = at(looked), at(expires)
	p.Places, err = places(ctx, s.DB, id)
	return p, wrap(doing, err)
}

func places(ctx context.Context, db DB, author int64) ([]flattery.Place, error) {
	return all(ctx, db, func(r Row) (p flattery.Place, err error) {
		err = r.Scan(&p.Destination, &p.Source, &p.Payee, &p.Page, &p.Verified, &p.Reason, &p.ETag)
		return p, err
	}, `SELECT destination, source, payee, page, verified, reason, etag FROM places WHERE identity_id = ? ORDER BY rank`, author)
}

// Sought lists the authors for whom somebody waits: flattrs are pending, or count though they never joined, or something is owed.
// Those that were never looked for come first.
func (s *Reader) Sought(ctx context.Context, now time.Time, n int) ([]store.Sought, error) {
	const doing = "authors to be looked for"
	var ids []int64
	list, err := all(ctx, s.DB, func(r Row) (a store.Sought, err error) {
		var id, expired int64
		err = r.Scan(append([]any{&id, &expired}, profileInto(&a.Author)...)...)
		ids = append(ids, id)
		return a, err
	}, `SELECT i.id, coalesce(x.expires_at, 0), `+profileColumns+` FROM identities i JOIN hosts h ON h.id = i.host_id LEFT JOIN searches x ON x.identity_id = i.id
		WHERE i.id IN (SELECT author_id FROM flattrs WHERE state = 'pending'
			UNION ALL SELECT e.identity_id FROM searches e WHERE e.expires_at <= ?1 AND `+payable("e.identity_id")+`
			UNION ALL SELECT y.identity_id FROM payments g JOIN payees y ON y.id = g.payee_id WHERE g.state = 'planned' AND g.gone_at > 0 AND y.identity_id IS NOT NULL
			UNION ALL SELECT y.identity_id FROM payees y WHERE y.identity_id IS NOT NULL AND EXISTS (SELECT 1 FROM debts d WHERE d.payee_id = y.id AND d.amount > 0))
		AND coalesce(x.expires_at, 0) <= ?1 AND h.network NOT IN ('web', 'flattery') AND substr(i.subject, 1, 1) NOT IN ('@', '~')
		AND NOT EXISTS (SELECT 1 FROM claims c WHERE c.identity_id = i.id) ORDER BY 2, 1 LIMIT CAST(?2 AS bigint)`, seconds(now), n)
	for i := range list {
		if err != nil {
			break
		}
		if list[i].Known, err = places(ctx, s.DB, ids[i]); err != nil {
			break
		}
		list[i].Things, err = all(ctx, s.DB, func(r Row) (th flattery.Thing, err error) {
			var first int64
			err = r.Scan(&first, &th.Network, &th.Host, &th.ID, &th.URL, &th.Title)
			return th, err
		}, `SELECT min(f.id), h.network, h.host, t.network_id, t.url, t.title FROM (SELECT id, thing_id FROM flattrs WHERE author_id = ?1 AND state = 'pending'
				UNION ALL SELECT id, thing_id FROM flattrs WHERE author_id = ?1 AND counts_in IS NOT NULL) f
			JOIN things t ON t.id = f.thing_id JOIN hosts h ON h.id = t.host_id GROUP BY t.id, h.id ORDER BY 1 LIMIT 3`, ids[i])
	}
	return list, wrap(doing, err)
}
