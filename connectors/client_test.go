package connectors

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"code.dny.dev/ssrf"
)

// Addresses that a stranger may type, and names that may resolve to. None may be connected to.
var forbidden = []string{
	"127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.254", "192.168.0.1",
	"169.254.169.254", "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
	"240.0.0.1", "255.255.255.255", "[::1]", "[::]", "[fe80::1]", "[fe80::1%25lo]", "[fc00::1]", "[fd00::1]", "[ff02::1]",
	"[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[::ffff:a9fe:a9fe]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]",
	"[2001:db8::1]", "[2002:7f00:1::]", "[100::1]", "[2001::1]", "localhost", "127.1", "0x7f.1", "2130706433", "0",
}

func TestNoPrivateAddressIsConnectedTo(t *testing.T) {
	client := NewClient(ClientOptions{})
	for _, host := range forbidden {
		resp, err := client.Get("https://" + host + "/")
		if err == nil {
			resp.Body.Close()
			t.Errorf("%s was asked", host)
			continue
		}
		// Names that are no address at all are not found; everything else is refused before the first packet.
		if _, dns := errors.AsType[*net.DNSError](err); !dns && !errors.Is(err, ssrf.ErrProhibitedIP) {
			t.Errorf("%s: %v", host, err)
		}
		if errors.Is(err, ssrf.ErrProhibitedIP) && !strings.Contains(err.Error(), "outbound.allow_private") {
			t.Errorf("%s: the error does not say how to mend it: %v", host, err)
		}
	}
}

func TestOnlyHTTPSAtTheUsualPortsIsAsked(t *testing.T) {
	client := NewClient(ClientOptions{})
	for _, address := range []string{"http://93.184.216.34/", "http://example.org:8080/", "ftp://example.org/", "file:///etc/passwd", "gopher://example.org/"} {
		_, err := client.Get(address)
		if e, ok := errors.AsType[*AnswerError](err); !ok || !strings.Contains(e.Error(), "https only") {
			t.Errorf("%s: %v", address, err)
		}
	}
	if _, err := client.Get("https://93.184.216.34:22/"); !errors.Is(err, ssrf.ErrProhibitedPort) {
		t.Errorf("port 22: %v", err)
	}
}

func TestNoProxyIsTakenFromTheEnvironment(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	transport := NewClient(ClientOptions{}).Transport.(*outbound).next.(*http.Transport)
	if transport.Proxy != nil {
		t.Error("the client asks for a proxy")
	}
}

func TestTheAgentIsTold(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.UserAgent()) }))
	defer server.Close()
	req, _ := http.NewRequest("GET", server.URL, nil)
	req.Header.Set("User-Agent", "go-something")
	resp, err := NewClient(ClientOptions{AllowPrivate: true, Version: "1.2"}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, _ := io.ReadAll(resp.Body); string(b) != "Flattery/1.2" || req.UserAgent() != "go-something" {
		t.Errorf("told %q, and the request of the caller has %q", b, req.UserAgent())
	}
}

func TestASecretStaysWithinItsOrigin(t *testing.T) {
	var asked atomic.Int32
	var referer atomic.Value
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		referer.Store(r.Referer())
	}))
	defer other.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/here":
			http.Redirect(w, r, "/there", http.StatusFound)
		case "/again":
			http.Redirect(w, r, "/here", http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case "/away":
			http.Redirect(w, r, other.URL+"/?"+r.URL.RawQuery, http.StatusTemporaryRedirect)
		}
	}))
	defer server.Close()
	client := NewClient(ClientOptions{AllowPrivate: true})
	for _, v := range []struct {
		name, method, path, header string
		away, fails                bool
	}{
		{name: "nothing to keep goes anywhere", path: "/away?resource=acct:me", away: true},
		{name: "a token stays", path: "/away", header: "Authorization", fails: true},
		{name: "a cookie stays", path: "/away", header: "Cookie", fails: true},
		{name: "a key in a header stays", path: "/away", header: "X-Api-Key", fails: true},
		{name: "a key in the query stays", path: "/away?api_key=canary", fails: true},
		{name: "OAuth 1 in the query stays", path: "/away?oauth_signature=canary", fails: true},
		{name: "an access token in the query stays", path: "/away?access_token=canary", fails: true},
		{name: "a body stays", method: "POST", path: "/away", fails: true},
		{name: "a token may move within its origin", path: "/again", header: "Authorization"},
		{name: "no more than three times", path: "/round", fails: true},
	} {
		asked.Store(0)
		req, _ := http.NewRequest(v.method, server.URL+v.path, nil)
		if v.header != "" {
			req.Header.Set(v.header, "canary")
		}
		resp, err := client.Do(req)
		if err == nil {
			resp.Body.Close()
		} else if _, ok := errors.AsType[*AnswerError](err); !ok {
			t.Errorf("%s: %v", v.name, err)
		}
		if (err != nil) != v.fails || (asked.Load() > 0) != v.away {
			t.Errorf("%s: error %v, the other host was asked %d times", v.name, err, asked.Load())
		}
		if err != nil && strings.Contains(Failure("host", err).Error(), "canary") {
			t.Errorf("%s: %v tells the secret", v.name, Failure("host", err))
		}
		if v.away && referer.Load() != "" {
			t.Errorf("%s: the other host learns %q", v.name, referer.Load())
		}
	}
}

// hop answers requests without a network.
type hop func(*http.Request) *http.Response

func (h hop) RoundTrip(r *http.Request) (*http.Response, error) {
	resp := h(r)
	resp.Request, resp.Body = r, io.NopCloser(strings.NewReader("x"))
	return resp, nil
}

func TestPlainHTTPIsAWayAndNoEnd(t *testing.T) {
	var asked []string
	to := func(where string) *http.Response {
		return &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {where}}}
	}
	client := NewClient(ClientOptions{})
	client.Transport.(*outbound).next = hop(func(r *http.Request) *http.Response {
		asked = append(asked, r.URL.String())
		switch r.URL.String() {
		case "https://a.example/":
			return to("http://b.example/")
		case "http://b.example/":
			return to("https://c.example/")
		case "https://d.example/":
			return to("http://e.example/")
		}
		return &http.Response{StatusCode: 200, Header: http.Header{}}
	})
	if _, err := client.Get("https://a.example/"); err != nil || len(asked) != 3 {
		t.Errorf("through plain http: asked %q, %v", asked, err)
	}
	if _, err := client.Get("https://d.example/"); err == nil || !strings.Contains(err.Error(), "only https is believed") {
		t.Errorf("an answer over plain http: %v", err)
	}
	req, _ := http.NewRequest("GET", "https://a.example/", nil)
	req.Header.Set("Authorization", "x")
	asked = nil
	if _, err := client.Do(req); err == nil || !slices.Equal(asked, []string{"https://a.example/"}) {
		t.Errorf("a token over plain http: asked %q, %v", asked, err)
	}
}

func TestAnAnswerIsReadAsJSONOrRefusedInOneLine(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, _ = z.Write(bytes.Repeat([]byte(" "), 40<<20))
	_ = z.Close()
	for _, v := range []struct {
		name, kind, body, reason string
		limit                    int64
		gzip                     bool
	}{
		{name: "JSON", kind: "application/json; charset=utf-8", body: ` {"a":[1]} `},
		{name: "JSON of a vendor", kind: "application/vnd.github.v3+json", body: `{"a":[1]}`},
		{name: "JSON as text, as some send their errors", kind: "text/plain;charset=UTF-8", body: `{"a":[1]}`},
		{name: "exactly as long as allowed", body: `{"a":[1]}`, limit: 9},
		{name: "brackets in a string are not deep", body: `{"b":"` + strings.Repeat("[", 99) + `\"["}`},
		{name: "HTML", kind: "text/html", body: "<html>", reason: "sent HTML where JSON was expected"},
		{name: "HTML in disguise", body: "\n<html>", reason: "sent HTML where JSON was expected"},
		{name: "a picture", kind: "image/png", body: "x", reason: "sent image/png where JSON was expected"},
		{name: "nothing", body: "  ", reason: "sent nothing where JSON was expected"},
		{name: "a byte too long", body: `{"a":[1]} `, limit: 9, reason: "sent more than 0 KiB"},
		{name: "a bomb", body: bomb.String(), gzip: true, reason: "sent more than 1024 KiB"},
		{name: "deep", body: strings.Repeat("[", 33) + strings.Repeat("]", 33), reason: "nested deeper than 32"},
		{name: "cut", body: `{"a":[`, reason: "broken JSON"},
		{name: "two of them", body: `{} {}`, reason: "broken JSON"},
		{name: "another type", body: `{"a":{"x":1}}`, reason: `unusable object as "a"`},
		{name: "too large a number", body: `{"a":[99999999999999999999]}`, reason: "unusable number 99999999999999999999"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if v.kind != "" {
				w.Header().Set("Content-Type", v.kind)
			} else {
				w.Header().Set("Content-Type", "application/json")
			}
			if v.gzip {
				w.Header().Set("Content-Encoding", "gzip")
			}
			fmt.Fprint(w, v.body)
		}))
		resp, err := NewClient(ClientOptions{AllowPrivate: true}).Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		if v.limit == 0 {
			v.limit = DefaultAnswer
		}
		var into struct {
			A []int  `json:"a"`
			B string `json:"b"`
		}
		err = ReadJSON(resp, v.limit, &into)
		server.Close()
		if v.reason == "" {
			if err != nil || len(into.A) != 1 && into.B == "" {
				t.Errorf("%s: %+v, %v", v.name, into, err)
			}
			continue
		}
		e, ok := errors.AsType[*AnswerError](err)
		if !ok || !strings.Contains(e.Reason, v.reason) || e.Host != resp.Request.URL.Host || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", v.name, err)
		}
	}
}

func TestNoReaderGetsMoreThanAnAnswer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := MaxAnswer
		if r.URL.Path == "/long" {
			n++
		}
		_, _ = w.Write(bytes.Repeat([]byte("x"), n))
	}))
	defer server.Close()
	for path, fails := range map[string]bool{"/fits": false, "/long": true} {
		resp, err := NewClient(ClientOptions{AllowPrivate: true}).Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if (err != nil) != fails || len(b) > MaxAnswer {
			t.Errorf("%s: %d bytes, %v", path, len(b), err)
		}
	}
}

func TestAFailureTellsNoURL(t *testing.T) {
	inner := context.DeadlineExceeded
	err := Failure("api.example", &url.Error{Op: "Get", URL: "https://api.example/?api_key=canary", Err: inner})
	if err.Error() != "api.example: context deadline exceeded" || !errors.Is(err, inner) {
		t.Errorf("%v", err)
	}
}

func TestRefusalsAndWaits(t *testing.T) {
	now := time.Date(2026, 10, 14, 12, 0, 0, 0, time.UTC)
	for _, v := range []struct {
		header http.Header
		want   time.Duration
	}{
		{http.Header{}, time.Minute},
		{http.Header{"Retry-After": {"7"}}, 7 * time.Second},
		{http.Header{"Retry-After": {"-7"}}, 0},
		{http.Header{"Retry-After": {"9223372036854775807"}}, 24 * time.Hour},
		{http.Header{"Retry-After": {"x"}, "X-Ratelimit-Reset": {"1791979260"}}, time.Minute},
		{http.Header{"Retry-After": {"Wed, 14 Oct 2026 12:00:30 GMT"}}, 30 * time.Second},
		{http.Header{"Retry-After": {"Wed, 14 Oct 2026 12:00:30 GMT"}, "Date": {"Wed, 14 Oct 2026 12:00:20 GMT"}}, 10 * time.Second},
		{http.Header{"X-Ratelimit-Reset": {"1791980000"}}, 800 * time.Second},
		{http.Header{"X-Rate-Limit-Reset": {"1791980000"}}, 800 * time.Second},
		{http.Header{"X-Ratelimit-Reset": {"1"}}, 0},
		{http.Header{"X-Ratelimit-Reset": {"-1"}}, time.Minute},
		{http.Header{"X-Ratelimit-Reset": {"9223372036854775807"}}, time.Minute},
	} {
		if got := Wait(v.header, now); got != v.want {
			t.Errorf("%v: %v, want %v", v.header, got, v.want)
		}
	}
	for status, want := range map[int]error{401: ErrUnauthorized, 403: ErrForbidden, 404: ErrGone, 410: ErrGone, 451: ErrGone} {
		err := Refusal(&http.Response{StatusCode: status, Header: http.Header{}}, now)
		if !errors.Is(err, want) {
			t.Errorf("%d: %v", status, err)
		}
	}
	if _, ok := errors.AsType[*PaymentRequiredError](Refusal(&http.Response{StatusCode: 402}, now)); !ok {
		t.Error("402 asks for no money")
	}
	if got := Refusal(&http.Response{StatusCode: 502}, now).Error(); got != "the network answered 502 Bad Gateway" {
		t.Error(got)
	}
	if !Date(&http.Response{}).IsZero() || !Date(&http.Response{Header: http.Header{"Date": {"Wed, 14 Oct 2026 12:00:00 GMT"}}}).Equal(now) {
		t.Error("Date")
	}
}

func TestTextFromOutsideIsOneCleanLine(t *testing.T) {
	for in, want := range map[string]string{
		"plain": "plain", "": "", "  a \t\r\n b  ": "a b", "a\x00b\x1b[31m\x7f\u0085": "ab[31m", "a\xff\xfeb": "ab", "\uFFFD": "\uFFFD",
		"\u202egnp.exe\u2066": "gnp.exe", "日本語 👩‍🚀": "日本語 👩‍🚀", "0123456789abc": "0123456789", "0123456789 a": "0123456789", "012345678 a": "012345678",
		"x\u2028y": "x y",
	} {
		if got := Clean(in, 10); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	for in, ok := range map[string]bool{
		"https://github.com/a/b": true, "http://x": true, "javascript:alert(1)": false, "//x/y": false, "https://": false, "https://u:p@x/": false,
		"data:text/html,x": false, "https://x/\u202e": false, "https://x/ y": true, "https://x/\n": false, "https://x/" + strings.Repeat("y", 2000): false, "": false, "HTTPS://X/": true,
	} {
		if got := WebURL(in); (got == in && in != "") != ok || !ok && got != "" {
			t.Errorf("%.40q: %q", in, got)
		}
	}
}
