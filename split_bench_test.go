package flattery_test

import (
	"fmt"
	"testing"

	"flattery"
)

// One donor's month: forty flattrs are usual, the others show how it grows.
func BenchmarkSplit(b *testing.B) {
	for _, n := range []int{40, 1_000, 100_000} {
		parts := make([]flattery.Part, n)
		for i := range parts {
			parts[i] = flattery.Part{Thing: flattery.Thing{Network: "github", Host: "github.com", ID: fmt.Sprint(i)}, Kind: flattery.KindLike, Author: int64(i / 3), Weight: 1}
		}
		for _, by := range []flattery.SplitBy{flattery.SplitByFlattr, flattery.SplitByCreator} {
			b.Run(fmt.Sprintf("%d by %s", n, by), func(b *testing.B) {
				for b.Loop() {
					flattery.Split(5*flattery.Unit, 0, by, 24321, "ada", parts)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/flattr")
			})
		}
	}
}
