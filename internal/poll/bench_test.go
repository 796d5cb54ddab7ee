package poll

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/store"
	"flattery/store/seal"
	"flattery/store/sqlite"
)

var october = time.Date(2026, 10, 1, 9, 0, 0, 0, time.UTC)

// fake is a network whose pages and end are handed in. Its cursor counts the pages that were stored.
type fake struct {
	pages    []connectors.Page
	end      error
	session  connectors.Session // of the last walk
	walks    int
	interval time.Duration
	between  func(page int) // called before a page is given
}

func (f *fake) Info() connectors.Info {
	return connectors.Info{Network: "fake", Title: "Fake", Host: "fake.example", Interval: f.interval}
}

func (f *fake) Identify(context.Context, connectors.Session) (flattery.Profile, error) {
	return flattery.Profile{}, errors.ErrUnsupported
}

func (f *fake) Likes(_ context.Context, s connectors.Session, after flattery.Cursor) iter.Seq2[connectors.Page, error] {
	return func(yield func(connectors.Page, error) bool) {
		f.session = s
		f.walks++
		begin := 0
		if after != "" {
			if _, err := fmt.Sscan(string(after), &begin); err != nil {
				yield(connectors.Page{}, err)
				return
			}
		}
		for i := begin; i < len(f.pages); i++ {
			if f.between != nil {
				f.between(i)
			}
			p := f.pages[i]
			p.Next = flattery.Cursor(fmt.Sprint(i + 1))
			if !yield(p, nil) {
				return
			}
		}
		if f.end != nil {
			yield(connectors.Page{}, f.end)
		}
	}
}

// bench is a poller on a real store with one account and one link.
type bench struct {
	*testing.T
	*Poller
	store *sqlite.Store
	net   *fake
	now   time.Time
	roll  float64
	link  flattery.LinkID
	ann   flattery.AccountID
}

func newBench(t *testing.T, token flattery.Secret) *bench {
	t.Helper()
	b := &bench{T: t, net: &fake{interval: 5 * time.Minute}, now: october, roll: 0.5}
	dir := t.TempDir()
	box, err := seal.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	b.store, err = sqlite.Open(t.Context(), sqlite.Options{Dir: dir, Location: time.UTC, Now: func() time.Time { return b.now }, Seal: box, Log: log, Volatile: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.store.Close(); err != nil {
			t.Error(err)
		}
	})
	b.Poller = &Poller{Store: b.store, Networks: connectors.Set{b.net}, Apps: map[string]connectors.App{"fake": {Key: "k"}}, Client: http.DefaultClient,
		Now: func() time.Time { return b.now }, Jitter: func() float64 { return b.roll }, Log: log}
	b.do(func(ctx context.Context, tx store.Tx) error {
		ann, err := tx.AddAccount(ctx, flattery.Account{Name: "ann", CreatedAt: b.now, Settings: flattery.Settings{Budget: 5 * flattery.Unit, Currency: "EUR"}})
		if err != nil {
			return err
		}
		id, err := tx.AddLink(ctx, flattery.Link{Account: ann, Identity: person("ann"), Proof: flattery.ByToken, BeginsAt: b.now, NextPoll: b.now, Interval: time.Hour}, token)
		if err != nil {
			return err
		}
		b.ann, b.link = ann, id
		return nil
	})
	return b
}

func (b *bench) do(fn func(ctx context.Context, tx store.Tx) error) {
	b.Helper()
	if err := b.store.Update(b.Context(), func(tx store.Tx) error { return fn(b.Context(), tx) }); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) read() flattery.Link {
	b.Helper()
	l, err := b.store.Link(b.Context(), b.link)
	if err != nil {
		b.Fatal(err)
	}
	return l
}

func (b *bench) titles() string {
	b.Helper()
	list, err := b.store.Flattrs(b.Context(), store.FlattrQuery{Account: b.ann, Seen: true, Limit: 10000})
	if err != nil {
		b.Fatal(err)
	}
	var all []string
	for _, f := range list {
		all = append(all, f.Thing.Title)
	}
	return strings.Join(all, " ")
}

func person(name string) flattery.Profile {
	return flattery.Profile{Identity: flattery.Identity{Network: "fake", Host: "fake.example", Subject: name}, Handle: name}
}

func page(at time.Time, things ...string) connectors.Page {
	p := connectors.Page{Date: at}
	for _, thing := range things {
		p.Likes = append(p.Likes, flattery.Like{Thing: flattery.Thing{Network: "fake", Host: "fake.example", ID: thing, Title: thing, URL: "https://fake.example/" + thing},
			Author: person("zoe"), At: at, Source: flattery.Exact})
	}
	return p
}
