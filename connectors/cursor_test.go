package connectors

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"flattery"
)

func TestACursorIsReadOrRefused(t *testing.T) {
	many := strings.TrimSuffix(strings.Repeat(`"x",`, topIDs+1), ",")
	for _, v := range []struct {
		name, cursor, err string
	}{
		{name: "the beginning", cursor: ""},
		{name: "nothing known yet", cursor: `{"v":2}`},
		{name: "times", cursor: `{"v":2,"ground":{"since":7},"etag":"e","fresh":7}`},
		{name: "things", cursor: `{"v":2,"ground":{"top":["a","b"],"all":true},"deep":true,"whole":7}`},
		{name: "a walk on its way", cursor: `{"v":2,"begun":{"empty":true},"seen":{"since":1}}`},
		{name: "no JSON", cursor: "x", err: "cannot be read"},
		{name: "half of it", cursor: `{"v":2,"ground":`, err: "cannot be read"},
		{name: "another type", cursor: `{"v":2,"ground":7}`, err: "cannot be read"},
		{name: "no version", cursor: `{}`, err: "version 0, this program knows 2"},
		{name: "a newer program's", cursor: `{"v":3,"ground":{"since":7}}`, err: "update it"},
		{name: "a time below nought", cursor: `{"v":2,"ground":{"since":-1}}`, err: "damaged"},
		{name: "more things than are kept", cursor: `{"v":2,"seen":{"top":[` + many + `]}}`, err: "damaged"},
	} {
		c, err := decode(flattery.Cursor(v.cursor))
		if (err == nil) != (v.err == "") || err != nil && !strings.Contains(err.Error(), v.err) {
			t.Errorf("%s: error %v, want %q", v.name, err, v.err)
		}
		if err != nil {
			continue
		}
		if again := c.encode(); v.cursor != "" && again != flattery.Cursor(v.cursor) {
			t.Errorf("%s: %s became %s", v.name, v.cursor, again)
		}
	}
}

// Cursors of the first version lie in stores: GitHub's and Flickr's. What was known stays known, and news are news.
func TestCursorsOfTheFirstVersionGoOn(t *testing.T) {
	since := start.Add(-2 * time.Hour)
	for name, old := range map[string]flattery.Cursor{
		"GitHub's, at rest":           flattery.Cursor(fmt.Sprintf(`{"v":1,"ground":{"since":%d},"etag":"W/\"old\""}`, since.Unix())),
		"GitHub's, on its way":        flattery.Cursor(fmt.Sprintf(`{"v":1,"ground":{"since":%d},"seen":{"since":%d}}`, since.Unix(), since.Unix())),
		"GitHub's, without times":     `{"v":1,"ground":{"top":["5","4","3","2","1"]}}`,
		"GitHub's, of an empty list":  `{"v":1,"ground":{"empty":true}}`,
		"Flickr's":                    flattery.Cursor(fmt.Sprintf(`{"v":1,"since":%d}`, since.Unix())),
		"Flickr's, with more than us": flattery.Cursor(fmt.Sprintf(`{"v":1,"since":%d,"pages":3,"x":{}}`, since.Unix())),
	} {
		l := &list{timed: true, now: start}
		for n := range 5 {
			l.like(fmt.Sprint(n+1), since.Add(time.Duration(n-1000)*time.Minute))
		}
		if strings.Contains(name, "empty") {
			l.likes = nil
		}
		l.like("new", start.Add(-time.Minute))
		var news []string
		for page, err := range (Walk{Feed: Timed, List: l.page}).Likes(t.Context(), l.session(), old) {
			if err != nil || page.Baseline {
				t.Fatalf("%s: %+v, error %v", name, page, err)
			}
			for _, like := range page.Likes {
				news = append(news, like.Thing.ID)
			}
			if c, err := decode(page.Next); err != nil || c.V != version || c.Ground == nil {
				t.Errorf("%s: goes on with %s, %v", name, page.Next, err)
			}
		}
		if !slices.Equal(news, []string{"new"}) || l.etag != "" {
			t.Errorf("%s: news %q, asked with the etag %q", name, news, l.etag)
		}
	}
}

func TestTheErrorsOfAWalkSayWhere(t *testing.T) {
	l := &list{now: start}
	for n := range 100 {
		l.like(fmt.Sprint(n), start)
	}
	l.fail = 3
	for cursor, want := range map[flattery.Cursor]string{"": "there: page 3: broken", "x": "there: the cursor cannot be read"} {
		var last error
		l.asked = 0
		for _, err := range (Walk{Feed: Ordered, List: l.page}).Likes(t.Context(), l.session(), cursor) {
			last = err
		}
		if last == nil || !strings.HasPrefix(last.Error(), want) || cursor == "" && !errors.Is(last, errBroken) {
			t.Errorf("%v, want %q", last, want)
		}
	}
}
