package main

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/internal/claim"
	"flattery/internal/sandbox"
	"flattery/internal/web"
	"flattery/store"
)

// enters comes back from a network as somebody who is signed in there, and says who that is here.
func (o *opened) enters(t *testing.T, as flattery.AccountID, k card, who string) (flattery.AccountID, error) {
	t.Helper()
	to, _, err := gates{o.instance}.Connect(t.Context(), web.Connecting{Account: as, Browser: "browser", Network: k.name, Purpose: web.Entering})
	if err != nil {
		t.Fatal(err)
	}
	got, err := o.returns(t, as, k, to, who)
	return got.Account, err
}

// returns lets somebody agree at the page of a network, and hands in what it answers.
func (o *opened) returns(t *testing.T, as flattery.AccountID, k card, page, who string) (web.Connected, error) {
	t.Helper()
	back, err := sandbox.Agree(t.Context(), page, who)
	if err != nil {
		t.Fatal(err)
	}
	c, err := o.enabled.Get(k.name)
	if err != nil {
		t.Fatal(err)
	}
	return gates{o.instance}.Connected(t.Context(), as, "browser", k.name, c.Info().Host, back.Query())
}

// Whoever claims an account at a network comes in by it, at each; no claim that is not sure lets anybody in, and nobody gets
// an account by trying.
func TestAClaimThatHoldsOpensTheDoorAndNoOtherDoes(t *testing.T) {
	for _, k := range theCard() {
		t.Run(k.name, func(t *testing.T) {
			b := newBench(t, october)
			o := openPages(b)
			ann, _ := o.member("ann", false)
			bob, _ := o.member("bob", false)
			hers, his := k.person(b.world, "ann"), k.person(b.world, "bob")
			want := func(what string, as flattery.AccountID, who string, id flattery.AccountID, refusal error) {
				t.Helper()
				got, err := o.enters(t, as, k, who)
				if got != id || !errors.Is(err, refusal) {
					t.Errorf("%s: account %d, %v", what, got, err)
				}
			}
			want("unclaimed", 0, hers, 0, flattery.ErrNobody)
			got, err := o.connect(t.Context(), ann, k.name, hers, claim.Linking)
			if err == nil {
				err = o.linked(t.Context(), got)
			}
			if err != nil {
				t.Fatal(err)
			}
			want("linked, and not claimed", 0, hers, 0, flattery.ErrNobody)
			if got, err = o.connect(t.Context(), ann, k.name, hers, claim.Claiming); err == nil {
				_, err = o.claimed(t.Context(), got)
			}
			if err != nil {
				t.Fatal(err)
			}
			want("claimed", 0, hers, ann, nil)
			want("signed in already", ann, hers, ann, nil)
			want("signed in as somebody else", bob, hers, 0, flattery.ErrOther)
			want("another one of the network", 0, his, 0, flattery.ErrNobody)
			want("another one, of who is signed in", bob, his, 0, flattery.ErrOther)

			c := o.claim(t, ann)
			if token, err := o.store.ClaimToken(t.Context(), c.ID); err != nil || !token.Has() {
				t.Errorf("the claim's token: %v", err)
			}
			change := func(fn func(store.Tx) error) {
				t.Helper()
				if err := o.update(t.Context(), fn); err != nil {
					t.Fatal(err)
				}
			}
			look := store.Look{At: o.now(), Lapsed: flattery.LapsedGone}
			change(func(tx store.Tx) error { return tx.CheckClaim(t.Context(), c, look) })
			want("lapsed", 0, hers, 0, flattery.ErrNobody)
			look = store.Look{At: o.now(), Good: true}
			change(func(tx store.Tx) error { return tx.CheckClaim(t.Context(), c, look) })
			want("verified again", 0, hers, ann, nil)
			second := c
			second.Account, second.ProvedAt = bob, o.now().Truncate(time.Second)
			change(func(tx store.Tx) error {
				_, err := tx.OpenDispute(t.Context(), second, flattery.Token{}, o.now().Add(time.Hour))
				return err
			})
			want("disputed", 0, hers, 0, flattery.ErrNobody)
			c.Proof = flattery.ByAdmin
			change(func(tx store.Tx) error { return tx.EndDispute(t.Context(), 1, flattery.OutcomeFirst, o.now()) })
			change(func(tx store.Tx) error { _, err := tx.AddClaim(t.Context(), c); return err })
			want("on an administrator's word", 0, hers, 0, flattery.ErrNobody)
			if all, err := o.store.Accounts(t.Context()); err != nil || len(all) != 2 {
				t.Errorf("%d accounts, %v", len(all), err)
			}
		})
	}
}

// A donor stars a thing of somebody who is not here and passes the claim link on; who follows it has an account, is paid after
// the close, and comes in by the identity later.
func TestAStarFindsItsAuthorByAClaimLink(t *testing.T) {
	b := newBench(t, october)
	b.people()
	g := b.world.GitHub
	b.write("token", g.Token("ada"))
	b.do("account", "add", "Ada", "--budget", "5")
	b.do("account", "add", "ben") // somebody else, by the author's name
	b.do("link", "add", "github", "--token-file", b.path("token"), "--account", "Ada")
	b.star()
	b.do("poll")
	o := openPages(b)
	k := theCard()[1]
	donor := o.signedIn("Ada")
	donor.says("/month", "1 author waits: tell them")
	donor.says("/authors", "ben", "1 flattr waits", "Write a message")
	donor.post("/authors", url.Values{}, http.StatusOK, "Written. Copy the message")
	found := regexp.MustCompile(regexp.QuoteMeta(o.base) + `/c/([A-Z2-7]{26})`).FindStringSubmatch(donor.body("/authors"))
	if found == nil {
		t.Fatal("there is no claim link")
	}
	link := "/c/" + found[1]
	for place, text := range atRest(t, o.instance) {
		if strings.Contains(text, found[1]) {
			t.Errorf("%s holds the token of the link", place)
		}
	}

	// Nobody but the author comes in by it.
	author := inside{visit(t), o.base}
	author.says(link, "1 like is waiting for you", "From 1 person.", "Claim with GitHub")
	if text := author.body(link); strings.Contains(text, "Ada") || strings.Contains(text, "ben/tool") {
		t.Errorf("it tells who, or what: %s", text)
	}
	g.AddUser("eve")
	if status, text := author.through(k, link, "eve"); status != http.StatusConflict || !strings.Contains(text, "That was another account") {
		t.Errorf("somebody else: %d %s", status, text)
	}
	if out := b.do("account", "list"); strings.Contains(out, "eve") {
		t.Errorf("somebody else has an account: %s", out)
	}
	if status, text := author.through(k, link, "ben"); status != http.StatusOK || !strings.Contains(text, "Welcome. This is your account here.") || !strings.Contains(text, "October 2026") {
		t.Fatalf("the author: %d %s", status, text)
	}
	a := into[flattery.Account](b, "account", "show", "ben-2")
	donor.says("/month", "ben/tool", "€5.00")
	donor.says("/authors", "1 flattr counts")
	author.says(link, "This has been claimed")
	author.post("/income/destination", url.Values{"destination": {"https://example.org/ben"}}, http.StatusOK, "New payments go there")

	b.world.Clock.Set(afterOctober)
	b.do("poll", "1")
	b.do("settle")
	b.do("payout", "plan")
	later := inside{visit(t), o.base}
	if status, text := later.through(k, "/signin/network", "ben"); status != http.StatusOK || !strings.Contains(text, "November 2026") {
		t.Errorf("coming in again: %d %s", status, text)
	}
	later.says("/income", "€5.00", "Promised")
	later.says("/income/2026-10", "All works together", "€5.00")
	o.signedIn("Ada").says("/slips", "ben-2", "€5.00", "https://example.org/ben")
	if status, text := (inside{visit(t), o.base}).through(k, "/signin/network", "eve"); status != http.StatusForbidden || !strings.Contains(text, "Nobody here comes in that way") {
		t.Errorf("coming in as somebody whom nobody knows: %d %s", status, text)
	}
	if out := b.do("claim", "list"); !strings.Contains(out, "ben-2") || !strings.Contains(out, "github:ben") || a.ID == 0 {
		t.Errorf("claims: %s", out)
	}
	b.do("ledger", "audit")
}

// through presses a button that leads to a network, agrees there as somebody, and comes back.
func (in inside) through(k card, button, who string) (status int, text string) {
	in.Helper()
	var page string
	in.CheckRedirect = func(req *http.Request, _ []*http.Request) error {
		page = req.URL.String()
		return http.ErrUseLastResponse
	}
	status, text = in.ask(http.MethodPost, in.base+button, url.Values{"network": {k.name}})
	in.CheckRedirect = nil
	if status != http.StatusSeeOther {
		return status, text
	}
	back, err := sandbox.Agree(in.Context(), page, who)
	if err != nil {
		in.Fatal(err)
	}
	return in.ask(http.MethodGet, back.String(), nil)
}

// What an account is called whose owner did not choose is a name that an account can have.
func TestANewcomerIsCalledLikeTheHandle(t *testing.T) {
	for _, row := range []struct {
		handle string
		try    int
		want   string
	}{
		{"ben", 0, "ben"}, {"ben", 1, "ben-2"}, {"ben", 9, "ben-10"}, {"Zoë K.", 0, "Zoë-K"}, {"@ben@host.example", 0, "ben-host.example"}, {"", 0, "github"},
		{"\u202e<b>", 0, "b"}, {"___", 2, "github-3"}, {strings.Repeat("x", 99), 1, strings.Repeat("x", 40) + "-2"},
	} {
		p := flattery.Profile{Identity: flattery.Identity{Network: "github"}, Handle: row.handle}
		if got := newcomer(p, row.try); got != row.want || !flattery.AccountName(got) {
			t.Errorf("%q, try %d: %q, want %q", row.handle, row.try, got, row.want)
		}
	}
	if one, two := newcomer(flattery.Profile{Handle: "ben"}, 10), newcomer(flattery.Profile{Handle: "ben"}, 10); one == two || !flattery.AccountName(one) {
		t.Errorf("%q and %q", one, two)
	}
}

// followed makes a claim link of ben, whose thing ada starred, on an instance without keys for GitHub.
func followed(t *testing.T) (b *bench, o *opened, link string) {
	t.Helper()
	b = newBench(t, october)
	b.people()
	b.write("token", b.world.GitHub.Token("ada"))
	b.do("account", "add", "Ada", "--budget", "5")
	b.do("link", "add", "github", "--token-file", b.path("token"), "--account", "Ada")
	b.star()
	b.do("poll")
	o = openPages(b)
	n := o.Networks["github"]
	n.ClientID, n.ClientSecret, n.Key = "", "", ""
	o.Networks["github"] = n
	donor := o.signedIn("Ada")
	donor.post("/authors", url.Values{}, http.StatusOK, "Written. Copy the message")
	found := regexp.MustCompile(regexp.QuoteMeta(o.base) + `(/c/[A-Z2-7]{26})`).FindStringSubmatch(donor.body("/authors"))
	if found == nil {
		t.Fatal("there is no claim link")
	}
	return b, o, found[1]
}

var shownToken = regexp.MustCompile(`<bdi>(flattery-[a-z0-9]+)</bdi>`)

// shows asks for a token as who follows a claim link.
func (in inside) shows(link string) string {
	in.Helper()
	in.post(link+"/token", url.Values{}, http.StatusOK, "By your public profile")
	return shownToken.FindStringSubmatch(in.body(link))[1]
}

// The story of the claim link again, where the network knows nothing of the instance: a token in the profile opens the door, to the
// author alone, by whatever name they have meanwhile.
func TestAStarFindsItsAuthorByATokenInTheProfile(t *testing.T) {
	b, o, link := followed(t)
	g := b.world.GitHub
	g.AddUser("eve")
	author, eve := inside{visit(t), o.base}, inside{visit(t), o.base}
	author.says(link, "Claim by your public profile", "you sign in nowhere")
	token := author.shows(link)
	if again := author.shows(link); again != token {
		t.Errorf("asked again the token is %s, not %s", again, token)
	}
	theirs := eve.shows(link)
	if theirs == token {
		t.Error("two browsers have one token")
	}
	look := func(in inside, handle string, status int, words string) {
		t.Helper()
		in.post(link+"/look", url.Values{"handle": {handle}}, status, words)
	}
	look(author, "ben", http.StatusOK, "We have looked at the profile of ben on GitHub: "+token+" is not there yet")
	g.SetBio("eve", "I like things. "+theirs)
	look(eve, "eve", http.StatusOK, "eve on GitHub is not the account that these likes are for")
	g.SetBio("ben", "I make things. "+token)
	look(eve, "ben", http.StatusOK, theirs+" is not there yet") // by whose token another browser proves nothing
	look(inside{visit(t), o.base}, "ben", http.StatusBadRequest, "was not begun in this browser")
	g.Rename("ben", "benny")
	g.AddUser("ben") // somebody else takes the name
	g.SetBio("ben", token)
	look(author, "ben", http.StatusOK, "ben on GitHub is not the account that these likes are for")
	look(author, "nobody", http.StatusBadGateway, "nobody")
	if out := b.do("account", "list"); strings.Contains(out, "ben") || strings.Contains(out, "eve") {
		t.Fatalf("somebody has an account: %s", out)
	}
	look(author, "benny", http.StatusOK, "Welcome. This is your account here.")
	author.says("/identities", "benny", "by a token in the public profile", "verified")
	author.post("/settings/security/password", url.Values{"password": {"a long enough one"}}, http.StatusOK, "Set on")
	author.post("/income/destination", url.Values{"destination": {"https://example.org/ben"}}, http.StatusOK, "New payments go there")
	o.signedIn("Ada").says("/month", "ben/tool", "€5.00")
	eve.says(link, "This has been claimed")
	look(eve, "benny", http.StatusOK, "This has been claimed")
	if out := b.do("claim", "list"); !strings.Contains(out, "benny") || !strings.Contains(out, "profile") {
		t.Errorf("claims: %s", out)
	}
	b.world.Clock.Set(afterOctober)
	b.do("poll", "1")
	b.do("settle")
	b.do("payout", "plan")
	o.signedIn("Ada").says("/slips", "benny", "€5.00", "https://example.org/ben")
	b.do("ledger", "audit")
}

// What has changed since the page of a claim link was opened is seen where the token is looked for.
func TestATokenInTheProfileTakesNothingThatIsAnothers(t *testing.T) {
	b, o, link := followed(t)
	l, err := o.store.ClaimLink(t.Context(), strings.TrimPrefix(link, "/c/"), o.now())
	if err != nil {
		t.Fatal(err)
	}
	g := gates{o.instance}
	asked := web.Showing{ClaimLink: l.ID, Network: "github", Handle: "ben", Token: g.ShowToken()}
	b.world.GitHub.SetBio("ben", asked.Token)
	want := func(what string, refusal error) {
		t.Helper()
		if got, err := g.Shown(t.Context(), asked); !errors.Is(err, refusal) || got.Account != 0 {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
	bob, _ := o.member("bob", false)
	if _, err := o.proves(t, bob, "github", "ben", func(token string) { b.world.GitHub.SetBio("ben", token+" "+asked.Token) }); err != nil {
		t.Fatal(err)
	}
	want("claimed meanwhile", flattery.ErrClaimed)
	c := o.claim(t, bob)
	if err := o.update(t.Context(), func(tx store.Tx) error { return tx.RemoveClaim(t.Context(), c.ID, o.now()) }); err != nil {
		t.Fatal(err)
	}
	ada, err := o.store.AccountNamed(t.Context(), "Ada")
	if err != nil {
		t.Fatal(err)
	}
	list, err := o.store.Flattrs(t.Context(), store.FlattrQuery{Account: ada.ID, Month: flattery.MonthOf(o.now(), time.UTC), Limit: 10})
	if err != nil || len(list) != 1 {
		t.Fatalf("%d flattrs, %v", len(list), err)
	}
	if err := (pages{gates: g}).RemoveFlattr(t.Context(), ada.ID, list[0].ID); err != nil {
		t.Fatal(err)
	}
	want("nothing waits any more", flattery.ErrAttempt)
	if err := (pages{gates: g}).RestoreFlattr(t.Context(), ada.ID, list[0].ID); err != nil {
		t.Fatal(err)
	}
	asked.Handle = " "
	if _, err := g.Shown(t.Context(), asked); err == nil || !strings.Contains(err.Error(), "is no name at GitHub") {
		t.Errorf("no name: %v", err)
	}
	asked.Handle = "@ben"
	if got, err := g.Shown(t.Context(), asked); err != nil || got.Joined != 1 || got.Account == 0 || got.Claim == 0 {
		t.Errorf("then: %+v, %v", got, err)
	}
}
