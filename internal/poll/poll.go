// Package poll turns what a network says was liked into flattrs: due link → connector → store, one transaction a page.
// It does not know what a flattr is worth.
package poll

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/internal/queue"
	"flattery/store"
)

// Kind is the kind of job that polls one link; its key is the link's number.
const Kind = "poll"

// Slowest is the longest pause between two polls of a link that gives no news.
const Slowest = 6 * time.Hour

// Due links are claimed so many at a time, and put off for so long: should a job be lost, the link comes due again.
const (
	claimed = 500
	putOff  = 15 * time.Minute
)

// Store is what polling needs of the store.
type Store interface {
	Visit(ctx context.Context, id flattery.LinkID, now time.Time) (store.Visit, error)
	App(ctx context.Context, network string) (flattery.App, error)
	Unnamed(ctx context.Context, n int) ([]flattery.Thing, error)
	Update(ctx context.Context, fn func(store.Tx) error) error
}

// Tokens gives tokens that work now.
type Tokens interface {
	// Fresh is the stored token of a link, or a renewed one where it ends soon; ErrUnauthorized, ErrKey.
	Fresh(ctx context.Context, l flattery.Link, stored flattery.Token, info connectors.Info) (flattery.Token, error)
	// Renew is for a token that the network has just refused.
	Renew(ctx context.Context, l flattery.Link, info connectors.Info, used flattery.Token) (flattery.Token, error)
	// Instance is "" where the network gives none to the instance itself; RenewInstance is for one that it has just refused.
	Instance(ctx context.Context, info connectors.Info) (flattery.Secret, error)
	RenewInstance(ctx context.Context, info connectors.Info, used flattery.Secret) (flattery.Secret, error)
}

// Poller polls. Its methods may be called from many goroutines at once.
type Poller struct {
	Store    Store
	Networks connectors.Set
	Tokens   Tokens
	App      func(network string, entered flattery.App) flattery.App // keys of this instance: those of the settings, else the entered ones
	Caps     map[string]flattery.Amount                              // what a network may take in a month; none: nothing that costs is read
	Client   *http.Client
	Now      func() time.Time
	Jitter   func() float64 // 0 ≤ x < 1; nil: random
	Log      *slog.Logger
}

// Found is what one poll found.
type Found struct {
	Link     flattery.LinkID `json:"link"`
	Likes    int             `json:"likes"` // that were news to us
	Counting int             `json:"counts"`
	Pending  int             `json:"pending"`
	Own      int             `json:"own"`
	Excluded int             `json:"excluded,omitempty"` // by the rules of the link
	Seen     int             `json:"seen"`               // older than the link
	Unliked  int             `json:"unliked,omitempty"`  // withdrawn, since the like was taken back
	Reason   string          `json:"reason,omitempty"`   // why nothing more came, a key of fates
	Detail   string          `json:"detail,omitempty"`
}

// Enqueue makes a job of every link whose time has come.
func (p *Poller) Enqueue(ctx context.Context, now time.Time) error {
	for {
		n := 0
		err := p.Store.Update(ctx, func(tx store.Tx) error {
			ids, err := tx.DueLinks(ctx, now, now.Add(putOff), claimed)
			if err != nil {
				return err
			}
			for _, id := range ids {
				if err := tx.Enqueue(ctx, Kind, strconv.FormatInt(int64(id), 10), now); err != nil {
					return err
				}
			}
			n = len(ids)
			return nil
		})
		if err != nil {
			return fmt.Errorf("poll: due links: %w", err)
		}
		if n < claimed {
			return nil
		}
	}
}

// Work does a job of Kind.
func (p *Poller) Work(ctx context.Context, j queue.Job) error {
	id, err := strconv.ParseInt(j.Key, 10, 64)
	if err != nil {
		return fmt.Errorf("poll: job %q: %w", j.Key, err)
	}
	_, err = p.Poll(ctx, flattery.LinkID(id))
	return err
}

// Poll reads what is news of one link, now. What the network refuses is no error: it is written into the link, and
// stands in Found. An error is a fault of ours or of the store.
func (p *Poller) Poll(ctx context.Context, id flattery.LinkID) (Found, error) {
	found := Found{Link: id}
	visit, err := p.Store.Visit(ctx, id, p.Now())
	if err != nil {
		return found, fmt.Errorf("poll: link %d: %w", id, err)
	}
	link := visit.Link
	if link.State == flattery.LinkRemoved {
		return found, nil
	}
	c, err := p.Networks.Get(link.Identity.Network)
	if err != nil {
		return found, p.end(ctx, connectors.Info{Interval: Slowest}, &link, &found, connectors.Page{Next: link.Cursor}, errors.Join(errNoConnector, err))
	}
	s, err := p.session(ctx, c.Info(), visit)
	if err != nil {
		return found, p.end(ctx, c.Info(), &link, &found, connectors.Page{Next: link.Cursor}, err)
	}
	left := p.left(c.Info(), visit.Spent)
	if err := p.walk(ctx, c, &s, left, &link, &found); err != nil {
		return found, fmt.Errorf("poll: link %d: %s: %w", id, link.Identity.Network, err)
	}
	if found.Reason == "" {
		if err := p.lookBack(ctx, c, s, &link, &found); err != nil {
			return found, fmt.Errorf("poll: link %d: %s: look back: %w", id, link.Identity.Network, err)
		}
	}
	p.Log.Info("polled", "link", id, "network", link.Identity.Network, "new", found.Likes, "counts", found.Counting, "pending", found.Pending,
		"unliked", found.Unliked, "reason", found.Reason, "next", link.NextPoll)
	return found, nil
}

// session is what the connector needs. Its errors are fates of the link, but for the store's.
func (p *Poller) session(ctx context.Context, info connectors.Info, v store.Visit) (connectors.Session, error) {
	s := connectors.Session{Identity: v.Link.Identity, Client: p.Client, Now: v.Now, Month: v.Month, App: p.App(info.Network, v.App)}
	if info.Terms.Tick && s.App.Accepted != info.Terms.Sentence {
		return s, errTerms
	}
	if p.left(info, v.Spent) <= 0 {
		return s, &capError{p.Caps[info.Network], info.Price.Currency, v.Now}
	}
	if v.Sealed != nil {
		return s, v.Sealed
	}
	var err error
	if s.Token, err = p.Tokens.Fresh(ctx, v.Link, v.Token, info); err != nil || s.Token.Has() {
		return s, err
	}
	s.AppToken, err = p.Tokens.Instance(ctx, info)
	return s, err
}

// left is what may still be spent on a network this month; what is free never ends.
func (p *Poller) left(info connectors.Info, spent store.Spending) flattery.Amount {
	if info.Price.Currency == "" {
		return flattery.MaxAmount
	}
	return p.Caps[info.Network] - spent.Amount
}

// walk stores page after page. The last page is stored together with when to poll next, so that a quiet poll is one
// transaction: each page waits until the one behind it has come.
//
// A token that the network refuses is renewed once, where it can be: it may have been taken back, or have ended early.
func (p *Poller) walk(ctx context.Context, c connectors.Connector, s *connectors.Session, left flattery.Amount, link *flattery.Link, found *Found) error {
	err := p.pages(ctx, c, *s, &left, link, found, true)
	switch {
	case errors.Is(err, connectors.ErrUnauthorized):
		s.Token, err = p.Tokens.Renew(ctx, *link, c.Info(), s.Token)
	case errors.Is(err, connectors.ErrKey):
		s.AppToken, err = p.Tokens.RenewInstance(ctx, c.Info(), s.AppToken)
	default:
		return err
	}
	if err != nil {
		return p.end(ctx, c.Info(), link, found, connectors.Page{Next: link.Cursor}, err)
	}
	return p.pages(ctx, c, *s, &left, link, found, false)
}

// pages is one try. With renew a refused token is given back as an error instead of becoming the link's fate, if there can
// be another.
func (p *Poller) pages(ctx context.Context, c connectors.Connector, s connectors.Session, left *flattery.Amount, link *flattery.Link, found *Found, renew bool) error {
	next, stop := iter.Pull2(c.Likes(ctx, s, link.Cursor))
	defer stop()
	page, err, more := next()
	for more && err == nil {
		*left -= page.Cost
		behind, behindErr, again := next()
		refused := renew && renewable(s, behindErr)
		if (!again || behindErr != nil) && !refused {
			return p.end(ctx, c.Info(), link, found, page, behindErr)
		}
		if err := p.store(ctx, link, found, page, nil); err != nil {
			return err
		}
		if refused { // in the middle of a list
			return behindErr
		}
		if page = behind; *left <= 0 && page.Cost > 0 { // it is paid, so it is kept, and it is the last
			return p.end(ctx, c.Info(), link, found, page, &capError{p.Caps[c.Info().Network], c.Info().Price.Currency, s.Now})
		}
	}
	if renew && renewable(s, err) {
		return err
	}
	return p.end(ctx, c.Info(), link, found, connectors.Page{Next: link.Cursor}, err)
}

// renewable reports whether an error is the refusal of a token that can be exchanged for another.
func renewable(s connectors.Session, err error) bool {
	return s.Token.Refresh != "" && errors.Is(err, connectors.ErrUnauthorized) || s.AppToken != "" && errors.Is(err, connectors.ErrKey)
}

// end stores the last page and the fate of the poll.
func (p *Poller) end(ctx context.Context, info connectors.Info, link *flattery.Link, found *Found, page connectors.Page, cause error) error {
	if ctx.Err() != nil { // we are stopping: what was stored stays, the rest is read again
		return ctx.Err()
	}
	return p.store(ctx, link, found, page, func(l *flattery.Link, f *Found) { p.decide(l, f, info, cause) })
}

// store writes a page, its cursor and what ending makes of the link, all or nothing.
func (p *Poller) store(ctx context.Context, link *flattery.Link, found *Found, page connectors.Page, ending func(*flattery.Link, *Found)) error {
	now := p.Now()
	var saved flattery.Link
	var sum Found
	err := p.Store.Update(ctx, func(tx store.Tx) error {
		l, f := *link, *found
		outcomes, err := tx.AddLikes(ctx, l, page.Likes, page.Baseline, now)
		if err != nil {
			return err
		}
		f.add(outcomes)
		l.Cursor = page.Next
		if page.Who.Identity == l.Identity.Identity && page.Who.Handle != "" {
			l.Identity = page.Who
		}
		if ending != nil {
			ending(&l, &f)
		}
		if err := tx.SaveLink(ctx, l); err != nil {
			return err
		}
		if page.Cost > 0 {
			if err := tx.Spend(ctx, l.Identity.Network, flattery.MonthOf(now, time.UTC), store.Spending{Amount: page.Cost, Likes: int64(len(page.Likes))}); err != nil {
				return err
			}
		}
		if !page.Date.IsZero() {
			if err := tx.SawNetwork(ctx, page.Date, now); err != nil {
				return err
			}
		}
		saved, sum = l, f
		return nil
	})
	if err == nil {
		*link, *found = saved, sum
	}
	return err
}

func (f *Found) add(outcomes []store.Outcome) {
	for _, o := range outcomes {
		if o.Known {
			continue
		}
		f.Likes++
		switch o.State {
		case flattery.Counting:
			f.Counting++
		case flattery.Pending:
			f.Pending++
		case flattery.Own:
			f.Own++
		case flattery.Excluded:
			f.Excluded++
		case flattery.Seen:
			f.Seen++
		case flattery.Removed, flattery.Lapsed: // not of a new like
		}
	}
}

// Due polls every link whose time has come, one after the other, and says what each gave.
func (p *Poller) Due(ctx context.Context) ([]Found, error) {
	all := []Found{}
	for {
		var ids []flattery.LinkID
		now := p.Now()
		err := p.Store.Update(ctx, func(tx store.Tx) error {
			due, err := tx.DueLinks(ctx, now, now.Add(putOff), claimed)
			ids = due
			return err
		})
		if err != nil || len(ids) == 0 {
			return all, err
		}
		for _, id := range ids {
			found, err := p.Poll(ctx, id)
			if err != nil {
				return all, err
			}
			all = append(all, found)
		}
	}
}
