package flattery

// ValidIBAN checks country, length, alphabet and the check digits (ISO 13616: mod 97 of the rearranged number is 1). An IBAN has
// capitals and no blanks here.
func ValidIBAN(s string) bool {
	if len(s) < 15 || len(s) > 34 || !capital(s[0]) || !capital(s[1]) {
		return false
	}
	rest := 0
	for i, c := range s[4:] + s[:4] {
		switch {
		case c >= '0' && c <= '9':
			rest = (rest*10 + int(c-'0')) % 97
		case c >= 'A' && c <= 'Z' && i < len(s)-2: // the check digits are digits
			rest = (rest*100 + int(c-'A') + 10) % 97
		default:
			return false
		}
	}
	return rest == 1
}

// ValidBIC checks the form of a bank's code (ISO 9362): four characters of the bank, two letters of the country, two of the place
// and three of the branch, which may be missing. Whether there is such a bank is not known here.
func ValidBIC(s string) bool {
	if len(s) != 8 && len(s) != 11 || !capital(s[4]) || !capital(s[5]) {
		return false
	}
	for i := range len(s) {
		if !capital(s[i]) && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return true
}

func capital(c byte) bool { return c >= 'A' && c <= 'Z' }
