package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"flattery"
	"flattery/internal/settle"
	"flattery/store"
)

func (p *program) settle() *cobra.Command {
	var month string
	var dry bool
	cmd := &cobra.Command{Use: "settle", Short: "Close the months whose grace has ended",
		Long: `Close the months whose grace has ended: freeze, split every donor's budget, post it to the ledger, once.
The daemon does this by itself (setting settle.cron). A month closes months.grace (72h) after its end.`,
		Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
			var m flattery.Month
			if month != "" {
				var err error
				if m, err = flattery.ParseMonth(month); err != nil {
					return flattery.Input("--month: %v", err)
				}
			}
			return p.with(cmd.Context(), func(in *instance) error {
				if dry {
					return p.settlePreview(cmd.Context(), in, m)
				}
				return p.settleDue(cmd.Context(), in, m)
			})
		}}
	cmd.Flags().StringVar(&month, "month", "", "only this month, like 2026-10")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "show what each donor would give, and write nothing")
	return cmd
}

// settleDue settles one month, or all that are due, and shows those that are settled now.
func (p *program) settleDue(ctx context.Context, in *instance, only flattery.Month) error {
	now := in.now()
	before, err := in.store.Months(ctx)
	if err != nil {
		return err
	}
	open := map[flattery.Month]bool{}
	for _, m := range before {
		open[m.Month] = m.SettledAt.IsZero()
	}
	if only != 0 {
		if err := in.mayClose(ctx, only, now); err != nil {
			return err
		}
	}
	ask := in.settler.Enqueue
	if only != 0 {
		ask = func(ctx context.Context, now time.Time) error {
			return in.update(ctx, func(tx store.Tx) error { return tx.Enqueue(ctx, settle.KindMonth, only.String(), now) })
		}
	}
	if err := ask(ctx, now); err != nil {
		return err
	}
	if _, err := in.store.Jobs().Drain(ctx, in.settler.Handlers()); err != nil {
		return err
	}
	after, err := in.store.Months(ctx)
	if err != nil {
		return err
	}
	settled, waiting := []flattery.MonthState{}, []flattery.Month{}
	for _, m := range after {
		switch {
		case open[m.Month] && !m.SettledAt.IsZero():
			settled = append(settled, m)
		case m.SettledAt.IsZero() && in.settler.Due(m, now) && (only == 0 || only == m.Month):
			waiting = append(waiting, m.Month)
		}
	}
	err = p.print(settled, func(out io.Writer) {
		if len(settled) == 0 {
			fmt.Fprintln(out, "no month is due")
			return
		}
		rows := [][]string{{"MONTH", "DONORS", "FLATTRS", "GIVEN", "SHARED", "HEAD"}}
		for _, m := range settled {
			rows = append(rows, []string{m.Month.String(), fmt.Sprint(m.Donors), fmt.Sprint(m.Flattrs), m.Budgets.String(), m.Shares.String(), m.Head[:16]})
		}
		table(out, rows...)
	})
	if len(waiting) > 0 {
		err = errors.Join(err, fmt.Errorf("%v could not be closed yet: the messages above say why", waiting))
	}
	return err
}

// mayClose says in words why a month cannot be closed now.
func (in *instance) mayClose(ctx context.Context, m flattery.Month, now time.Time) error {
	st, err := in.store.Month(ctx, m)
	if errors.Is(err, flattery.ErrNotFound) {
		if m > flattery.MonthOf(now, in.TimeZone) {
			return flattery.Input("%s is in the future: it closes on %s", m, in.closes(m.Ends(in.TimeZone)))
		}
		return flattery.Input("%s is not a month of this instance: nothing was liked in it", m)
	}
	if err == nil && !in.settler.Due(st, now) {
		err = flattery.Input("%s closes on %s: wait until then, or look with --dry-run", m, in.closes(st.Ends))
	}
	return err
}

// closes is when a month closes that ends then, for people.
func (in *instance) closes(ends time.Time) string {
	return ends.Add(in.Grace).In(in.TimeZone).Format("2006-01-02 15:04 MST")
}

func (p *program) settlePreview(ctx context.Context, in *instance, m flattery.Month) error {
	if m == 0 {
		current, err := in.store.Current(ctx, in.now())
		if err != nil {
			return err
		}
		m = current.Month
	}
	if m > flattery.MonthOf(in.now(), in.TimeZone) {
		return flattery.Input("%s is in the future: there is nothing to look at yet", m)
	}
	list, err := in.settler.Preview(ctx, m)
	if errors.Is(err, flattery.ErrNotFound) {
		list, err = nil, nil
	}
	if err != nil {
		return err
	}
	if list == nil {
		list = []settle.Statement{}
	}
	return p.print(list, func(out io.Writer) {
		rows := [][]string{{"DONOR", "FLATTRS", "GIVES", "SHARED", "UNSPENT"}}
		for _, s := range list {
			rows = append(rows, []string{s.Name, fmt.Sprint(s.Flattrs), s.Budget.String(), s.Shares.String(), s.Unspent.String()})
		}
		table(out, rows...)
		fmt.Fprintf(out, "%s, as it stands now; nothing was written\n", m)
	})
}
