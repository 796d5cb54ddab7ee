package web

import (
	"time"

	"flattery"
)

// welcomePage is what there is to do at first, in its order, and what of it is done.
type welcomePage struct {
	frame
	Steps  []welcomeStep
	First  bool // no slip was paid yet
	Month  flattery.Month
	Closes time.Time
	Left   int // steps that are not done and are needed
}

func (*welcomePage) name() string { return "welcome" }

// A welcomeStep has the phrases welcome.KEY and welcome.KEY.text.
type welcomeStep struct {
	Key  string
	Path string
	Done bool
	Free bool // it may be left out
}

const welcomePath = "/welcome"

func (s *site) welcome(v *visit) (view, error) {
	keys, err := s.Desk.Keys(v.ctx, v.account.ID)
	if err != nil {
		return view{}, err
	}
	links, err := s.Store.Links(v.ctx, v.account.ID)
	if err != nil {
		return view{}, err
	}
	claims, err := s.Store.Claims(v.ctx, v.account.ID)
	if err != nil {
		return view{}, err
	}
	months, err := s.Store.Months(v.ctx)
	if err != nil {
		return view{}, err
	}
	st := s.currentMonth(v, months)
	payments, err := s.Store.Payments(v.ctx, v.account.ID)
	if err != nil {
		return view{}, err
	}
	p := &welcomePage{First: s.first(payments), Month: st.Month, Closes: st.Ends.Add(s.Grace), Steps: []welcomeStep{
		{Key: "keys", Path: securityPath, Done: keys.Has()},
		{Key: "budget", Path: settingsPath, Done: v.account.Budget > 0},
		{Key: "link", Path: "/links", Done: len(standing(links)) > 0},
		{Key: "claim", Path: "/identities", Done: len(outward(claims)) > 0, Free: true},
	}}
	if v.account.Admin {
		p.Steps = append(p.Steps, welcomeStep{Key: "rules", Path: setupPath, Free: true}, welcomeStep{Key: "invite", Path: accountsPath, Free: true})
	}
	for _, one := range p.Steps {
		if !one.Done && !one.Free {
			p.Left++
		}
	}
	return view{page: p}, nil
}
