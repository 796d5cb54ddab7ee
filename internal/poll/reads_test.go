package poll

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/internal/queue"
	"flattery/store"
)

func TestARefusedTokenIsRenewedOnce(t *testing.T) {
	b := newBench(t, "old")
	b.do(func(ctx context.Context, tx store.Tx) error {
		return tx.SaveToken(ctx, b.link, flattery.Token{Access: "old", Refresh: "r"})
	})
	b.net.pages, b.net.accepts = []connectors.Page{page(b.now, "a")}, "new"
	b.keys.renewed = flattery.Token{Access: "new", Refresh: "r2"}
	f, err := b.Poll(t.Context(), b.link)
	if err != nil || f.Reason != "" || f.Likes != 1 || b.keys.renewals != 1 {
		t.Errorf("found %+v, %d renewals, error %v", f, b.keys.renewals, err)
	}
	b.keys.renewed = flattery.Token{} // the network takes it back
	b.net.accepts = "other"
	if f, err = b.Poll(t.Context(), b.link); err != nil || f.Reason != ReasonReconnect || b.keys.renewals != 2 {
		t.Errorf("found %+v, %d renewals, error %v", f, b.keys.renewals, err)
	}
	if l := b.read(); l.State != flattery.LinkSuspended || !strings.Contains(l.Detail, "does not accept the token") {
		t.Errorf("link %+v", l)
	}
}

func TestATokenThatEndsInTheMiddleOfAListIsRenewed(t *testing.T) {
	b := newBench(t, "old")
	b.do(func(ctx context.Context, tx store.Tx) error {
		return tx.SaveToken(ctx, b.link, flattery.Token{Access: "old", Refresh: "r"})
	})
	b.net.pages, b.net.expires = []connectors.Page{page(b.now, "a"), page(b.now, "b"), page(b.now, "c")}, "old"
	b.keys.renewed = flattery.Token{Access: "new", Refresh: "r2"}
	f, err := b.Poll(t.Context(), b.link)
	if err != nil || f.Reason != "" || f.Likes != 3 || b.keys.renewals != 1 || b.titles() != "c b a" {
		t.Errorf("found %+v, %d renewals, flattrs %q, error %v", f, b.keys.renewals, b.titles(), err)
	}
}

func TestARefusedTokenOfTheInstanceIsRenewedOnce(t *testing.T) {
	b := newBench(t, "")
	b.keys.instance, b.net.pages = "stale", []connectors.Page{page(b.now, "a")}
	f, err := b.Poll(t.Context(), b.link)
	if err != nil || f.Reason != "" || f.Likes != 1 || b.keys.renewals != 1 || b.net.session.AppToken != "fresh" {
		t.Errorf("found %+v, %d renewals, error %v", f, b.keys.renewals, err)
	}
}

func TestATokenThatCannotBeRenewedIsNotTriedTwice(t *testing.T) {
	b := newBench(t, "old")
	b.net.accepts = "new"
	if f, err := b.Poll(t.Context(), b.link); err != nil || f.Reason != ReasonReconnect || b.keys.renewals != 0 || b.net.walks != 1 {
		t.Errorf("found %+v, %d renewals, %d walks, error %v", f, b.keys.renewals, b.net.walks, err)
	}
}

func TestTermsThatNobodyAcceptedKeepANetworkFromBeingAsked(t *testing.T) {
	b := newBench(t, "tok")
	b.net.info.Terms = connectors.Terms{Sentence: "You may not.", Tick: true}
	for accepted, reason := range map[string]string{"": ReasonTerms, "You might not.": ReasonTerms, "You may not.": ""} {
		b.app.Accepted, b.net.walks = accepted, 0
		f, err := b.Poll(t.Context(), b.link)
		if err != nil || f.Reason != reason || (b.net.walks == 0) != (reason != "") {
			t.Errorf("accepted %q: found %+v, %d walks, error %v", accepted, f, b.net.walks, err)
		}
	}
}

func TestReadingEndsWithTheMonthsMoney(t *testing.T) {
	b := newBench(t, "tok")
	b.net.info.Price = connectors.Price{Currency: "USD", Like: 5000}
	b.Caps = map[string]flattery.Amount{"fake": 12_000}
	for _, thing := range []string{"a", "b", "c", "d", "e"} {
		p := page(b.now, thing)
		p.Cost = 5000
		b.net.pages = append(b.net.pages, p)
	}
	f, err := b.Poll(t.Context(), b.link)
	if err != nil || f.Reason != ReasonSpend || f.Likes != 4 || !strings.Contains(f.Detail, "0.012 USD") {
		t.Errorf("found %+v, error %v", f, err)
	}
	spent, err := b.store.Spent(t.Context(), "fake", flattery.MonthOf(b.now, time.UTC))
	if err != nil || spent != (store.Spending{Amount: 20_000, Likes: 4}) {
		t.Errorf("spent %+v, error %v", spent, err)
	}
	if l := b.read(); l.State != flattery.LinkActive || l.NextPoll.Before(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("asked again at %s", l.NextPoll)
	}
	if f, err = b.Poll(t.Context(), b.link); err != nil || f.Reason != ReasonSpend || b.net.walks != 1 {
		t.Errorf("before the month is over: found %+v, %d walks, error %v", f, b.net.walks, err)
	}
	b.now = b.now.AddDate(0, 1, 0)
	if f, err = b.Poll(t.Context(), b.link); err != nil || f.Reason != "" || f.Likes != 1 {
		t.Errorf("in the next month: found %+v, error %v", f, err)
	}
}

func TestANewNameIsRemembered(t *testing.T) {
	b := newBench(t, "tok")
	p := page(b.now, "a")
	p.Who = person("ann")
	p.Who.Handle = "ann-renamed"
	b.net.pages = []connectors.Page{p}
	if _, err := b.Poll(t.Context(), b.link); err != nil || b.read().Identity.Handle != "ann-renamed" {
		t.Errorf("link %+v, error %v", b.read(), err)
	}
	p.Who.Subject = "somebody else"
	p.Who.Handle = "mallory"
	b.net.pages = append(b.net.pages, p)
	if _, err := b.Poll(t.Context(), b.link); err != nil || b.read().Identity.Handle != "ann-renamed" {
		t.Errorf("link %+v, error %v", b.read(), err)
	}
}

// A list that is walked whole: what two walks miss is withdrawn, what a third finds comes back.
func TestWhatIsNoLongerLikedIsWithdrawn(t *testing.T) {
	b := newBench(t, "tok")
	b.net.info.Reliable, b.net.info.Feed = true, connectors.Timed
	day := func(things ...string) Found {
		t.Helper()
		b.net.pages = []connectors.Page{page(b.now.Add(-time.Hour), things...)}
		for i := range b.net.pages[0].Likes {
			b.net.pages[0].Likes[i].At = october.Add(time.Hour)
		}
		b.now = b.now.Add(25 * time.Hour)
		f, err := b.Poll(t.Context(), b.link)
		if err != nil || f.Reason != "" {
			t.Fatalf("found %+v, error %v", f, err)
		}
		return f
	}
	pending := func(things ...string) {
		t.Helper()
		list, err := b.store.Flattrs(t.Context(), store.FlattrQuery{Account: b.ann, State: flattery.Pending})
		var got []string
		for _, f := range list {
			got = append(got, f.Thing.ID)
		}
		slices.Sort(got)
		if err != nil || !slices.Equal(got, things) {
			t.Errorf("pending %q, error %v; want %q", got, err, things)
		}
	}
	day("a", "b")
	day("a", "b")
	day("a")
	pending("a", "b") // one absence proves nothing
	if f := day("a"); f.Unliked != 1 {
		t.Errorf("found %+v", f)
	}
	pending("a")
	if f := day("a", "b"); f.Likes != 0 {
		t.Errorf("found %+v", f)
	}
	pending("a", "b")
	// A walk that fails judges nothing, however often.
	b.net.between = func(n int) {
		if n > 0 {
			b.net.end = errors.New("cut")
		}
	}
	for range 3 {
		b.net.pages, b.net.end = nil, errors.New("cut")
		b.now = b.now.Add(25 * time.Hour)
		if _, err := b.Poll(t.Context(), b.link); err != nil {
			t.Fatal(err)
		}
	}
	pending("a", "b")
}

func TestAnUnreliableListProvesNothing(t *testing.T) {
	b := newBench(t, "tok")
	b.net.info.Feed = connectors.Timed
	b.net.pages = []connectors.Page{page(b.now.Add(time.Minute), "a")}
	for range 4 {
		b.now = b.now.Add(25 * time.Hour)
		if f, err := b.Poll(t.Context(), b.link); err != nil || f.Unliked != 0 {
			t.Fatalf("found %+v, error %v", f, err)
		}
		b.net.pages = nil
	}
	if b.titles() != "a" || b.net.walks != 4 {
		t.Errorf("flattrs %q after %d walks", b.titles(), b.net.walks)
	}
}

func TestAuthorsOfAnExportAreFoundOut(t *testing.T) {
	b := newBench(t, "tok")
	thing := func(id string) flattery.Like {
		l := page(b.now, id).Likes[0]
		l.Author = flattery.Profile{Identity: flattery.Identity{Network: "fake", Host: "fake.example", Subject: "~" + id}}
		return l
	}
	b.do(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.AddLikes(ctx, flattery.Link{Account: b.ann, BeginsAt: b.now}, []flattery.Like{thing("known"), thing("gone")}, false, b.now)
		return err
	})
	b.net.end = &connectors.RateLimitError{RetryAfter: time.Minute}
	for _, want := range []int{1, 0} { // what is gone is told at once; the other waits for the network
		if err := b.EnqueueAuthors(t.Context(), b.now); err != nil {
			t.Fatal(err)
		}
		if err := b.WorkAuthors(t.Context(), queue.Job{Kind: KindAuthors}); err != nil {
			t.Fatal(err)
		}
		if left, err := b.store.Unnamed(t.Context(), 10); err != nil || want == 0 && len(left) != 0 {
			t.Errorf("%d left, error %v", len(left), err)
		}
		b.net.end = nil
	}
	list, err := b.store.Flattrs(t.Context(), store.FlattrQuery{Account: b.ann})
	if err != nil || len(list) != 2 {
		t.Fatalf("%d flattrs, error %v", len(list), err)
	}
	for _, f := range list {
		want := map[string]string{"known": "@zoe", "gone": nobody}[f.Thing.ID]
		if f.Author.Subject != want || f.State != flattery.Pending {
			t.Errorf("%s is by %q, %s", f.Thing.ID, f.Author.Subject, f.State)
		}
	}
}
