package tables

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"flattery"
)

// openToken is a token as it is sealed: flattery.Secret shows dots to everybody, also to encoding/json.
type openToken struct {
	Access  string `json:"access"`
	Secret  string `json:"secret,omitempty"`
	Refresh string `json:"refresh,omitempty"`
	Expires int64  `json:"expires,omitempty"` // seconds
}

// sealToken is NULL for no token.
func (t *Tx) sealToken(column int, key any, token flattery.Token) []byte {
	if !token.Has() {
		return nil
	}
	b, err := json.Marshal(openToken{string(token.Access), string(token.Secret), string(token.Refresh), seconds(token.Expires)}) //nolint:gosec // it is sealed below
	if err != nil {
		panic(err) // strings and a number always are JSON
	}
	return t.Seal.Seal(place(column, key), b)
}

// token unseals the token of a row. Until schema 2 an access token was sealed as it is.
func (s *Reader) token(column int, key any, sealed []byte) (flattery.Token, error) {
	if sealed == nil {
		return flattery.Token{}, nil
	}
	b, err := unseal(s.Seal, place(column, key), sealed)
	if err != nil {
		return flattery.Token{}, err
	}
	var o openToken
	whole := bytes.HasPrefix(b, []byte("{")) && json.Unmarshal(b, &o) == nil && o.Access != ""
	if !whole {
		return flattery.Token{Access: flattery.Secret(b)}, nil
	}
	return flattery.Token{Access: flattery.Secret(o.Access), Secret: flattery.Secret(o.Secret), Refresh: flattery.Secret(o.Refresh), Expires: at(o.Expires)}, nil
}

// Token unseals a link's token.
func (s *Reader) Token(ctx context.Context, id flattery.LinkID) (flattery.Token, error) {
	sealed, err := value[[]byte](s.DB.Row(ctx, `SELECT token FROM links WHERE id = ?`, id))
	if err != nil {
		return flattery.Token{}, wrap(fmt.Sprintf("link %d", id), err)
	}
	return s.token(linkTokens, id, sealed)
}

// ClaimToken unseals a claim's token.
func (s *Reader) ClaimToken(ctx context.Context, id flattery.ClaimID) (flattery.Token, error) {
	sealed, err := value[[]byte](s.DB.Row(ctx, `SELECT token FROM claims WHERE id = ?`, id))
	if err != nil {
		return flattery.Token{}, wrap(fmt.Sprintf("claim %d", id), err)
	}
	return s.token(claimTokens, id, sealed)
}

// HoldToken is one UPDATE: of many who try, one has it. A hold that was not ended ends by itself. A link that was removed
// is not found.
func (t *Tx) HoldToken(ctx context.Context, id flattery.LinkID, now, until time.Time) error {
	doing := fmt.Sprintf("link %d: hold its token", id)
	n, err := t.Exec(ctx, `UPDATE links SET held_until = ? WHERE id = ? AND state <> 'removed' AND held_until <= ?`, seconds(until), id, seconds(now))
	if err != nil || n > 0 {
		return wrap(doing, err)
	}
	if _, err := value[int64](t.Row(ctx, `SELECT id FROM links WHERE id = ? AND state <> 'removed'`, id)); err != nil {
		return wrap(doing, err)
	}
	return wrap(doing, flattery.ErrState)
}

func (t *Tx) SaveToken(ctx context.Context, id flattery.LinkID, token flattery.Token) error {
	return t.Later(ctx, fmt.Sprintf("link %d: its token", id), `UPDATE links SET token = ?, held_until = 0 WHERE id = ? AND state <> 'removed'`,
		t.sealToken(linkTokens, id, token), id)
}

func (t *Tx) SaveClaimToken(ctx context.Context, id flattery.ClaimID, token flattery.Token) error {
	return t.Must(ctx, fmt.Sprintf("claim %d: its token", id), `UPDATE claims SET token = ? WHERE id = ?`, t.sealToken(claimTokens, id, token), id)
}
