package sandbox

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhatIsMadeAndLikedCanBeClicked(t *testing.T) {
	for _, e := range entrances(t) {
		t.Run(e.name, func(t *testing.T) {
			e.t = t
			const evil = `<script>alert("&amp;")</script>`
			root := strings.TrimSuffix(e.Base(), "2/")
			id := e.AddThing("ann", evil)
			e.SetBio("ann", evil)
			path := map[string]string{"x": "ann/status/" + id, "soundcloud": "ann/script-alert-amp-script", "vimeo": id}[e.name]
			for at, want := range map[string]int{"": 200, "ann": 200, "Ann": 200, path: 200, "nobody": 404, path + "1": 404} {
				got := e.visitor.get(root + at)
				if got.status != want || strings.Contains(got.body, "<script") || got.header.Get("Content-Type") != "text/html; charset=utf-8" {
					t.Errorf("/%s: %d %s\n%s", at, got.status, got.header.Get("Content-Type"), got.body)
				}
			}
			if page := e.visitor.get(root + "ann"); !strings.Contains(page.body, `href="/`+path+`"`) {
				t.Errorf("her page does not lead to what she made: %s", page.body)
			}
			likes := func() bool {
				list := map[string]string{"x": e.Base() + "users/" + e.ID("ann") + "/liked_tweets", "soundcloud": e.Base() + "me/likes/tracks", "vimeo": e.Base() + "me/likes"}
				return strings.Contains(e.visitor.get(list[e.name], "Authorization", e.scheme+" "+e.Token("ann")).body, id)
			}
			for _, do := range []string{"like", "unlike"} {
				if got := e.post(root+path, "login=ann&do="+do); got.status != http.StatusSeeOther || got.header.Get("Location") != "/"+path || likes() != (do == "like") {
					t.Errorf("%s: %d to %q, liked: %t", do, got.status, got.header.Get("Location"), likes())
				}
			}
			if got := e.post(root+path, "login=nobody&do=like"); got.status != 404 {
				t.Errorf("by nobody: %d", got.status)
			}
			e.Suspend("ann")
			if e.visitor.get(root+path).status != 404 || e.visitor.get(root+"ann").status != 404 {
				t.Error("the pages of a suspended user are there")
			}
		})
	}
}

func TestEveryNetworkIsTheSameAfterTheSameCommands(t *testing.T) {
	tell := func() (said []string) {
		for _, e := range entrances(t) {
			thing := e.AddThing("ann", "Sea")
			e.Like("ann", thing)
			id, secret := e.App()
			me := e.visitor.get(e.me, "Authorization", e.scheme+" "+e.Token("ann"))
			root := strings.TrimSuffix(e.Base(), "2/")
			said = append(said, e.ID("ann"), thing, id, secret, e.Token("ann"), strings.ReplaceAll(me.body, root, "/"))
		}
		return said
	}
	if diff := cmp.Diff(tell(), tell()); diff != "" {
		t.Error(diff)
	}
}

func TestAMistakeOfTheScriptPanics(t *testing.T) {
	all := entrances(t)
	for _, c := range []struct {
		name string
		do   func(e entrance)
		want string
	}{
		{"nobody likes", func(e entrance) { e.Like("nobody", "1") }, `there is no user "nobody"`},
		{"nothing is liked", func(e entrance) { e.Like("ann", "1") }, `there is nothing with the id "1"`},
		{"a name twice", func(e entrance) { e.AddUser("ANN") }, `the handle "ANN" is taken`},
		{"a name of the server's own", func(e entrance) {
			e.AddUser(map[string]string{"x": "i", "soundcloud": "me", "vimeo": "oauth"}[e.name])
		}, "nobody can be called"},
		{"a name that is a number", func(e entrance) { e.AddUser("123") }, "nobody can be called"},
		{"a token of an app that is not there", func(e entrance) { e.Token("ann", "x") }, `there is no app "x"`},
		{"a thing deleted twice", func(e entrance) { id := e.AddThing("ann", "a"); e.DeleteThing(id); e.DeleteThing(id) }, "there is nothing"},
	} {
		for _, e := range all {
			t.Run(e.name+" "+c.name, func(t *testing.T) {
				defer func() {
					if said, _ := recover().(string); !strings.HasPrefix(said, "sandbox: "+e.name+": ") || !strings.Contains(said, c.want) {
						t.Errorf("it says %q", said)
					}
				}()
				c.do(e)
			})
		}
	}
}
