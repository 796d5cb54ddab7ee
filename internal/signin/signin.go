// Package signin lets people in, and knows who they are: passwords, passkeys, invites, roles, and where an account is signed
// in. It knows nothing of pages; a one-time link is made and spent elsewhere.
package signin

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"flattery"
	"flattery/store"
)

// How often one may try to come in within a span: as one account, and from one address, behind which many may live.
const (
	tries        = 10
	triesFrom    = 60
	span         = 15 * time.Minute
	inviteLife   = 7 * 24 * time.Hour
	handleLength = 32
)

// Options are what New needs.
type Options struct {
	Store store.Store
	Now   func() time.Time // the instance's clock: invites
	Clock func() time.Time // the machine's: sessions, keys, and how often somebody tried
	// Address is where people reach the pages: "https://flattery.example". On an address of numbers on this machine the
	// passkeys are those of "localhost", since browsers keep none for numbers; on others there are none.
	Address string
	Cost    Cost // zero: Default
}

// Desk is where people come in. Its methods may be called from many goroutines at once.
type Desk struct {
	Options
	origin string
	party  *webauthn.WebAuthn // nil: no passkeys here
	slots  chan struct{}      // who is computing a password
	dummy  flattery.Secret    // hash of nobody's password
}

// New makes a desk.
func New(o Options) (*Desk, error) {
	if o.Cost == (Cost{}) {
		o.Cost = Default
	}
	d := &Desk{Options: o, slots: make(chan struct{}, 2)}
	d.dummy = o.Cost.hash(rand.Text())
	var err error
	if d.origin, d.party, err = party(o.Address); err != nil {
		return nil, fmt.Errorf("signin: %w", err)
	}
	return d, nil
}

// accountKey is under which the tries of an account are counted, whether there is one of that name or not.
func accountKey(name string) string { return "account " + strings.ToLower(name) }

// knock counts a try before anything is looked at. flattery.ErrOften: too many.
func (d *Desk) knock(ctx context.Context, name, address string) error {
	now := d.Clock()
	often := false
	err := d.Store.Update(ctx, func(tx store.Tx) error {
		from, err := tx.Knock(ctx, "address "+address, now.Add(-span), now)
		if err != nil {
			return err
		}
		as := 0
		if name != "" {
			if as, err = tx.Knock(ctx, accountKey(name), now.Add(-span), now); err != nil {
				return err
			}
		}
		often = from > triesFrom || as > tries
		return nil
	})
	if err == nil && often {
		err = flattery.ErrOften
	}
	return err
}

// Knock counts a try of who comes in another way than by a key. ErrOften: too many from that address.
func (d *Desk) Knock(ctx context.Context, address string) error { return d.knock(ctx, "", address) }

// SignIn takes a name and its password. ErrWrong does not tell which of them is wrong, and comes as late for a name that
// nobody has. ErrOften: too many tries.
func (d *Desk) SignIn(ctx context.Context, name string, password flattery.Secret, address string) (flattery.AccountID, error) {
	if err := d.knock(ctx, name, address); err != nil {
		return 0, err
	}
	a, err := d.Store.AccountNamed(ctx, name)
	if err != nil && !errors.Is(err, flattery.ErrNotFound) {
		return 0, err
	}
	hash := flattery.Secret("")
	if a.ID != 0 {
		if hash, err = d.Store.Password(ctx, a.ID); err != nil {
			return 0, err
		}
	}
	if err := d.compare(ctx, hash, password); err != nil {
		return 0, err
	}
	return a.ID, d.Store.Update(ctx, func(tx store.Tx) error { return tx.ForgetKnocks(ctx, accountKey(name)) })
}

// Prove takes the password of who is signed in already, as SignIn does.
func (d *Desk) Prove(ctx context.Context, account flattery.AccountID, password flattery.Secret, address string) error {
	a, err := d.Store.Account(ctx, account)
	if err != nil {
		return err
	}
	_, err = d.SignIn(ctx, a.Name, password, address)
	return err
}

// compare computes as much where there is no hash.
func (d *Desk) compare(ctx context.Context, hash, password flattery.Secret) error {
	there := hash != ""
	if !there {
		hash = d.dummy
	}
	if err := d.slot(ctx); err != nil {
		return err
	}
	defer func() { <-d.slots }()
	ok, err := matches(hash, password)
	if err == nil && (!ok || !there) {
		err = flattery.ErrWrong
	}
	return err
}

// slot waits until there is memory for one more password.
func (d *Desk) slot(ctx context.Context) error {
	select {
	case d.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Keys tells by what an account comes in.
func (d *Desk) Keys(ctx context.Context, account flattery.AccountID) (flattery.Keys, error) {
	return d.Store.Keys(ctx, account)
}

// SetPassword sets an account's password and ends its sessions but the one of a token. Refusal: ErrWeak.
func (d *Desk) SetPassword(ctx context.Context, account flattery.AccountID, password flattery.Secret, but string) error {
	a, err := d.Store.Account(ctx, account)
	if err != nil {
		return err
	}
	hash, err := d.hash(ctx, a.Name, password)
	if err != nil {
		return err
	}
	return d.Store.Update(ctx, func(tx store.Tx) error {
		return errors.Join(tx.SetPassword(ctx, account, handle(), hash, d.Clock()), tx.EndSessions(ctx, account, but), tx.ForgetKnocks(ctx, accountKey(a.Name)))
	})
}

// hash makes what is kept of a password that is good enough.
func (d *Desk) hash(ctx context.Context, name string, password flattery.Secret) (flattery.Secret, error) {
	if weak(name, password) {
		return "", flattery.ErrWeak
	}
	if err := d.slot(ctx); err != nil {
		return "", err
	}
	defer func() { <-d.slots }()
	return d.Cost.hash(string(password)), nil
}

// handle is a new account's, for its devices.
func handle() []byte {
	b := make([]byte, handleLength)
	_, _ = rand.Read(b) // it never fails
	return b
}

// Sessions lists where an account is signed in, what was seen last first.
func (d *Desk) Sessions(ctx context.Context, account flattery.AccountID) ([]flattery.Session, error) {
	return d.Store.Sessions(ctx, account, d.Clock())
}

// EndSession ends one of an account's sessions, EndSessions all but the one of a token.
func (d *Desk) EndSession(ctx context.Context, account flattery.AccountID, id flattery.SessionID) error {
	return d.Store.Update(ctx, func(tx store.Tx) error { return tx.EndSession(ctx, account, id) })
}

// EndSessions ends all sessions of an account but the one of a token.
func (d *Desk) EndSessions(ctx context.Context, account flattery.AccountID, but string) error {
	return d.Store.Update(ctx, func(tx store.Tx) error { return tx.EndSessions(ctx, account, but) })
}
