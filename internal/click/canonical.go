package click

import (
	"fmt"
	"net"
	"net/url"
	"strings"

	"flattery"
)

// longestAddress is more than any page needs.
const longestAddress = 2000

// Canonical is the one way in which the address of a page is written: https, the host in small letters, no fragment, nothing
// that only tells an advertiser from where somebody came. Its error says in words what is wrong.
func Canonical(raw string) (address, host string, err error) {
	raw = strings.TrimSpace(raw)
	if len(raw) > longestAddress {
		return "", "", flattery.Input("the address is too long: at most %d letters", longestAddress)
	}
	u, err := url.Parse(raw)
	if err != nil || raw == "" {
		return "", "", flattery.Input("url is not the address of a page: it begins with https://")
	}
	scheme := strings.ToLower(u.Scheme)
	if scheme != "https" && scheme != "http" || u.Opaque != "" {
		return "", "", flattery.Input("only pages that begin with https:// or http:// can be flattred")
	}
	if u.User != nil {
		return "", "", flattery.Input("the address has a name or password in it: leave that out")
	}
	host = strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if !plain(host) {
		return "", "", flattery.Input("the address has no host that can be read: write it as browsers do, like xn--bcher-kva.example")
	}
	u.Scheme, u.Host = "https", host
	if strings.Contains(host, ":") {
		u.Host = "[" + host + "]"
	}
	port := portOf(raw, scheme)
	if port != "" {
		u.Host = net.JoinHostPort(host, port)
	}
	u.Fragment, u.RawFragment, u.ForceQuery = "", "", false
	if u.Path == "" {
		u.Path = "/"
	}
	u.RawQuery = untracked(u.RawQuery)
	if address = u.String(); len(address) > longestAddress {
		return "", "", flattery.Input("the address is too long: at most %d letters", longestAddress)
	}
	return address, host, nil
}

// plain reports whether a host is written in the letters of the name system.
func plain(host string) bool {
	return host != "" && strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789-._:") == "" && !strings.Contains(host, "..") && !strings.HasPrefix(host, ".")
}

// portOf is the port of an address, if it is not the one of its scheme.
func portOf(raw, scheme string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Port() == "" || u.Port() == map[string]string{"http": "80", "https": "443"}[scheme] {
		return ""
	}
	return u.Port()
}

// untracked leaves out utm_*, and the rest in its order.
func untracked(query string) string {
	var kept []string
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(part, "=")
		if open, err := url.QueryUnescape(name); err == nil {
			name = open
		}
		if part != "" && !strings.HasPrefix(strings.ToLower(name), "utm_") {
			kept = append(kept, escaped(part))
		}
	}
	return strings.Join(kept, "&")
}

// escaped writes what has no place in an address as browsers do.
func escaped(query string) string {
	var b strings.Builder
	for _, c := range []byte(query) {
		if c <= ' ' || c > '~' || strings.IndexByte("\"<>`", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// PagePath is where the public page of an account is.
func PagePath(name string) string { return "/p/" + url.PathEscape(name) }
