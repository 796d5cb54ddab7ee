package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	dghubble "github.com/dghubble/oauth1"
	"github.com/google/go-cmp/cmp"
)

// likedSaid is a page of X's likes.
type likedSaid struct {
	Data []struct {
		ID, Text, Author_id, Created_at               string
		Edit_history_tweet_ids, Edit_history_post_ids []string
	}
	Includes struct {
		Users []struct{ ID, Name, Username, Description string }
	}
	Meta struct {
		Result_count   int
		Next_token     string
		Previous_token string
	}
	Errors []struct{ Type, Resource_id, Detail string }
}

func (s likedSaid) texts() (of []string) {
	for _, p := range s.Data {
		of = append(of, p.Text)
	}
	return of
}

// xs is somebody with a token, and what they ask.
func (v visitor) xs(handle string) func(path string) reply {
	token := "Bearer " + v.X.Token(handle)
	return func(path string) reply {
		v.t.Helper()
		return v.get(v.X.Base()+path, "Authorization", token)
	}
}

// posts makes posts of an author, an hour apart, and lets fan like them from the newest to the oldest.
func (v visitor) posts(author string, n int) []string {
	var ids []string
	for i := range n {
		ids = append(ids, v.X.AddThing(author, fmt.Sprintf("%s %d", author, i)))
		v.Clock.Advance(time.Hour)
	}
	for _, id := range slices.Backward(ids) {
		v.X.Like("fan", id)
	}
	return ids
}

func TestXListsLikesInTheOrderTheyWereGiven(t *testing.T) {
	v := visit(t)
	fan := v.X.AddUser("fan")
	v.X.AddUser("maker")
	ids := v.posts("maker", 6)
	ask := v.xs("fan")
	first := into[likedSaid](t, ask("users/"+fan+"/liked_tweets?max_results=5&expansions=author_id&tweet.fields=created_at").body)
	if diff := cmp.Diff([]string{"maker 0", "maker 1", "maker 2", "maker 3", "maker 4"}, first.texts()); diff != "" {
		t.Fatalf("the last given first, though its number is the lowest:\n%s", diff)
	}
	if n, err := strconv.ParseInt(ids[0], 10, 64); err != nil || n < 1<<53 || len(ids[0]) != 19 || ids[1] < ids[0] {
		t.Errorf("numbers of posts are %v", ids)
	}
	p := first.Data[0]
	if p.Created_at != "2026-10-01T12:00:00.000Z" || p.Author_id != v.X.ID("maker") || len(p.Edit_history_tweet_ids) != 1 ||
		len(first.Includes.Users) != 1 || first.Includes.Users[0].Username != "maker" || first.Meta.Result_count != 5 {
		t.Errorf("%+v", first)
	}
	v.X.Like("fan", v.X.AddThing("maker", "newer")) // while they are walked
	second := into[likedSaid](t, ask("users/"+fan+"/liked_tweets?max_results=5&pagination_token="+first.Meta.Next_token).body)
	if diff := cmp.Diff([]string{"maker 5"}, second.texts()); diff != "" || second.Meta.Next_token != "" || second.Data[0].Author_id != "" {
		t.Errorf("the next page: %+v\n%s", second, diff)
	}
	v.X.Unlike("fan", ids[0])
	v.X.Like("fan", ids[0])
	v.X.Like("fan", ids[3]) // already liked: stays where it is
	v.X.DeleteThing(ids[1])
	third := into[likedSaid](t, ask("users/"+fan+"/liked_tweets?max_results=6&post.fields=author_id").body)
	if diff := cmp.Diff([]string{"maker 0", "newer", "maker 2", "maker 3", "maker 4"}, third.texts()); diff != "" || third.Data[0].Author_id == "" {
		t.Errorf("liked again, and one deleted:\n%s", diff)
	}
	v.X.SetSpelling(SpellPost)
	if got := into[likedSaid](t, ask("users/"+fan+"/liked_tweets").body); len(got.Data[0].Edit_history_post_ids) != 1 || len(got.Data) != 6 {
		t.Errorf("spelt the other way: %+v", got)
	}
}

func TestAShortPageOfXIsNotTheEnd(t *testing.T) {
	v := visit(t)
	fan := v.X.AddUser("fan")
	v.X.AddUser("maker")
	v.X.AddUser("gone")
	v.posts("maker", 5)
	v.posts("gone", 4)
	v.X.Suspend("gone")
	ask := v.xs("fan")
	page := into[likedSaid](t, ask("users/"+fan+"/liked_tweets?max_results=5&expansions=author_id").body)
	if len(page.Data) != 1 || page.Meta.Result_count != 1 || len(page.Errors) != 4 || page.Meta.Next_token == "" ||
		page.Errors[0].Type != "https://api.x.com/2/problems/resource-unavailable" {
		t.Errorf("%+v", page)
	}
	page = into[likedSaid](t, ask("users/"+fan+"/liked_tweets?max_results=5&pagination_token="+page.Meta.Next_token).body)
	if len(page.Data) != 4 || page.Meta.Next_token != "" || page.Meta.Previous_token == "" {
		t.Errorf("the rest: %+v", page)
	}
	v.X.Restore("gone")
	full := into[likedSaid](t, ask("users/"+fan+"/liked_tweets?max_results=9").body)
	last := ask("users/" + fan + "/liked_tweets?max_results=9&pagination_token=" + full.Meta.Next_token)
	if len(full.Data) != 9 || last.body != `{"meta":{"previous_token":"`+into[likedSaid](t, last.body).Meta.Previous_token+`","result_count":0}}` {
		t.Errorf("after a full page there may be an empty one: %s", last.body)
	}
}

func TestXRefuses(t *testing.T) {
	v := visit(t)
	fan, other := v.X.AddUser("fan"), v.X.AddUser("other")
	v.X.AddUser("bad")
	suspended := "Bearer " + v.X.Token("bad")
	v.X.Suspend("bad")
	token := "Bearer " + v.X.Token("fan")
	for _, c := range []struct {
		name, path, auth string
		status           int
		title, kind      string
	}{
		{"no token", "users/me", "", 401, "Unauthorized", "about:blank"},
		{"a token that is none", "users/me", "Bearer x", 401, "Unauthorized", "about:blank"},
		{"another scheme", "users/me", "OAuth" + token[6:], 401, "Unauthorized", "about:blank"},
		{"a suspended user", "users/me", suspended, 403, "Forbidden", "about:blank"},
		{"somebody else's likes", "users/" + other + "/liked_tweets", token, 403, "Authorization Error", "https://api.x.com/2/problems/not-authorized-for-resource"},
		{"too few", "users/" + fan + "/liked_tweets?max_results=4", token, 400, "Invalid Request", "https://api.x.com/2/problems/invalid-request"},
		{"too many", "users/" + fan + "/liked_tweets?max_results=101", token, 400, "Invalid Request", "https://api.x.com/2/problems/invalid-request"},
		{"a page that is none", "users/" + fan + "/liked_tweets?pagination_token=7140w", token, 400, "Invalid Request", "https://api.x.com/2/problems/invalid-request"},
		{"an empty page token", "users/" + fan + "/liked_tweets?pagination_token=", token, 400, "Invalid Request", "https://api.x.com/2/problems/invalid-request"},
		{"a parameter that is none", "users/" + fan + "/liked_tweets?since_id=1", token, 400, "Invalid Request", "https://api.x.com/2/problems/invalid-request"},
		{"a handle for a number", "users/fan/liked_tweets", token, 400, "Invalid Request", "https://api.x.com/2/problems/invalid-request"},
		{"a path that is none", "users/me/likes", token, 404, "Not Found", "about:blank"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var header []string
			if c.auth != "" {
				header = []string{"Authorization", c.auth}
			}
			got := v.get(v.X.Base()+c.path, header...)
			said := into[struct{ Title, Type, Detail string }](t, got.body)
			if got.status != c.status || said.Title != c.title || said.Type != c.kind || said.Detail == "" ||
				got.header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
	}
	for id, want := range map[string]string{"1": "Could not find user", v.X.ID("bad"): "has been suspended"} {
		if got := v.get(v.X.Base()+"users/"+id, "Authorization", token); got.status != 200 || !strings.Contains(got.body, want) || strings.Contains(got.body, "data") {
			t.Errorf("%s: %d %s", want, got.status, got.body)
		}
	}
}

func TestXCountsRequestsAndMoney(t *testing.T) {
	v := visit(t)
	fan := v.X.AddUser("fan")
	v.X.AddUser("maker")
	v.posts("maker", 7)
	ask := v.xs("fan")
	for i := range 75 {
		got := ask("users/" + fan + "/liked_tweets?max_results=5")
		if got.status != 200 || got.header.Get("X-Rate-Limit-Limit") != "75" || got.header.Get("X-Rate-Limit-Remaining") != strconv.Itoa(74-i) {
			t.Fatalf("request %d: %d %v", i, got.status, got.header)
		}
	}
	got := ask("users/" + fan + "/liked_tweets?max_results=5")
	reset, err := strconv.ParseInt(got.header.Get("X-Rate-Limit-Reset"), 10, 64)
	if got.status != 429 || err != nil || reset != v.Clock.Now().Add(15*time.Minute).Unix() || got.header.Get("ETag") != "" {
		t.Fatalf("one too many: %d %v", got.status, got.header)
	}
	if got := ask("users/me"); got.status != 200 {
		t.Errorf("another list has a limit of its own: %d", got.status)
	}
	v.Clock.Set(time.Unix(reset, 0))
	v.X.SetCredits(6)
	for _, want := range []int{200, 200, 402} {
		if got = ask("users/" + fan + "/liked_tweets?max_results=5"); got.status != want {
			t.Errorf("with six credits: %d, want %d", got.status, want)
		}
	}
	if said := into[struct{ Title, Type string }](t, got.body); said.Title != "CreditsDepleted" || said.Type != "https://api.twitter.com/2/problems/credits" {
		t.Errorf("%s", got.body)
	}
	v.X.SetCredits(-1)
	if got := ask("users/" + fan + "/liked_tweets"); got.status != 200 {
		t.Errorf("paid: %d", got.status)
	}
}

func TestXTellsEverybodyWhoWroteAPost(t *testing.T) {
	v := visit(t)
	v.X.AddUser("fan")
	v.X.AddUser("maker")
	ids := v.posts("maker", 2)
	v.X.Rename("maker", "made")
	v.X.DeleteThing(ids[1])
	root := strings.TrimSuffix(v.X.Base(), "2/")
	for url, want := range map[string]int{
		"https://twitter.com/maker/status/" + ids[0]: 200, "https://x.com/i/web/status/" + ids[0]: 200,
		"https://twitter.com/maker/status/" + ids[1]: 404, "https://x.com/maker": 404, "": 404,
	} {
		got := v.get(root + "oembed?url=" + url)
		said := into[struct{ Author_name, Author_url string }](t, got.body)
		if got.status != want || want == 200 && (said.Author_name != "made" || said.Author_url != root+"made") || strings.Contains(got.body, v.X.ID("made")) {
			t.Errorf("%s: %d %s", url, got.status, got.body)
		}
	}
}

func TestProgramsOfOldReadXToo(t *testing.T) {
	v := visit(t)
	fan := v.X.AddUser("fan")
	v.X.AddUser("maker")
	ids := v.posts("maker", 4)
	key, secret := v.X.LegacyApp()
	token, tokenSecret := v.X.LegacyToken("fan", key)
	root := strings.TrimSuffix(v.X.Base(), "2/")
	client := dghubble.NewConfig(key, secret)
	ask := func(path string) reply {
		return v.asking(client, dghubble.NewToken(token, tokenSecret), root+"1.1/"+path)
	}
	if me := into[struct{ Id_str, Screen_name string }](t, ask("account/verify_credentials.json").body); me.Id_str != fan || me.Screen_name != "fan" {
		t.Errorf("the token is of %+v", me)
	}
	type post struct {
		ID     int64
		Id_str string
		User   struct{ Id_str string }
	}
	for _, c := range []struct {
		name, query string
		want        []string
	}{
		{"the last given first", "", ids},
		{"some", "?count=2", ids[:2]},
		{"up to a number", "?max_id=" + ids[1], ids[:2]},
		{"over a number, which loses a new like of an old post", "?since_id=" + ids[1], ids[2:]},
		{"by one's own name", "?screen_name=Fan", ids},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, p := range into[[]post](t, ask("favorites/list.json"+c.query).body) {
				got = append(got, p.Id_str)
				if strconv.FormatInt(p.ID, 10) != p.Id_str || p.User.Id_str != v.X.ID("maker") {
					t.Errorf("%+v", p)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	no := func(name, path string, status, code int) {
		t.Helper()
		if got := ask(path); got.status != status || !strings.Contains(got.body, fmt.Sprintf(`"code":%d`, code)) {
			t.Errorf("%s: %d %s, want %d with %d", name, got.status, got.body, status, code)
		}
	}
	if got := ask("favorites/list.json?user_id=" + v.X.ID("maker")); got.status != 401 || !strings.Contains(got.body, "Not authorized") {
		t.Errorf("somebody else's: %d %s", got.status, got.body)
	}
	if got := v.get(root + "1.1/account/verify_credentials.json"); got.status != 401 || !strings.Contains(got.body, `"code":32`) {
		t.Errorf("unsigned: %d %s", got.status, got.body)
	}
	v.X.SetLimits(Quota{0, time.Minute})
	no("above the limit", "favorites/list.json", 429, 88)
	v.X.SetLegacy(false)
	no("since 2023", "favorites/list.json", 403, 453)
	v.X.Suspend("fan")
	no("suspended", "favorites/list.json", http.StatusForbidden, 64)
	v.X.Restore("fan")
	v.X.Revoke("fan")
	no("revoked", "favorites/list.json", 401, 89)
}
