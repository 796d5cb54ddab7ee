package sandbox

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Person is somebody of a story. They may like, make things, or both.
type Person struct {
	Name        string            // "Ada"
	On          map[string]string // by network: their handle there, of Flickr the NSID; changes when they rename themselves
	Budget      string            // what they give a month; "": only makes things
	Joins       int               // day of the story on which they claim what is theirs; -1: never
	Destination string            // where they are paid once they joined
	PaysSlips   bool              // donors: whether they pay their slips

	likes  float64             // chance that they like something on a day
	things map[string][]string // what they made, by network, as a like of it is told to the world
	titles map[string]string   // of the first of these
}

// Story is a script of people: the same seed makes them do the same things on the same days. It changes its world and
// nothing else.
type Story struct {
	People []*Person
	world  *World
	stages []stage
	dice   *rand.Rand
	made   int
	day    func(s *Story, day int)
}

// Stories that can be told.
const (
	StoryTown     = "town"      // a dozen people on six networks, some join, some wait
	StoryLongTail = "long-tail" // one donor, 2.00 a month, forty new authors each month, all of whom have joined
)

// NewStory lets a story begin in a world.
func NewStory(name string, w *World, seed uint64) (*Story, error) {
	s := &Story{world: w, stages: stages(w), dice: rand.New(rand.NewPCG(seed, 2013))}
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

// longTail shows what small shares come to when no author is liked twice.
func (s *Story) longTail() {
	s.world.GitHub.AddUser("donor")
	s.People = append(s.People, &Person{Name: "Donor", On: map[string]string{"github": "donor"}, Budget: "2.00", Joins: 0, PaysSlips: true})
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
			s.People = append(s.People, &Person{Name: "Author " + fmt.Sprint(s.made), On: map[string]string{"github": login}, Joins: day, Destination: "https://example.org/" + login})
		}
	}
}
