package web

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"

	"flattery"
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
	code      string
	tag       language.Tag
	phrases   map[string]phrase
	sentences map[string]string // of flattery.Sentence, by format; none in English
	numbers   *message.Printer
	point     string // between units and cents
	zone      *time.Location
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
		if code != languages[0] {
			b, err := localeFiles.ReadFile("locales/sentences." + code + ".json")
			if err != nil {
				return all, fmt.Errorf("web: %w", err)
			}
			if err := json.Unmarshal(b, &g.sentences); err != nil {
				return all, fmt.Errorf("web: locales/sentences.%s.json: %w", code, err)
			}
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
	form, fill := "other", map[string]string{}
	for pair := range slices.Chunk(pairs, 2) {
		name, text := fmt.Sprint(pair[0]), apart(fmt.Sprint(pair[1]))
		if n, ok := pair[1].(int); ok {
			text = g.count(n)
			if name == "n" {
				form = g.form(n)
			}
		}
		fill[name] = text
	}
	text, ok := p[form]
	if !ok {
		text = p["other"]
	}
	return filled(text, fill), nil
}

// filled puts texts into the {places} of a phrase. What stands in a text is never a place itself.
func filled(phrase string, fill map[string]string) string {
	var b strings.Builder
	for {
		before, rest, opens := strings.Cut(phrase, "{")
		name, after, shuts := strings.Cut(rest, "}")
		if !opens || !shuts {
			b.WriteString(phrase)
			return b.String()
		}
		text, ok := fill[name]
		if !ok {
			text = "{" + name + "}"
		}
		b.WriteString(before + text)
		phrase = after
	}
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
func (g *tongue) count(n int) string { return g.whole(int64(n)) }

func (g *tongue) whole(n int64) string {
	if 0 <= n && n < 1000 { // nothing to group
		return strconv.FormatInt(n, 10)
	}
	return g.numbers.Sprint(number.Decimal(n))
}

// sentence says what the catalogue of sentences knows by its format; else English.
func (g *tongue) sentence(s flattery.Sentence) string {
	args := make([]any, len(s.Args))
	for i, a := range s.Args {
		args[i] = g.argument(a)
	}
	if format, ok := g.sentences[s.Format]; ok {
		return fmt.Sprintf(format, args...)
	}
	return clean(fmt.Sprintf(s.Format, args...))
}

// argument is one as it stands in a sentence of this language; what is from outside is cleaned.
func (g *tongue) argument(a any) any {
	switch a := a.(type) {
	case flattery.Sentence:
		return g.sentence(a)
	case flattery.Amount:
		return g.typed(a)
	case flattery.Month:
		if text, err := g.month(a); err == nil {
			return text
		}
	case flattery.Why:
		if text, err := g.why(string(a)); err == nil {
			return text
		}
	case error:
		if in, ok := errors.AsType[*flattery.InputError](a); ok {
			return g.sentence(in.Sentence)
		}
	}
	if v := reflect.ValueOf(a); v.CanInt() || v.CanUint() {
		return a
	}
	return clean(fmt.Sprint(a))
}

// finding says what is not as it should be, and of what.
func (g *tongue) finding(f Finding) (string, error) {
	words := g.sentence(f.Words)
	if key := "finding." + f.What; g.has(key) {
		return g.say(key, "words", words)
	}
	return clean(f.What) + ": " + words, nil
}

// why says a reason of poll's fates.
func (g *tongue) why(reason string) (string, error) {
	if !g.has("reason." + reason) {
		reason = "other"
	}
	return g.say("reason." + reason)
}
