package store

import (
	"time"

	"flattery"
)

// FlattrQuery selects flattrs, newest first. Month selects what counts in it and what was found in it.
type FlattrQuery struct {
	Account flattery.AccountID
	Month   flattery.Month    // 0: any
	State   flattery.State    // "": every state
	Before  flattery.FlattrID // 0: from the newest
	Seen    bool              // with those that are older than their link
	Limit   int               // 0: 100
}

// DonorMonth is one donor's part of a frozen month.
type DonorMonth struct {
	Account flattery.Account // Settings as they stood at the freeze
	Means   flattery.Amount  // prepaid: what there is to spend
	// Given on before and not spent, spent first: what the instance has (part of Means), and what the account was paid and
	// promised to pay on (beside them).
	Given, Promised flattery.Amount
	Parts           []flattery.Part
	Flattrs         []flattery.FlattrID // of each part
	Payees          []flattery.PayeeID  // of each part
}

// PaymentQuery selects payments.
type PaymentQuery struct {
	Donor flattery.AccountID // 0: any
	House bool               // those of no donor
	Payee flattery.AccountID // 0: any
	Batch string             // "": any
	Code  string             // "": any
	Plan  flattery.Month     // 0: any
	State flattery.PaymentState
	Limit int // 0: all
}

// Gave is what a donor's means gave to a payee.
type Gave struct {
	Donor  flattery.AccountID
	Amount flattery.Amount
}

// Cut lets a planned payment be of another amount than it was.
type Cut struct {
	Payment      flattery.PaymentID
	Was, Becomes flattery.Amount
}

// Receipt is what an account that gives on received in a month, in its own currency.
type Receipt struct {
	Account flattery.Account // Settings as they stood at the freeze
	Payee   flattery.PayeeID
	Settled flattery.Amount // shares of the month
	Paid    flattery.Amount // payments that were paid while the month lasted
	Owed    flattery.Amount // settled whenever, not paid, and no donor's to pay
	Left    flattery.Amount // given on before and not spent
}

// Plan is a stored plan of payments. Once stored it does not change.
type Plan struct {
	Month     flattery.Month `json:"month"`
	Hash      string         `json:"hash"` // SHA-256 of its payments, hex
	CreatedAt time.Time      `json:"created_at"`
	Payments  int            `json:"payments"`
}

// Waiting is an author for whom flattrs are pending.
type Waiting struct {
	Author  flattery.Profile `json:"author"`
	Flattrs int              `json:"flattrs"`
	Donors  int              `json:"donors"`
}

// Sought is an author of whom it is to be found out where they take money.
type Sought struct {
	Author flattery.Profile
	Things []flattery.Thing // that are liked, the first like first, at most three: the same ones each time
	Known  []flattery.Place // from the last time
}

// Look is what a look at a claim showed.
type Look struct {
	At   time.Time
	Who  flattery.Profile // as it shows itself today; zero: not told
	Good bool             // it holds
	// Lapsed is why it does not, one of the reasons; "" and not Good: nobody could tell, and it stays as it was.
	Lapsed string
}

// Attempt is an OAuth flow that was begun and waits for its callback.
type Attempt struct {
	State     string             // what the callback must carry; only its hash is kept
	Browser   string             // secret of the browser session that began it; only its hash is kept
	Account   flattery.AccountID // 0: nobody is signed in
	Network   string
	Host      string
	Purpose   string               // linking, claiming or entering
	Link      flattery.LinkID      // to be connected again; 0: a new one
	ClaimLink flattery.ClaimLinkID // that was followed; 0: none
	Handle    string               // of the organisation to be claimed; "": one's own account
	Month     bool                 // count this month so far
	Verifier  flattery.Secret      // of PKCE, or the secret of an OAuth 1.0a request token; sealed
	Request   string               // OAuth 1.0a: the request token
	Expires   time.Time
}

// Visit is what a poll of a link begins with.
type Visit struct {
	Link   flattery.Link
	Token  flattery.Token // none: linked by name
	Sealed error          // why the token cannot be read
	App    flattery.App   // keys for its network that were entered here; none: zero
	Month  time.Time      // when the month that contains Now began
	Spent  Spending       // on its network this month (UTC); zero where nothing was
	Now    time.Time
}

// Spending is what a network took in a month (UTC), in the currency of its prices.
type Spending struct {
	Amount flattery.Amount `json:"amount"`
	Likes  int64           `json:"likes"` // that were read
}

// Walk is what a walk of a link's whole list found.
type Walk struct {
	From   time.Time // what was liked before is not judged; zero: all is
	Before time.Time // when the walk began: nor is what was liked after
	Things []flattery.Thing
}

// Import is a file of likes that was taken in.
type Import struct {
	Account flattery.AccountID
	Owner   flattery.Identity // whose export it is
	At      time.Time
}

// Upload is an export file that was handed in by the pages.
type Upload struct {
	ID      int64
	Account flattery.AccountID
	Name    string
	Owner   string // id at the network; "": the file says it
	State   string // waits, works, done, failed
	Likes   int    // read so far
	MadeAt  time.Time
	Found   string // done: what became of them, as whoever took it in wrote it; failed: why, in words
}

// Begun is how far the instance's money has come. While its transaction lasts nothing is posted and no month is frozen.
type Begun struct {
	Posted   bool // there are transactions
	Frozen   bool // a month was frozen
	Settling bool // one that is not settled yet
}

// Schema says which database this is.
type Schema struct {
	Database string `json:"database"` // "sqlite 3.51.0"
	Version  int    `json:"version"`  // of the last migration
	Instance string `json:"instance"` // made at first start, for ever
}

// Outcome is what became of one like.
type Outcome struct {
	Flattr flattery.FlattrID
	State  flattery.State
	Known  bool
}

// Click is a press on a button: one more share for its thing.
type Click struct {
	Account flattery.AccountID
	Thing   flattery.Thing
	Author  flattery.Profile
	Turn    int64 // above 0, made with the button: the same turn is the same press
	Once    bool  // one press counts for ever, whatever its turn
}
