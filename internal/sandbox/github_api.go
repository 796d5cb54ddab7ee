package sandbox

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

func (g *GitHub) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /user", g.api("users/users#get-the-authenticated-user", g.own(g.getUser)))
	mux.HandleFunc("GET /users/{login}", g.api("users/users#get-a-user", g.byLogin(g.getUser)))
	mux.HandleFunc("GET /user/{id}", g.api("users/users#get-a-user-using-their-id", g.byNumber(g.getUser)))
	const starred = "activity/starring#list-repositories-starred-by-"
	mux.HandleFunc("GET /user/starred", g.api(starred+"the-authenticated-user", unbound(g.own(g.getStarred))))
	mux.HandleFunc("GET /users/{login}/starred", g.api(starred+"a-user", g.byLogin(g.getStarred)))
	mux.HandleFunc("GET /user/{id}/starred", g.api(starred+"a-user", g.byNumber(g.getStarred)))
	mux.HandleFunc("GET /rate_limit", g.free("rate-limit/rate-limit", g.getLimits))
	mux.HandleFunc("/", g.api("", func(call) answer { return refusal(http.StatusNotFound, "Not Found", "") }))
	const members = "orgs/members#"
	mux.HandleFunc("GET /user/memberships/orgs", g.api(members+"list-organization-memberships-for-the-authenticated-user", unbound(g.own(g.getMemberships))))
	mux.HandleFunc("GET /user/memberships/orgs/{org}", g.api(members+"get-an-organization-membership-for-the-authenticated-user", unbound(g.own(g.getMembership))))
	mux.HandleFunc("POST /graphql", g.api("", g.postGraph))
	g.profileRoutes(mux)
	g.appRoutes(mux)
	g.loginRoutes(mux)
	g.pageRoutes(mux)
	return mux
}

// call is a request to the API, with who makes it: nil for who has no token.
type call struct {
	*http.Request
	caller *user
	grant  grant
}

// answer is what the API says; of a refusal the body is the message. A body with an ETag may be asked for conditionally.
type answer struct {
	status int
	body   []byte
	etag   string
	link   string
	media  string // of X-GitHub-Media-Type
	header http.Header
	docs   string // of an error
}

func refusal(status int, message, docs string) answer {
	return answer{status: status, docs: docs, body: []byte(message)}
}

// api answers a call under the limits.
func (g *GitHub) api(docs string, ask func(call) answer) http.HandlerFunc {
	return g.answering(docs, 1, ask)
}

// free answers a call that costs nothing.
func (g *GitHub) free(docs string, ask func(call) answer) http.HandlerFunc {
	return g.answering(docs, 0, ask)
}

func (g *GitHub) answering(docs string, cost int, ask func(call) answer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a, header := g.decide(r, docs, cost, ask)
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body) // an error is the client's leaving
	}
}

// decide is the one place that knows tokens, limits and conditional requests. The body it gives is never written to again.
func (g *GitHub) decide(r *http.Request, docs string, cost int, ask func(call) answer) (answer, http.Header) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.clock.Now()
	has, ok := g.caller(r)
	caller := has.user
	used, limit := g.window(caller, now), g.limit(caller)
	var a answer
	switch {
	case r.UserAgent() == "":
		a = refusal(http.StatusForbidden, "Request forbidden by administrative rules. Please make sure your request "+
			"has a User-Agent header", "overview/resources-in-the-rest-api#user-agent-required")
	case used.count+cost > limit:
		a = g.exceeded(caller)
	case !ok:
		used.count += cost
		a = refusal(http.StatusUnauthorized, "Bad credentials", "")
	case caller != nil && caller.suspended:
		used.count += cost
		a = refusal(http.StatusForbidden, "Sorry. Your account was suspended.", "")
	default:
		a = ask(call{r, caller, has})
		if matches(r.Header.Get("If-None-Match"), a.etag) {
			a = answer{status: http.StatusNotModified, etag: a.etag, link: a.link, media: a.media, header: a.header}
		}
		if a.status != http.StatusNotModified || caller == nil {
			used.count += cost // 304 is free for who has a token
		}
	}
	header := http.Header{}
	for name, values := range a.header {
		header[name] = values
	}
	describe(header, &a, docs)
	header["X-Ratelimit-Limit"] = []string{strconv.Itoa(limit)}
	header["X-Ratelimit-Remaining"] = []string{strconv.Itoa(max(limit-used.count, 0))}
	header["X-Ratelimit-Used"] = []string{strconv.Itoa(used.count)}
	header["X-Ratelimit-Reset"] = []string{strconv.FormatInt(used.reset.Unix(), 10)}
	header["X-Ratelimit-Resource"] = []string{"core"}
	if caller != nil {
		header["Cache-Control"] = []string{"private, max-age=60, s-maxage=60"}
		if !has.bound {
			header["X-Oauth-Scopes"] = []string{strings.Join(scopesOf(has.scopes), ", ")}
		}
	}
	return a, header
}

// describe sets the headers that tell of the body, and words an error.
func describe(header http.Header, a *answer, docs string) {
	if a.status >= http.StatusBadRequest {
		a.body = errorBody(a.status, string(a.body), strings.TrimSuffix("/"+cmp.Or(a.docs, docs), "/"))
	}
	if a.status != http.StatusNotModified {
		header["Content-Type"] = []string{"application/json; charset=utf-8"}
		header["Content-Length"] = []string{strconv.Itoa(len(a.body))}
	}
	if header["X-Github-Media-Type"] == nil {
		header["X-Github-Media-Type"] = []string{cmp.Or(a.media, "github.v3; format=json")}
	}
	if header["Cache-Control"] == nil {
		header["Cache-Control"] = []string{"public, max-age=60, s-maxage=60"}
	}
	if header["Vary"] == nil {
		header["Vary"] = []string{"Accept, Authorization, Cookie, X-GitHub-OTP"}
	}
	if a.etag != "" {
		header["Etag"] = []string{a.etag}
	}
	if a.link != "" {
		header["Link"] = []string{a.link}
	}
}

// caller tells what the token that came along is good for; ok is false for one that is not known or has expired. No
// token at all is ok.
func (g *GitHub) caller(r *http.Request) (has grant, ok bool) {
	said := r.Header.Get("Authorization")
	if said == "" {
		return grant{}, true
	}
	_, token, _ := strings.Cut(said, " ")
	if id, password, basic := r.BasicAuth(); basic {
		if a := g.apps[id]; a != nil && a.secret == password {
			return grant{}, true // an app that asks in its own name, for what is public
		}
		token = password
	}
	has, ok = g.tokens[strings.TrimSpace(token)]
	if !ok || g.past(has.expires) {
		return grant{}, false
	}
	return has, true
}

// past reports whether a token with that end has ended; zero is no end.
func (g *GitHub) past(end time.Time) bool { return !end.IsZero() && !g.clock.Now().Before(end) }

// window is what somebody asked in an hour.
type window struct {
	count int
	reset time.Time
}

func (g *GitHub) window(caller *user, now time.Time) *window {
	var id int64
	if caller != nil {
		id = caller.id
	}
	has := g.windows[id]
	if has == nil || !now.Before(has.reset) || has.reset.Sub(now) > time.Hour {
		has = &window{reset: now.Add(time.Hour).Truncate(time.Second)}
		g.windows[id] = has
	}
	return has
}

func (g *GitHub) limit(caller *user) int {
	if caller == nil {
		return g.limits.Anonymous
	}
	return g.limits.User
}

func (g *GitHub) exceeded(caller *user) answer {
	message := "API rate limit exceeded for 127.0.0.1. (But here's the good news: Authenticated requests get a higher " +
		"rate limit. Check out the documentation for more details.)"
	if caller != nil {
		message = fmt.Sprintf("API rate limit exceeded for user ID %d.", caller.id)
	}
	return refusal(cmp.Or(g.limits.Status, http.StatusForbidden), message,
		"overview/resources-in-the-rest-api#rate-limiting")
}

// own, byLogin and byNumber find the user that a call is about.
func (g *GitHub) own(ask func(call, *user) answer) func(call) answer {
	return func(c call) answer {
		if c.caller == nil {
			return refusal(http.StatusUnauthorized, "Requires authentication", "")
		}
		return ask(c, c.caller)
	}
}

func (g *GitHub) byLogin(ask func(call, *user) answer) func(call) answer {
	return func(c call) answer { return about(c, g.users[strings.ToLower(c.PathValue("login"))], ask) }
}

func (g *GitHub) byNumber(ask func(call, *user) answer) func(call) answer {
	return func(c call) answer {
		id, err := strconv.ParseInt(c.PathValue("id"), 10, 64)
		if err != nil {
			return refusal(http.StatusNotFound, "Not Found", "")
		}
		return about(c, g.byID[id], ask)
	}
}

func about(c call, u *user, ask func(call, *user) answer) answer {
	if u == nil || u.suspended {
		return refusal(http.StatusNotFound, "Not Found", "")
	}
	return ask(c, u)
}

func (g *GitHub) getUser(_ call, u *user) answer {
	body := g.userBody(u)
	return answer{status: http.StatusOK, body: body, etag: weak(body)}
}

// getLimits tells what is left.
func (g *GitHub) getLimits(c call) answer {
	now := g.clock.Now()
	used, limit := g.window(c.caller, now), g.limit(c.caller)
	one := func(limit, count int, reset time.Time, resource string) string {
		return fmt.Sprintf(`{"limit":%d,"remaining":%d,"reset":%d,"used":%d,"resource":%q}`,
			limit, max(limit-count, 0), reset.Unix(), count, resource)
	}
	core := one(limit, used.count, used.reset, "core")
	return answer{status: http.StatusOK, body: fmt.Appendf(nil, `{"resources":{"core":%s,"search":%s},"rate":%s}`,
		core, one(10, 0, now.Add(time.Minute), "search"), core)}
}

func weak(body []byte) string {
	sum := sha256.Sum256(body)
	return `W/"` + hex.EncodeToString(sum[:]) + `"`
}

// matches compares as If-None-Match wants it: weakly, against any of a list.
func matches(asked, etag string) bool {
	if asked == "" || etag == "" {
		return false
	}
	for one := range strings.SplitSeq(asked, ",") {
		one = strings.TrimSpace(one)
		if one == "*" || strings.TrimPrefix(one, "W/") == strings.TrimPrefix(etag, "W/") {
			return true
		}
	}
	return false
}
