package sandbox

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const starJSON = "application/vnd.github.star+json"

type starOf struct {
	At   string `json:"starred_at"`
	Repo repoOf `json:"repo"`
}

type repoOf struct {
	ID    int64  `json:"id"`
	Full  string `json:"full_name"`
	Page  string `json:"html_url"`
	Owner struct {
		ID    int64  `json:"id"`
		Login string `json:"login"`
	} `json:"owner"`
}

func names(stars []starOf) (of []string) {
	for _, s := range stars {
		of = append(of, s.Repo.Full)
	}
	return of
}

// fill lets fan star maker/r0, maker/r1, … a minute apart.
func (v visitor) fill(n int) {
	v.GitHub.AddUser("fan")
	v.GitHub.AddUser("maker")
	v.more(0, n)
}

func (v visitor) more(from, to int) {
	for i := from; i < to; i++ {
		v.GitHub.AddRepo("maker", fmt.Sprintf("r%d", i))
		v.GitHub.Star("fan", fmt.Sprintf("maker/r%d", i))
		v.Clock.Advance(time.Minute)
	}
}

func (v visitor) stars(path string) ([]starOf, reply) {
	v.t.Helper()
	got := v.get(v.GitHub.Base()+path, "Accept", starJSON)
	if got.status != http.StatusOK {
		v.t.Fatalf("%s: %d %s", path, got.status, got.body)
	}
	return into[[]starOf](v.t, got.body), got
}

func TestStarsAreListedAsGitHubListsThem(t *testing.T) {
	v := visit(t)
	v.fill(5)
	v.GitHub.Push("maker/r1")
	v.GitHub.StarAt("fan", "maker/r1", october.Add(-time.Hour)) // starred already: the first time stays
	v.GitHub.AddRepo("maker", "old")
	v.GitHub.StarAt("fan", "maker/old", october.Add(-24*time.Hour))
	v.GitHub.AddRepo("maker", "soon")
	v.GitHub.StarAt("fan", "maker/soon", v.Clock.Now().Add(time.Second))
	for _, c := range []struct {
		name, query string
		want        []string
	}{
		{"newest first, what is back-dated in its place, what has not come not at all", "", []string{"r4", "r3", "r2", "r1", "r0", "old"}},
		{"oldest first", "?direction=asc", []string{"old", "r0", "r1", "r2", "r3", "r4"}},
		{"by last push", "?sort=updated", []string{"r1", "old", "r4", "r3", "r2", "r0"}},
		{"a page", "?per_page=2&page=2", []string{"r2", "r1"}},
		{"a page behind the end is empty", "?per_page=2&page=9", nil},
		{"what is no number is the usual", "?per_page=x&page=-1", []string{"r4", "r3", "r2", "r1", "r0", "old"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _ := v.stars("users/FAN/starred" + c.query)
			var want []string
			for _, name := range c.want {
				want = append(want, "maker/"+name)
			}
			if diff := cmp.Diff(want, names(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
	got, _ := v.stars("users/fan/starred?per_page=1")
	if want := "2026-10-01T12:04:00Z"; got[0].At != want {
		t.Errorf("starred_at is %s, want %s", got[0].At, want)
	}
	v.Clock.Advance(time.Second)
	if got, _ = v.stars("users/fan/starred?per_page=1"); got[0].Repo.Full != "maker/soon" {
		t.Errorf("when its time has come the star is not first, but %s", got[0].Repo.Full)
	}
}

func TestBareRepositoriesComeWithoutTheStarMediaType(t *testing.T) {
	v := visit(t)
	v.fill(1)
	got := v.get(v.GitHub.Base() + "users/fan/starred")
	if bare := into[[]repoOf](t, got.body); len(bare) != 1 || bare[0].Full != "maker/r0" || strings.Contains(got.body, "starred_at") {
		t.Errorf("got %.200s", got.body)
	}
	if media := got.header.Get("X-GitHub-Media-Type"); media != "github.v3; format=json" {
		t.Errorf("media type %q", media)
	}
	_, got = v.stars("users/fan/starred")
	if media := got.header.Get("X-GitHub-Media-Type"); media != "github.v3; param=star; format=json" {
		t.Errorf("media type with times %q", media)
	}
	if kind := got.header.Get("Content-Type"); kind != "application/json; charset=utf-8" {
		t.Errorf("content type %q", kind)
	}
	if want := v.Clock.Now().Format(http.TimeFormat); got.header.Get("Date") != want {
		t.Errorf("dated %s, want the clock's %s", got.header.Get("Date"), want)
	}
}

var linkRE = regexp.MustCompile(`<([^>]+)>; rel="(\w+)"`)

func links(r reply) map[string]string {
	of := map[string]string{}
	for _, m := range linkRE.FindAllStringSubmatch(r.header.Get("Link"), -1) {
		of[m[2]] = m[1]
	}
	return of
}

func TestLinksGoByNumberAndKeepTheQuery(t *testing.T) {
	v := visit(t)
	v.fill(5)
	list := fmt.Sprintf("%suser/%d/starred?", v.GitHub.Base(), v.GitHub.ID("fan"))
	own := v.GitHub.Base() + "user/starred?"
	for _, c := range []struct {
		name, path string
		want       map[string]string
	}{
		{"first page", "users/fan/starred?per_page=2&sort=created", map[string]string{
			"next": list + "page=2&per_page=2&sort=created", "last": list + "page=3&per_page=2&sort=created"}},
		{"middle page", "users/fan/starred?per_page=2&page=2", map[string]string{"prev": list + "page=1&per_page=2",
			"next": list + "page=3&per_page=2", "last": list + "page=3&per_page=2", "first": list + "page=1&per_page=2"}},
		{"last page", "users/fan/starred?per_page=2&page=3", map[string]string{"prev": list + "page=2&per_page=2", "first": list + "page=1&per_page=2"}},
		{"behind the end", "users/fan/starred?per_page=2&page=7", map[string]string{"prev": list + "page=3&per_page=2", "first": list + "page=1&per_page=2"}},
		{"one's own list stays one's own", "user/starred?per_page=3", map[string]string{"next": own + "page=2&per_page=3", "last": own + "page=2&per_page=3"}},
		{"all on one page", "users/fan/starred", map[string]string{}},
		{"nothing at all", "users/maker/starred?page=2", map[string]string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := v.get(v.GitHub.Base()+c.path, "Authorization", "Bearer "+v.GitHub.Token("fan"))
			if diff := cmp.Diff(c.want, links(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPagesShiftWhenStarsComeAndGoMeanwhile(t *testing.T) {
	v := visit(t)
	v.fill(6)
	_, first := v.stars("users/fan/starred?per_page=3")
	v.more(6, 7) // a new star pushes r3 to page 2
	second := into[[]starOf](t, v.get(links(first)["next"], "Accept", starJSON).body)
	if diff := cmp.Diff([]string{"maker/r3", "maker/r2", "maker/r1"}, names(second)); diff != "" {
		t.Errorf("after a new star:\n%s", diff)
	}
	v.GitHub.Unstar("fan", "maker/r6")
	v.GitHub.Unstar("fan", "maker/r5") // r2 moves to page 1
	second = into[[]starOf](t, v.get(links(first)["next"], "Accept", starJSON).body)
	if diff := cmp.Diff([]string{"maker/r1", "maker/r0"}, names(second)); diff != "" {
		t.Errorf("after a star was taken back:\n%s", diff)
	}
	v.GitHub.Star("fan", "maker/r5")
	again, _ := v.stars("users/fan/starred?per_page=1")
	if want := stamp(v.Clock.Now()); again[0].Repo.Full != "maker/r5" || again[0].At != want {
		t.Errorf("starred again it is %+v, want it first with the new time %s", again[0], want)
	}
}

func TestEveryPageIsMostlyTheSameWalkedOneByOne(t *testing.T) {
	v := visit(t)
	v.fill(250)
	var walked []string
	for next := v.GitHub.Base() + "users/fan/starred?per_page=500"; next != ""; {
		got := v.get(next, "Accept", starJSON)
		page := into[[]starOf](t, got.body)
		if len(page) > 100 {
			t.Fatalf("%d on a page: 100 is the most", len(page))
		}
		walked = append(walked, names(page)...)
		next = links(got)["next"]
	}
	slices.Sort(walked)
	if n := len(slices.Compact(walked)); n != 250 {
		t.Errorf("walked over %d of 250 stars", n)
	}
}

func TestARenamedUserStaysTheSameAndTheLoginIsFree(t *testing.T) {
	v := visit(t)
	v.fill(1)
	g := v.GitHub
	id := g.ID("maker")
	g.Rename("maker", "Smith")
	if got := v.get(g.Base() + "users/maker"); got.status != 404 {
		t.Errorf("the old login answers %d", got.status)
	}
	stars, _ := v.stars("users/fan/starred")
	if s := stars[0].Repo; s.Full != "Smith/r0" || s.Owner.ID != id || s.Owner.Login != "Smith" || s.Page != g.Base()+"Smith/r0" {
		t.Errorf("the repository is %+v", s)
	}
	if got := v.get(g.Base() + "maker/r0"); got.status != 301 || got.header.Get("Location") != "/Smith/r0" {
		t.Errorf("the old page answers %d to %s", got.status, got.header.Get("Location"))
	}
	g.Rename("Smith", "smith") // only its case
	other := g.AddUser("maker")
	g.AddRepo("maker", "r0")
	if other == id {
		t.Error("who took the login has the number of the old user")
	}
	byNumber := into[struct{ Login string }](t, v.get(fmt.Sprintf("%suser/%d", g.Base(), id)).body)
	if byNumber.Login != "smith" {
		t.Errorf("number %d is %q now", id, byNumber.Login)
	}
	if got := v.get(g.Base() + "maker/r0"); got.status != 200 {
		t.Errorf("the new repository at the old place answers %d", got.status)
	}
}

func TestRepositoriesMoveHideAndGo(t *testing.T) {
	v := visit(t)
	v.fill(4)
	g := v.GitHub
	g.AddUser("club", About{Organisation: true})
	g.RenameRepo("maker/r0", "zero")
	g.Transfer("maker/r1", "club")
	g.Delete("maker/r2")
	stars, _ := v.stars("users/fan/starred")
	if diff := cmp.Diff([]string{"maker/r3", "club/r1", "maker/zero"}, names(stars)); diff != "" {
		t.Error(diff)
	}
	g.Suspend("maker")
	stars, _ = v.stars("users/fan/starred")
	if diff := cmp.Diff([]string{"club/r1"}, names(stars)); diff != "" {
		t.Errorf("with the maker suspended:\n%s", diff)
	}
	g.Restore("maker")
	if stars, _ = v.stars("users/fan/starred"); len(stars) != 3 {
		t.Errorf("restored: %v", names(stars))
	}
}

func TestPagesAreEscapedAndTheButtonStars(t *testing.T) {
	v := visit(t)
	g := v.GitHub
	const evil = `<script>alert("&amp;")</script>`
	g.AddUser("eve", About{Name: evil, Bio: evil, Blog: "javascript:alert(1)"})
	g.AddRepo("eve", "x", RepoAbout{Description: evil})
	for _, path := range []string{"", "eve", "eve/x", "nobody", "login/device?user_code=" + "%3Cscript%3E", "login/oauth/authorize?client_id=%3Cscript%3E&redirect_uri=http://h/"} {
		got := v.get(g.Base()+path, "Accept", "text/html")
		if strings.Contains(got.body, "<script") || strings.Contains(got.body, `"javascript:`) ||
			got.header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("/%s: %s\n%s", path, got.header.Get("Content-Type"), got.body)
		}
	}
	said := into[struct{ Bio string }](t, v.get(g.Base()+"users/eve").body)
	if said.Bio != evil {
		t.Errorf("the API tells the bio as %q", said.Bio)
	}
	if got := v.post(g.Base()+"eve/x", "login=eve&do=star"); got.status != 303 {
		t.Errorf("the button answers %d", got.status)
	}
	if stars, _ := v.stars("users/eve/starred"); len(stars) != 1 {
		t.Error("the button gave no star")
	}
	if got := v.post(g.Base()+"eve/x", "login=nobody&do=star"); got.status != 404 {
		t.Errorf("the button of nobody answers %d", got.status)
	}
	if got := v.post(g.Base()+"eve/x", "login=eve&do=unstar", "Sec-Fetch-Site", "cross-site"); got.status != 403 {
		t.Errorf("a click from another site answers %d", got.status)
	}
}

func TestAMistakeOfTheScriptPanicsAndLeavesTheWorldWhole(t *testing.T) {
	v := visit(t)
	v.fill(1)
	g := v.GitHub
	for name, mistake := range map[string]func(){
		"a star of nobody":          func() { g.Star("nobody", "maker/r0") },
		"a star of nothing":         func() { g.Star("fan", "maker/nothing") },
		"a login twice":             func() { g.AddUser("FAN") },
		"a login with a slash":      func() { g.AddUser("a/b") },
		"a login of the server":     func() { g.AddUser("users") },
		"a number twice":            func() { g.AddUser("x", About{ID: g.ID("fan")}) },
		"a repository twice":        func() { g.AddRepo("maker", "R0") },
		"a repository called ..":    func() { g.AddRepo("maker", "..") },
		"a rename to a taken login": func() { g.Rename("fan", "maker") },
		"a fave of nobody":          func() { v.Flickr.Fave("1@N01", "1") },
		"an address with a slash":   func() { v.Flickr.SetAlias(v.Flickr.AddUser("x"), "a/b") },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if said, ok := recover().(string); !ok || !strings.HasPrefix(said, "sandbox: ") {
					t.Errorf("it said %v", said)
				}
				if stars, _ := v.stars("users/fan/starred"); len(stars) != 1 {
					t.Errorf("afterwards fan has %v", names(stars))
				}
			}()
			mistake()
		})
	}
}
