package twitter

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"flattery"
	"flattery/connectors"
)

const (
	// postPrice is $0.005 for a post that is read. One's own posts are cheaper, and the same post is not billed twice in
	// a day: what is counted is the most that it can be.
	postPrice flattery.Amount = 5000
	// How many posts are asked for: X counts what it answers, not what it is asked.
	glance, further, first = 5, 20, 100
)

// post and user are what X tells without being asked for fields, whose names its API changes.
type (
	post struct {
		ID       string `json:"id"`
		AuthorID string `json:"author_id"`
		Text     string `json:"text"`
	}
	user struct {
		ID       string `json:"id"`
		Username string `json:"username"`
		Name     string `json:"name"`
	}
)

// liked asks for a page. A short page is not the end: what is deleted or hidden is missing in it, with a word in errors.
func (c *Connector) liked(ctx context.Context, s connectors.Session, ask connectors.Ask) (connectors.Answer, error) {
	q := url.Values{"expansions": {"author_id"}, "max_results": {strconv.Itoa(first)}}
	if ask.Few {
		q.Set("max_results", strconv.Itoa(glance))
	}
	if ask.Place != "" {
		q.Set("max_results", strconv.Itoa(further))
		q.Set("pagination_token", ask.Place)
	}
	var a struct {
		Data     []post `json:"data"`
		Includes struct {
			Users []user `json:"users"`
		} `json:"includes"`
		Meta *struct {
			NextToken string `json:"next_token"`
		} `json:"meta"`
		Errors []problem `json:"errors"`
	}
	resp, err := c.get(ctx, s, c.base.JoinPath("users", s.Identity.Subject, "liked_tweets").String()+"?"+q.Encode(), &a) //nolint:bodyclose // it is read
	if err != nil {
		return connectors.Answer{}, err
	}
	ans := connectors.Answer{Date: connectors.Date(resp), Cost: flattery.Amount(min(len(a.Data), mostPosts)) * postPrice}
	switch {
	case a.Meta == nil && a.Data == nil && len(a.Errors) > 0:
		return ans, a.Errors[0].fate(s, c.base.Host)
	case a.Meta == nil || len(a.Data) > mostPosts || len(a.Meta.NextToken) > 1000:
		return ans, c.refuse("sent no list of likes")
	}
	ans.Next, ans.Likes = a.Meta.NextToken, c.likes(a.Data, a.Includes.Users)
	if len(ans.Likes) == 0 && len(a.Data) > 0 {
		return ans, c.refuse("sent posts without their authors")
	}
	return ans, nil
}

// likes understands posts. One without a usable number, or of nobody, is left out.
func (c *Connector) likes(posts []post, users []user) []flattery.Like {
	known := map[string]user{}
	for _, u := range users {
		known[u.ID] = u
	}
	likes := make([]flattery.Like, 0, len(posts))
	for _, p := range posts {
		if number.MatchString(p.ID) && number.MatchString(p.AuthorID) {
			u := known[p.AuthorID]
			likes = append(likes, c.like(p.ID, p.Text, c.profile(p.AuthorID, u.Username, u.Name)))
		}
	}
	return likes
}

func (c *Connector) me(ctx context.Context, s connectors.Session) (flattery.Profile, error) {
	var a struct {
		Data user `json:"data"`
	}
	if _, err := c.get(ctx, s, c.base.JoinPath("users", "me").String(), &a); err != nil { //nolint:bodyclose // it is read
		return flattery.Profile{}, err
	}
	if !number.MatchString(a.Data.ID) || !handle.MatchString(a.Data.Username) {
		return flattery.Profile{}, c.refuse("names an account without a usable id and username")
	}
	return c.profile(a.Data.ID, a.Data.Username, a.Data.Name), nil
}

// revoke gives back both tokens of a pair, the one that makes new ones first.
func (c *Connector) revoke(ctx context.Context, s connectors.Session) error {
	if c.err != nil {
		return c.err
	}
	address := strings.TrimSuffix(c.info.OAuth2.TokenURL, "token") + "revoke"
	for _, token := range []flattery.Secret{s.Token.Refresh, s.Token.Access} {
		if token == "" {
			continue
		}
		form := url.Values{"token": {string(token)}, "client_id": {s.App.ID}}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
		if err != nil {
			return connectors.Failure(c.base.Host, err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if s.App.Secret != "" {
			req.SetBasicAuth(url.QueryEscape(s.App.ID), url.QueryEscape(string(s.App.Secret)))
		}
		var revoked struct{}
		if _, err := fetch(s, req, &revoked); err != nil && !errors.Is(err, connectors.ErrGone) { //nolint:bodyclose // it is read
			return err
		}
	}
	return nil
}

// problem is X's word for what went wrong, of v2 and of v1.1.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Reason string `json:"reason"`
	Errors []struct {
		Code    connectors.Number `json:"code"`
		Message string            `json:"message"`
	} `json:"errors"`
}

func (p problem) is(slug string) bool { return strings.HasSuffix(p.Type, "/"+slug) }

func (p problem) code() connectors.Number {
	if len(p.Errors) == 0 {
		return 0
	}
	return p.Errors[0].Code
}

// words are X's own, fit to be shown: without what it may repeat of our request.
func (p problem) words(s connectors.Session) string {
	said := cmp.Or(p.Detail, p.Title, "it does not say why")
	if p.Detail != "" && p.Title != "" {
		said = p.Title + ": " + p.Detail
	}
	if p.Detail == "" && len(p.Errors) > 0 {
		said = p.Errors[0].Message
	}
	for _, secret := range []flattery.Secret{s.Token.Access, s.Token.Secret, s.Token.Refresh, s.App.Secret, flattery.Secret(s.App.ID)} {
		if secret != "" && strings.Contains(said, string(secret)) {
			return "it repeats our key"
		}
	}
	return connectors.Clean(said, 200)
}

// fate is what a problem means that comes with 200 and without a list.
func (p problem) fate(s connectors.Session, host string) error {
	answer := &connectors.AnswerError{Host: host, Reason: "says: " + p.words(s)}
	switch {
	case p.is("resource-not-found"):
		return fmt.Errorf("%w: %w", answer, connectors.ErrGone)
	case p.is("not-authorized-for-resource"):
		return fmt.Errorf("%w: %w", answer, connectors.ErrForbidden)
	}
	return answer
}

// title is the text of a post, in which X writes &amp; for &.
func title(text string) string {
	return connectors.Clean(html.UnescapeString(text), connectors.MaxTitle)
}
