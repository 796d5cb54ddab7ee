// Package vimeo reads the videos that a Vimeo account likes. With the donor's own token it also learns when.
package vimeo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"flattery"
	"flattery/connectors"
)

const network = "vimeo"

// Connector is Vimeo. It keeps nothing between calls.
type Connector struct {
	base *url.URL
	info connectors.Info
	err  error // a base that is no address
}

// New makes the connector; base is the root of the API, "" is https://api.vimeo.com/. A base that is no http address is
// answered by every call.
func New(base string) *Connector {
	api, site, err := connectors.Base(network, base, "https://api.vimeo.com/", "https://api.vimeo.com")
	return &Connector{base: api, err: err, info: connectors.Info{
		Network: network, Title: "Vimeo", Host: "vimeo.com", Noun: "like", Auth: connectors.AuthOAuth2,
		OAuth2: connectors.OAuth2{
			AuthURL: site + "/oauth/authorize", TokenURL: site + "/oauth/access_token", AppURL: site + "/oauth/authorize/client", Basic: true,
			AppScopes: []string{"public"}, PollScopes: []string{"public"}, ClaimScopes: []string{"public"},
		},
		// What the list is sorted by is nowhere said, and the time of a like is told for the token's owner only.
		Feed: connectors.Unordered, Dated: true, Interval: 15 * time.Minute,
		State: connectors.Alive, Proven: connectors.ProvenContract,
		Terms: connectors.Terms{Sentence: "Vimeo counts requests a minute for each account, and shuts out for up to a minute.",
			Link: "https://help.vimeo.com/hc/en-us/articles/12427783954065", Date: "2026-08", Sure: "Vimeo's help centre; how many is not confirmed"},
		Console: "https://developer.vimeo.com/apps", HandleTip: "staff",
	}}
}

// Info describes Vimeo.
func (c *Connector) Info() connectors.Info { return c.info }

// Likes reads the liked videos that are news. See connectors.Connector for what it promises.
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
	return c.profile(ctx, s, "me")
}

var address = regexp.MustCompile(`^(?:(?:https?://)?(?:www\.)?vimeo\.com/|@)?([A-Za-z0-9_-]{1,100})/?$`)

// Resolve finds an account by its number, by the name in the address of its page, or by that address.
func (c *Connector) Resolve(ctx context.Context, s connectors.Session, handle string) (flattery.Profile, error) {
	path, err := c.pathOf(handle)
	if err != nil {
		return flattery.Profile{}, err
	}
	return c.profile(ctx, s, path)
}

func (c *Connector) profile(ctx context.Context, s connectors.Session, path string) (flattery.Profile, error) {
	var u user
	err := c.account(ctx, s, path, "uri,name,link", &u, &u)
	return u.profile(), err
}

// account asks for an account, which is part of what the answer is read into.
func (c *Connector) account(ctx context.Context, s connectors.Session, path, fields string, u *user, into any) error {
	_, err := c.ask(ctx, s, http.MethodGet, path, url.Values{"fields": {fields}}, into)
	if err == nil && !userURI.MatchString(string(u.URI)) {
		err = c.refuse("names an account without a usable id")
	}
	return err
}

// Revoke gives the token back; one that is not accepted any more is given back already.
func (c *Connector) Revoke(ctx context.Context, s connectors.Session) error {
	_, err := c.ask(ctx, s, http.MethodDelete, "tokens", nil, nil)
	if errors.Is(err, connectors.ErrUnauthorized) {
		return nil
	}
	return err
}

type (
	video struct {
		URI, Name connectors.Text
		Link      string
		User      user // none: the account was deleted
		Metadata  struct {
			Interactions struct {
				Like struct {
					Added time.Time `json:"added_time"` // by whose token it is; none where that was not told
				}
			}
		}
	}
	user struct {
		URI, Name connectors.Text
		Link      string
	}
)

// Ids stand in addresses within the API; that of a video that is not listed goes on with a colon and a key.
var (
	userURI  = regexp.MustCompile(`^/users/[1-9][0-9]{0,18}$`)
	videoURI = regexp.MustCompile(`^/videos/([1-9][0-9]{0,18})(?::[A-Za-z0-9]{1,64})?$`)
)

func (u user) profile() flattery.Profile {
	p := flattery.Profile{
		Identity: flattery.Identity{Network: network, Host: "vimeo.com", Subject: strings.TrimPrefix(string(u.URI), "/users/")},
		Name:     connectors.Clean(string(u.Name), connectors.MaxName), URL: connectors.WebURL(u.Link),
	}
	if page, err := url.Parse(p.URL); err == nil && len(page.Path) > 1 {
		p.Handle = connectors.Clean(path.Base(page.Path), connectors.MaxHandle)
	}
	return p
}

// list asks for one page. A place is its number.
func (c *Connector) list(ctx context.Context, s connectors.Session, ask connectors.Ask) (connectors.Answer, error) {
	query := url.Values{"page": {cmp.Or(ask.Place, "1")}, "per_page": {"100"}, "fields": {"uri,link,name,user.uri,user.name,user.link"}}
	of := "users/" + s.Identity.Subject
	if s.Token.Has() {
		of = "me"
		query.Set("fields", query.Get("fields")+",metadata.interactions.like")
	} else if !userURI.MatchString("/" + of) {
		return connectors.Answer{}, flattery.Input("the identity %q is no id of Vimeo", connectors.Clean(s.Identity.Subject, 50))
	}
	if ask.Few {
		query.Set("per_page", "25")
	}
	var page struct {
		Data   []video
		Paging struct{ Next string }
	}
	date, err := c.ask(ctx, s, http.MethodGet, of+"/likes", query, &page)
	if err != nil {
		return connectors.Answer{}, err
	}
	ans := connectors.Answer{Date: date}
	if ans.Likes, err = c.likes(page.Data, s.Token.Has()); err == nil {
		ans.Next, err = c.next(page.Paging.Next)
	}
	if ask.Few && ans.Next != "" {
		ans.Next = "1" // of the larger pages
	}
	return ans, err
}

// next is the number of the page after. A link that leaves the network, or has none, refuses the page.
func (c *Connector) next(link string) (string, error) {
	if link == "" {
		return "", nil
	}
	u, err := c.base.Parse(link)
	if err == nil && u.Scheme == c.base.Scheme && u.Host == c.base.Host && u.User == nil {
		if n, err := strconv.ParseUint(u.Query().Get("page"), 10, 31); err == nil && n > 1 {
			return strconv.FormatUint(n, 10), nil
		}
	}
	return "", c.refuse("sent %q as the next page, where the list cannot go on", connectors.Clean(link, 100))
}

// likes understands the videos of a page. One without an id or an owner is nobody's and left out; a page of nothing
// else, and an id that is wrong rather than missing, refuses the page.
func (c *Connector) likes(list []video, own bool) ([]flattery.Like, error) {
	if list == nil || len(list) > 200 {
		return nil, c.refuse("sent no list of at most 100 videos")
	}
	likes := make([]flattery.Like, 0, len(list))
	for _, v := range list {
		if v.URI == "" || v.User.URI == "" {
			continue
		}
		id := videoURI.FindStringSubmatch(string(v.URI))
		if id == nil || !userURI.MatchString(string(v.User.URI)) {
			return nil, c.refuse("sent a video with the id %q of %q", connectors.Clean(string(v.URI), 60), connectors.Clean(string(v.User.URI), 60))
		}
		l := flattery.Like{Author: v.User.profile(), Thing: flattery.Thing{Network: network, Host: "vimeo.com", ID: id[1],
			URL: connectors.WebURL(v.Link), Title: connectors.Clean(string(v.Name), connectors.MaxTitle)}}
		if at := v.Metadata.Interactions.Like.Added; own && !at.IsZero() {
			l.At, l.Source = at.UTC(), flattery.Exact
		}
		likes = append(likes, l)
	}
	if len(likes) == 0 && len(list) > 0 {
		return nil, c.refuse("sent a page of likes without one video in it")
	}
	return likes, nil
}

// ask sends a request with the donor's token or that of this instance, and reads the answer into a value, nil for none. The
// time is the network's clock.
func (c *Connector) ask(ctx context.Context, s connectors.Session, method, path string, query url.Values, into any) (time.Time, error) {
	token := cmp.Or(s.Token.Access, s.AppToken)
	switch {
	case c.err != nil:
		return time.Time{}, c.err
	case token == "":
		return time.Time{}, fmt.Errorf("this instance has no token, for which networks.vimeo.client_id and client_secret are needed: %w", connectors.ErrKey)
	}
	u := *c.base
	u.Path, u.RawQuery = u.Path+path, query.Encode()
	req, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
	if err != nil {
		return time.Time{}, connectors.Failure(c.base.Host, err)
	}
	req.Header.Set("Authorization", "Bearer "+string(token))
	req.Header.Set("Accept", "application/vnd.vimeo.*+json;version=3.4")
	resp, err := connectors.Fetch(s, req, 1<<20, into) //nolint:bodyclose // it is read
	switch {
	case resp == nil:
		return time.Time{}, err
	case into == nil && resp.StatusCode/100 == 2:
		return connectors.Date(resp), nil
	case err == nil || resp.StatusCode == http.StatusOK:
		return connectors.Date(resp), err
	}
	// Vimeo has told the end of a limit as a time and as seconds since 1970.
	if at, bad := time.Parse(time.RFC3339, resp.Header.Get("X-RateLimit-Reset")); bad == nil {
		resp.Header.Set("X-RateLimit-Reset", strconv.FormatInt(at.Unix(), 10))
		err = connectors.Refusal(resp, s.Now)
	}
	if !s.Token.Has() && errors.Is(err, connectors.ErrUnauthorized) {
		err = fmt.Errorf("%s answered 401 Unauthorized: %w", c.base.Host, connectors.ErrKey)
	}
	return connectors.Date(resp), err
}

func (c *Connector) refuse(format string, args ...any) error {
	return &connectors.AnswerError{Host: c.base.Host, Reason: fmt.Sprintf(format, args...)}
}
