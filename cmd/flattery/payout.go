package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"flattery"
	"flattery/internal/payout/manual"
	"flattery/store"
)

func (p *program) payout() *cobra.Command {
	return group("payout", "Payments: plan slips, list, export, mark", p.payoutPlan(), p.payoutList(), p.payoutExport(), p.payoutMark())
}

func (p *program) payoutPlan() *cobra.Command {
	return &cobra.Command{Use: "plan", Short: "Make the slips of every settled month that has none yet", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		return p.with(cmd.Context(), func(in *instance) error {
			ctx := cmd.Context()
			if err := in.planner.Enqueue(ctx, in.now()); err != nil {
				return err
			}
			if _, err := in.store.Jobs().Drain(ctx, in.paying()); err != nil {
				return err
			}
			months, err := in.store.Months(ctx)
			if err != nil {
				return err
			}
			plans := []store.Plan{}
			for _, m := range months {
				plan, err := in.store.Plan(ctx, m.Month)
				if err == nil {
					plans = append(plans, plan)
				} else if !errors.Is(err, flattery.ErrNotFound) {
					return err
				}
			}
			return p.print(plans, func(out io.Writer) {
				rows := [][]string{{"PLAN", "SLIPS", "MADE", "HASH"}}
				for _, plan := range plans {
					rows = append(rows, []string{plan.Month.String(), strconv.Itoa(plan.Payments), moment(plan.CreatedAt), plan.Hash[:16]})
				}
				table(out, rows...)
				if len(plans) == 0 {
					fmt.Fprintln(out, "no month is settled yet")
				}
			})
		})
	}}
}

// paymentFlags select payments.
type paymentFlags struct{ account, month, state string }

func (f *paymentFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.account, "account", "", "only this donor's")
	cmd.Flags().StringVar(&f.month, "month", "", "only this plan, like 2026-10")
	cmd.Flags().StringVar(&f.state, "state", "", "only planned, sent, unknown, paid or failed")
}

func (f *paymentFlags) read(cmd *cobra.Command, in *instance) ([]flattery.Payment, func(flattery.AccountID) string, error) {
	q := store.PaymentQuery{State: flattery.PaymentState(f.state)}
	switch q.State {
	case "", flattery.PaymentPlanned, flattery.PaymentSent, flattery.PaymentUnknown, flattery.PaymentPaid, flattery.PaymentFailed:
	default:
		return nil, nil, flattery.Input("--state %q is no state of a slip: it is planned, sent, unknown, paid or failed", f.state)
	}
	if f.account != "" {
		a, err := in.accountNamed(cmd.Context(), f.account)
		if err != nil {
			return nil, nil, err
		}
		q.Donor = a.ID
	}
	if f.month != "" {
		var err error
		if q.Plan, err = flattery.ParseMonth(f.month); err != nil {
			return nil, nil, flattery.Input("--month: %v", err)
		}
	}
	list, err := in.store.Payments(cmd.Context(), q)
	if err != nil {
		return nil, nil, err
	}
	name, err := in.names(cmd.Context())
	return list, name, err
}

func (p *program) payoutList() *cobra.Command {
	var f paymentFlags
	cmd := &cobra.Command{Use: "list", Short: "List slips, and what still waits", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		return p.with(cmd.Context(), func(in *instance) error {
			list, name, err := f.read(cmd, in)
			if err != nil {
				return err
			}
			debts, err := in.store.Debts(cmd.Context(), 0)
			if err != nil {
				return err
			}
			answer := struct {
				Payments []flattery.Payment `json:"payments"`
				Owed     []flattery.Debt    `json:"owed"`
			}{listed(list), listed(debts)}
			return p.print(answer, func(out io.Writer) {
				rows := [][]string{{"ID", "CODE", "PLAN", "DONOR", "PAYEE", "AMOUNT", "STATE", "PAY AT"}}
				for _, y := range list {
					rows = append(rows, []string{strconv.FormatInt(int64(y.ID), 10), y.Code, y.Plan.String(), name(y.Donor), payee(y.PayeeName, y.Published), y.Amount.String() + " " + y.Currency, string(y.State), string(y.Destination)})
				}
				table(out, rows...)
				for _, d := range debts {
					if rest := d.Amount - d.Planned; rest > 0 {
						fmt.Fprintf(out, "%s owes %s %s %s: %s\n", name(d.Donor), plain(payee(d.PayeeName, d.Published)), rest, d.Currency, waits(in, d, rest))
					}
				}
			})
		})
	}}
	f.add(cmd)
	return cmd
}

// payee names who is paid: of an author who never joined also who that is where they publish it.
func payee(name string, at flattery.Published) string {
	if at.Shown == "" {
		return name
	}
	return name + " (" + at.Shown + ")"
}

func waits(in *instance, d flattery.Debt, rest flattery.Amount) string {
	switch {
	case d.Destination == "":
		return "waits for a destination"
	case rest < in.SlipsMinimum:
		return "waits for " + in.SlipsMinimum.String()
	default:
		return "waits for the next plan"
	}
}

func (p *program) payoutExport() *cobra.Command {
	var f paymentFlags
	var rail, output string
	cmd := &cobra.Command{Use: "export", Short: "Write slips as CSV, with what to open to pay", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		if rail != (manual.Rail{}).Info().Rail {
			return flattery.Input("--rail %q is not known: there is manual", rail)
		}
		return p.with(cmd.Context(), func(in *instance) error {
			list, name, err := f.read(cmd, in)
			if err != nil {
				return err
			}
			if p.json {
				return p.print(list, nil)
			}
			write := func(w io.Writer) error { return manual.WriteCSV(w, list, name) }
			if output == "-" {
				return write(p.stdout)
			}
			return writeFile(output, write)
		})
	}}
	f.add(cmd)
	cmd.Flags().StringVar(&rail, "rail", "manual", "way to move the money")
	cmd.Flags().StringVarP(&output, "output", "o", "-", "file to write; - is stdout")
	return cmd
}

func (p *program) payoutMark() *cobra.Command {
	return &cobra.Command{Use: "mark ID sent|paid|failed", Short: "Note what became of a slip", Args: cobra.ExactArgs(2), RunE: func(cmd *cobra.Command, args []string) error {
		id, err := number("payout", args[0])
		if err != nil {
			return err
		}
		to := flattery.PaymentState(args[1])
		switch to {
		case flattery.PaymentSent, flattery.PaymentPaid, flattery.PaymentFailed:
		default:
			return flattery.Input("a slip is marked sent, paid or failed, not %q", args[1])
		}
		return p.with(cmd.Context(), func(in *instance) error {
			y, err := in.planner.Mark(cmd.Context(), flattery.PaymentID(id), to)
			if errors.Is(err, flattery.ErrNotFound) {
				err = flattery.Input("there is no slip %d: see flattery payout list", id)
			}
			if err != nil {
				return err
			}
			return p.print(y, func(out io.Writer) {
				fmt.Fprintf(out, "slip %d (%s) over %s %s to %s is %s\n", y.ID, y.Code, y.Amount, y.Currency, plain(y.PayeeName), y.State)
			})
		})
	}}
}
