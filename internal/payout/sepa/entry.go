package sepa

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"flattery"
	"flattery/connectors"
)

// The parts of camt.053 and camt.054 that are read. Versions differ in where a thing stands, never in what its name means:
// a party has its name or a Pty that has it, a status is a text or a Cd, an amount of a part stands in it or in its AmtDtls.
type (
	camtStatement struct {
		ID       string        `xml:"Id"`
		Page     *camtPage     `xml:"StmtPgntn"`
		Account  camtAccount   `xml:"Acct"`
		Balances []camtBalance `xml:"Bal"`
		Entries  []camtEntry   `xml:"Ntry"`
	}
	camtPage struct {
		Number string `xml:"PgNb"`
		Last   string `xml:"LastPgInd"`
	}
	camtAccount struct {
		IBAN     string `xml:"Id>IBAN"`
		Other    string `xml:"Id>Othr>Id"`
		Currency string `xml:"Ccy"`
	}
	camtBalance struct {
		Kind   string     `xml:"Tp>CdOrPrtry>Cd"`
		Amount camtAmount `xml:"Amt"`
		Way    string     `xml:"CdtDbtInd"`
	}
	camtAmount struct {
		Currency string `xml:"Ccy,attr"`
		Value    string `xml:",chardata"`
	}
	camtStatus struct {
		Text string `xml:",chardata"`
		Code string `xml:"Cd"`
	}
	camtDate struct {
		Date string `xml:"Dt"`
		Time string `xml:"DtTm"`
	}
	camtEntry struct {
		Ref      string       `xml:"NtryRef"`
		Amount   camtAmount   `xml:"Amt"`
		Way      string       `xml:"CdtDbtInd"`
		Reversal string       `xml:"RvslInd"`
		Status   camtStatus   `xml:"Sts"`
		Booked   camtDate     `xml:"BookgDt"`
		Valued   camtDate     `xml:"ValDt"`
		BankRef  string       `xml:"AcctSvcrRef"`
		Kind     camtKind     `xml:"BkTxCd"`
		Charges  []struct{}   `xml:"Chrgs"`
		Details  []camtDetail `xml:"NtryDtls>TxDtls"`
		Text     string       `xml:"AddtlNtryInf"`
	}
	camtKind struct {
		Family string `xml:"Domn>Fmly>SubFmlyCd"`
		Own    string `xml:"Prtry>Cd"`
	}
	camtDetail struct {
		BankRef  string      `xml:"Refs>AcctSvcrRef"`
		Code     string      `xml:"Refs>EndToEndId"`
		Amount   *camtAmount `xml:"Amt"`
		Way      string      `xml:"CdtDbtInd"`
		Moved    *camtAmount `xml:"AmtDtls>TxAmt>Amt"`
		Kind     camtKind    `xml:"BkTxCd"`
		Charges  []struct{}  `xml:"Chrgs"`
		Debtor   camtParty   `xml:"RltdPties>Dbtr"`
		DebtorAt camtAccount `xml:"RltdPties>DbtrAcct"`
		Payee    camtParty   `xml:"RltdPties>Cdtr"`
		PayeeAt  camtAccount `xml:"RltdPties>CdtrAcct"`
		Lines    []string    `xml:"RmtInf>Ustrd"`
		Refs     []string    `xml:"RmtInf>Strd>CdtrRefInf>Ref"`
		More     []string    `xml:"RmtInf>Strd>AddtlRmtInf"`
		Return   *camtReturn `xml:"RtrInf"`
		Text     string      `xml:"AddtlTxInf"`
	}
	camtParty struct {
		Name  string `xml:"Nm"`
		Inner string `xml:"Pty>Nm"`
	}
	camtReturn struct {
		Code string `xml:"Rsn>Cd"`
		Own  string `xml:"Rsn>Prtry"`
	}
)

func (a camtAccount) id() string {
	return connectors.Clean(strings.ToUpper(strings.Join(strings.Fields(cmp.Or(a.IBAN, a.Other)), "")), idMost)
}

func (a camtAccount) iban() string {
	if id := a.id(); flattery.ValidIBAN(id) {
		return id
	}
	return ""
}

func (s camtStatus) of() string { return strings.TrimSpace(cmp.Or(s.Code, strings.TrimSpace(s.Text))) }

// yes reads a boolean of XML Schema.
func yes(s string) bool { s = strings.TrimSpace(s); return s == "true" || s == "1" }

// name is what a bank calls an entry by, or "" where it calls all of them alike.
func name(s string) string {
	if s = strings.TrimSpace(s); strings.EqualFold(s, "NONREF") || strings.EqualFold(s, nobody) {
		return ""
	}
	return s
}

func (a camtAmount) currency() string { return strings.TrimSpace(a.Currency) }

func (a camtAmount) read() (flattery.Amount, error) {
	c := a.currency()
	if len(c) != 3 || strings.Trim(c, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return 0, flattery.Input("its currency is %.10q", c)
	}
	v, err := flattery.ParseAmount(strings.TrimSpace(a.Value))
	if err != nil {
		return 0, flattery.Input("%.200s", err)
	}
	return v, nil
}

// cameIn reads CRDT and DBIT.
func cameIn(way string) (bool, error) {
	switch strings.TrimSpace(way) {
	case "CRDT":
		return true, nil
	case "DBIT":
		return false, nil
	}
	return false, flattery.Input("it says %.20q where CRDT or DBIT was expected", way)
}

func (b *camtBalance) signed() (flattery.Amount, error) {
	a, err := b.Amount.read()
	if err != nil {
		return 0, err
	}
	in, err := cameIn(b.Way)
	if !in {
		a = -a
	}
	return a, err
}

func (n *camtEntry) sum() (flattery.Amount, bool, error) {
	a, err := n.Amount.read()
	if err != nil {
		return 0, false, err
	}
	in, err := cameIn(n.Way)
	return a, in, err
}

// booked is the bank's own date, whatever its zone.
func (n *camtEntry) booked() (time.Time, error) {
	for _, s := range []string{n.Booked.Date, n.Booked.Time, n.Valued.Date, n.Valued.Time} {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		t, err := time.Parse(day, s[:min(len(s), len(day))])
		if err != nil {
			return time.Time{}, flattery.Input("it is booked on %.30q, which is no date", s)
		}
		return t, nil
	}
	return time.Time{}, flattery.Input("it does not say when it was booked")
}

// returned reports whether money came back: the bank gives a reason, calls it so in the words of ISO 20022 or in those of German
// banks (159), or takes an entry back.
func (k camtKind) returned() bool {
	return strings.TrimSpace(k.Family) == "RRTN" || strings.Contains("+"+k.Own+"+", "+159+")
}

// flat makes of an entry its parts; one without parts is its own.
func (n *camtEntry) flat(st Statement, position int) ([]Entry, error) {
	a, in, err := n.sum()
	if err != nil {
		return nil, err
	}
	at, err := n.booked()
	if err != nil {
		return nil, err
	}
	whole := Entry{Booked: at, Amount: a, Currency: n.Amount.currency(), In: in,
		Return: n.Kind.returned() || yes(n.Reversal)}
	ref := cmp.Or(name(n.BankRef), name(n.Ref))
	if ref == "" {
		ref = fmt.Sprintf("%s#%d", st.ID, position+1)
	}
	if len(n.Details) == 0 {
		whole.Text = connectors.Clean(n.Text, wordMost)
		whole.Key = whole.key(st.Account, ref, "")
		return []Entry{whole}, nil
	}
	var all []Entry
	var sum flattery.Amount
	for i := range n.Details {
		e, err := n.detail(whole, i)
		if err != nil {
			return nil, flattery.Input("part %d: %s", i+1, err)
		}
		e.tell(&n.Details[i], st.Account, n.Text)
		e.Key = e.key(st.Account, ref, name(n.Details[i].BankRef))
		all = append(all, e)
		if e.In == in {
			sum += e.Amount
		} else {
			sum -= e.Amount
		}
		if sum > sumMost || sum < -sumMost {
			return nil, flattery.Input("the sum of its parts is more than can be counted")
		}
	}
	if sum != a {
		return nil, flattery.Input("it does not add up: it is %s, and its parts are %s", a, sum)
	}
	return all, nil
}

// detail gives a part of an entry its amount: of a single one the entry's may differ by what the bank kept.
func (n *camtEntry) detail(whole Entry, i int) (Entry, error) {
	d, e, single := &n.Details[i], whole, len(n.Details) == 1
	if way := strings.TrimSpace(d.Way); way != "" {
		in, err := cameIn(way)
		if err != nil {
			return e, err
		}
		e.In = in
	}
	given := d.Amount
	if given == nil || given.currency() != whole.Currency {
		given = cmp.Or(d.Moved, given)
	}
	if given == nil || given.currency() != whole.Currency {
		if !single || e.In != whole.In {
			return e, flattery.Input("it does not say how much it is in %s", whole.Currency)
		}
		return e, nil
	}
	a, err := given.read()
	if err != nil {
		return e, err
	}
	if single && len(n.Charges)+len(d.Charges) > 0 && e.In == whole.In {
		return e, nil
	}
	e.Amount = a
	return e, nil
}

// tell fills in what a part says of why and with whom.
func (e *Entry) tell(d *camtDetail, account, more string) {
	if code := connectors.Clean(d.Code, idMost); code != nobody {
		e.Code = code
	}
	text := strings.Join(append(append(d.Lines, d.Refs...), d.More...), " ")
	e.Text = cmp.Or(connectors.Clean(text, wordMost), connectors.Clean(d.Text, wordMost), connectors.Clean(more, wordMost))
	side, at := d.Payee, d.PayeeAt
	other, otherAt := d.Debtor, d.DebtorAt
	if e.In {
		side, at, other, otherAt = other, otherAt, side, at
	}
	if at.id() == account { // of a return some banks name the sides as they were on the way out
		side, at = other, otherAt
	}
	e.Name, e.IBAN = connectors.Clean(cmp.Or(side.Name, side.Inner), textMost), at.iban()
	if d.Return != nil || d.Kind.returned() {
		e.Return = true
	}
	if d.Return != nil {
		e.Reason = connectors.Clean(cmp.Or(d.Return.Code, d.Return.Own), idMost)
	}
}

// key is made of what the bank does not change when it tells of an entry again, in whatever order. A bank's name for it alone is
// not enough: some count anew with each statement.
func (e *Entry) key(account string, parts ...string) string {
	way := "out"
	if e.In {
		way = "in"
	}
	return key(append([]string{account, e.Booked.Format(day), way, e.Amount.String(), e.Currency, e.Code}, parts...)...)
}
