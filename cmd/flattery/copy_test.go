package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"flattery/store/postgres/pgtest"
)

// A year of the demo moves to PostgreSQL and back: its journals are the same, byte for byte.
func TestADemosYearMovesThereAndBack(t *testing.T) {
	ofBoth(t)
	months := "3"
	if os.Getenv("FLATTERY_LONG") == "1" {
		months = "12"
	}
	dsn, program := string(pgtest.New(t)), built(t)
	dir, _ := tellDemo(t, program, "--months", months)
	back := filepath.Join(t.TempDir(), "back")
	do := func(database, data string, args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		if code := run(t.Context(), append(args, "--data", data), []string{"FLATTERY_DATABASE=" + database}, strings.NewReader(""), &out, &errs); code != exitDone {
			t.Fatal(args, out.String(), errs.String())
		}
		return out.String()
	}
	do("", dir, "store", "copy", "--to", dsn)
	do(dsn, dir, "store", "copy", "--to", back)
	for _, format := range []string{"hledger", "beancount", "csv"} {
		home := do("", dir, "ledger", "export", "--format", format)
		if there := do(dsn, dir, "ledger", "export", "--format", format); there != home {
			t.Errorf("on PostgreSQL the %s journal is another: %d and %d bytes", format, len(there), len(home))
		}
		if again := do("", back, "ledger", "export", "--format", format); again != home {
			t.Errorf("back on SQLite the %s journal is another: %d and %d bytes", format, len(again), len(home))
		}
		t.Logf("%s: %d bytes, the same in all three", format, len(home))
	}
	for _, place := range [][2]string{{dsn, dir}, {"", back}} {
		if said := do(place[0], place[1], "ledger", "audit"); !strings.Contains(said, "clean") {
			t.Error(said)
		}
	}
}
