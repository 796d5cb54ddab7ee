package tables

import (
	"context"
	"crypto/sha256"
	"time"

	"flattery"
)

func entranceKey(token string) []byte { return hashed("entrance", token) }

// hashed is the SHA-256 of what is held for a purpose.
func hashed(purpose, token string) []byte {
	sum := sha256.Sum256([]byte(purpose + " " + token))
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

// Sessions lists where an account is signed in, what was seen last first.
func (s *Reader) Sessions(ctx context.Context, account flattery.AccountID, now time.Time) ([]flattery.Session, error) {
	list, err := all(ctx, s.DB, func(r Row) (v flattery.Session, err error) {
		var made, seen, expires int64
		err = r.Scan(&v.ID, &v.Account, &v.Token, &v.Browser, &made, &seen, &expires)
		v.MadeAt, v.SeenAt, v.Expires = at(made), at(seen), at(expires)
		return v, err
	}, `SELECT id, account_id, token, browser, made_at, seen_at, expires_at FROM sessions WHERE account_id = ? AND expires_at > ? ORDER BY seen_at DESC, id DESC`,
		account, seconds(now))
	return list, wrap("sessions", err)
}

func (t *Tx) AddSession(ctx context.Context, v flattery.Session, data []byte) error {
	return t.Later(ctx, "session", `INSERT INTO sessions (token, data, expires_at, account_id, browser, made_at, seen_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		v.Token, data, seconds(v.Expires), null(int64(v.Account)), v.Browser, seconds(v.MadeAt), seconds(v.SeenAt))
}

func (t *Tx) ChangeSession(ctx context.Context, v flattery.Session, data []byte) error {
	return t.Later(ctx, "session", `UPDATE sessions SET data = ?, expires_at = ?, account_id = ?, browser = ?, seen_at = ? WHERE token = ?`,
		data, seconds(v.Expires), null(int64(v.Account)), v.Browser, seconds(v.SeenAt), v.Token)
}

func (t *Tx) DeleteSession(ctx context.Context, token string) error {
	return t.Later(ctx, "session", `DELETE FROM sessions WHERE token = ?`, token)
}

func (t *Tx) EndSession(ctx context.Context, account flattery.AccountID, id flattery.SessionID) error {
	return t.Must(ctx, "session", `DELETE FROM sessions WHERE id = ? AND account_id = ?`, id, account)
}

func (t *Tx) EndSessions(ctx context.Context, account flattery.AccountID, but string) error {
	return t.Later(ctx, "sessions", `DELETE FROM sessions WHERE account_id = ? AND token <> ?`, account, but)
}

// knocksKept is longer than any span in which knocks are counted.
const knocksKept = 24 * time.Hour

// For how long what was told is kept, and how it was posted.
const (
	noticesKept    = 400 * 24 * time.Hour
	deliveriesKept = 30 * 24 * time.Hour
)

// Tidy forgets what has expired.
func (t *Tx) Tidy(ctx context.Context, now time.Time) error {
	for _, q := range []string{`DELETE FROM sessions WHERE expires_at <= ?`, `DELETE FROM entrances WHERE expires_at <= ?`,
		`DELETE FROM attempts WHERE expires_at <= ?`, `DELETE FROM proofs WHERE expires_at <= ?`, `DELETE FROM invites WHERE expires_at <= ?`} {
		if err := t.Later(ctx, "tidy", q, seconds(now)); err != nil {
			return err
		}
	}
	if err := t.Later(ctx, "tidy", `DELETE FROM claim_links WHERE made_at <= ? AND NOT EXISTS
		(SELECT 1 FROM flattrs f WHERE f.author_id = claim_links.identity_id AND f.state = 'pending')`, seconds(now.Add(-claimLinkLife))); err != nil {
		return err
	}
	for _, q := range []string{`DELETE FROM mails WHERE address = '' AND expires_at <= ?`, `UPDATE mails SET typed = '', token = NULL, expires_at = 0 WHERE expires_at <= ? AND typed <> ''`} {
		if err := t.Later(ctx, "tidy", q, seconds(now)); err != nil {
			return err
		}
	}
	for _, old := range []struct {
		q    string
		kept time.Duration
	}{
		{`DELETE FROM knocks WHERE since <= ?`, knocksKept},
		{`DELETE FROM deliveries WHERE made_at <= ? AND state <> 'waits'`, deliveriesKept},
		{`DELETE FROM deliveries WHERE notice_id IN (SELECT id FROM notices WHERE made_at <= ?)`, noticesKept},
		{`DELETE FROM notices WHERE made_at <= ?`, noticesKept},
	} {
		if err := t.Later(ctx, "tidy", old.q, seconds(now.Add(-old.kept))); err != nil {
			return err
		}
	}
	return nil
}
