package postgres

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
)

// Of an outage is heard once, whatever else in the process notices it.
func TestAnOutageIsSaidOnceAndRiverIsSilentMeanwhile(t *testing.T) {
	var said bytes.Buffer
	s := &Store{opts: Options{Log: slog.New(slog.NewTextHandler(&said, nil))}}
	river := s.warnings().With("client", "x").WithGroup("g")
	lines := func(step, want string) {
		t.Helper()
		var got []string
		for line := range strings.Lines(said.String()) {
			_, line, _ = strings.Cut(line, `msg="`)
			line, _, _ = strings.Cut(line, `"`)
			got = append(got, line)
		}
		if all := strings.Join(got, "; "); all != want {
			t.Errorf("%s: said %q, want %q", step, all, want)
		}
		said.Reset()
	}
	river.Info("producer: fetched")
	river.Error("producer: Error fetching jobs", "err", "FATAL: terminating connection due to administrator command (SQLSTATE 57P01)")
	river.Error("leadership.Elector: Error attempting reelection", "err", errors.New("failed to connect to `user=x`: dial error"))
	river.Error("producer: Error fetching queue settings", "err", "no rows")
	lines("before anybody knows", "")
	river.Error("producer: Error fetching jobs", "err", `relation "river_job" does not exist (SQLSTATE 42P01)`)
	lines("an error of another kind", "producer: Error fetching jobs")
	s.lost(errors.New("refused"))
	s.lost(errors.New("refused"))
	river.Error("maintenance: Error scheduling jobs", "err", "timeout")
	if !s.away() {
		t.Error("it is not known to be gone")
	}
	s.reached()
	s.reached()
	river.Warn("maintenance: Error scheduling jobs", "err", "timeout")
	lines("an outage", "PostgreSQL cannot be reached: waiting for it; PostgreSQL can be reached again; maintenance: Error scheduling jobs")
}
