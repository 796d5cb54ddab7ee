package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/go-github/v58/github"

	"flattery/connectors"
)

// api is GitHub as one session sees it.
type api struct {
	c    *Connector
	gh   *github.Client
	s    connectors.Session
	date time.Time // of the last answer by the network's clock; until then of the poll
}

func (c *Connector) open(s connectors.Session) (*api, error) {
	if c.err != nil {
		return nil, c.err
	}
	gh := github.NewClient(s.Client)
	base := *c.base
	gh.BaseURL, gh.UserAgent = &base, "" // whose agent this is, the outbound client says
	return &api{c: c, gh: gh, s: s, date: s.Now}, nil
}

// errNotModified: the answer is the one that the etag was given for.
var errNotModified = errors.New("not modified")

// get asks for a path below the base or a whole URL; errNotModified, which comes with its answer, is for those who sent
// an etag. The body of an answer without error is open.
func (a *api) get(ctx context.Context, path, etag string) (*http.Response, error) {
	req, err := a.gh.NewRequest(http.MethodGet, path, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.c.base.Host, err)
	}
	req.Header.Set("Accept", "application/vnd.github.star+json")
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	// On the request and not in a transport: the outbound client must see what it may not redirect.
	switch {
	case a.s.Token != "":
		req.Header.Set("Authorization", "Bearer "+string(a.s.Token))
	case a.s.App.ID != "" && a.s.App.Secret != "":
		// Public reading in the name of this instance: 5,000 an hour instead of 60 for the whole address.
		req.SetBasicAuth(a.s.App.ID, string(a.s.App.Secret))
	}
	resp, err := a.gh.BareDo(ctx, req)
	if resp != nil && resp.Response != nil {
		if d := connectors.Date(resp.Response); !d.IsZero() {
			a.date = d
		}
	}
	if err == nil {
		return resp.Response, nil
	}
	if etag != "" && resp != nil && resp.Response != nil && resp.StatusCode == http.StatusNotModified {
		return resp.Response, errNotModified
	}
	return nil, a.fate(resp, err)
}

// fate says what an error of go-github means for a link.
func (a *api) fate(resp *github.Response, err error) error {
	if resp == nil || resp.Response == nil {
		return connectors.Failure(a.c.base.Host, err)
	}
	// go-github refuses by itself while it remembers that nothing remains. That answer is made up and has no headers.
	if e, ok := errors.AsType[*github.RateLimitError](err); ok && resp.Header.Get("X-RateLimit-Remaining") == "" {
		h := http.Header{}
		h.Set("X-RateLimit-Reset", fmt.Sprint(e.Rate.Reset.Unix()))
		return &connectors.RateLimitError{RetryAfter: connectors.Wait(h, a.date)}
	}
	if _, ok := errors.AsType[*github.AbuseRateLimitError](err); ok {
		return &connectors.RateLimitError{RetryAfter: connectors.Wait(resp.Header, a.s.Now)}
	}
	err = connectors.Refusal(resp.Response, a.s.Now)
	if a.s.Token == "" && errors.Is(err, connectors.ErrUnauthorized) {
		return fmt.Errorf("%s answered 401 Unauthorized: %w", a.c.base.Host, connectors.ErrKey)
	}
	return err
}

// user asks for an account.
func (a *api) user(ctx context.Context, path string) (user, error) {
	resp, err := a.get(ctx, path, "") //nolint:bodyclose // get closes what it refuses, ReadJSON the rest
	if err != nil {
		return user{}, err
	}
	var u user
	if err := connectors.ReadJSON(resp, userLimit, &u); err != nil {
		return user{}, err
	}
	if u.ID <= 0 || !isLogin(u.Login) {
		return user{}, a.refuse("names an account without a usable id and login")
	}
	return u, nil
}

// next is where the Link header goes on, "" where the list ends.
func (a *api) next(resp *http.Response) (string, error) {
	for _, link := range strings.Split(strings.Join(resp.Header.Values("Link"), ","), ",") {
		target, params, _ := strings.Cut(link, ";")
		if !strings.Contains(strings.ReplaceAll(params, " ", ""), `rel="next"`) {
			continue
		}
		target = strings.Trim(strings.TrimSpace(target), "<>")
		u, err := a.c.base.Parse(target)
		if err != nil || len(target) > 2000 {
			return "", a.refuse("sent a Link header that is no address")
		}
		if u.Scheme != a.c.base.Scheme || u.Host != a.c.base.Host || !strings.HasPrefix(u.Path, a.c.base.Path) || !strings.HasSuffix(u.Path, "/starred") {
			return "", a.refuse("sent a Link header to %s, where the list cannot go on", connectors.Clean(u.Host+u.Path, 100))
		}
		return u.String(), nil
	}
	return "", nil
}

// owner is whose list an answer is, where that can be told: from the addresses that GitHub itself gives the list, in
// Link headers and redirects (".../user/<id>/starred"). "" where they do not tell.
func owner(resp *http.Response) string {
	paths := []string{resp.Request.URL.Path}
	for _, link := range strings.Split(strings.Join(resp.Header.Values("Link"), ","), ",") {
		target, _, _ := strings.Cut(link, ";")
		if u, err := url.Parse(strings.Trim(strings.TrimSpace(target), "<>")); err == nil {
			paths = append(paths, u.Path)
		}
	}
	for _, p := range paths {
		_, rest, found := strings.Cut(p, "/user/")
		if id, ok := strings.CutSuffix(rest, "/starred"); found && ok && isNumber(id) {
			return id
		}
	}
	return ""
}

func (a *api) refuse(format string, args ...any) error {
	return &connectors.AnswerError{Host: a.c.base.Host, Reason: fmt.Sprintf(format, args...)}
}

func isNumber(s string) bool {
	return s != "" && len(s) <= 19 && strings.Trim(s, "0123456789") == ""
}
