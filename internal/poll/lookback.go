package poll

import (
	"context"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/store"
)

const (
	// lookEvery is how often the list of a link is walked as far as its likes may still be taken back. Two walks must
	// miss a like, so a like that is taken back two days before a freeze is withdrawn.
	lookEvery = 24 * time.Hour
	// looksBack is how far: beyond it a like waits for its author at most until it lapses.
	looksBack = 92 * 24 * time.Hour
	// looksAt is how many likes are compared at most; with more in three months nobody is looked after so.
	looksAt = 20_000
)

// lookBack walks the list anew, where absence from it means something, and withdraws what two walks did not find. It
// also meets what the network shows late with an old time. A walk that does not come to its end judges nothing.
func (p *Poller) lookBack(ctx context.Context, c connectors.Connector, s connectors.Session, link *flattery.Link, found *Found) error {
	if info := c.Info(); !info.Reliable || info.Feed != connectors.Timed || s.Now.Before(link.NextWalk) {
		return nil
	}
	l := *link
	l.NextWalk = s.Now.Add(p.jitter(lookEvery))
	w := &store.Walk{From: s.Now.Add(-looksBack), Before: s.Now}
	if w.From.Before(link.BeginsAt) {
		w.From = link.BeginsAt
	}
	s.Month = w.From
	for page, err := range c.Likes(ctx, s, "") {
		if err != nil || len(w.Things) > looksAt || untimed(page.Likes) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			p.Log.Warn("looking back ended early", "link", l.ID, "network", l.Identity.Network, "error", err)
			return p.looked(ctx, link, l, nil, found)
		}
		late := page
		late.Next, late.Baseline = link.Cursor, true
		if err := p.store(ctx, link, found, late, nil); err != nil {
			return err
		}
		for _, like := range page.Likes {
			w.Things = append(w.Things, like.Thing)
		}
	}
	l.Identity, l.Cursor = link.Identity, link.Cursor
	return p.looked(ctx, link, l, w, found)
}

// looked writes what a walk found, if it came to its end, and when the next one is due.
func (p *Poller) looked(ctx context.Context, link *flattery.Link, l flattery.Link, w *store.Walk, found *Found) error {
	unliked := 0
	err := p.Store.Update(ctx, func(tx store.Tx) error {
		gone := 0
		if w != nil {
			var err error
			if gone, err = tx.Walked(ctx, l, *w); err != nil {
				return err
			}
		}
		if err := tx.SaveLink(ctx, l); err != nil {
			return err
		}
		unliked = gone
		return nil
	})
	if err == nil {
		*link = l
		found.Unliked += unliked
	}
	return err
}

func untimed(likes []flattery.Like) bool {
	for _, l := range likes {
		if l.At.IsZero() {
			return true
		}
	}
	return false
}
