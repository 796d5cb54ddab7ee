package web

import (
	"bytes"
	"cmp"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"flattery"
)

// sponsorsPage is the file by which GitHub Sponsors pays several slips at once.
type sponsorsPage struct {
	frame
	ofSponsors
	Rate  string // as it was typed
	Wrong bool
	Rows  []sponsorRow
	Small []sponsorRow         // slips that are no dollar: of these the file pays nothing
	Slips []flattery.PaymentID // that are in the file
	Made  bool                 // they are over what it pays
	File  string               // where it is
}

// sponsorRow is what the file is for a maintainer, in the budget's currency but for the dollars.
type sponsorRow struct {
	Maintainer      string
	Sum, Paid, Left flattery.Amount
	Dollars         flattery.Amount
}

func (*sponsorsPage) name() string { return "sponsors" }

// ofSponsors is what is to be paid at GitHub Sponsors in one currency.
type ofSponsors struct {
	Currency string
	Count    int
	Sum      flattery.Amount
}

// Whole reports whether it is dollars already.
func (o ofSponsors) Whole() bool { return o.Currency == "USD" }

const sponsorsPath = slipsPath + "/sponsors"

// sponsoring are the visitor's slips that are to be paid at GitHub Sponsors in a currency; "": in every one.
func (s *site) sponsoring(v *visit, currency string) ([]flattery.Payment, error) {
	all, err := s.Store.Payments(v.ctx, v.account.ID)
	return slices.DeleteFunc(slices.Clone(all), func(p flattery.Payment) bool {
		return !s.pays(s.slip(p, v.now)) || p.State != flattery.PaymentPlanned || p.Destination.Way().Key != "github" || currency != "" && p.Currency != currency
	}), err
}

// sponsorships adds them up by currency.
func sponsorships(all []flattery.Payment) []ofSponsors {
	var sums []ofSponsors
	for _, p := range all {
		i := slices.IndexFunc(sums, func(o ofSponsors) bool { return o.Currency == p.Currency })
		if i < 0 {
			i, sums = len(sums), append(sums, ofSponsors{Currency: p.Currency})
		}
		sums[i].Count, sums[i].Sum = sums[i].Count+1, sums[i].Sum+p.Amount
	}
	slices.SortFunc(sums, func(a, b ofSponsors) int { return cmp.Compare(a.Currency, b.Currency) })
	return sums
}

// sponsored reads what is asked for, and says what the file would be, and of which slips.
func (s *site) sponsored(v *visit, q url.Values) (p *sponsorsPage, slips []flattery.PaymentID, file []byte, err error) {
	open, err := s.sponsoring(v, q.Get("currency"))
	if err != nil {
		return nil, nil, nil, err
	}
	sums := sponsorships(open)
	if len(sums) != 1 {
		return nil, nil, nil, flattery.ErrNotFound
	}
	p = &sponsorsPage{ofSponsors: sums[0], Rate: clean(strings.TrimSpace(q.Get("rate")))}
	if p.Whole() {
		p.Rate = "1"
	}
	if p.Rate == "" {
		return p, nil, nil, nil
	}
	for _, y := range open {
		slips = append(slips, y.ID)
	}
	f, err := s.Doors.Sponsor(v.ctx, v.account.ID, slips, pointed(p.Rate))
	if _, ok := errors.AsType[*flattery.InputError](err); ok {
		p.Wrong = true
		return p, nil, nil, nil
	}
	p.fill(f, open)
	return p, slips, f.File, err
}

// pointed is a rate that was typed with a comma.
func pointed(rate string) string { return strings.Replace(rate, ",", ".", 1) }

// fill adds up what the file is.
func (p *sponsorsPage) fill(f Sponsored, open []flattery.Payment) {
	at := map[string]int{}
	for _, r := range f.Rows {
		at[r.Maintainer] = len(p.Rows)
		p.Rows = append(p.Rows, sponsorRow{Maintainer: r.Maintainer, Dollars: flattery.Amount(r.Dollars) * flattery.Unit})
	}
	p.Made = true
	for _, y := range f.Parts {
		if y.Paid == 0 {
			p.Small = append(p.Small, sponsorRow{Maintainer: y.Maintainer, Sum: y.Left})
			continue
		}
		r := &p.Rows[at[y.Maintainer]]
		r.Sum, r.Paid, r.Left = r.Sum+y.Paid+y.Left, r.Paid+y.Paid, r.Left+y.Left
		p.Slips = append(p.Slips, y.Payment)
		p.Made = p.Made && slices.ContainsFunc(open, func(o flattery.Payment) bool { return o.ID == y.Payment && o.Amount == y.Paid })
	}
}

func (s *site) sponsors(v *visit) (view, error) {
	p, _, _, err := s.sponsored(v, v.URL.Query())
	if err != nil {
		return view{}, err
	}
	p.Nav, p.File = "slips", sponsorsPath+"/file.csv?"+p.query()
	return view{page: p}, nil
}

// query asks for the same again.
func (p *sponsorsPage) query() string {
	return url.Values{"currency": {p.Currency}, "rate": {p.Rate}}.Encode()
}

// makeSponsors makes the file: the slips are over what it pays from then on.
func (s *site) makeSponsors(v *visit) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	p, slips, _, err := s.sponsored(v, v.PostForm)
	if err != nil {
		return view{}, err
	}
	if len(p.Rows) > 0 {
		if err := s.Doors.CutSlips(v.ctx, v.account.ID, slips, pointed(p.Rate)); err != nil {
			return view{}, err
		}
		for _, id := range p.Slips {
			s.sessions.Remove(v.ctx, invoiceKey(id))
		}
	}
	return view{redirect: sponsorsPath + "?" + p.query()}, nil
}

// sponsorsFile is the file, once it is made. To fetch it changes nothing.
func (s *site) sponsorsFile(v *visit) (view, error) {
	p, _, file, err := s.sponsored(v, v.URL.Query())
	if err != nil {
		return view{}, err
	}
	if len(p.Rows) == 0 || !p.Made {
		return view{}, flattery.ErrNotFound
	}
	return view{raw: &raw{kind: "text/csv; charset=utf-8", file: "github-sponsors.csv", body: bytes.Clone(file)}}, nil
}

// sponsorsPaid marks the slips that were in the file, as far as they are still to be paid.
func (s *site) sponsorsPaid(v *visit) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	open, err := s.sponsoring(v, v.PostForm.Get("currency"))
	if err != nil {
		return view{}, err
	}
	p := &sponsorsPage{ofSponsors: ofSponsors{Currency: v.PostForm.Get("currency")}, Rate: v.PostForm.Get("rate")}
	for _, y := range open {
		if slices.Contains(v.PostForm["slip"], strconv.FormatInt(int64(y.ID), 10)) {
			p.Slips = append(p.Slips, y.ID)
		}
	}
	n := 0
	if len(p.Slips) > 0 {
		n, err = s.Doors.PaySlips(v.ctx, v.account.ID, p.Slips, pointed(p.Rate))
	}
	if errors.Is(err, flattery.ErrState) { // another file was made meanwhile, or some of it paid otherwise
		return view{redirect: sponsorsPath + "?" + p.query()}, s.tell(v, true, "", "flash.unsponsored")
	}
	if err != nil {
		return view{}, err
	}
	return view{redirect: slipsPath}, s.tell(v, false, "", "flash.sponsored", "n", n)
}
