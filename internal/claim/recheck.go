package claim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/store"
)

// RecheckStore is what looking at claims again needs of the store.
type RecheckStore interface {
	Claims(ctx context.Context, account flattery.AccountID) ([]flattery.Claim, error)
	ClaimToken(ctx context.Context, claim flattery.ClaimID) (flattery.Token, error)
	Update(ctx context.Context, fn func(store.Tx) error) error
}

// Rechecks looks again at the claims of organisations: who is no longer an administrator must not be paid for one. Its
// claim ends, what counts in open months waits again, and any administrator may claim it anew. What is frozen stays.
type Rechecks struct {
	Store    RecheckStore
	Networks connectors.Set
	App      func(ctx context.Context, network string) (flattery.App, error)
	Client   *http.Client
	Now      func() time.Time
	Log      *slog.Logger
}

// Run looks at every claim of an organisation that was made with a token, and says how many ended. A network in trouble ends
// none.
func (r *Rechecks) Run(ctx context.Context) (ended int, err error) {
	claims, err := r.Store.Claims(ctx, 0)
	if err != nil {
		return 0, fmt.Errorf("claim: recheck: %w", err)
	}
	for _, c := range claims {
		if !c.Identity.Organisation || c.Proof != flattery.ByOAuth {
			continue
		}
		err := r.look(ctx, c)
		switch {
		case ctx.Err() != nil:
			return ended, ctx.Err()
		case err == nil:
			continue
		case !errors.Is(err, connectors.ErrForbidden) && !errors.Is(err, connectors.ErrUnauthorized):
			r.Log.Warn("a claim could not be looked at again", "claim", int64(c.ID), "error", err)
			continue
		}
		r.Log.Warn("a claim ended: its account no longer shows that it administers the organisation", "claim", int64(c.ID), "account", int64(c.Account), "error", err)
		if err := r.Store.Update(ctx, func(tx store.Tx) error { return tx.RemoveClaim(ctx, c.ID, r.Now()) }); err != nil {
			return ended, fmt.Errorf("claim: recheck: %w", err)
		}
		ended++
	}
	return ended, nil
}

func (r *Rechecks) look(ctx context.Context, c flattery.Claim) error {
	connector, err := r.Networks.Get(c.Identity.Network)
	if err != nil {
		return err
	}
	steward, ok := connector.(connectors.Steward)
	if !ok {
		return fmt.Errorf("%s tells nothing of organisations", c.Identity.Network)
	}
	token, err := r.Store.ClaimToken(ctx, c.ID)
	if err != nil || !token.Has() {
		return errors.Join(err, errors.New("the claim has no token that can be read"))
	}
	app, err := r.App(ctx, c.Identity.Network)
	if err != nil {
		return err
	}
	s := connectors.Session{Token: token, App: app, Client: r.Client, Now: r.Now()}
	now, err := steward.Administers(ctx, s, c.Identity.Handle)
	if err == nil && now.Identity != c.Identity.Identity {
		return fmt.Errorf("%s is another organisation now: %w", c.Identity.Handle, connectors.ErrForbidden)
	}
	return err
}
