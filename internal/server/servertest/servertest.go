// Package servertest finds ports for servers under test.
package servertest

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// Port gives a port of loopback on which nobody listens, below those that a system hands out by itself (32768 and up on Linux,
// 49152 elsewhere): whatever is stopped there finds it free when it starts again.
func Port(t testing.TB) int {
	t.Helper()
	for range 100 {
		port := 10_000 + rand.IntN(10_000)
		l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return port
	}
	t.Fatal("somebody listens on each of a hundred ports from 10000 to 19999")
	return 0
}
