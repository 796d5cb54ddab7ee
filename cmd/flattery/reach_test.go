package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"flattery/connectors/connectortest"
	"flattery/internal/discover"
	"flattery/internal/sandbox"
)

// The funding files that were found in public stand in a sandbox, beside the things that they stood beside, and the defaults
// in their owners' .github repositories.
func TestTheFundingFilesOfTheWildReachTheirAuthors(t *testing.T) {
	ofBoth(t)
	b := newBench(t, october)
	g := b.world.GitHub
	var stars []map[string]string
	users := map[string]bool{}
	user := func(name string) {
		if !users[strings.ToLower(name)] {
			users[strings.ToLower(name)] = true
			g.AddUser(name)
		}
	}
	files, err := os.ReadDir(connectortest.Shared(t, "reach", "funding"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		steps := strings.Split(strings.TrimSuffix(f.Name(), ".yml"), "__")
		text := string(connectortest.ReadShared(t, "reach", "funding", f.Name()))
		switch steps[0] {
		case "odd":
			continue
		case "default":
			user(steps[1])
			g.AddRepo(steps[1], ".github")
			g.SetFile(steps[1]+"/.github", strings.Replace(steps[3], "github_", "github/", 1)+".yml", text)
			g.AddRepo(steps[1], "a-thing")
			stars = append(stars, map[string]string{"name_with_owner": steps[1] + "/a-thing", "url": "https://github.com/" + steps[1] + "/a-thing"})
		default:
			user(steps[0])
			g.AddRepo(steps[0], steps[1])
			g.SetFile(steps[0]+"/"+steps[1], ".github/FUNDING.yml", text)
			stars = append(stars, map[string]string{"name_with_owner": steps[0] + "/" + steps[1], "url": "https://github.com/" + steps[0] + "/" + steps[1]})
		}
	}
	text, err := json.Marshal(stars)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "stars.json")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	a := into[reachAnswer](b, "reach", name)
	var unpaid []string
	for _, who := range a.Who {
		if len(who.Places) == 0 || !who.Places[0].Verified {
			unpaid = append(unpaid, who.Author.Handle)
		}
	}
	if a.Likes != len(stars) || a.Payable != a.Authors || a.Asked != a.Authors || len(unpaid) > 0 {
		t.Errorf("%d likes, %d of %d authors are payable, of %d all was asked; not %q", a.Likes, a.Payable, a.Authors, a.Asked, unpaid)
	}
	by := map[string]string{}
	for _, s := range a.Sources {
		by[string(s.Source)] = fmt.Sprint(s.Alone, s.Added, s.Sum)
	}
	t.Logf("%d authors: %v", a.Authors, by)
}

func TestStarsOfARealPersonAreRead(t *testing.T) {
	ofBoth(t)
	p := &program{}
	authors, likes, err := p.readReach(connectortest.Shared(t, "reach", "stars", "F-e-u-e-r.json"))
	if err != nil {
		t.Fatal(err)
	}
	all := 0
	for _, n := range likes {
		all += n
	}
	if all != 778 || len(authors) != len(likes) || slices.ContainsFunc(authors, func(a discover.Author) bool { return a.Handle == "" || len(a.Things) == 0 }) {
		t.Errorf("%d likes of %d authors", all, len(authors))
	}
	t.Logf("%d likes of %d authors", all, len(authors))
}

// GitHub asks to wait after two of three pages: what was read is added up, and that it is not all is said.
func TestAReachThatIsBrokenOffSaysSo(t *testing.T) {
	ofBoth(t)
	b := newBench(t, october)
	g := b.world.GitHub
	g.AddUser("ada")
	g.AddUser("cat")
	g.SetSponsors("cat", true)
	for i := range 250 {
		g.AddRepo("cat", fmt.Sprint("lib", i))
		g.StarAt("ada", fmt.Sprint("cat/lib", i), october.Add(-time.Duration(i+1)*time.Hour))
	}
	b.env = append(b.env, "FLATTERY_NETWORKS_GITHUB_KEY="+g.Token("cat"))
	whole := into[reachAnswer](b, "reach", "github:ada")
	if whole.Likes != 250 || whole.More || whole.Payable != 1 || whole.Asked != 1 || whole.Of == nil || whole.Of.Handle != "ada" {
		t.Errorf("%+v", whole)
	}
	g.SetLimits(sandbox.Limits{Anonymous: 60, User: 5, Status: 403}) // three were asked for
	a := b.run("reach", "github:ada")
	if a.code != exitDone || !strings.Contains(a.errors, "rate limit: wait") || !strings.Contains(a.errors, "try again after that") ||
		!strings.Contains(a.errors, "The newest 200 of 250 stars were read.") || !strings.Contains(a.out, "200 likes of 1 author: 1 (100.0 %) payable.") {
		t.Errorf("exit %d: %s%s", a.code, a.errors, a.out)
	}
	if a := b.run("reach", "github:ada"); a.code != exitFailed || !strings.Contains(a.errors, "rate limit: wait") {
		t.Errorf("when nothing was read: exit %d: %s", a.code, a.errors)
	}
}
