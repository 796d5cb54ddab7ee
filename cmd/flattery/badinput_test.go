package main

import (
	"compress/gzip"
	"database/sql"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	_ "modernc.org/sqlite" // to look at a database from outside

	"flattery/internal/sandbox"
	"flattery/store/seal"
	"flattery/store/sqlite"
)

// livedIn is a house in which something happened: two accounts, a link, October settled, a slip, a backup.
func livedIn(t *testing.T) *bench {
	b := newBench(t, october)
	b.people()
	b.do("account", "add", "ada", "--budget", "5")
	b.do("account", "add", "ben", "--destination", "https://example.org/ben")
	b.do("claim", "add", "--account", "ben", "github:ben")
	b.do("link", "add", "--account", "ada", "github:ada")
	b.do("poll")
	b.star()
	b.do("poll")
	b.world.Clock.Set(afterOctober)
	b.do("poll", "1")
	b.do("settle")
	b.do("payout", "plan")
	b.do("backup", b.path("backup"))
	return b
}

var afterOctober = time.Date(2026, 11, 5, 9, 0, 0, 0, time.UTC)

// likeIt is the same house again, copied, in a world where the same has happened.
func (b *bench) likeIt(t *testing.T) *bench {
	t.Helper()
	one := newBench(t, october)
	one.people()
	one.star()
	one.world.Clock.Set(afterOctober)
	for name, text := range listing(t, b.dir) {
		if err := os.MkdirAll(filepath.Dir(one.path(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		one.write(name, text)
	}
	return one
}

func (b *bench) people() {
	g := b.world.GitHub
	g.AddUser("ada")
	g.AddUser("ben")
	g.AddRepo("ben", "tool")
}

func (b *bench) star() {
	b.world.Clock.Advance(time.Hour)
	b.world.GitHub.Star("ada", "ben/tool")
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }
func (b *bench) data() string            { return b.path("data") }

func (b *bench) write(name, text string) {
	b.Helper()
	if err := os.WriteFile(b.path(name), []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) read(name string) string {
	b.Helper()
	text, err := os.ReadFile(b.path(name))
	if err != nil {
		b.Fatal(err)
	}
	return string(text)
}

// sql runs statements on the database, past this program.
func (b *bench) sql(statements string) {
	b.Helper()
	db, err := sql.Open("sqlite", filepath.Join(b.data(), sqlite.File))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(b.Context(), statements); err != nil {
		b.Fatal(err)
	}
}

// house is every file of the bench but the empty ones that are locks, and for a database every row in it: the pages may
// be others after a refusal.
func (b *bench) house(notes bool) map[string]string {
	b.Helper()
	files := listing(b.T, b.dir)
	for name, text := range files {
		switch filepath.Base(name) {
		case sqlite.LockFile:
			if text != "" {
				b.Errorf("%s is not empty", name)
			}
			delete(files, name)
		case sqlite.File:
			if strings.HasPrefix(text, "SQLite") {
				files[name] = b.rows(b.path(name), notes)
			}
		}
	}
	return files
}

// rows are the rows of every table. What is noted and told of a failed poll is left out when it may.
func (b *bench) rows(path string, notes bool) string {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?immutable=1")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	var all strings.Builder
	tables := b.query(db, `SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`)
	for name := range strings.Lines(tables) {
		name = strings.Trim(strings.TrimSpace(name), "[]")
		if notes && slices.Contains([]string{"links", "notices", "sqlite_sequence"}, name) {
			continue
		}
		fmt.Fprintf(&all, "%s\n%s", name, b.query(db, `SELECT * FROM `+name))
	}
	return all.String()
}

func (b *bench) query(db *sql.DB, q string) string {
	b.Helper()
	rows, err := db.QueryContext(b.Context(), q)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		b.Fatal(err)
	}
	var all strings.Builder
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			b.Fatal(err)
		}
		fmt.Fprintln(&all, values)
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	return all.String()
}

// changed writes the backup again under a name, with one byte of its database changed and its header as it was.
func (b *bench) changed(name string) {
	b.Helper()
	in, err := gzip.NewReader(strings.NewReader(b.read("backup")))
	if err != nil {
		b.Fatal(err)
	}
	text, err := io.ReadAll(in)
	if err != nil {
		b.Fatal(err)
	}
	text[len(text)/2] ^= 1
	var out strings.Builder
	z := gzip.NewWriter(&out)
	z.Header = in.Header
	if _, err := z.Write(text); err != nil {
		b.Fatal(err)
	}
	if err := z.Close(); err != nil {
		b.Fatal(err)
	}
	b.write(name, out.String())
}

func (b *bench) fault(f sandbox.Fault) { b.world.GitHub.Inject(f) }

const (
	escape  = "\x1b[31mred\nflattery: done"
	tooMuch = "1000000000000.01"
	newer   = `INSERT INTO migrations (version, name, checksum, applied_at) VALUES (99, '0099_later', 'x', 0)`
	foreign = `UPDATE migrations SET checksum = 'x' WHERE version = 1`
)

// badInput is what a command is given and how it must end: with this exit code, one line on stderr that has these
// words (what, where, how to mend), nothing on stdout, and everything as it was.
type badInput struct {
	name   string
	args   string // at blanks; {name} is a file of the bench
	env    []string
	before func(*bench)
	code   int
	words  []string
	told   string // on stdout; "" nothing
	notes  bool   // a link notes that it could not be read; nothing else changes
}

func TestBadInputIsOneLineAndChangesNothing(t *testing.T) {
	ofSQLite(t, "houses that are copied as files")
	house := livedIn(t)
	for _, row := range badInputs() {
		t.Run(row.name, func(t *testing.T) {
			b := house.likeIt(t)
			if row.before != nil {
				row.before(b)
			}
			money := b.run("ledger", "export")
			before := b.house(row.notes)
			b.env = row.env
			var args []string
			for arg := range strings.FieldsSeq(row.args) {
				arg = strings.NewReplacer("{escape}", escape, "{space}", " ", "{none}", "").Replace(arg)
				if name, ok := strings.CutPrefix(arg, "{"); ok {
					arg = b.path(strings.Replace(name, "}", "", 1))
				}
				args = append(args, arg)
			}
			a := b.run(args...)
			t.Logf("exit %d: %s", a.code, a.errors)
			if a.code != row.code {
				t.Errorf("exit %d, want %d", a.code, row.code)
			}
			b.oneLine(a.errors, row.words)
			if a.out != row.told {
				t.Errorf("stdout %q, want %q", a.out, row.told)
			}
			b.env = nil
			if again := b.run("ledger", "export"); again != money {
				t.Errorf("the ledger was\n%v\nand is\n%v", money, again)
			}
			if diff := cmp.Diff(before, b.house(row.notes)); diff != "" {
				t.Errorf("changed: %.2000s", diff)
			}
		})
	}
}

// oneLine holds a message to be one line of ours with the words in it, and to move no cursor.
func (b *bench) oneLine(said string, words []string) {
	b.Helper()
	said = strings.TrimPrefix(said, "new data directory: "+b.path("new")+"\n")
	if len(lines(said)) != 1 || !strings.HasPrefix(said, "flattery: ") || !strings.HasSuffix(said, "\n") {
		b.Errorf("stderr is not one line:\n%s", said)
	}
	if strings.ContainsFunc(strings.TrimSuffix(said, "\n"), func(r rune) bool { return r < ' ' || r == 0x7f }) {
		b.Errorf("control characters in %q", said)
	}
	for _, w := range words {
		if !strings.Contains(said, w) {
			b.Errorf("%q does not say %q", said, w)
		}
	}
}

func badInputs() []badInput {
	toml := func(text string) func(*bench) {
		return func(b *bench) { b.write("data/flattery.toml", text) }
	}
	return append(badWords(), []badInput{
		{name: "broken TOML", args: "account list", before: toml("listen = \"x"), code: 78, words: []string{"flattery.toml", ":1"}},
		{name: "an unknown setting", args: "account list", before: toml("\nlissten = \"127.0.0.1:1\""), code: 78, words: []string{"flattery.toml:2", "lissten", `did you mean "listen"?`}},
		{name: "a setting out of range", args: "account list", before: toml("[slips]\nmax = 0"), code: 78, words: []string{"flattery.toml:2", "slips.max", "from 1 to 1000"}},
		{name: "an unknown variable", args: "account list", env: []string{"FLATTERY_LISSTEN=x"}, code: 78, words: []string{"FLATTERY_LISSTEN"}},
		{name: "a settings file that is not there", args: "account list --config {nofile}", code: 78, words: []string{"--config", "nofile", "no such file"}},
		{name: "a time zone that is none", args: "account list", env: []string{"FLATTERY_TIME_ZONE=Mars/Olympus"}, code: 78, words: []string{"FLATTERY_TIME_ZONE", "Mars/Olympus"}},
		{name: "a database that cannot be reached", args: "account list", env: []string{"FLATTERY_DATABASE=postgres://secret:canary@127.0.0.1:1/y"}, code: 1, words: []string{"PostgreSQL cannot be reached", "setting database"}},
		{name: "a database of another kind", args: "account list", env: []string{"FLATTERY_DATABASE=mysql://x/y"}, code: 78, words: []string{"is not a database that is known", "leave it empty"}},
		{name: "a control character in a setting", args: "account list", env: []string{"FLATTERY_LISTEN=\x1b[2J\nx"}, code: 78, words: []string{"FLATTERY_LISTEN"}},

		{name: "a data directory below a file", args: "account list --data {backup}/x", code: 1, words: []string{"backup/x", "not a directory"}},
		{name: "a data directory that is a file", args: "account list --data {backup}", code: 1, words: []string{"backup", "not a directory"}},
		{name: "a second daemon", args: "serve", code: 1, before: held, words: []string{"another flattery already serves", "data", "--data"}},
		{name: "a restore beside a daemon", args: "restore {backup}", code: 1, before: held, words: []string{"another flattery already serves", "--data"}},
		{name: "a demo where people live", args: "demo --exit --data {data}", code: 2, words: []string{"has an instance already", "--data DIR"}},
		{name: "an address that is taken", args: "serve", code: 1, before: taken, words: []string{"cannot listen on 127.0.0.1:", "in use", "setting listen"}},
		{name: "a database of a newer schema", args: "account list", code: 1, before: func(b *bench) { b.sql(newer) }, words: []string{sqlite.File, "schema 99", "install the newer flattery"}},
		{name: "a database of somebody else's", args: "account list", code: 1, before: func(b *bench) { b.sql(foreign) }, words: []string{sqlite.File, "made by a different flattery"}},
		{name: "a database that is none", args: "account list", code: 1, before: func(b *bench) { b.write("data/"+sqlite.File, strings.Repeat("no database ", 500)) },
			words: []string{sqlite.File, "not a database", "restore"}},
		{name: "a key that is too short", args: "account list", code: 1, before: func(b *bench) { b.write("data/"+seal.KeyFile, "short") }, words: []string{seal.KeyFile, "this has 5", "restore the file from your backup"}},

		{name: "a backup into the void", args: "backup {no}/where", code: 1, words: []string{"where", "no such file or directory", "choose another place"}},
		{name: "a backup onto a file", args: "backup {backup}", code: 2, words: []string{"is there already", "choose another name"}},
		{name: "a backup to stdout", args: "backup -", code: 2, words: []string{"name one"}},
		{name: "a restore of nothing", args: "restore {nothing} --data {new}", code: 1, words: []string{"nothing", "no such file"}},
		{name: "a restore of a directory", args: "restore {data} --data {new}", code: 2, words: []string{"not a backup"}},
		{name: "a restore of something else", args: "restore {data}/flattery.key --data {new}", code: 2, words: []string{"not a backup made by flattery backup"}},
		{name: "a torn backup", args: "restore {torn} --data {new}", code: 2, before: func(b *bench) { s := b.read("backup"); b.write("torn", s[:len(s)/2]) },
			words: []string{"torn", "nothing was restored", "take another"}},
		{name: "a backup without its last byte", args: "restore {torn} --data {new}", code: 2, before: func(b *bench) { s := b.read("backup"); b.write("torn", s[:len(s)-1]) },
			words: []string{"torn", "nothing was restored"}},
		{name: "a changed backup", args: "restore {changed} --data {new}", code: 2, before: func(b *bench) { b.changed("changed") }, words: []string{"changed since it was made", "take another"}},
		{name: "a restore into a house that is lived in", args: "restore {backup}", code: 2, words: []string{sqlite.File, "is there already", "empty directory"}},

		{name: "50 MB where a name is due", args: "likes github:ada", code: 1, before: func(b *bench) { b.fault(sandbox.Fault{Path: "/users/ada", Huge: 50 << 20}) },
			words: []string{"github", "127.0.0.1", "KiB", "networks.github.base"}},
		{name: "50 MB where stars are due", args: "poll 1", code: 1, notes: true, before: func(b *bench) { b.fault(sandbox.Fault{Path: "/users/ada/starred", Huge: 50 << 20}) },
			words: []string{"link 1", "127.0.0.1", "KiB", "tried again by itself"}, told: "link 1: 0 likes new; then trouble\n"},
		{name: "50 MB where a link is made", args: "link add --account ben github:ada", code: 1, before: func(b *bench) { b.fault(sandbox.Fault{Huge: 50 << 20, Body: "["}) },
			words: []string{"github", "127.0.0.1", "KiB"}},
		{name: "HTML instead of JSON", args: "likes github:ada", code: 1, before: func(b *bench) { b.fault(sandbox.Fault{HTML: true}) },
			words: []string{"127.0.0.1", "HTML", "networks.github.base, or try again later"}},
		{name: "HTML instead of stars", args: "poll 1", code: 1, notes: true, before: func(b *bench) { b.fault(sandbox.Fault{HTML: true}) },
			words: []string{"link 1", "127.0.0.1", "HTML", "tried again by itself"}, told: "link 1: 0 likes new; then trouble\n"},
		{name: "HTML instead of somebody to claim", args: "claim add --account ben github:ada", code: 1, before: func(b *bench) { b.fault(sandbox.Fault{HTML: true}) },
			words: []string{"127.0.0.1", "HTML"}},
		{name: "a network in ruins", args: "claim add --account ben github:ada", code: 1, before: func(b *bench) { b.fault(sandbox.Fault{Status: 502}) }, words: []string{"502 Bad Gateway", "try again later"}},
		{name: "a network that hangs up", args: "likes github:ada", code: 1, before: func(b *bench) { b.fault(sandbox.Fault{Drop: true}) }, words: []string{"127.0.0.1", "try again later"}},
		{name: "a network that has had enough", args: "likes github:ada", code: 1, before: func(b *bench) { b.fault(sandbox.SecondaryLimit(403, time.Minute, 0)) }, words: []string{"wait 1m0s", "after that"}},
		{name: "a link whose name is gone", args: "poll 1", code: 1, notes: true, before: func(b *bench) { b.world.GitHub.Suspend("ada") },
			words: []string{"link 1", "knows nobody by that name", "link that"}, told: "link 1: 0 likes new; then gone\n"},
		{name: "nobody of that name", args: "likes github:nobody", code: 1, words: []string{"GitHub knows nobody", `"nobody"`, "check the spelling"}},
		{name: "a private address", args: "likes github:ada", code: 1, env: []string{"FLATTERY_OUTBOUND_ALLOW_PRIVATE=false"}, words: []string{"127.0.0.1", "https only"}},
	}...)
}

// held lets somebody else hold the data directory.
func held(b *bench) {
	unlock, err := sqlite.Lock(b.data())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := unlock(); err != nil {
			b.Error(err)
		}
	})
}

// taken lets the networks' own server be where the pages want to be.
func taken(b *bench) {
	b.write("data/flattery.toml", "listen = \""+strings.Trim(strings.TrimPrefix(b.world.GitHub.Base(), "http:"), "/")+"\"\n")
}

// A directory that may be read and not written. Root may write everywhere, so there the program first becomes nobody;
// others take their own right away.
func TestAReadOnlyDirectoryIsSaidSo(t *testing.T) {
	ofSQLite(t, "a database that cannot be written")
	b := livedIn(t)
	program := "flattery"
	if os.Geteuid() == 0 {
		program = "flattery-as"
		for dir := b.dir; dir != filepath.Dir(os.TempDir()) && dir != "/"; dir = filepath.Dir(dir) {
			if dir == filepath.Clean(os.TempDir()) {
				break
			}
			chmod(t, dir, 0o755)
		}
	}
	exe := copied(t, b.dir, program)
	for _, name := range []string{"backup", "data/" + sqlite.File, "data/" + seal.KeyFile} {
		chmod(t, b.path(name), 0o644)
	}
	chmod(t, b.data(), 0o555)
	t.Cleanup(func() { chmod(t, b.data(), 0o755) })
	before := listing(t, b.data())
	for _, args := range [][]string{{"account", "list"}, {"poll"}, {"serve"}, {"settle"}, {"backup", filepath.Join(b.data(), "x")}, {"restore", b.path("backup")}} {
		t.Run(args[0], func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), exe, args...)
			cmd.Env = b.environ()
			var errs strings.Builder
			cmd.Stderr = &errs
			err := cmd.Run()
			if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 1 {
				t.Errorf("ended with %v", err)
			}
			t.Log(errs.String())
			(&bench{T: t, dir: b.dir}).oneLine(errs.String(), []string{"data directory " + b.data() + " cannot be written", "permission denied", "give this user the right", "--data"})
		})
	}
	if diff := cmp.Diff(before, listing(t, b.data())); diff != "" {
		t.Errorf("files changed: %.1000s", diff)
	}
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// copied copies this test program to where others may run it, under the name by which TestMain knows what to be.
func copied(t *testing.T, dir, name string) string {
	t.Helper()
	from, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(dir, name)
	if err := os.WriteFile(to, text, 0o755); err != nil {
		t.Fatal(err)
	}
	return to
}
