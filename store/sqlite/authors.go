package sqlite

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
func (t *tx) bind(ctx context.Context, handle string, identity int64) error {
	if handle == "" {
		return nil
	}
	_, err := t.exec(ctx, `UPDATE flattrs SET author_id = ?1 WHERE state = 'pending'
		AND author_id = (SELECT id FROM identities WHERE subject = ?2 AND host_id = (SELECT host_id FROM identities WHERE id = ?1))`,
		identity, "@"+strings.ToLower(handle))
	return err
}

// join lets what is pending for an author count in the month that contains now, and says how much. It stays pending when
// nobody claims the author; what turns out to be one's own never counts.
func (t *tx) join(ctx context.Context, author int64, now time.Time) (int, error) {
	if _, err := t.exec(ctx, `UPDATE flattrs SET state = 'own' WHERE author_id = ?1 AND state = 'pending' AND account_id IN
		(SELECT account_id FROM claims WHERE identity_id = ?1 UNION ALL
		SELECT account_id FROM links WHERE identity_id = ?1 AND proof <> 'name' AND state <> 'removed')`, author); err != nil {
		return 0, err
	}
	if claimed, err := value[bool](t.row(ctx, `SELECT EXISTS (SELECT 1 FROM claims WHERE identity_id = ?)`, author)); err != nil || !claimed {
		return 0, err
	}
	month, err := t.current(ctx, now)
	if err != nil {
		return 0, err
	}
	n, err := t.changed(ctx, `UPDATE flattrs SET state = 'counts', counts_in = ? WHERE author_id = ? AND state = 'pending'`, month, author)
	return int(n), err
}

// NameAuthor does nothing where nobody waits for the name.
func (t *tx) NameAuthor(ctx context.Context, th flattery.Thing, author flattery.Profile, now time.Time) error {
	doing := fmt.Sprintf("author of %s %s", th.Network, th.ID)
	from, err := value[int64](t.row(ctx, `SELECT i.id FROM identities i JOIN hosts h ON h.id = i.host_id WHERE h.network = ? AND h.host = ? AND i.subject = ?`,
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
	n, err := t.changed(ctx, `UPDATE flattrs SET author_id = ? WHERE author_id = ? AND state = 'pending'`, to, from)
	if err == nil && n > 0 {
		_, err = t.join(ctx, to, now)
	}
	return wrap(doing, err)
}

// Unnamed lists the things whose authors are not known yet, those that were found first in front.
func (s *Store) Unnamed(ctx context.Context, n int) ([]flattery.Thing, error) {
	list, err := all(ctx, s, func(r scanner) (t flattery.Thing, err error) {
		var first int64
		err = r.Scan(&first, &t.Network, &t.Host, &t.ID, &t.URL, &t.Title)
		return t, err
	}, `SELECT min(f.id), th.network, th.host, t.network_id, t.url, t.title FROM hosts h
		CROSS JOIN identities i ON i.host_id = h.id AND i.subject > '~' AND i.subject < char(127)
		CROSS JOIN flattrs f ON f.author_id = i.id AND f.state = 'pending'
		JOIN things t ON t.id = f.thing_id JOIN hosts th ON th.id = t.host_id GROUP BY t.id ORDER BY 1 LIMIT ?`, n)
	return list, wrap("unnamed", err)
}

// AddImport makes the owner's identity known, and leaves what is known of it.
func (t *tx) AddImport(ctx context.Context, i store.Import) (first bool, err error) {
	host, err := t.host(ctx, i.Owner.Network, i.Owner.Host)
	if err != nil {
		return false, wrap("import", err)
	}
	if _, err := t.exec(ctx, `INSERT INTO identities (host_id, subject, handle, name, url, organisation) VALUES (?, ?, '', '', '', 0) ON CONFLICT DO NOTHING`,
		host, subject(i.Owner)); err != nil {
		return false, wrap("import", err)
	}
	err = t.row(ctx, `INSERT INTO imports (account_id, identity_id, files, first_at, last_at)
		SELECT ?1, id, 1, ?2, ?2 FROM identities WHERE host_id = ?3 AND subject = ?4
		ON CONFLICT DO UPDATE SET files = files + 1, last_at = excluded.last_at RETURNING files = 1`,
		i.Account, seconds(i.At), host, subject(i.Owner)).Scan(&first)
	return first, wrap("import", err)
}
