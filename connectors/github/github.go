// Package github reads the stars of a GitHub account, of github.com or of a GitHub Enterprise server. It speaks
// through google/go-github, and takes nothing of an answer on trust: whose list it is, how long, how old.
package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/google/go-github/v58/github"

	"flattery"
	"flattery/connectors"
)

// Connector is one GitHub. It keeps nothing between calls.
type Connector struct {
	base *url.URL
	site string // where its pages stand
	info connectors.Info
	err  error // a base that is no address
}

// New makes the connector of the GitHub whose API root is base; "" is https://api.github.com/, a GitHub Enterprise is
// https://HOST/api/v3/. A base that is no http address is answered by every call.
func New(base string) *Connector {
	root, site, err := connectors.Base("github", base, "https://api.github.com/", "https://github.com")
	site = cmp.Or(site, "https://github.com")
	page, _ := url.Parse(site)
	return &Connector{base: root, site: site, err: err, info: connectors.Info{
		Network: "github", Title: "GitHub", Host: page.Hostname(), Noun: "star", Auth: connectors.AuthOAuth2,
		OAuth2: connectors.OAuth2{
			AuthURL: site + "/login/oauth/authorize", TokenURL: site + "/login/oauth/access_token", DeviceURL: site + "/login/device/code",
			// Who somebody is and public stars need no scope; who is in an organisation does.
			StewardScopes: []string{"read:org"},
		},
		Feed: connectors.Timed, Reliable: true, Interval: 5 * time.Minute,
		State: connectors.Alive, Proven: connectors.ProvenRecorded,
		Console: site + "/settings/developers", HandleTip: "octocat",
	}}
}

// Info describes GitHub.
func (c *Connector) Info() connectors.Info { return c.info }

// Identify reports whose token the session carries.
func (c *Connector) Identify(ctx context.Context, s connectors.Session) (flattery.Profile, error) {
	if !s.Token.Has() {
		return flattery.Profile{}, fmt.Errorf("there is no token: %w", connectors.ErrUnauthorized)
	}
	return c.open(s).profile(ctx, "user")
}

// Resolve finds an account by its name. An organisation has a profile too, and no stars.
func (c *Connector) Resolve(ctx context.Context, s connectors.Session, handle string) (flattery.Profile, error) {
	name, err := named(handle)
	if err != nil {
		return flattery.Profile{}, err
	}
	return c.open(s).profile(ctx, "users/"+name)
}

// Administers needs a token of StewardScopes.
func (c *Connector) Administers(ctx context.Context, s connectors.Session, handle string) (flattery.Profile, error) {
	org, err := c.Resolve(ctx, s, handle)
	if err == nil && !org.Organisation {
		err = fmt.Errorf("%s is not an organisation: %w", org.Handle, connectors.ErrGone)
	}
	if err != nil {
		return flattery.Profile{}, err
	}
	var is struct {
		State, Role  string
		Organization account
	}
	_, err = c.open(s).ask(ctx, http.MethodGet, "user/memberships/orgs/"+org.Handle, "", nil, &is)
	if errors.Is(err, connectors.ErrGone) || err == nil && (is.State != "active" || is.Role != "admin" || c.understand(is.Organization).Subject != org.Subject) {
		err = fmt.Errorf("not an administrator of %s: %w", org.Handle, connectors.ErrForbidden)
	}
	return org, err
}

// Revoke gives the token back. One that GitHub does not know any more is as good as given back.
func (c *Connector) Revoke(ctx context.Context, s connectors.Session) error {
	if s.App.ID == "" || s.App.Secret == "" {
		return fmt.Errorf("the client id or secret is empty: %w", connectors.ErrKey)
	}
	body := map[string]string{"access_token": string(s.Token.Access)}
	s.Token = flattery.Token{} // it is the instance that asks
	if _, err := c.open(s).ask(ctx, http.MethodDelete, "applications/"+url.PathEscape(s.App.ID)+"/token", "", body, nil); !errors.Is(err, connectors.ErrGone) {
		return err
	}
	return nil
}

// Likes reads the stars that are news. See connectors.Connector for what it promises.
//
// The public way is by name, and names change hands. GitHub answers by id too (GET /user/{id}/starred), but does not
// document that. So whose list it is gets proved before anything of it is told: by the id in the addresses that GitHub
// gives the list, else by GET /user/{id}, which must still answer with the name that was asked for.
func (c *Connector) Likes(ctx context.Context, s connectors.Session, after flattery.Cursor) iter.Seq2[connectors.Page, error] {
	list := c.open(s)
	// The token of a GitHub App cannot ask for its owner's list.
	if !s.Token.Has() || strings.HasPrefix(string(s.Token.Access), "ghu_") {
		list.path = "users/" + url.PathEscape(cmp.Or(s.Identity.Handle, "-")) // which is nobody's name
	}
	return connectors.Walk{Feed: connectors.Timed, List: list.page}.Likes(ctx, s, after)
}

// page reads a page of the list, and looks for the name of today where it is not proved whose list that is.
func (s *session) page(ctx context.Context, ask connectors.Ask) (connectors.Answer, error) {
	ans, whose, err := s.stars(ctx, ask)
	me, gone := s.Identity.Subject, errors.Is(err, connectors.ErrGone)
	if s.path != "user" && (gone || err == nil && !ans.Same && whose != me) {
		today, lost := s.profile(ctx, "user/"+url.PathEscape(me))
		if lost != nil {
			return connectors.Answer{}, lost
		}
		if path := "users/" + url.PathEscape(today.Handle); path != s.path {
			s.path = path
			ans, whose, err = s.stars(ctx, ask)
		}
		if ans.Who = today; errors.Is(err, connectors.ErrGone) || today.Subject != me {
			err = s.refuse("does not show the stars of %s, who is there", today)
		}
	}
	if err == nil && whose != "" && whose != me {
		err = s.refuse("shows the stars of another account than the linked one")
	}
	return ans, err
}

type (
	// star is one item of a list: with its time, or the bare repository where the network does not honour our Accept.
	star struct {
		At   time.Time `json:"starred_at"`
		Repo *repo
		repo
	}
	repo struct {
		ID       connectors.Number
		FullName string `json:"full_name"`
		HTMLURL  string `json:"html_url"`
		Owner    account
	}
	account struct {
		ID                connectors.Number
		Login, Name, Type string
		HTMLURL           string `json:"html_url"`
	}
)

var (
	// login is a name. They end up in paths: an Enterprise has underscores in them, a bot has brackets, none has a dot or a slash.
	login = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_\[\]-]{0,99}$`)
	// owner is in the addresses that GitHub itself gives a list, in Link headers and redirects.
	owner = regexp.MustCompile(`/user/([0-9]{1,19})/starred\b`)
)

// stars asks for a page, and says whose it is; "" where that is not told. A place is the number of a page of 100.
func (s *session) stars(ctx context.Context, ask connectors.Ask) (ans connectors.Answer, whose string, err error) {
	size := 100
	if ask.Few {
		size = 10 // a tenth of the work
	}
	var stars []star
	path := fmt.Sprintf("%s/starred?sort=created&direction=desc&per_page=%d&page=%s", s.path, size, cmp.Or(ask.Place, "1"))
	resp, err := s.ask(ctx, http.MethodGet, path, ask.ETag, nil, &stars)
	if err != nil {
		return ans, "", err
	}
	ans.Date, ans.ETag = connectors.Date(resp.Response), resp.Header.Get("ETag")
	if ans.Same = resp.StatusCode == http.StatusNotModified; ans.Same {
		return ans, "", nil
	}
	if m := owner.FindStringSubmatch(resp.Request.URL.Path + " " + resp.Header.Get("Link")); m != nil {
		whose = m[1]
	}
	if resp.NextPage > 0 && ask.Few {
		ans.Next = "1" // of the larger pages
	} else if resp.NextPage > 0 {
		ans.Next = fmt.Sprint(resp.NextPage)
	}
	for _, st := range stars {
		// What has no id, or whose owner has none, is nobody's.
		if r := cmp.Or(st.Repo, &st.repo); r.ID != 0 && r.Owner.ID != 0 {
			ans.Likes = append(ans.Likes, flattery.Like{
				Thing: flattery.Thing{Network: "github", Host: s.info.Host, ID: fmt.Sprint(r.ID),
					URL: connectors.WebURL(r.HTMLURL), Title: connectors.Clean(r.FullName, connectors.MaxTitle)},
				Author: s.understand(r.Owner), At: st.At.UTC(), Source: flattery.Exact,
			})
		}
	}
	if stars == nil || len(stars) > 0 && ans.Likes == nil {
		err = s.refuse("sent no list of stars")
	}
	return ans, whose, err
}

func (c *Connector) understand(a account) flattery.Profile {
	return flattery.Profile{
		Identity: flattery.Identity{Network: "github", Host: c.info.Host, Subject: fmt.Sprint(a.ID)},
		Handle:   connectors.Clean(a.Login, connectors.MaxHandle), Name: connectors.Clean(a.Name, connectors.MaxName),
		URL: connectors.WebURL(a.HTMLURL), Organisation: a.Type == "Organization",
	}
}

// session is GitHub as one session sees it.
type session struct {
	*Connector
	connectors.Session
	gh   *github.Client
	path string // of whose list is read: by the name last found, or "user", who the token is of
}

func (c *Connector) open(s connectors.Session) *session {
	client := http.Client{}
	if s.Client != nil {
		client = *s.Client
	}
	client.Timeout = 0 // ask keeps it: this clock goes on after a refusal, whose body go-github never closes
	gh := github.NewClient(&client)
	gh.BaseURL, gh.UserAgent = c.base, "" // whose agent this is, the outbound client says
	return &session{Connector: c, Session: s, gh: gh, path: "user"}
}

// profile asks for an account.
func (s *session) profile(ctx context.Context, path string) (flattery.Profile, error) {
	var a account
	if _, err := s.ask(ctx, http.MethodGet, path, "", nil, &a); err != nil {
		return flattery.Profile{}, err
	}
	return s.known(a)
}

// known is a profile that has what others are asked for by.
func (s *session) known(a account) (flattery.Profile, error) {
	if a.ID == 0 || !login.MatchString(a.Login) {
		return flattery.Profile{}, s.refuse("names an account without a usable id and login")
	}
	return s.understand(a), nil
}

// ask sends a request in the name of the donor, else of this instance, and reads the JSON of its answer into a value,
// nil for none. An answer that has the etag is 304 and has no JSON.
func (s *session) ask(ctx context.Context, method, path, etag string, body, into any) (*github.Response, error) {
	if s.err != nil {
		return nil, s.err
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(s.Client.Timeout, connectors.Timeout))
	defer cancel() // every body is read by then
	req, err := s.gh.NewRequest(method, path, body)
	if err != nil {
		return nil, connectors.Failure(s.base.Host, err)
	}
	req.Header.Set("Accept", "application/vnd.github.star+json")
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	// On the request and not in a transport: the outbound client must see what it may not redirect.
	if s.Token.Has() {
		req.Header.Set("Authorization", "Bearer "+string(s.Token.Access))
	} else if s.App.ID != "" && s.App.Secret != "" {
		req.SetBasicAuth(s.App.ID, string(s.App.Secret)) // 5,000 an hour instead of 60 for the whole address
	}
	resp, err := s.gh.BareDo(ctx, req)
	switch {
	case resp == nil:
		return nil, connectors.Failure(s.base.Host, err)
	case etag != "" && resp.StatusCode == http.StatusNotModified:
		return resp, nil
	case err != nil:
		return nil, s.fate(resp, err)
	case into == nil:
		return resp, resp.Body.Close()
	case resp.StatusCode != http.StatusOK: // go-github takes more for an answer
		_ = resp.Body.Close()
		return nil, connectors.Refusal(resp.Response, s.Now)
	}
	return resp, connectors.ReadJSON(resp.Response, 8<<20, into) // 100 stars are up to 1.5 MiB
}

// fate says what an error of go-github means for a link.
func (s *session) fate(resp *github.Response, err error) error {
	if e, ok := errors.AsType[*github.RateLimitError](err); ok { // or go-github's own, with no headers: it remembers that nothing remains
		resp.StatusCode = http.StatusTooManyRequests
		resp.Header.Set("X-RateLimit-Reset", fmt.Sprint(e.Rate.Reset.Unix()))
	}
	if _, ok := errors.AsType[*github.AbuseRateLimitError](err); ok {
		resp.StatusCode = http.StatusTooManyRequests
	}
	err = connectors.Refusal(resp.Response, s.Now)
	if !s.Token.Has() && errors.Is(err, connectors.ErrUnauthorized) {
		return fmt.Errorf("%s answered 401 Unauthorized: %w", s.base.Host, connectors.ErrKey)
	}
	return err
}

func (s *session) refuse(format string, args ...any) error {
	return &connectors.AnswerError{Host: s.base.Host, Reason: fmt.Sprintf(format, args...)}
}
