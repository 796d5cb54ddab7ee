package web

import (
	"context"
	"io"
	"iter"
	"net/url"
	"time"

	"flattery"
)

// Store is what the pages read. Each method that takes an account answers only what is that account's own.
type Store interface {
	// Account answers flattery.ErrNotFound where there is none.
	Account(ctx context.Context, id flattery.AccountID) (flattery.Account, error)

	// Flattrs lists a month, what was found last first (by falling id), at most limit. A flattr is in the list of the
	// month it counts in; without one (own, pending, removed, lapsed) in the list of the month in which it was found.
	// Seen likes are in no list. An empty state means every state. Only flattrs below before are listed, unless it is 0.
	// A month that has not begun has an empty list. Share is filled where the month is settled.
	Flattrs(ctx context.Context, account flattery.AccountID, month flattery.Month, state flattery.State, before flattery.FlattrID, limit int) ([]flattery.Flattr, error)

	// Tally adds the same lists up.
	Tally(ctx context.Context, account flattery.AccountID, month flattery.Month) (flattery.Tally, error)

	// Months lists every month that has begun, newest first.
	Months(ctx context.Context) ([]flattery.MonthState, error)

	// Settlements lists the account's settled months, newest first.
	Settlements(ctx context.Context, donor flattery.AccountID) ([]flattery.Settlement, error)

	// Payments lists the donor's payments in every state, newest first.
	Payments(ctx context.Context, donor flattery.AccountID) ([]flattery.Payment, error)

	// PaymentsTo lists the payments to the account in every state, newest first, without who pays them.
	PaymentsTo(ctx context.Context, account flattery.AccountID) ([]flattery.Payment, error)

	// Incomes lists the months of what the account claims to be, newest first, a line a currency; Earnings a month by thing,
	// largest first; Received what the account was promised and paid.
	Incomes(ctx context.Context, account flattery.AccountID) ([]flattery.Income, error)
	Earnings(ctx context.Context, account flattery.AccountID, month flattery.Month) ([]flattery.Earning, error)
	Received(ctx context.Context, account flattery.AccountID) ([]flattery.Received, error)

	// Given lists what the account gave on of what it received, newest first.
	Given(ctx context.Context, account flattery.AccountID) ([]flattery.Given, error)

	// Export writes everything there is about the account as a zip file.
	Export(ctx context.Context, account flattery.AccountID, w io.Writer) error

	// Liked lists for what a slip of the donor's is, newest first, at most limit.
	Liked(ctx context.Context, donor flattery.AccountID, slip flattery.PaymentID, limit int) ([]flattery.Flattr, error)

	// Debts lists what the donor owes and has not paid, largest first.
	Debts(ctx context.Context, donor flattery.AccountID) ([]flattery.Debt, error)

	// Links lists the account's links in every state, oldest first.
	Links(ctx context.Context, account flattery.AccountID) ([]flattery.Link, error)

	// Reading says how many likes were found so far over those of the account's links of which the first reading goes on.
	Reading(ctx context.Context, account flattery.AccountID) (map[flattery.LinkID]int, error)

	// Settled is how many donors of a month are settled.
	Settled(ctx context.Context, m flattery.Month) (int, error)

	// Claims lists what is the account's own, oldest first.
	Claims(ctx context.Context, account flattery.AccountID) ([]flattery.Claim, error)

	// Provings lists the account's proofs by profile that were begun and have not expired, oldest first.
	Provings(ctx context.Context, account flattery.AccountID, now time.Time) ([]flattery.Proving, error)

	// Disputes lists those in which the account is on either side, newest first.
	Disputes(ctx context.Context, account flattery.AccountID) ([]flattery.Dispute, error)

	// AccountNamed finds an account by its name; Flattr one of the account's own; Nevers who never counts over a link.
	AccountNamed(ctx context.Context, name string) (flattery.Account, error)
	Flattr(ctx context.Context, account flattery.AccountID, id flattery.FlattrID) (flattery.Flattr, error)
	Nevers(ctx context.Context, link flattery.LinkID) ([]flattery.Profile, error)

	// Authors lists whose things the donor likes: what is pending, and what counts in a month or the one before; who waits for the
	// most comes first. AuthorsWaiting counts those who wait.
	Authors(ctx context.Context, donor flattery.AccountID, m flattery.Month) ([]flattery.DonorAuthor, error)
	AuthorsWaiting(ctx context.Context, donor flattery.AccountID) (int, error)
	// Admitted lists for whom flattrs of the donor waited, longer than a day, that count in a month now.
	Admitted(ctx context.Context, donor flattery.AccountID, m flattery.Month) ([]flattery.Admitted, error)

	// ClaimLink looks where a claim link leads, and changes nothing. ErrNotFound: nowhere.
	ClaimLink(ctx context.Context, token string, now time.Time) (flattery.ClaimLink, error)
	// ClaimMonths lists in which months something counts by a claim, newest first.
	ClaimMonths(ctx context.Context, claim flattery.ClaimID) ([]flattery.ClaimMonth, error)

	// Subscriptions lists the account's, newest first, those that have ended too.
	Subscriptions(ctx context.Context, account flattery.AccountID) ([]flattery.Subscription, error)
}

// Networks tells the networks there are.
type Networks interface {
	// Networks lists them in the order of the card. Which they are, their titles, nouns, states and origins are constant.
	Networks(ctx context.Context) ([]Network, error)
}

// Doors is what a visitor may command. What is another account's is answered with flattery.ErrNotFound, like what
// does not exist.
type Doors interface {
	// RemoveFlattr takes a flattr out of its month, RestoreFlattr puts it back. Refusals: ErrFrozen, ErrSettled, ErrState.
	RemoveFlattr(ctx context.Context, account flattery.AccountID, id flattery.FlattrID) error
	RestoreFlattr(ctx context.Context, account flattery.AccountID, id flattery.FlattrID) error

	// Offer says what a button stands for, to an account (0: a stranger). What it cannot stand for is an *InputError. Click is
	// one press on it: the same turn is the same press.
	Offer(ctx context.Context, account flattery.AccountID, asked Asked) (Offer, error)
	Click(ctx context.Context, account flattery.AccountID, asked Asked, turn int64) (Clicked, error)

	// Subscribe lets the thing of a flattr count again from next month on; months 0: until it is stopped.
	Subscribe(ctx context.Context, account flattery.AccountID, id flattery.FlattrID, months int) error
	StopSubscription(ctx context.Context, account flattery.AccountID, id flattery.SubscriptionID) error

	// TellAuthors makes the claim link of an author for whom something of the account's is pending; zero: of all of them. The one
	// there is stays. ErrNotFound where nothing is.
	TellAuthors(ctx context.Context, account flattery.AccountID, author flattery.Identity) error

	// SetRules says what counts over a link. Never and Allow are for one author; ErrNotFound where nobody such was seen.
	SetRules(ctx context.Context, account flattery.AccountID, link flattery.LinkID, r flattery.Rules) error
	Never(ctx context.Context, account flattery.AccountID, link flattery.LinkID, author flattery.Profile) error
	Allow(ctx context.Context, account flattery.AccountID, link flattery.LinkID, author flattery.Identity) error

	// SetWishes writes what the account gives and where it is paid. What this instance does not allow is an *InputError.
	SetWishes(ctx context.Context, account flattery.AccountID, s flattery.Settings) error
	SetLanguage(ctx context.Context, account flattery.AccountID, language string) error

	// Forget forgets the person; the amounts stay. Refusal: ErrLastAdmin.
	Forget(ctx context.Context, account flattery.AccountID) error

	// Publish shows the account to everybody, or no longer.
	Publish(ctx context.Context, account flattery.AccountID, public bool) error

	// MarkPayment notes what became of a slip: sent, paid or failed. Refusal: ErrState.
	MarkPayment(ctx context.Context, donor flattery.AccountID, id flattery.PaymentID, state flattery.PaymentState) error

	// CutSlips lets slips be over what the file of Sponsor pays of them; what it leaves is owed as before. A slip of which it pays nothing stays
	// as it is. Refusals: *InputError, ErrState. PaySlips marks them as paid by it, and says how many; ErrState: they are not over that.
	CutSlips(ctx context.Context, donor flattery.AccountID, slips []flattery.PaymentID, rate string) error
	PaySlips(ctx context.Context, donor flattery.AccountID, slips []flattery.PaymentID, rate string) (int, error)

	Rails

	// Enter spends a one-time sign-in token. One that is unknown, too old or spent answers ErrNotFound.
	Enter(ctx context.Context, token string) (flattery.AccountID, error)

	// Connect begins to link, to claim or to enter: it answers where the browser goes. With a state, nothing leads back from there:
	// a code is shown, which is handed to Connected. Refusals: ErrNotFound, *InputError, *OutsideError.
	Connect(ctx context.Context, c Connecting) (to, state string, err error)

	// Connected ends what Connect began, with what the callback of a network and host carried. A code that was typed comes
	// as the query "state" and "code", with no host. A stranger who claims what a claim link is of gets an account. Refusals: ErrAttempt, ErrDenied, ErrOther, ErrClaimed, ErrNobody, *OutsideError.
	Connected(ctx context.Context, account flattery.AccountID, browser, network, host string, query url.Values) (Connected, error)

	// LinkByName links a public name; month counts the month so far. A name that nobody has is an *InputError.
	LinkByName(ctx context.Context, account flattery.AccountID, network, handle string, month bool) (flattery.Link, error)
	Unlink(ctx context.Context, account flattery.AccountID, link flattery.LinkID) error
	Unclaim(ctx context.Context, account flattery.AccountID, claim flattery.ClaimID) error

	// BeginProof gives the account the token to be shown in the public profile of a handle. LookProof looks for it; refusals:
	// ErrNotFound, ErrUnproved, ErrClaimed, ErrDisputed, *OutsideError. RemoveProof forgets it.
	BeginProof(ctx context.Context, account flattery.AccountID, network, handle string) (flattery.Proving, error)
	LookProof(ctx context.Context, account flattery.AccountID, proof flattery.ProvingID) (Connected, error)
	RemoveProof(ctx context.Context, account flattery.AccountID, proof flattery.ProvingID) error

	// ShowToken makes a token for a profile; nothing is kept of it. Shown looks for it there, and makes the account of a stranger who
	// followed a claim link. Refusals: ErrAttempt where the link leads nowhere any more, ErrOther where the profile is not its author's,
	// ErrUnproved, ErrClaimed, *InputError, *OutsideError.
	ShowToken() string
	Shown(ctx context.Context, s Showing) (Connected, error)

	// CheckClaim looks again whether a claim holds, and answers how it stands then. ErrNotFound: it has ended by that.
	CheckClaim(ctx context.Context, account flattery.AccountID, claim flattery.ClaimID) (flattery.Claim, error)

	// Disputed lists every dispute, newest first, and Decide ends one. Only admins get here. Refusals: ErrNotFound, ErrState.
	Disputed(ctx context.Context) ([]Dispute, error)
	Decide(ctx context.Context, dispute flattery.DisputeID, outcome flattery.Outcome) error

	// Health, Audit and Instance are for admins: how the links of each network are, what is wrong with the ledger (nothing:
	// none) and how many transactions it has, and what this instance is.
	Health(ctx context.Context) ([]flattery.Health, error)
	Audit(ctx context.Context) (transactions int64, faults []string, err error)
	Instance(ctx context.Context) (Instance, error)

	// Policy is the instance's settings.
	Policy(ctx context.Context) (Policy, error)

	// SetPolicy makes settings of the instance, by name; they hold at once. Only admins get here. What cannot be is an *InputError,
	// and nothing is changed then.
	SetPolicy(ctx context.Context, made map[string]string) error

	// Upload keeps export files of the account until they are taken in, by themselves; owner is whose they are where they do not
	// say it. Refusals: ErrState while earlier ones are not, *InputError. Uploaded is the last, and how far it has come: ErrNotFound.
	Upload(ctx context.Context, account flattery.AccountID, owner string, files iter.Seq2[UploadFile, error]) error
	Uploaded(ctx context.Context, account flattery.AccountID) (Upload, error)

	// SaveKeys keeps what is empty in app as it was; a zero app forgets all. Only admins get here.
	SaveKeys(ctx context.Context, network string, app flattery.App) error

	// TestKeys asks the network with the keys as they are saved. The detail is one line fit to be shown.
	TestKeys(ctx context.Context, network string) (good bool, detail string, err error)
}

// The purposes of Connecting.
const (
	Linking  = "linking"
	Claiming = "claiming"
	Entering = "entering" // to sign in, or to show who is signed in
)

// Connecting is a wish to link or to claim somebody at a network, or to come in by that.
type Connecting struct {
	Account   flattery.AccountID // 0: a stranger
	Browser   string             // secret of the browser's session
	Network   string
	Purpose   string
	Link      flattery.LinkID      // to be connected again; 0: a new one
	ClaimLink flattery.ClaimLinkID // that was followed; 0: none
	Handle    string               // of the organisation to be claimed; "": one's own account
	Month     bool                 // count this month so far
	Code      bool                 // by a code to type
}

// Showing is a stranger's wish to claim by a token in a profile what a claim link is of.
type Showing struct {
	ClaimLink flattery.ClaimLinkID
	Network   string
	Handle    string // whose profile it is in: the author may have another than when the link was made
	Token     string
}

// Connected is what came of it.
type Connected struct {
	Purpose  string
	Profile  flattery.Profile
	Joined   int                // pending flattrs that now count, of a claim
	Disputed bool               // another account claims it: who does not prove it again loses it
	Account  flattery.AccountID // who has entered, or was made an account
	Claim    flattery.ClaimID   // of a claim link that was followed; 0: none
}

// Dispute is a dispute as who runs the instance sees it.
type Dispute struct {
	flattery.Dispute
	FirstName, SecondName string
	FirstProof            flattery.Proof // "": the claim has ended
}

// Instance is what who runs it may want to know.
type Instance struct {
	Database string // and its version
	Schema   int
	ID       string // made at first start, for ever
	Policy
	BackupAt time.Time // zero: none was noted
	BackupTo string
	Findings []Finding // what is not as it should be, as far as it is seen without reading everything
}

// Policy is the settings of an instance, and what keeps some of them from being changed.
type Policy struct {
	Settings []Setting
	Begun    bool // a month was closed or money noted: who moves the money stays as it is
	Settling bool // a month is being settled
}

// Finding is one thing that is not as it should be: a warning, or a fault. What it is about has the phrase finding.WHAT.
type Finding struct {
	Grade, What string
	Words       flattery.Sentence
}

// Setting is one of its settings. The value of a secret is dots.
type Setting struct {
	Name, Value, From string
	Open              bool // it may be made in the pages
}

// Sessions keeps sessions. The token it is given is a SHA-256 already, never what is in the cookie. Expiry is real
// time, also where the instance lives by another clock.
type Sessions interface {
	FindSession(ctx context.Context, token string) (data []byte, found bool, err error)
	AddSession(ctx context.Context, s flattery.Session, data []byte) error
	ChangeSession(ctx context.Context, s flattery.Session, data []byte) error // nothing happens to one that was ended
	RemoveSession(ctx context.Context, token string) error
}
