package web

import (
	"slices"
	"time"

	"flattery"
)

// linksPage is the account's linked identities and how the asking goes, and the networks there are.
type linksPage struct {
	frame
	Links    []linkLine
	Networks []Network
	Linking  string // the command that links another
}

func (*linksPage) name() string { return "links" }

// linkLine is one link as the page shows it. Durations count from the visit.
type linkLine struct {
	flattery.Link
	Health    string        // well, late, stopped, new
	Asked     time.Duration // since the last poll
	Answered  time.Duration // since the last good answer
	Next      time.Duration // until the next poll; 0: now
	Behind    time.Duration // how long nothing good has come although it was due; 0: it is up to date
	Proved    bool
	Reconnect string // the command that does it
}

func (s *site) links(v *visit) (view, error) {
	links, err := s.Store.Links(v.ctx, v.account.ID)
	if err != nil {
		return view{}, err
	}
	p := &linksPage{Networks: s.Networks, Linking: "flattery link add --account " + shell(v.account.Name) + " github:NAME"}
	p.Nav = "links"
	for _, l := range standing(links) {
		p.Links = append(p.Links, health(v, l))
	}
	return view{page: p}, nil
}

// standing leaves out what was removed.
func standing(links []flattery.Link) []flattery.Link {
	return slices.DeleteFunc(slices.Clone(links), func(l flattery.Link) bool { return l.State == flattery.LinkRemoved })
}

// health says in one word how a link is: stopped waits for its donor, late had no good answer when it was due.
func health(v *visit, l flattery.Link) linkLine {
	h := linkLine{
		Link: l, Health: "well", Proved: l.Proof.Proved(), Next: max(l.NextPoll.Sub(v.now), 0),
		Reconnect: "flattery link add --account " + shell(v.account.Name) + " " + shell(l.Identity.String()),
	}
	if l.Proof == flattery.ByOAuth {
		h.Reconnect += " --device"
	}
	if !l.LastPoll.IsZero() {
		h.Asked = max(v.now.Sub(l.LastPoll), 0)
	}
	if !l.LastGood.IsZero() {
		h.Answered = max(v.now.Sub(l.LastGood), 0)
	}
	switch {
	case l.State == flattery.LinkSuspended:
		h.Health = "stopped"
	case l.LastPoll.IsZero():
		h.Health = "new"
	case l.Failures > 0 || l.Reason != "":
		h.Health = "late"
	}
	if !l.LastGood.IsZero() && (h.Health == "stopped" || h.Health == "late") {
		h.Behind = h.Answered
	}
	return h
}
