package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/connectors/archive"
	"flattery/internal/claim"
	"flattery/internal/poll"
	"flattery/internal/web"
	"flattery/store"
)

// gates hands the networks to the web, in its words.
type gates struct{ in *instance }

var _ web.Networks = gates{}

func (g gates) Networks(ctx context.Context) ([]web.Network, error) {
	all := make([]web.Network, 0, len(g.in.enabled))
	for _, c := range g.in.enabled {
		n, err := g.network(ctx, c)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, nil
}

func (g gates) network(ctx context.Context, c connectors.Connector) (web.Network, error) {
	i := c.Info()
	a, err := g.in.app(ctx, i.Network)
	if err != nil {
		return web.Network{}, err
	}
	missing := missingFor(i, a)
	_, byName := c.(connectors.Resolver)
	_, steward := c.(connectors.Steward)
	prover, provable := provable(c, a)
	set := g.in.Networks[i.Network]
	n := web.Network{
		Key: i.Network, Title: i.Title, Noun: i.Noun, State: string(i.State), Since: i.Since, Reason: i.Reason,
		Proven: string(i.Proven), Console: i.Console, HandleTip: i.HandleTip, Auth: string(i.Auth), Timed: i.Feed == connectors.Timed || i.Dated,
		Ready: missing == nil, ByName: byName && missingByName(i, a) == nil,
		Code: i.OAuth1.OutOfBand, Organisations: steward, Imports: archive.Reads(i.Network), NeedsKey: i.NeedsKey, WantsKey: i.ProofKey,
		Proves: prover, Provable: provable,
		FromSettings: set.Keyed(), HasKeys: a.ID != "" || a.Secret != "" || a.Key != "",
		Terms:    web.Terms{Sentence: i.Terms.Sentence, Link: i.Terms.Link, Date: i.Terms.Date, Sure: i.Terms.Sure, Tick: i.Terms.Tick},
		Accepted: i.Terms.Sentence != "" && a.Accepted == i.Terms.Sentence, Price: i.Price.Currency,
	}
	if address := authAddress(i); address != "" && linkable(i) {
		n.NeedsID, n.NeedsSecret, n.Callback = !i.NeedsKey, true, g.in.flow.Callback(i)
		u, err := url.Parse(address)
		if err != nil {
			return n, fmt.Errorf("%s: %w", i.Network, err)
		}
		n.Origin = u.Scheme + "://" + u.Host
	}
	if i.Price.Currency != "" {
		spent, err := g.in.store.Spent(ctx, i.Network, flattery.MonthOf(g.in.now(), time.UTC))
		if err != nil {
			return n, err
		}
		n.Spent, n.Reads, n.Cap = spent.Amount, spent.Likes, set.SpendCap
	}
	return n, nil
}

// authAddress is the page where people say yes; "" where there is none.
func authAddress(i connectors.Info) string {
	if i.Auth == connectors.AuthOAuth1 {
		return i.OAuth1.AuthURL
	}
	return i.OAuth2.AuthURL
}

// linkable reports whether anybody can link the network today, keys and terms apart.
func linkable(i connectors.Info) bool {
	return i.State == connectors.Alive || i.State == connectors.Forbidden && i.Terms.Tick
}

// missingFor is what keeps people from linking by OAuth; nil: nothing does.
func missingFor(i connectors.Info, a flattery.App) error {
	id := a.ID
	if i.NeedsKey && id == "" {
		id = string(a.Key)
	}
	switch {
	case !linkable(i):
		return flattery.Input("%s cannot be linked (%s since %s): %s", i.Title, i.State.Word(), i.Since, i.Reason)
	case authAddress(i) == "":
		return flattery.Input("%s has no OAuth", i.Title)
	case i.Terms.Tick && a.Accepted != i.Terms.Sentence:
		return flattery.Input("%s asks for a tick under its terms: on its keys page, or networks.%s.accept_terms = true", i.Title, i.Network)
	case id == "" || a.Secret == "":
		return flattery.Input("%s needs an app of yours: register one at %s, then enter its keys in the pages, or set networks.%s.%s and client_secret",
			i.Title, i.Console, i.Network, map[bool]string{true: "key", false: "client_id"}[i.NeedsKey])
	}
	return nil
}

// missingByName is what keeps a network from being read by public name.
func missingByName(i connectors.Info, a flattery.App) error {
	switch {
	case !linkable(i):
		return missingFor(i, a)
	case i.NeedsKey && a.Key == "" && a.ID == "":
		return flattery.Input("%s is read with an API key: get one at %s, then enter it in the pages, or set networks.%s.key", i.Title, i.Console, i.Network)
	case i.OAuth2.AppURL != "" && (a.ID == "" || a.Secret == ""):
		return missingFor(i, a)
	}
	return nil
}

func (g gates) Connect(ctx context.Context, c web.Connecting) (to, state string, err error) {
	if c.Link != 0 {
		l, err := g.in.store.Link(ctx, c.Link)
		if err != nil || l.Account != c.Account {
			return "", "", errors.Join(err, flattery.ErrNotFound)
		}
	}
	begun, err := g.in.flow.Begin(ctx, claim.Asked{Account: c.Account, Browser: c.Browser, Network: c.Network, Purpose: claim.Purpose(c.Purpose),
		Link: c.Link, ClaimLink: c.ClaimLink, Handle: c.Handle, Month: c.Month, Code: c.Code})
	return begun.URL, begun.State, err
}

func (g gates) Connected(ctx context.Context, account flattery.AccountID, browser, network, host string, query url.Values) (web.Connected, error) {
	if host == "" { // a code that was typed
		c, err := g.in.enabled.Get(network)
		if err != nil {
			return web.Connected{}, flattery.ErrAttempt
		}
		host = c.Info().Host
		query = url.Values{"state": query["state"], "oauth_verifier": query["code"]}
	}
	got, err := g.in.flow.Finish(ctx, claim.Answered{Account: account, Browser: browser, Network: network, Host: host, Query: query})
	if err != nil {
		return web.Connected{}, err
	}
	done, err := g.in.came(ctx, got)
	if err != nil {
		g.in.refuse(ctx, got)
	}
	return done, err
}

// refuse gives a token back for which there is no use, unless it may be one that serves somebody here: some networks give
// the same person the same token again.
func (in *instance) refuse(ctx context.Context, got claim.Granted) {
	links, err := in.store.Links(ctx, 0)
	claims, claimsErr := in.store.Claims(ctx, 0)
	if err := errors.Join(err, claimsErr); err != nil {
		in.log.Warn("a token could not be given back", "network", got.Profile.Network, "error", err)
		return
	}
	serves := slices.ContainsFunc(links, func(l flattery.Link) bool { return l.Identity.Identity == got.Profile.Identity }) ||
		slices.ContainsFunc(claims, func(c flattery.Claim) bool { return c.Identity.Identity == got.Profile.Identity })
	if !serves {
		in.giveBack(ctx, got.Profile, got.Token)
	}
}

// linked writes what was granted for a link, new or to be connected again.
func (in *instance) linked(ctx context.Context, got claim.Granted) error {
	c, err := in.enabled.Get(got.Profile.Network)
	if err != nil {
		return err
	}
	if got.Link != 0 {
		was, err := in.store.Link(ctx, got.Link)
		if err != nil {
			return err
		}
		if was.Account != got.Account || was.Identity.Identity != got.Profile.Identity {
			return flattery.ErrOther
		}
	}
	_, err = in.addLink(ctx, flattery.Link{Account: got.Account, Identity: got.Profile, Proof: flattery.ByOAuth, Interval: c.Info().Interval}, got.Token, got.Month)
	return err
}

// giveBack tells the network that a token is no longer needed. It may fail: then it ends by itself, or the person ends it there.
func (in *instance) giveBack(ctx context.Context, who flattery.Profile, token flattery.Token) bool {
	c, err := in.enabled.Get(who.Network)
	if err != nil || !token.Has() {
		return err == nil
	}
	a, err := in.app(ctx, who.Network)
	if err == nil {
		err = claim.GiveBack(ctx, c, connectors.Session{Identity: who, Token: token, App: a, Client: in.client, Now: in.now()})
	}
	if err != nil {
		in.log.Warn("a token could not be given back", "network", who.Network, "error", err)
	}
	return err == nil
}

func (g gates) LinkByName(ctx context.Context, account flattery.AccountID, network, handle string, month bool) (flattery.Link, error) {
	c, err := g.in.enabled.Get(network)
	if err != nil {
		return flattery.Link{}, flattery.ErrNotFound
	}
	who, err := g.in.find(ctx, c, handle)
	if err != nil {
		return flattery.Link{}, forPage(c.Info(), err)
	}
	return g.in.addLink(ctx, flattery.Link{Account: account, Identity: who, Proof: flattery.ByName, Interval: c.Info().Interval}, flattery.Token{}, month)
}

// find asks the network alone: whom nobody knows there is connectors.ErrGone.
func (in *instance) find(ctx context.Context, c connectors.Connector, handle string) (flattery.Profile, error) {
	info := c.Info()
	if handle == "" {
		return flattery.Profile{}, flattery.Input("say who: %s:%s", info.Network, info.HandleTip)
	}
	app, err := in.app(ctx, info.Network)
	if err != nil {
		return flattery.Profile{}, err
	}
	if err := missingByName(info, app); err != nil {
		return flattery.Profile{}, err
	}
	r, ok := c.(connectors.Resolver)
	if !ok {
		return flattery.Profile{}, flattery.Input("%s tells nobody's likes by name: link it in the browser (flattery serve), or with a token", info.Title)
	}
	s, err := in.session(ctx, c)
	if err != nil {
		return flattery.Profile{}, err
	}
	return r.Resolve(ctx, s, handle)
}

// forPage makes what a network refused fit for a page.
func forPage(info connectors.Info, err error) error {
	if _, ok := errors.AsType[*flattery.InputError](err); ok || errors.Is(err, context.Canceled) {
		return err
	}
	if errors.Is(err, connectors.ErrGone) {
		return flattery.Input("%s knows nobody by that name", info.Title)
	}
	_, reason := poll.FateOf(err)
	return &flattery.OutsideError{Network: info.Network, Reason: reason, Detail: connectors.Clean(err.Error(), 300)}
}

func (g gates) Unlink(ctx context.Context, account flattery.AccountID, id flattery.LinkID) error {
	l, err := g.in.store.Link(ctx, id)
	if err != nil || l.Account != account {
		return errors.Join(err, flattery.ErrNotFound)
	}
	_, err = g.in.unlink(ctx, l)
	return err
}

// unlink ends a link and gives its token back, and says whether the network took it.
func (in *instance) unlink(ctx context.Context, l flattery.Link) (gaveBack bool, err error) {
	token, err := in.store.Token(ctx, l.ID)
	if err != nil {
		in.log.Warn("a token could not be given back", "link", l.ID, "error", err)
		token = flattery.Token{}
	}
	if err := in.update(ctx, func(tx store.Tx) error { return tx.RemoveLink(ctx, l.ID) }); err != nil {
		return false, err
	}
	return in.giveBack(ctx, l.Identity, token), nil
}

func (g gates) SaveKeys(ctx context.Context, network string, app flattery.App) error {
	return g.in.saveKeys(ctx, network, app)
}

func (g gates) TestKeys(ctx context.Context, network string) (good bool, detail string, err error) {
	v, err := g.in.testKeys(ctx, network)
	return v.Result == claim.Good, v.Detail, err
}
