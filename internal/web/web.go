// Package web is the pages: a donor's month, the months before it, the slips to pay, the networks and what is one's own
// there. It reads from a Store, asks Doors to do what a donor commands, and knows nothing of polling, settling, OAuth or
// databases.
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	"golang.org/x/time/rate"

	"flattery"
)

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
	Void    time.Duration   // one that is not paid for so long is voided; 0: never
}

// Bank is the house's account, where it collects and pays.
type Bank struct {
	Name, IBAN, BIC string // IBAN "": there is none
}

// plainHost is what a host with a port may consist of, so that nothing else gets into a header.
var plainHost = regexp.MustCompile(`^[A-Za-z0-9.:\[\]-]+$`)

// Options is what New needs. Networks, Fee, FeeTo, Split, BaseURL, Version, Lapse, Owner, Bank, MostUpload and Demo may be left zero.
type Options struct {
	Store    Store
	Doors    Doors
	Sessions Sessions
	Desk     Desk
	Clock    func() time.Time // the machine's: sessions, and how lately somebody showed who they are
	Post     Post
	Networks Networks
	House    House
	Now      func() time.Time // the instance's clock
	Location *time.Location   // the instance's time zone
	Grace    time.Duration    // between a month's end and its freeze
	Lapse    time.Duration    // after which what is pending lapses; 0: never
	Most     int              // of what waited for a creator joins a month, of each donor; 0: all
	Mode     Mode
	Fee      flattery.Rate
	FeeTo    string // pledge: the account that gets it
	Split    flattery.SplitBy
	Slips    Slips
	Netting  bool // accounts may join it
	MustGive bool // who receives must give
	// Currencies are those of the instance, the usual one first; Minimum is the least budget but none.
	Currencies []string
	Minimum    flattery.Amount
	BaseURL    string // "https://flattery.example"; empty: plain http on this machine
	Version    string
	ClickOnce  bool // one press of a person on a button counts
	Owner      Owner
	Bank       Bank
	MostUpload int64 // bytes of what is handed in at once; 0: longestUpload
	Demo       bool  // says on every page that nothing here is real
	Log        *slog.Logger
}

// A site is the pages of one instance. But for its limiters it does not change after New.
type site struct {
	Options
	tongues   tongues
	templates map[string]leaves // by language
	assets    assets
	known     map[string]Network // by key, for what is constant in them
	policy    string             // Content-Security-Policy
	sessions  *scs.SessionManager
	secure    bool // the instance is reached by https
	doorbell  *rate.Limiter
	patience  patience
}

// New makes the handler of all pages. Its errors are mistakes in the options or in what is embedded, or Networks's.
func New(ctx context.Context, o Options) (http.Handler, error) {
	s, base, err := build(ctx, o)
	if err != nil {
		return nil, err
	}
	return s.handler(base)
}

// build makes all of a site but its handler.
func build(ctx context.Context, o Options) (*site, *url.URL, error) {
	if o.Store == nil || o.Doors == nil || o.Sessions == nil || o.Desk == nil || o.Post == nil || o.House == nil || o.Now == nil || o.Clock == nil || o.Location == nil || o.Log == nil || len(o.Currencies) == 0 {
		return nil, nil, errors.New("web: store, doors, sessions, desk, post, house, clocks, location, log and a currency are needed")
	}
	base, err := url.Parse(o.BaseURL)
	if err != nil {
		return nil, nil, fmt.Errorf("web: base_url: %w", err)
	}
	if o.MostUpload == 0 {
		o.MostUpload = longestUpload
	}
	s := &site{Options: o, secure: base.Scheme == "https", doorbell: rate.NewLimiter(1, 20)}
	s.sessions = newSessions(o.Sessions, s.secure)
	if s.assets, err = readAssets(); err != nil {
		return nil, nil, err
	}
	if s.tongues, err = readTongues(o.Location); err != nil {
		return nil, nil, err
	}
	if err := s.meet(ctx); err != nil {
		return nil, nil, err
	}
	s.templates, err = readTemplates(s.tongues, s)
	return s, base, err
}

// meet learns which networks there are, and allows forms to lead to their pages: browsers hold a form to the policy
// also where its answer sends them on.
func (s *site) meet(ctx context.Context) error {
	all, err := s.networks(ctx)
	if err != nil {
		return fmt.Errorf("web: %w", err)
	}
	s.known, s.policy = map[string]Network{}, policy
	english := s.tongues.byCode[languages[0]]
	for _, n := range all {
		for _, key := range []string{"network." + n.State, "auth." + n.Auth, "proven." + n.Proven} {
			if !english.has(key) {
				return fmt.Errorf("web: network %s: no words for %q", n.Key, key)
			}
		}
		s.known[n.Key] = n
		if n.Origin == "" {
			continue
		}
		u, err := url.Parse(n.Origin)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || n.Origin != u.Scheme+"://"+u.Host || !plainHost.MatchString(u.Host) {
			return fmt.Errorf("web: network %s: %q is not the origin of a page", n.Key, n.Origin)
		}
		if !slices.Contains(strings.Fields(s.policy), n.Origin) {
			s.policy += " " + n.Origin
		}
	}
	return nil
}

// networks reads them anew, with what may change in them.
func (s *site) networks(ctx context.Context) ([]Network, error) {
	if s.Networks == nil {
		return nil, nil
	}
	all, err := s.Networks.Networks(ctx)
	for i := range all {
		n := &all[i]
		for _, text := range []*string{&n.Title, &n.HandleTip, &n.Terms.Sentence, &n.Terms.Date, &n.Terms.Sure} {
			*text = clean(*text)
		}
	}
	return all, err
}

// network finds one of them.
func (s *site) network(ctx context.Context, key string) (Network, error) {
	all, err := s.networks(ctx)
	if err != nil {
		return Network{}, err
	}
	if i := slices.IndexFunc(all, func(n Network) bool { return n.Key == key }); i >= 0 {
		return all[i], nil
	}
	return Network{}, flattery.ErrNotFound
}
