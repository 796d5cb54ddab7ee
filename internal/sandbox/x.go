package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// X is X in miniature: API v2 with OAuth 2.0, what programs of old use of API 1.1, and the keyless oEmbed address. A post has no time of its like, and its
// number says when it was written, not when it was liked.
type X struct {
	social
	spelling Spelling
	credits  int // posts that may still be read; negative: without end
	oauth    *oauth1
	legacy   bool // whether API 1.1 answers
}

// Spelling is how X's answers call a post. X's description says one and its recorded answers say the other; it takes
// both in a request.
type Spelling string

// The two spellings.
const (
	SpellTweet Spelling = "tweet"
	SpellPost  Spelling = "post"
)

// xScopes are those that reading likes needs, and the one for a refresh token.
var xScopes = [...]string{"tweet.read", "users.read", "like.read", "offline.access"}

func newX(clock *Clock, seed uint64) *X {
	x := &X{social: newSocial("x", clock, seed), spelling: SpellTweet, credits: -1, legacy: true}
	x.quota = Quota{75, 15 * time.Minute}
	x.reserved = []string{"i", "oembed", "oauth"}
	x.newID = x.snowflake
	x.home = func(m *member) string { return "/" + m.handle }
	x.page = func(t *thing) string { return "/" + t.owner.handle + "/status/" + t.id }
	x.rules = oauthRules{
		authorize: "/i/oauth2/authorize",
		basic:     true,
		pkce:      true,
		scopes:    xScopes[:],
		code:      30 * time.Second,
		access:    2 * time.Hour,
		refreshed: func(p *permit) bool { return p.may("offline.access") },
		media:     "application/json;charset=UTF-8",
		refused:   xRefused,
	}
	x.oauth = newOAuth1("X", clock, seed, x.login, x.told)
	return x
}

// Base is the address of API v2, ending in a slash; the authorize page stands at i/oauth2/authorize of the host's root.
func (x *X) Base() string { return x.base + "2/" }

// SetSpelling changes how answers call a post.
func (x *X) SetSpelling(s Spelling) { x.change(func() { x.spelling = s }) }

// SetCredits says how many posts may still be read before X asks for money; a negative number is no end.
func (x *X) SetCredits(posts int) { x.change(func() { x.credits = posts }) }

// Bearer makes the token of an app's own, for what is public: X shows it where the app is registered.
func (x *X) Bearer() (token string) {
	x.change(func() {
		token = x.secret(40)
		x.tokens[token] = access{permit: &permit{}}
	})
	return token
}

// snowflake is a number that tells the time, as X's are since 2010: too long for a float64.
func (x *X) snowflake(string) string {
	const epoch = 1288834974657
	return strconv.FormatInt(max(x.clock.Now().UnixMilli()-epoch, 0)<<22|x.next()&(1<<22-1), 10)
}

func (p *permit) may(scope string) bool { return slices.Contains(strings.Fields(p.scope), scope) }

// xRefused words a refusal as X does: what RFC 6749 calls an invalid grant is an invalid request here.
func xRefused(no oauthNo) (status int, said any) {
	status = http.StatusBadRequest
	switch no.reason {
	case "invalid_client":
		status, no = http.StatusUnauthorized, oauthNo{"unauthorized_client", "Missing valid authorization header"}
	case "invalid_grant":
		no.reason = "invalid_request"
	}
	return status, fields{"error": no.reason, "error_description": no.words}
}

func (x *X) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2/users/me", x.read("me", x.getMe))
	mux.HandleFunc("GET /2/users/{id}", x.read("users", x.getUser))
	mux.HandleFunc("GET /2/users/by/username/{username}", x.read("users by username", x.getByUsername))
	mux.HandleFunc("GET /2/users/{id}/liked_tweets", x.read("liked_tweets", x.getLiked))
	mux.HandleFunc("POST /2/oauth2/token", x.tokenEndpoint("authorization_code", "refresh_token"))
	mux.HandleFunc("POST /2/oauth2/revoke", x.revoke)
	x.legacyRoutes(mux)
	mux.HandleFunc("GET /i/oauth2/authorize", x.authorizePage)
	mux.HandleFunc("POST /i/oauth2/authorize", x.authorizePage)
	mux.HandleFunc("GET /oembed", x.oembed)
	mux.HandleFunc("GET /{$}", x.indexPage)
	mux.HandleFunc("GET /{handle}", func(w http.ResponseWriter, r *http.Request) { x.memberPage(w, r.PathValue("handle")) })
	mux.HandleFunc("GET /{handle}/status/{id}", x.postPage)
	mux.HandleFunc("POST /{handle}/status/{id}", x.postPage)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		xProblem(http.StatusNotFound, "Not Found", "Not Found", "").send(w)
	})
	return mux
}

func (x *X) revoke(w http.ResponseWriter, r *http.Request) {
	form, err := readForm(w, r)
	if err != nil {
		x.refuse(w, oauthNo{"invalid_request", err.Error()})
		return
	}
	x.mu.Lock()
	of := x.client(r, form)
	if of != nil {
		x.revokeToken(of, form.Get("token"))
	}
	x.mu.Unlock()
	if of == nil {
		x.refuse(w, oauthNo{"invalid_client", ""})
		return
	}
	send(w, http.StatusOK, x.rules.media, fields{"revoked": true})
}

// postPage finds a post by its number, whatever handle stands before it.
func (x *X) postPage(w http.ResponseWriter, r *http.Request) {
	x.thingPage(w, r, func() *thing { return x.things[r.PathValue("id")] })
}

// oembed tells who wrote a post, by handle alone, to everybody.
func (x *X) oembed(w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	t := x.things[statusID(r.URL.Query().Get("url"))]
	if t == nil || t.gone || !t.owner.shown() {
		x.mu.Unlock()
		send(w, http.StatusNotFound, "application/json; charset=utf-8",
			fields{"error": "Sorry, that page does not exist.", "request": r.URL.Path})
		return
	}
	author, page := x.base+t.owner.handle, x.base+strings.TrimPrefix(x.page(t), "/")
	said := fields{"url": page, "author_name": t.owner.handle, "author_url": author, "html": "<blockquote></blockquote>",
		"width": 550, "height": nil, "type": "rich", "cache_age": "3153600000", "provider_name": "Twitter",
		"provider_url": x.base, "version": "1.0"}
	x.mu.Unlock()
	send(w, http.StatusOK, "application/json; charset=utf-8", said)
}

// statusID finds the number of a post in an address of X, Twitter or this host: what follows "status".
func statusID(address string) string {
	path, _, _ := strings.Cut(address, "?")
	_, id, ok := strings.Cut(path, "/status/")
	id, _, _ = strings.Cut(id, "/")
	if !ok || !digits(id) {
		return ""
	}
	return id
}

// problem is X's no: problem JSON.
type problem struct {
	status int
	said   fields
}

// xProblem makes a problem of a slug that X's description has; without a slug it is about:blank.
func xProblem(status int, title, detail, slug string) *problem {
	kind := "about:blank"
	if slug != "" {
		kind = "https://api.x.com/2/problems/" + slug
	}
	return &problem{status, fields{"status": status, "title": title, "detail": detail, "type": kind}}
}

func (p *problem) send(w http.ResponseWriter) {
	send(w, p.status, "application/problem+json", p.said)
}

// unknownUser is what a 200 holds in place of a user, who was asked for by a parameter.
func unknownUser(parameter, value, detail string) fields {
	p := xProblem(0, "Not Found Error", fmt.Sprintf(detail, parameter, value), "resource-not-found")
	delete(p.said, "status")
	p.said["resource_type"], p.said["resource_id"], p.said["parameter"], p.said["value"] = "user", value, parameter, value
	return p.said
}
