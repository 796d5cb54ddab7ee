package click

import (
	"errors"
	"strings"
	"testing"

	"flattery"
)

func TestAnAddressIsWrittenInOneWay(t *testing.T) {
	for name, row := range map[string]struct{ in, out, host string }{
		"as it is":                     {"https://blog.example/a", "https://blog.example/a", "blog.example"},
		"http":                         {"http://blog.example/a", "https://blog.example/a", "blog.example"},
		"capitals":                     {"HTTPS://Blog.EXAMPLE/A", "https://blog.example/A", "blog.example"},
		"a fragment":                   {"https://blog.example/a#part", "https://blog.example/a", "blog.example"},
		"utm":                          {"https://blog.example/a?utm_source=x&id=7&UTM_campaign=y", "https://blog.example/a?id=7", "blog.example"},
		"utm, hidden":                  {"https://blog.example/a?utm%5Fsource=x", "https://blog.example/a", "blog.example"},
		"utm alone":                    {"https://blog.example/?utm_source=x", "https://blog.example/", "blog.example"},
		"what only ends so":            {"https://blog.example/a?my_utm_source=x", "https://blog.example/a?my_utm_source=x", "blog.example"},
		"the order of a query":         {"https://blog.example/?b=2&a=1", "https://blog.example/?b=2&a=1", "blog.example"},
		"an empty query":               {"https://blog.example/a?", "https://blog.example/a", "blog.example"},
		"no path":                      {"https://blog.example", "https://blog.example/", "blog.example"},
		"the port of https":            {"https://blog.example:443/a", "https://blog.example/a", "blog.example"},
		"the port of http":             {"http://blog.example:80/a", "https://blog.example/a", "blog.example"},
		"another port":                 {"https://blog.example:8443/a", "https://blog.example:8443/a", "blog.example"},
		"a point at the end":           {"https://blog.example./a", "https://blog.example/a", "blog.example"},
		"www stays":                    {"https://www.blog.example/", "https://www.blog.example/", "www.blog.example"},
		"escapes stay":                 {"https://blog.example/a%20b/%C3%A9", "https://blog.example/a%20b/%C3%A9", "blog.example"},
		"letters are escaped":          {"https://blog.example/é", "https://blog.example/%C3%A9", "blog.example"},
		"letters of a query":           {"https://blog.example/?q=é\"<", "https://blog.example/?q=%C3%A9%22%3C", "blog.example"},
		"blanks around":                {"  https://blog.example/a\n", "https://blog.example/a", "blog.example"},
		"a host in the letters of DNS": {"https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/", "xn--bcher-kva.example"},
		"six":                          {"https://[2001:DB8::1]/a", "https://[2001:db8::1]/a", "2001:db8::1"},
		"six with a port":              {"https://[2001:db8::1]:8443/a", "https://[2001:db8::1]:8443/a", "2001:db8::1"},
	} {
		t.Run(name, func(t *testing.T) {
			address, host, err := Canonical(row.in)
			if err != nil || address != row.out || host != row.host {
				t.Errorf("%q is %q on %q (%v), want %q on %q", row.in, address, host, err, row.out, row.host)
			}
			again, _, err := Canonical(address)
			if err != nil || again != address {
				t.Errorf("and again it is %q (%v)", again, err)
			}
		})
	}
}

func TestWhatIsNoPageIsRefusedInWords(t *testing.T) {
	for name, in := range map[string]string{
		"nothing":               "",
		"a script":              "javascript:alert(1)",
		"a script in capitals":  "JaVaScRiPt:alert(1)",
		"a script with slashes": "javascript://blog.example/%0Aalert(1)",
		"data":                  "data:text/html,<script>alert(1)</script>",
		"a file":                "file:///etc/passwd",
		"no scheme":             "blog.example/a",
		"two slashes":           "//blog.example/a",
		"a path":                "/a",
		"no host":               "https:///a",
		"an opaque one":         "https:blog.example",
		"a password":            "https://user:pass@blog.example/",
		"a host that turns":     "https://blog\u202e.example/",
		"a host in other signs": "https://bücher.example/",
		"a blank in the host":   "https://blog example/",
		"a control character":   "https://blog.example/\x00",
		"a new line":            "https://blog.example/a\nb",
		"points without names":  "https://../",
		"too long":              "https://blog.example/" + strings.Repeat("a", 10_000),
		"too long once escaped": "https://blog.example/" + strings.Repeat("é", 900),
	} {
		t.Run(name, func(t *testing.T) {
			address, _, err := Canonical(in)
			if _, ok := errors.AsType[*flattery.InputError](err); !ok {
				t.Errorf("%.60q became %q: %v", in, address, err)
			}
		})
	}
}

func FuzzCanonical(f *testing.F) {
	for _, s := range []string{"https://blog.example/a?utm_source=x#y", "javascript:alert(1)", "http://[::1]:80/", "https://a:b@c/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		address, host, err := Canonical(in)
		if err != nil {
			return
		}
		again, same, err := Canonical(address)
		if err != nil || again != address || same != host || !strings.HasPrefix(address, "https://") || strings.ContainsAny(address, "<>\" \n\x00") {
			t.Errorf("%q became %q on %q, and then %q on %q (%v)", in, address, host, again, same, err)
		}
	})
}
