package claim

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"flattery"
	"flattery/connectors"
	"flattery/store"
)

// longestToken is as long as any network's word on the life of a token is believed.
const longestToken = 10 * 365 * 24 * time.Hour

// config names this instance to a network. How is data, never found out by trying: a try sends the secret about.
func config(info connectors.Info, app flattery.App) *oauth2.Config {
	style := oauth2.AuthStyleInParams
	if info.OAuth2.Basic {
		style = oauth2.AuthStyleInHeader
	}
	return &oauth2.Config{ClientID: app.ID, ClientSecret: string(app.Secret), Endpoint: oauth2.Endpoint{
		AuthURL: info.OAuth2.AuthURL, TokenURL: info.OAuth2.TokenURL, DeviceAuthURL: info.OAuth2.DeviceURL, AuthStyle: style,
	}}
}

// scopes are the fewest for a purpose.
func scopes(info connectors.Info, p Purpose, organisation string) []string {
	switch {
	case organisation != "":
		return info.OAuth2.StewardScopes
	case p == Claiming || p == Entering:
		return info.OAuth2.ClaimScopes
	}
	return info.OAuth2.PollScopes
}

// authorize is the page where a person allows it. The verifier of PKCE goes into the attempt.
func (f *Flow) authorize(info connectors.Info, app flattery.App, attempt *store.Attempt) string {
	verifier := oauth2.GenerateVerifier()
	attempt.Verifier = flattery.Secret(verifier)
	c := config(info, app)
	c.RedirectURL = f.Callback(info)
	c.Scopes = scopes(info, Purpose(attempt.Purpose), attempt.Handle)
	return c.AuthCodeURL(attempt.State, oauth2.S256ChallengeOption(verifier))
}

// exchange makes the code of a callback into a token.
func (f *Flow) exchange(ctx context.Context, info connectors.Info, app flattery.App, attempt store.Attempt, q url.Values) (flattery.Token, error) {
	hidden := append(secrets(app, flattery.Token{}), string(attempt.Verifier), q.Get("code"))
	// Before anything else of an answer is believed: RFC 9207, 2.4.
	if info.OAuth2.Issuer != "" && q.Get("iss") != info.OAuth2.Issuer {
		return flattery.Token{}, failed(ctx, info, ReasonAnswer, &connectors.AnswerError{Host: info.Host, Reason: "sent an answer of another server (iss)"}, hidden...)
	}
	if q.Has("error") {
		return flattery.Token{}, ended(ctx, info, q.Get("error"), q.Get("error_description"), hidden...)
	}
	code := q.Get("code")
	if !printable(code, maxCode) {
		return flattery.Token{}, failed(ctx, info, ReasonAnswer, &connectors.AnswerError{Host: info.Host, Reason: "sent no code that can be used"}, hidden...)
	}
	c := config(info, app)
	c.RedirectURL = f.Callback(info)
	t, err := c.Exchange(context.WithValue(ctx, oauth2.HTTPClient, small(ctx, f.Client)), code, oauth2.VerifierOption(string(attempt.Verifier)))
	if err != nil {
		r := refused(err, info.OAuth2.TokenURL, f.Now(), hidden...)
		return flattery.Token{}, failed(ctx, info, r.reason(), r.cause, hidden...)
	}
	token, err := read(t, info.OAuth2.TokenURL, f.Now())
	if err != nil {
		return flattery.Token{}, failed(ctx, info, ReasonAnswer, err, hidden...)
	}
	return token, nil
}

// ended is a callback that brings an error instead of a code.
func ended(ctx context.Context, info connectors.Info, code, words string, hidden ...string) error {
	switch code {
	case "access_denied", "user_refused", "permission_denied":
		return flattery.ErrDenied
	}
	reason := "ended the connecting: " + hide(code, 100, hidden...)
	if words = hide(words, 200, hidden...); words != "" {
		reason += " (" + words + ")"
	}
	return failed(ctx, info, ReasonRefused, &connectors.AnswerError{Host: info.Host, Reason: reason}, hidden...)
}

// read takes over a token that a network gave, or refuses one that cannot be used.
func read(t *oauth2.Token, endpoint string, now time.Time) (flattery.Token, error) {
	host := endpoint
	if u, err := url.Parse(endpoint); err == nil {
		host = u.Host
	}
	wrong := func(reason string) (flattery.Token, error) {
		return flattery.Token{}, &connectors.AnswerError{Host: host, Reason: reason}
	}
	switch {
	case !strings.EqualFold(t.TokenType, "bearer") && !strings.EqualFold(t.TokenType, "oauth"):
		return wrong("sent a token that is not of the type bearer")
	case !printable(t.AccessToken, maxToken):
		return wrong("sent an access token that is too long or has other than visible characters")
	case t.RefreshToken != "" && !printable(t.RefreshToken, maxToken):
		return wrong("sent a refresh token that is too long or has other than visible characters")
	}
	return flattery.Token{Access: flattery.Secret(t.AccessToken), Refresh: flattery.Secret(t.RefreshToken), Expires: expires(t, now)}, nil
}

// expires is when an access token ends by our clock; zero where the network does not say.
func expires(t *oauth2.Token, now time.Time) time.Time {
	var seconds float64
	switch v := t.Extra("expires_in").(type) { // a JSON number, one in a form, or one in a JSON string
	case float64:
		seconds = v
	case int64:
		seconds = float64(v)
	case string:
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			seconds = float64(n)
		}
	}
	if !(seconds > 0) { // also what is not a number
		return time.Time{}
	}
	return now.UTC().Add(time.Duration(min(seconds, longestToken.Seconds())) * time.Second)
}
