package signin

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"flattery"
)

// Cost is what a password costs to compute.
type Cost struct {
	Memory  uint32 // KiB
	Passes  uint32
	Threads uint8
}

// Default is the second recommendation of RFC 9106, section 4.
var Default = Cost{Memory: 64 << 10, Passes: 3, Threads: 4}

const (
	saltLength = 16
	hashLength = 32
)

// base is that of the PHC string format.
var base = base64.RawStdEncoding.Strict()

func (c Cost) hash(password string) flattery.Secret {
	salt := make([]byte, saltLength)
	_, _ = rand.Read(salt) // it never fails
	return flattery.Secret(fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.Memory, c.Passes, c.Threads,
		base.EncodeToString(salt), base.EncodeToString(c.derive(password, salt))))
}

// derive sees the same letters however they were typed.
func (c Cost) derive(password string, salt []byte) []byte {
	return argon2.IDKey([]byte(norm.NFC.String(password)), salt, c.Passes, c.Memory, c.Threads, hashLength)
}

var errHash = errors.New("what is kept of a password cannot be read")

// matches holds a password against a hash, at the cost that the hash has.
func matches(hash, password flattery.Secret) (bool, error) {
	var c Cost
	var version int
	parts := strings.Split(string(hash), "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, errHash
	}
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false, errHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.Memory, &c.Passes, &c.Threads); err != nil || c.Passes == 0 || c.Threads == 0 {
		return false, errHash
	}
	salt, saltErr := base.DecodeString(parts[4])
	want, wantErr := base.DecodeString(parts[5])
	if saltErr != nil || wantErr != nil || len(want) != hashLength {
		return false, errHash
	}
	if utf8.RuneCountInString(string(password)) > flattery.LongestPassword {
		password = "" // as long as no password is, and costs no more than one
	}
	return subtle.ConstantTimeCompare(c.derive(string(password), salt), want) == 1, nil
}

// weak reports what is too short, too long, one letter again and again, or the account's own name.
func weak(name string, password flattery.Secret) bool {
	letters := []rune(norm.NFC.String(string(password)))
	if len(letters) < flattery.ShortestPassword || len(letters) > flattery.LongestPassword {
		return true
	}
	return strings.Trim(string(letters), string(letters[:1])) == "" || strings.EqualFold(strings.TrimSpace(string(letters)), name)
}
