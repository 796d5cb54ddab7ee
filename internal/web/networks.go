package web

import (
	"slices"

	"flattery"
)

// networkPage says how it stands with one network, and lets a donor link it.
type networkPage struct {
	frame
	Network
	Admin   bool
	Linked  []flattery.Link // what the account has there
	Instead string          // what keeps it from being linked by signing in: a phrase instead.INSTEAD; "": nothing
	Import  string          // the command that takes in an export file
	Read    int             // likes this month
}

func (*networkPage) name() string { return "network" }

func (s *site) networkState(v *visit) (view, error) {
	n, err := s.network(v.ctx, v.PathValue("network"))
	if err != nil {
		return view{}, err
	}
	links, err := s.Store.Links(v.ctx, v.account.ID)
	if err != nil {
		return view{}, err
	}
	p := &networkPage{
		Network: n, Admin: v.account.Admin, Read: int(n.Reads), Import: "flattery import --account " + shell(v.account.Name) + " FILE",
		Linked: slices.DeleteFunc(standing(links), func(l flattery.Link) bool { return l.Identity.Network != n.Key }),
	}
	p.Nav = "links"
	switch {
	case n.SignIn():
	case n.State != "alive":
		p.Instead = n.State
	case n.Keyed() && !n.Ready:
		p.Instead = "keys"
	}
	return view{page: p}, nil
}
