package sepa

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"flattery"
)

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func told(all []Statement) string {
	var b strings.Builder
	for _, s := range all {
		fmt.Fprintf(&b, "statement %s of %s %s\n", s.ID, s.Account, s.Currency)
		for _, e := range s.Entries {
			way := map[bool]string{true: "in", false: "out"}[e.In]
			fmt.Fprintf(&b, "  %s %s %s %s code=%q text=%q name=%q iban=%q return=%v %q\n    %s\n",
				e.Booked.Format(day), way, e.Amount, e.Currency, e.Code, e.Text, e.Name, e.IBAN, e.Return, e.Reason, e.Key)
		}
	}
	return b.String()
}

func TestWhatBanksTellIsRead(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*-0*.xml"))
	if err != nil || len(files) < 4 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			all, err := ReadStatement(bytes.NewReader(read(t, filepath.Base(file))))
			if err != nil {
				t.Fatal(err)
			}
			got, path := told(all), strings.TrimSuffix(file, "xml")+"txt"
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s", got)
			}
			seen := map[string]bool{}
			for _, s := range all {
				for _, e := range s.Entries {
					if len(e.Key) != 32 || seen[e.Key] {
						t.Errorf("the key %s is of more than one entry", e.Key)
					}
					seen[e.Key] = true
				}
			}
		})
	}
}

// Of one entry a notice and a statement, of whatever version and words, give one key.
func TestAnEntryToldTwiceHasOneKey(t *testing.T) {
	var keys []string
	for _, name := range []string{"german-02.xml", "notice-054.xml"} {
		all, err := ReadStatement(bytes.NewReader(read(t, name)))
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, all[0].Entries[0].Key)
	}
	if keys[0] != keys[1] {
		t.Error(keys)
	}
}

// A minimal statement; what stands between is entries.
func around(entries string) string {
	return `<Document><BkToCstmrStmt><Stmt><Id>S</Id><Acct><Id><IBAN>DE75512108001245126199</IBAN></Id></Acct>` + entries + `</Stmt></BkToCstmrStmt></Document>`
}

func entry(amount, more string) string {
	return `<Ntry><Amt Ccy="EUR">` + amount + `</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-10-06</Dt></BookgDt>` + more + `</Ntry>`
}

func balance(kind, amount, way string) string {
	return `<Bal><Tp><CdOrPrtry><Cd>` + kind + `</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">` + amount + `</Amt><CdtDbtInd>` + way + `</CdtDbtInd></Bal>`
}

func part(amount string) string { return `<TxDtls><Amt Ccy="EUR">` + amount + `</Amt></TxDtls>` }

func TestWhatDoesNotAddUpOrIsNoStatementIsRefused(t *testing.T) {
	for _, row := range []struct{ name, file, why string }{
		{"nothing", "", "no statement in it"},
		{"no XML", "MT940", "no statement in it"},
		{"a picture", "\x89PNG\r\n\x1a\n", "invalid UTF-8"},
		{"a page of a bank", "<!DOCTYPE html><html></html>", "document type"},
		{"an entity that eats memory", `<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaa">]><Document>&a;</Document>`, "document type"},
		{"an entity of nobody", around(`<Id>&a;</Id>`), "invalid character entity"},
		{"a version that is none", `<?xml version="0"?>`, "unsupported version"},
		{"an order", string(read(t, "order.xml")), "camt.053"},
		{"half a file", around(entry("1", ""))[:200], "unexpected EOF"},
		{"elements without end", strings.Repeat("<a>", 33), "deeper than 32"},
		{"another alphabet", `<?xml version="1.0" encoding="EBCDIC"?><Document/>`, "save it as UTF-8"},
		{"letters that are none", around("<Id>\xff</Id>"), "UTF-8"},
		{"no account", `<Stmt><Id>S</Id></Stmt>`, "of which account"},
		{"no currency", around(`<Ntry><Amt>1</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-10-06</Dt></BookgDt></Ntry>`), `entry 1: its currency is ""`},
		{"no amount", around(entry("", "")), `entry 1: "" is not an amount`},
		{"less than nothing", around(entry("-5", "")), "entry 1"},
		{"an amount beyond all", around(entry("99999999999999999999", "")), "more than an amount may be"},
		{"an amount with a comma", around(entry("1,00", "")), "not an amount"},
		{"no way", around(`<Ntry><Amt Ccy="EUR">1</Amt><Sts>BOOK</Sts><BookgDt><Dt>2026-10-06</Dt></BookgDt></Ntry>`), "CRDT or DBIT"},
		{"no status", around(`<Ntry><Amt Ccy="EUR">1</Amt></Ntry>`), "whether it is booked"},
		{"no date", around(`<Ntry><Amt Ccy="EUR">1</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts></Ntry>`), "when it was booked"},
		{"a date that is none", around(`<Ntry><Amt Ccy="EUR">1</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-02-30</Dt></BookgDt></Ntry>`), "no date"},
		{"parts that are less", around(entry("10.00", "<NtryDtls>"+part("4")+part("5.99")+"</NtryDtls>")), `statement "S": entry 1: it does not add up: it is 10.00, and its parts are 9.99`},
		{"one part that is more", around(entry("10.00", "<NtryDtls>"+part("10.01")+"</NtryDtls>")), "does not add up"},
		{"a part without an amount", around(entry("10.00", "<NtryDtls>"+part("10")+"<TxDtls/></NtryDtls>")), "part 2: it does not say how much"},
		{"a part in dollars", around(entry("10.00", "<NtryDtls>"+part("5")+`<TxDtls><Amt Ccy="USD">5</Amt></TxDtls></NtryDtls>`)), "part 2"},
		{"a part that goes the other way", around(entry("10.00", `<NtryDtls><TxDtls><Amt Ccy="EUR">10</Amt><CdtDbtInd>DBIT</CdtDbtInd></TxDtls></NtryDtls>`)), "does not add up"},
		{"a part that goes nowhere", around(entry("10.00", `<NtryDtls><TxDtls><CdtDbtInd>UP</CdtDbtInd></TxDtls></NtryDtls>`)), `"UP"`},
		{"an entry that is missing", around(balance("OPBD", "5", "CRDT") + balance("CLBD", "16", "CRDT") + entry("10", "")), "5.00 at first and 10.00 of entries are not 16.00"},
		{"a balance that is in debt", around(balance("PRCD", "5", "DBIT") + balance("CLBD", "15", "CRDT") + entry("10", "")), "does not add up"},
		{"a balance in another currency", around(balance("OPBD", "5", "CRDT") + balance("CLBD", "15", "CRDT") + strings.Replace(entry("10", ""), "EUR", "USD", 1)), "an entry in USD"},
		{"a balance that is no number", around(balance("OPBD", "x", "CRDT") + balance("CLBD", "15", "CRDT")), "opening balance"},
		{"a closing that is no number", around(balance("OPBD", "5", "CRDT") + balance("CLBD", "15", "")), "closing balance"},
		{"entries beyond counting", around(strings.Repeat(entry("1000000000", ""), 4700)), "more than can be counted"},
		{"parts beyond counting", around(entry("1", "<NtryDtls>"+strings.Repeat(part("1000000000"), 4700)+"</NtryDtls>")), "more than can be counted"},
		{"too many entries", around(strings.Repeat("<Ntry/>", partMost+1)), "100000 entries"},
		{"too large", around(`<Id>` + strings.Repeat("a", fileMost) + `</Id>`), "larger than 16 MiB"},
	} {
		t.Run(row.name, func(t *testing.T) {
			all, err := ReadStatement(strings.NewReader(row.file))
			if _, ok := errors.AsType[*flattery.InputError](err); !ok || !strings.Contains(err.Error(), row.why) || all != nil || len(err.Error()) > 1000 || strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' }) {
				t.Errorf("error %.1000v does not say %q", err, row.why)
			}
		})
	}
}

func TestWhatStandsTwiceIsToldApart(t *testing.T) {
	for name, file := range map[string]string{
		"two without a name":       around(entry("5", "") + entry("5", "")),
		"two of one name":          around(entry("5", "<AcctSvcrRef>NONREF</AcctSvcrRef>") + entry("5", "<AcctSvcrRef>NONREF</AcctSvcrRef>")),
		"two of one bank's number": around(entry("5", "<AcctSvcrRef>1</AcctSvcrRef>") + entry("5", "<AcctSvcrRef>1</AcctSvcrRef>")),
		"two parts alike":          around(entry("10", "<NtryDtls>"+part("5")+part("5")+"</NtryDtls>")),
	} {
		all, err := ReadStatement(strings.NewReader(file))
		if err != nil || len(all[0].Entries) != 2 || all[0].Entries[0].Key == all[0].Entries[1].Key {
			t.Errorf("%s: %+v, error %v", name, all, err)
		}
	}
	// The same statement in one file twice is not twice the money.
	one := around(entry("5", "") + entry("5", ""))
	inner := one[strings.Index(one, "<Stmt>") : strings.Index(one, "</Stmt>")+7]
	all, err := ReadStatement(strings.NewReader("<Document>" + inner + inner + "</Document>"))
	if err != nil || len(all) != 2 || all[0].Entries[1].Key != all[1].Entries[1].Key {
		t.Errorf("%+v, error %v", all, err)
	}
}

func TestWhatMovesNothingIsNoEntry(t *testing.T) {
	all, err := ReadStatement(strings.NewReader(around(balance("OPBD", "5", "CRDT") + balance("CLBD", "15", "CRDT") + entry("0.00", "") + entry("10", "<NtryDtls>"+part("10")+part("0")+"</NtryDtls>"))))
	if err != nil || len(all[0].Entries) != 1 || all[0].Entries[0].Amount != 10*flattery.Unit {
		t.Errorf("%+v, error %v", all, err)
	}
}

func TestPartsInAnotherOrderHaveTheirKeys(t *testing.T) {
	a, b := `<TxDtls><Refs><EndToEndId>A</EndToEndId></Refs><Amt Ccy="EUR">5</Amt></TxDtls>`, `<TxDtls><Refs><EndToEndId>B</EndToEndId></Refs><Amt Ccy="EUR">5</Amt></TxDtls>`
	var keys []string
	for _, parts := range []string{a + b, b + a} {
		all, err := ReadStatement(strings.NewReader(around(entry("10", "<NtryDtls>"+parts+"</NtryDtls>"))))
		if err != nil || len(all[0].Entries) != 2 {
			t.Fatal(all, err)
		}
		keys = append(keys, all[0].Entries[0].Key, all[0].Entries[1].Key)
	}
	if keys[0] != keys[3] || keys[1] != keys[2] || keys[0] == keys[1] {
		t.Error(keys)
	}
}

func TestAPageOfSeveralIsNotAddedUp(t *testing.T) {
	page := `<StmtPgntn><PgNb>1</PgNb><LastPgInd>false</LastPgInd></StmtPgntn>`
	if _, err := ReadStatement(strings.NewReader(around(page + balance("OPBD", "5", "CRDT") + balance("CLBD", "99", "CRDT") + entry("10", "")))); err != nil {
		t.Error(err)
	}
}

func TestAReaderThatBreaksIsTold(t *testing.T) {
	broken := errors.New("cable cut")
	if _, err := ReadStatement(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Error(err)
	}
}

func FuzzStatement(f *testing.F) {
	for _, name := range []string{"german-02.xml", "batch-08.xml", "returns-08.xml", "notice-054.xml", "order.xml"} {
		f.Add(read(f, name))
	}
	f.Add([]byte(around(balance("OPBD", "5", "CRDT") + balance("CLBD", "15", "CRDT") + entry("10", "<NtryDtls>"+part("4")+part("6")+"</NtryDtls>"))))
	f.Fuzz(func(t *testing.T, file []byte) {
		all, err := ReadStatement(bytes.NewReader(file))
		if err != nil {
			if _, ok := errors.AsType[*flattery.InputError](err); !ok || all != nil || strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' }) {
				t.Fatalf("error %q", err)
			}
			return
		}
		again, err := ReadStatement(bytes.NewReader(file))
		if err != nil || told(again) != told(all) {
			t.Fatalf("read twice it differs, error %v", err)
		}
		for _, s := range all {
			seen := map[string]bool{}
			for _, e := range s.Entries {
				if e.Amount <= 0 || e.Amount > flattery.MaxAmount || len(e.Currency) != 3 || e.Booked.IsZero() || seen[e.Key] || e.IBAN != "" && !flattery.ValidIBAN(e.IBAN) || strings.ContainsAny(e.Text+e.Name+e.Code+e.Reason, "\n\r\x00\x1b") {
					t.Fatalf("%+v", e)
				}
				seen[e.Key] = true
			}
		}
	})
}
