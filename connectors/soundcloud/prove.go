package soundcloud

import (
	"context"
	"net/url"
	"strings"

	"flattery"
	"flattery/connectors"
)

// Prove reads description and website of an account, which its owner alone writes, with the token of this instance: GET
// /resolve leads to GET /users/{user_urn}, whose answer SoundCloud's own description of its API has with both. The further
// links of a profile have an address of their own that the description leaves out; they are not read.
func (c *Connector) Prove(ctx context.Context, s connectors.Session, handle string) (flattery.Profile, connectors.Showing, error) {
	page, err := c.pageOf(handle)
	if err != nil {
		return flattery.Profile{}, connectors.Showing{}, err
	}
	s.Token = flattery.Token{}
	var u struct {
		user
		Description, Website connectors.Text
	}
	if err := c.account(ctx, s, "resolve", url.Values{"url": {page}}.Encode(), &u.user, &u); err != nil {
		return flattery.Profile{}, connectors.Showing{}, err
	}
	who, shows := u.profile(), connectors.Showing{}
	shows.AddText(string(u.Description))
	shows.AddLink(string(u.Website))
	shows.AddPage(who.URL)
	return who, shows, nil
}

// pageOf is the address of the page of whom somebody typed.
func (c *Connector) pageOf(handle string) (string, error) {
	m := address.FindStringSubmatch(strings.TrimSpace(handle))
	if m == nil {
		return "", flattery.Input("%q is not a SoundCloud name: write it like %s", connectors.Clean(handle, 50), c.info.HandleTip)
	}
	return "https://soundcloud.com/" + m[1], nil
}
