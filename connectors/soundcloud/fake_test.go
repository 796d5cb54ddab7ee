package soundcloud

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"flattery"
	"flattery/connectors"
)

const (
	userToken = "canary-user-token"
	appToken  = "canary-app-token"
	mine      = "soundcloud:users:4711"
)

// fake is a small SoundCloud with one account on it.
type fake struct {
	tracks  []int // liked, newest first
	numbers bool  // tells numbers where URNs are today
	oldest  bool  // lists the oldest first
	status  int   // of everything, where set
	body    string
	check   func(*http.Request)
	about   string // what I write
	page    string
}

func (f *fake) Write(text, page string) { f.about, f.page = text, page }

func (f *fake) Like(thing int, _ time.Time) {
	f.Unlike(thing)
	f.tracks = slices.Insert(f.tracks, 0, thing)
}

func (f *fake) Unlike(thing int) {
	f.tracks = slices.DeleteFunc(f.tracks, func(n int) bool { return n == thing })
}

func trackID(thing int) string { return fmt.Sprintf("soundcloud:tracks:%d", 300_000+thing) }

func (f *fake) named(kind string, id int, fields map[string]any) map[string]any {
	fields["urn"] = fmt.Sprintf("soundcloud:%ss:%d", kind, id)
	if f.numbers {
		delete(fields, "urn")
		fields["id"] = id
	}
	fields["kind"] = kind
	return fields
}

func (f *fake) user(id int, permalink string) map[string]any {
	return f.named("user", id, map[string]any{"permalink": permalink, "username": "Some One", "permalink_url": "https://soundcloud.com/" + permalink, "plan": "Free"})
}

func (f *fake) track(thing int) map[string]any {
	return f.named("track", 300_000+thing, map[string]any{
		"title": fmt.Sprintf("track %d", thing), "permalink_url": fmt.Sprintf("https://soundcloud.com/maker/track-%d", thing),
		"created_at": "2019/01/15 15:40:49 +0000", "access": "blocked", "metadata_artist": nil, "user": f.user(77, "maker"),
	})
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.check != nil {
		f.check(r)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	auth, public := r.Header.Get("Authorization"), false
	switch status := f.status; {
	case status != 0:
		w.WriteHeader(status)
		fmt.Fprint(w, f.body)
		return
	case auth == "OAuth "+appToken:
		public = true
	case auth != "OAuth "+userToken:
		fail(w, http.StatusUnauthorized)
		return
	}
	switch path := r.URL.Path; {
	case path == "/resolve" && r.URL.Query().Get("url") == "https://soundcloud.com/me-here":
		w.Header().Set("Location", "http://"+r.Host+"/users/"+mine)
		w.WriteHeader(http.StatusFound)
		fmt.Fprint(w, `{"status":"302 - Found"}`)
	case path == "/users/"+mine, path == "/me" && !public:
		me := f.user(4711, "me-here")
		me["description"], me["website"], me["website_title"] = f.about, f.page, ""
		_ = json.NewEncoder(w).Encode(me)
	case path == "/users/"+mine+"/likes/tracks", path == "/me/likes/tracks" && !public:
		f.list(w, r)
	case path == "/sign-out" && r.Method == http.MethodPost:
	default:
		fail(w, http.StatusNotFound)
	}
}

func fail(w http.ResponseWriter, status int) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"code": status, "message": "", "status": fmt.Sprintf("%d - %s", status, http.StatusText(status)), "errors": []any{}, "error": nil})
}

// list pages by place, which shifts when the list does.
func (f *fake) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	size, _ := strconv.Atoi(q.Get("limit"))
	from, _ := strconv.Atoi(q.Get("cursor"))
	all := slices.Clone(f.tracks)
	if f.oldest {
		slices.Reverse(all)
	}
	from = min(from, len(all))
	to := min(from+min(size, 200), len(all))
	list := []any{}
	for _, n := range all[from:to] {
		list = append(list, f.track(n))
	}
	answer := map[string]any{"collection": list}
	if to < len(all) {
		q.Set("cursor", strconv.Itoa(to))
		answer["next_href"] = fmt.Sprintf("http://%s%s?%s", r.Host, r.URL.Path, q.Encode())
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func me() flattery.Profile {
	return flattery.Profile{Identity: flattery.Identity{Network: "soundcloud", Host: "soundcloud.com", Subject: mine}, Handle: "me-here"}
}

func withToken() connectors.Session {
	return connectors.Session{Identity: me(), Token: flattery.Token{Access: userToken}}
}

func byName() connectors.Session {
	return connectors.Session{Identity: me(), AppToken: appToken, App: flattery.App{ID: "app", Secret: "canary-secret"}}
}
