package archive

import (
	"html"
	"path"
	"regexp"
	"strings"

	"flattery"
	"flattery/connectors"
)

// The files of an X archive are JavaScript: an assignment of JSON.

// number is the id of a post, a photo, or an account of X.
var number = regexp.MustCompile(`^[1-9][0-9]{0,18}$`)

var handle = regexp.MustCompile(`^[A-Za-z0-9_]{1,50}$`)

// twitterManifest answers the names of the files with likes, without their folders.
func twitterManifest(m *member) ([]string, error) {
	var all struct {
		DataTypes struct {
			Like struct {
				Files []struct {
					FileName string `json:"fileName"`
				} `json:"files"`
			} `json:"like"`
		} `json:"dataTypes"`
	}
	if err := m.assigned("window.__THAR_CONFIG", &all); err != nil {
		return nil, err
	}
	var names []string
	for _, file := range all.DataTypes.Like.Files {
		names = append(names, path.Base(file.FileName))
	}
	if len(names) == 0 {
		return nil, flattery.Input("%s tells of no likes: ask X for an archive with all data", m.name)
	}
	return names, nil
}

func twitterOwner(m *member) (flattery.Profile, error) {
	var all []struct {
		Account struct {
			ID   connectors.Text `json:"accountId"`
			Name string          `json:"username"`
			Full string          `json:"accountDisplayName"`
		} `json:"account"`
	}
	if err := m.assigned("window.YTD.account.", &all); err != nil {
		return flattery.Profile{}, err
	}
	if len(all) != 1 || !number.MatchString(string(all[0].Account.ID)) {
		return flattery.Profile{}, flattery.Input("%s does not say whose archive this is: download it again", m.name)
	}
	a := all[0].Account
	p := flattery.Profile{
		Identity: flattery.Identity{Network: "twitter", Host: "x.com", Subject: string(a.ID)},
		Name:     connectors.Clean(a.Full, connectors.MaxName),
	}
	if handle.MatchString(a.Name) {
		p.Handle, p.URL = a.Name, "https://x.com/"+a.Name
	}
	return p, nil
}

func twitterLikes(m *member, tell func(flattery.Thing) error) error {
	if err := m.assignment("window.YTD.like."); err != nil {
		return err
	}
	err := m.list(func() error {
		var entry struct {
			Like struct {
				ID   connectors.Text `json:"tweetId"`
				Text string          `json:"fullText"`
			} `json:"like"`
		}
		if err := m.decode(&entry); err != nil {
			return err
		}
		id := string(entry.Like.ID)
		if !number.MatchString(id) {
			return m.bad(flattery.Say("a like without a usable tweetId"))
		}
		return tell(flattery.Thing{
			ID: id, URL: "https://x.com/i/web/status/" + id,
			Title: connectors.Clean(html.UnescapeString(entry.Like.Text), connectors.MaxTitle),
		})
	})
	if err != nil {
		return err
	}
	return m.end()
}

// assigned reads a whole file that assigns one value to a name with that beginning.
func (m *member) assigned(name string, into any) error {
	if err := m.assignment(name); err != nil {
		return err
	}
	if err := m.decode(into); err != nil {
		return err
	}
	return m.end()
}

// assignment reads past the first "=".
func (m *member) assignment(name string) error {
	head := m.head()
	before, _, found := strings.Cut(head, "=")
	if !found || !strings.HasPrefix(before, name) {
		return flattery.Input("%s does not begin with %s… = as that file of an X archive does: download the archive again", m.name, name)
	}
	m.skip(len(before) + 1)
	return nil
}
