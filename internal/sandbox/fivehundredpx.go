package sandbox

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// FiveHundredPX is 500px in miniature, as it was in 2013, before favourites and then the API ended: photos, favourites
// without a time, consumer keys, and OAuth 1.0a for whom one wants to know. Favouriting is Like here.
type FiveHundredPX struct {
	social
	oauth  *oauth1
	newest string // key of the newest app
}

func newFiveHundredPX(clock *Clock, seed uint64) *FiveHundredPX {
	p := &FiveHundredPX{social: newSocial("500px", clock, seed)}
	p.reserved = []string{"v1", "photo"}
	p.newID = func(string) string { return strconv.FormatInt(38_000_000+p.next(), 10) }
	p.home = func(m *member) string { return "/" + m.handle }
	p.page = func(t *thing) string { return "/photo/" + t.id }
	p.oauth = newOAuth1("500px", clock, seed, p.login, nil)
	return p
}

// Base is the address of API v1, ending in a slash; pages stand at the host's root.
func (p *FiveHundredPX) Base() string { return p.base + "v1/" }

// App registers an app. Where callbacks are given, people are sent back to exactly these or shown a code to type.
func (p *FiveHundredPX) App(callbacks ...string) (key, secret string) {
	p.change(func() {
		key, secret = p.oauth.app(callbacks...)
		p.newest = key
	})
	return key, secret
}

// RevokeApp makes a key worthless, and the tokens that an app with that key has.
func (p *FiveHundredPX) RevokeApp(key string) { p.oauth.revokeApp(key) }

// Token makes an access token of a user for the newest app. It is good until it is revoked.
func (p *FiveHundredPX) Token(handle string) (token, secret string) {
	p.change(func() {
		if p.newest == "" {
			panic("sandbox: 500px: a token is an app's: call App before Token")
		}
		token, secret = p.oauth.token(p.newest, p.member(handle).id, "")
	})
	return token, secret
}

// Revoke takes back all that a user has agreed to, for every app.
func (p *FiveHundredPX) Revoke(handle string) { p.oauth.revoke(p.ID(handle)) }

func (p *FiveHundredPX) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/photos", p.read(p.getPhotos))
	mux.HandleFunc("GET /v1/users", p.read(p.getCaller))
	mux.HandleFunc("GET /v1/users/show", p.read(p.getShown))
	p.oauth.routes(mux, "/v1/oauth/")
	mux.HandleFunc("/v1/", p.read(func(*http.Request, *member) (int, any) { return px(http.StatusNotFound, "Not found") }))
	mux.HandleFunc("GET /{$}", p.indexPage)
	mux.HandleFunc("GET /{handle}", func(w http.ResponseWriter, r *http.Request) { p.memberPage(w, r.PathValue("handle")) })
	mux.HandleFunc("GET /photo/{id}", p.photoPage)
	mux.HandleFunc("POST /photo/{id}", p.photoPage)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { p.showMissing(w) })
	return mux
}

func (p *FiveHundredPX) photoPage(w http.ResponseWriter, r *http.Request) {
	p.thingPage(w, r, func() *thing { return p.things[r.PathValue("id")] })
}

// px is 500px's no.
func px(status int, message string) (int, any) {
	return status, struct {
		Error  string `json:"error"`
		Status int    `json:"status"`
	}{message, status}
}

// read answers a call of who shows a consumer key or signs; the caller is nil where it is an app alone.
func (p *FiveHundredPX) read(ask func(r *http.Request, caller *member) (int, any)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var by signer
		problem := ""
		if signs(r) {
			by, problem = p.oauth.signed(r)
		}
		status, said := p.decide(r, by, problem, ask)
		send(w, status, "application/json; charset=utf-8", said)
	}
}

// decide is the one place that knows keys, signatures and limits. What becomes of a token whose user is suspended, and
// how a limit is told, nobody has written down.
func (p *FiveHundredPX) decide(r *http.Request, by signer, problem string, ask func(*http.Request, *member) (int, any)) (int, any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key, caller := cmp.Or(by.app, r.URL.Query().Get("consumer_key")), p.byID[by.user]
	switch {
	case problem != "":
		return px(http.StatusUnauthorized, "Invalid OAuth Request: "+problem)
	case key == "":
		return px(http.StatusUnauthorized, "Consumer key missing.")
	case !p.oauth.knows(key):
		return px(http.StatusUnauthorized, "Invalid consumer key.")
	case caller != nil && !caller.shown():
		return px(http.StatusUnauthorized, "The user is deactivated.")
	}
	if left, _ := p.use(key); left < 0 {
		return px(http.StatusTooManyRequests, "Rate limit exceeded")
	}
	return ask(r, caller)
}

type (
	pxUser struct {
		ID       int64       `json:"id"`
		Username string      `json:"username"`
		Fullname string      `json:"fullname"`
		About    string      `json:"about,omitempty"`
		Contacts *pxContacts `json:"contacts,omitempty"`
	}
	pxContacts struct {
		Website string `json:"website"`
	}
	pxPhoto struct {
		ID        int64  `json:"id"`
		Name      string `json:"name"`
		URL       string `json:"url"` // a path
		Created   string `json:"created_at"`
		Privacy   bool   `json:"privacy"`
		Favorited *bool  `json:"favorited,omitempty"` // by the caller; with include_states
		User      pxUser `json:"user"`
	}
	pxPage struct {
		Feature string    `json:"feature"`
		Filters pxFilters `json:"filters"`
		Page    int       `json:"current_page"`
		Pages   int       `json:"total_pages"`
		Total   int       `json:"total_items"`
		Photos  []pxPhoto `json:"photos"`
	}
	pxFilters struct {
		Category bool  `json:"category"`
		Exclude  bool  `json:"exclude"`
		UserID   int64 `json:"user_id"`
	}
)

// numeric is the number that an id of this network is.
func numeric(id string) int64 {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		panic(err) // newID makes them
	}
	return n
}

func pxUserOf(m *member) pxUser {
	return pxUser{ID: numeric(m.id), Username: m.handle, Fullname: m.handle}
}

// getPhotos lists somebody's favourites, the last given first. A page behind the end is empty.
func (p *FiveHundredPX) getPhotos(r *http.Request, caller *member) (int, any) {
	q := r.URL.Query()
	switch {
	case q.Get("feature") != "user_favorites":
		return px(http.StatusBadRequest, "Only user_favorites are in this miniature.")
	case q.Has("sort") && q.Get("sort") != "created_at":
		return px(http.StatusBadRequest, "Only sort=created_at is in this miniature.")
	}
	m := p.asked(r, "user_id")
	if m == nil {
		return px(http.StatusNotFound, "User not found")
	}
	list := slices.DeleteFunc(p.listed(m), func(l *liked) bool { return l.thing.gone || !l.thing.owner.shown() })
	page, per := counted(q.Get("page"), 1, 1<<30), counted(q.Get("rpp"), 20, 100)
	out := pxPage{Feature: "user_favorites", Filters: pxFilters{UserID: numeric(m.id)}, Page: page,
		Pages: (len(list) + per - 1) / per, Total: len(list), Photos: []pxPhoto{}}
	if page <= out.Pages {
		for _, l := range list[(page-1)*per : min(page*per, len(list))] {
			t := l.thing
			photo := pxPhoto{ID: numeric(t.id), Name: t.title, URL: p.page(t), Created: t.created.Format("2006-01-02T15:04:05-07:00"), User: pxUserOf(t.owner)}
			if caller != nil && q.Get("include_states") == "1" {
				photo.Favorited = new(caller.liked(t) != nil)
			}
			out.Photos = append(out.Photos, photo)
		}
	}
	return http.StatusOK, out
}

// asked finds who is meant by a number or a username; nil where it is nobody to be seen.
func (p *FiveHundredPX) asked(r *http.Request, id string) *member {
	q := r.URL.Query()
	m := p.byID[q.Get(id)]
	if m == nil {
		m = p.members[strings.ToLower(q.Get("username"))]
	}
	if m == nil || !m.shown() {
		return nil
	}
	return m
}

func (p *FiveHundredPX) getCaller(_ *http.Request, caller *member) (int, any) {
	if caller == nil {
		return px(http.StatusUnauthorized, "Authentication required")
	}
	return http.StatusOK, map[string]any{"user": p.profile(caller)}
}

func (p *FiveHundredPX) getShown(r *http.Request, _ *member) (int, any) {
	m := p.asked(r, "id")
	if m == nil {
		return px(http.StatusNotFound, "User not found")
	}
	return http.StatusOK, map[string]any{"user": p.profile(m)}
}

func (p *FiveHundredPX) profile(m *member) pxUser {
	u := pxUserOf(m)
	u.About = m.bio
	if m.link != "" {
		u.Contacts = &pxContacts{m.link}
	}
	return u
}
