package web

import (
	"context"
	"io"
	"slices"
	"strconv"

	"flattery"
)

// House is the money of an instance that collects and pays. But for Means, PayCode and the trials it is for admins.
type House interface {
	// Payables is what it owes, by payee; HousePayments are its payments in a state, the newest plan first, at most limit.
	Payables(ctx context.Context) ([]flattery.Debt, error)
	HousePayments(ctx context.Context, state flattery.PaymentState, limit int) ([]flattery.Payment, error)

	// MarkHouse notes what became of one of its payments: paid or failed. Refusals: ErrNotFound, ErrState.
	MarkHouse(ctx context.Context, id flattery.PaymentID, state flattery.PaymentState) error

	// Rails are the names of those that take batches. Send makes one batch of all that is planned for a rail in a currency. Refusals:
	// *InputError, ErrState.
	Rails() []string
	Send(ctx context.Context, rail, currency string) (flattery.Batch, error)

	// Batches lists all, newest first. Outgoing is the file of one: ErrNotFound.
	Batches(ctx context.Context) ([]flattery.Batch, error)
	Outgoing(ctx context.Context, batch string) (flattery.File, error)

	// TakeStatement takes in one of the bank. BankLines are its lines, those that wait first; Resolve says what one was. Refusals:
	// *InputError, ErrNotFound, ErrState.
	TakeStatement(ctx context.Context, statement io.Reader) (Booked, error)
	BankLines(ctx context.Context, limit int) ([]flattery.BankLine, error)
	Resolve(ctx context.Context, line flattery.BankLineID, as flattery.Booking, donor flattery.AccountID, payment flattery.PaymentID) error

	// Purses are what it has and owes, by currency.
	Purses(ctx context.Context) ([]flattery.Purse, error)

	// Trial is the last cent sent to where an account is paid, Try has one sent, ProveTrial takes the number that was read on it. Refusals: *InputError.
	Trial(ctx context.Context, a flattery.Account) (Trial, error)
	Try(ctx context.Context, a flattery.Account) error
	ProveTrial(ctx context.Context, a flattery.Account, number string) error

	// Means is what a donor has to give. PayCode is the picture by which a bank's program pays an amount in: an SVG, which is of
	// nothing but figures.
	Means(ctx context.Context, donor flattery.Account) (Means, error)
	PayCode(ctx context.Context, donor flattery.Account, amount flattery.Amount) ([]byte, error)
}

// Booked counts what became of the lines of a statement.
type Booked struct{ Known, Payments, Returns, Means, Waiting int }

// paymentsPage is what the house owes and pays, for who runs the instance.
type paymentsPage struct {
	frame
	Ready   []readyFile
	Owed    []waiting
	Few     int // more are owed, and not shown
	Hands   []flattery.Payment
	Planned []flattery.Payment // that go with a file
	Out     []flattery.Payment
	Done    []flattery.Payment
	Batches []flattery.Batch
	Slips   Slips
}

func (*paymentsPage) name() string { return "payments" }

// readyFile is what one file would pay.
type readyFile struct {
	Rail, Currency string
	Count          int
	Amount         flattery.Amount
}

const (
	paymentsPath = "/admin/payments"

	// Of each list of payments so many are shown.
	paymentsShown = 100
	batchesShown  = 24
)

func (s *site) payments(v *visit) (view, error) {
	p := &paymentsPage{Slips: s.Slips}
	p.Nav = "payments"
	if s.Mode != Prepaid {
		return view{page: p}, nil
	}
	owed, err := s.House.Payables(v.ctx)
	if err != nil {
		return view{}, err
	}
	p.Owed = s.waiting(owed)
	if n := len(p.Owed); n > paymentsShown {
		p.Owed, p.Few = p.Owed[:paymentsShown], n-paymentsShown
	}
	planned, err := s.House.HousePayments(v.ctx, flattery.PaymentPlanned, 0)
	if err != nil {
		return view{}, err
	}
	p.plan(planned, s.House.Rails())
	for _, state := range []flattery.PaymentState{flattery.PaymentUnknown, flattery.PaymentSent, flattery.PaymentPaid, flattery.PaymentFailed} {
		some, err := s.House.HousePayments(v.ctx, state, paymentsShown)
		if err != nil {
			return view{}, err
		}
		if state == flattery.PaymentUnknown || state == flattery.PaymentSent {
			p.Out = append(p.Out, some...)
		} else {
			p.Done = append(p.Done, some...)
		}
	}
	slices.SortStableFunc(p.Done, func(a, b flattery.Payment) int { return int(b.Plan - a.Plan) })
	p.Done = p.Done[:min(len(p.Done), paymentsShown)]
	p.Batches, err = s.House.Batches(v.ctx)
	p.Batches = p.Batches[:min(len(p.Batches), batchesShown)]
	return view{page: p}, err
}

// plan sorts what is planned into what goes with a file and what is paid by hand.
func (p *paymentsPage) plan(planned []flattery.Payment, rails []string) {
	for _, y := range planned {
		if !slices.Contains(rails, y.Rail) {
			p.Hands = append(p.Hands, y)
			continue
		}
		p.Planned = append(p.Planned, y)
		if y.Held != "" {
			continue
		}
		i := slices.IndexFunc(p.Ready, func(r readyFile) bool { return r.Rail == y.Rail && r.Currency == y.Currency })
		if i < 0 {
			i, p.Ready = len(p.Ready), append(p.Ready, readyFile{Rail: y.Rail, Currency: y.Currency})
		}
		p.Ready[i].Count++
		p.Ready[i].Amount += y.Amount
	}
	p.Hands, p.Planned = p.Hands[:min(len(p.Hands), paymentsShown)], p.Planned[:min(len(p.Planned), paymentsShown)]
}

// sendBatch makes the file for a bank or platform.
func (s *site) sendBatch(v *visit) (view, error) {
	if err := v.form(); err != nil {
		return view{}, err
	}
	b, err := s.House.Send(v.ctx, v.PostFormValue("rail"), v.PostFormValue("currency"))
	if err != nil {
		return view{}, err
	}
	sum, err := v.tongue.money(b.Amount, b.Currency)
	if err != nil {
		return view{}, err
	}
	return view{redirect: paymentsPath + "#batches"}, s.tell(v, false, "", "flash.batch", "n", b.Count, "sum", sum)
}

func (s *site) markHouse(v *visit) (view, error) {
	id, err := v.number("id")
	if err != nil {
		return view{}, err
	}
	state := flattery.PaymentState(v.PathValue("state"))
	if s.Mode != Prepaid || state != flattery.PaymentPaid && state != flattery.PaymentFailed {
		return view{}, flattery.ErrNotFound
	}
	if err := s.House.MarkHouse(v.ctx, flattery.PaymentID(id), state); err != nil {
		return view{}, err
	}
	return view{redirect: paymentsPath}, s.tell(v, false, "", "flash.marked", "number", strconv.FormatInt(id, 10))
}

// batchFile is the file of a batch, to be handed in.
func (s *site) batchFile(v *visit) (view, error) {
	if s.Mode != Prepaid {
		return view{}, flattery.ErrNotFound
	}
	f, err := s.House.Outgoing(v.ctx, v.PathValue("id"))
	if err != nil {
		return view{}, err
	}
	return view{raw: &raw{kind: "application/octet-stream", file: f.Name, body: f.Body}}, nil
}
