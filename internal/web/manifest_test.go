package web

import (
	"bytes"
	"encoding/json"
	"image"
	_ "image/png"
	"strings"
	"testing"
)

// opened decodes a picture and says how large it is, and whether its corner hides what is below.
func opened(t *testing.T, what string, b []byte) (wide, high int, full bool) {
	t.Helper()
	m, kind, err := image.Decode(bytes.NewReader(b))
	if err != nil || kind != "png" {
		t.Fatalf("%s is no picture but %q: %v", what, kind, err)
	}
	_, _, _, alpha := m.At(0, 0).RGBA()
	return m.Bounds().Dx(), m.Bounds().Dy(), alpha == 0xffff
}

func TestTelephonesFindWhatTheyNeedToKeepThesePages(t *testing.T) {
	b := visitor(t, handler(t, options(t, populated(false))))
	page := b.get("/").Body.String()
	for _, s := range []string{`<link rel="manifest" href="/manifest.webmanifest">`, `rel="apple-touch-icon" sizes="180x180"`, `content="` + paperLight + `"`, `content="` + paperDark + `"`} {
		if !strings.Contains(page, s) {
			t.Errorf("a page lacks %s", s)
		}
	}
	b.headers["Accept-Language"] = "de"
	got := b.get("/manifest.webmanifest")
	var m manifest
	if err := json.Unmarshal(got.Body.Bytes(), &m); err != nil || got.Header().Get("Content-Type") != "application/manifest+json" {
		t.Fatalf("the manifest is %q: %v", got.Header().Get("Content-Type"), err)
	}
	checkHeaders(t, "manifest", got.Header())
	if m.Name != "Flattery" || m.Lang != "de" || !strings.HasPrefix(m.Description, "Ihre Likes") || m.Start != "/" {
		t.Errorf("manifest: %+v", m)
	}
	sizes := map[string]int{"192x192": 192, "512x512": 512}
	found := map[string]bool{}
	for _, i := range m.Icons {
		got := b.get(i.Src)
		if got.Code != 200 || got.Header().Get("Content-Type") != i.Type {
			t.Errorf("%s answered %d, %q, want %q", i.Src, got.Code, got.Header().Get("Content-Type"), i.Type)
		}
		found[i.Sizes+" "+i.Purpose] = true
		if i.Sizes == "any" {
			continue
		}
		if wide, high, full := opened(t, i.Src, got.Body.Bytes()); wide != sizes[i.Sizes] || high != wide || full != (i.Purpose == "maskable") {
			t.Errorf("%s is %d × %d, full %t", i.Src, wide, high, full)
		}
	}
	for _, want := range []string{"any any", "192x192 any", "512x512 any", "any maskable", "192x192 maskable", "512x512 maskable"} {
		if !found[want] {
			t.Errorf("there is no icon %s", want)
		}
	}
	for path, size := range map[string]int{"/favicon.ico": 48, "/apple-touch-icon.png": 180} {
		got := b.get(path)
		wide, _, full := opened(t, path, got.Body.Bytes())
		if got.Code != 200 || got.Header().Get("Content-Type") != "image/png" || wide != size || full != (size == 180) {
			t.Errorf("%s answered %d, %q, %d wide, full %t", path, got.Code, got.Header().Get("Content-Type"), wide, full)
		}
	}
}

// The colours around the pages are those of their paper.
func TestThePagesAndTheirSurroundingsHaveOneColour(t *testing.T) {
	b, err := assetFiles.ReadFile("assets/flattery.css")
	if err != nil {
		t.Fatal(err)
	}
	for _, colour := range []string{paperLight, paperDark} {
		if !strings.Contains(string(b), "--paper: "+colour+";") {
			t.Errorf("no paper is %s", colour)
		}
	}
}
