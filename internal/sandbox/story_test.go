package sandbox

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// tellStory lets days pass in a world of its own and tells everybody's likes, by network.
func tellStory(t *testing.T, name string, seed uint64, days int) (*Story, map[string][]string) {
	t.Helper()
	w, err := Open(NewClock(october), seed)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}()
	s, err := NewStory(name, w, seed)
	if err != nil {
		t.Fatal(err)
	}
	for day := range days {
		s.Day(day)
		w.Clock.Advance(24 * time.Hour)
	}
	given := map[string][]string{}
	note := func(network, who, thing string, at time.Time) {
		given[network] = append(given[network], fmt.Sprint(who, " ", thing, " ", at))
	}
	for _, u := range w.GitHub.users {
		for _, k := range u.stars.list {
			note("github", u.login, k.thing.full(), k.at)
		}
	}
	for _, p := range w.Flickr.people {
		for _, k := range p.faves.list {
			note("flickr", p.name, k.thing.title, k.at)
		}
	}
	for network, of := range map[string]*social{"twitter": &w.X.social, "soundcloud": &w.SoundCloud.social,
		"vimeo": &w.Vimeo.social, "fivehundredpx": &w.FiveHundredPX.social} {
		for _, m := range of.members {
			for _, l := range m.likes {
				note(network, m.handle, l.thing.title, l.at)
			}
		}
	}
	for _, list := range given {
		slices.Sort(list)
	}
	return s, given
}

func TestTheSameSeedTellsTheSameStory(t *testing.T) {
	for _, name := range []string{StoryTown, StoryLongTail} {
		_, one := tellStory(t, name, 3, 40)
		_, two := tellStory(t, name, 3, 40)
		if fmt.Sprint(one) != fmt.Sprint(two) {
			t.Errorf("%s: first %.500v\nthen  %.500v", name, one, two)
		}
	}
	_, one := tellStory(t, StoryTown, 3, 40)
	if _, other := tellStory(t, StoryTown, 4, 40); fmt.Sprint(one) == fmt.Sprint(other) {
		t.Error("another seed tells the same")
	}
}

func TestThePeopleOfTheTownAreOnAllNetworks(t *testing.T) {
	s, given := tellStory(t, StoryTown, 1, 90)
	for _, network := range []string{"github", "flickr", "twitter", "soundcloud", "vimeo", "fivehundredpx"} {
		donors, makers := 0, 0
		for _, p := range s.People {
			if p.On[network] != "" && p.Budget != "" {
				donors++
			}
			if len(p.things[network]) > 0 {
				makers++
			}
		}
		t.Logf("%s: %d donors, %d makers, %d likes in 90 days", network, donors, makers, len(given[network]))
		if donors < 2 || makers < 2 || len(given[network]) < 10 {
			t.Errorf("%s: %d donors, %d makers, %d likes", network, donors, makers, len(given[network]))
		}
	}
	if hana := s.People[7]; hana.On["github"] != "hana-codes" || hana.On["twitter"] != "hana" {
		t.Errorf("Hana is %v", hana.On)
	}
}
