package tables

import (
	"context"
	"fmt"
	"time"

	"flattery"
)

// peace is how long who lost a dispute may not begin another about the same identity.
const peace = 90 * 24 * time.Hour

const disputeQuery = `SELECT d.id, d.first_id, d.second_id, d.proof, d.proved_at, d.opened_at, d.ends_at, d.decided_at, d.outcome, ` + profileColumns + `
	FROM disputes d JOIN identities i ON i.id = d.identity_id JOIN hosts h ON h.id = i.host_id `

func scanDispute(s Row) (d flattery.Dispute, err error) {
	var proved, opened, ends, decided int64
	err = s.Scan(append([]any{&d.ID, &d.First, &d.Second, &d.Proof, &proved, &opened, &ends, &decided, &d.Outcome}, profileInto(&d.Identity)...)...)
	d.ProvedAt, d.OpenedAt, d.EndsAt, d.DecidedAt = at(proved), at(opened), at(ends), at(decided)
	return d, err
}

// Disputes lists those of an account, on whichever side, or all.
func (s *Reader) Disputes(ctx context.Context, account flattery.AccountID) ([]flattery.Dispute, error) {
	first, args := of("d.first_id", account)
	second, more := of("d.second_id", account)
	list, err := all(ctx, s.DB, scanDispute, disputeQuery+`WHERE `+first+` OR `+second+` ORDER BY d.id DESC`, append(args, more...)...)
	return list, wrap("disputes", err)
}

func (t *Tx) OpenDispute(ctx context.Context, c flattery.Claim, token flattery.Token, ends time.Time) (flattery.DisputeID, error) {
	doing := "dispute about " + c.Identity.String()
	if !c.Proof.Own() {
		return 0, wrap(doing, flattery.ErrClaimed)
	}
	identity, err := t.identity(ctx, c.Identity)
	if err == nil {
		err = t.hold(ctx, identity)
	}
	if err != nil {
		return 0, wrap(doing, err)
	}
	first, err := value[flattery.AccountID](t.Row(ctx, `SELECT account_id FROM claims WHERE identity_id = ?`, identity))
	if err == nil && first == c.Account {
		err = flattery.ErrState
	}
	if err != nil {
		return 0, wrap(doing, err)
	}
	lost, err := value[bool](t.Row(ctx, `SELECT EXISTS (SELECT 1 FROM disputes WHERE identity_id = ? AND second_id = ? AND outcome = 'first' AND decided_at > ?)`,
		identity, c.Account, seconds(c.ProvedAt.Add(-peace))))
	if err == nil && lost {
		err = flattery.ErrClaimed
	}
	if err != nil {
		return 0, wrap(doing, err)
	}
	id, err := value[flattery.DisputeID](t.Row(ctx, `INSERT INTO disputes (identity_id, first_id, second_id, proof, proved_at, shown, page, opened_at, ends_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?5, ?8)
		ON CONFLICT (identity_id) WHERE decided_at = 0 DO UPDATE SET proof = excluded.proof, proved_at = excluded.proved_at, shown = excluded.shown, page = excluded.page
			WHERE disputes.second_id = excluded.second_id
		RETURNING id`, identity, first, c.Account, c.Proof, seconds(c.ProvedAt), c.Shown, c.Page, seconds(ends)))
	if missing(err) {
		err = flattery.ErrDisputed
	}
	if err != nil {
		return 0, wrap(doing, err)
	}
	if _, err := t.payee(ctx, 0, identity); err != nil { // where what is settled waits
		return 0, wrap(doing, err)
	}
	if err := t.tellDispute(ctx, id, first, c, ends); err != nil {
		return 0, err
	}
	return id, t.Later(ctx, doing, `UPDATE disputes SET token = ? WHERE id = ?`, t.sealToken(disputeTokens, id, token), id)
}

func (t *Tx) EndDispute(ctx context.Context, id flattery.DisputeID, outcome flattery.Outcome, now time.Time) error {
	doing := fmt.Sprintf("dispute %d", id)
	identity, err := value[int64](t.Row(ctx, `SELECT identity_id FROM disputes WHERE id = ?`, id))
	if err == nil {
		err = t.hold(ctx, identity)
	}
	if err != nil {
		return wrap(doing, err)
	}
	c := flattery.Claim{}
	var proved int64
	var sealed []byte
	err = t.Row(ctx, `SELECT d.second_id, d.proof, d.proved_at, d.shown, d.page, d.token, `+profileColumns+`
		FROM disputes d JOIN identities i ON i.id = d.identity_id JOIN hosts h ON h.id = i.host_id WHERE d.id = ? AND d.decided_at = 0`, id).
		Scan(append([]any{&c.Account, &c.Proof, &proved, &c.Shown, &c.Page, &sealed}, profileInto(&c.Identity)...)...)
	if missing(err) {
		err = flattery.ErrState
	}
	if err != nil {
		return wrap(doing, err)
	}
	c.ProvedAt = at(proved)
	if err := t.Later(ctx, doing, `UPDATE disputes SET decided_at = ?, outcome = ?, token = NULL WHERE id = ? AND decided_at = 0`, seconds(now), outcome, id); err != nil {
		return err
	}
	if err := t.tellEnded(ctx, id, outcome, now); err != nil {
		return err
	}
	if outcome != flattery.OutcomeSecond {
		return wrap(doing, t.moveToAccount(ctx, identity, now))
	}
	return wrap(doing, t.transfer(ctx, id, identity, c, sealed, now))
}

// transfer makes the identity the second's, with the token that it proved it by.
func (t *Tx) transfer(ctx context.Context, id flattery.DisputeID, identity int64, c flattery.Claim, sealed []byte, now time.Time) error {
	if err := t.removeClaim(ctx, identity); err != nil {
		return err
	}
	if _, err := t.addClaim(ctx, c, now); err != nil {
		return err
	}
	if sealed == nil {
		return nil
	}
	claim, err := value[flattery.ClaimID](t.Row(ctx, `SELECT id FROM claims WHERE identity_id = ?`, identity))
	if err != nil {
		return err
	}
	b, err := unseal(t.Seal, place(disputeTokens, id), sealed)
	if err != nil { // it is looked at in public then
		return nil //nolint:nilerr // a key that is lost must not keep the identity from whom it belongs to
	}
	return t.Must(ctx, "token of a claim", `UPDATE claims SET token = ? WHERE id = ?`, t.Seal.Seal(place(claimTokens, claim), b), claim)
}

// withdraw ends the disputes that an account began.
func (t *Tx) withdraw(ctx context.Context, account flattery.AccountID, now time.Time) error {
	open, err := all(ctx, t, value[flattery.DisputeID], `SELECT id FROM disputes WHERE second_id = ? AND decided_at = 0 ORDER BY id`, account)
	if err != nil {
		return wrap("disputes", err)
	}
	for _, id := range open {
		if err := t.EndDispute(ctx, id, flattery.OutcomeWithdrawn, now); err != nil {
			return err
		}
	}
	return nil
}
