package tables

import (
	"context"
	"fmt"
	"time"

	"flattery"
)

// Keys tells by what an account comes in.
func (s *Reader) Keys(ctx context.Context, account flattery.AccountID) (k flattery.Keys, err error) {
	var since int64
	err = s.DB.Row(ctx, `SELECT handle, password_at FROM keyrings WHERE account_id = ?`, account).Scan(&k.Handle, &since)
	if missing(err) {
		return flattery.Keys{}, nil
	}
	if err != nil {
		return k, wrap("keys", err)
	}
	k.PasswordAt = at(since)
	k.Passkeys, err = all(ctx, s.DB, func(r Row) (p flattery.Passkey, err error) {
		var made, used int64
		err = r.Scan(&p.ID, &p.Credential, &p.Public, &p.Count, &p.Flags, &p.Name, &made, &used)
		p.MadeAt, p.UsedAt = at(made), at(used)
		return p, err
	}, `SELECT id, credential, public, signs, flags, name, made_at, used_at FROM passkeys WHERE account_id = ? ORDER BY id`, account)
	return k, wrap("passkeys", err)
}

// Password is the hash of an account's password, "" where there is none.
func (s *Reader) Password(ctx context.Context, account flattery.AccountID) (flattery.Secret, error) {
	hash, err := value[string](s.DB.Row(ctx, `SELECT password FROM keyrings WHERE account_id = ?`, account))
	if missing(err) {
		return "", nil
	}
	return flattery.Secret(hash), wrap("password", err)
}

// PasskeyOwner finds whose passkey a credential is.
func (s *Reader) PasskeyOwner(ctx context.Context, credential []byte) (flattery.AccountID, error) {
	id, err := value[flattery.AccountID](s.DB.Row(ctx, `SELECT account_id FROM passkeys WHERE credential = ?`, credential))
	return id, wrap("passkey", err)
}

func (t *Tx) SetPassword(ctx context.Context, account flattery.AccountID, handle []byte, hash flattery.Secret, now time.Time) error {
	return t.Later(ctx, "password", `INSERT INTO keyrings (account_id, handle, password, password_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (account_id) DO UPDATE SET password = excluded.password, password_at = excluded.password_at`, account, handle, string(hash), seconds(now))
}

func (t *Tx) AddPasskey(ctx context.Context, account flattery.AccountID, handle []byte, p flattery.Passkey) error {
	if err := t.Later(ctx, "keyring", `INSERT INTO keyrings (account_id, handle) VALUES (?, ?) ON CONFLICT (account_id) DO NOTHING`, account, handle); err != nil {
		return err
	}
	// The device knows the account by that handle: under another one it would never be found again.
	n, err := t.Exec(ctx, `INSERT INTO passkeys (account_id, credential, public, signs, flags, name, made_at, used_at)
		SELECT account_id, ?, ?, ?, ?, ?, ?, 0 FROM keyrings WHERE account_id = ? AND handle = ?`,
		p.Credential, p.Public, int64(p.Count), int64(p.Flags), p.Name, seconds(p.MadeAt), account, handle)
	if err == nil && n == 0 {
		err = flattery.ErrConflict
	}
	return wrap("passkey", err)
}

// UsePasskey is one UPDATE: of two answers with the same count, as a copy of the device would give them, one is taken.
func (t *Tx) UsePasskey(ctx context.Context, id flattery.PasskeyID, count uint32, flags byte, now time.Time) error {
	n, err := t.Exec(ctx, `UPDATE passkeys SET signs = ?1, flags = ?2, used_at = ?3 WHERE id = ?4 AND (signs < ?1 OR signs = 0 AND ?1 = 0)`,
		int64(count), int64(flags), seconds(now), id)
	if err == nil && n == 0 {
		err = flattery.ErrState
	}
	return wrap(fmt.Sprintf("passkey %d", id), err)
}

func (t *Tx) RemovePasskey(ctx context.Context, account flattery.AccountID, id flattery.PasskeyID) error {
	return t.Must(ctx, fmt.Sprintf("passkey %d", id), `DELETE FROM passkeys WHERE id = ? AND account_id = ?`, id, account)
}

// Knock counts before anything is looked at, so that many at once are counted too.
func (t *Tx) Knock(ctx context.Context, key string, since, now time.Time) (int, error) {
	n, err := value[int](t.Row(ctx, `INSERT INTO knocks (key, since, count) VALUES (?1, ?2, 1) ON CONFLICT (key) DO UPDATE SET
		count = CASE WHEN knocks.since <= ?3 THEN 1 ELSE knocks.count + 1 END, since = CASE WHEN knocks.since <= ?3 THEN excluded.since ELSE knocks.since END
		RETURNING count`, hashed("knock", key), seconds(now), seconds(since)))
	return n, wrap("knock", err)
}

func (t *Tx) ForgetKnocks(ctx context.Context, key string) error {
	return t.Later(ctx, "knock", `DELETE FROM knocks WHERE key = ?`, hashed("knock", key))
}
