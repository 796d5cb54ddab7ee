package flattery

import (
	"fmt"
	"time"
)

// Month is a calendar month, counted in months since January of the year 0. The zero Month means "no month".
// Where it starts and ends as instants depends on the time zone of the instance, and is stored once begun.
type Month int

// MonthOf is the month that contains t in the zone loc.
func MonthOf(t time.Time, loc *time.Location) Month {
	t = t.In(loc)
	return Month(t.Year()*12 + int(t.Month()) - 1)
}

// ParseMonth reads "2026-10".
func ParseMonth(s string) (Month, error) {
	t, err := time.Parse("2006-01", s)
	if err != nil || t.Year() == 0 {
		return 0, fmt.Errorf("%q is not a month: write it like 2026-10", s)
	}
	return MonthOf(t, time.UTC), nil
}

// Starts is the first instant of the month in the zone loc, in UTC. Where midnight does not exist that night, it is
// the first instant that does; where it comes twice, it is the first.
func (m Month) Starts(loc *time.Location) time.Time {
	t := time.Date(m.Year(), m.Month(), 1, 0, 0, 0, 0, loc)
	begin, end := t.ZoneBounds() // of the offset that t is in
	if MonthOf(t, loc) < m {
		return end.UTC() // Go answered with the hour before the gap
	}
	if !begin.IsZero() {
		_, offset := begin.Add(-1).Zone()
		first := time.Date(m.Year(), m.Month(), 1, 0, 0, 0, 0, time.FixedZone("", offset))
		if first.Before(begin) {
			return first.UTC()
		}
	}
	return t.UTC()
}

// Ends is the first instant after the month: the start of the next.
func (m Month) Ends(loc *time.Location) time.Time { return (m + 1).Starts(loc) }

// Year and Month take the month apart.
func (m Month) Year() int         { return int(m) / 12 }
func (m Month) Month() time.Month { return time.Month(int(m)%12 + 1) }

// String writes "2026-10", and "" for no month.
func (m Month) String() string {
	if m == 0 {
		return ""
	}
	return fmt.Sprintf("%04d-%02d", m.Year(), m.Month())
}

// MarshalText writes String.
func (m Month) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (m *Month) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*m = 0
		return nil
	}
	*m, err = ParseMonth(string(b))
	return err
}
