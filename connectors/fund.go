package connectors

import (
	"context"
	"iter"

	"flattery"
)

// Funder is a Connector at whose network authors say where they take money, in files beside what they make.
type Funder interface {
	// FundingFiles are where the author of these things may say so, the nearest first. Nobody is asked.
	FundingFiles(author flattery.Profile, things []flattery.Thing) []FundingFile
	// Holder answers whose the place is today in which a file stands, and whether all in it is a copy of somebody else's.
	// ErrGone where it is no more.
	Holder(ctx context.Context, s Session, within string) (who flattery.Profile, copied bool, err error)
}

// FundingForm is how such a file is read.
type FundingForm string

// The forms that are known.
const (
	FormFunding   FundingForm = "FUNDING.yml"
	FormManifest  FundingForm = "funding.json"
	FormManifests FundingForm = "funding-manifest-urls" // a list of manifests that may speak for its owner
	FormPackage   FundingForm = "package.json"
)

// FundingFile is where a file may stand. Of those in one Group the first that is there is read; the rest are not asked for.
type FundingFile struct {
	URL     string
	Form    FundingForm
	Within  string // for Holder
	Page    string // what a person is shown of that
	Default bool   // for all the things of its owner
	Group   string
}

// Linker is a Funder whose network answers for many things at once what their authors say.
type Linker interface {
	// FundingLinks answers in the order of the things. ErrKey where the instance has no key for it.
	FundingLinks(ctx context.Context, s Session, things []flattery.Thing) ([]Funding, error)
}

// MaxLinked is how many things are asked for at once.
const MaxLinked = 100

// Funding is what a network shows beside a thing. The zero value is for a thing that is no more.
type Funding struct {
	Holder flattery.Profile // whose the thing is today
	Copied bool             // it is a copy of somebody else's
	Listed string           // where the network itself takes money for its holder; "": it does not
	Links  []string         // addresses, as the network shows them
	Shows  *Showing         // Links and Pages of the holder's profile; nil: the network does not tell them with this
}

// Shower is a Linker whose network shows what it shows beside things also while it lists who likes them.
type Shower interface {
	// LikesShown reads what everybody may see of the likes of whoever has a name, newest first, at most MaxLinked a page; the network is
	// asked for a page when its reader wants it. ErrKey where the instance has no key for it, ErrGone where nobody has the name.
	LikesShown(ctx context.Context, s Session, handle string) iter.Seq2[ShownPage, error]
}

// ShownPage is a page of likes. What the network sent that is no like is left out.
type ShownPage struct {
	Who   flattery.Profile // whose likes they are
	Likes []flattery.Like
	Shown []Funding // beside the thing of each
	All   int       // likes there are, as the network says
	More  bool      // there is another page
}
