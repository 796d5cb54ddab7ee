package connectortest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
)

// fromHeaders makes attacks of a good body under headers that lie.
func fromHeaders() (all []attack) {
	for name, values := range map[string][]string{
		"Content-Type":     {"text/html", "application/xml", "application/json; charset=utf-16", "application/json; charset=", "image/png; x=json", ";", strings.Repeat("a", 5000), "multipart/mixed; boundary=json"},
		"Content-Encoding": {"br", "gzip, gzip", "deflate", "zstd", "gzip"},
		"Content-Length":   {"1", "2000000", "20000000"},
		"ETag":             {strings.Repeat("e", 5000), "\x7f", `W/"`, `"` + strings.Repeat("\xff", 100) + `"`},
		"Date":             {"yesterday", "Thu, 01 Jan 1970 00:00:00 GMT", "Mon, 01 Jan 0001 00:00:00 GMT"},
		"Link": {
			`<>; rel="next"`, `<?page=2>; rel="next"`, `<HERE>; rel="next"`, `<//evil.example/x?page=2>; rel="next"`, `<http://[::1>; rel="next"`,
			`<?page=-1>; rel="next"`, `<?page=99999999999999999999>; rel="next"`, `<?page=2147483647>; rel="next"`, `<javascript:alert(1)?page=2>; rel=next`,
			strings.Repeat(`<?page=2>; rel="next", `, 2000), `rel="next"`, `<?page=2>; rel="next"; rel="last", <?page=3>; rel="next"`,
		},
		"Location": {"HERE", "//evil.example/", "\x7f", strings.Repeat("/x", 5000)},
		"X-Big":    {strings.Repeat("b", 300<<10), strings.Repeat("b", 20<<10)},
	} {
		for _, value := range values {
			all = append(all, attack{fmt.Sprintf("%s: %.60s", name, value), false, func(rw http.ResponseWriter, r *http.Request, good *httptest.ResponseRecorder) {
				good.Header().Set(name, strings.ReplaceAll(value, "HERE", "http://"+r.Host+r.RequestURI))
				replay(rw, good, good.Body.Bytes())
			}})
		}
	}
	all = append(all, attack{"10,000 headers", false, func(rw http.ResponseWriter, _ *http.Request, good *httptest.ResponseRecorder) {
		for n := range 10_000 {
			rw.Header().Set(fmt.Sprint("X-", n), "x")
		}
		replay(rw, good, good.Body.Bytes())
	}})
	packed := bomb()
	for name, encoding := range map[string]string{"a gzip bomb": "gzip", "a gzip bomb that is called twice one": "gzip, gzip"} {
		all = append(all, attack{name, true, func(rw http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) {
			rw.Header().Set("Content-Type", jsonType)
			rw.Header().Set("Content-Encoding", encoding)
			_, _ = rw.Write(packed)
		}})
	}
	for _, to := range []string{"http://[::1", "//evil.example/", "\x7f", "ftp://x/", "", strings.Repeat("/x", 5000), "http://u:p@127.0.0.1/", "javascript:alert(1)"} {
		all = append(all, attack{fmt.Sprintf("a redirect to %.60s", to), true, func(rw http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) {
			rw.Header().Set("Location", to)
			rw.WriteHeader(http.StatusFound)
		}})
	}
	for _, wait := range []string{"-1", "1e9", "99999999999999999999", "soon", "Mon, 01 Jan 0001 00:00:00 GMT", "\x7f", strings.Repeat("9", 5000)} {
		all = append(all, attack{fmt.Sprintf("wait %.40s", wait), true, func(rw http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) {
			for _, name := range []string{"Retry-After", "X-RateLimit-Reset", "X-Rate-Limit-Reset", "X-RateLimit-Remaining"} {
				rw.Header().Set(name, wait)
			}
			rw.WriteHeader(http.StatusTooManyRequests)
		}})
	}
	return all
}

// onTheWire is answers that are no good HTTP.
func onTheWire() (all []attack) {
	for name, text := range map[string]string{
		"no HTTP":                  "220 mail.example ESMTP\r\n",
		"a long line of no HTTP":   strings.Repeat("x", 20_000),
		"no status":                "HTTP/1.1\r\n\r\n",
		"a status of letters":      "HTTP/1.1 abc OK\r\n\r\n[]",
		"a long status":            "HTTP/1.1 500 " + strings.Repeat("no ", 5000) + "\r\n\r\n[]",
		"a status in colours":      "HTTP/1.1 500 \x1b[31mno\x07\r\nContent-Length: 0\r\n\r\n",
		"a header without a colon": "HTTP/1.1 200 OK\r\nContent-Type\r\n\r\n[]",
		"a header without a name":  "HTTP/1.1 200 OK\r\n: x\r\n\r\n[]",
		"no length below nought":   "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n[]",
		"two lengths":              "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n[]",
		"a length of letters":      "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n[]",
		"a chunk of letters":       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n[]\r\n",
		"an endless chunk":         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n[]\r\n",
		"a chunk that is cut":      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n[",
		"a strange encoding":       "HTTP/1.1 200 OK\r\nTransfer-Encoding: x, chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n",
		"another protocol":         "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n[]",
		"early hints without end":  strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 50),
		"gzip that is none":        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n[]",
		"gzip that is cut":         "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n\r\n" + string(zipped(1)[:500]),
	} {
		all = append(all, attack{name, true, func(rw http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) {
			line, can := rw.(http.Hijacker)
			if !can {
				panic("the test server cannot be spoken around")
			}
			conn, _, err := line.Hijack()
			if err != nil {
				panic(err)
			}
			defer conn.Close()
			_, _ = conn.Write([]byte(text))
		}})
	}
	return all
}
