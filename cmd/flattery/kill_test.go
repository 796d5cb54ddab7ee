package main

import (
	"bytes"
	"context"
	"database/sql"
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
	"flattery/internal/ledger"
	"flattery/internal/sandbox"
	"flattery/store"
	"flattery/store/sqlite"
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
	kills := 20
	switch {
	case os.Getenv("FLATTERY_LONG") == "1":
		kills = 1000
	case testing.Short():
		kills = 5
	case os.Getenv("FLATTERY_CI") == "1":
		kills = 100
	}
	h := killOpen(t)
	for _, kind := range []string{"poll", "settle"} { // uncut, to learn how long they take
		h.live(kind)
		h.run(kind, false)
	}
	h.longest["serve"] = h.longest["poll"] + h.longest["settle"]
	for round := 1; h.kills < kills; round++ {
		if round > 4*kills {
			t.Fatalf("only %d of %d starts were killed before they ended", h.kills, round)
		}
		kinds := [][]string{{"serve"}, {"serve"}, {"poll"}, {"settle"}, {"serve", "settle"}}[h.dice.IntN(5)]
		h.live(kinds[len(kinds)-1])
		var both sync.WaitGroup
		for _, kind := range kinds {
			both.Go(func() { h.run(kind, true) })
		}
		both.Wait()
		h.acknowledged()
		if round%10 == 0 {
			h.whole(false)
		}
		if t.Failed() {
			t.Fatalf("round %d, %v", round, kinds)
		}
	}
	for range 2 { // the second time everything that was found late is in a closed month, too
		h.world.Clock.Advance(70 * 24 * time.Hour)
		h.run("poll", false)
		h.run("settle", false)
	}
	h.acknowledged()
	h.whole(true)
	h.run("ledger audit", false)
	for _, last := range slices.Sorted(maps.Keys(h.last)) {
		t.Logf("%4d × %s", h.last[last], last)
	}
}

// killHouse is an instance on disk, the world that it polls and the program that is killed.
type killHouse struct {
	*testing.T
	world   *sandbox.World
	dice    *rand.Rand
	binary  string
	dir     string
	donors  []string
	repos   []string
	starred map[string]map[string]time.Time // what is true: donor, repository, when

	mu      sync.Mutex // guards what follows
	longest map[string]time.Duration
	kills   int
	last    map[string]int // what the log said last
	news    map[string]int // acknowledged likes, by link
	months  map[string]map[string]string
}

func killOpen(t *testing.T) *killHouse {
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
		if err := world.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	dir := t.TempDir()
	h := &killHouse{T: t, world: world, dice: rand.New(rand.NewPCG(seed, 9)), binary: filepath.Join(dir, "flattery"), dir: filepath.Join(dir, "data"),
		starred: map[string]map[string]time.Time{}, longest: map[string]time.Duration{}, last: map[string]int{}, news: map[string]int{},
		months: map[string]map[string]string{"froze": {}, "settled": {}, "planned": {}}}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", h.binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	h.people()
	return h
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
	info := in.enabled[0].Info()
	who := flattery.Profile{Identity: flattery.Identity{Network: info.Network, Host: info.Host, Subject: strconv.FormatInt(h.world.GitHub.ID(login), 10)}, Handle: login}
	if budget == 0 {
		_, err = tx.AddClaim(ctx, flattery.Claim{Account: id, Identity: who, Proof: flattery.ByAdmin, ProvedAt: now})
		return err
	}
	_, err = tx.AddLink(ctx, flattery.Link{Account: id, Identity: who, Proof: flattery.ByToken, BeginsAt: now, NextPoll: now, Interval: info.Interval},
		flattery.Secret(h.world.GitHub.Token(login)))
	return err
}

func (h *killHouse) environ() []string {
	return append(os.Environ(), "FLATTERY_DATA="+h.dir, "FLATTERY_LISTEN=127.0.0.1:0", "FLATTERY_OUTBOUND_ALLOW_PRIVATE=true",
		"FLATTERY_NETWORKS_GITHUB_BASE="+h.world.GitHub.Base(), "FLATTERY_NOW="+h.world.Clock.Now().Format(time.RFC3339))
}

// inside does something with the instance while no other process has it.
func (h *killHouse) inside(fn func(context.Context, *instance) error) {
	h.Helper()
	p := &program{environ: h.environ(), stdout: io.Discard, stderr: io.Discard}
	if err := p.with(h.Context(), func(in *instance) error { return fn(h.Context(), in) }); err != nil {
		h.Fatal(err)
	}
}

// live lets time pass and people star. Before a settlement it goes on until a month's grace has ended.
func (h *killHouse) live(before string) {
	from := h.world.Clock.Now()
	to := from.Add(time.Duration(1+h.dice.IntN(24)) * 24 * time.Hour)
	if before == "settle" {
		to = time.Date(from.Year(), from.Month()+1, 4, h.dice.IntN(24), 1, 0, 0, time.UTC)
	}
	h.world.Clock.Set(to)
	for i, donor := range h.donors {
		n := max(h.dice.IntN(5)-2, 0)
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
}

// run starts the program and kills it at some instant, unless it has ended by then or is not to be killed.
func (h *killHouse) run(kind string, kill bool) {
	h.mu.Lock()
	when := time.Duration(h.dice.Float64() * 1.1 * float64(h.longest[kind]))
	h.mu.Unlock()
	var out bytes.Buffer
	cmd := exec.Command(h.binary, strings.Fields(kind)...) //nolint:gosec,noctx // it is killed below, and must not be otherwise
	cmd.Env, cmd.Stdout, cmd.Stderr = h.environ(), &out, &out
	began, ended := time.Now(), make(chan error, 1)
	if err := cmd.Start(); err != nil {
		h.Error(err)
		return
	}
	go func() { ended <- cmd.Wait() }()
	var end <-chan time.Time
	if kill {
		end = time.After(when)
	}
	select {
	case err := <-ended:
		if err != nil && !strings.Contains(out.String(), "could not be closed yet") { // another process is at it, or the clock was doubted
			h.Errorf("%s: %v\n%s", kind, err, &out)
		}
		h.heard(out.String(), kind+" ended by itself", time.Since(began), kind, 0)
	case <-end:
		if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			h.Error(err)
		}
		<-ended
		h.heard(out.String(), "", 0, kind, 1)
	}
}

// heard notes what the program said was done. A line without its end was not said.
func (h *killHouse) heard(out, last string, took time.Duration, kind string, kills int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.longest[kind] = max(h.longest[kind], took)
	h.kills += kills
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
		case "":
			said = "its address"
		}
	}
	if last == "" {
		last = kind + " was killed; it had said last: " + said
	}
	h.last[last]++
}

// query reads what the program left, through a connection of its own.
func (h *killHouse) query(fn func(*sql.DB) error) {
	h.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(h.dir, sqlite.File)+"?_pragma=busy_timeout(10000)")
	if err == nil {
		err = errors.Join(fn(db), db.Close())
	}
	if err != nil {
		h.Fatal(err)
	}
}

// pairs reads a query of two columns.
func pairs(ctx context.Context, db *sql.DB, q string) (map[string]string, error) {
	rows, err := db.QueryContext(ctx, q)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[string]string{}
	for rows.Next() {
		var k, v string
		if err := rows.Scan(&k, &v); err != nil {
			return nil, err
		}
		found[k] = v
	}
	return found, rows.Err()
}

// acknowledged looks for everything that the program ever said was done.
func (h *killHouse) acknowledged() {
	h.Helper()
	h.query(func(db *sql.DB) error {
		likes, err := pairs(h.Context(), db, `SELECT link_id, count(*) FROM flattrs GROUP BY link_id`)
		if err != nil {
			return err
		}
		for link, n := range h.news {
			if got, _ := strconv.Atoi(likes[link]); got < n {
				h.Errorf("link %s: %d likes were acknowledged, %d are there", link, n, got)
			}
		}
		for what, q := range map[string]string{
			"froze":   `SELECT month, flattrs FROM months WHERE frozen_at IS NOT NULL`,
			"settled": `SELECT month, lower(hex(head)) FROM months WHERE settled_at IS NOT NULL`,
			"planned": `SELECT month, lower(hex(hash)) FROM plans`,
		} {
			found, err := pairs(h.Context(), db, q)
			if err != nil {
				return err
			}
			for month, want := range h.months[what] {
				m, err := flattery.ParseMonth(month)
				if got := found[strconv.Itoa(int(m))]; err != nil || got != want {
					h.Errorf("%s was %s with %s, the store says %q", month, what, want, got)
				}
			}
		}
		return nil
	})
}

// Each of these counts what must not be.
func killFaults() map[string]string {
	return map[string]string{
		"likes that count twice":  `SELECT count(*) - count(DISTINCT account_id || ' ' || thing_id || ' ' || kind || ' ' || turn) FROM flattrs`,
		"things twice":            `SELECT count(*) - count(DISTINCT host_id || ' ' || network_id) FROM things`,
		"flattrs with two shares": `SELECT count(*) FROM (SELECT 1 FROM entries WHERE flattr_id IS NOT NULL GROUP BY flattr_id HAVING count(*) > 1)`,
		"shares of other months or donors": `SELECT count(*) FROM entries e JOIN flattrs f ON f.id = e.flattr_id
			JOIN transactions t ON e.number >= t.first_entry AND e.number < t.first_entry + t.entries
			LEFT JOIN settlements s ON s.number = t.number AND s.month = f.counts_in AND s.account_id = f.account_id WHERE s.month IS NULL`,
		"flattrs of a settled month without a share": `SELECT count(*) FROM flattrs f JOIN months m ON m.month = f.counts_in
			WHERE m.settled_at IS NOT NULL AND f.id NOT IN (SELECT flattr_id FROM entries WHERE flattr_id IS NOT NULL)`,
		"settlements without transaction, or the reverse": `SELECT (SELECT count(*) FROM transactions WHERE kind = 'settle') - (SELECT count(number) FROM settlements)`,
		"flattrs in a later month than their own, which was open": `SELECT count(*) FROM flattrs f JOIN months m ON m.starts_at <= f.liked_at AND m.ends_at > f.liked_at
			WHERE f.counts_in IS NOT NULL AND f.counts_in <> m.month AND coalesce(m.frozen_at, 1 << 62) > f.found_at + 60`,
		"foreign keys that lead nowhere": `SELECT count(*) FROM pragma_foreign_key_check`,
	}
}

// whole looks at everything: the file, the ledger, and every flattr beside its star. At the end none may be missing.
func (h *killHouse) whole(end bool) {
	h.Helper()
	h.inside(func(ctx context.Context, in *instance) error {
		b, done, err := in.store.Book(ctx)
		if err != nil {
			return err
		}
		defer done()
		r, err := ledger.Audit(b)
		for _, f := range r.Faults {
			h.Errorf("audit: %s", f)
		}
		return errors.Join(err, in.store.Check(ctx))
	})
	h.query(func(db *sql.DB) error {
		for what, q := range killFaults() {
			var n int
			if err := db.QueryRowContext(h.Context(), q).Scan(&n); err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
			if n != 0 {
				h.Errorf("%d %s", n, what)
			}
		}
		return h.stars(db, end)
	})
}

func (h *killHouse) stars(db *sql.DB, end bool) error {
	found, err := pairs(h.Context(), db, `SELECT a.name || ' ' || t.title, f.liked_at || ' ' || CASE WHEN f.state = 'counts' AND
		(SELECT settled_at FROM months WHERE month = f.counts_in) IS NOT NULL THEN 'settled' ELSE f.state END
		FROM flattrs f JOIN accounts a ON a.id = f.account_id JOIN things t ON t.id = f.thing_id`)
	if err != nil {
		return err
	}
	stars := 0
	for donor, list := range h.starred {
		for full, at := range list {
			stars++
			states := []string{"counts", "settled"}
			switch {
			case strings.HasPrefix(full, donor+"/"):
				states = []string{"own"}
			case !h.claimed(full):
				states = []string{"pending", "lapsed"}
			}
			got, ok := found[donor+" "+full]
			when, state, _ := strings.Cut(got, " ")
			switch {
			case !ok && !end: // its page was not stored yet
			case when != strconv.FormatInt(at.Unix(), 10), !slices.Contains(states, state), end && state == "counts":
				h.Errorf("%s starred %s at %d: the store says %q", donor, full, at.Unix(), got)
			}
			delete(found, donor+" "+full)
		}
	}
	for what := range found {
		h.Errorf("nobody starred this: %s", what)
	}
	h.Logf("after %d kills: %d stars, clock at %s", h.kills, stars, h.world.Clock.Now().Format(time.DateOnly))
	return nil
}
