package sqlite

import (
	"context"
	"fmt"

	"flattery/store/seal"
)

// secret is a column of sealed values.
type secret struct {
	table, column string
	key           string // column that names the row
	place         string // what a value is bound to, of the row's key
}

// The columns that hold sealed values.
const (
	linkTokens = iota
	claimTokens
	appKeys
	appTokens
	verifiers
)

// secrets are all of them: what is not in this list is not sealed anew.
func secrets() []secret {
	return []secret{
		linkTokens:  {"links", "token", "id", "link %v token"},
		claimTokens: {"claims", "token", "id", "claim %v token"},
		appKeys:     {"apps", "keys", "network", "app %v"},
		appTokens:   {"apps", "token", "network", "app token %v"},
		verifiers:   {"attempts", "verifier", "state", "attempt %v"},
	}
}

func place(column int, key any) string { return fmt.Sprintf(secrets()[column].place, key) }

func unseal(box *seal.Box, at string, sealed []byte) ([]byte, error) {
	b, err := box.Unseal(at, sealed)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %s %w", at, err)
	}
	return b, nil
}

// Reseal fails whole at the first value that no key of the box opens: to leave it behind would lose it with the old key.
func (t *tx) Reseal(ctx context.Context) (int, error) {
	n := 0
	for _, s := range secrets() {
		changed, err := t.reseal(ctx, s)
		if err != nil {
			return 0, err
		}
		n += changed
	}
	return n, nil
}

func (t *tx) reseal(ctx context.Context, s secret) (int, error) {
	type row struct {
		key    string
		sealed []byte
	}
	rows, err := all(ctx, t, func(r scanner) (v row, err error) {
		err = r.Scan(&v.key, &v.sealed)
		return v, err
	}, `SELECT `+s.key+`, `+s.column+` FROM `+s.table+` WHERE `+s.column+` IS NOT NULL`)
	if err != nil {
		return 0, wrap("reseal "+s.table, err)
	}
	box := t.w.store.opts.Seal
	for _, r := range rows {
		at := fmt.Sprintf(s.place, r.key)
		b, err := unseal(box, at, r.sealed)
		if err != nil {
			return 0, err
		}
		if err := t.must(ctx, `UPDATE `+s.table+` SET `+s.column+` = ? WHERE `+s.key+` = ?`, box.Seal(at, b), r.key); err != nil {
			return 0, wrap("reseal "+at, err)
		}
	}
	return len(rows), nil
}
