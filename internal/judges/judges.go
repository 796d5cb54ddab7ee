// Package judges finds programs that are not ours, by which tests have our files and pages judged.
package judges

import (
	"os"
	"os/exec"
	"testing"
)

// Find is the path of a program. Where it is missing that check is left out, and in CI the test fails.
func Find(t testing.TB, name string) (path string, there bool) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path, true
	}
	if os.Getenv("FLATTERY_CI") != "" {
		t.Fatal(err)
	}
	t.Logf("left out: %s is not installed", name)
	return "", false
}

// Approve has a program look at something: it must end with 0.
func Approve(t testing.TB, name string, args ...string) {
	t.Helper()
	path, there := Find(t, name)
	if !there {
		return
	}
	if out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput(); err != nil { //nolint:gosec // a test names it
		t.Errorf("%s: %v\n%s", name, err, out)
	}
}
