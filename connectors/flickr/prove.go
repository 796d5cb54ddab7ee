package flickr

import (
	"context"
	"net/url"
	"strings"

	"flattery"
	"flattery/connectors"
)

// Prove reads the description of a profile by flickr.people.getInfo, which needs no more than the API key. Flickr documents the
// method; that the answer holds the description is in a recorded one of 2013, and the profile's owner alone writes it. A field
// for a page of one's own is not in that answer, so Flickr links to nobody. What is typed is found as by Resolve.
func (c *Connector) Prove(ctx context.Context, s connectors.Session, handle string) (flattery.Profile, connectors.Showing, error) {
	s.Token = flattery.Token{}
	id := strings.TrimSpace(handle)
	if !nsid.MatchString(id) {
		found, err := c.Resolve(ctx, s, handle)
		if err != nil {
			return flattery.Profile{}, connectors.Showing{}, err
		}
		id = found.Subject
	}
	a, err := c.ask(ctx, s, "flickr.people.getInfo", url.Values{"user_id": {id}})
	who, err := c.profile(a.Person, err)
	if err == nil && who.Subject != id {
		err = c.refuse("sent the profile of somebody else")
	}
	if err != nil {
		return flattery.Profile{}, connectors.Showing{}, err
	}
	var shows connectors.Showing
	shows.AddText(string(a.Person.Description))
	shows.AddPage(who.URL)
	for _, name := range []string{id, string(a.Person.PathAlias)} {
		if alias.MatchString(name) {
			shows.AddPage(home + "/photos/" + name)
			shows.AddPage(home + "/people/" + name)
		}
	}
	return who, shows, nil
}
