// Package railtest is what every rail must promise, and a rail in miniature that breaks in every way a rail can.
package railtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"flattery"
	"flattery/internal/payout"
)

// Fault is how an exchange with the other side goes wrong.
type Fault string

// The faults. Each strikes once.
const (
	Fine       Fault = ""
	NotReached Fault = "not reached" // nothing came about
	Cut        Fault = "cut"         // it came about, and the answer was lost
	Half       Fault = "half"        // half of it came about, and the answer was lost
	Twice      Fault = "twice"       // everything is said twice
	Backwards  Fault = "backwards"   // what happened last is said first
	Refused    Fault = "refused"     // for good
)

// Faults are all of them.
func Faults() []Fault { return []Fault{Fine, NotReached, Cut, Half, Twice, Backwards, Refused} }

var errCut = errors.New("the answer was cut off")

// World is the other side of a rail in miniature: a bank that takes orders at once and pays them later. Its methods may be
// called from many goroutines.
type World struct {
	Rejects func(flattery.Payment) bool // nil: none

	mu      sync.Mutex
	next    []Fault
	orders  map[string]order // by code
	batches map[string]bool
}

type order struct {
	amount flattery.Amount
	to     flattery.Destination
	times  int // money moved
	state  flattery.PaymentState
}

// Break lets the next exchanges go wrong, one after the other.
func (w *World) Break(faults ...Fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.next = append(w.next, faults...)
}

func (w *World) fault() Fault {
	if len(w.next) == 0 {
		return Fine
	}
	f := w.next[0]
	w.next = w.next[1:]
	return f
}

// Settle pays everything that was ordered.
func (w *World) Settle() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for code, o := range w.orders {
		if o.state == flattery.PaymentSent {
			o.state, o.times = flattery.PaymentPaid, o.times+1
			w.orders[code] = o
		}
	}
}

// Paid says how often, and how much each time, was paid for a code.
func (w *World) Paid(code string) (times int, amount flattery.Amount) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.orders[code].times, w.orders[code].amount
}

// Rail is a rail to it. It moves cents, to any destination that is not empty.
type Rail struct{ World *World }

var _ payout.Rail = Rail{}

// Info describes it.
func (Rail) Info() payout.Info {
	return payout.Info{Rail: "miniature", Title: "a rail in miniature", Step: flattery.Cent, Words: true}
}

// Canon takes every destination as it is.
func (Rail) Canon(d flattery.Destination) (flattery.Destination, error) { return d, nil }

// Submit orders what is not ordered yet.
func (r Rail) Submit(ctx context.Context, b flattery.Batch) ([]payout.Event, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w := r.World
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.fault()
	switch f {
	case NotReached:
		return nil, fmt.Errorf("%w: no connection", payout.ErrNotSent)
	case Refused:
		if !w.batches[b.ID] {
			return nil, fmt.Errorf("%w: no such service", payout.ErrRejected)
		}
	}
	if w.orders == nil {
		w.orders, w.batches = map[string]order{}, map[string]bool{}
	}
	w.batches[b.ID] = true
	for i, y := range b.Payments {
		if f == Half && i >= (len(b.Payments)+1)/2 {
			break
		}
		if _, there := w.orders[y.Code]; there {
			continue
		}
		o := order{amount: y.Amount, to: y.Destination, state: flattery.PaymentSent}
		if w.Rejects != nil && w.Rejects(y) {
			o.state = flattery.PaymentFailed
		}
		w.orders[y.Code] = o
	}
	return w.say(b, f)
}

// Status says what became of a batch. What of it never came is unknown to it.
func (r Rail) Status(ctx context.Context, b flattery.Batch) ([]payout.Event, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w := r.World
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.fault()
	if f == NotReached || f == Cut || f == Half || f == Refused {
		return nil, errCut
	}
	for _, y := range b.Payments {
		if _, there := w.orders[y.Code]; !there { // all of it is safe to hand over again: each is taken once
			return nil, payout.ErrNotSent
		}
	}
	return w.say(b, f)
}

func (w *World) say(b flattery.Batch, f Fault) (events []payout.Event, err error) {
	if f == Cut || f == Half {
		return nil, errCut
	}
	for _, y := range b.Payments {
		o := w.orders[y.Code]
		events = append(events, payout.Event{Payment: y.ID, State: flattery.PaymentSent})
		if o.state != flattery.PaymentSent {
			events = append(events, payout.Event{Payment: y.ID, State: o.state})
		}
	}
	switch f {
	case Twice:
		events = append(events, events...)
	case Backwards:
		slices.Reverse(events)
	}
	return events, nil
}

// Keeper is a rail and what its suite needs of the other side.
type Keeper struct {
	Rail    payout.Rail
	Batch   flattery.Batch         // of at least two payments that it can move
	Break   func(Fault)            // nil: the other side never breaks
	Ordered func(code string) int  // how often a payment was ordered there
	Bad     []flattery.Destination // that it does not move to
	Good    map[string]string      // destinations as people write them, and as it does
}

// Run holds a rail to what all must promise.
func Run(t *testing.T, open func(t *testing.T) Keeper) {
	t.Run("it says what it is", func(t *testing.T) {
		k := open(t)
		if i := k.Rail.Info(); i.Rail == "" || i.Title == "" || i.Step <= 0 || i.Minimum < 0 {
			t.Errorf("info %+v", i)
		}
	})
	t.Run("its destinations have one form", func(t *testing.T) {
		k := open(t)
		for given, want := range k.Good {
			got, err := k.Rail.Canon(flattery.Destination(given))
			if err != nil || string(got) != want {
				t.Errorf("%q is %q (%v), want %q", given, got, err, want)
			}
			if again, err := k.Rail.Canon(got); err != nil || again != got {
				t.Errorf("%q becomes %q (%v)", got, again, err)
			}
		}
		for _, bad := range k.Bad {
			if got, err := k.Rail.Canon(bad); err == nil {
				t.Errorf("%q is taken as %q", bad, got)
			}
		}
	})
	if k := open(t); k.Rail.Info().Hands { // people do it, and nothing is handed over
		return
	}
	t.Run("what it never saw it says so", func(t *testing.T) {
		k := open(t)
		if _, err := k.Rail.Status(t.Context(), k.Batch); !errors.Is(err, payout.ErrNotSent) {
			t.Errorf("of what it never saw it says %v", err)
		}
	})
	faults := Faults()
	if open(t).Break == nil {
		faults = []Fault{Fine}
	}
	for _, f := range faults {
		t.Run("nothing is ordered twice: "+string(f), func(t *testing.T) { once(t, open(t), f) })
	}
}

// once: whatever goes wrong first, a batch that is asked for and handed over until all is known is ordered once.
func once(t *testing.T, k Keeper, f Fault) {
	if f != Fine {
		k.Break(f)
	}
	events, err := k.Rail.Submit(t.Context(), k.Batch)
	if f == Refused && errors.Is(err, payout.ErrRejected) {
		for _, y := range k.Batch.Payments {
			if k.Ordered(y.Code) != 0 {
				t.Errorf("%s was refused, and ordered", y.Code)
			}
		}
		return
	}
	for range 3 {
		if err == nil {
			break
		}
		if events, err = k.Rail.Status(t.Context(), k.Batch); errors.Is(err, payout.ErrNotSent) {
			events, err = k.Rail.Submit(t.Context(), k.Batch)
		}
	}
	if err != nil {
		t.Fatalf("it never said what became of it: %v", err)
	}
	if _, err := k.Rail.Submit(t.Context(), k.Batch); err != nil {
		t.Errorf("handed over again: %v", err)
	}
	said := map[flattery.PaymentID]bool{}
	for _, e := range events {
		said[e.Payment] = true
	}
	for _, y := range k.Batch.Payments {
		if n := k.Ordered(y.Code); n != 1 || !said[y.ID] {
			t.Errorf("%s was ordered %d times, and spoken of: %t", y.Code, n, said[y.ID])
		}
	}
}

// Outbox is a payout.Outbox in memory that breaks as it is told, for rails that write files. The zero value is ready.
type Outbox struct {
	mu    sync.Mutex
	next  Fault
	files map[string]flattery.File
	Puts  int // that kept a new file
}

// Break lets the next exchange go wrong.
func (o *Outbox) Break(f Fault) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.next = f
}

func (o *Outbox) fault() Fault {
	f := o.next
	o.next = Fine
	return f
}

// Put keeps a file.
func (o *Outbox) Put(_ context.Context, batch string, f flattery.File) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	fault := o.fault()
	if fault == NotReached {
		return errors.New("the store is away")
	}
	if o.files == nil {
		o.files = map[string]flattery.File{}
	}
	if was, there := o.files[batch]; there {
		if string(was.Body) != string(f.Body) {
			return flattery.ErrConflict
		}
		return nil
	}
	o.files[batch], o.Puts = f, o.Puts+1
	if fault == Cut || fault == Half {
		return flattery.ErrUnknown
	}
	return nil
}

// Outgoing finds it.
func (o *Outbox) Outgoing(_ context.Context, batch string) (flattery.File, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	f, there := o.files[batch]
	if !there {
		return f, flattery.ErrNotFound
	}
	return f, nil
}
