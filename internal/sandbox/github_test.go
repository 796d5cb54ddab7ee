package sandbox

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
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

func TestConditionalRequests(t *testing.T) {
	v := visit(t)
	v.fill(2)
	token := "Bearer " + v.GitHub.Token("fan")
	url := v.GitHub.Base() + "users/fan/starred"
	tag := v.get(url).header.Get("ETag")
	for _, c := range []struct {
		name   string
		change func()
		tag    string
		header []string
		want   int
		costs  int
	}{
		{"unchanged costs nothing for who has a token", func() {}, tag, []string{"Authorization", token}, 304, 0},
		{"unchanged costs one without a token", func() {}, tag, nil, 304, 1},
		{"tags are compared weakly", func() {}, strings.TrimPrefix(tag, "W/"), nil, 304, 1},
		{"any tag of a list will do", func() {}, `"x", ` + tag, nil, 304, 1},
		{"another tag does not match", func() {}, `W/"x"`, nil, 200, 1},
		{"with times it is another body", func() {}, tag, []string{"Accept", starJSON}, 200, 1},
		{"somebody else's star of the same repository changes its counters", func() { v.GitHub.Star("maker", "maker/r0") }, tag, nil, 200, 1},
		{"taken back it is as before", func() { v.GitHub.Unstar("maker", "maker/r0") }, tag, nil, 304, 1},
		{"a new star changes it", func() { v.more(2, 3) }, tag, []string{"Authorization", token}, 200, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.change()
			header := append([]string{"If-None-Match", c.tag}, c.header...)
			before := used(t, v.get(v.GitHub.Base()+"rate_limit", header[2:]...))
			got := v.get(url, header...)
			after := used(t, v.get(v.GitHub.Base()+"rate_limit", header[2:]...))
			if got.status != c.want || after-before != c.costs {
				t.Errorf("%d for %d, want %d for %d", got.status, after-before, c.want, c.costs)
			}
			if got.status == 304 && (got.body != "" || got.header.Get("ETag") != tag) {
				t.Errorf("304 with body %q and tag %s", got.body, got.header.Get("ETag"))
			}
		})
	}
}

func used(t *testing.T, limits reply) int {
	t.Helper()
	return into[struct{ Rate struct{ Used int } }](t, limits.body).Rate.Used
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		name    string
		limits  Limits
		token   bool
		message string
		status  int
	}{
		{"without a token", Limits{Anonymous: 3, User: 5000, Status: 403}, false, "API rate limit exceeded for 127.0.0.1.", 403},
		{"with a token", Limits{Anonymous: 60, User: 3, Status: 403}, true, "API rate limit exceeded for user ID", 403},
		{"said with 429", Limits{Anonymous: 3, User: 3, Status: 429}, false, "API rate limit exceeded", 429},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := visit(t)
			v.fill(1)
			v.GitHub.SetLimits(c.limits)
			ask := func() reply {
				if !c.token {
					return v.get(v.GitHub.Base() + "users/fan")
				}
				return v.get(v.GitHub.Base()+"users/fan", "Authorization", "token "+v.GitHub.Token("fan")) // all tokens share one limit
			}
			for i := range 3 {
				got := ask()
				if got.status != 200 || got.header.Get("X-RateLimit-Remaining") != strconv.Itoa(2-i) ||
					got.header.Get("X-RateLimit-Used") != strconv.Itoa(i+1) || got.header.Get("X-RateLimit-Limit") != "3" {
					t.Fatalf("request %d: %d %v", i, got.status, got.header)
				}
			}
			got := ask()
			reset, err := strconv.ParseInt(got.header.Get("X-RateLimit-Reset"), 10, 64)
			if got.status != c.status || got.header.Get("X-RateLimit-Remaining") != "0" || !strings.Contains(got.body, c.message) ||
				!strings.Contains(got.body, "rate-limiting") || err != nil {
				t.Fatalf("above the limit: %d %v %s", got.status, got.header, got.body)
			}
			if limits := v.get(v.GitHub.Base() + "rate_limit"); limits.status != 200 {
				t.Errorf("rate_limit answers %d above the limit", limits.status)
			}
			v.Clock.Set(time.Unix(reset, 0))
			if got := ask(); got.status != 200 {
				t.Errorf("at the reset: %d", got.status)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	v := visit(t)
	v.fill(1)
	v.GitHub.AddUser("ghost")
	ghost, gone := v.GitHub.Token("ghost"), v.GitHub.Token("fan")
	v.GitHub.Suspend("ghost")
	v.GitHub.Revoke(gone)
	for _, c := range []struct {
		name, path, auth string
		status           int
		message          string
	}{
		{"no token where one is needed", "user", "", 401, "Requires authentication"},
		{"no token for one's own stars", "user/starred", "", 401, "Requires authentication"},
		{"a revoked token", "users/fan", "Bearer " + gone, 401, "Bad credentials"},
		{"a made-up token", "user", "token ghp_x", 401, "Bad credentials"},
		{"a token of a suspended user", "user", "Bearer " + ghost, 403, "Sorry. Your account was suspended."},
		{"a suspended user", "users/ghost", "", 404, "Not Found"},
		{"nobody of that login", "users/nobody/starred", "", 404, "Not Found"},
		{"nobody of that number", "user/1", "", 404, "Not Found"},
		{"a number that is none", "user/x/starred", "", 404, "Not Found"},
		{"a path that is not there", "gists/starred/1", "", 404, "Not Found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var header []string
			if c.auth != "" {
				header = []string{"Authorization", c.auth}
			}
			got := v.get(v.GitHub.Base()+c.path, header...)
			type refused struct{ Message, Documentation_url, Status string }
			said := into[refused](t, got.body)
			if got.status != c.status || said.Message != c.message || said.Status != strconv.Itoa(c.status) ||
				!strings.HasPrefix(said.Documentation_url, "https://docs.github.com/rest") {
				t.Errorf("%d %+v", got.status, said)
			}
		})
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
