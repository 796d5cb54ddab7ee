package signin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"net/url"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"flattery"
	"flattery/store"
)

// patience is how long a device may take to answer.
const patience = 5 * time.Minute

// party is who the passkeys of an address are for, and at which address they can be used.
func party(address string) (origin string, p *webauthn.WebAuthn, err error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "", nil, err
	}
	host := u.Hostname()
	if ip, err := netip.ParseAddr(host); err == nil {
		if !ip.IsLoopback() {
			return "", nil, nil
		}
		host = "localhost"
	}
	if u.Scheme != "https" && host != "localhost" { // browsers keep keys for those only
		return "", nil, nil
	}
	if origin = u.Scheme + "://" + host; u.Port() != "" {
		origin += ":" + u.Port()
	}
	limit := webauthn.TimeoutConfig{Enforce: true, Timeout: patience, TimeoutUVD: patience}
	p, err = webauthn.New(&webauthn.Config{
		RPID: host, RPDisplayName: "Flattery", RPOrigins: []string{origin}, AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementPreferred, UserVerification: protocol.VerificationPreferred,
		},
		Timeouts: webauthn.TimeoutsConfig{Login: limit, Registration: limit},
	})
	return origin, p, err
}

// Origin is where passkeys can be used; "": nowhere.
func (d *Desk) Origin() string { return d.origin }

// user is an account as its devices know it.
type user struct {
	handle []byte
	name   string
	keys   []flattery.Passkey
}

func (u user) WebAuthnID() []byte          { return u.handle }
func (u user) WebAuthnName() string        { return u.name }
func (u user) WebAuthnDisplayName() string { return u.name }

func (u user) WebAuthnCredentials() (all []webauthn.Credential) {
	for _, k := range u.keys {
		all = append(all, webauthn.Credential{
			ID: k.Credential, PublicKey: k.Public, Flags: webauthn.NewCredentialFlags(protocol.AuthenticatorFlags(k.Flags)),
			Authenticator: webauthn.Authenticator{SignCount: k.Count},
		})
	}
	return all
}

// A ceremony is what a browser's session remembers between a question to a device and its answer.
type ceremony struct {
	Account flattery.AccountID   `json:"account"` // 0: anybody
	Name    string               `json:"name"`    // of a newcomer
	Session webauthn.SessionData `json:"session"`
}

func begun(c ceremony, question any) (options, kept []byte, err error) {
	if options, err = json.Marshal(question); err != nil {
		return nil, nil, err
	}
	kept, err = json.Marshal(c)
	return options, kept, err
}

func resumed(kept []byte) (c ceremony, err error) {
	if len(kept) == 0 || json.Unmarshal(kept, &c) != nil {
		return c, flattery.ErrWrong
	}
	return c, nil
}

func (d *Desk) user(ctx context.Context, account flattery.AccountID) (user, error) {
	a, err := d.Store.Account(ctx, account)
	if err != nil {
		return user{}, err
	}
	k, err := d.Store.Keys(ctx, account)
	return user{handle: k.Handle, name: a.Name, keys: k.Passkeys}, err
}

// BeginPasskey asks a device for a new key of an account, or of a newcomer who is to be called so. It answers the question
// for the browser, and what AddPasskey or Accept must be given again.
func (d *Desk) BeginPasskey(ctx context.Context, account flattery.AccountID, newcomer string) (options, kept []byte, err error) {
	if d.party == nil {
		return nil, nil, flattery.ErrNotFound
	}
	u := user{name: newcomer}
	if account != 0 {
		if u, err = d.user(ctx, account); err != nil {
			return nil, nil, err
		}
	}
	if len(u.handle) == 0 {
		u.handle = handle()
	}
	question, session, err := d.party.BeginRegistration(u, webauthn.WithExclusions(webauthn.Credentials(u.WebAuthnCredentials()).CredentialDescriptors()))
	if err != nil {
		return nil, nil, err
	}
	return begun(ceremony{Account: account, Name: newcomer, Session: *session}, question)
}

// made reads what a device answered to BeginPasskey.
func (d *Desk) made(c ceremony, answer, name string) (flattery.Passkey, error) {
	if d.party == nil {
		return flattery.Passkey{}, flattery.ErrNotFound
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err != nil {
		return flattery.Passkey{}, flattery.ErrWrong
	}
	got, err := d.party.CreateCredential(user{handle: c.Session.UserID}, c.Session, parsed)
	if err != nil {
		return flattery.Passkey{}, flattery.ErrWrong
	}
	return flattery.Passkey{
		Credential: got.ID, Public: got.PublicKey, Count: got.Authenticator.SignCount, Flags: byte(got.Flags.ProtocolValue()), Name: name, MadeAt: d.Clock(),
	}, nil
}

// AddPasskey adds what a device answered to an account.
func (d *Desk) AddPasskey(ctx context.Context, account flattery.AccountID, kept []byte, answer, name string) error {
	c, err := resumed(kept)
	if err != nil || c.Account != account || account == 0 {
		return flattery.ErrWrong
	}
	key, err := d.made(c, answer, name)
	if err != nil {
		return err
	}
	return d.Store.Update(ctx, func(tx store.Tx) error { return tx.AddPasskey(ctx, account, c.Session.UserID, key) })
}

// RemovePasskey takes a key from an account, and ends its sessions but the one of a token.
func (d *Desk) RemovePasskey(ctx context.Context, account flattery.AccountID, id flattery.PasskeyID, but string) error {
	return d.Store.Update(ctx, func(tx store.Tx) error {
		return errors.Join(tx.RemovePasskey(ctx, account, id), tx.EndSessions(ctx, account, but))
	})
}

// AskPasskey asks the devices for a key: of an account, or of whoever comes (0).
func (d *Desk) AskPasskey(ctx context.Context, account flattery.AccountID, address string) (options, kept []byte, err error) {
	if d.party == nil {
		return nil, nil, flattery.ErrNotFound
	}
	if account == 0 {
		if err := d.knock(ctx, "", address); err != nil {
			return nil, nil, err
		}
		question, session, err := d.party.BeginDiscoverableLogin()
		if err != nil {
			return nil, nil, err
		}
		return begun(ceremony{Session: *session}, question)
	}
	u, err := d.user(ctx, account)
	if err != nil {
		return nil, nil, err
	}
	if len(u.keys) == 0 {
		return nil, nil, flattery.ErrNotFound
	}
	question, session, err := d.party.BeginLogin(u)
	if err != nil {
		return nil, nil, err
	}
	return begun(ceremony{Account: account, Session: *session}, question)
}

// ShowPasskey takes what a device answered to AskPasskey, and says whose key it is. ErrWrong: nobody's, or not the account's
// that was asked for, or an answer that was given before.
func (d *Desk) ShowPasskey(ctx context.Context, account flattery.AccountID, kept []byte, answer, address string) (flattery.AccountID, error) {
	if err := d.knock(ctx, "", address); err != nil {
		return 0, err
	}
	c, err := resumed(kept)
	if err != nil || c.Account != account || d.party == nil {
		return 0, flattery.ErrWrong
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return 0, flattery.ErrWrong
	}
	owner, err := d.Store.PasskeyOwner(ctx, parsed.RawID)
	if errors.Is(err, flattery.ErrNotFound) || err == nil && account != 0 && owner != account {
		return 0, flattery.ErrWrong
	}
	if err != nil {
		return 0, err
	}
	u, err := d.user(ctx, owner)
	if err != nil {
		return 0, err
	}
	got, err := d.shown(u, c, parsed)
	if err != nil || got.Authenticator.CloneWarning {
		return 0, flattery.ErrWrong
	}
	return owner, d.used(ctx, u, got)
}

// shown verifies an answer.
func (d *Desk) shown(u user, c ceremony, parsed *protocol.ParsedCredentialAssertionData) (*webauthn.Credential, error) {
	if c.Account != 0 {
		return d.party.ValidateLogin(u, c.Session, parsed)
	}
	return d.party.ValidateDiscoverableLogin(func(_, _ []byte) (webauthn.User, error) { return u, nil }, c.Session, parsed)
}

// used notes an answer.
func (d *Desk) used(ctx context.Context, u user, got *webauthn.Credential) error {
	for _, k := range u.keys {
		if !bytes.Equal(k.Credential, got.ID) {
			continue
		}
		err := d.Store.Update(ctx, func(tx store.Tx) error {
			return tx.UsePasskey(ctx, k.ID, got.Authenticator.SignCount, byte(got.Flags.ProtocolValue()), d.Clock())
		})
		if errors.Is(err, flattery.ErrState) {
			err = flattery.ErrWrong
		}
		return err
	}
	return flattery.ErrWrong
}
