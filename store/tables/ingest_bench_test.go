package tables_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"sync"
	"testing"
	"time"

	"flattery"
	"flattery/store"
	"flattery/store/eachtest"
)

// benchNow is noon of a day in the middle of a month.
var benchNow = time.Date(2026, 10, 15, 12, 0, 0, 0, time.UTC)

// bench is a durable store: every commit waits for the disk. FLATTERY_TEST_DATABASE=postgres .ci/postgres go test … benches
// PostgreSQL.
type bench struct{ store.Store }

func openBench(b *testing.B) bench {
	b.Helper()
	s := eachtest.New(b).Open(b, eachtest.Options{Now: func() time.Time { return benchNow }, Durable: true})
	return bench{s}
}

func (s bench) do(b *testing.B, fn func(context.Context, store.Tx) error) {
	b.Helper()
	if err := s.Update(b.Context(), func(tx store.Tx) error { return fn(b.Context(), tx) }); err != nil {
		b.Fatal(err)
	}
}

func benchProfile(kind string, n int) flattery.Profile {
	handle := fmt.Sprintf("%s-%d", kind, n)
	return flattery.Profile{Identity: flattery.Identity{Network: "github", Host: "github.com", Subject: fmt.Sprint(len(kind)*10_000_000 + n)}, Handle: handle, URL: "https://github.com/" + handle}
}

// donors makes so many accounts with one link each.
func (s bench) donors(b *testing.B, n int) []flattery.Link {
	b.Helper()
	links := make([]flattery.Link, n)
	s.do(b, func(ctx context.Context, tx store.Tx) error {
		for i := range links {
			id, err := tx.AddAccount(ctx, flattery.Account{Name: fmt.Sprintf("donor-%d", i), CreatedAt: benchNow, Settings: flattery.Settings{Budget: 5 * flattery.Unit, Currency: "EUR"}})
			if err != nil {
				return err
			}
			links[i] = flattery.Link{Account: id, Identity: benchProfile("donor", i), Proof: flattery.ByName, State: flattery.LinkActive, BeginsAt: benchNow.Add(-time.Hour), NextPoll: benchNow, Interval: time.Hour}
			if links[i].ID, err = tx.AddLink(ctx, links[i], flattery.Token{}); err != nil {
				return err
			}
		}
		return nil
	})
	return links
}

// benchPage is n likes of things that are twenty to an author, each liked by one or a few donors.
func benchPage(first, n int) []flattery.Like {
	likes := make([]flattery.Like, n)
	for i := range likes {
		thing := first + i
		author := benchProfile("author", thing/20)
		full := fmt.Sprintf("%s/thing-%d", author.Handle, thing)
		likes[i] = flattery.Like{Thing: flattery.Thing{Network: "github", Host: "github.com", ID: fmt.Sprint(500_000_000 + thing), URL: "https://github.com/" + full, Title: full},
			Author: author, At: benchNow.Add(-time.Duration(thing%3000) * time.Second), Source: flattery.Exact}
	}
	return likes
}

func (s bench) add(b *testing.B, l flattery.Link, likes []flattery.Like) {
	b.Helper()
	s.do(b, func(ctx context.Context, tx store.Tx) error {
		_, err := tx.AddLikes(ctx, l, likes, false, benchNow)
		return err
	})
}

// One page of a hundred likes a commit, durable.
func BenchmarkPage(b *testing.B) {
	for _, c := range []struct {
		name string
		news int
	}{{"all new", 100}, {"1 % new", 1}, {"no news", 0}} {
		b.Run(c.name, func(b *testing.B) {
			s := openBench(b)
			l := s.donors(b, 1)[0]
			page := benchPage(0, 100)
			s.add(b, l, page)
			next := 100
			b.ResetTimer()
			for b.Loop() {
				b.StopTimer()
				page = append(benchPage(next, c.news), page...)[:100]
				next += c.news
				b.StartTimer()
				s.add(b, l, page)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/100, "µs/like")
		})
	}
}

// A big import: a thousand new likes a commit. docs/bench/ingest_floor.c does the same in C.
func BenchmarkIngest(b *testing.B) {
	sizes := []int{10_000, 100_000}
	if os.Getenv("FLATTERY_LONG") == "1" {
		sizes = append(sizes, 1_000_000)
	}
	var before float64 // what a tenth of the work took
	for _, size := range sizes {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				s := openBench(b)
				links := s.donors(b, 100)
				b.StartTimer()
				for first := 0; first < size; first += 1000 {
					s.add(b, links[first/1000%len(links)], benchPage(first, 1000))
				}
			}
			took := b.Elapsed().Seconds() / float64(b.N)
			b.ReportMetric(took*1e6/float64(size), "µs/like")
			if before > 0 {
				b.ReportMetric(math.Log10(took/before), "exponent")
			}
			before = took
		})
	}
}

// 32 polls at once, each with one new like and each durable when it returns, beside the same one after the other.
func BenchmarkPolls(b *testing.B) {
	for _, at := range []int{1, 32} {
		b.Run(fmt.Sprintf("%d at once", at), func(b *testing.B) {
			s := openBench(b)
			links := s.donors(b, at)
			next := 0
			b.ResetTimer()
			for b.Loop() {
				var all sync.WaitGroup
				for i, l := range links {
					likes := benchPage(next+i, 1)
					all.Go(func() {
						err := s.Update(b.Context(), func(tx store.Tx) error {
							if _, err := tx.AddLikes(b.Context(), l, likes, false, benchNow); err != nil {
								return err
							}
							return tx.SaveLink(b.Context(), l)
						})
						if err != nil {
							b.Error(err)
						}
					})
				}
				all.Wait()
				next += at
			}
			b.ReportMetric(float64(b.N*at)/b.Elapsed().Seconds(), "polls/s")
		})
	}
}
