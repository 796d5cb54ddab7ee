package seal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
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

func TestTheKeyIsMadeOnceAndOnlyItsOwnerReadsIt(t *testing.T) {
	dir := t.TempDir()
	boxes, errs := make([]*Box, 16), make([]error, 16)
	var wg sync.WaitGroup
	for i := range boxes {
		wg.Go(func() { boxes[i], errs[i] = Open(dir) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	sealed := boxes[0].Seal("x", []byte("secret"))
	for i, b := range boxes {
		if got, err := b.Unseal("x", sealed); err != nil || string(got) != "secret" {
			t.Errorf("box %d has another key: %v", i, err)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 || files[0].Name() != KeyFile {
		t.Fatalf("files %v, error %v", files, err)
	}
	if info, err := files[0].Info(); err != nil || info.Mode().Perm() != 0o600 || info.Size() != 32 {
		t.Errorf("key %v, error %v", info, err)
	}
}

func TestAKeyThatIsNoneIsRefused(t *testing.T) {
	for _, size := range []int{0, 16, 31, 33} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, KeyFile), make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), KeyFile) || !strings.Contains(err.Error(), "restore the file from your backup") {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "nowhere")); err == nil {
		t.Error("a directory that is not there is taken")
	}
}
