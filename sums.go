package flattery

import "time"

// Settlement is one donor's settled month. Budget = Fee + Shares + Unspent.
type Settlement struct {
	Month       Month     `json:"month"`
	Donor       AccountID `json:"donor"`
	Currency    string    `json:"currency"`
	Budget      Amount    `json:"budget"`
	Fee         Amount    `json:"fee"`
	Shares      Amount    `json:"shares"`
	Unspent     Amount    `json:"unspent"`         // held back by the donor's cap
	Given       Amount    `json:"given,omitempty"` // part of Shares: what the donor had received and gave on
	Flattrs     int       `json:"flattrs"`
	Transaction int64     `json:"transaction"` // its number in the ledger; 0 when there was nothing to post
}

// PaymentState: planned → sent or unknown → paid or failed.
type PaymentState string

// Planned payments are written before anything is sent.
const (
	PaymentPlanned PaymentState = "planned"
	PaymentSent    PaymentState = "sent"
	PaymentUnknown PaymentState = "unknown"
	PaymentPaid    PaymentState = "paid"
	PaymentFailed  PaymentState = "failed"
)

// Payment is one order to pay one destination: a slip of one donor, or the house's own (Donor 0), which pays out of what was paid in.
// Of no payee it is a trial: it is of no plan, and nobody was owed it.
type Payment struct {
	ID          PaymentID    `json:"id"`
	Code        string       `json:"code"` // what the donor writes on it, so that the payee can tell what it is
	Plan        Month        `json:"plan"`
	Rail        string       `json:"rail"`
	Donor       AccountID    `json:"donor"`
	Payee       PayeeID      `json:"payee"`
	PayeeName   string       `json:"payee_name"`
	Currency    string       `json:"currency"`
	Amount      Amount       `json:"amount"`
	Carried     Amount       `json:"carried,omitempty"` // part of what was planned that this payment leaves to a later one
	Destination Destination  `json:"destination"`
	State       PaymentState `json:"state"`
	PlannedAt   time.Time    `json:"planned_at"`
	SentAt      time.Time    `json:"sent_at"`
	PaidAt      time.Time    `json:"paid_at"`
	VoidedAt    time.Time    `json:"voided_at"`        // failed, because it was not paid for too long; zero: not
	ReturnedAt  time.Time    `json:"returned_at"`      // failed, because it came back after it was paid; zero: not
	GoneAt      time.Time    `json:"gone_at"`          // since when its destination is not published any more; zero: it is, or its payee has joined
	Batch       string       `json:"batch,omitempty"`  // with which it was handed to its rail
	Netted      bool         `json:"netted,omitempty"` // by netting the donor pays this payee in place of others
	Held        Held         `json:"held,omitempty"`   // of a planned one: it must not be paid now
	Joined      bool         `json:"joined"`           // the payee has an account here
	Trial       AccountID    `json:"trial,omitempty"`  // whose destination it is to prove
	Number      Secret       `json:"-"`                // of a trial: what its payee is to read on it
	SureAt      time.Time    `json:"sure_at,omitzero"` // the house's: when its payee proved by a trial that the destination is theirs; zero: not
	Published                // where the payee has none
}

// Message is what the donor writes on it, where there is a field for words: our name and the code.
func (p Payment) Message() string { return "Flattery " + p.Code }

// Debt is what a donor, or the house (Donor 0), owes a payee: settled and not yet paid.
type Debt struct {
	Donor       AccountID   `json:"donor"`
	Payee       PayeeID     `json:"payee"`
	PayeeName   string      `json:"payee_name"`
	Account     AccountID   `json:"payee_account,omitempty"` // 0: an author who never joined
	Currency    string      `json:"currency"`
	Amount      Amount      `json:"amount"`  // settled, and no payment has left for it
	Planned     Amount      `json:"planned"` // part of Amount for which a slip is out
	Since       Month       `json:"since"`   // the first month that is not paid
	Destination Destination `json:"destination,omitempty"`
	Held        Held        `json:"held,omitempty"` // why no slip is made
	Published               // of an author who never joined
}

// Published says where the destination of somebody who never joined is from.
type Published struct {
	Shown    string      `json:"shown,omitempty"`    // who is paid there, as it is published: perhaps another than the author
	Source   PlaceSource `json:"source,omitempty"`   //
	ProvedAt time.Time   `json:"proved_at,omitzero"` // when it was last seen
}

// Netted is what a plan changed of what a donor owes a payee: it was that much, of what took part, and becomes so much.
type Netted struct {
	Plan     Month     `json:"plan"`
	Donor    AccountID `json:"donor"`
	Payee    PayeeID   `json:"payee"`
	Currency string    `json:"currency"`
	Was      Amount    `json:"was"`
	Becomes  Amount    `json:"becomes"`
	Voided   Amount    `json:"voided"` // part of Was that the donor did not pay in the end, to whomever
	Since    Month     `json:"since"`  // the first month of what is owed
}

// Unmet is what the payee of a netted slip that was voided is to get from others: from those who owe the payees whom its donor
// would have paid.
type Unmet struct {
	Payment PaymentID `json:"payment"`
	Left    Amount    `json:"left"`
	To      Debt      `json:"to"` // whom; its amounts and donor are none
}

// Received is what a payee was promised and paid.
type Received struct {
	Payee    PayeeID   `json:"payee"`
	Account  AccountID `json:"account"`
	Name     string    `json:"name"`
	Currency string    `json:"currency"`
	Promised Amount    `json:"promised"` // all that was settled
	Paid     Amount    `json:"paid"`
	Owes     Amount    `json:"owes,omitempty"`  // paid to it in place of donors who did not pay in the end; taken from what comes
	Given    Amount    `json:"given,omitempty"` // prepaid: given on instead of being paid
}

// Left is what was promised and is not paid yet.
func (r Received) Left() Amount { return r.Promised - r.Paid - r.Given }

// Given is what an account gave on of what it received in a month. It is spent before the account's own budget is.
type Given struct {
	Month       Month     `json:"month"`
	Account     AccountID `json:"account"`
	Currency    string    `json:"currency"`
	Received    Amount    `json:"received"`
	Percent     int64     `json:"percent"`
	Amount      Amount    `json:"amount"`
	Spent       Amount    `json:"spent"`       // of Amount, by settlements since
	Promised    bool      `json:"promised"`    // pledge: the account was paid it, and pays it on by slips; else the instance has it
	Transaction int64     `json:"transaction"` // its number in the ledger
}

// Left is what was given on and is not spent yet.
func (g Given) Left() Amount { return g.Amount - g.Spent }

// Income is what one month gave to whom an account claims to be. Nobody learns from it who gave.
type Income struct {
	Month    Month  `json:"month"`
	Currency string `json:"currency,omitempty"` // "": not settled yet, or from donors who gave nothing
	Flattrs  int    `json:"flattrs"`
	Donors   int    `json:"donors"`
	Amount   Amount `json:"amount"`
}

// Earning is one thing's part of it. URL and title are the thing's.
type Earning struct {
	Thing    Thing  `json:"thing"`
	Currency string `json:"currency,omitempty"`
	Flattrs  int    `json:"flattrs"`
	Total    int    `json:"total"` // flattrs of all months
	Amount   Amount `json:"amount"`
}

// Tally is what the flattrs of one donor's month add up to.
type Tally struct {
	Counting int   `json:"counting"`
	Pending  int   `json:"pending"`
	Own      int   `json:"own"`
	Excluded int   `json:"excluded,omitempty"`
	Removed  int   `json:"removed"`
	Lapsed   int   `json:"lapsed"`
	Weight   int64 `json:"weight"` // of those that count
	// Those that count, by whom they go to. Each flattr is in exactly one creator's part and in one network's.
	Networks []NetworkPart `json:"networks"` // heaviest first
	Creators []CreatorPart `json:"creators"` // heaviest first, all of them
}

// NetworkPart is what came over one network.
type NetworkPart struct {
	Network string `json:"network"`
	Flattrs int    `json:"flattrs"`
	Weight  int64  `json:"weight"`
	Share   Amount `json:"share"` // settled months only
}

// CreatorPart is what went to one author.
type CreatorPart struct {
	Author  Profile `json:"author"`
	Flattrs int     `json:"flattrs"`
	Weight  int64   `json:"weight"`
	Share   Amount  `json:"share"` // settled months only
}
