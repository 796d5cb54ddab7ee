package connectortest

import (
	"os"
	"path/filepath"
	"testing"
)

// Shared is the path of a file among the networks' contracts and recorded answers, which are not part of this
// repository: below $FLATTERY_SHARED, else in the folder "shared" next to the repository. Without it the test is skipped;
// where FLATTERY_CI is 1 it fails.
func Shared(t testing.TB, elem ...string) string {
	t.Helper()
	root := os.Getenv("FLATTERY_SHARED")
	if root == "" {
		root = filepath.Join(moduleRoot(t), "..", "shared")
	}
	path := filepath.Join(append([]string{root}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("FLATTERY_CI") == "1" {
			t.Fatalf("FLATTERY_CI is 1, and a shared file is missing: %v", err)
		}
		t.Skipf("not here: %v", err)
	}
	return path
}

// ReadShared reads such a file.
func ReadShared(t testing.TB, elem ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(Shared(t, elem...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = up
	}
}
