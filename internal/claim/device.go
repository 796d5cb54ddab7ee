// Package claim is how people prove whose identities are theirs: OAuth flows today, tokens in profiles later. Linking
// and claiming are two purposes of one flow and ask for their own scopes.
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

// Purpose is what a token is asked for.
type Purpose string

// Linking reads likes, claiming only asks who one is.
const (
	Linking  Purpose = "linking"
	Claiming Purpose = "claiming"
)

// Prompt is what a person is asked to do in the device flow.
type Prompt struct {
	URL     string // page to open
	Code    string // to type there
	Expires time.Time
}

// Device gets a token by the OAuth 2.0 device flow (RFC 8628): show tells the person what to do, then it waits until they
// have done it, refused, or the code has expired.
func Device(ctx context.Context, info connectors.Info, app connectors.App, client *http.Client, purpose Purpose, show func(Prompt)) (flattery.Secret, error) {
	if info.OAuth2.DeviceURL == "" {
		return "", flattery.Input("%s has no device flow: link it by name, or with a token", info.Title)
	}
	if app.ID == "" {
		return "", flattery.Input("linking %s by device needs an OAuth app: register one at %s with device flow enabled, then set networks.%s.client_id", info.Title, info.Console, info.Network)
	}
	c := oauth2.Config{ClientID: app.ID, Scopes: info.OAuth2.PollScopes, Endpoint: oauth2.Endpoint{DeviceAuthURL: info.OAuth2.DeviceURL, TokenURL: info.OAuth2.TokenURL, AuthStyle: oauth2.AuthStyleInParams}}
	if purpose == Claiming {
		c.Scopes = info.OAuth2.ClaimScopes
	}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, client)
	ask, err := c.DeviceAuth(ctx)
	if err != nil {
		return "", fmt.Errorf("claim: %s: device flow: %w", info.Network, readable(err))
	}
	show(Prompt{URL: ask.VerificationURI, Code: ask.UserCode, Expires: ask.Expiry})
	token, err := c.DeviceAccessToken(ctx, ask)
	if err != nil {
		return "", fmt.Errorf("claim: %s: device flow: %w", info.Network, readable(err))
	}
	return flattery.Secret(token.AccessToken), nil
}

// readable gives the errors of RFC 8628 words that say how to go on.
func readable(err error) error {
	e, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok {
		return err
	}
	switch e.ErrorCode {
	case "access_denied":
		return errors.New("it was refused in the browser; nothing was linked")
	case "expired_token":
		return errors.New("the code expired before it was typed in; start again")
	case "device_flow_disabled":
		return errors.New("the OAuth app has no device flow; enable it in its settings")
	case "":
		return fmt.Errorf("the network answered %s", e.Response.Status)
	default:
		return fmt.Errorf("the network answered %s (%s)", connectors.Clean(e.ErrorCode, 100), connectors.Clean(e.ErrorDescription, 200))
	}
}
