package connectors

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"flattery"
)

func TestOnlyWhatAPageCallsItsOwnersIs(t *testing.T) {
	base, err := url.Parse("https://example.org/me/index.html")
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]struct {
		page string
		want []string
	}{
		"a link in the text":                {`<a rel="me" href="https://github.com/octocat">me</a>`, []string{"https://github.com/octocat"}},
		"a link in the head":                {`<head><link href=https://github.com/octocat rel=me></head>`, []string{"https://github.com/octocat"}},
		"in capitals":                       {`<A REL='ME' HREF='https://github.com/octocat'>`, []string{"https://github.com/octocat"}},
		"among other relations":             {"<a rel='noopener\nme  nofollow' href='https://github.com/octocat'>", []string{"https://github.com/octocat"}},
		"closed at once":                    {`<link rel="me" href="https://github.com/octocat"/>`, []string{"https://github.com/octocat"}},
		"with entities":                     {`<a rel="&#109;e" href="https://github.com/?a&amp;b">`, []string{"https://github.com/?a&b"}},
		"each once, in their order":         {`<a rel=me href="https://b.example/"><a rel=me href="https://a.example/"><a rel=me href="https://b.example/">`, []string{"https://b.example/", "https://a.example/"}},
		"from here":                         {`<a rel=me href="../you?x#y">`, []string{"https://example.org/you?x#y"}},
		"of the same scheme":                {`<a rel=me href="//github.com/octocat">`, []string{"https://github.com/octocat"}},
		"from the base of the page":         {`<a rel=me href="octocat"><base href="https://github.com/">`, []string{"https://github.com/octocat"}},
		"the first base counts":             {`<base href="/a/"><base href="/b/"><a rel=me href="c">`, []string{"https://example.org/a/c"}},
		"a base that is no address":         {`<base href="https://[::1"><a rel=me href="https://a.example/"><a rel=me href="c">`, []string{"https://a.example/"}},
		"the first of two addresses counts": {`<a rel=me href="https://a.example/" href="https://b.example/">`, []string{"https://a.example/"}},
		"the first of two relations counts": {`<a rel=nofollow rel=me href="https://a.example/">`, nil},
		"space around an address":           {"<a rel=me href=' https://a.example/\n'>", []string{"https://a.example/"}},
		"another relation":                  {`<a rel="nofollow" href="https://a.example/">`, nil},
		"a relation that begins alike":      {`<a rel="me2 member meta" href="https://a.example/">`, nil},
		"no relation":                       {`<a href="https://a.example/?rel=me">`, nil},
		"no address":                        {`<a rel=me>`, nil},
		"another element":                   {`<area rel=me href="https://a.example/"><div rel=me href="https://b.example/">`, nil},
		"in a comment":                      {`<!-- <a rel=me href="https://a.example/"> -->`, nil},
		"in a script":                       {`<script>"<a rel=me href='https://a.example/'>"</script>`, nil},
		"in a text field":                   {`<textarea><a rel=me href="https://a.example/"></textarea>`, nil},
		"in the title":                      {`<title><a rel=me href="https://a.example/"></title>`, nil},
		"in an attribute":                   {`<img alt='<a rel=me href="https://a.example/">'>`, nil},
		"escaped":                           {`&lt;a rel=me href="https://a.example/"&gt;`, nil},
		"of a closing tag":                  {`</a rel=me href="https://a.example/">`, nil},
		"cut":                               {`<a rel=me href="https://a.example/`, nil},
		"a script for an address":           {`<a rel=me href="javascript:alert(1)"><a rel=me href="data:text/html,x"><a rel=me href="mailto:me@example.org">`, nil},
		"an address with a password":        {`<a rel=me href="https://me:x@a.example/">`, nil},
		"a mark of direction is escaped":    {"<a rel=me href='https://a.example/\u202e'>", []string{"https://a.example/%E2%80%AE"}},
		"nothing":                           {"", nil},
		"no HTML":                           {"\x00\xff\xfe{}", nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := RelMe([]byte(v.page), base); !slices.Equal(got, v.want) {
				t.Errorf("%q, want %q", got, v.want)
			}
		})
	}
	if got := RelMe([]byte(`<a rel=me href="/me"><a rel=me href="https://a.example/">`), nil); !slices.Equal(got, []string{"https://a.example/"}) {
		t.Errorf("where nobody knows where the page is: %q", got)
	}
}

func TestAPageWithTooMuchInItIsSoonDone(t *testing.T) {
	link := func(n int) string { return fmt.Sprintf(`<a rel=me href="https://a.example/%d">`, n) }
	var many strings.Builder
	for n := range 5000 {
		many.WriteString(link(n))
	}
	for name, v := range map[string]struct {
		page string
		want int
	}{
		"many links":            {many.String(), maxRelMe},
		"too long":              {link(1) + strings.Repeat(" ", MaxPage), 0},
		"deep":                  {strings.Repeat("<div><a><table>", MaxPage/20) + link(1), 1},
		"an endless tag":        {link(1) + "<a " + strings.Repeat("x=1 ", MaxPage/5), 1},
		"an endless attribute":  {link(1) + `<a rel="` + strings.Repeat("me ", MaxPage/4), 1},
		"an endless comment":    {link(1) + "<!--" + strings.Repeat("-", MaxPage/2), 1},
		"many brackets":         {link(1) + strings.Repeat("<", MaxPage/2), 1},
		"many entities":         {link(1) + `<a rel=me href="https://a.example/` + strings.Repeat("&amp", MaxPage/5) + `">`, 1},
		"a script without end":  {link(1) + "<script>" + strings.Repeat("</scrip", MaxPage/10), 1},
		"many comments cut off": {link(1) + strings.Repeat("<!", MaxPage/3), 1},
	} {
		begun := time.Now()
		got := RelMe([]byte(v.page), nil)
		if took := time.Since(begun); len(got) != v.want || took > 5*time.Second { // about 30 ms
			t.Errorf("%s: %d links in %v", name, len(got), took)
		}
	}
}

func TestTwoAddressesAreOfOnePageAsTheyAreWritten(t *testing.T) {
	const me = "https://github.com/octocat"
	for _, same := range []string{
		me, me + "/", "http://github.com/octocat", "HTTPS://GitHub.COM/octocat", "https://www.github.com/octocat", "https://github.com:443/octocat",
		"http://github.com:80/octocat/", me + "#readme", me + "?", "https://github.com./octocat", "https://github.com/%6fctocat",
	} {
		if !SamePage(me, same) || !SamePage(same, me) {
			t.Errorf("%s is another page", same)
		}
	}
	for _, other := range []string{
		"", "github.com/octocat", me + "2", me + "//", me + "/cat", me + "?tab=stars", "https://github.com/Octocat", "https://github.com/", "https://github.com",
		"https://github.com.evil.example/octocat", "https://evil.example/https://github.com/octocat", "https://evil.example/?to=" + me, "https://evil.example/#" + me,
		"https://github.com@evil.example/octocat", "https://github.com:8443/octocat", "http://github.com:443/octocat", "https://gist.github.com/octocat", "https://github.com/octocat%2F",
		"https://github.com/octo%63at%2e", "https://github.com/x/../octocat", "ftp://github.com/octocat", "javascript:" + me, "//github.com/octocat",
		"https://github.com\\@evil.example/octocat", "https://github.com/octocat\u200b", " " + me,
	} {
		if SamePage(me, other) || SamePage(other, me) {
			t.Errorf("%q is the same page", other)
		}
	}
	for a, b := range map[string]string{
		"https://www.flickr.com/photos/1@N00/": "http://flickr.com/photos/1%40N00", "https://example.org": "https://example.org/", "https://[::1]/": "http://[::1]",
	} {
		if !SamePage(a, b) {
			t.Errorf("%s and %s are two", a, b)
		}
	}
	if SamePage("", "") || SamePage("x", "x") || SamePage("https://a.example/b%2Fc", "https://a.example/b/c") {
		t.Error("what is no page is the same page")
	}
}

func TestAPageLinksBackToAProfileAtAnyOfItsAddresses(t *testing.T) {
	pages := []string{"https://www.flickr.com/photos/1@N00", "https://www.flickr.com/people/Some-One"}
	for link, want := range map[string]bool{
		"https://www.flickr.com/photos/1@N00/": true, "http://flickr.com/people/some-one": true, "https://www.flickr.com/people/someone": false,
		"https://www.flickr.com/photos/1@N00/2": false, "https://evil.example/?u=https://www.flickr.com/photos/1@N00": false, "": false,
		"https://www.flic\u212Ar.com/photos/1@N00/": false,
	} {
		if got := LinksBack([]byte(`<p><a rel="me" href="`+link+`">`), nil, pages...); got != want {
			t.Errorf("%s: %v", link, got)
		}
		if LinksBack([]byte(`<p><a href="`+link+`">`), nil, pages...) || LinksBack([]byte(`<a rel=me href="`+link+`">`), nil) {
			t.Errorf("%s, which is not called the owner's", link)
		}
	}
	var s Showing
	s.AddLink("example.org/me")
	if !s.LinksTo("https://www.example.org/me/") || s.LinksTo("https://example.org/") || s.LinksTo("https://example.org/Me") || (Showing{}).LinksTo("") {
		t.Error("the profile links elsewhere")
	}
}

func TestATokenOfAPageIsItsOwnersAndNoCommentators(t *testing.T) {
	for name, v := range map[string]struct {
		page string
		want bool
	}{
		"said of the page":                     {`<head><meta name="flattery" content="` + claimed + `"></head>`, true},
		"in capitals, and closed":              {`<META CONTENT='` + claimed + `' NAME='Flattery'/>`, true},
		"in an address of its owner":           {`<a rel="me" href="https://likes.example.org/claims#` + claimed + `">`, true},
		"among others":                         {`<meta name=flattery content="` + NewClaimToken() + ` ` + claimed + `">`, true},
		"in the text":                          {`<p>Nice! ` + claimed + `</p>`, false},
		"in another address":                   {`<a rel="ugc" href="https://likes.example.org/claims#` + claimed + `">`, false},
		"in an address that leads from here":   {`<a rel="me" href="#` + claimed + `">`, false},
		"said of something else":               {`<meta name="description" content="` + claimed + `">`, false},
		"in a comment":                         {`<!--<meta name="flattery" content="` + claimed + `">-->`, false},
		"as text":                              {`&lt;meta name="flattery" content="` + claimed + `"&gt;`, false},
		"in a longer word":                     {`<meta name="flattery" content="` + claimed + `2">`, false},
		"behind more than a page":              {strings.Repeat(" ", MaxPage) + `<meta name="flattery" content="` + claimed + `">`, false},
		"behind a name that another one hides": {`<meta name="x" name="flattery" content="` + claimed + `">`, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := PageTokens([]byte(v.page)); slices.Contains(got, claimed) != v.want {
				t.Errorf("%q", got)
			}
		})
	}
	if got := PageTokens([]byte(strings.Repeat(`<meta name="flattery" content="x">`, 5000) + `<meta name="flattery" content="` + claimed + `">`)); got != nil {
		t.Errorf("%q", got)
	}
}

func TestAPageIsReadWithNothingOfTheSession(t *testing.T) {
	const own = "<!doctype html><title>me</title><a rel=me href=/profile>"
	var asked []string
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("another site was asked") }))
	defer other.Close()
	there := strings.Replace(other.URL, "127.0.0.1", "localhost", 1)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, fmt.Sprint(r.Method, " ", r.URL, " ", r.Header))
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		switch r.URL.Path {
		case "/me", "/profile":
			fmt.Fprint(w, own)
		case "/moved":
			http.Redirect(w, r, "/me", http.StatusMovedPermanently)
		case "/away":
			http.Redirect(w, r, there+"/", http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case "/long":
			fmt.Fprint(w, own, strings.Repeat(" ", MaxPage))
		case "/picture":
			w.Header().Set("Content-Type", "image/png")
			fmt.Fprint(w, own)
		case "/untold":
			w.Header()["Content-Type"] = nil
			fmt.Fprint(w, own)
		case "/cut":
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, own)
		case "/busy":
			w.WriteHeader(http.StatusTooManyRequests)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer site.Close()
	s := Session{Token: flattery.Token{Access: "canary", Secret: "canary"}, App: flattery.App{ID: "canary", Secret: "canary", Key: "canary"}, AppToken: "canary",
		Client: NewClient(ClientOptions{AllowPrivate: true})}
	defer s.Client.CloseIdleConnections()
	for path, want := range map[string]string{
		"/me": "", "/moved": "", "/away": "which is another site", "/round": "redirects more than", "/long": "sent more than 1024 KiB",
		"/picture": "image/png where a page", "/untold": "where a page", "/cut": "unexpected EOF", "/none": "404", "/busy": "wait",
	} {
		page, at, err := ReadPage(t.Context(), s, site.URL+path)
		if want == "" && (err != nil || string(page) != own || at.Path != "/me" || !slices.Equal(RelMe(page, at), []string{site.URL + "/profile"})) {
			t.Errorf("%s: %q at %v, error %v", path, page, at, err)
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want) || page != nil || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s: %.50q, error %v, want %q", path, page, err, want)
		}
	}
	if all := strings.Join(asked, "\n"); strings.Contains(all, "canary") || strings.Contains(all, "Authorization") || strings.Contains(all, "Referer") {
		t.Error(all)
	}
	for _, address := range []string{"", "example.org", "javascript:alert(1)", "file:///etc/passwd", "https://me:x@example.org/", "https://a b/", "http://[::1"} {
		_, _, err := ReadPage(t.Context(), s, address)
		if _, ok := errors.AsType[*flattery.InputError](err); !ok {
			t.Errorf("%q: %v", address, err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := ReadPage(ended, s, site.URL+"/me"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	s.Client = NewClient(ClientOptions{})
	defer s.Client.CloseIdleConnections()
	for _, address := range []string{site.URL + "/me", strings.Replace(site.URL, "http:", "https:", 1), "https://localhost/", "https://[::ffff:127.0.0.1]/", "https://169.254.169.254/"} {
		if _, _, err := ReadPage(t.Context(), s, address); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// FuzzRelMe: no page panics, and whatever it holds, links are addresses that one may be sent to.
func FuzzRelMe(f *testing.F) {
	for _, seed := range []string{
		`<a rel="me" href="https://github.com/octocat">`, `<link rel=me href=//x><base href="https://a.example/b/">`, `<a rel=me href=javascript:x>`,
		`<svg><style><a rel=me href=x>`, `<!--><a rel=me href="&#x2f;x">`, "<a rel=me href='\x00\u202e'>", `<base href=":"><a rel=me href="%zz">`, `<plaintext><a rel=me href=x>`,
	} {
		f.Add([]byte(seed), "https://example.org/me/")
	}
	f.Add([]byte(`<a rel=me href=?x>`), "mailto:x")
	f.Add([]byte(`<meta name=flattery content="`+claimed+`">`), "")
	f.Fuzz(func(t *testing.T, page []byte, at string) {
		base, err := url.Parse(at)
		if err != nil {
			base = nil
		}
		for _, token := range PageTokens(page) {
			if !claimToken.MatchString(token) {
				t.Errorf("%q", token)
			}
		}
		links := RelMe(page, base)
		if len(links) > maxRelMe {
			t.Errorf("%d links", len(links))
		}
		for _, link := range links {
			if WebURL(link) != link || !SamePage(link, link) {
				t.Errorf("%q", link)
			}
			if !LinksBack(page, base, link) {
				t.Errorf("it does not link back to %q", link)
			}
		}
	})
}
