package poll_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"syscall"
	"testing"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/connectors/github"
	"flattery/internal/claim"
	"flattery/internal/poll"
	"flattery/internal/sandbox"
	"flattery/store"
	"flattery/store/eachtest"
)

// A quiet poll (304: nothing new) through connector and store, durable, beside a bare net/http loop that asks the same
// server the same question. Server and client are one process, so the CPU is that of both.
func BenchmarkQuietPoll(b *testing.B) {
	world, err := sandbox.Open(sandbox.NewClock(time.Date(2026, 10, 15, 12, 0, 0, 0, time.UTC)), 1)
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := world.Close(); err != nil {
			b.Error(err)
		}
	}()
	g := world.GitHub
	g.SetLimits(sandbox.Limits{Anonymous: 1e9, User: 1e9, Status: 403})
	g.AddUser("maker")
	subject := strconv.FormatInt(g.AddUser("fan"), 10)
	token := g.Token("fan")
	for i := range 40 {
		g.AddRepo("maker", "thing-"+strconv.Itoa(i))
		g.Star("fan", "maker/thing-"+strconv.Itoa(i))
		world.Clock.Advance(time.Hour)
	}
	b.Run("poll", func(b *testing.B) { benchPoll(b, world, subject, token) })
	b.Run("bare", func(b *testing.B) { benchBare(b, g.Base(), token) })
}

func benchPoll(b *testing.B, world *sandbox.World, subject, token string) {
	now, log := world.Clock.Now, slog.New(slog.DiscardHandler)
	s := eachtest.New(b).Open(b, eachtest.Options{Now: now, Durable: true})
	c := github.New(world.GitHub.Base())
	who := flattery.Profile{Identity: flattery.Identity{Network: "github", Host: c.Info().Host, Subject: subject}, Handle: "fan"}
	var link flattery.LinkID
	err := s.Update(b.Context(), func(tx store.Tx) error {
		id, err := tx.AddAccount(b.Context(), flattery.Account{Name: "fan", CreatedAt: now(), Settings: flattery.Settings{Currency: "EUR"}})
		if err == nil {
			link, err = tx.AddLink(b.Context(), flattery.Link{Account: id, Identity: who, Proof: flattery.ByToken, BeginsAt: now(), NextPoll: now(), Interval: time.Hour}, flattery.Token{Access: flattery.Secret(token)})
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	client := connectors.NewClient(connectors.ClientOptions{AllowPrivate: true})
	app := func(context.Context, string) (flattery.App, error) { return flattery.App{}, nil }
	p := &poll.Poller{Store: s, Networks: connectors.Set{c}, Tokens: &claim.Tokens{Store: s, App: app, Client: client, Now: now}, App: func(string, flattery.App) flattery.App { return flattery.App{} }, Client: client, Now: now, Log: log}
	for range 3 { // the baseline, and what comes after it
		if _, err := p.Poll(b.Context(), link); err != nil {
			b.Fatal(err)
		}
	}
	before := cpu()
	for b.Loop() {
		found, err := p.Poll(b.Context(), link)
		if err != nil || found.Likes != 0 || found.Reason != "" {
			b.Fatal(found, err)
		}
	}
	b.ReportMetric(float64((cpu()-before).Microseconds())/float64(b.N), "cpu-µs/op")
}

func benchBare(b *testing.B, base, token string) {
	ask := func(tag string) (status int, etag string) {
		req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, base+"user/starred?sort=created&direction=desc&per_page=10", nil)
		if err != nil {
			b.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Accept", "application/vnd.github.star+json")
		req.Header.Set("If-None-Match", tag)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			b.Fatal(err)
		}
		defer resp.Body.Close()
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			b.Fatal(err)
		}
		return resp.StatusCode, resp.Header.Get("ETag")
	}
	_, tag := ask("")
	before := cpu()
	for b.Loop() {
		if status, _ := ask(tag); status != http.StatusNotModified {
			b.Fatal(status)
		}
	}
	b.ReportMetric(float64((cpu()-before).Microseconds())/float64(b.N), "cpu-µs/op")
}

// cpu is what this process has used so far.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
