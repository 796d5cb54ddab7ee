package web

import (
	"html/template"

	"flattery"
)

// Means is what a donor has to give where the house collects, and how more is paid in.
type Means struct {
	Balance flattery.Amount
	Debt    flattery.Amount // the donor's bank took back what was spent
	Code    string          // is written on a transfer
	Recent  []flattery.PaidIn
}

// payinPage is how a donor pays in, where the house collects.
type payinPage struct {
	frame
	Means
	Bank    Bank
	Own     string // the account's currency
	Budget  flattery.Amount
	Paused  bool
	Months  int             // of the budget that are there
	Amount  flattery.Amount // that the picture is for
	Picture template.HTML
	Owner   Owner
}

func (*payinPage) name() string { return "payin" }

// pay is what there is to pay: slips, or to put means in.
func (s *site) pay(v *visit) (view, error) {
	if s.Mode == Prepaid {
		return s.payin(v)
	}
	return s.slips(v)
}

func (s *site) payin(v *visit) (view, error) {
	m, err := s.House.Means(v.ctx, v.account)
	if err != nil {
		return view{}, err
	}
	p := &payinPage{Means: m, Bank: s.Bank, Own: s.currency(v.account), Budget: v.account.Budget, Paused: v.account.Paused, Owner: s.Owner}
	p.Nav = "slips"
	if p.Budget > 0 {
		p.Months = int(m.Balance / p.Budget)
	}
	p.Amount = max(p.Budget, s.Minimum, flattery.Unit) + m.Debt
	if typed, err := readAmount(flattery.Say("the amount"), v.URL.Query().Get("amount")); err != nil {
		return view{}, err
	} else if typed > 0 {
		p.Amount = typed
	}
	if p.Bank.IBAN == "" || p.Own != "EUR" {
		return view{page: p}, nil
	}
	svg, err := s.House.PayCode(v.ctx, v.account, p.Amount)
	p.Picture = template.HTML(svg) //nolint:gosec // epc writes figures only
	return view{page: p}, err
}
