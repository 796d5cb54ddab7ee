// Package server runs an HTTP server until it is told to stop.
package server

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// farewell is how long open requests may take once a server was told to stop.
const farewell = 10 * time.Second

// Run serves on l, by TLS if s is configured for it, until ctx ends, and returns when the last answer has ended; what then takes
// longer than ten seconds is cut. Connections on which nobody has asked yet are closed at once: browsers open some to spare, and
// [http.Server.Shutdown] waits for their first request, for five seconds.
func Run(ctx context.Context, s *http.Server, l net.Listener) error {
	closeUnasked(s)
	stopped := make(chan error, 1)
	unwatch := context.AfterFunc(ctx, func() {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
		defer cancel()
		err := s.Shutdown(limited)
		if errors.Is(err, context.DeadlineExceeded) {
			err = s.Close()
		}
		stopped <- err
	})
	run := s.Serve
	if s.TLSConfig != nil {
		run = func(l net.Listener) error { return s.ServeTLS(l, "", "") }
	}
	if err := run(l); !errors.Is(err, http.ErrServerClosed) {
		unwatch()
		return err
	}
	return <-stopped
}

// closeUnasked makes a server that is shut down close the connections on which nobody has asked yet.
func closeUnasked(s *http.Server) {
	var mu sync.Mutex
	unasked, stopping := map[net.Conn]struct{}{}, false
	s.ConnState = func(c net.Conn, state http.ConnState) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case state != http.StateNew:
			delete(unasked, c)
		case stopping: // it was accepted just before
			_ = c.Close()
		default:
			unasked[c] = struct{}{}
		}
	}
	s.RegisterOnShutdown(func() {
		mu.Lock()
		defer mu.Unlock()
		stopping = true
		for c := range unasked {
			_ = c.Close()
		}
	})
}
