package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"flattery"
	"flattery/connectors"
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
		return in.taken(ctx, got)
	default:
		err = in.linked(ctx, got)
	}
	return done, err
}

// taken takes what was claimed: by a claim link for a stranger too.
func (in *instance) taken(ctx context.Context, got claim.Granted) (web.Connected, error) {
	done := web.Connected{Purpose: web.Claiming, Profile: got.Profile, Account: got.Account}
	if got.ClaimLink != 0 {
		if err := in.followed(ctx, got.ClaimLink, got.Profile); err != nil {
			return done, err
		}
	}
	if got.Account == 0 {
		done, err := in.joined(ctx, flattery.Claim{Identity: got.Profile, Proof: flattery.ByOAuth, ProvedAt: in.now().Truncate(time.Second)})
		if err == nil {
			err = in.update(ctx, func(tx store.Tx) error { return tx.SaveClaimToken(ctx, done.Claim, got.Token) })
		}
		return done, err
	}
	taken, err := in.claimed(ctx, got)
	done.Joined, done.Disputed = taken.Joined, taken.Dispute != 0
	if err != nil || got.ClaimLink == 0 || done.Disputed {
		return done, err
	}
	c, err := in.store.Claimed(ctx, got.Profile.Identity)
	done.Claim = c.ID
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

func (g gates) ShowToken() string { return connectors.NewClaimToken() }

func (g gates) Shown(ctx context.Context, s web.Showing) (web.Connected, error) {
	c, err := g.in.profiles.LookFor(ctx, s.Network, s.Handle, s.Token, func(p flattery.Profile) error { return g.in.followed(ctx, s.ClaimLink, p) })
	if err != nil {
		return web.Connected{}, err
	}
	return g.in.joined(ctx, c)
}

// followed holds that who proved something is who the claim link is of.
func (in *instance) followed(ctx context.Context, id flattery.ClaimLinkID, who flattery.Profile) error {
	l, err := in.store.ClaimLinkNumbered(ctx, id, in.now())
	if errors.Is(err, flattery.ErrNotFound) {
		return flattery.ErrAttempt
	}
	if err != nil {
		return err
	}
	same := l.Author.Identity == who.Identity
	if i := l.Author; i.Provisional() && i.Network == who.Network && i.Host == who.Host {
		same = who.Handle != "" && i.Subject == "@"+strings.ToLower(who.Handle)
	}
	if !same {
		return flattery.ErrOther
	}
	return nil
}

// joined makes the account of an author who followed a claim link, and claims what was proved: both or neither.
func (in *instance) joined(ctx context.Context, c flattery.Claim) (web.Connected, error) {
	done := web.Connected{Purpose: web.Claiming, Profile: c.Identity}
	var err error
	for try := range 20 {
		a := flattery.Account{Name: newcomer(c.Identity, try), CreatedAt: c.ProvedAt, Settings: flattery.Settings{Currency: in.Currencies[0]}}
		err = in.update(ctx, func(tx store.Tx) error {
			var err error
			if c.Account, err = tx.AddAccount(ctx, a); err == nil {
				done.Joined, err = tx.AddClaim(ctx, c)
			}
			return err
		})
		if !errors.Is(err, flattery.ErrNameTaken) {
			break
		}
	}
	if err != nil {
		return web.Connected{}, err
	}
	made, err := in.store.Claimed(ctx, c.Identity.Identity)
	done.Account, done.Claim = c.Account, made.ID
	return done, err
}

// newcomer is what an account may be called whose owner did not choose: the handle, at the next tries with something behind it.
func newcomer(p flattery.Profile, try int) string {
	name := strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.L, unicode.N) || strings.ContainsRune("._-", r) {
			return r
		}
		return '-'
	}, p.Handle)
	if name = strings.Trim(name, "._-"); name == "" {
		name = p.Network
	}
	if letters := []rune(name); len(letters) > longestNewcomer {
		name = string(letters[:longestNewcomer])
	}
	switch {
	case try == 0:
		return name
	case try < 10:
		return fmt.Sprintf("%s-%d", name, try+1)
	}
	return name + "-" + strings.ToLower(rand.Text()[:8])
}

// longestNewcomer leaves room for what is put behind.
const longestNewcomer = 40

func (g gates) TellAuthors(ctx context.Context, account flattery.AccountID, author flattery.Identity) error {
	now := g.in.now()
	month, err := g.in.store.Current(ctx, now)
	if err != nil {
		return err
	}
	list, err := g.in.store.Authors(ctx, account, month.Month)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(a flattery.DonorAuthor) bool {
		return a.Pending == 0 || author != (flattery.Identity{}) && a.Author.Identity != author || strings.HasPrefix(a.Author.Subject, "~")
	})
	if author != (flattery.Identity{}) && len(list) == 0 {
		return flattery.ErrNotFound
	}
	return g.in.update(ctx, func(tx store.Tx) error {
		for _, a := range list {
			if a.Link != "" {
				continue
			}
			// Somebody may have claimed the author since.
			if err := tx.AddClaimLink(ctx, account, a.Author.Identity, rand.Text(), now); err != nil && !errors.Is(err, flattery.ErrNotFound) {
				return err
			}
		}
		return nil
	})
}
