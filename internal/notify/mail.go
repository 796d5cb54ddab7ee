package notify

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/mail"
	"strconv"
	"strings"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/store"
)

// KindMail is the kind of job that mails one account what happened; its key is the account's number.
const KindMail = "mail"

// What mail is bound by.
const (
	longestAddress = 254
	confirmWithin  = 3 * 24 * time.Hour
	mostAsked      = 3                // links to confirm by, of an account and to an address, in a day
	mostMailed     = 50               // notices in a mail
	askedSpan      = 24 * time.Hour   // in which they are counted
	sendWithin     = 30 * time.Second // with all that the server takes
)

// MailStore is what mail needs of the store.
type MailStore interface {
	Account(ctx context.Context, id flattery.AccountID) (flattery.Account, error)
	Mail(ctx context.Context, account flattery.AccountID) (flattery.Mail, error)
	MailEnding(ctx context.Context, account flattery.AccountID) (flattery.Secret, error)
	MailEnds(ctx context.Context, token string) (flattery.AccountID, error)
	Typed(ctx context.Context, token string, now time.Time) (string, error)
	DueMails(ctx context.Context, now time.Time) ([]flattery.AccountID, error)
	Unmailed(ctx context.Context, account flattery.AccountID, limit int) ([]flattery.Notice, error)
	Schema(ctx context.Context) (store.Schema, error)
	Update(ctx context.Context, fn func(store.Tx) error) error
}

// Mails tell accounts by mail, as each wishes. An address gets nothing but a link until it is confirmed by that.
type Mails struct {
	*Teller
	Store  MailStore
	Server Server
	Base   func() string // where people reach the pages
	Now    func() time.Time
}

// Address asks an address, by a link mailed there, whether it is the account's. What is none is a *flattery.InputError; who asks too
// often gets flattery.ErrOften; where the server does not take it, a *flattery.OutsideError.
func (m *Mails) Address(ctx context.Context, account flattery.AccountID, address string) error {
	if m.Server.Host == "" {
		return flattery.Input("this instance sends no mail (setting mail.host)")
	}
	if err := check(address); err != nil {
		return err
	}
	a, err := m.Store.Account(ctx, account)
	if err != nil {
		return wrap("mail", err)
	}
	if err := m.knock(ctx, account, address); err != nil {
		return wrap("mail", err)
	}
	token := rand.Text()
	l, err := m.confirmation(a, token)
	if err != nil {
		return wrap("mail", err)
	}
	l.To = address
	if err := m.Server.send(ctx, l, m.Now()); err != nil {
		return &flattery.OutsideError{Network: "mail", Reason: "mail", Detail: connectors.Clean(err.Error(), longestCause)}
	}
	return wrap("mail", m.Store.Update(ctx, func(tx store.Tx) error {
		return tx.TypeMail(ctx, account, address, token, m.Now().Add(confirmWithin))
	}))
}

// check takes a plain address in ASCII: no name before it, nothing that could be more than one.
func check(address string) error {
	a, err := mail.ParseAddress(address)
	ascii := strings.IndexFunc(address, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
	if err != nil || !ascii || a.Address != address || len(address) > longestAddress || strings.ContainsAny(address, `"<>,;`) {
		return flattery.Input("%q is not a mail address: write it like ann@example.org", connectors.Clean(address, longestName))
	}
	return nil
}

// knock counts how often links were asked for: nobody is to be pestered through us.
func (m *Mails) knock(ctx context.Context, account flattery.AccountID, address string) error {
	now, often := m.Now(), false
	err := m.Store.Update(ctx, func(tx store.Tx) error {
		most := 0
		for _, key := range []string{fmt.Sprintf("mail of account %d", account), "mail to " + strings.ToLower(address)} {
			n, err := tx.Knock(ctx, key, now.Add(-askedSpan), now)
			if err != nil {
				return err
			}
			most = max(most, n)
		}
		often = most > mostAsked
		return nil
	})
	if err == nil && often {
		err = flattery.ErrOften
	}
	return err
}

// Asked is the address that a link confirms; flattery.ErrNotFound where it confirms none.
func (m *Mails) Asked(ctx context.Context, token string) (string, error) {
	address, err := m.Store.Typed(ctx, token, m.Now())
	return address, wrap("mail", err)
}

// Confirm uses the link up.
func (m *Mails) Confirm(ctx context.Context, token string) error {
	return wrap("mail", m.Store.Update(ctx, func(tx store.Tx) error {
		_, err := tx.ConfirmMail(ctx, token, flattery.Secret(rand.Text()), m.Now())
		return err
	}))
}

// Wish says how often an account wants mail.
func (m *Mails) Wish(ctx context.Context, account flattery.AccountID, wish flattery.MailWish) error {
	switch wish {
	case flattery.MailEach, flattery.MailMonthly, flattery.MailNone:
	default:
		return flattery.Input("%q is not how often one may want mail", wish)
	}
	return wrap("mail", m.Store.Update(ctx, func(tx store.Tx) error { return tx.WishMail(ctx, account, wish, m.Now()) }))
}

// Forget forgets the address.
func (m *Mails) Forget(ctx context.Context, account flattery.AccountID) error {
	return wrap("mail", m.Store.Update(ctx, func(tx store.Tx) error { return tx.EndMail(ctx, account) }))
}

// Ends reports whether a token ends somebody's mail, and End ends it: nobody needs to be signed in, and twice is as good as once.
func (m *Mails) Ends(ctx context.Context, token string) error {
	_, err := m.Store.MailEnds(ctx, token)
	return wrap("mail", err)
}

func (m *Mails) End(ctx context.Context, token string) error {
	id, err := m.Store.MailEnds(ctx, token)
	if err != nil {
		return wrap("mail", err)
	}
	return m.Wish(ctx, id, flattery.MailNone)
}

// Enqueue makes a job of each account to which something is to be mailed.
func (m *Mails) Enqueue(ctx context.Context, now time.Time) error {
	if m.Server.Host == "" {
		return nil
	}
	due, err := m.Store.DueMails(ctx, now)
	if err != nil || len(due) == 0 {
		return wrap("mail", err)
	}
	return wrap("mail", m.Store.Update(ctx, func(tx store.Tx) error {
		for _, id := range due {
			if err := tx.Enqueue(ctx, KindMail, strconv.FormatInt(int64(id), 10), now); err != nil {
				return err
			}
		}
		return nil
	}))
}

// Work does a job of KindMail. A server that is in trouble is asked again; what it refuses for good is not, and the page says so.
// Should we die between the server's word and ours, the same mail comes once more, under the same Message-ID.
func (m *Mails) Work(ctx context.Context, key string) error {
	id, err := strconv.ParseInt(key, 10, 64)
	if err != nil {
		return fmt.Errorf("notify: job %q: %w", key, err)
	}
	if err := m.work(ctx, flattery.AccountID(id)); err != nil && !errors.Is(err, flattery.ErrNotFound) {
		return wrap("mail to account "+key, err)
	}
	return nil
}

func (m *Mails) work(ctx context.Context, account flattery.AccountID) error {
	wants, err := m.Store.Mail(ctx, account)
	if err != nil || wants.Address == "" || wants.Wish == flattery.MailNone {
		return err
	}
	notices, err := m.Store.Unmailed(ctx, account, mostMailed)
	if err != nil || len(notices) == 0 {
		return err
	}
	a, err := m.Store.Account(ctx, account)
	if err != nil {
		return err
	}
	l, err := m.digest(ctx, a, notices)
	if err != nil {
		return err
	}
	l.To = wants.Address
	failed := ""
	if err := m.Server.send(ctx, l, m.Now()); err != nil {
		r, ok := errors.AsType[*refusal](err)
		if !ok {
			return err
		}
		failed = r.Error()
	}
	return m.Store.Update(ctx, func(tx store.Tx) error { return tx.Mailed(ctx, account, notices, failed, m.Now()) })
}
