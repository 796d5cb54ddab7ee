package ledger

import (
	"bytes"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"flattery"
)

const october = flattery.Month(2026*12 + 9)

var noon = time.Date(2026, 11, 4, 12, 0, 0, 0, time.UTC)

// owes is one debt of donor 1, in EUR.
func owes(d flattery.Debt) iter.Seq2[flattery.Debt, error] {
	d.Donor, d.Currency = 1, "EUR"
	return Collect([]flattery.Debt{d})
}

// sound is a book that is right: one donor's settled month, of which a payment has left.
func sound() Book {
	drafts := []Draft{
		{Key: SettleKey(october, 1), Kind: "settle", At: noon, Entries: []Entry{
			{Debit: Pledge(1), Credit: DonorMeans(1), Currency: "EUR", Amount: 5},
			{Debit: DonorMeans(1), Credit: PayeePayable(1), Currency: "EUR", Amount: 3, Flattr: 11},
			{Debit: DonorMeans(1), Credit: PayeePayable(2), Currency: "EUR", Amount: 2, Flattr: 12}}},
		{Key: "leave:1", Kind: "leave", At: noon, Note: "=A1", Entries: []Entry{{Debit: PayeePayable(1), Credit: Transit("manual"), Currency: "EUR", Amount: 3}}},
	}
	b := Book{
		Totals: map[Account]Total{
			{Pledge(1), "EUR"}: {Debits: 5}, {DonorMeans(1), "EUR"}: {Debits: 5, Credits: 5},
			{PayeePayable(1), "EUR"}: {Debits: 3, Credits: 3}, {PayeePayable(2), "EUR"}: {Credits: 2}, {Transit("manual"), "EUR"}: {Credits: 3},
		},
		Months:      []flattery.MonthState{{Month: october, Digest: "d", Donors: 1, Budgets: 5, Shares: 5}},
		Digests:     map[flattery.Month]string{october: "d"},
		Settlements: Collect([]flattery.Settlement{{Month: october, Donor: 1, Currency: "EUR", Budget: 5, Shares: 5, Flattrs: 2, Transaction: 1}}),
		Debts:       owes(flattery.Debt{Payee: 2, Amount: 2}),
	}
	b.Transactions = Collect(chained(drafts))
	return b
}

func chained(drafts []Draft) (all []Transaction) {
	var last Hash
	for i, d := range drafts {
		t := Transaction{Draft: d, Number: int64(i + 1), Body: d.BodyHash()}
		t.Hash = Chain(last, t.Number, t.At, t.Body)
		last = t.Hash
		all = append(all, t)
	}
	return all
}

func transactions(b Book) (all []Transaction) {
	for t := range b.Transactions {
		t.Entries = slices.Clone(t.Entries)
		all = append(all, t)
	}
	return all
}

func TestAnAuditFindsWhatWasChanged(t *testing.T) {
	// Each changes one thing, and names a word of the fault that must be found.
	for name, c := range map[string]struct {
		change func(b *Book, t []Transaction)
		fault  string
	}{
		"nothing":                  {func(*Book, []Transaction) {}, ""},
		"an amount":                {func(_ *Book, t []Transaction) { t[0].Entries[1].Amount++ }, "entries are not those"},
		"an account":               {func(_ *Book, t []Transaction) { t[0].Entries[1].Credit = PayeePayable(2) }, "entries are not those"},
		"whose share it is":        {func(_ *Book, t []Transaction) { t[0].Entries[1].Flattr = 99 }, "entries are not those"},
		"a note":                   {func(_ *Book, t []Transaction) { t[1].Note = "other" }, "entries are not those"},
		"a time":                   {func(_ *Book, t []Transaction) { t[1].At = noon.Add(time.Microsecond) }, "chain is broken"},
		"a time that goes back":    {func(_ *Book, t []Transaction) { t[1].At = noon.Add(-time.Second) }, "before the one it follows"},
		"a number":                 {func(_ *Book, t []Transaction) { t[1].Number = 3 }, "gap"},
		"a hash":                   {func(_ *Book, t []Transaction) { t[0].Hash[0] ^= 1 }, "chain is broken"},
		"an entry, body and chain": {func(_ *Book, t []Transaction) { copy(t, forged(t)) }, "statement says"},
		"a total":                  {func(b *Book, _ []Transaction) { b.Totals[Account{Pledge(1), "EUR"}] = Total{Debits: 6} }, "kept totals"},
		"an account more":          {func(b *Book, _ []Transaction) { b.Totals[Account{Bank, "EUR"}] = Total{Debits: 1} }, "kept totals"},
		"an account less":          {func(b *Book, _ []Transaction) { delete(b.Totals, Account{Pledge(1), "EUR"}) }, "no totals"},
		"a month's donors":         {func(b *Book, _ []Transaction) { b.Months[0].Donors = 2 }, "control sums"},
		"a month's shares":         {func(b *Book, _ []Transaction) { b.Months[0].Shares = 4 }, "control sums"},
		"a frozen flattr":          {func(b *Book, _ []Transaction) { b.Digests[october] = "e" }, "not those that were frozen"},
		"a debt":                   {func(b *Book, _ []Transaction) { b.Debts = owes(flattery.Debt{Payee: 2, Amount: 1}) }, "not what is owed"},
		"a debt above the pledge":  {func(b *Book, _ []Transaction) { b.Debts = owes(flattery.Debt{Payee: 2, Amount: 9}) }, "pledged only"},
		"a plan above the debt":    {func(b *Book, _ []Transaction) { b.Debts = owes(flattery.Debt{Payee: 2, Amount: 2, Planned: 3}) }, "planned"},
		"a debt to somebody else":  {func(b *Book, _ []Transaction) { b.Debts = owes(flattery.Debt{Payee: 99, Amount: 2}) }, "owed to it"},
		"given on, and not posted": {func(b *Book, _ []Transaction) {
			b.Given = []flattery.Given{{Month: october, Account: 1, Currency: "EUR", Amount: 1}}
		}, "the entries say 0.00"},
		"spent, and in no statement": {func(b *Book, _ []Transaction) {
			b.Given = []flattery.Given{{Month: october, Account: 1, Currency: "EUR", Amount: 1, Spent: 1}}
		}, "than was taken from it"},
		"a netting that adds": {func(b *Book, _ []Transaction) {
			b.Netted = []flattery.Netted{{Plan: october, Donor: 1, Payee: 1, Currency: "EUR", Becomes: 1}}
		}, "more than before"},
		"a payee who waits for nothing": {func(b *Book, _ []Transaction) {
			b.Unmet = []flattery.Unmet{{Payment: 1, Left: 1, To: flattery.Debt{Payee: 1, Currency: "EUR"}}}
		}, "more than others owe"},
		"no statement":  {func(b *Book, _ []Transaction) { b.Settlements = Collect[flattery.Settlement](nil) }, "no statement says so"},
		"a stray entry": {func(b *Book, _ []Transaction) { b.Strays = 1 }, "belong to no transaction"},
	} {
		t.Run(name, func(t *testing.T) {
			b := sound()
			all := transactions(b)
			c.change(&b, all)
			b.Transactions = Collect(all)
			r, err := Audit(b)
			if err != nil {
				t.Fatal(err)
			}
			if found := strings.Join(r.Faults, "\n"); c.fault == "" && found != "" || !strings.Contains(found, c.fault) {
				t.Errorf("found %q, want %q", found, c.fault)
			}
		})
	}
}

// forged makes a share larger and the chain right again: totals and statements still tell.
func forged(t []Transaction) []Transaction {
	t[0].Entries[1].Amount, t[0].Entries[2].Amount = 4, 2
	drafts := make([]Draft, len(t))
	for i := range t {
		drafts[i] = t[i].Draft
	}
	return chained(drafts)
}

func TestABodyIsReadInOneWayOnly(t *testing.T) {
	d := Draft{Key: "k", Kind: "x", Note: "n", Entries: []Entry{{Debit: "a", Credit: "b", Currency: "EUR", Amount: 12, Flattr: 3}}}
	seen := map[Hash]string{}
	for name, change := range map[string]func(*Draft){
		"as it is":              func(*Draft) {},
		"key and kind moved":    func(d *Draft) { d.Key, d.Kind = "", "kx" },
		"a line in the note":    func(d *Draft) { d.Note = "n\n0\na b EUR 12 3" },
		"amount and flattr":     func(d *Draft) { d.Entries[0].Amount, d.Entries[0].Flattr = 1, 23 },
		"the other way":         func(d *Draft) { d.Entries[0].Debit, d.Entries[0].Credit = "b", "a" },
		"twice":                 func(d *Draft) { d.Entries = append(d.Entries, d.Entries[0]) },
		"mends another":         func(d *Draft) { d.Reverses = 1 },
		"in another currency":   func(d *Draft) { d.Entries[0].Currency = "SEK" },
		"one millionth more":    func(d *Draft) { d.Entries[0].Amount++ },
		"without its one entry": func(d *Draft) { d.Entries = nil },
	} {
		one := d
		one.Entries = slices.Clone(d.Entries)
		change(&one)
		if other, ok := seen[one.BodyHash()]; ok {
			t.Errorf("%s has the hash of %s", name, other)
		}
		seen[one.BodyHash()] = name
	}
}

func TestADraftThatNoBookMayTakeIsRefused(t *testing.T) {
	good := Entry{Debit: "a", Credit: "b", Currency: "EUR", Amount: 1}
	with := func(change func(*Entry)) Entry { e := good; change(&e); return e }
	for name, e := range map[string]Entry{
		"nothing":           with(func(e *Entry) { e.Amount = 0 }),
		"less than nothing": with(func(e *Entry) { e.Amount = -1 }),
		"too much":          with(func(e *Entry) { e.Amount = flattery.MaxAmount + 1 }),
		"to itself":         with(func(e *Entry) { e.Credit = "a" }),
		"from nowhere":      with(func(e *Entry) { e.Credit = "" }),
		"of no currency":    with(func(e *Entry) { e.Currency = "" }),
	} {
		if err := (&Draft{Key: "k", Kind: "x", Entries: []Entry{good, e}}).Check(); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if err := (&Draft{Key: "k", Kind: "x", Entries: []Entry{good}}).Check(); err != nil {
		t.Error(err)
	}
}

func TestAReverseUndoesWhatItReverses(t *testing.T) {
	all := transactions(sound())
	d := all[0].Reverse("r", "", noon)
	sums := map[string]flattery.Amount{}
	for _, e := range append(slices.Clone(all[0].Entries), d.Entries...) {
		sums[e.Debit] += e.Amount
		sums[e.Credit] -= e.Amount
	}
	for name, left := range sums {
		if left != 0 {
			t.Errorf("%s keeps %s", name, left)
		}
	}
	if d.Reverses != 1 {
		t.Errorf("it reverses %d", d.Reverses)
	}
}

func TestExportsAreTheSameEachTimeAndSafeToOpen(t *testing.T) {
	for _, format := range Formats() {
		var a, b bytes.Buffer
		if err := Export(&a, format, sound()); err != nil {
			t.Fatal(err)
		}
		if err := Export(&b, format, sound()); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Errorf("%s: two exports of one book differ", format)
		}
		if format == "csv" && !strings.Contains(a.String(), ",'=A1,") {
			t.Errorf("a note that a spreadsheet would run: %s", a.String())
		}
	}
	if err := Export(&bytes.Buffer{}, "ods", sound()); err == nil || !strings.Contains(err.Error(), "beancount, csv, hledger, ndjson") {
		t.Errorf("an unknown format: %v", err)
	}
	if got := slices.Sorted(maps.Keys(formats)); !slices.Equal(got, Formats()) {
		t.Error(got)
	}
}
