package connectors

import (
	"context"
	"crypto/rand"
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"flattery"
)

// Prover is a Connector that can read what somebody shows in a public profile. A claim is proved there without OAuth: by a
// token that the claimant was told to write into it, or by a link to a page that links back.
type Prover interface {
	// Prove answers who has that handle today, and what the profile shows. It uses the keys and the token of the instance
	// alone, whatever token of a person the session has. Nothing is shown beside an error but its cost: ErrGone where
	// nobody has that handle, ErrKey where the instance's keys are missing or refused, and those of Connector.Likes.
	Prove(ctx context.Context, s Session, handle string) (flattery.Profile, Showing, error)
}

// The most that is kept of a profile.
const (
	MaxText  = 256 << 10 // bytes of a text
	MaxTexts = 40
	MaxLinks = 20
)

// Showing is what a profile shows that nobody but its owner, or whom the owner lets, can write. Each Prover says which
// answers of its network that is. The texts are anything, HTML and Markdown too, and are for looking through, not to be shown.
type Showing struct {
	Texts []string
	// Links are of the fields that are made for pages of one's own. The addresses in a text are not among them: there
	// people also name the pages of others, who could then link back.
	Links []string
	Pages []string        // where the network shows the profile, Profile.URL among them
	Cost  flattery.Amount // what the answers cost, in Info.Price.Currency
}

// AddText keeps a text. One that is too long loses its end, from the beginning of a word.
func (s *Showing) AddText(text string) {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) > MaxText {
		text = text[:strings.LastIndexAny(text[:MaxText], " \t\r\n")+1]
	}
	if text = strings.TrimSpace(text); text != "" && len(s.Texts) < MaxTexts {
		s.Texts = append(s.Texts, text)
	}
}

// AddLink keeps the address of a page of one's own. People leave out the https://; what is no address is left out.
func (s *Showing) AddLink(address string) {
	address = strings.TrimSpace(address)
	if address != "" && !strings.Contains(address, "://") {
		address = "https://" + address
	}
	if address = WebURL(address); address != "" && len(s.Links) < MaxLinks && !slices.Contains(s.Links, address) {
		s.Links = append(s.Links, address)
	}
}

// AddPage keeps an address at which the network shows the profile.
func (s *Showing) AddPage(address string) {
	if address = WebURL(address); address != "" && !slices.Contains(s.Pages, address) {
		s.Pages = append(s.Pages, address)
	}
}

// Has reports whether one of the texts holds the claim token, whole: see ClaimTokens.
func (s Showing) Has(token string) bool {
	return slices.ContainsFunc(s.Texts, func(text string) bool { return slices.Contains(ClaimTokens(text), token) })
}

// LinksTo reports whether one of the links leads to the page, by SamePage.
func (s Showing) LinksTo(page string) bool {
	return slices.ContainsFunc(s.Links, func(link string) bool { return SamePage(link, page) })
}

// A claim token is made of small letters and digits that nobody takes for one another.
const (
	tokenHead    = "flattery-"
	tokenLetters = "abcdefghjkmnpqrstuvwxyz23456789"
	tokenLength  = 20 // of 31 letters: 99 bits
)

var claimToken = regexp.MustCompile(`^` + tokenHead + `[` + tokenLetters + `]{20}$`)

// NewClaimToken makes a token to be written into a profile, such as flattery-k7rm… It is no secret once it is there, so whose
// it is, for which identity and until when is for its giver to remember.
func NewClaimToken() string {
	b := []byte(tokenHead)
	for some := make([]byte, tokenLength); len(b) < len(tokenHead)+tokenLength; {
		_, _ = rand.Read(some) // which never fails
		for _, r := range some {
			if n := int(r & 31); n < len(tokenLetters) && len(b) < len(tokenHead)+tokenLength {
				b = append(b, tokenLetters[n])
			}
		}
	}
	return string(b)
}

// ClaimTokens are the words of a text that are claim tokens, each once. A word goes on over letters, digits, "-" and "_", so that
// neither the beginning of a longer one is taken for a token nor its end. What networks and editors do to a word is undone:
// entities (twice), characters that are not seen, <wbr>, backslashes, dashes of other lengths, capitals, and "_" or "-" around it.
func ClaimTokens(text string) (tokens []string) {
	if len(text) > MaxAnswer {
		return nil
	}
	text = strings.ToLower(html.UnescapeString(html.UnescapeString(text)))
	text = strings.Map(unmask, breaks.Replace(text))
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool {
		return r != '-' && r != '_' && !unicode.In(r, unicode.L, unicode.M, unicode.N)
	}) {
		if word = strings.Trim(word, "-_"); claimToken.MatchString(word) && !slices.Contains(tokens, word) {
			if tokens = append(tokens, word); len(tokens) == MaxTexts {
				break
			}
		}
	}
	return tokens
}

var breaks = strings.NewReplacer("<wbr>", "", "<wbr/>", "", "<wbr />", "", `\`, "")

// unmask drops what is not seen, and makes one of the dashes that editors put for another.
func unmask(r rune) rune {
	switch {
	case unicode.In(r, unicode.Cf, unicode.Variation_Selector) || r == '\u034F':
		return -1
	case strings.ContainsRune("\u2010\u2011\u2012\u2013\u2212\uFE63\uFF0D", r):
		return '-'
	}
	return r
}
