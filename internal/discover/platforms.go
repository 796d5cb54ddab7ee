package discover

import (
	"cmp"
	"net/url"
	"regexp"
	"strings"

	"flattery"
)

// A platform is where people are paid by a name. What is written in funding files is the name, or the address of their page.
type platform struct {
	key string // in FUNDING.yml
	flattery.Platform
	page  string   // before the name
	under []string // first steps of an address of its hosts that are not the name
	slash bool     // a name has slashes
}

// platforms are those of FUNDING.yml. GitHub documents where each leads.
var platforms = [...]platform{
	{key: "github", Platform: flattery.PlatformOf("github"), page: "https://github.com/sponsors/", under: []string{"sponsors", "users", "orgs"}},
	{key: "patreon", Platform: flattery.PlatformOf("patreon"), page: "https://patreon.com/", under: []string{"c"}},
	{key: "open_collective", Platform: flattery.PlatformOf("open_collective"), page: "https://opencollective.com/"},
	{key: "ko_fi", Platform: flattery.PlatformOf("ko_fi"), page: "https://ko-fi.com/"},
	{key: "tidelift", Platform: flattery.PlatformOf("tidelift"), page: "https://tidelift.com/funding/github/", under: []string{"funding", "github"}, slash: true},
	{key: "community_bridge", Platform: flattery.PlatformOf("lfx_crowdfunding"), page: "https://crowdfunding.lfx.linuxfoundation.org/projects/", under: []string{"projects"}},
	{key: "lfx_crowdfunding", Platform: flattery.PlatformOf("lfx_crowdfunding"), page: "https://crowdfunding.lfx.linuxfoundation.org/projects/", under: []string{"projects"}},
	{key: "liberapay", Platform: flattery.PlatformOf("liberapay"), page: "https://liberapay.com/"},
	{key: "issuehunt", Platform: flattery.PlatformOf("issuehunt"), page: "https://issuehunt.io/r/", under: []string{"r"}, slash: true},
	{key: "polar", Platform: flattery.PlatformOf("polar"), page: "https://polar.sh/"},
	{key: "buy_me_a_coffee", Platform: flattery.PlatformOf("buy_me_a_coffee"), page: "https://buymeacoffee.com/"},
	{key: "thanks_dev", Platform: flattery.PlatformOf("thanks_dev"), page: "https://thanks.dev/", slash: true},
	{key: "otechie", Platform: flattery.PlatformOf("otechie"), page: "https://otechie.com/"},
}

func platformOf(key string) (platform, bool) {
	for _, p := range platforms {
		if p.key == key {
			return p, true
		}
	}
	return platform{}, false
}

var (
	nameOne  = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$`)
	nameMany = regexp.MustCompile(`^@?[A-Za-z0-9_][A-Za-z0-9_.@%-]{0,99}(/@?[A-Za-z0-9_][A-Za-z0-9_.@%-]{0,99}){0,3}$`)
	template = regexp.MustCompile(`^(user[12]|link[12])$`) // which nobody put anything in place of
)

// hit is what a value under the platform's key names: a name there, its page, or a page elsewhere.
func (p platform) hit(value string) (payee string, to flattery.Destination) {
	value = strings.TrimSpace(value)
	if strings.Contains(value, "://") || bare.MatchString(value) && strings.Contains(value, "/") && !p.slash {
		to = destination(value)
		u, err := url.Parse(string(to))
		if err != nil || to == "" {
			return "", ""
		}
		name, is := p.name(u)
		if !is {
			return canonical(to)
		}
		value = name
	}
	value = strings.TrimSuffix(value, "/")
	if !p.slash {
		value = strings.TrimPrefix(value, "@")
	}
	if template.MatchString(value) || p.slash && !nameMany.MatchString(value) || !p.slash && !nameOne.MatchString(value) {
		return "", ""
	}
	return value + " at " + p.Title, flattery.Destination(p.page + value)
}

// name is whose page an address of the platform is; false for one of another host, or one that is nobody's.
func (p platform) name(u *url.URL) (string, bool) {
	host, is := strings.TrimPrefix(u.Hostname(), "www."), false
	for _, h := range p.Hosts {
		is = is || h == host
	}
	if !is {
		return "", false
	}
	steps := strings.Split(strings.Trim(u.EscapedPath(), "/"), "/")
	for _, skip := range p.under {
		if len(steps) > 1 && strings.EqualFold(steps[0], skip) {
			steps = steps[1:]
		}
	}
	if p.slash {
		return strings.Join(steps, "/"), true
	}
	return steps[0], len(steps) == 1 && steps[0] != ""
}

// canonical is an address as it is kept: of a platform's page as its funding key would have it, and who is paid there.
func canonical(to flattery.Destination) (payee string, _ flattery.Destination) {
	u, err := url.Parse(string(to))
	if err != nil || u.Scheme != "https" {
		return shown(to), to
	}
	for _, p := range platforms {
		name, is := p.name(u)
		switch {
		case !is || p.key == "github" && !strings.HasPrefix(u.Path, "/sponsors/"):
			continue
		case !p.slash && nameOne.MatchString(name) && u.RawQuery == "" && u.Fragment == "":
			to = flattery.Destination(p.page + name)
		}
		return cmp.Or(name, shown(to)) + " at " + p.Title, to
	}
	return shown(to), to
}
