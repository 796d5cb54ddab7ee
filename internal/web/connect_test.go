package web

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"flattery"
)

// leads posts a form and answers where it leads to, which must be somewhere.
func (b *browser) leads(path string, pairs ...string) string {
	b.t.Helper()
	got := b.post(path, pairs...)
	if got.Code != http.StatusSeeOther {
		b.t.Fatalf("%s answered %d: %s", path, got.Code, got.Body)
	}
	return got.Header().Get("Location")
}

func (w *world) lastAsked() string {
	if len(w.asked) == 0 {
		return ""
	}
	return w.asked[len(w.asked)-1]
}

func TestWhatADonorWishesReachesTheNetwork(t *testing.T) {
	for name, row := range map[string]struct {
		path   string
		form   []string
		asked  string // "" where nothing may be asked
		status int
	}{
		"link":                               {"/connect", []string{"network", "github", "purpose", "linking"}, `connect github linking link=0 handle="" month=false code=false`, 303},
		"link and count the month":           {"/connect", []string{"network", "github", "purpose", "linking", "month", "1"}, `connect github linking link=0 handle="" month=true code=false`, 303},
		"a month that nobody can tell":       {"/connect", []string{"network", "mastodon", "purpose", "linking", "month", "1"}, `connect mastodon linking link=0 handle="" month=false code=false`, 303},
		"reconnect":                          {"/connect", []string{"network", "mastodon", "purpose", "linking", "link", "3"}, `connect mastodon linking link=3 handle="" month=false code=false`, 303},
		"a code":                             {"/connect", []string{"network", "flickr", "purpose", "linking", "code", "1"}, `connect flickr linking link=0 handle="" month=false code=true`, 303},
		"a code where there is none":         {"/connect", []string{"network", "github", "purpose", "linking", "code", "1"}, `connect github linking link=0 handle="" month=false code=false`, 303},
		"claim oneself":                      {"/connect", []string{"network", "github", "purpose", "claiming"}, `connect github claiming link=0 handle="" month=false code=false`, 303},
		"claim an organisation":              {"/connect", []string{"network", "github", "purpose", "claiming", "handle", " kettle\u202e "}, `connect github claiming link=0 handle="kettle" month=false code=false`, 303},
		"an organisation without a name":     {"/connect", []string{"network", "github", "purpose", "claiming", "handle", " "}, "", 400},
		"an organisation with a long name":   {"/connect", []string{"network", "github", "purpose", "claiming", "handle", strings.Repeat("x", longestName+1)}, "", 400},
		"for no purpose":                     {"/connect", []string{"network", "github"}, "", 400},
		"for another purpose":                {"/connect", []string{"network", "github", "purpose", "stealing"}, "", 400},
		"at no network":                      {"/connect", []string{"network", "orkut", "purpose", "linking"}, "", 404},
		"a link that is no number":           {"/connect", []string{"network", "github", "purpose", "linking", "link", "x"}, "", 404},
		"a link below all numbers":           {"/connect", []string{"network", "github", "purpose", "linking", "link", "-1"}, "", 404},
		"somebody else's link":               {"/connect", []string{"network", "github", "purpose", "linking", "link", "77"}, "", 404},
		"a public name":                      {"/links", []string{"network", "github", "handle", " oc\u202etocat\n"}, "name github octocat month=false", 303},
		"a public name and the month":        {"/links", []string{"network", "github", "handle", "octocat", "month", "1"}, "name github octocat month=true", 303},
		"no public name":                     {"/links", []string{"network", "github", "handle", "\u202e"}, "", 400},
		"a public name that is a whole book": {"/links", []string{"network", "github", "handle", strings.Repeat("x", longestName+1)}, "", 400},
		"a public name at no network":        {"/links", []string{"network", "orkut", "handle", "x"}, "", 404},
	} {
		t.Run(name, func(t *testing.T) {
			w := populated(false)
			b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
			got := b.post(row.path, row.form...)
			if got.Code != row.status || w.lastAsked() != row.asked {
				t.Errorf("answered %d, asked %q", got.Code, w.lastAsked())
			}
		})
	}
}

func TestAnAttemptToConnectIsOfOneBrowserAndSaysWhatCameOfIt(t *testing.T) {
	w := populated(false)
	h := handler(t, options(t, w))
	b := visitor(t, h).signIn(w, ada)
	to := b.leads("/connect", "network", "github", "purpose", "linking")
	if !strings.HasPrefix(to, "https://github.example/authorize?state=") {
		t.Fatalf("leads to %s", to)
	}
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	back := "/oauth/cb/github/github.example?code=canary&state=" + u.Query().Get("state")
	secret := w.attempts[u.Query().Get("state")].Browser
	if len(secret) < 26 {
		t.Errorf("the secret of the browser is %q", secret)
	}
	got := b.get(back)
	if got.Code != 303 || got.Header().Get("Location") != "/links" || got.Header().Get("Referrer-Policy") != "no-referrer" || got.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("answered %d, headers %v", got.Code, got.Header())
	}
	expect(t, b, "/links", []string{"Linked: ada-of-github on GitHub. What you like there from now on counts."}, []string{"canary"})
	expect(t, b, "/links", nil, []string{"ada-of-github"})

	again := b.get(back)
	if again.Code != 400 || strings.Contains(again.Body.String(), "canary") || !strings.Contains(again.Body.String(), `<a href="/links">Back</a>`) {
		t.Errorf("a second time answered %d: %s", again.Code, again.Body)
	}
	b.leads("/connect", "network", "github", "purpose", "linking")
	if next := w.attempts[w.begun()[0]].Browser; next != secret {
		t.Error("the secret of the browser has changed")
	}
	other := visitor(t, h).signIn(w, ada) // the same account in another browser
	for _, state := range w.begun() {
		if got := other.get("/oauth/cb/github/github.example?code=x&state=" + state); got.Code != 400 {
			t.Errorf("another browser was let in: %d", got.Code)
		}
	}
}

// begun are the attempts that were begun in this world, by state.
func (w *world) begun() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(w.attempts)), func(state string) bool { return state == "adas" })
}

func TestACallbackThatIsNoneSpendsAndTellsNothing(t *testing.T) {
	for name, row := range map[string]struct {
		path   string
		status int
		asked  bool
	}{
		"of no state":                {"/oauth/cb/github/github.example?code=canary", 400, true},
		"of another state":           {"/oauth/cb/github/github.example?code=canary&state=x", 400, true},
		"of another network":         {"/oauth/cb/flickr/github.example?code=canary&state=mine", 400, true},
		"refused":                    {"/oauth/cb/github/github.example?code=no&error_description=canary&state=mine", 403, true},
		"that is too long":           {"/oauth/cb/github/github.example?code=canary&state=" + strings.Repeat("x", longestAnswer), 400, false},
		"that cannot be read":        {"/oauth/cb/github/github.example?code=canary%zz&state=mine", 400, false},
		"without a host":             {"/oauth/cb/github/?code=canary", 404, false},
		"that was sent as a command": {"", 405, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := populated(false)
			o := options(t, w)
			var log strings.Builder
			o.Log = textLog(&log)
			b := visitor(t, handler(t, o)).signIn(w, ada)
			b.leads("/connect", "network", "github", "purpose", "linking")
			for _, state := range w.begun() {
				w.attempts["mine"] = w.attempts[state]
			}
			before := len(w.asked)
			var got *httptest.ResponseRecorder
			if row.path == "" {
				got = b.post("/oauth/cb/github/github.example?code=canary&state=mine")
			} else {
				got = b.get(row.path)
			}
			if got.Code != row.status || (len(w.asked) > before) != row.asked {
				t.Errorf("answered %d, asked %v", got.Code, w.asked[before:])
			}
			if strings.Contains(got.Body.String()+log.String(), "canary") {
				t.Errorf("the page or the log tells the code: %s %s", got.Body, log.String())
			}
		})
	}
}

func TestACodeIsTypedOnceAndOnlyWhereOneWasAskedFor(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	if to := b.leads("/connect", "network", "flickr", "purpose", "linking", "code", "1"); to != "/oauth/code" {
		t.Fatalf("leads to %s", to)
	}
	expect(t, b, "/oauth/code", []string{`href="https://flickr.example/authorize?state=`, `target="_blank" rel="noopener noreferrer"`, "A code from Flickr"}, nil)
	if to := b.leads("/oauth/code", "code", "  "); to != "/oauth/code" || strings.HasPrefix(w.lastAsked(), "connected") {
		t.Errorf("an empty code leads to %s, asked %q", to, w.lastAsked())
	}
	expect(t, b, "/oauth/code", []string{"Please type the code"}, nil)
	if to := b.leads("/oauth/code", "code", " 123-456-789 "); to != "/links" || w.lastAsked() != "connected flickr  code=123-456-789" {
		t.Errorf("leads to %s, asked %q", to, w.lastAsked())
	}
	if got := b.post("/oauth/code", "code", "123"); got.Code != 400 {
		t.Errorf("a second code answered %d", got.Code)
	}
	b.leads("/connect", "network", "flickr", "purpose", "linking", "code", "1")
	if got := b.post("/oauth/code", "code", "no"); got.Code != 403 {
		t.Errorf("a refused code answered %d", got.Code)
	}
	if got := b.get("/oauth/code"); got.Code != 303 {
		t.Errorf("after it was spent the page answered %d", got.Code)
	}
}

func TestWhoAsksNetworksTooOftenWaitsAndLosesNothing(t *testing.T) {
	for name, ask := range map[string]func(b *browser) int{
		"linking":   func(b *browser) int { return b.post("/connect", "network", "github", "purpose", "linking").Code },
		"by name":   func(b *browser) int { return b.post("/links", "network", "github", "handle", "x").Code },
		"callbacks": func(b *browser) int { return b.get("/oauth/cb/github/github.example?state=x").Code },
		"keys":      func(b *browser) int { return b.post("/networks/github/keys/test").Code },
	} {
		t.Run(name, func(t *testing.T) {
			w := populated(false)
			h := handler(t, options(t, w))
			b := visitor(t, h).signIn(w, ada)
			refused := false
			for range 100 {
				refused = refused || ask(b) == 429
			}
			if !refused || len(w.asked) > 60 {
				t.Errorf("refused %v after %d questions", refused, len(w.asked))
			}
			if got := visitor(t, h).signIn(w, bob).post("/connect", "network", "github", "purpose", "linking"); got.Code != 303 {
				t.Errorf("another account waits too: %d", got.Code)
			}
		})
	}
}

func TestACodeThatCameTooSoonIsNotSpent(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	for status := 303; status != 429; { // again, if the second of the next permission has just passed
		b.post("/connect", "network", "flickr", "purpose", "linking", "code", "1")
		if b.get("/oauth/code").Code != 200 {
			continue
		}
		for spent := 303; spent != 429; {
			spent = b.post("/links", "network", "github", "handle", "x").Code
		}
		status = b.post("/oauth/code", "code", "x").Code
	}
	if got := b.get("/oauth/code"); got.Code != 200 {
		t.Errorf("it answered %d", got.Code)
	}
}

func TestNetworksSayHonestlyHowItStands(t *testing.T) {
	for network, row := range map[string]struct{ says, not []string }{
		"github": {[]string{`action="/connect"`, "Link with GitHub", `name="month"`, `action="/links"`, "It looks like this: octocat", "the network itself", "Linked already:", "ada-w", `href="/networks/github/keys"`},
			[]string{"Type a code instead", "What its terms say", "flattery import"}},
		"flickr":        {[]string{"Type a code instead", "OAuth 1.0a", "What its terms say", "Our reading, not confirmed.", "as of April 2026"}, []string{"<meter"}},
		"twitter":       {[]string{"closed to us", "16\u00a0April 2013", "<blockquote lang=\"en\"", "22\u00a0August 2026", `max="5.00" value="3.12"`, "$3.12 of $5.00 this month", "3,120 likes were read", "flattery import --account Ada FILE"}, []string{`action="/connect"`}},
		"vimeo":         {[]string{"keys are missing", "this instance is not known there", "The network does not tell", "our own imitation"}, []string{`action="/connect"`, "flattery import"}},
		"fivehundredpx": {[]string{"closed down", "June 2018", "Its API was closed to everybody."}, []string{`action="/connect"`, `action="/links"`, "/keys", "flattery import"}},
		"instagram":     {[]string{"by export file", "Flattery cannot read it yet"}, []string{`action="/connect"`, `action="/links"`, "flattery import"}},
	} {
		t.Run(network, func(t *testing.T) {
			w := populated(false)
			h := handler(t, options(t, w))
			expect(t, visitor(t, h).signIn(w, ada), "/networks/"+network, row.says, row.not)
			expect(t, visitor(t, h).signIn(w, bob), "/networks/"+network, nil, []string{"/keys", "ada-w"})
		})
	}
}

func TestANetworkThatIsForbiddenIsLinkedWithOwnKeysAndATick(t *testing.T) {
	w := populated(false)
	w.networks[0].Ready, w.networks[0].Accepted, w.networks[0].HasKeys = true, true, true
	expect(t, visitor(t, handler(t, options(t, w))).signIn(w, ada), "/networks/twitter",
		[]string{"Link with X", "closed to us", "You may not sell"}, []string{"so it is off"})
}

func TestKeysAreSavedAndNeverShown(t *testing.T) {
	sentence := populated(false).networks[0].Terms.Sentence
	for name, row := range map[string]struct {
		change  func(n *Network)
		network string
		form    []string
		status  int
		saved   *flattery.App // nil: nothing
	}{
		"all of them":                      {nil, "github", []string{"id", " id ", "secret", "canary\n"}, 303, &flattery.App{ID: "id", Secret: "canary"}},
		"a new secret alone":               {nil, "github", []string{"id", "", "secret", "canary"}, 303, &flattery.App{Secret: "canary"}},
		"what the network does not want":   {nil, "github", []string{"id", "id", "key", "canary"}, 303, &flattery.App{ID: "id"}},
		"nothing":                          {nil, "github", []string{"id", " "}, 400, nil},
		"a book":                           {nil, "github", []string{"secret", strings.Repeat("canary", longestKey)}, 400, nil},
		"forgetting":                       {nil, "github", []string{"forget", "1", "id", "id"}, 303, &flattery.App{}},
		"with the tick":                    {nil, "twitter", []string{"id", "id", "secret", "canary", "accept", "1"}, 303, &flattery.App{ID: "id", Secret: "canary", Accepted: sentence}},
		"without the tick":                 {nil, "twitter", []string{"id", "id", "secret", "canary"}, 400, nil},
		"when the tick was given":          {func(n *Network) { n.Accepted = true }, "twitter", []string{"id", "id"}, 303, &flattery.App{ID: "id"}},
		"where the settings have them":     {nil, "flickr", []string{"id", "id", "secret", "canary", "key", "canary"}, 400, nil},
		"the tick where settings do":       {func(n *Network) { n.FromSettings = true }, "twitter", []string{"id", "id", "accept", "1"}, 303, &flattery.App{Accepted: sentence}},
		"where nothing is to be entered":   {nil, "instagram", []string{"id", "id"}, 404, nil},
		"a tick where nothing asks for it": {nil, "github", []string{"accept", "1"}, 400, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := populated(false)
			for i := range w.networks {
				if w.networks[i].Key == row.network && row.change != nil {
					row.change(&w.networks[i])
				}
			}
			var log strings.Builder
			o := options(t, w)
			o.Log = textLog(&log)
			b := visitor(t, handler(t, o)).signIn(w, ada)
			got := b.post("/networks/"+row.network+"/keys", row.form...)
			app, saved := w.apps[row.network]
			if got.Code != row.status || saved != (row.saved != nil) || saved && app != *row.saved {
				t.Errorf("answered %d, saved %v: %q %q %q", got.Code, saved, app.ID, string(app.Secret), app.Accepted)
			}
			next := b.get("/networks/" + row.network + "/keys").Body.String()
			if strings.Contains(got.Body.String()+next+log.String(), "canary") {
				t.Error("a secret is shown")
			}
			for what := range w.sessions {
				if strings.Contains(string(w.sessions[what]), "canary") {
					t.Error("a secret is kept in the session")
				}
			}
		})
	}
}

func TestAKeyPageSaysWhatToDo(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	expect(t, b, "/networks/vimeo/keys", []string{"<code>https://flattery.example/oauth/cb/vimeo/vimeo.example</code>", `href="https://developer.vimeo.example/apps"`, "no keys yet",
		`type="password"`, "required"}, []string{"Test these keys", "Forget what"})
	expect(t, b, "/networks/github/keys", []string{"ready: people can link it", "What you leave empty stays", "Test these keys", "Forget what"}, []string{"required"})
	expect(t, b, "/networks/flickr/keys", []string{"come from the settings", "Test these keys"}, []string{`type="password"`, "Forget what"})
	expect(t, b, "/networks/twitter/keys", []string{"You may not sell", `name="accept" value="1" required`}, []string{"You have accepted"})
	if to := b.leads("/networks/github/keys/test"); to != "/networks/github/keys" || w.lastAsked() != "test github" {
		t.Errorf("leads to %s, asked %q", to, w.lastAsked())
	}
	expect(t, b, "/networks/github/keys", []string{"GitHub accepts these keys."}, []string{`class="flash bad"`})
	w.badkeys = "401 <b>Bad\u202e credentials"
	b.leads("/networks/github/keys/test")
	expect(t, b, "/networks/github/keys", []string{`class="flash bad"`, "GitHub does not accept these keys.", "401 &lt;b&gt;Bad credentials"}, nil)
}

func TestOnlyWhoRunsTheInstanceSeesItsKeys(t *testing.T) {
	w := populated(false)
	w.change(func(a *flattery.Account) { a.Admin = false })
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	for _, got := range []int{b.get("/networks/github/keys").Code, b.post("/networks/github/keys", "id", "x").Code, b.post("/networks/github/keys/test").Code} {
		if got != 404 {
			t.Errorf("answered %d", got)
		}
	}
	expect(t, b, "/networks/github", nil, []string{"/networks/github/keys"})
	if w.saved != 0 || len(w.asked) != 0 {
		t.Errorf("saved %d, asked %v", w.saved, w.asked)
	}
}

func TestWhatIsOnesOwnIsListedAndReleased(t *testing.T) {
	w := populated(false)
	w.joined = 3
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	expect(t, b, "/identities", []string{"ada-w", "by signing in there", "25\u00a0August 2026", "kettle-works", "organisation", "by one of its administrators", `name="purpose" value="claiming"`,
		"An organisation on GitHub", `for="org-github"`}, []string{"An organisation on Flickr", `value="vimeo"`})
	b.leads("/connect", "network", "github", "purpose", "claiming")
	for _, state := range w.begun() {
		if got := b.get("/oauth/cb/github/github.example?state=" + state); got.Header().Get("Location") != "/identities" {
			t.Errorf("leads to %q", got.Header().Get("Location"))
		}
	}
	expect(t, b, "/identities", []string{"ada-of-github on GitHub is yours here now. 3 flattrs that waited count"}, nil)
	if to := b.leads("/claims/2/remove"); to != "/identities" || len(w.claims) != 2 {
		t.Errorf("leads to %s, %d claims", to, len(w.claims))
	}
	expect(t, b, "/identities", []string{"Released."}, []string{"kettle-works"})
	w.claims, w.networks = nil, nil
	expect(t, b, "/identities", []string{"Nothing is yours here yet", "There is no network yet"}, nil)
}

func TestARefusalLeadsBackToWhereItWasTried(t *testing.T) {
	for name, row := range map[string]struct {
		path, back string
		form       []string
	}{
		"linking":              {"/connect", "/networks/github", []string{"network", "github", "purpose", "linking"}},
		"by name":              {"/links", "/networks/github", []string{"network", "github", "handle", "x"}},
		"reconnecting":         {"/connect", "/links", []string{"network", "github", "purpose", "linking", "link", "1"}},
		"claiming":             {"/connect", "/identities", []string{"network", "github", "purpose", "claiming"}},
		"keys":                 {"/networks/github/keys", "/networks/github/keys", []string{"id", "x"}},
		"testing":              {"/networks/github/keys/test", "/networks/github/keys", nil},
		"a code that is wrong": {"/oauth/code", "/links", []string{"code", "x"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := populated(false)
			b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
			w.refuse = flattery.Input("not like this")
			got := b.post(row.path, row.form...)
			if got.Code != 400 || !strings.Contains(got.Body.String(), `<a href="`+row.back+`">Back</a>`) {
				t.Errorf("answered %d: %s", got.Code, got.Body)
			}
		})
	}
}

func TestALinkIsUnlinked(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	if to := b.leads("/links/1/remove"); to != "/links" || w.links[0].State != flattery.LinkRemoved {
		t.Errorf("leads to %s, state %s", to, w.links[0].State)
	}
	expect(t, b, "/links", []string{"Unlinked. What was found so far stays."}, []string{"ada-w"})
}

func TestWhatWasTakenBackAtTheNetworkIsNotPutBackHere(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	expect(t, b, "/month?state=removed", []string{"helio/taken-back", "Taken back at the network", `action="/flattrs/41/restore"`}, []string{`action="/flattrs/56/restore"`})
}
