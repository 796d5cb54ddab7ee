package flattery

import "time"

// ClaimLinkID is the number of a claim link.
type ClaimLinkID int64

// ClaimLink leads an author whom nobody claims to what waits. A donor passes it on; it tells of no donor.
type ClaimLink struct {
	ID      ClaimLinkID `json:"id"`
	Author  Profile     `json:"author"`
	Flattrs int         `json:"flattrs"`           // that are pending
	Donors  int         `json:"donors"`            // of these
	Since   time.Time   `json:"since,omitzero"`    // when the first of them was found
	Newest  time.Time   `json:"newest,omitzero"`   // when the last of them was
	Claimed bool        `json:"claimed,omitempty"` // somebody claims the author meanwhile
	Things  []Thing     `json:"things,omitempty"`  // those that at least Discreet donors like
}

// Discreet is of how many donors a thing must be liked before its author is told which one it is. Of a month in which fewer
// gave, an author is told what all things received together.
const Discreet = 3

// Reach says whether an author can be paid, and how.
type Reach string

// Authors are paid here; or would be, if their account gave (Idle); or at the place they publish, though nobody claims them; or
// something of theirs is pending.
const (
	ReachIdle      Reach = "idle"
	ReachHere      Reach = "here"
	ReachElsewhere Reach = "elsewhere"
	ReachNot       Reach = "waiting"
)

// DonorAuthor is an author of what a donor likes.
type DonorAuthor struct {
	Author  Profile   `json:"author"`
	Reach   Reach     `json:"reach"`
	Flattrs int       `json:"flattrs"`         // that count, in the months that were asked for
	Pending int       `json:"pending"`         // of any month
	Since   time.Time `json:"since,omitzero"`  // when the first of those was found
	Newest  time.Time `json:"newest,omitzero"` // when the last of those was
	Link    Secret    `json:"-"`               // token of the claim link; "": nobody has asked for one
	Place   Place     `json:"place,omitzero"`  // where who has not joined is paid
}

// Admitted is whose things a donor liked before they could be paid, and what became of those likes.
type Admitted struct {
	Author  Profile `json:"author"`
	Flattrs int     `json:"flattrs"` // that waited longer than a day, and count in the month that was asked for
	Later   int     `json:"later"`   // that wait for a later month
}

// ClaimMonth is what counts in a month for whom a claim is of.
type ClaimMonth struct {
	Month   Month `json:"month"`
	Flattrs int   `json:"flattrs"`
	Donors  int   `json:"donors"`
}
