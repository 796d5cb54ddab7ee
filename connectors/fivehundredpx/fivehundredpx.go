// Package fivehundredpx reads the favourites of a 500px account through the API of 2013. 500px itself has retired it; the
// package is kept for servers that speak it, and held against its contract.
package fivehundredpx

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"github.com/dghubble/oauth1"

	"flattery"
	"flattery/connectors"
)

const (
	network = "fivehundredpx"
	home    = "https://500px.com"
)

// Connector is 500px. It keeps nothing between calls.
type Connector struct {
	base *url.URL
	site string // of the pages for people, no slash at the end
	info connectors.Info
	err  error // a base that is no address
}

// New makes the connector; base is the root of the API, "" is https://api.500px.com/v1/, which is retired and not asked: every
// call answers ErrForbidden. A base that is no http address is answered by every call too.
func New(base string) *Connector {
	api, site, err := connectors.Base(network, base, "https://api.500px.com/v1/", home)
	c := &Connector{base: api, site: site, err: err, info: connectors.Info{
		Network: network, Title: "500px", Host: "500px.com", Noun: "favourite", Auth: connectors.AuthOAuth1, NeedsKey: true,
		Feed: connectors.Ordered, Interval: 15 * time.Minute,
		State: connectors.Retired, Since: "2018-06-15", Proven: connectors.ProvenContract,
		Reason: flattery.Say("500px closed its API in June 2018 and gives no keys any more, so nobody can link an account there; " +
			"a server that still speaks this API can be set as networks.fivehundredpx.base."),
		Terms: connectors.Terms{Sentence: "500px does not allow to derive revenue from the use of its API beyond what its terms set forth.",
			Link: "https://github.com/500px/legacy-api-documentation", Date: "2013-06-19", Sure: "the terms of 2013"},
		HandleTip: "chase",
	}}
	if err != nil {
		return c
	}
	root := api.String() + "oauth/"
	c.info.OAuth1 = connectors.OAuth1{RequestURL: root + "request_token", AuthURL: root + "authorize", TokenURL: root + "access_token"}
	if site == home {
		c.err = fmt.Errorf("%w: %s", connectors.ErrForbidden, c.info.Reason)
	} else {
		c.info.State, c.info.Since, c.info.Reason, c.info.Terms, c.info.Host = connectors.Alive, "", flattery.Sentence{}, connectors.Terms{}, api.Hostname()
	}
	return c
}

// Info describes 500px.
func (c *Connector) Info() connectors.Info { return c.info }

// Likes reads the favourites that are news. See connectors.Connector for what it promises.
func (c *Connector) Likes(ctx context.Context, s connectors.Session, after flattery.Cursor) iter.Seq2[connectors.Page, error] {
	return connectors.Walk{Feed: c.info.Feed, List: func(ctx context.Context, ask connectors.Ask) (connectors.Answer, error) {
		return c.list(ctx, s, ask)
	}}.Likes(ctx, s, after)
}

// Identify reports whose token the session carries.
func (c *Connector) Identify(ctx context.Context, s connectors.Session) (flattery.Profile, error) {
	if !s.Token.Has() {
		return flattery.Profile{}, fmt.Errorf("there is no token: %w", connectors.ErrUnauthorized)
	}
	return c.profile(ctx, s, "users", url.Values{})
}

var address = regexp.MustCompile(`^(?:(?:https?://)?(?:www\.)?500px\.com/(?:p/)?|@)?([A-Za-z0-9_.-]{1,100})/?$`)

// Resolve finds an account by the name in the address of its page, or by that address.
func (c *Connector) Resolve(ctx context.Context, s connectors.Session, handle string) (flattery.Profile, error) {
	name, err := c.named(handle)
	if err != nil {
		return flattery.Profile{}, err
	}
	return c.profile(ctx, s, "users/show", url.Values{"username": {name}})
}

func (c *Connector) profile(ctx context.Context, s connectors.Session, path string, query url.Values) (flattery.Profile, error) {
	var answer struct{ User user }
	err := c.account(ctx, s, path, query, &answer.User, &answer)
	return c.understand(answer.User), err
}

// account asks for an account, which is part of what the answer is read into.
func (c *Connector) account(ctx context.Context, s connectors.Session, path string, query url.Values, u *user, into any) error {
	_, err := c.ask(ctx, s, path, query, into)
	if err == nil && u.ID == 0 {
		err = c.refuse("names an account without a usable id")
	}
	return err
}

type (
	photo struct {
		ID   connectors.Number
		Name connectors.Text
		User user
	}
	user struct {
		ID                 connectors.Number
		Username, Fullname connectors.Text
	}
)

func (c *Connector) understand(u user) flattery.Profile {
	p := flattery.Profile{
		Identity: flattery.Identity{Network: network, Host: c.info.Host, Subject: strconv.FormatInt(int64(u.ID), 10)},
		Handle:   connectors.Clean(string(u.Username), connectors.MaxHandle),
		Name:     connectors.Clean(string(u.Fullname), connectors.MaxName),
	}
	if p.Handle != "" {
		p.URL = connectors.WebURL(c.site + "/" + url.PathEscape(p.Handle))
	}
	return p
}

// list asks for one page, sorted by when they became favourites. A place is its number.
func (c *Connector) list(ctx context.Context, s connectors.Session, ask connectors.Ask) (connectors.Answer, error) {
	if n, err := strconv.ParseInt(s.Identity.Subject, 10, 64); err != nil || n <= 0 {
		return connectors.Answer{}, flattery.Input("the identity %q is no id of 500px", connectors.Clean(s.Identity.Subject, 50))
	}
	query := url.Values{"feature": {"user_favorites"}, "user_id": {s.Identity.Subject}, "sort": {"created_at"},
		"rpp": {"100"}, "page": {cmp.Or(ask.Place, "1")}, "include_states": {"1"}}
	if ask.Few {
		query.Set("rpp", "20")
	}
	var page struct {
		Current connectors.Number `json:"current_page"`
		Total   connectors.Number `json:"total_pages"`
		Photos  []photo
	}
	date, err := c.ask(ctx, s, "photos", query, &page)
	if err != nil {
		return connectors.Answer{}, err
	}
	if here := fmt.Sprint(page.Current); here != query.Get("page") {
		return connectors.Answer{}, c.refuse("sent page %s where %s was asked for", here, query.Get("page"))
	}
	ans := connectors.Answer{Date: date}
	if page.Current < page.Total && len(page.Photos) > 0 { // after the last, no total is believed
		ans.Next = fmt.Sprint(page.Current + 1)
	}
	if ask.Few && ans.Next != "" {
		ans.Next = "1" // of the larger pages
	}
	ans.Likes, err = c.likes(page.Photos)
	return ans, err
}

// likes understands the photos of a page. One without an id or an owner is nobody's and left out; a page of nothing
// else refuses the page.
func (c *Connector) likes(list []photo) ([]flattery.Like, error) {
	if list == nil || len(list) > 200 {
		return nil, c.refuse("sent no list of at most 100 photos")
	}
	likes := make([]flattery.Like, 0, len(list))
	for _, p := range list {
		if p.ID == 0 || p.User.ID == 0 {
			continue
		}
		id := strconv.FormatInt(int64(p.ID), 10)
		likes = append(likes, flattery.Like{Author: c.understand(p.User), Thing: flattery.Thing{Network: network, Host: c.info.Host, ID: id,
			URL: c.site + "/photo/" + id, Title: connectors.Clean(string(p.Name), connectors.MaxTitle)}})
	}
	if len(likes) == 0 && len(list) > 0 {
		return nil, c.refuse("sent a page of favourites without one photo in it")
	}
	return likes, nil
}

// ask sends a request with the consumer key, and signed where there is a token. The time is the network's clock.
func (c *Connector) ask(ctx context.Context, s connectors.Session, path string, query url.Values, into any) (time.Time, error) {
	key := cmp.Or(s.App.ID, string(s.App.Key))
	switch {
	case c.err != nil:
		return time.Time{}, c.err
	case key == "":
		return time.Time{}, fmt.Errorf("networks.fivehundredpx.key is empty: %w", connectors.ErrKey)
	}
	query.Set("consumer_key", key) // also when signed: by it the outbound client sees what it may not redirect
	if s.Token.Has() {
		config := &oauth1.Config{ConsumerKey: key, ConsumerSecret: string(s.App.Secret)}
		signed := config.Client(context.WithValue(ctx, oauth1.HTTPClient, s.Client), oauth1.NewToken(string(s.Token.Access), string(s.Token.Secret)))
		signed.CheckRedirect, signed.Timeout = s.Client.CheckRedirect, s.Client.Timeout
		s.Client = signed
	}
	u := *c.base
	u.Path, u.RawQuery = u.Path+path, query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return time.Time{}, connectors.Failure(c.base.Host, err)
	}
	resp, err := connectors.Fetch(s, req, connectors.DefaultAnswer, into) //nolint:bodyclose // it is read
	if resp == nil {
		return time.Time{}, err
	}
	if !s.Token.Has() && errors.Is(err, connectors.ErrUnauthorized) {
		err = fmt.Errorf("%s answered 401 Unauthorized: %w", c.base.Host, connectors.ErrKey)
	}
	return connectors.Date(resp), err
}

func (c *Connector) refuse(format string, args ...any) error {
	return &connectors.AnswerError{Host: c.base.Host, Reason: fmt.Sprintf(format, args...)}
}
