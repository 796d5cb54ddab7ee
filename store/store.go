// Package store is the only word between us and SQL: what is kept, and the commands that change it. What may happen
// only once is a constraint of the database behind it; the refusals have names (flattery.ErrSettled …).
package store

import (
	"context"
	"iter"
	"time"

	"flattery"
	"flattery/internal/ledger"
	"flattery/internal/queue"
)

// Store keeps one instance. Its methods may be called from many goroutines at once.
type Store interface {
	Reader
	// Update runs fn in one write transaction and returns after its commit: nil, fn's own error with nothing of fn
	// written, or flattery.ErrUnknown when the commit failed. fn may run again, touches only tx, assigns outer variables
	// as its last act and never calls Update.
	Update(ctx context.Context, fn func(Tx) error) error
	// Bulk is Update for what writes thousands of rows: it shares its commit with nobody.
	Bulk(ctx context.Context, fn func(Tx) error) error
	Jobs() queue.Jobs
	// Check asks the database whether it is whole.
	Check(ctx context.Context) error
	Close() error
}

// Reader reads. What is asked for by number or name and is not there is flattery.ErrNotFound.
type Reader interface {
	Account(ctx context.Context, id flattery.AccountID) (flattery.Account, error)
	AccountNamed(ctx context.Context, name string) (flattery.Account, error)
	Accounts(ctx context.Context) ([]flattery.Account, error)

	Link(ctx context.Context, id flattery.LinkID) (flattery.Link, error)
	Links(ctx context.Context, account flattery.AccountID) ([]flattery.Link, error) // account 0: all
	// Visit is all that is needed to poll a link, as of one moment.
	Visit(ctx context.Context, link flattery.LinkID, now time.Time) (Visit, error)
	Token(ctx context.Context, link flattery.LinkID) (flattery.Token, error)        // none: linked by name
	ClaimToken(ctx context.Context, claim flattery.ClaimID) (flattery.Token, error) // kept apart from those of links
	Health(ctx context.Context) ([]flattery.Health, error)                          // by network
	// Unasked counts the active links that were asked once, and not since a time.
	Unasked(ctx context.Context, since time.Time) (int, error)
	// Reading says how many likes were found over those of an account's links of which the first reading goes on.
	Reading(ctx context.Context, account flattery.AccountID) (map[flattery.LinkID]int, error)
	Claims(ctx context.Context, account flattery.AccountID) ([]flattery.Claim, error)
	Claim(ctx context.Context, id flattery.ClaimID) (flattery.Claim, error)
	// DueClaims are those to be looked at again: of organisations by their administrators each time; lapsed ones and those not
	// seen to hold since checked, unless they were tried since tried.
	DueClaims(ctx context.Context, checked, tried time.Time) ([]flattery.ClaimID, error)
	// FirstClaims are those of accounts that are owed and were never paid, neither checked nor tried since a time.
	FirstClaims(ctx context.Context, since time.Time) ([]flattery.ClaimID, error)
	Provings(ctx context.Context, account flattery.AccountID, now time.Time) ([]flattery.Proving, error) // oldest first, none that has expired
	Disputes(ctx context.Context, account flattery.AccountID) ([]flattery.Dispute, error)                // on either side; 0: all; newest first
	// ClaimOf finds who claims the identity that has a handle on a network, upper and lower case alike.
	ClaimOf(ctx context.Context, network, host, handle string) (flattery.Claim, error)
	// Claimed finds who claims an identity. It says nothing of how that stands: see Disputed and LapsedAt.
	Claimed(ctx context.Context, i flattery.Identity) (flattery.Claim, error)
	ClaimMonths(ctx context.Context, id flattery.ClaimID) ([]flattery.ClaimMonth, error) // newest first
	// ClaimLink looks where a claim link leads. ErrNotFound where nothing waits any more, unless the author is claimed by now.
	ClaimLink(ctx context.Context, token string, now time.Time) (flattery.ClaimLink, error)
	ClaimLinkNumbered(ctx context.Context, id flattery.ClaimLinkID, now time.Time) (flattery.ClaimLink, error)
	// Authors are those of what of a donor is pending, or counts in a month or the one before; who waits for the most comes first.
	Authors(ctx context.Context, donor flattery.AccountID, m flattery.Month) ([]flattery.DonorAuthor, error)
	AuthorsWaiting(ctx context.Context, donor flattery.AccountID) (int, error) // how many of them wait
	// Nevers are the authors whose things never count over a link.
	Nevers(ctx context.Context, link flattery.LinkID) ([]flattery.Profile, error)

	// App is the keys for a network that were entered here; none: zero. AppToken is a token of the instance itself.
	App(ctx context.Context, network string) (flattery.App, error)
	AppToken(ctx context.Context, network string) (flattery.Token, error)
	Spent(ctx context.Context, network string, m flattery.Month) (Spending, error) // zero where nothing was
	// Unnamed are the provisional identities ("~thing") for whose things likes are pending, oldest first, at most n.
	Unnamed(ctx context.Context, n int) ([]flattery.Thing, error)

	// Payable is what is known of where an author is paid who need not have joined. Sought are at most n authors for whom somebody
	// waits and of whom nothing is known that still stands.
	Payable(ctx context.Context, author flattery.Identity) (flattery.Payable, error)
	Sought(ctx context.Context, now time.Time, n int) ([]Sought, error)

	Flattr(ctx context.Context, account flattery.AccountID, id flattery.FlattrID) (flattery.Flattr, error)
	Flattrs(ctx context.Context, q FlattrQuery) ([]flattery.Flattr, error)
	// Liked lists for what a donor's slip is, newest first, at most limit: what counted of whom it pays since the slip before. Of one that
	// pays others by netting that is nothing, or not all.
	Liked(ctx context.Context, donor flattery.AccountID, slip flattery.PaymentID, limit int) ([]flattery.Flattr, error)
	Subscriptions(ctx context.Context, account flattery.AccountID) ([]flattery.Subscription, error) // newest first, those that ended too
	Tally(ctx context.Context, account flattery.AccountID, m flattery.Month) (flattery.Tally, error)

	// Current is the month that contains now; it need not be in Months yet.
	Current(ctx context.Context, now time.Time) (flattery.MonthState, error)
	Month(ctx context.Context, m flattery.Month) (flattery.MonthState, error)
	Months(ctx context.Context) ([]flattery.MonthState, error) // newest first
	// Donors are the accounts with flattrs that count in the month, and not yet settled, above after, by number.
	Donors(ctx context.Context, m flattery.Month, after flattery.AccountID, limit int) ([]flattery.AccountID, error)
	// DonorMonths yields all that is needed to split the month for the donors first…last, in their order.
	DonorMonths(ctx context.Context, m flattery.Month, first, last flattery.AccountID) iter.Seq2[DonorMonth, error]
	Settled(ctx context.Context, m flattery.Month) (int, error)                                 // donors of whom that is done
	Settlements(ctx context.Context, account flattery.AccountID) ([]flattery.Settlement, error) // newest first

	Debts(ctx context.Context, donor flattery.AccountID) ([]flattery.Debt, error) // 0: all; largest first
	// OpenDebts are those for which no slip is out, where that is so much or more, by donor; OwnDebts what accounts owe themselves.
	OpenDebts(ctx context.Context, least flattery.Amount) ([]flattery.Debt, error)
	OwnDebts(ctx context.Context) ([]flattery.Debt, error)
	Received(ctx context.Context, account flattery.AccountID) ([]flattery.Received, error) // by payee; 0: all
	// Incomes are the months of what an account claims to be, newest first; Earnings a month of it by thing, largest first.
	Incomes(ctx context.Context, account flattery.AccountID) ([]flattery.Income, error)
	Earnings(ctx context.Context, account flattery.AccountID, m flattery.Month) ([]flattery.Earning, error)
	// Given is what an account gave on, newest first; Receipts are of those that give on in a frozen month and have not yet.
	Given(ctx context.Context, account flattery.AccountID) ([]flattery.Given, error)
	Receipts(ctx context.Context, m flattery.Month) ([]Receipt, error)
	// Overdue are the planned payments that were planned at a time or before, and that nothing holds.
	Overdue(ctx context.Context, planned time.Time) ([]flattery.PaymentID, error)
	Unmet(ctx context.Context) ([]flattery.Unmet, error)                          // oldest first, those with something left
	Joined(ctx context.Context, m flattery.Month) ([]flattery.AccountID, error)   // netting, at the month's freeze and since
	Waiting(ctx context.Context) ([]Waiting, error)                               // most flattrs first
	Payments(ctx context.Context, q PaymentQuery) ([]flattery.Payment, error)     // newest plan first
	Payment(ctx context.Context, id flattery.PaymentID) (flattery.Payment, error) //
	Plan(ctx context.Context, m flattery.Month) (Plan, error)                     //
	Restored(ctx context.Context) (time.Time, error)                              // out of a backup; zero: not, or it is known what was paid since
	// Payables are what the house owes: what was settled, is not paid, and is no donor's to pay. By payee.
	Payables(ctx context.Context) ([]flattery.Debt, error)
	Trials(ctx context.Context, account flattery.AccountID) ([]flattery.Trial, error) // newest first, whatever became of them
	// Batch is one with its payments, Batches are all without them, newest first; OpenBatches are those of which it is not known of
	// every payment what became of it.
	Batch(ctx context.Context, id string) (flattery.Batch, error)
	Batches(ctx context.Context) ([]flattery.Batch, error)
	OpenBatches(ctx context.Context) ([]string, error)
	Outgoing(ctx context.Context, batch string) (flattery.File, error)
	// Purses are what the house has and owes, by currency; PaidIn is what a donor paid in and got back, newest first.
	Purses(ctx context.Context) ([]flattery.Purse, error)
	PaidIn(ctx context.Context, donor flattery.AccountID, limit int) ([]flattery.PaidIn, error)
	BankLine(ctx context.Context, id flattery.BankLineID) (flattery.BankLine, error)
	BankLines(ctx context.Context, limit int) ([]flattery.BankLine, error)                      // those that wait in suspense first, and newest first
	Balance(ctx context.Context, name, currency string) (flattery.Amount, error)                // on the account's own side
	Book(ctx context.Context) (ledger.Book, func(), error)                                      // one snapshot; call the func when done
	LastPosted(ctx context.Context) (time.Time, error)                                          // zero: the ledger is empty
	NetworkDate(ctx context.Context) (date, seen time.Time, err error)                          // newest Date of a network, and our clock then
	Session(ctx context.Context, token string, now time.Time) (data []byte, ok bool, err error) // by hashed token
	Sessions(ctx context.Context, account flattery.AccountID, now time.Time) ([]flattery.Session, error)
	Keys(ctx context.Context, account flattery.AccountID) (flattery.Keys, error)       // none: zero
	Password(ctx context.Context, account flattery.AccountID) (flattery.Secret, error) // its hash; none: ""
	PasskeyOwner(ctx context.Context, credential []byte) (flattery.AccountID, error)
	Invites(ctx context.Context, now time.Time) ([]flattery.Invite, error) // that nobody has used
	Invited(ctx context.Context, token string, now time.Time) (flattery.Invite, error)

	Notices(ctx context.Context, account flattery.AccountID, limit int) ([]flattery.Notice, error) // newest first
	Notice(ctx context.Context, account flattery.AccountID, id flattery.NoticeID) (flattery.Notice, error)
	Feed(ctx context.Context, account flattery.AccountID) (flattery.Feed, error) // none: zero
	FeedOwner(ctx context.Context, token string) (flattery.AccountID, error)
	Hooks(ctx context.Context, account flattery.AccountID) ([]flattery.Hook, error) // oldest first
	Hook(ctx context.Context, id flattery.HookID) (flattery.Hook, error)
	HookKeys(ctx context.Context, id flattery.HookID) (flattery.HookKeys, error)
	Deliveries(ctx context.Context, hook flattery.HookID, limit int) ([]flattery.Delivery, error) // newest first
	Delivery(ctx context.Context, id flattery.DeliveryID) (flattery.Delivery, error)
	OpenDeliveries(ctx context.Context) ([]flattery.DeliveryID, error)                              // that wait
	Mail(ctx context.Context, account flattery.AccountID) (flattery.Mail, error)                    // none: zero
	MailEnding(ctx context.Context, account flattery.AccountID) (flattery.Secret, error)            // what ends it without signing in
	MailEnds(ctx context.Context, token string) (flattery.AccountID, error)                         // whose mail that ends
	Typed(ctx context.Context, token string, now time.Time) (address string, err error)             // the address that a token confirms
	DueMails(ctx context.Context, now time.Time) ([]flattery.AccountID, error)                      // to whom something is to be mailed
	Unmailed(ctx context.Context, account flattery.AccountID, limit int) ([]flattery.Notice, error) // oldest first

	Schema(ctx context.Context) (Schema, error)
	LastBackup(ctx context.Context) (at time.Time, where string, err error) // zero: none was noted
	Upload(ctx context.Context, account flattery.AccountID) (Upload, error) // the account's last
	OpenUploads(ctx context.Context) ([]Upload, error)                      // that wait or are at work
	Kept(ctx context.Context) (map[string]string, error)                    // settings of the instance that were made in the pages, by name
	Gone(ctx context.Context, before time.Time) ([]flattery.PaymentID, error)
	Elsewhere(ctx context.Context, id flattery.PaymentID) (bool, error)
	Gave(ctx context.Context, payee flattery.PayeeID, currency string) ([]Gave, error)
	PendingMost(ctx context.Context) (int, error) // as SetPendingMost said last
	Admitted(ctx context.Context, donor flattery.AccountID, m flattery.Month) ([]flattery.Admitted, error)
	MustGive(ctx context.Context) (bool, error) // whether receivers must give, as SetMustGive said last
	Begun(ctx context.Context) (Begun, error)
}
