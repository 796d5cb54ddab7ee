package flickr

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"flattery"
	"flattery/connectors"
)

const (
	key         = "canary0123456789"
	appSecret   = "canary-app-secret"
	token       = "canary-token"
	tokenSecret = "canary-token-secret"
	mine        = "47110815@N00"
	maker       = "12037949632@N01"
)

// fake is a small Flickr. Its numbers are strings where Flickr's are.
type fake struct {
	faves    []fave
	oldest   bool // lists the oldest first
	timeless bool // tells no times
	most     int  // on a page, whatever is asked for; 0: as asked
	fail     int  // code of a failure for everything; its message repeats the key
	asked    []url.Values
	about    string // what I write
}

func (f *fake) Write(text, _ string) { f.about = text }

type fave struct {
	photo   int
	at      time.Time
	private bool
}

func (f *fake) Like(thing int, at time.Time) {
	f.Unlike(thing)
	v := fave{photo: thing, at: at.UTC().Truncate(time.Second)}
	after := slices.IndexFunc(f.faves, func(o fave) bool {
		return f.oldest && o.at.After(v.at) || !f.oldest && o.at.Before(v.at)
	})
	if after < 0 {
		after = len(f.faves)
	}
	f.faves = slices.Insert(f.faves, after, v)
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
	by, failure := signer(r)
	switch {
	case q.Get("api_key") != key:
		code, message = 100, "Invalid API Key (Key has invalid format)"
	case failure != 0:
		code, message = failure, "no, "+r.Header.Get("Authorization")
	}
	user := map[string]any{"id": mine, "nsid": mine, "username": map[string]string{"_content": "some one"}}
	answer := map[string]any{"stat": "ok"}
	switch method := q.Get("method"); {
	case code != 0:
	case method == "flickr.favorites.getPublicList" && q.Get("user_id") == mine:
		answer["photos"] = f.list(q, false)
	case method == "flickr.favorites.getList" && q.Get("user_id") == mine:
		answer["photos"] = f.list(q, by == mine)
	case method == "flickr.test.login" && by == mine:
		answer["user"] = map[string]any{"id": mine, "username": map[string]string{"_content": "some one"}}
	case method == "flickr.photos.getInfo" && q.Get("photo_id") == photoID(1):
		answer["photo"] = map[string]any{"id": photoID(1), "owner": map[string]any{"nsid": maker, "username": "Maker of Photos", "realname": "", "path_alias": "maker"}}
	case method == "flickr.photos.getInfo" && q.Get("photo_id") == photoID(2):
		code, message = 2, "Permission denied"
	case method == "flickr.people.getInfo" && q.Get("user_id") == mine:
		user["path_alias"], user["realname"] = "someone", map[string]string{"_content": "Some One"}
		user["description"] = map[string]string{"_content": f.about}
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

// signer is who signed a request, "" for nobody, and a failure where the signature is wrong. It makes the signature anew,
// as RFC 5849 has it.
func signer(r *http.Request) (nsid string, failure int) {
	header, signed := strings.CutPrefix(r.Header.Get("Authorization"), "OAuth ")
	if !signed {
		return "", 0
	}
	var params []string
	said := map[string]string{}
	for _, pair := range strings.Split(header, ", ") {
		name, value, _ := strings.Cut(pair, "=")
		value, _ = url.PathUnescape(strings.Trim(value, `"`))
		if said[name] = value; name != "oauth_signature" {
			params = append(params, escape(name)+"="+escape(value))
		}
	}
	for name, values := range r.URL.Query() {
		params = append(params, escape(name)+"="+escape(values[0]))
	}
	slices.Sort(params)
	mac := hmac.New(sha1.New, []byte(appSecret+"&"+tokenSecret))
	_, _ = mac.Write([]byte(r.Method + "&" + escape("http://"+r.Host+r.URL.Path) + "&" + escape(strings.Join(params, "&"))))
	switch {
	case said["oauth_token"] != token:
		return "", 98
	case said["oauth_consumer_key"] != key || said["oauth_signature"] != base64.StdEncoding.EncodeToString(mac.Sum(nil)):
		return "", 96
	}
	return mine, 0
}

func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

func (f *fake) list(q url.Values, private bool) any {
	since, _ := strconv.ParseInt(q.Get("min_fave_date"), 10, 64)
	size, _ := strconv.Atoi(q.Get("per_page"))
	size = min(size, cmp.Or(f.most, size))
	page, _ := strconv.Atoi(q.Get("page"))
	var all []fave
	for _, v := range f.faves {
		if (v.at.Unix() >= since || f.timeless) && (private || !v.private) {
			all = append(all, v)
		}
	}
	list := []any{}
	for _, v := range all[min((page-1)*size, len(all)):min(page*size, len(all))] {
		p := map[string]any{
			"id": photoID(v.photo), "owner": maker, "secret": "5686", "farm": 6, "title": fmt.Sprintf("photo %d", v.photo),
			"ispublic": 1, "ownername": "Maker of Photos", "pathalias": "maker", "date_faved": strconv.FormatInt(v.at.Unix(), 10),
		}
		if f.timeless {
			delete(p, "date_faved")
		}
		list = append(list, p)
	}
	return map[string]any{"page": page, "pages": strconv.Itoa((len(all) + size - 1) / size), "perpage": size, "total": strconv.Itoa(len(all)), "photo": list}
}

func me() flattery.Profile {
	return flattery.Profile{Identity: flattery.Identity{Network: "flickr", Host: "flickr.com", Subject: mine}, Handle: "some one"}
}

// byKey is a session by name.
func byKey() connectors.Session {
	return connectors.Session{Identity: me(), App: flattery.App{Key: key}}
}

func byToken() connectors.Session {
	return connectors.Session{Identity: me(), App: flattery.App{ID: key, Secret: appSecret}, Token: flattery.Token{Access: token, Secret: tokenSecret}}
}
