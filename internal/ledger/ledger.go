// Package ledger is the book: what an account, an entry and a transaction are, how the chain is hashed, how a book is
// audited and how it is exported. It keeps nothing itself; the store does, and calls it.
package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"flattery"
)

// Account names an account of the chart, per currency: "donor:7:means", "payee:3:payable", "assets:pledge:7".
type Account struct {
	Name     string
	Currency string
}

// The chart. A donor's means are what arrived and is not spent; a pledge is what a donor has yet to pay; a payable is
// what a payee has yet to get; a payee's debt is what others paid it in place of a donor who did not pay in the end; transit is what is on its way and must return to zero; a donor's debt is what a bank took back after it was spent.
func DonorMeans(d flattery.AccountID) string { return "donor:" + id(int64(d)) + ":means" }
func Pledge(d flattery.AccountID) string     { return "assets:pledge:" + id(int64(d)) }
func DonorDebt(d flattery.AccountID) string  { return "donor:" + id(int64(d)) + ":debt" }
func PayeePayable(p flattery.PayeeID) string { return "payee:" + id(int64(p)) + ":payable" }
func PayeeDebt(p flattery.PayeeID) string    { return "payee:" + id(int64(p)) + ":debt" }
func Transit(rail string) string             { return "transit:" + rail }
func id(n int64) string                      { return strconv.FormatInt(n, 10) }

// Accounts of which there is one a currency.
const (
	Bank        = "assets:bank"
	BankFees    = "expense:psp:bank"
	Trials      = "expense:trials"    // what the house sent to prove destinations
	Sponsor     = "equity:sponsor"    // the owner's own
	SuspenseIn  = "suspense:bank:in"  // came, and it is not known for what
	SuspenseOut = "suspense:bank:out" // went
	IncomeFee   = "income:fee"
)

// Side is the side on which an account's balance stands; the other never exceeds it.
type Side string

// Debit accounts are what we have or are owed, Credit accounts what we owe.
const (
	Debit  Side = "debit"
	Credit Side = "credit"
)

// SideOf says by its name on which side an account stands.
func SideOf(name string) Side {
	switch first, _, _ := strings.Cut(name, ":"); first {
	case "assets", "expense":
		return Debit
	default:
		if strings.HasSuffix(name, ":debt") || name == SuspenseOut {
			return Debit
		}
		return Credit
	}
}

// Entry moves an amount > 0 from the credit to the debit account, both of one currency. Balanced by construction.
type Entry struct {
	Debit    string            `json:"debit"`
	Credit   string            `json:"credit"`
	Currency string            `json:"currency"`
	Amount   flattery.Amount   `json:"amount"`
	Flattr   flattery.FlattrID `json:"flattr,omitempty"` // whose share this is; 0: nobody's
}

// Draft is a transaction as its maker knows it.
type Draft struct {
	Key      string    `json:"key"`  // idempotency: the same key with the same body is posted once
	Kind     string    `json:"kind"` // settle, means, leave, confirm, reverse …
	Note     string    `json:"note,omitempty"`
	At       time.Time `json:"posted_at"`          // when it happened; it is posted at max(At, last)
	Reverses int64     `json:"reverses,omitempty"` // number of the transaction that this one mends; 0: none
	Entries  []Entry   `json:"entries"`
}

// Transaction is a posted draft. Numbers begin at 1 and have no gaps.
type Transaction struct {
	Number int64 `json:"number"`
	Draft
	Body Hash `json:"body"` // SHA-256 of what the draft says but its time
	Hash Hash `json:"hash"` // SHA-256 of the previous hash, number, posted time and Body
}

// Hash is a SHA-256.
type Hash [sha256.Size]byte

// String is lower-case hex.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText writes String.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// BodyHash is the SHA-256 of what the draft says: all of it but At.
func (d *Draft) BodyHash() Hash {
	buf := make([]byte, 0, 64+80*len(d.Entries))
	for _, s := range [...]string{d.Key, d.Kind, d.Note} {
		buf = append(strconv.AppendInt(buf, int64(len(s)), 10), ':')
		buf = append(append(buf, s...), '\n')
	}
	buf = append(strconv.AppendInt(buf, d.Reverses, 10), '\n')
	for i := range d.Entries {
		e := &d.Entries[i]
		buf = append(append(buf, e.Debit...), ' ')
		buf = append(append(buf, e.Credit...), ' ')
		buf = append(append(buf, e.Currency...), ' ')
		buf = append(strconv.AppendInt(buf, int64(e.Amount), 10), ' ')
		buf = append(strconv.AppendInt(buf, int64(e.Flattr), 10), '\n')
	}
	return sha256.Sum256(buf)
}

// Chain links a transaction to the one before it. at counts in whole microseconds.
func Chain(previous Hash, number int64, at time.Time, body Hash) Hash {
	var buf [3*sha256.Size - 16]byte
	n := copy(buf[:], previous[:])
	binary.BigEndian.PutUint64(buf[n:], uint64(number))
	binary.BigEndian.PutUint64(buf[n+8:], uint64(at.UnixMicro()))
	copy(buf[n+16:], body[:])
	return sha256.Sum256(buf[:])
}

// Check refuses a draft that no book may take.
func (d *Draft) Check() error {
	if d.Key == "" || d.Kind == "" || len(d.Entries) == 0 {
		return fmt.Errorf("ledger: transaction %q: key, kind and at least one entry are needed", d.Key)
	}
	for i, e := range d.Entries {
		switch {
		case e.Amount <= 0 || e.Amount > flattery.MaxAmount:
			return fmt.Errorf("ledger: %s: entry %d: amount %s is not above 0 and at most %s", d.Key, i+1, e.Amount, flattery.MaxAmount)
		case e.Debit == e.Credit || e.Debit == "" || e.Credit == "" || e.Currency == "":
			return fmt.Errorf("ledger: %s: entry %d: two accounts and a currency are needed", d.Key, i+1)
		}
	}
	return nil
}

// Reverse drafts the transaction that undoes t.
func (t *Transaction) Reverse(key, note string, at time.Time) Draft {
	d := Draft{Key: key, Kind: "reverse", Note: note, At: at, Reverses: t.Number}
	for _, e := range t.Entries {
		e.Debit, e.Credit, e.Flattr = e.Credit, e.Debit, 0
		d.Entries = append(d.Entries, e)
	}
	return d
}

// Total is what an account has moved since the beginning.
type Total struct {
	Debits, Credits flattery.Amount
}

// Balance is positive on the account's own side.
func (t Total) Balance(s Side) flattery.Amount {
	if s == Debit {
		return t.Debits - t.Credits
	}
	return t.Credits - t.Debits
}
