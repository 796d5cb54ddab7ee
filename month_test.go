package flattery_test

import (
	"encoding/json"
	"testing"
	"time"
	_ "time/tzdata" // a bare machine may have no time zones of its own

	"pgregory.net/rapid"

	"flattery"
)

func month(t testing.TB, s string) flattery.Month {
	t.Helper()
	m, err := flattery.ParseMonth(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestMonthsAreReadOrNot(t *testing.T) {
	for _, s := range []string{"2026-10", "1970-01", "9999-12", "0001-01"} {
		if got := month(t, s).String(); got != s {
			t.Errorf("%s came back as %s", s, got)
		}
	}
	for _, s := range []string{"", "2026", "2026-1", "2026-13", "2026-00", "0000-01", "0000-12", "26-10", "2026-10-01", "10/2026", " 2026-10", "-2026-10", "20260-10"} {
		if m, err := flattery.ParseMonth(s); err == nil {
			t.Errorf("%q was read as %s", s, m)
		}
	}
}

func TestNoMonthIsWrittenAsNothing(t *testing.T) {
	b, err := json.Marshal(map[string]flattery.Month{"m": 0})
	if err != nil || string(b) != `{"m":""}` {
		t.Fatalf("%s, %v", b, err)
	}
	m := map[string]flattery.Month{"m": 7}
	if err := json.Unmarshal(b, &m); err != nil || m["m"] != 0 {
		t.Errorf("came back as %d, %v", m["m"], err)
	}
}

func TestAMonthStartsWhereItsZoneSays(t *testing.T) {
	for _, tt := range []struct {
		name, zone, month string
		starts, ends      string
	}{
		{"in no zone at all", "UTC", "2026-10", "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"},
		{"with one hour more", "Europe/Berlin", "2026-10", "2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z"},
		{"with one hour less", "Europe/Berlin", "2026-03", "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z"},
		{"across the new year", "Asia/Kathmandu", "2026-12", "2026-11-30T18:15:00Z", "2026-12-31T18:15:00Z"},
		{"in a leap year", "UTC", "2028-02", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"},
		{"ahead of everybody", "Pacific/Kiritimati", "2026-10", "2026-09-30T10:00:00Z", "2026-10-31T10:00:00Z"},
		{"where a whole day was left out", "Pacific/Apia", "2011-12", "2011-12-01T10:00:00Z", "2011-12-31T10:00:00Z"},
		{"where the first midnight does not exist", "America/Asuncion", "2017-10", "2017-10-01T04:00:00Z", "2017-11-01T03:00:00Z"},
		{"where the next first midnight does not exist", "America/Havana", "2012-03", "2012-03-01T05:00:00Z", "2012-04-01T05:00:00Z"},
		{"where the first midnight comes twice", "America/Havana", "2026-11", "2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z"},
		{"where it came twice and Go takes the second", "Europe/Rome", "1978-10", "1978-09-30T22:00:00Z", "1978-10-31T23:00:00Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, loc := month(t, tt.month), zone(t, tt.zone)
			if got := m.Starts(loc).Format(time.RFC3339); got != tt.starts {
				t.Errorf("starts %s, want %s", got, tt.starts)
			}
			if got := m.Ends(loc).Format(time.RFC3339); got != tt.ends {
				t.Errorf("ends %s, want %s", got, tt.ends)
			}
		})
	}
}

// zones have months that begin in the nights when clocks change, offsets of half and quarter hours, and days left out.
var zones = [...]string{
	"UTC", "Europe/Berlin", "Europe/London", "Europe/Rome", "America/New_York", "America/Havana", "America/Asuncion",
	"America/Sao_Paulo", "America/Lima", "Africa/Casablanca", "Asia/Amman", "Asia/Beirut", "Asia/Kathmandu",
	"Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Apia", "Pacific/Kiritimati",
}

func TestMonthsFollowEachOtherWithoutGapOrOverlap(t *testing.T) {
	for _, name := range zones {
		t.Run(name, func(t *testing.T) {
			loc := zone(t, name)
			for m := month(t, "1971-01"); m < month(t, "2100-01"); m++ {
				starts, ends := m.Starts(loc), m.Ends(loc)
				if ends != (m+1).Starts(loc) || starts.Location() != time.UTC {
					t.Errorf("%s ends %s, and the next starts %s", m, ends, (m + 1).Starts(loc))
				}
				for at, want := range map[time.Time]flattery.Month{
					starts.Add(-1): m - 1, starts: m, starts.Add(time.Hour): m, ends.Add(-time.Hour): m, ends.Add(-1): m, ends: m + 1,
				} {
					if got := flattery.MonthOf(at, loc); got != want {
						t.Errorf("%s: %s is in %s, want %s", m, at, got, want)
					}
				}
				if long := ends.Sub(starts); long < 27*24*time.Hour || long > 32*24*time.Hour {
					t.Errorf("%s takes %s", m, long)
				}
			}
		})
	}
}

func TestEveryInstantIsInOneMonth(t *testing.T) {
	laws(t, func(t *rapid.T) {
		loc, err := time.LoadLocation(rapid.SampledFrom(zones[:]).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		at := time.Unix(rapid.Int64Range(31_536_000+86_400, 4_102_444_800).Draw(t, "second"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanosecond"))
		m := flattery.MonthOf(at, loc)
		if starts, ends := m.Starts(loc), m.Ends(loc); at.Before(starts) || !at.Before(ends) {
			t.Fatalf("%s is in %s, which lasts from %s to %s", at.UTC(), m, starts, ends)
		}
	})
}

// FuzzMonth: whatever is read as a month is one, and is written as it was read.
func FuzzMonth(f *testing.F) {
	for _, s := range []string{"2026-10", "0000-01", "9999-12", "2026-13", "", "2026-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := flattery.ParseMonth(s)
		if err == nil && (m == 0 || m.String() != s) {
			t.Fatalf("%q was read as %d, which is written %q", s, m, m)
		}
	})
}
