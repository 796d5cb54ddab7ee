package claim_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/internal/claim"
)

// device is the server of RFC 8628: it says pending until the person has done something.
type device struct {
	start  http.HandlerFunc // instead of its own; nil: its own
	done   string           // an error, or "" for a token
	asked  int
	scopes string
}

func (d *device) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", asJSON)
	if r.URL.Path == "/device" {
		d.scopes = r.PostForm.Get("scope")
		if d.start != nil {
			d.start(w, r)
			return
		}
		fmt.Fprint(w, `{"device_code":"`+canaryCode+`","user_code":"ABCD-1234","verification_uri":"https://songs.example/login/device","expires_in":900,"interval":1}`)
		return
	}
	d.asked++
	switch {
	case r.PostForm.Get("device_code") != canaryCode || r.PostForm.Get("client_secret") != "":
		fmt.Fprint(w, `{"error":"incorrect_device_code"}`)
	case d.asked == 1:
		fmt.Fprint(w, `{"error":"authorization_pending"}`)
	case d.done != "":
		fmt.Fprintf(w, `{"error":%q,"error_description":"echo `+canaryCode+`"}`, d.done)
	default:
		fmt.Fprint(w, `{"access_token":"`+canaryAccess+`","token_type":"bearer","refresh_token":"`+canaryRefresh+`","expires_in":28800}`)
	}
}

func deviceInfo() connectors.Info {
	info := oauth2Info()
	info.OAuth2.DeviceURL = "https://songs.example/device"
	return info
}

func TestWhatADeviceIsTold(t *testing.T) {
	app := flattery.App{ID: "test", Secret: canarySecret}
	for _, row := range []struct {
		name  string
		app   flattery.App
		start http.HandlerFunc
		done  string   // what the person does, as the network says it
		words []string // none: a token
		input bool
	}{
		{name: "approved", app: app},
		{name: "refused", app: app, done: "access_denied", words: []string{"claim: songs: device flow", "refused in the browser", "nothing was linked"}},
		{name: "forgotten", app: app, done: "expired_token", words: []string{"the code expired", "start again"}},
		{name: "forgotten by a network that does not say so", app: app, done: "authorization_pending", words: []string{"the code expired", "start again"}},
		{name: "no app", words: []string{"needs an OAuth app", "https://songs.example/apps", "networks.songs.client_id"}, input: true},
		{name: "an app without the flow", app: app, start: says(400, asJSON, `{"error":"device_flow_disabled","error_description":"x"}`), words: []string{"the OAuth app has no device flow", "enable it"}},
		{name: "an error of another kind", app: app, start: says(400, asJSON, `{"error":"odd\u001b[2J","error_description":"<b>what\n?"}`), words: []string{"the network answered odd"}},
		{name: "an error that echoes the code", app: app, done: "odd", words: []string{"the network answered odd (echo •••)"}},
		{name: "a network in ruins", app: app, start: says(502, asHTML, "<html>"+canaryCode), words: []string{"502 Bad Gateway"}},
		{name: "HTML with a success", app: app, start: says(200, asHTML, "<html>"+canaryCode), words: []string{"songs.example sent HTML"}},
		{name: "broken JSON", app: app, start: says(200, asJSON, `{"device_code":"`+canaryCode), words: []string{"songs.example sent no token that can be read"}},
		{name: "50 MB", app: app, start: says(200, asJSON, strings.Repeat(" ", 50<<20)), words: []string{"sent more than 64 KiB"}},
		{name: "a page that is none", app: app, start: says(200, asJSON, `{"device_code":"`+canaryCode+`","user_code":"A","verification_uri":"javascript:alert(1)","expires_in":900}`), words: []string{"sent no page and code"}},
		{name: "a code with an escape sequence", app: app, start: says(200, asJSON, `{"device_code":"`+canaryCode+`","user_code":"A\u001b[2J","verification_uri":"https://songs.example/","expires_in":900}`), words: []string{"sent no page and code"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, d := newBench(deviceInfo()), &device{start: row.start, done: row.done}
				b.net.answer = d.serve
				var asked claim.Prompt
				token, err := claim.Device(t.Context(), b.net.info, row.app, b.Client, b.Now, claim.Linking, func(p claim.Prompt) { asked = p })
				if _, ok := errors.AsType[*flattery.InputError](err); ok != row.input {
					t.Errorf("error %v", err)
				}
				keepsSecrets(t, err)
				if row.start == nil && !row.input && (asked.URL != "https://songs.example/login/device" || asked.Code != "ABCD-1234" || asked.Expires.IsZero() || d.scopes != "likes offline") {
					t.Errorf("asked %+v, scopes %q", asked, d.scopes)
				}
				if len(row.words) == 0 {
					if want := (flattery.Token{Access: canaryAccess, Refresh: canaryRefresh, Expires: b.now.Add(8 * time.Hour)}); err != nil || token != want {
						t.Errorf("token %+v, error %v", token, err)
					}
					return
				}
				if token != (flattery.Token{}) || err == nil {
					t.Fatalf("token %+v, error %v", token, err)
				}
				for _, word := range row.words {
					if !strings.Contains(err.Error(), word) {
						t.Errorf("%q does not say %q", err, word)
					}
				}
			})
		})
	}
}

func TestADeviceIsNotKeptForAges(t *testing.T) {
	for _, interval := range []string{"-1", "9223372036854775807"} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(deviceInfo())
			d := &device{start: says(200, asJSON, `{"device_code":"`+canaryCode+`","user_code":"A","verification_uri":"https://songs.example/","expires_in":900,"interval":`+interval+`}`)}
			b.net.answer = d.serve
			begun := time.Now()
			token, err := claim.Device(t.Context(), b.net.info, flattery.App{ID: "test"}, b.Client, b.Now, claim.Claiming, func(claim.Prompt) {})
			if err != nil || !token.Has() || time.Since(begun) > 2*time.Minute || d.scopes != "me" {
				t.Errorf("token %+v, error %v after %v, scopes %q", token, err, time.Since(begun), d.scopes)
			}
		})
	}
}

func TestANetworkWithoutTheFlowIsSaidSo(t *testing.T) {
	_, err := claim.Device(t.Context(), connectors.Info{Title: "Fotolog"}, flattery.App{ID: "x"}, http.DefaultClient, time.Now, claim.Linking, nil)
	if _, ok := errors.AsType[*flattery.InputError](err); !ok || !strings.Contains(err.Error(), "Fotolog has no device flow: link it by name, or with a token") {
		t.Errorf("error %v", err)
	}
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(deviceInfo())
		b.net.answer = (&device{}).serve
		ctx, stop := context.WithCancel(t.Context())
		token, err := claim.Device(ctx, b.net.info, flattery.App{ID: "test"}, b.Client, b.Now, claim.Claiming, func(claim.Prompt) { stop() })
		if !errors.Is(err, context.Canceled) || token.Has() {
			t.Errorf("error %v", err)
		}
	})
}
