package flattery_test

import (
	"strings"
	"testing"

	"flattery"
)

// The examples of the IBAN registry, one a country, and each of them with a slip of the pen.
func TestAnIBANIsChecked(t *testing.T) {
	for _, good := range []string{
		"AD1200012030200359100100", "AT611904300234573201", "BE68539007547034", "CH9300762011623852957", "CZ6508000000192000145399", "DE89370400440532013000",
		"DK5000400440116243", "ES9121000418450200051332", "FI2112345600000785", "FR1420041010050500013M02606", "GB29NWBK60161331926819", "IE29AIBK93115212345678",
		"IT60X0542811101000000123456", "LU280019400644750000", "MT84MALT011000012345MTLCAST001S", "NL91ABNA0417164300", "NO9386011117947", "PL61109010140000071219812874",
		"PT50000201231234567890154", "SE4550000000058398257466", "SI56263300012039086", "SK3112000000198742637541",
	} {
		if !flattery.ValidIBAN(good) {
			t.Errorf("%s is refused", good)
		}
		for i := range good {
			digit := good[i] <= '9'
			others := map[bool]string{true: "0123456789", false: "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}[digit] // the sum tells no 1 from an A: their places are a country's own
			for _, c := range []byte(others) {
				if wrong := good[:i] + string(c) + good[i+1:]; wrong != good && flattery.ValidIBAN(wrong) {
					t.Errorf("%s is taken for %s", wrong, good)
				}
			}
			if i > 0 && digit && good[i-1] <= '9' && good[i] != good[i-1] {
				if turned := good[:i-1] + string(good[i]) + string(good[i-1]) + good[i+1:]; flattery.ValidIBAN(turned) {
					t.Errorf("%s is taken for %s", turned, good)
				}
			}
		}
	}
	for _, bad := range []string{"", "DE", "DE89", strings.Repeat("0", 14), strings.Repeat("1", 35), "de89370400440532013000", "DE89 3704 0044 0532 0130 00", "DEXX370400440532013000", "00311234567890123456", "DE8937040044053201300Ä"} {
		if flattery.ValidIBAN(bad) {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestABICHasItsForm(t *testing.T) {
	for s, want := range map[string]bool{
		"SOGEDEFF": true, "SOGEDEFFXXX": true, "1234DE2A": true, "": false, "SOGEDEF": false, "SOGEDEFFXX": false, "sogedeff": false, "SOGE1EFF": false, "SOGEDEF ": false, "SOGEDEFÄ": false,
	} {
		if got := flattery.ValidBIC(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}
