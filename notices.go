package flattery

import "time"

// Numbers of what tells an account something.
type (
	NoticeID   int64
	HookID     int64
	DeliveryID int64
)

// NoticeKind says what happened.
type NoticeKind string

// What an account is told.
const (
	NoticeMonth    NoticeKind = "month.settled"    // to a donor: the statement is ready
	NoticeSlips    NoticeKind = "slips.ready"      // to a donor
	NoticeAuthor   NoticeKind = "author.payable"   // to a donor: flattrs that waited for an author count now
	NoticeIncome   NoticeKind = "income.settled"   // to a creator: what a month gave
	NoticeSent     NoticeKind = "payment.sent"     // to a creator
	NoticePaid     NoticeKind = "payment.paid"     // to a creator
	NoticeReturned NoticeKind = "payment.returned" // to a creator: what was paid came back, and is owed again
	NoticeMeans    NoticeKind = "means.arrived"    // to a donor, where the house collects
	NoticeVoided   NoticeKind = "slip.voided"      // to a donor: one slip was not paid for too long, and giving is paused
	NoticeLost     NoticeKind = "payment.voided"   // to a creator: what was promised does not come
	NoticeHomeless NoticeKind = "payment.gone"     // to a donor: nobody publishes any more where a payee is paid, and it is theirs again
	NoticeLate     NoticeKind = "payment.late"     // to a creator: a netted slip was voided, and others pay it later
	NoticeStopped  NoticeKind = "link.stopped"     // waits for its donor
	NoticeVerified NoticeKind = "claim.verified"   //
	NoticeLapsed   NoticeKind = "claim.lapsed"     //
	NoticeDisputed NoticeKind = "claim.disputed"   // another account has proved it too
	NoticeKept     NoticeKind = "claim.kept"       // a dispute has ended, and it stays with who had it
	NoticeGone     NoticeKind = "claim.lost"       // it went to who disputed it; they are told that it is verified
	NoticeRefused  NoticeKind = "claim.refused"    // to who disputed it in vain
	NoticeHook     NoticeKind = "webhook.disabled" // it did not answer well for too long
	NoticeTest     NoticeKind = "test"             // of a webhook; it is no notice that is kept
)

// Notice is one thing that an account is told once, as it stood then. It names nobody but the account's own identities, and
// authors of what it likes.
type Notice struct {
	ID       NoticeID   `json:"id"`
	Account  AccountID  `json:"account"`
	Kind     NoticeKind `json:"kind"`
	At       time.Time  `json:"at"`
	Month    Month      `json:"month,omitempty"`
	Amount   Amount     `json:"amount,omitempty"`
	Currency string     `json:"currency,omitempty"`
	Count    int        `json:"count,omitempty"` // of flattrs, or slips
	Network  string     `json:"network,omitempty"`
	Who      string     `json:"who,omitempty"`  // the handle at the network, or the host of the webhook
	Word     string     `json:"word,omitempty"` // why: a key of the fates of links, or of what lapses; the code of a payment
	Until    time.Time  `json:"until,omitzero"` // when a dispute ends
}

// Feed is an Atom feed of an account's notices. Its address is a secret.
type Feed struct {
	MadeAt time.Time `json:"made_at"` // zero: there is none
}

// Hook is an address to which an account's notices are posted (Standard Webhooks).
type Hook struct {
	ID        HookID    `json:"id"`
	Account   AccountID `json:"account"`
	URL       string    `json:"url"`
	MadeAt    time.Time `json:"made_at"`
	FailingAt time.Time `json:"failing_at,omitzero"` // since when every answer was bad; zero: the last was good
	StoppedAt time.Time `json:"stopped_at,omitzero"` // since when nothing is posted there; zero: it works
}

// HookKeys are what a webhook's messages are signed with: Old too, until OldUntil.
type HookKeys struct {
	Key, Old Secret
	OldUntil time.Time
}

// DeliveryState says what became of a delivery.
type DeliveryState string

// A delivery that waits is tried, or tried again.
const (
	DeliveryWaits  DeliveryState = "waits"
	DeliveryDone   DeliveryState = "done"
	DeliveryFailed DeliveryState = "failed"
)

// Delivery is one notice on its way to one webhook.
type Delivery struct {
	ID      DeliveryID    `json:"id"`
	Hook    HookID        `json:"hook"`
	Notice  NoticeID      `json:"notice,omitempty"` // 0: a test
	Kind    NoticeKind    `json:"kind"`
	State   DeliveryState `json:"state"`
	MadeAt  time.Time     `json:"made_at"`
	Tries   int           `json:"tries"`
	TriedAt time.Time     `json:"tried_at,omitzero"`
	Status  int           `json:"status,omitempty"` // of the last answer; 0: there was none
	Cause   string        `json:"cause,omitempty"`  // why there was none
}

// MailWish is how often an account wants mail.
type MailWish string

// Each: when something happens, at most once a day. Monthly: once a month is closed.
const (
	MailEach    MailWish = "each"
	MailMonthly MailWish = "monthly"
	MailNone    MailWish = "none"
)

// Mail is where an account wants mail, and how often.
type Mail struct {
	Address string    `json:"address"` // "": none is confirmed
	Wish    MailWish  `json:"wish"`
	SentAt  time.Time `json:"sent_at,omitzero"`
	Failed  string    `json:"failed,omitempty"` // why the last one could not be delivered
	Typed   string    `json:"typed,omitempty"`  // an address that waits to be confirmed
	Expires time.Time `json:"expires,omitzero"` // until then
}
