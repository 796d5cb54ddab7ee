package github

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"flattery"
	"flattery/connectors"
)

func TestTheHouseOfAnEnterprise(t *testing.T) {
	for base, want := range map[string]struct{ host, auth string }{
		"":                                    {"github.com", "https://github.com/login/oauth/authorize"},
		"https://api.github.com":              {"github.com", "https://github.com/login/oauth/authorize"},
		"https://git.example.org/api/v3/":     {"git.example.org", "https://git.example.org/login/oauth/authorize"},
		"https://git.example.org:8443/api/v3": {"git.example.org", "https://git.example.org:8443/login/oauth/authorize"},
		"http://127.0.0.1:4711/github":        {"127.0.0.1", "http://127.0.0.1:4711/login/oauth/authorize"},
	} {
		c := New(base)
		if info := c.Info(); info.Host != want.host || info.OAuth2.AuthURL != want.auth || c.err != nil || !strings.HasSuffix(c.base.Path, "/") {
			t.Errorf("%q: %+v %v", base, info, c.err)
		}
	}
	for _, base := range []string{"x", "ftp://example.org/", "https://user:pass@example.org/", "https://", ":"} {
		c := New(base)
		for _, err := range c.Likes(t.Context(), with(token), "") {
			if err == nil || !strings.Contains(err.Error(), "networks.github.base") {
				t.Errorf("%q: %v", base, err)
			}
		}
	}
}

func TestAccountsAreFoundByNameAndByToken(t *testing.T) {
	c, s := serve(t, newFake())
	p, err := c.Resolve(t.Context(), s, " @me ")
	if err != nil || p.Subject != "4711" || p.Handle != "me" || p.Host != "127.0.0.1" || p.URL != "https://github.com/me" {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := c.Resolve(t.Context(), s, "nobody"); !errors.Is(err, connectors.ErrGone) {
		t.Errorf("%v", err)
	}
	for _, handle := range []string{"", "..", "a/b", "me?x", "mé", strings.Repeat("a", 101), "me\n"} {
		if _, err := c.Resolve(t.Context(), s, handle); handle != "me\n" && err == nil {
			t.Errorf("%q is taken for a name", handle)
		} else if _, ok := errors.AsType[*flattery.InputError](err); handle != "me\n" && !ok {
			t.Errorf("%q: %v", handle, err)
		}
	}
	if _, err := c.Identify(t.Context(), s); !errors.Is(err, connectors.ErrUnauthorized) {
		t.Errorf("%v", err)
	}
	s.Token.Access = token
	if p, err := c.Identify(t.Context(), s); err != nil || p.Subject != "4711" || p.Organisation {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestAnOrganisationIsItsAdministrators(t *testing.T) {
	club := map[string]any{"id": orgID, "login": "club"}
	for _, v := range []struct {
		name   string
		handle string
		member map[string]any
		is     error
	}{
		{name: "an administrator", handle: "club", member: map[string]any{"state": "active", "role": "admin", "organization": club}},
		{name: "a member", handle: "club", member: map[string]any{"state": "active", "role": "member", "organization": club}, is: connectors.ErrForbidden},
		{name: "an administrator to be", handle: "club", member: map[string]any{"state": "pending", "role": "admin", "organization": club}, is: connectors.ErrForbidden},
		{name: "of another organisation", handle: "club", member: map[string]any{"state": "active", "role": "admin", "organization": map[string]any{"id": 5}}, is: connectors.ErrForbidden},
		{name: "nobody there", handle: "club", is: connectors.ErrForbidden},
		{name: "a person", handle: "me", is: connectors.ErrGone},
		{name: "nothing", handle: "nothing", is: connectors.ErrGone},
	} {
		f := newFake()
		f.member = v.member
		c, s := serve(t, f)
		s.Token.Access = token
		p, err := c.Administers(t.Context(), s, v.handle)
		if !errors.Is(err, v.is) || err == nil && (p.Subject != strconv.Itoa(orgID) || !p.Organisation || p.Handle != "club") {
			t.Errorf("%s: %+v, %v", v.name, p, err)
		}
	}
	c, s := serve(t, newFake())
	if _, err := c.Administers(t.Context(), s, "club"); err == nil {
		t.Error("an administrator without a token")
	}
}

func TestATokenIsGivenBack(t *testing.T) {
	f := newFake()
	c, s := serve(t, f)
	s.Token.Access = token
	if err := c.Revoke(t.Context(), s); !errors.Is(err, connectors.ErrKey) {
		t.Errorf("without keys: %v", err)
	}
	s.App = flattery.App{ID: "app", Secret: "wrong"}
	if err := c.Revoke(t.Context(), s); !errors.Is(err, connectors.ErrKey) || len(f.revoked) > 0 {
		t.Errorf("with wrong keys: %v", err)
	}
	s.App = byApp().App
	for range 2 { // the second time it is known no more
		if err := c.Revoke(t.Context(), s); err != nil || !slices.Equal(f.revoked, []string{token}) {
			t.Errorf("%q, %v", f.revoked, err)
		}
	}
}

// go-github puts a copy in the place of a body that it read and closes the copy, so that the client's own clock would go on.
func TestARefusalLeavesNothingBehind(t *testing.T) {
	before := goleak.IgnoreCurrent()
	server := httptest.NewServer(newFake())
	s := with("")
	s.Client, s.Now = connectors.NewClient(connectors.ClientOptions{AllowPrivate: true}), now
	for range 3 {
		if _, err := New(server.URL).Resolve(t.Context(), s, "nobody"); !errors.Is(err, connectors.ErrGone) {
			t.Error(err)
		}
	}
	s.Client.CloseIdleConnections()
	server.Close()
	goleak.VerifyNone(t, before)
}

func TestANetworkThatIsSilentIsLeft(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer server.Close()
	s := with("")
	s.Client, s.Now = connectors.NewClient(connectors.ClientOptions{AllowPrivate: true}), now
	s.Client.Timeout = 50 * time.Millisecond
	defer s.Client.CloseIdleConnections()
	_, err := New(server.URL).Resolve(t.Context(), s, "me")
	if !errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix(err.Error(), "127.0.0.1:") || s.Client.Timeout == 0 {
		t.Errorf("%v", err)
	}
}
