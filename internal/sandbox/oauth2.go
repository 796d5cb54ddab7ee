package sandbox

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// mostTokens is how many access tokens there may be before those that have expired are forgotten.
const mostTokens = 10_000

// oauthRules are how the OAuth 2.0 of a network differs from the next one's.
type oauthRules struct {
	authorize string             // path of the page where a user agrees
	basic     bool               // an app names itself by HTTP Basic and no other way
	pkce      bool               // a code_challenge must come along
	scopes    []string           // that may be asked for; nil: there are none
	usual     string             // what is asked for where nothing is; "": something must be
	code      time.Duration      // a code is good for so long, by the world's clock
	access    time.Duration      // and an access token; 0: until it is revoked
	refreshed func(*permit) bool // whether a refresh token comes along
	spare     func(*app) bool    // counts a token of an app's own; nil: there is no end of them
	media     string
	granted   func(*permit, fields)                // adds what the network tells besides
	refused   func(oauthNo) (status int, said any) // words a refusal
}

// doors are who has been let in, and how.
type doors struct {
	apps       map[string]*app
	agreements []*agreement // oldest first
	tokens     map[string]access
	refreshes  map[string]*permit
}

func newDoors() doors {
	return doors{apps: map[string]*app{}, tokens: map[string]access{}, refreshes: map[string]*permit{}}
}

type app struct {
	id, secret string
	callbacks  []string // exact; none: whatever is on loopback
}

// agreement is what a browser carries back to an app as a code.
type agreement struct {
	code, redirect, scope string
	challenge             string // S256; "": the app sent none
	app                   *app
	member                *member
	expires               time.Time
}

// permit is what a member has let an app do. Without a member it is the app's own.
type permit struct {
	app    *app // nil: of a token made by Token for no app
	member *member
	scope  string
}

type access struct {
	*permit
	expires time.Time // zero: it does not
}

// oauthNo is a refusal in the words of RFC 6749.
type oauthNo struct{ reason, words string }

// noneSpare is the reason for which an app gets no more tokens of its own.
const noneSpare = "rate_limit_exceeded"

// App registers an app. Where no callbacks are given it may come back to any address on loopback, else to exactly these.
func (s *social) App(callbacks ...string) (id, secret string) {
	s.change(func() {
		id, secret = s.secret(20), s.secret(40)
		s.apps[id] = &app{id, secret, callbacks}
	})
	return id, secret
}

// RevokeApp takes an app away, with all that users have let it do.
func (s *social) RevokeApp(id string) {
	s.change(func() {
		delete(s.apps, id)
		s.forget(func(p *permit) bool { return p.app != nil && p.app.id == id })
	})
}

// Token makes an access token of a user with all scopes, of an app or of none. It is good until it is revoked.
func (s *social) Token(handle string, of ...string) (token string) {
	s.change(func() {
		p := &permit{member: s.member(handle), scope: strings.Join(s.rules.scopes, " ")}
		if len(of) > 0 {
			if p.app = s.apps[of[0]]; p.app == nil {
				panic(fmt.Sprintf("sandbox: %s: there is no app %q", s.name, of[0]))
			}
		}
		token = s.secret(40)
		s.tokens[token] = access{permit: p}
	})
	return token
}

// Revoke does what a user does who puts all apps out: every token, refresh token and code of the user is worthless.
func (s *social) Revoke(handle string) {
	s.change(func() {
		m := s.member(handle)
		s.forget(func(p *permit) bool { return p.member == m })
		s.agreements = slices.DeleteFunc(s.agreements, func(a *agreement) bool { return a.member == m })
	})
}

// Expire ends the access tokens of a user before their time; refresh tokens stay good.
func (s *social) Expire(handle string) {
	s.change(func() {
		m := s.member(handle)
		maps.DeleteFunc(s.tokens, func(_ string, a access) bool { return a.member == m })
	})
}

func (s *social) forget(meant func(*permit) bool) {
	maps.DeleteFunc(s.tokens, func(_ string, a access) bool { return meant(a.permit) })
	maps.DeleteFunc(s.refreshes, func(_ string, p *permit) bool { return meant(p) })
}

func (s *social) secret(n int) string {
	return letters(s.random, n, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
}

// caller tells what the token of a request permits; nil: it has none of that scheme, or one that is not good.
func (s *social) caller(r *http.Request, scheme string) *permit {
	said, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(said, scheme) {
		return nil
	}
	return s.bearer(strings.TrimSpace(token))
}

func (s *social) bearer(token string) *permit {
	a, ok := s.tokens[token]
	if !ok || !a.expires.IsZero() && !s.clock.Now().Before(a.expires) {
		return nil
	}
	return a.permit
}

// ask is what an app wants of whom it sends to the authorize page; wrong says what is amiss with it.
func (s *social) ask(form url.Values) (wrong string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.apps[form.Get("client_id")]
	method, challenge := form.Get("code_challenge_method"), form.Get("code_challenge")
	switch {
	case a == nil:
		return "There is no app with this client_id."
	case !a.mayReturn(form.Get("redirect_uri")):
		return "The redirect_uri is not one of the app's callbacks."
	case form.Get("response_type") != "code":
		return "The response_type must be code."
	case s.rules.pkce && challenge == "", challenge != "" && (method != "S256" || len(challenge) != 43):
		return "It needs a code_challenge with the method S256."
	case s.rules.scopes == nil:
		return ""
	}
	asked := strings.Fields(cmp.Or(form.Get("scope"), s.rules.usual))
	if len(asked) == 0 {
		return "It needs a scope."
	}
	for _, scope := range asked {
		if !slices.Contains(s.rules.scopes, scope) {
			return "There is no scope " + scope + "."
		}
	}
	return ""
}

func (a *app) mayReturn(redirect string) bool {
	if len(a.callbacks) > 0 {
		return slices.Contains(a.callbacks, redirect)
	}
	at, err := url.Parse(redirect)
	return err == nil && slices.Contains([]string{"127.0.0.1", "::1", "localhost"}, at.Hostname()) && at.Fragment == ""
}

// authorizePage asks who agrees and sends the browser back with a code, or with a no. What is amiss with the app's
// request is told to the user alone: nobody is sent to an address that is not the app's.
func (s *social) authorizePage(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		s.show(w, http.StatusBadRequest, "message", message{"This cannot be read", err.Error()})
		return
	}
	if wrong := s.ask(r.Form); wrong != "" {
		s.show(w, http.StatusBadRequest, "message", message{"Not a request to authorize", wrong})
		return
	}
	if r.Method != http.MethodPost {
		s.show(w, http.StatusOK, "authorize", s.viewAsk(r.Form))
		return
	}
	back, err := url.Parse(r.Form.Get("redirect_uri"))
	if err != nil {
		s.show(w, http.StatusBadRequest, "message", message{"Not an address", err.Error()})
		return
	}
	query := back.Query()
	if r.Form.Has("state") {
		query.Set("state", r.Form.Get("state"))
	}
	if r.Form.Get("answer") != "yes" {
		query.Set("error", "access_denied")
	} else if code := s.agree(r.Form); code != "" {
		query.Set("code", code)
	} else {
		view := s.viewAsk(r.Form)
		view.Wrong = "Nobody of that name may sign in here."
		s.show(w, http.StatusForbidden, "authorize", view)
		return
	}
	back.RawQuery = query.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound) //nolint:gosec // to send back to the app is what it is for
}

// agree makes a code for who agreed; "" where nobody has that handle.
func (s *social) agree(form url.Values) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, of := s.members[strings.ToLower(strings.TrimSpace(form.Get("login")))], s.apps[form.Get("client_id")]
	if m == nil || !m.shown() || of == nil {
		return ""
	}
	if len(s.agreements) == mostDevices {
		s.agreements = slices.Delete(s.agreements, 0, 1)
	}
	a := &agreement{code: s.secret(32), redirect: form.Get("redirect_uri"), scope: cmp.Or(form.Get("scope"), s.rules.usual),
		challenge: form.Get("code_challenge"), app: of, member: m, expires: s.clock.Now().Add(s.rules.code)}
	s.agreements = append(s.agreements, a)
	return a.code
}

// tokenEndpoint gives tokens for these grants.
func (s *social) tokenEndpoint(grants ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		form, err := readForm(w, r)
		if err != nil {
			s.refuse(w, oauthNo{"invalid_request", err.Error()})
			return
		}
		said, no := s.exchange(r, form, grants)
		if no != nil {
			s.refuse(w, *no)
			return
		}
		send(w, http.StatusOK, s.rules.media, said)
	}
}

func (s *social) refuse(w http.ResponseWriter, no oauthNo) {
	status, said := s.rules.refused(no)
	send(w, status, s.rules.media, said)
}

// readForm takes a form, or a flat JSON object, which Vimeo takes too.
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if !strings.HasSuffix(kind, "json") {
		err := r.ParseForm()
		return r.PostForm, err
	}
	var said map[string]string
	if err := json.NewDecoder(r.Body).Decode(&said); err != nil {
		return nil, fmt.Errorf("the body is not an object of texts: %w", err)
	}
	form := url.Values{}
	for name, value := range said {
		form.Set(name, value)
	}
	return form, nil
}

func (s *social) exchange(r *http.Request, form url.Values, grants []string) (fields, *oauthNo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	of, kind := s.client(r, form), form.Get("grant_type")
	switch {
	case of == nil:
		return nil, &oauthNo{"invalid_client", "Client authentication failed."}
	case !slices.Contains(grants, kind):
		return nil, &oauthNo{"unsupported_grant_type", "The grant type is not supported."}
	case kind == "authorization_code":
		return s.byCode(of, form)
	case kind == "refresh_token":
		return s.byRefresh(of, form.Get("refresh_token"))
	}
	return s.byApp(of, form.Get("scope"))
}

// client tells which app asks; nil: none that shows its secret.
func (s *social) client(r *http.Request, form url.Values) *app {
	id, secret, ok := r.BasicAuth()
	if ok { // RFC 6749 wants both escaped
		id, secret = unescaped(id), unescaped(secret)
	} else if !s.rules.basic {
		id, secret = form.Get("client_id"), form.Get("client_secret")
	}
	if a := s.apps[id]; a != nil && a.secret == secret {
		return a
	}
	return nil
}

func unescaped(said string) string {
	plain, err := url.QueryUnescape(said)
	if err != nil {
		return said
	}
	return plain
}

// byCode takes a code once: by its app, for its redirect_uri, with the verifier of its challenge and in its time.
func (s *social) byCode(of *app, form url.Values) (fields, *oauthNo) {
	at := slices.IndexFunc(s.agreements, func(a *agreement) bool { return a.code == form.Get("code") })
	if at < 0 {
		return nil, &oauthNo{"invalid_grant", "Value passed for the authorization code was invalid."}
	}
	a := s.agreements[at]
	s.agreements = slices.Delete(s.agreements, at, at+1)
	sum := sha256.Sum256([]byte(form.Get("code_verifier")))
	switch {
	case a.app != of || !s.clock.Now().Before(a.expires) || !a.member.shown():
		return nil, &oauthNo{"invalid_grant", "Value passed for the authorization code was invalid."}
	case a.redirect != form.Get("redirect_uri"):
		return nil, &oauthNo{"invalid_grant", "Value passed for the redirect uri did not match the uri of the authorization code."}
	case a.challenge != "" && a.challenge != base64.RawURLEncoding.EncodeToString(sum[:]):
		return nil, &oauthNo{"invalid_grant", "Value passed for the code verifier did not match the code challenge."}
	}
	return s.issue(&permit{of, a.member, a.scope}), nil
}

// byRefresh takes a refresh token once and gives another one along.
func (s *social) byRefresh(of *app, token string) (fields, *oauthNo) {
	p := s.refreshes[token]
	if p == nil || p.app != of || p.member != nil && !p.member.shown() {
		return nil, &oauthNo{"invalid_grant", "Value passed for the token was invalid."}
	}
	delete(s.refreshes, token)
	return s.issue(p), nil
}

func (s *social) byApp(of *app, scope string) (fields, *oauthNo) {
	if s.rules.spare != nil && !s.rules.spare(of) {
		return nil, &oauthNo{noneSpare, "Too many tokens were asked for: use the token you have, and its refresh token."}
	}
	return s.issue(&permit{app: of, scope: cmp.Or(scope, s.rules.usual)}), nil
}

// issue makes the tokens of a permit. Older access tokens stay good until they expire.
func (s *social) issue(p *permit) fields {
	if len(s.tokens) > mostTokens {
		maps.DeleteFunc(s.tokens, func(token string, _ access) bool { return s.bearer(token) == nil })
	}
	token := access{permit: p}
	said := fields{"access_token": s.secret(40), "token_type": "bearer", "scope": p.scope}
	if life := s.rules.access; life > 0 {
		token.expires = s.clock.Now().Add(life)
		said["expires_in"] = int(life.Seconds())
	}
	s.tokens[fmt.Sprint(said["access_token"])] = token
	if s.rules.refreshed(p) {
		refresh := s.secret(40)
		s.refreshes[refresh] = p
		said["refresh_token"] = refresh
	}
	if s.rules.granted != nil {
		s.rules.granted(p, said)
	}
	return said
}

// revokeToken makes a token of an app worthless: of an access token that one, of a refresh token all of its permit.
func (s *social) revokeToken(of *app, token string) {
	if a, ok := s.tokens[token]; ok && (of == nil || a.app == of) {
		delete(s.tokens, token)
	}
	if p := s.refreshes[token]; p != nil && (of == nil || p.app == of) {
		s.forget(func(other *permit) bool { return other == p })
	}
}
