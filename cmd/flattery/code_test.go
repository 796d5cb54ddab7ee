package main

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"flattery"
)

// Where a network shows a code, a link is made without coming back from there: the code is typed into the page.
func TestACodeIsTypedIntoThePage(t *testing.T) {
	b := newBench(t, october)
	o := openPages(b)
	account, door := o.member("ada", false)
	nsid := b.world.Flickr.AddUser("ada")
	v := visit(t)
	v.ask(http.MethodPost, door, nil)
	status, page := v.ask(http.MethodPost, o.base+"/connect", url.Values{"network": {"flickr"}, "purpose": {"linking"}, "code": {"1"}})
	to := regexp.MustCompile(`href="([^"]*oauth_token=[^"]*)"`).FindStringSubmatch(page)
	if status != http.StatusOK || to == nil {
		t.Fatalf("%d: %s", status, page)
	}
	at, err := url.Parse(html.UnescapeString(to[1]))
	if err != nil {
		t.Fatal(err)
	}
	form := at.Query()
	form.Set("login", nsid)
	form.Set("answer", "yes")
	at.RawQuery = ""
	_, said := v.ask(http.MethodPost, at.String(), form)
	code := regexp.MustCompile(`<strong id="verifier">([^<]+)<`).FindStringSubmatch(said)
	if code == nil {
		t.Fatalf("the network shows no code: %s", said)
	}
	status, page = v.ask(http.MethodPost, o.base+"/oauth/code", url.Values{"code": {code[1]}})
	links, err := o.store.Links(t.Context(), account)
	if status != http.StatusOK || err != nil || len(links) != 1 || links[0].Identity.Subject != nsid || links[0].Proof != flattery.ByOAuth {
		t.Errorf("%d, links %+v, error %v: %s", status, links, err, page)
	}
}
