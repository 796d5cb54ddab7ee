package web

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"flattery"
)

// Desk is where people come in. What is another account's is answered with flattery.ErrNotFound; too many tries with
// flattery.ErrOften, what is not right with flattery.ErrWrong.
type Desk interface {
	// SignIn takes a name and its password, Prove the password of who is signed in.
	SignIn(ctx context.Context, name string, password flattery.Secret, address string) (flattery.AccountID, error)
	Prove(ctx context.Context, account flattery.AccountID, password flattery.Secret, address string) error

	// Knock counts a try to come in by a network.
	Knock(ctx context.Context, address string) error

	// Keys tells by what an account comes in.
	Keys(ctx context.Context, account flattery.AccountID) (flattery.Keys, error)
	// SetPassword and RemovePasskey end the account's other sessions: all but the one of a token. Refusal: ErrWeak.
	SetPassword(ctx context.Context, account flattery.AccountID, password flattery.Secret, but string) error
	RemovePasskey(ctx context.Context, account flattery.AccountID, id flattery.PasskeyID, but string) error

	// Origin is where passkeys can be used; "": nowhere. BeginPasskey asks a device for a new one, of an account or of a
	// newcomer; AskPasskey for one that it has, of an account or of anybody (0). Options go to the browser; what is kept is
	// given back with the device's answer, once.
	Origin() string
	BeginPasskey(ctx context.Context, account flattery.AccountID, newcomer string) (options, kept []byte, err error)
	AddPasskey(ctx context.Context, account flattery.AccountID, kept []byte, answer, name string) error
	AskPasskey(ctx context.Context, account flattery.AccountID, address string) (options, kept []byte, err error)
	ShowPasskey(ctx context.Context, account flattery.AccountID, kept []byte, answer, address string) (flattery.AccountID, error)

	// Sessions lists where an account is signed in, what was seen last first.
	Sessions(ctx context.Context, account flattery.AccountID) ([]flattery.Session, error)
	EndSession(ctx context.Context, account flattery.AccountID, id flattery.SessionID) error
	EndSessions(ctx context.Context, account flattery.AccountID, but string) error

	// Invited looks whether a token still lets somebody in. Accept makes the account and uses the invite up. Refusals:
	// ErrNotFound of the invite, ErrName, ErrNameTaken, ErrWeak, ErrWrong.
	Invited(ctx context.Context, token string) error
	Accept(ctx context.Context, token string, n flattery.Newcomer, currency string) (flattery.AccountID, error)

	// Only admins get here. SetAdmin refuses with ErrLastAdmin. Invite tells a token that is kept nowhere.
	Accounts(ctx context.Context) ([]flattery.Account, error)
	SetAdmin(ctx context.Context, account flattery.AccountID, admin bool) error
	Invites(ctx context.Context) ([]flattery.Invite, error)
	Invite(ctx context.Context, by flattery.AccountID) (token string, expires time.Time, err error)
	EndInvite(ctx context.Context, id flattery.InviteID) error
}

// A device is what a page says of passkeys.
type device struct {
	Capable   bool   // they can be used here
	Elsewhere string // only at that address; "": here or nowhere
}

// device: on this machine browsers keep passkeys for its name, and none for its number.
func (s *site) device(r *http.Request) device {
	origin := s.Desk.Origin()
	if origin == "" {
		return device{}
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return device{Elsewhere: origin}
	}
	return device{Capable: true}
}

// from is the address that somebody comes from, as far as tries are counted by it. Who comes over this machine or its
// own network may come through a proxy, which says last from where. Of version 6 a whole network counts as one.
func from(r *http.Request) string {
	ip := addressOf(r.RemoteAddr)
	if ip.IsLoopback() || ip.IsPrivate() || !ip.IsValid() { // not valid: a socket in the file system
		all := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		if said := addressOf(strings.TrimSpace(all[len(all)-1])); said.IsValid() {
			ip = said
		}
	}
	if ip.Is6() {
		if network, err := ip.Prefix(64); err == nil {
			return network.String()
		}
	}
	return ip.String()
}

func addressOf(text string) netip.Addr {
	if at, err := netip.ParseAddrPort(text); err == nil {
		return at.Addr().Unmap().WithZone("")
	}
	ip, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return ip.Unmap().WithZone("")
}

// browserName is a browser in two coarse words, so that its owner knows it again; "" for what is none.
func browserName(agent string) string {
	name := first(agent, "Edg=Edge", "OPR=Opera", "Firefox=Firefox", "FxiOS=Firefox", "SamsungBrowser=Samsung Internet", "CriOS=Chrome", "Chrome=Chrome", "Safari=Safari")
	system := first(agent, "iPhone=iPhone", "iPad=iPad", "Android=Android", "Windows=Windows", "CrOS=ChromeOS", "Mac OS X=macOS", "Linux=Linux")
	if name == "" || system == "" {
		return name + system
	}
	return name + ", " + system
}

// first is what the first of the signs that stands in a text means.
func first(text string, signs ...string) string {
	for _, s := range signs {
		if sign, meaning, _ := strings.Cut(s, "="); strings.Contains(text, sign) {
			return meaning
		}
	}
	return ""
}
