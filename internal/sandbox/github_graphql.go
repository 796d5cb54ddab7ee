package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
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

// postGraph answers the one question of GitHub's GraphQL API that is known here: what repositories, named by owner and name, show of
// who is paid. Nobody is answered without a token. What is not there is null, with an error beside it.
func (g *GitHub) postGraph(c call) answer {
	if c.caller == nil {
		return refusal(http.StatusUnauthorized, "This endpoint requires you to be authenticated.", "")
	}
	var body struct{ Query string }
	if err := json.NewDecoder(http.MaxBytesReader(nil, c.Body, 256<<10)).Decode(&body); err != nil {
		return refusal(http.StatusBadRequest, "Problems parsing JSON", "")
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
		kind := "User"
		if r.owner.organisation {
			kind = "Organization"
		}
		data[m[1]] = fields{"isFork": r.fork, "fundingLinks": g.fundingLinks(r), "owner": fields{"__typename": kind, "login": r.owner.login,
			"url": "https://github.com/" + r.owner.login, "databaseId": r.owner.id, "hasSponsorsListing": r.owner.sponsors}}
	}
	return graph(data, wrong)
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
