package twitter

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"flattery"
	"flattery/connectors"
)

// userPrice is $0.010 for a user that is read, by X's prices of April 2026.
const userPrice flattery.Amount = 10_000

// aboutOneself is what a user writes. X shortens addresses, and tells the whole ones beside.
type aboutOneself struct {
	Description string `json:"description"`
	Entities    struct {
		URL struct {
			URLs []struct {
				Expanded string `json:"expanded_url"`
			} `json:"urls"`
		} `json:"url"`
	} `json:"entities"`
}

// Prove reads bio and website of a user, which the user alone writes, with the bearer token that X gives an app of its own: it is
// entered as the key of the network. GET /2/users/by/username/{username} takes such a token and has these fields by X's
// documentation; the excerpt of its description that the tests have holds the same answer of /2/users/{id}. At v1.1 it is GET
// users/show.json, as X documented it until 2023. Addresses in the bio are no links.
func (c *Connector) Prove(ctx context.Context, s connectors.Session, name string) (flattery.Profile, connectors.Showing, error) {
	name = strings.TrimPrefix(strings.TrimSpace(name), "@")
	if !handle.MatchString(name) {
		return flattery.Profile{}, connectors.Showing{}, flattery.Input("%q is not a name on X: write it like %s", connectors.Clean(name, 50), c.info.HandleTip)
	}
	s.Token = flattery.Token{Access: cmp.Or(s.AppToken, s.App.Key)} // the instance's, and nobody's else
	if !s.Token.Has() {
		return flattery.Profile{}, connectors.Showing{}, fmt.Errorf("networks.twitter.key is empty, which is the bearer token of the app: %w", connectors.ErrKey)
	}
	find := c.byUsername
	if c.legacy {
		find = c.byScreenName
	}
	who, about, cost, err := find(ctx, s, name)
	shows := connectors.Showing{Cost: cost}
	if err != nil {
		if errors.Is(err, connectors.ErrUnauthorized) {
			err = fmt.Errorf("%s answered 401 Unauthorized: %w", c.base.Host, connectors.ErrKey)
		}
		return flattery.Profile{}, shows, err
	}
	shows.AddText(about.Description)
	for _, u := range about.Entities.URL.URLs {
		shows.AddLink(u.Expanded)
	}
	shows.AddPage(who.URL)
	if c.site == home {
		shows.AddPage("https://twitter.com/" + who.Handle)
	}
	return who, shows, nil
}

func (c *Connector) byUsername(ctx context.Context, s connectors.Session, name string) (who flattery.Profile, about aboutOneself, cost flattery.Amount, err error) {
	var a struct {
		Data *struct {
			user
			aboutOneself
		} `json:"data"`
		Errors []problem `json:"errors"`
	}
	address := c.base.JoinPath("users", "by", "username", name).String() + "?" + url.Values{"user.fields": {"description,entities,url"}}.Encode()
	if _, err = c.get(ctx, s, address, &a); err != nil { //nolint:bodyclose // it is read
		return who, about, 0, err
	}
	switch {
	case a.Data == nil && len(a.Errors) > 0:
		return who, about, 0, a.Errors[0].fate(s, c.base.Host)
	case a.Data == nil || !number.MatchString(a.Data.ID) || !handle.MatchString(a.Data.Username):
		return who, about, userPrice, c.refuse("names an account without a usable id and username")
	}
	return c.profile(a.Data.ID, a.Data.Username, a.Data.Name), a.Data.aboutOneself, userPrice, nil
}

func (c *Connector) byScreenName(ctx context.Context, s connectors.Session, name string) (who flattery.Profile, about aboutOneself, cost flattery.Amount, err error) {
	var a struct {
		ID         string `json:"id_str"`
		ScreenName string `json:"screen_name"`
		Name       string `json:"name"`
		aboutOneself
	}
	address := c.base.JoinPath("users", "show.json").String() + "?" + url.Values{"screen_name": {name}, "include_entities": {"true"}}.Encode()
	if _, err = c.get(ctx, s, address, &a); err != nil { //nolint:bodyclose // it is read
		return who, about, 0, err
	}
	if !number.MatchString(a.ID) || !handle.MatchString(a.ScreenName) {
		return who, about, 0, c.refuse("names an account without a usable id and screen name")
	}
	return c.profile(a.ID, a.ScreenName, a.Name), a.aboutOneself, 0, nil
}
