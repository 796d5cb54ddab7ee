// Package soundcloud reads the tracks that a SoundCloud account likes. Playlists that are liked are left out: who puts
// other people's tracks in a row did not make them, and whose work such a like thanks is not told.
package soundcloud

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"flattery"
	"flattery/connectors"
)

// first is the query of a first page, up to its size. What cannot be played where we are was liked all the same.
const first = "access=playable,preview,blocked&linked_partitioning=true&limit="

// Connector is SoundCloud. It keeps nothing between calls.
type Connector struct {
	base *url.URL
	info connectors.Info
	err  error // a base that is no address
}

// New makes the connector; base is the root of the API, "" is https://api.soundcloud.com/. A base that is no http address
// is answered by every call.
func New(base string) *Connector {
	api, site, err := connectors.Base("soundcloud", base, "https://api.soundcloud.com/", "https://secure.soundcloud.com")
	return &Connector{base: api, err: err, info: connectors.Info{
		Network: "soundcloud", Title: "SoundCloud", Host: "soundcloud.com", Noun: "like", Auth: connectors.AuthOAuth2,
		OAuth2: connectors.OAuth2{AuthURL: site + "/authorize", TokenURL: site + "/oauth/token", AppURL: site + "/oauth/token"},
		// Nobody has confirmed an order; a new like may be missing for minutes, and a list that leaves some out is known.
		Feed: connectors.Unordered, Interval: 15 * time.Minute,
		State: connectors.Alive, Proven: connectors.ProvenContract,
		Terms: connectors.Terms{Sentence: "SoundCloud lets a person register one app.",
			Link: "https://developers.soundcloud.com/docs/api/guide", Date: "2026-07-19", Sure: "SoundCloud's own documentation"},
		Console: "https://soundcloud.com/you/apps", HandleTip: "flume",
	}}
}

// Info describes SoundCloud.
func (c *Connector) Info() connectors.Info { return c.info }

// Likes reads the liked tracks that are news. See connectors.Connector for what it promises.
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
	return c.profile(ctx, s, "me", "")
}

var address = regexp.MustCompile(`^(?:(?:https?://)?(?:www\.|m\.)?soundcloud\.com/|@)?([A-Za-z0-9_-]{1,100})/?$`)

// Resolve finds an account by the name in the address of its page, or by that address.
func (c *Connector) Resolve(ctx context.Context, s connectors.Session, handle string) (flattery.Profile, error) {
	page, err := c.pageOf(handle)
	if err != nil {
		return flattery.Profile{}, err
	}
	// It answers with a redirect to the account, which the client follows to the same origin only.
	return c.profile(ctx, s, "resolve", url.Values{"url": {page}}.Encode())
}

func (c *Connector) profile(ctx context.Context, s connectors.Session, path, query string) (flattery.Profile, error) {
	var u user
	err := c.account(ctx, s, path, query, &u, &u)
	return u.profile(), err
}

// account asks for an account, which is part of what the answer is read into.
func (c *Connector) account(ctx context.Context, s connectors.Session, path, query string, u *user, into any) error {
	_, err := c.ask(ctx, s, http.MethodGet, path, query, into)
	if err == nil && u.urn("users") == "" {
		err = c.refuse("names an account without a usable id")
	}
	return err
}

// Revoke gives the token back; one that is not accepted any more is given back already.
func (c *Connector) Revoke(ctx context.Context, s connectors.Session) error {
	_, err := c.ask(ctx, s, http.MethodPost, "sign-out", "", nil)
	if errors.Is(err, connectors.ErrUnauthorized) {
		return nil
	}
	return err
}

type (
	// ref says which user or track.
	ref struct {
		URN connectors.Text
		ID  connectors.Number // of answers from before there were URNs
	}
	track struct {
		ref
		Title connectors.Text
		URL   string `json:"permalink_url"`
		User  user
	}
	user struct {
		ref
		Permalink, Username connectors.Text
		URL                 string `json:"permalink_url"`
	}
)

// Nothing says that the last part of a URN stays a number.
var urns = regexp.MustCompile(`^soundcloud:(users|tracks):[A-Za-z0-9_-]{1,64}$`)

// urn is the immutable id of one of the "users" or "tracks"; "" where it is not usable.
func (r ref) urn(kind string) string {
	u := string(r.URN)
	if u == "" && r.ID > 0 {
		u = fmt.Sprintf("soundcloud:%s:%d", kind, r.ID)
	}
	if m := urns.FindStringSubmatch(u); m == nil || m[1] != kind {
		return ""
	}
	return u
}

func (u user) profile() flattery.Profile {
	return flattery.Profile{
		Identity: flattery.Identity{Network: "soundcloud", Host: "soundcloud.com", Subject: u.urn("users")},
		Handle:   connectors.Clean(string(u.Permalink), connectors.MaxHandle),
		Name:     connectors.Clean(string(u.Username), connectors.MaxName), URL: connectors.WebURL(u.URL),
	}
}

// list asks for one page.
func (c *Connector) list(ctx context.Context, s connectors.Session, ask connectors.Ask) (connectors.Answer, error) {
	path := "users/" + s.Identity.Subject + "/likes/tracks"
	if s.Token.Has() {
		path = "me/likes/tracks"
	} else if (ref{URN: connectors.Text(s.Identity.Subject)}).urn("users") == "" {
		return connectors.Answer{}, flattery.Input("the identity %q is no id of SoundCloud", connectors.Clean(s.Identity.Subject, 50))
	}
	query := cmp.Or(ask.Place, first+"200")
	if ask.Few {
		query = first + "50" // late likes come up below newer ones, so that a glance looks deep
	}
	var page struct {
		Collection []track
		Next       string `json:"next_href"`
	}
	date, err := c.ask(ctx, s, http.MethodGet, path, query, &page)
	if err != nil {
		return connectors.Answer{}, err
	}
	ans := connectors.Answer{Date: date}
	if ans.Likes, err = c.likes(page.Collection); err == nil && page.Next != "" {
		ans.Next, err = c.next(path, page.Next)
	}
	if ask.Few && ans.Next != "" {
		ans.Next = first + "200" // the link keeps the size of the page, so a longer walk begins anew
	}
	return ans, err
}

// next is the query of the page after. A link that leaves the list refuses the page.
func (c *Connector) next(path, link string) (string, error) {
	u, err := c.base.Parse(link)
	if err != nil || len(link) > 2000 || u.Scheme != c.base.Scheme || u.Host != c.base.Host || u.Path != c.base.Path+path || u.RawQuery == "" {
		return "", c.refuse("sent the next_href %q, where the list cannot go on", connectors.Clean(link, 100))
	}
	return u.RawQuery, nil
}

// likes understands the tracks of a page. One without an id or an owner is nobody's and left out; a page of nothing
// else, and an id that is wrong rather than missing, refuses the page.
func (c *Connector) likes(list []track) ([]flattery.Like, error) {
	if list == nil || len(list) > 400 {
		return nil, c.refuse("sent no list of at most 200 tracks")
	}
	likes := make([]flattery.Like, 0, len(list))
	for _, t := range list {
		if t.ref == (ref{}) || t.User.ref == (ref{}) {
			continue
		}
		id := t.urn("tracks")
		if id == "" || t.User.urn("users") == "" {
			return nil, c.refuse("sent a track with the id %q of %q", connectors.Clean(string(t.URN), 60), connectors.Clean(string(t.User.URN), 60))
		}
		likes = append(likes, flattery.Like{Author: t.User.profile(), Thing: flattery.Thing{Network: "soundcloud", Host: "soundcloud.com", ID: id,
			URL: connectors.WebURL(t.URL), Title: connectors.Clean(string(t.Title), connectors.MaxTitle)}})
	}
	if len(likes) == 0 && len(list) > 0 {
		return nil, c.refuse("sent a page of likes without one track in it")
	}
	return likes, nil
}

// ask sends a request with the donor's token or that of this instance. The time is the network's clock.
func (c *Connector) ask(ctx context.Context, s connectors.Session, method, path, query string, into any) (time.Time, error) {
	token := cmp.Or(s.Token.Access, s.AppToken)
	switch {
	case c.err != nil:
		return time.Time{}, c.err
	case token == "":
		return time.Time{}, fmt.Errorf("this instance has no token, for which networks.soundcloud.client_id and client_secret are needed: %w", connectors.ErrKey)
	}
	u := *c.base
	u.Path, u.RawQuery = u.Path+path, query
	req, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
	if err != nil {
		return time.Time{}, connectors.Failure(c.base.Host, err)
	}
	req.Header.Set("Authorization", "OAuth "+string(token))
	resp, err := connectors.Fetch(s, req, 4<<20, into) //nolint:bodyclose // it is read; a track is 2 to 4 KiB and more
	switch {
	case resp == nil:
		return time.Time{}, err
	case into == nil && resp.StatusCode/100 == 2:
		err = nil
	case err != nil:
		err = fate(s, resp, err)
	}
	return connectors.Date(resp), err
}

var reset = regexp.MustCompile(`"reset_time"\s*:\s*"([^"]*)"`)

// fate knows better what a refusal means: how long to wait stands in the body, and 401 is about whose token it was.
func fate(s connectors.Session, resp *http.Response, err error) error {
	said, _ := io.ReadAll(resp.Body) // of memory
	if m := reset.FindSubmatch(said); m != nil {
		if at, bad := time.Parse("2006/01/02 15:04:05 -0700", string(m[1])); bad == nil {
			resp.Header.Set("X-RateLimit-Reset", strconv.FormatInt(at.Unix(), 10))
			err = connectors.Refusal(resp, s.Now)
		}
	}
	if !s.Token.Has() && errors.Is(err, connectors.ErrUnauthorized) {
		return fmt.Errorf("%s answered 401 Unauthorized: %w", resp.Request.URL.Host, connectors.ErrKey)
	}
	return err
}

func (c *Connector) refuse(format string, args ...any) error {
	return &connectors.AnswerError{Host: c.base.Host, Reason: fmt.Sprintf(format, args...)}
}
