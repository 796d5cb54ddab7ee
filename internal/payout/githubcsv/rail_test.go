package githubcsv

import (
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/internal/payout/railtest"
)

func TestTheRailPromisesWhatARailMust(t *testing.T) {
	railtest.Run(t, func(t *testing.T) railtest.Keeper {
		o := &railtest.Outbox{}
		b := flattery.Batch{ID: "FLAAAA", Rail: "github-csv", Currency: "USD", MadeAt: time.Date(2026, 11, 4, 5, 0, 0, 0, time.UTC), Payments: []flattery.Payment{
			{ID: 1, Code: "ada", Currency: "USD", Amount: 5 * flattery.Unit, Destination: "https://github.com/sponsors/ada"},
			{ID: 2, Code: "ben", Currency: "USD", Amount: flattery.Unit, Destination: "https://github.com/sponsors/ben"}}}
		return railtest.Keeper{Rail: Rail{Outbox: o}, Break: o.Break, Batch: b,
			Ordered: func(code string) int {
				f, err := o.Outgoing(t.Context(), b.ID)
				if err != nil {
					return 0
				}
				return o.Puts * strings.Count(string(f.Body), "\n"+code+",")
			},
			Good: map[string]string{"https://github.com/sponsors/ada/": "https://github.com/sponsors/ada", "https://www.github.com/sponsors/Ada?x=1": "https://github.com/sponsors/Ada"},
			Bad:  []flattery.Destination{"", "https://example.org/sponsors/ada", "https://github.com/ada", "payto://iban/DE75512108001245126199", "https://github.com/sponsors/a/b"}}
	})
}
