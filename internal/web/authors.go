package web

import (
	"html/template"
	"slices"
	"time"

	"flattery"
)

// authorsPage is whose things a donor likes, by how they can be paid, and what to tell those who wait.
type authorsPage struct {
	frame
	Groups   []authorGroup
	Admitted []flattery.Admitted // in this month
	Unasked  int                 // who could be told and for whom there is no message yet
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

const authorsPath = "/authors"

func (s *site) authors(v *visit) (view, error) {
	months, err := s.Store.Months(v.ctx)
	if err != nil {
		return view{}, err
	}
	current := s.currentMonth(v, months).Month
	list, err := s.Store.Authors(v.ctx, v.account.ID, current)
	if err != nil {
		return view{}, err
	}
	admitted, err := s.Store.Admitted(v.ctx, v.account.ID, current)
	if err != nil {
		return view{}, err
	}
	all, err := s.networks(v.ctx)
	if err != nil {
		return view{}, err
	}
	p := &authorsPage{Admitted: admitted}
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
