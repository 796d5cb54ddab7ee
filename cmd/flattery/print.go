package main

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"text/tabwriter"
	"unicode"

	"golang.org/x/text/width"
)

// print writes the answer of a command: one JSON document with --json, else what text writes.
func (p *program) print(answer any, text func(w io.Writer)) error {
	if p.json {
		if v := reflect.ValueOf(answer); v.Kind() == reflect.Slice && v.IsNil() {
			answer = []any{} // a list of nothing is a list
		}
		e := json.NewEncoder(p.stdout)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(answer)
	}
	text(p.stdout)
	return nil
}

// listed makes a list of nothing a list, so that JSON says [] and not null.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// say writes a message for a person; stdout is for answers.
func (p *program) say(format string, args ...any) { fmt.Fprintf(p.stderr, format+"\n", args...) }

// table writes rows in columns. The first row is the head; what the networks sent is made harmless.
func table(w io.Writer, rows ...[]string) { columns(w, plain, rows...) }

func columns(w io.Writer, safe func(string) string, rows ...[]string) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		for i := range r {
			r[i] = safe(r[i])
		}
		fmt.Fprintln(t, strings.TrimRight(strings.Join(r, "\t"), "\t"))
	}
	_ = t.Flush()
}

// columnMax is how wide a cell may be.
const columnMax = 60

// plain takes from a text what could move a terminal's cursor or turn its direction, and shortens it.
func plain(s string) string {
	s = plainLine(s)
	wide := 0
	for i, r := range s {
		wide++
		if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
			wide++
		}
		if wide > columnMax {
			return s[:i] + "…"
		}
	}
	return s
}

// plainLine is plain for a message, which may be as long as it needs.
func plainLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) {
			return -1
		}
		return r
	}, s)
}

// count writes "1 flattr", "2 flattrs".
func count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
