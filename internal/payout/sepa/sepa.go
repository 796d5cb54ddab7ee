// Package sepa is the rail of banks that take files: an Order of credit transfers is written (ISO 20022, pain.001.001.09), and what
// the bank tells is read (camt.053 and camt.054). It reads and writes; it holds no money, opens no connection and knows neither
// the ledger nor who is paid why. A file has no postal address: banks refuse those that are not in parts, and Flattery knows none.
package sepa

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"flattery"
)

// What fits into a file, in characters, and the most that one transfer moves.
const (
	idMost        = 35
	nameMost      = 70
	textMost      = 140
	transfersMost = 100_000 // more than any bank takes in one file
	transferMost  = 1_000_000_000*flattery.Unit - flattery.Cent
)

const (
	currency = "EUR"
	day      = "2006-01-02"
	instant  = "2006-01-02T15:04:05Z"
	nobody   = "NOTPROVIDED" // what stands where there is nothing to say and something must be said
	idMarks  = "-.:+,?()'"
)

// Party is who pays or is paid.
type Party struct {
	Name string // of the account's holder; written in Latin letters, cut to 70
	IBAN string // capitals, no blanks
	BIC  string // "": the bank finds it by the IBAN
}

// Transfer is one payment of an order.
type Transfer struct {
	Code     string // the end-to-end id, which the payee's bank passes on: a payment's code
	Amount   flattery.Amount
	Currency string // EUR
	To       Party
	Text     string // what the payee reads; written in Latin letters, cut to 140; "" is none
}

// Order is a file of credit transfers from one account on one day. Banks refuse an ID that they have seen, so that an order
// written twice is paid once.
type Order struct {
	ID        string // message id
	CreatedAt time.Time
	On        time.Time // the day on which the bank shall pay; only its date counts, in UTC
	Debtor    Party
	Transfers []Transfer
}

// Write writes the file, or nothing and an *InputError that says what of the order no bank would take.
func (o Order) Write(w io.Writer) error {
	sum, err := o.check()
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("order %s: %w", o.ID, err)
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(o.document(sum)); err != nil {
		return fmt.Errorf("order %s: %w", o.ID, err)
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return fmt.Errorf("order %s: %w", o.ID, err)
	}
	return nil
}

// check gives the sum of an order that a bank would take.
func (o Order) check() (sum flattery.Amount, err error) {
	wrong := func(err error) (flattery.Amount, error) { return 0, flattery.Input("order %.40q: %s", o.ID, err) }
	if err := checkID("message id", o.ID); err != nil {
		return wrong(err)
	}
	if o.CreatedAt.IsZero() || o.On.IsZero() || o.On.UTC().Format(day) < o.CreatedAt.UTC().Format(day) {
		return wrong(flattery.Input("it is to be paid on %s and was made on %s: choose a day that is not before", o.On.UTC().Format(day), o.CreatedAt.UTC().Format(day)))
	}
	if err := o.Debtor.check("debtor"); err != nil {
		return wrong(err)
	}
	if len(o.Transfers) == 0 || len(o.Transfers) > transfersMost {
		return wrong(flattery.Input("it has %d transfers: a file has from 1 to %d", len(o.Transfers), transfersMost))
	}
	seen := map[string]int{}
	for i, t := range o.Transfers {
		if err := t.Check(); err != nil {
			return wrong(flattery.Input("transfer %d: %s", i+1, err))
		}
		if first, ok := seen[t.Code]; ok {
			return wrong(flattery.Input("transfers %d and %d have the same code %s: each needs its own", first, i+1, t.Code))
		}
		seen[t.Code] = i + 1
		if sum > math.MaxInt64-t.Amount {
			return wrong(flattery.Input("its sum is more than can be counted: make several files"))
		}
		sum += t.Amount
	}
	return sum, nil
}

// Check says what of a transfer no bank would take, as an *InputError: so that one can be left out before the order is made.
func (t Transfer) Check() error {
	if err := checkID("code", t.Code); err != nil {
		return err
	}
	if t.Currency != currency {
		return flattery.Input("%s is in %.10q: SEPA moves EUR only, pay it by another way", t.Code, t.Currency)
	}
	if t.Amount < flattery.Cent || t.Amount > transferMost || t.Amount != t.Amount.Cents() {
		return flattery.Input("%s is over %s: give whole cents from 0.01 to %s", t.Code, t.Amount, transferMost)
	}
	if err := t.To.check("payee"); err != nil {
		return flattery.Input("%s: %s", t.Code, err)
	}
	return nil
}

func (p Party) check(who string) error {
	switch {
	case !said(Latin(p.Name, nameMost)):
		return flattery.Input("the %s's name %.80q has no letter that a bank's file can carry: write the name of the account's holder as the bank knows it", who, p.Name)
	case !flattery.ValidIBAN(p.IBAN):
		return flattery.Input("the %s's IBAN %.40q is wrong: write it like DE75512108001245126199, with capitals and without blanks", who, p.IBAN)
	case p.BIC != "" && !flattery.ValidBIC(p.BIC):
		return flattery.Input("the %s's BIC %.40q is wrong: write 8 or 11 capitals and digits, or leave it empty", who, p.BIC)
	}
	return nil
}

// checkID refuses what a bank might change on the way: an id must come back as it was sent.
func checkID(what, id string) error {
	odd := strings.ContainsFunc(id, func(r rune) bool {
		return r > 0x7f || !letterOrDigit(byte(r)) && !strings.ContainsRune(idMarks, r)
	})
	if id == "" || len(id) > idMost || odd {
		return flattery.Input("the %s %.80q cannot be one: use letters, digits and %s, at most %d of them", what, id, idMarks, idMost)
	}
	return nil
}

// The file, as the schema has it; the order of the fields is the schema's.
type (
	document struct {
		XMLName struct{}    `xml:"urn:iso:std:iso:20022:tech:xsd:pain.001.001.09 Document"`
		Head    head        `xml:"CstmrCdtTrfInitn>GrpHdr"`
		Block   instruction `xml:"CstmrCdtTrfInitn>PmtInf"`
	}
	head struct {
		ID        string `xml:"MsgId"`
		CreatedAt string `xml:"CreDtTm"`
		Count     string `xml:"NbOfTxs"`
		Sum       string `xml:"CtrlSum"`
		Initiator string `xml:"InitgPty>Nm"`
	}
	instruction struct {
		ID        string     `xml:"PmtInfId"`
		Method    string     `xml:"PmtMtd"`
		Batch     bool       `xml:"BtchBookg"`
		Count     string     `xml:"NbOfTxs"`
		Sum       string     `xml:"CtrlSum"`
		Level     string     `xml:"PmtTpInf>SvcLvl>Cd"`
		On        string     `xml:"ReqdExctnDt>Dt"`
		Debtor    string     `xml:"Dbtr>Nm"`
		IBAN      string     `xml:"DbtrAcct>Id>IBAN"`
		Bank      bank       `xml:"DbtrAgt"`
		Charges   string     `xml:"ChrgBr"`
		Transfers []transfer `xml:"CdtTrfTxInf"`
	}
	transfer struct {
		Code   string `xml:"PmtId>EndToEndId"`
		Amount amount `xml:"Amt>InstdAmt"`
		Bank   *bank  `xml:"CdtrAgt"`
		Name   string `xml:"Cdtr>Nm"`
		IBAN   string `xml:"CdtrAcct>Id>IBAN"`
		Text   *note  `xml:"RmtInf"`
	}
	amount struct {
		Currency string `xml:"Ccy,attr"`
		Value    string `xml:",chardata"`
	}
	note struct {
		Text string `xml:"Ustrd"`
	}
	named struct {
		ID string `xml:"Id"`
	}
	bank struct {
		BIC   string `xml:"FinInstnId>BICFI,omitempty"`
		Other *named `xml:"FinInstnId>Othr"`
	}
)

func (o Order) document(sum flattery.Amount) document {
	count, total, debtor := strconv.Itoa(len(o.Transfers)), sum.String(), Latin(o.Debtor.Name, nameMost)
	d := document{
		Head: head{ID: o.ID, CreatedAt: o.CreatedAt.UTC().Format(instant), Count: count, Sum: total, Initiator: debtor},
		Block: instruction{ID: o.ID, Method: "TRF", Count: count, Sum: total, Level: "SEPA", On: o.On.UTC().Format(day),
			Debtor: debtor, IBAN: o.Debtor.IBAN, Bank: bank{BIC: o.Debtor.BIC}, Charges: "SLEV"},
	}
	if o.Debtor.BIC == "" {
		d.Block.Bank.Other = &named{nobody}
	}
	for _, t := range o.Transfers {
		x := transfer{Code: t.Code, Amount: amount{currency, t.Amount.String()}, Name: Latin(t.To.Name, nameMost), IBAN: t.To.IBAN}
		if text := Latin(t.Text, textMost); text != "" {
			x.Text = &note{text}
		}
		if t.To.BIC != "" {
			x.Bank = &bank{BIC: t.To.BIC}
		}
		d.Block.Transfers = append(d.Block.Transfers, x)
	}
	return d
}
