package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"flattery"
)

func TestADonorsAuthorsAreGroupedByHowTheyCanBePaid(t *testing.T) {
	w := populated(false)
	o := options(t, w)
	o.Lapse = 90 * 24 * time.Hour
	b := visitor(t, handler(t, o)).signIn(w, ada)
	body := b.get("/authors").Body.String()
	at := -1
	for _, group := range []string{"waiting", "elsewhere", "here"} {
		next := strings.Index(body, `<section id="`+group+`">`)
		if next <= at {
			t.Errorf("%s stands at %d, after %d", group, next, at)
		}
		at = next
	}
	expect(t, b, "/authors", []string{"the first lapses on", "http://127.0.0.1:8080/c/waits", "readonly", `<a href="https://liberapay.com/copperline" rel="noopener noreferrer">liberapay.com</a>`, `data-copy="Copied" hidden`, "Write a message to each"}, []string{"Bob"})
	var first flattery.Identity
	for _, f := range w.flattrs {
		if f.State == flattery.Pending {
			first = f.Author.Identity
		}
	}
	if to := b.leads("/authors", "network", first.Network, "host", first.Host, "subject", first.Subject); to != "/authors" || !slices.Contains(w.told, first) {
		t.Errorf("leads to %s, told %v", to, w.told)
	}
	b.leads("/authors")
	expect(t, b, "/authors", []string{"Written. Copy the message"}, []string{"Write a message"})
	o.Lapse = 0
	expect(t, visitor(t, handler(t, o)).signIn(w, ada), "/authors", nil, []string{"lapses on"})
	expect(t, visitor(t, b.h).signIn(w, bob), "/authors", []string{"Nobody yet"}, []string{"<section"})
}

func TestWhoFollowsAClaimLinkLearnsWhatWaitsAndNotFromWhom(t *testing.T) {
	w := populated(false)
	o := options(t, w)
	o.Lapse = 90 * 24 * time.Hour
	h := handler(t, o)
	b := visitor(t, h)
	for range 3 {
		got := b.get("/c/waits")
		if got.Code != 200 || len(w.sessions) != 0 || len(b.cookies) != 0 || len(w.asked) != 0 || got.Header().Get("X-Robots-Tag") != "noindex, nofollow" || got.Header().Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("looking: %d, %d sessions, asked %v, headers %v", got.Code, len(w.sessions), w.asked, got.Header())
		}
	}
	expect(t, b, "/c/waits", []string{"14 likes are waiting for you", "From 3 people.", "they have no value yet", "Claim with GitHub", "ottoline/fog", "You get an account here", "never holds the money"}, []string{"Ada", "€"})
	expect(t, b, "/c/claimed", []string{"This has been claimed", `href="/signin"`}, []string{"Claim with"})
	expect(t, b, "/c/unlinkable", []string{"cannot sign in with Vimeo"}, []string{"Claim with"})
	expect(t, visitor(t, h).signIn(w, bob), "/c/waits", []string{"in your account here: <bdi>Bob</bdi>", "/identities/github/prove?handle=ottoline"}, []string{"You get an account"})
	if got := b.get("/c/nobody"); got.Code != 404 || !strings.Contains(got.Body.String(), "Nothing waits here") {
		t.Errorf("a link to nowhere: %d", got.Code)
	}
	plain := visitor(t, h)
	plain.base = "http://flattery.example"
	if got := plain.get("/c/waits").Code; got != 403 {
		t.Errorf("over a way that is not private: %d", got)
	}
}

func TestAStrangerWhoClaimsByALinkHasAnAccountThen(t *testing.T) {
	w := populated(false)
	w.accounts[gone] = flattery.Account{ID: gone, Name: "ottoline", CreatedAt: today}
	w.claims = append(w.claims, flattery.Claim{ID: 9, Account: gone, Identity: author("github", "55", "ottoline"), Proof: flattery.ByOAuth, ProvedAt: today})
	w.enters, w.follows = gone, 9
	b := visitor(t, handler(t, options(t, w)))
	to, err := url.Parse(b.leads("/c/waits"))
	if err != nil || w.lastAsked() != `connect github claiming link=0 handle="" month=false code=false` {
		t.Fatalf("%v, asked %s", err, w.lastAsked())
	}
	got := b.get("/oauth/cb/github/github.example?code=canary&state=" + to.Query().Get("state"))
	if got.Code != 303 || got.Header().Get("Location") != "/claims/9" {
		t.Fatalf("answered %d, %s: %s", got.Code, got.Header().Get("Location"), got.Body)
	}
	expect(t, b, "/claims/9", []string{"Welcome. This is your account here.", "It is yours", "Say where you want to be paid", "You can always come in with GitHub"}, nil)
	if to := b.leads("/income/destination", "destination", "https://ko-fi.com/ottoline"); to != "/income" {
		t.Errorf("who has just come leads to %s", to)
	}
	b = visitor(t, b.h)
	b.leads("/c/group")
	if w.lastAsked() != `connect github claiming link=0 handle="ottoline" month=false code=false` {
		t.Errorf("asked %s", w.lastAsked())
	}
	w.claimed = true
	if to := b.leads("/c/waits"); to != "/c/waits" {
		t.Errorf("what is claimed leads to %s", to)
	}
	w.claimed, w.often = false, true
	if got := b.post("/c/waits").Code; got != http.StatusTooManyRequests {
		t.Errorf("too many: %d", got)
	}
}

func TestWhoIsSignedInClaimsByALinkForTheirAccount(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	w.follows = 1
	to, err := url.Parse(b.leads("/c/waits"))
	if err != nil || to.Host != "github.example" {
		t.Fatalf("leads to %v, %v", to, err)
	}
	got := b.get("/oauth/cb/github/github.example?code=canary&state=" + to.Query().Get("state"))
	if got.Header().Get("Location") != "/claims/1" {
		t.Errorf("leads to %s", got.Header().Get("Location"))
	}
	expect(t, b, "/claims/1", []string{"October 2026", ">14<", ">3<", "closes on"}, []string{"Welcome."})
	w.clock = time.Hour
	if to := b.leads("/c/waits"); to != "/stepup?next=%2Fc%2Fwaits" {
		t.Errorf("later it leads to %s", to)
	}
}

func TestBeforeTheFirstSlipIsPaidThePageSaysWhatABankShows(t *testing.T) {
	w := populated(false)
	o := options(t, w)
	b := visitor(t, handler(t, o)).signIn(w, ada)
	first := "Before your first slip"
	expect(t, b, "/slips", []string{"We tell nobody who you are."}, []string{first})
	expect(t, b, "/welcome", nil, []string{first})
	for i := range w.payments {
		w.payments[i].State = flattery.PaymentPlanned
	}
	expect(t, b, "/slips", []string{first}, []string{"We tell nobody who you are."})
	expect(t, b, "/welcome", []string{first}, nil)
	w.payments = nil
	expect(t, b, "/slips", []string{first}, nil)
	o.Mode = Prepaid
	b = visitor(t, handler(t, o)).signIn(w, ada)
	expect(t, b, "/slips", nil, []string{first})
	expect(t, b, "/welcome", nil, []string{first})
}

// Where a claim link leads, a token in the profile does what signing in at the network does, and for this browser alone.
func TestAStrangerWhoShowsATokenInTheProfileHasAnAccountThen(t *testing.T) {
	const token = "flattery-k7rmw3hs9dnpx2vqjc5e"
	w := populated(false)
	w.networks[0].Provable = true
	w.accounts[gone] = flattery.Account{ID: gone, Name: "ottoline", CreatedAt: today}
	w.claims = append(w.claims, flattery.Claim{ID: 9, Account: gone, Identity: author("twitter", "55", "ottoline"), Proof: flattery.ByProfile, ProvedAt: today})
	w.enters, w.follows = gone, 9
	b := visitor(t, handler(t, options(t, w)))
	expect(t, b, "/c/waits", []string{"Claim with GitHub", "Prove it by your public profile instead", `action="/c/waits/token"`, "You sign in at GitHub"}, []string{token, `name="handle"`})
	expect(t, b, "/c/keyless", []string{"Claim by your public profile", "You write a short token into your public profile on X", "choose a password or a passkey"}, []string{"Claim with", "cannot sign in", "next time you come in the same way"})
	expect(t, b, "/c/unlinkable", []string{"cannot sign in with Vimeo"}, []string{"/token"})
	if got := b.post("/c/unlinkable/token").Code; got != http.StatusNotFound {
		t.Errorf("a profile that cannot be read: %d", got)
	}
	if got := b.post("/c/keyless/look", "handle", "shown"); got.Code != http.StatusBadRequest || len(w.sessions) != 0 {
		t.Errorf("without a token: %d, %d sessions", got.Code, len(w.sessions))
	}
	for range 2 {
		if to := b.leads("/c/keyless/token"); to != "/c/keyless#profile" {
			t.Fatalf("asking for a token leads to %s", to)
		}
	}
	expect(t, b, "/c/keyless", []string{token, "Edit profile, Bio", `value="ottoline"`, `action="/c/keyless/look"`, "for an hour", "Leave it there"}, nil)
	expect(t, b, "/c/waits", nil, []string{token})
	if got := visitor(t, b.h).post("/c/keyless/look", "handle", "shown").Code; got != http.StatusBadRequest {
		t.Errorf("another browser: %d", got)
	}
	for handle, says := range map[string]string{
		"nothing": "We have looked at the profile of nothing on X: " + token + " is not there yet",
		"other":   "other on X is not the account that these likes are for",
	} {
		if to := b.leads("/c/keyless/look", "handle", handle); to != "/c/keyless#profile" {
			t.Errorf("%s leads to %s", handle, to)
		}
		expect(t, b, "/c/keyless", []string{says, token}, nil)
	}
	for handle, status := range map[string]int{"": http.StatusBadRequest, strings.Repeat("x", 999): http.StatusBadRequest, "taken": http.StatusConflict} {
		if got := b.post("/c/keyless/look", "handle", handle).Code; got != status {
			t.Errorf("%.9q: %d", handle, got)
		}
	}
	w.often = true
	if one, two := b.post("/c/keyless/token").Code, b.post("/c/keyless/look", "handle", "shown").Code; one != http.StatusTooManyRequests || two != http.StatusTooManyRequests {
		t.Errorf("too many: %d and %d", one, two)
	}
	w.often = false
	if to := b.leads("/c/keyless/look", "handle", "shown"); to != "/claims/9" || w.lastAsked() != "show 9 twitter shown "+token {
		t.Fatalf("it leads to %s, asked %s", to, w.lastAsked())
	}
	expect(t, b, "/claims/9", []string{"Welcome. This is your account here.", "It is your way back: one cannot sign in with X here."}, []string{"You can always come in"})
	if to := b.leads("/income/destination", "destination", "https://ko-fi.com/ottoline"); to != "/income" {
		t.Errorf("who has just come leads to %s", to)
	}

	// Who is signed in has a page of their own for it, and what is claimed is not proved again.
	for _, path := range []string{"/c/keyless/token", "/c/keyless/look"} {
		if to := visitor(t, b.h).signIn(w, bob).leads(path, "handle", "shown"); to != "/identities/twitter/prove?handle=ottoline" {
			t.Errorf("signed in, %s leads to %s", path, to)
		}
	}
	w.claimed = true
	if to := visitor(t, b.h).leads("/c/waits/look", "handle", "shown"); to != "/c/waits" {
		t.Errorf("what is claimed leads to %s", to)
	}
}

// A token that has to be written somewhere first lasts longer than the way to a network and back.
func TestATokenForAProfileLastsAnHour(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w)))
	for _, row := range []struct {
		path string
		want time.Duration
	}{{"/c/waits", longestAsking}, {"/c/waits/token", longestShowing}, {"/c/waits", longestShowing}} {
		got := b.post(row.path)
		if all := got.Result().Cookies(); len(all) != 1 || all[0].MaxAge > int(row.want.Seconds())+1 || all[0].MaxAge < int(row.want.Seconds())-60 {
			t.Errorf("%s: %d, cookies %v, want one for %s", row.path, got.Code, all, row.want)
		}
	}
}

func TestADonorSeesWhatWaitedAndCountsNow(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	says := []string{"They can be paid now", "2 follow in later months"}
	expect(t, b, "/month", append(says, "you can take out below"), nil)
	expect(t, b, "/authors", append(says, `<a href="/month">to this month</a>`), nil)
	expect(t, b, "/months/"+(w.months[0].Month-1).String(), nil, says)
}
