package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"
	"sync"

	"flattery"
)

//go:embed templates
var templateFiles embed.FS

// A page is one template and the struct that fills it. The template is templates/NAME.html.
type page interface {
	name() string
	framed() *frame
}

// frame is what stands around every page.
type frame struct {
	Lang      string
	Languages []string
	Here      string // path of this page, to come back to
	Nav       string // which page of the menu this is
	Account   string // name of who is signed in, or ""
	Runs      bool   // and runs the instance
	Prepaid   bool   // the house collects, and pays
	Demo      bool
	Version   string
	Zone      string
	Flash     *flash // what the command before this page did
}

func (f *frame) framed() *frame { return f }

// leaves are the templates of one language, by page. Each is parsed when it is first shown: a start does not wait for pages
// that nobody asks for, and tests show every one.
type leaves map[string]func() (*template.Template, error)

// readTemplates finds every page in every language: what a template says is bound to its language here.
func readTemplates(all tongues, s *site) (map[string]leaves, error) {
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	made := map[string]leaves{}
	for code, g := range all.byCode {
		house := template.New("layout.html").Option("missingkey=error").Funcs(functions(g, s))
		if _, err := house.ParseFS(templateFiles, "templates/layout.html", "templates/parts.html"); err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
		made[code] = leaves{}
		for _, file := range files {
			made[code][strings.TrimSuffix(path.Base(file), ".html")] = sync.OnceValues(func() (*template.Template, error) {
				t, err := house.Clone()
				if err != nil {
					return nil, err
				}
				return t.ParseFS(templateFiles, file)
			})
		}
		delete(made[code], "layout")
		delete(made[code], "parts")
	}
	return made, nil
}

// render executes a page into a buffer, so that a mistake in it never sends half a page.
func (s *site) render(code string, p page) ([]byte, error) {
	leaf, ok := s.templates[code][p.name()]
	if !ok {
		return nil, fmt.Errorf("web: no template %q in %s", p.name(), code)
	}
	t, err := leaf()
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	return b.Bytes(), nil
}

// functions are what templates may call.
func functions(g *tongue, s *site) template.FuncMap {
	return template.FuncMap{
		"t":          g.say,
		"money":      g.money,
		"about":      g.about,
		"typed":      g.typed,
		"precise":    g.precise,
		"rounded":    g.rounded,
		"count":      g.count,
		"day":        g.day,
		"date":       g.date,
		"moment":     g.moment,
		"month":      g.month,
		"title":      g.title,
		"monthStart": g.monthStart,
		"since":      g.since,
		"until":      g.until,
		"dated":      g.dated,
		"lasts":      g.lasts,
		"iso":        iso,
		"clean":      clean,
		"say":        g.sentence,
		"finding":    g.finding,
		"short":      short,
		"pageLink":   pageLink,
		"grouped":    grouped,
		"copied":     func(phrase, text string) copied { return copied{Phrase: phrase, Text: text} },
		"listing":    func(all []string) string { return strings.Join(all, ", ") },
		"asset":      s.assets.url,
		"language":   func(code string) (string, error) { return s.tongues.byCode[code].say("language") },
		"network":    func(key string) (string, error) { return s.networkTitle(g, key) },
		// What a like is called on a network, as far as the catalogue knows the word.
		"noun": func(key string) (string, error) {
			noun := s.known[key].Noun
			if noun == "" {
				noun = "like"
			}
			if g.has("noun." + noun) {
				return g.say("noun." + noun)
			}
			return noun, nil
		},
		// How sure a fact is; "" where the catalogue does not know the word.
		"sure": func(word string) (string, error) {
			if g.has("sure." + word) {
				return g.say("sure." + word)
			}
			return "", nil
		},
		"paper": func(dark bool) string { return map[bool]string{false: paperLight, true: paperDark}[dark] },
		"who":   who,
		"named": named,
		"why":   g.why,
	}
}

// networkTitle is what a network is called.
func (s *site) networkTitle(g *tongue, key string) (string, error) {
	switch n, ok := s.known[key]; {
	case ok:
		return n.Title, nil
	case key == flattery.Web:
		return g.say("web")
	case key == flattery.House:
		return "Flattery", nil
	}
	return apart(clean(key)), nil
}

// who names a profile for an eye: its name, else its handle, else its number.
func who(p flattery.Profile) string {
	for _, s := range []string{p.Handle, p.Name, p.Subject} {
		if s = clean(s); s != "" {
			return s
		}
	}
	return "?"
}

// named is what a thing is called: its title, else its address, else its number.
func named(t flattery.Thing) string {
	for _, s := range []string{t.Title, t.URL, t.ID} {
		if s = clean(s); s != "" {
			return s
		}
	}
	return "?"
}
