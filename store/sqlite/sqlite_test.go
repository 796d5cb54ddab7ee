package sqlite_test

import (
	"log/slog"
	"testing"
	"time"

	_ "time/tzdata"

	"flattery/store"
	"flattery/store/seal"
	"flattery/store/sqlite"
	"flattery/store/storetest"
)

func options(t *testing.T, dir string) sqlite.Options {
	t.Helper()
	zone, err := time.LoadLocation(storetest.Zone)
	if err != nil {
		t.Fatal(err)
	}
	box, err := seal.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return sqlite.Options{Dir: dir, Location: zone, Now: time.Now, Seal: box, Log: slog.New(slog.DiscardHandler), Volatile: true}
}

func open(t *testing.T) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), options(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestPromises(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return open(t) })
}
