package web

import (
	"encoding/json"
	"errors"
	"net/http"
)

// manifest tells a telephone how these pages look among its programs.
type manifest struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Lang        string `json:"lang"`
	Start       string `json:"start_url"`
	Scope       string `json:"scope"`
	Display     string `json:"display"` // with the buttons that go back and load anew
	Background  string `json:"background_color"`
	Theme       string `json:"theme_color"`
	Icons       []icon `json:"icons"`
}

type icon struct {
	Src     string `json:"src"`
	Sizes   string `json:"sizes"`
	Type    string `json:"type"`
	Purpose string `json:"purpose"`
}

// The colours of the pages' paper, which browsers draw around them; as in flattery.css.
const (
	paperLight = "#faf9f5"
	paperDark  = "#111615"
)

func (s *site) serveManifest(w http.ResponseWriter, r *http.Request) {
	g := s.tongues.choose(r, s.chosen(r), "")
	m := manifest{ID: "/", Name: "Flattery", Lang: g.code, Start: "/", Scope: "/", Display: "minimal-ui", Background: paperLight, Theme: paperLight}
	about, err := g.say("start.heading")
	m.Description = about
	for _, i := range []struct {
		file string
		icon
	}{
		{"icon.svg", icon{"", "any", "image/svg+xml", "any"}}, {"icon-192.png", icon{"", "192x192", "image/png", "any"}}, {"icon-512.png", icon{"", "512x512", "image/png", "any"}},
		{"maskable.svg", icon{"", "any", "image/svg+xml", "maskable"}}, {"maskable-192.png", icon{"", "192x192", "image/png", "maskable"}}, {"maskable-512.png", icon{"", "512x512", "image/png", "maskable"}},
	} {
		if err == nil {
			i.Src, err = s.assets.url(i.file)
		}
		m.Icons = append(m.Icons, i.icon)
	}
	b, bad := json.Marshal(m)
	if err = errors.Join(err, bad); err != nil {
		s.Log.Error("web: manifest", "error", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=3600")
	w.Header().Set("Vary", "Cookie, Accept-Language")
	w.Header().Set("Content-Type", "application/manifest+json")
	s.write(w, "", b)
}

// serveIcon serves a picture under an address that is asked for without being told: by browsers, telephones and readers of
// feeds, which do not all know SVG.
func (s *site) serveIcon(file string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=86400")
		s.write(w, file, s.assets.files[s.assets.names[file]])
	}
}
