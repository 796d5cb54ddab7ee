package sandbox

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
)

// flickrPages are where a click on a photo or a person leads.
const flickrPages = `
{{define "top"}}<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{.}}</title><p><small>Flickr in miniature: a sandbox of Flattery, not the real one</small></p><h1>{{.}}</h1>{{end}}
{{define "index"}}{{template "top" "Who is here"}}<ul>{{range .}}<li><a href="/people/{{.NSID}}">{{.Name}}</a></li>{{end}}</ul>{{end}}
{{define "person"}}{{template "top" .Name}}{{with .About}}<p>{{.}}</p>{{end}}<ul>{{$who := .NSID}}{{range .Photos}}<li><a href="/photos/{{$who}}/{{.ID}}">{{.Title}}</a></li>{{end}}</ul>{{end}}
{{define "photo"}}{{template "top" .Title}}<p>by <a href="/photos/{{.NSID}}">{{.Name}}</a>, {{.Faves}} faves</p>{{end}}
{{define "missing"}}{{template "top" "Not found"}}<p>There is no such page in this sandbox.</p>{{end}}
`

type (
	shelfPhoto struct{ ID, Title string }
	personPage struct {
		NSID, Name, About string
		Photos            []shelfPhoto
	}
	photoPage struct {
		Title, NSID, Name string
		Faves             int
	}
)

func (f *Flickr) show(w http.ResponseWriter, status int, page string, view any) {
	var b bytes.Buffer
	if err := f.pages.ExecuteTemplate(&b, page, view); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

// root is the methods' address too, for who takes Base for it.
func (f *Flickr) root(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Has("method") || r.Method == http.MethodPost {
		f.rest(w, r)
		return
	}
	f.show(w, http.StatusOK, "index", f.viewPeople())
}

// viewPeople lists everybody by NSID, which is the order they came in.
func (f *Flickr) viewPeople() []personPage {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []personPage
	for _, p := range f.people {
		if !p.gone {
			all = append(all, personPage{NSID: p.nsid, Name: p.name})
		}
	}
	slices.SortFunc(all, func(a, b personPage) int { return strings.Compare(a.NSID, b.NSID) })
	return all
}

func (f *Flickr) personPage(w http.ResponseWriter, r *http.Request) {
	view, ok := f.viewPerson(r.PathValue("who"))
	if !ok {
		f.show(w, http.StatusNotFound, "missing", nil)
		return
	}
	f.show(w, http.StatusOK, "person", view)
}

func (f *Flickr) viewPerson(who string) (personPage, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.called(who)
	if p == nil {
		return personPage{}, false
	}
	view := personPage{NSID: p.nsid, Name: p.name, About: p.about}
	for _, ph := range f.photos {
		if ph.owner == p && ph.seen(nil) {
			view.Photos = append(view.Photos, shelfPhoto{ph.id, ph.title})
		}
	}
	slices.SortFunc(view.Photos, func(a, b shelfPhoto) int { return strings.Compare(b.ID, a.ID) })
	return view, true
}

func (f *Flickr) photoPage(w http.ResponseWriter, r *http.Request) {
	view, ok := f.viewPhoto(r.PathValue("who"), r.PathValue("id"))
	if !ok {
		f.show(w, http.StatusNotFound, "missing", nil)
		return
	}
	f.show(w, http.StatusOK, "photo", view)
}

func (f *Flickr) viewPhoto(who, id string) (photoPage, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p, ph := f.called(who), f.photos[id]
	if p == nil || ph == nil || !ph.seen(nil) || ph.owner != p {
		return photoPage{}, false
	}
	view := photoPage{Title: ph.title, NSID: p.nsid, Name: p.name}
	for _, other := range f.people {
		if other.faves.has[ph] && !other.gone {
			view.Faves++
		}
	}
	return view, true
}
