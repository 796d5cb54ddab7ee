package tables

import (
	"context"
	"strconv"
	"time"

	"flattery"
)

// Whether receivers must give is a value of the instance.
const receiversMustGive = "receivers_must_give"

const mustGive = `EXISTS (SELECT 1 FROM instance n WHERE n.name = '` + receiversMustGive + `' AND n.value = 'true')`

// receives is the condition that what is liked of the author of a claim c counts: its account gives, or need not.
func receives() string {
	last := func(name string) string {
		return `coalesce((SELECT s.value FROM settings s WHERE s.account_id = c.account_id AND s.name = '` + name + `' ORDER BY s.since DESC LIMIT 1), '')`
	}
	return `(NOT ` + mustGive + ` OR ` + last(settingBudget) + ` NOT IN ('', '` + flattery.Amount(0).String() + `') AND ` + last(settingPaused) + ` <> 'true')`
}

// MustGive reports whether receivers must give.
func (s *Reader) MustGive(ctx context.Context) (bool, error) {
	must, err := value[bool](s.DB.Row(ctx, `SELECT `+mustGive))
	return must, wrap("whether receivers must give", err)
}

func (t *Tx) SetMustGive(ctx context.Context, must bool, now time.Time) error {
	const doing = "whether receivers must give"
	was, err := value[bool](t.Row(ctx, `SELECT `+mustGive))
	if err != nil || was == must {
		return wrap(doing, err)
	}
	if err := t.Later(ctx, doing, `INSERT INTO instance (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
		receiversMustGive, strconv.FormatBool(must)); err != nil || must {
		return err
	}
	return wrap(doing, t.receive(ctx, 0, now))
}

// begins lets an account receive that gives from now on.
func (t *Tx) begins(ctx context.Context, account flattery.AccountID, now time.Time) error {
	must, err := value[bool](t.Row(ctx, `SELECT `+mustGive))
	if err == nil && must {
		err = t.receive(ctx, account, now)
	}
	return wrap("what waited until the account gives", err)
}

// receive lets what is pending for the authors whom an account claims (0: any) count in the month that contains now. Whoever judges
// by what was before has ended when it looks, and who comes later judges by what is now.
func (t *Tx) receive(ctx context.Context, account flattery.AccountID, now time.Time) error {
	open, err := all(ctx, t, value[flattery.Month], `SELECT month FROM months WHERE frozen_at IS NULL ORDER BY month`)
	if err != nil {
		return err
	}
	for _, m := range open {
		if err := t.Hold(ctx, "months", "month", m); err != nil {
			return err
		}
	}
	whose, args := of("c.account_id", account)
	waits, err := value[bool](t.Row(ctx, `SELECT EXISTS (SELECT 1 FROM claims c JOIN flattrs f ON f.author_id = c.identity_id AND f.state = 'pending' WHERE `+whose+`)`, args...))
	if err != nil || !waits {
		return err
	}
	_, err = t.admit(ctx, now, `f.author_id IN (SELECT c.identity_id FROM claims c WHERE `+whose+`)`, args...)
	return err
}
