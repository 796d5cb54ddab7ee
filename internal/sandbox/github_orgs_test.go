package sandbox

import (
	"encoding/json"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"flattery/connectors/connectortest"
)

type membershipSaid struct {
	State, Role  string
	Organization struct {
		Login string
		ID    int64
	}
	User json.RawMessage
}

func TestWhoAdministersAnOrganisation(t *testing.T) {
	v := visit(t)
	g := v.GitHub
	for _, login := range []string{"ann", "ben", "cleo"} {
		g.AddUser(login)
	}
	club := g.AddOrganisation("Club")
	g.AddOrganisation("attic")
	g.SetMember("club", "ann", "admin")
	g.SetMember("club", "ben", "member")
	g.SetMember("attic", "ann", "member")
	g.SetMember("club", "cleo", "admin")
	g.RemoveMember("club", "cleo")
	const one, all = "user/memberships/orgs/club", "user/memberships/orgs?state=active"
	for _, c := range []struct {
		name, path, token string
		status            int
		roles             []string
	}{
		{"an administrator", one, g.Token("ann", "read:org"), 200, []string{"admin"}},
		{"a member, with more scopes", one, g.Token("ben", "read:user", "admin:org"), 200, []string{"member"}},
		{"an administrator who was removed", one, g.Token("cleo", "read:org"), 404, nil},
		{"an organisation that is none", "user/memberships/orgs/ann", g.Token("ann", "read:org"), 404, nil},
		{"nothing of that name", "user/memberships/orgs/x", g.Token("ann", "read:org"), 404, nil},
		{"without the scope", one, g.Token("ann", "read:user"), 403, nil},
		{"all, by name", all, g.Token("ann", "read:org"), 200, []string{"admin", "member"}},
		{"all of who is nowhere", all, g.Token("cleo", "read:org"), 200, nil},
		{"all without the scope", all, g.Token("ann"), 403, nil},
		{"those one is invited to", "user/memberships/orgs?state=pending", g.Token("ann", "read:org"), 200, nil},
		{"a state that is none", "user/memberships/orgs?state=x", g.Token("ann", "read:org"), 422, nil},
		{"without a token", one, "", 401, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var headers []string
			if c.token != "" {
				headers = []string{"Authorization", "Bearer " + c.token}
			}
			got := v.get(g.Base()+c.path, headers...)
			if got.status != c.status {
				t.Fatalf("%d %s, want %d", got.status, got.body, c.status)
			}
			if c.status != 200 {
				return
			}
			var said []membershipSaid
			if c.path == one {
				said = []membershipSaid{into[membershipSaid](t, got.body)}
			} else {
				said = into[[]membershipSaid](t, got.body)
			}
			if len(said) != len(c.roles) {
				t.Fatalf("%s", got.body)
			}
			for i, m := range said {
				if m.Role != c.roles[i] || m.State != "active" {
					t.Errorf("%+v", m)
				}
			}
			if len(said) == 1 && (said[0].Organization.Login != "Club" || said[0].Organization.ID != club) {
				t.Errorf("%+v", said[0].Organization)
			}
		})
	}
	g.SetMember("club", "ann", "member")
	if got := into[membershipSaid](t, v.get(g.Base()+one, "Authorization", "Bearer "+g.Token("ann", "read:org")).body); got.Role != "member" {
		t.Errorf("an administrator no more: %+v", got)
	}
}

func TestWhoIsAMemberIsToldAsAUserIs(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(connectortest.ReadShared(t, "networks/contracts/github/github-rest.trimmed.openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	v := visit(t)
	v.GitHub.AddUser("ann")
	v.GitHub.AddOrganisation("club")
	v.GitHub.SetMember("club", "ann", "admin")
	got := v.get(v.GitHub.Base()+"user/memberships/orgs/club", "Authorization", "Bearer "+v.GitHub.Token("ann", "read:org"))
	user := into[any](t, string(into[membershipSaid](t, got.body).User))
	if err := doc.Components.Schemas["simple-user"].Value.VisitJSON(user); err != nil {
		t.Error(err)
	}
}
