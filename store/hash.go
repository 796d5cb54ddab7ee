package store

import (
	"crypto/sha256"
	"encoding/hex"
)

// Hash is the SHA-256 of a secret, in hex: what is kept of a secret that only has to be known again.
func Hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
