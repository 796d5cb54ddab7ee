package twitter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/connectors/connectortest"
)

const (
	token  = "canary-access-token"
	bearer = "canary-bearer-token" // of the app
	meID   = 4711
)

// fake is a small X with both of its APIs: one person, whose likes are posts of somebody else.
type fake struct {
	likes   []int // things, newest like first
	asked   []string
	check   func(*http.Request) // looks at each request
	status  int                 // of every answer; 0: as it should be
	answers string              // instead of the answer
	revoked []string
	about   string // what I write
	page    string
}

func (f *fake) Write(text, page string) { f.about, f.page = text, page }

func newFake() *fake { return &fake{} }

func (f *fake) Like(thing int, _ time.Time) {
	f.Unlike(thing)
	f.likes = slices.Insert(f.likes, 0, thing)
}

func (f *fake) Unlike(thing int) {
	f.likes = slices.DeleteFunc(f.likes, func(n int) bool { return n == thing })
}

// postID gives every tenth thing the number of an old post: likes are not in the order of posts.
func postID(thing int) string {
	if thing%10 == 3 {
		return strconv.Itoa(1000 + thing)
	}
	return strconv.Itoa(1_500_000_000_000_000_000 + thing)
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.asked = append(f.asked, r.Method+" "+r.URL.RequestURI())
	if f.check != nil {
		f.check(r)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if f.status != 0 {
		w.WriteHeader(f.status)
	}
	if f.answers != "" {
		fmt.Fprint(w, f.answers)
		return
	}
	byMe := r.Header.Get("Authorization") == "Bearer "+token
	byApp := r.Header.Get("Authorization") == "Bearer "+bearer
	signed := strings.HasPrefix(r.Header.Get("Authorization"), "OAuth ") && strings.Contains(r.Header.Get("Authorization"), `oauth_token="`+token+`"`)
	var answer any
	switch path := strings.Replace(r.URL.Path, "/2/users/", "/users/", 1); {
	case path == "/users/me" && byMe:
		answer = map[string]any{"data": map[string]any{"id": strconv.Itoa(meID), "username": "Me", "name": "Some One"}}
	case path == fmt.Sprintf("/users/%d/liked_tweets", meID) && byMe:
		answer = f.liked(r)
	case strings.HasPrefix(path, "/users/by/username/") && byApp:
		answer = map[string]any{"errors": []any{map[string]any{"title": "Not Found Error", "type": "https://api.twitter.com/2/problems/resource-not-found"}}}
		if strings.EqualFold(strings.TrimPrefix(path, "/users/by/username/"), "Me") {
			answer = map[string]any{"data": f.user(r.URL.Query().Get("user.fields"), map[string]any{"id": strconv.Itoa(meID), "username": "Me", "name": "Some One"})}
		}
	case path == "/1.1/users/show.json" && byApp:
		if !strings.EqualFold(r.URL.Query().Get("screen_name"), "Me") {
			w.WriteHeader(http.StatusNotFound)
			answer = map[string]any{"errors": []any{map[string]any{"code": 50, "message": "User not found."}}}
			break
		}
		answer = f.user("description,entities,url", map[string]any{"id": meID, "id_str": strconv.Itoa(meID), "screen_name": "Me", "name": "Some One"})
	case path == "/1.1/favorites/list.json" && signed && r.URL.Query().Get("user_id") == strconv.Itoa(meID):
		answer = f.favorites(r)
	case path == "/1.1/account/verify_credentials.json" && signed:
		answer = map[string]any{"id": meID, "id_str": strconv.Itoa(meID), "screen_name": "Me", "name": "Some One"}
	case path == "/1.1/oauth/invalidate_token.json" && signed && r.Method == http.MethodPost:
		f.revoked, answer = append(f.revoked, "signed"), map[string]string{"access_token": "x"}
	case path == "/2/oauth2/revoke" && r.Method == http.MethodPost:
		id, secret, _ := r.BasicAuth()
		f.revoked, answer = append(f.revoked, r.FormValue("token")+" by "+id+":"+secret), map[string]bool{"revoked": true}
	case path == "/oembed" && r.Header.Get("Authorization") == "":
		answer = map[string]any{"url": r.URL.Query().Get("url"), "author_name": "A Maker", "author_url": "https://twitter.com/TheMaker", "html": "<b>"}
	default:
		w.WriteHeader(http.StatusUnauthorized)
		answer = map[string]any{"title": "Unauthorized", "type": "about:blank", "status": 401}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// user adds what a user writes, with addresses that X has shortened.
func (f *fake) user(fields string, said map[string]any) map[string]any {
	if fields == "description,entities,url" {
		said["description"], said["url"] = f.about, "https://t.co/abc"
		said["entities"] = map[string]any{
			"url":         map[string]any{"urls": []any{map[string]any{"start": 0, "end": 23, "url": "https://t.co/abc", "expanded_url": f.page, "display_url": "x"}}},
			"description": map[string]any{"urls": []any{map[string]any{"url": "https://t.co/def", "expanded_url": "https://friend.example/"}}},
		}
	}
	return said
}

// liked turns pages by tokens that say where the page before ended.
func (f *fake) liked(r *http.Request) any {
	q := r.URL.Query()
	size, _ := strconv.Atoi(q.Get("max_results"))
	from, _ := strconv.Atoi(strings.TrimPrefix(q.Get("pagination_token"), "from"))
	from = min(from, len(f.likes))
	to := min(from+size, len(f.likes))
	meta := map[string]any{"result_count": to - from}
	if to < len(f.likes) {
		meta["next_token"] = fmt.Sprint("from", to)
	}
	answer := map[string]any{"meta": meta}
	var posts []any
	for _, thing := range f.likes[from:to] {
		posts = append(posts, map[string]any{"id": postID(thing), "text": fmt.Sprintf("thing &amp; %d", thing), "author_id": "77", "edit_history_tweet_ids": []string{postID(thing)}})
	}
	if posts != nil {
		answer["data"] = posts
		answer["includes"] = map[string]any{"users": []any{map[string]any{"id": "77", "username": "maker", "name": "The Maker"}}}
	}
	return answer
}

// favorites are in the order of liking; since_id and max_id are about the numbers of posts.
func (f *fake) favorites(r *http.Request) any {
	q := r.URL.Query()
	size, _ := strconv.Atoi(q.Get("count"))
	most, err := strconv.ParseInt(q.Get("max_id"), 10, 64)
	above, _ := strconv.ParseInt(q.Get("since_id"), 10, 64)
	posts := []any{}
	for _, thing := range f.likes {
		id, _ := strconv.ParseInt(postID(thing), 10, 64)
		if (err != nil || id <= most) && id > above && len(posts) < size {
			posts = append(posts, map[string]any{"id": id, "id_str": postID(thing), "full_text": fmt.Sprintf("thing &amp; %d", thing),
				"user": map[string]any{"id": 77, "id_str": "77", "screen_name": "maker", "name": "The Maker"}})
		}
	}
	return posts
}

func session() connectors.Session {
	return connectors.Session{
		Identity: flattery.Profile{Identity: flattery.Identity{Network: network, Host: "127.0.0.1", Subject: strconv.Itoa(meID)}, Handle: "Me"},
		Token:    flattery.Token{Access: token, Secret: "canary-token-secret", Refresh: "canary-refresh"},
		App:      flattery.App{ID: "app", Secret: "canary-app-secret"},
	}
}

func TestXKeepsEveryPromise(t *testing.T) {
	t.Run("at v2", func(t *testing.T) { connectortest.Run(t, harness("", 100)) })
	t.Run("at v1.1", func(t *testing.T) { connectortest.Run(t, harness("1.1/", 200)) })
}

func TestXMayMeanHarm(t *testing.T) {
	t.Run("at v2", func(t *testing.T) { connectortest.Survive(t, harness("", 100)) })
	t.Run("at v1.1", func(t *testing.T) { connectortest.Survive(t, harness("1.1/", 200)) })
}

func harness(root string, page int) connectortest.Harness {
	return connectortest.Harness{
		Connector: func(base string) connectors.Connector { return New(base + root) },
		Network:   func() connectortest.Network { return newFake() },
		Session:   session(), ID: postID, Page: page, Timeless: true, Hostile: "testdata/hostile/" + root, Handle: "Me",
	}
}

// canned is an answer without a server.
func canned(r *http.Request, answer []byte) *http.Response {
	return &http.Response{StatusCode: http.StatusOK, ContentLength: int64(len(answer)), Request: r,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(answer))}
}

func BenchmarkPoll(b *testing.B) {
	b.Run("at v2", func(b *testing.B) { connectortest.Bench(b, harness("", 100)) })
	b.Run("at v1.1", func(b *testing.B) { connectortest.Bench(b, harness("1.1/", 200)) })
}
