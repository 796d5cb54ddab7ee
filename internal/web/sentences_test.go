package web

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"flattery"
)

// terminal are the files and folders whose sentences no page says: they are commands alone, what only commands reach, or a rail that
// no page has yet.
var terminal = []string{
	"cmd/flattery/account.go", "cmd/flattery/backup.go", "cmd/flattery/claim.go", "cmd/flattery/demo.go", "cmd/flattery/flattr.go",
	"cmd/flattery/instance.go", "cmd/flattery/ledger.go", "cmd/flattery/likes.go", "cmd/flattery/link.go", "cmd/flattery/means.go", "cmd/flattery/payout.go",
	"cmd/flattery/poll.go", "cmd/flattery/reach.go", "cmd/flattery/reach_account.go", "cmd/flattery/serve.go", "cmd/flattery/settle.go", "cmd/flattery/store.go",
	"internal/ledger", "internal/payout/sepa/sepa.go",
	"internal/settle", "internal/sandbox", "store",
}

// spoken are the English sentences that may stand on a page, with where they are: those of the terminal apart, those that begin
// with a flag, and those without a word of their own.
func spoken(t *testing.T) map[string]string {
	t.Helper()
	root, all := filepath.Join("..", ".."), map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel(root, path)
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == "tools" || strings.HasPrefix(d.Name(), ".") && path != root), slices.Contains(terminal, filepath.ToSlash(name)):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		files := token.NewFileSet()
		tree, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !speaks(call.Fun, tree.Name.Name) || call.Ellipsis.IsValid() { // handed on
				return true
			}
			format, whole := literal(call.Args[0])
			if !whole {
				t.Errorf("%s: a sentence that is put together is found in no catalogue", files.Position(call.Pos()))
			}
			if !strings.HasPrefix(format, "--") && worded(format) {
				all[format] = files.Position(call.Pos()).String()
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// speaks reports whether a call makes a sentence.
func speaks(fun ast.Expr, in string) bool {
	name := ""
	switch f := fun.(type) {
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok && x.Name == "flattery" {
			name = f.Sel.Name
		}
	case *ast.Ident:
		if in == "flattery" {
			name = f.Name
		}
	}
	return name == "Input" || name == "Say"
}

// literal is a text that stands in the source, in one piece or in several.
func literal(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		return s, err == nil
	case *ast.BinaryExpr:
		a, good := literal(e.X)
		b, well := literal(e.Y)
		return a + b, good && well
	}
	return "", false
}

var verb = regexp.MustCompile(`%(\[\d+\])?[-+# 0]*[\d.]*([a-zA-Z%])`)

// worded reports whether a format says anything itself.
func worded(format string) bool {
	return strings.ContainsFunc(verb.ReplaceAllString(format, ""), unicode.IsLetter)
}

// verbs are those of a format, by argument. Quotation marks are each language's own, so that %q may become %s.
func verbs(format string) string {
	all, n := map[int]string{}, 0
	for _, m := range verb.FindAllStringSubmatch(format, -1) {
		if m[2] == "%" {
			continue
		}
		if n++; m[1] != "" {
			n, _ = strconv.Atoi(strings.Trim(m[1], "[]"))
		}
		all[n] += strings.NewReplacer("q", "s", "v", "s").Replace(m[2])
	}
	var list []string
	for _, n := range slices.Sorted(maps.Keys(all)) {
		list = append(list, fmt.Sprint(n, all[n]))
	}
	return strings.Join(list, " ")
}

func TestEverySentenceThatAPageMaySayIsTranslatedWithTheSameArguments(t *testing.T) {
	all := spoken(t)
	if len(all) < 100 {
		t.Fatalf("only %d sentences were found", len(all))
	}
	for code, g := range speak(t).byCode {
		if code == languages[0] {
			continue
		}
		for format, at := range all {
			said, ok := g.sentences[format]
			switch {
			case !ok:
				t.Errorf("%s lacks %q of %s", code, format, at)
			case verbs(said) != verbs(format):
				t.Errorf("%s: %q has the arguments %s, English %q %s", code, said, verbs(said), format, verbs(format))
			case strings.TrimSpace(said) != said || strings.Contains(said, "  ") || strings.ContainsAny(strings.ReplaceAll(said, "%q", ""), `'"`):
				t.Errorf("%s: %q is not set well", code, said)
			}
		}
		for format := range g.sentences {
			if all[format] == "" && worded(format) {
				t.Errorf("%s has %q, which nothing says", code, format)
			}
		}
	}
}

func TestFilesOfTheTerminalAreThere(t *testing.T) {
	for _, name := range terminal {
		if _, err := os.Stat(filepath.Join("..", "..", name)); err != nil {
			t.Error(err)
		}
	}
}

func TestASentenceIsSaidWithAllThatIsInIt(t *testing.T) {
	october, err := flattery.ParseMonth("2026-10")
	if err != nil {
		t.Fatal(err)
	}
	_, wrong := flattery.ParseAmount("abc")
	all := speak(t)
	for name, row := range map[string]struct {
		says       flattery.Sentence
		en, fr, de string
	}{
		"a refusal in a refusal": {flattery.Say("%s: %v", flattery.Say("the budget"), wrong),
			`the budget: "abc" is not an amount: write it like 5 or 5.00, digits and one point only`,
			"Budget\u00a0: «\u00a0abc\u00a0» n’est pas un montant\u00a0: écrivez-le comme 5 ou 5,00, avec des chiffres et une seule virgule",
			"Budget: „abc“ ist kein Betrag: Schreiben Sie ihn wie 5 oder 5,00, nur Ziffern und ein Komma"},
		"amounts": {flattery.Say("a budget of %s is below the minimum of %s a month: give at least that, or 0 to give nothing", flattery.Unit, 2*flattery.Unit),
			"a budget of 1.00 is below the minimum of 2.00 a month: give at least that, or 0 to give nothing",
			"Un budget de 1,00 est inférieur au minimum de 2,00 par mois\u00a0: donnez au moins cela, ou 0 pour ne rien donner",
			"Ein Budget von 1,00 liegt unter dem Minimum von 2,00 im Monat: Geben Sie mindestens so viel, oder 0, um nichts zu geben"},
		"a month": {flattery.Say("%s is due since %s and not settled: is the daemon running? (flattery settle)", october, "2026-11-04 00:00:00"),
			"October 2026 is due since 2026-11-04 00:00:00 and not settled: is the daemon running? (flattery settle)",
			"octobre 2026 est échu depuis le 2026-11-04 00:00:00 et n’est pas réglé\u00a0: le service tourne-t-il\u00a0? (flattery settle)",
			"Der Oktober 2026 ist seit 2026-11-04 00:00:00 fällig und nicht abgerechnet: Läuft der Dienst? (flattery settle)"},
		"what nobody translated": {flattery.Say("%d of %s", 5, "them"), "5 of them", "5 of them", "5 of them"},
		"nothing":                {flattery.Sentence{}, "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			for code, want := range map[string]string{"en": row.en, "fr": row.fr, "de": row.de} {
				if got := all.byCode[code].sentence(row.says); got != want {
					t.Errorf("%s: %q, want %q", code, got, want)
				}
			}
		})
	}
}

func TestRefusalsAndFindingsStandOnThePageInItsLanguage(t *testing.T) {
	w := populated(false)
	b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
	for language, row := range map[string]struct{ budget, archive, findings []string }{
		"en": {[]string{"the budget: &#34;abc&#34; is not an amount"}, []string{"export.zip has no likes in it: understood are"},
			[]string{"Links: link 3 is stopped: The network no longer accepts the permission you once gave.", "Key: flattery.key can be read by others"}},
		"fr": {[]string{"Budget\u00a0: «\u00a0abc\u00a0» n’est pas un montant\u00a0: écrivez-le"}, []string{"export.zip ne contient pas de «\u00a0j’aime\u00a0»\u00a0: sont compris"},
			[]string{"Liaisons\u00a0: la liaison 3 est arrêtée", "Clé\u00a0: flattery.key peut être lu par d’autres"}},
		"de": {[]string{"Budget: „abc“ ist kein Betrag: Schreiben Sie"}, []string{"export.zip enthält keine Likes: Verstanden werden"},
			[]string{"Verknüpfungen: Die Verknüpfung 3 steht still", "Schlüssel: flattery.key kann von anderen gelesen werden"}},
	} {
		b.headers["Accept-Language"] = language
		if got := b.post("/settings", "budget", "abc"); got.Code != 400 || !strings.Contains(got.Body.String(), row.budget[0]) {
			t.Errorf("%s: answered %d: %s", language, got.Code, got.Body)
		}
		w.upload[ada] = Upload{Name: "export.zip", State: "failed", Words: flattery.Say("%s has no likes in it: %s", "export.zip",
			flattery.Say("understood are the archive of an X account (zip, folder, or data/like.js) and a Flickr export (zip, folder, or faves_part001.json)"))}
		expect(t, b, "/import", row.archive, []string{`<q lang="en">`})
		expect(t, b, "/admin/instance", row.findings, nil)
	}
}
