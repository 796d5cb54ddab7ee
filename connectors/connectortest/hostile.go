package connectortest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"flattery"
	"flattery/connectors"
)

// hostilities are what a connector does with a network that does not behave.
var hostilities = []promise{
	{"a bad answer is one clear line and changes nothing", func(w *world) {
		w.like(1)
		w.begin()
		bomb()
		for _, bad := range badAnswers {
			w.like(2)
			w.before = func(_ int, rw http.ResponseWriter, r *http.Request) bool { bad.serve(w, rw, r); return true }
			before := w.cursor
			p := w.poll(0)
			if p.err == nil || p.pages > 0 || w.cursor != before {
				w.Errorf("%s: %d pages, error %v", bad.name, p.pages, p.err)
				continue
			}
			w.wantLine(p.err)
			if !bad.cut && !isAnswer(p.err) {
				w.Errorf("%s: %T %v is no *AnswerError", bad.name, p.err, p.err)
			}
		}
		w.before = nil
		w.wantNews(w.poll(0), 2)
	}},
	{"a refusal has its fate", func(w *world) {
		w.like(1)
		w.begin()
		for _, f := range fates {
			w.before = func(_ int, rw http.ResponseWriter, _ *http.Request) bool {
				for k, v := range f.header {
					rw.Header().Set(k, v)
				}
				rw.Header().Set("Content-Type", "application/json")
				rw.WriteHeader(f.status)
				fmt.Fprint(rw, `{"message":"no"}`)
				return true
			}
			p := w.poll(0)
			if p.err == nil || p.pages > 0 {
				w.Errorf("%d: %d pages, error %v", f.status, p.pages, p.err)
				continue
			}
			w.wantLine(p.err)
			if !f.is(p.err) {
				w.Errorf("%d %v: wrong fate: %T %v", f.status, f.header, p.err, p.err)
			}
		}
	}},
	{"a long list that lies about its length ends", func(w *world) {
		w.like(1)
		w.begin()
		w.like(count(2, w.h.Page+1)...)
		served := 0
		w.before = func(int, http.ResponseWriter, *http.Request) bool {
			served++
			w.net.Like(1000+served, w.now) // it grows while it is read
			return false
		}
		if p := w.poll(0); p.err != nil || served > 10 {
			w.Errorf("%d requests, error %v", served, p.err)
		}
	}},
	{"nothing is asked of another host", func(w *world) {
		asked := 0
		other := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			asked++
			rw.Header().Set("Content-Type", "application/json")
			fmt.Fprint(rw, "[]")
		}))
		defer other.Close()
		if !w.session.Token.Has() && w.session.App == (flattery.App{}) && w.session.AppToken == "" {
			return // nothing to keep
		}
		w.before = func(_ int, rw http.ResponseWriter, r *http.Request) bool {
			http.Redirect(rw, r, other.URL+r.URL.Path, http.StatusTemporaryRedirect)
			return true
		}
		p := w.poll(0)
		if p.err == nil || !isAnswer(p.err) || asked != 0 {
			w.Fatalf("the other host was asked %d times, error %v", asked, p.err)
		}
		w.wantLine(p.err)
	}},
	{"a network that is not there is one line without secrets", func(w *world) {
		gone := httptest.NewServer(http.NotFoundHandler())
		gone.Close()
		w.connector = w.h.Connector(gone.URL + "/")
		w.session.Identity.Host = w.connector.Info().Host
		p := w.poll(0)
		if p.err == nil {
			w.Fatal("no error")
		}
		w.wantLine(p.err)
	}},
	{"a cursor that is not ours is an error or a baseline, never news", func(w *world) {
		w.like(count(0, 20)...)
		for _, garbage := range []flattery.Cursor{"{", "x", "null x", `{"v":99}`, `{"v":1,"ground":7}`, `[]`, `{"v":1,"since":"x"}`, "\x00"} {
			w.cursor, w.seen = garbage, map[string]bool{}
			p := w.poll(0)
			w.wantNews(p)
			if p.err != nil {
				w.wantLine(p.err)
			}
		}
	}},
}

type badAnswer struct {
	name  string
	cut   bool // the answer does not arrive whole: no word of the network
	serve func(*world, http.ResponseWriter, *http.Request)
}

func body(kind, text string) func(*world, http.ResponseWriter, *http.Request) {
	return func(_ *world, rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", kind)
		_, _ = io.WriteString(rw, text)
	}
}

const jsonType = "application/json; charset=utf-8"

var badAnswers = []badAnswer{
	{"HTML", false, body("text/html; charset=utf-8", "<!doctype html><title>Sign in</title>")},
	{"HTML that says it is JSON", false, body(jsonType, "\n <html>")},
	{"a picture", false, body("image/png", "\x89PNG")},
	{"nothing", false, body(jsonType, "")},
	{"null", false, body(jsonType, "null")},
	{"a string", false, body(jsonType, `"likes"`)},
	{"a number", false, body(jsonType, "-1e999")},
	{"garbage after JSON", false, body(jsonType, "[] []")},
	{"deep arrays", false, body(jsonType, strings.Repeat("[", 200_000))},
	{"deep objects", false, body(jsonType, strings.Repeat(`{"a":`, 200_000)+"1"+strings.Repeat("}", 200_000))},
	{"20 MB", false, func(_ *world, rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", jsonType)
		long(rw)
	}},
	{"20 MB in a small gzip", false, func(_ *world, rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", jsonType)
		rw.Header().Set("Content-Encoding", "gzip")
		_, _ = rw.Write(bomb())
	}},
	{"20 MB with an error", false, func(_ *world, rw http.ResponseWriter, _ *http.Request) {
		rw.WriteHeader(http.StatusInternalServerError)
		long(rw)
	}},
	{"half an answer", false, func(w *world, rw http.ResponseWriter, r *http.Request) {
		text := w.record(r).Body.Bytes()
		rw.Header().Set("Content-Type", jsonType)
		_, _ = rw.Write(text[:len(text)/2])
	}},
	{"an answer that breaks off", true, func(_ *world, rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", jsonType)
		rw.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(rw, "[")
	}},
	{"no answer", true, func(*world, http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
	{"a redirect in a circle", false, func(_ *world, rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, r.URL.String(), http.StatusFound)
	}},
}

func long(to io.Writer) {
	_, _ = io.WriteString(to, "[")
	row := bytes.Repeat([]byte("0,"), 1<<19)
	for range 20 {
		if _, err := to.Write(row); err != nil {
			return
		}
	}
	_, _ = io.WriteString(to, "0]")
}

type fate struct {
	status int
	header map[string]string
	is     func(error) bool
}

func among(targets ...error) func(error) bool {
	return func(err error) bool {
		for _, target := range targets {
			if errors.Is(err, target) {
				return true
			}
		}
		return false
	}
}

func waits(d time.Duration) func(error) bool {
	return func(err error) bool {
		e, ok := errors.AsType[*connectors.RateLimitError](err)
		return ok && e.RetryAfter == d
	}
}

var fates = []fate{
	{401, nil, among(connectors.ErrUnauthorized, connectors.ErrKey)},
	{403, nil, among(connectors.ErrForbidden)},
	{404, nil, func(err error) bool { return errors.Is(err, connectors.ErrGone) || isAnswer(err) }},
	{429, nil, waits(time.Minute)},
	{429, map[string]string{"Retry-After": "7"}, waits(7 * time.Second)},
	{429, map[string]string{"Retry-After": "-7"}, waits(0)},
	{429, map[string]string{"Retry-After": "99999999999999"}, waits(24 * time.Hour)},
	{429, map[string]string{"Retry-After": "Wed, 14 Oct 2026 13:05:00 GMT", "Date": "Wed, 14 Oct 2026 13:00:00 GMT"}, waits(5 * time.Minute)},
	{500, nil, isAnswer},
	{502, nil, isAnswer},
	{503, nil, isAnswer},
	{418, nil, isAnswer},
}
