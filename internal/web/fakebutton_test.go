package web

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"flattery"
)

func (w *world) addSubscriptions(october flattery.Month, rough bool) {
	w.nevers, w.turns = map[flattery.LinkID][]flattery.Profile{1: {author("github", "spam", "spam-farm")}}, map[int64]flattery.FlattrID{}
	w.links[1].Rules = flattery.Rules{Paused: true, Weight: 3, Matching: "fog\nhttps://flickr.example/*"}
	sub := func(id flattery.SubscriptionID, l [3]string, first, last flattery.Month, stopped time.Time) {
		w.subscriptions = append(w.subscriptions, flattery.Subscription{ID: id, Account: ada, First: first, Last: last, MadeAt: today, StoppedAt: stopped,
			Thing: flattery.Thing{Network: l[0], Host: l[0] + ".example", ID: l[2], URL: "https://" + l[0] + ".example/things/1", Title: l[2]}, Author: author(l[0], l[1], l[1])})
	}
	sub(1, liked[0], october, october+2, time.Time{})
	sub(2, liked[2], october-2, 0, time.Time{})
	sub(3, liked[5], october-5, october-3, time.Time{})
	sub(4, liked[7], october-1, 0, today)
	if rough {
		sub(5, [3]string{"github", hostile[2], hostile[2]}, october, 0, time.Time{})
		sub(6, [3]string{"github", hostile[0], hostile[1]}, october, october, time.Time{})
		w.nevers[1] = append(w.nevers[1], author("github", "x", hostile[2]))
		w.links[0].Rules.Matching = hostile[0] + "\n" + hostile[2][:200]
	}
}

func (w *world) AccountNamed(_ context.Context, name string) (flattery.Account, error) {
	for _, a := range w.accounts {
		if strings.EqualFold(a.Name, name) || a.ID == bob && name == "Bob" { // however he is called where names are strange
			return a, w.broken
		}
	}
	return flattery.Account{}, flattery.ErrNotFound
}

func (w *world) Flattr(_ context.Context, a flattery.AccountID, id flattery.FlattrID) (flattery.Flattr, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range w.flattrs {
		if f.ID == id && f.Account == a {
			return f, w.broken
		}
	}
	return flattery.Flattr{}, flattery.ErrNotFound
}

func (w *world) Nevers(_ context.Context, l flattery.LinkID) ([]flattery.Profile, error) {
	return w.nevers[l], w.broken
}

func (w *world) Subscriptions(_ context.Context, id flattery.AccountID) ([]flattery.Subscription, error) {
	return own(w, w.subscriptions, func(s flattery.Subscription) bool { return s.Account == id })
}

// Offer takes "Ada" for a name, "github:NAME" for a handle, and no address but of a page.
func (w *world) Offer(_ context.Context, account flattery.AccountID, a Asked) (Offer, error) {
	u, err := url.Parse(a.URL)
	if err != nil || u.Scheme != "https" {
		return Offer{}, flattery.Input("only pages that begin with https:// can be flattred")
	}
	o := Offer{Thing: flattery.Thing{Network: flattery.Web, Host: u.Host, ID: a.User + " " + a.URL, URL: a.URL, Title: clean(a.Title)}}
	switch network, handle, named := strings.Cut(a.User, ":"); {
	case named:
		o.Author = author(network, "@"+handle, clean(handle))
	case a.User == "":
		o.Author = flattery.Profile{Identity: flattery.Identity{Network: flattery.Web, Host: u.Host, Subject: "~" + a.URL}, Name: u.Host, URL: a.URL}
	default:
		owner, err := w.AccountNamed(context.Background(), a.User)
		if err != nil || !owner.Public {
			return Offer{}, flattery.Input("nobody here has a button by the name %q", a.User)
		}
		o.Author, o.Claimed, o.Name, o.Own = owner.Self(), true, owner.Name, owner.ID == account
	}
	return o, w.broken
}

func (w *world) Click(ctx context.Context, account flattery.AccountID, a Asked, turn int64) (Clicked, error) {
	o, err := w.Offer(ctx, account, a)
	if err != nil {
		return Clicked{}, err
	}
	if turn <= 0 {
		return Clicked{}, flattery.Input("this is no button of these pages")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuse != nil {
		return Clicked{}, w.refuse
	}
	if id, ok := w.turns[turn]; ok {
		return Clicked{id, w.flattrs[id-1].State, true}, nil
	}
	f := flattery.Flattr{ID: flattery.FlattrID(len(w.flattrs) + 1), Account: account, Kind: flattery.KindClick, Turn: turn, Thing: o.Thing, Author: o.Author,
		State: flattery.Pending, At: today, FoundAt: today, Weight: 1}
	switch {
	case o.Own:
		f.State = flattery.Own
	case o.Claimed:
		f.State, f.CountsIn = flattery.Counting, flattery.MonthOf(today, w.zone)
	}
	w.flattrs, w.turns[turn] = append(w.flattrs, f), f.ID
	return Clicked{f.ID, f.State, false}, nil
}

func (w *world) Subscribe(ctx context.Context, account flattery.AccountID, id flattery.FlattrID, months int) error {
	f, err := w.Flattr(ctx, account, id)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	s := flattery.Subscription{ID: flattery.SubscriptionID(len(w.subscriptions) + 1), Account: account, Thing: f.Thing, Author: f.Author,
		First: flattery.MonthOf(today, w.zone) + 1, MadeAt: today}
	if months > 0 {
		s.Last = s.First + flattery.Month(months) - 1
	}
	w.subscriptions = append(w.subscriptions, s)
	return w.refuse
}

func (w *world) StopSubscription(_ context.Context, account flattery.AccountID, id flattery.SubscriptionID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, s := range w.subscriptions {
		if s.ID == id && s.Account == account {
			w.subscriptions[i].StoppedAt = today
			return w.refuse
		}
	}
	return flattery.ErrNotFound
}

func (w *world) link(account flattery.AccountID, id flattery.LinkID) (*flattery.Link, error) {
	i := slices.IndexFunc(w.links, func(l flattery.Link) bool { return l.ID == id && l.Account == account })
	if i < 0 {
		return nil, flattery.ErrNotFound
	}
	return &w.links[i], w.refuse
}

func (w *world) SetRules(_ context.Context, account flattery.AccountID, id flattery.LinkID, r flattery.Rules) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	l, err := w.link(account, id)
	if err == nil {
		l.Rules = r
	}
	return err
}

func (w *world) Never(_ context.Context, account flattery.AccountID, id flattery.LinkID, who flattery.Profile) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if who.Handle == "nobody" {
		return flattery.ErrNotFound
	}
	_, err := w.link(account, id)
	if err == nil {
		w.nevers[id] = append(w.nevers[id], who)
	}
	return err
}

func (w *world) Allow(_ context.Context, account flattery.AccountID, id flattery.LinkID, who flattery.Identity) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := w.link(account, id); err != nil {
		return err
	}
	left := slices.DeleteFunc(slices.Clone(w.nevers[id]), func(p flattery.Profile) bool { return p.Identity == who })
	if len(left) == len(w.nevers[id]) {
		return fmt.Errorf("never: %w", flattery.ErrNotFound)
	}
	w.nevers[id] = left
	return nil
}

func (w *world) Publish(_ context.Context, account flattery.AccountID, public bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuse != nil {
		return w.refuse
	}
	a := w.accounts[account]
	a.Public = public
	w.accounts[account] = a
	return nil
}
