package sandbox

import (
	"io"
	"net/http"
	"testing"
)

func TestFilesOfADefaultBranchAreServed(t *testing.T) {
	w, err := Open(NewClock(october), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	g := w.GitHub
	g.AddUser("cat")
	g.AddUser("dog")
	g.AddRepo("cat", "tool")
	g.SetFile("cat/tool", ".github/FUNDING.yml", "github: cat")
	g.Fork("dog", "cat/tool")
	g.SetFile("dog/tool", "FUNDING.yml", "github: dog")
	get := func(path, etag string) (int, string, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.Base()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("If-None-Match", etag)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(b), resp.Header.Get("ETag")
	}
	status, text, etag := get("cat/tool/raw/HEAD/.github/FUNDING.yml", "")
	if status != 200 || text != "github: cat" || etag == "" {
		t.Errorf("%d %q %q", status, text, etag)
	}
	if status, text, _ := get("cat/tool/raw/HEAD/.github/FUNDING.yml", etag); status != 304 || text != "" {
		t.Errorf("unchanged: %d %q", status, text)
	}
	for path, want := range map[string]int{"dog/tool/raw/HEAD/.github/FUNDING.yml": 200, "dog/tool/raw/HEAD/FUNDING.yml": 200, "cat/tool/raw/HEAD/FUNDING.yml": 404, "cat/none/raw/HEAD/FUNDING.yml": 404} {
		if status, _, _ := get(path, ""); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
	g.SetFile("cat/tool", ".github/FUNDING.yml", "")
	if status, _, _ := get("cat/tool/raw/HEAD/.github/FUNDING.yml", ""); status != 404 {
		t.Errorf("taken away: %d", status)
	}
}
