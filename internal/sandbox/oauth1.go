package sandbox

import (
	"bytes"
	"html/template"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// oauth1 is the server side of OAuth 1.0a, for a network to hold: apps, request tokens, verifiers, access tokens.
// Signatures are checked (oauth1_sign.go). It has a lock of its own and never asks its network while it holds it, so a
// network may call it with its own lock held.
type oauth1 struct {
	title string // of the network, for the page
	clock *Clock
	find  func(login string) (user string, ok bool) // who may sign in by a login; user is what the network knows them by
	tell  func(user string) url.Values              // what goes along with an access token; nil: nothing
	pages *template.Template

	mu       sync.Mutex
	random   *rand.Rand
	apps     map[string]*oauth1App // by key
	requests []*oauth1Request      // oldest first
	access   map[string]oauth1Grant
	nonces   map[string]bool
	heard    []string // the nonces, oldest first
}

type oauth1App struct {
	key, secret string
	callbacks   []string // exact but for their query, and oob besides; none: any
}

// oauth1Request is a program that waits for a person to agree.
type oauth1Request struct {
	token, secret, app, callback string

	expires     time.Time
	verifier    string // "": nobody has agreed yet
	user, perms string // of who agreed
	denied      bool
}

// oauth1Grant is an access token.
type oauth1Grant struct{ secret, app, user, perms string }

const (
	oob          = "oob" // the callback of a program that has none
	oauth1Expiry = time.Hour
	alphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
)

func newOAuth1(title string, clock *Clock, seed uint64, find func(string) (string, bool), tell func(string) url.Values) *oauth1 {
	return &oauth1{title: title, clock: clock, find: find, tell: tell,
		pages:  template.Must(template.New("").Parse(oauth1Pages)),
		random: rand.New(rand.NewPCG(seed, uint64(title[0])<<8|'1')),
		apps:   map[string]*oauth1App{},
		access: map[string]oauth1Grant{},
		nonces: map[string]bool{},
	}
}

// routes adds request_token, authorize and access_token under a path that ends in a slash.
func (o *oauth1) routes(mux *http.ServeMux, under string) {
	mux.HandleFunc(under+"request_token", o.requestToken)
	mux.HandleFunc(under+"authorize", o.authorizePage)
	mux.HandleFunc(under+"access_token", o.accessToken)
}

// app registers a program.
func (o *oauth1) app(callbacks ...string) (key, secret string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	a := &oauth1App{key: letters(o.random, 32, "0123456789abcdef"), secret: letters(o.random, 16, "0123456789abcdef"), callbacks: callbacks}
	o.apps[a.key] = a
	return a.key, a.secret
}

// revokeApp makes a program's key and all its tokens worthless.
func (o *oauth1) revokeApp(key string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.apps, key)
	o.forget(func(g oauth1Grant) bool { return g.app == key })
}

// knows reports whether a program has a key.
func (o *oauth1) knows(key string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.apps[key] != nil
}

// token makes an access token of a user, as if the user had agreed.
func (o *oauth1) token(app, user, perms string) (token, secret string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.grant(oauth1Grant{app: app, user: user, perms: perms})
}

// revoke makes every token of a user worthless, and what the user has agreed to and nobody has fetched.
func (o *oauth1) revoke(user string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.requests = slices.DeleteFunc(o.requests, func(q *oauth1Request) bool { return q.verifier != "" && q.user == user })
	o.forget(func(g oauth1Grant) bool { return g.user == user })
}

func (o *oauth1) forget(which func(oauth1Grant) bool) {
	maps.DeleteFunc(o.access, func(_ string, g oauth1Grant) bool { return which(g) })
}

func (o *oauth1) grant(g oauth1Grant) (token, secret string) {
	token, g.secret = letters(o.random, 40, alphanumeric), letters(o.random, 40, alphanumeric)
	o.access[token] = g
	return token, g.secret
}

// requestToken answers the first step: a program says where it wants the person sent back to.
func (o *oauth1) requestToken(w http.ResponseWriter, r *http.Request) {
	waits, problem := o.begin(r)
	if problem != "" {
		refuse(w, problem)
		return
	}
	answerForm(w, url.Values{"oauth_callback_confirmed": {"true"}, "oauth_token": {waits.token}, "oauth_token_secret": {waits.secret}})
}

func (o *oauth1) begin(r *http.Request) (oauth1Request, string) {
	said, problem := parameters(r) // before the lock: a body may be slow
	if problem != "" {
		return oauth1Request{}, problem
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if problem = o.signature(r, said, nil); problem != "" {
		return oauth1Request{}, problem
	}
	key, callback := said.Get("oauth_consumer_key"), said.Get("oauth_callback")
	switch {
	case callback == "":
		return oauth1Request{}, absent + "oauth_callback"
	case !o.apps[key].mayReturn(callback):
		return oauth1Request{}, "parameter_rejected&oauth_parameters_rejected=oauth_callback"
	}
	if len(o.requests) == mostDevices {
		o.requests = slices.Delete(o.requests, 0, 1)
	}
	waits := &oauth1Request{token: letters(o.random, 34, "0123456789abcdef"), secret: letters(o.random, 16, "0123456789abcdef"),
		app: key, callback: callback, expires: o.clock.Now().Add(oauth1Expiry)}
	o.requests = append(o.requests, waits)
	return *waits, ""
}

func (a *oauth1App) mayReturn(callback string) bool {
	if callback == oob {
		return true
	}
	back, err := url.Parse(callback)
	registered, _, _ := strings.Cut(callback, "?") // a program adds what it wants to find again
	return err == nil && back.Host != "" && (len(a.callbacks) == 0 || slices.Contains(a.callbacks, registered))
}

// waiting finds a request token that has not expired; nil where there is none.
func (o *oauth1) waiting(token string) *oauth1Request {
	at := slices.IndexFunc(o.requests, func(q *oauth1Request) bool { return q.token == token })
	if at < 0 || !o.clock.Now().Before(o.requests[at].expires) {
		return nil
	}
	return o.requests[at]
}

// accessToken answers the last step. A request token is used up by it, also when the verifier is wrong.
func (o *oauth1) accessToken(w http.ResponseWriter, r *http.Request) {
	token, g, problem := o.exchange(r)
	if problem != "" {
		refuse(w, problem)
		return
	}
	form := url.Values{"oauth_token": {token}, "oauth_token_secret": {g.secret}}
	if o.tell != nil {
		for name, values := range o.tell(g.user) {
			form[name] = values
		}
	}
	answerForm(w, form)
}

func (o *oauth1) exchange(r *http.Request) (token string, g oauth1Grant, problem string) {
	said, problem := parameters(r)
	if problem != "" {
		return "", g, problem
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	problem = o.signature(r, said, func(token, app string) (string, bool) {
		waits := o.waiting(token)
		if waits == nil || waits.app != app {
			return "", false
		}
		return waits.secret, true
	})
	waits := o.waiting(said.Get("oauth_token"))
	switch {
	case problem != "":
		return "", g, problem
	case waits == nil:
		return "", g, absent + "oauth_token"
	case !said.Has("oauth_verifier"):
		return "", g, absent + "oauth_verifier"
	}
	o.requests = slices.DeleteFunc(o.requests, func(q *oauth1Request) bool { return q == waits })
	switch {
	case waits.denied:
		return "", g, "permission_denied"
	case waits.verifier == "" || waits.verifier != said.Get("oauth_verifier"):
		return "", g, "verifier_invalid"
	}
	g = oauth1Grant{app: waits.app, user: waits.user, perms: waits.perms}
	token, _ = o.grant(g)
	return token, o.access[token], ""
}

// oauth1Pages are where a person agrees.
const oauth1Pages = `
{{define "top"}}<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{.Title}}</title><p><small>{{.Network}} in miniature: a sandbox of Flattery, not the real one</small></p><h1>{{.Title}}</h1>{{end}}
{{define "authorize"}}{{template "top" .}}<p>{{.Text}}</p>
<form method="post"><input type="hidden" name="oauth_token" value="{{.Token}}"><input type="hidden" name="perms" value="{{.Perms}}">
<label>Who are you? <input name="login" required autofocus autocomplete="off"></label> <small><a href="/" target="_blank">Who is here?</a></small>
<button name="answer" value="yes">Authorize</button> <button name="answer" value="no" formnovalidate>Cancel</button></form>{{end}}
{{define "message"}}{{template "top" .}}<p>{{.Text}}</p>{{with .Verifier}}<p>Type this code where you came from: <strong id="verifier">{{.}}</strong></p>{{end}}{{end}}
`

type oauth1View struct{ Network, Title, Text, Token, Perms, Verifier string }

func (o *oauth1) show(w http.ResponseWriter, status int, page string, view oauth1View) {
	view.Network = o.title
	var b bytes.Buffer
	if err := o.pages.ExecuteTemplate(&b, page, view); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

// authorizePage asks who agrees. It sends the browser back with a verifier, or shows one where there is nowhere to go;
// who cancels is sent back with denied and oauth_problem.
func (o *oauth1) authorizePage(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		o.show(w, http.StatusBadRequest, "message", oauth1View{Title: "This cannot be read", Text: err.Error()})
		return
	}
	view := oauth1View{Title: "Authorize", Text: "A program would like to know who you are and what you like.",
		Token: r.Form.Get("oauth_token"), Perms: r.Form.Get("perms")}
	if r.Method != http.MethodPost {
		if !o.open(view.Token) {
			o.lost(w)
			return
		}
		o.show(w, http.StatusOK, "authorize", view)
		return
	}
	login, agrees := strings.TrimSpace(r.PostForm.Get("login")), r.PostForm.Get("answer") == "yes"
	user, known := o.find(login)
	if agrees && !known {
		view.Text = "There is nobody called " + login + " who could agree."
		o.show(w, http.StatusForbidden, "authorize", view)
		return
	}
	waits, ok := o.settle(view.Token, user, view.Perms, agrees)
	switch {
	case !ok:
		o.lost(w)
	case waits.callback == oob && agrees:
		o.show(w, http.StatusOK, "message", oauth1View{Title: "Authorized", Text: "You have agreed.", Verifier: waits.verifier})
	case waits.callback == oob:
		o.show(w, http.StatusOK, "message", oauth1View{Title: "Cancelled", Text: "Nothing was authorized. You may close this page."})
	default:
		http.Redirect(w, r, waits.back(), http.StatusFound)
	}
}

func (o *oauth1) lost(w http.ResponseWriter) {
	o.show(w, http.StatusNotFound, "message", oauth1View{Title: "Not found", Text: "This request is unknown, was answered before or is too old."})
}

// open reports whether a request token waits for an answer.
func (o *oauth1) open(token string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	waits := o.waiting(token)
	return waits != nil && waits.verifier == "" && !waits.denied
}

// settle notes a person's answer, once.
func (o *oauth1) settle(token, user, perms string, agrees bool) (oauth1Request, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	waits := o.waiting(token)
	if waits == nil || waits.verifier != "" || waits.denied {
		return oauth1Request{}, false
	}
	if !agrees {
		waits.denied = true
		return *waits, true
	}
	waits.user, waits.perms = user, perms
	waits.verifier = letters(o.random, 16, "0123456789abcdef")
	if waits.callback == oob { // to be typed by a person
		waits.verifier = letters(o.random, 3, "0123456789") + "-" + letters(o.random, 3, "0123456789") + "-" + letters(o.random, 3, "0123456789")
	}
	return *waits, true
}

// back is where the browser goes with the answer.
func (q oauth1Request) back() string {
	to, err := url.Parse(q.callback)
	if err != nil {
		panic(err) // it was parsed when it came
	}
	query := to.Query()
	if q.denied {
		query.Set("denied", q.token)
		query.Set("oauth_problem", "permission_denied")
	} else {
		query.Set("oauth_token", q.token)
		query.Set("oauth_verifier", q.verifier)
	}
	to.RawQuery = query.Encode()
	return to.String()
}
