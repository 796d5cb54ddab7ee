package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// gist is a note of a user; here it has no files.
type gist struct {
	id, description string
	owner           *user
	created         time.Time
	of              *gist // it is a fork of; nil: of none
}

// SetBlog changes the page of the user's own that the profile links to; "" is none.
func (g *GitHub) SetBlog(login, address string) { g.change(func() { g.user(login).blog = address }) }

// SetReadme changes the README that a profile shows: of the repository that is called like the user, or of .github where it
// is an organisation's. The repository is made where it is not there; "" takes the file out of it.
func (g *GitHub) SetReadme(login, markdown string) {
	g.change(func() {
		u := g.user(login)
		name := u.login
		if u.organisation {
			name = ".github"
		}
		r := g.repos[strings.ToLower(u.login+"/"+name)]
		if r == nil || r.deleted || r.owner != u {
			r = g.addRepo(u, name)
		}
		r.readme = markdown
	})
}

// Fork makes a user's own copy of a repository, README and all, and tells its id.
func (g *GitHub) Fork(login, full string) (id int64) {
	g.change(func() {
		of := g.repo(full)
		r := g.addRepo(g.user(login), of.name, RepoAbout{Description: of.description})
		r.fork, r.readme, r.files = true, of.readme, of.files
		id = r.id
	})
	return id
}

// AddGist makes a public gist of a user and tells its id.
func (g *GitHub) AddGist(login, description string) (id string) {
	g.change(func() { id = g.addGist(g.user(login), description, nil) })
	return id
}

// ForkGist makes a user's own copy of a gist and tells its id.
func (g *GitHub) ForkGist(login, id string) (fork string) {
	g.change(func() {
		of := g.gist(id)
		if of == nil {
			panic(fmt.Sprintf("sandbox: github: there is no gist %q", id))
		}
		fork = g.addGist(g.user(login), of.description, of)
	})
	return fork
}

func (g *GitHub) addGist(owner *user, description string, of *gist) (id string) {
	id = letters(g.random, 32, "0123456789abcdef")
	g.gists = append(g.gists, &gist{id, description, owner, g.clock.Now(), of})
	return id
}

func (g *GitHub) gist(id string) *gist {
	at := slices.IndexFunc(g.gists, func(one *gist) bool { return one.id == id && !one.owner.suspended })
	if at < 0 {
		return nil
	}
	return g.gists[at]
}

func (g *GitHub) profileRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /orgs/{login}", g.api("orgs/orgs#get-an-organization", g.byLogin(g.getOrganisation)))
	mux.HandleFunc("GET /users/{login}/gists", g.api("gists/gists#list-gists-for-a-user", g.byLogin(g.getGists)))
	mux.HandleFunc("GET /gists/{id}", g.api("gists/gists#get-a-gist", g.getGist))
	const contents = "repos/contents#get-"
	for tail, one := range map[string]struct {
		docs string
		ask  func(*repo) answer
	}{
		"":                            {"repos/repos#get-a-repository", func(r *repo) answer { return found(g.repoBody(r)) }},
		"/readme":                     {contents + "a-repository-readme", func(r *repo) answer { return g.readme(r, "README.md") }},
		"/contents/profile/README.md": {contents + "repository-content", func(r *repo) answer { return g.readme(r, "profile/README.md") }},
	} {
		mux.HandleFunc("GET /repos/{owner}/{repo}"+tail, g.api(one.docs, g.byFullName(tail, one.ask)))
		mux.HandleFunc("GET /repositories/{id}"+tail, g.api(one.docs, g.byRepoNumber(one.ask)))
	}
}

func found(body []byte) answer {
	return answer{status: http.StatusOK, body: body, etag: weak(body)}
}

// byFullName finds a repository by its name. One that was renamed or given away is where its number leads.
func (g *GitHub) byFullName(tail string, ask func(*repo) answer) func(call) answer {
	return func(c call) answer {
		asked := c.PathValue("owner") + "/" + c.PathValue("repo")
		r := g.repos[strings.ToLower(asked)]
		switch {
		case r == nil || !r.shown():
			return refusal(http.StatusNotFound, "Not Found", "")
		case strings.EqualFold(r.full(), asked):
			return ask(r)
		}
		to := fmt.Sprintf("%srepositories/%d%s", g.base, r.id, tail)
		body := text(nil, "message", "Moved Permanently")
		body = append(text(body, "url", to), '}')
		body[0] = '{' // for the first comma
		return answer{status: http.StatusMovedPermanently, body: body, header: http.Header{"Location": {to}}}
	}
}

func (g *GitHub) byRepoNumber(ask func(*repo) answer) func(call) answer {
	return func(c call) answer {
		id, err := strconv.ParseInt(c.PathValue("id"), 10, 64)
		r := g.repoIDs[id]
		if err != nil || r == nil || !r.shown() {
			return refusal(http.StatusNotFound, "Not Found", "")
		}
		return ask(r)
	}
}

// readme gives the one file that a repository can have here: of an organisation's profile it is in a folder.
func (g *GitHub) readme(r *repo, path string) answer {
	if r.readme == "" || r.owner.organisation != strings.Contains(path, "/") {
		return refusal(http.StatusNotFound, "Not Found", "")
	}
	content := ""
	for whole := base64.StdEncoding.EncodeToString([]byte(r.readme)); whole != ""; {
		line := whole[:min(60, len(whole))]
		content, whole = content+line+"\n", whole[len(line):]
	}
	at := g.base + "repos/" + r.full() + "/contents/" + path + "?ref=main"
	return g.marshalled(fields{"type": "file", "name": "README.md", "path": path, "size": len(r.readme), "encoding": "base64", "content": content, "url": at,
		"sha": strings.Repeat("0", 40), "git_url": nil, "html_url": g.base + r.full() + "/blob/main/" + path, "download_url": nil,
		"_links": fields{"self": at, "git": nil, "html": g.base + r.full() + "/blob/main/" + path}})
}

func (g *GitHub) getOrganisation(_ call, o *user) answer {
	if !o.organisation {
		return refusal(http.StatusNotFound, "Not Found", "")
	}
	return g.marshalled(fields{"login": o.login, "id": o.id, "node_id": o.node, "type": "Organization", "name": o.name, "description": o.bio, "blog": o.blog,
		"url": g.base + "orgs/" + o.login, "html_url": g.base + o.login, "public_repos": len(o.repos), "public_gists": 0, "followers": 0, "following": 0,
		"created_at": stamp(o.created), "updated_at": stamp(o.created)})
}

// getGists lists a user's gists, the newest first; here all are on the first page.
func (g *GitHub) getGists(c call, u *user) answer {
	list, most := []fields{}, counted(c.URL.Query().Get("per_page"), 30, 100)
	for _, one := range slices.Backward(g.gists) {
		if one.owner == u && len(list) < most {
			list = append(list, g.gistSaid(one))
		}
	}
	return g.marshalled(list)
}

// getGist tells of a single gist also whose fork it is.
func (g *GitHub) getGist(c call) answer {
	one := g.gist(c.PathValue("id"))
	if one == nil {
		return refusal(http.StatusNotFound, "Not Found", "")
	}
	said := g.gistSaid(one)
	said["fork_of"], said["forks"], said["history"] = nil, []fields{}, []fields{}
	if one.of != nil {
		said["fork_of"] = g.gistSaid(one.of)
	}
	return g.marshalled(said)
}

func (g *GitHub) gistSaid(one *gist) fields {
	at := g.base + "gists/" + one.id
	return fields{"id": one.id, "url": at, "html_url": g.base + one.owner.login + "/" + one.id, "description": one.description, "public": true, "files": fields{},
		"created_at": stamp(one.created), "updated_at": stamp(one.created), "comments": 0, "user": nil, "truncated": false,
		"forks_url": at + "/forks", "commits_url": at + "/commits", "comments_url": at + "/comments",
		"owner": json.RawMessage(append(g.owner([]byte{'{'}, one.owner), '}'))}
}

func (g *GitHub) marshalled(said any) answer {
	body, err := json.Marshal(said)
	if err != nil {
		panic(err) // it is text and numbers
	}
	return found(body)
}
