package tables

import (
	"context"
	"fmt"
	"time"

	"flattery"
)

// Mail is an account's; none: zero.
func (s *Reader) Mail(ctx context.Context, account flattery.AccountID) (m flattery.Mail, err error) {
	var sent, expires int64
	err = s.DB.Row(ctx, `SELECT address, wish, sent_at, failed, typed, expires_at FROM mails WHERE account_id = ?`, account).
		Scan(&m.Address, &m.Wish, &sent, &m.Failed, &m.Typed, &expires)
	m.SentAt, m.Expires = at(sent), at(expires)
	if missing(err) {
		err = nil
	}
	return m, wrap("mail", err)
}

// MailEnding unseals what ends an account's mail without signing in.
func (s *Reader) MailEnding(ctx context.Context, account flattery.AccountID) (flattery.Secret, error) {
	sealed, err := value[[]byte](s.DB.Row(ctx, `SELECT ending FROM mails WHERE account_id = ?`, account))
	if err != nil {
		return "", wrap("mail", err)
	}
	b, err := unseal(s.Seal, place(mailEndings, account), sealed)
	return flattery.Secret(b), err
}

// Typed is the address that a token confirms.
func (s *Reader) Typed(ctx context.Context, token string, now time.Time) (string, error) {
	address, err := value[string](s.DB.Row(ctx, `SELECT typed FROM mails WHERE token = ? AND expires_at > ?`, hashed("mail", token), seconds(now)))
	return address, wrap("mail", err)
}

// MailEnds is whose mail a token ends.
func (s *Reader) MailEnds(ctx context.Context, token string) (flattery.AccountID, error) {
	id, err := value[flattery.AccountID](s.DB.Row(ctx, `SELECT account_id FROM mails WHERE ending_key = ?`, hashed("ending", token)))
	return id, wrap("mail", err)
}

// DueMails are the accounts to which something is to be mailed: to those who want each thing, where nothing was since a day; to
// those who want a month, where nothing was since a month was closed, an hour ago or more. What has just happened waits for more.
func (s *Reader) DueMails(ctx context.Context, now time.Time) ([]flattery.AccountID, error) {
	list, err := all(ctx, s.DB, value[flattery.AccountID], `SELECT m.account_id FROM mails m WHERE m.address <> ''
		AND (m.wish = 'each' AND m.sent_at <= ?1 OR m.wish = 'monthly' AND (SELECT coalesce(max(settled_at), 0) FROM months WHERE settled_at <= ?2)
			> CASE WHEN m.sent_at > m.since_at THEN m.sent_at ELSE m.since_at END)
		AND EXISTS (SELECT 1 FROM notices n WHERE n.account_id = m.account_id AND n.mailed_at = 0 AND n.made_at >= m.since_at)
		AND NOT EXISTS (SELECT 1 FROM notices n WHERE n.account_id = m.account_id AND n.mailed_at = 0 AND n.made_at > ?3)
		ORDER BY m.account_id`, seconds(now.Add(-mailEvery)), seconds(now.Add(-mailAfter)), seconds(now.Add(-mailQuiet)))
	return list, wrap("mail", err)
}

// How often mail goes out at most, how long after a month was closed, and after the last thing that happened.
const (
	mailEvery = 24 * time.Hour
	mailAfter = time.Hour
	mailQuiet = 10 * time.Minute
)

// Unmailed lists what an account was told since it wants mail, and not by mail, oldest first.
func (s *Reader) Unmailed(ctx context.Context, account flattery.AccountID, limit int) ([]flattery.Notice, error) {
	list, err := all(ctx, s.DB, scanNotice, `SELECT `+noticeColumns+` FROM notices n JOIN mails m ON m.account_id = n.account_id
		WHERE n.account_id = ? AND n.mailed_at = 0 AND n.made_at >= m.since_at ORDER BY n.made_at, n.id`+atMost, account, limit)
	return list, wrap("notices", err)
}

func (t *Tx) TypeMail(ctx context.Context, account flattery.AccountID, address, token string, expires time.Time) error {
	return t.Later(ctx, "mail", `INSERT INTO mails (account_id, address, wish, since_at, typed, token, expires_at) VALUES (?, '', 'monthly', 0, ?, ?, ?)
		ON CONFLICT (account_id) DO UPDATE SET typed = excluded.typed, token = excluded.token, expires_at = excluded.expires_at`,
		account, address, hashed("mail", token), seconds(expires))
}

func (t *Tx) ConfirmMail(ctx context.Context, token string, ending flattery.Secret, now time.Time) (flattery.AccountID, error) {
	id, err := value[flattery.AccountID](t.Row(ctx, `UPDATE mails SET address = typed, typed = '', token = NULL, expires_at = 0, since_at = ?, failed = '',
		wish = CASE wish WHEN 'none' THEN 'monthly' ELSE wish END WHERE token = ? AND expires_at > ? RETURNING account_id`, seconds(now), hashed("mail", token), seconds(now)))
	if err != nil {
		return 0, wrap("mail", err)
	}
	return id, t.Must(ctx, "mail", `UPDATE mails SET ending = ?, ending_key = ? WHERE account_id = ?`,
		t.Seal.Seal(place(mailEndings, id), []byte(ending)), hashed("ending", string(ending)), id)
}

func (t *Tx) WishMail(ctx context.Context, account flattery.AccountID, wish flattery.MailWish, now time.Time) error {
	return t.Must(ctx, "mail", `UPDATE mails SET since_at = CASE wish WHEN 'none' THEN ? ELSE since_at END, wish = ? WHERE account_id = ?`, seconds(now), wish, account)
}

func (t *Tx) EndMail(ctx context.Context, account flattery.AccountID) error {
	return t.Later(ctx, "mail", `DELETE FROM mails WHERE account_id = ?`, account)
}

func (t *Tx) Mailed(ctx context.Context, account flattery.AccountID, notices []flattery.Notice, failed string, now time.Time) error {
	if err := t.Later(ctx, "mail", `UPDATE mails SET sent_at = ?, failed = ? WHERE account_id = ?`, seconds(now), failed, account); err != nil {
		return err
	}
	ids := make([]any, 0, len(notices))
	for _, n := range notices {
		ids = append(ids, n.ID)
	}
	list, args := t.Dialect().List(`bigint`, ids)
	return t.Later(ctx, fmt.Sprintf("mail to account %d", account), `WITH k (id) AS (`+list+`) UPDATE notices SET mailed_at = ?
		WHERE account_id = ? AND id IN (SELECT k.id FROM k)`, append(args, seconds(now), account)...)
}
