// Package connectors is the socket that networks plug into. A connector reads the likes of one linked identity and
// says whose things were liked; it knows nothing of accounts, money or the store.
package connectors

import (
	"context"
	"iter"
	"net/http"
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

// Session is what a connector needs to speak for one link. A zero Token is the public way.
type Session struct {
	Identity flattery.Profile // whose likes are read
	Token    flattery.Secret  // of the donor
	App      App              // of this instance
	Client   *http.Client     // guarded; never nil
	Now      time.Time        // of this poll, UTC
	Month    time.Time        // start of the current month, UTC: how far a timed baseline goes back
}

// App holds the keys by which a network knows this instance. Each may be empty.
type App struct {
	ID     string
	Secret flattery.Secret
	Key    flattery.Secret
}

// Page is one answer of the network: it is stored in one transaction together with Next.
type Page struct {
	Likes    []flattery.Like
	Next     flattery.Cursor
	Baseline bool
	Date     time.Time // the network's clock (its Date header); zero where it does not tell
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

// Proven is how far a connector was ever shown to work.
type Proven string

// From best to least.
const (
	ProvenLive     Proven = "live"
	ProvenRecorded Proven = "recorded answers"
	ProvenContract Proven = "contract"
	ProvenSandbox  Proven = "own sandbox only"
)

// Info describes a network. It is data: pages, commands and the poller read it and never ask for a network's name.
type Info struct {
	Network   string        // key: "github"
	Title     string        // "GitHub"
	Host      string        // the host of its identities: "github.com"
	Noun      string        // what a like is called there: "star"
	Auth      Auth          //
	OAuth2    OAuth2        // for AuthOAuth2
	NeedsKey  bool          // App.Key is needed even for public reading
	Feed      Feed          //
	Reliable  bool          // absence from a complete walk means un-like
	Interval  time.Duration // never poll a link more often
	State     Life          //
	Since     string        // date of State where it is not alive
	Reason    string        // why, in one sentence
	Terms     Terms         // what one should know before entering keys
	Proven    Proven        //
	Console   string        // where an app or key is registered
	HandleTip string        // what a handle looks like: "octocat"
}

// OAuth2 is a network's endpoints and scopes; the scopes for polling and for claiming are kept apart.
type OAuth2 struct {
	AuthURL, TokenURL, DeviceURL string
	PollScopes, ClaimScopes      []string
}

// Terms is one sentence of a network's terms with its source; zero: nothing to say.
type Terms struct {
	Sentence, Link, Date, Sure string
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
