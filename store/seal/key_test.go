package seal

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func put(t *testing.T, dir, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return b
}

func opened(t *testing.T, dir string) *Box {
	t.Helper()
	b, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func rotated(t *testing.T, dir string) (*Box, func() error) {
	t.Helper()
	b, finish, err := Rotate(dir)
	if err != nil {
		t.Fatal(err)
	}
	return b, finish
}

func opens(b *Box, sealed []byte) bool {
	got, err := b.Unseal("x", sealed)
	return err == nil && string(got) == "secret"
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
		refused := func(file string, err error) {
			t.Helper()
			if err == nil || !strings.Contains(err.Error(), file+":") || !strings.Contains(err.Error(), "restore the file from your backup") {
				t.Errorf("%d bytes: %v", size, err)
			}
		}
		put(t, dir, KeyFile, make([]byte, size))
		_, err := Open(dir)
		refused(KeyFile, err)
		_, _, err = Rotate(dir)
		refused(KeyFile, err)
		put(t, dir, KeyFile, make([]byte, 32))
		put(t, dir, NewKeyFile, make([]byte, size))
		_, err = Open(dir)
		refused(NewKeyFile, err)
		_, _, err = Rotate(dir)
		refused(NewKeyFile, err)
	}
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	if _, err := Open(nowhere); err == nil {
		t.Error("a directory that is not there is taken")
	}
	if _, _, err := Rotate(nowhere); err == nil {
		t.Error("a directory that is not there is taken to rotate")
	}
}

func TestARotationOpensEverythingAtEveryMoment(t *testing.T) {
	dir := t.TempDir()
	first := opened(t, dir)
	old := first.Seal("x", []byte("secret"))
	oldKey := get(t, dir, KeyFile)

	// Begun, and broken off before anything was sealed anew.
	if b, _ := rotated(t, dir); !opens(b, old) {
		t.Error("the box of a rotation does not open what was")
	}
	if info, err := os.Stat(filepath.Join(dir, NewKeyFile)); err != nil || info.Mode().Perm() != 0o600 || info.Size() != 32 {
		t.Errorf("new key %v, error %v", info, err)
	}
	newKey := get(t, dir, NewKeyFile)
	if !bytes.Equal(get(t, dir, KeyFile), oldKey) || bytes.Equal(newKey, oldKey) {
		t.Error("the key was changed before its time, or not at all")
	}
	if !opens(opened(t, dir), old) {
		t.Error("begun: the old is lost")
	}

	// Begun again, sealed anew, and broken off before its end.
	again, _ := rotated(t, dir)
	if !bytes.Equal(get(t, dir, NewKeyFile), newKey) {
		t.Fatal("a rotation that is begun again forgets the key it began with")
	}
	anew := again.Seal("x", []byte("secret"))
	between := opened(t, dir)
	meanwhile := between.Seal("x", []byte("secret"))
	if !opens(between, old) || !opens(between, anew) || !opens(between, meanwhile) {
		t.Error("sealed anew: something is lost")
	}
	if !opens(first, meanwhile) || opens(first, anew) {
		t.Error("the wrong key was used")
	}

	// Begun once more, and finished.
	last, finish := rotated(t, dir)
	if !opens(last, old) || !opens(last, anew) || !opens(last, meanwhile) {
		t.Error("begun once more: something is lost")
	}
	for range 2 {
		if err := finish(); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(get(t, dir, KeyFile), newKey) || get(t, dir, NewKeyFile) != nil {
		t.Error("the new key is not in its place")
	}
	if after := opened(t, dir); !opens(after, anew) || opens(after, old) {
		t.Error("finished: it opens with another key than the new one")
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("left behind: %v, %v", files, err)
	}
}

func TestARotationDoesNotFinishTheKeyOfAnother(t *testing.T) {
	dir := t.TempDir()
	_, finish := rotated(t, dir)
	_, same := rotated(t, dir)
	if err := errors.Join(finish(), same()); err != nil {
		t.Fatal(err)
	}
	key := get(t, dir, KeyFile)
	rotated(t, dir)
	if err := same(); err == nil || !strings.Contains(err.Error(), "another rotation") {
		t.Error(err)
	}
	if !bytes.Equal(get(t, dir, KeyFile), key) {
		t.Error("another's new key is in place")
	}
	if err := os.Remove(filepath.Join(dir, NewKeyFile)); err != nil {
		t.Fatal(err)
	}
	put(t, dir, KeyFile, make([]byte, 32))
	if err := same(); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a key that is lost was put in place:", err)
	}
}
