package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"flattery"
	"flattery/store/sqlite"
)

// spoken is what a running program has said so far. It may be read while it is written.
type spoken struct {
	mu   sync.Mutex
	text strings.Builder
	said chan struct{} // has something when something was said
}

func (s *spoken) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case s.said <- struct{}{}:
	default:
	}
	return s.text.Write(b)
}

func (s *spoken) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// served is a daemon at work.
type served struct {
	*bench
	out, errs *spoken
	stop      context.CancelFunc
	code      chan int
}

func serve(b *bench) *served {
	ctx, stop := context.WithCancel(b.Context())
	s := &served{bench: b, out: &spoken{said: make(chan struct{}, 1)}, errs: &spoken{said: make(chan struct{}, 1)}, stop: stop, code: make(chan int, 1)}
	go func() { s.code <- run(ctx, []string{"serve"}, b.environ(), strings.NewReader(""), s.out, s.errs) }()
	return s
}

// hears waits until the daemon has said something like that.
func (s *served) hears(like string) string {
	s.Helper()
	words := regexp.MustCompile(like)
	for {
		if m := words.FindString(s.errs.String()); m != "" {
			return m
		}
		select {
		case <-s.errs.said:
		case code := <-s.code:
			s.Fatalf("ended with %d before it said %q: %s", code, like, s.errs)
		case <-s.Context().Done():
			s.Fatalf("never said %q: %s", like, s.errs)
		}
	}
}

// visitor is a browser with cookies and without scripts.
type visitor struct {
	*testing.T
	*http.Client
}

func visit(t *testing.T) visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return visitor{t, &http.Client{Jar: jar, Transport: &http.Transport{}}}
}

func (v visitor) ask(method, address string, form url.Values) (int, string) {
	v.Helper()
	req, err := http.NewRequestWithContext(v.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		v.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	resp, err := v.Do(req)
	if err != nil {
		v.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		v.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

var (
	setupLink = `http://127\.0\.0\.1:[0-9]+/enter/[A-Z2-7]+`
	formTag   = regexp.MustCompile(`<form[^>]*method="post"[^>]*>`)
	actionOf  = regexp.MustCompile(`action="([^"]*)"`)
)

func TestTheFirstStartPrintsALinkThatOpensThePagesOnce(t *testing.T) {
	leaks := goleak.IgnoreCurrent()
	t.Run("served", func(t *testing.T) {
		b := newBench(t, october)
		b.env = []string{"FLATTERY_LISTEN=127.0.0.1:0", "FLATTERY_NOW="}
		s := serve(b)
		link := s.hears(setupLink)
		base := strings.TrimSuffix(link, regexp.MustCompile(`/enter/.*`).FindString(link))
		b.opens(link, base)
		if out := b.do("account", "list"); !strings.Contains(out, "admin") {
			t.Errorf("another process sees %s", out)
		}
		if !onPostgres() { // where there may be many
			if a := b.run("serve"); a.code != exitFailed || len(lines(a.errors)) != 1 || !strings.Contains(a.errors, "another flattery already serves "+b.data()) {
				t.Errorf("a second daemon: %+v", a)
			}
		}
		s.stop()
		if code := <-s.code; code != exitDone {
			t.Errorf("ended with %d: %s", code, s.errs)
		}
		if out := s.out.String(); out != "" {
			t.Errorf("stdout %q", out)
		}
		if strings.Count(s.errs.String(), "level=ERROR") > 0 {
			t.Errorf("log %s", s.errs)
		}
		if unlock, err := sqlite.Lock(b.data()); err != nil || unlock() != nil {
			t.Errorf("the lock is not given back: %v", err)
		}
		if left, err := filepath.Glob(filepath.Join(b.data(), "*-wal")); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v %v", left, err)
		}
	})
	goleak.VerifyNone(t, leaks)
}

// opens uses the link as a person does, and then tries it again as another.
func (b *bench) opens(link, base string) {
	b.Helper()
	v := visit(b.T)
	defer v.CloseIdleConnections()
	if code, _ := v.ask(http.MethodGet, base+"/month", nil); code != http.StatusOK {
		b.Logf("a stranger is answered %d", code) // led to the start
	}
	for range 2 { // to look is not to enter: mail programs look
		code, page := v.ask(http.MethodGet, link, nil)
		if code != http.StatusOK || !formTag.MatchString(page) {
			b.Fatalf("the link is answered %d: %s", code, page)
		}
	}
	_, page := v.ask(http.MethodGet, link, nil)
	to := link
	if m := actionOf.FindStringSubmatch(formTag.FindString(page)); m != nil && m[1] != "" {
		at, err := url.Parse(link)
		if err != nil {
			b.Fatal(err)
		}
		there, err := at.Parse(m[1])
		if err != nil {
			b.Fatal(err)
		}
		to = there.String()
	}
	code, page := v.ask(http.MethodPost, to, hidden(page))
	if code != http.StatusOK {
		b.Fatalf("entering is answered %d: %s", code, page)
	}
	for _, path := range []string{"/month", "/months", "/slips", "/links"} {
		if code, page := v.ask(http.MethodGet, base+path, nil); code != http.StatusOK || !strings.Contains(page, "admin") || !strings.Contains(page, "</html>") {
			b.Errorf("%s is answered %d: %.300s", path, code, page)
		}
	}
	other := visit(b.T)
	defer other.CloseIdleConnections()
	if code, _ := other.ask(http.MethodPost, to, nil); code != http.StatusForbidden {
		b.Errorf("the second time it is answered %d", code)
	}
	stay := errors.New("stay")
	other.CheckRedirect = func(*http.Request, []*http.Request) error { return stay }
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, base+"/month", nil)
	if err != nil {
		b.Fatal(err)
	}
	resp, err := other.Do(req)
	if !errors.Is(err, stay) || resp.StatusCode != http.StatusSeeOther {
		b.Errorf("who has no session is answered %v, %v", resp, err)
	}
	if resp != nil {
		_ = resp.Body.Close()
	}
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`)

func hidden(page string) url.Values {
	form := url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(page, -1) {
		form.Set(m[1], m[2])
	}
	return form
}

func TestALaterStartPrintsNoLinkAndAStoppedOneIsSilent(t *testing.T) {
	b := newBench(t, october)
	b.env = []string{"FLATTERY_LISTEN=127.0.0.1:0"}
	b.do("account", "add", "ada", "--budget", "5")
	s := serve(b)
	base := s.hears(`http://127\.0\.0\.1:[0-9]+`)
	b.env = append(b.env, "FLATTERY_LISTEN="+strings.TrimPrefix(base, "http://"))
	signin := into[struct{ Account, URL string }](b, "account", "signin", "ada")
	v := visit(t)
	defer v.CloseIdleConnections()
	if code, page := v.ask(http.MethodPost, signin.URL, nil); code != http.StatusOK {
		t.Errorf("another process's link %s is answered %d: %s", signin.URL, code, page)
	}
	if code, page := v.ask(http.MethodGet, base+"/month", nil); code != http.StatusOK || !strings.Contains(page, signin.Account) {
		t.Errorf("the month is answered %d", code)
	}
	s.stop()
	if code := <-s.code; code != exitDone || strings.Contains(s.errs.String(), "/enter/") {
		t.Errorf("ended with %d: %s", code, s.errs)
	}
}

// What the daemon does by itself: a link made beside it, by another process, is polled without anybody's asking.
func TestTheDaemonFindsWorkThatOthersMade(t *testing.T) {
	b := newBench(t, october)
	b.world.GitHub.AddUser("ada")
	b.do("account", "add", "ada", "--budget", "5")
	b.env = []string{"FLATTERY_LISTEN=127.0.0.1:0"}
	b.do("link", "add", "github:ada")
	in := openBench(b)
	if err := in.poller.Enqueue(t.Context(), in.now()); err != nil { // what its cron does each minute
		t.Fatal(err)
	}
	s := serve(b)
	s.hears(`msg=polled link=1`)
	s.stop()
	if code := <-s.code; code != exitDone {
		t.Errorf("ended with %d: %s", code, s.errs)
	}
	l, err := in.store.Link(t.Context(), 1)
	if err != nil || l.LastGood.IsZero() || l.State != flattery.LinkActive {
		t.Errorf("link %+v, error %v", l, err)
	}
}
