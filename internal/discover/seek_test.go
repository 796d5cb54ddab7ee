package discover

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/store"
)

// shelf is a store of one author.
type shelf struct {
	store.Tx
	sought []store.Sought
	kept   []flattery.Payable
	jobs   int
}

func (s *shelf) Sought(_ context.Context, _ time.Time, n int) ([]store.Sought, error) {
	return s.sought[:min(n, len(s.sought))], nil
}
func (s *shelf) Update(_ context.Context, fn func(store.Tx) error) error { return fn(s) }
func (s *shelf) SavePayable(_ context.Context, p flattery.Payable) (int, error) {
	s.kept = append(s.kept, p)
	return 1, nil
}

func (s *shelf) Enqueue(_ context.Context, kind, key string, due time.Time) error {
	if kind == KindPlaces && key == "" && due.Equal(now) {
		s.jobs++
	}
	return nil
}

// graph is a network that answers for many things at once.
type graph struct {
	*fake
	asked int
}

func (g *graph) FundingLinks(_ context.Context, _ connectors.Session, things []flattery.Thing) ([]connectors.Funding, error) {
	g.asked++
	all := make([]connectors.Funding, len(things))
	for i, th := range things {
		if th.Title == "cat/tool" {
			all[i] = connectors.Funding{Holder: cat(), Links: []string{"https://ko-fi.com/shown"}}
		}
	}
	return all, nil
}

func TestAJobLooksForThoseForWhomSomebodyWaits(t *testing.T) {
	known := []flattery.Place{{Destination: "https://ko-fi.com/known", Source: flattery.PlaceFile, Verified: true, Reason: flattery.PlaceByOwner}}
	for name, v := range map[string]struct {
		pages  map[string]string
		known  []flattery.Place
		holder map[string]string
		want   string // of what is kept
		keeps  int
		wait   time.Duration
	}{
		"what is found is kept":    {pages: map[string]string{"/cat/tool/FUNDING.yml": "ko_fi: cat"}, want: "+FUNDING.yml https://ko-fi.com/cat owner", keeps: 1},
		"that nothing is found is": {known: known, keeps: 1},
		"a place that was known stands while somebody cannot be asked": {pages: map[string]string{"/cat/tool/FUNDING.yml": "broken"}, known: known,
			want: "+FUNDING.yml https://ko-fi.com/known owner", keeps: 1},
		"a network that asks to wait is left alone, and nothing is kept": {pages: map[string]string{"/cat/tool/FUNDING.yml": "wait"}, known: known, wait: time.Minute},
		"so is one that is asked whose it is":                            {pages: map[string]string{"/cat/tool/FUNDING.yml": "ko_fi: cat"}, holder: map[string]string{"cat/tool": "wait"}, known: known, wait: time.Minute},
	} {
		f := &fake{site: newSite(t, v.pages), holder: v.holder}
		s := &shelf{sought: []store.Sought{{Author: cat(), Things: []flattery.Thing{{Title: "cat/tool"}}, Known: v.known}}}
		seeker := &Seeker{Store: s, Finder: f.finder(), Log: slog.New(slog.DiscardHandler)}
		wait, err := seeker.Work(t.Context())
		if err != nil || wait != v.wait || len(s.kept) != v.keeps {
			t.Errorf("%s: waits %v, kept %d, %v", name, wait, len(s.kept), err)
			continue
		}
		if v.keeps > 0 && spelled(s.kept[0]) != v.want {
			t.Errorf("%s: kept %s, want %s", name, spelled(s.kept[0]), v.want)
		}
	}
}

func TestAJobIsMadeWhereSomebodyWaits(t *testing.T) {
	s := &shelf{}
	seeker := &Seeker{Store: s, Log: slog.New(slog.DiscardHandler)}
	if err := seeker.Enqueue(t.Context(), now); err != nil || s.jobs != 0 {
		t.Errorf("%v, %d jobs for nobody", err, s.jobs)
	}
	s.sought = make([]store.Sought, 3)
	if err := seeker.Enqueue(t.Context(), now); err != nil || s.jobs != 1 {
		t.Errorf("%v, %d jobs", err, s.jobs)
	}
}

func TestManyAuthorsAreAskedForAtOnceWhereThereIsAKey(t *testing.T) {
	g := &graph{fake: &fake{site: newSite(t, nil)}}
	finder := g.finder()
	finder.Networks = connectors.Set{g}
	authors := make([]Author, 2*connectors.MaxLinked+1)
	for i := range authors {
		authors[i] = Author{Profile: cat(), Things: []flattery.Thing{{Title: "cat/other"}}}
	}
	authors[connectors.MaxLinked].Things[0].Title = "cat/tool"
	authors[0].Things = nil
	if err := finder.Show(t.Context(), authors); err != nil || g.asked != 0 {
		t.Errorf("without a key: %v, asked %d times", err, g.asked)
	}
	finder.App = func(context.Context, string) (flattery.App, error) { return flattery.App{Key: "k"}, nil }
	if err := finder.Show(t.Context(), authors); err != nil || g.asked != 2 {
		t.Errorf("%v, asked %d times", err, g.asked)
	}
	for i, a := range authors {
		if (a.Shown != nil) != (i == connectors.MaxLinked) {
			t.Errorf("author %d is shown as %v", i, a.Shown)
		}
	}
}

func TestNamesAreTakenAtTheirWordForFigures(t *testing.T) {
	f := &fake{site: newSite(t, map[string]string{"/cat/tool/FUNDING.yml": "ko_fi: cat"}), holder: map[string]string{"cat/tool": "wait"}}
	finder := f.finder()
	finder.Trust = true
	who := cat()
	who.Subject = "@cat"
	got, err := finder.Find(t.Context(), Author{Profile: who, Things: []flattery.Thing{{Title: "cat/tool"}}})
	if err != nil || spelled(got) != "+FUNDING.yml https://ko-fi.com/cat owner" {
		t.Errorf("%s, %v", spelled(got), err)
	}
}
