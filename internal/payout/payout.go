// Package payout turns what is owed into payments: the plan (a pure function of the balances), slips for donors, and
// what becomes of each payment. It never decides who is owed what; the ledger says so.
package payout

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/internal/queue"
	"flattery/store"
)

// Kind is the kind of job that plans the payments of a settled month; its key is the month.
const Kind = "plan"

// Rail is a way to move money.
type Rail interface {
	Info() Info
	// Canon checks a destination and gives its canonical form; a mistake is told in words.
	Canon(d flattery.Destination) (flattery.Destination, error)
	// Submit hands a batch over and says what became of its payments. It is idempotent on Batch.ID and Payment.Code. Errors are
	// ErrRejected, ErrNotSent, or anything else: then only Status knows.
	Submit(ctx context.Context, b flattery.Batch) ([]Event, error)
	// Status asks again what became of a batch. ErrNotSent: the rail has never seen it.
	Status(ctx context.Context, b flattery.Batch) ([]Event, error)
}

// What a rail says of a whole batch.
var (
	ErrRejected = errors.New("the rail refuses it")   // for good: nothing of it is paid
	ErrNotSent  = errors.New("the rail never saw it") // it is safe to hand it over again
)

// Info describes a rail. It is constant.
type Info struct {
	Rail    string // key: "manual"
	Title   string
	Step    flattery.Amount // smallest amount it can move; amounts are rounded down to it and the rest is carried over
	Minimum flattery.Amount // it does not move less
	Hands   bool            // people do it, one payment after the other: nothing is handed over at once
	Words   bool            // who is paid reads what stands on a payment
	// Currencies are those that it can move; none: every one.
	Currencies []string
}

// Event is what became of a payment, as the rail tells.
type Event struct {
	Payment flattery.PaymentID
	State   flattery.PaymentState
	At      time.Time
	Note    string
}

// Rules are the instance's.
type Rules struct {
	Max     int             // slips a donor gets a month
	Minimum flattery.Amount // of one slip
	Prepaid bool            // the instance has the money; else donors pay by slips
	Void    time.Duration   // a slip that is not paid for so long is voided; 0: never
	Netting bool            // who joined pays fewer and larger slips, also to others than to whom they like
}

// Store is what planning needs of the store.
type Store interface {
	Months(ctx context.Context) ([]flattery.MonthState, error)
	OpenDebts(ctx context.Context, least flattery.Amount) ([]flattery.Debt, error)
	OwnDebts(ctx context.Context) ([]flattery.Debt, error)
	Debts(ctx context.Context, donor flattery.AccountID) ([]flattery.Debt, error)
	Plan(ctx context.Context, m flattery.Month) (store.Plan, error)
	Payment(ctx context.Context, id flattery.PaymentID) (flattery.Payment, error)
	Joined(ctx context.Context, m flattery.Month) ([]flattery.AccountID, error)
	Overdue(ctx context.Context, planned time.Time) ([]flattery.PaymentID, error)
	Gone(ctx context.Context, before time.Time) ([]flattery.PaymentID, error)
	Elsewhere(ctx context.Context, id flattery.PaymentID) (bool, error)
	Gave(ctx context.Context, payee flattery.PayeeID, currency string) ([]store.Gave, error)
	Account(ctx context.Context, id flattery.AccountID) (flattery.Account, error)
	Unmet(ctx context.Context) ([]flattery.Unmet, error)
	Balance(ctx context.Context, name, currency string) (flattery.Amount, error)
	Receipts(ctx context.Context, m flattery.Month) ([]store.Receipt, error)
	Payables(ctx context.Context) ([]flattery.Debt, error)
	Payments(ctx context.Context, q store.PaymentQuery) ([]flattery.Payment, error)
	Batch(ctx context.Context, id string) (flattery.Batch, error)
	OpenBatches(ctx context.Context) ([]string, error)
	Trials(ctx context.Context, account flattery.AccountID) ([]flattery.Trial, error)
	BankLine(ctx context.Context, id flattery.BankLineID) (flattery.BankLine, error)
	Accounts(ctx context.Context) ([]flattery.Account, error)
	Schema(ctx context.Context) (store.Schema, error)
	Restored(ctx context.Context) (time.Time, error)
	Update(ctx context.Context, fn func(store.Tx) error) error
	Bulk(ctx context.Context, fn func(store.Tx) error) error
}

// Planner plans and marks. Its methods may be called from many goroutines and processes at once.
type Planner struct {
	Store Store
	Rail  Rail   // of donors
	House []Rail // prepaid: of the house, the first that a destination suits is taken
	Rules Rules
	Looks Looks // nil: nobody looks
	Now   func() time.Time
	Log   *slog.Logger
}

// Looks has claims looked at again before somebody is paid for the first time.
type Looks interface {
	// Before asks for what was not looked at since a month was settled, and says how much of it nobody has tried yet.
	Before(ctx context.Context, settled, now time.Time) (left int, err error)
}

// A plan waits for looks, and asks so often whether they are done; who could not be looked at until then waits for the next plan.
const (
	waitMost  = 24 * time.Hour
	waitEvery = time.Minute
)

// Enqueue makes a job of every settled month that has no plan, and of every slip that was not paid for too long, or
// cannot be paid any more.
func (p *Planner) Enqueue(ctx context.Context, now time.Time) error {
	if err := errors.Join(p.enqueueVoids(ctx, now), p.enqueueGone(ctx, now), p.enqueueSends(ctx, now)); err != nil {
		return fmt.Errorf("payout: %w", err)
	}
	months, err := p.Store.Months(ctx)
	if err != nil {
		return fmt.Errorf("payout: %w", err)
	}
	for _, m := range slices.Backward(months) { // oldest first
		if m.SettledAt.IsZero() {
			continue
		}
		if _, err := p.Store.Plan(ctx, m.Month); err == nil || !errors.Is(err, flattery.ErrNotFound) {
			if err != nil {
				return fmt.Errorf("payout: %w", err)
			}
			continue
		}
		if p.Looks != nil { // asked for first, so that they are done first
			if _, err := p.Looks.Before(ctx, m.SettledAt, now); err != nil {
				return fmt.Errorf("payout: %w", err)
			}
		}
		if err := p.Store.Update(ctx, func(tx store.Tx) error { return tx.Enqueue(ctx, Kind, m.Month.String(), now) }); err != nil {
			return fmt.Errorf("payout: %w", err)
		}
	}
	return nil
}

// enqueue makes jobs of a kind, all in one transaction.
func (p *Planner) enqueue(ctx context.Context, kind string, keys []string, now time.Time) error {
	if len(keys) == 0 {
		return nil
	}
	return p.Store.Update(ctx, func(tx store.Tx) error {
		for _, key := range keys {
			if err := tx.Enqueue(ctx, kind, key, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// keys are of jobs that are about payments; about finds the payment again.
func keys(ids []flattery.PaymentID) []string {
	all := make([]string, len(ids))
	for i, id := range ids {
		all[i] = strconv.FormatInt(int64(id), 10)
	}
	return all
}

func (p *Planner) about(ctx context.Context, j queue.Job) (y flattery.Payment, err error) {
	id, err := strconv.ParseInt(j.Key, 10, 64)
	if err != nil {
		return y, fmt.Errorf("payout: job %q: %w", j.Key, err)
	}
	if y, err = p.Store.Payment(ctx, flattery.PaymentID(id)); err != nil {
		err = fmt.Errorf("payout: %w", err)
	}
	return y, err
}

// Handlers are the jobs that a Planner does.
func (p *Planner) Handlers() queue.Handlers {
	return queue.Handlers{Kind: p.work, KindVoid: p.workVoid, KindGone: p.workGone, KindSend: p.workSend}
}

func (p *Planner) work(ctx context.Context, j queue.Job) error {
	m, err := flattery.ParseMonth(j.Key)
	if err != nil {
		return fmt.Errorf("payout: %w", err)
	}
	if err := p.wait(ctx, m); err != nil {
		return err
	}
	err = p.plan(ctx, m)
	if errors.Is(err, flattery.ErrOverdrawn) { // another month's plan took some of it meanwhile: look again
		err = p.plan(ctx, m)
	}
	if errors.Is(err, flattery.ErrSettled) { // planned by another
		return nil
	}
	return err
}

// wait puts the plan off while claims are looked at.
func (p *Planner) wait(ctx context.Context, month flattery.Month) error {
	if p.Looks == nil {
		return nil
	}
	months, err := p.Store.Months(ctx)
	if err != nil {
		return fmt.Errorf("payout: plan %s: %w", month, err)
	}
	now := p.Now()
	for _, m := range months {
		if m.Month != month || m.SettledAt.IsZero() || now.Sub(m.SettledAt) >= waitMost {
			continue
		}
		left, err := p.Looks.Before(ctx, m.SettledAt, now)
		if err != nil {
			return fmt.Errorf("payout: plan %s: %w", month, err)
		}
		if left > 0 {
			return &queue.SnoozeError{Until: now.Add(waitEvery)}
		}
	}
	return nil
}

// plan stores a month's plan with its hash before anything is sent.
func (p *Planner) plan(ctx context.Context, m flattery.Month) error {
	if err := p.meetOwn(ctx, m); err != nil {
		return fmt.Errorf("payout: plan %s: %w", m, err)
	}
	if err := p.giveOn(ctx, m); err != nil {
		return fmt.Errorf("payout: plan %s: given on: %w", m, err)
	}
	least := max(p.Rules.Minimum, p.Rail.Info().Minimum)
	if p.Rules.Netting {
		least = 1 // small debts make large ones
	}
	debts, err := p.Store.OpenDebts(ctx, least)
	if err != nil {
		return fmt.Errorf("payout: plan %s: %w", m, err)
	}
	n, met, err := p.net(ctx, m, debts)
	if err != nil {
		return fmt.Errorf("payout: plan %s: %w", m, err)
	}
	slips, netted := Plan(m, n.debts, p.Rules, p.Rail), n.netted
	house, err := p.house(ctx, m)
	if err != nil {
		return fmt.Errorf("payout: plan %s: %w", m, err)
	}
	slips = append(slips, house...)
	plan := store.Plan{Month: m, Hash: hash(slips, netted), CreatedAt: p.Now(), Payments: len(slips)}
	if err := p.Store.Bulk(ctx, func(tx store.Tx) error {
		if len(netted) > 0 {
			if err := tx.Net(ctx, m, netted); err != nil {
				return err
			}
		}
		if err := post(ctx, tx, m, met, plan.CreatedAt); err != nil {
			return err
		}
		return tx.AddPlan(ctx, plan, slips)
	}); err != nil {
		return fmt.Errorf("payout: plan %s: %w", m, err)
	}
	p.Log.Info("planned", "month", m, "payments", plan.Payments, "hash", plan.Hash)
	return nil
}

// net changes who owes whom among those who joined, where the instance offers it.
func (p *Planner) net(ctx context.Context, m flattery.Month, debts []flattery.Debt) (*nets, []meeting, error) {
	if !p.Rules.Netting || p.Rules.Prepaid {
		return newNets(debts, nil, p.Rail), nil, nil
	}
	list, err := p.Store.Joined(ctx, m)
	if err != nil {
		return nil, nil, err
	}
	joined := map[flattery.AccountID]bool{}
	for _, a := range list {
		joined[a] = true
	}
	unmet, owing, err := p.unmet(ctx, debts)
	if err != nil {
		return nil, nil, err
	}
	n, met := net(debts, joined, unmet, owing, p.Rail, p.Rules)
	return n, met, nil
}

// meetOwn settles what accounts owe themselves (they claimed an author after the freeze): no slip to oneself.
func (p *Planner) meetOwn(ctx context.Context, m flattery.Month) error {
	debts, err := p.Store.OwnDebts(ctx)
	if err != nil || len(debts) == 0 {
		return err
	}
	now := p.Now()
	return p.Store.Update(ctx, func(tx store.Tx) error {
		for _, d := range debts {
			amount := d.Amount - d.Planned
			if d.Account != d.Donor || amount <= 0 {
				continue
			}
			if _, err := tx.Post(ctx, ledger.Draft{Key: fmt.Sprintf("own:%s:%d:%s", m, d.Donor, d.Currency), Kind: "own", At: now, Entries: []ledger.Entry{
				{Debit: ledger.PayeePayable(d.Payee), Credit: ledger.Pledge(d.Donor), Currency: d.Currency, Amount: amount}}}); err != nil {
				return err
			}
			if err := tx.Owe(ctx, d.Donor, d.Payee, d.Currency, -amount, d.Since); err != nil {
				return err
			}
		}
		return nil
	})
}
