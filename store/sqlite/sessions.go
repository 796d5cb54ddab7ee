package sqlite

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

func (t *tx) AddEntrance(ctx context.Context, token string, account flattery.AccountID, expires time.Time) error {
	_, err := t.exec(ctx, `INSERT INTO entrances (token, account_id, expires_at) VALUES (?, ?, ?)`, entranceKey(token), account, seconds(expires))
	return wrap("entrance", err)
}

func (t *tx) Enter(ctx context.Context, token string, now time.Time) (id flattery.AccountID, err error) {
	err = t.row(ctx, `DELETE FROM entrances WHERE token = ? AND expires_at > ? RETURNING account_id`, entranceKey(token), seconds(now)).Scan(&id)
	return id, wrap("entrance", err)
}

// Session finds what a session holds, by its hashed token.
func (s *Store) Session(ctx context.Context, token string, now time.Time) ([]byte, bool, error) {
	data, err := value[[]byte](s.row(ctx, `SELECT data FROM sessions WHERE token = ? AND expires_at > ?`, token, seconds(now)))
	if missing(err) {
		return nil, false, nil
	}
	return data, err == nil, wrap("session", err)
}

func (t *tx) SaveSession(ctx context.Context, token string, data []byte, expires time.Time) error {
	_, err := t.exec(ctx, `INSERT INTO sessions (token, data, expires_at) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at`, token, data, seconds(expires))
	return wrap("session", err)
}

func (t *tx) DeleteSession(ctx context.Context, token string) error {
	_, err := t.exec(ctx, `DELETE FROM sessions WHERE token = ?`, token)
	return wrap("session", err)
}

// Tidy forgets what has expired.
func (t *tx) Tidy(ctx context.Context, now time.Time) error {
	for _, q := range []string{`DELETE FROM sessions WHERE expires_at <= ?`, `DELETE FROM entrances WHERE expires_at <= ?`,
		`DELETE FROM attempts WHERE expires_at <= ?`} {
		if _, err := t.exec(ctx, q, seconds(now)); err != nil {
			return wrap("tidy", err)
		}
	}
	return nil
}
