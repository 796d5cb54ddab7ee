package connectors

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// Bounds of whatever is asked outside. An answer that needs less than MaxAnswer is bounded again by its reader.
const (
	Timeout      = 10 * time.Second // a request with its redirects and its whole answer
	MaxRedirects = 3
	MaxAnswer    = 16 << 20 // bytes, after decompression
	maxHeader    = 256 << 10
	maxFailure   = 200 // runes of what went wrong on the way
)

// ClientOptions are the wishes of the house for the outbound client.
type ClientOptions struct {
	AllowPrivate bool   // also plain http, any port and private addresses: for tests and the sandbox
	Version      string // of this program, told in the User-Agent
}

// NewClient makes the only client that may speak to networks. Hosts are typed by people, so it connects to public
// addresses only (decided when it dials, after the name was looked up), over https, at the ports 443 and 80, and
// reads no proxy from the environment. A request that carries a secret is redirected within its own origin only. Its
// refusals are *AnswerError. It is safe for concurrent use and worth keeping: it holds open connections.
func NewClient(o ClientOptions) *http.Client {
	dialer := &net.Dialer{Timeout: Timeout}
	if !o.AllowPrivate {
		public := ssrf.New()
		dialer.Control = func(network, address string, c syscall.RawConn) error {
			if err := public.Safe(network, address, c); err != nil {
				return fmt.Errorf("%w (outbound.allow_private = true would allow it)", err)
			}
			return nil
		}
	}
	return &http.Client{
		Timeout:       Timeout,
		CheckRedirect: follow,
		Transport: &outbound{
			agent:   "Flattery/" + o.Version,
			private: o.AllowPrivate,
			next: &http.Transport{
				DialContext:            dialer.DialContext,
				ForceAttemptHTTP2:      true,
				MaxIdleConns:           100,
				IdleConnTimeout:        90 * time.Second,
				TLSHandshakeTimeout:    Timeout,
				ExpectContinueTimeout:  time.Second,
				MaxResponseHeaderBytes: maxHeader,
			},
		},
	}
}

// outbound is the transport of NewClient.
type outbound struct {
	agent   string
	private bool
	next    http.RoundTripper
}

func (o *outbound) RoundTrip(req *http.Request) (*http.Response, error) {
	plain := req.URL.Scheme != "https" && !o.private
	// A redirect may pass through plain http, as http://host/ does on its way to https; nothing begins or ends there.
	if plain && req.Response == nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, &AnswerError{Host: req.URL.Host, Reason: "is asked over https only"}
	}
	req = req.Clone(req.Context())
	req.Header.Set("User-Agent", o.agent)
	resp, err := o.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if plain && (resp.StatusCode/100 != 3 || resp.Header.Get("Location") == "") {
		_ = resp.Body.Close()
		return nil, &AnswerError{Host: req.URL.Host, Reason: "answered over plain http; only https is believed"}
	}
	resp.Body = &capped{body: resp.Body, left: MaxAnswer, host: req.URL.Host}
	return resp, nil
}

// CloseIdleConnections lets http.Client do so.
func (o *outbound) CloseIdleConnections() {
	if t, ok := o.next.(*http.Transport); ok {
		t.CloseIdleConnections()
	}
}

// capped ends an answer that is too long, also for readers that have no measure of their own.
type capped struct {
	body io.ReadCloser
	left int64
	host string
}

func (c *capped) Read(p []byte) (int, error) {
	// One byte more than allowed tells an answer that is too long from one that just fits.
	n, err := c.body.Read(p[:min(int64(len(p)), c.left+1)])
	if c.left -= int64(n); c.left < 0 {
		_ = c.body.Close()
		c.left = 0
		return 0, tooLong(c.host, MaxAnswer)
	}
	return n, err
}

func (c *capped) Close() error { return c.body.Close() }

func tooLong(host string, limit int64) error {
	return &AnswerError{Host: host, Reason: fmt.Sprintf("sent more than %d KiB", limit>>10)}
}

// follow is the redirect policy of NewClient.
func follow(req *http.Request, via []*http.Request) error {
	from, first := via[len(via)-1].URL, via[0]
	// The Referer would carry the query of the request before, and with it an API key.
	req.Header.Del("Referer")
	switch {
	case len(via) > MaxRedirects:
		return &AnswerError{Host: first.URL.Host, Reason: fmt.Sprintf("redirects more than %d times", MaxRedirects)}
	case !secretive(first):
		return nil
	case req.URL.Scheme != from.Scheme || req.URL.Host != from.Host:
		return &AnswerError{Host: from.Host, Reason: fmt.Sprintf("redirects to %s://%s, where the key of the request must not go",
			Clean(req.URL.Scheme, 10), Clean(req.URL.Host, 100))}
	}
	return nil
}

// secretive reports whether a request carries what another host must not learn: in its headers, query or body.
func secretive(req *http.Request) bool {
	if req.URL.User != nil || req.Method != http.MethodGet && req.Method != http.MethodHead {
		return true
	}
	for name := range req.Header {
		if secretName(name) {
			return true
		}
	}
	for name := range req.URL.Query() {
		if secretName(name) {
			return true
		}
	}
	return false
}

func secretName(name string) bool {
	name = strings.ToLower(name)
	for _, s := range []string{"auth", "key", "token", "secret", "cookie", "code", "sig", "password"} {
		if strings.Contains(name, s) {
			return true
		}
	}
	return false
}

// Failure makes what http.Client.Do returned fit to be shown: the URL goes, since keys travel in queries, the host comes,
// and what it repeats of the answer is a short clean line. What errors.Is and errors.AsType find in it stays.
func Failure(host string, err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	if _, ok := errors.AsType[*AnswerError](err); ok {
		return err
	}
	if text := Clean(err.Error(), maxFailure); text != err.Error() {
		err = &cleaned{text, err}
	}
	return fmt.Errorf("%s: %w", host, err)
}

// cleaned is an error in fewer words.
type cleaned struct {
	text string
	err  error
}

func (c *cleaned) Error() string { return c.text }
func (c *cleaned) Unwrap() error { return c.err }
