package sandbox

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// repoLinks are the properties of a repository that are its API address and a tail.
var repoLinks = [...][2]string{
	{"url", ""}, {"forks_url", "/forks"}, {"keys_url", "/keys{/key_id}"},
	{"collaborators_url", "/collaborators{/collaborator}"}, {"teams_url", "/teams"}, {"hooks_url", "/hooks"},
	{"issue_events_url", "/issues/events{/number}"}, {"events_url", "/events"}, {"assignees_url", "/assignees{/user}"},
	{"branches_url", "/branches{/branch}"}, {"tags_url", "/tags"}, {"blobs_url", "/git/blobs{/sha}"},
	{"git_tags_url", "/git/tags{/sha}"}, {"git_refs_url", "/git/refs{/sha}"}, {"trees_url", "/git/trees{/sha}"},
	{"statuses_url", "/statuses/{sha}"}, {"languages_url", "/languages"}, {"stargazers_url", "/stargazers"},
	{"contributors_url", "/contributors"}, {"subscribers_url", "/subscribers"}, {"subscription_url", "/subscription"},
	{"commits_url", "/commits{/sha}"}, {"git_commits_url", "/git/commits{/sha}"},
	{"comments_url", "/comments{/number}"}, {"issue_comment_url", "/issues/comments{/number}"},
	{"contents_url", "/contents/{+path}"}, {"compare_url", "/compare/{base}...{head}"}, {"merges_url", "/merges"},
	{"archive_url", "/{archive_format}{/ref}"}, {"downloads_url", "/downloads"}, {"issues_url", "/issues{/number}"},
	{"pulls_url", "/pulls{/number}"}, {"milestones_url", "/milestones{/number}"},
	{"notifications_url", "/notifications{?since,all,participating}"}, {"labels_url", "/labels{/name}"},
	{"releases_url", "/releases{/id}"}, {"deployments_url", "/deployments"},
}

// userLinks are the same for a user.
var userLinks = [...][2]string{
	{"url", ""}, {"followers_url", "/followers"}, {"following_url", "/following{/other_user}"},
	{"gists_url", "/gists{/gist_id}"}, {"starred_url", "/starred{/owner}{/repo}"}, {"subscriptions_url", "/subscriptions"},
	{"organizations_url", "/orgs"}, {"repos_url", "/repos"}, {"events_url", "/events{/privacy}"},
	{"received_events_url", "/received_events"},
}

// repoBody gives a repository as the API shows it. It is rendered when something of it has changed, by hand: a page
// holds a hundred of them, and a poll is to cost the sandbox next to nothing.
func (g *GitHub) repoBody(r *repo) []byte {
	switch {
	case r.raw != nil:
		return r.raw
	case r.body != nil:
		return r.body
	}
	page := g.base + r.full()
	b := make([]byte, 0, 6<<10)
	b = number(append(b, '{'), "id", r.id)
	b = text(b, "node_id", r.node)
	b = text(b, "name", r.name)
	b = text(b, "full_name", r.full())
	b = append(b, `,"private":false,"owner":{`...)
	b = append(g.owner(b, r.owner), '}')
	b = text(b, "html_url", page)
	b = maybe(b, "description", r.description)
	b = append(b, `,"fork":`...)
	b = strconv.AppendBool(b, r.fork)
	for _, link := range repoLinks {
		b = text(b, link[0], g.base+"repos/"+r.full()+link[1])
	}
	b = text(b, "created_at", stamp(r.created))
	b = text(b, "updated_at", stamp(r.pushed))
	b = text(b, "pushed_at", stamp(r.pushed))
	b = text(b, "git_url", "git"+strings.TrimPrefix(page, "http")+".git")
	b = text(b, "ssh_url", "git@127.0.0.1:"+r.full()+".git")
	b = text(b, "clone_url", page+".git")
	b = text(b, "svn_url", page)
	for _, count := range [...]string{"stargazers_count", "watchers_count", "watchers"} {
		b = number(append(b, ','), count, int64(r.stargazers))
	}
	r.body = append(b, `,"homepage":null,"size":1,"language":null,"has_issues":true,"has_projects":true,`+
		`"has_downloads":true,"has_wiki":true,"has_pages":false,"has_discussions":false,"forks_count":0,`+
		`"mirror_url":null,"archived":false,"disabled":false,"open_issues_count":0,"license":null,`+
		`"allow_forking":true,"is_template":false,"web_commit_signoff_required":false,"topics":[],`+
		`"visibility":"public","forks":0,"open_issues":0,"default_branch":"main"}`...)
	return r.body
}

// owner appends what every answer tells of a user, without the braces.
func (g *GitHub) owner(b []byte, u *user) []byte {
	b = append(b, `"login":"`...) // a login is letters, digits, - and _
	b = append(append(b, u.login...), `",`...)
	b = number(b, "id", u.id)
	b = text(b, "node_id", u.node)
	b = text(b, "avatar_url", g.base+"avatars/u/"+strconv.FormatInt(u.id, 10)+"?v=4")
	b = text(b, "gravatar_id", "")
	b = text(b, "html_url", g.base+u.login)
	for _, link := range userLinks {
		b = text(b, link[0], g.base+"users/"+u.login+link[1])
	}
	kind := "User"
	if u.organisation {
		kind = "Organization"
	}
	b = text(b, "type", kind)
	return append(b, `,"user_view_type":"public","site_admin":false`...)
}

// userBody gives a user as the API shows it to everybody, and to the user's own tokens too: they have no scope for more.
func (g *GitHub) userBody(u *user) []byte {
	b := g.owner([]byte{'{'}, u)
	b = maybe(b, "name", u.name)
	b = text(b, "blog", u.blog)
	b = maybe(b, "bio", u.bio)
	b = number(append(b, ','), "public_repos", int64(len(u.repos)))
	b = text(b, "created_at", stamp(u.created))
	b = text(b, "updated_at", stamp(u.created))
	return append(b, `,"company":null,"location":null,"email":null,"hireable":null,"twitter_username":null,`+
		`"public_gists":0,"followers":0,"following":0}`...)
}

func stamp(t time.Time) string { return t.Format("2006-01-02T15:04:05Z") }

func text(b []byte, name, value string) []byte {
	b = append(append(append(b, `,"`...), name...), `":`...)
	if plain(value) {
		return append(append(append(b, '"'), value...), '"')
	}
	quoted, err := json.Marshal(value)
	if err != nil {
		panic(err) // a string always marshals
	}
	return append(b, quoted...)
}

// errorBody gives an error as GitHub words it; docs is what follows the documentation's address.
func errorBody(status int, message, docs string) []byte {
	b := text(nil, "message", message)
	b = text(b, "documentation_url", githubDocs+docs)
	b = append(text(b, "status", strconv.Itoa(status)), '}')
	b[0] = '{' // for the first comma
	return b
}

// plain reports whether a text is the same in JSON.
func plain(value string) bool {
	for i := range len(value) {
		if c := value[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}

func maybe(b []byte, name, value string) []byte {
	if value == "" {
		return append(append(append(b, `,"`...), name...), `":null`...)
	}
	return text(b, name, value)
}

// number is without the comma before it, so that it can stand first.
func number(b []byte, name string, value int64) []byte {
	b = append(append(append(b, '"'), name...), `":`...)
	return strconv.AppendInt(b, value, 10)
}

// nodeID makes a global id as GitHub does since 2021: the kind, and base64 of the MessagePack list [0, id].
func nodeID(kind string, id int64) string {
	b := []byte{0x92, 0}
	if id <= math.MaxUint32 {
		b = binary.BigEndian.AppendUint32(append(b, 0xce), uint32(id))
	} else {
		b = binary.BigEndian.AppendUint64(append(b, 0xcf), uint64(id))
	}
	return kind + "_" + base64.RawURLEncoding.EncodeToString(b)
}

// repoIDOf reads the number out of a repository's global id, of both kinds: R_kgDO… and, until 2021, base64 of
// "010:Repository123". It is 0 where there is none.
func repoIDOf(node string) int64 {
	if tail, ok := strings.CutPrefix(node, "R_"); ok {
		b, err := base64.RawURLEncoding.DecodeString(tail)
		if err == nil && len(b) == 7 && b[0] == 0x92 && b[2] == 0xce {
			return int64(binary.BigEndian.Uint32(b[3:]))
		}
		return 0
	}
	b, err := base64.StdEncoding.DecodeString(node)
	_, digits, ok := strings.Cut(string(b), ":Repository")
	id, bad := strconv.ParseInt(digits, 10, 64)
	if err != nil || !ok || bad != nil || id < 0 {
		return 0
	}
	return id
}
