package sqlite

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"flattery"
	"flattery/store"
)

func TestClosedItIsOneFileAndOnlyItsOwnerMayReadIt(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(t.Context(), Options{Dir: dir, Location: time.UTC, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Update(t.Context(), func(tx store.Tx) error {
		_, err := tx.AddAccount(context.WithoutCancel(t.Context()), flattery.Account{Name: "ann"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.AccountNamed(t.Context(), "ann"); err != nil {
		t.Error(err)
	}
	look := func(want int) {
		t.Helper()
		files, err := os.ReadDir(dir)
		if err != nil || len(files) != want {
			t.Errorf("files %v, error %v; want %d", files, err, want)
		}
		for _, f := range files {
			if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s may be used by %v, error %v", f.Name(), info.Mode(), err)
			}
		}
	}
	look(3) // with -wal and -shm
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	look(1)
}
