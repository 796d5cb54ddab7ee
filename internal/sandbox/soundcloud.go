package sandbox

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// How many tokens of its own an app may have in twelve hours.
const (
	mostAppTokens  = 50
	appTokensEvery = 12 * time.Hour
)

// SoundCloud is SoundCloud in miniature: OAuth 2.1, likes without a time, in an order that nobody promises and that
// may be late. Ids are URNs.
type SoundCloud struct {
	social
	appTokens map[string]*window // by app id
}

func newSoundCloud(clock *Clock, seed uint64) *SoundCloud {
	s := &SoundCloud{social: newSocial("soundcloud", clock, seed), appTokens: map[string]*window{}}
	s.reserved = []string{"me", "users", "tracks", "resolve", "oauth", "authorize", "sign-out"}
	s.newID = func(kind string) string {
		if kind == "thing" {
			kind = "track"
		} else {
			kind = "user"
		}
		return fmt.Sprintf("soundcloud:%ss:%d", kind, 900_000_000+s.next())
	}
	s.home = func(m *member) string { return "/" + m.handle }
	s.page = func(t *thing) string { return "/" + t.owner.handle + "/" + t.slug }
	s.rules = oauthRules{
		authorize: "/authorize",
		pkce:      true,
		code:      10 * time.Minute,
		access:    time.Hour,
		refreshed: func(*permit) bool { return true },
		media:     soundJSON,
		granted:   func(_ *permit, said fields) { said["token_type"] = "Bearer" }, // it says so, and wants OAuth in the header
		spare:     s.spare,
		refused:   soundRefused,
	}
	return s
}

// soundRefused words a refusal as every other error of SoundCloud, with the fields of RFC 6749 besides.
func soundRefused(no oauthNo) (status int, said any) {
	status = http.StatusBadRequest
	switch no.reason {
	case "invalid_client":
		status = http.StatusUnauthorized
	case noneSpare:
		status = http.StatusTooManyRequests
	}
	body := soundError(status, no.words)
	body["error"], body["error_description"] = no.reason, no.words
	if status == http.StatusTooManyRequests {
		body["spam_warning_urn"] = nil
	}
	return status, body
}

// LikeLate likes a track now and lets the like be seen only after a while, below the likes that were given since.
func (s *SoundCloud) LikeLate(handle, track string, after time.Duration) {
	s.likeAt(handle, track, s.clock.Now(), s.clock.Now().Add(after))
}

// SetOrder lists likes the last given first, as SoundCloud mostly does, or shuffled, as it may.
func (s *SoundCloud) SetOrder(shuffled bool) { s.change(func() { s.shuffled = shuffled }) }

// SetAccess says how a track may be heard: "playable", "preview" or "blocked".
func (s *SoundCloud) SetAccess(track, access string) {
	s.change(func() {
		if !slices.Contains(soundAccess[:], access) {
			panic(fmt.Sprintf("sandbox: soundcloud: no track is %q", access))
		}
		s.thing(track).access = access
	})
}

func (s *SoundCloud) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /me", s.read(s.getMe))
	mux.HandleFunc("GET /users/{urn}", s.read(s.getUser))
	mux.HandleFunc("GET /tracks/{urn}", s.read(s.getTrack))
	mux.HandleFunc("GET /me/likes/tracks", s.read(s.getOwnLikes))
	mux.HandleFunc("GET /users/{urn}/likes/tracks", s.read(s.getLikes))
	mux.HandleFunc("GET /resolve", s.read(s.resolve))
	mux.HandleFunc("GET /authorize", s.authorizePage)
	mux.HandleFunc("POST /authorize", s.authorizePage)
	mux.HandleFunc("POST /oauth/token", s.tokenEndpoint("authorization_code", "refresh_token", "client_credentials"))
	mux.HandleFunc("POST /sign-out", s.signOut)
	mux.HandleFunc("GET /{$}", s.indexPage)
	mux.HandleFunc("GET /{handle}", func(w http.ResponseWriter, r *http.Request) { s.memberPage(w, r.PathValue("handle")) })
	mux.HandleFunc("GET /{handle}/{slug}", s.trackPage)
	mux.HandleFunc("POST /{handle}/{slug}", s.trackPage)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		send(w, http.StatusNotFound, soundJSON, soundError(http.StatusNotFound, "404 - Not Found"))
	})
	return mux
}

// spare counts a token of an app's own; false: it has had them all.
func (s *SoundCloud) spare(of *app) bool {
	now := s.clock.Now()
	has := s.appTokens[of.id]
	if has == nil || !now.Before(has.reset) {
		has = &window{reset: now.Add(appTokensEvery)}
		s.appTokens[of.id] = has
	}
	has.count++
	return has.count <= mostAppTokens
}

// signOut makes the token of the request worthless: the description has it in the header, a guide in the body.
func (s *SoundCloud) signOut(w http.ResponseWriter, r *http.Request) {
	form, err := readForm(w, r)
	if err != nil {
		send(w, http.StatusBadRequest, soundJSON, soundError(http.StatusBadRequest, err.Error()))
		return
	}
	s.mu.Lock()
	token := cmp.Or(form.Get("access_token"), strings.TrimPrefix(r.Header.Get("Authorization"), "OAuth "))
	if p := s.bearer(token); p != nil {
		s.forget(func(other *permit) bool { return other == p })
	}
	s.mu.Unlock()
	send(w, http.StatusOK, soundJSON, fields{})
}

// trackPage finds a track by its address.
func (s *SoundCloud) trackPage(w http.ResponseWriter, r *http.Request) {
	s.thingPage(w, r, func() *thing { return s.at("/" + r.PathValue("handle") + "/" + r.PathValue("slug")) })
}

// at finds a track by the path of its page.
func (s *SoundCloud) at(path string) *thing {
	handle, slug, _ := strings.Cut(strings.Trim(path, "/"), "/")
	m := s.members[strings.ToLower(handle)]
	if m == nil {
		return nil
	}
	return s.bySlug(m, slug)
}

func (s *SoundCloud) urn(kind, said string) string {
	if _, err := strconv.Atoi(said); err == nil {
		return "soundcloud:" + kind + ":" + said // numbers are of old, and still taken
	}
	return said
}
