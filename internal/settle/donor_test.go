package settle

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/internal/queue"
	"flattery/store"
)

func TestWhatADonorGives(t *testing.T) {
	for _, row := range []struct {
		name                         string
		set                          flattery.Settings
		rules                        Rules
		means                        flattery.Amount
		things                       int
		budget, fee, shares, unspent string
	}{
		{"a budget is split", flattery.Settings{Budget: 5 * flattery.Unit}, Rules{Mode: Pledge}, 0, 3, "5.00", "0.00", "5.00", "0.00"},
		{"a cap holds back", flattery.Settings{Budget: 5 * flattery.Unit, Cap: flattery.Unit / 2}, Rules{Mode: Pledge}, 0, 3, "5.00", "0.00", "1.50", "3.50"},
		{"a cap that is not reached", flattery.Settings{Budget: 5 * flattery.Unit, Cap: flattery.Unit / 2}, Rules{Mode: Pledge}, 0, 20, "5.00", "0.00", "5.00", "0.00"},
		{"paused", flattery.Settings{Budget: 5 * flattery.Unit, Paused: true}, Rules{Mode: Pledge}, 0, 3, "0.00", "0.00", "0.00", "0.00"},
		{"no budget", flattery.Settings{}, Rules{Mode: Pledge}, 0, 3, "0.00", "0.00", "0.00", "0.00"},
		{"a fee of a pledge", flattery.Settings{Budget: 5 * flattery.Unit}, Rules{Mode: Pledge, Fee: 100_000, FeeTo: "Host"}, 0, 3, "5.00", "0.50", "4.50", "0.00"},
		{"a fee of a pledge, and a cap", flattery.Settings{Budget: 5 * flattery.Unit, Cap: flattery.Unit}, Rules{Mode: Pledge, Fee: 100_000, FeeTo: "host"}, 0, 2, "5.00", "0.50", "2.00", "2.50"},
		{"a fee of a pledge that is everything", flattery.Settings{Budget: 5 * flattery.Unit}, Rules{Mode: Pledge, Fee: 1_000_000, FeeTo: "host"}, 0, 2, "5.00", "5.00", "0.00", "0.00"},
		{"a fee of nothing", flattery.Settings{Budget: 5 * flattery.Unit, Paused: true}, Rules{Mode: Pledge, Fee: 100_000, FeeTo: "host"}, 0, 2, "0.00", "0.00", "0.00", "0.00"},
		{"the fee of who gets it", flattery.Settings{Budget: 5 * flattery.Unit}, Rules{Mode: Pledge, Fee: 100_000, FeeTo: "ann"}, 0, 3, "5.00", "0.50", "4.50", "0.00"},
		{"prepaid with enough", flattery.Settings{Budget: 5 * flattery.Unit}, Rules{Mode: Prepaid}, 9 * flattery.Unit, 3, "5.00", "0.00", "5.00", "0.00"},
		{"prepaid with too little", flattery.Settings{Budget: 5 * flattery.Unit}, Rules{Mode: Prepaid}, 3*flattery.Unit + 1, 3, "3.000001", "0.00", "3.000001", "0.00"},
		{"prepaid with nothing", flattery.Settings{Budget: 5 * flattery.Unit}, Rules{Mode: Prepaid}, 0, 3, "0.00", "0.00", "0.00", "0.00"},
		{"prepaid with a fee", flattery.Settings{Budget: 5 * flattery.Unit}, Rules{Mode: Prepaid, Fee: 100_000}, 9 * flattery.Unit, 3, "5.00", "0.50", "4.50", "0.00"},
		{"prepaid with a fee and too little", flattery.Settings{Budget: 5 * flattery.Unit}, Rules{Mode: Prepaid, Fee: 100_000}, 3 * flattery.Unit, 3, "3.00", "0.30", "2.70", "0.00"},
		{"prepaid with a fee and a cap", flattery.Settings{Budget: 5 * flattery.Unit, Cap: flattery.Unit}, Rules{Mode: Prepaid, Fee: 100_000}, 9 * flattery.Unit, 2, "5.00", "0.50", "2.00", "2.50"},
		{"prepaid where the fee is everything", flattery.Settings{Budget: 5 * flattery.Unit}, Rules{Mode: Prepaid, Fee: 1_000_000}, 9 * flattery.Unit, 2, "5.00", "5.00", "0.00", "0.00"},
		{"prepaid with a millionth", flattery.Settings{Budget: 5 * flattery.Unit}, Rules{Mode: Prepaid, Fee: 100_000}, 1, 3, "0.000001", "0.00", "0.000001", "0.00"},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBench(t, time.UTC)
			row.rules.Grace, row.rules.Split = 72*time.Hour, flattery.SplitByFlattr
			b.Rules = row.rules
			b.maker("zoe")
			b.maker("host")
			ann := b.donor("ann", row.set)
			if row.means > 0 {
				b.do(func(ctx context.Context, tx store.Tx) error {
					_, err := tx.Post(ctx, ledger.Draft{Key: "m", Kind: "means", At: start, Entries: []ledger.Entry{{Debit: ledger.Bank, Credit: ledger.DonorMeans(ann.Account), Currency: "EUR", Amount: row.means}}})
					return err
				})
			}
			for i := range row.things {
				b.likes(ann, start, fmt.Sprint("zoe/", i))
			}
			preview, err := b.Preview(t.Context(), october)
			if err != nil || len(preview) != 1 {
				t.Fatalf("preview %v, error %v", preview, err)
			}
			b.now = closes
			if err := b.settle(); err != nil {
				t.Fatal(err)
			}
			st := b.statement(ann)
			got := fmt.Sprint(st.Budget, " ", st.Fee, " ", st.Shares, " ", st.Unspent)
			if want := strings.Join([]string{row.budget, row.fee, row.shares, row.unspent}, " "); got != want {
				t.Errorf("budget, fee, shares, unspent are %s, want %s", got, want)
			}
			if p := preview[0].Settlement; p.Budget != st.Budget || p.Shares != st.Shares || p.Fee != st.Fee {
				t.Errorf("the preview said %+v", p)
			}
			if (st.Transaction == 0) != (st.Shares == 0 && st.Fee == 0) || b.month(october).SettledAt.IsZero() {
				t.Errorf("statement %+v", st)
			}
			b.audited()
			left, err := b.store.Balance(t.Context(), ledger.DonorMeans(ann.Account), "EUR")
			if want := max(row.means-st.Shares-st.Fee, 0); err != nil && !errors.Is(err, flattery.ErrNotFound) || left != want {
				t.Errorf("means left %s, want %s (%v)", left, want, err)
			}
			debts, err := b.store.Debts(t.Context(), ann.Account)
			owed := flattery.Amount(0)
			for _, d := range debts {
				owed += d.Amount
			}
			if err != nil || row.rules.Mode == Pledge && owed != st.Shares+st.Fee || row.rules.Mode == Prepaid && owed != 0 {
				t.Errorf("owes %s, error %v", owed, err)
			}
		})
	}
}

// A fee for nobody would be taken from donors and never paid: the month waits, and says what to mend.
func TestAFeeNeedsSomebodyWhoGetsIt(t *testing.T) {
	b := newBench(t, time.UTC)
	b.Rules = Rules{Mode: Pledge, Grace: 72 * time.Hour, Split: flattery.SplitByFlattr, Fee: 100_000, FeeTo: "hots"}
	b.maker("zoe")
	b.maker("host")
	ann := b.donor("ann", flattery.Settings{Budget: 5 * flattery.Unit})
	b.likes(ann, start, "zoe/1")
	b.now = closes
	err := b.settle()
	if _, ok := errors.AsType[*flattery.InputError](err); !ok || !strings.Contains(err.Error(), `fee_account: nobody here is called "hots"`) {
		t.Fatal(err)
	}
	b.Rules.FeeTo, b.now = "host", closes.Add(time.Hour)
	if err := b.settle(); err != nil {
		t.Fatal(err)
	}
	if st := b.statement(ann); st.Fee != flattery.Unit/2 || b.month(october).SettledAt.IsZero() {
		t.Errorf("statement %+v", st)
	}
}

// Twelve months in zones that change their clocks: each like counts in the month of its place, and each month closes 72
// hours after its end.
func TestMonthEndsInZonesThatChangeTheirClocks(t *testing.T) {
	for _, name := range []string{"UTC", "Europe/Berlin", "America/New_York", "Africa/Casablanca", "Australia/Lord_Howe", "America/Asuncion"} {
		t.Run(name, func(t *testing.T) {
			zone, err := time.LoadLocation(name)
			if err != nil {
				t.Fatal(err)
			}
			b := newBench(t, zone)
			b.now = time.Date(2025, 12, 31, 12, 0, 0, 0, time.UTC)
			b.maker("zoe")
			ann := b.donor("ann", flattery.Settings{Budget: 5 * flattery.Unit})
			first := flattery.Month(2026 * 12)
			for m := first; m < first+12; m++ {
				ends := m.Ends(zone)
				b.now = ends.Add(time.Minute)
				b.likes(ann, m.Starts(zone).Add(time.Hour), fmt.Sprint("zoe/in-", m))
				b.likes(ann, ends.Add(-time.Second), fmt.Sprint("zoe/last-", m))
				b.likes(ann, ends, fmt.Sprint("zoe/next-", m))
				b.now = ends.Add(72*time.Hour - time.Second)
				if err := b.settle(); err != nil || !b.month(m).FrozenAt.IsZero() {
					t.Fatalf("%s: a second before its time: %v", m, err)
				}
				b.now = ends.Add(72 * time.Hour)
				if err := b.settle(); err != nil {
					t.Fatal(err)
				}
				want := 3
				if m == first {
					want = 2
				}
				if st := b.month(m); st.SettledAt.IsZero() || st.Flattrs != want || !st.Ends.Equal(ends) || st.Shares != 5*flattery.Unit {
					t.Fatalf("%s: %+v, want %d flattrs", m, st, want)
				}
			}
			if n := b.audited(); n != 12 {
				t.Errorf("%d transactions", n)
			}
		})
	}
}

func TestOnlyWhatCountsTakesAShare(t *testing.T) {
	b := newBench(t, time.UTC)
	b.maker("zoe")
	ann := b.donor("ann", flattery.Settings{Budget: 5 * flattery.Unit})
	b.likes(ann, start, "zoe/x", "nobody/y", "nobody/z")
	b.now = closes
	if err := b.settle(); err != nil {
		t.Fatal(err)
	}
	if st := b.statement(ann); st.Flattrs != 1 || st.Shares != 5*flattery.Unit {
		t.Errorf("statement %+v", st)
	}
	// The author claims during the grace of November: what waited joins the month that is then current.
	b.now = time.Date(2026, 12, 2, 0, 0, 0, 0, time.UTC)
	b.maker("nobody")
	b.now = time.Date(2027, 1, 4, 0, 0, 0, 0, time.UTC)
	if err := b.settle(); err != nil {
		t.Fatal(err)
	}
	if m := b.month(october + 2); m.Flattrs != 2 || m.Shares != 5*flattery.Unit {
		t.Errorf("December %+v", m)
	}
	if m := b.month(october + 1); m.Flattrs != 0 || m.SettledAt.IsZero() {
		t.Errorf("November %+v", m)
	}
	b.audited()
}

func TestWhatWaitedTooLongLapses(t *testing.T) {
	b := newBench(t, time.UTC)
	ann := b.donor("ann", flattery.Settings{Budget: 5 * flattery.Unit})
	b.likes(ann, start, "nobody/x")
	state := func() flattery.State {
		list, err := b.store.Flattrs(t.Context(), store.FlattrQuery{Account: ann.Account})
		if err != nil || len(list) != 1 {
			t.Fatalf("%v %v", list, err)
		}
		return list[0].State
	}
	for _, row := range []struct {
		lapse time.Duration
		after time.Duration
		want  flattery.State
	}{
		{0, 1000 * 24 * time.Hour, flattery.Pending}, // never
		{90 * 24 * time.Hour, 90 * 24 * time.Hour, flattery.Pending},
		{90 * 24 * time.Hour, 90*24*time.Hour + time.Second, flattery.Lapsed},
	} {
		b.Rules.Lapse, b.now = row.lapse, start.Add(row.after)
		if err := b.Enqueue(t.Context(), b.now); err != nil || state() != row.want {
			t.Errorf("after %s it is %s, want %s (%v)", row.after, state(), row.want, err)
		}
	}
}

func TestAJobThatIsNoneIsAnError(t *testing.T) {
	b := newBench(t, time.UTC)
	for kind, keys := range map[string][]string{KindMonth: {"", "x", "2026-13"}, KindSpan: {"", "2026-10", "2026-10 1", "2026-10 a b", "x 1 2", "2026-10 1 2 3"}} {
		for _, key := range keys {
			if err := b.Handlers()[kind](t.Context(), queue.Job{Kind: kind, Key: key}); err == nil {
				t.Errorf("%s %q is taken", kind, key)
			}
		}
	}
}
