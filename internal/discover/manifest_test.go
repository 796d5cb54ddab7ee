package discover

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"flattery"
	"flattery/connectors/connectortest"
)

func TestAManifestSaysWhoIsPaidAndForWhat(t *testing.T) {
	const head = `{"version":"v1.0.0","entity":{"name":"Cat","webpageUrl":{"url":"https://cat.example.org"}},`
	for name, v := range map[string]struct {
		text   string
		schema Schema
		want   string
	}{
		"channels": {head + `"funding":{"channels":[{"guid":"a","type":"payment-provider","address":"https://example.org/pay"},{"guid":"b","address":"liberapay.com/cat"}]}}`, SchemaFLOSS,
			"channel a: Cat (example.org/pay) <https://example.org/pay>; channel b: Cat (cat at Liberapay) <https://liberapay.com/cat>"},
		"an address that is none":      {head + `"funding":{"channels":[{"guid":"bank","address":"Ask us"},{"guid":"c"},{"address":7}]}}`, SchemaFLOSS, ""},
		"no funding":                   {head + `"projects":[]}`, SchemaFLOSS, ""},
		"channels that are no list":    {head + `"funding":{"channels":{}}}`, SchemaFLOSS, ""},
		"a name that is none":          {`{"version":"v1.1.0","entity":{"name":[]},"funding":{"channels":[{"guid":"a","address":"https://example.org"}]}}`, SchemaFLOSS, "channel a: example.org <https://example.org>"},
		"a later version":              {`{"version":"v2.0.0","entity":{}}`, SchemaOther, ""},
		"no version":                   {`{"entity":{}}`, SchemaOther, ""},
		"drips":                        {`{"drips":{"ethereum":{"ownedBy":"0x0"}}}`, SchemaDrips, ""},
		"opRetro":                      {`{"opRetro":{"projectId":"0x0"}}`, SchemaOpRetro, ""},
		"links":                        {`{"github":"https://github.com/sponsors/cat"}`, SchemaOther, ""},
		"a list":                       {`[]`, SchemaNone, ""},
		"null":                         {`null`, SchemaNone, ""},
		"broken":                       {`{"version":`, SchemaNone, ""},
		"longer than anybody writes":   {head + `"x":"` + strings.Repeat("x", maxText) + `"}`, SchemaNone, ""},
		"nothing":                      {``, SchemaNone, ""},
		"a mark of byte order":         {"\ufeff" + head + `"x":1}`, SchemaFLOSS, ""},
		"an entity that is no object":  {`{"version":"v1.0.0","entity":"Cat"}`, SchemaFLOSS, ""},
		"a bare address as a web page": {`{"version":"v1.0.0","entity":{"name":"Cat","webpageUrl":"https://cat.example.org"}}`, SchemaFLOSS, ""},
	} {
		m := ReadManifest([]byte(v.text))
		if m.Schema != v.schema || told(m.Hits) != v.want {
			t.Errorf("%s: %q %s, want %q %s", name, m.Schema, told(m.Hits), v.schema, v.want)
		}
		if strings.Contains(v.text, "cat.example.org") && m.Schema != SchemaNone && (len(m.About) != 1 || m.About[0].URL != "https://cat.example.org") {
			t.Errorf("%s: is about %v", name, m.About)
		}
	}
}

func TestAManifestSpeaksForWhatIsItsOwners(t *testing.T) {
	for name, v := range map[string]struct {
		manifest, page, list string
		want                 flattery.PlaceReason
	}{
		"the same host":                  {manifest: "https://cat.org/funding.json", page: "https://cat.org/project", want: flattery.PlaceBySite},
		"the same page":                  {manifest: "https://cat.org/a/funding.json", page: "https://CAT.org/a", want: flattery.PlaceBySite},
		"below another path":             {manifest: "https://cat.org/a/funding.json", page: "https://cat.org/b"},
		"a path that begins alike":       {manifest: "https://cat.org/a/funding.json", page: "https://cat.org/ab"},
		"a path that leaves":             {manifest: "https://cat.org/a/funding.json", page: "https://cat.org/a/../b"},
		"another host":                   {manifest: "https://cat.org/funding.json", page: "https://dog.org/"},
		"another host that lists it":     {manifest: "https://cat.org/funding.json", page: "https://dog.org/", list: "\n https://x.org\r\nhttps://cat.org/funding.json\n", want: flattery.PlaceByWellKnown},
		"a list that names another":      {manifest: "https://cat.org/funding.json", page: "https://dog.org/", list: "https://cat.org/funding.json2"},
		"a user's own repository":        {manifest: "https://raw.githubusercontent.com/Cat/cat/main/funding.json", page: "https://github.com/cat/tool", want: flattery.PlaceByOwner},
		"the same, by its page":          {manifest: "https://github.com/cat/cat/blob/main/funding.json", page: "https://github.com/cat", want: flattery.PlaceByOwner},
		"somebody else's repository":     {manifest: "https://raw.githubusercontent.com/cat/cat/main/funding.json", page: "https://github.com/dog/tool"},
		"another repository of the user": {manifest: "https://raw.githubusercontent.com/cat/tool/main/funding.json", page: "https://github.com/cat/other"},
		"a name that begins alike":       {manifest: "https://raw.githubusercontent.com/cat/cat/main/funding.json", page: "https://github.com/category/tool"},
		"all of GitHub":                  {manifest: "https://github.com/funding.json", page: "https://github.com/cat"},
		"not over https":                 {manifest: "http://cat.org/funding.json", page: "http://cat.org/"},
		"no address":                     {manifest: "://", page: "https://cat.org/"},
	} {
		got, ok := Speaks(v.manifest, v.page, []byte(v.list))
		if v.want == "" {
			v.want = flattery.PlaceUntied
		}
		if got != v.want || ok != (v.want != flattery.PlaceUntied) {
			t.Errorf("%s: %s %v, want %s", name, got, ok, v.want)
		}
	}
}

// All files of that name which were found in public are told apart.
func TestTheManifestsOfTheWildAreToldApart(t *testing.T) {
	dir := connectortest.Shared(t, "reach", "funding-json")
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	is := map[string]int{}
	for _, f := range files {
		text := connectortest.ReadShared(t, "reach", "funding-json", f.Name())
		if strings.HasSuffix(f.Name(), "urls") {
			if urls := ManifestURLs(text); len(urls) != 1 {
				t.Errorf("%s: %q", f.Name(), urls)
			}
			is["urls"]++
			continue
		}
		m := ReadManifest(text)
		sound(t, m.Hits)
		is[string(m.Schema)]++
		if m.Schema == SchemaFLOSS {
			is["about"] += len(m.About)
			is["hits"] += len(m.Hits)
			if m.Name == "" {
				t.Errorf("%s names nobody", f.Name())
			}
			t.Logf("%s: %s, %d pages, %s", f.Name(), m.Name, len(m.About), told(m.Hits))
		} else if len(m.Hits) > 0 {
			t.Errorf("%s: %s says %s", f.Name(), m.Schema, told(m.Hits))
		}
	}
	if got := fmt.Sprint(is); got != "map[FLOSS/fund:7 about:25 drips:3 hits:7 opRetro:1 urls:11]" {
		t.Error(got)
	}
}

func TestAPackageSaysWhereItsAuthorsArePaid(t *testing.T) {
	for name, v := range map[string]struct{ text, want string }{
		"an address":   {`{"name":"a","funding":"https://example.org/pay"}`, "funding: example.org/pay <https://example.org/pay>"},
		"an object":    {`{"funding":{"type":"github","url":"https://github.com/sponsors/cat"}}`, "funding: cat at GitHub Sponsors <https://github.com/sponsors/cat>"},
		"a list":       {`{"funding":["https://example.org",{"url":"https://patreon.com/cat"},7,null,[]]}`, "funding: example.org <https://example.org>; funding: cat at Patreon <https://patreon.com/cat>"},
		"a word":       {`{"funding":"please"}`, ""},
		"none":         {`{"name":"a"}`, ""},
		"null":         {`{"funding":null}`, ""},
		"no JSON":      {`funding: a`, ""},
		"another type": {`[{"funding":"https://example.org"}]`, ""},
	} {
		if got := told(PackageJSON([]byte(v.text))); got != v.want {
			t.Errorf("%s: %s, want %s", name, got, v.want)
		}
	}
	for text, want := range map[string]string{
		"[project]\nname = 'a'\n[project.urls]\nHomepage = 'https://example.org'\nFunding = 'https://example.org/pay'\n": "Funding: example.org/pay <https://example.org/pay>",
		"[project.urls]\nFunding = 7\n": "", "[project": "", "": "",
	} {
		if got := told(PyProject([]byte(text))); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
