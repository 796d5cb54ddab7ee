package payout

import (
	"fmt"
	"testing"

	"flattery"
	"flattery/store"
)

func TestAPaymentIsOfTheOldestOfWhatIsOwed(t *testing.T) {
	gave := []store.Gave{{Donor: 1, Amount: 4}, {Donor: 2, Amount: 3}, {Donor: 1, Amount: 2}, {Donor: 3, Amount: 9}} // newest first
	for _, row := range []struct {
		later, amount flattery.Amount
		want          string
	}{
		{0, 18, "1:6 2:3 3:9"}, {0, 5, "1:4 2:1"}, {4, 3, "2:3"}, {5, 4, "2:2 1:2"}, {6, 6, "2:1 1:2 3:3"}, {0, 0, ""}, {18, 5, ""},
	} {
		said := ""
		for _, g := range ofPayment(gave, row.later, row.amount) {
			said += fmt.Sprintf(" %d:%d", g.Donor, g.Amount)
		}
		if row.want != "" {
			row.want = " " + row.want
		}
		if said != row.want {
			t.Errorf("%d after %d: %q, want %q", row.amount, row.later, said, row.want)
		}
	}
}
