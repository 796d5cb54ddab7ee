// Package eachtest lets the tests of a package run on each database: with SQLite, then again with PostgreSQL.
package eachtest

import (
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"flattery"
	"flattery/store"
	"flattery/store/postgres"
	"flattery/store/postgres/pgtest"
	"flattery/store/seal"
	"flattery/store/sqlite"
	"flattery/store/tables"
)

// Variable says on which database tests run. Main sets it.
const Variable = "FLATTERY_TEST_DATABASE"

// Main is a TestMain: it runs everything once for each database there is, or for the one that Variable names. In CI there
// must be both.
func Main(m *testing.M) {
	if os.Getenv(Variable) != "" {
		m.Run()
		return
	}
	databases := []string{"sqlite", "postgres"}
	if !pgtest.Have() {
		fmt.Fprintf(os.Stderr, "left out: all of these tests on PostgreSQL, since %s names none (see .ci/postgres)\n", pgtest.Variable)
		databases = databases[:1]
	}
	worst := 0
	for _, d := range databases {
		if err := os.Setenv(Variable, d); err != nil {
			panic(err)
		}
		fmt.Fprintln(os.Stderr, "on", d)
		worst = max(worst, m.Run())
	}
	os.Exit(worst)
}

// Place is where a store is. It may be opened several times, as other processes would.
type Place struct {
	Dir string          // of SQLite's file and of the key
	DSN flattery.Secret // of PostgreSQL; "": it is SQLite
}

// New is an empty place on the database that the tests run on.
func New(t testing.TB) *Place {
	t.Helper()
	p := &Place{Dir: t.TempDir()}
	pgtest.Have() // asked in a test, so that go test does not take results without a server for those with one
	if os.Getenv(Variable) == "postgres" {
		p.DSN = pgtest.New(t)
	}
	return p
}

// Reader is what stands behind a store of either database.
func Reader(s store.Store) *tables.Reader {
	return s.(interface{ Tables() *tables.Reader }).Tables() //nolint:errcheck // both databases have them
}

// Each runs one test on each database, as a subtest of its name.
func Each(t *testing.T, test func(t *testing.T, p *Place)) {
	t.Run("sqlite", func(t *testing.T) { test(t, &Place{Dir: t.TempDir()}) })
	t.Run("postgres", func(t *testing.T) { test(t, &Place{Dir: t.TempDir(), DSN: pgtest.New(t)}) })
}

// Options are those of both databases.
type Options struct {
	Location *time.Location   // nil: UTC
	Now      func() time.Time // nil: time.Now
	Log      *slog.Logger     // nil: none
	Workers  int
	Durable  bool // SQLite waits for the disk
}

// Open opens the store, which is closed with the test.
func (p *Place) Open(t testing.TB, o Options) store.Store {
	t.Helper()
	s := p.OpenLoose(t, o)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// OpenLoose opens the store; who asks closes it.
func (p *Place) OpenLoose(t testing.TB, o Options) store.Store {
	t.Helper()
	if o.Location == nil {
		o.Location = time.UTC
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	box, err := seal.Open(p.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if p.DSN != "" {
		s, err := postgres.Open(t.Context(), postgres.Options{DSN: p.DSN, Location: o.Location, Now: o.Now, Seal: box, Log: o.Log, Workers: o.Workers})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s, err := sqlite.Open(t.Context(), sqlite.Options{Dir: p.Dir, Location: o.Location, Now: o.Now, Seal: box, Log: o.Log, Workers: o.Workers, Volatile: !o.Durable})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
