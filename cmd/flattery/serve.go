package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"flattery"
	"flattery/internal/schedule"
	"flattery/internal/server"
	"flattery/store"
	"flattery/store/postgres"
	"flattery/store/sqlite"
)

// The parts of a daemon that may run apart.
const (
	onlyWeb  = "web"
	onlyWork = "work"
)

func (p *program) serve() *cobra.Command {
	var only string
	cmd := &cobra.Command{Use: "serve", Short: "The daemon: pages, polling, settling. Its first start prints a one-time setup link", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			c, err := p.daemonSettings()
			if err != nil {
				return err
			}
			if only != "" && only != onlyWeb && only != onlyWork {
				return flattery.Input("--only %q is no part of a daemon: web (the pages) or work (polling and settling)", only)
			}
			if only != "" && c.Database == "" {
				return flattery.Input("--only needs PostgreSQL (setting database): with SQLite one process does everything")
			}
			if err := p.prepare(c.Data, false); err != nil {
				return err
			}
			if c.Database == "" {
				unlock, err := sqlite.Lock(c.Data)
				if err != nil {
					return err
				}
				defer func() { err = errors.Join(err, unlock()) }()
			}
			in := p.outside(c)
			in.patience = postgres.Patience
			if only == onlyWork {
				err = p.work(cmd.Context(), in)
			} else {
				err = p.pages(cmd.Context(), in, only == onlyWeb)
			}
			if cmd.Context().Err() != nil && errors.Is(err, context.Canceled) { // told to stop while it began
				return nil
			}
			return err
		}}
	cmd.Flags().StringVar(&only, "only", "", "with PostgreSQL: web (the pages) or work (polling and settling); any number of each")
	return cmd
}

// work polls and settles, and shows no pages.
func (p *program) work(ctx context.Context, in *instance) error {
	return p.rounds(ctx, in, &lobby{}, func(ctx context.Context, in *instance, g *errgroup.Group) error {
		if err := in.wake(ctx); err != nil {
			return err
		}
		if !in.again {
			p.say("working, without pages")
		}
		return in.toil(ctx, g)
	})
}

// pages is the daemon with its pages, and with the work unless others do that.
func (p *program) pages(ctx context.Context, in *instance, only bool) error {
	listener, err := listen(ctx, in.Listen)
	if err != nil {
		return err
	}
	in.base = in.URL(listener.Addr().String())
	g, ctx := errgroup.WithContext(ctx)
	l := newLobby()
	g.Go(func() error { return serveHTTP(ctx, listener, l) })
	g.Go(func() error {
		defer l.end()
		return p.rounds(ctx, in, l, func(ctx context.Context, in *instance, g *errgroup.Group) error {
			return p.receive(ctx, in, g, l, only)
		})
	})
	return g.Wait()
}

// receive lets visitors in.
func (p *program) receive(ctx context.Context, in *instance, g *errgroup.Group, l *lobby, only bool) error {
	for _, w := range in.Warnings {
		in.log.Warn("a setting", "warning", w.String())
	}
	if !in.again {
		if err := p.welcome(ctx, in, in.base); err != nil {
			return err
		}
	}
	if err := in.wake(ctx); err != nil {
		return err
	}
	handler, err := in.site(ctx, in.BaseURL, false)
	if err != nil {
		return err
	}
	if !only {
		if err := in.toil(ctx, g); err != nil {
			return err
		}
	}
	if err := in.sweep(ctx); err != nil {
		return err
	}
	g.Go(func() error { return in.takeIn(ctx) })
	l.open(handler)
	return nil
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w: stop what uses it, or choose another address (setting listen)", address, err)
	}
	return l, nil
}

// firstAccount is the administrator that a new instance begins with. It gives nothing until its owner says so.
const firstAccount = "admin"

// welcome makes the first account of a new instance, and prints the link that opens it once.
func (p *program) welcome(ctx context.Context, in *instance, base string) error {
	accounts, err := in.store.Accounts(ctx)
	if err != nil {
		return err
	}
	p.say("pages: %s", base)
	if len(accounts) > 0 {
		return nil
	}
	a, err := in.addAccount(ctx, flattery.Account{Name: firstAccount, Admin: true, Settings: flattery.Settings{Currency: in.Currencies[0]}})
	if errors.Is(err, flattery.ErrNameTaken) { // another process was first, and prints the link
		return nil
	}
	if err != nil {
		return err
	}
	link, err := in.signinLink(ctx, a.ID, base, in.now().Add(entrance))
	if err != nil {
		return err
	}
	p.say("first start. Open this once, within a day, to sign in as %s:\n\n  %s\n\nLater: flattery account signin %s", a.Name, link, a.Name)
	return nil
}

// toil begins what a daemon does by itself: it ends when ctx ends and the last thing it began has ended.
func (in *instance) toil(ctx context.Context, g *errgroup.Group) error {
	plan, err := schedule.New(in.log, in.now,
		schedule.Entry{Name: "poll", Spec: "* * * * *", Due: in.poller.Enqueue},
		schedule.Entry{Name: "authors", Spec: "* * * * *", Due: in.poller.EnqueueAuthors},
		schedule.Entry{Name: "places", Spec: "*/2 * * * *", Due: in.seeker.Enqueue},
		schedule.Entry{Name: "recheck", Spec: "30 3 * * *", Due: in.rechecks.Enqueue},
		schedule.Entry{Name: "disputes", Spec: "*/10 * * * *", Due: in.rechecks.Decide},
		schedule.Entry{Name: "subscriptions", Spec: "5 0 * * *", Due: in.subscriber.Enqueue},
		schedule.Entry{Name: "settle", Spec: in.SettleCron, Due: in.settler.Enqueue},
		schedule.Entry{Name: "plan", Spec: "*/5 * * * *", Due: in.planner.Enqueue},
		schedule.Entry{Name: "webhooks", Spec: "* * * * *", Due: in.hooks.Enqueue},
		schedule.Entry{Name: "webhooks that wait", Spec: "20 * * * *", Due: in.hooks.Resume},
		schedule.Entry{Name: "mail", Spec: "*/10 * * * *", Due: in.mails.Enqueue},
		schedule.Entry{Name: "tidy", Spec: "0 * * * *", Due: func(ctx context.Context, _ time.Time) error {
			now := in.now()
			if machine := time.Now(); machine.Before(now) { // sessions live by the machine's clock, entrances by the instance's
				now = machine
			}
			return in.update(ctx, func(tx store.Tx) error { return tx.Tidy(ctx, now) })
		}},
	)
	if err != nil {
		return err
	}
	g.Go(func() error { return plan.Run(ctx) })
	g.Go(func() error { return in.store.Jobs().Run(ctx, in.handlers()) })
	return nil
}

// serveHTTP serves pages until ctx ends and returns when the last answer has ended.
func serveHTTP(ctx context.Context, listener net.Listener, handler http.Handler) error {
	s := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 60 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
	if err := server.Run(ctx, s, listener); err != nil {
		return fmt.Errorf("web: %w", err)
	}
	return nil
}
