package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"flattery"
	"flattery/connectors"
	"flattery/internal/poll"
)

// slowestPoll is longer than any link waits that is well.
const slowestPoll = 8 * time.Hour

// browser starts a Chromium with nothing of its own, or skips where there is none.
func browser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("FLATTERY_CI") == "1" {
			t.Fatal("no chromium: install it, people link their accounts with it")
		}
		t.Skip("no chromium here")
	}
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("no-first-run", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.WSURLReadTimeout(time.Minute))
	allocated, stop := chromedp.NewExecAllocator(t.Context(), flags...)
	t.Cleanup(stop)
	ctx, stop := chromedp.NewContext(allocated)
	t.Cleanup(stop)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatalf("chromium does not start: %v", err)
	}
	return ctx
}

// person is somebody in front of a browser.
type person struct {
	*testing.T
	ctx  context.Context
	base string // where the pages are
	name string // of the pictures
	seen int    // pictures
}

// story is that of linking one network.
type story struct {
	person
	o *opened
	k card
}

// sees waits until a page shows a text.
func (s *person) sees(text string) {
	s.Helper()
	var body string
	for range 50 {
		ctx, stop := context.WithTimeout(s.ctx, 10*time.Second)
		said, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`))
		stop()
		body = said
		if err == nil && strings.Contains(body, text) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.picture("not-seen")
	s.Fatalf("the page does not show %q:\n%s", text, body)
}

// goes opens a page.
func (s *person) goes(path string) {
	s.Helper()
	if err := chromedp.Do(s.ctx, chromedp.Navigate(s.base+path)); err != nil {
		s.Fatal(err)
	}
}

// presses clicks the button or link of a selector, and waits for the page to which it leads: what it finds next stands there.
func (s *person) presses(css string) {
	s.Helper()
	ctx, stop := context.WithTimeout(s.ctx, 20*time.Second)
	defer stop()
	page, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(css)))
	if err != nil {
		s.picture("not-pressed")
		s.Fatalf("pressing %s: %v", css, err)
	}
	if page != nil && page.Status >= http.StatusInternalServerError { // none where it led elsewhere on the same page
		s.picture("failed")
		s.Fatalf("pressing %s: %s answers %d", css, page.URL, page.Status)
	}
}

// unfolds clicks on what unfolds more of the page it stands on.
func (s *person) unfolds(css string) {
	s.Helper()
	s.does("unfolding by "+css, chromedp.Click(chromedp.CSS(css)))
}

// does a few steps on the page that is open.
func (s *person) does(what string, steps ...chromedp.Action[chromedp.Void]) {
	s.Helper()
	ctx, stop := context.WithTimeout(s.ctx, 20*time.Second)
	defer stop()
	if err := chromedp.Do(ctx, steps...); err != nil {
		s.picture("not-done")
		s.Fatalf("%s: %v", what, err)
	}
}

// agrees signs in at the network and lets Flattery in.
func (s *person) agrees(who string) {
	s.Helper()
	s.types("input[name=login]", who)
	s.presses(`button[name=answer][value=yes]`)
}

func (s *person) picture(name string) {
	folder := os.Getenv("FLATTERY_ARTEFACTS")
	if folder == "" {
		return
	}
	ctx, stop := context.WithTimeout(s.ctx, 20*time.Second)
	defer stop()
	if png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100)); err == nil {
		s.seen++
		_ = os.WriteFile(filepath.Join(folder, fmt.Sprintf("%s-%02d-%s.png", s.name, s.seen, name)), png, 0o600)
	}
}

// A donor links an account in the browser, once for each network, and never thinks of it again.
func TestEveryNetworkIsLinkedInABrowser(t *testing.T) {
	ctx := browser(t)
	for _, k := range theCard() {
		t.Run(k.name, func(t *testing.T) {
			limited, stop := context.WithTimeout(ctx, time.Minute)
			defer stop()
			o := openPages(newBench(t, october))
			(&story{person{T: t, ctx: limited, base: o.base, name: k.name}, o, k}).tell()
		})
	}
}

func (s *story) tell() {
	k, o, w := s.k, s.o, s.o.bench.world
	account, door := o.member("ada on "+k.name, false)
	ada, zoe := k.person(w, "ada"+k.name), k.person(w, "zoe"+k.name)
	old := k.thing(w, zoe, "an old thing")
	k.like(w, ada, old)
	w.Clock.Advance(time.Hour)
	if err := chromedp.Do(s.ctx, chromedp.Navigate(door)); err != nil {
		s.Fatal(err)
	}
	s.presses("button.main")
	s.sees("ada on " + k.name)

	// start → authorize → callback
	s.goes("/networks/" + k.name)
	s.picture("network")
	s.presses(`form[action="/connect"] button`)
	s.picture("authorize")
	s.agrees(ada)
	s.sees("ada" + k.name)
	s.picture("linked")
	links, err := o.store.Links(s.Context(), account)
	if err != nil || len(links) != 1 || links[0].Proof != flattery.ByOAuth || links[0].State != flattery.LinkActive {
		s.Fatalf("links %+v, error %v", links, err)
	}
	token, err := o.store.Token(s.Context(), links[0].ID)
	if err != nil || !token.Has() {
		s.Fatalf("no token, error %v", err)
	}

	// first poll → a new like appears as a flattr
	s.polled(account, "")
	fresh := k.thing(w, zoe, "a new thing")
	k.like(w, ada, fresh)
	s.polled(account, "", "new")
	s.goes("/month")
	s.sees("new")

	// token revoked → "Reconnect" → works again
	k.revoke(w, ada)
	s.polled(account, poll.ReasonReconnect, "new")
	s.goes("/links")
	s.picture("stopped")
	s.presses(`form[action="/connect"] button`)
	s.agrees(ada)
	s.sees("ada" + k.name)
	later := k.thing(w, zoe, "a later thing")
	k.like(w, ada, later)
	s.polled(account, "", "later", "new")

	// unlink
	token, err = o.store.Token(s.Context(), links[0].ID)
	if err != nil {
		s.Fatal(err)
	}
	s.goes("/links")
	s.unlinks()
	if links, err = o.store.Links(s.Context(), account); err != nil || len(links) != 0 {
		s.Errorf("links %+v, error %v", links, err)
	}
	s.picture("unlinked")
	if c, _ := o.enabled.Get(k.name); revokes(c) {
		app, err := o.app(s.Context(), k.name)
		if err != nil {
			s.Fatal(err)
		}
		works := true // it is given back once the page is answered
		for tries := 0; works && tries < 50; tries++ {
			_, err := c.Identify(s.Context(), session(o, token, app))
			if works = err == nil; works {
				time.Sleep(100 * time.Millisecond)
			}
		}
		if works {
			s.Errorf("the token of %s still works after unlinking", ada)
		}
	}
}

// polled polls, and says what the account's month shows then.
func (s *story) polled(account flattery.AccountID, reason string, shows ...string) {
	s.Helper()
	reasons := s.o.polls()
	if !slices.Equal(reasons, []string{reason}) {
		s.Fatalf("polled with %q, want %q", reasons, reason)
	}
	titles := s.o.titles(s.T, account)
	if len(titles) != len(shows) {
		s.Fatalf("the month shows %q, want %q", titles, shows)
	}
	for i, word := range shows {
		if !strings.Contains(titles[i], word) {
			s.Errorf("the month shows %q, want %q", titles, shows)
		}
	}
}

// unlinks presses what says so, and then what is sure.
func (s *story) unlinks() {
	s.Helper()
	s.unfolds(`details.sure summary`)
	s.presses(`form[action$="/remove"] button`)
	s.sees("Flattery")
	for range 50 {
		links, err := s.o.store.Links(s.Context(), 0)
		if err == nil && !slices.ContainsFunc(links, func(l flattery.Link) bool { return l.Identity.Network == s.k.name }) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// revokes reports whether a network takes tokens back.
func revokes(c connectors.Connector) bool {
	_, ok := c.(connectors.Revoker)
	return ok
}

func session(o *opened, token flattery.Token, app flattery.App) connectors.Session {
	return connectors.Session{Token: token, App: app, Client: o.client, Now: o.now()}
}
