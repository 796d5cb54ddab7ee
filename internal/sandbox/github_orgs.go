package sandbox

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// AddOrganisation makes an organisation without members.
func (g *GitHub) AddOrganisation(login string) (id int64) {
	return g.AddUser(login, About{Organisation: true})
}

// SetMember makes somebody a member of an organisation, or changes what they are there: "admin" or "member".
func (g *GitHub) SetMember(organisation, login, role string) {
	g.change(func() {
		o := g.user(organisation)
		if !o.organisation || role != "admin" && role != "member" {
			panic(fmt.Sprintf("sandbox: github: nobody can be %q of %q", role, organisation))
		}
		if o.members == nil {
			o.members = map[*user]string{}
		}
		o.members[g.user(login)] = role
	})
}

// RemoveMember takes somebody out of an organisation, whether they were in it or not.
func (g *GitHub) RemoveMember(organisation, login string) {
	g.change(func() { delete(g.user(organisation).members, g.user(login)) })
}

// readsOrganisations says no to a token that may not read memberships; nil: it may.
func readsOrganisations(c call) *answer {
	for _, scope := range scopesOf(c.grant.scopes) {
		if slices.Contains([]string{"read:org", "write:org", "admin:org"}, scope) {
			return nil
		}
	}
	no := refusal(http.StatusForbidden, "You need at least read:org scope to see your memberships.", "")
	return &no
}

func (g *GitHub) getMembership(c call, u *user) answer {
	if no := readsOrganisations(c); no != nil {
		return *no
	}
	o := g.users[strings.ToLower(c.PathValue("org"))]
	if o == nil || o.suspended || o.members[u] == "" {
		return refusal(http.StatusNotFound, "Not Found", "")
	}
	body := g.membershipBody(o, u)
	return answer{status: http.StatusOK, body: body, etag: weak(body)}
}

// getMemberships lists all at once, by login of the organisation; nobody here is only invited.
func (g *GitHub) getMemberships(c call, u *user) answer {
	if no := readsOrganisations(c); no != nil {
		return *no
	}
	state := cmp.Or(c.URL.Query().Get("state"), "active")
	if state != "active" && state != "pending" {
		return refusal(http.StatusUnprocessableEntity, "Validation Failed", "")
	}
	var in []*user
	for _, o := range g.users {
		if o.members[u] != "" && !o.suspended && state == "active" {
			in = append(in, o)
		}
	}
	slices.SortFunc(in, func(a, b *user) int { return strings.Compare(a.login, b.login) })
	body := []byte{'['}
	for i, o := range in {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, g.membershipBody(o, u)...)
	}
	body = append(body, ']')
	return answer{status: http.StatusOK, body: body, etag: weak(body)}
}

func (g *GitHub) membershipBody(o, u *user) []byte {
	at := g.base + "orgs/" + o.login
	b := append([]byte{'{'}, `"state":"active"`...)
	b = text(b, "role", o.members[u])
	b = text(b, "url", at+"/memberships/"+u.login)
	b = text(b, "organization_url", at)
	b = append(b, `,"organization":{"login":"`...)
	b = append(append(b, o.login...), `",`...)
	b = number(b, "id", o.id)
	b = text(b, "node_id", o.node)
	b = text(b, "url", at)
	for _, tail := range [...]string{"repos", "events", "hooks", "issues"} {
		b = text(b, tail+"_url", at+"/"+tail)
	}
	b = text(b, "members_url", at+"/members{/member}")
	b = text(b, "public_members_url", at+"/public_members{/member}")
	b = text(b, "avatar_url", fmt.Sprintf("%savatars/u/%d?v=4", g.base, o.id))
	b = append(maybe(b, "description", o.bio), `},"user":{`...)
	return append(g.owner(b, u), "}}"...)
}
