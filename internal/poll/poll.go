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
	Link(ctx context.Context, id flattery.LinkID) (flattery.Link, error)
	Token(ctx context.Context, id flattery.LinkID) (flattery.Secret, error)
	Current(ctx context.Context, now time.Time) (flattery.MonthState, error)
	Update(ctx context.Context, fn func(store.Tx) error) error
}

// Poller polls. Its methods may be called from many goroutines at once.
type Poller struct {
	Store    Store
	Networks connectors.Set
	Apps     map[string]connectors.App // keys of this instance, by network
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
	Seen     int             `json:"seen"`             // older than the link
	Reason   string          `json:"reason,omitempty"` // why nothing more came, a key of fates
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
	link, err := p.Store.Link(ctx, id)
	if err != nil {
		return found, fmt.Errorf("poll: link %d: %w", id, err)
	}
	if link.State == flattery.LinkRemoved {
		return found, nil
	}
	c, err := p.Networks.Get(link.Identity.Network)
	if err != nil {
		return found, p.end(ctx, connectors.Info{Interval: Slowest}, &link, &found, connectors.Page{Next: link.Cursor}, errors.Join(errNoConnector, err))
	}
	s, err := p.session(ctx, link)
	if err != nil {
		return found, p.end(ctx, c.Info(), &link, &found, connectors.Page{Next: link.Cursor}, err)
	}
	if err := p.walk(ctx, c, s, &link, &found); err != nil {
		return found, fmt.Errorf("poll: link %d: %s: %w", id, link.Identity.Network, err)
	}
	p.Log.Info("polled", "link", id, "network", link.Identity.Network, "new", found.Likes, "counts", found.Counting, "pending", found.Pending,
		"reason", found.Reason, "next", link.NextPoll)
	return found, nil
}

func (p *Poller) session(ctx context.Context, link flattery.Link) (connectors.Session, error) {
	token, err := p.Store.Token(ctx, link.ID)
	if err != nil {
		return connectors.Session{}, errors.Join(errNoToken, err)
	}
	now := p.Now()
	month, err := p.Store.Current(ctx, now)
	return connectors.Session{
		Identity: link.Identity, Token: token, App: p.Apps[link.Identity.Network],
		Client: p.Client, Now: now, Month: month.Starts,
	}, err
}

// walk stores page after page. The last page is stored together with when to poll next, so that a quiet poll is one
// transaction: each page waits until the one behind it has come.
func (p *Poller) walk(ctx context.Context, c connectors.Connector, s connectors.Session, link *flattery.Link, found *Found) error {
	next, stop := iter.Pull2(c.Likes(ctx, s, link.Cursor))
	defer stop()
	page, err, more := next()
	for more && err == nil {
		behind, behindErr, again := next()
		if !again || behindErr != nil {
			return p.end(ctx, c.Info(), link, found, page, behindErr)
		}
		if err := p.store(ctx, link, found, page, nil); err != nil {
			return err
		}
		page = behind
	}
	return p.end(ctx, c.Info(), link, found, connectors.Page{Next: link.Cursor}, err)
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
		if ending != nil {
			ending(&l, &f)
		}
		if err := tx.SaveLink(ctx, l); err != nil {
			return err
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
