package sandbox

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flattery/connectors/connectortest"
)

const recording = `[
 {"request": {"url": "https://api.github.com/user"}, "response": {"headers": {}, "body": {"login": "me"}}},
 {"request": {"url": "https://api.github.com/users/ann/starred"}, "response": {
  "headers": {"Date": "Fri, 27 Dec 2013 21:19:38 GMT", "Etag": "\"x\"", "X-Ratelimit-Remaining": "4989", "Vary": ["Accept", "Accept-Encoding"],
   "X-Github-Media-Type": "github.beta; format=json",
   "Link": "<https://api.github.com/user/10308/starred?page=2>; rel=\"next\", <https://api.github.com/user/10308/starred?page=8>; rel=\"last\""},
  "body": [
   {"id": 2, "name": "new", "full_name": "bob/new", "owner": {"login": "bob", "id": 20, "type": "Organization"}, "description": null},
   {"id": 1, "name": "old", "full_name": "bob/old", "owner": {"login": "bob", "id": 20, "type": "Organization"}, "odd": [1.50]}]}}]`

func replay(t *testing.T, recording []byte) visitor {
	t.Helper()
	w, err := OpenReplay(NewClock(october), recording)
	if err != nil {
		t.Fatal(err)
	}
	return visiting(t, w)
}

func TestARecordingIsAnsweredAsItWas(t *testing.T) {
	v := replay(t, []byte(recording))
	base := v.GitHub.Base()
	got := v.get(base+"users/ann/starred?per_page=1&sort=created", "Accept", starJSON)
	if bare := into[[]repoOf](t, got.body); len(bare) != 2 || bare[0].Full != "bob/new" || !strings.Contains(got.body, `"odd": [1.50]`) {
		t.Errorf("page 1 whatever is asked: %s", got.body)
	}
	want := map[string]string{"next": base + "user/10308/starred?page=2", "last": base + "user/10308/starred?page=8"}
	if diff := cmp.Diff(want, links(got)); diff != "" {
		t.Error(diff)
	}
	if got.header.Get("X-Github-Media-Type") != "github.beta; format=json" || len(got.header.Values("Vary")) != 2 ||
		got.header.Get("X-Ratelimit-Remaining") != "59" || got.header.Get("Date") != october.Format(http.TimeFormat) {
		t.Errorf("headers %v", got.header)
	}
	if later := v.get(want["next"]); later.body != "[]" || later.header.Get("Link") != "" {
		t.Errorf("page 2: %s %s", later.body, later.header.Get("Link"))
	}
	if same := v.get(base+"users/ann/starred", "If-None-Match", got.header.Get("ETag")); same.status != 304 {
		t.Errorf("unchanged: %d", same.status)
	}
	if id := into[struct{ ID int64 }](t, v.get(base+"users/ann").body).ID; id != 10308 {
		t.Errorf("ann's number is %d", id)
	}
	v.GitHub.AddUser("cleo")
	v.GitHub.AddRepo("cleo", "newest")
	v.GitHub.Star("ann", "cleo/newest")
	more := into[[]repoOf](t, v.get(base+"users/ann/starred").body)
	if len(more) != 3 || more[0].Full != "cleo/newest" || more[1].Full != "bob/new" {
		t.Errorf("with one star more: %+v", more)
	}
}

func TestABadRecordingIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ recording, want string }{
		"not JSON":              {"x", "invalid character"},
		"nobody's stars":        {"[]", "no answer to /users/{login}/starred"},
		"no date":               {`[{"request":{"url":"https://h/users/a/starred"}}]`, "date"},
		"a body that is none":   {`[{"request":{"url":"https://h/users/a/starred"},"response":{"headers":{"Date":"Fri, 27 Dec 2013 21:19:38 GMT"},"body":{}}}]`, "stars"},
		"a login that is none":  {strings.ReplaceAll(recording, `"login": "bob"`, `"login": "b/b"`), "nobody can be called"},
		"a number twice":        {strings.ReplaceAll(recording, `"id": 20`, `"id": 10308`), "user id 10308"},
		"a later day than now":  {strings.ReplaceAll(recording, "2013", "2033"), "before the recording"},
		"a repository id twice": {strings.ReplaceAll(recording, `"id": 2,`, `"id": 1,`), "repository id 1"},
	} {
		t.Run(name, func(t *testing.T) {
			w, err := OpenReplay(NewClock(october), []byte(c.recording))
			if err == nil {
				_ = w.Close()
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestTheRecordingOf2013(t *testing.T) {
	v := replay(t, connectortest.ReadShared(t, "networks/contracts/github/octokit.rb_starred_user_authenticated_2013-12-27.decoded.json"))
	got := into[[]repoOf](t, v.get(v.GitHub.Base()+"users/sferik/starred").body)
	if len(got) != 30 || got[0].Full != "bbatsov/rubocop" || got[0].Owner.ID != 103882 {
		t.Errorf("%d stars, the first of %+v", len(got), got[:1])
	}
	if id := v.GitHub.ID("sferik"); id != 10308 {
		t.Errorf("sferik's number is %d", id)
	}
}

func TestPastStarsHappenAgain(t *testing.T) {
	const stars = `[
	 {"node_id": "R_kgDOSq4wFw", "name_with_owner": "Bob/a", "starred_at": "2026-10-02T00:00:00Z", "url": "https://github.com/Bob/a"},
	 {"node_id": "MDEwOlJlcG9zaXRvcnkxODg3MDAyNzQ=", "name_with_owner": "cleo/b", "starred_at": "2026-10-01T00:00:00Z"}]`
	v := visit(t)
	if n, err := v.GitHub.ReplayStars("ann", []byte(stars)); n != 2 || err != nil {
		t.Fatalf("%d stars, error %v", n, err)
	}
	got, _ := v.stars("users/ann/starred")
	if len(got) != 1 || got[0].Repo.ID != 188700274 || got[0].Repo.Owner.ID != madeUpID("cleo") || got[0].At != "2026-10-01T00:00:00Z" {
		t.Errorf("on the first: %+v", got)
	}
	v.Clock.Set(time.Date(2026, 10, 2, 0, 0, 0, 0, time.UTC))
	got, _ = v.stars("users/ann/starred")
	if len(got) != 2 || got[0].Repo.Full != "Bob/a" || got[0].Repo.ID != 0x4aae3017 {
		t.Errorf("on the second: %+v", got)
	}
	if madeUpID("cleo") <= 1<<40 || madeUpID("cleo") == madeUpID("bob") {
		t.Errorf("cleo is %d, bob %d", madeUpID("cleo"), madeUpID("bob"))
	}
	for name, bad := range map[string]string{
		"not JSON":           "x",
		"a name that is one": `[{"name_with_owner": "a", "starred_at": "2026-10-02T00:00:00Z"}]`,
		"no time":            `[{"name_with_owner": "a/b"}]`,
		"a hostile name":     `[{"name_with_owner": "a/<b>", "starred_at": "2026-10-02T00:00:00Z"}]`,
		"a number twice":     `[{"node_id": "R_kgDOSq4wFw", "name_with_owner": "a/b", "starred_at": "2026-10-02T00:00:00Z"}]`,
	} {
		if _, err := v.GitHub.ReplayStars("dora", []byte(bad)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestRealStarsHappenAgain(t *testing.T) {
	stars := connectortest.ReadShared(t, "reach/stars/F-e-u-e-r.json")
	v := visit(t)
	v.Clock.Set(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	if n, err := v.GitHub.ReplayStars("F-e-u-e-r", stars); n != 778 || err != nil {
		t.Fatalf("%d stars, error %v", n, err)
	}
	var past []pastStar
	if err := json.Unmarshal(stars, &past); err != nil {
		t.Fatal(err)
	}
	for _, day := range []time.Time{time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 8, 23, 0, 0, 0, 0, time.UTC)} {
		v.Clock.Set(day)
		want := 0
		for _, s := range past {
			if !s.At.After(day) {
				want++
			}
		}
		got := 0
		for next := v.GitHub.Base() + "users/F-e-u-e-r/starred?per_page=100"; next != ""; {
			page := v.get(next, "Accept", starJSON)
			got += len(into[[]starOf](t, page.body))
			next = links(page)["next"]
		}
		if got != want {
			t.Errorf("on %s there are %d stars, want %d", day.Format(time.DateOnly), got, want)
		}
	}
}
