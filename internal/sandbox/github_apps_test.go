package sandbox

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

const backHome = "http://127.0.0.1:1/back"

// code does what a person does who agrees to what an app asks for.
func (v visitor) code(config *oauth2.Config, login string) string {
	v.t.Helper()
	at, err := url.Parse(config.AuthCodeURL("s"))
	if err != nil {
		v.t.Fatal(err)
	}
	form := at.Query()
	form.Set("login", login)
	form.Set("answer", "yes")
	got := v.post(v.GitHub.Base()+"login/oauth/authorize", form.Encode())
	back, err := url.Parse(got.header.Get("Location"))
	if err != nil || back.Query().Get("code") == "" {
		v.t.Fatalf("sent to %q (%d)", got.header.Get("Location"), got.status)
	}
	return back.Query().Get("code")
}

// registered is the usual client of an app.
func (v visitor) registered(id, secret string) (context.Context, *oauth2.Config) {
	ctx, config := v.oauth(id)
	config.ClientSecret, config.RedirectURL = secret, backHome
	return ctx, config
}

func TestFromTheFirstAppOnStrangersAreRefused(t *testing.T) {
	v := visit(t)
	v.GitHub.AddUser("ann")
	ctx, anyone := v.registered("anyone", "s")
	if _, err := anyone.Exchange(ctx, v.code(anyone, "ann")); err != nil {
		t.Fatalf("before: %v", err)
	}
	late := v.code(anyone, "ann")
	id, secret := v.GitHub.App("http://127.0.0.1:1/other", backHome)
	_, config := v.registered(id, secret)
	if token, err := config.Exchange(ctx, v.code(config, "ann")); err != nil || v.whose(token.AccessToken) != "ann" || !strings.HasPrefix(token.AccessToken, "gho_") {
		t.Errorf("the app itself: %v", err)
	}
	_, wrong := v.registered(id, "wrong")
	if _, err := wrong.Exchange(ctx, v.code(wrong, "ann")); !refusedAs(err, "incorrect_client_credentials") {
		t.Errorf("a wrong secret: %v", err)
	}
	if _, err := anyone.Exchange(ctx, late); !refusedAs(err, "incorrect_client_credentials") {
		t.Errorf("an app that is not registered: %v", err)
	}
	if _, err := anyone.DeviceAuth(ctx); !refusedAs(err, "Not Found") {
		t.Errorf("a device of an app that is not registered: %v", err)
	}
	if _, err := config.DeviceAuth(ctx); err != nil {
		t.Errorf("a device of the app: %v", err)
	}
	for name, c := range map[string]struct {
		id, redirect string
		status       int
	}{
		"the callback":                     {id, backHome, 200},
		"something longer":                 {id, backHome + "/x", 404},
		"another host":                     {id, "http://127.0.0.2:1/back", 404},
		"an app that is none":              {"x", backHome, 404},
		"another port, by the same letter": {id, "http://127.0.0.1:12/back", 404},
	} {
		q := url.Values{"client_id": {c.id}, "redirect_uri": {c.redirect}}
		got := v.get(v.GitHub.Base() + "login/oauth/authorize?" + q.Encode())
		posted := v.post(v.GitHub.Base()+"login/oauth/authorize", q.Encode()+"&login=ann&answer=yes")
		if got.status != c.status || (posted.header.Get("Location") != "") != (c.status == 200) {
			t.Errorf("%s: %d, then sent to %q", name, got.status, posted.header.Get("Location"))
		}
	}
	v.GitHub.RevokeApp(id)
	if got := v.get(v.GitHub.Base() + "login/oauth/authorize?client_id=" + id + "&redirect_uri=" + url.QueryEscape(backHome)); got.status != 404 {
		t.Errorf("the app is gone: %d", got.status)
	}
}

func TestOnlyPeopleAgree(t *testing.T) {
	v := visit(t)
	v.GitHub.AddUser("ann")
	v.GitHub.AddOrganisation("club")
	v.GitHub.AddUser("gone")
	v.GitHub.Suspend("gone")
	for login, status := range map[string]int{" Ann ": 302, "club": 403, "gone": 403, "nobody": 403, "": 403} {
		form := url.Values{"client_id": {"x"}, "redirect_uri": {backHome}, "login": {login}, "answer": {"yes"}}
		got := v.post(v.GitHub.Base()+"login/oauth/authorize", form.Encode())
		if got.status != status || strings.Contains(got.header.Get("Location"), "code=") != (status == 302) {
			t.Errorf("%q: %d, sent to %q", login, got.status, got.header.Get("Location"))
		}
	}
}

func TestTokensOfAGitHubAppExpireAndAreRenewed(t *testing.T) {
	v := visit(t)
	g := v.GitHub
	v.fill(2)
	id, secret := g.GitHubApp(backHome)
	ctx, config := v.registered(id, secret)
	first, err := config.Exchange(ctx, v.code(config, "fan"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(first.AccessToken, "ghu_") || !strings.HasPrefix(first.RefreshToken, "ghr_") || fmt.Sprint(first.Extra("expires_in")) != "28800" {
		t.Errorf("%+v", first)
	}
	status := func(path, token string) int { return v.get(g.Base()+path, "Authorization", "Bearer "+token).status }
	for path, want := range map[string]int{"user": 200, "users/fan/starred": 200, "user/starred": 403, "user/memberships/orgs": 403} {
		got := v.get(g.Base()+path, "Authorization", "Bearer "+first.AccessToken)
		if got.status != want || want == 403 && !strings.Contains(got.body, `"message":"Resource not accessible by integration"`) || got.header.Get("X-Oauth-Scopes") != "" {
			t.Errorf("/%s: %d %.200s", path, got.status, got.body)
		}
	}
	v.Clock.Advance(8*time.Hour - time.Second)
	if got := status("user", first.AccessToken); got != 200 {
		t.Errorf("a second before its end: %d", got)
	}
	v.Clock.Advance(time.Second)
	if got := status("user", first.AccessToken); got != 401 {
		t.Errorf("at its end: %d", got)
	}
	renew := func(id, secret, token string) url.Values {
		form := url.Values{"grant_type": {"refresh_token"}, "client_id": {id}, "client_secret": {secret}, "refresh_token": {token}}
		said, err := url.ParseQuery(v.post(g.Base()+"login/oauth/access_token", form.Encode()).body)
		if err != nil {
			t.Fatal(err)
		}
		return said
	}
	other, otherSecret := g.GitHubApp()
	for name, c := range map[string][4]string{
		"a wrong secret": {id, "x", first.RefreshToken, "incorrect_client_credentials"},
		"another app":    {other, otherSecret, first.RefreshToken, "bad_refresh_token"},
		"another token":  {id, secret, "ghr_x", "bad_refresh_token"},
	} {
		if got := renew(c[0], c[1], c[2]).Get("error"); got != c[3] {
			t.Errorf("%s: %q, want %q", name, got, c[3])
		}
	}
	second := renew(id, secret, first.RefreshToken)
	if status("user", second.Get("access_token")) != 200 || second.Get("refresh_token") == first.RefreshToken {
		t.Errorf("renewed: %v", second)
	}
	if got := renew(id, secret, first.RefreshToken).Get("error"); got != "bad_refresh_token" {
		t.Errorf("the same again: %q", got)
	}
	third := renew(id, secret, second.Get("refresh_token"))
	if status("user", second.Get("access_token")) != 401 || status("user", third.Get("access_token")) != 200 {
		t.Error("renewing must end the token that was renewed, and no other")
	}
	v.Clock.Advance(renewExpiry)
	if got := renew(id, secret, third.Get("refresh_token")).Get("error"); got != "bad_refresh_token" {
		t.Errorf("half a year later: %q", got)
	}
}

func TestAnAppChecksATokenAndGivesItBack(t *testing.T) {
	v := visit(t)
	g := v.GitHub
	g.AddUser("ann")
	id, secret := g.App()
	other, otherSecret := g.GitHubApp()
	take := func(id, secret string) *oauth2.Token {
		ctx, config := v.registered(id, secret)
		token, err := config.Exchange(ctx, v.code(config, "ann"))
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	kept, given := take(id, secret).AccessToken, take(id, secret).AccessToken
	bound, refresh := g.TokenFor(other, "ann")
	if v.whose(bound) != "ann" || !strings.HasPrefix(refresh, "ghr_") {
		t.Fatalf("made by the script: %s, %s", bound, refresh)
	}
	asks := func(method, path, id, secret, body string) reply {
		basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
		got, err := v.try(method, g.Base()+"applications/"+path+"/token", body, "Authorization", basic)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	of := func(token string) string { return `{"access_token":"` + token + `"}` }
	for _, c := range []struct {
		name, path, id, secret, body string
		check, end                   int
	}{
		{"a token of another app", id, id, secret, of(bound), 404, 404},
		{"no token of anybody", id, id, secret, of("gho_x"), 404, 404},
		{"a wrong secret", id, id, "x", of(given), 401, 401},
		{"the path of another app", other, id, secret, of(given), 401, 401},
		{"no token", id, id, secret, `{}`, 422, 422},
		{"no body", id, id, secret, ``, 422, 422},
		{"its own", id, id, secret, of(given), 200, 204},
		{"its own, once more", id, id, secret, of(given), 404, 404},
		{"of a GitHub App", other, other, otherSecret, of(bound), 200, 204},
	} {
		t.Run(c.name, func(t *testing.T) {
			check := asks(http.MethodPost, c.path, c.id, c.secret, c.body)
			if check.status != c.check || c.check == 200 && (!strings.Contains(check.body, `"user":{"login":"ann"`) || !strings.Contains(check.body, `"client_id":"`+c.id)) {
				t.Errorf("checked: %d %s", check.status, check.body)
			}
			into[any](t, check.body)
			if end := asks(http.MethodDelete, c.path, c.id, c.secret, c.body); end.status != c.end || (end.body == "") != (c.end == 204) {
				t.Errorf("given back: %d %s", end.status, end.body)
			}
		})
	}
	if v.whose(kept) != "ann" || v.whose(given) != "" || v.whose(bound) != "" {
		t.Error("only what was given back is to end")
	}
	if len(g.renews) != 0 {
		t.Error("a refresh token outlives the token that was given back")
	}
}

func TestRevokingEndsAllThatAUserHasAgreedTo(t *testing.T) {
	v := visit(t)
	g := v.GitHub
	g.AddUser("ann")
	g.AddUser("ben")
	id, secret := g.GitHubApp()
	ctx, config := v.registered(id, secret)
	token, err := config.Exchange(ctx, v.code(config, "ann"))
	if err != nil {
		t.Fatal(err)
	}
	code, own, bens := v.code(config, "ann"), g.Token("ann"), g.Token("ben")
	g.RevokeGrants("ann")
	if v.whose(token.AccessToken) != "" || v.whose(own) != "" || v.whose(bens) != "ben" {
		t.Error("all tokens of ann are to end, and none of ben")
	}
	if _, err := config.Exchange(ctx, code); !refusedAs(err, "bad_verification_code") {
		t.Errorf("a code: %v", err)
	}
	form := url.Values{"grant_type": {"refresh_token"}, "client_id": {id}, "client_secret": {secret}, "refresh_token": {token.RefreshToken}}
	if got := v.post(g.Base()+"login/oauth/access_token", form.Encode()); !strings.Contains(got.body, "bad_refresh_token") {
		t.Errorf("a refresh token: %s", got.body)
	}
}
