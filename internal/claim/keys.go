package claim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/oauth2"

	"flattery"
	"flattery/connectors"
)

// Result is what a test of keys showed.
type Result string

// Unsure: the network answered something else, or not at all; Detail says what.
const (
	Good   Result = "good"
	Bad    Result = "bad"
	Unsure Result = "unsure"
)

// Verdict is a Result with one line in the network's words; no Detail where the keys are good.
type Verdict struct {
	Result Result
	Detail string
}

// Test tries the keys of a network without anybody's account: it asks for a token of the instance, for a request token, or
// with a code that is made up, which is refused for other reasons than wrong keys are. callback is where the app is
// registered to come back to (Flow.Callback). probe reads something public with the keys, for networks where that is
// all they are for; nil: none. The error is the end of the context, or an InputError where there are no keys to try.
func Test(ctx context.Context, info connectors.Info, app flattery.App, client *http.Client, callback string, now time.Time, probe func(context.Context) error) (Verdict, error) {
	app = consumer(info, app)
	pair := app.ID != "" && app.Secret != ""
	var tries []func() Verdict
	hidden := secrets(app, flattery.Token{})
	switch {
	case info.Auth == connectors.AuthOAuth2 && pair && info.OAuth2.AppURL != "":
		tries = append(tries, func() Verdict {
			_, err := ownToken(ctx, info, app, client, now)
			return judged(err, hidden)
		})
	case info.Auth == connectors.AuthOAuth2 && pair:
		tries = append(tries, func() Verdict { return madeUp(ctx, info, app, client, callback, now) })
	case info.Auth == connectors.AuthOAuth1 && pair:
		tries = append(tries, func() Verdict { return requested(ctx, info, app, client, callback, now) })
	}
	if probe != nil && (pair || app.Key != "") {
		tries = append(tries, func() Verdict { return judged(probe(ctx), hidden) })
	}
	if len(tries) == 0 {
		return Verdict{}, flattery.Input("there are no keys for %s that could be tried: register an app at %s", info.Title, info.Console)
	}
	var v Verdict
	for _, try := range tries {
		v = try()
		if ctx.Err() != nil {
			return Verdict{}, fmt.Errorf("claim: %s: test of keys: %w", info.Network, ctx.Err())
		}
		if v.Result != Good {
			break
		}
	}
	return v, nil
}

// judged is for what succeeds with good keys.
func judged(err error, hidden []string) Verdict {
	switch {
	case err == nil:
		return Verdict{Result: Good}
	case errors.Is(err, connectors.ErrKey), errors.Is(err, connectors.ErrUnauthorized):
		return Verdict{Bad, hide(err.Error(), 300, hidden...)}
	}
	return Verdict{Unsure, hide(err.Error(), 300, hidden...)}
}

// madeUp asks to exchange a code that nobody was given: who is asked looks at the keys first.
func madeUp(ctx context.Context, info connectors.Info, app flattery.App, client *http.Client, callback string, now time.Time) Verdict {
	c := config(info, app)
	c.RedirectURL = callback
	code, verifier := random(), oauth2.GenerateVerifier()
	hidden := append(secrets(app, flattery.Token{}), code, verifier)
	_, err := c.Exchange(context.WithValue(ctx, oauth2.HTTPClient, small(ctx, client)), code, oauth2.VerifierOption(verifier))
	if err == nil {
		return Verdict{Unsure, "the network gave a token for a code that was made up"}
	}
	r := refused(err, info.OAuth2.TokenURL, now, hidden...)
	detail := hide(r.cause.Error(), 300, hidden...)
	switch {
	case r.ofKeys():
		return Verdict{Bad, detail}
	case r.ofGrant():
		return Verdict{Result: Good}
	case r.http == http.StatusUnauthorized:
		return Verdict{Bad, detail}
	}
	return Verdict{Unsure, detail}
}

// requested asks for a request token, which is then forgotten.
func requested(ctx context.Context, info connectors.Info, app flattery.App, client *http.Client, callback string, now time.Time) Verdict {
	if info.OAuth1.OutOfBand || callback == "" {
		callback = "oob"
	}
	_, _, err := signer(ctx, info, app, callback, client).RequestToken()
	if err == nil {
		return Verdict{Result: Good}
	}
	hidden := secrets(app, flattery.Token{})
	r := refused(err, info.OAuth1.RequestURL, now, hidden...)
	if r.ofKeys() || r.http == http.StatusUnauthorized {
		return Verdict{Bad, hide(r.cause.Error(), 300, hidden...)}
	}
	return Verdict{Unsure, hide(r.cause.Error(), 300, hidden...)}
}
