package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/internal/payout"
	"flattery/store"
	"flattery/store/postgres/pgtest"
)

// Each month three donors give to some of five authors, whom the house pays.
const (
	sendDonors  = 3
	sendAuthors = 5
	sendStarts  = 60 // of the program, before a month counts as one that is never paid
)

// A process that sends the house's payments is killed with SIGKILL, and its bank's answers are cut, at every point of Submit and
// Status, before and after each of its writes, and at random instants. In the end the bank has made each payment once, and no
// payment is one of which nobody knows what became of it.
func TestKilledAtEveryPointOfASubmitItPaysOnce(t *testing.T) {
	rounds, everywhere := 6, false
	switch {
	case os.Getenv("FLATTERY_LONG") == "1":
		rounds, everywhere = 500, true
	case onPostgres():
	case os.Getenv("FLATTERY_CI") == "1":
		rounds, everywhere = 25, true
	case testing.Short():
		rounds = 2
	}
	h := sendOpen(t)
	for round := 0; round < rounds || everywhere && round < 2*rounds && len(h.bank.spared()) > 0; round++ {
		h.month(round)
		h.bank.draw(h.dice)
		h.bank.draw(h.dice)
		h.untilKnown(round)
		h.statement()
		h.rounds++
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
	h.end()
	if spared := h.bank.spared(); everywhere && (len(spared) > 0 || h.bank.resolved == 0) {
		t.Errorf("nothing struck at %v; %d answers were given by Status", spared, h.bank.resolved)
	}
	b := h.bank
	t.Logf("%d rounds, %d payments in %d batches, %d starts, %d kills, %d cut or odd answers; of %d answers that were lost %d were given by Status",
		h.rounds, len(b.codes), len(b.batches), h.starts, b.kills, b.cuts, b.lost, b.resolved)
	for _, point := range slices.Sorted(maps.Keys(b.struck)) {
		t.Logf("%4d × %s", b.struck[point], point)
	}
}

// sendHouse is a house that pays, with its bank.
type sendHouse struct {
	*killHouse
	bank   *killBank
	at     string          // where the bank is asked
	means  flattery.Amount // that came
	paid   flattery.Amount // that the bank has said
	told   map[string]bool // payments that a statement had
	rounds int
	starts int
}

func sendOpen(t *testing.T) *sendHouse {
	t.Helper()
	h := &sendHouse{killHouse: killPlace(t), told: map[string]bool{}}
	h.more = []string{"FLATTERY_MODE=prepaid"}
	if onPostgres() {
		h.more = append(h.more, "FLATTERY_DATABASE="+string(pgtest.New(t)))
	}
	h.bank = newKillBank(t)
	server := httptest.NewServer(h.bank)
	t.Cleanup(server.Close)
	h.at = server.URL
	for i := range sendAuthors {
		h.world.GitHub.AddUser(fmt.Sprintf("author-%d", i))
	}
	for i := range sendDonors {
		h.world.GitHub.AddUser(fmt.Sprintf("donor-%d", i))
	}
	h.inside(func(ctx context.Context, in *instance) error {
		return in.update(ctx, func(tx store.Tx) error {
			for i := range sendAuthors {
				if err := h.join(ctx, in, tx, fmt.Sprintf("author-%d", i), 0); err != nil {
					return err
				}
			}
			for i := range sendDonors {
				if err := h.join(ctx, in, tx, fmt.Sprintf("donor-%d", i), 5*flattery.Unit); err != nil {
					return err
				}
			}
			return nil
		})
	})
	return h
}

// month makes one of which nothing is paid yet: donors pay in, star things that are new, and it is settled and planned.
func (h *sendHouse) month(round int) {
	h.Helper()
	from := h.world.Clock.Now()
	h.world.Clock.Set(time.Date(from.Year(), from.Month()+1, 4, 5, 0, 0, 0, time.UTC))
	for i := range sendAuthors {
		h.world.GitHub.AddRepo(fmt.Sprintf("author-%d", i), fmt.Sprintf("thing-%d", round))
	}
	for i := range sendDonors {
		for _, author := range h.dice.Perm(sendAuthors)[:1+h.dice.IntN(3)] {
			h.world.GitHub.StarAt(fmt.Sprintf("donor-%d", i), fmt.Sprintf("author-%d/thing-%d", author, round), from.Add(time.Duration(1+h.dice.IntN(20*24))*time.Hour))
		}
	}
	h.inside(func(ctx context.Context, in *instance) error {
		for i := range sendDonors {
			a, err := in.store.AccountNamed(ctx, fmt.Sprintf("donor-%d", i))
			if err == nil {
				err = in.planner.Means(ctx, a.ID, "EUR", 5*flattery.Unit, fmt.Sprint(round, a.ID), "")
			}
			if err != nil {
				return err
			}
			h.means += 5 * flattery.Unit
		}
		in.planner.House = []payout.Rail{h.bank.rail}
		for _, due := range []func(context.Context, time.Time) error{in.poller.Enqueue, in.settler.Enqueue, in.planner.Enqueue} {
			if err := due(ctx, in.now()); err != nil {
				return err
			}
			if _, err := in.store.Jobs().Drain(ctx, in.handlers()); err != nil {
				return err
			}
		}
		planned, err := in.store.Payments(ctx, store.PaymentQuery{House: true, State: flattery.PaymentPlanned})
		if err == nil && len(planned) == 0 {
			err = errors.New("nothing is planned")
		}
		return err
	})
}

// untilKnown starts the program again and again, until it says that it is known of every payment what became of it.
func (h *sendHouse) untilKnown(round int) {
	h.Helper()
	var said []string
	for range sendStarts {
		h.world.Clock.Advance(11 * time.Minute) // leases have run out, and a rail is asked again
		processes := 1
		if h.dice.IntN(5) == 0 {
			processes = 2 // beside each other
		}
		var both sync.WaitGroup
		texts, done := make([]string, processes), make([]bool, processes)
		for i := range processes {
			within := h.bank.instant(h.dice)
			both.Go(func() { texts[i], done[i] = h.start(within) })
		}
		both.Wait()
		h.starts += processes
		said = append(said, texts...)
		if h.Failed() || done[processes-1] && strings.HasSuffix(texts[processes-1], "\nnothing is left\n") {
			return
		}
	}
	h.Errorf("round %d: after %d starts it is not known yet what became of everything: %s", round, sendStarts, strings.Join(said[len(said)-5:], "\n"))
}

// start lets a process send, kills it after a time (0: it is not), and gives what it said, and whether it ended by itself.
func (h *sendHouse) start(within time.Duration) (said string, ended bool) {
	var out bytes.Buffer
	cmd := exec.Command("flattery-sends", h.at) // it is killed by the bank or below, and must not be otherwise
	cmd.Env, cmd.Stdout, cmd.Stderr = h.environ(), &out, &out
	began := time.Now()
	c, err := h.bank.start(cmd)
	if err != nil {
		h.Error(err)
		return "", false
	}
	if within > 0 {
		select {
		case <-c.dead:
		case <-time.After(within):
			h.bank.atRandom(c)
		}
	}
	<-c.dead
	took := time.Since(began)
	h.bank.mu.Lock() // who kills has noted it
	defer h.bank.mu.Unlock()
	switch {
	case c.killed:
		return out.String(), false
	case c.err != nil:
		h.Errorf("a process ended by itself: %v\n%s", c.err, &out)
	}
	h.bank.takes = (h.bank.takes + took) / 2
	return out.String(), true
}

// statement lets the bank pay what it was ordered, and say so.
func (h *sendHouse) statement() {
	h.Helper()
	h.bank.world.Settle()
	var lines []flattery.BankLine
	for code, amount := range h.bank.codes {
		times, moved := h.bank.world.Paid(code)
		if times == 0 || h.told[code] {
			continue
		}
		if times > 1 || moved != amount {
			h.Errorf("%s over %s was paid %d times, over %s", code, amount, times, moved)
		}
		h.told[code] = true
		h.paid += moved
		lines = append(lines, flattery.BankLine{Key: code, At: h.world.Clock.Now(), Currency: "EUR", Amount: moved, Text: "Flattery " + code})
	}
	h.inside(func(ctx context.Context, in *instance) error {
		booked, err := in.planner.Book(ctx, lines)
		if err == nil && booked.Payments != len(lines) {
			err = fmt.Errorf("of %d payments of the bank only %d are known here: %+v", len(lines), booked.Payments, booked)
		}
		return err
	})
}

// end compares every payment with the bank's record, and reads the ledger.
func (h *sendHouse) end() {
	h.Helper()
	h.inside(func(ctx context.Context, in *instance) error {
		all, err := in.store.Payments(ctx, store.PaymentQuery{House: true})
		if err != nil {
			return err
		}
		ours := map[string]bool{}
		for _, y := range all {
			ours[y.Code] = true
			times, amount := h.bank.world.Paid(y.Code)
			switch {
			case y.State == flattery.PaymentPaid && times == 1 && amount == y.Amount:
			case y.State == flattery.PaymentFailed && times == 0:
			default:
				h.Errorf("payment %d (%s) over %s is %s, and was paid %d times over %s", y.ID, y.Code, y.Amount, y.State, times, amount)
			}
		}
		for code := range h.bank.codes {
			if !ours[code] {
				h.Errorf("the bank was handed %s, which nobody knows", code)
			}
		}
		for name, want := range map[string]flattery.Amount{ledger.Transit("miniature"): 0, ledger.Bank: h.means - h.paid} {
			if got, err := in.store.Balance(ctx, name, "EUR"); err != nil || got != want {
				h.Errorf("%s is %s (%v), want %s", name, got, err, want)
			}
		}
		return nil
	})
	for _, command := range []string{"ledger audit", "doctor"} {
		var out bytes.Buffer
		if code := run(h.Context(), strings.Fields(command), h.environ(), strings.NewReader(""), &out, &out); code != exitDone {
			h.Errorf("%s: exit %d: %s", command, code, &out)
		}
	}
}

// mainSends is a process that sends what the house has planned, by the bank that its parent keeps.
func mainSends() {
	p := &program{environ: os.Environ(), stdout: os.Stdout, stderr: os.Stdout}
	if err := p.with(context.Background(), func(in *instance) error { return p.sendAll(context.Background(), in, os.Args[1]) }); err != nil {
		panic(err)
	}
}

// sendAll does what payout export and the daemon do: it makes a batch of what is planned, hands it over, and asks what became of it.
func (p *program) sendAll(ctx context.Context, in *instance, at string) error {
	far := &farBank{at: at}
	in.planner.House, in.planner.Store = []payout.Rail{far}, &farStore{Store: in.planner.Store, bank: far}
	_, err := in.planner.Send(ctx, far.Info().Rail, "EUR")
	if _, nothing := errors.AsType[*flattery.InputError](err); err != nil && !nothing && !errors.Is(err, flattery.ErrState) {
		return err
	}
	if err := in.planner.Enqueue(ctx, in.now()); err != nil {
		return err
	}
	if _, err := in.store.Jobs().Drain(ctx, in.paying()); err != nil {
		p.say("%v", err) // its bank broke
	}
	open, err := in.store.OpenBatches(ctx)
	if err != nil {
		return err
	}
	planned, err := in.store.Payments(ctx, store.PaymentQuery{House: true, State: flattery.PaymentPlanned})
	if err == nil && len(open)+len(planned) == 0 {
		p.say("\nnothing is left")
	}
	return err
}

// answered is what the bank says of a batch, as it travels.
type answered struct{ Events []payout.Event }

func (a answered) text() []byte {
	text, err := json.Marshal(a)
	if err != nil {
		panic(err) // it is made of numbers and words
	}
	return text
}
