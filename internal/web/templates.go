package web

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"regexp"
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
		house := template.New("").Option("missingkey=error").Funcs(functions(g, s))
		for _, file := range []string{"templates/layout.html", "templates/parts.html"} {
			if err := s.parse(house, g, file); err != nil {
				return nil, fmt.Errorf("web: %w", err)
			}
		}
		made[code] = leaves{}
		for _, file := range files {
			made[code][strings.TrimSuffix(path.Base(file), ".html")] = sync.OnceValues(func() (*template.Template, error) {
				t, err := house.Clone()
				if err != nil {
					return nil, err
				}
				return t, s.parse(t, g, file)
			})
		}
		delete(made[code], "layout")
		delete(made[code], "parts")
	}
	return made, nil
}

// constant is what a page says to everybody: a phrase without places, the address of an asset.
var constant = regexp.MustCompile(`{{(t|asset) "([^"]+)"}}`)

// parse adds a file of templates in one language. What is constant there becomes part of its text: it is looked up and
// escaped once, not at each visit. A key that is unknown stays, and ends the page that says it.
func (s *site) parse(t *template.Template, g *tongue, file string) error {
	source, err := templateFiles.ReadFile(file)
	if err != nil {
		return err
	}
	text := constant.ReplaceAllStringFunc(string(source), func(call string) string {
		of := constant.FindStringSubmatch(call)
		say := s.assets.url
		if of[1] == "t" {
			say = func(key string) (string, error) { return g.say(key) }
		}
		said, err := say(of[2])
		if err != nil {
			return call
		}
		return template.HTMLEscapeString(said)
	})
	_, err = t.New(path.Base(file)).Parse(text)
	return err
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
	if err := t.ExecuteTemplate(&b, "layout.html", p); err != nil {
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
		"noun":       func(key string) (string, error) { return s.noun(g, key) },
		"kind":       func(f flattery.Flattr) (string, error) { return s.kind(g, f) },
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

// noun is what a like is called on a network, as far as the catalogue knows the word.
func (s *site) noun(g *tongue, key string) (string, error) {
	noun := cmp.Or(s.known[key].Noun, "like")
	if g.has("noun." + noun) {
		return g.say("noun." + noun)
	}
	return noun, nil
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
