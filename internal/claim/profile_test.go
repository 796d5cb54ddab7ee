package claim_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/internal/claim"
	"flattery/store"
)

// shown is a network on which profiles are read.
type shown struct {
	*fakeNetwork
	asked int
	who   flattery.Profile
	shows connectors.Showing
	err   error
}

func (n *shown) Prove(_ context.Context, s connectors.Session, _ string) (flattery.Profile, connectors.Showing, error) {
	n.asked++
	if s.Token.Has() {
		return flattery.Profile{}, connectors.Showing{}, errors.New("a person's token was used")
	}
	return n.who, n.shows, n.err
}

// begun is a store with one proof that was begun.
type begun struct {
	*fakeStore
	proving flattery.Proving
	spent   flattery.Amount
}

func (s *begun) Provings(context.Context, flattery.AccountID, time.Time) ([]flattery.Proving, error) {
	return []flattery.Proving{s.proving}, nil
}

func (s *begun) Spent(context.Context, string, flattery.Month) (store.Spending, error) {
	return store.Spending{Amount: s.spent}, nil
}

func (s *begun) Update(_ context.Context, fn func(store.Tx) error) error { return fn(s) }

func (s *begun) Spend(_ context.Context, _ string, _ flattery.Month, sp store.Spending) error {
	s.spent += sp.Amount
	return nil
}

func TestWhatALookAtAProfileComesTo(t *testing.T) {
	token := connectors.NewClaimToken()
	for name, row := range map[string]struct {
		change func(*shown, *begun, *flattery.App)
		id     flattery.ProvingID
		reason string // of an OutsideError
		want   error
		asked  int
		spent  flattery.Amount
	}{
		"the token is there":           {asked: 1, spent: 10},
		"it is not":                    {change: func(n *shown, _ *begun, _ *flattery.App) { n.shows.Texts = nil }, want: flattery.ErrUnproved, asked: 1, spent: 10},
		"a proof that was not begun":   {id: 7, want: flattery.ErrNotFound},
		"terms without a tick":         {change: func(_ *shown, _ *begun, a *flattery.App) { a.Accepted = "" }, reason: claim.ReasonTerms},
		"the month's money is spent":   {change: func(_ *shown, s *begun, _ *flattery.App) { s.spent = 100 }, reason: claim.ReasonSpend, spent: 100},
		"nobody has the name":          {change: func(n *shown, _ *begun, _ *flattery.App) { n.err = connectors.ErrGone }, reason: claim.ReasonGone, asked: 1, spent: 10},
		"keys that are wrong":          {change: func(n *shown, _ *begun, _ *flattery.App) { n.err = connectors.ErrKey }, reason: claim.ReasonKeys, asked: 1, spent: 10},
		"a wish to wait":               {change: func(n *shown, _ *begun, _ *flattery.App) { n.err = &connectors.RateLimitError{} }, reason: claim.ReasonRate, asked: 1, spent: 10},
		"a wish for money":             {change: func(n *shown, _ *begun, _ *flattery.App) { n.err = &connectors.PaymentRequiredError{} }, reason: claim.ReasonPayment, asked: 1, spent: 10},
		"a network that echoes a key":  {change: func(n *shown, _ *begun, _ *flattery.App) { n.err = errors.New("no: " + canarySecret) }, reason: claim.ReasonTrouble, asked: 1, spent: 10},
		"a profile of another network": {change: func(n *shown, _ *begun, _ *flattery.App) { n.who.Network = "else" }, reason: claim.ReasonTrouble, asked: 1, spent: 10},
		"a profile of nobody":          {change: func(n *shown, _ *begun, _ *flattery.App) { n.who.Subject = "@ada" }, reason: claim.ReasonTrouble, asked: 1, spent: 10},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(oauth2Info())
			n := &shown{fakeNetwork: b.net, who: b.net.who, shows: connectors.Showing{Texts: []string{token}, Cost: 10}}
			b.net.info.Terms, b.net.info.Price = connectors.Terms{Sentence: "You may not.", Tick: true}, connectors.Price{Currency: "USD"}
			b.app.Accepted = "You may not."
			s := &begun{b.store, flattery.Proving{ID: 1, Account: 3, Network: "songs", Handle: "ada", Token: token}, 0}
			if row.change != nil {
				row.change(n, s, &b.app)
			}
			tokens := &claim.Tokens{Store: b.store, App: b.App, Client: b.Client, Now: b.Now}
			p := &claim.Profiles{Store: s, Networks: connectors.Set{n}, App: b.App, Tokens: tokens, Caps: map[string]flattery.Amount{"songs": 100}, Client: b.Client, Now: b.Now}
			got, err := p.Look(t.Context(), 3, max(row.id, 1))
			switch {
			case row.reason != "":
				checkOutside(t, err, row.reason, "")
			case !errors.Is(err, row.want):
				t.Errorf("got %v, want %v", err, row.want)
			case err == nil:
				if is := fmt.Sprintln(got.Account, got.Identity.Subject, got.Proof, got.Shown == token, got.ProvedAt.Equal(b.now)); is != "3 42 profile true true\n" {
					t.Errorf("claim %s", is)
				}
			}
			if n.asked != row.asked || s.spent != row.spent {
				t.Errorf("asked %d times for %s, want %d for %s", n.asked, s.spent, row.asked, row.spent)
			}
		})
	}
}

func TestWhatCannotBeProvedIsSaidBeforeAnythingIsAsked(t *testing.T) {
	b := newBench(oauth2Info())
	for _, row := range []struct {
		c               connectors.Connector
		network, handle string
	}{
		{b.net, "songs", "ada"}, // reads no profiles
		{&shown{fakeNetwork: b.net}, "elsewhere", "ada"},
		{&shown{fakeNetwork: b.net}, "songs", " @ "},
		{&shown{fakeNetwork: b.net}, "songs", "a\x00b"},
	} {
		p := &claim.Profiles{Store: &begun{fakeStore: b.store}, Networks: connectors.Set{row.c}, Now: b.Now}
		if _, err := p.Begin(t.Context(), 3, row.network, row.handle); err == nil {
			t.Errorf("%s:%q was begun", row.network, row.handle)
		} else if _, ok := errors.AsType[*flattery.InputError](err); !ok {
			t.Errorf("%s:%q: %v", row.network, row.handle, err)
		}
	}
}
