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
	"flattery/store/eachtest"
)

func TestMain(m *testing.M) { eachtest.Main(m) }

var october = time.Date(2026, 10, 1, 9, 0, 0, 0, time.UTC)

// fake is a network whose pages and end are handed in. Its cursor counts the pages that were stored.
type fake struct {
	pages    []connectors.Page
	end      error
	session  connectors.Session // of the last walk
	walks    int
	interval time.Duration
	between  func(page int)  // called before a page is given
	accepts  flattery.Secret // the only token that is good; "": every one is
	expires  flattery.Secret // a token that is good for one page
	info     connectors.Info // more of it
}

func (f *fake) Info() connectors.Info {
	i := f.info
	i.Network, i.Title, i.Host, i.Interval = "fake", "Fake", "fake.example", f.interval
	return i
}

// Author tells who made a thing: zoe, with a handle alone.
func (f *fake) Author(_ context.Context, _ connectors.Session, t flattery.Thing) (flattery.Profile, error) {
	if t.ID == "gone" {
		return flattery.Profile{}, connectors.ErrGone
	}
	if f.end != nil {
		return flattery.Profile{}, f.end
	}
	return flattery.Profile{Identity: flattery.Identity{Network: "fake", Host: "fake.example", Subject: "@zoe"}, Handle: "zoe"}, nil
}

// tokens are the stored ones, as they are; renewed is what a refused one is exchanged for.
type tokens struct {
	renewed  flattery.Token
	renewals int
	instance flattery.Secret
}

func (k *tokens) Fresh(_ context.Context, _ flattery.Link, stored flattery.Token, _ connectors.Info) (flattery.Token, error) {
	return stored, nil
}

func (k *tokens) Renew(context.Context, flattery.Link, connectors.Info, flattery.Token) (flattery.Token, error) {
	k.renewals++
	if !k.renewed.Has() {
		return k.renewed, connectors.ErrUnauthorized
	}
	return k.renewed, nil
}

func (k *tokens) Instance(context.Context, connectors.Info) (flattery.Secret, error) {
	return k.instance, nil
}

func (k *tokens) RenewInstance(context.Context, connectors.Info, flattery.Secret) (flattery.Secret, error) {
	k.renewals++
	return "fresh", nil
}

func (f *fake) Identify(context.Context, connectors.Session) (flattery.Profile, error) {
	return flattery.Profile{}, errors.ErrUnsupported
}

func (f *fake) Likes(_ context.Context, s connectors.Session, after flattery.Cursor) iter.Seq2[connectors.Page, error] {
	return func(yield func(connectors.Page, error) bool) {
		f.session = s
		f.walks++
		if f.accepts != "" && s.Token.Access != f.accepts {
			yield(connectors.Page{}, fmt.Errorf("fake: %w", connectors.ErrUnauthorized))
			return
		}
		if s.AppToken == "stale" {
			yield(connectors.Page{}, fmt.Errorf("fake: %w", connectors.ErrKey))
			return
		}
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
			if i > begin && f.expires != "" && s.Token.Access == f.expires {
				yield(connectors.Page{}, fmt.Errorf("fake: %w", connectors.ErrUnauthorized))
				return
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
	store store.Store
	net   *fake
	now   time.Time
	roll  float64
	link  flattery.LinkID
	ann   flattery.AccountID
	keys  *tokens
	app   flattery.App
}

func newBench(t *testing.T, token flattery.Secret) *bench {
	t.Helper()
	b := &bench{T: t, net: &fake{interval: 5 * time.Minute}, now: october, roll: 0.5}
	log := slog.New(slog.DiscardHandler)
	b.store = eachtest.New(t).Open(t, eachtest.Options{Now: func() time.Time { return b.now }})
	b.keys, b.app = &tokens{}, flattery.App{Key: "k"}
	b.Poller = &Poller{Store: b.store, Networks: connectors.Set{b.net}, Tokens: b.keys, Client: http.DefaultClient,
		App: func(string, flattery.App) flattery.App { return b.app },
		Now: func() time.Time { return b.now }, Jitter: func() float64 { return b.roll }, Log: log}
	b.do(func(ctx context.Context, tx store.Tx) error {
		ann, err := tx.AddAccount(ctx, flattery.Account{Name: "ann", CreatedAt: b.now, Settings: flattery.Settings{Budget: 5 * flattery.Unit, Currency: "EUR"}})
		if err != nil {
			return err
		}
		id, err := tx.AddLink(ctx, flattery.Link{Account: ann, Identity: person("ann"), Proof: flattery.ByToken, BeginsAt: b.now, NextPoll: b.now, Interval: time.Hour}, flattery.Token{Access: token})
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
