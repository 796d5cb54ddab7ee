package tables

import (
	"context"
	"fmt"
	"time"

	"flattery"
)

const inviteColumns = `id, coalesce(made_by, 0), made_at, expires_at`

func scanInvite(r Row) (i flattery.Invite, err error) {
	var made, expires int64
	err = r.Scan(&i.ID, &i.By, &made, &expires)
	i.MadeAt, i.Expires = at(made), at(expires)
	return i, err
}

// Invites lists those that nobody has used, newest first.
func (s *Reader) Invites(ctx context.Context, now time.Time) ([]flattery.Invite, error) {
	list, err := all(ctx, s.DB, scanInvite, `SELECT `+inviteColumns+` FROM invites WHERE expires_at > ? ORDER BY id DESC`, seconds(now))
	return list, wrap("invites", err)
}

// Invited looks at an invite and uses nothing up.
func (s *Reader) Invited(ctx context.Context, token string, now time.Time) (flattery.Invite, error) {
	i, err := scanInvite(s.DB.Row(ctx, `SELECT `+inviteColumns+` FROM invites WHERE token = ? AND expires_at > ?`, hashed("invite", token), seconds(now)))
	return i, wrap("invite", err)
}

func (t *Tx) AddInvite(ctx context.Context, token string, i flattery.Invite) error {
	return t.Later(ctx, "invite", `INSERT INTO invites (token, made_by, made_at, expires_at) VALUES (?, ?, ?, ?)`,
		hashed("invite", token), null(int64(i.By)), seconds(i.MadeAt), seconds(i.Expires))
}

// TakeInvite is one DELETE: of many who come with it, one is let in.
func (t *Tx) TakeInvite(ctx context.Context, token string, now time.Time) error {
	_, err := value[int64](t.Row(ctx, `DELETE FROM invites WHERE token = ? AND expires_at > ? RETURNING id`, hashed("invite", token), seconds(now)))
	return wrap("invite", err)
}

func (t *Tx) EndInvite(ctx context.Context, id flattery.InviteID) error {
	return t.Must(ctx, fmt.Sprintf("invite %d", id), `DELETE FROM invites WHERE id = ?`, id)
}

func (t *Tx) SetAdmin(ctx context.Context, id flattery.AccountID, admin bool) error {
	doing := fmt.Sprintf("account %d: its role", id)
	if admin {
		return t.Must(ctx, doing, `UPDATE accounts SET admin = TRUE WHERE id = ? AND removed_at IS NULL`, id)
	}
	// Of two administrators who end each other's role at once, the second is refused.
	if err := t.Hold(ctx, "instance", "name", "id"); err != nil {
		return wrap(doing, err)
	}
	n, err := t.Exec(ctx, `UPDATE accounts SET admin = FALSE WHERE id = ?1 AND removed_at IS NULL
		AND EXISTS (SELECT 1 FROM accounts o WHERE o.admin AND o.removed_at IS NULL AND o.id <> ?1)`, id)
	if err != nil || n > 0 {
		return wrap(doing, err)
	}
	if _, err := value[int64](t.Row(ctx, `SELECT id FROM accounts WHERE id = ? AND removed_at IS NULL`, id)); err != nil {
		return wrap(doing, err)
	}
	return wrap(doing, flattery.ErrLastAdmin)
}
