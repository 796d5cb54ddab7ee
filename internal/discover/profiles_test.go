package discover

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"flattery"
)

// toldOf writes what a profile says in one line.
func toldOf(s Said) string {
	var all []string
	for _, h := range s.Hits {
		all = append(all, "+"+h.Key+" "+string(h.Destination))
	}
	for _, h := range s.Others {
		all = append(all, "-"+h.Key+" "+string(h.Destination))
	}
	for _, l := range s.Links {
		all = append(all, "page "+l)
	}
	return strings.Join(all, "; ")
}

const cats = `{"id":"109","username":"cat","acct":"cat","uri":"https://social.example.org/users/cat","url":"https://social.example.org/@cat","fields":[%s]}`

// field is one of a Mastodon profile.
func field(value, verified string) string {
	at := "null"
	if verified != "" {
		at = strconv.Quote(verified)
	}
	return fmt.Sprintf(`{"name":"Pay","value":%q,"verified_at":%s}`, value, at)
}

func TestFieldsOfAMastodonProfileSayWhereToPay(t *testing.T) {
	const when = "2026-03-01T09:00:00.000+00:00"
	link := func(to string) string {
		return `<a href="` + to + `" target="_blank" rel="nofollow noopener me"><span class="invisible">https://</span>x</a>`
	}
	for name, v := range map[string]struct{ answer, want string }{
		"a verified place":           {fmt.Sprintf(cats, field(link("https://liberapay.com/cat"), when)), "+verified field https://liberapay.com/cat"},
		"one that is not verified":   {fmt.Sprintf(cats, field(link("https://ko-fi.com/cat"), "")), "-field https://ko-fi.com/cat"},
		"verified at no time":        {fmt.Sprintf(cats, field(link("https://ko-fi.com/cat"), "soon")), "-field https://ko-fi.com/cat"},
		"a page of one's own":        {fmt.Sprintf(cats, field(link("https://cat.example.org/me"), when)), "page https://cat.example.org/me"},
		"a payto address, as text":   {fmt.Sprintf(cats, field("payto://iban/DE75512108001245126199", "")), "-field payto://iban/DE75512108001245126199"},
		"a profile at GitHub":        {fmt.Sprintf(cats, field(link("https://github.com/cat"), when)), "page https://github.com/cat"},
		"a listing at GitHub":        {fmt.Sprintf(cats, field(link("https://github.com/sponsors/cat"), when)), "+verified field https://github.com/sponsors/cat"},
		"an address inside a house":  {fmt.Sprintf(cats, field(link("https://192.168.1.1/pay"), when)+","+field(link("http://localhost/"), when)), ""},
		"a script for an address":    {fmt.Sprintf(cats, field(link("javascript:alert(1)"), when)), ""},
		"who has moved":              {strings.Replace(fmt.Sprintf(cats, field(link("https://ko-fi.com/cat"), when)), `"id"`, `"moved":{"id":"2"},"id"`, 1), ""},
		"who has not moved":          {strings.Replace(fmt.Sprintf(cats, field(link("https://ko-fi.com/cat"), when)), `"id"`, `"moved":null,"id"`, 1), "+verified field https://ko-fi.com/cat"},
		"who is suspended":           {strings.Replace(fmt.Sprintf(cats, field(link("https://ko-fi.com/cat"), when)), `"id"`, `"suspended":true,"id"`, 1), ""},
		"no fields, as Pixelfed has": {fmt.Sprintf(cats, ""), ""},
		"no JSON":                    {"<html>", ""},
		"fields that are none":       {`{"id":"109","fields":"x"}`, ""},
		"longer than a profile is":   {fmt.Sprintf(cats, field(link("https://ko-fi.com/cat"), when)) + strings.Repeat(" ", maxText), ""},
	} {
		if got := toldOf(MastodonAccount([]byte(v.answer))); got != v.want {
			t.Errorf("%s: %q, want %q", name, got, v.want)
		}
	}
	if got := MastodonAccount([]byte(fmt.Sprintf(cats, ""))); fmt.Sprint(got.IDs, got.Pages) != "[109 https://social.example.org/users/cat] [https://social.example.org/@cat https://social.example.org/users/cat]" {
		t.Errorf("%+v", got)
	}
}

func TestAProfileOfBlueskySaysWhereToPay(t *testing.T) {
	const of = `{"did":"did:plc:cat","handle":"cat.example.org","displayName":"Cat","website":%q,"description":%q,"followersCount":3}`
	for name, v := range map[string]struct{ website, description, want string }{
		"a place":              {"https://ko-fi.com/cat", "", "+website https://ko-fi.com/cat"},
		"a page of one's own":  {"https://cat.example.org", "", "page https://cat.example.org"},
		"a place in the words": {"", "Help my friend (https://ko-fi.com/dog), or read https://example.org.", "-description https://ko-fi.com/dog"},
		"nothing":              {"", "", ""},
	} {
		got := BlueskyProfile(fmt.Appendf(nil, of, v.website, v.description))
		if toldOf(got) != v.want || fmt.Sprint(got.IDs) != "[did:plc:cat]" || len(got.Pages) != 2 {
			t.Errorf("%s: %q, want %q (%+v)", name, toldOf(got), v.want, got)
		}
	}
	if got := BlueskyProfile([]byte(`{"error":"InvalidRequest","message":"Profile not found"}`)); len(got.IDs) > 0 {
		t.Errorf("%+v", got)
	}
}

func TestAnEventOfNostrSaysWhereToPay(t *testing.T) {
	key := strings.Repeat("0a", 32)
	bech := "lnurl1" + strings.Repeat("q", 40)
	for name, v := range map[string]struct {
		kind    int
		content string
		want    string
	}{
		"a lightning address":            {0, `{"name":"cat","lud16":"Cat@wallet.example.org"}`, "+lud16 lightning:cat@wallet.example.org"},
		"an LNURL":                       {0, `{"lud06":"` + strings.ToUpper(bech) + `"}`, "+lud06 lightning:" + bech},
		"both":                           {0, `{"lud06":"` + bech + `","lud16":"cat@wallet.example.org"}`, "+lud16 lightning:cat@wallet.example.org"},
		"with the scheme":                {0, `{"lud16":"lightning:cat@wallet.example.org"}`, "+lud16 lightning:cat@wallet.example.org"},
		"a website that is a place":      {0, `{"website":"https://ko-fi.com/cat"}`, "+website https://ko-fi.com/cat"},
		"a website":                      {0, `{"website":"cat.example.org"}`, "page https://cat.example.org"},
		"an address that is none":        {0, `{"lud16":"cat","lud06":"lnbc1x"}`, ""},
		"an address with a query":        {0, `{"lud16":"cat@wallet.example.org?amount=1"}`, ""},
		"another kind of event":          {1, `{"lud16":"cat@wallet.example.org"}`, ""},
		"words":                          {0, `hello`, ""},
		"texts that are something else":  {0, `{"lud16":["x"]}`, ""},
		"a null, as some programs write": {0, `{"lud16":null,"lud06":"","website":null}`, ""},
	} {
		event, err := json.Marshal(map[string]any{"id": "x", "pubkey": key, "kind": v.kind, "created_at": 1, "tags": []string{}, "content": v.content, "sig": "x"})
		if err != nil {
			t.Fatal(err)
		}
		if got := toldOf(NostrProfile(event)); got != v.want {
			t.Errorf("%s: %q, want %q", name, got, v.want)
		}
	}
	for _, event := range []string{"", "{}", `{"kind":0,"pubkey":"x","content":"{}"}`, `{"pubkey":"` + key + `","content":"{}"}`} {
		if got := NostrProfile([]byte(event)); len(got.IDs) > 0 {
			t.Errorf("%s is of %q", event, got.IDs)
		}
	}
}

func TestWhatAProfileSaysMakesPayable(t *testing.T) {
	const when = "2026-03-01T09:00:00Z"
	key := strings.Repeat("0a", 32)
	for name, v := range map[string]struct {
		network, subject, handle string
		pages                    map[string]string
		event                    string
		want                     string
		fails                    bool
		asked                    int
	}{
		"Mastodon, at home": {network: "mastodon", subject: "109", handle: "@cat@social.example.org", asked: 1,
			pages: map[string]string{"/api/v1/accounts/lookup": fmt.Sprintf(cats, field(`<a href="https://liberapay.com/cat">x</a>`, when)+","+field(`<a href="https://ko-fi.com/dog">x</a>`, ""))},
			want:  "+profile https://liberapay.com/cat owner; -profile https://ko-fi.com/dog untied"},
		"Mastodon, known by address": {network: "mastodon", subject: "https://social.example.org/users/cat", handle: "cat", asked: 1,
			pages: map[string]string{"/api/v1/accounts/lookup": fmt.Sprintf(cats, field(`<a href="https://liberapay.com/cat">x</a>`, when))}, want: "+profile https://liberapay.com/cat owner"},
		"somebody else has the name": {network: "mastodon", subject: "7", handle: "cat", asked: 1,
			pages: map[string]string{"/api/v1/accounts/lookup": fmt.Sprintf(cats, field(`<a href="https://liberapay.com/cat">x</a>`, when))}},
		"nobody has the name":  {network: "mastodon", subject: "109", handle: "cat", asked: 1},
		"a server that breaks": {network: "mastodon", subject: "109", handle: "cat", pages: map[string]string{"/api/v1/accounts/lookup": "broken"}, fails: true, asked: 1},
		"Bluesky": {network: "bluesky", subject: "did:plc:cat", handle: "cat.example.org", asked: 1,
			pages: map[string]string{"/xrpc/app.bsky.actor.getProfile": `{"did":"did:plc:cat","handle":"cat.example.org","website":"https://ko-fi.com/cat"}`}, want: "+profile https://ko-fi.com/cat owner"},
		"Bluesky, of another": {network: "bluesky", subject: "did:plc:cat", handle: "cat.example.org", asked: 1,
			pages: map[string]string{"/xrpc/app.bsky.actor.getProfile": `{"did":"did:plc:dog","website":"https://ko-fi.com/dog"}`}},
		"Bluesky knows nobody": {network: "bluesky", subject: "did:plc:cat", handle: "cat.example.org", asked: 1,
			pages: map[string]string{"/xrpc/app.bsky.actor.getProfile": "bad"}},
		"Nostr": {network: "nostr", subject: key, handle: "cat", event: `{"kind":0,"pubkey":"` + key + `","content":"{\"lud16\":\"cat@wallet.example.org\"}"}`,
			want: "+profile lightning:cat@wallet.example.org owner"},
		"Nostr, of another key": {network: "nostr", subject: strings.Repeat("0b", 32), handle: "cat", event: `{"kind":0,"pubkey":"` + key + `","content":"{\"lud16\":\"cat@wallet.example.org\"}"}`},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{site: newSite(t, v.pages)}
			finder := f.finder()
			finder.Bluesky, finder.Liberapay = f.URL, ""
			finder.Event = func(context.Context, string) ([]byte, string, error) {
				return []byte(v.event), "wss://relay.example.org", nil
			}
			who := flattery.Profile{Identity: flattery.Identity{Network: v.network, Host: strings.TrimPrefix(f.URL, "https://"), Subject: v.subject}, Handle: v.handle}
			got, err := finder.Find(t.Context(), Author{Profile: who})
			if spelled(got) != v.want || (err != nil) != v.fails || len(f.asked) != v.asked {
				t.Errorf("got %s, %v, asked %q\nwant %s", spelled(got), err, f.asked, v.want)
			}
		})
	}
}

func soundSaid(t *testing.T, s Said) {
	t.Helper()
	sound(t, s.Hits)
	sound(t, s.Others)
	for _, l := range append(s.Links, s.Pages...) {
		if !strings.HasPrefix(l, "http") || len(s.Links) > mostPages {
			t.Errorf("%d links, one is %q", len(s.Links), l)
		}
	}
}

func FuzzMastodonAccount(f *testing.F) {
	f.Add(fmt.Appendf(nil, cats, field(`<a href="https://ko-fi.com/cat">`, "2026-03-01T09:00:00Z")))
	f.Add([]byte(`{"fields":[{"value":"lightning:A@example.org"},{"value":"<a href=x><a href="}],"moved":null}`))
	f.Fuzz(func(t *testing.T, answer []byte) { soundSaid(t, MastodonAccount(answer)) })
}

func FuzzBlueskyProfile(f *testing.F) {
	f.Add([]byte(`{"did":"did:plc:x","handle":"a.example.org","website":"https://https://ko-fi.com/a","description":"(payto://iban/x) lightning:a@b"}`))
	f.Fuzz(func(t *testing.T, answer []byte) { soundSaid(t, BlueskyProfile(answer)) })
}

func FuzzNostrProfile(f *testing.F) {
	f.Add([]byte(`{"kind":0,"pubkey":"` + strings.Repeat("0a", 32) + `","content":"{\"lud16\":\"a@example.org\",\"website\":\"ko-fi.com/a\"}"}`))
	f.Fuzz(func(t *testing.T, event []byte) { soundSaid(t, NostrProfile(event)) })
}
