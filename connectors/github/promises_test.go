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
		"with a token":                   {session: with(token)},
		"with the token of a GitHub App": {session: with(appToken)},
		"by name":                        {session: with("")},
		"by name, where links do not tell the owner": {session: with(""), byName: true},
		"in the name of the instance":                {session: byApp()},
		"without times":                              {session: with(token), timeless: true},
		"by name without times":                      {session: with(""), timeless: true},
	} {
		t.Run(name, func(t *testing.T) { connectortest.Run(t, harness(v.session, v.timeless, v.byName)) })
	}
}

func TestGitHubMayMeanHarm(t *testing.T) {
	t.Run("with a token", func(t *testing.T) { connectortest.Survive(t, harness(with(token), false, false)) })
	t.Run("by name, where links do not tell the owner", func(t *testing.T) { connectortest.Survive(t, harness(with(""), false, true)) })
	t.Run("without times", func(t *testing.T) { connectortest.Survive(t, harness(with(token), true, false)) })
}

func harness(s connectors.Session, timeless, byName bool) connectortest.Harness {
	return connectortest.Harness{
		Connector: func(base string) connectors.Connector { return New(base) },
		Network: func() connectortest.Network {
			f := newFake()
			f.timeless, f.byName = timeless, byName
			return f
		},
		Session: s, ID: repoID, Page: 100, Timeless: timeless, Handle: "me",
	}
}

func BenchmarkPoll(b *testing.B) { connectortest.Bench(b, harness(with(token), false, false)) }
