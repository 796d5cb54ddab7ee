package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"flattery"
	"flattery/internal/judges"
)

// built is the program as people run it: without the race detector, which makes a year of a demo an hour.
func built(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "flattery")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// tellDemo runs a demo to its end in a directory of its own, and gives what it printed.
func tellDemo(t *testing.T, program string, args ...string) (dir string, a demoAnswer) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "demo")
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program, append([]string{"demo", "--exit", "--json", "--data", dir}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v: %s", args, err, errs.String())
	}
	if err := json.Unmarshal(out.Bytes(), &a); err != nil {
		t.Fatal(err)
	}
	return dir, a
}

// journal exports the ledger of a directory to a file.
func journal(t *testing.T, dir, format string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "journal."+format)
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"ledger", "export", "--format", format, "-o", path, "--data", dir}, nil, strings.NewReader(""), &out, &errs); code != exitDone {
		t.Fatal(errs.String())
	}
	return path
}

func same(t *testing.T, a, b string) bool {
	t.Helper()
	x, err := os.ReadFile(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := os.ReadFile(b)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(x, y)
}

func TestAYearOfTheDemoAddsUp(t *testing.T) {
	ofSQLite(t, "the demo")
	program := built(t)
	seeds, months := 1, 3
	if os.Getenv("FLATTERY_LONG") == "1" {
		seeds, months = 5, 12
	}
	for seed := 1; seed <= seeds; seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			args := []string{"--months", fmt.Sprint(months), "--seed", fmt.Sprint(seed)}
			dir, a := tellDemo(t, program, args...)
			var budgets, shares, given, received, paid, voided flattery.Amount
			for _, m := range a.Months {
				budgets, shares = budgets+m.Budgets, shares+m.Shares
			}
			for _, g := range a.Gave {
				given += g.Gave
			}
			for _, r := range a.Received {
				received, paid = received+r.Promised, paid+r.Paid
			}
			var out, errs bytes.Buffer
			var list struct{ Payments []flattery.Payment }
			if code := run(t.Context(), []string{"payout", "list", "--json", "--data", dir}, nil, strings.NewReader(""), &out, &errs); code != exitDone {
				t.Fatal(errs.String())
			}
			if err := json.Unmarshal(out.Bytes(), &list); err != nil {
				t.Fatal(err)
			}
			for _, y := range list.Payments {
				if !y.VoidedAt.IsZero() {
					voided += y.Amount
				}
			}
			if len(a.Months) != months || budgets == 0 || shares != budgets || given != shares || received+voided != shares || paid != a.Paid || (voided > 0) != (months > 6) {
				t.Errorf("%d months: budgets %s, shares %s, given %s, promised %s, voided %s, paid %s and %s", len(a.Months), budgets, shares, given, received, voided, paid, a.Paid)
			}
			out.Reset()
			if code := run(t.Context(), []string{"ledger", "audit", "--data", dir}, nil, strings.NewReader(""), &out, &errs); code != exitDone {
				t.Error(out.String(), errs.String())
			}
			first := journal(t, dir, "hledger")
			judges.Approve(t, "hledger", "check", "-s", "ordereddates", "-f", first)
			judges.Approve(t, "bean-check", journal(t, dir, "beancount"))
			if seed == 1 {
				again, _ := tellDemo(t, program, args...)
				if !same(t, first, journal(t, again, "hledger")) {
					t.Error("the same seed told another story")
				}
			}
		})
	}
}

// A journal whose closing balance is a millionth off must not pass: else the checks above could not fail.
func TestATamperedJournalIsRefused(t *testing.T) {
	ofSQLite(t, "the demo")
	dir, _ := tellDemo(t, built(t), "--months", "1")
	for format, check := range map[string][]string{"hledger": {"hledger", "check", "-s", "ordereddates", "-f"}, "beancount": {"bean-check"}} {
		path := journal(t, dir, format)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		// The first share becomes a millionth more, on both of its sides.
		i := strings.Index(strings.ToLower(string(text)), ":means  1.")
		if i < 0 {
			t.Fatal("no share found")
		}
		old := strings.Fields(string(text[i:]))[1]
		amount, err := flattery.ParseAmount(old)
		if err != nil {
			t.Fatal(err)
		}
		share := string(text[i:])
		more := string(text[:i]) + strings.Replace(strings.Replace(share, "  "+old, "  "+(amount+1).String(), 1), "  -"+old, "  -"+(amount+1).String(), 1)
		if err := os.WriteFile(path, []byte(more), 0o600); err != nil {
			t.Fatal(err)
		}
		program, there := judges.Find(t, check[0])
		if !there {
			continue
		}
		if out, err := exec.CommandContext(t.Context(), program, append(check[1:], path)...).CombinedOutput(); err == nil {
			t.Errorf("%s accepts a share that is a millionth off: %s", check[0], out)
		}
	}
}

// Small shares of many authors: what the rules of the slips come to when nobody is liked twice.
func TestTheLongTailIsPrinted(t *testing.T) {
	ofSQLite(t, "the demo")
	months := 6
	if os.Getenv("FLATTERY_LONG") == "1" {
		months = 24
	}
	_, a := tellDemo(t, built(t), "--story", "long-tail", "--months", fmt.Sprint(months))
	for _, m := range a.Months {
		if m.Flattrs != 40 || m.Shares != 2*flattery.Unit {
			t.Errorf("%s: %d flattrs share %s, want 40 and 2.00", m.Month, m.Flattrs, m.Shares)
		}
		if m.Slips != 0 { // 0.05 each, and no author twice: nothing reaches 1.00
			t.Errorf("%s: %d slips", m.Month, m.Slips)
		}
	}
	t.Logf("one donor, 2.00 a month, 40 new authors a month, %d months: settled %s, paid %d %%, oldest waiting claim of %s", months, a.Settled, a.Percent, a.Oldest)
	if len(a.Months) != months || a.Settled != 2*flattery.Amount(months)*flattery.Unit || a.Oldest.String() != "2026-01" {
		t.Errorf("%d months, %s settled, oldest claim of %s", len(a.Months), a.Settled, a.Oldest)
	}
}
