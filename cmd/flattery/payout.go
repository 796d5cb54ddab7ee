package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"flattery"
	"flattery/config"
	"flattery/internal/payout/manual"
	"flattery/store"
)

func (p *program) payout() *cobra.Command {
	return group("payout", "Payments: plan slips, list, export, mark", p.payoutPlan(), p.payoutList(), p.payoutExport(), p.payoutMark(),
		p.payoutBatches(), p.payoutImport(), p.payoutLines(), p.payoutResolve(), p.payoutProve())
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
			if err == nil && in.Mode == config.Prepaid {
				var owed []flattery.Debt
				owed, err = in.store.Payables(cmd.Context())
				debts = append(debts, owed...)
			}
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
					rows = append(rows, []string{strconv.FormatInt(int64(y.ID), 10), y.Code, y.Plan.String(), payer(name, y.Donor), payee(y.PayeeName, y.Published), y.Amount.String() + " " + y.Currency, stateOf(y), string(y.Destination)})
				}
				table(out, rows...)
				for _, d := range debts {
					if rest := d.Amount - d.Planned; rest > 0 {
						fmt.Fprintf(out, "%s owes %s %s %s: %s\n", payer(name, d.Donor), plain(payee(d.PayeeName, d.Published)), rest, d.Currency, waits(in, d, rest))
					}
				}
			})
		})
	}}
	f.add(cmd)
	return cmd
}

// payer names who pays.
func payer(name func(flattery.AccountID) string, donor flattery.AccountID) string {
	if donor == 0 {
		return "the house"
	}
	return name(donor)
}

// payee names who is paid: of an author who never joined also who that is where they publish it.
func payee(name string, at flattery.Published) string {
	if at.Shown == "" {
		return name
	}
	return name + " (" + at.Shown + ")"
}

// stateOf is the state of a slip, in a word.
func stateOf(y flattery.Payment) string {
	if !y.VoidedAt.IsZero() {
		return "voided"
	}
	return string(y.State)
}

func waits(in *instance, d flattery.Debt, rest flattery.Amount) string {
	switch {
	case d.Destination == "":
		return "waits for a destination"
	case rest < least(in, d):
		return "waits for " + least(in, d).String()
	default:
		return "waits for the next plan"
	}
}

// least is what a slip to where somebody is paid is at least.
func least(in *instance, d flattery.Debt) flattery.Amount {
	return max(in.SlipsMinimum, d.Destination.Way().Whole(d.Currency))
}

// export is what payout export was told.
type exportFlags struct {
	paymentFlags
	rail, currency, batch, output string
	restored                      bool
}

func (p *program) payoutExport() *cobra.Command {
	var f exportFlags
	cmd := &cobra.Command{Use: "export", Short: "Write slips as CSV with what to open to pay; prepaid: hand what is planned to a rail, and write its file", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		return p.with(cmd.Context(), func(in *instance) error {
			if f.rail == (manual.Rail{}).Info().Rail && f.batch == "" {
				return f.slips(cmd, p, in)
			}
			if known := []string{"manual", "sepa", "github-csv"}; !slices.Contains(known, f.rail) {
				return flattery.Input("--rail %q is not known: there is %s", f.rail, strings.Join(known, ", "))
			}
			return f.file(cmd.Context(), p, in)
		})
	}}
	f.add(cmd)
	cmd.Flags().StringVar(&f.rail, "rail", "manual", "way to move the money: manual; prepaid also sepa, github-csv")
	cmd.Flags().StringVar(&f.currency, "currency", "", "of the payments; the instance's first where it is left out")
	cmd.Flags().StringVar(&f.batch, "batch", "", "the file of an earlier batch once more")
	cmd.Flags().BoolVar(&f.restored, "after-restore", false, "this instance came out of a backup, and everything that was paid since is noted")
	cmd.Flags().StringVarP(&f.output, "output", "o", "-", "file to write; - is stdout")
	return cmd
}

func (f *exportFlags) slips(cmd *cobra.Command, p *program, in *instance) error {
	list, name, err := f.read(cmd, in)
	if err != nil {
		return err
	}
	if p.json {
		return p.print(list, nil)
	}
	return f.write(p, func(w io.Writer) error {
		return manual.WriteCSV(w, list, func(d flattery.AccountID) string { return payer(name, d) })
	})
}

// file hands over what is planned, or finds what was.
func (f *exportFlags) file(ctx context.Context, p *program, in *instance) error {
	if f.restored {
		if err := in.planner.CaughtUp(ctx); err != nil {
			return err
		}
	}
	id := f.batch
	if id == "" {
		made, err := in.send(ctx, f.rail, cmp.Or(f.currency, in.Currencies[0]))
		if err != nil {
			return err
		}
		id = made.ID
	}
	b, file, err := in.sent(ctx, id)
	if err != nil {
		return err
	}
	p.say("batch %s: %d payments, %s %s; mark or import what becomes of them", b.ID, b.Count, b.Amount, b.Currency)
	if p.json {
		return p.print(b, nil)
	}
	return f.write(p, func(w io.Writer) error { _, err := w.Write(file.Body); return err })
}

func (f *exportFlags) write(p *program, write func(io.Writer) error) error {
	if f.output == "-" {
		return write(p.stdout)
	}
	return writeFile(f.output, write)
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
