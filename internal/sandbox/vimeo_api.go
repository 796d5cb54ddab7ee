package sandbox

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	vimeoVideo = "application/vnd.vimeo.video+json"
	vimeoUser  = "application/vnd.vimeo.user+json"
	vimeoTime  = "2006-01-02T15:04:05-07:00"
)

// vimeoSaid is an answer of Vimeo.
type vimeoSaid struct {
	status int
	media  string
	body   any
}

func (s vimeoSaid) send(w http.ResponseWriter) { send(w, s.status, s.media, s.body) }

func vimeoError(code int, words string) fields {
	return fields{"error": words, "developer_message": words, "error_code": code, "link": "https://developer.vimeo.com/api/reference"}
}

func vimeoNo(status, code int, words string) vimeoSaid {
	return vimeoSaid{status, "application/vnd.vimeo.error+json", vimeoError(code, words)}
}

// vimeoLegacy is how Vimeo refuses a token.
func vimeoLegacy(status int) vimeoSaid {
	return vimeoSaid{status, "application/vnd.vimeo.error+json", fields{"error": "You must provide a valid authenticated access token."}}
}

func (v *Vimeo) missing() vimeoSaid {
	return vimeoNo(http.StatusNotFound, 5000, "The requested resource couldn't be found.")
}

func bearerOf(r *http.Request) string {
	_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(token)
}

// read answers a call with a token, of a member or of an app alone, under the limits.
func (v *Vimeo) read(ask func(*http.Request, *permit) vimeoSaid) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { v.decide(w.Header(), r, ask).send(w) }
}

func (v *Vimeo) decide(header http.Header, r *http.Request, ask func(*http.Request, *permit) vimeoSaid) vimeoSaid {
	v.mu.Lock()
	defer v.mu.Unlock()
	p := v.caller(r, "bearer")
	if p == nil || p.member != nil && !p.member.shown() {
		return vimeoLegacy(http.StatusUnauthorized)
	}
	who := "app " + p.client()
	if p.member != nil {
		who = p.member.id
	}
	left, reset := v.use(who)
	header.Set("X-RateLimit-Limit", strconv.Itoa(v.quota.Requests))
	header.Set("X-RateLimit-Remaining", strconv.Itoa(max(left, 0)))
	header.Set("X-RateLimit-Reset", reset.Format(vimeoTime))
	if v.epoch {
		header.Set("X-RateLimit-Reset", strconv.FormatInt(reset.Unix(), 10))
	}
	if left < 0 {
		return vimeoNo(http.StatusTooManyRequests, 9000, "Too many API requests. Wait a minute, then try again.")
	}
	said := ask(r, p)
	said.body = picked(said, r.URL.Query())
	return said
}

// own and byNumber find the user that a call is about.
func (v *Vimeo) own(ask func(*http.Request, *permit, *member) vimeoSaid) http.HandlerFunc {
	return v.read(func(r *http.Request, p *permit) vimeoSaid {
		if p.member == nil {
			return vimeoLegacy(http.StatusUnauthorized)
		}
		return ask(r, p, p.member)
	})
}

func (v *Vimeo) byNumber(ask func(*http.Request, *permit, *member) vimeoSaid) http.HandlerFunc {
	return v.read(func(r *http.Request, p *permit) vimeoSaid {
		id := r.PathValue("id")
		m := v.byID[id]
		if m == nil {
			m = v.members[strings.ToLower(id)]
		}
		if m == nil || !m.shown() {
			return v.missing()
		}
		return ask(r, p, m)
	})
}

func (v *Vimeo) getUser(_ *http.Request, _ *permit, m *member) vimeoSaid {
	return vimeoSaid{http.StatusOK, vimeoUser, v.user(m)}
}

func (v *Vimeo) getVideo(r *http.Request, p *permit) vimeoSaid {
	t := v.things[r.PathValue("id")]
	if t == nil || t.gone || t.owner.suspended {
		return v.missing()
	}
	return vimeoSaid{http.StatusOK, vimeoVideo, v.video(t, p)}
}

// getLikes gives a page by its number. A page behind the end is refused, but the first.
func (v *Vimeo) getLikes(r *http.Request, p *permit, m *member) vimeoSaid {
	query := r.URL.Query()
	page, bad := strconv.Atoi(cmp.Or(query.Get("page"), "1"))
	per, worse := strconv.Atoi(cmp.Or(query.Get("per_page"), "25"))
	if bad != nil || worse != nil || page < 1 || per < 1 || per > 100 {
		return vimeoNo(http.StatusBadRequest, 2204, "The page and per_page parameters must be numbers, per_page at most 100.")
	}
	list := v.likesOf(m)
	switch sort := query.Get("sort"); sort {
	case "", "date", "comments", "duration", "likes", "plays":
	case "alphabetical":
		slices.SortStableFunc(list, func(a, b *liked) int { return strings.Compare(a.thing.title, b.thing.title) })
	default:
		return vimeoNo(http.StatusBadRequest, 2204, fmt.Sprintf("The sort parameter cannot be %q.", sort))
	}
	last := max((len(list)+per-1)/per, 1)
	if page > last {
		return vimeoNo(http.StatusBadRequest, 2969, "The requested page couldn't be found.")
	}
	data := []fields{}
	for _, l := range list[(page-1)*per : min(page*per, len(list))] {
		data = append(data, v.video(l.thing, p))
	}
	to := func(n int) any {
		if n < 1 || n > last {
			return nil
		}
		return pageAt(r, query, n)
	}
	return vimeoSaid{http.StatusOK, vimeoVideo, fields{"total": len(list), "page": page, "per_page": per, "data": data,
		"paging": fields{"next": to(page + 1), "previous": to(page - 1), "first": to(1), "last": to(last)}}}
}

// pageAt is a path, as Vimeo's paging is.
func pageAt(r *http.Request, query url.Values, n int) string {
	query.Set("page", strconv.Itoa(n))
	return r.URL.EscapedPath() + "?" + query.Encode()
}

func (v *Vimeo) user(m *member) fields {
	none := func(path string, total int) fields {
		return fields{"uri": "/users/" + m.id + path, "options": []string{"GET"}, "total": total}
	}
	websites := []fields{}
	if m.link != "" {
		websites = append(websites, fields{"name": nil, "link": m.link, "description": nil})
	}
	return fields{"uri": "/users/" + m.id, "name": m.handle, "link": v.base + m.handle, "bio": orNull(m.bio), "location": nil,
		"created_time": m.created.Format(vimeoTime), "account": "basic", "resource_key": "u" + m.id, "websites": websites,
		"metadata": fields{"connections": fields{"likes": none("/likes", len(m.likes)), "videos": none("/videos", m.made)}}}
}

// video tells when it was liked by the token's own user, and nothing of anybody else's likes.
func (v *Vimeo) video(t *thing, p *permit) fields {
	said := fields{"uri": "/videos/" + t.id, "name": t.title, "description": nil, "link": v.base + t.id, "duration": 81,
		"width": 1920, "height": 1080, "language": nil, "created_time": t.created.Format(vimeoTime),
		"modified_time": t.created.Format(vimeoTime), "release_time": t.created.Format(vimeoTime), "status": "available",
		"type": "video", "resource_key": "v" + t.id, "content_rating": []string{"safe"}, "tags": []fields{},
		"categories": []fields{}, "stats": fields{"plays": 0}, "user": nil,
		"privacy": fields{"view": "anybody", "embed": "public", "download": false, "add": true, "comments": "anybody"}}
	if t.owner.shown() {
		said["user"] = v.user(t.owner)
	}
	metadata := fields{"connections": fields{}}
	if p.member != nil {
		like := fields{"added": false, "added_time": nil, "options": []string{"GET", "PUT", "DELETE"},
			"uri": "/users/" + p.member.id + "/likes/" + t.id}
		if l := p.member.liked(t); l != nil && !l.seen.After(v.clock.Now()) {
			like["added"], like["added_time"] = true, l.at.Format(vimeoTime)
		}
		metadata["interactions"] = fields{"like": like}
	}
	said["metadata"] = metadata
	return said
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// picked leaves of an answer what fields= asks for: of a page, what it asks of each in it. Errors stay whole.
func picked(said vimeoSaid, query url.Values) any {
	body, ok := said.body.(fields)
	if !ok || said.status != http.StatusOK || query.Get("fields") == "" {
		return said.body
	}
	wanted := strings.Split(query.Get("fields"), ",")
	page, ok := body["data"].([]fields)
	if !ok {
		return pick(body, wanted)
	}
	for i := range page {
		page[i] = pick(page[i], wanted)
	}
	return body
}

// pick copies what is named, with a dot between a field and one inside it. What is null stays null.
func pick(from fields, wanted []string) fields {
	out := fields{}
	for _, path := range wanted {
		field, inside, deeper := strings.Cut(path, ".")
		value, ok := from[field]
		if !ok {
			continue
		}
		within, object := value.(fields)
		if !deeper || !object {
			out[field] = value
			continue
		}
		has, _ := out[field].(fields)
		if has == nil {
			has = fields{}
			out[field] = has
		}
		for name, one := range pick(within, []string{inside}) {
			merge(has, name, one)
		}
	}
	return out
}

// merge puts a value beside what was picked before it.
func merge(into fields, name string, value any) {
	there, both := into[name].(fields)
	more, objects := value.(fields)
	if !both || !objects {
		into[name] = value
		return
	}
	for inner, one := range more {
		merge(there, inner, one)
	}
}
