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

	mu     sync.Mutex
	random *rand.Rand
	people map[string]*person // by NSID
	photos map[string]*photo  // by id
	keys   map[string]bool
	lastID int64
}

type person struct {
	nsid, name, alias string
	gone              bool
	faves             likes[*photo]
}

type photo struct {
	id, secret, title string
	owner             *person
	uploaded          time.Time
	gone              bool
}

func (p *photo) shown() bool { return !p.gone && !p.owner.gone }

func newFlickr(clock *Clock, seed uint64) *Flickr {
	return &Flickr{
		host:   host{clock: clock},
		pages:  template.Must(template.New("").Parse(flickrPages)),
		random: rand.New(rand.NewPCG(seed, 'f')),
		people: map[string]*person{},
		photos: map[string]*photo{},
		keys:   map[string]bool{},
		lastID: 10_000_000,
	}
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

// DeleteUser takes a person away, with all photos and faves.
func (f *Flickr) DeleteUser(nsid string) { f.change(func() { f.person(nsid).gone = true }) }

// Key makes an API key.
func (f *Flickr) Key() (key string) {
	f.change(func() {
		key = letters(f.random, 32, "0123456789abcdef")
		f.keys[key] = true
	})
	return key
}

// RevokeKey makes a key worthless.
func (f *Flickr) RevokeKey(key string) { f.change(func() { delete(f.keys, key) }) }

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
