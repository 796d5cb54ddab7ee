package claim_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/internal/claim"
	"flattery/store"
)

// Canaries are secrets whose text may stand in no error.
const (
	canarySecret   = "canary-app-secret"
	canaryAccess   = "canary-access"
	canaryRefresh  = "canary-refresh"
	canaryCode     = "canary-code"
	canaryVerifier = "canary-verifier"
)

// fakeStore keeps tokens and attempts in memory, with the promises of store.Tx.
type fakeStore struct {
	store.Tx // what is not here is not called

	mu       sync.Mutex
	attempts map[string]store.Attempt // by the hash of their state
	tokens   map[flattery.LinkID]flattery.Token
	holds    map[flattery.LinkID]time.Time
	apps     map[string]flattery.Token
	fail     []error // of the next Updates that save a token, after which nothing is written
	lost     int     // so many commits are written and reported as unknown
	saved    []flattery.Token
}

func newStore() *fakeStore {
	return &fakeStore{attempts: map[string]store.Attempt{}, tokens: map[flattery.LinkID]flattery.Token{}, holds: map[flattery.LinkID]time.Time{}, apps: map[string]flattery.Token{}}
}

func (s *fakeStore) Update(ctx context.Context, fn func(store.Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fn(s)
}

func (s *fakeStore) Token(_ context.Context, id flattery.LinkID) (flattery.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens[id], nil
}

func (s *fakeStore) AppToken(_ context.Context, network string) (flattery.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.apps[network], nil
}

func (s *fakeStore) AddAttempt(_ context.Context, a store.Attempt) error {
	a.Browser = store.Hash(a.Browser)
	state := store.Hash(a.State)
	a.State = state
	s.attempts[state] = a
	return nil
}

func (s *fakeStore) TakeAttempt(_ context.Context, state string, now time.Time) (store.Attempt, error) {
	a, ok := s.attempts[store.Hash(state)]
	if !ok || !a.Expires.After(now) {
		return store.Attempt{}, flattery.ErrAttempt
	}
	delete(s.attempts, store.Hash(state))
	return a, nil
}

func (s *fakeStore) HoldToken(_ context.Context, id flattery.LinkID, now, until time.Time) error {
	if s.holds[id].After(now) {
		return flattery.ErrState
	}
	s.holds[id] = until
	return nil
}

func (s *fakeStore) SaveToken(_ context.Context, id flattery.LinkID, t flattery.Token) error {
	if len(s.fail) > 0 {
		err := s.fail[0]
		s.fail = s.fail[1:]
		return err
	}
	s.tokens[id] = t
	delete(s.holds, id)
	s.saved = append(s.saved, t)
	if s.lost > 0 {
		s.lost--
		return flattery.ErrUnknown
	}
	return nil
}

func (s *fakeStore) SaveAppToken(_ context.Context, network string, t flattery.Token) error {
	s.apps[network] = t
	return nil
}

// fakeNetwork is a Connector with organisations that takes tokens back, and the servers behind it.
type fakeNetwork struct {
	info connectors.Info
	who  flattery.Profile
	org  error // of Administers

	mu      sync.Mutex
	issued  map[string]issue // by code, or by request token
	grants  int              // so many token requests came
	refresh string           // the one that is good
	turn    int              // of the tokens
	form    url.Values       // of the last token request
	header  http.Header      // of the same
	revoked []string
	delay   time.Duration    // before a token request is answered, in fake time
	answer  http.HandlerFunc // instead of its own; nil: its own
}

// issue is what a person has allowed.
type issue struct{ challenge, secret, callback, redirect string }

func (n *fakeNetwork) Info() connectors.Info { return n.info }

func (n *fakeNetwork) Identify(_ context.Context, s connectors.Session) (flattery.Profile, error) {
	if !s.Token.Has() {
		return flattery.Profile{}, connectors.ErrUnauthorized
	}
	return n.who, nil
}

func (n *fakeNetwork) Likes(context.Context, connectors.Session, flattery.Cursor) iter.Seq2[connectors.Page, error] {
	return func(func(connectors.Page, error) bool) {}
}

func (n *fakeNetwork) Administers(_ context.Context, _ connectors.Session, handle string) (flattery.Profile, error) {
	p := n.who
	p.Subject, p.Handle, p.Organisation = "77", handle, true
	return p, n.org
}

func (n *fakeNetwork) Revoke(_ context.Context, s connectors.Session) error {
	n.revoked = append(n.revoked, string(s.Token.Access))
	return nil
}

// RoundTrip makes the fake the transport of a client: no sockets, so that tests may use fake time.
func (n *fakeNetwork) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body == nil {
		req.Body = http.NoBody
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	in := httptest.NewRequestWithContext(req.Context(), req.Method, req.URL.String(), strings.NewReader(string(body)))
	in.Header = req.Header.Clone()
	rec := httptest.NewRecorder()
	n.ServeHTTP(rec, in)
	if req.Context().Err() != nil {
		return nil, req.Context().Err()
	}
	resp := rec.Result()
	resp.Request = req
	return resp, nil
}

func (n *fakeNetwork) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	if n.delay > 0 {
		time.Sleep(n.delay)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if r.URL.Path == "/request" {
		n.requestToken(w, r)
		return
	}
	n.grants++
	n.form, n.header = r.PostForm, r.Header
	switch {
	case n.answer != nil:
		n.answer(w, r)
	case r.URL.Path == "/access":
		n.accessToken(w, r)
	default:
		n.token(w, r)
	}
}

// token is the endpoint of OAuth 2.0. It holds to PKCE, to one use of a code and to one use of a refresh token.
func (n *fakeNetwork) token(w http.ResponseWriter, r *http.Request) {
	refuse := func(code string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": code, "error_description": "echo " + r.PostForm.Encode()})
	}
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	if id != "app" || secret != canarySecret || basic != n.info.OAuth2.Basic {
		refuse("invalid_client")
		return
	}
	switch r.PostForm.Get("grant_type") {
	case "authorization_code":
		got, ok := n.issued[r.PostForm.Get("code")]
		delete(n.issued, r.PostForm.Get("code"))
		sum := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
		if !ok || got.challenge != base64.RawURLEncoding.EncodeToString(sum[:]) || got.redirect != r.PostForm.Get("redirect_uri") {
			refuse("invalid_grant")
			return
		}
	case "refresh_token":
		if n.refresh == "" || r.PostForm.Get("refresh_token") != n.refresh {
			refuse("invalid_grant")
			return
		}
	}
	n.turn++
	n.refresh = fmt.Sprintf("%s-%d", canaryRefresh, n.turn)
	answer := map[string]any{"access_token": fmt.Sprintf("%s-%d", canaryAccess, n.turn), "token_type": "bearer", "expires_in": 3600}
	if r.PostForm.Get("grant_type") != "client_credentials" {
		answer["refresh_token"] = n.refresh
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

// signature checks OAuth 1.0a as RFC 5849 says, and gives the parameters.
func signature(r *http.Request, tokenSecret string) (map[string]string, bool) {
	params, pairs := map[string]string{}, []string{}
	for part := range strings.SplitSeq(strings.TrimPrefix(r.Header.Get("Authorization"), "OAuth "), ",") {
		name, quoted, _ := strings.Cut(strings.TrimSpace(part), "=")
		encoded := strings.Trim(quoted, `"`)
		value, err := url.PathUnescape(encoded)
		if err != nil {
			return nil, false
		}
		params[name] = value
		if name != "oauth_signature" {
			pairs = append(pairs, name+"="+encoded)
		}
	}
	slices.Sort(pairs)
	escape := func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
	mac := hmac.New(sha1.New, []byte(escape(canarySecret)+"&"+escape(tokenSecret)))
	fmt.Fprintf(mac, "%s&%s&%s", r.Method, escape("https://"+r.Host+r.URL.Path), escape(strings.Join(pairs, "&")))
	return params, params["oauth_signature"] == base64.StdEncoding.EncodeToString(mac.Sum(nil)) && params["oauth_consumer_key"] == "app"
}

func (n *fakeNetwork) requestToken(w http.ResponseWriter, r *http.Request) {
	params, ok := signature(r, "")
	if !ok {
		http.Error(w, "oauth_problem=consumer_key_rejected", http.StatusUnauthorized)
		return
	}
	n.turn++
	token := fmt.Sprintf("request-%d-x", n.turn)
	n.issued[token] = issue{secret: canaryVerifier, callback: params["oauth_callback"]}
	fmt.Fprintf(w, "oauth_token=%s&oauth_token_secret=%s&oauth_callback_confirmed=true", token, canaryVerifier)
}

func (n *fakeNetwork) accessToken(w http.ResponseWriter, r *http.Request) {
	params, ok := signature(r, canaryVerifier)
	if _, known := n.issued[params["oauth_token"]]; !ok || !known || params["oauth_verifier"] != canaryCode {
		http.Error(w, "oauth_problem=token_rejected&echo="+r.Header.Get("Authorization"), http.StatusUnauthorized)
		return
	}
	delete(n.issued, params["oauth_token"])
	fmt.Fprintf(w, "oauth_token=%s&oauth_token_secret=%s", canaryAccess, canaryRefresh)
}

// allow is the person at the page of the network: it answers the query of the callback.
func (n *fakeNetwork) allow(t *testing.T, page string) url.Values {
	t.Helper()
	u, err := url.Parse(page)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.info.Auth == connectors.AuthOAuth1 {
		token := q.Get("oauth_token")
		back, err := url.Parse(n.issued[token].callback)
		if err != nil {
			t.Fatal(err)
		}
		answer := back.Query()
		answer.Set("oauth_token", token)
		answer.Set("oauth_verifier", canaryCode)
		return answer
	}
	if q.Get("code_challenge_method") != "S256" {
		t.Errorf("no PKCE in %s", page)
	}
	n.turn++
	code := fmt.Sprintf("%s-%d", canaryCode, n.turn)
	n.issued[code] = issue{challenge: q.Get("code_challenge"), redirect: q.Get("redirect_uri")}
	answer := url.Values{"state": {q.Get("state")}, "code": {code}}
	if n.info.OAuth2.Issuer != "" {
		answer.Set("iss", n.info.OAuth2.Issuer)
	}
	return answer
}

// bench is a flow with one network, its store and its clock.
type bench struct {
	*claim.Flow
	net   *fakeNetwork
	store *fakeStore
	app   flattery.App
	now   time.Time
}

func newBench(info connectors.Info) *bench {
	info.Network, info.Title, info.Host, info.State, info.Console = "songs", "Songs", "songs.example", connectors.Alive, "https://songs.example/apps"
	b := &bench{
		net:   &fakeNetwork{info: info, who: flattery.Profile{Identity: flattery.Identity{Network: "songs", Host: "songs.example", Subject: "42"}, Handle: "ada"}, issued: map[string]issue{}},
		store: newStore(),
		app:   flattery.App{ID: "app", Secret: canarySecret},
		now:   time.Date(2026, 10, 1, 9, 0, 0, 0, time.UTC),
	}
	client := connectors.NewClient(connectors.ClientOptions{})
	client.Transport = b.net
	b.Flow = &claim.Flow{
		Store: b.store, Networks: connectors.Set{b.net}, Client: client,
		App:  func(context.Context, string) (flattery.App, error) { return b.app, nil },
		Base: func() string { return "https://flattery.example" },
		Now:  func() time.Time { return b.now },
	}
	return b
}

// The two shapes of networks.
func oauth2Info() connectors.Info {
	return connectors.Info{Auth: connectors.AuthOAuth2, OAuth2: connectors.OAuth2{
		AuthURL: "https://songs.example/authorize", TokenURL: "https://songs.example/token", Issuer: "https://songs.example",
		PollScopes: []string{"likes", "offline"}, ClaimScopes: []string{"me"}, StewardScopes: []string{"orgs"},
	}}
}

func oauth1Info() connectors.Info {
	return connectors.Info{Auth: connectors.AuthOAuth1, OAuth1: connectors.OAuth1{
		RequestURL: "https://songs.example/request", AuthURL: "https://songs.example/authorize?lang=en", TokenURL: "https://songs.example/access",
		PollParams: url.Values{"perms": {"read"}}, ClaimParams: url.Values{"perms": {"none"}}, OutOfBand: true,
	}}
}

// keepsSecrets fails when an error tells one in any way it may be printed.
func keepsSecrets(t *testing.T, err error) {
	t.Helper()
	for _, text := range []string{fmt.Sprintf("%v", err), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)} {
		if strings.Contains(text, "canary") {
			t.Errorf("an error tells a secret: %s", text)
		}
	}
	if err != nil && strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
		t.Errorf("control characters in %q", err)
	}
}

// checkOutside is for errors that a person is shown.
func checkOutside(t *testing.T, err error, reason, words string) {
	t.Helper()
	outside, ok := errors.AsType[*flattery.OutsideError](err)
	if !ok || outside.Reason != reason || outside.Network != "songs" || !strings.Contains(err.Error(), words) {
		t.Errorf("error %v (%+v), want %s: %q", err, outside, reason, words)
	}
	keepsSecrets(t, err)
}
