package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/internal/web"
	"flattery/store"
)

// hands hands files in as a browser does, and waits until the page says how it ended.
func (v visitor) hands(base string, files map[string][]byte) string {
	v.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, text := range files {
		part, err := form.CreateFormFile("file", name)
		if err == nil {
			_, err = part.Write(text)
		}
		if err != nil {
			v.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		v.Fatal(err)
	}
	req, err := http.NewRequestWithContext(v.Context(), http.MethodPost, base+"/import", &body)
	if err != nil {
		v.Fatal(err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	resp, err := v.Do(req)
	if err != nil {
		v.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		v.Fatalf("answered %d, %v: %s", resp.StatusCode, err, page)
	}
	text := string(page)
	for strings.Contains(text, `href="/import?still=1"`) {
		_, text = v.ask(http.MethodGet, base+"/import", nil)
	}
	return text
}

func TestAnArchiveIsHandedInByThePages(t *testing.T) {
	b := newBench(t, october)
	b.env = []string{"FLATTERY_LISTEN=127.0.0.1:0"}
	s := serve(b)
	v, base := s.sign()
	read := func(name string) []byte {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	one := read(b.zipped("one.zip", archiveOfX("783214", "ada", "1", "2", "3")))
	two := read(b.zipped("two.zip", archiveOfX("783214", "ada", "1", "2", "3", "4")))
	for _, row := range []struct {
		name string
		text []byte
		says []string
	}{
		{"../../etc/../one.zip", one, []string{"one.zip", "It is the first of this owner", "<dt>Remembered</dt><dd>3</dd>"}},
		{"two.zip", two, []string{"What is new counts", "<dt>New</dt><dd>1</dd>", "<dt>Known already</dt><dd>3</dd>"}},
		{"two.zip", two, []string{"<dt>New</dt><dd>0</dd>", "<dt>Known already</dt><dd>4</dd>"}},
		{"photos.zip", read(b.zipped("photos.zip", map[string]string{"a.jpg": "x"})), []string{"Nothing was taken in.", "photos.zip has no likes in it", "understood are the archive"}},
		{".hidden", []byte("hello"), []string{"Nothing was taken in.", "hidden is nothing that is known"}},
	} {
		page := v.hands(base, map[string][]byte{row.name: row.text})
		for _, says := range row.says {
			if !strings.Contains(page, says) {
				t.Errorf("%s: the page does not say %q: %s", row.name, says, page)
			}
		}
	}
	s.stop()
	if code := <-s.code; code != exitDone || strings.Contains(s.errs.String(), "level=ERROR") {
		t.Errorf("ended with %d: %s", code, s.errs)
	}
	if left, err := filepath.Glob(filepath.Join(b.data(), "uploads", "*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func one(name, text string) iter.Seq2[web.UploadFile, error] {
	return func(yield func(web.UploadFile, error) bool) {
		yield(web.UploadFile{Name: name, Reader: strings.NewReader(text)}, nil)
	}
}

// A daemon that is stopped while it takes something in does so again when it starts; what it does not have it says.
func TestWhatWasHandedInOutlivesTheDaemon(t *testing.T) {
	b := newBench(t, october)
	in := openBench(b)
	p := pages{in.store, gates{in.instance}}
	member := func(name string) flattery.AccountID {
		a, err := in.addAccount(t.Context(), flattery.Account{Name: name, Settings: flattery.Settings{Currency: "EUR"}})
		if err != nil {
			t.Fatal(err)
		}
		return a.ID
	}
	ada, bob, eve := member("ada"), member("bob"), member("eve")
	text := archiveOfX("783214", "ada", "1", "2")["data/like.js"]
	if err := p.Upload(t.Context(), ada, "783214", one("like.js", text)); err != nil {
		t.Fatal(err)
	}
	if err := p.Upload(t.Context(), ada, "783214", one("like.js", text)); !errors.Is(err, flattery.ErrState) {
		t.Errorf("a second one meanwhile: %v", err)
	}
	if err := p.Upload(t.Context(), bob, "", one("like.js", text)); err != nil {
		t.Fatal(err)
	}
	if err := p.Upload(t.Context(), eve, "@ada", one("like.js", text)); err == nil || !strings.Contains(err.Error(), "is not the id of an account") {
		t.Errorf("a handle for a number: %v", err)
	}
	var lost int64
	if err := in.update(t.Context(), func(tx store.Tx) (err error) {
		lost, err = tx.AddUpload(t.Context(), store.Upload{Account: eve, Name: "gone.zip", MadeAt: october})
		return err
	}); err != nil || lost == 0 {
		t.Fatal(err)
	}
	left := filepath.Join(in.inboxDir(), ".new-left")
	if err := errors.Join(os.MkdirAll(left, 0o700), os.Chtimes(left, october, october)); err != nil {
		t.Fatal(err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := in.takeIn(stopped); err != nil { // it is stopped at once
		t.Fatal(err)
	}
	b.world.Clock.Advance(2 * time.Hour) // PostgreSQL: another process may have it, as long as that
	if err := in.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- in.takeIn(ctx) }()
	for want := range map[flattery.AccountID]bool{ada: true, bob: true, eve: true} {
		for {
			if up, err := p.Uploaded(t.Context(), want); err != nil || !up.Busy() {
				break
			}
		}
	}
	end()
	if err := <-done; err != nil {
		t.Error(err)
	}
	for who, want := range map[flattery.AccountID]string{ada: "done 2 ", bob: "failed 0 like.js does not say whose likes these are", eve: "failed 0 the program was stopped"} {
		up, err := p.Uploaded(t.Context(), who)
		n := 0
		for _, f := range up.Found {
			n += f.Remembered
		}
		if got := up.State + " " + string(rune('0'+n)) + " " + up.Words.String(); err != nil || !strings.HasPrefix(got, want) {
			t.Errorf("%d: %s, %v, want %s", who, got, err, want)
		}
	}
	if behind, err := filepath.Glob(filepath.Join(in.inboxDir(), "*")); err != nil || len(behind) > 0 {
		t.Errorf("left behind: %v %v", behind, err)
	}
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what came half is there: %v", err)
	}
}

func TestWhyAnUploadFailedIsKeptSoThatEveryLanguageCanSayIt(t *testing.T) {
	for name, says := range map[string]flattery.Sentence{
		"words":    flattery.Say("no file was chosen"),
		"an end":   flattery.Say("%s, byte %d: %s", "like.js", int64(1<<40), flattery.Say("one value of more than %d KiB", 64)),
		"refusals": flattery.Say("%s: %v", "x", flattery.Input("%q is %d", "[\"y\"]", 3)),
		"nothing":  {},
	} {
		t.Run(name, func(t *testing.T) {
			got := unkept(kept(says))
			if got.Format != says.Format || got.String() != says.String() || kept(got) != kept(says) {
				t.Errorf("%#v became %#v", says, got)
			}
		})
	}
	for text, want := range map[string]string{"like.js is empty": "like.js is empty", "": "", "[]": "", "[7]": "7", "[1.5, 2]": "1.5%!(EXTRA int64=2)"} {
		if got := unkept(text).String(); got != want {
			t.Errorf("%s is %q, want %q", text, got, want)
		}
	}
}
