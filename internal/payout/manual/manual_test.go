package manual

import (
	"encoding/csv"
	"errors"
	"slices"
	"strings"
	"testing"

	"flattery"
	"flattery/internal/payout/railtest"
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

func TestWhatIsOpenedToPay(t *testing.T) {
	p := flattery.Payment{Code: "AAAA-BBBB-CCCC", Currency: "EUR", Amount: 5*flattery.Unit + 42*flattery.Cent}
	for to, want := range map[flattery.Destination]string{
		"":                                     "",
		"https://example.org/pay":              "https://example.org/pay",
		"lightning:ada@example.org":            "lightning:ada@example.org",
		"https://paypal.me/ada":                "https://paypal.me/ada/5.42EUR",
		"https://www.paypal.com/paypalme/ada/": "https://www.paypal.com/paypalme/ada/5.42EUR",
		"https://paypal.me/ada/9":              "https://paypal.me/ada/9",
		"https://paypal.me/":                   "https://paypal.me/",
		"payto://iban/DE75512108001245126199":  "payto://iban/DE75512108001245126199?amount=EUR%3A5.42&message=Flattery%20AAAA-BBBB-CCCC",
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

func FuzzCanon(f *testing.F) {
	for _, s := range []string{"", "payto://iban/DE75512108001245126199", "payto://IBAN/SOGEDEFFXXX/de75512108001245126199?receiver-name=A%20B", "lightning:Ada@Example.org", "https://example.org/pay?x=1#y",
		"payto://iban/%44E75512108001245126199", "payto://iban//DE75512108001245126199", "payto://upi/a@b", "https://[::1]/", "https://a@b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := (Rail{}).Canon(flattery.Destination(s))
		if err != nil {
			if d != "" {
				t.Errorf("%q is refused and gives %q", s, d)
			}
			if _, ok := errors.AsType[*flattery.InputError](err); !ok || strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' }) {
				t.Errorf("%q: error %q", s, err)
			}
			return
		}
		if again, err := (Rail{}).Canon(d); err != nil || again != d {
			t.Errorf("%q is %q, and again %q, error %v", s, d, again, err)
		}
		if strings.ContainsFunc(string(d), func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			t.Errorf("%q keeps what no address has: %q", s, d)
		}
	})
}

func TestTheRailPromisesWhatARailMust(t *testing.T) {
	railtest.Run(t, func(*testing.T) railtest.Keeper {
		return railtest.Keeper{Rail: Rail{}, Good: map[string]string{"lightning:Ada@Example.org": "lightning:ada@example.org"}, Bad: []flattery.Destination{"http://example.org", "javascript:alert(1)"}}
	})
}
