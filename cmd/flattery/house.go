package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"flattery"
	"flattery/config"
	"flattery/internal/ledger"
	"flattery/internal/payout"
	"flattery/internal/payout/githubcsv"
	"flattery/internal/payout/manual"
	"flattery/internal/payout/sepa"
	"flattery/store"
)

// outbox keeps the files of batches in the store: every process of an instance has them, and a backup too.
type outbox struct{ in *instance }

func (o outbox) Put(ctx context.Context, batch string, f flattery.File) error {
	return o.in.update(ctx, func(tx store.Tx) error { return tx.PutOutgoing(ctx, batch, f) })
}

func (o outbox) Outgoing(ctx context.Context, batch string) (flattery.File, error) {
	return o.in.store.Outgoing(ctx, batch)
}

// houseRails are how the house pays in prepaid mode: the first that a destination suits. What none suits people pay by hand.
func (in *instance) houseRails() []payout.Rail {
	rails := []payout.Rail{githubcsv.Rail{Outbox: outbox{in}}, manual.Rail{}}
	if in.SEPA.IBAN == "" {
		return rails
	}
	return append([]payout.Rail{in.sepa()}, rails...)
}

func (in *instance) sepa() sepa.Rail {
	return sepa.Rail{From: sepa.Party{Name: in.SEPA.Name, IBAN: in.SEPA.IBAN, BIC: in.SEPA.BIC}, Outbox: outbox{in}}
}

// prepaid refuses what makes sense only where the house has the money.
func (in *instance) prepaid() error {
	if in.Mode != config.Prepaid {
		return flattery.Input("this instance is in pledge mode and holds nobody's money: donors pay by slips (setting mode = \"prepaid\" would change that)")
	}
	return nil
}

// means is what a donor has to give in prepaid mode, and how more is paid in.
type means struct {
	Balance flattery.Amount `json:"balance"`
	Code    string          `json:"code"` // what stands on a transfer
	To      string          `json:"to,omitempty"`
}

func (m *means) how() string {
	if m.To == "" {
		return ""
	}
	return "; more: transfer it to " + m.To + " with the words " + m.Code
}

func (in *instance) meansOf(ctx context.Context, a flattery.Account) (*means, error) {
	if in.Mode != config.Prepaid {
		return nil, nil
	}
	schema, err := in.store.Schema(ctx)
	if err != nil {
		return nil, err
	}
	balance, err := in.store.Balance(ctx, ledger.DonorMeans(a.ID), a.Currency)
	return &means{balance, flattery.MeansCode(schema.Instance, a.ID), in.SEPA.IBAN}, err
}

// send makes a batch of what is planned, and hands it to its rail. That it is not handed over yet is no failure: the job is there, and
// is done again.
func (in *instance) send(ctx context.Context, rail, currency string) (flattery.Batch, error) {
	if err := in.prepaid(); err != nil {
		return flattery.Batch{}, err
	}
	b, err := in.planner.Send(ctx, rail, currency)
	if err != nil {
		return b, err
	}
	if _, err := in.store.Jobs().Drain(ctx, in.lately(in.planner.Handlers())); err != nil {
		in.log.Warn("a batch is handed over later", "batch", b.ID, "error", err)
	}
	return b, nil
}

// sent is a batch and its file.
func (in *instance) sent(ctx context.Context, id string) (flattery.Batch, flattery.File, error) {
	b, err := in.store.Batch(ctx, id)
	if errors.Is(err, flattery.ErrNotFound) {
		err = flattery.Input("there is no batch %q: see flattery payout batches", id)
	}
	if err != nil {
		return b, flattery.File{}, err
	}
	f, err := in.store.Outgoing(ctx, id)
	if errors.Is(err, flattery.ErrNotFound) {
		err = fmt.Errorf("batch %s has no file yet: %s", id, b.Cause)
	}
	return b, f, err
}

// book takes statements of the house's bank in.
func (in *instance) book(ctx context.Context, r io.Reader) (payout.Booked, error) {
	if err := in.prepaid(); err != nil {
		return payout.Booked{}, err
	}
	if in.SEPA.IBAN == "" {
		return payout.Booked{}, flattery.Input("the house has no account at a bank: set sepa.name and sepa.iban")
	}
	statements, err := sepa.ReadStatement(r)
	if err != nil {
		return payout.Booked{}, err
	}
	lines, err := in.sepa().Lines(statements)
	if err != nil {
		return payout.Booked{}, err
	}
	return in.planner.Book(ctx, lines)
}

func (p *program) payoutBatches() *cobra.Command {
	return &cobra.Command{Use: "batches", Short: "Prepaid: list what was handed to banks and platforms", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		return p.with(cmd.Context(), func(in *instance) error {
			list, err := in.store.Batches(cmd.Context())
			if err != nil {
				return err
			}
			return p.print(listed(list), func(out io.Writer) {
				rows := [][]string{{"BATCH", "RAIL", "MADE", "PAYMENTS", "AMOUNT", "WAITS FOR"}}
				for _, b := range list {
					rows = append(rows, []string{b.ID, b.Rail, moment(b.MadeAt), strconv.Itoa(b.Count), b.Amount.String() + " " + b.Currency, b.Cause})
				}
				table(out, rows...)
			})
		})
	}}
}

func (p *program) payoutImport() *cobra.Command {
	return &cobra.Command{Use: "import FILE…", Short: "Prepaid: take in statements of the bank (camt.053)", Args: cobra.MinimumNArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		return p.with(cmd.Context(), func(in *instance) error {
			var sum payout.Booked
			for _, name := range args {
				booked, err := in.bookFile(cmd.Context(), name)
				if err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				sum.Known, sum.Payments, sum.Returns, sum.Means, sum.Waiting = sum.Known+booked.Known, sum.Payments+booked.Payments, sum.Returns+booked.Returns, sum.Means+booked.Means, sum.Waiting+booked.Waiting
			}
			return p.print(sum, func(out io.Writer) {
				fmt.Fprintf(out, "%d payments paid, %d came back, %d times means; %d lines wait (flattery payout lines), %d were known\n", sum.Payments, sum.Returns, sum.Means, sum.Waiting, sum.Known)
			})
		})
	}}
}

func (in *instance) bookFile(ctx context.Context, name string) (payout.Booked, error) {
	f, err := os.Open(name)
	if err != nil {
		return payout.Booked{}, flattery.Input("it cannot be read: %v", cause(err))
	}
	defer f.Close()
	return in.book(ctx, f)
}

// bankLinesShown: those that wait are all shown, and of the others so many.
const bankLinesShown = 50

func (p *program) payoutLines() *cobra.Command {
	return &cobra.Command{Use: "lines", Short: "Prepaid: list lines of the bank, those first that wait for a word", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		return p.with(cmd.Context(), func(in *instance) error {
			list, err := in.store.BankLines(cmd.Context(), bankLinesShown)
			if err != nil {
				return err
			}
			return p.print(listed(list), func(out io.Writer) {
				rows := [][]string{{"LINE", "BOOKED", "AMOUNT", "IS", "TEXT"}}
				for _, l := range list {
					sign, is := "-", string(l.Became)
					if l.Incoming {
						sign = "+"
					}
					if is == "" {
						is = "waits"
					}
					rows = append(rows, []string{strconv.FormatInt(int64(l.ID), 10), moment(l.At), sign + l.Amount.String() + " " + l.Currency, is, l.Text})
				}
				table(out, rows...)
			})
		})
	}}
}

func (p *program) payoutResolve() *cobra.Command {
	var account string
	var payment int64
	kinds := []string{string(flattery.BookingMeans), string(flattery.BookingReturn), string(flattery.BookingOwn), string(flattery.BookingPayment), string(flattery.BookingRefund), string(flattery.BookingChargeback), string(flattery.BookingFee)}
	cmd := &cobra.Command{Use: "resolve LINE " + strings.Join(kinds, "|"), Short: "Prepaid: say what a line of the bank was that waits", Args: cobra.ExactArgs(2), RunE: func(cmd *cobra.Command, args []string) error {
		id, err := number("payout lines", args[0])
		if err != nil {
			return err
		}
		return p.with(cmd.Context(), func(in *instance) error {
			var donor flattery.AccountID
			if account != "" {
				a, err := in.accountNamed(cmd.Context(), account)
				if err != nil {
					return err
				}
				donor = a.ID
			}
			err := in.planner.Resolve(cmd.Context(), flattery.BankLineID(id), flattery.Booking(args[1]), donor, flattery.PaymentID(payment))
			switch {
			case errors.Is(err, flattery.ErrNotFound):
				return flattery.Input("there is no line %d: see flattery payout lines", id)
			case errors.Is(err, flattery.ErrState):
				return flattery.Input("line %d waits for no word any more: see flattery payout lines", id)
			case err != nil:
				return err
			}
			l, err := in.store.BankLine(cmd.Context(), flattery.BankLineID(id))
			if err != nil {
				return err
			}
			return p.print(l, func(out io.Writer) { fmt.Fprintf(out, "line %d is noted: %s\n", id, args[1]) })
		})
	}}
	cmd.Flags().StringVar(&account, "account", "", "the donor whose it is")
	cmd.Flags().Int64Var(&payment, "payment", 0, "number of the payment that it was for")
	return cmd
}
