package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

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

var errMind = errors.New("changed its mind")

// sinksNobody lets many write at once, alone and together, of whom some refuse at their end, panic, or have left before they
// began. All post to the same ledger account, which the first of them makes.
func sinksNobody(h *house) {
	const writers = 240
	gone, leave := context.WithCancel(h.Context())
	leave()
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			ctx, write := h.Context(), h.Update
			if i%7 == 0 {
				write = h.Bulk
			}
			if i%5 == 3 {
				ctx = gone
			}
			defer func() {
				if p := recover(); (p != nil) != (i%5 == 2) {
					h.Errorf("writer %d: panic %v", i, p)
				}
			}()
			err := write(ctx, func(tx store.Tx) error { return h.writer(tx, i) })
			if want := map[int]error{1: errMind, 3: context.Canceled}[i%5]; !errors.Is(err, want) {
				h.Errorf("writer %d: %v, want %v", i, err, want)
			}
		})
	}
	all.Wait()
	accounts, err := h.Accounts(h.Context())
	if err != nil {
		h.Fatal(err)
	}
	var got, want []string
	for _, a := range accounts {
		got = append(got, a.Name)
	}
	for i := range writers {
		if i%5 == 0 || i%5 == 4 {
			want = append(want, fmt.Sprint("writer-", i))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		h.Errorf("there are %v, want %v", got, want)
	}
	if sum, err := h.Balance(h.Context(), ledger.IncomeFee, "EUR"); err != nil || sum != flattery.Amount(len(want)) {
		h.Errorf("posted is %v, error %v, want %d", sum, err, len(want))
	}
}

func (h *house) writer(tx store.Tx, i int) error {
	ctx := h.Context()
	a, err := tx.AddAccount(ctx, flattery.Account{Name: fmt.Sprint("writer-", i), CreatedAt: start})
	if err != nil {
		return err
	}
	if _, err := tx.Post(ctx, ledger.Draft{Key: fmt.Sprint("writer:", i), Kind: "means", At: start, Entries: []ledger.Entry{
		{Debit: ledger.Bank, Credit: ledger.DonorMeans(a), Currency: "EUR", Amount: 1}, {Debit: ledger.DonorMeans(a), Credit: ledger.IncomeFee, Currency: "EUR", Amount: 1}}}); err != nil {
		return err
	}
	switch i % 5 {
	case 1:
		return errMind
	case 2:
		panic("of a writer")
	}
	return nil
}
