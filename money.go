package flattery

import (
	"fmt"
	"strings"
)

// Amount is money in millionths of its currency's unit (5 EUR is 5_000_000). It is never a float, and which
// currency it is in stands beside it.
type Amount int64

// Unit is one whole unit of a currency, and Cent a hundredth of it.
const (
	Cent Amount = 10_000
	Unit Amount = 100 * Cent
)

// MaxAmount is the largest amount an entry may carry (a milliard units).
const MaxAmount Amount = 1e15

// ParseAmount reads "5", "5.00" or "0.052632": digits, at most six after the point, no sign, at most MaxAmount. What is none is an
// *InputError.
func ParseAmount(s string) (Amount, error) {
	whole, frac, pointed := strings.Cut(s, ".")
	if whole == "" || pointed && frac == "" || len(frac) > 6 {
		return 0, Input("%q is not an amount: write it like 5 or 5.00, with at most six digits after the point", s)
	}
	var a Amount
	for _, c := range whole + frac + strings.Repeat("0", 6-len(frac)) {
		if c < '0' || c > '9' {
			return 0, Input("%q is not an amount: write it like 5 or 5.00, digits and one point only", s)
		}
		if a = a*10 + Amount(c-'0'); a > MaxAmount {
			return 0, Input("%q is more than an amount may be (%s)", s, MaxAmount)
		}
	}
	return a, nil
}

// String writes the amount exactly, with at least two digits after the point: "5.00", "0.052632", "-0.10".
func (a Amount) String() string {
	sign, u := "", uint64(a)
	if a < 0 {
		sign, u = "-", uint64(-a)
	}
	whole, frac := u/uint64(Unit), u%uint64(Unit)
	s := fmt.Sprintf("%s%d.%06d", sign, whole, frac)
	for range 4 {
		s = strings.TrimSuffix(s, "0")
		if s[len(s)-3] == '.' {
			break
		}
	}
	return s
}

// Cents rounds down (towards minus infinity) to whole hundredths: what a bank can move.
func (a Amount) Cents() Amount {
	r := a % Cent
	if r < 0 {
		r += Cent
	}
	return a - r
}

// MarshalText writes String, so that JSON carries amounts as exact decimal strings.
func (a Amount) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (a *Amount) UnmarshalText(b []byte) error {
	s, neg := strings.CutPrefix(string(b), "-")
	v, err := ParseAmount(s)
	if neg {
		v = -v
	}
	*a = v
	return err
}

// Rate is a share of a whole in millionths: 10 % is 100_000.
type Rate int64

// Of gives ⌊a·r⌋ for an amount that is not negative and a rate from 0 to 100 %.
func (r Rate) Of(a Amount) Amount {
	whole, rest := int64(a)/int64(Unit), int64(a)%int64(Unit)
	return Amount(whole*int64(r) + rest*int64(r)/int64(Unit))
}
