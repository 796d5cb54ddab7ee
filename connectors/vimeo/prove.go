package vimeo

import (
	"context"
	"strings"

	"flattery"
	"flattery/connectors"
)

// Prove reads bio and websites of an account, which its owner alone writes, with the token of this instance: GET
// /users/{user_id}, whose answer Vimeo's own description of its API has with both. That the token of an app may read users is
// what it is for (scope public), though nobody has tried. A short bio is in newer answers and in no description: it is not asked for.
func (c *Connector) Prove(ctx context.Context, s connectors.Session, handle string) (flattery.Profile, connectors.Showing, error) {
	path, err := c.pathOf(handle)
	if err != nil {
		return flattery.Profile{}, connectors.Showing{}, err
	}
	s.Token = flattery.Token{}
	var u struct {
		user
		Bio      connectors.Text
		Websites []struct{ Link connectors.Text }
	}
	if err := c.account(ctx, s, path, "uri,name,link,bio,websites", &u.user, &u); err != nil {
		return flattery.Profile{}, connectors.Showing{}, err
	}
	who, shows := u.profile(), connectors.Showing{}
	shows.AddText(string(u.Bio))
	for _, w := range u.Websites {
		shows.AddLink(string(w.Link))
	}
	shows.AddPage(who.URL)
	shows.AddPage("https://vimeo.com/user" + who.Subject)
	return who, shows, nil
}

// pathOf is where the API has whom somebody typed.
func (c *Connector) pathOf(handle string) (string, error) {
	m := address.FindStringSubmatch(strings.TrimSpace(handle))
	if m == nil {
		return "", flattery.Input("%q is not a Vimeo name: write it like %s", connectors.Clean(handle, 50), c.info.HandleTip)
	}
	return "users/" + m[1], nil
}
