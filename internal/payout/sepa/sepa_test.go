package sepa

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"flattery"
	"flattery/connectors/connectortest"
	"flattery/internal/judges"
)

var update = flag.Bool("update", false, "write the golden files anew")

var october = time.Date(2026, 10, 5, 9, 30, 0, 0, time.UTC)

func twoSlips() Order {
	return Order{ID: "FLATTERY-2026-09-1", CreatedAt: october, On: october.AddDate(0, 0, 1),
		Debtor: Party{Name: "Verein für freie Töne e.V.", IBAN: "DE75512108001245126199"},
		Transfers: []Transfer{
			{Code: "AAAA-BBBB-CCCC", Amount: 12*flattery.Unit + 34*flattery.Cent, Currency: "EUR", To: Party{Name: "Søren Œdegård & Κόρη", IBAN: "FR1420041010050500013M02606", BIC: "PSSTFRPPPAR"}, Text: "Flattery AAAA-BBBB-CCCC – danke!"},
			{Code: "DDDD-EEEE-FFFF", Amount: flattery.Cent, Currency: "EUR", To: Party{Name: "Ada <Lovelace>", IBAN: "GB29NWBK60161331926819"}},
		}}
}

func written(t interface {
	Helper()
	Fatal(...any)
}, o Order) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := o.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAnOrderIsTheFileThatBanksTake(t *testing.T) {
	got, path := written(t, twoSlips()), filepath.Join("testdata", "order.xml")
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the file is now\n%s", got)
	}
	if bytes.Contains(got, []byte("PstlAdr")) {
		t.Error("the file has a postal address")
	}
}

// judge lets a program that is not ours hold files against the schema of ISO 20022.
func judge(t *testing.T) func(tb rapid.TB, file []byte) {
	t.Helper()
	schema := connectortest.Shared(t, "schemas", "pain.001.001.09.xsd")
	program, there := judges.Find(t, "xmllint")
	if !there {
		t.SkipNow()
	}
	return func(tb rapid.TB, file []byte) {
		tb.Helper()
		c := exec.CommandContext(t.Context(), program, "--noout", "--nonet", "--schema", schema, "-")
		c.Stdin = bytes.NewReader(file)
		if out, err := c.CombinedOutput(); err != nil {
			tb.Fatalf("%v\n%.2000s\n%.2000s", err, out, file)
		}
	}
}

func TestTheSchemaAgreesWithTheFile(t *testing.T) {
	valid := judge(t)
	valid(t, written(t, twoSlips()))
	broken := bytes.Replace(written(t, twoSlips()), []byte("<ChrgBr>SLEV"), []byte("<ChrgBr>NOPE"), 1)
	program, there := judges.Find(t, "xmllint")
	if !there {
		t.SkipNow()
	}
	c := exec.CommandContext(t.Context(), program, "--noout", "--nonet", "--schema", connectortest.Shared(t, "schemas", "pain.001.001.09.xsd"), "-")
	c.Stdin = bytes.NewReader(broken)
	if c.Run() == nil {
		t.Error("the schema takes a broken file, and judges nothing")
	}
}

// hostile are names as people type them, and worse.
func hostile() *rapid.Generator[string] {
	return rapid.OneOf(rapid.String(), rapid.StringN(60, 300, -1), rapid.SampledFrom([]string{
		"]]><Nm>", "&amp;&#0;", "<!DOCTYPE x>", "Ad\x00a", "\xff\xfe", "A\u202edroW", "ﬁﬂ ½ ™ ㎏", "名前 Ada", strings.Repeat("ß", 80), "  A\r\n\tB  ", "Ž\u0323\u0301", "é", "=1+1", strings.Repeat("a ", 60),
	}))
}

func TestWhateverTheNamesTheFileIsValidAndSaysWhatWasMeant(t *testing.T) {
	valid := judge(t)
	rapid.Check(t, func(t *rapid.T) {
		o := twoSlips()
		o.Debtor.Name, o.Transfers = "D"+hostile().Draw(t, "debtor"), nil
		var sum flattery.Amount
		for i := range rapid.IntRange(1, 8).Draw(t, "transfers") {
			a := flattery.Amount(rapid.Int64Range(1, 99_999_999_999).Draw(t, "cents")) * flattery.Cent
			sum += a
			o.Transfers = append(o.Transfers, Transfer{Code: fmt.Sprintf("CODE-%d", i), Amount: a, Currency: "EUR",
				To: Party{Name: "P" + hostile().Draw(t, "name"), IBAN: "DE75512108001245126199"}, Text: hostile().Draw(t, "text")})
		}
		file := written(t, o)
		valid(t, file)
		var d document
		if err := xml.Unmarshal(file, &d); err != nil {
			t.Fatal(err)
		}
		var total flattery.Amount
		for i, x := range d.Block.Transfers {
			if x.Text == nil {
				x.Text = &note{}
			}
			a, err := flattery.ParseAmount(x.Amount.Value)
			if total += a; err != nil || a != o.Transfers[i].Amount || x.Code != o.Transfers[i].Code || len(x.Name) > nameMost || len(x.Text.Text) > textMost || x.Text.Text != Latin(o.Transfers[i].Text, textMost) {
				t.Errorf("transfer %+v of %+v, error %v", x, o.Transfers[i], err)
			}
		}
		if n := fmt.Sprint(len(o.Transfers)); total != sum || d.Head.Sum != sum.String() || d.Block.Sum != sum.String() || d.Head.Count != n || d.Block.Count != n {
			t.Errorf("sum %s, count %s of %s in %s", d.Head.Sum, d.Head.Count, sum, n)
		}
	})
}

func TestAWholeTextIsOfTheLatinSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, most := hostile().Draw(t, "text"), rapid.IntRange(1, 140).Draw(t, "most")
		got := Latin(s, most)
		if len(got) > most || got != strings.TrimSpace(got) || strings.Contains(got, "  ") || strings.ContainsFunc(got, func(r rune) bool {
			return r >= utf8.RuneSelf || r != ' ' && !letterOrDigit(byte(r)) && !strings.ContainsRune(latinMarks, r)
		}) {
			t.Errorf("%q becomes %q", s, got)
		}
		if again := Latin(got, most); again != got {
			t.Errorf("%q becomes %q, and then %q", s, got, again)
		}
	})
}

func TestHowNamesAreWritten(t *testing.T) {
	for given, want := range map[string]string{
		"Ada Lovelace": "Ada Lovelace", "Žižek & Søn": "Zizek + Son", "Straße": "Strasse", "GROẞ": "GROSS", "Œuvre Ærø": "OEuvre AEro", "Łódź": "Lodz", "Þórður": "THordur", "Ağaoğlu Işıl İ": "Agaoglu Isil I",
		"Иван Щукин": "Ivan SHTukin", "Йосиф Ёлка": "Iosif Elka", "Νίκος Ψαρράς": "Nikos PSarras", "名前": "..", "Ada 😀": "Ada .", "O’Neill": "O'Neill", "a\u00a0b\tc\n\nd": "a b c d", "ﬁn … ½": "fin ... 1.2", "x@y_z": "x.y-z",
		"\u202eevil\u202c": "evil", "Zoe\u0301": "Zoe", "50 €": "50 E", "a\x00b": "ab",
	} {
		if got := Latin(given, 70); got != want {
			t.Errorf("%q is written %q, want %q", given, got, want)
		}
	}
	if got := Latin("abc defg", 4); got != "abc" {
		t.Errorf("cut to %q", got)
	}
}

func TestWhatNoBankWouldTakeIsRefused(t *testing.T) {
	for _, row := range []struct {
		name string
		make func(*Order)
		why  string
	}{
		{"no id", func(o *Order) { o.ID = "" }, "message id"},
		{"an id that is too long", func(o *Order) { o.ID = strings.Repeat("A", 36) }, "at most 35"},
		{"an id that a bank would change", func(o *Order) { o.ID = "Ä/1" }, "message id"},
		{"no time", func(o *Order) { o.CreatedAt = time.Time{} }, "choose a day"},
		{"no day", func(o *Order) { o.On = time.Time{} }, "choose a day"},
		{"yesterday", func(o *Order) { o.On = o.CreatedAt.AddDate(0, 0, -1) }, "choose a day"},
		{"nobody pays", func(o *Order) { o.Debtor.Name = " " }, "debtor's name"},
		{"a debtor's IBAN with a slip of the pen", func(o *Order) { o.Debtor.IBAN = "DE75512108001245126198" }, "debtor's IBAN"},
		{"a debtor's BIC that is none", func(o *Order) { o.Debtor.BIC = "X" }, "debtor's BIC"},
		{"nothing to pay", func(o *Order) { o.Transfers = nil }, "0 transfers"},
		{"a transfer without a code", func(o *Order) { o.Transfers[1].Code = "" }, "transfer 2: the code"},
		{"two of one code", func(o *Order) { o.Transfers[1].Code = "AAAA-BBBB-CCCC" }, "transfers 1 and 2"},
		{"dollars", func(o *Order) { o.Transfers[1].Currency = "USD" }, `DDDD-EEEE-FFFF is in "USD"`},
		{"no currency", func(o *Order) { o.Transfers[1].Currency = "" }, "EUR only"},
		{"less than a cent", func(o *Order) { o.Transfers[0].Amount++ }, "12.340001"},
		{"nothing", func(o *Order) { o.Transfers[0].Amount = 0 }, "whole cents from 0.01 to 999999999.99"},
		{"less than nothing", func(o *Order) { o.Transfers[0].Amount = -flattery.Unit }, "whole cents"},
		{"more than a bank moves", func(o *Order) { o.Transfers[0].Amount = flattery.MaxAmount }, "whole cents"},
		{"a payee's IBAN with a slip of the pen", func(o *Order) { o.Transfers[0].To.IBAN = "fr1420041010050500013M02606" }, "AAAA-BBBB-CCCC: the payee's IBAN"},
		{"a payee's BIC that is none", func(o *Order) { o.Transfers[0].To.BIC = "psstfrpp" }, "payee's BIC"},
		{"a payee whose name no file can carry", func(o *Order) { o.Transfers[0].To.Name = "名前" }, "payee's name"},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := twoSlips()
			row.make(&o)
			var b bytes.Buffer
			err := o.Write(&b)
			if _, ok := errors.AsType[*flattery.InputError](err); !ok || !strings.Contains(err.Error(), row.why) || b.Len() > 0 {
				t.Errorf("error %v does not say %q, %d bytes written", err, row.why, b.Len())
			}
		})
	}
}

func TestASumThatCannotBeCountedIsRefused(t *testing.T) {
	o := twoSlips()
	one := o.Transfers[0]
	one.Amount, o.Transfers = transferMost, nil
	for i := range 9_300 {
		one.Code = fmt.Sprint(i)
		o.Transfers = append(o.Transfers, one)
	}
	if err := o.Write(io.Discard); err == nil || !strings.Contains(err.Error(), "several files") {
		t.Error(err)
	}
}

func TestADiskThatIsFullIsTold(t *testing.T) {
	full := errors.New("disk full")
	for _, after := range []int{0, 100, 2000} {
		if err := twoSlips().Write(&limited{after, full}); !errors.Is(err, full) && after < 2000 {
			t.Errorf("after %d bytes: %v", after, err)
		}
	}
}

type limited struct {
	left int
	err  error
}

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, l.err
	}
	return len(p), nil
}
