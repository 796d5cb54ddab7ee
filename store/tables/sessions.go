package tables

import (
	"context"
	"crypto/sha256"
	"time"

	"flattery"
)

func entranceKey(token string) []byte {
	sum := sha256.Sum256([]byte("entrance " + token))
	return sum[:]
}

func (t *Tx) AddEntrance(ctx context.Context, token string, account flattery.AccountID, expires time.Time) error {
	return t.Later(ctx, "entrance", `INSERT INTO entrances (token, account_id, expires_at) VALUES (?, ?, ?)`, entranceKey(token), account, seconds(expires))
}

func (t *Tx) Enter(ctx context.Context, token string, now time.Time) (id flattery.AccountID, err error) {
	err = t.Row(ctx, `DELETE FROM entrances WHERE token = ? AND expires_at > ? RETURNING account_id`, entranceKey(token), seconds(now)).Scan(&id)
	return id, wrap("entrance", err)
}

// Session finds what a session holds, by its hashed token.
func (s *Reader) Session(ctx context.Context, token string, now time.Time) ([]byte, bool, error) {
	data, err := value[[]byte](s.DB.Row(ctx, `SELECT data FROM sessions WHERE token = ? AND expires_at > ?`, token, seconds(now)))
	if missing(err) {
		return nil, false, nil
	}
	return data, err == nil, wrap("session", err)
}

func (t *Tx) SaveSession(ctx context.Context, token string, data []byte, expires time.Time) error {
	return t.Later(ctx, "session", `INSERT INTO sessions (token, data, expires_at) VALUES (?, ?, ?)
		ON CONFLICT (token) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at`, token, data, seconds(expires))
}

func (t *Tx) DeleteSession(ctx context.Context, token string) error {
	return t.Later(ctx, "session", `DELETE FROM sessions WHERE token = ?`, token)
}

// Tidy forgets what has expired.
func (t *Tx) Tidy(ctx context.Context, now time.Time) error {
	for _, q := range []string{`DELETE FROM sessions WHERE expires_at <= ?`, `DELETE FROM entrances WHERE expires_at <= ?`,
		`DELETE FROM attempts WHERE expires_at <= ?`, `DELETE FROM proofs WHERE expires_at <= ?`} {
		if err := t.Later(ctx, "tidy", q, seconds(now)); err != nil {
			return err
		}
	}
	return nil
}
