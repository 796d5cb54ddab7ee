package twitter

import (
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/connectors"
)

func TestInfoSaysWhatIsAllowedWhere(t *testing.T) {
	const key = "https://keys.example"
	for base, want := range map[string]struct {
		host, auth, token string
		state             connectors.Life
		tick, priced      bool
	}{
		"":                            {"x.com", "https://x.com/i/oauth2/authorize", "https://api.x.com/2/oauth2/token", connectors.Forbidden, true, true},
		"https://api.x.com/2":         {"x.com", "https://x.com/i/oauth2/authorize", "https://api.x.com/2/oauth2/token", connectors.Forbidden, true, true},
		"https://api.twitter.com/2/":  {"x.com", "https://x.com/i/oauth2/authorize", "https://api.twitter.com/2/oauth2/token", connectors.Forbidden, true, true},
		"http://127.0.0.1:9/2/":       {"127.0.0.1", "http://127.0.0.1:9/i/oauth2/authorize", "http://127.0.0.1:9/2/oauth2/token", connectors.Alive, false, true},
		"https://api.x.com/1.1/":      {"x.com", "https://api.x.com/oauth/authorize", "https://api.x.com/oauth/access_token", connectors.Forbidden, true, false},
		"https://api.twitter.com/1.1": {"x.com", "https://api.twitter.com/oauth/authorize", "https://api.twitter.com/oauth/access_token", connectors.Forbidden, true, false},
		"https://birds.example/1.1/":  {"birds.example", "https://birds.example/oauth/authorize", "https://birds.example/oauth/access_token", connectors.Alive, false, false},
	} {
		i := New(base).Info()
		auth, token := i.OAuth2.AuthURL+i.OAuth1.AuthURL, i.OAuth2.TokenURL+i.OAuth1.TokenURL
		if i.Host != want.host || auth != want.auth || token != want.token || i.State != want.state || i.Terms.Tick != want.tick ||
			(i.Price.Like > 0) != want.priced || (i.Auth == connectors.AuthOAuth1) == want.priced || i.Terms.Sentence == "" {
			t.Errorf("%q: %+v", base, i)
		}
		if i.State == connectors.Forbidden && (i.Since == "" || i.Reason.String() == "") {
			t.Errorf("%q: no date or reason", base)
		}
	}
	for _, base := range []string{"x.com", "ftp://x.com/2/", "https://", "https://user@x.com/2/", "https://x.com/2/?q=1", "::"} {
		c := New(base)
		s := connectors.Session{Token: flattery.Token{Access: key}, App: flattery.App{ID: "a", Secret: "b"}, Identity: session().Identity, Client: http.DefaultClient}
		_, err := c.Identify(t.Context(), s)
		_, lost := c.Author(t.Context(), s, flattery.Thing{ID: "1"})
		for _, err := range []error{err, lost, c.Revoke(t.Context(), s)} {
			if _, ok := errors.AsType[*flattery.InputError](err); !ok {
				t.Errorf("%q: %v", base, err)
			}
		}
	}
}

func TestAnAccountIsIdentifiedAndItsTokensGivenBack(t *testing.T) {
	for path, want := range map[string][]string{
		"":     {"canary-refresh by app:canary-app-secret", token + " by app:canary-app-secret"},
		"1.1/": {"signed"},
	} {
		l := newLink(t, path)
		who, err := l.c.Identify(t.Context(), l.s)
		if err != nil || who.Subject != "4711" || who.Handle != "Me" || who.Name != "Some One" || who.Host != "127.0.0.1" || !strings.HasSuffix(who.URL, "/Me") {
			t.Errorf("%s: %+v, error %v", path, who, err)
		}
		if err := l.c.Revoke(t.Context(), l.s); err != nil || !slices.Equal(l.f.revoked, want) {
			t.Errorf("%s: revoked %q, error %v", path, l.f.revoked, err)
		}
		l.s.Token = flattery.Token{}
		if _, err := l.c.Identify(t.Context(), l.s); !errors.Is(err, connectors.ErrUnauthorized) {
			t.Errorf("%s: without a token: %v", path, err)
		}
		if p := l.poll(); !errors.Is(p.err, connectors.ErrUnauthorized) || p.requests != 0 {
			t.Errorf("%s: without a token: %+v", path, p)
		}
		l.s.App = flattery.App{}
		if err := l.c.Revoke(t.Context(), l.s); !errors.Is(err, connectors.ErrKey) {
			t.Errorf("%s: without keys: %v", path, err)
		}
	}
}

func TestALikeSaysWhatAndWhose(t *testing.T) {
	for _, path := range []string{"", "1.1/"} {
		l := newLink(t, path)
		l.like(7, 8)
		for page, err := range l.c.Likes(t.Context(), l.s, "") {
			if err == nil && len(page.Likes) == 0 {
				continue // v1.1 ends with an empty page
			}
			if err != nil || len(page.Likes) != 1 || !page.Baseline {
				t.Fatalf("%+v, error %v", page, err)
			}
			site := strings.TrimSuffix(l.c.site, "/")
			want := flattery.Like{
				Thing:  flattery.Thing{Network: "twitter", Host: "127.0.0.1", ID: postID(7), URL: site + "/maker/status/" + postID(7), Title: "thing & 7"},
				Author: flattery.Profile{Identity: flattery.Identity{Network: "twitter", Host: "127.0.0.1", Subject: "77"}, Handle: "maker", Name: "The Maker", URL: site + "/maker"},
			}
			if !reflect.DeepEqual(page.Likes[0], want) {
				t.Errorf("%+v\nwant %+v", page.Likes[0], want)
			}
			if wantCost := l.c.Info().Price.Like; page.Cost != wantCost {
				t.Errorf("cost %v, want %v", page.Cost, wantCost)
			}
		}
	}
}

func TestAPageIsReadAsFarAsItIsUnderstood(t *testing.T) {
	const meta = `"meta":{"result_count":1}`
	for name, row := range map[string]struct {
		answer string
		things []string
		author string // of the first
		err    string
		cost   flattery.Amount
	}{
		"an author without a profile has a number":   {`{"data":[{"id":"5","author_id":"6","text":"t"}],` + meta + `}`, []string{"5"}, "6", "", postPrice},
		"a post of nobody is left out":               {`{"data":[{"id":"5","text":"t"},{"id":"7","author_id":"6"}],` + meta + `}`, []string{"7"}, "6", "", 2 * postPrice},
		"the spelling with posts is the same":        {`{"data":[{"id":"5","author_id":"6","edit_history_post_ids":["5"]}],"includes":{"posts":[{"id":"9"}],"users":[{"id":"6","username":"u"}]},` + meta + `}`, []string{"5"}, "6", "", postPrice},
		"the spelling with tweets is the same":       {`{"data":[{"id":"5","author_id":"6","edit_history_tweet_ids":["5"]}],"includes":{"tweets":[{"id":"9"}],"users":[{"id":"6","username":"u"}]},` + meta + `}`, []string{"5"}, "6", "", postPrice},
		"problems beside a list are none":            {`{"data":[{"id":"5","author_id":"6"}],"errors":[{"title":"Not Found Error","type":"https://api.x.com/2/problems/resource-not-found"}],` + meta + `}`, []string{"5"}, "6", "", postPrice},
		"no posts are an empty list":                 {`{"meta":{"result_count":0}}`, nil, "", "", 0},
		"posts without any author are refused":       {`{"data":[{"id":"5","text":"t"}],` + meta + `}`, nil, "", "without their authors", postPrice},
		"a list without its end is refused":          {`{"data":[{"id":"5","author_id":"6"}]}`, nil, "", "no list", postPrice},
		"a number is not taken for the id of a post": {`{"data":[{"id":5,"author_id":"6"}],` + meta + `}`, nil, "", "unusable number", 0},
		"an id that is a path is nobody's":           {`{"data":[{"id":"../5","author_id":"6"}],` + meta + `}`, nil, "", "without their authors", postPrice},
		"an account that is no more":                 {`{"errors":[{"title":"Not Found Error","detail":"Could not find user","type":"https://api.twitter.com/2/problems/resource-not-found"}]}`, nil, "", connectors.ErrGone.Error(), 0},
		"an account that is hidden":                  {`{"errors":[{"title":"Authorization Error","detail":"Sorry","type":"https://api.x.com/2/problems/not-authorized-for-resource"}]}`, nil, "", connectors.ErrForbidden.Error(), 0},
		"another problem is told":                    {`{"errors":[{"title":"Odd","detail":"Day"}]}`, nil, "", "Odd: Day", 0},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLink(t, "")
			l.f.answers = row.answer
			var things []string
			var author string
			var cost flattery.Amount
			var refused error
			for page, err := range l.c.Likes(t.Context(), l.s, "") {
				refused = err
				cost += page.Cost
				for _, like := range page.Likes {
					things, author = append(things, like.Thing.ID), like.Author.Subject
				}
			}
			if (refused == nil) != (row.err == "") || refused != nil && !strings.Contains(refused.Error(), row.err) {
				t.Errorf("error %v, want %q", refused, row.err)
			}
			if !slices.Equal(things, row.things) || author != row.author || cost != row.cost {
				t.Errorf("%q by %q for %v", things, author, cost)
			}
		})
	}
}

func TestARefusalHasItsFateAndXsOwnWords(t *testing.T) {
	paid := func(err error) bool { _, ok := errors.AsType[*connectors.PaymentRequiredError](err); return ok }
	limited := func(err error) bool {
		e, ok := errors.AsType[*connectors.RateLimitError](err)
		return ok && e.RetryAfter > 0
	}
	is := func(target error) func(error) bool { return func(err error) bool { return errors.Is(err, target) } }
	for name, row := range map[string]struct {
		status int
		answer string
		fate   func(error) bool
		words  string
	}{
		"no credits":           {402, `{"title":"CreditsDepleted","detail":"Your enrolled account does not have any credits","type":"https://api.twitter.com/2/problems/credits"}`, paid, "CreditsDepleted: Your enrolled"},
		"no credits, no words": {402, `gone`, paid, "does not say why"},
		"a cap":                {429, `{"title":"UsageCapExceeded","detail":"Usage cap exceeded: Monthly","type":"https://api.x.com/2/problems/usage-capped"}`, paid, "Usage cap exceeded"},
		"not enrolled":         {403, `{"client_id":"1","detail":"must use keys of a project","title":"Client Forbidden","reason":"client-not-enrolled","type":"https://api.x.com/2/problems/client-forbidden"}`, is(connectors.ErrForbidden), "Client Forbidden: must use keys"},
		"453":                  {403, `{"errors":[{"message":"You currently have access to a subset of X API V2 endpoints","code":453}]}`, is(connectors.ErrForbidden), "a subset"},
		"another 403":          {403, `{}`, is(connectors.ErrForbidden), "403"},
		"401":                  {401, `{"title":"Unauthorized"}`, is(connectors.ErrUnauthorized), "401"},
		"401 of v1.1":          {401, `{"errors":[{"code":89,"message":"Invalid or expired token."}]}`, is(connectors.ErrUnauthorized), "401"},
		"404":                  {404, `{}`, is(connectors.ErrGone), "404"},
		"429":                  {429, `{"errors":[{"code":88,"message":"Rate limit exceeded"}]}`, limited, "wait"},
		"our key, repeated":    {402, `{"title":"No","detail":"the token ` + token + ` is poor"}`, paid, "repeats our key"},
	} {
		for _, path := range []string{"", "1.1/"} {
			l := newLink(t, path)
			l.f.status, l.f.answers = row.status, row.answer
			p := l.poll()
			if p.err == nil || !row.fate(p.err) || !strings.Contains(p.err.Error(), row.words) || strings.Contains(p.err.Error(), "canary") {
				t.Errorf("%s at /%s: %v", name, path, p.err)
			}
			if _, err := l.c.Identify(t.Context(), l.s); err == nil || !row.fate(err) {
				t.Errorf("%s at /%s: identify: %v", name, path, err)
			}
		}
	}
}

func TestALimitIsOverWhenXSays(t *testing.T) {
	for _, path := range []string{"", "1.1/"} {
		l := newLink(t, path)
		l.f.status, l.f.answers = 429, `{"title":"Too Many Requests"}`
		client := *l.s.Client
		client.Transport = reset{client.Transport, l.s.Now.Add(7 * time.Minute)}
		l.s.Client = &client
		p := l.poll()
		if e, ok := errors.AsType[*connectors.RateLimitError](p.err); !ok || e.RetryAfter != 7*time.Minute {
			t.Errorf("/%s: %v", path, p.err)
		}
	}
}

// reset adds the headers of X's limits, and its clock.
type reset struct {
	http.RoundTripper
	at time.Time
}

func (r reset) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.RoundTripper.RoundTrip(req)
	if err == nil {
		resp.Header.Set("Date", r.at.Add(-7*time.Minute).Format(http.TimeFormat))
		n, _ := json.Marshal(r.at.Unix())
		resp.Header.Set("X-Rate-Limit-Reset", string(n))
	}
	return resp, err
}

func TestTheMakerOfAPostIsFoundWithoutAKey(t *testing.T) {
	l := newLink(t, "")
	thing := flattery.Thing{Network: network, Host: "127.0.0.1", ID: "99"}
	got, err := l.c.Author(t.Context(), l.s, thing)
	if err != nil || got.Subject != "@themaker" || !got.Provisional() || got.Handle != "TheMaker" || got.Name != "A Maker" || got.URL != l.c.site+"/TheMaker" {
		t.Errorf("%+v, error %v", got, err)
	}
	if len(l.f.asked) != 1 || !strings.HasPrefix(l.f.asked[0], "GET /oembed?omit_script=1&url=") || !strings.HasSuffix(l.f.asked[0], "%2Fi%2Fstatus%2F99") {
		t.Errorf("asked %q", l.f.asked)
	}
	for status, want := range map[int]error{404: connectors.ErrGone, 403: connectors.ErrForbidden} {
		l.f.status, l.f.answers = status, "{}"
		if _, err := l.c.Author(t.Context(), l.s, thing); !errors.Is(err, want) {
			t.Errorf("%d: %v", status, err)
		}
	}
	l.f.status = 0
	for _, bad := range []string{`{}`, `{"author_url":"https://x.com/a/b"}`, `{"author_url":"javascript:alert(1)"}`, `{"author_url":"https://x.com/"}`, `{"author_url":"::"}`} {
		l.f.answers = bad
		if got, err := l.c.Author(t.Context(), l.s, thing); err == nil {
			t.Errorf("%s: %+v", bad, got)
		}
	}
	if _, err := l.c.Author(t.Context(), l.s, flattery.Thing{ID: "../x"}); err == nil {
		t.Error("a post without a number was asked for")
	}
}

// v1.1 lists by the time of liking and turns pages by numbers of posts. None is passed by.
func TestFavouritesOfOldPostsAreNotPassedBy(t *testing.T) {
	l := newLink(t, "1.1/")
	l.like(0, 1500)
	p := l.poll()
	slices.Sort(p.old)
	if p.err != nil || len(slices.Compact(p.old)) != 1500 || p.requests > 40 {
		t.Errorf("%d of 1500 in %d requests, error %v", len(slices.Compact(p.old)), p.requests, p.err)
	}
	for name, row := range map[string]struct {
		at   string
		ids  []int64
		want string
	}{
		"an empty span is done":                 {`{"full":2,"spans":[[0,9]]}`, nil, ""},
		"the lowest number is the end":          {`{"full":1,"spans":[[0,9]]}`, []int64{1}, ""},
		"a page in order is left by its end":    {`{"full":3,"spans":[[0,9]]}`, []int64{9, 7, 5}, `{"full":3,"spans":[[0,4]]}`},
		"a page out of order is halved":         {`{"full":3,"spans":[[0,9]]}`, []int64{5, 9, 8, 7}, `{"full":4,"spans":[[7,9],[0,7]]}`},
		"two out of order are halved too":       {`{"full":2,"spans":[[0,9]]}`, []int64{5, 9}, `{"full":2,"spans":[[5,9],[0,5]]}`},
		"less than half of a page is all":       {`{"full":9,"spans":[[0,9]]}`, []int64{5, 9, 8, 7}, ""},
		"what was not asked for does not count": {`{"full":1,"spans":[[4,6]]}`, []int64{9, 8, 7, 4, 3}, ""},
		"the other spans wait":                  {`{"full":1,"spans":[[4,6],[1,2]]}`, nil, `{"full":1,"spans":[[1,2]]}`},
	} {
		var at place
		if err := json.Unmarshal([]byte(row.at), &at); err != nil {
			t.Fatal(err)
		}
		if got := at.next(row.ids); got != row.want {
			t.Errorf("%s: %s, want %s", name, got, row.want)
		}
	}
}
