package web

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// unruled are rules of html-validate that do not hold here, and why.
var unruled = map[string]string{
	"no-implicit-button-type": "HTML says that a button in a form submits it, and the test of forms finds the one that is in none",
	"no-implicit-input-type":  "HTML says that a field is one of text",
}

// validator is where html-validate is, or skips where nobody says so.
func validator(t *testing.T) string {
	t.Helper()
	program := os.Getenv("FLATTERY_HTMLVALIDATE")
	if program == "" {
		if os.Getenv("FLATTERY_CI") == "1" {
			t.Fatal("FLATTERY_HTMLVALIDATE is not set: it names the program html-validate, which reads the pages")
		}
		t.Skip("FLATTERY_HTMLVALIDATE names no html-validate")
	}
	return program
}

// complaints are what html-validate says against the pages of a folder.
func complaints(t *testing.T, program, folder string) []string {
	t.Helper()
	rules := map[string]string{}
	for rule := range unruled {
		rules[rule] = "off"
	}
	config, err := json.Marshal(map[string]any{"root": true, "extends": []string{"html-validate:recommended"}, "rules": rules})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "rules.json")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	said := filepath.Join(t.TempDir(), "said.json") // not its output: it ends before a pipe has taken all of that
	output, broken := exec.CommandContext(t.Context(), program, "--config", file, "--formatter", "json="+said, "--ext", "html", folder).CombinedOutput()
	text, err := os.ReadFile(said) // it ends with 1 where there is something to say
	if err != nil {
		t.Fatalf("html-validate: %v: %v: %s", err, broken, output)
	}
	var reports []struct {
		FilePath string
		Messages []struct {
			RuleID, Message string
			Line, Column    int
		}
	}
	if err := json.Unmarshal(text, &reports); err != nil {
		t.Fatalf("html-validate: %v: %s", err, text)
	}
	var all []string
	for _, r := range reports {
		for _, m := range r.Messages {
			all = append(all, fmt.Sprintf("%s:%d:%d: %s: %s", filepath.Base(r.FilePath), m.Line, m.Column, m.RuleID, m.Message))
		}
	}
	return all
}

func TestEveryPageIsValidHTML(t *testing.T) {
	program, folder := validator(t), t.TempDir()
	n := 0
	keep := func(folder, name string, body []byte) {
		n++
		if err := os.WriteFile(filepath.Join(folder, name+".html"), body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	bad := t.TempDir()
	keep(bad, "bad", []byte(`<!DOCTYPE html><html lang="en"><head><title>x</title></head><body><p><div>x</div></p></body></html>`))
	if len(complaints(t, program, bad)) == 0 {
		t.Fatal("a block in a paragraph is found valid")
	}
	for _, rough := range []bool{false, true} {
		w, o := toured(t, rough)
		both, s := travel(t, w, handler(t, o)), siteOf(t, o)
		for _, language := range languages {
			if rough && language != "en" { // what is hostile is so in every language
				continue
			}
			at := fmt.Sprintf("%s%s-", map[bool]string{true: "rough-"}[rough], language)
			for i, p := range tour() {
				keep(folder, fmt.Sprintf("%s%02d-%.60s", at, i, slug(p.path)), both.at(p, language).Body.Bytes())
			}
			for _, p := range failures(t) {
				p.Lang, p.Languages = language, languages[:]
				body, err := s.render(language, p)
				if err != nil {
					t.Fatal(err)
				}
				keep(folder, at+"error-"+p.Key, body)
			}
		}
	}
	for _, s := range scenes() {
		w := populated(false)
		s.change(w)
		b := visitor(t, handler(t, options(t, w))).signIn(w, ada)
		for _, path := range s.paths {
			keep(folder, s.name+"-"+slug(path), b.get(path).Body.Bytes())
		}
	}
	t.Logf("%d pages", n)
	for _, what := range complaints(t, program, folder) {
		t.Error(what)
	}
}
