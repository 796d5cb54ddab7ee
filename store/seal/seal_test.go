package seal

import (
	"bytes"
	"errors"
	"testing"
)

func TestWhatIsSealedOpensInItsPlaceOnly(t *testing.T) {
	key := bytes.Repeat([]byte{7}, 32)
	box, err := New(key)
	if err != nil {
		t.Fatal(err)
	}
	same, err := New(bytes.Clone(key))
	if err != nil {
		t.Fatal(err)
	}
	other, err := New(bytes.Repeat([]byte{8}, 32))
	if err != nil {
		t.Fatal(err)
	}
	secret := []byte("gho_canary")
	more, err := New(bytes.Repeat([]byte{8}, 32), key)
	if err != nil {
		t.Fatal(err)
	}
	sealed := box.Seal("link 7 token", secret)
	if bytes.Contains(sealed, secret) || bytes.Equal(sealed, box.Seal("link 7 token", secret)) {
		t.Error("it can be read, or told from others")
	}
	changed := bytes.Clone(sealed)
	changed[len(changed)-1] ^= 1
	for _, row := range []struct {
		name   string
		box    *Box
		place  string
		sealed []byte
		opens  bool
	}{
		{"as it was sealed", box, "link 7 token", sealed, true},
		{"with the same key", same, "link 7 token", sealed, true},
		{"in another place", box, "link 8 token", sealed, false},
		{"in no place", box, "", sealed, false},
		{"with another key", other, "link 7 token", sealed, false},
		{"with the key as a second one", more, "link 7 token", sealed, true},
		{"with the key as a second one, in another place", more, "link 8 token", sealed, false},
		{"sealed by two keys, opened by the first", other, "link 7 token", more.Seal("link 7 token", secret), true},
		{"sealed by two keys, opened by the second", box, "link 7 token", more.Seal("link 7 token", secret), false},
		{"changed", box, "link 7 token", changed, false},
		{"cut", box, "link 7 token", sealed[:len(sealed)-1], false},
		{"empty", box, "link 7 token", nil, false},
		{"shorter than a nonce", box, "link 7 token", sealed[:5], false},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := row.box.Unseal(row.place, row.sealed)
			if row.opens && (err != nil || !bytes.Equal(got, secret)) || !row.opens && (!errors.Is(err, ErrSealed) || got != nil) {
				t.Errorf("got %q, error %v", got, err)
			}
		})
	}
	if got, err := box.Unseal("x", box.Seal("x", nil)); err != nil || len(got) != 0 {
		t.Errorf("nothing, sealed, is %q, error %v", got, err)
	}
}
