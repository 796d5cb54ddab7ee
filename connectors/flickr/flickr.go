// Package flickr reads the public favourites of a Flickr account with the API key of this instance.
package flickr

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"flattery"
	"flattery/connectors"
)

const (
	network = "flickr"
	site    = "https://www.flickr.com"
	// A page of 500 photos is 150 to 250 KiB.
	answerLimit = 2 << 20
)

// Connector is Flickr. It keeps nothing between calls.
type Connector struct {
	base *url.URL
	err  error // a base that is no address
}

// New makes the connector; base is the address of the REST API, "" is https://api.flickr.com/services/rest/. A base that
// is no http address is answered by every call.
func New(base string) *Connector {
	if base == "" {
		base = "https://api.flickr.com/services/rest/"
	}
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" {
		return &Connector{err: flattery.Input("networks.flickr.base is not the address of an API: leave it empty, or write it like https://HOST/services/rest/")}
	}
	return &Connector{base: u}
}

// Info describes Flickr.
func (c *Connector) Info() connectors.Info {
	return connectors.Info{
		Network: network, Title: "Flickr", Host: "flickr.com", Noun: "favourite",
		Auth: connectors.AuthKey, NeedsKey: true,
		Feed: connectors.Timed, Reliable: true,
		// 3,600 requests an hour are for all links of a key together.
		Interval: 15 * time.Minute,
		State:    connectors.Alive, Proven: connectors.ProvenContract,
		Console: site + "/services/apps/create/", HandleTip: "a user name, 12345678@N00, or the address of a photo page",
		Terms: connectors.Terms{
			Sentence: "The free key is for non-commercial use; whether paying the makers of faves is that, Flickr alone can say.",
			Link:     site + "/services/apps/create/", Date: "2026-04", Sure: "inferred",
		},
	}
}

// Identify always answers ErrUnauthorized: a session by key is nobody's.
func (c *Connector) Identify(context.Context, connectors.Session) (flattery.Profile, error) {
	return flattery.Profile{}, fmt.Errorf("flickr: accounts are linked by name: %w", connectors.ErrUnauthorized)
}

// nsid is what Flickr calls the immutable id of an account.
var nsid = regexp.MustCompile(`^[0-9]{1,20}@N[0-9]{2}$`)

// account is a user as lookupUser, findByUsername (user) and getInfo (person) tell it.
type account struct {
	ID        text `json:"id"`
	NSID      text `json:"nsid"`
	Username  text `json:"username"`
	RealName  text `json:"realname"`
	PathAlias text `json:"path_alias"`
}

// Resolve finds an account by its id, by the address of its pages, by its user name, or by the name in these
// addresses, in this order.
func (c *Connector) Resolve(ctx context.Context, s connectors.Session, handle string) (flattery.Profile, error) {
	handle = strings.TrimSpace(handle)
	if handle == "" || len(handle) > 200 || handle != connectors.Clean(handle, 200) {
		return flattery.Profile{}, flattery.Input("that is not a Flickr name: write it like %s", c.Info().HandleTip)
	}
	p, err := c.resolve(ctx, s, handle)
	if err != nil {
		return flattery.Profile{}, fmt.Errorf("flickr: %w", err)
	}
	return p, nil
}

func (c *Connector) resolve(ctx context.Context, s connectors.Session, handle string) (flattery.Profile, error) {
	if nsid.MatchString(handle) {
		var a struct {
			Person account `json:"person"`
		}
		_, err := c.ask(ctx, s, "flickr.people.getInfo", url.Values{"user_id": {handle}}, &a)
		return c.found(a.Person, err)
	}
	var a struct {
		User account `json:"user"`
	}
	if strings.Contains(handle, "flickr.com/") {
		_, err := c.ask(ctx, s, "flickr.urls.lookupUser", url.Values{"url": {handle}}, &a)
		return c.found(a.User, err)
	}
	_, err := c.ask(ctx, s, "flickr.people.findByUsername", url.Values{"username": {handle}}, &a)
	if errors.Is(err, connectors.ErrGone) && !strings.ContainsAny(handle, "/?# ") {
		_, err = c.ask(ctx, s, "flickr.urls.lookupUser", url.Values{"url": {site + "/people/" + url.PathEscape(handle) + "/"}}, &a)
	}
	return c.found(a.User, err)
}

func (c *Connector) found(a account, err error) (flattery.Profile, error) {
	if err != nil {
		return flattery.Profile{}, err
	}
	id := string(cmp.Or(a.NSID, a.ID))
	if !nsid.MatchString(id) {
		return flattery.Profile{}, c.refuse("names an account without a usable id")
	}
	p := profile(id, string(cmp.Or(a.PathAlias, a.Username)))
	p.Name = connectors.Clean(string(a.RealName), connectors.MaxName)
	return p, nil
}

// profile is an account of which only the id and a name are known.
func profile(id, name string) flattery.Profile {
	return flattery.Profile{
		Identity: flattery.Identity{Network: network, Host: "flickr.com", Subject: id},
		Handle:   connectors.Clean(name, connectors.MaxHandle),
		URL:      site + "/photos/" + id,
	}
}

func (c *Connector) refuse(format string, args ...any) error {
	return &connectors.AnswerError{Host: c.base.Host, Reason: fmt.Sprintf(format, args...)}
}
