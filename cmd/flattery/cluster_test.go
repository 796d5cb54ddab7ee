package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"flattery"
	"flattery/connectors/github"
	"flattery/internal/ledger"
	"flattery/internal/sandbox"
	"flattery/store"
	"flattery/store/postgres"
	"flattery/store/postgres/pgtest"
	"flattery/store/seal"
	"flattery/store/tables"
)

// Three workers and one web on one PostgreSQL poll ten thousand links (a few hundred in the short form), while one of the
// workers is killed each five seconds: every new star becomes one flattr, and the month settles once.
func TestManyProcessesShareTheWork(t *testing.T) {
	ofBoth(t)
	links, rounds := 300, 1
	if os.Getenv("FLATTERY_LONG") == "1" {
		links, rounds = 10_000, 3
	}
	c := newCluster(t, links, pgtest.New(t))
	c.start()
	unpolled := func() int { return c.count(`SELECT count(*) FROM links WHERE last_poll = 0`) }
	c.until("the first look at every link", 5*time.Minute, unpolled)
	stop := c.kills()
	for round := range rounds {
		c.quiet()
		c.star(round)
		due := c.now().Unix()
		began, trips, polls := time.Now(), c.trips.Load(), c.polls()
		c.exec(`UPDATE links SET last_poll = 0, next_poll = ` + strconv.FormatInt(due, 10))
		if rounds == 1 {
			c.tick() // without waiting for the minute
		}
		c.until("every link", 4*time.Minute, unpolled)
		took, polled := time.Since(began), c.polls()-polls
		lag := c.count(`SELECT percentile_disc(0.99) WITHIN GROUP (ORDER BY last_poll) FROM links`) - int(due)
		t.Logf("round %d: %d links due at once, %d requests to the network, %.0f polls/s, p99 lag %d s, %.2f round trips a poll", round+1, links, polled,
			float64(links)/took.Seconds(), lag, float64(c.trips.Load()-trips)/float64(links))
		c.want("flattrs that count, in round "+strconv.Itoa(round+1), c.count(`SELECT count(*) FROM flattrs WHERE state = 'counts'`), links*(round+1))
	}
	c.settles(stop)
}

// PostgreSQL is stopped, and crashes, while links are polled: the daemons say so, wait, and go on; nothing is lost.
func TestPostgresIsRestartedInTheMiddleOfEverything(t *testing.T) {
	ofBoth(t)
	server := pgtest.Start(t)
	c := newCluster(t, 60, pgtest.On(t, server.DSN))
	c.broken = true
	c.start()
	dice, rounds := rand.New(rand.NewPCG(2, 2)), 4
	if os.Getenv("FLATTERY_LONG") == "1" {
		rounds = 20
	}
	for round := range rounds {
		c.quiet()
		c.star(round)
		c.exec(`UPDATE links SET next_poll = ` + strconv.FormatInt(c.now().Unix(), 10))
		c.tick()
		time.Sleep(time.Duration(dice.IntN(1500)) * time.Millisecond)
		end := server.Stop
		if round%2 == 1 {
			end = server.Crash
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(1500+dice.IntN(2500)) * time.Millisecond)
		server.Start(t)
		c.until("the stars of round "+strconv.Itoa(round+1), 4*time.Minute, func() int {
			return c.links*(round+1) - c.count(`SELECT count(*) FROM flattrs WHERE state = 'counts'`)
		})
	}
	c.stop()
	for _, words := range []string{"PostgreSQL cannot be reached: waiting for it", "PostgreSQL can be reached again"} {
		n := strings.Count(c.said, words)
		t.Logf("said %d times: %s", n, words)
		if n < rounds {
			t.Errorf("%q was said only %d times", words, n)
		}
	}
	for line := range strings.Lines(c.said) { // and nobody else said it, again and again
		if strings.Contains(line, "level=ERROR") && regexp.MustCompile(`msg="?(producer|notifier|leadership|maintenance)`).MatchString(line) {
			t.Error(line)
		}
	}
	t.Logf("%d restarts, %d stars, nothing lost", rounds, c.links*rounds)
}

// settles lets the month end, while workers are killed.
func (c *cluster) settles(stop func()) {
	began := time.Now()
	stop()
	c.stop()
	c.base = time.Date(2026, 11, 4, 5, 0, 0, 0, time.UTC)
	c.since = time.Now()
	c.world.Clock.Set(c.base)
	c.start()
	stop = c.kills()
	c.until("the month's end", 8*time.Minute, func() int { return 1 - c.count(`SELECT count(*) FROM months WHERE settled_at IS NOT NULL`) })
	stop()
	c.stop()
	c.Logf("asked again, frozen and settled after %s; %d workers were killed in all", time.Since(began).Round(time.Second), c.killed)
	c.want("statements", c.count(`SELECT count(*) FROM settlements`), c.links)
	c.want("donors of the month", c.count(`SELECT donors FROM months WHERE settled_at IS NOT NULL`), c.links)
	c.want("transactions", c.count(`SELECT count(*) FROM transactions`), c.links)
	c.want("flattrs twice", c.count(`SELECT count(*) FROM (SELECT 1 FROM flattrs GROUP BY account_id, thing_id HAVING count(*) > 1) twice`), 0)
	book, done, err := c.store.Book(c.Context())
	if err != nil {
		c.Fatal(err)
	}
	defer done()
	if r, err := ledger.Audit(book); err != nil || len(r.Faults) > 0 {
		c.Errorf("audit: %v %v", r.Faults, err)
	}
	if c.refused.Load() > 0 {
		c.Errorf("of the pages asked for meanwhile %d were not there", c.refused.Load())
	}
}

// cluster is a database, a network in miniature, and processes between them.
type cluster struct {
	*testing.T
	world   *sandbox.World
	links   int
	binary  string
	dir     string
	direct  flattery.Secret // the database
	through flattery.Secret // the same, by a way on which round trips are counted
	store   *postgres.Store
	base    time.Time // what the clock said at since
	since   time.Time
	trips   atomic.Int64
	refused atomic.Int64
	killed  int
	broken  bool // errors are to be expected
	said    string

	mu      sync.Mutex
	workers [3]*exec.Cmd
	web     *exec.Cmd
	page    string
	logs    []*os.File
}

func newCluster(t *testing.T, links int, database flattery.Secret) *cluster {
	t.Helper()
	c := &cluster{T: t, links: links, dir: t.TempDir(), base: time.Date(2026, 10, 20, 12, 0, 0, 0, time.UTC), since: time.Now(), direct: database}
	world, err := sandbox.Open(sandbox.NewClock(c.base), 1)
	if err != nil {
		t.Fatal(err)
	}
	c.world, c.binary = world, built(t)
	t.Cleanup(func() {
		c.stop()
		if err := world.Close(); err != nil {
			t.Error(err)
		}
	})
	world.GitHub.SetLimits(sandbox.Limits{Anonymous: 1e9, User: 1e9, Status: 403})
	box, err := seal.Open(c.dir)
	if err != nil {
		t.Fatal(err)
	}
	if c.store, err = postgres.Open(t.Context(), postgres.Options{DSN: c.direct, Location: time.UTC, Now: c.now, Seal: box, Log: slog.New(slog.DiscardHandler), Patience: postgres.Patience}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.store.Close(); err != nil {
			t.Error(err)
		}
	})
	c.people()
	c.through = c.counted()
	return c
}

func (c *cluster) now() time.Time { return c.base.Add(time.Since(c.since)).UTC() }

// people are donors with a link each, and one author for every ten, who has joined.
func (c *cluster) people() {
	c.Helper()
	g, info := c.world.GitHub, github.New(c.world.GitHub.Base()).Info()
	who := func(login string) flattery.Profile {
		return flattery.Profile{Identity: flattery.Identity{Network: info.Network, Host: info.Host, Subject: strconv.FormatInt(g.ID(login), 10)}, Handle: login}
	}
	add := func(ctx context.Context, tx store.Tx, login string, budget flattery.Amount) (flattery.AccountID, error) {
		return tx.AddAccount(ctx, flattery.Account{Name: login, CreatedAt: c.base, Settings: flattery.Settings{Budget: budget, Currency: "EUR"}})
	}
	c.inGroups(max(c.links/10, 1), func(ctx context.Context, tx store.Tx, i int) error {
		login := fmt.Sprintf("author-%d", i)
		g.AddUser(login)
		id, err := add(ctx, tx, login, 0)
		if err == nil {
			_, err = tx.AddClaim(ctx, flattery.Claim{Account: id, Identity: who(login), Proof: flattery.ByAdmin, ProvedAt: c.base})
		}
		return err
	})
	c.inGroups(c.links, func(ctx context.Context, tx store.Tx, i int) error {
		login := fmt.Sprintf("donor-%d", i)
		g.AddUser(login)
		id, err := add(ctx, tx, login, 5*flattery.Unit)
		if err == nil {
			_, err = tx.AddLink(ctx, flattery.Link{Account: id, Identity: who(login), Proof: flattery.ByToken, BeginsAt: c.base, NextPoll: c.base, Interval: time.Hour},
				flattery.Token{Access: flattery.Secret(g.Token(login))})
		}
		return err
	})
}

func (c *cluster) inGroups(n int, each func(context.Context, store.Tx, int) error) {
	c.Helper()
	for from := 0; from < n; from += 500 {
		if err := c.store.Update(c.Context(), func(tx store.Tx) error {
			for i := from; i < min(from+500, n); i++ {
				if err := each(c.Context(), tx, i); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			c.Fatal(err)
		}
	}
}

// star lets every donor star something new.
func (c *cluster) star(round int) {
	c.world.Clock.Set(c.now())
	for i := range c.links {
		author := fmt.Sprintf("author-%d", i%max(c.links/10, 1))
		if i < max(c.links/10, 1) {
			c.world.GitHub.AddRepo(author, fmt.Sprintf("thing-%d", round))
		}
		c.world.GitHub.Star(fmt.Sprintf("donor-%d", i), fmt.Sprintf("%s/thing-%d", author, round))
	}
}

func (c *cluster) polls() int { return c.world.GitHub.Requests().Total }

// tick asks what is due, as a schedule would.
func (c *cluster) tick() {
	c.Helper()
	p := &program{environ: append(c.environ(c.direct), "FLATTERY_NOW="+c.now().Format(time.RFC3339)), stdout: io.Discard, stderr: io.Discard}
	if err := p.with(c.Context(), func(in *instance) error { return in.poller.Enqueue(c.Context(), c.now()) }); err != nil {
		c.Fatal(err)
	}
}

func (c *cluster) environ(dsn flattery.Secret) []string {
	return append(os.Environ(), "FLATTERY_DATA="+c.dir, "FLATTERY_LISTEN=127.0.0.1:0", "FLATTERY_OUTBOUND_ALLOW_PRIVATE=true", "FLATTERY_DATABASE="+string(dsn),
		"FLATTERY_NETWORKS_GITHUB_BASE="+c.world.GitHub.Base(), "FLATTERY_JOBS_LEASE=30s", "FLATTERY_LOG_LEVEL=info")
}

// start starts the workers and the web, which is asked for a page each second.
func (c *cluster) start() {
	c.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.workers {
		c.workers[i] = c.process("work")
	}
	c.web = c.process("web")
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		text, err := os.ReadFile(c.logs[len(c.logs)-1].Name())
		if err != nil {
			c.Fatal(err)
		}
		if _, after, ok := strings.Cut(string(text), "pages: "); ok && strings.Contains(after, "\n") {
			c.page, _, _ = strings.Cut(after, "\n")
			return
		}
		if time.Since(began) > time.Minute {
			c.Fatalf("the web does not start: %s", text)
		}
	}
}

func (c *cluster) process(only string) *exec.Cmd {
	log, err := os.CreateTemp(c.dir, only+"-*.log")
	if err != nil {
		c.Fatal(err)
	}
	c.logs = append(c.logs, log)
	cmd := exec.Command(c.binary, "serve", "--only", only) // it is ended by stop
	cmd.Env, cmd.Stdout, cmd.Stderr = append(c.environ(c.through), "FLATTERY_NOW="+c.now().Format(time.RFC3339)), log, log
	if err := cmd.Start(); err != nil {
		c.Fatal(err)
	}
	return cmd
}

// stop ends all processes as their owner would, and reads what they said.
func (c *cluster) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range append(c.workers[:], c.web) {
		if p == nil {
			continue
		}
		if err := p.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
			c.Error(err)
		}
		if err := p.Wait(); err != nil {
			c.Errorf("a process did not end well: %v", err)
		}
	}
	c.workers, c.web, c.page = [3]*exec.Cmd{}, nil, ""
	for _, f := range c.logs {
		text, err := os.ReadFile(f.Name())
		if err = errors.Join(err, f.Close()); err != nil {
			c.Error(err)
		}
		c.said += string(text)
		for line := range strings.Lines(string(text)) {
			if !c.broken && strings.Contains(line, "level=ERROR") || strings.Contains(line, "panic:") {
				c.Errorf("%s: %s", filepath.Base(f.Name()), line)
			}
		}
	}
	c.logs = nil
}

// kills kills a worker each five seconds and starts another, until the function is called; and looks whether the pages are
// there meanwhile.
func (c *cluster) kills() (stop func()) {
	end := make(chan struct{})
	var all sync.WaitGroup
	dice := rand.New(rand.NewPCG(1, uint64(c.killed)))
	all.Go(func() {
		for at := 1; ; at++ {
			select {
			case <-end:
				return
			case <-time.After(time.Second):
			}
			c.world.Clock.Set(c.now())
			c.mu.Lock()
			page := c.page
			if at%5 == 0 {
				i := dice.IntN(len(c.workers))
				if err := c.workers[i].Process.Kill(); err != nil {
					c.Error(err)
				}
				_ = c.workers[i].Wait() // killed, it says so
				c.workers[i] = c.process("work")
				c.killed++
			}
			c.mu.Unlock()
			answer, err := http.Get(page)
			if err != nil || answer.StatusCode != http.StatusOK {
				c.refused.Add(1)
				continue
			}
			if err := answer.Body.Close(); err != nil {
				c.Error(err)
			}
		}
	})
	stop = sync.OnceFunc(func() { close(end); all.Wait() })
	c.Cleanup(stop)
	return stop
}

func (c *cluster) until(what string, most time.Duration, left func() int) {
	c.Helper()
	for began := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		n := left()
		if n == 0 {
			return
		}
		c.world.Clock.Set(c.now())
		if time.Since(began) > most {
			c.Fatalf("%s: %d left after %s", what, n, most)
		}
	}
}

// quiet waits for the end of every job: while one is there, no other of its link is.
func (c *cluster) quiet() {
	c.Helper()
	c.until("the end of every job", 4*time.Minute, func() int {
		return c.count(`SELECT count(*) FROM river_job WHERE kind = 'poll' AND finalized_at IS NULL`)
	})
}

func (c *cluster) count(q string) (n int) {
	c.Helper()
	if err := c.store.DB.Row(c.Context(), q).Scan(&n); err != nil {
		c.Fatal(err)
	}
	return n
}

func (c *cluster) exec(q string) {
	c.Helper()
	if err := c.store.Update(c.Context(), func(tx store.Tx) error {
		_, err := tx.(*tables.Tx).Exec(c.Context(), q)
		return err
	}); err != nil {
		c.Fatal(err)
	}
}

func (c *cluster) want(what string, got, want int) {
	c.Helper()
	if got != want {
		c.Errorf("%s: %d, want %d", what, got, want)
	}
}

// counted is a way to the database on which every message that waits for an answer is counted.
func (c *cluster) counted() flattery.Secret {
	c.Helper()
	u, err := url.Parse(string(c.direct))
	if err != nil {
		c.Fatal(err)
	}
	to := u.Host
	l, err := (&net.ListenConfig{}).Listen(c.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				_ = near.Close()
				continue
			}
			go func() { _, _ = io.Copy(near, far); _ = near.Close() }()
			go func() { c.forward(far, near); _ = far.Close() }()
		}
	}()
	u.Host = l.Addr().String()
	return flattery.Secret(u.String())
}

// forward hands on what a client says, message by message: Sync and Query wait for an answer.
func (c *cluster) forward(to io.Writer, from io.Reader) {
	head := make([]byte, 5)
	for first := true; ; first = false {
		h := head
		if first { // the first message has no kind
			h = head[1:]
		}
		if _, err := io.ReadFull(from, h); err != nil {
			return
		}
		n := int64(binary.BigEndian.Uint32(head[1:])) - 4
		if _, err := to.Write(h); err != nil {
			return
		}
		if _, err := io.CopyN(to, from, n); err != nil {
			return
		}
		if !first && slices.Contains([]byte("SQ"), head[0]) {
			c.trips.Add(1)
		}
	}
}
