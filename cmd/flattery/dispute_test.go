package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/internal/claim"
	"flattery/internal/queue"
	"flattery/internal/sandbox"
	"flattery/store"
)

// Two people prove one identity.
func TestADisputeIsDecidedByWhoProvesAgain(t *testing.T) {
	for name, row := range map[string]struct {
		first flattery.Proof
		then  func(t *testing.T, o *opened, first flattery.AccountID)
		want  string
	}{
		"nobody proves again":                       {flattery.ByProfile, func(*testing.T, *opened, flattery.AccountID) {}, "eve verified"},
		"nobody proves what was an administrator's": {flattery.ByAdmin, func(*testing.T, *opened, flattery.AccountID) {}, "eve verified"},
		"the first proves again by a new token": {flattery.ByProfile, func(t *testing.T, o *opened, first flattery.AccountID) {
			if taken, err := o.proves(t, first, "github", "zoe", func(s string) { o.bench.world.GitHub.SetBio("zoe", s) }); err != nil || taken.Dispute != 0 {
				t.Errorf("%+v, %v", taken, err)
			}
		}, "ann verified"},
		"the first proves again by signing in": {flattery.ByProfile, func(t *testing.T, o *opened, first flattery.AccountID) {
			got, err := o.connect(t.Context(), first, "github", "zoe", claim.Claiming)
			if err == nil {
				_, err = o.claimed(t.Context(), got)
			}
			if err != nil {
				t.Error(err)
			}
		}, "ann verified"},
		"the old token is still there, which proves nothing new": {flattery.ByProfile, func(t *testing.T, o *opened, first flattery.AccountID) {
			if _, err := (gates{o.instance}).CheckClaim(t.Context(), first, o.claim(t, first).ID); err != nil {
				t.Error(err)
			}
		}, "eve verified"},
		"the first gives it up": {flattery.ByProfile, func(t *testing.T, o *opened, first flattery.AccountID) {
			if err := (gates{o.instance}).Unclaim(t.Context(), first, o.claim(t, first).ID); err != nil {
				t.Error(err)
			}
		}, "eve verified"},
		"whoever runs the instance decides": {flattery.ByProfile, func(t *testing.T, o *opened, _ flattery.AccountID) {
			if err := (gates{o.instance}).Decide(t.Context(), 1, flattery.OutcomeFirst); err != nil {
				t.Error(err)
			}
		}, "ann verified"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, october)
			o := openPages(b)
			g := b.world.GitHub
			g.AddUser("zoe")
			ann, _ := o.member("ann", false)
			eve, _ := o.member("eve", false)
			bios := ""
			write := func(s string) { bios += " " + s; g.SetBio("zoe", bios) }
			if row.first == flattery.ByProfile {
				if _, err := o.proves(t, ann, "github", "zoe", write); err != nil {
					t.Fatal(err)
				}
			} else {
				c, err := o.enabled.Get("github")
				if err != nil {
					t.Fatal(err)
				}
				who, err := o.resolve(t.Context(), c, "zoe")
				if err == nil {
					_, err = claim.Take(t.Context(), o.store, flattery.Claim{Account: ann, Identity: who, Proof: flattery.ByAdmin, ProvedAt: o.now()}, flattery.Token{})
				}
				if err != nil {
					t.Fatal(err)
				}
				if _, err := claim.Take(t.Context(), o.store, flattery.Claim{Account: eve, Identity: who, Proof: flattery.ByAdmin, ProvedAt: o.now()}, flattery.Token{}); !errors.Is(err, flattery.ErrClaimed) {
					t.Errorf("a word against a word: %v", err)
				}
			}
			taken, err := o.proves(t, eve, "github", "zoe", write)
			if err != nil || taken.Dispute == 0 || o.owner(t, "zoe") != "ann disputed" {
				t.Fatalf("the second: %+v, %v; it is %s", taken, err, o.owner(t, "zoe"))
			}
			b.world.Clock.Advance(9*24*time.Hour + 23*time.Hour)
			o.rechecks(t)
			if got := o.owner(t, "zoe"); got != "ann disputed" {
				t.Errorf("before ten days are over it is %s", got)
			}
			row.then(t, o, ann)
			b.world.Clock.Advance(2 * time.Hour)
			o.rechecks(t)
			if got := o.owner(t, "zoe"); got != row.want {
				t.Errorf("it is %s, want %s", got, row.want)
			}
		})
	}
}

// A plan waits for the looks that it asks for, and does without whom nobody could look at.
func TestBeforeTheFirstPaymentAClaimIsLookedAt(t *testing.T) {
	for name, row := range map[string]struct {
		change func(g *sandbox.GitHub)
		slips  int
		owner  string
	}{
		"all is well":         {func(*sandbox.GitHub) {}, 1, "zoe verified"},
		"the token has gone":  {func(g *sandbox.GitHub) { g.SetBio("zoe", "") }, 0, "zoe absent"},
		"the person has gone": {func(g *sandbox.GitHub) { g.Suspend("zoe") }, 0, "zoe gone"},
		"the network is in trouble": {func(g *sandbox.GitHub) {
			g.Inject(sandbox.Fault{Path: "/users/zoe", Times: 50, Status: 502, HTML: true})
		}, 0, "zoe verified"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, october)
			o := openPages(b)
			g := b.world.GitHub
			for _, login := range []string{"zoe", "fan"} {
				g.AddUser(login)
			}
			g.AddRepo("zoe", "x")
			zoe, _ := o.member("zoe", false)
			fan, _ := o.member("fan", false)
			if err := o.update(t.Context(), func(tx store.Tx) error {
				return tx.SetSettings(t.Context(), zoe, flattery.Settings{Currency: "EUR", Destination: "https://example.org/zoe"}, o.now())
			}); err != nil {
				t.Fatal(err)
			}
			if _, err := o.proves(t, zoe, "github", "zoe", func(s string) { g.SetBio("zoe", s) }); err != nil {
				t.Fatal(err)
			}
			got, err := o.connect(t.Context(), fan, "github", "fan", claim.Linking)
			if err == nil {
				err = o.linked(t.Context(), got)
			}
			if err != nil {
				t.Fatal(err)
			}
			o.polls()
			g.Star("fan", "zoe/x")
			o.polls()
			b.world.Clock.Set(time.Date(2026, 11, 4, 5, 0, 0, 0, time.UTC))
			o.polls()
			row.change(g)
			for _, due := range []func(context.Context, time.Time) error{o.settler.Enqueue, o.planner.Enqueue} {
				if err := due(t.Context(), o.now()); err != nil {
					t.Fatal(err)
				}
				if _, err := o.store.Jobs().Drain(t.Context(), o.handlers()); err != nil {
					t.Fatal(err)
				}
			}
			slips, err := o.store.Payments(t.Context(), store.PaymentQuery{})
			if err != nil || len(slips) != row.slips || o.owner(t, "zoe") != row.owner {
				t.Errorf("%d slips, %v, want %d; it is %s, want %s", len(slips), err, row.slips, o.owner(t, "zoe"), row.owner)
			}
			if _, err := o.store.Plan(t.Context(), flattery.MonthOf(time.Date(2026, 10, 10, 0, 0, 0, 0, time.UTC), time.UTC)); err != nil {
				t.Errorf("the month has no plan: %v", err)
			}
			debts, err := o.store.Debts(t.Context(), fan)
			if err != nil || len(debts) != 1 || debts[0].Amount != 5*flattery.Unit {
				t.Errorf("owed is %+v, %v", debts, err)
			}
		})
	}
}

// A network that asks to wait is left alone, and the job with it.
func TestALookThatHasToWaitSaysUntilWhen(t *testing.T) {
	b := newBench(t, october)
	o := openPages(b)
	b.world.GitHub.AddUser("zoe")
	zoe, _ := o.member("zoe", false)
	if _, err := o.proves(t, zoe, "github", "zoe", func(s string) { b.world.GitHub.SetBio("zoe", s) }); err != nil {
		t.Fatal(err)
	}
	b.world.GitHub.Inject(sandbox.Fault{Path: "/users/zoe", Times: 1, Status: 429})
	err := o.recheck(t.Context(), queue.Job{Kind: claim.KindRecheck, Key: "1"})
	until, ok := queue.Snoozed(err)
	if !ok || !until.After(o.now()) {
		t.Errorf("got %v", err)
	}
	for _, key := range []string{"77", "1"} { // a claim that has ended is done
		if err := o.recheck(t.Context(), queue.Job{Kind: claim.KindRecheck, Key: key}); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
	if err := o.recheck(t.Context(), queue.Job{Key: "x"}); err == nil {
		t.Error("a job that is no number was done")
	}
}

// Proofs and disputes in a terminal.
func TestAClaimIsProvedInATerminal(t *testing.T) {
	b := newBench(t, october)
	b.world.GitHub.AddUser("zoe")
	for _, name := range []string{"ann", "eve"} {
		b.run("account", "add", name)
	}
	begin := func(name string) string {
		t.Helper()
		return strings.TrimSpace(b.run("claim", "add", "--account", name, "github:zoe", "--by", "profile").out)
	}
	token := begin("ann")
	if again := begin("ann"); again != token || !slices.Equal(connectors.ClaimTokens(token), []string{token}) {
		t.Errorf("token %q, then %q", token, again)
	}
	if r := b.run("claim", "add", "--account", "ann", "github:zoe", "--by", "profile", "--check"); r.code != 1 || !strings.Contains(r.errors, "is not in the profile of github:zoe") {
		t.Errorf("before it is there: %+v", r)
	}
	b.world.GitHub.SetBio("zoe", token+" "+begin("eve"))
	if r := b.run("claim", "add", "--account", "ann", "github:zoe", "--by", "profile", "--check"); r.code != 0 || !strings.Contains(r.out, "github:zoe is ann") {
		t.Errorf("ann: %+v", r)
	}
	if r := b.run("claim", "add", "--account", "eve", "github:Zoe", "--by", "profile", "--check"); r.code != 0 || !strings.Contains(r.out, "dispute 1") {
		t.Errorf("eve: %+v", r)
	}
	for _, row := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"claim", "list"}, 0, "disputed"},
		{[]string{"claim", "check", "1"}, 0, "claim 1: disputed"},
		{[]string{"claim", "check", "7"}, 2, "no claim 7"},
		{[]string{"claim", "disputes"}, 0, "open"},
		{[]string{"claim", "decide", "1", "third"}, 2, "first or second"},
		{[]string{"claim", "decide", "7", "first"}, 2, "no dispute 7"},
		{[]string{"claim", "decide", "1", "second"}, 0, "second"},
		{[]string{"claim", "decide", "1", "second"}, 1, "decided already"},
		{[]string{"claim", "list"}, 0, "eve"},
		{[]string{"claim", "add", "--account", "ann", "github:zoe", "--by", "word"}, 2, "profile"},
		{[]string{"claim", "add", "--account", "ann", "github:zoe", "--check"}, 2, "--by profile"},
		{[]string{"claim", "add", "--account", "ann", "github:zoe", "--by", "profile", "--check"}, 2, "leave out --check"},
		{[]string{"claim", "add", "--account", "ann", "instagram:zoe", "--by", "profile"}, 2, "Instagram"},
	} {
		if r := b.run(row.args...); r.code != row.code || !strings.Contains(r.out+r.errors, row.says) {
			t.Errorf("%q: %+v", row.args, r)
		}
	}
}
