package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// xBirthday is how API 1.1 writes a time.
const xBirthday = "Mon Jan 02 15:04:05 -0700 2006"

// noLegacy is what most programs are told.
const noLegacy = "You currently have access to a subset of X API V2 endpoints and limited v1.1 endpoints (e.g. media post, oauth) only. " +
	"If you need access to this endpoint, you may need a different access level."

// legacySaid is an answer of API 1.1, which has no problem JSON.
type legacySaid struct {
	status int
	body   any
}

func legacyNo(status, code int, message string) legacySaid {
	return legacySaid{status, fields{"errors": []fields{{"code": code, "message": message}}}}
}

// LegacyApp registers a program with keys for OAuth 1.0a and API 1.1, as servers like Twitter's have.
func (x *X) LegacyApp(callbacks ...string) (key, secret string) { return x.oauth.app(callbacks...) }

// LegacyToken makes an access token of a user for such a program. It is good until it is revoked.
func (x *X) LegacyToken(handle, key string) (token, secret string) {
	return x.oauth.token(key, x.ID(handle), "")
}

// SetLegacy says whether API 1.1 answers. Since 2023 the real one tells most programs that they have no access to it.
func (x *X) SetLegacy(open bool) { x.change(func() { x.legacy = open }) }

// Revoke does what a user does who puts all programs out, those with keys of old as well.
func (x *X) Revoke(handle string) {
	x.social.Revoke(handle)
	x.oauth.revoke(x.ID(handle))
}

// RevokeApp takes an app away, also one with keys of old, with all that users have let it do.
func (x *X) RevokeApp(id string) {
	x.social.RevokeApp(id)
	x.oauth.revokeApp(id)
}

// told is what comes along with an access token.
func (x *X) told(id string) url.Values {
	x.mu.Lock()
	defer x.mu.Unlock()
	return url.Values{"user_id": {id}, "screen_name": {x.byID[id].handle}}
}

func (x *X) legacyRoutes(mux *http.ServeMux) {
	x.oauth.routes(mux, "/oauth/")
	mux.HandleFunc("GET /1.1/account/verify_credentials.json", x.readLegacy("account", x.verifyCredentials))
	mux.HandleFunc("GET /1.1/users/show.json", x.showUser)
	mux.HandleFunc("GET /1.1/favorites/list.json", x.readLegacy("favorites", x.favorites))
}

func (x *X) readLegacy(kind string, ask func(url.Values, *member) legacySaid) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		said := x.decideLegacy(w.Header(), r, kind, ask)
		send(w, said.status, "application/json;charset=utf-8", said.body)
	}
}

func (x *X) decideLegacy(header http.Header, r *http.Request, kind string, ask func(url.Values, *member) legacySaid) legacySaid {
	x.mu.Lock()
	defer x.mu.Unlock()
	id, ok, problem := x.oauth.who(r)
	m := x.byID[id]
	switch {
	case problem != "":
		return legacyNo(http.StatusUnauthorized, 89, "Invalid or expired token.")
	case !ok || m == nil:
		return legacyNo(http.StatusUnauthorized, 32, "Could not authenticate you.")
	case m.suspended:
		return legacyNo(http.StatusForbidden, 64, "Your account is suspended and is not permitted to access this feature.")
	case !x.legacy:
		return legacyNo(http.StatusForbidden, 453, noLegacy)
	}
	left, reset := x.use("1.1 " + kind + " " + id)
	x.tellLimit(header, left, reset)
	if left < 0 {
		return legacyNo(http.StatusTooManyRequests, 88, "Rate limit exceeded")
	}
	return ask(r.URL.Query(), m)
}

func (x *X) tellLimit(header http.Header, left int, reset time.Time) {
	header.Set("X-Rate-Limit-Limit", strconv.Itoa(x.quota.Requests))
	header.Set("X-Rate-Limit-Remaining", strconv.Itoa(max(left, 0)))
	header.Set("X-Rate-Limit-Reset", strconv.FormatInt(reset.Unix(), 10))
}

// showUser shows a user to an app that has its own token.
func (x *X) showUser(w http.ResponseWriter, r *http.Request) {
	said := x.decideShow(w.Header(), r)
	send(w, said.status, "application/json;charset=utf-8", said.body)
}

func (x *X) decideShow(header http.Header, r *http.Request) legacySaid {
	x.mu.Lock()
	defer x.mu.Unlock()
	p, m := x.caller(r, "Bearer"), x.members[strings.ToLower(r.URL.Query().Get("screen_name"))]
	switch {
	case p == nil || p.member != nil:
		return legacyNo(http.StatusUnauthorized, 89, "Invalid or expired token.")
	case !x.legacy:
		return legacyNo(http.StatusForbidden, 453, noLegacy)
	}
	left, reset := x.use("1.1 users app")
	x.tellLimit(header, left, reset)
	switch {
	case left < 0:
		return legacyNo(http.StatusTooManyRequests, 88, "Rate limit exceeded")
	case m == nil || m.gone:
		return legacyNo(http.StatusNotFound, 50, "User not found.")
	case m.suspended:
		return legacyNo(http.StatusForbidden, 63, "User has been suspended.")
	}
	return legacySaid{http.StatusOK, legacyUser(m)}
}

func (x *X) verifyCredentials(_ url.Values, m *member) legacySaid {
	return legacySaid{http.StatusOK, legacyUser(m)}
}

// favorites gives the caller's likes, the last given first. Since_id and max_id are compared with the number of the
// post, which tells when it was written: with since_id the like of an old post is not seen.
func (x *X) favorites(query url.Values, m *member) legacySaid {
	if who := query.Get("user_id"); who != "" && who != m.id {
		return legacySaid{http.StatusUnauthorized, fields{"request": "/1.1/favorites/list.json", "error": "Not authorized."}}
	}
	if who := query.Get("screen_name"); who != "" && !strings.EqualFold(who, m.handle) {
		return legacySaid{http.StatusUnauthorized, fields{"request": "/1.1/favorites/list.json", "error": "Not authorized."}}
	}
	since, most := numberOr(query.Get("since_id"), 0), numberOr(query.Get("max_id"), 1<<62)
	list := slices.DeleteFunc(x.listed(m), func(l *liked) bool {
		id := numberOr(l.thing.id, 0)
		return id <= since || id > most
	})
	posts := []fields{}
	for _, l := range list[:min(counted(query.Get("count"), 20, 200), len(list))] {
		if t := l.thing; !t.gone && t.owner.shown() {
			posts = append(posts, legacyPost(t))
		}
	}
	return legacySaid{http.StatusOK, posts}
}

func numberOr(said string, other int64) int64 {
	n, err := strconv.ParseInt(said, 10, 64)
	if err != nil {
		return other
	}
	return n
}

func legacyPost(t *thing) fields {
	return fields{"created_at": t.created.Format(xBirthday), "id": numberOr(t.id, 0), "id_str": t.id, "text": t.title,
		"full_text": t.title, "truncated": false, "favorited": true, "retweeted": false, "lang": "en",
		"entities": fields{"urls": []fields{}}, "user": legacyUser(t.owner),
		"source": fmt.Sprintf(`<a href="%s" rel="nofollow">sandbox</a>`, "http://127.0.0.1/")}
}

func legacyUser(m *member) fields {
	said := fields{"id": numberOr(m.id, 0), "id_str": m.id, "name": m.handle, "screen_name": m.handle, "description": m.bio, "url": nil,
		"created_at": m.created.Format(xBirthday), "protected": false, "verified": false, "favourites_count": len(m.likes),
		"entities": fields{"description": fields{"urls": []fields{}}}}
	if m.link != "" {
		link := linkOf(m)
		link["indices"] = []any{link["start"], link["end"]}
		delete(link, "start")
		delete(link, "end")
		said["url"], said["entities"] = shortened(m), fields{"url": fields{"urls": []fields{link}}, "description": fields{"urls": []fields{}}}
	}
	return said
}
