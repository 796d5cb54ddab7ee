// Package click is what a button or the bookmarklet stands for: which thing, whose it is, and what a press on it is. It asks
// nobody on the web: a button's own words are all that is known of its thing.
package click

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/store"
)

// Store is what a press needs of the store.
type Store interface {
	Account(ctx context.Context, id flattery.AccountID) (flattery.Account, error)
	AccountNamed(ctx context.Context, name string) (flattery.Account, error)
	ClaimOf(ctx context.Context, network, host, handle string) (flattery.Claim, error)
	Claims(ctx context.Context, account flattery.AccountID) ([]flattery.Claim, error)
	Links(ctx context.Context, account flattery.AccountID) ([]flattery.Link, error)
	Update(ctx context.Context, fn func(store.Tx) error) error
}

// Buttons are the buttons of an instance. Their methods may be called from many goroutines at once.
type Buttons struct {
	Store    Store
	Networks connectors.Set
	Once     bool          // one press of a person on a button counts
	Base     func() string // where people reach the pages
	Now      func() time.Time
}

// Asked is what stands in a button's address. All of it is somebody's text.
type Asked struct {
	User  string // name of an account, or network:handle; "": the page alone
	URL   string
	Title string
}

// Offer is what would be flattred.
type Offer struct {
	Thing   flattery.Thing
	Author  flattery.Profile
	Claimed bool               // somebody here has shown to be the author
	Account flattery.AccountID // who that is
	Name    string             // of that account, if it wants to be seen; ""
	Site    bool               // the page is on a site of that account's
	Own     bool               // it is of who asks
}

// The longest texts that are taken.
const (
	longestTitle = 300
	longestUser  = 200
)

// Offer says what would be flattred by an account (0: a stranger), in words where it cannot be.
func (b *Buttons) Offer(ctx context.Context, account flattery.AccountID, a Asked) (Offer, error) {
	address, host, err := Canonical(a.URL)
	if err != nil {
		return Offer{}, err
	}
	o := Offer{Thing: flattery.Thing{Network: flattery.Web, Host: host, ID: address, URL: address, Title: connectors.Clean(a.Title, longestTitle)}}
	user := connectors.Clean(a.User, longestUser+1)
	network, handle, named := strings.Cut(user, ":")
	switch {
	case len(user) > longestUser || user == "" && strings.TrimSpace(a.User) != "":
		return Offer{}, flattery.Input("user_id is the name of an account here, or network:handle")
	case user == "":
		o.Author = flattery.Profile{Identity: flattery.Identity{Network: flattery.Web, Host: host, Subject: "~" + address}, Name: host, URL: address}
		return o, nil
	case named:
		err = b.byHandle(ctx, &o, network, handle)
	default:
		err = b.byName(ctx, &o, user)
	}
	if err != nil {
		return Offer{}, err
	}
	return o, b.look(ctx, account, &o)
}

// byName is for accounts that want to be seen; nobody learns which others there are.
func (b *Buttons) byName(ctx context.Context, o *Offer, name string) error {
	a, err := b.Store.AccountNamed(ctx, name)
	if errors.Is(err, flattery.ErrNotFound) || err == nil && !a.Public {
		return flattery.Input("nobody here has a button by the name %q", name)
	}
	if err != nil {
		return fmt.Errorf("click: %w", err)
	}
	o.Author, o.Claimed, o.Account, o.Name = a.Self(), true, a.ID, a.Name
	o.Thing.ID = flattery.House + ":" + strconv.FormatInt(int64(a.ID), 10) + " " + o.Thing.URL
	return nil
}

// byHandle: who claims the handle, else the handle alone, which waits for the claim that proves it.
func (b *Buttons) byHandle(ctx context.Context, o *Offer, network, handle string) error {
	c, err := b.Networks.Get(strings.ToLower(network))
	handle = strings.TrimPrefix(handle, "@")
	if err != nil {
		return flattery.Input("user_id names the network %q, which is none of those known here", network)
	}
	if handle == "" || strings.ContainsAny(handle, " /?#") {
		return flattery.Input("user_id has no name after %s:", c.Info().Network)
	}
	info, folded := c.Info(), strings.ToLower(handle)
	o.Thing.ID = info.Network + ":" + folded + " " + o.Thing.URL
	claim, err := b.Store.ClaimOf(ctx, info.Network, info.Host, handle)
	if errors.Is(err, flattery.ErrNotFound) {
		o.Author = flattery.Profile{Identity: flattery.Identity{Network: info.Network, Host: info.Host, Subject: "@" + folded}, Handle: handle}
		return nil
	}
	if err != nil {
		return fmt.Errorf("click: %w", err)
	}
	a, err := b.Store.Account(ctx, claim.Account)
	if err != nil {
		return fmt.Errorf("click: %w", err)
	}
	if o.Author, o.Claimed, o.Account = claim.Identity, true, claim.Account; a.Public {
		o.Name = a.Name
	}
	return nil
}

// look finds out whether it is of who asks, and whether the page is the author's.
func (b *Buttons) look(ctx context.Context, account flattery.AccountID, o *Offer) error {
	if o.Claimed {
		claims, err := b.Store.Claims(ctx, o.Account)
		if err != nil {
			return fmt.Errorf("click: %w", err)
		}
		o.Own = account == o.Account
		o.Site = o.Name != "" && o.Thing.URL == b.page(o.Name)
		for _, c := range claims {
			o.Site = o.Site || c.Identity.Network == flattery.Web && c.Identity.Host == o.Thing.Host || below(c.Identity.URL, o.Thing.URL)
		}
	}
	if account == 0 || o.Own {
		return nil
	}
	links, err := b.Store.Links(ctx, account)
	if err != nil {
		return fmt.Errorf("click: %w", err)
	}
	for _, l := range links {
		o.Own = o.Own || l.Proof.Proved() && l.Identity.Identity == o.Author.Identity
	}
	return nil
}

// page is the public page of an account, as a thing's address.
func (b *Buttons) page(name string) string {
	address, _, err := Canonical(b.Base() + PagePath(name))
	if err != nil {
		return ""
	}
	return address
}

// below reports whether a page is another or stands under it.
func below(root, page string) bool {
	root, _, err := Canonical(root)
	if err != nil {
		return false
	}
	root = strings.TrimSuffix(root, "/")
	rest, ok := strings.CutPrefix(page, root)
	return ok && (rest == "" || rest[0] == '/' || rest[0] == '?')
}

// Press is one press on a button: the turn comes from the button and makes it one, however often it is sent.
func (b *Buttons) Press(ctx context.Context, account flattery.AccountID, a Asked, turn int64) (store.Outcome, error) {
	o, err := b.Offer(ctx, account, a)
	if err != nil {
		return store.Outcome{}, err
	}
	if turn <= 0 {
		return store.Outcome{}, flattery.Input("this is no button of these pages: open it anew")
	}
	var out store.Outcome
	err = b.Store.Update(ctx, func(tx store.Tx) error {
		got, err := tx.AddClick(ctx, store.Click{Account: account, Thing: o.Thing, Author: o.Author, Turn: turn, Once: b.Once}, b.Now())
		out = got
		return err
	})
	return out, err
}

// Publish shows an account to everybody, or no longer.
func (b *Buttons) Publish(ctx context.Context, id flattery.AccountID, public bool) error {
	a, err := b.Store.Account(ctx, id)
	if err != nil {
		return fmt.Errorf("click: %w", err)
	}
	a.Public = public
	return b.Save(ctx, a)
}

// Save writes an account's settings. What the button of one that is shown stands for is its own; that stays when it is no
// longer shown.
func (b *Buttons) Save(ctx context.Context, a flattery.Account) error {
	now := b.Now()
	return b.Store.Update(ctx, func(tx store.Tx) error {
		if err := tx.SetSettings(ctx, a.ID, a.Settings, now); err != nil || !a.Public {
			return err
		}
		return Own(ctx, tx, a, now)
	})
}

// Own makes an account the author of what its button stands for.
func Own(ctx context.Context, tx store.Tx, a flattery.Account, now time.Time) error {
	_, err := tx.AddClaim(ctx, flattery.Claim{Account: a.ID, Identity: a.Self(), Proof: flattery.ByHouse, ProvedAt: now.Truncate(time.Second)})
	return err
}
