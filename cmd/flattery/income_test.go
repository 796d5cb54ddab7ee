package main

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"flattery"
)

// October closes; who gave sets their wishes, takes everything along and goes; who received reads what came, and from how
// many, and says where to be paid.
func TestACreatorReadsWhatCameAndADonorGoes(t *testing.T) {
	b := newBench(t, october)
	b.people()
	g := b.world.GitHub
	b.write("token", g.Token("ada"))
	b.do("account", "add", "Root", "--admin")
	b.do("account", "add", "Ada", "--budget", "5")
	b.do("account", "add", "Ben")
	b.do("claim", "add", "--account", "Ben", "github:ben")
	b.do("link", "add", "github", "--token-file", b.path("token"), "--account", "Ada")
	b.star()
	b.do("poll")
	o := openPages(b)
	in, donor := o.signedIn("Ben"), o.signedIn("Ada")
	in.says("/income", "set at the close", ">1<", "Nowhere yet")
	donor.post("/settings", url.Values{"budget": {"7,50"}}, http.StatusOK, "Saved. It counts from this month on.")
	donor.post("/settings", url.Values{"budget": {"1"}}, http.StatusBadRequest, "below the minimum of 2.00")

	b.world.Clock.Set(afterOctober)
	b.do("poll", "1")
	b.do("settle")
	b.do("payout", "plan")
	in.says("/income", "€7.50", "Promised", `href="/income/2026-10"`)
	in.says("/income/2026-10", "All works together", "€7.50")
	in.says("/income/2026-10/income.csv", "period;id;flattr url;url;title;clicks;revenue;clicks total", ";;;;1;7,50;")
	in.post("/income/destination", url.Values{"destination": {"https://example.org/ben"}}, http.StatusOK, "New payments go there")
	in.post("/income/destination", url.Values{"destination": {"ftp://example.org/ben"}}, http.StatusBadRequest, "of no kind that can be paid")
	in.post("/settings", url.Values{"budget": {"0"}, "give_on": {"40"}}, http.StatusBadRequest, "the budget is 0")
	in.post("/settings", url.Values{"budget": {"0"}, "give_on": {"40 %"}, "on_top": {"1"}}, http.StatusOK, "Saved.")
	if a := into[flattery.Account](b, "account", "show", "Ben"); a.GiveOn != 40 || !a.OnTop || a.Destination != "https://example.org/ben" {
		t.Errorf("is paid at %q", a.Destination)
	}

	donor, in = o.signedIn("Ada"), o.signedIn("Ben") // weeks have gone by
	donor.says("/months/2026-10/statement.csv", "2026-10,2026-10-01,github,ben,ben/tool,", ",7.50,EUR")
	files := unzipped(t, donor.body("/settings/export.zip"))
	var liked []flattery.Flattr
	if err := json.Unmarshal([]byte(files["flattrs.json"]), &liked); err != nil || len(liked) != 1 || liked[0].Share != 7_500_000 {
		t.Errorf("%s: %v", files["flattrs.json"], err)
	}
	if len(files) != 17 || strings.Contains(fmt.Sprint(files), g.Token("ada")) {
		t.Errorf("%d files, or a token is in them", len(files))
	}
	donor.post("/settings/forget", url.Values{"name": {"Ada"}}, http.StatusOK, "Flattery")
	if out := b.do("account", "list"); strings.Contains(out, "Ada") {
		t.Errorf("still there: %s", out)
	}
	in.says("/income", "€7.50")
	b.do("ledger", "audit")
	o.signedIn("Root").post("/settings/forget", url.Values{"name": {"Root"}}, http.StatusConflict, "Somebody must run the instance")
}

// inside is a browser that is signed in.
type inside struct {
	visitor
	base string
}

func (o *opened) signedIn(name string) inside {
	o.Helper()
	a, err := o.accountNamed(o.Context(), name)
	if err != nil {
		o.Fatal(err)
	}
	link, err := o.signinLink(o.Context(), a.ID, o.base, o.now().Add(entrance))
	if err != nil {
		o.Fatal(err)
	}
	in := inside{visit(o.T), o.base}
	if status, text := in.ask(http.MethodPost, link, nil); status != http.StatusOK {
		o.Fatalf("signing in: %d %s", status, text)
	}
	return in
}

func (in inside) body(path string) string {
	in.Helper()
	status, text := in.ask(http.MethodGet, in.base+path, nil)
	if status != http.StatusOK {
		in.Fatalf("%s: %d %s", path, status, text)
	}
	return text
}

func (in inside) says(path string, words ...string) {
	in.Helper()
	text := in.body(path)
	for _, w := range words {
		if !strings.Contains(text, w) {
			in.Errorf("%s does not say %q: %s", path, w, text)
		}
	}
}

func (in inside) post(path string, form url.Values, status int, words string) {
	in.Helper()
	got, text := in.ask(http.MethodPost, in.base+path, form)
	if got != status || !strings.Contains(text, words) {
		in.Errorf("%s: %d, want %d and %q: %s", path, got, status, words, text)
	}
}

// unzipped are the files of a zip file.
func unzipped(t *testing.T, text string) map[string]string {
	t.Helper()
	z, err := zip.NewReader(strings.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = string(b)
	}
	return files
}
