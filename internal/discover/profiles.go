package discover

import (
	"bytes"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"

	"flattery"
	"flattery/connectors"
)

// Said is what a profile says of its owner.
type Said struct {
	IDs    []string // by which the network knows who that is
	Hits   []Hit    // places to be paid that are the owner's word
	Others []Hit    // places that stand there, and nothing says whose they are
	Links  []string // pages of the owner's own, to be looked at
	Pages  []string // where the network shows the profile
}

// maxFields is how many fields of a profile are read; Mastodon lets people have four.
const maxFields = 16

// MastodonAccount reads the answer of /api/v1/accounts/lookup as Mastodon and those who speak its API give it. A field with verified_at is
// the owner's word: the server has seen that the page there links back. Who has moved, or is suspended, says nothing here.
func MastodonAccount(answer []byte) (s Said) {
	var a struct {
		ID, URI, URL connectors.Text
		Moved        json.RawMessage
		Suspended    bool
		Fields       []struct {
			Value      connectors.Text
			VerifiedAt connectors.Text `json:"verified_at"`
		}
	}
	if len(answer) > maxText || json.Unmarshal(answer, &a) != nil || a.Suspended || len(a.Moved) > 0 && string(a.Moved) != "null" {
		return s
	}
	s.known(string(a.ID), string(a.URI))
	s.shown(string(a.URL), string(a.URI))
	var sure, others hits
	for _, f := range a.Fields[:min(len(a.Fields), maxFields)] {
		_, err := time.Parse(time.RFC3339, string(f.VerifiedAt))
		for _, address := range addresses(string(f.Value)) {
			switch to := destination(address); {
			case !isPlace(to):
				s.page(address)
			case err == nil:
				sure.addAddress("verified field", address)
			default:
				others.addAddress("field", address)
			}
		}
	}
	s.Hits, s.Others = sure, others
	return s
}

// BlueskyProfile reads the answer of app.bsky.actor.getProfile. The website is the owner's own to set; in the description people also name the
// pages of others.
func BlueskyProfile(answer []byte) (s Said) {
	var a struct {
		DID, Handle, Website, Description connectors.Text
	}
	if len(answer) > maxText || json.Unmarshal(answer, &a) != nil {
		return s
	}
	s.known(string(a.DID))
	if a.DID != "" {
		s.shown("https://bsky.app/profile/" + string(a.DID))
	}
	if a.Handle != "" {
		s.shown("https://bsky.app/profile/" + string(a.Handle))
	}
	s.website(string(a.Website))
	var others hits
	for _, word := range strings.Fields(string(a.Description)) {
		if word = strings.Trim(word, "().,;<>"); isPlace(destination(word)) {
			others.addAddress("description", word)
		}
	}
	s.Others = others
	return s
}

var (
	pubkey    = regexp.MustCompile(`^[0-9a-f]{64}$`)
	lightning = regexp.MustCompile(`^[a-z0-9_.+-]{1,64}@([a-z0-9-]{1,63}\.)+[a-z]{2,}$`)
	lnurl     = regexp.MustCompile(`^lnurl1[02-9ac-hj-np-z]{10,400}$`)
)

// NostrProfile reads a kind-0 event: lud16, a lightning address, goes before lud06, which says the same as a bech32 LNURL. That the key has
// signed the event is for its reader to have looked at.
func NostrProfile(event []byte) (s Said) {
	var e struct {
		PubKey  string
		Kind    *int
		Content string
	}
	var a struct{ LUD16, LUD06, Website connectors.Text }
	if len(event) > maxText || json.Unmarshal(event, &e) != nil || e.Kind == nil || *e.Kind != 0 || !pubkey.MatchString(e.PubKey) ||
		json.Unmarshal([]byte(e.Content), &a) != nil {
		return s
	}
	s.known(e.PubKey)
	var found hits
	for _, one := range []struct {
		key, value string
		form       *regexp.Regexp
	}{{"lud16", string(a.LUD16), lightning}, {"lud06", string(a.LUD06), lnurl}} {
		value := strings.ToLower(strings.TrimSpace(one.value))
		if scheme, rest, _ := strings.Cut(value, ":"); scheme == "lightning" {
			value = rest
		}
		if one.form.MatchString(value) && len(found) == 0 {
			found.addAddress(one.key, "lightning:"+value)
		}
	}
	s.Hits = found
	s.website(string(a.Website))
	return s
}

func (s *Said) known(ids ...string) {
	for _, id := range ids {
		if id != "" {
			s.IDs = append(s.IDs, id)
		}
	}
}

func (s *Said) shown(addresses ...string) {
	for _, a := range addresses {
		if a = connectors.WebURL(a); a != "" && !slices.Contains(s.Pages, a) {
			s.Pages = append(s.Pages, a)
		}
	}
}

// website is the one address that a profile has room for.
func (s *Said) website(address string) {
	if isPlace(destination(address)) {
		found := hits(s.Hits)
		found.addAddress("website", address)
		s.Hits = found
		return
	}
	s.page(address)
}

// page keeps the address of a page of the owner's own.
func (s *Said) page(address string) {
	if to := destination(address); strings.HasPrefix(string(to), "https://") && len(s.Links) < mostPages && !slices.Contains(s.Links, string(to)) {
		s.Links = append(s.Links, string(to))
	}
}

// isPlace reports whether an address is where somebody is paid, and no page of which that is not known yet.
func isPlace(to flattery.Destination) bool {
	u, err := url.Parse(string(to))
	if err != nil || to == "" {
		return false
	}
	if u.Scheme != "https" {
		return true
	}
	for _, p := range platforms {
		if _, is := p.name(u); is && (p.key != "github" || strings.HasPrefix(u.Path, "/sponsors/")) {
			return true
		}
	}
	return false
}

// addresses are those that the value of a field links to, which is HTML; one without a link is taken as it is.
func addresses(value string) (all []string) {
	var text strings.Builder
	for z := html.NewTokenizer(bytes.NewReader([]byte(value))); ; {
		switch z.Next() {
		case html.ErrorToken:
			if len(all) == 0 {
				all = append(all, strings.TrimSpace(text.String()))
			}
			return all
		case html.TextToken:
			text.Write(z.Text())
		case html.StartTagToken:
			if name, more := z.TagName(); string(name) == "a" && len(all) < maxFields {
				if href := attributes(z, more)["href"]; href != "" {
					all = append(all, href)
				}
			}
		}
	}
}
