// Package seal keeps tokens secret at rest: AES-256-GCM with a key outside of the database. It knows nothing of what
// it seals; the place where a sealed value stands is bound to it, so that it opens nowhere else.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// KeyFile is the key's name in a data directory.
const KeyFile = "flattery.key"

const keySize = 32

// ErrSealed: the value was sealed with another key or for another place, or was changed since.
var ErrSealed = errors.New("cannot be unsealed: the key file is not the one it was sealed with")

// Box seals and unseals. It may be used from many goroutines at once.
type Box struct{ aead cipher.AEAD }

// Open reads the key of a data directory, and makes one where there is none.
func Open(dir string) (*Box, error) {
	path := filepath.Join(dir, KeyFile)
	key, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		key, err = create(path)
	}
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	b, err := New(key)
	if err != nil {
		return nil, fmt.Errorf("seal: %s: %w", path, err)
	}
	return b, nil
}

// create writes a key under another name and links it in place: of two programs that start at once, both use the
// first one's.
func create(path string) ([]byte, error) {
	key := make([]byte, keySize)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	temp := path + "." + rand.Text()
	if err := os.WriteFile(temp, key, 0o600); err != nil {
		return nil, err
	}
	err := os.Link(temp, path)
	if err := errors.Join(err, os.Remove(temp)); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return os.ReadFile(path)
}

// New makes a box of a key of 32 bytes.
func New(key []byte) (*Box, error) {
	if len(key) != keySize {
		return nil, fmt.Errorf("a key has %d bytes, this has %d: restore the file from your backup", keySize, len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &Box{aead}, nil
}

// Seal hides a value for one place ("link 7 token").
func (b *Box) Seal(place string, value []byte) []byte {
	return b.aead.Seal(nil, nil, value, []byte(place)) //nolint:gosec // this AEAD makes its own random nonces
}

// Unseal gives the value back, or ErrSealed.
func (b *Box) Unseal(place string, sealed []byte) ([]byte, error) {
	value, err := b.aead.Open(nil, nil, sealed, []byte(place))
	if err != nil {
		return nil, ErrSealed
	}
	return value, nil
}
