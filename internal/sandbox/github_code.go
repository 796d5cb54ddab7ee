package sandbox

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// code is what a browser carries back to a program after its user has agreed.
type code struct {
	code, client, redirect, scope string
	challenge                     string // S256; "": the program sent none
	user                          *user
	expires                       time.Time
}

// authorizePage asks who agrees and sends the browser back with a code. A program without an address to go back to, or
// with a challenge that is not S256, is refused.
func (g *GitHub) authorizePage(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		g.show(w, http.StatusBadRequest, "message", message{"This cannot be read", err.Error()})
		return
	}
	back, err := url.Parse(r.Form.Get("redirect_uri"))
	method := r.Form.Get("code_challenge_method")
	if err != nil || back.Host == "" || r.Form.Get("client_id") == "" || method != "" && method != "S256" {
		g.show(w, http.StatusBadRequest, "message", message{"Not a request to authorize",
			"It needs a client_id, a redirect_uri with a host and, where there is a code_challenge, the method S256."})
		return
	}
	if wrong := g.stranger(r.Form.Get("client_id"), r.Form.Get("redirect_uri")); wrong != "" {
		g.show(w, http.StatusNotFound, "message", message{"Not found", wrong})
		return
	}
	if r.Method != http.MethodPost {
		g.show(w, http.StatusOK, "authorize", g.ask(r.Form))
		return
	}
	query := back.Query()
	query.Set("state", r.Form.Get("state"))
	if r.Form.Get("answer") != "yes" {
		query.Set("error", "access_denied")
		query.Set("error_description", "The user has denied your application access.")
	} else if made := g.newCode(r.Form); made != "" {
		query.Set("code", made)
	} else {
		view := g.ask(r.Form)
		view.Wrong = "Nobody of that name may sign in here."
		g.show(w, http.StatusForbidden, "authorize", view)
		return
	}
	back.RawQuery = query.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound) //nolint:gosec // to send back to the program is what it is for
}

// newCode makes a code for who agreed; "" where nobody has that login.
func (g *GitHub) newCode(form url.Values) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	u := g.users[strings.ToLower(strings.TrimSpace(form.Get("login")))]
	if u == nil || u.suspended || u.organisation {
		return ""
	}
	c := &code{
		code:      letters(g.random, 20, "0123456789abcdef"),
		client:    form.Get("client_id"),
		redirect:  form.Get("redirect_uri"),
		scope:     form.Get("scope"),
		challenge: form.Get("code_challenge"),
		user:      u,
		expires:   g.clock.Now().Add(10 * time.Minute),
	}
	if len(g.codes) == mostDevices {
		g.codes = slices.Delete(g.codes, 0, 1)
	}
	g.codes = append(g.codes, c)
	return c.code
}

// codeToken takes a code once: with its client, its redirect_uri and the verifier of its challenge.
func (g *GitHub) codeToken(form url.Values) fields {
	if !g.client(form.Get("client_id"), form.Get("client_secret")) {
		return no("incorrect_client_credentials", "The client_id and/or client_secret passed are incorrect.")
	}
	at := slices.IndexFunc(g.codes, func(c *code) bool { return c.code == form.Get("code") })
	if at < 0 {
		return no("bad_verification_code", "The code passed is incorrect or expired.")
	}
	c := g.codes[at]
	g.codes = slices.Delete(g.codes, at, at+1)
	sum := sha256.Sum256([]byte(form.Get("code_verifier")))
	switch {
	case !g.clock.Now().Before(c.expires),
		c.challenge != "" && c.challenge != base64.RawURLEncoding.EncodeToString(sum[:]):
		return no("bad_verification_code", "The code passed is incorrect or expired.")
	case c.client != form.Get("client_id"):
		return no("incorrect_client_credentials", "The client_id and/or client_secret passed are incorrect.")
	case cmp.Or(form.Get("redirect_uri"), c.redirect) != c.redirect:
		return no("redirect_uri_mismatch", "The redirect_uri MUST match the registered callback URL for this application.")
	}
	return g.granted(c.client, c.user, c.scope)
}
