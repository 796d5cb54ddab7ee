package web

import (
	"regexp"
	"slices"
	"time"

	"flattery"
)

// linksPage is the account's linked identities and how the asking goes, and the networks there are.
type linksPage struct {
	frame
	Admin    bool
	Links    []linkLine
	Networks []Network
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
	Reads     int           // likes so far, while it is read for the first time
	Proved    bool
	Known     bool   // the network is one of ours
	Said      string // in the network's words, where they tell a donor more than ours
	Owner     bool   // who runs the instance can mend it
	Mend      string // where they do that; "": on no page
	Again     string // how it goes on: itself, sign in, name, later (the network is not ready), ended (nor will it be), command; "": not
	Reconnect string // that command
}

func (s *site) links(v *visit) (view, error) {
	links, err := s.Store.Links(v.ctx, v.account.ID)
	if err != nil {
		return view{}, err
	}
	all, err := s.networks(v.ctx)
	if err != nil {
		return view{}, err
	}
	reading, err := s.Store.Reading(v.ctx, v.account.ID)
	if err != nil {
		return view{}, err
	}
	p := &linksPage{Networks: all, Admin: v.account.Admin}
	p.Nav = "links"
	for _, l := range standing(links) {
		var n Network
		if i := slices.IndexFunc(all, func(n Network) bool { return n.Key == l.Identity.Network }); i >= 0 {
			n = all[i]
		}
		line := mended(health(v, l), n)
		line.Reads = reading[l.ID]
		p.Links = append(p.Links, line)
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

// mended adds what mends a link at its network, zero where that is none of ours.
func mended(h linkLine, n Network) linkLine {
	h.Known = n.Key != ""
	if h.Health != "stopped" && h.Health != "late" {
		return h
	}
	if !h.Known {
		h.Reason = "unknown"
	}
	h.Said = said(h.Link)
	if h.Health == "stopped" {
		h.Again = again(n, h.Link)
	}
	h.Owner = ours(h.Reason) && (h.Reason != "terms" || !n.Ready)
	switch {
	case !h.Known || !h.Owner && h.Again != "later":
	case h.Reason == "spend":
		h.Mend = "/networks/" + n.Key + "#price"
	case n.Keyed():
		h.Mend = keysPath(n)
	}
	return h
}

// ours reports whether who runs the instance is whom a reason asks for something.
func ours(reason string) bool {
	return slices.Contains([]string{"keys", "terms", "payment", "spend", "unknown"}, reason)
}

// said is what the network said, for a donor's eyes: what it says of permissions, keys and terms is for who runs the
// instance, and stands in the log.
func said(l flattery.Link) string {
	detail := clean(l.Detail)
	if ours(l.Reason) && l.Reason != "payment" || l.Reason == "reconnect" || jargon.MatchString(detail) {
		return ""
	}
	return detail
}

// jargon is what only the makers of OAuth say.
var jargon = regexp.MustCompile(`(?i)oauth|token|bearer|grant|scope|client|consumer|secret|signature|nonce|verifier|redirect_uri|api[ _-]?key`)

// again says how a link that stopped goes on. Who saves keys sets those going that wait for them; what was linked by name
// stays so; everything else signs in where that can be.
func again(n Network, l flattery.Link) string {
	switch {
	case n.Key == "":
		return ""
	case l.Reason == "terms" && !n.Ready, l.Reason == "keys" && !n.FromSettings:
		return "itself"
	case l.Proof == flattery.ByName && n.ByName && l.Identity.Handle != "":
		return "name"
	case n.SignIn():
		return "sign in"
	case !n.Linkable():
		return "ended"
	case n.OAuth():
		return "later"
	default:
		return "command"
	}
}

// longestName is more than any network lets a name be.
const longestName = 200

func (s *site) linkByName(v *visit) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	n, err := s.network(v.ctx, v.PostFormValue("network"))
	if err != nil {
		return view{}, err
	}
	handle := clean(v.PostFormValue("handle"))
	if handle == "" || len(handle) > longestName {
		return view{}, flattery.Input("type the public name that you have at %s, at most %d letters of it", n.Title, longestName)
	}
	if !s.patience.allow(v.account.ID) {
		return view{}, errOften
	}
	l, err := s.Doors.LinkByName(v.ctx, v.account.ID, n.Key, handle, v.PostFormValue("month") != "")
	if err != nil {
		return view{}, err
	}
	return view{redirect: "/links"}, s.tell(v, false, "", "flash.linked", "who", who(l.Identity), "network", n.Title)
}
