// Package githubcsv is the rail of GitHub Sponsors' bulk file: who is to be sponsored with how many whole dollars. A budget in another
// currency is turned into dollars by the rate that the donor typed for that file; what whole dollars pay of the slips closes
// them in the budget's own currency, and the rest is carried on. The package knows no rate and no ledger.
package githubcsv

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"math/big"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"flattery"
	"flattery/internal/ledger"
)

// Rate is how many dollars one unit of the budget's currency is, exactly. Its zero value is no rate.
type Rate struct{ r *big.Rat }

const (
	rateDigits = 6 // before the point, and behind it
	nameMost   = 39
)

// ParseRate reads "1.0842": digits, at most six on each side of a point, more than zero.
func ParseRate(s string) (Rate, error) {
	whole, frac, pointed := strings.Cut(s, ".")
	odd := func(r rune) bool { return r < '0' || r > '9' }
	if whole == "" || pointed && frac == "" || len(whole) > rateDigits || len(frac) > rateDigits || strings.ContainsFunc(whole+frac, odd) || strings.Trim(whole+frac, "0") == "" {
		return Rate{}, flattery.Input("%.40q is no rate: write how many dollars one unit of your budget's currency is, like 1.0842", s)
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return Rate{}, flattery.Input("%.40q is no rate: write it like 1.0842", s)
	}
	return Rate{r}, nil
}

// String writes the rate as it was read, without zeros at its end: "1.0842".
func (r Rate) String() string {
	if r.r == nil {
		return "none"
	}
	s := r.r.FloatString(rateDigits)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// Row is a line of the file.
type Row struct {
	Maintainer string
	Dollars    int64 // at least 1
}

// Part is what the file does to one slip: Paid and Left are in the budget's currency, not negative, and together the slip's amount.
type Part struct {
	Payment    flattery.PaymentID
	Maintainer string
	Paid, Left flattery.Amount
}

// Maintainer is who is sponsored at a destination: the NAME of https://github.com/sponsors/NAME. Any other destination is an
// *InputError.
func Maintainer(d flattery.Destination) (string, error) {
	wrong := flattery.Input("%.100q is no page of GitHub Sponsors: it must be like https://github.com/sponsors/NAME", string(d))
	u, err := url.Parse(string(d))
	if err != nil || u.Scheme != "https" || u.User != nil || !strings.EqualFold(u.Host, "github.com") && !strings.EqualFold(u.Host, "www.github.com") {
		return "", wrong
	}
	name, ok := strings.CutPrefix(strings.TrimSuffix(u.Path, "/"), "/sponsors/")
	if !ok || !validName(name) {
		return "", wrong
	}
	return name, nil
}

// validName is what GitHub lets people be called: letters, digits and hyphens, not a hyphen first. Some old names end with one.
func validName(s string) bool {
	odd := func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-'
	}
	return s != "" && len(s) <= nameMost && s[0] != '-' && !strings.ContainsFunc(s, odd)
}

// Split says what is paid by whole dollars: a row for each maintainer who gets one at least, in the order of their names, and a part
// for each slip, in the order of the slips. Slips to one maintainer are paid together, the first given first, so that most of them
// are closed whole. Of what was paid so, the same rate makes the same again. Names that differ in capitals only are one. The slips are of one currency and of whole cents; refusals are *InputError.
func Split(slips []flattery.Payment, rate Rate) ([]Row, []Part, error) {
	if rate.r == nil || rate.r.Sign() <= 0 {
		return nil, nil, flattery.Input("there is no rate: write how many dollars one unit of your budget's currency is, like 1.0842")
	}
	parts := make([]Part, 0, len(slips))
	sums, whole := map[string]flattery.Amount{}, big.NewInt(0)
	names := map[string]string{} // as the first slip spells them
	for _, s := range slips {
		name, err := Maintainer(s.Destination)
		if err != nil {
			return nil, nil, flattery.Input("slip %s: %s", s.Code, err)
		}
		if s.Currency != slips[0].Currency {
			return nil, nil, flattery.Input("slip %s is in %s and slip %s in %s: make a file for each, with its own rate", slips[0].Code, slips[0].Currency, s.Code, s.Currency)
		}
		if s.Currency == "USD" && rate.r.Cmp(big.NewRat(1, 1)) != 0 {
			return nil, nil, flattery.Input("slip %s is in dollars: its rate is 1, not %s", s.Code, rate)
		}
		if s.Amount <= 0 || s.Amount > flattery.MaxAmount || s.Amount != s.Amount.Cents() {
			return nil, nil, flattery.Input("slip %s is over %s: give whole cents", s.Code, s.Amount)
		}
		if whole.Add(whole, big.NewInt(int64(s.Amount))); !whole.IsInt64() {
			return nil, nil, flattery.Input("the slips are more than can be counted: make several files")
		}
		k := strings.ToLower(name)
		names[k] = cmp.Or(names[k], name)
		sums[k] += s.Amount
		parts = append(parts, Part{Payment: s.ID, Maintainer: names[k], Left: s.Amount})
	}
	var rows []Row
	paid := map[string]flattery.Amount{}
	for k, sum := range sums {
		dollars, pays := rate.whole(sum)
		if !dollars.IsInt64() {
			return nil, nil, flattery.Input("%s would get %s dollars: look at the rate", names[k], dollars)
		}
		if paid[k] = pays; dollars.Sign() > 0 {
			rows = append(rows, Row{names[k], dollars.Int64()})
		}
	}
	slices.SortFunc(rows, func(a, b Row) int { return cmp.Compare(strings.ToLower(a.Maintainer), strings.ToLower(b.Maintainer)) })
	for i := range parts {
		p := &parts[i]
		k := strings.ToLower(p.Maintainer)
		p.Paid = min(paid[k], p.Left)
		p.Left -= p.Paid
		paid[k] -= p.Paid
	}
	return rows, parts, nil
}

// whole says how many whole dollars an amount makes, and how much of it they pay: rounded down to the cent, so never more than it is.
// Dollars that pay it to the cent are made of it too, though it may be a fraction of a cent less than they are worth: so what whole
// dollars have paid is paid by the same dollars again.
func (r Rate) whole(a flattery.Amount) (*big.Int, flattery.Amount) {
	const centsAUnit = int64(flattery.Unit / flattery.Cent)
	most := new(big.Rat).Mul(big.NewRat(int64(a/flattery.Cent)+1, centsAUnit), r.r) // it takes less to pay no cent more
	dollars := ceil(most)
	dollars.Sub(dollars, big.NewInt(1))
	worth := new(big.Rat).Quo(new(big.Rat).SetInt(dollars), r.r)
	worth.Mul(worth, new(big.Rat).SetInt64(centsAUnit))
	cents := new(big.Int).Quo(worth.Num(), worth.Denom())
	pays := new(big.Rat).SetFrac(cents, big.NewInt(centsAUnit))
	return ceil(pays.Mul(pays, r.r)), flattery.Amount(cents.Int64()) * flattery.Cent // where a dollar is less than a cent, fewer of them do
}

// ceil is the least whole number that is not below x, which is not negative.
func ceil(x *big.Rat) *big.Int {
	q, rest := new(big.Int).QuoRem(x.Num(), x.Denom(), new(big.Int))
	if rest.Sign() > 0 {
		q.Add(q, big.NewInt(1))
	}
	return q
}

// Write writes the file that GitHub Sponsors takes. Rows with a name that is none or without a dollar are an *InputError, and nothing
// is written.
func Write(w io.Writer, rows []Row) error {
	lines := [][]string{{"Maintainer username", "Sponsorship amount in USD"}}
	for _, r := range rows {
		if !validName(r.Maintainer) || r.Dollars < 1 {
			return flattery.Input("a row of %.60q and %d dollars is none: give a name of GitHub and a dollar at least", r.Maintainer, r.Dollars)
		}
		lines = append(lines, []string{ledger.Cell(r.Maintainer), strconv.FormatInt(r.Dollars, 10)})
	}
	if err := csv.NewWriter(w).WriteAll(lines); err != nil {
		return fmt.Errorf("sponsors: %w", err)
	}
	return nil
}
