package web

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// A form is one way to submit a form of a page, as a browser without scripts would.
type form struct {
	path   string // where it is sent
	post   bool
	fields url.Values
	hidden bool // until a script shows it
	files  bool // are handed in
	lacks  []string
}

// samples are what a person types into what must not be empty, by the field's name, or by the form's path and the name.
var samples = map[string]string{
	"handle": "somebody", "name": "Ada", "password": sesame, "code": "x", "url": "https://blog.example/", "id": "client", "key": "key", "secret": "secret", "accept": "1", "address": "ada@example.org", "rate": "1.0842", "number": "482913",
	"/invite/invited name": "Eve", "/admin/bank/12 donor": "Ada", "/networks/github/keys id": "another", "/networks/twitter/keys id": "another",
}

func attr(n *html.Node, key string) (string, bool) {
	i := slices.IndexFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
	if i < 0 {
		return "", false
	}
	return n.Attr[i].Val, true
}

func has(n *html.Node, key string) bool { _, ok := attr(n, key); return ok }

// forms are all forms of a page, each once for every button of its own.
func forms(t *testing.T, path, body string) (all []form) {
	t.Helper()
	for n := range parsed(t, body).Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == "form" {
			all = append(all, formsOf(t, path, n)...)
		}
		if n.Data == "button" && !has(n, "hidden") && !slices.ContainsFunc(slices.Collect(n.Ancestors()), func(a *html.Node) bool { return a.Data == "form" }) {
			t.Errorf("%s: a button is in no form: %s", path, text(n))
		}
	}
	return all
}

func formsOf(t *testing.T, path string, n *html.Node) (all []form) {
	t.Helper()
	action, _ := attr(n, "action")
	method, _ := attr(n, "method")
	at, err := url.Parse(path)
	if err != nil {
		t.Fatal(err)
	}
	to, err := at.Parse(action)
	if err != nil {
		t.Fatal(err)
	}
	f := form{path: to.RequestURI(), post: strings.EqualFold(method, "post"), fields: url.Values{}, hidden: has(n, "hidden")}
	var buttons []*html.Node
	for c := range n.Descendants() {
		kind, _ := attr(c, "type")
		switch {
		case c.Data == "button" && kind != "button":
			buttons = append(buttons, c)
		case kind == "file":
			enctype, _ := attr(n, "enctype")
			if f.files = true; enctype != "multipart/form-data" {
				t.Errorf("%s: the form to %s sends names of files, and no file", path, f.path)
			}
		case c.Data == "input" || c.Data == "select" || c.Data == "textarea":
			f.fill(c, kind)
		}
	}
	for _, b := range buttons {
		one := f
		one.fields = maps.Clone(f.fields)
		if action, ok := attr(b, "formaction"); ok {
			to, err := at.Parse(action)
			if err != nil {
				t.Fatal(err)
			}
			one.path = to.RequestURI()
		}
		if name, ok := attr(b, "name"); ok {
			value, _ := attr(b, "value")
			one.fields.Set(name, value)
		}
		all = append(all, one)
	}
	if len(buttons) == 0 {
		t.Errorf("%s: nothing submits the form to %s", path, f.path)
	}
	return all
}

// fill takes a field as it stands, and types what must be typed.
func (f *form) fill(n *html.Node, kind string) {
	name, _ := attr(n, "name")
	value, _ := attr(n, "value")
	switch n.Data {
	case "textarea":
		value = text(n)
	case "select":
		for o := range n.Descendants() {
			if v, ok := attr(o, "value"); ok && (value == "" || has(o, "selected")) {
				value = v
			}
		}
	}
	if kind == "checkbox" && !has(n, "checked") && !has(n, "required") {
		return
	}
	sample, ok := samples[f.path+" "+name]
	if value == "" && (ok || has(n, "required")) {
		if !ok {
			sample, ok = samples[name]
		}
		if least, _ := attr(n, "minlength"); !ok || len(sample) < atoi(least) {
			f.lacks = append(f.lacks, name)
		}
		value = sample
	}
	f.fields.Set(name, value)
}

func atoi(s string) int { n, _ := strconv.Atoi(s); return n }

// scripted are the commands that only a script can give: what a passkey answers comes from it. Beside each stands the form
// of a password, on the same page.
var scripted = map[string]struct{ page, password string }{
	"POST /signin/passkey":                   {"/signin", "POST /signin"},
	"POST /signin/passkey/begin":             {"/signin", "POST /signin"},
	"POST /invite/{token}/passkey/begin":     {"/invite/invited", "POST /invite/{token}"},
	"POST /stepup/passkey":                   {"/stepup?next=/slips", "POST /stepup"},
	"POST /stepup/passkey/begin":             {"/stepup?next=/slips", "POST /stepup"},
	"POST /settings/security/passkeys":       {"/settings/security", "POST /settings/security/password"},
	"POST /settings/security/passkeys/begin": {"/settings/security", "POST /settings/security/password"},
}

// Every command there is has a form on some page, which does it as it stands: without a script.
func TestEveryCommandIsAFormThatWorksWithoutScripts(t *testing.T) {
	commands := http.NewServeMux()
	for _, rt := range (&site{}).routes() {
		if strings.HasPrefix(rt.pattern, "POST ") {
			commands.Handle(rt.pattern, http.NotFoundHandler())
		}
	}
	house, h := lend(t)
	enter := func(change func(*world)) tourists {
		w, _ := toured(t, false)
		change(w)
		a := w.accounts[bob]
		a.Admin = true // so that ada need not stay one
		w.accounts[bob] = a
		house.to(w)
		visitor(t, h).signIn(w, ada) // another session, to be ended
		return travel(t, w, h)
	}
	found, done := map[string]map[string]bool{}, map[string]bool{}
	type view struct {
		stop
		change func(*world)
	}
	var views []view
	for _, p := range tour() {
		views = append(views, view{p, func(*world) {}})
	}
	for _, s := range scenes() {
		for _, path := range s.paths {
			views = append(views, view{stop{path: path}, s.change})
		}
	}
	for _, p := range views {
		for i, f := range forms(t, p.path, enter(p.change).at(p.stop, "en").Body.String()) {
			_, pattern := commands.Handler(&http.Request{Method: http.MethodPost, URL: &url.URL{Path: strings.Split(f.path, "?")[0]}})
			if f.post && pattern == "" {
				t.Errorf("%s: a form leads to %s, which is nothing", p.path, f.path)
			}
			if f.hidden {
				continue
			}
			if found[p.path] == nil {
				found[p.path] = map[string]bool{}
			}
			found[p.path][pattern] = true
			key := fmt.Sprint(pattern, " ", f.fields)
			if !f.post || done[key] { // the same on every page: signing out, the language
				continue
			}
			done[key] = true
			if len(f.lacks) > 0 {
				t.Errorf("%s: nobody knows what to type into %q of the form to %s", p.path, f.lacks, f.path)
			}
			both := enter(p.change)
			b := both.ada
			if p.stranger {
				b = both.stranger
			}
			again := forms(t, p.path, both.at(p.stop, "en").Body.String())[i]
			submits(t, b, p.path, again)
		}
	}
	for _, rt := range (&site{}).routes() {
		beside, exempt := scripted[rt.pattern]
		if exempt && !found[beside.page][beside.password] {
			t.Errorf("%s: %s has no form for a password", rt.pattern, beside.page)
		}
		on := slices.ContainsFunc(slices.Collect(maps.Values(found)), func(of map[string]bool) bool { return of[rt.pattern] })
		if strings.HasPrefix(rt.pattern, "POST ") && on == exempt {
			t.Errorf("%s: there is a form that works without scripts: %t", rt.pattern, on)
		}
	}
}

// submits sends a form, and follows to the page it leads to.
func submits(t *testing.T, b *browser, page string, f form) {
	t.Helper()
	got := b.do(http.MethodPost, f.path, f.fields)
	if f.files {
		got = b.handsTo(f.path, f.fields.Get("owner"), "like.js", "window.YTD")
	}
	if got.Code == http.StatusSeeOther {
		to := got.Header().Get("Location")
		if strings.HasPrefix(to, "https://") { // to a network
			return
		}
		path, _, _ := strings.Cut(to, "#")
		for got = b.get(path); got.Code == http.StatusSeeOther; {
			got = b.get(got.Header().Get("Location"))
		}
	}
	if got.Code != http.StatusOK && page != "/nothing" { // where the way back leads too
		t.Errorf("%s: the form to %s with %v leads to %d: %.300s", page, f.path, f.fields, got.Code, strings.Join(strings.Fields(text(parsed(t, got.Body.String()))), " "))
	}
	wellFormed(t, "after "+f.path, got.Body.String())
}

func parsed(t *testing.T, body string) *html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return root
}
