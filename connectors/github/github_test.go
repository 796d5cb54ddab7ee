package github

import (
	"cmp"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/connectors"
)

var now = time.Date(2026, 10, 14, 12, 0, 0, 0, time.UTC)

// serve gives a connector to a fake, and a session by name.
func serve(t testing.TB, f http.Handler) (*Connector, connectors.Session) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", now.Format(http.TimeFormat))
		f.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s := with("")
	s.Client = connectors.NewClient(connectors.ClientOptions{AllowPrivate: true})
	t.Cleanup(s.Client.CloseIdleConnections)
	s.Now, s.Month = now, time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	return New(server.URL), s
}

type told struct {
	news, old []string
	cursor    flattery.Cursor
	pages     int
	who       string // the last handle that was told
	err       error
}

func read(t testing.TB, c *Connector, s connectors.Session, after flattery.Cursor) (got told) {
	t.Helper()
	got.cursor = after
	for p, err := range c.Likes(t.Context(), s, after) {
		if err != nil {
			got.err = err
			break
		}
		got.pages++
		for _, l := range p.Likes {
			if p.Baseline {
				got.old = append(got.old, l.Thing.ID)
			} else {
				got.news = append(got.news, l.Thing.ID)
			}
		}
		got.cursor, got.who = p.Next, cmp.Or(p.Who.Handle, got.who)
	}
	return got
}

// poll reads until the end, without error.
func poll(t testing.TB, c *Connector, s connectors.Session, after flattery.Cursor) told {
	t.Helper()
	got := read(t, c, s, after)
	if got.err != nil {
		t.Fatal(got.err)
	}
	return got
}

func TestWhoeverIsMeantIsWhoIsRead(t *testing.T) {
	for _, v := range []struct {
		name   string
		change func(*fake) // after the baseline
		news   []string
		gone   bool
	}{
		{name: "the account has another name now", change: func(f *fake) {
			delete(f.names, "me")
			f.names["renamed"] = meID
		}, news: []string{repoID(50)}},
		{name: "a stranger with few stars took the name", change: func(f *fake) {
			f.names["renamed"], f.names["me"] = meID, 666
			f.stars[666] = []starred{{90, now}, {91, now}}
		}, news: []string{repoID(50)}},
		{name: "a stranger with many stars took the name", change: func(f *fake) {
			f.names["renamed"], f.names["me"] = meID, 666
			for n := range 30 {
				f.stars[666] = append(f.stars[666], starred{200 + n, now})
			}
		}, news: []string{repoID(50)}},
		{name: "a quiet stranger took the name", change: func(f *fake) {
			f.names["renamed"], f.names["me"] = meID, 666
			f.stars[666] = []starred{{90, now.AddDate(-1, 0, 0)}}
		}, news: []string{repoID(50)}},
		{name: "a stranger without a star took the name", change: func(f *fake) {
			f.names["renamed"], f.names["me"] = meID, 666
		}, news: []string{repoID(50)}},
		{name: "a stranger took the name and the account is gone", change: func(f *fake) {
			f.names["me"] = 666
			f.stars[666] = []starred{{90, now}}
		}, gone: true},
		{name: "the account is gone", change: func(f *fake) { delete(f.names, "me") }, gone: true},
	} {
		t.Run(v.name, func(t *testing.T) {
			f := newFake()
			for n := range 5 {
				f.Like(n, now.Add(time.Duration(n-30)*time.Hour))
			}
			c, s := serve(t, f)
			base := poll(t, c, s, "")
			v.change(f)
			f.Like(50, now)
			got := read(t, c, s, base.cursor)
			if v.gone {
				if !errors.Is(got.err, connectors.ErrGone) || got.pages > 0 {
					t.Errorf("%+v", got)
				}
				return
			}
			got.news = slices.DeleteFunc(got.news, func(id string) bool { return slices.Contains(base.old, id) })
			if got.err != nil || !slices.Equal(got.news, v.news) || len(got.old) > 0 || got.who != "renamed" {
				t.Errorf("%+v", got)
			}
		})
	}
}

// A stranger without a star shows the same as an account without a star, down to the ETag.
func TestAStrangerWhoShowsTheSameIsFoundOutWithinADay(t *testing.T) {
	f := newFake()
	c, s := serve(t, f)
	cursor := poll(t, c, s, "").cursor
	cursor = poll(t, c, s, cursor).cursor
	f.names["renamed"], f.names["me"] = meID, 666
	f.Like(50, now.Add(time.Hour))
	for hour := range 26 {
		s.Now = now.Add(time.Duration(hour) * time.Hour)
		f.asked = nil
		got := poll(t, c, s, cursor)
		cursor = got.cursor
		switch {
		case hour < 24 && (len(got.news) > 0 || len(f.asked) != 1):
			t.Errorf("hour %d: %q after %q", hour, got.news, f.asked)
		case hour == 24 && (!slices.Equal(got.news, []string{repoID(50)}) || got.who != "renamed"):
			t.Errorf("hour %d: %+v after %q", hour, got, f.asked)
		}
	}
}

func TestAnAccountWithoutANameIsFoundByItsID(t *testing.T) {
	f := newFake()
	f.Like(1, now)
	c, s := serve(t, f)
	s.Identity.Handle = "../../evil"
	if got := poll(t, c, s, ""); !slices.Equal(got.old, []string{repoID(1)}) {
		t.Errorf("%+v", got)
	}
	s.Identity.Subject = "4711/../x"
	if got := read(t, c, s, ""); got.err == nil {
		t.Error("an id that is no number is asked for")
	}
}

func TestStarsThatAreNotShownAreAnotherTryAndNotGone(t *testing.T) {
	f := newFake()
	f.noStars = true
	c, s := serve(t, f)
	got := read(t, c, s, "")
	if _, ok := errors.AsType[*connectors.AnswerError](got.err); !ok || errors.Is(got.err, connectors.ErrGone) {
		t.Errorf("%v", got.err)
	}
}

func TestATokenOfSomebodyElseIsNotReadOn(t *testing.T) {
	f := newFake()
	for n := range 130 {
		f.Like(n, now)
	}
	c, s := serve(t, f)
	s.Token.Access, s.Identity.Subject = token, "99"
	if got := read(t, c, s, ""); got.err == nil || got.pages > 0 {
		t.Errorf("%+v", got)
	}
}

func TestTimesThatComeAndGoLoseAndCountNothingTwice(t *testing.T) {
	f := newFake()
	for n := range 15 {
		f.Like(n, now.Add(time.Duration(n-100)*time.Minute))
	}
	c, s := serve(t, f)
	base := poll(t, c, s, "")
	f.Like(15, now.Add(-30*time.Minute))
	f.timeless = true
	stopped := poll(t, c, s, base.cursor)
	slices.Sort(stopped.old) // a glance and the page below it tell the same
	if len(stopped.news) > 0 || len(slices.Compact(stopped.old)) != 16 {
		t.Fatalf("when times stop there is a new baseline of everything: %+v", stopped)
	}
	f.Like(16, now.Add(-20*time.Minute))
	untimed := poll(t, c, s, stopped.cursor)
	if !slices.Equal(untimed.news, []string{repoID(16)}) || len(untimed.old) > 0 {
		t.Fatalf("%+v", untimed)
	}
	f.Like(17, now.Add(-5*time.Minute))
	f.timeless = false
	timed := poll(t, c, s, untimed.cursor)
	if !slices.Equal(timed.news, []string{repoID(17)}) || len(timed.old) > 0 {
		t.Fatalf("when times come back the walk goes to known ground: %+v", timed)
	}
	f.Like(18, now)
	if got := poll(t, c, s, timed.cursor); !slices.Contains(got.news, repoID(18)) || slices.Contains(got.news, repoID(14)) || len(got.old) > 0 {
		t.Fatalf("%+v", got)
	}
}

func TestAListInAnotherOrderIsReadToItsEnd(t *testing.T) {
	f := newFake()
	f.oldest = true
	for n := range 130 {
		f.Like(n, now.Add(time.Duration(n-1000)*time.Hour))
	}
	c, s := serve(t, f)
	s.Month = now.AddDate(0, -3, 0)
	cursor := flattery.Cursor("")
	for range 3 { // a long list is walked twice
		cursor = poll(t, c, s, cursor).cursor
	}
	f.Like(200, now)
	if got := poll(t, c, s, cursor); !slices.Contains(got.news, repoID(200)) {
		t.Errorf("the newest star, on the last page, is lost: %+v", got)
	}
}

func TestManyThingsLikedAgainAreNoKnownGround(t *testing.T) {
	f := newFake()
	f.timeless = true
	for n := range 60 {
		f.Like(n, now.Add(time.Duration(n-1000)*time.Minute))
	}
	c, s := serve(t, f)
	base := poll(t, c, s, "")
	f.Like(100, now.Add(-time.Hour))
	for n := range 20 { // and then twenty known ones, the newest first
		f.Like(59-n, now.Add(time.Duration(n-30)*time.Minute))
	}
	if got := poll(t, c, s, base.cursor); !slices.Contains(got.news, repoID(100)) {
		t.Errorf("the new star under known ones is lost: %d news", len(got.news))
	}
}

func TestRefusalsOfGitHub(t *testing.T) {
	reset := now.Add(17 * time.Minute)
	for _, v := range []struct {
		name    string
		status  int
		headers map[string]string
		body    string
		wait    time.Duration
		is      error
	}{
		{name: "the limit is used up", status: 403, headers: map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "RESET"}, wait: 17 * time.Minute},
		{name: "the limit is used up, told as 429", status: 429, headers: map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "RESET"}, wait: 17 * time.Minute},
		{name: "the limit is long reset", status: 429, headers: map[string]string{"X-RateLimit-Reset": "1000"}, wait: 0},
		{name: "the reset is in a hundred years", status: 429, headers: map[string]string{"X-RateLimit-Reset": "4947802324"}, wait: 24 * time.Hour},
		{name: "the reset is no number", status: 429, headers: map[string]string{"X-RateLimit-Reset": "soon"}, wait: time.Minute},
		{name: "a second limit with a time", status: 403, headers: map[string]string{"Retry-After": "30"}, wait: 30 * time.Second},
		{name: "a second limit without", status: 403, body: `{"message":"You have exceeded a secondary rate limit","documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"}`, wait: time.Minute},
		{name: "a bad token", status: 401, is: connectors.ErrUnauthorized},
		{name: "a bad token that wants a second factor", status: 401, headers: map[string]string{"X-GitHub-OTP": "required; app"}, is: connectors.ErrUnauthorized},
		{name: "forbidden", status: 403, is: connectors.ErrForbidden},
		{name: "blocked by law", status: 451, is: connectors.ErrGone},
		{name: "a page that has not changed, which nobody asked", status: 304},
		{name: "accepted for later", status: 202},
		{name: "a broken gateway", status: 502},
	} {
		t.Run(v.name, func(t *testing.T) {
			c, s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				for k, h := range v.headers {
					w.Header().Set(k, strings.ReplaceAll(h, "RESET", unix(reset)))
				}
				w.WriteHeader(v.status)
				if v.body != "" {
					_, _ = w.Write([]byte(v.body))
				}
			}))
			s.Token.Access = token
			got := read(t, c, s, "")
			limit, limited := errors.AsType[*connectors.RateLimitError](got.err)
			_, answered := errors.AsType[*connectors.AnswerError](got.err)
			switch {
			case v.is != nil:
				if !errors.Is(got.err, v.is) {
					t.Errorf("%v", got.err)
				}
			case v.wait > 0 || strings.Contains(v.name, "reset"):
				if !limited || limit.RetryAfter != v.wait {
					t.Errorf("%v, want a wait of %v", got.err, v.wait)
				}
			case !answered:
				t.Errorf("%T %v", got.err, got.err)
			}
		})
	}
}

func unix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

func TestWhereNothingRemainsTheNextPageIsNotAskedFor(t *testing.T) {
	f := newFake()
	for n := range 130 {
		f.Like(n, now)
	}
	c, s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-RateLimit-Limit", "60")
		w.Header().Set("X-RateLimit-Remaining", "0")
		w.Header().Set("X-RateLimit-Reset", "4947802324") // in a hundred years
		f.ServeHTTP(w, r)
	}))
	got := read(t, c, s, "")
	if e, ok := errors.AsType[*connectors.RateLimitError](got.err); !ok || e.RetryAfter != 24*time.Hour || len(f.asked) != 1 || got.pages != 1 {
		t.Errorf("asked %q, %d pages, error %v", f.asked, got.pages, got.err)
	}
}

func TestLinksThatLeadAwayAreNotFollowed(t *testing.T) {
	for link, most := range map[string]int{
		"<https://evil.example/user/starred?page=2>": 3, "<//evil.example/user/starred?page=2>": 3, "</users/me/starred/../../keys?page=2>": 3,
		"</admin>": 1, "<http://[::1>": 1, "<" + strings.Repeat("x", 3000) + "/starred?page=>": 1, "</user/starred?page=-2>": 1,
		"</user/starred?page=99999999999999999999>": 3, "</user/99/starred?page=2>": 1, "</user/starred?page=1>": 3,
	} {
		f := newFake()
		f.Like(1, now)
		c, s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", link+`; rel="next"`)
			f.ServeHTTP(w, r)
		}))
		s.Token.Access = token
		got := read(t, c, s, "")
		if len(f.asked) > most || slices.ContainsFunc(f.asked, func(path string) bool { return path != "/user/starred" }) {
			t.Errorf("%.60s: asked %q", link, f.asked)
		}
		if strings.Contains(link, "99/") && (got.err == nil || got.pages > 0) || most == 3 && got.err == nil {
			t.Errorf("%.60s: %d pages, error %v", link, got.pages, got.err)
		}
	}
}
