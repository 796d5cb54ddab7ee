package notify_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/internal/judges"
	"flattery/store"
)

// atom is RFC 4287 as far as a reader needs it.
type atom struct {
	XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
	Lang    string   `xml:"http://www.w3.org/XML/1998/namespace lang,attr"`
	ID      string   `xml:"id"`
	Title   string   `xml:"title"`
	Updated string   `xml:"updated"`
	Author  string   `xml:"author>name"`
	Links   []link   `xml:"link"`
	Entries []struct {
		ID      string `xml:"id"`
		Title   string `xml:"title"`
		Updated string `xml:"updated"`
		Links   []link `xml:"link"`
		Summary string `xml:"summary"`
	} `xml:"entry"`
}

type link struct {
	Rel  string `xml:"rel,attr"`
	Href string `xml:"href,attr"`
}

func TestAFeedIsAtomInTheLanguageOfItsAccount(t *testing.T) {
	b := newBench(t)
	b.happen()
	token, err := b.feeds.Make(b.Context(), b.ann)
	if err != nil {
		t.Fatal(err)
	}
	for language, title := range map[string]string{
		"": "ann & <b>co</b> at flickr is not read any more", "de": "ann & <b>co</b> bei flickr wird nicht mehr gelesen", "fr": "ann & <b>co</b> sur flickr n’est plus lu",
	} {
		b.do(func(tx store.Tx) error { return tx.SetLanguage(b.Context(), b.ann, language) })
		body, changed, err := b.feeds.Atom(b.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		var a atom
		if err := xml.Unmarshal(body, &a); err != nil {
			t.Fatalf("%v in %s", err, body)
		}
		lint(t, body)
		if a.Lang != map[string]string{"": "en"}[language]+language || len(a.Entries) != 1 || a.Author == "" || !strings.HasPrefix(a.ID, "urn:flattery:") || !strings.Contains(a.Title, "ann") ||
			a.Links[0].Href != "https://flattery.example/settings/messages" || a.Links[1].Href != "https://flattery.example/feed/"+token || a.Links[1].Rel != "self" {
			t.Errorf("%q: %+v", language, a)
		}
		e := a.Entries[0]
		if e.Title != title || e.Summary == "" || e.Links[0].Href != "https://flattery.example/links" || e.ID == a.ID || e.Updated != start.Format(time.RFC3339) || !changed.Equal(start) {
			t.Errorf("%q: %+v, changed %s", language, e, changed)
		}
	}
}

// lint lets a program that is not ours read it.
func lint(t *testing.T, body []byte) {
	t.Helper()
	program, there := judges.Find(t, "xmllint")
	if !there {
		return
	}
	cmd := exec.CommandContext(t.Context(), program, "--noout", "--nonet", "-")
	cmd.Stdin = bytes.NewReader(body)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("xmllint: %v: %s", err, out)
	}
}

func TestAFeedIsOpenedByItsLastAddressOnly(t *testing.T) {
	b := newBench(t)
	first, errFirst := b.feeds.Make(b.Context(), b.ann)
	b.pass(time.Hour)
	second, errSecond := b.feeds.Make(b.Context(), b.ann)
	if err := errors.Join(errFirst, errSecond); err != nil || first == second || len(second) < 26 {
		t.Fatal(first, second, err)
	}
	if _, _, err := b.feeds.Atom(b.Context(), first); !errors.Is(err, flattery.ErrNotFound) {
		t.Errorf("the first: %v", err)
	}
	if _, changed, err := b.feeds.Atom(b.Context(), second); err != nil || !changed.Equal(start.Add(time.Hour)) {
		t.Errorf("the second, empty: changed %s, %v", changed, err)
	}
	if err := b.feeds.End(b.Context(), b.ann); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.feeds.Atom(b.Context(), second); !errors.Is(err, flattery.ErrNotFound) {
		t.Errorf("after its end: %v", err)
	}
}
