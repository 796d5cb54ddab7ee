package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata"

	"golang.org/x/time/rate"

	"flattery"
)

// The day of all tests, and who lives in them.
var today = time.Date(2026, 10, 14, 9, 30, 0, 0, time.UTC)

const (
	ada  flattery.AccountID = 1
	bob  flattery.AccountID = 2 // knows nobody and owns nothing
	gone flattery.AccountID = 3
)

// world is a Store, Doors and Sessions in memory. Every question and every command is asked for an account.
type world struct {
	zone     *time.Location
	mu       sync.Mutex
	accounts map[flattery.AccountID]flattery.Account
	flattrs  []flattery.Flattr
	months   []flattery.MonthState
	settled  []flattery.Settlement
	payments []flattery.Payment
	debts    []flattery.Debt
	links    []flattery.Link
	claims   []flattery.Claim
	provings []flattery.Proving
	disputes []flattery.Dispute
	networks []Network
	apps     map[string]flattery.App // last saved
	saved    int
	attempts map[string]Connecting // by state
	asked    []string              // what the doors were asked to do at networks
	joined   int
	// Where networks ask whether somebody agrees, and where they send them back to; "": nowhere.
	authorize, home string
	subscriptions   []flattery.Subscription
	incomes         []flattery.Income
	given           []flattery.Given
	earnings        map[flattery.Month][]flattery.Earning
	toAda           []flattery.Payment
	rough           bool
	collects        bool     // the house, and pays
	did             []string // what it was asked to do
	trial           Trial    // of everybody's destination
	upload          map[flattery.AccountID]Upload
	reading         map[flattery.LinkID]int
	handed          []string // of files: "owner name text"
	settings        []Setting
	closed          bool              // a month was
	policy          map[string]string // that was made
	post            Messages          // ada's
	rotated         int               // keys of webhooks, and tests; 100 for a confirmed address
	tested          flattery.Delivery // how a test goes
	faults          []string          // of the ledger
	spoil           func(answer any)
	nevers          map[flattery.LinkID][]flattery.Profile
	turns           map[int64]flattery.FlattrID
	badkeys         string // what the network says against the keys
	tokens          map[string]flattery.AccountID
	sessions        map[string][]byte
	visits          map[string]flattery.Session // what else is known of them
	keys            map[flattery.AccountID]flattery.Keys
	invites         map[string]bool // by token
	origin          string          // of passkeys
	clock           time.Duration   // by how much the machine's goes before
	from            string          // the address that the desk was told last
	knocks          int
	told            []flattery.Identity
	follows         flattery.ClaimID   // what is claimed by a claim link
	claimed         bool               // what the claim link "waits" is of
	often           bool               // too many came from there
	enters          flattery.AccountID // who comes in by a network; 0: nobody
	longer          int                // by so much of an alphabet are invoices
	settledAt       string             // hash of the invoice that was paid
	broken          error              // every answer, when set
	refuse          error              // every command, when set
}

// told is what a world answers that it does not keep.
func told[T any](w *world, answer T) (T, error) {
	if w.spoil != nil {
		w.spoil(&answer)
	}
	return answer, w.broken
}

func (w *world) Account(_ context.Context, id flattery.AccountID) (flattery.Account, error) {
	a, ok := w.accounts[id]
	if !ok {
		return a, flattery.ErrNotFound
	}
	return a, w.broken
}

func (w *world) in(account flattery.AccountID, m flattery.Month) []flattery.Flattr {
	var in []flattery.Flattr
	for _, f := range w.flattrs {
		if f.Account == account && (f.CountsIn == m || f.CountsIn == 0 && flattery.MonthOf(f.FoundAt, time.UTC) == m) {
			in = append(in, f)
		}
	}
	slices.SortFunc(in, func(a, b flattery.Flattr) int { return int(b.ID - a.ID) })
	return in
}

func (w *world) Flattrs(_ context.Context, account flattery.AccountID, m flattery.Month, state flattery.State, before flattery.FlattrID, limit int) ([]flattery.Flattr, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := slices.DeleteFunc(w.in(account, m), func(f flattery.Flattr) bool {
		return state != "" && f.State != state || before != 0 && f.ID >= before
	})
	return list[:min(len(list), limit)], w.broken
}

func (w *world) Tally(_ context.Context, account flattery.AccountID, m flattery.Month) (flattery.Tally, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var t flattery.Tally
	for _, f := range w.in(account, m) {
		switch f.State {
		case flattery.Pending:
			t.Pending++
		case flattery.Own:
			t.Own++
		case flattery.Excluded:
			t.Excluded++
		case flattery.Removed:
			t.Removed++
		case flattery.Lapsed:
			t.Lapsed++
		case flattery.Counting:
			t.Counting++
			t.Weight += f.Weight
			n := slices.IndexFunc(t.Networks, func(p flattery.NetworkPart) bool { return p.Network == f.Thing.Network })
			if n < 0 {
				n, t.Networks = len(t.Networks), append(t.Networks, flattery.NetworkPart{Network: f.Thing.Network})
			}
			t.Networks[n].Flattrs++
			t.Networks[n].Weight += f.Weight
			t.Networks[n].Share += f.Share
			c := slices.IndexFunc(t.Creators, func(p flattery.CreatorPart) bool { return p.Author.Identity == f.Author.Identity })
			if c < 0 {
				c, t.Creators = len(t.Creators), append(t.Creators, flattery.CreatorPart{Author: f.Author})
			}
			t.Creators[c].Flattrs++
			t.Creators[c].Weight += f.Weight
			t.Creators[c].Share += f.Share
		}
	}
	return t, w.broken
}

func (w *world) Months(context.Context) ([]flattery.MonthState, error) { return w.months, w.broken }

func own[T any](w *world, all []T, is func(T) bool) ([]T, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(all), func(v T) bool { return !is(v) }), w.broken
}

func (w *world) Settlements(_ context.Context, id flattery.AccountID) ([]flattery.Settlement, error) {
	return own(w, w.settled, func(v flattery.Settlement) bool { return v.Donor == id })
}

func (w *world) Payments(_ context.Context, id flattery.AccountID) ([]flattery.Payment, error) {
	return own(w, w.payments, func(v flattery.Payment) bool { return v.Donor == id })
}

func (w *world) Debts(_ context.Context, id flattery.AccountID) ([]flattery.Debt, error) {
	return own(w, w.debts, func(v flattery.Debt) bool { return v.Donor == id })
}

func (w *world) Links(_ context.Context, id flattery.AccountID) ([]flattery.Link, error) {
	return own(w, w.links, func(v flattery.Link) bool { return v.Account == id })
}

func (w *world) move(account flattery.AccountID, id flattery.FlattrID, from, to flattery.State) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.IndexFunc(w.flattrs, func(f flattery.Flattr) bool { return f.ID == id && f.Account == account })
	switch {
	case i < 0:
		return flattery.ErrNotFound
	case w.refuse != nil:
		return w.refuse
	case w.flattrs[i].State != from:
		return flattery.ErrState
	}
	w.flattrs[i].State = to
	return nil
}

func (w *world) RemoveFlattr(_ context.Context, a flattery.AccountID, id flattery.FlattrID) error {
	return w.move(a, id, flattery.Counting, flattery.Removed)
}

func (w *world) RestoreFlattr(_ context.Context, a flattery.AccountID, id flattery.FlattrID) error {
	if err := w.move(a, id, flattery.Excluded, flattery.Counting); err == nil || !errors.Is(err, flattery.ErrState) {
		return err
	}
	return w.move(a, id, flattery.Removed, flattery.Counting)
}

func (w *world) MarkPayment(_ context.Context, donor flattery.AccountID, id flattery.PaymentID, state flattery.PaymentState) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.IndexFunc(w.payments, func(p flattery.Payment) bool { return p.ID == id && p.Donor == donor })
	if i < 0 {
		return flattery.ErrNotFound
	}
	if w.refuse != nil {
		return w.refuse
	}
	w.payments[i].State = state
	return nil
}

func (w *world) Enter(_ context.Context, token string) (flattery.AccountID, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	id, ok := w.tokens[token]
	if !ok {
		return 0, fmt.Errorf("entrance: %w", flattery.ErrNotFound)
	}
	delete(w.tokens, token)
	return id, nil
}

func (w *world) FindSession(_ context.Context, token string) ([]byte, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b, ok := w.sessions[token]
	return b, ok, w.broken
}

// lent is a house that may be given another world: to read all templates anew for each costs more than the tests do.
type lent struct {
	*world
	site *site
}

// lend makes one, which lets in who knocks however often.
func lend(t *testing.T) (*lent, http.Handler) {
	t.Helper()
	l := &lent{world: populated(false)}
	o := options(t, l.world)
	o.Store, o.Doors, o.Sessions, o.Desk, o.Post, o.Networks, o.House = l, l, l, l, l, l, l
	o.Clock = func() time.Time { return time.Now().Add(l.clock) }
	s, base, err := build(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	l.site = s
	h, err := s.handler(base)
	if err != nil {
		t.Fatal(err)
	}
	return l, h
}

// to gives the house to a world, whose people nobody has seen yet.
func (l *lent) to(w *world) *world {
	l.world, l.site.doorbell, l.site.patience = w, rate.NewLimiter(rate.Inf, 1), patience{}
	l.site.Mode, l.site.Bank = w.house()
	return w
}

func berlin() *time.Location {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err) // time/tzdata is in this test
	}
	return zone
}

// house says who moves the money in a world, and the account of a house that does.
func (w *world) house() (Mode, Bank) {
	if w.collects {
		return Prepaid, Bank{"Club of Friends", "DE75512108001245126199", "COBADEFFXXX"}
	}
	return Pledge, Bank{}
}

// options are those of a house in Berlin on the machine itself.
func options(t *testing.T, w *world) Options {
	t.Helper()
	mode, bank := w.house()
	return Options{
		Store: w, Doors: w, Sessions: w, Desk: w, Post: w, Clock: func() time.Time { return time.Now().Add(w.clock) }, Now: func() time.Time { return today }, Location: w.zone, Grace: 72 * time.Hour,
		Networks: w, House: w, Bank: bank,
		Mode: mode, Netting: true, Slips: Slips{5, flattery.Unit, 120 * 24 * time.Hour}, Currencies: []string{"EUR"}, Minimum: 2 * flattery.Unit, BaseURL: "http://127.0.0.1:8080", Version: "0.1.0",
		Log: slog.New(slog.DiscardHandler),
	}
}

func handler(t *testing.T, o Options) http.Handler {
	t.Helper()
	h, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// browser is one visitor: it keeps cookies, as long as they fit the address, and sends what a browser sends.
type browser struct {
	t       *testing.T
	h       http.Handler
	base    string
	cookies map[string]*http.Cookie
	headers map[string]string
}

func visitor(t *testing.T, h http.Handler) *browser {
	return &browser{t: t, h: h, base: "http://127.0.0.1:8080", cookies: map[string]*http.Cookie{}, headers: map[string]string{}}
}

func (b *browser) do(method, path string, form url.Values) *httptest.ResponseRecorder {
	b.t.Helper()
	r := httptest.NewRequest(method, b.base+path, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for k, v := range b.headers {
		r.Header.Set(k, v)
	}
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	b.h.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		b.cookies[c.Name] = c
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return w
}

func (b *browser) get(path string) *httptest.ResponseRecorder {
	b.t.Helper()
	return b.do("GET", path, nil)
}

func (b *browser) post(path string, pairs ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return b.do("POST", path, form)
}

// signIn lets the visitor in as an account.
func (b *browser) signIn(w *world, id flattery.AccountID) *browser {
	b.t.Helper()
	token := fmt.Sprintf("token-%d-%d", id, len(w.sessions))
	w.tokens[token] = id
	if got := b.post("/enter/" + token).Code; got != http.StatusSeeOther {
		b.t.Fatalf("entering answered %d", got)
	}
	return b
}

var errDown = errors.New("disk on fire at /var/lib/secret")
