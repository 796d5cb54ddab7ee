package claim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/store"
)

const (
	provingLife = 14 * 24 * time.Hour
	mostPages   = 3 // of one's own that are read for one look
)

// What keeps a profile from being read before a network is asked.
var (
	errProver = errors.New("profiles of this network cannot be read")
	errTerms  = errors.New("the owner of this instance has not accepted the network's terms")
	errSpent  = errors.New("what the network may cost in a month is spent")
)

// ProfileStore is what proofs by profile need of the store.
type ProfileStore interface {
	Provings(ctx context.Context, account flattery.AccountID, now time.Time) ([]flattery.Proving, error)
	Spent(ctx context.Context, network string, m flattery.Month) (store.Spending, error)
	Update(ctx context.Context, fn func(store.Tx) error) error
}

// Profiles are how a claim is proved without signing in: the claimant gets a token and writes it into the public profile, or
// onto a page of their own that the profile links to and that links back. They are read with the keys of the instance, within
// what a network may cost. It is safe for concurrent use.
type Profiles struct {
	Store    ProfileStore
	Networks connectors.Set
	App      func(ctx context.Context, network string) (flattery.App, error) // keys of this instance
	Tokens   *Tokens                                                         // of this instance
	Caps     map[string]flattery.Amount                                      // what a network may take in a month; none: nothing that costs is read
	Client   *http.Client
	Now      func() time.Time
}

// Begin gives an account the token for a handle: the same one until it expires. Nothing is asked of the network yet. What can be
// mended is a flattery.InputError.
func (p *Profiles) Begin(ctx context.Context, account flattery.AccountID, network, handle string) (flattery.Proving, error) {
	info, handle, err := p.named(network, handle)
	if err != nil {
		return flattery.Proving{}, err
	}
	now := p.Now().UTC().Truncate(time.Second)
	begun := flattery.Proving{Account: account, Network: info.Network, Host: info.Host, Handle: handle, Token: connectors.NewClaimToken(), MadeAt: now, Expires: now.Add(provingLife)}
	err = p.Store.Update(ctx, func(tx store.Tx) error {
		kept, err := tx.AddProving(ctx, begun)
		if err == nil {
			begun = kept
		}
		return err
	})
	if err != nil {
		return flattery.Proving{}, fmt.Errorf("claim: %s: %w", network, err)
	}
	return begun, nil
}

// named finds the network of a profile, and makes a handle what it is there.
func (p *Profiles) named(network, handle string) (connectors.Info, string, error) {
	c, err := p.Networks.Get(network)
	if err != nil {
		return connectors.Info{}, "", err
	}
	info := c.Info()
	if _, ok := c.(connectors.Prover); !ok {
		return info, "", flattery.Input("nothing is proved by a profile of %s", info.Title)
	}
	handle = strings.TrimPrefix(strings.TrimSpace(handle), "@")
	if handle == "" || handle != connectors.Clean(handle, connectors.MaxHandle) {
		return info, "", flattery.Input("%q is no name at %s: write it like %s", connectors.Clean(handle, connectors.MaxHandle), info.Title, info.HandleTip)
	}
	return info, handle, nil
}

// Look reads the profile of what an account has begun, and answers the claim that it proves: to be handed to Take. What is not
// there yet is flattery.ErrUnproved, what the network refused or broke a flattery.OutsideError.
func (p *Profiles) Look(ctx context.Context, account flattery.AccountID, id flattery.ProvingID) (flattery.Claim, error) {
	list, err := p.Store.Provings(ctx, account, p.Now())
	if err != nil {
		return flattery.Claim{}, fmt.Errorf("claim: %w", err)
	}
	i := slices.IndexFunc(list, func(b flattery.Proving) bool { return b.ID == id })
	if i < 0 {
		return flattery.Claim{}, flattery.ErrNotFound
	}
	claim, err := p.find(ctx, list[i].Network, list[i].Handle, list[i].Token, func(flattery.Profile) error { return nil })
	claim.Account = account
	return claim, err
}

// LookFor is Look for somebody without an account, who keeps the token until then. Whoever has the handle has to be right.
func (p *Profiles) LookFor(ctx context.Context, network, handle, token string, right func(flattery.Profile) error) (flattery.Claim, error) {
	info, handle, err := p.named(network, handle)
	if err != nil {
		return flattery.Claim{}, err
	}
	return p.find(ctx, info.Network, handle, token, right)
}

// find looks for a token in a profile and on the pages of its own, once it is known whose profile it is.
func (p *Profiles) find(ctx context.Context, network, handle, token string, right func(flattery.Profile) error) (flattery.Claim, error) {
	who, shows, err := p.read(ctx, network, handle)
	if err != nil {
		return flattery.Claim{}, p.failed(ctx, network, err)
	}
	if err := right(who); err != nil {
		return flattery.Claim{}, err
	}
	claim := flattery.Claim{Identity: who, ProvedAt: p.Now().UTC().Truncate(time.Second), Shown: token}
	if shows.Has(token) {
		claim.Proof = flattery.ByProfile
		return claim, nil
	}
	trouble := ""
	for _, link := range shows.Links[:min(len(shows.Links), mostPages)] {
		there, err := p.holds(ctx, link, shows, token)
		if ctx.Err() != nil {
			return flattery.Claim{}, ctx.Err()
		}
		if there {
			claim.Proof, claim.Page = flattery.ByPage, link
			return claim, nil
		}
		if err != nil {
			trouble = ": " + connectors.Clean(err.Error(), 200)
		}
	}
	return flattery.Claim{}, fmt.Errorf("%w%s", flattery.ErrUnproved, trouble)
}

// holds reports whether a page of one's own links back to the profile that links to it, and holds the token.
func (p *Profiles) holds(ctx context.Context, address string, shows connectors.Showing, token string) (bool, error) {
	page, at, err := connectors.ReadPage(ctx, connectors.Session{Client: p.Client, Now: p.Now().UTC()}, address)
	if err != nil {
		return false, err
	}
	return connectors.LinksBack(page, at, shows.Pages...) && slices.Contains(connectors.PageTokens(page), token), nil
}

// read asks a network who has a handle today and what the profile shows, and books what that costs.
func (p *Profiles) read(ctx context.Context, network, handle string) (flattery.Profile, connectors.Showing, error) {
	c, err := p.Networks.Get(network)
	if err != nil {
		return flattery.Profile{}, connectors.Showing{}, err
	}
	s, err := p.session(ctx, c.Info())
	if err != nil {
		return flattery.Profile{}, connectors.Showing{}, err
	}
	who, shows, err := p.ask(ctx, c, s, handle)
	if errors.Is(err, connectors.ErrKey) && s.AppToken != "" {
		if s.AppToken, err = p.Tokens.RenewInstance(ctx, c.Info(), s.AppToken); err == nil {
			who, shows, err = p.ask(ctx, c, s, handle)
		}
	}
	if info := c.Info(); err == nil && (who.Network != info.Network || who.Host != info.Host || who.Subject == "" || who.Provisional()) {
		err = &connectors.AnswerError{Host: info.Host, Reason: "did not say whose the profile is"}
	}
	if err != nil {
		return flattery.Profile{}, connectors.Showing{}, err
	}
	return who, shows, nil
}

func (p *Profiles) ask(ctx context.Context, c connectors.Connector, s connectors.Session, handle string) (flattery.Profile, connectors.Showing, error) {
	prover, ok := c.(connectors.Prover)
	if !ok {
		return flattery.Profile{}, connectors.Showing{}, errProver
	}
	who, shows, err := prover.Prove(ctx, s, handle)
	if shows.Cost > 0 { // also where the answer was of no use
		month := flattery.MonthOf(s.Now, time.UTC)
		paid := p.Store.Update(context.WithoutCancel(ctx), func(tx store.Tx) error {
			return tx.Spend(ctx, c.Info().Network, month, store.Spending{Amount: shows.Cost})
		})
		if paid != nil {
			return flattery.Profile{}, connectors.Showing{}, fmt.Errorf("claim: %s: what it cost: %w", c.Info().Network, paid)
		}
	}
	return who, shows, err
}

// session is of the instance alone. Terms and cap are as for polling.
func (p *Profiles) session(ctx context.Context, info connectors.Info) (connectors.Session, error) {
	s := connectors.Session{Client: p.Client, Now: p.Now().UTC()}
	var err error
	if s.App, err = p.App(ctx, info.Network); err != nil {
		return s, err
	}
	if info.Terms.Tick && s.App.Accepted != info.Terms.Sentence {
		return s, errTerms
	}
	if info.Price.Currency != "" {
		spent, err := p.Store.Spent(ctx, info.Network, flattery.MonthOf(s.Now, time.UTC))
		if err != nil {
			return s, err
		}
		if spent.Amount >= p.Caps[info.Network] {
			return s, errSpent
		}
	}
	s.AppToken, err = p.Tokens.Instance(ctx, info)
	return s, err
}

// failed makes it fit to be shown.
func (p *Profiles) failed(ctx context.Context, network string, cause error) error {
	if _, ok := errors.AsType[*flattery.InputError](cause); ok {
		return cause
	}
	c, err := p.Networks.Get(network)
	if err != nil {
		return err
	}
	reason := ReasonTrouble
	switch _, pay := errors.AsType[*connectors.PaymentRequiredError](cause); {
	case pay:
		reason = ReasonPayment
	case errors.Is(cause, errTerms):
		reason = ReasonTerms
	case errors.Is(cause, errSpent):
		reason = ReasonSpend
	}
	app, err := p.App(ctx, network)
	if err != nil {
		return fmt.Errorf("claim: %s: keys: %w", network, err)
	}
	return failed(ctx, c.Info(), reason, cause, secrets(app, flattery.Token{})...)
}

// Patience is how long the first of a dispute has to prove again.
const Patience = 10 * 24 * time.Hour

// Taken is what became of a proof.
type Taken struct {
	Joined  int                // pending flattrs that count now
	Dispute flattery.DisputeID // the identity is another's claim, and the other has to prove it again; 0: it is the account's
}

// Take makes what was proved the account's own. What is another's claim is disputed from then on; flattery.ErrClaimed and
// flattery.ErrDisputed where that cannot be. Token is what it was proved by; none: in public.
func Take(ctx context.Context, s FlowStore, c flattery.Claim, token flattery.Token) (taken Taken, err error) {
	err = s.Update(ctx, func(tx store.Tx) error {
		var t Taken
		var err error
		t.Joined, err = tx.AddClaim(ctx, c)
		if errors.Is(err, flattery.ErrClaimed) && c.Proof.Own() {
			t.Dispute, err = tx.OpenDispute(ctx, c, token, c.ProvedAt.Add(Patience))
		}
		if err == nil {
			taken = t
		}
		return err
	})
	return taken, err
}
