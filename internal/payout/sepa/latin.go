package sepa

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// What a bank's file may carry: letters, digits, the blank and these (EPC217-08, the Latin set).
const latinMarks = "/-?:().,'+"

// latinPairs are letters that have no decomposition, each with what is written for it. Greek and Cyrillic are here because names
// are; what has no letter in the Latin set and is not here becomes a full stop.
var latinPairs = strings.NewReplacer(
	"ß", "ss", "ẞ", "SS", "Æ", "AE", "æ", "ae", "Œ", "OE", "œ", "oe", "Ø", "O", "ø", "o", "Ł", "L", "ł", "l", "Đ", "D", "đ", "d", "Ð", "D", "ð", "d",
	"Þ", "TH", "þ", "th", "Ħ", "H", "ħ", "h", "ı", "i", "Ŋ", "N", "ŋ", "n", "Ŧ", "T", "ŧ", "t", "Ə", "A", "ə", "a",
	"&", "+", ";", ",", "_", "-", "~", "-", "`", "'", "\"", "'", "[", "(", "]", ")", "{", "(", "}", ")", "\\", "/", "|", "/", "€", "E",
	"‘", "'", "’", "'", "‚", "'", "“", "'", "”", "'", "„", "'", "«", "'", "»", "'", "‐", "-", "‑", "-", "–", "-", "—", "-", "−", "-", "·", ".", "•", ".",
	"Α", "A", "Β", "V", "Γ", "G", "Δ", "D", "Ε", "E", "Ζ", "Z", "Η", "I", "Θ", "TH", "Ι", "I", "Κ", "K", "Λ", "L", "Μ", "M", "Ν", "N", "Ξ", "X", "Ο", "O", "Π", "P",
	"Ρ", "R", "Σ", "S", "Τ", "T", "Υ", "Y", "Φ", "F", "Χ", "CH", "Ψ", "PS", "Ω", "O", "α", "a", "β", "v", "γ", "g", "δ", "d", "ε", "e", "ζ", "z", "η", "i", "θ", "th",
	"ι", "i", "κ", "k", "λ", "l", "μ", "m", "ν", "n", "ξ", "x", "ο", "o", "π", "p", "ρ", "r", "σ", "s", "ς", "s", "τ", "t", "υ", "y", "φ", "f", "χ", "ch", "ψ", "ps", "ω", "o",
	"А", "A", "Б", "B", "В", "V", "Г", "G", "Ґ", "G", "Д", "D", "Е", "E", "Є", "YE", "Ж", "ZH", "З", "Z", "И", "I", "І", "I", "К", "K", "Л", "L", "М", "M", "Н", "N",
	"О", "O", "П", "P", "Р", "R", "С", "S", "Т", "T", "У", "U", "Ф", "F", "Х", "H", "Ц", "TS", "Ч", "CH", "Ш", "SH", "Щ", "SHT", "Ъ", "A", "Ы", "Y", "Ь", "", "Э", "E", "Ю", "YU", "Я", "YA",
	"а", "a", "б", "b", "в", "v", "г", "g", "ґ", "g", "д", "d", "е", "e", "є", "ye", "ж", "zh", "з", "z", "и", "i", "і", "i", "к", "k", "л", "l", "м", "m", "н", "n",
	"о", "o", "п", "p", "р", "r", "с", "s", "т", "t", "у", "u", "ф", "f", "х", "h", "ц", "ts", "ч", "ch", "ш", "sh", "щ", "sht", "ъ", "a", "ы", "y", "ь", "", "э", "e", "ю", "yu", "я", "ya",
	"Ђ", "D", "ђ", "d", "Ј", "J", "ј", "j", "Љ", "LJ", "љ", "lj", "Њ", "NJ", "њ", "nj", "Ћ", "C", "ћ", "c", "Џ", "DZ", "џ", "dz",
)

// Latin writes a text in the letters that every bank of SEPA takes, on one line, cut to at most most characters: "Žižek & Søn" is
// "Zizek + Son". What has no such letter is a full stop.
func Latin(s string, most int) string {
	var b strings.Builder
	gap := false
	for _, r := range latinPairs.Replace(norm.NFKD.String(latinPairs.Replace(s))) {
		switch {
		case unicode.IsSpace(r):
			gap = b.Len() > 0
			continue
		case unicode.Is(unicode.M, r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r): // accents, marks of writing direction, joiners
			continue
		case r > unicode.MaxASCII || !letterOrDigit(byte(r)) && !strings.ContainsRune(latinMarks, r):
			r = '.'
		}
		if gap {
			b.WriteByte(' ')
			gap = false
		}
		b.WriteByte(byte(r))
		if b.Len() >= most {
			break
		}
	}
	return strings.TrimRight(b.String()[:min(b.Len(), most)], " ")
}

func letterOrDigit(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
}

// said reports whether a text in Latin letters says anything at all.
func said(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return letterOrDigit(byte(r)) })
}
