package web

import (
	"context"
	"html/template"
	"slices"
	"strconv"
	"time"

	"flattery"
)

// The most flattrs on one page of a list, and of a statement.
const (
	listed = 50
	stated = 200
)

// monthPage is one month that is not settled: its flattrs, what each would receive, and when it closes.
type monthPage struct {
	frame
	Month    flattery.Month
	Current  bool // it contains now; else it has ended and waits to be closed
	Closes   time.Time
	Due      bool // Closes has passed and the freeze has not come yet
	Frozen   bool
	Before   flattery.Month // the month before, while it can still be changed; 0: none
	Budget   flattery.Amount
	Cap      flattery.Amount
	Currency string
	Paused   bool
	Each     flattery.Amount // estimated, per flattr
	Weighted bool            // not every flattr receives the same, and Each is their average
	Linked   int
	Authors  int // who wait
	Admitted []flattery.Admitted
	Tally    flattery.Tally
	Networks chart
	Creators chart
	List     list
}

func (*monthPage) name() string { return "month" }

// list is a stretch of a month's flattrs.
type list struct {
	Path    string // of the month's page
	State   flattery.State
	Filters []filter
	Days    []dayOf
	Next    flattery.FlattrID // where the next page begins; 0: this is the last
	First   bool              // this is the first page
	Open    bool              // its flattrs can be taken out and put back
	Here    string
}

// filter narrows a list to one state.
type filter struct {
	State   flattery.State
	Count   int
	Current bool
}

// dayOf is the flattrs of one day.
type dayOf struct {
	Day     time.Time
	Flattrs []line
}

// line is one flattr as a page shows it: a month has many, so what they say stands ready in the visitor's language.
type line struct {
	ID      string
	State   string
	Name    string // of the thing
	Page    template.URL
	Author  string
	Profile template.URL
	Of      string // network and kind
	More    bool   // there is more to say, and to do, on a page of its own
	Unliked bool
	Share   string // what it received, or would; "" if it does not count
	Badge   string // what State is called; "" where Share tells
	Drop    bool   // it can be taken out
	Undo    string // what putting it back is called; "": it cannot be
}

func (s *site) thisMonth(v *visit) (view, error) {
	months, err := s.Store.Months(v.ctx)
	if err != nil {
		return view{}, err
	}
	return s.showMonth(v, months, s.currentMonth(v, months).Month, "/month")
}

func (s *site) oneMonth(v *visit) (view, error) {
	months, err := s.Store.Months(v.ctx)
	if err != nil {
		return view{}, err
	}
	m, err := flattery.ParseMonth(v.PathValue("month"))
	if err != nil || m > s.currentMonth(v, months).Month || m < s.firstMonth(v.account) {
		return view{}, flattery.ErrNotFound
	}
	return s.showMonth(v, months, m, "/months/"+m.String())
}

// firstMonth is the earliest month that an account may have anything in: likes of the month in which it began.
func (s *site) firstMonth(a flattery.Account) flattery.Month {
	return flattery.MonthOf(a.CreatedAt, s.Location)
}

func (s *site) showMonth(v *visit, months []flattery.MonthState, m flattery.Month, path string) (view, error) {
	st := s.monthState(months, m)
	if !st.SettledAt.IsZero() {
		return s.statement(v, st)
	}
	t, err := s.Store.Tally(v.ctx, v.account.ID, m)
	if err != nil {
		return view{}, err
	}
	links, err := s.Store.Links(v.ctx, v.account.ID)
	if err != nil {
		return view{}, err
	}
	a, err := s.withGiven(v)
	if err != nil {
		return view{}, err
	}
	me := s.measure(a, t)
	p := &monthPage{
		Month: m, Current: m == s.currentMonth(v, months).Month, Frozen: !st.FrozenAt.IsZero(), Closes: st.Ends.Add(s.Grace),
		Budget: a.Budget, Cap: v.account.Cap, Currency: me.currency, Paused: v.account.Paused,
		Each: estimate(me.budget, 1, int64(t.Counting), me.limit), Weighted: t.Weight != int64(t.Counting) || me.split == flattery.SplitByCreator,
		Linked: len(standing(links)), Tally: t, Networks: networkChart(t, me), Creators: creatorChart(t, me),
	}
	p.Nav = map[bool]string{true: "month", false: "months"}[p.Current]
	p.Due = !p.Frozen && !v.now.Before(p.Closes)
	if t.Pending > 0 {
		if p.Authors, err = s.Store.AuthorsWaiting(v.ctx, v.account.ID); err != nil {
			return view{}, err
		}
	}
	if !p.Frozen {
		if p.Admitted, err = s.Store.Admitted(v.ctx, v.account.ID, m); err != nil {
			return view{}, err
		}
	}
	for _, last := range months {
		if p.Current && last.Month == m-1 && m > s.firstMonth(v.account) && last.FrozenAt.IsZero() {
			p.Before = m - 1
		}
	}
	if p.List, err = s.list(v, m, path, listed, me, !p.Frozen); err != nil {
		return view{}, err
	}
	p.List.Filters = filters(t, p.List.State)
	return view{page: p}, nil
}

// currentMonth is the one that contains now: as the store began it, also where the time zone has changed since.
func (s *site) currentMonth(v *visit, months []flattery.MonthState) flattery.MonthState {
	for _, st := range months {
		if !v.now.Before(st.Starts) && v.now.Before(st.Ends) {
			return st
		}
	}
	return s.monthState(months, flattery.MonthOf(v.now, s.Location))
}

// monthState finds a month among those the store knows. One it has not begun yet gets its bounds from the calendar.
func (s *site) monthState(months []flattery.MonthState, m flattery.Month) flattery.MonthState {
	for _, st := range months {
		if st.Month == m {
			return st
		}
	}
	return flattery.MonthState{Month: m, Starts: m.Starts(s.Location), Ends: m.Ends(s.Location)}
}

// measure says what a weight is worth in a month that is still open. Who is paused gives nothing.
func (s *site) measure(a flattery.Account, t flattery.Tally) measure {
	m := measure{budget: a.Budget - s.Fee.Of(a.Budget), limit: a.Cap, weight: t.Weight, currency: s.currency(a), split: s.Split}
	if a.Paused {
		m.budget = 0
	}
	if m.split == flattery.SplitByCreator {
		m.creators = map[flattery.Identity]int64{}
		for _, c := range t.Creators {
			m.creators[c.Author.Identity] = c.Weight
		}
	}
	return m
}

// withGiven is the visitor's account, its budget with what it gave on and is spent on top.
func (s *site) withGiven(v *visit) (flattery.Account, error) {
	a := v.account
	if !a.OnTop {
		return a, nil
	}
	given, err := s.Store.Given(v.ctx, a.ID)
	for _, g := range given {
		if g.Currency == s.currency(a) && g.Promised == (s.Mode != Prepaid) {
			a.Budget += g.Left()
		}
	}
	return a, err
}

// currency is the account's own, or the instance's where it never chose.
func (s *site) currency(a flattery.Account) string {
	if a.Currency != "" && (a.Budget > 0 || slices.Contains(s.Currencies, a.Currency)) {
		return a.Currency
	}
	return s.Currencies[0]
}

// list reads one page of a month's flattrs, as the address asks for: ?state= and ?before=.
func (s *site) list(v *visit, m flattery.Month, path string, most int, me measure, open bool) (list, error) {
	l := list{Path: path, State: flattery.State(v.URL.Query().Get("state")), First: true, Open: open, Here: v.URL.RequestURI()}
	switch l.State {
	case "", flattery.Counting, flattery.Pending, flattery.Own, flattery.Excluded, flattery.Removed, flattery.Lapsed:
	default:
		return l, flattery.ErrNotFound
	}
	var before flattery.FlattrID
	if b := v.URL.Query().Get("before"); b != "" {
		n, err := strconv.ParseInt(b, 10, 64)
		if err != nil || n <= 0 {
			return l, flattery.ErrNotFound
		}
		before, l.First = flattery.FlattrID(n), false
	}
	all, err := s.Store.Flattrs(v.ctx, v.account.ID, m, l.State, before, most+1)
	if err != nil {
		return l, err
	}
	if len(all) > most {
		all = all[:most]
		l.Next = all[most-1].ID
	}
	slices.SortStableFunc(all, func(a, b flattery.Flattr) int { return b.At.Compare(a.At) })
	for _, f := range all {
		d := f.At.In(s.Location)
		day := time.Date(d.Year(), d.Month(), d.Day(), 12, 0, 0, 0, s.Location)
		if n := len(l.Days); n == 0 || !l.Days[n-1].Day.Equal(day) {
			l.Days = append(l.Days, dayOf{Day: day})
		}
		one, err := s.line(v.tongue, f, me, open)
		if err != nil {
			return l, err
		}
		last := &l.Days[len(l.Days)-1]
		last.Flattrs = append(last.Flattrs, one)
	}
	return l, nil
}

// line says what there is to say of one flattr.
func (s *site) line(g *tongue, f flattery.Flattr, me measure, open bool) (l line, err error) {
	l = line{ID: strconv.FormatInt(int64(f.ID), 10), State: string(f.State), Unliked: f.Unliked, Drop: open && droppable(f),
		Name: named(f.Thing), Page: pageLink(f.Thing.URL), Author: who(f.Author), Profile: pageLink(f.Author.URL)}
	network, err := s.networkTitle(g, f.Thing.Network)
	if err != nil {
		return l, err
	}
	kind, err := s.kind(g, f)
	if err != nil {
		return l, err
	}
	l.Of = network + " · " + kind
	counts := f.State == flattery.Counting
	l.More = !me.settled && (counts || f.State == flattery.Pending || f.State == flattery.Excluded)
	switch {
	case counts && me.settled:
		l.Share, err = g.precise(me.flattr(f), me.currency)
	case counts:
		l.Share, err = g.about(me.flattr(f), me.currency)
	}
	if err == nil && (!counts || !me.settled) {
		l.Badge, err = g.say("state." + l.State)
	}
	if err == nil && open && undoable(f) {
		l.Undo, err = g.say(map[bool]string{true: "list.count", false: "list.restore"}[f.State == flattery.Excluded])
	}
	return l, err
}

// kind is what a flattr came of, and what it weighs if that is more than one: "star", "subscription · weighs 3".
func (s *site) kind(g *tongue, f flattery.Flattr) (kind string, err error) {
	switch f.Kind {
	case flattery.KindClick, flattery.KindSubscription:
		kind, err = g.say("kind." + string(f.Kind))
	default:
		kind, err = s.noun(g, f.Thing.Network)
	}
	if err != nil || f.Weight <= 1 {
		return kind, err
	}
	weighs, err := g.say("list.weight", "weight", f.Weight)
	return kind + " · " + weighs, err
}

// filters are the states that a month has flattrs in, after "all".
func filters(t flattery.Tally, current flattery.State) []filter {
	all := []filter{
		{Count: t.Counting + t.Pending + t.Own + t.Excluded + t.Removed + t.Lapsed}, {State: flattery.Counting, Count: t.Counting},
		{State: flattery.Pending, Count: t.Pending}, {State: flattery.Own, Count: t.Own},
		{State: flattery.Excluded, Count: t.Excluded}, {State: flattery.Removed, Count: t.Removed}, {State: flattery.Lapsed, Count: t.Lapsed},
	}
	var shown []filter
	for _, f := range all {
		f.Current = f.State == current
		if f.Count > 0 || f.Current && f.State != "" {
			shown = append(shown, f)
		}
	}
	return shown
}

func (s *site) removeFlattr(v *visit) (view, error)  { return s.change(v, s.Doors.RemoveFlattr) }
func (s *site) restoreFlattr(v *visit) (view, error) { return s.change(v, s.Doors.RestoreFlattr) }

func (s *site) change(v *visit, command func(ctx context.Context, a flattery.AccountID, id flattery.FlattrID) error) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	id, err := v.number("id")
	if err != nil {
		return view{}, err
	}
	if err := command(v.ctx, v.account.ID, flattery.FlattrID(id)); err != nil {
		return view{}, err
	}
	return view{redirect: v.back("/month") + "#f" + strconv.FormatInt(id, 10)}, nil
}
