package web

import (
	"errors"
	"html/template"
	"slices"
	"time"

	"flattery"
)

// authorsPage is whose things a donor likes, by how they can be paid, and what to tell those who wait.
type authorsPage struct {
	frame
	Groups   []authorGroup
	Unasked  int // who could be told and for whom there is no message yet
	Messages bool
}

func (*authorsPage) name() string { return "authors" }

// authorGroup has the phrases authors.KIND and authors.KIND.text. One in which nobody is is not shown.
type authorGroup struct {
	Kind    flattery.Reach
	Authors []authorCard
	More    int // that are not shown
}

// authorCard is an author as the page shows them.
type authorCard struct {
	flattery.DonorAuthor
	Lapses  time.Time    // when the first of what waits does; zero: never
	Mute    string       // why there is nothing to tell: unknown, nowhere; "": there is
	Message string       // with the claim link; "": nobody has asked for one
	Rows    int          // of the message
	Link    template.URL // of the place where who has not joined is paid
	Host    string       // of that
}

// mostAuthors of a kind are shown.
const mostAuthors = 100

const (
	authorsPath = "/authors"
	claimPath   = "/c/"
)

func (s *site) authors(v *visit) (view, error) {
	months, err := s.Store.Months(v.ctx)
	if err != nil {
		return view{}, err
	}
	list, err := s.Store.Authors(v.ctx, v.account.ID, s.currentMonth(v, months).Month)
	if err != nil {
		return view{}, err
	}
	all, err := s.networks(v.ctx)
	if err != nil {
		return view{}, err
	}
	p := &authorsPage{}
	p.Nav = "authors"
	for _, kind := range []flattery.Reach{flattery.ReachNot, flattery.ReachIdle, flattery.ReachElsewhere, flattery.ReachHere} {
		g := authorGroup{Kind: kind}
		for _, a := range list {
			switch {
			case a.Reach != kind:
				continue
			case len(g.Authors) == mostAuthors:
				g.More++
				continue
			}
			c, err := s.authorCard(v, a, all)
			if err != nil {
				return view{}, err
			}
			if kind == flattery.ReachNot && c.Pending > 0 && c.Mute == "" && c.Message == "" {
				p.Unasked++
			}
			p.Messages = p.Messages || c.Message != ""
			g.Authors = append(g.Authors, c)
		}
		if len(g.Authors) > 0 {
			p.Groups = append(p.Groups, g)
		}
	}
	return view{page: p}, nil
}

func (s *site) authorCard(v *visit, a flattery.DonorAuthor, all []Network) (authorCard, error) {
	c := authorCard{DonorAuthor: a, Link: pageLink(string(a.Place.Destination))}
	if c.Link != "" {
		c.Host = hostOf(string(a.Place.Destination))
	}
	if a.Pending > 0 && s.Lapse > 0 {
		c.Lapses = a.Since.Add(s.Lapse)
	}
	at := slices.IndexFunc(all, func(n Network) bool { return n.Key == a.Author.Network })
	switch {
	case a.Author.Provisional() && a.Author.Subject[0] == '~':
		c.Mute = "unknown"
	case at < 0 || !all[at].SignIn() && !all[at].Provable:
		c.Mute = "nowhere"
	case c.DonorAuthor.Link != "":
		var err error
		c.Message, err = v.tongue.say("authors.message", "who", who(a.Author), "link", s.home(v.Request)+claimPath+string(a.Link))
		c.Rows = 1 + len([]rune(c.Message))/48
		return c, err
	}
	return c, nil
}

// tellAuthors writes the message to one author, or to all who wait.
func (s *site) tellAuthors(v *visit) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	one := flattery.Identity{Network: v.PostFormValue("network"), Host: v.PostFormValue("host"), Subject: v.PostFormValue("subject")}
	if err := s.Doors.TellAuthors(v.ctx, v.account.ID, one); err != nil {
		return view{}, err
	}
	return view{redirect: authorsPath}, s.tell(v, false, "", "flash.told")
}

// --- the other end of a claim link ---

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
	Prepaid bool
}

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
	p := &claimLinkPage{ClaimLink: l, Token: v.PathValue("token"), Network: n, Month: st.Month, Closes: st.Ends.Add(s.Grace), Must: s.MustGive, Prepaid: s.Mode == Prepaid}
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

// claimedPage is what a claim has made count, and what to do now.
type claimedPage struct {
	frame
	Claim   flattery.Claim
	Months  []flattery.ClaimMonth
	Month   flattery.Month
	Closes  time.Time
	Paid    bool // it is known where to
	Keyed   bool // the account has a password or a passkey
	Gives   bool
	Must    string // as mustGive says
	Prepaid bool
}

func (*claimedPage) name() string { return "claimed" }

func (s *site) claimed(v *visit) (view, error) {
	id, err := idOf(v)
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
	st := s.currentMonth(v, months)
	p := &claimedPage{Claim: claims[at], Months: found, Month: st.Month, Closes: st.Ends.Add(s.Grace),
		Paid: v.account.Destination != "", Keyed: keys.Has(), Gives: v.account.Budget > 0, Must: s.mustGive(v.account), Prepaid: s.Mode == Prepaid}
	p.Nav = "identities"
	return view{page: p}, nil
}
