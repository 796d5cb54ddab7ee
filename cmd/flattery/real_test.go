package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flattery"
	"flattery/connectors/connectortest"
	"flattery/internal/poll"
	"flattery/internal/sandbox"
	"flattery/store"
)

const recordedStars = "networks/contracts/github/octokit.rb_starred_%s_2013-12-27.decoded.json"

// recordedHouse is a house whose GitHub answers as it did on 27 December 2013.
func recordedHouse(t *testing.T, recording []byte) *bench {
	t.Helper()
	b := newBench(t, time.Date(2013, 12, 27, 22, 0, 0, 0, time.UTC))
	if login, err := b.world.GitHub.ReplayRecorded(recording); err != nil || login != "sferik" {
		t.Fatalf("the recording is of %q, error %v", login, err)
	}
	return b
}

func TestTheStarsOf2013AreListed(t *testing.T) {
	b := recordedHouse(t, connectortest.ReadShared(t, fmt.Sprintf(recordedStars, "user_authenticated")))
	a := into[likesAnswer](b, "likes", "github:sferik", "--budget", "5")
	own, sum, authors := 0, flattery.Amount(0), map[flattery.Identity]bool{}
	for _, l := range a.Likes {
		authors[l.Author.Identity] = true
		if !l.At.IsZero() {
			t.Errorf("%s has a time, which nobody told", l.Thing.Title)
		}
		if l.Own != (l.Author.Handle == "sferik") || l.Own != strings.HasPrefix(l.Thing.Title, "sferik/") || l.Own && l.Share != 0 {
			t.Errorf("own things: %+v", l)
		}
		if l.Own {
			own++
		}
		sum += l.Share
	}
	if len(a.Likes) != 30 || len(authors) != 25 || a.Authors != 25 || own == 0 || a.Own != own || a.More {
		t.Errorf("%d likes of %d authors (%d), %d of them own, more: %v", len(a.Likes), len(authors), a.Authors, own, a.More)
	}
	if a.Who.Subject != "10308" || sum != 5*flattery.Unit {
		t.Errorf("of %s, shares sum up to %s", a.Who.Subject, sum)
	}
	if first := a.Likes[0]; first.Thing.Title != "bbatsov/rubocop" || first.Author.Subject != "103882" {
		t.Errorf("the newest is %+v", first)
	}
	told := b.do("likes", "github:sferik")
	if strings.Count(told, "(own)") != own || !strings.Contains(told, "github:sferik liked 30 things of 25 authors") {
		t.Error(told)
	}
	if _, ok := listing(t, b.dir)["/data/flattery.db"]; ok {
		t.Error("likes made a database")
	}
}

func TestOfTheStarsOf2013NothingCountsAndOfNewOnesEachOnce(t *testing.T) {
	b := recordedHouse(t, connectortest.ReadShared(t, fmt.Sprintf(recordedStars, "user_authenticated")))
	g := b.world.GitHub
	b.do("account", "add", "erik", "--budget", "5")
	b.do("account", "add", "ann")
	g.AddUser("ann")
	b.do("claim", "add", "--account", "ann", "github:ann")
	b.do("link", "add", "--account", "erik", "github:sferik")
	first := into[[]poll.Found](b, "poll")
	if len(first) != 1 || first[0].Likes != first[0].Seen || first[0].Likes != 30 {
		t.Fatalf("the first poll found %+v", first)
	}
	for range 3 {
		b.world.Clock.Advance(6 * time.Hour)
		if again := into[[]poll.Found](b, "poll"); len(again) != 1 || again[0].Likes != 0 {
			t.Fatalf("a quiet poll found %+v", again)
		}
	}
	if list := into[[]flattery.Flattr](b, "flattr", "list", "--account", "erik"); len(list) != 0 {
		t.Fatalf("%d flattrs of what was liked before", len(list))
	}
	want := map[string]string{}
	for i := range 7 {
		name := fmt.Sprint("new-", i)
		g.AddRepo("ann", name)
		g.Star("sferik", "ann/"+name)
		want["ann/"+name] = "counts 2013-12"
		b.world.Clock.Advance(6 * time.Hour)
		if i%2 == 0 {
			b.do("poll")
		}
	}
	g.Unstar("sferik", "ann/new-3")
	b.world.Clock.Advance(time.Hour)
	g.Star("sferik", "ann/new-3") // again: still once
	b.do("poll", "1")
	if diff := cmp.Diff(want, standing(b, "erik")); diff != "" {
		t.Error(diff)
	}
	b.world.Clock.Set(time.Date(2014, 1, 4, 9, 0, 0, 0, time.UTC))
	b.do("poll", "1")
	settled := into[[]flattery.MonthState](b, "settle")
	if len(settled) != 1 || settled[0].Flattrs != 7 || settled[0].Shares != 5*flattery.Unit {
		t.Errorf("settled %+v", settled)
	}
}

// standing says of each flattr where it stands.
func standing(b *bench, account string) map[string]string {
	b.Helper()
	found := map[string]string{}
	for _, f := range into[[]flattery.Flattr](b, "flattr", "list", "--account", account, "--limit", "10000") {
		if found[f.Thing.Title] != "" {
			b.Errorf("%s is there twice", f.Thing.Title)
		}
		found[f.Thing.Title] = fmt.Sprintf("%s %s", f.State, f.CountsIn)
	}
	return found
}

// realStar is a star as the collection of one real person has it.
type realStar struct {
	Name  string    `json:"name_with_owner"`
	Owner string    `json:"owner"`
	At    time.Time `json:"starred_at"`
}

// The last three months of one person's real stars happen again, to the second, and are polled as the daemon polls. Of the
// authors, those whose names begin with a to m are claimed from the start; the others wait.
func TestRealStarsCountOnceEachInItsMonth(t *testing.T) {
	text := connectortest.ReadShared(t, "reach/stars/F-e-u-e-r.json")
	var stars []realStar
	if err := json.Unmarshal(text, &stars); err != nil {
		t.Fatal(err)
	}
	newest := slices.MaxFunc(stars, func(a, b realStar) int { return a.At.Compare(b.At) }).At
	begins := newest.AddDate(0, -3, 0).Truncate(time.Second)
	b := newBench(t, begins)
	if n, err := b.world.GitHub.ReplayStars("F-e-u-e-r", text); n != 778 || len(stars) != 778 || err != nil {
		t.Fatalf("%d stars, error %v", n, err)
	}
	b.env = []string{"FLATTERY_PENDING_LAPSE=0"} // or the oldest would end within these months
	in := openBench(b)
	claimed := in.joins(stars)
	walked := in.live(newest)

	want, months := map[string]string{}, map[string]int{}
	for _, s := range stars {
		switch month := s.At.Format("2006-01"); {
		case s.At.Before(begins):
		case claimed[s.Owner]:
			want[s.Name] = "counts " + month
			months[month]++
		default:
			want[s.Name] = "pending "
		}
	}
	got, seen := map[string]string{}, 0
	list, err := in.store.Flattrs(t.Context(), store.FlattrQuery{Account: in.donor, Seen: true, Limit: 100000})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if f.State == flattery.Seen {
			seen++
			continue
		}
		if got[f.Thing.Title] != "" {
			t.Errorf("%s is there twice", f.Thing.Title)
		}
		got[f.Thing.Title] = fmt.Sprintf("%s %s", f.State, f.CountsIn)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	settled := map[string]int{}
	all, err := in.store.Months(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if m.Flattrs > 0 && (m.SettledAt.IsZero() || m.Shares != 5*flattery.Unit) {
			t.Errorf("%s was not settled well: %+v", m.Month, m)
		}
		if m.Flattrs > 0 {
			settled[m.Month.String()] = m.Flattrs
		}
	}
	if diff := cmp.Diff(months, settled); diff != "" {
		t.Errorf("settled flattrs a month: %s", diff)
	}
	t.Logf("%d stars since %s, %d of them counting (%v), %d pending; %d older ones seen; %d polls", len(want), begins.Format(time.DateOnly),
		sum(maps.Values(months)), months, len(want)-sum(maps.Values(months)), seen, walked)
}

func sum(of func(func(int) bool)) (n int) {
	of(func(i int) bool { n += i; return true })
	return n
}

// openHouse is an instance that lives in the world's time, as the daemon does, without its cron.
type openHouse struct {
	*instance
	b     *bench
	donor flattery.AccountID
}

func openBench(b *bench) *openHouse {
	b.Helper()
	p := &program{environ: b.environ(), stdin: strings.NewReader(""), stdout: b.Output(), stderr: b.Output()}
	c, err := p.settings()
	if err != nil {
		b.Fatal(err)
	}
	in := p.outside(c)
	in.now, in.volatile, in.workers = b.world.Clock.Now, true, 1
	if err := p.openStore(b.Context(), in); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := in.store.Close(); err != nil {
			b.Error(err)
		}
	})
	return &openHouse{instance: in, b: b}
}

// joins makes the donor with its link, and one account that claims half of the authors.
func (o *openHouse) joins(stars []realStar) map[string]bool {
	o.b.Helper()
	ctx := o.b.Context()
	check := func(err error) {
		o.b.Helper()
		if err != nil {
			o.b.Fatal(err)
		}
	}
	donor, err := o.addAccount(ctx, flattery.Account{Name: "feuer", Settings: flattery.Settings{Budget: 5 * flattery.Unit, Currency: "EUR"}})
	check(err)
	o.donor = donor.ID
	makers, err := o.addAccount(ctx, flattery.Account{Name: "makers", Settings: flattery.Settings{Currency: "EUR"}})
	check(err)
	c, err := o.enabled.Get("github")
	check(err)
	claimed := map[string]bool{}
	for _, s := range stars {
		if claimed[s.Owner] || strings.ToLower(s.Owner)[0] > 'm' {
			continue
		}
		claimed[s.Owner] = true
		id := flattery.Identity{Network: "github", Host: c.Info().Host, Subject: fmt.Sprint(o.b.world.GitHub.ID(s.Owner))}
		check(o.update(ctx, func(tx store.Tx) error {
			_, err := tx.AddClaim(ctx, flattery.Claim{Account: makers.ID, Identity: flattery.Profile{Identity: id, Handle: s.Owner}, Proof: flattery.ByAdmin, ProvedAt: o.now()})
			return err
		}))
	}
	token := flattery.Token{Access: flattery.Secret(o.b.world.GitHub.Token("F-e-u-e-r"))}
	who, err := o.who(ctx, c, "", token)
	check(err)
	_, err = o.addLink(ctx, flattery.Link{Account: donor.ID, Identity: who, Proof: flattery.ByToken, Interval: c.Info().Interval}, token, false)
	check(err)
	return claimed
}

// live polls and settles every six hours until the last month has closed, and tells how many polls there were.
func (o *openHouse) live(newest time.Time) int {
	o.b.Helper()
	ctx := o.b.Context()
	last := flattery.MonthOf(newest, time.UTC).Ends(time.UTC).Add(o.Grace)
	for o.now().Before(last) {
		o.world().Clock.Advance(6 * time.Hour)
		for _, due := range []func() error{
			func() error { return o.poller.Enqueue(ctx, o.now()) },
			func() error { return o.settler.Enqueue(ctx, o.now()) },
			func() error { return o.planner.Enqueue(ctx, o.now()) },
		} {
			if err := due(); err != nil {
				o.b.Fatal(err)
			}
			if _, err := o.store.Jobs().Drain(ctx, o.handlers()); err != nil {
				o.b.Fatal(err)
			}
		}
	}
	return o.world().GitHub.Requests().Count("/user/starred")
}

func (o *openHouse) world() *sandbox.World { return o.b.world }
