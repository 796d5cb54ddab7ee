package main

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/internal/claim"
	"flattery/internal/poll"
	"flattery/internal/sandbox"
)

// rename gives somebody another name at each network; ids stay.
func rename(w *sandbox.World, network, who, name string) {
	map[string]func(old, name string){
		"twitter": w.X.Rename, "github": w.GitHub.Rename, "flickr": w.Flickr.SetName, "soundcloud": w.SoundCloud.Rename, "vimeo": w.Vimeo.Rename,
		"fivehundredpx": w.FiveHundredPX.Rename,
	}[network](who, name)
}

// linkedPerson is ada on one network, linked by OAuth or by name, with everything older read.
func (o *opened) linkedPerson(t *testing.T, k card, byName bool) (account flattery.AccountID, ada, zoe string) {
	t.Helper()
	w := o.bench.world
	account, _ = o.member("ada", false)
	ada, zoe = k.person(w, "ada"), k.person(w, "zoe")
	k.like(w, ada, k.thing(w, zoe, "old"))
	w.Clock.Advance(time.Hour)
	if byName {
		if _, err := (gates{o.instance}).LinkByName(t.Context(), account, k.name, ada, false); err != nil {
			t.Fatal(err)
		}
	} else {
		got, err := o.connect(t.Context(), account, k.name, ada, claim.Linking)
		if err == nil {
			err = o.linked(t.Context(), got)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	w.Clock.Advance(time.Hour)
	o.polled(t, "")
	return account, ada, zoe
}

// polled polls the one link there is, and wants it to end so.
func (o *opened) polled(t *testing.T, reason string) {
	t.Helper()
	if reasons := o.polls(); !slices.Equal(reasons, []string{reason}) {
		t.Errorf("polled with %q, want %q", reasons, reason)
	}
}

// The public way needs nobody's permission: a name, and what the network gives the instance itself.
func TestLikesAreReadByNameWhereANetworkTellsThem(t *testing.T) {
	for _, k := range theCard() {
		t.Run(k.name, func(t *testing.T) {
			o := openPages(newBench(t, october))
			c, err := o.enabled.Get(k.name)
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := c.(connectors.Resolver); !ok {
				if k.name != "twitter" {
					t.Error("cannot be read by name")
				}
				return
			}
			account, ada, zoe := o.linkedPerson(t, k, true)
			for n := range 3 {
				k.like(o.bench.world, ada, k.thing(o.bench.world, zoe, fmt.Sprint("new ", n)))
				o.bench.world.Clock.Advance(time.Minute)
				o.polled(t, "")
			}
			if titles := o.allTitles(t, account); len(titles) != 3 {
				t.Errorf("read %q", titles)
			}
		})
	}
}

// A suspended person's link waits or tries again, whatever the network says of such people; restored, nothing is lost.
func TestSomebodyIsSuspendedAndComesBack(t *testing.T) {
	for _, k := range theCard() {
		t.Run(k.name, func(t *testing.T) {
			o := openPages(newBench(t, october))
			account, ada, zoe := o.linkedPerson(t, k, false)
			k.gone(o.bench.world, ada)
			reasons := o.polls()
			if len(reasons) != 1 || reasons[0] == "" {
				t.Errorf("polled with %q", reasons)
			}
			t.Logf("a suspended person's poll ends with %q", reasons)
			k.back(o.bench.world, ada)
			k.like(o.bench.world, ada, k.thing(o.bench.world, zoe, "later"))
			links, err := o.store.Links(t.Context(), account)
			if err != nil || len(links) != 1 {
				t.Fatal(links, err)
			}
			if links[0].State == flattery.LinkSuspended {
				got, err := o.connect(t.Context(), account, k.name, ada, claim.Linking)
				if err == nil {
					err = o.linked(t.Context(), got)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			o.polled(t, "")
			if titles := o.allTitles(t, account); len(titles) != 1 {
				t.Errorf("read %q", titles)
			}
		})
	}
}

// A new name changes nothing but how somebody is called; who takes the old one is somebody else.
func TestSomebodyTakesAnotherName(t *testing.T) {
	for _, k := range theCard() {
		for _, byName := range []bool{false, true} {
			if byName && k.name == "twitter" {
				continue
			}
			t.Run(fmt.Sprint(k.name, map[bool]string{true: " by name"}[byName]), func(t *testing.T) {
				o := openPages(newBench(t, october))
				w := o.bench.world
				account, ada, zoe := o.linkedPerson(t, k, byName)
				rename(w, k.name, ada, "adanew")
				now := map[bool]string{true: ada, false: "adanew"}[k.name == "flickr"] // a photo site knows people by number
				if k.name != "flickr" {
					thief := k.person(w, "ada")
					k.like(w, thief, k.thing(w, zoe, "not hers"))
				}
				k.like(w, now, k.thing(w, zoe, "hers"))
				o.polled(t, "")
				titles := o.allTitles(t, account)
				if len(titles) != 1 {
					t.Errorf("read %q", titles)
				}
			})
		}
	}
}

// Each network says in its own way that it was asked too often, and is left alone for so long.
func TestALimitIsObeyed(t *testing.T) {
	for _, k := range theCard() {
		t.Run(k.name, func(t *testing.T) {
			o := openPages(newBench(t, october))
			w := o.bench.world
			account, ada, zoe := o.linkedPerson(t, k, false)
			k.like(w, ada, k.thing(w, zoe, "later"))
			limit := limits(w, k.name)
			if limit == nil {
				return // it has none that it tells
			}
			limit(true)
			o.polled(t, poll.ReasonRate)
			links, err := o.store.Links(t.Context(), account)
			if err != nil || len(links) != 1 || links[0].State != flattery.LinkActive || !links[0].NextPoll.After(o.now()) {
				t.Errorf("links %+v, error %v", links, err)
			}
			limit(false)
			w.Clock.Advance(24 * time.Hour)
			o.polled(t, "")
			if titles := o.allTitles(t, account); len(titles) != 1 {
				t.Errorf("read %q", titles)
			}
		})
	}
}

// limits lets a network answer nothing any more, and everything again.
func limits(w *sandbox.World, network string) func(on bool) {
	quota := func(set func(sandbox.Quota)) func(bool) {
		return func(on bool) {
			q := sandbox.Quota{Requests: 1 << 30, Per: time.Hour}
			if on {
				q.Requests = 0
			}
			set(q)
		}
	}
	switch network {
	case "twitter":
		return quota(w.X.SetLimits)
	case "soundcloud":
		return quota(w.SoundCloud.SetLimits)
	case "vimeo":
		return quota(w.Vimeo.SetLimits)
	case "fivehundredpx":
		return quota(w.FiveHundredPX.SetLimits)
	case "github":
		return func(on bool) {
			l := sandbox.Limits{Anonymous: 1e6, User: 1e6, Status: 403}
			if on {
				l.Anonymous, l.User = 0, 0
			}
			w.GitHub.SetLimits(l)
		}
	}
	return nil
}
