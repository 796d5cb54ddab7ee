package archive

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"

	"flattery"
	"flattery/connectors"
)

var nsid = regexp.MustCompile(`^[0-9]{1,20}@N[0-9]{2}$`)

func flickrOwner(m *member) (flattery.Profile, error) {
	var a struct {
		NSID   string          `json:"nsid"`
		Alias  connectors.Text `json:"path_alias"`
		Screen connectors.Text `json:"screen_name"`
		Name   connectors.Text `json:"real_name"`
	}
	if err := m.decode(&a); err != nil {
		return flattery.Profile{}, err
	}
	if !nsid.MatchString(a.NSID) {
		return flattery.Profile{}, flattery.Input("%s does not say whose export this is: download it again", m.name)
	}
	if a.Alias == "" {
		a.Alias = a.Screen
	}
	return flattery.Profile{
		Identity: flattery.Identity{Network: "flickr", Host: "flickr.com", Subject: a.NSID},
		Handle:   connectors.Clean(string(a.Alias), connectors.MaxHandle),
		Name:     connectors.Clean(string(a.Name), connectors.MaxName),
		URL:      "https://www.flickr.com/photos/" + a.NSID,
	}, m.end()
}

func flickrLikes(m *member, tell func(flattery.Thing) error) error {
	found := false
	err := m.object(func(key string) error {
		if key != "faves" && key != "favorites" {
			var other json.RawMessage
			return m.decode(&other)
		}
		found = true
		return m.list(func() error {
			var fave struct {
				ID  connectors.Text `json:"photo_id"`
				URL string          `json:"photo_url"`
			}
			if err := m.decode(&fave); err != nil {
				return err
			}
			if !number.MatchString(string(fave.ID)) {
				return m.bad(flattery.Say("a fave without a usable photo_id"))
			}
			return tell(flattery.Thing{ID: string(fave.ID), URL: flickrPage(fave.URL)})
		})
	})
	if err != nil {
		return err
	}
	if !found {
		return flattery.Input("%s has no list of faves: download the export again", m.name)
	}
	return m.end()
}

// flickrPage is the address of a photo where it is one of Flickr's.
func flickrPage(address string) string {
	u, err := url.Parse(address)
	if err != nil || !slices.Contains([]string{"flic.kr", "flickr.com", "www.flickr.com"}, u.Host) {
		return ""
	}
	return connectors.WebURL(address)
}
