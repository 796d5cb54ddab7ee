package flickr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"flattery/connectors"
)

// ask calls a method and reads its answer; the time is the network's clock. No error tells the key, which travels in
// the query.
func (c *Connector) ask(ctx context.Context, s connectors.Session, method string, args url.Values, into any) (time.Time, error) {
	if c.err != nil {
		return time.Time{}, c.err
	}
	key := string(s.App.Key)
	if key == "" {
		return time.Time{}, fmt.Errorf("networks.flickr.key is empty: %w", connectors.ErrKey)
	}
	args.Set("method", method)
	args.Set("api_key", key)
	args.Set("format", "json")
	args.Set("nojsoncallback", "1")
	u := *c.base
	u.RawQuery = args.Encode()
	date, err := c.call(ctx, s, u.String(), into)
	if err != nil && strings.Contains(err.Error(), key) {
		// The network, or something on the way, repeats our request in its own words.
		err = c.refuse("answered with an error that cannot be shown, since it repeats the key")
	}
	return date, err
}

func (c *Connector) call(ctx context.Context, s connectors.Session, address string, into any) (time.Time, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return time.Time{}, connectors.Failure(c.base.Host, err)
	}
	resp, err := s.Client.Do(req)
	if err != nil {
		return time.Time{}, connectors.Failure(c.base.Host, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return time.Time{}, status(resp, s.Now)
	}
	var whole json.RawMessage
	if err := connectors.ReadJSON(resp, answerLimit, &whole); err != nil {
		return time.Time{}, err
	}
	var head struct {
		Stat    string `json:"stat"`
		Code    number `json:"code"`
		Message text   `json:"message"`
	}
	if err := json.Unmarshal(whole, &head); err != nil {
		return time.Time{}, c.refuse("sent an answer without a usable stat")
	}
	if head.Stat != "ok" {
		return time.Time{}, c.fate(int64(head.Code), connectors.Clean(string(head.Message), 150))
	}
	if err := json.Unmarshal(whole, into); err != nil {
		return time.Time{}, c.refuse("sent an answer of other types than promised")
	}
	return connectors.Date(resp), nil
}

// status says what an HTTP status means. Flickr tells nearly everything with 200, so that 401 can only be about the
// key, and 404 about the address of the API.
func status(resp *http.Response, now time.Time) error {
	err := connectors.Refusal(resp, now)
	answer, ok := errors.AsType[*connectors.AnswerError](err)
	switch {
	case ok && errors.Is(err, connectors.ErrUnauthorized):
		return fmt.Errorf("%w: %w", answer, connectors.ErrKey)
	case ok && errors.Is(err, connectors.ErrGone):
		return answer
	}
	return err
}

// fate says what a failure means; the codes are Flickr's.
func (c *Connector) fate(code int64, message string) error {
	answer := c.refuse("answered with failure %d: %s", code, message)
	switch code {
	case 1, 5: // user not found; user deleted
		return fmt.Errorf("%w: %w", answer, connectors.ErrGone)
	case 96, 97, 98: // wrong signature, none; token invalid or revoked
		return fmt.Errorf("%w: %w", answer, connectors.ErrUnauthorized)
	case 99: // not logged in, or too few permissions
		return fmt.Errorf("%w: %w", answer, connectors.ErrForbidden)
	case 100:
		return fmt.Errorf("%w: %w", answer, connectors.ErrKey)
	}
	return answer // 105 and 106 are temporary; of any other another try does no harm
}

// number is an integer that Flickr sends as a number or as a string. It is never negative.
type number int64

func (n *number) UnmarshalJSON(b []byte) error {
	s := strings.Trim(string(b), `"`)
	if s == "null" || s == "" {
		return nil
	}
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil || v < 0 {
		return errors.New("not a whole number from 0")
	}
	*n = number(v)
	return nil
}

// text is a string that Flickr sends plainly or as {"_content": …}.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	var s *string
	if err := json.Unmarshal(b, &s); err != nil {
		var wrapped struct {
			Content string `json:"_content"`
		}
		if err := json.Unmarshal(b, &wrapped); err != nil {
			return errors.New("not a text")
		}
		s = &wrapped.Content
	}
	if s != nil {
		*t = text(*s)
	}
	return nil
}
