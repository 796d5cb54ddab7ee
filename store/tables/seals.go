package tables

import (
	"context"
	"fmt"

	"flattery/store/seal"
)

// Secret is a column of sealed values.
type Secret struct {
	Table, Column string
	Key           string // column that names the row
	place         string // what a value is bound to, of the row's key
}

// Place is what the value of a row is bound to.
func (s Secret) Place(key any) string { return fmt.Sprintf(s.place, key) }

// The columns that hold sealed values.
const (
	linkTokens = iota
	claimTokens
	appKeys
	appTokens
	verifiers
	disputeTokens
	claimLinkTokens
	hookSecrets
	hookOlds
	mailEndings
)

// Secrets are all of them: what is not in this list is not sealed anew.
func Secrets() []Secret {
	return []Secret{
		linkTokens:      {"links", "token", "id", "link %v token"},
		claimTokens:     {"claims", "token", "id", "claim %v token"},
		appKeys:         {"apps", "keys", "network", "app %v"},
		appTokens:       {"apps", "token", "network", "app token %v"},
		verifiers:       {"attempts", "verifier", "state", "attempt %v"},
		disputeTokens:   {"disputes", "token", "id", "dispute %v token"},
		claimLinkTokens: {"claim_links", "sealed", "identity_id", "claim link %v"},
		hookSecrets:     {"hooks", "secret", "id", "webhook %v secret"},
		hookOlds:        {"hooks", "old", "id", "webhook %v old secret"},
		mailEndings:     {"mails", "ending", "account_id", "mail %v ending"},
	}
}

func place(column int, key any) string { return Secrets()[column].Place(key) }

func unseal(box *seal.Box, at string, sealed []byte) ([]byte, error) {
	b, err := box.Unseal(at, sealed)
	if err != nil {
		return nil, fmt.Errorf("store: %s %w", at, err)
	}
	return b, nil
}

// Reseal fails whole at the first value that no key of the box opens: to leave it behind would lose it with the old key.
func (t *Tx) Reseal(ctx context.Context) (int, error) {
	n := 0
	for _, s := range Secrets() {
		changed, err := t.reseal(ctx, s)
		if err != nil {
			return 0, err
		}
		n += changed
	}
	return n, t.Later(ctx, "key", `UPDATE instance SET value = ? WHERE name = 'key'`, t.Seal.Fingerprint())
}

func (t *Tx) reseal(ctx context.Context, s Secret) (int, error) {
	type row struct {
		key    string
		sealed []byte
	}
	rows, err := all(ctx, t, func(r Row) (v row, err error) {
		err = r.Scan(&v.key, &v.sealed)
		return v, err
	}, `SELECT CAST(`+s.Key+` AS TEXT), `+s.Column+` FROM `+s.Table+` WHERE `+s.Column+` IS NOT NULL`)
	if err != nil {
		return 0, wrap("reseal "+s.Table, err)
	}
	box := t.Seal
	for _, r := range rows {
		at := s.Place(r.key)
		b, err := unseal(box, at, r.sealed)
		if err != nil {
			return 0, err
		}
		if err := t.Must(ctx, "reseal "+at, `UPDATE `+s.Table+` SET `+s.Column+` = ? WHERE CAST(`+s.Key+` AS TEXT) = ?`, box.Seal(at, b), r.key); err != nil {
			return 0, err
		}
	}
	return len(rows), nil
}
