package vimeo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"flattery"
	"flattery/connectors"
)

const (
	userToken = "canary-user-token"
	appToken  = "canary-app-token"
	mine      = "51632752"
)

// fake is a small Vimeo with one account on it.
type fake struct {
	likes    []liked           // newest first
	oldest   bool              // lists the oldest first
	full     bool              // the links to the next page are whole addresses
	unlisted bool              // the ids of videos have keys
	deleted  map[int]bool      // videos whose owners are gone
	status   int               // of everything, where set
	headers  map[string]string // with it
	check    func(*http.Request)
	about    string // what I write
	page     string
}

func (f *fake) Write(text, page string) { f.about, f.page = text, page }

type liked struct {
	video int
	at    time.Time
}

func (f *fake) Like(thing int, at time.Time) {
	f.Unlike(thing)
	f.likes = slices.Insert(f.likes, 0, liked{thing, at.UTC().Truncate(time.Second)})
}

func (f *fake) Unlike(thing int) {
	f.likes = slices.DeleteFunc(f.likes, func(l liked) bool { return l.video == thing })
}

func videoID(thing int) string { return strconv.Itoa(29_000_000 + thing) }

func (f *fake) user(id, page string) map[string]any {
	return map[string]any{"uri": "/users/" + id, "name": "Some One", "link": "https://vimeo.com/" + page}
}

func (f *fake) video(l liked, own bool) map[string]any {
	uri, link := "/videos/"+videoID(l.video), "https://vimeo.com/"+videoID(l.video)
	if f.unlisted {
		uri, link = uri+":0a1b2c", link+"/0a1b2c"
	}
	v := map[string]any{"uri": uri, "name": fmt.Sprintf("video %d", l.video), "link": link, "user": f.user("77", "maker")}
	if f.deleted[l.video] {
		v["user"] = nil
	}
	like := map[string]any{"added": false, "added_time": nil, "uri": "/users/" + mine + "/likes/" + videoID(l.video)}
	if own {
		like["added"], like["added_time"] = true, l.at.Format("2006-01-02T15:04:05+00:00")
	}
	v["metadata"] = map[string]any{"interactions": map[string]any{"like": like}}
	return v
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.check != nil {
		f.check(r)
	}
	w.Header().Set("Content-Type", "application/vnd.vimeo.video+json")
	auth, public := r.Header.Get("Authorization"), false
	switch {
	case f.status != 0:
		for k, v := range f.headers {
			w.Header().Set(k, v)
		}
		fail(w, f.status)
		return
	case auth == "Bearer "+appToken:
		public = true
	case auth != "Bearer "+userToken:
		fail(w, http.StatusUnauthorized)
		return
	}
	switch path := r.URL.Path; {
	case path == "/me" && !public, path == "/users/"+mine, path == "/users/me-here":
		me := f.user(mine, "me-here")
		if strings.Contains(r.URL.Query().Get("fields"), "bio,websites") {
			me["bio"], me["websites"] = f.about, []any{map[string]any{"name": "mine", "link": f.page, "description": nil}}
		}
		_ = json.NewEncoder(w).Encode(me)
	case path == "/me/likes" && !public, path == "/users/"+mine+"/likes":
		f.list(w, r, !public)
	case path == "/tokens" && r.Method == http.MethodDelete:
		w.WriteHeader(http.StatusNoContent)
	default:
		fail(w, http.StatusNotFound)
	}
}

func fail(w http.ResponseWriter, status int) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": "Something strange occurred.", "developer_message": "no", "error_code": 5000, "link": nil})
}

func (f *fake) list(w http.ResponseWriter, r *http.Request, own bool) {
	q := r.URL.Query()
	size, _ := strconv.Atoi(q.Get("per_page"))
	page, _ := strconv.Atoi(q.Get("page"))
	all := slices.Clone(f.likes)
	if f.oldest {
		slices.Reverse(all)
	}
	size = min(size, 100)
	from := min((page-1)*size, len(all))
	to := min(from+size, len(all))
	list := []any{}
	for _, l := range all[from:to] {
		v := f.video(l, own)
		if !strings.Contains(q.Get("fields"), "metadata.interactions.like") {
			delete(v, "metadata")
		}
		list = append(list, v)
	}
	paging := map[string]any{"next": nil, "previous": nil, "first": r.URL.Path + "?page=1"}
	if to < len(all) {
		next := *r.URL
		q.Set("page", strconv.Itoa(page+1))
		next.RawQuery = q.Encode()
		if f.full {
			next.Scheme, next.Host = "http", r.Host
		}
		paging["next"] = next.String()
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"total": len(all), "page": page, "per_page": size, "paging": paging, "data": list})
}

func me() flattery.Profile {
	return flattery.Profile{Identity: flattery.Identity{Network: network, Host: "vimeo.com", Subject: mine}, Handle: "me-here"}
}

func withToken() connectors.Session {
	return connectors.Session{Identity: me(), Token: flattery.Token{Access: userToken}}
}

func byName() connectors.Session {
	return connectors.Session{Identity: me(), AppToken: appToken, App: flattery.App{ID: "app", Secret: "canary-secret"}}
}
