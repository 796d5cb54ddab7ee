package sandbox

import (
	"fmt"
	"html/template"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"
)

// Flickr is Flickr in miniature: people, photos, faves, keys, and the methods by which they are read.
type Flickr struct {
	host
	pages *template.Template
	oauth *oauth1

	mu     sync.Mutex
	random *rand.Rand
	people map[string]*person // by NSID
	photos map[string]*photo  // by id
	keys   map[string]bool
	app    string // the key of the newest program
	lastID int64
}

type person struct {
	nsid, name, alias string
	about             string // the description of the profile
	gone              bool
	faves             likes[*photo]
}

type photo struct {
	id, secret, title string
	owner             *person
	uploaded          time.Time
	gone, private     bool
}

func (p *photo) shown() bool { return !p.gone && !p.owner.gone }

// seen reports whether a photo is shown to somebody, nil being everybody. A private one is its owner's, and theirs who
// faved it: they were let in before they could.
func (p *photo) seen(by *person) bool {
	return p.shown() && (!p.private || by != nil && (by == p.owner || by.faves.has[p]))
}

func newFlickr(clock *Clock, seed uint64) *Flickr {
	f := &Flickr{
		host:   host{clock: clock},
		pages:  template.Must(template.New("").Parse(flickrPages)),
		random: rand.New(rand.NewPCG(seed, 'f')),
		people: map[string]*person{},
		photos: map[string]*photo{},
		keys:   map[string]bool{},
		lastID: 10_000_000,
	}
	f.oauth = newOAuth1("Flickr", clock, seed, f.signIn, f.told)
	return f
}

// Base is the address of the REST methods, ending in a slash; pages stand at the host's root.
func (f *Flickr) Base() string { return f.base + "services/rest/" }

func (f *Flickr) change(command func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	command()
}

func (f *Flickr) next() string {
	f.lastID++
	return strconv.FormatInt(f.lastID, 10)
}

// AddUser makes a person and tells the NSID, which stays whatever becomes of the name. Names need not be unique: the
// first who has one is found by it.
func (f *Flickr) AddUser(name string) (nsid string) {
	f.change(func() {
		nsid = f.next() + "@N01"
		f.people[nsid] = &person{nsid: nsid, name: name}
	})
	return nsid
}

// SetName changes the name that people see and search by.
func (f *Flickr) SetName(nsid, name string) { f.change(func() { f.person(nsid).name = name }) }

// SetDescription changes what a person's profile says. It may hold HTML.
func (f *Flickr) SetDescription(nsid, text string) {
	f.change(func() { f.person(nsid).about = text })
}

// SetAlias gives a person an address of words, as in /photos/alias. It is letters, digits, - and _.
func (f *Flickr) SetAlias(nsid, alias string) {
	f.change(func() {
		if !named(alias, "-_") {
			panic(fmt.Sprintf("sandbox: flickr: nobody can have the address %q", alias))
		}
		f.person(nsid).alias = alias
	})
}

// AddPhoto makes a photo of a person and tells its id.
func (f *Flickr) AddPhoto(owner, title string) (id string) {
	f.change(func() {
		id = f.next()
		f.photos[id] = &photo{id: id, secret: letters(f.random, 10, "0123456789abcdef"), title: title,
			owner: f.person(owner), uploaded: f.clock.Now()}
	})
	return id
}

// Fave faves a photo now.
func (f *Flickr) Fave(nsid, photo string) { f.FaveAt(nsid, photo, f.clock.Now()) }

// FaveAt faves a photo at a time, to the second. A fave of the future is seen when the clock gets there.
func (f *Flickr) FaveAt(nsid, photo string, at time.Time) {
	f.change(func() { f.person(nsid).faves.add(f.photo(photo), at) })
}

// Unfave takes a fave back, whether it was given or not.
func (f *Flickr) Unfave(nsid, photo string) {
	f.change(func() { f.person(nsid).faves.remove(f.photo(photo)) })
}

// Delete takes a photo away, also out of everybody's faves.
func (f *Flickr) Delete(photo string) { f.change(func() { f.photo(photo).gone = true }) }

// SetPrivate hides a photo from all but its owner and those who faved it, or shows it to everybody again.
func (f *Flickr) SetPrivate(photo string, private bool) {
	f.change(func() { f.photo(photo).private = private })
}

// DeleteUser takes a person away, with all photos and faves.
func (f *Flickr) DeleteUser(nsid string) { f.change(func() { f.person(nsid).gone = true }) }

// Suspend takes a person away until Restore; the person's tokens are refused meanwhile.
func (f *Flickr) Suspend(nsid string) { f.DeleteUser(nsid) }

// Restore brings somebody back.
func (f *Flickr) Restore(nsid string) {
	f.change(func() {
		if f.people[nsid] == nil {
			panic(fmt.Sprintf("sandbox: flickr: there never was anybody with the NSID %q", nsid))
		}
		f.people[nsid].gone = false
	})
}

// App registers a program. Its key is an API key too.
func (f *Flickr) App() (key, secret string) {
	f.change(func() {
		key, secret = f.oauth.app()
		f.keys[key], f.app = true, key
	})
	return key, secret
}

// Token makes an access token of a person for the newest program, with the permission to read.
func (f *Flickr) Token(nsid string) (token, secret string) {
	f.change(func() {
		if f.app == "" {
			panic("sandbox: flickr: a token is a program's: call App before Token")
		}
		token, secret = f.oauth.token(f.app, f.person(nsid).nsid, "read")
	})
	return token, secret
}

// Revoke takes back all that a person has agreed to, for every program.
func (f *Flickr) Revoke(nsid string) { f.oauth.revoke(nsid) }

// Key makes an API key.
func (f *Flickr) Key() (key string) {
	f.change(func() {
		key = letters(f.random, 32, "0123456789abcdef")
		f.keys[key] = true
	})
	return key
}

// RevokeKey makes a key worthless, and the tokens that a program with that key has.
func (f *Flickr) RevokeKey(key string) {
	f.change(func() { delete(f.keys, key); f.oauth.revokeApp(key) })
}

func (f *Flickr) person(nsid string) *person {
	p := f.people[nsid]
	if p == nil || p.gone {
		panic(fmt.Sprintf("sandbox: flickr: there is nobody with the NSID %q", nsid))
	}
	return p
}

func (f *Flickr) photo(id string) *photo {
	p := f.photos[id]
	if p == nil || p.gone {
		panic(fmt.Sprintf("sandbox: flickr: there is no photo %q", id))
	}
	return p
}
