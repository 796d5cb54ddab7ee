package web

import (
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"
)

//go:embed locales
var localeFiles embed.FS

// The languages of the pages, the first for those who speak none of them. Each has a file in locales.
var languages = [...]string{"en", "fr", "de"}

// A phrase is one text of a catalogue, by plural form. Most have only the form "other".
type phrase map[string]string

// UnmarshalJSON reads "text" or {"one": "text", "other": "texts"}.
func (p *phrase) UnmarshalJSON(b []byte) error {
	var one string
	if err := json.Unmarshal(b, &one); err == nil {
		*p = phrase{"other": one}
		return nil
	}
	var forms map[string]string
	if err := json.Unmarshal(b, &forms); err != nil {
		return err
	}
	if forms["other"] == "" {
		return fmt.Errorf("a phrase needs the form %q", "other")
	}
	*p = forms
	return nil
}

// A tongue says things in one language. It may be used by many at once.
type tongue struct {
	code    string
	tag     language.Tag
	phrases map[string]phrase
	numbers *message.Printer
	point   string // between units and cents
	zone    *time.Location
}

// tongues are all of them with what finds a visitor's.
type tongues struct {
	byCode  map[string]*tongue
	matcher language.Matcher
}

func readTongues(zone *time.Location) (tongues, error) {
	all := tongues{byCode: map[string]*tongue{}}
	var tags []language.Tag
	for _, code := range languages {
		b, err := localeFiles.ReadFile("locales/" + code + ".json")
		if err != nil {
			return all, fmt.Errorf("web: %w", err)
		}
		g := &tongue{code: code, tag: language.MustParse(code), zone: zone}
		if err := json.Unmarshal(b, &g.phrases); err != nil {
			return all, fmt.Errorf("web: locales/%s.json: %w", code, err)
		}
		g.numbers = message.NewPrinter(g.tag)
		g.point = strings.Trim(g.numbers.Sprint(number.Decimal(1.5)), "15")
		all.byCode[code] = g
		tags = append(tags, g.tag)
	}
	all.matcher = language.NewMatcher(tags)
	return all, nil
}

// choose finds the language of a visitor: the one chosen here, the account's own, the browser's, English.
func (all tongues) choose(r *http.Request, chosen, own string) *tongue {
	for _, code := range []string{chosen, own} {
		if g, ok := all.byCode[code]; ok {
			return g
		}
	}
	wish := r.Header.Get("Accept-Language")
	tags, _, err := language.ParseAcceptLanguage(wish[:min(len(wish), 200)])
	if err != nil {
		return all.byCode[languages[0]]
	}
	_, i, _ := all.matcher.Match(tags...)
	return all.byCode[languages[i]]
}

// say gives the phrase of a key with its {places} filled from pairs of name and value. A value named "n" chooses the
// plural form. An unknown key and an odd pair are mistakes of ours and end the page.
func (g *tongue) say(key string, pairs ...any) (string, error) {
	p, ok := g.phrases[key]
	if !ok {
		return "", fmt.Errorf("web: no phrase %q in %s", key, g.code)
	}
	if len(pairs)%2 != 0 {
		return "", fmt.Errorf("web: phrase %q: a name without a value", key)
	}
	form, fill := "other", make([]string, 0, len(pairs))
	for pair := range slices.Chunk(pairs, 2) {
		name, text := fmt.Sprint(pair[0]), apart(fmt.Sprint(pair[1]))
		if n, ok := pair[1].(int); ok {
			text = g.count(n)
			if name == "n" {
				form = g.form(n)
			}
		}
		fill = append(fill, "{"+name+"}", text)
	}
	text, ok := p[form]
	if !ok {
		text = p["other"]
	}
	return strings.NewReplacer(fill...).Replace(text), nil
}

// has reports whether there is a phrase.
func (g *tongue) has(key string) bool { _, ok := g.phrases[key]; return ok }

// form is the plural form of a whole number, as the catalogues name it.
func (g *tongue) form(n int) string {
	switch plural.Cardinal.MatchPlural(g.tag, max(n, -n), 0, 0, 0, 0) {
	case plural.Zero:
		return "zero"
	case plural.One:
		return "one"
	case plural.Two:
		return "two"
	case plural.Few:
		return "few"
	case plural.Many:
		return "many"
	default:
		return "other"
	}
}

// count writes a whole number: "12,345", "12.345".
func (g *tongue) count(n int) string { return g.numbers.Sprint(number.Decimal(n)) }
