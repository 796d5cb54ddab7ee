package github

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"time"

	"flattery"
	"flattery/connectors"
)

// starredQuery asks for a page of somebody's stars with what stands beside each. GitHub takes it for one point of the 5,000 that a
// token has an hour.
const starredQuery = `query ($login: String!, $after: String) { user(login: $login) { login url databaseId
	starredRepositories(first: 100, after: $after, orderBy: {field: STARRED_AT, direction: DESC}) { totalCount pageInfo { hasNextPage endCursor }
		edges { starredAt node { databaseId nameWithOwner url ` + linkedFields + ` } } } } }`

// shownUser is somebody as GraphQL answers for their stars. What is wrong with one of these is found where it is read.
type shownUser struct {
	Login, URL          string
	ID                  connectors.Number `json:"databaseId"`
	StarredRepositories *struct {
		TotalCount connectors.Number
		PageInfo   struct {
			HasNextPage bool
			EndCursor   string
		}
		Edges []json.RawMessage
	}
}

type shownEdge struct {
	At   time.Time `json:"starredAt"`
	Node *struct {
		linked
		ID   connectors.Number `json:"databaseId"`
		Full string            `json:"nameWithOwner"`
		Page string            `json:"url"`
	}
}

// longestCursor is how long a place in the list may be; GitHub's have some forty bytes.
const longestCursor = 500

// LikesShown reads starredRepositories of GitHub's GraphQL API with the fundingLinks of each, by the token networks.github.key.
func (c *Connector) LikesShown(ctx context.Context, s connectors.Session, handle string) iter.Seq2[connectors.ShownPage, error] {
	return func(yield func(connectors.ShownPage, error) bool) {
		if s.App.Key == "" {
			yield(connectors.ShownPage{}, fmt.Errorf("networks.%s.key is empty: %w", c.info.Network, connectors.ErrKey))
			return
		}
		name, err := named(handle)
		if err != nil {
			yield(connectors.ShownPage{}, err)
			return
		}
		s.Token = flattery.Token{Access: s.App.Key}
		g := c.open(s) // one for the whole walk: it remembers when nothing is left of the limit
		for after := ""; ; {
			page, next, err := g.shownPage(ctx, name, after)
			if err == nil && page.More && (next == "" || next == after || len(next) > longestCursor) {
				err = g.refuse("leads on to no next page of the stars")
			}
			if err != nil {
				yield(connectors.ShownPage{}, err)
				return
			}
			if !yield(page, nil) || !page.More {
				return
			}
			after = next
		}
	}
}

// shownPage asks for the page after a place.
func (s *session) shownPage(ctx context.Context, name, after string) (page connectors.ShownPage, next string, err error) {
	var ans struct {
		Data   struct{ User *shownUser }
		Errors []graphError
	}
	variables := map[string]any{"login": name, "after": nil}
	if after != "" {
		variables["after"] = after
	}
	resp, err := s.ask(ctx, http.MethodPost, s.graphql(), "", map[string]any{"query": starredQuery, "variables": variables}, &ans)
	if err != nil {
		return page, "", err
	}
	u := ans.Data.User
	switch {
	case (u == nil || u.StarredRepositories == nil) && len(ans.Errors) > 0:
		return page, "", s.wrong(resp, ans.Errors[0])
	case u == nil || u.StarredRepositories == nil || u.ID == 0:
		return page, "", s.refuse("sent no list of stars")
	case !strings.EqualFold(u.Login, name):
		return page, "", s.refuse("shows the stars of another account than was asked for")
	}
	list := u.StarredRepositories
	page.Who = s.understand(account{ID: u.ID, Login: u.Login, HTMLURL: u.URL})
	page.All, page.More = int(list.TotalCount), list.PageInfo.HasNextPage
	for _, raw := range list.Edges[:min(len(list.Edges), connectors.MaxLinked)] {
		if like, shown, ok := s.shownStar(raw); ok {
			page.Likes, page.Shown = append(page.Likes, like), append(page.Shown, shown)
		}
	}
	return page, list.PageInfo.EndCursor, nil
}

// shownStar reads one star. A repository that is no more, or is somebody's who is not its owner, is none.
func (s *session) shownStar(raw json.RawMessage) (like flattery.Like, shown connectors.Funding, ok bool) {
	var e shownEdge
	if json.Unmarshal(raw, &e) != nil || e.Node == nil || e.Node.ID == 0 || e.Node.Owner.ID == 0 {
		return like, shown, false
	}
	m := fullName.FindStringSubmatch(e.Node.Full)
	if m == nil || !strings.EqualFold(m[1], e.Node.Owner.Login) {
		return like, shown, false
	}
	shown = s.funding(&e.Node.linked)
	return flattery.Like{
		Thing: flattery.Thing{Network: s.info.Network, Host: s.info.Host, ID: fmt.Sprint(e.Node.ID),
			URL: connectors.WebURL(e.Node.Page), Title: connectors.Clean(e.Node.Full, connectors.MaxTitle)},
		Author: shown.Holder, At: e.At.UTC(), Source: flattery.Exact,
	}, shown, true
}
