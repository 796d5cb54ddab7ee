package web

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"flattery"
)

func TestIdentitiesSayHowSureTheyAreAndWhatIsDisputed(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	expect(t, b, "/identities", []string{
		"Another account has proved that this is theirs", "by 20\u00a0October", "Prove again by signing in", // the first of a dispute
		"You have proved that this is yours, and another account claims it", "23\u00a0October", // the second
		"The dispute ended on 4\u00a0October 2026: it went to the account that proved it last.",
		"The token is no longer where it was. What others give for it is kept", "Not verified since", "11\u00a0October", `action="/claims/4/check"`, `href="https://ada.example/me"`,
		`href="/identities/flickr/prove?handle=ada.w"`, `href="/identities/mastodon/prove"`, `href="/identities/github/prove"`, "ada-too", `href="/admin/disputes"`,
	}, []string{"forgotten-long-ago", `action="/claims/1/check"`, `action="/claims/2/check"`, `href="/identities/vimeo/prove"`, ">gone<"})
	b = visitor(t, handler(t, options(t, w))).signIn(w, bob)
	expect(t, b, "/identities", []string{"Nothing is yours here yet"}, []string{"ada", "/admin/disputes"})
}

func TestSlipsSayWhatHoldsThem(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	expect(t, b, "/slips", []string{"Please do not pay this now. It is not certain any more who", `action="/slips/8/paid"`, "waits until it is decided whose it is"}, []string{`action="/slips/8/sent"`})
}

func TestAProofByProfileIsBegunLookedForAndTaken(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	const path = "/identities/github/prove"
	expect(t, b, path+"?handle=ada-w", []string{"flattery-k7rmw3hs9dnpx2vqjc5e", "the README of the repository", `&lt;meta name=&#34;flattery&#34; content=&#34;flattery-k7rmw3hs9dnpx2vqjc5e&#34;&gt;`,
		`action="/proofs/1/look"`, `value="ada-w"`, "good until 27\u00a0October"}, []string{"flattery-k7rmw3hs9dnpx2vqjc5f"})
	expect(t, b, "/identities/vimeo/prove", []string{"cannot be read from here yet"}, []string{`name="handle"`})
	for _, row := range []struct{ handle, to, says string }{
		{"nothing-there", path, "the token is not in the profile of nothing-there yet"},
		{"shown", "/identities", "shown on GitHub is yours here now."},
		{"taken", "/identities", "You have proved taken on GitHub, and another account claims it."},
	} {
		if got := b.post(path, "handle", row.handle); got.Code != http.StatusSeeOther || got.Header().Get("Location") != path {
			t.Fatalf("%s: beginning answered %d", row.handle, got.Code)
		}
		got := b.post("/proofs/" + string(rune('0'+len(w.provings))) + "/look")
		if to := got.Header().Get("Location"); to != row.to {
			t.Errorf("%s: looking leads to %q, answered %d", row.handle, to, got.Code)
		}
		expect(t, b, row.to, []string{row.says}, nil)
	}
	w.refuse = &flattery.OutsideError{Network: "github", Reason: "spend"}
	if got := b.post("/proofs/1/look"); got.Code != http.StatusBadGateway || !strings.Contains(got.Body.String(), "money for reading this network is spent") {
		t.Errorf("a network that refuses: %d", got.Code)
	}
	w.refuse = nil
	if got := b.post("/proofs/1/remove"); got.Code != http.StatusSeeOther || slices.ContainsFunc(w.provings, func(p flattery.Proving) bool { return p.ID == 1 }) {
		t.Errorf("forgetting answered %d", got.Code)
	}
	expect(t, b, path, []string{"The token proves nothing any more"}, nil)
	if got := b.post("/claims/4/check"); got.Code != http.StatusSeeOther {
		t.Errorf("looking again answered %d", got.Code)
	}
	expect(t, b, "/identities", []string{"We have looked, and ada.w is still not verified."}, nil)
}

func TestWhoRunsTheInstanceDecidesADispute(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	expect(t, b, "/admin/disputes", []string{"ada-w", "by signing in there", `action="/admin/disputes/1/second"`, "It belongs to ada", "Bob &lt;b&gt;", "went to ada"}, []string{`action="/admin/disputes/3/`, "\u202e"})
	if got := b.post("/admin/disputes/1/second"); got.Code != http.StatusSeeOther || w.disputes[0].Outcome != flattery.OutcomeSecond {
		t.Errorf("deciding answered %d: %+v", got.Code, w.disputes[0])
	}
	expect(t, b, "/admin/disputes", []string{"Decided. Both see it"}, []string{`action="/admin/disputes/1/`})
	if got := b.post("/admin/disputes/1/first"); got.Code != http.StatusConflict {
		t.Errorf("deciding twice answered %d", got.Code)
	}
}
