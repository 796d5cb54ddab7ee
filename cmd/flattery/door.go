package main

import (
	"context"
	"errors"

	"flattery"
	"flattery/internal/claim"
	"flattery/internal/web"
	"flattery/store"
)

// came says what came of what somebody allowed at a network.
func (in *instance) came(ctx context.Context, got claim.Granted) (web.Connected, error) {
	done := web.Connected{Purpose: string(got.Purpose), Profile: got.Profile}
	var err error
	switch got.Purpose {
	case claim.Entering:
		done.Account, err = in.entered(ctx, got)
	case claim.Claiming:
		var taken claim.Taken
		taken, err = in.claimed(ctx, got)
		done.Joined, done.Disputed = taken.Joined, taken.Dispute != 0
	default:
		err = in.linked(ctx, got)
	}
	return done, err
}

// entered finds whose account the claim of an identity opens. A claim that is lapsed, disputed or an administrator's word opens
// none, and nobody learns which of it.
func (in *instance) entered(ctx context.Context, got claim.Granted) (flattery.AccountID, error) {
	c, err := in.store.Claimed(ctx, got.Profile.Identity)
	if errors.Is(err, flattery.ErrNotFound) || err == nil && (!c.Proof.Own() || c.Disputed || !c.LapsedAt.IsZero()) {
		err = flattery.ErrNobody
	}
	if got.Account != 0 && (errors.Is(err, flattery.ErrNobody) || err == nil && c.Account != got.Account) {
		err = flattery.ErrOther
	}
	if err != nil {
		return 0, err
	}
	if c.Proof != flattery.ByOAuth {
		return c.Account, nil
	}
	// Networks keep so many tokens of a person and drop the oldest, which would one day be the one that the claim is looked at with.
	return c.Account, in.update(ctx, func(tx store.Tx) error { return tx.SaveClaimToken(ctx, c.ID, got.Token) })
}
