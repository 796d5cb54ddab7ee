package sandbox

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// method calls a method with arguments name, value, name, value.
func (v visitor) method(name, key string, arguments ...string) reply {
	v.t.Helper()
	q := url.Values{"method": {name}, "api_key": {key}, "format": {"json"}, "nojsoncallback": {"1"}}
	for i := 0; i+1 < len(arguments); i += 2 {
		q.Set(arguments[i], arguments[i+1])
	}
	return v.get(v.Flickr.Base() + "?" + q.Encode())
}

type favesSaid struct {
	Photos struct {
		Page, PerPage int
		Pages, Total  string
		Photo         []struct {
			ID, Owner, Title string
			Faved            string `json:"date_faved"`
			Name             string `json:"ownername"`
			Alias            *string
		}
	}
	Stat string
}

func (s favesSaid) titles() (of []string) {
	for _, p := range s.Photos.Photo {
		of = append(of, p.Title)
	}
	return of
}

func TestFavesAreListedAsFlickrListsThem(t *testing.T) {
	v := visit(t)
	f := v.Flickr
	key, fan, maker := f.Key(), f.AddUser("fan"), f.AddUser("Maker & Söhne")
	var photos []string
	for i := range 5 {
		photos = append(photos, f.AddPhoto(maker, fmt.Sprintf("p%d", i)))
		f.Fave(fan, photos[i])
		v.Clock.Advance(time.Minute)
	}
	at := func(i int) string { return fmt.Sprint(october.Add(time.Duration(i) * time.Minute).Unix()) }
	f.Unfave(fan, photos[2])
	f.FaveAt(fan, f.AddPhoto(maker, "soon"), v.Clock.Now().Add(time.Second))
	for _, c := range []struct {
		name         string
		arguments    []string
		want         []string
		pages, total string
	}{
		{"newest first", nil, []string{"p4", "p3", "p1", "p0"}, "1", "4"},
		{"from a time on, which belongs to it", []string{"min_fave_date", at(3)}, []string{"p4", "p3"}, "1", "2"},
		{"up to a time, which belongs to it", []string{"max_fave_date", at(1)}, []string{"p1", "p0"}, "1", "2"},
		{"a page", []string{"per_page", "3", "page", "2"}, []string{"p0"}, "2", "4"},
		{"behind the end", []string{"per_page", "3", "page", "3"}, nil, "2", "4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := into[favesSaid](t, v.method("flickr.favorites.getPublicList", key, append(c.arguments, "user_id", fan)...).body)
			if diff := cmp.Diff(c.want, got.titles()); diff != "" {
				t.Error(diff)
			}
			if got.Photos.Pages != c.pages || got.Photos.Total != c.total || got.Stat != "ok" {
				t.Errorf("%+v", got)
			}
		})
	}
	got := v.method("flickr.favorites.getPublicList", key, "user_id", fan, "per_page", "9999", "extras", "owner_name,path_alias")
	said := into[favesSaid](t, got.body)
	if p := said.Photos.Photo[0]; p.Faved != at(4) || p.Owner != maker || p.Name != "Maker & Söhne" || said.Photos.PerPage != 500 {
		t.Errorf("%+v", said)
	}
	if !strings.Contains(got.body, `"pathalias":null`) || got.header.Get("Content-Type") != "application/json" {
		t.Errorf("%s %s", got.header.Get("Content-Type"), got.body)
	}
	f.SetAlias(maker, "maker")
	if got := v.method("flickr.favorites.getPublicList", key, "user_id", fan, "extras", "path_alias"); !strings.Contains(got.body, `"pathalias":"maker"`) {
		t.Errorf("with an alias: %s", got.body)
	}
	f.Delete(photos[4])
	v.Clock.Advance(time.Second)
	said = into[favesSaid](t, v.method("flickr.favorites.getPublicList", key, "user_id", fan).body)
	if diff := cmp.Diff([]string{"soon", "p3", "p1", "p0"}, said.titles()); diff != "" {
		t.Errorf("later, with one photo deleted:\n%s", diff)
	}
}

func TestPeopleAreFound(t *testing.T) {
	v := visit(t)
	f := v.Flickr
	key, ann := f.Key(), f.AddUser("Ann B.")
	f.AddUser("Ann B.")
	f.SetAlias(ann, "annb")
	type found struct {
		User   struct{ ID string }
		Person struct {
			NSID     string
			Username struct {
				Content string `json:"_content"`
			}
		}
	}
	for name, c := range map[string][]string{
		"by name, the first of that name": {"flickr.people.findByUsername", "username", "ann b."},
		"by the address of the photos":    {"flickr.urls.lookupUser", "url", "https://www.flickr.com/photos/annb/"},
		"by the address with the number":  {"flickr.urls.lookupUser", "url", "https://www.flickr.com/people/" + ann},
		"by the number":                   {"flickr.people.getInfo", "user_id", ann},
	} {
		t.Run(name, func(t *testing.T) {
			got := into[found](t, v.method(c[0], key, c[1:]...).body)
			if got.User.ID != ann && (got.Person.NSID != ann || got.Person.Username.Content != "Ann B.") {
				t.Errorf("%+v", got)
			}
		})
	}
	if got := v.method("flickr.test.echo", key, "hello", "you"); !strings.Contains(got.body, `"hello":{"_content":"you"}`) {
		t.Errorf("the echo is %s", got.body)
	}
}

func TestFlickrRefusesWithStatus200(t *testing.T) {
	v := visit(t)
	f := v.Flickr
	key, old, gone, late := f.Key(), f.Key(), f.AddUser("gone"), f.AddUser("late")
	f.RevokeKey(old)
	f.DeleteUser(gone)
	const faves = "flickr.favorites.getPublicList"
	for _, c := range []struct {
		name, method, key string
		arguments         []string
		code              int
		message           string
	}{
		{"no key", faves, "", nil, 100, "Invalid API Key (Key has invalid format)"},
		{"a revoked key", faves, old, nil, 100, "Invalid API Key (Key not found)"},
		{"nobody", faves, key, []string{"user_id", "1@N01"}, 1, "User not found"},
		{"somebody who is gone", faves, key, []string{"user_id", gone}, 1, "User not found"},
		{"information of somebody who is gone", "flickr.people.getInfo", key, []string{"user_id", gone}, 5, "User deleted"},
		{"a name nobody has", "flickr.people.findByUsername", key, []string{"username", "x"}, 1, "User not found"},
		{"an address that is none", "flickr.urls.lookupUser", key, []string{"url", "%zz"}, 1, "User not found"},
		{"one's own faves without a sign-in", "flickr.favorites.getList", key, nil, 99, "User not logged in / Insufficient permissions"},
		{"a token", "flickr.test.login", key, []string{"oauth_token", "x"}, 98, "Invalid auth token"},
		{"a method that is none", "flickr.test.null", key, nil, 112, `Method "flickr.test.null" not found`},
		{"a format that is none", faves, key, []string{"format", "xml"}, 111, `Format "xml" not found`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := v.method(c.method, c.key, c.arguments...)
			said := into[failure](t, got.body)
			if want := fail(c.code, c.message); got.status != 200 || said != want {
				t.Errorf("%d %+v, want 200 with %+v", got.status, said, want)
			}
		})
	}
	at := f.Inject(Fault{Times: 1, Body: `{"stat":"fail","code":105,"message":"Service currently unavailable"}`})
	if got := v.method(faves, key, "user_id", late); into[failure](t, got.body).Code != 105 || at.Hits() != 1 {
		t.Errorf("a fault: %s", got.body)
	}
}

func TestFlickrPagesAreEscaped(t *testing.T) {
	v := visit(t)
	f := v.Flickr
	const evil = `<script>alert("&amp;")</script>`
	eve := f.AddUser(evil)
	photo := f.AddPhoto(eve, evil)
	f.Fave(eve, photo)
	root := strings.TrimSuffix(f.Base(), "services/rest/")
	for path, want := range map[string]int{"": 200, "people/" + eve: 200, "photos/" + eve + "/": 200,
		"photos/" + eve + "/" + photo: 200, "photos/" + eve + "/1": 404, "people/1@N01": 404} {
		got := v.get(root + path)
		if got.status != want || strings.Contains(got.body, "<script") || got.header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("/%s: %d %s\n%s", path, got.status, got.header.Get("Content-Type"), got.body)
		}
	}
}
