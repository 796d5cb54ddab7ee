package flattery_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/internal/judges"
	"flattery/internal/ledger"
	"flattery/internal/payout"
	"flattery/internal/payout/manual"
	"flattery/internal/payout/sepa"
	"flattery/internal/queue"
	"flattery/internal/sandbox"
	"flattery/internal/settle"
	"flattery/store"
	"flattery/store/eachtest"
)

// year is a town whose people like, pay, forget to pay, join and leave for months. Some authors have joined, some only publish
// where to be paid, some are nobody yet. A fifth of the donors gives in another currency.
type year struct {
	*testing.T
	place    *eachtest.Place
	dice     *rand.Rand
	clock    *sandbox.Clock
	store    store.Store
	settler  *settle.Settler
	planner  *payout.Planner
	bank     *sandbox.Bank // prepaid
	rail     sepa.Rail
	donors   []flattery.Link
	budgets  map[flattery.AccountID]flattery.Amount
	money    map[flattery.AccountID]string
	authors  int
	joined   map[int]flattery.AccountID // authors who have
	prepaid  bool
	netted   int // payments of those who joined netting
	pairs    int // and how many there were to pay without
	returned int
}

const houseIBAN = "DE75512108001245126199"

// A year passes for a whole town, in both modes: every month the book is audited, what netting did is held against its promise,
// and in the end programs that are not ours check every balance.
func TestAYearOfATown(t *testing.T) {
	donors, authors, months := 30, 45, 5
	if os.Getenv("FLATTERY_LONG") == "1" {
		donors, authors, months = 200, 300, 12
	}
	for _, mode := range []settle.Mode{settle.Pledge, settle.Prepaid} {
		t.Run(string(mode), func(t *testing.T) {
			eachtest.Each(t, func(t *testing.T, place *eachtest.Place) {
				y := newYear(t, place, mode == settle.Prepaid, donors, authors)
				for m := range months {
					y.month(m)
				}
				y.end(months)
			})
		})
	}
}

func newYear(t *testing.T, place *eachtest.Place, prepaid bool, donors, authors int) *year {
	t.Helper()
	y := &year{T: t, place: place, prepaid: prepaid, dice: rand.New(rand.NewPCG(2026, 1)), clock: sandbox.NewClock(time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC)),
		budgets: map[flattery.AccountID]flattery.Amount{}, money: map[flattery.AccountID]string{}, authors: authors, joined: map[int]flattery.AccountID{}}
	y.store = place.Open(t, eachtest.Options{Now: y.clock.Now, Workers: 1})
	log, mode := slog.New(slog.DiscardHandler), settle.Pledge
	if prepaid {
		mode = settle.Prepaid
	}
	y.settler = &settle.Settler{Store: y.store, Now: y.clock.Now, Log: log, Rules: settle.Rules{Mode: mode, Grace: 72 * time.Hour, Split: flattery.SplitByFlattr, Lapse: 90 * 24 * time.Hour}}
	if prepaid {
		y.settler.Rules.Fee = 20_000
	}
	y.bank = sandbox.NewBank(houseIBAN, 0, y.clock)
	y.rail = sepa.Rail{From: sepa.Party{Name: "Club", IBAN: houseIBAN}, Outbox: boxes{y.store}}
	y.planner = &payout.Planner{Store: y.store, Rail: manual.Rail{}, House: []payout.Rail{y.rail, manual.Rail{}}, Now: y.clock.Now, Log: log,
		Rules: payout.Rules{Max: 5, Minimum: flattery.Unit, Prepaid: prepaid, Void: 120 * 24 * time.Hour, Netting: true}}
	for i := range donors {
		y.donor(i)
	}
	for i := range authors {
		if i%3 == 0 {
			y.join(i)
		}
	}
	return y
}

// boxes keeps files in a store.
type boxes struct{ store.Store }

func (b boxes) Put(ctx context.Context, batch string, f flattery.File) error {
	return b.Update(ctx, func(tx store.Tx) error { return tx.PutOutgoing(ctx, batch, f) })
}

func (y *year) do(fn func(ctx context.Context, tx store.Tx) error) {
	y.Helper()
	if err := y.store.Update(y.Context(), func(tx store.Tx) error { return fn(y.Context(), tx) }); err != nil {
		y.Fatal(err)
	}
}

func author(i int) flattery.Profile {
	return flattery.Profile{Identity: flattery.Identity{Network: "github", Host: "github.com", Subject: fmt.Sprint(i)}, Handle: fmt.Sprint("author", i)}
}

// iban is an account of Germany's with right check digits.
func iban(n int) string {
	number := fmt.Sprintf("51210800%010d", n)
	for check := 2; check < 99; check++ {
		if s := fmt.Sprintf("DE%02d%s", check, number); flattery.ValidIBAN(s) {
			return s
		}
	}
	return ""
}

func (y *year) donor(i int) {
	now := y.clock.Now()
	set := flattery.Settings{Budget: flattery.Amount(2+y.dice.IntN(18)) * flattery.Unit, Currency: "EUR", Netting: i%2 == 0}
	if i%5 == 4 {
		set.Currency = "SEK"
	}
	l := flattery.Link{Identity: flattery.Profile{Identity: flattery.Identity{Network: "github", Host: "github.com", Subject: fmt.Sprint("d", i)}, Handle: fmt.Sprint("donor", i)},
		Proof: flattery.ByName, BeginsAt: now, Interval: time.Hour}
	y.do(func(ctx context.Context, tx store.Tx) (err error) {
		l := l
		if l.Account, err = tx.AddAccount(ctx, flattery.Account{Name: fmt.Sprint("donor", i), CreatedAt: now, Settings: set}); err != nil {
			return err
		}
		l.ID, err = tx.AddLink(ctx, l, flattery.Token{})
		y.donors = append(y.donors[:i], l)
		return err
	})
	y.budgets[y.donors[i].Account], y.money[y.donors[i].Account] = set.Budget, set.Currency
}

// join gives an author an account, which takes part in netting, and gives on where its number is even.
func (y *year) join(i int) {
	now, id := y.clock.Now(), flattery.AccountID(0)
	set := flattery.Settings{Currency: "EUR", Netting: true, Destination: flattery.Destination("payto://iban/" + iban(i))}
	if i%2 == 0 {
		set.Budget, set.GiveOn = 3*flattery.Unit, 20
	}
	y.do(func(ctx context.Context, tx store.Tx) error {
		made, err := tx.AddAccount(ctx, flattery.Account{Name: fmt.Sprint("author", i), CreatedAt: now, Settings: set})
		if err != nil {
			return err
		}
		id = made
		_, err = tx.AddClaim(ctx, flattery.Claim{Account: made, Identity: author(i), Proof: flattery.ByAdmin, ProvedAt: now})
		return err
	})
	y.joined[i] = id
}

// month lets one pass: likes, authors who become payable or join, means, the close, the plan, and what becomes of it.
func (y *year) month(n int) {
	y.Helper()
	m := flattery.MonthOf(y.clock.Now(), time.UTC)
	for _, l := range y.donors {
		y.likes(l, n)
	}
	y.clock.Advance(20 * 24 * time.Hour)
	for i := range y.authors {
		switch _, in := y.joined[i]; {
		case i%3 == 1 && n == 0, i%7 == 5 && n == 2 && !in:
			y.publish(i)
		case i%9 == 1 && n == 3: // published before, and was settled for
			y.joinLater(i)
		}
	}
	if y.prepaid {
		y.payIn()
	}
	y.clock.Set(m.Ends(time.UTC).Add(73 * time.Hour))
	y.work(y.settler.Enqueue, y.settler.Handlers())
	y.work(y.planner.Enqueue, y.planner.Handlers())
	y.audit(m)
	if y.prepaid {
		y.payOut()
	} else {
		y.slips(m)
	}
	y.audit(m)
}

func (y *year) likes(l flattery.Link, n int) {
	var likes []flattery.Like
	for range 3 + y.dice.IntN(30) {
		i := int(float64(y.authors) * y.dice.Float64() * y.dice.Float64()) // some are liked much more than others
		id := fmt.Sprint(i, "/", n, "/", y.dice.IntN(4))
		likes = append(likes, flattery.Like{Thing: flattery.Thing{Network: "github", Host: "github.com", ID: id, Title: id}, Author: author(i), At: y.clock.Now(), Source: flattery.Exact})
	}
	y.do(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.AddLikes(ctx, l, likes, false, y.clock.Now())
		return err
	})
}

// publish finds where an author who never joined is paid. Who is liked by nobody is not known here.
func (y *year) publish(i int) {
	y.Helper()
	place := flattery.Place{Destination: flattery.Destination(fmt.Sprint("https://pay.example/", i)), Verified: true, Source: flattery.PlaceFile, Reason: flattery.PlaceByOwner}
	err := y.store.Update(y.Context(), func(tx store.Tx) error {
		_, err := tx.SavePayable(y.Context(), flattery.Payable{Author: author(i), Places: []flattery.Place{place}, LookedAt: y.clock.Now(), Expires: y.clock.Now().Add(9000 * time.Hour)})
		return err
	})
	if err != nil && !errors.Is(err, flattery.ErrNotFound) {
		y.Fatal(err)
	}
}

// joinLater: what was settled for a payable author goes to where they say after they have joined.
func (y *year) joinLater(i int) {
	y.Helper()
	owed := func() (sum flattery.Amount, at map[flattery.Destination]bool) {
		debts, err := y.store.Debts(y.Context(), 0)
		house, err2 := y.store.Payables(y.Context())
		if err = errors.Join(err, err2); err != nil {
			y.Fatal(err)
		}
		at = map[flattery.Destination]bool{}
		for _, d := range append(debts, house...) {
			if name := fmt.Sprint("author", i); d.PayeeName == name || d.PayeeName == "github:"+name {
				sum += d.Amount - d.Planned
				if d.Amount > d.Planned {
					at[d.Destination] = true
				}
			}
		}
		return sum, at
	}
	before, _ := owed()
	y.join(i)
	after, at := owed()
	if before != after {
		y.Errorf("author %d was owed %s, and after joining %s", i, before, after)
	}
	if want := flattery.Destination("payto://iban/" + iban(i)); after > 0 && (len(at) != 1 || !at[want]) {
		y.Errorf("author %d has joined, and is paid at %v, want %s", i, at, want)
	}
}

func (y *year) work(due func(context.Context, time.Time) error, handlers queue.Handlers) {
	y.Helper()
	if err := due(y.Context(), y.clock.Now()); err != nil {
		y.Fatal(err)
	}
	if _, err := y.store.Jobs().Drain(y.Context(), handlers); err != nil {
		y.Fatal(err)
	}
}

// slips: most donors pay, some payments fail, some donors forget.
func (y *year) slips(m flattery.Month) {
	y.Helper()
	open, err := y.store.Payments(y.Context(), store.PaymentQuery{State: flattery.PaymentPlanned})
	if err != nil {
		y.Fatal(err)
	}
	y.promised(m, open)
	for _, s := range open {
		if s.Donor%9 == 0 || y.dice.Float64() < 0.15 {
			continue
		}
		marks := []flattery.PaymentState{flattery.PaymentSent, flattery.PaymentPaid}
		if y.dice.Float64() < 0.05 {
			marks[1] = flattery.PaymentFailed
		}
		for _, to := range marks {
			if _, err := y.planner.Mark(y.Context(), s.ID, to); err != nil && !errors.Is(err, flattery.ErrState) { // of who never joined sent is paid
				y.Fatal(err)
			}
		}
	}
}

// promised holds a plan against what netting promises: at most donors + payees - 1 payments a currency of those who joined, and
// the same sums for everybody.
func (y *year) promised(m flattery.Month, open []flattery.Payment) {
	y.Helper()
	book, done, err := y.store.Book(y.Context())
	if err != nil {
		y.Fatal(err)
	}
	defer done()
	type who struct {
		currency, side string
		id             int64
	}
	change, parties, owing := map[who]flattery.Amount{}, map[who]bool{}, map[string]int{}
	for _, n := range book.Netted {
		if n.Plan != m {
			continue
		}
		for _, w := range []who{{n.Currency, "donor", int64(n.Donor)}, {n.Currency, "payee", int64(n.Payee)}} {
			change[w] += n.Becomes - n.Was
			parties[w] = true
		}
		if n.Becomes > 0 {
			owing[n.Currency]++
		}
		y.pairs++
	}
	// Payees who were paid in the place of a donor whose slip was voided give that up now, to whom the slip was for.
	met := map[who]flattery.Amount{}
	all := map[string]flattery.Amount{}
	for tr, err := range book.Transactions {
		if err != nil {
			y.Fatal(err)
		}
		var id int64
		if n, _ := fmt.Sscanf(tr.Key, "meet:"+m.String()+":%d:", &id); n == 1 {
			met[who{tr.Entries[0].Currency, "payee", id}] += tr.Entries[0].Amount
		}
	}
	for w := range parties {
		amount := change[w] + met[w]
		if all[w.currency] += amount - met[w]; w.side == "donor" && amount != 0 || amount < 0 || len(met) == 0 && amount != 0 {
			y.Errorf("%s: netting changes the sum of %s %d by %s, of which %s are met", m, w.side, w.id, change[w], met[w])
		}
	}
	for currency, amount := range all {
		if amount != 0 {
			y.Errorf("%s: netting changes the sum of all in %s by %s", m, currency, amount)
		}
	}
	for _, currency := range []string{"EUR", "SEK"} {
		most := -1
		for w := range parties {
			if w.currency == currency {
				most++
			}
		}
		y.netted += owing[currency]
		if owing[currency] > max(most, 0) {
			y.Errorf("%s: %d payments in %s among %d donors and payees", m, owing[currency], currency, most+1)
		}
	}
	for _, s := range open {
		if s.Currency != y.money[s.Donor] && y.money[s.Donor] != "" {
			y.Errorf("slip %d of donor %d is in %s", s.ID, s.Donor, s.Currency)
		}
	}
}

// payIn: donors transfer a month's budget with their code, some less, one without it.
func (y *year) payIn() {
	y.Helper()
	schema, err := y.store.Schema(y.Context())
	if err != nil {
		y.Fatal(err)
	}
	for i, l := range y.donors {
		amount := y.budgets[l.Account]
		if i%6 == 1 {
			amount /= 2
		}
		text := "for likes " + flattery.MeansCode(schema.Instance, l.Account)
		if i == 2 {
			text = "no code"
		}
		if y.money[l.Account] == "EUR" {
			y.bank.Receive(amount, fmt.Sprint("Donor ", i), iban(9000+i), text)
		} else if err := y.planner.Means(y.Context(), l.Account, "SEK", amount, fmt.Sprint(y.clock.Now(), i), "by another bank"); err != nil {
			y.Fatal(err)
		}
	}
	booked := y.statement()
	if booked.Waiting != 1 {
		y.Errorf("%+v, want one that waits", booked)
	}
	lines, err := y.store.BankLines(y.Context(), 1)
	if err == nil {
		err = y.planner.Resolve(y.Context(), lines[0].ID, flattery.BookingMeans, y.donors[2].Account, 0)
	}
	if err != nil {
		y.Fatal(err)
	}
}

// statement takes in what the bank has booked since the last one, twice.
func (y *year) statement() payout.Booked {
	y.Helper()
	var file bytes.Buffer
	if err := y.bank.Statement(&file); err != nil {
		y.Fatal(err)
	}
	statements, err := sepa.ReadStatement(bytes.NewReader(file.Bytes()))
	if err != nil {
		y.Fatal(err)
	}
	lines, err := y.rail.Lines(statements)
	if err != nil {
		y.Fatal(err)
	}
	booked, err := y.planner.Book(y.Context(), lines)
	again, err2 := y.planner.Book(y.Context(), lines)
	if err = errors.Join(err, err2); err != nil || again.Known != len(lines) {
		y.Fatalf("%+v, and again %+v, of %d lines: %v", booked, again, len(lines), err)
	}
	return booked
}

// payOut: the file goes to the bank, its statement comes back, something is returned; who is not paid by the bank is paid by hand.
func (y *year) payOut() {
	y.Helper()
	planned, err := y.store.Payments(y.Context(), store.PaymentQuery{House: true, State: flattery.PaymentPlanned})
	if err != nil {
		y.Fatal(err)
	}
	bank, codes := 0, []string{}
	for _, p := range planned {
		if p.Rail == "sepa" {
			bank++
			codes = append(codes, p.Code)
		} else if _, err := y.planner.Mark(y.Context(), p.ID, flattery.PaymentPaid); err != nil {
			y.Fatal(err)
		}
	}
	if bank == 0 {
		return
	}
	b, err := y.planner.Send(y.Context(), "sepa", "EUR")
	if err != nil {
		y.Fatal(err)
	}
	y.work(func(context.Context, time.Time) error { return nil }, y.planner.Handlers())
	f, err := y.store.Outgoing(y.Context(), b.ID)
	if err == nil {
		err = y.bank.Take(bytes.NewReader(f.Body))
	}
	if err != nil {
		y.Fatal(err)
	}
	if booked := y.statement(); booked.Payments != bank {
		y.Errorf("the bank paid %d of %d", booked.Payments, bank)
	}
	y.bank.Return(codes[y.dice.IntN(len(codes))], "AC04")
	if booked := y.statement(); booked.Returns != 1 {
		y.Errorf("what came back: %+v", booked)
	}
	y.returned++
	there, err := y.store.Balance(y.Context(), ledger.Bank, "EUR")
	if err != nil || there != y.bank.Balance()+y.byHand() {
		y.Errorf("the book says that %s are at the bank, which has %s (and %s were paid otherwise), %v", there, y.bank.Balance(), y.byHand(), err)
	}
}

// byHand is what the house paid in euros past its bank, below nothing.
func (y *year) byHand() (sum flattery.Amount) {
	paid, err := y.store.Payments(y.Context(), store.PaymentQuery{House: true, State: flattery.PaymentPaid})
	if err != nil {
		y.Fatal(err)
	}
	for _, p := range paid {
		if p.Rail != "sepa" && p.Currency == "EUR" {
			sum -= p.Amount
		}
	}
	return sum
}

func (y *year) audit(m flattery.Month) {
	y.Helper()
	b, done, err := y.store.Book(y.Context())
	if err != nil {
		y.Fatal(err)
	}
	defer done()
	if r, err := ledger.Audit(b); err != nil || len(r.Faults) > 0 {
		y.Fatalf("%s: audit: %v %v", m, r.Faults, err)
	}
}

// end has the journal judged by others, and says what came about.
func (y *year) end(months int) {
	y.Helper()
	for format, check := range map[string][]string{"hledger": {"hledger", "check", "-s", "ordereddates", "-f"}, "beancount": {"bean-check"}} {
		b, done, err := y.store.Book(y.Context())
		if err != nil {
			y.Fatal(err)
		}
		var journal bytes.Buffer
		err = ledger.Export(&journal, format, b)
		done()
		path := filepath.Join(y.TempDir(), format)
		if err = errors.Join(err, os.WriteFile(path, journal.Bytes(), 0o600)); err != nil {
			y.Fatal(err)
		}
		judges.Approve(y, check[0], append(check[1:], path)...)
	}
	received, err := y.store.Received(y.Context(), 0)
	all, err2 := y.store.Payments(y.Context(), store.PaymentQuery{})
	if err = errors.Join(err, err2); err != nil {
		y.Fatal(err)
	}
	states := map[flattery.PaymentState]int{}
	for _, p := range all {
		states[p.State]++
	}
	sums := map[string]string{}
	for _, currency := range []string{"EUR", "SEK"} {
		var promised, paid flattery.Amount
		for _, r := range received {
			if r.Currency == currency {
				promised, paid = promised+r.Promised, paid+r.Paid
			}
		}
		if promised == 0 || paid == 0 || paid > promised {
			y.Errorf("%s of %s %s were paid", paid, promised, currency)
		}
		sums[currency] = fmt.Sprintf("%s of %s", paid, promised)
	}
	y.Logf("%d donors, %d authors (%d joined), %d months: paid %s EUR, %s SEK; payments %v; netting changed %d pairs into %d payments; %d came back",
		len(y.donors), y.authors, len(y.joined), months, sums["EUR"], sums["SEK"], strings.TrimPrefix(fmt.Sprint(states), "map"), y.pairs, y.netted, y.returned)
}
