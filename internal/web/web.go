// Package web is the pages: a donor's month, the months before it, the slips to pay and the linked networks. It reads
// from a Store, asks Doors to do what a donor commands, and knows nothing of polling, settling or databases.
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/alexedwards/scs/v2"
	"golang.org/x/time/rate"

	"flattery"
)

// Store is what the pages read. Each method that takes an account answers only what is that account's own.
type Store interface {
	// Account answers flattery.ErrNotFound where there is none.
	Account(ctx context.Context, id flattery.AccountID) (flattery.Account, error)

	// Flattrs lists a month, what was found last first (by falling id), at most limit. A flattr is in the list of the
	// month it counts in; without one (own, pending, removed, lapsed) in the list of the month in which it was found.
	// Seen likes are in no list. An empty state means every state. Only flattrs below before are listed, unless it is 0.
	// A month that has not begun has an empty list. Share is filled where the month is settled.
	Flattrs(ctx context.Context, account flattery.AccountID, month flattery.Month, state flattery.State, before flattery.FlattrID, limit int) ([]flattery.Flattr, error)

	// Tally adds the same lists up.
	Tally(ctx context.Context, account flattery.AccountID, month flattery.Month) (flattery.Tally, error)

	// Months lists every month that has begun, newest first.
	Months(ctx context.Context) ([]flattery.MonthState, error)

	// Settlements lists the account's settled months, newest first.
	Settlements(ctx context.Context, donor flattery.AccountID) ([]flattery.Settlement, error)

	// Payments lists the donor's payments in every state, newest first.
	Payments(ctx context.Context, donor flattery.AccountID) ([]flattery.Payment, error)

	// Debts lists what the donor owes and has not paid, largest first.
	Debts(ctx context.Context, donor flattery.AccountID) ([]flattery.Debt, error)

	// Links lists the account's links in every state, oldest first.
	Links(ctx context.Context, account flattery.AccountID) ([]flattery.Link, error)
}

// Doors is what a visitor may command. What is another account's is answered with flattery.ErrNotFound, like what
// does not exist.
type Doors interface {
	// RemoveFlattr takes a flattr out of its month, RestoreFlattr puts it back. Refusals: ErrFrozen, ErrSettled, ErrState.
	RemoveFlattr(ctx context.Context, account flattery.AccountID, id flattery.FlattrID) error
	RestoreFlattr(ctx context.Context, account flattery.AccountID, id flattery.FlattrID) error

	// MarkPayment notes what became of a slip: sent, paid or failed. Refusal: ErrState.
	MarkPayment(ctx context.Context, donor flattery.AccountID, id flattery.PaymentID, state flattery.PaymentState) error

	// Enter spends a one-time sign-in token. One that is unknown, too old or spent answers ErrNotFound.
	Enter(ctx context.Context, token string) (flattery.AccountID, error)
}

// Sessions keeps sessions. The token it is given is a SHA-256 already, never what is in the cookie. Expiry is real
// time, also where the instance lives by another clock.
type Sessions interface {
	FindSession(ctx context.Context, token string) (data []byte, found bool, err error)
	SaveSession(ctx context.Context, token string, data []byte, expiry time.Time) error
	RemoveSession(ctx context.Context, token string) error
}

// Network is what the pages tell of a network.
type Network struct {
	Key, Title, Noun string // "github", "GitHub", "star"
	State            string // alive, import only, retired, forbidden
}

// Mode says who moves the money.
type Mode string

// Pledge: each donor pays by slips. Prepaid: the house pays.
const (
	Pledge  Mode = "pledge"
	Prepaid Mode = "prepaid"
)

// Slips is how payments are made of what is owed.
type Slips struct {
	Max     int             // a donor and month
	Minimum flattery.Amount // of one slip
}

// Options is what New needs. Networks, Fee, Split, BaseURL, Version and Demo may be left zero.
type Options struct {
	Store    Store
	Doors    Doors
	Sessions Sessions
	Networks []Network
	Now      func() time.Time // the instance's clock
	Location *time.Location   // the instance's time zone
	Grace    time.Duration    // between a month's end and its freeze
	Mode     Mode
	Fee      flattery.Rate
	Split    flattery.SplitBy
	Slips    Slips
	Currency string // of the instance: "EUR"
	BaseURL  string // "https://flattery.example"; empty: plain http on this machine
	Version  string
	Demo     bool // says on every page that nothing here is real
	Log      *slog.Logger
}

// A site is the pages of one instance. It does not change after New.
type site struct {
	Options
	tongues   tongues
	templates map[string]leaves // by language
	assets    assets
	sessions  *scs.SessionManager
	secure    bool // the instance is reached by https
	doorbell  *rate.Limiter
}

// New makes the handler of all pages. Its errors are mistakes in the options or in what is embedded.
func New(o Options) (http.Handler, error) {
	if o.Store == nil || o.Doors == nil || o.Sessions == nil || o.Now == nil || o.Location == nil || o.Log == nil {
		return nil, errors.New("web: store, doors, sessions, clock, location and log are needed")
	}
	base, err := url.Parse(o.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("web: base_url: %w", err)
	}
	s := &site{Options: o, secure: base.Scheme == "https", doorbell: rate.NewLimiter(1, 20)}
	s.sessions = newSessions(o.Sessions, s.secure)
	if s.assets, err = readAssets(); err != nil {
		return nil, err
	}
	if s.tongues, err = readTongues(o.Location); err != nil {
		return nil, err
	}
	for _, n := range o.Networks {
		if !s.tongues.byCode[languages[0]].has("network." + n.State) {
			return nil, fmt.Errorf("web: network %s: no words for the state %q", n.Key, n.State)
		}
	}
	if s.templates, err = readTemplates(s.tongues, s); err != nil {
		return nil, err
	}
	return s.handler(base)
}
