package tables

import (
	"context"
	"fmt"
	"slices"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/store"
)

const claimQuery = `SELECT c.id, c.account_id, c.proof, c.proved_at, c.checked_at, c.lapsed_at, c.reason, c.shown, c.page,
	EXISTS (SELECT 1 FROM disputes x WHERE x.identity_id = c.identity_id AND x.decided_at = 0), ` + profileColumns + `
	FROM claims c JOIN identities i ON i.id = c.identity_id JOIN hosts h ON h.id = i.host_id `

func scanClaim(s Row) (c flattery.Claim, err error) {
	var proved, checked, lapsed int64
	err = s.Scan(append([]any{&c.ID, &c.Account, &c.Proof, &proved, &checked, &lapsed, &c.Reason, &c.Shown, &c.Page, &c.Disputed}, profileInto(&c.Identity)...)...)
	c.ProvedAt, c.CheckedAt, c.LapsedAt = at(proved), at(checked), at(lapsed)
	return c, err
}

// Claims lists the claims of an account, or all.
func (s *Reader) Claims(ctx context.Context, account flattery.AccountID) ([]flattery.Claim, error) {
	whose, args := of("c.account_id", account)
	c, err := all(ctx, s.DB, scanClaim, claimQuery+`WHERE `+whose+` ORDER BY c.id`, args...)
	return c, wrap("claims", err)
}

// Claim finds a claim by number.
func (s *Reader) Claim(ctx context.Context, id flattery.ClaimID) (flattery.Claim, error) {
	c, err := scanClaim(s.DB.Row(ctx, claimQuery+`WHERE c.id = ?`, id))
	return c, wrap(fmt.Sprintf("claim %d", id), err)
}

// Claimed finds who claims an identity.
func (s *Reader) Claimed(ctx context.Context, i flattery.Identity) (flattery.Claim, error) {
	c, err := scanClaim(s.DB.Row(ctx, claimQuery+`WHERE h.network = ? AND h.host = ? AND i.subject = ?`, i.Network, i.Host, subject(i)))
	return c, wrap("claim of "+i.Network+":"+i.Subject, err)
}

// DueClaims lists which claims are to be looked at again, those looked at longest ago first.
func (s *Reader) DueClaims(ctx context.Context, checked, tried time.Time) ([]flattery.ClaimID, error) {
	list, err := all(ctx, s.DB, value[flattery.ClaimID], `SELECT c.id FROM claims c JOIN identities i ON i.id = c.identity_id
		WHERE i.organisation AND c.proof = 'oauth' OR (c.lapsed_at > 0 OR c.checked_at < ?1) AND c.tried_at < ?2 ORDER BY c.tried_at, c.id`, seconds(checked), seconds(tried))
	return list, wrap("claims that are due", err)
}

// FirstClaims lists which claims are to be looked at before their accounts are paid for the first time.
func (s *Reader) FirstClaims(ctx context.Context, since time.Time) ([]flattery.ClaimID, error) {
	list, err := all(ctx, s.DB, value[flattery.ClaimID], `SELECT c.id FROM claims c JOIN payees y ON y.account_id = c.account_id
		WHERE c.proof <> 'admin' AND c.lapsed_at = 0 AND c.checked_at < ?1 AND c.tried_at < ?1
		AND EXISTS (SELECT 1 FROM ledger_accounts l WHERE l.name = 'payee:' || y.id || ':payable' AND l.credits > l.debits) AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.payee_id = y.id)
		ORDER BY c.id`, seconds(since))
	return list, wrap("claims before a first payment", err)
}

func (t *Tx) AddClaim(ctx context.Context, c flattery.Claim) (int, error) {
	return t.addClaim(ctx, c, c.ProvedAt)
}

func (t *Tx) addClaim(ctx context.Context, c flattery.Claim, now time.Time) (int, error) {
	if c.Identity.Provisional() {
		return 0, fmt.Errorf("store: claim %s: it is not known who that is: %w", c.Identity, flattery.ErrState)
	}
	identity, err := t.identity(ctx, c.Identity)
	if err != nil {
		return 0, wrap("claim", err)
	}
	if err := t.tellVerified(ctx, c, identity); err != nil {
		return 0, err
	}
	n, err := t.Exec(ctx, `INSERT INTO claims (account_id, identity_id, proof, proved_at, checked_at, shown, page) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (identity_id) DO UPDATE SET proof = excluded.proof, proved_at = excluded.proved_at, checked_at = excluded.checked_at,
			lapsed_at = 0, reason = '', shown = excluded.shown, page = excluded.page WHERE claims.account_id = excluded.account_id`,
		c.Account, identity, c.Proof, seconds(c.ProvedAt), seconds(c.ProvedAt), c.Shown, c.Page)
	if err == nil && n == 0 {
		err = flattery.ErrClaimed
	}
	if err != nil {
		return 0, wrap("claim "+c.Identity.String(), err)
	}
	if c.Proof.Own() {
		ended, err := value[flattery.DisputeID](t.Row(ctx, `UPDATE disputes SET decided_at = ?, outcome = 'first', token = NULL WHERE identity_id = ? AND decided_at = 0 RETURNING id`,
			seconds(now), identity))
		if err == nil {
			err = t.tellEnded(ctx, ended, flattery.OutcomeFirst, now)
		}
		if err != nil && !missing(err) {
			return 0, wrap("dispute", err)
		}
	}
	if err := t.bind(ctx, c.Identity.Handle, identity); err != nil {
		return 0, wrap("claim: flattrs of its handle", err)
	}
	if err := t.own(ctx, int64(c.Account), identity); err != nil {
		return 0, wrap("claim: own flattrs", err)
	}
	if err := t.moveToAccount(ctx, identity, now); err != nil {
		return 0, wrap("claim: payee", err)
	}
	joined, err := t.join(ctx, identity, now)
	return joined, wrap("claim: pending flattrs", err)
}

func (t *Tx) RemoveClaim(ctx context.Context, id flattery.ClaimID, now time.Time) error {
	identity, err := value[int64](t.Row(ctx, `SELECT identity_id FROM claims WHERE id = ?`, id))
	if err == nil {
		err = t.hold(ctx, identity) // nobody judges a like of it by the claim that ends
	}
	if err != nil {
		return wrap(fmt.Sprintf("claim %d", id), err)
	}
	dispute, err := value[flattery.DisputeID](t.Row(ctx, `SELECT id FROM disputes WHERE identity_id = ? AND decided_at = 0`, identity))
	if err == nil {
		return t.EndDispute(ctx, dispute, flattery.OutcomeSecond, now)
	}
	if !missing(err) {
		return wrap(fmt.Sprintf("claim %d", id), err)
	}
	return t.removeClaim(ctx, identity)
}

// removeClaim ends the claim of an identity that is held.
func (t *Tx) removeClaim(ctx context.Context, identity int64) error {
	if err := t.Must(ctx, "end of a claim", `DELETE FROM claims WHERE identity_id = ?`, identity); err != nil {
		return err
	}
	if _, err := t.payee(ctx, 0, identity); err != nil { // who a frozen month will owe it to
		return wrap("end of a claim: payee", err)
	}
	return t.Later(ctx, "end of a claim: flattrs", waits+`WHERE author_id = ? AND state = 'counts'
		AND counts_in IN (SELECT month FROM months WHERE frozen_at IS NULL)`, identity)
}

func (t *Tx) CheckClaim(ctx context.Context, c flattery.Claim, l store.Look) error {
	doing := fmt.Sprintf("claim %d: check", c.ID)
	set, args := ``, []any{seconds(l.At)}
	switch {
	case l.Good:
		set = `, checked_at = ?1, lapsed_at = 0, reason = ''`
	case l.Lapsed != "":
		set, args = `, lapsed_at = CASE WHEN lapsed_at = 0 THEN ?1 ELSE lapsed_at END, reason = ?5`, append(args, c.ID, c.Account, seconds(c.ProvedAt), l.Lapsed)
	}
	if len(args) == 1 {
		args = append(args, c.ID, c.Account, seconds(c.ProvedAt))
	}
	if l.Lapsed != "" && !l.Good {
		if err := t.tellLapsed(ctx, c, l.At, l.Lapsed); err != nil {
			return err
		}
	}
	identity, err := value[int64](t.Row(ctx, `UPDATE claims SET tried_at = ?1`+set+` WHERE id = ?2 AND account_id = ?3 AND proved_at = ?4 RETURNING identity_id`, args...))
	if missing(err) { // it was proved again meanwhile, or has ended
		return nil
	}
	if err == nil && l.Good && l.Who.Identity == c.Identity.Identity && l.Who.Handle != "" {
		_, err = t.identity(ctx, l.Who)
	}
	switch {
	case err != nil:
	case l.Good:
		err = t.moveToAccount(ctx, identity, l.At)
	case l.Lapsed != "":
		_, err = t.payee(ctx, 0, identity) // where what is settled waits
	}
	return wrap(doing, err)
}

// moveToAccount makes the payee of the account that claims an identity, and moves to it what the identity is owed as an author
// of its own; not while the claim is lapsed or disputed. What a slip is out for stays: it says where it goes.
func (t *Tx) moveToAccount(ctx context.Context, identity int64, now time.Time) error {
	var id flattery.ClaimID
	var account int64
	var waits bool
	if err := t.Row(ctx, `SELECT c.id, c.account_id, c.lapsed_at > 0 OR EXISTS (SELECT 1 FROM disputes x WHERE x.identity_id = c.identity_id AND x.decided_at = 0)
		FROM claims c WHERE c.identity_id = ?`, identity).Scan(&id, &account, &waits); err != nil {
		return err
	}
	to, err := t.payee(ctx, account, 0)
	if err != nil || waits {
		return err
	}
	head, err := t.head(ctx) // nobody else posts until what is owed has moved
	if err != nil {
		return err
	}
	from, err := value[flattery.PayeeID](t.Row(ctx, `SELECT id FROM payees WHERE identity_id = ?`, identity))
	if missing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := t.flushOwed(ctx); err != nil {
		return err
	}
	owed, err := all(ctx, t, scanTotal, `SELECT name, currency, debits + CAST(coalesce((SELECT sum(p.amount) FROM payments p
		WHERE p.payee_id = ?1 AND p.currency = l.currency AND p.state = 'planned'), 0) AS BIGINT), credits FROM ledger_accounts l WHERE name = ?2 ORDER BY currency`,
		from, ledger.PayeePayable(from))
	owed = slices.DeleteFunc(owed, func(o accountTotal) bool { return o.Balance(ledger.Credit) <= 0 })
	if err != nil || len(owed) == 0 {
		return err
	}
	d := ledger.Draft{Key: fmt.Sprintf("claim:%d:%d", id, head.number+1), Kind: "claim", At: now} // a claim may move something many times
	for _, o := range owed {
		d.Entries = append(d.Entries, ledger.Entry{Debit: o.Name, Credit: ledger.PayeePayable(to), Currency: o.Currency, Amount: o.Balance(ledger.Credit)})
	}
	if _, err := t.Post(ctx, d); err != nil {
		return err
	}
	if err := t.Later(ctx, "debts", `INSERT INTO debts (account_id, payee_id, currency, amount, since)
		SELECT account_id, ?, currency, amount - `+slipped+`, since FROM debts d WHERE payee_id = ? AND amount > `+slipped+`
		ON CONFLICT (account_id, payee_id, currency) DO UPDATE SET amount = debts.amount + excluded.amount,
			since = CASE WHEN excluded.since < debts.since THEN excluded.since ELSE debts.since END`, to, from); err != nil {
		return err
	}
	return t.Later(ctx, "debts", `UPDATE debts AS d SET amount = `+slipped+` WHERE payee_id = ?`, from)
}

// slipped is the part of a debt d for which a slip is out.
const slipped = `CAST(coalesce((SELECT sum(p.amount) FROM payments p
	WHERE p.account_id = d.account_id AND p.payee_id = d.payee_id AND p.currency = d.currency AND p.state = 'planned'), 0) AS BIGINT)`
