package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"flattery"
	"flattery/config"
	"flattery/internal/claim"
	"flattery/internal/sandbox"
	"flattery/store"
	"flattery/store/sqlite"
)

// The demo begins on this day and takes steps of this length. With pages it ends when the last month's slips lie there
// to be paid, without when those who pay have paid them.
var demoStart = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

const (
	demoStep = 6 * time.Hour
	paysOn   = 10 // day of the month on which donors send their slips; two days later they have arrived
	toPay    = paysOn - 2
	allPaid  = paysOn + 3
)

// demo is an instance whose networks and whose time are a sandbox's. All else is the daemon's own code.
type demo struct {
	*instance
	p        *program
	world    *sandbox.World
	story    *sandbox.Story
	accounts map[*sandbox.Person]flattery.AccountID
	days     int
	progress func(day, days int, now time.Time)
}

func (p *program) demo() *cobra.Command {
	var months int
	var seed uint64
	var exit bool
	var story string
	cmd := &cobra.Command{Use: "demo", Short: "An instance on networks in miniature: months pass in seconds, nothing to set up",
		Long: `An instance on networks in miniature: a dozen people like and make things, months pass in seconds, and the daemon's
own code polls, settles and plans. Nothing leaves this machine. With --data the instance is kept there, to be looked
at with the other commands; else it is forgotten at the end.`,
		Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if months < 1 || months > 120 {
				return flattery.Input("--months %d: choose 1 to 120", months)
			}
			c, forget, err := p.demoSettings()
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, forget()) }()
			after := toPay
			if exit {
				after = allPaid
			}
			d, end, err := p.openDemo(cmd.Context(), c, story, seed, demoStart.AddDate(0, months, after))
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, end()) }()
			if exit {
				return p.demoToTheEnd(cmd.Context(), d)
			}
			return p.demoWithPages(cmd.Context(), d)
		}}
	cmd.Flags().IntVar(&months, "months", 3, "how many months pass")
	cmd.Flags().Uint64Var(&seed, "seed", 1, "the same seed tells the same story")
	cmd.Flags().BoolVar(&exit, "exit", false, "print what happened and end")
	cmd.Flags().StringVar(&story, "story", sandbox.StoryTown, sandbox.StoryTown+" or "+sandbox.StoryLongTail)
	return cmd
}

// demoSettings are the defaults, in a directory that is forgotten unless --data names one.
func (p *program) demoSettings() (c *config.Config, forget func() error, err error) {
	dir, forget := p.data, func() error { return nil }
	if dir == "" {
		if dir, err = os.MkdirTemp("", "flattery-demo-*"); err != nil {
			return nil, nil, err
		}
		forget = func() error { return os.RemoveAll(dir) }
	} else if _, err := os.Lstat(filepath.Join(dir, sqlite.File)); !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, flattery.Input("%s has an instance already: a demo begins in an empty directory (--data DIR)", dir)
	}
	one := *p
	one.data, one.file, one.environ = dir, "", nil // a demo needs no settings and is not changed by any
	c, err = one.settings()
	return c, forget, err
}

// openDemo puts a world, a story and an instance together.
func (p *program) openDemo(ctx context.Context, c *config.Config, story string, seed uint64, last time.Time) (*demo, func() error, error) {
	world, err := sandbox.Open(sandbox.NewClock(demoStart), seed)
	if err != nil {
		return nil, nil, err
	}
	end := world.Close
	s, err := sandbox.NewStory(story, world, seed)
	if err != nil {
		return nil, nil, errors.Join(flattery.Input("--story: %v", err), end())
	}
	c.AllowPrivate, c.Liberapay = true, strings.TrimSuffix(world.Liberapay.Base(), "/") // nothing leaves this machine
	c.LogLevel = 4                                                                      // slog.LevelWarn: the progress line is enough
	for name, n := range demoNetworks(world) {
		c.Networks[name] = n
	}
	in := p.outside(c)
	in.now, in.volatile, in.workers, in.quiet = world.Clock.Now, true, 1, p.data == ""
	if err := p.openStore(ctx, in); err != nil {
		return nil, nil, errors.Join(err, end())
	}
	dice := rand.New(rand.NewPCG(seed, seed))
	in.poller.Jitter = dice.Float64
	end = func() error { return errors.Join(in.store.Close(), world.Close()) }
	unlock, err := sqlite.Lock(c.Data)
	if err != nil {
		return nil, nil, errors.Join(err, end())
	}
	closing := end
	end = func() error { return errors.Join(closing(), unlock()) }
	d := &demo{instance: in, p: p, world: world, story: s, accounts: map[*sandbox.Person]flattery.AccountID{}, days: int(last.Sub(demoStart) / (24 * time.Hour))}
	d.progress = p.progress()
	return d, end, nil
}

// demoToTheEnd lets the months pass and prints them.
func (p *program) demoToTheEnd(ctx context.Context, d *demo) error {
	if err := d.live(ctx); err != nil {
		return err
	}
	return d.tell(ctx, "")
}

// demoWithPages serves the pages while the months pass, and after, until it is interrupted.
func (p *program) demoWithPages(ctx context.Context, d *demo) error {
	listener, err := listen(ctx, d.Listen)
	if err != nil { // something else is there: any port will do
		if listener, err = listen(ctx, "127.0.0.1:0"); err != nil {
			return err
		}
	}
	d.base = d.URL(listener.Addr().String())
	handler, err := d.site(ctx, "", true)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return serveHTTP(ctx, listener, handler) })
	g.Go(func() error { return d.takeIn(ctx) })
	g.Go(func() error {
		if err := d.meet(ctx, 0); err != nil {
			return err
		}
		link, err := d.door(ctx)
		if err != nil {
			return err
		}
		p.say("Watch it: %s", link)
		if err := d.live(ctx); err != nil {
			return err
		}
		if link, err = d.door(ctx); err != nil {
			return err
		}
		return d.tell(ctx, link)
	})
	err = g.Wait()
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = nil // interrupted
	}
	return err
}

// door is a one-time link for the first donor of the story.
func (d *demo) door(ctx context.Context) (string, error) {
	for _, person := range d.story.People {
		if id, ok := d.accounts[person]; ok && person.Budget != "" {
			return d.signinLink(ctx, id, d.base, d.now().AddDate(20, 0, 0))
		}
	}
	return "", errors.New("nobody in this story gives anything")
}

// live lets the days pass.
func (d *demo) live(ctx context.Context) error {
	for day := range d.days {
		if err := d.meet(ctx, day); err != nil {
			return err
		}
		for hours := demoStep; hours <= 24*time.Hour; hours += demoStep {
			if hours == 2*demoStep {
				d.story.Day(day)
				if err := d.meet(ctx, day); err != nil {
					return err
				}
			}
			if err := d.step(ctx); err != nil {
				return err
			}
		}
		if err := d.paySlips(ctx); err != nil {
			return err
		}
		d.progress(day+1, d.days, d.now())
	}
	return nil
}

// step is what the daemon's schedule does, at the sandbox's time.
func (d *demo) step(ctx context.Context) error {
	d.world.Clock.Advance(demoStep)
	for _, due := range []func(context.Context, time.Time) error{d.poller.Enqueue, d.seeker.Enqueue, d.subscriber.Enqueue, d.settler.Enqueue, d.planner.Enqueue} {
		if err := due(ctx, d.now()); err != nil {
			return err
		}
		if _, err := d.store.Jobs().Drain(ctx, d.handlers()); err != nil {
			return err
		}
	}
	return nil
}

// meet makes accounts, links and claims for the people whose day has come.
func (d *demo) meet(ctx context.Context, day int) error {
	for _, person := range d.story.People {
		_, known := d.accounts[person]
		joins := person.Joins >= 0 && person.Joins <= day
		if known || !joins && person.Budget == "" {
			continue
		}
		if err := d.join(ctx, person, joins); err != nil {
			return fmt.Errorf("%s: %w", person.Name, err)
		}
	}
	for _, person := range d.story.People {
		if id, known := d.accounts[person]; known && person.Joins == day && day > 0 && person.Budget != "" {
			if err := d.claims(ctx, person, id); err != nil {
				return fmt.Errorf("%s: %w", person.Name, err)
			}
		}
	}
	return nil
}

func (d *demo) join(ctx context.Context, person *sandbox.Person, claims bool) error {
	set := flattery.Settings{Currency: d.Currencies[0], Destination: flattery.Destination(person.Destination)}
	if person.Budget != "" {
		budget, err := flattery.ParseAmount(person.Budget)
		if err != nil {
			return err
		}
		set.Budget = budget
	}
	a, err := d.addAccount(ctx, flattery.Account{Name: person.Name, Settings: set})
	if err != nil {
		return err
	}
	d.accounts[person] = a.ID
	if person.Budget != "" {
		if err := d.links(ctx, person, a.ID); err != nil {
			return err
		}
	}
	if claims {
		return d.claims(ctx, person, a.ID)
	}
	return nil
}

// demoNetworks are the settings by which an instance is known to the networks of a world.
func demoNetworks(w *sandbox.World) map[string]config.Network {
	all := map[string]config.Network{}
	for _, n := range []struct {
		name, base string
		app        func(...string) (string, string)
	}{
		{"twitter", w.X.Base(), w.X.App}, {"github", w.GitHub.Base(), w.GitHub.App}, {"flickr", w.Flickr.Base(), func(...string) (string, string) { return w.Flickr.App() }},
		{"soundcloud", w.SoundCloud.Base(), w.SoundCloud.App}, {"vimeo", w.Vimeo.Base(), w.Vimeo.App},
		{"fivehundredpx", w.FiveHundredPX.Base(), w.FiveHundredPX.App},
	} {
		id, secret := n.app()
		key := flattery.Secret(id)
		switch n.name { // where it is a token
		case "github":
			key = ""
		case "twitter":
			key = flattery.Secret(w.X.Bearer())
		}
		all[n.name] = config.Network{Enabled: true, Base: n.base, ClientID: id, ClientSecret: flattery.Secret(secret), Key: key,
			AcceptTerms: true, SpendCap: demoCap}
	}
	return all
}

// demoCap is more than the likes of a demo cost at X.
const demoCap = 1000 * flattery.Unit

// links links what a person likes, as people do it: they sign in at each network and say yes.
func (d *demo) links(ctx context.Context, person *sandbox.Person, id flattery.AccountID) error {
	return d.everywhere(ctx, person, id, claim.Linking, d.linked)
}

func (d *demo) claims(ctx context.Context, person *sandbox.Person, id flattery.AccountID) error {
	return d.everywhere(ctx, person, id, claim.Claiming, func(ctx context.Context, got claim.Granted) error {
		_, err := d.claimed(ctx, got)
		return err
	})
}

// everywhere goes through the OAuth flow of every network on which a person is.
func (d *demo) everywhere(ctx context.Context, person *sandbox.Person, id flattery.AccountID, purpose claim.Purpose, done func(context.Context, claim.Granted) error) error {
	for _, c := range d.enabled {
		info, browser := c.Info(), "the browser of "+person.Name
		login := person.On[info.Network]
		if login == "" {
			continue
		}
		begun, err := d.flow.Begin(ctx, claim.Asked{Account: id, Browser: browser, Network: info.Network, Purpose: purpose})
		if err != nil {
			return err
		}
		back, err := sandbox.Agree(ctx, begun.URL, login)
		if err != nil {
			return err
		}
		got, err := d.flow.Finish(ctx, claim.Answered{Account: id, Browser: browser, Network: info.Network, Host: info.Host, Query: back.Query()})
		if err != nil {
			return err
		}
		if err := done(ctx, got); err != nil {
			return err
		}
	}
	return nil
}

// paySlips lets those donors who pay send their slips, and lets what they sent arrive.
func (d *demo) paySlips(ctx context.Context) error {
	pays := map[flattery.AccountID]bool{}
	for person, id := range d.accounts {
		pays[id] = person.PaysSlips
	}
	was, to := flattery.PaymentPlanned, flattery.PaymentSent
	switch d.now().Day() {
	case paysOn:
	case paysOn + 2:
		was, to = to, flattery.PaymentPaid
	default:
		return nil
	}
	slips, err := d.store.Payments(ctx, store.PaymentQuery{State: was})
	if err != nil {
		return err
	}
	for _, slip := range slips {
		if !pays[slip.Donor] {
			continue
		}
		if _, err := d.planner.Mark(ctx, slip.ID, to); err != nil {
			return err
		}
	}
	return nil
}
