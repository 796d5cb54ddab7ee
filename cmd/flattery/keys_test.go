package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"flattery"
	"flattery/internal/claim"
	"flattery/internal/poll"
)

// The owner of an instance enters the keys of each network in the pages, tries them, and only then can it be linked.
func TestKeysAreEnteredAndTriedInThePages(t *testing.T) {
	b := newBench(t, october)
	o := openPages(b)
	_, door := o.member("owner", true)
	donor, otherDoor := o.member("donor", false)
	owner, other := visit(t), visit(t)
	owner.ask(http.MethodPost, door, nil)
	other.ask(http.MethodPost, otherDoor, nil)
	for _, k := range theCard() {
		t.Run(k.name, func(t *testing.T) {
			set := o.Networks[k.name]
			id, secret := set.ClientID, set.ClientSecret
			set.ClientID, set.ClientSecret, set.Key = "", "", ""
			o.Networks[k.name] = set
			page := o.base + "/networks/" + k.name + "/keys"
			if status, _ := other.ask(http.MethodGet, page, nil); status != http.StatusNotFound {
				t.Errorf("a donor sees the keys: %d", status)
			}
			c, err := o.enabled.Get(k.name)
			if err != nil {
				t.Fatal(err)
			}
			if _, text := owner.ask(http.MethodGet, page, nil); !strings.Contains(text, o.flow.Callback(c.Info())) {
				t.Errorf("the page does not say where to come back to: %s", text)
			}
			who := k.person(b.world, "ada")
			if _, err := o.connect(t.Context(), donor, k.name, who, claim.Linking); err == nil {
				t.Error("it can be linked without keys")
			}
			field := map[bool]string{true: "key", false: "id"}[c.Info().NeedsKey]
			enters := func(id, secret string) {
				t.Helper()
				if status, text := owner.ask(http.MethodPost, page, url.Values{field: {id}, "secret": {secret}}); status != http.StatusOK {
					t.Fatalf("entering the keys: %d %s", status, text)
				}
			}
			tried := func() bool {
				t.Helper()
				good, _, err := gates{o.instance}.TestKeys(t.Context(), k.name)
				if err != nil {
					t.Fatal(err)
				}
				return good
			}
			enters(id, "a wrong secret")
			if tried() {
				t.Error("wrong keys are good")
			}
			enters("", string(secret)) // what is left empty stays
			if !tried() {
				t.Error("good keys are not")
			}
			if status, text := owner.ask(http.MethodPost, page+"/test", nil); status != http.StatusOK || strings.Contains(text, string(secret)) {
				t.Errorf("trying them in the page: %d", status)
			}
			if _, text := owner.ask(http.MethodGet, page, nil); strings.Contains(text, string(secret)) {
				t.Error("the page repeats the secret")
			}
			got, err := o.connect(t.Context(), donor, k.name, who, claim.Linking)
			if err == nil {
				err = o.linked(t.Context(), got)
			}
			if err != nil {
				t.Errorf("linking with the keys that were entered: %v", err)
			}
		})
	}
}

// A link that stood still because of the keys goes on when others are entered.
func TestLinksGoOnWithNewKeys(t *testing.T) {
	b := newBench(t, october)
	o := openPages(b)
	account, _ := o.member("ada", false)
	nsid := b.world.Flickr.AddUser("ada")
	if _, err := (gates{o.instance}).LinkByName(t.Context(), account, "flickr", nsid, false); err != nil {
		t.Fatal(err)
	}
	set := o.Networks["flickr"]
	good := flattery.App{Key: set.Key, Secret: set.ClientSecret}
	set.ClientID, set.ClientSecret, set.Key = "", "", ""
	o.Networks["flickr"] = set
	if reasons := o.polls(); len(reasons) != 1 || reasons[0] != poll.ReasonKeys {
		t.Errorf("without keys: %q", reasons)
	}
	if err := o.saveKeys(t.Context(), "flickr", good); err != nil {
		t.Fatal(err)
	}
	if reasons := o.polls(); len(reasons) != 1 || reasons[0] != "" {
		t.Errorf("with keys: %q", reasons)
	}
	if err := o.saveKeys(t.Context(), "flickr", flattery.App{}); err != nil {
		t.Fatal(err)
	}
	if a, err := o.app(t.Context(), "flickr"); err != nil || a != (flattery.App{}) {
		t.Errorf("forgotten keys are %+v, error %v", a, err)
	}
}

// What reading costs is added up, and stops at the limit.
func TestXStopsAtItsLimit(t *testing.T) {
	b := newBench(t, october)
	o := openPages(b)
	o.poller.Caps = map[string]flattery.Amount{"twitter": 20_000} // four likes
	s := newToxicTale(t, o, theCard()[0])
	for range 6 {
		s.k.like(b.world, s.ada, s.k.thing(b.world, s.zoe, "post"))
	}
	stopped := false
	for range 3 {
		for _, reason := range o.polls() {
			stopped = stopped || reason == poll.ReasonSpend
		}
	}
	networks, err := gates{o.instance}.Networks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if x := networks[0]; !stopped || x.Spent < 20_000 || x.Spent > 60_000 || x.Reads == 0 || x.Price != "USD" {
		t.Errorf("stopped %t, spent %s for %d", stopped, x.Spent, x.Reads)
	}
}
