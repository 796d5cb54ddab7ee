package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// october is when every test's world begins.
var october = time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)

// visitor asks a world over HTTP.
type visitor struct {
	*World
	t      *testing.T
	client *http.Client
}

func visit(t *testing.T) visitor {
	t.Helper()
	w, err := Open(NewClock(october), 7)
	if err != nil {
		t.Fatal(err)
	}
	return visiting(t, w)
}

func visiting(t *testing.T, w *World) visitor {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := w.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return visitor{w, t, &http.Client{Transport: transport, CheckRedirect: stay}}
}

type reply struct {
	status int
	header http.Header
	body   string
}

// try asks; headers come as name, value, name, value.
func (v visitor) try(method, url, body string, headers ...string) (reply, error) {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := v.client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, string(read)}, err
}

func (v visitor) get(url string, headers ...string) reply {
	v.t.Helper()
	got, err := v.try(http.MethodGet, url, "", headers...)
	if err != nil {
		v.t.Fatal(err)
	}
	return got
}

func (v visitor) post(url, form string, headers ...string) reply {
	v.t.Helper()
	got, err := v.try(http.MethodPost, url, form, append([]string{"Content-Type", "application/x-www-form-urlencoded"}, headers...)...)
	if err != nil {
		v.t.Fatal(err)
	}
	return got
}

func into[T any](t *testing.T, body string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%v in %.200s", err, body)
	}
	return v
}

func TestAClockStandsStillUntilItIsMoved(t *testing.T) {
	c := NewClock(october.In(time.FixedZone("", 7200)))
	if now := c.Now(); !now.Equal(october) || now.Location() != time.UTC {
		t.Errorf("it stands at %s, not at %s UTC", c.Now(), october)
	}
	c.Advance(time.Hour)
	if !c.Now().Equal(october.Add(time.Hour)) {
		t.Errorf("after an hour it stands at %s", c.Now())
	}
	c.Set(october.AddDate(0, -1, 0).Local())
	if now := c.Now(); !now.Equal(october.AddDate(0, -1, 0)) || now.Location() != time.UTC {
		t.Errorf("set back it stands at %s", c.Now())
	}
}

func TestTheSameCommandsMakeTheSameWorld(t *testing.T) {
	tell := func() []string {
		v := visit(t)
		g, f := v.GitHub, v.Flickr
		g.AddUser("ann")
		g.AddRepo("ann", "tool")
		g.Star("ann", "ann/tool")
		token, key, nsid := g.Token("ann"), f.Key(), f.AddUser("Ann")
		f.Fave(nsid, f.AddPhoto(nsid, "Sea"))
		faves := v.get(f.Base() + "?format=json&nojsoncallback=1&method=flickr.favorites.getPublicList&api_key=" + key + "&user_id=" + nsid)
		stars := v.get(g.Base() + "users/ann/starred")
		return []string{token, key, nsid, faves.body, strings.ReplaceAll(stars.body, strings.Trim(g.Base()[7:], "/"), "host")}
	}
	one, two := tell(), tell()
	for i := range one {
		if one[i] != two[i] {
			t.Errorf("first %.300s\nthen  %.300s", one[i], two[i])
		}
	}
}

func TestCloseEndsWhatIsStillBeingAnswered(t *testing.T) {
	w, err := Open(NewClock(october), 7)
	if err != nil {
		t.Fatal(err)
	}
	late := w.GitHub.Inject(Fault{Delay: longest, Times: 1})
	huge := w.Flickr.Inject(Fault{Huge: 1 << 50, Times: 1})
	transport := &http.Transport{}
	client := &http.Client{Transport: transport}
	ended := make(chan error, 2)
	for _, url := range []string{w.GitHub.Base() + "rate_limit", w.Flickr.Base()} {
		go func() {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
			if err != nil {
				ended <- err
				return
			}
			resp, err := client.Do(req)
			if err == nil {
				_, err = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
			ended <- err
		}()
	}
	for late.Hits()+huge.Hits() < 2 { // both are being answered
		time.Sleep(time.Millisecond)
	}
	if err := w.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	for range 2 {
		if err := <-ended; err == nil {
			t.Error("an answer of ten seconds or a petabyte came to its end")
		}
	}
	transport.CloseIdleConnections()
	goleak.VerifyNone(t)
}

// A quiet poll is to cost the sandbox about 0.2 ms, a full page not much more.
func BenchmarkStarred(b *testing.B) {
	w, err := Open(NewClock(october), 7)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = w.Close() })
	w.GitHub.AddUser("fan")
	for i := range 1000 {
		w.GitHub.AddRepo("fan", fmt.Sprint("r", i))
		w.GitHub.Star("fan", fmt.Sprint("fan/r", i))
	}
	w.GitHub.SetLimits(Limits{User: 1 << 40})
	token := w.GitHub.Token("fan")
	for _, c := range []struct {
		name    string
		before  func()
		headers map[string]string
	}{
		{"unchanged", func() {}, map[string]string{"If-None-Match": "*"}},
		{"hundred", func() {}, nil},
		{"hundred after a change", func() { w.GitHub.Push("fan/r1") }, nil},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				c.before()
				req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, w.GitHub.Base()+"user/starred?per_page=100", nil)
				if err != nil {
					b.Fatal(err)
				}
				req.Header.Set("Authorization", "Bearer "+token)
				for name, value := range c.headers {
					req.Header.Set(name, value)
				}
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
		})
	}
	http.DefaultClient.CloseIdleConnections()
}
