package web

import (
	"context"
	"time"

	"flattery"
)

// Rails are the ways by which slips are paid. What they are handed is the donor's own; they post nothing and pay nothing.
type Rails interface {
	// Order is what a donor opens to pay a slip: the destination, with amount and code where its address can carry them.
	Order(p flattery.Payment) string

	// Transfer is the transfer that pays a slip; false where no bank does.
	Transfer(p flattery.Payment) (Transfer, bool)

	// Picture is a text as a code that telephones read, an SVG.
	Picture(text string) ([]byte, error)

	// Satoshi is how many thousandths of a satoshi an amount is, whole ones, where one bitcoin costs price. Refusal: *InputError.
	Satoshi(a, price flattery.Amount) (msat int64, err error)

	// Invoice asks the destination of a slip for an invoice over exactly so much, and compares it. Refusal: *InvoiceError.
	Invoice(ctx context.Context, p flattery.Payment, msat int64) (Invoice, error)

	// InvoicePaid reports whether its host proves that it was paid. Refusal: *InvoiceError, when that cannot be told.
	InvoicePaid(ctx context.Context, inv Invoice) (bool, error)

	// Sponsor says what GitHub Sponsors' bulk file is for slips of a donor, all of one currency, at a rate in dollars. Refusal: *InputError.
	Sponsor(ctx context.Context, donor flattery.AccountID, slips []flattery.PaymentID, rate string) (Sponsored, error)
}

// Transfer is one as a donor types it.
type Transfer struct {
	Name, IBAN string
	BIC        string // "": none
	Code       string // the text of the picture that banks' apps read; "": they know none for it
}

// Invoice is one of a Lightning address.
type Invoice struct {
	Text    string // BOLT 11
	Msat    int64
	Hash    string // of the payment, in hex
	Expires time.Time
	For     string // what the address's host says is paid
	Verify  string // where it is asked whether it was paid; "": nowhere
}

// InvoiceError says why there is no invoice, or why nobody knows whether it was paid.
type InvoiceError struct {
	Reason      string // nobody, range, refused, silent; unproved
	Detail      string // in English, or in the words of the host
	Least, Most int64  // of range, in thousandths of a satoshi
}

func (e *InvoiceError) Error() string { return "invoice: " + e.Reason + ": " + e.Detail }

// Sponsored is GitHub Sponsors' bulk file, and what it does to slips.
type Sponsored struct {
	Rows  []SponsorRow // by maintainer
	Parts []SponsorPart
	File  []byte
}

// SponsorRow is a line of it.
type SponsorRow struct {
	Maintainer string
	Dollars    int64
}

// SponsorPart is what it pays of a slip, and what it leaves, in the budget's currency. The slip may have been cut: together they are what it
// can be over.
type SponsorPart struct {
	Payment    flattery.PaymentID
	Maintainer string
	Paid, Left flattery.Amount
}
