package github

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"flattery"
	"flattery/connectors"
)

func TestFundingFilesAreWhereGitHubServesThem(t *testing.T) {
	author := flattery.Profile{Handle: "cat"}
	things := []flattery.Thing{{Title: "cat/tool"}, {Title: "A tool", URL: "https://github.com/kitten/other"}, {Title: "cat/.."}, {Title: "no repository"}, {Title: "cat/tool/../../evil"}}
	list := func(c *Connector) (urls []string) {
		for _, f := range c.FundingFiles(author, things) {
			urls = append(urls, fmt.Sprintf("%s %s %v", f.Form, f.URL, f.Default))
		}
		return urls
	}
	const raw = "https://raw.githubusercontent.com/cat/"
	want := []string{
		"FUNDING.yml " + raw + "tool/HEAD/.github/FUNDING.yml false", "FUNDING.yml " + raw + "tool/HEAD/FUNDING.yml false", "FUNDING.yml " + raw + "tool/HEAD/docs/FUNDING.yml false",
		"FUNDING.yml " + raw + "other/HEAD/.github/FUNDING.yml false", "FUNDING.yml " + raw + "other/HEAD/FUNDING.yml false", "FUNDING.yml " + raw + "other/HEAD/docs/FUNDING.yml false",
		"FUNDING.yml " + raw + ".github/HEAD/FUNDING.yml true", "FUNDING.yml " + raw + ".github/HEAD/.github/FUNDING.yml true", "FUNDING.yml " + raw + ".github/HEAD/funding.yml true",
		"FUNDING.yml " + raw + ".github/HEAD/.github/funding.yml true", "FUNDING.yml " + raw + ".github/HEAD/docs/FUNDING.yml true",
		"funding.json " + raw + "cat/HEAD/funding.json false",
		"funding.json " + raw + "tool/HEAD/funding.json false", "funding-manifest-urls " + raw + "tool/HEAD/.well-known/funding-manifest-urls false",
		"funding.json " + raw + "other/HEAD/funding.json false", "funding-manifest-urls " + raw + "other/HEAD/.well-known/funding-manifest-urls false",
		"package.json " + raw + "tool/HEAD/package.json false", "package.json " + raw + "other/HEAD/package.json false",
	}
	if got := list(New("")); !slices.Equal(got, want) {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
	if got := list(New("https://ghe.example.org/api/v3")); len(got) != len(want) || got[0] != "FUNDING.yml https://ghe.example.org/cat/tool/raw/HEAD/.github/FUNDING.yml false" {
		t.Errorf("of an Enterprise: %q", got)
	}
	author.Handle = "../evil"
	if got := New("").FundingFiles(author, nil); len(got) > 0 {
		t.Errorf("of a handle that is none: %v", got)
	}
}

// graph answers as GitHub's GraphQL does, and keeps what it was asked.
func graph(t *testing.T, answer string) (connectors.Session, *Connector, *[]string) {
	t.Helper()
	var asked []string
	s, c := served(t, func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Query string }
		_ = json.NewDecoder(r.Body).Decode(&body)
		asked = append(asked, r.Method+" "+r.URL.Path+" "+r.Header.Get("Authorization")+" "+body.Query)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, answer)
	})
	return s, c, &asked
}

// served is a session with a server, in the name of an instance that has a key.
func served(t *testing.T, h http.HandlerFunc) (connectors.Session, *Connector) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return connectors.Session{Client: connectors.NewClient(connectors.ClientOptions{AllowPrivate: true}), App: flattery.App{Key: "canary-key"}}, New(server.URL)
}

func TestManyThingsAreAskedForAtOnce(t *testing.T) {
	s, c, asked := graph(t, `{"data":{
		"r0":{"isFork":false,"owner":{"__typename":"User","login":"cat","url":"https://github.com/cat","databaseId":7,"hasSponsorsListing":true},
			"fundingLinks":[{"platform":"GITHUB","url":"https://github.com/dog"},{"platform":"KO_FI","url":"https://ko-fi.com/cat"}]},
		"r2":{"isFork":true,"owner":{"__typename":"Organization","login":"club","url":"https://github.com/club","databaseId":8,"hasSponsorsListing":false},"fundingLinks":[]},
		"r3":null},"errors":[{"type":"NOT_FOUND","path":["r3"],"message":"Could not resolve"}]}`)
	got, err := c.FundingLinks(t.Context(), s, []flattery.Thing{{Title: "cat/tool"}, {Title: "no repository"}, {Title: "club/fork"}, {Title: "club/gone"}})
	if err != nil || len(got) != 4 {
		t.Fatalf("%v, %v", got, err)
	}
	host := c.Info().Host
	if f := got[0]; f.Holder.Identity != (flattery.Identity{Network: "github", Host: host, Subject: "7"}) || f.Copied || f.Listed != "https://github.com/sponsors/cat" ||
		!slices.Equal(f.Links, []string{"https://github.com/sponsors/dog", "https://ko-fi.com/cat"}) {
		t.Errorf("%+v", f)
	}
	if f := got[2]; f.Holder.Subject != "8" || !f.Holder.Organisation || !f.Copied || f.Listed != "" || len(f.Links) > 0 {
		t.Errorf("%+v", f)
	}
	for _, i := range []int{1, 3} {
		if got[i].Holder.Subject != "" {
			t.Errorf("%d: %+v", i, got[i])
		}
	}
	if len(*asked) != 1 || !strings.HasPrefix((*asked)[0], "POST /graphql Bearer canary-key query {") || strings.Count((*asked)[0], "fundingLinks") != 3 {
		t.Errorf("asked %q", *asked)
	}
}

func TestWithoutAKeyOfTheInstanceNoGraphIsAsked(t *testing.T) {
	s, c, asked := graph(t, `{}`)
	s.App.Key = ""
	if _, err := c.FundingLinks(t.Context(), s, []flattery.Thing{{Title: "cat/tool"}}); !errors.Is(err, connectors.ErrKey) || len(*asked) > 0 {
		t.Errorf("%v, asked %q", err, *asked)
	}
}

func TestAnAnswerThatIsNoGraphIsNothing(t *testing.T) {
	for _, answer := range []string{`{}`, `{"data":null}`, `{"data":{"r0":{"owner":{"login":"cat"}}}}`} {
		s, c, _ := graph(t, answer)
		got, err := c.FundingLinks(t.Context(), s, []flattery.Thing{{Title: "cat/tool"}})
		if err != nil || len(got) != 1 || got[0].Holder.Subject != "" {
			t.Errorf("%s: %+v, %v", answer, got, err)
		}
	}
	s, c, _ := graph(t, `<html>`)
	if _, err := c.FundingLinks(t.Context(), s, []flattery.Thing{{Title: "cat/tool"}}); err == nil {
		t.Error("HTML is an answer")
	}
}

func TestWhoHoldsARepositoryIsAsked(t *testing.T) {
	s, c, asked := graph(t, `{"full_name":"cat/tool","fork":true,"owner":{"id":7,"login":"cat","type":"User","html_url":"https://github.com/cat"}}`)
	who, copied, err := c.Holder(t.Context(), s, "cat/tool")
	if err != nil || who.Subject != "7" || who.Handle != "cat" || !copied || len(*asked) != 1 {
		t.Errorf("%v %v %v, asked %q", who, copied, err, *asked)
	}
	if _, _, err := c.Holder(t.Context(), s, "cat/../evil"); err == nil || len(*asked) != 1 {
		t.Errorf("%v, asked %q", err, *asked)
	}
}

func TestAGraphThatRefusesSaysSoThoughItAnswers200(t *testing.T) {
	things := []flattery.Thing{{Title: "cat/tool"}}
	s, c, _ := graph(t, `{"data":null,"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded for user ID 7."}]}`)
	_, err := c.FundingLinks(t.Context(), s, things)
	if limit, is := errors.AsType[*connectors.RateLimitError](err); !is || limit.RetryAfter <= 0 {
		t.Errorf("a limit is %v", err)
	}
	s, c, _ = graph(t, `{"errors":[{"type":"INSUFFICIENT_SCOPES","message":"Your token has not been granted the required scopes."}]}`)
	if _, err := c.FundingLinks(t.Context(), s, things); err == nil || !strings.Contains(err.Error(), "has not been granted") {
		t.Errorf("a refusal is %v", err)
	}
}
