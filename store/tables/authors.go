package tables

import (
	"context"
	"fmt"
	"strings"
	"time"

	"flattery"
	"flattery/store"
)

// subject is the key of an identity. Networks do not tell upper from lower case in a handle.
func subject(i flattery.Identity) string {
	if i.Provisional() && i.Subject[0] == '@' {
		return strings.ToLower(i.Subject)
	}
	return i.Subject
}

// bind gives what is pending for a handle to the identity that was proved to have it.
func (t *Tx) bind(ctx context.Context, handle string, identity int64) error {
	if handle == "" {
		return nil
	}
	for _, q := range []string{`UPDATE flattrs SET author_id = ?1 WHERE state = 'pending' AND author_id = `, `UPDATE subscriptions SET author_id = ?1 WHERE author_id = `} {
		if err := t.Later(ctx, "flattrs of a handle", q+`(SELECT id FROM identities WHERE subject = ?2 AND host_id = (SELECT host_id FROM identities WHERE id = ?1))`,
			identity, "@"+strings.ToLower(handle)); err != nil {
			return err
		}
	}
	return nil
}

// join lets what is pending for an author count in the month that contains now, and says how much. It stays pending when
// nobody claims the author, who is not payable either or not wanted unless claimed, or who claims it must give and does not; what
// turns out to be one's own never counts.
func (t *Tx) join(ctx context.Context, author int64, now time.Time) (int, error) {
	if err := t.Later(ctx, "own flattrs", `UPDATE flattrs SET state = 'own' WHERE author_id = ?1 AND state = 'pending' AND account_id IN
		(SELECT account_id FROM claims WHERE identity_id = ?1 UNION ALL
		SELECT account_id FROM links WHERE identity_id = ?1 AND proof <> 'name' AND state <> 'removed')`, author); err != nil {
		return 0, err
	}
	var claimed, paid bool
	if err := t.Row(ctx, `SELECT EXISTS (SELECT 1 FROM claims WHERE identity_id = ?1), `+payable("?1"), author).Scan(&claimed, &paid); err != nil || !claimed && !paid {
		return 0, err
	}
	if _, err := t.openMonths(ctx, now); err != nil {
		return 0, err
	}
	wanted := ``
	if !claimed {
		wanted = ` AND NOT (` + claimedOnly("f.account_id") + `)`
	}
	if claimed { // looked at while the months are held: see receive
		if yes, err := value[bool](t.Row(ctx, `SELECT `+receives()+` FROM claims c WHERE c.identity_id = ?`, author)); err != nil || !yes {
			return 0, err
		}
	}
	return t.admit(ctx, now, `f.author_id = ?`+wanted, author)
}

// NameAuthor does nothing where nobody waits for the name.
func (t *Tx) NameAuthor(ctx context.Context, th flattery.Thing, author flattery.Profile, now time.Time) error {
	doing := fmt.Sprintf("author of %s %s", th.Network, th.ID)
	from, err := value[int64](t.Row(ctx, `SELECT i.id FROM identities i JOIN hosts h ON h.id = i.host_id WHERE h.network = ? AND h.host = ? AND i.subject = ?`,
		th.Network, th.Host, "~"+th.ID))
	if missing(err) {
		return nil
	}
	if err != nil {
		return wrap(doing, err)
	}
	to, err := t.identity(ctx, author)
	if err != nil {
		return wrap(doing, err)
	}
	if err := t.Later(ctx, doing, `UPDATE subscriptions SET author_id = ? WHERE author_id = ?`, to, from); err != nil {
		return err
	}
	n, err := t.Exec(ctx, `UPDATE flattrs SET author_id = ? WHERE author_id = ? AND state = 'pending'`, to, from)
	if err == nil && n > 0 {
		_, err = t.join(ctx, to, now)
	}
	return wrap(doing, err)
}

// Unnamed lists the things whose authors are not known yet, those that were found first in front. Nobody can be asked who
// made a page of the web.
func (s *Reader) Unnamed(ctx context.Context, n int) ([]flattery.Thing, error) {
	list, err := all(ctx, s.DB, func(r Row) (t flattery.Thing, err error) {
		var first int64
		err = r.Scan(&first, &t.Network, &t.Host, &t.ID, &t.URL, &t.Title)
		return t, err
	}, `SELECT min(f.id), th.network, th.host, t.network_id, t.url, t.title FROM hosts h CROSS JOIN identities i CROSS JOIN flattrs f
		JOIN things t ON t.id = f.thing_id JOIN hosts th ON th.id = t.host_id
		WHERE h.network <> 'web' AND i.host_id = h.id AND i.subject > '~' AND i.subject < ? AND f.author_id = i.id AND f.state = 'pending'
		GROUP BY t.id, th.id ORDER BY 1`+atMost, "\x7f", n)
	return list, wrap("unnamed", err)
}

// AddImport makes the owner's identity known, and leaves what is known of it.
func (t *Tx) AddImport(ctx context.Context, i store.Import) (first bool, err error) {
	host, err := t.host(ctx, i.Owner.Network, i.Owner.Host)
	if err != nil {
		return false, wrap("import", err)
	}
	if err := t.Later(ctx, "import", `INSERT INTO identities (host_id, subject, handle, name, url, organisation) VALUES (?, ?, '', '', '', FALSE) ON CONFLICT DO NOTHING`,
		host, subject(i.Owner)); err != nil {
		return false, err
	}
	err = t.Row(ctx, `INSERT INTO imports (account_id, identity_id, files, first_at, last_at)
		SELECT ?1, id, 1, ?2, ?2 FROM identities WHERE host_id = ?3 AND subject = ?4
		ON CONFLICT (account_id, identity_id) DO UPDATE SET files = imports.files + 1, last_at = excluded.last_at RETURNING files = 1`,
		i.Account, seconds(i.At), host, subject(i.Owner)).Scan(&first)
	return first, wrap("import", err)
}
