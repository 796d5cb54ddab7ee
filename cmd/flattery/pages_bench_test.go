package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"flattery"
	"flattery/store"
	"flattery/store/postgres/pgtest"
)

// Pages of donors and creators at 32 connections, from a store with 1,000,000 flattrs of 10,000 accounts (a tenth of that in the short
// form), of which each gives and receives.
func BenchmarkPages(b *testing.B) {
	accounts := 1_000
	if os.Getenv("FLATTERY_LONG") == "1" {
		accounts = 10_000
	}
	p := &program{data: b.TempDir(), environ: []string{"FLATTERY_NOW=2026-10-20T12:00:00Z"}, stderr: io.Discard}
	if onPostgres() {
		p.environ = append(p.environ, "FLATTERY_DATABASE="+string(pgtest.New(b)))
	}
	if err := p.with(b.Context(), func(in *instance) error {
		if err := crowdIn(b.Context(), in, accounts, 100); err != nil {
			return err
		}
		server := httptest.NewUnstartedServer(nil)
		in.base = "http://" + server.Listener.Addr().String()
		site, err := in.site(b.Context(), in.base, false)
		if err != nil {
			return err
		}
		server.Config.Handler = site
		server.Start()
		defer server.Close()
		var visitors [32]*http.Client
		for i := range len(visitors) / 2 { // more would not be let in at once; each has two windows
			if visitors[i], err = enters(b.Context(), in, flattery.AccountID(1+i*(accounts/len(visitors)))); err != nil {
				return err
			}
			visitors[len(visitors)/2+i] = &http.Client{Jar: visitors[i].Jar, Transport: &http.Transport{}}
		}
		for _, path := range []string{"/month", "/months", "/slips", "/links", "/income", "/settings"} {
			b.Run(path[1:], func(b *testing.B) { asks(b, visitors[:], in.base+path) })
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
}

// crowdIn makes accounts that each claim somebody, and like so many things of each other.
func crowdIn(ctx context.Context, in *instance, accounts, each int) error {
	start := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	who := func(i int) flattery.Profile {
		handle := fmt.Sprintf("person-%d", i)
		return flattery.Profile{Identity: flattery.Identity{Network: "github", Host: "github.com", Subject: handle}, Handle: handle, URL: "https://github.com/" + handle}
	}
	links := make([]flattery.Link, accounts)
	groups := func(size int, fn func(tx store.Tx, i int) error) error {
		for from := 0; from < accounts; from += size {
			if err := in.update(ctx, func(tx store.Tx) error {
				for i := from; i < min(from+size, accounts); i++ {
					if err := fn(tx, i); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	}
	if err := groups(500, func(tx store.Tx, i int) error {
		id, err := tx.AddAccount(ctx, flattery.Account{Name: fmt.Sprintf("person %d", i), CreatedAt: start, Settings: flattery.Settings{Budget: 5 * flattery.Unit, Currency: "EUR"}})
		if err != nil {
			return err
		}
		if _, err := tx.AddClaim(ctx, flattery.Claim{Account: id, Identity: who(i), Proof: flattery.ByAdmin, ProvedAt: start}); err != nil {
			return err
		}
		links[i] = flattery.Link{Account: id, Identity: who(i), Proof: flattery.ByName, State: flattery.LinkActive, BeginsAt: start, NextPoll: start.AddDate(1, 0, 0), Interval: time.Hour}
		links[i].ID, err = tx.AddLink(ctx, links[i], flattery.Token{})
		return err
	}); err != nil {
		return err
	}
	return groups(20, func(tx store.Tx, i int) error {
		likes := make([]flattery.Like, each)
		for n := range likes {
			creator := (i + 1 + n*97) % accounts
			thing := fmt.Sprintf("%d-%d", creator, n%20)
			likes[n] = flattery.Like{Thing: flattery.Thing{Network: "github", Host: "github.com", ID: thing, URL: "https://github.com/p/" + thing, Title: "p/" + thing},
				Author: who(creator), At: start.Add(time.Duration(n) * 4 * time.Hour), Source: flattery.Exact}
		}
		_, err := tx.AddLikes(ctx, links[i], likes, false, start.AddDate(0, 0, 19))
		return err
	})
}

// enters is a browser that is signed in.
func enters(ctx context.Context, in *instance, a flattery.AccountID) (*http.Client, error) {
	link, err := in.signinLink(ctx, a, in.base, in.now().Add(time.Hour))
	if err != nil {
		return nil, err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	c := &http.Client{Jar: jar, Transport: &http.Transport{}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, link, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	answer, err := c.Do(req)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("signing in: %s", answer.Status)
	}
	return c, nil
}

// asks lets all visitors ask at once, and says how long they wait.
func asks(b *testing.B, visitors []*http.Client, address string) {
	var mu sync.Mutex
	var waits []time.Duration
	var all sync.WaitGroup
	turns := make(chan struct{})
	for _, c := range visitors {
		all.Go(func() {
			for range turns {
				began := time.Now()
				answer, err := c.Get(address)
				if err == nil {
					_, err = io.Copy(io.Discard, answer.Body)
				}
				if err != nil || answer.StatusCode != http.StatusOK {
					b.Error(err, answer)
				}
				if err == nil {
					_ = answer.Body.Close()
				}
				mu.Lock()
				waits = append(waits, time.Since(began))
				mu.Unlock()
			}
		})
	}
	before := cpu()
	for b.Loop() {
		turns <- struct{}{}
	}
	close(turns)
	all.Wait()
	b.ReportMetric(float64((cpu()-before).Microseconds())/float64(b.N), "cpu-µs/page")
	slices.Sort(waits)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pages/s")
	b.ReportMetric(waits[len(waits)/2].Seconds()*1000, "p50-ms")
	b.ReportMetric(waits[len(waits)*99/100].Seconds()*1000, "p99-ms")
}

// cpu is what this process has used so far: server and visitors.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
