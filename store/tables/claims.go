package tables

import (
	"context"
	"fmt"

	"flattery"
	"flattery/internal/ledger"
)

func scanClaim(s Row) (c flattery.Claim, err error) {
	var proved int64
	err = s.Scan(append([]any{&c.ID, &c.Account, &c.Proof, &proved}, profileInto(&c.Identity)...)...)
	c.ProvedAt = at(proved)
	return c, err
}

// Claims lists the claims of an account, or all.
func (s *Reader) Claims(ctx context.Context, account flattery.AccountID) ([]flattery.Claim, error) {
	c, err := all(ctx, s.DB, scanClaim, `SELECT c.id, c.account_id, c.proof, c.proved_at, `+profileColumns+`
		FROM claims c JOIN identities i ON i.id = c.identity_id JOIN hosts h ON h.id = i.host_id
		WHERE c.account_id = ? OR ? = 0 ORDER BY c.id`, account, account)
	return c, wrap("claims", err)
}

func (t *Tx) AddClaim(ctx context.Context, c flattery.Claim) (int, error) {
	if c.Identity.Provisional() {
		return 0, fmt.Errorf("store: claim %s: it is not known who that is: %w", c.Identity, flattery.ErrState)
	}
	identity, err := t.identity(ctx, c.Identity)
	if err != nil {
		return 0, wrap("claim", err)
	}
	n, err := t.Exec(ctx, `INSERT INTO claims (account_id, identity_id, proof, proved_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (identity_id) DO UPDATE SET proof = excluded.proof, proved_at = excluded.proved_at WHERE claims.account_id = excluded.account_id`,
		c.Account, identity, c.Proof, seconds(c.ProvedAt))
	if err == nil && n == 0 {
		err = flattery.ErrClaimed
	}
	if err != nil {
		return 0, wrap("claim "+c.Identity.String(), err)
	}
	if err := t.bind(ctx, c.Identity.Handle, identity); err != nil {
		return 0, wrap("claim: flattrs of its handle", err)
	}
	if err := t.own(ctx, int64(c.Account), identity); err != nil {
		return 0, wrap("claim: own flattrs", err)
	}
	if err := t.moveToAccount(ctx, c, identity); err != nil {
		return 0, wrap("claim: payee", err)
	}
	joined, err := t.join(ctx, identity, c.ProvedAt)
	return joined, wrap("claim: pending flattrs", err)
}

func (t *Tx) RemoveClaim(ctx context.Context, id flattery.ClaimID) error {
	identity, err := value[int64](t.Row(ctx, `DELETE FROM claims WHERE id = ? RETURNING identity_id`, id))
	if err != nil {
		return wrap(fmt.Sprintf("claim %d", id), err)
	}
	if _, err := t.payee(ctx, 0, identity); err != nil { // who a frozen month will owe it to
		return wrap(fmt.Sprintf("claim %d: payee", id), err)
	}
	if err := t.hold(ctx, identity); err != nil { // nobody judges a like of it by the claim that ends
		return err
	}
	return t.Later(ctx, fmt.Sprintf("claim %d: flattrs", id), `UPDATE flattrs SET state = 'pending', counts_in = NULL WHERE author_id = ? AND state = 'counts'
		AND counts_in IN (SELECT month FROM months WHERE frozen_at IS NULL)`, identity)
}

// moveToAccount makes the account's payee, and moves to it what the identity is owed as an author of its own.
func (t *Tx) moveToAccount(ctx context.Context, c flattery.Claim, identity int64) error {
	to, err := t.payee(ctx, int64(c.Account), 0)
	if err != nil {
		return err
	}
	if _, err := t.head(ctx); err != nil { // nobody else posts until what is owed has moved
		return err
	}
	from, err := value[flattery.PayeeID](t.Row(ctx, `SELECT id FROM payees WHERE identity_id = ?`, identity))
	if missing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	id, err := value[flattery.ClaimID](t.Row(ctx, `SELECT id FROM claims WHERE identity_id = ?`, identity))
	if err != nil {
		return err
	}
	owed, err := all(ctx, t, scanTotal, `SELECT name, currency, debits, credits FROM ledger_accounts WHERE name = ? AND credits > debits ORDER BY currency`, ledger.PayeePayable(from))
	if err != nil || len(owed) == 0 {
		return err
	}
	d := ledger.Draft{Key: fmt.Sprintf("claim:%d", id), Kind: "claim", At: c.ProvedAt}
	for _, o := range owed {
		d.Entries = append(d.Entries, ledger.Entry{Debit: o.Name, Credit: ledger.PayeePayable(to), Currency: o.Currency, Amount: o.Balance(ledger.Credit)})
	}
	if _, err := t.Post(ctx, d); err != nil {
		return err
	}
	if err := t.flushOwed(ctx); err != nil {
		return err
	}
	if err := t.Later(ctx, "debts", `INSERT INTO debts (account_id, payee_id, currency, amount, since)
		SELECT account_id, ?, currency, amount, since FROM debts WHERE payee_id = ? AND amount > 0
		ON CONFLICT (account_id, payee_id, currency) DO UPDATE SET amount = debts.amount + excluded.amount,
			since = CASE WHEN excluded.since < debts.since THEN excluded.since ELSE debts.since END`, to, from); err != nil {
		return err
	}
	return t.Later(ctx, "debts", `UPDATE debts SET amount = 0 WHERE payee_id = ?`, from)
}
