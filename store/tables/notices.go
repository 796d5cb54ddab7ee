package tables

import (
	"context"
	"fmt"
	"time"

	"flattery"
)

// What happened is told in the transaction in which it happened: tells begins such a statement, and its key keeps it from
// being told twice. Whose account was removed is told nothing.
const (
	tells = `INSERT INTO notices (account_id, key, kind, made_at, month, amount, currency, count, network, who, word, until) `
	once  = ` ON CONFLICT (account_id, key) DO NOTHING`
)

// audience is how many accounts one statement tells: a database holds what it sorts.
const audience = 10_000

// tellMonth tells donors of their statements and creators of what the month gave.
func (t *Tx) tellMonth(ctx context.Context, m flattery.Month, now time.Time) error {
	last, err := value[flattery.AccountID](t.Row(ctx, `SELECT coalesce(max(id), 0) FROM accounts`))
	if err != nil {
		return wrap("tell of "+m.String(), err)
	}
	for first := flattery.AccountID(1); first <= last; first += audience {
		if err := t.tellSome(ctx, m, now, first, first+audience-1); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) tellSome(ctx context.Context, m flattery.Month, now time.Time, first, last flattery.AccountID) error {
	doing := "tell of " + m.String()
	if err := t.Later(ctx, doing, tells+`SELECT s.account_id, 'month.settled ' || CAST(?1 AS TEXT), 'month.settled', CAST(?2 AS BIGINT), s.month, s.shares, s.currency,
		s.flattrs, '', '', '', 0 FROM settlements s JOIN accounts a ON a.id = s.account_id AND a.removed_at IS NULL
		WHERE s.month = ?3 AND s.account_id BETWEEN ?4 AND ?5`+once, m.String(), seconds(now), m, first, last); err != nil {
		return err
	}
	return t.Later(ctx, doing, tells+`SELECT c.account_id, 'income.settled ' || CAST(?1 AS TEXT) || ' ' || l.currency, 'income.settled', CAST(?2 AS BIGINT), f.counts_in,
		CAST(sum(e.amount) AS BIGINT), l.currency, count(*), '', '', '', 0 FROM claims c CROSS JOIN flattrs f
		JOIN entries e ON e.flattr_id = f.id JOIN ledger_accounts l ON l.id = e.credit_id
		WHERE c.account_id BETWEEN ?4 AND ?5 AND f.author_id = c.identity_id AND f.counts_in = ?3
		GROUP BY c.account_id, f.counts_in, l.currency`+once, m.String(), seconds(now), m, first, last)
}

// tellAdmitted tells donors whose flattrs, that waited longer than a day, have joined a month just now: once an author and month.
func (t *Tx) tellAdmitted(ctx context.Context, m flattery.Month, now time.Time, where string, args ...any) error {
	at := fmt.Sprint(seconds(now))
	return t.Later(ctx, "tell of an author", tells+`SELECT f.account_id, 'author.payable `+m.String()+` ' || CAST(f.author_id AS TEXT), 'author.payable', `+at+`, f.counts_in,
		0, '', count(*), h.network, i.handle, '', 0 FROM flattrs f JOIN accounts a ON a.id = f.account_id AND a.removed_at IS NULL
		JOIN identities i ON i.id = f.author_id JOIN hosts h ON h.id = i.host_id
		WHERE f.counts_in = `+fmt.Sprint(int64(m))+` AND f.joined_at = `+at+` AND f.joined_at - f.found_at >= `+longWait+` AND `+where+`
		GROUP BY f.account_id, f.author_id, f.counts_in, h.network, i.handle`+once, args...)
}

// tellSlips tells donors of the payments that were planned for them.
func (t *Tx) tellSlips(ctx context.Context, m flattery.Month, now time.Time) error {
	return t.Later(ctx, "tell of slips", tells+`SELECT p.account_id, 'slips.ready ' || CAST(?1 AS TEXT) || ' ' || p.currency, 'slips.ready', CAST(?2 AS BIGINT), p.plan,
		CAST(sum(p.amount) AS BIGINT), p.currency, count(*), '', '', '', 0 FROM payments p JOIN accounts a ON a.id = p.account_id AND a.removed_at IS NULL
		WHERE p.plan = ?3 GROUP BY p.account_id, p.plan, p.currency`+once, m.String(), seconds(now), m)
}

// tellPayment tells who is paid, if that is an account, that money is on its way or has come; never from whom. What was voided is
// told to both.
func (t *Tx) tellPayment(ctx context.Context, p flattery.Payment) error {
	kind, when := flattery.NoticeSent, p.SentAt
	switch p.State {
	case flattery.PaymentSent:
	case flattery.PaymentPaid:
		kind, when = flattery.NoticePaid, p.PaidAt
	case flattery.PaymentFailed:
		if p.ReturnedAt.IsZero() {
			return t.tellVoid(ctx, p)
		}
		kind, when = flattery.NoticeReturned, p.ReturnedAt
	default:
		return nil
	}
	return t.Later(ctx, "tell of a payment", tells+`SELECT y.account_id, CAST(?1 AS TEXT), CAST(?2 AS TEXT), CAST(?3 AS BIGINT), p.plan, p.amount, p.currency, 0, '', '', p.code, 0
		FROM payments p JOIN payees y ON y.id = p.payee_id JOIN accounts a ON a.id = y.account_id AND a.removed_at IS NULL WHERE p.id = ?4`+once,
		fmt.Sprintf("%s %d", kind, p.ID), kind, seconds(when), p.ID)
}

// TellMeans tells a donor that means arrived, once by the key under which the ledger has them.
func (t *Tx) TellMeans(ctx context.Context, donor flattery.AccountID, key, currency string, amount flattery.Amount, now time.Time) error {
	return t.Later(ctx, "tell of means", tells+`SELECT a.id, CAST(?1 AS TEXT), 'means.arrived', CAST(?2 AS BIGINT), 0, CAST(?3 AS BIGINT), CAST(?4 AS TEXT), 0, '', '', '', 0
		FROM accounts a WHERE a.id = ?5 AND a.removed_at IS NULL`+once, "means.arrived "+key, seconds(now), amount, currency, donor)
}

// tellVoid tells the donor of a slip that was voided, and its payee, unless it was netted: then tellVoidNetted and tellLate do.
func (t *Tx) tellVoid(ctx context.Context, p flattery.Payment) error {
	if p.VoidedAt.IsZero() {
		return nil
	}
	if err := t.Later(ctx, "tell of a void", tells+`SELECT p.account_id, CAST(?1 AS TEXT), 'slip.voided', p.voided_at, p.plan, p.amount, p.currency, 0, '', '', p.code, 0
		FROM payments p JOIN accounts a ON a.id = p.account_id AND a.removed_at IS NULL WHERE p.id = ?2`+once, fmt.Sprintf("slip.voided %d", p.ID), p.ID); err != nil {
		return err
	}
	return t.Later(ctx, "tell of a void", tells+`SELECT y.account_id, CAST(?1 AS TEXT), 'payment.voided', p.voided_at, p.plan, p.amount, p.currency, 0, '', '', p.code, 0
		FROM payments p JOIN payees y ON y.id = p.payee_id JOIN accounts a ON a.id = y.account_id AND a.removed_at IS NULL
		WHERE p.id = ?2 AND NOT EXISTS (SELECT 1 FROM netted n WHERE n.plan = p.plan AND n.account_id = p.account_id AND n.payee_id = p.payee_id AND n.currency = p.currency)`+once,
		lostKey(p.ID), p.ID)
}

func lostKey(id flattery.PaymentID) string { return fmt.Sprintf("payment.voided %d", id) }

// tellVoidNetted tells a payee what of a voided slip they lose. Only its own payee knows its code.
func (t *Tx) tellVoidNetted(ctx context.Context, id flattery.PaymentID, n flattery.Netted) error {
	return t.Later(ctx, "tell of a void", tells+`SELECT y.account_id, CAST(?1 AS TEXT), 'payment.voided', p.voided_at, p.plan, CAST(?2 AS BIGINT), p.currency, 0, '', '',
		CASE WHEN y.id = p.payee_id THEN p.code ELSE '' END, 0
		FROM payments p JOIN payees y ON y.id = ?3 JOIN accounts a ON a.id = y.account_id AND a.removed_at IS NULL WHERE p.id = ?4`+once,
		lostKey(id), n.Voided, n.Payee, id)
}

// tellLate tells the payee of a netted slip that was voided what others pay in its place.
func (t *Tx) tellLate(ctx context.Context, id flattery.PaymentID, amount flattery.Amount) error {
	return t.Later(ctx, "tell of a void", tells+`SELECT y.account_id, CAST(?1 AS TEXT), 'payment.late', p.voided_at, p.plan, CAST(?2 AS BIGINT), p.currency, 0, '', '', p.code, 0
		FROM payments p JOIN payees y ON y.id = p.payee_id JOIN accounts a ON a.id = y.account_id AND a.removed_at IS NULL WHERE p.id = ?3`+once,
		fmt.Sprintf("payment.late %d", id), amount, id)
}

// tellStop tells of a link that is polled and is about to stop.
func (t *Tx) tellStop(ctx context.Context, l flattery.Link) error {
	return t.Later(ctx, "tell of a link", tells+`SELECT l.account_id, CAST(?1 AS TEXT), 'link.stopped', CAST(?2 AS BIGINT), 0, 0, '', 0, h.network, i.handle, CAST(?3 AS TEXT), 0
		FROM links l JOIN identities i ON i.id = l.identity_id JOIN hosts h ON h.id = i.host_id WHERE l.id = ?4 AND l.state = 'active'`+once,
		fmt.Sprintf("link.stopped %d %d", l.ID, seconds(l.LastPoll)), seconds(l.LastPoll), l.Reason, l.ID)
}

// tellVerified tells of a claim that is about to hold and does not yet. What an account is here by itself is no news.
func (t *Tx) tellVerified(ctx context.Context, c flattery.Claim, identity int64) error {
	if c.Identity.Network == flattery.House {
		return nil
	}
	return t.Later(ctx, "tell of a claim", tells+`SELECT CAST(?1 AS BIGINT), CAST(?2 AS TEXT), 'claim.verified', CAST(?3 AS BIGINT), 0, 0, '', 0, CAST(?4 AS TEXT), CAST(?5 AS TEXT), '', 0
		WHERE NOT EXISTS (SELECT 1 FROM claims c WHERE c.identity_id = ?6 AND (c.lapsed_at = 0 OR c.account_id <> ?1))`+once,
		c.Account, fmt.Sprintf("claim.verified %d %d", identity, seconds(c.ProvedAt)), seconds(c.ProvedAt), c.Identity.Network, c.Identity.Handle, identity)
}

// tellLapsed tells of a claim that holds and is about to lapse.
func (t *Tx) tellLapsed(ctx context.Context, c flattery.Claim, now time.Time, reason string) error {
	return t.Later(ctx, "tell of a claim", tells+`SELECT c.account_id, CAST(?1 AS TEXT), 'claim.lapsed', CAST(?2 AS BIGINT), 0, 0, '', 0, h.network, i.handle, CAST(?3 AS TEXT), 0
		FROM claims c JOIN identities i ON i.id = c.identity_id JOIN hosts h ON h.id = i.host_id
		WHERE c.id = ?4 AND c.account_id = ?5 AND c.proved_at = ?6 AND c.lapsed_at = 0`+once,
		fmt.Sprintf("claim.lapsed %d %d", c.ID, seconds(now)), seconds(now), reason, c.ID, c.Account, seconds(c.ProvedAt))
}

// tellDispute tells the first that another has proved what is theirs.
func (t *Tx) tellDispute(ctx context.Context, id flattery.DisputeID, first flattery.AccountID, c flattery.Claim, ends time.Time) error {
	return t.Later(ctx, "tell of a dispute", tells+`VALUES (?, ?, 'claim.disputed', ?, 0, 0, '', 0, ?, ?, '', ?)`+once,
		first, fmt.Sprintf("claim.disputed %d", id), seconds(c.ProvedAt), c.Identity.Network, c.Identity.Handle, seconds(ends))
}

// tellEnded tells both sides how a dispute has ended, but who got the identity: of that the claim tells. Who has gone lost nothing.
func (t *Tx) tellEnded(ctx context.Context, id flattery.DisputeID, outcome flattery.Outcome, now time.Time) error {
	tell := func(side string, kind flattery.NoticeKind) error {
		return t.Later(ctx, "tell of a dispute", tells+`SELECT a.id, CAST(?1 AS TEXT), CAST(?2 AS TEXT), CAST(?3 AS BIGINT), 0, 0, '', 0, h.network, i.handle, '', 0
			FROM disputes d JOIN identities i ON i.id = d.identity_id JOIN hosts h ON h.id = i.host_id
			JOIN accounts a ON a.id = d.`+side+` AND a.removed_at IS NULL WHERE d.id = ?4`+once,
			fmt.Sprintf("dispute.ended %d", id), kind, seconds(now), id)
	}
	if outcome == flattery.OutcomeSecond {
		return tell("first_id", flattery.NoticeGone)
	}
	if err := tell("first_id", flattery.NoticeKept); err != nil || outcome == flattery.OutcomeWithdrawn {
		return err
	}
	return tell("second_id", flattery.NoticeRefused)
}

const noticeColumns = `n.id, n.account_id, n.kind, n.made_at, n.month, n.amount, n.currency, n.count, n.network, n.who, n.word, n.until`

func scanNotice(r Row) (n flattery.Notice, err error) {
	var made, until int64
	err = r.Scan(&n.ID, &n.Account, &n.Kind, &made, &n.Month, &n.Amount, &n.Currency, &n.Count, &n.Network, &n.Who, &n.Word, &until)
	n.At, n.Until = at(made), at(until)
	return n, err
}

// Notices lists what an account was told, newest first.
func (s *Reader) Notices(ctx context.Context, account flattery.AccountID, limit int) ([]flattery.Notice, error) {
	list, err := all(ctx, s.DB, scanNotice, `SELECT `+noticeColumns+` FROM notices n WHERE n.account_id = ? ORDER BY n.made_at DESC, n.id DESC`+atMost, account, limit)
	return list, wrap("notices", err)
}

// Notice finds one of an account.
func (s *Reader) Notice(ctx context.Context, account flattery.AccountID, id flattery.NoticeID) (flattery.Notice, error) {
	n, err := scanNotice(s.DB.Row(ctx, `SELECT `+noticeColumns+` FROM notices n WHERE n.account_id = ? AND n.id = ?`, account, id))
	return n, wrap(fmt.Sprintf("notice %d", id), err)
}

// Feed is an account's; none: zero.
func (s *Reader) Feed(ctx context.Context, account flattery.AccountID) (flattery.Feed, error) {
	made, err := value[int64](s.DB.Row(ctx, `SELECT made_at FROM feeds WHERE account_id = ?`, account))
	if missing(err) {
		return flattery.Feed{}, nil
	}
	return flattery.Feed{MadeAt: at(made)}, wrap("feed", err)
}

// FeedOwner finds whose feed a token opens.
func (s *Reader) FeedOwner(ctx context.Context, token string) (flattery.AccountID, error) {
	id, err := value[flattery.AccountID](s.DB.Row(ctx, `SELECT account_id FROM feeds WHERE token = ?`, hashed("feed", token)))
	return id, wrap("feed", err)
}

func (t *Tx) SetFeed(ctx context.Context, account flattery.AccountID, token string, now time.Time) error {
	return t.Later(ctx, "feed", `INSERT INTO feeds (account_id, token, made_at) VALUES (?, ?, ?)
		ON CONFLICT (account_id) DO UPDATE SET token = excluded.token, made_at = excluded.made_at`, account, hashed("feed", token), seconds(now))
}

func (t *Tx) EndFeed(ctx context.Context, account flattery.AccountID) error {
	return t.Later(ctx, "feed", `DELETE FROM feeds WHERE account_id = ?`, account)
}
