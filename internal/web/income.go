package web

import (
	"bytes"
	"encoding/csv"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"flattery"
	"flattery/internal/ledger"
)

// incomePage is what the account receives, and where it is paid. It never says who gave.
type incomePage struct {
	frame
	Destination flattery.Destination
	Link        template.URL
	Trial       Trial
	Claims      int
	Must        string // as mustGive says
	Months      []incomeLine
	Sums        []flattery.Received // by currency
	Payments    []flattery.Payment  // to it, newest first
	Given       []flattery.Given
	Voided      bool // one of the payments is
	Kinds       []destinationKind
}

// destinationKind is a kind of address by which somebody can be paid, with an example.
type destinationKind struct{ Kind, Example string }

func destinationKinds() []destinationKind {
	return []destinationKind{{"payto", "payto://iban/DE75512108001245126199"}, {"lightning", "lightning:name@example.org"}, {"https", "https://ko-fi.com/name"}}
}

func (*incomePage) name() string { return "income" }

// incomeLine is one month in that list.
type incomeLine struct {
	Month   flattery.Month
	Settled bool
	Flattrs int
	Donors  int
	Sums    []flattery.Income // by currency
	Bar     int               // thousandths of the month with the most flattrs
}

const incomePath = "/income"

func (s *site) income(v *visit) (view, error) {
	claims, err := s.Store.Claims(v.ctx, v.account.ID)
	if err != nil {
		return view{}, err
	}
	p := &incomePage{Destination: v.account.Destination, Link: href(string(v.account.Destination), "https"), Claims: len(outward(claims)), Must: s.mustGive(v.account), Kinds: destinationKinds()}
	p.Nav = "income"
	if p.Months, err = s.incomes(v); err != nil {
		return view{}, err
	}
	if p.Trial, err = s.trial(v, s.Now()); err != nil {
		return view{}, err
	}
	if p.Sums, err = s.Store.Received(v.ctx, v.account.ID); err != nil {
		return view{}, err
	}
	if p.Payments, err = s.Store.PaymentsTo(v.ctx, v.account.ID); err != nil {
		return view{}, err
	}
	p.Voided = slices.ContainsFunc(p.Payments, func(y flattery.Payment) bool { return !y.VoidedAt.IsZero() })
	if p.Given, err = s.Store.Given(v.ctx, v.account.ID); err != nil {
		return view{}, err
	}
	return view{page: p}, nil
}

// incomes joins the currencies of each month.
func (s *site) incomes(v *visit) ([]incomeLine, error) {
	months, err := s.Store.Months(v.ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.Incomes(v.ctx, v.account.ID)
	if err != nil {
		return nil, err
	}
	var lines []incomeLine
	most := 0
	for _, i := range all {
		if len(lines) == 0 || lines[len(lines)-1].Month != i.Month {
			lines = append(lines, incomeLine{Month: i.Month, Settled: !s.monthState(months, i.Month).SettledAt.IsZero()})
		}
		l := &lines[len(lines)-1]
		l.Flattrs, l.Donors = l.Flattrs+i.Flattrs, l.Donors+i.Donors
		if i.Currency != "" {
			l.Sums = append(l.Sums, i)
		}
		most = max(most, l.Flattrs)
	}
	for i := range lines {
		lines[i].Bar = thousandths(int64(lines[i].Flattrs), int64(most))
	}
	return lines, nil
}

// earningsPage is a month of it, by thing.
type earningsPage struct {
	frame
	Month   flattery.Month
	Settled bool
	Few     bool // so few people gave that the works would tell who: there is one line a currency
	Things  []flattery.Earning
}

func (*earningsPage) name() string { return "earnings" }

func (s *site) earnings(v *visit) (view, error) {
	m, err := flattery.ParseMonth(v.PathValue("month"))
	if err != nil {
		return view{}, flattery.ErrNotFound
	}
	months, err := s.Store.Months(v.ctx)
	if err != nil {
		return view{}, err
	}
	p := &earningsPage{Month: m, Settled: !s.monthState(months, m).SettledAt.IsZero()}
	p.Nav = "income"
	if p.Things, p.Few, err = s.earned(v, m); err != nil {
		return view{}, err
	}
	return view{page: p}, nil
}

// earned is what works received in a month, and together where fewer than flattery.Discreet people gave.
func (s *site) earned(v *visit, m flattery.Month) (things []flattery.Earning, few bool, err error) {
	if things, err = s.Store.Earnings(v.ctx, v.account.ID, m); err != nil {
		return nil, false, err
	}
	if len(things) == 0 {
		return nil, false, flattery.ErrNotFound
	}
	months, err := s.Store.Incomes(v.ctx, v.account.ID)
	if err != nil {
		return nil, false, err
	}
	donors := 0
	for _, i := range months {
		if i.Month == m {
			donors += i.Donors
		}
	}
	if donors >= flattery.Discreet {
		return things, false, nil
	}
	var together []flattery.Earning
	for _, e := range things {
		i := slices.IndexFunc(together, func(t flattery.Earning) bool { return t.Currency == e.Currency })
		if i < 0 {
			i, together = len(together), append(together, flattery.Earning{Currency: e.Currency})
		}
		t := &together[i]
		t.Flattrs, t.Amount = t.Flattrs+e.Flattrs, t.Amount+e.Amount
	}
	return together, true, nil
}

// earningsCSV is a month in the form that Flattr's creators had: semicolons, decimal commas.
func (s *site) earningsCSV(v *visit) (view, error) {
	m, err := flattery.ParseMonth(v.PathValue("month"))
	if err != nil {
		return view{}, flattery.ErrNotFound
	}
	things, few, err := s.earned(v, m)
	if err != nil {
		return view{}, err
	}
	rows := [][]string{{"period", "id", "flattr url", "url", "title", "clicks", "revenue", "clicks total"}}
	for _, e := range things {
		page := ""
		if pageLink(e.Thing.URL) != "" {
			page = s.submitFor(v.Request, v.account.Name, e.Thing.URL, "")
		}
		id, total := e.Thing.Network+":"+e.Thing.ID, strconv.Itoa(e.Total)
		if few {
			id, total = "", ""
		}
		rows = append(rows, []string{m.String(), ledger.Cell(id), page, ledger.Cell(e.Thing.URL), ledger.Cell(clean(e.Thing.Title)),
			strconv.Itoa(e.Flattrs), decimalComma(e.Amount), total})
	}
	return s.csv("flattery-income-"+m.String(), ';', rows)
}

func decimalComma(a flattery.Amount) string { return strings.Replace(a.String(), ".", ",", 1) }

// csv makes rows a file to be kept. It begins with the mark by which spreadsheets know UTF-8 where it is for them.
func (s *site) csv(name string, comma rune, rows [][]string) (view, error) {
	var b bytes.Buffer
	if comma == ';' {
		b.WriteString("\ufeff")
	}
	w := csv.NewWriter(&b)
	w.Comma = comma
	if err := w.WriteAll(rows); err != nil {
		return view{}, err
	}
	return view{raw: &raw{kind: "text/csv; charset=utf-8", file: name + ".csv", body: b.Bytes()}}, nil
}

// statementCSV is a settled month, a line a flattr: with commas and points, or with semicolons and decimal commas.
func (s *site) statementCSV(v *visit) (view, error) {
	m, err := flattery.ParseMonth(v.PathValue("month"))
	if err != nil {
		return view{}, flattery.ErrNotFound
	}
	settled, err := s.Store.Settlements(v.ctx, v.account.ID)
	if err != nil {
		return view{}, err
	}
	d, ok := settlementOf(settled, m)
	if !ok {
		return view{}, flattery.ErrNotFound
	}
	comma, decimal := ',', flattery.Amount.String
	if v.URL.Query().Get("decimal") == "comma" {
		comma, decimal = ';', decimalComma
	}
	rows := [][]string{{"month", "date", "network", "author", "title", "url", "kind", "weight", "share", "currency"}}
	for before := flattery.FlattrID(0); ; {
		part, err := s.Store.Flattrs(v.ctx, v.account.ID, m, flattery.Counting, before, stated)
		if err != nil {
			return view{}, err
		}
		for _, f := range part {
			rows = append(rows, []string{m.String(), f.At.In(s.Location).Format("2006-01-02"), f.Thing.Network, ledger.Cell(who(f.Author)), ledger.Cell(named(f.Thing)),
				ledger.Cell(f.Thing.URL), string(f.Kind), strconv.FormatInt(f.Weight, 10), decimal(f.Share), d.Currency})
			before = f.ID
		}
		if len(part) < stated {
			break
		}
	}
	slices.Reverse(rows[1:]) // as time went
	return s.csv("flattery-"+m.String(), comma, rows)
}

// setDestination says where the account is paid from now on.
func (s *site) setDestination(v *visit) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	set := v.account.Settings
	set.Destination = flattery.Destination(strings.TrimSpace(v.PostFormValue("destination")))
	if err := s.Doors.SetWishes(v.ctx, v.account.ID, set); err != nil {
		return view{}, err
	}
	says := "flash.destination"
	if set.Destination == "" {
		says = "flash.nodestination"
	}
	return view{redirect: incomePath}, s.tell(v, false, "", says)
}
