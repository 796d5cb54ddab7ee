package claim

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/dghubble/oauth1"
	"golang.org/x/oauth2"

	"flattery"
	"flattery/connectors"
	"flattery/store"
)

// consumer fills in what names this instance: networks of OAuth 1.0a often call the client's id a key.
func consumer(info connectors.Info, app flattery.App) flattery.App {
	if info.Auth == connectors.AuthOAuth1 && app.ID == "" {
		app.ID = string(app.Key)
	}
	return app
}

// signer speaks OAuth 1.0a, HMAC-SHA1. A refusal comes as *oauth2.RetrieveError, so that both kinds are read in one place.
func signer(ctx context.Context, info connectors.Info, app flattery.App, callback string, client *http.Client) *oauth1.Config {
	c := small(ctx, client)
	next := c.Transport
	c.Transport = roundTrip(func(req *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(req)
		if err != nil || resp.StatusCode/100 == 2 || resp.StatusCode/100 == 3 {
			return resp, err
		}
		return nil, &oauth2.RetrieveError{Response: resp, ErrorCode: problem(resp)}
	})
	return &oauth1.Config{
		ConsumerKey: app.ID, ConsumerSecret: string(app.Secret), CallbackURL: callback, HTTPClient: c,
		Endpoint: oauth1.Endpoint{RequestTokenURL: info.OAuth1.RequestURL, AuthorizeURL: info.OAuth1.AuthURL, AccessTokenURL: info.OAuth1.TokenURL},
	}
}

// problem reads oauth_problem, which many networks send in a form with their refusals.
func problem(resp *http.Response) string {
	body := make([]byte, maxCode)
	n, _ := resp.Body.Read(body)
	form, err := url.ParseQuery(strings.TrimSpace(string(body[:n])))
	if err != nil {
		return ""
	}
	return form.Get("oauth_problem")
}

// request asks for a request token and is then the page where a person allows it. The token and its secret go into the
// attempt.
func (f *Flow) request(ctx context.Context, info connectors.Info, app flattery.App, attempt *store.Attempt) (string, error) {
	hidden := secrets(app, flattery.Token{})
	callback := "oob"
	if !strings.HasPrefix(attempt.State, typed) {
		callback = f.Callback(info) + "?state=" + url.QueryEscape(attempt.State)
	}
	token, secret, err := signer(ctx, info, app, callback, f.Client).RequestToken()
	if err != nil {
		r := refused(err, info.OAuth1.RequestURL, f.Now(), hidden...)
		if r.http == http.StatusUnauthorized { // nothing else is asked for yet
			r.cause = fmt.Errorf("%w: %w", r.cause, connectors.ErrKey)
		}
		return "", failed(ctx, info, r.reason(), r.cause, hidden...)
	}
	if !printable(token, maxCode) || !printable(secret, maxCode) {
		return "", failed(ctx, info, ReasonAnswer, &connectors.AnswerError{Host: info.Host, Reason: "sent a request token that cannot be used"})
	}
	page, err := url.Parse(info.OAuth1.AuthURL)
	if err != nil {
		return "", failed(ctx, info, ReasonAnswer, &connectors.AnswerError{Host: info.Host, Reason: "has no page where one could allow it"})
	}
	params := info.OAuth1.PollParams
	if Purpose(attempt.Purpose) != Linking {
		params = info.OAuth1.ClaimParams
	}
	q := page.Query()
	for name, values := range params {
		q[name] = values
	}
	q.Set("oauth_token", token)
	page.RawQuery = q.Encode()
	attempt.Request, attempt.Verifier = token, flattery.Secret(secret)
	return page.String(), nil
}

// access makes the verifier of a callback, or one that was typed, into a token.
func (f *Flow) access(ctx context.Context, info connectors.Info, app flattery.App, attempt store.Attempt, q url.Values) (flattery.Token, error) {
	verifier := q.Get("oauth_verifier")
	byHand := strings.HasPrefix(q.Get("state"), typed)
	if byHand {
		verifier = strings.TrimSpace(verifier)
	}
	hidden := append(secrets(app, flattery.Token{}), string(attempt.Verifier), verifier)
	switch {
	case q.Has("denied"):
		return flattery.Token{}, flattery.ErrDenied
	case q.Has("oauth_problem"):
		return flattery.Token{}, ended(ctx, info, q.Get("oauth_problem"), "", hidden...)
	case q.Has("error"):
		return flattery.Token{}, ended(ctx, info, q.Get("error"), q.Get("error_description"), hidden...)
	case !byHand && (attempt.Request == "" || q.Get("oauth_token") != attempt.Request):
		return flattery.Token{}, flattery.ErrAttempt
	case !printable(verifier, maxCode):
		return flattery.Token{}, failed(ctx, info, ReasonAnswer, &connectors.AnswerError{Host: info.Host, Reason: "sent no verifier that can be used"}, hidden...)
	}
	access, secret, err := signer(ctx, info, app, "", f.Client).AccessToken(attempt.Request, string(attempt.Verifier), verifier)
	if err != nil {
		r := refused(err, info.OAuth1.TokenURL, f.Now(), hidden...)
		return flattery.Token{}, failed(ctx, info, r.reason(), r.cause, hidden...)
	}
	if !printable(access, maxToken) || !printable(secret, maxToken) {
		return flattery.Token{}, failed(ctx, info, ReasonAnswer, &connectors.AnswerError{Host: info.Host, Reason: "sent a token that is too long or has other than visible characters"})
	}
	return flattery.Token{Access: flattery.Secret(access), Secret: flattery.Secret(secret)}, nil
}
