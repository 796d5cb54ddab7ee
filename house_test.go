package flattery_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

// A rule binds packages: of what is ours they import only these, and never those. Packages are lists of patterns:
// "store" is one, "store/*" are those below it, "store/..." are both; "." is the root.
type rule struct {
	name         string
	binds, frees string
	only, never  string
}

const suites = "connectors/connectortest store/storetest store/eachtest store/postgres/pgtest internal/claim/claimtest internal/payout/railtest internal/server/servertest internal/judges"

// rules are the house rules 1 to 7 of the architecture. They bind the files that are not tests.
var rules = [...]rule{
	{name: "1: the root imports the standard library only", binds: ".", only: "nothing", never: "*.*/..."},
	{name: "2: queue, schedule, config and ledger import nothing of ours but the root",
		binds: "internal/queue/... internal/schedule/... internal/ledger/... config/...", only: "."},
	{name: "3: connectors imports nothing of ours but the root", binds: "connectors", only: "."},
	{name: "3: a connector imports the root and connectors", binds: "connectors/*", only: ". connectors"},
	{name: "4: a store does not know who fills and who reads it", binds: "store/...",
		never: "connectors/... internal/poll/... internal/settle/... internal/payout/... internal/web/... internal/api/... config/..."},
	{name: "5: poll knows no settle, payout, web, api", binds: "internal/poll/...",
		never: "internal/settle/... internal/payout/... internal/web/... internal/api/..."},
	{name: "5: settle knows no poll, payout, web, api", binds: "internal/settle/...",
		never: "internal/poll/... internal/payout/... internal/web/... internal/api/..."},
	{name: "5: payout knows no poll, settle, web, api", binds: "internal/payout/...",
		never: "internal/poll/... internal/settle/... internal/web/... internal/api/..."},
	{name: "5: web knows no poll, settle, payout, api", binds: "internal/web/...",
		never: "internal/poll/... internal/settle/... internal/payout/... internal/api/..."},
	{name: "5: api knows no poll, settle, payout, web", binds: "internal/api/...",
		never: "internal/poll/... internal/settle/... internal/payout/... internal/web/..."},
	{name: "5: claim, discover and notify import the root, connectors and store",
		binds: "internal/claim/... internal/discover/... internal/notify/...", only: ". connectors store"},
	{name: "5: signin imports the root and store", binds: "internal/signin", only: ". store"},
	{name: "6: only cmd/flattery chooses connectors, stores and rails, and reads config and sandbox", binds: "./...", frees: "cmd/flattery store/eachtest store/postgres/pgtest",
		never: "connectors/* store/sqlite/... store/postgres/... internal/payout/* config/... internal/sandbox/..."},
	{name: "6: suites are for tests, and for each other", binds: "./...", frees: suites, never: suites},
	{name: "7: schedule alone imports robfig/cron", binds: "./...", frees: "internal/schedule", never: "github.com/robfig/cron/..."},
	{name: "7: store/sqlite alone imports modernc.org/sqlite", binds: "./...", frees: "store/sqlite", never: "modernc.org/sqlite/..."},
	{name: "7: store/postgres alone imports pgx and River", binds: "./...", frees: "store/postgres/...",
		never: "github.com/jackc/pgx/... github.com/riverqueue/river/..."},
	{name: "7: signin alone imports go-webauthn and x/crypto", binds: "./...", frees: "internal/signin",
		never: "github.com/go-webauthn/... golang.org/x/crypto/..."},
	{name: "7: notify alone imports go-mail", binds: "./...", frees: "internal/notify", never: "github.com/wneessen/go-mail/..."},
	{name: "7: connectors/github alone imports go-github", binds: "./...", frees: "connectors/github", never: "github.com/google/go-github/..."},
	{name: "7: connectors/twitter alone imports go-twitter", binds: "./...", frees: "connectors/twitter",
		never: "github.com/dghubble/go-twitter/... github.com/g8rswimmer/go-twitter/..."},
}

// calls are rule 8: what only some folders may call. A suite is a test, and looks for the files that tests share.
var calls = [...]struct{ name, call, may string }{
	{"8: config alone reads the environment", "os.Getenv", "config " + suites},
	{"8: config alone reads the environment", "os.LookupEnv", "config " + suites},
	{"8: config alone reads the environment", "os.ExpandEnv", "config"},
	{"8: config alone reads the environment, and main hands it over", "os.Environ", "config cmd/flattery/main.go"},
	{"8: main alone ends the program", "os.Exit", "cmd/flattery/main.go store/eachtest"},
}

// matches reports whether one of the patterns is for the package.
func matches(patterns, pkg string) bool {
	return slices.ContainsFunc(strings.Fields(patterns), func(p string) bool {
		if p == "./..." || p == pkg {
			return true
		}
		if dir, ok := strings.CutSuffix(p, "/*"); ok {
			return strings.HasPrefix(pkg, dir+"/")
		}
		dir, ok := strings.CutSuffix(p, "/...")
		if dir == "*.*" { // whatever comes from a host
			first, _, _ := strings.Cut(pkg, "/")
			return ok && pkg != "." && strings.Contains(first, ".")
		}
		return ok && (pkg == dir || strings.HasPrefix(pkg, dir+"/"))
	})
}

// violations walks a tree and says of each file what it may not do.
func violations(tree fs.FS) ([]string, error) {
	var all []string
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != "." && (foreign(tree, name) || strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		all = slices.Concat(all, wrongImports(name, file), wrongCalls(name, file))
		return nil
	})
	return all, err
}

// foreign reports whether a folder is a module of its own.
func foreign(tree fs.FS, dir string) bool {
	_, err := fs.Stat(tree, path.Join(dir, "go.mod"))
	return err == nil
}

func wrongImports(name string, file *ast.File) (all []string) {
	pkg := path.Dir(name)
	for _, spec := range file.Imports {
		full, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return append(all, err.Error())
		}
		imported, ours := strings.CutPrefix(full, "flattery/")
		if full == "flattery" {
			imported, ours = ".", true
		}
		for _, r := range rules {
			if !matches(r.binds, pkg) || r.frees != "" && matches(r.frees, pkg) {
				continue
			}
			if matches(r.never, imported) || ours && r.only != "" && !matches(r.only, imported) {
				all = append(all, fmt.Sprintf("%s imports %s (rule %s)", name, full, r.name))
			}
		}
	}
	return all
}

func wrongCalls(name string, file *ast.File) (all []string) {
	aliases := map[string]string{} // of the package os
	for _, spec := range file.Imports {
		if spec.Path.Value == `"os"` {
			aliases["os"] = "os"
			if spec.Name != nil {
				aliases[spec.Name.Name] = "os"
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Name.Name == "init" && n.Recv == nil {
				all = append(all, name+" has an init function (rule 8: nothing registers itself)")
			}
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			if !ok || aliases[x.Name] == "" {
				return true
			}
			for _, c := range calls {
				if c.call == aliases[x.Name]+"."+n.Sel.Name && !matches(c.may, path.Dir(name)) && !matches(c.may, name) {
					all = append(all, fmt.Sprintf("%s uses %s (rule %s)", name, c.call, c.name))
				}
			}
		}
		return true
	})
	return all
}

func TestTheHouseKeepsItsRules(t *testing.T) {
	if _, err := os.Stat("go.mod"); err != nil {
		t.Fatal(err)
	}
	all, err := violations(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range all {
		t.Error(v)
	}
}

// A made-up house that breaks each rule once, and one file beside each that keeps it.
func TestEachBrokenRuleIsSeen(t *testing.T) {
	for _, tt := range []struct {
		file, body string
		want       string // "" keeps the rules
	}{
		{"money.go", `import "fmt"`, ""},
		{"money.go", `import "golang.org/x/text/language"`, "1: the root imports the standard library only"},
		{"money.go", `import "flattery/store"`, "1: the root imports the standard library only"},
		{"money_test.go", `import "golang.org/x/text/language"`, ""},
		{"internal/queue/q.go", `import "flattery"`, ""},
		{"internal/queue/q.go", `import "flattery/store"`, "2: queue, schedule, config and ledger import nothing of ours but the root"},
		{"internal/ledger/l.go", `import "flattery/internal/queue"`, "2: queue, schedule, config and ledger import nothing of ours but the root"},
		{"internal/schedule/s.go", `import "flattery/internal/poll"`, "2: queue, schedule, config and ledger import nothing of ours but the root"},
		{"config/c.go", `import "flattery/connectors"`, "2: queue, schedule, config and ledger import nothing of ours but the root"},
		{"connectors/c.go", `import "flattery/store"`, "3: connectors imports nothing of ours but the root"},
		{"connectors/flickr/f.go", `import ("flattery"; "flattery/connectors")`, ""},
		{"connectors/flickr/f.go", `import "flattery/store"`, "3: a connector imports the root and connectors"},
		{"connectors/flickr/f.go", `import "flattery/internal/poll"`, "3: a connector imports the root and connectors"},
		{"store/s.go", `import ("flattery/internal/ledger"; "flattery/internal/queue")`, ""},
		{"store/s.go", `import "flattery/connectors"`, "4: a store does not know who fills and who reads it"},
		{"store/sqlite/s.go", `import "flattery/internal/settle"`, "4: a store does not know who fills and who reads it"},
		{"store/sqlite/s.go", `import ("flattery/store"; "flattery/store/seal"; "modernc.org/sqlite")`, ""},
		{"internal/poll/p.go", `import ("flattery/store"; "flattery/connectors"; "flattery/internal/queue")`, ""},
		{"internal/poll/p.go", `import "flattery/internal/settle"`, "5: poll knows no settle, payout, web, api"},
		{"internal/settle/s.go", `import "flattery/internal/payout"`, "5: settle knows no poll, payout, web, api"},
		{"internal/payout/p.go", `import "flattery/internal/web"`, "5: payout knows no poll, settle, web, api"},
		{"internal/payout/manual/m.go", `import "flattery/internal/payout"`, ""},
		{"internal/web/w.go", `import "flattery/internal/api"`, "5: web knows no poll, settle, payout, api"},
		{"internal/api/a.go", `import "flattery/internal/poll"`, "5: api knows no poll, settle, payout, web"},
		{"internal/claim/c.go", `import ("flattery/store"; "flattery/connectors")`, ""},
		{"internal/claim/c.go", `import "flattery/internal/queue"`, "5: claim, discover and notify import the root, connectors and store"},
		{"cmd/flattery/parts.go", `import ("flattery/config"; "flattery/connectors/github"; "flattery/store/sqlite"; "flattery/internal/sandbox")`, ""},
		{"internal/web/w.go", `import "flattery/store/sqlite"`, "6: only cmd/flattery chooses connectors, stores and rails, and reads config and sandbox"},
		{"internal/sandbox/s.go", `import "flattery/connectors/github"`, "6: only cmd/flattery chooses connectors, stores and rails, and reads config and sandbox"},
		{"internal/payout/p.go", `import "flattery/internal/payout/manual"`, "6: only cmd/flattery chooses connectors, stores and rails, and reads config and sandbox"},
		{"internal/poll/p.go", `import "flattery/config"`, "6: only cmd/flattery chooses connectors, stores and rails, and reads config and sandbox"},
		{"cmd/other/o.go", `import "flattery/internal/sandbox"`, "6: only cmd/flattery chooses connectors, stores and rails, and reads config and sandbox"},
		{"cmd/flattery/parts.go", `import "flattery/store/storetest"`, "6: suites are for tests"},
		{"internal/schedule/s.go", `import "github.com/robfig/cron/v3"`, ""},
		{"internal/settle/s.go", `import "github.com/robfig/cron/v3"`, "7: schedule alone imports robfig/cron"},
		{"cmd/flattery/parts.go", `import _ "modernc.org/sqlite"`, "7: store/sqlite alone imports modernc.org/sqlite"},
		{"store/s.go", `import "github.com/jackc/pgx/v5/pgxpool"`, "7: store/postgres alone imports pgx and River"},
		{"internal/sandbox/s.go", `import "github.com/google/go-github/v58/github"`, "7: connectors/github alone imports go-github"},
		{"internal/sandbox/s.go", `import "github.com/dghubble/go-twitter/twitter"`, "7: connectors/twitter alone imports go-twitter"},
		{"internal/web/w.go", `import "github.com/wneessen/go-mail"`, "7: notify alone imports go-mail"},
		{"internal/poll/p.go", `func init() {}`, "8: nothing registers itself"},
		{"internal/poll/p.go", `type p int; func (p) init() {}`, ""},
		{"internal/poll/p.go", `import "os"; var _ = os.Getenv("HOME")`, "8: config alone reads the environment"},
		{"internal/poll/p.go", `import sys "os"; var _, _ = sys.LookupEnv("HOME")`, "8: config alone reads the environment"},
		{"config/c.go", `import "os"; var _ = os.Getenv("HOME")`, ""},
		{"connectors/connectortest/c.go", `import "os"; var _ = os.Getenv("FLATTERY_SHARED")`, ""},
		{"cmd/flattery/main.go", `import "os"; func main() { os.Exit(len(os.Environ())) }`, ""},
		{"cmd/flattery/serve.go", `import "os"; func serve() { os.Exit(1) }`, "8: main alone ends the program"},
		{"cmd/flattery/serve.go", `import "os"; var _ = os.Environ()`, "8: config alone reads the environment, and main hands it over"},
		{"testdata/x.go", `import "flattery/config"`, ""},
	} {
		t.Run(tt.file+" "+tt.body, func(t *testing.T) {
			all, err := violations(fstest.MapFS{tt.file: {Data: []byte("package x; " + tt.body)}})
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(all, "\n")
			if tt.want == "" && got != "" || len(all) > 1 || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q alone", got, tt.want)
			}
			if tt.want != "" && !strings.Contains(got, tt.file) {
				t.Errorf("%q does not name the file", got)
			}
		})
	}
	two := fstest.MapFS{"connectors/flickr/f.go": {Data: []byte(`package x; import "flattery/connectors/github"`)}}
	if all, err := violations(two); err != nil || len(all) != 2 {
		t.Errorf("a connector that imports another breaks rules 3 and 6, got %q, %v", all, err)
	}
	tools := fstest.MapFS{"tools/go.mod": {}, "tools/t.go": {Data: []byte(`package x; import "flattery/config"`)}}
	if all, err := violations(tools); err != nil || len(all) != 0 {
		t.Errorf("a module of its own is bound: %v, %v", all, err)
	}
}
