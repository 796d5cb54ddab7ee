// Package discover finds out where authors already take money: funding files, fields of profiles, links of pages. It
// says what is published and whether that is the author's own word; it pays nobody and decides nothing.
//
// What it reads was written by anybody. The parsers are pure, take any bytes and never fail: what they do not understand is not
// there.
package discover

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"flattery"
	"flattery/connectors"
)

// Hit is a place to be paid that a text names. Whether its author says so, the text alone does not tell.
type Hit struct {
	Key         string // under which it stands: "ko_fi", "rel=payment"
	Payee       string // as it is shown: "octocat at GitHub Sponsors"
	Destination flattery.Destination
}

const (
	maxText  = 64 << 10 // bytes of a funding file, a manifest, a list: the longest seen has 6,000
	maxHits  = 40       // of one text
	maxPlace = 500      // bytes of a destination, as payments keep it
)

// hits are gathered, each destination once.
type hits []Hit

func (h *hits) add(key, payee string, to flattery.Destination) {
	if to == "" || len(*h) == maxHits || slices.ContainsFunc(*h, func(one Hit) bool { return one.Destination == to }) {
		return
	}
	*h = append(*h, Hit{Key: key, Payee: connectors.Clean(payee, connectors.MaxName), Destination: to})
}

// addAddress adds what somebody wrote as a destination.
func (h *hits) addAddress(key, written string) {
	payee, to := canonical(destination(written))
	h.add(key, payee, to)
}

var (
	twice  = regexp.MustCompile(`^(?i:https?://)+`)
	bare   = regexp.MustCompile(`^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}(:443)?([/?#].*)?$`)
	public = regexp.MustCompile(`^([a-z0-9_-]+\.)+[a-z0-9-]{2,}$`)
	local  = regexp.MustCompile(`^(?i:localhost|[0-9.]+|.*\.(local|localhost|internal|invalid|test|example))$`)
)

// destination is what somebody wrote as a destination: payto:, lightning: or the address of a page, whose scheme may be missing, be
// there twice or be http. "" is for what is none.
func destination(s string) flattery.Destination {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > maxPlace {
		return ""
	}
	scheme, rest, _ := strings.Cut(s, ":")
	switch scheme = strings.ToLower(scheme); {
	case scheme == "lightning":
		rest = strings.ToLower(strings.TrimPrefix(rest, "//"))
		if rest == "" || strings.ContainsFunc(rest, odd) || strings.ContainsAny(rest, "?#/") {
			return ""
		}
		return flattery.Destination("lightning:" + rest)
	case scheme == "payto":
		u, err := url.Parse(s)
		if err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") == "" || strings.ContainsFunc(s, odd) {
			return ""
		}
		u.Host = strings.ToLower(u.Host)
		return flattery.Destination(u.String())
	case twice.MatchString(s):
		s = twice.ReplaceAllString(s, "https://")
	case bare.MatchString(s):
		s = "https://" + s
	default:
		return ""
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.User != nil || strings.ContainsFunc(s, odd) || u.Port() != "" && u.Port() != "443" {
		return ""
	}
	u.Host = strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if !public.MatchString(u.Host) || local.MatchString(u.Host) || len(u.String()) > maxPlace {
		return ""
	}
	return flattery.Destination(u.String())
}

// odd is what no address has.
func odd(r rune) bool { return r <= ' ' || r >= 0x7f }

// shown is a destination as people read it.
func shown(to flattery.Destination) string {
	s := strings.TrimPrefix(strings.TrimPrefix(string(to), "https://"), "www.")
	return strings.TrimSuffix(s, "/")
}
