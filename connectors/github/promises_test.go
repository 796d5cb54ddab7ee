package github

import (
	"testing"

	"flattery/connectors"
	"flattery/connectors/connectortest"
)

func TestGitHubKeepsEveryPromise(t *testing.T) {
	for name, v := range map[string]struct {
		session  connectors.Session
		timeless bool
		byName   bool
	}{
		"with a token": {session: withToken()},
		"by name":      {session: byName()},
		"by name, where links do not tell the owner": {session: byName(), byName: true},
		"in the name of the instance":                {session: connectors.Session{Identity: me(), App: connectors.App{ID: "app", Secret: "canary-secret"}}},
		"without times":                              {session: withToken(), timeless: true},
		"by name without times":                      {session: byName(), timeless: true},
	} {
		t.Run(name, func(t *testing.T) {
			connectortest.Run(t, connectortest.Harness{
				Connector: func(base string) connectors.Connector { return New(base) },
				Network: func() connectortest.Network {
					f := newFake()
					f.timeless, f.byName = v.timeless, v.byName
					return f
				},
				Session: v.session, ID: repoID, Page: 100, Timeless: v.timeless,
			})
		})
	}
}
