package connectors

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
)

// DefaultAnswer is how long an answer may be, in bytes, where a network has no reason for longer ones.
const DefaultAnswer = 1 << 20

// maxDepth is how deep JSON may be nested; no network goes beyond ten.
const maxDepth = 32

// ReadJSON reads the whole answer into a value and closes it. HTML, more than limit bytes (after decompression), JSON
// that is broken, nested too deep, followed by something else or of other types than promised is an *AnswerError; the
// value is then not to be used. The status is the caller's to judge.
func ReadJSON(resp *http.Response, limit int64, into any) error {
	defer resp.Body.Close()
	host := hostOf(resp)
	refuse := func(format string, args ...any) error {
		return &AnswerError{Host: host, Reason: fmt.Sprintf(format, args...)}
	}
	if resp.ContentLength > limit {
		return tooLong(host, limit)
	}
	// Some networks send their errors, which are JSON, as text/plain.
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if kind != "" && kind != "text/plain" && kind != "text/javascript" && !strings.HasSuffix(kind, "json") {
		return refuse("sent %s where JSON was expected", word(kind))
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch trimmed := bytes.TrimSpace(body); {
	case err != nil:
		return Failure(host, err)
	case int64(len(body)) > limit:
		return tooLong(host, limit)
	case len(trimmed) == 0:
		return refuse("sent nothing where JSON was expected")
	case trimmed[0] == '<':
		return refuse("sent HTML where JSON was expected")
	case deeper(trimmed, maxDepth):
		return refuse("sent JSON nested deeper than %d", maxDepth)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return refuse("sent %s", broken(err))
	}
	return nil
}

// Fetch sends a request and reads its JSON answer, of at most limit bytes. What is not 200 is Refusal's error and comes
// with its answer, of whose body the first 64 KiB can still be read, so that a connector may know better. The clock of
// the network is Date(resp).
func Fetch(s Session, req *http.Request, limit int64, into any) (*http.Response, error) {
	resp, err := s.Client.Do(req) //nolint:gosec // to where people say is what the client is guarded for
	if err != nil {
		return nil, Failure(req.URL.Host, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		return resp, ReadJSON(resp, limit, into)
	}
	said, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		said = nil
	}
	resp.Body = io.NopCloser(bytes.NewReader(said))
	return resp, Refusal(resp, s.Now)
}

// word names a media type as people do.
func word(kind string) string {
	if kind == "text/html" || kind == "application/xhtml+xml" {
		return "HTML"
	}
	return Clean(kind, 60)
}

// broken says in plain words what is wrong with JSON.
func broken(err error) string {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		field := "the answer itself"
		if e.Field != "" {
			field = fmt.Sprintf("%q", Clean(e.Field, 60))
		}
		return fmt.Sprintf("JSON with an unusable %s as %s", Clean(e.Value, 60), field)
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("broken JSON (byte %d: %s)", e.Offset, Clean(e.Error(), 100))
	}
	return "unusable JSON: " + Clean(err.Error(), 100)
}

// deeper reports whether arrays and objects are nested deeper than most.
func deeper(b []byte, most int) bool {
	depth, inString := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '[' || c == '{':
			if depth++; depth > most {
				return true
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return false
}

// Refusal makes a status that is not a success into an error: ErrUnauthorized (401), *PaymentRequiredError (402),
// ErrForbidden (403), ErrGone (404, 410, 451), *RateLimitError (429, and 403 with a Retry-After or nothing remaining),
// else *AnswerError. It wraps the sentinels with the host. Where the network does not tell its clock, now is used. A connector whose
// network means something else by a status decides first.
func Refusal(resp *http.Response, now time.Time) error {
	host, status := hostOf(resp), resp.StatusCode
	answer := &AnswerError{Host: host, Status: status, Reason: http.StatusText(status)}
	switch {
	case status == http.StatusTooManyRequests, status == http.StatusForbidden && limited(resp.Header):
		return &RateLimitError{RetryAfter: Wait(resp.Header, now)}
	case status == http.StatusUnauthorized:
		return fmt.Errorf("%w: %w", answer, ErrUnauthorized)
	case status == http.StatusPaymentRequired:
		return &PaymentRequiredError{Detail: answer.Error()}
	case status == http.StatusForbidden:
		return fmt.Errorf("%w: %w", answer, ErrForbidden)
	case status == http.StatusNotFound, status == http.StatusGone, status == http.StatusUnavailableForLegalReasons:
		return fmt.Errorf("%w: %w", answer, ErrGone)
	}
	return answer
}

func hostOf(resp *http.Response) string {
	if resp.Request == nil || resp.Request.URL == nil {
		return "the network"
	}
	return resp.Request.URL.Host
}
