package discover

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"flattery"
	"flattery/connectors"
)

// mostPages is how many pages of an author's own are read.
const mostPages = 3

// profile reads the pages of the author's own that the profile links to.
func (s *search) profile(ctx context.Context) {
	for _, f := range s.Shown {
		if f.Shows != nil && s.judge(f.Holder, false) == flattery.PlaceByOwner { // the network told it beside a thing
			s.ownPages(ctx, *f.Shows)
			return
		}
	}
	c, err := s.Networks.Get(s.Network)
	if err != nil || s.Read == nil || ctx.Err() != nil {
		return
	}
	if _, ok := c.(connectors.Prover); !ok || c.Info().Price.Currency != "" { // what costs is for claims
		return
	}
	if err := s.Pace.wait(ctx, "of "+s.Network, s.Now()); err != nil {
		s.trouble(err)
		return
	}
	who, shows, err := s.Read(ctx, s.Network, s.Handle)
	if errors.Is(err, connectors.ErrGone) || err == nil && who.Identity != s.Identity { // somebody else has the name now
		return
	}
	if err != nil {
		s.Pace.heard("of "+s.Network, s.Now(), err)
		s.trouble(err)
		return
	}
	s.ownPages(ctx, shows)
}

func (s *search) ownPages(ctx context.Context, shows connectors.Showing) {
	for _, link := range shows.Links[:min(len(shows.Links), mostPages)] {
		s.ownPage(ctx, link, shows.Pages)
		s.ownManifest(ctx, link, shows.Pages)
	}
}

// ownPage reads a page that the profile links to. It is the author's own where it links back.
func (s *search) ownPage(ctx context.Context, address string, profile []string) {
	u, err := url.Parse(address)
	if err != nil {
		return
	}
	if err := s.Pace.wait(ctx, u.Host, s.Now()); err != nil {
		return
	}
	page, at, err := connectors.ReadPage(ctx, connectors.Session{Client: s.Client, Now: s.Now()}, address)
	if err != nil {
		s.Pace.heard(u.Host, s.Now(), err)
		return // a page that is broken is no reason to come back soon
	}
	reason := flattery.PlaceUntied
	if connectors.LinksBack(page, at, profile...) {
		reason = flattery.PlaceByRelMe
	}
	s.keep(flattery.PlaceOwnPage, at.String(), "", reason, PageLinks(page, at))
}

// ownManifest reads the manifest of a site that the profile links to. It speaks for the author where it names the profile.
func (s *search) ownManifest(ctx context.Context, address string, profile []string) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" {
		return
	}
	at := (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/funding.json"}).String()
	got, err := s.fetch(ctx, at, "", maxText)
	if err != nil || !got.there {
		return
	}
	m := ReadManifest(got.text)
	reason := flattery.PlaceUntied
	for _, a := range m.About {
		for _, p := range profile {
			if below(a.URL, p) {
				reason = flattery.PlaceBySite
			}
		}
	}
	s.keep(flattery.PlaceManifest, at, got.etag, reason, m.Hits)
}

// below reports whether an address is a page or something of it: github.com/cat/tool is github.com/cat's.
func below(address, page string) bool {
	if connectors.SamePage(address, page) {
		return true
	}
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	steps := strings.Split(strings.Trim(u.Path, "/"), "/")
	for n := range steps {
		up := *u
		up.Path, up.RawPath, up.RawQuery, up.Fragment = "/"+strings.Join(steps[:n], "/"), "", "", ""
		if n > 0 && connectors.SamePage(strings.ToLower(up.String()), strings.ToLower(page)) {
			return true
		}
	}
	return false
}

// atLiberapay are the networks at which people prove there who they are; it calls them as we do.
func atLiberapay() []string {
	return []string{"github", "twitter", "mastodon", "gitlab", "bitbucket", "youtube", "twitch"}
}

var liberapayName = regexp.MustCompile(`^/([A-Za-z0-9_.-]{1,100})/public\.json$`)

// liberapay asks who has proved to be the author there: it then leads on to their page.
func (s *search) liberapay(ctx context.Context) {
	root, err := url.Parse(s.Liberapay)
	if err != nil || s.Liberapay == "" || !slices.Contains(atLiberapay(), s.Network) || ctx.Err() != nil {
		return
	}
	if err := s.Pace.wait(ctx, root.Host, s.Now()); err != nil {
		s.trouble(fmt.Errorf("%s asks to wait", root.Host)) // which keeps nobody from being looked for elsewhere
		return
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Liberapay+"/on/"+s.Network+"/"+url.PathEscape(s.Handle)+"/public.json", nil)
	if err != nil {
		s.trouble(connectors.Failure(root.Host, err))
		return
	}
	client := *s.Client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(req)
	if err != nil {
		s.trouble(connectors.Failure(root.Host, err))
		return
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusFound {
		if err := connectors.Refusal(resp, s.Now()); resp.StatusCode >= 400 && !errors.Is(err, connectors.ErrGone) {
			s.Pace.heard(root.Host, s.Now(), err)
			s.trouble(fmt.Errorf("%s answered %d", root.Host, resp.StatusCode))
		}
		return
	}
	to, err := resp.Location()
	if err != nil || to.Host != root.Host {
		return
	}
	if m := liberapayName.FindStringSubmatch(to.Path); m != nil {
		page := "https://liberapay.com/" + m[1]
		s.keep(flattery.PlaceLiberapay, page, "", flattery.PlaceByNetwork, []Hit{{Key: "liberapay", Payee: m[1] + " at Liberapay", Destination: flattery.Destination(page)}})
	}
}
