package config

import (
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/currency"

	"flattery"
)

const day = 24 * time.Hour

// mend joins what is wrong with how to mend it, where that cannot be entered in the pages. What can is a flattery.Input, which they
// say in their language.
func mend(wrong, how string) error { return fmt.Errorf("%s: %s", wrong, how) }

func quoted(s, wrong, how string) error { return mend(strconv.Quote(s)+" "+wrong, how) }

// optional lets nothing be nothing.
func optional(parse func(string) (string, error)) func(string) (string, error) {
	return func(s string) (string, error) {
		if s == "" {
			return "", nil
		}
		return parse(s)
	}
}

// oneOf accepts one of a few words.
func oneOf[T ~string](words ...T) func(string) (T, error) {
	return func(s string) (T, error) {
		if slices.Contains(words, T(s)) {
			return T(s), nil
		}
		all := make([]string, len(words))
		for i, w := range words {
			all[i] = string(w)
		}
		return "", flattery.Input("%q is none of the words it may be: write %s", s, strings.Join(all, " or "))
	}
}

func boolean(s string) (bool, error) {
	switch s {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, flattery.Input("%q is neither true nor false: write true or false", s)
}

func count(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 1000 {
		return 0, flattery.Input("%q is not a number from 1 to 1000: write it like 5", s)
	}
	return n, nil
}

// limit is a count, or 0 where there is none.
func limit(s string) (int, error) {
	if n, err := strconv.Atoi(s); err == nil && n == 0 {
		return 0, nil
	}
	n, err := count(s)
	if err != nil {
		err = flattery.Input("%q is not a number from 0 to 1000: write it like 10; 0 is no limit", s)
	}
	return n, err
}

// between reads a duration: "72h", "90 days", "90d" or "0".
func between(low, high time.Duration) func(string) (time.Duration, error) {
	return func(s string) (time.Duration, error) {
		d, ok := duration(s)
		if !ok {
			return 0, flattery.Input("%q is not a duration: write it like 72h or 90 days", s)
		}
		if d < low || d > high {
			return 0, flattery.Input("%q is out of range: write something from %d to %d days", s, low/day, high/day)
		}
		return d, nil
	}
}

func duration(s string) (time.Duration, bool) {
	for _, unit := range []string{" days", " day", "d"} {
		if number, ok := strings.CutSuffix(s, unit); ok {
			n, err := strconv.Atoi(number)
			return time.Duration(n) * day, err == nil && n >= 0 && n <= 100_000
		}
	}
	d, err := time.ParseDuration(s)
	return d, err == nil
}

// percent reads "0", "5%" or "2.5 %" without a float.
func percent(s string) (flattery.Rate, error) {
	number, hasSign := strings.CutSuffix(s, "%")
	a, err := flattery.ParseAmount(strings.TrimSuffix(number, " "))
	switch {
	case err != nil || !hasSign && a != 0:
		return 0, flattery.Input(`%q is not a percentage: write it like "2.5 %%"`, s)
	case a%100 != 0:
		return 0, flattery.Input("%q is finer than a millionth of the whole: write at most four digits after the point", s)
	case a > 100*flattery.Unit:
		return 0, flattery.Input("%q is more than there is: write at most 100 %%", s)
	}
	return flattery.Rate(a / 100), nil
}

// currencies reads a list like "EUR,SEK". Each has hundredths, because payments are cut there.
func currencies(s string) ([]string, error) {
	var all []string
	for code := range strings.SplitSeq(s, ",") {
		code = strings.TrimSpace(code)
		unit, err := currency.ParseISO(code)
		if err != nil || unit.String() != code {
			return nil, flattery.Input("%q is not a currency: write ISO codes like EUR,SEK", code)
		}
		if scale, _ := currency.Standard.Rounding(unit); scale != 2 {
			return nil, flattery.Input("%q has no hundredths, which payments are cut to: choose another currency", code)
		}
		if slices.Contains(all, code) {
			return nil, flattery.Input("%q stands twice: remove one", code)
		}
		all = append(all, code)
	}
	return all, nil
}

func zone(s string) (*time.Location, error) {
	if s == "" || s == "Local" {
		return nil, flattery.Input("%q is not a time zone: write its name like Europe/Berlin", s)
	}
	loc, err := time.LoadLocation(s)
	if err != nil {
		return nil, flattery.Input("%q is not a time zone: write its name like Europe/Berlin", s)
	}
	return loc, nil
}

// line is a few words in one line, or nothing.
func line(s string) (string, error) {
	if len(s) > 200 || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) || strings.TrimSpace(s) != s {
		return "", flattery.Input("is too long, or has spaces around it or signs that cannot be seen: write one line of at most 200 letters")
	}
	return s, nil
}

func level(s string) (slog.Level, error) {
	word, err := oneOf("debug", "info", "warn", "error")(s)
	if err != nil {
		return 0, err
	}
	var l slog.Level
	return l, l.UnmarshalText([]byte(word))
}

func instant(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || t.IsZero() {
		return time.Time{}, quoted(s, "is not an instant", "write it like 2026-11-04T00:00:00Z, or leave it empty for the real time")
	}
	return t.UTC(), nil
}

func cronSpec(judge func(string) error) func(string) (string, error) {
	return func(s string) (string, error) {
		if strings.TrimSpace(s) == "" {
			return "", mend("is empty", `write it like "15 4 * * *": minute, hour, day, month, weekday, in UTC`)
		}
		if judge == nil {
			return s, nil
		}
		if err := judge(s); err != nil {
			return "", mend(err.Error(), `write it like "15 4 * * *": minute, hour, day, month, weekday, in UTC`)
		}
		return s, nil
	}
}

func port(s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 {
		return 0, quoted(s, "is not a port", "write a number from 1 to 65535, like 587")
	}
	return int(n), nil
}

// mailbox is an address of mail and nothing else.
func mailbox(s string) (string, error) {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s {
		return "", quoted(s, "is not a mail address", "write it like flattery@example.org")
	}
	return s, nil
}

func address(s string) (string, error) {
	_, port, err := net.SplitHostPort(s)
	if n, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || n > 65535 {
		return "", quoted(s, "is not an address to listen on", "write host:port like 127.0.0.1:8080")
	}
	return s, nil
}

// webAddress reads an absolute http or https URL and takes the slash from its end. It does not repeat a URL that
// holds a password.
func webAddress(s string) (string, error) {
	u, err := url.Parse(s)
	if err == nil && u.User != nil {
		return "", mend("holds a name or password", "write the address without what stands before the @")
	}
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" {
		return "", quoted(s, "is not a web address", "write it like https://example.org")
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// root is a web address without a path: cookies and redirects are made for whole hosts.
func root(s string) (string, error) {
	clean, err := webAddress(s)
	if err != nil {
		return "", err
	}
	if u, err := url.Parse(clean); err != nil || u.Path != "" {
		return "", quoted(s, "has a path", "give the house a host of its own, like https://flattery.example.org")
	}
	return clean, nil
}

func database(s string) (flattery.Secret, error) {
	if s != "" && !strings.HasPrefix(s, "postgres://") && !strings.HasPrefix(s, "postgresql://") {
		return "", mend("is not a database that is known", "write postgres://…, or leave it empty for SQLite in the data directory")
	}
	return flattery.Secret(s), nil
}

// iban is a number of an account at a bank; blanks in it are for people.
func iban(s string) (string, error) {
	n := strings.ToUpper(strings.ReplaceAll(s, " ", ""))
	if !flattery.ValidIBAN(n) {
		return "", flattery.Input("%q is no IBAN: its check digits are wrong: copy it from your bank, like DE75 5121 0800 1245 1261 99", s)
	}
	return n, nil
}

func bic(s string) (string, error) {
	b := strings.ToUpper(strings.ReplaceAll(s, " ", ""))
	if !flattery.ValidBIC(b) {
		return "", flattery.Input("%q is no BIC: write its 8 or 11 letters and digits, like COBADEFFXXX, or leave it empty", s)
	}
	return b, nil
}
