package sandbox

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	dghubble "github.com/dghubble/oauth1" // our own oauth1 is the server
)

// flickrClient is the usual client of a new program of Flickr.
func (v visitor) flickrClient(callback string) *dghubble.Config {
	key, secret := v.Flickr.App()
	root := strings.TrimSuffix(v.Flickr.Base(), "rest/") + "oauth/"
	return &dghubble.Config{ConsumerKey: key, ConsumerSecret: secret, CallbackURL: callback, HTTPClient: v.client, Endpoint: dghubble.Endpoint{
		RequestTokenURL: root + "request_token", AuthorizeURL: root + "authorize", AccessTokenURL: root + "access_token"}}
}

// agree does what a person does on the page of a request token: what the browser is told.
func (v visitor) agree(config *dghubble.Config, token, login, answer string) reply {
	v.t.Helper()
	at, err := config.AuthorizationURL(token)
	if err != nil {
		v.t.Fatal(err)
	}
	page := v.get(at.String() + "&perms=read")
	for _, want := range []string{`name="login"`, `name="answer" value="yes"`, `name="answer" value="no"`, `name="perms" value="read"`} {
		if !strings.Contains(page.body, want) {
			v.t.Fatalf("the page (%d) lacks %s: %s", page.status, want, page.body)
		}
	}
	form := url.Values{"oauth_token": {token}, "perms": {"read"}, "login": {login}, "answer": {answer}}
	return v.post(config.Endpoint.AuthorizeURL, form.Encode())
}

// asking gives a client that signs, and puts together what it says.
func (v visitor) asking(config *dghubble.Config, token *dghubble.Token, address string) reply {
	v.t.Helper()
	return v.get(address, "Authorization", v.signature(config, token, http.MethodGet, address))
}

// signature is the Authorization header that the usual client would send.
func (v visitor) signature(config *dghubble.Config, token *dghubble.Token, method, address string) string {
	v.t.Helper()
	said := ""
	keep := roundTrip(func(r *http.Request) (*http.Response, error) {
		said = r.Header.Get("Authorization")
		return httptest.NewRecorder().Result(), nil
	})
	ctx := context.WithValue(v.t.Context(), dghubble.HTTPClient, &http.Client{Transport: keep})
	req, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	resp, err := config.Client(ctx, token).Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return said
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestOAuth1FromTheFirstStepToTheLast(t *testing.T) {
	for _, c := range []struct {
		name, callback, login, answer string
		verifier                      string // "": the one that was told
		late                          time.Duration
		revoked                       bool
		want                          string // of the last error; "": a token
	}{
		{name: "agreed", callback: "http://127.0.0.1:1/back?x=1", login: "Ann B.", answer: "yes"},
		{name: "agreed, and a code to type", callback: "oob", login: "ann", answer: "yes"},
		{name: "another verifier", callback: "http://127.0.0.1:1/back", login: "ann", answer: "yes", verifier: "x", want: "401: oauth_problem=verifier_invalid"},
		{name: "too late", callback: "http://127.0.0.1:1/back", login: "ann", answer: "yes", late: time.Hour, want: "401: oauth_problem=token_rejected"},
		{name: "cancelled", callback: "http://127.0.0.1:1/back", login: "", answer: "no", verifier: "x", want: "401: oauth_problem=permission_denied"},
		{name: "cancelled, with nowhere to go", callback: "oob", login: "", answer: "no", verifier: "x", want: "401: oauth_problem=permission_denied"},
		{name: "agreed and taken back", callback: "oob", login: "ann", answer: "yes", revoked: true, want: "401: oauth_problem=token_rejected"},
		{name: "nobody has agreed", callback: "oob", login: "nobody", answer: "yes", verifier: "x", want: "401: oauth_problem=verifier_invalid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := visit(t)
			ann := v.Flickr.AddUser("Ann B.")
			v.Flickr.SetAlias(ann, "ann")
			config := v.flickrClient(c.callback)
			request, secret, err := config.RequestToken()
			if err != nil {
				t.Fatal(err)
			}
			said := v.agree(config, request, c.login, c.answer)
			verifier := c.verifier
			if told := told(t, said, c.callback); verifier == "" {
				verifier = told
			}
			v.Clock.Advance(c.late)
			if c.revoked {
				v.Flickr.Revoke(ann)
			}
			token, tokenSecret, err := config.AccessToken(request, secret, verifier)
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("error %v, want %s", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := v.asking(config, dghubble.NewToken(token, tokenSecret), v.Flickr.Base()+"?method=flickr.test.login&format=json&nojsoncallback=1")
			if !strings.Contains(got.body, `"id":"`+ann+`"`) {
				t.Errorf("the token is of %s", got.body)
			}
			if _, _, err := config.AccessToken(request, secret, verifier); err == nil || !strings.Contains(err.Error(), "401: oauth_problem=token_rejected") {
				t.Errorf("the same request token again: %v", err)
			}
			if again := v.get(config.Endpoint.AuthorizeURL + "?oauth_token=" + request); again.status != http.StatusNotFound {
				t.Errorf("the page again: %d", again.status)
			}
		})
	}
}

// told finds the verifier where the person is sent, or on the page.
func told(t *testing.T, said reply, callback string) string {
	t.Helper()
	if callback == "oob" {
		_, code, _ := strings.Cut(said.body, `<strong id="verifier">`)
		code, _, _ = strings.Cut(code, "<")
		return code
	}
	back, err := url.Parse(said.header.Get("Location"))
	before, query, _ := strings.Cut(callback, "?")
	if err != nil || said.status != http.StatusFound || !strings.HasPrefix(back.String(), before+"?") || !strings.Contains(back.RawQuery, query) {
		t.Fatalf("sent to %q (%d)", said.header.Get("Location"), said.status)
	}
	if q := back.Query(); q.Has("oauth_verifier") == q.Has("denied") {
		t.Errorf("sent back with %v", q)
	}
	return back.Query().Get("oauth_verifier")
}

func TestACodeToTypeLooksLikeFlickrs(t *testing.T) {
	v := visit(t)
	v.Flickr.AddUser("ann")
	config := v.flickrClient("oob")
	request, _, err := config.RequestToken()
	if err != nil {
		t.Fatal(err)
	}
	code := told(t, v.agree(config, request, "ann", "yes"), "oob")
	if len(code) != 11 || code[3] != '-' || code[7] != '-' || strings.Trim(code, "0123456789-") != "" {
		t.Errorf("the code is %q", code)
	}
}

func TestTheAnswerToAnAccessTokenSaysWhoItIs(t *testing.T) {
	v := visit(t)
	ann := v.Flickr.AddUser("Ann & B.")
	config := v.flickrClient("oob")
	request, secret, err := config.RequestToken()
	if err != nil {
		t.Fatal(err)
	}
	code := told(t, v.agree(config, request, "Ann & B.", "yes"), "oob")
	address := config.Endpoint.AccessTokenURL + "?oauth_verifier=" + code // Flickr takes it in the query too
	got := v.asking(config, dghubble.NewToken(request, secret), address)
	form, err := url.ParseQuery(got.body)
	if err != nil || got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if form.Get("user_nsid") != ann || form.Get("username") != "Ann & B." || !form.Has("fullname") || form.Get("oauth_token_secret") == "" {
		t.Errorf("%v", form)
	}
}

func TestOAuth1RefusesWhatIsNotSignedAsItShouldBe(t *testing.T) {
	swap := func(name, value string) func(string) string {
		return func(header string) string {
			before, rest, _ := strings.Cut(header, name+`="`)
			_, after, _ := strings.Cut(rest, `"`)
			return before + name + `="` + value + `"` + after
		}
	}
	for _, c := range []struct {
		name   string
		change func(header string) string
		more   string // of the query, after it was signed
		status int
		want   string
	}{
		{"as it should be", func(h string) string { return h }, "", 200, `"stat":"ok"`},
		{"with a realm", func(h string) string { return strings.Replace(h, "OAuth ", `OAuth realm="x", `, 1) }, "", 200, `"stat":"ok"`},
		{"another signature", swap("oauth_signature", "AAAA"), "", 200, `"code":96`},
		{"a signature that is none", swap("oauth_signature", "!"), "", 200, `"code":96`},
		{"another query", func(h string) string { return h }, "&page=2", 200, `"code":96`},
		{"another nonce", swap("oauth_nonce", "x"), "", 200, `"code":96`},
		{"another time", swap("oauth_timestamp", "1"), "", 200, `"code":96`},
		{"a time that is none", swap("oauth_timestamp", "-1"), "", 400, "oauth_problem=timestamp_refused"},
		{"no nonce", swap("oauth_nonce", ""), "", 400, "oauth_problem=parameter_absent&oauth_parameters_absent=oauth_nonce"},
		{"another method", swap("oauth_signature_method", "PLAINTEXT"), "", 400, "oauth_problem=signature_method_rejected"},
		{"another version", swap("oauth_version", "2.0"), "", 400, "oauth_problem=version_rejected"},
		{"a parameter twice", func(h string) string { return h }, "&oauth_nonce=x", 400, "oauth_problem=parameter_rejected&oauth_parameters_rejected=oauth_nonce"},
		{"an escape that is none", swap("oauth_nonce", "%zz"), "", 400, "oauth_problem=parameter_rejected"},
		{"another program", swap("oauth_consumer_key", strings.Repeat("a", 32)), "", 200, `"code":100`},
		{"another token", swap("oauth_token", "x"), "", 200, `"code":98`},
		{"no token", swap("oauth_token", ""), "", 200, `"code":96`},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := visit(t)
			config := v.flickrClient("oob")
			token := dghubble.NewToken(v.Flickr.Token(v.Flickr.AddUser("ann")))
			address := v.Flickr.Base() + "?method=flickr.test.login&format=json&nojsoncallback=1&x=%20a%2Bb~*&x1=2"
			header := c.change(v.signature(config, token, http.MethodGet, address))
			if got := v.get(address+c.more, "Authorization", header); got.status != c.status || !strings.Contains(got.body, c.want) {
				t.Errorf("%d %s, want %d with %s", got.status, got.body, c.status, c.want)
			}
		})
	}
}

func TestARequestCannotBeRepeated(t *testing.T) {
	v := visit(t)
	config := v.flickrClient("oob")
	token := dghubble.NewToken(v.Flickr.Token(v.Flickr.AddUser("ann")))
	address := v.Flickr.Base() + "?method=flickr.test.login&format=json&nojsoncallback=1"
	header := v.signature(config, token, http.MethodGet, address)
	if got := v.get(address, "Authorization", header); got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if got := v.get(address, "Authorization", header); got.status != http.StatusUnauthorized || got.body != "oauth_problem=nonce_used" {
		t.Errorf("repeated: %d %s", got.status, got.body)
	}
}

func TestASignatureCountsForTheHostThatWasAskedAndForHTTPS(t *testing.T) {
	v := visit(t)
	config := v.flickrClient("oob")
	token := dghubble.NewToken(v.Flickr.Token(v.Flickr.AddUser("ann")))
	const path = "/services/rest/?method=flickr.test.login&format=json&nojsoncallback=1"
	for signed, host := range map[string]string{"https://api.example.org": "API.example.org", "https://api.example.org:443": "api.example.org:443",
		"http://api.example.org:80": "api.example.org:80", "https://api.example.org:8443": "api.example.org:8443"} {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		req.Host = host
		req.Header.Set("Authorization", v.signature(config, token, http.MethodGet, signed+path))
		if _, ok, problem := v.Flickr.oauth.who(req); !ok {
			t.Errorf("%s: %s", signed, problem)
		}
		req.Host = "other.example.org"
		req.Header.Set("Authorization", v.signature(config, token, http.MethodGet, signed+path))
		if _, ok, problem := v.Flickr.oauth.who(req); ok || problem != "signature_invalid" {
			t.Errorf("%s sent to another host: %s", signed, problem)
		}
	}
	if _, ok, problem := v.Flickr.oauth.who(httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)); ok || problem != "" {
		t.Errorf("not signed at all: %t %s", ok, problem)
	}
}

func TestWhereAPersonMayBeSentBackTo(t *testing.T) {
	o := newOAuth1("Flickr", NewClock(october), 7, nil, nil)
	server := httptest.NewServer(http.HandlerFunc(o.requestToken))
	defer server.Close()
	const home = "https://home.example/back"
	for _, c := range []struct {
		name, callback string
		registered     []string
		status         int
	}{
		{"anywhere, where nothing is registered", "https://any.example/", nil, 200},
		{"what is registered", home, []string{"https://x.example", home}, 200},
		{"a code to type, always", "oob", []string{home}, 200},
		{"something longer than what is registered", home + "/x", []string{home}, 400},
		{"nowhere", "/back", nil, 400},
		{"not said", "", nil, 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			key, secret := o.app(c.registered...)
			config := dghubble.Config{ConsumerKey: key, ConsumerSecret: secret, CallbackURL: c.callback, HTTPClient: server.Client(),
				Endpoint: dghubble.Endpoint{RequestTokenURL: server.URL + "/"}}
			_, _, err := config.RequestToken()
			if (err == nil) != (c.status == 200) || err != nil && !strings.Contains(err.Error(), "invalid status 400") {
				t.Errorf("error %v, want %d", err, c.status)
			}
		})
	}
}

func TestNoncesAndRequestsAreBounded(t *testing.T) {
	o := newOAuth1("Flickr", NewClock(october), 7, nil, nil)
	for i := range 2 * mostNonces {
		if !o.fresh(strings.Repeat("x", i%7) + "." + url.QueryEscape(time.Duration(i).String())) {
			t.Fatal("a new nonce is an old one")
		}
	}
	if len(o.nonces) != mostNonces || len(o.heard) != mostNonces {
		t.Errorf("%d and %d are kept", len(o.nonces), len(o.heard))
	}
}

func TestTheSameSeedMakesTheSameKeysAndEachNetworkItsOwn(t *testing.T) {
	keys := func(title string, seed uint64) [4]string {
		o := newOAuth1(title, NewClock(october), seed, nil, nil)
		key, secret := o.app()
		token, tokenSecret := o.token(key, "ann", "")
		return [4]string{key, secret, token, tokenSecret}
	}
	one, again := keys("Flickr", 1), keys("Flickr", 1)
	if one != again {
		t.Error("the same seed makes other keys")
	}
	if one == keys("500px", 1) || one == keys("Flickr", 2) {
		t.Error("another network or seed makes the same keys")
	}
}

func TestHostileRequestsAreRefused(t *testing.T) {
	v := visit(t)
	config := v.flickrClient("oob")
	for _, header := range []string{"OAuth ", "OAuth ,,,=", `OAuth oauth_token`, `OAuth oauth_nonce="%"`, "OAuth " + strings.Repeat(`a="b",`, 9000),
		`OAuth oauth_consumer_key="` + config.ConsumerKey + `",oauth_signature_method="HMAC-SHA1",oauth_signature="",oauth_timestamp="1",oauth_nonce="1"`} {
		for _, address := range []string{config.Endpoint.RequestTokenURL, config.Endpoint.AccessTokenURL} {
			got := v.post(address, "x="+strings.Repeat("y", 1000), "Authorization", header)
			if got.status != http.StatusBadRequest && got.status != http.StatusUnauthorized || !strings.HasPrefix(got.body, "oauth_problem=") {
				t.Errorf("%.40q: %d %.200s", header, got.status, got.body)
			}
		}
	}
	for name, body := range map[string]string{"a large form": "x=" + strings.Repeat("y", 1<<20), "an escape that is none": "x=%zz"} {
		if got := v.post(config.Endpoint.RequestTokenURL, body); got.status != http.StatusBadRequest || got.body != "oauth_problem=parameter_rejected" {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
		if got := v.post(config.Endpoint.AuthorizeURL, body); got.status != http.StatusBadRequest {
			t.Errorf("%s on the page: %d", name, got.status)
		}
	}
	if got := v.get(config.Endpoint.AuthorizeURL + "?oauth_token=<script>&perms=<script>"); got.status != http.StatusNotFound || strings.Contains(got.body, "<script") {
		t.Errorf("the page of nothing: %d %s", got.status, got.body)
	}
}

// The signature of RFC 5849, 1.2, by which a server of photos is asked for one.
func TestTheExampleOfTheStandard(t *testing.T) {
	o := newOAuth1("Flickr", NewClock(october), 7, nil, nil)
	o.apps["dpf43f3p2l4k3l03"] = &oauth1App{key: "dpf43f3p2l4k3l03", secret: "kd94hf93k423kf44"}
	o.access["nnch734d00sl2jdk"] = oauth1Grant{secret: "pfkkdhi9sl3r4s00", app: "dpf43f3p2l4k3l03", user: "jane"}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://photos.example.net/photos?file=vacation.jpg&size=original", nil)
	r.Header.Set("Authorization", `OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03", oauth_token="nnch734d00sl2jdk", `+
		`oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131202", oauth_nonce="chapoH", oauth_signature="MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D"`)
	if user, ok, problem := o.who(r); user != "jane" || !ok {
		t.Errorf("%q %t %s", user, ok, problem)
	}
}
