package main

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"flattery"
	"flattery/config"
	"flattery/connectors"
	"flattery/internal/claim"
	"flattery/internal/sandbox"
	"flattery/store"
)

// writer is a network on which people write in their profiles, are renamed, and go.
type writer struct {
	card
	write  func(w *sandbox.World, who, text, page string) // who as in card
	rename func(w *sandbox.World, who string)             // the name becomes free
	retake func(w *sandbox.World) string                  // somebody else takes it, and is called so
	renew  string                                         // the name after it
	found  bool                                           // who was renamed is found by the number
	pages  bool                                           // profiles link to pages of one's own
}

// writers are all six.
func writers() []writer {
	all := make([]writer, 0, 6)
	for _, k := range theCard() {
		n := writer{card: k, renew: "anna", pages: true}
		var s interface {
			SetBio(who, text string)
			SetLink(who, page string)
			Rename(old, name string)
			AddUser(name string) string
		}
		pick := func(w *sandbox.World) {
			switch k.name {
			case "twitter":
				s = w.X
			case "soundcloud":
				s = w.SoundCloud
			case "vimeo":
				s = w.Vimeo
			case "fivehundredpx":
				s = w.FiveHundredPX
			}
		}
		n.write = func(w *sandbox.World, who, text, page string) { pick(w); s.SetBio(who, text); s.SetLink(who, page) }
		n.rename = func(w *sandbox.World, who string) { pick(w); s.Rename(who, "anna") }
		n.retake = func(w *sandbox.World) string { pick(w); s.AddUser("ann"); return "ann" }
		switch k.name {
		case "github":
			n.write = func(w *sandbox.World, who, text, page string) {
				w.GitHub.SetBio(who, text)
				w.GitHub.SetBlog(who, page)
			}
			n.rename = func(w *sandbox.World, who string) { w.GitHub.Rename(who, "anna") }
			n.retake = func(w *sandbox.World) string { w.GitHub.AddUser("ann"); return "ann" }
		case "flickr":
			n.pages, n.found = false, true
			n.write = func(w *sandbox.World, who, text, _ string) { w.Flickr.SetDescription(who, text) }
			n.rename = func(w *sandbox.World, who string) { w.Flickr.SetName(who, "anna") }
			n.retake = func(w *sandbox.World) string { return w.Flickr.AddUser("ann") }
		case "vimeo":
			n.found = true
		}
		all = append(all, n)
	}
	return all
}

// withProofKey lets X read profiles.
func withProofKey(b *bench) func(*config.Config) {
	return func(c *config.Config) {
		n := c.Networks["twitter"]
		n.Key = flattery.Secret(b.world.X.Bearer())
		c.Networks["twitter"] = n
	}
}

// rechecks does what the schedule does in the night, and the jobs that come of it.
func (o *opened) rechecks(t *testing.T) {
	t.Helper()
	now := o.now()
	if err := errors.Join(o.instance.rechecks.Enqueue(t.Context(), now), o.instance.rechecks.Decide(t.Context(), now)); err != nil {
		t.Fatal(err)
	}
	if _, err := o.store.Jobs().Drain(t.Context(), o.paying()); err != nil {
		t.Fatal(err)
	}
}

// owner says whose the identity with a handle is, and how that stands.
func (o *opened) owner(t *testing.T, handle string) string {
	t.Helper()
	claims, err := o.store.Claims(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	name, err := o.names(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range claims {
		if c.Identity.Handle == handle {
			return name(c.Account) + " " + cmp.Or(map[bool]string{true: "disputed"}[c.Disputed], c.Reason, "verified")
		}
	}
	return "nobody"
}

// proves begins a proof as an account, lets write be done with the token, and looks.
func (o *opened) proves(t *testing.T, account flattery.AccountID, network, handle string, write func(token string)) (claim.Taken, error) {
	t.Helper()
	begun, err := gates{o.instance}.BeginProof(t.Context(), account, network, handle)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (gates{o.instance}).LookProof(t.Context(), account, begun.ID); !errors.Is(err, flattery.ErrUnproved) {
		t.Errorf("before it is written: %v", err)
	}
	write(begun.Token)
	_, taken, err := o.look(t.Context(), account, begun.ID)
	return taken, err
}

// A creator of each network proves who they are by the profile; then the name is lost, taken by somebody else, and gone.
func TestAtEveryNetworkNothingIsCreditedToWhoOnlyHasTheName(t *testing.T) {
	for _, k := range writers() {
		t.Run(k.name, func(t *testing.T) {
			b := newBench(t, october)
			o := openPages(b, withProofKey(b))
			w := b.world
			ann, _ := o.member("ann", false)
			eve, _ := o.member("eve", false)
			fan, _ := o.member("fan", false)
			who, liker := k.person(w, "ann"), k.person(w, "fan")
			got, err := o.connect(t.Context(), fan, k.name, liker, claim.Linking)
			if err == nil {
				err = o.linked(t.Context(), got)
			}
			if err != nil {
				t.Fatal(err)
			}
			w.Clock.Advance(time.Hour)
			o.polls()
			k.like(w, liker, k.thing(w, who, "hers"))
			o.polls()
			o.shows(t, fan, flattery.Pending)

			var token string
			taken, err := o.proves(t, ann, k.name, "ann", func(s string) { token = s; k.write(w, who, "I make things. "+s, "") })
			if err != nil || taken.Joined != 1 || o.owner(t, "ann") != "ann verified" {
				t.Fatalf("proved: %+v, %v; it is %s", taken, err, o.owner(t, "ann"))
			}
			o.shows(t, fan, flattery.Counting)
			hers := o.claim(t, ann)

			later := func(days int, want string) {
				t.Helper()
				w.Clock.Advance(time.Duration(days) * 24 * time.Hour)
				o.rechecks(t)
				if c := o.claim(t, ann); c.Identity.Identity != hers.Identity.Identity || c.ID != hers.ID {
					t.Errorf("the claim is of %+v now", c.Identity)
				} else if got := o.owner(t, c.Identity.Handle); got != want {
					t.Errorf("after %d days it is %s, want %s", days, got, want)
				}
			}
			later(91, "ann verified")
			k.write(w, who, "nothing", "")
			later(91, "ann absent")
			k.write(w, who, token, "")
			later(8, "ann verified")

			// renamed: the same subject, another name
			k.rename(w, who)
			if k.found {
				later(91, "ann verified")
			} else {
				later(91, "ann gone")
			}
			if k.name != "flickr" { // whose people are called by their number
				who = "anna"
			}
			// used again: another subject, with the very text in the profile
			thief := k.retake(w)
			k.write(w, thief, token, "")
			w.Clock.Advance(8 * 24 * time.Hour)
			if !k.found {
				later(8, "ann other")
			}
			taken, err = o.proves(t, eve, k.name, "ann", func(s string) { k.write(w, thief, s, "") })
			if err != nil || taken.Dispute != 0 || taken.Joined != 0 {
				t.Errorf("who has the name now: %+v, %v", taken, err)
			}
			if c := o.claim(t, eve); c.Identity.Identity == hers.Identity.Identity {
				t.Errorf("who has the name now has what is not theirs: %+v", c)
			}
			o.shows(t, fan, flattery.Counting)
			// proved under the new name: the same claim
			if taken, err = o.proves(t, ann, k.name, "anna", func(s string) { k.write(w, who, s, "") }); err != nil || taken.Dispute != 0 {
				t.Errorf("proved under the new name: %+v, %v", taken, err)
			}
			if got := o.owner(t, "anna"); got != "ann verified" {
				t.Errorf("under the new name it is %s", got)
			}
			later(91, "ann verified")

			// deleted
			k.gone(w, who)
			later(91, "ann gone")
			k.back(w, who)
			later(8, "ann verified")
		})
	}
}

func (o *opened) claim(t *testing.T, account flattery.AccountID) flattery.Claim {
	t.Helper()
	list, err := o.store.Claims(t.Context(), account)
	if err != nil || len(list) != 1 {
		t.Fatalf("claims %+v, %v", list, err)
	}
	return list[0]
}

// The same with a page of one's own, at the networks that have a field for one.
func TestAPageOfOnesOwnProvesWhereTheProfileLinksToIt(t *testing.T) {
	for _, k := range writers() {
		t.Run(k.name, func(t *testing.T) {
			b := newBench(t, october)
			o := openPages(b, withProofKey(b))
			ann, _ := o.member("ann", false)
			who := k.person(b.world, "ann")
			page := ""
			site := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
				out.Header().Set("Content-Type", "text/html; charset=utf-8")
				_, _ = out.Write([]byte(page))
			}))
			t.Cleanup(site.Close)
			k.write(b.world, who, "", site.URL+"/me")
			begun, err := o.profiles.Begin(t.Context(), ann, k.name, "ann")
			if err != nil {
				t.Fatal(err)
			}
			c, _ := o.enabled.Get(k.name)
			s, err := o.profileSession(t.Context(), c.Info())
			if err != nil {
				t.Fatal(err)
			}
			profile, _, err := c.(connectors.Prover).Prove(t.Context(), s, "ann")
			if err != nil {
				t.Fatal(err)
			}
			back, meta := `<a rel="me" href="`+profile.URL+`">me</a>`, `<meta name="flattery" content="`+begun.Token+`">`
			for _, row := range []struct {
				name, page string
				proves     bool
			}{
				{"a page without anything", "<p>Hello", false},
				{"a link back alone", back, false},
				{"a token alone", meta, false},
				{"a token in the text, where others comment", back + begun.Token, false},
				{"another's token", back + `<meta name="flattery" content="` + connectors.NewClaimToken() + `">`, false},
				{"both", back + meta, k.pages},
			} {
				page = row.page
				_, _, err := o.look(t.Context(), ann, begun.ID)
				if row.proves != (err == nil) || err != nil && !errors.Is(err, flattery.ErrUnproved) {
					t.Errorf("%s: %v", row.name, err)
				}
			}
			if !k.pages {
				return
			}
			if is := o.claim(t, ann); is.Proof != flattery.ByPage || is.Page != site.URL+"/me" {
				t.Errorf("claim %+v", is)
			}
			for _, row := range []struct {
				change func()
				want   string
			}{
				{func() {}, "ann verified"},
				{func() { page = back }, "ann absent"},
				{func() { page = back + meta }, "ann verified"},
				{func() { k.write(b.world, who, "", "https://elsewhere.example/") }, "ann absent"},
			} {
				row.change()
				b.world.Clock.Advance(91 * 24 * time.Hour)
				o.rechecks(t)
				if got := o.owner(t, "ann"); got != row.want {
					t.Errorf("it is %s, want %s", got, row.want)
				}
			}
		})
	}
}

// profileSession is what a profile is read with.
func (o *opened) profileSession(ctx context.Context, info connectors.Info) (connectors.Session, error) {
	a, err := o.app(ctx, info.Network)
	if err != nil {
		return connectors.Session{}, err
	}
	token, err := o.tokens.Instance(ctx, info)
	return connectors.Session{App: a, AppToken: token, Client: o.client, Now: o.now()}, err
}

// Who signed in is looked at by the claim's own token, and by the name where that has ended.
func TestAtEveryNetworkWhoSignedInIsLookedAtAgain(t *testing.T) {
	for _, k := range writers() {
		t.Run(k.name, func(t *testing.T) {
			b := newBench(t, october)
			o := openPages(b, withProofKey(b))
			ann, _ := o.member("ann", false)
			who := k.person(b.world, "ann")
			got, err := o.connect(t.Context(), ann, k.name, who, claim.Claiming)
			if err == nil {
				_, err = o.claimed(t.Context(), got)
			}
			if err != nil {
				t.Fatal(err)
			}
			hers := o.claim(t, ann).Identity.Identity
			later := func(want string) {
				t.Helper()
				b.world.Clock.Advance(91 * 24 * time.Hour)
				o.rechecks(t)
				c := o.claim(t, ann)
				if got := o.owner(t, c.Identity.Handle); got != want || c.Identity.Identity != hers {
					t.Errorf("it is %s, want %s", got, want)
				}
			}
			later("ann verified")
			k.revoke(b.world, who)
			later("ann verified")
			k.gone(b.world, who)
			later("ann gone")
		})
	}
}

// What X takes for a profile is booked, and nothing is asked of it once that is spent.
func TestProofsAtXRespectTheCap(t *testing.T) {
	b := newBench(t, october)
	o := openPages(b, withProofKey(b))
	b.world.X.AddUser("ann")
	ann, _ := o.member("ann", false)
	begun, err := o.profiles.Begin(t.Context(), ann, "twitter", "@ann")
	if err != nil {
		t.Fatal(err)
	}
	month := flattery.MonthOf(o.now(), time.UTC)
	spent := func() flattery.Amount {
		t.Helper()
		s, err := o.store.Spent(t.Context(), "twitter", month)
		if err != nil {
			t.Fatal(err)
		}
		return s.Amount
	}
	look := func(reason string, costs flattery.Amount) {
		t.Helper()
		before := spent()
		_, _, err := o.look(t.Context(), ann, begun.ID)
		outside, ok := errors.AsType[*flattery.OutsideError](err)
		if reason == "" && !errors.Is(err, flattery.ErrUnproved) || reason != "" && (!ok || outside.Reason != reason) {
			t.Errorf("got %v, want %q", err, reason)
		}
		if got := spent() - before; got != costs {
			t.Errorf("it cost %s, want %s", got, costs)
		}
	}
	look("", 10_000)
	if err := o.update(t.Context(), func(tx store.Tx) error {
		return tx.Spend(t.Context(), "twitter", month, store.Spending{Amount: 1000 * flattery.Unit})
	}); err != nil {
		t.Fatal(err)
	}
	look("spend", 0)
}
