// Package sandbox is the networks in miniature, over real HTTP on loopback, and a bank, for `flattery demo` and for tests. It knows
// how they answer and nothing of links, flattrs or who owes whom.
//
// A world is told what happens by its commands (AddUser, Star, Rename, …) and tells it by HTTP. All times are of its
// Clock, all ids of counters and its seed: the same commands in the same order make the same world. A command that
// names somebody or something that is not there is a mistake of the script, so it panics and says so; whatever comes
// in by HTTP never does.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"flattery/internal/server"
)

// World is one of each network. Its commands may be called from many goroutines at once.
type World struct {
	Clock         *Clock
	GitHub        *GitHub
	Flickr        *Flickr
	X             *X
	SoundCloud    *SoundCloud
	Vimeo         *Vimeo
	FiveHundredPX *FiveHundredPX
	Liberapay     *Liberapay // where nothing is liked

	networks []network // all of the above, in the order they are opened
}

// network is one of them as the World opens and closes it.
type network struct {
	name   string
	host   *host
	routes func() http.Handler
}

// Open starts the networks, each on a loopback port of its own. Somebody must Close the world.
func Open(clock *Clock, seed uint64) (*World, error) {
	w := &World{
		Clock:         clock,
		GitHub:        newGitHub(clock, seed),
		Flickr:        newFlickr(clock, seed),
		X:             newX(clock, seed),
		SoundCloud:    newSoundCloud(clock, seed),
		Vimeo:         newVimeo(clock, seed),
		FiveHundredPX: newFiveHundredPX(clock, seed),
		Liberapay:     newLiberapay(clock),
	}
	w.networks = []network{
		{"github", &w.GitHub.host, w.GitHub.routes},
		{"flickr", &w.Flickr.host, w.Flickr.routes},
		{"x", &w.X.host, w.X.routes},
		{"soundcloud", &w.SoundCloud.host, w.SoundCloud.routes},
		{"vimeo", &w.Vimeo.host, w.Vimeo.routes},
		{"fivehundredpx", &w.FiveHundredPX.host, w.FiveHundredPX.routes},
		{"liberapay", &w.Liberapay.host, w.Liberapay.routes},
	}
	for i, n := range w.networks {
		if err := n.host.open(n.routes()); err != nil {
			w.networks = w.networks[:i]
			return nil, errors.Join(fmt.Errorf("sandbox: %s: %w", n.name, err), w.Close())
		}
	}
	return w, nil
}

// Close ends the networks and returns when the last answer has ended.
func (w *World) Close() error {
	var err error
	for _, n := range w.networks {
		err = errors.Join(err, n.host.end())
	}
	return err
}

// host is what every network has: an address, a log of what it was asked, and faults on demand.
type host struct {
	clock *Clock
	base  string
	end   func() error

	notes  sync.Mutex // guards the two below
	faults []*Injection
	log    requestLog
}

// Base is the root URL of the network's API and pages, ending in a slash.
func (h *host) Base() string { return h.base }

func (h *host) open(routes http.Handler) error {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	h.base = "http://" + listener.Addr().String() + "/"
	h.end = start(&http.Server{Handler: h.front(http.NewCrossOriginProtection().Handler(routes)), ReadHeaderTimeout: 10 * time.Second}, listener)
	return nil
}

// start serves until somebody calls end, which also ends answers that take their time.
func start(s *http.Server, l net.Listener) (end func() error) {
	ctx, stop := context.WithCancel(context.Background())
	s.BaseContext = func(net.Listener) context.Context { return ctx }
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx, s, l) }()
	return sync.OnceValue(func() error {
		stop()
		return <-ended
	})
}

// front is what every request passes: it dates the answer, notes it and lets faults happen.
func (h *host) front(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", h.clock.Now().Format(http.TimeFormat))
		noted := &noting{ResponseWriter: w, note: func(status int) { h.note(r, status) }}
		defer noted.end()
		if f, ok := h.fault(r); ok {
			f.serve(noted, r, next)
			return
		}
		next.ServeHTTP(noted, r)
	})
}

// Advertise makes a network give out another address as its own, in links and in Base: that of a proxy in front of it. It
// is ended with a slash and said before anybody asks.
func (h *host) Advertise(base string) { h.base = base }
