package web

import (
	"html"
	"slices"
	"strings"
	"testing"
	"time"

	"flattery"
)

func TestLinksSayHowTheyAreAndHowToMendThem(t *testing.T) {
	w := populated(false)
	w.links[3].Reason = "a key of tomorrow"
	w.links[3].LastPoll = today.Add(-time.Hour)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	expect(t, b, "/links", []string{
		"12 minutes ago", "in 8 minutes", "working", "late", "stopped", "502 Bad Gateway", "5 days old", "no longer accepts the permission",
		`name="link" value="3"><button class="main">Reconnect`, "Linked by public name only", "It did not work the last time", "closed down", "closed to us",
		"by export file", "can be linked", "keys are missing", `href="/networks/fivehundredpx"`, `action="/links/1/remove"`,
	}, []string{"removed-one", `action="/links/5/remove"`, "flattery link add"})
}

func TestAStoppedLinkIsConnectedAgainInTheWayThatItsNetworkHas(t *testing.T) {
	for name, row := range map[string]struct {
		change func(l *flattery.Link, n *Network)
		says   string
		not    string
	}{
		"by signing in":               {nil, `action="/connect"`, "--device"},
		"by its name":                 {func(l *flattery.Link, n *Network) { l.Proof, n.ByName = flattery.ByName, true }, `name="handle" value="ada">`, `action="/connect"`},
		"by name where that is over":  {func(l *flattery.Link, _ *Network) { l.Proof = flattery.ByName }, `action="/connect"`, `name="handle"`},
		"not before keys are there":   {func(_ *flattery.Link, n *Network) { n.Ready = false }, "lacks the keys", `action="/connect"`},
		"by a command, without OAuth": {func(_ *flattery.Link, n *Network) { n.Auth = "none" }, "flattery link add --account Ada mastodon:ada --device", `action="/connect"`},
		"by nothing, when unknown":    {func(_ *flattery.Link, n *Network) { n.Key = "other" }, "no longer knows the network. You run this instance", `href="/networks/mastodon"`},
		"by nothing, when it is over": {func(_ *flattery.Link, n *Network) { n.Ready, n.State = false, "retired" }, "can no longer be linked", "lacks the keys"},
		"by its name, when seen again": {func(l *flattery.Link, n *Network) { l.Proof, l.Reason, n.ByName = flattery.ByName, "forbidden", true },
			"Once everybody may see these likes again", `action="/connect"`},
	} {
		t.Run(name, func(t *testing.T) {
			w := populated(false)
			if row.change != nil {
				row.change(&w.links[2], &w.networks[4])
			}
			expect(t, visitor(t, handler(t, options(t, w))).signIn(w, ada), "/links", []string{row.says}, []string{row.not})
		})
	}
}

func TestWhoCanMendALinkIsToldHow(t *testing.T) {
	const owner, you, keys, itself = "Whoever runs this instance can mend that.", "You run this instance, so you can mend that.", `class="button" href="/networks/mastodon/keys"`, "After that it goes on by itself."
	reconnect := `name="link" value="3"><button class="main">Reconnect`
	for name, row := range map[string]struct {
		reason, detail string
		change         func(*Network)
		donor, admin   []string // what is said to them
		not            []string // to nobody
	}{
		"terms":                   {"terms", "", func(n *Network) { n.Ready = false }, []string{"terms have to be accepted", owner, itself}, []string{you, keys, itself}, []string{reconnect, "lacks the keys"}},
		"terms that are accepted": {"terms", "", nil, []string{reconnect}, []string{reconnect}, []string{owner, you, itself}},
		"keys":                    {"keys", "invalid_client", func(n *Network) { n.FromSettings = false }, []string{owner, itself}, []string{you, keys, itself}, []string{reconnect, "invalid_client"}},
		"keys of the settings":    {"keys", "", nil, []string{owner, "After that it can be connected again here.", reconnect}, []string{you, keys, reconnect}, []string{itself}},
		"money":                   {"payment", "a plan is needed", nil, []string{owner, reconnect, "a plan is needed"}, []string{you, keys, reconnect}, []string{itself}},
		"keys that are missing":   {"reconnect", "", func(n *Network) { n.Ready = false }, []string{"lacks the keys"}, []string{"lacks the keys", keys}, []string{reconnect, owner, you}},
		"permission":              {"reconnect", "invalid_grant", nil, []string{reconnect}, []string{reconnect}, []string{owner, you, "invalid_grant", "/keys"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := populated(false)
			w.links = w.links[2:3]
			w.links[0].Reason, w.links[0].Detail = row.reason, row.detail
			if row.change != nil {
				row.change(&w.networks[4])
			}
			h := handler(t, options(t, w))
			expect(t, visitor(t, h).signIn(w, ada), "/links", row.admin, row.not)
			w.change(func(a *flattery.Account) { a.Admin = false })
			expect(t, visitor(t, h).signIn(w, ada), "/links", row.donor, append(row.not, "/keys", you))
		})
	}
	w := populated(false)
	l := &w.links[0]
	l.Identity.Network, l.Reason = "twitter", "spend"
	h := handler(t, options(t, w))
	expect(t, visitor(t, h).signIn(w, ada), "/links", []string{"money for reading this network is spent", "late", `href="/networks/twitter#price"`}, []string{owner})
	expect(t, visitor(t, h).signIn(w, ada), "/networks/twitter", []string{`id="price"`, "networks.twitter.spend_cap"}, nil)
	w.change(func(a *flattery.Account) { a.Admin = false })
	expect(t, visitor(t, h).signIn(w, ada), "/links", []string{"money for reading this network is spent"}, []string{"#price"})
	expect(t, visitor(t, h).signIn(w, ada), "/networks/twitter", []string{"$3.12 of $5.00"}, []string{"spend_cap"})
}

func TestALinkThatIsNotWellTellsNothingOfOAuth(t *testing.T) {
	w := populated(false)
	w.links = w.links[:1]
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	for detail, shown := range map[string]bool{
		"api.flickr.example answered 502 Bad Gateway":                      true,
		"rate limit: wait 15m0s":                                           true,
		"api.example refused: invalid_grant (expired)":                     false,
		"api.example refused: bad_refresh_token":                           false,
		`Get "https://x.example/1?oauth_signature=abc%3D&oauth_nonce=1"`:   false,
		"api.example answered 403 insufficient_scope":                      false,
		"the consumer key is unknown":                                      false,
		"invalid_client: the client secret is wrong":                       false,
		"Bearer eyJhbGciOi was not accepted":                               false,
		"redirect_uri did not match https://flattery.example/oauth/cb/x/x": false,
	} {
		for _, state := range []flattery.LinkState{flattery.LinkActive, flattery.LinkSuspended} {
			for _, reason := range []string{"trouble", "forbidden", "gone", "rate", "reconnect", "keys", "terms", "spend", "unknown"} {
				w.links[0].State, w.links[0].Reason, w.links[0].Detail = state, reason, detail
				body := b.get("/links").Body.String()
				if got, want := strings.Contains(body, html.EscapeString(detail)), shown && !slices.Contains([]string{"reconnect", "keys", "terms", "spend", "unknown"}, reason); got != want {
					t.Errorf("%s, %s: %q is shown: %v", state, reason, detail, got)
				}
			}
		}
	}
}
