package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"flattery"
	"flattery/internal/sandbox"
	"flattery/store"
)

// So many people are polled and settled: more than one span of a settlement, so that a kill can come between two.
const (
	killDonors  = 540
	killAuthors = 60
	killRepos   = 600
)

var killStart = time.Date(2026, 1, 3, 12, 0, 0, 0, time.UTC)

// The program is killed with SIGKILL at random instants while it polls, settles and plans. Whatever it said was done must
// be there, nothing twice, and at the end every star is accounted for exactly once.
func TestKilledAtAnyInstantItLosesAndRepeatsNothing(t *testing.T) {
	ofSQLite(t, "looking into the file")
	kills := 20
	switch {
	case os.Getenv("FLATTERY_LONG") == "1":
		kills = 1000
	case testing.Short():
		kills = 5
	}
	h := killOpen(t)
	h.live("poll") // uncut, to learn how long they take
	h.run("poll", 0)
	h.live("asked")
	h.run("settle", 0)
	for round := 1; h.kills < kills; round++ {
		if round > 4*kills {
			t.Fatalf("only %d of %d starts were killed before they ended", h.kills, round)
		}
		what := killRounds()[h.dice.IntN(len(killRounds()))]
		h.live(what.before)
		if what.before == "settle" && what.run[0] == "settle" {
			h.run("poll", 0) // a month waits until its links were asked
		}
		var both sync.WaitGroup
		within := map[string]time.Duration{}
		for _, kind := range what.run {
			within[kind] = max(time.Duration(h.dice.Float64()*1.1*float64(h.within(what.before, kind))), 1)
		}
		for _, kind := range what.run {
			both.Go(func() { h.run(kind, within[kind]) })
		}
		both.Wait()
		h.acknowledged()
		if round%10 == 0 {
			h.run("doctor", 0) // the file, the ledger
		}
		if round%50 == 0 {
			h.look(false)
		}
		if t.Failed() {
			t.Fatalf("round %d: %v", round, what)
		}
	}
	for range 2 { // the second time everything that was found late is in a closed month, too
		h.world.Clock.Advance(70 * 24 * time.Hour)
		h.run("poll", 0)
		h.run("settle", 0)
	}
	h.acknowledged()
	h.look(true)
	h.run("doctor", 0)
	h.run("ledger audit", 0)
	for _, last := range slices.Sorted(maps.Keys(h.last)) {
		t.Logf("%4d × %s", h.last[last], last)
	}
}

// killRound is one start of the program, or of two beside each other, and what comes before.
type killRound struct {
	before string // poll: days go by. settle: until a month is due. asked: the same, and its links were asked since it ended. again: minutes, only what was left undone is due
	run    []string
}

func killRounds() []killRound {
	return []killRound{
		{"poll", []string{"poll"}},
		{"poll", []string{"serve"}},
		{"settle", []string{"serve"}},
		{"asked", []string{"serve"}},
		{"asked", []string{"settle"}},
		{"asked", []string{"serve", "settle"}},
		{"again", []string{"serve"}},
		{"again", []string{"settle"}},
		{"again", []string{"serve", "settle"}},
	}
}

// within is about how long a command has something to do.
func (h *killHouse) within(before, kind string) time.Duration {
	switch {
	case kind != "serve":
		return h.takes[kind]
	case before == "again", before == "asked":
		return 2 * h.takes["settle"]
	default:
		return h.takes["poll"] + h.takes["settle"]
	}
}

// killHouse is an instance on disk, the world that it polls and the program that is killed.
type killHouse struct {
	*testing.T
	world   *sandbox.World
	dice    *rand.Rand
	binary  string
	dir     string
	more    []string // settings
	donors  []string
	repos   []string
	starred map[string]map[string]time.Time // what is true: donor, repository, when

	mu     sync.Mutex               // guards what follows
	takes  map[string]time.Duration // about how long a command takes
	kills  int
	last   map[string]int               // what the log said last
	news   map[string]int               // acknowledged likes, by link, since the last look
	known  int64                        // the newest flattr at the last look
	months map[string]map[string]string // acknowledged: what was done, month, with what
}

func killOpen(t *testing.T) *killHouse {
	t.Helper()
	h := killPlace(t)
	h.binary = built(t)
	h.people()
	return h
}

// killPlace is an empty house in a world of its own.
func killPlace(t *testing.T) *killHouse {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("FLATTERY_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("FLATTERY_SEED=%d", seed)
	world, err := sandbox.Open(sandbox.NewClock(killStart), seed)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := world.Close(); err != nil {
			t.Error(err)
		}
	})
	return &killHouse{T: t, world: world, dice: rand.New(rand.NewPCG(seed, 9)), dir: filepath.Join(t.TempDir(), "data"),
		starred: map[string]map[string]time.Time{}, takes: map[string]time.Duration{}, last: map[string]int{}, news: map[string]int{},
		months: map[string]map[string]string{"froze": {}, "settled": {}, "planned": {}}}
}

// people makes authors, most of whom have joined, and donors, a few of whom are authors too.
func (h *killHouse) people() {
	h.Helper()
	g := h.world.GitHub
	g.SetLimits(sandbox.Limits{Anonymous: 1e9, User: 1e9, Status: 403})
	for i := range killAuthors {
		g.AddUser(fmt.Sprintf("author-%d", i))
	}
	for i := range killDonors {
		h.donors = append(h.donors, fmt.Sprintf("donor-%d", i))
		g.AddUser(h.donors[i])
		h.starred[h.donors[i]] = map[string]time.Time{}
	}
	for i := range killRepos {
		owner := fmt.Sprintf("author-%d", i%killAuthors)
		if i%30 == 0 {
			owner = h.donors[i/30]
		}
		g.AddRepo(owner, fmt.Sprintf("thing-%d", i))
		h.repos = append(h.repos, fmt.Sprintf("%s/thing-%d", owner, i))
	}
	h.inside(func(ctx context.Context, in *instance) error {
		return in.update(ctx, func(tx store.Tx) error {
			for i := range killAuthors {
				if h.claimed(fmt.Sprintf("author-%d/", i)) {
					if err := h.join(ctx, in, tx, fmt.Sprintf("author-%d", i), 0); err != nil {
						return err
					}
				}
			}
			for _, d := range h.donors {
				if err := h.join(ctx, in, tx, d, 5*flattery.Unit); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// claimed: of six authors one has not joined; donors who made something have not claimed it.
func (h *killHouse) claimed(full string) bool {
	var n int
	_, err := fmt.Sscanf(full, "author-%d/", &n)
	return err == nil && n%6 != 0
}

func (h *killHouse) join(ctx context.Context, in *instance, tx store.Tx, login string, budget flattery.Amount) error {
	now := h.world.Clock.Now()
	id, err := tx.AddAccount(ctx, flattery.Account{Name: login, CreatedAt: now, Settings: flattery.Settings{
		Budget: budget, Currency: "EUR", Destination: flattery.Destination("https://example.org/" + login)}})
	if err != nil {
		return err
	}
	c, err := in.enabled.Get("github")
	if err != nil {
		return err
	}
	info := c.Info()
	who := flattery.Profile{Identity: flattery.Identity{Network: info.Network, Host: info.Host, Subject: strconv.FormatInt(h.world.GitHub.ID(login), 10)}, Handle: login}
	if budget == 0 {
		_, err = tx.AddClaim(ctx, flattery.Claim{Account: id, Identity: who, Proof: flattery.ByAdmin, ProvedAt: now})
		return err
	}
	_, err = tx.AddLink(ctx, flattery.Link{Account: id, Identity: who, Proof: flattery.ByToken, BeginsAt: now, NextPoll: now, Interval: info.Interval},
		flattery.Token{Access: flattery.Secret(h.world.GitHub.Token(login))})
	return err
}

func (h *killHouse) environ() []string {
	return append(append(os.Environ(), "FLATTERY_DATA="+h.dir, "FLATTERY_LISTEN=127.0.0.1:0", "FLATTERY_OUTBOUND_ALLOW_PRIVATE=true",
		"FLATTERY_NETWORKS_GITHUB_BASE="+h.world.GitHub.Base(), "FLATTERY_NOW="+h.world.Clock.Now().Format(time.RFC3339)), h.more...)
}

// inside does something with the instance while no other process has it.
func (h *killHouse) inside(fn func(context.Context, *instance) error) {
	h.Helper()
	p := &program{environ: h.environ(), stdout: io.Discard, stderr: io.Discard}
	if err := p.with(h.Context(), func(in *instance) error { return fn(h.Context(), in) }); err != nil {
		h.Fatal(err)
	}
}

// live lets time pass and people star, as killRound says.
func (h *killHouse) live(before string) {
	from := h.world.Clock.Now()
	to := from.Add(6 * time.Minute) // leases have run out
	switch before {
	case "poll":
		to = from.Add(time.Duration(1+h.dice.IntN(24)) * 24 * time.Hour)
	case "settle", "asked": // what networks said of the time more than a week ago does not hinder the freeze
		for to.Sub(from) < 8*24*time.Hour {
			to = time.Date(to.Year(), to.Month()+1, 4, h.dice.IntN(24), 1, 0, 0, time.UTC)
		}
	}
	h.world.Clock.Set(to)
	if before == "again" {
		return
	}
	for i, donor := range h.donors {
		n := h.dice.IntN(4)
		if i%100 == 0 && h.dice.IntN(10) == 0 {
			n = 120 // more than a page
		}
		for range n {
			full := h.repos[h.dice.IntN(len(h.repos))]
			if _, ok := h.starred[donor][full]; !ok {
				at := from.Add(time.Minute + time.Duration(h.dice.Int64N(int64(to.Sub(from)-time.Minute)))).Truncate(time.Second)
				h.world.GitHub.StarAt(donor, full, at)
				h.starred[donor][full] = at
			}
		}
	}
	if before == "asked" {
		h.run("poll", 0)
	}
}

// run starts the program and kills it after a time, unless it has ended by then; 0: it is left alone.
func (h *killHouse) run(kind string, within time.Duration) {
	var out bytes.Buffer
	cmd := exec.Command(h.binary, strings.Fields(kind)...) // it is killed below, and must not be otherwise
	cmd.Env, cmd.Stdout, cmd.Stderr = h.environ(), &out, &out
	began, ended := time.Now(), make(chan error, 1)
	if err := cmd.Start(); err != nil {
		h.Error(err)
		return
	}
	go func() { ended <- cmd.Wait() }()
	var end <-chan time.Time
	if within > 0 {
		end = time.After(within)
	}
	select {
	case err := <-ended:
		if err != nil && !strings.Contains(out.String(), "could not be closed yet") { // another process is at it, or the clock was doubted
			h.Errorf("%s: %v\n%s", kind, err, &out)
		}
		h.heard(kind, out.String(), time.Since(began), true)
	case <-end:
		if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			h.Error(err)
		}
		<-ended
		h.heard(kind, out.String(), within, false)
	}
}

// heard notes what the program said was done. A line without its end was not said.
func (h *killHouse) heard(kind, out string, after time.Duration, ended bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case ended:
		h.takes[kind] = after
	default: // the more there is the longer it takes; should nothing end any more, kills come later
		h.takes[kind] += h.takes[kind] / 5
		h.kills++
	}
	said := "nothing"
	for line := range strings.Lines(out) {
		if !strings.HasSuffix(line, "\n") {
			continue
		}
		words := map[string]string{}
		for _, w := range strings.Fields(line) {
			if k, v, ok := strings.Cut(w, "="); ok {
				words[k] = v
			}
		}
		switch said = words["msg"]; said {
		case "polled":
			n, err := strconv.Atoi(words["new"])
			if err != nil || words["reason"] != `""` {
				h.Errorf("a poll did not end well: %s", line)
			}
			h.news[words["link"]] += n
		case "froze":
			h.months[said][words["month"]] = words["flattrs"]
		case "settled":
			h.months[said][words["month"]] = words["head"]
		case "planned":
			h.months[said][words["month"]] = words["hash"]
		case `"a`:
			said = "a month waits"
		case "":
			said = "its address"
		}
	}
	if ended {
		h.last[kind+" ended by itself"]++
		return
	}
	h.last[kind+" was killed; it had said last: "+said]++
}
