package fivehundredpx

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"flattery"
	"flattery/connectors"
)

// Prove reads what an account says about itself and its website, which its owner alone writes: GET users/show, with the
// consumer key. The documentation of 2013 has about and contacts in its example; the website is the one contact that is a page.
func (c *Connector) Prove(ctx context.Context, s connectors.Session, handle string) (flattery.Profile, connectors.Showing, error) {
	name, err := c.named(handle)
	if err != nil {
		return flattery.Profile{}, connectors.Showing{}, err
	}
	s.Token = flattery.Token{}
	var answer struct {
		User struct {
			user
			About    connectors.Text
			Contacts json.RawMessage // an object, or a list where there are none
		}
	}
	u := &answer.User
	if err := c.account(ctx, s, "users/show", url.Values{"username": {name}}, &u.user, &answer); err != nil {
		return flattery.Profile{}, connectors.Showing{}, err
	}
	var contacts struct{ Website connectors.Text }
	if json.Unmarshal(u.Contacts, &contacts) != nil {
		contacts.Website = ""
	}
	who, shows := c.understand(u.user), connectors.Showing{}
	shows.AddText(string(u.About))
	shows.AddLink(string(contacts.Website))
	shows.AddPage(who.URL)
	return who, shows, nil
}

// named is the name that somebody typed.
func (c *Connector) named(handle string) (string, error) {
	m := address.FindStringSubmatch(strings.TrimSpace(handle))
	if m == nil {
		return "", flattery.Input("%q is not a 500px name: write it like %s", connectors.Clean(handle, 50), c.info.HandleTip)
	}
	return m[1], nil
}
