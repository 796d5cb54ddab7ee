package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// SetSponsors says whether a user takes money by GitHub Sponsors.
func (g *GitHub) SetSponsors(login string, listed bool) {
	g.change(func() { g.user(login).sponsors = listed })
}

// mostAsked is how many repositories one query may ask for here. GitHub counts in another way, and lets about so many pass.
const mostAsked = 100

// wanted is one repository of a query, under an alias.
var wanted = regexp.MustCompile(`(\w+): *repository\(owner: *"([^"]*)", *name: *"([^"]*)"\)`)

// graphQuery is what is asked of GraphQL.
type graphQuery struct {
	Query     string
	Variables struct{ Login, After string }
}

// postGraph answers the two questions of GitHub's GraphQL API that are known here: what repositories show of who is paid, named by owner
// and name, or as what somebody has starred. Nobody is answered without a token. What is not there is null, with an error beside it.
func (g *GitHub) postGraph(c call) answer {
	if c.caller == nil {
		return refusal(http.StatusUnauthorized, "This endpoint requires you to be authenticated.", "")
	}
	var body graphQuery
	if err := json.NewDecoder(http.MaxBytesReader(nil, c.Body, 256<<10)).Decode(&body); err != nil {
		return refusal(http.StatusBadRequest, "Problems parsing JSON", "")
	}
	if strings.Contains(body.Query, "starredRepositories(") {
		return g.starredGraph(body)
	}
	list := wanted.FindAllStringSubmatch(body.Query, -1)
	if len(list) == 0 || len(list) > mostAsked {
		return graph(nil, []fields{{"message": fmt.Sprintf("A query for %d repositories is not answered here", len(list))}})
	}
	data, wrong := fields{}, []fields{}
	for _, m := range list {
		r := g.repos[strings.ToLower(m[2]+"/"+m[3])]
		if r == nil || !r.shown() {
			data[m[1]] = nil
			wrong = append(wrong, fields{"type": "NOT_FOUND", "path": []string{m[1]},
				"message": fmt.Sprintf("Could not resolve to a Repository with the name '%s/%s'.", m[2], m[3])})
			continue
		}
		data[m[1]] = g.graphRepo(r)
	}
	return graph(data, wrong)
}

// graphRepo is a repository with every field that is known here.
func (g *GitHub) graphRepo(r *repo) fields {
	kind := "User"
	if r.owner.organisation {
		kind = "Organization"
	}
	var website any
	if r.owner.blog != "" {
		website = r.owner.blog
	}
	return fields{"databaseId": r.id, "nameWithOwner": r.full(), "url": "https://github.com/" + r.full(),
		"isFork": r.fork, "fundingLinks": g.fundingLinks(r), "owner": fields{"__typename": kind, "login": r.owner.login,
			"url": "https://github.com/" + r.owner.login, "databaseId": r.owner.id, "hasSponsorsListing": r.owner.sponsors, "websiteUrl": website}}
}

const cursorWord = "cursor:" // GitHub's are another word, and base64 too

// starredGraph is a hundred of somebody's stars, the newest first.
func (g *GitHub) starredGraph(q graphQuery) answer {
	u := g.users[strings.ToLower(q.Variables.Login)]
	if u == nil || u.suspended || u.organisation {
		return graph(fields{"user": nil}, []fields{{"type": "NOT_FOUND", "path": []string{"user"},
			"message": fmt.Sprintf("Could not resolve to a User with the login of '%s'.", q.Variables.Login)}})
	}
	list := slices.DeleteFunc(slices.Clone(u.stars.until(g.clock.Now())), func(s like[*repo]) bool { return !s.thing.shown() })
	slices.Reverse(list)
	from := 0
	if q.Variables.After != "" {
		text, _ := base64.StdEncoding.DecodeString(q.Variables.After)
		after, is := strings.CutPrefix(string(text), cursorWord)
		n, err := strconv.Atoi(after)
		if !is || err != nil || n < 0 {
			return graph(fields{"user": nil}, []fields{{"type": "INVALID_CURSOR_ARGUMENTS", "path": []string{"user", "starredRepositories"},
				"message": fmt.Sprintf("`%s` does not appear to be a valid cursor.", q.Variables.After)}})
		}
		from = min(n, len(list))
	}
	to := min(from+mostAsked, len(list))
	edges := []fields{}
	for _, s := range list[from:to] {
		edges = append(edges, fields{"starredAt": stamp(s.at), "node": g.graphRepo(s.thing)})
	}
	return graph(fields{"user": fields{"login": u.login, "databaseId": u.id, "url": "https://github.com/" + u.login, "starredRepositories": fields{
		"totalCount": len(list), "edges": edges, "pageInfo": fields{"hasNextPage": to < len(list),
			"endCursor": base64.StdEncoding.EncodeToString([]byte(cursorWord + strconv.Itoa(to)))}}}}, nil)
}

// graph is an answer as GraphQL writes it: 200, whatever is wrong.
func graph(data fields, wrong []fields) answer {
	said := fields{"data": data}
	if len(wrong) > 0 {
		said["errors"] = wrong
	}
	body, err := json.Marshal(said)
	if err != nil {
		panic(err) // it is made of strings and numbers
	}
	return answer{status: http.StatusOK, body: body, media: "github.v4; format=json"}
}

// fundingPages are where GitHub leads from the keys of a funding file, as far as they are known here. Of its own users it shows the profile.
var fundingPages = []struct{ key, platform, page string }{
	{"github", "GITHUB", "https://github.com/"}, {"patreon", "PATREON", "https://patreon.com/"}, {"open_collective", "OPEN_COLLECTIVE", "https://opencollective.com/"},
	{"ko_fi", "KO_FI", "https://ko-fi.com/"}, {"liberapay", "LIBERAPAY", "https://liberapay.com/"},
	{"buy_me_a_coffee", "BUY_ME_A_COFFEE", "https://buymeacoffee.com/"}, {"custom", "CUSTOM", ""},
}

// fundingLinks are those of the first funding file that a repository has, or else its owner's .github.
func (g *GitHub) fundingLinks(r *repo) []fields {
	links := []fields{}
	said := map[string]any{}
	for _, of := range []*repo{r, g.repos[strings.ToLower(r.owner.login+"/.github")]} {
		for _, name := range []string{".github/FUNDING.yml", "FUNDING.yml", "docs/FUNDING.yml"} {
			if of != nil && of.files[name] != "" && len(said) == 0 && yaml.Unmarshal([]byte(of.files[name]), &said) != nil {
				return links // which GitHub does not show either
			}
		}
	}
	for _, p := range fundingPages {
		values, many := said[p.key].([]any)
		if !many && said[p.key] != nil {
			values = []any{said[p.key]}
		}
		for _, v := range values {
			links = append(links, fields{"platform": p.platform, "url": p.page + fmt.Sprint(v)})
		}
	}
	return links
}
