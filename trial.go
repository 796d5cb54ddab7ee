package flattery

import "time"

// Trial is the smallest payment there is, which the house sent to where an account is paid. Who can say the number that stands on it
// sees what arrives there.
type Trial struct {
	Payment     PaymentID    `json:"payment"`
	Destination Destination  `json:"destination"`
	Currency    string       `json:"currency"`
	Amount      Amount       `json:"amount"`
	State       PaymentState `json:"state"`
	PlannedAt   time.Time    `json:"planned_at"`
	SentAt      time.Time    `json:"sent_at"`
	ReturnedAt  time.Time    `json:"returned_at"`
	Tries       int          `json:"tries"`     // how often a number was typed
	ProvedAt    time.Time    `json:"proved_at"` // when it was the right one; zero: not
}

// A number is typed at most TrialTries times, and a destination is sent another only after TrialAgain.
const (
	TrialTries = 5
	TrialAgain = 90 * 24 * time.Hour
)

// Proves reports whether it shows that the destination is the account's: what came back proves nothing.
func (t Trial) Proves() bool { return !t.ProvedAt.IsZero() && t.State != PaymentFailed }

// Is says how it stands: planned, sent, spent (too many wrong numbers were typed), proved, back; "": there is none.
func (t Trial) Is() string {
	switch {
	case t.Payment == 0:
		return ""
	case t.State == PaymentFailed:
		return "back"
	case t.Proves():
		return "proved"
	case t.State == PaymentPlanned:
		return "planned"
	case t.Left() == 0:
		return "spent"
	}
	return "sent"
}

// Left is how often a number may still be typed; 0 before it has left, too.
func (t Trial) Left() int {
	if t.State == PaymentPlanned || t.State == PaymentFailed || !t.ProvedAt.IsZero() {
		return 0
	}
	return TrialTries - t.Tries
}

// Again is from when on another may be sent to the same destination; zero: now, for it was not sent or came back.
func (t Trial) Again() time.Time {
	if t.State == PaymentFailed || t.Payment == 0 {
		return time.Time{}
	}
	return t.PlannedAt.Add(TrialAgain)
}
