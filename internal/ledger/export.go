package ledger

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"flattery"
)

// formats is constant: the journals that Export writes.
var formats = map[string]func(*bufio.Writer, Book) error{
	"hledger":   exportHledger,
	"beancount": exportBeancount,
	"csv":       exportCSV,
	"ndjson":    exportNDJSON,
}

// Formats lists what Export can write.
func Formats() []string { return slices.Sorted(maps.Keys(formats)) }

// Export writes the book as a journal with closing assertions, so that programs which are not ours check every
// balance. The same book gives the same bytes.
func Export(w io.Writer, format string, b Book) error {
	write, ok := formats[format]
	if !ok {
		return flattery.Input("unknown format %q: choose one of %s", format, strings.Join(Formats(), ", "))
	}
	buf := bufio.NewWriterSize(w, 1<<16)
	if err := write(buf, b); err != nil {
		return fmt.Errorf("ledger: export %s: %w", format, err)
	}
	return buf.Flush()
}

func exportHledger(w *bufio.Writer, b Book) error {
	accounts := slices.SortedFunc(maps.Keys(b.Totals), byName)
	fmt.Fprintf(w, "; Flattery ledger. Check it with: hledger check -s ordereddates -f FILE\n")
	for _, c := range currencies(accounts) {
		fmt.Fprintf(w, "commodity 1.000000 %s\n", c)
	}
	for _, name := range names(accounts) {
		fmt.Fprintf(w, "account %s\n", hledgerName(name))
	}
	last := time.Unix(0, 0).UTC()
	for t, err := range b.Transactions {
		if err != nil {
			return err
		}
		last = t.At
		fmt.Fprintf(w, "\n%s (%d) %s  ; kind:%s, posted:%s, hash:%s\n", t.At.Format(time.DateOnly), t.Number, t.Key, t.Kind, t.At.Format(time.RFC3339Nano), t.Hash)
		for _, line := range noteLines(t.Note) {
			fmt.Fprintf(w, "    ; %s\n", line)
		}
		for _, e := range t.Entries {
			fmt.Fprintf(w, "    %s  %s %s%s\n", hledgerName(e.Debit), six(e.Amount), e.Currency, flattrTag("  ; flattr:", e.Flattr))
			fmt.Fprintf(w, "    %s  -%s %s\n", hledgerName(e.Credit), six(e.Amount), e.Currency)
		}
	}
	if len(accounts) > 0 {
		fmt.Fprintf(w, "\n%s closing assertions\n", last.Format(time.DateOnly))
		for _, a := range accounts {
			t := b.Totals[a]
			fmt.Fprintf(w, "    %s  0 %s = %s %s\n", hledgerName(a.Name), a.Currency, six(t.Debits-t.Credits), a.Currency)
		}
	}
	return nil
}

func exportBeancount(w *bufio.Writer, b Book) error {
	accounts := slices.SortedFunc(maps.Keys(b.Totals), byName)
	opened, last := "", time.Unix(0, 0).UTC()
	fmt.Fprintf(w, "; Flattery ledger. Check it with: bean-check FILE\n")
	for t, err := range b.Transactions {
		if err != nil {
			return err
		}
		if opened == "" {
			opened = t.At.Format(time.DateOnly)
			for _, name := range names(accounts) {
				fmt.Fprintf(w, "%s open %s\n", opened, beancountName(name))
			}
		}
		last = t.At
		fmt.Fprintf(w, "\n%s * %q\n  number: %d\n  kind: %q\n  posted: %q\n  hash: %q\n", t.At.Format(time.DateOnly), t.Key, t.Number, t.Kind, t.At.Format(time.RFC3339Nano), t.Hash)
		if t.Note != "" {
			fmt.Fprintf(w, "  note: \"%s\"\n", strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", " ", "\r", " ").Replace(t.Note))
		}
		for _, e := range t.Entries {
			fmt.Fprintf(w, "  %s  %s %s\n%s", beancountName(e.Debit), six(e.Amount), e.Currency, flattrTag("    flattr: ", e.Flattr))
			if e.Flattr != 0 {
				w.WriteByte('\n')
			}
			fmt.Fprintf(w, "  %s  -%s %s\n", beancountName(e.Credit), six(e.Amount), e.Currency)
		}
	}
	// A balance directive speaks of the start of its day, so it stands on the day after the last transaction.
	after := last.AddDate(0, 0, 1).Format(time.DateOnly)
	w.WriteByte('\n')
	for _, a := range accounts {
		t := b.Totals[a]
		fmt.Fprintf(w, "%s balance %s  %s ~ 0 %s\n", after, beancountName(a.Name), six(t.Debits-t.Credits), a.Currency)
	}
	return nil
}

func exportCSV(w *bufio.Writer, b Book) error {
	c := csv.NewWriter(w)
	rows := [][]string{{"number", "posted_at", "key", "kind", "note", "reverses", "debit", "credit", "amount", "currency", "flattr", "hash"}}
	for t, err := range b.Transactions {
		if err != nil {
			return err
		}
		for _, e := range t.Entries {
			rows = append(rows, []string{strconv.FormatInt(t.Number, 10), t.At.Format(time.RFC3339Nano), Cell(t.Key), t.Kind, Cell(t.Note),
				number(t.Reverses), e.Debit, e.Credit, six(e.Amount), e.Currency, number(int64(e.Flattr)), t.Hash.String()})
		}
		if err := c.WriteAll(rows); err != nil {
			return err
		}
		rows = rows[:0]
	}
	return c.WriteAll(rows)
}

// exportNDJSON writes one transaction a line, as JSON.
func exportNDJSON(w *bufio.Writer, b Book) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for t, err := range b.Transactions {
		if err != nil {
			return err
		}
		if err := e.Encode(t); err != nil {
			return err
		}
	}
	return nil
}

// Cell makes a text safe in a spreadsheet: what would be read as a formula gets an apostrophe in front.
func Cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

func six(a flattery.Amount) string {
	sign, u := "", uint64(a)
	if a < 0 {
		sign, u = "-", uint64(-a)
	}
	return fmt.Sprintf("%s%d.%06d", sign, u/uint64(flattery.Unit), u%uint64(flattery.Unit))
}

func number(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func flattrTag(tag string, f flattery.FlattrID) string {
	if f == 0 {
		return ""
	}
	return tag + id(int64(f))
}

func noteLines(note string) []string {
	if note == "" {
		return nil
	}
	return strings.Split(strings.ReplaceAll(note, "\r", ""), "\n")
}

func names(accounts []Account) []string {
	var all []string
	for _, a := range accounts {
		all = append(all, a.Name)
	}
	return slices.Compact(all)
}

func currencies(accounts []Account) []string {
	var all []string
	for _, a := range accounts {
		all = append(all, a.Currency)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Under these words the accounts stand in journals: both programs know what an asset and a liability is.
func root(name string) string {
	switch first, _, _ := strings.Cut(name, ":"); first {
	case "assets", "expense", "equity", "income":
		return ""
	default:
		return "liabilities:"
	}
}

func hledgerName(name string) string { return root(name) + name }

// beancountName capitalises each part and puts a letter before numbers: Assets:Pledge:N7.
func beancountName(name string) string {
	parts := strings.Split(root(name)+name, ":")
	for i, p := range parts {
		switch {
		case i == 0 && p == "expense":
			p = "Expenses"
		case p != "" && p[0] >= '0' && p[0] <= '9':
			p = "N" + p
		case p != "":
			p = strings.ToUpper(p[:1]) + p[1:]
		}
		parts[i] = p
	}
	return strings.Join(parts, ":")
}

// Collect makes a sequence of a slice, for books that are small.
func Collect[T any](all []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, t := range all {
			if !yield(t, nil) {
				return
			}
		}
	}
}
