package claim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/store"
)

// KindRecheck is the kind of job that looks at one claim again; its key is the claim's number.
const KindRecheck = "recheck"

const (
	recheckEvery = 90 * 24 * time.Hour
	recheckAgain = 164 * time.Hour // a week, for a schedule that comes daily: after a look that failed, and of what has lapsed
	longestRate  = time.Hour
)

// errAdministrator: a claim of an organisation ends.
var errAdministrator = errors.New("its account no longer shows that it administers the organisation")

// RecheckStore is what looking at claims again needs of the store.
type RecheckStore interface {
	Claim(ctx context.Context, id flattery.ClaimID) (flattery.Claim, error)
	DueClaims(ctx context.Context, checked, tried time.Time) ([]flattery.ClaimID, error)
	FirstClaims(ctx context.Context, since time.Time) ([]flattery.ClaimID, error)
	ClaimToken(ctx context.Context, claim flattery.ClaimID) (flattery.Token, error)
	Disputes(ctx context.Context, account flattery.AccountID) ([]flattery.Dispute, error)
	Update(ctx context.Context, fn func(store.Tx) error) error
}

// Rechecks looks at claims again, every 90 days and before the first payment.
//
// A claim holds while its proof does: the token of the claim still speaks for the identity, or the token in the profile is still
// there. Where a network's permission has ended by itself, and of what an administrator vouched for, it is enough that the name
// still is of the same identity. What does not hold lapses: it stays the account's, and nothing is paid for it until it is proved
// again. Nobody's claim lapses because a network is in trouble or asks to wait.
//
// Organisations are looked at each day: who is no longer an administrator must not be paid for one. Its claim ends, what
// counts in open months waits again, and any administrator may claim it anew. What is frozen stays.
type Rechecks struct {
	Store    RecheckStore
	Profiles *Profiles
	Networks connectors.Set
	App      func(ctx context.Context, network string) (flattery.App, error)
	Tokens   *Tokens
	Client   *http.Client
	Now      func() time.Time
	Log      *slog.Logger
}

// Enqueue makes jobs of the claims that are due.
func (r *Rechecks) Enqueue(ctx context.Context, now time.Time) error {
	due, err := r.Store.DueClaims(ctx, now.Add(-recheckEvery), now.Add(-recheckAgain))
	if err != nil {
		return fmt.Errorf("claim: recheck: %w", err)
	}
	return r.enqueue(ctx, due, now)
}

func (r *Rechecks) enqueue(ctx context.Context, claims []flattery.ClaimID, now time.Time) error {
	if len(claims) == 0 {
		return nil
	}
	err := r.Store.Update(ctx, func(tx store.Tx) error {
		for _, id := range claims {
			if err := tx.Enqueue(ctx, KindRecheck, strconv.FormatInt(int64(id), 10), now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("claim: recheck: %w", err)
	}
	return nil
}

// Before makes jobs of the claims of accounts that are about to be paid for the first time, as far as they were not looked at
// since a month was settled, and says how many nobody has tried yet.
func (r *Rechecks) Before(ctx context.Context, settled, now time.Time) (int, error) {
	first, err := r.Store.FirstClaims(ctx, settled)
	if err != nil {
		return 0, fmt.Errorf("claim: recheck: %w", err)
	}
	return len(first), r.enqueue(ctx, first, now)
}

// Work does a job of KindRecheck. A wait, where there is one, is how long the network asks to be left alone: then nothing was
// written. What it refuses is no error.
func (r *Rechecks) Work(ctx context.Context, key string) (wait time.Duration, err error) {
	id, err := strconv.ParseInt(key, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("claim: job %q: %w", key, err)
	}
	c, err := r.Store.Claim(ctx, flattery.ClaimID(id))
	if errors.Is(err, flattery.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("claim: recheck: %w", err)
	}
	l, err := r.look(ctx, c)
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	if limit, ok := errors.AsType[*connectors.RateLimitError](err); ok {
		return min(max(limit.RetryAfter, time.Minute), longestRate), nil
	}
	return 0, r.write(ctx, c, l, err)
}

// Again looks at a claim while somebody waits for it. What the network refused or broke is a flattery.OutsideError.
func (r *Rechecks) Again(ctx context.Context, c flattery.Claim) error {
	l, err := r.look(ctx, c)
	if err != nil && !errors.Is(err, errAdministrator) {
		return r.Profiles.failed(ctx, c.Identity.Network, err)
	}
	return r.write(ctx, c, l, err)
}

// write keeps what a look showed.
func (r *Rechecks) write(ctx context.Context, c flattery.Claim, l store.Look, err error) error {
	l.At = r.Now().UTC()
	write := func(tx store.Tx) error { return tx.CheckClaim(ctx, c, l) }
	switch {
	case errors.Is(err, errAdministrator):
		r.Log.Warn("a claim ended", "claim", int64(c.ID), "account", int64(c.Account), "error", err)
		write = func(tx store.Tx) error { return tx.RemoveClaim(ctx, c.ID, l.At) }
	case err != nil:
		r.Log.Warn("a claim could not be looked at again", "claim", int64(c.ID), "error", err)
	case l.Lapsed != "":
		r.Log.Warn("a claim is not verified any more", "claim", int64(c.ID), "account", int64(c.Account), "reason", l.Lapsed)
	}
	if err := r.Store.Update(ctx, write); err != nil && !errors.Is(err, flattery.ErrNotFound) {
		return fmt.Errorf("claim: recheck: %w", err)
	}
	return nil
}

// look judges. An error is that nobody could tell, but for errAdministrator.
func (r *Rechecks) look(ctx context.Context, c flattery.Claim) (store.Look, error) {
	if c.Proof == flattery.ByOAuth && c.Identity.Organisation {
		who, err := r.administers(ctx, c)
		return store.Look{Who: who, Good: err == nil}, err
	}
	if c.Proof == flattery.ByOAuth {
		who, err := r.identify(ctx, c)
		if err == nil && who.Identity == c.Identity.Identity {
			return store.Look{Who: who, Good: true}, nil
		}
		if err != nil && !errors.Is(err, connectors.ErrUnauthorized) && !errors.Is(err, connectors.ErrForbidden) && !errors.Is(err, connectors.ErrGone) {
			return store.Look{}, err
		}
	}
	who, shows, err := r.find(ctx, c.Identity)
	switch {
	case errors.Is(err, connectors.ErrGone):
		return store.Look{Lapsed: flattery.LapsedGone}, nil
	case err != nil:
		return store.Look{}, err
	case who.Identity != c.Identity.Identity:
		return store.Look{Lapsed: flattery.LapsedOther}, nil
	}
	there := true
	switch c.Proof {
	case flattery.ByProfile:
		there = shows.Has(c.Shown)
	case flattery.ByPage:
		if there = shows.LinksTo(c.Page); there {
			there, err = r.Profiles.holds(ctx, c.Page, shows, c.Shown)
		}
		if errors.Is(err, connectors.ErrGone) {
			err = nil
		}
	default: // who somebody is, is enough
	}
	if err != nil {
		return store.Look{}, err
	}
	if !there {
		return store.Look{Who: who, Lapsed: flattery.LapsedAbsent}, nil
	}
	return store.Look{Who: who, Good: true}, nil
}

// find reads the profile of an identity by its name. Some networks take the number where a name is asked for: so who was renamed
// there is found, and only they, since the answer says who it is.
func (r *Rechecks) find(ctx context.Context, p flattery.Profile) (flattery.Profile, connectors.Showing, error) {
	who, shows, err := r.Profiles.read(ctx, p.Network, p.Handle)
	if err == nil && who.Identity == p.Identity || err != nil && !errors.Is(err, connectors.ErrGone) {
		return who, shows, err
	}
	c, unknown := r.Networks.Get(p.Network)
	if unknown != nil || c.Info().Price.Currency != "" {
		return who, shows, err
	}
	byNumber, shown, numberErr := r.Profiles.read(ctx, p.Network, p.Subject)
	if _, limit := errors.AsType[*connectors.RateLimitError](numberErr); limit {
		return byNumber, shown, numberErr
	}
	if numberErr == nil && byNumber.Identity == p.Identity {
		return byNumber, shown, nil
	}
	return who, shows, err
}

// identify asks whose the claim's own token is, renewed where it ends. Of one claim there is one job at a time, so that nobody
// else renews it.
func (r *Rechecks) identify(ctx context.Context, c flattery.Claim) (flattery.Profile, error) {
	connector, s, err := r.session(ctx, c)
	if err != nil {
		return flattery.Profile{}, err
	}
	if t := s.Token; t.Refresh != "" && !t.Expires.IsZero() && !r.Now().Add(early).Before(t.Expires) && connector.Info().Auth == connectors.AuthOAuth2 {
		if s.Token, err = r.Tokens.refresh(ctx, connector.Info(), s.App, t); err != nil {
			return flattery.Profile{}, err
		}
		keep := context.WithoutCancel(ctx) // it may be the only copy
		if err := r.Store.Update(keep, func(tx store.Tx) error { return tx.SaveClaimToken(keep, c.ID, s.Token) }); err != nil {
			return flattery.Profile{}, err
		}
	}
	return connector.Identify(ctx, s)
}

// session has the claim's own token; connectors.ErrUnauthorized where there is none that can be read.
func (r *Rechecks) session(ctx context.Context, c flattery.Claim) (connectors.Connector, connectors.Session, error) {
	connector, err := r.Networks.Get(c.Identity.Network)
	if err != nil {
		return nil, connectors.Session{}, err
	}
	app, err := r.App(ctx, c.Identity.Network)
	if err != nil {
		return nil, connectors.Session{}, err
	}
	info := connector.Info()
	if info.Terms.Tick && app.Accepted != info.Terms.Sentence {
		return nil, connectors.Session{}, errTerms
	}
	token, err := r.Store.ClaimToken(ctx, c.ID)
	if err != nil || !token.Has() {
		return nil, connectors.Session{}, errors.Join(err, fmt.Errorf("the claim has no token that can be read: %w", connectors.ErrUnauthorized))
	}
	return connector, connectors.Session{Identity: c.Identity, Token: token, App: app, Client: r.Client, Now: r.Now()}, nil
}

// administers answers errAdministrator where the network says that the account is none any more.
func (r *Rechecks) administers(ctx context.Context, c flattery.Claim) (flattery.Profile, error) {
	connector, s, err := r.session(ctx, c)
	if err != nil {
		return flattery.Profile{}, errors.New("the claim has no token that can be read")
	}
	steward, ok := connector.(connectors.Steward)
	if !ok {
		return flattery.Profile{}, fmt.Errorf("%s tells nothing of organisations", c.Identity.Network)
	}
	now, err := steward.Administers(ctx, s, c.Identity.Handle)
	if err == nil && now.Identity != c.Identity.Identity {
		err = fmt.Errorf("%s is another organisation now: %w", c.Identity.Handle, connectors.ErrForbidden)
	}
	if errors.Is(err, connectors.ErrForbidden) || errors.Is(err, connectors.ErrUnauthorized) {
		err = fmt.Errorf("%w: %w", errAdministrator, err)
	}
	return now, err
}

// Decide ends the disputes whose time is over: what its first did not prove again is the second's.
func (r *Rechecks) Decide(ctx context.Context, now time.Time) error {
	list, err := r.Store.Disputes(ctx, 0)
	if err != nil {
		return fmt.Errorf("claim: disputes: %w", err)
	}
	for _, d := range list {
		if !d.Open() || d.EndsAt.After(now) {
			continue
		}
		err := r.Store.Update(ctx, func(tx store.Tx) error { return tx.EndDispute(ctx, d.ID, flattery.OutcomeSecond, now) })
		if err != nil && !errors.Is(err, flattery.ErrState) { // it was decided meanwhile
			return fmt.Errorf("claim: dispute %d: %w", d.ID, err)
		}
		r.Log.Info("a dispute has ended", "dispute", int64(d.ID), "outcome", flattery.OutcomeSecond)
	}
	return nil
}
