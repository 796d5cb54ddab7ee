package sandbox

import (
	"fmt"
	"html/template"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// githubDocs begins every documentation_url, as the real one's answers do.
const githubDocs = "https://docs.github.com/rest"

// GitHub is GitHub in miniature: users, repositories, stars, tokens, and the API by which they are read. Names of users
// and repositories are found without regard to case.
type GitHub struct {
	host
	pages *template.Template

	mu      sync.Mutex
	random  *rand.Rand
	lastID  int64
	users   map[string]*user // by lower-case login
	byID    map[int64]*user
	repos   map[string]*repo // by lower-case full name, as it is and as it was
	repoIDs map[int64]*repo
	tokens  map[string]grant
	limits  Limits
	windows map[int64]*window // by user id; 0: who has no token
	version uint64            // of all that an answer may show
	cache   pageCache
	device  DeviceRules
	devices []*device // oldest first
	codes   []*code   // oldest first
	apps    map[string]*githubApp
	closed  bool    // an app was registered: no other may come
	gists   []*gist // oldest first
	renews  map[string]renewal
}

type user struct {
	id                     int64
	node                   string
	login, name, bio, blog string
	organisation           bool
	suspended              bool
	sponsors               bool // has a listing of GitHub Sponsors
	created                time.Time
	stars                  likes[*repo]
	repos                  map[*repo]bool
	members                map[*user]string // of an organisation, with their roles
	recorded               *recorded        // of a replayed user
}

type repo struct {
	id              int64
	node            string
	owner           *user
	name            string
	description     string
	created, pushed time.Time
	stargazers      int
	deleted, fork   bool
	readme          string            // of a repository for a profile
	files           map[string]string // of the default branch, by path
	raw             []byte            // as it was recorded; nil: body is rendered
	body            []byte            // nil: to be rendered anew
}

func (r *repo) full() string { return r.owner.login + "/" + r.name }

func (r *repo) shown() bool { return !r.deleted && !r.owner.suspended }

// grant is what a token is good for.
type grant struct {
	user    *user
	scopes  string
	app     string    // id of the app it was given to; "": a personal token
	expires time.Time // zero: it does not
	bound   bool      // by the permissions of a GitHub App, and not by scopes
}

// Limits are how many requests an hour GitHub answers: without a token, and for each user however many tokens there are.
type Limits struct {
	Anonymous, User int
	Status          int // of the answer above the limit: 403 or 429; GitHub uses either
}

// About is what one may know of a user. The zero value is a user who tells nothing.
type About struct {
	Name, Bio, Blog string
	Organisation    bool
	ID              int64 // 0: the next number
	Node            string
}

// RepoAbout is what one may know of a repository.
type RepoAbout struct {
	Description string
	ID          int64 // 0: the next number
	Node        string
	raw         []byte
}

func newGitHub(clock *Clock, seed uint64) *GitHub {
	return &GitHub{
		host:    host{clock: clock},
		pages:   template.Must(template.New("").Parse(githubPages)),
		random:  rand.New(rand.NewPCG(seed, 'g')),
		lastID:  1000,
		users:   map[string]*user{},
		byID:    map[int64]*user{},
		repos:   map[string]*repo{},
		repoIDs: map[int64]*repo{},
		tokens:  map[string]grant{},
		apps:    map[string]*githubApp{},
		renews:  map[string]renewal{},
		limits:  Limits{Anonymous: 60, User: 5000, Status: http.StatusForbidden},
		windows: map[int64]*window{},
		device:  DeviceRules{Interval: 5 * time.Second, ExpiresIn: 15 * time.Minute},
	}
}

// change runs a command and lets the answers know that something is different.
func (g *GitHub) change(command func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.version++
	command()
}

// AddUser makes a user (or an organisation) and tells its id, which stays whatever becomes of the login.
func (g *GitHub) AddUser(login string, about ...About) (id int64) {
	g.change(func() { id = g.addUser(login, about...).id })
	return id
}

// AddRepo makes a repository of a user and tells its id.
func (g *GitHub) AddRepo(owner, name string, about ...RepoAbout) (id int64) {
	g.change(func() { id = g.addRepo(g.user(owner), name, about...).id })
	return id
}

// Star stars a repository now.
func (g *GitHub) Star(login, full string) { g.StarAt(login, full, g.clock.Now()) }

// StarAt stars a repository at a time, to the second. A star of the future is seen when the clock gets there. Who has
// starred it already keeps the first time, as on GitHub.
func (g *GitHub) StarAt(login, full string, at time.Time) {
	g.change(func() { g.star(g.user(login), g.repo(full), at) })
}

// Unstar takes a star back, whether it was given or not.
func (g *GitHub) Unstar(login, full string) {
	g.change(func() { g.unstar(g.user(login), g.repo(full)) })
}

// Rename gives a user another login. The old one is nobody's and may be taken by a new user; repositories move along.
func (g *GitHub) Rename(old, login string) {
	g.change(func() {
		u := g.user(old)
		g.mustBeFree(login, u)
		delete(g.users, strings.ToLower(u.login))
		u.login = login
		g.users[strings.ToLower(login)] = u
		for r := range u.repos {
			r.body, r.raw = nil, nil
			g.repos[strings.ToLower(r.full())] = r
		}
	})
}

// RenameRepo gives a repository another name; its old page leads to the new one.
func (g *GitHub) RenameRepo(full, name string) {
	g.change(func() { r := g.repo(full); g.move(r, r.owner, name) })
}

// Transfer gives a repository to another user.
func (g *GitHub) Transfer(full, owner string) {
	g.change(func() { r := g.repo(full); g.move(r, g.user(owner), r.name) })
}

// Push puts a repository's last push to now, which is what sort=updated goes by.
func (g *GitHub) Push(full string) {
	g.change(func() { r := g.repo(full); r.pushed, r.body = g.clock.Now(), nil })
}

// Delete takes a repository away, also out of everybody's stars.
func (g *GitHub) Delete(full string) {
	g.change(func() { r := g.repo(full); r.deleted = true; delete(r.owner.repos, r) })
}

// SetBio changes what a user's profile says.
func (g *GitHub) SetBio(login, bio string) { g.change(func() { g.user(login).bio = bio }) }

// Suspend hides a user, the user's stars and repositories; tokens of the user are refused. Nobody has confirmed that
// GitHub does it quite so.
func (g *GitHub) Suspend(login string) { g.change(func() { g.user(login).suspended = true }) }

// Restore ends a suspension.
func (g *GitHub) Restore(login string) { g.change(func() { g.user(login).suspended = false }) }

// Token makes a personal token of a user, with these scopes.
func (g *GitHub) Token(login string, scopes ...string) (token string) {
	g.change(func() { token = g.grant("ghp_", grant{user: g.user(login), scopes: strings.Join(scopes, " ")}) })
	return token
}

// Revoke makes a token worthless.
func (g *GitHub) Revoke(token string) { g.change(func() { delete(g.tokens, token) }) }

// SetLimits changes how much is answered. What was used in the present hour stays used.
func (g *GitHub) SetLimits(l Limits) { g.change(func() { g.limits = l }) }

// ID tells the id of who has a login today.
func (g *GitHub) ID(login string) (id int64) {
	g.change(func() { id = g.user(login).id })
	return id
}

func (g *GitHub) star(u *user, r *repo, at time.Time) {
	if u.stars.add(r, at) {
		r.stargazers++
		r.body = nil
	}
}

func (g *GitHub) unstar(u *user, r *repo) {
	if u.stars.remove(r) {
		r.stargazers--
		r.body = nil
	}
}

func (g *GitHub) user(login string) *user {
	u, ok := g.users[strings.ToLower(login)]
	if !ok {
		panic(fmt.Sprintf("sandbox: github: there is no user %q", login))
	}
	return u
}

func (g *GitHub) repo(full string) *repo {
	r, ok := g.repos[strings.ToLower(full)]
	if !ok || r.deleted {
		panic(fmt.Sprintf("sandbox: github: there is no repository %q", full))
	}
	return r
}

// mustBeFree lets a login be had by nobody, or by who is to have it.
func (g *GitHub) mustBeFree(login string, who *user) {
	if !usable(login) {
		panic(fmt.Sprintf("sandbox: github: nobody can be called %q", login))
	}
	if there := g.users[strings.ToLower(login)]; there != nil && there != who {
		panic(fmt.Sprintf("sandbox: github: the login %q is taken", login))
	}
}

// usable reports whether somebody can have a login: it needs no escaping and no path of the server's own begins with it.
func usable(login string) bool {
	own := []string{"user", "users", "login", "rate_limit", "repos", "avatars", "applications", "orgs", "gists", "repositories", "graphql"}
	return named(login, "-_") && !slices.Contains(own, strings.ToLower(login))
}

func (g *GitHub) addUser(login string, about ...About) *user {
	g.mustBeFree(login, nil)
	var a About
	if len(about) > 0 {
		a = about[0]
	}
	u := &user{id: a.ID, node: a.Node, login: login, name: a.Name, bio: a.Bio, blog: a.Blog,
		organisation: a.Organisation, created: g.clock.Now(), repos: map[*repo]bool{}}
	if u.id == 0 {
		g.lastID++
		u.id = g.lastID
	}
	if g.byID[u.id] != nil {
		panic(fmt.Sprintf("sandbox: github: user id %d is taken", u.id))
	}
	if u.node == "" {
		u.node = nodeID("U", u.id)
	}
	g.users[strings.ToLower(login)], g.byID[u.id] = u, u
	return u
}

func (g *GitHub) addRepo(owner *user, name string, about ...RepoAbout) *repo {
	var a RepoAbout
	if len(about) > 0 {
		a = about[0]
	}
	r := &repo{id: a.ID, node: a.Node, owner: owner, name: name, description: a.Description, raw: a.raw,
		created: g.clock.Now(), pushed: g.clock.Now()}
	if r.id == 0 {
		g.lastID++
		r.id = g.lastID
	}
	if g.repoIDs[r.id] != nil {
		panic(fmt.Sprintf("sandbox: github: repository id %d is taken", r.id))
	}
	if r.node == "" {
		r.node = nodeID("R", r.id)
	}
	g.place(r)
	g.repoIDs[r.id] = r
	return r
}

// place puts a repository where its name says; the place may hold only what has moved on.
func (g *GitHub) place(r *repo) {
	key := strings.ToLower(r.full())
	if !named(r.name, "-_.") {
		panic(fmt.Sprintf("sandbox: github: no repository can be called %q", r.name))
	}
	if there := g.repos[key]; there != nil && there != r && !there.deleted && strings.EqualFold(there.full(), key) {
		panic(fmt.Sprintf("sandbox: github: the repository %q is there already", r.full()))
	}
	g.repos[key], r.owner.repos[r] = r, true
}

func (g *GitHub) move(r *repo, owner *user, name string) {
	delete(r.owner.repos, r)
	r.owner, r.name, r.body, r.raw = owner, name, nil, nil
	g.place(r)
}

func (g *GitHub) grant(prefix string, good grant) (token string) {
	token = prefix + letters(g.random, 36, alphanumeric)
	g.tokens[token] = good
	return token
}

func letters(random *rand.Rand, n int, of string) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = of[random.IntN(len(of))]
	}
	return string(b)
}

// named reports whether a name is made of letters, digits and what else is allowed, so that it needs no escaping.
func named(name, allowed string) bool {
	rest := strings.TrimFunc(name, func(c rune) bool {
		return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune(allowed, c)
	})
	return name != "" && rest == "" && strings.Trim(name, ".") != ""
}
