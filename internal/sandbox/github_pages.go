package sandbox

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// githubPages are where a click on a name leads. The site is for looking on; what happens there is told to the world.
const githubPages = `
{{define "top"}}<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{.}}</title><p><small>GitHub in miniature: a sandbox of Flattery, not the real one</small></p><h1>{{.}}</h1>{{end}}
{{define "who"}}<label>Who are you? <input name="login" list="people" autocomplete="off" required></label>
<datalist id="people">{{range .}}<option>{{.}}</option>{{end}}</datalist>{{end}}
{{define "index"}}{{template "top" "Who is here"}}<ul>{{range .}}<li><a href="/{{.}}">{{.}}</a></li>{{end}}</ul>{{end}}
{{define "user"}}{{template "top" .Login}}<p>{{.Name}}</p><p>{{.Bio}}</p>{{with .Blog}}<p><a rel="me nofollow" href="{{.}}">{{.}}</a></p>{{end}}
<h2>Made</h2><ul>{{range .Repos}}<li><a href="/{{.}}">{{.}}</a></li>{{end}}</ul>
<h2>Starred lately</h2><ul>{{range .Stars}}<li><a href="/{{.}}">{{.}}</a></li>{{end}}</ul>{{end}}
{{define "repo"}}{{template "top" .Full}}<p>{{.Description}}</p><p>by <a href="/{{.Owner}}">{{.Owner}}</a>, {{.Stars}} stars</p>
<form method="post" action="/{{.Full}}">{{template "who" .People}} <button name="do" value="star">Star</button> <button name="do" value="unstar">Unstar</button></form>{{end}}
{{define "device"}}{{template "top" "Connect a device"}}<form method="post"><label>Code <input name="user_code" value="{{.Code}}" required></label>
{{template "who" .People}} <button name="answer" value="yes">Authorize</button> <button name="answer" value="no" formnovalidate>Cancel</button></form>{{end}}
{{define "authorize"}}{{template "top" "Authorize"}}<p>{{.Client}} would like to know who you are{{with .Scope}} and to have: {{.}}{{end}}.</p>
{{with .Wrong}}<p role="alert">{{.}}</p>{{end}}
<form method="post">{{range $name, $value := .Hidden}}<input type="hidden" name="{{$name}}" value="{{$value}}">{{end}}
{{template "who" .People}} <button name="answer" value="yes">Authorize</button> <button name="answer" value="no" formnovalidate>Cancel</button></form>{{end}}
{{define "message"}}{{template "top" .Title}}<p>{{.Text}}</p>{{end}}
`

type (
	userPage struct {
		Login, Name, Bio, Blog string
		Repos, Stars           []string
	}
	repoPage struct {
		Full, Owner, Description string
		Stars                    int
		People                   []string
	}
	devicePage struct {
		Code   string
		People []string
	}
	authorizePage struct {
		Client, Scope string
		Wrong         string // why the page is shown again
		Hidden        map[string]string
		People        []string
	}
	message struct{ Title, Text string }
)

func (g *GitHub) pageRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", g.indexPage)
	mux.HandleFunc("GET /{login}", g.userPage)
	mux.HandleFunc("GET /{owner}/{repo}", g.repoPage)
	mux.HandleFunc("POST /{owner}/{repo}", g.clickStar)
	mux.HandleFunc("GET /{owner}/{repo}/raw/HEAD/{path...}", g.getFile)
}

// show executes a page into a buffer, so that a fault of ours is a 500 and not half a page.
func (g *GitHub) show(w http.ResponseWriter, status int, page string, view any) {
	var b bytes.Buffer
	if err := g.pages.ExecuteTemplate(&b, page, view); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

// missing answers a browser with a page and everybody else as the API does.
func (g *GitHub) missing(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		g.show(w, http.StatusNotFound, "message", message{"Not found", "There is no such page in this sandbox."})
		return
	}
	g.api("", func(call) answer { return refusal(http.StatusNotFound, "Not Found", "") })(w, r)
}

func (g *GitHub) indexPage(w http.ResponseWriter, r *http.Request) {
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		g.missing(w, r)
		return
	}
	g.show(w, http.StatusOK, "index", g.viewDevice("").People)
}

func (g *GitHub) userPage(w http.ResponseWriter, r *http.Request) {
	view, ok := g.viewUser(r.PathValue("login"))
	if !ok {
		g.missing(w, r)
		return
	}
	g.show(w, http.StatusOK, "user", view)
}

func (g *GitHub) viewUser(login string) (userPage, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	u := g.users[strings.ToLower(login)]
	if u == nil || u.suspended {
		return userPage{}, false
	}
	view := userPage{Login: u.login, Name: u.name, Bio: u.bio, Blog: u.blog}
	for r := range u.repos {
		view.Repos = append(view.Repos, r.full())
	}
	slices.Sort(view.Repos)
	for _, s := range slices.Backward(u.stars.until(g.clock.Now())) {
		if s.thing.shown() && len(view.Stars) < 30 {
			view.Stars = append(view.Stars, s.thing.full())
		}
	}
	return view, true
}

func (g *GitHub) repoPage(w http.ResponseWriter, r *http.Request) {
	asked := r.PathValue("owner") + "/" + r.PathValue("repo")
	view, ok := g.viewRepo(asked)
	switch {
	case !ok:
		g.missing(w, r)
	case view.Full != asked:
		http.Redirect(w, r, "/"+view.Full, http.StatusMovedPermanently)
	default:
		g.show(w, http.StatusOK, "repo", view)
	}
}

func (g *GitHub) viewRepo(full string) (repoPage, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.repos[strings.ToLower(full)]
	if r == nil || !r.shown() {
		return repoPage{}, false
	}
	return repoPage{Full: r.full(), Owner: r.owner.login, Description: r.description, Stars: r.stargazers,
		People: g.people()}, true
}

// clickStar is the button of a repository's page.
func (g *GitHub) clickStar(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	full := r.PathValue("owner") + "/" + r.PathValue("repo")
	login, take := r.PostFormValue("login"), r.PostFormValue("do") == "unstar"
	done := false
	g.change(func() {
		u, of := g.users[strings.ToLower(login)], g.repos[strings.ToLower(full)]
		if u == nil || of == nil || !of.shown() {
			return
		}
		done = true
		if take {
			g.unstar(u, of)
		} else {
			g.star(u, of, g.clock.Now())
		}
	})
	if !done {
		g.missing(w, r)
		return
	}
	http.Redirect(w, r, "/"+full, http.StatusSeeOther)
}

// people are the users who may sign in, by login.
func (g *GitHub) people() []string {
	var logins []string
	for _, u := range g.users {
		if !u.organisation && !u.suspended {
			logins = append(logins, u.login)
		}
	}
	slices.Sort(logins)
	return logins
}

// ask is the page that asks who agrees; it carries the program's request along.
func (g *GitHub) ask(form url.Values) authorizePage {
	g.mu.Lock()
	defer g.mu.Unlock()
	view := authorizePage{Client: form.Get("client_id"), Scope: form.Get("scope"), Hidden: map[string]string{}, People: g.people()}
	for _, name := range []string{"client_id", "redirect_uri", "state", "scope", "code_challenge", "code_challenge_method"} {
		if form.Has(name) {
			view.Hidden[name] = form.Get(name)
		}
	}
	return view
}

// devicePage is where a user enters the code of a device and agrees or cancels.
func (g *GitHub) devicePage(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if r.Method != http.MethodPost {
		g.show(w, http.StatusOK, "device", g.viewDevice(r.FormValue("user_code")))
		return
	}
	code, login := r.PostFormValue("user_code"), r.PostFormValue("login")
	answer := func() error { return g.Approve(code, login) }
	if r.PostFormValue("answer") == "no" {
		answer = func() error { return g.Deny(code) }
	}
	err := answer()
	if err != nil {
		g.show(w, http.StatusNotFound, "message", message{"Not found", err.Error()})
		return
	}
	g.show(w, http.StatusOK, "message", message{"Done", "The device knows now. You may close this page."})
}

func (g *GitHub) viewDevice(code string) devicePage {
	g.mu.Lock()
	defer g.mu.Unlock()
	return devicePage{Code: code, People: g.people()}
}
