package sandbox

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Vimeo is Vimeo in miniature: OAuth 2.0, pages of likes by number, and the time of a like for the token's own user.
// An owner who was deleted is null, as on Vimeo.
type Vimeo struct {
	social
	epoch bool // whether X-RateLimit-Reset is in unix seconds
}

func newVimeo(clock *Clock, seed uint64) *Vimeo {
	v := &Vimeo{social: newSocial("vimeo", clock, seed)}
	v.quota = Quota{600, time.Minute}
	v.reserved = []string{"me", "users", "videos", "oauth", "tokens"}
	v.newID = func(string) string { return strconv.FormatInt(150_000_000+v.next(), 10) }
	v.home = func(m *member) string { return "/" + m.handle }
	v.page = func(t *thing) string { return "/" + t.id }
	v.rules = oauthRules{
		authorize: "/oauth/authorize",
		basic:     true,
		scopes: []string{"public", "private", "purchased", "purchase", "create", "edit", "delete", "interact", "upload",
			"promo_codes", "video_files", "stats", "email"},
		usual:     "public",
		code:      10 * time.Minute,
		refreshed: func(p *permit) bool { return p.member != nil && v.rules.access > 0 },
		media:     "application/vnd.vimeo.auth+json",
		granted:   v.granted,
		refused: func(no oauthNo) (int, any) {
			if no.reason == "invalid_client" {
				return http.StatusUnauthorized, vimeoError(8001, "No such client secret exists.")
			}
			return http.StatusBadRequest, fields{"error": no.reason, "error_description": no.words}
		},
	}
	return v
}

// LikeAt likes a video at a time, to the second. A like of the future is seen when the clock gets there. Who likes it
// already keeps the first time.
func (v *Vimeo) LikeAt(handle, video string, at time.Time) { v.likeAt(handle, video, at, at) }

// SetOrder lists likes the latest first, or shuffled: Vimeo promises no order.
func (v *Vimeo) SetOrder(shuffled bool) { v.change(func() { v.shuffled = shuffled }) }

// SetResetAsEpoch gives X-RateLimit-Reset in unix seconds, as in 2013, instead of RFC 3339.
func (v *Vimeo) SetResetAsEpoch(epoch bool) { v.change(func() { v.epoch = epoch }) }

// SetTokenLife lets tokens that are given from now on expire, with a refresh token beside them; 0: they do not.
func (v *Vimeo) SetTokenLife(life time.Duration) { v.change(func() { v.rules.access = life }) }

// DeleteUser takes a user away, whose videos stay as nobody's.
func (v *Vimeo) DeleteUser(handle string) {
	v.change(func() {
		m := v.member(handle)
		m.gone = true
		delete(v.members, strings.ToLower(m.handle))
		v.forget(func(p *permit) bool { return p.member == m })
	})
}

func (v *Vimeo) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /me", v.own(v.getUser))
	mux.HandleFunc("GET /me/likes", v.own(v.getLikes))
	mux.HandleFunc("GET /users/{id}", v.byNumber(v.getUser))
	mux.HandleFunc("GET /users/{id}/likes", v.byNumber(v.getLikes))
	mux.HandleFunc("GET /videos/{id}", v.read(v.getVideo))
	mux.HandleFunc("GET /oauth/authorize", v.authorizePage)
	mux.HandleFunc("POST /oauth/authorize", v.authorizePage)
	mux.HandleFunc("POST /oauth/access_token", v.tokenEndpoint("authorization_code", "refresh_token"))
	mux.HandleFunc("POST /oauth/authorize/client", v.tokenEndpoint("client_credentials"))
	mux.HandleFunc("GET /oauth/verify", v.verify)
	mux.HandleFunc("DELETE /tokens", v.deleteToken)
	mux.HandleFunc("GET /{$}", v.indexPage)
	mux.HandleFunc("GET /{page}", v.anyPage)
	mux.HandleFunc("POST /{page}", v.videoPage)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { v.missing().send(w) })
	return mux
}

func (v *Vimeo) granted(p *permit, said fields) {
	said["app"] = fields{"name": p.client(), "uri": "/apps/" + p.client()}
	if p.member != nil {
		said["user"] = v.user(p.member)
	}
	if life := v.rules.access; life > 0 {
		said["expires_on"] = strconv.FormatInt(v.clock.Now().Add(life).Unix(), 10)
	}
}

// client names the app of a permit; a token of no app is of the site's own.
func (p *permit) client() string {
	if p.app == nil {
		return "1"
	}
	return p.app.id
}

// verify tells what the token of a request permits.
func (v *Vimeo) verify(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	p := v.caller(r, "bearer")
	if p == nil || p.member != nil && !p.member.shown() {
		v.mu.Unlock()
		vimeoLegacy(http.StatusUnauthorized).send(w)
		return
	}
	said := fields{"access_token": bearerOf(r), "token_type": "bearer", "scope": p.scope,
		"app": fields{"name": p.client(), "uri": "/apps/" + p.client()}}
	if p.member != nil {
		said["user"] = v.user(p.member)
	}
	v.mu.Unlock()
	send(w, http.StatusOK, v.rules.media, said)
}

// deleteToken makes the token of the request worthless.
func (v *Vimeo) deleteToken(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	p := v.caller(r, "bearer")
	if p != nil {
		v.forget(func(other *permit) bool { return other == p })
	}
	v.mu.Unlock()
	if p == nil {
		vimeoLegacy(http.StatusUnauthorized).send(w)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// anyPage is a video's where the path is a number, and else somebody's.
func (v *Vimeo) anyPage(w http.ResponseWriter, r *http.Request) {
	if page := r.PathValue("page"); !digits(page) {
		v.memberPage(w, page)
		return
	}
	v.videoPage(w, r)
}

func (v *Vimeo) videoPage(w http.ResponseWriter, r *http.Request) {
	v.thingPage(w, r, func() *thing { return v.things[r.PathValue("page")] })
}

// likesOf gives the likes whose videos may be seen, the latest first or shuffled.
func (v *Vimeo) likesOf(m *member) []*liked {
	list := slices.DeleteFunc(v.listed(m), func(l *liked) bool { return l.thing.gone || l.thing.owner.suspended })
	if !v.shuffled {
		slices.SortStableFunc(list, func(a, b *liked) int { return cmp.Compare(b.at.Unix(), a.at.Unix()) })
	}
	return list
}
