package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"flattery"
)

// Error is every mistake in the settings. The command line ends with 78 for it.
type Error struct{ Mistakes []Mistake }

// Error writes one line a mistake.
func (e *Error) Error() string {
	lines := make([]string, len(e.Mistakes))
	for i, m := range e.Mistakes {
		lines[i] = m.String()
	}
	return strings.Join(lines, "\n")
}

// Mistake is one thing that must be mended before anything starts.
type Mistake struct {
	Where string            // "flattery.toml:3", "FLATTERY_LISTEN", "--config"
	What  flattery.Sentence // what is wrong, and how to mend it; never a secret
	line  int
}

// String is the mistake in one line.
func (m Mistake) String() string { return oneLine(m.Where + ": " + m.What.String()) }

type mistakes []Mistake

// err gives the mistakes in the order of the file's lines, then of the variables' names.
func (m mistakes) err() error {
	if len(m) == 0 {
		return nil
	}
	slices.SortStableFunc(m, func(a, b Mistake) int {
		if a.line == 0 || b.line == 0 {
			return cmp.Or(cmp.Compare(b.line, a.line), strings.Compare(a.Where, b.Where))
		}
		return cmp.Compare(a.line, b.line)
	})
	return &Error{Mistakes: m}
}

// oneLine keeps hostile names and values from making two lines of one, or from moving a terminal's cursor.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

// meant is the known name that is nearest to a wrong one: ` (did you mean "listen"?)`, or nothing where none is near.
func meant(wrong string, known []string) string {
	best, distance := "", 4
	for _, k := range known {
		if d := edits(wrong, k); d < distance && d <= len(k)/3 {
			best, distance = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", best)
}

// edits is Levenshtein's distance. Names that are too long to be meant are far from everything.
func edits(a, b string) int {
	if len(a) > 64 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
