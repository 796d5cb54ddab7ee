package sandbox

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"flattery"
)

// Bank is a bank in miniature with one account: it takes files of transfers (pain.001.001.09), books them, and tells what it booked
// in statements (camt.053.001.08). It reads and writes its files by itself, so that whoever is tried against it is not tried
// against himself. What it can be told to do wrong, banks do. It may be used by many goroutines at once.
type Bank struct {
	Batch bool // books an order as one sum, with its transfers as parts; to be chosen before the first

	mu         sync.Mutex
	iban       string
	clock      *Clock
	opened     flattery.Amount // balance at the end of the last statement
	balance    flattery.Amount
	orders     map[string]bool // message ids that it has seen
	misbook    map[string]flattery.Amount
	booked     []booking // since the last statement
	sent       map[string]bankTransfer
	references int
	statements int
}

// booking is one entry of a statement.
type booking struct {
	in     bool
	at     time.Time
	ref    string
	amount flattery.Amount
	kind   string // of a transfer, in ISO 20022's words
	parts  []bankPart
}

type bankPart struct {
	transfer bankTransfer
	reason   string // of a return
}

type bankTransfer struct {
	Code   string `xml:"PmtId>EndToEndId"`
	Amount struct {
		Currency string `xml:"Ccy,attr"`
		Value    string `xml:",chardata"`
	} `xml:"Amt>InstdAmt"`
	Name string `xml:"Cdtr>Nm"`
	IBAN string `xml:"CdtrAcct>Id>IBAN"`
	Text string `xml:"RmtInf>Ustrd"`

	amount flattery.Amount
}

type bankOrder struct {
	XMLName xml.Name `xml:"urn:iso:std:iso:20022:tech:xsd:pain.001.001.09 Document"`
	ID      string   `xml:"CstmrCdtTrfInitn>GrpHdr>MsgId"`
	Count   int      `xml:"CstmrCdtTrfInitn>GrpHdr>NbOfTxs"`
	Sum     string   `xml:"CstmrCdtTrfInitn>GrpHdr>CtrlSum"`
	Blocks  []struct {
		Day       string         `xml:"ReqdExctnDt>Dt"`
		IBAN      string         `xml:"DbtrAcct>Id>IBAN"`
		Transfers []bankTransfer `xml:"CdtTrfTxInf"`
	} `xml:"CstmrCdtTrfInitn>PmtInf"`
}

// NewBank opens an account with a balance.
func NewBank(iban string, balance flattery.Amount, clock *Clock) *Bank {
	return &Bank{iban: iban, clock: clock, opened: balance, balance: balance,
		orders: map[string]bool{}, misbook: map[string]flattery.Amount{}, sent: map[string]bankTransfer{}}
}

// Balance is what lies on the account.
func (b *Bank) Balance() flattery.Amount {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.balance
}

// Take books a file of transfers, all of them or none. It refuses a message id that it has seen, sums that are wrong, another's
// account, and to pay more than there is.
func (b *Bank) Take(r io.Reader) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var o bankOrder
	if err := xml.NewDecoder(r).Decode(&o); err != nil {
		return fmt.Errorf("bank: %w", err)
	}
	transfers, sum, err := b.read(&o)
	if err != nil {
		return fmt.Errorf("bank: order %s: %w", o.ID, err)
	}
	b.orders[o.ID] = true
	b.balance -= sum
	var parts []bankPart
	for _, t := range transfers {
		b.sent[t.Code] = t
		parts = append(parts, bankPart{transfer: t})
	}
	if b.Batch {
		b.book(booking{amount: sum, kind: "ESCT", parts: parts})
		return nil
	}
	for i, p := range parts {
		b.book(booking{amount: p.transfer.amount, kind: "ESCT", parts: parts[i : i+1]})
	}
	return nil
}

func (b *Bank) read(o *bankOrder) (all []bankTransfer, sum flattery.Amount, err error) {
	var ordered flattery.Amount
	for _, block := range o.Blocks {
		if block.IBAN != b.iban {
			return nil, 0, fmt.Errorf("%q is not the account", block.IBAN)
		}
		for _, t := range block.Transfers {
			if t.amount, err = flattery.ParseAmount(t.Amount.Value); err != nil || t.Amount.Currency != "EUR" || t.amount != t.amount.Cents() {
				return nil, 0, fmt.Errorf("%s: %q %q cannot be moved", t.Code, t.Amount.Value, t.Amount.Currency)
			}
			if _, twice := b.sent[t.Code]; twice {
				return nil, 0, fmt.Errorf("%s was paid before", t.Code)
			}
			ordered += t.amount
			if wrong, ok := b.misbook[t.Code]; ok {
				t.amount = wrong
			}
			sum += t.amount
			all = append(all, t)
		}
	}
	switch {
	case o.ID == "" || b.orders[o.ID]:
		return nil, 0, fmt.Errorf("it was taken before, or has no id")
	case len(all) != o.Count || ordered.String() != o.Sum:
		return nil, 0, fmt.Errorf("%d transfers over %s are announced, %d over %s are there", o.Count, o.Sum, len(all), ordered)
	case sum > b.balance:
		return nil, 0, fmt.Errorf("%s is more than there is", sum)
	}
	return all, sum, nil
}

func (b *Bank) book(e booking) {
	b.references++
	e.ref, e.at = fmt.Sprintf("SB%08d", b.references), b.clock.Now()
	b.booked = append(b.booked, e)
}

// Misbook makes the bank book another amount when it is told to pay a code.
func (b *Bank) Misbook(code string, amount flattery.Amount) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.misbook[code] = amount
}

// Return brings a transfer back, with the payee's bank's reason: AC04 is an account that was closed. A code that was not paid is a
// mistake of the script.
func (b *Bank) Return(code, reason string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t, ok := b.sent[code]
	if !ok {
		panic("sandbox: the bank returns " + code + ", which it never paid")
	}
	b.balance += t.amount
	b.book(booking{in: true, amount: t.amount, kind: "RRTN", parts: []bankPart{{t, reason}}})
}

// Receive books money that somebody sent, with what he wrote on it.
func (b *Bank) Receive(amount flattery.Amount, name, iban, text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.balance += amount
	b.book(booking{in: true, amount: amount, kind: "ESCT", parts: []bankPart{{transfer: bankTransfer{Code: "NOTPROVIDED", Name: name, IBAN: iban, Text: text, amount: amount}}}})
}

// Statement writes what was booked since the last statement.
func (b *Bank) Statement(w io.Writer) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.statements++
	p := &page{at: b.clock.Now()}
	p.open("Document", `xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"`)
	p.open("BkToCstmrStmt")
	p.open("GrpHdr").text("MsgId", fmt.Sprintf("SANDBOX-%d", b.statements)).text("CreDtTm", p.at.Format(time.RFC3339)).shut()
	p.open("Stmt").text("Id", fmt.Sprintf("SANDBOX-%d", b.statements)).text("CreDtTm", p.at.Format(time.RFC3339))
	p.open("Acct").open("Id").text("IBAN", b.iban).shut().text("Ccy", "EUR").shut()
	p.balance("OPBD", b.opened).balance("CLBD", b.balance)
	for _, e := range b.booked {
		p.entry(e, b.iban)
	}
	p.shut().shut().shut()
	b.booked, b.opened = nil, b.balance
	_, err := io.WriteString(w, xml.Header+p.String())
	return err
}

// page is a statement as it is written.
type page struct {
	strings.Builder

	at    time.Time
	inner []string
}

func (p *page) open(name string, attrs ...string) *page {
	p.WriteString("<" + strings.Join(append([]string{name}, attrs...), " ") + ">")
	p.inner = append(p.inner, name)
	return p
}

func (p *page) shut() *page {
	last := len(p.inner) - 1
	p.WriteString("</" + p.inner[last] + ">\n")
	p.inner = p.inner[:last]
	return p
}

func (p *page) text(name, s string, attrs ...string) *page {
	p.open(name, attrs...)
	_ = xml.EscapeText(p, []byte(s)) // a Builder takes all
	return p.shut()
}

// way writes an amount and whether it came; the bank's balance may be a debt.
func (p *page) way(a flattery.Amount, in bool) *page {
	way := "DBIT"
	if in {
		way = "CRDT"
	}
	return p.text("Amt", a.String(), `Ccy="EUR"`).text("CdtDbtInd", way)
}

func (p *page) balance(kind string, a flattery.Amount) *page {
	p.open("Bal").open("Tp").open("CdOrPrtry").text("Cd", kind).shut().shut()
	p.way(max(a, -a), a >= 0)
	return p.open("Dt").text("Dt", p.at.Format(time.DateOnly)).shut().shut()
}

func (p *page) entry(e booking, own string) {
	p.open("Ntry").way(e.amount, e.in).open("Sts").text("Cd", "BOOK").shut()
	p.open("BookgDt").text("Dt", e.at.Format(time.DateOnly)).shut().open("ValDt").text("Dt", e.at.Format(time.DateOnly)).shut().text("AcctSvcrRef", e.ref)
	family := "ICDT"
	if e.in && e.kind != "RRTN" {
		family = "RCDT"
	}
	p.open("BkTxCd").open("Domn").text("Cd", "PMNT").open("Fmly").text("Cd", family).text("SubFmlyCd", e.kind).shut().shut().shut()
	p.open("NtryDtls")
	if len(e.parts) > 1 {
		p.open("Btch").text("NbOfTxs", strconv.Itoa(len(e.parts))).shut()
	}
	for _, part := range e.parts {
		t := part.transfer
		side, account, ours := "Cdtr", "CdtrAcct", "DbtrAcct"
		if e.in && e.kind != "RRTN" {
			side, account, ours = "Dbtr", "DbtrAcct", "CdtrAcct"
		}
		p.open("TxDtls").open("Refs").text("EndToEndId", t.Code).shut().way(t.amount, e.in)
		p.open("RltdPties").open(side).open("Pty").text("Nm", t.Name).shut().shut()
		p.open(account).open("Id").text("IBAN", t.IBAN).shut().shut().open(ours).open("Id").text("IBAN", own).shut().shut().shut()
		if t.Text != "" {
			p.open("RmtInf").text("Ustrd", t.Text).shut()
		}
		if part.reason != "" {
			p.open("RtrInf").open("Rsn").text("Cd", part.reason).shut().shut()
		}
		p.shut()
	}
	p.shut().shut()
}
