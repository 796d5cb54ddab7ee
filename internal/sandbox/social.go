package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"math/bits"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// social is what X, SoundCloud and Vimeo have alike: members, what they made, what they like, and the apps they let
// in. Handles are found without regard to case; ids stay whatever becomes of a handle.
type social struct {
	host
	name     string   // in a mistake of the script
	reserved []string // no handle: paths of the server's own begin so
	rules    oauthRules
	newID    func(kind string) string // of a "member" or a "thing"
	home     func(*member) string     // the path of somebody's page
	page     func(*thing) string      // and of a thing's
	pages    *template.Template

	mu       sync.Mutex
	random   *rand.Rand
	made     int64              // members and things so far
	given    int64              // likes so far
	members  map[string]*member // by lower-case handle
	byID     map[string]*member
	things   map[string]*thing
	shuffled bool
	quota    Quota
	windows  map[string]*window // by who asks for what
	doors
}

type member struct {
	id, handle      string
	bio, link       string // what the profile says, and the address of a page of the member's own
	created         time.Time
	suspended, gone bool
	made            int      // things that are there
	likes           []*liked // in the order they were given
}

func (m *member) shown() bool { return !m.suspended && !m.gone }

type thing struct {
	id, title, slug string
	owner           *member
	created         time.Time
	access          string // SoundCloud: "playable", "preview" or "blocked"
	gone            bool
}

// liked is a like of a member. It is in the lists from seen on.
type liked struct {
	thing    *thing
	at, seen time.Time
	rank     int64 // the later given, the higher
}

// Quota is how many requests are answered in a span of time, counted for each member and kind of list. Zero requests:
// none is.
type Quota struct {
	Requests int
	Per      time.Duration
}

func newSocial(name string, clock *Clock, seed uint64) social {
	return social{
		host:    host{clock: clock},
		name:    name,
		pages:   template.Must(template.New("").Parse(socialPages)),
		random:  rand.New(rand.NewPCG(seed, uint64(name[0]))),
		members: map[string]*member{},
		byID:    map[string]*member{},
		things:  map[string]*thing{},
		quota:   Quota{math.MaxInt, time.Hour},
		windows: map[string]*window{},
		doors:   newDoors(),
	}
}

func (s *social) change(command func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	command()
}

// AddUser makes a user and tells the id, which stays whatever becomes of the handle.
func (s *social) AddUser(handle string) (id string) {
	s.change(func() {
		s.mustBeFree(handle, nil)
		m := &member{id: s.newID("member"), handle: handle, created: s.clock.Now()}
		s.members[strings.ToLower(handle)], s.byID[m.id] = m, m
		id = m.id
	})
	return id
}

// AddThing makes a post, track or video of a user and tells its id.
func (s *social) AddThing(owner, title string) (id string) {
	s.change(func() {
		t := &thing{id: s.newID("thing"), title: title, owner: s.member(owner), created: s.clock.Now(), access: "playable"}
		t.slug = s.slug(t)
		s.things[t.id] = t
		t.owner.made++
		id = t.id
	})
	return id
}

// Like likes a thing now. Who likes it already keeps the first like.
func (s *social) Like(handle, thing string) { s.likeAt(handle, thing, s.clock.Now(), s.clock.Now()) }

// Unlike takes a like back, whether it was given or not.
func (s *social) Unlike(handle, thing string) {
	s.change(func() { s.member(handle).unlike(s.thing(thing)) })
}

// DeleteThing takes a thing away, also out of everybody's likes.
func (s *social) DeleteThing(id string) {
	s.change(func() { t := s.thing(id); t.gone = true; t.owner.made-- })
}

// Rename gives a user another handle. The old one is nobody's and may be taken by a new user.
func (s *social) Rename(old, handle string) {
	s.change(func() {
		m := s.member(old)
		s.mustBeFree(handle, m)
		delete(s.members, strings.ToLower(m.handle))
		m.handle = handle
		s.members[strings.ToLower(handle)] = m
	})
}

// SetBio changes what a user's profile says.
func (s *social) SetBio(handle, bio string) { s.change(func() { s.member(handle).bio = bio }) }

// SetLink changes the page of the user's own that the profile links to; "" is none.
func (s *social) SetLink(handle, address string) {
	s.change(func() { s.member(handle).link = address })
}

// Suspend hides a user and the user's things; tokens of the user are refused until Restore. Nobody has confirmed that
// the real network does it quite so.
func (s *social) Suspend(handle string) { s.change(func() { s.member(handle).suspended = true }) }

// Restore ends a suspension.
func (s *social) Restore(handle string) { s.change(func() { s.member(handle).suspended = false }) }

// ID tells the id of who has a handle today.
func (s *social) ID(handle string) (id string) {
	s.change(func() { id = s.member(handle).id })
	return id
}

// SetLimits changes how much is answered. What was used in the present span stays used.
func (s *social) SetLimits(q Quota) { s.change(func() { s.quota = q }) }

func (s *social) likeAt(handle, thing string, at, seen time.Time) {
	s.change(func() { s.like(s.member(handle), s.thing(thing), at, seen) })
}

func (s *social) like(m *member, t *thing, at, seen time.Time) {
	if m.liked(t) == nil {
		s.given++
		m.likes = append(m.likes, &liked{t, at.UTC().Truncate(time.Second), seen, s.given})
	}
}

func (m *member) liked(t *thing) *liked {
	at := slices.IndexFunc(m.likes, func(l *liked) bool { return l.thing == t })
	if at < 0 {
		return nil
	}
	return m.likes[at]
}

func (m *member) unlike(t *thing) {
	m.likes = slices.DeleteFunc(m.likes, func(l *liked) bool { return l.thing == t })
}

// listed gives the likes that may be seen by now, the last given first, or in an order of no meaning that stays the
// same from page to page.
func (s *social) listed(m *member) []*liked {
	now := s.clock.Now()
	list := slices.DeleteFunc(slices.Clone(m.likes), func(l *liked) bool { return l.seen.After(now) })
	slices.SortFunc(list, func(a, b *liked) int { return cmp.Compare(s.rank(b), s.rank(a)) })
	return list
}

// rank is what a list is ordered by, the highest first. A cursor is the rank of the last like that was shown.
func (s *social) rank(l *liked) int64 {
	if !s.shuffled {
		return l.rank
	}
	return int64(bits.Reverse32(uint32(l.rank))) // nobody gives four thousand million likes
}

func (s *social) member(handle string) *member {
	m := s.members[strings.ToLower(handle)]
	if m == nil || m.gone {
		panic(fmt.Sprintf("sandbox: %s: there is no user %q", s.name, handle))
	}
	return m
}

// login finds who signs in at a page of OAuth 1.0a.
func (s *social) login(handle string) (id string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.members[strings.ToLower(handle)]
	if m == nil || !m.shown() {
		return "", false
	}
	return m.id, true
}

func (s *social) thing(id string) *thing {
	t := s.things[id]
	if t == nil || t.gone {
		panic(fmt.Sprintf("sandbox: %s: there is nothing with the id %q", s.name, id))
	}
	return t
}

// mustBeFree lets a handle be had by nobody, or by who is to have it.
func (s *social) mustBeFree(handle string, who *member) {
	key := strings.ToLower(handle)
	if !named(handle, "-_") || digits(handle) || slices.Contains(s.reserved, key) {
		panic(fmt.Sprintf("sandbox: %s: nobody can be called %q", s.name, handle))
	}
	if there := s.members[key]; there != nil && there != who {
		panic(fmt.Sprintf("sandbox: %s: the handle %q is taken", s.name, handle))
	}
}

// next is a number that no member and no thing has yet.
func (s *social) next() int64 { s.made++; return s.made }

// slug makes an address of words out of a title; a second thing of that name has its number behind it.
func (s *social) slug(t *thing) string {
	words := strings.FieldsFunc(strings.ToLower(t.title), func(c rune) bool { return !named(string(c), "") })
	slug := strings.Join(words, "-")
	if slug == "" || s.bySlug(t.owner, slug) != nil {
		slug = strings.TrimPrefix(slug+"-"+strconv.Itoa(len(s.things)+1), "-")
	}
	return slug
}

func (s *social) bySlug(owner *member, slug string) *thing {
	for _, t := range s.things {
		if t.owner == owner && t.slug == slug && !t.gone {
			return t
		}
	}
	return nil
}

// use counts a request. Left is negative when it was one too many, which is then not counted.
func (s *social) use(who string) (left int, reset time.Time) {
	now := s.clock.Now()
	has := s.windows[who]
	if has == nil || !now.Before(has.reset) || has.reset.Sub(now) > s.quota.Per {
		has = &window{reset: now.Add(s.quota.Per).Truncate(time.Second)}
		s.windows[who] = has
	}
	if has.count >= s.quota.Requests {
		return -1, has.reset
	}
	has.count++
	return s.quota.Requests - has.count, has.reset
}

func digits(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

// send answers with JSON of a media type.
func send(w http.ResponseWriter, status int, media string, said any) {
	body, err := json.Marshal(said)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", media)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // an error is the client's leaving
}
