package schedule

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// run runs the entries for a span of fake time and gives what was logged from Info up.
func run(t *testing.T, span time.Duration, entries ...Entry) string {
	t.Helper()
	var b bytes.Buffer
	s, err := New(slog.New(slog.NewTextHandler(&b, nil)), time.Now, entries...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), span)
	defer cancel()
	if err := s.Run(ctx); err != nil {
		t.Error(err)
	}
	return b.String()
}

func TestAnEntryIsAskedAtOnceAndThenAtItsTimes(t *testing.T) {
	for _, tt := range []struct {
		spec string
		span time.Duration
		want string // minutes after the start; the bubble starts at midnight UTC
	}{
		{"* * * * *", 3*time.Minute + time.Second, "0s 1m0s 2m0s 3m0s"},
		{"@every 90s", 4 * time.Minute, "0s 1m30s 3m0s"},
		{"15 4 * * *", 49 * time.Hour, "0s 4h15m0s 28h15m0s"},
		{"0 0 1 * *", 61 * 24 * time.Hour, "0s 744h0m0s 1440h0m0s"}, // 2000 is a leap year
		{"0 0 29 2 *", 24 * time.Hour, "0s"},
	} {
		t.Run(tt.spec, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				var got []string
				log := run(t, tt.span, Entry{"it", tt.spec, func(_ context.Context, now time.Time) error {
					got = append(got, now.Sub(start).String())
					return nil
				}})
				if all := strings.Join(got, " "); all != tt.want || log != "" {
					t.Errorf("asked at %s, want %s; logged %q", all, tt.want, log)
				}
			})
		})
	}
}

func TestTheTimeAskedAboutIsTheOneHandedIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pretended := time.Date(2031, 1, 2, 3, 4, 5, 0, time.UTC)
		var got time.Time
		s, err := New(slog.New(slog.DiscardHandler), func() time.Time { return pretended },
			Entry{"it", "@yearly", func(_ context.Context, now time.Time) error { got = now; return nil }})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Run(ctx); err != nil || !got.Equal(pretended) {
			t.Errorf("asked about %s, %v", got, err)
		}
	})
}

func TestAPanicOrAnErrorCostsOneAnswerAndNotTheDaemon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var panics, errs, good int
		log := run(t, 2*time.Minute+time.Second,
			Entry{"panics", "* * * * *", func(context.Context, time.Time) error { panics++; panic("oh") }},
			Entry{"errs", "* * * * *", func(context.Context, time.Time) error { errs++; return errors.New("no disk") }},
			Entry{"good", "* * * * *", func(context.Context, time.Time) error { good++; return nil }})
		if panics != 3 || errs != 3 || good != 3 {
			t.Errorf("asked %d, %d, %d times, want 3 each", panics, errs, good)
		}
		if n := strings.Count(log, "entry=panics event=panic error=oh"); n != 3 {
			t.Errorf("%d panics logged, want 3:\n%s", n, log)
		}
		if n := strings.Count(log, `level=ERROR msg=schedule entry=errs error="no disk"`); n != 3 {
			t.Errorf("%d errors logged, want 3:\n%s", n, log)
		}
		if strings.Contains(log, "good") {
			t.Errorf("nothing is to be said of what went well:\n%s", log)
		}
	})
}

func TestAnEntryIsNotAskedWhileItStillAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var at []string
		var inside, most atomic.Int32
		run(t, 6*time.Minute+time.Second, Entry{"slow", "* * * * *", func(_ context.Context, now time.Time) error {
			most.Store(max(most.Load(), inside.Add(1)))
			defer inside.Add(-1)
			at = append(at, now.Sub(start).String())
			time.Sleep(150 * time.Second)
			return nil
		}})
		if got := strings.Join(at, " "); got != "0s 3m0s 6m0s" || most.Load() != 1 {
			t.Errorf("asked at %s, %d at once", got, most.Load())
		}
	})
}

func TestRunReturnsWhenTheLastAnswerHasEnded(t *testing.T) {
	for _, tt := range []struct {
		name string
		span time.Duration // until ctx ends
		want time.Duration // until Run returns
	}{
		{"in the first answers", time.Second, time.Minute},
		{"in an answer to a time", time.Hour + time.Second, time.Hour + time.Minute},
		{"between answers", 30 * time.Minute, 30 * time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start, ended := time.Now(), 0
				log := run(t, tt.span, Entry{"stubborn", "0 * * * *", func(ctx context.Context, _ time.Time) error {
					time.Sleep(time.Minute)
					ended++
					return ctx.Err()
				}})
				if got := time.Since(start); got != tt.want || ended == 0 {
					t.Errorf("returned after %s, want %s; %d ended", got, tt.want, ended)
				}
				if log != "" {
					t.Errorf("to be stopped is no error, but logged: %s", log)
				}
			})
		})
	}
}

func TestAScheduleThatHasEndedAsksNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		s, err := New(slog.New(slog.DiscardHandler), time.Now, Entry{"it", "* * * * *", func(context.Context, time.Time) error {
			t.Error("asked")
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Run(ctx); err != nil {
			t.Error(err)
		}
	})
}

func TestAWrongSpecIsNamedWithItsEntry(t *testing.T) {
	for spec, want := range map[string]string{
		"":                           `schedule: settle: "" is not a time: empty spec string`,
		"15 4 * *":                   `schedule: settle: "15 4 * *" is not a time: expected exactly 5 fields, found 4: [15 4 * *]`,
		"61 4 * * *":                 `schedule: settle: "61 4 * * *" is not a time: end of range (61) above maximum (59): 61`,
		"@sometimes":                 `schedule: settle: "@sometimes" is not a time: unrecognized descriptor: @sometimes`,
		"TZ=UTC":                     `schedule: settle: "TZ=UTC" names a time zone, and times are in UTC`,
		"CRON_TZ=Asia/Tokyo @daily":  `schedule: settle: "CRON_TZ=Asia/Tokyo @daily" names a time zone, and times are in UTC`,
		"TZ=Europe/Berlin 0 2 * * *": `schedule: settle: "TZ=Europe/Berlin 0 2 * * *" names a time zone, and times are in UTC`,
		"0 0 30 2 *":                 `schedule: settle: "0 0 30 2 *" never comes`,
	} {
		_, err := New(slog.New(slog.DiscardHandler), time.Now, Entry{Name: "settle", Spec: spec})
		if err == nil || err.Error() != want {
			t.Errorf("%q:\ngot  %v\nwant %s", spec, err, want)
		}
	}
}

// FuzzCheck: a spec is right or wrong, and never the end of the daemon.
func FuzzCheck(f *testing.F) {
	for _, s := range []string{"15 4 * * *", "TZ=UTC", "@every 1h", "*/0 * * * *", "1-0 , / ? *", "0 0 30 2 *"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, spec string) {
		times, err := parse(spec)
		if err == nil && times.Next(time.Unix(1_800_000_000, 0)).IsZero() {
			t.Errorf("%q is right and never comes", spec)
		}
	})
}
