package railtest_test

import (
	"testing"

	"flattery"
	"flattery/internal/payout/railtest"
)

func TestTheMiniaturePromisesWhatARailMust(t *testing.T) {
	railtest.Run(t, func(*testing.T) railtest.Keeper {
		w := &railtest.World{}
		return railtest.Keeper{Rail: railtest.Rail{World: w}, Break: func(f railtest.Fault) { w.Break(f) },
			Batch: flattery.Batch{ID: "B", Payments: []flattery.Payment{{ID: 1, Code: "AAAA", Amount: flattery.Unit}, {ID: 2, Code: "BBBB", Amount: flattery.Unit}, {ID: 3, Code: "CCCC", Amount: flattery.Unit}}},
			Ordered: func(code string) int {
				w.Settle()
				n, _ := w.Paid(code)
				return n
			}}
	})
}
