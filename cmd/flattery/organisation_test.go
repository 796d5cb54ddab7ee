package main

import (
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/internal/claim"
	"flattery/internal/sandbox"
	"flattery/internal/web"
)

// An organisation with two administrators: one of them claims it, loses the right, and the other one claims it then.
func TestAnOrganisationIsItsAdministrators(t *testing.T) {
	b := newBench(t, october)
	o := openPages(b)
	g := b.world.GitHub
	g.AddOrganisation("guild")
	for _, login := range []string{"ada", "ben", "mel", "fan"} {
		g.AddUser(login)
	}
	g.SetMember("guild", "ada", "admin")
	g.SetMember("guild", "ben", "admin")
	g.SetMember("guild", "mel", "member")
	g.AddRepo("guild", "tools")
	accounts := map[string]flattery.AccountID{}
	for _, name := range []string{"ada", "ben", "mel", "fan"} {
		accounts[name], _ = o.member(name, false)
	}
	got, err := o.connect(t.Context(), accounts["fan"], "github", "fan", claim.Linking)
	if err == nil {
		err = o.linked(t.Context(), got)
	}
	if err != nil {
		t.Fatal(err)
	}
	o.polls()
	g.Star("fan", "guild/tools")
	o.polls()

	claims := func(login, organisation string) (web.Connected, error) {
		t.Helper()
		to, _, err := gates{o.instance}.Connect(t.Context(), web.Connecting{Account: accounts[login], Browser: "b", Network: "github", Purpose: web.Claiming, Handle: organisation})
		if err != nil {
			t.Fatal(err)
		}
		if asks := strings.Contains(to, "read%3Aorg"); !asks {
			t.Errorf("%s asks for no right to see organisations: %s", login, to)
		}
		back, err := sandbox.Agree(t.Context(), to, login)
		if err != nil {
			t.Fatal(err)
		}
		return gates{o.instance}.Connected(t.Context(), accounts[login], "b", "github", "127.0.0.1", back.Query())
	}
	for login, organisation := range map[string]string{"mel": "guild", "fan": "guild", "ada": "nowhere"} {
		if done, err := claims(login, organisation); err == nil {
			t.Errorf("%s claims %s: %+v", login, organisation, done)
		}
	}
	done, err := claims("ada", "guild")
	if err != nil || done.Profile.Handle != "guild" || !done.Profile.Organisation || done.Joined != 1 {
		t.Fatalf("ada claims %+v, error %v", done, err)
	}
	rechecks := func(want string) {
		t.Helper()
		o.bench.world.Clock.Advance(24 * time.Hour)
		o.rechecks(t)
		if got := o.owner(t, "guild"); got != want {
			t.Errorf("the organisation is %s, want %s", got, want)
		}
	}
	rechecks("ada verified")
	g.Inject(sandbox.Fault{Path: "/user/memberships", Times: 1, Status: 502, HTML: true})
	rechecks("ada verified") // a network in trouble ends nothing
	g.RemoveMember("guild", "ada")
	rechecks("nobody")
	o.shows(t, accounts["fan"], flattery.Pending)
	if done, err = claims("ben", "guild"); err != nil || done.Joined != 1 {
		t.Errorf("ben claims %+v, error %v", done, err)
	}
	rechecks("ben verified")
	o.shows(t, accounts["fan"], flattery.Counting)

	// Two administrators: who claimed it first keeps it while both are, and loses it with the right.
	g.SetMember("guild", "ada", "admin")
	if done, err = claims("ada", "guild"); err != nil || !done.Disputed {
		t.Errorf("ada claims what is ben's: %+v, error %v", done, err)
	}
	rechecks("ben disputed")
	g.RemoveMember("guild", "ben")
	rechecks("ada verified")
	o.shows(t, accounts["fan"], flattery.Counting)
}

// shows checks that the one flattr of an account is in a state.
func (o *opened) shows(t *testing.T, account flattery.AccountID, state flattery.State) {
	t.Helper()
	list, err := pages{o.store, gates{o.instance}}.Flattrs(t.Context(), account, 0, "", 0, 10)
	if err != nil || len(list) != 1 || list[0].State != state {
		t.Errorf("flattrs %+v, error %v; want one that %s", list, err, state)
	}
}
