// Package twitter reads the likes of an X account with its owner's token, since nobody else sees them: through API v2, or
// through v1.1 where the base says so. Who made a post of which only an export file told, X says to anybody.
package twitter

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"flattery"
	"flattery/connectors"
)

const (
	network = "twitter"
	home    = "https://x.com"
	// A page of 200 favourites, each with all that v1.1 tells of its author, is about 1 MiB.
	answerLimit = 4 << 20
	mostPosts   = 1000 // no API of X puts more on a page than 200
)

// Connector is X, or a server that speaks like it. It keeps nothing between calls.
type Connector struct {
	base   *url.URL
	site   string // for people
	oembed string
	legacy bool // v1.1
	info   connectors.Info
	err    error // a base that is no address
}

// New makes the connector of the API whose root is base; "" is https://api.x.com/2/. A base that ends in /1.1/ speaks
// v1.1. One that is no http address is answered by every call.
func New(base string) *Connector {
	api, site, err := connectors.Base(network, base, "https://api.x.com/2/", home)
	if err != nil {
		api, site, _ = connectors.Base(network, "", "https://api.x.com/2/", home)
	}
	c := &Connector{base: api, site: site, oembed: site + "/oembed", legacy: strings.HasSuffix(api.Path, "/1.1/"), err: err}
	atX := api.Hostname() == "api.x.com" || api.Hostname() == "api.twitter.com"
	if atX {
		c.site, c.oembed = home, "https://publish.x.com/oembed"
	}
	c.info = c.describe(api.Scheme+"://"+api.Host, atX)
	return c
}

func (c *Connector) describe(root string, atX bool) connectors.Info {
	u, _ := url.Parse(c.site)
	i := connectors.Info{
		Network: network, Title: "X", Host: u.Hostname(), Noun: "like",
		ProofKey: true, State: connectors.Alive, Proven: connectors.ProvenRecorded,
		Terms: connectors.Terms{
			Sentence: "As you use the X API you may not sell or receive monetary or virtual compensation for any X actions. This includes … likes …",
			Link:     "https://docs.x.com/developer-terms/policy", Date: "2026-08-22", Sure: "confirmed", Tick: atX,
		},
		Console: "https://console.x.com", HandleTip: "XDevelopers",
	}
	if atX {
		i.State, i.Since = connectors.Forbidden, "2013-04-16"
		i.Reason = flattery.Say("X forbids money for likes that are read through its API, as it told the first Flattr in 2013; the archive file of an account works.")
	}
	if c.legacy {
		i.Auth, i.Feed, i.Interval = connectors.AuthOAuth1, connectors.Unordered, 15*time.Minute
		i.OAuth1 = connectors.OAuth1{RequestURL: root + "/oauth/request_token", AuthURL: root + "/oauth/authorize", TokenURL: root + "/oauth/access_token", OutOfBand: true}
		return i
	}
	// A glance costs, though not twice in a day where it is the same posts.
	i.Auth, i.Feed, i.Interval = connectors.AuthOAuth2, connectors.Ordered, 6*time.Hour
	i.OAuth2 = connectors.OAuth2{
		AuthURL: c.site + "/i/oauth2/authorize", TokenURL: root + "/2/oauth2/token", Basic: true,
		PollScopes:  []string{"tweet.read", "users.read", "like.read", "offline.access"},
		ClaimScopes: []string{"tweet.read", "users.read"},
	}
	i.Price = connectors.Price{Currency: "USD", Like: postPrice, Link: "https://docs.x.com/x-api/getting-started/pricing"}
	return i
}

// Info describes X.
func (c *Connector) Info() connectors.Info { return c.info }

// Identify reports whose token the session carries.
func (c *Connector) Identify(ctx context.Context, s connectors.Session) (flattery.Profile, error) {
	if !s.Token.Has() {
		return flattery.Profile{}, fmt.Errorf("there is no token: %w", connectors.ErrUnauthorized)
	}
	if c.legacy {
		return c.credentials(ctx, s)
	}
	return c.me(ctx, s)
}

// Likes reads what is news of the token's owner. See connectors.Connector for what it promises.
func (c *Connector) Likes(ctx context.Context, s connectors.Session, after flattery.Cursor) iter.Seq2[connectors.Page, error] {
	// v1.1 lists by the time of a like and turns pages by the number of a post, so its order is not to be relied on.
	walk, page := connectors.Walk{Feed: connectors.Ordered, Brief: true}, c.liked
	if c.legacy {
		walk, page = connectors.Walk{Feed: connectors.Unordered}, c.favorites
	}
	walk.List = func(ctx context.Context, ask connectors.Ask) (connectors.Answer, error) {
		if !s.Token.Has() {
			return connectors.Answer{}, fmt.Errorf("likes are private, and there is no token: %w", connectors.ErrUnauthorized)
		}
		if !number.MatchString(s.Identity.Subject) {
			return connectors.Answer{}, flattery.Input("%q is not the number of an account", connectors.Clean(s.Identity.Subject, 50))
		}
		return page(ctx, s, ask)
	}
	return walk.Likes(ctx, s, after)
}

// Revoke gives the token back. One that X does not know (any more) is as good as given back.
func (c *Connector) Revoke(ctx context.Context, s connectors.Session) error {
	if s.App.ID == "" {
		return fmt.Errorf("the keys of this instance are missing: %w", connectors.ErrKey)
	}
	if c.legacy {
		return c.invalidate(ctx, s)
	}
	return c.revoke(ctx, s)
}

// Author asks the keyless oEmbed address, which knows handles and no numbers: the profile is provisional.
func (c *Connector) Author(ctx context.Context, s connectors.Session, t flattery.Thing) (flattery.Profile, error) {
	if !number.MatchString(t.ID) {
		return flattery.Profile{}, flattery.Input("%q is not the number of a post", connectors.Clean(t.ID, 50))
	}
	var said struct {
		Name string `json:"author_name"`
		URL  string `json:"author_url"`
	}
	s.Token = flattery.Token{}
	address := c.oembed + "?" + url.Values{"url": {c.site + "/i/status/" + t.ID}, "omit_script": {"1"}}.Encode()
	if _, err := c.get(ctx, s, address, &said); err != nil { //nolint:bodyclose // it is read
		return flattery.Profile{}, err
	}
	u, err := url.Parse(said.URL)
	if err != nil || !handle.MatchString(strings.Trim(u.Path, "/")) {
		return flattery.Profile{}, c.refuse("does not say who made the post")
	}
	name := strings.Trim(u.Path, "/")
	return c.profile("@"+strings.ToLower(name), name, said.Name), nil
}

// Numbers of posts and accounts, and handles, end up in addresses.
var (
	number = regexp.MustCompile(`^[1-9][0-9]{0,18}$`)
	handle = regexp.MustCompile(`^[A-Za-z0-9_]{1,50}$`)
)

func (c *Connector) profile(subject, name, fullName string) flattery.Profile {
	p := flattery.Profile{
		Identity: flattery.Identity{Network: network, Host: c.info.Host, Subject: subject},
		Name:     connectors.Clean(fullName, connectors.MaxName),
	}
	if handle.MatchString(name) {
		p.Handle, p.URL = name, c.site+"/"+name
	}
	return p
}

func (c *Connector) like(id, text string, author flattery.Profile) flattery.Like {
	page := c.site + "/i/web/status/" + id
	if author.URL != "" {
		page = author.URL + "/status/" + id
	}
	return flattery.Like{Author: author, Thing: flattery.Thing{
		Network: network, Host: c.info.Host, ID: id, URL: page, Title: title(text),
	}}
}

// get asks for an address and reads its answer.
func (c *Connector) get(ctx context.Context, s connectors.Session, address string, into any) (*http.Response, error) {
	if c.err != nil {
		return nil, c.err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, connectors.Failure(c.base.Host, err)
	}
	if s.Token.Has() {
		req.Header.Set("Authorization", "Bearer "+string(s.Token.Access))
	}
	return fetch(s, req, into)
}

// fetch sends a request and says what a refusal means.
func fetch(s connectors.Session, req *http.Request, into any) (*http.Response, error) {
	resp, err := connectors.Fetch(s, req, answerLimit, into)
	if err == nil || resp == nil || resp.StatusCode == http.StatusOK {
		return resp, err
	}
	var p problem
	_ = json.NewDecoder(resp.Body).Decode(&p) // a refusal in other words is one too
	words := p.words(s)
	switch {
	case resp.StatusCode == http.StatusPaymentRequired, p.is("usage-capped"):
		return resp, &connectors.PaymentRequiredError{Detail: req.URL.Host + ": " + words}
	case p.is("client-forbidden"), p.Reason == "client-not-enrolled", p.code() == 453:
		answer := &connectors.AnswerError{Host: req.URL.Host, Status: resp.StatusCode, Reason: words}
		return resp, fmt.Errorf("%w: %w", answer, connectors.ErrForbidden)
	}
	return resp, err
}

func (c *Connector) refuse(format string, args ...any) error {
	return &connectors.AnswerError{Host: c.base.Host, Reason: fmt.Sprintf(format, args...)}
}
