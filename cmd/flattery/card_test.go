package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"flattery"
	"flattery/config"
	"flattery/internal/sandbox"
)

// card is one network of a world, as the stories of all six speak of it. People and things are what the network itself
// calls them by: a login, an NSID, a number.
type card struct {
	name   string
	base   func(*sandbox.World) string
	app    func(*sandbox.World, string) (id, secret string) // registers one with a callback
	person func(*sandbox.World, string) string              // makes somebody, and says how they are called when they sign in
	thing  func(w *sandbox.World, owner, title string) string
	like   func(w *sandbox.World, who, thing string)
	unlike func(w *sandbox.World, who, thing string)
	revoke func(w *sandbox.World, who string) // as the person does in their settings
	gone   func(w *sandbox.World, who string) // suspended
	back   func(w *sandbox.World, who string) // and not
	asked  func(*sandbox.World) sandbox.Requests
	token  string // path of the token endpoint
}

// social is what three networks of the sandbox have alike.
type social interface {
	App(callbacks ...string) (id, secret string)
	AddUser(handle string) string
	AddThing(owner, title string) string
	Like(handle, thing string)
	Unlike(handle, thing string)
	Revoke(handle string)
	Suspend(handle string)
	Restore(handle string)
	Requests() sandbox.Requests
	Base() string
}

func socialCard(name, token string, of func(*sandbox.World) social) card {
	return card{
		name: name, token: token,
		base:   func(w *sandbox.World) string { return of(w).Base() },
		app:    func(w *sandbox.World, callback string) (string, string) { return of(w).App(callback) },
		person: func(w *sandbox.World, handle string) string { of(w).AddUser(handle); return handle },
		thing:  func(w *sandbox.World, owner, title string) string { return of(w).AddThing(owner, title) },
		like:   func(w *sandbox.World, who, thing string) { of(w).Like(who, thing) },
		unlike: func(w *sandbox.World, who, thing string) { of(w).Unlike(who, thing) },
		revoke: func(w *sandbox.World, who string) { of(w).Revoke(who) },
		gone:   func(w *sandbox.World, who string) { of(w).Suspend(who) },
		back:   func(w *sandbox.World, who string) { of(w).Restore(who) },
		asked:  func(w *sandbox.World) sandbox.Requests { return of(w).Requests() },
	}
}

// theCard is all six.
func theCard() []card {
	github := socialCard("github", "/login/oauth/access_token", func(w *sandbox.World) social { return gitHubSocial{w.GitHub} })
	flickr := socialCard("flickr", "/services/oauth/access_token", func(w *sandbox.World) social { return flickrSocial{w.Flickr} })
	flickr.person = func(w *sandbox.World, handle string) string { return w.Flickr.AddUser(handle) }
	return []card{
		socialCard("twitter", "/2/oauth2/token", func(w *sandbox.World) social { return w.X }),
		github, flickr,
		socialCard("soundcloud", "/oauth/token", func(w *sandbox.World) social { return w.SoundCloud }),
		socialCard("vimeo", "/oauth/access_token", func(w *sandbox.World) social { return w.Vimeo }),
		socialCard("fivehundredpx", "/v1/oauth/access_token", func(w *sandbox.World) social { return w.FiveHundredPX }),
	}
}

// gitHubSocial speaks of GitHub as of the others: a thing is a repository's full name.
type gitHubSocial struct{ *sandbox.GitHub }

func (g gitHubSocial) AddUser(handle string) string { return fmt.Sprint(g.GitHub.AddUser(handle)) }
func (g gitHubSocial) AddThing(owner, title string) string {
	name := strings.ReplaceAll(strings.ToLower(title), " ", "-")
	g.AddRepo(owner, name)
	return owner + "/" + name
}
func (g gitHubSocial) Like(handle, thing string)   { g.Star(handle, thing) }
func (g gitHubSocial) Unlike(handle, thing string) { g.Unstar(handle, thing) }
func (g gitHubSocial) Revoke(handle string)        { g.RevokeGrants(handle) }

// flickrSocial speaks of Flickr as of the others: people are NSIDs.
type flickrSocial struct{ *sandbox.Flickr }

func (f flickrSocial) App(...string) (string, string)      { return f.Flickr.App() }
func (f flickrSocial) AddThing(owner, title string) string { return f.AddPhoto(owner, title) }
func (f flickrSocial) Like(nsid, photo string)             { f.Fave(nsid, photo) }
func (f flickrSocial) Unlike(nsid, photo string)           { f.Unfave(nsid, photo) }

// opened is an instance with its pages, in a world's time, to which one network (or all) can be linked.
type opened struct {
	*bench
	*instance
	server *httptest.Server
}

// openPages opens the pages of an instance on all networks of the world, with keys for each that the networks gave for the
// very callback.
func openPages(b *bench, configure ...func(*config.Config)) *opened {
	b.Helper()
	o := &opened{bench: b}
	p := &program{data: b.path("data"), environ: b.environ(), stderr: b.Output()}
	c, err := p.settings()
	if err != nil {
		b.Fatal(err)
	}
	for _, k := range theCard() {
		n := c.Networks[k.name]
		n.Base, n.AcceptTerms, n.SpendCap = k.base(b.world), true, 1000*flattery.Unit
		c.Networks[k.name] = n
	}
	for _, more := range configure {
		more(c)
	}
	in := p.outside(c)
	in.now, in.volatile, in.quiet = b.world.Clock.Now, true, true
	if err := p.openStore(b.Context(), in); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := in.store.Close(); err != nil {
			b.Error(err)
		}
	})
	in.poller.Jitter = func() float64 { return 0.5 }
	o.instance, o.server = in, httptest.NewUnstartedServer(nil)
	in.base = "http://" + o.server.Listener.Addr().String()
	o.server.Config.Handler, err = in.site(b.Context(), in.base, false)
	if err != nil {
		b.Fatal(err)
	}
	o.server.Start()
	b.Cleanup(o.server.Close)
	for _, k := range theCard() {
		connector, err := in.enabled.Get(k.name)
		if err != nil {
			b.Fatal(err)
		}
		id, secret := k.app(b.world, in.flow.Callback(connector.Info()))
		n := c.Networks[k.name]
		n.ClientID, n.ClientSecret, n.Key = id, flattery.Secret(secret), flattery.Secret(cmp.Or(string(n.Key), id))
		c.Networks[k.name] = n
	}
	return o
}

// member makes an account, and a link that signs in once.
func (o *opened) member(name string, admin bool) (flattery.AccountID, string) {
	o.Helper()
	a, err := o.addAccount(o.Context(), flattery.Account{Name: name, Admin: admin, Settings: flattery.Settings{Currency: "EUR", Budget: 5 * flattery.Unit}})
	if err != nil {
		o.Fatal(err)
	}
	link, err := o.signinLink(o.Context(), a.ID, o.base, o.now().Add(entrance))
	if err != nil {
		o.Fatal(err)
	}
	return a.ID, link
}

// polls polls every link whose time has come, after a while.
func (o *opened) polls() []string {
	o.Helper()
	o.bench.world.Clock.Advance(slowestPoll)
	found, err := o.poller.Due(context.WithoutCancel(o.Context()))
	if err != nil {
		o.Fatal(err)
	}
	var reasons []string
	for _, f := range found {
		reasons = append(reasons, f.Reason)
	}
	return reasons
}

// titles are the things of an account's flattrs that are not older than their link.
func (o *opened) titles(t *testing.T, account flattery.AccountID) (titles []string) {
	t.Helper()
	list, err := pages{o.store, gates{o.instance}}.Flattrs(t.Context(), account, flattery.MonthOf(o.now(), o.TimeZone), "", 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		titles = append(titles, f.Thing.Title)
	}
	return titles
}
