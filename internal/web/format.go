package web

import (
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/currency"
	"golang.org/x/text/unicode/bidi"

	"flattery"
)

// money writes an amount exactly and as short as that can be: "€5.00", "0,052632 €".
func (g *tongue) money(a flattery.Amount, code string) (string, error) {
	return g.write(a, code, 2)
}

// precise writes an amount to the millionth, so that a column of them stands in line: "€5.000000".
func (g *tongue) precise(a flattery.Amount, code string) (string, error) {
	return g.write(a, code, 6)
}

// rounded writes what is only an estimate, rounded down to hundredths.
func (g *tongue) rounded(a flattery.Amount, code string) (string, error) {
	return g.money(a.Cents(), code)
}

func (g *tongue) write(a flattery.Amount, code string, digits int) (string, error) {
	s, negative := strings.CutPrefix(a.String(), "-")
	whole, frac, _ := strings.Cut(s, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return "", err
	}
	frac += strings.Repeat("0", max(digits-len(frac), 0))
	figure := g.whole(n) + g.point + frac
	if negative {
		figure = "−" + figure
	}
	symbol := code
	if unit, err := currency.ParseISO(code); err == nil {
		symbol = g.numbers.Sprint(currency.NarrowSymbol(unit))
	}
	return g.say("format.money", "amount", figure, "symbol", symbol)
}

// typed writes an amount as it is typed into a field: "5.00", "5,00".
func (g *tongue) typed(a flattery.Amount) string { return strings.Replace(a.String(), ".", g.point, 1) }

// about writes what is only an estimate and small, rounded down to ten-thousandths.
func (g *tongue) about(a flattery.Amount, code string) (string, error) {
	return g.money(a-a%(flattery.Cent/100), code)
}

// day writes "4 November", date "4 November 2026", clock "00:00", moment "4 November, 00:00".
func (g *tongue) day(t time.Time) (string, error) {
	t = t.In(g.zone)
	day := strconv.Itoa(t.Day())
	key := "format.day"
	if t.Day() == 1 {
		key = "format.first"
	}
	month, err := g.monthName(flattery.MonthOf(t, g.zone))
	if err != nil {
		return "", err
	}
	return g.say(key, "day", day, "month", month)
}

func (g *tongue) date(t time.Time) (string, error) {
	day, err := g.day(t)
	if err != nil {
		return "", err
	}
	return g.say("format.date", "day", day, "year", strconv.Itoa(t.In(g.zone).Year()))
}

func (g *tongue) moment(t time.Time) (string, error) {
	day, err := g.day(t)
	if err != nil {
		return "", err
	}
	t = t.In(g.zone)
	clock, err := g.say("format.clock", "hour", strconv.Itoa(t.Hour()), "hh", t.Format("15"), "mm", t.Format("04"))
	if err != nil {
		return "", err
	}
	return g.say("format.moment", "day", day, "clock", clock)
}

// dated writes a date as a network's facts have it, "2018-06-15", "2018-06" or "2018"; what is none stays as it is.
func (g *tongue) dated(s string) (string, error) {
	if t, err := time.ParseInLocation(time.DateOnly, s, g.zone); err == nil {
		return g.date(t.Add(12 * time.Hour))
	}
	if m, err := flattery.ParseMonth(s); err == nil {
		return g.month(m)
	}
	return clean(s), nil
}

// monthName writes "October", and month "October 2026", as they stand inside a sentence; monthStart and title are for
// where they begin one.
func (g *tongue) monthName(m flattery.Month) (string, error) {
	return g.say("month." + strconv.Itoa(int(m.Month())))
}

func (g *tongue) monthStart(m flattery.Month) (string, error) {
	name, err := g.monthName(m)
	return capital(name), err
}

func (g *tongue) month(m flattery.Month) (string, error) {
	name, err := g.monthName(m)
	return name + " " + strconv.Itoa(m.Year()), err
}

func (g *tongue) title(m flattery.Month) (string, error) {
	name, err := g.month(m)
	return capital(name), err
}

func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

// since writes how long ago something was, until how far away it is, both in the largest unit that fits.
func (g *tongue) since(d time.Duration) (string, error) { return g.span("since", d) }
func (g *tongue) until(d time.Duration) (string, error) { return g.span("until", d) }
func (g *tongue) lasts(d time.Duration) (string, error) { return g.span("lasts", d) }

func (g *tongue) span(which string, d time.Duration) (string, error) {
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return g.say(which + ".moment")
	case d < time.Hour:
		return g.say(which+".minutes", "n", int(d/time.Minute))
	case d < 2*day:
		return g.say(which+".hours", "n", int(d/time.Hour))
	default:
		return g.say(which+".days", "n", int(d/day))
	}
}

// longest is how much of a name or a title a page shows; CSS shortens further.
const longest = 300

// most is how many marks may stand on one letter: more than any script has, and fewer than reach into the next line.
const most = 6

// clean makes a text that somebody outside wrote fit to be shown in a line: one line, no characters that control, turn what
// follows or only seem to be there, no tower of marks, at most so long. What would not show at all is empty.
func clean(s string) string {
	var b strings.Builder
	n, piled, seen := 0, 0, false
	for _, r := range s {
		piled++
		switch {
		case ' ' < r && r < unicode.MaxASCII: // as most are
			piled, seen = 0, true
		case unicode.IsSpace(r):
			r, piled = ' ', 0
		case joins(r):
		case unseen(r):
			continue
		case !unicode.Is(unicode.M, r):
			piled, seen = 0, true
		}
		if piled > most {
			continue
		}
		if n++; n > longest {
			b.WriteRune('…')
			break
		}
		b.WriteRune(r)
	}
	if !seen {
		return ""
	}
	return strings.TrimSpace(b.String())
}

// joins reports whether a character holds the letters or the parts of a picture beside it together, or apart.
func joins(r rune) bool {
	return r == '\u200c' || r == '\u200d' || unicode.Is(unicode.Variation_Selector, r)
}

// unseen reports whether a character shows nothing by itself, or is none.
func unseen(r rune) bool {
	return r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) ||
		unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// apart sets a text that runs from right to left apart from the words around it, where no element can: it turns none of them.
func apart(s string) string {
	for _, r := range s {
		p, _ := bidi.LookupRune(r)
		if c := p.Class(); c == bidi.R || c == bidi.AL {
			return "\u2068" + s + "\u2069"
		}
	}
	return s
}

// short cuts what is in the title of a window: there, everything has one line.
func short(s string) string {
	const widest = 36
	if r := []rune(clean(s)); len(r) > widest {
		return strings.TrimSpace(string(r[:widest])) + "…"
	}
	return clean(s)
}

// href lets an address from outside into a page when it is one of these schemes and short; else it is empty, and the
// page shows text without a link.
func href(raw string, schemes ...string) template.URL {
	u, err := url.Parse(raw)
	if err != nil || len(raw) > 2000 || u.User != nil || !slices.Contains(schemes, u.Scheme) {
		return ""
	}
	if (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() == "" {
		return ""
	}
	return template.URL(u.String()) //nolint:gosec // parsed, and of a scheme that runs nothing
}

func pageLink(raw string) template.URL { return href(raw, "https", "http") }

// hostOf is the host that a link leads to, to be shown beside it.
func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(u.Hostname(), "www.")
}

// shell writes an argument so that a shell takes it as one word and nothing else.
func shell(s string) string {
	s = clean(s)
	plain := func(r rune) bool {
		return r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("._-:/@+", r))
	}
	if s != "" && s[0] != '-' && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// iso is the machine's form of a time, for <time>.
func iso(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// grouped writes a hash or a code in groups that an eye can follow.
func grouped(s string) string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 && i%8 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// estimate is what a flattr would receive if the month closed now: its part of the budget by weight, rounded down, at
// most the cap.
func estimate(sum flattery.Amount, weight, total int64, limit flattery.Amount) flattery.Amount {
	if total <= 0 || weight <= 0 || sum <= 0 {
		return 0
	}
	q, r := int64(sum)/total, int64(sum)%total
	a := flattery.Amount(q*weight + r*weight/total)
	if limit > 0 {
		a = min(a, limit)
	}
	return a
}
