package sandbox

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/connectors/github"
)

func TestOneQuerySaysOfAHundredRepositoriesWhoIsPaid(t *testing.T) {
	w, err := Open(NewClock(october), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	g := w.GitHub
	for _, name := range []string{"ada", "cat", "dog"} {
		g.AddUser(name)
	}
	g.AddUser("club", About{Organisation: true})
	var things []flattery.Thing
	for i := range connectors.MaxLinked - 4 {
		g.AddRepo("dog", fmt.Sprint("tool", i))
		things = append(things, flattery.Thing{Title: fmt.Sprint("dog/tool", i)})
	}
	g.AddRepo("cat", "tool")
	g.AddRepo("club", "lib")
	g.AddRepo("club", ".github")
	g.SetFile("cat/tool", ".github/FUNDING.yml", "github: [cat, dog]\nko_fi: cat-pays\ncustom: https://example.org/pay")
	g.Fork("dog", "cat/tool")
	g.SetFile("club/.github", "FUNDING.yml", "open_collective: club")
	g.SetSponsors("cat", true)
	for _, name := range []string{"cat/tool", "club/lib", "cat/gone", "dog/tool"} {
		things = append(things, flattery.Thing{Title: name})
	}
	s := connectors.Session{Client: connectors.NewClient(connectors.ClientOptions{AllowPrivate: true}), App: flattery.App{Key: flattery.Secret(g.Token("ada"))}, Now: w.Clock.Now()}
	c := github.New(g.Base())
	asked := g.Requests().Total
	got, err := c.FundingLinks(t.Context(), s, things)
	if err != nil || len(got) != connectors.MaxLinked || g.Requests().Total != asked+1 {
		t.Fatalf("%d answers by %d requests, %v", len(got), g.Requests().Total-asked, err)
	}
	some := got[len(got)-4:]
	if f := some[0]; f.Holder.Handle != "cat" || f.Copied || f.Listed != "https://github.com/sponsors/cat" ||
		!slices.Equal(f.Links, []string{"https://github.com/sponsors/cat", "https://github.com/sponsors/dog", "https://ko-fi.com/cat-pays", "https://example.org/pay"}) {
		t.Errorf("cat/tool: %+v", f)
	}
	if f := some[1]; !f.Holder.Organisation || f.Listed != "" || !slices.Equal(f.Links, []string{"https://opencollective.com/club"}) {
		t.Errorf("club/lib: %+v", f)
	}
	if f := some[2]; f.Holder.Subject != "" {
		t.Errorf("cat/gone: %+v", f)
	}
	if f := some[3]; !f.Copied || f.Holder.Handle != "dog" || len(f.Links) != 4 {
		t.Errorf("dog/tool, which is a fork: %+v", f)
	}
	for name, v := range map[string]struct {
		key    flattery.Secret
		things int
		want   string
	}{
		"of a key that is none":    {"ghp_nobody", 1, connectors.ErrUnauthorized.Error()},
		"more than are let pass":   {s.App.Key, 101, "101 repositories"},
		"without a key of anybody": {"", 1, connectors.ErrKey.Error()},
	} {
		s.App.Key = v.key
		if _, err := c.FundingLinks(t.Context(), s, slices.Repeat(things[:1], v.things)); err == nil || !strings.Contains(err.Error(), v.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	g.SetLimits(Limits{Anonymous: 0, User: 0})
	s.App.Key = flattery.Secret(g.Token("dog"))
	_, err = c.FundingLinks(t.Context(), s, things)
	if _, is := errors.AsType[*connectors.RateLimitError](err); !is {
		t.Errorf("over the limit: %v", err)
	}
}

func TestAQuerySaysOfAHundredStarsWhoIsPaid(t *testing.T) {
	w, err := Open(NewClock(october), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	g := w.GitHub
	for _, name := range []string{"ada", "cat", "gone"} {
		g.AddUser(name)
	}
	g.AddUser("club", About{Organisation: true})
	g.AddRepo("cat", "last")
	g.SetFile("cat/last", "FUNDING.yml", "ko_fi: cat-pays")
	g.SetSponsors("cat", true)
	g.SetBlog("cat", "cat.example.org")
	g.AddRepo("gone", "tool")
	g.StarAt("ada", "gone/tool", october.Add(-time.Hour))
	g.Suspend("gone")
	const many = 2*connectors.MaxLinked + 1
	for i := range many - 1 {
		g.AddRepo("club", fmt.Sprint("lib", i))
		g.StarAt("ada", fmt.Sprint("club/lib", i), october.Add(-time.Duration(many-i)*time.Minute))
	}
	g.Star("ada", "cat/last")
	g.StarAt("ada", "club/lib0", october.Add(time.Hour)) // starred already
	s := connectors.Session{Client: connectors.NewClient(connectors.ClientOptions{AllowPrivate: true}), App: flattery.App{Key: flattery.Secret(g.Token("cat"))}, Now: w.Clock.Now()}
	c, asked := github.New(g.Base()), g.Requests().Total
	var titles []string
	for page, err := range c.LikesShown(t.Context(), s, "ADA") {
		if err != nil || page.All != many || page.Who.Handle != "ada" {
			t.Fatalf("%d of %s, %v", page.All, page.Who, err)
		}
		for i, l := range page.Likes {
			titles = append(titles, l.Thing.Title)
			if f := page.Shown[i]; l.Thing.Title == "cat/last" && (!slices.Equal(f.Links, []string{"https://ko-fi.com/cat-pays"}) || f.Listed == "" ||
				!slices.Equal(f.Shows.Links, []string{"https://cat.example.org"})) || l.Author != f.Holder {
				t.Errorf("%+v is shown as %+v", l, f)
			}
		}
	}
	if len(titles) != many || titles[0] != "cat/last" || titles[1] != fmt.Sprint("club/lib", many-2) || titles[many-1] != "club/lib0" || g.Requests().Total != asked+3 {
		t.Errorf("%d stars by %d requests: %q", len(titles), g.Requests().Total-asked, titles)
	}
	for name, v := range map[string]struct {
		key          flattery.Secret
		handle, want string
	}{
		"nobody":                 {s.App.Key, "nobody", connectors.ErrGone.Error()},
		"an organisation":        {s.App.Key, "club", connectors.ErrGone.Error()},
		"a key that is none":     {"ghp_nobody", "ada", connectors.ErrUnauthorized.Error()},
		"somebody who is hidden": {s.App.Key, "gone", connectors.ErrGone.Error()},
	} {
		s.App.Key = v.key
		for _, err := range c.LikesShown(t.Context(), s, v.handle) {
			if err == nil || !strings.Contains(err.Error(), v.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
