package sandbox

import (
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"strings"
	"testing"

	dghubble "github.com/dghubble/oauth1"
	"github.com/google/go-cmp/cmp"

	"flattery/connectors/connectortest"
)

// signedMethod calls a method as somebody who has agreed to be read. No token: unsigned, with the program's key.
func (v visitor) signedMethod(config *dghubble.Config, token *dghubble.Token, name string, arguments ...string) string {
	v.t.Helper()
	if token == nil {
		return v.method(name, config.ConsumerKey, arguments...).body
	}
	q := url.Values{"method": {name}, "format": {"json"}, "nojsoncallback": {"1"}}
	for i := 0; i+1 < len(arguments); i += 2 {
		q.Set(arguments[i], arguments[i+1])
	}
	return v.asking(config, token, v.Flickr.Base()+"?"+q.Encode()).body
}

func TestPrivatePhotosAreShownToThoseWhoMaySeeThem(t *testing.T) {
	v := visit(t)
	f := v.Flickr
	config := v.flickrClient("oob")
	fan, maker, other := f.AddUser("fan"), f.AddUser("maker"), f.AddUser("other")
	open, private := f.AddPhoto(maker, "open"), f.AddPhoto(maker, "private")
	f.SetPrivate(private, true)
	f.Fave(fan, open)
	f.Fave(fan, private)
	signIn := func(nsid string) *dghubble.Token {
		token, secret := f.Token(nsid)
		return dghubble.NewToken(token, secret)
	}
	none := dghubble.NewToken(f.oauth.token(config.ConsumerKey, fan, ""))
	const list, public = "flickr.favorites.getList", "flickr.favorites.getPublicList"
	for _, c := range []struct {
		name   string
		by     *dghubble.Token
		method string
		of     []string
		want   []string // nil: refused with 99
	}{
		{"one's own", signIn(fan), list, nil, []string{"private", "open"}},
		{"one's own, by name", signIn(fan), list, []string{"user_id", fan}, []string{"private", "open"}},
		{"one's own public ones", signIn(fan), public, []string{"user_id", fan}, []string{"open"}},
		{"what another faved of one's own", signIn(maker), list, []string{"user_id", fan}, []string{"private", "open"}},
		{"another's", signIn(other), list, []string{"user_id", fan}, []string{"open"}},
		{"another's, unsigned", nil, list, []string{"user_id", fan}, []string{"open"}},
		{"nobody's, unsigned", nil, list, nil, nil},
		{"one's own without the permission to read", none, list, nil, nil},
		{"one's own by name without it", none, list, []string{"user_id", fan}, []string{"open"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := v.signedMethod(config, c.by, c.method, c.of...)
			said := into[favesSaid](t, body)
			if diff := cmp.Diff(c.want, said.titles()); diff != "" || (c.want == nil) != strings.Contains(body, `"code":99`) {
				t.Errorf("%s\n%s", diff, body)
			}
		})
	}
	if body := v.signedMethod(config, signIn(fan), list); !strings.Contains(body, `"title":"private","ispublic":0,"isfriend":1`) {
		t.Errorf("a private photo is %s", body)
	}
	for who, by := range map[string]*dghubble.Token{"the fan": signIn(fan), "the maker": signIn(maker), "another": signIn(other), "everybody": nil} {
		body := v.signedMethod(config, by, "flickr.photos.getInfo", "photo_id", private)
		if told, may := strings.Contains(body, maker), who == "the fan" || who == "the maker"; told != may || !may && into[failure](t, body) != fail(1, "Photo not found") {
			t.Errorf("%s: %s", who, body)
		}
	}
	root := strings.TrimSuffix(f.Base(), "services/rest/")
	if got := v.get(root + "photos/" + maker + "/" + private); got.status != 404 {
		t.Errorf("its page: %d", got.status)
	}
}

func TestWhoseAPhotoIs(t *testing.T) {
	v := visit(t)
	f := v.Flickr
	maker := f.AddUser("Maker")
	photo := f.AddPhoto(maker, "Sea & sky")
	type info struct {
		Photo struct {
			ID    string
			Owner struct {
				NSID, Username string
				Alias          *string `json:"path_alias"`
			}
			Title content
		}
	}
	got := into[info](t, v.method("flickr.photos.getInfo", f.Key(), "photo_id", photo).body).Photo
	if got.ID != photo || got.Owner.NSID != maker || got.Owner.Username != "Maker" || got.Owner.Alias != nil || got.Title.Content != "Sea & sky" {
		t.Errorf("%+v", got)
	}
	f.SetAlias(maker, "mm")
	if got := into[info](t, v.method("flickr.photos.getInfo", f.Key(), "photo_id", photo).body).Photo; *got.Owner.Alias != "mm" {
		t.Errorf("%+v", got)
	}
	f.Delete(photo)
	if got := into[failure](t, v.method("flickr.photos.getInfo", f.Key(), "photo_id", photo).body); got.Code != 1 {
		t.Errorf("deleted: %+v", got)
	}
}

func TestTokensOfFlickrEndAndComeBack(t *testing.T) {
	v := visit(t)
	f := v.Flickr
	config := v.flickrClient("oob")
	ann, ben := f.AddUser("ann"), f.AddUser("ben")
	token, bens := dghubble.NewToken(f.Token(ann)), dghubble.NewToken(f.Token(ben))
	for _, c := range []struct {
		name     string
		happens  func()
		ann, ben string
	}{
		{"at first", func() {}, `"id":"` + ann + `"`, `"id":"` + ben + `"`},
		{"suspended", func() { f.Suspend(ann) }, `"code":98`, `"id":"` + ben + `"`},
		{"restored", func() { f.Restore(ann) }, `"id":"` + ann + `"`, `"id":"` + ben + `"`},
		{"revoked", func() { f.Revoke(ann) }, `"code":98`, `"id":"` + ben + `"`},
		{"agreed again", func() { token = dghubble.NewToken(f.Token(ann)) }, `"id":"` + ann + `"`, `"id":"` + ben + `"`},
		{"the key is revoked", func() { f.RevokeKey(config.ConsumerKey) }, `"code":100`, `"code":100`},
	} {
		c.happens()
		if got := v.signedMethod(config, token, "flickr.test.login"); !strings.Contains(got, c.ann) {
			t.Errorf("%s: ann is told %s", c.name, got)
		}
		if got := v.signedMethod(config, bens, "flickr.test.login"); !strings.Contains(got, c.ben) {
			t.Errorf("%s: ben is told %s", c.name, got)
		}
	}
}

func TestACallThatOnlyAProgramSignedIsRefusedAsRecorded(t *testing.T) {
	v := visit(t)
	config := v.flickrClient("oob")
	got := v.asking(config, dghubble.NewToken("", ""), v.Flickr.Base()+"?method=flickr.test.login&format=json&nojsoncallback=1")
	if got.status != 400 || got.body != "oauth_problem=parameter_absent&oauth_parameters_absent=oauth_token" {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// methodInfo is what Flickr tells of a method by flickr.reflection.getMethodInfo. Numbers are sometimes texts.
type methodInfo struct {
	Arguments struct {
		Argument []struct {
			Name     string
			Optional json.RawMessage
		}
	}
	Errors struct {
		Error []struct{ Code json.RawMessage }
	}
	Method struct {
		Name         string
		NeedsLogin   json.RawMessage
		NeedsSigning json.RawMessage
	}
}

func TestFlickrsMethodsKeepToWhatFlickrTellsOfThem(t *testing.T) {
	v := visit(t)
	f := v.Flickr
	config := v.flickrClient("oob")
	ann := f.AddUser("ann")
	f.SetAlias(ann, "ann")
	f.Fave(ann, f.AddPhoto(ann, "Sea"))
	token := dghubble.NewToken(f.Token(ann))
	good := map[string]string{"api_key": config.ConsumerKey, "user_id": ann, "username": "ann", "url": "https://www.flickr.com/photos/ann/",
		"min_fave_date": "1", "max_fave_date": "9999999999", "per_page": "500", "page": "1", "extras": "owner_name,path_alias"}
	for _, name := range []string{"flickr.auth.oauth.checkToken", "flickr.favorites.getList", "flickr.favorites.getPublicList",
		"flickr.people.findByUsername", "flickr.people.getInfo", "flickr.test.login", "flickr.urls.lookupUser"} {
		t.Run(name, func(t *testing.T) {
			info := into[methodInfo](t, string(connectortest.ReadShared(t, path.Join("networks/contracts/flickr", "getMethodInfo."+name+".json"))))
			is := func(said json.RawMessage) bool { return strings.Trim(string(said), `"`) == "1" }
			var codes []string
			for _, e := range info.Errors.Error {
				codes = append(codes, strings.Trim(string(e.Code), `"`))
			}
			var all, bare []string
			for _, a := range info.Arguments.Argument {
				if a.Name == "oauth_token" {
					continue // comes with the signature
				}
				if value, ok := good[a.Name]; !ok {
					t.Errorf("an argument that nobody here has thought of: %s", a.Name)
				} else {
					all = append(all, a.Name, value)
				}
				if is(a.Optional) {
					bare = append(bare, a.Name, good[a.Name])
				}
			}
			if got := v.signedMethod(config, token, name, all...); !strings.Contains(got, `"stat":"ok"`) {
				t.Errorf("signed, with all arguments: %s", got)
			}
			got := v.signedMethod(config, nil, name, all...)
			if refused := strings.Contains(got, `"stat":"fail"`); refused != (is(info.Method.NeedsLogin) || is(info.Method.NeedsSigning)) {
				t.Errorf("unsigned, with all arguments: %s", got)
			}
			bad := []string{got, v.signedMethod(config, nil, name, bare...), v.method(name, "", all...).body, v.method(name, strings.Repeat("a", 32), all...).body}
			for _, body := range bad {
				if no := into[failure](t, body); no.Stat == "fail" && !strings.Contains(" "+strings.Join(codes, " ")+" ", fmt.Sprintf(" %d ", no.Code)) {
					t.Errorf("refused with %d, which Flickr does not tell of: %v", no.Code, codes)
				}
			}
		})
	}
}
