package discover

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"flattery"
	"flattery/connectors"
)

// file is what an address answered.
type file struct {
	there bool
	same  bool // it is what its ETag was told of
	text  []byte
	at    string // where it was in the end
	etag  string
}

// Pace keeps requests to one host apart, and leaves alone who asked to wait. It is safe for concurrent use; the zero Pace keeps
// nothing apart.
type Pace struct {
	Every time.Duration // between two requests to one host

	mu    sync.Mutex
	hosts map[string]*host
}

type host struct {
	limit *rate.Limiter
	until time.Time // it asked to wait
}

// wait returns when a host may be asked; *connectors.RateLimitError when it is to be left alone.
func (p *Pace) wait(ctx context.Context, name string, now time.Time) error {
	p.mu.Lock()
	h := p.host(name)
	left := h.until.Sub(now)
	p.mu.Unlock()
	if left > 0 {
		return &connectors.RateLimitError{RetryAfter: left}
	}
	if err := h.limit.Wait(ctx); err != nil {
		return errors.Join(ctx.Err(), err)
	}
	return nil
}

func (p *Pace) host(name string) *host {
	if p.hosts == nil {
		p.hosts = map[string]*host{}
	}
	h := p.hosts[name]
	if h == nil {
		h = &host{limit: rate.NewLimiter(rate.Inf, 1)}
		if p.Every > 0 {
			h.limit = rate.NewLimiter(rate.Every(p.Every), 1)
		}
		p.hosts[name] = h
	}
	return h
}

// heard notes that a host asked to wait.
func (p *Pace) heard(name string, now time.Time, err error) {
	limit, ok := errors.AsType[*connectors.RateLimitError](err)
	if !ok {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if h := p.host(name); h.until.Before(now.Add(limit.RetryAfter)) {
		h.until = now.Add(limit.RetryAfter)
	}
}

// fetch reads a file of at most limit bytes. What is not there is no error. It is led on within its site only, so that nobody speaks
// for another's.
func (f *Finder) fetch(ctx context.Context, address, etag string, limit int64) (file, error) {
	u, err := url.Parse(address)
	if err != nil || connectors.WebURL(address) == "" {
		return file{}, flattery.Input("%q is no address of a page", connectors.Clean(address, 100))
	}
	if err := f.Pace.wait(ctx, u.Host, f.Now()); err != nil {
		return file{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return file{}, connectors.Failure(u.Host, err)
	}
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	resp, err := f.within(u).Do(req)
	if err != nil {
		return file{}, connectors.Failure(u.Host, err)
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotModified:
		return file{there: etag != "", same: etag != "", at: address, etag: etag}, nil
	default:
		err := connectors.Refusal(resp, f.Now())
		if errors.Is(err, connectors.ErrGone) {
			return file{}, nil
		}
		f.Pace.heard(u.Host, f.Now(), err)
		return file{}, err
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return file{}, connectors.Failure(u.Host, err)
	}
	if int64(len(text)) > limit || isHTML(text) {
		return file{}, nil // no file of the kind that was asked for
	}
	said := resp.Header.Get("ETag")
	if len(said) > maxPlace || strings.ContainsFunc(said, odd) {
		said = ""
	}
	return file{there: true, text: text, at: resp.Request.URL.String(), etag: said}, nil
}

// isHTML reports whether a site answered with a page for people, as many do where there is no file.
func isHTML(text []byte) bool {
	start := bytes.ToLower(bytes.TrimSpace(text[:min(len(text), 200)]))
	return bytes.HasPrefix(start, []byte("<!doctype")) || bytes.HasPrefix(start, []byte("<html"))
}

// within is the client, led on within the site of an address only.
func (f *Finder) within(u *url.URL) *http.Client {
	client := *f.Client
	client.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		if !strings.EqualFold(strings.TrimPrefix(next.URL.Host, "www."), strings.TrimPrefix(u.Host, "www.")) {
			return &connectors.AnswerError{Host: u.Host, Reason: "redirects to " + connectors.Clean(next.URL.Host, 100) + ", which is another site"}
		}
		if f.Client.CheckRedirect == nil {
			return nil
		}
		return f.Client.CheckRedirect(next, via)
	}
	return &client
}
