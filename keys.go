package flattery

import (
	"errors"
	"regexp"
	"time"
)

// Numbers of what lets somebody in.
type (
	PasskeyID int64
	SessionID int64
	InviteID  int64
)

// Refusals of who wants to come in.
var (
	// ErrWrong: the name, the password or the passkey is not right; which of them is told to nobody.
	ErrWrong = errors.New("that is not right")
	ErrOften = errors.New("too many attempts")
	// ErrNobody: nobody comes in by who signed in at a network.
	ErrNobody = errors.New("nobody here comes in by that account")
	// ErrLastAdmin: somebody must run the instance.
	ErrLastAdmin = errors.New("the last administrator stays one")
)

// Passkey is a key of an account that a device keeps. Public is what its signatures are held against, as the device gave
// it; there is nothing in it to steal.
type Passkey struct {
	ID         PasskeyID `json:"id"`
	Credential []byte    `json:"-"` // by which the device knows it
	Public     []byte    `json:"-"` // COSE
	Count      uint32    `json:"-"` // of its signatures, as the device last said; 0: it does not count
	Flags      byte      `json:"-"` // of its last answer
	Name       string    `json:"name"`
	MadeAt     time.Time `json:"made_at"`
	UsedAt     time.Time `json:"used_at"` // zero: never
}

// Keys is by what an account comes in. None: by one-time links only.
type Keys struct {
	Handle     []byte    // by which devices know the account; empty until it has its first key
	PasswordAt time.Time // when it was set; zero: there is none
	Passkeys   []Passkey // oldest first
}

// Has reports whether there is any.
func (k Keys) Has() bool { return !k.PasswordAt.IsZero() || len(k.Passkeys) > 0 }

// Session is a browser that is signed in.
type Session struct {
	ID      SessionID
	Account AccountID // 0: somebody who is not signed in
	Token   string    // SHA-256 of what the browser holds
	Browser string    // coarse: "Firefox, Linux"
	MadeAt  time.Time
	SeenAt  time.Time // to the hour or so
	Expires time.Time
}

// Invite lets one person make an account.
type Invite struct {
	ID      InviteID  `json:"id"`
	By      AccountID `json:"by"` // 0: the command line
	MadeAt  time.Time `json:"made_at"`
	Expires time.Time `json:"expires"`
}

// ErrWeak: a password that is too short, or the account's own name.
var ErrWeak = errors.New("the password is too short or too easily guessed")

// ErrName: what cannot be the name of an account.
var ErrName = errors.New("not a name for an account")

// The lengths of a password, in letters.
const (
	ShortestPassword = 10
	LongestPassword  = 200
)

var accountName = regexp.MustCompile(`^[\pL\pN][\pL\pN ._-]{0,63}$`)

// AccountName reports whether an account may be called so: letters and digits, with spaces, points and dashes between.
func AccountName(name string) bool { return accountName.MatchString(name) }

// Newcomer is who accepts an invite, with a password or with what a device answered.
type Newcomer struct {
	Name, Language string
	Password       Secret
	Ceremony       []byte // as it was begun
	Answer         string // of the device; "": a password
	Device         string // name of the passkey
}
