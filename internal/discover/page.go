package discover

import (
	"bytes"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"flattery/connectors"
)

// PageLinks reads where a page, or a feed, says that its owner is paid: rel="payment", <link rel="monetization">,
// podcast:funding, and links to payto: and lightning:. Base is where it was read from, nil where nobody knows. What a page marks as
// written by its visitors (ugc, nofollow) is not its owner's word. Wallets of web monetization, which no person can pay by hand,
// come last. Of a page longer than connectors.MaxPage nothing is believed.
func PageLinks(page []byte, base *url.URL) []Hit {
	var found, wallets hits
	if len(page) > connectors.MaxPage {
		return nil
	}
	based := false
	for z := html.NewTokenizer(bytes.NewReader(page)); ; {
		kind := z.Next()
		if kind == html.ErrorToken {
			return append(found, wallets...)
		}
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			continue
		}
		raw, more := z.TagName()
		name := string(raw)
		if !slices.Contains([]string{"a", "base", "link", "meta", "podcast:funding"}, name) {
			continue
		}
		tag := attributes(z, more)
		rel := strings.Fields(strings.ToLower(tag["rel"]))
		switch {
		case name == "base" && !based && tag["href"] != "":
			based, base = true, absolute(base, tag["href"])
		case name == "meta" && strings.EqualFold(tag["name"], "monetization"):
			wallets.addAddress("monetization", wallet(tag["content"]))
		case name == "link" && slices.Contains(rel, "monetization"):
			wallets.addAddress("monetization", wallet(tag["href"]))
		case name == "podcast:funding":
			found.addAddress(name, linked(base, tag["url"]))
		case slices.Contains(rel, "ugc") || slices.Contains(rel, "nofollow") || name != "a" && name != "link":
		case slices.Contains(rel, "payment"):
			found.addAddress("rel=payment", linked(base, tag["href"]))
		case name == "a":
			scheme, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag["href"])), ":")
			if scheme == "payto" || scheme == "lightning" {
				found.addAddress(scheme, tag["href"])
			}
		}
	}
}

// attributes are those of a tag that matter, as first told.
func attributes(z *html.Tokenizer, more bool) map[string]string {
	tag := map[string]string{}
	for more {
		var key, value []byte
		key, value, more = z.TagAttr()
		if _, told := tag[string(key)]; !told && slices.Contains([]string{"href", "rel", "name", "content", "url"}, string(key)) {
			tag[string(key)] = string(value)
		}
	}
	return tag
}

// linked is where a link leads; "" where that is not told.
func linked(base *url.URL, href string) string {
	if u := absolute(base, href); strings.TrimSpace(href) != "" && u != nil && u.IsAbs() {
		return u.String()
	}
	return ""
}

func absolute(base *url.URL, href string) *url.URL {
	u, err := url.Parse(strings.Trim(href, " \t\r\n\f"))
	if err != nil {
		return nil
	}
	if base != nil {
		u = base.ResolveReference(u)
	}
	return u
}

// wallet is a payment pointer, "$wallet.example/alice", as an address.
func wallet(s string) string {
	s = strings.TrimSpace(s)
	if pointer, ok := strings.CutPrefix(s, "$"); ok {
		return "https://" + pointer
	}
	if !strings.HasPrefix(s, "https://") {
		return ""
	}
	return s
}
