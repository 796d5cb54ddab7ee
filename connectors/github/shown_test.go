package github

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"flattery"
	"flattery/connectors"
)

// starsOf is an answer with these edges, and another page after a place; "" for none.
func starsOf(edges, next string) string {
	return fmt.Sprintf(`{"data":{"user":{"login":"Octocat","url":"https://github.com/Octocat","databaseId":5,"starredRepositories":{"totalCount":3,
		"pageInfo":{"hasNextPage":%t,"endCursor":%q},"edges":[%s]}}}}`, next != "", next, edges)
}

// edge is a star of a repository.
func edge(id int, full, links string) string {
	owner, _, _ := strings.Cut(full, "/")
	return fmt.Sprintf(`{"starredAt":"2026-10-01T08:00:00Z","node":{"databaseId":%d,"nameWithOwner":%q,"url":"https://github.com/%s","isFork":false,
		"owner":{"__typename":"User","login":%q,"url":"https://github.com/%s","databaseId":7,"hasSponsorsListing":true,"websiteUrl":"cat.example.org"},"fundingLinks":[%s]}}`,
		id, full, full, owner, owner, links)
}

const kofi = `{"platform":"KO_FI","url":"https://ko-fi.com/cat"}`

// starsTold writes what was read of an account's stars: of each page its things with their links, and the error.
func starsTold(t *testing.T, answer string) (pages []string, err error) {
	t.Helper()
	s, c, _ := graph(t, answer)
	for page, wrong := range c.LikesShown(t.Context(), s, "octocat") {
		if err = wrong; err != nil {
			break
		}
		if len(page.Likes) != len(page.Shown) {
			t.Fatalf("%d likes, %d shown", len(page.Likes), len(page.Shown))
		}
		one := ""
		for i, l := range page.Likes {
			f := page.Shown[i]
			if l.Author != f.Holder || l.Author.Subject == "0" || f.Shows == nil || len(f.Links) > mostLinks {
				t.Errorf("%+v is shown as %+v", l, f)
			}
			one += fmt.Sprint(l.Thing.Title, " ", l.Thing.ID, " ", len(f.Links), ";")
		}
		pages = append(pages, one)
		if len(pages) == 9 { // a reader has enough
			break
		}
	}
	return pages, err
}

func TestStarsAreReadWithWhatIsShownBesideThem(t *testing.T) {
	s, c, asked := graph(t, starsOf(edge(9, "cat/tool", kofi+`,{"platform":"GITHUB","url":"https://github.com/dog"}`), ""))
	pages := 0
	for page, err := range c.LikesShown(t.Context(), s, " @octocat ") {
		if pages++; err != nil || page.More || page.All != 3 || page.Who.Subject != "5" || len(page.Likes) != 1 {
			t.Fatalf("%+v, %v", page, err)
		}
		l, f := page.Likes[0], page.Shown[0]
		if l.Thing.ID != "9" || l.Thing.URL != "https://github.com/cat/tool" || l.At.Day() != 1 || l.Author.Handle != "cat" || l.Author.Subject != "7" {
			t.Errorf("%+v", l)
		}
		if fmt.Sprintf("%v %s %v %v", f.Links, f.Listed, f.Shows.Links, f.Shows.Pages) != "[https://ko-fi.com/cat https://github.com/sponsors/dog] https://github.com/sponsors/cat [https://cat.example.org] [https://github.com/cat]" {
			t.Errorf("%+v, shows %+v", f, f.Shows)
		}
	}
	if pages != 1 || len(*asked) != 1 || !strings.HasPrefix((*asked)[0], "POST /graphql Bearer canary-key query ($login: String!") {
		t.Errorf("%d pages, asked %q", pages, *asked)
	}
}

func TestAListOfStarsMayMeanHarm(t *testing.T) {
	cat := edge(9, "cat/tool", kofi)
	broken := func(was, is string) string { return strings.Replace(cat, was, is, 1) }
	for name, v := range map[string]struct {
		answer string
		pages  string
		fails  string
	}{
		"nodes that are null":                  {starsOf(`null,{"starredAt":"2026-10-01T08:00:00Z","node":null},`+cat, ""), "[cat/tool 9 1;]", ""},
		"edges of the wrong kind":              {starsOf(`7,"x",[],{"node":"x"},{"node":{"owner":3}},`+cat, ""), "[cat/tool 9 1;]", ""},
		"an id that is none":                   {starsOf(broken(`"databaseId":9`, `"databaseId":-1`), ""), "[]", ""},
		"no id":                                {starsOf(broken(`"databaseId":9`, `"databaseId":null`), ""), "[]", ""},
		"an owner without one":                 {starsOf(broken(`"databaseId":7`, `"databaseId":null`), ""), "[]", ""},
		"a name of another's":                  {starsOf(broken(`"login":"cat"`, `"login":"dog"`), ""), "[]", ""},
		"a name that leads elsewhere":          {starsOf(edge(9, "cat/../evil", kofi), ""), "[]", ""},
		"links of the wrong kind":              {starsOf(edge(9, "cat/tool", `"https://ko-fi.com/cat"`)+","+edge(10, "cat/lib", kofi), ""), "[cat/lib 10 1;]", ""},
		"a time that is none":                  {starsOf(broken("2026-10-01T08:00:00Z", "yesterday")+","+edge(10, "cat/lib", ""), ""), "[cat/lib 10 0;]", ""},
		"more links than anybody has":          {starsOf(edge(9, "cat/tool", kofi+strings.Repeat(","+kofi, 500)), ""), "[cat/tool 9 40;]", ""},
		"a link without an end":                {starsOf(edge(9, "cat/tool", `{"platform":"CUSTOM","url":"https://example.org/`+strings.Repeat("a", 1<<20)+`"}`), ""), "[cat/tool 9 0;]", ""},
		"more stars than were asked for":       {starsOf(cat+strings.Repeat(",null", 99)+","+edge(10, "cat/lib", ""), ""), "[cat/tool 9 1;]", ""},
		"errors beside what there is":          {strings.TrimSuffix(starsOf("null,"+cat, ""), "}") + `,"errors":[{"type":"FORBIDDEN","path":["user"],"message":"SAML"}]}`, "[cat/tool 9 1;]", ""},
		"a place that leads to itself":         {starsOf(cat, "Y3Vyc29yOjE="), "[cat/tool 9 1;]", "leads on to no next page"},
		"another page that is nowhere":         {strings.Replace(starsOf(cat, ""), `"hasNextPage":false`, `"hasNextPage":true`, 1), "[]", "leads on to no next page"},
		"a place longer than a page":           {starsOf(cat, strings.Repeat("x", 501)), "[]", "leads on to no next page"},
		"the stars of another":                 {strings.Replace(starsOf(cat, ""), "Octocat", "dog", 1), "[]", "of another account"},
		"an account without an id":             {strings.Replace(starsOf(cat, ""), `"databaseId":5`, `"databaseId":null`, 1), "[]", "sent no list of stars"},
		"a count below nothing":                {strings.Replace(starsOf(cat, ""), `"totalCount":3`, `"totalCount":-3`, 1), "[]", "JSON"},
		"a list that is none":                  {`{"data":{"user":{"login":"octocat","databaseId":5,"starredRepositories":"x"}}}`, "[]", "JSON"},
		"no list, and why":                     {`{"data":{"user":{"login":"octocat","databaseId":5,"starredRepositories":null}},"errors":[{"message":"Something went wrong while executing your query."}]}`, "[]", "Something went wrong"},
		"nothing":                              {`{}`, "[]", "sent no list of stars"},
		"null":                                 {`{"data":null}`, "[]", "sent no list of stars"},
		"a list":                               {`[]`, "[]", "JSON"},
		"HTML":                                 {`<html>`, "[]", "HTML"},
		"longer than an answer may be":         {starsOf(cat, "") + strings.Repeat(" ", 9<<20), "[]", "more than 8192 KiB"},
		"nobody of the name":                   {`{"data":{"user":null},"errors":[{"type":"NOT_FOUND","path":["user"],"message":"Could not resolve to a User"}]}`, "[]", connectors.ErrGone.Error()},
		"a token that may not":                 {`{"errors":[{"type":"INSUFFICIENT_SCOPES","message":"Your token has not been granted it."}]}`, "[]", "has not been granted"},
		"a message that writes into terminals": {`{"errors":[{"message":"\u001b[2Jgone"}]}`, "[]", "gone"},
	} {
		pages, err := starsTold(t, v.answer)
		if fmt.Sprint(pages) != v.pages || (err == nil) != (v.fails == "") || err != nil && (!strings.Contains(err.Error(), v.fails) || strings.Contains(err.Error(), "\x1b")) {
			t.Errorf("%s: %v, %v; want %s, %q", name, pages, err, v.pages, v.fails)
		}
	}
}

func TestTheLimitOfStarsIsKept(t *testing.T) {
	_, err := starsTold(t, `{"data":null,"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded for user ID 7."}]}`)
	if limit, is := errors.AsType[*connectors.RateLimitError](err); !is || limit.RetryAfter <= 0 {
		t.Errorf("a limit is %v", err)
	}
	// When the headers say that nothing is left, the next page is not asked for.
	asked := 0
	s, c := served(t, func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-RateLimit-Limit", "5000")
		w.Header().Set("X-RateLimit-Remaining", "0")
		w.Header().Set("X-RateLimit-Reset", "4102444800")
		fmt.Fprint(w, starsOf(edge(9, "cat/tool", kofi), fmt.Sprint("place", asked)))
	})
	pages := 0
	for _, wrong := range c.LikesShown(t.Context(), s, "octocat") {
		if err = wrong; err == nil {
			pages++
		}
	}
	if _, is := errors.AsType[*connectors.RateLimitError](err); !is || pages != 1 || asked != 1 {
		t.Errorf("%d pages, asked %d times, %v", pages, asked, err)
	}
}

func TestWithoutAKeyOrANameNoStarsAreAskedFor(t *testing.T) {
	for name, v := range map[string]struct{ key, handle string }{"no key": {"", "octocat"}, "no name": {"k", "../evil"}} {
		s, c, asked := graph(t, `{}`)
		s.App.Key = flattery.Secret(v.key)
		n := 0
		for _, err := range c.LikesShown(t.Context(), s, v.handle) {
			if n++; err == nil || v.key == "" && !errors.Is(err, connectors.ErrKey) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if n != 1 || len(*asked) > 0 {
			t.Errorf("%s: %d answers, asked %q", name, n, *asked)
		}
	}
}
