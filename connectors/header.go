package connectors

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A network that limits without saying for how long is left alone for a minute; none keeps us away for more than a day.
const (
	defaultWait = time.Minute
	longestWait = 24 * time.Hour
)

// Date is the network's own clock, in UTC; zero where the answer does not tell.
func Date(resp *http.Response) time.Time {
	t, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// RetryAfter reads the header of that name, seconds or an HTTP date as seen from now; false where there is none that
// can be read. It is never negative.
func RetryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if s, err := strconv.ParseInt(v, 10, 64); err == nil {
		return seconds(s), true
	}
	if t, err := http.ParseTime(v); err == nil {
		return clamp(t.Sub(now)), true
	}
	return 0, false
}

// ResetAt reads X-RateLimit-Reset as GitHub writes it, or X-Rate-Limit-Reset as X does, where it is seconds since 1970;
// false where there is none.
func ResetAt(h http.Header) (time.Time, bool) {
	s, err := strconv.ParseInt(strings.TrimSpace(cmp.Or(h.Get("X-RateLimit-Reset"), h.Get("X-Rate-Limit-Reset"))), 10, 64)
	if err != nil || s <= 0 || s > 1<<40 {
		return time.Time{}, false
	}
	return time.Unix(s, 0).UTC(), true
}

// Wait is how long a network that limits asks to be left alone: its Retry-After, else until its limit is reset, else a
// minute; between nothing and a day. It is counted by the network's own clock, and by now where that is not told.
func Wait(h http.Header, now time.Time) time.Duration {
	if t, err := http.ParseTime(h.Get("Date")); err == nil {
		now = t
	}
	if d, ok := RetryAfter(h, now); ok {
		return d
	}
	if t, ok := ResetAt(h); ok {
		return clamp(t.Sub(now))
	}
	return defaultWait
}

// limited reports whether an answer's headers say that there was too much asked.
func limited(h http.Header) bool {
	return h.Get("Retry-After") != "" || h.Get("X-RateLimit-Remaining") == "0"
}

func seconds(s int64) time.Duration {
	return time.Duration(min(max(s, 0), int64(longestWait/time.Second))) * time.Second
}

func clamp(d time.Duration) time.Duration { return min(max(d, 0), longestWait) }
