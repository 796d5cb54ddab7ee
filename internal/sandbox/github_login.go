package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// How many logins may wait at once; the oldest makes room.
const mostDevices = 1000

// DeviceRules are how GitHub lets devices wait for their users.
type DeviceRules struct {
	Interval  time.Duration // between two asks of a device, whole seconds. Clients take 0 for 5 s
	ExpiresIn time.Duration // by the world's clock
	Strict    bool          // who asks sooner, by the world's clock, is told to slow down
}

// device is a program that waits for a user to enter its code.
type device struct {
	code, userCode, client, scope string

	expires  time.Time
	interval time.Duration
	asked    time.Time // last; zero: never
	user     *user     // who approved
	denied   bool
}

// SetDevice changes the rules for devices that come from now on.
func (g *GitHub) SetDevice(rules DeviceRules) { g.change(func() { g.device = rules }) }

// Approve does what a user does who enters the code of a device and agrees. An error says that no device waits with
// that code, or that there is no such user.
func (g *GitHub) Approve(userCode, login string) error {
	return g.answerDevice(userCode, func(d *device) error {
		u := g.users[strings.ToLower(login)]
		if u == nil || u.suspended || u.organisation {
			return fmt.Errorf("sandbox: github: there is no user %q who could approve a device", login)
		}
		d.user = u
		return nil
	})
}

// Deny does what a user does who enters the code and cancels.
func (g *GitHub) Deny(userCode string) error {
	return g.answerDevice(userCode, func(d *device) error { d.denied = true; return nil })
}

// Waiting tells the user codes nobody has answered yet, oldest first.
func (g *GitHub) Waiting() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var codes []string
	for _, d := range g.devices {
		if d.user == nil && !d.denied && g.clock.Now().Before(d.expires) {
			codes = append(codes, d.userCode)
		}
	}
	return codes
}

func (g *GitHub) answerDevice(userCode string, answer func(*device) error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	at := slices.IndexFunc(g.devices, func(d *device) bool { return strings.EqualFold(d.userCode, strings.TrimSpace(userCode)) })
	if at < 0 || !g.clock.Now().Before(g.devices[at].expires) {
		return fmt.Errorf("sandbox: github: no device waits with the code %q", userCode)
	}
	return answer(g.devices[at])
}

func (g *GitHub) loginRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST /login/device/code", g.oauth(g.newDevice))
	mux.HandleFunc("POST /login/oauth/access_token", g.oauth(g.newToken))
	mux.HandleFunc("GET /login/device", g.devicePage)
	mux.HandleFunc("POST /login/device", g.devicePage)
	mux.HandleFunc("GET /login/oauth/authorize", g.authorizePage)
	mux.HandleFunc("POST /login/oauth/authorize", g.authorizePage)
}

// fields are an answer of the login; values are strings and whole numbers.
type fields map[string]any

// oauth answers as JSON where that is accepted and else as a form, which is GitHub's own default.
func (g *GitHub) oauth(ask func(url.Values) (int, fields)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		if err := r.ParseForm(); err != nil {
			http.Error(w, "Bad Request", http.StatusBadRequest)
			return
		}
		if id, secret, ok := r.BasicAuth(); ok {
			r.Form.Set("client_id", id)
			r.Form.Set("client_secret", secret)
		}
		status, said := g.locked(r.Form, ask)
		w.Header().Set("Cache-Control", "no-store")
		if strings.Contains(r.Header.Get("Accept"), "application/json") {
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(said) // an error is the client's leaving
			return
		}
		form := url.Values{}
		for name, value := range said {
			form.Set(name, fmt.Sprint(value))
		}
		w.Header().Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(form.Encode()))
	}
}

func (g *GitHub) locked(form url.Values, ask func(url.Values) (int, fields)) (int, fields) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return ask(form)
}

func (g *GitHub) newDevice(form url.Values) (int, fields) {
	if form.Get("client_id") == "" || g.closed && g.apps[form.Get("client_id")] == nil {
		return http.StatusNotFound, fields{"error": "Not Found"}
	}
	const speakable = "BCDFGHJKLMNPQRSTVWXZ" // no vowels: no words
	d := &device{
		code:     letters(g.random, 40, "0123456789abcdef"),
		userCode: letters(g.random, 4, speakable) + "-" + letters(g.random, 4, speakable),
		client:   form.Get("client_id"),
		scope:    form.Get("scope"),
		interval: g.device.Interval,
		expires:  g.clock.Now().Add(g.device.ExpiresIn),
	}
	if len(g.devices) == mostDevices {
		g.devices = slices.Delete(g.devices, 0, 1)
	}
	g.devices = append(g.devices, d)
	return http.StatusOK, fields{
		"device_code":      d.code,
		"user_code":        d.userCode,
		"verification_uri": g.base + "login/device",
		"expires_in":       int(g.device.ExpiresIn.Seconds()),
		"interval":         int(d.interval.Seconds()),
	}
}

// newToken answers refusals with 200, as GitHub does.
func (g *GitHub) newToken(form url.Values) (int, fields) {
	switch form.Get("grant_type") {
	case "urn:ietf:params:oauth:grant-type:device_code":
		return http.StatusOK, g.deviceToken(form)
	case "", "authorization_code":
		return http.StatusOK, g.codeToken(form)
	case "refresh_token":
		return http.StatusOK, g.renew(form)
	}
	return http.StatusOK, no("unsupported_grant_type", "The grant type is not supported.")
}

func (g *GitHub) deviceToken(form url.Values) fields {
	at := slices.IndexFunc(g.devices, func(d *device) bool { return d.code == form.Get("device_code") })
	if at < 0 {
		return no("incorrect_device_code", "The device_code provided is not valid.")
	}
	d, now := g.devices[at], g.clock.Now()
	early := g.device.Strict && !d.asked.IsZero() && now.Sub(d.asked) < d.interval
	d.asked = now
	switch {
	case d.client != form.Get("client_id"):
		return no("incorrect_client_credentials", "The client_id passed is incorrect.")
	case !now.Before(d.expires):
		return no("expired_token", "This 'device_code' has expired.")
	case early:
		d.interval += 5 * time.Second
		slow := no("slow_down", "Too many requests have been made in the same timeframe.")
		slow["interval"] = int(d.interval.Seconds())
		return slow
	case d.denied:
		g.devices = slices.Delete(g.devices, at, at+1)
		return no("access_denied", "The authorization request was denied.")
	case d.user == nil:
		return no("authorization_pending", "The authorization request is still pending.")
	}
	g.devices = slices.Delete(g.devices, at, at+1)
	return g.granted(d.client, d.user, d.scope)
}

func no(reason, words string) fields {
	return fields{
		"error":             reason,
		"error_description": words,
		"error_uri":         "https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps",
	}
}
