package sandbox

import (
	"fmt"
	"slices"
	"strings"
)

// stage is a network as the people of a story use it.
type stage struct {
	network      string                            // as its connector is called
	again        string                            // how something new is called after the first thing and a number
	join         func(name string) string          // tells the handle
	make         func(handle, title string) string // tells the thing
	like, unlike func(handle, thing string)
}

// crowd is what most networks have for a story.
type crowd interface {
	AddUser(handle string) (id string)
	AddThing(owner, title string) (id string)
	Like(handle, thing string)
	Unlike(handle, thing string)
}

// stages are the networks in the order in which people come to them.
func stages(w *World) []stage {
	of := func(network string, c crowd) stage {
		return stage{network: network, again: "%s, no. %d", make: c.AddThing, like: c.Like, unlike: c.Unlike,
			join: func(name string) string { c.AddUser(strings.ToLower(name)); return strings.ToLower(name) }}
	}
	g, f := w.GitHub, w.Flickr
	return []stage{
		{network: "github", again: "%s-%d", like: g.Star, unlike: g.Unstar,
			join: func(name string) string { g.AddUser(strings.ToLower(name)); return strings.ToLower(name) },
			make: func(login, name string) string { g.AddRepo(login, name); return login + "/" + name }},
		{network: "flickr", again: "%s, no. %d", join: f.AddUser, make: f.AddPhoto, like: f.Fave, unlike: f.Unfave},
		of("twitter", w.X), of("soundcloud", w.SoundCloud), of("vimeo", w.Vimeo), of("fivehundredpx", w.FiveHundredPX),
	}
}

// shelf is what somebody has made at first, by network; no things are somebody who only looks on there.
type shelf map[string][]string

// town is the story of the demo.
func (s *Story) town() {
	add := func(p Person, made shelf) {
		p.On, p.things, p.titles = map[string]string{}, map[string][]string{}, map[string]string{}
		for _, on := range s.stages {
			titles, there := made[on.network]
			if !there {
				continue
			}
			p.On[on.network] = on.join(p.Name)
			for _, title := range titles {
				s.makes(&p, on, title)
			}
		}
		s.People = append(s.People, &p)
	}
	add(Person{Name: "Ada", Budget: "10.00", Joins: 0, Destination: "payto://iban/DE75512108001245126199", PaysSlips: true, likes: 0.9}, shelf{
		"github": {"looms"}, "flickr": {"Punched cards, drying"}, "twitter": {"A loom is a computer with patience"}, "soundcloud": nil, "vimeo": nil, "fivehundredpx": nil})
	add(Person{Name: "Ben", Budget: "5.00", Joins: 0, Destination: "https://example.org/ben/pay", PaysSlips: true, likes: 0.7}, shelf{
		"github": {"tiny-parser", "dotfiles"}, "twitter": {"Every parser begins as a regular expression", "Deleted more than I wrote today"}, "soundcloud": nil})
	add(Person{Name: "Chidi", Budget: "20.00", Joins: 0, Destination: "https://example.org/chidi", PaysSlips: true, likes: 1.4}, shelf{
		"github": {"ethics.js"}, "flickr": {"Harbour, six in the morning", "Rain on the tram"}, "twitter": nil, "vimeo": {"What we owe each other, in four minutes"}, "fivehundredpx": {"Harbour in fog"}})
	add(Person{Name: "Dora", Budget: "2.00", Joins: 20, Destination: "https://example.org/dora", likes: 0.5}, shelf{
		"github": {"mapbook"}, "flickr": nil, "soundcloud": {"Map room", "North by north"}, "fivehundredpx": nil})
	add(Person{Name: "Emil", Joins: 12, Destination: "payto://iban/NL91ABNA0417164300"}, shelf{
		"github": {"bridge", "bridge-docs"}, "flickr": {"Ice on the lake", "Two herons", "Night bus"}, "fivehundredpx": {"Heron, waiting", "Heron, gone"}})
	add(Person{Name: "Fatima", Joins: 0, Destination: "lightning:fatima@example.org"}, shelf{
		"github": {"starmap", "orbit", "tides"}, "vimeo": {"One night of stars", "How tides work"}})
	add(Person{Name: "Goro", Joins: 40, Destination: "https://example.org/goro"}, shelf{
		"github": {"paper-cranes"}, "flickr": {"Crane, folded", "Crane, unfolded"}, "fivehundredpx": {"Paper, close", "Paper, closer"}, "vimeo": {"A crane in sixty folds"}})
	add(Person{Name: "Hana", Joins: -1}, shelf{"github": {"quiet-web", "slow-feed"}, "twitter": {"The quiet web is not empty"}})
	add(Person{Name: "Ines", Joins: -1}, shelf{
		"github": {"lisbon-light"}, "flickr": {"Stairs in Alfama", "Blue door", "The same blue door"}, "fivehundredpx": {"Tram 28", "Tram 28 again"}})
	add(Person{Name: "Jonas", Budget: "7.50", Joins: -1, PaysSlips: true, likes: 0.8}, shelf{
		"github": {"sourdough-timer"}, "twitter": {"The starter has a name now"}, "soundcloud": {"Kitchen, 5 a.m."}, "vimeo": nil})
	add(Person{Name: "Kim", Joins: 3}, shelf{ // joined, and has not said where to be paid
		"github": {"kernel-notes", "kim-shell"}, "soundcloud": {"Fan noise", "Fan noise, slower"}})
	add(Person{Name: "Lou", Budget: "3.00", Joins: -1, PaysSlips: false, likes: 0.6}, shelf{"github": nil, "twitter": nil})
	// Three who never join say in public where they take money; of one of them somebody else is paid.
	s.world.GitHub.SetFile("hana/quiet-web", ".github/FUNDING.yml", "github: hana\ncustom: https://example.org/hana\n")
	s.world.GitHub.SetFile("jonas/sourdough-timer", "FUNDING.yml", "open_collective: bakers-of-code\n")
	s.world.Liberapay.Prove("github", "ines", "ines-photos")
	s.day = (*Story).townDay
}

func (s *Story) townDay(day int) {
	for _, p := range s.People {
		for chance := p.likes; chance > 0; chance-- {
			if s.dice.Float64() < chance {
				s.likeSomething(p)
			}
		}
		if shelves := s.where(func(on stage) bool { return len(p.things[on.network]) > 0 }); len(shelves) > 0 && s.dice.Float64() < 0.12 {
			on := shelves[s.dice.IntN(len(shelves))] // something new is made
			s.made++
			s.makes(p, on, fmt.Sprintf(on.again, p.titles[on.network], s.made))
		}
	}
	if day == 17 {
		s.rename("hana", "hana-codes")
	}
}

func (s *Story) makes(p *Person, on stage, title string) {
	if len(p.things[on.network]) == 0 {
		p.titles[on.network] = title
	}
	p.things[on.network] = append(p.things[on.network], on.make(p.On[on.network], title))
}

func (s *Story) where(meant func(stage) bool) (found []stage) {
	for _, on := range s.stages {
		if meant(on) {
			found = append(found, on)
		}
	}
	return found
}

// likeSomething likes something of somebody where both are, and now and then takes a like back. People like
// their own things too.
func (s *Story) likeSomething(p *Person) {
	author := s.People[s.dice.IntN(len(s.People))]
	shared := s.where(func(on stage) bool { return p.On[on.network] != "" && len(author.things[on.network]) > 0 })
	if len(shared) == 0 {
		return
	}
	on := shared[s.dice.IntN(len(shared))]
	things := author.things[on.network]
	thing := things[s.dice.IntN(len(things))]
	if s.dice.Float64() < 0.05 {
		on.unlike(p.On[on.network], thing)
		return
	}
	on.like(p.On[on.network], thing)
}

// rename gives somebody another login at GitHub. What they made there is still found by the old one.
func (s *Story) rename(old, login string) {
	i := slices.IndexFunc(s.People, func(p *Person) bool { return p.On["github"] == old })
	if i >= 0 {
		s.world.GitHub.Rename(old, login)
		s.People[i].On["github"] = login
	}
}
