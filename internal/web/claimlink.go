package web

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"time"

	"flattery"
)

// claimLinkPage says to an author what waits. Only who has the link sees it.
type claimLinkPage struct {
	frame
	flattery.ClaimLink
	Token   string
	Network Network
	Lapses  time.Time // when the first of it does; zero: never
	Month   flattery.Month
	Closes  time.Time
	Must    bool // who receives must give
	Shown   bool // this browser has a token for its profile
	Shows   bool // and that is the way, or there is no other
	Steps   steps
}

const claimPath = "/c/"

func (*claimLinkPage) name() string { return "claimlink" }

// claimLink finds where the link of an address leads.
func (s *site) claimLink(v *visit) (flattery.ClaimLink, error) {
	if !s.private(v.Request) {
		return flattery.ClaimLink{}, errPlain
	}
	l, err := s.Store.ClaimLink(v.ctx, v.PathValue("token"), v.now)
	if errors.Is(err, flattery.ErrNotFound) {
		err = errClaimLink
	}
	return l, err
}

func (s *site) claimLinkPage(v *visit) (view, error) {
	l, err := s.claimLink(v)
	if err != nil {
		return view{}, err
	}
	n, err := s.network(v.ctx, l.Author.Network)
	if err != nil && !errors.Is(err, flattery.ErrNotFound) {
		return view{}, err
	}
	months, err := s.Store.Months(v.ctx)
	if err != nil {
		return view{}, err
	}
	st := s.currentMonth(v, months)
	p := &claimLinkPage{ClaimLink: l, Token: v.PathValue("token"), Network: n, Month: st.Month, Closes: st.Ends.Add(s.Grace), Must: s.MustGive,
		Steps: s.steps(n, s.sessions.GetString(v.ctx, shown(l.ID)))}
	p.Shown = p.Steps.Token != ""
	p.Shows = n.Provable && (p.Shown || !n.SignIn())
	if s.Lapse > 0 {
		p.Lapses = l.Since.Add(s.Lapse)
	}
	return view{page: p}, nil
}

// follow sends who follows a claim link to the network: a stranger gets an account by it, who is signed in one more identity.
func (s *site) follow(v *visit) (view, error) {
	l, err := s.claimLink(v)
	if err != nil {
		return view{}, err
	}
	if l.Claimed {
		return view{redirect: claimPath + v.PathValue("token")}, nil
	}
	c := Connecting{Purpose: Claiming, Network: l.Author.Network, ClaimLink: l.ID}
	if l.Author.Organisation {
		c.Handle = l.Author.Handle
	}
	return s.depart(v, c)
}

func shown(l flattery.ClaimLinkID) string { return shownKey + strconv.FormatInt(int64(l), 10) }

// showing finds the claim link of the address, and answers where to go instead of showing a token: somebody has claimed it, or who
// is signed in has a page for that.
func (s *site) showing(v *visit) (l flattery.ClaimLink, instead string, err error) {
	if l, err = s.claimLink(v); err != nil {
		return l, "", err
	}
	n, err := s.network(v.ctx, l.Author.Network)
	switch {
	case err == nil && !n.Provable:
		err = flattery.ErrNotFound
	case l.Claimed:
		instead = claimPath + v.PathValue("token")
	case v.account.ID != 0:
		instead = provePath(n.Key) + "?handle=" + url.QueryEscape(l.Author.Handle)
	}
	return l, instead, err
}

// showToken gives this browser a token for the profile of who a claim link is of: the same one as long as the session lasts.
func (s *site) showToken(v *visit) (view, error) {
	l, instead, err := s.showing(v)
	if err != nil || instead != "" {
		return view{redirect: instead}, err
	}
	if err := s.Desk.Knock(v.ctx, from(v.Request)); err != nil {
		return view{}, err
	}
	if key := shown(l.ID); !s.sessions.Exists(v.ctx, key) {
		s.sessions.Put(v.ctx, key, s.Doors.ShowToken())
	}
	s.brief(v)
	return view{redirect: claimPath + v.PathValue("token") + "#profile"}, nil
}

// lookShown looks for the token: whoever shows it gets an account, as by signing in at the network.
func (s *site) lookShown(v *visit) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	l, instead, err := s.showing(v)
	if err != nil || instead != "" {
		return view{redirect: instead}, err
	}
	token := s.sessions.GetString(v.ctx, shown(l.ID))
	if token == "" {
		return view{}, flattery.ErrAttempt
	}
	handle := clean(v.PostFormValue("handle"))
	if handle == "" || len(handle) > longestName {
		return view{}, flattery.Input("type the public name that you have at %s, at most %d letters of it", s.known[l.Author.Network].Title, longestName)
	}
	if err := s.Desk.Knock(v.ctx, from(v.Request)); err != nil {
		return view{}, err
	}
	done, err := s.Doors.Shown(v.ctx, Showing{ClaimLink: l.ID, Network: l.Author.Network, Handle: handle, Token: token})
	back, title := view{redirect: claimPath + v.PathValue("token") + "#profile"}, s.known[l.Author.Network].Title
	switch {
	case errors.Is(err, flattery.ErrUnproved):
		return back, s.tell(v, true, "", "flash.unshown", "who", handle, "network", title, "token", token)
	case errors.Is(err, flattery.ErrOther):
		return back, s.tell(v, true, "", "flash.othershown", "who", handle, "network", title)
	case err != nil:
		return view{}, err
	}
	return s.entered(v, done)
}

// claimedPage is what a claim has made count, and what to do now.
type claimedPage struct {
	frame
	Claim  flattery.Claim
	Months []flattery.ClaimMonth
	Month  flattery.Month
	Closes time.Time
	Paid   bool // it is known where to
	Keyed  bool // the account has a password or a passkey
	Comes  bool // it can be entered by signing in at the network
	Gives  bool
	Must   string // as mustGive says
}

func (*claimedPage) name() string { return "claimed" }

func (s *site) claimed(v *visit) (view, error) {
	id, err := v.number("id")
	if err != nil {
		return view{}, err
	}
	claims, err := s.Store.Claims(v.ctx, v.account.ID)
	if err != nil {
		return view{}, err
	}
	at := slices.IndexFunc(claims, func(c flattery.Claim) bool { return c.ID == flattery.ClaimID(id) })
	if at < 0 {
		return view{}, flattery.ErrNotFound
	}
	found, err := s.Store.ClaimMonths(v.ctx, claims[at].ID)
	if err != nil {
		return view{}, err
	}
	months, err := s.Store.Months(v.ctx)
	if err != nil {
		return view{}, err
	}
	keys, err := s.Desk.Keys(v.ctx, v.account.ID)
	if err != nil {
		return view{}, err
	}
	n, err := s.network(v.ctx, claims[at].Identity.Network)
	if err != nil && !errors.Is(err, flattery.ErrNotFound) {
		return view{}, err
	}
	st := s.currentMonth(v, months)
	p := &claimedPage{Claim: claims[at], Months: found, Month: st.Month, Closes: st.Ends.Add(s.Grace),
		Paid: v.account.Destination != "", Keyed: keys.Has(), Comes: n.SignIn(), Gives: v.account.Budget > 0, Must: s.mustGive(v.account)}
	p.Nav = "identities"
	return view{page: p}, nil
}
