package poll

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/internal/queue"
	"flattery/store"
	"flattery/store/seal"
)

func TestWhatEachErrorMeansForALink(t *testing.T) {
	for _, row := range []struct {
		name   string
		err    error
		fate   Fate
		reason string
	}{
		{"no error", nil, FateGood, ""},
		{"the token is refused", fmt.Errorf("fake: %w", connectors.ErrUnauthorized), FateSuspend, ReasonReconnect},
		{"the token cannot be read", fmt.Errorf("x: %w", seal.ErrSealed), FateSuspend, ReasonReconnect},
		{"terms not accepted", errTerms, FateSuspend, ReasonTerms},
		{"enough was spent", &capError{now: time.Now()}, FateSnooze, ReasonSpend},
		{"the network refuses", fmt.Errorf("fake: %w", connectors.ErrForbidden), FateSuspend, ReasonForbidden},
		{"nobody there", fmt.Errorf("fake: page 2: %w", connectors.ErrGone), FateSuspend, ReasonGone},
		{"money is wanted", fmt.Errorf("fake: %w", &connectors.PaymentRequiredError{Detail: "9 USD"}), FateSuspend, ReasonPayment},
		{"our keys are refused", fmt.Errorf("fake: %w", connectors.ErrKey), FateSuspend, ReasonKeys},
		{"no such network", errors.Join(errNoConnector, errors.New("x")), FateSuspend, ReasonUnknown},
		{"too much was asked", fmt.Errorf("fake: %w", &connectors.RateLimitError{RetryAfter: time.Hour}), FateSnooze, ReasonRate},
		{"a wrong answer", &connectors.AnswerError{Host: "h", Status: 502, Reason: "Bad Gateway"}, FateRetry, ReasonTrouble},
		{"a torn connection", io.ErrUnexpectedEOF, FateRetry, ReasonTrouble},
		{"an answer too slow", context.DeadlineExceeded, FateRetry, ReasonTrouble},
	} {
		t.Run(row.name, func(t *testing.T) {
			if fate, reason := FateOf(row.err); fate != row.fate || reason != row.reason {
				t.Errorf("%s %q, want %s %q", fate, reason, row.fate, row.reason)
			}
		})
	}
}

func TestAFateIsWrittenIntoTheLink(t *testing.T) {
	for _, row := range []struct {
		name     string
		end      error
		state    flattery.LinkState
		reason   string
		next     time.Duration // from now
		failures int
		good     bool
	}{
		{"good", nil, flattery.LinkActive, "", 30 * time.Minute, 0, true},
		{"refused", connectors.ErrUnauthorized, flattery.LinkSuspended, ReasonReconnect, 0, 1, false},
		{"a short limit", &connectors.RateLimitError{RetryAfter: time.Second}, flattery.LinkActive, ReasonRate, 6 * time.Minute, 0, false},
		{"a long limit", &connectors.RateLimitError{RetryAfter: 10 * time.Hour}, flattery.LinkActive, ReasonRate, 12 * time.Hour, 0, false},
		{"trouble", io.ErrUnexpectedEOF, flattery.LinkActive, ReasonTrouble, time.Minute, 1, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBench(t, "tok")
			b.net.pages, b.net.end = []connectors.Page{page(b.now, "a", "b")}, row.end
			f, err := b.Poll(t.Context(), b.link)
			if err != nil || f.Likes != 2 || f.Reason != row.reason {
				t.Fatalf("found %+v, error %v", f, err)
			}
			l := b.read()
			if l.State != row.state || l.Reason != row.reason || l.Failures != row.failures || !l.LastPoll.Equal(b.now) || l.LastGood.IsZero() == row.good || (l.Detail == "") != (row.reason == "") {
				t.Errorf("link %+v", l)
			}
			if wait := l.NextPoll.Sub(b.now); row.state == flattery.LinkActive && wait != row.next {
				t.Errorf("polled again in %s, want %s", wait, row.next)
			}
			if got := b.titles(); got != "b a" {
				t.Errorf("what came before the end is %q", got)
			}
		})
	}
}

func TestPausesAfterFailuresDoubleUpToTheSlowest(t *testing.T) {
	b := newBench(t, "tok")
	b.net.end = io.ErrUnexpectedEOF
	var pauses []string
	for range 12 {
		if _, err := b.Poll(t.Context(), b.link); err != nil {
			t.Fatal(err)
		}
		pauses = append(pauses, b.read().NextPoll.Sub(b.now).String())
	}
	want := "1m0s 2m0s 4m0s 8m0s 16m0s 32m0s 1h4m0s 2h8m0s 4h16m0s 6h0m0s 6h0m0s 6h0m0s"
	if got := strings.Join(pauses, " "); got != want {
		t.Errorf("pauses %s, want %s", got, want)
	}
	b.net.end = nil
	if _, err := b.Poll(t.Context(), b.link); err != nil {
		t.Fatal(err)
	}
	if l := b.read(); l.Failures != 0 || l.Reason != "" || l.Detail != "" {
		t.Errorf("well again: %+v", l)
	}
}

func TestTheIntervalFollowsTheNews(t *testing.T) {
	for _, row := range []struct {
		was, shortest time.Duration
		news          bool
		want          time.Duration
	}{
		{time.Hour, 5 * time.Minute, true, 30 * time.Minute},
		{6 * time.Minute, 5 * time.Minute, true, 5 * time.Minute},
		{0, 5 * time.Minute, true, 5 * time.Minute},
		{time.Hour, 5 * time.Minute, false, 75 * time.Minute},
		{5 * time.Hour, 5 * time.Minute, false, Slowest},
		{Slowest, 5 * time.Minute, false, Slowest},
		{Slowest, 12 * time.Hour, false, 12 * time.Hour}, // a network that wants it slower still
	} {
		if got := adapt(row.was, row.shortest, row.news); got != row.want {
			t.Errorf("after %s, news %v: %s, want %s", row.was, row.news, got, row.want)
		}
	}
}

func TestJitterStaysWithinAFifth(t *testing.T) {
	for _, row := range []struct {
		roll float64
		want time.Duration
	}{{0, 80 * time.Minute}, {0.25, 90 * time.Minute}, {0.5, 100 * time.Minute}, {0.75, 110 * time.Minute}} {
		p := &Poller{Jitter: func() float64 { return row.roll }}
		if got := p.jitter(100 * time.Minute); got != row.want {
			t.Errorf("at %g: %s, want %s", row.roll, got, row.want)
		}
	}
	p, different := &Poller{}, map[time.Duration]bool{}
	for range 1000 {
		d := p.jitter(100 * time.Minute)
		different[d] = true
		if d < 80*time.Minute || d > 120*time.Minute {
			t.Fatalf("%s", d)
		}
	}
	if len(different) < 100 {
		t.Errorf("only %d different pauses in 1000", len(different))
	}
}

// The network breaks off after each page in turn, our own store refuses, the program is stopped: whatever page was stored
// stays, and the next poll brings the rest, each like once.
func TestBrokenOffBetweenPagesNothingIsLostOrDoubled(t *testing.T) {
	for _, row := range []struct {
		name  string
		crash func(b *bench, at int) context.Context
	}{
		{"by the network", func(b *bench, at int) context.Context {
			b.net.pages, b.net.end = b.net.pages[:at], io.ErrUnexpectedEOF
			return b.Context()
		}},
		{"by a stop", func(b *bench, at int) context.Context {
			ctx, stop := context.WithCancel(b.Context())
			b.net.between = func(page int) {
				if page == at {
					stop()
				}
			}
			return ctx
		}},
		{"by the store", func(b *bench, at int) context.Context {
			b.Poller.Store = &failing{Store: b.store, left: at}
			return b.Context()
		}},
	} {
		for at := range 5 {
			t.Run(fmt.Sprintf("%s at page %d", row.name, at), func(t *testing.T) {
				b := newBench(t, "tok")
				pages := []connectors.Page{page(b.now, "a", "b"), page(b.now, "b", "c"), page(b.now), page(b.now, "d")}
				b.net.pages = pages
				ctx := row.crash(b, at)
				_, err := b.Poll(ctx, b.link)
				if stopped := ctx.Err() != nil; stopped && !errors.Is(err, context.Canceled) {
					t.Errorf("stopped: %v", err)
				}
				kept := b.read().Cursor
				b.net.pages, b.net.end, b.net.between, b.Poller.Store = pages, nil, nil, b.store
				if _, err := b.Poll(t.Context(), b.link); err != nil {
					t.Fatal(err)
				}
				if got := b.titles(); got != "d c b a" {
					t.Errorf("after a break at cursor %q there are %q", kept, got)
				}
				if l := b.read(); l.Cursor != "4" || l.State != flattery.LinkActive || l.LastGood.IsZero() {
					t.Errorf("link %+v", l)
				}
			})
		}
	}
}

// failing is a store that refuses to write after so many transactions.
type failing struct {
	Store
	left int
}

var errDisk = errors.New("no space left on device")

func (f *failing) Update(ctx context.Context, fn func(store.Tx) error) error {
	if f.left--; f.left < 0 {
		return f.Store.Update(ctx, func(tx store.Tx) error { return errors.Join(fn(tx), errDisk) }) // all was done, and is undone
	}
	return f.Store.Update(ctx, fn)
}

func TestAFaultOfOursIsAnErrorAndNotTheLinks(t *testing.T) {
	b := newBench(t, "tok")
	b.net.pages = []connectors.Page{page(b.now, "a")}
	b.Poller.Store = &failing{Store: b.store}
	before := b.read()
	if _, err := b.Poll(t.Context(), b.link); !errors.Is(err, errDisk) || !strings.HasPrefix(err.Error(), "poll: link 1: fake: ") {
		t.Errorf("error %v", err)
	}
	if after := b.read(); after != before || b.titles() != "" {
		t.Errorf("link %+v, flattrs %q", after, b.titles())
	}
}

func TestAQuietPollIsOneTransactionAndTellsTheSession(t *testing.T) {
	b := newBench(t, "tok")
	counting := &failing{Store: b.store, left: 1 << 30}
	b.Poller.Store = counting
	b.net.pages = []connectors.Page{page(b.now.Add(time.Second))}
	if _, err := b.Poll(t.Context(), b.link); err != nil || counting.left != 1<<30-1 {
		t.Errorf("%d transactions, error %v", 1<<30-counting.left, err)
	}
	s := b.net.session
	if s.Identity.Subject != "ann" || string(s.Token.Access) != "tok" || string(s.App.Key) != "k" || s.Client == nil || !s.Now.Equal(b.now) || !s.Month.Equal(time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("session %+v", s)
	}
	date, seen, err := b.store.NetworkDate(t.Context())
	if err != nil || !date.Equal(b.now.Add(time.Second)) || !seen.Equal(b.now) {
		t.Errorf("the network's date is %s at %s, error %v", date, seen, err)
	}
}

func TestALinkWithoutItsNetworkKeyOrTokenWaits(t *testing.T) {
	b := newBench(t, "tok")
	b.Networks = nil
	if f, err := b.Poll(t.Context(), b.link); err != nil || f.Reason != ReasonUnknown || b.read().State != flattery.LinkSuspended {
		t.Errorf("unknown network: %+v, %v", f, err)
	}
	b.Networks = connectors.Set{b.net}
	other, err := seal.New(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	b.do(func(ctx context.Context, tx store.Tx) error {
		l := b.read()
		l.State, l.NextPoll = flattery.LinkActive, b.now
		return tx.SaveLink(ctx, l)
	})
	b.Store = tokenless{b.store, other}
	if f, err := b.Poll(t.Context(), b.link); err != nil || f.Reason != ReasonReconnect || b.net.walks != 0 {
		t.Errorf("a token that cannot be read: %+v, %v; %d walks", f, err, b.net.walks)
	}
	b.do(func(ctx context.Context, tx store.Tx) error { return tx.RemoveLink(ctx, b.link) })
	if f, err := b.Poll(t.Context(), b.link); err != nil || f != (Found{Link: b.link}) || b.net.walks != 0 {
		t.Errorf("a removed link: %+v, %v", f, err)
	}
	if _, err := b.Poll(t.Context(), 99); !errors.Is(err, flattery.ErrNotFound) {
		t.Errorf("no link: %v", err)
	}
}

// tokenless is a store whose key is another than the one with which tokens were sealed.
type tokenless struct {
	Store
	box *seal.Box
}

func (s tokenless) Visit(ctx context.Context, id flattery.LinkID, now time.Time) (store.Visit, error) {
	v, err := s.Store.Visit(ctx, id, now)
	v.Token = flattery.Token{}
	_, v.Sealed = s.box.Unseal("x", nil)
	return v, err
}

func TestDueLinksBecomeJobsOnce(t *testing.T) {
	b := newBench(t, "tok")
	b.net.pages = []connectors.Page{page(b.now, "a")}
	jobs := b.store.Jobs()
	handlers := queue.Handlers{Kind: b.Work}
	for range 3 { // three daemons ask at once
		if err := b.Enqueue(t.Context(), b.now); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := jobs.Drain(t.Context(), handlers); n != 1 || err != nil || b.net.walks != 1 {
		t.Errorf("%d jobs, %d walks, error %v", n, b.net.walks, err)
	}
	if err := b.Enqueue(t.Context(), b.now.Add(20*time.Minute)); err != nil {
		t.Fatal(err)
	}
	if n, err := jobs.Drain(t.Context(), handlers); n != 0 || err != nil {
		t.Errorf("before its time: %d jobs, error %v", n, err)
	}
	b.now = b.now.Add(31 * time.Minute)
	found, err := b.Due(t.Context())
	if err != nil || len(found) != 1 || found[0].Likes != 0 {
		t.Errorf("in its time: %+v, %v", found, err)
	}
	if found, err = b.Due(t.Context()); err != nil || len(found) != 0 {
		t.Errorf("at once again: %+v, %v", found, err)
	}
}

func TestAJobThatIsNoLinkIsAnError(t *testing.T) {
	b := newBench(t, "tok")
	for _, key := range []string{"", "x", "-"} {
		if err := b.Work(t.Context(), queue.Job{Kind: Kind, Key: key}); err == nil {
			t.Errorf("%q is taken", key)
		}
	}
}
