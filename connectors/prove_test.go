package connectors

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

const claimed = "flattery-k7rm2pq9xyzabcdefghj"

func TestAClaimTokenIsFoundWholeAndOnlyWhole(t *testing.T) {
	const token, half = claimed, "flattery-k7rm2pq9xy"
	for name, v := range map[string]struct {
		text string
		want bool
	}{
		"alone":                {token, true},
		"in a sentence":        {"I claim this: " + token + ". Thanks!", true},
		"in brackets":          {"(" + token + ")", true},
		"at the end of a line": {"bio\r\n" + token + "\r\nmore", true},
		"in the middle of words in other scripts":   {"私は " + token + " です", true},
		"in capitals, as a telephone begins a line": {"Flattery-K7rm2pq9xyzabcdefghj", true},
		"in bold":                               {"**" + token + "**", true},
		"in italics":                            {"_" + token + "_ and __" + token + "__", true},
		"in code":                               {"`" + token + "`", true},
		"struck out":                            {"~~" + token + "~~", true},
		"in a link":                             {"[" + token + "](https://example.org/)", true},
		"in a comment of HTML":                  {"<!--" + token + "-->", true},
		"in tags":                               {`<p class="x">` + token + `</p>`, true},
		"escaped by an editor":                  {`flattery\-k7rm2pq9xyzabcdefghj`, true},
		"with an entity for its dash":           {"flattery&#45;k7rm2pq9xyzabcdefghj", true},
		"with an entity that was written twice": {"&amp;quot;flattery&amp;#x2d;k7rm2pq9xyzabcdefghj&amp;quot;", true},
		"between entities":                      {"&lt;" + token + "&gt;&nbsp;", true},
		"with spaces of no width in it":         {"flattery-\u200bk7rm2\u200dpq9xy\u2060zabcde\ufefffghj", true},
		"with soft hyphens in it":               {"flattery-k7rm2&shy;pq9xyz\u00adabcdefghj", true},
		"with marks of direction around it":     {"\u202a" + token + "\u202c", true},
		"with places to break in it":            {"flattery-<wbr>k7rm2pq9xy<wbr/>zabcdefghj", true},
		"with a dash that does not break":       {"flattery\u2011k7rm2pq9xyzabcdefghj", true},
		"after a long dash":                     {"here\u2014" + token + "\u2014there", true},
		"in an address":                         {"https://example.org/" + token + ".html", true},

		"nothing":       {"", false},
		"its beginning": {half, false},
		"a longer word": {token + "k", false},
		"a longer word behind a space of no width": {token + "\u200bk", false},
		"a longer word behind a dash":              {token + "-k", false},
		"a longer word behind an underscore":       {token + "_k", false},
		"a longer word of another script":          {token + "я", false},
		"with a mark on its last letter":           {token + "\u0301", false},
		"behind a letter":                          {"x" + token, false},
		"behind a digit and a dash":                {"1-" + token, false},
		"in two halves":                            {"flattery-k7rm2pq9xy zabcdefghj", false},
		"another one":                              {strings.Replace(token, "k7", "k8", 1), false},
		"with a letter that only looks like its":   {strings.Replace(token, "a", "а", 1), false},
		"its entity cut":                           {"flattery&#45k7rm2pq9xyzabcdefghjk", false},
	} {
		t.Run(name, func(t *testing.T) {
			var s Showing
			s.AddText("something else")
			s.AddText(v.text)
			if s.Has(token) != v.want || s.Has(half) || s.Has("") || s.Has("flattery") {
				t.Errorf("%q: %v, tokens %q", v.text, s.Has(token), ClaimTokens(v.text))
			}
		})
	}
}

func TestTokensOfATextAreToldOnceEach(t *testing.T) {
	other := strings.Replace(claimed, "k7", "m7", 1)
	if got := ClaimTokens(claimed + " " + other + " " + claimed); !slices.Equal(got, []string{claimed, other}) {
		t.Errorf("%q", got)
	}
	var many strings.Builder
	for range 100 {
		fmt.Fprintln(&many, NewClaimToken())
	}
	if got := ClaimTokens(many.String()); len(got) != MaxTexts {
		t.Errorf("%d", len(got))
	}
	if got := ClaimTokens(claimed + strings.Repeat(" ", MaxAnswer)); got != nil {
		t.Errorf("a text that is too long: %q", got)
	}
}

func TestEachClaimTokenIsAnotherAndOneThatIsFound(t *testing.T) {
	seen, letters := map[string]bool{}, map[rune]bool{}
	for range 2000 {
		token := NewClaimToken()
		if got := ClaimTokens("x " + token + "."); seen[token] || !slices.Equal(got, []string{token}) || len(token) != 29 {
			t.Fatalf("%q: %q", token, got)
		}
		seen[token] = true
		for _, r := range strings.TrimPrefix(token, tokenHead) {
			letters[r] = true
		}
	}
	if len(letters) != len(tokenLetters) || letters['i'] || letters['l'] || letters['o'] || letters['0'] || letters['1'] {
		t.Errorf("made of %d letters", len(letters))
	}
}

func TestAShowingIsBounded(t *testing.T) {
	var s Showing
	for n := range 100 {
		s.AddText(fmt.Sprint("text ", n))
		s.AddLink(fmt.Sprintf("https://example.org/%d", n))
		s.AddLink("https://example.org/0")
		s.AddPage("https://example.org/me")
	}
	if len(s.Texts) != MaxTexts || len(s.Links) != MaxLinks || len(s.Pages) != 1 {
		t.Errorf("%d texts, %d links, %d pages", len(s.Texts), len(s.Links), len(s.Pages))
	}
	for name, v := range map[string]struct{ text, want string }{
		"a long text loses its end":                  {strings.Repeat("word ", MaxText), strings.TrimSpace(strings.Repeat("word ", MaxText/5))},
		"the beginning of a word at the end is none": {strings.Repeat(" ", MaxText-len(claimed)-1) + "x " + claimed + "k7", "x"},
		"a long word is lost":                        {strings.Repeat("y", MaxText+1), ""},
		"space is none":                              {" \n\t ", ""},
		"what is no UTF-8 is seen to be":             {"a\xffb", "a\uFFFDb"},
	} {
		s = Showing{}
		s.AddText(v.text)
		if got := strings.Join(s.Texts, "|"); got != v.want || !utf8.ValidString(got) {
			t.Errorf("%s: %d bytes: %.60q", name, len(got), got)
		}
	}
	for address, want := range map[string]string{
		"example.org": "https://example.org", " http://example.org/me ": "http://example.org/me", "": "", "javascript:alert(1)": "", "javascript://example.org/%0a": "",
		"ftp://example.org/": "", "https://user:pass@example.org/": "", "//example.org/": "", "https://": "", "a b": "",
		"https://example.org/" + strings.Repeat("x", 3000): "", "mailto:me@example.org": "",
	} {
		s = Showing{}
		s.AddLink(address)
		if got := strings.Join(s.Links, "|"); got != want {
			t.Errorf("%.60q: %q, want %q", address, got, want)
		}
	}
}

// FuzzClaimTokens: no text panics, and what is found is whole tokens.
func FuzzClaimTokens(f *testing.F) {
	for _, seed := range []string{claimed, "&amp;#45;" + claimed, "<wbr>\u200b" + claimed + "_", "\xff" + claimed, strings.Repeat("&amp;", 20)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, token := range ClaimTokens(text) {
			if !claimToken.MatchString(token) {
				t.Errorf("%q", token)
			}
		}
		if !strings.ContainsAny(text, "&<\\") && !slices.Contains(ClaimTokens(text+" "+claimed), claimed) && len(ClaimTokens(text)) < MaxTexts {
			t.Errorf("behind %q it is not found", text)
		}
	})
}
