package manual

import (
	"encoding/csv"
	"errors"
	"slices"
	"strings"
	"testing"

	"flattery"
)

func TestWhereOneCanBePaid(t *testing.T) {
	for _, row := range []struct {
		given string
		want  string // "" with why: refused
		why   string
	}{
		{"", "", ""},
		{"   ", "", ""},
		{"https://example.org/pay?x=1", "https://example.org/pay?x=1", ""},
		{"  https://example.org ", "https://example.org", ""},
		{"payto://iban/DE75512108001245126199", "payto://iban/DE75512108001245126199", ""},
		{"payto://iban/de75512108001245126199", "payto://iban/DE75512108001245126199", ""},
		{"payto://IBAN/SOGEDEFFXXX/DE75512108001245126199", "payto://iban/SOGEDEFFXXX/DE75512108001245126199", ""},
		{"payto://iban/DE75512108001245126199?receiver-name=Ada", "payto://iban/DE75512108001245126199?receiver-name=Ada", ""},
		{"payto://upi/ada@bank", "payto://upi/ada@bank", ""},
		{"lightning:Ada@Example.org", "lightning:ada@example.org", ""},
		{"payto://iban/DE75512108001245126198", "", "check digits"},
		{"payto://iban/DE7551210800124512619", "", "check digits"},
		{"payto://iban/DE75 5121 0800 1245 1261 99", "", "characters that no address has"},
		{"payto://iban/x/y/DE75512108001245126199", "", "check digits"},
		{"payto://iban/", "", "no kind"},
		{"payto:iban", "", "no kind"},
		{"http://example.org", "", "no kind"},
		{"https://", "", "no kind"},
		{"https://user:secret@example.org", "", "no kind"},
		{"javascript:alert(1)", "", "no kind"},
		{"data:text/html,x", "", "no kind"},
		{"lightning:", "", "no kind"},
		{"lightning:a?b=c", "", "no kind"},
		{"ada@example.org", "", "no kind"},
		{"https://example.org/\x1b[2J", "", "characters that no address has"},
		{"https://example.org/\u202e", "", "characters that no address has"},
		{"https://exa\nmple.org", "", "characters that no address has"},
		{"https://example.org/%zz", "", "is not an address"},
		{"https://example.org/" + strings.Repeat("a", 500), "", "too long"},
	} {
		t.Run(row.given, func(t *testing.T) {
			got, err := (Rail{}).Canon(flattery.Destination(row.given))
			if string(got) != row.want || (err == nil) != (row.why == "") {
				t.Fatalf("%q, error %v; want %q", got, err, row.want)
			}
			if err == nil {
				if again, err := (Rail{}).Canon(got); err != nil || again != got {
					t.Errorf("again it is %q, error %v", again, err)
				}
				return
			}
			if _, ok := errors.AsType[*flattery.InputError](err); !ok || !strings.Contains(err.Error(), row.why) || !strings.Contains(err.Error(), "write payto://") || strings.ContainsAny(err.Error(), "\x1b\n\u202e") {
				t.Errorf("error %q does not say %q", err, row.why)
			}
		})
	}
}

// The examples of the IBAN registry, one a country, and each of them with a slip of the pen.
func TestAnIBANIsChecked(t *testing.T) {
	for _, good := range []string{
		"AD1200012030200359100100", "AT611904300234573201", "BE68539007547034", "CH9300762011623852957", "CZ6508000000192000145399", "DE89370400440532013000",
		"DK5000400440116243", "ES9121000418450200051332", "FI2112345600000785", "FR1420041010050500013M02606", "GB29NWBK60161331926819", "IE29AIBK93115212345678",
		"IT60X0542811101000000123456", "LU280019400644750000", "MT84MALT011000012345MTLCAST001S", "NL91ABNA0417164300", "NO9386011117947", "PL61109010140000071219812874",
		"PT50000201231234567890154", "SE4550000000058398257466", "SI56263300012039086", "SK3112000000198742637541",
	} {
		if !ValidIBAN(good) {
			t.Errorf("%s is refused", good)
		}
		for i := range good {
			digit := good[i] <= '9'
			others := map[bool]string{true: "0123456789", false: "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}[digit] // the sum tells no 1 from an A: their places are a country's own
			for _, c := range []byte(others) {
				if wrong := good[:i] + string(c) + good[i+1:]; wrong != good && ValidIBAN(wrong) {
					t.Errorf("%s is taken for %s", wrong, good)
				}
			}
			if i > 0 && digit && good[i-1] <= '9' && good[i] != good[i-1] {
				if turned := good[:i-1] + string(good[i]) + string(good[i-1]) + good[i+1:]; ValidIBAN(turned) {
					t.Errorf("%s is taken for %s", turned, good)
				}
			}
		}
	}
	for _, bad := range []string{"", "DE", "DE89", strings.Repeat("0", 14), strings.Repeat("1", 35), "de89370400440532013000", "DE89 3704 0044 0532 0130 00", "DEXX370400440532013000", "DE8937040044053201300Ä"} {
		if ValidIBAN(bad) {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestWhatIsOpenedToPay(t *testing.T) {
	p := flattery.Payment{Code: "AAAA-BBBB-CCCC", Currency: "EUR", Amount: 5*flattery.Unit + 42*flattery.Cent}
	for to, want := range map[flattery.Destination]string{
		"":                                    "",
		"https://example.org/pay":             "https://example.org/pay",
		"lightning:ada@example.org":           "lightning:ada@example.org",
		"payto://iban/DE75512108001245126199": "payto://iban/DE75512108001245126199?amount=EUR%3A5.42&message=Flattery%20AAAA-BBBB-CCCC",
		"payto://iban/DE75512108001245126199?receiver-name=Ada%20L&amount=EUR:999": "payto://iban/DE75512108001245126199?amount=EUR%3A5.42&message=Flattery%20AAAA-BBBB-CCCC&receiver-name=Ada%20L",
	} {
		p.Destination = to
		if got := Order(p); got != want {
			t.Errorf("%s is opened as %s, want %s", to, got, want)
		}
	}
}

func TestASpreadsheetComputesNothingOfWhatOthersWrote(t *testing.T) {
	hostile := []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", `quote"and,comma`, "two\nlines", "Ada"}
	var payments []flattery.Payment
	for i, name := range hostile {
		payments = append(payments, flattery.Payment{ID: flattery.PaymentID(i + 1), Code: "AAAA-BBBB-CCCC", Plan: 2026*12 + 9, Donor: flattery.AccountID(i), PayeeName: name, Currency: "EUR",
			Amount: flattery.Unit, State: flattery.PaymentPlanned, Destination: "https://example.org/pay"})
	}
	var out strings.Builder
	if err := WriteCSV(&out, payments, func(a flattery.AccountID) string { return hostile[a] }); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
	if err != nil || len(rows) != len(hostile)+1 {
		t.Fatalf("%d rows, error %v", len(rows), err)
	}
	if want := []string{"id", "code", "month", "donor", "payee", "currency", "amount", "state", "pay"}; !slices.Equal(rows[0], want) {
		t.Errorf("head %v", rows[0])
	}
	for i, row := range rows[1:] {
		if row[2] != "2026-10" || row[6] != "1.00" || row[7] != "planned" {
			t.Errorf("row %v", row)
		}
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				t.Errorf("%q of %q is computed", cell, hostile[i])
			}
		}
		if !strings.Contains(row[4], strings.TrimLeft(hostile[i], "\t\r")) {
			t.Errorf("%q became %q", hostile[i], row[4])
		}
	}
}
