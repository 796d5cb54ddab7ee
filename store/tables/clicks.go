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

// onceTurn is the turn of a press where only one counts: the key lets it in once.
const onceTurn = 0

// AddClick adds a wave of one.
func (t *Tx) AddClick(ctx context.Context, c store.Click, now time.Time) (store.Outcome, error) {
	doing := fmt.Sprintf("click of account %d", c.Account)
	if c.Turn <= onceTurn {
		return store.Outcome{}, wrap(doing, errors.New("it has no turn"))
	}
	if c.Once {
		c.Turn = onceTurn
	}
	out, err := t.add(ctx, wave{account: c.Account, kind: flattery.KindClick, turn: c.Turn, once: c.Once, now: now},
		[]flattery.Like{{Thing: c.Thing, Author: c.Author}})
	if err != nil {
		return store.Outcome{}, wrap(doing, err)
	}
	if out[0].Flattr == 0 { // the same press, at the same moment
		err = t.Row(ctx, `SELECT f.id, f.state FROM hosts h CROSS JOIN things t CROSS JOIN flattrs f WHERE h.network = ? AND h.host = ? AND t.host_id = h.id
			AND t.network_id = ? AND f.account_id = ? AND f.thing_id = t.id AND f.kind = 'click' AND f.turn = ?`,
			c.Thing.Network, c.Thing.Host, c.Thing.ID, c.Account, c.Turn).Scan(&out[0].Flattr, &out[0].State)
	}
	return out[0], wrap(doing, err)
}

// ClaimOf looks at the claims of one network.
func (s *Reader) ClaimOf(ctx context.Context, network, host, handle string) (flattery.Claim, error) {
	c, err := scanClaim(s.DB.Row(ctx, claimQuery+`
		WHERE h.network = ? AND h.host = ? AND lower(i.handle) = ? ORDER BY c.proved_at DESC, c.id DESC LIMIT 1`, network, host, strings.ToLower(handle)))
	return c, wrap("claim of "+network, err)
}

// --- the rules of a link ---

func (t *Tx) SetRules(ctx context.Context, account flattery.AccountID, id flattery.LinkID, r flattery.Rules) error {
	return t.Must(ctx, fmt.Sprintf("rules of link %d", id), `UPDATE links SET paused = ?, weight = ?, matching = ? WHERE id = ? AND account_id = ? AND state <> 'removed'`,
		r.Paused, r.Weight, r.Matching, id, account)
}

// Nevers lists them by handle.
func (s *Reader) Nevers(ctx context.Context, link flattery.LinkID) ([]flattery.Profile, error) {
	list, err := all(ctx, s.DB, func(r Row) (p flattery.Profile, err error) {
		err = r.Scan(profileInto(&p)...)
		return p, err
	}, `SELECT `+profileColumns+` FROM nevers n JOIN identities i ON i.id = n.identity_id JOIN hosts h ON h.id = i.host_id
		WHERE n.link_id = ? ORDER BY lower(i.handle), i.id`, link)
	return list, wrap(fmt.Sprintf("authors excluded from link %d", link), err)
}

// Never finds the author among those of the link's network that were seen before. A handle may have been several people's.
func (t *Tx) Never(ctx context.Context, account flattery.AccountID, id flattery.LinkID, author flattery.Profile) error {
	doing := fmt.Sprintf("author excluded from link %d", id)
	authors, err := all(ctx, t, value[int64], `SELECT i.id FROM links l JOIN identities own ON own.id = l.identity_id JOIN hosts lh ON lh.id = own.host_id
		JOIN hosts h ON h.network = lh.network JOIN identities i ON i.host_id = h.id
		WHERE l.id = ?1 AND l.account_id = ?2 AND l.state <> 'removed' AND (h.network = ?3 AND h.host = ?4 AND i.subject = ?5 OR ?5 = '' AND lower(i.handle) = ?6)`,
		id, account, author.Network, author.Host, subject(author.Identity), strings.ToLower(author.Handle))
	if err == nil && (len(authors) == 0 || author.Subject == "" && author.Handle == "") {
		err = flattery.ErrNotFound
	}
	if err != nil {
		return wrap(doing, err)
	}
	for _, a := range authors {
		if err := t.Later(ctx, doing, `INSERT INTO nevers (link_id, identity_id) VALUES (?, ?) ON CONFLICT DO NOTHING`, id, a); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) Allow(ctx context.Context, account flattery.AccountID, id flattery.LinkID, author flattery.Identity) error {
	return t.Must(ctx, fmt.Sprintf("author allowed on link %d", id), `DELETE FROM nevers WHERE link_id = (SELECT l.id FROM links l WHERE l.id = ? AND l.account_id = ?)
		AND identity_id IN (SELECT i.id FROM identities i JOIN hosts h ON h.id = i.host_id WHERE h.network = ? AND h.host = ? AND i.subject = ?)`,
		id, account, author.Network, author.Host, subject(author))
}
