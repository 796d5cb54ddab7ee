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
	Rows  []Sponsored
	Slips []flattery.PaymentID
	File  string // where it is
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

// sponsored reads what is asked for, and says what the file would be.
func (s *site) sponsored(v *visit) (p *sponsorsPage, file []byte, err error) {
	q := v.URL.Query()
	slips, err := s.sponsoring(v, q.Get("currency"))
	if err != nil {
		return nil, nil, err
	}
	sums := sponsorships(slips)
	if len(sums) == 0 || len(sums) > 1 {
		return nil, nil, flattery.ErrNotFound
	}
	p = &sponsorsPage{ofSponsors: sums[0], Rate: strings.TrimSpace(q.Get("rate"))}
	if p.Whole() {
		p.Rate = "1"
	}
	if p.Rate == "" {
		return p, nil, nil
	}
	p.Rows, file, err = s.Doors.Sponsor(slips, strings.Replace(p.Rate, ",", ".", 1))
	if _, ok := errors.AsType[*flattery.InputError](err); ok {
		p.Wrong = true
		return p, nil, nil
	}
	for _, y := range slips {
		p.Slips = append(p.Slips, y.ID)
	}
	return p, file, err
}

func (s *site) sponsors(v *visit) (view, error) {
	p, _, err := s.sponsored(v)
	if err != nil {
		return view{}, err
	}
	p.Nav, p.Rate = "slips", clean(p.Rate)
	p.File = sponsorsPath + "/file.csv?" + url.Values{"currency": {p.Currency}, "rate": {p.Rate}}.Encode()
	return view{page: p}, nil
}

// sponsorsFile is the file. To fetch it changes nothing.
func (s *site) sponsorsFile(v *visit) (view, error) {
	_, file, err := s.sponsored(v)
	if err != nil {
		return view{}, err
	}
	if len(file) == 0 {
		return view{}, flattery.ErrNotFound
	}
	return view{raw: &raw{kind: "text/csv; charset=utf-8", file: "github-sponsors.csv", body: bytes.Clone(file)}}, nil
}

// sponsorsPaid marks the slips that were in the file, as far as they are still to be paid.
func (s *site) sponsorsPaid(v *visit) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	open, err := s.sponsoring(v, "")
	if err != nil {
		return view{}, err
	}
	marked := 0
	for _, y := range open {
		if !slices.Contains(v.PostForm["slip"], strconv.FormatInt(int64(y.ID), 10)) {
			continue
		}
		if err := s.Doors.MarkPayment(v.ctx, v.account.ID, y.ID, flattery.PaymentPaid); err != nil {
			return view{}, err
		}
		marked++
	}
	return view{redirect: slipsPath}, s.tell(v, false, "", "flash.sponsored", "n", marked)
}
