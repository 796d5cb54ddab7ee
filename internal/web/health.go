package web

import (
	"slices"
	"strings"
	"time"

	"flattery"
)

// healthPage is how the asking of each network goes, for who runs the instance. It names nobody.
type healthPage struct {
	frame
	Networks []healthLine
}

func (*healthPage) name() string { return "health" }

// healthLine is one network. Durations count from the visit.
type healthLine struct {
	flattery.Health
	Answered time.Duration // since the last good answer
	Waits    time.Duration // since the first of those that are due; 0: none is
	Sick     bool
	Keys     string // where keys are entered; "": none are needed
}

func (s *site) health(v *visit) (view, error) {
	all, err := s.Doors.Health(v.ctx)
	if err != nil {
		return view{}, err
	}
	networks, err := s.networks(v.ctx)
	if err != nil {
		return view{}, err
	}
	p := &healthPage{}
	p.Nav = "health"
	for _, h := range all {
		l := healthLine{Health: h, Sick: h.Late+h.Stopped > 0}
		if !h.LastGood.IsZero() {
			l.Answered = max(v.now.Sub(h.LastGood), 0)
		}
		if !h.NextPoll.IsZero() {
			l.Waits = max(v.now.Sub(h.NextPoll), 0)
		}
		if i := slices.IndexFunc(networks, func(n Network) bool { return n.Key == h.Network && n.Keyed() }); i >= 0 {
			l.Keys = keysPath(networks[i])
		}
		p.Networks = append(p.Networks, l)
	}
	return view{page: p}, nil
}

// adminMonthsPage is every month of the instance with its control sums.
type adminMonthsPage struct {
	frame
	Months   []adminMonth
	Busy     bool   // one is being settled
	Still    bool   // and this page is not asked for again by itself
	Currency string // ""; of several, which are not added up
}

func (*adminMonthsPage) name() string { return "adminmonths" }

type adminMonth struct {
	flattery.MonthState
	State  string // open, ended, frozen, settled
	Closes time.Time
	Done   int // donors, while it is being settled
}

func (s *site) adminMonths(v *visit) (view, error) {
	months, err := s.Store.Months(v.ctx)
	if err != nil {
		return view{}, err
	}
	p := &adminMonthsPage{}
	p.Nav = "adminmonths"
	if len(s.Currencies) == 1 {
		p.Currency = s.Currencies[0]
	}
	for _, m := range months {
		line := adminMonth{MonthState: m, State: reached(m, v.now), Closes: m.Ends.Add(s.Grace)}
		if line.State == "frozen" {
			if line.Done, err = s.Store.Settled(v.ctx, m.Month); err != nil {
				return view{}, err
			}
			p.Busy = true
		}
		p.Months = append(p.Months, line)
	}
	answer := view{page: p}
	if p.Still = v.URL.Query().Get("still") != ""; p.Busy && !p.Still {
		answer.refresh = importRefresh
	}
	return answer, nil
}

// audit recomputes the ledger and says what came of it.
func (s *site) audit(v *visit) (view, error) {
	n, faults, err := s.Doors.Audit(v.ctx)
	if err != nil {
		return view{}, err
	}
	back := view{redirect: "/admin/months"}
	if len(faults) > 0 {
		return back, s.tell(v, true, strings.Join(faults[:min(len(faults), 3)], " · "), "flash.faults", "n", len(faults))
	}
	return back, s.tell(v, false, "", "flash.clean", "n", int(n))
}

// instancePage is what this instance is, and by what rules.
type instancePage struct {
	frame
	Instance
	Since  time.Duration // the last backup
	Others []Setting     // that are no rules
}

func (*instancePage) name() string { return "instance" }

func (s *site) instance(v *visit) (view, error) {
	i, err := s.Doors.Instance(v.ctx)
	if err != nil {
		return view{}, err
	}
	p := &instancePage{Instance: i}
	p.Nav = "instance"
	if !i.BackupAt.IsZero() {
		p.Since = max(v.now.Sub(i.BackupAt), 0)
	}
	for _, one := range i.Settings {
		if !one.Open {
			p.Others = append(p.Others, one)
		}
	}
	return view{page: p}, nil
}
