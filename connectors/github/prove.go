package github

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"regexp"
	"strings"

	"flattery"
	"flattery/connectors"
)

// page is what an account says of itself. A person has a bio, an organisation a description.
type page struct {
	account
	Bio, Blog, Description connectors.Text
}

// writing is what has a text in it, and whose it is.
type writing struct {
	ID, Description   connectors.Text
	Content, Encoding connectors.Text // of a file
	Owner             account
	Fork              bool      // of a repository
	ForkOf            *struct{} `json:"fork_of"` // of a gist; nil: it is none
}

var gistID = regexp.MustCompile(`^[A-Za-z0-9]{1,64}$`)

// mostGists is how many gists with something like a token in their description are looked at.
const mostGists = 3

// Prove reads what an account shows of itself to everybody:
//
//   - GET /users/{username}: bio and blog (in GitHub's description of its API). GET /orgs/{org}: description and blog of an
//     organisation, which its owners write.
//   - GET /repos/{name}/{name}/readme: the profile's README; of an organisation GET /repos/{name}/.github/contents/profile/README.md.
//     Whoever may push there can write it, which is for the owner to decide.
//   - GET /users/{username}/gists: descriptions of the newest 30 public gists of a person.
//
// The last three are in GitHub's documentation, and not in the excerpt of its description that the tests have. A README or a
// gist is shown only where something like a claim token stands in it, after another request has proved whose it is: an
// address of GitHub leads on to whom a repository was given, and a fork says what somebody else wrote.
func (c *Connector) Prove(ctx context.Context, s connectors.Session, handle string) (who flattery.Profile, shows connectors.Showing, err error) {
	name, err := named(handle)
	if err != nil {
		return who, shows, err
	}
	s.Token = flattery.Token{}
	g := c.open(s)
	var at page
	if _, err = g.ask(ctx, http.MethodGet, "users/"+name, "", nil, &at); err != nil {
		return who, shows, err
	}
	if who, err = g.known(at.account); err != nil {
		return who, shows, err
	}
	shows.AddPage(who.URL)
	shows.AddText(string(at.Bio))
	shows.AddLink(string(at.Blog))
	if who.Organisation {
		err = g.organisation(ctx, who, &shows)
	} else if err = g.readme(ctx, who, who.Handle, "readme", &shows); err == nil {
		err = g.gists(ctx, who, &shows)
	}
	if err != nil {
		return flattery.Profile{}, connectors.Showing{}, err
	}
	return who, shows, nil
}

func (s *session) organisation(ctx context.Context, who flattery.Profile, shows *connectors.Showing) error {
	var at page
	if there, err := s.look(ctx, "orgs/"+who.Handle, &at); err != nil {
		return err
	} else if there && s.understand(at.account).Subject == who.Subject {
		shows.AddText(string(at.Description))
		shows.AddLink(string(at.Blog))
	}
	return s.readme(ctx, who, ".github", "contents/profile/README.md", shows)
}

// readme reads the page of Markdown that a profile shows.
func (s *session) readme(ctx context.Context, who flattery.Profile, repo, path string, shows *connectors.Showing) error {
	repo = "repos/" + who.Handle + "/" + repo
	var file, of writing
	if there, err := s.look(ctx, repo+"/"+path, &file); err != nil || !there || file.Encoding != "base64" { // none, or too long
		return err
	}
	text, err := base64.StdEncoding.DecodeString(string(file.Content))
	if err != nil {
		return s.refuse("sent a README that is no base64")
	}
	if len(connectors.ClaimTokens(string(text))) == 0 {
		return nil
	}
	there, err := s.look(ctx, repo, &of)
	if err == nil && there && !of.Fork && s.understand(of.Owner).Subject == who.Subject {
		shows.AddText(string(text))
	}
	return err
}

func (s *session) gists(ctx context.Context, who flattery.Profile, shows *connectors.Showing) error {
	var list []writing
	if there, err := s.look(ctx, "users/"+who.Handle+"/gists?per_page=30", &list); err != nil || !there {
		return err
	}
	looked := 0
	for _, g := range list {
		if len(connectors.ClaimTokens(string(g.Description))) == 0 || !gistID.MatchString(string(g.ID)) || looked == mostGists {
			continue
		}
		looked++
		var whole writing
		there, err := s.look(ctx, "gists/"+string(g.ID), &whole)
		if err != nil {
			return err
		}
		if there && whole.ForkOf == nil && s.understand(whole.Owner).Subject == who.Subject {
			shows.AddText(string(whole.Description))
		}
	}
	return nil
}

// look asks for what may not be there.
func (s *session) look(ctx context.Context, path string, into any) (there bool, err error) {
	_, err = s.ask(ctx, http.MethodGet, path, "", nil, into)
	if errors.Is(err, connectors.ErrGone) {
		return false, nil
	}
	return err == nil, err
}

// named is the name that somebody typed.
func named(handle string) (string, error) {
	name := strings.TrimPrefix(strings.TrimSpace(handle), "@")
	if !login.MatchString(name) {
		return "", flattery.Input("%q is not a GitHub name: write it like octocat", connectors.Clean(name, 50))
	}
	return name, nil
}
