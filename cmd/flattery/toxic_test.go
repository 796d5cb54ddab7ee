package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"flattery"
	"flattery/internal/claim"
	"flattery/internal/poll"
	"flattery/internal/sandbox"
)

// toxins are what a bad line does to an answer. A cut one ends after so many bytes.
func toxins() map[string]string {
	all := map[string]string{
		"latency":  `{"type":"latency","attributes":{"latency":30,"jitter":30}}`,
		"reset":    `{"type":"reset_peer","attributes":{"timeout":0}}`,
		"slicer":   `{"type":"slicer","attributes":{"average_size":40,"size_variation":39,"delay":20}}`,
		"time-out": `{"type":"timeout","attributes":{"timeout":40}}`,
	}
	cuts, step := 12, 97*9
	if os.Getenv("FLATTERY_LONG") == "1" {
		cuts, step = 120, 97
	}
	for n := 1; n <= cuts; n++ {
		all[fmt.Sprintf("cut at %05d", n*step)] = fmt.Sprintf(`{"type":"limit_data","attributes":{"bytes":%d}}`, n*step)
	}
	return all
}

// Between us and each network the line goes bad in every way; after it heals nothing is lost and nothing stands twice.
func TestABadLineLosesAndDoublesNothing(t *testing.T) {
	log := zerolog.Nop()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), log)
	for _, k := range theCard() {
		t.Run(k.name, func(t *testing.T) {
			b := newBench(t, october)
			at, err := url.Parse(k.base(b.world))
			if err != nil {
				t.Fatal(err)
			}
			proxy := toxiproxy.NewProxy(server, k.name, "127.0.0.1:0", at.Host)
			if err := proxy.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(proxy.Stop)
			advertise(b.world, k.name, "http://"+proxy.Listen+"/")
			o := openPages(b)
			newToxicTale(t, o, k).tell(proxy)
		})
	}
}

func advertise(w *sandbox.World, network, base string) {
	map[string]func(string){
		"twitter": w.X.Advertise, "github": w.GitHub.Advertise, "flickr": w.Flickr.Advertise, "soundcloud": w.SoundCloud.Advertise,
		"vimeo": w.Vimeo.Advertise, "fivehundredpx": w.FiveHundredPX.Advertise,
	}[network](base)
}

// toxicTale is one person's likes on one network.
type toxicTale struct {
	*testing.T
	o       *opened
	k       card
	account flattery.AccountID
	ada     string
	zoe     string
	liked   []string // titles, in the order they were liked
}

func newToxicTale(t *testing.T, o *opened, k card) *toxicTale {
	t.Helper()
	account, _ := o.member("ada", false)
	s := &toxicTale{T: t, o: o, k: k, account: account, ada: k.person(o.bench.world, "ada"), zoe: k.person(o.bench.world, "zoe")}
	k.like(o.bench.world, s.ada, k.thing(o.bench.world, s.zoe, "old"))
	o.bench.world.Clock.Advance(time.Hour)
	got, err := o.connect(t.Context(), account, k.name, s.ada, claim.Linking)
	if err == nil {
		err = o.linked(t.Context(), got)
	}
	if err != nil {
		t.Fatal(err)
	}
	o.bench.world.Clock.Advance(time.Hour)
	for range 3 {
		o.polls()
	}
	return s
}

// connect goes through the OAuth flow as somebody in a browser does.
func (o *opened) connect(ctx context.Context, account flattery.AccountID, network, login string, purpose claim.Purpose) (claim.Granted, error) {
	c, err := o.enabled.Get(network)
	if err != nil {
		return claim.Granted{}, err
	}
	begun, err := o.flow.Begin(ctx, claim.Asked{Account: account, Browser: "b", Network: network, Purpose: purpose})
	if err != nil {
		return claim.Granted{}, err
	}
	back, err := sandbox.Agree(ctx, begun.URL, login)
	if err != nil {
		return claim.Granted{}, err
	}
	return o.flow.Finish(ctx, claim.Answered{Account: account, Browser: "b", Network: network, Host: c.Info().Host, Query: back.Query()})
}

func (s *toxicTale) tell(proxy *toxiproxy.Proxy) {
	all := toxins()
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for n := range 3 {
			title := fmt.Sprintf("%s %d", strings.ReplaceAll(name, "-", ""), n)
			s.k.like(s.o.bench.world, s.ada, s.k.thing(s.o.bench.world, s.zoe, title))
			s.liked = append(s.liked, strings.ReplaceAll(title, " ", "-"))
			s.o.bench.world.Clock.Advance(time.Second)
		}
		toxic, err := proxy.Toxics.AddToxicJson(strings.NewReader(all[name]))
		if err != nil {
			s.Fatal(err)
		}
		s.o.polls() // whatever comes of it
		if err := proxy.Toxics.RemoveToxic(s.Context(), toxic.Name); err != nil {
			s.Fatal(err)
		}
		s.o.client.CloseIdleConnections()
		s.reconnects()
	}
	s.o.polls()
	s.reconnects()
	for range 3 {
		if reasons := s.o.polls(); !slices.Equal(reasons, []string{""}) {
			s.Errorf("the line is well and the poll ends with %q", reasons)
		}
	}
	s.holds()
}

// reconnects does what a donor does when a link asks for it. That is right only where a token was being exchanged for a new one,
// and the answer was lost: then nobody here has the new one.
func (s *toxicTale) reconnects() {
	s.Helper()
	links, err := s.o.store.Links(s.Context(), s.account)
	if err != nil || len(links) != 1 {
		s.Fatalf("%d links, error %v", len(links), err)
	}
	if links[0].State == flattery.LinkActive {
		return
	}
	token, err := s.o.store.Token(s.Context(), links[0].ID)
	if err != nil || token.Refresh == "" || links[0].Reason != poll.ReasonReconnect {
		s.Fatalf("link %+v stopped, error %v", links[0], err)
	}
	got, err := s.o.connect(s.Context(), s.account, s.k.name, s.ada, claim.Linking)
	if err == nil {
		err = s.o.linked(s.Context(), got)
	}
	if err != nil {
		s.Fatal(err)
	}
}

// holds compares what was liked with what counts for it: each once.
func (s *toxicTale) holds() {
	s.Helper()
	got := map[string]int{}
	for _, title := range s.o.allTitles(s.T, s.account) {
		title = strings.ReplaceAll(title[strings.LastIndex(title, "/")+1:], " ", "-")
		got[title]++
	}
	for _, title := range s.liked {
		if got[title] != 1 {
			s.Errorf("%q stands %d times", title, got[title])
		}
		delete(got, title)
	}
	if len(got) != 0 {
		s.Errorf("nobody liked %v", got)
	}
}

// allTitles are those of every flattr that is not older than its link.
func (o *opened) allTitles(t *testing.T, account flattery.AccountID) (titles []string) {
	t.Helper()
	list, err := pages{o.store, gates{o.instance}}.Flattrs(t.Context(), account, 0, "", 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		titles = append(titles, f.Thing.Title)
	}
	return titles
}
