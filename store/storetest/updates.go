package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"flattery"
	"flattery/internal/ledger"
	"flattery/store"
)

func updatePromises() map[string]func(*house) {
	return map[string]func(*house){
		"an update is all or nothing":                         allOrNothing,
		"a refusal does not sink the updates beside it":       refusalAlone,
		"a panic comes back to its caller and writes nothing": panics,
		"an ended caller writes nothing":                      endedCaller,
		"who refuses, panics or has left sinks nobody else":   sinksNobody,
	}
}

func allOrNothing(h *house) {
	broken := errors.New("broken")
	h.refused(broken, func(ctx context.Context, tx store.Tx) error {
		if _, err := tx.AddAccount(ctx, flattery.Account{Name: "ann", CreatedAt: start}); err != nil {
			return err
		}
		if err := post(ctx, tx, "k", entry("assets:bank", "equity:sponsor", 5)); err != nil {
			return err
		}
		return broken
	})
	list, err := h.Accounts(h.Context())
	h.want("accounts", say(len(list), err), "0 <nil>")
	h.do(func(ctx context.Context, tx store.Tx) error {
		return post(ctx, tx, "k", entry("assets:bank", "equity:sponsor", 7))
	})
}

func refusalAlone(h *house) {
	errs := together(64, func(i int) error {
		return h.try(func(ctx context.Context, tx store.Tx) error {
			_, err := tx.AddAccount(ctx, flattery.Account{Name: fmt.Sprint("name", i/2), CreatedAt: start})
			return err
		})
	})
	refused := 0
	for _, err := range errs {
		if errors.Is(err, flattery.ErrNameTaken) {
			refused++
		} else if err != nil {
			h.Error(err)
		}
	}
	list, err := h.Accounts(h.Context())
	h.want("refused, written", say(refused, len(list), err), "32 32 <nil>")
}

func panics(h *house) {
	func() {
		defer func() { h.want("the panic", recover(), "boom") }()
		h.do(func(ctx context.Context, tx store.Tx) error {
			if _, err := tx.AddAccount(ctx, flattery.Account{Name: "ann", CreatedAt: start}); err != nil {
				return err
			}
			panic("boom")
		})
	}()
	h.account("ann")
}

func endedCaller(h *house) {
	ctx, cancel := context.WithCancel(h.Context())
	cancel()
	err := h.Update(ctx, func(tx store.Tx) error {
		_, err := tx.AddAccount(ctx, flattery.Account{Name: "ann", CreatedAt: start})
		return err
	})
	h.want("the error", errors.Is(err, context.Canceled), true)
	h.account("ann")
}

var (
	errMind  = errors.New("changed its mind")
	errPanic = errors.New("panicked")
)

// sinksNobody lets many write at once, alone and together, of whom some refuse at their end, panic, or have left before they
// began. All post to the same ledger account, which the first of them makes, and over one of their own, whose number the next has
// too when they refuse.
func sinksNobody(h *house) {
	ends := []error{nil, errMind, errPanic, context.Canceled, nil}
	gone, leave := context.WithCancel(h.Context())
	leave()
	errs := together(240, func(i int) (err error) {
		end, ctx, write := ends[i%len(ends)], h.Context(), h.Update
		if i%7 == 0 {
			write = h.Bulk
		}
		if errors.Is(end, context.Canceled) {
			ctx = gone
		}
		defer func() {
			if p := recover(); p != nil {
				err = p.(error) //nolint:errcheck,forcetypeassert // what else panics shall be seen
			}
		}()
		return write(ctx, func(tx store.Tx) error { return writes(h.Context(), tx, i, end) })
	})
	var wrote []string
	for i, err := range errs {
		h.want(fmt.Sprint("end of writer ", i), err, ends[i%len(ends)])
		if err == nil {
			wrote = append(wrote, fmt.Sprint("writer-", i))
		}
	}
	accounts, err := h.Accounts(h.Context())
	var there []string
	for _, a := range accounts {
		there = append(there, a.Name)
	}
	slices.Sort(wrote)
	slices.Sort(there)
	h.want("who is there", say(there, err), say(wrote, "<nil>"))
	sum, err := h.Balance(h.Context(), "equity:sponsor", "EUR")
	h.want("posted", say(sum, err), say(flattery.Amount(len(wrote)), "<nil>"))
}

func writes(ctx context.Context, tx store.Tx, i int, end error) error {
	a, err := tx.AddAccount(ctx, flattery.Account{Name: fmt.Sprint("writer-", i), CreatedAt: start})
	if err != nil {
		return err
	}
	means := ledger.DonorMeans(a)
	if err := post(ctx, tx, fmt.Sprint("writer:", i), entry("assets:bank", means, 1), entry(means, "equity:sponsor", 1)); err != nil {
		return err
	}
	if errors.Is(end, errPanic) {
		panic(end)
	}
	return end
}
