package signin

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"flattery"
	"flattery/store"
)

// Accounts lists who is here.
func (d *Desk) Accounts(ctx context.Context) ([]flattery.Account, error) {
	return d.Store.Accounts(ctx)
}

// SetAdmin lets an account run the instance, or no longer. Refusal: ErrLastAdmin.
func (d *Desk) SetAdmin(ctx context.Context, account flattery.AccountID, admin bool) error {
	return d.Store.Update(ctx, func(tx store.Tx) error { return tx.SetAdmin(ctx, account, admin) })
}

// Invites lists those that nobody has used, newest first.
func (d *Desk) Invites(ctx context.Context) ([]flattery.Invite, error) {
	return d.Store.Invites(ctx, d.Now())
}

// Invite makes an invite and tells its token, which is kept nowhere. By 0: the command line.
func (d *Desk) Invite(ctx context.Context, by flattery.AccountID) (token string, expires time.Time, err error) {
	token, now := rand.Text(), d.Now().Truncate(time.Second)
	i := flattery.Invite{By: by, MadeAt: now, Expires: now.Add(inviteLife)}
	return token, i.Expires, d.Store.Update(ctx, func(tx store.Tx) error { return tx.AddInvite(ctx, token, i) })
}

// EndInvite ends one that nobody has used.
func (d *Desk) EndInvite(ctx context.Context, id flattery.InviteID) error {
	return d.Store.Update(ctx, func(tx store.Tx) error { return tx.EndInvite(ctx, id) })
}

// Invited looks whether a token still lets somebody in. ErrNotFound: it does not.
func (d *Desk) Invited(ctx context.Context, token string) error {
	_, err := d.Store.Invited(ctx, token, d.Now())
	return err
}

// Accept makes the newcomer's account and uses the invite up: both or neither. Refusals: ErrNotFound, ErrName, ErrNameTaken,
// ErrWeak, ErrWrong.
func (d *Desk) Accept(ctx context.Context, token string, n flattery.Newcomer, currency string) (id flattery.AccountID, err error) {
	if err := d.Invited(ctx, token); err != nil { // before anything is computed for a stranger
		return 0, err
	}
	if !flattery.AccountName(n.Name) {
		return 0, flattery.ErrName
	}
	give, err := d.firstKey(ctx, n)
	if err != nil {
		return 0, err
	}
	a := flattery.Account{Name: n.Name, Language: n.Language, CreatedAt: d.Now().Truncate(time.Second), Settings: flattery.Settings{Currency: currency}}
	err = d.Store.Update(ctx, func(tx store.Tx) error {
		if err := tx.TakeInvite(ctx, token, d.Now()); err != nil {
			return err
		}
		made, err := tx.AddAccount(ctx, a)
		if err != nil {
			return err
		}
		id = made
		return give(tx, made)
	})
	return id, err
}

// firstKey makes of what a newcomer brought what gives an account its first key.
func (d *Desk) firstKey(ctx context.Context, n flattery.Newcomer) (func(store.Tx, flattery.AccountID) error, error) {
	if n.Answer == "" {
		hash, err := d.hash(ctx, n.Name, n.Password)
		return func(tx store.Tx, id flattery.AccountID) error {
			return tx.SetPassword(ctx, id, handle(), hash, d.Clock())
		}, err
	}
	c, err := resumed(n.Ceremony)
	if err != nil || c.Account != 0 || c.Name != n.Name || len(c.Session.UserID) == 0 {
		return nil, errors.Join(err, flattery.ErrWrong)
	}
	key, err := d.made(c, n.Answer, n.Device)
	return func(tx store.Tx, id flattery.AccountID) error { return tx.AddPasskey(ctx, id, c.Session.UserID, key) }, err
}
