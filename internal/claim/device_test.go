package claim_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/connectors/github"
	"flattery/internal/claim"
	"flattery/internal/sandbox"
)

func world(t *testing.T) *sandbox.World {
	t.Helper()
	w, err := sandbox.Open(sandbox.NewClock(time.Date(2026, 10, 1, 9, 0, 0, 0, time.UTC)), 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	w.GitHub.AddUser("ada")
	w.GitHub.SetDevice(sandbox.DeviceRules{Interval: time.Second, ExpiresIn: 15 * time.Minute})
	return w
}

func TestWhatADeviceIsTold(t *testing.T) {
	app := connectors.App{ID: "test"}
	for _, row := range []struct {
		name   string
		app    connectors.App
		before func(*sandbox.World)
		answer func(*sandbox.World, claim.Prompt) error // what the person does
		words  []string                                 // none: a token
		input  bool
	}{
		{name: "approved", app: app, answer: func(w *sandbox.World, p claim.Prompt) error { return w.GitHub.Approve(p.Code, "ada") }},
		{name: "refused", app: app, answer: func(w *sandbox.World, p claim.Prompt) error { return w.GitHub.Deny(p.Code) }, words: []string{"claim: github: device flow", "refused in the browser", "nothing was linked"}},
		{name: "forgotten", app: app, answer: func(w *sandbox.World, _ claim.Prompt) error { w.Clock.Advance(time.Hour); return nil }, words: []string{"the code expired", "start again"}},
		{name: "no app", words: []string{"needs an OAuth app", "/settings/developers", "networks.github.client_id"}, input: true},
		{name: "an app without the flow", app: app, before: func(w *sandbox.World) {
			w.GitHub.Inject(sandbox.Fault{Path: "/login/device/code", Status: http.StatusBadRequest, Body: `{"error":"device_flow_disabled","error_description":"x"}`})
		}, words: []string{"the OAuth app has no device flow", "enable it"}},
		{name: "an error of another kind", app: app, before: func(w *sandbox.World) {
			w.GitHub.Inject(sandbox.Fault{Path: "/login/device/code", Status: http.StatusBadRequest, Body: `{"error":"odd\u001b[2J","error_description":"<b>what\n?"}`})
		}, words: []string{"the network answered odd"}},
		{name: "a network in ruins", app: app, before: func(w *sandbox.World) {
			w.GitHub.Inject(sandbox.Fault{Path: "/login", Status: http.StatusBadGateway, HTML: true})
		}, words: []string{"502 Bad Gateway"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := world(t)
			if row.before != nil {
				row.before(w)
			}
			client := connectors.NewClient(connectors.ClientOptions{AllowPrivate: true})
			defer client.CloseIdleConnections()
			var asked claim.Prompt
			token, err := claim.Device(t.Context(), github.New(w.GitHub.Base()).Info(), row.app, client, claim.Linking, func(p claim.Prompt) {
				asked = p
				if err := row.answer(w, p); err != nil {
					t.Error(err)
				}
			})
			if row.answer != nil && (asked.URL != w.GitHub.Base()+"login/device" || len(asked.Code) != 9 || asked.Expires.IsZero()) {
				t.Errorf("asked %+v", asked)
			}
			if _, ok := errors.AsType[*flattery.InputError](err); ok != row.input {
				t.Errorf("error %v", err)
			}
			if len(row.words) == 0 {
				if who, bad := github.New(w.GitHub.Base()).Identify(t.Context(), connectors.Session{Client: client, Token: token, Now: w.Clock.Now()}); err != nil || bad != nil || who.Handle != "ada" {
					t.Errorf("the token is %+v's, errors %v, %v", who, err, bad)
				}
				return
			}
			if token != "" || err == nil {
				t.Fatalf("token %q, error %v", string(token), err)
			}
			for _, word := range row.words {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%q does not say %q", err, word)
				}
			}
			if strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' }) {
				t.Errorf("control characters in %q", err)
			}
		})
	}
}

func TestANetworkWithoutTheFlowIsSaidSo(t *testing.T) {
	_, err := claim.Device(t.Context(), connectors.Info{Title: "Fotolog"}, connectors.App{ID: "x"}, http.DefaultClient, claim.Linking, nil)
	if _, ok := errors.AsType[*flattery.InputError](err); !ok || !strings.Contains(err.Error(), "Fotolog has no device flow: link it by name, or with a token") {
		t.Errorf("error %v", err)
	}
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	w := world(t)
	client := connectors.NewClient(connectors.ClientOptions{AllowPrivate: true})
	defer client.CloseIdleConnections()
	ctx, stop := context.WithCancel(t.Context())
	token, err := claim.Device(ctx, github.New(w.GitHub.Base()).Info(), connectors.App{ID: "test"}, client, claim.Claiming, func(claim.Prompt) { stop() })
	if !errors.Is(err, context.Canceled) || token != "" {
		t.Errorf("error %v", err)
	}
}
