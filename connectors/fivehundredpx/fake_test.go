package fivehundredpx

import (
	"crypto/hmac"
	"crypto/sha1" // OAuth 1.0a knows no better
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
	key         = "canary-consumer-key"
	secret      = "canary-consumer-secret"
	token       = "canary-token"
	tokenSecret = "canary-token-secret"
	mine        = 4711
)

// fake is a small 500px of 2013 with one account on it.
type fake struct {
	photos  []int // favourites, newest first
	pages   int   // that it says there are, where set
	stuck   bool  // sends the first page for every one
	status  int   // of everything, where set
	checked int   // signatures
	check   func(*http.Request)
	about   string // what I write
	page    string
}

func (f *fake) Write(text, page string) { f.about, f.page = text, page }

func (f *fake) Like(thing int, _ time.Time) {
	f.Unlike(thing)
	f.photos = slices.Insert(f.photos, 0, thing)
}

func (f *fake) Unlike(thing int) {
	f.photos = slices.DeleteFunc(f.photos, func(n int) bool { return n == thing })
}

func photoID(thing int) string { return strconv.Itoa(4_928_000 + thing) }

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.check != nil {
		f.check(r)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	q := r.URL.Query()
	signed := r.Header.Get("Authorization") != ""
	user := map[string]any{"id": mine, "username": "me-here", "fullname": "Some One", "city": "Berlin",
		"about": f.about, "contacts": map[string]any{"website": f.page, "twitter": "me_here"}}
	var answer any
	switch status := f.status; {
	case status != 0:
		fail(w, status)
		return
	case q.Get("consumer_key") != key, signed && !f.signature(r):
		fail(w, http.StatusUnauthorized)
		return
	case r.URL.Path == "/v1/users" && signed, r.URL.Path == "/v1/users/show" && q.Get("username") == "me-here":
		answer = map[string]any{"user": user}
	case r.URL.Path == "/v1/photos" && q.Get("feature") == "user_favorites" && q.Get("user_id") == strconv.Itoa(mine) && q.Get("sort") == "created_at":
		answer = f.list(q)
	default:
		fail(w, http.StatusNotFound)
		return
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func fail(w http.ResponseWriter, status int) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"status": status, "error": "no"})
}

func (f *fake) list(q url.Values) any {
	size, _ := strconv.Atoi(q.Get("rpp"))
	page, _ := strconv.Atoi(q.Get("page"))
	if f.stuck {
		page = 1
	}
	size = min(size, 100)
	from := min((page-1)*size, len(f.photos))
	list := []any{}
	for _, n := range f.photos[from:min(from+size, len(f.photos))] {
		list = append(list, map[string]any{
			"id": 4_928_000 + n, "name": fmt.Sprintf("photo %d", n), "created_at": "2012-02-09T02:27:16-05:00", "favorited": true,
			"user": map[string]any{"id": 77, "username": "maker", "fullname": "Maker of Photos", "upgrade_status": 0},
		})
	}
	pages := max((len(f.photos)+size-1)/size, f.pages)
	return map[string]any{"current_page": page, "total_pages": pages, "total_items": len(f.photos), "photos": list, "feature": "user_favorites"}
}

// signature checks that of a request as RFC 5849 says, 3.4 and 3.5.1.
func (f *fake) signature(r *http.Request) bool {
	f.checked++
	head, ok := strings.CutPrefix(r.Header.Get("Authorization"), "OAuth ")
	said := url.Values{}
	for part := range strings.SplitSeq(head, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		value, _ = url.PathUnescape(strings.Trim(value, `"`))
		said.Set(name, value)
	}
	var pairs []string
	for _, values := range []url.Values{r.URL.Query(), said} {
		for name, v := range values {
			if name != "oauth_signature" {
				pairs = append(pairs, escape(name)+"="+escape(v[0]))
			}
		}
	}
	slices.Sort(pairs)
	base := "GET&" + escape("http://"+r.Host+r.URL.Path) + "&" + escape(strings.Join(pairs, "&"))
	mac := hmac.New(sha1.New, []byte(secret+"&"+tokenSecret))
	mac.Write([]byte(base))
	return ok && said.Get("oauth_token") == token && said.Get("oauth_consumer_key") == key && said.Get("oauth_signature_method") == "HMAC-SHA1" &&
		said.Get("oauth_nonce") != "" && said.Get("oauth_signature") == base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

func me() flattery.Profile {
	return flattery.Profile{Identity: flattery.Identity{Network: network, Host: "127.0.0.1", Subject: strconv.Itoa(mine)}, Handle: "me-here"}
}

func withToken() connectors.Session {
	return connectors.Session{Identity: me(), App: flattery.App{Key: key, Secret: secret}, Token: flattery.Token{Access: token, Secret: tokenSecret}}
}

func byName() connectors.Session {
	return connectors.Session{Identity: me(), App: flattery.App{Key: key}}
}
