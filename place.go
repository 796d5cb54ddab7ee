package flattery

import "time"

// Place is where somebody takes money, as it is published.
type Place struct {
	Destination Destination `json:"destination"`
	Source      PlaceSource `json:"source"`
	Payee       string      `json:"payee"` // as it is shown there, which may be another than the author: "octocat at GitHub Sponsors"
	Page        string      `json:"page"`  // where it is published
	Verified    bool        `json:"verified"`
	Reason      PlaceReason `json:"reason"` // why it is verified, or not
	ETag        string      `json:"-"`      // of the page
}

// PlaceSource is how a place was found.
type PlaceSource string

// The sources, the nearest to the author first.
const (
	PlaceClaimed   PlaceSource = "claim"        // the author has joined here
	PlaceNetwork   PlaceSource = "network"      // the network itself shows it
	PlaceProfile   PlaceSource = "profile"      // the author's profile at the network says so
	PlaceFile      PlaceSource = "FUNDING.yml"  // a file beside the thing
	PlaceDefault   PlaceSource = "default"      // the same, for all the things of an owner
	PlaceManifest  PlaceSource = "funding.json" // of FLOSS/fund
	PlaceLiberapay PlaceSource = "liberapay"    //
	PlaceOwnPage   PlaceSource = "page"         // of the author's own
	PlacePackage   PlaceSource = "package"      // what a package says of itself
)

// PlaceSources are all of them, in the order in which they are believed.
func PlaceSources() []PlaceSource {
	return []PlaceSource{PlaceClaimed, PlaceNetwork, PlaceProfile, PlaceFile, PlaceDefault, PlaceManifest, PlaceLiberapay, PlaceOwnPage, PlacePackage}
}

// PlaceReason is why a place is the author's word, or is not known to be: a key under which pages have words.
type PlaceReason string

// What makes a place verified.
const (
	PlaceByClaim     PlaceReason = "claim"      // proved here
	PlaceByNetwork   PlaceReason = "network"    // it vouches for who that is
	PlaceByOwner     PlaceReason = "owner"      // it stands among what is the author's own there
	PlaceBySite      PlaceReason = "site"       // the manifest stands where its project does
	PlaceByWellKnown PlaceReason = "well-known" // the author's own list of manifests names it
	PlaceByRelMe     PlaceReason = "rel-me"     // profile and page link to each other
)

// What does not.
const (
	PlaceFork     PlaceReason = "fork"     // it says what somebody else wrote
	PlaceOthers   PlaceReason = "others"   // it stands among what is somebody else's today
	PlaceUntied   PlaceReason = "untied"   // nothing ties it to the author
	PlaceUnproved PlaceReason = "unproved" // whose it is could not be asked
)

// Payable is where an author takes money, as it was last looked for. The verified places are in front, the one that is paid first.
type Payable struct {
	Author   Profile   `json:"author"`
	Places   []Place   `json:"places"`
	LookedAt time.Time `json:"looked_at"`
	Expires  time.Time `json:"expires"` // then it is looked for again
}

// Place is where the author is paid; false where nobody knows.
func (p Payable) Place() (Place, bool) {
	if len(p.Places) == 0 || !p.Places[0].Verified {
		return Place{}, false
	}
	return p.Places[0], true
}
