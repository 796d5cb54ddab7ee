package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"flattery/internal/sandbox"
	"flattery/store/eachtest"
	"flattery/store/postgres/pgtest"
)

// TestMain lets scripts, and tests that need a process, run this program as `flattery`.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"flattery": main, "flattery-as": mainAs, "flattery-sends": mainSends})
}

// mainAs is main after becoming the user nobody, for tests that root runs: root may write everywhere.
func mainAs() {
	if err := errors.Join(syscall.Setgroups(nil), syscall.Setgid(nobody), syscall.Setuid(nobody)); err != nil {
		panic(err)
	}
	main()
}

const nobody = 65534

// answer is how a command ended.
type answer struct {
	code        int
	out, errors string
}

// bench runs commands in this process against a world of its own, in the world's time.
type bench struct {
	*testing.T
	world *sandbox.World // nil: none
	dir   string
	// database is the setting; "" is SQLite.
	database string
	env      []string // over the defaults
}

// october is when most tests begin.
var october = time.Date(2026, 10, 1, 9, 0, 0, 0, time.UTC)

func newBench(t *testing.T, at time.Time) *bench {
	t.Helper()
	w, err := sandbox.Open(sandbox.NewClock(at), 1)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{T: t, world: w, dir: t.TempDir()}
	if onPostgres() {
		b.database = string(pgtest.New(t))
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// environ is what the commands see. A later value of a name is the one that counts.
func (b *bench) environ() []string {
	env := []string{"HOME=" + b.dir, "FLATTERY_DATA=" + filepath.Join(b.dir, "data")}
	if b.world != nil {
		env = append(env, worldEnviron(b.world)...)
	}
	return append(append(env, "FLATTERY_DATABASE="+b.database), b.env...)
}

// ofSQLite leaves a test out where it is of a database in a file.
func ofSQLite(t *testing.T, what string) {
	t.Helper()
	if onPostgres() {
		t.Skipf("%s: there is none on PostgreSQL", what)
	}
}

// ofBoth leaves a test out that has both databases by itself, when it has run already.
func ofBoth(t *testing.T) {
	t.Helper()
	if onPostgres() {
		t.Skip("it ran with the others")
	}
}

// onPostgres reports whether the tests run on PostgreSQL this time.
func onPostgres() bool { return os.Getenv(eachtest.Variable) == "postgres" }

func worldEnviron(w *sandbox.World) []string {
	return []string{
		"FLATTERY_OUTBOUND_ALLOW_PRIVATE=true", "FLATTERY_DISCOVER_LIBERAPAY=" + strings.TrimSuffix(w.Liberapay.Base(), "/"),
		"FLATTERY_NETWORKS_GITHUB_BASE=" + w.GitHub.Base(), "FLATTERY_NETWORKS_GITHUB_CLIENT_ID=test",
		"FLATTERY_NETWORKS_FLICKR_BASE=" + w.Flickr.Base(),
		"FLATTERY_NOW=" + w.Clock.Now().Format(time.RFC3339),
	}
}

func (b *bench) run(args ...string) answer {
	b.Helper()
	var out, errs bytes.Buffer
	code := run(b.Context(), args, b.environ(), strings.NewReader(""), &out, &errs)
	return answer{code, out.String(), errs.String()}
}

// do runs a command that must succeed, and gives its answer.
func (b *bench) do(args ...string) string {
	b.Helper()
	a := b.run(args...)
	if a.code != exitDone {
		b.Fatalf("flattery %s: exit %d: %s", strings.Join(args, " "), a.code, a.errors)
	}
	return a.out
}

// into runs a command with --json, which must succeed, and reads its answer.
func into[T any](b *bench, args ...string) (v T) {
	b.Helper()
	out := b.do(append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		b.Fatalf("flattery %s: %v in %s", strings.Join(args, " "), err, out)
	}
	return v
}

// listing names every file below a directory with what is in it.
func listing(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		files[strings.TrimPrefix(path, dir)] = string(text)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return files
}

// lines splits a text into its lines.
func lines(s string) []string { return slices.Collect(strings.Lines(s)) }
