package server

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pipes is a listener of connections in memory, so that a bubble's time stands for the machine's.
type pipes struct {
	conns chan net.Conn
	ended chan struct{}
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }
func (p *pipes) Close() error   { close(p.ended); return nil }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.ended:
		return nil, net.ErrClosed
	}
}

func (p *pipes) dial() net.Conn {
	ours, theirs := net.Pipe()
	p.conns <- theirs
	return ours
}

// ended runs a server, opens connections to it, tells it to stop after a while and says how long that took.
func ended(t *testing.T, handler http.HandlerFunc, open func(*pipes)) time.Duration {
	t.Helper()
	l := &pipes{make(chan net.Conn), make(chan struct{})}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Run(ctx, &http.Server{Handler: handler, ReadHeaderTimeout: time.Hour}, l) }()
	open(l)
	time.Sleep(time.Second)
	told := time.Now()
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	return time.Since(told)
}

func ask(c net.Conn) { _, _ = c.Write([]byte("GET / HTTP/1.1\r\nHost: here\r\n\r\n")) }

func TestNobodyWaitsForAConnectionThatAskedNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		took := ended(t, http.NotFound, func(l *pipes) {
			for range 3 {
				c := l.dial()
				t.Cleanup(func() { _ = c.Close() })
			}
		})
		if took > time.Second {
			t.Errorf("it took %s to stop", took)
		}
	})
}

func TestAnAnswerIsEndedBeforeTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		status := make(chan string, 1)
		slow := func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(5 * time.Second)
			w.WriteHeader(http.StatusTeapot)
		}
		took := ended(t, slow, func(l *pipes) {
			c := l.dial()
			go func() {
				defer c.Close()
				ask(c)
				line, _ := bufio.NewReader(c).ReadString('\n')
				status <- line
			}()
		})
		if got := <-status; got != "HTTP/1.1 418 I'm a teapot\r\n" || took < 4*time.Second || took > 5*time.Second {
			t.Errorf("answered %q, stopped after %s", got, took)
		}
	})
}

func TestAnAnswerWithoutEndIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cut := make(chan struct{})
		took := ended(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done(); close(cut) }, func(l *pipes) {
			c := l.dial()
			t.Cleanup(func() { _ = c.Close() })
			ask(c)
		})
		<-cut
		if took != farewell {
			t.Errorf("it took %s to stop, not %s", took, farewell)
		}
	})
}

func TestAListenerThatFailsEndsIt(t *testing.T) {
	l := &pipes{make(chan net.Conn), make(chan struct{})}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Run(t.Context(), new(http.Server), broken{l}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("it ends with %v", err)
	}
}

// broken is a listener that is closed already.
type broken struct{ *pipes }

func (broken) Close() error { return nil }
