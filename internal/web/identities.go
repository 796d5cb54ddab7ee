package web

import (
	"context"
	"slices"
	"time"

	"flattery"
)

// identitiesPage is what is the account's own at the networks, how sure that is, and how more is claimed.
type identitiesPage struct {
	frame
	Claims   []claimCard
	Begun    []flattery.Proving
	Lost     []flattery.Dispute // about what the account has proved and another claims; and those that ended not long ago
	Networks []Network          // where one can claim now
	Admin    bool
	Must     string // as mustGive says
}

func (*identitiesPage) name() string { return "identities" }

// claimCard is a claim as the page shows it.
type claimCard struct {
	flattery.Claim
	State   string            // verified, lapsed, disputed
	Dispute *flattery.Dispute // that is open
	SignIn  bool              // it can be proved again by signing in
	Prove   bool              // and by the profile
	Look    bool              // to look again may be enough
}

// remembered is how long a dispute that has ended is spoken of.
const remembered = 30 * 24 * time.Hour

func (s *site) identities(v *visit) (view, error) {
	claims, err := s.Store.Claims(v.ctx, v.account.ID)
	if err != nil {
		return view{}, err
	}
	disputes, err := s.Store.Disputes(v.ctx, v.account.ID)
	if err != nil {
		return view{}, err
	}
	begun, err := s.Store.Provings(v.ctx, v.account.ID, v.now)
	if err != nil {
		return view{}, err
	}
	all, err := s.networks(v.ctx)
	if err != nil {
		return view{}, err
	}
	p := &identitiesPage{Begun: begun, Admin: v.account.Admin, Must: s.mustGive(v.account)}
	p.Nav = "identities"
	for _, n := range all {
		if n.SignIn() || n.Provable {
			p.Networks = append(p.Networks, n)
		}
	}
	for _, c := range outward(claims) {
		p.Claims = append(p.Claims, card(c, disputes, p.Networks))
	}
	for _, d := range disputes {
		if d.Open() && d.Second == v.account.ID || !d.Open() && v.now.Sub(d.DecidedAt) < remembered {
			p.Lost = append(p.Lost, d)
		}
	}
	return view{page: p}, nil
}

// mustGive is what an account lacks to receive where receivers must give, as the phrases mustgive say it: budget, paused. "": nothing.
func (s *site) mustGive(a flattery.Account) string {
	switch {
	case !s.MustGive || a.Gives():
		return ""
	case a.Budget == 0:
		return "budget"
	}
	return "paused"
}

func card(c flattery.Claim, disputes []flattery.Dispute, networks []Network) claimCard {
	k := claimCard{Claim: c, State: "verified"}
	if i := slices.IndexFunc(networks, func(n Network) bool { return n.Key == c.Identity.Network }); i >= 0 {
		k.SignIn, k.Prove = networks[i].SignIn(), networks[i].Provable
	}
	if !c.LapsedAt.IsZero() {
		k.State = "lapsed"
	}
	if i := slices.IndexFunc(disputes, func(d flattery.Dispute) bool { return d.Open() && d.Identity.Identity == c.Identity.Identity }); i >= 0 {
		k.State, k.Dispute = "disputed", &disputes[i]
	}
	k.Look = k.State == "lapsed" && (k.Prove || c.Proof == flattery.ByOAuth && k.SignIn)
	return k
}

// checkClaim looks whether a claim holds again.
func (s *site) checkClaim(v *visit) (view, error) {
	id, err := v.number("id")
	if err != nil {
		return view{}, err
	}
	if !s.patience.allow(v.account.ID) {
		return view{}, errOften
	}
	c, err := s.Doors.CheckClaim(v.ctx, v.account.ID, flattery.ClaimID(id))
	if err != nil {
		return view{}, err
	}
	says, bad := "flash.holds", !c.LapsedAt.IsZero()
	if bad {
		says = "flash.lapsed"
	}
	return view{redirect: "/identities"}, s.tell(v, bad, "", says, "who", who(c.Identity))
}

func (s *site) unclaim(v *visit) (view, error) {
	return s.release(v, "/identities", "flash.unclaimed", func(ctx context.Context, id int64) error {
		return s.Doors.Unclaim(ctx, v.account.ID, flattery.ClaimID(id))
	})
}

func (s *site) unlink(v *visit) (view, error) {
	return s.release(v, "/links", "flash.unlinked", func(ctx context.Context, id int64) error {
		return s.Doors.Unlink(ctx, v.account.ID, flattery.LinkID(id))
	})
}

// release ends what the address numbers, and says so where it was.
func (s *site) release(v *visit, to, says string, end func(ctx context.Context, id int64) error) (view, error) {
	id, err := v.number("id")
	if err != nil {
		return view{}, err
	}
	if err := end(v.ctx, id); err != nil {
		return view{}, err
	}
	return view{redirect: to}, s.tell(v, false, "", says)
}
