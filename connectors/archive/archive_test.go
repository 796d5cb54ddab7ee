package archive

import (
	"archive/zip"
	"bytes"
	"crypto/sha512"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"flattery"
	"flattery/connectors"
	"flattery/connectors/connectortest"
)

// files is an archive that is made for a test: name → content.
type files map[string]string

func (f files) with(name, content string) files {
	g := files{name: content}
	for n, c := range f {
		if n != name {
			g[n] = c
		}
	}
	return g
}

func (f files) without(name string) files {
	g := f.with(name, "")
	delete(g, name)
	return g
}

func (f files) folder(t testing.TB) string {
	dir := t.TempDir()
	for name, content := range f {
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, at, content)
	}
	return dir
}

func (f files) zip(t testing.TB) string {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range f {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return file(t, "archive.zip", b.String())
}

func file(t testing.TB, name, content string) string {
	at := filepath.Join(t.TempDir(), name)
	write(t, at, content)
	return at
}

func write(t testing.TB, at, content string) {
	if err := os.WriteFile(at, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func like(id int) string {
	return fmt.Sprintf(`{"like":{"tweetId":"%d","fullText":"text &amp; of %d","expandedUrl":"https://twitter.com/i/web/status/%d"}}`, id, id, id)
}

func part(n int, ids ...int) string {
	var likes []string
	for _, id := range ids {
		likes = append(likes, like(id))
	}
	return fmt.Sprintf("window.YTD.like.part%d = [\n  %s\n]\n", n, strings.Join(likes, ",\n  "))
}

func manifest(names ...string) string {
	var list []string
	for _, n := range names {
		list = append(list, fmt.Sprintf(`{"fileName":%q,"globalName":"YTD.like.part0","count":"2"}`, n))
	}
	return `window.__THAR_CONFIG = {"userInfo":{"accountId":"42"},"dataTypes":{"account":{"files":[{"fileName":"data/account.js"}]},"like":{"files":[` + strings.Join(list, ",") + `]}}}`
}

const account = `window.YTD.account.part0 = [{"account":{"email":"a@example.invalid","accountId":"42","username":"me_too","accountDisplayName":"Me  Too"}}]`

func twitterFiles() files {
	return files{
		"Your archive.html":    "<!doctype html>",
		"data/manifest.js":     manifest("data/like.js", "data/like-part1.js"),
		"data/account.js":      account,
		"data/like.js":         part(0, 200, 30, 200),
		"data/like-part1.js":   part(1, 30, 7),
		"data/tweets.js":       "window.YTD.tweets.part0 = [ ]",
		"data/like-extra.js":   "not ours",
		"data/tweets_media/me": "\x00\x01",
	}
}

const profile = `{"real_name":"Some One","nsid":"99999999@N00","path_alias":"someone","screen_name":"Some Screen","stats":{"faves_count":"2"}}`

func flickrFiles() files {
	return files{
		"account_profile.json": profile,
		"faves_part001.json":   `{"faves":[{"photo_id":"98765432","photo_url":"http://flic.kr/p/ABCDE"},{"photo_id":98765433,"photo_url":"http://evil.example/"}]}`,
		"faves_part002.json":   `{"note":{"a":[1]},"favorites":[{"photo_id":"98765432","photo_url":"http://flic.kr/p/ABCDE"},{"photo_id":"5","photo_url":"javascript:alert(1)"}]}`,
		"photo_5.json":         "{}",
	}
}

func read(path string) (*File, []flattery.Like, error) {
	f, err := Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	likes, err := all(f)
	return f, likes, err
}

func all(f *File) (likes []flattery.Like, err error) {
	for l, err := range f.Likes() {
		if err != nil {
			return likes, err
		}
		likes = append(likes, l)
	}
	return likes, nil
}

func ids(likes []flattery.Like) string {
	var all []string
	for _, l := range likes {
		all = append(all, l.Thing.ID)
	}
	return strings.Join(all, " ")
}

func TestAnArchiveIsReadHoweverItIsGiven(t *testing.T) {
	x, flickr := twitterFiles(), flickrFiles()
	under := files{}
	for name, content := range x {
		under["twitter-2026-10-14/"+name] = content
	}
	flat := files{"like.js": x["data/like.js"], "like-part1.js": x["data/like-part1.js"], "account.js": account, "manifest.js": manifest("like.js", "like-part1.js")}
	for name, row := range map[string]struct {
		path  string
		owner string
		ids   string
	}{
		"X, as downloaded":                 {x.zip(t), "twitter/x.com/42", "200 30 7"},
		"X, unpacked":                      {x.folder(t), "twitter/x.com/42", "200 30 7"},
		"X, unpacked and zipped again":     {under.zip(t), "twitter/x.com/42", "200 30 7"},
		"X, of old, without a data folder": {flat.zip(t), "twitter/x.com/42", "200 30 7"},
		"X, the data folder alone":         {filepath.Join(x.folder(t), "data"), "twitter/x.com/42", "200 30 7"},
		"X, without its manifest":          {x.without("data/manifest.js").zip(t), "twitter/x.com/42", "200 30 7"},
		"X, without its account":           {x.without("data/account.js").zip(t), "", "200 30 7"},
		"X, with other manifests":          {x.with("assets/manifest.js", "{}").zip(t), "twitter/x.com/42", "200 30 7"},
		"X, seen by a Mac":                 {x.with("__MACOSX/data/like.js", "x").zip(t), "twitter/x.com/42", "200 30 7"},
		"X, the likes alone":               {file(t, "whatever.txt", x["data/like.js"]), "", "200 30"},
		"X, the likes with a mark":         {file(t, "like.js", "\xef\xbb\xbf"+x["data/like.js"]+";\r\n"), "", "200 30"},
		"X, no likes":                      {file(t, "like.js", "window.YTD.like.part0 = [ ]"), "", ""},
		"X, old likes without a text":      {file(t, "like.js", `window.YTD.like.part0 = [{"like":{"tweetId":"9"}},{"like":{"tweetId":8,"fullText":null}}]`), "", "9 8"},
		"Flickr, as downloaded":            {flickr.zip(t), "flickr/flickr.com/99999999@N00", "98765432 98765433 5"},
		"Flickr, unpacked":                 {flickr.folder(t), "flickr/flickr.com/99999999@N00", "98765432 98765433 5"},
		"Flickr, the faves alone":          {file(t, "f.json", flickr["faves_part002.json"]), "", "98765432 5"},
		"Flickr, without an account":       {flickr.without("account_profile.json").zip(t), "", "98765432 98765433 5"},
	} {
		t.Run(name, func(t *testing.T) {
			f, likes, err := read(row.path)
			if err != nil {
				t.Fatal(err)
			}
			owner := strings.Trim(f.Owner.Network+"/"+f.Owner.Host+"/"+f.Owner.Subject, "/")
			if owner != row.owner || ids(likes) != row.ids {
				t.Errorf("of %q: %s", owner, ids(likes))
			}
			for _, l := range likes {
				if l.Thing.Network != f.Network || l.Author.Network != f.Network || l.Author.Host != l.Thing.Host || l.Author.Subject != "~"+l.Thing.ID ||
					!l.Author.Provisional() || l.Author.Handle != "" || !l.At.IsZero() {
					t.Errorf("%+v", l)
				}
			}
		})
	}
}

func TestWhatIsToldIsFitToBeShown(t *testing.T) {
	f, likes, err := read(twitterFiles().zip(t))
	want := flattery.Thing{Network: "twitter", Host: "x.com", ID: "200", URL: "https://x.com/i/web/status/200", Title: "text & of 200"}
	who := flattery.Profile{Identity: flattery.Identity{Network: "twitter", Host: "x.com", Subject: "42"}, Handle: "me_too", Name: "Me Too", URL: "https://x.com/me_too"}
	if err != nil || likes[0].Thing != want || f.Owner != who {
		t.Errorf("%+v of %+v, error %v", likes[0].Thing, f.Owner, err)
	}
	f, likes, err = read(flickrFiles().zip(t))
	want = flattery.Thing{Network: "flickr", Host: "flickr.com", ID: "98765432", URL: "http://flic.kr/p/ABCDE"}
	who = flattery.Profile{Identity: flattery.Identity{Network: "flickr", Host: "flickr.com", Subject: "99999999@N00"}, Handle: "someone", Name: "Some One", URL: "https://www.flickr.com/photos/99999999@N00"}
	if err != nil || likes[0].Thing != want || likes[1].Thing.URL != "" || likes[2].Thing.URL != "" || f.Owner != who {
		t.Errorf("%+v of %+v, error %v", likes, f.Owner, err)
	}
}

func TestTheFlickrExportAmongTheContractsIsRead(t *testing.T) {
	f, likes, err := read(files{
		"faves_part001.json":   string(connectortest.ReadShared(t, "networks", "contracts", "flickr", "export_faves_part001.synthetic.json")),
		"account_profile.json": string(connectortest.ReadShared(t, "networks", "contracts", "flickr", "export_account_profile.synthetic.json")),
	}.zip(t))
	if err != nil || ids(likes) != "98765432 98765433" || f.Owner.Subject != "99999999@N00" || f.Owner.Handle != "testuser" {
		t.Errorf("%s of %+v, error %v", ids(likes), f, err)
	}
}

func TestAReaderMayStopAndBeginAgain(t *testing.T) {
	f, err := Open(twitterFiles().zip(t))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for range 3 {
		var got []flattery.Like
		for l, err := range f.Likes() {
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, l); len(got) == 2 {
				break
			}
		}
		if ids(got) != "200 30" {
			t.Errorf("got %s", ids(got))
		}
	}
}

// large makes an archive of many likes.
func large(t *testing.T, many int) (path string, size int) {
	var b strings.Builder
	b.WriteString("window.YTD.like.part0 = [")
	for n := range many {
		fmt.Fprintf(&b, `%s{"like":{"tweetId":"%d","fullText":"%x","expandedUrl":"https://twitter.com/i/web/status/%d"}}`,
			strings.Repeat(",", min(n, 1)), 1_000_000_000+n*7919, sha512.Sum512([]byte{byte(n), byte(n >> 8), byte(n >> 16)}), n)
	}
	b.WriteString("]")
	return twitterFiles().with("data/manifest.js", manifest("data/like.js")).with("data/like.js", b.String()).zip(t), b.Len()
}

func TestAnArchiveIsNotHeldInMemory(t *testing.T) {
	const many = 100_000
	path, size := large(t, many)
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var before, now runtime.MemStats
	for range 2 { // what made the archive is gone
		runtime.GC()
	}
	runtime.ReadMemStats(&before)
	count, most := 0, uint64(0)
	for _, err := range f.Likes() {
		if err != nil {
			t.Fatal(err)
		}
		if count++; count%10_000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapAlloc-min(before.HeapAlloc, now.HeapAlloc))
		}
	}
	t.Logf("%d likes in %d MiB took %d KiB", count, size>>20, most>>10)
	if count != many || most > 8<<20 || most == 0 {
		t.Errorf("%d likes took %d KiB", count, most>>10)
	}
}

// check reads bad input and wants one clear line for whoever gave it.
func check(t *testing.T, path, want string) {
	t.Helper()
	_, _, err := read(path)
	if err == nil {
		t.Fatal("no error")
	}
	if _, ok := errors.AsType[*flattery.InputError](err); !ok {
		t.Errorf("%T %v is no *flattery.InputError", err, err)
	}
	if line := err.Error(); strings.ContainsAny(line, "\n\r") || len(line) > 400 || !strings.Contains(line, want) {
		t.Errorf("%q does not say %q in one line", line, want)
	}
}

func clean(s string) bool { return s == connectors.Clean(s, connectors.MaxTitle) }

// memory is an archive that is not on any disk.
func (f files) memory() source {
	s := source{label: "it", close: func() error { return nil }, open: func(name string) (io.ReadCloser, int64, error) {
		return io.NopCloser(strings.NewReader(f[name])), 1 << 30, nil
	}}
	for name := range f {
		if matters(name) {
			s.names = append(s.names, name)
		}
	}
	return s
}

func FuzzLikes(f *testing.F) {
	f.Add(part(0, 1, 2))
	f.Add(`window.YTD.like.part0 = [{"like":{"tweetId":7}}];`)
	f.Add("window.YTD.like.part0 = [[[[")
	f.Fuzz(func(t *testing.T, content string) {
		fuzz(t, files{"data/like.js": content}.memory())
	})
}

func FuzzFaves(f *testing.F) {
	f.Add(flickrFiles()["faves_part001.json"], profile)
	f.Add(flickrFiles()["faves_part002.json"], "{}")
	f.Fuzz(func(t *testing.T, content, profile string) {
		fuzz(t, files{"faves_part001.json": content, "account_profile.json": profile}.memory())
	})
}

func FuzzManifest(f *testing.F) {
	f.Add(manifest("data/like.js"), account)
	f.Add(manifest("../../like.js", "data/like-part1.js"), `window.YTD.account.part0 = [{"account":{"accountId":1}}]`)
	f.Add("window.__THAR_CONFIG = {}", "window.YTD.account.part0 = []")
	f.Fuzz(func(t *testing.T, manifest, account string) {
		fuzz(t, twitterFiles().with("data/manifest.js", manifest).with("data/account.js", account).memory())
	})
}

func FuzzZip(f *testing.F) {
	for _, files := range []files{twitterFiles(), flickrFiles(), {}} {
		b, err := os.ReadFile(files.zip(f))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		src, err := openZip("it", inMemory{bytes.NewReader(content)}, int64(len(content)))
		if err == nil {
			fuzz(t, src)
		}
	})
}

type inMemory struct{ *bytes.Reader }

func (inMemory) Close() error { return nil }

func fuzz(t *testing.T, src source) {
	f, err := understand(src)
	var likes []flattery.Like
	if err == nil {
		likes, err = all(f)
	}
	if err != nil {
		if _, ok := errors.AsType[*flattery.InputError](err); !ok || !clean(err.Error()) {
			t.Errorf("%T %q", err, err)
		}
		return
	}
	if o := f.Owner; o != (flattery.Profile{}) && (o.Subject == "" || !clean(o.Handle) || !clean(o.Name)) {
		t.Errorf("%+v", o)
	}
	var seen []string
	for _, l := range likes {
		if !number.MatchString(l.Thing.ID) || !clean(l.Thing.Title) || l.Thing.URL != connectors.WebURL(l.Thing.URL) || slices.Contains(seen, l.Thing.ID) || reflect.ValueOf(l.Author.Identity).IsZero() {
			t.Errorf("%+v", l)
		}
		seen = append(seen, l.Thing.ID)
	}
}
