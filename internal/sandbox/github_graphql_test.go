package sandbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"flattery"
	"flattery/connectors"
	"flattery/connectors/github"
)

func TestOneQuerySaysOfAHundredRepositoriesWhoIsPaid(t *testing.T) {
	w, err := Open(NewClock(october), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close(context.WithoutCancel(t.Context())) }()
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
