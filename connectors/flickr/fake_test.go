package flickr

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"flattery"
	"flattery/connectors"
)

const (
	key  = "canary0123456789"
	mine = "47110815@N00"
)

// fake is a small Flickr. Its numbers are strings where Flickr's are.
type fake struct {
	faves  []fave
	oldest bool // lists the oldest first
	fail   int  // code of a failure for everything; its message repeats the key
	asked  []url.Values
}

type fave struct {
	photo int
	at    time.Time
}

func (f *fake) Like(thing int, at time.Time) {
	f.Unlike(thing)
	f.faves = append(f.faves, fave{thing, at.UTC().Truncate(time.Second)})
	slices.SortStableFunc(f.faves, func(a, b fave) int {
		if f.oldest {
			a, b = b, a
		}
		return b.at.Compare(a.at)
	})
}

func (f *fake) Unlike(thing int) {
	f.faves = slices.DeleteFunc(f.faves, func(v fave) bool { return v.photo == thing })
}

func photoID(thing int) string { return strconv.Itoa(700_000 + thing) }

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	f.asked = append(f.asked, q)
	w.Header().Set("Content-Type", "application/json")
	code, message := f.fail, "so said "+q.Get("api_key")
	if q.Get("api_key") != key {
		code, message = 100, "Invalid API Key (Key has invalid format)"
	}
	user := map[string]any{"id": mine, "nsid": mine, "username": map[string]string{"_content": "some one"}}
	answer := map[string]any{"stat": "ok"}
	switch method := q.Get("method"); {
	case code != 0:
	case method == "flickr.favorites.getPublicList":
		answer["photos"] = f.list(q)
	case method == "flickr.people.getInfo" && q.Get("user_id") == mine:
		user["path_alias"], user["realname"] = "someone", map[string]string{"_content": "Some One"}
		answer["person"] = user
	case method == "flickr.people.findByUsername" && q.Get("username") == "some one",
		method == "flickr.urls.lookupUser" && q.Get("url") == "https://www.flickr.com/people/someone/",
		method == "flickr.urls.lookupUser" && q.Get("url") == "https://www.flickr.com/photos/someone/":
		answer["user"] = user
	default:
		code, message = 1, "User not found"
	}
	if code != 0 {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		answer = map[string]any{"stat": "fail", "code": code, "message": message}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func (f *fake) list(q url.Values) any {
	since, _ := strconv.ParseInt(q.Get("min_fave_date"), 10, 64)
	size, _ := strconv.Atoi(q.Get("per_page"))
	page, _ := strconv.Atoi(q.Get("page"))
	var all []fave
	for _, v := range f.faves {
		if v.at.Unix() >= since {
			all = append(all, v)
		}
	}
	list := []any{}
	for _, v := range all[min((page-1)*size, len(all)):min(page*size, len(all))] {
		p := map[string]any{
			"id": photoID(v.photo), "owner": "12037949632@N01", "secret": "5686", "farm": 6, "title": fmt.Sprintf("photo %d", v.photo),
			"ispublic": 1, "ownername": "Maker of Photos", "pathalias": "maker", "date_faved": strconv.FormatInt(v.at.Unix(), 10),
		}
		list = append(list, p)
	}
	return map[string]any{"page": page, "pages": strconv.Itoa((len(all) + size - 1) / size), "perpage": size, "total": strconv.Itoa(len(all)), "photo": list}
}

func session() connectors.Session {
	return connectors.Session{
		Identity: flattery.Profile{Identity: flattery.Identity{Network: network, Host: "flickr.com", Subject: mine}, Handle: "some one"},
		App:      connectors.App{Key: key},
	}
}
