package connectors

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"iter"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"flattery"
)

// MaxPage is how long a page of somebody's own may be, in bytes.
const MaxPage = 1 << 20

// maxRelMe is how many links of a page are looked at.
const maxRelMe = 100

// ReadPage reads the page of somebody's own that a profile links to, with nothing of the session but its client. It says
// where the page was in the end: redirects are followed within the host (with or without www.) and nowhere else, so that
// nobody speaks for another's site who is only led to from there, or leads there. HTML alone is read, of at most MaxPage.
//
// That a profile links to a page and the page back proves that they are of one person, and not of which account here: the
// page has to hold the account's claim token as well (PageTokens), or to be proved in another way.
func ReadPage(ctx context.Context, s Session, address string) (page []byte, at *url.URL, err error) {
	if WebURL(address) == "" {
		return nil, nil, flattery.Input("that is not the address of a page: write it like https://example.org/me")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, flattery.Input("that is not the address of a page: write it like https://example.org/me")
	}
	req.Header.Set("Accept", "text/html, application/xhtml+xml")
	client := *s.Client
	client.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		if siteOf(next.URL) != siteOf(req.URL) {
			return &AnswerError{Host: req.URL.Host, Reason: "redirects to " + Clean(next.URL.Host, 100) + ", which is another site"}
		}
		if s.Client.CheckRedirect == nil {
			return follow(next, via)
		}
		return s.Client.CheckRedirect(next, via)
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, nil, Failure(req.URL.Host, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, nil, Refusal(resp, s.Now)
	}
	host := hostOf(resp)
	if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); word(kind) != "HTML" {
		return nil, nil, &AnswerError{Host: host, Reason: "sent " + cmp.Or(word(kind), "something") + " where a page was expected"}
	}
	page, err = io.ReadAll(io.LimitReader(resp.Body, MaxPage+1))
	if err != nil {
		return nil, nil, Failure(host, err)
	}
	if len(page) > MaxPage {
		return nil, nil, tooLong(host, MaxPage)
	}
	return page, resp.Request.URL, nil
}

// RelMe are the addresses that a page calls its owner's: of <a rel="me"> and <link rel="me">, whole, each once, at most a
// hundred. Base is where the page was read from, nil where nobody knows; a <base> in the page is honoured. Of a page longer
// than MaxPage nothing is believed. It never fails: what is no HTML has no links.
func RelMe(page []byte, base *url.URL) (links []string) {
	var hrefs []string
	based := false
	for name, tag := range tags(page) {
		switch href, ok := tag["href"]; {
		case !ok:
		case name == "base" && !based:
			based, base = true, resolved(base, href)
		case (name == "a" || name == "link") && len(hrefs) < maxRelMe && slices.ContainsFunc(strings.Fields(tag["rel"]), isMe):
			hrefs = append(hrefs, href)
		}
	}
	for _, href := range hrefs {
		if u := resolved(base, href); u != nil {
			if link := WebURL(u.String()); link != "" && !slices.Contains(links, link) {
				links = append(links, link)
			}
		}
	}
	return links
}

func isMe(rel string) bool { return strings.EqualFold(rel, "me") }

// PageTokens are the claim tokens of a page, each once: of <meta name="flattery" content="…">, and in the addresses of its rel="me"
// links. Those in the text are not believed, where strangers may comment.
func PageTokens(page []byte) (tokens []string) {
	said := RelMe(page, nil)
	for name, tag := range tags(page) {
		if name == "meta" && strings.EqualFold(tag["name"], "flattery") && len(said) < 2*maxRelMe {
			said = append(said, tag["content"])
		}
	}
	return ClaimTokens(strings.Join(said, "\n"))
}

// tags are the elements of a page that begin in it and say something about it, with the attributes that do, as first told.
func tags(page []byte) iter.Seq2[string, map[string]string] {
	return func(yield func(string, map[string]string) bool) {
		if len(page) > MaxPage {
			return
		}
		for z := html.NewTokenizer(bytes.NewReader(page)); ; {
			kind := z.Next()
			if kind == html.ErrorToken {
				return
			}
			if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
				continue
			}
			raw, more := z.TagName()
			name := string(raw)
			if !slices.Contains([]string{"a", "base", "link", "meta"}, name) {
				continue
			}
			tag := map[string]string{}
			for more {
				var key, value []byte
				key, value, more = z.TagAttr()
				if _, told := tag[string(key)]; !told && slices.Contains([]string{"href", "rel", "name", "content"}, string(key)) {
					tag[string(key)] = string(value)
				}
			}
			if !yield(name, tag) {
				return
			}
		}
	}
}

// resolved is an address as it is meant where the base is; nil for what is none.
func resolved(base *url.URL, href string) *url.URL {
	u, err := url.Parse(strings.Trim(href, " \t\r\n\f"))
	if err != nil || len(href) > maxURL {
		return nil
	}
	if base != nil {
		u = base.ResolveReference(u)
	}
	return u
}

// LinksBack reports whether a page calls one of a profile's addresses its owner's. At networks a name in capitals is the
// same name, so that the paths of profiles are compared without regard to case.
func LinksBack(page []byte, base *url.URL, profile ...string) bool {
	return slices.ContainsFunc(RelMe(page, base), func(link string) bool {
		return slices.ContainsFunc(profile, func(p string) bool { return SamePage(small(link), small(p)) })
	})
}

// SamePage reports whether two addresses are of one page as they are written: http or https, capitals in the host, www.,
// the usual port, a slash at the end and what follows # make no difference; all else does. Nobody is asked, so that an
// address that redirects is only itself.
func SamePage(a, b string) bool {
	one, other := place(a), place(b)
	return one != "" && one == other
}

// place is what of an address says which page it is; "" for what is no address of a page.
func place(address string) string {
	u, err := url.Parse(address)
	if err != nil || WebURL(address) == "" {
		return ""
	}
	path := u.RawPath // in which a %2F is no slash
	if !strings.Contains(strings.ToUpper(path), "%2F") {
		path = (&url.URL{Path: u.Path}).EscapedPath()
	}
	where := siteOf(u)
	if port := u.Port(); port != "" && (u.Scheme != "https" || port != "443") && (u.Scheme != "http" || port != "80") {
		where += ":" + port
	}
	where += "/" + strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/")
	if u.RawQuery != "" {
		where += "?" + u.RawQuery
	}
	return where
}

// siteOf is the host of an address, in small letters and without www.
func siteOf(u *url.URL) string {
	return strings.TrimPrefix(strings.TrimSuffix(small(u.Hostname()), "."), "www.")
}

// small makes the letters of ASCII small, and leaves alone what only looks like them.
func small(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
