package sandbox

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	soundJSON = "application/json; charset=utf-8"
	soundTime = "2006/01/02 15:04:05 +0000"
)

// soundAccess are how a track may be heard; of another's likes the last is left out unless it is asked for.
var soundAccess = [...]string{"playable", "preview", "blocked"}

func soundError(status int, words string) fields {
	return fields{"code": status, "message": words, "status": fmt.Sprintf("%d - %s", status, http.StatusText(status)),
		"link": "https://developers.soundcloud.com/docs/api/explorer/open-api", "errors": []fields{}, "error": nil}
}

// said is an answer of SoundCloud.
type soundSaid struct {
	status   int
	body     any
	location string
}

func soundNo(status int, words string) soundSaid {
	return soundSaid{status: status, body: soundError(status, words)}
}

// read answers a call with a token, of a member or of an app alone, under the limits.
func (s *SoundCloud) read(ask func(*http.Request, *permit) soundSaid) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		said := s.decide(r, ask)
		if said.location != "" {
			w.Header().Set("Location", said.location)
		}
		send(w, said.status, soundJSON, said.body)
	}
}

func (s *SoundCloud) decide(r *http.Request, ask func(*http.Request, *permit) soundSaid) soundSaid {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.caller(r, "OAuth")
	if p == nil || p.member != nil && !p.member.shown() {
		return soundNo(http.StatusUnauthorized, "invalid_token")
	}
	who := "app"
	if p.member != nil {
		who = p.member.id
	} else if p.app != nil {
		who = p.app.id
	}
	if left, reset := s.use(who); left < 0 {
		return soundSaid{status: http.StatusTooManyRequests, body: s.exceeded(reset)}
	}
	return ask(r, p)
}

func (s *SoundCloud) exceeded(reset time.Time) fields {
	return fields{"errors": []fields{{"meta": fields{
		"rate_limit": fields{"group": "api", "max_nr_of_requests": s.quota.Requests,
			"time_window": "PT" + strings.ToUpper(s.quota.Per.String())}, // as ISO 8601 writes it
		"remaining_requests": 0, "reset_time": reset.Format(soundTime)}}}}
}

func (s *SoundCloud) getMe(_ *http.Request, p *permit) soundSaid {
	if p.member == nil {
		return soundNo(http.StatusUnauthorized, "A token of a user is needed here.")
	}
	body := s.user(p.member)
	body["likes_count"], body["primary_email_confirmed"], body["locale"] = len(p.member.likes), true, ""
	return soundSaid{status: http.StatusOK, body: body}
}

func (s *SoundCloud) getUser(r *http.Request, _ *permit) soundSaid {
	m := s.byID[s.urn("users", r.PathValue("urn"))]
	if m == nil || !m.shown() {
		return soundNo(http.StatusNotFound, "404 - Not Found")
	}
	return soundSaid{status: http.StatusOK, body: s.user(m)}
}

func (s *SoundCloud) getTrack(r *http.Request, _ *permit) soundSaid {
	t := s.things[s.urn("tracks", r.PathValue("urn"))]
	if t == nil || t.gone || !t.owner.shown() {
		return soundNo(http.StatusNotFound, "404 - Not Found")
	}
	return soundSaid{status: http.StatusOK, body: s.track(t)}
}

// resolve leads from the address of a page to the resource; the host of the address does not matter.
func (s *SoundCloud) resolve(r *http.Request, _ *permit) soundSaid {
	at, err := url.Parse(r.URL.Query().Get("url"))
	if err != nil {
		return soundNo(http.StatusNotFound, "404 - Not Found")
	}
	to := ""
	if m := s.members[strings.ToLower(strings.Trim(at.Path, "/"))]; m != nil && m.shown() {
		to = s.base + "users/" + m.id
	} else if t := s.at(at.Path); t != nil && t.owner.shown() {
		to = s.base + "tracks/" + t.id
	}
	if to == "" {
		return soundNo(http.StatusNotFound, "404 - Not Found")
	}
	return soundSaid{http.StatusFound, fields{"status": "302 - Found", "location": to}, to}
}

func (s *SoundCloud) getOwnLikes(r *http.Request, p *permit) soundSaid {
	if p.member == nil {
		return soundNo(http.StatusUnauthorized, "A token of a user is needed here.")
	}
	return s.likesOf(r, p.member, soundAccess[:])
}

func (s *SoundCloud) getLikes(r *http.Request, _ *permit) soundSaid {
	m := s.byID[s.urn("users", r.PathValue("urn"))]
	if m == nil || !m.shown() {
		return soundNo(http.StatusNotFound, "404 - Not Found")
	}
	return s.likesOf(r, m, soundAccess[:2])
}

// likesOf gives a page of the likes that may be seen with the access that is asked for. With linked_partitioning it
// says where the next page is; without, it is a bare list and there is no next one.
func (s *SoundCloud) likesOf(r *http.Request, m *member, usual []string) soundSaid {
	query := r.URL.Query()
	limit, err := strconv.Atoi(cmp.Or(query.Get("limit"), "50"))
	if err != nil || limit < 1 || limit > 200 {
		return soundNo(http.StatusBadRequest, "limit must be between 1 and 200")
	}
	if said := query.Get("access"); said != "" {
		usual = strings.Split(said, ",")
	}
	for _, access := range usual {
		if !slices.Contains(soundAccess[:], access) {
			return soundNo(http.StatusBadRequest, "access must be of playable, preview and blocked")
		}
	}
	under, ok := soundPlace(query.Get("cursor"))
	if !ok {
		return soundNo(http.StatusBadRequest, "cursor is not valid")
	}
	list := slices.DeleteFunc(s.listed(m), func(l *liked) bool {
		return under != 0 && s.rank(l) >= under || l.thing.gone || !l.thing.owner.shown() || !slices.Contains(usual, l.thing.access)
	})
	tracks := []fields{}
	for _, l := range list[:min(limit, len(list))] {
		tracks = append(tracks, s.track(l.thing))
	}
	if query.Get("linked_partitioning") != "true" {
		return soundSaid{status: http.StatusOK, body: tracks}
	}
	body := fields{"collection": tracks}
	if len(list) > limit {
		query.Set("cursor", soundCursor(s.rank(list[limit-1])))
		body["next_href"] = strings.TrimSuffix(s.base, "/") + r.URL.EscapedPath() + "?" + query.Encode()
	}
	return soundSaid{status: http.StatusOK, body: body}
}

func soundCursor(rank int64) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "likes,%d", rank))
}

// soundPlace reads a cursor; none is the top.
func soundPlace(cursor string) (under int64, ok bool) {
	if cursor == "" {
		return 0, true
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	digits, ok := strings.CutPrefix(string(b), "likes,")
	under, bad := strconv.ParseInt(digits, 10, 64)
	return under, err == nil && ok && bad == nil && under > 0
}

func (s *SoundCloud) user(m *member) fields {
	return fields{"kind": "user", "urn": m.id, "permalink": m.handle, "username": m.handle, "full_name": "", "first_name": "",
		"last_name": "", "permalink_url": s.base + m.handle, "uri": s.base + "users/" + m.id, "description": m.bio,
		"avatar_url": s.base + "avatars/" + m.handle + ".jpg", "city": "", "country": "", "created_at": m.created.Format(soundTime),
		"last_modified": m.created.Format(soundTime), "plan": "Free", "track_count": m.made, "playlist_count": 0,
		"followers_count": 0, "followings_count": 0, "public_favorites_count": 0, "reposts_count": 0, "website": m.link,
		"website_title": ""}
}

func (s *SoundCloud) track(t *thing) fields {
	return fields{"kind": "track", "urn": t.id, "title": t.title, "permalink_url": s.base + strings.TrimPrefix(s.page(t), "/"),
		"uri": s.base + "tracks/" + t.id, "created_at": t.created.Format(soundTime), "access": t.access, "user": s.user(t.owner),
		"duration": 40_000, "genre": "", "tag_list": "", "sharing": "public", "streamable": t.access == "playable",
		"commentable": true, "downloadable": false, "license": "all-rights-reserved", "description": "", "user_favorite": false,
		"playback_count": 0, "favoritings_count": 0, "comment_count": 0, "artwork_url": s.base + "artworks/large.jpg"}
}
