package discover

import (
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"flattery/connectors/connectortest"
)

// told writes hits in one line: "github octocat at GitHub Sponsors https://…; …".
func told(list []Hit) string {
	var all []string
	for _, h := range list {
		all = append(all, fmt.Sprintf("%s: %s <%s>", h.Key, h.Payee, h.Destination))
	}
	return strings.Join(all, "; ")
}

func TestAFundingFileIsReadAsItIsWritten(t *testing.T) {
	const octocat = "github: octocat at GitHub Sponsors <https://github.com/sponsors/octocat>"
	many := "github: [a"
	for i := range 50 {
		many += fmt.Sprintf(", b%d", i)
	}
	for name, v := range map[string]struct{ text, want string }{
		"one name":                              {"github: octocat", octocat},
		"a list of one":                         {"github: [octocat]", octocat},
		"a list of lines":                       {"github:\n  - octocat\n", octocat},
		"a name with an @":                      {"github: '@octocat'", octocat},
		"the address of a sponsor page":         {"github: https://github.com/sponsors/octocat", octocat},
		"the address of a profile":              {"github: https://github.com/octocat/", octocat},
		"an address without its scheme":         {"github: github.com/octocat", octocat},
		"an address whose scheme is told twice": {"ko_fi: https://https://ko-fi.com/octocat", "ko_fi: octocat at Ko-fi <https://ko-fi.com/octocat>"},
		"http":                                  {"custom: http://example.org/pay", "custom: example.org/pay <https://example.org/pay>"},
		"lines of Windows":                      {"github: octocat\r\npatreon: cat\r\n", octocat + "; patreon: cat at Patreon <https://patreon.com/cat>"},
		"a mark of byte order":                  {"\ufeffgithub: octocat", octocat},
		"space before the colon":                {"custom : https://example.org", "custom: example.org <https://example.org>"},
		"a key in capitals":                     {"GitHub: octocat", octocat},
		"nulls":                                 {"github:\npatreon: ~\nko_fi: null\nliberapay: ''\ncustom: []\n", ""},
		"the untouched template":                {"# These are supported\n\ngithub: # Replace with up to 4\npatreon: # Replace\ncustom: # Replace with ['link1', 'link2']\n", ""},
		"the template's own names":              {"github: [user1, user2]\ncustom: ['link1', 'link2']", ""},
		"kilobytes of blanks":                   {"custom:\n  - https://example.org\n" + strings.Repeat(" \n", 4000) + "github: octocat", "custom: example.org <https://example.org>; " + octocat},
		"more than four names": {many + "]", "github: a at GitHub Sponsors <https://github.com/sponsors/a>; github: b0 at GitHub Sponsors <https://github.com/sponsors/b0>; " +
			"github: b1 at GitHub Sponsors <https://github.com/sponsors/b1>; github: b2 at GitHub Sponsors <https://github.com/sponsors/b2>"},
		"a list that is not closed":       {"github: [octocat\npatreon: cat\n", octocat + "; patreon: cat at Patreon <https://patreon.com/cat>"},
		"a tab":                           {"github:\toctocat\n\tpatreon: cat\n", octocat + "; patreon: cat at Patreon <https://patreon.com/cat>"},
		"a quote that is not closed":      {"github: \"octocat\ncustom: 'https://example.org\n", octocat + "; custom: example.org <https://example.org>"},
		"words instead of an address":     {"custom: [https://example.org, YouTube Member]", "custom: example.org <https://example.org>"},
		"an address without a scheme":     {"custom: paypal.me/octocat", "custom: paypal.me/octocat <https://paypal.me/octocat>"},
		"lightning":                       {"custom: ['lightning:Cat@Example.ORG', 'bitcoin:bc1q0']", "custom: lightning:cat@example.org <lightning:cat@example.org>"},
		"payto":                           {"custom: payto://iban/DE75512108001245126199", "custom: payto://iban/DE75512108001245126199 <payto://iban/DE75512108001245126199>"},
		"a platform's page under custom":  {"custom: https://www.buymeacoffee.com/cat", "custom: cat at Buy Me a Coffee <https://buymeacoffee.com/cat>"},
		"another's page under a platform": {"patreon: https://example.org/cat", "patreon: example.org/cat <https://example.org/cat>"},
		"names with slashes": {"tidelift: npm/@cat%2Fdog\nthanks_dev: u/gh/cat\nissuehunt: cat/dog", "tidelift: npm/@cat%2Fdog at Tidelift <https://tidelift.com/funding/github/npm/@cat%2Fdog>; " +
			"thanks_dev: u/gh/cat at thanks.dev <https://thanks.dev/u/gh/cat>; issuehunt: cat/dog at IssueHunt <https://issuehunt.io/r/cat/dog>"},
		"every other platform": {"open_collective: a\nliberapay: b\ncommunity_bridge: c\nlfx_crowdfunding: d\npolar: e\nbuy_me_a_coffee: f\notechie: g",
			"open_collective: a at Open Collective <https://opencollective.com/a>; liberapay: b at Liberapay <https://liberapay.com/b>; " +
				"community_bridge: c at LFX Crowdfunding <https://crowdfunding.lfx.linuxfoundation.org/projects/c>; lfx_crowdfunding: d at LFX Crowdfunding <https://crowdfunding.lfx.linuxfoundation.org/projects/d>; " +
				"polar: e at Polar <https://polar.sh/e>; buy_me_a_coffee: f at Buy Me a Coffee <https://buymeacoffee.com/f>; otechie: g at Otechie <https://otechie.com/g>"},
		"the same twice":             {"github: [octocat, octocat]\ncustom: https://github.com/sponsors/octocat", octocat},
		"numbers":                    {"patreon: 123", "patreon: 123 at Patreon <https://patreon.com/123>"},
		"a key that nobody knows":    {"flattr: octocat\ngithub: octocat", octocat},
		"a list of lists":            {"github: [[octocat]]", ""},
		"an object":                  {"github: {name: octocat}", ""},
		"an alias":                   {"a: &a [x, x]\ngithub: *a", ""},
		"no mapping":                 {"- github: octocat", ""},
		"a name that leaves":         {"github: ../../evil\nko_fi: 'a b'\npatreon: a?b=c", ""},
		"a script":                   {"custom: 'javascript:alert(1)'", ""},
		"an address with a password": {"custom: https://me:x@example.org/", ""},
		"an address of this machine": {"custom: ['https://localhost/', 'https://127.0.0.1/', 'https://[::1]/', 'https://printer.local/', 'https://example.org:8443/']", ""},
		"nothing":                    {"", ""},
		"no text":                    {"\x00\xff\xfe{}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := told(FundingFile([]byte(v.text))); got != v.want {
				t.Errorf("got  %s\nwant %s", got, v.want)
			}
		})
	}
}

// Each file that was found in public is read with the keys that a reader of YAML finds in it.
func TestTheFundingFilesOfTheWildAreRead(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(string(connectortest.ReadShared(t, "reach", "expect.tsv"))), "\n")
	files, with := 0, 0
	for _, line := range lines[1:] {
		name, want, _ := strings.Cut(line, "\t")
		text := connectortest.ReadShared(t, "reach", name)
		var keys []string
		for _, e := range fundingEntries(text) {
			keys = append(keys, e.key)
		}
		slices.Sort(keys)
		if got := strings.Join(slices.Compact(keys), ","); got != want && want != "broken" {
			t.Errorf("%s has %s, want %s", name, got, want)
		}
		files++
		found := FundingFile(text)
		if len(found) > 0 {
			with++
		}
		for key := range strings.SplitSeq(want, ",") {
			if _, known := platformOf(key); (known || key == "custom") && !slices.ContainsFunc(found, func(h Hit) bool { return h.Key == key }) {
				// What is named there stands under another key already, or is no address.
				t.Logf("%s: nothing is read of %s; found: %s", name, key, told(found))
			}
		}
		sound(t, found)
	}
	there, err := os.ReadDir(connectortest.Shared(t, "reach", "funding"))
	if err != nil || len(there) != files {
		t.Errorf("%d files are expected, %d are there, %v", files, len(there), err)
	}
	if with != 112 {
		t.Errorf("%d of %d files name a place to be paid", with, files)
	}
}

// sound holds what every hit is, whatever was read.
func sound(t *testing.T, list []Hit) {
	t.Helper()
	if len(list) > 2*maxHits {
		t.Errorf("%d hits", len(list))
	}
	for i, h := range list {
		u, err := url.Parse(string(h.Destination))
		if err != nil || h.Key == "" || h.Payee == "" || strings.ContainsFunc(string(h.Destination), odd) ||
			!slices.Contains([]string{"https", "payto", "lightning"}, u.Scheme) || u.Scheme == "https" && (u.User != nil || u.Host == "" || u.Port() != "") {
			t.Errorf("%+v: %v", h, err)
		}
		if slices.ContainsFunc(list[:i], func(one Hit) bool { return one == h }) {
			t.Errorf("%+v is there twice", h)
		}
		if again := destination(string(h.Destination)); again != h.Destination {
			t.Errorf("%s read again is %s", h.Destination, again)
		}
	}
}

func FuzzFundingFile(f *testing.F) {
	for _, s := range []string{"github: [a, b\npatreon: c", "custom: ['https://https://example.org', payto://iban/x]", "\tgithub:\n- a\r\n", "a: &a [*a]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) { sound(t, FundingFile(text)) })
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"version":"v1.0.0","entity":{"name":"a","webpageUrl":{"url":"https://example.org"}},"funding":{"channels":[{"address":"https://example.org/pay"}]}}`))
	f.Add([]byte(`{"version":1,"entity":[],"funding":{"channels":{}}}`))
	f.Add([]byte(`{"funding":[{"url":"https://example.org"},"https://example.com"]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		sound(t, ReadManifest(text).Hits)
		sound(t, PackageJSON(text))
		sound(t, PyProject(text))
		for _, u := range ManifestURLs(text) {
			Speaks(u, string(text), text)
		}
	})
}

func FuzzPageLinks(f *testing.F) {
	for _, s := range []string{`<a rel=payment href="/pay">`, `<link rel="monetization" href="$wallet.example.com/a">`, `<rss><podcast:funding url="https://example.org">x</podcast:funding>`,
		`<base href="//x"><a href="payto://iban/DE75512108001245126199"><a href="lightning:a@example.org">`} {
		f.Add([]byte(s))
	}
	base, err := url.Parse("https://example.org/a/b")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, page []byte) {
		sound(t, PageLinks(page, base))
		sound(t, PageLinks(page, nil))
	})
}
