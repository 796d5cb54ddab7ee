package payout_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/store"
)

// publishes says where zoe, who never joined, is paid from now on; nowhere: nobody knows.
func (b *bench) publishes(places ...string) {
	b.Helper()
	p := flattery.Payable{Author: who("zoe"), LookedAt: b.now, Expires: b.now.Add(time.Hour)}
	for _, to := range places {
		p.Places = append(p.Places, flattery.Place{Destination: flattery.Destination(to), Verified: true, Source: flattery.PlaceFile, Reason: flattery.PlaceByOwner})
	}
	b.do(func(ctx context.Context, tx store.Tx) error { _, err := tx.SavePayable(ctx, p); return err })
}

const (
	zoes  = "https://pay.example/zoe"
	other = "https://pay.example/other"
	days  = 24 * time.Hour
)

// likesZoe lets ann give zoe something in a month that is settled, with a slip for it.
func (b *bench) likesZoe() {
	b.Helper()
	b.do(func(ctx context.Context, tx store.Tx) error {
		l := flattery.Link{Account: b.ann, Identity: who("ann"), Proof: flattery.ByName, BeginsAt: b.now}
		id, err := tx.AddLink(ctx, l, flattery.Token{})
		if err != nil {
			return err
		}
		l.ID = id
		_, err = tx.AddLikes(ctx, l, []flattery.Like{{Thing: thing(77, "zoe"), Author: who("zoe"), At: b.now, Source: flattery.Exact}}, false, b.now)
		return err
	})
	b.publishes(zoes)
	b.settled("zoe", 5*flattery.Unit)
	b.plan()
	b.toBen = b.slips()[0].Payee
	if s := b.slips(); len(s) != 1 || s[0].Destination != zoes || s[0].Source == "" {
		b.Fatalf("slips %+v", s)
	}
}

func TestASlipWhosePlaceIsGoneWaitsAndIsTakenBack(t *testing.T) {
	const open, away, paid = "5.00 5.00 0.00 5.00", "0.00 0.00 0.00 0.00", "0.00 0.00 0.00 0.00"
	for _, row := range []struct {
		name   string
		happen func(b *bench) // once it is gone
		after  time.Duration  // since it is gone
		state  flattery.PaymentState
		held   flattery.Held
		stands string
		told   bool
	}{
		{"a second before 90 days", nil, 90*days - time.Second, flattery.PaymentPlanned, flattery.HeldGone, open, false},
		{"after 90 days", nil, 90 * days, flattery.PaymentFailed, "", away, true},
		{"the place is back", func(b *bench) { b.now = b.now.Add(30 * days); b.publishes(zoes) }, 90 * days, flattery.PaymentPlanned, "", open, false},
		{"it was back, and is gone anew", func(b *bench) {
			b.now = b.now.Add(30 * days)
			b.publishes(zoes)
			b.now = b.now.Add(days)
			b.publishes()
		}, 90 * days, flattery.PaymentPlanned, flattery.HeldGone, open, false},
		{"a look that finds it gone again changes nothing", func(b *bench) { b.now = b.now.Add(30 * days); b.publishes() }, 90 * days, flattery.PaymentFailed, "", away, true},
		{"the author is paid elsewhere now: it stays owed", func(b *bench) { b.publishes(other) }, 90 * days, flattery.PaymentFailed, "", open, false},
		{"the donor has paid it", func(b *bench) {
			if _, err := b.Mark(b.Context(), b.slips()[0].ID, flattery.PaymentPaid); err != nil {
				b.Fatal(err)
			}
		}, 90 * days, flattery.PaymentPaid, "", paid, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBench(t)
			b.Rules.Void = 60 * days // which is for who does not pay, and not for who cannot
			b.likesZoe()
			gone := b.now
			b.publishes()
			if row.happen != nil {
				row.happen(b)
			}
			b.now = gone.Add(row.after)
			if row.held == "" && row.state == flattery.PaymentPlanned {
				b.Rules.Void = 0
			}
			for range 2 { // once
				b.plan()
			}
			p := b.slips()[len(b.slips())-1]
			if p.State != row.state || p.Held != row.held || !p.VoidedAt.IsZero() {
				t.Errorf("slip %+v", p)
			}
			if got := b.stands(); got != row.stands {
				t.Errorf("owed, payable, on its way, pledged: %s, want %s", got, row.stands)
			}
			a, err := b.store.Account(t.Context(), b.ann)
			if err != nil || a.Paused {
				t.Errorf("paused %v, %v", a.Paused, err)
			}
			told, err := b.store.Notices(t.Context(), b.ann, 100)
			n := 0
			for _, one := range told {
				if one.Kind == flattery.NoticeHomeless && one.Amount == 5*flattery.Unit && one.Who == "zoe" && one.Word == p.Code {
					n++
				}
			}
			if err != nil || n != map[bool]int{true: 1}[row.told] {
				t.Errorf("told %d times: %+v, %v", n, told, err)
			}
		})
	}
}

func TestWhatStaysOwedIsPaidAtTheOtherPlace(t *testing.T) {
	b := newBench(t)
	b.likesZoe()
	b.publishes(other)
	b.now = b.now.Add(90 * days)
	b.plan()
	b.month = flattery.MonthOf(b.now, time.UTC)
	b.settled("ben", flattery.Unit)
	b.plan()
	var out []string
	for _, p := range b.slips() {
		if p.PayeeName == "github:zoe" {
			out = append(out, fmt.Sprint(p.State, " ", p.Destination, " ", p.Amount))
		}
	}
	if got := strings.Join(out, ", "); got != "planned "+other+" 5.00, failed "+zoes+" 5.00" {
		t.Errorf("%s", got)
	}
}

func TestWhatTheHouseCannotPayIsMeansAgain(t *testing.T) {
	b, _ := newHouse(t)
	b.do(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Post(ctx, ledger.Draft{Key: "means", Kind: "means", At: b.now, Entries: []ledger.Entry{{Debit: ledger.Bank, Credit: ledger.DonorMeans(b.ann), Currency: "EUR", Amount: 20 * flattery.Unit}}})
		return err
	})
	b.gave(3*flattery.Unit, "zoe")
	b.plan()
	p := b.slips()
	if len(p) != 1 || p[0].Donor != 0 || p[0].State != flattery.PaymentPlanned {
		t.Fatalf("%+v", p)
	}
	left := func() flattery.Amount {
		a, err := b.store.Balance(t.Context(), ledger.DonorMeans(b.ann), "EUR")
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	before := left()
	b.publishes()
	if _, err := b.Send(t.Context(), b.House[0].Info().Rail, "EUR"); err == nil {
		t.Error("it is sent to a place that is gone")
	}
	b.now = b.now.Add(90 * days)
	for range 2 {
		b.plan()
	}
	owed, err := b.store.Balance(t.Context(), ledger.PayeePayable(p[0].Payee), "EUR")
	if err != nil || owed != 0 || left() != before+3*flattery.Unit || b.slips()[0].State != flattery.PaymentFailed {
		t.Errorf("owed %s, means %s after %s, %v, %+v", owed, left(), before, err, b.slips()[0])
	}
	b.stands()
}
