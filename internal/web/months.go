package web

import (
	"slices"
	"time"

	"flattery"
)

// monthsPage is the account's months, newest first.
type monthsPage struct {
	frame
	Currency string
	Months   []monthLine
	Given    flattery.Amount // shares of all settled months
	Flattrs  int             // of these
	Average  flattery.Amount
	Mixed    bool // months of several currencies, which are not added up
}

func (*monthsPage) name() string { return "months" }

// monthLine is one month in that list.
type monthLine struct {
	Month    flattery.Month
	State    string // open, ended, frozen, settled
	Current  bool
	Closes   time.Time
	Budget   flattery.Amount
	Shares   flattery.Amount // settled months
	Flattrs  int
	Average  flattery.Amount // per flattr; 0 without flattrs
	Currency string
}

func (s *site) months(v *visit) (view, error) {
	months, err := s.Store.Months(v.ctx)
	if err != nil {
		return view{}, err
	}
	settled, err := s.Store.Settlements(v.ctx, v.account.ID)
	if err != nil {
		return view{}, err
	}
	p := &monthsPage{Currency: s.currency(v.account)}
	p.Nav = "months"
	current, first := s.currentMonth(v, months).Month, s.firstMonth(v.account)
	if len(settled) > 0 {
		first = min(first, settled[len(settled)-1].Month)
	}
	if len(months) == 0 || months[0].Month != current { // begun by the calendar, not yet in the store
		months = append([]flattery.MonthState{s.monthState(nil, current)}, months...)
	}
	for _, st := range months {
		if st.Month < first || st.Month > current {
			continue
		}
		line, err := s.monthLine(v, st, settled)
		if err != nil {
			return view{}, err
		}
		line.Current = st.Month == current
		p.Months = append(p.Months, line)
	}
	for _, d := range settled {
		p.Given, p.Flattrs = p.Given+d.Shares, p.Flattrs+d.Flattrs
		p.Mixed = p.Mixed || d.Currency != p.Currency
	}
	p.Average = average(p.Given, p.Flattrs)
	return view{page: p}, nil
}

func (s *site) monthLine(v *visit, st flattery.MonthState, settled []flattery.Settlement) (monthLine, error) {
	a, err := s.withGiven(v)
	if err != nil {
		return monthLine{}, err
	}
	l := monthLine{Month: st.Month, State: reached(st, v.now), Closes: st.Ends.Add(s.Grace), Budget: a.Budget, Currency: s.currency(a)}
	if !st.SettledAt.IsZero() {
		l.Budget = 0
		if d, ok := settlementOf(settled, st.Month); ok {
			l.Budget, l.Shares, l.Flattrs, l.Currency, l.Average = d.Budget, d.Shares, d.Flattrs, d.Currency, average(d.Shares, d.Flattrs)
		}
		return l, nil
	}
	t, err := s.Store.Tally(v.ctx, v.account.ID, st.Month)
	if err != nil {
		return l, err
	}
	me := s.measure(a, t)
	l.Flattrs, l.Average = t.Counting, estimate(me.budget, 1, int64(t.Counting), me.limit)
	return l, nil
}

// reached is how far a month has come: open, ended, frozen or settled.
func reached(m flattery.MonthState, now time.Time) string {
	switch {
	case !m.SettledAt.IsZero():
		return "settled"
	case !m.FrozenAt.IsZero():
		return "frozen"
	case !now.Before(m.Ends):
		return "ended"
	}
	return "open"
}

func settlementOf(settled []flattery.Settlement, m flattery.Month) (flattery.Settlement, bool) {
	i := slices.IndexFunc(settled, func(d flattery.Settlement) bool { return d.Month == m })
	if i < 0 {
		return flattery.Settlement{}, false
	}
	return settled[i], true
}

func average(sum flattery.Amount, n int) flattery.Amount {
	if n == 0 {
		return 0
	}
	return sum / flattery.Amount(n)
}

// statementPage is one settled month, fit to be printed.
type statementPage struct {
	frame
	flattery.Settlement
	Month     flattery.Month
	Given     bool // there is a settlement; else nothing counted and nothing was given
	SettledAt time.Time
	Head      string // of the ledger
	House     string // address of the instance
	Average   flattery.Amount
	Authors   int // who wait
	Tally     flattery.Tally
	Networks  chart
	Creators  chart
	List      list
	Currency  string
}

func (*statementPage) name() string { return "statement" }

func (s *site) statement(v *visit, st flattery.MonthState) (view, error) {
	settled, err := s.Store.Settlements(v.ctx, v.account.ID)
	if err != nil {
		return view{}, err
	}
	d, given := settlementOf(settled, st.Month)
	t, err := s.Store.Tally(v.ctx, v.account.ID, st.Month)
	if err != nil {
		return view{}, err
	}
	me := measure{settled: true, currency: d.Currency}
	if !given {
		me.currency = s.currency(v.account)
	}
	p := &statementPage{
		Settlement: d, Month: st.Month, Given: given, SettledAt: st.SettledAt, Head: st.Head, House: s.BaseURL,
		Average: average(d.Shares, d.Flattrs), Tally: t, Currency: me.currency,
		Networks: networkChart(t, me), Creators: creatorChart(t, me),
	}
	p.Nav = "months"
	if p.Authors, err = s.Store.AuthorsWaiting(v.ctx, v.account.ID); err != nil {
		return view{}, err
	}
	if p.List, err = s.list(v, st.Month, "/months/"+st.Month.String(), stated, me, false); err != nil {
		return view{}, err
	}
	p.List.Filters = filters(t, p.List.State)
	return view{page: p}, nil
}
