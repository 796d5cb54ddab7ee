package web

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"flattery"
)

// flattrPage is one flattr: what became of it, words to tell others, and how it counts again.
type flattrPage struct {
	frame
	Flattr     flattery.Flattr
	Months     []int                 // how long one may subscribe
	Subscribed flattery.Subscription // zero: not
	First      flattery.Month        // from when on a new one counts
	Never      bool                  // its author can be excluded from its link
	CanUndo    bool
	CanDrop    bool
	MustGive   bool // receivers
}

func (*flattrPage) name() string { return "flattr" }

func (s *site) flattr(v *visit) (view, error) {
	id, err := v.number("id")
	if err != nil {
		return view{}, err
	}
	f, err := s.Store.Flattr(v.ctx, v.account.ID, flattery.FlattrID(id))
	if err != nil {
		return view{}, err
	}
	months, err := s.Store.Months(v.ctx)
	if err != nil {
		return view{}, err
	}
	in := f.CountsIn
	if in == 0 {
		in = flattery.MonthOf(f.FoundAt, s.Location)
	}
	open := s.monthState(months, in).FrozenAt.IsZero()
	p := &flattrPage{
		Flattr: f, MustGive: s.MustGive, Months: flattery.SubscriptionMonths(), First: s.currentMonth(v, months).Month + 1,
		CanUndo: open && undoable(f), CanDrop: open && droppable(f), Never: f.Link != 0,
	}
	p.Nav = "month"
	subscribed, err := s.Store.Subscriptions(v.ctx, v.account.ID)
	if err != nil {
		return view{}, err
	}
	for _, sub := range subscribed {
		if sub.Thing == f.Thing && running(sub, s.currentMonth(v, months).Month) {
			p.Subscribed = sub
		}
	}
	if !slices.Contains([]flattery.State{flattery.Counting, flattery.Pending, flattery.Lapsed}, f.State) {
		p.Months = nil
	}
	return view{page: p}, nil
}

// undoable and droppable say what may be done to a flattr whose month is open.
func undoable(f flattery.Flattr) bool {
	return f.State == flattery.Removed && !f.Unliked || f.State == flattery.Excluded
}

func droppable(f flattery.Flattr) bool {
	return f.State == flattery.Counting || f.State == flattery.Pending
}

// running reports whether a subscription still counts in a month, or will.
func running(s flattery.Subscription, m flattery.Month) bool {
	return s.StoppedAt.IsZero() && (s.Last == 0 || s.Last >= m)
}

func (s *site) subscribe(v *visit) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	id, err := v.number("id")
	if err != nil {
		return view{}, err
	}
	months, err := strconv.Atoi(v.PostFormValue("months"))
	if err != nil || !slices.Contains(flattery.SubscriptionMonths(), months) {
		return view{}, flattery.Input("choose how long: 3, 6 or 12 months, or until you stop it")
	}
	if err := s.Doors.Subscribe(v.ctx, v.account.ID, flattery.FlattrID(id), months); err != nil {
		return view{}, err
	}
	return view{redirect: "/flattrs/" + strconv.FormatInt(id, 10)}, s.tell(v, false, "", "flash.subscribed")
}

// subscriptionsPage lists what counts again each month.
type subscriptionsPage struct {
	frame
	Running []flattery.Subscription
	Ended   []flattery.Subscription
}

func (*subscriptionsPage) name() string { return "subscriptions" }

func (s *site) subscriptions(v *visit) (view, error) {
	all, err := s.Store.Subscriptions(v.ctx, v.account.ID)
	if err != nil {
		return view{}, err
	}
	months, err := s.Store.Months(v.ctx)
	if err != nil {
		return view{}, err
	}
	p := &subscriptionsPage{}
	for _, sub := range all {
		if running(sub, s.currentMonth(v, months).Month) {
			p.Running = append(p.Running, sub)
		} else {
			p.Ended = append(p.Ended, sub)
		}
	}
	return view{page: p}, nil
}

func (s *site) stopSubscription(v *visit) (view, error) {
	return s.release(v, "/subscriptions", "flash.stopped", func(ctx context.Context, id int64) error {
		return s.Doors.StopSubscription(ctx, v.account.ID, flattery.SubscriptionID(id))
	})
}

// rulesPage is what counts over one link.
type rulesPage struct {
	frame
	Link    flattery.Link
	Nevers  []flattery.Profile
	Weights []int64
}

func (*rulesPage) name() string { return "rules" }

// ownLink finds a link of who asks.
func (s *site) ownLink(v *visit) (flattery.Link, error) {
	id, err := v.number("id")
	if err != nil {
		return flattery.Link{}, err
	}
	links, err := s.Store.Links(v.ctx, v.account.ID)
	if err != nil {
		return flattery.Link{}, err
	}
	for _, l := range standing(links) {
		if int64(l.ID) == id {
			return l, nil
		}
	}
	return flattery.Link{}, flattery.ErrNotFound
}

func (s *site) rules(v *visit) (view, error) {
	l, err := s.ownLink(v)
	if err != nil {
		return view{}, err
	}
	p := &rulesPage{Link: l}
	p.Nav = "links"
	for w := int64(1); w <= 10; w++ {
		p.Weights = append(p.Weights, w)
	}
	p.Nevers, err = s.Store.Nevers(v.ctx, l.ID)
	return view{page: p}, err
}

func (s *site) saveRules(v *visit) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	l, err := s.ownLink(v)
	if err != nil {
		return view{}, err
	}
	weight, err := strconv.ParseInt(v.PostFormValue("weight"), 10, 64)
	if err != nil {
		return view{}, flattery.Input("a weight is a whole number from 1 to 10")
	}
	r, err := flattery.Rules{Paused: v.PostFormValue("on") == "", Weight: weight, Matching: v.PostFormValue("matching")}.Check()
	if err != nil {
		return view{}, err
	}
	if err := s.Doors.SetRules(v.ctx, v.account.ID, l.ID, r); err != nil {
		return view{}, err
	}
	return view{redirect: rulesPath(l.ID)}, s.tell(v, false, "", "flash.rules")
}

func rulesPath(id flattery.LinkID) string { return "/links/" + strconv.FormatInt(int64(id), 10) }

// never excludes an author from a link: of a flattr, or by name.
func (s *site) never(v *visit) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	l, err := s.ownLink(v)
	if err != nil {
		return view{}, err
	}
	who := flattery.Profile{Handle: clean(v.PostFormValue("handle"))}
	if text := v.PostFormValue("flattr"); text != "" {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return view{}, flattery.ErrNotFound
		}
		f, err := s.Store.Flattr(v.ctx, v.account.ID, flattery.FlattrID(id))
		if err != nil {
			return view{}, err
		}
		who = f.Author
	}
	err = s.Doors.Never(v.ctx, v.account.ID, l.ID, who)
	if errors.Is(err, flattery.ErrNotFound) {
		return view{redirect: rulesPath(l.ID)}, s.tell(v, true, "", "flash.nobody")
	}
	if err != nil {
		return view{}, err
	}
	return view{redirect: rulesPath(l.ID)}, s.tell(v, false, "", "flash.never")
}

func (s *site) allow(v *visit) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	l, err := s.ownLink(v)
	if err != nil {
		return view{}, err
	}
	who := flattery.Identity{Network: v.PostFormValue("network"), Host: v.PostFormValue("host"), Subject: v.PostFormValue("subject")}
	if err := s.Doors.Allow(v.ctx, v.account.ID, l.ID, who); err != nil {
		return view{}, err
	}
	return view{redirect: rulesPath(l.ID)}, s.tell(v, false, "", "flash.allowed")
}
