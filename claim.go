package flattery

import "time"

// Claim is an identity whose things are an account's own, proved.
type Claim struct {
	ID       ClaimID   `json:"id"`
	Account  AccountID `json:"account"`
	Identity Profile   `json:"identity"`
	Proof    Proof     `json:"proof"`
	ProvedAt time.Time `json:"proved_at"`
	Shown    string    `json:"-"`              // the token in the profile or on the page
	Page     string    `json:"page,omitempty"` // of one's own, of ByPage
	// CheckedAt is when it was last seen to hold. LapsedAt is since when it is not verified, and Reason why: nothing is paid for
	// it until it is proved again. Zero: it is verified.
	CheckedAt time.Time `json:"checked_at"`
	LapsedAt  time.Time `json:"lapsed_at,omitzero"`
	Reason    string    `json:"reason,omitempty"`
	Disputed  bool      `json:"disputed,omitempty"` // another account has proved it too: nothing is paid until that is decided
}

// Why a claim is not verified: keys under which pages have words.
const (
	LapsedGone   = "gone"   // nobody there by that name
	LapsedOther  = "other"  // somebody else has the name now; whoever was renamed proves it again under the new one
	LapsedAbsent = "absent" // the token is no longer where it was
)

// Proving is a proof by profile that was begun: its token waits to be found.
type Proving struct {
	ID      ProvingID `json:"id"`
	Account AccountID `json:"account"`
	Network string    `json:"network"`
	Host    string    `json:"host"`
	Handle  string    `json:"handle"` // in small letters
	Token   string    `json:"token"`  // no secret once it is there
	MadeAt  time.Time `json:"made_at"`
	Expires time.Time `json:"expires"`
}

// Outcome is how a dispute has ended; "": it is open.
type Outcome string

// The identity stays the first's, becomes the second's, or the second has gone.
const (
	OutcomeFirst     Outcome = "first"
	OutcomeSecond    Outcome = "second"
	OutcomeWithdrawn Outcome = "withdrawn"
)

// Dispute is about an identity that is one account's claim and that another has proved too. It is frozen meanwhile: it counts,
// and nothing is paid. When the first proves it again it stays theirs, else it becomes the second's at EndsAt.
type Dispute struct {
	ID        DisputeID `json:"id"`
	Identity  Profile   `json:"identity"`
	First     AccountID `json:"first"`
	Second    AccountID `json:"second"`
	Proof     Proof     `json:"proof"` // of the second
	ProvedAt  time.Time `json:"proved_at"`
	OpenedAt  time.Time `json:"opened_at"`
	EndsAt    time.Time `json:"ends_at"`
	DecidedAt time.Time `json:"decided_at,omitzero"`
	Outcome   Outcome   `json:"outcome,omitempty"`
}

// Open reports whether it is not decided.
func (d Dispute) Open() bool { return d.Outcome == "" }

// Held is why nothing is paid to somebody for now; "": nothing is in the way.
type Held string

// What holds payments. What is held is owed all the same.
const (
	HeldDisputed   Held = "disputed"   // whose an identity is, is disputed
	HeldUnverified Held = "unverified" // a claim has to be proved again
	HeldGone       Held = "gone"       // nobody publishes the destination any more
	HeldUnchecked  Held = "unchecked"  // a claim is looked at again before the first payment
)
