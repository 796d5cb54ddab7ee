package storetest

import (
	"context"
	"errors"
	"time"

	"flattery"
	"flattery/store"
)

func (h *house) typed(a flattery.AccountID, address, token string, expires time.Time) {
	h.Helper()
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.TypeMail(ctx, a, address, token, expires) })
}

func (h *house) confirm(token, ending string, now time.Time) (id flattery.AccountID, err error) {
	err = h.try(func(ctx context.Context, tx store.Tx) (err error) {
		id, err = tx.ConfirmMail(ctx, token, flattery.Secret(ending), now)
		return err
	})
	return id, err
}

func (h *house) mail(a flattery.AccountID) string {
	h.Helper()
	m, err := h.Mail(h.Context(), a)
	if err != nil {
		h.Fatal(err)
	}
	return say(m.Address, m.Wish, m.Typed, m.Expires.IsZero())
}

func mailConfirmed(h *house) {
	ann := h.account("ann")
	h.want("none", h.mail(ann), "true")
	h.typed(ann, "one@ann.example", "first", start.Add(time.Hour))
	h.typed(ann, "two@ann.example", "second", start.Add(time.Hour))
	for _, token := range []string{"first", "", "third"} {
		_, err := h.confirm(token, "x", start)
		h.want("by "+token, errors.Is(err, flattery.ErrNotFound), true)
	}
	_, err := h.confirm("second", "x", start.Add(time.Hour))
	h.want("too late", errors.Is(err, flattery.ErrNotFound), true)
	address, err := h.Typed(h.Context(), "second", start)
	h.want("what waits", say(address, err), "two@ann.example <nil>")
	id, err := h.confirm("second", "end", start)
	h.want("whose", say(id, err), say(ann, "<nil>"))
	h.want("confirmed", h.mail(ann), "two@ann.example monthly  true")
	_, err = h.confirm("second", "x", start)
	h.want("twice", errors.Is(err, flattery.ErrNotFound), true)
	h.typed(ann, "new@ann.example", "third", start.Add(time.Hour))
	h.want("while another waits", h.mail(ann), "two@ann.example monthly new@ann.example false")
	ending, err := h.MailEnding(h.Context(), ann)
	h.want("what ends it", say(string(ending), err), "end <nil>")
	id, err = h.MailEnds(h.Context(), "end")
	h.want("whose it ends", say(id, err), say(ann, "<nil>"))
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.Tidy(ctx, start.Add(time.Hour)) })
	h.want("when that was not confirmed", h.mail(ann), "two@ann.example monthly  true")
	for _, a := range []flattery.AccountID{ann, h.account("bob")} {
		h.do(func(ctx context.Context, tx store.Tx) error { return tx.EndMail(ctx, a) })
	}
	h.want("ended", h.mail(ann), "true")
	h.refused(flattery.ErrNotFound, func(ctx context.Context, tx store.Tx) error { return tx.WishMail(ctx, ann, flattery.MailEach, start) })
	h.typed(ann, "one@ann.example", "never", start.Add(time.Hour))
	h.do(func(ctx context.Context, tx store.Tx) error { return tx.Tidy(ctx, start.Add(time.Hour)) })
	h.want("never confirmed", h.mail(ann), "true")
}

func mailDue(h *house) {
	ann := h.account("ann")
	l := h.link(ann, "ann", flattery.ByName)
	h.likes(l, start, like("zoe", "x", start))
	h.stop(l, start.Add(-time.Minute)) // before there was an address
	h.typed(ann, "a@ann.example", "t", start.Add(time.Hour))
	if _, err := h.confirm("t", "end", start); err != nil {
		h.Fatal(err)
	}
	wish := func(w flattery.MailWish, now time.Time) {
		h.Helper()
		h.do(func(ctx context.Context, tx store.Tx) error { return tx.WishMail(ctx, ann, w, now) })
	}
	due := func(what string, now time.Time, want string) {
		h.Helper()
		list, err := h.DueMails(h.Context(), now)
		h.want(what, say(list, err), want+" <nil>")
	}
	wish(flattery.MailEach, start)
	due("nothing happened", start.Add(time.Hour), "[]")
	h.stop(l, start.Add(time.Minute))
	due("just now", start.Add(10*time.Minute), "[]")
	due("a while ago", start.Add(11*time.Minute), "[1]")
	list, err := h.Unmailed(h.Context(), ann, 10)
	h.want("what", say(len(list), err), "1 <nil>")
	h.do(func(ctx context.Context, tx store.Tx) error {
		return tx.Mailed(ctx, ann, list, "", start.Add(12*time.Minute))
	})
	due("it was mailed", start.AddDate(0, 0, 9), "[]")
	h.stop(l, start.Add(13*time.Minute))
	due("the same day", start.Add(12*time.Minute+24*time.Hour-time.Second), "[]")
	due("the next", start.Add(12*time.Minute+24*time.Hour), "[1]")
	wish(flattery.MailNone, start)
	due("not wanted", start.AddDate(0, 0, 9), "[]")
	wish(flattery.MailMonthly, start.AddDate(0, 0, 9))
	h.stop(l, start.AddDate(0, 0, 10))
	due("no month was closed", atClose.Add(2*time.Hour), "[]")
	h.freeze(october, atClose)
	h.do(func(ctx context.Context, tx store.Tx) error {
		_, _, err := tx.CloseMonth(ctx, october, atClose)
		return err
	})
	due("just closed", atClose.Add(59*time.Minute), "[]")
	due("an hour ago", atClose.Add(time.Hour), "[1]")
	list, err = h.Unmailed(h.Context(), ann, 10)
	h.want("since it is wanted", say(len(list), err), "1 <nil>")
	h.do(func(ctx context.Context, tx store.Tx) error {
		return tx.Mailed(ctx, ann, list, "550 no such user", atClose.Add(time.Hour))
	})
	m, err := h.Mail(h.Context(), ann)
	h.want("how it went", say(m.Failed, m.SentAt, err), say("550 no such user", atClose.Add(time.Hour), "<nil>"))
	h.stop(l, atClose.Add(2*time.Hour))
	due("once a month", atClose.AddDate(0, 0, 20), "[]")
}
