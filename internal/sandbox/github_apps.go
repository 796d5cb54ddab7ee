package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// githubApp is a program that is registered.
type githubApp struct {
	id, secret string
	callbacks  []string // exact; none: any
	bound      bool     // a GitHub App: its tokens have no scopes, expire and are renewed
}

// renewal is what a refresh token of a GitHub App is good for.
type renewal struct {
	token   string // that it ends
	user    *user
	app     string
	expires time.Time
}

// How long the tokens of a GitHub App are good, by the world's clock.
const (
	boundExpiry = 8 * time.Hour
	renewExpiry = 184 * 24 * time.Hour
)

// App registers an OAuth app. From the first one on, who comes with another id or secret is refused; before, all are
// welcome. Where callbacks are given, browsers are sent back to exactly these.
func (g *GitHub) App(callbacks ...string) (id, secret string) {
	return g.register("Ov23li", false, callbacks)
}

// GitHubApp registers a GitHub App, whose users' tokens expire after eight hours and are renewed.
func (g *GitHub) GitHubApp(callbacks ...string) (id, secret string) {
	return g.register("Iv23li", true, callbacks)
}

func (g *GitHub) register(prefix string, bound bool, callbacks []string) (id, secret string) {
	g.change(func() {
		a := &githubApp{prefix + letters(g.random, 14, alphanumeric), letters(g.random, 40, "0123456789abcdef"), callbacks, bound}
		g.apps[a.id], g.closed = a, true
		id, secret = a.id, a.secret
	})
	return id, secret
}

// TokenFor makes a token of a user for an app, as if the user had agreed to these scopes; of a GitHub App also the
// refresh token.
func (g *GitHub) TokenFor(app, login string, scopes ...string) (token, refresh string) {
	g.change(func() {
		if g.apps[app] == nil {
			panic(fmt.Sprintf("sandbox: github: there is no app %q", app))
		}
		said := g.granted(app, g.user(login), strings.Join(scopes, " "))
		token, _ = said["access_token"].(string)
		refresh, _ = said["refresh_token"].(string)
	})
	return token, refresh
}

// RevokeApp takes an app away, with all that users have let it do.
func (g *GitHub) RevokeApp(id string) {
	g.change(func() {
		delete(g.apps, id)
		g.forget(func(_ *user, app string) bool { return app == id })
	})
}

// RevokeGrants makes every token, refresh token and code of a user worthless.
func (g *GitHub) RevokeGrants(login string) {
	g.change(func() {
		whose := g.user(login)
		g.forget(func(u *user, _ string) bool { return u == whose })
	})
}

func (g *GitHub) forget(meant func(u *user, app string) bool) {
	maps.DeleteFunc(g.tokens, func(_ string, has grant) bool { return meant(has.user, has.app) })
	maps.DeleteFunc(g.renews, func(_ string, r renewal) bool { return meant(r.user, r.app) })
	g.codes = slices.DeleteFunc(g.codes, func(c *code) bool { return meant(c.user, c.client) })
}

// client reports whether an app is who it says. While none is registered any secret will do.
func (g *GitHub) client(id, secret string) bool {
	if !g.closed {
		return secret != ""
	}
	return g.apps[id] != nil && g.apps[id].secret == secret
}

// stranger says why a browser is not to be sent there; "": it may be.
func (g *GitHub) stranger(id, redirect string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	a := g.apps[id]
	switch {
	case !g.closed:
		return ""
	case a == nil:
		return "There is no application with this client_id."
	case len(a.callbacks) > 0 && !slices.Contains(a.callbacks, redirect):
		return "The redirect_uri is not associated with this application."
	}
	return ""
}

// granted makes a token of what a user has agreed to; of a GitHub App one that expires, and another to renew it.
func (g *GitHub) granted(app string, u *user, scope string) fields {
	if a := g.apps[app]; a == nil || !a.bound {
		return fields{"access_token": g.grant("gho_", grant{user: u, scopes: scope, app: app}), "token_type": "bearer", "scope": scope}
	}
	now := g.clock.Now()
	token := g.grant("ghu_", grant{user: u, app: app, expires: now.Add(boundExpiry), bound: true})
	renew := "ghr_" + letters(g.random, 76, alphanumeric)
	g.renews[renew] = renewal{token, u, app, now.Add(renewExpiry)}
	return fields{"access_token": token, "token_type": "bearer", "scope": "", "expires_in": int(boundExpiry.Seconds()),
		"refresh_token": renew, "refresh_token_expires_in": int(renewExpiry.Seconds())}
}

// renew takes a refresh token once, and ends the token that came with it.
func (g *GitHub) renew(form url.Values) fields {
	if id, secret := form.Get("client_id"), form.Get("client_secret"); !g.client(id, secret) {
		return no("incorrect_client_credentials", "The client_id and/or client_secret passed are incorrect.")
	}
	r, ok := g.renews[form.Get("refresh_token")]
	if !ok || r.app != form.Get("client_id") || g.past(r.expires) || r.user.suspended {
		return no("bad_refresh_token", "The refresh token passed is incorrect or expired.")
	}
	delete(g.renews, form.Get("refresh_token"))
	delete(g.tokens, r.token)
	return g.granted(r.app, r.user, "")
}

// unbound keeps tokens of GitHub Apps from what is not for them.
func unbound(ask func(call) answer) func(call) answer {
	return func(c call) answer {
		if c.grant.bound {
			return refusal(http.StatusForbidden, "Resource not accessible by integration", "")
		}
		return ask(c)
	}
}

func (g *GitHub) appRoutes(mux *http.ServeMux) {
	const docs = "apps/oauth-applications#"
	mux.HandleFunc("POST /applications/{client_id}/token", g.byApp(docs+"check-a-token", g.checkToken))
	mux.HandleFunc("DELETE /applications/{client_id}/token", g.byApp(docs+"delete-an-app-token", g.deleteToken))
}

// byApp answers an app that names itself by HTTP Basic and asks about a token. It costs nothing here.
func (g *GitHub) byApp(docs string, ask func(token string, has grant) answer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var said struct {
			Token string `json:"access_token"`
		}
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&said)
		id, secret, _ := r.BasicAuth()
		g.mu.Lock()
		has, known := g.tokens[said.Token]
		var a answer
		switch {
		case id != r.PathValue("client_id") || !g.client(id, secret):
			a = refusal(http.StatusUnauthorized, "Bad credentials", "")
		case err != nil || said.Token == "":
			a = refusal(http.StatusUnprocessableEntity, "Validation Failed", "")
		case !known || has.app != id || g.past(has.expires):
			a = refusal(http.StatusNotFound, "Not Found", "")
		default:
			a = ask(said.Token, has)
		}
		g.mu.Unlock()
		describe(w.Header(), &a, docs)
		if a.status == http.StatusNoContent {
			w.Header().Del("Content-Type")
			w.Header().Del("Content-Length")
		}
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body) // an error is the client's leaving
	}
}

// deleteToken ends a token, and the refresh token that came with it.
func (g *GitHub) deleteToken(token string, _ grant) answer {
	delete(g.tokens, token)
	maps.DeleteFunc(g.renews, func(_ string, r renewal) bool { return r.token == token })
	return answer{status: http.StatusNoContent}
}

func (g *GitHub) checkToken(token string, has grant) answer {
	sum := sha256.Sum256([]byte(token))
	b := append(number([]byte{'{'}, "id", has.user.id), `,"note":null,"note_url":null,"fingerprint":null`...)
	b = text(b, "url", fmt.Sprintf("%sauthorizations/%d", g.base, has.user.id))
	b = text(b, "token", token)
	b = text(b, "hashed_token", hex.EncodeToString(sum[:]))
	b = text(b, "token_last_eight", token[len(token)-8:])
	b = text(b, "created_at", stamp(g.clock.Now()))
	b = text(b, "updated_at", stamp(g.clock.Now()))
	b = maybe(b, "expires_at", expiry(has.expires))
	b = append(b, `,"app":{"name":"app","url":"http://127.0.0.1"`...)
	scopes, err := json.Marshal(append([]string{}, scopesOf(has.scopes)...))
	if err != nil {
		panic(err) // strings always marshal
	}
	b = append(append(text(b, "client_id", has.app), `},"scopes":`...), scopes...)
	b = append(b, `,"user":{`...)
	return answer{status: http.StatusOK, body: append(g.owner(b, has.user), "}}"...)}
}

func expiry(end time.Time) string {
	if end.IsZero() {
		return ""
	}
	return stamp(end)
}

// scopesOf splits what apps write with blanks or commas.
func scopesOf(said string) []string { return strings.Fields(strings.ReplaceAll(said, ",", " ")) }
