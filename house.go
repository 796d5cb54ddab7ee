package flattery

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"time"
)

// Batch is payments of the house that are handed to a rail at once. It is written before anything is sent.
type Batch struct {
	ID       string    `json:"id"` // by which the rail knows it
	Rail     string    `json:"rail"`
	Currency string    `json:"currency"`
	MadeAt   time.Time `json:"made_at"`
	Tried    bool      `json:"tried"`           // the rail may have it: it is asked before it is handed anything again
	Cause    string    `json:"cause,omitempty"` // why it is not known yet what became of it
	Count    int       `json:"count"`
	Amount   Amount    `json:"amount"`
	Open     int       `json:"open"`               // payments of which it is not known whether they were paid
	Filed    bool      `json:"filed,omitempty"`    // there is a file to hand in
	Payments []Payment `json:"payments,omitempty"` // by number; of one batch alone
}

// File is what people hand in at a bank or platform.
type File struct {
	Name   string    `json:"name"`
	Body   []byte    `json:"-"`
	MadeAt time.Time `json:"made_at"`
}

// BankLine is one booking of a bank, as its statement says.
type BankLine struct {
	ID       BankLineID `json:"id"`
	Key      string     `json:"key"` // by which the bank tells it from others
	At       time.Time  `json:"booked_at"`
	Currency string     `json:"currency"`
	Amount   Amount     `json:"amount"`
	Incoming bool       `json:"incoming"`
	Returned bool       `json:"returned,omitempty"` // incoming: a payment that came back
	Text     string     `json:"text,omitempty"`     // what it says, and of whom it is; forgotten when it is done
	Became   Booking    `json:"became,omitempty"`   // "": it waits in suspense
	Payment  PaymentID  `json:"payment,omitempty"`
	Account  AccountID  `json:"account,omitempty"`
	ReadAt   time.Time  `json:"read_at"`
}

// Booking is what a line of a bank was for.
type Booking string

// What comes in is means of a donor, a payment that came back, or the owner's own; what goes out is a payment, a refund of
// means, a fee of the bank, means that a donor's bank took back, or the owner's own.
const (
	BookingMeans      Booking = "means"
	BookingReturn     Booking = "return"
	BookingOwn        Booking = "own"
	BookingPayment    Booking = "payment"
	BookingRefund     Booking = "refund"
	BookingFee        Booking = "fee"
	BookingChargeback Booking = "chargeback"
)

// Purse is what the house has and owes in one currency, as its ledger says.
type Purse struct {
	Currency string `json:"currency"`
	Bank     Amount `json:"bank"`
	In       Amount `json:"suspense_in"`  // came, and it is not known for what
	Out      Amount `json:"suspense_out"` // went, and it is not known for what
	Means    Amount `json:"means"`        // of all donors
	Debts    Amount `json:"debts"`        // what donors owe, whose banks took back what was spent
	Owed     Amount `json:"owed"`         // to payees
	OnWay    Amount `json:"on_way"`       // to them
	Sponsor  Amount `json:"sponsor"`      // the owner's own
	Costs    Amount `json:"costs"`        // that the bank took, and what proved destinations
}

// PaidIn is what a donor paid in at once; below 0: what was given back, or taken back.
type PaidIn struct {
	At       time.Time `json:"at"`
	Currency string    `json:"currency"`
	Amount   Amount    `json:"amount"`
}

// MeansCode is what a donor writes on a transfer to the house, so that it is known whose means they are: 40 bits of an
// instance's account.
func MeansCode(instance string, a AccountID) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "means\x1f%s\x1f%d", instance, a))
	s := base32.StdEncoding.EncodeToString(sum[:5])
	return "FL-" + s[:4] + "-" + s[4:]
}
