package sepa

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/text/encoding/charmap"

	"flattery"
	"flattery/connectors"
)

// Bounds of a file that a bank gives, or somebody who says so. A month of a busy account is a tenth of them.
const (
	fileMost  = 16 << 20 // bytes
	depthMost = 32       // elements in one another; the schema has 15
	partMost  = 100_000  // entries, their parts, lines of text
	wordMost  = 1_000    // runes of a text
	sumMost   = 1 << 62  // of amounts, in millionths: far beyond all money, and one amount more cannot turn it round
)

// Statement is what a bank says of one account: its booked entries, in the file's order.
type Statement struct {
	ID       string
	Account  string // IBAN, or what the bank calls it by where it has none
	Currency string // "" where the bank does not say
	Entries  []Entry
}

// Entry is money that came or went, and is booked. A sum of many transfers is an entry for each of them, where the bank lists them.
type Entry struct {
	Key      string // the same whenever the bank tells of this entry again, and of no other; 32 hex digits
	Booked   time.Time
	Amount   flattery.Amount // more than nothing
	Currency string
	In       bool   // it came
	Code     string // the end-to-end id; "" where nobody gave one. Of a return it is that of the transfer that came back
	Text     string // what the payer wrote, on one line
	Name     string // of the other side
	IBAN     string // of the other side; "" where it is none or unknown
	Return   bool   // In: a transfer of ours came back. Else: we gave back what had come
	Reason   string // of a return: the bank's code, as AC04, "" where it gives none
}

// ReadStatement reads a file of statements (camt.053 of any version) or notices (camt.054), in whatever namespace. What is announced
// and not booked is left out, and so is what moves nothing. It refuses, as an *InputError that says where: what is no such file,
// is larger than 16 MiB, has a document type, or does not add up (the parts of an entry; the balances and what lies between them).
func ReadStatement(r io.Reader) ([]Statement, error) {
	from := &source{LimitedReader: io.LimitedReader{R: r, N: fileMost + 1}}
	raw := xml.NewDecoder(from)
	raw.CharsetReader = charset
	d := xml.NewTokenDecoder(&guard{d: raw})
	var all []Statement
	fail := func(err error) ([]Statement, error) {
		line, _ := raw.InputPos()
		switch {
		case from.broken != nil:
			return nil, fmt.Errorf("statement, near line %d: %w", line, from.broken)
		case from.N <= 0:
			return nil, flattery.Input("statement: it is larger than %d MiB: ask the bank for fewer days at once", fileMost>>20)
		}
		if wrong, ours := errors.AsType[*flattery.InputError](err); ours {
			return nil, flattery.Input("statement, near line %d: %s", line, wrong)
		}
		return nil, flattery.Input("statement, near line %d: %s", line, connectors.Clean(err.Error(), wordMost))
	}
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fail(err)
		}
		start, ok := t.(xml.StartElement)
		if !ok || start.Name.Local != "Stmt" && start.Name.Local != "Ntfctn" {
			continue
		}
		var s camtStatement
		if err := d.DecodeElement(&s, &start); err != nil {
			return fail(err)
		}
		st, err := s.flat()
		if err != nil {
			return fail(err)
		}
		all = append(all, st)
	}
	if from.N <= 0 {
		return fail(nil)
	}
	if len(all) == 0 {
		return fail(flattery.Input("there is no statement in it: give the bank's file of kind camt.053 or camt.054, unpacked"))
	}
	return all, nil
}

// source tells what is wrong with a file from what is wrong with the way to it.
type source struct {
	io.LimitedReader

	broken error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.LimitedReader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.broken = err
	}
	return n, err
}

// charset reads what old bank software still writes; UTF-8 needs no reader.
func charset(label string, r io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "iso-8859-1", "latin1", "windows-1252":
		return charmap.Windows1252.NewDecoder().Reader(r), nil
	case "iso-8859-15":
		return charmap.ISO8859_15.NewDecoder().Reader(r), nil
	}
	return nil, flattery.Input("it is written in %.40q: save it as UTF-8", label)
}

// guard hands on the parts of a file, and stops at what no bank writes before anything is made of it.
type guard struct {
	d            *xml.Decoder
	depth, parts int
}

func (g *guard) Token() (xml.Token, error) {
	t, err := g.d.RawToken()
	if err != nil {
		return t, err
	}
	switch e := t.(type) {
	case xml.Directive:
		return nil, flattery.Input("it has a document type, as no bank's file has")
	case xml.StartElement:
		if g.depth++; g.depth > depthMost {
			return nil, flattery.Input("its elements lie deeper than %d in one another", depthMost)
		}
		switch e.Name.Local {
		case "Ntry", "TxDtls", "Ustrd", "Bal", "Chrgs", "Strd", "AddtlRmtInf":
			if g.parts++; g.parts > partMost {
				return nil, flattery.Input("it has more than %d entries, parts and lines: ask the bank for fewer days at once", partMost)
			}
		}
	case xml.EndElement:
		g.depth--
	}
	return t, nil
}

// flat makes of a statement its booked entries.
func (s *camtStatement) flat() (Statement, error) {
	st := Statement{ID: connectors.Clean(s.ID, wordMost), Account: s.Account.id(), Currency: strings.TrimSpace(s.Account.Currency)}
	where := func(err error) (Statement, error) {
		return Statement{}, flattery.Input("statement %.60q: %s", st.ID, err)
	}
	if st.Account == "" {
		return where(flattery.Input("it does not say of which account"))
	}
	sums := map[string]flattery.Amount{} // of a currency, what came less what went
	again := map[string]int{}
	for i := range s.Entries {
		n := &s.Entries[i]
		if status := n.Status.of(); status != "BOOK" {
			if status == "" {
				return where(flattery.Input("entry %d does not say whether it is booked", i+1))
			}
			continue
		}
		list, err := n.flat(st, i)
		if err != nil {
			return where(flattery.Input("entry %d: %s", i+1, err))
		}
		for _, e := range list {
			if e.Amount == 0 { // banks tell of interest and fees that came to nothing
				continue
			}
			// What is alike in all that a bank says is told apart by how many it is.
			again[e.Key]++
			if k := again[e.Key]; k > 1 {
				e.Key = key(e.Key, fmt.Sprint(k))
			}
			st.Entries = append(st.Entries, e)
		}
		a, in, err := n.sum()
		if err != nil {
			return where(flattery.Input("entry %d: %s", i+1, err))
		}
		if !in {
			a = -a
		}
		c := n.Amount.currency()
		if sums[c] += a; sums[c] > sumMost || sums[c] < -sumMost {
			return where(flattery.Input("its sum is more than can be counted"))
		}
	}
	if err := s.balanced(sums); err != nil {
		return where(err)
	}
	return st, nil
}

// balanced compares what was before, what came and went, and what is. It is known only of a whole statement that says both.
func (s *camtStatement) balanced(sums map[string]flattery.Amount) error {
	if s.Page != nil && (strings.TrimSpace(s.Page.Number) != "1" || !yes(s.Page.Last)) {
		return nil
	}
	var before, after *camtBalance
	for i := range s.Balances {
		b := &s.Balances[i]
		switch strings.TrimSpace(b.Kind) {
		case "OPBD":
			before = b
		case "PRCD": // the day before's end is this day's begin
			if before == nil {
				before = b
			}
		case "CLBD":
			after = b
		}
	}
	if before == nil || after == nil {
		return nil
	}
	was, err := before.signed()
	if err != nil {
		return flattery.Input("the opening balance %s", err)
	}
	is, err := after.signed()
	if err != nil {
		return flattery.Input("the closing balance %s", err)
	}
	currency := after.Amount.currency()
	for c := range sums {
		if c != currency {
			return flattery.Input("its balance is in %s and an entry in %s", currency, c)
		}
	}
	if before.Amount.currency() != currency || was+sums[currency] != is {
		return flattery.Input("it does not add up: %s at first and %s of entries are not %s: ask the bank for the whole file", was, sums[currency], is)
	}
	return nil
}

// key is the first half of the SHA-256 of what tells an entry from all others.
func key(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x1f")))
	return hex.EncodeToString(sum[:16])
}
