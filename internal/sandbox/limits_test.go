package sandbox

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestConditionalRequests(t *testing.T) {
	v := visit(t)
	v.fill(2)
	token := "Bearer " + v.GitHub.Token("fan")
	url := v.GitHub.Base() + "users/fan/starred"
	tag := v.get(url).header.Get("ETag")
	for _, c := range []struct {
		name   string
		change func()
		tag    string
		header []string
		want   int
		costs  int
	}{
		{"unchanged costs nothing for who has a token", func() {}, tag, []string{"Authorization", token}, 304, 0},
		{"unchanged costs one without a token", func() {}, tag, nil, 304, 1},
		{"tags are compared weakly", func() {}, strings.TrimPrefix(tag, "W/"), nil, 304, 1},
		{"any tag of a list will do", func() {}, `"x", ` + tag, nil, 304, 1},
		{"another tag does not match", func() {}, `W/"x"`, nil, 200, 1},
		{"with times it is another body", func() {}, tag, []string{"Accept", starJSON}, 200, 1},
		{"somebody else's star of the same repository changes its counters", func() { v.GitHub.Star("maker", "maker/r0") }, tag, nil, 200, 1},
		{"taken back it is as before", func() { v.GitHub.Unstar("maker", "maker/r0") }, tag, nil, 304, 1},
		{"a new star changes it", func() { v.more(2, 3) }, tag, []string{"Authorization", token}, 200, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.change()
			header := append([]string{"If-None-Match", c.tag}, c.header...)
			before := used(t, v.get(v.GitHub.Base()+"rate_limit", header[2:]...))
			got := v.get(url, header...)
			after := used(t, v.get(v.GitHub.Base()+"rate_limit", header[2:]...))
			if got.status != c.want || after-before != c.costs {
				t.Errorf("%d for %d, want %d for %d", got.status, after-before, c.want, c.costs)
			}
			if got.status == 304 && (got.body != "" || got.header.Get("ETag") != tag) {
				t.Errorf("304 with body %q and tag %s", got.body, got.header.Get("ETag"))
			}
		})
	}
}

func used(t *testing.T, limits reply) int {
	t.Helper()
	return into[struct{ Rate struct{ Used int } }](t, limits.body).Rate.Used
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		name    string
		limits  Limits
		token   bool
		message string
		status  int
	}{
		{"without a token", Limits{Anonymous: 3, User: 5000, Status: 403}, false, "API rate limit exceeded for 127.0.0.1.", 403},
		{"with a token", Limits{Anonymous: 60, User: 3, Status: 403}, true, "API rate limit exceeded for user ID", 403},
		{"said with 429", Limits{Anonymous: 3, User: 3, Status: 429}, false, "API rate limit exceeded", 429},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := visit(t)
			v.fill(1)
			v.GitHub.SetLimits(c.limits)
			ask := func() reply {
				if !c.token {
					return v.get(v.GitHub.Base() + "users/fan")
				}
				return v.get(v.GitHub.Base()+"users/fan", "Authorization", "token "+v.GitHub.Token("fan")) // all tokens share one limit
			}
			for i := range 3 {
				got := ask()
				if got.status != 200 || got.header.Get("X-RateLimit-Remaining") != strconv.Itoa(2-i) ||
					got.header.Get("X-RateLimit-Used") != strconv.Itoa(i+1) || got.header.Get("X-RateLimit-Limit") != "3" {
					t.Fatalf("request %d: %d %v", i, got.status, got.header)
				}
			}
			got := ask()
			reset, err := strconv.ParseInt(got.header.Get("X-RateLimit-Reset"), 10, 64)
			if got.status != c.status || got.header.Get("X-RateLimit-Remaining") != "0" || !strings.Contains(got.body, c.message) ||
				!strings.Contains(got.body, "rate-limiting") || err != nil {
				t.Fatalf("above the limit: %d %v %s", got.status, got.header, got.body)
			}
			if limits := v.get(v.GitHub.Base() + "rate_limit"); limits.status != 200 {
				t.Errorf("rate_limit answers %d above the limit", limits.status)
			}
			v.Clock.Set(time.Unix(reset, 0))
			if got := ask(); got.status != 200 {
				t.Errorf("at the reset: %d", got.status)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	v := visit(t)
	v.fill(1)
	v.GitHub.AddUser("ghost")
	ghost, gone := v.GitHub.Token("ghost"), v.GitHub.Token("fan")
	v.GitHub.Suspend("ghost")
	v.GitHub.Revoke(gone)
	for _, c := range []struct {
		name, path, auth string
		status           int
		message          string
	}{
		{"no token where one is needed", "user", "", 401, "Requires authentication"},
		{"no token for one's own stars", "user/starred", "", 401, "Requires authentication"},
		{"a revoked token", "users/fan", "Bearer " + gone, 401, "Bad credentials"},
		{"a made-up token", "user", "token ghp_x", 401, "Bad credentials"},
		{"a token of a suspended user", "user", "Bearer " + ghost, 403, "Sorry. Your account was suspended."},
		{"a suspended user", "users/ghost", "", 404, "Not Found"},
		{"nobody of that login", "users/nobody/starred", "", 404, "Not Found"},
		{"nobody of that number", "user/1", "", 404, "Not Found"},
		{"a number that is none", "user/x/starred", "", 404, "Not Found"},
		{"a path that is not there", "gists/starred/1", "", 404, "Not Found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var header []string
			if c.auth != "" {
				header = []string{"Authorization", c.auth}
			}
			got := v.get(v.GitHub.Base()+c.path, header...)
			type refused struct{ Message, Documentation_url, Status string }
			said := into[refused](t, got.body)
			if got.status != c.status || said.Message != c.message || said.Status != strconv.Itoa(c.status) ||
				!strings.HasPrefix(said.Documentation_url, "https://docs.github.com/rest") {
				t.Errorf("%d %+v", got.status, said)
			}
		})
	}
}
