package flattery_test

import (
	"context"
	"testing"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/internal/queue"
	"flattery/internal/settle"
	"flattery/store"
	"flattery/store/eachtest"
)

// What must be answered of people who do things at the wrong moment, or to each other. Of payments: internal/payout.
func TestWhatMustBeAnswered(t *testing.T) {
	for name, answer := range map[string]func(*quarter){
		"claimed while the month is being settled: each share reaches the account once":   claimWhileSettling,
		"claimed after the lapse: what has lapsed counts for nobody":                      claimAfterLapse,
		"two who like each other: each pays what the other is owed, and nothing is made":  ring,
		"two who like each other and joined netting: each pays the same":                  ringNetted,
		"two accounts of one person become one: a like counts once, and no share is lost": merged,
	} {
		t.Run(name, func(t *testing.T) {
			eachtest.Each(t, func(t *testing.T, place *eachtest.Place) {
				q := open(t, place, time.Date(2026, 10, 10, 12, 0, 0, 0, time.UTC))
				for _, login := range []string{"donor", "ada", "ben"} {
					q.world.GitHub.AddUser(login)
				}
				for owner, repos := range map[string][]string{"ada": {"one", "two"}, "ben": {"one"}, "donor": {"mine"}} {
					for _, repo := range repos {
						q.world.GitHub.AddRepo(owner, repo)
					}
				}
				q.join()
				q.pass(time.Hour)
				answer(q)
				q.audit()
			})
		})
	}
}

// closeOctober lets the month be settled, step by step: between says what happens once it is frozen and not yet settled.
func (q *quarter) closeOctober(between func()) {
	q.Helper()
	q.world.Clock.Set(time.Date(2026, 11, 4, 0, 0, 1, 0, time.UTC))
	if err := q.poller.Enqueue(q.Context(), q.world.Clock.Now()); err != nil {
		q.Fatal(err)
	}
	q.drain(queue.Handlers{"poll": q.poller.Work})
	if err := q.settler.Enqueue(q.Context(), q.world.Clock.Now()); err != nil {
		q.Fatal(err)
	}
	all := q.settler.Handlers()
	q.drain(queue.Handlers{settle.KindMonth: all[settle.KindMonth]})
	between()
	q.drain(all)
	q.pass(time.Hour)
}

func (q *quarter) drain(h queue.Handlers) {
	q.Helper()
	if _, err := q.store.Jobs().Drain(q.Context(), h); err != nil {
		q.Fatal(err)
	}
}

func (q *quarter) star(fulls ...string) {
	for _, full := range fulls {
		q.world.GitHub.Star("donor", full)
	}
	q.pass(3 * time.Hour)
}

// published lets an author be paid who never joined.
func (q *quarter) published(login string) {
	q.Helper()
	q.do(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.SavePayable(ctx, flattery.Payable{Author: q.profile(login), LookedAt: q.world.Clock.Now(), Expires: q.world.Clock.Now().Add(9000 * time.Hour),
			Places: []flattery.Place{{Destination: "https://pay.example/ada", Verified: true, Source: flattery.PlaceFile}}})
		return err
	})
}

func claimWhileSettling(q *quarter) {
	q.star("ada/one", "ada/two", "ben/one")
	q.published("ada")
	q.closeOctober(func() { q.claim(q.account("ada", "https://example.org/ada"), "ada") })
	q.wantMonth(2026*12+9, true, 5*flattery.Unit)
	q.wantOwed(map[string]string{"ada": "5.00"})
	q.wantSlips("2026-10 ada 5.00 planned")
}

func claimAfterLapse(q *quarter) {
	q.star("ada/one")
	q.world.Clock.Set(time.Date(2027, 1, 20, 0, 0, 0, 0, time.UTC))
	q.pass(time.Hour)
	q.claim(q.account("ada", ""), "ada")
	q.wantStates("after the lapse", map[flattery.State]int{flattery.Lapsed: 1})
}

// mutual lets two donors like each other alone.
func (q *quarter) mutual(netting bool) (ada flattery.AccountID) {
	q.Helper()
	set := flattery.Settings{Budget: 5 * flattery.Unit, Currency: "EUR", Netting: netting, Destination: "https://example.org/pay"}
	ada = q.account("ada", "")
	now := q.world.Clock.Now()
	q.do(func(ctx context.Context, tx store.Tx) error {
		for _, a := range []flattery.AccountID{q.donor, ada} {
			if err := tx.SetSettings(ctx, a, set, now); err != nil {
				return err
			}
		}
		_, err := tx.AddLink(ctx, flattery.Link{Account: ada, Identity: q.profile("ada"), Proof: flattery.ByToken, BeginsAt: now, NextPoll: now, Interval: time.Hour},
			flattery.Token{Access: flattery.Secret(q.world.GitHub.Token("ada"))})
		return err
	})
	q.claim(q.donor, "donor")
	q.claim(ada, "ada")
	q.pass(time.Hour)
	q.world.GitHub.Star("ada", "donor/mine")
	q.star("ada/one")
	q.planner.Rules.Netting = netting
	q.closeOctober(func() {})
	return ada
}

func ring(q *quarter) {
	ada := q.mutual(false)
	q.wantSlips("2026-10 ada 5.00 planned")
	theirs, err := q.store.Payments(q.Context(), store.PaymentQuery{Donor: ada})
	if err != nil || len(theirs) != 1 || theirs[0].PayeeName != "donor" || theirs[0].Amount != 5*flattery.Unit {
		q.Errorf("ada pays %+v, error %v", theirs, err)
	}
}

// ringNetted: netting makes fewer payments of the same sums, and of one payment each there are no fewer.
func ringNetted(q *quarter) {
	ada := q.mutual(true)
	q.wantSlips("2026-10 ada 5.00 planned")
	for _, a := range []flattery.AccountID{q.donor, ada} {
		if pledged, err := q.store.Balance(q.Context(), ledger.Pledge(a), "EUR"); err != nil || pledged != 5*flattery.Unit {
			q.Errorf("account %d has pledged %s, error %v", a, pledged, err)
		}
	}
}

func merged(q *quarter) {
	first := q.account("ada", "https://example.org/first")
	q.claim(first, "ada")
	q.star("ada/one")
	q.closeOctober(func() {})
	q.wantOwed(map[string]string{"ada": "5.00"})
	q.star("ada/two")
	claims, err := q.store.Claims(q.Context(), first)
	if err != nil || len(claims) != 1 {
		q.Fatal(claims, err)
	}
	q.do(func(ctx context.Context, tx store.Tx) error {
		return tx.RemoveClaim(ctx, claims[0].ID, q.world.Clock.Now())
	})
	q.claim(q.account("ada-too", "https://example.org/second"), "ada")
	q.world.Clock.Set(time.Date(2026, 12, 4, 0, 0, 1, 0, time.UTC))
	q.pass(time.Hour)
	q.wantStates("both months", map[flattery.State]int{flattery.Counting: 2})
	q.wantOwed(map[string]string{"ada": "5.00", "ada-too": "5.00"}) // what the first earned is the first's
}
