package tables

import (
	"context"
	"fmt"
	"strings"
	"time"

	"flattery"
)

// provingsKept is how many proofs an account may have begun at once. The oldest make room.
const provingsKept = 20

const provingColumns = `id, account_id, network, host, handle, token, made_at, expires_at`

func scanProving(s Row) (p flattery.Proving, err error) {
	var made, expires int64
	err = s.Scan(&p.ID, &p.Account, &p.Network, &p.Host, &p.Handle, &p.Token, &made, &expires)
	p.MadeAt, p.Expires = at(made), at(expires)
	return p, err
}

// Provings lists the proofs that an account has begun.
func (s *Reader) Provings(ctx context.Context, account flattery.AccountID, now time.Time) ([]flattery.Proving, error) {
	list, err := all(ctx, s.DB, scanProving, `SELECT `+provingColumns+` FROM proofs WHERE account_id = ? AND expires_at > ? ORDER BY id`, account, seconds(now))
	return list, wrap("proofs", err)
}

func (t *Tx) AddProving(ctx context.Context, p flattery.Proving) (flattery.Proving, error) {
	doing := "proof of " + p.Network + ":" + p.Handle
	got, err := scanProving(t.Row(ctx, `INSERT INTO proofs (account_id, network, host, handle, token, made_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
		ON CONFLICT (account_id, network, host, handle) DO UPDATE SET
			token = CASE WHEN proofs.expires_at > ?6 THEN proofs.token ELSE excluded.token END,
			made_at = CASE WHEN proofs.expires_at > ?6 THEN proofs.made_at ELSE excluded.made_at END,
			expires_at = CASE WHEN proofs.expires_at > ?6 THEN proofs.expires_at ELSE excluded.expires_at END
		RETURNING `+provingColumns, p.Account, p.Network, p.Host, strings.ToLower(p.Handle), p.Token, seconds(p.MadeAt), seconds(p.Expires)))
	if err != nil {
		return flattery.Proving{}, wrap(doing, err)
	}
	return got, t.Later(ctx, doing+": room for it", `DELETE FROM proofs WHERE account_id = ?1 AND id <> ?3
		AND id <= (SELECT id FROM proofs WHERE account_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)`, p.Account, provingsKept, got.ID)
}

func (t *Tx) RemoveProving(ctx context.Context, account flattery.AccountID, id flattery.ProvingID) error {
	return t.Must(ctx, fmt.Sprintf("proof %d", id), `DELETE FROM proofs WHERE id = ? AND account_id = ?`, id, account)
}
