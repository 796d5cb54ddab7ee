package payout_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/internal/payout"
	"flattery/internal/payout/manual"
	"flattery/internal/payout/railtest"
	"flattery/store"
)

// newHouse is a bench in prepaid mode, with a rail in miniature.
func newHouse(t *testing.T) (*bench, *railtest.World) {
	t.Helper()
	b, w := newBench(t), &railtest.World{}
	b.Rules.Prepaid = true
	b.House = []payout.Rail{railtest.Rail{World: w}}
	return b, w
}

// gave makes the next month one in which ann gave so much of her means to each author, who is paid at a page of their own.
func (b *bench) gave(amount flattery.Amount, authors ...string) {
	b.Helper()
	m := b.month
	b.month++
	b.now = m.Starts(time.UTC).Add(time.Hour)
	b.do(func(ctx context.Context, tx store.Tx) error {
		l := flattery.Link{Account: b.ann, Identity: who("ann"), Proof: flattery.ByName, BeginsAt: b.now}
		id, err := tx.AddLink(ctx, l, flattery.Token{})
		l.ID = id
		for _, author := range authors {
			if err != nil {
				return err
			}
			b.things++
			if author != "ben" {
				place := flattery.Place{Destination: flattery.Destination("https://pay.example/" + author), Verified: true, Source: flattery.PlaceFile}
				if _, err := tx.AddLikes(ctx, l, []flattery.Like{{Thing: thing(0, author), Author: who(author), At: b.now, Source: flattery.Exact}}, false, b.now); err != nil {
					return err
				}
				if _, err := tx.SavePayable(ctx, flattery.Payable{Author: who(author), Places: []flattery.Place{place}, LookedAt: b.now, Expires: b.now.Add(1000 * time.Hour)}); err != nil {
					return err
				}
				continue
			}
			_, err = tx.AddLikes(ctx, l, []flattery.Like{{Thing: thing(b.things, author), Author: who(author), At: b.now, Source: flattery.Exact}}, false, b.now)
		}
		return err
	})
	b.now = m.Ends(time.UTC).Add(73 * time.Hour)
	b.do(func(ctx context.Context, tx store.Tx) error { _, err := tx.Freeze(ctx, m, b.now); return err })
	for d, err := range b.store.DonorMonths(b.Context(), m, 0, 1<<62) {
		if err != nil {
			b.Fatal(err)
		}
		total := amount * flattery.Amount(len(d.Payees))
		entries := []ledger.Entry{}
		for i, payee := range d.Payees {
			entries = append(entries, ledger.Entry{Debit: ledger.DonorMeans(b.ann), Credit: ledger.PayeePayable(payee), Currency: "EUR", Amount: amount, Flattr: d.Flattrs[i]})
		}
		b.do(func(ctx context.Context, tx store.Tx) error {
			if _, err := tx.Post(ctx, ledger.Draft{Key: "means:" + m.String(), Kind: "means", At: b.now, Entries: []ledger.Entry{{Debit: ledger.Bank, Credit: ledger.DonorMeans(b.ann), Currency: "EUR", Amount: total}}}); err != nil {
				return err
			}
			number, err := tx.Post(ctx, ledger.Draft{Key: ledger.SettleKey(m, b.ann), Kind: "settle", At: b.now, Entries: entries})
			if err != nil {
				return err
			}
			return tx.Settle(ctx, flattery.Settlement{Month: m, Donor: b.ann, Currency: "EUR", Budget: total, Shares: total, Flattrs: len(d.Payees), Transaction: number})
		})
	}
	b.do(func(ctx context.Context, tx store.Tx) error { _, _, err := tx.CloseMonth(ctx, m, b.now); return err })
}

func thing(n int, author string) flattery.Thing {
	return flattery.Thing{Network: "github", Host: "github.com", ID: fmt.Sprint(author, n), Title: author}
}

func (b *bench) drain() {
	b.Helper()
	if _, err := b.store.Jobs().Drain(b.Context(), b.Handlers()); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) audited() {
	b.Helper()
	book, done, err := b.store.Book(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer done()
	if r, err := ledger.Audit(book); err != nil || len(r.Faults) > 0 {
		b.Fatalf("audit: %v %v", r.Faults, err)
	}
}

func (b *bench) balance(name string) flattery.Amount {
	b.Helper()
	a, err := b.store.Balance(b.Context(), name, "EUR")
	if err != nil {
		b.Fatal(err)
	}
	return a
}

// states is what is paid: "5.00 paid, 5.00 failed".
func (b *bench) states() string {
	var all []string
	for _, y := range b.slips() {
		all = append(all, fmt.Sprint(y.Amount, " ", y.State))
	}
	return strings.Join(all, ", ")
}

func TestTheHousePaysOncePerPayeeAndPlan(t *testing.T) {
	b, w := newHouse(t)
	b.gave(2*flattery.Unit, "ben", "cyd", "dee")
	b.gave(flattery.Unit/2, "ben", "eve") // eve is below the minimum
	b.plan()
	if s := b.states(); s != "2.50 planned, 2.00 planned, 2.00 planned" {
		t.Fatalf("planned: %s", s)
	}
	if got := b.balance(ledger.Pledge(b.ann)); got != 0 {
		t.Errorf("%s are pledged in prepaid mode", got)
	}
	batch, err := b.Send(t.Context(), "miniature", "EUR")
	if err != nil {
		t.Fatal(err)
	}
	if got := b.balance(ledger.Transit("miniature")); got != batch.Amount {
		t.Errorf("on its way %s, want %s", got, batch.Amount)
	}
	b.drain()
	w.Settle()
	if s := b.states(); s != "2.50 sent, 2.00 sent, 2.00 sent" {
		t.Errorf("after the rail took it: %s", s)
	}
	if _, err := b.Send(t.Context(), "miniature", "EUR"); err == nil || !strings.Contains(err.Error(), "nothing is planned") {
		t.Errorf("sent again: %v", err)
	}
	if _, err := b.Send(t.Context(), "owl", "EUR"); err == nil || !strings.Contains(err.Error(), "there is miniature") {
		t.Errorf("by owl: %v", err)
	}
	b.audited()
}

func TestWhatABankSaysOfPayments(t *testing.T) {
	cent := flattery.Cent
	for _, row := range []struct {
		name  string
		lines []flattery.BankLine // %s in a text is the payment's code, M the donor's
		want  payout.Booked
		state string
		bank  flattery.Amount // of 5.00 that came
	}{
		{"paid as ordered", []flattery.BankLine{{Key: "1", Amount: 500 * cent, Text: "NOTPROVIDED Flattery %s Ben"}}, payout.Booked{Payments: 1}, "5.00 paid", 0},
		{"the same line twice", []flattery.BankLine{{Key: "1", Amount: 500 * cent, Text: "%s"}, {Key: "1", Amount: 500 * cent, Text: "%s"}}, payout.Booked{Payments: 1, Known: 1}, "5.00 paid", 0},
		{"paid twice over", []flattery.BankLine{{Key: "1", Amount: 500 * cent, Text: "%s"}, {Key: "2", Amount: 500 * cent, Text: "%s"}}, payout.Booked{Payments: 1, Waiting: 1}, "5.00 paid", 0},
		{"too little waits", []flattery.BankLine{{Key: "1", Amount: 499 * cent, Text: "%s"}}, payout.Booked{Waiting: 1}, "5.00 sent", cent},
		{"too little in two parts", []flattery.BankLine{{Key: "1", Amount: 200 * cent, Text: "%s"}, {Key: "2", Amount: 300 * cent, Text: "%s"}}, payout.Booked{Waiting: 2}, "5.00 paid", 0},
		{"too much is paid, and the rest a loss", []flattery.BankLine{{Key: "1", Amount: 510 * cent, Text: "%s"}}, payout.Booked{Waiting: 1}, "5.00 paid", 0},
		{"another currency waits", []flattery.BankLine{{Key: "1", Amount: 500 * cent, Currency: "SEK", Text: "%s"}}, payout.Booked{Waiting: 1}, "5.00 sent", 500 * cent},
		{"a code that lost its hyphens", []flattery.BankLine{{Key: "1", Amount: 500 * cent, Text: "flattery ~"}}, payout.Booked{Payments: 1}, "5.00 paid", 0},
		{"of somebody unknown", []flattery.BankLine{{Key: "1", Amount: 120 * cent, Text: "rent AAAA-BBBB-CCCC"}}, payout.Booked{Waiting: 1}, "5.00 sent", 380 * cent},
		{"paid and come back", []flattery.BankLine{{Key: "2", Amount: 500 * cent, Incoming: true, Returned: true, Text: "%s"}, {Key: "1", Amount: 500 * cent, Text: "%s"}},
			payout.Booked{Payments: 1, Returns: 1}, "5.00 failed", 500 * cent},
		{"come back, less a fee", []flattery.BankLine{{Key: "1", Amount: 500 * cent, Text: "%s"}, {Key: "2", Amount: 495 * cent, Incoming: true, Returned: true, Text: "%s"}},
			payout.Booked{Payments: 1, Waiting: 1}, "5.00 paid", 495 * cent},
		{"means of a donor", []flattery.BankLine{{Key: "1", Amount: 1000 * cent, Incoming: true, Text: "thanks! M"}}, payout.Booked{Means: 1}, "5.00 sent", 1500 * cent},
		{"means of nobody", []flattery.BankLine{{Key: "1", Amount: 1000 * cent, Incoming: true, Text: "FL-AAAA-AAAA"}}, payout.Booked{Waiting: 1}, "5.00 sent", 1500 * cent},
	} {
		t.Run(row.name, func(t *testing.T) {
			b, _ := newHouse(t)
			b.gave(5*flattery.Unit, "ben")
			b.plan()
			if _, err := b.Send(t.Context(), "miniature", "EUR"); err != nil {
				t.Fatal(err)
			}
			b.drain()
			schema, err := b.store.Schema(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			code := b.slips()[0].Code
			for i, l := range row.lines {
				l.At = b.now
				if l.Currency == "" {
					l.Currency = "EUR"
				}
				l.Text = strings.NewReplacer("%s", code, "M", flattery.MeansCode(schema.Instance, b.ann), "~", strings.ToLower(strings.ReplaceAll(code, "-", ""))).Replace(l.Text)
				row.lines[i] = l
			}
			got, err := b.Book(t.Context(), row.lines)
			if err != nil || got != row.want {
				t.Errorf("booked %+v, error %v; want %+v", got, err, row.want)
			}
			if s, bank := b.states(), b.balance(ledger.Bank); s != row.state || bank != row.bank {
				t.Errorf("%s, and at the bank %s; want %s, %s", s, bank, row.state, row.bank)
			}
			b.audited()
			again, err := b.Book(t.Context(), row.lines)
			if err != nil || again.Known != len(row.lines) {
				t.Errorf("taken in again: %+v %v", again, err)
			}
			b.audited()
		})
	}
}

func TestWhatWaitsInSuspenseIsResolved(t *testing.T) {
	for _, row := range []struct {
		name     string
		incoming bool
		amount   flattery.Amount
		as       flattery.Booking
		donor    bool
		err      string
		shows    string // account
		balance  flattery.Amount
	}{
		{"means of a donor", true, 3 * flattery.Unit, flattery.BookingMeans, true, "", "means", 3 * flattery.Unit},
		{"means of whom?", true, 3 * flattery.Unit, flattery.BookingMeans, false, "name the donor", ledger.SuspenseIn, 3 * flattery.Unit},
		{"the owner's own", true, 3 * flattery.Unit, flattery.BookingOwn, false, "", ledger.Sponsor, 3 * flattery.Unit},
		{"what came in is no fee", true, 3 * flattery.Unit, flattery.BookingFee, false, "came in", ledger.SuspenseIn, 3 * flattery.Unit},
		{"a fee of the bank", false, 3 * flattery.Unit, flattery.BookingFee, false, "", ledger.BankFees, 3 * flattery.Unit},
		{"what went out is no means", false, 3 * flattery.Unit, flattery.BookingMeans, true, "went out", ledger.SuspenseOut, 3 * flattery.Unit},
		{"a refund of more than there is", false, 3 * flattery.Unit, flattery.BookingRefund, true, "not so much", ledger.SuspenseOut, 3 * flattery.Unit},
		{"taken back after it was spent", false, 3 * flattery.Unit, flattery.BookingChargeback, true, "", "debt", 3 * flattery.Unit},
		{"a payment that is none", false, 3 * flattery.Unit, flattery.BookingPayment, false, "no payment", ledger.SuspenseOut, 3 * flattery.Unit},
	} {
		t.Run(row.name, func(t *testing.T) {
			b, _ := newHouse(t)
			b.gave(5*flattery.Unit, "ben")
			if _, err := b.Book(t.Context(), []flattery.BankLine{{Key: "k", At: b.now, Currency: "EUR", Amount: row.amount, Incoming: row.incoming, Text: "?"}}); err != nil {
				t.Fatal(err)
			}
			donor := flattery.AccountID(0)
			if row.donor {
				donor = b.ann
			}
			err := b.Resolve(t.Context(), 1, row.as, donor, 0)
			if row.err == "" && err != nil || row.err != "" && (err == nil || !strings.Contains(err.Error(), row.err)) {
				t.Errorf("error %v, want %q", err, row.err)
			}
			name := map[string]string{"means": ledger.DonorMeans(b.ann), "debt": ledger.DonorDebt(b.ann)}[row.shows]
			if name == "" {
				name = row.shows
			}
			if got := b.balance(name); got != row.balance {
				t.Errorf("%s is %s, want %s", name, got, row.balance)
			}
			b.audited()
			if row.err == "" {
				if err := b.Resolve(t.Context(), 1, row.as, donor, 0); !errors.Is(err, flattery.ErrState) {
					t.Errorf("resolved again: %v", err)
				}
			}
		})
	}
}

// What a bank took back after it was spent is mended by the donor's next means.
func TestAChargebackIsPaidOffFirst(t *testing.T) {
	b, _ := newHouse(t)
	b.gave(5*flattery.Unit, "ben")
	line := func(key string, incoming bool, amount flattery.Amount) {
		if _, err := b.Book(t.Context(), []flattery.BankLine{{Key: key, At: b.now, Currency: "EUR", Amount: amount, Incoming: incoming, Text: "?"}}); err != nil {
			t.Fatal(err)
		}
	}
	line("out", false, 5*flattery.Unit)
	line("in", true, 7*flattery.Unit)
	if err := errors.Join(b.Resolve(t.Context(), 1, flattery.BookingChargeback, b.ann, 0), b.Resolve(t.Context(), 2, flattery.BookingMeans, b.ann, 0)); err != nil {
		t.Fatal(err)
	}
	if debt, means := b.balance(ledger.DonorDebt(b.ann)), b.balance(ledger.DonorMeans(b.ann)); debt != 0 || means != 2*flattery.Unit {
		t.Errorf("debt %s, means %s", debt, means)
	}
	b.audited()
}

// What arrived is noted once by its key, also where a debt was paid off with it meanwhile, or came about since.
func TestMeansAreNotedOnce(t *testing.T) {
	b, _ := newHouse(t)
	b.gave(5*flattery.Unit, "ben")
	takeBack := func(key string, amount flattery.Amount) {
		if _, err := b.Book(t.Context(), []flattery.BankLine{{Key: key, At: b.now, Currency: "EUR", Amount: amount, Text: "?"}}); err != nil {
			t.Fatal(err)
		}
		lines, err := b.store.BankLines(t.Context(), 1)
		if err == nil {
			err = b.Resolve(t.Context(), lines[0].ID, flattery.BookingChargeback, b.ann, 0)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	takeBack("out", 2*flattery.Unit)
	for range 2 {
		if err := b.Means(t.Context(), b.ann, "EUR", 3*flattery.Unit, "k", "cash"); err != nil {
			t.Error(err)
		}
	}
	takeBack("more", 4*flattery.Unit) // 1.00 was there
	if err := b.Means(t.Context(), b.ann, "EUR", 3*flattery.Unit, "k", "cash"); err != nil {
		t.Error(err)
	}
	if err := b.Means(t.Context(), b.ann, "EUR", 4*flattery.Unit, "k", "cash"); !errors.Is(err, flattery.ErrConflict) {
		t.Errorf("with another amount: %v", err)
	}
	if debt, means := b.balance(ledger.DonorDebt(b.ann)), b.balance(ledger.DonorMeans(b.ann)); debt != 3*flattery.Unit || means != 0 {
		t.Errorf("debt %s, means %s", debt, means)
	}
	b.audited()
}

func TestPledgeModeHasNoBank(t *testing.T) {
	b := newBench(t)
	if _, err := b.Book(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "pledge") {
		t.Errorf("error %v", err)
	}
	b.House = []payout.Rail{manual.Rail{}}
	if _, err := b.Send(t.Context(), "manual", "EUR"); err == nil || !strings.Contains(err.Error(), "takes no batches") {
		t.Errorf("error %v", err)
	}
}

// dying is a store that dies before or after a commit, as a process that is killed does.
type dying struct {
	store.Store
	dice *rand.Rand
	odds float64
}

var errKilled = errors.New("killed")

func (d *dying) Bulk(ctx context.Context, fn func(store.Tx) error) error { return d.Update(ctx, fn) }

func (d *dying) Update(ctx context.Context, fn func(store.Tx) error) error {
	switch r := d.dice.Float64(); {
	case r < d.odds/2:
		return errKilled
	case r < d.odds:
		if err := d.Store.Update(ctx, fn); err != nil {
			return err
		}
		return errKilled
	}
	return d.Store.Update(ctx, fn)
}

// Whatever breaks between a planned payment and its end (the process before or after each commit, the rail before, in the middle
// of and after each effect), it is paid once, what was refused is owed again, and the book is whole.
func TestNoPaymentIsMadeTwiceOrLost(t *testing.T) {
	rounds := 12
	if os.Getenv("FLATTERY_LONG") != "" {
		rounds = 500
	}
	b, w := newHouse(t)
	plain := b.store
	d := &dying{Store: plain}
	kills, breaks := 0, 0
	for round := range rounds {
		dice := rand.New(rand.NewPCG(uint64(round), 6))
		d.dice, d.odds = dice, 0.3
		w.Rejects = func(y flattery.Payment) bool { return y.Code[0]%5 == 0 }
		b.gave(flattery.Amount(1+dice.IntN(9))*flattery.Unit, "ben", fmt.Sprint("a", round), fmt.Sprint("b", round))
		b.plan()
		faults := railtest.Faults()
		for range 1 + dice.IntN(4) {
			w.Break(faults[dice.IntN(len(faults))])
			breaks++
		}
		b.Store = d
		for done := false; !done; {
			_, err := b.Send(t.Context(), "miniature", "EUR")
			if errors.Is(err, errKilled) {
				kills++
				continue
			}
			done = true
		}
		for range 60 {
			open, err := plain.OpenBatches(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(open) == 0 {
				break
			}
			b.now = b.now.Add(time.Hour)
			if err := b.Enqueue(t.Context(), b.now); errors.Is(err, errKilled) {
				kills++
			}
			if _, err := plain.Jobs().Drain(t.Context(), b.Handlers()); errors.Is(err, errKilled) {
				kills++
			}
		}
		w.Settle()
		b.Store = plain
	}
	for _, y := range b.slips() {
		times, amount := w.Paid(y.Code)
		switch y.State {
		case flattery.PaymentSent:
			if times != 1 || amount != y.Amount {
				t.Errorf("payment %d over %s is sent, and was paid %d times over %s", y.ID, y.Amount, times, amount)
			}
		case flattery.PaymentFailed:
			if times != 0 {
				t.Errorf("payment %d failed, and was paid %d times", y.ID, times)
			}
		default:
			t.Errorf("payment %d is %s in the end", y.ID, y.State)
		}
	}
	b.audited()
	t.Logf("%d rounds, %d payments, %d kills, %d faults of the rail", rounds, len(b.slips()), kills, breaks)
}

// What a backup does not know may have been paid: the same month planned anew has the codes it had, so the bank's statement closes
// it, and nothing is sent before somebody says that all is known.
func TestOutOfABackupNothingIsPaidTwice(t *testing.T) {
	b, _ := newHouse(t)
	b.gave(5*flattery.Unit, "ben")
	b.do(func(ctx context.Context, tx store.Tx) error { return tx.NoteRestore(ctx, b.now) }) // the payment below was made in the life before
	b.plan()
	if _, err := b.Send(t.Context(), "miniature", "EUR"); err == nil || !strings.Contains(err.Error(), "came out of a backup") {
		t.Fatalf("sent: %v", err)
	}
	booked, err := b.Book(t.Context(), []flattery.BankLine{{Key: "1", At: b.now, Currency: "EUR", Amount: 5 * flattery.Unit, Text: b.slips()[0].Code}})
	if err != nil || booked.Payments != 1 || b.states() != "5.00 paid" {
		t.Errorf("%+v, %s, error %v", booked, b.states(), err)
	}
	if err := b.CaughtUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Send(t.Context(), "miniature", "EUR"); err == nil || !strings.Contains(err.Error(), "nothing is planned") {
		t.Errorf("sent: %v", err)
	}
	b.audited()
}
