package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"flattery"
	"flattery/internal/sandbox"
	"flattery/store/postgres"
	"flattery/store/postgres/pgtest"
	"flattery/store/sqlite"
)

type worldKey struct{}

// Every file in testdata is a story told in commands. Beside those of testscript there are
//
//	now TIME                      it is that time, for the networks and for flattery
//	github user|organisation NAME, repo OWNER/NAME, star|unstar USER OWNER/NAME, rename OLD NEW, token USER FILE
//	github file OWNER/NAME PATH LINE…   puts it onto the default branch; no lines: takes it away
//	github sponsors|unsponsored USER  has, or has not, a listing of GitHub Sponsors
//	github forget, unasked WORDS  no path that was asked for since has the words in it
//	liberapay NETWORK HANDLE [NAME]  who is called NAME there has proved to be HANDLE, or has not
//	github approve|deny USER      answers the device that waits; waits for it
//	card NETWORK here             that network is the world's, not the real one
//	card NETWORK app ID SECRET    registers a program; the variables ID and SECRET are its keys
//	card NETWORK person NAME WHO, thing WHO TITLE THING, like|unlike WHO THING, token WHO FILE
//	                              WHO and THING are variables where they are made: what the network calls them by
//	agree WHO SAID CODE           waits until an address stands in the file SAID, says yes there, writes the code into the pipe CODE
//	database                      from now on it is another, empty database, where it is not one in the data directory
//	served                        a daemon serves the data directory from now on
//	exits CODE flattery ARGS…     runs it and looks at the exit code
//	json KEY…                     stdout is one JSON document, in which (or in whose first element) these keys are
//	jsonlines KEY…                each line of stdout is one with these keys, and there is at least one
//	one WORDS                     stderr is one line that contains the words
func TestStories(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			w, err := sandbox.Open(sandbox.NewClock(october), 1)
			if err != nil {
				return err
			}
			w.GitHub.SetDevice(sandbox.DeviceRules{Interval: time.Second, ExpiresIn: 15 * time.Minute})
			e.Values[worldKey{}], e.Values[bankKey{}] = w, new(*sandbox.Bank)
			e.Defer(func() {
				if err := w.Close(); err != nil {
					e.T().Log(err)
				}
			})
			e.Setenv("FLATTERY_DATA", e.WorkDir+"/data")
			dsn, drop, err := anotherDatabase()
			if err != nil {
				return err
			}
			e.Setenv("FLATTERY_DATABASE", dsn)
			e.Defer(func() {
				if err := drop(); err != nil {
					e.T().Log(err)
				}
			})
			e.Setenv("GORACE", "atexit_sleep_ms=0") // or each process sleeps a second at its end
			for _, v := range worldEnviron(w) {
				name, value, _ := strings.Cut(v, "=")
				e.Setenv(name, value)
			}
			return nil
		},
		Condition: func(cond string) (bool, error) { return cond == "postgres" && onPostgres(), nil },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"now": scriptNow, "github": scriptGitHub, "liberapay": scriptLiberapay, "exits": scriptExits, "json": scriptJSON, "jsonlines": scriptJSONLines, "one": scriptOne,
			"database": scriptDatabase, "card": scriptCard, "agree": scriptAgree, "served": scriptServed, "bank": scriptBank, "keep": scriptKeep,
		},
	})
}

// anotherDatabase is an empty one; "" is SQLite in the data directory.
func anotherDatabase() (dsn string, drop func() error, err error) {
	if !onPostgres() {
		return "", func() error { return nil }, nil
	}
	made, drop, err := pgtest.Make(context.Background(), os.Getenv(pgtest.Variable))
	return string(made), drop, err
}

func scriptDatabase(ts *testscript.TestScript, _ bool, _ []string) {
	dsn, drop, err := anotherDatabase()
	ts.Check(err)
	ts.Setenv("FLATTERY_DATABASE", dsn)
	ts.Defer(func() { ts.Check(drop()) })
}

func worldOf(ts *testscript.TestScript) *sandbox.World {
	w, ok := ts.Value(worldKey{}).(*sandbox.World)
	if !ok {
		ts.Fatalf("there is no world")
	}
	return w
}

func scriptNow(ts *testscript.TestScript, _ bool, args []string) {
	at, err := time.Parse(time.RFC3339, args[0])
	ts.Check(err)
	worldOf(ts).Clock.Set(at)
	ts.Setenv("FLATTERY_NOW", args[0])
}

func scriptLiberapay(ts *testscript.TestScript, _ bool, args []string) {
	worldOf(ts).Liberapay.Prove(args[0], args[1], strings.Join(args[2:], ""))
}

func scriptGitHub(ts *testscript.TestScript, _ bool, args []string) {
	g := worldOf(ts).GitHub
	switch args[0] {
	case "user":
		g.AddUser(args[1])
	case "organisation":
		g.AddUser(args[1], sandbox.About{Organisation: true})
	case "repo":
		owner, name, _ := strings.Cut(args[1], "/")
		g.AddRepo(owner, name)
	case "star":
		g.Star(args[1], args[2])
	case "file":
		g.SetFile(args[1], args[2], strings.Join(args[3:], "\n"))
	case "sponsors", "unsponsored":
		g.SetSponsors(args[1], args[0] == "sponsors")
	case "unasked":
		for _, r := range g.Requests().Last {
			if strings.Contains(r.Path, args[1]) {
				ts.Fatalf("GitHub was asked for %s", r.Path)
			}
		}
	case "forget":
		g.ForgetRequests()
	case "unstar":
		g.Unstar(args[1], args[2])
	case "rename":
		g.Rename(args[1], args[2])
	case "token":
		ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(g.Token(args[1])+"\n"), 0o600))
	case "approve", "deny":
		waiting := g.Waiting()
		for ; len(waiting) == 0; waiting = g.Waiting() {
			time.Sleep(10 * time.Millisecond)
		}
		if args[0] == "deny" {
			ts.Check(g.Deny(waiting[0]))
			return
		}
		ts.Check(g.Approve(waiting[0], args[1]))
	default:
		ts.Fatalf("github %s?", args[0])
	}
}

// bank open BALANCE · receive AMOUNT WORDS · pay FILE · misbook CODE AMOUNT · return CODE REASON · tell FILE: the bank of the house.
func scriptBank(ts *testscript.TestScript, _ bool, args []string) {
	bank, _ := ts.Value(bankKey{}).(**sandbox.Bank)
	amount := func(i int) flattery.Amount {
		a, err := flattery.ParseAmount(args[i])
		ts.Check(err)
		return a
	}
	switch args[0] {
	case "open":
		*bank = sandbox.NewBank("DE75512108001245126199", amount(1), worldOf(ts).Clock)
	case "receive":
		(*bank).Receive(amount(1), "Somebody", "NL91ABNA0417164300", args[2])
	case "pay":
		ts.Check((*bank).Take(strings.NewReader(ts.ReadFile(args[1]))))
	case "misbook":
		(*bank).Misbook(args[1], amount(2))
	case "return":
		(*bank).Return(args[1], args[2])
	case "tell":
		var told strings.Builder
		ts.Check((*bank).Statement(&told))
		ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(told.String()), 0o600))
	default:
		ts.Fatalf("bank %s?", args[0])
	}
}

type bankKey struct{}

// keep NAME PATTERN: what the pattern's group finds in stdout is $NAME from then on.
func scriptKeep(ts *testscript.TestScript, _ bool, args []string) {
	found := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if len(found) != 2 {
		ts.Fatalf("%s is not there once", args[1])
	}
	ts.Setenv(args[0], found[1])
}

func scriptCard(ts *testscript.TestScript, _ bool, args []string) {
	w, all := worldOf(ts), theCard()
	at := slices.IndexFunc(all, func(k card) bool { return k.name == args[0] })
	if at < 0 {
		ts.Fatalf("card %s?", args[0])
	}
	switch k, does, args := all[at], args[1], args[2:]; does {
	case "here":
		ts.Setenv("FLATTERY_NETWORKS_"+strings.ToUpper(k.name)+"_BASE", k.base(w))
	case "app":
		id, secret := k.app(w, "http://127.0.0.1/")
		ts.Setenv(args[0], id)
		ts.Setenv(args[1], secret)
	case "person":
		ts.Setenv(args[1], k.person(w, args[0]))
	case "thing":
		ts.Setenv(args[2], k.thing(w, args[0], args[1]))
	case "like":
		k.like(w, args[0], args[1])
	case "unlike":
		k.unlike(w, args[0], args[1])
	case "token":
		of := map[string]interface {
			Token(string, ...string) string
		}{"twitter": w.X, "github": w.GitHub, "soundcloud": w.SoundCloud, "vimeo": w.Vimeo}[k.name]
		ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(of.Token(args[0])+"\n"), 0o600))
	default:
		ts.Fatalf("card %s %s?", k.name, does)
	}
}

// A network of OAuth 1.0a shows a code where there is no address to go back to.
var (
	saidAddress = regexp.MustCompile(`(http://\S+)\n.+\n`)
	shownCode   = regexp.MustCompile(`<strong id="verifier">([^<]+)</strong>`)
)

func scriptAgree(ts *testscript.TestScript, _ bool, args []string) {
	// Open for both, the pipe waits for nobody.
	pipe, err := os.OpenFile(ts.MkAbs(args[2]), os.O_RDWR, 0)
	ts.Check(err)
	defer pipe.Close()
	var at []string
	for range 1000 {
		said, _ := os.ReadFile(ts.MkAbs(args[1]))
		if at = saidAddress.FindStringSubmatch(string(said)); at != nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if at == nil {
		ts.Fatalf("no address was said")
	}
	page, err := url.Parse(at[1])
	ts.Check(err)
	form := page.Query()
	form.Set("login", args[0])
	form.Set("answer", "yes")
	page.RawQuery = ""
	resp, err := http.PostForm(page.String(), form)
	ts.Check(err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	ts.Check(err)
	code := shownCode.FindSubmatch(text)
	if code == nil {
		ts.Fatalf("%s shows no code: %s", page, text)
	}
	_, err = fmt.Fprintf(pipe, "%s\n", code[1])
	ts.Check(err)
	ts.Logf("%s agreed and was shown %s", args[0], code[1])
}

func scriptServed(ts *testscript.TestScript, _ bool, _ []string) {
	if dsn := ts.Getenv("FLATTERY_DATABASE"); dsn != "" {
		s, err := postgres.Open(context.Background(), postgres.Options{DSN: flattery.Secret(dsn), Location: time.UTC, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
		ts.Check(err)
		ts.Defer(func() { ts.Check(s.Close()) })
		return
	}
	unlock, err := sqlite.Lock(ts.Getenv("FLATTERY_DATA"))
	ts.Check(err)
	ts.Defer(func() { ts.Check(unlock()) })
}

func scriptExits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		e, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = e.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit %d, want %d", got, want)
	}
}

func hasKeys(ts *testscript.TestScript, v any, keys []string) {
	if list, ok := v.([]any); ok {
		if len(list) == 0 && len(keys) > 0 {
			ts.Fatalf("the list is empty")
		}
		if len(list) > 0 {
			v = list[0]
		}
	}
	for _, key := range keys {
		at := v
		for part := range strings.SplitSeq(key, ".") {
			m, ok := at.(map[string]any)
			if !ok {
				ts.Fatalf("%s: no object", key)
			}
			if at, ok = m[part]; !ok {
				ts.Fatalf("there is no %s", key)
			}
			if list, ok := at.([]any); ok && len(list) > 0 {
				at = list[0]
			}
		}
	}
}

func scriptJSON(ts *testscript.TestScript, _ bool, keys []string) {
	d := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	var v any
	ts.Check(d.Decode(&v))
	if v == nil {
		ts.Fatalf("null is no answer")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		ts.Fatalf("more than one document: %v", err)
	}
	hasKeys(ts, v, keys)
}

func scriptJSONLines(ts *testscript.TestScript, _ bool, keys []string) {
	n := 0
	for line := range strings.Lines(ts.ReadFile("stdout")) {
		var v map[string]any
		ts.Check(json.Unmarshal([]byte(line), &v))
		hasKeys(ts, v, keys)
		n++
	}
	if n == 0 {
		ts.Fatalf("no line")
	}
}

func scriptOne(ts *testscript.TestScript, _ bool, words []string) {
	said := ts.ReadFile("stderr")
	want := strings.Join(words, " ")
	if strings.Count(said, "\n") != 1 || !strings.HasPrefix(said, "flattery: ") || !strings.Contains(said, want) {
		ts.Fatalf("stderr is not one line with %q:\n%s", want, said)
	}
}
