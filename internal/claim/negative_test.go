package claim_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"flattery"
	"flattery/connectors"
	"flattery/internal/claim"
	"flattery/internal/claim/claimtest"
	"flattery/store"
)

// begin goes as far as the callback that the network would answer.
func (b *bench) begin(t *testing.T, account flattery.AccountID, browser string) claimtest.Callback {
	t.Helper()
	return b.asks(t, claim.Asked{Account: account, Browser: browser, Purpose: claim.Linking})
}

func (b *bench) asks(t *testing.T, a claim.Asked) claimtest.Callback {
	t.Helper()
	a.Network = "songs"
	begun, err := b.Begin(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return claimtest.Callback{Account: a.Account, Browser: a.Browser, Network: "songs", Host: "songs.example", Query: b.net.allow(t, begun.URL)}
}

func TestNoWrongCallbackSendsATokenRequest(t *testing.T) {
	silent := oauth2Info()
	silent.OAuth2.Issuer = ""
	enters, joins := claim.Asked{Purpose: claim.Entering}, claim.Asked{Purpose: claim.Claiming, ClaimLink: 7}
	for _, shape := range []struct {
		name  string
		info  connectors.Info
		asked claim.Asked
	}{
		{"OAuth 2.0", oauth2Info(), claim.Asked{Account: 1, Purpose: claim.Linking}}, {"OAuth 1.0a", oauth1Info(), claim.Asked{Account: 1, Purpose: claim.Linking}},
		{"OAuth 2.0 that announces no issuer", silent, claim.Asked{Account: 1, Purpose: claim.Linking}},
		{"a stranger who enters by OAuth 2.0", oauth2Info(), enters}, {"a stranger who enters by OAuth 1.0a", oauth1Info(), enters},
		{"a stranger who claims by OAuth 2.0", oauth2Info(), joins}, {"a stranger who claims by OAuth 1.0a", oauth1Info(), joins},
	} {
		rows := claimtest.Negatives(claimtest.Kind{OAuth1: shape.info.Auth == connectors.AuthOAuth1, Issuer: shape.info.OAuth2.Issuer, Stranger: shape.asked.Account == 0})
		names := map[string]bool{}
		for _, row := range rows {
			names[row.Name] = true
		}
		if len(names) != len(rows) || len(rows) < 40 {
			t.Errorf("%s: %d rows with %d names, want at least 40 with their own", shape.name, len(rows), len(names))
		}
		t.Logf("%s: %d wrong callbacks", shape.name, len(rows))
		for _, row := range rows {
			t.Run(shape.name+": "+row.Name, func(t *testing.T) {
				b := newBench(shape.info)
				mine, theirs := shape.asked, shape.asked
				mine.Browser, theirs.Browser, theirs.Account = "browser-of-ada-1", "browser-of-bob-2", 2*mine.Account
				good, other := b.asks(t, mine), b.asks(t, theirs)
				if row.First != nil {
					_, err := b.Finish(t.Context(), claim.Answered(row.First(good.Clone(), other.Clone())))
					keepsSecrets(t, err)
				}
				asked := b.net.grants
				b.now = b.now.Add(row.Age)
				bad := row.Mutate(good.Clone(), other.Clone())
				got, err := b.Finish(t.Context(), claim.Answered(bad))
				if err == nil || !reflect.DeepEqual(got, claim.Granted{}) {
					t.Errorf("granted %+v, error %v", got, err)
				}
				if b.net.grants != asked {
					t.Errorf("%d token requests were sent", b.net.grants-asked)
				}
				keepsSecrets(t, err)
				if row.First != nil || row.Age > 0 {
					return
				}
				// A callback with the right state uses the attempt up, one with another state harms nobody.
				spent := bad.Query.Get("state") == good.Query.Get("state")
				if _, err := b.Finish(t.Context(), claim.Answered(good)); spent != errors.Is(err, flattery.ErrAttempt) || !spent && err != nil {
					t.Errorf("the right callback after it: %v, the attempt was used up: %t", err, spent)
				}
			})
		}
	}
}

func TestTheTypeOfARefusalSaysWhoCanMendIt(t *testing.T) {
	for _, row := range []struct {
		name   string
		info   connectors.Info
		change func(*claimtest.Callback)
		is     error
		reason string
		words  string
	}{
		{"another browser", oauth2Info(), func(c *claimtest.Callback) { c.Browser = "x" }, flattery.ErrAttempt, "", "begin again"},
		{"denied", oauth2Info(), func(c *claimtest.Callback) { c.Query.Set("error", "access_denied") }, flattery.ErrDenied, "", "nothing was changed"},
		{"denied, OAuth 1.0a", oauth1Info(), func(c *claimtest.Callback) { c.Query.Set("denied", "x") }, flattery.ErrDenied, "", "nothing was changed"},
		{"denied, as a problem", oauth1Info(), func(c *claimtest.Callback) { c.Query.Set("oauth_problem", "user_refused") }, flattery.ErrDenied, "", "nothing was changed"},
		{"another problem", oauth1Info(), func(c *claimtest.Callback) { c.Query.Set("oauth_problem", "additional_authorization_required") },
			nil, claim.ReasonRefused, "songs: songs.example ended the connecting: additional_authorization_required"},
		{"an error of the network", oauth2Info(), func(c *claimtest.Callback) {
			c.Query.Set("error", "server_error")
			c.Query.Set("error_description", "come\nback \x1b[1mlater")
		}, nil, claim.ReasonRefused, "songs: songs.example ended the connecting: server_error (come back [1mlater)"},
		{"another issuer", oauth2Info(), func(c *claimtest.Callback) { c.Query.Set("iss", "x") }, nil, claim.ReasonAnswer, "songs: songs.example sent an answer of another server (iss)"},
		{"no code", oauth2Info(), func(c *claimtest.Callback) { c.Query.Del("code") }, nil, claim.ReasonAnswer, "songs: songs.example sent no code that can be used"},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBench(row.info)
			c := b.begin(t, 1, "browser")
			row.change(&c)
			_, err := b.Finish(t.Context(), claim.Answered(c))
			outside, _ := errors.AsType[*flattery.OutsideError](err)
			if row.is != nil && !errors.Is(err, row.is) || (outside != nil) != (row.reason != "") || outside != nil && outside.Reason != row.reason {
				t.Errorf("error %#v", err)
			}
			if row.is == nil && err.Error() != row.words || !strings.Contains(err.Error(), row.words) {
				t.Errorf("says %q, want %q", err, row.words)
			}
		})
	}
}

func TestNothingIsTheSameAsNothing(t *testing.T) {
	b := newBench(oauth2Info())
	c := b.begin(t, 1, "browser")
	for state, a := range b.store.attempts { // as if it had been begun without a session
		a.Browser = store.Hash("")
		b.store.attempts[state] = a
	}
	c.Browser = ""
	if _, err := b.Finish(t.Context(), claim.Answered(c)); !errors.Is(err, flattery.ErrAttempt) || b.net.grants != 0 {
		t.Errorf("error %v, %d token requests", err, b.net.grants)
	}
}
