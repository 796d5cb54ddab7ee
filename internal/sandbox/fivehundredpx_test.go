package sandbox

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	dghubble "github.com/dghubble/oauth1"
	"github.com/google/go-cmp/cmp"

	"flattery/connectors/connectortest"
)

type pxSaid struct {
	Page   int `json:"current_page"`
	Pages  int `json:"total_pages"`
	Total  int `json:"total_items"`
	Photos []pxPhoto
	User   pxUser
	Error  string
	Status int
}

func (s pxSaid) names() (of []string) {
	for _, p := range s.Photos {
		of = append(of, p.Name)
	}
	return of
}

// pxClient is the usual client of a new app of 500px.
func (v visitor) pxClient(callback string) *dghubble.Config {
	key, secret := v.FiveHundredPX.App()
	root := v.FiveHundredPX.Base() + "oauth/"
	return &dghubble.Config{ConsumerKey: key, ConsumerSecret: secret, CallbackURL: callback, HTTPClient: v.client, Endpoint: dghubble.Endpoint{
		RequestTokenURL: root + "request_token", AuthorizeURL: root + "authorize", AccessTokenURL: root + "access_token"}}
}

func TestFavouritesAreListedAs500pxListedThem(t *testing.T) {
	v := visit(t)
	p := v.FiveHundredPX
	key, _ := p.App()
	fan := p.AddUser("fan")
	maker := p.AddUser("maker")
	var photos []string
	for i := range 25 {
		photos = append(photos, p.AddThing("maker", fmt.Sprintf("p%d", i)))
	}
	for _, id := range slices.Backward(photos) { // so that the order is not that of the photos
		p.Like("fan", id)
		v.Clock.Advance(time.Second)
	}
	all := func(n int) (names []string) {
		for i := range n {
			names = append(names, fmt.Sprintf("p%d", i))
		}
		return names
	}
	for _, c := range []struct {
		name, query string
		want        []string
		pages       int
	}{
		{"the last given first, twenty to a page", "username=Fan", all(20), 2},
		{"by number", "sort=created_at&user_id=" + fan, all(20), 2},
		{"more to a page", "username=fan&rpp=100&page=1", all(25), 1},
		{"not more than a hundred", "username=fan&rpp=1000", all(25), 1},
		{"another page", "username=fan&page=2", all(25)[20:], 2},
		{"behind the end", "username=fan&page=3", nil, 2},
		{"of somebody who has none", "username=maker", nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := v.get(p.Base() + "photos?feature=user_favorites&" + c.query + "&consumer_key=" + key)
			said := into[pxSaid](t, got.body)
			if diff := cmp.Diff(c.want, said.names()); diff != "" || said.Pages != c.pages || said.Total != 25 && c.pages > 0 || got.status != 200 {
				t.Errorf("%d %s\n%s", got.status, diff, got.body)
			}
		})
	}
	said := into[pxSaid](t, v.get(p.Base()+"photos?feature=user_favorites&username=fan&rpp=1&consumer_key="+key).body)
	want := pxPhoto{ID: numeric(photos[0]), Name: "p0", URL: "/photo/" + photos[0], Created: "2026-10-01T12:00:00+00:00",
		User: pxUser{ID: numeric(maker), Username: "maker", Fullname: "maker"}}
	if diff := cmp.Diff([]pxPhoto{want}, said.Photos); diff != "" {
		t.Error(diff)
	}
	p.Unlike("fan", photos[0])
	p.DeleteThing(photos[1])
	p.Rename("maker", "made")
	said = into[pxSaid](t, v.get(p.Base()+"photos?feature=user_favorites&username=fan&rpp=1&consumer_key="+key).body)
	if said.Total != 23 || said.Photos[0].Name != "p2" || said.Photos[0].User.Username != "made" || said.Photos[0].User.ID != numeric(maker) {
		t.Errorf("later: %+v", said)
	}
	p.Suspend("made")
	if said := into[pxSaid](t, v.get(p.Base()+"photos?feature=user_favorites&username=fan&consumer_key="+key).body); said.Total != 0 {
		t.Errorf("suspended: %+v", said)
	}
}

func TestWhom500pxRefuses(t *testing.T) {
	v := visit(t)
	p := v.FiveHundredPX
	key, _ := p.App()
	old, _ := p.App()
	p.RevokeApp(old)
	p.AddUser("gone")
	p.Suspend("gone")
	for _, c := range []struct {
		name, path string
		status     int
		error      string
	}{
		{"no key", "photos?feature=user_favorites&username=fan", 401, "Consumer key missing."},
		{"a revoked key", "photos?feature=user_favorites&username=fan&consumer_key=" + old, 401, "Invalid consumer key."},
		{"another feature", "photos?feature=popular&consumer_key=" + key, 400, "Only user_favorites are in this miniature."},
		{"another order", "photos?feature=user_favorites&username=fan&sort=rating&consumer_key=" + key, 400, "Only sort=created_at is in this miniature."},
		{"nobody", "photos?feature=user_favorites&username=nobody&consumer_key=" + key, 404, "User not found"},
		{"nobody said", "photos?feature=user_favorites&consumer_key=" + key, 404, "User not found"},
		{"somebody suspended", "users/show?username=gone&consumer_key=" + key, 404, "User not found"},
		{"oneself without a signature", "users?consumer_key=" + key, 401, "Authentication required"},
		{"a path that is not there", "collections?consumer_key=" + key, 404, "Not found"},
		{"above the limit", "users/show?username=fan&consumer_key=" + key, 429, "Rate limit exceeded"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.name == "above the limit" {
				p.SetLimits(Quota{0, time.Hour})
			}
			got := v.get(p.Base() + c.path)
			if said := into[pxSaid](t, got.body); got.status != c.status || said.Status != c.status || said.Error != c.error {
				t.Errorf("%d %s, want %d with %q", got.status, got.body, c.status, c.error)
			}
		})
	}
}

func TestOneselfAt500px(t *testing.T) {
	v := visit(t)
	p := v.FiveHundredPX
	ann := p.AddUser("ann")
	p.SetBio("ann", "hello")
	p.Like("ann", p.AddThing("ann", "Sea"))
	config := v.pxClient("oob")
	request, secret, err := config.RequestToken()
	if err != nil {
		t.Fatal(err)
	}
	code := told(t, v.agree(config, request, "Ann", "yes"), "oob")
	access, accessSecret, err := config.AccessToken(request, secret, code)
	if err != nil {
		t.Fatal(err)
	}
	token := dghubble.NewToken(access, accessSecret)
	me := p.Base() + "users"
	if said := into[pxSaid](t, v.asking(config, token, me).body); said.User != (pxUser{ID: numeric(ann), Username: "ann", Fullname: "ann", About: "hello"}) {
		t.Errorf("I am %+v", said)
	}
	list := p.Base() + "photos?feature=user_favorites&include_states=1&user_id=" + ann
	if said := into[pxSaid](t, v.asking(config, token, list).body); len(said.Photos) != 1 || !*said.Photos[0].Favorited {
		t.Errorf("my favourites are %+v", said)
	}
	for _, c := range []struct {
		name    string
		happens func()
		status  int
	}{
		{"suspended", func() { p.Suspend("ann") }, 401},
		{"restored", func() { p.Restore("ann") }, 200},
		{"revoked", func() { p.Revoke("ann") }, 401},
		{"agreed again", func() { token = dghubble.NewToken(p.Token("ann")) }, 200},
		{"the app is revoked", func() { p.RevokeApp(config.ConsumerKey) }, 401},
	} {
		c.happens()
		if got := v.asking(config, token, me); got.status != c.status {
			t.Errorf("%s: %d %s", c.name, got.status, got.body)
		}
	}
}

func TestPagesOf500pxAreEscaped(t *testing.T) {
	v := visit(t)
	p := v.FiveHundredPX
	p.AddUser("eve")
	photo := p.AddThing("eve", `<script>alert("&amp;")</script>`)
	root := strings.TrimSuffix(p.Base(), "v1/")
	for path, want := range map[string]int{"": 200, "eve": 200, "photo/" + photo: 200, "photo/1": 404, "nobody": 404, "a/b/c": 404} {
		got := v.get(root + path)
		if got.status != want || strings.Contains(got.body, "<script") || got.header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("/%s: %d %s\n%s", path, got.status, got.header.Get("Content-Type"), got.body)
		}
	}
	if got := v.post(root+"photo/"+photo, "login=eve&do=like"); got.status != http.StatusSeeOther {
		t.Errorf("the button answers %d", got.status)
	}
}

// The description of 2019 no longer knows favourites. What it shares with 2013 are the paths and the parameters.
func TestTheParametersThat500pxKept(t *testing.T) {
	type resource struct {
		Path   string `xml:"path,attr"`
		Params []struct {
			Name string `xml:"name,attr"`
		} `xml:"param"`
		Method struct {
			Name string `xml:"name,attr"`
		} `xml:"method"`
	}
	var said struct {
		Resources struct {
			Resource []resource `xml:"resource"`
		} `xml:"resources"`
	}
	if err := xml.Unmarshal(connectortest.ReadShared(t, "networks/contracts/500px/2019-03-13__500px-api.xml"), &said); err != nil {
		t.Fatal(err)
	}
	v := visit(t)
	v.FiveHundredPX.AddUser("ann")
	config := v.pxClient("oob")
	token := dghubble.NewToken(v.FiveHundredPX.Token("ann"))
	for path, parameters := range map[string][]string{
		"photos":     {"feature=user_favorites", "username=ann", "user_id=", "sort=created_at", "rpp=100", "page=1", "include_states=1"},
		"users":      nil,
		"users/show": {"username=ann", "id="},
	} {
		at := slices.IndexFunc(said.Resources.Resource, func(r resource) bool { return r.Path == path && r.Method.Name == http.MethodGet })
		if at < 0 {
			t.Errorf("there is no %s", path)
			continue
		}
		for _, p := range parameters {
			name, _, _ := strings.Cut(p, "=")
			if !slices.ContainsFunc(said.Resources.Resource[at].Params, func(known struct {
				Name string `xml:"name,attr"`
			}) bool {
				return known.Name == name
			}) {
				t.Errorf("%s has no parameter %s", path, name)
			}
		}
		if got := v.asking(config, token, v.FiveHundredPX.Base()+path+"?"+strings.Join(parameters, "&")); got.status != 200 {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
}
