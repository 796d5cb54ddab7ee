package sandbox

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Person is somebody of a story. They may like, make things, or both.
type Person struct {
	Name        string // "Ada"
	GitHub      string // login; changes when they rename themselves
	Flickr      string // NSID; "": not there
	Budget      string // what they give a month; "": only makes things
	Joins       int    // day of the story on which they claim what is theirs; -1: never
	Destination string // where they are paid once they joined
	PaysSlips   bool   // donors: whether they pay their slips

	likes  float64 // chance that they like something on a day
	things []string
	photos []string
}

// Story is a script of people: the same seed makes them do the same things on the same days. It changes its world and
// nothing else.
type Story struct {
	People []*Person
	world  *World
	dice   *rand.Rand
	made   int
	day    func(s *Story, day int)
}

// Stories that can be told.
const (
	StoryTown     = "town"      // a dozen people on two networks, some join, some wait
	StoryLongTail = "long-tail" // one donor, 2.00 a month, forty new authors each month, all of whom have joined
)

// NewStory lets a story begin in a world.
func NewStory(name string, w *World, seed uint64) (*Story, error) {
	s := &Story{world: w, dice: rand.New(rand.NewPCG(seed, 2013))}
	switch name {
	case StoryTown:
		s.town()
	case StoryLongTail:
		s.longTail()
	default:
		return nil, fmt.Errorf("there is no story %q: choose %s or %s", name, StoryTown, StoryLongTail)
	}
	return s, nil
}

// Day lets the people do what they do on a day of the story, the first being 0, at the hours of the world's clock.
func (s *Story) Day(day int) { s.day(s, day) }

// town is the story of the demo.
func (s *Story) town() {
	g, f := s.world.GitHub, s.world.Flickr
	add := func(p Person, repos, photos []string) {
		g.AddUser(p.GitHub)
		for _, r := range repos {
			g.AddRepo(p.GitHub, r)
			p.things = append(p.things, r)
		}
		if p.Flickr != "" {
			p.Flickr = f.AddUser(p.Name)
			for _, title := range photos {
				p.photos = append(p.photos, f.AddPhoto(p.Flickr, title))
			}
		}
		s.People = append(s.People, &p)
	}
	const here = "yes"
	add(Person{Name: "Ada", GitHub: "ada", Flickr: here, Budget: "10.00", Joins: 0, Destination: "payto://iban/DE75512108001245126199", PaysSlips: true, likes: 0.9}, []string{"looms"}, []string{"Punched cards, drying"})
	add(Person{Name: "Ben", GitHub: "ben", Budget: "5.00", Joins: 0, Destination: "https://example.org/ben/pay", PaysSlips: true, likes: 0.7}, []string{"tiny-parser", "dotfiles"}, nil)
	add(Person{Name: "Chidi", GitHub: "chidi", Flickr: here, Budget: "20.00", Joins: 0, Destination: "https://example.org/chidi", PaysSlips: true, likes: 1.4}, []string{"ethics.js"}, []string{"Harbour, six in the morning", "Rain on the tram"})
	add(Person{Name: "Dora", GitHub: "dora", Budget: "2.00", Joins: 20, Destination: "https://example.org/dora", likes: 0.5}, []string{"mapbook"}, nil)
	add(Person{Name: "Emil", GitHub: "emil", Flickr: here, Joins: 12, Destination: "payto://iban/NL91ABNA0417164300", likes: 0}, []string{"bridge", "bridge-docs"}, []string{"Ice on the lake", "Two herons", "Night bus"})
	add(Person{Name: "Fatima", GitHub: "fatima", Joins: 0, Destination: "lightning:fatima@example.org"}, []string{"starmap", "orbit", "tides"}, nil)
	add(Person{Name: "Goro", GitHub: "goro", Flickr: here, Joins: 40, Destination: "https://example.org/goro"}, []string{"paper-cranes"}, []string{"Crane, folded", "Crane, unfolded"})
	add(Person{Name: "Hana", GitHub: "hana", Joins: -1}, []string{"quiet-web", "slow-feed"}, nil)
	add(Person{Name: "Ines", GitHub: "ines", Flickr: here, Joins: -1}, []string{"lisbon-light"}, []string{"Stairs in Alfama", "Blue door", "The same blue door"})
	add(Person{Name: "Jonas", GitHub: "jonas", Budget: "7.50", Joins: -1, PaysSlips: true, likes: 0.8}, []string{"sourdough-timer"}, nil)
	add(Person{Name: "Kim", GitHub: "kim", Joins: 3}, []string{"kernel-notes", "kim-shell"}, nil) // joined, and has not said where to be paid
	add(Person{Name: "Lou", GitHub: "lou", Budget: "3.00", Joins: -1, PaysSlips: false, likes: 0.6}, nil, nil)
	s.day = (*Story).townDay
}

func (s *Story) townDay(day int) {
	for _, p := range s.People {
		if p.likes > 0 {
			for chance := p.likes; chance > 0; chance-- {
				if s.dice.Float64() < chance {
					s.likeSomething(p)
				}
			}
		}
		if len(p.things) > 0 && s.dice.Float64() < 0.12 { // something new is made
			s.made++
			name := fmt.Sprintf("%s-%d", p.things[0], s.made)
			s.world.GitHub.AddRepo(p.GitHub, name)
			p.things = append(p.things, name)
		}
	}
	if day == 17 {
		s.rename("hana", "hana-codes")
	}
}

// likeSomething stars or faves something of somebody, and now and then takes a star back.
func (s *Story) likeSomething(p *Person) {
	author := s.People[s.dice.IntN(len(s.People))]
	if p.Flickr != "" && len(author.photos) > 0 && author != p && s.dice.Float64() < 0.4 {
		s.world.Flickr.Fave(p.Flickr, author.photos[s.dice.IntN(len(author.photos))])
		return
	}
	if len(author.things) == 0 {
		return
	}
	full := author.GitHub + "/" + author.things[s.dice.IntN(len(author.things))]
	if s.dice.Float64() < 0.05 {
		s.world.GitHub.Unstar(p.GitHub, full)
		return
	}
	s.world.GitHub.Star(p.GitHub, full)
}

func (s *Story) rename(old, login string) {
	i := slices.IndexFunc(s.People, func(p *Person) bool { return p.GitHub == old })
	if i >= 0 {
		s.world.GitHub.Rename(old, login)
		s.People[i].GitHub = login
	}
}

// longTail shows what small shares come to when no author is liked twice.
func (s *Story) longTail() {
	s.world.GitHub.AddUser("donor")
	s.People = append(s.People, &Person{Name: "Donor", GitHub: "donor", Budget: "2.00", Joins: 0, PaysSlips: true})
	s.day = func(s *Story, day int) {
		date := s.world.Clock.Now()
		days := time.Date(date.Year(), date.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
		today := date.Day()
		for range 40*today/days - 40*(today-1)/days {
			s.made++
			login := fmt.Sprintf("author-%d", s.made)
			s.world.GitHub.AddUser(login)
			s.world.GitHub.AddRepo(login, "thing")
			s.world.GitHub.Star("donor", login+"/thing")
			s.People = append(s.People, &Person{Name: "Author " + fmt.Sprint(s.made), GitHub: login, Joins: day, Destination: "https://example.org/" + login})
		}
	}
}
