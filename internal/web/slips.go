package web

import (
	"cmp"
	"html/template"
	"slices"
	"time"

	"flattery"
)

// slipsPage is what a donor has to pay, what waits until it is worth a payment, and what was paid.
type slipsPage struct {
	frame
	First   bool // none was paid yet: the page says what a bank or platform shows of who pays
	ToPay   []slip
	Total   flattery.Amount // of these
	Mixed   bool            // of several currencies, which are not added up
	Waiting []waiting
	Done    []slip
	Slips   Slips
	File    []ofSponsors // what one file would pay, by currency
	Own     string       // the account's currency
	Voided  bool         // one of Done is
}

func (*slipsPage) name() string { return "slips" }

// slip is a payment as the page shows it.
type slip struct {
	flattery.Payment
	Link     template.URL // empty: the destination is shown and not linked
	Host     string       // where an https link leads
	CanMark  bool
	CanFail  bool
	Finished bool
	Remind   bool      // it is out for long
	Voids    time.Time // when it will be voided
}

// waiting is what a donor owes one payee beyond the slips that are out.
type waiting struct {
	flattery.Debt
	Left   flattery.Amount
	Least  flattery.Amount // of a slip to where they are paid
	Reason string          // small: below the minimum; homeless: no destination is known; queue: other slips came first; or a flattery.Held
}

func (s *site) slips(v *visit) (view, error) {
	payments, err := s.Store.Payments(v.ctx, v.account.ID)
	if err != nil {
		return view{}, err
	}
	debts, err := s.Store.Debts(v.ctx, v.account.ID)
	if err != nil {
		return view{}, err
	}
	p := &slipsPage{First: s.first(payments), Slips: s.Slips, Own: s.currency(v.account)}
	p.Nav = "slips"
	for _, pay := range payments {
		sl := s.slip(pay, v.now)
		if sl.Finished {
			p.Done = append(p.Done, sl)
			p.Voided = p.Voided || !pay.VoidedAt.IsZero()
			continue
		}
		p.ToPay = append(p.ToPay, sl)
		p.Total += pay.Amount
		p.Mixed = p.Mixed || pay.Currency != p.ToPay[0].Currency
	}
	sponsoring, err := s.sponsoring(v, "")
	if err != nil {
		return view{}, err
	}
	p.File = sponsorships(sponsoring)
	p.Waiting = s.waiting(debts)
	return view{page: p}, nil
}

// waiting is what of debts no payment is planned for, the largest first.
func (s *site) waiting(debts []flattery.Debt) (list []waiting) {
	for _, d := range debts {
		w := waiting{Debt: d, Left: d.Amount - d.Planned, Reason: "queue", Least: max(s.Slips.Minimum, d.Destination.Way().Whole(d.Currency))}
		switch {
		case w.Left <= 0:
			continue
		case d.Held != "":
			w.Reason = string(d.Held)
		case w.Left < w.Least:
			w.Reason = "small"
		case d.Destination == "":
			w.Reason = "homeless"
		}
		list = append(list, w)
	}
	slices.SortStableFunc(list, func(a, b waiting) int { return cmp.Compare(b.Left, a.Left) })
	return list
}

// first reports whether the donor is to pay slips and has paid none yet.
func (s *site) first(payments []flattery.Payment) bool {
	return s.Mode != Prepaid && !slices.ContainsFunc(payments, func(p flattery.Payment) bool { return p.State == flattery.PaymentPaid })
}

// slip is a payment as it stands now. Of one that is not paid it reminds when half of the time is over after which it is voided.
func (s *site) slip(pay flattery.Payment, now time.Time) slip {
	sl := slip{Payment: pay, Link: href(string(pay.Destination), "https", "payto", "lightning")}
	if pageLink(string(pay.Destination)) != "" {
		sl.Host = hostOf(string(pay.Destination))
	}
	sl.Finished = pay.State == flattery.PaymentPaid || pay.State == flattery.PaymentFailed
	sl.CanMark = s.Mode != Prepaid && !sl.Finished
	sl.Voids = pay.PlannedAt.Add(s.Slips.Void)
	sl.Remind = s.Slips.Void > 0 && sl.CanMark && pay.State == flattery.PaymentPlanned && pay.Held == "" && now.Sub(pay.PlannedAt) >= s.Slips.Void/2
	sl.CanFail = sl.CanMark && pay.State != flattery.PaymentPlanned
	return sl
}

func (s *site) markSlip(v *visit) (view, error) {
	state := flattery.PaymentState(v.PathValue("state"))
	id, err := v.number("id")
	if err != nil || s.Mode == Prepaid {
		return view{}, flattery.ErrNotFound
	}
	switch state {
	case flattery.PaymentSent, flattery.PaymentPaid, flattery.PaymentFailed:
	default:
		return view{}, flattery.ErrNotFound
	}
	if err := s.Doors.MarkPayment(v.ctx, v.account.ID, flattery.PaymentID(id), state); err != nil {
		return view{}, err
	}
	if state == flattery.PaymentPaid || state == flattery.PaymentFailed {
		s.sessions.Remove(v.ctx, invoiceKey(flattery.PaymentID(id)))
	}
	return view{redirect: slipsPath}, nil
}
