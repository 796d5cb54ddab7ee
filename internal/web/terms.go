package web

import (
	"html/template"
	"net/url"
	"slices"
	"strings"
	"time"

	"flattery"
)

// Owner is who runs the instance, as far as they say it.
type Owner struct {
	Name    string
	Contact string // a web address, or one to write to
}

// Link leads to the owner; "" where the contact is only to be read.
func (o Owner) Link() template.URL {
	if at := strings.IndexByte(o.Contact, '@'); at > 0 && !strings.ContainsAny(o.Contact, "/:? ") {
		return template.URL("mailto:" + url.PathEscape(o.Contact[:at]) + o.Contact[at:]) //nolint:gosec // what could end the address is not in it
	}
	return pageLink(o.Contact)
}

// termsPage says by which rules this instance goes, and what it keeps about whom.
type termsPage struct {
	frame
	Owner    Owner
	Split    flattery.SplitBy
	Fee      string // "2.5 %"; "": none
	FeeTo    string // pledge: who gets it
	Minimum  flattery.Amount
	Currency string
	Grace    time.Duration
	Lapse    time.Duration // 0: never
	MustGive bool
	Days     int // how long one stays signed in
	Kept     []string
	Networks []Network // that can be linked
}

func (*termsPage) name() string { return "terms" }

// kept is what is kept, each with the phrases kept.KEY and kept.KEY.long.
func kept() []string {
	return []string{"account", "likes", "links", "money", "messages", "keys", "sessions", "tries", "log", "backups"}
}

func (s *site) terms(v *visit) (view, error) {
	all, err := s.networks(v.ctx)
	if err != nil {
		return view{}, err
	}
	p := &termsPage{
		Owner: s.Owner, Split: s.Split, Minimum: s.Minimum, Currency: s.Currencies[0], Grace: s.Grace, Lapse: s.Lapse, MustGive: s.MustGive,
		Days: int(sessionLife.Hours() / 24), Kept: kept(), Networks: slices.DeleteFunc(slices.Clone(all), func(n Network) bool { return !n.Ready && !n.ByName }),
	}
	if s.Fee > 0 {
		p.Fee = s.fee(v.tongue)
		if s.Mode == Pledge {
			p.FeeTo = s.FeeTo
		}
	}
	p.Nav = "terms"
	return view{page: p}, nil
}

// fee is what the house keeps: "2.50 %".
func (s *site) fee(g *tongue) string { return g.typed(flattery.Amount(s.Fee)*100) + "\u00a0%" }
