// Package claimtest has the callbacks that no OAuth flow may accept, as a table for tests: of the flow itself, and of each
// network with the whole program around it.
package claimtest

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"flattery"
)

// Callback is one as it comes in: who is signed in, the secret of the browser session, the network and host of the path,
// and the query. It has the shape of claim.Answered.
type Callback struct {
	Account flattery.AccountID
	Browser string
	Network string
	Host    string
	Query   url.Values
}

// Clone copies a callback with its query.
func (c Callback) Clone() Callback {
	q := url.Values{}
	for name, values := range c.Query {
		q[name] = slices.Clone(values)
	}
	c.Query = q
	return c
}

// Negative is a callback that must be refused without a token request. Each begins anew: good is what the network would
// answer to an attempt that was just begun, other the same of another account in another browser at the same network. Both are
// copies, which Mutate may change and return.
type Negative struct {
	Name   string
	Mutate func(good, other Callback) Callback
	// First is a callback that comes before, whatever becomes of it; nil: none. Token requests count after it.
	First func(good, other Callback) Callback
	// Age is how long after the beginning the callback comes.
	Age time.Duration
}

// Kind is what of a network decides which callbacks are wrong.
type Kind struct {
	OAuth1   bool
	Issuer   string // OAuth 2.0, RFC 9207; "": not announced, and never judged
	Stranger bool   // nobody is signed in, neither here nor in the other browser
}

// Negatives are at least forty, with names that differ.
func Negatives(k Kind) []Negative {
	all := slices.Concat(states(), people(k.Stranger), places(), times(k.Stranger))
	switch {
	case k.OAuth1:
		all = append(all, verifiers()...)
	default:
		all = append(all, codes()...)
		if k.Issuer != "" {
			all = append(all, issuers(k.Issuer)...)
		}
	}
	return all
}

// same is the untouched callback.
func same(g, _ Callback) Callback { return g }

// set replaces a parameter by values; by none it is left out.
func set(name string, values ...string) func(g, o Callback) Callback {
	return func(g, _ Callback) Callback {
		delete(g.Query, name)
		if len(values) > 0 {
			g.Query[name] = values
		}
		return g
	}
}

// edit changes a parameter's value.
func edit(name string, change func(string) string) func(g, o Callback) Callback {
	return func(g, _ Callback) Callback {
		g.Query.Set(name, change(g.Query.Get(name)))
		return g
	}
}

// rename moves a parameter to another name.
func rename(from, to string) func(g, o Callback) Callback {
	return func(g, _ Callback) Callback {
		g.Query[to] = g.Query[from]
		delete(g.Query, from)
		return g
	}
}

// field changes what is around the query.
func field(change func(g *Callback, o Callback)) func(g, o Callback) Callback {
	return func(g, o Callback) Callback {
		change(&g, o)
		return g
	}
}

// flip changes the last character that decides something: the very last of an unpadded base64 may hold spare bits.
func flip(s string) string {
	if len(s) < 2 {
		return s + "x"
	}
	c := byte('A')
	if s[len(s)-2] == c {
		c = 'B'
	}
	return s[:len(s)-2] + string(c) + s[len(s)-1:]
}

func states() []Negative {
	return []Negative{
		{Name: "no parameters at all", Mutate: func(g, _ Callback) Callback { clear(g.Query); return g }},
		{Name: "no state", Mutate: set("state")},
		{Name: "an empty state", Mutate: set("state", "")},
		{Name: "a state of white space", Mutate: set("state", " \t ")},
		{Name: "a state that nobody was given", Mutate: set("state", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")},
		{Name: "a state with a character changed", Mutate: edit("state", flip)},
		{Name: "a state that lost its end", Mutate: edit("state", func(s string) string { return s[:len(s)-1] })},
		{Name: "a state that lost its beginning", Mutate: edit("state", func(s string) string { return s[1:] })},
		{Name: "a state with something behind", Mutate: edit("state", func(s string) string { return s + "A" })},
		{Name: "a state with a space before", Mutate: edit("state", func(s string) string { return " " + s })},
		{Name: "a state with a new line behind", Mutate: edit("state", func(s string) string { return s + "\n" })},
		{Name: "a state with a zero byte behind", Mutate: edit("state", func(s string) string { return s + "\x00" })},
		{Name: "a state in quotes", Mutate: edit("state", func(s string) string { return `"` + s + `"` })},
		{Name: "a state twice as long", Mutate: edit("state", func(s string) string { return s + s })},
		{Name: "a state of 256 KiB", Mutate: set("state", strings.Repeat("A", 256<<10))},
		{Name: "a state as a pattern", Mutate: set("state", "%")},
		{Name: "a state as SQL", Mutate: set("state", "' OR '1'='1")},
		{Name: "the same state twice", Mutate: func(g, _ Callback) Callback { g.Query.Add("state", g.Query.Get("state")); return g }},
		{Name: "two states, the right one first", Mutate: func(g, _ Callback) Callback { g.Query.Add("state", "x"); return g }},
		{Name: "two states, the right one last", Mutate: func(g, _ Callback) Callback {
			g.Query["state"] = []string{"x", g.Query.Get("state")}
			return g
		}},
		{Name: "the state under another name", Mutate: rename("state", "State")},
		{Name: "the state as a list", Mutate: rename("state", "state[]")},
		{Name: "the state of another attempt", Mutate: func(g, o Callback) Callback { g.Query.Set("state", o.Query.Get("state")); return g }},
	}
}

func people(stranger bool) []Negative {
	return append(accounts(stranger),
		Negative{Name: "a browser without a session", Mutate: field(func(g *Callback, _ Callback) { g.Browser = "" })},
		Negative{Name: "another browser", Mutate: field(func(g *Callback, o Callback) { g.Browser = o.Browser })},
		Negative{Name: "a browser whose secret is changed", Mutate: field(func(g *Callback, _ Callback) { g.Browser = flip(g.Browser) })},
		Negative{Name: "a browser whose secret lost its end", Mutate: field(func(g *Callback, _ Callback) { g.Browser = g.Browser[:len(g.Browser)-1] })},
		Negative{Name: "our answer in the browser of somebody else", Mutate: func(g, o Callback) Callback { o.Query = g.Query; return o }},
		Negative{Name: "the answer of somebody else in our browser", Mutate: func(g, o Callback) Callback { g.Query = o.Query; return g }},
	)
}

// accounts are callbacks as somebody else.
func accounts(stranger bool) []Negative {
	if stranger {
		return []Negative{
			{Name: "somebody signed in meanwhile", Mutate: field(somebody)},
			{Name: "a number that is no account", Mutate: field(func(g *Callback, _ Callback) { g.Account = -1 })},
		}
	}
	return []Negative{
		{Name: "nobody is signed in", Mutate: field(func(g *Callback, _ Callback) { g.Account = 0 })},
		{Name: "a number that is no account", Mutate: field(func(g *Callback, _ Callback) { g.Account = -g.Account })},
		{Name: "another account in the same browser", Mutate: field(func(g *Callback, o Callback) { g.Account = o.Account })},
	}
}

// somebody is the first account of every store.
func somebody(g *Callback, _ Callback) { g.Account = 1 }

func places() []Negative {
	return []Negative{
		{Name: "the path of another network", Mutate: field(func(g *Callback, _ Callback) { g.Network = "another" })},
		{Name: "a path without a network", Mutate: field(func(g *Callback, _ Callback) { g.Network = "" })},
		{Name: "a network in capitals", Mutate: field(func(g *Callback, _ Callback) { g.Network = strings.ToUpper(g.Network) })},
		{Name: "the path of another host", Mutate: field(func(g *Callback, _ Callback) { g.Host = "evil.example" })},
		{Name: "a path without a host", Mutate: field(func(g *Callback, _ Callback) { g.Host = "" })},
		{Name: "a host below the right one", Mutate: field(func(g *Callback, _ Callback) { g.Host = "evil." + g.Host })},
		{Name: "a host with a dot behind", Mutate: field(func(g *Callback, _ Callback) { g.Host += "." })},
		{Name: "a host with another port", Mutate: field(func(g *Callback, _ Callback) { g.Host += ":8443" })},
		{Name: "network and host exchanged", Mutate: field(func(g *Callback, _ Callback) { g.Network, g.Host = g.Host, g.Network })},
	}
}

func times(stranger bool) []Negative {
	another := field(func(g *Callback, o Callback) { g.Account = o.Account })
	if stranger {
		another = field(somebody)
	}
	return []Negative{
		{Name: "ten minutes later", Mutate: same, Age: 10 * time.Minute},
		{Name: "a day later", Mutate: same, Age: 24 * time.Hour},
		{Name: "the same a second time", First: same, Mutate: same},
		{Name: "the right one after one from another browser", First: field(func(g *Callback, o Callback) { g.Browser = o.Browser }), Mutate: same},
		{Name: "the right one after one from another account", First: another, Mutate: same},
		{Name: "the right one after one from another host", First: field(func(g *Callback, _ Callback) { g.Host = "evil.example" }), Mutate: same},
		{Name: "the right one after the network said no", First: set("error", "access_denied"), Mutate: same},
	}
}

// words are values that no code and no verifier may have.
func words(parameter string) (all []Negative) {
	for name, value := range map[string]string{
		"of white space":               " \t ",
		"with a space in it":           "abc def",
		"with a zero byte":             "abc\x00def",
		"with a new line":              "abc\ndef",
		"with a header behind it":      "abc\r\nX-Evil: 1",
		"with an escape sequence":      "abc\x1b[2Jdef",
		"with a delete character":      "abc\x7fdef",
		"with letters beyond ASCII":    "abcdéf",
		"with a turn of direction":     "abc\u202edef",
		"with bytes that are no UTF-8": "abc\xff\xfe",
		"of more than 2 KiB":           strings.Repeat("a", 2<<10+1),
		"of 256 KiB":                   strings.Repeat("a", 256<<10),
	} {
		all = append(all, Negative{Name: "a " + parameter + " " + name, Mutate: set(parameter, value)})
	}
	slices.SortFunc(all, func(a, b Negative) int { return strings.Compare(a.Name, b.Name) })
	return append(all,
		Negative{Name: "no " + parameter, Mutate: set(parameter)},
		Negative{Name: "an empty " + parameter, Mutate: set(parameter, "")},
		Negative{Name: "the same " + parameter + " twice", Mutate: func(g, _ Callback) Callback {
			g.Query.Add(parameter, g.Query.Get(parameter))
			return g
		}},
		Negative{Name: "a second " + parameter, Mutate: func(g, _ Callback) Callback { g.Query.Add(parameter, "x"); return g }},
		Negative{Name: "the " + parameter + " as a list", Mutate: rename(parameter, parameter+"[]")},
		Negative{Name: "the " + parameter + " under another name", Mutate: rename(parameter, strings.ToUpper(parameter))},
	)
}

// endings are answers of a network that ends the flow, though a code or verifier stands beside them.
func endings() []Negative {
	return []Negative{
		{Name: "access denied", Mutate: set("error", "access_denied")},
		{Name: "a server error", Mutate: set("error", "server_error")},
		{Name: "an error without a word", Mutate: set("error", "")},
		{Name: "two errors", Mutate: set("error", "access_denied", "server_error")},
		{Name: "an error with control characters", Mutate: set("error", "odd\x1b[2J\r\n<script>")},
		{Name: "an error of 256 KiB", Mutate: set("error", strings.Repeat("e", 256<<10))},
	}
}

func codes() []Negative {
	return slices.Concat(words("code"), endings(), []Negative{
		{Name: "a token instead of a code", Mutate: func(g, _ Callback) Callback {
			g.Query.Set("access_token", g.Query.Get("code"))
			g.Query.Del("code")
			return g
		}},
		{Name: "an answer of OAuth 1.0a", Mutate: func(g, _ Callback) Callback {
			g.Query["oauth_token"], g.Query["oauth_verifier"] = []string{"abc"}, g.Query["code"]
			g.Query.Del("code")
			return g
		}},
	})
}

func issuers(issuer string) []Negative {
	return []Negative{
		{Name: "no issuer", Mutate: set("iss")},
		{Name: "an empty issuer", Mutate: set("iss", "")},
		{Name: "another issuer", Mutate: set("iss", "https://evil.example")},
		{Name: "the issuer with a slash behind", Mutate: set("iss", issuer+"/")},
		{Name: "the issuer in capitals", Mutate: set("iss", strings.ToUpper(issuer))},
		{Name: "the issuer twice", Mutate: set("iss", issuer, issuer)},
		{Name: "the issuer and another", Mutate: set("iss", issuer, "https://evil.example")},
		{Name: "the issuer of somebody who refuses", Mutate: func(g, _ Callback) Callback {
			g.Query.Set("iss", "https://evil.example")
			g.Query.Set("error", "access_denied")
			return g
		}},
	}
}

func verifiers() []Negative {
	return slices.Concat(words("oauth_verifier"), endings(), []Negative{
		{Name: "no request token", Mutate: set("oauth_token")},
		{Name: "an empty request token", Mutate: set("oauth_token", "")},
		{Name: "a request token with a character changed", Mutate: edit("oauth_token", flip)},
		{Name: "a request token that lost its end", Mutate: edit("oauth_token", func(s string) string { return s[:len(s)-1] })},
		{Name: "a request token with a space behind", Mutate: edit("oauth_token", func(s string) string { return s + " " })},
		{Name: "the request token of another attempt", Mutate: func(g, o Callback) Callback {
			g.Query.Set("oauth_token", o.Query.Get("oauth_token"))
			return g
		}},
		{Name: "the same request token twice", Mutate: func(g, _ Callback) Callback {
			g.Query.Add("oauth_token", g.Query.Get("oauth_token"))
			return g
		}},
		{Name: "a second request token", Mutate: func(g, _ Callback) Callback { g.Query.Add("oauth_token", "x"); return g }},
		{Name: "denied, by the request token", Mutate: func(g, _ Callback) Callback { g.Query.Set("denied", g.Query.Get("oauth_token")); return g }},
		{Name: "a problem beside the verifier", Mutate: set("oauth_problem", "user_refused")},
		{Name: "another problem beside the verifier", Mutate: set("oauth_problem", "token_expired\x1b[2J")},
		{Name: "an answer of OAuth 2.0", Mutate: func(g, _ Callback) Callback {
			g.Query["code"] = g.Query["oauth_verifier"]
			g.Query.Del("oauth_token")
			g.Query.Del("oauth_verifier")
			return g
		}},
		{Name: "a state that claims to be typed", Mutate: func(g, _ Callback) Callback {
			g.Query.Set("state", "typed-"+g.Query.Get("state"))
			g.Query.Del("oauth_token")
			return g
		}},
	})
}
