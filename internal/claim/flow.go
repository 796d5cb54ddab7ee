package claim

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/store"
)

const (
	attemptLife = 10 * time.Minute
	// typed begins the state of an attempt whose code a person types, where no request token comes back with it. A
	// state cannot be forged, so neither can this.
	typed = "typed-"
)

// FlowStore keeps the attempts that wait for their callback.
type FlowStore interface {
	Update(ctx context.Context, fn func(store.Tx) error) error
}

// Flow connects accounts to networks in a browser, by OAuth 2.0 with PKCE or by OAuth 1.0a. It keeps nothing but attempts;
// what was granted is the caller's to store. It is safe for concurrent use.
type Flow struct {
	Store    FlowStore
	Networks connectors.Set
	App      func(ctx context.Context, network string) (flattery.App, error) // keys of this instance
	Client   *http.Client
	Base     func() string // the configured base URL, no slash at the end; never from a request
	Now      func() time.Time
}

// Asked is the wish to connect.
type Asked struct {
	Account   flattery.AccountID // 0: nobody is signed in, who can enter, or claim what a claim link is of
	Browser   string             // secret kept in the browser session, never empty
	Network   string
	Purpose   Purpose
	Link      flattery.LinkID      // to be connected again; 0: a new one
	ClaimLink flattery.ClaimLinkID // that was followed; 0: none
	Handle    string               // of the organisation to be claimed; "": one's own account
	Month     bool                 // count this month so far
	Code      bool                 // the network shows a code to type, instead of coming back
}

// Begun is where the browser goes now.
type Begun struct {
	URL   string
	State string // for the page where the code is typed; "" where there is none
	Code  bool
}

// Answered is a callback as it came, or a code as it was typed (state and oauth_verifier in Query).
type Answered struct {
	Account flattery.AccountID // who is signed in; 0: nobody
	Browser string             // secret kept in the browser session
	Network string             // of the callback's path
	Host    string             // of the callback's path
	Query   url.Values
}

// Granted is what somebody allowed at a network. For a Link or a ClaimLink the caller compares the identities: flattery.ErrOther.
type Granted struct {
	Purpose   Purpose
	Profile   flattery.Profile // whose token it is, or the organisation that is claimed with it
	Token     flattery.Token
	Link      flattery.LinkID
	ClaimLink flattery.ClaimLinkID
	Month     bool
	Account   flattery.AccountID
}

// Callback is the address to come back to, as it is registered at the network. Each network and host has its own, so that
// the answer of one is never taken for that of another.
func (f *Flow) Callback(info connectors.Info) string {
	return f.Base() + "/oauth/cb/" + url.PathEscape(info.Network) + "/" + url.PathEscape(info.Host)
}

// Begin remembers an attempt and says where to send the browser. What the owner of the instance or the person can mend is a
// flattery.InputError, what the network broke a flattery.OutsideError.
func (f *Flow) Begin(ctx context.Context, a Asked) (Begun, error) {
	c, app, err := f.ready(ctx, a.Network)
	if err != nil {
		return Begun{}, err
	}
	if err := f.possible(c, a); err != nil {
		return Begun{}, err
	}
	info := c.Info()
	attempt := store.Attempt{
		State: random(), Browser: a.Browser, Account: a.Account, Network: info.Network, Host: info.Host,
		Purpose: string(a.Purpose), Link: a.Link, ClaimLink: a.ClaimLink, Handle: a.Handle, Month: a.Month, Expires: f.Now().UTC().Add(attemptLife),
	}
	if a.Code {
		attempt.State = typed + attempt.State
	}
	var address string
	if info.Auth == connectors.AuthOAuth1 {
		address, err = f.request(ctx, info, app, &attempt)
	} else {
		address = f.authorize(info, app, &attempt)
	}
	if err != nil {
		return Begun{}, err
	}
	if err := f.Store.Update(ctx, func(tx store.Tx) error { return tx.AddAttempt(ctx, attempt) }); err != nil {
		return Begun{}, fmt.Errorf("claim: %s: %w", info.Network, err)
	}
	begun := Begun{URL: address, Code: a.Code}
	if a.Code {
		begun.State = attempt.State
	}
	return begun, nil
}

// Finish judges a callback and turns it into a token and whose it is. The attempt is used up whatever comes of it. A
// callback that is not of this browser, account, network and host is flattery.ErrAttempt, a refusal flattery.ErrDenied,
// what the network broke a flattery.OutsideError; nothing was asked of the network then but what it broke.
func (f *Flow) Finish(ctx context.Context, a Answered) (Granted, error) {
	state := a.Query.Get("state")
	if state == "" {
		return Granted{}, flattery.ErrAttempt
	}
	var attempt store.Attempt
	err := f.Store.Update(ctx, func(tx store.Tx) error {
		taken, err := tx.TakeAttempt(ctx, state, f.Now().UTC())
		attempt = taken
		return err
	})
	if err != nil {
		return Granted{}, fmt.Errorf("claim: %w", err)
	}
	if !a.answers(attempt) {
		return Granted{}, flattery.ErrAttempt
	}
	c, app, err := f.ready(ctx, attempt.Network)
	if err != nil {
		return Granted{}, err
	}
	info := c.Info()
	if info.Host != attempt.Host {
		return Granted{}, flattery.ErrAttempt
	}
	var token flattery.Token
	if info.Auth == connectors.AuthOAuth1 {
		token, err = f.access(ctx, info, app, attempt, a.Query)
	} else {
		token, err = f.exchange(ctx, info, app, attempt, a.Query)
	}
	if err != nil {
		return Granted{}, err
	}
	s := connectors.Session{Token: token, App: app, Client: f.Client, Now: f.Now().UTC()}
	profile, err := whose(ctx, c, s, attempt.Handle)
	if err != nil {
		return Granted{}, err
	}
	return Granted{
		Purpose: Purpose(attempt.Purpose), Profile: profile, Token: token,
		Link: attempt.Link, ClaimLink: attempt.ClaimLink, Month: attempt.Month, Account: attempt.Account,
	}, nil
}

// ready finds a network that may be connected, and the keys for it.
func (f *Flow) ready(ctx context.Context, network string) (connectors.Connector, flattery.App, error) {
	c, err := f.Networks.Get(network)
	if err != nil {
		return nil, flattery.App{}, err
	}
	info := c.Info()
	if info.State != connectors.Alive && (info.State != connectors.Forbidden || !info.Terms.Tick) {
		return nil, flattery.App{}, flattery.Input("%s cannot be connected (%s since %s): %s", info.Title, info.State.Word(), info.Since, info.Reason)
	}
	if info.Auth != connectors.AuthOAuth1 && info.Auth != connectors.AuthOAuth2 {
		return nil, flattery.App{}, flattery.Input("%s has no OAuth: link it by name", info.Title)
	}
	app, err := f.App(ctx, network)
	if err != nil {
		return nil, flattery.App{}, fmt.Errorf("claim: %s: keys: %w", network, err)
	}
	if info.Terms.Tick && app.Accepted != info.Terms.Sentence {
		return nil, flattery.App{}, flattery.Input("%s can be connected after the owner of this instance has accepted a sentence of its terms, on the keys page or by setting: “%s” (%s)",
			info.Title, info.Terms.Sentence, info.Terms.Link)
	}
	app = consumer(info, app)
	if app.ID == "" || app.Secret == "" {
		return nil, flattery.App{}, flattery.Input("connecting %s needs keys of this instance: register an app at %s, then set networks.%s.client_id and networks.%s.client_secret",
			info.Title, info.Console, network, network)
	}
	return c, app, nil
}

// possible refuses a wish that cannot be begun.
func (f *Flow) possible(c connectors.Connector, a Asked) error {
	info := c.Info()
	_, steward := c.(connectors.Steward)
	switch {
	case a.Browser == "" || a.Account < 0 || a.Account == 0 && a.Purpose != Entering && (a.Purpose != Claiming || a.ClaimLink == 0):
		return flattery.Input("sign in before you connect %s", info.Title)
	case a.Purpose != Linking && a.Purpose != Claiming && a.Purpose != Entering:
		return flattery.Input("one connects for %s or for %s", Linking, Claiming)
	case a.Link != 0 && a.Purpose != Linking:
		return flattery.Input("a link is connected again for %s only", Linking)
	case a.ClaimLink != 0 && a.Purpose != Claiming:
		return flattery.Input("a claim link is followed for %s only", Claiming)
	case a.Handle != "" && (a.Purpose != Claiming || !steward):
		return flattery.Input("%s has no organisations that could be claimed", info.Title)
	case a.Handle != connectors.Clean(a.Handle, connectors.MaxHandle):
		return flattery.Input("%q is no name of an organisation", connectors.Clean(a.Handle, connectors.MaxHandle))
	case a.Code && (info.Auth != connectors.AuthOAuth1 || !info.OAuth1.OutOfBand):
		return flattery.Input("%s shows no code to type: connect it in the browser", info.Title)
	case !a.Code && f.Base() == "":
		return flattery.Input("set base_url: %s sends people back to it", info.Title)
	}
	return nil
}

// answers reports whether a callback is of this attempt, this browser and this account, and says nothing twice.
func (a Answered) answers(t store.Attempt) bool {
	for _, name := range []string{"state", "code", "error", "iss", "oauth_token", "oauth_verifier"} {
		if len(a.Query[name]) > 1 {
			return false
		}
	}
	same := subtle.ConstantTimeCompare([]byte(store.Hash(a.Browser)), []byte(t.Browser)) == 1
	return same && a.Browser != "" && a.Account == t.Account && a.Network == t.Network && a.Host == t.Host
}

// whose asks the network whose token it is; for an organisation, whether the token is an administrator's.
func whose(ctx context.Context, c connectors.Connector, s connectors.Session, organisation string) (flattery.Profile, error) {
	info := c.Info()
	who, err := c.Identify(ctx, s)
	if err == nil && organisation != "" {
		steward, ok := c.(connectors.Steward)
		if !ok {
			return flattery.Profile{}, flattery.Input("%s has no organisations that could be claimed", info.Title)
		}
		who, err = steward.Administers(ctx, s, organisation)
	}
	if err != nil {
		return flattery.Profile{}, failed(ctx, info, ReasonTrouble, err, secrets(s.App, s.Token)...)
	}
	if who.Network != info.Network || who.Host != info.Host || who.Subject == "" || who.Provisional() {
		return flattery.Profile{}, failed(ctx, info, ReasonAnswer, &connectors.AnswerError{Host: info.Host, Reason: "did not say whose the token is"})
	}
	return who, nil
}

// random is 256 bits that nobody guesses, fit for a URL.
func random() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails: it ends the program instead
	return base64.RawURLEncoding.EncodeToString(b)
}

// printable reports whether a word is there, is no longer than most bytes, and has visible ASCII only.
func printable(s string, most int) bool {
	return s != "" && len(s) <= most && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
