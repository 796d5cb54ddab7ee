package sandbox

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// socialPages are where a click on a name leads, and where a user lets an app in. Cancel needs no name.
const socialPages = `
{{define "top"}}<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{.}}</title><p><small>A network in miniature: a sandbox of Flattery, not the real one</small></p><h1>{{.}}</h1>{{end}}
{{define "who"}}<label>Who are you? <input name="login" value="{{.Only}}" list="people" autocomplete="off" required></label>
<datalist id="people">{{range .People}}<option>{{.}}</option>{{end}}</datalist>{{end}}
{{define "index"}}{{template "top" "Who is here"}}<ul>{{range .}}<li><a href="/{{.}}">{{.}}</a></li>{{end}}</ul>{{end}}
{{define "member"}}{{template "top" .Handle}}<p>{{.Bio}}</p>{{with .Link}}<p><a rel="me nofollow" href="{{.}}">{{.}}</a></p>{{end}}
<h2>Made</h2><ul>{{range .Made}}<li><a href="{{.Path}}">{{.Title}}</a></li>{{end}}</ul>{{end}}
{{define "thing"}}{{template "top" .Title}}{{with .Owner}}<p>by <a href="{{.Path}}">{{.Title}}</a></p>{{end}}
<form method="post" action="{{.Path}}">{{template "who" .}} <button name="do" value="like">Like</button> <button name="do" value="unlike">Unlike</button></form>{{end}}
{{define "authorize"}}{{template "top" "Authorize"}}<p>{{.Client}} would like to know who you are{{with .Scope}} and to have: {{.}}{{end}}.</p>
{{with .Wrong}}<p role="alert">{{.}}</p>{{end}}
<form method="post" action="{{.Path}}">{{range $name, $value := .Hidden}}<input type="hidden" name="{{$name}}" value="{{$value}}">{{end}}
{{template "who" .}} <button name="answer" value="yes">Authorize</button> <button name="answer" value="no" formnovalidate>Cancel</button></form>{{end}}
{{define "message"}}{{template "top" .Title}}<p>{{.Text}}</p>{{end}}
`

type (
	pageLink   struct{ Title, Path string }
	memberPage struct {
		Handle, Bio, Link string
		Made              []pageLink
	}
	thingPage struct {
		pageLink
		signIn
		Owner *pageLink // nil: nobody's any more
	}
	// signIn is who may say that it is them; the only one need not be typed.
	signIn struct {
		People []string
		Only   string
	}
	askPage struct {
		signIn
		Client, Scope, Path, Wrong string
		Hidden                     map[string]string
	}
)

func (s *social) show(w http.ResponseWriter, status int, page string, view any) {
	var b bytes.Buffer
	if err := s.pages.ExecuteTemplate(&b, page, view); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

func (s *social) showMissing(w http.ResponseWriter) {
	s.show(w, http.StatusNotFound, "message", message{"Not found", "There is no such page in this sandbox."})
}

// signIn is called with the lock held.
func (s *social) signIn() signIn {
	var view signIn
	for _, m := range s.members {
		if m.shown() {
			view.People = append(view.People, m.handle)
		}
	}
	slices.Sort(view.People)
	if len(view.People) == 1 {
		view.Only = view.People[0]
	}
	return view
}

func (s *social) viewAsk(form url.Values) askPage {
	s.mu.Lock()
	defer s.mu.Unlock()
	view := askPage{signIn: s.signIn(), Client: form.Get("client_id"), Scope: form.Get("scope"), Path: s.rules.authorize,
		Hidden: map[string]string{}}
	for _, name := range []string{"client_id", "redirect_uri", "response_type", "state", "scope", "code_challenge", "code_challenge_method"} {
		if form.Has(name) {
			view.Hidden[name] = form.Get(name)
		}
	}
	return view
}

func (s *social) indexPage(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	people := s.signIn().People
	s.mu.Unlock()
	s.show(w, http.StatusOK, "index", people)
}

// memberPage shows who has a handle and what they made, in the order of the addresses.
func (s *social) memberPage(w http.ResponseWriter, handle string) {
	s.mu.Lock()
	m := s.members[strings.ToLower(handle)]
	if m == nil || !m.shown() {
		s.mu.Unlock()
		s.showMissing(w)
		return
	}
	view := memberPage{Handle: m.handle, Bio: m.bio, Link: m.link}
	for _, t := range s.things {
		if t.owner == m && !t.gone {
			view.Made = append(view.Made, pageLink{t.title, s.page(t)})
		}
	}
	s.mu.Unlock()
	slices.SortFunc(view.Made, func(a, b pageLink) int { return strings.Compare(a.Path, b.Path) })
	s.show(w, http.StatusOK, "member", view)
}

// thingPage shows a thing and is where its buttons are pressed. Find is called with the lock held and may find nothing.
func (s *social) thingPage(w http.ResponseWriter, r *http.Request, find func() *thing) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	login, do := r.PostFormValue("login"), r.PostFormValue("do")
	s.mu.Lock()
	t := find()
	m := s.members[strings.ToLower(login)]
	if t == nil || t.gone || t.owner.suspended || r.Method == http.MethodPost && (m == nil || !m.shown()) {
		s.mu.Unlock()
		s.showMissing(w)
		return
	}
	view := thingPage{pageLink: pageLink{t.title, s.page(t)}, signIn: s.signIn()}
	if !t.owner.gone {
		view.Owner = &pageLink{t.owner.handle, s.home(t.owner)}
	}
	switch do {
	case "like":
		s.like(m, t, s.clock.Now(), s.clock.Now())
	case "unlike":
		m.unlike(t)
	}
	s.mu.Unlock()
	if r.Method == http.MethodPost {
		http.Redirect(w, r, view.Path, http.StatusSeeOther)
		return
	}
	s.show(w, http.StatusOK, "thing", view)
}
