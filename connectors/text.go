package connectors

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The longest texts that are kept of a network, in runes.
const (
	MaxTitle  = 300
	MaxHandle = 100
	MaxName   = 200
	maxURL    = 2000
)

// Clean makes text from outside fit for one line: invalid UTF-8, control characters and marks that turn the direction
// of writing are gone, runs of white space are one space, and at most most runes are left.
func Clean(s string, most int) string {
	var b strings.Builder
	n, gap := 0, false
	for i, r := range s {
		if n == most {
			break
		}
		if unicode.IsSpace(r) {
			gap = n > 0
			continue
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			continue
		}
		if gap {
			if n+1 == most {
				break
			}
			b.WriteByte(' ')
			n, gap = n+1, false
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}

// WebURL is the address of a page that a person may be sent to: http or https, with a host, without a password, on
// one line. Anything else, javascript: first of all, becomes "".
func WebURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || len(s) > maxURL || s != Clean(s, maxURL) || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil {
		return ""
	}
	return s
}
