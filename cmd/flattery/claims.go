package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/internal/claim"
	"flattery/internal/queue"
	"flattery/internal/web"
	"flattery/store"
)

// claimed writes what was granted for a claim, and then its own token, with which it is looked at again.
func (in *instance) claimed(ctx context.Context, got claim.Granted) (claim.Taken, error) {
	c := flattery.Claim{Account: got.Account, Identity: got.Profile, Proof: flattery.ByOAuth, ProvedAt: in.now().Truncate(time.Second)}
	taken, err := claim.Take(ctx, in.store, c, got.Token)
	if err != nil || taken.Dispute != 0 {
		return taken, err
	}
	claims, err := in.store.Claims(ctx, got.Account)
	if err != nil {
		return taken, err
	}
	at := slices.IndexFunc(claims, func(c flattery.Claim) bool { return c.Identity.Identity == got.Profile.Identity })
	if at < 0 {
		return taken, flattery.ErrNotFound
	}
	return taken, in.update(ctx, func(tx store.Tx) error { return tx.SaveClaimToken(ctx, claims[at].ID, got.Token) })
}

// recheck does the job of looking at a claim again.
func (in *instance) recheck(ctx context.Context, j queue.Job) error {
	wait, err := in.rechecks.Work(ctx, j.Key)
	if err == nil && wait > 0 {
		err = &queue.SnoozeError{Until: in.now().Add(wait)}
	}
	return err
}

func (g gates) BeginProof(ctx context.Context, account flattery.AccountID, network, handle string) (flattery.Proving, error) {
	return g.in.profiles.Begin(ctx, account, network, handle)
}

func (g gates) LookProof(ctx context.Context, account flattery.AccountID, id flattery.ProvingID) (web.Connected, error) {
	c, taken, err := g.in.look(ctx, account, id)
	return web.Connected{Purpose: web.Claiming, Profile: c.Identity, Joined: taken.Joined, Disputed: taken.Dispute != 0}, err
}

// look looks for the token of a proof that was begun, and takes what it proves. The proof is done then.
func (in *instance) look(ctx context.Context, account flattery.AccountID, id flattery.ProvingID) (flattery.Claim, claim.Taken, error) {
	c, err := in.profiles.Look(ctx, account, id)
	if err != nil {
		return c, claim.Taken{}, err
	}
	taken, err := claim.Take(ctx, in.store, c, flattery.Token{})
	if err != nil {
		return c, taken, err
	}
	err = in.update(ctx, func(tx store.Tx) error { return tx.RemoveProving(ctx, account, id) })
	if errors.Is(err, flattery.ErrNotFound) { // looked for twice at once
		err = nil
	}
	return c, taken, err
}

func (g gates) RemoveProof(ctx context.Context, account flattery.AccountID, id flattery.ProvingID) error {
	return g.in.update(ctx, func(tx store.Tx) error { return tx.RemoveProving(ctx, account, id) })
}

// CheckClaim looks at a claim again now.
func (g gates) CheckClaim(ctx context.Context, account flattery.AccountID, id flattery.ClaimID) (flattery.Claim, error) {
	c, err := g.in.claimOf(ctx, account, id)
	if err != nil {
		return c, err
	}
	if err := g.in.rechecks.Again(ctx, c); err != nil {
		return c, err
	}
	return g.in.claimOf(ctx, account, id)
}

func (in *instance) claimOf(ctx context.Context, account flattery.AccountID, id flattery.ClaimID) (flattery.Claim, error) {
	c, err := in.store.Claim(ctx, id)
	if err == nil && c.Account != account {
		err = flattery.ErrNotFound
	}
	return c, err
}

func (g gates) Disputed(ctx context.Context) ([]web.Dispute, error) {
	list, err := g.in.store.Disputes(ctx, 0)
	if err != nil {
		return nil, err
	}
	name, err := g.in.names(ctx)
	if err != nil {
		return nil, err
	}
	claims, err := g.in.store.Claims(ctx, 0)
	if err != nil {
		return nil, err
	}
	proofs := map[flattery.Identity]flattery.Proof{}
	for _, c := range claims {
		proofs[c.Identity.Identity] = c.Proof
	}
	all := make([]web.Dispute, 0, len(list))
	for _, d := range list {
		all = append(all, web.Dispute{Dispute: d, FirstName: name(d.First), SecondName: name(d.Second), FirstProof: proofs[d.Identity.Identity]})
	}
	return all, nil
}

func (g gates) Decide(ctx context.Context, id flattery.DisputeID, outcome flattery.Outcome) error {
	return g.in.update(ctx, func(tx store.Tx) error { return tx.EndDispute(ctx, id, outcome, g.in.now()) })
}

// provable says whether a network reads profiles, and what is missing for it.
func provable(c connectors.Connector, a flattery.App) (prover, ready bool) {
	_, prover = c.(connectors.Prover)
	i := c.Info()
	prover = prover && linkable(i)
	return prover, prover && missingByName(i, a) == nil && (!i.Terms.Tick || a.Accepted == i.Terms.Sentence) && (!i.ProofKey || a.Key != "")
}

func (g gates) Unclaim(ctx context.Context, account flattery.AccountID, id flattery.ClaimID) error {
	claims, err := g.in.store.Claims(ctx, account)
	if err != nil {
		return err
	}
	for _, c := range claims {
		if c.ID == id {
			return g.in.unclaim(ctx, c)
		}
	}
	return flattery.ErrNotFound
}

// unclaim ends a claim and gives its token back.
func (in *instance) unclaim(ctx context.Context, c flattery.Claim) error {
	token, err := in.store.ClaimToken(ctx, c.ID)
	if err != nil {
		in.log.Warn("a token could not be given back", "claim", c.ID, "error", err)
	}
	if err := in.update(ctx, func(tx store.Tx) error { return tx.RemoveClaim(ctx, c.ID, in.now()) }); err != nil {
		return err
	}
	in.giveBack(ctx, c.Identity, token)
	return nil
}
