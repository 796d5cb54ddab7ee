package claim

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"flattery"
	"flattery/connectors"
)

// Bounds of what a token endpoint may answer, in bytes.
const (
	maxReply = 64 << 10
	maxToken = 8 << 10
	maxCode  = 2 << 10 // of a code or verifier that comes back
)

// Reasons of an OutsideError: the keys under which pages have words. They mean what poll's of the same name mean.
const (
	ReasonRefused   = "refused"   // the network ended the flow with an error
	ReasonAnswer    = "answer"    // what the network answered cannot be used
	ReasonKeys      = "keys"      // the keys of this instance are wrong
	ReasonForbidden = "forbidden" // the network does not allow it to this person
	ReasonGone      = "gone"      // nobody there by that name
	ReasonRate      = "rate"      // the network asks to wait
	ReasonTrouble   = "trouble"   // the network or the way to it is in trouble
	ReasonPayment   = "payment"   // the network wants money of the instance
	ReasonTerms     = "terms"     // the owner must accept the network's terms
	ReasonSpend     = "spend"     // the month's money for this network is spent
)

// outsideError is an OutsideError that keeps what errors.Is and errors.AsType find in its cause.
type outsideError struct {
	*flattery.OutsideError
	cause error
}

func (e *outsideError) Unwrap() []error { return []error{e.OutsideError, e.cause} }

// failed makes what went wrong outside fit to be shown: one line, without what is secret. What a cause means by itself
// goes before the reason handed in. An end of the context stays what it is.
func failed(ctx context.Context, info connectors.Info, reason string, cause error, hidden ...string) error {
	if ctx.Err() != nil && errors.Is(cause, ctx.Err()) {
		return fmt.Errorf("claim: %s: %w", info.Network, ctx.Err())
	}
	if _, ok := errors.AsType[*connectors.RateLimitError](cause); ok {
		reason = ReasonRate
	}
	switch {
	case errors.Is(cause, connectors.ErrKey):
		reason = ReasonKeys
	case errors.Is(cause, connectors.ErrForbidden):
		reason = ReasonForbidden
	case errors.Is(cause, connectors.ErrGone):
		reason = ReasonGone
	}
	return &outsideError{&flattery.OutsideError{Network: info.Network, Reason: reason, Detail: hide(cause.Error(), 300, hidden...)}, cause}
}

// hide makes text from outside one line in which no secret stands, though the network may have echoed it.
func hide(text string, most int, hidden ...string) string {
	text = connectors.Clean(text, maxReply)
	for _, s := range hidden {
		if len(s) >= 4 {
			text = strings.ReplaceAll(text, s, "•••")
		}
	}
	return connectors.Clean(text, most)
}

// secrets are those that a network knows and might echo.
func secrets(app flattery.App, t flattery.Token) []string {
	return []string{string(app.Secret), string(app.Key), string(t.Access), string(t.Secret), string(t.Refresh)}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// small is a client for token endpoints. Their whole answer is read, as far as it may be long, before anybody looks
// at it, and the context is obeyed also by a library that takes none.
func small(ctx context.Context, client *http.Client) *http.Client {
	c, next := *client, client.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	// The client's own clock would tick on where a library does not close the answer.
	limit := cmp.Or(client.Timeout, connectors.Timeout)
	c.Jar, c.Timeout = nil, 0
	c.Transport = roundTrip(func(req *http.Request) (*http.Response, error) {
		both, cancel := context.WithTimeout(req.Context(), limit)
		defer cancel()
		stop := context.AfterFunc(ctx, cancel)
		defer stop()
		resp, err := next.RoundTrip(req.WithContext(both))
		if err == nil {
			err = swallow(resp, req.URL.Host)
		}
		if err != nil && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		return resp, nil
	})
	return &c
}

// swallow reads an answer that may be a token.
func swallow(resp *http.Response, host string) error {
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReply+1))
	if err != nil {
		return err
	}
	if len(body) > maxReply {
		return &connectors.AnswerError{Host: host, Reason: fmt.Sprintf("sent more than %d KiB where a token was expected", maxReply>>10)}
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if resp.StatusCode/100 == 2 && (kind == "text/html" || bytes.HasPrefix(bytes.TrimSpace(body), []byte("<"))) {
		return &connectors.AnswerError{Host: host, Reason: "sent HTML where a token was expected"}
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

// refusal is what a token endpoint answered instead of a token.
type refusal struct {
	code  string // OAuth's error; "": it said none
	http  int    // status; 0: there was no answer that counts
	cause error  // fit to be shown
}

// refused reads what x/oauth2 or small returned. Their own errors hold whole answers, and are not kept.
func refused(err error, endpoint string, now time.Time, hidden ...string) refusal {
	host := endpoint
	if u, err := url.Parse(endpoint); err == nil {
		host = u.Host
	}
	e, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok {
		if _, ok := errors.AsType[*url.Error](err); ok {
			return refusal{cause: connectors.Failure(host, err)}
		}
		// The words of a JSON decoder may quote what it read.
		return refusal{cause: &connectors.AnswerError{Host: host, Reason: "sent no token that can be read"}}
	}
	r := refusal{code: hide(e.ErrorCode, 100, hidden...), http: e.Response.StatusCode}
	if limit, ok := errors.AsType[*connectors.RateLimitError](connectors.Refusal(e.Response, now)); ok {
		r.cause = limit
		return r
	}
	reason := http.StatusText(r.http)
	if r.code != "" {
		reason = "refused: " + r.code
		if words := hide(e.ErrorDescription, 200, hidden...); words != "" {
			reason += " (" + words + ")"
		}
	}
	answer := &connectors.AnswerError{Host: host, Status: r.http, Reason: reason}
	if r.code != "" {
		answer.Status = 0 // the code says more
	}
	r.cause = answer
	if r.ofKeys() {
		r.cause = fmt.Errorf("%w: %w", answer, connectors.ErrKey)
	}
	return r
}

// ofKeys reports whether the keys of this instance are what was refused.
func (r refusal) ofKeys() bool {
	switch r.code {
	case "invalid_client", "incorrect_client_credentials", "unauthorized_client", "consumer_key_unknown", "consumer_key_rejected", "consumer_key_refused":
		return true
	}
	return false
}

// ofGrant reports whether the code or refresh token is what was refused.
func (r refusal) ofGrant() bool {
	switch r.code {
	case "invalid_grant", "bad_verification_code", "bad_refresh_token", "invalid_request":
		return true
	}
	return false
}

// passing reports whether the network only says that it is in trouble.
func (r refusal) passing() bool {
	_, limit := errors.AsType[*connectors.RateLimitError](r.cause)
	return limit || r.code == "server_error" || r.code == "temporarily_unavailable" || r.http == 0 || r.http >= 500
}

// reason is the key for pages.
func (r refusal) reason() string {
	_, answer := errors.AsType[*connectors.AnswerError](r.cause)
	switch {
	case r.http == 0 && answer:
		return ReasonAnswer
	case r.passing():
		return ReasonTrouble
	}
	return ReasonRefused
}
