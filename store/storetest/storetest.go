// Package storetest is what every store must promise. Each database runs the same suite.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/store"
)

// Zone is where the months of the stores under test begin: an hour or two before UTC's.
const Zone = "Europe/Berlin"

// Start is the instant at which the tests begin: noon of 10 October 2026.
var start = time.Date(2026, 10, 10, 12, 0, 0, 0, time.UTC)

const october, november = flattery.Month(2026*12 + 9), flattery.Month(2026*12 + 10)

// Run runs the suite. open gives an empty store in Zone.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	run(t, open, updatePromises(), claimPromises(), buttonPromises(), incomePromises(), nettingPromises(), healthPromises(), placePromises(), housePromises(), keptPromises(), doorPromises(), noticePromises(), uploadPromises(), givingPromises(), joiningPromises())
	run(t, open, map[string]func(*house){
		"a name is taken once":                                              nameOnce,
		"settings count from when they were made":                           settings,
		"one like of one thing counts once":                                 likeOnce,
		"what was liked before the link is seen and never counts":           beginsToday,
		"own things never count":                                            ownThings,
		"a like counts in the month of its own time while it is open":       monthOfLike,
		"a claim lets pending flattrs join the current month":               claimJoins,
		"an identity is claimed by one account":                             claimOnce,
		"what a claim made count is pending again when it ends":             claimEnds,
		"a frozen month takes and gives back nothing":                       frozen,
		"a removed flattr can be put back":                                  restore,
		"a flattr lapses when it was pending for too long":                  lapse,
		"a transaction is posted once by its key":                           postOnce,
		"nobody spends more than there is":                                  overdrawn,
		"a month closes when every donor is settled, and only then":         closes,
		"an identity that is owed brings it to the account that claims it":  claimMoves,
		"what is owed never falls below zero":                               owe,
		"a payment moves from state to state":                               payments,
		"a payment is cut within what was planned and is owed":              cutPayments,
		"a due link is handed out once":                                     dueOnce,
		"RollsBackItsJobs":                                                  rollsBackItsJobs,
		"a job of a kind and key is made once":                              jobOnce,
		"a one-time link opens once":                                        entrance,
		"a session ends":                                                    session,
		"an account that is removed is forgotten and its amounts stay":      removeAccount,
		"a month begins where the last one ended":                           monthsFollow,
		"a token comes back whole, and goes with its link":                  token,
		"a token is renewed by one at a time":                               tokenHeld,
		"a claim has a token of its own":                                    claimToken,
		"keys come back, and others drop the token that was made with them": appKept,
		"secrets that are sealed anew are what they were":                   resealed,
		"an attempt is used once":                                           attemptOnce,
		"the oldest attempts of an account make room":                       attemptsMakeRoom,
		"what a network took adds up":                                       spent,
		"a link keeps what a poll learned":                                  linkLearns,
		"what two walks did not find is withdrawn, and comes back":          walkWithdraws,
		"a walk judges what it could have found":                            walkJudges,
		"a walk changes nothing of a frozen month":                          walkFrozen,
		"a poll brings back what was withdrawn":                             pollBringsBack,
		"the donor's word on a flattr outlasts the walks":                   walkObeysDonor,
		"a handle is bound by the claim that proves it":                     handleBound,
		"a thing's author is found":                                         authorFound,
		"a provisional identity is not claimed":                             provisionalUnclaimed,
		"the first file of an owner is known":                               importFirst,
	})
	run(t, open, map[string]func(*house){
		"a session that was ended does not come back":       sessionEnded,
		"a password is one, and the handle stays":           password,
		"a passkey is one account's, and its count goes up": passkey,
		"knocks add up within their span":                   knocks,
		"an invite is used once":                            inviteOnce,
		"somebody runs the instance":                        lastAdmin,
		"an account that is removed has no keys":            removedKeys,
	})
}

func run(t *testing.T, open func(t *testing.T) store.Store, suites ...map[string]func(*house)) {
	tests := map[string]func(*house){}
	for _, s := range suites {
		maps.Copy(tests, s)
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			test(&house{T: t, Store: s})
			audit(t, s)
		})
	}
}

// audit holds whatever a test did.
func audit(t *testing.T, s store.Store) {
	t.Helper()
	b, done, err := s.Book(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	r, err := ledger.Audit(b)
	if err != nil || len(r.Faults) > 0 {
		t.Errorf("audit: %v %v", r.Faults, err)
	}
}

// house is a store with short words for what tests do to it. Its commands end the test when they fail.
type house struct {
	*testing.T
	store.Store
}

func (h *house) do(fn func(ctx context.Context, tx store.Tx) error) {
	h.Helper()
	if err := h.try(fn); err != nil {
		h.Fatal(err)
	}
}

func (h *house) try(fn func(ctx context.Context, tx store.Tx) error) error {
	return h.Update(h.Context(), func(tx store.Tx) error { return fn(h.Context(), tx) })
}

func (h *house) refused(want error, fn func(ctx context.Context, tx store.Tx) error) {
	h.Helper()
	if err := h.try(fn); !errors.Is(err, want) {
		h.Errorf("got %v, want %v", err, want)
	}
}

func (h *house) account(name string) (id flattery.AccountID) {
	h.Helper()
	h.do(func(ctx context.Context, tx store.Tx) (err error) {
		id, err = tx.AddAccount(ctx, flattery.Account{Name: name, CreatedAt: start.Add(-48 * time.Hour), Settings: flattery.Settings{Budget: 5 * flattery.Unit, Currency: "EUR"}})
		return err
	})
	return id
}

func profile(handle string) flattery.Profile {
	return flattery.Profile{Identity: flattery.Identity{Network: "github", Host: "github.com", Subject: "id-" + handle}, Handle: handle, URL: "https://github.com/" + handle}
}

func (h *house) link(a flattery.AccountID, handle string, proof flattery.Proof) flattery.Link {
	h.Helper()
	var id flattery.LinkID
	h.do(func(ctx context.Context, tx store.Tx) (err error) {
		id, err = tx.AddLink(ctx, flattery.Link{Account: a, Identity: profile(handle), Proof: proof, BeginsAt: start, NextPoll: start, Interval: time.Hour}, flattery.Token{})
		return err
	})
	l, err := h.Link(h.Context(), id)
	if err != nil {
		h.Fatal(err)
	}
	return l
}

func like(author, thing string, at time.Time) flattery.Like {
	return flattery.Like{Thing: flattery.Thing{Network: "github", Host: "github.com", ID: author + "/" + thing, URL: "https://github.com/" + author + "/" + thing, Title: thing},
		Author: profile(author), At: at, Source: flattery.Exact}
}

func (h *house) likes(l flattery.Link, now time.Time, likes ...flattery.Like) (out []store.Outcome) {
	h.Helper()
	h.do(func(ctx context.Context, tx store.Tx) (err error) {
		out, err = tx.AddLikes(ctx, l, likes, false, now)
		return err
	})
	return out
}

func (h *house) claim(a flattery.AccountID, handle string, now time.Time) (joined int) {
	h.Helper()
	h.do(func(ctx context.Context, tx store.Tx) (err error) {
		joined, err = tx.AddClaim(ctx, flattery.Claim{Account: a, Identity: profile(handle), Proof: flattery.ByAdmin, ProvedAt: now})
		return err
	})
	return joined
}

func (h *house) flattrs(a flattery.AccountID) []flattery.Flattr {
	h.Helper()
	list, err := h.Flattrs(h.Context(), store.FlattrQuery{Account: a, Seen: true, Limit: 10000})
	if err != nil {
		h.Fatal(err)
	}
	return list
}

func (h *house) states(a flattery.AccountID) string {
	h.Helper()
	s := ""
	for _, f := range h.flattrs(a) {
		s = fmt.Sprintf("%s %s:%s:%s", s, f.Thing.Title, f.State, f.CountsIn)
	}
	return s
}

func (h *house) want(what, got, want any) {
	h.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		h.Errorf("%v is %v, want %v", what, got, want)
	}
}

// say writes values with a space between any two.
func say(values ...any) string { return strings.TrimSpace(fmt.Sprintln(values...)) }

func (h *house) freeze(m flattery.Month, now time.Time) {
	h.Helper()
	h.do(func(ctx context.Context, tx store.Tx) error { _, err := tx.Freeze(ctx, m, now); return err })
}

func post(ctx context.Context, tx store.Tx, key string, entries ...ledger.Entry) error {
	_, err := tx.Post(ctx, ledger.Draft{Key: key, Kind: "test", At: start, Entries: entries})
	return err
}

func entry(debit, credit string, a flattery.Amount) ledger.Entry {
	return ledger.Entry{Debit: debit, Credit: credit, Currency: "EUR", Amount: a}
}

// together runs n at once and gives their errors.
func together(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = fn(i) })
	}
	wg.Wait()
	return errs
}
