package sandbox

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// videosSaid is a page of Vimeo's likes.
type videosSaid struct {
	Total, Page, Per_page int
	Paging                struct{ Next, Previous, First, Last *string }
	Data                  []struct {
		Uri, Name string
		User      *struct{ Uri, Name, Link string }
		Metadata  struct {
			Interactions struct {
				Like *struct {
					Added      bool
					Added_time *string
					Uri        string
				}
			}
		}
	}
}

func (s videosSaid) names() (of []string) {
	for _, d := range s.Data {
		of = append(of, d.Name)
	}
	return of
}

// watches makes fan like n videos of maker, each a day after the one before, and gives their ids and a way to ask.
func watches(t *testing.T, n int) (v visitor, ids []string, ask func(path string) reply) {
	t.Helper()
	v = visit(t)
	v.Vimeo.AddUser("fan")
	v.Vimeo.AddUser("maker")
	for i := range n {
		ids = append(ids, v.Vimeo.AddThing("maker", fmt.Sprint("v", i)))
		v.Vimeo.LikeAt("fan", ids[i], october.AddDate(0, 0, i-n))
	}
	token := "bearer " + v.Vimeo.Token("fan")
	return v, ids, func(path string) reply {
		v.t.Helper()
		return v.get(strings.TrimSuffix(v.Vimeo.Base(), "/")+path, "Authorization", token, "Accept", "application/vnd.vimeo.*+json;version=3.4")
	}
}

func TestVimeoListsLikesByPages(t *testing.T) {
	v, ids, ask := watches(t, 5)
	v.Vimeo.LikeAt("fan", v.Vimeo.AddThing("maker", "soon"), october.Add(time.Second))
	var all []string
	pages := 0
	for next := "/me/likes?per_page=2&fields=name,user.uri"; next != ""; pages++ {
		got := ask(next)
		said := into[videosSaid](t, got.body)
		if got.status != 200 || said.Total != 5 || said.Per_page != 2 || said.Page != pages+1 || *said.Paging.Last != "/me/likes?fields=name%2Cuser.uri&page=3&per_page=2" ||
			(said.Paging.Previous == nil) != (pages == 0) || got.header.Get("Content-Type") != "application/vnd.vimeo.video+json" {
			t.Fatalf("%d %s", got.status, got.body)
		}
		all = append(all, said.names()...)
		if next = ""; said.Paging.Next != nil {
			next = *said.Paging.Next
		}
	}
	if diff := cmp.Diff([]string{"v4", "v3", "v2", "v1", "v0"}, all); diff != "" || pages != 3 {
		t.Errorf("%d pages: %s", pages, diff)
	}
	v.Clock.Advance(time.Second)
	v.Vimeo.DeleteThing(ids[4])
	v.Vimeo.Unlike("fan", ids[0])
	if diff := cmp.Diff([]string{"soon", "v3", "v2", "v1"}, into[videosSaid](t, ask("/me/likes").body).names()); diff != "" {
		t.Errorf("later, one deleted, one taken back:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"soon", "v1", "v2", "v3"}, into[videosSaid](t, ask("/me/likes?sort=alphabetical").body).names()); diff != "" {
		t.Errorf("by name:\n%s", diff)
	}
	v.Vimeo.SetOrder(true)
	if got := into[videosSaid](t, ask("/me/likes").body).names(); len(got) != 4 || cmp.Equal(got, []string{"soon", "v3", "v2", "v1"}) {
		t.Errorf("in no order: %v", got)
	}
}

func TestVimeoTellsTheTimeOfOnesOwnLikesOnly(t *testing.T) {
	v, ids, ask := watches(t, 1)
	fan := v.Vimeo.ID("fan")
	v.Vimeo.AddUser("other")
	other := v.get(v.Vimeo.Base()+"users/"+fan+"/likes", "Authorization", "bearer "+v.Vimeo.Token("other"))
	own := into[videosSaid](t, ask("/users/"+fan+"/likes").body).Data[0].Metadata.Interactions.Like
	if own == nil || !own.Added || own.Added_time == nil || *own.Added_time != "2026-09-30T12:00:00+00:00" || own.Uri != "/users/"+fan+"/likes/"+ids[0] {
		t.Errorf("one's own: %+v", own)
	}
	theirs := into[videosSaid](t, other.body).Data[0].Metadata.Interactions.Like
	if theirs == nil || theirs.Added || theirs.Added_time != nil {
		t.Errorf("by another: %+v", theirs)
	}
	v.Vimeo.Like("other", ids[0])
	if l := into[videosSaid](t, v.get(v.Vimeo.Base()+"users/"+fan+"/likes", "Authorization", "bearer "+v.Vimeo.Token("other")).body).Data[0].Metadata.Interactions.Like; *l.Added_time != "2026-10-01T12:00:00+00:00" {
		t.Errorf("by another who likes it too: %+v", l)
	}
}

func TestVimeoLeavesWhatIsAskedFor(t *testing.T) {
	v, ids, ask := watches(t, 1)
	maker := v.Vimeo.ID("maker")
	for fields, want := range map[string]string{
		"uri":                                  `{"uri":"/videos/` + ids[0] + `"}`,
		"name,user.uri,user.name,none,user.no": `{"name":"v0","user":{"name":"maker","uri":"/users/` + maker + `"}}`,
		"metadata.interactions.like.added_time,metadata.interactions.like.added": `{"metadata":{"interactions":{"like":{"added":true,"added_time":"2026-09-30T12:00:00+00:00"}}}}`,
	} {
		if got := ask("/me/likes?fields=" + fields); !strings.Contains(got.body, `"data":[`+want+`]`) || !strings.Contains(got.body, `"total":1`) {
			t.Errorf("%s: %s", fields, got.body)
		}
		if got := ask("/videos/" + ids[0] + "?fields=" + fields); got.body != want {
			t.Errorf("%s of one: %s", fields, got.body)
		}
	}
	v.Vimeo.DeleteUser("maker")
	if got := ask("/me/likes?fields=name,user.uri"); !strings.Contains(got.body, `"data":[{"name":"v0","user":null}]`) {
		t.Errorf("its owner deleted: %s", got.body)
	}
	if got := ask("/users/" + maker); got.status != 404 {
		t.Errorf("the owner: %d", got.status)
	}
}

func TestVimeoRefuses(t *testing.T) {
	v, _, ask := watches(t, 3)
	v.Vimeo.AddUser("bad")
	v.Vimeo.Suspend("bad")
	for path, want := range map[string]int{
		"/users/1": 404, "/users/" + v.Vimeo.ID("bad") + "/likes": 404, "/me/likes?per_page=101": 400, "/me/likes?page=0": 400,
		"/me/likes?page=2": 400, "/me/likes?sort=mood": 400, "/videos/1": 404, "/me/dislikes": 404,
	} {
		got := ask(path)
		if said := into[map[string]any](t, got.body); got.status != want || said["error"] == nil || said["developer_message"] == nil || said["error_code"] == nil || said["link"] == nil {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	for _, auth := range []string{"", "bearer x", "OAuth " + v.Vimeo.Token("fan")} {
		if got := v.get(v.Vimeo.Base()+"me", "Authorization", auth); got.status != 401 || into[map[string]string](t, got.body)["error"] == "" {
			t.Errorf("%q: %d %s", auth, got.status, got.body)
		}
	}
	v.Clock.Advance(time.Minute)
	v.Vimeo.SetLimits(Quota{2, time.Minute})
	for _, want := range []string{"200 1", "200 0", "429 0"} {
		got := ask("/me")
		if said := fmt.Sprint(got.status, " ", got.header.Get("X-RateLimit-Remaining")); said != want || got.header.Get("X-RateLimit-Limit") != "2" ||
			got.header.Get("X-RateLimit-Reset") != "2026-10-01T12:02:00+00:00" {
			t.Errorf("%s %v, want %s", said, got.header, want)
		}
	}
	v.Vimeo.SetResetAsEpoch(true)
	if got := ask("/me").header.Get("X-RateLimit-Reset"); got != strconv.FormatInt(october.Add(2*time.Minute).Unix(), 10) {
		t.Errorf("the other way: %s", got)
	}
	v.Clock.Advance(time.Minute)
	if got := ask("/me"); got.status != 200 {
		t.Errorf("a minute later: %d", got.status)
	}
}

func TestVimeoTellsWhatATokenIs(t *testing.T) {
	v, _, ask := watches(t, 0)
	said := into[struct {
		Scope string
		User  struct{ Uri string }
	}](t, ask("/oauth/verify").body)
	if !strings.Contains(said.Scope, "private") || said.User.Uri != "/users/"+v.Vimeo.ID("fan") {
		t.Errorf("%+v", said)
	}
	v.Vimeo.Revoke("fan")
	if got := ask("/oauth/verify"); got.status != 401 {
		t.Errorf("revoked: %d", got.status)
	}
}
