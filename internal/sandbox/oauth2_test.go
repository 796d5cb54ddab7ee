package sandbox

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// uniform is what may be told to each of the networks with OAuth 2.0, in the same words.
type uniform interface {
	Base() string
	AddUser(handle string) (id string)
	AddThing(owner, title string) (id string)
	Like(handle, thing string)
	Unlike(handle, thing string)
	DeleteThing(id string)
	Rename(old, handle string)
	SetBio(handle, bio string)
	Suspend(handle string)
	Restore(handle string)
	ID(handle string) (id string)
	App(callbacks ...string) (id, secret string)
	RevokeApp(id string)
	Token(handle string, of ...string) (token string)
	Revoke(handle string)
	Expire(handle string)
	SetLimits(q Quota)
	Inject(f Fault) *Injection
	Requests() Requests
}

// entrance is how one gets into a network.
type entrance struct {
	visitor
	uniform
	name, scheme  string
	authorize, me string // addresses
	config        oauth2.Config
	refreshes     bool
	refused       string // what a bad code is called
	code          time.Duration
	clients       string // where an app gets a token of its own; "": nowhere
}

// entrances opens a world with ann in each network, and an app that comes back to one address.
func entrances(t *testing.T) []entrance {
	t.Helper()
	v := visit(t)
	v.Vimeo.SetTokenLife(time.Hour)
	x, s, m := strings.TrimSuffix(v.X.Base(), "2/"), v.SoundCloud.Base(), v.Vimeo.Base()
	all := []entrance{
		{uniform: v.X, name: "x", scheme: "Bearer", authorize: x + "i/oauth2/authorize", me: x + "2/users/me", refreshes: true,
			config:  oauth2.Config{Endpoint: oauth2.Endpoint{TokenURL: x + "2/oauth2/token", AuthStyle: oauth2.AuthStyleInHeader}, Scopes: xScopes[:]},
			refused: "invalid_request", code: 30 * time.Second},
		{uniform: v.SoundCloud, name: "soundcloud", scheme: "OAuth", authorize: s + "authorize", me: s + "me", refreshes: true,
			config:  oauth2.Config{Endpoint: oauth2.Endpoint{TokenURL: s + "oauth/token", AuthStyle: oauth2.AuthStyleInParams}},
			refused: "invalid_grant", code: 10 * time.Minute, clients: s + "oauth/token"},
		{uniform: v.Vimeo, name: "vimeo", scheme: "bearer", authorize: m + "oauth/authorize", me: m + "me", refreshes: true,
			config:  oauth2.Config{Endpoint: oauth2.Endpoint{TokenURL: m + "oauth/access_token", AuthStyle: oauth2.AuthStyleInHeader}},
			refused: "invalid_grant", code: 10 * time.Minute, clients: m + "oauth/authorize/client"},
	}
	for i := range all {
		e := &all[i]
		e.visitor = v
		e.AddUser("ann")
		e.config.RedirectURL = "http://127.0.0.1:1/back?host=2"
		e.config.ClientID, e.config.ClientSecret = e.App(e.config.RedirectURL)
		e.config.Endpoint.AuthURL = e.authorize
	}
	return all
}

func (e entrance) ctx() context.Context {
	return context.WithValue(e.t.Context(), oauth2.HTTPClient, e.client)
}

// answers does what a browser does that is sent to the page and whose user presses a button.
func (e entrance) answers(verifier, login, answer string) reply {
	e.t.Helper()
	at := e.config.AuthCodeURL("the state & more", oauth2.S256ChallengeOption(verifier))
	if page := e.visitor.get(at); page.status != 200 || page.header.Get("Content-Type") != "text/html; charset=utf-8" {
		e.t.Fatalf("%s: the page: %d %s", e.name, page.status, page.body)
	}
	_, query, _ := strings.Cut(at, "?")
	return e.post(e.authorize, query+"&login="+login+"&answer="+answer)
}

// agrees gives the code that ann's agreement makes.
func (e entrance) agrees(verifier string) string {
	e.t.Helper()
	got := e.answers(verifier, "Ann", "yes")
	back, err := url.Parse(got.header.Get("Location"))
	if err != nil || got.status != http.StatusFound || !strings.HasPrefix(back.String(), "http://127.0.0.1:1/back?") {
		e.t.Fatalf("%s: sent to %q (%d %s)", e.name, got.header.Get("Location"), got.status, got.body)
	}
	if q := back.Query(); q.Get("state") != "the state & more" || q.Get("host") != "2" || q.Get("code") == "" {
		e.t.Fatalf("%s: sent back with %v", e.name, q)
	}
	return back.Query().Get("code")
}

func (e entrance) token() *oauth2.Token {
	e.t.Helper()
	verifier := oauth2.GenerateVerifier()
	token, err := e.config.Exchange(e.ctx(), e.agrees(verifier), oauth2.VerifierOption(verifier))
	if err != nil {
		e.t.Fatalf("%s: %v", e.name, err)
	}
	return token
}

// in tells how the network answers who asks about themselves with a token.
func (e entrance) in(token string) int {
	e.t.Helper()
	return e.visitor.get(e.me, "Authorization", e.scheme+" "+token).status
}

func (e entrance) refresh(token string) (*oauth2.Token, error) {
	return e.config.TokenSource(e.ctx(), &oauth2.Token{RefreshToken: token}).Token()
}

func TestTheUsualClientGetsInAndStaysIn(t *testing.T) {
	for _, e := range entrances(t) {
		t.Run(e.name, func(t *testing.T) {
			e.t = t
			first := e.token()
			if e.in(first.AccessToken) != 200 || first.RefreshToken == "" || first.ExpiresIn <= 0 {
				t.Fatalf("the token %+v is answered %d", first, e.in(first.AccessToken))
			}
			e.Clock.Advance(time.Duration(first.ExpiresIn)*time.Second - 1)
			if got := e.in(first.AccessToken); got != 200 {
				t.Errorf("in its last moment: %d", got)
			}
			e.Clock.Advance(1)
			if got := e.in(first.AccessToken); got != 401 {
				t.Errorf("when it has expired: %d", got)
			}
			second, err := e.refresh(first.RefreshToken)
			if err != nil {
				t.Fatal(err)
			}
			if second.RefreshToken == first.RefreshToken || second.AccessToken == first.AccessToken || e.in(second.AccessToken) != 200 {
				t.Errorf("refreshed: %+v after %+v, answered %d", second, first, e.in(second.AccessToken))
			}
			if _, err := e.refresh(first.RefreshToken); !refusedAs(err, e.refused) {
				t.Errorf("the refresh token again: %v", err)
			}
			e.Expire("ann")
			if got := e.in(second.AccessToken); got != 401 {
				t.Errorf("ended before its time: %d", got)
			}
			if third, err := e.refresh(second.RefreshToken); err != nil || e.in(third.AccessToken) != 200 {
				t.Errorf("refreshed again: %v", err)
			}
		})
	}
}

func TestWhatThePageSaysToABrowser(t *testing.T) {
	for _, e := range entrances(t) {
		t.Run(e.name, func(t *testing.T) {
			e.t = t
			page := e.visitor.get(e.config.AuthCodeURL(`"><script>`, oauth2.S256ChallengeOption("v")))
			for _, want := range []string{`name="login" value="ann"`, `name="answer" value="yes">Authorize<`, `name="answer" value="no" formnovalidate>Cancel<`, "&lt;script&gt;"} {
				if !strings.Contains(page.body, want) {
					t.Errorf("it lacks %s: %s", want, page.body)
				}
			}
			e.AddUser("ben")
			if page := e.visitor.get(e.config.AuthCodeURL("s", oauth2.S256ChallengeOption("v"))); !strings.Contains(page.body, `name="login" value=""`) {
				t.Errorf("with two who may be meant: %s", page.body)
			}
			no := e.answers("v", "", "no")
			back, err := url.Parse(no.header.Get("Location"))
			if err != nil || back.Query().Get("error") != "access_denied" || back.Query().Get("state") != "the state & more" || back.Query().Has("code") {
				t.Errorf("who cancels is sent to %s", no.header.Get("Location"))
			}
			e.Suspend("ben")
			for _, login := range []string{"nobody", "ben"} {
				if got := e.answers("v", login, "yes"); got.status != 403 || got.header.Get("Location") != "" || !strings.Contains(got.body, "Nobody of that name") {
					t.Errorf("%s may sign in: %d %s", login, got.status, got.body)
				}
			}
		})
	}
}

func TestWhatAUserTakesBackIsWorthless(t *testing.T) {
	for _, c := range []struct {
		name  string
		after func(e entrance, token *oauth2.Token)
	}{
		{"the user puts all apps out", func(e entrance, _ *oauth2.Token) { e.Revoke("ann") }},
		{"the app is gone", func(e entrance, _ *oauth2.Token) { e.RevokeApp(e.config.ClientID) }},
		{"the app gives its tokens back", func(e entrance, token *oauth2.Token) { e.givesBack(token) }},
	} {
		for _, e := range entrances(t) {
			t.Run(e.name+" "+c.name, func(t *testing.T) {
				e.t = t
				e.AddUser("ben")
				own, direct, other := e.token(), e.Token("ann", e.config.ClientID), e.Token("ben")
				c.after(e, own)
				if got := e.in(own.AccessToken); got != 401 {
					t.Errorf("the token is answered %d", got)
				}
				if _, err := e.refresh(own.RefreshToken); err == nil {
					t.Error("the refresh token is taken")
				}
				if got := e.in(direct); got != 401 && c.name != "the app gives its tokens back" {
					t.Errorf("a token made directly is answered %d", got)
				}
				if got := e.in(other); got != 200 {
					t.Errorf("somebody else's token is answered %d", got)
				}
			})
		}
	}
}

// givesBack revokes a token as each network wants it.
func (e entrance) givesBack(token *oauth2.Token) {
	e.t.Helper()
	var got reply
	switch e.name {
	case "x":
		at := strings.TrimSuffix(e.config.Endpoint.TokenURL, "token") + "revoke"
		for _, one := range []string{token.AccessToken, token.RefreshToken} {
			req := e.basic(at, "token="+one)
			if got = req; got.status != 200 || !strings.Contains(got.body, `"revoked":true`) {
				e.t.Fatalf("%d %s", got.status, got.body)
			}
		}
		if denied := e.post(at, "token=x"); denied.status != 401 {
			e.t.Errorf("who does not say which app it is: %d", denied.status)
		}
	case "soundcloud":
		got = e.post(e.SoundCloud.Base()+"sign-out", `{"access_token":"`+token.AccessToken+`"}`, "Content-Type", "application/json")
		if got.status != 200 {
			e.t.Fatalf("%d %s", got.status, got.body)
		}
	case "vimeo":
		var err error
		got, err = e.try(http.MethodDelete, e.Vimeo.Base()+"tokens", "", "Authorization", "bearer "+token.AccessToken)
		if err != nil || got.status != 204 || got.body != "" {
			e.t.Fatalf("%d %s %v", got.status, got.body, err)
		}
	}
}

// basic posts a form as the app.
func (e entrance) basic(at, form string) reply {
	req := &http.Request{Header: http.Header{}}
	req.SetBasicAuth(e.config.ClientID, e.config.ClientSecret)
	return e.post(at, form, "Authorization", req.Header.Get("Authorization"))
}

func TestASuspendedUserIsOutUntilRestored(t *testing.T) {
	for _, e := range entrances(t) {
		t.Run(e.name, func(t *testing.T) {
			e.t = t
			token := e.Token("ann")
			e.Clock.Advance(1000 * time.Hour) // one made directly does not expire
			e.Suspend("ann")
			if got := e.in(token); got != 401 && got != 403 {
				t.Errorf("suspended: %d", got)
			}
			e.Restore("ann")
			e.Rename("ann", "anna")
			if got := e.in(token); got != 200 {
				t.Errorf("restored and renamed: %d", got)
			}
		})
	}
}

func TestAnAppGetsATokenOfItsOwn(t *testing.T) {
	for _, e := range entrances(t) {
		t.Run(e.name, func(t *testing.T) {
			e.t = t
			config := clientcredentials.Config{ClientID: e.config.ClientID, ClientSecret: e.config.ClientSecret, TokenURL: e.clients,
				AuthStyle: oauth2.AuthStyleInHeader}
			if e.clients == "" {
				config.TokenURL = e.config.Endpoint.TokenURL
				if _, err := config.Token(e.ctx()); !refusedAs(err, "unsupported_grant_type") {
					t.Errorf("it does: %v", err)
				}
				return
			}
			token, err := config.Token(e.ctx())
			if err != nil {
				t.Fatal(err)
			}
			if got := e.in(token.AccessToken); got != 401 {
				t.Errorf("it is somebody: %d", got)
			}
			user := e.visitor.get(strings.TrimSuffix(e.me, "me")+"users/"+e.ID("ann"), "Authorization", e.scheme+" "+token.AccessToken)
			if user.status != 200 || !strings.Contains(user.body, "ann") {
				t.Errorf("others are not seen with it: %d %s", user.status, user.body)
			}
		})
	}
}

func TestAnAppOfSoundCloudGetsFiftyTokensInTwelveHours(t *testing.T) {
	e := entrances(t)[1]
	config := clientcredentials.Config{ClientID: e.config.ClientID, ClientSecret: e.config.ClientSecret, TokenURL: e.clients,
		AuthStyle: oauth2.AuthStyleInParams}
	last := ""
	for i := range mostAppTokens {
		token, err := config.Token(e.ctx())
		if err != nil {
			t.Fatalf("token %d: %v", i+1, err)
		}
		last = token.RefreshToken
	}
	if _, err := config.Token(e.ctx()); !statusIs(err, 429) {
		t.Errorf("one more: %v", err)
	}
	if _, err := e.refresh(last); err != nil {
		t.Errorf("to refresh is no new token: %v", err)
	}
	e.Clock.Advance(appTokensEvery)
	if _, err := config.Token(e.ctx()); err != nil {
		t.Errorf("twelve hours later: %v", err)
	}
}

func TestXRefreshesOnlyWhatMayBeUsedOffline(t *testing.T) {
	e := entrances(t)[0]
	e.config.Scopes = []string{"users.read", "tweet.read"}
	token := e.token()
	if token.RefreshToken != "" || e.in(token.AccessToken) != 200 {
		t.Errorf("%+v", token)
	}
	likes := e.visitor.get(e.X.Base()+"users/"+e.ID("ann")+"/liked_tweets", "Authorization", "Bearer "+token.AccessToken)
	if likes.status != 403 {
		t.Errorf("likes without their scope: %d %s", likes.status, likes.body)
	}
	if got := e.post(e.config.Endpoint.TokenURL, "grant_type=authorization_code&client_id="+e.config.ClientID+"&client_secret="+e.config.ClientSecret); got.status != 401 {
		t.Errorf("an app that names itself in the form is answered %d %s", got.status, got.body)
	}
}

func TestFaultsHappenInEveryNetwork(t *testing.T) {
	for _, e := range entrances(t) {
		e.Inject(Fault{Status: 503, Times: 1})
		if got := e.in(e.Token("ann")); got != 503 {
			t.Errorf("%s: %d", e.name, got)
		}
		if got := e.Requests(); got.Status(503) != 1 {
			t.Errorf("%s noted %+v", e.name, got)
		}
	}
}

func statusIs(err error, status int) bool {
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	return ok && refused.Response.StatusCode == status
}
