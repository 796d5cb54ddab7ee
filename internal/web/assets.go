package web

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed assets
var assetFiles embed.FS

// assets are files served under names that contain their digest, so that browsers may keep them for ever.
type assets struct {
	files map[string][]byte // by served name: "flattery.3f2a9c01d4e5.css"
	names map[string]string // from the plain name to the served one
}

func readAssets() (assets, error) {
	a := assets{files: map[string][]byte{}, names: map[string]string{}}
	entries, err := fs.ReadDir(assetFiles, "assets")
	if err != nil {
		return a, fmt.Errorf("web: %w", err)
	}
	for _, e := range entries {
		b, err := fs.ReadFile(assetFiles, "assets/"+e.Name())
		if err != nil {
			return a, fmt.Errorf("web: %w", err)
		}
		sum := sha256.Sum256(b)
		ext := path.Ext(e.Name())
		served := strings.TrimSuffix(e.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		a.files[served], a.names[e.Name()] = b, served
	}
	return a, nil
}

// url is where a file is served. An unknown name is an error, so that a template cannot ask for one.
func (a assets) url(name string) (string, error) {
	served, ok := a.names[name]
	if !ok {
		return "", fmt.Errorf("web: no asset %q", name)
	}
	return "/assets/" + served, nil
}

func (s *site) serveAsset(w http.ResponseWriter, r *http.Request) {
	b, ok := s.assets.files[r.PathValue("name")]
	if !ok {
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "no such file", http.StatusNotFound)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	s.write(w, r.PathValue("name"), b)
}

func (s *site) write(w http.ResponseWriter, name string, b []byte) {
	if name != "" { // else it is said already
		w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	}
	if _, err := w.Write(b); err != nil {
		s.Log.Debug("web: the visitor left", "error", err)
	}
}

// healthWait is for how long a store may be silent and still be called well: a database that is gone is waited for elsewhere.
const healthWait = 2 * time.Second

// serveHealth answers 200 while the store can be read.
func (s *site) serveHealth(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	ctx, stop := context.WithTimeout(r.Context(), healthWait)
	defer stop()
	if _, err := s.Store.Months(ctx); err != nil {
		s.Log.Error("web: health", "error", err)
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("the store cannot be read\n"))
		return
	}
	_, _ = w.Write([]byte("ok\n"))
}
