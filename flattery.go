// Package flattery has the words everybody here speaks: who (accounts, identities, links, claims), what (likes,
// things, flattrs), how much (Amount, Split) and when (Month). It does nothing and imports nothing of ours.
package flattery

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"
)

// Numbers that the store gives to what it keeps. They mean nothing outside of one store.
type (
	AccountID  int64
	LinkID     int64
	ClaimID    int64
	FlattrID   int64
	PayeeID    int64
	PaymentID  int64
	ProvingID  int64
	DisputeID  int64
	BankLineID int64
)

// Refusals of a command. Each is made by a constraint of the store, not by a look before the write.
var (
	ErrNotFound   = errors.New("not found")
	ErrNameTaken  = errors.New("the name is taken")
	ErrFlattrOnce = errors.New("one like of one thing counts once")
	ErrFrozen     = errors.New("the month is frozen")
	ErrSettled    = errors.New("the month is settled")
	ErrClaimed    = errors.New("the identity is claimed by another account")
	ErrDisputed   = errors.New("two other accounts dispute whose the identity is: try again when that has ended")
	ErrOverdrawn  = errors.New("more than there is")
	ErrConflict   = errors.New("the same key was used with another content")
	ErrState      = errors.New("not possible in this state")
	// ErrAttempt: a callback of no attempt to connect that was begun here, in this browser, within the last minutes.
	ErrAttempt = errors.New("this attempt to connect is unknown, used up or too old: begin again")
	ErrDenied  = errors.New("it was refused at the network; nothing was changed")
	// ErrUnproved: the profile was read, and the token is not in it.
	ErrUnproved = errors.New("the token is not there yet")
	// ErrOther: somebody else signed in at the network than the link or claim is of.
	ErrOther = errors.New("another account was signed in at the network; nothing was changed")
	// ErrUnknown: whether the write happened is not known. Ask again under the same key.
	ErrUnknown = errors.New("it is not known whether this was written; look, or do the same again")
)

// InputError is bad input: what is wrong and how to mend it, in one line. The command line ends with 2 for it.
type InputError struct{ Sentence }

func (e *InputError) Error() string { return e.String() }

// Input makes an InputError.
func Input(format string, args ...any) error { return &InputError{Say(format, args...)} }

// OutsideError is what a network refused or broke while somebody waited for it. Reason is a key under which pages have
// words; Detail is one line that is fit to be shown.
type OutsideError struct{ Network, Reason, Detail string }

func (e *OutsideError) Error() string { return e.Network + ": " + e.Detail }

// Secret is a token or key. It prints as dots everywhere; string(s) is the only way to read it.
type Secret string

// String never tells the secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "•••"
}

// GoString, Format, LogValue and MarshalText never tell it either.
func (s Secret) GoString() string             { return s.String() }
func (s Secret) Format(f fmt.State, _ rune)   { _, _ = f.Write([]byte(s.String())) }
func (s Secret) LogValue() slog.Value         { return slog.StringValue(s.String()) }
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Token is what a network gave us to speak for somebody. The zero value is none: the public way.
type Token struct {
	Access  Secret
	Secret  Secret    // of OAuth 1.0a
	Refresh Secret    // "": the access token cannot be renewed
	Expires time.Time // of Access, UTC; zero: the network does not say
}

// Has reports whether there is a token at all.
func (t Token) Has() bool { return t.Access != "" }

// App is the keys by which a network knows this instance. Each may be empty.
type App struct {
	ID     string
	Secret Secret
	Key    Secret
	// Accepted is the sentence of the network's terms that the owner of the instance has ticked, where it asks for that.
	Accepted string
}

// Identity is somebody on a network: the subject is the network's immutable id, never a handle or an e-mail. Host
// names the server where a network has many, else the network's own host.
type Identity struct {
	Network string `json:"network"`
	Host    string `json:"host"`
	Subject string `json:"subject"`
}

// Provisional reports whether only a handle is known ("@handle") or only what the person made ("~thing"), as from an
// export file. Such an identity is never payable; a claim whose proof answers with that handle binds it.
func (i Identity) Provisional() bool {
	return len(i.Subject) > 1 && (i.Subject[0] == '@' || i.Subject[0] == '~')
}

// Profile is an identity as it showed itself when last seen. All but the Identity may change.
type Profile struct {
	Identity
	Handle       string `json:"handle"`
	Name         string `json:"name,omitempty"`
	URL          string `json:"url,omitempty"`
	Organisation bool   `json:"organisation,omitempty"`
}

// String names the profile as the command line does: "github:octocat".
func (p Profile) String() string {
	if p.Handle == "" {
		return p.Network + ":" + p.Subject
	}
	return p.Network + ":" + p.Handle
}

// Thing is what was liked. Its key is (network, host, id); where the network has no id, ID is the canonical URL.
type Thing struct {
	Network string `json:"network"`
	Host    string `json:"host"`
	ID      string `json:"id"`
	URL     string `json:"url"`
	Title   string `json:"title"`
}

// Source says where the time of a like is from.
type Source string

// The network told it, it is inside an id of the network, or it is when we first saw the like.
const (
	Exact     Source = "exact"
	Derived   Source = "derived"
	FirstSeen Source = "first seen"
)

// Like is what a connector found: somebody liked the thing, which the author made. At is zero where the network does
// not tell; Source is then ignored.
type Like struct {
	Thing  Thing
	Author Profile
	At     time.Time
	Source Source
}

// Cursor is a connector's secret: where it is in a list. The empty cursor is the beginning.
type Cursor string

// Kind tells flattrs of the same thing apart.
type Kind string

// A like (turn 0), a click on a button (turn: the click's id), a subscription (turn: the month).
const (
	KindLike         Kind = "like"
	KindClick        Kind = "click"
	KindSubscription Kind = "subscription"
)

// State is what became of a flattr.
type State string

// Only Counting takes a share. Seen likes are older than their link and never count.
const (
	Counting State = "counts"
	Pending  State = "pending" // the author cannot be paid yet
	Seen     State = "seen"
	Own      State = "own"      // one's own thing
	Excluded State = "excluded" // by the rules of its link
	Removed  State = "removed"  // by the donor, before the freeze
	Lapsed   State = "lapsed"   // pending for too long
)

// Flattr is one like of one account as the store keeps it.
type Flattr struct {
	ID       FlattrID  `json:"id"`
	Account  AccountID `json:"account"`
	Link     LinkID    `json:"link,omitempty"`
	Kind     Kind      `json:"kind"`
	Turn     int64     `json:"turn,omitempty"`
	Thing    Thing     `json:"thing"`
	Author   Profile   `json:"author"`
	State    State     `json:"state"`
	At       time.Time `json:"at"`     // of the like; when the network does not tell, when it was first seen
	Source   Source    `json:"source"` // where At is from
	FoundAt  time.Time `json:"found_at"`
	CountsIn Month     `json:"counts_in,omitempty"` // no month unless it counts (or did, when removed)
	Weight   int64     `json:"weight"`
	Share    Amount    `json:"share"` // settled months only
	// Unliked: it was removed because the like was taken back at the network. Liked again it comes back.
	Unliked bool `json:"unliked,omitempty"`
}

// Destination is where a payee is paid: always a URI (payto:, lightning:, https:).
type Destination string

// Account is a person or a group here. The same account gives and receives.
type Account struct {
	ID        AccountID `json:"id"`
	Name      string    `json:"name"`
	Admin     bool      `json:"admin"`
	Language  string    `json:"language,omitempty"` // "" follows the browser
	CreatedAt time.Time `json:"created_at"`
	Settings
}

// Settings are a donor's wishes. Each is a row with a start; what stands at the freeze counts for the whole month.
type Settings struct {
	Budget      Amount      `json:"budget"` // a month; 0: gives nothing
	Currency    string      `json:"currency"`
	Cap         Amount      `json:"cap"` // the most one flattr may be worth; 0: no cap
	Paused      bool        `json:"paused"`
	Destination Destination `json:"destination,omitempty"`  // where the account is paid
	ClaimedOnly bool        `json:"claimed_only,omitempty"` // authors who never joined do not count, though they publish where to be paid
	Public      bool        `json:"public,omitempty"`       // it has a page that everybody may see, and a button by its name
	GiveOn      int64       `json:"give_on,omitempty"`      // percent of what it receives that is spent like its budget; 0–100
	Netting     bool        `json:"netting,omitempty"`      // it may pay, and be paid by, others than by likes, in fewer payments
	OnTop       bool        `json:"on_top,omitempty"`       // what is given on is spent beside the budget, and not inside it
}

// Gives reports whether something is given: there is a budget, and it is not paused.
func (s Settings) Gives() bool { return s.Budget > 0 && !s.Paused }

// Networks that are none: the web, whose things are pages (ID: the canonical address), and this house itself, where each
// account is the subject of its number.
const (
	Web   = "web"
	House = "flattery"
)

// Self is who an account is here: the author of what a button by its name stands for.
func (a Account) Self() Profile {
	return Profile{Identity: Identity{Network: House, Host: House, Subject: strconv.FormatInt(int64(a.ID), 10)}, Handle: a.Name}
}

// Proof is how a link or a claim was proved.
type Proof string

// A public name proves nothing: such a link steers its own donor's budget and locks nobody out.
const (
	ByName    Proof = "name"
	ByToken   Proof = "token"
	ByOAuth   Proof = "oauth"
	ByProfile Proof = "profile" // a claim token in the public profile
	ByPage    Proof = "page"    // a claim token on a page of one's own, tied to the profile by rel="me" both ways
	ByAdmin   Proof = "admin"
	ByHouse   Proof = "house" // it is the account itself
)

// Proved reports whether the proof shows that the identity is the account's own.
func (p Proof) Proved() bool { return p != "" && p != ByName }

// Own reports whether the account proved it itself, and not an administrator with a word.
func (p Proof) Own() bool { return p.Proved() && p != ByAdmin }

// LinkState says whether a link is polled.
type LinkState string

// A suspended link waits for its donor (Reason says why); a removed one is kept so that its likes stay counted once.
const (
	LinkActive    LinkState = "active"
	LinkSuspended LinkState = "suspended"
	LinkRemoved   LinkState = "removed"
)

// Link is an identity whose likes are polled for an account.
type Link struct {
	ID       LinkID        `json:"id"`
	Account  AccountID     `json:"account"`
	Identity Profile       `json:"identity"`
	Proof    Proof         `json:"proof"`
	State    LinkState     `json:"state"`
	Reason   string        `json:"reason,omitempty"` // why it stopped or is late: a key of poll's fates
	Detail   string        `json:"detail,omitempty"` // the same in the network's words
	Cursor   Cursor        `json:"-"`
	BeginsAt time.Time     `json:"begins_at"` // what was liked before never counts
	Interval time.Duration `json:"interval"`  // between polls, before jitter
	NextPoll time.Time     `json:"next_poll"`
	LastPoll time.Time     `json:"last_poll"` // last attempt; zero: never
	LastGood time.Time     `json:"last_good"` // last good answer; zero: never
	Failures int           `json:"failures"`  // in a row
	NextWalk time.Time     `json:"next_walk"` // when the whole list is walked again, to see what is no longer liked
	Rules    Rules         `json:"rules"`
}

// MonthState is what the store knows of a month. Times are zero until they happen.
type MonthState struct {
	Month     Month     `json:"month"`
	Starts    time.Time `json:"starts"`
	Ends      time.Time `json:"ends"`
	FrozenAt  time.Time `json:"frozen_at"`
	SettledAt time.Time `json:"settled_at"`
	Flattrs   int       `json:"flattrs"`          // that count, at the freeze
	Donors    int       `json:"donors"`           // of these flattrs
	Digest    string    `json:"digest,omitempty"` // SHA-256 over their sorted ids, hex
	Budgets   Amount    `json:"budgets"`          // control sum: what the donors gave
	Shares    Amount    `json:"shares"`           // control sum: what the flattrs received
	Head      string    `json:"head,omitempty"`   // the ledger's last hash when it was settled
}

// Health is how the links of one network are: well, late (asked again later) and stopped (waiting for somebody).
type Health struct {
	Network  string    `json:"network"`
	Well     int       `json:"well"`
	Late     int       `json:"late"`
	Stopped  int       `json:"stopped"`
	LastGood time.Time `json:"last_good"` // last good answer to any of them; zero: never
	NextPoll time.Time `json:"next_poll"` // when the first of them is due; in the past: since when one waits
	Troubles []Trouble `json:"troubles"`
}

// Trouble is one reason why links are late or have stopped.
type Trouble struct {
	Reason string `json:"reason"` // a key of poll's fates
	Links  int    `json:"links"`
	Detail string `json:"detail,omitempty"` // of one of them, in the network's words
}
