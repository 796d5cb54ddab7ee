package storetest

import (
	"context"
	"errors"
	"time"

	"flattery"
	"flattery/store"
)

func visit(token string, a flattery.AccountID, seen time.Time) flattery.Session {
	return flattery.Session{Token: token, Account: a, Browser: "Firefox, Linux", MadeAt: start, SeenAt: seen, Expires: start.Add(time.Hour)}
}

func (h *house) sessions(a flattery.AccountID, now time.Time) (tokens []string) {
	h.Helper()
	list, err := h.Sessions(h.Context(), a, now)
	if err != nil {
		h.Fatal(err)
	}
	for _, s := range list {
		tokens = append(tokens, s.Token)
	}
	return tokens
}

func session(h *house) {
	ann, zoe := h.account("ann"), h.account("zoe")
	h.do(func(ctx context.Context, tx store.Tx) error {
		return errors.Join(tx.AddSession(ctx, visit("stranger", 0, start), []byte("x")), tx.AddSession(ctx, visit("one", ann, start), []byte("data")),
			tx.AddSession(ctx, visit("two", ann, start.Add(time.Minute)), []byte("x")), tx.AddSession(ctx, visit("zoe's", zoe, start), []byte("x")))
	})
	data, ok, err := h.Session(h.Context(), "one", start)
	h.want("the session", say(string(data), ok, err), "data true <nil>")
	h.want("ann's, the last seen first", h.sessions(ann, start), []string{"two", "one"})
	list, err := h.Sessions(h.Context(), ann, start)
	got := list[1]
	got.ID = 0
	h.want("what is told of it", say(got, err), say(visit("one", ann, start), "<nil>"))
	h.refused(flattery.ErrNotFound, func(ctx context.Context, tx store.Tx) error { return tx.EndSession(ctx, zoe, list[1].ID) })
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.EndSession(ctx, ann, list[1].ID) })
	h.want("without the one", h.sessions(ann, start), []string{"two"})
	h.do(func(ctx context.Context, tx store.Tx) error {
		return errors.Join(tx.AddSession(ctx, visit("three", ann, start), []byte("x")), tx.EndSessions(ctx, ann, "three"))
	})
	h.want("all others ended", say(h.sessions(ann, start), h.sessions(zoe, start)), "[three] [zoe's]")
	_, ok, err = h.Session(h.Context(), "three", start.Add(time.Hour))
	h.want("the session, expired", say(ok, err, h.sessions(ann, start.Add(time.Hour))), "false <nil> []")
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.Tidy(ctx, start.Add(time.Hour)) })
	_, ok, err = h.Session(h.Context(), "three", start)
	h.want("the session, tidied", say(ok, err), "false <nil>")
}

func sessionEnded(h *house) {
	ann := h.account("ann")
	h.do(func(ctx context.Context, tx store.Tx) error {
		return tx.AddSession(ctx, visit("one", ann, start), []byte("x"))
	})
	change := func(ctx context.Context, tx store.Tx) error {
		return tx.ChangeSession(ctx, visit("one", ann, start.Add(time.Minute)), []byte("more"))
	}
	h.do(change)
	data, ok, err := h.Session(h.Context(), "one", start)
	h.want("the session, changed", say(string(data), ok, err), "more true <nil>")
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.DeleteSession(ctx, "one") })
	h.do(change)
	_, ok, err = h.Session(h.Context(), "one", start)
	h.want("the session, ended", say(ok, err), "false <nil>")
}

func password(h *house) {
	ann := h.account("ann")
	set := func(handle, hash string, now time.Time) {
		h.Helper()
		h.do(func(ctx context.Context, tx store.Tx) error {
			return tx.SetPassword(ctx, ann, []byte(handle), flattery.Secret(hash), now)
		})
	}
	look := func() string {
		h.Helper()
		hash, err := h.Password(h.Context(), ann)
		k, keysErr := h.Keys(h.Context(), ann)
		return say(string(hash), string(k.Handle), k.Has(), k.PasswordAt.IsZero(), len(k.Passkeys), errors.Join(err, keysErr))
	}
	h.want("at first", look(), "false true 0 <nil>")
	set("handle", "first", start)
	set("other", "second", start.Add(time.Hour))
	h.want("the second", look(), "second handle true false 0 <nil>")
}

func passkey(h *house) {
	ann, zoe := h.account("ann"), h.account("zoe")
	p := flattery.Passkey{Credential: []byte("c"), Public: []byte("p"), Count: 7, Flags: 5, Name: "phone", MadeAt: start}
	add := func(a flattery.AccountID, handle string) func(context.Context, store.Tx) error {
		return func(ctx context.Context, tx store.Tx) error { return tx.AddPasskey(ctx, a, []byte(handle), p) }
	}
	h.do(add(ann, "ann's"))
	h.refused(flattery.ErrConflict, add(zoe, "zoe's"))
	p.Credential = []byte("d")
	h.refused(flattery.ErrConflict, add(ann, "another"))
	owner, err := h.PasskeyOwner(h.Context(), []byte("c"))
	h.want("the owner", say(owner, err), say(ann, "<nil>"))
	_, err = h.PasskeyOwner(h.Context(), []byte("x"))
	h.want("whose nothing is", errors.Is(err, flattery.ErrNotFound), true)
	k, err := h.Keys(h.Context(), ann)
	id := k.Passkeys[0].ID
	k.Passkeys[0].ID = 0
	p.Credential = []byte("c")
	h.want("what is kept", say(k.Passkeys[0], k.Has(), err), say(p, true, "<nil>"))
	use := func(count uint32) func(context.Context, store.Tx) error {
		return func(ctx context.Context, tx store.Tx) error {
			return tx.UsePasskey(ctx, id, count, 29, start.Add(time.Hour))
		}
	}
	for _, stale := range []uint32{0, 6, 7} {
		h.refused(flattery.ErrState, use(stale))
	}
	won := 0
	for _, err := range together(4, func(int) error { return h.try(use(8)) }) {
		if err == nil {
			won++
		} else if !errors.Is(err, flattery.ErrState) {
			h.Error(err)
		}
	}
	k, err = h.Keys(h.Context(), ann)
	h.want("after one answer of many alike", say(won, k.Passkeys[0].Count, k.Passkeys[0].Flags, k.Passkeys[0].UsedAt.Sub(start), err), "1 8 29 1h0m0s <nil>")
	h.refused(flattery.ErrNotFound, func(ctx context.Context, tx store.Tx) error { return tx.RemovePasskey(ctx, zoe, id) })
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RemovePasskey(ctx, ann, id) })
	p.Count = 0
	h.do(add(ann, "ann's"))
	k, err = h.Keys(h.Context(), ann)
	id = k.Passkeys[0].ID
	h.do(use(0))
	h.do(use(0))
	h.want("a device that does not count", say(len(k.Passkeys), err), "1 <nil>")
}

func knocks(h *house) {
	knock := func(key string, now time.Time) (n int) {
		h.Helper()
		h.do(func(ctx context.Context, tx store.Tx) (err error) {
			n, err = tx.Knock(ctx, key, now.Add(-time.Minute), now)
			return err
		})
		return n
	}
	h.want("ann and zoe", []int{knock("ann", start), knock("ann", start.Add(time.Second)), knock("zoe", start)}, []int{1, 2, 1})
	for _, err := range together(8, func(int) error {
		return h.try(func(ctx context.Context, tx store.Tx) error {
			_, err := tx.Knock(ctx, "ann", start.Add(-time.Minute), start.Add(2*time.Second))
			return err
		})
	}) {
		if err != nil {
			h.Error(err)
		}
	}
	h.want("after eight at once", knock("ann", start.Add(59*time.Second)), 11)
	h.want("in the next minute", knock("ann", start.Add(time.Minute)), 1)
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.ForgetKnocks(ctx, "ann") })
	h.want("forgotten", knock("ann", start.Add(time.Minute)), 1)
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.Tidy(ctx, start.Add(72*time.Hour)) })
	h.want("tidied", knock("zoe", start), 1)
}

func inviteOnce(h *house) {
	ann := h.account("ann")
	h.do(func(ctx context.Context, tx store.Tx) error {
		return errors.Join(tx.AddInvite(ctx, "secret", flattery.Invite{By: ann, MadeAt: start, Expires: start.Add(time.Hour)}),
			tx.AddInvite(ctx, "other", flattery.Invite{MadeAt: start, Expires: start.Add(time.Hour)}))
	})
	list, err := h.Invites(h.Context(), start)
	h.want("those that are open", say(len(list), list[0].By, list[1].By, list[1].Expires.Sub(start), err), say(2, 0, ann, time.Hour, "<nil>"))
	take := func(token string, now time.Time) func(context.Context, store.Tx) error {
		return func(ctx context.Context, tx store.Tx) error { return tx.TakeInvite(ctx, token, now) }
	}
	h.refused(flattery.ErrNotFound, take("guess", start))
	h.refused(flattery.ErrNotFound, take("secret", start.Add(time.Hour)))
	_, err = h.Invited(h.Context(), "secret", start)
	h.want("looking at it", err, nil)
	h.refused(flattery.ErrNameTaken, func(ctx context.Context, tx store.Tx) error {
		if err := tx.TakeInvite(ctx, "secret", start); err != nil {
			return err
		}
		_, err := tx.AddAccount(ctx, flattery.Account{Name: "ANN"})
		return err
	})
	won := 0
	for _, err := range together(4, func(int) error { return h.try(take("secret", start)) }) {
		if err == nil {
			won++
		} else if !errors.Is(err, flattery.ErrNotFound) {
			h.Error(err)
		}
	}
	h.want("who came in by it", won, 1)
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.EndInvite(ctx, list[0].ID) })
	h.refused(flattery.ErrNotFound, func(ctx context.Context, tx store.Tx) error { return tx.EndInvite(ctx, list[0].ID) })
	_, err = h.Invited(h.Context(), "other", start)
	h.want("one that was ended", errors.Is(err, flattery.ErrNotFound), true)
}

func lastAdmin(h *house) {
	ann, zoe := h.account("ann"), h.account("zoe")
	set := func(a flattery.AccountID, admin bool) func(context.Context, store.Tx) error {
		return func(ctx context.Context, tx store.Tx) error { return tx.SetAdmin(ctx, a, admin) }
	}
	h.do(set(ann, true))
	h.do(set(zoe, true))
	refused := 0
	for _, err := range together(2, func(i int) error { return h.try(set([]flattery.AccountID{ann, zoe}[i], false)) }) {
		if errors.Is(err, flattery.ErrLastAdmin) {
			refused++
		} else if err != nil {
			h.Error(err)
		}
	}
	all, err := h.Accounts(h.Context())
	h.want("one of two who end each other", say(refused, all[0].Admin != all[1].Admin, err), "1 true <nil>")
	h.refused(flattery.ErrNotFound, set(99, true))
	h.refused(flattery.ErrNotFound, set(99, false))
}

func removedKeys(h *house) {
	ann := h.account("ann")
	h.do(func(ctx context.Context, tx store.Tx) error {
		return errors.Join(tx.SetPassword(ctx, ann, []byte("h"), "hash", start), tx.AddPasskey(ctx, ann, []byte("h"), flattery.Passkey{Credential: []byte("c"), Public: []byte("p"), Name: "x"}),
			tx.AddSession(ctx, visit("one", ann, start), []byte("x")), tx.AddInvite(ctx, "i", flattery.Invite{By: ann, MadeAt: start, Expires: start.Add(time.Hour)}))
	})
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.RemoveAccount(ctx, ann, start) })
	k, err := h.Keys(h.Context(), ann)
	_, ok, sessionErr := h.Session(h.Context(), "one", start)
	invites, invitesErr := h.Invites(h.Context(), start)
	h.want("what is left", say(k.Has(), len(k.Handle), ok, len(invites), errors.Join(err, sessionErr, invitesErr)), "false 0 false 0 <nil>")
}
