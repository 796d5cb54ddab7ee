package sandbox

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

func (v visitor) oauth(id string) (context.Context, *oauth2.Config) {
	return context.WithValue(v.t.Context(), oauth2.HTTPClient, v.client), &oauth2.Config{
		ClientID: id, ClientSecret: "s", RedirectURL: "http://127.0.0.1:1/back", Scopes: []string{"read:user"},
		Endpoint: oauth2.Endpoint{
			AuthURL: v.GitHub.Base() + "login/oauth/authorize", TokenURL: v.GitHub.Base() + "login/oauth/access_token",
			DeviceAuthURL: v.GitHub.Base() + "login/device/code", AuthStyle: oauth2.AuthStyleInParams,
		},
	}
}

// whose tells who a token is of, by the API.
func (v visitor) whose(token string) string {
	v.t.Helper()
	got := v.get(v.GitHub.Base()+"user", "Authorization", "Bearer "+token)
	return into[struct{ Login string }](v.t, got.body).Login
}

func TestADeviceGetsATokenFromTheUsualClient(t *testing.T) {
	v := visit(t)
	v.GitHub.AddUser("ann")
	v.GitHub.SetDevice(DeviceRules{Interval: time.Second, ExpiresIn: 15 * time.Minute})
	ctx, config := v.oauth("app")
	device, err := config.DeviceAuth(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if device.VerificationURI != v.GitHub.Base()+"login/device" || device.Interval != 1 || len(device.UserCode) != 9 || device.UserCode[4] != '-' {
		t.Errorf("the device was told %+v", device)
	}
	if waiting := v.GitHub.Waiting(); len(waiting) != 1 || waiting[0] != device.UserCode {
		t.Errorf("waiting: %v", waiting)
	}
	page := v.post(v.GitHub.Base()+"login/device", url.Values{"user_code": {strings.ToLower(device.UserCode)}, "login": {"ann"}, "answer": {"yes"}}.Encode())
	if page.status != http.StatusOK {
		t.Fatalf("the page answers %d %s", page.status, page.body)
	}
	token, err := config.DeviceAccessToken(ctx, device)
	if err != nil {
		t.Fatal(err)
	}
	if who := v.whose(token.AccessToken); who != "ann" || token.TokenType != "bearer" || token.Extra("scope") != "read:user" {
		t.Errorf("token of %q: %+v", who, token)
	}
	if _, err := config.DeviceAccessToken(ctx, device); !refusedAs(err, "incorrect_device_code") {
		t.Errorf("the same device code again: %v", err)
	}
}

func refusedAs(err error, code string) bool {
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	return ok && refused.ErrorCode == code
}

func TestWhatADeviceIsToldWhileItWaits(t *testing.T) {
	const grant = "urn:ietf:params:oauth:grant-type:device_code"
	for _, c := range []struct {
		name, client, grant string
		code                string // "": the device's own
		before              func(v visitor, userCode string)
		want                string
	}{
		{name: "nobody has answered", want: "authorization_pending"},
		{name: "asked again too soon", before: func(v visitor, _ string) { v.Clock.Advance(4 * time.Second) }, want: "slow_down"},
		{name: "asked again in time", before: func(v visitor, _ string) { v.Clock.Advance(5 * time.Second) }, want: "authorization_pending"},
		{name: "denied", before: func(v visitor, code string) { v.Clock.Advance(5 * time.Second); _ = v.GitHub.Deny(code) }, want: "access_denied"},
		{name: "too late", before: func(v visitor, _ string) { v.Clock.Advance(15 * time.Minute) }, want: "expired_token"},
		{name: "another program", client: "other", want: "incorrect_client_credentials"},
		{name: "another code", code: "x", want: "incorrect_device_code"},
		{name: "another grant", grant: "password", want: "unsupported_grant_type"},
	} {
		for _, accept := range []string{"application/json", ""} {
			t.Run(c.name+" "+accept, func(t *testing.T) {
				v := visit(t)
				v.GitHub.AddUser("ann")
				v.GitHub.SetDevice(DeviceRules{Interval: 5 * time.Second, ExpiresIn: 15 * time.Minute, Strict: true})
				made := into[struct{ Device_code, User_code string }](t,
					v.post(v.GitHub.Base()+"login/device/code", "client_id=app", "Accept", "application/json").body)
				ask := url.Values{"client_id": {or(c.client, "app")}, "grant_type": {or(c.grant, grant)}, "device_code": {or(c.code, made.Device_code)}}
				if c.before != nil {
					v.post(v.GitHub.Base()+"login/oauth/access_token", ask.Encode())
					c.before(v, made.User_code)
				}
				got := v.post(v.GitHub.Base()+"login/oauth/access_token", ask.Encode(), "Accept", accept)
				said := ""
				if accept != "" {
					said = into[struct{ Error string }](t, got.body).Error
				} else if form, err := url.ParseQuery(got.body); err == nil {
					said = form.Get("error")
				}
				if got.status != http.StatusOK || said != c.want {
					t.Errorf("%d %s, want 200 with %s", got.status, got.body, c.want)
				}
			})
		}
	}
}

func or(one, other string) string {
	if one != "" {
		return one
	}
	return other
}

func TestOnlyCodesOfWaitingDevicesAreApproved(t *testing.T) {
	v := visit(t)
	v.GitHub.AddUser("ann")
	made := into[struct{ User_code string }](t, v.post(v.GitHub.Base()+"login/device/code", "client_id=app", "Accept", "application/json").body)
	if err := v.GitHub.Approve("AAAA-AAAA", "ann"); err == nil {
		t.Error("a made-up code was approved")
	}
	if err := v.GitHub.Approve(made.User_code, "nobody"); err == nil {
		t.Error("nobody approved")
	}
	v.Clock.Advance(15 * time.Minute)
	if err := v.GitHub.Approve(made.User_code, "ann"); err == nil {
		t.Error("an expired code was approved")
	}
	if got := v.post(v.GitHub.Base()+"login/device/code", ""); got.status != http.StatusNotFound {
		t.Errorf("a program without an id is answered %d", got.status)
	}
	for range mostDevices + 5 {
		v.post(v.GitHub.Base()+"login/device/code", "client_id=app")
	}
	if n := len(v.GitHub.Waiting()); n != mostDevices {
		t.Errorf("%d devices wait, %d is the most", n, mostDevices)
	}
}

func TestABrowserCarriesACodeBack(t *testing.T) {
	v := visit(t)
	v.GitHub.AddUser("ann")
	ctx, config := v.oauth("app")
	verifier := oauth2.GenerateVerifier()
	agree := func(answer string) url.Values {
		at, err := url.Parse(config.AuthCodeURL("the state", oauth2.S256ChallengeOption(verifier)))
		if err != nil {
			t.Fatal(err)
		}
		if page := v.get(at.String()); page.status != 200 || !strings.Contains(page.body, "ann") {
			t.Fatalf("the page: %d %s", page.status, page.body)
		}
		form := at.Query()
		form.Set("login", "ann")
		form.Set("answer", answer)
		got := v.post(v.GitHub.Base()+"login/oauth/authorize", form.Encode())
		back, err := url.Parse(got.header.Get("Location"))
		if err != nil || !strings.HasPrefix(back.String(), config.RedirectURL) || back.Query().Get("state") != "the state" {
			t.Fatalf("sent to %q (%d)", got.header.Get("Location"), got.status)
		}
		return back.Query()
	}
	if no := agree("no"); no.Get("error") != "access_denied" || no.Has("code") {
		t.Errorf("who cancels is sent back with %v", no)
	}
	code := agree("yes").Get("code")
	token, err := config.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	if who := v.whose(token.AccessToken); who != "ann" {
		t.Errorf("the token is of %q", who)
	}
	if _, err := config.Exchange(ctx, code, oauth2.VerifierOption(verifier)); !refusedAs(err, "bad_verification_code") {
		t.Errorf("the same code again: %v", err)
	}
	if _, err := config.Exchange(ctx, agree("yes").Get("code"), oauth2.VerifierOption("x")); !refusedAs(err, "bad_verification_code") {
		t.Errorf("another verifier: %v", err)
	}
	late := agree("yes").Get("code")
	v.Clock.Advance(10 * time.Minute)
	if _, err := config.Exchange(ctx, late, oauth2.VerifierOption(verifier)); !refusedAs(err, "bad_verification_code") {
		t.Errorf("too late: %v", err)
	}
	other := *config
	other.ClientID = "other"
	if _, err := other.Exchange(ctx, agree("yes").Get("code"), oauth2.VerifierOption(verifier)); !refusedAs(err, "incorrect_client_credentials") {
		t.Errorf("another program: %v", err)
	}
}
