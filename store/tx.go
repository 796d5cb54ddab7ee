package store

import (
	"context"
	"time"

	"flattery"
	"flattery/internal/ledger"
)

// Tx is one write transaction. Times are handed in; the store never asks what time it is. A refusal comes from the command
// or, where nothing is answered that depends on it, at the latest from Update: give both back.
type Tx interface {
	AddAccount(ctx context.Context, a flattery.Account) (flattery.AccountID, error) // ErrNameTaken
	SetSettings(ctx context.Context, id flattery.AccountID, s flattery.Settings, since time.Time) error
	SetLanguage(ctx context.Context, id flattery.AccountID, language string) error
	// RemoveAccount forgets the person and keeps the amounts: links and claims end, the name goes, and no dispute says any more
	// about whom it was.
	RemoveAccount(ctx context.Context, id flattery.AccountID, now time.Time) error

	// AddLink links an identity, or again one that was removed; the likes it had stay counted once. By name alone nothing
	// is taken away from a link that is active with more proof.
	AddLink(ctx context.Context, l flattery.Link, token flattery.Token) (flattery.LinkID, error)
	// HoldToken keeps others from renewing a link's token until a time. ErrState while somebody else holds it.
	HoldToken(ctx context.Context, id flattery.LinkID, now, until time.Time) error
	// SaveToken writes a renewed token and ends the hold. Nothing happens to a link that was removed.
	SaveToken(ctx context.Context, id flattery.LinkID, token flattery.Token) error
	// SaveLink writes what a poll learned: all that may change in a link, and the profile.
	SaveLink(ctx context.Context, l flattery.Link) error
	RemoveLink(ctx context.Context, id flattery.LinkID) error
	// SetRules says what counts over a link from now on. Never and Allow are for one author: by its identity, or by the handle
	// of somebody whom the link's network has shown before; ErrNotFound where there is none.
	SetRules(ctx context.Context, account flattery.AccountID, id flattery.LinkID, r flattery.Rules) error
	Never(ctx context.Context, account flattery.AccountID, id flattery.LinkID, author flattery.Profile) error
	Allow(ctx context.Context, account flattery.AccountID, id flattery.LinkID, author flattery.Identity) error
	// WakeLinks lets links that stopped for one of these reasons try again at a time, and says how many there are.
	WakeLinks(ctx context.Context, now time.Time, reasons ...string) (int, error)
	// DueLinks hands out at most n links whose time has come, and puts them off until until.
	DueLinks(ctx context.Context, now, until time.Time, n int) ([]flattery.LinkID, error)
	SawNetwork(ctx context.Context, date, now time.Time) error

	// AddClaim makes an identity the account's own as of ProvedAt, or proves again what is; its pending flattrs join the month that
	// contains ProvedAt. It says how many did. ErrClaimed when it is another's. A proof of one's own ends a dispute.
	AddClaim(ctx context.Context, c flattery.Claim) (joined int, err error)
	SaveClaimToken(ctx context.Context, id flattery.ClaimID, token flattery.Token) error
	// RemoveClaim ends a claim; what it made count in open months is pending again. What is disputed becomes the second's.
	RemoveClaim(ctx context.Context, id flattery.ClaimID, now time.Time) error
	// CheckClaim writes what a look at a claim showed, unless it was proved again since it was read. While a claim is lapsed or
	// disputed, what is settled for its identity waits apart, and moves to the account when it is not any more.
	CheckClaim(ctx context.Context, c flattery.Claim, l Look) error

	// OpenDispute notes that another's identity was proved by c.Account, or was proved again by it. ErrClaimed where the proof is not
	// its own, or where it lost a dispute about it not long ago; ErrDisputed while another disputes it.
	OpenDispute(ctx context.Context, c flattery.Claim, token flattery.Token, ends time.Time) (flattery.DisputeID, error)
	// EndDispute decides; ErrState when it was decided.
	EndDispute(ctx context.Context, id flattery.DisputeID, outcome flattery.Outcome, now time.Time) error

	// AddProving keeps the one there is for that account and handle, until it has expired.
	AddProving(ctx context.Context, p flattery.Proving) (flattery.Proving, error)
	RemoveProving(ctx context.Context, account flattery.AccountID, id flattery.ProvingID) error

	// AddClaimLink makes the claim link of an author for whom something of the donor's is pending, else ErrNotFound. There is one
	// an author: the one there is stays.
	AddClaimLink(ctx context.Context, donor flattery.AccountID, author flattery.Identity, token string, now time.Time) error

	// AddLikes writes a page of likes of a link, set-based, and says what became of each, in their order.
	AddLikes(ctx context.Context, l flattery.Link, likes []flattery.Like, baseline bool, now time.Time) ([]Outcome, error)
	// AddClick judges a press on a button as AddLikes judges a like. One that is known is answered with what became of it.
	AddClick(ctx context.Context, c Click, now time.Time) (Outcome, error)
	// Subscribe lets the thing of a flattr count again from the next month on, so many months (0: until stopped). What is
	// subscribed already goes on, now so long. ErrNotFound where there is no such flattr that may count.
	Subscribe(ctx context.Context, account flattery.AccountID, id flattery.FlattrID, months int, now time.Time) (flattery.SubscriptionID, error)
	StopSubscription(ctx context.Context, account flattery.AccountID, id flattery.SubscriptionID, now time.Time) error
	// AddSubscribed makes flattrs of at most n subscriptions that have none yet in an open month, and says how many: 0 when
	// all have theirs.
	AddSubscribed(ctx context.Context, n int, now time.Time) (int, error)
	// Walked compares a link's open flattrs with its whole list. What two walks in a row did not find is withdrawn (Removed,
	// Unliked); AddLikes brings it back when it is liked again. Nothing of a frozen month changes.
	Walked(ctx context.Context, l flattery.Link, w Walk) (withdrawn int, err error)
	// NameAuthor gives what is pending for the provisional author "~thing" to who was found to be the author: it counts in
	// the month that contains now when the author is claimed. The author may be provisional too ("@handle").
	NameAuthor(ctx context.Context, t flattery.Thing, author flattery.Profile, now time.Time) error
	// SavePayable writes where an author is paid. Who became payable has their pending flattrs counted in the month that contains
	// LookedAt, of those donors who let authors count who never joined; who is not any more has those of open months pending again.
	// It says how many joined. ErrNotFound where the author is not known here.
	SavePayable(ctx context.Context, p flattery.Payable) (joined int, err error)
	// AddImport notes a file, and says whether it is the account's first of that owner.
	AddImport(ctx context.Context, i Import) (first bool, err error)
	// AddUpload forgets the account's earlier ones. ErrState while one of them is not done. TakeUpload is for one: ErrNotFound when it
	// does not wait any more. SaveUpload writes State, Likes and Found of one that is not done.
	AddUpload(ctx context.Context, u Upload) (int64, error)
	TakeUpload(ctx context.Context, id int64) error
	SaveUpload(ctx context.Context, u Upload) error
	RemoveFlattr(ctx context.Context, account flattery.AccountID, id flattery.FlattrID) error // ErrFrozen
	RestoreFlattr(ctx context.Context, account flattery.AccountID, id flattery.FlattrID, now time.Time) error
	LapsePending(ctx context.Context, foundBefore time.Time) (int, error)

	// PayeeOf is the payee of an account; it is made when first asked for.
	PayeeOf(ctx context.Context, account flattery.AccountID) (flattery.PayeeID, error)
	// Freeze fixes which flattrs count in the month. ErrFrozen when it was.
	Freeze(ctx context.Context, m flattery.Month, now time.Time) (flattery.MonthState, error)
	// Settle notes donors' statements. ErrSettled when there is one already.
	Settle(ctx context.Context, statements ...flattery.Settlement) error
	// Owe adds to what a donor owes a payee since a month; a negative amount is what has left, planned in that month.
	// Never below zero.
	Owe(ctx context.Context, donor flattery.AccountID, payee flattery.PayeeID, currency string, amount flattery.Amount, since flattery.Month) error
	// GiveOn notes what an account gave on, once a month and currency. SpendGiven spends of it, the oldest first; ErrOverdrawn
	// when there is not so much.
	GiveOn(ctx context.Context, g flattery.Given) error
	SpendGiven(ctx context.Context, account flattery.AccountID, currency string, promised bool, amount flattery.Amount) error
	// CloseMonth writes the control sums when every donor of the month is settled, and says whether it did.
	CloseMonth(ctx context.Context, m flattery.Month, now time.Time) (flattery.MonthState, bool, error)

	// Post writes a transaction once by its key and says its number. Same key, same body: the number it has. Same key, other
	// body: ErrConflict. More than there is: ErrOverdrawn, at the latest from Update.
	Post(ctx context.Context, d ledger.Draft) (number int64, err error)
	Posted(ctx context.Context, key string) (bool, error)
	// PostAll posts many in their order, set-based.
	PostAll(ctx context.Context, drafts []ledger.Draft) (numbers []int64, err error)

	// Net changes who owes whom, before AddPlan stores the month's plan. ErrSettled when there is one; ErrOverdrawn when less is
	// owed now.
	Net(ctx context.Context, m flattery.Month, changes []flattery.Netted) error
	// Netted are what netting changed of a donor's debts with a plan. VoidNetted notes that a donor did not pay so much (Voided) of
	// what was owed; AddUnmet that a payee waits for it, and Meet that so much of it is owed by others now.
	Netted(ctx context.Context, plan flattery.Month, donor flattery.AccountID, currency string) ([]flattery.Netted, error)
	VoidNetted(ctx context.Context, id flattery.PaymentID, n flattery.Netted) error
	AddUnmet(ctx context.Context, id flattery.PaymentID, amount flattery.Amount) error
	Meet(ctx context.Context, id flattery.PaymentID, amount flattery.Amount) error
	// AddPlan stores a month's plan and its payments, numbered in their order. ErrSettled when there is one;
	// ErrOverdrawn when more would be planned than is owed.
	AddPlan(ctx context.Context, p Plan, payments []flattery.Payment) error
	// CutPayments lets planned payments of a donor be of other amounts, above 0 and at most what was planned; what is carried is owed as
	// before, and no payment is planned for it. ErrState: one is not planned any more, or not over Was; ErrOverdrawn: less is owed.
	CutPayments(ctx context.Context, donor flattery.AccountID, cuts []Cut) error
	// MovePayment writes State, SentAt and PaidAt of a payment that is in one of the states from and over its Amount; else ErrState.
	MovePayment(ctx context.Context, p flattery.Payment, from ...flattery.PaymentState) error

	// AddTrial plans a payment that is to prove the destination of p.Trial, of no plan and to no payee. ErrConflict where its code is taken.
	// One that is planned fails when the account changes its destination.
	AddTrial(ctx context.Context, p flattery.Payment) (flattery.PaymentID, error)
	// TryTrial counts that a number was typed, and says the right one. ErrState where that may not be: it has not left, came back, is
	// proved, or flattery.TrialTries were typed. ProveTrial notes that it was right, and forgets it.
	TryTrial(ctx context.Context, id flattery.PaymentID) (flattery.Secret, error)
	ProveTrial(ctx context.Context, id flattery.PaymentID, now time.Time) error

	// AddBatch makes a batch of planned payments of the house: they are unknown from then on. ErrState where one is not planned any
	// more. SaveBatch writes Tried and Cause.
	AddBatch(ctx context.Context, b flattery.Batch) error
	SaveBatch(ctx context.Context, b flattery.Batch) error
	// PutOutgoing keeps a file once a batch: the same is fine, another is ErrConflict.
	PutOutgoing(ctx context.Context, batch string, f flattery.File) error
	// AddBankLine notes a line once by its key, and says its number; 0: it is known. SaveBankLine writes Became, Payment and Account of one
	// that waits, else ErrState; while it still waits, Became is "" and it is only assigned.
	AddBankLine(ctx context.Context, l flattery.BankLine) (flattery.BankLineID, error)
	TellMeans(ctx context.Context, donor flattery.AccountID, key, currency string, amount flattery.Amount, now time.Time) error // once by the key
	SaveBankLine(ctx context.Context, l flattery.BankLine) error
	// Assigned is what went out for a payment and waits in suspense.
	Assigned(ctx context.Context, id flattery.PaymentID) (flattery.Amount, error)
	CloseAssigned(ctx context.Context, id flattery.PaymentID) error // the lines that wait for a payment were for it

	SaveApp(ctx context.Context, network string, a flattery.App, now time.Time) error // a zero one forgets the keys
	SaveAppToken(ctx context.Context, network string, token flattery.Token) error
	Spend(ctx context.Context, network string, m flattery.Month, s Spending) error // adds
	AddAttempt(ctx context.Context, a Attempt) error
	// TakeAttempt uses an attempt up, whatever becomes of it. ErrAttempt when it was used, has expired or never was.
	TakeAttempt(ctx context.Context, state string, now time.Time) (Attempt, error)
	// Reseal seals every secret anew with the first key of the store's box, and says how many there are.
	Reseal(ctx context.Context) (int, error)

	AddEntrance(ctx context.Context, token string, account flattery.AccountID, expires time.Time) error
	// Enter uses up a one-time token. ErrNotFound when it was used, has expired or never was.
	Enter(ctx context.Context, token string, now time.Time) (flattery.AccountID, error)
	AddSession(ctx context.Context, s flattery.Session, data []byte) error
	// ChangeSession changes nothing of a session that was ended meanwhile.
	ChangeSession(ctx context.Context, s flattery.Session, data []byte) error
	DeleteSession(ctx context.Context, token string) error
	EndSession(ctx context.Context, account flattery.AccountID, id flattery.SessionID) error
	EndSessions(ctx context.Context, account flattery.AccountID, but string) error // all but the one of that token

	// SetPassword and AddPasskey give an account its handle with its first key. Another handle: ErrConflict, of AddPasskey.
	SetPassword(ctx context.Context, account flattery.AccountID, handle []byte, hash flattery.Secret, now time.Time) error
	AddPasskey(ctx context.Context, account flattery.AccountID, handle []byte, p flattery.Passkey) error
	// UsePasskey notes an answer. ErrState when its count was there already.
	UsePasskey(ctx context.Context, id flattery.PasskeyID, count uint32, flags byte, now time.Time) error
	RemovePasskey(ctx context.Context, account flattery.AccountID, id flattery.PasskeyID) error
	// Knock counts one more attempt to come in by a key, and says how many there were; the count begins anew when it began
	// at since or before.
	Knock(ctx context.Context, key string, since, now time.Time) (int, error)
	ForgetKnocks(ctx context.Context, key string) error
	AddInvite(ctx context.Context, token string, i flattery.Invite) error
	// TakeInvite uses an invite up. ErrNotFound when it was used, has expired or never was.
	TakeInvite(ctx context.Context, token string, now time.Time) error
	EndInvite(ctx context.Context, id flattery.InviteID) error
	SetAdmin(ctx context.Context, id flattery.AccountID, admin bool) error // ErrLastAdmin

	Keep(ctx context.Context, name, value string) error // a setting of the instance; "" forgets it
	// TellGone tells a donor that what was to be paid to a place that is gone is theirs again.
	TellGone(ctx context.Context, p flattery.Payment, donor flattery.AccountID, amount flattery.Amount, now time.Time) error
	// SetPendingMost says how much of what waited for a creator joins a month, of each donor; 0: all of it.
	SetPendingMost(ctx context.Context, most int) error
	// JoinPending lets what waits because of that limit join the month that contains now, as far as the limit lets it: what was found first
	// goes first.
	JoinPending(ctx context.Context, now time.Time) (joined int, err error)
	// SetMustGive says whether receivers must give: what is liked of an author whose account does not give is pending then until it
	// does. What counts already stays. Where they need not any more, what waited for it joins the month that contains now.
	SetMustGive(ctx context.Context, must bool, now time.Time) error
	Begun(ctx context.Context) (Begun, error)
	NoteBackup(ctx context.Context, at time.Time, where string) error
	NoteRestore(ctx context.Context, at time.Time) error // zero: it is known what was paid since the backup was made

	// SetFeed gives an account its feed, or another address for it: only the hash of the token is kept. EndFeed takes it away.
	SetFeed(ctx context.Context, account flattery.AccountID, token string, now time.Time) error
	EndFeed(ctx context.Context, account flattery.AccountID) error
	AddHook(ctx context.Context, h flattery.Hook, key flattery.Secret) (flattery.HookID, error)
	// RotateHook gives a webhook another key. The one it had signs too, until a time.
	RotateHook(ctx context.Context, account flattery.AccountID, id flattery.HookID, key flattery.Secret, until time.Time) error
	RemoveHook(ctx context.Context, account flattery.AccountID, id flattery.HookID) error
	// AddDeliveries makes a delivery of each notice since a time to each webhook of its account that works and was there
	// already, once, and says which are new.
	AddDeliveries(ctx context.Context, since, now time.Time) ([]flattery.DeliveryID, error)
	AddDelivery(ctx context.Context, d flattery.Delivery) (flattery.DeliveryID, error)
	// SaveDelivery writes how a try ended. Nothing happens to one that is not there any more.
	SaveDelivery(ctx context.Context, d flattery.Delivery) error
	// HookWorks notes a good answer. HookFails notes a bad one, and stops a webhook that has failed since a time or before; its account
	// is told.
	HookWorks(ctx context.Context, id flattery.HookID) error
	HookFails(ctx context.Context, id flattery.HookID, host string, since, now time.Time) (stopped bool, err error)

	// TypeMail notes an address that waits to be confirmed by a token; the one before stays in use until then. ConfirmMail uses the
	// token up, and gives the account what ends its mail. ErrNotFound where it was used, has expired or never was.
	TypeMail(ctx context.Context, account flattery.AccountID, address, token string, expires time.Time) error
	ConfirmMail(ctx context.Context, token string, ending flattery.Secret, now time.Time) (flattery.AccountID, error)
	WishMail(ctx context.Context, account flattery.AccountID, wish flattery.MailWish, now time.Time) error
	EndMail(ctx context.Context, account flattery.AccountID) error
	// Mailed notes that notices were mailed, or why they could not be delivered: they are not mailed again.
	Mailed(ctx context.Context, account flattery.AccountID, notices []flattery.Notice, failed string, now time.Time) error

	// Tidy forgets what has expired: sessions, entrances, attempts, proofs, invites, knocks, claim links; notices after 400 days and
	// deliveries after 30.
	Tidy(ctx context.Context, now time.Time) error

	// Enqueue makes a job due at a time, in this transaction. One of that kind and key that is unfinished stays as it is.
	Enqueue(ctx context.Context, kind, key string, due time.Time) error
}
