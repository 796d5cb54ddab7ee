package web

import (
	"strings"
	"testing"
)

func TestWhoRunsTheInstanceSeesHowItIs(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	expect(t, b, "/admin/health", []string{"12 well, 0 late, 0 stopped", "3 well, 2 late, 1 stopped", "502 Bad Gateway", "2 days ago", "3 hours", `href="/networks/flickr/keys"`, "not yet"}, []string{"ada-w", "ada walks"})
	expect(t, b, "/admin/months", []string{"October 2026", "September 2026", "Closes", `action="/admin/audit"`}, nil)
	expect(t, b, "/admin/instance", []string{"sqlite 3.53.0", "/srv/flattery", "made 3 days ago:", "/mnt/disk/one.db", "link 3 is stopped", ">warning<", `href="/admin/policy"`}, nil)
	b.post("/admin/audit")
	expect(t, b, "/admin/months", []string{"The ledger is clean: 1,234 transactions."}, nil)
	w.faults = []string{"a total is off", "and another"}
	b.post("/admin/audit")
	body := b.get("/admin/months").Body.String()
	for _, words := range []string{"The ledger has 2 faults", "a total is off · and another", `class="flash bad"`} {
		if !strings.Contains(body, words) {
			t.Errorf("it does not say %q", words)
		}
	}
}
