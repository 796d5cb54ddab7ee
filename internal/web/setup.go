package web

import (
	"slices"
	"time"

	"flattery"
)

// setupPage is one step of the first run, for who runs the instance. Each can be left out and come back to.
type setupPage struct {
	frame
	device
	flattery.Keys
	Step       string // keys, place, money, budget, network, done
	Number     int    // of the step, from 1
	Steps      int    // without the last, in which there is nothing to do
	Next       string
	Back       string // "": it is the first
	Fields     []policyField
	Zones      []string
	Language   string
	Month      flattery.Month
	Closes     time.Time
	Shortest   int // of a password
	Longest    int
	Budget     flattery.Amount
	Currency   string
	Currencies []string
	Minimum    flattery.Amount
	// ClaimedOnly: authors who never joined do not count, though they publish where to be paid.
	ClaimedOnly bool
	Networks    []setupNetwork
}

func (*setupPage) name() string { return "setup" }

// setupNetwork is a network that can be linked. It has the phrase setup.network.STATE.
type setupNetwork struct {
	Network
	Way string // now, keys, linked
	To  string
}

const setupPath = "/setup"

func setupSteps() []string { return []string{"keys", "place", "money", "budget", "network", "done"} }

// stepPath is the step so many after another.
func stepPath(step string, after int) string {
	steps := setupSteps()
	i := slices.Index(steps, step) + after
	if i < 0 || i >= len(steps) {
		return ""
	}
	return setupPath + "/" + steps[i]
}

// setup leads to the first step that waits.
func (s *site) setup(v *visit) (view, error) {
	keys, err := s.Desk.Keys(v.ctx, v.account.ID)
	if err != nil {
		return view{}, err
	}
	if keys.Has() {
		return view{redirect: stepPath("place", 0)}, nil
	}
	return view{redirect: stepPath("keys", 0)}, nil
}

func (s *site) setupStep(v *visit) (view, error) {
	step := v.PathValue("step")
	i := slices.Index(setupSteps(), step)
	if i < 0 {
		return view{}, flattery.ErrNotFound
	}
	months, err := s.Store.Months(v.ctx)
	if err != nil {
		return view{}, err
	}
	st := s.currentMonth(v, months)
	p := &setupPage{Step: step, Number: i + 1, Steps: len(setupSteps()) - 1, Next: stepPath(step, 1), Back: stepPath(step, -1), Month: st.Month, Closes: st.Ends.Add(s.Grace)}
	p.Nav = "setup"
	switch step {
	case "keys":
		p.device, p.Shortest, p.Longest = s.device(v.Request), flattery.ShortestPassword, flattery.LongestPassword
		p.Keys, err = s.Desk.Keys(v.ctx, v.account.ID)
	case "place":
		p.Zones, p.Language = zones(), v.account.Language
		p.Fields, err = s.policyFields(v, "currencies", "time_zone")
	case "money":
		p.Fields, err = s.policyFields(v, "mode", "receivers_must_give")
	case "budget":
		p.Budget, p.Currency, p.Currencies, p.Minimum = v.account.Budget, s.givesIn(v.account), s.Currencies, s.Minimum
		p.ClaimedOnly = v.account.ClaimedOnly
	case "network":
		p.Networks, err = s.setupNetworks(v)
	}
	return view{page: p}, err
}

func (s *site) setupNetworks(v *visit) ([]setupNetwork, error) {
	all, err := s.networks(v.ctx)
	if err != nil {
		return nil, err
	}
	links, err := s.Store.Links(v.ctx, v.account.ID)
	if err != nil {
		return nil, err
	}
	var ready, keyed []setupNetwork
	for _, n := range all {
		linked := slices.ContainsFunc(standing(links), func(l flattery.Link) bool { return l.Identity.Network == n.Key })
		switch {
		case linked:
			ready = append(ready, setupNetwork{n, "linked", "/networks/" + n.Key})
		case n.SignIn() || n.ByName:
			ready = append(ready, setupNetwork{n, "now", "/networks/" + n.Key})
		case n.Linkable() && n.Keyed():
			keyed = append(keyed, setupNetwork{n, "keys", keysPath(n)})
		}
	}
	return append(ready, keyed...), nil // what needs nothing first
}

// givesIn is the currency that is proposed: who gives nothing yet has chosen none.
func (s *site) givesIn(a flattery.Account) string {
	if a.Budget == 0 {
		return s.Currencies[0]
	}
	return s.currency(a)
}

// saveSetup does what a step asks and leads to the next.
func (s *site) saveSetup(v *visit) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	step := v.PathValue("step")
	next := view{redirect: stepPath(step, 1)}
	switch step {
	case "place":
		if code := v.PostFormValue("language"); code != v.account.Language {
			if _, err := s.setLanguage(v); err != nil {
				return view{}, err
			}
		}
		_, err := s.makePolicy(v, "currencies", "time_zone")
		return next, err
	case "money":
		_, err := s.makePolicy(v, "mode", "receivers_must_give")
		return next, err
	case "budget":
		set := v.account.Settings
		var err error
		if set.Budget, err = v.amount("budget", flattery.Say("the budget")); err != nil {
			return view{}, err
		}
		if set.Currency = v.PostFormValue("currency"); set.Currency == "" {
			set.Currency = s.givesIn(v.account)
		}
		if v.PostForm.Has("claimed_only") {
			set.ClaimedOnly = v.PostFormValue("claimed_only") == "true"
		}
		return next, s.Doors.SetWishes(v.ctx, v.account.ID, set)
	}
	return view{}, flattery.ErrNotFound
}
