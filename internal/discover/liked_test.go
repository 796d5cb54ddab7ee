package discover

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"flattery"
	"flattery/connectors"
)

// shower lists stars: the pages that page makes, then what breaks.
type shower struct {
	page  func(n int) (connectors.ShownPage, error)
	asked int
}

func (s *shower) LikesShown(_ context.Context, _ connectors.Session, _ string) iter.Seq2[connectors.ShownPage, error] {
	return func(yield func(connectors.ShownPage, error) bool) {
		for {
			p, err := s.page(s.asked)
			s.asked++
			if !yield(p, err) || err != nil || !p.More {
				return
			}
		}
	}
}

// stars are some of the things of so many authors, from a number on.
func stars(from, n, authors int, more bool) connectors.ShownPage {
	p := connectors.ShownPage{Who: cat(), All: 12345, More: more}
	for i := from; i < from+n; i++ {
		who := cat()
		who.Subject = fmt.Sprint(i % authors)
		p.Likes = append(p.Likes, flattery.Like{Thing: flattery.Thing{ID: fmt.Sprint(i)}, Author: who})
		p.Shown = append(p.Shown, connectors.Funding{Holder: who})
	}
	return p
}

func TestSomebodysStarsAreReadUntilThereAreEnough(t *testing.T) {
	limit := &connectors.RateLimitError{RetryAfter: time.Minute}
	for name, v := range map[string]struct {
		page  func(n int) (connectors.ShownPage, error)
		asked int
		want  string // read, authors, more
		why   error
		fails bool
	}{
		"all of them":              {func(n int) (connectors.ShownPage, error) { return stars(100*n, 100, 7, n < 2), nil }, 3, "300 7 false", nil, false},
		"a list without an end":    {func(n int) (connectors.ShownPage, error) { return stars(100*n, 100, 7, true), nil }, 50, "5000 7 true", nil, false},
		"a list that repeats":      {func(int) (connectors.ShownPage, error) { return stars(0, 100, 7, true), nil }, 50, "100 7 true", nil, false},
		"pages with nothing in it": {func(int) (connectors.ShownPage, error) { return stars(0, 0, 1, true), nil }, 50, "0 0 true", nil, false},
		"none":                     {func(int) (connectors.ShownPage, error) { return stars(0, 0, 1, false), nil }, 1, "0 0 false", nil, false},
		"a limit in the middle": {func(n int) (connectors.ShownPage, error) {
			if n == 2 {
				return connectors.ShownPage{}, limit
			}
			return stars(100*n, 100, 7, true), nil
		}, 3, "200 7 true", limit, false},
		"a limit at once": {func(int) (connectors.ShownPage, error) { return connectors.ShownPage{}, limit }, 1, "", nil, true},
	} {
		f := &fake{site: newSite(t, nil)}
		finder, s := f.finder(), &shower{page: v.page}
		l, err := finder.Liked(t.Context(), s, "github", "cat")
		if s.asked != v.asked || (err != nil) != v.fails {
			t.Errorf("%s: asked %d times, %v", name, s.asked, err)
		}
		if err != nil {
			continue
		}
		sum := 0
		for _, a := range l.Authors {
			sum += l.Likes[a.Identity]
			if len(a.Things) != len(a.Shown) || len(a.Things) != l.Likes[a.Identity] {
				t.Errorf("%s: %d things, %d shown", name, len(a.Things), len(a.Shown))
			}
		}
		if got := fmt.Sprint(l.Read, len(l.Authors), l.More); got != v.want || sum != l.Read || !errors.Is(l.Why, v.why) || l.Who.Handle != "cat" {
			t.Errorf("%s: %s, sum %d, %v; want %s", name, got, sum, l.Why, v.want)
		}
		// Who asked to wait is left alone also while the authors are looked for.
		if wait := finder.Pace.wait(t.Context(), "of github", now); (wait != nil) != (v.why != nil) {
			t.Errorf("%s: %v", name, wait)
		}
	}
}

func TestStarsAreNotReadForWhoHasLeft(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	f, s := &fake{site: newSite(t, nil)}, &shower{}
	s.page = func(n int) (connectors.ShownPage, error) {
		if n == 1 {
			leave()
		}
		return stars(100*n, 100, 7, true), ctx.Err()
	}
	finder := f.finder()
	finder.Pace.Every = time.Microsecond
	if l, err := finder.Liked(ctx, s, "github", "cat"); !errors.Is(err, context.Canceled) || l != nil {
		t.Errorf("%+v, %v", l, err)
	}
}
