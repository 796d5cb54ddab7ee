package flattery_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/connectors/github"
	"flattery/internal/claim"
	"flattery/internal/ledger"
	"flattery/internal/payout"
	"flattery/internal/payout/manual"
	"flattery/internal/poll"
	"flattery/internal/queue"
	"flattery/internal/sandbox"
	"flattery/internal/settle"
	"flattery/store"
	"flattery/store/eachtest"
)

// quarter is one donor, three creators and the whole bridge between them, on a sandbox's clock.
type quarter struct {
	*testing.T
	world   *sandbox.World
	store   store.Store
	network connectors.Connector
	poller  *poll.Poller
	settler *settle.Settler
	planner *payout.Planner
	donor   flattery.AccountID
	link    flattery.LinkID
}

// A quarter of a year passes: every step of a like, from the star to the slip that is paid, with what must not happen
// beside it.
func TestAQuarterOfAYearPasses(t *testing.T) { eachtest.Each(t, aQuarter) }

func aQuarter(t *testing.T, place *eachtest.Place) {
	q := open(t, place, time.Date(2026, 10, 10, 12, 0, 0, 0, time.UTC))
	g := q.world.GitHub
	for _, login := range []string{"donor", "ada", "ben", "eve"} {
		g.AddUser(login)
	}
	for _, repo := range []string{"one", "two", "three"} {
		g.AddRepo("ada", repo)
		g.AddRepo("ben", repo)
	}
	g.AddRepo("donor", "mine")
	g.AddRepo("eve", "waits")
	g.Star("donor", "ada/one") // before the link: never counts
	q.world.Clock.Advance(time.Hour)
	q.join()
	ada, ben := q.account("ada", "https://example.org/ada"), q.account("ben", "")
	q.claim(ada, "ada")
	q.claim(ben, "ben")

	q.pass(24 * time.Hour)
	for _, full := range []string{"ada/two", "ada/three", "ben/one", "donor/mine", "eve/waits"} {
		g.Star("donor", full)
	}
	g.Unstar("donor", "ada/two")
	g.Star("donor", "ada/two") // liked again: once
	q.pass(24 * time.Hour)
	q.wantStates("October", map[flattery.State]int{flattery.Counting: 3, flattery.Own: 1, flattery.Pending: 1, flattery.Seen: 1})

	// A star that is taken back is withdrawn once two walks a day apart have missed it.
	g.Star("donor", "ben/three")
	q.pass(24 * time.Hour)
	q.wantStates("October", map[flattery.State]int{flattery.Counting: 4, flattery.Own: 1, flattery.Pending: 1, flattery.Seen: 1})
	g.Unstar("donor", "ben/three")
	for range 3 {
		q.pass(30 * time.Hour)
	}
	q.wantStates("October", map[flattery.State]int{flattery.Counting: 3, flattery.Own: 1, flattery.Pending: 1, flattery.Seen: 1, flattery.Removed: 1})

	// The daemon sleeps over the month's end; what was starred in October still counts in October.
	g.StarAt("donor", "ben/two", time.Date(2026, 10, 31, 23, 59, 59, 0, time.UTC))
	q.world.Clock.Set(time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC))
	q.pass(time.Hour)
	q.wantMonth(2026*12+9, false, 0)
	q.world.Clock.Set(time.Date(2026, 11, 4, 0, 0, 1, 0, time.UTC))
	q.pass(time.Hour)
	q.wantMonth(2026*12+9, true, 5*flattery.Unit)
	q.wantOwed(map[string]string{"ada": "2.50", "ben": "2.50"})
	q.wantSlips("2026-10 ada 2.50 planned") // ben has not said where

	q.mark(flattery.PaymentSent)
	q.mark(flattery.PaymentPaid)
	q.wantOwed(map[string]string{"ben": "2.50"})

	// Eve joins in November: what waited counts there, and nothing is given for the month that is closed.
	eve := q.account("eve", "lightning:eve@example.org")
	q.claim(eve, "eve")
	q.set(ben, "payto://iban/DE75512108001245126199")
	q.world.Clock.Set(time.Date(2026, 12, 4, 5, 0, 0, 0, time.UTC))
	q.pass(time.Hour)
	q.wantMonth(2026*12+10, true, 5*flattery.Unit)
	q.wantSlips("2026-11 eve 5.00 planned", "2026-11 ben 2.50 planned", "2026-10 ada 2.50 paid")

	// December has no flattrs: it closes and costs nothing.
	q.world.Clock.Set(time.Date(2027, 1, 5, 5, 0, 0, 0, time.UTC))
	q.pass(time.Hour)
	q.wantMonth(2026*12+11, true, 0)
	q.wantSlips("2026-11 eve 5.00 planned", "2026-11 ben 2.50 planned", "2026-10 ada 2.50 paid")
	q.audit()
}

func open(t *testing.T, place *eachtest.Place, start time.Time) *quarter {
	t.Helper()
	world, err := sandbox.Open(sandbox.NewClock(start), 1)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	now := world.Clock.Now
	s := place.Open(t, eachtest.Options{Now: now, Workers: 1})
	t.Cleanup(func() {
		if err := world.Close(); err != nil {
			t.Error(err)
		}
	})
	q := &quarter{T: t, world: world, store: s, network: github.New(world.GitHub.Base())}
	client := connectors.NewClient(connectors.ClientOptions{AllowPrivate: true, Version: "test"})
	t.Cleanup(client.CloseIdleConnections)
	app := func(context.Context, string) (flattery.App, error) { return flattery.App{}, nil }
	q.poller = &poll.Poller{Store: s, Networks: connectors.Set{q.network}, Tokens: &claim.Tokens{Store: s, App: app, Client: client, Now: now}, App: func(string, flattery.App) flattery.App { return flattery.App{} },
		Client: client, Now: now, Log: log}
	q.settler = &settle.Settler{Store: s, Now: now, Log: log, Rules: settle.Rules{Mode: settle.Pledge, Grace: 72 * time.Hour, Split: flattery.SplitByFlattr, Lapse: 90 * 24 * time.Hour}}
	q.planner = &payout.Planner{Store: s, Rail: manual.Rail{}, Now: now, Log: log, Rules: payout.Rules{Max: 5, Minimum: flattery.Unit}}
	return q
}

func (q *quarter) do(fn func(ctx context.Context, tx store.Tx) error) {
	q.Helper()
	if err := q.store.Update(q.Context(), func(tx store.Tx) error { return fn(q.Context(), tx) }); err != nil {
		q.Fatal(err)
	}
}

func (q *quarter) account(name string, to flattery.Destination) (id flattery.AccountID) {
	q.Helper()
	q.do(func(ctx context.Context, tx store.Tx) (err error) {
		id, err = tx.AddAccount(ctx, flattery.Account{Name: name, CreatedAt: q.world.Clock.Now(), Settings: flattery.Settings{Currency: "EUR", Destination: to}})
		return err
	})
	return id
}

func (q *quarter) set(id flattery.AccountID, to flattery.Destination) {
	q.Helper()
	q.do(func(ctx context.Context, tx store.Tx) error {
		return tx.SetSettings(ctx, id, flattery.Settings{Currency: "EUR", Destination: to}, q.world.Clock.Now())
	})
}

func (q *quarter) profile(login string) flattery.Profile {
	return flattery.Profile{Identity: flattery.Identity{Network: "github", Host: q.network.Info().Host, Subject: fmt.Sprint(q.world.GitHub.ID(login))}, Handle: login}
}

// join makes the donor, who gives 5.00 a month and links GitHub with a token.
func (q *quarter) join() {
	q.Helper()
	now := q.world.Clock.Now()
	q.do(func(ctx context.Context, tx store.Tx) (err error) {
		q.donor, err = tx.AddAccount(ctx, flattery.Account{Name: "donor", CreatedAt: now, Settings: flattery.Settings{Budget: 5 * flattery.Unit, Currency: "EUR"}})
		if err != nil {
			return err
		}
		q.link, err = tx.AddLink(ctx, flattery.Link{Account: q.donor, Identity: q.profile("donor"), Proof: flattery.ByToken, BeginsAt: now, NextPoll: now, Interval: time.Hour},
			flattery.Token{Access: flattery.Secret(q.world.GitHub.Token("donor"))})
		return err
	})
}

func (q *quarter) claim(a flattery.AccountID, login string) {
	q.Helper()
	q.do(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.AddClaim(ctx, flattery.Claim{Account: a, Identity: q.profile(login), Proof: flattery.ByAdmin, ProvedAt: q.world.Clock.Now()})
		return err
	})
}

// pass lets time pass, and does what the daemon's schedule would.
func (q *quarter) pass(d time.Duration) {
	q.Helper()
	q.world.Clock.Advance(d)
	all := queue.Handlers{poll.Kind: q.poller.Work}
	for _, some := range []queue.Handlers{q.settler.Handlers(), q.planner.Handlers()} {
		for kind, h := range some {
			all[kind] = h
		}
	}
	for _, due := range []func(context.Context, time.Time) error{q.poller.Enqueue, q.settler.Enqueue, q.planner.Enqueue} {
		for range 2 { // two daemons ask: it is done once
			if err := due(q.Context(), q.world.Clock.Now()); err != nil {
				q.Fatal(err)
			}
		}
		if _, err := q.store.Jobs().Drain(q.Context(), all); err != nil {
			q.Fatal(err)
		}
	}
}

func (q *quarter) wantStates(when string, want map[flattery.State]int) {
	q.Helper()
	list, err := q.store.Flattrs(q.Context(), store.FlattrQuery{Account: q.donor, Seen: true})
	if err != nil {
		q.Fatal(err)
	}
	got := map[flattery.State]int{}
	for _, f := range list {
		got[f.State]++
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		q.Errorf("%s: flattrs are %v, want %v", when, got, want)
	}
}

func (q *quarter) wantMonth(m flattery.Month, settled bool, shares flattery.Amount) {
	q.Helper()
	st, err := q.store.Month(q.Context(), m)
	if err != nil {
		q.Fatal(err)
	}
	if st.SettledAt.IsZero() == settled || st.Shares != shares || st.Budgets != shares {
		q.Errorf("%s: settled %v, %s of %s shared; want settled %v, %s", m, !st.SettledAt.IsZero(), st.Shares, st.Budgets, settled, shares)
	}
}

func (q *quarter) wantOwed(want map[string]string) {
	q.Helper()
	debts, err := q.store.Debts(q.Context(), q.donor)
	if err != nil {
		q.Fatal(err)
	}
	got := map[string]string{}
	for _, d := range debts {
		got[d.PayeeName] = d.Amount.String()
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		q.Errorf("owed is %v, want %v", got, want)
	}
}

func (q *quarter) wantSlips(want ...string) {
	q.Helper()
	slips, err := q.store.Payments(q.Context(), store.PaymentQuery{Donor: q.donor})
	if err != nil {
		q.Fatal(err)
	}
	var got []string
	for _, s := range slips {
		got = append(got, fmt.Sprint(s.Plan, " ", s.PayeeName, " ", s.Amount, " ", s.State))
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		q.Errorf("slips are %q, want %q", got, want)
	}
}

// mark moves every slip that can be moved, twice: the second time nothing is posted.
func (q *quarter) mark(to flattery.PaymentState) {
	q.Helper()
	slips, err := q.store.Payments(q.Context(), store.PaymentQuery{Donor: q.donor})
	if err != nil {
		q.Fatal(err)
	}
	for _, s := range slips {
		for range 2 {
			if _, err := q.planner.Mark(q.Context(), s.ID, to); err != nil {
				q.Error(err)
			}
		}
	}
}

func (q *quarter) audit() {
	q.Helper()
	b, done, err := q.store.Book(q.Context())
	if err != nil {
		q.Fatal(err)
	}
	defer done()
	r, err := ledger.Audit(b)
	if err != nil || len(r.Faults) > 0 {
		q.Errorf("audit: %v %v", r.Faults, err)
	}
}
