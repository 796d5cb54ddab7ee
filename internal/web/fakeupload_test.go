package web

import (
	"context"
	"io"
	"iter"

	"flattery"
)

func (w *world) Upload(_ context.Context, account flattery.AccountID, owner string, files iter.Seq2[UploadFile, error]) error {
	for f, err := range files {
		if err != nil {
			return err
		}
		b, err := io.ReadAll(f)
		if err != nil {
			return err
		}
		w.handed = append(w.handed, owner+" "+f.Name+" "+string(b[:min(len(b), 20)]))
	}
	if len(w.handed) == 0 {
		return flattery.Input("no file was chosen")
	}
	w.upload[account] = Upload{Name: "x.zip", State: "waits", At: today}
	return w.refuse
}

func (w *world) Uploaded(_ context.Context, account flattery.AccountID) (Upload, error) {
	up, ok := w.upload[account]
	if !ok {
		return up, flattery.ErrNotFound
	}
	return told(w, up)
}

// What goes on just now.

func (w *world) Reading(context.Context, flattery.AccountID) (map[flattery.LinkID]int, error) {
	return w.reading, w.broken
}

func (w *world) Settled(context.Context, flattery.Month) (int, error) { return 1200, w.broken }
