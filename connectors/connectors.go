// Package connectors is the socket that networks plug into. A connector reads the likes of one linked identity and
// says whose things were liked; it knows nothing of accounts, money or the store.
package connectors

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"flattery"
)

// Connector reads likes from one network. Its methods may be called from many goroutines at once.
type Connector interface {
	// Info describes the network. It is constant and does no I/O.
	Info() Info

	// Identify reports whose account the session is authorized for, as the network shows it today.
	Identify(ctx context.Context, s Session) (flattery.Profile, error)

	// Likes yields what is liked, a page at a time, as far as it is news after the cursor. From the empty cursor it
	// yields the baseline, pages with Baseline set, whose likes are remembered as seen: back to the start of the
	// current month where the network tells the time of a like, everything where it does not. A connector whose
	// network stops telling times yields a baseline again. The caller stores a page together with its
	// Next and may stop after any page. The sequence ends with the first error: ErrUnauthorized, ErrForbidden, ErrGone,
	// *RateLimitError, *PaymentRequiredError, or one that is worth another try.
	Likes(ctx context.Context, s Session, after flattery.Cursor) iter.Seq2[Page, error]
}

// Resolver is a Connector that can find an identity by its public handle.
type Resolver interface {
	// Resolve answers ErrGone where nobody has that handle.
	Resolve(ctx context.Context, s Session, handle string) (flattery.Profile, error)
}

// Revoker is a Connector whose network lets a token be given back. Session.Token is the one.
type Revoker interface {
	Revoke(ctx context.Context, s Session) error
}

// Steward is a Connector whose network has organisations, which their administrators claim.
type Steward interface {
	// Administers answers the organisation of that handle when the session's token is an active administrator's,
	// ErrForbidden when it is not, ErrGone when there is no such organisation.
	Administers(ctx context.Context, s Session, handle string) (flattery.Profile, error)
}

// Finder is a Connector that can say who made a thing of which only an export file told.
type Finder interface {
	// Author answers ErrGone where the thing is no more. The profile may be provisional.
	Author(ctx context.Context, s Session, t flattery.Thing) (flattery.Profile, error)
}

// Session is what a connector needs to speak for one link. A zero Token is the public way.
type Session struct {
	Identity flattery.Profile // whose likes are read
	Token    flattery.Token   // of the donor
	App      flattery.App     // of this instance
	AppToken flattery.Secret  // of this instance, where Info.OAuth2.AppURL gives one and there is no Token
	Client   *http.Client     // guarded; never nil
	Now      time.Time        // of this poll, UTC
	// Month is the start of the current month, UTC: how far a timed baseline goes back. With an earlier time a walk from the
	// empty cursor tells all that was liked since and is still liked.
	Month time.Time
}

// Page is one answer of the network: it is stored in one transaction together with Next.
type Page struct {
	Likes    []flattery.Like
	Next     flattery.Cursor
	Baseline bool
	Date     time.Time        // the network's clock (its Date header); zero where it does not tell
	Who      flattery.Profile // the identity as it shows itself today; zero: not told
	Cost     flattery.Amount  // what the answer cost, in Info.Price.Currency
}

// Auth is how donors link a network.
type Auth string

// How a donor's token is had.
const (
	AuthNone   Auth = "none"    // by public name only
	AuthKey    Auth = "api key" // of the instance; likes are read by public name
	AuthOAuth2 Auth = "oauth2"
	AuthOAuth1 Auth = "oauth1"
)

// Feed is how a network's list of likes is ordered, which decides how a walk may stop.
type Feed string

// Timed: newest like first with its time. Ordered: newest like first, no time. Unordered: no order that one may trust.
const (
	Timed     Feed = "timed"
	Ordered   Feed = "ordered"
	Unordered Feed = "unordered"
)

// Life is whether a network can be linked today.
type Life string

// The states of product.md rule 20.
const (
	Alive      Life = "alive"
	ImportOnly Life = "import only"
	Retired    Life = "retired"
	Forbidden  Life = "forbidden"
)

// Word is how it is said in a sentence.
func (l Life) Word() flattery.Sentence {
	switch l {
	case ImportOnly:
		return flattery.Say("import only")
	case Retired:
		return flattery.Say("retired")
	case Forbidden:
		return flattery.Say("forbidden")
	}
	return flattery.Say("%s", string(l))
}

// Proven is how far a connector was ever shown to work.
type Proven string

// From best to least.
const (
	ProvenLive     Proven = "live"
	ProvenRecorded Proven = "recorded answers"
	ProvenContract Proven = "contract"
	ProvenSandbox  Proven = "own sandbox only"
	ProvenNone     Proven = "never" // nothing is asked of it
)

// Info describes a network. It is data: pages, commands and the poller read it and never ask for a network's name.
type Info struct {
	Network   string            // key: "github"
	Title     string            // "GitHub"
	Host      string            // the host of its identities: "github.com"
	Noun      string            // what a like is called there: "star"
	Auth      Auth              // how an account is linked with proof
	OAuth2    OAuth2            // for AuthOAuth2
	OAuth1    OAuth1            // for AuthOAuth1
	NeedsKey  bool              // App.Key is needed even for public reading
	ProofKey  bool              // App.Key is needed to read profiles, and for nothing else
	Feed      Feed              //
	Dated     bool              // tells a donor when a thing was liked, though its list does not go by that
	Reliable  bool              // absence from a complete walk means un-like
	Interval  time.Duration     // never poll a link more often
	State     Life              //
	Since     string            // date of State where it is not alive
	Reason    flattery.Sentence // why, in one sentence
	Terms     Terms             // what one should know before entering keys
	Price     Price             // what reading costs; zero: nothing
	Proven    Proven            //
	Console   string            // where an app or key is registered
	HandleTip string            // what a handle looks like: "octocat"
}

// OAuth2 is a network's endpoints and scopes; the scopes for polling and for claiming are kept apart.
type OAuth2 struct {
	AuthURL, TokenURL string
	DeviceURL         string   // of the device flow; "": there is none
	AppURL            string   // gives tokens of the instance itself (client credentials) for public reading; "": none
	AppScopes         []string // of these
	PollScopes        []string
	ClaimScopes       []string
	StewardScopes     []string // to claim an organisation; needs a Steward
	Basic             bool     // the client names itself by HTTP Basic and not in the form
	Issuer            string   // RFC 9207: what "iss" in a callback must be; "": not announced
}

// OAuth1 is a network's endpoints of OAuth 1.0a, HMAC-SHA1.
type OAuth1 struct {
	RequestURL, AuthURL, TokenURL string
	PollParams, ClaimParams       url.Values // added to AuthURL: perms=read
	OutOfBand                     bool       // shows a code to type where there is no address to come back to
}

// Terms is one sentence of a network's terms with its source; zero: nothing to say.
type Terms struct {
	Sentence, Link, Date, Sure string
	Tick                       bool // the owner of the instance must accept the sentence before anything is asked
}

// Price is what a network takes for reading.
type Price struct {
	Currency string          // "USD"; "": reading is free
	Like     flattery.Amount // at most, for one like that is read
	Link     string          // where the price stands
}

// Set is the list of the networks that this program knows, made in one visible place.
type Set []Connector

// Get finds a network by its key; an unknown one is answered with the list of the known ones.
func (s Set) Get(network string) (Connector, error) {
	var known []string
	for _, c := range s {
		if c.Info().Network == network {
			return c, nil
		}
		known = append(known, c.Info().Network)
	}
	return nil, flattery.Input("unknown network %q: known are %s (see flattery networks)", network, strings.Join(known, ", "))
}
