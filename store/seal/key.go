package seal

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// KeyFile is the key's name in a data directory. NewKeyFile stands beside it while a rotation is not finished.
const (
	KeyFile    = "flattery.key"
	NewKeyFile = "flattery.key.new"
)

// Open reads the key of a data directory, and makes one where there is none. What a rotation that was broken off has
// sealed can be unsealed too.
func Open(dir string) (*Box, error) {
	// The new key is read first: should a rotation be finished right now, it is found under one name or the other.
	next, err := readKey(filepath.Join(dir, NewKeyFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("seal: %w", err)
	}
	key, err := keyAt(filepath.Join(dir, KeyFile))
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	if next == nil || bytes.Equal(next, key) {
		return New(key)
	}
	return New(key, next)
}

// Rotate begins to change the key of a data directory: the box seals with a new one and unseals what was sealed before.
// When everything is sealed anew, finish puts the new key in the old one's place. Until then Open opens everything,
// and a rotation that was broken off goes on with the key it began with. Nobody else may seal meanwhile.
func Rotate(dir string) (box *Box, finish func() error, err error) {
	path, next := filepath.Join(dir, KeyFile), filepath.Join(dir, NewKeyFile)
	old, err := keyAt(path)
	if err != nil {
		return nil, nil, fmt.Errorf("seal: %w", err)
	}
	key, err := keyAt(next)
	if err != nil {
		return nil, nil, fmt.Errorf("seal: %w", err)
	}
	finish = func() error {
		if err := replace(dir, key); err != nil {
			return fmt.Errorf("seal: the new key is not in its place yet, rotate again: %w", err)
		}
		return nil
	}
	box, err = New(key, old)
	return box, finish, err
}

// replace makes key the directory's own. Done twice it is done once; another's new key is left alone.
func replace(dir string, key []byte) error {
	path, next := filepath.Join(dir, KeyFile), filepath.Join(dir, NewKeyFile)
	found, err := readKey(next)
	if errors.Is(err, fs.ErrNotExist) {
		if now, err := readKey(path); err == nil && bytes.Equal(now, key) {
			return nil
		}
	}
	if err != nil {
		return err
	}
	if !bytes.Equal(found, key) {
		return fmt.Errorf("%s: another rotation has begun", next)
	}
	if err := os.Rename(next, path); err != nil {
		return err
	}
	return syncDir(dir)
}

// keyAt reads a key, and makes one where there is none.
func keyAt(path string) ([]byte, error) {
	key, err := readKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := create(path); err != nil {
			return nil, err
		}
		return readKey(path)
	}
	return key, err
}

func readKey(path string) ([]byte, error) {
	key, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if err := checkKey(key); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

// create writes a key under another name and links it in place: of two programs that start at once, both use the
// first one's. It is on the disk before anything is sealed with it.
func create(path string) error {
	key := make([]byte, keySize)
	if _, err := rand.Read(key); err != nil {
		return err
	}
	temp := path + "." + rand.Text()
	err := write(temp, key)
	if err == nil {
		err = os.Link(temp, path)
	}
	if errors.Is(err, fs.ErrExist) {
		err = nil
	}
	if err := errors.Join(err, os.Remove(temp)); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func write(path string, key []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(key)
	return errors.Join(err, f.Sync(), f.Close())
}

// syncDir makes a new name in a directory survive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
