// Package seal keeps tokens secret at rest: AES-256-GCM with a key outside of the database. It knows nothing of what
// it seals; the place where a sealed value stands is bound to it, so that it opens nowhere else.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
)

const keySize = 32

// ErrSealed: the value was sealed with another key or for another place, or was changed since.
var ErrSealed = errors.New("cannot be unsealed: the key file is not the one it was sealed with")

// Box seals with its first key and unseals with any. It may be used from many goroutines at once.
type Box struct {
	keys []cipher.AEAD
	sums []string
}

// New makes a box of keys of 32 bytes each.
func New(first []byte, more ...[]byte) (*Box, error) {
	b := &Box{}
	for _, key := range append([][]byte{first}, more...) {
		if err := checkKey(key); err != nil {
			return nil, err
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, err
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(append([]byte("flattery key "), key...))
		b.keys, b.sums = append(b.keys, aead), append(b.sums, hex.EncodeToString(sum[:8]))
	}
	return b, nil
}

// Fingerprint tells the first key from others, and gives it away to nobody.
func (b *Box) Fingerprint() string { return b.sums[0] }

// Opens reports whether one of the keys has a fingerprint.
func (b *Box) Opens(fingerprint string) bool { return slices.Contains(b.sums, fingerprint) }

func checkKey(key []byte) error {
	if len(key) != keySize {
		return fmt.Errorf("a key has %d bytes, this has %d: restore the file from your backup", keySize, len(key))
	}
	return nil
}

// Seal hides a value for one place ("link 7 token").
func (b *Box) Seal(place string, value []byte) []byte {
	return b.keys[0].Seal(nil, nil, value, []byte(place)) //nolint:gosec // this AEAD makes its own random nonces
}

// Unseal gives the value back, or ErrSealed.
func (b *Box) Unseal(place string, sealed []byte) ([]byte, error) {
	for _, key := range b.keys {
		if value, err := key.Open(nil, nil, sealed, []byte(place)); err == nil {
			return value, nil
		}
	}
	return nil, ErrSealed
}
