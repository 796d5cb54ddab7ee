package web

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"flattery"
	"flattery/internal/signin"
	"flattery/store"
	"flattery/store/eachtest"
)

// realDesk lets a world's people in by a real desk over a real store, which has its accounts under their numbers.
func realDesk(t *testing.T, w *world, address string) (*signin.Desk, store.Store) {
	t.Helper()
	s := (&eachtest.Place{Dir: t.TempDir()}).Open(t, eachtest.Options{})
	desk, err := signin.New(signin.Options{Store: s, Now: time.Now, Clock: time.Now, Address: address, Cost: signin.Cost{Memory: 64, Passes: 1, Threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Update(t.Context(), func(tx store.Tx) error {
		for _, id := range []flattery.AccountID{ada, bob} {
			got, err := tx.AddAccount(t.Context(), w.accounts[id])
			if err != nil || got != id {
				return errors.Join(err, fmt.Errorf("account %d is %d", id, got))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return desk, s
}

// stored is a world whose accounts and sessions are those of a store.
type stored struct {
	*world
	s store.Store
}

func (w stored) Account(ctx context.Context, id flattery.AccountID) (flattery.Account, error) {
	return w.s.Account(ctx, id)
}

func (w stored) FindSession(ctx context.Context, token string) ([]byte, bool, error) {
	return w.s.Session(ctx, token, time.Now())
}

func (w stored) AddSession(ctx context.Context, v flattery.Session, data []byte) error {
	return w.s.Update(ctx, func(tx store.Tx) error { return tx.AddSession(ctx, v, data) })
}

func (w stored) ChangeSession(ctx context.Context, v flattery.Session, data []byte) error {
	return w.s.Update(ctx, func(tx store.Tx) error { return tx.ChangeSession(ctx, v, data) })
}

func (w stored) RemoveSession(ctx context.Context, token string) error {
	return w.s.Update(ctx, func(tx store.Tx) error { return tx.DeleteSession(ctx, token) })
}

// authenticator gives the browser a device that says yes to everything.
func authenticator(ctx context.Context, t *testing.T) (id webauthn.AuthenticatorID) {
	t.Helper()
	err := chromedp.Do(ctx, command(webauthn.Enable, webauthn.EnableParams{}), chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		got, err := cdp.Call(ctx, target, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: "ctap2", Transport: "internal", HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		}})
		id = got.AuthenticatorID
		return err
	}))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// stage is a browser with a device, before pages whose desk is real.
type stage struct {
	*testing.T
	ctx   context.Context
	world *world
	store store.Store
	desk  *signin.Desk
	url   string
}

func newStage(t *testing.T) *stage {
	t.Helper()
	h := &stage{T: t, ctx: chromium(t), world: populated(false)}
	server := httptest.NewUnstartedServer(nil)
	h.url = strings.Replace("http://"+server.Listener.Addr().String(), "127.0.0.1", "localhost", 1)
	h.desk, h.store = realDesk(t, h.world, "http://"+server.Listener.Addr().String())
	o := options(t, h.world)
	all := stored{h.world, h.store}
	o.Store, o.Sessions, o.Desk, o.BaseURL = all, all, h.desk, ""
	server.Config.Handler = handler(t, o)
	server.Start()
	t.Cleanup(server.Close)
	return h
}

// does acts in the browser until something stands on a page, and says what the page says first.
func (h *stage) does(page, sign string, acts ...chromedp.Action[chromedp.Void]) (said string) {
	h.Helper()
	ctx, stop := context.WithTimeout(h.ctx, 30*time.Second)
	defer stop()
	if err := chromedp.Do(ctx, append(acts, chromedp.WaitVisible(chromedp.CSS(sign)))...); err != nil {
		here, _ := chromedp.Run(h.ctx, chromedp.Evaluate[string](`location.pathname + " " + document.body.innerText`))
		h.Fatalf("on the way to %s: %v; on %s", page, err, here)
	}
	got, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.pathname + " " + (document.querySelector(".flash, .note:not([hidden])") || document.querySelector("h1")).textContent`))
	where, said, _ := strings.Cut(got, " ")
	if err != nil || where != page {
		h.Fatalf("came to %s and not to %s, %v: %s", where, page, err, said)
	}
	return said
}

func (h *stage) keys(id flattery.AccountID) []flattery.Passkey {
	h.Helper()
	k, err := h.desk.Keys(h.Context(), id)
	if err != nil {
		h.Fatal(err)
	}
	return k.Passkeys
}

func click(selector string) chromedp.Action[chromedp.Void] {
	return chromedp.Click(chromedp.CSS(selector))
}

func TestAPasskeyIsMadeUsedAndRemovedInABrowser(t *testing.T) {
	h := newStage(t)
	device := authenticator(h.ctx, t)
	h.world.tokens["link"] = bob
	h.does("/welcome", ".flash", looks[0].metrics(), chromedp.Navigate(h.url+"/enter/link"), click("button.main"))
	h.does("/settings/security", "#device", click(".todo a"))
	said := h.does("/settings/security", "article.card", chromedp.SendKeys(chromedp.CSS("#device"), "key ring"), click("form[data-begin] button"))
	keys := h.keys(bob)
	if !strings.Contains(said, "The passkey is added.") || len(keys) != 1 || keys[0].Name != "key ring" || !keys[0].UsedAt.IsZero() || keys[0].Flags&4 == 0 {
		t.Fatalf("said %q, keys %+v", said, keys)
	}
	h.does("/", ".steps", click("form[action='/leave'] button"))

	h.does("/month", ".sums", chromedp.Navigate(h.url+"/signin"), click("form[data-begin] button"))
	used := h.keys(bob)[0]
	if used.UsedAt.IsZero() || used.Count <= keys[0].Count {
		t.Errorf("after signing in: %+v", used)
	}

	h.world.clock = time.Hour
	h.does("/stepup", "form[action='/stepup/passkey'] button", chromedp.Navigate(h.url+"/settings/security"), click("article.card summary"), click("article.card details button"))
	said = h.does("/settings/security", ".flash", click("form[data-begin] button"))
	if !strings.Contains(said, "Thank you.") {
		t.Errorf("after showing it: %q", said)
	}
	refused := true
	bits := webauthn.SetResponseOverrideBitsParams{AuthenticatorID: device, IsBogusSignature: &refused}
	said = h.does("/stepup/passkey", ".note:not([data-failed])", command(webauthn.SetResponseOverrideBits, bits), chromedp.Navigate(h.url+"/stepup?next=/slips"), click("form[data-begin] button"))
	if !strings.Contains(said, "Nothing was changed") {
		t.Errorf("a signature that is none: %q", said)
	}
	said = h.does("/settings/security", ".flash", chromedp.Navigate(h.url+"/settings/security"), click("article.card summary"), click("article.card details button"))
	if !strings.Contains(said, "The passkey is removed.") || len(h.keys(bob)) != 0 {
		t.Errorf("after removing it: %q, %v", said, h.keys(bob))
	}
	h.does("/", ".steps", click("form[action='/leave'] button"))
	refused = false
	said = h.does("/signin/passkey", ".kicker", command(webauthn.SetResponseOverrideBits, webauthn.SetResponseOverrideBitsParams{AuthenticatorID: device}),
		chromedp.Navigate(h.url+"/signin"), click("form[data-begin] button"))
	if !strings.Contains(said, "That is not right") {
		t.Errorf("with a passkey that was removed: %q", said)
	}
}

func TestANewcomerComesByAPasskeyInABrowser(t *testing.T) {
	h := newStage(t)
	authenticator(h.ctx, t)
	token, _, err := h.desk.Invite(t.Context(), ada)
	if err != nil {
		t.Fatal(err)
	}
	said := h.does("/month", ".flash", chromedp.Navigate(h.url+"/invite/"+token), chromedp.SendKeys(chromedp.CSS("#name"), "Eve"), click("[data-passkey]"))
	if !strings.Contains(said, "Welcome, Eve.") {
		t.Errorf("said %q", said)
	}
	eve, err := h.store.AccountNamed(t.Context(), "eve")
	if err != nil || len(h.keys(eve.ID)) != 1 || eve.Admin {
		t.Fatalf("account %+v, %v", eve, err)
	}
	h.does("/", ".steps", click("form[action='/leave'] button"))
	h.does("/month", ".sums", chromedp.Navigate(h.url+"/signin"), click("form[data-begin] button"))
	if err := h.desk.Invited(t.Context(), token); !errors.Is(err, flattery.ErrNotFound) {
		t.Errorf("the invite still lets somebody in: %v", err)
	}
}

func TestABrowserWithoutADeviceSaysSo(t *testing.T) {
	h := newStage(t)
	id := authenticator(h.ctx, t)
	deny := webauthn.SetUserVerifiedParams{AuthenticatorID: id}
	h.does("/signin", "[data-failed]", command(webauthn.SetUserVerified, deny), chromedp.Navigate(h.url+"/signin"), click("form[data-begin] button"))
}
