package github

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
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
	token    = "gho_canary_token"
	appToken = "ghu_canary_token" // of a GitHub App
	meID     = 4711
	orgID    = 88

	appSecret = "canary-secret"
)

// fake is a small GitHub: accounts, one of them with stars, and an organisation.
type fake struct {
	names    map[string]int64 // login → id, of today
	stars    map[int64][]starred
	timeless bool           // bare repositories, as without the media type
	byName   bool           // Link headers name the login and not the id
	oldest   bool           // the order is ignored: oldest first
	noStars  bool           // 404 for every list of stars
	member   map[string]any // my membership of the organisation; nil: none
	revoked  []string
	salt     string // another one makes other etags
	asked    []string
	check    func(*http.Request) // looks at each request
	says     map[string]string   // what an account says of itself, by what: "bio", "blog", "description", "readme"
	repoOf   int64               // whose the repository of the README is; 0: the account's own
	forked   bool                // it, and the gists, are forks
	gists    []string            // descriptions
	answers  map[string]string   // instead of an answer, by path
}

// Write writes the text everywhere.
func (f *fake) Write(text, page string) {
	f.says, f.gists = map[string]string{"bio": text, "description": text, "readme": text, "blog": page}, []string{text, "notes"}
}

type starred struct {
	repo int
	at   time.Time
}

func newFake() *fake {
	return &fake{names: map[string]int64{"me": meID, "club": orgID}, stars: map[int64][]starred{}}
}

func (f *fake) Like(thing int, at time.Time) {
	f.Unlike(thing)
	v := starred{thing, at.UTC().Truncate(time.Second)}
	// As GitHub does: newest first, whatever order they came in.
	after := slices.IndexFunc(f.stars[meID], func(o starred) bool {
		return f.oldest && o.at.After(v.at) || !f.oldest && o.at.Before(v.at)
	})
	if after < 0 {
		after = len(f.stars[meID])
	}
	f.stars[meID] = slices.Insert(f.stars[meID], after, v)
}

func (f *fake) Unlike(thing int) {
	f.stars[meID] = slices.DeleteFunc(f.stars[meID], func(s starred) bool { return s.repo == thing })
}

func repoID(thing int) string { return strconv.Itoa(5000 + thing) }

func (f *fake) repo(thing int) map[string]any {
	return map[string]any{
		"id": 5000 + thing, "full_name": fmt.Sprintf("maker/thing-%d", thing), "html_url": fmt.Sprintf("https://github.com/maker/thing-%d", thing),
		"stargazers_count": 3, "description": "a thing",
		"owner": map[string]any{"id": 77, "login": "maker", "type": "Organization", "html_url": "https://github.com/maker"},
	}
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.asked = append(f.asked, r.URL.Path)
	if f.check != nil {
		f.check(r)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if answer := f.answers[r.URL.Path]; answer != "" {
		fmt.Fprint(w, answer)
		return
	}
	path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if f.profile(w, path) {
		return
	}
	id, list := int64(0), path[len(path)-1] == "starred"
	switch bearer := r.Header.Get("Authorization"); {
	case path[0] == "applications":
		f.revoke(w, r)
		return
	case path[0] == "user" && (len(path) == 1 || path[1] == "starred" || path[1] == "memberships"):
		switch {
		case bearer == "Bearer "+appToken && list:
			f.fail(w, http.StatusForbidden, "Resource not accessible by integration")
			return
		case bearer != "Bearer "+token && bearer != "Bearer "+appToken:
			f.fail(w, http.StatusUnauthorized, "Bad credentials")
			return
		case len(path) == 4:
			f.membership(w, path[3])
			return
		}
		id = meID
	case path[0] == "user":
		id, _ = strconv.ParseInt(path[1], 10, 64)
	case path[0] == "users":
		id = f.names[path[1]]
	}
	login := ""
	for name, known := range f.names {
		if known == id {
			login = name
		}
	}
	switch {
	case login == "" || list && f.noStars:
		f.fail(w, http.StatusNotFound, "Not Found")
	case list:
		f.list(w, r, id)
	default:
		kind := "User"
		if id == orgID {
			kind = "Organization"
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"id": id, "login": login, "name": "Some One", "type": kind, "html_url": "https://github.com/" + login,
			"bio": f.says["bio"], "blog": f.says["blog"]})
	}
}

// profile answers what is asked of what somebody wrote, and says whether it was that.
func (f *fake) profile(w http.ResponseWriter, path []string) bool {
	var answer any
	owner := func(id int64) map[string]any { return map[string]any{"id": id, "login": "x"} }
	switch asked := strings.Join(path, "/"); {
	case asked == "orgs/club":
		answer = map[string]any{"id": orgID, "login": "club", "description": f.says["description"], "blog": f.says["blog"]}
	case asked == "repos/me/me/readme", asked == "repos/club/.github/contents/profile/README.md":
		if f.says["readme"] == "" {
			f.fail(w, http.StatusNotFound, "Not Found")
			return true
		}
		text := base64.StdEncoding.EncodeToString([]byte(f.says["readme"]))
		answer = map[string]any{"name": "README.md", "encoding": "base64", "content": text[:len(text)/2] + "\n" + text[len(text)/2:] + "\n"}
	case asked == "repos/me/me", asked == "repos/club/.github":
		id := f.names[path[1]]
		answer = map[string]any{"id": 1, "full_name": path[1] + "/" + path[2], "fork": f.forked, "owner": owner(cmp.Or(f.repoOf, id))}
	case asked == "users/me/gists":
		gists := []any{}
		for n, text := range f.gists {
			gists = append(gists, map[string]any{"id": fmt.Sprint("9f", n), "description": text, "public": true, "owner": owner(meID)})
		}
		answer = gists
	case path[0] == "gists" && len(path) == 2:
		n, _ := strconv.Atoi(strings.TrimPrefix(path[1], "9f"))
		gist := map[string]any{"id": path[1], "description": f.gists[n], "owner": owner(cmp.Or(f.repoOf, meID)), "fork_of": nil}
		if f.forked {
			gist["fork_of"] = map[string]any{"id": "77"}
		}
		answer = gist
	default:
		return false
	}
	_ = json.NewEncoder(w).Encode(answer)
	return true
}

func (f *fake) membership(w http.ResponseWriter, org string) {
	if f.member == nil || org != "club" {
		f.fail(w, http.StatusNotFound, "Not Found")
		return
	}
	_ = json.NewEncoder(w).Encode(f.member)
}

// revoke takes a token back, once.
func (f *fake) revoke(w http.ResponseWriter, r *http.Request) {
	var said struct {
		Token string `json:"access_token"`
	}
	id, secret, _ := r.BasicAuth()
	switch err := json.NewDecoder(r.Body).Decode(&said); {
	case id != "app" || secret != appSecret:
		f.fail(w, http.StatusUnauthorized, "Bad credentials")
	case err != nil || r.Method != http.MethodDelete || r.URL.Path != "/applications/app/token":
		f.fail(w, http.StatusUnprocessableEntity, "Validation Failed")
	case slices.Contains(f.revoked, said.Token):
		f.fail(w, http.StatusNotFound, "Not Found")
	default:
		f.revoked = append(f.revoked, said.Token)
		w.WriteHeader(http.StatusNoContent)
	}
}

func (f *fake) fail(w http.ResponseWriter, status int, message string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": message, "documentation_url": "https://docs.github.com/rest"})
}

func (f *fake) list(w http.ResponseWriter, r *http.Request, id int64) {
	q := r.URL.Query()
	size, _ := strconv.Atoi(q.Get("per_page"))
	page := 1
	if q.Has("page") {
		page, _ = strconv.Atoi(q.Get("page"))
	}
	all := f.stars[id]
	from := len(all)
	if page <= len(all) {
		from = min((page-1)*size, len(all))
	}
	to := min(from+size, len(all))
	items := []any{}
	for _, s := range all[from:to] {
		if f.timeless || !strings.Contains(r.Header.Get("Accept"), "star+json") {
			items = append(items, f.repo(s.repo))
		} else {
			items = append(items, map[string]any{"starred_at": s.at.Format(time.RFC3339), "repo": f.repo(s.repo)})
		}
	}
	if to < len(all) {
		path := fmt.Sprintf("/user/%d/starred", id)
		if f.byName {
			path = r.URL.Path
		}
		q.Set("page", strconv.Itoa(page+1))
		w.Header().Set("Link", fmt.Sprintf(`<http://%s%s?%s>; rel="next", <http://%s%s?page=99>; rel="last"`, r.Host, path, q.Encode(), r.Host, path))
	}
	body, _ := json.Marshal(items)
	etag := fmt.Sprintf(`W/"%x"`, sha256.Sum256(append(body, f.salt...)))
	w.Header().Set("ETag", etag)
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(body)
}

func me() flattery.Profile {
	return flattery.Profile{Identity: flattery.Identity{Network: "github", Host: "127.0.0.1", Subject: strconv.Itoa(meID)}, Handle: "me"}
}

// with is a session by a token, "" for one by name.
func with(token flattery.Secret) connectors.Session {
	return connectors.Session{Identity: me(), Token: flattery.Token{Access: token}}
}

// byApp is a session by name in the name of the instance.
func byApp() connectors.Session {
	return connectors.Session{Identity: me(), App: flattery.App{ID: "app", Secret: appSecret}}
}
