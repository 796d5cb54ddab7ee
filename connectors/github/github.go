// Package github reads the stars of a GitHub account, of github.com or of a GitHub Enterprise server. It speaks
// through google/go-github, and takes nothing of an answer on trust: whose list it is, how long, how old.
package github

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"flattery"
	"flattery/connectors"
)

const network = "github"

// A page of 100 stars is 700 KiB to 1.5 MiB, as long as descriptions and topics make it.
const (
	pageLimit = 8 << 20
	userLimit = 1 << 20
)

// Connector is one GitHub. It keeps nothing between calls.
type Connector struct {
	base *url.URL
	info connectors.Info
	err  error // a base that is no address
}

// New makes the connector of the GitHub whose API root is base; "" is https://api.github.com/, a GitHub Enterprise is
// https://HOST/api/v3/. A base that is no http address is answered by every call.
func New(base string) *Connector {
	c := &Connector{}
	site := "https://github.com"
	if base == "" {
		base = "https://api.github.com/"
	}
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" {
		c.err = flattery.Input("networks.github.base is not the address of an API: write it like https://HOST/api/v3/")
		u = &url.URL{Scheme: "https", Host: "github.invalid"}
	}
	if !strings.HasSuffix(u.Path, "/") {
		u.Path += "/"
	}
	if u.Host != "api.github.com" {
		site = u.Scheme + "://" + u.Host
	}
	c.base, c.info = u, describe(site)
	return c
}

func describe(site string) connectors.Info {
	u, _ := url.Parse(site)
	return connectors.Info{
		Network: network, Title: "GitHub", Host: u.Hostname(), Noun: "star",
		Auth: connectors.AuthOAuth2,
		// No scopes: to read who somebody is and public stars needs none.
		OAuth2: connectors.OAuth2{
			AuthURL:   site + "/login/oauth/authorize",
			TokenURL:  site + "/login/oauth/access_token",
			DeviceURL: site + "/login/device/code",
		},
		Feed: connectors.Timed, Reliable: true, Interval: 5 * time.Minute,
		State: connectors.Alive, Proven: connectors.ProvenRecorded,
		Console: site + "/settings/developers", HandleTip: "octocat",
	}
}

// Info describes GitHub.
func (c *Connector) Info() connectors.Info { return c.info }

// Identify reports whose token the session carries.
func (c *Connector) Identify(ctx context.Context, s connectors.Session) (flattery.Profile, error) {
	if s.Token == "" {
		return flattery.Profile{}, fmt.Errorf("github: no token: %w", connectors.ErrUnauthorized)
	}
	return c.profile(ctx, s, "user")
}

// Resolve finds an account by its name. An organisation has a profile too, and no stars.
func (c *Connector) Resolve(ctx context.Context, s connectors.Session, handle string) (flattery.Profile, error) {
	handle = strings.TrimPrefix(strings.TrimSpace(handle), "@")
	if !isLogin(handle) {
		return flattery.Profile{}, flattery.Input("%q is not a GitHub name: write it like octocat", connectors.Clean(handle, 50))
	}
	return c.profile(ctx, s, "users/"+handle)
}

func (c *Connector) profile(ctx context.Context, s connectors.Session, path string) (flattery.Profile, error) {
	a, err := c.open(s)
	if err != nil {
		return flattery.Profile{}, err
	}
	u, err := a.user(ctx, path)
	if err != nil {
		return flattery.Profile{}, fmt.Errorf("github: %w", err)
	}
	return c.profileOf(u), nil
}

// user is what GitHub tells of an account.
type user struct {
	ID      int64  `json:"id"`
	Login   string `json:"login"`
	Name    string `json:"name"`
	HTMLURL string `json:"html_url"`
	Type    string `json:"type"`
}

func (c *Connector) profileOf(u user) flattery.Profile {
	login := connectors.Clean(u.Login, connectors.MaxHandle)
	page := connectors.WebURL(u.HTMLURL)
	if page == "" && isLogin(login) {
		page = c.page(login)
	}
	return flattery.Profile{
		Identity:     flattery.Identity{Network: network, Host: c.info.Host, Subject: strconv.FormatInt(u.ID, 10)},
		Handle:       login,
		Name:         connectors.Clean(u.Name, connectors.MaxName),
		URL:          page,
		Organisation: u.Type == "Organization",
	}
}

// page is the address of an account or a repository for people.
func (c *Connector) page(path string) string {
	return strings.TrimSuffix(c.info.OAuth2.AuthURL, "login/oauth/authorize") + path
}

// Names end up in paths: an Enterprise has underscores in them, a bot has brackets, none has a dot or a slash.
var login = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_\[\]-]{0,99}$`)

func isLogin(s string) bool { return login.MatchString(s) }
