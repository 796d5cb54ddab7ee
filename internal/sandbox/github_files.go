package sandbox

import (
	"maps"
	"net/http"
	"strings"
)

// SetFile puts a file onto the default branch of a repository; "" takes it away.
func (g *GitHub) SetFile(full, path, text string) {
	g.change(func() {
		r := g.repo(full)
		files := maps.Clone(r.files) // which a fork may have too
		if files == nil {
			files = map[string]string{}
		}
		if files[path] = text; text == "" {
			delete(files, path)
		}
		r.files = files
	})
}

// getFile serves a file as it is, as github.com/OWNER/REPO/raw/HEAD/PATH does. It costs nothing of the API's limits.
func (g *GitHub) getFile(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	of := g.repos[strings.ToLower(r.PathValue("owner")+"/"+r.PathValue("repo"))]
	text, there := "", false
	if of != nil && of.shown() {
		text, there = of.files[r.PathValue("path")]
	}
	g.mu.Unlock()
	if !there {
		http.Error(w, "404: Not Found", http.StatusNotFound)
		return
	}
	etag := weak([]byte(text))
	w.Header().Set("ETag", etag)
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(text))
}
