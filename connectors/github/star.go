package github

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"flattery"
	"flattery/connectors"
)

// mostStars is more than any GitHub puts on a page, which is 100.
const mostStars = 1000

// star is one item of a list: with its time, or the bare repository where the network does not honour our Accept.
type star struct {
	StarredAt *string `json:"starred_at"`
	Repo      *repo   `json:"repo"`
	repo
}

type repo struct {
	ID       int64  `json:"id"`
	FullName string `json:"full_name"`
	HTMLURL  string `json:"html_url"`
	Owner    *user  `json:"owner"`
}

// answer is one page of a list, understood.
type answer struct {
	same  bool            // as last time; nothing else is told
	likes []flattery.Like // At is zero where the time is not told
	next  string          // "" at the end
	owner string          // id of whose list it is, where that is told
	etag  string
	date  time.Time
}

// list asks for one page.
func (a *api) list(ctx context.Context, path, etag string) (answer, error) {
	resp, err := a.get(ctx, path, etag) //nolint:bodyclose // get closes what it refuses, read the rest
	if errors.Is(err, errNotModified) {
		return answer{same: true, date: connectors.Date(resp)}, nil
	}
	if err != nil {
		return answer{}, err
	}
	return a.read(resp)
}

func (a *api) read(resp *http.Response) (answer, error) {
	var stars []star
	if err := connectors.ReadJSON(resp, pageLimit, &stars); err != nil {
		return answer{}, err
	}
	ans := answer{date: connectors.Date(resp), owner: owner(resp)}
	// An etag comes back in a header of ours and is kept for every link; a long one is not worth it.
	if e := resp.Header.Get("ETag"); len(e) <= 200 {
		ans.etag = e
	}
	var err error
	if ans.likes, err = a.likes(stars); err != nil {
		return answer{}, err
	}
	ans.next, err = a.next(resp)
	return ans, err
}

// likes understands the items of a page. Something that has no id, or whose owner has none, is nobody's and left out;
// a page of nothing else, and every item that is wrong rather than missing, refuses the page.
func (a *api) likes(stars []star) ([]flattery.Like, error) {
	if stars == nil || len(stars) > mostStars {
		return nil, a.refuse("sent no list of at most %d stars", mostStars)
	}
	likes := make([]flattery.Like, 0, len(stars))
	for _, s := range stars {
		r := s.repo
		if s.Repo != nil {
			r = *s.Repo
		}
		if r.ID == 0 || r.Owner == nil || r.Owner.ID == 0 {
			continue
		}
		if r.ID < 0 || r.Owner.ID < 0 {
			return nil, a.refuse("sent a repository with an id below zero")
		}
		l := flattery.Like{Thing: a.c.thing(r), Author: a.c.profileOf(*r.Owner)}
		if s.StarredAt != nil {
			at, err := time.Parse(time.RFC3339, *s.StarredAt)
			if err != nil || at.Unix() <= 0 {
				return nil, a.refuse("sent %q as the time of a star", connectors.Clean(*s.StarredAt, 40))
			}
			l.At, l.Source = at.UTC(), flattery.Exact
		}
		likes = append(likes, l)
	}
	if len(likes) == 0 && len(stars) > 0 {
		return nil, a.refuse("sent a page of stars without one repository in it")
	}
	return likes, nil
}

func (c *Connector) thing(r repo) flattery.Thing {
	title := connectors.Clean(r.FullName, connectors.MaxTitle)
	id := strconv.FormatInt(r.ID, 10)
	page := connectors.WebURL(r.HTMLURL)
	if page == "" {
		page = connectors.WebURL(c.page(title))
	}
	return flattery.Thing{Network: network, Host: c.info.Host, ID: id, URL: page, Title: title}
}
