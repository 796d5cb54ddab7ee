package flattery

import (
	"net/url"
	"strings"
)

// Gifts says whether money can be given once.
type Gifts string

// Unknown is unknown: most pages do not say it in a form that a machine reads.
const (
	GiftsUnknown Gifts = ""
	GiftsOnce    Gifts = "once"    // as much as one likes, as often as one likes
	GiftsRenewed Gifts = "renewed" // a donation for a time, which is renewed by hand or not
	GiftsMembers Gifts = "members" // who gives becomes a member and pays again each month, until it is ended
)

// Platform is where many people take money. What is not certain of it is left out, and is then unknown.
type Platform struct {
	Key   string // one word of ours; in FUNDING.yml the same where that knows it
	Title string
	Hosts []string // of its pages, without www.
	Gifts Gifts
	// Currency is the only one that it takes; "": several, or unknown. In it Step is the least that it takes, and what amounts must be
	// whole of; 0: unknown.
	Currency string
	Step     Amount
}

// platforms are data, with where each word on gifts and amounts is from. A row without is one whose page alone knows.
var platforms = [...]Platform{
	// "Managing your sponsorship" and "Sponsoring open source contributors in bulk" in GitHub's documentation: one-time amounts, in
	// dollars; its bulk file takes whole dollars from 1 on.
	{Key: "github", Title: "GitHub Sponsors", Hosts: []string{"github.com"}, Gifts: GiftsOnce, Currency: "USD", Step: Unit},
	// Patreon's pages sell memberships; whoever supports somebody is a member.
	{Key: "patreon", Title: "Patreon", Hosts: []string{"patreon.com"}, Gifts: GiftsMembers},
	// "Contributing" in Open Collective's documentation: one-time, monthly or yearly. The currency is the collective's.
	{Key: "open_collective", Title: "Open Collective", Hosts: []string{"opencollective.com"}, Gifts: GiftsOnce},
	// Ko-fi began with one-off tips, and each page takes them. The currency is the creator's.
	{Key: "ko_fi", Title: "Ko-fi", Hosts: []string{"ko-fi.com"}, Gifts: GiftsOnce},
	{Key: "tidelift", Title: "Tidelift", Hosts: []string{"tidelift.com"}},
	{Key: "lfx_crowdfunding", Title: "LFX Crowdfunding", Hosts: []string{"crowdfunding.lfx.linuxfoundation.org", "funding.communitybridge.org"}},
	// "How do recurrent donations work?" in Liberapay's FAQ: paid in advance, renewed by hand or by itself, as the donor chooses.
	{Key: "liberapay", Title: "Liberapay", Hosts: []string{"liberapay.com"}, Gifts: GiftsRenewed},
	{Key: "issuehunt", Title: "IssueHunt", Hosts: []string{"issuehunt.io", "oss.issuehunt.io"}},
	{Key: "polar", Title: "Polar", Hosts: []string{"polar.sh"}},
	// One buys a coffee, which is a one-off sum, beside the memberships that some offer.
	{Key: "buy_me_a_coffee", Title: "Buy Me a Coffee", Hosts: []string{"buymeacoffee.com", "buymeacoff.ee"}, Gifts: GiftsOnce},
	// thanks.dev takes a monthly sum, and shares it by what one depends on.
	{Key: "thanks_dev", Title: "thanks.dev", Hosts: []string{"thanks.dev"}, Gifts: GiftsMembers},
	{Key: "otechie", Title: "Otechie", Hosts: []string{"otechie.com"}},
	// "What is PayPal.Me?" in PayPal's help: a link by which anybody is sent money, the amount behind the name.
	{Key: "paypal", Title: "PayPal", Hosts: []string{"paypal.me", "paypal.com"}, Gifts: GiftsOnce},
	{Key: "stripe", Title: "Stripe", Hosts: []string{"buy.stripe.com", "donate.stripe.com"}},
}

// Ways that are no platform.
const (
	WayBank      = "bank"      // an IBAN
	WayPayto     = "payto"     // another address of RFC 8905
	WayLightning = "lightning" // a Lightning address, or another word of that network
	WayPage      = "page"      // somebody's own page, or one that nothing is known of
)

// PlatformOf finds a platform by its key; the zero Platform where there is none.
func PlatformOf(key string) Platform {
	for _, p := range platforms {
		if p.Key == key {
			return p
		}
	}
	return Platform{}
}

// Way is what is known of how money is taken at a destination: a platform, or one of the ways that are none, whose Title is "".
// The zero Way is that of no destination. GitHub's pages that are not of Sponsors, and PayPal's that are not PayPal.Me, are pages.
func (d Destination) Way() Platform {
	u, err := url.Parse(string(d))
	if err != nil || d == "" {
		return Platform{}
	}
	switch {
	case u.Scheme == "payto" && strings.EqualFold(u.Host, "iban"):
		// The EPC's rulebook of credit transfers: euros, from one cent on.
		return Platform{Key: WayBank, Gifts: GiftsOnce, Currency: "EUR", Step: Cent}
	case u.Scheme == "payto":
		return Platform{Key: WayPayto, Gifts: GiftsOnce}
	case u.Scheme == "lightning":
		return Platform{Key: WayLightning, Gifts: GiftsOnce}
	case u.Scheme != "https" || u.Host == "":
		return Platform{}
	}
	host := strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
	for _, p := range platforms {
		for _, h := range p.Hosts {
			if h == host && p.owns(u) {
				return p
			}
		}
	}
	return Platform{Key: WayPage}
}

// owns reports whether an address of one of its hosts is a page where people are paid.
func (p Platform) owns(u *url.URL) bool {
	path := strings.ToLower(u.Path)
	switch {
	case p.Key == "github":
		return strings.HasPrefix(path, "/sponsors/")
	case p.Key == "paypal" && !strings.HasSuffix(u.Hostname(), "paypal.me"):
		return strings.HasPrefix(path, "/paypalme/")
	}
	return true
}

// Whole is what an amount in a currency must be whole of to be taken, and the least that is; 0: nothing is known.
func (p Platform) Whole(currency string) Amount {
	if p.Currency != currency {
		return 0
	}
	return p.Step
}
