// Package seal keeps tokens secret at rest: AES-256-GCM with a key outside of the database. It knows nothing of what
// it seals; the place where a sealed value stands is bound to it, so that it opens nowhere else.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
)

const keySize = 32

// ErrSealed: the value was sealed with another key or for another place, or was changed since.
var ErrSealed = errors.New("cannot be unsealed: the key file is not the one it was sealed with")

// Box seals with its first key and unseals with any. It may be used from many goroutines at once.
type Box struct{ keys []cipher.AEAD }

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
		b.keys = append(b.keys, aead)
	}
	return b, nil
}

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
