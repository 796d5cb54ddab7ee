package sandbox

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// tracksSaid is a page of SoundCloud's likes.
type tracksSaid struct {
	Collection []trackSaid
	Next_href  string
}

type trackSaid struct {
	Urn, Title, Created_at, Permalink_url, Access string
	User                                          struct{ Urn, Username, Permalink_url string }
}

func titles(tracks []trackSaid) (of []string) {
	for _, track := range tracks {
		of = append(of, track.Title)
	}
	return of
}

// listens makes fan like n tracks of maker, a minute apart, and gives their ids and a way to ask.
func listens(t *testing.T, n int) (v visitor, ids []string, ask func(url string) reply) {
	t.Helper()
	v = visit(t)
	v.SoundCloud.AddUser("fan")
	v.SoundCloud.AddUser("maker")
	for i := range n {
		ids = append(ids, v.SoundCloud.AddThing("maker", fmt.Sprintf("t%d", i)))
		v.SoundCloud.Like("fan", ids[i])
		v.Clock.Advance(time.Minute)
	}
	token := "OAuth " + v.SoundCloud.Token("fan")
	return v, ids, func(url string) reply {
		v.t.Helper()
		return v.get(url, "Authorization", token)
	}
}

// walk follows next_href to the end; between is called after each page.
func walk(t *testing.T, url string, ask func(string) reply, between func()) (all []string) {
	t.Helper()
	for url != "" {
		got := ask(url)
		if got.status != 200 {
			t.Fatalf("%s: %d %s", url, got.status, got.body)
		}
		page := into[tracksSaid](t, got.body)
		all = append(all, titles(page.Collection)...)
		url = page.Next_href
		between()
	}
	return all
}

func TestSoundCloudListsLikes(t *testing.T) {
	v, ids, ask := listens(t, 5)
	s := v.SoundCloud
	mine := s.Base() + "me/likes/tracks?linked_partitioning=true&limit=2"
	nothing := func() {}
	if diff := cmp.Diff([]string{"t4", "t3", "t2", "t1", "t0"}, walk(t, mine, ask, nothing)); diff != "" {
		t.Error(diff)
	}
	n := 0
	if diff := cmp.Diff([]string{"t4", "t3", "t2", "t1", "t0"}, walk(t, mine, ask, func() {
		n++
		s.Like("fan", s.AddThing("maker", fmt.Sprint("new", n)))
	})); diff != "" {
		t.Errorf("while new likes come in:\n%s", diff)
	}
	s.LikeLate("fan", s.AddThing("maker", "late"), time.Hour)
	s.Like("fan", s.AddThing("maker", "last"))
	if got := walk(t, mine, ask, nothing); got[0] != "last" || got[1] != "new3" {
		t.Errorf("before its time: %v", got)
	}
	v.Clock.Advance(time.Hour)
	if got := walk(t, mine, ask, nothing); got[0] != "last" || got[1] != "late" || got[2] != "new3" {
		t.Errorf("in its time, below the newer: %v", got)
	}
	bare := into[[]trackSaid](t, ask(s.Base()+"users/"+s.ID("fan")+"/likes/tracks?limit=1").body)
	if len(bare) != 1 || bare[0].User.Urn != s.ID("maker") || bare[0].User.Permalink_url != s.Base()+"maker" || bare[0].Permalink_url != s.Base()+"maker/last" {
		t.Errorf("without partitions: %+v", bare)
	}
	old := into[trackSaid](t, ask(s.Base()+"tracks/"+ids[0]).body)
	if old.Created_at != "2026/10/01 12:00:00 +0000" || !strings.HasPrefix(old.Urn, "soundcloud:tracks:") || !strings.HasPrefix(s.ID("fan"), "soundcloud:users:") {
		t.Errorf("%+v", old)
	}
}

func TestSoundCloudMayListInNoOrder(t *testing.T) {
	v, _, ask := listens(t, 9)
	v.SoundCloud.SetOrder(true)
	got := walk(t, v.SoundCloud.Base()+"me/likes/tracks?linked_partitioning=true&limit=2", ask, func() {})
	seen := map[string]bool{}
	ordered := true
	for i, title := range got {
		seen[title] = true
		ordered = ordered && title == fmt.Sprint("t", 8-i)
	}
	if len(got) != 9 || len(seen) != 9 || ordered {
		t.Errorf("each once, and not the newest first: %v", got)
	}
}

func TestBlockedTracksAreShownToWhoAsks(t *testing.T) {
	v, ids, ask := listens(t, 3)
	s := v.SoundCloud
	s.SetAccess(ids[0], "blocked")
	s.SetAccess(ids[1], "preview")
	v.SoundCloud.AddUser("bad")
	s.Like("fan", s.AddThing("bad", "hidden"))
	s.Suspend("bad")
	for _, c := range []struct {
		name, path string
		want       []string
	}{
		{"one's own, all", "me/likes/tracks", []string{"t2", "t1", "t0"}},
		{"a user's, without the blocked", "users/" + s.ID("fan") + "/likes/tracks", []string{"t2", "t1"}},
		{"a user's, by the number alone", "users/" + strings.TrimPrefix(s.ID("fan"), "soundcloud:users:") + "/likes/tracks", []string{"t2", "t1"}},
		{"a user's, all asked for", "users/" + s.ID("fan") + "/likes/tracks?access=playable,preview,blocked", []string{"t2", "t1", "t0"}},
		{"the blocked alone", "me/likes/tracks?access=blocked", []string{"t0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, titles(into[[]trackSaid](t, ask(s.Base()+c.path).body))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSoundCloudResolvesAddresses(t *testing.T) {
	v, ids, ask := listens(t, 1)
	s := v.SoundCloud
	s.Rename("maker", "made")
	for url, want := range map[string]string{
		"https://soundcloud.com/made": s.Base() + "users/" + s.ID("made"), "https://soundcloud.com/made/t0": s.Base() + "tracks/" + ids[0],
		"https://soundcloud.com/maker": "", "https://soundcloud.com/made/none": "", "%25zz": "",
	} {
		got := ask(s.Base() + "resolve?url=" + url)
		if got.header.Get("Location") != want || (got.status == 302) != (want != "") || want == "" && got.status != 404 {
			t.Errorf("%s: %d to %q, want %q", url, got.status, got.header.Get("Location"), want)
		}
	}
}

func TestSoundCloudRefuses(t *testing.T) {
	v, _, _ := listens(t, 1)
	s := v.SoundCloud
	token := s.Token("fan")
	for _, c := range []struct {
		name, path, auth string
		status           int
	}{
		{"no token", "me", "", 401},
		{"a token that is none", "me", "OAuth x", 401},
		{"a good token under the usual name", "me", "Bearer " + token, 401},
		{"nobody", "users/soundcloud:users:1", "OAuth " + token, 404},
		{"likes of nobody", "users/soundcloud:users:1/likes/tracks", "OAuth " + token, 404},
		{"none at all", "me/likes/tracks?limit=0", "OAuth " + token, 400},
		{"too many", "me/likes/tracks?limit=201", "OAuth " + token, 400},
		{"an access that is none", "me/likes/tracks?access=all", "OAuth " + token, 400},
		{"a cursor that is none", "me/likes/tracks?cursor=x", "OAuth " + token, 400},
		{"a path that is none", "me/likes/stories", "OAuth " + token, 404},
	} {
		t.Run(c.name, func(t *testing.T) {
			var header []string
			if c.auth != "" {
				header = []string{"Authorization", c.auth}
			}
			got := v.get(s.Base()+c.path, header...)
			if said := into[struct {
				Code          int
				Message, Link string
			}](t, got.body); got.status != c.status || said.Code != c.status || said.Message == "" || said.Link == "" {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
	}
	v.Clock.Advance(time.Hour)
	s.SetLimits(Quota{0, 24 * time.Hour})
	got := v.get(s.Base()+"me", "Authorization", "OAuth "+token)
	if got.status != 429 || !strings.Contains(got.body, `"reset_time":"2026/10/02 13:01:00 +0000"`) || !strings.Contains(got.body, `"time_window":"PT24H0M0S"`) {
		t.Errorf("above the limit: %d %s", got.status, got.body)
	}
}
