package web

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"flattery"
)

// bankPage is what the house's bank says and what it has, for who runs the instance.
type bankPage struct {
	frame
	Bank   Bank
	Purses []flattery.Purse
	Waits  []bankLine
	Done   []bankLine
	Most   int      // MB of a statement
	Donors []string // by name
	Open   []flattery.Payment
	Paid   []flattery.Payment
}

func (*bankPage) name() string { return "bank" }

// bankLine is one booking. Choices is what it may have been, as the phrases bank.as.CHOICE say.
type bankLine struct {
	flattery.BankLine
	Donor   string
	Choices []flattery.Booking
}

const (
	bankPath = "/admin/bank"

	// longestStatement is a year of a busy account, and what stands around it in a form.
	longestStatement = 16<<20 + longestBody
	// Of the lines so many are shown; those that wait are all shown.
	bankLinesShown = 50
)

func (s *site) bank(v *visit) (view, error) {
	p := &bankPage{Bank: s.Bank, Most: longestStatement >> 20}
	p.Nav = "bank"
	if s.Mode != Prepaid {
		return view{page: p}, nil
	}
	lines, err := s.House.BankLines(v.ctx, bankLinesShown)
	if err != nil {
		return view{}, err
	}
	donors, err := s.Desk.Accounts(v.ctx)
	if err != nil {
		return view{}, err
	}
	names := map[flattery.AccountID]string{}
	for _, a := range donors {
		names[a.ID] = a.Name
	}
	for _, l := range lines {
		line := bankLine{l, names[l.Account], nil}
		if l.Became != "" {
			p.Done = append(p.Done, line)
			continue
		}
		line.Choices = choices(l)
		p.Waits = append(p.Waits, line)
	}
	if p.Purses, err = s.House.Purses(v.ctx); err != nil || len(p.Waits) == 0 {
		return view{page: p}, err
	}
	for _, a := range donors {
		p.Donors = append(p.Donors, clean(a.Name))
	}
	slices.Sort(p.Donors)
	for _, state := range []flattery.PaymentState{flattery.PaymentSent, flattery.PaymentUnknown, flattery.PaymentPlanned} {
		some, err := s.House.HousePayments(v.ctx, state, paymentsShown)
		if err != nil {
			return view{}, err
		}
		p.Open = append(p.Open, some...)
	}
	p.Paid, err = s.House.HousePayments(v.ctx, flattery.PaymentPaid, paymentsShown)
	return view{page: p}, err
}

// choices are what a line may have been.
func choices(l flattery.BankLine) []flattery.Booking {
	if l.Incoming {
		return []flattery.Booking{flattery.BookingMeans, flattery.BookingReturn, flattery.BookingOwn}
	}
	return []flattery.Booking{flattery.BookingPayment, flattery.BookingRefund, flattery.BookingChargeback, flattery.BookingFee, flattery.BookingOwn}
}

// takeStatement takes in the statement that a form brings.
func (s *site) takeStatement(v *visit) (view, error) {
	form, err := v.MultipartReader()
	if err != nil {
		return view{}, flattery.Input("this form cannot be read")
	}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return view{}, flattery.Input("choose the file of the statement first")
		}
		if err != nil {
			return view{}, unreadStatement(err)
		}
		if part.FileName() == "" {
			continue
		}
		b, err := s.House.TakeStatement(v.ctx, part)
		if err != nil {
			return view{}, unreadStatement(err)
		}
		return view{redirect: bankPath}, s.tell(v, false, "", "flash.booked", "paid", b.Payments, "back", b.Returns, "means", b.Means, "waits", b.Waiting, "known", b.Known)
	}
}

func unreadStatement(err error) error {
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return flattery.Input("the statement is larger than %d MB: ask the bank for fewer days at once", longestStatement>>20)
	}
	return unread(err)
}

// resolve says what a line was that waits.
func (s *site) resolve(v *visit) (view, error) {
	id, err := v.number("id")
	if err != nil {
		return view{}, err
	}
	if err := v.form(); err != nil {
		return view{}, err
	}
	as := flattery.Booking(v.PostFormValue("as"))
	var donor flattery.AccountID
	var payment int64
	switch as {
	case flattery.BookingMeans, flattery.BookingRefund, flattery.BookingChargeback:
		name := strings.TrimSpace(v.PostFormValue("donor"))
		if name == "" {
			return view{}, flattery.Input("whose is it? choose the donor")
		}
		a, err := s.Store.AccountNamed(v.ctx, name)
		if errors.Is(err, flattery.ErrNotFound) {
			err = flattery.Input("there is no account %q here: choose a donor from the list", name)
		}
		if err != nil {
			return view{}, err
		}
		donor = a.ID
	case flattery.BookingPayment, flattery.BookingReturn:
		if payment, err = strconv.ParseInt(strings.TrimSpace(v.PostFormValue("payment")), 10, 64); err != nil || payment <= 0 {
			return view{}, flattery.Input("which payment is it? write its number")
		}
	}
	if err := s.House.Resolve(v.ctx, flattery.BankLineID(id), as, donor, flattery.PaymentID(payment)); err != nil {
		return view{}, err
	}
	return view{redirect: bankPath}, s.tell(v, false, "", "flash.resolved")
}
