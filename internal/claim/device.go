// Package claim is how people prove whose identities are theirs: by signing in at the network, or by a token in a public
// profile. Linking and claiming are two purposes of one OAuth flow, ask for their own scopes and keep their own tokens. What was
// proved is looked at again, and what two have proved is decided.
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

// longestInterval is as rarely as a device asks whether the person is done, in seconds.
const longestInterval = 60

var errExpired = errors.New("the code expired before it was typed in; start again")

// Purpose is what a token is asked for.
type Purpose string

// Linking reads likes, claiming only asks who one is.
const (
	Linking  Purpose = "linking"
	Claiming Purpose = "claiming"
	Entering Purpose = "entering" // to sign in, or to show who is there; with the scopes of Claiming
)

// Prompt is what a person is asked to do in the device flow.
type Prompt struct {
	URL     string // page to open
	Code    string // to type there
	Expires time.Time
}

// Device gets a token by the OAuth 2.0 device flow (RFC 8628): show tells the person what to do, then it waits until they
// have done it, refused, or the code has expired. The token's end is counted from now, when it comes.
func Device(ctx context.Context, info connectors.Info, app flattery.App, client *http.Client, now func() time.Time, purpose Purpose, show func(Prompt)) (flattery.Token, error) {
	if info.OAuth2.DeviceURL == "" {
		return flattery.Token{}, flattery.Input("%s has no device flow: link it by name, or with a token", info.Title)
	}
	if app.ID == "" {
		return flattery.Token{}, flattery.Input("linking %s by device needs an OAuth app: register one at %s with device flow enabled, then set networks.%s.client_id", info.Title, info.Console, info.Network)
	}
	c := config(info, flattery.App{ID: app.ID}) // a device keeps no secret
	c.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	c.Scopes = scopes(info, purpose, "")
	outbound := context.WithValue(ctx, oauth2.HTTPClient, small(ctx, client))
	ask, err := c.DeviceAuth(outbound)
	if err != nil {
		return flattery.Token{}, fmt.Errorf("claim: %s: device flow: %w", info.Network, readable(ctx, err, info.OAuth2.DeviceURL, now()))
	}
	page := connectors.WebURL(ask.VerificationURI)
	if page == "" || !printable(ask.UserCode, 100) || ask.DeviceCode == "" {
		return flattery.Token{}, fmt.Errorf("claim: %s: device flow: %w", info.Network, &connectors.AnswerError{Host: info.Host, Reason: "sent no page and code that can be shown"})
	}
	ask.Interval = min(max(ask.Interval, 0), longestInterval)
	show(Prompt{URL: page, Code: ask.UserCode, Expires: ask.Expiry})
	waiting, cancel := outbound, context.CancelFunc(func() {})
	if !ask.Expiry.IsZero() {
		waiting, cancel = context.WithDeadline(outbound, ask.Expiry)
		ask.Expiry = time.Time{} // one clock says when it is over
	}
	defer cancel()
	t, err := c.DeviceAccessToken(waiting, ask)
	if err != nil && waiting.Err() != nil && ctx.Err() == nil {
		err = errExpired
	}
	if err != nil {
		return flattery.Token{}, fmt.Errorf("claim: %s: device flow: %w", info.Network, readable(ctx, err, info.OAuth2.TokenURL, now(), ask.DeviceCode))
	}
	token, err := read(t, info.OAuth2.TokenURL, now())
	if err != nil {
		return flattery.Token{}, fmt.Errorf("claim: %s: device flow: %w", info.Network, err)
	}
	return token, nil
}

// readable gives the errors of RFC 8628 words that say how to go on.
func readable(ctx context.Context, err error, endpoint string, now time.Time, hidden ...string) error {
	e, ok := errors.AsType[*oauth2.RetrieveError](err)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, errExpired):
		return err
	case !ok:
		return refused(err, endpoint, now, hidden...).cause
	}
	switch e.ErrorCode {
	case "access_denied":
		return errors.New("it was refused in the browser; nothing was linked")
	case "expired_token":
		return errExpired
	case "device_flow_disabled":
		return errors.New("the OAuth app has no device flow; enable it in its settings")
	case "":
		return fmt.Errorf("the network answered %s", connectors.Clean(e.Response.Status, 100))
	default:
		return fmt.Errorf("the network answered %s (%s)", hide(e.ErrorCode, 100, hidden...), hide(e.ErrorDescription, 200, hidden...))
	}
}
