// Package settle closes months: which are due, freeze, split, post, close. It says who gave what to whom; how the money
// moves is payout's.
package settle

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/internal/queue"
	"flattery/store"
)

// Kinds of job: a month (key "2026-10"), and a span of its donors (key "2026-10 first last").
const (
	KindMonth = "settle"
	KindSpan  = "settle-span"
)

// span is how many donors one transaction settles.
const span = 500

// stale: what a network said of the time this long ago does not speak against our clock.
const stale = 7 * 24 * time.Hour

// Modes say where the money of a settled month comes from.
type Mode string

// Pledge: the donor pays afterwards, by slips. Prepaid: only what arrived before is spent.
const (
	Pledge  Mode = "pledge"
	Prepaid Mode = "prepaid"
)

// Rules are the instance's.
type Rules struct {
	Mode  Mode
	Grace time.Duration // after its end a month is open for late likes
	Split flattery.SplitBy
	Fee   flattery.Rate // of the budget
	FeeTo string        // pledge: the account that gets the fee, as the author of a thing gets a share
	Lapse time.Duration // pending flattrs end after this; 0: never

	collector flattery.PayeeID // of FeeTo
}

// Store is what settling needs of the store.
type Store interface {
	Month(ctx context.Context, m flattery.Month) (flattery.MonthState, error)
	Months(ctx context.Context) ([]flattery.MonthState, error)
	Donors(ctx context.Context, m flattery.Month, after flattery.AccountID, limit int) ([]flattery.AccountID, error)
	DonorMonths(ctx context.Context, m flattery.Month, first, last flattery.AccountID) iter.Seq2[store.DonorMonth, error]
	NetworkDate(ctx context.Context) (date, seen time.Time, err error)
	LastPosted(ctx context.Context) (time.Time, error)
	AccountNamed(ctx context.Context, name string) (flattery.Account, error)
	Unasked(ctx context.Context, since time.Time) (int, error)
	Update(ctx context.Context, fn func(store.Tx) error) error
	Bulk(ctx context.Context, fn func(store.Tx) error) error
}

// Settler settles. Its methods may be called from many goroutines and processes at once.
type Settler struct {
	Store Store
	Rules Rules
	Now   func() time.Time
	Log   *slog.Logger
}

// ClockError: a month is not frozen because our clock seems to be wrong.
type ClockError struct {
	Month flattery.Month
	Why   string
}

func (e *ClockError) Error() string {
	return fmt.Sprintf("%s is not frozen: %s; set this machine's clock right", e.Month, e.Why)
}

// EarlyError: a month is not frozen because links were not asked since it ended. What was liked in its last hours would
// count in the next; and a network that answers tells whether our clock is right.
type EarlyError struct {
	Month flattery.Month
	Links int
	Since time.Time // when its grace ended
}

func (e *EarlyError) Error() string {
	return fmt.Sprintf("%s is not frozen: %d links were not asked since it ended; the daemon asks them, or flattery poll", e.Month, e.Links)
}

// Enqueue makes a job of every month whose grace has ended, lets what waits for its month join it, and what was pending for too long lapse.
func (s *Settler) Enqueue(ctx context.Context, now time.Time) error {
	months, err := s.Store.Months(ctx)
	if err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	err = s.Store.Update(ctx, func(tx store.Tx) error {
		if _, err := tx.JoinPending(ctx, now); err != nil {
			return err
		}
		if s.Rules.Lapse > 0 {
			if _, err := tx.LapsePending(ctx, now.Add(-s.Rules.Lapse)); err != nil {
				return err
			}
		}
		for i := len(months) - 1; i >= 0; i-- { // oldest first
			if m := months[i]; m.SettledAt.IsZero() && s.Due(m, now) {
				if err := tx.Enqueue(ctx, KindMonth, m.Month.String(), now); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	return nil
}

// Due reports whether a month's grace has ended.
func (s *Settler) Due(m flattery.MonthState, now time.Time) bool {
	return !now.Before(m.Ends.Add(s.Rules.Grace))
}

// Handlers are the jobs that a Settler does.
func (s *Settler) Handlers() queue.Handlers {
	return queue.Handlers{KindMonth: s.workMonth, KindSpan: s.workSpan}
}

// workMonth freezes a month and makes a job of every span of its donors. Done twice, it finds what is left.
func (s *Settler) workMonth(ctx context.Context, j queue.Job) error {
	m, err := flattery.ParseMonth(j.Key)
	if err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	if err := s.freeze(ctx, m); err != nil {
		if pause := waits(err, s.Now()); pause > 0 {
			s.Log.Warn("a month waits", "month", m, "why", err)
			return errors.Join(&queue.SnoozeError{Until: s.Now().Add(pause)}, err)
		}
		return fmt.Errorf("settle: %s: %w", m, err)
	}
	var spans []string
	for after := flattery.AccountID(0); ; {
		donors, err := s.Store.Donors(ctx, m, after, span)
		if err != nil {
			return fmt.Errorf("settle: %s: %w", m, err)
		}
		if len(donors) == 0 {
			break
		}
		after = donors[len(donors)-1]
		spans = append(spans, fmt.Sprintf("%s %d %d", m, donors[0], after))
	}
	now := s.Now()
	err = s.closing(ctx, m, now, func(tx store.Tx) error {
		for _, key := range spans {
			if err := tx.Enqueue(ctx, KindSpan, key, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("settle: %s: %w", m, err)
	}
	return nil
}

// waits says how long a month waits that cannot be frozen now; 0: the error is another.
func waits(err error, now time.Time) time.Duration {
	if _, ok := errors.AsType[*ClockError](err); ok {
		return time.Hour
	}
	if early, ok := errors.AsType[*EarlyError](err); ok {
		// The daemon is asking them. Where one cannot be asked for days, that is not said each five seconds.
		return min(max(now.Sub(early.Since)/60, 5*time.Second), time.Minute)
	}
	return 0
}

// freeze freezes a month that is open, unless the clock seems wrong.
func (s *Settler) freeze(ctx context.Context, m flattery.Month) error {
	month, err := s.Store.Month(ctx, m)
	if err != nil || !month.FrozenAt.IsZero() {
		return err
	}
	now := s.Now()
	if !s.Due(month, now) {
		return flattery.Input("%s closes on %s: wait, or look with --dry-run", m, month.Ends.Add(s.Rules.Grace).Format(time.DateTime+" MST"))
	}
	unasked, err := s.Store.Unasked(ctx, month.Ends)
	if err == nil && unasked > 0 {
		err = &EarlyError{m, unasked, month.Ends.Add(s.Rules.Grace)}
	}
	if err == nil {
		err = s.clock(ctx, month, now)
	}
	if err != nil {
		return err
	}
	err = s.Store.Update(ctx, func(tx store.Tx) error {
		frozen, err := tx.Freeze(ctx, m, now)
		month = frozen
		return err
	})
	if errors.Is(err, flattery.ErrFrozen) { // another was first
		return nil
	}
	if err == nil {
		s.Log.Info("froze", "month", m, "flattrs", month.Flattrs, "donors", month.Donors)
	}
	return err
}

// clock compares ours with the networks', and with what stands in the ledger.
func (s *Settler) clock(ctx context.Context, m flattery.MonthState, now time.Time) error {
	date, seen, err := s.Store.NetworkDate(ctx)
	if err != nil {
		return err
	}
	if !seen.IsZero() && now.Sub(seen) < stale {
		if date.Before(m.Ends) {
			return &ClockError{m.Month, fmt.Sprintf("the clock here says %s, the networks said %s", now.Format(time.DateTime), date.Format(time.DateTime))}
		}
		return nil
	}
	last, err := s.Store.LastPosted(ctx)
	if err == nil && now.Before(last) {
		err = &ClockError{m.Month, fmt.Sprintf("the clock here says %s, the ledger ends at %s", now.Format(time.DateTime), last.Format(time.DateTime))}
	}
	return err
}

// workSpan settles the donors of a span, all in one transaction, each once.
func (s *Settler) workSpan(ctx context.Context, j queue.Job) error {
	m, first, last, err := parseSpan(j.Key)
	if err != nil {
		return fmt.Errorf("settle: job %q: %w", j.Key, err)
	}
	month, err := s.Store.Month(ctx, m)
	if err != nil {
		return fmt.Errorf("settle: %s: %w", m, err)
	}
	statements, err := s.statements(ctx, month, first, last)
	if err != nil {
		return fmt.Errorf("settle: %s: %w", j.Key, err)
	}
	now := s.Now()
	err = s.closing(ctx, m, now, func(tx store.Tx) error {
		return post(ctx, tx, statements, now)
	})
	if err != nil {
		return fmt.Errorf("settle: %s: %w", j.Key, err)
	}
	return nil
}

// statements splits the months of those donors of a span who are not settled yet.
func (s *Settler) statements(ctx context.Context, month flattery.MonthState, first, last flattery.AccountID) ([]Statement, error) {
	left, err := s.Store.Donors(ctx, month.Month, first-1, span)
	if err != nil {
		return nil, err
	}
	open := map[flattery.AccountID]bool{}
	for _, d := range left {
		open[d] = true
	}
	rules, err := s.rules(ctx)
	if err != nil {
		return nil, err
	}
	var list []Statement
	for d, err := range s.Store.DonorMonths(ctx, month.Month, first, last) {
		if err != nil {
			return nil, err
		}
		if open[d.Account.ID] {
			list = append(list, rules.Statement(month.Month, d))
		}
	}
	return list, nil
}

// rules are the instance's, with the payee who gets the fee.
func (s *Settler) rules(ctx context.Context) (Rules, error) {
	r := s.Rules
	if r.Mode != Pledge || r.Fee == 0 {
		return r, nil
	}
	a, err := s.Store.AccountNamed(ctx, r.FeeTo)
	if errors.Is(err, flattery.ErrNotFound) {
		return r, flattery.Input("fee_account: nobody here is called %q: set it to the account that gets the fee, or fee = 0", r.FeeTo)
	}
	if err != nil {
		return r, err
	}
	err = s.Store.Update(ctx, func(tx store.Tx) (err error) {
		r.collector, err = tx.PayeeOf(ctx, a.ID)
		return err
	})
	return r, err
}

// post writes donors' months, set-based: transactions, debts and statements.
func post(ctx context.Context, tx store.Tx, statements []Statement, now time.Time) error {
	var drafts []ledger.Draft
	for _, st := range statements {
		if len(st.Entries) > 0 {
			drafts = append(drafts, ledger.Draft{Key: ledger.SettleKey(st.Month, st.Donor), Kind: "settle", At: now, Entries: st.Entries})
		}
	}
	numbers, err := tx.PostAll(ctx, drafts)
	if err != nil {
		return err
	}
	settled := make([]flattery.Settlement, 0, len(statements))
	for _, st := range statements {
		if len(st.Entries) > 0 {
			st.Transaction, numbers = numbers[0], numbers[1:]
		}
		for _, o := range st.Owed {
			if err := tx.Owe(ctx, st.Donor, o.Payee, st.Currency, o.Amount, st.Month); err != nil {
				return err
			}
		}
		if st.Given > 0 {
			if err := tx.SpendGiven(ctx, st.Donor, st.Currency, st.Pledged, st.Given); err != nil {
				return err
			}
		}
		settled = append(settled, st.Settlement)
	}
	return tx.Settle(ctx, settled...)
}

// closing does what fn says and closes the month if nobody is left, in one transaction. What is said here is committed.
func (s *Settler) closing(ctx context.Context, m flattery.Month, now time.Time, fn func(store.Tx) error) error {
	var month flattery.MonthState
	var closed bool
	err := s.Store.Bulk(ctx, func(tx store.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		st, did, err := tx.CloseMonth(ctx, m, now)
		month, closed = st, did
		return err
	})
	if err == nil && closed {
		s.Log.Info("settled", "month", m, "donors", month.Donors, "flattrs", month.Flattrs, "budgets", month.Budgets, "shares", month.Shares, "head", month.Head)
	}
	return err
}

// Preview splits a month for every donor as if it were frozen now, and writes nothing.
func (s *Settler) Preview(ctx context.Context, m flattery.Month) ([]Statement, error) {
	var list []Statement
	for d, err := range s.Store.DonorMonths(ctx, m, 0, 1<<62) {
		if err != nil {
			return nil, fmt.Errorf("settle: %s: %w", m, err)
		}
		list = append(list, s.Rules.Statement(m, d))
	}
	return list, nil
}

func parseSpan(key string) (m flattery.Month, first, last flattery.AccountID, err error) {
	words := strings.Fields(key)
	if len(words) != 3 {
		return 0, 0, 0, errors.New("not a month and two numbers")
	}
	m, err = flattery.ParseMonth(words[0])
	a, errA := strconv.ParseInt(words[1], 10, 64)
	b, errB := strconv.ParseInt(words[2], 10, 64)
	return m, flattery.AccountID(a), flattery.AccountID(b), errors.Join(err, errA, errB)
}
