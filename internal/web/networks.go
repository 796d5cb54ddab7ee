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

// Network is what the pages tell of a network.
type Network struct {
	Key, Title, Noun string            // "github", "GitHub", "star"
	State            string            // alive, import only, retired, forbidden
	Since            string            // date of State: "2018-06-15", "2018-06" or "2018"
	Reason           flattery.Sentence // of State
	Proven           string            // live, recorded answers, contract, own sandbox only
	Console          string            // where keys are had
	HandleTip        string            // what a handle looks like: "octocat"
	Auth             string            // none, api key, oauth2, oauth1
	Timed            bool              // tells the time of a like, so that a month so far can be counted
	ByName           bool              // can be linked by public name
	Ready            bool              // keys are there and terms accepted: a donor can link now
	Code             bool              // can show a code to type
	Organisations    bool              // which can be claimed
	Imports          bool              // its export files are read

	NeedsID, NeedsSecret, NeedsKey bool // the keys it wants
	WantsKey                       bool // one that only proofs by profile need
	Proves                         bool // a claim can be proved there by the public profile
	Provable                       bool // here and now

	FromSettings bool            // keys come from the settings: shown, not editable here
	HasKeys      bool            // keys were entered
	Callback     string          // the address to register at the network
	Terms        Terms           // zero: nothing to say
	Accepted     bool            // the terms were ticked
	Price        string          // currency; "": reading is free
	Spent, Cap   flattery.Amount // this month; no cap: 0
	Reads        int64           // likes that were read this month
	Origin       string          // scheme and host of its authorize page: "https://github.com"
}

// Terms is one sentence of a network's terms with its source, in English.
type Terms struct {
	Sentence, Link, Date, Sure string
	Tick                       bool // must be accepted before anything is asked
}

// OAuth reports whether one links by signing in at the network.
func (n Network) OAuth() bool { return n.Auth == "oauth2" || n.Auth == "oauth1" }

// SignIn reports whether a donor can do that now.
func (n Network) SignIn() bool { return n.OAuth() && n.Ready }

// Linkable reports whether it can be linked, here and now or once keys and terms are there.
func (n Network) Linkable() bool {
	return n.State == "alive" || n.SignIn() || n.ByName || n.State == "forbidden" && n.Keyed()
}

// Standing is the phrase for what a donor can do with the network.
func (n Network) Standing() string {
	if n.State == "alive" && !n.SignIn() && !n.ByName {
		return "network.keys"
	}
	return "network." + n.State
}

// Keyed reports whether there is anything to enter for the network.
func (n Network) Keyed() bool {
	open := n.State == "alive" || n.State == "forbidden"
	return open && (n.NeedsID || n.NeedsSecret || n.NeedsKey || n.Terms.Tick)
}
