package github

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/google/go-github/v58/github"

	"flattery"
	"flattery/connectors"
)

var fullName = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9_\[\]-]{0,99})/([A-Za-z0-9._-]{1,100})$`)

// fundingNames are where GitHub looks for the file in a repository; a default, in small letters, was seen to be honoured too.
var fundingNames = []string{".github/FUNDING.yml", "FUNDING.yml", "docs/FUNDING.yml"}

// FundingFiles are those of the default branch of each repository, of the owner's .github repository and of the one that is
// called like its owner. They are read where GitHub serves files, which costs nothing of the limit of its API.
func (c *Connector) FundingFiles(author flattery.Profile, things []flattery.Thing) (all []connectors.FundingFile) {
	add := func(form connectors.FundingForm, owner, name, group string, files ...string) {
		for _, file := range files {
			all = append(all, connectors.FundingFile{Form: form, Within: owner + "/" + name, Page: c.site + "/" + owner + "/" + name, URL: c.raw(owner, name) + file,
				Group: owner + "/" + name + " " + group, Default: name == ".github"})
		}
	}
	var named [][]string
	for _, th := range things {
		if m := fullName.FindStringSubmatch(repository(th)); m != nil && strings.Trim(m[2], ".") != "" {
			if login.MatchString(author.Handle) { // who was renamed took their repositories along
				m[1] = author.Handle
			}
			named = append(named, m)
		}
	}
	for _, m := range named {
		add(connectors.FormFunding, m[1], m[2], "funding", fundingNames...)
	}
	if owner := author.Handle; login.MatchString(owner) {
		add(connectors.FormFunding, owner, ".github", "funding", "FUNDING.yml", ".github/FUNDING.yml", "funding.yml", ".github/funding.yml", "docs/FUNDING.yml")
		add(connectors.FormManifest, owner, owner, "manifest", "funding.json")
	}
	for _, m := range named {
		add(connectors.FormManifest, m[1], m[2], "manifest", "funding.json")
		add(connectors.FormManifests, m[1], m[2], "manifests", ".well-known/funding-manifest-urls")
	}
	for _, m := range named {
		add(connectors.FormPackage, m[1], m[2], "package", "package.json")
	}
	return all
}

// repository is the full name of a thing.
func repository(th flattery.Thing) string {
	if fullName.MatchString(th.Title) {
		return th.Title
	}
	u, err := url.Parse(th.URL)
	if err != nil {
		return ""
	}
	return strings.Trim(u.Path, "/")
}

// raw is where the files of a default branch are served.
func (c *Connector) raw(owner, name string) string {
	if c.site == "https://github.com" {
		return "https://raw.githubusercontent.com/" + owner + "/" + name + "/HEAD/"
	}
	return c.site + "/" + owner + "/" + name + "/raw/HEAD/"
}

// Holder answers whose a repository is. A name leads on to where the repository went.
func (c *Connector) Holder(ctx context.Context, s connectors.Session, within string) (flattery.Profile, bool, error) {
	if !fullName.MatchString(within) {
		return flattery.Profile{}, false, flattery.Input("%q is not a repository of GitHub", connectors.Clean(within, 100))
	}
	var of writing
	g := c.open(s)
	if _, err := g.ask(ctx, http.MethodGet, "repos/"+within, "", nil, &of); err != nil {
		return flattery.Profile{}, false, err
	}
	who, err := g.known(of.Owner)
	return who, of.Fork, err
}

// linked is a repository as GraphQL answers for it.
type linked struct {
	IsFork bool
	Owner  struct {
		Type               string            `json:"__typename"`
		ID                 connectors.Number `json:"databaseId"`
		Login, URL         string
		HasSponsorsListing bool
		WebsiteURL         connectors.Text
	}
	FundingLinks []struct{ Platform, URL string }
}

// linkedFields are what is asked for of a repository.
const linkedFields = `isFork owner { __typename login url ... on User { databaseId hasSponsorsListing websiteUrl }
	... on Organization { databaseId hasSponsorsListing websiteUrl } } fundingLinks { platform url }`

// mostLinks is how many of a repository's links are read, each of at most so many bytes. A funding file has no more than a dozen.
const (
	mostLinks   = 40
	longestLink = 500
)

// FundingLinks asks for repository.fundingLinks of GitHub's GraphQL API, which has the owner's default in it. The key of the
// instance (networks.github.key) is the token: GraphQL answers nobody without one.
func (c *Connector) FundingLinks(ctx context.Context, s connectors.Session, things []flattery.Thing) ([]connectors.Funding, error) {
	if s.App.Key == "" {
		return nil, fmt.Errorf("networks.%s.key is empty: %w", c.info.Network, connectors.ErrKey)
	}
	var q strings.Builder
	q.WriteString("query {")
	for i, th := range things {
		m := fullName.FindStringSubmatch(repository(th))
		if m == nil {
			continue
		}
		fmt.Fprintf(&q, ` r%d: repository(owner: %q, name: %q) { %s }`, i, m[1], m[2], linkedFields)
	}
	q.WriteString(" }")
	s.Token = flattery.Token{Access: s.App.Key}
	var ans struct {
		Data   map[string]*linked
		Errors []graphError
	}
	g := c.open(s)
	resp, err := g.ask(ctx, http.MethodPost, c.graphql(), "", map[string]string{"query": q.String()}, &ans)
	if err != nil {
		return nil, err
	}
	if len(ans.Data) == 0 && len(ans.Errors) > 0 {
		return nil, g.wrong(resp, ans.Errors[0])
	}
	all := make([]connectors.Funding, len(things))
	for i := range things {
		if r := ans.Data[fmt.Sprintf("r%d", i)]; r != nil && r.Owner.ID != 0 {
			all[i] = c.funding(r)
		}
	}
	return all, nil
}

// graphError is how GraphQL says what is wrong: it answers 200 whatever that is.
type graphError struct{ Type, Message string }

func (s *session) wrong(resp *github.Response, e graphError) error {
	switch e.Type {
	case "RATE_LIMITED":
		return &connectors.RateLimitError{RetryAfter: connectors.Wait(resp.Header, s.Now)}
	case "NOT_FOUND":
		return fmt.Errorf("%s: %s: %w", s.base.Host, connectors.Clean(e.Message, 200), connectors.ErrGone)
	}
	return s.refuse("refuses the query: %s", connectors.Clean(e.Message, 200))
}

func (c *Connector) funding(r *linked) connectors.Funding {
	f := connectors.Funding{Copied: r.IsFork, Holder: c.understand(account{ID: r.Owner.ID, Login: r.Owner.Login, Type: r.Owner.Type, HTMLURL: r.Owner.URL})}
	if r.Owner.HasSponsorsListing && login.MatchString(r.Owner.Login) {
		f.Listed = "https://github.com/sponsors/" + r.Owner.Login
	}
	f.Shows = &connectors.Showing{}
	f.Shows.AddPage(r.Owner.URL)
	f.Shows.AddLink(string(r.Owner.WebsiteURL))
	for _, l := range r.FundingLinks[:min(len(r.FundingLinks), mostLinks)] {
		if len(l.URL) > longestLink {
			continue
		}
		if name, is := strings.CutPrefix(l.URL, "https://github.com/"); is && l.Platform == "GITHUB" && login.MatchString(name) {
			l.URL = "https://github.com/sponsors/" + name // GitHub leads to the profile
		}
		f.Links = append(f.Links, l.URL)
	}
	return f
}

// graphql is the address of that API, as seen from the other one's.
func (c *Connector) graphql() string {
	if c.base != nil && strings.HasSuffix(c.base.Path, "/v3/") {
		return "../graphql"
	}
	return "graphql"
}
