package storetest

import (
	"context"
	"errors"

	"flattery"
	"flattery/store"
)

// uploadPromises are those of files that are handed in.
func uploadPromises() map[string]func(*house) {
	return map[string]func(*house){"one file of an account is taken in at a time": uploads, "a first reading is seen": readings}
}

func uploads(h *house) {
	ann, bob := h.account("ann"), h.account("bob")
	add := func(a flattery.AccountID, name string) (id int64) {
		h.Helper()
		h.do(func(ctx context.Context, tx store.Tx) (err error) {
			id, err = tx.AddUpload(ctx, store.Upload{Account: a, Name: name, MadeAt: start})
			return err
		})
		return id
	}
	save := func(u store.Upload) {
		h.Helper()
		h.do(func(ctx context.Context, tx store.Tx) error { return tx.SaveUpload(ctx, u) })
	}
	if _, err := h.Upload(h.Context(), ann); !missing(err) {
		h.Errorf("of none: %v", err)
	}
	id := add(ann, "one.zip")
	other := add(bob, "bobs.zip")
	h.refused(flattery.ErrState, func(ctx context.Context, tx store.Tx) error {
		_, err := tx.AddUpload(ctx, store.Upload{Account: ann, Name: "two.zip", MadeAt: start})
		return err
	})
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.TakeUpload(ctx, id) })
	h.refused(flattery.ErrNotFound, func(ctx context.Context, tx store.Tx) error { return tx.TakeUpload(ctx, id) })
	save(store.Upload{ID: id, State: "works", Likes: 1200})
	u, err := h.Upload(h.Context(), ann)
	h.want("at work", say(u.Name, u.State, u.Likes, u.MadeAt.Equal(start), err), "one.zip works 1200 true <nil>")
	open, err := h.OpenUploads(h.Context())
	h.want("open", say(len(open), open[0].ID == id, open[1].ID == other, err), "2 true true <nil>")
	save(store.Upload{ID: id, State: "done", Likes: 1300, Found: "[]"})
	h.refused(flattery.ErrNotFound, func(ctx context.Context, tx store.Tx) error {
		return tx.SaveUpload(ctx, store.Upload{ID: id, State: "failed"})
	})
	add(ann, "two.zip")
	u, err = h.Upload(h.Context(), ann)
	h.want("the next", say(u.Name, u.State, err), "two.zip waits <nil>")
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RemoveAccount(ctx, ann, start) })
	if _, err := h.Upload(h.Context(), ann); !missing(err) {
		h.Errorf("of somebody who is forgotten: %v", err)
	}
}

func missing(err error) bool { return errors.Is(err, flattery.ErrNotFound) }

// readings: what comes over a link counts as its first reading until the first good answer.
func readings(h *house) {
	a := h.account("ann")
	l := h.link(a, "ann", flattery.ByName)
	other := h.link(h.account("bob"), "bob", flattery.ByName)
	h.likes(l, start, like("zoe", "x", start), like("zoe", "y", start))
	h.likes(other, start, like("zoe", "x", start))
	got, err := h.Reading(h.Context(), a)
	h.want("while it is read", say(got, err), say(map[flattery.LinkID]int{l.ID: 2}, error(nil)))
	l.State, l.LastPoll, l.LastGood = flattery.LinkActive, start, start
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.SaveLink(ctx, l) })
	got, err = h.Reading(h.Context(), a)
	h.want("once it was", say(got, err), "map[] <nil>")
	n, err := h.Settled(h.Context(), october)
	h.want("nobody is settled", say(n, err), "0 <nil>")
}
