package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"flattery"
	"flattery/config"
	"flattery/connectors"
	"flattery/connectors/closed"
	"flattery/connectors/fivehundredpx"
	"flattery/connectors/flickr"
	"flattery/connectors/github"
	"flattery/connectors/soundcloud"
	"flattery/connectors/twitter"
	"flattery/connectors/vimeo"
	"flattery/internal/claim"
	"flattery/internal/click"
	"flattery/internal/discover"
	"flattery/internal/notify"
	"flattery/internal/payout"
	"flattery/internal/payout/manual"
	"flattery/internal/poll"
	"flattery/internal/queue"
	"flattery/internal/schedule"
	"flattery/internal/settle"
	"flattery/internal/subscribe"
	"flattery/store"
	"flattery/store/seal"
)

// known is the list of all networks. To add one is a line here.
func known(base func(network string) string) connectors.Set {
	return append(connectors.Set{
		twitter.New(base("twitter")),
		github.New(base("github")),
		flickr.New(base("flickr")),
		soundcloud.New(base("soundcloud")),
		vimeo.New(base("vimeo")),
		fivehundredpx.New(base("fivehundredpx")),
	}, closed.All()...)
}

// settings reads the configuration for a command that ends by itself. Such a command says what it did, so its log is for
// what went wrong, unless log.level is set.
func (p *program) settings() (*config.Config, error) {
	c, err := p.daemonSettings()
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(c.Origins(), func(o config.Origin) bool { return o.Name == "log.level" && o.From == "default" }) {
		c.LogLevel = slog.LevelWarn
	}
	return c, nil
}

// daemonSettings reads the configuration as it stands.
func (p *program) daemonSettings() (*config.Config, error) {
	var names []string
	for _, c := range known(func(string) string { return "" }) {
		names = append(names, c.Info().Network)
	}
	return config.Load(config.Options{Data: p.data, File: p.file, Environ: p.environ, Networks: names, Cron: schedule.Check})
}

// instance is the parts, put together.
type instance struct {
	*config.Config
	loaded     *config.Config    // before the database was asked
	kept       map[string]string // the settings that it keeps
	turns      chan struct{}     // has something when these have changed
	again      bool              // opened anew in a daemon that runs
	store      store.Store
	now        func() time.Time
	log        *slog.Logger
	enabled    connectors.Set
	client     *http.Client
	base       string // where people reach the pages
	tokens     *claim.Tokens
	flow       *claim.Flow
	profiles   *claim.Profiles
	rechecks   *claim.Rechecks
	seeker     *discover.Seeker
	poller     *poll.Poller
	settler    *settle.Settler
	planner    *payout.Planner
	buttons    *click.Buttons
	subscriber *subscribe.Subscriber
	feeds      *notify.Feeds
	hooks      *notify.Hooks
	inbox      *inbox
	mails      *notify.Mails
	volatile   bool // the demo's data may go with the machine
	workers    int
	patience   time.Duration // with a database that cannot be reached
	quiet      bool          // do not speak of a data directory that is forgotten anyway
}

// caps are what the networks may take in a month.
func (in *instance) caps() map[string]flattery.Amount {
	all := map[string]flattery.Amount{}
	for name, n := range in.Networks {
		all[name] = n.SpendCap
	}
	return all
}

// clock begins at the setting "now", or is the machine's.
func clock(c *config.Config) func() time.Time {
	if c.Now.IsZero() {
		return func() time.Time { return time.Now().UTC() }
	}
	began := time.Now()
	return func() time.Time { return c.Now.Add(time.Since(began)).UTC() }
}

// outside puts together what speaks with networks; it needs no store.
func (p *program) outside(c *config.Config) *instance {
	in := &instance{
		Config: c, loaded: c, inbox: newInbox(), turns: make(chan struct{}, 1), now: clock(c), base: c.URL(c.Listen),
		log:    slog.New(slog.NewTextHandler(p.stderr, &slog.HandlerOptions{Level: c.LogLevel})),
		client: connectors.NewClient(connectors.ClientOptions{AllowPrivate: c.AllowPrivate, Version: version}),
	}
	for _, k := range known(func(n string) string { return c.Networks[n].Base }) {
		n := k.Info().Network
		if c.Networks[n].Enabled {
			in.enabled = append(in.enabled, k)
		}
	}
	in.tokens = &claim.Tokens{App: in.app, Client: in.client, Now: func() time.Time { return in.now() }}
	return in
}

// open puts the whole instance together on the data directory, which is made when it is not there.
func (p *program) open(ctx context.Context) (*instance, error) {
	c, err := p.settings()
	if err != nil {
		return nil, err
	}
	in := p.outside(c)
	return in, p.openStore(ctx, in)
}

func (p *program) openStore(ctx context.Context, in *instance) error {
	if err := p.prepare(in.Data, in.quiet); err != nil {
		return err
	}
	box, err := seal.Open(in.Data)
	if err != nil {
		return err
	}
	return p.openSealed(ctx, in, box)
}

func (p *program) openSealed(ctx context.Context, in *instance, box *seal.Box) (err error) {
	in.store, err = in.openDatabase(ctx, in.Database, in.Data, box)
	if err != nil {
		return err
	}
	if err := in.furnish(ctx); err != nil {
		return errors.Join(err, in.store.Close())
	}
	in.tokens.Store = in.store
	in.flow = &claim.Flow{Store: in.store, Networks: in.enabled, App: in.app, Client: in.client, Base: func() string { return in.base }, Now: in.now}
	in.profiles = &claim.Profiles{Store: in.store, Networks: in.enabled, App: in.app, Tokens: in.tokens, Caps: in.caps(), Client: in.client, Now: in.now}
	in.rechecks = &claim.Rechecks{Store: in.store, Profiles: in.profiles, Networks: in.enabled, App: in.app, Tokens: in.tokens, Client: in.client, Now: in.now, Log: in.log}
	in.poller = &poll.Poller{Store: in.store, Networks: in.enabled, Tokens: in.tokens, App: in.keys, Caps: in.caps(), Client: in.client, Now: in.now, Log: in.log}
	in.seeker = &discover.Seeker{Store: in.store, Finder: in.newFinder(), Log: in.log}
	in.buttons = &click.Buttons{Store: in.store, Networks: in.enabled, Once: in.Clicks == config.ClicksOnce, Base: func() string { return in.base }, Now: in.now}
	in.subscriber = &subscribe.Subscriber{Store: in.store, Now: in.now, Log: in.log}
	in.settler = &settle.Settler{Store: in.store, Now: in.now, Log: in.log, Rules: settle.Rules{
		Mode: settle.Mode(in.Mode), Grace: in.Grace, Split: in.Split, Fee: in.Fee, FeeTo: in.FeeAccount, Lapse: in.PendingLapse}}
	in.planner = &payout.Planner{Store: in.store, Rail: manual.Rail{}, House: in.houseRails(), Looks: in.rechecks, Now: in.now, Log: in.log, Rules: payout.Rules{Max: in.SlipsMax, Minimum: in.SlipsMinimum, Prepaid: in.Mode == config.Prepaid, Void: in.SlipsVoid, Netting: in.Netting}}
	return in.post()
}

// furnish takes over the settings that the database keeps.
func (in *instance) furnish(ctx context.Context) (err error) {
	if in.kept, err = in.store.Kept(ctx); err != nil {
		return err
	}
	if in.Config, err = in.loaded.With(in.kept); err != nil {
		return err
	}
	rows(in.store).Zone = in.TimeZone
	return in.demand(ctx)
}

// demand tells the store what it judges by, where it knows otherwise: how much of what waited joins a month, and whether receivers must give.
func (in *instance) demand(ctx context.Context) error {
	most, err := in.store.PendingMost(ctx)
	if err == nil && most != in.PendingMost {
		err = in.update(ctx, func(tx store.Tx) error { return tx.SetPendingMost(ctx, in.PendingMost) })
	}
	if err != nil {
		return err
	}
	must, err := in.store.MustGive(ctx)
	if err != nil || must == in.ReceiversMustGive {
		return err
	}
	return in.update(ctx, func(tx store.Tx) error { return tx.SetMustGive(ctx, in.ReceiversMustGive, in.now()) })
}

// prepare makes the data directory where it is missing, says which one it is when it is new, and refuses one that
// cannot be written.
func (p *program) prepare(dir string, quiet bool) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("data directory %s cannot be made: %w: choose another with --data or FLATTERY_DATA", dir, cause(err))
		}
		p.say("new data directory: %s", dir)
	case err != nil:
		return fmt.Errorf("data directory %s cannot be read: %w: choose another with --data or FLATTERY_DATA", dir, cause(err))
	case len(entries) == 0 && !quiet:
		p.say("data directory: %s (empty)", dir)
	}
	probe, err := os.CreateTemp(dir, ".writable-*")
	if err != nil {
		return fmt.Errorf("data directory %s cannot be written: %w: give this user the right to write there, or choose another with --data or FLATTERY_DATA", dir, cause(err))
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// cause is an error without the path that its reader is told already.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

func (in *instance) handlers() queue.Handlers {
	all := in.paying()
	all[poll.Kind], all[poll.KindAuthors], all[discover.KindPlaces] = in.poller.Work, in.poller.WorkAuthors, in.seek
	maps.Copy(all, in.lately(in.settler.Handlers()))
	maps.Copy(all, in.subscriber.Handlers())
	all[notify.KindHook] = in.postHook
	all[notify.KindMail] = func(ctx context.Context, j queue.Job) error { return in.mails.Work(ctx, j.Key) }
	return all
}

// paying are the jobs by which slips are made: the claims are looked at again before the first.
func (in *instance) paying() queue.Handlers {
	all := queue.Handlers{claim.KindRecheck: in.recheck}
	maps.Copy(all, in.lately(in.planner.Handlers()))
	return all
}

// with opens the instance for one command and closes it after.
func (p *program) with(ctx context.Context, fn func(in *instance) error) (err error) {
	in, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.store.Close()) }()
	return fn(in)
}

// accountNamed finds the account a command speaks of. It may be left out while there is one.
func (in *instance) accountNamed(ctx context.Context, name string) (flattery.Account, error) {
	if name != "" {
		a, err := in.store.AccountNamed(ctx, name)
		if errors.Is(err, flattery.ErrNotFound) {
			err = flattery.Input("there is no account %q: see flattery account list", name)
		}
		return a, err
	}
	all, err := in.store.Accounts(ctx)
	if err != nil {
		return flattery.Account{}, err
	}
	switch len(all) {
	case 0:
		return flattery.Account{}, flattery.Input("there is no account yet: make one with flattery account add NAME")
	case 1:
		return all[0], nil
	default:
		return flattery.Account{}, flattery.Input("there are %d accounts: say which one with --account NAME", len(all))
	}
}

// names gives accounts their names, removed ones too.
func (in *instance) names(ctx context.Context) (func(flattery.AccountID) string, error) {
	all, err := in.store.Accounts(ctx)
	known := map[flattery.AccountID]string{}
	for _, a := range all {
		known[a.ID] = a.Name
	}
	return func(id flattery.AccountID) string {
		if n, ok := known[id]; ok {
			return n
		}
		return fmt.Sprintf("removed %d", id)
	}, err
}

func (in *instance) update(ctx context.Context, fn func(store.Tx) error) error {
	return in.store.Update(ctx, fn)
}

// writeFile writes a new file whole or not at all.
func writeFile(path string, write func(io.Writer) error) (err error) {
	if _, err := os.Lstat(path); err == nil {
		return flattery.Input("%s is there already: choose another name, or remove it first", path)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w: choose another place", path, cause(err))
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := errors.Join(write(f), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
