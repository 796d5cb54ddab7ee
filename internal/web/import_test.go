package web

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"flattery"
)

// hands gives the visitor's files in: owner, then pairs of name and text.
func (b *browser) hands(owner string, files ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	return b.handsTo(importPath, owner, files...)
}

func (b *browser) handsTo(path, owner string, files ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if err := form.WriteField("owner", owner); err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i < len(files); i += 2 {
		part, err := form.CreateFormFile("file", files[i])
		if err == nil {
			_, err = io.WriteString(part, files[i+1])
		}
		if err != nil {
			b.t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		b.t.Fatal(err)
	}
	return b.sends(path, &body, form.FormDataContentType())
}

func (b *browser) sends(path string, body io.Reader, kind string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", b.base+path, body)
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for k, v := range b.headers {
		r.Header.Set(k, v)
	}
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	b.h.ServeHTTP(w, r)
	return w
}

func TestFilesAreHandedInAndSeenToCome(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	expect(t, b, "/import", []string{`enctype="multipart/form-data"`, "At most 512 MB"}, []string{`id="upload"`})
	large := strings.Repeat("x", 2*longestBody)
	if got := b.hands(" 783214 ", "like.js", "window.YTD", "like-part1.js", large); got.Code != 303 || got.Header().Get("Location") != "/import" {
		t.Fatalf("answered %d, to %q: %s", got.Code, got.Header().Get("Location"), got.Body)
	}
	if want := []string{"783214 like.js window.YTD", "783214 like-part1.js " + large[:20]}; !slices.Equal(w.handed, want) {
		t.Errorf("handed in %q", w.handed)
	}
	for state, says := range map[string]string{"waits": "its turn comes", "reads": "1,200 likes read so far.", "writes": "1,200 likes written so far."} {
		w.upload[ada] = Upload{Name: "<x>.zip", State: state, Likes: 1200}
		expect(t, b, "/import", []string{says, "&lt;x&gt;.zip", `href="/import?still=1"`}, []string{`type="file"`})
		if got := b.get("/import").Header().Get("Refresh"); got != "2" {
			t.Errorf("%s: asked for again after %q", state, got)
		}
		if got := b.get("/import?still=1").Header().Get("Refresh"); got != "" {
			t.Errorf("%s: asked for again after %q although it was stopped", state, got)
		}
	}
	w.upload[ada] = Upload{Name: "x.zip", State: "failed", Words: flattery.Say("%s has no likes in it: %s", "x.zip", "<b>")}
	expect(t, b, "/import", []string{"Nothing was taken in.", `<bdi>x.zip has no likes in it: &lt;b&gt;</bdi>`, `type="file"`}, []string{"broke on our side"})
	w.upload[ada] = Upload{Name: "x.zip", State: "done", Found: []Found{{Files: "x.zip", Owner: author("twitter", "1", "ada-w"), First: true, Likes: 1200, Remembered: 1200},
		{Owner: author("flickr", "2", "ada"), Likes: 30, New: 7, Known: 23, Unnamed: 5}}}
	expect(t, b, "/import", []string{"your next archive counts what is new", "What is new counts", "Who made 5 of them", "1,200", "ada-w"}, nil)
	expect(t, visitor(t, b.h).signIn(w, bob), "/import", nil, []string{`id="upload"`, "ada-w"})
}

func TestFilesThatCannotBeTakenAreRefusedInWords(t *testing.T) {
	w := populated(false)
	o := options(t, w)
	o.MostUpload = 1 << 20
	b := visitor(t, handler(t, o)).signIn(w, ada)
	for name, row := range map[string]struct {
		got    *httptest.ResponseRecorder
		status int
		says   string
	}{
		"no file":          {b.hands(""), 400, "no file was chosen"},
		"no form":          {b.post("/import", "file", "x"), 400, "this form cannot be read"},
		"half a file":      {b.sends(importPath, strings.NewReader("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nhalf"), "multipart/form-data; boundary=x"), 400, "did not come whole"},
		"more than a form": {b.sends(importPath, io.MultiReader(strings.NewReader("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n"), endless{}), "multipart/form-data; boundary=x"), 413, "too large"},
		"a stranger":       {visitor(t, b.h).hands("", "a", "b"), 403, "Please sign in first"},
	} {
		t.Run(name, func(t *testing.T) {
			if row.got.Code != row.status || !strings.Contains(row.got.Body.String(), row.says) {
				t.Errorf("answered %d: %s", row.got.Code, row.got.Body)
			}
		})
	}
	w.refuse = flattery.ErrState
	if got := b.hands("", "a", "b"); got.Code != 409 {
		t.Errorf("a second one meanwhile: %d", got.Code)
	}
}

// endless is a file without an end.
type endless struct{}

func (endless) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestWhatGoesOnIsSeen(t *testing.T) {
	w := populated(false)
	w.links[0].LastPoll, w.links[0].LastGood, w.reading = time.Time{}, time.Time{}, map[flattery.LinkID]int{1: 1200}
	w.months[0].FrozenAt, w.months[0].Donors = today, 3000
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	expect(t, b, "/links", []string{"being read: 1,200 likes so far"}, nil)
	expect(t, b, "/admin/months", []string{"1,200 of 3,000 are settled", `href="/admin/months?still=1"`}, nil)
	if got := b.get("/admin/months").Header().Get("Refresh"); got != "2" {
		t.Errorf("asked for again after %q", got)
	}
	if got := b.get("/admin/months?still=1").Header().Get("Refresh"); got != "" {
		t.Errorf("asked for again after %q although it was stopped", got)
	}
}
