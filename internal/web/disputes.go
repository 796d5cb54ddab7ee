package web

import (
	"flattery"
)

// disputesPage is what two accounts have proved, for who runs the instance.
type disputesPage struct {
	frame
	Open, Ended []Dispute
}

func (*disputesPage) name() string { return "disputes" }

func (s *site) disputes(v *visit) (view, error) {
	all, err := s.Doors.Disputed(v.ctx)
	if err != nil {
		return view{}, err
	}
	p := &disputesPage{}
	p.Nav = "identities"
	for _, d := range all {
		if d.Open() {
			p.Open = append(p.Open, d)
		} else {
			p.Ended = append(p.Ended, d)
		}
	}
	return view{page: p}, nil
}

func (s *site) decide(v *visit) (view, error) {
	id, err := v.number("id")
	outcome := flattery.Outcome(v.PathValue("outcome"))
	if err != nil || outcome != flattery.OutcomeFirst && outcome != flattery.OutcomeSecond {
		return view{}, flattery.ErrNotFound
	}
	if err := s.Doors.Decide(v.ctx, flattery.DisputeID(id), outcome); err != nil {
		return view{}, err
	}
	return view{redirect: "/admin/disputes"}, s.tell(v, false, "", "flash.decided")
}
