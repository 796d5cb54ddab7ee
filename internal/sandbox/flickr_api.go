package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (f *Flickr) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/services/rest", f.rest)
	mux.HandleFunc("/services/rest/", f.rest)
	mux.HandleFunc("/{$}", f.root)
	f.oauth.routes(mux, "/services/oauth/")
	mux.HandleFunc("GET /people/{who}", f.personPage)
	mux.HandleFunc("GET /people/{who}/{$}", f.personPage)
	mux.HandleFunc("GET /photos/{who}", f.personPage)
	mux.HandleFunc("GET /photos/{who}/{$}", f.personPage)
	mux.HandleFunc("GET /photos/{who}/{id}", f.photoPage)
	mux.HandleFunc("GET /photos/{who}/{id}/{$}", f.photoPage)
	return mux
}

// failure is Flickr's no: it comes with HTTP status 200.
type failure struct {
	Stat    string `json:"stat"`
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func fail(code int, message string) failure { return failure{"fail", code, message} }

type (
	content struct {
		Content string `json:"_content"`
	}
	count struct {
		Content int `json:"_content"`
	}
)

// rest answers a method call. A failure has the type text/plain, as a recorded one has.
func (f *Flickr) rest(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "Bad Request", http.StatusBadRequest)
		return
	}
	by, no, problem := f.signer(r)
	if problem != "" {
		refuse(w, problem)
		return
	}
	var answer any = no
	if no.Code == 0 {
		answer = f.call(flickrCall{Values: r.Form, by: by})
	}
	body, err := json.Marshal(answer)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	kind := "application/json"
	if _, failed := answer.(failure); failed {
		kind = "text/plain; charset=utf-8"
	}
	if r.Form.Get("nojsoncallback") != "1" {
		kind, body = "text/javascript; charset=utf-8", fmt.Appendf(nil, "jsonFlickrApi(%s)", body)
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "private")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // an error is the client's leaving
}

func (f *Flickr) call(c flickrCall) any {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := cmp.Or(c.by.app, c.Get("api_key"))
	c.caller = f.people[c.by.user]
	switch {
	case c.Get("format") != "json":
		return fail(111, fmt.Sprintf("Format %q not found", c.Get("format")))
	case len(key) != 32 || strings.Trim(key, "0123456789abcdef") != "":
		return fail(100, "Invalid API Key (Key has invalid format)")
	case !f.keys[key]:
		return fail(100, "Invalid API Key (Key not found)")
	case c.caller != nil && c.caller.gone:
		return fail(98, "Invalid auth token")
	}
	methods := map[string]func(flickrCall) any{
		"flickr.favorites.getPublicList": f.getPublicList,
		"flickr.favorites.getList":       f.getList,
		"flickr.people.findByUsername":   f.findByUsername,
		"flickr.people.getInfo":          f.getInfo,
		"flickr.photos.getInfo":          f.getPhoto,
		"flickr.urls.lookupUser":         f.lookupUser,
		"flickr.auth.oauth.checkToken":   checkToken,
		"flickr.test.echo":               echo,
		"flickr.test.login":              login,
	}
	method, ok := methods[c.Get("method")]
	if !ok {
		return fail(112, fmt.Sprintf("Method %q not found", c.Get("method")))
	}
	return method(c)
}

func echo(form flickrCall) any {
	said := map[string]any{"stat": "ok"}
	for name, values := range form.Values {
		if name != "stat" {
			said[name] = content{values[0]}
		}
	}
	return said
}

// favePhoto is a photo in a list of faves; the last four are extras.
type favePhoto struct {
	ID       string  `json:"id"`
	Owner    string  `json:"owner"`
	Secret   string  `json:"secret"`
	Server   string  `json:"server"`
	Farm     int     `json:"farm"`
	Title    string  `json:"title"`
	Public   int     `json:"ispublic"`
	Friend   int     `json:"isfriend"`
	Family   int     `json:"isfamily"`
	Faved    string  `json:"date_faved"`
	Uploaded string  `json:"dateupload,omitempty"`
	Name     *string `json:"ownername,omitempty"`
	Alias    any     `json:"pathalias,omitempty"` // json.RawMessage("null") where there is none
	Media    string  `json:"media,omitempty"`
}

// favePage has some numbers as text, as the real answers have.
type favePage struct {
	Page    int         `json:"page"`
	Pages   string      `json:"pages"`
	PerPage int         `json:"perpage"`
	Total   string      `json:"total"`
	Photo   []favePhoto `json:"photo"`
}

// getPublicList lists faves that everybody sees.
func (f *Flickr) getPublicList(form flickrCall) any { return f.faves(form, form.Get("user_id"), nil) }

// faves lists what somebody faved and another sees, newest first, between two times that both belong to it. A page
// behind the end is empty.
func (f *Flickr) faves(form flickrCall, nsid string, by *person) any {
	p := f.people[nsid]
	if p == nil || p.gone {
		return fail(1, "User not found")
	}
	list := slices.Clone(p.faves.until(f.clock.Now()))
	list = slices.DeleteFunc(list, func(k like[*photo]) bool {
		return !k.thing.seen(by) || !within(k.at, form.Get("min_fave_date"), form.Get("max_fave_date"))
	})
	slices.Reverse(list)
	page, per := counted(form.Get("page"), 1, 1<<30), counted(form.Get("per_page"), 100, 500)
	pages := (len(list) + per - 1) / per
	out := favePage{Page: page, Pages: strconv.Itoa(pages), PerPage: per, Total: strconv.Itoa(len(list)), Photo: []favePhoto{}}
	if page <= pages {
		for _, k := range list[(page-1)*per : min(page*per, len(list))] {
			out.Photo = append(out.Photo, faved(k, form.Get("extras")))
		}
	}
	return struct {
		Photos favePage `json:"photos"`
		Stat   string   `json:"stat"`
	}{out, "ok"}
}

func faved(k like[*photo], extras string) favePhoto {
	p := k.thing
	out := favePhoto{ID: p.id, Owner: p.owner.nsid, Secret: p.secret, Server: "5686", Farm: 6, Title: p.title, Public: 1,
		Faved: strconv.FormatInt(k.at.Unix(), 10)}
	if p.private {
		out.Public, out.Friend = 0, 1
	}
	for extra := range strings.SplitSeq(extras, ",") {
		switch strings.TrimSpace(extra) {
		case "date_upload":
			out.Uploaded = strconv.FormatInt(p.uploaded.Unix(), 10)
		case "owner_name":
			out.Name = &p.owner.name
		case "path_alias":
			out.Alias = alias(p.owner)
		case "media":
			out.Media = "photo"
		}
	}
	return out
}

func alias(p *person) any {
	if p.alias == "" {
		return json.RawMessage("null")
	}
	return p.alias
}

// within takes unix seconds; what is not a number is no bound.
func within(at time.Time, from, to string) bool {
	low, noLow := strconv.ParseInt(from, 10, 64)
	high, noHigh := strconv.ParseInt(to, 10, 64)
	return (noLow != nil || at.Unix() >= low) && (noHigh != nil || at.Unix() <= high)
}

func counted(said string, usual, most int) int {
	n, err := strconv.Atoi(said)
	if err != nil || n < 1 {
		return usual
	}
	return min(n, most)
}

func (f *Flickr) findByUsername(form flickrCall) any {
	p := f.first(func(p *person) bool { return strings.EqualFold(p.name, form.Get("username")) })
	if p == nil {
		return fail(1, "User not found")
	}
	return map[string]any{"stat": "ok",
		"user": map[string]any{"id": p.nsid, "nsid": p.nsid, "username": content{p.name}}}
}

// lookupUser takes the address of a person's photos or profile, of this host or the real one.
func (f *Flickr) lookupUser(form flickrCall) any {
	at, err := url.Parse(form.Get("url"))
	if err == nil {
		parts := strings.Split(strings.Trim(at.Path, "/"), "/")
		if len(parts) >= 2 && (parts[0] == "photos" || parts[0] == "people") {
			if p := f.called(parts[1]); p != nil {
				return map[string]any{"stat": "ok", "user": map[string]any{"id": p.nsid, "username": content{p.name}}}
			}
		}
	}
	return fail(1, "User not found")
}

func (f *Flickr) getInfo(form flickrCall) any {
	p := f.people[form.Get("user_id")]
	if p == nil {
		return fail(1, "User not found")
	}
	if p.gone {
		return fail(5, "User deleted")
	}
	photos := 0
	for _, ph := range f.photos {
		if ph.owner == p && ph.seen(nil) {
			photos++
		}
	}
	return map[string]any{"stat": "ok", "person": map[string]any{
		"id": p.nsid, "nsid": p.nsid, "ispro": 0, "iconserver": "0", "iconfarm": 0, "path_alias": alias(p),
		"username": content{p.name}, "realname": content{""}, "location": content{""}, "description": content{p.about},
		"photosurl": content{f.base + "photos/" + p.nsid + "/"}, "profileurl": content{f.base + "people/" + p.nsid + "/"},
		"photos": map[string]any{"count": count{photos}},
	}}
}

// called finds who has an NSID or an address of words.
func (f *Flickr) called(who string) *person {
	if p := f.people[who]; p != nil && !p.gone {
		return p
	}
	return f.first(func(p *person) bool { return p.alias != "" && strings.EqualFold(p.alias, who) })
}

// first finds the person who came first among those that are meant.
func (f *Flickr) first(meant func(*person) bool) *person {
	var found *person
	for _, p := range f.people {
		if !p.gone && meant(p) && (found == nil || p.nsid < found.nsid) {
			found = p
		}
	}
	return found
}
