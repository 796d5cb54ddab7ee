package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/internal/claim"
)

// zipped writes a zip as somebody downloads it.
func (b *bench) zipped(name string, members map[string]string) string {
	b.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for member, text := range members {
		w, err := z.Create(member)
		if err == nil {
			_, err = w.Write([]byte(text))
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		b.Fatal(err)
	}
	b.write(name, out.String())
	return b.path(name)
}

// archiveOfX is what X hands somebody who likes these posts.
func archiveOfX(owner, handle string, posts ...string) map[string]string {
	likes := make([]string, len(posts))
	for i, id := range posts {
		likes[i] = fmt.Sprintf(`{ "like" : { "tweetId" : %q, "fullText" : "post %s", "expandedUrl" : "https://twitter.com/i/web/status/%s" } }`, id, id, id)
	}
	return map[string]string{
		"Your archive.html": "<!doctype html>",
		"data/manifest.js":  `window.__THAR_CONFIG = { "dataTypes" : { "like" : { "files" : [ { "fileName" : "data/like.js" } ] } } }`,
		"data/account.js":   fmt.Sprintf(`window.YTD.account.part0 = [ { "account" : { "accountId" : %q, "username" : %q } } ]`, owner, handle),
		"data/like.js":      "window.YTD.like.part0 = [ " + strings.Join(likes, ",\n") + " ]",
	}
}

// tellers lets the commands speak with the world's networks, not the real ones.
func (o *opened) tellers(t *testing.T) {
	t.Helper()
	for _, k := range theCard() {
		o.bench.env = append(o.bench.env, "FLATTERY_NETWORKS_"+strings.ToUpper(k.name)+"_BASE="+k.base(o.bench.world))
	}
}

// statesOf counts an account's flattrs by what became of them.
func (o *opened) statesOf(t *testing.T, account flattery.AccountID) map[flattery.State]int {
	t.Helper()
	list, err := pages{o.store, gates{o.instance}}.Flattrs(t.Context(), account, 0, "", 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	n := map[flattery.State]int{}
	for _, f := range list {
		n[f.State]++
	}
	return n
}

// standsAt holds an account to so many flattrs that count and that are pending, and to none else.
func (o *opened) standsAt(t *testing.T, when string, account flattery.AccountID, counts, pending int) {
	t.Helper()
	if n := o.statesOf(t, account); n[flattery.Counting] != counts || n[flattery.Pending] != pending || len(n) > 2 {
		t.Errorf("%s: %v, want %d that count and %d pending", when, n, counts, pending)
	}
}

// namesAuthors asks for authors until nobody is left to ask about.
func (o *opened) namesAuthors(t *testing.T) {
	t.Helper()
	if left, err := o.nameAuthors(t.Context()); left != 0 || err != nil {
		t.Errorf("%d are left without a name, error %v", left, err)
	}
}

// X tells in its archive neither when a post was liked nor who wrote it.
func TestImportOfXFromZipToTheAuthorsClaim(t *testing.T) {
	b := newBench(t, october)
	o := openPages(b)
	o.tellers(t)
	x := b.world.X
	ada, _ := o.member("ada", false)
	zoe, _ := o.member("zoe", false)
	id := x.AddUser("ada")
	x.AddUser("zoe")
	old, first, second, gone := x.AddThing("zoe", "old"), x.AddThing("zoe", "first"), x.AddThing("zoe", "second"), x.AddThing("zoe", "gone")

	one := into[[]imported](b, "import", "--account", "ada", b.zipped("one.zip", archiveOfX(id, "ada", old)))[0]
	if !one.First || one.Seen != 1 || one.Likes != 1 || one.Owner.Subject != id || one.Owner.Handle != "ada" {
		t.Errorf("the first archive: %+v", one)
	}
	o.standsAt(t, "the first archive", ada, 0, 0)

	b.world.Clock.Advance(20 * 24 * time.Hour)
	x.DeleteThing(gone)
	later := b.zipped("two.zip", archiveOfX(id, "ada", gone, second, first, old))
	two := into[[]imported](b, "import", "--account", "ada", later)[0]
	if two.First || two.Pending != 3 || two.Unnamed != 3 || two.Known != 1 {
		t.Errorf("the second archive: %+v", two)
	}
	o.namesAuthors(t)
	waiting, err := o.store.Waiting(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(waiting) == 0 || waiting[0].Author.Handle != "zoe" || waiting[0].Flattrs != 2 {
		t.Errorf("for zoe waits %+v", waiting)
	}
	o.standsAt(t, "named", ada, 0, 3)

	got, err := o.connect(t.Context(), zoe, "twitter", "zoe", claim.Claiming)
	if err != nil {
		t.Fatal(err)
	}
	if taken, err := o.claimed(t.Context(), got); taken.Joined != 2 || err != nil {
		t.Errorf("%d taken.Joined, error %v", taken.Joined, err)
	}
	o.standsAt(t, "claimed", ada, 2, 1)
	if again := into[[]imported](b, "import", "--account", "ada", later)[0]; again.Known != 4 {
		t.Errorf("the same archive again: %+v", again)
	}
	o.standsAt(t, "the same archive again", ada, 2, 1)
}

// Poll and archive see the same like: it counts once, whoever comes first.
func TestImportAndPollCountALikeOnce(t *testing.T) {
	b := newBench(t, october)
	o := openPages(b)
	o.tellers(t)
	x := b.world.X
	ada, _ := o.member("ada", false)
	id := x.AddUser("ada")
	x.AddUser("zoe")
	byPoll, byFile := x.AddThing("zoe", "by poll"), x.AddThing("zoe", "by file")
	b.do("import", "--account", "ada", b.zipped("one.zip", archiveOfX(id, "ada")))
	got, err := o.connect(t.Context(), ada, "twitter", "ada", claim.Linking)
	if err == nil {
		err = o.linked(t.Context(), got)
	}
	if err != nil {
		t.Fatal(err)
	}
	o.polls()
	x.Like("ada", byPoll)
	o.polls()
	o.standsAt(t, "polled", ada, 0, 1)
	b.do("import", "--account", "ada", b.zipped("two.zip", archiveOfX(id, "ada", byFile, byPoll)))
	x.Like("ada", byFile)
	o.polls()
	o.standsAt(t, "polled and imported", ada, 0, 2)

	a := b.run("import", "--account", "ada", b.zipped("other.zip", archiveOfX("99", "mel", byPoll)))
	b.oneLine(a.errors, []string{"other.zip", "twitter:mel (99)", "ada is linked to twitter:ada (" + id + ")", "nothing was imported"})
	if a.code != exitUsage {
		t.Errorf("exit %d", a.code)
	}
}

// Flickr says to whom a photo belongs, so that the author who has claimed is paid at once.
func TestImportOfFlickrFindsItsAuthors(t *testing.T) {
	b := newBench(t, october)
	o := openPages(b)
	o.tellers(t)
	f := b.world.Flickr
	ada, _ := o.member("ada", false)
	zoe, _ := o.member("zoe", false)
	owner, maker := f.AddUser("ada"), f.AddUser("zoe")
	old, news := f.AddPhoto(maker, "old"), f.AddPhoto(maker, "new")
	export := func(photos ...string) map[string]string {
		faves := make([]map[string]string, len(photos))
		for i, id := range photos {
			faves[i] = map[string]string{"photo_id": id, "photo_url": "https://www.flickr.com/photos/" + maker + "/" + id}
		}
		text, err := json.Marshal(map[string]any{"faves": faves})
		if err != nil {
			t.Fatal(err)
		}
		return map[string]string{"account_profile.json": `{"nsid": "` + owner + `", "screen_name": "ada"}`, "faves_part001.json": string(text)}
	}
	got, err := o.connect(t.Context(), zoe, "flickr", maker, claim.Claiming)
	if err == nil {
		_, err = o.claimed(t.Context(), got)
	}
	if err != nil {
		t.Fatal(err)
	}
	b.do("import", "--account", "ada", b.zipped("one.zip", export(old)))
	b.do("import", "--account", "ada", b.zipped("two.zip", export(news, old)))
	o.standsAt(t, "imported", ada, 0, 1)
	o.namesAuthors(t)
	o.standsAt(t, "named", ada, 1, 0)
}

// A long archive is written whole, or nothing of it; how far it is stands on stderr.
func TestImportOfALongArchive(t *testing.T) {
	b := newBench(t, october)
	b.do("account", "add", "ada", "--budget", "5")
	posts := make([]string, 2*countStep)
	for i := range posts {
		posts[i] = fmt.Sprint(1_000_000_000 + 7*i)
	}
	whole := b.zipped("one.zip", archiveOfX("42", "ada", posts...))
	text, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	b.write("torn.zip", string(text[:len(text)-100]))
	members := archiveOfX("42", "ada", posts...)
	members["data/like.js"] = strings.TrimSuffix(members["data/like.js"], "]")
	for _, bad := range []string{b.path("torn.zip"), b.zipped("cut.zip", members)} {
		a := b.run("import", bad)
		if told := lines(a.errors); a.code != exitUsage || a.out != "" || !strings.Contains(told[len(told)-1], filepath.Base(bad)) {
			t.Errorf("%s: %+v", bad, a)
		}
	}
	began := time.Now()
	a := b.run("import", whole)
	t.Logf("%d likes in %s", len(posts), time.Since(began))
	if a.code != exitDone || !strings.Contains(a.out, "twitter:ada: 0 now; 10,000 remembered; your next archive counts what is new\n") {
		t.Errorf("%+v", a)
	}
	if told := lines(a.errors); !slices.Equal(told, []string{"5,000 likes read\n", "10,000 likes read\n", "5,000 likes written\n", "10,000 likes written\n"}) {
		t.Errorf("told on the way: %q", told)
	}
}
